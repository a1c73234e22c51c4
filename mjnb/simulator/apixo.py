"""APIXO's wire: paths, envelope and words. What it all means is the world's business.

Written from the gateway's Midjourney pages and API reference. Everything hangs from the root and from `/apixo` by the rules of
the current page, and from `/apixo-reference` by those of the older reference page (`apixo_pages` tells them apart):

* `POST /api/v1/generateTask/midjourney` - submit; see `apixo_orders` for what is refused and what fails
* `GET /api/v1/statusTask/midjourney?taskId=...` - state, and pictures on success
* `GET /api/v1/apikeys/current-balance` - what the key has left, in US dollars

Documented nowhere and chosen here: an unknown task is a 404, so is one that was given to the other page, and a balance without
end is shown as 1000 dollars. A key's money is the same on both pages.
"""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mjnb.simulator.apixo_orders import Desk
from mjnb.simulator.apixo_pages import PAGES
from mjnb.simulator.doors import account_of, guard
from mjnb.simulator.faults import ANY_STATE, RESULT
from mjnb.simulator.fields import InvalidFieldError
from mjnb.simulator.limits import OutOfCreditError, OverLimitError
from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from starlette.requests import Request

    from mjnb.simulator.apixo_pages import Page
    from mjnb.simulator.callbacks import Callbacks
    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

__all__ = ["Apixo", "refusal"]

_ROOT = "/api/v1"
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
        for page in PAGES:
            callbacks.speak(page.gateway, self.announcement)

    def routes(self) -> list[Route]:
        """Return the gateway's routes."""
        return [
            route
            for page in PAGES
            for prefix in page.prefixes
            for route in self._page_routes(page, f"{prefix}{_ROOT}")
        ]

    def _page_routes(self, page: Page, root: str) -> list[Route]:
        world = self._world
        submit = guard(world, "submit", partial(self._submit, page), refusal)
        status = guard(world, "status", partial(self._status, page), refusal)
        balance = guard(world, "balance", self._balance, refusal)
        return [
            Route(f"{root}/generateTask/midjourney", submit, methods=["POST"]),
            Route(f"{root}/statusTask/midjourney", status),
            Route(f"{root}/apikeys/current-balance", balance),
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

    async def _submit(self, page: Page, request: Request) -> Response:
        account = self._enter(request)
        if isinstance(account, Response):
            return account
        try:
            body = await request.json()
        except (ValueError, RecursionError):
            return refusal(400, message="Invalid request", error="Request body must be valid JSON")
        return self._take(account, page, body, _base_url(request))

    def _take(self, account: str, page: Page, body: Any, base_url: str) -> Response:
        world = self._world
        find = partial(world.find, account, gateway=page.gateway)
        desk = Desk(find, world.now(), base_url, page=page, extra_modes=self._extra_modes)
        try:
            order, ignored = desk.read(body)
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

    async def _status(self, page: Page, request: Request) -> Response:
        account = self._enter(request)
        if isinstance(account, Response):
            return account
        task_id = request.query_params.get("taskId")
        if not task_id:
            return refusal(400, message="Invalid request", error="Missing required field: taskId")
        task = self._world.find(account, task_id, gateway=page.gateway)
        if task is None:
            return refusal(404, message="Task not found")
        phase = task.phase(self._world.now())
        fault = self._world.faults.take(
            "status", RESULT | ANY_STATE if phase is Phase.SUCCESS else ANY_STATE
        )
        report = _report(task, phase, _base_url(request), fault.kind if fault else "")
        if phase is Phase.FAILED:
            times = _end_times(task)
            report |= {name: times[name] for name in page.failed_times}
        return _success(report)

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
        # On either page, a failure's callback tells all its times and does not say 200.
        return _envelope(400, "failed", {**report, **_end_times(task)})


def _base_url(request: Request) -> str:
    prefix = request.url.path.partition(f"{_ROOT}/")[0]
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
