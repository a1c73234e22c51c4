"""How a board is arranged: checked, held in one dict that page and Python share, and written as a line of code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.errors import InvalidRequest, MjnbError
from mjnb.fields import Choice, Flag, Whole
from mjnb.widgets.board.columns import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mjnb.widgets.board.columns import Columns

__all__ = ["DEFAULTS", "Code", "asked", "checked", "code", "mended"]

DEFAULTS: dict[str, Any] = {
    "rows": None, "cols": None, "facet": None, "at": {}, "hide": {}, "picture": None, "size": 148, "sort": "",
    "descending": False, "where": "", "color": "",
}  # fmt: skip
_SIZE = Whole("the longer side of a tile in pixels", 64, 512)
_PICTURE = Whole("which of the four pictures", 0, 3)
_DESCENDING = Flag("whether the largest come first")


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
    asked(view)
    rest = {name: read(view[name]) for name, read in _readers(columns).items()}
    return {**columns.parts(*(view[part] for part in PARTS)), **rest}


def asked(view: Mapping[str, Any]) -> list[str]:
    """Name the columns that are wanted as rows, columns and panels.

    Raises:
        InvalidRequest: Something else than a name is.
    """
    for part in PARTS:
        if view.get(part) is not None and not isinstance(view[part], str):
            raise InvalidRequest(part, view[part], 'the name of one column, or "" for none')
    return [view[part] for part in PARTS if view.get(part)]


def mended(columns: Columns, view: Mapping[str, Any]) -> dict[str, Any]:
    """Read the arrangement that a page has set; what there is no more counts as not said."""
    parts: dict[str, str] = {}
    for part in PARTS:
        name = view.get(part)
        is_there = isinstance(name, str) and name in columns.parted and name not in parts.values()
        parts[part] = str(name) if is_there else ""
    rest = {}
    for name, read in _readers(columns, is_strict=False).items():
        try:
            rest[name] = read(view.get(name, DEFAULTS[name]))
        except MjnbError:
            rest[name] = DEFAULTS[name]
    return {**parts, **rest}


def _readers(columns: Columns, *, is_strict: bool = True) -> dict[str, Callable[[Any], Any]]:
    """Return what reads each part of an arrangement but rows, columns and panels."""

    def column(part: str) -> Callable[[Any], str]:
        return lambda value: columns.known(part, value) if value else ""

    def labels(part: str, read: Callable[[Columns, str, Any], Any]) -> Callable[[Any], dict[str, Any]]:
        return lambda value: _by_column(columns, part, value, read, is_strict=is_strict)

    return {
        "at": labels("at", _one),
        "hide": labels("hide", _some),
        "picture": lambda value: None if value is None else _PICTURE.read("picture", value),
        "size": lambda value: _SIZE.read("size", value),
        "sort": column("sort"),
        "descending": lambda value: _DESCENDING.read("descending", value),
        "where": _words,
        "color": column("color"),
    }


def _by_column(
    columns: Columns, part: str, given: Any, read: Callable[[Columns, str, Any], Any], *, is_strict: bool
) -> dict[str, Any]:
    """Read what is said of each column; where that need not all be right, what is wrong is left out."""
    if given is not None and not hasattr(given, "items"):
        raise InvalidRequest(part, given, f'by column, as in {part}={{"chaos": …}}')
    found = {}
    for name, value in (given or {}).items():
        try:
            found[name] = read(columns, name, value)
        except InvalidRequest:
            if is_strict:
                raise
    return found


def _words(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise InvalidRequest("where", value, 'text, as in where="chaos>50 fox"')
    return value or ""


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
