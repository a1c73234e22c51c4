"""What is nearest: grass, flowers on its tips, branches that reach in from above."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from mjnb.simulator.painting.canvas import blurred, drawn
from mjnb.simulator.painting.motifs.pen import pen_for
from mjnb.simulator.painting.motifs.plants import leaf
from mjnb.simulator.painting.palettes import mix, scaled

if TYPE_CHECKING:
    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.palettes import Colour
    from mjnb.simulator.painting.scene import Scene


def air(scene: Scene, share: float) -> Colour:
    """The colour of ground at a distance of ``share`` (0 near, 1 at the horizon)."""
    p = scene.palette
    return mix(p.near, p.mid, share * 2) if share < 0.5 else mix(p.mid, p.far, share * 2 - 1)


def paint_grass(scene: Scene, canvas: Canvas, crest: Floats, tall: float = 1.0) -> None:
    """Tufts of grass along the edge of the foreground, taller at the sides, some in flower."""
    count = round((9 + 22 * scene.style) * scene.size[0] / scene.unit)
    tufts = scene.dice.units("grass", count, 9, 3)
    first = max(0, int(crest.min() - 0.2 * tall * scene.unit))
    size = (scene.size[0], scene.size[1] - first)
    if size[1] < 4:
        return
    tips: list[tuple[float, float]] = []

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        for tuft in tufts.tolist():
            middle = tuft[0][0] * size[0]
            edge = 0.55 + 0.7 * abs(2 * tuft[0][0] - 1) ** 1.5
            for x, high, lean in tuft[1:]:
                column = min(max(int(middle + (x - 0.5) * 0.06 * scene.unit), 0), size[0] - 1)
                foot = float(crest[column]) - first + 0.02 * scene.unit
                h = (0.025 + 0.085 * high * high) * edge * tall * scene.unit
                bend = ((x - 0.5) * 1.1 + (lean - 0.5) * 0.9) * h
                _blade(pen, over, (column, foot), h, bend, 0.0024 * scene.unit)
                tips.append((column + bend, foot + first - h))

    mask = drawn(size, draw, 2)
    if scene.hand.depth:
        mask = blurred(mask, scene.unit * 0.0035)
    canvas.lay(scaled(air(scene, 0.0), 0.92), mask, (0, first), 20)
    if scene.style > 0.3 and scene.family not in {"winter", "mono", "storm"}:
        _flowers(scene, canvas, tips[:: max(2, 7 - round(5 * scene.style))])


def _blade(
    pen: ImageDraw.ImageDraw,
    over: float,
    foot: tuple[float, float],
    height: float,
    bend: float,
    half: float,
) -> None:
    """One blade of grass that bends over."""
    path = [(foot[0] + bend * t * t, foot[1] - height * t) for t in (0.0, 0.4, 0.75, 1.0)]
    widths = (half, half * 0.8, half * 0.45, 0.0)
    left = [((x - w) * over, y * over) for (x, y), w in zip(path, widths, strict=True)]
    right = [((x + w) * over, y * over) for (x, y), w in zip(path, widths, strict=True)]
    pen.polygon([*left, *reversed(right)], fill=255)


def _flowers(scene: Scene, canvas: Canvas, tips: list[tuple[float, float]]) -> None:
    """Small blooms in the accent's colour on the tips of the grass."""
    chance = scene.dice.units("blooms", len(tips), 2).tolist()
    tone = scene.lit(scene.palette.accent)
    for (x, y), (size, pale) in zip(tips, chance, strict=True):
        side = max(3, round((0.011 + 0.014 * size) * scene.unit))
        canvas.lay(
            mix(tone, scene.palette.sun, 0.55 * pale),
            _dot(side),
            (round(x - side / 2), round(y - side / 2)),
            210,
        )


@lru_cache(maxsize=64)
def _dot(side: int) -> Image.Image:
    """A small round mask."""
    return drawn(
        (side, side),
        lambda pen, over: pen.ellipse((over, over, (side - 1) * over, (side - 1) * over), fill=240),
    )


def paint_branches(scene: Scene, canvas: Canvas) -> None:
    """Dark branches that reach in from above."""
    pen = pen_for(scene, scene.dice.within("branch"), scene.size, 0.0, 2)
    wide, unit = scene.size[0] / scene.size[1], scene.unit / scene.size[1]
    ink = scaled(scene.palette.near, 0.8)
    for side in (-1, 1):
        root = (side * wide * 0.55, 1.0)
        reach = pen.dice.between(f"reach {side}", 0.3, 0.6) * unit
        tip = (root[0] - side * reach, 1 - 0.16 * unit)
        pen.line(ink, 0.03 * unit, root, ((root[0] + tip[0]) / 2, 1 - 0.02 * unit), tip, glowing=True)
        for t, angle, length in pen.dice.units(f"twigs {side}", 30, 3):
            foot = (root[0] + (tip[0] - root[0]) * float(t), 1 - 0.16 * unit * float(t) ** 1.5)
            leaf(
                pen,
                foot,
                -np.pi / 2 + (float(angle) - 0.5) * 2.6,
                (0.05 + 0.06 * float(length)) * unit,
                "20303a",
            )
    mask = pen.mask.reduce(2)
    canvas.lay(
        Image.new("RGB", scene.size, ink),
        blurred(mask, scene.unit * 0.004) if scene.hand.depth else mask,
        label=10,
    )
