"""AceData's answers: what they say of a task.

A task's record (`/midjourney/tasks`) has no state: it is over when it has `finished_at` or a finished `response`, and has failed
when that says `success: false`. The `response` is the same object that imagine, edits and videos answer themselves, at once, line
by line or to a callback; there an unfinished line also says `success: true`, so that the end is a progress of 100, actions or
clips. Pages: https://docs.acedata.cloud, Midjourney Imagine, Edits, Videos, Tasks, and Unified Response Format.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mjnb import errors
from mjnb.gateways import reading
from mjnb.gateways.acedata_actions import is_sheet
from mjnb.gateways.base import Status, refusal
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.gateways.base import Reply

__all__ = ["TITLE", "is_refused", "read_status", "read_texts", "refused", "task_id_of"]

TITLE = "AceData Cloud"
_RECORD = frozenset({"_id", "application_id", "created_at", "finished_at", "request", "response"})
_TOKEN = ("no_token", "invalid_token", "token_expired", "token_mismatched", "disabled")
_KINDS: dict[str, type[errors.GatewayError]] = {
    "bad_request": errors.RequestRefused,
    "api_not_implemented": errors.RequestRefused,
    "no_api": errors.RequestRefused,
    **dict.fromkeys(_TOKEN, errors.AuthenticationError),
    "used_up": errors.InsufficientCredits,
    "forbidden": errors.PromptBlocked,
    "too_many_requests": errors.RateLimited,
    "api_error": errors.GatewayUnavailable,
    "timeout": errors.GatewayUnavailable,
}
"""The documented error codes; `no_api`, a path that is not there, says nothing of any task."""
_WHERE = {"no_api": "Is base_url the gateway's origin, without a path of its own?"}
_EXPIRES = re.compile(r"[?&]ex=([0-9a-f]{8})(?![0-9a-f])")
_DONE = 100


def task_id_of(body: Mapping[str, Any]) -> str:
    """Return the id of the task that an object is about, "" if it names none."""
    response = reading.mapping(body.get("response"))
    places = (body.get("id") if _is_record(body) else None, body.get("task_id"), response.get("task_id"))
    return next(filter(None, map(reading.identifier, places)), "")


def read_status(reply: Reply) -> Status:
    """Read a task's record, or the object that imagine, edits and videos answer; an empty object knows of no task."""
    body = reading.mapping(reply.json)
    if reply.json == {} and reply.status == 200:  # noqa: PLR2004
        raise errors.UnknownTask(
            f"{TITLE} does not know this task.", status=404, retry_after=reply.retry_after
        )
    if not task_id_of(body):
        raise refused(reply, "")
    result = reading.mapping(body.get("response")) if _is_record(body) else body
    state = _state(body, result)
    return Status(
        state,
        created=reading.epoch(body.get("created_at")),
        completed=reading.epoch(body.get("finished_at")),
        cost_time_s=reading.seconds(body.get("duration")),
        progress=reading.percent(result.get("progress")),
        **_outcome(state, body, result, reply),
    )


def _is_record(body: Mapping[str, Any]) -> bool:
    return not _RECORD.isdisjoint(body)


def _state(body: Mapping[str, Any], result: Mapping[str, Any]) -> TaskState:
    """Decide; outside a record, a timeout only says that nobody waits any longer, while the task may go on."""
    error = _error(result) or _error(body)
    if error or result.get("success") is False:
        waiting = _word(error.get("code")) == "timeout" and not _is_record(body)
        return TaskState.PROCESSING if waiting else TaskState.FAILED
    if reading.epoch(body.get("finished_at")) is not None or _is_done(result):
        return TaskState.SUCCESS
    begun = result or not _is_record(body) or reading.epoch(body.get("started_at")) is not None
    return TaskState.PROCESSING if begun else TaskState.PENDING


def _is_done(result: Mapping[str, Any]) -> bool:
    progress = reading.percent(result.get("progress"))
    if progress == _DONE or _actions(result) or _clips(result):
        return True
    has_picture = bool(_url(result.get("raw_image_url")))
    return progress is None and has_picture  # only lines of a stream are unfinished, and they tell how far


