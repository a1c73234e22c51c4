"""Where everything on a sheet goes, worked out before anything is drawn."""

from __future__ import annotations

import math
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from mjnb import images
from mjnb.errors import PictureBroken
from mjnb.sheets.lettering import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mjnb.sheets.model import Page, Panel, Tile

__all__ = ["GAP", "Grid", "Plan", "each", "measure", "plan_page", "split"]

GAP = 2  # px between the pictures of one tile
_THREADS = 2  # only decoding is parallel; more do not help
_TYPE = 13  # px, the smallest type
_LINE = 90  # a sheet's width in type sizes, so that a large sheet can be read when it is shown small
_NARROW = 36  # in type sizes; on a narrower sheet "simulated" has a line of its own
_LANDSCAPE = 1.5  # the shape, width to height, that panels are arranged towards
_Shape = tuple[int, int]  # width, height in px
_Place = tuple[int, int]  # row, column
_A = TypeVar("_A")
_B = TypeVar("_B")


def measure(page: Page) -> dict[Path, _Shape]:
    """Read the shape of every picture that can be read."""
    paths = list(
        dict.fromkeys(
            path for panel in page.panels for tile in panel.tiles.values() for path in tile.pictures
        )
    )
    return {path: shape for path, shape in zip(paths, each(_shape, paths), strict=True) if shape}


def _shape(path: Path) -> _Shape | None:
    try:
        return images.measure(path)
    except PictureBroken:
        return None


def each(step: Callable[[_A], _B], items: Iterable[_A]) -> Iterator[_B]:
    """Map over items on two threads, in order; one after another where there are no threads (Pyodide)."""
    if sys.platform == "emscripten":
        yield from map(step, items)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(step, items)


def split(count: int) -> _Shape:
    """Arrange a cell's pictures: how many across and down."""
    across = math.ceil(math.sqrt(max(count, 1)))
    return across, math.ceil(max(count, 1) / across)


def _cell(tile: Tile, shapes: Mapping[Path, _Shape], side: int) -> _Shape | None:
    """Size a cell so that its longer side is `side` and its pictures keep their aspect; None without a picture."""
    known = next((shapes[path] for path in tile.pictures if path in shapes), None)
    if known is None:
        return None
    (across, down), aspect = split(len(tile.pictures)), known[0] / known[1]
    width = min((side - (across - 1) * GAP) / across, (side - (down - 1) * GAP) / down * aspect)
    one = max(4, round(width)), max(4, round(width / aspect))
    return across * one[0] + (across - 1) * GAP, down * one[1] + (down - 1) * GAP


def _cells(panel: Panel, shapes: Mapping[Path, _Shape], side: int, usual: _Shape) -> dict[_Place, _Shape]:
    """Size every place of a panel; one without pictures is like the rest of its column, or of its row, or as usual."""
    known = {at: cell for at, tile in panel.tiles.items() if (cell := _cell(tile, shapes, side))}
    places = [(row, col) for row in range(len(panel.rows)) for col in range(len(panel.cols))]

    def like(at: _Place, axis: int) -> _Shape | None:
        same = {cell for other, cell in known.items() if other[axis] == at[axis]}
        return same.pop() if len(same) == 1 else None

    return {at: known.get(at) or like(at, 1) or like(at, 0) or usual for at in places}


