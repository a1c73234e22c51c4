"""What is carried over out of a damaged or lost ledger: no task that was paid for is dropped, and nothing that may have been sent is called unsent."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from store_helpers import draft, numbered

import mjnb
from mjnb.doctor import check
from mjnb.gateways.base import Status
from mjnb.store import UNKNOWN_TASK, Store
from mjnb.tasks import TaskState
from tests.test_doctor import everything, kinds, look, mends
from tests.test_doctor import root as root  # noqa: PLC0414  (a fixture)

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from mjnb.store import Entry

PAGE = 4096
ROW = f"{numbered(1)[3:19]}-1"
NOTHING = (TaskState.UNKNOWN, "")


def stage(folder: Path, name: str) -> bytes:
    """Return a ledger's file with one row, which has come as far as the name says; it is the same row in all of them."""
    store = Store(folder / name)
    entry, _ = store.claim(draft(numbered(1), sweep="s-1", purse="s-1"), again=None, when=1.0)
    if name != "submitting":
        store.sending(entry.row, {"prompt": "a fox"})
    if name in {"refused", "unknown"}:
        store.ended(entry.row, TaskState(name), "429", "no")
    if name in {"pending", "failed", "success", "lost"}:
        store.submitted(entry.row, "t-1", 1.0, {"prompt": "a fox"}, {"code": 200})
    if name in {"failed", "success"}:
        urls = ("https://r2.apixo.ai/1.jpg",) if name == "success" else ()
        store.told(entry.row, Status(TaskState(name), urls=urls), {}, seen=1.0, lag_s=0.1, expires=9.0)
    if name == "lost":
        store.lost(entry.row, "404")
    store.close()
    return store.path.read_bytes()


def mended(folder: Path, data: bytes) -> Store:
    """Open a store whose ledger has been mended by the doctor."""
    (folder / "s").mkdir()
    (folder / "s" / "ledger.sqlite").write_bytes(data)
    report = look(folder / "s", repair=True)
    assert report.findings[0].done, report.text()
    return Store(folder / "s")


def only(store: Store) -> Entry:
    """Return the one row of a store, and close it."""
    (entry,) = store.all()
    store.close()
    return entry


def store_sent(root: Path) -> str | None:
    """Return what the first row of a store says that was sent; None is that nothing was."""
    with closing(sqlite3.connect(root / "ledger.sqlite")) as db:
        sent: str | None = db.execute("SELECT sent FROM tasks").fetchone()[0]
    return sent


# -- pages that SQLite no longer finds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    ("old", "new", "is_then"),
    [
        ("refused", "pending", (TaskState.PENDING, "t-1")),
        ("submitting", "pending", (TaskState.PENDING, "t-1")),
        ("unknown", "pending", (TaskState.PENDING, "t-1")),
        ("lost", "pending", (TaskState.PENDING, "t-1")),
        ("pending", "failed", (TaskState.FAILED, "t-1")),
        ("pending", "success", (TaskState.SUCCESS, "t-1")),
        ("refused", "unknown", NOTHING),
        ("refused", "sent", NOTHING),
        ("submitting", "sent", NOTHING),
    ],
)
def test_of_two_pages_the_paid_one_counts(tmp_path, old, new, is_then, is_first):
    """Of an old and a new page of one row, in whatever order they lie, that with the task counts, and else what may be charged."""
    pages = [stage(tmp_path, name)[PAGE:] for name in (old, new)]
    data = bytes(PAGE) + b"".join(pages if is_first else pages[::-1])
    entry = only(mended(tmp_path, data))
    assert (entry.row, entry.state, entry.task_id) == (ROW, *is_then)


@pytest.mark.parametrize("name", ["submitting", "sent"])
def test_a_page_that_may_be_old_proves_nothing(tmp_path, name):
    """A row that a page shows before it was sent may have been sent since: it is unknown, shown as such, and keeps its budget's room."""
    store = mended(tmp_path, bytes(PAGE) + stage(tmp_path, name)[PAGE:])
    assert store.committed("s-1") == 100_000
    entry = only(store)
    assert (entry.state, entry.task_id, entry.fail_code) == (*NOTHING, "")
    assert "may have been charged" in entry.fail_msg
    assert store_sent(tmp_path / "s") is not None
    assert kinds(look(tmp_path / "s")) == ["unknown"]


