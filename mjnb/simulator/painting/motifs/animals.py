"""What lives: fox, wolf, cat, deer, bird."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb.simulator.painting.motifs.pen import path

if TYPE_CHECKING:
    from mjnb.simulator.painting.motifs.pen import Pen
    from mjnb.simulator.painting.picture import Point


def _both(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """A left half and its mirror image, as one outline."""
    return (*points, *((-x, y) for x, y in reversed(points)))


def fox(pen: Pen) -> None:
    """A fox that sits and looks at you."""
    coat, deep, white, black = "e0692a", "b84a1c", "fbf1e4", "2a1f22"
    pen.curve(deep, *path(".1 0, .34 -.005, .49 .09, .52 .26, .44 .4, .36 .42, .35 .3, .29 .17, .12 .14"))
    pen.curve(coat, *path(".12 .02, .34 .02, .46 .11, .49 .25, .43 .36, .39 .3, .32 .16, .14 .1"))
    pen.curve(white, *path(".5 .25, .47 .37, .4 .44, .34 .46, .35 .38, .38 .31, .44 .29"))
    pen.curve(coat, *_both(path("-.05 0, -.21 0, -.25 .12, -.2 .32, -.15 .48, -.08 .58")))
    pen.curve(deep, *path(".09 0, .2 0, .245 .1, .22 .24, .14 .28, .1 .16"))
    pen.curve(deep, *path("-.09 0, -.2 0, -.245 .1, -.22 .24, -.14 .28, -.1 .16"))
    for side in (-1, 1):
        pen.curve(coat, *path(".01 .34, .1 .36, .095 .12, .105 0, .02 0, .02 .14", side))
        pen.curve(black, *path(".018 .15, .096 .16, .112 0, .014 0", side))
    pen.poly(white, *_both(path("-.12 .53, -.1 .42, -.062 .44, -.04 .32, -.015 .36")), (0, 0.26))
    for side in (-1, 1):
        pen.poly(deep, *path(".05 .8, .185 1, .205 .72", side))
        pen.poly(black, *path(".15 .93, .186 1, .193 .89", side))
        pen.poly(white, *path(".09 .8, .162 .93, .178 .77", side))
    pen.curve(coat, *_both(path("0 .845, -.1 .825, -.18 .75, -.235 .64, -.14 .575, -.05 .51, 0 .485")))
    for side in (-1, 1):
        pen.curve(white, *path(".235 .64, .13 .675, .06 .63, .035 .54, 0 .487, .06 .515, .15 .575", side))
        pen.oval(black, side * 0.09, 0.688, 0.022, 0.028, side * 0.3)
        pen.oval(white, side * 0.09 + 0.006, 0.697, 0.007, 0.009)
    pen.oval(black, 0.0, 0.515, 0.032, 0.024)


def wolf(pen: Pen) -> None:
    """A wolf that sits and howls."""
    coat, deep, pale = "5c6270", "3c414e", "b9bcc4"
    pen.curve(deep, *path(".12 0, .34 .02, .48 .1, .46 .2, .34 .13, .14 .12"))
    pen.curve(coat, *path("-.16 0, -.17 .2, -.2 .42, -.2 .6, -.13 .74, 0 .7, .1 .5, .2 .3, .25 .12, .2 0"))
    pen.curve(deep, *path("0 0, .22 0, .26 .14, .18 .28, .06 .22, .04 .08"))
    pen.curve(pale, *path("-.19 .62, -.21 .44, -.17 .24, -.13 .36, -.14 .52"))
    pen.curve(coat, *path("-.17 .3, -.18 .12, -.22 0, -.1 0, -.09 .14, -.07 .3"))
    pen.poly(deep, *path("0 .82, .12 .76, .03 .68"))
    pen.curve(
        coat,
        *path("-.2 .62, -.235 .74, -.275 .86, -.31 .97, -.27 1, -.21 .93, -.13 .87, -.03 .8, .03 .7, 0 .6"),
    )
    pen.curve(pale, *path("-.2 .63, -.232 .74, -.262 .84, -.22 .83, -.18 .74"))
    pen.poly("2a1f22", *path("-.268 .865, -.3 .93, -.225 .85"))
    pen.oval("1c1820", -0.295, 0.985, 0.02, 0.018)
    pen.line("1c1820", 0.012, (-0.16, 0.84), (-0.125, 0.835))


def cat(pen: Pen) -> None:
    """A cat that sits, its tail around its feet."""
    coat, deep, pale = pen.dice.pick(
        "coat",
        (
            ("34333d", "24232c", "5a5866"),
            ("d98a3f", "b0642a", "f6e3c8"),
            ("ece4d8", "c9bfb2", "fffaf2"),
            ("7b828c", "5a616b", "c9ced4"),
        ),
    )
    pen.curve(coat, *_both(path("-.06 0, -.22 0, -.25 .13, -.2 .34, -.14 .5, -.09 .6")))
    for side in (-1, 1):
        pen.curve(deep, *path(".08 0, .22 0, .245 .12, .19 .25, .12 .18", side))
        pen.curve(coat, *path("0 .36, .085 .36, .08 .1, .09 0, .01 0", side))
        pen.poly(coat, *path(".05 .84, .17 1, .2 .74", side))
        pen.poly("c98a86", *path(".09 .84, .155 .94, .175 .78", side))
    pen.curve(pale, *_both(path("0 .55, -.08 .52, -.07 .38, 0 .26")))
    pen.curve(
        deep,
        *path(".14 .02, .3 0, .4 .08, .39 .22, .32 .25, .33 .14, .26 .085, .1 .075, -.02 .06, -.02 .015"),
    )
    pen.curve(coat, *_both(path("0 .87, -.11 .855, -.2 .77, -.215 .66, -.13 .56, 0 .535")))
    pen.curve(pale, *_both(path("0 .64, -.05 .635, -.08 .59, -.04 .555, 0 .55")))
    for side in (-1, 1):
        pen.oval("d9e27a", side * 0.088, 0.7, 0.042, 0.036, side * 0.35, glowing=True)
        pen.oval("14121a", side * 0.088, 0.7, 0.013, 0.034)
        for dy in (0.0, 0.022):
            pen.line(pale, 0.006, (side * 0.07, 0.605 + dy), (side * 0.27, 0.6 + 2.2 * dy))
    pen.poly("c9736f", *path("-.02 .637, .02 .637, 0 .615"))


def deer(pen: Pen) -> None:
    """A stag that stands and listens."""
    coat, deep, pale, horn = "a0693f", "74482c", "ead9c0", "d9c4a0"
    for x, ink in ((-0.15, deep), (0.22, deep), (-0.1, coat), (0.28, coat)):
        pen.curve(
            ink,
            (x - 0.035, 0.32),
            (x + 0.04, 0.32),
            (x + 0.014, 0.16),
            (x + 0.018, 0.0),
            (x - 0.014, 0.0),
            (x - 0.016, 0.16),
        )
    pen.curve(
        coat,
        *path("-.2 .42, -.19 .3, -.05 .265, .12 .28, .27 .27, .34 .36, .32 .46, .2 .5, 0 .48, -.12 .52"),
    )
    pen.curve(pale, *path(".3 .45, .37 .44, .36 .36, .32 .37"))
    pen.curve(coat, *path("-.2 .36, -.22 .48, -.2 .6, -.19 .66, -.1 .68, -.07 .58, -.03 .49, -.08 .38"))
    pen.curve(pale, *path("-.205 .38, -.22 .48, -.2 .58, -.17 .52, -.165 .4"))
    for side, length in ((-1, 0.16), (1, 0.2)):
        base = (-0.135 + side * 0.015, 0.72)
        tip = (base[0] + side * length * 0.9, 0.99)
        pen.line(horn, 0.024, base, (base[0] + side * 0.1, 0.8), (base[0] + side * 0.13, 0.88), tip)
        for t, reach in path(".28 .11, .55 .12, .78 .09"):
            foot = (base[0] + side * (0.05 + 0.1 * t), base[1] + 0.24 * t)
            pen.line(
                horn,
                0.016,
                foot,
                (foot[0] - side * 0.015, foot[1] + reach * 0.6),
                (foot[0] + side * 0.01, foot[1] + reach),
            )
    pen.curve(deep, *path("-.1 .72, -.02 .76, .01 .735, -.07 .68"))
    pen.curve(coat, *path("-.09 .75, -.16 .75, -.23 .69, -.3 .645, -.31 .61, -.25 .6, -.17 .615, -.09 .65"))
    pen.curve(pale, *path("-.31 .615, -.25 .6, -.18 .612, -.24 .632"))
    pen.oval("1c1416", -0.305, 0.638, 0.016, 0.014)
    pen.oval("1c1416", -0.185, 0.7, 0.012, 0.012)


def bird(pen: Pen) -> None:
    """A crane on the wing."""
    white, grey, black = "fbf6ee", "cdd3da", "26242e"
    for wing, ink in (((0.0, 0.0), grey), ((-0.04, 0.0), white)):
        dx = wing[0]
        tips = (
            path(".44 .93, .5 .83, .51 .73, .49 .64, .44 .57")
            if ink == grey
            else path("-.42 1, -.48 .9, -.49 .79, -.46 .69, -.4 .6")
        )
        for number, tip in enumerate(tips):
            root = (dx + 0.02 * (number - 2), 0.46)
            feather = black if number < 2 else ink
            bend = ((root[0] + tip[0]) / 2, (root[1] + tip[1]) / 2 + 0.06)
            pen.line(feather, 0.11, root, bend, tip)
        side = 1 if ink == grey else -1
        pen.curve(ink, (dx - 0.1, 0.44), (dx + 0.12, 0.44), *path(".27 .62, .42 .9, .3 .85, .12 .66", side))
    pen.curve(white, *path("-.24 .5, -.1 .52, .1 .49, .26 .4, .1 .36, -.1 .38, -.2 .44"))
    pen.line(black, 0.022, *path(".22 .41, .4 .33, .62 .27"))
    pen.line(white, 0.055, *path("-.18 .47, -.34 .5, -.5 .56"))
    pen.oval(white, -0.515, 0.565, 0.036, 0.028, -0.3)
    pen.oval("d8312b", -0.52, 0.588, 0.022, 0.012, -0.3)
    pen.line(black, 0.016, (-0.54, 0.56), (-0.66, 0.58))
    pen.oval(black, -0.527, 0.57, 0.006, 0.006)
