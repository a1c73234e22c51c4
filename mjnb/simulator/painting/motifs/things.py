"""Objects that stand for whatever the painter has no picture of: a vase, a globe on its stand, a pile of boxes."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mjnb.simulator.painting.canvas import spline

if TYPE_CHECKING:
    from mjnb.simulator.painting.motifs.pen import Pen

_INKS: Final = ("c8452f", "e0a02c", "2f8f83", "3b6fb5", "8a5ab0", "d9713f", "4f9a55", "d46a8c")
_PALE: Final = "f3ead7"


def _inks(pen: Pen) -> tuple[str, str]:
    """The object's main colour, the prompt's own if it names one, and another that goes with it."""
    place = int(pen.dice.unit("ink") * 0.999 * len(_INKS))
    return pen.scene.words.colour or _INKS[place], _INKS[(place + 3) % len(_INKS)]


def vase(pen: Pen) -> None:
    """A turned vase, each with a profile of its own, and a sprig in it."""
    main, other = _inks(pen)
    swell = pen.dice.units("profile", 3)
    knots = ((0.13, 0.0), (0.16 + 0.16 * swell[0], 0.2), (0.15 + 0.17 * swell[1], 0.38), (0.06 + 0.05 * swell[2], 0.55),
             (0.12, 0.64))  # fmt: skip
    edge = np.array(spline(knots, closed=False, steps=8))
    for lean, tall in ((-0.2, 0.92), (0.02, 1.0), (0.22, 0.88)):
        pen.line("4d6b3c", 0.016, (0, 0.58), (lean * 0.4, 0.75), (lean, tall - 0.06))
        pen.oval(other, lean, tall - 0.07, 0.075, 0.06)
        pen.oval(_PALE, lean, tall - 0.07, 0.026, 0.022)
    outline = [*map(tuple, edge.tolist()), *((-x, y) for x, y in edge[::-1].tolist())]
    pen.poly(main, *outline)
    band = edge[(edge[:, 1] > 0.2) & (edge[:, 1] < 0.32)]
    pen.poly(other, *map(tuple, band.tolist()), *((-x, y) for x, y in band[::-1].tolist()))
    side = 1 if pen.scene.sun[0] > 0.5 else -1
    shine = [
        (side * x * share, y)
        for share, run in ((0.72, edge[4:-8]), (0.55, edge[4:-8][::-1]))
        for x, y in run.tolist()
    ]
    pen.poly(pen.tone(main, 1.5), *shine, part=False)
    pen.oval(pen.tone(main, 0.4), 0, 0.64, 0.12, 0.022)


def globe(pen: Pen) -> None:
    """A banded globe on a wooden stand."""
    main, other = _inks(pen)
    tilt = pen.dice.between("tilt", -0.5, 0.5)
    pen.poly("5b3d2b", (-0.24, 0.0), (0.24, 0.0), (0.16, 0.07), (0.05, 0.1), (0.05, 0.2), (-0.05, 0.2), (-0.05, 0.1), (-0.16, 0.07))  # fmt: skip
    pen.oval(main, 0, 0.58, 0.4, 0.4)
    pen.oval(other, 0, 0.58, 0.395, 0.1 + 0.06 * pen.dice.unit("band"), tilt)
    pen.oval(_PALE, 0, 0.58, 0.395, 0.035, tilt)
    side = 1 if pen.scene.sun[0] > 0.5 else -1
    pen.oval(pen.tone(main, 1.55), side * 0.16, 0.77, 0.1, 0.07, -side * 0.6)


def boxes(pen: Pen) -> None:
    """Three boxes with ribbons, one on the other."""
    main, other = _inks(pen)
    foot = 0.0
    for nth, (ink, ribbon) in enumerate(((main, _PALE), (other, main), (_PALE, other))):
        half = 0.4 - 0.1 * nth + 0.05 * pen.dice.unit(f"half {nth}")
        tall = 0.25 + 0.1 * pen.dice.unit(f"tall {nth}")
        middle = pen.dice.between(f"shift {nth}", -0.05, 0.05)
        pen.box(ink, middle - half, foot, middle + half, foot + tall * 0.76)
        pen.box(
            pen.tone(ink, 0.85), middle - half - 0.02, foot + tall * 0.76, middle + half + 0.02, foot + tall
        )
        pen.box(ribbon, middle - 0.04, foot, middle + 0.04, foot + tall)
        foot += tall
