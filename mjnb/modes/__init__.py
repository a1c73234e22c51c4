"""One typed request per mode: fields, ranges and help in one place.

Names are Python's; how a gateway spells them belongs to its dialect, and so does which of them it takes. An unset field is
`None`: the dialect knows its gateway's default.
"""

from __future__ import annotations

from mjnb.modes.base import RawRequest, Request, marks_of
from mjnb.modes.drawing import Blend, Edit, ImageToImage, TextToImage, UploadPaint
from mjnb.modes.following import Inpaint, Pan, Remix, Reroll, Upscale, Vary, Video, Zoom
from mjnb.modes.vocabulary import ASPECTS, SPEEDS, VERSIONS
from mjnb.modes.words import Describe, SeedOf, Shorten, Translate
from mjnb.parts import Area, Canvas, ImagePosition, Mask, rule

__all__ = [
    "ASPECTS", "MODES", "SPEEDS", "VERSIONS", "Area", "Blend", "Canvas", "Describe", "Edit", "ImagePosition", "ImageToImage",
    "Inpaint", "Mask", "Pan", "RawRequest", "Remix", "Request", "Reroll", "SeedOf", "Shorten", "TextToImage", "Translate",
    "UploadPaint", "Upscale", "Vary", "Video", "Zoom", "marks_of", "rule",
]  # fmt: skip

MODES: dict[str, type[Request]] = {
    cls.mode: cls
    for cls in (
        TextToImage, ImageToImage, UploadPaint, Vary, Upscale, Reroll, Blend, Edit, Inpaint, Zoom, Pan, Remix, Video,
        Describe, Shorten, Translate, SeedOf,
    )
}  # fmt: skip
"""Every mode that any gateway has, by name."""
