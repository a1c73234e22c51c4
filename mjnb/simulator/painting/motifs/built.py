"""What people built: lighthouse, house, castle, bridge, pagoda, torii, windmill, boat, balloon, rocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mjnb.simulator.painting.motifs.pen import Pen

WINDOW = "ffd98a"


def lighthouse(pen: Pen) -> None:
    """A striped tower with a keeper's house on a rock."""
    rock = ((-0.4, 0.0), (-0.37, 0.035), (-0.31, 0.045), (-0.27, 0.085), (-0.2, 0.085), (-0.15, 0.11), (0.0, 0.12), (0.26, 0.1), (0.3, 0.07), (0.36, 0.06), (0.4, 0.0))
    pen.poly("4c4650", *rock)
    for left, top, right in ((-0.37, 0.035, -0.3), (-0.27, 0.085, -0.17), (-0.1, 0.1, 0.02), (0.08, 0.095, 0.2), (0.26, 0.09, 0.33)):
        pen.poly("6d6468", (left, top), ((left + right) / 2 + 0.02, top * 0.75), ((left + right) / 2, 0.0), (left - 0.02, 0.0))
        pen.poly("393542", ((left + right) / 2 + 0.02, top * 0.75), (right, top * 0.6), (right + 0.01, 0.0), ((left + right) / 2, 0.0))
    pen.curve("e8eef0", (-0.44, 0.0), (-0.3, 0.016), (-0.1, 0.008), (0.12, 0.018), (0.3, 0.008), (0.45, 0.0), (0.0, -0.01))
    pen.box("e9e2d4", 0.07, 0.09, 0.25, 0.19)
    pen.poly("a3402f", (0.05, 0.185), (0.27, 0.185), (0.235, 0.245), (0.09, 0.245))
    pen.box(WINDOW, 0.12, 0.12, 0.15, 0.16, glowing=True)
    pen.box(WINDOW, 0.18, 0.12, 0.21, 0.16, glowing=True)
    width = lambda y: 0.098 - (y - 0.1) * 0.062  # noqa: E731 - a line is all it is
    for step, (low, high) in enumerate(zip(np.linspace(0.1, 0.74, 7)[:-1], np.linspace(0.1, 0.74, 7)[1:], strict=True)):
        a, b = width(low), width(high)
        ink = "f4eee2" if step % 2 == 0 else "c8402f"
        pen.poly(ink, (-a, low), (0, low - 0.014), (a, low), (b, high), (0, high - 0.014), (-b, high))
    for y in (0.27, 0.48, 0.64):
        pen.box("2c2a38", -0.013, y, 0.013, y + 0.035)
    pen.box("2f2d3b", -0.085, 0.735, 0.085, 0.755)
    for x in np.linspace(-0.08, 0.08, 9):
        pen.box("2f2d3b", x - 0.003, 0.75, x + 0.003, 0.79)
    pen.box("2f2d3b", -0.085, 0.785, 0.085, 0.793)
    pen.box("fff0b8", -0.045, 0.76, 0.045, 0.865, glowing=True)
    for x in (-0.045, -0.015, 0.015, 0.045):
        pen.box("2f2d3b", x - 0.004, 0.755, x + 0.004, 0.865)
    pen.curve("a3402f", (-0.062, 0.862), (-0.05, 0.9), (0.0, 0.935), (0.05, 0.9), (0.062, 0.862), (0, 0.86))
    pen.box("2f2d3b", -0.004, 0.92, 0.004, 0.99)
    pen.lamp(0, 0.81, 0.55)
    pen.beams.append((0.0, 0.81, pen.dice.between("beam", -0.3, 0.3)))


def house(pen: Pen) -> None:
    """A cabin with a steep roof, a chimney and lit windows."""
    pen.box("8a6a52", -0.36, 0.0, 0.3, 0.42)
    pen.box("6f523f", 0.08, 0.0, 0.3, 0.42)
    pen.box("5a4038", 0.16, 0.55, 0.24, 0.93)
    pen.poly("7a3c34", (-0.44, 0.38), (-0.3, 0.82), (0.24, 0.82), (0.4, 0.38))
    pen.poly("93493d", (0.02, 0.38), (0.19, 0.8), (0.4, 0.36))
    pen.poly("6f523f", (0.08, 0.38), (0.19, 0.66), (0.3, 0.38))
    for x in (-0.29, -0.11):
        pen.box("3a2c2c", x - 0.015, 0.135, x + 0.105, 0.315)
        pen.box(WINDOW, x, 0.15, x + 0.09, 0.3, glowing=True)
        pen.box("3a2c2c", x + 0.04, 0.15, x + 0.05, 0.3)
        pen.lamp(x + 0.045, 0.22, 0.3)
    pen.box("4a2f2a", 0.14, 0.0, 0.24, 0.26)
    pen.oval(WINDOW, 0.19, 0.46, 0.035, 0.04, glowing=True)


