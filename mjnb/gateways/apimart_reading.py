"""How APIMart answers: both questions after a task, submissions, uploads and refusals.

`GET /v1/midjourney/{id}` answers with the task itself, `GET /v1/tasks/{id}` with a wrapped one of another shape
(https://docs.apimart.ai/en/api-reference/images/midjourney/query); one reader takes both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mjnb import errors
from mjnb.gateways.apimart_buttons import buttons_of
from mjnb.gateways.base import Reply, Status, refusal
from mjnb.gateways.reading import (
    at,
    epoch,
    identifier,
    items,
    malformed,
    mapping,
    micro,
    percent,
    says_only,
    seconds,
    speaks_of_waiting,
    text,
    texts,
    whole,
)
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_status", "read_submit", "read_upload"]

_TITLE = "APIMart"
_STATES = {
    **dict.fromkeys(("not_start", "submitted", "pending", "modal"), TaskState.PENDING),
    **dict.fromkeys(("success", "completed"), TaskState.SUCCESS),
    **dict.fromkeys(("failure", "failed", "cancelled", "canceled", "cancel"), TaskState.FAILED),
}
_REASONS = {
    "banned prompt": "BANNED_PROMPT",
    "timeout": "TASK_TIMEOUT",
    "no available upstream": "NO_AVAILABLE_UPSTREAM",
    **dict.fromkeys(
        ("insufficient balance", "insufficient credit", "insufficient quota"), "INSUFFICIENT_BALANCE"
    ),
}
_BLOCKED = 24  # the gateway's own code for moderation
_CODES: dict[int, tuple[type[errors.GatewayError], int]] = {
    3: (errors.UnknownTask, 404),
    4: (errors.RequestRefused, 400),
    9: (errors.GatewayUnavailable, 500),
    _BLOCKED: (errors.PromptBlocked, 422),
    422: (errors.PromptBlocked, 422),  # on APIMart moderation alone
}
_TYPES: dict[str, tuple[type[errors.GatewayError] | None, int]] = {
    "invalid_request_error": (None, 400),  # also of 422: the status says which
    "authentication_error": (errors.AuthenticationError, 401),
    "payment_required": (errors.InsufficientCredits, 402),
    "permission_error": (errors.AuthenticationError, 403),
    "not_found": (errors.UnknownTask, 404),
    "not_found_error": (errors.UnknownTask, 404),
    "rate_limit_error": (errors.RateLimited, 429),
    "internal_error": (errors.GatewayUnavailable, 500),
    "server_error": (errors.GatewayUnavailable, 500),
    "bad_gateway": (errors.GatewayUnavailable, 502),
}
_BUSY = frozenset({("503", ""), ("503", "server_error")})
"""Code and type of a 503 that says no more than that: the types of a 500 or 502, and new ones, leave the task's fate open.

`server_error` is said of any 5xx, and a message alone by anybody on the way, so the code must say which.
"""
_REFUSALS = range(400, 600)
_IN_BETWEEN = frozenset({408, 409, 425})  # a proxy says these as well
_TEXTUAL = {"DESCRIBE", "SHORTEN", ""}  # the wrapped shape does not name its action
_LINE = re.compile("(?:^|\n)[ \t]*[1-9][.)][ \t]+|[1-9]\ufe0f?\u20e3[ \t]*")
_NIJI = re.compile(r"--niji\s+([5-9])\b")
_VERSION = re.compile(r"--v(?:ersion)?\s+([0-9]+(?:\.[0-9]+)?)\b")


# -- submissions ---------------------------------------------------------------------------------------------------


def read_submit(reply: Reply) -> str:
    """Return the new task's id: `data` is a list of one or an object, and inpaint may answer without any."""
    data = at(reply.json, "data")
    holder = mapping(at(data, 0) if isinstance(data, list) else data)
    task_id = identifier(holder.get("task_id")) or identifier(holder.get("id"))
    body = mapping(reply.json)
    task_id = task_id or identifier(body.get("task_id"))
    if not task_id and isinstance(body.get("status"), str):
        task_id = identifier(body.get("id"))
    if task_id:
        return task_id
    raise _refusal(reply, "No task was created.", "no task id")


