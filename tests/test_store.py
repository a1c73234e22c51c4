"""The ledger: rows that go their way, in a file that any tool opens and every later version takes over."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from store_helpers import REUSE, TIMES, draft, numbered, other_process

from mjnb.errors import StoreError
from mjnb.gateways.base import Status
from mjnb.store import Store
from mjnb.tasks import TaskState, cell_key

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open an empty store."""
    opened = Store(tmp_path / "store")
    yield opened
    opened.close()


# -- rows ----------------------------------------------------------------------------------------------------------


def test_a_row_goes_its_way(store):
    """A row is written as submitting, gets its id, its end and its pictures, and is read back as it was written."""
    entry, fresh = store.claim(draft(), again=REUSE)
    assert fresh
    assert entry.state is TaskState.SUBMITTING
    store.submitted(entry.row, "task_1", 1000.0, {"input": {}}, {"code": 200})
    done = Status(
        TaskState.SUCCESS, urls=("https://x/0.png",), created=1000.5, completed=1040.5, cost_time_s=40.0
    )
    store.told(entry.row, done, {"state": "success"}, **TIMES)
    path = store.folder(entry.row) / "0.png"
    store.filed(entry.row, 0, path, width=4, height=3, size=9, sha256="x")
    read = store.entry(entry.row)
    assert (read.task_id, read.state, read.cost_time_s) == ("task_1", TaskState.SUCCESS, 40.0)
    assert read.is_complete
    assert [(i.path, i.width) for i in read.images] == [(path, 4)]
    assert store.by_task("task_1") == read
    assert store.all() == [read]
    assert store.unfinished("apixo") == []


