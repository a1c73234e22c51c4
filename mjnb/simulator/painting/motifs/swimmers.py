"""What swims, in the sea, in a pond or in the sky: whale, dragon, koi."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mjnb.simulator.painting.motifs.pen import path

if TYPE_CHECKING:
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.motifs.pen import Pen
    from mjnb.simulator.painting.picture import Point


def whale(pen: Pen) -> None:
    """A whale that leaps."""
    back, pale = "2f4a66", "c9d6de"
    pen.curve(
        back,
        *path(
            ".36 0, .4 .2, .3 .5, .06 .82, -.18 .97, -.34 .96, -.36 .86, -.26 .66, -.14 .4, -.08 .15, -.1 0"
        ),
    )
    pen.curve(
        pale,
        *path("-.09 0, -.07 .16, -.13 .4, -.25 .65, -.355 .86, -.3 .85, -.12 .66, .02 .4, .06 .16, .05 0"),
    )
    for x in (0.0, 0.25, 0.5, 0.75):
        pen.line(
            "8ea3b3", 0.008, (-0.07 + x * 0.11, 0.02), (-0.11 + x * 0.15, 0.4), (-0.31 + x * 0.1, 0.83)
        )
    pen.curve("263d55", *path(".06 .5, .2 .42, .44 .4, .56 .5, .36 .5, .14 .6"))
    pen.curve("3a5878", *path("-.1 .46, -.22 .36, -.4 .28, -.46 .34, -.32 .44, -.14 .58"))
    pen.oval("12181f", -0.12, 0.73, 0.014, 0.014)
    for number, (x, y, z) in enumerate(pen.dice.units("spray", 70, 3)):
        side = (float(x) - 0.5) * 1.3
        pen.oval(
            "eef5f8",
            0.12 + side,
            0.02 + 0.24 * float(y) * (1.1 - abs(side)),
            0.008 + 0.02 * float(z) * (number % 3),
            0.008 + 0.016 * float(z),
            glowing=number % 2 == 0,
        )


def dragon(pen: Pen) -> None:
    """A long dragon among the clouds."""
    t = np.linspace(0, 1, 90)
    xs = -0.56 + 1.3 * t
    ys = 0.5 + 0.25 * np.sin(t * 10.5 + 0.8) * (0.45 + 0.55 * t[::-1])
    body, belly, mane = "2f7a68", "e8c878", "e2574c"
    width = 0.085 * np.sin(np.clip(t * 2.2 + 0.25, 0, np.pi / 2)) * (1.04 - t) ** 0.6
    for number in range(88, 2, -3):
        x, y, w = xs[number], ys[number], width[number]
        pen.poly(mane, (x - 0.02, y), (x + 0.055, y + w + 0.055), (x + 0.03, y))
    for x, y, w in zip(xs[::-1], ys[::-1], width[::-1], strict=True):
        pen.oval(body, x, y, w, w)
    for x, y, w in zip(xs[::-2], ys[::-2], width[::-2], strict=True):
        pen.oval(belly, x, y - w * 0.62, w * 0.42, w * 0.28)
    for at, side in ((24, -1), (52, 1)):
        x, y = xs[at], ys[at]
        pen.line(body, 0.05, (x, y - 0.04), (x + side * 0.08, y - 0.16), (x - 0.02, y - 0.24))
    _head(pen, (float(xs[0]), float(ys[0])), body, belly, mane)


def _head(pen: Pen, centre: Point, skin: str, horn: str, mane: str) -> None:
    """The dragon's head, looking to the left."""

    def around(text: str) -> tuple[Point, ...]:
        return tuple((centre[0] + x, centre[1] + y) for x, y in path(text))

    for strand in (".02 .04, .12 .16, .2 .13", ".02 .06, .144 .2, .24 .17", ".02 .02, .102 .12, .17 .09"):
        pen.line(mane, 0.05, *around(strand))
    pen.curve(
        skin,
        *around(".07 .09, -.05 .1, -.13 .06, -.22 .05, -.23 0, -.12 -.02, -.2 -.06, -.08 -.09, .06 -.08"),
    )
    pen.line(horn, 0.022, *around("-.02 .08, .05 .2, .03 .29"))
    pen.line(mane, 0.016, *around("-.21 .03, -.3 .14, -.26 .24"))
    eye = around("-.075 .055")[0]
    pen.oval("fff3c4", *eye, 0.02, 0.014, glowing=True)


def koi(pen: Pen, nose: Point, heading: float, length: float, bend: float, ink: str) -> None:
    """One koi seen from above.

    Args:
        pen: The pen, its coordinates those of the pond.
        nose: Where its nose is.
        heading: Where it swims to, in radians.
        length: From nose to tail.
        bend: How much its body curves, -1..1.
        ink: The colour of its patches.
    """
    t = np.linspace(0, 1, 26)
    angle = heading + np.pi + bend * 1.5 * t**1.4
    spine = (
        np.array(nose) + np.cumsum(np.stack([np.cos(angle), np.sin(angle)], axis=1), axis=0) * length / 26
    )
    half = length * 0.115 * np.sin(np.pi * np.clip(t * 0.92 + 0.045, 0, 1)) ** 0.7
    side = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    for way in (-1, 1):
        _fins(pen, spine, side * way * length)
    outline = np.vstack([spine + side * half[:, None], (spine - side * half[:, None])[::-1]])
    pen.poly("fdf6ec", *map(tuple, outline.tolist()))
    spots = pen.dice.units(f"koi {nose[0]:.2f} {nose[1]:.2f}", 7, 3).tolist()
    for number, (at, across, size) in enumerate(spots):
        place = 3 + int(at * 17)
        x, y = (spine[place] + side[place] * half[place] * (across - 0.5) * 0.7).tolist()
        tone = ink if number < 6 else "2a2228"
        pen.oval(tone, x, y, length * (0.05 + 0.06 * size), half[place] * 0.62, float(angle[place]))
    pen.line(pen.tone(ink, 0.7), length * 0.02, *map(tuple, spine[6:20:3].tolist()))
    for way in (-1, 1):
        x, y = (spine[2] + side[2] * half[2] * 0.75 * way).tolist()
        pen.oval("1c1618", x, y, length * 0.014, length * 0.014)


def _fins(pen: Pen, spine: Floats, out: Floats) -> None:
    """Two fins and half a tail on one side: ``out`` points there, as long as the fish."""
    pale = "fff1e2"
    for at, reach in ((7, 0.2), (15, 0.1)):
        root, along = spine[at], spine[at + 4] - spine[at]
        fin = np.stack(
            [root, root + out[at] * reach * 0.8, root + out[at] * reach + along * 1.1, root + along * 1.2]
        )
        pen.curve(pale, *map(tuple, fin.tolist()))
    tip = spine[-1] + (spine[-1] - spine[-5]) * 1.7 + out[-1] * 0.14
    tail = np.stack([spine[-3], (spine[-1] + tip) / 2 + out[-1] * 0.03, tip, spine[-1]])
    pen.curve(pale, *map(tuple, tail.tolist()))
