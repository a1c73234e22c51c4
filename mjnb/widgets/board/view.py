"""How a board is arranged: checked, held in one dict that page and Python share, and written as a line of code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.errors import InvalidRequest
from mjnb.fields import Choice, Whole
from mjnb.widgets.board.columns import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mjnb.widgets.board.columns import Columns

__all__ = ["DEFAULTS", "Code", "checked", "code"]

DEFAULTS: dict[str, Any] = {
    "rows": None, "cols": None, "facet": None, "at": {}, "hide": {}, "picture": None, "size": 148, "sort": "",
    "descending": False, "where": "", "color": "",
}  # fmt: skip
_SIZE = Whole("the longer side of a tile in pixels", 64, 512)
_PICTURE = Whole("which of the four pictures", 0, 3)


class Code(str):
    """A line of Python; a notebook shows it as it is to be typed."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show the line without quotes."""
        return str(self)


def checked(columns: Columns, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read an arrangement; None for rows, cols and facet is chosen as on a contact sheet, "" is nothing.

    Raises:
        InvalidRequest: An unknown column or label, a size or picture out of range.
        LayoutError: A column that makes no rows.
    """
    view = {**DEFAULTS, **given}
    return {
        **columns.parts(*(view[part] for part in PARTS)),
        "at": {name: _one(columns, name, value) for name, value in dict(view["at"]).items()},
        "hide": {name: _some(columns, name, values) for name, values in dict(view["hide"]).items()},
        "picture": None if view["picture"] is None else _PICTURE.read("picture", view["picture"]),
        "size": _SIZE.read("size", view["size"]),
        "sort": columns.known("sort", view["sort"]) if view["sort"] else "",
        "descending": bool(view["descending"]),
        "where": str(view["where"]),
        "color": columns.known("color", view["color"]) if view["color"] else "",
    }


def _one(columns: Columns, name: str, value: object) -> str:
    """Read one label of a column, or the value that it stands for."""
    known = columns.parted.get(columns.known("column", name), ())
    label = frames.label(value)
    if label not in known:
        raise Choice("a label", dict.fromkeys(known, "")).refuse(
            name, value, nearest=_nearest(label, known)
        )
    return label


def _some(columns: Columns, name: str, values: Any) -> list[str]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise InvalidRequest(
            "hide", {name: values}, "a list of labels for each column", nearest={name: [values]}
        )
    return [_one(columns, name, value) for value in values]


def _nearest(label: str, known: Iterable[str]) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(label, list(known), n=1)), None)


def code(columns: Columns, view: Mapping[str, Any], *sources: str) -> Code:
    """Write the line that builds a board with this arrangement over the named sources."""
    rest = {name: view[name] for name in DEFAULTS if name not in PARTS and view[name] != _plain(name)}
    words = [f"{name}={value!r}" for name, value in {**_parts(columns, view), **rest}.items()]
    return Code(f"mjnb.SweepBoard({', '.join([*sources, *words])})")


def _plain(name: str) -> Any:
    return DEFAULTS[name]


def _parts(columns: Columns, view: Mapping[str, Any]) -> dict[str, str]:
    """Name rows, columns and panels; the empty ones only where they would be filled without a word."""
    wanted = {part: str(view[part]) for part in PARTS}
    named = {part: name for part, name in wanted.items() if name}
    found = columns.parts(*(named.get(part) for part in PARTS))
    return named if found == wanted else wanted