def read_upload(reply: Reply) -> str:
    """Return the URL of an uploaded picture, which the gateway keeps for 72 hours."""
    url = at(reply.json, "url") or at(reply.json, "data", "url")
    if isinstance(url, str) and url.strip():
        return text(url).strip()
    raise _refusal(reply, "The picture was not taken.", "no URL of the picture")


# -- tasks ---------------------------------------------------------------------------------------------------------


def read_status(reply: Reply) -> Status:
    """Read a task in either shape; its state decides before any code, and the code before the HTTP status."""
    task = _task(reply)
    state = _STATES.get(task["status"].strip().lower(), TaskState.PROCESSING)
    urls, poster = _urls(task) if state is TaskState.SUCCESS else ((), "")
    said = _texts(task) if state is TaskState.SUCCESS and not urls else ()
    if state is TaskState.SUCCESS and not urls and not said:
        raise malformed(_TITLE, reply, "the task succeeded but holds no picture, no clip and no text")
    code, message = _failure(task) if state is TaskState.FAILED else ("", "")
    return Status(
        state=state,
        urls=urls,
        created=epoch(task.get("created")),
        completed=epoch(task.get("completed")),
        cost_time_s=seconds(task.get("actual_time")) if state.is_finished else None,
        fail_code=code,
        fail_msg=message,
        texts=said,
        poster=poster,
        progress=percent(task.get("progress")),
        preview=_first(task.get("grid_image_url")) if state.is_running else "",
        expires=_expires(task),
        price_micro=_price(task, state),
        waits=task["status"].strip().lower() == "modal",
        facts=_facts(task, urls),
    )


def _task(reply: Reply) -> Mapping[str, Any]:
    """Find the task: the answer itself, or what is wrapped in `data`."""
    data = at(reply.json, "data")
    for place in map(mapping, (at(data, 0), data, reply.json)):
        if isinstance(place.get("status"), str) and _is_task(place, reply):
            return place
    raise _refusal(reply, "", "no state")


def _is_task(place: Mapping[str, Any], reply: Reply) -> bool:
    """Tell a task from a refusal with a `status` of its own, which has no id, and a code or HTTP status that refuses."""
    if identifier(place.get("id")) or identifier(place.get("task_id")):
        return True
    known = place["status"].strip().lower() in _STATES
    return reply.status not in _REFUSALS and (known or whole(place.get("code")) not in _REFUSALS)


