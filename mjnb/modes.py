"""One typed request per mode: fields, ranges and help in one place.

Names are Python's; how a gateway spells them belongs to its dialect. An unset field is `None`: the dialect knows its
gateway's default. Ranges and uses are those of APIXO's Midjourney page (https://apixo.ai/docs/models/image/midjourney).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, model_validator

from mjnb.errors import InvalidRequest
from mjnb.fields import Aspect, Band, Choice, Flag, Links, Name, Rule, Text, Version, Whole, is_writable
from mjnb.parts import Area, Canvas, Checked, ImagePosition, Mask, Part, rule

__all__ = [
    "MODES",
    "Area",
    "Canvas",
    "ImagePosition",
    "ImageToImage",
    "Mask",
    "RawRequest",
    "Request",
    "TextToImage",
    "UploadPaint",
    "Upscale",
    "Vary",
    "rule",
]

VERSIONS = {
    "v6": "December 2023: follows long prompts; for projects that began with it",
    "v6.1": "July 2024: about a quarter faster than v6, coherent, precise; the usual choice for production",
    "v7": "April 2025: the best at anatomy, hands, textures and reading prompts",
    "niji 6": "June 2024: Eastern and anime looks, draws Japanese text, fine eyes",
    "niji 7": "the newest for anime: control over characters, dramatic light, from near-photographic to very stylised",
}
ASPECTS = {
    "1:1": "square: social posts, avatars",
    "1:2": "tall banner",
    "2:1": "wide banner",
    "2:3": "portrait: posters, book covers",
    "3:2": "landscape: photographs",
    "3:4": "classic portrait",
    "4:3": "classic: photography, slides",
    "5:6": "nearly square, upright",
    "6:5": "nearly square, lying",
    "9:16": "mobile: stories, vertical video",
    "16:9": "widescreen: video, banners",
}
SPEEDS = {
    "relaxed": "slow and cheap, where a gateway has it",
    "fast": "about 30-45 s for four pictures",
    "turbo": "about 15-25 s, at twice the price",
}
CHAOS = (
    Band(0, 30, "consistent", "the four pictures agree; good for production"),
    Band(30, 70, "balanced", "room to explore"),
    Band(70, 100, "diverse", "four different ideas, some of them unexpected"),
)
STYLIZE = (
    Band(0, 250, "literal", "realistic, close to the words"),
    Band(250, 750, "balanced", "some of the house's own taste"),
    Band(750, 1000, "artistic", "free interpretation"),
)
WEIRD = (
    Band(0, 9, "ordinary", "nothing odd"),
    Band(10, 300, "subtle", "small quirks"),
    Band(300, 1000, "noticeable", "clearly unconventional"),
    Band(1000, 3000, "extreme", "surreal, close to abstract"),
)
KINDS = {
    "standard": "high resolution, true to the picture",
    "creative": "high resolution with new detail",
    "2x": "twice the width and height",
    "4x": "four times the width and height",
}

PROMPT = Text("What the picture shows. English works best; describe the result, not the steps to it.")
Prompt = Annotated[str, PROMPT]
OptionalPrompt = Annotated[
    str | None, Text("What the new pictures should show; leave out to stay with the parent's prompt.")
]
VersionField = Annotated[
    str | None,
    Version("Which Midjourney model draws.", VERSIONS, {}),
]
SpeedField = Annotated[
    str | None,
    Choice("How soon, and at what price.", SPEEDS, {"relax": "relaxed"}),
]
AspectField = Annotated[str | None, Aspect("Shape of the frame, width to height.", ASPECTS)]
ChaosField = Annotated[int | None, Whole("How unlike each other the four pictures are.", 0, 100, CHAOS)]
StylizeField = Annotated[int | None, Whole("Realism (low) against artistry (high).", 0, 1000, STYLIZE, 10)]
WeirdField = Annotated[int | None, Whole("How unconventional the picture is.", 0, 3000, WEIRD, 10)]
TranslationField = Annotated[bool | None, Flag("Have the gateway translate the prompt to English first.")]
LinksField = Annotated[
    tuple[str, ...], Links("Reference pictures; one or two keep control, more take it away.")
]
OneLinkField = Annotated[tuple[str, ...], Links("The picture to edit.", 1, 1)]
ParentField = Annotated[str, Name("The task whose picture is used.")]
IndexField = Annotated[int, Whole("Which of its four pictures, counted from 0.", 0, 3)]
StrengthField = Annotated[
    str,
    Choice("How far the variations go.", {"subtle": "close to the parent", "strong": "clearly different"}),
]
KindField = Annotated[str, Choice("How the picture is enlarged.", KINDS)]


class Request(Checked):
    """What one task is asked for. Frozen; `given()` returns what is set."""

    mode: ClassVar[str] = ""

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other values, checked like a new one.

        >>> TextToImage(prompt="a fox", chaos=5).replace(chaos=10)
        TextToImage(prompt='a fox', chaos=10)
        """
        return type(self)(**{**self.given(), **changes})

    @classmethod
    def help(cls) -> str:
        """Describe every field: range, meaning, and the bands or choices of the gateway's page."""
        return "\n".join(line for name in cls.model_fields for line in _explain(name, rule(cls, name)))


