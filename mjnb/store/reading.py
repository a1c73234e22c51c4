"""Questions asked of the ledger; none of them changes it."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

from mjnb.errors import StoreError
from mjnb.store.entries import rank
from mjnb.store.file import LedgerFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mjnb.store.entries import Entry

__all__ = ["Readings"]

_CHUNK = 500  # cells asked for in one statement


class Readings(LedgerFile):
    """What can be asked of the ledger."""

    def entry(self, row: str) -> Entry:
        """Return one row. Raises `StoreError` if there is none."""
        found = self._read("WHERE row = ?", (row,))
        if not found:
            raise StoreError(f"The ledger {self.path} has no row {row}.")
        return found[0]

    def current(self, entry: Entry) -> Entry:
        """Return a row as it is now; if its task turned out to be another row's, that row. Raises `StoreError` if there is neither."""
        found = self._read("WHERE row = ?", (entry.row,))
        heir = found[0] if found else self.by_task(entry.task_id, entry.gateway)
        return heir or self.entry(entry.row)

    def by_task(self, task_id: str, gateway: str = "") -> Entry | None:
        """Return the row of a task's id; where several have it, that of a gateway, else the newest."""
        where = "WHERE task_id = ? ORDER BY gateway = ? DESC, rowid DESC LIMIT 1"
        return next(iter(self._read(where, (task_id, gateway))), None)

    def by_url(self, url: str, gateway: str) -> Entry | None:
        """Return the row of the gateway's task that a picture's URL belongs to."""
        where = "WHERE gateway = ? AND EXISTS (SELECT 1 FROM json_each(urls) WHERE value = ?) ORDER BY rowid DESC LIMIT 1"
        return next(iter(self._read(where, (gateway, url))), None)

    def told_of(self, task_id: str, gateway: str) -> Any:
        """Return what the gateway last said of a task, as JSON; None if it never has."""
        statement = "SELECT told FROM tasks WHERE task_id = ? AND gateway = ? AND told IS NOT NULL ORDER BY rowid DESC LIMIT 1"
        with self._lock, self._trouble():
            found = self._db.execute(statement, (task_id, gateway)).fetchone()
            return None if found is None else json.loads(found["told"])

    def by_cells(self, cells: Sequence[str]) -> dict[str, Entry]:
        """Return the row that speaks for each cell: its latest success, else what is under way, else the last try."""
        best: dict[str, Entry] = {}
        for start in range(0, len(cells), _CHUNK):
            some = list(cells[start : start + _CHUNK])
            marks = ",".join("?" * len(some))
            for entry in self._read(f"WHERE cell IN ({marks}) ORDER BY attempt", some):
                if entry.cell not in best or rank(entry) >= rank(best[entry.cell]):
                    best[entry.cell] = entry
        return best

    def all(self) -> list[Entry]:
        """Return every row, oldest first."""
        return self._read("ORDER BY rowid")

    def spent_by(self, sweep: str) -> int:
        """Return what a sweep's finished tasks cost, in millionths of a dollar."""
        statement = "SELECT coalesce(sum(price_micro), 0) FROM tasks WHERE sweep = ? AND state = 'success'"
        with self._lock, self._trouble():
            return int(self._db.execute(statement, (sweep,)).fetchone()[0])

    def committed_elsewhere(self, sweep: str, cells: Sequence[str]) -> int:
        """Return what other budgets have paid for a sweep, or may yet have to pay for its cells, in millionths of a dollar."""
        statement = (
            "SELECT coalesce(sum(price_micro), 0) FROM tasks WHERE purse <> :sweep AND ((sweep = :sweep AND state = 'success')"
            " OR (cell IN (SELECT value FROM json_each(:cells)) AND (fail_code = 'UNKNOWN_TASK'"
            " OR state IN ('pending', 'processing', 'submitting', 'unknown'))))"
        )
        values = {"sweep": sweep, "cells": json.dumps(list(cells))}
        with self._lock, self._trouble():
            return int(self._db.execute(statement, values).fetchone()[0])

    def committed(self, purse: str) -> int:
        """Return what a budget has spent or may yet have to pay, in millionths of a dollar: refunds and refusals are not in it.

        A task that its gateway took and then did not know any more is: it may have been charged.
        """
        statement = (
            "SELECT coalesce(sum(price_micro), 0) FROM tasks WHERE purse = ? AND (fail_code = 'UNKNOWN_TASK'"
            " OR state IN ('success', 'pending', 'processing', 'submitting', 'unknown'))"
        )
        with self._lock, self._trouble():
            return int(self._db.execute(statement, (purse,)).fetchone()[0])

    def travelled(self, row: str) -> tuple[Any, Any]:
        """Return what was sent for a row and what was answered, as JSON; None for each that is not known."""
        with self._lock, self._trouble():
            found = self._db.execute("SELECT sent, answered FROM tasks WHERE row = ?", (row,)).fetchone()
        sent, answered = (found["sent"], found["answered"]) if found is not None else (None, None)
        return (None if sent is None else json.loads(sent)), (
            None if answered is None else json.loads(answered)
        )

    def called(self, name: str) -> Entry | None:
        """Return the row that a person means by a row's id, a cell's key, or a task's id."""
        where = "WHERE row = ? OR cell = ? OR (task_id = ? AND task_id <> '') ORDER BY rowid"
        found = self._read(where, (name, name, name))
        exact = [entry for entry in found if entry.row == name]
        return (
            exact[0] if exact else max(found, key=lambda entry: (rank(entry), entry.attempt), default=None)
        )

    def usual_s(self, gateway: str, mode: str, speed: str, *, of: int = 20) -> float | None:
        """Return the median span of the latest tasks like this in gateway seconds, None if there are none."""
        statement = (
            "SELECT coalesce(completed - created, cost_time_s) AS span FROM tasks WHERE state = 'success' AND span >= 0"
            " AND gateway = ? AND mode = ? AND coalesce(json_extract(held, '$.speed'), '') = ? ORDER BY rowid DESC LIMIT ?"
        )
        with self._lock, self._trouble():
            spans = [row["span"] for row in self._db.execute(statement, (gateway, mode, speed, of))]
        return statistics.median(spans) if spans else None

    def stars(self) -> dict[str, int]:
        """Return the stars of every task that has some, by task id."""
        with self._lock, self._trouble():
            return dict(self._db.execute("SELECT task_id, stars FROM stars").fetchall())

    def keys(self, gateway: str) -> list[tuple[str, str, str]]:
        """Return of each of the gateway's rows that has a key: its id, its key, and the address to call back that was sent with it."""
        statement = (
            "SELECT row, key, CASE WHEN json_valid(sent) THEN json_extract(sent, '$.callback_url') END AS url"
            " FROM tasks WHERE gateway = ? AND key <> ''"
        )
        with self._lock, self._trouble():
            found = self._db.execute(statement, (gateway,)).fetchall()
        return [(one["row"], one["key"], str(one["url"] or "")) for one in found]

    def unfinished(self, gateway: str) -> list[Entry]:
        """Return the gateway's rows whose task runs, or whose pictures are not all on disk."""
        where = "WHERE gateway = ? AND state IN ('pending', 'processing', 'success') AND task_id <> '' ORDER BY rowid"
        rows = self._read(where, (gateway,))
        return [entry for entry in rows if not entry.is_complete]
