"""When to ask next: the clock, the backing off, and the gate that every request of a key passes."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from mjnb.client.waiting import Pace, late
from mjnb.gateways.base import Limits, Rhythm
from mjnb.polling import SHARE, Clock, Hint, Throttle, backoff


class Fake:
    """A clock that moves only when everybody sleeps: to the moment at which the first one wakes."""

    def __init__(self, start: float = 1e9) -> None:
        self.time, self._order, self._sleepers = start, itertools.count(), []

    def now(self) -> float:
        """Return the time."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Sleep until the time has come."""
        wake = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + max(0.0, seconds), next(self._order), wake))
        await wake

    async def move(self, until: float) -> None:
        """Let time pass, and everyone who wakes meanwhile do what they do."""
        ready = asyncio.get_running_loop()._ready
        while True:
            await asyncio.sleep(0)
            while ready:  # noqa: ASYNC110  (until nobody has anything to do but sleep; of that there is no event)
                await asyncio.sleep(0)
            due = min(self._sleepers, default=(float("inf"),))
            if due[0] > until:
                self.time = until
                return
            self._sleepers.remove(due)
            self.time = max(self.time, due[0])
            if not due[2].done():
                due[2].set_result(None)


def run(work) -> None:
    """Run a test's coroutine."""
    asyncio.run(asyncio.wait_for(work, 60))


async def demand(throttle: Throttle, clock: Fake, many: int) -> list[float]:
    """Want `many` turns at once, and return the list that the moments at which they come are put into."""
    moments: list[float] = []

    async def one() -> None:
        async with throttle:
            moments.append(clock.now())

    demand.tasks = [asyncio.create_task(one()) for _ in range(many)]
    return moments


async def drop() -> None:
    """Let those go who still wait."""
    for task in demand.tasks:
        task.cancel()
    await asyncio.gather(*demand.tasks, return_exceptions=True)


def fullest(moments: list[float], seconds: float = 60.0) -> int:
    """Count the requests in the fullest stretch of so many seconds."""
    return max(sum(start <= moment < start + seconds - 1e-6 for moment in moments) for start in moments)


@pytest.mark.parametrize("per_minute", [1, 2, 10, 60, 300, 1200])
def test_no_minute_holds_more_than_nine_tenths(per_minute):
    """However many want to leave, no sixty seconds hold more than 90 % of what the gateway allows, nor much less."""

    async def work() -> None:
        clock = Fake()
        throttle = Throttle(clock, Limits(per_minute, 1000), sockets=10_000)
        moments = await demand(throttle, clock, per_minute * 3 + 3)
        await clock.move(clock.now() + 170)
        await drop()
        allowed = max(1, int(per_minute * SHARE))
        assert fullest(moments) <= allowed
        assert len(moments) >= allowed * 2.5

    run(work())


def test_a_pause_does_not_save_up():
    """After a quiet hour no minute holds more than its share either."""

    async def work() -> None:
        clock = Fake()
        throttle = Throttle(clock, Limits(100, 1000), sockets=1000)
        await clock.move(clock.now() + 3600)
        moments = await demand(throttle, clock, 300)
        await clock.move(clock.now() + 130)
        await drop()
        assert 80 <= fullest(moments) <= 90

    run(work())


def test_the_documented_limit():
    """APIXO's 10 000 a minute become 9000, a burst of them at once and the rest spread."""
    clock = Fake()
    throttle = Throttle(clock, Limits(10_000, 1000), sockets=64)
    burst = throttle._tokens
    assert burst + 60 * throttle.rate == pytest.approx(9001)
    assert 100 < burst < 1000


def test_everyone_waits_together_after_a_429():
    """After a 429 nobody leaves for as long as the gateway asks, then at half the rate."""

    async def work() -> None:
        clock = Fake()
        throttle = Throttle(clock, Limits(6000, 1000), sockets=10_000)
        full = throttle.rate
        moments = await demand(throttle, clock, 3000)
        await clock.move(clock.now() + 1)
        throttle.slow_down(20.0)
        told, before = clock.now(), len(moments)
        await clock.move(told + 19.9)
        assert len(moments) == before
        await clock.move(told + 30)
        await drop()
        assert throttle.rate == pytest.approx(full / 2)
        assert len(moments) - before == pytest.approx(10 * full / 2, abs=3)

    run(work())


def test_refusals_that_come_together_are_one():
    """Forty requests that were refused together halve the rate once; a longer wait that one of them names is kept."""
    clock = Fake()
    throttle = Throttle(clock, Limits(6000, 1000), sockets=64)
    full = throttle.rate
    for wait in [5.0] * 39 + [30.0]:
        throttle.slow_down(wait)
    assert throttle.rate == pytest.approx(full / 2)
    assert throttle._wait() == pytest.approx(30.0)


def test_slowing_down_never_speeds_up():
    """Under a small limit a 429 slows down too, and never below a trickle."""
    clock = Fake()
    throttle = Throttle(clock, Limits(10, 3), sockets=64)
    full = throttle.rate
    rates = []
    for _ in range(20):
        throttle.slow_down(None)
        rates.append(throttle.rate)
        clock.time += 6
    assert rates[0] == pytest.approx(full / 2)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(full / 64)


