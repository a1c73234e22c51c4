"""What lives: fox, wolf, cat, deer, bird, whale, dragon, and the koi of the pond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mjnb.simulator.painting.motifs.pen import Pen
    from mjnb.simulator.painting.picture import Point


def _both(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """A left half and its mirror image, as one outline."""
    return (*points, *((-x, y) for x, y in reversed(points)))


def fox(pen: Pen) -> None:
    """A fox that sits and looks at you."""
    coat, deep, white, black = "e0692a", "b84a1c", "fbf1e4", "2a1f22"
    pen.curve(deep, (0.1, 0.0), (0.34, -0.005), (0.49, 0.09), (0.52, 0.26), (0.44, 0.4), (0.36, 0.42), (0.35, 0.3), (0.29, 0.17), (0.12, 0.14))
    pen.curve(coat, (0.12, 0.02), (0.34, 0.02), (0.46, 0.11), (0.49, 0.25), (0.43, 0.36), (0.39, 0.3), (0.32, 0.16), (0.14, 0.1))
    pen.curve(white, (0.5, 0.25), (0.47, 0.37), (0.4, 0.44), (0.34, 0.46), (0.35, 0.38), (0.38, 0.31), (0.44, 0.29))
    pen.curve(coat, *_both(((-0.05, 0.0), (-0.21, 0.0), (-0.25, 0.12), (-0.2, 0.32), (-0.15, 0.48), (-0.08, 0.58))))
    pen.curve(deep, (0.09, 0.0), (0.2, 0.0), (0.245, 0.1), (0.22, 0.24), (0.14, 0.28), (0.1, 0.16))
    pen.curve(deep, (-0.09, 0.0), (-0.2, 0.0), (-0.245, 0.1), (-0.22, 0.24), (-0.14, 0.28), (-0.1, 0.16))
    for side in (-1, 1):
        pen.curve(coat, (side * 0.01, 0.34), (side * 0.1, 0.36), (side * 0.095, 0.12), (side * 0.105, 0.0), (side * 0.02, 0.0), (side * 0.02, 0.14))
        pen.curve(black, (side * 0.018, 0.15), (side * 0.096, 0.16), (side * 0.112, 0.0), (side * 0.014, 0.0))
    pen.poly(white, *_both(((-0.12, 0.53), (-0.1, 0.42), (-0.062, 0.44), (-0.04, 0.32), (-0.015, 0.36))), (0, 0.26))
    for side in (-1, 1):
        pen.poly(deep, (side * 0.05, 0.8), (side * 0.185, 1.0), (side * 0.205, 0.72))
        pen.poly(black, (side * 0.15, 0.93), (side * 0.186, 1.0), (side * 0.193, 0.89))
        pen.poly(white, (side * 0.09, 0.8), (side * 0.162, 0.93), (side * 0.178, 0.77))
    pen.curve(coat, *_both(((0.0, 0.845), (-0.1, 0.825), (-0.18, 0.75), (-0.235, 0.64), (-0.14, 0.575), (-0.05, 0.51), (0.0, 0.485))))
    for side in (-1, 1):
        pen.curve(white, (side * 0.235, 0.64), (side * 0.13, 0.675), (side * 0.06, 0.63), (side * 0.035, 0.54), (0.0, 0.487), (side * 0.06, 0.515), (side * 0.15, 0.575))
        pen.oval(black, side * 0.09, 0.688, 0.022, 0.028, side * 0.3)
        pen.oval(white, side * 0.09 + 0.006, 0.697, 0.007, 0.009)
    pen.oval(black, 0.0, 0.515, 0.032, 0.024)


def wolf(pen: Pen) -> None:
    """A wolf that sits and howls."""
    coat, deep, pale = "5c6270", "3c414e", "b9bcc4"
    pen.curve(deep, (0.12, 0.0), (0.34, 0.02), (0.48, 0.1), (0.46, 0.2), (0.34, 0.13), (0.14, 0.12))
    pen.curve(coat, (-0.16, 0.0), (-0.17, 0.2), (-0.2, 0.42), (-0.2, 0.6), (-0.13, 0.74), (0.0, 0.7), (0.1, 0.5), (0.2, 0.3), (0.25, 0.12), (0.2, 0.0))
    pen.curve(deep, (0.0, 0.0), (0.22, 0.0), (0.26, 0.14), (0.18, 0.28), (0.06, 0.22), (0.04, 0.08))
    pen.curve(pale, (-0.19, 0.62), (-0.21, 0.44), (-0.17, 0.24), (-0.13, 0.36), (-0.14, 0.52))
    pen.curve(coat, (-0.17, 0.3), (-0.18, 0.12), (-0.22, 0.0), (-0.1, 0.0), (-0.09, 0.14), (-0.07, 0.3))
    pen.poly(deep, (0.0, 0.82), (0.12, 0.76), (0.03, 0.68))
    pen.curve(coat, (-0.2, 0.62), (-0.235, 0.74), (-0.275, 0.86), (-0.31, 0.97), (-0.27, 1.0), (-0.21, 0.93), (-0.13, 0.87), (-0.03, 0.8), (0.03, 0.7), (0.0, 0.6))
    pen.curve(pale, (-0.2, 0.63), (-0.232, 0.74), (-0.262, 0.84), (-0.22, 0.83), (-0.18, 0.74))
    pen.poly("2a1f22", (-0.268, 0.865), (-0.3, 0.93), (-0.225, 0.85))
    pen.oval("1c1820", -0.295, 0.985, 0.02, 0.018)
    pen.line("1c1820", 0.012, (-0.16, 0.84), (-0.125, 0.835))


def cat(pen: Pen) -> None:
    """A cat that sits, its tail around its feet."""
    coat, deep, pale = pen.dice.pick("coat", (("34333d", "24232c", "5a5866"), ("d98a3f", "b0642a", "f6e3c8"), ("ece4d8", "c9bfb2", "fffaf2"), ("7b828c", "5a616b", "c9ced4")))
    pen.curve(coat, *_both(((-0.06, 0.0), (-0.22, 0.0), (-0.25, 0.13), (-0.2, 0.34), (-0.14, 0.5), (-0.09, 0.6))))
    for side in (-1, 1):
        pen.curve(deep, (side * 0.08, 0.0), (side * 0.22, 0.0), (side * 0.245, 0.12), (side * 0.19, 0.25), (side * 0.12, 0.18))
        pen.curve(coat, (side * 0.0, 0.36), (side * 0.085, 0.36), (side * 0.08, 0.1), (side * 0.09, 0.0), (side * 0.01, 0.0))
        pen.poly(coat, (side * 0.05, 0.84), (side * 0.17, 1.0), (side * 0.2, 0.74))
        pen.poly("c98a86", (side * 0.09, 0.84), (side * 0.155, 0.94), (side * 0.175, 0.78))
    pen.curve(pale, *_both(((0.0, 0.55), (-0.08, 0.52), (-0.07, 0.38), (0.0, 0.26))))
    pen.curve(deep, (0.14, 0.02), (0.3, 0.0), (0.4, 0.08), (0.39, 0.22), (0.32, 0.25), (0.33, 0.14), (0.26, 0.085), (0.1, 0.075), (-0.02, 0.06), (-0.02, 0.015))
    pen.curve(coat, *_both(((0.0, 0.87), (-0.11, 0.855), (-0.2, 0.77), (-0.215, 0.66), (-0.13, 0.56), (0.0, 0.535))))
    pen.curve(pale, *_both(((0.0, 0.64), (-0.05, 0.635), (-0.08, 0.59), (-0.04, 0.555), (0.0, 0.55))))
    for side in (-1, 1):
        pen.oval("d9e27a", side * 0.088, 0.7, 0.042, 0.036, side * 0.35, glowing=True)
        pen.oval("14121a", side * 0.088, 0.7, 0.013, 0.034)
        for dy in (0.0, 0.022):
            pen.line(pale, 0.006, (side * 0.07, 0.605 + dy), (side * 0.27, 0.6 + 2.2 * dy))
    pen.poly("c9736f", (-0.02, 0.637), (0.02, 0.637), (0, 0.615))


def deer(pen: Pen) -> None:
    """A stag that stands and listens."""
    coat, deep, pale, horn = "a0693f", "74482c", "ead9c0", "d9c4a0"
    for x, ink in ((-0.15, deep), (0.22, deep), (-0.1, coat), (0.28, coat)):
        pen.curve(ink, (x - 0.035, 0.32), (x + 0.04, 0.32), (x + 0.014, 0.16), (x + 0.018, 0.0), (x - 0.014, 0.0), (x - 0.016, 0.16))
    pen.curve(coat, (-0.2, 0.42), (-0.19, 0.3), (-0.05, 0.265), (0.12, 0.28), (0.27, 0.27), (0.34, 0.36), (0.32, 0.46), (0.2, 0.5), (0.0, 0.48), (-0.12, 0.52))
    pen.curve(pale, (0.3, 0.45), (0.37, 0.44), (0.36, 0.36), (0.32, 0.37))
    pen.curve(coat, (-0.2, 0.36), (-0.22, 0.48), (-0.2, 0.6), (-0.19, 0.66), (-0.1, 0.68), (-0.07, 0.58), (-0.03, 0.49), (-0.08, 0.38))
    pen.curve(pale, (-0.205, 0.38), (-0.22, 0.48), (-0.2, 0.58), (-0.17, 0.52), (-0.165, 0.4))
    for side, length in ((-1, 0.16), (1, 0.2)):
        base = (-0.135 + side * 0.015, 0.72)
        tip = (base[0] + side * length * 0.9, 0.99)
        pen.line(horn, 0.024, base, (base[0] + side * 0.1, 0.8), (base[0] + side * 0.13, 0.88), tip)
        for t, reach in ((0.28, 0.11), (0.55, 0.12), (0.78, 0.09)):
            foot = (base[0] + side * (0.05 + 0.1 * t), base[1] + 0.24 * t)
            pen.line(horn, 0.016, foot, (foot[0] - side * 0.015, foot[1] + reach * 0.6), (foot[0] + side * 0.01, foot[1] + reach))
    pen.curve(deep, (-0.1, 0.72), (-0.02, 0.76), (0.01, 0.735), (-0.07, 0.68))
    pen.curve(coat, (-0.09, 0.75), (-0.16, 0.75), (-0.23, 0.69), (-0.3, 0.645), (-0.31, 0.61), (-0.25, 0.6), (-0.17, 0.615), (-0.09, 0.65))
    pen.curve(pale, (-0.31, 0.615), (-0.25, 0.6), (-0.18, 0.612), (-0.24, 0.632))
    pen.oval("1c1416", -0.305, 0.638, 0.016, 0.014)
    pen.oval("1c1416", -0.185, 0.7, 0.012, 0.012)


def bird(pen: Pen) -> None:
    """A crane on the wing."""
    white, grey, black = "fbf6ee", "cdd3da", "26242e"
    for wing, ink in (((0.0, 0.0), grey), ((-0.04, 0.0), white)):
        dx = wing[0]
        tips = ((0.44, 0.93), (0.5, 0.83), (0.51, 0.73), (0.49, 0.64), (0.44, 0.57)) if ink == grey else ((-0.42, 1.0), (-0.48, 0.9), (-0.49, 0.79), (-0.46, 0.69), (-0.4, 0.6))
        for number, tip in enumerate(tips):
            root = (dx + 0.02 * (number - 2), 0.46)
            feather = black if number < 2 else ink  # noqa: PLR2004 - the two outermost
            bend = ((root[0] + tip[0]) / 2, (root[1] + tip[1]) / 2 + 0.06)
            pen.line(feather, 0.11, root, bend, tip)
        side = 1 if ink == grey else -1
        pen.curve(ink, (dx - 0.1, 0.44), (dx + 0.12, 0.44), (side * 0.27, 0.62), (side * 0.42, 0.9), (side * 0.3, 0.85), (side * 0.12, 0.66))
    pen.curve(white, (-0.24, 0.5), (-0.1, 0.52), (0.1, 0.49), (0.26, 0.4), (0.1, 0.36), (-0.1, 0.38), (-0.2, 0.44))
    pen.line(black, 0.022, (0.22, 0.41), (0.4, 0.33), (0.62, 0.27))
    pen.line(white, 0.055, (-0.18, 0.47), (-0.34, 0.5), (-0.5, 0.56))
    pen.oval(white, -0.515, 0.565, 0.036, 0.028, -0.3)
    pen.oval("d8312b", -0.52, 0.588, 0.022, 0.012, -0.3)
    pen.line(black, 0.016, (-0.54, 0.56), (-0.66, 0.58))
    pen.oval(black, -0.527, 0.57, 0.006, 0.006)


def whale(pen: Pen) -> None:
    """A whale that leaps."""
    back, pale = "2f4a66", "c9d6de"
    pen.curve(back, (0.36, 0.0), (0.4, 0.2), (0.3, 0.5), (0.06, 0.82), (-0.18, 0.97), (-0.34, 0.96), (-0.36, 0.86), (-0.26, 0.66), (-0.14, 0.4), (-0.08, 0.15), (-0.1, 0.0))
    pen.curve(pale, (-0.09, 0.0), (-0.07, 0.16), (-0.13, 0.4), (-0.25, 0.65), (-0.355, 0.86), (-0.3, 0.85), (-0.12, 0.66), (0.02, 0.4), (0.06, 0.16), (0.05, 0.0))
    for x in (0.0, 0.25, 0.5, 0.75):
        pen.line("8ea3b3", 0.008, (-0.07 + x * 0.11, 0.02), (-0.11 + x * 0.15, 0.4), (-0.31 + x * 0.1, 0.83))
    pen.curve("263d55", (0.06, 0.5), (0.2, 0.42), (0.44, 0.4), (0.56, 0.5), (0.36, 0.5), (0.14, 0.6))
    pen.curve("3a5878", (-0.1, 0.46), (-0.22, 0.36), (-0.4, 0.28), (-0.46, 0.34), (-0.32, 0.44), (-0.14, 0.58))
    pen.oval("12181f", -0.12, 0.73, 0.014, 0.014)
    for number, (x, y, z) in enumerate(pen.dice.units("spray", 70, 3)):
        side = (float(x) - 0.5) * 1.3
        pen.oval("eef5f8", 0.12 + side, 0.02 + 0.24 * float(y) * (1.1 - abs(side)), 0.008 + 0.02 * float(z) * (number % 3), 0.008 + 0.016 * float(z), glowing=number % 2 == 0)


def dragon(pen: Pen) -> None:
    """A long dragon among the clouds."""
    t = np.linspace(0, 1, 90)
    xs = -0.56 + 1.3 * t
    ys = 0.5 + 0.25 * np.sin(t * 10.5 + 0.8) * (0.45 + 0.55 * t[::-1])
    body, belly, mane = "2f7a68", "e8c878", "e2574c"
    width = 0.085 * np.sin(np.clip(t * 2.2 + 0.25, 0, np.pi / 2)) * (1.04 - t) ** 0.6
    for number in range(88, 2, -3):
        pen.poly(mane, (xs[number] - 0.02, ys[number]), (xs[number] + 0.055, ys[number] + width[number] + 0.055), (xs[number] + 0.03, ys[number]))
    for x, y, w in zip(xs[::-1], ys[::-1], width[::-1], strict=True):
        pen.oval(body, x, y, w, w)
    for x, y, w in zip(xs[::-2], ys[::-2], width[::-2], strict=True):
        pen.oval(belly, x, y - w * 0.62, w * 0.42, w * 0.28)
    for at, side in ((24, -1), (52, 1)):
        x, y = xs[at], ys[at]
        pen.line(body, 0.05, (x, y - 0.04), (x + side * 0.08, y - 0.16), (x - 0.02, y - 0.24))
    x, y = xs[0], ys[0]
    for dy, length in ((0.08, 0.2), (0.12, 0.24), (0.04, 0.17)):
        pen.line(mane, 0.05, (x + 0.02, y + dy * 0.5), (x + length * 0.6, y + dy + 0.08), (x + length, y + dy + 0.05))
    pen.curve(body, (x + 0.07, y + 0.09), (x - 0.05, y + 0.1), (x - 0.13, y + 0.06), (x - 0.22, y + 0.05), (x - 0.23, y - 0.0), (x - 0.12, y - 0.02), (x - 0.2, y - 0.06), (x - 0.08, y - 0.09), (x + 0.06, y - 0.08))
    pen.line(belly, 0.022, (x - 0.02, y + 0.08), (x + 0.05, y + 0.2), (x + 0.03, y + 0.29))
    pen.line(mane, 0.014, (x - 0.21, y + 0.03), (x - 0.3, y + 0.14), (x - 0.26, y + 0.24))
    pen.oval("fff3c4", x - 0.075, y + 0.055, 0.02, 0.014, glowing=True)


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
    xs = nose[0] + np.cumsum(np.cos(angle)) * length / 26
    ys = nose[1] + np.cumsum(np.sin(angle)) * length / 26
    half = length * 0.115 * np.sin(np.pi * np.clip(t * 0.92 + 0.045, 0, 1)) ** 0.7
    side = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    spine = np.stack([xs, ys], axis=1)
    for way in (-1, 1):
        for at, reach in ((7, 0.2), (15, 0.1)):
            root, out = spine[at], side[at] * way
            along = spine[at + 4] - spine[at]
            fin = root + out * length * reach + along * 1.1
            pen.curve("fff1e2", tuple(root), tuple(root + out * length * reach * 0.8), tuple(fin), tuple(root + along * 1.2))
        tail = spine[-1] + (spine[-1] - spine[-5]) * 1.7 + side[-1] * way * length * 0.14
        pen.curve("fff1e2", tuple(spine[-3]), tuple((spine[-1] + tail) / 2 + side[-1] * way * length * 0.03), tuple(tail), tuple(spine[-1]))
    pen.poly("fdf6ec", *map(tuple, (spine + side * half[:, None]).tolist()), *map(tuple, (spine - side * half[:, None])[::-1].tolist()))
    for number, (at, across, size) in enumerate(pen.dice.units(f"koi {nose[0]:.2f} {nose[1]:.2f}", 7, 3)):
        place = 3 + int(at * 17)
        x, y = spine[place] + side[place] * half[place] * (float(across) - 0.5) * 0.7
        pen.oval(ink if number < 6 else "2a2228", float(x), float(y), length * (0.05 + 0.06 * float(size)), half[place] * 0.62, float(angle[place]))  # noqa: PLR2004
    pen.line(pen.tone(ink, 0.7), length * 0.02, *map(tuple, spine[6:20:3].tolist()))
    for way in (-1, 1):
        eye = spine[2] + side[2] * half[2] * 0.75 * way
        pen.oval("1c1618", float(eye[0]), float(eye[1]), length * 0.014, length * 0.014)
