"""What stylize adds: rings around the sun, filigree in the sky, scales on the sea, contours on the hills, a border."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mjnb.simulator.painting.canvas import drawn
from mjnb.simulator.painting.palettes import mix

if TYPE_CHECKING:
    from PIL import ImageDraw

    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.palettes import Colour
    from mjnb.simulator.painting.scene import Scene

BEGINS = 0.42  # the style from which on ornament appears; stylize 180


def wealth(scene: Scene) -> float:
    """How ornate: 0 up to stylize 180, 1 at 1000."""
    return max(0.0, (scene.style - BEGINS) / (1 - BEGINS))


def gold(scene: Scene) -> Colour:
    """The colour of ornament."""
    return mix(scene.palette.sun, scene.palette.accent, 0.25)


def paint_halo(scene: Scene, canvas: Canvas) -> None:
    """Rings, beads and spikes around the sun."""
    rich = wealth(scene)
    if not rich:
        return
    outer = (scene.sun[2] * 1.5 + 0.17 * rich) * scene.unit
    side = round(outer * 2) + 6

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        middle, thin = side / 2 * over, max(1, round(0.0024 * scene.unit * over))
        first = scene.sun[2] * 1.28 * scene.unit * over
        for ring in range(1 + round(3 * rich)):
            r = first + (outer * over - first) * ring / 4
            pen.ellipse(
                (middle - r, middle - r, middle + r, middle + r), outline=round(210 * rich**0.5), width=thin
            )
            beads = 24 + 12 * ring
            for angle in np.linspace(0, 2 * np.pi, beads, endpoint=False):
                x, y = middle + np.cos(angle) * (r + thin * 4), middle + np.sin(angle) * (r + thin * 4)
                pen.ellipse((x - thin, y - thin, x + thin, y + thin), fill=round(200 * rich))
        for number, angle in enumerate(np.linspace(0, 2 * np.pi, 48, endpoint=False)):
            far = outer * over * (1 if number % 2 else 0.86)
            near = first + (far - first) * 0.55
            pen.line(
                [(middle + np.cos(angle) * d, middle + np.sin(angle) * d) for d in (near, far)],
                fill=round(150 * rich),
                width=thin,
            )

    x, y = scene.sun_at
    canvas.lay(gold(scene), drawn((side, side), draw), (round(x - side / 2), round(y - side / 2)))


def paint_filigree(scene: Scene, canvas: Canvas) -> None:
    """Curling lines in the sky, in pairs, like wind drawn with a fine pen."""
    rich = wealth(scene)
    count = round(9 * rich)
    if not count:
        return
    size = (scene.size[0], max(2, round(scene.size[1] * scene.horizon)))

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        for x, y, z, turn in scene.dice.units("curls", 9, 4)[:count]:
            start = (float(x) * size[0] * over, (0.08 + 0.75 * float(y)) * size[1] * over)
            reach = (0.05 + 0.07 * float(z)) * scene.unit * over
            _curl(
                pen,
                start,
                reach,
                1 if turn > 0.5 else -1,
                max(1, round(0.0026 * scene.unit * over)),
                round(90 + 110 * rich),
            )

    canvas.lay(gold(scene), drawn(size, draw, 2))


def _curl(
    pen: ImageDraw.ImageDraw, start: tuple[float, float], reach: float, way: int, width: int, tone: int
) -> None:
    """Parallel lines that run level and roll up into a spiral."""
    for number in range(3):
        t = np.linspace(0, 1, 48)
        angle = t * 2 * np.pi * (1.6 - 0.35 * number)
        radius = reach * (1 - 0.2 * number) * (1 - 0.8 * t)
        xs, ys = start[0] + way * radius * np.sin(angle), start[1] + radius * np.cos(angle)
        tail = np.linspace(reach * (4.5 - 1.1 * number), 0, 16)[:-1]
        stem = [(start[0] - way * d, ys[0] + reach * 0.1 * np.sin(d / reach)) for d in tail.tolist()]
        pen.line(
            [*stem, *zip(xs.tolist(), ys.tolist(), strict=True)], fill=tone, width=width, joint="curve"
        )


def paint_scales(scene: Scene, canvas: Canvas, top: int) -> None:
    """Overlapping arcs on the water from row ``top`` on, growing towards the viewer."""
    rich = wealth(scene)
    if rich < 0.15:
        return
    size = (scene.size[0], scene.size[1] - top)

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        y, row = 0.02 * scene.unit * over, 0
        while y < (size[1] + 0.05 * scene.unit) * over:
            near = y / (size[1] * over)
            r = (0.018 + 0.05 * near) * scene.unit * over
            for x in np.arange(-r * (row % 2), size[0] * over + r, 2 * r):
                for inner in (1.0, 0.55):
                    box = (x - r * inner, y - r * 0.5 * inner, x + r * inner, y + r * 0.5 * inner)
                    pen.arc(
                        box,
                        180,
                        360,
                        fill=round((30 + 95 * near) * rich * inner),
                        width=max(1, round(0.0022 * scene.unit * over)),
                    )
            y, row = y + r * 0.42, row + 1

    canvas.lay(gold(scene), drawn(size, draw, 2), (0, top))


def contours(scene: Scene, depth: Floats) -> Floats:
    """Lines that follow a crest, as a mask in 0..1.

    Args:
        scene: The scene.
        depth: How far every pixel lies under the crest, in short sides.
    """
    rich = wealth(scene)
    lines = np.clip(np.cos(depth * 2 * np.pi / 0.021) * 6 - 4.9, 0, 1)
    mask: Floats = lines * np.clip(1.1 - depth * 5, 0, 1) * (depth > 0.004) * 0.55 * rich
    return mask


def paint_border(scene: Scene, canvas: Canvas) -> None:
    """A fine double line along the edges, with a fan in every corner."""
    rich = wealth(scene)
    if rich < 0.55:
        return
    tone = round(230 * (rich - 0.3))

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        width, height = scene.size[0] * over, scene.size[1] * over
        thin = max(1, round(0.0026 * scene.unit * over))
        for inset in (0.022, 0.032):
            d = inset * scene.unit * over
            pen.rectangle((d, d, width - d, height - d), outline=tone, width=thin)
        d = 0.032 * scene.unit * over
        for x, y, start in (
            (d, d, 0),
            (width - d, d, 90),
            (width - d, height - d, 180),
            (d, height - d, 270),
        ):
            for step in range(1, 6):
                r = 0.016 * step * scene.unit * over
                pen.arc((x - r, y - r, x + r, y + r), start, start + 90, fill=tone, width=thin)

    canvas.lay(gold(scene), drawn(scene.size, draw, 2))
