"""The simulator's memory: one SQLite file, or none.

Everything that can be derived is derived: a task's state from its times, what was spent from the tasks themselves.
What is on disk is therefore never half true, and several simulators may share one file.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mjnb.simulator.tasks import Drawing, Failure, Task

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Delivery", "Money", "Store"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY, gateway TEXT NOT NULL, account TEXT NOT NULL, created REAL NOT NULL, ends REAL NOT NULL,
    pending REAL NOT NULL, tail REAL NOT NULL, pictures INTEGER NOT NULL, price INTEGER NOT NULL,
    fail_code TEXT, fail_msg TEXT, drawing TEXT NOT NULL, callback_url TEXT NOT NULL, base_url TEXT NOT NULL,
    outcome TEXT NOT NULL, attempts INTEGER NOT NULL, next_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS tasks_by_end ON tasks (ends);
CREATE INDEX IF NOT EXISTS tasks_by_outcome ON tasks (outcome);
CREATE INDEX IF NOT EXISTS tasks_by_drawing ON tasks (drawing);
CREATE TABLE IF NOT EXISTS clock (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), moment REAL NOT NULL);
"""

_ADD = """
INSERT INTO tasks VALUES (:id, :gateway, :account, :created, :ends, :pending, :tail, :pictures, :price,
    :fail_code, :fail_msg, :drawing, :callback_url, :base_url, :outcome, :attempts, :next_at)
"""

_RUNNING = """
SELECT count(*), coalesce(min(ends), :now) FROM tasks WHERE ends > :now AND (:account IS NULL OR account = :account)
"""

_MONEY = """
SELECT count(*), coalesce(sum(back), 0), coalesce(sum(price * NOT back), 0)
FROM (SELECT price, fail_code IS NOT NULL AND ends <= :now AS back FROM tasks WHERE :account IS NULL OR account = :account)
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far the callback of a task has come.

    `outcome` is "" (none was asked for), "pending", "delivered", "failed" or "undeliverable"; `next_at` the moment of the
    next attempt on the gateway's clock.
    """

    outcome: str
    attempts: int
    next_at: float


@dataclass(frozen=True, slots=True)
class Money:
    """Tasks charged and refunded, and what was spent in micro-dollars, refunds taken off."""

    charged: int
    refunded: int
    spent: int


class Store:
    """Tasks, callbacks and the clock's last reading, in a file at `path` or, without one, in memory."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        # An app that is dropped without a farewell must not leave its file open.
        weakref.finalize(self, self._database.close)
        # WAL with NORMAL survives a killed process; only a power cut could lose the last moments.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    def _rows(self, statement: str, **values: Any) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def close(self) -> None:
        """Close the file. Nothing can be asked afterwards."""
        with self._lock:
            self._database.close()

    def add(self, task: Task, delivery: Delivery) -> None:
        """Write a new task down, at once and as a whole."""
        self._rows(_ADD, **_columns(task), **asdict(delivery))

    def task(self, task_id: str) -> Task | None:
        """Return a task by its id."""
        rows = self._rows("SELECT * FROM tasks WHERE id = :id", id=task_id)
        return _task(rows[0]) if rows else None

    def equals_before(self, task: Task) -> int:
        """Return how many earlier tasks asked for exactly the same drawing."""
        statement = "SELECT count(*) FROM tasks WHERE drawing = :drawing AND rowid < (SELECT rowid FROM tasks WHERE id = :id)"
        return int(self._rows(statement, drawing=task.drawing.to_json(), id=task.id)[0][0])

    def count(self) -> int:
        """Return how many tasks were ever accepted."""
        return int(self._rows("SELECT count(*) FROM tasks")[0][0])

    def running(self, now: float, account: str | None = None) -> tuple[int, float]:
        """Return how many tasks (of one account, or of all) run at `now`, and when the first of them ends."""
        running, first_end = self._rows(_RUNNING, now=now, account=account)[0]
        return int(running), float(first_end)

    def money(self, now: float, account: str | None = None) -> Money:
        """Return what one account (or all) was charged, refunded and has spent at `now`."""
        return Money(*map(int, self._rows(_MONEY, now=now, account=account)[0]))

    def delivery(self, task_id: str) -> Delivery:
        """Return how far a task's callback has come."""
        return Delivery(
            *self._rows("SELECT outcome, attempts, next_at FROM tasks WHERE id = :id", id=task_id)[0]
        )

    def record(self, task_id: str, delivery: Delivery) -> None:
        """Write down how far a task's callback has come."""
        change = (
            "UPDATE tasks SET outcome = :outcome, attempts = :attempts, next_at = :next_at WHERE id = :id"
        )
        self._rows(change, id=task_id, **asdict(delivery))

    def undelivered(self) -> list[str]:
        """Return the ids of the tasks whose callback is still to come, the next one first."""
        return [
            row[0] for row in self._rows("SELECT id FROM tasks WHERE outcome = 'pending' ORDER BY next_at")
        ]

    def deliveries(self) -> dict[str, int]:
        """Return how many callbacks stand at each outcome."""
        counted = "SELECT outcome, count(*) FROM tasks WHERE outcome <> '' GROUP BY outcome"
        return {outcome: int(number) for outcome, number in self._rows(counted)}

    def clock(self) -> float | None:
        """Return the latest moment that an earlier run may have shown, if there was one."""
        rows = self._rows("SELECT moment FROM clock")
        return float(rows[0][0]) if rows else None

    def save_clock(self, moment: float) -> None:
        """Write down the latest moment that this run may show; it never goes back."""
        keep = (
            "INSERT INTO clock VALUES (1, :moment) ON CONFLICT DO UPDATE SET moment = max(moment, :moment)"
        )
        self._rows(keep, moment=moment)


_PLAIN = (
    "id",
    "gateway",
    "account",
    "created",
    "ends",
    "pending",
    "tail",
    "pictures",
    "price",
    "callback_url",
    "base_url",
)


def _columns(task: Task) -> dict[str, Any]:
    plain = {name: getattr(task, name) for name in _PLAIN}
    code, message = (task.failure.code, task.failure.message) if task.failure else (None, None)
    return {**plain, "fail_code": code, "fail_msg": message, "drawing": task.drawing.to_json()}


def _task(row: sqlite3.Row) -> Task:
    failure = Failure(row["fail_code"], row["fail_msg"]) if row["fail_code"] is not None else None
    plain = {name: row[name] for name in _PLAIN}
    return Task(**plain, failure=failure, drawing=Drawing.from_json(row["drawing"]))
