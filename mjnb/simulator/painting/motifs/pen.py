"""A pen for one subject: shapes in the subject's own coordinates, lit by the scene, laid on the canvas as one piece."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from mjnb.simulator.painting.canvas import spline
from mjnb.simulator.painting.palettes import colour, mix, scaled

if TYPE_CHECKING:
    from mjnb.simulator.painting.dice import Dice
    from mjnb.simulator.painting.palettes import Colour
    from mjnb.simulator.painting.picture import Point, Size
    from mjnb.simulator.painting.scene import Scene


_ROUND: Final = np.array(
    [np.cos(np.linspace(0, 2 * np.pi, 25)[:-1]), np.sin(np.linspace(0, 2 * np.pi, 25)[:-1])]
)


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws in units of the subject's height: x runs from -width/2 to width/2, y from 0 at its foot up to 1.

    Attributes:
        scene: Whose light falls on the subject.
        dice: The subject's own chance.
        depth: How far away it is, 0..1.
        scale: Pixels of the (oversampled) drawing per height.
        colours: The oversampled drawing (RGB).
        mask: Where the subject is (L).
        parts: A grey level for each part, from which ink lines are drawn (L); not filled for a hand without ink.
        brushes: Draw on colours, mask and parts.
        tones: The colours that were worked out already.
        lamps: Where light comes from: (x, y, radius).
        beams: Where a beam goes out to both sides: (x, y, angle in radians).
    """

    scene: Scene
    dice: Dice
    depth: float
    scale: float
    colours: Image.Image
    mask: Image.Image
    parts: Image.Image
    brushes: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw, ImageDraw.ImageDraw]
    tones: dict[tuple[str | Colour, bool], Colour] = field(default_factory=dict)
    lamps: list[tuple[float, float, float]] = field(default_factory=list)
    beams: list[tuple[float, float, float]] = field(default_factory=list)

    def poly(self, ink: str | Colour, *points: Point, glowing: bool = False, part: bool = True) -> None:
        """A filled polygon; ``ink`` is a natural colour ("ff8000" or a triple), dimmed by the light unless glowing.

        With ``part`` off it gets no outline of its own where outlines are drawn.
        """
        tone = self._toned(ink, glowing=glowing)
        middle, foot, scale = self.colours.width / 2, self.colours.height, self.scale
        at = [(middle + x * scale, foot - y * scale) for x, y in points]
        colours, mask, parts = self.brushes
        colours.polygon(at, fill=tone)
        mask.polygon(at, fill=255)
        if part and self.scene.hand.ink:
            parts.polygon(at, fill=60 + (tone[0] * 3 + tone[1] * 5 + tone[2] * 2) % 190)

    def curve(self, ink: str | Colour, *points: Point, glowing: bool = False) -> None:
        """A filled shape with a smooth outline through the points."""
        self.poly(ink, *spline(points), glowing=glowing)

    def box(
        self,
        ink: str | Colour,
        left: float,
        foot: float,
        right: float,
        top: float,
        *,
        glowing: bool = False,
    ) -> None:
        """A filled rectangle."""
        self.poly(ink, (left, foot), (right, foot), (right, top), (left, top), glowing=glowing)

    def oval(
        self,
        ink: str | Colour,
        x: float,
        y: float,
        rx: float,
        ry: float,
        turn: float = 0.0,
        *,
        glowing: bool = False,
    ) -> None:
        """A filled ellipse, turned by an angle in radians."""
        dx, dy = _ROUND[0] * rx, _ROUND[1] * ry
        xs, ys = x + dx * np.cos(turn) - dy * np.sin(turn), y + dx * np.sin(turn) + dy * np.cos(turn)
        self.poly(ink, *zip(xs.tolist(), ys.tolist(), strict=True), glowing=glowing)

    def line(self, ink: str | Colour, width: float, *points: Point, glowing: bool = False) -> None:
        """A stroke through the points that tapers to its end."""
        path = np.array(spline(points, closed=False, steps=6) if len(points) > 2 else points)
        along = np.gradient(path, axis=0)
        normal = (
            np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(np.hypot(*along.T), 1e-6)[:, None]
        )
        half = width / 2 * np.linspace(1, 0.45, len(path))[:, None]
        outline = np.vstack([path + normal * half, (path - normal * half)[::-1]])
        self.poly(ink, *map(tuple, outline.tolist()), glowing=glowing, part=width > 0.015)

    def tone(self, ink: str | Colour, by: float) -> Colour:
        """A natural colour made darker (below 1) or lighter (above 1)."""
        return scaled(colour(ink) if isinstance(ink, str) else ink, by)

    def lamp(self, x: float, y: float, radius: float) -> None:
        """Let light shine from a point when the lamps are lit."""
        self.lamps.append((x, y, radius))

    def _toned(self, ink: str | Colour, *, glowing: bool) -> Colour:
        """A natural colour in the scene's light; remembered, since a subject has few of them."""
        key = (ink, glowing)
        if key not in self.tones:
            natural = colour(ink) if isinstance(ink, str) else ink
            self.tones[key] = natural if glowing else self.scene.lit(natural, self.depth)
        return self.tones[key]


