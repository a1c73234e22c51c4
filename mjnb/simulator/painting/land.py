"""Ground: ridges of hills, peaks, dunes and pines, one behind the other in the haze."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from mjnb.simulator.painting.canvas import below, columns, grey, noise, wave
from mjnb.simulator.painting.ornament import contours, gold, wealth
from mjnb.simulator.painting.palettes import mix, scaled

if TYPE_CHECKING:
    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Dice, Floats
    from mjnb.simulator.painting.palettes import Colour
    from mjnb.simulator.painting.scene import Scene

Kind = Literal["hill", "peak", "dune", "pines", "bank", "isles", "rock", "grove"]


def across(scene: Scene) -> Floats:
    """The x of every pixel column, in short sides."""
    return (np.arange(scene.size[0], dtype=np.float32) + (0.5 - scene.left)) / scene.unit


def profile(dice: Dice, name: str, xs: Floats, kind: Kind, size: float) -> Floats:
    """How high a ridge stands above its foot, about 0..1, at the places ``xs`` (short sides).

    Args:
        dice: Where the numbers come from.
        name: Which numbers.
        xs: Where.
        kind: The shape.
        size: Its height in short sides: tall trees stand farther apart.
    """
    if kind == "peak":
        peak: Floats = np.clip(1 - np.abs(wave(dice, name, xs, 1.7, 6, 0.48)), 0, 1) ** 1.5
        return peak
    if kind == "dune":
        line = wave(dice, name, xs, 1.1, 2, 0.3)
        return 0.5 + 0.5 * np.sign(line) * np.abs(line) ** 0.8
    if kind in {"isles", "rock"}:
        coarse, sunk = (1.3, 0.07) if kind == "isles" else (2.3, 0.25)
        return np.abs(wave(dice, name, xs, coarse, 5, 0.52)) - sunk - 0.25 * (kind == "isles")
    swell = 0.5 + 0.42 * wave(dice, name, xs, 1.3 if kind == "bank" else 0.9, 3, 0.36)
    if kind == "pines":
        return 0.6 * swell + _treetops(dice, name, xs, size)
    return swell + _crowns(dice, name, xs, size) * (kind == "grove")


def _treetops(dice: Dice, name: str, xs: Floats, size: float) -> Floats:
    """The jagged outline of pines standing in a row, two rows deep."""
    line = np.zeros_like(xs)
    for row, spacing in enumerate((0.014 + 0.15 * size, 0.008 + 0.1 * size)):
        chance = dice.units(f"{name} trees {row}", 512, 2)
        for near in (-1, 0, 1):
            tree = np.floor(xs / spacing).astype(np.int32) + near
            shift, tall = chance[tree % 512, 0], chance[tree % 512, 1]
            away = np.abs(xs - (tree + 0.2 + 0.6 * shift) * spacing) / (spacing * 0.8)
            boughs = 0.07 * ((1 - away) * 5 % 1)
            line = np.maximum(
                line, np.where(away < 1, (0.3 + 0.7 * tall) * (np.maximum(1 - away, 0) ** 1.15 + boughs), 0)
            )
    return line


def _crowns(dice: Dice, name: str, xs: Floats, size: float) -> Floats:
    """The rounded outline of scattered trees."""
    line = np.zeros_like(xs)
    for cluster, x, wide in dice.units(f"{name} crowns", 44, 3).tolist():
        middle = (int(cluster * 6) + 0.5) * 0.34 + (x - 0.5) * 0.2
        radius = 0.008 + 0.016 * wide
        line = np.maximum(line, np.sqrt(np.maximum(radius**2 - (xs - middle) ** 2, 0)) * 1.25 / size)
    return line


def _sunlit(scene: Scene, fill: Image.Image, crest: Floats) -> None:
    """Light along the crest, on the side of the sun."""
    rows = min(fill.height, int(crest.max() + 0.09 * scene.unit))
    if rows < 1:
        return
    deep = np.maximum(0, np.arange(rows, dtype=np.float32)[:, None] - crest[None, :]) / scene.unit
    toward = np.exp(-(((np.arange(fill.width) - scene.sun_at[0]) / scene.unit) ** 2) * 5).astype(
        np.float32
    )[None, :]
    if scene.hand.levels:
        light = (deep < 0.012 + 0.03 * toward) * 0.35
    else:
        light = np.exp(deep * -38) * (0.12 + 0.5 * toward) * (0.4 + 0.6 * scene.style)
    fill.paste(mix(scene.palette.glow, scene.palette.sun, 0.35), (0, 0, fill.width, rows), grey(light))


def lay_ridge(
    scene: Scene,
    canvas: Canvas,
    name: str,
    kind: Kind,
    foot: float,
    height: float,
    top: Colour,
    bottom: Colour,
    label: int,
) -> Floats:
    """Lay one ridge and everything under it.

    Args:
        scene: The scene.
        canvas: Where it is laid.
        name: Which numbers it is made of.
        kind: Its shape.
        foot: Where its lowest point is, as a share of the picture's height.
        height: How high it rises, in short sides.
        top: The colour along its crest.
        bottom: The colour of the haze at its foot.
        label: Its grey level for the ink.

    Returns:
        The crest: pixels from the top for every column.
    """
    width, tall = scene.size
    crest = _crest(scene, name, kind, foot, height)
    first = int(max(0, np.floor(crest.min()) - 1))
    if first >= tall:
        return crest
    # What lies deeper is hidden by nearer ground: a flat colour will do there.
    deep = min(tall - first, round(max(height * 1.3, 0.36) * scene.unit))
    canvas.image.paste(bottom, (0, first + deep, width, tall))
    mask = below(crest - first, deep)
    haze = max(0.05, (height * scene.unit * 1.25) / deep)
    fill = columns(((0, top), (min(1, haze), bottom), (1, bottom)), (width, deep))
    _dress(scene, name, kind, fill, crest - first, (top, bottom))
    canvas.lay(fill, mask, (0, first), label)
    if canvas.inked:
        canvas.labels.paste(label, (0, first + deep, width, tall))
    return crest


def _crest(scene: Scene, name: str, kind: Kind, foot: float, height: float) -> Floats:
    """The outline of a ridge: pixels from the top for every column."""
    xs = across(scene)
    rise = profile(scene.dice, name, xs, kind, height)
    if kind in {"bank", "rock"}:  # the nearest ground frames the view
        rise = rise + 1.1 * np.abs(2 * xs * scene.unit / scene.size[0] - 1) ** 2.4
    return foot * scene.size[1] - height * scene.unit * rise


def _dress(
    scene: Scene, name: str, kind: Kind, fill: Image.Image, crest: Floats, tones: tuple[Colour, Colour]
) -> None:
    """What a ridge has beside its outline: crags or a lit crest, patches, contours."""
    if kind == "peak" and scene.style > 0.1:  # a plain peak is one flat shape
        _crags(scene, name, fill, crest, tones)
    _textured(scene, name, fill)
    if kind != "peak":
        _sunlit(scene, fill, crest)
    rows = min(fill.height, int(crest.max() + 0.22 * scene.unit))
    if wealth(scene) and rows > 0:
        under = (np.arange(rows, dtype=np.float32)[:, None] - crest[None, :]) / scene.unit
        fill.paste(gold(scene), (0, 0, fill.width, rows), grey(contours(scene, under)))


def _crags(scene: Scene, name: str, fill: Image.Image, crest: Floats, tones: tuple[Colour, Colour]) -> None:
    """Faces of rock towards the sun and away from it, and snow on the heights."""
    width = fill.width
    tall = min(fill.height, int(crest.max() + 0.34 * scene.unit))
    xs = across(scene)[None, :]
    deep = np.maximum(0, np.arange(tall, dtype=np.float32)[:, None] - crest[None, :]) / scene.unit
    toward = np.sign(scene.sun_at[0] - np.arange(width))[None, :].astype(np.float32)
    slope = np.sign(np.gradient(wave(scene.dice, name, across(scene), 1.7, 6, 0.48)))
    at = np.clip((xs + toward * deep * 0.55) * scene.unit + scene.left, 0, width - 1).astype(np.int32)
    facing = slope[at] * toward > 0
    top, bottom = tones
    sunlit = mix(top, mix(scene.palette.glow, scene.palette.sun, 0.5), 0.42)
    fill.paste(
        sunlit,
        (0, 0, width, tall),
        grey(facing * np.clip(1 - deep * 3.2, 0, 1) * (0.35 + 0.5 * scene.style)),
    )
    if scene.family in {"desert", "autumn"}:
        return
    teeth = wave(scene.dice, name + "snow", across(scene), 9, 3, 0.6)[None, :]
    line = np.clip((0.085 + 0.045 * teeth - deep) * 60, 0, 1) * np.clip(
        1.2 - crest[None, :] / scene.unit * 0.9, 0, 1
    )
    snow = mix(mix((246, 249, 255), scene.palette.low, 0.25), bottom, 0.1)
    fill.paste(scaled(snow, 0.8), (0, 0, width, tall), grey(line * 0.9))
    fill.paste(snow, (0, 0, width, tall), grey(line * facing))


def _textured(scene: Scene, name: str, fill: Image.Image) -> None:
    """Dark patches in a fill, stronger with style."""
    if scene.hand.levels or scene.style < 0.05:
        return
    small = (fill.width // 4 or 1, fill.height // 4 or 1)
    patches = noise(scene.dice, name + "patches", small, (4, 11), 4 if scene.hand.depth else 2)
    strength = (0.02 + 0.16 * scene.style * (0.6 + 0.6 * scene.hand.depth)) * 5.7
    fill.paste(
        scene.palette.near,
        (0, 0),
        grey((patches - 0.42) * strength).resize(fill.size, Image.Resampling.BILINEAR),
    )
