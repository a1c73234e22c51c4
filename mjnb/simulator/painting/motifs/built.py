"""What people built: lighthouse, house, castle, bridge, pagoda, torii, windmill, boat, balloon, rocket."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mjnb.simulator.painting.motifs.pen import path

if TYPE_CHECKING:
    from mjnb.simulator.painting.motifs.pen import Pen

WINDOW = "ffd98a"


def lighthouse(pen: Pen) -> None:
    """A striped tower with a keeper's house on a rock."""
    _rock(pen)
    pen.box("e9e2d4", 0.07, 0.09, 0.25, 0.19)
    pen.poly("a3402f", *path(".05 .185, .27 .185, .235 .245, .09 .245"))
    pen.box(WINDOW, 0.12, 0.12, 0.15, 0.16, glowing=True)
    pen.box(WINDOW, 0.18, 0.12, 0.21, 0.16, glowing=True)
    for step, (low, high) in enumerate(pairwise(np.linspace(0.1, 0.74, 7).tolist())):
        a, b = 0.104 - low * 0.062, 0.104 - high * 0.062
        ink = "f4eee2" if step % 2 == 0 else "c8402f"
        pen.poly(ink, (-a, low), (0, low - 0.014), (a, low), (b, high), (0, high - 0.014), (-b, high))
    for y in (0.27, 0.48, 0.64):
        pen.box("2c2a38", -0.013, y, 0.013, y + 0.035)
    _lantern(pen)
    pen.lamp(0, 0.81, 0.55)
    pen.beams.append((0.0, 0.81, pen.dice.between("beam", -0.3, 0.3)))


def _rock(pen: Pen) -> None:
    """A craggy rock in the surf."""
    rock = path(
        "-.4 0, -.37 .035, -.31 .045, -.27 .085, -.2 .085, -.15 .11, 0 .12, .26 .1, .3 .07, .36 .06, .4 0"
    )
    pen.poly("4c4650", *rock)
    for left, top, right in (
        (-0.37, 0.035, -0.3),
        (-0.27, 0.085, -0.17),
        (-0.1, 0.1, 0.02),
        (0.08, 0.095, 0.2),
        (0.26, 0.09, 0.33),
    ):
        pen.poly(
            "6d6468",
            (left, top),
            ((left + right) / 2 + 0.02, top * 0.75),
            ((left + right) / 2, 0.0),
            (left - 0.02, 0.0),
        )
        pen.poly(
            "393542",
            ((left + right) / 2 + 0.02, top * 0.75),
            (right, top * 0.6),
            (right + 0.01, 0.0),
            ((left + right) / 2, 0.0),
        )
    pen.curve("e8eef0", *path("-.44 0, -.3 .016, -.1 .008, .12 .018, .3 .008, .45 0, 0 -.01"))


def _lantern(pen: Pen) -> None:
    """The gallery, the lit glass and the dome."""
    pen.box("2f2d3b", -0.085, 0.735, 0.085, 0.755)
    for x in np.linspace(-0.08, 0.08, 9):
        pen.box("2f2d3b", x - 0.003, 0.75, x + 0.003, 0.79)
    pen.box("2f2d3b", -0.085, 0.785, 0.085, 0.793)
    pen.box("fff0b8", -0.045, 0.76, 0.045, 0.865, glowing=True)
    for x in (-0.045, -0.015, 0.015, 0.045):
        pen.box("2f2d3b", x - 0.004, 0.755, x + 0.004, 0.865)
    pen.curve("a3402f", *path("-.062 .862, -.05 .9, 0 .935, .05 .9, .062 .862, 0 .86"))
    pen.box("2f2d3b", -0.004, 0.92, 0.004, 0.99)


def house(pen: Pen) -> None:
    """A cabin with a steep roof, a chimney and lit windows."""
    pen.box("8a6a52", -0.36, 0.0, 0.3, 0.42)
    pen.box("6f523f", 0.08, 0.0, 0.3, 0.42)
    pen.box("5a4038", 0.16, 0.55, 0.24, 0.93)
    pen.poly("7a3c34", *path("-.44 .38, -.3 .82, .24 .82, .4 .38"))
    pen.poly("93493d", *path(".02 .38, .19 .8, .4 .36"))
    pen.poly("6f523f", *path(".08 .38, .19 .66, .3 .38"))
    for x in (-0.29, -0.11):
        pen.box("3a2c2c", x - 0.015, 0.135, x + 0.105, 0.315)
        pen.box(WINDOW, x, 0.15, x + 0.09, 0.3, glowing=True)
        pen.box("3a2c2c", x + 0.04, 0.15, x + 0.05, 0.3)
        pen.lamp(x + 0.045, 0.22, 0.3)
    pen.box("4a2f2a", 0.14, 0.0, 0.24, 0.26)
    pen.oval(WINDOW, 0.19, 0.46, 0.035, 0.04, glowing=True)


