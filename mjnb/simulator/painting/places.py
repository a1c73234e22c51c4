"""The places: what lies where, from the horizon to the foreground, and where the subject stands."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mjnb.simulator.painting.canvas import drawn
from mjnb.simulator.painting.foreground import air, paint_branches, paint_grass
from mjnb.simulator.painting.land import lay_ridge
from mjnb.simulator.painting.motifs import MOTIFS, Motif, stamp
from mjnb.simulator.painting.motifs.pen import pen_for
from mjnb.simulator.painting.motifs.plants import leaf
from mjnb.simulator.painting.ornament import paint_filigree, paint_halo
from mjnb.simulator.painting.palettes import mix
from mjnb.simulator.painting.pond import paint_pond
from mjnb.simulator.painting.sky import lay_bank, paint_sky
from mjnb.simulator.painting.town import paint_city
from mjnb.simulator.painting.water import paint_water
from mjnb.simulator.painting.weather import paint_mist

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import ImageDraw

    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.land import Kind
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
        paint_branches(scene, canvas)


def _ridges(scene: Scene, canvas: Canvas, *rows: tuple[str, Kind, float, float, float]) -> Floats:
    """Several ridges from far to near: (name, kind, foot below the horizon as a share of the height, height, distance)."""
    crest: Floats = np.zeros(scene.size[0], np.float32)
    label = 30
    for name, kind, drop, height, distance in rows:
        label += round(30 - 22 * distance)  # the ink between two far ridges is faint
        top = air(scene, distance)
        haze = mix(top, mix(scene.palette.low, scene.palette.glow, 0.4), 0.25 + 0.35 * distance)
        foot = min(1.0, scene.horizon + drop * (1 - scene.horizon) * 2)
        crest = lay_ridge(scene, canvas, name, kind, foot, height, top, haze, label)
    return crest


def _subject(
    scene: Scene, canvas: Canvas, ground: Floats | float, *, mirror: bool = False, scale: float = 1.0
) -> None:
    """Put the subject on the ground: a line of pixels from the top, or one height for all."""
    paint_mist(scene, canvas)
    if not scene.motif:
        return
    motif = MOTIFS[scene.motif]
    for x, height, key in _spots(scene, motif, scale):
        column = int(np.clip(x * scene.size[0], 0, scene.size[0] - 1))
        foot = float(ground if isinstance(ground, float) else ground[column]) + 0.012 * scene.unit
        if motif.aloft:
            foot = scene.dice.between("aloft" + key, 0.1, 0.3) * scene.size[1] + height * scene.unit
        stamp(
            scene,
            canvas,
            scene.motif,
            (column, foot),
            height,
            0.2 * bool(key),
            key=key,
            flip=scene.dice.pick("flip" + key, (False, True)),
            mirror=mirror and not motif.aloft,
        )


def _spots(scene: Scene, motif: Motif, scale: float) -> list[tuple[float, float, str]]:
    """Where the subject stands, the farther one of a pair first: (x as a share of the width, height, key)."""
    away = -1 if scene.sun[0] > 0.5 else 1  # opposite the sun, so that both have room
    x = 0.5 + away * scene.dice.between("subject x", 0.02, 0.2)
    height = (
        motif.height * scene.dice.between("subject size", 0.88, 1.12) * _ZOOM[scene.arrangement] * scale
    )
    wide = scene.size[0] / scene.unit
    if motif.width > 2:  # a bridge crosses the picture
        return [(0.5, max(height, wide / motif.width * 1.02), "")]
    spots = [(x, height, "")]
    if scene.arrangement == "pair":
        spots.insert(0, (x + away * 0.2, height * 0.62, "second"))
    half = [min(0.5, tall * motif.width / 2 / wide) for _, tall, _ in spots]  # all of it inside the picture
    return [(min(max(at, h), 1 - h), tall, key) for (at, tall, key), h in zip(spots, half, strict=True)]


def _hills(scene: Scene, canvas: Canvas) -> None:
    """Mountains far off, then hills, then a meadow."""
    _ridges(
        scene,
        canvas,
        ("far", "peak", 0.02, 0.3, 0.95),
        ("range", "hill", 0.03, 0.15, 0.8),
        ("pines", "pines", 0.08, 0.09, 0.6),
    )
    _ridges(scene, canvas, ("grove", "grove", 0.16, 0.12, 0.42))
    crest = _ridges(scene, canvas, ("meadow", "hill", 0.3, 0.12, 0.25))
    _subject(scene, canvas, crest + 0.02 * scene.unit)
    front = _ridges(scene, canvas, ("front", "bank", 0.46, 0.09, 0.0))
    paint_grass(scene, canvas, front)


def _mountains(scene: Scene, canvas: Canvas) -> None:
    """High peaks above pines."""
    _ridges(
        scene,
        canvas,
        ("back", "peak", 0.0, 0.46, 1.0),
        ("peaks", "peak", 0.08, 0.5, 0.78),
        ("slope", "pines", 0.12, 0.16, 0.5),
    )
    _ridges(scene, canvas, ("shoulder", "pines", 0.24, 0.14, 0.25))
    front = _ridges(scene, canvas, ("front", "hill", 0.42, 0.14, 0.05))
    _subject(scene, canvas, front + 0.015 * scene.unit if not MOTIFS.get(scene.motif) else front, scale=0.8)
    if not scene.motif:  # something small, by which to feel how large the mountain is
        column = round(scene.size[0] * (0.3 if scene.sun[0] > 0.5 else 0.7))
        stamp(scene, canvas, "house", (column, float(front[column]) + 0.012 * scene.unit), 0.09)
    paint_grass(scene, canvas, front + 0.06 * scene.unit)


def _lake(scene: Scene, canvas: Canvas) -> None:
    """Mountains mirrored in a lake."""
    _ridges(
        scene,
        canvas,
        ("far", "peak", 0.0, 0.42, 0.95),
        ("range", "hill", 0.0, 0.15, 0.75),
        ("pines", "pines", 0.0, 0.085, 0.5),
    )
    paint_water(scene, canvas, scene.horizon, calm=0.85)
    floats = scene.motif in {"boat", "bridge", "torii", "bird"}
    line = scene.size[1] * (
        scene.horizon + (0.05 if scene.motif == "bridge" else 0.16) * (1 - scene.horizon) * 2
    )
    if floats or not scene.motif:
        _subject(scene, canvas, line, mirror=True)
    front = _ridges(scene, canvas, ("front", "bank", 0.44, 0.12, 0.03))
    if not floats:
        _subject(scene, canvas, front)
    paint_grass(scene, canvas, front)


def _sea(scene: Scene, canvas: Canvas) -> None:
    """A coast far away, the sea, and rocks in front."""
    _ridges(scene, canvas, ("coast", "isles", 0.0, 0.1, 0.95), ("cape", "isles", 0.0, 0.07, 0.75))
    paint_water(scene, canvas, scene.horizon, calm=0.4)
    line = scene.size[1] * (scene.horizon + 0.17 * (1 - scene.horizon) * 2)
    if scene.motif in {"boat", "torii", "whale", "lighthouse"}:
        _subject(scene, canvas, line, mirror=True, scale=1.1)
    ashore = bool(scene.motif) and scene.motif not in {"boat", "torii", "whale", "lighthouse"}
    front = _ridges(
        scene, canvas, ("front", "bank" if ashore else "rock", 0.5, 0.13 if ashore else 0.1, 0.0)
    )
    if ashore:
        _subject(scene, canvas, front)
    paint_grass(scene, canvas, front + 0.01 * scene.unit, 0.8)


def _forest(scene: Scene, canvas: Canvas) -> None:
    """Pines behind pines in the mist, with a clearing."""
    _ridges(
        scene,
        canvas,
        ("f0", "pines", 0.02, 0.34, 0.92),
        ("f1", "pines", 0.06, 0.27, 0.7),
        ("f2", "pines", 0.14, 0.2, 0.48),
    )
    crest = _ridges(scene, canvas, ("clearing", "bank", 0.28, 0.08, 0.25))
    trees = scene.dice.units("trees", 8, 3)
    for number, (x, tall, deep) in enumerate(sorted(trees.tolist(), key=lambda tree: -tree[2])):
        side = 0.36 * x if number % 2 else 1 - 0.36 * x
        foot = (
            crest[int(np.clip(side * scene.size[0], 0, scene.size[0] - 1))]
            + (0.02 + 0.05 * (1 - deep)) * scene.unit
        )
        stamp(
            scene,
            canvas,
            "pine",
            (side * scene.size[0], float(foot)),
            0.3 + 0.3 * tall,
            0.45 * deep,
            key=str(number),
        )
    _subject(scene, canvas, crest + 0.06 * scene.unit, scale=0.9)
    front = _ridges(scene, canvas, ("front", "bank", 0.48, 0.08, 0.0))
    paint_grass(scene, canvas, front)


def _desert(scene: Scene, canvas: Canvas) -> None:
    """Mesas and dunes."""
    _ridges(
        scene,
        canvas,
        ("mesa", "peak", 0.0, 0.2, 0.95),
        ("d0", "dune", 0.06, 0.1, 0.72),
        ("d1", "dune", 0.16, 0.12, 0.5),
    )
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
        if number == 4:
            _subject(scene, canvas, foot)


def _studio(scene: Scene, canvas: Canvas) -> None:
    """A portrait before a large disc, among leaves; without its subject an empty backdrop."""
    if not scene.motif:
        return
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
        leaf(
            pen,
            foot,
            turn + (float(b) - 0.5) * 0.9,
            (0.1 + 0.12 * float(c)) * scene.unit / height,
            ("35624a", "4f8a5c", "7a9a4c")[number % 3],
        )
    canvas.lay(pen.colours.reduce(2), pen.mask.reduce(2), label=70)
    zoom = {"near": 1.18, "far": 0.84, "pair": 0.9}.get(scene.arrangement, 1.0)
    shift = 0.5 + scene.dice.between("subject x", -0.04, 0.04)
    stamp(
        scene,
        canvas,
        "portrait",
        (width * shift, height + 0.01 * scene.unit),
        MOTIFS["portrait"].height * zoom,
        flip=scene.dice.pick("flip", (False, True)),
    )


def _city(scene: Scene, canvas: Canvas) -> None:
    """A skyline over a wet street."""
    paint_city(scene, canvas)
    if scene.motif and scene.motif != "boat":
        _subject(scene, canvas, scene.size[1] * 0.95, mirror=True)


_PLACES: Final[dict[str, Callable[[Scene, Canvas], None]]] = {
    "hills": _hills, "mountains": _mountains, "lake": _lake, "sea": _sea, "forest": _forest, "desert": _desert, "clouds": _clouds,
    "studio": _studio, "city": _city, "pond": paint_pond,
}  # fmt: skip
