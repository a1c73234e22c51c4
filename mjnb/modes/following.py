"""Requests that go on from a picture of an earlier task."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from mjnb.errors import InvalidRequest
from mjnb.modes import vocabulary as v
from mjnb.modes.base import Request
from mjnb.parts import Mask, Part

__all__ = ["Inpaint", "Pan", "Remix", "Reroll", "Upscale", "Vary", "Video", "Zoom"]


class Vary(Request):
    """Four variations of one picture of an earlier task."""

    mode = "vary"
    _title = mode
    task_id: v.ParentField
    image_index: v.IndexField
    strength: v.StrengthField
    prompt: v.OptionalPrompt = None
    version: v.VersionField = None
    speed: v.SpeedField = None
    enable_translation: v.TranslationField = None


class Upscale(Request):
    """One picture of an earlier task, larger."""

    mode = "upscale"
    _title = mode
    task_id: v.ParentField
    image_index: v.IndexField
    kind: v.KindField
    version: v.VersionField = None
    speed: v.SpeedField = None


class Inpaint(Request):
    """Paint part of a picture of an earlier task anew."""

    mode = "inpaint"
    _title = mode
    task_id: v.ParentField
    image_index: v.IndexField
    prompt: v.Prompt
    mask: Annotated[Mask, Part("What to paint anew.", Mask)]
    speed: v.SpeedField = None


class Reroll(Request):
    """The same once more: four new pictures of an earlier task's request."""

    mode = "reroll"
    _title = mode
    task_id: v.ParentField
    speed: v.SpeedField = None


class Zoom(Request):
    """Go back with the camera: a picture of an earlier task with more around it."""

    mode = "zoom"
    _title = mode
    task_id: v.ParentField
    image_index: v.IndexField
    ratio: v.RatioField
    prompt: v.OptionalPrompt = None
    speed: v.SpeedField = None


class Pan(Request):
    """A picture of an earlier task, grown to one side."""

    mode = "pan"
    _title = mode
    task_id: v.ParentField
    image_index: v.IndexField
    direction: v.DirectionField
    prompt: v.OptionalPrompt = None
    speed: v.SpeedField = None


class Remix(Request):
    """A picture of an earlier task, drawn again by other words (v8 and later)."""

    mode = "remix"
    _title = mode
    task_id: v.ParentField
    image_index: v.IndexField
    strength: v.StrengthField
    prompt: v.OptionalPrompt = None
    speed: v.SpeedField = None


class Video(Request):
    """Short clips that begin with a picture: of an earlier task, or by its URL.

    >>> Video(task_id="task_1", image_index=0, motion="low")
    Video(task_id='task_1', image_index=0, motion='low')
    """

    mode = "video"
    _title = mode
    task_id: v.OptionalParentField = None
    image_index: v.OptionalIndexField = None
    image_urls: v.OptionalLinkField = None
    prompt: v.OptionalPrompt = None
    speed: v.SpeedField = None
    motion: v.MotionField = None
    resolution: v.ResolutionField = None
    animate: v.AnimateField = None
    batch_size: v.BatchField = None
    end_url: v.EndField = None
    loop: v.LoopField = None
    extend: v.ExtendField = None

    @model_validator(mode="after")
    def _begins(self) -> Self:
        if (self.task_id is None) == (self.image_urls is None):
            raise InvalidRequest(
                "image_urls",
                self.image_urls,
                "either a task's picture or a picture's URL, not both and not neither",
            )
        if (self.task_id is None) != (self.image_index is None):
            raise InvalidRequest(
                "image_index", self.image_index, "a task_id and an image_index, or neither of them"
            )
        return self
