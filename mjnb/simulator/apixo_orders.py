"""APIXO's Midjourney request, as one of its pages describes it, read into an order.

Trigger words in a prompt make a task fail at its end, so that failures can be shown and tested:

| in the prompt | `failCode` |
|---|---|
| the word `gore` | CONTENT_VIOLATION |
| `fail:CODE`, such as `fail:PROCESSING_TIMEOUT` | that code, whatever it is |

A picture URL whose host ends in `.invalid` fails with INVALID_IMAGE_URL, a follow-up of a task that is unknown, unfinished,
failed or has no such picture with INVALID_TASK_ID, and a prompt with nothing before its first `--` with INVALID_PROMPT.

The field for a callback's URL is known by both of its documented spellings, `callback_url` and `callBackUrl`; of two the first
counts. The reference page marks neither it nor `image_urls` as required; a callback without a URL and image-to-image without a
picture are refused all the same.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from mjnb.simulator.apixo_pages import CURRENT
from mjnb.simulator.fields import InvalidFieldError, Reader
from mjnb.simulator.tasks import Drawing, Failure, Order, Phase
from mjnb.simulator.urls import is_unreachable, is_web, own_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mjnb.simulator.apixo_pages import Number, Page
    from mjnb.simulator.tasks import Task

__all__ = ["Desk"]

_ASPECTS = ("1:1", "1:2", "2:1", "2:3", "3:2", "3:4", "4:3", "5:6", "6:5", "9:16", "16:9")
_PROMPT = 2000  # characters; other texts have no documented limit and get the same
_CALLBACK_NAMES = ("callback_url", "callBackUrl")
_VARY_TYPES = ("subtle", "strong")
_UPSCALE_TYPES = ("standard", "creative", "2x", "4x")
_SIDE = 8192  # pixels; no document names a limit, but memory has one

_TRIGGER = re.compile(r"\bfail:(\w+)")
_GORE = re.compile(r"\bgore\b", re.IGNORECASE)
_MESSAGES = {
    "CONTENT_VIOLATION": "Content does not meet safety guidelines",
    "NSFW_DETECTED": "Generated content was classified as not safe for work",
    "PROMPT_TOO_LONG": "The prompt is too long",
    "INVALID_PROMPT": "The prompt is empty or cannot be understood",
    "INVALID_IMAGE_URL": "Cannot access provided image URL",
    "IMAGE_TOO_LARGE": "The provided image is too large",
    "UNSUPPORTED_FORMAT": "The format of the provided image is not supported",
    "IMAGE_DOWNLOAD_FAILED": "The provided image could not be downloaded",
    "PROCESSING_TIMEOUT": "The task took too long",
    "MODEL_UNAVAILABLE": "The model is not available at the moment",
    "GENERATION_FAILED": "The generation has failed",
    "INSUFFICIENT_CREDITS": "Insufficient credits",
    "INVALID_TASK_ID": "Invalid previous task ID",
}


class Desk:
    """Takes one key's requests and makes orders of them.

    Args:
        find: returns a task of this key by its id.
        now: the moment of the request, in seconds since 1970 on the gateway's clock.
        base_url: where the request reached us.
        page: the page by whose rules they are read.
        extra_modes: whether the modes that APIXO enables on request are enabled.
    """

    def __init__(
        self,
        find: Callable[[str], Task | None],
        now: float,
        base_url: str = "",
        *,
        page: Page = CURRENT,
        extra_modes: bool = False,
    ) -> None:
        self._page = page
        self._find = find
        self._now = now
        self._base_url = base_url
        self._extra_modes = extra_modes

    def read(self, body: Any) -> tuple[Order, list[str]]:
        """Return the order in a request's JSON, and the names of the fields that were ignored.

        Raises:
            InvalidFieldError: the documents forbid it.
        """
        if not isinstance(body, dict):
            raise InvalidFieldError("Request body must be a JSON object")
        envelope = Reader(body)
        page = self._page
        callback_url = self._callback_url(envelope)
        if page.providers:
            envelope.choice("provider", page.providers, default=page.providers[0])
        fields = envelope.inner("input")
        drawing = self._drawing(fields, self._mode(fields))
        speeds = tuple(page.speeds)
        speed = page.speeds[fields.choice("speed", speeds, default=speeds[0])]
        order = Order(
            gateway=page.gateway,
            drawing=drawing,
            price=speed.price,
            seconds=speed.seconds,
            pictures=1 if drawing.change in _UPSCALE_TYPES else 4,
            failure=self._failure(drawing),
            callback_url=callback_url,
            base_url=self._base_url,
            id_prefix="task_",
        )
        return order, envelope.unknown() + fields.unknown()

    def _callback_url(self, envelope: Reader) -> str:
        kind = self._choice(envelope, "request_type", ("async", "callback"))
        sent = [name for name in _CALLBACK_NAMES if envelope.has(name)]  # known, if of no use when polling
        return envelope.url((sent or _CALLBACK_NAMES)[0]) if kind == "callback" else ""

    def _choice(self, fields: Reader, name: str, options: Sequence[str]) -> str:
        return fields.choice(name, options, default=self._page.defaults.get(name))

    def _mode(self, fields: Reader) -> str:
        page = self._page
        mode = self._choice(fields, "mode", page.modes + page.extra_modes)
        if mode in page.extra_modes and not self._extra_modes:
            raise InvalidFieldError(f"Mode {mode} is not enabled for this account: contact us to enable it")
        return mode

    def _drawing(self, fields: Reader, mode: str) -> Drawing:
        if mode in {"text-to-image", "image-to-image", "upload-paint"}:
            return self._new_drawing(fields, mode)
        return self._follow_up(fields, mode)

    def _new_drawing(self, fields: Reader, mode: str) -> Drawing:
        page = self._page
        common: dict[str, Any] = {
            "prompt": _visible(fields.text("prompt", 1, _PROMPT)),
            "version": self._choice(fields, "version", page.versions),
            "aspect": self._choice(fields, page.aspect, _ASPECTS),
            "chaos": _number(fields, page.chaos),
            "stylize": _number(fields, page.stylize),
            "weird": _number(fields, page.weird),
        }
        self._choice(fields, "speed", tuple(page.speeds))  # read again for the price; required only here
        fields.flag("enableTranslation", default=page.defaults["enableTranslation"])
        for name in page.texts:
            fields.text(name, 0, _PROMPT, default="")
        if mode == "upload-paint":
            return self._painted(fields, common)
        return Drawing(**common, references=self._references(fields) if mode == "image-to-image" else ())

    def _references(self, fields: Reader) -> tuple[str, ...]:
        urls, most = fields.urls("image_urls"), self._page.most_references
        if most is not None and len(urls) > most:
            raise fields.refuse("image_urls", f"a list of at most {most} URLs")
        return urls

    def _painted(self, fields: Reader, common: dict[str, Any]) -> Drawing:
        (url,) = fields.urls("image_urls", most=1)
        canvas = _size(fields.inner("canvas"))
        place = _placement(fields.inner("imgPos"), canvas)
        region, mask_url = _mask(fields.inner("mask"), canvas, place)
        own = own_picture(url)
        source = own if own and self._has_picture(*own) else None
        return Drawing(
            **common,
            source=source,
            original="" if source else url,
            change="paint",
            region=region,
            mask_url=mask_url,
            canvas=canvas,
            placement=place,
        )

    def _follow_up(self, fields: Reader, mode: str) -> Drawing:
        task_id = fields.text("taskId", 1, 200)
        has_index = mode in {"vary", "upscale"}  # no document says how the extra modes name a picture
        index = fields.integer("imageIndex", 0, 3, default=None if has_index else 0)
        kinds = _UPSCALE_TYPES if mode == "upscale" else _VARY_TYPES
        kind = fields.integer("type", 0, len(kinds) - 1, default=None if has_index else 1)
        prompt = _visible(fields.text("prompt", 1, _PROMPT, default="")) if mode != "upscale" else ""
        fields.choice("version", self._page.versions, default=self._page.versions[0])
        parent = self._find(task_id)
        return _like(parent, prompt, (task_id, index), kinds[kind])

    def _has_picture(self, task_id: str, index: int) -> bool:
        task = self._find(task_id)
        return task is not None and task.phase(self._now) is Phase.SUCCESS and index < task.pictures

    def _failure(self, drawing: Drawing) -> Failure | None:
        code = self._fail_code(drawing)
        return Failure(code, _MESSAGES.get(code, "The task has failed")) if code else None

    def _fail_code(self, drawing: Drawing) -> str:
        if drawing.source is not None and not self._has_picture(*drawing.source):
            return "INVALID_TASK_ID"
        if any(map(is_unreachable, (*drawing.references, drawing.original, drawing.mask_url))):
            return "INVALID_IMAGE_URL"
        if found := _TRIGGER.search(drawing.prompt):
            return found[1]
        if _GORE.search(drawing.prompt):
            return "CONTENT_VIOLATION"
        return "" if drawing.prompt or drawing.source is not None else "INVALID_PROMPT"


def _number(fields: Reader, field: Number) -> int:
    """Return an integer field's value; a step that is not the page's is refused, unless it is the default itself."""
    value = fields.integer(field.name, 0, field.high, default=field.default)
    if value % field.step and value != field.default:
        raise fields.refuse(field.name, f"a multiple of {field.step} from 0 to {field.high}")
    return value


def _visible(prompt: str) -> str:
    """Return what the backend keeps of a prompt: it strips it from the first `--` onward."""
    return prompt.partition("--")[0].strip()


def _like(parent: Task | None, prompt: str, source: tuple[str, int], change: str) -> Drawing:
    if parent is None:
        return Drawing(prompt, source=source, change=change)
    first = parent.drawing
    return Drawing(
        prompt=", ".join(part for part in (first.prompt, prompt) if part),
        aspect=first.aspect,
        version=first.version,
        chaos=first.chaos,
        stylize=first.stylize,
        weird=first.weird,
        source=source,
        change=change,
    )


def _size(fields: Reader) -> tuple[int, int]:
    return fields.integer("width", 1, _SIDE), fields.integer("height", 1, _SIDE)


def _placement(fields: Reader, canvas: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return where the image lies on the canvas, as x, y, width and height in 0..1 of it."""
    width, height = _size(fields)
    if width > canvas[0] or height > canvas[1]:
        raise fields.refuse("width and height", f"within the canvas of {canvas[0]} x {canvas[1]}")
    x = fields.integer("x", 0, canvas[0] - width)
    y = fields.integer("y", 0, canvas[1] - height)
    return x / canvas[0], y / canvas[1], width / canvas[0], height / canvas[1]


