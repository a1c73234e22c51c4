"""Which columns of a frame become the rows, columns, panels and pages of its sheets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mjnb import frame as frames
from mjnb.layout.values import Records, labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SPARSE", "Parts", "choose", "is_gallery"]

SPARSE = 1 / 3  # of a grid; one that is filled less than this is mostly empty
_AGAIN = ("repeat", "take")  # tries of the same cell: gathered in one tile unless asked for
_STRIP = 6  # tiles; a longer single row is wrapped
_FACETS = 4  # panels; more values than this are pages, unless asked for
_TOLD = 4  # values beside a cell of a gallery
_LONG = 24  # characters; longer values are easier to read beside a row than above a column


@dataclass(frozen=True, slots=True)
class Parts:
    """Columns by the part they play; "" for none. `names` tell cells apart, `told` is worth a word beside a cell."""

    rows: str
    cols: str
    facet: str
    pages: tuple[str, ...]
    names: tuple[str, ...]
    told: tuple[str, ...]


def choose(
    records: Records, varying: Sequence[str], rows: str | None, cols: str | None, facet: str | None
) -> Parts:
    """Give every column that varies on its own account its part."""
    given = [name for name in (rows, cols, facet) if name is not None]
    own = _independent(records, given, [name for name in varying if name not in _AGAIN])
    again = [name for name in _AGAIN if name in varying and name not in given]
    counts = {name: len(labels(records, name)) for name in [*own, *again]}
    rest = sorted((name for name in own if name not in given), key=lambda name: -counts[name])
    spare = [*rest, *again]  # tries of a cell fill a side that would be empty
    if rows is None and cols is None:
        cols, rows = _sides(records, spare[:2], counts)
    elif rows is None:
        rows = next(iter(spare), "")
    elif cols is None:
        cols = next(iter(spare), "")
    rest = [name for name in rest if name not in {rows, cols}]
    if not given and rest and counts[rest[0]] <= _FACETS:
        facet = rest[0]
    pages = tuple(name for name in rest if name != facet)
    names = tuple(dict.fromkeys([*own, *(name for name in (rows, cols) if name)]))
    told = tuple(name for name in varying if name in names or _is_short(records, name))[:_TOLD]
    return Parts(rows or "", cols or "", facet or "", pages, names, told)


def _is_short(records: Records, name: str) -> bool:
    """Tell whether all values of a column fit a label; repeats and "simulated" are told elsewhere."""
    return name not in {*_AGAIN, "simulated"} and max(map(len, labels(records, name))) <= _LONG


def _independent(records: Records, given: Sequence[str], names: Sequence[str]) -> list[str]:
    """Keep the names that tell more rows apart than those before them do."""
    keys: list[tuple[str, ...]] = [() for _ in records]
    kept = []
    for name in [*given, *(name for name in names if name not in given)]:
        finer = [(*key, frames.label(record[name])) for key, record in zip(keys, records, strict=True)]
        if name in given or len(set(finer)) > len(set(keys)):
            kept.append(name)
            keys = finer
    return kept


def _sides(records: Records, names: Sequence[str], counts: Mapping[str, int]) -> tuple[str, str]:
    """Say which of at most two names becomes columns and which rows."""
    if len(names) < 2:  # noqa: PLR2004  (two sides)
        return next(iter(names), ""), ""
    first, second = names
    if max(map(len, labels(records, first))) > _LONG:
        return second, first
    is_second_across = counts[first] == counts[second] and max(map(len, labels(records, second))) <= _LONG
    return (second, first) if is_second_across else (first, second)


def is_gallery(records: Records, parts: Parts) -> bool:
    """Tell whether a grid would be one long strip, or mostly empty."""
    across, down = len(labels(records, parts.cols)), len(labels(records, parts.rows))
    if not parts.rows:
        return across > _STRIP or not parts.cols
    cells = {tuple(frames.label(record[name]) for name in parts.names) for record in records}
    others = [len(labels(records, name)) for name in (parts.facet, *parts.pages)]
    return len(cells) < SPARSE * across * down * math.prod(others)
