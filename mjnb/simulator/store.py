"""The simulator's memory: one SQLite file, or none.

Everything that can be derived is derived: a task's state from its times, what was spent from the tasks themselves.
What is on disk is therefore never half true, and several simulators may share one file.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from mjnb.simulator.tasks import FILE_LIFE, Drawing, Failure, Task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Delivery", "Money", "Store", "Upload"]

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
CREATE INDEX IF NOT EXISTS tasks_by_owner ON tasks (account, gateway);
CREATE TABLE IF NOT EXISTS uploads (name TEXT PRIMARY KEY, account TEXT NOT NULL, until REAL NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS clock (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), moment REAL NOT NULL);
"""

_PATIENCE_S = 30.0  # for another simulator that has the file

_YOUNGER = {
    "begun": "REAL",  # NULL in tasks of old, which never waited
    "kind": "TEXT NOT NULL DEFAULT 'pictures'",
    "texts": "TEXT NOT NULL DEFAULT '[]'",
    "asked": "TEXT NOT NULL DEFAULT ''",
    "facts": "TEXT NOT NULL DEFAULT ''",
    "waits": "INTEGER NOT NULL DEFAULT 0",
    "file_life": f"REAL NOT NULL DEFAULT {FILE_LIFE}",
}
"""Columns of `tasks` that the first generation of files did not have."""

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


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that somebody sent; it can be fetched until a moment on the gateway's clock."""

    data: bytes
    until: float


class Store:
    """Tasks, uploads, callbacks and the clock's last reading, in a file at `path` or, without one, in memory."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(
            path or ":memory:", timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        self._database.row_factory = sqlite3.Row
        # An app that is dropped without a farewell must not leave its file open.
        weakref.finalize(self, self._database.close)
        # SQLite waits for nobody while a file becomes WAL, so two that begin one file take turns.
        with (
            nullcontext()
            if path is None
            else FileLock(f"{path}.lock", timeout=_PATIENCE_S, poll_interval=0.01)
        ):
            self._prepare()

    def _prepare(self) -> None:
        # WAL with NORMAL survives a killed process; only a power cut could lose the last moments.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)
        self._grow_up()

    def _grow_up(self) -> None:
        """Give a file of an older generation the columns that it lacks."""
        self._rows("BEGIN IMMEDIATE")  # two simulators may open the file at once
        known = {row["name"] for row in self._rows("PRAGMA table_info(tasks)")}
        for name, column in _YOUNGER.items():
            if name not in known:
                self._rows(f"ALTER TABLE tasks ADD COLUMN {name} {column}")
        self._rows("COMMIT")

    def _rows(self, statement: str, **values: Any) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def close(self) -> None:
        """Close the file. Nothing can be asked afterwards."""
        with self._lock:
            self._database.close()

    def add(self, task: Task, delivery: Delivery) -> None:
        """Write a new task down, at once and as a whole."""
        values = {**_columns(task), **asdict(delivery)}
        places = ", ".join(f":{name}" for name in values)
        self._rows(f"INSERT INTO tasks ({', '.join(values)}) VALUES ({places})", **values)  # noqa: S608 - our own names

    def change(self, task: Task, delivery: Delivery) -> None:
        """Write down what has become of a task."""
        values = {**_columns(task), **asdict(delivery)}
        changes = ", ".join(f"{name} = :{name}" for name in values)
        self._rows(f"UPDATE tasks SET {changes} WHERE id = :id", **values)  # noqa: S608 - our own names

    def task(self, task_id: str) -> Task | None:
        """Return a task by its id."""
        rows = self._rows("SELECT * FROM tasks WHERE id = :id", id=task_id)
        return _task(rows[0]) if rows else None

    def tasks(self, account: str, gateway: str, *, offset: int = 0, limit: int | None = None) -> list[Task]:
        """Return tasks that a key has given a gateway, the newest first."""
        statement = """
            SELECT * FROM tasks WHERE account = :account AND gateway = :gateway
            ORDER BY rowid DESC LIMIT :limit OFFSET :offset
        """
        limit = -1 if limit is None else limit
        return list(
            map(_task, self._rows(statement, account=account, gateway=gateway, limit=limit, offset=offset))
        )

    def chosen(self, account: str, gateway: str, ids: Sequence[str]) -> list[Task]:
        """Return those of some tasks that a key has given a gateway, in the order of the ids."""
        statement = """
            SELECT tasks.* FROM json_each(:ids) AS wanted JOIN tasks ON tasks.id = wanted.value
            WHERE account = :account AND gateway = :gateway ORDER BY wanted.key
        """
        return list(
            map(_task, self._rows(statement, account=account, gateway=gateway, ids=json.dumps(ids)))
        )

    def with_fact(self, account: str, gateway: str, word: str) -> Task | None:
        """Return the newest task of a key whose facts hold a JSON string."""
        statement = """
            SELECT * FROM tasks WHERE account = :account AND gateway = :gateway AND instr(facts, :word) > 0
            ORDER BY rowid DESC LIMIT 1
        """
        rows = self._rows(statement, account=account, gateway=gateway, word=json.dumps(word))
        return _task(rows[0]) if rows else None

    def add_upload(self, name: str, account: str, upload: Upload) -> None:
        """Keep a picture that somebody sent."""
        values = "(:name, :account, :until, :data)"
        self._rows(f"INSERT INTO uploads VALUES {values}", name=name, account=account, **asdict(upload))  # noqa: S608

    def upload(self, name: str) -> Upload | None:
        """Return a picture that somebody sent."""
        rows = self._rows("SELECT data, until FROM uploads WHERE name = :name", name=name)
        return Upload(*rows[0]) if rows else None

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
    "kind",
    "asked",
    "facts",
    "file_life",
)


def _columns(task: Task) -> dict[str, Any]:
    plain = {name: getattr(task, name) for name in (*_PLAIN, "begun", "waits")}
    code, message = (task.failure.code, task.failure.message) if task.failure else (None, None)
    texts = json.dumps(task.texts, ensure_ascii=False)
    return {
        **plain,
        "fail_code": code,
        "fail_msg": message,
        "texts": texts,
        "drawing": task.drawing.to_json(),
    }


def _task(row: sqlite3.Row) -> Task:
    plain = {name: row[name] for name in _PLAIN}
    return Task(
        **plain,
        begun=row["created"] if row["begun"] is None else row["begun"],
        failure=Failure(row["fail_code"], row["fail_msg"]) if row["fail_code"] is not None else None,
        drawing=Drawing.from_json(row["drawing"]),
        texts=tuple(json.loads(row["texts"])),
        waits=bool(row["waits"]),
    )
