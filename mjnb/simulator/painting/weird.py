"""What weird does: more moons, an eye in one, islands in the air, a land hung upside down, swirls and wrong colours."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops

from mjnb.simulator.painting.canvas import blurred, drawn, focused, grey, looked_up, noise
from mjnb.simulator.painting.motifs import stamp
from mjnb.simulator.painting.palettes import mix, scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import ImageDraw

    from mjnb.simulator.painting.canvas import Canvas
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.picture import Size
    from mjnb.simulator.painting.scene import Scene


def make_weird(scene: Scene, canvas: Canvas) -> None:
    """Bend and recolour what has been painted, then hang moons and islands into it; nothing at weird 0."""
    if scene.weird <= 0:
        return
    if scene.weird > 0.5 and scene.place not in {"pond", "studio"}:
        _hang(scene, canvas)
    _bend(scene, canvas)
    _recolour(scene, canvas.image)
    for number in range(round(0.7 + 3.3 * scene.weird)):
        _moon(scene, canvas, number)
    for number in range(round(6 * scene.weird)):
        side = (number * 0.618 + scene.dice.between(f"island x {number}", 0.0, 0.3)) % 1
        if scene.place == "studio":  # beside the face, not before it
            side = 0.2 * side + 0.8 * (number % 2)
        up = scene.dice.between(f"island y {number}", 0.2, 0.66) * max(scene.horizon, 0.5)
        size = scene.dice.between(f"island size {number}", 0.08, 0.24) * (1.3 if number == 0 else 1.0)
        stamp(
            scene,
            canvas,
            "island",
            (side * scene.size[0], (up + 0.1) * scene.size[1]),
            size,
            0.12,
            key=str(number),
        )


def _moon(scene: Scene, canvas: Canvas, number: int) -> None:
    """Another moon, with craters, half in shadow; the first one is the largest, and looks back."""
    radius = scene.dice.between(f"moon r {number}", 0.025, 0.075) * (1.9 if number == 0 else 1.0)
    x = (
        (1 - scene.sun[0] + 0.31 * number + scene.dice.between(f"moon x {number}", -0.1, 0.1))
        % 1
        * scene.size[0]
    )
    if scene.place == "studio":
        x = 0.2 * x + 0.8 * scene.size[0] * (number % 2)
    y = scene.dice.between(f"moon y {number}", 0.1, 0.62) * scene.horizon * scene.size[1]
    side = round(radius * scene.unit * 2) + 4
    tone = mix(
        scene.palette.sun, (scene.palette.accent, scene.palette.low, scene.palette.glow)[number % 3], 0.45
    )
    at = (round(x - side / 2), round(y - side / 2))
    canvas.glow((x, y), radius * scene.unit * 2.6, tone, 0.6)
    whole = _disc(side, 1.0)
    canvas.lay(tone, whole, at, 245)
    for cx, cy, r in scene.dice.units(f"craters {number}", 9, 3).tolist():
        crater = ImageChops.multiply(
            whole, _disc(side, 0.06 + 0.14 * r, (cx - 0.5) * 0.8, (cy - 0.5) * 0.8)
        )
        canvas.lay(scaled(tone, 0.86), crater, at)
    if number == 0 and scene.weird > 0.35:
        _eye(scene, canvas, side, at)
    night = ImageChops.subtract(whole, _disc(side, 1.12, 0.2, -0.16))
    canvas.lay(
        mix(scene.palette.zenith, tone, 0.2),
        blurred(night, max(1.0, side * 0.03)).point(lambda v: v * 0.8),
        at,
    )


def _eye(scene: Scene, canvas: Canvas, side: int, at: Size) -> None:
    """An iris with its fibres, a pupil and a glint."""
    iris = mix(scene.palette.accent, (40, 190, 200), 0.35)
    canvas.lay(scaled(iris, 0.45), _disc(side, 0.66), at, 150)
    canvas.lay(iris, _disc(side, 0.6), at, 100)

    def fibres(pen: ImageDraw.ImageDraw, over: float) -> None:
        middle = side / 2 * over
        for step in range(40):
            angle, reach = step * np.pi / 20, side * over * (0.27 if step % 2 else 0.22)
            pen.line(
                (middle, middle, middle + np.cos(angle) * reach, middle + np.sin(angle) * reach),
                fill=130,
                width=max(1, round(side * 0.008 * over)),
            )

    canvas.lay(scene.palette.sun, drawn((side, side), fibres), at)
    canvas.lay(scaled(scene.palette.near, 0.5), _disc(side, 0.3), at, 20)
    canvas.lay((255, 255, 255), _disc(side, 0.1, 0.13, -0.13), at, 230)


def _disc(side: int, share: float, dx: float = 0.0, dy: float = 0.0) -> Image.Image:
    """A disc in a square mask: its radius and its shift as shares of the square's half and side."""

    def draw(pen: ImageDraw.ImageDraw, over: float) -> None:
        r = (side / 2 - 2) * share * over
        x, y = (0.5 + dx) * side * over, (0.5 + dy) * side * over
        pen.ellipse((x - r, y - r, x + r, y + r), fill=255)

    return drawn((side, side), draw)