# -- planning ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grid:
    """One panel laid out: sizes in pixels, and its words already broken into lines.

    `cells` are tile sizes by place, `names` those of the rows' and the columns' axes, `feet` the lines below a tile: its
    label, then its note and detail.
    """

    panel: Panel
    kind: Type
    cells: Mapping[_Place, _Shape]
    title: tuple[str, ...]
    names: tuple[tuple[str, ...], tuple[str, ...]]
    rows: tuple[tuple[str, ...], ...]
    cols: tuple[tuple[str, ...], ...]
    feet: Mapping[_Place, tuple[tuple[str, ...], tuple[str, ...]]]

    @property
    def gutter(self) -> int:
        """Width of the rows' labels, with the space after them."""
        lines = [line for lines in (*self.rows, self.names[0]) for line in lines]
        widest = max(map(self.kind.width, lines), default=0)
        return widest + round(self.kind.size * 1.1) if widest else 0

    @property
    def head(self) -> int:
        """Height of the panel's title, the columns' name and their labels."""
        lines = max(map(len, self.cols), default=0) + any(self.names)
        title = len(self.title) * self.kind.line + (round(self.kind.size * 0.6) if self.title else 0)
        return title + lines * self.kind.line + (round(self.kind.size * 0.35) if lines else 0)

    @property
    def widths(self) -> list[int]:
        """Width of each column."""
        return [
            max(size[0] for at, size in self.cells.items() if at[1] == col) for col in range(len(self.cols))
        ]

    @property
    def heights(self) -> list[int]:
        """Height of each row without its feet."""
        return [
            max(size[1] for at, size in self.cells.items() if at[0] == row) for row in range(len(self.rows))
        ]

    @property
    def lefts(self) -> list[int]:
        """Left edge of each column, from the panel's own; the last is the panel's right edge plus a gap."""
        return list(accumulate((width + gap(self.kind) for width in self.widths), initial=self.gutter))

    @property
    def tops(self) -> list[int]:
        """Upper edge of each row, from the panel's own; the last is the panel's lower edge plus a gap."""
        steps = (height + self._foot(row) + gap(self.kind) for row, height in enumerate(self.heights))
        return list(accumulate(steps, initial=self.head))

    def _foot(self, row: int) -> int:
        lines = max((sum(map(len, foot)) for at, foot in self.feet.items() if at[0] == row), default=0)
        return lines * self.kind.line + (round(self.kind.size * 0.5) if lines else 0)

    @property
    def size(self) -> _Shape:
        """Width and height of the whole panel."""
        title = max(map(Type(self.kind.size, bold=True).width, self.title), default=0)
        return max(self.lefts[-1] - gap(self.kind), title), self.tops[-1] - gap(self.kind)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole sheet laid out: panels with their upper left corners, and the words around them; pixels throughout.

    `below` lines hold the caption and the word "simulated".
    """

    page: Page
    kind: Type
    width: int
    height: int
    title: tuple[str, ...]
    caption: tuple[str, ...]
    below: int
    grids: tuple[tuple[Grid, _Place], ...]

    @property
    def margin(self) -> int:
        """White around everything."""
        return margin(self.kind)


def gap(kind: Type) -> int:
    """Say how far tiles are apart."""
    return round(kind.size * 0.6)


def margin(kind: Type) -> int:
    """Say how much white a sheet has around it, by its type."""
    return round(kind.size * 1.8)


def heading(kind: Type) -> Type:
    """Choose the type of a sheet's title."""
    return Type(round(kind.size * 1.35), bold=True)


def plan_page(page: Page, shapes: Mapping[Path, _Shape], tile: int) -> Plan:
    """Lay a sheet out for tiles with a longer side of `tile` pixels.

    Args:
        page: What to draw.
        shapes: Width and height of every picture that there is.
        tile: Longer side of a cell in pixels.
    """
    usual = _usual(page, shapes, tile)
    cells = [_cells(panel, shapes, tile, usual) for panel in page.panels]
    rough = [_rough(sizes) for sizes in cells]
    across = _across([(width + 6 * _TYPE, height + 4 * _TYPE) for width, height in rough])
    widest = max((width for width, _ in rough), default=tile) * across
    kind = Type(round(min(max(widest / _LINE, _TYPE), max(tile * 0.11, _TYPE))))
    grids = [_grid(panel, sizes, kind) for panel, sizes in zip(page.panels, cells, strict=True)]
    return _place(page, grids, across, kind)


