"""The gateway's clock."""

from __future__ import annotations

import asyncio
import threading

import pytest

from mjnb.simulator import Clock, ManualClock

pytestmark = pytest.mark.anyio


async def test_a_fast_clock_runs_fast():
    """A second of a clock of speed 1000 is a millisecond."""
    clock = Clock(speed=1000, start=50.0)
    await clock.sleep(20)
    assert 70.0 <= clock.now() < 70.0 + 1000


async def test_no_time_to_sleep_is_no_sleep():
    """Sleeping for nothing, or until a moment that is past, returns at once on a clock that stands still."""
    clock = ManualClock()
    await clock.sleep(0)
    await clock.sleep_until(clock.now() - 5)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
async def test_a_clock_goes_forward(speed):
    """A speed that is not a positive number is refused."""
    with pytest.raises(ValueError, match="positive"):
        Clock(speed=speed)


async def test_a_clock_cannot_be_turned_back():
    """Advancing by a negative time is refused, and catching up with the past changes nothing."""
    clock = ManualClock(start=100.0)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    clock.catch_up(50.0)
    assert clock.now() == 100.0


async def test_catching_up():
    """Both clocks move forward to a moment they are told."""
    assert Clock(start=100.0).now() < 200.0
    for clock in (Clock(start=100.0), ManualClock(start=100.0)):
        clock.catch_up(5000.0)
        assert 5000.0 <= clock.now() < 5001.0


async def test_sleepers_wake_in_the_order_of_their_deadlines():
    """One advance wakes all who are due, earliest first, and nobody else."""
    clock, woken = ManualClock(), []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    sleepers = [asyncio.create_task(sleep(seconds)) for seconds in (3, 1, 9, 2)]
    await asyncio.sleep(0)
    clock.advance(5)
    await asyncio.gather(sleepers[0], sleepers[1], sleepers[3])
    assert woken == [1, 2, 3]
    clock.advance(5)
    await sleepers[2]


async def test_advancing_from_another_thread():
    """A thread can wake sleepers of a loop that is not its own."""
    clock = ManualClock()
    sleeper = asyncio.create_task(clock.sleep(30))
    await asyncio.sleep(0)
    thread = threading.Thread(target=clock.advance, args=(30,))
    thread.start()
    await asyncio.wait_for(sleeper, 5)
    thread.join()


async def test_a_cancelled_sleeper_is_forgotten():
    """Advancing past the deadline of a cancelled sleeper disturbs nobody."""
    clock = ManualClock()
    sleeper = asyncio.create_task(clock.sleep(30))
    await asyncio.sleep(0)
    sleeper.cancel()
    await asyncio.gather(sleeper, return_exceptions=True)
    clock.advance(60)
    assert sleeper.cancelled()
