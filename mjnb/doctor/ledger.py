"""The ledger's file: whether it is whole, and every row that can still be read, carried over into a new one."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mjnb.doctor.files import is_as_written
from mjnb.doctor.pages import pages, records
from mjnb.doctor.values import decoded, is_picture, is_star, is_task, mended
from mjnb.doctor.walk import TROUBLE, by_number
from mjnb.migrations import STEPS, migrate
from mjnb.store import UNKNOWN_TASK
from mjnb.store.file import row_folders, traces
from mjnb.store.journal import is_cut, journal_of
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = [
    "Rows",
    "aside",
    "carry_over",
    "faults",
    "is_gone",
    "reading",
    "refusal",
]

_TELLS = {"tasks": is_task, "pictures": is_picture, "stars": is_star}
_LEAST = {
    "attempt": 1, "owner": "", "gateway": "", "simulated": 0, "mode": "unknown", "held": "{}", "repeat": 0, "take": 1,
    "sent": "{}",  # a row whose end is lost may have been sent
    "row": "", "cell": None, "state": "", "task_id": "", "urls": "[]", "fail_code": "", "fail_msg": "",
    "went_on": 0.0,  # and its second half as well
    "found": 0.0,  # and its task may be another's, whose answer would tell
}  # fmt: skip
_UNSURE = {
    "state": TaskState.UNKNOWN.value,
    "fail_code": "",
    "fail_msg": "The ledger was damaged, and what is left of it does not say whether this was taken: it may have been charged.",
}
_NONSENSE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT)
_MOST_PICTURES = 100  # of one task
_ORDER = (
    "success",
    "failed",
    "processing",
    "pending",
    "unknown",
    "refused",
)  # of one row; later ones give way


@dataclass
class Rows:
    """What could be read of a ledger: rows by table, each by column; `steps` it had taken.

    `places` (cell, attempt) and `ids` (gateway, task) are taken, each by the row that is named.
    """

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[tuple[str, int], str] = field(default_factory=dict)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    pictures: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    stars: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: int = len(STEPS)


@contextlib.contextmanager
def reading(path: Path, *, with_journal: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a ledger so that nothing of it can change, and nothing appears beside it. Raises `sqlite3.Error`.

    With its journal, SQLite may write the index of that anew, and so what shows that a journal is damaged.
    """
    way = "mode=ro" if with_journal and journal_of(path).exists() else "mode=ro&immutable=1"
    db = sqlite3.connect(f"file:{quote(str(path))}?{way}", uri=True, timeout=5)
    db.row_factory = sqlite3.Row
    db.text_factory = decoded
    try:
        yield db
    finally:
        db.close()


def refusal(path: Path) -> str:
    """Say why a sound database is none of ours to touch, "" if it is."""
    with contextlib.suppress(*TROUBLE), reading(path, with_journal=not is_cut(path)) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "migrations" not in tables:
            return "it is another program's database; nothing was touched"
        if "migrations" in tables:
            taken, ours = _taken(db), {step.__name__ for step in STEPS}
            strange = taken - ours
            if strange and ours < taken and _is_whole(db):  # it has taken our steps as well
                return f"a newer mjnb has changed it ({min(strange)}): update mjnb; nothing was touched"
    return ""


def _taken(db: sqlite3.Connection) -> set[str]:
    return {str(row[0]) for row in db.execute("SELECT name FROM migrations")}


def _is_whole(db: sqlite3.Connection) -> bool:
    return [row[0] for row in db.execute("PRAGMA integrity_check(1)")] == ["ok"]


def faults(path: Path) -> list[str]:
    """Say what is wrong with a ledger's file, nothing if it is sound."""
    if is_gone(path):
        seen = f", though {seen}" if (seen := traces(path.parent)) else ""
        return [f"the file is empty or gone{seen}"]
    if is_cut(path):
        return [f"{journal_of(path).name} is damaged, and what was written last lies behind the damage"]
    try:
        with reading(path) as db:
            said = "\n".join(str(row[0]) for row in db.execute("PRAGMA integrity_check(5)"))
            found = [line for line in said.splitlines() if line != "ok" and not line.startswith("***")]
            lacking = {"migrations", "tasks", "pictures"} - set(_columns(db))
            found += [f"the table {name} is missing" for name in sorted(lacking)]
            return found or _gaps(db) or _odd_rows(db)
    except TROUBLE as error:
        if not _is_damage(error):
            raise
        return [str(error)]


def is_gone(path: Path) -> bool:
    """Tell whether there is no ledger, or nothing in it."""
    return not path.exists() or not path.stat().st_size


