"""The simulator's painter (draft)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mjnb.simulator.painting.mark import COMMENT, put_mark
from mjnb.simulator.painting.picture import Picture
from mjnb.simulator.painting.render import render

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Picture", "paint", "paint_jpeg"]


def paint(picture: Picture) -> Image.Image:
    """Paint ``picture``: an RGB image of ``picture.size``."""
    image = render(picture, picture.size)
    put_mark(image)
    return image


def paint_jpeg(picture: Picture) -> bytes:
    """Paint ``picture`` and encode it as a JPEG of quality 88."""
    file = io.BytesIO()
    paint(picture).save(file, "JPEG", quality=88, comment=COMMENT.encode())
    return file.getvalue()
