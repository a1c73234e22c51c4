"""Ledgers damaged at random: mending ends, keeps every row that SQLite can still read, and leaves a store that opens.

`MJNB_DAMAGES=1000` tries more of them than the usual 50.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from store_helpers import draft, numbered

from mjnb.doctor import check
from mjnb.doctor.pages import pages, records
from mjnb.store import Store
from tests.test_doctor import drawn, look

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRIES = int(os.environ.get("MJNB_DAMAGES", "50"))
PARTS = 5
ROWS = 24
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def _noise(dice: random.Random, count: int) -> bytes:
    return bytes(dice.randrange(256) for _ in range(count))


def _bits(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice([1, 5, 50, 500])):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def _page(data: bytearray, dice: random.Random) -> None:
    at = 4096 * dice.randrange(max(1, len(data) // 4096))
    data[at : at + 4096] = _noise(dice, len(data[at : at + 4096]))


def _head(data: bytearray, dice: random.Random) -> None:
    count = dice.randrange(1, 200)
    data[:count] = bytes(count)


def _hole(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at : at + 20_000] = bytes(len(data[at : at + 20_000]))


def _run(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at : at + 300] = _noise(dice, len(data[at : at + 300]))


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _bits,
    _bits,
    _cut,
    _page,
    _head,
    _hole,
    _run,
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two equal stores: one that was closed, and one whose session was killed before its journal was merged."""
    folder = tmp_path_factory.mktemp("stores")
    store = Store(folder / "closed")
    for n in range(ROWS):
        drawn(store, n, pictures=1)
    waiting, _ = store.claim(draft(numbered(99), held={"prompt": "fox " * 3000}), again=None, when=1.0)
    store.submitted(waiting.row, "task_99", 1.0, {"long": "x" * 9000}, {"code": 200})
    shutil.copytree(folder / "closed", folder / "killed", ignore=shutil.ignore_patterns("locks"))
    store.close()
    return folder / "closed", folder / "killed"


def damaged(stores: tuple[Path, Path], seed: int, into: Path) -> Path:
    """Copy one of the stores and damage its ledger, or the journal of it."""
    dice = random.Random(seed)
    which = dice.choice([0, 0, 1])
    shutil.copytree(stores[which], into)
    journal = into / "ledger.sqlite-wal"
    path = journal if which and dice.random() < 0.5 else into / "ledger.sqlite"
    data = bytearray(path.read_bytes())
    dice.choice(DAMAGES)(data, dice)
    path.write_bytes(data)
    return into


def readable(root: Path, probe: Path) -> list[bytes]:
    """Return the names of the rows that SQLite alone still finds, each looked for by its number, in a copy."""
    probe.mkdir()
    for path in root.glob("ledger.sqlite*"):
        shutil.copy(path, probe)
    names = []
    with closing(sqlite3.connect(probe / "ledger.sqlite")) as db:
        db.text_factory = bytes
        for number in range(1, 2 * ROWS):
            try:
                row = db.execute("SELECT * FROM tasks NOT INDEXED WHERE rowid = ?", (number,)).fetchone()
            except (sqlite3.Error, UnicodeDecodeError):  # the latter: of a column's name
                continue
            names += [row[0] if isinstance(row[0], bytes) else b""] if row else []
    return names


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_ledger_is_mended(stores, tmp_path, part):
    """Whatever has befallen the file, every row that can be read is in the new one, and nothing is left to mend."""
    for seed in range(part, TRIES, PARTS):
        root = damaged(stores, seed, tmp_path / str(seed))
        could = readable(root, tmp_path / f"{seed}-probe")
        first = look(root, repair=True)
        assert first.exit_code in {0, 1}, (seed, first.text())
        second = look(root)
        # What needs the gateway, or a person, is left.
        assert {finding.kind for finding in second.findings} <= {"unknown", "missing"}, (
            seed,
            second.text(),
        )
        store = Store(root)
        after = store.all()
        store.close()
        assert len(after) >= len(could), seed
        assert {name for name in could if _NAME.fullmatch(name)} <= {e.row.encode() for e in after}, seed
        shutil.rmtree(root)


def test_a_damaged_page_costs_only_its_rows(stores, tmp_path):
    """Without its first page SQLite finds nothing at all; every row that lies on another page is carried over all the same."""
    root = tmp_path / "s"
    shutil.copytree(stores[0], root)
    data = (root / "ledger.sqlite").read_bytes()
    (root / "ledger.sqlite").write_bytes(bytes(4096) + data[4096:])
    assert readable(root, tmp_path / "probe") == []
    (report,) = check(root, repair=True)
    assert report.exit_code == 0, report.text()
    assert f"{ROWS + 1} rows and {ROWS} lines of pictures carried over" in report.text()
    store = Store(root)
    assert sum(entry.is_complete for entry in store.all()) == ROWS
    assert store.by_task("task_99").held["prompt"] == "fox " * 3000  # it flowed over to other pages
    store.close()


def test_pages_that_lead_in_circles_end():
    """A row that flows over to its own page, or to nowhere, ends; pages of noise give nothing and no error."""
    page = bytearray(4096)
    page[0], page[3:5], page[8:10] = 0x0D, (1).to_bytes(2, "big"), (1000).to_bytes(2, "big")
    page[1000:1004] = bytes([0xFF, 0xFF, 0x7F, 1])  # two megabytes, row 1
    page[1004:1006] = bytes([2, 0x81])
    assert len(list(records({1: bytes(4096), 2: bytes(page)}))) <= 1
    dice = random.Random(1)
    for _ in range(200):
        noise = b"\x0d" + _noise(dice, 511)
        for values in records(pages(noise * 2, _noise(dice, 600))):
            assert isinstance(values, list)
