"""AceData's requests: what its endpoints take, how it is spelled, and what is refused before it is sent.

Imagine has JSON fields for the speed, the version, `hd`, the quality and the translation. Everything else is a flag at the end of
the prompt, and pictures are URLs at its head; nothing is sent both ways. Edits and videos have fewer fields, so more flags.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.gateways.acedata_actions import action_of, picture_of, picture_url, video_of
from mjnb.modes import MODES as EVERY_MODE
from mjnb.modes import Blend, RawRequest, Reroll, SeedOf, TextToImage, Video
from mjnb.prompts import looks_foreign, split_flags, to_flags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.gateways.base import Status
    from mjnb.modes import Request

__all__ = [
    "AT_ONCE", "IMAGINE", "MODES", "PATHS", "TAKES", "advice_on", "body_of", "check_values", "defaults_of", "parent_part", "path_of",
]  # fmt: skip

AT_ONCE = frozenset({"describe", "shorten", "translate", "seed"})
"""The modes whose answer is the text itself."""
IMAGINE = "/midjourney/imagine"

PATHS = {
    "edit": "/midjourney/edits",
    "video": "/midjourney/videos",
    **{mode: f"/midjourney/{mode}" for mode in AT_ONCE},
}
_RAW_PATHS = {
    **PATHS,
    "edits": PATHS["edit"],
    "videos": PATHS["video"],
    "imagine": IMAGINE,
}
"""Where a raw request goes that names an endpoint; any other names an action of imagine."""
_FOLLOWING = frozenset({"vary", "upscale", "reroll", "zoom", "pan", "inpaint"})
_DRAWN = frozenset(TextToImage.model_fields) - {"watermark"}
_FOLLOWED = frozenset({"task_id", "image_index", "speed"})
TAKES = {
    "text-to-image": _DRAWN,
    "image-to-image": _DRAWN | {"image_urls"},
    "blend": frozenset(Blend.model_fields),
    "vary": _FOLLOWED | {"strength", "version", "prompt", "enable_translation"},
    "upscale": _FOLLOWED | {"kind", "version"},
    "reroll": frozenset(Reroll.model_fields),
    "zoom": _FOLLOWED | {"ratio", "prompt"},
    "pan": _FOLLOWED | {"direction", "prompt"},
    "inpaint": _FOLLOWED | {"prompt", "mask"},
    "edit": _DRAWN - {"enable_translation", "iw"} | {"image_urls", "mask"},
    "video": frozenset(Video.model_fields) - {"animate"},
    "describe": frozenset({"image_urls"}),
    "shorten": frozenset({"prompt"}),
    "translate": frozenset({"prompt"}),
    "seed": frozenset({"task_id"}),
}
MODES = {mode: EVERY_MODE[mode] for mode in TAKES}

_IMAGINE_DEFAULTS = {"speed": "fast", "enable_translation": False, "hd": False, "quality": "1"}
_VIDEO_DEFAULTS = {"speed": "fast", "resolution": "720p", "loop": False}


def defaults_of(mode: str) -> dict[str, Any]:
    """Return the pages' own defaults for the fields of a mode.

    Which version draws when none is named is not documented.

    >>> defaults_of("upscale"), defaults_of("describe")
    ({'speed': 'fast'}, {})
    """
    defaults: dict[str, Any] = _VIDEO_DEFAULTS if mode == "video" else _IMAGINE_DEFAULTS
    if mode == "edit":
        defaults = {"speed": "fast"}
    return {name: value for name, value in defaults.items() if name in TAKES.get(mode, ())}


# -- refusing --------------------------------------------------------------------------------------------------------

_VERSIONS = (
    "v5.2",
    "v6",
    "v6.1",
    "v7",
    "v8",
    "v8.1",
    "v8.2",
)  # of the field; others are flags, Niji among them
_ONE_SHEET = frozenset({"r", "repeat"})
_MOST_PICTURES = 5


def check_values(mode: str, given: Mapping[str, Any]) -> None:
    """Refuse what neither a field nor a flag of AceData can say.

    Raises:
        InvalidRequest: Nothing was sent.
    """
    if mode not in AT_ONCE and "--" in (given.get("prompt") or ""):
        hint = "Give the flag as a field, or write a dash as —."
        raise InvalidRequest(
            "prompt", given["prompt"], "what follows a -- is read as a flag there", hint=hint
        )
    if given.get("extra"):
        _check_extra(given["extra"])
    if mode in _FOLLOWING and given.get("version", _VERSIONS[0]) not in _VERSIONS:
        allowed = f"AceData Cloud has {', '.join(_VERSIONS)} for what follows a task"
        raise UnsupportedError("version", given["version"], allowed, nearest="v7")
    _check_pictures(mode, list(given.get("image_urls") or ()))
    if mode == "video":
        _check_video(given)


def _check_pictures(mode: str, urls: list[Any]) -> None:
    most = 1 if mode == "edit" else _MOST_PICTURES
    if len(urls) > most:
        each = {"edit": "edits one picture", "blend": f"blends up to {most} pictures"}
        said = f"AceData Cloud {each.get(mode, f'joins up to {most} pictures')} at a time"
        raise UnsupportedError("image_urls", urls, said, nearest=urls[:most])


def _check_extra(extra: str) -> None:
    """Refuse flags that have a field here, and those that would be paid for nothing."""
    flags = split_flags(extra)
    if flags.text.strip():
        raise InvalidRequest("extra", extra, "flags alone, each beginning with --")
    if flags.fields:
        raise InvalidRequest("extra", extra, f"give {', '.join(flags.fields)} as fields, not as flags")
    if _ONE_SHEET & {name.lower() for name in flags.others}:
        raise InvalidRequest("extra", extra, "a task brings one sheet, so repeats would be paid and lost")


def _check_video(given: Mapping[str, Any]) -> None:
    if given.get("speed") == "relaxed":
        allowed = "AceData Cloud makes videos fast or turbo"
        raise UnsupportedError("speed", "relaxed", allowed, nearest="fast")
    if given.get("extend") and given.get("task_id") is None and given.get("image_urls") is not None:
        raise InvalidRequest("extend", True, "only a clip of an earlier video task can be gone on from")


# -- spelling --------------------------------------------------------------------------------------------------------

_NAMES = {
    "speed": "mode",
    "version": "version",
    "hd": "hd",
    "quality": "quality",
    "enable_translation": "translation",
    "resolution": "resolution",
    "end_url": "end_image_url",
    "loop": "loop",
}
"""The JSON fields that carry one of ours."""
_IMAGINE_FIELDS = frozenset({"speed", "version", "hd", "quality", "enable_translation"})
_EDIT_FIELDS = frozenset({"speed"})
_VIDEO_FIELDS = frozenset({"speed", "resolution", "end_url", "loop"})
_MOODBOARD = re.compile(r"m\d+")
_DATA_URL = re.compile(r"data:image/\w+;base64,")


def path_of(mode: str) -> str:
    """Return the path that a mode is sent to, a raw one included.

    >>> path_of("text-to-image"), path_of("videos")
    ('/midjourney/imagine', '/midjourney/videos')
    """
    return _RAW_PATHS.get(mode, IMAGINE)


def body_of(request: Request, parent: Status | None) -> dict[str, Any]:
    """Spell a request as its endpoint's JSON, without what goes around every request.

    Raises:
        InvalidRequest: The parent is not known, or does not offer this.
    """
    given = request.said()
    if isinstance(request, RawRequest):
        return given if request.mode in _RAW_PATHS else {"action": request.mode, **given}
    if request.mode in AT_ONCE:
        return _asking(request.mode, given) or parent_part(request, parent)
    if request.mode == "video":
        return _video(request, given, parent)
    if request.mode == "edit":
        return _edit(given)
    return _imagine(request, given, parent)


def parent_part(request: Request, parent: Status | None) -> dict[str, Any]:
    """Return the fields that only the parent can tell; {} for a request that builds on none.

    Raises:
        InvalidRequest: The parent is not known, or does not offer this.
    """
    given = request.given()
    if "task_id" not in given:
        return {}
    if isinstance(request, Video):
        if request.extend:
            return {"video_id": video_of(request, parent), "video_index": given["image_index"]}
        return {"image_url": picture_url(request, parent)}
    image_id = picture_of(request, parent)
    if parent is None or isinstance(request, SeedOf):
        return {"image_id": image_id}
    return {"action": action_of(request, parent), "image_id": image_id}


def _asking(mode: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Spell a question that is answered with text; {} for the one that only a parent can spell."""
    if mode == "describe":
        return {"image_url": given["image_urls"][0]}
    return (
        {{"shorten": "prompt", "translate": "content"}[mode]: given["prompt"]} if "prompt" in given else {}
    )