def _usual(page: Page, shapes: Mapping[Path, _Shape], tile: int) -> _Shape:
    sizes = Counter(
        size for panel in page.panels for one in panel.tiles.values() if (size := _cell(one, shapes, tile))
    )
    return sizes.most_common(1)[0][0] if sizes else (tile, tile)


def _rough(cells: Mapping[_Place, _Shape]) -> _Shape:
    """Size a panel by its tiles alone."""
    widths: dict[int, int] = {}
    heights: dict[int, int] = {}
    for (row, col), (width, height) in cells.items():
        widths[col], heights[row] = max(widths.get(col, 0), width), max(heights.get(row, 0), height)
    return sum(widths.values()), sum(heights.values())


def _across(sizes: Sequence[_Shape]) -> int:
    """Say how many panels go beside each other so that the sheet is nearest to a landscape."""

    def off(across: int) -> float:
        width = across * max(size[0] for size in sizes)
        height = math.ceil(len(sizes) / across) * max(size[1] for size in sizes)
        return abs(math.log(width / height / _LANDSCAPE))

    return min(range(1, len(sizes) + 1), key=off, default=1)


def _grid(panel: Panel, cells: Mapping[_Place, _Shape], kind: Type) -> Grid:
    """Break a panel's words into lines, each within the tile that it belongs to."""
    rows, cols = len(panel.rows), len(panel.cols)
    widths = [max(cells[row, col][0] for row in range(rows)) for col in range(cols)]
    heights = [max(cells[row, col][1] for col in range(cols)) for row in range(rows)]
    beside = max(round(max(widths, default=0) * 0.8), kind.size * 8)
    whole = sum(widths) + (len(widths) - 1) * gap(kind)
    return Grid(
        panel,
        kind,
        cells,
        title=Type(kind.size, bold=True).wrap(panel.title, max(whole, kind.size * 12), 3),
        names=(kind.wrap(panel.row_name, beside, 1), kind.wrap(panel.col_name, whole, 1)),
        rows=tuple(
            kind.wrap(text, beside, max(1, height // kind.line))
            for text, height in zip(panel.rows, heights, strict=True)
        ),
        cols=tuple(kind.wrap(text, width, 6) for text, width in zip(panel.cols, widths, strict=True)),
        feet={at: _foot(tile, kind, widths[at[1]]) for at, tile in panel.tiles.items()},
    )


def _foot(tile: Tile, kind: Type, width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    below = " · ".join(filter(None, (tile.note, tile.detail))) if tile.pictures or tile.texts else ""
    return kind.wrap(tile.label, width, 3), kind.wrap(below, width, 2)


def _place(page: Page, grids: Sequence[Grid], across: int, kind: Type) -> Plan:
    """Put panels side by side and below one another, the title above and the caption below."""
    edge, space, title_kind = margin(kind), round(kind.size * 2.6), heading(kind)
    widths = [max(grid.size[0] for grid in grids[col::across]) for col in range(min(across, len(grids)))]
    heights = [max(grid.size[1] for grid in grids[at : at + across]) for at in range(0, len(grids), across)]
    wide = max(sum(widths) + space * (len(widths) - 1), 19 * kind.size)
    title = title_kind.wrap(page.title, wide, 3)
    top = edge + (len(title) * title_kind.line + kind.size if title else 0)
    lefts = list(accumulate((width + space for width in widths), initial=edge))
    tops = list(accumulate((height + space for height in heights), initial=top))
    beside = page.simulated and wide > _NARROW * kind.size
    word = kind.width("simulated") + 2 * kind.size if beside else 0
    caption = kind.wrap(page.caption, min(wide - word, 64 * kind.size), 8)
    below = max(len(caption), page.simulated) if beside else len(caption) + page.simulated
    foot = below * kind.line + kind.size if below else 0
    height = tops[-1] - space + foot + edge
    places = ((lefts[number % across], tops[number // across]) for number in range(len(grids)))
    return Plan(
        page, kind, wide + 2 * edge, height, title, caption, below, tuple(zip(grids, places, strict=True))
    )
