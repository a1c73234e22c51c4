"""Rows out of the raw pages of a SQLite file, for when SQLite itself can no longer find its way to them.

Only leaves of tables are read: each holds whole rows, and a row is told by its shape. The format is public:
https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from mjnb.doctor.values import decoded
from mjnb.store.journal import frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["pages", "records"]

Pages = "Mapping[int, bytes]"
_USUAL = 4096  # bytes of a page of every ledger that we have made
_LEAF = 0x0D  # of a table
_FAR = 2**32  # more than any number of a page
_LONGEST = 64 * 2**20  # bytes of a row
_WIDTHS = (0, 1, 2, 3, 4, 6, 8)  # bytes of an integer, by its serial type


def pages(file: bytes, journal: bytes = b"") -> dict[int, bytes]:
    """Cut a database into pages by number, from 1, those that its write-ahead journal has committed in their latest form."""
    size = _page_size(file)
    found = {n + 1: file[n * size : (n + 1) * size] for n in range(-(-len(file) // size))}
    return found | _committed(journal, size)


def _page_size(file: bytes) -> int:
    said = int.from_bytes(file[16:18], "big")
    said = 65_536 if said == 1 else said
    return said if 512 <= said <= 65_536 and said & (said - 1) == 0 else _USUAL  # noqa: PLR2004  (the format's bounds)


def _committed(journal: bytes, size: int) -> dict[int, bytes]:
    """Return the pages of a journal; those that were damaged in it, or of which no end was written, by no number of a page."""
    found: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    for place, frame in enumerate(frames(journal, size), 1):
        waiting[frame.number if frame.is_whole else -place] = frame.page
        if frame.commits and frame.is_whole:
            found |= waiting
            waiting = {}
    return found | {number if number < 0 else -number - _FAR: page for number, page in waiting.items()}


def records(found: Mapping[int, bytes]) -> Iterator[list[Any]]:
    """Yield the values of every row on every leaf that can be read; what makes no sense is passed over."""
    for number, page in found.items():
        head = 100 if number == 1 else 0
        if page[head : head + 1] != bytes([_LEAF]):
            continue
        count = int.from_bytes(page[head + 3 : head + 5], "big")
        for place in range(head + 8, min(head + 8 + 2 * count, len(page) - 1), 2):
            try:
                yield _record(_payload(page, int.from_bytes(page[place : place + 2], "big"), found))
            except (IndexError, ValueError, struct.error):
                continue


def _payload(page: bytes, at: int, found: Mapping[int, bytes]) -> bytes:
    """Put a row together from its leaf and the pages that it flows over to."""
    length, at = _number(page, at)
    _, at = _number(page, at)  # the row's number
    if not 0 < length <= _LONGEST:
        raise ValueError("no row")
    usable = len(page)
    most, least = usable - 35, (usable - 12) * 32 // 255 - 23
    if length <= most:
        return page[at : at + length]
    rest = least + (length - least) % (usable - 4)
    local = rest if rest <= most else least
    data = page[at : at + local]
    return data + _overflow(int.from_bytes(page[at + local : at + local + 4], "big"), length - local, found)


def _overflow(number: int, length: int, found: Mapping[int, bytes]) -> bytes:
    data, seen = b"", set()
    while len(data) < length:
        page = found.get(number)
        if page is None or number in seen:
            return data  # the columns before it are whole
        seen.add(number)
        data += page[4:]
        number = int.from_bytes(page[:4], "big")
    return data[:length]


def _record(data: bytes) -> list[Any]:
    """Read a row's values; those whose bytes are missing are left out at the end."""
    end, at = _number(data, 0)
    types, values = [], []
    while at < end:
        kind, at = _number(data, at)
        types.append(kind)
    for kind in types:
        width = _width(kind)
        if end + width > len(data):
            break
        values.append(_value(kind, data[end : end + width]))
        end += width
    return values


def _width(kind: int) -> int:
    if kind >= 12:  # noqa: PLR2004  (bytes and text begin here)
        return (kind - 12) // 2
    if kind in {10, 11}:
        raise ValueError("no such type")
    return (*_WIDTHS, 8, 0, 0)[kind]


def _value(kind: int, data: bytes) -> Any:
    if kind == 0:
        return None
    if kind >= 12:  # noqa: PLR2004
        return decoded(data) if kind % 2 else data
    if kind == 7:  # noqa: PLR2004  (the one that is no integer)
        return struct.unpack(">d", data)[0]
    return kind - 8 if kind in {8, 9} else int.from_bytes(data, "big", signed=True)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read an integer of one to nine bytes, and where it ends."""
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004
            return value, at
    return value << 8 | data[at], at + 1