def _imagine(request: Request, given: Mapping[str, Any], parent: Status | None) -> dict[str, Any]:
    body = parent_part(request, parent) or {"action": "generate"}
    fields = _IMAGINE_FIELDS - ({"version"} if given.get("version") not in _VERSIONS else set())
    body |= _fields(given, fields) | _prompt(given, fields)
    if given.get("sref"):
        body["style_reference"] = True
    if any(_MOODBOARD.fullmatch(word) for word in str(given.get("profile", "")).split()):
        body["moodboard"] = True
    if request.mode != "upscale":
        body["split_images"] = True
    return body | _mask(given)


def _edit(given: Mapping[str, Any]) -> dict[str, Any]:
    body = {"action": "generate", "image_url": given["image_urls"][0], "split_images": True}
    words = {name: value for name, value in given.items() if name != "image_urls"}
    return body | _fields(given, _EDIT_FIELDS) | _prompt(words, _EDIT_FIELDS) | _mask(given)


def _video(request: Request, given: Mapping[str, Any], parent: Status | None) -> dict[str, Any]:
    words = {name: value for name, value in given.items() if name != "image_urls"}
    body = {"action": "extend" if given.get("extend") else "generate"}
    begins = parent_part(request, parent) or {"image_url": given["image_urls"][0]}
    return body | begins | _fields(given, _VIDEO_FIELDS) | _prompt(words, _VIDEO_FIELDS)


