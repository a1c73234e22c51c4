"""APIMart: https://docs.apimart.ai.

Every action of Midjourney has an address of its own under `/v1/midjourney/generations`. What has a field there travels as one,
the other flags in `extra`; the pictures of a task are counted from 1, those that a video begins with from 0.
"""

from __future__ import annotations

import hashlib
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.fields import Quality, Version
from mjnb.gateways import apimart_buttons, apimart_prices, apimart_reading
from mjnb.gateways.base import Call, Dialect, Limits, Rhythm
from mjnb.gateways.versions import version_advice, weight_advice
from mjnb.modes import (
    Blend,
    Describe,
    Edit,
    ImageToImage,
    Inpaint,
    Pan,
    RawRequest,
    Remix,
    Reroll,
    TextToImage,
    Upscale,
    Vary,
    Video,
    Zoom,
)
from mjnb.prompts import to_flags
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mjnb.gateways.base import Envelope, Reply, Status
    from mjnb.modes import Mask, Request

__all__ = ["Apimart"]

_ROOT = "/v1/midjourney/generations"
_MODES = {
    cls.mode: cls
    for cls in (
        TextToImage, ImageToImage, Blend, Edit, Vary, Upscale, Reroll, Zoom, Pan, Inpaint, Remix, Video, Describe,
    )
}  # fmt: skip
_PATHS = {"edit": "edits", "text-to-image": "", "image-to-image": ""}
_FIELDS = {
    "aspect": "size",
    "no": "negative_prompt",
    "ratio": "zoom_ratio",
    "animate": "animate_mode",
    "image_index": "index",
}
"""Names that differ on the wire."""
_SAME = (
    "prompt", "version", "speed", "image_urls", "quality", "stylize", "chaos", "weird", "seed", "tile", "raw", "draft", "hd",
    "iw", "cref", "cw", "sref", "sw", "stop", "task_id", "direction", "motion", "batch_size", "end_url",
)  # fmt: skip
_FLAGS = ("oref", "ow", "exp", "profile", "extra")
_IMAGINE = frozenset(
    {
        "prompt", "version", "speed", "aspect", "quality", "stylize", "chaos", "weird", "seed", "no", "tile", "raw", "draft",
        "hd", "iw", "cref", "cw", "sref", "sw", "stop", *_FLAGS,
    }
)  # fmt: skip
_FOLLOWED = frozenset({"task_id", "image_index", "speed"})
_VERSIONS = ("v8.2", "v8.1", "v7", "v6.1", "v5.2", "v5.1", "niji 7", "niji 6")
_QUALITIES = ("0.25", "0.5", "1", "2")
_BATCHES = (1, 2, 4)
_MOST_BLENDED = 4
_RELAXED = {"speed": "relaxed"}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "blend": {**_RELAXED, "aspect": "1:1"},
    "video": {"resolution": "480p", "animate": "manual", "motion": "high", "batch_size": 1},
}
_HD_VERSION = "v8.1"  # what the gateway adds to an hd request without a version
_SECOND_KEY = "-modal"
_KEY = re.compile(r"[\x21-\x7e]{1,191}")


_FIRST_S = {"inpaint": 0.0, "upscale": 2.0, "describe": 5.0}
"""Seconds until the first question after a task of these modes: one waits for its second half, the others are quick."""