def test_a_second_half_is_not_sent_again(tmp_path):
    """Whether the second half of a request was sent cannot be told from a page that may be old: it is not sent again."""
    store = mended(tmp_path, bytes(PAGE) + stage(tmp_path, "pending")[PAGE:])
    assert not store.goes_on(ROW, 2.0)
    store.close()


def test_a_row_whose_end_is_lost(tmp_path):
    """A row of which only the beginning is left still holds its cell, so that it is not paid for again by itself."""
    store = Store(tmp_path / "long")
    store.claim(draft(numbered(1), held={"prompt": "fox " * 3000}), again=None, when=1.0)
    store.submitted(ROW, "t-1", 1.0, {}, {})
    store.close()
    data = store.path.read_bytes()
    pages = [data[at : at + PAGE] for at in range(PAGE, len(data), PAGE)]
    left = b"".join(page if page[0] in {2, 5, 10, 13} else bytes(PAGE) for page in pages)
    store = mended(tmp_path, bytes(PAGE) + left)
    assert store.by_cells([numbered(1)])[numbered(1)].state is TaskState.UNKNOWN
    assert only(store).row == ROW


# -- rows that SQLite finds ----------------------------------------------------------------------------------------------


def spoil(path: Path, *statements: str) -> bytes:
    """Change a ledger, spoil it in a way that only the doctor finds, and return the file."""
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)
        db.execute("DELETE FROM migrations WHERE name LIKE 'm001%'")
    return path.read_bytes()


def test_a_task_that_only_a_page_still_knows(tmp_path):
    """Where SQLite finds a row without a task and a page has it with one, the task is kept."""
    stage(tmp_path, "submitting")
    whole = spoil(tmp_path / "submitting" / "ledger.sqlite")
    entry = only(mended(tmp_path, whole + stage(tmp_path, "pending")[PAGE:]))
    assert (entry.state, entry.task_id) == (TaskState.PENDING, "t-1")


def test_a_task_that_turned_out_to_be_anothers(tmp_path):
    """A page that gives a row the task of another row is of before: the task stays where it is, and in one row only."""
    store = Store(tmp_path / "two")
    store.claim(draft(numbered(1)), again=None, when=1.0)
    other, _ = store.claim(draft(numbered(2)), again=None, when=1.0)
    store.submitted(other.row, "t-1", 1.0, {}, {})
    store.close()
    whole = spoil(store.path)
    store = mended(tmp_path, whole + stage(tmp_path, "pending")[PAGE:])
    assert {e.row: (e.state, e.task_id) for e in store.all()} == {
        ROW: NOTHING,
        other.row: (TaskState.PENDING, "t-1"),
    }
    store.close()


def test_a_row_that_was_not_sent_is_unknown_in_a_damaged_ledger(tmp_path):
    """What SQLite finds in a damaged ledger may be of before as well, so it does not prove that nothing was sent."""
    stage(tmp_path, "submitting")
    entry = only(mended(tmp_path, spoil(tmp_path / "submitting" / "ledger.sqlite")))
    assert (entry.state, entry.fail_code) == (TaskState.UNKNOWN, "")


def test_a_task_whose_name_is_garbled(tmp_path):
    """A task's id that is no text any more is not asked after, which would end as a task that is not known: its row is unknown."""
    stage(tmp_path, "pending")
    garbled = "UPDATE tasks SET task_id = CAST(x'742dff' AS TEXT)"
    entry = only(mended(tmp_path, spoil(tmp_path / "pending" / "ledger.sqlite", garbled)))
    assert (entry.state, entry.task_id) == NOTHING


def test_a_task_that_was_not_known_is_kept(tmp_path):
    """A task that its gateway did not know keeps its id, so that it can be asked after once more."""
    entry = only(mended(tmp_path, bytes(PAGE) + stage(tmp_path, "lost")[PAGE:]))
    assert (entry.state, entry.task_id, entry.fail_code) == (TaskState.FAILED, "t-1", UNKNOWN_TASK)