def test_it_is_an_ordinary_sqlite_file_in_wal(store):
    """Any tool can open the ledger while it is in use; it is written ahead and fully synchronous."""
    store.claim(draft(), again=REUSE)
    with sqlite3.connect(store.path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("SELECT state, price_micro FROM tasks").fetchall() == [("submitting", 100_000)]
    db.close()
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_finished_row_never_turns_back(store):
    """What a late answer says of a finished task changes nothing."""
    entry, _ = store.claim(draft(), again=REUSE)
    store.submitted(entry.row, "task_1", 1000.0, {}, {})
    store.told(entry.row, Status(TaskState.FAILED, fail_code="X"), {}, **TIMES)
    store.told(entry.row, Status(TaskState.PROCESSING), {}, **TIMES)
    assert store.entry(entry.row).state is TaskState.FAILED


def test_half_an_emoji_is_written_down(store):
    """Text that somebody's limit has cut in the middle of a character does not cost the row."""
    entry, _ = store.claim(draft(), again=REUSE)
    half = json.loads('"a fox \\ud83e"')
    store.submitted(entry.row, "task_1", 1000.0, {"prompt": half}, {"message": half})
    store.told(entry.row, Status(TaskState.FAILED, fail_code="X", fail_msg=half), {"m": half}, **TIMES)
    assert store.entry(entry.row).fail_msg.startswith("a fox ")


def test_a_task_made_elsewhere_is_adopted_once(store):
    """Waiting twice for a task that is not in the ledger writes one row."""
    one = store.adopt("task_9", gateway="apixo", simulated=True)
    assert store.adopt("task_9", gateway="apixo", simulated=True) == one
    assert store.unfinished("apixo") == [one]


@pytest.mark.parametrize(
    ("ends", "speaks"),
    [
        ([TaskState.FAILED, TaskState.SUCCESS], TaskState.SUCCESS),
        ([TaskState.SUCCESS, TaskState.FAILED], TaskState.SUCCESS),
        ([TaskState.UNKNOWN, TaskState.FAILED], TaskState.UNKNOWN),
        ([TaskState.SUCCESS, TaskState.UNKNOWN], TaskState.SUCCESS),
        ([TaskState.REFUSED, TaskState.FAILED], TaskState.FAILED),
    ],
)
def test_the_row_that_speaks_for_a_cell(store, ends, speaks):
    """A success speaks for its cell, else what may still come, else the last try."""
    for state in ends:
        entry, _ = store.claim(draft(), again=None)
        store.ended(entry.row, state, "", "")
    assert store.by_cells([draft().cell])[draft().cell].state is speaks


def test_thousands_of_cells_are_read(store):
    """A question after more cells than one statement takes is answered whole."""
    cells = [cell_key("apixo", "m", {"n": n}) for n in range(1200)]
    for cell in cells[::100]:
        store.claim(draft(cell), again=REUSE)
    assert set(store.by_cells(cells)) == set(cells[::100])


# -- what is on disk -----------------------------------------------------------------------------------------------

_VERSION_1 = """
CREATE TABLE migrations (name TEXT PRIMARY KEY);
INSERT INTO migrations VALUES ('m001_tasks_and_pictures');
CREATE TABLE tasks (
    row TEXT NOT NULL UNIQUE, cell TEXT NOT NULL, attempt INTEGER NOT NULL, owner TEXT NOT NULL, gateway TEXT NOT NULL,
    simulated INTEGER NOT NULL, mode TEXT NOT NULL, held TEXT NOT NULL, repeat INTEGER NOT NULL, take INTEGER NOT NULL,
    parent TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, task_id TEXT NOT NULL DEFAULT '', price_micro INTEGER,
    submitted REAL, created REAL, completed REAL, seen REAL, lag_s REAL, cost_time_s REAL, expires REAL,
    fail_code TEXT NOT NULL DEFAULT '', fail_msg TEXT NOT NULL DEFAULT '', urls TEXT NOT NULL DEFAULT '[]',
    sent TEXT, answered TEXT, told TEXT, UNIQUE (cell, attempt)
);
CREATE INDEX tasks_by_task ON tasks (task_id);
CREATE INDEX tasks_by_state ON tasks (state);
CREATE TABLE pictures (
    row TEXT NOT NULL, idx INTEGER NOT NULL, path TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (row, idx)
);
INSERT INTO tasks (row, cell, attempt, owner, gateway, simulated, mode, held, repeat, take, state, task_id, price_micro,
                   cost_time_s, urls)
VALUES ('aaaaaaaaaaaaaaaa-1', 'k1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 'an-owner', 'apixo', 0, 'text-to-image',
        '{"prompt": "a fox", "chaos": 0}', 0, 1, 'success', 'task_1', 100000, 41.388, '["https://r2.apixo.ai/1.png"]'),
       ('bbbbbbbbbbbbbbbb-1', 'k1:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 1, 'an-owner', 'apixo', 0, 'text-to-image',
        '{"prompt": "a fox", "chaos": 9}', 0, 1, 'submitting', '', 100000, NULL, '[]');
INSERT INTO pictures VALUES ('aaaaaaaaaaaaaaaa-1', 0, 'pictures/aaaaaaaaaaaaaaaa-1/0.png', 4, 3, 9, 'x');
"""


def test_a_ledger_of_the_first_version_is_taken_over(tmp_path):
    """A ledger written by the first version opens, keeps what was paid for, and settles what was under way."""
    root = tmp_path / "s"
    root.mkdir()
    db = sqlite3.connect(root / "ledger.sqlite")
    db.executescript(_VERSION_1)
    db.close()
    store = Store(root)
    paid, lost = store.all()
    assert paid.is_complete
    assert (paid.cost_time_s, paid.held) == (41.388, {"prompt": "a fox", "chaos": 0})
    assert paid.images[0].path == store.root / "pictures" / paid.row / "0.png"
    assert lost.state is TaskState.UNKNOWN
    assert not store.claim(draft("k1:" + "a" * 32), again=REUSE)[1]
    store.close()


def test_a_ledger_of_a_later_version_is_refused(tmp_path):
    """A ledger that a later version has changed is not touched; the error says to update."""
    Store(tmp_path / "s").close()
    db = sqlite3.connect(tmp_path / "s" / "ledger.sqlite", isolation_level=None)
    db.execute("INSERT INTO migrations VALUES ('m999_of_the_future')")
    db.close()
    with pytest.raises(StoreError, match="update mjnb"):
        Store(tmp_path / "s")


def test_two_processes_make_a_ledger_at_once(tmp_path):
    """Two processes that open a new store at the same moment both find a whole one."""
    processes = [other_process("print(len(store.all())); store.close()", tmp_path / "s") for _ in range(2)]
    assert [process.communicate(timeout=30)[0] for process in processes] == ["0\n", "0\n"]


@pytest.mark.parametrize("damage", ["garbage", "cut"])
def test_a_damaged_file_is_named(tmp_path, damage):
    """A ledger that is no database (any more) raises `StoreError` with its name, and is left as it is."""
    store = Store(tmp_path / "s")
    for n in range(200):
        store.claim(draft(numbered(n)), again=None)
    store.close()
    path = store.path
    data = b"not a database, " * 500 if damage == "garbage" else path.read_bytes()[:6000]
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"ledger\.sqlite"):
        Store(tmp_path / "s").all()
    assert path.read_bytes()[:16] == data[:16]