class Apimart(Dialect):
    """The codec.

    Asking after a task is done at `GET /v1/midjourney/{id}`, the one of the two addresses that shows the sheet and the buttons;
    `read_status` reads the other one's answers as well.
    """

    name = "apimart"
    title = "APIMart"
    page = "https://docs.apimart.ai"
    base_url = "https://api.apimart.ai"
    endpoints = ("/v1/midjourney", "/v1/tasks", "/v1/uploads/images")
    key_names = ("APIMART_API_KEY", "APIMART_KEY")
    # Chosen: there is a limit a minute, but no page gives its number.
    limits = Limits(per_minute=300, at_once=20)
    url_life_s = 86_400.0  # the shortest that the pages show; `expires_at` decides where it is told
    references = ("url", "upload")
    needs_parent = True  # a real enlargement is asked for by a button of its parent
    masks = "url"
    mask_paint = "white"  # the English pages; a Chinese one has it the other way round
    modes = MappingProxyType(_MODES)
    takes = MappingProxyType(
        {
            "text-to-image": _IMAGINE,
            "image-to-image": _IMAGINE | {"image_urls"},
            "edit": _IMAGINE | {"image_urls"},
            "blend": frozenset({"image_urls", "speed", "aspect"}),
            "describe": frozenset({"image_urls", "speed"}),
            "vary": _FOLLOWED | {"strength"},
            "upscale": _FOLLOWED | {"kind"},
            "reroll": frozenset({"task_id", "speed"}),
            "zoom": _FOLLOWED | {"ratio"},
            "pan": _FOLLOWED | {"direction"},
            "inpaint": _FOLLOWED | {"prompt", "mask"},
            "remix": _FOLLOWED | {"strength", "prompt"},
            "video": frozenset(
                {"task_id", "image_index", "image_urls", "prompt", "motion", "resolution", "animate", "batch_size", "end_url"}
            ),
        }
    )  # fmt: skip
    price_names = apimart_prices.ALL_KEYS

    # -- requests ----------------------------------------------------------------------------------------------------

    def _check(self, request: Request) -> None:
        """Refuse values that the pages do not have; what is written raw is not judged."""
        if isinstance(request, RawRequest):
            return
        given = request.given()
        for name, words in {"version": _VERSIONS, "quality": _QUALITIES}.items():
            if name in given and given[name] not in words:
                raise UnsupportedError(
                    name,
                    given[name],
                    f"{self.title} has {', '.join(words)}",
                    nearest=_nearest(name, given[name], words),
                )
        pictures = given.get("image_urls") or ()  # a form asks before it has any
        if request.mode == "blend" and len(pictures) > _MOST_BLENDED:
            few = list(pictures[:_MOST_BLENDED])
            raise UnsupportedError("image_urls", pictures, f"{self.title} blends two to four", nearest=few)
        if request.mode == "video":
            self._check_video(given)

    def _check_video(self, given: Mapping[str, Any]) -> None:
        """Refuse what the page says is changed silently or cannot be."""
        batch = given.get("batch_size")
        if batch is not None and batch not in _BATCHES:
            raise UnsupportedError("batch_size", batch, f"{self.title} makes 1, 2 or 4 clips", nearest=2)
        if given.get("image_urls") is not None and not given.get("prompt"):
            raise InvalidRequest(
                "prompt", None, f"{self.title} wants words for a picture that is given by its URL"
            )
        if given.get("animate") == "auto" and given.get("task_id") is None:
            raise InvalidRequest(
                "animate", "auto", f"on {self.title} for a task's picture alone", nearest="manual"
            )

    def parent_of(self, request: Request, told: Any) -> Status | None:
        """Read what was last said of a parent; what was said before its end holds neither pictures nor buttons."""
        parent = super().parent_of(request, told)
        return parent if parent is not None and parent.state is TaskState.SUCCESS else None

    def check_parent(self, request: Request, parent: Status) -> None:
        """Refuse a follow-up that the parent's pictures, version or buttons do not offer."""
        if not isinstance(request, RawRequest):
            apimart_buttons.check_parent(request, parent)

    def advise(self, request: Request) -> list[str]:
        """Warn of fields that a version does not take, of weights without a reference, and of the pages' two minds about masks."""
        advice = version_advice(self.held(request))
        if not isinstance(request, RawRequest):
            advice += weight_advice(request.given())
        if request.mode == "inpaint":
            advice.append(
                f"{self.title}'s pages disagree about masks: what is white is painted anew by the English one, which is "
                "followed here; if what you wanted to keep has changed, invert the mask"
            )
        return advice

    def held(self, request: Request) -> dict[str, Any]:
        """Fill in the defaults that the pages name: relaxed above all, and v8.1 for hd without a version."""
        given = request.given()
        if isinstance(request, RawRequest):
            return given
        hd = {"version": _HD_VERSION} if given.get("hd") else {}
        return {**self.marks_off(request), **_DEFAULTS.get(request.mode, _RELAXED), **hd, **given}

    def submit(self, request: Request, envelope: Envelope) -> Call:
        """Spell a request for the address of its action."""
        self.check(request)
        if isinstance(request, RawRequest):
            return _post(quote(request.mode, safe=""), request.given(), envelope.key)
        given = request.given()
        action = self._action(request.mode, given)
        return _post(action, self._body(request, envelope), envelope.key)

    def _action(self, mode: str, given: Mapping[str, Any]) -> str:
        if mode == "vary":
            return "high-variation" if given["strength"] == "strong" else "low-variation"
        return f"remix-{given['strength']}" if mode == "remix" else _PATHS.get(mode, mode)

    def _body(self, request: Request, envelope: Envelope) -> dict[str, Any]:
        """Write every field under the name that it has at the gateway."""
        given, body = request.said(), {}
        if request.mode == "inpaint":  # the words and the mask follow in the second half
            given = {name: value for name, value in given.items() if name not in {"prompt", "mask"}}
        for name, value in given.items():
            if name == "image_index" and request.mode != "video":
                value += 1  # noqa: PLW2901  (the gateway counts from 1)
            if name in _SAME or name in _FIELDS:
                body.update(_spell(_FIELDS.get(name, name), value))
        if flags := to_flags({name: given.get(name) for name in _FLAGS}):
            body["extra"] = flags
        if request.mode == "video":
            body.update(_clip(given))
        if request.mode == "upscale" and (button := apimart_buttons.press(request, envelope.parent)):
            del body["index"]
            body["custom_id"] = button
        return body

    def second_half(self, request: Request, task_id: str, envelope: Envelope) -> Call:
        """Spell the words and the mask of an inpainting, which go on with the same task."""
        given = request.given()
        body = {"task_id": task_id, "prompt": given["prompt"], "mask_url": _picture(given["mask"])}
        body |= _spell("speed", given["speed"]) if "speed" in given else {}
        # A key of its own: with that of the first half the gateway would answer the first half again.
        return _post("modal", body, envelope.key and envelope.key + _SECOND_KEY)

    def status(self, task_id: str) -> Call:
        """Spell `GET /v1/midjourney/{id}`."""
        return Call("GET", f"/v1/midjourney/{quote(task_id, safe='')}")

    def upload(self, name: str, data: bytes, media_type: str) -> Call:
        """Spell `POST /v1/uploads/images`, a form with one file."""
        return Call("POST", "/v1/uploads/images", files={"file": (name, data, media_type)})

    # -- replies -----------------------------------------------------------------------------------------------------

    def read_submit(self, reply: Reply) -> str:
        """Return the new task's id, wherever the answer has it."""
        return apimart_reading.read_submit(reply)

    def read_status(self, reply: Reply) -> Status:
        """Read the answer of either address: a task, or a refusal."""
        return apimart_reading.read_status(reply)

    def read_upload(self, reply: Reply) -> str:
        """Return the URL of an uploaded picture."""
        return apimart_reading.read_upload(reply)

    # -- time and money ----------------------------------------------------------------------------------------------

    def rhythm(self, request: Request | None) -> Rhythm:
        """Ask every 5 s, as the page advises: first after 20 s, which no drawing beats, what is quick or has two halves sooner."""
        first = 20.0 if request is None else _FIRST_S.get(request.mode, 20.0)
        return Rhythm(first=first, every=5, typical=(30, 120), timeout=1800)

    def price(self, request: Request, prices: Mapping[str, float] = MappingProxyType({})) -> int | None:
        """Return the price by billing key; every clip of a video is charged.

        >>> Apimart().price(TextToImage(prompt="a fox", version=7), {"midjourney@imagine-v7": 0.06})
        60000
        """
        own = self.own_price(request, prices)
        return own if own is not None else self._listed(request, apimart_prices.PRICES, self._keys(request))

    def own_price(self, request: Request, prices: Mapping[str, float]) -> int | None:
        """Return the user's own price: by billing key, by mode and speed, or for everything (`"midjourney"`)."""
        *keys, everything = self._keys(request) or ("",)
        price = self._listed(request, prices, keys)
        if price is None:
            price = super().own_price(request, prices)
        return self._listed(request, prices, (everything,)) if price is None else price

    def _keys(self, request: Request) -> tuple[str, ...]:
        raw = isinstance(request, RawRequest)
        return () if raw else apimart_prices.keys_of(request.mode, self.held(request))

    def _listed(self, request: Request, prices: Mapping[str, float], keys: Sequence[str]) -> int | None:
        usd = next((prices[key] for key in keys if key in prices), None)
        return None if usd is None else round(usd * 1_000_000) * self.charged(request)


