"""A pond from above: koi among lily pads under the mirrored sky."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from mjnb.simulator.painting.canvas import blurred, drawn, grey, noise
from mjnb.simulator.painting.motifs import pen_for
from mjnb.simulator.painting.motifs.pen import shaded
from mjnb.simulator.painting.motifs.plants import bloom
from mjnb.simulator.painting.motifs.swimmers import koi
from mjnb.simulator.painting.palettes import mix, scaled

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.motifs import Pen
    from mjnb.simulator.painting.scene import Scene

_PATCHES = ("e2562a", "d8312b", "f08a2c")


def paint_pond(scene: Scene, canvas: Canvas) -> None:
    """Fill the canvas with the pond."""
    _depths(scene, canvas)
    if scene.motif:
        _layer(scene, canvas, _school, 0.16)
    _rings(scene, canvas)
    _layer(scene, canvas, _lilies, 0.0)


def _depths(scene: Scene, canvas: Canvas) -> None:
    """Dark water with a gleam of sky."""
    p = scene.palette
    small = (scene.size[0] // 2, scene.size[1] // 2)
    deep, sky = (
        np.array(mix(p.zenith, p.near, 0.35), np.float32),
        np.array(mix(p.low, p.glow, 0.4), np.float32),
    )
    across = (np.arange(small[0]) / small[0] - scene.sun[0])[None, :]
    down = (np.arange(small[1]) / small[1] - 0.25)[:, None]
    gleam = np.exp(-(across**2 + down**2) * 3.2) * 0.75
    murk = noise(scene.dice, "murk", small, (1.6, 1.6), 3 + round(2 * scene.style))
    share = np.clip(gleam * (0.5 + murk) + (murk - 0.5) * 0.4, 0, 1)[..., None].astype(np.float32)
    canvas.image.paste(
        Image.fromarray((deep + (sky - deep) * share).astype(np.uint8)).resize(
            scene.size, Image.Resampling.BICUBIC
        )
    )
    if scene.style > 0.15:
        net = 1 - np.abs(noise(scene.dice, "net", small, (5, 5), 2) - 0.5) * 9
        light = grey(np.clip(net, 0, 1) * 0.3 * scene.style).resize(scene.size)
        canvas.image.paste(
            ImageChops.screen(canvas.image, Image.new("RGB", scene.size, p.low)), (0, 0), light
        )


def _layer(scene: Scene, canvas: Canvas, draw: Callable[[Pen], None], shadow: float) -> None:
    """What floats, with its shadow on the ground below."""
    over = 2
    pen = pen_for(scene, scene.dice.within("pond"), scene.size, 0.0, over)
    draw(pen)
    colours, mask, parts = shaded(pen, over, 1.0 if scene.sun[0] > 0.5 else -1.0, flip=False)
    lift = round((0.02 + shadow * 0.1) * scene.unit)
    fall = blurred(ImageChops.offset(mask, lift, lift), scene.unit * 0.012).point(lambda v: v * 0.45)
    canvas.lay(scaled(scene.palette.near, 0.6), fall)
    canvas.lay(colours, mask)
    if canvas.inked:
        canvas.labels.paste(parts, (0, 0), mask)


def _school(pen: Pen) -> None:
    """Some koi circling the middle."""
    scene = pen.scene
    wide = scene.size[0] / scene.size[1]
    length = 0.4 * scene.unit / scene.size[1]
    count = {"near": 3, "far": 7, "pair": 2}.get(scene.arrangement, 5)
    length *= {"near": 1.35, "far": 0.75, "pair": 1.3}.get(scene.arrangement, 1.0)
    start = pen.dice.between("start", 0, 2 * np.pi)
    for number in range(count):
        turn = start + number * 2 * np.pi / count + pen.dice.between(f"turn {number}", -0.25, 0.25)
        away = pen.dice.between(f"away {number}", 0.3, 0.62) * (0.72 if count < 5 else 1.0)
        nose = (np.cos(turn) * away * wide * 0.72, 0.5 + np.sin(turn) * away * 0.62)
        heading = turn + np.pi * 0.55 + pen.dice.between(f"heading {number}", -0.3, 0.3)
        koi(
            pen,
            nose,
            heading,
            length * pen.dice.between(f"length {number}", 0.8, 1.1),
            -0.55,
            pen.dice.pick(f"patch {number}", _PATCHES),
        )


def _lilies(pen: Pen) -> None:
    """Lily pads at the edges, some in flower."""
    scene = pen.scene
    wide, unit = scene.size[0] / scene.size[1], scene.unit / scene.size[1]
    for number, (a, r, z) in enumerate(pen.dice.units("lilies", 15, 3)):
        turn = float(a) * 1.4 + number * 2.4
        x, y = np.cos(turn) * wide * (0.42 + 0.12 * float(r)), 0.5 + np.sin(turn) * (0.42 + 0.12 * float(r))
        radius = (0.05 + 0.06 * float(z)) * unit
        angle = np.linspace(0.28, 2 * np.pi - 0.12, 30) + turn
        rim = np.stack([x + np.cos(angle) * radius, y + np.sin(angle) * radius], axis=1)
        ink = ("3f7a4a", "5a9450", "2f6648")[number % 3]
        pen.poly(ink, (x, y), *map(tuple, rim.tolist()))
        for vein in angle[3::5]:
            pen.line(
                pen.tone(ink, 1.25),
                radius * 0.05,
                (x, y),
                (x + np.cos(vein) * radius * 0.9, y + np.sin(vein) * radius * 0.9),
            )
        if number % 4 == 0:
            bloom(pen, (x, y), radius * 0.75, "f6b8cc" if number % 8 else "fdf3ee", petals=9)


def _rings(scene: Scene, canvas: Canvas) -> None:
    """Rings on the surface."""

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        for x, y, z in scene.dice.units("rings", 5, 3):
            for ring in range(1, 4):
                r = (0.02 + 0.045 * float(z)) * ring * scene.unit * over
                cx, cy = float(x) * scene.size[0] * over, float(y) * scene.size[1] * over
                pen.ellipse(
                    (cx - r, cy - r, cx + r, cy + r),
                    outline=110 - 28 * ring,
                    width=max(1, round(0.003 * scene.unit * over)),
                )

    canvas.lay(scene.palette.sun, drawn(scene.size, draw, 2))
