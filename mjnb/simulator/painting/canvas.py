"""The painter's easel: soft masks, noise and glows in units of the picture's short side, so that size changes no shape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mjnb.simulator.painting.dice import Dice, Floats, Numbers
    from mjnb.simulator.painting.palettes import Colour
    from mjnb.simulator.painting.picture import Point, Size

SUPERSAMPLE: Final = 3
KEPT_PIXELS: Final = 1_200_000  # of one remembered layer
P = ParamSpec("P")
T = TypeVar("T")
_Bytes = np.uint8


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture in the making.

    Attributes:
        image: The colours (RGB), changed in place.
        labels: One grey level per thing that was laid (L), from which ink lines are drawn; changed in place.
            A single pixel when nothing is to be inked.
    """

    image: Image.Image
    labels: Image.Image

    @property
    def size(self) -> Size:
        """(width, height) in pixels."""
        return self.image.size

    @property
    def unit(self) -> int:
        """Pixels of the short side, the length of everything that is measured in this package."""
        return min(self.image.size)

    @property
    def inked(self) -> bool:
        """Whether labels are kept."""
        return self.labels.size == self.image.size

    def lay(
        self, fill: Image.Image | Colour, mask: Image.Image, at: Size = (0, 0), label: int | None = None
    ) -> None:
        """Paste a colour or an image (as large as the mask) through a mask whose upper left corner is at ``at``."""
        box = (at[0], at[1], at[0] + mask.width, at[1] + mask.height)
        self.image.paste(fill, box, mask)
        if label is not None and self.inked:
            self.labels.paste(label, box, mask)

    def glow(self, centre: Point, radius: float, colour: Colour, strength: float) -> None:
        """Add light around a point (pixels); it falls to nothing at ``radius`` pixels."""
        side = max(2, round(2 * radius))
        left, top = round(centre[0] - side / 2), round(centre[1] - side / 2)
        mask = (
            soft_disc()
            .resize((side, side), Image.Resampling.BILINEAR)
            .point(lambda v: v * min(1.0, strength))
        )
        box = (max(0, left), max(0, top), min(self.size[0], left + side), min(self.size[1], top + side))
        if box[2] <= box[0] or box[3] <= box[1]:
            return
        mask = mask.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
        under = self.image.crop(box)
        self.image.paste(ImageChops.screen(under, Image.new("RGB", under.size, colour)), box, mask)


def blank(size: Size, *, inked: bool) -> Canvas:
    """An empty canvas, with labels if it is to be inked."""
    return Canvas(Image.new("RGB", size), Image.new("L", size if inked else (1, 1)))


@lru_cache(maxsize=1)
def soft_disc() -> Image.Image:
    """A round light (L, 256 x 256) that falls off smoothly to nothing at its rim."""
    axis = np.linspace(-1, 1, 256, dtype=np.float32)
    distance = np.minimum(1, np.hypot(axis[:, None], axis[None, :]))
    return grey((1 - distance) ** 2.2)


def grey(values: Numbers) -> Image.Image:
    """An array of 0..1 as an L image; beyond that range it is cut off."""
    scaled = np.multiply(values, 255, dtype=np.float32, casting="same_kind")
    return Image.fromarray(np.clip(scaled, 0, 255, out=scaled).astype(_Bytes))


def drawn(
    size: Size, draw: Callable[[ImageDraw.ImageDraw, float], None], over: int = SUPERSAMPLE
) -> Image.Image:
    """A mask drawn ``over`` times as large and averaged down, for clean edges."""
    large = Image.new("L", (size[0] * over, size[1] * over))
    draw(ImageDraw.Draw(large), float(over))
    return large.reduce(over)


def noise(dice: Dice, name: str, size: Size, cells: Point, octaves: int = 4) -> Floats:
    """Smooth fractal noise in 0..1, shape (height, width).

    Args:
        dice: Where the numbers come from.
        name: Which numbers.
        size: (width, height) in pixels.
        cells: How many hills of the coarsest octave lie along the (horizontal, vertical) short side.
        octaves: Each next one has twice the cells and half the weight.
    """
    total = np.zeros((size[1], size[0]), np.float32)
    unit = min(size)
    for octave in range(octaves):
        across, down = (max(0.3, c * 2**octave * side / unit) for c, side in zip(cells, size, strict=True))
        lattice = dice.units(f"{name}{octave}", math.ceil(down) + 3, math.ceil(across) + 3)
        layer = Image.fromarray(lattice).resize(
            size, Image.Resampling.BICUBIC, box=(1, 1, 1 + across, 1 + down)
        )
        total += (np.asarray(layer) - 0.5) * 0.55**octave
    return np.clip(0.5 + total * 0.75, 0, 1, out=total)


