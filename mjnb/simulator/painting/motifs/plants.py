"""What grows: a tree, a pine, flowers, a mushroom, and the small leaves and blooms that others wear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mjnb.simulator.painting.motifs.pen import path

if TYPE_CHECKING:
    from mjnb.simulator.painting.motifs.pen import Pen
    from mjnb.simulator.painting.palettes import Colour
    from mjnb.simulator.painting.picture import Point

# Dark, middle and light leaves by the palette's family.
_LEAVES = {
    "spring": ("b85f86", "e58fb0", "fbd3df"),
    "autumn": ("8f3220", "d1602a", "f5b04a"),
    "winter": ("5f7489", "b7cbd8", "f4f8fb"),
    "neon": ("3a1f78", "a02f9f", "ff7ac4"),
    "desert": ("4f5a2f", "8a8f45", "d9c26a"),
    "mono": ("2c2c30", "66666c", "b5b5b8"),
}
_GREENS = (("24452f", "4c7f45", "a3c46a"), ("1f4a44", "3f8276", "9fd0a8"), ("39451f", "75853a", "c9c46a"))


def leaves(pen: Pen) -> tuple[str, str, str]:
    """The (dark, middle, light) colours of foliage in this season."""
    return _LEAVES.get(pen.scene.family) or pen.dice.pick("green", _GREENS)


def tree(pen: Pen) -> None:
    """A broad crown on a leaning trunk."""
    lean = pen.dice.between("lean", -0.07, 0.07)
    pen.poly(
        "4a352c",
        (-0.07, 0.0),
        (-0.03, 0.05),
        (-0.028 + lean, 0.42),
        (0.028 + lean, 0.42),
        *path(".032 .05, .08 0, 0 .015"),
    )
    for side in (-1, 1):
        pen.line("4a352c", 0.04, (lean * 0.7, 0.3), (side * 0.12 + lean, 0.47), (side * 0.24 + lean, 0.6))
    spots = pen.dice.units("crown", 64, 3)
    radius = np.sqrt(spots[:, 0])
    angle = spots[:, 1] * 2 * np.pi
    xs, ys = lean + np.cos(angle) * radius * 0.36, 0.68 + np.sin(angle) * radius * 0.22
    side = np.sign(pen.scene.sun[0] - 0.5)
    dark, middle, light = leaves(pen)
    for ink, size, share, dx, dy in (
        (dark, 0.105, 1.0, 0.0, -0.015),
        (middle, 0.078, 0.9, 0.02, 0.02),
        (light, 0.042, 0.62, 0.05, 0.055),
    ):
        for x, y, z in zip(xs[: int(64 * share)], ys, spots[:, 2], strict=False):
            r = size * (0.7 + 0.5 * float(z))
            pen.oval(ink, float(x) + side * dx, float(y) + dy, r * 1.15, r * 0.85)


def pine(pen: Pen) -> None:
    """A fir of jagged tiers."""
    dark, middle, light = (
        ("1c3a34", "2f5a48", "5a8a66") if pen.scene.family != "winter" else ("2f4a55", "54747c", "eef4f7")
    )
    pen.box("3a2c28", -0.025, 0.0, 0.025, 0.16)
    for tier in range(7):
        foot, half = 0.1 + tier * 0.12, 0.25 * (1 - tier / 7.6)
        top = foot + 0.26
        pen.poly(
            dark,
            (-half, foot),
            (-half * 0.5, foot + 0.03),
            (0, foot - 0.01),
            (half * 0.55, foot + 0.03),
            (half, foot),
            (0, min(1, top)),
        )
        pen.poly(
            middle,
            (-half * 0.8, foot + 0.02),
            (-half * 0.3, foot + 0.04),
            (0.0, min(1, top)),
            (half * 0.1, foot + 0.03),
        )
        pen.poly(
            light,
            (-half * 0.72, foot + 0.035),
            (-half * 0.4, foot + 0.05),
            (0.0, min(1, top)),
            (-half * 0.3, foot + 0.13),
        )


def bloom(
    pen: Pen, centre: Point, radius: float, ink: str | Colour, heart: str = "f2c12e", petals: int = 8
) -> None:
    """One flower seen from the front: two rings of petals around a heart."""
    x, y = centre
    start = pen.dice.between(f"bloom {x:.3f} {y:.3f}", 0, np.pi)
    for ring, (reach, shade) in enumerate(path("1 .82, .72 1, .46 1.14")):
        natural = pen.tone(ink, shade)
        for petal in range(petals):
            angle = start + (petal + ring * 0.5) * 2 * np.pi / petals
            out = radius * reach * 0.58
            pen.oval(
                natural,
                x + np.cos(angle) * out,
                y + np.sin(angle) * out,
                radius * reach * 0.45,
                radius * reach * 0.27,
                angle,
            )
    pen.oval(heart, x, y, radius * 0.2, radius * 0.2)


def leaf(pen: Pen, foot: Point, angle: float, length: float, ink: str) -> None:
    """One pointed leaf from its foot, with a vein."""
    x, y = foot
    cos, sin = np.cos(angle), np.sin(angle)
    shape = path("0 0, .3 .16, .65 .15, 1 0, .65 -.13, .3 -.15")
    pen.curve(
        ink, *((x + length * (u * cos - v * sin), y + length * (u * sin + v * cos)) for u, v in shape)
    )
    pen.line(pen.tone(ink, 1.35), length * 0.03, (x, y), (x + length * 0.9 * cos, y + length * 0.9 * sin))


def flower(pen: Pen) -> None:
    """A few long-stemmed flowers."""
    accent = pen.scene.palette.accent
    inks: tuple[str | Colour, ...] = (accent, "f7e9e0", "e2574c", accent, "f0b84a")
    for stem, (x, top, radius) in enumerate(
        (
            (-0.24, 0.6, 0.12),
            (0.26, 0.68, 0.13),
            (-0.1, 0.42, 0.085),
            (0.12, 0.5, 0.09),
            (0.01, 0.82, 0.165),
        )
    ):
        foot = x * 0.35
        pen.line("3f7a45", 0.02, (foot, 0.0), (foot + (x - foot) * 0.35, top * 0.5), (x, top))
        for side in (-1, 1):
            leaf(pen, (foot + (x - foot) * 0.3, top * 0.3), np.pi / 2 + side * 0.85, 0.2, "4c8a4a")
        bloom(pen, (x, top), radius, inks[stem], petals=9)


def mushroom(pen: Pen) -> None:
    """Two spotted mushrooms."""
    for x, scale in ((0.2, 0.55), (-0.08, 1.0)):
        pen.curve(
            "efe4d0",
            *(
                (x + px * scale, py * scale)
                for px, py in path("-.1 0, -.06 .3, -.065 .55, .065 .55, .06 .3, .1 0, 0 -.02")
            ),
        )
        pen.oval("d8c6ae", x, 0.54 * scale, 0.24 * scale, 0.05 * scale)
        cap = path(
            "-.37 .53, -.31 .73, -.14 .92, 0 .96, .14 .92, .31 .73, .37 .53, .18 .575, 0 .59, -.18 .575"
        )
        pen.curve("c8362a", *((x + px * scale, py * scale) for px, py in cap))
        for sx, sy, r in (
            (-0.2, 0.7, 0.045),
            (0.02, 0.82, 0.055),
            (0.19, 0.68, 0.04),
            (-0.06, 0.65, 0.04),
            (0.29, 0.585, 0.022),
            (-0.3, 0.59, 0.025),
        ):
            pen.oval("fbf3e6", x + sx * scale, sy * scale, r * scale * 1.1, r * scale * 0.85)
    pen.lamp(-0.08, 0.6, 0.4)


def island(pen: Pen) -> None:
    """A piece of land that floats, a tree on top."""
    pen.curve("6a5a58", *path("-.46 .46, -.3 .3, -.14 .14, -.03 0, .08 .16, .24 .26, .45 .46"))
    pen.curve("8a7672", *path("-.42 .46, -.24 .3, -.1 .2, 0 .34, -.1 .46"))
    dark, middle, light = leaves(pen)
    pen.curve(middle, *path("-.5 .45, -.28 .52, 0 .54, .3 .52, .5 .45, .2 .41, -.15 .42"))
    pen.line("4a352c", 0.05, (0.05, 0.5), (0.03, 0.72))
    for ink, x, y, r in (
        (dark, 0.03, 0.78, 0.17),
        (middle, -0.03, 0.82, 0.14),
        (light, -0.06, 0.87, 0.08),
        (middle, 0.12, 0.8, 0.1),
    ):
        pen.oval(ink, x, y, r, r * 0.85)
