"""What a contact sheet shows, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Page", "Panel", "Tile"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One cell: its pictures, its texts, or words for why there are none.

    `pictures`: one fills the tile, more become a grid (four: 2 × 2); of a clip its still picture is drawn, with a mark. `note`:
    a word for a cell without pictures (`"failed"`), `detail` its reason; with pictures or texts both are written below the
    tile. `label`: written below in any case. `texts`: an answer in words, as much of it as fits. A tile with none of these is
    left blank.
    """

    pictures: tuple[Path, ...] = ()
    note: str = ""
    detail: str = ""
    label: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One grid: `tiles` by (row, column), counted from 0; a place without a tile was not run.

    `title` may be empty, as may the names of the axes and the labels of `rows` and `cols`; all are any text.
    """

    title: str
    row_name: str
    col_name: str
    rows: tuple[str, ...]
    cols: tuple[str, ...]
    tiles: Mapping[tuple[int, int], Tile]


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet: a title above, panels, what they have in common below, and the word "simulated" if they are."""

    title: str
    caption: str
    panels: tuple[Panel, ...]
    simulated: bool
