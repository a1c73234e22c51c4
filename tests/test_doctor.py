"""`mjnb doctor`: what it says of a store, what it mends, and that it neither sends nor deletes anything."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from store_helpers import draft, numbered, other_process

from mjnb import images
from mjnb.doctor import Checkup, Finding, check
from mjnb.doctor.values import COLUMNS
from mjnb.errors import StoreError
from mjnb.gateways.base import Status
from mjnb.store import Store
from mjnb.tasks import TaskState, cell_key
from tests.test_images import encoded

if TYPE_CHECKING:
    from mjnb.store import Entry

PICTURE = encoded(size=(40, 30))
DIGEST = hashlib.sha256(PICTURE).hexdigest()
MJNB = Path(sys.executable).parent / "mjnb"


def drawn(store: Store, n: int, pictures: int = 2, data: bytes = PICTURE) -> Entry:
    """Write a row whose task has succeeded, with its pictures on disk."""
    entry, _ = store.claim(draft(numbered(n)), again=None, when=1.0)
    store.submitted(entry.row, f"task_{n}", 1.0, {"input": {"prompt": "a fox"}}, {"code": 200})
    urls = tuple(f"https://r2.apixo.ai/{n}/{i}.jpg" for i in range(pictures))
    done = Status(TaskState.SUCCESS, urls=urls, created=1.0, completed=2.0)
    store.told(entry.row, done, {"state": "success", "told": "x" * 700}, seen=1.0, lag_s=0.1, expires=9.0)
    for i in range(pictures):
        path = store.folder(entry.row) / f"{i}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        images.thumb(path)
        store.filed(entry.row, i, path, width=40, height=30, size=len(data), sha256=DIGEST)
    return store.entry(entry.row)


@pytest.fixture
def root(tmp_path) -> Path:
    """A store of six tasks with two pictures each, closed."""
    store = Store(tmp_path / "s")
    for n in range(6):
        drawn(store, n)
    store.star("task_3", 4)
    store.close()
    return store.root


def kinds(report: Checkup) -> list[str]:
    """Return the kinds of what was found, in order."""
    return [finding.kind for finding in report.findings]


def look(root: Path, **options: bool) -> Checkup:
    """Check one store."""
    (report,) = check(root, patience_s=0.2, **options)
    return report


def everything(root: Path) -> dict[str, bytes]:
    """Return all files of a store, but for the memory that SQLite shares."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".sqlite-shm"
    }


def mends(root: Path, kind: str) -> Checkup:
    """Check that something is found without a change, is mended when that is asked for, and is healthy then."""
    before = everything(root)
    found = look(root)
    assert set(kinds(found)) == {kind}
    assert found.exit_code == 1
    assert all(finding.can_mend for finding in found.findings)
    assert everything(root) == before
    done = look(root, repair=True)
    assert done.exit_code == 0, done.text()
    assert all(finding.done for finding in done.findings)
    again = look(root)
    assert (again.exit_code, again.findings) == (0, [])
    return done


# -- healthy, and what it cannot look at -----------------------------------------------------------------------------


def test_a_healthy_store(root):
    """A store with nothing wrong is healthy, in words and by exit code, and nothing in it changes."""
    before = everything(root)
    report = look(root)
    assert report.exit_code == 0
    assert "6 tasks (6 success), 12 pictures" in report.text()
    assert report.text().endswith("healthy")
    assert everything(root) == before


def test_a_folder_without_a_ledger(tmp_path):
    """Where there is no store, that is said, and nothing is made."""
    report = look(tmp_path / "nowhere", repair=True)
    assert report.exit_code == 2
    assert "no ledger here" in report.text()
    assert not (tmp_path / "nowhere").exists()


def test_the_simulated_part_is_looked_at_too(root):
    """A store's own ledger and its simulated one are two check-ups."""
    shutil.copytree(root, root / "simulated")
    assert [report.root for report in check(root)] == [root, root / "simulated"]
    assert [report.exit_code for report in check(root)] == [0, 0]


