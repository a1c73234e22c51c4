"""The write-ahead journal of a ledger, frame by frame: whether SQLite will read all of it.

Both formats are public: https://www.sqlite.org/fileformat2.html#the_write_ahead_log and https://www.sqlite.org/walformat.html.
"""

from __future__ import annotations

import struct
import sys
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Frame", "frames", "is_cut", "journal_of"]

_HEAD, _FRAME = 32, 24  # bytes before the first frame, and before the page of each
# Of the index, in native order: bytes of a page, the last frame, its sum, its salts, and the sum of all that.
_INDEX = struct.Struct("=14xHI4x8s8s8s")
_NATIVE = "<" if sys.byteorder == "little" else ">"


def journal_of(path: Path) -> Path:
    """Say where the write-ahead journal of a ledger is."""
    return path.with_name(f"{path.name}-wal")


def is_cut(path: Path) -> bool:
    """Tell whether a ledger's journal is damaged where SQLite would drop what was committed after that, without a word.

    The journal alone does not tell: behind its end there may be whole frames of a commit that died. So that is believed only
    where the index beside it names a last frame that is there, as it was written. It has been on disk before it was named, so
    neither a crash nor a copy of another time makes a sound journal look damaged; without such an index nothing is said.
    """
    try:
        index = _index(path)
        journal = journal_of(path).read_bytes()
        is_still = _index(path) == index  # nobody has written meanwhile
    except OSError:
        return False
    if index is None or not index.last or not is_still:
        return False
    has_head = _is_whole_head(journal)
    is_begun_anew = has_head and journal[16:24] != index.mark[:8]
    at = _HEAD + (index.last - 1) * (_FRAME + index.size) + 8
    if is_begun_anew or journal[at : at + 16] != index.mark:
        return False
    return not (
        has_head and all(frame.is_whole for frame in islice(frames(journal, index.size), index.last))
    )


class _Index(NamedTuple):
    """The number of the last committed frame, from 1, or 0; the bytes of a page; the salts and the sum of that frame."""

    last: int
    size: int
    mark: bytes


def _index(path: Path) -> _Index | None:
    """Read the head of the index, which is there twice; None if it cannot be trusted."""
    # No byte more: Windows lets nobody read those behind it while they are locked.
    with path.with_name(f"{path.name}-shm").open("rb", buffering=0) as file:
        both = file.read(2 * _INDEX.size)
    head = both[: _INDEX.size]
    if len(both) < 2 * _INDEX.size or both != head * 2:
        return None
    size, last, mark, salts, total = _INDEX.unpack(head)
    if _sum(head[:-8], _NATIVE, bytes(8)) != _turned(total):
        return None
    return _Index(last, 65_536 if size == 1 else size, salts + _turned(mark))


def _turned(total: bytes) -> bytes:
    """Turn a sum of native order into that of a journal."""
    return struct.pack(">II", *struct.unpack("=II", total))


class Frame(NamedTuple):
    """A page in a journal: its number, whether a transaction ends with it, and whether it is as it was written."""

    number: int
    commits: bool
    page: bytes
    is_whole: bool


def frames(journal: bytes, size: int) -> Iterator[Frame]:
    """Yield the frames of a journal; those from before it was begun anew, which is when its salts change, are empty."""
    salts = journal[16:24] if _is_whole_head(journal) else journal[_HEAD + 8 : _HEAD + 16]
    order, before = _order(journal), journal[24:32]
    for at in range(_HEAD, len(journal) - _FRAME - size + 1, _FRAME + size):
        head, page = journal[at : at + _FRAME], journal[at + _FRAME : at + _FRAME + size]
        number, commits = struct.unpack(">II", head[:8])
        is_whole = head[8:16] == salts and _sum(head[:8] + page, order, before) == head[16:24]
        is_ours = head[8:12] == salts[:4] or head[12:16] == salts[4:]  # one of the two may be damaged
        yield Frame(number, commits > 0, page if is_ours else b"", is_whole)
        before = head[16:24]


def _is_whole_head(journal: bytes) -> bool:
    return len(journal) >= _HEAD and _sum(journal[:24], _order(journal), bytes(8)) == journal[24:32]


def _order(journal: bytes) -> str:
    return ">" if int.from_bytes(journal[:4], "big") & 1 else "<"


def _sum(data: bytes, order: str, before: bytes) -> bytes:
    """Return the formats' sum over words of four bytes in some order, going on from another; it is most significant first."""
    one, two = struct.unpack(">II", before)
    for first, second in struct.iter_unpack(f"{order}II", data):
        one = one + first + two & 0xFFFFFFFF
        two = two + second + one & 0xFFFFFFFF
    return struct.pack(">II", one, two)
