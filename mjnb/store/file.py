"""The ledger's file: opened, migrated, locked, read as rows and written in transactions."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from mjnb.errors import StoreError
from mjnb.migrations import migrate
from mjnb.store.entries import Entry, Kept, are_sound
from mjnb.store.journal import is_cut, journal_of
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ROW", "Damaged", "Gone", "LedgerFile", "row_folders", "traces"]

ROW = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
"""What a row is called, and so its folder of pictures."""

_READ = {"held", "urls", "kept", "state", "texts"}  # of a row, by us
_PASSING = {"progress", "preview"}  # never written down
_WHOLE = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
_STEP = ("SAVEPOINT step", "RELEASE step", "ROLLBACK TO step")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class LedgerFile:
    """The file itself, and the lock that says that its opener lives; see the package's text.

    Args:
        root: The folder; made if missing.
        patience_s: How long another process may keep it to itself.

    Raises:
        StoreError: It cannot be made, opened or read; the message names the file.
    """

    def __init__(self, root: str | Path, *, patience_s: float = 30.0) -> None:
        self.root = Path(root).resolve()
        self.path = self.root / "ledger.sqlite"
        self.owner = secrets.token_hex(6)
        self._lock = threading.RLock()
        self._gathers = False
        self._patience_s = patience_s
        with self._trouble():
            for name in ("pictures", "locks"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            alive = FileLock(self._lock_file(self.owner), thread_local=False)
            # One at a time makes and migrates it.
            with FileLock(self._lock_file("opening"), timeout=patience_s):
                alive.acquire(timeout=5)
                try:
                    self._sweep_locks()
                    self._sweep_parts()
                    self._check_journal()
                    self._db = _open(self.path, patience_s)
                except BaseException:
                    _let_lock_go(alive)
                    raise
        # Not tied to a session: a submission under way may outlive whoever asked for it.
        self._closing = weakref.finalize(self, _let_go, self._db, alive)

    def __repr__(self) -> str:
        """Show the folder's name only."""
        return f"<Store {self.root.name}>"

    def close(self) -> None:
        """Close the file and let go of the lock."""
        with self._lock:
            self._closing()

    def _lock_file(self, owner: str) -> Path:
        return self.root / "locks" / f"{owner}.lock"

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, NotImplementedError, ValueError, RecursionError) as error:
            raise StoreError(self._says(error)) from error

    def _says(self, error: Exception) -> str:
        """Say what is the matter and what to do about it. `NotImplementedError` is of a disk that has no locks."""
        if isinstance(error, Gone):
            return (
                f"The ledger {self.path} {error}. No new one was begun in its place: what the old one holds would all be asked for, "
                f"and paid for, again. Put it back if you can; else `mjnb doctor {self.root} --repair` begins anew from what is "
                "there, or give another store=."
            )
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        is_nonsense = isinstance(error, ValueError) and not isinstance(error, UnicodeEncodeError)
        is_nonsense |= isinstance(error, sqlite3.OperationalError) and code == 0  # text that is no UTF-8
        if isinstance(error, Damaged | RecursionError) or is_nonsense or code in _DAMAGED:
            return (
                f"The ledger {self.path} is damaged, or no ledger of mjnb: {error}. It was left as it is. "
                f"`mjnb doctor {self.root}` says what is wrong, and with --repair carries over whatever can be read."
            )
        note = "Nothing that is already in it was changed by this."
        if isinstance(error, Timeout) or code in _HELD:
            lock = error.lock_file if isinstance(error, Timeout) else self.path
            held = f"another process has kept {lock} to itself for {self._patience_s:g} s ({error})"
            return f"The ledger {self.path} cannot be used: {held}. {note} End that process, or try again."
        return f"The ledger {self.path} cannot be used: {error}. {note}"

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction; it is on disk when this ends. Inside of `together` it is one step, which may fail alone."""
        with self._lock, self._trouble():
            if self._gathers and not self._db.in_transaction:
                raise sqlite3.OperationalError("what was written before it could not be kept")
            begin, keep, undo = _STEP if self._gathers else _WHOLE
            self._db.execute(begin)
            try:
                yield self._db
                self._db.execute(keep)
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute(undo)
                raise

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of several writes: all are on disk when this ends, or, if it raises, none.

        Waiting for the disk takes as long as for one. An error that is caught inside undoes its own write alone.
        """
        with self._write():
            self._gathers = True
            try:
                yield
            finally:
                self._gathers = False

    def _read(self, where: str, values: Sequence[Any] = ()) -> list[Entry]:
        with self._lock, self._trouble():
            rows = self._db.execute(f"SELECT * FROM tasks {where}", values).fetchall()  # noqa: S608  (our own text)
            return [self._entry(row) for row in rows]

    def _entry(self, row: sqlite3.Row) -> Entry:
        values = {name: row[name] for name in Entry.__slots__ if name not in _READ | _PASSING}
        held, urls, texts = (json.loads(row[name]) for name in ("held", "urls", "texts"))
        if not (isinstance(held, dict) and _are_texts(urls) and _are_texts(texts) and are_sound(values)):
            raise Damaged(f"what row {row['row']} holds is nothing that mjnb writes")
        values["simulated"] = bool(values["simulated"])
        kept = self._kept(row["row"]) if urls else ()
        state = TaskState(row["state"])
        return Entry(**values, state=state, held=held, urls=tuple(urls), texts=tuple(texts), kept=kept)

    def _kept(self, row: str) -> tuple[Kept, ...]:
        columns = "idx, path, width, height, bytes, sha256"
        found = self._db.execute(f"SELECT {columns} FROM pictures WHERE row = ? ORDER BY idx", (row,))  # noqa: S608
        return tuple((index, str(self.root / path), *rest) for index, path, *rest in found)

    def _update(self, row: str, guard: str = "", **values: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        with self._write() as db:
            texts = (*map(_storable, values.values()), row)
            db.execute(f"UPDATE tasks SET {names} WHERE row = ?{guard}", texts)  # noqa: S608  (our names)

    def part(self) -> Path:
        """Return a new name for a picture that is being written; what a killed session has left there is swept."""
        return self.root / "pictures" / ".parts" / f"{self.owner}-{secrets.token_hex(4)}.part"

    # -- owners --------------------------------------------------------------------------------------------------

    def _is_alive(self, owner: str) -> bool:
        if not self._lock_file(owner).exists():
            return False
        lock = FileLock(self._lock_file(owner), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def _sweep_locks(self) -> None:
        """Remove what killed sessions have left; only while nobody else is opening the store."""
        for path in (self.root / "locks").glob("*.lock"):
            if path.stem not in {"opening", self.owner} and not self._is_alive(path.stem):
                path.unlink(missing_ok=True)

    def _sweep_parts(self) -> None:
        """Remove the halves of pictures that killed sessions were writing."""
        for path in (self.root / "pictures" / ".parts").glob("*.part"):
            owner = path.stem.partition("-")[0]
            if owner != self.owner and not self._is_alive(owner):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _check_journal(self) -> None:
        """Refuse a journal that SQLite would read in part only: what is behind the damage would be called never sent.

        Only while nobody else has the store open: until the last one closes it, SQLite finds all of it.
        """
        living = {path.stem for path in (self.root / "locks").glob("*.lock")} - {"opening", self.owner}
        if not living and is_cut(self.path):
            raise Damaged("what was written last lies behind a damaged place of its journal")


class Damaged(sqlite3.DatabaseError):
    """What is there is no ledger, or not all of it."""


class Gone(sqlite3.DatabaseError):
    """There was a ledger here, and there is none."""


def row_folders(root: Path) -> list[Path]:
    """Return the folders of rows' pictures in a store, by name; what else lies there, such as `.parts`, is none of them."""
    pictures = root / "pictures"
    found = pictures.iterdir() if pictures.is_dir() else ()
    return sorted(path for path in found if ROW.fullmatch(path.name) and path.is_dir())


def traces(root: Path) -> str:
    """Say what in a folder shows that it has had a ledger; "" if it may be a new store."""
    if folders := row_folders(root):
        return f"pictures/ has the folders of {len(folders)} of its rows ({folders[0].name} is one)"
    copies = sorted(root.glob("damaged/*/ledger.sqlite"))
    return f"damaged/{copies[-1].parent.name}/ has a copy of it" if copies else ""


def _open(path: Path, patience_s: float) -> sqlite3.Connection:
    _check_beside(path)
    db = sqlite3.connect(path, timeout=patience_s, isolation_level=None, check_same_thread=False)
    try:
        _check(db)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _check_beside(path: Path) -> None:
    """Refuse to begin a new ledger in the place of one that was lost: its cells would all be paid for again.

    One that is gone leaves no word of itself, but its journal if it was not closed, and its rows' folders of pictures. A folder
    with nothing but locks, the embedded simulator's files, or halves of pictures is a new store.
    """
    if path.exists() and path.stat().st_size:
        return
    journal = journal_of(path)
    if journal.exists() and journal.stat().st_size:
        raise Damaged("the file is empty or gone, though its journal is there")
    if seen := traces(path.parent):
        raise Gone(f"is {'empty' if path.exists() else 'gone'}, though {seen}")


def _check(db: sqlite3.Connection) -> None:
    """Refuse what is damaged before anything is written to it, or asked of it that decides about money."""
    try:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        found = " ".join(str(line) for (line,) in db.execute("PRAGMA quick_check(3)"))
    except sqlite3.DatabaseError as error:
        if (
            error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR
        ):  # such as a format that it has never heard of
            raise Damaged(str(error)) from error
        raise
    if names and "migrations" not in names:
        raise Damaged("the file is another program's")
    if found != "ok":
        raise Damaged(" ".join(found.split()))


def _let_go(db: sqlite3.Connection, alive: FileLock) -> None:
    db.close()
    _let_lock_go(alive)


def _let_lock_go(alive: FileLock) -> None:
    alive.release()
    Path(alive.lock_file).unlink(missing_ok=True)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _storable(value: Any) -> Any:
    """Make text of any gateway fit for SQLite: half an emoji, cut off by somebody's limit, is no UTF-8."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
