"""The rows of a damaged table, by SQLite as far as it finds its way: along the table, then each by its number, then by column."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TROUBLE", "by_number"]

TROUBLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What SQLite raises of a damaged file; the latter of the name of a column."""


def by_number(db: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table; where the way along them breaks off, each is looked for by its number."""
    seen = 0
    with contextlib.suppress(*TROUBLE):
        for row in db.execute(f"SELECT rowid, * FROM {table} NOT INDEXED ORDER BY rowid"):  # noqa: S608
            yield dict(zip(columns, tuple(row)[1:], strict=False))
            seen = row[0]
        return
    for number in range(seen + 1, _last(db, table) + 1):
        if found := _one(db, table, number, columns):
            yield found


def _last(db: sqlite3.Connection, table: str) -> int:
    """Find the highest number of a row by any way that still leads there."""
    most = 0
    indices = [f"INDEXED BY {name}" for name in _indices(db, table)]
    for way in ("NOT INDEXED", *indices):
        with contextlib.suppress(*TROUBLE):
            found = db.execute(f"SELECT max(rowid) FROM {table} {way}").fetchone()[0]  # noqa: S608
            most = max(most, found or 0)
    pages_of_it = db.execute("PRAGMA page_count").fetchone()[0]
    return min(
        most, 1000 * int(pages_of_it)
    )  # a number that is damaged itself is no reason to count for ever


def _indices(db: sqlite3.Connection, table: str) -> list[str]:
    with contextlib.suppress(*TROUBLE):
        return [str(row["name"]) for row in db.execute(f"PRAGMA index_list({table})")]
    return []


def _one(db: sqlite3.Connection, table: str, number: int, columns: list[str]) -> dict[str, Any]:
    """Read one row, or those of its columns that can be read."""
    where = f"FROM {table} NOT INDEXED WHERE rowid = ?"
    try:
        row = db.execute(f"SELECT * {where}", (number,)).fetchone()
    except TROUBLE:
        return _columns_of_one(db, where, number, columns)
    return dict(zip(columns, row, strict=False)) if row is not None else {}


def _columns_of_one(db: sqlite3.Connection, where: str, number: int, columns: list[str]) -> dict[str, Any]:
    found = {}
    for name in columns:
        with contextlib.suppress(*TROUBLE):
            row = db.execute(f"SELECT {name} {where}", (number,)).fetchone()
            if row is not None:
                found[name] = row[0]
    return found if any(value is not None for value in found.values()) else {}