def _urls(task: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """Return pictures or clips, and a clip's poster; a gap keeps its place, since follow-ups count by it."""
    result = mapping(task.get("result"))
    pictures = _links(task.get("image_urls")) or _media(result.get("images"))
    grid = _first(task.get("grid_image_url"))
    clips = _links(task.get("video_urls")) or _links(task.get("video_url")) or _media(result.get("videos"))
    if clips:
        return clips, next(filter(None, (grid, *pictures)), "")
    if not pictures and grid:  # the sheet alone: an enlargement is one picture, all else are four
        is_one = text(task.get("action")).strip().upper() == "UPSCALE"
        pictures = (grid,) if is_one else tuple(f"{grid}#quarter={i}" for i in range(4))
    return pictures, ""


def _media(value: Any) -> tuple[str, ...]:
    """Read `[{"url": …}]`, where the URL is a text or a list of them."""
    found = [_links(mapping(one).get("url")) or ("",) for one in items(value)]
    urls = tuple(url for one in found for url in one)
    return urls if any(urls) else ()


def _links(value: Any) -> tuple[str, ...]:
    """Read a list of URLs, where what is none keeps its place, empty; or a lonely one, which must look like one."""
    lonely = isinstance(value, str) and not value.strip().startswith("http")
    urls = tuple(url.strip() for url in texts(None if lonely else value))
    return urls if any(urls) else ()


def _first(value: Any) -> str:
    return next(iter(_links(value)), "")


def _texts(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Read what describe found: in `description`, else in `prompt`, each of the numbered lines a text of its own."""
    if text(task.get("action")).strip().upper() not in _TEXTUAL:
        return ()
    result = mapping(task.get("result"))
    places = (task.get("description"), result.get("description"), task.get("prompt"), result.get("prompt"))
    told = next((text(place).strip() for place in places if isinstance(place, str) and place.strip()), "")
    return tuple(part.strip() for part in _LINE.split(told) if part.strip())


def _failure(task: Mapping[str, Any]) -> tuple[str, str]:
    """Return the code of a failure and its message; APIMart tells reasons in words, so the known ones get a code here."""
    error = mapping(task.get("error"))
    told = (task.get("fail_reason"), error.get("message"), task.get("error"))
    message = next((text(one) for one in told if isinstance(one, str) and one.strip()), "")
    known = (code for words, code in _REASONS.items() if words in message.lower())
    given = "BANNED_PROMPT" if whole(error.get("code")) == _BLOCKED else ""
    as_code = message.strip() if re.fullmatch(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*", message.strip()) else ""
    named = text(error.get("code") if isinstance(error.get("code"), str) else error.get("type"))
    return next(known, "") or given or named.strip() or as_code or task["status"].strip().upper(), message


def _expires(task: Mapping[str, Any]) -> float | None:
    result = mapping(task.get("result"))
    media = [*items(result.get("images")), *items(result.get("videos"))]
    told = [epoch(mapping(place).get("expires_at")) for place in (task, result, *media)]
    return min((moment for moment in told if moment is not None), default=None)


def _price(task: Mapping[str, Any], state: TaskState) -> int | None:
    """Return what the task cost: told at its end; a failed one is refunded in full."""
    if state is TaskState.FAILED:
        return 0
    return micro(task.get("cost")) if state is TaskState.SUCCESS else None


def _facts(task: Mapping[str, Any], urls: tuple[str, ...]) -> dict[str, Any]:
    """Keep what follow-ups need: what it was, how many pictures it has, its buttons, and the version in its prompt."""
    prompt = text(task.get("prompt")) if isinstance(task.get("prompt"), str) else ""
    niji, version = _NIJI.search(prompt), _VERSION.search(prompt)
    facts: dict[str, Any] = {
        "action": text(task["action"]) if isinstance(task.get("action"), str) else "",
        "buttons": buttons_of(task.get("buttons")),
        "count": len(urls),
        "version": f"niji {niji[1]}" if niji else f"v{version[1]}" if version else "",
    }
    return {name: value for name, value in facts.items() if value}


# -- refusals ------------------------------------------------------------------------------------------------------


def _refusal(reply: Reply, outcome: str, missing: str) -> errors.GatewayError:
    """Read a refusal by its code and type, then by its HTTP status; anything else may hide a task."""
    body = mapping(reply.json)
    error = mapping(body.get("error")) or body
    kind, status = _kind(reply, error)
    if status not in _REFUSALS:
        return malformed(_TITLE, reply, missing)
    told = (error.get("message"), error.get("description"), body.get("error"), body.get("message"))
    message = next((text(one) for one in told if isinstance(one, str) and one.strip()), "")
    code = text(error.get("type") if isinstance(error.get("type"), str) else error.get("code"))
    busy = _is_busy(reply)
    return refusal(
        _TITLE, status, message, reply.retry_after, code=code, kind=kind, outcome=outcome, busy=busy
    )


def _is_busy(reply: Reply) -> bool:
    """Tell a 503 in APIMart's own shape that leaves nothing open: no word beside it, and nobody behind it named.

    No page has a 503, but the gateway's own client takes an error in this shape for a refusal, and sends it again.
    """
    error = mapping(at(reply.json, "error"))
    said = tuple(text(error.get(name)).strip().lower() for name in ("code", "type"))
    is_own = reply.status == 503 and said in _BUSY and isinstance(error.get("message"), str)  # noqa: PLR2004
    is_bare = says_only(reply.json, "error") and says_only(error, "code", "type", "message")
    return is_own and is_bare and not speaks_of_waiting(error["message"])


def _kind(reply: Reply, error: Mapping[str, Any]) -> tuple[type[errors.GatewayError] | None, int]:
    """Return the class that a refusal means, None to let its status decide, and that status."""
    code = whole(error.get("code")) or 0
    if code in _CODES:
        return _CODES[code]
    kind, usual = _TYPES.get(error["type"], (None, 0)) if isinstance(error.get("type"), str) else (None, 0)
    told = (code, reply.status, usual)
    status = next((one for one in told if one in _REFUSALS), reply.status)
    if status in _IN_BETWEEN and error.get("type") == "invalid_request_error":
        kind = errors.RequestRefused  # in the gateway's own words
    return (_CODES[status][0] if status in _CODES else kind), status
