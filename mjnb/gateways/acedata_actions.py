"""AceData's actions: which of them a follow-up means, and what a task offers, in our words.

A sheet of four numbers its pictures (`upscale3`); a single picture has actions of its own. The answer about a task lists what it
offers, and nothing else is sent. One exception: the guide paints single pictures anew with `variation_region`
(https://docs.acedata.cloud, Midjourney Imagine: Local Transformation), which no list of the documents names. Actions that are
none of our words, such as `square` and `redo_upscale_2x` (which enlarges the parent's own parent once more), are for a
`RawRequest`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.modes import Inpaint, Pan, Upscale, Vary, Zoom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mjnb.gateways.base import Status
    from mjnb.modes import Request, Video

__all__ = ["action_of", "is_sheet", "picture_of", "picture_url", "video_of"]

_NUMBERED = re.compile(r"(?:upscale|variation)[1-4]")
_REGION = "variation_region"
_SINGLE = frozenset({"variation_subtle", "variation_strong"})
_RATIOS = {"1.5x": "zoom_out_1_5x", "2x": "zoom_out_2x"}
_ENLARGING = {"standard": "subtle", "creative": "creative", "2x": "2x", "4x": "4x"}
_DECIDING = {"upscale": "kind", "vary": "strength", "zoom": "ratio", "pan": "direction"}
"""The field that decides about the action, by mode."""
_WORDS = {
    **{f"upscale{n}": "upscale standard" for n in range(1, 5)},
    **{f"variation{n}": "vary" for n in range(1, 5)},
    "reroll": "reroll",
    **{f"upscale_{theirs}": f"upscale {ours}" for ours, theirs in _ENLARGING.items()},
    **{f"variation_{strength}": f"vary {strength}" for strength in ("subtle", "strong")},
    **{theirs: f"zoom {ours}" for ours, theirs in _RATIOS.items()},
    **{f"pan_{side}": f"pan {side}" for side in ("left", "right", "up", "down")},
    _REGION: "inpaint",
}  # fmt: skip


def is_sheet(actions: Sequence[str]) -> bool:
    """Tell whether these are the actions of a sheet of four pictures.

    >>> is_sheet(["upscale1", "reroll"]), is_sheet(["upscale_2x", "pan_left"])
    (True, False)
    """
    return any(_NUMBERED.fullmatch(action) for action in actions)


def action_of(request: Request, parent: Status) -> str:
    """Return the action that a follow-up means for this parent.

    Raises:
        InvalidRequest: The parent does not offer it; the message says what it offers.
    """
    sheet = _is_sheet(parent)
    index = getattr(request, "image_index", 0)
    if index and not sheet:
        raise InvalidRequest("image_index", index, "this task has a single picture", nearest=0)
    ways, offered = _ways(request), _offered(parent)
    if offered is None:  # nobody told, as with edits: the gateway decides
        return ways[0] if sheet else next((way for way in ways if not _NUMBERED.fullmatch(way)), ways[0])
    found = next((way for way in ways if way in offered), "")
    if not found:
        raise _refusal(request, parent, offered)
    return found


def _is_sheet(parent: Status) -> bool:
    actions = parent.facts.get("actions")
    return is_sheet(actions) if actions else len(parent.urls) > 1


def _offered(parent: Status) -> list[str] | None:
    actions = parent.facts.get("actions")
    if actions is None:
        return None
    varies = not _SINGLE.isdisjoint(actions)  # an enlarged picture's enlargement does not
    return [*actions, *([_REGION] if varies else [])]


def _ways(request: Request) -> tuple[str, ...]:
    """Return the actions that a follow-up may mean, on a sheet and on a single picture."""
    number = getattr(request, "image_index", 0) + 1
    match request:
        case Upscale(kind=kind):
            large = f"upscale_{_ENLARGING[kind]}"
            return (f"upscale{number}", large) if kind == "standard" else (large,)
        case Vary(strength=strength):
            return f"variation{number}", f"variation_{strength}"
        case Zoom(ratio=ratio):
            return (_RATIOS[ratio],)
        case Pan(direction=direction):
            return (f"pan_{direction}",)
    return (_REGION,) if isinstance(request, Inpaint) else ("reroll",)


def _refusal(request: Request, parent: Status, offered: Sequence[str]) -> InvalidRequest:
    field = _DECIDING.get(request.mode, "task_id")
    value = getattr(request, field)
    words = dict.fromkeys(_WORDS[action] for action in offered if action in _WORDS)
    has_others = any(word.split()[0] == request.mode for word in words)
    asked = f"{request.mode} {value}" if has_others and field != "task_id" else request.mode
    others = [action for action in offered if action not in _WORDS]
    hints = [
        'Upscale one of its pictures first, with kind="standard".' if is_sheet(offered) else "",
        f"Besides RawRequest(action, image_id={parent.facts.get('image_id')!r}) with {', '.join(others)}." if others else "",
    ]  # fmt: skip
    said = f"{asked} is not on offer; this task offers {', '.join(words) or 'nothing more'}"
    return InvalidRequest(field, value, said, hint=" ".join(filter(None, hints)))


def picture_of(request: Request, parent: Status | None) -> str:
    """Return the id of the parent's picture, by which AceData knows it; a task's own id is of no use.

    Raises:
        InvalidRequest: It is not known.
    """
    facts = parent.facts if parent is not None else {}
    found: str = facts.get("image_id", "")
    if not found and facts.get("video_id"):
        hint = "Its clips can be gone on from: video(task, index, extend=True)."
        said = "a video task has no picture to go on from"
        raise InvalidRequest("task_id", getattr(request, "task_id", None), said, hint=hint)
    if not found:
        raise _unknown(request, "the id of its picture, which the answer about a finished task tells")
    return found


def video_of(request: Request, parent: Status | None) -> str:
    """Return the id of the parent's clips.

    Raises:
        InvalidRequest: It is not known, or the parent is no video.
    """
    found: str = parent.facts.get("video_id", "") if parent is not None else ""
    if not found:
        raise _unknown(request, "the id of its clips, which the answer about a finished video tells")
    return found


def picture_url(request: Video, parent: Status | None) -> str:
    """Return the URL of the parent's picture with which a video begins.

    Raises:
        InvalidRequest: It is not known, or the picture is only part of a sheet.
    """
    index: Any = request.image_index
    if parent is None or not parent.urls:
        raise _unknown(request, "the URL of its picture, which the answer about a finished task tells")
    if parent.facts.get("video_id"):
        hint = "Say extend=True."
        raise InvalidRequest(
            "extend", request.extend, "a video task is gone on from, not begun with", hint=hint
        )
    if index >= len(parent.urls):
        raise InvalidRequest("image_index", index, "this task has a single picture", nearest=0)
    if "#" in parent.urls[index]:
        hint = 'Upscale it first, with kind="standard".'
        raise InvalidRequest("image_index", index, "a quarter of a sheet has no URL of its own", hint=hint)
    return str(parent.urls[index])


def _unknown(request: Request, what: str) -> InvalidRequest:
    hint = "Wait for that task in this session first, so that the ledger knows its answer."
    return InvalidRequest(
        "task_id", getattr(request, "task_id", None), f"AceData Cloud wants {what}", hint=hint
    )