def _post(action: str, body: Mapping[str, Any], key: str) -> Call:
    """Spell a submission; the key lets the gateway know a repetition. One that no header can carry is told by its hash."""
    if key and not _KEY.fullmatch(key):
        key = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    headers = {"Idempotency-Key": key} if key else {}
    return Call("POST", f"{_ROOT}/{action}".rstrip("/"), body=dict(body), headers=headers)


def _spell(name: str, value: Any) -> dict[str, Any]:
    """Write one field as the gateway has it."""
    if name == "version":
        family, _, number = value.rpartition(" ")
        return {"niji": True, "version": number} if family else {"version": value.removeprefix("v")}
    if name == "speed":
        return {name: {"relaxed": "relax"}.get(value, value)}
    if name == "zoom_ratio":
        return {name: float(value.removesuffix("x"))}
    return {name: list(value) if isinstance(value, tuple) else value}


def _clip(given: Mapping[str, Any]) -> dict[str, Any]:
    """Write what differs for a video: pictures counted from 0, and size and end in one word."""
    size, end = given.get("resolution"), given.get("end_url")
    body: dict[str, Any] = {}
    if size or end:
        body["video_type"] = (
            f"vid_1.1_i2v_{'start_end_' if end else ''}{(size or '480p').removesuffix('p')}"
        )
    return body


def _picture(mask: Mask) -> str:
    """Return a mask's URL; a PNG in bare base64 as the data URL that it stands for."""
    if mask.url is None:  # without any, the gateway would draw around the picture instead
        raise InvalidRequest("mask", mask, "a picture, here: its areas must have been drawn as one before")
    return mask.url if re.match(r"https?:|data:", mask.url) else f"data:image/png;base64,{mask.url}"


def _nearest(name: str, value: str, words: tuple[str, ...]) -> str:
    """Return the word of a list that is nearest in meaning."""
    rule = {"version": Version, "quality": Quality}[name]
    try:
        rule("", dict.fromkeys(words, "")).read(name, value)
    except InvalidRequest as error:
        return str(error.nearest or words[0])
    return words[0]
