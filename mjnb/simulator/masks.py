"""The mask of AceData's `variation_region` and `edits`: white is painted again, black stays."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from typing import TYPE_CHECKING

from mjnb.simulator.fields import InvalidFieldError
from mjnb.simulator.urls import is_web

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["read_mask"]

Polygon = tuple[tuple[float, float], ...]

_FINEST = 64  # cells on the long side: as fine as a region needs to be here
_SIDE = 8192  # pixels; no document names a limit, but memory has one
_WHITE = 128


def read_mask(mask: str) -> tuple[tuple[Polygon, ...], str]:
    """Return the white region of a mask, as polygons in 0..1 of the picture, or the URL under which a mask lies.

    Args:
        mask: a picture in base64, with or without a `data:` prefix, or a URL (which is never fetched).

    Raises:
        InvalidFieldError: it is no picture, too large, or nothing in it is white.
    """
    if is_web(mask):
        return (), mask
    region = tuple(_rectangles(_cells(_open(mask))))
    if not region:
        raise InvalidFieldError("Invalid field: mask has no white area")
    return region, ""


def _open(mask: str) -> Image:
    """Return the picture in the base64, with what is transparent in it made black."""
    from PIL import Image as Images

    refused = InvalidFieldError("Invalid field: mask must be an image in base64 or a URL")
    try:
        data = base64.b64decode(mask.partition("base64,")[2] or mask, validate=True)
        with warnings.catch_warnings(action="error", category=Images.DecompressionBombWarning):
            image = Images.open(io.BytesIO(data))
        if max(image.size) > _SIDE:
            raise refused
        return Images.alpha_composite(
            Images.new("RGBA", image.size, "black"), image.convert("RGBA")
        ).convert("L")
    except (binascii.Error, ValueError, OSError, SyntaxError, Images.DecompressionBombWarning):
        raise refused from None
    except Images.DecompressionBombError:
        raise refused from None


def _cells(image: Image) -> list[list[bool]]:
    """Return the mask as rows of cells that are white or not."""
    from PIL import Image as Images

    scale = min(1.0, _FINEST / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    levels = image.resize((width, height), Images.Resampling.BOX).tobytes()
    return [[level >= _WHITE for level in levels[row * width :][:width]] for row in range(height)]


def _rectangles(rows: list[list[bool]]) -> list[Polygon]:
    """Return the white runs of the rows, those below one another made into one rectangle."""
    height, width = len(rows), len(rows[0])
    open_runs: dict[tuple[int, int], int] = {}
    found: list[Polygon] = []
    for y, row in enumerate([*rows, [False] * width]):
        runs = set(_runs(row))
        for left, right in [run for run in open_runs if run not in runs]:
            top = open_runs.pop((left, right))
            found.append(_rectangle(left / width, top / height, right / width, y / height))
        for run in runs:
            open_runs.setdefault(run, y)
    return sorted(found)


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    edges = [x for x in range(len(row) + 1) if _at(row, x) != _at(row, x - 1)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _at(row: list[bool], x: int) -> bool:
    return 0 <= x < len(row) and row[x]


def _rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    return (left, top), (right, top), (right, bottom), (left, bottom)
