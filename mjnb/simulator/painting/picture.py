"""What is to be painted: the request behind one picture, and how large the picture is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Size = tuple[int, int]
Box = tuple[int, int, int, int]
Placement = tuple[float, float, float, float]

SHORT_SIDE_MAX: Final = 2048  # pixels; upscales of upscales stop growing here
LONG_SIDE_MAX: Final = 6144  # pixels; a strip of an extreme aspect gets thinner instead of longer
_GROWTH: Final = {"standard": 2.0, "creative": 2.0, "2x": 2.0, "4x": 4.0}
_ZOOM: Final = {"zoom_1.5": 1.5, "zoom_2": 2.0}
_PAN: Final = {"pan_left": (-1, 0), "pan_right": (1, 0), "pan_up": (0, -1), "pan_down": (0, 1)}
_FURTHER: Final = 0.5  # of the side along which a canvas is panned

CONTINUED: Final = frozenset({*_ZOOM, *_PAN, "square"})
"""Changes that lay the parent on a larger canvas, on which its land and sky go on."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a task, described well enough that it can be painted again, the same to the last pixel.

    Attributes:
        prompt: What is to be seen, in any language; may be empty.
        index: Which of the four pictures of the task (0-3).
        aspect: ``"W:H"``, positive integers.
        version: The model version in any of the gateways' spellings (``"v6.1"``, ``"7"``, ``"niji 6"``).
        chaos: 0-100, how far the four pictures are from one another.
        stylize: 0-1000, from plain to ornate.
        weird: 0-3000, from natural to surreal.
        seed: Any integer; tasks with equal settings and other seeds get other pictures.
        short_side: Pixels of the shorter side, before any upscaling.
        references: Image URLs whose colours the picture takes on.
        parent: The picture that this one is made from, for a ``change``.
        change: ``""``, ``"crop"``, ``"subtle"``, ``"strong"``, ``"remix_subtle"``, ``"remix_strong"``, ``"standard"``,
            ``"creative"``, ``"2x"``, ``"4x"``, ``"zoom_1.5"``, ``"zoom_2"``, ``"pan_left"`` (``right``, ``up``, ``down``),
            ``"square"`` or ``"paint"``.
        region: Polygons in 0..1 of the canvas: where ``"paint"`` paints.
        mask_url: A mask that only its URL is known of; a central ellipse is imagined when ``region`` is empty.
        canvas: (width, height) of the canvas that ``"paint"`` works on; the parent's own size when None.
        placement: (x, y, width, height) in 0..1 of the canvas: where the parent lies on it; everywhere when None.

    Example:
        >>> Picture("a lighthouse at dusk", aspect="16:9", short_side=256).size
        (456, 256)
    """

    prompt: str
    index: int = 0
    aspect: str = "1:1"
    version: str = "v6.1"
    chaos: int = 0
    stylize: int = 100
    weird: int = 0
    seed: int = 0
    short_side: int = 512
    references: tuple[str, ...] = ()
    parent: Picture | None = None
    change: str = ""
    region: tuple[Polygon, ...] = ()
    mask_url: str = ""
    canvas: Size | None = None
    placement: Placement | None = None

    @property
    def size(self) -> Size:
        """(width, height) in pixels, both even.

        Raises:
            ValueError: The aspect is not two positive integers, or a side of the canvas is not positive.
        """
        if self.parent is not None and self.change in _GROWTH:
            return _grown(self.parent.size, _GROWTH[self.change])
        if self.parent is not None and self.change in CONTINUED:
            return _sides(*_continued(self.parent.size, self.change))
        if self.parent is not None and (self.change != "paint" or self.canvas is None):
            return self.parent.size
        shape = self.canvas if self.change == "paint" and self.canvas else _ratio(self.aspect)
        return _sides(shape, self.short_side)

    @property
    def inset(self) -> Placement:
        """(x, y, width, height) in 0..1 of the canvas: where the parent lies on it."""
        if self.parent is None or self.change not in CONTINUED:
            return self.placement or (0.0, 0.0, 1.0, 1.0)
        if self.change in _ZOOM:
            share = 1 / _ZOOM[self.change]
            return (1 - share) / 2, (1 - share) / 2, share, share
        (width, height), (across, down) = self.parent.size, _extent(self.parent.size, self.change)
        x, y = _PAN.get(self.change, (0, 0))
        share_x, share_y = width / across, height / down
        return (1 - share_x) * (1 - x) / 2, (1 - share_y) * (1 - y) / 2, share_x, share_y


def _extent(size: Size, change: str) -> Size:
    """The canvas on which a picture of this size is continued, before any limit."""
    if change in _PAN:
        x, y = map(abs, _PAN[change])
        return _even(size[0] * (1 + _FURTHER * x)), _even(size[1] * (1 + _FURTHER * y))
    return size if change in _ZOOM else (max(size), max(size))


def _continued(size: Size, change: str) -> tuple[Size, float]:
    """The shape of that canvas, and its shorter side as far as the limits allow."""
    shape = _extent(size, change)
    return shape, min(SHORT_SIDE_MAX, *shape)


def _ratio(aspect: str) -> Size:
    """``"16:9"`` as (16, 9)."""
    width, _, height = aspect.partition(":")
    if not all(side.strip().isdecimal() and int(side) > 0 for side in (width, height)):
        raise ValueError(f"aspect {aspect!r} is not two positive integers like '16:9'")
    return int(width), int(height)


def _sides(shape: Size, short: float) -> Size:
    """The even (width, height) of a shape whose shorter side is ``short`` pixels."""
    width, height = shape
    if width < 1 or height < 1:
        raise ValueError(f"a canvas of {width} x {height} has no area")
    short = min(short, LONG_SIDE_MAX * min(shape) / max(shape))
    scale = short / min(shape)
    return _even(width * scale), _even(height * scale)


def _grown(size: Size, factor: float) -> Size:
    """A picture's size times ``factor``, as far as the largest short side allows."""
    largest = max(1.0, SHORT_SIDE_MAX / min(size))
    return _sides(size, min(size) * min(factor, largest))


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))
