"""Weather: snow and rain before the scene, mist within it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mjnb.simulator.painting.canvas import drawn, grey, noise
from mjnb.simulator.painting.palettes import mix

if TYPE_CHECKING:
    from PIL import ImageDraw

    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.scene import Scene


def paint_weather(scene: Scene, canvas: Canvas) -> None:
    """Let it snow or rain."""
    kind = scene.words.weather
    if kind == "snow":
        _snow(scene, canvas)
    elif kind == "rain" or scene.family == "storm":
        _rain(scene, canvas)


def _snow(scene: Scene, canvas: Canvas) -> None:
    """Flakes of all sizes, the near ones large and faint."""
    flakes = scene.dice.units(
        "flakes", round((90 + 260 * scene.style) * scene.size[0] * scene.size[1] / scene.unit**2), 3
    )

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        for x, y, z in flakes:
            r = (0.0012 + 0.0075 * float(z) ** 6) * scene.unit * over
            cx, cy = float(x) * scene.size[0] * over, float(y) * scene.size[1] * over
            pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=int(230 - 110 * float(z) ** 4))

    canvas.lay((252, 253, 255), drawn(scene.size, draw, 2))


def _rain(scene: Scene, canvas: Canvas) -> None:
    """Slanting streaks."""
    drops = scene.dice.units(
        "drops", round((120 + 260 * scene.style) * scene.size[0] * scene.size[1] / scene.unit**2), 3
    )
    slant = scene.dice.between("slant", -0.2, 0.2)

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        for x, y, z in drops:
            length = (0.02 + 0.06 * float(z)) * scene.unit * over
            cx, cy = (
                (float(x) * 1.2 - 0.1) * scene.size[0] * over,
                (float(y) * 1.1 - 0.1) * scene.size[1] * over,
            )
            pen.line(
                (cx, cy, cx + slant * length, cy + length),
                fill=int(45 + 95 * float(z)),
                width=max(1, round(0.0022 * scene.unit * over)),
            )

    canvas.lay(mix(scene.palette.sun, scene.palette.low, 0.35), drawn(scene.size, draw, 2))


def paint_mist(scene: Scene, canvas: Canvas) -> None:
    """Banks of mist around the horizon, where the words or the storm ask for them; behind the subject."""
    if scene.words.weather != "mist" and scene.family != "storm":
        return
    small = (scene.size[0] // 4 or 1, scene.size[1] // 4 or 1)
    rows = np.linspace(0, 1, small[1], dtype=np.float32)[:, None]
    bank = np.exp(-(((rows - scene.horizon - 0.06) / 0.16) ** 2)) * (
        0.4 + 0.9 * noise(scene.dice, "mist", small, (1.2, 4), 3)
    )
    mask = grey(bank * 0.75).resize(scene.size, Image.Resampling.BICUBIC)
    canvas.lay(mix(scene.palette.low, scene.palette.glow, 0.5), mask)
