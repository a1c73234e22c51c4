"""How much a gateway puts up with, and what it says when it is too much."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass

__all__ = ["Limits", "OutOfCreditError", "OverLimitError", "RequestWindow"]

_WINDOW = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """What one key may do: requests in any 60 s of gateway time, and tasks running at once."""

    requests_per_minute: int = 10_000
    tasks_at_once: int = 1000


class OverLimitError(Exception):
    """A key has asked for too much; `retry_after` is in whole gateway seconds, at least 1."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(seconds))


class OutOfCreditError(Exception):
    """A key has no money left for the task."""


class RequestWindow:
    """Counts each key's requests over the last 60 s of gateway time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)

    def admit(self, account: str, now: float) -> None:
        """Count one request of a key.

        Raises:
            OverLimitError: the window is full. The refused request is not counted, or waiting would never help.
        """
        seen = self._seen[account]
        while seen and seen[0] <= now - _WINDOW:
            seen.popleft()
        if len(seen) >= self._limit:
            raise OverLimitError("Rate limit exceeded", seen[0] + _WINDOW - now)
        seen.append(now)