def _is_damage(error: Exception) -> bool:
    """Tell a damaged file from one that cannot be read just now, such as one that is locked."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _NONSENSE


def _gaps(db: sqlite3.Connection) -> list[str]:
    """Say whether the list of what was done to the tables cannot be: it begins at the first step and leaves none out."""
    ours, taken = [step.__name__ for step in STEPS], _taken(db)
    if not taken or taken != {*ours[: len(taken)]}:
        return ["its list of changes is damaged"]
    usual, found = _usual_columns(len(taken)), _columns(db)
    return [
        f"the columns of {name} are not ours" for name in sorted(usual) if usual[name] != found.get(name)
    ]


def _odd_rows(db: sqlite3.Connection) -> list[str]:
    """Say which rows cannot be read as what they are."""
    columns = _columns(db)["tasks"]
    tasks = [
        dict(zip(columns, row, strict=True)) for row in db.execute("SELECT * FROM tasks ORDER BY rowid")
    ]
    pictures = [list(row) for row in db.execute("SELECT * FROM pictures ORDER BY rowid")]
    changes = [(row["row"], sorted(mended(row))) for row in tasks]
    found = [f"row {name!s:.40}: {', '.join(odd)} cannot be read" for name, odd in changes if odd]
    found += [f"a picture of row {one[0]!s:.40} cannot be read" for one in pictures if not is_picture(one)]
    if "stars" in _columns(db):
        stars = [list(row) for row in db.execute("SELECT * FROM stars")]
        found += [f"the stars of task {one[0]!s:.40} cannot be read" for one in stars if not is_star(one)]
    return found


# -- out of what is damaged --------------------------------------------------------------------------------------------


def aside(path: Path) -> Path:
    """Copy a ledger and its journal into a new folder beside it, and return the copy.

    Raises:
        OSError: There is no room.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    folder = path.parent / "damaged" / stamp
    folder.mkdir(parents=True)
    for one in (path, journal_of(path)):
        if one.exists():
            shutil.copyfile(one, folder / one.name)
    return folder / path.name


def carry_over(copy: Path, into: Path) -> Rows:
    """Write a new ledger with every row that can be read of a damaged one, and put it in its place.

    Lines of pictures whose file is not as they say are left out: the file may be right and the line wrong. Nothing in a damaged
    ledger proves that a request was not sent, so what it says is being submitted is unknown. Of one that is gone there may be an
    older copy, and the folders of its pictures; they give the rows then.

    Args:
        copy: The damaged one; it is only read. None of it need be there.
        into: Where the new one goes, over whatever is there.

    Returns:
        The rows, as they are in the new one.

    Raises:
        OSError: There is no room.
        sqlite3.Error: The same.
    """
    rows = _readable(copy)
    if is_gone(into) or not rows.tasks:
        _add_what_is_there(rows, into.parent)
    _give_places(rows)
    rows.pictures = {key: line for key, line in rows.pictures.items() if is_as_written(into.parent, line)}
    new = copy.with_name("new.sqlite")
    db = sqlite3.connect(new, isolation_level=None)
    try:
        migrate(db, rows.steps)
        db.execute("BEGIN")
        for name, kept in (("tasks", rows.tasks), ("pictures", rows.pictures), ("stars", rows.stars)):
            if name in _columns(db):
                _insert(db, name, kept)
        db.execute("COMMIT")
        migrate(db)
    finally:
        db.close()
    # All of them are copied aside. The ledger goes first: without its journal it would look sound, and be of before.
    for old in (into, journal_of(into), into.with_name(f"{into.name}-shm")):
        old.unlink(missing_ok=True)
    new.replace(into)
    with contextlib.suppress(OSError):
        copy.parent.rmdir()  # if there was nothing to copy
    return rows


def _add_what_is_there(rows: Rows, root: Path) -> None:
    """Add the rows of the last copy of a ledger that has any, and a row for each folder of pictures that has none by then."""
    copies = sorted(root.glob("damaged/*/ledger.sqlite"), reverse=True)
    old = next((found for copy in copies if (found := _readable(copy)).tasks), Rows())
    known = _Known(set(), set(), set())
    for row in old.tasks.values():
        _take_task(rows, row, known)
    rows.pictures, rows.stars = old.pictures | rows.pictures, old.stars | rows.stars
    for folder in row_folders(root):
        if folder.name not in rows.tasks and (count := _count(folder)):
            rows.tasks[folder.name] = _of_folder(folder.name, count, simulated=root.name == "simulated")


def _count(folder: Path) -> int:
    """Return how many pictures a row must have had, by the names of their files."""
    numbers = [path.name.partition(".")[0] for path in folder.iterdir()]
    return max((int(one) + 1 for one in numbers if one.isdecimal() and len(one) < 3), default=0)  # noqa: PLR2004  (digits)


def _of_folder(name: str, count: int, *, simulated: bool) -> dict[str, Any]:
    """Make a row for pictures of which nothing else is known; no request finds it, since nobody knows which drew them."""
    return {
        **_LEAST, "row": name, "cell": f"lost:{name}", "simulated": int(simulated), "state": TaskState.SUCCESS.value,
        "urls": json.dumps([""] * count),
    }  # fmt: skip


