"""A frame becomes contact sheets: which of its columns are rows, columns, panels and pages.

Values are told apart by their labels (`frame.label`), so that a frame read back from a file lays out as it did before.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mjnb import clips
from mjnb import frame as frames
from mjnb.errors import LayoutError
from mjnb.layout.choosing import SPARSE, Parts, choose, is_gallery
from mjnb.layout.values import Records, caption, in_order, label, labels, order, read_records, spoken
from mjnb.sheets import Page, Panel, Tile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = ["arrange", "caption", "order"]

_CELLS = 240  # places on one page of several panels
_WORDS = {
    "pending": "queued",
    "processing": "running",
    "submitting": "being sent",
    "success": "no pictures",
}
_LANDSCAPE = 1.5  # how much wider than high a gallery is, about
_T = TypeVar("_T")


def arrange(
    frame: pd.DataFrame,
    rows: str | None = None,
    cols: str | None = None,
    facet: str | None = None,
    *,
    max_rows: int = 12,
    max_cols: int = 12,
) -> list[Page]:
    """Lay a frame out as contact sheets.

    What is not given is chosen. Of the columns that vary, the two with most values become rows and columns (long texts
    the rows); a third becomes panels if it has at most four values and nothing was given; whatever else varies becomes
    pages, its values in their titles. A column that follows from others (a prompt from its words) plays no part. One long
    row, or a grid that would be mostly empty, becomes a gallery instead, every tile with its own label. Where several tasks
    fall into one cell (repeats, another attempt) the latest successful one is shown, and the tile says of how many.

    Args:
        frame: A frame of ours, in any state.
        rows: Column for the rows of each grid.
        cols: Column for its columns.
        facet: Column whose values become panels.
        max_rows: More rows than this go on on further pages.
        max_cols: More columns than this, too.

    Returns:
        At least one page.

    Raises:
        LayoutError: There is no such column, one is asked for twice, or there is nothing to draw.

    >>> row = dict(cell="c", chaos=50, repeat=0, take=1, simulated=True, state="success", images=["a.jpg"])
    >>> [(page.panels[0].cols, page.simulated) for page in arrange(frames.build([row]), cols="chaos")]
    [(('50',), True)]
    """
    given = [name for name in (rows, cols, facet) if name is not None]
    _check(frame, given)
    records = read_records(frame)
    parts = choose(records, frames.axes(frame), rows, cols, facet)
    if not given and is_gallery(records, parts):
        return _galleries(frame, records, parts, max_rows, max_cols)
    pages = []
    for chosen in _split(records, parts.pages):
        sides = _sides_of(chosen, records, parts)
        pages += _grids(frame, chosen, parts, _chunks(sides[0], max_rows), _chunks(sides[1], max_cols))
    return pages


def _check(frame: pd.DataFrame, given: Sequence[str]) -> None:
    if missing := [name for name in given if name not in frame.columns]:
        names = ", ".join(str(name) for name in frame.columns)
        raise LayoutError(f"sheet: no column {', '.join(missing)}; there are {names}")
    if twice := [name for name in given if given.count(name) > 1]:
        raise LayoutError(
            f"sheet: {twice[0]} is asked for twice; rows, cols and facet are different columns"
        )
    if "images" not in frame.columns:
        raise LayoutError("sheet: no column images, so this is not a frame of mjnb")
    if not len(frame):
        raise LayoutError("sheet: there is nothing to draw, the frame has no rows")


def _split(records: Records, names: Sequence[str]) -> list[Records]:
    """Divide rows by the values of some columns, in natural order; only combinations that there are."""
    if not names:
        return [records]
    parts = (
        [record for record in records if frames.label(record[names[0]]) == value]
        for value in labels(records, names[0])
    )
    return [piece for part in parts for piece in _split(part, names[1:])]


def _sides_of(records: Records, whole: Records, parts: Parts) -> tuple[list[str], list[str]]:
    """Give every page the same rows and columns, so that places compare; its own where it would be mostly empty."""
    cells = {(label(record, parts.rows), label(record, parts.cols)) for record in records}
    down, across = labels(whole, parts.rows), labels(whole, parts.cols)
    if len(cells) >= SPARSE * len(down) * len(across):
        return down, across
    return labels(records, parts.rows), labels(records, parts.cols)


def _grids(
    frame: pd.DataFrame,
    records: Records,
    parts: Parts,
    down: list[Sequence[str]],
    across: list[Sequence[str]],
) -> list[Page]:
    """Draw one combination of the pages' values, on as many pages as its rows, columns and panels need."""
    most = max(1, _CELLS // (len(down[0]) * len(across[0])))
    facets = _chunks(labels(records, parts.facet), most)
    sheets = [(values, rows, cols) for rows in down for cols in across for values in facets]
    head = " · ".join(_named(name, records) for name in parts.pages)
    pages = []
    for number, (values, rows, cols) in enumerate(sheets, start=1):
        panels = tuple(_panel(records, parts, value, rows, cols) for value in values)
        title = " · ".join(
            filter(None, (head, f"part {number} of {len(sheets)}" if len(sheets) > 1 else ""))
        )
        pages.append(_page(frame, records, title, parts, panels))
    return pages


def _panel(records: Records, parts: Parts, facet: str, rows: Sequence[str], cols: Sequence[str]) -> Panel:
    cells: dict[tuple[int, int], Records] = {}
    down, across = {name: at for at, name in enumerate(rows)}, {name: at for at, name in enumerate(cols)}
    for record in records:
        row, col, value = (label(record, name) for name in (parts.rows, parts.cols, parts.facet))
        if value == facet and row in down and col in across:
            cells.setdefault((down[row], across[col]), []).append(record)
    tiles = {at: _tile(found, _is_mixed(records)) for at, found in cells.items()}
    title = f"{spoken(parts.facet)}: {facet}" if parts.facet else ""
    return Panel(title, spoken(parts.rows), spoken(parts.cols), tuple(rows), tuple(cols), tiles)


def _named(name: str, records: Records) -> str:
    return f"{spoken(name)}: {frames.label(records[0][name])}"


def _page(
    frame: pd.DataFrame, records: Records, title: str, parts: Parts, panels: tuple[Panel, ...]
) -> Page:
    drawn = frame.iloc[[record["at"] for record in records]]
    held = caption(drawn, without={parts.rows, parts.cols, parts.facet, *parts.pages})
    simulated = any(bool(record.get("simulated")) for record in records)
    return Page(title, held, panels, simulated)


def _tile(records: Records, mixed: bool, text: str = "") -> Tile:
    """Show the latest successful task of one cell, or say how the latest one ended.

    On a sheet that is `mixed`, of real and simulated tasks, a simulated one says so itself.
    """
    answered = [record for record in records if frames.paths(record["images"]) or _texts(record)]
    shown = (answered or records)[-1]
    count = f"latest of {len(records)}" if len(records) > 1 else ""
    simulated = "simulated" if mixed and shown["simulated"] else ""
    if answered:
        files, texts = tuple(map(Path, frames.paths(shown["images"]))), _texts(shown)
        detail = " · ".join(filter(None, (_clips(files), count, simulated)))
        return Tile(files, "", detail, text, texts)
    state = str(shown.get("state", "success"))
    detail = " · ".join(filter(None, (_reason(shown, state), simulated)))
    return Tile((), _WORDS.get(state, state), detail, text)


def _texts(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the answer of a task whose answer is text; tables of earlier versions have none."""
    return tuple(frames.paths(record.get("texts")))


def _clips(files: Sequence[Path]) -> str:
    """Say that pictures are clips."""
    count = sum(map(clips.is_clip, files))
    return "" if not count else "clip" if count == 1 else f"{count} clips"


def _is_mixed(records: Records) -> bool:
    return len({bool(record.get("simulated")) for record in records}) > 1


def _reason(record: Mapping[str, Any], state: str) -> str:
    if state == "unknown":
        return "may have been charged"
    reasons = (record.get("fail_msg"), record.get("fail_code"))
    return next((str(reason) for reason in reasons if not frames.is_empty_value(reason)), "")


def _galleries(
    frame: pd.DataFrame, records: Records, parts: Parts, max_rows: int, max_cols: int
) -> list[Page]:
    """Draw one tile a cell (a row, where nothing varies), each with its own label, wrapped like a text."""
    groups = _split(records, parts.names) if parts.names else [[record] for record in in_order(records)]
    pieces = _chunks(groups, max_rows * max_cols)
    pages = []
    for number, piece in enumerate(pieces, start=1):
        title = f"part {number} of {len(pieces)}" if len(pieces) > 1 else ""
        drawn = [record for group in piece for record in group]
        pages.append(_page(frame, drawn, title, parts, (_gallery(piece, parts, max_cols),)))
    return pages


def _gallery(groups: Sequence[Records], parts: Parts, max_cols: int) -> Panel:
    across = _width(len(groups), max_cols)
    down = math.ceil(len(groups) / across)
    mixed = _is_mixed([record for group in groups for record in group])
    texts = [_own(group[0], parts.told) if len(groups) > 1 else "" for group in groups]
    tiles = {divmod(at, across): _tile(group, mixed, texts[at]) for at, group in enumerate(groups)}
    tiles |= {divmod(at, across): Tile() for at in range(len(groups), across * down)}
    name = spoken(parts.told[0]) if len(parts.told) == 1 else ""
    return Panel("", "", name, ("",) * down, ("",) * across, tiles)


def _own(record: Mapping[str, Any], names: Sequence[str]) -> str:
    """Label a tile of a gallery by its own values."""
    if not names:
        return label(record, "cell") if "cell" in record else ""
    if len(names) == 1:
        return label(record, names[0])
    return " · ".join(
        label(record, name) if name == "prompt" else f"{spoken(name)} {label(record, name)}"
        for name in names
    )


def _width(count: int, most: int) -> int:
    """Choose how many tiles go beside each other: about a landscape, and few empty places at the end."""
    ideal = math.ceil(math.sqrt(count * _LANDSCAPE))
    around = [width for width in (ideal, ideal - 1, ideal + 1) if 1 <= width <= min(most, count)]
    return min(around, key=lambda width: -count % width, default=min(most, count))


def _chunks(values: Sequence[_T], most: int) -> list[Sequence[_T]]:
    """Divide values into as few runs of at most `most` as possible, of about the same length."""
    count = math.ceil(len(values) / most)
    size = math.ceil(len(values) / count)
    return [values[at : at + size] for at in range(0, len(values), size)]
