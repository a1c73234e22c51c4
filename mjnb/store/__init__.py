"""The ledger and the picture files: what was asked, what was paid, what came.

One SQLite file (WAL, fully synchronous) that any tool can open, and a folder of pictures named after its rows:

    <root>/ledger.sqlite
    <root>/pictures/<row>/0.jpg, 0.thumb.webp, …
    <root>/locks/<owner>.lock      held by the operating system while a session lives

A row is written *before* its request is sent. A cell is claimed inside one immediate transaction, so that two kernels on
one store never pay for the same cell; a row that was being submitted by an owner whose lock is free becomes `unknown`.
Methods may be called from any thread and any process.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from mjnb.errors import BudgetError, StoreError
from mjnb.store.entries import Draft, Entry
from mjnb.store.reading import Readings
from mjnb.tasks import TaskState, as_json, canonical, money

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mjnb.gateways.base import Status

__all__ = ["UNKNOWN_TASK", "Draft", "Entry", "Store", "adopted"]

UNKNOWN_TASK = "UNKNOWN_TASK"  # the fail code of a task that its gateway says it does not know


class Store(Readings):
    """The ledger in one folder; see the module's text.

    Args:
        root: The folder; made if missing.
        patience_s: How long another process may keep it to itself.

    Raises:
        StoreError: It cannot be made, opened or read; the message names the file.
    """

    def __init__(self, root: str | Path, *, patience_s: float = 30.0) -> None:
        super().__init__(root, patience_s=patience_s)
        self.settle_orphans()

    # -- writing before paying -----------------------------------------------------------------------------------

    def claim(
        self,
        draft: Draft,
        *,
        again: Callable[[Entry], bool] | None,
        when: float | None = None,
        mark: Callable[[str], None] = lambda _: None,
    ) -> tuple[Entry, bool]:
        """Take a cell, or find that it is taken.

        Args:
            draft: The row to write if the cell is free.
            again: Whether a failed or refused row may be asked anew; None writes a new row whatever there is.
            when: Epoch seconds now.
            mark: Told of the row before anybody can read that it is being submitted.

        Returns:
            The row, and whether it is a new one that this caller alone may now submit.

        Raises:
            BudgetError: Its budget has no room for it, what is under way and unknown included; nothing was written.
        """
        with self._write() as db:
            taken = None if again is None else self._taken(draft, again)
            if taken is not None:
                return taken, False
            self._pay_from(draft.purse, draft.cap_micro, draft.price_micro)
            last = db.execute("SELECT max(attempt) FROM tasks WHERE cell = ?", (draft.cell,)).fetchone()[0]
            attempt = 1 + (last or 0)
            row = f"{draft.cell.partition(':')[2][:16]}-{attempt}"
            mark(row)
            db.execute(
                "INSERT INTO tasks (row, cell, attempt, owner, gateway, simulated, mode, held, repeat, take, parent, state,"
                " price_micro, sweep, purse, claimed, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (row, draft.cell, attempt, self.owner, draft.gateway, draft.simulated, draft.mode, as_json(draft.held),
                 draft.repeat, draft.take, draft.parent, TaskState.SUBMITTING.value, draft.price_micro, draft.sweep,
                 draft.purse, when, self._key(draft)),
            )  # fmt: skip
        return self.entry(row), True

    def _pay_from(self, purse: str, cap_micro: int | None, price_micro: int | None) -> None:
        """Refuse what a budget has no room for; inside the transaction that writes the row, so that no two take the same room."""
        if cap_micro is None:
            return
        taken = self.committed(purse)
        if taken + (price_micro or 0) > cap_micro:
            raise BudgetError(
                f"The budget has {money(max(0, cap_micro - taken))} left, and this costs {money(price_micro or 0)}: what is under "
                "way or unknown counts. Nothing was sent for this cell.",
                price_usd=(price_micro or 0) / 1e6,
                budget_usd=cap_micro / 1e6,
            )

    def adopt(self, task_id: str, *, gateway: str, simulated: bool) -> Entry:
        """Write a row for a task that was made elsewhere, so that it can be waited for and kept."""
        row, cell = f"task-{secrets.token_hex(8)}", adopted(task_id)
        with self._write() as db:
            known = self.by_task(task_id, gateway)
            if known is not None and known.gateway == gateway:
                return known
            db.execute(
                "INSERT OR IGNORE INTO tasks "
                "(row, cell, attempt, owner, gateway, simulated, mode, held, repeat, take, state, task_id) "
                "VALUES (?, ?, 1, ?, ?, ?, 'unknown', '{}', 0, 1, 'pending', ?)",
                (row, cell, self.owner, gateway, simulated, task_id),
            )
        return self.by_cells([cell])[cell]

    def _taken(self, draft: Draft, again: Callable[[Entry], bool]) -> Entry | None:
        entry = self.by_cells([draft.cell]).get(draft.cell)
        if entry is None or (entry.state in {TaskState.FAILED, TaskState.REFUSED} and again(entry)):
            return None
        is_let = entry.state is TaskState.UNKNOWN and entry.row == draft.beside
        return None if is_let else entry

    def _key(self, draft: Draft) -> str:
        """Return what a gateway may know the row by: a second try of one that is unknown has the same."""
        return (self.entry(draft.beside).key if draft.beside else "") or secrets.token_hex(16)

    def sending(self, row: str, sent: Any) -> None:
        """Write down what is about to be sent; a row being submitted without this was certainly not.

        Raises:
            StoreError: The row is not this session's any more, and must not be sent.
        """
        with self._write() as db:
            changed = db.execute(
                "UPDATE tasks SET sent = ? WHERE row = ? AND state = 'submitting' AND owner = ?",
                (canonical(sent), row, self.owner),
            )
        if not changed.rowcount:
            raise StoreError(
                f"Row {row} of the ledger {self.path} was taken from this session while it lived: somebody removed its lock in "
                f"{self.root / 'locks'}, or the disk is shared without locks. Nothing was sent for it."
            )

    def submitted(self, row: str, task_id: str, when: float, sent: Any, answered: Any) -> None:
        """Write down that the gateway took it, with what was sent and answered; a row that only `found` this task gives it back."""
        with self._write() as db:
            for statement in _GIVE_BACK:
                db.execute(statement, {"task_id": task_id, "row": row})
            db.execute(
                "UPDATE tasks SET state = 'pending', task_id = ?, submitted = ?, sent = ?, answered = ?"
                " WHERE row = ? AND (state = 'submitting' OR task_id <> ?)",  # told twice, it stays as it is
                (task_id, when, canonical(sent), canonical(answered), row, task_id),
            )
            self._take_over(db, row, task_id)

    def answered(self, row: str, task_id: str, when: float, sent: Any, raw: Any, status: Status) -> None:
        """Write down an answer that came at once, whole: there is no task to ask after."""
        self._update(
            row,
            state=status.state.value,
            task_id=task_id,
            submitted=when,
            seen=when,
            sent=canonical(sent),
            answered=canonical(raw),
            told=canonical(raw),
            texts=canonical(status.texts),
        )

    def goes_on(self, row: str, when: float | None) -> bool:
        """Write down that the second half of a request is being sent, None that it certainly was not; False if it was already."""
        guard = "went_on IS NULL" if when is not None else "went_on IS NOT NULL"
        with self._write() as db:
            changed = db.execute(f"UPDATE tasks SET went_on = ? WHERE row = ? AND {guard}", (when, row))  # noqa: S608
        return changed.rowcount == 1

    def ended(self, row: str, state: TaskState, code: str, message: str, answered: Any = None) -> None:
        """Write down of a row being submitted that there is no task, or that nobody knows, and what was answered if anything was."""
        told = {} if answered is None else {"answered": canonical(answered)}
        self._update(
            row, " AND state = 'submitting'", state=state.value, fail_code=code, fail_msg=message, **told
        )

    def reopen(
        self,
        row: str,
        *,
        alone: bool,
        cap_micro: int | None = None,
        beside: str = "",
        when: float | None = None,
        mark: Callable[[str], None] = lambda _: None,
    ) -> tuple[Entry, bool]:
        """Take up again a row that the gateway refused, to submit it once more.

        Args:
            row: The row.
            alone: Only if no other row of its cell has been sent meanwhile, by another kernel say.
            cap_micro: The most that its budget may come to.
            beside: A row of its cell that does not matter to this, since it is unknown and may stay so.
            when: Epoch seconds now.
            mark: As of `claim`.

        Returns:
            The row that speaks for the cell now, and whether the caller alone may submit it.

        Raises:
            BudgetError: Its budget has no room for it any more.
        """
        with self._write() as db:
            entry = self.entry(row)
            best = self.by_cells([entry.cell])[entry.cell]
            may_stay = best.state is TaskState.UNKNOWN and best.row == beside
            if alone and best.state is not TaskState.REFUSED and not may_stay:
                return best, False
            self._pay_from(entry.purse, cap_micro, entry.price_micro)
            mark(row)
            changed = db.execute(
                "UPDATE tasks SET state = 'submitting', owner = ?, fail_code = '', fail_msg = '', sent = NULL, answered = NULL,"
                " claimed = coalesce(?, claimed) WHERE row = ? AND state = 'refused'",
                (self.owner, when, row),
            )
        return self.entry(row), changed.rowcount == 1

    def found(self, row: str, task_id: str, when: float) -> bool:
        """Give an unknown row the task that it turns out to have made, and what is known of it from waiting for it by its id.

        Returns:
            False if the row is not unknown any more, or another row has that task.
        """
        with self._write() as db:
            entry = self.entry(row)
            other = self.by_task(task_id, entry.gateway)
            is_free = other is None or other.gateway != entry.gateway or other.cell == adopted(task_id)
            if entry.state is not TaskState.UNKNOWN or not is_free:
                return False
            db.execute(
                "UPDATE tasks SET state = 'pending', task_id = ?, submitted = coalesce(claimed, ?), found = ?, fail_code = '',"
                " fail_msg = '' WHERE row = ?",
                (task_id, when, when, row),
            )
            self._take_over(db, row, task_id)
        return True

    def _take_over(self, db: sqlite3.Connection, row: str, task_id: str) -> None:
        """Let a row have what is known of its task from waiting for it by its id."""
        values = {"row": row, "cell": adopted(task_id)}
        for statement in _TAKE_OVER:
            db.execute(statement, values)

    def equals(self, row: str) -> list[Entry]:
        """Return the other rows that are being submitted with the very same request."""
        where = (
            "AS mine WHERE state = 'submitting' AND row <> ? AND (gateway, mode, held) = "
            "(SELECT gateway, mode, held FROM tasks WHERE row = ?)"
        )
        return self._read(where, (row, row))

    def told(
        self, row: str, status: Status, raw: Any, *, seen: float, lag_s: float | None, expires: float | None
    ) -> None:
        """Write down what the gateway said of it; never turns a finished row back."""
        self._update(
            row,
            " AND state NOT IN ('success', 'failed', 'refused', 'unknown')",
            state=status.state.value,
            created=status.created,
            completed=status.completed,
            cost_time_s=status.cost_time_s,
            fail_code=status.fail_code,
            fail_msg=status.fail_msg,
            urls=canonical(status.urls),
            texts=canonical(status.texts),
            poster=status.poster,
            told=canonical(raw),
            seen=seen,
            lag_s=lag_s,
            expires=expires,
            **({} if status.price_micro is None else {"price_micro": status.price_micro}),
        )

    def lost(self, row: str, message: str) -> None:
        """Write down that the gateway does not know this task (any more)."""
        guard = " AND state IN ('pending', 'processing')"
        self._update(row, guard, state=TaskState.FAILED.value, fail_code=UNKNOWN_TASK, fail_msg=message)

    def revive(self, row: str) -> Entry:
        """Take back that the gateway does not know a task, so that it is asked after once more."""
        self._update(row, " AND fail_code = 'UNKNOWN_TASK'", state="pending", fail_code="", fail_msg="")
        return self.entry(row)

    def renewed(self, row: str, urls: Sequence[str]) -> None:
        """Write down fresh URLs of a finished task, so that what is missing can be fetched."""
        self._update(row, urls=canonical(list(urls)))

    def filed(
        self, row: str, index: int, path: Path, *, width: int, height: int, size: int, sha256: str
    ) -> None:
        """Write down that a picture is on disk."""
        relative = path.relative_to(self.root).as_posix()
        with self._write() as db:
            db.execute(
                "INSERT OR REPLACE INTO pictures (row, idx, path, width, height, bytes, sha256)"
                " SELECT row, ?, ?, ?, ?, ?, ? FROM tasks WHERE row = ? AND state <> 'unknown'",  # it may have been given back
                (index, relative, width, height, size, sha256, row),
            )

    def folder(self, row: str) -> Path:
        """Return the folder of a row's pictures."""
        return self.root / "pictures" / row

    def star(self, task_id: str, stars: int) -> None:
        """Write down what a task's pictures are worth, 0 to 5; 0 takes it back."""
        with self._write() as db:
            db.execute("DELETE FROM stars WHERE task_id = ?", (task_id,))
            if stars:
                db.execute("INSERT INTO stars (task_id, stars) VALUES (?, ?)", (task_id, stars))

    def forget(self, row: str) -> bool:
        """Release an unknown row, so that its cell may be asked for anew; False if it is not unknown."""
        with self._write() as db:
            changed = db.execute(
                "UPDATE tasks SET state = 'refused', fail_code = 'FORGOTTEN' WHERE row = ? AND state = 'unknown'",
                (row,),
            )
        return changed.rowcount == 1

    # -- owners --------------------------------------------------------------------------------------------------

    def settle_orphans(self) -> list[Entry]:
        """Turn rows whose submission died with its owner into `unknown`, or `refused` if it had not begun, and return them."""
        rows = self._read("WHERE state = 'submitting'")
        dead = [e for e in rows if e.owner != self.owner and not self._is_alive(e.owner)]
        for entry in dead:
            self.broken_off(entry.row, "The kernel ended while this was being submitted", entry.owner)
        return [self.entry(entry.row) for entry in dead]

    def broken_off(self, row: str, how: str, owner: str = "") -> None:
        """Write down that a submission of ours, or of `owner`, ended in the middle: what was never about to be sent cost nothing.

        Earlier versions did not write down what they were about to send, nor when.
        """
        with self._write() as db:
            is_safe = self.travelled(row)[0] is None and self.entry(row).claimed is not None
            state, code, note = _NEVER_SENT if is_safe else _MAY_BE
            db.execute(
                "UPDATE tasks SET state = ?, fail_code = ?, fail_msg = ? WHERE row = ? AND owner = ? AND state = 'submitting'",
                (state, code, f"{how}{note}", row, owner or self.owner),
            )


