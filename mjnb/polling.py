"""When to ask next, and how fast: the clock, the backing off, and one gate for all requests of a key."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from mjnb.gateways.base import Limits

__all__ = ["Clock", "Hint", "Throttle", "backoff"]

SHARE = 0.9  # of what a gateway allows; the rest is for the user's other programs
_MINUTE_S = 60.0
_BURST = (
    1 / 13
)  # of a minute's requests may leave at once; the rest is spread, so that no minute holds more than its share
_DEEPEST = 64  # how many times slower than full it gets at most
_PAUSE_S = 5.0  # for everyone, where a 429 does not say how long
_GRAIN_S = 1e-3  # no wait is shorter, so that every clock moves on


class Clock:
    """Gateway seconds. `scale` of them pass in one real second: 1 for a real gateway, more for a simulator.

    `patience` is how long one exchange may take in all, in real seconds, since the network keeps its own pace: a server that
    sends a byte a second never seems silent.

    Tests inject their own: anything with `now()`, `sleep()` and `epoch()`, a `scale` and a `patience`.
    """

    def __init__(self, scale: float = 1.0, patience: float = 180.0) -> None:
        self.scale, self.patience = scale, patience

    def now(self) -> float:
        """Return gateway seconds since some moment; never runs backward."""
        return time.monotonic() * self.scale

    async def sleep(self, seconds: float) -> None:
        """Wait that many gateway seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.scale)

    def epoch(self) -> float:
        """Return the real time of day in epoch seconds, for the ledger."""
        return time.time()


def backoff(first: float = 1.0, factor: float = 2.0, longest: float = 30.0) -> Iterator[float]:
    """Yield growing waits in seconds, for ever.

    >>> waits = backoff(); [next(waits) for _ in range(6)]
    [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    """
    wait = first
    while True:
        yield min(wait, longest)
        wait = min(wait * factor, longest)


class Hint:
    """Word that something may have become of a task, for one who waits for it.

    Args:
        due: Whether such word is to be expected, so that asking without it may be rare.
    """

    def __init__(self, *, due: bool) -> None:
        self.due = due
        self._given = asyncio.Event()

    def give(self) -> None:
        """Wake whoever waits, or will; given twice it is still one hint."""
        self._given.set()

    async def wait(self, clock: Clock, seconds: float) -> bool:
        """Wait for it so many gateway seconds at most; return whether it came, and take it."""
        either = (asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(self._given.wait()))
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in either:
                one.cancel()
        came = self._given.is_set()
        self._given.clear()
        return came


class Throttle:
    """The gate that every request of one key passes: so many a minute, so many at once, and everyone waits on a 429.

    Args:
        clock: Gateway seconds.
        limits: What the gateway allows; `SHARE` of its requests a minute are used.
        sockets: How many requests may be under way at once.

    >>> async def one(throttle):
    ...     async with throttle:
    ...         return "sent"
    """

    def __init__(self, clock: Clock, limits: Limits, sockets: int) -> None:
        self._clock = clock
        minute = max(1, int(limits.per_minute * SHARE))
        self._burst = max(1.0, minute * _BURST)
        self._full = (minute + 1 - self._burst) / _MINUTE_S
        self.rate = self._full
        self._tokens = self._burst
        self._at = clock.now()
        self._paused_until = 0.0
        self._turn = asyncio.Lock()
        self._sockets = asyncio.Semaphore(sockets)

    async def __aenter__(self) -> Self:
        """Wait for a turn."""
        await self._sockets.acquire()
        try:
            async with self._turn:
                while (wait := self._wait()) > 0:
                    await self._clock.sleep(max(wait, _GRAIN_S))
                self._tokens -= 1
        except BaseException:
            self._sockets.release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the turn back."""
        self._sockets.release()

    def _wait(self) -> float:
        """Refill, and return how long until there is a token."""
        now = self._clock.now()
        most = max(1.0, self._burst * self.rate / self._full)
        since = max(self._at, min(now, self._paused_until))  # a pause saves nothing up for a rush after it
        self._tokens = min(most, self._tokens + (now - since) * self.rate)
        self._at = now
        if now < self._paused_until:
            return self._paused_until - now
        return max(0.0, (1 - self._tokens) / self.rate)

    def slow_down(self, retry_after: float | None) -> None:
        """Make everyone wait `retry_after` seconds (5 if the gateway does not say) and go on at half the rate.

        Requests that were on their way together come back refused together: that is one refusal, not many.
        """
        now = self._clock.now()
        if now >= self._paused_until:
            self.rate = max(self.rate / 2, self._full / _DEEPEST)
        self._paused_until = max(
            self._paused_until, now + (_PAUSE_S if retry_after is None else retry_after)
        )
        self._tokens = min(self._tokens, 1.0)

    def speed_up(self) -> None:
        """Go back towards the full rate, a little with each request that was answered."""
        self.rate = min(self._full, self.rate + self._full / 200)