def test_a_folder_that_cannot_be_is_named(tmp_path):
    """Where no folder can be made or written, `StoreError` names the ledger."""
    (tmp_path / "file").write_text("in the way")
    for root in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/mjnb")):
        with pytest.raises(StoreError, match=r"ledger\.sqlite"):
            Store(root)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_named(tmp_path):
    """A store on a read-only folder raises `StoreError`."""
    Store(tmp_path / "s").close()
    (tmp_path / "s" / "ledger.sqlite").chmod(0o444)
    (tmp_path / "s").chmod(0o555)
    with pytest.raises(StoreError, match=r"ledger\.sqlite"):
        Store(tmp_path / "s").claim(draft(), again=None)


def test_a_closed_store_says_so(tmp_path):
    """What is asked of a closed store raises `StoreError`; closing twice is nothing."""
    store = Store(tmp_path / "s")
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.all()


def test_a_write_that_fails_leaves_the_ledger_usable(store):
    """After a write that the database refused, the next one works."""
    entry, _ = store.claim(draft(), again=None)
    with pytest.raises(StoreError), store._write() as db:
        db.execute("INSERT INTO tasks SELECT * FROM tasks")
    with pytest.raises(StoreError), store._write() as db:
        db.executescript(
            "ROLLBACK; INSERT INTO tasks SELECT * FROM tasks"
        )  # a full disk rolls back by itself
    store.submitted(entry.row, "task_1", 1.0, {}, {})
    assert len(store.all()) == 1


def test_it_stays_where_it_was_made(tmp_path, monkeypatch):
    """A store given by a relative path stays in its place when the working directory changes."""
    store = Store("here")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    entry, _ = store.claim(draft(), again=None)
    assert store.folder(entry.row).is_relative_to(tmp_path / "here")
    store.close()
    assert not (tmp_path / "elsewhere" / "here").exists()


def test_pictures_may_lie_on_another_disk(tmp_path):
    """A folder of pictures that is a link to elsewhere is as good."""
    Store(tmp_path / "s").close()
    (tmp_path / "s" / "pictures").rmdir()
    (tmp_path / "big").mkdir()
    (tmp_path / "s" / "pictures").symlink_to(tmp_path / "big")
    store = Store(tmp_path / "s")
    entry, _ = store.claim(draft(), again=None)
    store.told(entry.row, Status(TaskState.SUCCESS, urls=("https://x/0.png",)), {}, **TIMES)
    store.filed(entry.row, 0, store.folder(entry.row) / "0.png", width=1, height=1, size=1, sha256="")
    assert store.entry(entry.row).is_complete
    store.close()
