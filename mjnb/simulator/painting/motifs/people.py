"""Who is there: a portrait, a wanderer, an astronaut, a robot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mjnb.simulator.painting.motifs.pen import path
from mjnb.simulator.painting.motifs.plants import bloom, leaf

if TYPE_CHECKING:
    from mjnb.simulator.painting.motifs.pen import Pen
    from mjnb.simulator.painting.palettes import Colour
    from mjnb.simulator.painting.picture import Point

_FACE: tuple[Point, ...] = path(
    "-.1 .84, -.15 .79, -.172 .735, -.168 .7, -.186 .665, -.222 .622, -.212 .605, -.186 .6, -.199 .58, -.187 .566, -.196 .55, -.176 .533, -.18 .51, -.165 .484, -.13 .474, -.05 .505, .02 .56, .08 .66, .06 .8, -.02 .86"
)
_SKINS = (("f2cdb0", "d9a283"), ("d9a57e", "b57b57"), ("a86f4c", "7f4d35"), ("f7dcc8", "e0b096"))
_HAIRS = (("3a2424", "5c3630"), ("1f1c2a", "3a3650"), ("7a3a22", "a8562e"), ("c48a4a", "e2b56f"))


def portrait(pen: Pen) -> None:
    """A woman in profile, flowers in her hair."""
    skin, shadow = pen.dice.pick("skin", _SKINS)
    hair, shine = pen.dice.pick("hair", _HAIRS)
    pen.curve(
        hair,
        *path(
            "-.06 .9, .1 .945, .24 .86, .29 .7, .27 .52, .33 .36, .29 .2, .36 .04, .16 .06, .08 .3, .02 .5"
        ),
    )
    pen.curve(
        skin,
        *path(
            "-.07 .52, -.075 .4, -.12 .335, -.26 .275, -.37 .2, -.41 0, .42 0, .36 .19, .2 .29, .1 .36, .09 .55"
        ),
    )
    pen.curve(shadow, *path("-.07 .515, -.075 .42, -.03 .4, .06 .37, .1 .44, .05 .56"))
    _dress(pen)
    pen.curve(skin, *_FACE)
    _features(pen, shadow)
    pen.curve(
        hair,
        *path(
            "-.115 .825, -.09 .885, 0 .94, .13 .93, .23 .84, .26 .7, .21 .54, .12 .47, .06 .5, .035 .58, .03 .66, -.01 .745, -.07 .79"
        ),
    )
    _strands(pen, shine)
    _wreath(pen)


def _strands(pen: Pen, shine: str) -> None:
    """The light on the hair."""
    for step in range(6):
        lift = step * 0.021
        pen.line(
            shine,
            0.011,
            (-0.08 + lift, 0.85 + lift * 0.5),
            (0.07 + lift * 0.6, 0.84 - lift * 0.2),
            (0.15 + lift * 0.5, 0.7 - lift),
            (0.11 + lift, 0.54 - lift * 0.4),
        )
    for step in range(5):
        pen.line(
            shine,
            0.01,
            (0.13 + step * 0.03, 0.5),
            (0.17 + step * 0.028, 0.34),
            (0.14 + step * 0.035, 0.2),
            (0.2 + step * 0.03, 0.06),
        )


def _features(pen: Pen, shadow: str) -> None:
    """Closed eye, brow, lips, cheek."""
    pen.oval(pen.tone("e2806a", 1.0), -0.075, 0.605, 0.04, 0.024)
    pen.curve("b8404a", *path("-.199 .583, -.16 .573, -.135 .564, -.16 .552, -.196 .548, -.186 .566"))
    pen.line("7f2a34", 0.005, (-0.188, 0.5665), (-0.135, 0.564))
    pen.line(shadow, 0.009, *path("-.168 .612, -.156 .607, -.15 .617"))
    pen.line("2a1c20", 0.012, *path("-.155 .668, -.13 .655, -.095 .662, -.075 .674"))
    for x, y in path("-.152 .663, -.14 .657, -.127 .654"):
        pen.line("2a1c20", 0.006, (x, y), (x - 0.016, y - 0.018))
    pen.curve(
        pen.tone(pen.scene.palette.accent, 0.9), *path("-.155 .673, -.13 .664, -.085 .67, -.115 .685")
    )
    pen.line("3a2424", 0.013, *path("-.165 .715, -.125 .733, -.065 .724"))


def _dress(pen: Pen) -> None:
    """A collar with a border of drops."""
    accent = pen.scene.palette.accent
    pen.curve(
        pen.scene.palette.mid, *path("-.36 .21, -.25 .16, -.08 .1, .1 .12, .3 .2, .37 .19, .44 0, -.43 0")
    )
    for x in np.linspace(-0.34, 0.34, 18):
        y = 0.112 + 0.75 * (x + 0.02) ** 2
        pen.oval(accent, float(x), float(y) - 0.012, 0.014, 0.014)
        pen.oval("f6e6c4", float(x), float(y) - 0.045, 0.007, 0.016)
    pen.line("f6e6c4", 0.008, *path("-.08 .39, -.05 .36, .02 .34, .1 .36"))
    pen.oval(accent, -0.045, 0.345, 0.016, 0.02)


def _wreath(pen: Pen) -> None:
    """Leaves and blooms along the hair."""
    accent = pen.scene.palette.accent
    places = (
        (-0.08, 0.885, 0.055),
        (0.005, 0.935, 0.075),
        (0.115, 0.925, 0.09),
        (0.215, 0.845, 0.078),
        (0.265, 0.735, 0.06),
        (0.09, 0.49, 0.045),
    )
    for number, (x, y, radius) in enumerate(places):
        outward = np.arctan2(y - 0.7, x - 0.06)
        for spread in (-0.7, 0.0, 0.7):
            leaf(pen, (x, y), outward + spread, radius * 2.0, ("3f7a55", "5a9a68")[number % 2])
    inks: tuple[str | Colour, ...] = (accent, "fbeee6", accent, "f0a0a8", "fbeee6", accent)
    for (x, y, radius), ink in zip(places, inks, strict=True):
        bloom(pen, (x, y), radius, ink)


def person(pen: Pen) -> None:
    """A wanderer with a cloak, a hat and a staff, seen from behind."""
    accent = pen.scene.palette.accent
    pen.line("5a4034", 0.022, *path(".25 0, .235 .5, .24 .86"))
    for x in (-0.06, 0.06):
        pen.box("2c2830", x - 0.04, 0.0, x + 0.035, 0.2)
    pen.curve(
        "4a4e66",
        *path(
            "-.07 .76, -.16 .6, -.21 .35, -.27 .1, -.12 .075, 0 .1, .12 .075, .25 .11, .2 .35, .16 .6, .07 .76"
        ),
    )
    pen.curve("3a3d52", *path(".02 .74, .05 .5, .06 .09, .12 .08, .25 .11, .2 .35, .16 .6, .07 .75"))
    pen.line("33364a", 0.014, *path("-.06 .66, -.11 .4, -.14 .1"))
    pen.curve(accent, *path("-.09 .77, 0 .73, .1 .77, .08 .82, -.08 .82"))
    pen.curve(accent, *path(".05 .79, .17 .8, .3 .74, .44 .79, .43 .73, .3 .675, .17 .73, .06 .75"))
    pen.oval("5a4034", 0, 0.845, 0.065, 0.07)
    pen.curve(
        "8a6f4c", *path("-.2 .865, -.1 .91, -.03 .985, .03 .985, .1 .91, .2 .865, .1 .855, 0 .85, -.1 .855")
    )
    pen.line("5a4430", 0.014, *path("-.105 .9, 0 .885, .105 .9"))
    pen.oval("ffe7ae", 0.24, 0.86, 0.03, 0.04, glowing=True)
    pen.lamp(0.24, 0.86, 0.3)


def astronaut(pen: Pen) -> None:
    """An astronaut with a golden visor."""
    suit, shade = "eee9e2", "bdb8b6"
    pen.box(shade, -0.17, 0.36, 0.17, 0.74)
    for side in (-1, 1):
        pen.curve(
            suit if side < 0 else shade, *path(".02 .4, .15 .38, .15 .12, .17 0, .02 0, .03 .14", side)
        )
        pen.curve("8a8a92", *path(".02 .06, .17 .06, .185 0, .01 0", side))
        pen.curve(
            suit if side < 0 else shade, *path(".1 .7, .2 .66, .25 .46, .24 .34, .16 .35, .14 .5", side)
        )
    pen.curve(suit, *path("-.16 .7, -.18 .5, -.15 .33, .15 .33, .18 .5, .16 .7, 0 .74"))
    pen.box("5a6070", -0.08, 0.47, 0.08, 0.58)
    for x, ink in ((-0.045, "e2574c"), (0.0, "f2c12e"), (0.045, "5ac48a")):
        pen.oval(ink, x, 0.525, 0.014, 0.014, glowing=True)
    pen.oval(suit, 0, 0.84, 0.17, 0.16)
    pen.oval("3a2c20", -0.01, 0.835, 0.125, 0.105)
    pen.oval("e0a040", -0.01, 0.835, 0.115, 0.095)
    pen.oval("ffe2a0", -0.045, 0.87, 0.04, 0.022, 0.5)
    pen.box("c8402f", -0.19, 0.6, -0.13, 0.63)


def robot(pen: Pen) -> None:
    """A round-shouldered robot with lit eyes."""
    steel, dark = "8fa3ad", "5a6b75"
    for side in (-1, 1):
        pen.box(dark, side * 0.12 - 0.045, 0.05, side * 0.12 + 0.045, 0.3)
        pen.curve(steel, *path(".04 .07, .21 .07, .22 0, .03 0", side))
        pen.line(dark, 0.075, *path(".2 .6, .31 .45, .29 .27", side))
        pen.oval(steel, side * 0.29, 0.24, 0.055, 0.055)
        pen.oval(steel, side * 0.215, 0.6, 0.075, 0.075)
    pen.curve(steel, *path("-.2 .66, -.22 .45, -.17 .27, .17 .27, .22 .45, .2 .66, 0 .69"))
    pen.curve("a9bcc4", *path("-.18 .64, -.2 .46, -.15 .29, -.06 .28, -.07 .66"))
    pen.box(dark, -0.04, 0.66, 0.04, 0.72)
    pen.oval("ffcf6a", 0, 0.5, 0.065, 0.065, glowing=True)
    pen.oval("fff3c4", 0, 0.5, 0.035, 0.035, glowing=True)
    pen.curve(steel, *path("-.17 .72, -.19 .83, -.1 .92, .1 .92, .19 .83, .17 .72"))
    pen.box("26303a", -0.145, 0.765, 0.145, 0.865)
    for x in (-0.065, 0.065):
        pen.oval("8ff0e8", x, 0.815, 0.032, 0.032, glowing=True)
    pen.line(dark, 0.016, (0, 0.91), (0, 0.985))
    pen.oval("e2574c", 0, 0.985, 0.022, 0.016, glowing=True)
    pen.lamp(0, 0.5, 0.35)
