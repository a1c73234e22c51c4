"""What APIMart says of a task, in its two shapes, and how it refuses.

The wrapped shape (`/v1/tasks/...`) has statuses of its own, whole percents and `url` as a list for several pictures and a
string for one; the direct shape (`/v1/midjourney/...`) speaks Midjourney's words, has percents as text, the grid and the
buttons. Chosen where the documents are silent: a task that waits for `modal` is `pending` in the wrapped shape and
`cancelled` once nobody came; words are under `prompt` and `description` in both; a task costs nothing until it is done.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from mjnb.simulator.apimart_facts import Facts
from mjnb.simulator.apimart_panel import is_single, shown
from mjnb.simulator.faults import ANY_STATE
from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from mjnb.simulator.tasks import Task

__all__ = ["balance", "direct", "refusal", "wrapped"]

_URLS_LAST = 24 * 3600  # seconds that a reply promises; the files are there for longer
_CREDITS = 10  # to the dollar

_WRAPPED = {
    Phase.WAITING: "pending",
    Phase.PENDING: "pending",
    Phase.PROCESSING: "processing",
    Phase.FINISHING: "processing",
    Phase.SUCCESS: "completed",
    Phase.FAILED: "failed",
}
_DIRECT = {
    Phase.WAITING: "MODAL",
    Phase.PENDING: "SUBMITTED",
    Phase.PROCESSING: "IN_PROGRESS",
    Phase.FINISHING: "IN_PROGRESS",
    Phase.SUCCESS: "SUCCESS",
    Phase.FAILED: "FAILURE",
}
_MODES = {"describe": "DESCRIBE", "video": "FAST"}
"""Actions that have no speed of their own, and what is said of it."""

_TYPES = {
    401: "authentication_error",
    402: "payment_required",
    403: "permission_error",
    404: "not_found",
    429: "rate_limit_error",
    500: "internal_error",
    502: "bad_gateway",
}
_SERVER = 500


def refusal(
    status: int, retry_after: int | None = None, *, message: str = "", code: int | None = None
) -> Response:
    """Return APIMart's refusal with an HTTP status; without a message it says what the status says.

    Args:
        status: of HTTP.
        retry_after: what `Retry-After` says, in seconds.
        message: what it is about.
        code: the gateway's own, where it is not the status.
    """
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    kind = _TYPES.get(status, "server_error" if status >= _SERVER else "invalid_request_error")
    error = {"code": code or status, "message": message or _phrase(status), "type": kind}
    return JSONResponse({"error": error}, status, headers)


def balance(left: int | None, spent: int) -> dict[str, Any]:
    """Return what is said of money, given in micro-dollars (None: without end), in dollars and in credits."""
    return {
        "success": True,
        "remain_balance": -1 if left is None else left / 1_000_000,
        "remain_credits": -1 if left is None else left * _CREDITS / 1_000_000,
        "used_balance": spent / 1_000_000,
        "used_credits": spent * _CREDITS / 1_000_000,
        "unlimited_quota": left is None,
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def wrapped(task: Task, now: float, base_url: str, fault: str = "") -> dict[str, Any]:
    """Return what `/v1/tasks/...` says of a task, as a fault of some kind (or "") would have it."""
    phase = task.phase(now)
    status = "cancelled" if task.waits and phase is Phase.FAILED else _WRAPPED[phase]
    said: dict[str, Any] = {
        "id": task.id,
        "status": "archived" if fault in ANY_STATE else status,
        "progress": task.progress(now),
        "created": int(task.created),
        "estimated_time": Facts.of(task).estimate,
    }
    if phase is Phase.SUCCESS:
        result = _result(task, base_url, fault)
        said["result"] = str(result)[: len(str(result)) // 2] if fault == "bad_result_json" else result
    if phase is Phase.FAILED and task.failure is not None:
        code = int(task.failure.code) if task.failure.code.isdecimal() else _FAILURE
        said["error"] = {"code": code, "message": task.failure.message, "type": "task_failed"}
    return {**said, **(_end(task, phase) if phase.is_over else {})}


_FAILURE = 9  # the gateway's own code


def _result(task: Task, base_url: str, fault: str) -> dict[str, Any]:
    if task.kind == "text":
        return {"images": [], "prompt": "\n".join(task.texts), "description": "\n".join(task.texts)}
    name, suffix = ("videos", "webm") if task.kind == "video" else ("images", "jpg")
    urls = _urls(task, base_url, suffix)
    if fault == "no_urls":
        return {name: []}
    return {
        name: [{"url": urls[0] if is_single(task) else urls, "expires_at": int(task.ends) + _URLS_LAST}]
    }


def direct(task: Task, now: float, base_url: str, fault: str = "") -> dict[str, Any]:
    """Return what `/v1/midjourney/...` says of a task, as a fault of some kind (or "") would have it."""
    phase, facts = task.phase(now), Facts.of(task)
    said: dict[str, Any] = {
        "id": task.id,
        "status": "ARCHIVED" if fault in ANY_STATE else _status(task, phase, now),
        "action": facts.action.replace("-", "_").upper(),
        "mode": _MODES.get(facts.action, facts.speed.upper()),
        "progress": f"{task.progress(now)}%",
        "prompt": facts.prompt,
        "created": int(task.created),
    }
    if phase is Phase.SUCCESS:
        given = _given(task, base_url, fault)
        said |= {"image_urls": str(given)[:9]} if fault == "bad_result_json" else given
    if phase is Phase.FAILED and task.failure is not None:
        said["fail_reason"] = task.failure.message
    return {**said, **(_end(task, phase) if phase.is_over else {})}


def _status(task: Task, phase: Phase, now: float) -> str:
    # A row is there before anybody has confirmed it; the second half of an inpaint comes to one that was.
    unconfirmed = phase is Phase.PENDING and not task.asked and now < task.begun + task.pending / 4
    return "NOT_START" if unconfirmed else _DIRECT[phase]


def _given(task: Task, base_url: str, fault: str) -> dict[str, Any]:
    if task.kind == "text":
        text = "\n".join(task.texts)
        return {"prompt": text, "description": text}
    if task.kind == "video":
        clips = [] if fault == "no_urls" else _urls(task, base_url, "webm")
        return {"video_url": clips[0] if clips else "", "video_urls": clips}
    given: dict[str, Any] = {"buttons": shown(task)}
    if not is_single(task) and fault != "no_urls":
        given["grid_image_url"] = f"{base_url}/files/{task.id}/sheet.jpg"
    return {**given, "image_urls": [] if fault == "no_urls" else _urls(task, base_url, "jpg")}


def _urls(task: Task, base_url: str, suffix: str) -> list[str]:
    return [f"{base_url}/files/{task.id}/{index}.{suffix}" for index in range(task.pictures)]


def _end(task: Task, phase: Phase) -> dict[str, Any]:
    cost = task.price / 1_000_000 if phase is Phase.SUCCESS else 0
    return {
        "completed": int(task.ends),
        "actual_time": int(task.ends) - int(task.created),
        "cost": cost,
        "credits_cost": round(cost * _CREDITS, 6),
    }