def test_another_programs_database(tmp_path):
    """Another program's database is not touched, whatever is asked for."""
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE tasks (id INTEGER)")
    db.close()
    before = everything(tmp_path)
    for repair in (False, True):
        report = look(tmp_path, repair=repair)
        assert report.exit_code == 2
        assert "another program's" in report.refused
    assert everything(tmp_path) == before


def test_a_newer_ledger(root):
    """A ledger that a newer version has changed is not touched; the way out is to update."""
    with sqlite3.connect(root / "ledger.sqlite") as db:
        db.execute("INSERT INTO migrations VALUES ('m999_of_the_future')")
    db.close()
    before = (root / "ledger.sqlite").read_bytes()
    report = look(root, repair=True)
    assert report.exit_code == 2
    assert "update mjnb" in report.refused
    assert (root / "ledger.sqlite").read_bytes() == before


def test_nothing_is_mended_while_a_session_is_open(root):
    """A store that a session has open is looked at, but mended only when it is closed; the lock is named."""
    living = Store(root)
    (root / "pictures" / "strange").mkdir()
    assert kinds(look(root)) == ["orphan"]
    report = look(root, repair=True)
    assert report.exit_code == 2
    assert f"locks/{living.owner}.lock" in report.refused
    assert (root / "pictures" / "strange").exists()
    living.close()
    assert look(root, repair=True).exit_code == 0


def test_a_store_that_somebody_is_opening(root):
    """While mending waits for another process in vain, the lock is named and nothing is changed."""
    process = other_process(
        "from filelock import FileLock\nstore.close()\nlock = FileLock(sys.argv[1] + '/locks/opening.lock')\n"
        "lock.acquire(); print(flush=True); sys.stdin.readline()",
        root,
    )
    process.stdout.readline()
    report = look(root, repair=True)
    process.communicate("\n")
    assert report.exit_code == 2
    assert "opening.lock" in report.refused


# -- files -------------------------------------------------------------------------------------------------------------


def test_missing_pictures_are_told(root):
    """Pictures that are not on disk, or never were, are named, with the way to have them again."""
    row = Store(root).all()[0].row
    (root / "pictures" / row / "0.jpg").unlink()
    with sqlite3.connect(root / "ledger.sqlite") as db:
        db.execute("DELETE FROM pictures WHERE row = ? AND idx = 1", (row,))
    db.close()
    (root / "pictures" / row / "1.jpg").unlink()
    for repair in (False, True):  # nothing that could be mended without the gateway
        report = look(root, repair=repair)
        assert kinds(report) == ["missing", "missing"]
        assert report.exit_code == 1
    assert f"picture 0 of row {row} is not on disk" in report.text()
    assert "await mj.rescue()" in report.text()


def test_a_damaged_picture_is_moved_away(root):
    """A picture that is not as it was written goes to `orphans/`, and its row lacks it from then on."""
    path = next((root / "pictures").rglob("1.jpg"))
    spoiled = bytearray(PICTURE)
    spoiled[300] ^= 1
    path.write_bytes(spoiled)
    assert look(root, quick=True).exit_code == 0
    assert kinds(look(root)) == ["damaged"]
    assert look(root, repair=True).exit_code == 1
    assert kinds(look(root)) == ["missing"]
    assert (root / "orphans" / path.parent.name / "1.jpg").read_bytes() == spoiled


def test_a_picture_of_another_length_is_found_quickly(root):
    """Sizes are compared even when nothing is read."""
    next((root / "pictures").rglob("1.jpg")).write_bytes(PICTURE[:-9])
    assert kinds(look(root, quick=True)) == ["damaged"]


@pytest.mark.parametrize("left", [None, b"RIFF1234WEBP", PICTURE])
def test_thumbnails_are_made_again(root, left):
    """A thumbnail that is missing, broken, or something else is made again from its picture."""
    thumb = next((root / "pictures").rglob("0.thumb.webp"))
    whole = thumb.read_bytes()
    thumb.unlink() if left is None else thumb.write_bytes(left)
    mends(root, "thumbnail")
    assert thumb.read_bytes() == whole


