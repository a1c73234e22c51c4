"""Putting a planned sheet on its canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb import clips, images
from mjnb.errors import PictureBroken
from mjnb.sheets.lettering import Type, clean
from mjnb.sheets.plan import GAP, each, heading, split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

    from mjnb.sheets.model import Tile
    from mjnb.sheets.plan import Grid, Plan
    from mjnb.theme import Palette

    _Box = tuple[int, int, int, int]  # left, top, width, height in px

__all__ = ["Brush"]


class Brush:
    """Draws one sheet; `draw` is all there is to call."""

    def __init__(self, plan: Plan, colours: Palette) -> None:
        from PIL import Image, ImageDraw

        self._plan, self._colours = plan, colours
        self._image = Image.new("RGB", (plan.width, plan.height), colours.page)
        self._draw = ImageDraw.Draw(self._image)

    def draw(self) -> Image.Image:
        """Draw everything: words, cells without pictures, then the pictures as they are decoded."""
        self._around()
        slots: list[tuple[Path, _Box]] = []
        for grid, (left, top) in self._plan.grids:
            self._labels(grid, left, top)
            slots += self._tiles(grid, left, top)
        for (path, box), found in zip(slots, each(_decode, slots), strict=True):
            if not isinstance(found, str):
                self._paste(found, box)
            elif not clips.is_clip(path):
                self._empty(box, "no picture", found)
            else:
                self._hatch(box, self._colours.panel)
            if clips.is_clip(path):
                self._play(box)
        return self._image

    def _around(self) -> None:
        """Write the title above, the caption below, and the word "simulated" in the lower right corner."""
        plan, kind, edge = self._plan, self._plan.kind, self._plan.margin
        heading(kind).write(self._draw, (edge, edge), plan.title, self._colours.ink)
        top = plan.height - edge - plan.below * kind.line
        kind.write(self._draw, (edge, top), plan.caption, self._colours.muted)
        if plan.page.simulated:
            at = plan.width - edge - kind.width("simulated"), top + (plan.below - 1) * kind.line
            kind.write(self._draw, at, ("simulated",), self._colours.muted)

    def _labels(self, grid: Grid, left: int, top: int) -> None:
        """Write a panel's title; the names of both axes on one line; and below it and beside the rows their values."""
        kind, ink, muted = grid.kind, self._colours.ink, self._colours.muted
        Type(kind.size, bold=True).write(self._draw, (left, top), grid.title, ink)
        base = top + grid.head - round(kind.size * 0.35)
        names = base - (max(map(len, grid.cols), default=0) + 1) * kind.line
        kind.write(self._draw, (left, names), grid.names[0], muted)
        kind.write(self._draw, (left + grid.gutter, names), grid.names[1], muted)
        for x, lines in zip(grid.lefts, grid.cols, strict=False):
            kind.write(self._draw, (left + x, base - len(lines) * kind.line), lines, ink)
        for y, lines in zip(grid.tops, grid.rows, strict=False):
            kind.write(self._draw, (left, top + y - round(kind.size * 0.2)), lines, ink)

    def _tiles(self, grid: Grid, left: int, top: int) -> Iterator[tuple[Path, _Box]]:
        """Draw cells without pictures and what is written below tiles; yield where the pictures go."""
        lefts, tops, heights = grid.lefts, grid.tops, grid.heights
        for (row, col), (width, height) in grid.cells.items():
            x, y = left + lefts[col], top + tops[row]
            tile = grid.panel.tiles.get((row, col))
            if tile is None:
                self._empty((x, y, width, height), "not run", "", quiet=True)
            elif tile.texts and not tile.pictures:
                self._words((x, y, width, height), tile.texts)
            elif tile.note and not tile.pictures:
                self._empty((x, y, width, height), tile.note, tile.detail)
            else:
                yield from _slots(tile, (x, y, width, height))
            self._foot(grid, (row, col), (x, y + heights[row]))

    def _foot(self, grid: Grid, place: tuple[int, int], at: tuple[int, int]) -> None:
        label, detail = grid.feet.get(place, ((), ()))
        top = at[1] + round(grid.kind.size * 0.3)
        grid.kind.write(self._draw, (at[0], top), label, self._colours.ink)
        grid.kind.write(self._draw, (at[0], top + len(label) * grid.kind.line), detail, self._colours.muted)

    def _empty(self, box: _Box, note: str, detail: str, *, quiet: bool = False) -> None:
        """Draw a place without a picture: a word and its reason, as far as they fit, above a hatched field."""
        left, top, width, height = box
        ground = self._colours.page if quiet else self._colours.panel
        self._hatch(box, ground)
        kind = Type(max(11, min(self._plan.kind.size, width // 9)))
        pad, strong = round(kind.size * 0.7), Type(kind.size, bold=not quiet)
        room, lines = width - 2 * pad, max(0, (height - 2 * pad) // kind.line)
        if not lines or strong.width(clean(note)) > room:
            return
        reason = kind.wrap(detail, room, lines - 1) if lines > 1 else ()
        below = top + (1 + len(reason)) * kind.line + 2 * pad
        self._draw.rectangle((left, top, left + width - 1, min(below, top + height) - 1), fill=ground)
        ink = self._colours.muted if quiet else self._colours.ink
        strong.write(self._draw, (left + pad, top + pad), (clean(note),), ink)
        kind.write(self._draw, (left + pad, top + pad + kind.line), reason, self._colours.muted)

    def _words(self, box: _Box, texts: tuple[str, ...]) -> None:
        """Write an answer in words on a plain field, as much of each of them as all leave room for."""
        left, top, width, height = box
        self._draw.rectangle((left, top, left + width - 1, top + height - 1), fill=self._colours.panel)
        kind = Type(max(11, min(self._plan.kind.size, width // 12)))
        pad, space = round(kind.size * 0.7), round(kind.size * 0.4)
        room = max(1, (height - 2 * pad) // kind.line)
        each_has = max(1, (room - (len(texts) - 1) * space // kind.line) // len(texts))
        at, end = top + pad, top + height - pad
        for text in texts:
            lines = kind.wrap(clean(text), width - 2 * pad, each_has)
            if at + len(lines) * kind.line > end:
                break
            kind.write(self._draw, (left + pad, at), lines, self._colours.ink)
            at += len(lines) * kind.line + space

    def _play(self, box: _Box) -> None:
        """Draw the mark of a clip in the lower left corner of its still picture."""
        left, top, width, height = box
        side = max(10, min(28, min(width, height) // 5))
        x, y = left + side // 3, top + height - side - side // 3
        self._draw.rectangle(
            (x, y, x + side, y + side), fill=self._colours.page, outline=self._colours.line
        )
        a, b = x + round(side * 0.34), x + round(side * 0.76)
        corners = [(a, y + round(side * 0.24)), (a, y + round(side * 0.76)), (b, y + side // 2)]
        self._draw.polygon(corners, fill=self._colours.ink)

    def _hatch(self, box: _Box, ground: str) -> None:
        """Fill a box with thin diagonals."""
        from PIL import Image, ImageDraw

        left, top, width, height = box
        field = Image.new("RGB", (width, height), ground)
        pen, step = ImageDraw.Draw(field), max(6, round(self._plan.kind.size * 0.6))
        for x in range(-height, width, step):
            pen.line((x, height, x + height, 0), fill=self._colours.line)
        self._image.paste(field, (left, top))

    def _paste(self, picture: Image.Image, box: _Box) -> None:
        """Put a picture in the middle of its place, whole."""
        from PIL import Image

        left, top, width, height = box
        scale = min(width / picture.width, height / picture.height)
        size = _near(round(picture.width * scale), width), _near(round(picture.height * scale), height)
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        at = left + (width - size[0]) // 2, top + (height - size[1]) // 2
        self._image.paste(picture, at, picture if picture.mode == "RGBA" else None)


def _near(side: int, whole: int) -> int:
    """Fill the place where rounding alone would leave a line of a pixel or two."""
    return whole if abs(side - whole) <= GAP else max(1, side)


def _slots(tile: Tile, box: _Box) -> Iterator[tuple[Path, _Box]]:
    """Divide a cell among its pictures."""
    left, top, width, height = box
    across, down = split(len(tile.pictures))
    wide, high = (width - (across - 1) * GAP) // across, (height - (down - 1) * GAP) // down
    for number, path in enumerate(tile.pictures):
        yield (
            path,
            (left + number % across * (wide + GAP), top + number // across * (high + GAP), wide, high),
        )


def _decode(slot: tuple[Path, _Box]) -> Image.Image | str:
    path, (_, _, width, height) = slot
    try:
        return images.small(path, max(width, height))
    except PictureBroken as error:
        return str(error)
