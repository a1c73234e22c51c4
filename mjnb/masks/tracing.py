"""From pixels to polygons and back.

A polygon paints the pixels whose centres lie inside it, by the non-zero rule. The outlines found run along the edges of
pixels, so their corners are whole numbers; a hole is joined to its outline by a slit, a way there and back of no width,
so that one polygon is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mjnb.masks.shapes import clockwise, signed_area, simplified

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["MOST_CORNERS", "fill", "outlines"]

MOST_CORNERS = 600  # in all
_MOST_EDGES = (
    60_000  # pixels' edges to walk along; a mask more ragged than that is looked at from farther away
)
_MOST_PIXELS = 2**23
_CORNERS_A_RING = 8  # at least, when there are too many rings to be told apart by fewer
_COARSER = 1.2


def fill(rings: Iterable[NDArray[np.float64]], width: int, height: int) -> NDArray[np.bool_]:
    """Paint rings into a frame: an array of height × width, True where any of them covers a pixel's centre."""
    painted = np.zeros((height, width), dtype=bool)
    for ring in rings:
        top, bottom = (int(np.clip(np.rint(y), 0, height)) for y in (ring[:, 1].min(), ring[:, 1].max()))
        painted[top:bottom] |= _filled(ring - (0, top), width, bottom - top)
    return painted


def _filled(ring: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """Count, for every pixel, how often the ring winds around its centre."""
    steps = np.zeros((height, width + 1), dtype=np.int16)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        first, last = sorted((y0, y1))
        rows = np.arange(max(0, int(np.ceil(first - 0.5))), min(height, int(np.ceil(last - 0.5))))
        if len(rows):
            crossing = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
            columns = np.clip(np.ceil(crossing - 0.5), 0, width).astype(int)
            steps[rows, columns] += 1 if y1 > y0 else -1
    winding: NDArray[np.bool_] = np.cumsum(steps, axis=1, dtype=np.int16)[:, :-1] != 0
    return winding


def outlines(
    painted: NDArray[np.bool_], tolerance: float, smallest: float, most: int = MOST_CORNERS
) -> list[NDArray[np.int64]]:
    """Trace what is painted.

    Args:
        painted: height × width, True where painted.
        tolerance: How far in pixels a corner that is left out may lie from its outline. It is raised as far as needed
            for at most `most` corners in all.
        smallest: Specks and holes of fewer square pixels are dropped.
        most: Corners in all.

    Returns:
        Rings of whole coordinates, clockwise on the screen, the largest first.
    """
    height, width = painted.shape
    coarse, scale = _manageable(painted)
    shapes = _traced(coarse, smallest / scale**2, most // _CORNERS_A_RING)
    shapes = _fewest(shapes, tolerance / scale, most)
    limit = np.array([width, height])
    rings = (np.minimum(np.floor(_joined(parts) * scale + 0.5).astype(np.int64), limit) for parts in shapes)
    return [ring for ring in rings if signed_area(ring) > 0]


def _manageable(painted: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    """Halve a mask until its outlines are short enough to be walked along in a moment."""
    scale = 1
    while painted.size > _MOST_PIXELS or (min(painted.shape) > 1 and _edges(painted) > _MOST_EDGES):
        painted, scale = _halved(painted), scale * 2
    return painted, scale


def _edges(painted: NDArray[np.bool_]) -> int:
    across = np.count_nonzero(painted[:, 1:] != painted[:, :-1])
    return int(across + np.count_nonzero(painted[1:] != painted[:-1]))


def _halved(painted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Join two by two pixels into one, painted when half of them are."""
    height, width = painted.shape
    even = np.pad(painted, ((0, height % 2), (0, width % 2)), mode="edge").astype(np.uint8)
    half: NDArray[np.bool_] = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2] >= 2  # noqa: PLR2004
    return half


def _traced(painted: NDArray[np.bool_], smallest: float, most: int) -> list[list[NDArray[np.float64]]]:
    """Return each painted patch as its outline, clockwise, and its holes, the other way round; the largest ones first.

    A contour passes through the middles of the pixels' edges, exactly between the painted and the others.
    """
    from contourpy import FillType, contour_generator

    heights = np.pad(painted, 1).astype(float)
    found = contour_generator(z=heights, fill_type=FillType.OuterOffset).filled(0.5, 2.0)
    patches = [np.split(points - 0.5, offsets[1:-1]) for points, offsets in zip(*found, strict=True)]
    sized = sorted(((abs(signed_area(rings[0])), i) for i, rings in enumerate(patches)), reverse=True)
    shapes = []
    for area, i in sized:
        if area < smallest or most <= 0:
            break
        outer, *holes = (ring[:-1] for ring in patches[i])
        kept = sorted(
            (hole for hole in holes if abs(signed_area(hole)) >= smallest), key=lambda ring: -len(ring)
        )
        shapes.append([clockwise(outer), *(clockwise(hole)[::-1] for hole in kept[: most - 1])])
        most -= len(shapes[-1])
    return shapes


def _fewest(
    shapes: list[list[NDArray[np.float64]]], tolerance: float, most: int
) -> list[list[NDArray[np.float64]]]:
    """Leave out corners, more of them as the tolerance is raised, until there are few enough.

    Along the pixels' edges a mask is followed to the pixel, and a box by four corners. What needs too many of those is
    followed along the middles of the edges, which lie closer to a slope or a bow.
    """
    fewer = _simpler([[_along_edges(ring) for ring in rings] for rings in shapes], tolerance)
    tolerance = (
        min(tolerance, 0.36) / _COARSER
    )  # the middles of a smooth slope's edges lie about so far from it
    while _count(fewer) > most:
        tolerance *= _COARSER
        shapes = fewer = _simpler(shapes, tolerance)
    return fewer


def _simpler(shapes: list[list[NDArray[np.float64]]], tolerance: float) -> list[list[NDArray[np.float64]]]:
    fewer = ([simplified(ring, tolerance) for ring in rings] for rings in shapes)
    return [[ring for ring in rings if len(ring) > 2] for rings in fewer if len(rings[0]) > 2]  # noqa: PLR2004  (corners)


def _count(shapes: list[list[NDArray[np.float64]]]) -> int:
    """Count corners, with the two more that a hole's slit takes."""
    return sum(len(ring) + 2 for rings in shapes for ring in rings)


def _along_edges(middles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lead a contour along the edges of pixels: two middles that follow each other share a corner of the pixels.

    It has the whole coordinates of both.
    """
    after = np.roll(middles, -1, axis=0)
    whole, next_whole = (np.mod(points, 1) == 0 for points in (middles, after))
    corners = np.where(whole, middles, np.where(next_whole, after, (middles + after) / 2))
    way, next_way = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    ring: NDArray[np.float64] = corners[way[:, 0] * next_way[:, 1] != way[:, 1] * next_way[:, 0]]
    return ring


def _joined(rings: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Join holes to their outline by slits between the corners that are nearest to each other."""
    ring = rings[0]
    for hole in rings[1:]:
        distances = ((ring[:, None] - hole[None]) ** 2).sum(axis=2)
        at, start = np.unravel_index(int(np.argmin(distances)), distances.shape)
        around = np.roll(hole, -int(start), axis=0)
        ring = np.vstack([ring[: at + 1], around, around[:1], ring[at:]])
    return ring
