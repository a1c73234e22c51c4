"""Requests for new pictures: from words, from pictures, or from both."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import model_validator

from mjnb.errors import InvalidRequest
from mjnb.modes import vocabulary as v
from mjnb.modes.base import Request
from mjnb.parts import Canvas, ImagePosition, Mask, Part

__all__ = ["Blend", "Edit", "ImageToImage", "TextToImage", "UploadPaint"]


class TextToImage(Request):
    """Four pictures from words.

    >>> TextToImage(prompt="a lighthouse at dusk", version=7, chaos=20)
    TextToImage(prompt='a lighthouse at dusk', version='v7', chaos=20)
    """

    mode = "text-to-image"
    _title = mode
    prompt: v.Prompt
    version: v.VersionField = None
    speed: v.SpeedField = None
    aspect: v.AspectField = None
    chaos: v.ChaosField = None
    stylize: v.StylizeField = None
    weird: v.WeirdField = None
    enable_translation: v.TranslationField = None
    seed: v.SeedField = None
    no: v.NoField = None
    tile: v.TileField = None
    raw: v.RawField = None
    quality: v.QualityField = None
    iw: v.ImageWeightField = None
    sref: v.StyleReferenceField = None
    sw: v.StyleWeightField = None
    cref: v.CharacterField = None
    cw: v.CharacterWeightField = None
    oref: v.OmniField = None
    ow: v.OmniWeightField = None
    exp: v.ExperimentalField = None
    draft: v.DraftField = None
    hd: v.HdField = None
    stop: v.StopField = None
    profile: v.ProfileField = None
    watermark: v.WatermarkField = None
    extra: v.ExtraField = None

    @model_validator(mode="before")
    @classmethod
    def _niji(cls, values: Any) -> Any:
        """Read `niji=7` as the version that it is."""
        if not isinstance(values, dict) or "niji" not in values:
            return values
        if values.get("version") is not None:
            raise InvalidRequest("niji", values["niji"], "niji is a version: give either of the two")
        rest = {name: value for name, value in values.items() if name != "niji"}
        return rest if values["niji"] is None else {**rest, "version": f"niji {values['niji']}"}


class ImageToImage(TextToImage):
    """Four pictures from words and one or two reference pictures."""

    mode = "image-to-image"
    _title = mode
    image_urls: v.LinksField


class UploadPaint(TextToImage):
    """Paint part of a picture anew (inpainting), or around it on a larger canvas."""

    mode = "upload-paint"
    _title = mode
    image_urls: v.OneLinkField
    mask: Annotated[Mask, Part("What to paint anew.", Mask)]
    canvas: Annotated[Canvas, Part("The frame of the result.", Canvas)]
    img_pos: Annotated[ImagePosition, Part("Where the original lies on the canvas.", ImagePosition)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for size, offset in (("width", "x"), ("height", "y")):
            canvas, image, at = (
                getattr(self.canvas, size),
                getattr(self.img_pos, size),
                getattr(self.img_pos, offset),
            )
            if image > canvas:
                raise InvalidRequest(
                    f"img_pos.{size}", image, f"at most the canvas's {canvas}", nearest=canvas
                )
            if at > canvas - image:
                allowed = f"at most {canvas - image}, so that the picture stays on the canvas"
                raise InvalidRequest(f"img_pos.{offset}", at, allowed, nearest=canvas - image)
        return self


class Blend(Request):
    """Melt two to five pictures into four new ones, without any words."""

    mode = "blend"
    _title = mode
    image_urls: v.BlendField
    version: v.VersionField = None
    speed: v.SpeedField = None
    aspect: v.AspectField = None


class Edit(TextToImage):
    """Change a picture by words; with a mask only what is white in it."""

    mode = "edit"
    _title = mode
    image_urls: v.LinksField
    mask: Annotated[Mask | None, Part("What to paint anew; None lets the words decide.", Mask)] = None
