"""Masks as pictures and as polygons: what says which part of a picture is to be painted anew.

Here and at APIXO white is painted anew and black is kept; `with_polarity` is for gateways that see it otherwise. A mask
is always counted in the pixels of the picture itself, also when that picture lies on a larger canvas. An array of
height × width, True where painted anew, stands between all forms.
"""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mjnb.clips import is_clip
from mjnb.errors import InvalidRequest
from mjnb.fields import a_clip
from mjnb.masks.pillow import eight_bits, orientation, turned, turned_size
from mjnb.masks.shapes import box, clipped, clockwise, ellipse, signed_area
from mjnb.masks.tracing import MOST_CORNERS, fill, outlines
from mjnb.parts import Area, Mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "MOST_CORNERS", "area_of", "areas_of", "box", "corners", "eight_bits", "ellipse", "faithful", "fields_of", "opened",
    "orientation", "painted_by", "picture_of", "png_of", "read", "resized", "size_of", "turned", "turned_size",
    "url_of", "with_polarity", "within",
]  # fmt: skip

_MOST_PIXELS = 100_000_000
_MIDDLE = 128  # of 255: what is lighter is white
_SPECK = 1e-5  # of the picture
_FAITHFUL = 0.9
_SMALLEST_SPECK = 4.0  # square pixels
_FORMATS = ("PNG", "JPEG", "WEBP")
_DATA_URL = re.compile(r"data:image/\w+;base64,")


def area_of(corners: NDArray[np.float64], size: Any, field: str = "points") -> Area:
    """Return a polygon as an `Area`: what of it lies inside the picture, clockwise, in whole pixels.

    Args:
        corners: n × 2, in pixels from the picture's top left.
        size: The picture's width and height, or whatever `size_of` knows the size of.
        field: The name to give in an error.

    Raises:
        InvalidRequest: Nothing of it lies inside.
    """
    width, height = size_of(size)
    inside = (
        np.rint(clipped(corners, width, height)).astype(int) if np.isfinite(corners).all() else corners[:0]
    )
    if not _paints(inside):
        raise InvalidRequest(
            field,
            corners.tolist(),
            f"a polygon of at least one pixel within the picture's {width} × {height}",
            nearest=_inward(corners, width, height),
        )
    return Area(width=width, height=height, points=clockwise(inside).ravel().tolist())


def corners(points: Any) -> NDArray[np.float64]:
    """Read corners given as pairs or flat, as n × 2; fractions and places outside the picture are fine here.

    >>> corners([0, 0, 9, 0, 9, 5]).shape
    (3, 2)
    """
    try:
        array = np.asarray(points, dtype=float)
        pairs = np.reshape(array if array.ndim == 1 or array.shape[1:] == (2,) else [], (-1, 2))
    except (TypeError, ValueError):
        pairs = np.zeros((0, 2))
    if len(pairs) < 3:  # noqa: PLR2004  (corners)
        raise InvalidRequest("points", points, "at least three corners as [(x1, y1), …] or [x1, y1, …]")
    return pairs


def fields_of(image: Any, form: str) -> dict[str, Any]:
    """Return the one field that makes a `Mask` of a picture: `url` or `areas`."""
    if form not in ("url", "areas"):
        raise InvalidRequest("as_", form, "'url' or 'areas'", nearest="url")
    painted = read(image)
    if not painted.any():
        raise InvalidRequest("image", "a picture without white", "white where it is to be painted anew")
    if form == "url":
        return {"url": url_of(painted)}
    return {"areas": faithful(painted)}


def faithful(painted: NDArray[np.bool_]) -> tuple[Area, ...]:
    """Trace a mask of at least one painted pixel, and make sure that the polygons paint nearly the same.

    Raises:
        InvalidRequest: They agree with less than nine tenths of it (area of both by area of either): it is in too many
            pieces.
    """
    areas = areas_of(painted) or areas_of(painted, smallest_px=0)
    again = painted_by(Mask(areas=areas)) if areas else ~painted
    agreement = float((painted & again).sum()) / float((painted | again).sum())
    if agreement < _FAITHFUL:
        allowed = f"a mask that polygons of {MOST_CORNERS} corners in all can follow"
        hint = f"They agree with {agreement:.0%} of it. Send it as a picture: as_='url', or form='url'."
        raise InvalidRequest("areas", f"{len(areas)} polygons", allowed, hint=hint)
    return areas


def _inward(ring: NDArray[np.float64], width: int, height: int) -> list[list[int]] | None:
    """Move a polygon into the picture; None if nothing would be painted all the same."""
    if not np.isfinite(ring).all():
        return None
    size = np.array([width, height])
    moved = ring - (ring.max(axis=0) - size).clip(min=0)
    moved = moved - moved.min(axis=0).clip(max=0)
    inside = np.rint(clipped(moved, width, height)).astype(int)
    nearest: list[list[int]] = inside.tolist()
    return nearest if _paints(inside) else None


