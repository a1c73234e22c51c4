"""Cities: rows of towers with lit windows, signs and the wet street in front."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mjnb.simulator.painting.canvas import columns, grey
from mjnb.simulator.painting.land import across
from mjnb.simulator.painting.palettes import colour, mix, scaled
from mjnb.simulator.painting.water import paint_water

if TYPE_CHECKING:
    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.scene import Scene


def paint_city(scene: Scene, canvas: Canvas) -> None:
    """Three rows of towers, the nearest the tallest, and a wet street that mirrors them."""
    p = scene.palette
    street = min(0.84, scene.horizon + 0.14)
    for row, (height, width, depth) in enumerate(
        ((0.3, 0.05, 0.72), (0.42, 0.085, 0.38), (0.56, 0.13, 0.0))
    ):
        top = mix(p.near, mix(p.far, p.low, 0.35), depth)
        _towers(
            scene,
            canvas,
            row,
            street,
            (height, width, depth),
            scaled(top, 0.9 + 0.15 * row * (not scene.dark)),
        )
    _signs(scene, canvas, street)
    paint_water(scene, canvas, street, calm=0.8, wet=max(2, scene.unit // 50))


def _towers(
    scene: Scene,
    canvas: Canvas,
    row: int,
    street: float,
    shape: tuple[float, float, float],
    top: tuple[int, int, int],
) -> None:
    """One row of towers: (height, width) in short sides, and depth."""
    height, breadth, depth = shape
    dice, xs = scene.dice.within(f"towers {row}"), across(scene)
    chance = dice.units("towers", 96, 4)
    place = xs / breadth + 0.3 * row
    tower = place.astype(np.int32) % 96
    inside = place % 1
    middle = 1 - np.abs(xs * scene.unit / scene.size[0] - dice.between("crowd", 0.25, 0.75)) * 1.1
    rise = (
        height
        * (0.3 + 0.7 * chance[tower, 0])
        * middle
        * (0.6 + 0.4 * (row != 2) + 0.25 * chance[tower, 1])
    )
    setback = (np.abs(inside - 0.5) > 0.26 + 0.2 * chance[tower, 2]) * height * 0.09
    spire = (np.abs(inside - 0.5) < 0.04) * (chance[tower, 3] > 0.6) * height * 0.22
    crest = street * scene.size[1] - (rise - setback + spire) * scene.unit
    gap = inside < 0.06  # a sliver of air between neighbours
    crest = np.where(gap, crest + height * 0.12 * scene.unit, crest)
    first = int(max(0, crest.min() - 1))
    last = round(street * scene.size[1]) + 1
    rows = np.arange(first, last, dtype=np.float32)[:, None]
    mask = np.clip(rows - crest[None, :] + 0.5, 0, 1)
    haze = mix(top, mix(scene.palette.glow, scene.palette.low, 0.5), 0.25 + 0.35 * depth)
    fill = columns(((0, top), (0.55, top), (1, haze)), (scene.size[0], last - first))
    side = grey(np.broadcast_to((inside > 0.62)[None, :] * 0.35, mask.shape))
    fill.paste(Image.new("RGB", fill.size, scaled(top, 0.6)), (0, 0), side)
    _windows(scene, fill, row, (rows, crest, place, inside), depth)
    canvas.lay(fill, grey(mask), (0, first), 90 + 40 * row)


def _windows(
    scene: Scene,
    fill: Image.Image,
    row: int,
    grid: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    depth: float,
) -> None:
    """Rows of windows, some of them lit."""
    rows, crest, place, inside = grid
    dice = scene.dice.within(f"windows {row}")
    pitch = (0.0095, 0.013, 0.019)[row] * scene.unit
    story = (rows - crest[None, :]) / pitch
    panes = (5, 6, 8)[row]
    pane = (inside * panes)[None, :]
    share = 0.5 if scene.dark else 0.16
    lit = dice.units("lit", 509)[
        ((place.astype(np.int32)[None, :] * 97) + story.astype(np.int32) * 31 + pane.astype(np.int32) * 7)
        % 509
    ]
    open_ = (story > 0.8) & (story % 1 > 0.42) & (np.abs(pane % 1 - 0.5) < 0.3)
    brightness = open_ * np.where(lit < share, 0.35 + lit / share * 0.65, 0.0) * (1 - 0.75 * depth)
    warm = mix(colour("ffd38a"), scene.palette.glow, 0.3)
    fill.paste(Image.new("RGB", fill.size, warm), (0, 0), grey(brightness * (0.55 + 0.4 * scene.style)))
    cool = open_ & (lit > 0.9)
    fill.paste(Image.new("RGB", fill.size, scene.palette.accent), (0, 0), grey(cool * 0.8 * (1 - depth)))


def _signs(scene: Scene, canvas: Canvas, street: float) -> None:
    """Upright neon signs on the near towers."""
    if not scene.dark:
        return
    p = scene.palette
    inks = (p.accent, p.glow, colour("ff4f7a"), colour("4fe0ff"), colour("ffd166"))
    for number, (x, y, tall, ink) in enumerate(scene.dice.units("signs", 5 + round(7 * scene.style), 4)):
        left, foot = float(x) * scene.size[0], (street - 0.03 - 0.17 * float(y)) * scene.size[1]
        width, height = (
            max(2, round(0.013 * scene.unit)),
            max(4, round((0.05 + 0.07 * float(tall)) * scene.unit)),
        )
        tone = inks[int(ink * 4.99)]
        canvas.glow((left, foot - height / 2), height * 1.5, tone, 0.75)
        cells = Image.new("L", (width, height), 255)
        bars = (np.arange(height) % max(3, height // (4 + number % 3)) > 1)[:, None] * np.ones((1, width))
        canvas.lay(
            mix(tone, (255, 255, 255), 0.45),
            grey(bars.astype(np.float32)) if height > 8 else cells,
            (round(left - width / 2), round(foot - height)),
            200,
        )
