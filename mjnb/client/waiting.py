"""When one task is asked after next: at the gateway's rhythm, or when word of it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb.polling import backoff

if TYPE_CHECKING:
    from mjnb.gateways.base import Rhythm
    from mjnb.polling import Clock, Hint

__all__ = ["SELDOM_S", "Pace", "late"]

SELDOM_S = 60.0  # gateway seconds between two questions after a task that will be told of (chosen)
_LATE = 2.0  # times the longest typical span, before the first of them (chosen)
_SHARE = 0.75  # of the patience with a task, at the latest, so that there is time for a second question
_LOOKS = 3  # questions at the ordinary rhythm after a hint, since a gateway may tell others before it knows itself


def late(rhythm: Rhythm) -> float:
    """Return the age in gateway seconds at which a task that should have been told of is asked after anyway.

    >>> from mjnb.gateways.base import Rhythm
    >>> late(Rhythm(first=20, every=3, typical=(30, 45), timeout=300))
    90.0
    """
    return max(rhythm.first, min(_LATE * rhythm.typical[1], _SHARE * rhythm.timeout))


class Pace:
    """The waits between the questions after one task.

    Args:
        clock: Gateway seconds.
        rhythm: When to ask if nobody tells.
        age: How old the task is, in gateway seconds.
        hint: Ends a wait; None where nobody tells.
    """

    def __init__(self, clock: Clock, rhythm: Rhythm, age: float, hint: Hint | None) -> None:
        self._clock, self._hint, self._near = clock, hint, rhythm.every
        is_due = hint is not None and hint.due
        first, self._far = (
            (late(rhythm), max(SELDOM_S, rhythm.every)) if is_due else (rhythm.first, rhythm.every)
        )
        self._wait = max(0.0, first - age)
        self._waits = backoff(rhythm.every)
        self._looks = 0
        self._paused_at: float | None = None

    async def pause(self, most: float) -> None:
        """Wait until it is time to ask, so many gateway seconds at most.

        However many hints come, nothing is asked more often than at the ordinary rhythm.
        """
        if self._hint is None:
            await self._clock.sleep(min(self._wait, most))
        elif await self._hint.wait(self._clock, min(self._wait, most)):
            self._looks = _LOOKS
            if self._paused_at is not None:
                await self._clock.sleep(self._paused_at + self._near - self._clock.now())
        self._paused_at = self._clock.now()

    def answered(self) -> None:
        """Go on after an answer."""
        self._wait = self._near if self._looks > 0 else self._far
        self._looks -= 1
        self._waits = backoff(self._near)

    def failed(self) -> None:
        """Go on, ever later, after a question without an answer."""
        self._wait = next(self._waits)