def castle(pen: Pen) -> None:
    """Towers with pointed roofs on a rock."""
    pen.curve("4c4852", (-0.52, 0.0), (-0.45, 0.1), (-0.28, 0.19), (0.0, 0.24), (0.3, 0.17), (0.46, 0.08), (0.53, 0.0))
    stone, dark, roof = "cbbfb0", "a3968b", "46506e"
    towers = ((-0.32, 0.09, 0.12, 0.46), (0.3, 0.1, 0.12, 0.52), (-0.15, 0.1, 0.15, 0.6), (0.14, 0.085, 0.15, 0.66), (0.0, 0.13, 0.18, 0.74))
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
        pen.line(ink, 0.02, (side * 0.75, 0.97), (side * 1.15, 0.56), (side * 1.5, 0.32))
    pen.poly(ink, *zip(span, cable + 0.012, strict=True), *zip(span[::-1], cable[::-1] - 0.008, strict=True))
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
        pen.curve("34414c", (-eave - 0.02, foot + 0.125), (-half, foot + 0.135), (half, foot + 0.135), (eave + 0.02, foot + 0.125),
                  (half * 0.9, foot + 0.17), (half * 0.6, foot + 0.19), (-half * 0.6, foot + 0.19), (-half * 0.9, foot + 0.17))  # fmt: skip
        pen.box("e2b866", -eave * 0.9, foot + 0.118, eave * 0.9, foot + 0.128)
        pen.lamp(0, foot + 0.06, 0.2)
    pen.line("e2b866", 0.02, (0, 0.87), (0, 0.93), (0, 1.0))


def torii(pen: Pen) -> None:
    """A red gate."""
    red, dark = "cf3f2c", "2e2830"
    for x in (-0.34, 0.34):
        pen.poly(red, (x - 0.05, 0.0), (x + 0.05, 0.0), (x * 0.94 + 0.042, 0.86), (x * 0.94 - 0.042, 0.86))
        pen.poly(dark, (x - 0.06, 0.0), (x + 0.06, 0.0), (x + 0.056, 0.09), (x - 0.056, 0.09))
    pen.box(red, -0.42, 0.62, 0.42, 0.69)
    pen.box(red, -0.05, 0.69, 0.05, 0.85)
    pen.curve(red, (-0.52, 0.88), (0, 0.83), (0.52, 0.88), (0.53, 0.93), (0, 0.88), (-0.53, 0.93))
    pen.curve(dark, (-0.56, 0.935), (0, 0.88), (0.56, 0.935), (0.58, 0.99), (0, 0.935), (-0.58, 0.99))


def windmill(pen: Pen) -> None:
    """A mill with four sails."""
    pen.poly("d9cdb8", (-0.17, 0.0), (0.17, 0.0), (0.1, 0.56), (-0.1, 0.56))
    pen.poly("b8a98f", (0.02, 0.0), (0.17, 0.0), (0.1, 0.56), (0.02, 0.56))
    pen.curve("6a3a34", (-0.12, 0.55), (-0.09, 0.64), (0, 0.7), (0.09, 0.64), (0.12, 0.55), (0, 0.545))
    pen.box("4a2f2a", -0.045, 0.0, 0.045, 0.14)
    for y in (0.22, 0.38):
        pen.box(WINDOW, -0.025, y, 0.025, y + 0.06, glowing=True)
    lean = pen.dice.between("sails", 0.15, 1.2)
    for quarter in range(4):
        angle = lean + quarter * np.pi / 2
        out, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        hub = np.array([0.0, 0.6])
        pen.line("4a3a34", 0.02, tuple(hub), tuple(hub + out * 0.4))
        sail = [hub + out * r + side * s for r, s in ((0.09, 0.0), (0.39, 0.0), (0.39, 0.1), (0.09, 0.085))]
        pen.poly("efe6d2", *(tuple(corner) for corner in sail))
        for r in (0.16, 0.24, 0.32):
            pen.line("b8a98f", 0.008, tuple(hub + out * r), tuple(hub + out * r + side * 0.095))
    pen.oval("3a2c2c", 0, 0.6, 0.028, 0.028)


