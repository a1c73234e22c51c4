"""Polygons as corners: shapes, their winding, and what of them lies inside a frame.

A corner is a pair x, y in pixels from the top left, y downwards; (0, 0) is the outer corner of the first pixel and
(width, height) that of the last. A ring is an array of n corners, n × 2, its last one joined to its first.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["box", "clipped", "clockwise", "ellipse", "signed_area", "simplified"]

_FEWEST, _MOST = 32, 360  # corners of an ellipse


def box(x: float, y: float, width: float, height: float) -> NDArray[np.float64]:
    """Return the four corners of a box, clockwise from its top left.

    >>> box(10, 20, 30, 40).astype(int).tolist()
    [[10, 20], [40, 20], [40, 60], [10, 60]]
    """
    right, bottom = x + width, y + height
    return np.array([(x, y), (right, y), (right, bottom), (x, bottom)], dtype=float)


def ellipse(x: float, y: float, width: float, height: float) -> NDArray[np.float64]:
    """Return an ellipse in a box as at least 32 corners, as many as keep it within about half a pixel of the curve."""
    radius = max(width, height) / 2
    count = min(max(_FEWEST, math.ceil(math.pi * math.sqrt(radius))), _MOST)
    turn = np.linspace(0, 2 * math.pi, count, endpoint=False)
    across, down = width / 2, height / 2
    return np.stack([x + across + across * np.cos(turn), y + down + down * np.sin(turn)], axis=1)


def signed_area(ring: NDArray[np.float64]) -> float:
    """Return a ring's area in square pixels, positive when it is drawn clockwise as seen on a screen.

    >>> signed_area(box(0, 0, 3, 2)), signed_area(box(0, 0, 3, 2)[::-1])
    (6.0, -6.0)
    """
    x, y = ring[:, 0], ring[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def clockwise(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ring, turned round if it was drawn the other way."""
    return ring if signed_area(ring) >= 0 else ring[::-1]


def clipped(ring: NDArray[np.float64], width: float, height: float) -> NDArray[np.float64]:
    """Return the part of a ring inside a frame (Sutherland and Hodgman): no corner at all when nothing of it is.

    >>> clipped(box(-10, -10, 30, 20), 100, 100).astype(int).tolist()
    [[20, 0], [20, 10], [0, 10], [0, 0]]
    """
    for axis, limit, sign in ((0, 0.0, 1), (0, width, -1), (1, 0.0, 1), (1, height, -1)):
        ring = _cut(ring, axis, limit, sign)
    return ring


def _cut(ring: NDArray[np.float64], axis: int, limit: float, sign: int) -> NDArray[np.float64]:
    """Keep what lies on one side of a line: where `sign * (coordinate - limit)` is not negative."""
    kept: list[NDArray[np.float64]] = []
    for start, end in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        inside, next_inside = (sign * (corner[axis] - limit) >= 0 for corner in (start, end))
        if inside:
            kept.append(start)
        if inside != next_inside:
            share = (limit - start[axis]) / (end[axis] - start[axis])
            kept.append(start + share * (end - start))
    return np.array(kept, dtype=float).reshape(-1, 2)


def simplified(ring: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Return a ring of fewer corners that stays within `tolerance` pixels of this one (Douglas and Peucker)."""
    far = int(np.argmax(((ring - ring[0]) ** 2).sum(axis=1)))
    closed = np.vstack([ring, ring[:1]])
    keep = np.zeros(len(closed), dtype=bool)
    keep[[0, far]] = True
    spans = [(0, far), (far, len(ring))]
    while spans:
        start, end = spans.pop()
        worst, distance = _farthest(closed, start, end)
        if distance > tolerance:
            keep[worst] = True
            spans += [(start, worst), (worst, end)]
    return ring[keep[:-1]]


def _farthest(line: NDArray[np.float64], start: int, end: int) -> tuple[int, float]:
    """Find the corner between two others that is farthest from the straight way between them."""
    if end - start < 2:  # noqa: PLR2004  (nothing lies between neighbours)
        return start, 0.0
    way = line[end] - line[start]
    length = math.hypot(*way)
    offset = line[start + 1 : end] - line[start]
    if length == 0:
        distance = np.hypot(offset[:, 0], offset[:, 1])
    else:
        distance = np.abs(way[0] * offset[:, 1] - way[1] * offset[:, 0]) / length
    worst = int(np.argmax(distance))
    return start + 1 + worst, float(distance[worst])
