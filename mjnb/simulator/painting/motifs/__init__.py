"""The subjects that the painter can draw, and how one is put into a scene."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from mjnb.simulator.painting.canvas import SUPERSAMPLE, grey
from mjnb.simulator.painting.motifs import animals, built, people, plants, swimmers, things
from mjnb.simulator.painting.motifs.pen import Pen, pen_for, shaded
from mjnb.simulator.painting.palettes import colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.picture import Point
    from mjnb.simulator.painting.scene import Scene

__all__ = ["MOTIFS", "THINGS", "Motif", "Pen", "pen_for", "stamp"]


@dataclass(frozen=True, slots=True)
class Motif:
    """How a subject is drawn.

    Attributes:
        draw: Draws it with a pen.
        width: Its width per height.
        height: Its usual height in short sides.
        aloft: Whether it is in the air.
        room: The share of the height that is left free above it.
    """

    draw: Callable[[Pen], None]
    width: float
    height: float
    aloft: bool = False
    room: float = 0.0


MOTIFS: Final = {
    "lighthouse": Motif(built.lighthouse, 0.8, 0.5), "house": Motif(built.house, 0.9, 0.2), "castle": Motif(built.castle, 1.1, 0.42),
    "bridge": Motif(built.bridge, 3.0, 0.34), "pagoda": Motif(built.pagoda, 0.66, 0.46), "torii": Motif(built.torii, 1.2, 0.34),
    "windmill": Motif(built.windmill, 0.9, 0.42), "boat": Motif(built.boat, 0.92, 0.34), "rocket": Motif(built.rocket, 0.5, 0.5, aloft=True),
    "balloon": Motif(built.balloon, 0.72, 0.4, aloft=True), "tree": Motif(plants.tree, 1.0, 0.56), "flower": Motif(plants.flower, 0.9, 0.56),
    "mushroom": Motif(plants.mushroom, 0.9, 0.34), "pine": Motif(plants.pine, 0.56, 0.34), "fox": Motif(animals.fox, 1.06, 0.42),
    "wolf": Motif(animals.wolf, 1.0, 0.42), "cat": Motif(animals.cat, 0.86, 0.4), "deer": Motif(animals.deer, 0.86, 0.44),
    "bird": Motif(animals.bird, 1.4, 0.34, aloft=True), "whale": Motif(swimmers.whale, 1.3, 0.42),
    "dragon": Motif(swimmers.dragon, 1.9, 0.5, aloft=True), "portrait": Motif(people.portrait, 1.0, 1.0, room=0.12), "person": Motif(people.person, 0.96, 0.36),
    "island": Motif(plants.island, 1.05, 0.2, aloft=True), "astronaut": Motif(people.astronaut, 0.6, 0.4), "robot": Motif(people.robot, 0.76, 0.42),
    "vase": Motif(things.vase, 0.8, 0.4), "globe": Motif(things.globe, 0.84, 0.4), "boxes": Motif(things.boxes, 0.96, 0.4),
}  # fmt: skip

THINGS: Final = ("vase", "globe", "boxes")
"""What stands for a subject that nobody has a picture of."""


def stamp(
    scene: Scene,
    canvas: Canvas,
    name: str,
    foot: Point,
    height: float,
    depth: float = 0.0,
    *,
    key: str = "",
    flip: bool = False,
    mirror: bool = False,
) -> None:
    """Draw a subject into the scene.

    Args:
        scene: The scene, whose light falls on it.
        canvas: Where it is drawn.
        name: Which subject.
        foot: Where its foot is, in pixels.
        height: Its height in short sides.
        depth: 0 near, 1 lost in the haze.
        key: Tells two of a kind apart.
        flip: Turn it to the other side.
        mirror: Also draw its reflection below its foot.
    """
    motif = MOTIFS[name]
    tall = max(4, round(height * scene.unit))
    size = (max(4, round(tall * motif.width)), tall)
    over = 2 if tall > 300 or depth > 0.05 else SUPERSAMPLE
    pen = pen_for(scene, scene.dice.within(f"{name}{key}"), size, depth, over, motif.room)
    motif.draw(pen)
    towards = 1.0 if scene.sun_at[0] > foot[0] else -1.0
    colours, mask, parts = shaded(pen, over, towards, flip=flip)
    at = (round(foot[0] - size[0] / 2), round(foot[1] - size[1]))
    if mirror:
        _reflect(canvas, colours, mask, (at[0], round(foot[1])))
    canvas.lay(colours, mask, at)
    if canvas.inked:
        canvas.labels.paste(parts, at, mask)
    _light_up(scene, canvas, pen, foot, tall, flip=flip)


def _reflect(canvas: Canvas, colours: Image.Image, mask: Image.Image, at: tuple[int, int]) -> None:
    """The upside-down image in the water, fading with distance."""
    turned, under = (layer.transpose(Image.Transpose.FLIP_TOP_BOTTOM) for layer in (colours, mask))
    height = max(2, round(mask.height * 0.8))
    small = (max(2, mask.width // 2), max(2, height // 2))
    turned, under = (
        layer.resize(small, Image.Resampling.BILINEAR).resize(
            (mask.width, height), Image.Resampling.BILINEAR
        )
        for layer in (turned, under)
    )
    fade = (
        Image.linear_gradient("L")
        .transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        .resize(under.size)
        .point(lambda v: v * 0.5)
    )
    empty = Image.new("L", under.size)
    canvas.lay(turned, Image.composite(fade, empty, under), at)


def _light_up(scene: Scene, canvas: Canvas, pen: Pen, foot: Point, tall: int, *, flip: bool) -> None:
    """Lamps shine at night and at the ends of the day."""
    strength = {"day": 0.0, "spring": 0.0, "dawn": 0.25, "winter": 0.45, "desert": 0.3}.get(
        scene.family, 0.75
    )
    for x, y, radius in pen.lamps:
        centre = (foot[0] + (-x if flip else x) * tall, foot[1] - y * tall)
        if strength:
            canvas.glow(centre, radius * tall, colour("ffc46a"), strength * (0.5 + 0.5 * scene.style))
            canvas.glow(centre, radius * tall * 0.35, colour("fff0c4"), strength)
    for x, y, angle in pen.beams:
        if strength:
            _shine_out(scene, canvas, (foot[0] + (-x if flip else x) * tall, foot[1] - y * tall), angle)


def _shine_out(scene: Scene, canvas: Canvas, lamp: Point, angle: float) -> None:
    """Two soft beams in opposite directions, worked out on an eighth of the pixels."""
    small = (scene.size[0] // 8 + 1, scene.size[1] // 8 + 1)
    sideways = ((np.arange(small[0]) * 8 - lamp[0]) / scene.unit)[None, :]
    down = ((np.arange(small[1]) * 8 - lamp[1]) / scene.unit)[:, None]
    along = sideways * np.cos(angle) + down * np.sin(angle)
    beside = np.abs(-sideways * np.sin(angle) + down * np.cos(angle)) / (0.012 + 0.13 * np.abs(along))
    light = np.exp(-(beside**2) * 2.2 - np.abs(along) * 1.6) * (0.2 + 0.5 * scene.style)
    mask = grey(light.astype(np.float32)).resize(scene.size, Image.Resampling.BICUBIC)
    canvas.lay(colour("fff0c4"), mask)
