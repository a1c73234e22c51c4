"""Counts of a run's cells, kept change by change: a view asks for them many times a second, however many cells there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mjnb.runs.plan import RESERVED
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from mjnb.store import Entry

__all__ = ["Counts", "Tally"]

_LOST = {TaskState.FAILED, TaskState.REFUSED}
_SENT = {TaskState.SUBMITTING, TaskState.PENDING, TaskState.PROCESSING}


class Counts(NamedTuple):
    """What there is of each kind; money in millionths of a dollar, times in gateway seconds.

    `done` have all the pictures that they will have, `running` includes those whose pictures are yet to come, `lacking` those
    of which some are lost. `fresh` and `fresh_done` are successes of this run alone, `spent` their price; `timed` tasks
    took `cost_time_s` together.
    """

    done: int = 0
    failed: int = 0
    running: int = 0
    unknown: int = 0
    lacking: int = 0
    fresh: int = 0
    fresh_done: int = 0
    spent: int = 0
    reserved: int = 0
    timed: int = 0
    cost_time_s: float = 0.0


class Tally:
    """The counts of some cells, of each its latest row. Written by one thread, read by any."""

    def __init__(self) -> None:
        self.all = Counts()
        self._shares: dict[str, Counts] = {}

    def put(self, entry: Entry, *, is_fresh: bool, is_flawed: bool) -> None:
        """Count a cell by this row, and no longer by an earlier one.

        Args:
            entry: The cell's row.
            is_fresh: It is of this run, not paid for before.
            is_flawed: Something went wrong, so that what it lacks will not come any more.
        """
        new, old = _share(entry, is_fresh, is_flawed), self._shares.get(entry.cell, Counts())
        self._shares[entry.cell] = new
        self.all = Counts._make(
            total - was + now for total, was, now in zip(self.all, old, new, strict=True)
        )


def _share(entry: Entry, is_fresh: bool, is_flawed: bool) -> Counts:
    is_paid = entry.state is TaskState.SUCCESS
    is_done = is_paid and (is_flawed or entry.is_complete)
    price = entry.price_micro or 0
    return Counts(
        done=is_done,
        failed=entry.state in _LOST,
        running=entry.state in _SENT or (is_paid and not is_done),
        unknown=entry.state is TaskState.UNKNOWN,
        lacking=is_paid and is_flawed,
        fresh=is_paid and is_fresh,
        fresh_done=is_done and is_fresh,
        spent=price if is_paid and is_fresh else 0,
        reserved=price if entry.state in RESERVED else 0,
        timed=entry.cost_time_s is not None,
        cost_time_s=entry.cost_time_s or 0.0,
    )
