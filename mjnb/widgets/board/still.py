"""A board on paper: the contact sheet that a notebook keeps of it."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

from mjnb.errors import LayoutError
from mjnb.widgets.board.columns import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mjnb.widgets.board.tiles import Tile

__all__ = ["still"]

_MOST_BYTES = 500_000
_SIDES = ((24, 160), (60, 112), (10_000, 80))  # up to so many tiles: the longer side of one, in pixels
_QUALITIES = (82, 65, 45)


def still(tiles: Sequence[Tile], view: Mapping[str, Any], words: str) -> dict[str, Any]:
    """Draw the first page of a board as it is arranged, at most about 500 kB; in words where there is no picture yet.

    Args:
        tiles: All tiles.
        view: The arrangement: rows, columns, panels, sliders, hidden values, one picture of four.
        words: One line that says what it is.
    """
    shown = _shown(tiles, view)
    if any(tile.pictures for tile in shown):
        return {"image/jpeg": _sheet(_frame(shown, view), view), "text/plain": words}
    style = "font-family:system-ui,sans-serif;font-size:13px;line-height:20px"
    return {"text/html": f'<div style="{style}">{html.escape(words)}</div>', "text/plain": words}


def _shown(tiles: Sequence[Tile], view: Mapping[str, Any]) -> list[Tile]:
    """Choose the tiles that the arrangement shows; those made from others are left out, unless there are no others."""
    roots = [tile for tile in tiles if tile.parent is None] or list(tiles)
    hidden = {name: set(labels) for name, labels in view["hide"].items()}
    return [
        tile
        for tile in roots
        if all(tile.label(name) not in labels for name, labels in hidden.items())
        and all(tile.label(name) == label for name, label in view["at"].items() if _is_slid(view, name))
    ]


def _is_slid(view: Mapping[str, Any], name: str) -> bool:
    """Tell whether a column plays no other part: a slider of rows, columns or panels says nothing."""
    return name not in {view[part] for part in PARTS}


def _frame(tiles: Sequence[Tile], view: Mapping[str, Any]) -> pd.DataFrame:
    """Lay tiles out as a frame for the sheet, of their pictures only those that the arrangement shows."""
    import pandas as pd

    rows = [{**tile.row, "images": _files(tile, view["picture"]), "created": None} for tile in tiles]
    table = pd.DataFrame(rows, dtype=object)
    return table.assign(created=pd.Series([None] * len(table), dtype="datetime64[us, UTC]"))


def _files(tile: Tile, picture: int | None) -> list[str]:
    alone = picture is not None and len(tile.pictures) > 1
    numbers = [picture] if alone else sorted(tile.pictures)
    return [str(tile.pictures[number]) for number in numbers if number in tile.pictures]


def _sheet(frame: pd.DataFrame, view: Mapping[str, Any]) -> bytes:
    from mjnb.layout import arrange
    from mjnb.sheets import draw_page

    try:
        page = arrange(frame, *(view[part] or None for part in PARTS))[0]
    except LayoutError:  # a column that only those have that were made from others
        page = arrange(frame)[0]
    count = sum(len(panel.tiles) for panel in page.panels)
    image = draw_page(page, tile=next(side for most, side in _SIDES if count <= most))
    for quality in _QUALITIES:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        if file.tell() <= _MOST_BYTES:
            break
    return file.getvalue()
