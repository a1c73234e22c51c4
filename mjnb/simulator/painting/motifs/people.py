"""Who is there: a portrait, a wanderer, an astronaut, a robot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mjnb.simulator.painting.motifs.plants import bloom, leaf

if TYPE_CHECKING:
    from mjnb.simulator.painting.motifs.pen import Pen
    from mjnb.simulator.painting.picture import Point

_FACE: tuple[Point, ...] = (
    (-0.1, 0.84), (-0.15, 0.79), (-0.172, 0.735), (-0.168, 0.7), (-0.186, 0.665), (-0.222, 0.622), (-0.212, 0.605), (-0.186, 0.6),
    (-0.199, 0.58), (-0.187, 0.566), (-0.196, 0.55), (-0.176, 0.533), (-0.18, 0.51), (-0.165, 0.484), (-0.13, 0.474), (-0.05, 0.505),
    (0.02, 0.56), (0.08, 0.66), (0.06, 0.8), (-0.02, 0.86),
)  # fmt: skip
_SKINS = (("f2cdb0", "d9a283"), ("d9a57e", "b57b57"), ("a86f4c", "7f4d35"), ("f7dcc8", "e0b096"))
_HAIRS = (("3a2424", "5c3630"), ("1f1c2a", "3a3650"), ("7a3a22", "a8562e"), ("c48a4a", "e2b56f"))


def portrait(pen: Pen) -> None:
    """A woman in profile, flowers in her hair."""
    skin, shadow = pen.dice.pick("skin", _SKINS)
    hair, shine = pen.dice.pick("hair", _HAIRS)
    pen.curve(hair, (-0.06, 0.9), (0.1, 0.945), (0.24, 0.86), (0.29, 0.7), (0.27, 0.52), (0.33, 0.36), (0.29, 0.2), (0.36, 0.04), (0.16, 0.06), (0.08, 0.3), (0.02, 0.5))
    pen.curve(skin, (-0.07, 0.52), (-0.075, 0.4), (-0.12, 0.335), (-0.26, 0.275), (-0.37, 0.2), (-0.41, 0.0), (0.42, 0.0), (0.36, 0.19), (0.2, 0.29), (0.1, 0.36), (0.09, 0.55))
    pen.curve(shadow, (-0.07, 0.515), (-0.075, 0.42), (-0.03, 0.4), (0.06, 0.37), (0.1, 0.44), (0.05, 0.56))
    _dress(pen)
    pen.curve(skin, *_FACE)
    _features(pen, shadow)
    pen.curve(hair, (-0.115, 0.825), (-0.09, 0.885), (0.0, 0.94), (0.13, 0.93), (0.23, 0.84), (0.26, 0.7), (0.21, 0.54), (0.12, 0.47), (0.06, 0.5), (0.035, 0.58), (0.03, 0.66), (-0.01, 0.745), (-0.07, 0.79))
    for step in range(6):
        lift = step * 0.021
        pen.line(shine, 0.011, (-0.08 + lift, 0.85 + lift * 0.5), (0.07 + lift * 0.6, 0.84 - lift * 0.2), (0.15 + lift * 0.5, 0.7 - lift), (0.11 + lift, 0.54 - lift * 0.4))
    for step in range(5):
        pen.line(shine, 0.01, (0.13 + step * 0.03, 0.5), (0.17 + step * 0.028, 0.34), (0.14 + step * 0.035, 0.2), (0.2 + step * 0.03, 0.06))
    _wreath(pen)


def _features(pen: Pen, shadow: str) -> None:
    """Closed eye, brow, lips, cheek."""
    pen.oval(pen.tone("e2806a", 1.0), -0.075, 0.605, 0.04, 0.024)
    pen.curve("b8404a", (-0.199, 0.583), (-0.16, 0.573), (-0.135, 0.564), (-0.16, 0.552), (-0.196, 0.548), (-0.186, 0.566))
    pen.line("7f2a34", 0.005, (-0.188, 0.5665), (-0.135, 0.564))
    pen.line(shadow, 0.009, (-0.168, 0.612), (-0.156, 0.607), (-0.15, 0.617))
    pen.line("2a1c20", 0.012, (-0.155, 0.668), (-0.13, 0.655), (-0.095, 0.662), (-0.075, 0.674))
    for x, y in ((-0.152, 0.663), (-0.14, 0.657), (-0.127, 0.654)):
        pen.line("2a1c20", 0.006, (x, y), (x - 0.016, y - 0.018))
    pen.curve(pen.tone(pen.scene.palette.accent, 0.9), (-0.155, 0.673), (-0.13, 0.664), (-0.085, 0.67), (-0.115, 0.685))
    pen.line("3a2424", 0.013, (-0.165, 0.715), (-0.125, 0.733), (-0.065, 0.724))


def _dress(pen: Pen) -> None:
    """A collar with a border of drops."""
    accent = pen.scene.palette.accent
    pen.curve(pen.scene.palette.mid, (-0.36, 0.21), (-0.25, 0.16), (-0.08, 0.1), (0.1, 0.12), (0.3, 0.2), (0.37, 0.19), (0.44, 0.0), (-0.43, 0.0))
    for x in np.linspace(-0.34, 0.34, 18):
        y = 0.112 + 0.75 * (x + 0.02) ** 2
        pen.oval(accent, float(x), float(y) - 0.012, 0.014, 0.014)
        pen.oval("f6e6c4", float(x), float(y) - 0.045, 0.007, 0.016)
    pen.line("f6e6c4", 0.008, (-0.08, 0.39), (-0.05, 0.36), (0.02, 0.34), (0.1, 0.36))
    pen.oval(accent, -0.045, 0.345, 0.016, 0.02)


def _wreath(pen: Pen) -> None:
    """Leaves and blooms along the hair."""
    accent = pen.scene.palette.accent
    places = ((-0.08, 0.885, 0.055), (0.005, 0.935, 0.075), (0.115, 0.925, 0.09), (0.215, 0.845, 0.078), (0.265, 0.735, 0.06), (0.09, 0.49, 0.045))
    for number, (x, y, radius) in enumerate(places):
        outward = np.arctan2(y - 0.7, x - 0.06)
        for spread in (-0.7, 0.0, 0.7):
            leaf(pen, (x, y), outward + spread, radius * 2.0, ("3f7a55", "5a9a68")[number % 2])
    inks = (accent, "fbeee6", accent, "f0a0a8", "fbeee6", accent)
    for (x, y, radius), ink in zip(places, inks, strict=True):
        bloom(pen, (x, y), radius, ink)


def person(pen: Pen) -> None:
    """A wanderer with a cloak, a hat and a staff, seen from behind."""
    accent = pen.scene.palette.accent
    pen.line("5a4034", 0.022, (0.25, 0.0), (0.235, 0.5), (0.24, 0.86))
    for x in (-0.06, 0.06):
        pen.box("2c2830", x - 0.04, 0.0, x + 0.035, 0.2)
    pen.curve("4a4e66", (-0.07, 0.76), (-0.16, 0.6), (-0.21, 0.35), (-0.27, 0.1), (-0.12, 0.075), (0.0, 0.1), (0.12, 0.075), (0.25, 0.11), (0.2, 0.35), (0.16, 0.6), (0.07, 0.76))
    pen.curve("3a3d52", (0.02, 0.74), (0.05, 0.5), (0.06, 0.09), (0.12, 0.08), (0.25, 0.11), (0.2, 0.35), (0.16, 0.6), (0.07, 0.75))
    pen.line("33364a", 0.014, (-0.06, 0.66), (-0.11, 0.4), (-0.14, 0.1))
    pen.curve(accent, (-0.09, 0.77), (0.0, 0.73), (0.1, 0.77), (0.08, 0.82), (-0.08, 0.82))
    pen.curve(accent, (0.05, 0.79), (0.17, 0.8), (0.3, 0.74), (0.44, 0.79), (0.43, 0.73), (0.3, 0.675), (0.17, 0.73), (0.06, 0.75))
    pen.oval("5a4034", 0, 0.845, 0.065, 0.07)
    pen.curve("8a6f4c", (-0.2, 0.865), (-0.1, 0.91), (-0.03, 0.985), (0.03, 0.985), (0.1, 0.91), (0.2, 0.865), (0.1, 0.855), (0.0, 0.85), (-0.1, 0.855))
    pen.line("5a4430", 0.014, (-0.105, 0.9), (0.0, 0.885), (0.105, 0.9))
    pen.oval("ffe7ae", 0.24, 0.86, 0.03, 0.04, glowing=True)
    pen.lamp(0.24, 0.86, 0.3)


def astronaut(pen: Pen) -> None:
    """An astronaut with a golden visor."""
    suit, shade = "eee9e2", "bdb8b6"
    pen.box(shade, -0.17, 0.36, 0.17, 0.74)
    for side in (-1, 1):
        pen.curve(suit if side < 0 else shade, (side * 0.02, 0.4), (side * 0.15, 0.38), (side * 0.15, 0.12), (side * 0.17, 0.0), (side * 0.02, 0.0), (side * 0.03, 0.14))
        pen.curve("8a8a92", (side * 0.02, 0.06), (side * 0.17, 0.06), (side * 0.185, 0.0), (side * 0.01, 0.0))
        pen.curve(suit if side < 0 else shade, (side * 0.1, 0.7), (side * 0.2, 0.66), (side * 0.25, 0.46), (side * 0.24, 0.34), (side * 0.16, 0.35), (side * 0.14, 0.5))
    pen.curve(suit, (-0.16, 0.7), (-0.18, 0.5), (-0.15, 0.33), (0.15, 0.33), (0.18, 0.5), (0.16, 0.7), (0.0, 0.74))
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
        pen.curve(steel, (side * 0.04, 0.07), (side * 0.21, 0.07), (side * 0.22, 0.0), (side * 0.03, 0.0))
        pen.line(dark, 0.075, (side * 0.2, 0.6), (side * 0.31, 0.45), (side * 0.29, 0.27))
        pen.oval(steel, side * 0.29, 0.24, 0.055, 0.055)
        pen.oval(steel, side * 0.215, 0.6, 0.075, 0.075)
    pen.curve(steel, (-0.2, 0.66), (-0.22, 0.45), (-0.17, 0.27), (0.17, 0.27), (0.22, 0.45), (0.2, 0.66), (0.0, 0.69))
    pen.curve("a9bcc4", (-0.18, 0.64), (-0.2, 0.46), (-0.15, 0.29), (-0.06, 0.28), (-0.07, 0.66))
    pen.box(dark, -0.04, 0.66, 0.04, 0.72)
    pen.oval("ffcf6a", 0, 0.5, 0.065, 0.065, glowing=True)
    pen.oval("fff3c4", 0, 0.5, 0.035, 0.035, glowing=True)
    pen.curve(steel, (-0.17, 0.72), (-0.19, 0.83), (-0.1, 0.92), (0.1, 0.92), (0.19, 0.83), (0.17, 0.72))
    pen.box("26303a", -0.145, 0.765, 0.145, 0.865)
    for x in (-0.065, 0.065):
        pen.oval("8ff0e8", x, 0.815, 0.032, 0.032, glowing=True)
    pen.line(dark, 0.016, (0, 0.91), (0, 0.985))
    pen.oval("e2574c", 0, 0.985, 0.022, 0.016, glowing=True)
    pen.lamp(0, 0.5, 0.35)
