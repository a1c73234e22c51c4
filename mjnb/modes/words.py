"""Requests whose answer is text."""

from __future__ import annotations

from mjnb.modes import vocabulary as v
from mjnb.modes.base import Request

__all__ = ["Describe", "SeedOf", "Shorten", "Translate"]


class Describe(Request):
    """Four prompts that would draw something like a picture."""

    mode = "describe"
    _title = mode
    image_urls: v.OneLinkField
    speed: v.SpeedField = None


class Shorten(Request):
    """Shorter prompts that say the same."""

    mode = "shorten"
    _title = mode
    prompt: v.ContentField


class Translate(Request):
    """A text in English."""

    mode = "translate"
    _title = mode
    prompt: v.ContentField


class SeedOf(Request):
    """The seed that an earlier task was drawn with."""

    mode = "seed"
    _title = mode
    task_id: v.ParentField