def _paints(ring: NDArray[Any]) -> bool:
    """Tell whether a ring encloses anything; one that crosses itself may have parts that cancel out in its area."""
    if len(ring) < 3:  # noqa: PLR2004  (corners)
        return False
    if signed_area(ring):
        return True
    inner = ring - ring.min(axis=0)
    width, height = (int(side) for side in inner.max(axis=0))
    return bool(fill([inner], width, height).any())


def within(shape: Callable[..., NDArray[np.float64]], sides: tuple[Any, ...], size: Any) -> Area:
    """Return a box, or the ellipse in it, as an `Area`: `sides` are x, y, width and height."""
    field = shape.__name__
    try:
        x, y, width, height = (float(side) for side in sides)
    except (TypeError, ValueError):
        raise InvalidRequest(field, sides, "x, y, width and height as numbers of pixels") from None
    if not (np.isfinite([x, y, width, height]).all() and width > 0 and height > 0):
        nearest = (
            (x, y, max(width, 1.0), max(height, 1.0)) if np.isfinite([x, y, width, height]).all() else None
        )
        raise InvalidRequest(field, sides, "x, y, and a width and height above 0", nearest=nearest)
    return area_of(shape(x, y, width, height), size, field)


def areas_of(
    painted: Any, *, tolerance_px: float = 0.6, smallest_px: float | None = None, most: int = MOST_CORNERS
) -> tuple[Area, ...]:
    """Trace a black-and-white picture as polygons, clockwise, the largest first.

    Args:
        painted: A picture of any kind `read` takes, or an array of height × width, painted anew where it is not zero.
        tolerance_px: How far in pixels an outline may be off to save corners; it is raised as far as `most` needs.
        smallest_px: Specks and holes of fewer square pixels are dropped; None is 4 or a hundred-thousandth of the
            picture, whichever is more.
        most: Corners in all, at least 16.

    >>> square = np.zeros((40, 60), dtype=bool)
    >>> square[10:30, 5:55] = True
    >>> areas_of(square)
    (Area(width=60, height=40, points=(5, 10, 55, 10, 55, 30, 5, 30)),)
    """
    mask = read(painted)
    height, width = mask.shape
    smallest = max(_SMALLEST_SPECK, mask.size * _SPECK) if smallest_px is None else smallest_px
    rings = outlines(mask, tolerance_px, smallest, max(16, most))
    return tuple(Area(width=width, height=height, points=_from_top_left(ring)) for ring in rings)


def _from_top_left(ring: NDArray[np.int64]) -> list[int]:
    """Begin a ring at the corner nearest to the top left, so that equal masks read equal."""
    start = int(np.argmin(ring.sum(axis=1)))
    points: list[int] = np.roll(ring, -start, axis=0).ravel().tolist()
    return points


def painted_by(mask: Mask, size: Any = None) -> NDArray[np.bool_]:
    """Return what a mask paints anew, as an array of height × width.

    Args:
        mask: Polygons, each scaled from the frame it was drawn in to the picture; or a picture in base64.
        size: The picture's width and height; None is the mask's own.

    Raises:
        InvalidRequest: The mask is the URL of a picture elsewhere: nothing is fetched here.
    """
    if mask.areas is None:
        painted = read(_decoded(mask.url or ""))
        return painted if size is None else resized(painted, size_of(size))
    width, height = size_of(size or (mask.areas[0].width, mask.areas[0].height))
    rings = (
        np.reshape(area.points, (-1, 2)) * (width / area.width, height / area.height) for area in mask.areas
    )
    return fill(rings, width, height)


def picture_of(mask: Mask, size: Any = None) -> bytes:
    """Draw a mask as a black-and-white PNG, white where it is painted anew; see `painted_by`.

    >>> read(picture_of(Mask.box(0, 0, 2, 1, size=(3, 2)))).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    return png_of(painted_by(mask, size))


def png_of(painted: NDArray[np.bool_]) -> bytes:
    """Write an array of height × width as a black-and-white PNG, white where it is True."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(painted.astype(np.uint8) * 255).convert("1").save(file, "PNG")
    return file.getvalue()


def url_of(painted: NDArray[np.bool_]) -> str:
    """Write an array as a PNG in base64, as `Mask.url` takes it."""
    return f"data:image/png;base64,{base64.b64encode(png_of(painted)).decode()}"


