"""A ledger's journal: damaged in the middle, it is refused and mended; left by whatever ended a session, it is never called damaged."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from store_helpers import draft, numbered

from mjnb.errors import StoreError
from mjnb.store import Store
from mjnb.tasks import TaskState
from tests.test_doctor import kinds, look
from tests.test_salvage import PAGE, ROW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def left_by_a_kill(folder: Path) -> bytes:
    """Make a store whose session was killed with a task under way, all of it in the journal, and return that."""
    Store(folder / "living").close()
    store = Store(folder / "living")
    entry, _ = store.claim(draft(numbered(1)), again=None, when=1.0)
    store.sending(entry.row, {"prompt": "a fox"})
    store.submitted(entry.row, "t-1", 1.0, {"prompt": "a fox"}, {"code": 200})
    store.claim(draft(numbered(2)), again=None, when=1.0)
    shutil.copytree(store.root, folder / "s", ignore=shutil.ignore_patterns("locks"))
    store.close()
    return (folder / "s" / "ledger.sqlite-wal").read_bytes()


def ends(journal: bytes) -> list[int]:
    """Return where the frames begin that end a transaction."""
    return [at for at in range(32, len(journal), PAGE + 24) if any(journal[at + 4 : at + 8])]


def test_a_whole_journal_is_healthy(tmp_path):
    """A journal that a killed session has left is no damage, and what it holds is in the ledger."""
    assert len(ends(left_by_a_kill(tmp_path))) == 4
    assert "ledger" not in kinds(look(tmp_path / "s", repair=True))
    store = Store(tmp_path / "s")
    assert store.entry(ROW).task_id == "t-1"
    store.close()


@pytest.mark.parametrize("place", ["head", "page", "number", "salt", "sum"])
@pytest.mark.parametrize("which", [0, 1])
def test_what_lies_behind_a_damaged_place_is_kept(tmp_path, which, place):
    """SQLite drops what was committed after a damaged place of the journal; mending finds that, and keeps the task that was paid."""
    data = bytearray(left_by_a_kill(tmp_path))
    begins = ends(data)[which]
    data[
        {"head": 18, "page": begins + 2000, "number": begins, "salt": begins + 9, "sum": begins + 20}[place]
    ] ^= 4
    (tmp_path / "s" / "ledger.sqlite-wal").write_bytes(data)
    assert "ledger" in kinds(look(tmp_path / "s"))
    with pytest.raises(StoreError, match=r"damaged.*journal.*mjnb doctor"):
        Store(tmp_path / "s")
    look(tmp_path / "s", repair=True)
    store = Store(tmp_path / "s")
    assert (store.entry(ROW).state, store.entry(ROW).task_id) == (TaskState.PENDING, "t-1")
    store.close()


# -- one that is sound ---------------------------------------------------------------------------------------------------


def beside(root: Path, end: str) -> Path:
    """Return the journal of a store, `-wal`, or the index of that, `-shm`."""
    return root / f"ledger.sqlite{end}"


def opens(root: Path) -> set[str]:
    """Check that the doctor calls a ledger sound and leaves it in its place, and that it opens; return its cells."""
    for repair in (False, True):
        shutil.copytree(root, root.with_name("looked-at"))
        report = look(root.with_name("looked-at"), repair=repair)
        assert "ledger" not in kinds(report), report.text()
        assert not (root.with_name("looked-at") / "damaged").exists()
        shutil.rmtree(root.with_name("looked-at"))
    store = Store(root)
    cells = {entry.cell for entry in store.all()}
    store.close()
    return cells


def a_commit_that_died(folder: Path) -> bytes:
    """Make a store where a commit died in the fsync and another session went on, with less; return the journal as of before that.

    The commit's whole frames lie behind those of the other session, which the index ends with; `index` is one that names them.
    """
    before = left_by_a_kill(folder)
    shutil.copytree(folder / "s", folder / "dying")
    dying = Store(folder / "dying")
    with dying.together():
        for n in range(10, 40):
            dying.claim(draft(numbered(n)), again=None, when=2.0)
    long = beside(dying.root, "-wal").read_bytes()
    shutil.copy(beside(dying.root, "-shm"), folder / "index")
    dying.close()
    other = Store(folder / "s")
    other.star("t-1", 5)
    short = beside(other.root, "-wal").read_bytes()
    shutil.copytree(other.root, folder / "left", ignore=shutil.ignore_patterns("locks"))
    other.close()
    assert len(before) < len(short) < len(long)
    assert short[:32] == long[:32]
    beside(folder / "left", "-wal").write_bytes(short + long[len(short) :])
    return before + long[len(before) + 3 * (PAGE + 24) :]


def test_frames_of_a_commit_that_died_are_no_damage(tmp_path):
    """Whole frames behind the journal's end, of a commit that died when another session lived, are none of the ledger."""
    a_commit_that_died(tmp_path)
    assert opens(tmp_path / "left") == {numbered(1), numbered(2)}


def test_damage_before_such_frames_is_found(tmp_path):
    """A journal with such frames behind its end is refused all the same where what was committed is damaged."""
    a_commit_that_died(tmp_path)
    path = beside(tmp_path / "left", "-wal")
    data = bytearray(path.read_bytes())
    data[ends(data)[1] + 2000] ^= 4
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged.*journal"):
        Store(tmp_path / "left")


def test_a_journal_that_is_older_than_its_index(tmp_path):
    """A copy whose journal was made before its index was written lacks what came after, and is no damaged one."""
    older = a_commit_that_died(tmp_path)
    beside(tmp_path / "left", "-wal").write_bytes(older)
    assert opens(tmp_path / "left") == {numbered(1), numbered(2)}


def test_an_index_of_before_the_journal_was_begun_anew(tmp_path):
    """An index that a crash of the machine left as it was before tells nothing of a journal that was begun anew since."""
    store = Store(tmp_path / "living")
    for n in range(9):
        store.claim(draft(numbered(n)), again=None, when=1.0)
    index = beside(store.root, "-shm").read_bytes()
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA wal_checkpoint(RESTART)")
    store.claim(draft(numbered(9)), again=None, when=1.0)
    shutil.copytree(store.root, tmp_path / "s", ignore=shutil.ignore_patterns("locks"))
    store.close()
    beside(tmp_path / "s", "-shm").write_bytes(index)
    assert opens(tmp_path / "s") == {numbered(n) for n in range(10)}


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut by SQLite": lambda index: index[:3],
    "half": lambda index: index[:48],
    "being written": lambda index: index[:48] + bytes(48),
    "a wrong sum": lambda index: (index[:40] + bytes(8)) * 2,
    "zeros": lambda index: bytes(len(index)),
}


@pytest.mark.parametrize("how", SPOILT)
def test_an_index_that_cannot_be_trusted(tmp_path, how):
    """Without an index that can be trusted, a journal is left to SQLite, whatever is behind its end."""
    a_commit_that_died(tmp_path)
    index = (tmp_path / "index").read_bytes()
    beside(tmp_path / "left", "-shm").write_bytes(SPOILT[how](index))
    assert opens(tmp_path / "left") == {numbered(1), numbered(2)}


def test_a_journal_without_an_index(tmp_path):
    """The same where there is none."""
    a_commit_that_died(tmp_path)
    beside(tmp_path / "left", "-shm").unlink()
    assert opens(tmp_path / "left") == {numbered(1), numbered(2)}