def test_orphans_are_moved(root):
    """A folder of pictures that no row has goes to `orphans/` whole; a second one of its name does not replace it."""
    for _ in range(2):
        (root / "pictures" / "strange-1").mkdir()
        (root / "pictures" / "strange-1" / "0.jpg").write_bytes(PICTURE)
        mends(root, "orphan")
    assert (root / "orphans" / "strange-1" / "0.jpg").read_bytes() == PICTURE
    assert (root / "orphans" / "strange-1.2" / "0.jpg").read_bytes() == PICTURE


def test_halves_are_moved(root):
    """Files that were being written when something ended are moved away, wherever they lie."""
    row = Store(root).all()[0].row
    halves = [root / "pictures" / row / ".a.part", root / "references" / ".b.part"]
    for half in halves:
        half.parent.mkdir(exist_ok=True)
        half.write_bytes(b"half")
    done = mends(root, "half")
    assert len(done.findings) == 2
    assert not any(half.exists() for half in halves)


def test_a_forgotten_picture_is_written_down_again(root):
    """A whole picture in the folder of its row, whose line the ledger has lost, is in the ledger again; a stranger is left alone."""
    row = Store(root).all()[0].row
    with sqlite3.connect(root / "ledger.sqlite") as db:
        db.execute("DELETE FROM pictures WHERE row = ?", (row,))
    db.close()
    (root / "pictures" / row / "7.jpg").write_bytes(PICTURE)  # the task had two
    (root / "pictures" / row / "notes.txt").write_text("mine")
    mends(root, "forgotten")
    store = Store(root)
    assert store.entry(row).is_complete
    assert [(image.width, image.sha256) for image in store.entry(row).images] == [(40, DIGEST)] * 2
    store.close()
    assert (root / "pictures" / row / "notes.txt").exists()


# -- rows --------------------------------------------------------------------------------------------------------------


def test_what_a_killed_session_left(root):
    """Its journal, its lock and what it was submitting are told, and settled as the next session would."""
    code = (
        "store.claim(draft(numbered(70)), again=None)\nstore._db.execute('PRAGMA wal_autocheckpoint = 0')\n"
        "print(flush=True); sys.stdin.readline()"
    )
    process = other_process(code, root)
    process.stdout.readline()
    process.kill()
    process.communicate()
    report = look(root)
    assert kinds(report) == ["journal", "lock", "broken off"]
    done = look(root, repair=True)
    assert [finding.done != "" for finding in done.findings[:3]] == [True, True, True]
    assert [path.name for path in (root / "locks").iterdir()] == ["opening.lock"]
    assert not set(kinds(look(root))) - {"unknown"}
    store = Store(root)
    assert store.all()[-1].state in {TaskState.UNKNOWN, TaskState.REFUSED}
    store.close()