def boat(pen: Pen) -> None:
    """A sailing boat with two sails."""
    white, accent = "f6efe0", pen.scene.palette.accent
    pen.line("4a3a34", 0.018, (0.0, 0.1), (0.0, 0.98))
    pen.curve(white, (0.025, 0.2), (0.025, 0.55), (0.02, 0.95), (0.2, 0.55), (0.36, 0.22), (0.2, 0.2))
    pen.curve("ddd2c0", (0.025, 0.2), (0.025, 0.55), (0.02, 0.95), (0.09, 0.55), (0.13, 0.21), (0.1, 0.2))
    pen.curve(accent, (-0.025, 0.2), (-0.025, 0.5), (-0.02, 0.86), (-0.16, 0.5), (-0.3, 0.22), (-0.15, 0.2))
    pen.curve("6a3a34", (-0.4, 0.14), (-0.2, 0.125), (0.2, 0.125), (0.44, 0.165), (0.34, 0.03), (0.2, 0.0), (-0.22, 0.0), (-0.33, 0.04))
    pen.curve("f0e6d4", (-0.4, 0.145), (0, 0.13), (0.44, 0.17), (0.43, 0.135), (0, 0.105), (-0.39, 0.115))
    pen.line("c8402f", 0.016, (0.0, 0.985), (0.07, 0.97))


def balloon(pen: Pen) -> None:
    """A striped hot-air balloon."""
    inks = (pen.scene.palette.accent, (247, 236, 214), pen.scene.lit((206, 64, 52)))
    y = np.linspace(0.27, 1.0, 24)
    t = (y - 0.27) / 0.73
    half = 0.34 * np.sqrt(np.clip(1 - ((t - 0.58) / 0.58) ** 2, 0, 1)) * np.where(t < 0.58, np.clip(t * 1.15 + 0.28, 0, 1), 1)  # noqa: PLR2004
    half = np.where(t > 0.58, 0.34 * np.sqrt(np.clip(1 - ((t - 0.58) / 0.42) ** 2, 0, 1)), half)  # noqa: PLR2004 - its widest place
    edges = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 10))
    for gore, (left, right) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        pen.poly(inks[gore % 3], *zip(half * left, y, strict=True), *zip((half * right)[::-1], y[::-1], strict=True))
    for x in (-0.07, -0.03, 0.03, 0.07):
        pen.line("5a4038", 0.007, (x * 1.2, 0.285), (x * 0.8, 0.1))
    pen.box("8a5a34", -0.062, 0.0, 0.062, 0.1)
    pen.box("a87444", -0.07, 0.085, 0.07, 0.105)
    pen.oval("ffd27a", 0, 0.2, 0.018, 0.045, glowing=True)
    pen.lamp(0, 0.3, 0.45)


def rocket(pen: Pen) -> None:
    """A rocket on its flame."""
    pen.curve("ffb347", (-0.06, 0.2), (-0.09, 0.1), (0.0, 0.0), (0.09, 0.1), (0.06, 0.2), glowing=True)
    pen.curve("fff3c4", (-0.03, 0.2), (-0.04, 0.14), (0.0, 0.06), (0.04, 0.14), (0.03, 0.2), glowing=True)
    for side in (-1, 1):
        pen.curve("c8402f", (side * 0.08, 0.42), (side * 0.2, 0.25), (side * 0.2, 0.14), (side * 0.08, 0.22))
    pen.curve("f0ebe2", (-0.1, 0.22), (-0.13, 0.45), (-0.1, 0.75), (0.0, 1.0), (0.1, 0.75), (0.13, 0.45), (0.1, 0.22), (0.0, 0.2))
    pen.curve("cfc8c0", (0.03, 0.21), (0.06, 0.5), (0.04, 0.8), (0.0, 1.0), (0.1, 0.75), (0.13, 0.45), (0.1, 0.22))
    pen.curve("c8402f", (-0.085, 0.79), (0.0, 1.0), (0.085, 0.79), (0.0, 0.77))
    pen.oval("3a4456", 0, 0.6, 0.05, 0.05)
    pen.oval("8fd0ea", 0, 0.6, 0.036, 0.036)
    pen.box("c8402f", -0.117, 0.33, 0.117, 0.36)
    pen.lamp(0, 0.1, 0.6)
