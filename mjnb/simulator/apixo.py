"""APIXO's wire: paths, envelope and words. What it all means is the world's business.

Written from the gateway's Midjourney page and API reference. Everything hangs from the root, and from `/apixo` as well:

* `POST /api/v1/generateTask/midjourney` - submit; see `apixo_orders` for what is refused and what fails
* `GET /api/v1/statusTask/midjourney?taskId=...` - state, and pictures on success
* `GET /api/v1/apikeys/current-balance` - what the key has left, in US dollars

Documented nowhere and chosen here: an unknown task is a 404, and a balance without end is shown as 1000 dollars.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mjnb.simulator.apixo_orders import Desk
from mjnb.simulator.doors import account_of, guard
from mjnb.simulator.faults import ANY_STATE, RESULT
from mjnb.simulator.fields import InvalidFieldError
from mjnb.simulator.limits import OutOfCreditError, OverLimitError
from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from starlette.requests import Request

    from mjnb.simulator.callbacks import Callbacks
    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

__all__ = ["Apixo", "refusal"]

PREFIXES = ("", "/apixo")
_ENDLESS = 1_000_000_000  # micro-dollars

# `processing_r2` is in no document, but a client in the field has met it.
_STATES = {
    Phase.PENDING: "pending",
    Phase.PROCESSING: "processing",
    Phase.FINISHING: "processing_r2",
    Phase.SUCCESS: "success",
    Phase.FAILED: "failed",
}


def _envelope(code: int, message: str, data: Any) -> dict[str, Any]:
    return {"code": code, "message": message, "data": data}


def _success(data: Any) -> Response:
    return JSONResponse(_envelope(200, "success", data))


def refusal(status: int, retry_after: int | None = None, *, message: str = "", error: str = "") -> Response:
    """Return APIXO's refusal with an HTTP status; without a message it says what the status says."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    data = {"error": error} if error else None
    return JSONResponse(_envelope(status, message or _phrase(status), data), status, headers)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


class Apixo:
    """The gateway's endpoints over a world.

    Args:
        world: the tasks.
        callbacks: where finished tasks are announced.
        api_key: the one key that is accepted; None accepts any.
        extra_modes: whether the modes that APIXO enables on request are enabled.
    """

    def __init__(
        self, world: World, callbacks: Callbacks, *, api_key: str | None = None, extra_modes: bool = False
    ) -> None:
        self._world = world
        self._callbacks = callbacks
        self._api_key = api_key
        self._extra_modes = extra_modes
        callbacks.speak("apixo", self.announcement)

    def routes(self) -> list[Route]:
        """Return the gateway's routes."""
        world = self._world
        return [
            route
            for prefix in (f"{prefix}/api/v1" for prefix in PREFIXES)
            for route in (
                Route(
                    f"{prefix}/generateTask/midjourney",
                    guard(world, "submit", self._submit, refusal),
                    methods=["POST"],
                ),
                Route(f"{prefix}/statusTask/midjourney", guard(world, "status", self._status, refusal)),
                Route(f"{prefix}/apikeys/current-balance", guard(world, "balance", self._balance, refusal)),
            )
        ]

    def _enter(self, request: Request) -> str | Response:
        """Return the account of the request's key, or why it is not let in."""
        account = account_of(request, self._api_key)
        if account is None:
            return refusal(401, message="Invalid or missing API key")
        try:
            self._world.admit(account)
        except OverLimitError as error:
            return refusal(429, error.retry_after, message=str(error))
        return account

    async def _submit(self, request: Request) -> Response:
        account = self._enter(request)
        if isinstance(account, Response):
            return account
        try:
            body = await request.json()
        except (ValueError, RecursionError):
            return refusal(400, message="Invalid request", error="Request body must be valid JSON")
        return self._take(account, body, _base_url(request))

    def _take(self, account: str, body: Any, base_url: str) -> Response:
        world = self._world
        find = lambda task_id: world.find(account, task_id)  # noqa: E731 - too small for a name of its own
        try:
            order, ignored = Desk(find, world.now(), base_url, extra_modes=self._extra_modes).read(body)
            world.count_ignored(ignored)
            task = world.accept(account, order)
        except InvalidFieldError as error:
            return refusal(400, message="Invalid request", error=str(error))
        except OutOfCreditError:
            return refusal(400, message="Insufficient credits")
        except OverLimitError as error:
            return refusal(429, error.retry_after, message=str(error))
        self._callbacks.start(task)
        return _success({"taskId": task.id})

    async def _status(self, request: Request) -> Response:
        account = self._enter(request)
        if isinstance(account, Response):
            return account
        task_id = request.query_params.get("taskId")
        if not task_id:
            return refusal(400, message="Invalid request", error="Missing required field: taskId")
        task = self._world.find(account, task_id)
        if task is None:
            return refusal(404, message="Task not found")
        phase = task.phase(self._world.now())
        fault = self._world.faults.take(
            "status", RESULT | ANY_STATE if phase is Phase.SUCCESS else ANY_STATE
        )
        return _success(_report(task, phase, _base_url(request), fault.kind if fault else ""))

    async def _balance(self, request: Request) -> Response:
        account = self._enter(request)
        if isinstance(account, Response):
            return account
        left = self._world.balance(account)
        return _success((_ENDLESS if left is None else left) / 1_000_000)

    def announcement(self, task: Task, base_url: str, fault: str) -> dict[str, Any]:
        """Return the body of the callback of a finished task, as a fault of some kind (or "") would have it."""
        phase = task.phase(task.ends)
        report = _report(task, phase, base_url, fault)
        if phase is Phase.SUCCESS:
            return _envelope(200, "success", report)
        # Unlike the status reply, a failure's callback tells its times and does not say 200.
        return _envelope(400, "failed", {**report, **_end_times(task)})


def _base_url(request: Request) -> str:
    prefix = next(
        (prefix for prefix in PREFIXES if prefix and request.url.path.startswith(f"{prefix}/")), ""
    )
    return f"{request.url.scheme}://{request.url.netloc}{prefix}"


def _report(task: Task, phase: Phase, base_url: str, fault: str) -> dict[str, Any]:
    state = "archived" if fault in ANY_STATE else _STATES[phase]
    data: dict[str, Any] = {"taskId": task.id, "state": state}
    if phase is Phase.SUCCESS:
        urls = [f"{base_url}/files/{task.id}/{index}.jpg" for index in range(task.pictures)]
        return {**data, "resultJson": _result(urls, fault), **_end_times(task)}
    if phase is Phase.FAILED and task.failure is not None:
        return {**data, "failCode": task.failure.code, "failMsg": task.failure.message}
    return {**data, "createTime": _milliseconds(task.created)}


def _result(urls: list[str], fault: str) -> str:
    text = json.dumps({"resultUrls": [] if fault == "no_urls" else urls}, separators=(",", ":"))
    return text[: len(text) // 2] if fault == "bad_result_json" else text


def _end_times(task: Task) -> dict[str, int]:
    created, ended = _milliseconds(task.created), _milliseconds(task.ends)
    return {"createTime": created, "completeTime": ended, "costTime": ended - created}


def _milliseconds(moment: float) -> int:
    return round(moment * 1000)
