"""The gateway's time: faster than the wall's if wanted, or moved by hand in a test."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from dataclasses import dataclass, field
from itertools import count

__all__ = ["Clock", "ManualClock"]


class Clock:
    """A clock whose seconds pass `speed` times as fast as real ones.

    Args:
        speed: gateway seconds per real second, above 0. At 30 a task of 45 s takes 1.5 s.
        start: what the clock shows first, in seconds since 1970; the present unless given.

    Raises:
        ValueError: the speed is not a positive, finite number.

    >>> Clock(speed=30, start=1000.0).now() >= 1000.0
    True
    """

    def __init__(self, speed: float = 1.0, start: float | None = None) -> None:
        if not (math.isfinite(speed) and speed > 0):
            raise ValueError(f"speed must be a positive number, not {speed!r}")
        self.speed = float(speed)
        self._lock = threading.Lock()
        self._origin = time.monotonic()
        self._epoch = time.time() if start is None else float(start)

    def now(self) -> float:
        """Return the gateway's time in seconds since 1970. It never runs backward."""
        with self._lock:
            return self._epoch + (time.monotonic() - self._origin) * self.speed

    def catch_up(self, moment: float) -> None:
        """Move the clock forward to `moment`, unless it is past it already."""
        behind = moment - self.now()
        if behind > 0:
            with self._lock:
                self._epoch += behind

    async def sleep(self, seconds: float) -> None:
        """Wait for so many gateway seconds; not at all if there are none."""
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Wait until the clock shows `moment`."""
        while (left := moment - self.now()) > 0:  # noqa: ASYNC110 - the loop's sleep may end a moment early
            await asyncio.sleep(left / self.speed)


@dataclass(order=True, slots=True)
class _Sleeper:
    moment: float
    turn: int
    loop: asyncio.AbstractEventLoop = field(compare=False)
    alarm: asyncio.Future[None] = field(compare=False)

    def wake(self) -> None:
        if not self.alarm.done():
            self.alarm.set_result(None)


class ManualClock(Clock):
    """A clock that stands still until `advance` is called: for tests that take no time.

    It may be advanced from any thread; sleepers on any loop wake in the order of their deadlines.

    >>> clock = ManualClock(start=1000.0)
    >>> clock.advance(2.5)
    >>> clock.now()
    1002.5
    """

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        super().__init__(start=start)
        self._sleepers: list[_Sleeper] = []
        self._turns = count()

    def now(self) -> float:
        """Return the time the clock was last moved to, in seconds since 1970."""
        with self._lock:
            return self._epoch

    def advance(self, seconds: float) -> None:
        """Move the clock by so many seconds and wake whoever waited for that.

        Raises:
            ValueError: the seconds are negative.
        """
        if not seconds >= 0:
            raise ValueError(f"a clock moves forward only, not by {seconds!r} s")
        with self._lock:
            self._epoch += seconds
            due = sorted(sleeper for sleeper in self._sleepers if sleeper.moment <= self._epoch)
            self._sleepers = [sleeper for sleeper in self._sleepers if sleeper.moment > self._epoch]
        for sleeper in due:
            sleeper.loop.call_soon_threadsafe(sleeper.wake)

    def catch_up(self, moment: float) -> None:
        """Move the clock forward to `moment`, waking sleepers, unless it is past it already."""
        self.advance(max(0.0, moment - self.now()))

    async def sleep_until(self, moment: float) -> None:
        """Wait until the clock has been advanced to `moment`."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if moment <= self._epoch:
                return
            sleeper = _Sleeper(moment, next(self._turns), loop, loop.create_future())
            self._sleepers.append(sleeper)
        try:
            await sleeper.alarm
        finally:
            with self._lock:
                self._sleepers = [other for other in self._sleepers if other is not sleeper]
