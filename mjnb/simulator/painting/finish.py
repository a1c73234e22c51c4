"""The last touches: bloom, brushwork or sharpness, ink and cel shading, colour, vignette and grain."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from mjnb.simulator.painting.canvas import focused, grey, looked_up, noise, remembered
from mjnb.simulator.painting.dice import Dice

if TYPE_CHECKING:
    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.picture import Size
    from mjnb.simulator.painting.scene import Scene


def finish(scene: Scene, canvas: Canvas) -> Image.Image:
    """The finished picture (without its mark) in the hand of the scene's version."""
    hand, image = scene.hand, canvas.image
    if hand.depth and scene.place not in {"pond", "studio"}:  # light that fills the air before the land
        canvas.glow(scene.sun_at, scene.unit * 0.95, scene.palette.glow, 0.2 + 0.35 * scene.style)
    if hand.bloom and scene.style > 0.05:
        image = _bloom(image, hand.bloom * (0.25 + scene.style), scene.unit)
    if hand.soft:
        image = _brushed(scene, image)
    image = ImageEnhance.Color(image).enhance(
        (0.72 + 0.6 * scene.style**0.6) * hand.vivid * (1 + 0.2 * scene.weird)
    )
    image = image.point(_curve(0.94 + 0.2 * scene.style, hand.depth))
    if hand.sharp:
        image = focused(image, 1 + 0.75 * hand.sharp)
    if hand.screentone:
        _screentone(image, scene.unit)
    if hand.ink:
        _ink(scene, canvas, image)
    if hand.grain:
        image = ImageChops.overlay(
            image,
            _film(
                image.size,
                round(20 * hand.grain * (0.4 + scene.style)),
                round(8 * (0.4 + 0.6 * scene.style)),
            ),
        )
    return image


@lru_cache(maxsize=32)
def _curve(contrast: float, film: float) -> list[int]:
    """Contrast, and with ``film`` deep shadows that lean to teal and highlights that lean to amber, for three channels."""
    v = np.linspace(0, 1, 256)
    plain = 0.48 + (v - 0.48) * contrast + film * 0.05 * np.sin((v - 0.5) * 2 * np.pi)
    lean = film * np.sin(v * np.pi) * (v - 0.5) * 0.09
    return [
        int(x)
        for channel in (plain + lean, plain, plain - lean * 1.1)
        for x in np.clip(channel * 255 + 0.5, 0, 255)
    ]


def _bloom(image: Image.Image, strength: float, unit: int) -> Image.Image:
    """Light that spills from the bright places."""
    step = max(2, unit // 80)
    part = min(1.0, strength * 1.1)
    small = image.reduce(step).point(
        [0 if v < 165 else int((v - 165) * 1.8 * part) for v in range(256)] * 3
    )
    spill = small.filter(ImageFilter.GaussianBlur(unit * 0.028 / step)).resize(
        image.size, Image.Resampling.BILINEAR
    )
    return ImageChops.screen(image, spill)


def _brushed(scene: Scene, image: Image.Image) -> Image.Image:
    """Short strokes: every pixel takes its colour from near by, neighbours from the same place; then the bristles."""
    width, height = image.size
    reach = scene.unit * 0.0025 * scene.hand.soft * (0.6 + 0.6 * scene.style)
    dx, dy = _strokes(image.size)
    xs = np.clip(np.arange(width)[None, :] + dx * reach, 0, width - 1).astype(np.int32)
    ys = np.clip(np.arange(height)[:, None] + dy * reach, 0, height - 1).astype(np.int32)
    wet = focused(looked_up(image, ys, xs), 0.55)
    return Image.blend(wet, ImageChops.overlay(wet, _bristles(image.size)), 0.3 + 0.45 * scene.style)


@remembered
def _strokes(size: Size) -> tuple[Floats, Floats]:
    """How far every pixel reaches for its colour: (right, down), about -1..1."""
    dice = Dice("strokes")
    return (noise(dice, "x", size, (60, 100), 2) - 0.5) * 4, (
        noise(dice, "y", size, (100, 60), 2) - 0.5
    ) * 4


@remembered
def _bristles(size: Size) -> Image.Image:
    """The marks of a brush that dabs this way and that (RGB, around middle grey)."""
    dice = Dice("bristles")
    hair = noise(dice, "level", size, (16, 110), 2), noise(dice, "upright", size, (110, 16), 2)
    which = np.clip((noise(dice, "dabs", size, (7, 7), 3) - 0.5) * 3 + 0.85, 0, 1)
    return Image.merge("RGB", [grey(0.5 + (hair[0] * which + hair[1] * (1 - which) - 0.5) * 0.3)] * 3)


def _ink(scene: Scene, canvas: Canvas, image: Image.Image) -> None:
    """Dark outlines wherever one thing ends and another begins."""
    labels = canvas.labels
    beside = ImageChops.difference(labels, ImageChops.offset(labels, 1, 0))
    above = ImageChops.difference(labels, ImageChops.offset(labels, 0, 1))
    edge = ImageChops.lighter(beside, above).point([min(255, max(0, v - 5) * 14) for v in range(256)])
    ImageDraw.Draw(edge).rectangle(
        (0, 0, edge.width - 1, edge.height - 1), outline=0
    )  # where the offset wraps around
    line = edge.filter(
        ImageFilter.GaussianBlur(max(0.45, scene.unit / (950 if scene.hand.screentone else 700)))
    )
    strength = 2.0 * scene.hand.ink
    image.paste((24, 18, 38), (0, 0), line.point([min(255, int(v * strength)) for v in range(256)]))


def _screentone(image: Image.Image, unit: int) -> None:
    """Dots in the shadows, larger where it is darker."""
    dark = image.convert("L").point([max(0, min(255, int((112 - v) * 2.4))) for v in range(256)])
    dots = ImageChops.add(_dots(image.size, max(3.0, unit / 105)), dark, offset=-255)
    image.paste((16, 14, 34), (0, 0), dots.point([min(95, v * 4) for v in range(256)]))


@remembered
def _dots(size: Size, pitch: float) -> Image.Image:
    """A screen of dots, turned by 45 degrees (L): bright in their middles."""
    x, y = np.arange(size[0], dtype=np.float32)[None, :], np.arange(size[1], dtype=np.float32)[:, None]
    turn = 2 * np.pi / pitch * np.sqrt(0.5)
    return grey(0.5 + 0.5 * np.cos((x + y) * turn) * np.cos((x - y) * turn))


@remembered
def _film(size: Size, grain: int, vignette: int) -> Image.Image:
    """Grain and a fall-off to the corners, around middle grey, to be overlaid (RGB)."""
    x, y = (
        np.linspace(-1, 1, size[0], dtype=np.float32)[None, :] ** 2,
        np.linspace(-1, 1, size[1], dtype=np.float32)[:, None] ** 2,
    )
    tone = 128 + _dust(size) * (1.1 * grain) - 3.4 * vignette * (x + y) ** 1.5
    return Image.merge("RGB", [Image.fromarray(np.clip(tone, 0, 255).astype(np.uint8))] * 3)


@remembered
def _dust(size: Size) -> Floats:
    """Normally distributed noise, shape (height, width)."""
    return np.random.default_rng(7).standard_normal((size[1], size[0]), dtype=np.float32)
