"""What submissions were answered, kept until the ledger has it: a disk may be full in the very moment that a task is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb.errors import StoreError
from mjnb.store.parents import ANSWER
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from mjnb.client import Submitted
    from mjnb.polling import Clock
    from mjnb.runner.ledger import LedgerThread
    from mjnb.store import Entry, Store

__all__ = ["Answers"]


class Answers:
    """The rows that this session submits, and the answers that are not written down yet.

    Args:
        store: The ledger.
        ledger: The ledger's own thread.
        clock: Tells when an answer came.
    """

    def __init__(self, store: Store, ledger: LedgerThread, clock: Clock) -> None:
        self._store, self._ledger, self._clock = store, ledger, clock
        self._submitting: set[str] = set()
        self._unwritten: dict[str, Submitted] = {}  # by row

    def begin(self, row: str) -> None:
        """Mark a row as one that is being submitted here; any thread may."""
        self._submitting.add(row)

    def end(self, row: str) -> None:
        """Take the mark back: what becomes of it now, the ledger knows, or is kept here."""
        self._submitting.discard(row)

    async def record(self, row: str, answer: Submitted) -> Entry:
        """Write down a task's id, or an answer that needs no task, and return the row.

        Raises:
            StoreError: The ledger cannot take it; it is kept here.
        """
        self._unwritten[row] = answer
        try:
            await self._ledger(self._write, row)
        except StoreError as error:
            raise StoreError(_KEPT.format(task_id=answer.task_id, why=error)) from error
        del self._unwritten[row]
        return await self._ledger(self._store.entry, row)

    async def catch_up(self) -> None:
        """Write down what the ledger could not take before.

        Raises:
            StoreError: It still cannot.
        """
        for row in self._unwritten.keys() - self._submitting:
            await self._ledger(self._write, row)
            self._unwritten.pop(row, None)

    def settled(self, entry: Entry) -> Entry:
        """Write down how a submission of ours ended that the ledger holds for being submitted still; return the row. Any thread may."""
        is_over = entry.owner == self._store.owner and entry.row not in self._submitting
        if entry.state is not TaskState.SUBMITTING or not is_over:
            return entry
        if entry.row in self._unwritten:
            self._write(entry.row)
        else:
            self._store.broken_off(
                entry.row, "Its submission was broken off before the ledger had the answer"
            )
        return self._store.entry(entry.row)

    def _write(self, row: str) -> None:
        answer, now = self._unwritten.get(row), self._clock.epoch()
        if answer is None:  # another has written it meanwhile
            return
        if answer.status is None:
            self._store.submitted(row, answer.task_id, now, answer.sent, answer.answered)
        else:
            self._store.answered(row, f"{ANSWER}{row}", now, answer.sent, answer.answered, answer.status)


_KEPT = (
    "Task {task_id} was taken and charged, but: {why} The session keeps the answer and writes it down before it pays for "
    "anything more, or when it is closed; do not end the kernel before that."
)