def with_polarity(png: bytes, paint: Literal["white", "black", "transparent"] = "white") -> bytes:
    """Rewrite a mask for a gateway that marks what is painted anew in another way.

    Args:
        png: A mask as it is here, white where painted anew.
        paint: What marks it there: `"white"`, `"black"`, or `"transparent"` on an opaque black picture.

    Raises:
        InvalidRequest: No such way, or no picture.
    """
    from PIL import Image

    painted = read(png)
    if paint in ("white", "black"):
        return png_of(painted if paint == "white" else ~painted)
    if paint != "transparent":
        raise InvalidRequest("paint", paint, "'white', 'black' or 'transparent'", nearest="white")
    file = io.BytesIO()
    pixels = np.zeros((*painted.shape, 4), dtype=np.uint8)
    pixels[..., 3] = np.where(painted, 0, 255)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def read(image: Any) -> NDArray[np.bool_]:
    """Read a black-and-white picture as an array of height × width, True where it is painted anew.

    Args:
        image: Bytes or path of a PNG, JPEG or WebP, or a Pillow image: true where it is lighter than mid-grey and not
            see-through, turned upright as its EXIF says. Or an array of height × width: true where it is not zero; NaN is
            not painted.

    Raises:
        InvalidRequest: It is none of these, too large, damaged, or so dark that it cannot be black and white.
    """
    if isinstance(image, bytes | bytearray | memoryview | str | Path):
        image = opened(image)
    if hasattr(image, "convert") and hasattr(image, "size"):
        return _light(image)
    array = np.asarray(image)
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "biuf":  # noqa: PLR2004  (height and width)
        shape = f"This is an array of {array.dtype}, shape {array.shape}."
        raise InvalidRequest(
            "image", image, "a picture or its path, or an array of height × width", hint=shape
        )
    painted: NDArray[np.bool_] = np.nan_to_num(array) != 0
    return painted


def opened(source: Any) -> Any:
    """Decode a PNG, JPEG or WebP from its bytes or path with Pillow, as it lies in the file.

    Raises:
        InvalidRequest: It is no such picture, too large or damaged.
    """
    from PIL import Image

    try:
        file = source if isinstance(source, str | Path) else io.BytesIO(bytes(source))
        image = Image.open(file, formats=_FORMATS)
        if image.width * image.height > _MOST_PIXELS:
            raise InvalidRequest("image", image.size, f"a picture of at most {_MOST_PIXELS:,} pixels")
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(source, str | Path) and is_clip(Path(source)):
            raise a_clip("image", Path(source).name) from None
        shown = source if isinstance(source, str | Path) else f"{len(source)} bytes"
        raise InvalidRequest(
            "image", str(shown), "a PNG, JPEG or WebP picture", hint=f"{error}."
        ) from error
    return image


def _light(image: Any) -> NDArray[np.bool_]:
    """Tell what is white in a Pillow image."""
    image = eight_bits(turned(image, orientation(image)))
    grey: NDArray[np.uint8] = np.asarray(image.convert("L"))
    if image.has_transparency_data:
        grey = np.where(np.asarray(image.convert("RGBA"))[..., 3] >= _MIDDLE, grey, 0)
    brightest = int(grey.max(initial=0))
    if 0 < brightest < _MIDDLE // 16:
        hint = "Give an array to have everything that is not zero painted."
        raise InvalidRequest(
            "image", f"a picture no lighter than {brightest} of 255", "white where painted anew", hint=hint
        )
    light: NDArray[np.bool_] = grey >= _MIDDLE
    return light


def size_of(picture: Any) -> tuple[int, int]:
    """Return width and height in pixels: of a pair, an `Image` of a task, a Pillow image, an array, bytes or a path.

    They are those of the picture as it is shown: turned upright as its EXIF says.

    >>> size_of((640, 480))
    (640, 480)
    """
    if isinstance(picture, tuple | list) and len(picture) == 2:  # noqa: PLR2004  (a pair)
        return _whole(picture)
    if isinstance(picture, np.ndarray) and picture.ndim in (2, 3):
        return int(picture.shape[1]), int(picture.shape[0])
    if hasattr(picture, "getexif"):
        return turned_size(picture)
    if getattr(picture, "width", 0) and getattr(picture, "height", 0):
        return int(picture.width), int(picture.height)
    path = getattr(picture, "path", picture)
    if isinstance(path, bytes | str | Path):
        return turned_size(opened(path))
    raise InvalidRequest("size", picture, "width and height in pixels, or a picture", nearest=(1024, 1024))


def _whole(size: Any) -> tuple[int, int]:
    frame = Area(width=size[0], height=size[1], points=(0, 0, 0, 0, 0, 0))
    return frame.width, frame.height


def _decoded(url: str) -> bytes:
    if url.startswith(("http://", "https://")):
        raise InvalidRequest(
            "mask.url", url, "a mask in base64, or areas", hint="Masks are not fetched: give its bytes."
        )
    return base64.b64decode(_DATA_URL.sub("", url, count=1))


def resized(painted: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Scale a mask to another size, pixel by pixel."""
    width, height = size
    rows = np.arange(height) * painted.shape[0] // height
    columns = np.arange(width) * painted.shape[1] // width
    resized: NDArray[np.bool_] = painted[rows[:, None], columns]
    return resized