def _outcome(
    state: TaskState, body: Mapping[str, Any], result: Mapping[str, Any], reply: Reply
) -> dict[str, Any]:
    """Return the fields of a status that its state decides about."""
    if state is TaskState.FAILED:
        error = _error(result) or _error(body)
        return {
            "fail_code": reading.text(error.get("code")),
            "fail_msg": reading.text(error.get("message")),
        }
    if state is not TaskState.SUCCESS:
        return {"preview": _url(result.get("image_url"))}
    urls = _clips(result) or _pictures(result)
    if not urls:
        raise reading.malformed(TITLE, reply, "the task is over but has no picture")
    poster = _url(result.get("image_url")) if _clips(result) else ""
    return {"urls": urls, "poster": poster, "expires": _expires(urls), "facts": _facts(body, result)}


def _error(body: Mapping[str, Any]) -> Mapping[str, Any]:
    error = body.get("error") if body.get("success") is not True else None
    return {"message": error} if isinstance(error, str) and error else reading.mapping(error)


def _url(value: Any) -> str:
    return reading.text(value).strip() if isinstance(value, str) else ""


def _urls(value: Any) -> tuple[str, ...]:
    """Return a list's URLs; a list with a gap is none, since follow-ups count by its places."""
    found = tuple(map(_url, reading.items(value)))
    return found if all(found) else ()


def _clips(result: Mapping[str, Any]) -> tuple[str, ...]:
    return _urls(result.get("video_urls"))


def _pictures(result: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the four single pictures, else the quarters of the sheet, else the one picture; thumbnails only in need."""
    if split := _urls(result.get("sub_image_urls")):
        return split
    whole = (_url(result.get("raw_image_url")) or _url(result.get("image_url"))).partition("#")[0]
    if whole and is_sheet(_actions(result)):
        return tuple(f"{whole}#quarter={n}" for n in range(4))
    return (whole,) if whole else ()


def _actions(result: Mapping[str, Any]) -> list[str]:
    return [name for name in reading.texts(result.get("actions")) if name]


def _facts(body: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what follow-ups need; actions that nobody told are left out, an empty list is none."""
    ids = {
        name: reading.identifier(result.get(name)) or reading.identifier(body.get(name))
        for name in ("image_id", "video_id")
    }
    facts: dict[str, Any] = {name: found for name, found in ids.items() if found}
    return {**facts, "actions": _actions(result)} if isinstance(result.get("actions"), list) else facts


def _expires(urls: tuple[str, ...]) -> float | None:
    """Return when the first URL ends, which Discord signs into it as hexadecimal epoch seconds."""
    moments = [float(int(found[1], 16)) for url in urls if (found := _EXPIRES.search(url))]
    return min(moments, default=None)


def read_texts(reply: Reply) -> tuple[str, ...]:
    """Return the answer of describe, shorten, translate or seed; () if it is none of theirs."""
    body = reading.mapping(reply.json)
    if reply.status >= 400 or body.get("success") is False or _error(body):  # noqa: PLR2004
        return ()
    for name in ("descriptions", "prompts"):
        if found := tuple(filter(None, reading.texts(body.get(name)))):
            return found
    content = reading.text(body.get("content")) if isinstance(body.get("content"), str) else ""
    said = content or reading.identifier(body.get("seed"))
    return (said,) if said and "task_id" not in body else ()


def is_refused(reply: Reply) -> bool:
    """Tell whether an answer refuses beyond doubt, so that a task's id beside it is of no use."""
    kind = _KINDS.get(_code(reply))
    return reply.status >= 400 and kind not in {None, errors.GatewayUnavailable}  # noqa: PLR2004


def refused(reply: Reply, outcome: str, *, several: bool = False) -> errors.GatewayError:
    """Read a refusal: the code decides, then the HTTP status; anything else may hide a task.

    No 503 is `busy`, since no page has one: what says it, in AceData's shape or not, may have lost the answer to what was taken.
    A 404 to a question after `several` tasks cannot mean that all of them are unknown, so asking goes on.
    """
    error = _error(reading.mapping(reply.json))
    kind = _KINDS.get(_code(reply))
    if kind is None and several and reply.status == 404:  # noqa: PLR2004
        kind = errors.GatewayUnavailable
    if kind is None and not 400 <= reply.status < 600:  # noqa: PLR2004
        return reading.malformed(TITLE, reply, "neither a task nor a refusal")
    code, message = reading.text(error.get("code")), reading.text(error.get("message"))
    said = " ".join(filter(None, (outcome, _WHERE.get(_code(reply), ""))))
    return refusal(TITLE, reply.status, message, reply.retry_after, code=code, kind=kind, outcome=said)


def _code(reply: Reply) -> str:
    return _word(_error(reading.mapping(reply.json)).get("code"))


def _word(value: Any) -> str:
    return reading.text(value).strip().lower()