def _fields(given: Mapping[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    return {_NAMES[name]: _spell(name, value) for name, value in given.items() if name in fields}


def _spell(name: str, value: Any) -> Any:
    if name == "speed":
        return {"relaxed": "relax"}.get(value, value)
    if name == "version":
        return value.removeprefix("v")
    return value.removeprefix("0") if name == "quality" else value  # the reference writes .5


def _prompt(given: Mapping[str, Any], fields: frozenset[str]) -> dict[str, str]:
    """Write URLs, words and flags, without what has a JSON field."""
    rest = {name: value for name, value in given.items() if name not in fields}
    text = " ".join(filter(None, (*given.get("image_urls", ()), given.get("prompt", ""), to_flags(rest))))
    return {"prompt": text} if text else {}


def _mask(given: Mapping[str, Any]) -> dict[str, str]:
    """Spell a mask that is a picture: its URL, or the bare base64 that the guides show."""
    mask = given.get("mask")
    if mask is None:
        return {}
    if mask.url is None:
        raise InvalidRequest("mask", mask, "a picture, in base64 or under a URL; white is painted anew")
    return {"mask": _DATA_URL.sub("", mask.url, count=1)}


# -- advising --------------------------------------------------------------------------------------------------------


def advice_on(mode: str, given: Mapping[str, Any]) -> list[str]:
    """Say what AceData's pages do not promise."""
    said = {
        "a picture of a sheet is varied without a strength; subtle and strong count for single pictures alone": (
            mode == "vary"
        ),
        "AceData Cloud's pages use a prompt only for painting anew; here it may change nothing": (
            mode in {"vary", "zoom", "pan"} and "prompt" in given
        ),
        "the prompt does not look English and enable_translation is off; Midjourney reads English best": (
            "enable_translation" in TAKES[mode]
            and not given.get("enable_translation")
            and looks_foreign(given.get("prompt") or "")
        ),
    }
    return [text for text, holds in said.items() if holds]