_Polygon = tuple[tuple[float, float], ...]


def _mask(
    fields: Reader, canvas: tuple[int, int], place: tuple[float, float, float, float]
) -> tuple[tuple[_Polygon, ...], str]:
    """Return the polygons in 0..1 of the canvas, or the URL of a mask; exactly one of the two is given."""
    if fields.has("areas") == fields.has("url"):
        raise InvalidFieldError("Invalid field: input.mask must have either areas or url")
    if fields.has("areas"):
        return tuple(_polygon(area, canvas, place) for area in fields.objects("areas")), ""
    url = fields.text("url", 1, 16_000_000)
    if not (is_web(url) or _is_base64(url)):
        raise fields.refuse("url", "an http or https URL, or an image in base64")
    return (), url if is_web(url) else "base64"


def _polygon(area: Reader, canvas: tuple[int, int], place: tuple[float, float, float, float]) -> _Polygon:
    """Return an area's corners in 0..1 of the canvas.

    An area is as large as the image, and its points are counted from the image's corner; one as large as the canvas is
    taken to be counted from the canvas's.
    """
    width, height = _size(area)
    points = area.numbers("points")
    if len(points) < 6 or len(points) % 2:  # noqa: PLR2004 - three corners
        raise area.refuse("points", "an even number of at least 6 coordinates")
    corners = list(zip(points[::2], points[1::2], strict=True))
    if not all(0 <= x <= width and 0 <= y <= height for x, y in corners):
        raise area.refuse("points", f"within {width} x {height}")
    left, top, across, down = (0.0, 0.0, 1.0, 1.0) if (width, height) == canvas else place
    return tuple((left + across * x / width, top + down * y / height) for x, y in corners)


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text.partition("base64,")[2] or text, validate=True))
    except (binascii.Error, ValueError):
        return False
