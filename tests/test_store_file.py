"""The ledger's file as it is opened: damaged, another program's, gone, held by another process, or left by a dead one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from store_helpers import draft, numbered

from mjnb.errors import StoreError
from mjnb.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def filled(root: Path, rows: int = 200) -> Path:
    """Make a ledger of some rows and return its file."""
    store = Store(root)
    for n in range(rows):
        store.claim(draft(numbered(n)), again=None)
    store.close()
    return store.path


def holding(code: str, root: Path) -> subprocess.Popen[str]:
    """Run code in another process, and wait until it holds what it is to hold."""
    lines = f"import sys, sqlite3\nfrom filelock import FileLock\nroot = sys.argv[1]\n{code}\nprint(flush=True); sys.stdin.readline()"
    process = subprocess.Popen(
        [sys.executable, "-c", lines, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "\n"
    return process


@pytest.mark.parametrize("at", [0, 30, 4096, 20_480])
def test_damage_is_found_when_it_is_opened(tmp_path, at):
    """A ledger with a page that makes no sense is refused before anything is written; the error names the way out."""
    path = filled(tmp_path / "s")
    data = bytearray(path.read_bytes())
    data[at : at + 300] = b"\xa5" * 300
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"ledger\.sqlite is damaged.*`mjnb doctor .*--repair"):
        Store(tmp_path / "s")
    assert path.read_bytes() == data


def test_a_value_that_cannot_be_is_found_when_it_is_read(tmp_path):
    """A row whose request is no JSON any more raises `StoreError` with the way out, not an error of JSON's."""
    path = filled(tmp_path / "s", 3)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE tasks SET held = '{\"prompt\": ' WHERE rowid = 2")
    db.close()
    with pytest.raises(StoreError, match="mjnb doctor"):
        Store(tmp_path / "s").all()


def test_another_programs_database_is_left_alone(tmp_path):
    """A database with tables of somebody else is refused and stays as it is, to the byte."""
    (tmp_path / "s").mkdir()
    path = tmp_path / "s" / "ledger.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE tasks (id INTEGER, title TEXT)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"another program's.*mjnb doctor"):
        Store(tmp_path / "s")
    assert path.read_bytes() == before


@pytest.mark.parametrize("left", ["pictures", "journal"])
def test_an_empty_file_is_no_new_ledger_where_there_was_one(tmp_path, left):
    """Where pictures or a journal show that there was a ledger, an empty file is not taken for a new one."""
    path = filled(tmp_path / "s", 1)
    path.write_bytes(b"")
    if left == "pictures":
        (tmp_path / "s" / "pictures" / "r-1").mkdir()
        (tmp_path / "s" / "pictures" / "r-1" / "0.jpg").write_bytes(b"x")
    else:
        path.with_name("ledger.sqlite-wal").write_bytes(b"x")
    with pytest.raises(StoreError, match="empty"):
        Store(tmp_path / "s")
    assert path.read_bytes() == b""


@pytest.mark.parametrize("left", ["pictures/r-1/0.jpg", "pictures/r-1/", "damaged/1/ledger.sqlite"])
def test_a_ledger_that_is_gone_is_not_begun_anew(tmp_path, left):
    """Where folders of pictures or an older copy show that there was a ledger, none is begun in its place; both ways out are told."""
    path = filled(tmp_path / "s", 1)
    path.unlink()
    trace = path.parent / left
    (trace if left.endswith("/") else trace.parent).mkdir(parents=True)
    if not left.endswith("/"):
        trace.write_bytes(b"x")
    with pytest.raises(StoreError, match=r"ledger\.sqlite is gone.*paid for, again") as told:
        Store(tmp_path / "s")
    assert f"`mjnb doctor {path.parent} --repair`" in str(told.value)
    assert "another store=" in str(told.value)
    assert not path.exists()


@pytest.mark.parametrize(
    "there",
    [
        "locks/opening.lock",
        "pictures/.parts/0123456789ab-12345678.part",
        "pictures/.DS_Store",
        "pictures/Thumbs.db",
        "pictures/@eaDir/0.jpg",
        "gateway.sqlite",
        "gateway.sqlite-wal",
        "gateway.sqlite-shm",
        "gateway.sqlite.lock",
        "references/a.png",
    ],
)
def test_what_is_no_trace_of_a_ledger(tmp_path, there):
    """A folder with nothing of a ledger's rows in it is a new store, and opens without a word."""
    path = tmp_path / "s" / there
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    store = Store(tmp_path / "s")
    assert store.all() == []
    store.close()


def test_an_empty_file_where_there_was_nothing_is_a_beginning(tmp_path):
    """A process that died while it made the ledger leaves an empty file, and the next one begins."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "ledger.sqlite").touch()
    store = Store(tmp_path / "s")
    assert store.all() == []
    store.close()


# -- held by somebody else -------------------------------------------------------------------------------------------


def test_a_store_that_another_process_is_opening(tmp_path):
    """Who opens a store waits for whoever is at it, and then says which lock was not let go."""
    filled(tmp_path / "s", 1)
    process = holding("lock = FileLock(root + '/locks/opening.lock'); lock.acquire()", tmp_path / "s")
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"another process has kept .*opening\.lock to itself for 0.2 s"):
        Store(tmp_path / "s", patience_s=0.2)
    assert 0.2 <= time.monotonic() - began < 5
    process.communicate("\n")
    Store(tmp_path / "s", patience_s=0.2).close()


def test_a_ledger_that_another_process_is_writing(tmp_path):
    """A ledger that stays locked is named, nothing of it is changed, and it works again afterwards."""
    filled(tmp_path / "s", 1)
    store = Store(tmp_path / "s", patience_s=0.2)
    code = (
        "db = sqlite3.connect(root + '/ledger.sqlite', isolation_level=None); db.execute('BEGIN IMMEDIATE')"
    )
    process = holding(code, tmp_path / "s")
    with pytest.raises(StoreError, match=r"another process has kept .*ledger\.sqlite to itself for 0.2 s"):
        store.claim(draft(numbered(7)), again=None)
    assert len(store.all()) == 1  # reading goes on
    process.communicate("\n")
    assert store.claim(draft(numbered(7)), again=None)[1]
    store.close()


# -- left by the dead --------------------------------------------------------------------------------------------------


def test_halves_of_pictures_are_swept_with_their_writer(tmp_path):
    """What a killed session was writing is removed at the next opening; what a living one is writing is not."""
    living = Store(tmp_path / "s")
    ours, theirs = living.part(), tmp_path / "s" / "pictures" / ".parts" / "0123456789ab-12345678.part"
    ours.parent.mkdir()
    ours.write_bytes(b"half")
    theirs.write_bytes(b"half")
    Store(tmp_path / "s").close()
    assert [path.name for path in ours.parent.iterdir()] == [ours.name]
    living.close()
    Store(tmp_path / "s").close()
    assert not list(ours.parent.iterdir())