def test_unknown_cells_have_two_ways_out(root):
    """A cell whose fate is unknown is shown with what it may have cost, and both ways out; mending leaves it to a person."""
    store = Store(root)
    entry, _ = store.claim(draft(numbered(71), held={"prompt": "a \x1b[31mfox\n"}), again=None)
    store.ended(entry.row, TaskState.UNKNOWN, "", "no answer")
    store.close()
    for repair in (False, True):
        report = look(root, repair=repair)
        assert kinds(report) == ["unknown"]
        assert report.exit_code == 1
    text = report.text()
    assert f"cell {entry.cell}" in text
    assert "may have cost $0.10" in text
    assert f'mj.retry("{entry.row}")' in text
    assert f'mj.forget("{entry.row}")' in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("column", "value", "is_then"),
    [
        ("held", "'{\"prompt\": '", {}),
        ("urls", "'[1, 2]'", ("", "")),
        ("state", "'sucess'", TaskState.SUCCESS),
        ("price_micro", "'much'", None),
        ("completed", "1e300", None),
        ("fail_msg", "CAST(x'f4e9' AS TEXT)", "\ufffd\ufffd"),
    ],
)
def test_values_that_cannot_be_are_replaced(root, column, value, is_then):
    """A value that makes its row unreadable is replaced by what is least wrong; the ledger as it was is kept aside."""
    row = Store(root).all()[2].row
    with sqlite3.connect(root / "ledger.sqlite") as db:
        db.execute(f"UPDATE tasks SET {column} = {value} WHERE row = ?", (row,))
    db.close()
    before = (root / "ledger.sqlite").read_bytes()
    with pytest.raises(StoreError, match="mjnb doctor"):
        Store(root).all()
    done = mends(root, "ledger")
    assert f"row {row}: {column} cannot be read" in done.text()
    store = Store(root)
    assert getattr(store.entry(row), column) == is_then
    assert len(store.entry(row).images) == 2
    assert store.stars() == {"task_3": 4}
    store.close()
    (kept,) = (root / "damaged").glob("*/ledger.sqlite")
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    "damage", ["'k1:nonsense'", "7", "CAST(x'f4e9' AS TEXT)", "'k1:ffff' || substr(cell, 8)"]
)
def test_a_lost_key_follows_from_the_request(root, damage):
    """A cell whose key is damaged gets it back from its request, so that it is not paid for again; its row keeps its name."""
    held = {"prompt": "a fox", "chaos": 20}
    cell = cell_key("apixo", "text-to-image", held)
    store = Store(root)
    entry, _ = store.claim(draft(cell, held=held), again=None, when=1.0)
    store.ended(entry.row, TaskState.FAILED, "X", "failed")
    store.close()
    with sqlite3.connect(root / "ledger.sqlite") as db:
        db.execute(f"UPDATE tasks SET cell = {damage} WHERE row = ?", (entry.row,))
    db.close()
    mends(root, "ledger")
    store = Store(root)
    assert store.by_cells([cell])[cell].row == entry.row
    store.close()


@pytest.mark.parametrize("damage", ["x'00ff'", "CAST(row AS BLOB)", "'../../etc'"])
def test_a_row_that_lost_its_name(root, damage):
    """A row whose name is damaged gets it back from its cell, and so finds its pictures again."""
    row = Store(root).all()[2].row
    with sqlite3.connect(root / "ledger.sqlite") as db:
        db.execute(f"UPDATE tasks SET row = {damage} WHERE row = ?", (row,))
    db.close()
    mends(root, "ledger")
    store = Store(root)
    assert store.entry(row).is_complete
    store.close()


def test_every_column_is_judged(root):
    """A column that the ledger gets has a rule of what can be in it."""
    with sqlite3.connect(root / "ledger.sqlite") as db:
        names = {line[1] for line in db.execute("PRAGMA table_info(tasks)")}
    db.close()
    assert names == COLUMNS


# -- on the command line -----------------------------------------------------------------------------------------------


def test_the_command_line(root, tmp_path):
    """`mjnb doctor` prints the report, and leaves with 0, 1 or 2."""

    def run(*words: str) -> tuple[int, str]:
        done = subprocess.run([MJNB, "doctor", *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    (root / "pictures" / "strange").mkdir()
    code, text = run(str(root))
    assert (code, "orphan" in text, "--repair" in text) == (1, True, True)
    code, text = run(str(root), "--repair", "--quick")
    assert (code, "moved to orphans/strange" in text) == (0, True)
    assert run(str(root))[0] == 0
    code, text = run(str(tmp_path / "nowhere"))
    assert (code, "no ledger here" in text, "Traceback" in text) == (2, True, False)


def test_many_findings_of_one_kind_are_counted():
    """Beyond twenty of a kind the rest is counted, so that the report can be read."""
    report = Checkup(Path("s"), findings=[Finding("missing", f"picture {n}") for n in range(500)])
    assert report.text().count("\n") < 30
    assert "and 480 more" in report.text()
    assert "500 to look at" in report.text()


def test_doctor_and_rescue_go_together(simulator, session):
    """What the doctor moves away, a rescue fetches, and the doctor is content."""
    server = simulator()
    mj = session(server)
    task = mj.imagine("a fox").result()
    task.images[0].path.write_bytes(b"spoiled")
    mj.close().result()
    root = mj.store.root
    assert kinds(look(root, repair=True)) == ["damaged"]
    mj = session(server)
    assert [fate.index for fate in mj.rescue().result().rescued] == [0]
    mj.close().result()
    assert look(root).findings == []
    assert server.stats()["charged"] == 1
