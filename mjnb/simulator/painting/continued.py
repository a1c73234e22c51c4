"""A picture in the midst of its own land and sky, without a seam: for zoom, pan and square."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from mjnb.simulator.painting.canvas import blurred, grey

if TYPE_CHECKING:
    from mjnb.simulator.painting.dice import Floats
    from mjnb.simulator.painting.picture import Box, Size

FEATHER: Final = 0.09  # of the picture's short side: how softly it passes over into what lies around it
_COARSE: Final = 48  # pixels of the short side on which light is compared


def continued(
    original: Image.Image, box: Box, around: Image.Image, *, standing: bool = False
) -> Image.Image:
    """Lay a picture on its surroundings.

    Args:
        original: The picture (RGB), as large as the box.
        box: Where it lies, in pixels of the canvas.
        around: The same land and sky on the whole canvas (RGB).
        standing: Whether a figure fills the picture down to its lower edge, and goes on below it.
    """
    if standing and box[3] < around.height:
        _let_down(original, box, around)
    sheet = _in_its_light(original, box, around)
    sheet.paste(original, box[:2], _feathered(box, around.size))
    return sheet


def _let_down(original: Image.Image, box: Box, around: Image.Image) -> None:
    """Let the lowest colours of the picture fall to the canvas's lower edge, like cloth; changes ``around``."""
    reach = round(FEATHER * min(original.size)) + 1  # the seam lies above the picture's edge
    hem = blurred(original, 2.0).crop((0, original.height - 2, original.width, original.height - 1))
    fall = hem.resize((original.width, around.height - box[3] + reach))
    around.paste(fall, (box[0], box[3] - reach), _feathered((box[0], 0, box[2], fall.height), fall.size))


def _in_its_light(original: Image.Image, box: Box, around: Image.Image) -> Image.Image:
    """The surroundings as bright and as coloured as the picture where they meet, fading to their own light far off."""
    step = max(1, min(around.size) // _COARSE)
    coarse = max(2, around.width // step), max(2, around.height // step)
    left, top, right, bottom = (
        round(edge * coarse[k % 2] / around.size[k % 2]) for k, edge in enumerate(box)
    )
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    there = np.asarray(around.resize(coarse, Image.Resampling.BOX), np.float32)
    here = np.asarray(original.resize((right - left, bottom - top), Image.Resampling.BOX), np.float32)
    known = np.zeros((coarse[1], coarse[0], 1), np.float32)
    known[top:bottom, left:right] = 1
    missing = np.zeros_like(there)
    missing[top:bottom, left:right] = here - there[top:bottom, left:right]
    light = _spread(missing, known)
    lit = np.stack(
        [np.asarray(Image.fromarray(light[..., c]).resize(around.size)) for c in range(3)], axis=2
    )
    return Image.fromarray(np.clip(np.asarray(around, np.float32) + lit, 0, 255).astype(np.uint8))


def _spread(values: Floats, known: Floats) -> Floats:
    """What is known, carried outward: every place shows what the known places near it show, less with distance.

    Args:
        values: Shape (height, width, 3), 0 where nothing is known.
        known: 1 where something is known, otherwise 0; shape (height, width, 1).
    """
    total, weight = np.zeros_like(values), np.full_like(known, 1e-3)
    for reach in (3, 8):
        share = 1.0 / reach**2
        total += share * _smoothed(values, reach)
        weight += share * _smoothed(known, reach)
    near = np.clip(_smoothed(known, 8) * 2, 0, 1)
    spread: Floats = total / weight * near
    return spread


def _smoothed(values: Floats, reach: int) -> Floats:
    """A box mean over 2 reach + 1 places, twice, in both directions; beyond the edge everything is 0."""
    for axis in (0, 1, 0, 1):
        length = values.shape[axis]
        pad = [(reach + 1, reach) if k == axis else (0, 0) for k in range(3)]
        sums = np.cumsum(np.pad(values, pad), axis=axis)
        ahead = np.take(sums, range(2 * reach + 1, 2 * reach + 1 + length), axis=axis)
        values = (ahead - np.take(sums, range(length), axis=axis)) / (2 * reach + 1)
    return values


def _feathered(box: Box, size: Size) -> Image.Image:
    """A mask (L, as large as the box), soft along those of its sides that are not the canvas's."""
    reach = max(1.0, FEATHER * min(box[2] - box[0], box[3] - box[1]))
    cols, rows = (_ramp(box[axis], box[axis + 2], size[axis], reach) for axis in (0, 1))
    return grey(rows[:, None] * cols[None, :])


def _ramp(start: int, end: int, side: int, reach: float) -> Floats:
    """1 for every pixel from start to end, rising and falling over ``reach`` pixels unless the end is the canvas's."""
    near: Floats = np.minimum(1.0, (np.arange(end - start, dtype=np.float32) + 0.5) / reach)
    near = near * near * (3 - 2 * near)
    ramp: Floats = np.ones_like(near)
    if start > 0:
        ramp = np.minimum(ramp, near)
    return np.minimum(ramp, near[::-1]) if end < side else ramp