def adopted(task_id: str) -> str:
    """Return the cell of a task that was made elsewhere: its own, for nobody here asked for it."""
    return f"task:{task_id}"


_NEVER_SENT = ("refused", "NEVER_SENT", ", before anything was sent: nothing was charged.")
_MAY_BE = ("unknown", "", ": it may have been charged.")
_HOLDS = (
    "task_id = :task_id AND found IS NOT NULL AND gateway = (SELECT gateway FROM tasks WHERE row = :row)"
)
_GIVE_BACK = (
    f"DELETE FROM pictures WHERE row IN (SELECT row FROM tasks WHERE {_HOLDS})",  # noqa: S608  (our own text)
    f"UPDATE tasks SET state = 'unknown', task_id = '', found = NULL, urls = '[]', texts = '[]', told = NULL WHERE {_HOLDS}",  # noqa: S608
)
_TOLD = "state, created, completed, seen, lag_s, cost_time_s, expires, fail_code, fail_msg, urls, texts, poster, told"
_ADOPTED = "FROM tasks WHERE cell = :cell AND gateway = (SELECT gateway FROM tasks WHERE row = :row)"
_KNOWN = f"{_ADOPTED} AND fail_code <> 'UNKNOWN_TASK'"
_TAKE_OVER = (
    "DELETE FROM pictures WHERE row = :row",
    f"UPDATE tasks SET ({_TOLD}) = (SELECT {_TOLD} {_KNOWN}) WHERE row = :row AND EXISTS (SELECT 1 {_KNOWN})",  # noqa: S608
    f"UPDATE pictures SET row = :row WHERE row IN (SELECT row {_ADOPTED})",  # noqa: S608  (our own text)
    f"DELETE {_ADOPTED}",
)