def castle(pen: Pen) -> None:
    """Towers with pointed roofs on a rock."""
    pen.curve("4c4852", *path("-.52 0, -.45 .1, -.28 .19, 0 .24, .3 .17, .46 .08, .53 0"))
    stone, dark, roof = "cbbfb0", "a3968b", "46506e"
    towers = (
        (-0.32, 0.09, 0.12, 0.46),
        (0.3, 0.1, 0.12, 0.52),
        (-0.15, 0.1, 0.15, 0.6),
        (0.14, 0.085, 0.15, 0.66),
        (0.0, 0.13, 0.18, 0.74),
    )
    pen.box(dark, -0.34, 0.1, 0.32, 0.36)
    for x, width, foot, top in towers:
        pen.box(stone, x - width / 2, foot, x + width / 2, top)
        pen.box(dark, x, foot, x + width / 2, top)
        pen.box(stone, x - width * 0.62, top - 0.04, x + width * 0.62, top)
        pen.poly(roof, (x - width * 0.7, top), (x, top + width * 2.0), (x + width * 0.7, top))
        pen.poly("566187", (x - width * 0.7, top), (x, top + width * 2.0), (x - width * 0.1, top))
        for y in np.arange(foot + 0.1, top - 0.07, 0.13):
            pen.box(WINDOW, x - 0.012, y, x + 0.012, y + 0.04, glowing=True)
        pen.line("c8402f", 0.012, (x, top + width * 2), (x + 0.045, top + width * 2 + 0.012))
    pen.oval("2c2a38", 0, 0.25, 0.035, 0.07)
    pen.lamp(0, 0.4, 0.5)


def bridge(pen: Pen) -> None:
    """A bridge that hangs from two towers."""
    ink, light = "a8402f", "c9573f"
    for x in (-0.75, 0.75):
        for dx in (-0.05, 0.05):
            pen.box(ink, x + dx - 0.018, 0.0, x + dx + 0.018, 1.0)
        for y in (0.2, 0.48, 0.7, 0.92):
            pen.box(light, x - 0.055, y, x + 0.055, y + 0.035)
    span = np.linspace(-0.75, 0.75, 33)
    cable = 0.34 + 0.62 * (span / 0.75) ** 2
    for side in (-1, 1):
        pen.line(ink, 0.02, *path(".75 .97, 1.15 .56, 1.5 .32", side))
    pen.poly(
        ink, *zip(span, cable + 0.012, strict=True), *zip(span[::-1], cable[::-1] - 0.008, strict=True)
    )
    for x, y in zip(span, cable, strict=True):
        pen.box(light, x - 0.003, 0.29, x + 0.003, y)
    pen.box(ink, -1.5, 0.25, 1.5, 0.29)
    pen.box("5a2a2a", -1.5, 0.235, 1.5, 0.255)


def pagoda(pen: Pen) -> None:
    """Five roofs, each smaller than the one below."""
    pen.box("77706c", -0.3, 0.0, 0.3, 0.05)
    for step in range(5):
        foot, half = 0.05 + step * 0.165, 0.19 - step * 0.026
        pen.box("a8432f", -half, foot, half, foot + 0.12)
        for x in np.linspace(-half * 0.66, half * 0.66, 3):
            pen.box(WINDOW, x - 0.018, foot + 0.025, x + 0.018, foot + 0.085, glowing=True)
        eave = half + 0.11
        pen.curve(
            "34414c",
            (-eave - 0.02, foot + 0.125),
            (-half, foot + 0.135),
            (half, foot + 0.135),
            (eave + 0.02, foot + 0.125),
            (half * 0.9, foot + 0.17),
            (half * 0.6, foot + 0.19),
            (-half * 0.6, foot + 0.19),
            (-half * 0.9, foot + 0.17),
        )
        pen.box("e2b866", -eave * 0.9, foot + 0.118, eave * 0.9, foot + 0.128)
        pen.lamp(0, foot + 0.06, 0.2)
    pen.line("e2b866", 0.02, *path("0 .87, 0 .93, 0 1"))


def torii(pen: Pen) -> None:
    """A red gate."""
    red, dark = "cf3f2c", "2e2830"
    for x in (-0.34, 0.34):
        pen.poly(red, (x - 0.05, 0.0), (x + 0.05, 0.0), (x * 0.94 + 0.042, 0.86), (x * 0.94 - 0.042, 0.86))
        pen.poly(dark, (x - 0.06, 0.0), (x + 0.06, 0.0), (x + 0.056, 0.09), (x - 0.056, 0.09))
    pen.box(red, -0.42, 0.62, 0.42, 0.69)
    pen.box(red, -0.05, 0.69, 0.05, 0.85)
    pen.curve(red, *path("-.52 .88, 0 .83, .52 .88, .53 .93, 0 .88, -.53 .93"))
    pen.curve(dark, *path("-.56 .935, 0 .88, .56 .935, .58 .99, 0 .935, -.58 .99"))


