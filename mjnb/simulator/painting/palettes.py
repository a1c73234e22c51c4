"""Curated colours: nine to a palette, in families by hour and season, and how they are mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

Colour = tuple[int, int, int]

# zenith  high    low     glow    sun     far     mid     near    accent
_TABLE: Final = {
    "dusk": (
        "1f2a5a 5b4b8a c9739a ffb38a fff0c9 6d5a93 3d3a6b 1a1b3a ff8a5c",
        "14213d 3d4a7a d9776c ffc27a fff3d6 7a5f86 43406c 171a33 ffb84d",
        "2b1b4d 7a2e70 e2557a ff9e6d ffe3b0 7b4a86 47285f 1c1033 ffcf5c",
        "0f3040 2d6a7a 9bb8a0 f7c58b fff1cf 4c7a85 2a5162 0c222e f2884b",
        "1b2450 4d5c9e a98fc0 f4b6b0 ffe9d2 67699f 3b4178 171a3c ff7f6b",
    ),
    "dawn": (
        "6a86b8 a7b7d6 f3c9c4 ffe3c2 fffbe8 9fb0cf 6c86ac 2f4766 f08a7a",
        "5f7fa8 9fc0c4 f0d9b5 ffe9c0 fffbe6 9bb8b8 5f8b8f 26494f f2a65a",
        "54659c 9a8fc0 f0b3b5 ffd7b3 fff6df a195c2 6d6a9c 2e2f57 f4846f",
        "4d7f9e 8fb9c6 e9cdb9 ffddb0 fff8e0 8fb0bb 587f92 22414f ef8354",
    ),
    "day": (
        "2f7fc4 6fb2e0 b9dff0 eaf6f2 fffdf0 8fb9cf 5a9a8a 2c5d4a f2b441",
        "3a8fb7 86c5d8 cfe9e4 f7f5e4 fffbea a3c4c0 6fa58c 35664f e8694a",
        "2a6fb0 74b3dc c6e4ef fff3da fffef5 93bcd4 6fa572 33602f f06c5a",
        "1f8a9e 6cc4c4 c4e8d8 fdf3d3 fffdf0 86bfc0 4f9a8c 1f5650 ff8f5a",
    ),
    "night": (
        "060b1f 0f1d45 1f3a70 3f6a9c f4f1d8 2a4778 162a52 070d20 ffd27a",
        "0a0820 1f1650 3b2f80 6a5bb0 fdf3d0 3a3578 211d52 0b0920 ff9ecb",
        "04141a 0a2f3d 14586a 3f9a9a eafff0 1e5a68 103844 04141c ffc46b",
        "0b1030 1c2a66 3a4f96 8a7fb8 fff4dc 32478a 1c2a5a 090d24 ffb37a",
    ),
    "storm": (
        "23303a 3f505c 6f8288 b4bfb8 f6f0dc 5f7078 3d4c55 182228 e0b25f",
        "2a2a3e 4c4a66 857f96 c9bcbc f8eadb 66637d 434159 1b1a2a e08f5f",
        "1c2f33 3a5a5c 6f9088 b9c9a8 f7f3d2 567a78 335254 122426 f0b65a",
    ),
    "winter": (
        "7fa3c4 b3cde0 dfe8f0 f8ece4 fffaf0 b4c6d8 86a0bb 44617e e2725b",
        "6f8fb5 a9bfd8 e3dfea fde6de fff6ec b4bfd6 8494b8 3b4a72 f0a35e",
        "5a7fa6 96b8d2 d2dfe6 ffe9cf fff8e6 a5bccf 7594b3 34536f e8894f",
    ),
    "autumn": (
        "5a7a8c a3b0a0 f0cf9a ffd98a fff2cf b58a6a 9a5a3a 4a2a22 e8552d",
        "3f4f6a 8f8a8f eab27a ffcf7a fff0c0 9a7568 7d4538 35201f ff9b3d",
        "4d6670 9fa38a e8bf7d ffd884 fff4cc a88660 8a5a34 3d2a1c d9432f",
    ),
    "spring": (
        "7fb0d8 b9d9ea f6dfe6 fff0ea fffaf5 b9c7de 8fb59a 4a7558 f58fb0",
        "8fb5dc c9d6f0 f9d5e0 ffe9dd fff9f0 c0bfe0 9aa9b8 4d6a6b ef6f9a",
    ),
    "desert": (
        "2f6690 7fa8b4 f0cf9f ffdf9f fff5d6 d99a6f b5653f 5a2a2a ffcf5c",
        "3b3a6b 9a5f8a ee8f70 ffc67d fff0cc c0705f 8f4048 3d1b2e ffd66b",
    ),
    "neon": (
        "0a0620 2a0f55 7a1f8f ff3fa4 ffe6ff 3b1f78 1f1050 0a0620 2fe6ff",
        "05101f 0a2a4f 13608f 26c0d0 eaffff 143f6b 0a2342 040b18 ff4f9a",
        "120428 3a0d5c a0246f ff7a4f fff0d0 4a1f70 270f48 0d0420 4fe0ff",
    ),
    "mono": (
        "2b2b30 57575c 9a9a9c d9d7d2 fbf8f0 8a8a8c 55555a 1c1c20 d24b3f",
        "3a352f 6b635a a89f92 e2d9c8 fdf8ec 978d80 625a50 211d19 b5523b",
    ),
}
FAMILIES: Final = tuple(_TABLE)
# Where chaos may go from a family without contradicting the word that asked for it.
NEIGHBOURS: Final = {
    "dusk": ("dusk", "autumn", "desert"), "dawn": ("dawn", "spring", "winter"), "day": ("day", "spring", "dawn"),
    "night": ("night", "neon"), "storm": ("storm", "mono"), "winter": ("winter", "dawn"), "autumn": ("autumn", "dusk"),
    "spring": ("spring", "day"), "desert": ("desert", "dusk"), "neon": ("neon", "night"), "mono": ("mono", "storm"),
}  # fmt: skip
BRIGHTNESS: Final = {
    "night": 0.5,
    "neon": 0.6,
    "storm": 0.72,
    "dusk": 0.8,
    "mono": 0.8,
}  # of daylight; 1 when missing


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a scene, each (red, green, blue) in 0-255, from the sky's top to the nearest ground."""

    zenith: Colour
    high: Colour
    low: Colour
    glow: Colour
    sun: Colour
    far: Colour
    mid: Colour
    near: Colour
    accent: Colour

    def all(self) -> tuple[Colour, ...]:
        """The nine colours in the order of the attributes."""
        return (
            self.zenith,
            self.high,
            self.low,
            self.glow,
            self.sun,
            self.far,
            self.mid,
            self.near,
            self.accent,
        )


