"""Several pictures as one: the 2 x 2 of a finished task, and what it looked like before it was finished."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageFilter

from mjnb.simulator.painting import put_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["fitted", "laid_out", "preview_webp"]

_QUALITY: Final = 70  # of a preview, on WebP's scale of 100


def laid_out(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return equally large pictures side by side without a gap: one alone, two in a row, four as 2 x 2.

    >>> laid_out([Image.new("RGB", (6, 4))] * 4).size
    (12, 8)
    """
    width, height = pictures[0].size
    across = math.ceil(math.sqrt(len(pictures)))
    down = math.ceil(len(pictures) / across)
    sheet = Image.new("RGB", (across * width, down * height))
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % across * width, number // across * height))
    return sheet


def fitted(image: Image.Image, width: int | None, height: int | None) -> Image.Image:
    """Return the picture scaled down, its proportions kept, until it is no wider and no higher than this.

    >>> fitted(Image.new("RGB", (120, 80)), 60, None).size
    (60, 40)
    """
    scale = min((width or image.width) / image.width, (height or image.height) / image.height)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def preview_webp(sheet: Image.Image, percent: int) -> bytes:
    """Return an unfinished sheet as WebP.

    Args:
        sheet: the pictures, unmarked and small.
        percent: 0 (nearly nothing can be made out) to 100 (sharp).
    """
    left = 1 - percent / 100
    blurred = sheet.filter(ImageFilter.GaussianBlur(min(sheet.size) * 0.06 * left**1.5))
    put_mark(blurred)
    file = io.BytesIO()
    blurred.save(file, "WEBP", quality=_QUALITY, method=2)
    return file.getvalue()