def wave(dice: Dice, name: str, xs: Floats, cells: float, octaves: int = 5, decay: float = 0.5) -> Floats:
    """Smooth noise along a line, about -1..1, at the places ``xs`` (short sides)."""
    total = np.zeros_like(xs)
    for octave in range(octaves):
        knots = dice.units(f"{name}{octave}", 64) * 2 - 1
        at = (xs + 0.37 * octave) * cells * 2**octave % 63
        low = at.astype(np.int32)
        share = at - low
        share = share * share * (3 - 2 * share)
        total += (knots[low] * (1 - share) + knots[low + 1] * share) * decay**octave
    return total


def below(line: Floats, height: int) -> Image.Image:
    """The mask of everything under a line (pixels from the top, one per column), with soft edges."""
    mask = Image.new("L", (line.size, height), 255)
    edge = min(height, int(line.max()) + 2)
    if edge > 0:
        mask.paste(grey(np.arange(edge, dtype=np.float32)[:, None] - line[None, :] + 0.5))
    return mask


def columns(stops: Sequence[tuple[float, Colour]], size: Size) -> Image.Image:
    """A vertical gradient through colours at places 0 (top) to 1 (bottom)."""
    places = [place for place, _ in stops]
    rows = np.linspace(0, 1, size[1])
    bands = [np.interp(rows, places, [c[channel] for _, c in stops]) for channel in range(3)]
    strip = np.rint(np.stack(bands, axis=1)).astype(_Bytes)[:, None, :]
    return Image.fromarray(strip).resize(size, Image.Resampling.NEAREST)


def remembered(make: Callable[Concatenate[Size, P], T]) -> Callable[Concatenate[Size, P], T]:
    """Keep what was made for the last few sizes, unless it is too large to be kept."""
    kept = lru_cache(maxsize=8)(make)

    @wraps(make)
    def fetch(size: Size, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return (kept if size[0] * size[1] <= KEPT_PIXELS else make)(size, *args, **kwargs)  # type: ignore[arg-type] # the arguments are hashable

    return fetch


def focused(image: Image.Image, amount: float) -> Image.Image:
    """Softer (amount below 1) or sharper (above 1), by how far it is from a coarse copy of itself."""
    coarse = image.reduce(max(2, min(image.size) // 256)).resize(image.size, Image.Resampling.BILINEAR)
    return Image.blend(coarse, image, amount)


def looked_up(image: Image.Image, rows: NDArray[np.int32], cols: NDArray[np.int32]) -> Image.Image:
    """Every pixel from another place: arrays of the places, of (broadcast) shape (height, width), all inside the image."""
    if image.mode == "L":
        return Image.fromarray(np.asarray(image)[rows, cols])
    whole = np.asarray(image.convert("RGBX")).view(np.uint32)[
        ..., 0
    ]  # one number a pixel is fetched faster than three
    found = whole[rows, cols]
    return Image.frombytes("RGBX", (found.shape[1], found.shape[0]), found.tobytes()).convert("RGB")


def blurred(image: Image.Image, radius: float) -> Image.Image:
    """A wide blur at the price of a narrow one: done on a smaller copy."""
    step = max(1, int(radius // 2))
    if step == 1:
        return image.filter(ImageFilter.GaussianBlur(radius))
    small = image.reduce(step).filter(ImageFilter.GaussianBlur(radius / step))
    return small.resize(image.size, Image.Resampling.BILINEAR)


def spline(points: Sequence[Point], *, closed: bool = True, steps: int = 8) -> list[Point]:
    """A smooth curve through points (Catmull-Rom), as a polygon."""
    knots = np.array(points, dtype=np.float64)
    around = np.vstack([knots[-1:], knots, knots[:2]] if closed else [knots[:1], knots, knots[-1:]])
    a, b, c, d = (around[i : len(around) - 3 + i, None, :] for i in range(4))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - 3 * c + d - a) * t**3
    )
    path = curve.reshape(-1, 2) if closed else np.vstack([curve.reshape(-1, 2), knots[-1:]])
    return [(x, y) for x, y in path.tolist()]