def _explain(name: str, of: Rule) -> list[str]:
    lines = [f"{name}: {of.help} ({of.allowed})"]
    if isinstance(of, Choice):
        lines += [f"    {word}: {note}" for word, note in of.notes.items() if note]
    if isinstance(of, Whole):
        lines += [f"    {band.low}-{band.high} {band.name}: {band.help}" for band in of.bands]
    return lines


class TextToImage(Request):
    """Four pictures from words.

    >>> TextToImage(prompt="a lighthouse at dusk", version=7, chaos=20)
    TextToImage(prompt='a lighthouse at dusk', version='v7', chaos=20)
    """

    mode = "text-to-image"
    _title = mode
    prompt: Prompt
    version: VersionField = None
    speed: SpeedField = None
    aspect: AspectField = None
    chaos: ChaosField = None
    stylize: StylizeField = None
    weird: WeirdField = None
    enable_translation: TranslationField = None


class ImageToImage(TextToImage):
    """Four pictures from words and one or two reference pictures."""

    mode = "image-to-image"
    _title = mode
    image_urls: LinksField


class UploadPaint(TextToImage):
    """Paint part of a picture anew (inpainting), or around it on a larger canvas."""

    mode = "upload-paint"
    _title = mode
    image_urls: OneLinkField
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


class Vary(Request):
    """Four variations of one picture of an earlier task."""

    mode = "vary"
    _title = mode
    task_id: ParentField
    image_index: IndexField
    strength: StrengthField
    prompt: OptionalPrompt = None
    version: VersionField = None
    speed: SpeedField = None
    enable_translation: TranslationField = None


class Upscale(Request):
    """One picture of an earlier task, larger."""

    mode = "upscale"
    _title = mode
    task_id: ParentField
    image_index: IndexField
    kind: KindField
    version: VersionField = None
    speed: SpeedField = None


class RawRequest(Request):
    """A mode that has no class here, its fields sent as they are written: for what a gateway enables on request.

    >>> RawRequest("reroll", taskId="task_12345678")
    RawRequest('reroll', taskId='task_12345678')
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    raw_mode: str

    def __init__(self, mode: str, /, **fields: Any) -> None:
        for name in {"mode", "raw_mode"} & fields.keys():
            raise InvalidRequest(name, fields[name], "the mode is the first argument of a RawRequest")
        super().__init__(**{"raw_mode": mode, **fields})

    @property
    def mode(self) -> str:  # type: ignore[override]  # the one request whose mode is data
        """The mode, as the gateway spells it."""
        return self.raw_mode

    @model_validator(mode="before")
    @classmethod
    def _names(cls, values: Any) -> Any:
        mode = values.get("raw_mode") if isinstance(values, dict) else None
        if not isinstance(mode, str) or not mode.strip() or not is_writable(mode):
            raise InvalidRequest("mode", mode, "the name of a mode, as the gateway spells it")
        return {name: _as_json(name, value) for name, value in values.items()}

    def given(self) -> dict[str, Any]:
        """Return the fields as they were written."""
        return dict(self.model_extra or {})

    def __repr__(self) -> str:
        """Show it as it was written."""
        inner = [repr(self.mode), *(f"{name}={value!r}" for name, value in self.given().items())]
        return f"RawRequest({', '.join(inner)})"

    __str__ = __repr__

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other fields."""
        return type(self)(self.mode, **{**self.given(), **changes})


def _as_json(name: str, value: Any) -> Any:
    """Return a raw value as JSON holds it: numpy's scalars and arrays as Python's, whatever JSON has no word for refused."""
    if isinstance(value, Checked):
        value = value.given()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _as_json(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(f"{name}[{i}]", item) for i, item in enumerate(value)]
    plain = (
        value is None
        or isinstance(value, bool | int)
        or (isinstance(value, float) and math.isfinite(value))
    )
    if plain or (isinstance(value, str) and is_writable(value)):
        return value
    raise InvalidRequest(
        name, value, "a value that JSON has: text, a number, True, False, None, a list or a dict"
    )


MODES: dict[str, type[Request]] = {
    cls.mode: cls for cls in (TextToImage, ImageToImage, UploadPaint, Vary, Upscale)
}