# -- a ledger that is gone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_ledger_that_is_gone(root, is_empty):
    """Where the ledger is gone, mending begins a new one that shows the pictures, each whole row of them; nothing is moved."""
    (root / "ledger.sqlite").write_bytes(b"") if is_empty else (root / "ledger.sqlite").unlink()
    before = everything(root)
    report = look(root)
    assert (report.exit_code, kinds(report), everything(root) == before) == (1, ["ledger"], True)
    assert "the folders of 6 of its rows" in report.text()
    assert "put the old one back" in report.text()
    done = look(root, repair=True)
    assert set(kinds(done)) == {"ledger", "forgotten"}
    assert (done.exit_code, look(root).findings) == (0, [])
    with_session = mjnb.Session("apixo", api_key="k" * 20, store=root, quiet=True)
    frame = with_session.history()
    assert [len(images) for images in frame["images"]] == [2] * 6
    assert all(entry.is_complete and entry.cell.startswith("lost:") for entry in with_session.store.all())
    with_session.close().result()
    assert {name: data for name, data in everything(root).items() if "pictures" in name} == {
        name: data for name, data in before.items() if "pictures" in name
    }


def test_an_older_copy_gives_its_rows(root):
    """Where the ledger is gone and a copy of before lies in `damaged/`, its rows are in the new one, so that they are not paid again."""
    with closing(sqlite3.connect(root / "ledger.sqlite")) as db, db:
        db.execute("UPDATE tasks SET urls = '[1, 2]' WHERE rowid = 2")
    mends(root, "ledger")
    store = Store(root)
    known = {entry.cell: entry.task_id for entry in store.all()}
    store.close()
    (root / "ledger.sqlite").unlink()
    shutil.copytree(next((root / "pictures").iterdir()), root / "pictures" / "later-1")
    look(root, repair=True)
    assert look(root).findings == []
    store = Store(root)
    assert {entry.cell: entry.task_id for entry in store.all()} == known | {"lost:later-1": ""}
    assert store.stars() == {"task_3": 4}
    store.close()


def test_mending_that_was_killed_in_the_middle(root):
    """Mending that ended after the damaged ledger was put away and before the new one was there is taken up from the copy."""
    folder = root / "damaged" / "20260101T000000000000"
    folder.mkdir(parents=True)
    (root / "ledger.sqlite").rename(folder / "ledger.sqlite")
    (folder / "new.sqlite").write_bytes(b"half")
    assert look(root, repair=True).exit_code == 0
    store = Store(root)
    assert {entry.task_id for entry in store.all()} == {f"task_{n}" for n in range(6)}
    store.close()


@pytest.mark.parametrize("end", ["", "-wal", "-shm", ".lock"])
def test_the_simulators_files_are_no_orphans(root, end):
    """What the embedded simulator keeps beside the ledger is left where it is, and said nothing of."""
    path = root / f"gateway.sqlite{end}"
    path.write_bytes(b"x")
    assert look(root).findings == []
    assert look(root, repair=True).findings == []
    assert path.read_bytes() == b"x"


# -- a session that comes in between ---------------------------------------------------------------------------------------


def is_waiting(thread: threading.Thread) -> bool:
    """Tell whether a thread is waiting for a lock of a file."""
    frame: FrameType | None = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code.co_name != "_alone":
        frame = frame.f_back
    return frame is not None


def test_a_session_that_opens_while_mending_waits(root):
    """A session that has come to life before mending had the store to itself is found then, and nothing is mended under it."""
    (root / "pictures" / "strange").mkdir()
    opening = FileLock(root / "locks" / "opening.lock", thread_local=False)
    living = FileLock(root / "locks" / "0123456789ab.lock", thread_local=False)
    reports = []
    with opening:
        mending = threading.Thread(
            target=lambda: reports.extend(check(root, repair=True, patience_s=30)), daemon=True
        )
        mending.start()
        while not is_waiting(mending):
            time.sleep(0.005)
        living.acquire()
    mending.join(30)
    living.release()
    (report,) = reports
    assert report.exit_code == 2
    assert "locks/0123456789ab.lock" in report.refused
    assert (root / "pictures" / "strange").exists()
