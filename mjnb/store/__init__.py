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

import contextlib
import json
import secrets
import sqlite3
import statistics
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from mjnb.errors import StoreError
from mjnb.migrations import migrate
from mjnb.store.entries import Draft, Entry, rank
from mjnb.tasks import Image, TaskState, as_json, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mjnb.gateways.base import Status

__all__ = ["UNKNOWN_TASK", "Draft", "Entry", "Store"]

UNKNOWN_TASK = "UNKNOWN_TASK"  # the fail code of a task that its gateway says it does not know

_READ = {"held", "urls", "images", "state", "texts"}  # of a row, by us
_PASSING = {"progress", "preview"}  # never written down
_CHUNK = 500  # cells asked for in one statement


class Store:
    """The ledger in one folder; see the module's text.

    Args:
        root: The folder; made if missing.

    Raises:
        StoreError: It cannot be made, opened or read; the message names the file.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).resolve()
        self.path = self.root / "ledger.sqlite"
        self.owner = secrets.token_hex(6)
        self._lock = threading.RLock()
        with self._trouble():
            for name in ("pictures", "locks"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            alive = FileLock(self._lock_file(self.owner), thread_local=False)
            with FileLock(self._lock_file("opening"), timeout=30):  # one at a time makes and migrates it
                alive.acquire(timeout=5)
                try:
                    self._sweep_locks()
                    self._db = _open(self.path)
                except BaseException:
                    _let_lock_go(alive)
                    raise
        # Not tied to a session: a submission under way may outlive whoever asked for it.
        self._closing = weakref.finalize(self, _let_go, self._db, alive)
        self.settle_orphans()

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
        except (sqlite3.Error, OSError, NotImplementedError) as error:  # the last: a disk without locks
            note = "Nothing that is already in it was changed by this."
            raise StoreError(f"The ledger {self.path} cannot be used: {error}. {note}") from error

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction; it is on disk when this ends."""
        with self._lock, self._trouble():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    def _read(self, where: str, values: Sequence[Any] = ()) -> list[Entry]:
        with self._lock, self._trouble():
            rows = self._db.execute(f"SELECT * FROM tasks {where}", values).fetchall()  # noqa: S608  (our own text)
            return [self._entry(row) for row in rows]

    def _entry(self, row: sqlite3.Row) -> Entry:
        values = {name: row[name] for name in Entry.__slots__ if name not in _READ | _PASSING}
        values["simulated"] = bool(values["simulated"])
        return Entry(
            **values,
            state=TaskState(row["state"]),
            held=json.loads(row["held"]),
            urls=tuple(json.loads(row["urls"])),
            texts=tuple(json.loads(row["texts"])),
            images=self._images(row["row"], json.loads(row["urls"])),
        )

    def _images(self, row: str, urls: Sequence[str]) -> tuple[Image, ...]:
        if not urls:
            return ()
        found = self._db.execute("SELECT * FROM pictures WHERE row = ? ORDER BY idx", (row,)).fetchall()
        return tuple(self._image(item, urls) for item in found)

    def _image(self, item: sqlite3.Row, urls: Sequence[str]) -> Image:
        path = self.root / item["path"]
        url = urls[item["idx"]] if item["idx"] < len(urls) else ""
        return Image(item["idx"], url, path, path.with_suffix(".thumb.webp"), item["width"], item["height"])

    # -- writing before paying -----------------------------------------------------------------------------------

    def claim(self, draft: Draft, *, again: Callable[[Entry], bool] | None) -> tuple[Entry, bool]:
        """Take a cell, or find that it is taken.

        Args:
            draft: The row to write if the cell is free.
            again: Whether a failed or refused row may be asked anew; None writes a new row whatever there is.

        Returns:
            The row, and whether it is a new one that this caller alone may now submit.
        """
        with self._write() as db:
            taken = None if again is None else self._taken(draft.cell, again)
            if taken is not None:
                return taken, False
            last = db.execute("SELECT max(attempt) FROM tasks WHERE cell = ?", (draft.cell,)).fetchone()[0]
            attempt = 1 + (last or 0)
            row = f"{draft.cell.partition(':')[2][:16]}-{attempt}"
            db.execute(
                "INSERT INTO tasks (row, cell, attempt, owner, gateway, simulated, mode, held, repeat, take, parent, state,"
                " price_micro, sweep, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (row, draft.cell, attempt, self.owner, draft.gateway, draft.simulated, draft.mode, as_json(draft.held),
                 draft.repeat, draft.take, draft.parent, TaskState.SUBMITTING.value, draft.price_micro, draft.sweep,
                 secrets.token_hex(8)),
            )  # fmt: skip
        return self.entry(row), True

    def adopt(self, task_id: str, *, gateway: str, simulated: bool) -> Entry:
        """Write a row for a task that was made elsewhere, so that it can be waited for and kept."""
        row, cell = f"task-{secrets.token_hex(8)}", f"task:{task_id}"
        with self._write() as db:
            db.execute(
                "INSERT OR IGNORE INTO tasks "
                "(row, cell, attempt, owner, gateway, simulated, mode, held, repeat, take, state, task_id) "
                "VALUES (?, ?, 1, ?, ?, ?, 'unknown', '{}', 0, 1, 'pending', ?)",
                (row, cell, self.owner, gateway, simulated, task_id),
            )
        return self.by_cells([cell])[cell]

    def _taken(self, cell: str, again: Callable[[Entry], bool]) -> Entry | None:
        entry = self.by_cells([cell]).get(cell)
        if entry is None or (entry.state in {TaskState.FAILED, TaskState.REFUSED} and again(entry)):
            return None
        return entry

    def submitted(self, row: str, task_id: str, when: float, sent: Any, answered: Any) -> None:
        """Write down that the gateway took it, with what was sent and answered."""
        self._update(
            row,
            state=TaskState.PENDING.value,
            task_id=task_id,
            submitted=when,
            sent=canonical(sent),
            answered=canonical(answered),
        )

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

    def ended(self, row: str, state: TaskState, code: str, message: str) -> None:
        """Write down of a row being submitted that there is no task, or that nobody knows."""
        self._update(row, " AND state = 'submitting'", state=state.value, fail_code=code, fail_msg=message)

    def reopen(self, row: str, *, alone: bool) -> tuple[Entry, bool]:
        """Take up again a row that the gateway refused, to submit it once more.

        Args:
            row: The row.
            alone: Only if no other row of its cell has been sent meanwhile, by another kernel say.

        Returns:
            The row that speaks for the cell now, and whether the caller alone may submit it.
        """
        with self._write() as db:
            cell = self.entry(row).cell
            best = self.by_cells([cell])[cell]
            if alone and best.state is not TaskState.REFUSED:
                return best, False
            changed = db.execute(
                "UPDATE tasks SET state = 'submitting', owner = ?, fail_code = '', fail_msg = '' "
                "WHERE row = ? AND state = 'refused'",
                (self.owner, row),
            )
        return self.entry(row), changed.rowcount == 1

    def told(
        self, row: str, status: Status, raw: Any, *, seen: float, lag_s: float | None, expires: float | None
    ) -> None:
        """Write down what the gateway said of it; never turns a finished row back."""
        self._update(
            row,
            " AND state NOT IN ('success', 'failed', 'refused')",
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

    def _update(self, row: str, guard: str = "", **values: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        with self._write() as db:
            texts = (*map(_storable, values.values()), row)
            db.execute(f"UPDATE tasks SET {names} WHERE row = ?{guard}", texts)  # noqa: S608  (our names)

    def filed(
        self, row: str, index: int, path: Path, *, width: int, height: int, size: int, sha256: str
    ) -> None:
        """Write down that a picture is on disk."""
        relative = path.relative_to(self.root).as_posix()
        with self._write() as db:
            db.execute(
                "INSERT OR REPLACE INTO pictures (row, idx, path, width, height, bytes, sha256) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (row, index, relative, width, height, size, sha256),
            )

    def folder(self, row: str) -> Path:
        """Return the folder of a row's pictures."""
        return self.root / "pictures" / row

    # -- reading -------------------------------------------------------------------------------------------------

    def entry(self, row: str) -> Entry:
        """Return one row. Raises `StoreError` if there is none."""
        found = self._read("WHERE row = ?", (row,))
        if not found:
            raise StoreError(f"The ledger {self.path} has no row {row}.")
        return found[0]

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

    def usual_s(self, gateway: str, mode: str, speed: str, *, of: int = 20) -> float | None:
        """Return the median span of the latest tasks like this in gateway seconds, None if there are none."""
        statement = (
            "SELECT coalesce(completed - created, cost_time_s) AS span FROM tasks WHERE state = 'success' AND span >= 0"
            " AND gateway = ? AND mode = ? AND coalesce(json_extract(held, '$.speed'), '') = ? ORDER BY rowid DESC LIMIT ?"
        )
        with self._lock, self._trouble():
            spans = [row["span"] for row in self._db.execute(statement, (gateway, mode, speed, of))]
        return statistics.median(spans) if spans else None

    def star(self, task_id: str, stars: int) -> None:
        """Write down what a task's pictures are worth, 0 to 5; 0 takes it back."""
        with self._write() as db:
            db.execute("DELETE FROM stars WHERE task_id = ?", (task_id,))
            if stars:
                db.execute("INSERT INTO stars (task_id, stars) VALUES (?, ?)", (task_id, stars))

    def stars(self) -> dict[str, int]:
        """Return the stars of every task that has some, by task id."""
        with self._lock, self._trouble():
            return dict(self._db.execute("SELECT task_id, stars FROM stars").fetchall())

    def forget(self, row: str) -> bool:
        """Release an unknown row, so that its cell may be asked for anew; False if it is not unknown."""
        with self._write() as db:
            changed = db.execute(
                "UPDATE tasks SET state = 'refused', fail_code = 'FORGOTTEN' WHERE row = ? AND state = 'unknown'",
                (row,),
            )
        return changed.rowcount == 1

    def unfinished(self, gateway: str) -> list[Entry]:
        """Return the gateway's rows whose task runs, or whose pictures are not all on disk."""
        where = "WHERE gateway = ? AND state IN ('pending', 'processing', 'success') AND task_id <> '' ORDER BY rowid"
        rows = self._read(where, (gateway,))
        return [entry for entry in rows if not entry.is_complete]

    # -- owners --------------------------------------------------------------------------------------------------

    def settle_orphans(self) -> list[Entry]:
        """Turn rows whose submission died with its owner into `unknown`, and return them."""
        rows = self._read("WHERE state = 'submitting'")
        dead = [e for e in rows if e.owner != self.owner and not self._is_alive(e.owner)]
        for entry in dead:
            note = "The kernel ended while this was being submitted: it may have been charged."
            self.ended(entry.row, TaskState.UNKNOWN, "", note)
        return [self.entry(entry.row) for entry in dead]

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


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _let_go(db: sqlite3.Connection, alive: FileLock) -> None:
    db.close()
    _let_lock_go(alive)


def _let_lock_go(alive: FileLock) -> None:
    alive.release()
    Path(alive.lock_file).unlink(missing_ok=True)


def _storable(value: Any) -> Any:
    """Make text of any gateway fit for SQLite: half an emoji, cut off by somebody's limit, is no UTF-8."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
