"""What Pillow leaves to its users: turning a picture as its EXIF says, and greys of 16 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["eight_bits", "orientation", "turned", "turned_size"]

_ORIENTATION = 0x0112  # the tag of EXIF: 1 is upright; from 5 on width and height change places
_ON_ITS_SIDE = 5


def orientation(image: Image) -> int:
    """Return how a picture is to be turned before it is shown, 1 to 8 as EXIF has it; 1 where nothing sound is said."""
    try:
        said = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  (damaged bytes make the parser raise nearly anything)
        return 1
    return said if isinstance(said, int) and 1 <= said <= 8 else 1  # noqa: PLR2004  (all there are)


def turned(image: Image, way: int) -> Image:
    """Return the picture turned upright; `way` is an `orientation`."""
    from PIL.Image import Transpose

    ways = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(ways[way]) if way in ways else image


def turned_size(image: Image) -> tuple[int, int]:
    """Return width and height of the picture once it is turned upright."""
    width, height = image.size
    return (height, width) if orientation(image) >= _ON_ITS_SIDE else (width, height)


def eight_bits(image: Image) -> Image:
    """Return a picture whose greys have 16 bits with their upper eight, any other as it is: `convert` would clip them.

    What its file says is see-through comes out black.
    """
    from PIL import Image as Pillow

    if not image.mode.startswith("I"):
        return image
    deep = np.asarray(image).astype(np.int64)
    if image.mode == "I" and deep.max(initial=0) <= 255:  # noqa: PLR2004  (somebody's 0 to 255, in a wide mode)
        return image
    clear = image.info.get("transparency")
    upper = np.where(deep == (-1 if clear is None else clear), 0, deep >> 8)
    return Pillow.fromarray(np.clip(upper, 0, 255).astype(np.uint8))
