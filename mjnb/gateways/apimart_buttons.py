"""What an APIMart task offers: the buttons below it, in Midjourney's words, and which of them a follow-up presses.

https://docs.apimart.ai/en/api-reference/images/midjourney/query: a button has a `customId` and a `label`. Most follow-ups are
found by the gateway itself, by picture or direction; a real enlargement alone is asked for by its button.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.gateways.reading import mapping, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.gateways.base import Status
    from mjnb.modes import Request

__all__ = ["buttons_of", "check_parent", "offers", "press"]

_OFFERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (words, re.compile(pattern, re.IGNORECASE))
    for words, pattern in (
        ("upscale standard", r"upsample(?=::|$)|^U[1-4]$"),
        ("upscale standard", r"upsample\w*_subtle|upscale \(subtle\)"),
        ("upscale creative", r"upsample\w*_creative|upscale \(creative\)"),
        ("upscale 2x", r"upsample\w*_2x(?=::|$)|upscale \(2x\)"),
        ("upscale 4x", r"upsample\w*_4x(?=::|$)|upscale \(4x\)"),
        ("vary", r"variation|^V[1-4]$|vary \((?:subtle|strong)\)"),
        ("inpaint", r"inpaint|vary \(region\)"),
        ("zoom", r"outpaint|zoom"),
        ("pan", r"pan_(?:left|right|up|down)|^(?:[⬅➡⬆⬇]\ufe0f?|pan .*)$"),
        ("reroll", r"reroll|🔄"),
        ("remix", r"remix"),
        ("video", r"animate|video"),
    )
)
_LARGER = {words.removeprefix("upscale "): pattern for words, pattern in _OFFERS[1:5]}
_WITHOUT_PICTURES = {"DESCRIBE", "SHORTEN", "VIDEO"}
_OF_ONE = {"zoom", "pan", "inpaint"}  # of an enlarged picture alone
_BY_BUTTON = _OF_ONE | {"reroll"}  # the gateway finds the button itself; without one it refuses
_NUMBER = re.compile(r"::([1-4])(?:::|$)")


def buttons_of(value: Any) -> list[dict[str, str]]:
    """Read a task's buttons, whatever they are.

    >>> buttons_of([{"customId": "MJ::JOB::upsample::1::abc", "label": "U1", "style": 2}, None])
    [{'customId': 'MJ::JOB::upsample::1::abc', 'label': 'U1'}]
    """
    found = [mapping(button) for button in value] if isinstance(value, list) else []
    read = [{name: text(button.get(name)) for name in ("customId", "label")} for button in found]
    return [button for button in read if any(button.values())]


def offers(buttons: list[dict[str, str]]) -> list[str]:
    """Say in our words what the buttons do, each once.

    >>> offers([{"customId": "MJ::JOB::upsample::1::abc", "label": "U1"}, {"customId": "", "label": "Zoom Out 2x"}])
    ['upscale standard', 'zoom']
    """
    return list(dict.fromkeys(words for words, does in _OFFERS if any(_is(does, one) for one in buttons)))


def _is(does: re.Pattern[str], button: Mapping[str, str]) -> bool:
    return any(does.search(said) for said in button.values())


def press(request: Request, parent: Status | None) -> str:
    """Return the `customId` of the button that an enlargement presses, "" if it is asked for by the picture's number.

    Raises:
        InvalidRequest: The parent has no such button, or is not known; the message names what it offers.
    """
    given = request.given()
    if given.get("kind") == "standard" and (parent is None or _count(parent) != 1 or not _buttons(parent)):
        return ""  # one of the four, cut out of the sheet
    if parent is None:
        said = f"an upscale of kind {given['kind']} is asked for by a button of its task, and this task is not known"
        raise InvalidRequest("task_id", given["task_id"], said, hint="Ask after the task first.")
    found = [one for one in _buttons(parent) if _is(_LARGER[given["kind"]], one) and one["customId"]]
    fitting = [
        one for one in found if _count(parent) == 1 or _number(one) in {None, given["image_index"] + 1}
    ]
    if not fitting:
        raise _not_offered("kind", given["kind"], parent)
    return fitting[0]["customId"]


def check_parent(request: Request, parent: Status) -> None:
    """Refuse what the task that it builds on does not offer, as far as that is known.

    Raises:
        InvalidRequest: Nothing was sent; the message names what it offers.
    """
    _check_pictures(request, parent)
    _check_panel(request, parent)
    if request.mode == "upscale":
        press(request, parent)


def _check_pictures(request: Request, parent: Status) -> None:
    """Refuse a picture that is not there, and a sheet where one enlarged picture is wanted."""
    given, count = request.given(), _count(parent)
    kind, index = text(parent.facts.get("action")).upper(), given.get("image_index")
    if kind in _WITHOUT_PICTURES:
        said = f"a {kind.lower()} task has no picture to go on from"
        raise InvalidRequest("task_id", given.get("task_id"), said)
    if isinstance(index, int) and count and index >= count:
        has = "one picture" if count == 1 else f"{count} pictures"
        raise InvalidRequest("image_index", index, f"this task has {has}", nearest=count - 1)
    if request.mode in _OF_ONE and count > 1:
        said = f"{request.mode} is done to one enlarged picture, and this task has {count}"
        raise InvalidRequest("task_id", given.get("task_id"), said, hint="Upscale one of them first.")


def _check_panel(request: Request, parent: Status) -> None:
    """Refuse what the parent has no button for, and a remix of a version that has none."""
    task_id, buttons = request.given().get("task_id"), _buttons(parent)
    if request.mode in _BY_BUTTON and buttons and request.mode not in offers(buttons):
        raise _not_offered("task_id", task_id, parent)
    version = text(parent.facts.get("version"))
    if request.mode == "remix" and version and not version.startswith("v8"):
        said = f"remix is for pictures of v8.1 and v8.2, and this task's are of {version}"
        raise InvalidRequest("task_id", task_id, said, hint="Vary it instead.")


def _not_offered(field: str, value: object, parent: Status) -> InvalidRequest:
    what = ", ".join(offers(_buttons(parent)))
    said = f"this task offers {what}" if what else "this task offers nothing of the kind"
    hint = "A standard upscale of one of its pictures may offer more." if _count(parent) > 1 else ""
    return InvalidRequest(field, value, said, hint=hint)


def _buttons(parent: Status) -> list[dict[str, str]]:
    return buttons_of(parent.facts.get("buttons"))


def _count(parent: Status) -> int:
    return len(parent.urls) or int(number(parent.facts.get("count")) or 0)


def _number(button: Mapping[str, str]) -> int | None:
    """Return which of the four pictures a button is for, None if it does not say."""
    match = _NUMBER.search(button["customId"])
    return int(match[1]) if match else None