def colour(text: str) -> Colour:
    """``"ff8000"`` as (255, 128, 0)."""
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """From ``first`` (share 0) to ``second`` (share 1)."""
    (red, green, blue), (red2, green2, blue2) = first, second
    return (
        round(red + (red2 - red) * share),
        round(green + (green2 - green) * share),
        round(blue + (blue2 - blue) * share),
    )


def scaled(base: Colour, by: float) -> Colour:
    """A colour made darker (below 1) or lighter (above 1)."""
    red, green, blue = (min(255, round(part * by)) for part in base)
    return red, green, blue


def family(name: str) -> tuple[Palette, ...]:
    """The palettes of one family.

    Raises:
        KeyError: There is no such family; ``FAMILIES`` has the names.
    """
    return tuple(Palette(*map(colour, row.split())) for row in _TABLE[name])


def blend(first: Palette, second: Palette, share: float) -> Palette:
    """Two palettes mixed colour by colour in OKLab, where a mixture of two clean colours stays clean."""
    a, b = (_to_lab(np.array(p.all(), dtype=float)) for p in (first, second))
    return _palette(_from_lab(a + (b - a) * share))


def turned(palette: Palette, degrees: float, chroma: float = 1.0) -> Palette:
    """A palette with every hue turned around the wheel and its chroma scaled."""
    lab = _to_lab(np.array(palette.all(), dtype=float))
    angle = np.deg2rad(degrees)
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * chroma
    lab[:, 1:] = lab[:, 1:] @ spin.T
    return _palette(_from_lab(lab))


def steered(palette: Palette, hue: Colour, share: float) -> Palette:
    """A palette drawn towards one hue: every colour keeps its own lightness."""
    lab = _to_lab(np.array(palette.all(), dtype=float))
    aim = _to_lab(np.array([hue], dtype=float))[0, 1:]
    chroma = np.maximum(np.hypot(lab[:, 1], lab[:, 2]), 0.07)[:, None]
    reach = np.array([0.5, 0.75, 1.0, 1.0, 0.3, 0.8, 0.8, 0.6, 1.2])[:, None] * share
    lab[:, 1:] += (aim / max(float(np.hypot(*aim)), 0.05) * chroma * 1.15 - lab[:, 1:]) * np.minimum(
        reach, 1
    )
    return _palette(_from_lab(lab))


def _palette(rgb: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Palette:
    return Palette(
        *((red, green, blue) for red, green, blue in np.clip(np.rint(rgb), 0, 255).astype(int).tolist())
    )


# Björn Ottosson's OKLab, from linear sRGB.
_TO_LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS, _FROM_LAB = np.linalg.inv(_TO_LMS), np.linalg.inv(_TO_LAB)
_Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _to_lab(rgb: _Array) -> _Array:
    linear = (rgb / 255) ** 2.2
    lab: _Array = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    return lab


def _from_lab(lab: _Array) -> _Array:
    linear = (lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T
    rgb: _Array = np.clip(linear, 0, 1) ** (1 / 2.2) * 255
    return rgb