def test_it_recovers():
    """With answers coming it goes back to the full rate, and not beyond."""
    clock = Fake()
    throttle = Throttle(clock, Limits(6000, 1000), sockets=64)
    full = throttle.rate
    throttle.slow_down(1.0)
    throttle.speed_up()
    assert full / 2 < throttle.rate < full
    for _ in range(500):
        throttle.speed_up()
    assert throttle.rate == pytest.approx(full)


def test_a_gateway_that_does_not_say_how_long():
    """Without Retry-After everyone waits five seconds."""
    clock = Fake()
    throttle = Throttle(clock, Limits(6000, 1000), sockets=64)
    throttle.slow_down(None)
    assert throttle._wait() == pytest.approx(5.0)


def test_so_many_at_once():
    """No more requests are under way than there are sockets, and a turn is given back even on an error."""

    async def work() -> None:
        throttle = Throttle(Fake(), Limits(6000, 1000), sockets=2)
        done, most, now = [], 0, 0

        async def one(number: int) -> None:
            nonlocal most, now
            async with throttle:
                now += 1
                most = max(most, now)
                await asyncio.sleep(0)
                now -= 1
                done.append(number)
                assert number % 2, "even ones fail"

        await asyncio.gather(*(one(number) for number in range(20)), return_exceptions=True)
        assert most == 2
        assert done == list(range(20))

    run(work())


def test_who_gives_up_takes_no_turn():
    """A waiter that is cancelled gives its place back."""

    async def work() -> None:
        clock = Fake()
        throttle = Throttle(clock, Limits(1, 1), sockets=1)
        async with throttle:
            pass
        waiting = asyncio.create_task(throttle.__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        moments = await demand(throttle, clock, 1)
        await clock.move(clock.now() + 61)
        assert len(moments) == 1

    run(work())


def test_backoff_grows_to_its_limit():
    """Waits double up to the longest, and go on for ever."""
    assert list(itertools.islice(backoff(3), 6)) == [3, 6, 12, 24, 30, 30]


def test_the_clock_runs_in_gateway_seconds():
    """A clock of scale 1000 passes a gateway second in a millisecond; the time of day stays real."""

    async def work() -> None:
        clock = Clock(1000)
        gateway, real = clock.now(), time.monotonic()
        await clock.sleep(20)
        assert clock.now() - gateway >= 20
        assert time.monotonic() - real < 5
        await clock.sleep(-5)
        assert abs(clock.epoch() - time.time()) < 5

    run(work())


# -- the pace of one task ------------------------------------------------------------------------------------------

RHYTHM = Rhythm(first=20, every=3, typical=(30, 45), timeout=1200)


def asked_at(hint: Hint | None, *given: float, age: float = 0.0, until: float = 400) -> list[float]:
    """Return when a task that never ends is asked after, in seconds; the hint is given at some moments."""
    moments: list[float] = []

    async def main() -> None:
        clock = Fake(start=0)

        async def ask() -> None:
            pace = Pace(clock, RHYTHM, age, hint)
            while True:
                await pace.pause(1e9)
                moments.append(clock.now())
                pace.answered()

        asking = asyncio.ensure_future(ask())
        for moment in given:
            await clock.move(moment)
            hint.give()
        await clock.move(until)
        asking.cancel()

    run(main())
    return moments


def test_a_task_that_nobody_tells_of():
    """It is asked after at the gateway's own rhythm, its age counted."""
    assert asked_at(None, until=30) == [20, 23, 26, 29]
    assert asked_at(None, age=18, until=6) == [2, 5]


def test_a_task_that_should_be_told_of():
    """It is asked after at twice its longest span, then once a minute; an older one sooner."""
    assert asked_at(Hint(due=True)) == [90, 150, 210, 270, 330, 390]
    assert asked_at(Hint(due=True), age=100, until=130) == [0, 60, 120]


def test_a_task_that_is_told_of():
    """It is asked after at once, thrice more at the ordinary rhythm, then seldom again; an undue hint only adds a question."""
    assert asked_at(Hint(due=True), 40, until=120) == [40, 43, 46, 49, 109]
    assert asked_at(Hint(due=False), 10, until=22) == [10, 13, 16, 19, 22]


def test_a_task_that_is_told_of_all_the_time():
    """Hints every second ask every three seconds, no faster than without any."""
    moments = asked_at(Hint(due=True), *range(10, 40), until=40)
    assert moments == [10, 13, 16, 19, 22, 25, 28, 31, 34, 37, 40]


def test_late_leaves_time_to_ask_again():
    """However long tasks take, the first question without a callback comes before three quarters of the patience are over."""
    assert late(RHYTHM) == 90
    assert late(Rhythm(first=10, every=5, typical=(60, 300), timeout=480)) == 360
    assert late(Rhythm(first=200, every=10, typical=(20, 30), timeout=240)) == 200
