"""Submissions whose answer was lost, and the tasks that turn out to be theirs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Found", "Lost"]

_DATES_S = 30.0  # how far the time that a gateway's answers tell may be from that of its tasks
_LONGEST_S = 900.0  # that a submission may take from when its row was written, uploads and waits included


@dataclass(frozen=True, slots=True)
class Lost:
    """A submission without a clear answer: the JSON that was sent, what came back if it was JSON, and when, in epoch seconds.

    `within` is how far apart, in seconds, the gateway's clock and that of `since` may be, `until` when it was over at the latest,
    `skip` how many tasks of a list were looked through already.
    """

    sent: Mapping[str, Any]
    answered: Any
    since: float
    within: float = 120.0
    until: float = math.inf
    skip: int = 0

    def is_timely(self, created: float | None) -> bool:
        """Whether a task can have been made by it, as far as times tell."""
        return created is None or self.since - self.within <= created <= self.until + self.within

    def by(self, ahead_s: float | None) -> Lost:
        """Return it in the gateway's own time, which is so many seconds ahead of ours; None if that is not known."""
        if ahead_s is None:
            return self
        since = self.since + ahead_s
        return replace(self, since=since, within=_DATES_S, until=since + _LONGEST_S)


@dataclass(frozen=True, slots=True)
class Found:
    """The ids of tasks that the very same request has made, the oldest first; with `skip` there is more to look through, after that."""

    ids: tuple[str, ...] = ()
    skip: int = 0