@lru_cache(maxsize=512)
def path(text: str, side: float = 1.0) -> tuple[Point, ...]:
    """Points written as ``"x y, x y"``, their x times ``side``.

    Example:
        >>> path(".1 .5, .2 0", -1)
        ((-0.1, 0.5), (-0.2, 0.0))
    """
    pairs = (pair.split() for pair in text.split(","))
    return tuple((float(x) * side, float(y)) for x, y in pairs)


def pen_for(scene: Scene, dice: Dice, size: Size, depth: float, over: int, room: float = 0.0) -> Pen:
    """A pen for a subject of ``size`` pixels, oversampled ``over`` times, a share ``room`` of its height left free above."""
    large = (size[0] * over, size[1] * over)
    ground = scene.lit((70, 70, 78), depth)
    layers = (
        Image.new("RGB", large, ground),
        Image.new("L", large),
        Image.new("L", large if scene.hand.ink else (over, over)),
    )
    colours, mask, parts = map(ImageDraw.Draw, layers)
    return Pen(scene, dice, depth, large[1] * (1 - room), *layers, (colours, mask, parts))


def shaded(
    pen: Pen, over: int, towards: float, *, flip: bool
) -> tuple[Image.Image, Image.Image, Image.Image]:
    """The drawing in its final size and in the sun: (colours, mask, parts).

    Args:
        pen: The drawing.
        over: By how much it is oversampled.
        towards: -1 when the sun is to its left, 1 to its right.
        flip: Mirror the subject first.
    """
    colours, mask, parts = (layer.reduce(over) for layer in (pen.colours, pen.mask, pen.parts))
    if flip:
        colours, mask, parts = (
            layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for layer in (colours, mask, parts)
        )
    scene, style = pen.scene, pen.scene.style
    ramp = (
        np.linspace(1, 0, colours.width)[None, :]
        if towards < 0
        else np.linspace(0, 1, colours.width)[None, :]
    )
    if scene.hand.levels:  # light and shadow, nothing between
        ramp = np.where(ramp > 0.5, 1.0, 0.3)
    shade = Image.fromarray(((1 - ramp) * 120 * (0.35 + 0.4 * style)).astype(np.uint8)).resize(colours.size)
    colours.paste(scene.palette.near, (0, 0), shade)
    if pen.depth < 0.15 and (scene.hand.levels == 0 or scene.hand.screentone):
        reach = max(1, round(colours.height * 0.012))
        rim = ImageChops.subtract(mask, ImageChops.offset(mask, round(-towards * reach), reach))
        rim = rim.filter(ImageFilter.GaussianBlur(reach * 0.7)).point(
            lambda v: v * (0.35 + 0.5 * style) * (1 - pen.depth)
        )
        colours.paste(mix(scene.palette.sun, scene.palette.glow, 0.35), (0, 0), rim)
    return colours, mask, parts