def windmill(pen: Pen) -> None:
    """A mill with four sails."""
    pen.poly("d9cdb8", *path("-.17 0, .17 0, .1 .56, -.1 .56"))
    pen.poly("b8a98f", *path(".02 0, .17 0, .1 .56, .02 .56"))
    pen.curve("6a3a34", *path("-.12 .55, -.09 .64, 0 .7, .09 .64, .12 .55, 0 .545"))
    pen.box("4a2f2a", -0.045, 0.0, 0.045, 0.14)
    for y in (0.22, 0.38):
        pen.box(WINDOW, -0.025, y, 0.025, y + 0.06, glowing=True)
    lean = pen.dice.between("sails", 0.15, 1.2)
    for quarter in range(4):
        angle = lean + quarter * np.pi / 2
        out, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        hub = np.array([0.0, 0.6])
        pen.line("4a3a34", 0.02, tuple(hub), tuple(hub + out * 0.4))
        sail = [hub + out * r + side * s for r, s in path(".09 0, .39 0, .39 .1, .09 .085")]
        pen.poly("efe6d2", *(tuple(corner) for corner in sail))
        for r in (0.16, 0.24, 0.32):
            pen.line("b8a98f", 0.008, tuple(hub + out * r), tuple(hub + out * r + side * 0.095))
    pen.oval("3a2c2c", 0, 0.6, 0.028, 0.028)


def boat(pen: Pen) -> None:
    """A sailing boat with two sails."""
    white, accent = "f6efe0", pen.scene.palette.accent
    pen.line("4a3a34", 0.018, (0.0, 0.1), (0.0, 0.98))
    pen.curve(white, *path(".025 .2, .025 .55, .02 .95, .2 .55, .36 .22, .2 .2"))
    pen.curve("ddd2c0", *path(".025 .2, .025 .55, .02 .95, .09 .55, .13 .21, .1 .2"))
    pen.curve(accent, *path("-.025 .2, -.025 .5, -.02 .86, -.16 .5, -.3 .22, -.15 .2"))
    pen.curve("6a3a34", *path("-.4 .14, -.2 .125, .2 .125, .44 .165, .34 .03, .2 0, -.22 0, -.33 .04"))
    pen.curve("f0e6d4", *path("-.4 .145, 0 .13, .44 .17, .43 .135, 0 .105, -.39 .115"))
    pen.line("c8402f", 0.016, (0.0, 0.985), (0.07, 0.97))


def balloon(pen: Pen) -> None:
    """A striped hot-air balloon."""
    inks = (pen.scene.palette.accent, (247, 236, 214), pen.scene.lit((206, 64, 52)))
    y = np.linspace(0.27, 1.0, 24)
    t = (y - 0.27) / 0.73
    half = (
        0.34
        * np.sqrt(np.clip(1 - ((t - 0.58) / 0.58) ** 2, 0, 1))
        * np.where(t < 0.58, np.clip(t * 1.15 + 0.28, 0, 1), 1)
    )
    half = np.where(t > 0.58, 0.34 * np.sqrt(np.clip(1 - ((t - 0.58) / 0.42) ** 2, 0, 1)), half)
    edges = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 10))
    for gore, (left, right) in enumerate(pairwise(edges)):
        pen.poly(
            inks[gore % 3],
            *zip(half * left, y, strict=True),
            *zip((half * right)[::-1], y[::-1], strict=True),
        )
    for x in (-0.07, -0.03, 0.03, 0.07):
        pen.line("5a4038", 0.007, (x * 1.2, 0.285), (x * 0.8, 0.1))
    pen.box("8a5a34", -0.062, 0.0, 0.062, 0.1)
    pen.box("a87444", -0.07, 0.085, 0.07, 0.105)
    pen.oval("ffd27a", 0, 0.2, 0.018, 0.045, glowing=True)
    pen.lamp(0, 0.3, 0.45)


def rocket(pen: Pen) -> None:
    """A rocket on its flame."""
    pen.curve("ffb347", *path("-.06 .2, -.09 .1, 0 0, .09 .1, .06 .2"), glowing=True)
    pen.curve("fff3c4", *path("-.03 .2, -.04 .14, 0 .06, .04 .14, .03 .2"), glowing=True)
    for side in (-1, 1):
        pen.curve("c8402f", *path(".08 .42, .2 .25, .2 .14, .08 .22", side))
    pen.curve("f0ebe2", *path("-.1 .22, -.13 .45, -.1 .75, 0 1, .1 .75, .13 .45, .1 .22, 0 .2"))
    pen.curve("cfc8c0", *path(".03 .21, .06 .5, .04 .8, 0 1, .1 .75, .13 .45, .1 .22"))
    pen.curve("c8402f", *path("-.085 .79, 0 1, .085 .79, 0 .77"))
    pen.oval("3a4456", 0, 0.6, 0.05, 0.05)
    pen.oval("8fd0ea", 0, 0.6, 0.036, 0.036)
    pen.box("c8402f", -0.117, 0.33, 0.117, 0.36)
    pen.lamp(0, 0.1, 0.6)
