"""What is to be painted: the request behind one picture, and how large the picture is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Size = tuple[int, int]

SHORT_SIDE_MAX: Final = 2048  # pixels; upscales of upscales stop growing here
LONG_SIDE_MAX: Final = 6144  # pixels; a strip of an extreme aspect gets thinner instead of longer
_GROWTH: Final = {"standard": 2.0, "creative": 2.0, "2x": 2.0, "4x": 4.0}


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
        change: ``""``, ``"subtle"``, ``"strong"``, ``"standard"``, ``"creative"``, ``"2x"``, ``"4x"`` or ``"paint"``.
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
    placement: tuple[float, float, float, float] | None = None

    @property
    def size(self) -> Size:
        """(width, height) in pixels, both even.

        Raises:
            ValueError: The aspect is not two positive integers, or a side of the canvas is not positive.
        """
        if self.parent is not None and self.change in _GROWTH:
            return _grown(self.parent.size, _GROWTH[self.change])
        if self.parent is not None and self.change in {"subtle", "strong"}:
            return self.parent.size
        if self.parent is not None and self.canvas is None:
            return self.parent.size
        shape = self.canvas if self.change == "paint" and self.canvas else _ratio(self.aspect)
        return _sides(shape, self.short_side)


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
