"""The places: what lies where, from the horizon to the foreground, and where the subject stands."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from mjnb.simulator.painting.canvas import blurred, drawn
from mjnb.simulator.painting.land import lay_ridge
from mjnb.simulator.painting.motifs import MOTIFS, stamp
from mjnb.simulator.painting.motifs.pen import pen_for
from mjnb.simulator.painting.motifs.plants import leaf
from mjnb.simulator.painting.ornament import paint_filigree, paint_halo
from mjnb.simulator.painting.palettes import mix, scaled
from mjnb.simulator.painting.pond import paint_pond
from mjnb.simulator.painting.sky import lay_bank, paint_sky
from mjnb.simulator.painting.town import paint_city
from mjnb.simulator.painting.water import paint_water
from mjnb.simulator.painting.weather import paint_mist

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.land import Kind
    from mjnb.simulator.painting.palettes import Colour
    from mjnb.simulator.painting.scene import Scene

_ZOOM: Final = {"near": 1.45, "far": 0.6, "pair": 0.85, "framed": 1.0, "single": 1.0}


def paint_place(scene: Scene, canvas: Canvas) -> None:
    """Paint the scenery with its subject."""
    if scene.place != "pond":
        paint_sky(scene, canvas)
        paint_halo(scene, canvas)
        paint_filigree(scene, canvas)
    _PLACES[scene.place](scene, canvas)
    if scene.arrangement == "framed" and scene.place not in {"pond", "studio"}:
        _frame(scene, canvas)


def _air(scene: Scene, share: float) -> Colour:
    """The colour of ground at a distance of ``share`` (0 near, 1 at the horizon)."""
    p = scene.palette
    return mix(p.near, p.mid, share * 2) if share < 0.5 else mix(p.mid, p.far, share * 2 - 1)  # noqa: PLR2004 - halfway


def _ridges(scene: Scene, canvas: Canvas, *rows: tuple[str, Kind, float, float, float]) -> Floats:
    """Several ridges from far to near: (name, kind, foot below the horizon as a share of the height, height, distance)."""
    crest = np.zeros(scene.size[0], np.float32)
    for number, (name, kind, drop, height, distance) in enumerate(rows):
        top = _air(scene, distance)
        haze = mix(top, mix(scene.palette.low, scene.palette.glow, 0.4), 0.25 + 0.35 * distance)
        foot = min(1.0, scene.horizon + drop * (1 - scene.horizon) * 2)
        crest = lay_ridge(scene, canvas, name, kind, foot, height, top, haze, 30 + 25 * number)
    return crest


def _subject(scene: Scene, canvas: Canvas, ground: Floats | float, depth: float = 0.0, *, mirror: bool = False, scale: float = 1.0) -> None:
    """Put the subject on the ground: a line of pixels from the top, or one height for all."""
    paint_mist(scene, canvas)
    if not scene.motif:
        return
    motif = MOTIFS[scene.motif]
    away = -1 if scene.sun[0] > 0.5 else 1  # noqa: PLR2004 - opposite the sun, so that both have room
    x = 0.5 + away * scene.dice.between("subject x", 0.02, 0.2)
    height = motif.height * scene.dice.between("subject size", 0.88, 1.12) * _ZOOM[scene.arrangement] * scale
    if motif.width > 2:  # noqa: PLR2004 - a bridge crosses the picture
        x, height = 0.5, max(height, scene.size[0] / scene.unit / motif.width * 1.02)
    spots = [(x, height, "")]
    if scene.arrangement == "pair" and motif.width < 2:  # noqa: PLR2004 - as above
        spots.insert(0, (x + away * 0.2, height * 0.62, "second"))
    for at, tall, key in spots:
        half = min(0.5, tall * motif.width / 2 * scene.unit / scene.size[0])
        at = min(max(at, half), 1 - half)  # noqa: PLW2901 - kept inside the picture
        column = int(np.clip(at * scene.size[0], 0, scene.size[0] - 1))
        foot = float(ground if isinstance(ground, float) else ground[column]) + 0.012 * scene.unit
        if motif.aloft:
            foot = (scene.dice.between("aloft" + key, 0.1, 0.3) * scene.size[1]) + tall * scene.unit
        flip = scene.dice.pick("flip" + key, (False, True))
        stamp(scene, canvas, scene.motif, (column, foot), tall, depth + 0.2 * bool(key), key=key, flip=flip, mirror=mirror and not motif.aloft)


def _hills(scene: Scene, canvas: Canvas) -> None:
    """Mountains far off, then hills, then a meadow."""
    _ridges(scene, canvas, ("far", "peak", 0.02, 0.3, 0.95), ("range", "hill", 0.03, 0.15, 0.8), ("pines", "pines", 0.08, 0.09, 0.6))
    _ridges(scene, canvas, ("grove", "grove", 0.16, 0.12, 0.42))
    crest = _ridges(scene, canvas, ("meadow", "hill", 0.3, 0.12, 0.25))
    _subject(scene, canvas, crest + 0.02 * scene.unit)
    front = _ridges(scene, canvas, ("front", "bank", 0.46, 0.09, 0.0))
    _grass(scene, canvas, front)


def _mountains(scene: Scene, canvas: Canvas) -> None:
    """High peaks above pines."""
    _ridges(scene, canvas, ("back", "peak", 0.0, 0.46, 1.0), ("peaks", "peak", 0.08, 0.5, 0.78), ("slope", "pines", 0.12, 0.16, 0.5))
    crest = _ridges(scene, canvas, ("shoulder", "pines", 0.24, 0.14, 0.25))
    front = _ridges(scene, canvas, ("front", "hill", 0.42, 0.14, 0.05))
    _subject(scene, canvas, front + 0.015 * scene.unit if not MOTIFS.get(scene.motif) else front, scale=0.8)
    if not scene.motif:
        stamp(scene, canvas, "house", (scene.size[0] * (0.3 if scene.sun[0] > 0.5 else 0.7), float(crest.mean()) + 0.1 * scene.unit), 0.07, 0.1)  # noqa: PLR2004
    _grass(scene, canvas, front + 0.06 * scene.unit)


def _lake(scene: Scene, canvas: Canvas) -> None:
    """Mountains mirrored in a lake."""
    _ridges(scene, canvas, ("far", "peak", 0.0, 0.42, 0.95), ("range", "hill", 0.0, 0.15, 0.75), ("pines", "pines", 0.0, 0.085, 0.5))
    paint_water(scene, canvas, scene.horizon, calm=0.85)
    floats = scene.motif in {"boat", "bridge", "torii", "bird"}
    line = scene.size[1] * (scene.horizon + (0.05 if scene.motif == "bridge" else 0.16) * (1 - scene.horizon) * 2)
    if floats or not scene.motif:
        _subject(scene, canvas, line, mirror=True)
    front = _ridges(scene, canvas, ("front", "bank", 0.44, 0.12, 0.03))
    if not floats:
        _subject(scene, canvas, front)
    _grass(scene, canvas, front)


def _sea(scene: Scene, canvas: Canvas) -> None:
    """A coast far away, the sea, and rocks in front."""
    _ridges(scene, canvas, ("coast", "isles", 0.0, 0.1, 0.95), ("cape", "isles", 0.0, 0.07, 0.75))
    paint_water(scene, canvas, scene.horizon, calm=0.4)
    line = scene.size[1] * (scene.horizon + 0.17 * (1 - scene.horizon) * 2)
    if scene.motif in {"boat", "torii", "whale", "lighthouse"}:
        _subject(scene, canvas, line, mirror=True, scale=1.1)
    ashore = bool(scene.motif) and scene.motif not in {"boat", "torii", "whale", "lighthouse"}
    front = _ridges(scene, canvas, ("front", "bank" if ashore else "rock", 0.5, 0.13 if ashore else 0.1, 0.0))
    if ashore:
        _subject(scene, canvas, front)
    _grass(scene, canvas, front + 0.01 * scene.unit, 0.8)


def _forest(scene: Scene, canvas: Canvas) -> None:
    """Pines behind pines in the mist, with a clearing."""
    _ridges(scene, canvas, ("f0", "pines", 0.02, 0.34, 0.92), ("f1", "pines", 0.06, 0.27, 0.7), ("f2", "pines", 0.14, 0.2, 0.48))
    crest = _ridges(scene, canvas, ("clearing", "bank", 0.28, 0.08, 0.25))
    trees = scene.dice.units("trees", 8, 3)
    for number, (x, tall, deep) in enumerate(sorted(trees.tolist(), key=lambda tree: -tree[2])):
        side = 0.36 * x if number % 2 else 1 - 0.36 * x
        foot = crest[int(np.clip(side * scene.size[0], 0, scene.size[0] - 1))] + (0.02 + 0.05 * (1 - deep)) * scene.unit
        stamp(scene, canvas, "pine", (side * scene.size[0], float(foot)), 0.3 + 0.3 * tall, 0.45 * deep, key=str(number))
    _subject(scene, canvas, crest + 0.06 * scene.unit, scale=0.9)
    front = _ridges(scene, canvas, ("front", "bank", 0.48, 0.08, 0.0))
    _grass(scene, canvas, front)


def _desert(scene: Scene, canvas: Canvas) -> None:
    """Mesas and dunes."""
    _ridges(scene, canvas, ("mesa", "peak", 0.0, 0.2, 0.95), ("d0", "dune", 0.06, 0.1, 0.72), ("d1", "dune", 0.16, 0.12, 0.5))
    crest = _ridges(scene, canvas, ("d2", "dune", 0.3, 0.12, 0.28))
    _subject(scene, canvas, crest + 0.015 * scene.unit)
    _ridges(scene, canvas, ("d3", "dune", 0.5, 0.12, 0.05))


def _clouds(scene: Scene, canvas: Canvas) -> None:
    """A sea of clouds with peaks standing out of it."""
    _ridges(scene, canvas, ("far", "peak", 0.03, 0.3, 0.9), ("near", "peak", 0.1, 0.24, 0.62))
    for number in range(9):
        near = number / 8
        foot = (scene.horizon + 0.05 + (1.12 - scene.horizon) * near**1.2) * scene.size[1]
        lay_bank(scene, canvas, f"sea {number}", foot + 0.1 * scene.unit, 0.17 + 0.1 * near, near, 1.0)
        if number == 4:  # noqa: PLR2004 - in the midst of them
            _subject(scene, canvas, foot)


def _studio(scene: Scene, canvas: Canvas) -> None:
    """A portrait before a large disc, among leaves."""
    width, height = scene.size
    radius = 0.4 * scene.unit
    p = scene.palette

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        x, y, r = width / 2 * over, height * 0.44 * over, radius * over
        pen.ellipse((x - r, y - r, x + r, y + r), fill=255)

    canvas.glow((width / 2, height * 0.44), radius * 2.1, p.glow, 0.7)
    canvas.lay(mix(p.sun, p.glow, 0.45), drawn(scene.size, draw, 2), label=40)
    pen = pen_for(scene, scene.dice.within("leaves"), scene.size, 0.25, 2)
    for number, (a, b, c) in enumerate(pen.dice.units("leaves", 26, 3)):
        turn = number * 2 * np.pi / 26 + 0.2 * float(a)
        reach = radius / height
        foot = (np.cos(turn) * reach * 0.92, 0.56 + np.sin(turn) * reach * 0.92)
        leaf(pen, foot, turn + (float(b) - 0.5) * 0.9, (0.1 + 0.12 * float(c)) * scene.unit / height, ("35624a", "4f8a5c", "7a9a4c")[number % 3])
    canvas.lay(pen.colours.reduce(2), pen.mask.reduce(2), label=70)
    zoom = {"near": 1.18, "far": 0.84, "pair": 0.9}.get(scene.arrangement, 1.0)
    shift = 0.5 + scene.dice.between("subject x", -0.04, 0.04)
    stamp(scene, canvas, "portrait", (width * shift, height + 0.01 * scene.unit), MOTIFS["portrait"].height * zoom, flip=scene.dice.pick("flip", (False, True)))


def _city(scene: Scene, canvas: Canvas) -> None:
    """A skyline over a wet street."""
    paint_city(scene, canvas)
    if scene.motif and scene.motif not in {"boat"}:
        _subject(scene, canvas, scene.size[1] * 0.95, mirror=True)


def _grass(scene: Scene, canvas: Canvas, crest: Floats, tall: float = 1.0) -> None:
    """Tufts of grass along the edge of the foreground, taller at the sides, some in flower."""
    count = round((9 + 22 * scene.style) * scene.size[0] / scene.unit)
    tufts = scene.dice.units("grass", count, 9, 3)
    first = max(0, int(crest.min() - 0.2 * tall * scene.unit))
    size = (scene.size[0], scene.size[1] - first)
    if size[1] < 4:  # noqa: PLR2004 - no foreground
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
    canvas.lay(scaled(_air(scene, 0.0), 0.92), mask, (0, first), 20)
    if scene.style > 0.3 and scene.family not in {"winter", "mono", "storm"}:  # noqa: PLR2004 - plain meadows do not flower
        _flowers(scene, canvas, tips[:: max(2, 7 - round(5 * scene.style))])


def _blade(pen: ImageDraw.ImageDraw, over: float, foot: tuple[float, float], height: float, bend: float, half: float) -> None:
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
        canvas.lay(mix(tone, scene.palette.sun, 0.55 * pale), _dot(side), (round(x - side / 2), round(y - side / 2)), 210)


@lru_cache(maxsize=64)
def _dot(side: int) -> Image.Image:
    """A small round mask."""
    return drawn((side, side), lambda pen, over: pen.ellipse((over, over, (side - 1) * over, (side - 1) * over), fill=240))


def _frame(scene: Scene, canvas: Canvas) -> None:
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
            leaf(pen, foot, -np.pi / 2 + (float(angle) - 0.5) * 2.6, (0.05 + 0.06 * float(length)) * unit, "20303a")
    mask = pen.mask.reduce(2)
    canvas.lay(Image.new("RGB", scene.size, ink), blurred(mask, scene.unit * 0.004) if scene.hand.depth else mask, label=10)


_PLACES: Final[dict[str, Callable[[Scene, Canvas], None]]] = {
    "hills": _hills, "mountains": _mountains, "lake": _lake, "sea": _sea, "forest": _forest, "desert": _desert, "clouds": _clouds,
    "studio": _studio, "city": _city, "pond": paint_pond,
}  # fmt: skip