def _give_places(rows: Rows) -> None:
    """Give the pictures of a row whose list of URLs is lost a place each: without one they would not be shown."""
    for row, index in rows.pictures:
        task = rows.tasks.get(row)
        if task is not None and len(urls := json.loads(task["urls"])) <= index < _MOST_PICTURES:
            task["urls"] = json.dumps(urls + [""] * (index + 1 - len(urls)))


def _insert(db: sqlite3.Connection, table: str, rows: Mapping[Any, Mapping[str, Any]]) -> None:
    known = _columns(db)[table]
    for row in rows.values():
        names = [name for name in known if name in row]
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  (our own names)
        db.execute(statement, [row[name] for name in names])


def _readable(copy: Path) -> Rows:
    """Read a damaged ledger: by SQLite as far as it finds its way, then from the pages that it no longer finds."""
    rows = Rows()
    columns = _usual_columns()
    with contextlib.suppress(*TROUBLE), reading(copy) as db:
        with contextlib.suppress(*TROUBLE):
            rows.steps = _steps(_columns(db).get("tasks", []))
        for table in _TELLS:
            for row in by_number(db, table, columns[table]):
                _take(rows, table, row)
    known = _Known(set(rows.tasks), set(rows.pictures), set(rows.stars))
    journal = journal_of(copy).read_bytes() if journal_of(copy).exists() else b""
    for values in records(pages(copy.read_bytes() if copy.exists() else b"", journal)):
        for table, tells in _TELLS.items():
            if tells(values):
                _take(rows, table, dict(zip(columns[table], values, strict=False)), known)
                break
    return rows


@dataclass(frozen=True, slots=True)
class _Known:
    """What SQLite itself has found: its word counts more than that of a page which may be an old one."""

    tasks: set[str]
    pictures: set[tuple[str, int]]
    stars: set[str]


def _take(rows: Rows, table: str, row: dict[str, Any], known: _Known | None = None) -> None:
    if table == "tasks":
        _take_task(rows, row, known)
    elif table == "stars" and isinstance(row.get("task_id"), str):
        rows.stars.setdefault(row["task_id"], row)
    elif table == "pictures" and is_picture(list(row.values())):
        rows.pictures.setdefault((row["row"], row["idx"]), row)


def _take_task(rows: Rows, row: dict[str, Any], known: _Known | None) -> None:
    """Keep a row of tasks, with what cannot be in it replaced.

    Two of one name that SQLite has found are two rows; two of one name on bare pages are an old and a new one.
    """
    row = {**_LEAST, "purse": row.get("sweep", ""), **row}
    row |= mended(row)
    if row["state"] == TaskState.SUBMITTING.value:
        row |= {**_UNSURE, "sent": row["sent"] or "{}"}  # nothing proves that it was not
    if known is None:
        while row["row"] in rows.tasks:
            row["row"] += "-again"
    elif _is_of_before(row, rows, known):
        return
    while rows.places.setdefault((row["cell"], row["attempt"]), row["row"]) != row["row"]:
        row["attempt"] += 1
    rows.tasks[row["row"]] = row
    if row["task_id"]:
        rows.ids.setdefault((row["gateway"], row["task_id"]), row["row"])


def _is_of_before(row: dict[str, Any], rows: Rows, known: _Known) -> bool:
    """Tell whether more is known already of a row that comes from a bare page, which may be an old one."""
    row["went_on"] = row["went_on"] or 0.0  # it may have, since
    holder = rows.ids.get((row["gateway"], row["task_id"]), row["row"])
    if holder != row["row"] and not TaskState(row["state"]).is_finished:
        row |= {**_UNSURE, "task_id": ""}  # the task has turned out to be another row's since
    other = rows.tasks.get(row["row"])
    if other is None:
        return False
    if row["row"] not in known.tasks:
        return _worth(row) <= _worth(other)
    # What SQLite found is as good as can be, but where it has no task and a page has one.
    if other["task_id"] or not row["task_id"]:
        return True
    known.tasks.discard(row["row"])
    return False


def _worth(row: dict[str, Any]) -> tuple[bool, int]:
    """Order what pages say of one row: a task comes first, since it is paid, and then whatever loses the least."""
    has_task = bool(row["task_id"])
    # It may be asked for anew, so it gives way to all else.
    is_free = row["state"] == TaskState.FAILED.value and (not has_task or row["fail_code"] == UNKNOWN_TASK)
    return has_task, -len(_ORDER) if is_free else -_ORDER.index(row["state"])


def _steps(columns: list[str]) -> int:
    """Tell by the columns of its tasks how many steps a ledger had taken."""
    fitting = [n for n in range(1, len(STEPS) + 1) if len(_usual_columns(n)["tasks"]) <= len(columns)]
    return max(fitting, default=len(STEPS))


def _usual_columns(steps: int = len(STEPS)) -> dict[str, list[str]]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, steps)
    found = _columns(db)
    db.close()
    return found


def _columns(db: sqlite3.Connection) -> dict[str, list[str]]:
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")] for table in tables}
