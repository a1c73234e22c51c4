"""Requests to try a gateway with, and values for each of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.fields import Choice, Codes, Flag, Link, Links, Name, Number, Rule, Text, Whole
from mjnb.modes import (
    Blend,
    Canvas,
    Describe,
    Edit,
    ImagePosition,
    ImageToImage,
    Inpaint,
    Mask,
    Pan,
    Remix,
    Reroll,
    SeedOf,
    Shorten,
    TextToImage,
    Translate,
    UploadPaint,
    Upscale,
    Vary,
    Video,
    Zoom,
    rule,
)  # fmt: skip
from mjnb.parts import Part

if TYPE_CHECKING:
    from mjnb.modes import Request

__all__ = ["EXAMPLES", "fitted", "values_of"]

_URLS = tuple(f"https://example.com/{name}.png" for name in ("fox", "owl", "elk", "bee", "ram"))
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR42mNgYPj/n4EBAAcCAf+kOZsVAAAAAElFTkSuQmCC"
_MASKS = {
    "areas": Mask(areas=({"width": 64, "height": 64, "points": (0, 0, 32, 0, 32, 32)},)),
    "url": Mask(url="https://example.com/mask.png"),
    "base64": Mask(url=_PNG),
}
"""A mask in each of the ways that masks travel (`Dialect.masks`)."""
_FOX = "a fox in the snow"
_OF_TASK: dict[str, Any] = {"task_id": "task_1", "image_index": 0}

EXAMPLES: tuple[Request, ...] = (
    TextToImage(prompt=_FOX),
    ImageToImage(prompt=_FOX, image_urls=_URLS[:1]),
    UploadPaint(
        prompt=_FOX, image_urls=_URLS[:1], mask=_MASKS["areas"], canvas=Canvas(width=128, height=64),
        img_pos=ImagePosition(width=64, height=64, x=0, y=0),
    ),
    Blend(image_urls=_URLS[:2]),
    Edit(prompt=_FOX, image_urls=_URLS[:1]),
    Vary(**_OF_TASK, strength="subtle"),
    Upscale(**_OF_TASK, kind="standard"),
    Inpaint(**_OF_TASK, prompt=_FOX, mask=_MASKS["areas"]),
    Reroll(task_id="task_1"),
    Zoom(**_OF_TASK, ratio="2x"),
    Pan(**_OF_TASK, direction="left"),
    Remix(**_OF_TASK, strength="subtle"),
    Video(image_urls=_URLS[:1], prompt=_FOX),
    Video(**_OF_TASK),
    Video(**_OF_TASK, extend=True),
    Describe(image_urls=_URLS[:1]),
    Shorten(prompt=_FOX),
    Translate(prompt=_FOX),
    SeedOf(task_id="task_1"),
)  # fmt: skip
"""At least one request of each mode that has a class."""


def fitted(request: Request, masks: str) -> Request:
    """Return a request whose mask, if it has one, travels as a gateway wants it: "areas", "url" or "base64"."""
    return request.replace(mask=_MASKS[masks]) if "mask" in request.given() else request


_WORDS: dict[str, tuple[Any, ...]] = {
    "prompt": ("an owl in the rain", "an elk at dawn"),
    "extra": ("--sv 4", "--test"),
}


_BY_RULE: dict[type[Rule], tuple[Any, ...]] = {
    Flag: (True, False),
    Codes: _URLS[:2],
    Link: _URLS[:2],
    Name: ("task_1", "task_2"),
    Text: ("Fox & Co.", "an elk"),
}
"""Values of the rules that have no range or list of their own."""
_ANYTHING: tuple[Any, ...] = ("cars", "people", *_URLS[:2], True, False, 1, 2, 0.5)
"""What is tried on any other rule."""


def values_of(model: type[Request], name: str, masks: str = "areas") -> tuple[Any, ...]:
    """Return a few values that a field of a request may have, made from its rule.

    >>> values_of(TextToImage, "chaos"), values_of(TextToImage, "tile"), values_of(Pan, "direction")
    ((0, 100), (True, False), ('left', 'right', 'up', 'down'))
    """
    return _WORDS.get(name) or _values(rule(model, name), masks)


def _values(of: Rule, masks: str) -> tuple[Any, ...]:
    if isinstance(of, Choice):
        return tuple(of.notes)
    if isinstance(of, Whole | Number):
        return of.low, of.low + 1 if of.high is None else of.high
    if isinstance(of, Links):
        return _URLS[: max(of.low, 1)], _URLS[-max(of.low, 1) :]
    if isinstance(of, Part):
        return (_MASKS[masks],) if of.model is Mask else ()
    values = next((found for kind, found in _BY_RULE.items() if isinstance(of, kind)), _ANYTHING)
    return tuple(value for value in values if _is_read(of, value))


def _is_read(of: Rule, value: Any) -> bool:
    try:
        of.read("", value)
    except InvalidRequest:
        return False
    return True
