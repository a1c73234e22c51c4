"""Water: the scene upside down, broken by ripples, with the sun's path on it."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops

from mjnb.simulator.painting.canvas import grey, looked_up, noise
from mjnb.simulator.painting.ornament import paint_scales
from mjnb.simulator.painting.palettes import mix

if TYPE_CHECKING:
    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.scene import Scene

LABEL = 120


def paint_water(scene: Scene, canvas: Canvas, top: float, calm: float = 0.5, wet: int = 1) -> None:
    """Fill everything below ``top`` (a share of the height) with water.

    Args:
        scene: The scene.
        canvas: Already holds what is mirrored.
        top: The water line.
        calm: 1 is a mirror, 0 a rough sea.
        wet: By how much the mirror image is drawn out downwards, as on a wet street; 1 is not at all.
    """
    width, height = scene.size
    first = round(top * height)
    rows = height - first
    if rows < 2:
        return
    waves = _waves(scene, (width, rows))
    mirrored = _mirror(canvas, first, rows)
    if wet > 1:
        mirrored = mirrored.resize((width, max(2, rows // wet)), Image.Resampling.BOX).resize(
            (width, rows), Image.Resampling.BICUBIC
        )
    near = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    shift = (waves - 0.5) * (0.03 + 0.1 * near) * scene.unit * (1.3 - calm)
    at = np.clip(np.arange(width, dtype=np.float32)[None, :] + shift, 0, width - 1).astype(np.int32)
    water = looked_up(mirrored, np.arange(rows, dtype=np.int32)[:, None], at)
    depth = Image.new("RGB", water.size, mix(scene.palette.zenith, scene.palette.mid, 0.45))
    water = Image.composite(
        depth, water, grey(np.broadcast_to(0.12 + (0.62 - 0.3 * calm) * near**0.8, waves.shape))
    )
    canvas.lay(water, Image.new("L", water.size, 255), (0, first), LABEL)
    _glitter(scene, canvas, waves, near, first)
    paint_scales(scene, canvas, first)


def _mirror(canvas: Canvas, first: int, rows: int) -> Image.Image:
    """What stands above the water line, upside down and as tall as the water."""
    above = canvas.image.crop((0, max(0, first - rows), canvas.size[0], first)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    return above if above.height == rows else above.resize((above.width, rows), Image.Resampling.BILINEAR)


def _waves(scene: Scene, size: tuple[int, int]) -> Floats:
    """Ripples in perspective: fine and flat far away, broad near by; 0..1."""
    wide = size[0] // 2
    flat = noise(
        scene.dice, "waves", (wide, max(2, round(wide * 0.8))), (4.5, 36), 2 + round(1.4 * scene.style)
    )
    away = np.linspace(0, 1, size[1], dtype=np.float32)
    row = away / (away + 0.22) * 1.22
    seen = flat[np.clip(row * (flat.shape[0] - 1), 0, flat.shape[0] - 1).astype(np.int32)]
    return np.asarray(Image.fromarray(seen).resize(size, Image.Resampling.BILINEAR))


def _glitter(scene: Scene, canvas: Canvas, waves: Floats, near: Floats, first: int) -> None:
    """The path of light towards the sun, and a glint on the crests."""
    rows, width = waves.shape
    x = np.arange(width, dtype=np.float32)[None, :]
    path = np.exp(-(((x - scene.sun_at[0]) / scene.unit / (0.05 + 0.16 * near)) ** 2))
    sparkle = np.clip((waves - 0.6 + 0.16 * path) * 9, 0, 1)
    light = sparkle * (path * (0.55 + 0.45 * scene.style) + 0.05 + 0.1 * scene.style)
    box = (0, first, width, first + rows)
    under = canvas.image.crop(box)
    bright = ImageChops.screen(
        under, Image.new("RGB", under.size, mix(scene.palette.sun, scene.palette.glow, 0.25))
    )
    canvas.image.paste(bright, box, grey(light))
