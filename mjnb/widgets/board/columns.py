"""A board's columns: what its tasks differ in, what was measured of them, and which part each may play."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.errors import InvalidRequest, LayoutError
from mjnb.layout.choosing import choose, is_gallery
from mjnb.layout.values import order, spoken
from mjnb.modes import MODES
from mjnb.tasks import TaskState
from mjnb.widgets.board.tiles import QUEUED, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mjnb.widgets.board.tiles import Tile

__all__ = ["FIELDS", "PARTS", "Columns", "held"]

PARTS = ("rows", "cols", "facet")
_MEASURED = {
    "cost_time_s": "seconds", "queue_time_s": "seconds", "lag_s": "seconds", "price_usd": "money", "stars": "stars",
}  # fmt: skip
_SPOKEN = {"cost_time_s": "cost time", "queue_time_s": "queue time", "lag_s": "lag", "price_usd": "price"}
_SILENT = {
    "cell",
    "images",
    "urls",
    "texts",
    "task_id",
    "parent",
    "expires",
    "fail_msg",
    "state",
    *_MEASURED,
}
_NEVER_SLID = {"repeat", "take", "mode", "gateway", "simulated", "created", "fail_code"}
_MOST = 60  # labels; a text with more is no axis
FIELDS = {name for model in MODES.values() for name in model.model_fields}
_STATES = (QUEUED, "submitting", *(s.value for s in TaskState if s is not TaskState.SUBMITTING), "stopped")


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    kind: str
    values: tuple[str, ...] = ()

    def wire(self) -> dict[str, Any]:
        label = _SPOKEN.get(self.name, spoken(self.name))
        return {"name": self.name, "label": label, "kind": self.kind, "values": list(self.values)}


class Columns:
    """The columns of some tiles.

    Args:
        tiles: All of them.
        designed: Columns that vary by design.
        asked: Columns that somebody wants as rows, columns or panels: they may be, whatever their kind.
        live: Whether states are still to come.
    """

    def __init__(
        self,
        tiles: Sequence[Tile],
        designed: Sequence[str],
        asked: Iterable[str] = (),
        *,
        live: bool = False,
    ) -> None:
        roots = [tile for tile in tiles if tile.parent is None]
        self._records = [{**tile.row, "at": at} for at, tile in enumerate(roots)]
        names = dict.fromkeys(name for tile in tiles for name in tile.row)
        self._labels = {name: _distinct(roots, tiles, name) for name in names if name not in _SILENT}
        self._asked = set(asked)
        metrics = [name for name in self._labels if name not in designed and self._is_metric(name, tiles)]
        self.varying = self._varying(designed, {*metrics, "created", "fail_code"})
        parts = choose(self._records, self.varying, None, None, None)
        self._independent = set(parts.names) - _NEVER_SLID
        if is_gallery(self._records, parts):  # mostly empty: a slider would hide nearly all of it
            self._independent &= set(designed)
        silent = {
            *metrics,
            *(("created",) if designed else ()),
        }  # a sweep's tasks differ in when they began, all of them
        told = [
            *self.varying,
            *(n for n, found in self._labels.items() if len(found) > 1 and n not in silent),
        ]
        self.all = [
            *(self._field(name) for name in dict.fromkeys(told)),
            _Column("state", "state", _states(tiles, live=live)),
            *(_Column(name, "number") for name in metrics),
            *(_Column(name, kind) for name, kind in _MEASURED.items()),
        ]  # fmt: skip
        self.names = [column.name for column in self.all]
        self.texts = [
            "mode",
            *(c.name for c in self.all if c.kind in {"axis", "text", "state"} and c.name != "mode"),
        ]
        self.numbers = [c.name for c in self.all if c.kind in {"number", *_MEASURED.values()}]
        self.parted = {c.name: c.values for c in self.all if c.values}

    def wire(self) -> list[dict[str, Any]]:
        """Write them for the page."""
        return [column.wire() for column in self.all]

    def _varying(self, designed: Sequence[str], without: set[str]) -> list[str]:
        """Name what the tiles differ in, of several gateways' tiles the gateway first.

        What follows from gateway and mode alone, such as a field that the other mode does not have, is told by them.
        """
        candidates = dict.fromkeys([*designed, *self._labels])
        found = [n for n in candidates if n not in without and len(self._found(n)) > 1]
        kinds = [n for n in ("gateway", "mode") if n in found]
        many = len(self._found(*kinds))
        own = [n for n in found if n in {*designed, *kinds} or len(self._found(*kinds, n)) > many]
        return sorted(own, key=lambda name: name != "gateway")

    def _found(self, *names: str) -> set[tuple[str, ...]]:
        """Return the values of some fields that are found together."""
        for name in names:
            self._full(name)
        return {tuple(frames.label(record[name]) for name in names) for record in self._records}

    def _full(self, name: str) -> list[dict[str, Any]]:
        """Return the records, each with this field: follow-ups have others than their parents."""
        for record in self._records:
            record.setdefault(name, None)
        return self._records

    def _is_metric(self, name: str, tiles: Sequence[Tile]) -> bool:
        """Tell whether a column is a measurement that somebody added, rather than something asked for."""
        if name in FIELDS or name in _NEVER_SLID or name in self._asked:
            return False
        values = [tile.row.get(name) for tile in tiles if not frames.is_empty_value(tile.row.get(name))]
        return bool(values) and all(isinstance(v, numbers.Real) and not _is_truth(v) for v in values)

    def _field(self, name: str) -> _Column:
        labels = self._labels[name]
        if name in self._independent:
            return _Column(name, "axis", labels)
        few = len(labels) <= _MOST or name in self._asked
        return _Column(name, "text", labels if few and name != "created" else ())

    # -- parts ---------------------------------------------------------------------------------------------------

    def parts(self, rows: str | None, cols: str | None, facet: str | None) -> dict[str, str]:
        """Say which columns are rows, columns and panels: as given, None as a contact sheet would choose, "" for none.

        Raises:
            InvalidRequest: There is no such column.
            LayoutError: It makes no rows, or is asked for twice.
        """
        given = dict(zip(PARTS, (rows, cols, facet), strict=True))
        for part, name in given.items():
            self._check(part, name)
        named = [name for name in given.values() if name]
        if twice := [name for name in named if named.count(name) > 1]:
            raise LayoutError(
                f"board: {twice[0]} is asked for twice; rows, cols and facet are different columns"
            )
        for name in named:
            self._full(name)
        chosen = choose(self._records, self.varying, rows or None, cols or None, facet or None)
        if not named and is_gallery(self._records, chosen):
            return {part: given[part] or "" for part in PARTS}
        return {part: getattr(chosen, part) if given[part] is None else str(given[part]) for part in PARTS}

    def _check(self, part: str, name: str | None) -> None:
        if not name:
            return
        self.known(part, name)
        if name not in self.parted:
            can = ", ".join(self.parted)
            raise LayoutError(f"{part}: {name} has no few values to stand side by side; there are {can}")

    def known(self, part: str, name: str) -> str:
        """Return the name of a column.

        Raises:
            InvalidRequest: There is none of that name.
        """
        if not isinstance(name, str) or name not in self.names:
            raise InvalidRequest.unknown_name(str(name), f"this board's columns ({part})", self.names)
        return name


def _distinct(roots: Sequence[Tile], tiles: Sequence[Tile], name: str) -> tuple[str, ...]:
    """Name the values of a column in their natural order; what was made from others counts where only that differs."""
    if name == "created":
        return tuple(dict.fromkeys(tile.label(name) for tile in tiles))
    found = order(tile.row.get(name) for tile in roots)
    if len(found) > 1:
        return tuple(found)
    return tuple(order(value for tile in tiles if not frames.is_empty_value(value := tile.row.get(name))))


def _is_truth(value: object) -> bool:
    return type(value).__name__ in {"bool", "bool_"}


def _states(tiles: Sequence[Tile], *, live: bool) -> tuple[str, ...]:
    present = {text_of(tile.row.get("state")) or QUEUED for tile in tiles}
    return tuple(state for state in _STATES if live or state in present)


def held(tiles: Sequence[Tile]) -> Mapping[str, str]:
    """Name what is the same for all tiles that were not made from others, and says something."""
    roots = [tile for tile in tiles if tile.parent is None] or list(tiles)
    names = dict.fromkeys(name for tile in roots for name in tile.row)
    fields = [
        name for name in names if name not in _SILENT and name not in {"simulated", "created", "fail_code"}
    ]
    same = {
        n: roots[0].row.get(n)
        for n in fields
        if len({frames.label(tile.row.get(n)) for tile in roots}) == 1
    }
    plain = {"repeat": 0, "take": 1}
    return {
        n: frames.label(v) for n, v in same.items() if not frames.is_empty_value(v) and plain.get(n) != v
    }
