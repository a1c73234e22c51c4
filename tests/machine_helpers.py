"""What the stateful test stands on: the gateway's own books, a client's clock that jumps, and what must always hold."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mjnb import errors
from mjnb.callbacks import token_of
from mjnb.jobs import Stopped
from mjnb.polling import Clock
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mjnb.simulator.clock import Clock as GateClock
    from mjnb.store import Entry, Store

__all__ = ["OURS", "UNDECIDED", "Books", "Jumpy", "Taken", "check", "free_port", "same", "unrecorded"]

OURS = (errors.MjnbError, TimeoutError, Stopped)
UNDECIDED = {TaskState.UNKNOWN, TaskState.SUBMITTING}
"""Rows in these states stand for one task each, which may or may not have been made."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A POST that the gateway took and charged for: its task's id, its words, the path of its row, and when (epoch seconds)."""

    id: str
    chaos: int
    token: str
    created: float


class Books:
    """What the gateway has charged for, read from its own file: our ledger has no say in it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def taken(self) -> list[Taken]:
        """Return every task that was ever charged, the oldest first."""
        statement = "SELECT id, drawing, callback_url, created FROM tasks ORDER BY rowid"
        with contextlib.closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=30)) as db:
            found = db.execute(statement).fetchall()
        return [
            Taken(task_id, json.loads(drawing)["chaos"], url.rpartition("/")[2], created)
            for task_id, drawing, url, created in found
        ]


class Jumpy(Clock):
    """A client's clock: it goes with the gateway's, but somebody sets its time of day, and puts the machine to sleep."""

    def __init__(self, gate: GateClock) -> None:
        super().__init__(gate.speed)
        self._gate = gate
        self.skew = self._leapt = 0.0

    def now(self) -> float:
        """Return gateway seconds that never run backward."""
        return super().now() + self._leapt

    def epoch(self) -> float:
        """Return the time of day as this machine believes it to be."""
        return self._gate.now() + self.skew

    def leap(self, seconds: float) -> None:
        """Skip some seconds, as a machine that was asleep does."""
        self._leapt += seconds


def free_port() -> int:
    """Return a port that nobody listens at."""
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def same(row: Entry) -> int:
    """Return what tells a row's words from other rows': rows and tasks that agree in it are equal requests."""
    return int(row.held.get("chaos") or 0)


def unrecorded(taken: Iterable[Taken], rows: Iterable[Entry]) -> list[Taken]:
    """Return the charged tasks that no row has."""
    ids = {row.task_id for row in rows}
    return [task for task in taken if task.id not in ids]


def check(
    books: Books, store: Store, *, foreign: set[str], let_go: Counter[int], forgotten: set[str]
) -> None:
    """Hold the ledger against the gateway's books.

    The books are read first: what they hold then was under way in the ledger before, whatever is going on meanwhile.

    Args:
        books: The gateway's.
        store: The ledger.
        foreign: Ids of the tasks that another ledger has made with the same key.
        let_go: How many tasks may have been lost because somebody said so, by `same`.
        forgotten: Rows that somebody let go.
    """
    taken = [task for task in books.taken() if task.id not in foreign]
    rows = store.all()
    ids = Counter((row.gateway, row.task_id) for row in rows if row.task_id)
    assert max(ids.values(), default=1) == 1, f"a task is recorded twice: {ids.most_common(1)}"
    made = {task.id for task in books.taken()}
    assert not foreign & {row.task_id for row in rows}, "another ledger's task was taken for ours"
    assert {task_id for _, task_id in ids} <= made, "a row has a task that was never made"
    _check_losses(taken, rows, let_go)
    _check_refused(taken, rows, let_go, forgotten)


def _check_losses(taken: list[Taken], rows: list[Entry], let_go: Counter[int]) -> None:
    """Each charge is in a row, or there is an undecided row of the same words for it, or somebody has let it go."""
    lost = Counter(task.chaos for task in unrecorded(taken, rows))
    room = Counter(same(row) for row in rows if row.state in UNDECIDED)
    for words, count in lost.items():
        states = [_in_short(row) for row in rows if same(row) == words]
        note = f"{count} charged and in no row, {room[words]} undecided, {let_go[words]} let go: {states}"
        assert count <= room[words] + let_go[words], note


def _check_refused(
    taken: list[Taken], rows: list[Entry], let_go: Counter[int], forgotten: set[str]
) -> None:
    """Where POSTs name their rows: each that was taken has a row of its own that does not say that nothing was charged."""
    posts = Counter(task.token for task in taken if task.token)
    words = {task.token: task.chaos for task in taken}
    kept = [row for row in rows if row.state is not TaskState.REFUSED or row.row in forgotten]
    room = Counter(token_of(row.key) for row in kept)
    for token, count in posts.items():
        states = [_in_short(row) for row in rows if token_of(row.key) == token]
        note = f"{count} POSTs were taken, and rows that own to it are {room[token]}: {states}"
        assert count <= room[token] + let_go[words[token]], note
    for row in rows:
        if row.row in forgotten:
            assert (row.state, row.fail_code) == (TaskState.REFUSED, "FORGOTTEN"), _in_short(row)


def _in_short(row: Entry) -> tuple[str, ...]:
    return (row.row, row.state.value, row.fail_code, row.fail_msg[:60])
