"""The mark that every picture carries: it was simulated."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

TEXT: Final = "simulated"
COMMENT: Final = "Simulated by mjnb; not a Midjourney picture"


def put_mark(image: Image.Image) -> None:
    """Write the mark into the lower right corner, legible on any ground."""
    size = max(7.0, min(image.size) / 34)
    word, shade = _word(size)
    if word.width > image.width or word.height > image.height:
        return
    at = (image.width - word.width, image.height - word.height)
    image.paste((10, 12, 20), at, shade)
    image.paste((255, 255, 255), at, word)


@lru_cache(maxsize=16)
def _word(size: float) -> tuple[Image.Image, Image.Image]:
    """The word and the soft shade around it, as masks."""
    font = ImageFont.load_default(size=size)
    left, top, right, bottom = font.getbbox(TEXT)
    margin = round(size * 0.55)
    word = Image.new("L", (round(right - left) + 2 * margin, round(bottom - top) + 2 * margin))
    ImageDraw.Draw(word).text((margin - left, margin - top), TEXT, fill=225, font=font)
    shade = word.filter(ImageFilter.GaussianBlur(size * 0.16)).point(lambda v: min(190, v * 2))
    return word, shade
