"""When to ask next, and how fast: the clock, the backing off, and one gate for all requests of a key."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from mjnb.gateways.base import Limits

__all__ = ["Clock", "Throttle", "backoff"]

SHARE = 0.9  # of what a gateway allows; the rest is for the user's other programs
_BURST_S = 5.0  # how many seconds' worth of requests may leave at once


class Clock:
    """Gateway seconds. `scale` of them pass in one real second: 1 for a real gateway, more for a simulator.

    Tests inject their own: anything with `now()`, `sleep()` and `epoch()`.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

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
        self._full = limits.per_minute * SHARE / 60
        self.rate = self._full
        self._tokens = max(1.0, self._full * _BURST_S)
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
                    await self._clock.sleep(wait)
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
        self._tokens = min(max(1.0, self.rate * _BURST_S), self._tokens + (now - self._at) * self.rate)
        self._at = now
        if now < self._paused_until:
            return self._paused_until - now
        return max(0.0, (1 - self._tokens) / self.rate) if self._tokens < 1 else 0.0

    def slow_down(self, retry_after: float | None) -> None:
        """Make everyone wait `retry_after` seconds (5 if the gateway does not say) and go on at half the rate."""
        self._paused_until = max(
            self._paused_until, self._clock.now() + (retry_after if retry_after is not None else 5.0)
        )
        self._tokens = min(self._tokens, 1.0)
        self.rate = max(self.rate / 2, 1.0)

    def speed_up(self) -> None:
        """Go back towards the full rate, a little with each request that was answered."""
        self.rate = min(self._full, self.rate + self._full / 200)