def _hang(scene: Scene, canvas: Canvas) -> None:
    """The land once more, upside down, from the upper edge."""
    reach = round(scene.size[1] * 0.36 * scene.weird)
    first = min(round((scene.horizon - 0.12) * scene.size[1]), scene.size[1] - reach)
    strip = canvas.image.crop((0, first, scene.size[0], first + reach)).transpose(
        Image.Transpose.ROTATE_180
    )
    fade = np.clip((1 - np.linspace(0, 1, reach, dtype=np.float32)[:, None]) * 1.6, 0, 1) * np.ones(
        (1, scene.size[0]), np.float32
    )
    canvas.image.paste(strip, (0, 0), grey(fade * 0.85))


def _calm(scene: Scene) -> float:
    """How much of the bending a subject bears: a face would lose itself."""
    return 0.3 if scene.place == "studio" else 1.0


def _bend(scene: Scene, canvas: Canvas) -> None:
    """Swirls around a few points, and slow waves, as through old glass."""
    width, height = canvas.size
    strength = scene.weird * _calm(scene)
    coarse = (max(2, width // 4), max(2, height // 4))
    x, y = np.meshgrid(
        *(
            np.linspace(0, side / scene.unit, n, dtype=np.float32)
            for side, n in zip(canvas.size, coarse, strict=True)
        )
    )
    drift = 0.16 * strength
    u = x + (noise(scene.dice, "bend x", coarse, (1.6, 2.4), 2) - 0.5) * drift
    v = y + (noise(scene.dice, "bend y", coarse, (2.4, 1.6), 2) - 0.5) * drift
    for cx, cy, size, way in scene.dice.units("swirls", 3, 4).tolist():
        dx, dy = u - cx * width / scene.unit, v - cy * height / scene.unit
        turn = (2.6 if way > 0.5 else -2.6) * strength * np.exp(-(dx**2 + dy**2) / (0.012 + 0.035 * size))
        u, v = (
            u + (np.cos(turn) - 1) * dx - np.sin(turn) * dy,
            v + np.sin(turn) * dx + (np.cos(turn) - 1) * dy,
        )
    places = _folded(v * scene.unit, canvas.size, 1), _folded(u * scene.unit, canvas.size, 0)
    canvas.image.paste(
        focused(looked_up(canvas.image, *places), 0.7)
    )  # what is fetched pixel by pixel has rough edges
    if canvas.inked:
        canvas.labels.paste(looked_up(canvas.labels, *places))


def _folded(coarse: Floats, size: Size, axis: int) -> NDArray[np.int32]:
    """Pixel places from a coarse grid of them; those outside the picture are mirrored back into it."""
    places = np.rint(np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))).astype(
        np.int32
    )
    length = size[axis]
    around = np.abs(places) % (2 * length)
    folded: NDArray[np.int32] = np.where(around >= length, 2 * length - 1 - around, around)
    return folded


def _recolour(scene: Scene, image: Image.Image) -> None:
    """Hues that drift from place to place."""
    angle = np.deg2rad(scene.dice.between("hue", 25, 75)) * scene.weird * _calm(scene)
    small = (image.width // 8 or 1, image.height // 8 or 1)
    where = noise(scene.dice, "hues", small, (1.3, 1.3), 2)
    mask = grey((where - 0.66 + 0.3 * scene.weird) * 4.5).resize(image.size, Image.Resampling.BILINEAR)
    image.paste(image.convert("RGB", _hue_turn(float(angle), 1 + 0.4 * scene.weird)), (0, 0), mask)


def _hue_turn(angle: float, chroma: float) -> tuple[float, ...]:
    """The matrix (3 rows of 4) that turns colours about the axis of greys and scales their distance from it."""
    cos, sin = np.cos(angle) * chroma, np.sin(angle) * chroma / np.sqrt(3)
    near, after, before = (1 + 2 * cos) / 3, (1 - cos) / 3 - sin, (1 - cos) / 3 + sin
    rows = ((near, after, before), (before, near, after), (after, before, near))
    return tuple(float(value) for row in rows for value in (*row, 0.0))
