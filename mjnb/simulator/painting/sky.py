"""Skies: a gradient, the sun or moon with its glow and rays, veils and banks of cloud, stars."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageFilter

from mjnb.simulator.painting.canvas import drawn, grey, noise
from mjnb.simulator.painting.land import across
from mjnb.simulator.painting.palettes import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import ImageDraw

    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.scene import Scene

_INK: Final = (24, 18, 38)
_CLOUDY: Final = {"clear": 0.25, "rain": 1.0, "mist": 0.6, "stars": 0.2, "snow": 0.7}  # by weather


def paint_sky(scene: Scene, canvas: Canvas) -> None:
    """Cover the whole canvas with sky: the ground comes later."""
    step = 2 if scene.hand.levels else 3  # light has no edges: a few of the pixels are enough
    small = (-(-scene.size[0] // step), -(-scene.size[1] // step))
    light = _gradient(scene, small)
    distance = _distance(scene, small)
    _shine(scene, light, distance)
    if scene.style > 0.25 and not scene.hand.ink:
        _rays(scene, light, distance)
    _veils(scene, light, distance)
    sky = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
    canvas.image.paste(sky.resize(scene.size, Image.Resampling.BILINEAR))
    if scene.dark or scene.words.weather == "stars":
        _stars(scene, canvas)
    _disc(scene, canvas)
    _banks(scene, canvas)


def cloudiness(scene: Scene) -> float:
    """How much of the sky is cloud, 0..1."""
    if scene.family == "storm":
        return 1.0
    chance = 0.3 * bool(scene.hand.screentone) + scene.dice.between("clouds", 0.35, 0.85)
    return _CLOUDY.get(scene.words.weather, chance) * (0.6 if scene.dark else 1.0)


def _gradient(scene: Scene, size: tuple[int, int]) -> Floats:
    """Shape (height, width, 3), 0..255."""
    p, ground = scene.palette, scene.horizon
    places = (
        *(scene.top + (ground - scene.top) * share for share in (0.0, 0.42, 0.8, 1.0)),
        max(1.0, ground),
    )
    colours = (p.zenith, p.high, p.low, p.glow, p.glow)
    rows = np.linspace(0, 1, size[1])
    bands = [np.interp(rows, places, [c[k] for c in colours]) for k in range(3)]
    column = np.stack(bands, axis=1).astype(np.float32)[:, None, :]
    return np.repeat(column, size[0], axis=1)


def _distance(scene: Scene, size: tuple[int, int]) -> Floats:
    """Of every pixel to the sun, in short sides."""
    unit = scene.unit * size[0] / scene.size[0]
    sideways = (np.arange(size[0], dtype=np.float32) - scene.sun[0] * size[0]) / unit
    down = (np.arange(size[1], dtype=np.float32) - scene.sun[1] * size[1]) / unit
    distance: Floats = np.hypot(sideways[None, :], down[:, None])
    return distance


def _shine(scene: Scene, light: Floats, distance: Floats) -> None:
    """The air around the sun; a few flat rings of it in a cel-shaded sky."""
    strength = (0.32 + 0.5 * scene.style) * (0.7 if scene.dark else 1.0)
    halo = np.exp(-distance * 4.0) * strength + np.exp(-distance * 12) * 0.4 * strength
    if scene.hand.levels:
        steps = scene.hand.levels / strength
        halo = np.floor(halo * steps + 0.35) / steps
    glow = np.array(mix(scene.palette.glow, scene.palette.sun, 0.6), np.float32)
    light += (glow - light) * np.minimum(halo, 1)[..., None]


def _rays(scene: Scene, light: Floats, distance: Floats) -> None:
    """Beams from the sun, stronger with style."""
    height, width = distance.shape
    sideways = np.arange(width, dtype=np.float32) - scene.sun[0] * width
    down = np.arange(height, dtype=np.float32) - scene.sun[1] * height
    angle = np.arctan2(down[:, None], sideways[None, :])
    knots = scene.dice.units("rays", 96)
    knots[-1] = knots[0]
    at = (angle * (95 / (2 * np.pi)) + 47.5).astype(np.float32)
    low = np.minimum(at.astype(np.int32), 94)
    share = at - low
    beam = (knots[low] * (1 - share) + knots[low + 1] * share) ** 2
    beam *= (
        np.exp(-distance * 1.9)
        * (scene.style - 0.2)
        * (28 if scene.dark else 62)
        * (1 + 0.5 * scene.hand.depth)
    )
    light += beam[..., None] * (np.array(scene.palette.sun, np.float32) / 255)


def _veils(scene: Scene, light: Floats, distance: Floats) -> None:
    """Thin, drawn-out cloud with the sun on its underside."""
    height, width = distance.shape
    amount = cloudiness(scene)
    billow = noise(scene.dice, "veil", (width, height), (1.1, 6.5), 3 + round(2 * scene.style))
    hard = scene.hand.levels > 0
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None] / scene.horizon
    reach = np.clip(1.1 - np.abs(rows - 0.6) * 1.3, 0, 1)
    cover = np.clip((billow - (0.8 - 0.36 * amount * reach)) / (0.03 if hard else 0.22), 0, 1)
    cover = (cover * cover * (3 - 2 * cover)) * (0.5 if hard else 0.3 + 0.5 * scene.style)
    lit = np.array(mix(scene.palette.glow, scene.palette.sun, 0.4), np.float32)
    shade = np.array(mix(scene.palette.high, scene.palette.low, 0.35), np.float32)
    warm = np.exp(-distance * 1.5) * 1.2 * np.clip(1.35 - billow, 0, 1) + 0.12
    tone = shade + (lit - shade) * np.clip(warm, 0, 1)[..., None]
    light += (tone - light) * cover[..., None]


def _banks(scene: Scene, canvas: Canvas) -> None:
    """Heaps of cloud above the horizon, the farthest first."""
    amount = cloudiness(scene)
    count = round((1 + 3.4 * amount) * (0.55 + 0.6 * scene.style if not scene.hand.ink else 1.1))
    for number in range(count):
        near = number / max(1, count - 1)
        share = scene.dice.between(f"bank y {number}", 0.02, 0.2) + 0.3 * (1 - near) * (number % 2)
        foot = max(0.06, scene.horizon * (1 - share)) * scene.size[1]
        lay_bank(
            scene,
            canvas,
            f"bank {number}",
            foot,
            0.06 + 0.15 * amount * scene.dice.unit(f"bank h {number}"),
            near,
            0.55 + 0.35 * amount,
        )


def lay_bank(
    scene: Scene, canvas: Canvas, name: str, foot: float, height: float, near: float, dense: float
) -> None:
    """One heap of cloud, solid at its crest and fading downwards.

    Args:
        scene: The scene.
        canvas: Where it is laid.
        name: Which numbers it is made of.
        foot: Its lower edge, in pixels from the top.
        height: Its height in short sides.
        near: 0 far, 1 near: how much of the light it catches.
        dense: How solid it is, 0..1.
    """
    rise = puffs(scene, name, height)
    crest = foot - rise * scene.unit
    first, last = int(max(0, crest.min() - 1)), int(min(scene.size[1], foot + 1))
    if last - first < 3:
        return
    step = 1 if scene.hand.levels else 2  # a soft cloud needs but a quarter of the pixels
    rows = np.arange(first, last, step, dtype=np.float32)[:, None]
    deep = (rows - crest[None, ::step]) / scene.unit
    fade = np.clip((foot - rows) / (height * scene.unit * 0.8), 0, 1)
    solid = np.clip(deep * scene.unit + 0.5, 0, 1) * fade * dense
    toward = np.exp(-((across(scene)[::step] - (scene.sun_at[0] - scene.left) / scene.unit) ** 2) * 3.0)[
        None, :
    ]
    if scene.hand.levels:
        lit = np.where(deep < 0.018 + 0.02 * toward, 0.95, np.where(deep < 0.06, 0.5, 0.2))
    else:
        lit = (0.3 + 0.75 * toward) * np.exp(np.maximum(deep, 0) * -11)
    p, size = scene.palette, (scene.size[0], last - first)
    bright = mix(mix(p.glow, p.sun, 0.7), p.low, 0.45 * (1 - near) + 0.25 * scene.dark)
    shade = mix(mix(p.high, p.low, 0.55), p.far, 0.25 * near)
    for tone, mask in ((shade, solid), (bright, solid * np.clip(lit, 0, 1))):
        canvas.lay(tone, grey(mask).resize(size, Image.Resampling.BILINEAR), (0, first))
    if canvas.inked:
        _outline(scene, canvas, crest, rise > 0.02 * height)


def _outline(scene: Scene, canvas: Canvas, crest: Floats, there: NDArray[np.bool_]) -> None:
    """Ink along the crest of a cloud, but not along its foot, where it dissolves."""
    first = int(max(0, crest.min() - 2))
    rows = np.arange(first, int(min(scene.size[1], crest.max() + 2)), dtype=np.float32)[:, None]
    steep = np.hypot(1, np.gradient(crest))[None, :]  # so that a steep stroke is as wide as a level one
    away = np.abs(rows - crest[None, :]) / steep
    line = np.clip(scene.unit / 420 - away + 0.5, 0, 1) * there[None, :] * 0.8 * scene.hand.ink
    canvas.lay(_INK, grey(line), (0, first))


def puffs(scene: Scene, name: str, height: float) -> Floats:
    """The outline of a heap of cloud: how high it stands (short sides) in every pixel column."""
    xs = across(scene)
    wide = scene.size[0] / scene.unit
    dice = scene.dice.within(name)
    middles = (dice.units("middle", 3) * wide).tolist()
    body = [np.maximum(0, 1 - ((xs - middle) / 0.42) ** 2) * height * 0.6 for middle in middles]
    line: Floats = np.maximum.reduce(body)
    for number, (x, r, _) in enumerate(dice.units("puffs", 33, 3).tolist()):
        place = (x - 0.5) * 0.8
        radius = height * (0.18 + 0.3 * r) * (1 - 1.3 * place**2)
        centre = height * 0.6 * max(0.0, 1 - (place / 0.42) ** 2) * 0.92
        inside = radius**2 - (xs - middles[number % 3] - place) ** 2
        line = np.maximum(line, np.where(inside > 0, centre + np.sqrt(np.maximum(inside, 0)), 0))
    return line


def _stars(scene: Scene, canvas: Canvas) -> None:
    """Points of light, more and larger with style, fewer near the horizon."""
    count = round((50 + 330 * scene.style) * scene.size[0] * scene.size[1] / scene.unit**2)
    spots = scene.dice.units("stars", count, 3).tolist()
    ground = scene.horizon

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        for x, y, z in spots:
            radius = (0.0007 + 0.0021 * z**6) * scene.unit * over
            cx, cy = x * scene.size[0] * over, y**1.4 * ground * scene.size[1] * over
            pen.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), fill=int(110 + 145 * z))

    canvas.lay(scene.palette.sun, drawn(scene.size, draw, 2))


def _disc(scene: Scene, canvas: Canvas) -> None:
    """The sun or the moon."""
    radius = scene.sun[2] * scene.unit
    side = round(radius * 2) + 4 + 2 * round(scene.unit / 300)
    x, y = scene.sun_at
    cut = (
        radius * scene.dice.between("phase", 0.25, 0.6)
        if scene.dark and scene.dice.unit("crescent") > 0.5
        else 0.0
    )

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        middle, r = side / 2 * over, radius * over
        pen.ellipse((middle - r, middle - r, middle + r, middle + r), fill=255)
        if cut:
            c = cut * over
            pen.ellipse(
                (middle - r + c, middle - r - c * 0.5, middle + r + c, middle + r - c * 0.5), fill=0
            )

    mask, at = drawn((side, side), draw), (round(x - side / 2), round(y - side / 2))
    if canvas.inked:  # under the clouds to come, unlike an outline that is drawn at the end
        canvas.lay(_INK, mask.filter(ImageFilter.MaxFilter(2 * max(1, round(scene.unit / 420)) + 1)), at)
    canvas.lay(scene.palette.sun, mask, at)
