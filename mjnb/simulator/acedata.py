"""AceData Cloud's wire: paths, ways to wait, error bodies. What it all means is the world's business.

Written from the gateway's API reference, its Midjourney guides and its pages on responses and asynchronous tasks.
Everything is a POST with a bearer token and hangs from the root, and from `/acedata` as well:

* `/midjourney/imagine`, `/midjourney/edits`, `/midjourney/videos` - make something; `acedata_orders` says what is refused.
  The reply comes when all is done, or after `timeout` seconds with the error `timeout` (the task goes on); with `accept:
  application/x-ndjson` line by line as it comes along; with `async` or a `callback_url` at once, with the task's id
* `/midjourney/tasks` - one task, or many at once
* `/midjourney/describe`, `/midjourney/shorten`, `/midjourney/translate`, `/midjourney/seed` - words

A task that does not exist is answered with an empty object, as the gateway's sibling page on single queries says, and left
out of a batch. A deleted one is gone from both, while its pictures stay.

Documented nowhere and chosen here: all prices; `count` is how many there are before `offset` and `limit`; a failure that is found while a blocking request
waits has the status of its code, and 500 if nobody knows the code; a stream tells it in its last line.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mjnb.simulator.acedata_facts import GATEWAY, Facts, task_of_image
from mjnb.simulator.acedata_fields import Fields
from mjnb.simulator.acedata_lists import chosen, forget
from mjnb.simulator.acedata_orders import Desk
from mjnb.simulator.acedata_replies import Replies, failed, moment_of, spoilt
from mjnb.simulator.acedata_rules import MESSAGES, STATUSES, ForbiddenError
from mjnb.simulator.acedata_sizes import Sizes
from mjnb.simulator.acedata_words import Scribe
from mjnb.simulator.doors import account_of, guard
from mjnb.simulator.faults import ANY_STATE, RESULT
from mjnb.simulator.fields import InvalidFieldError
from mjnb.simulator.limits import OutOfCreditError, OverLimitError
from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from mjnb.simulator.acedata_orders import Wish
    from mjnb.simulator.callbacks import Callbacks
    from mjnb.simulator.tasks import Order, Task
    from mjnb.simulator.world import World

__all__ = ["AceData", "refusal"]

PREFIXES = ("", "/acedata")
_ROOT = "/midjourney"
_NDJSON = "application/x-ndjson"
_STEPS = (15, 35, 55, 75)
"""Percents at which a stream has a line; the documents show 35, 75 and 100 of one."""

_CODES = {
    400: "bad_request",
    401: "invalid_token",
    403: "forbidden",
    404: "no_api",
    405: "no_api",
    429: "too_many_requests",
}
_REFUSED = (InvalidFieldError, ForbiddenError, OutOfCreditError, OverLimitError)


def refusal(
    status: int, retry_after: int | None = None, *, message: str = "", code: str = "", trace_id: str = ""
) -> Response:
    """Return AceData's refusal with an HTTP status; without a code or a message it says what the status says."""
    code = code or _CODES.get(status, "timeout" if status == STATUSES["timeout"] else "api_error")
    error = {"code": code, "message": message or MESSAGES[code]}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = {"success": False, "error": error, "trace_id": trace_id or str(uuid.uuid4())}
    return JSONResponse(body, status, headers)


def _refused(error: Exception) -> Response:
    """Return the refusal that says one of the errors `_REFUSED`."""
    if isinstance(error, OverLimitError):
        return refusal(429, error.retry_after, message=str(error))
    code = "bad_request" if isinstance(error, InvalidFieldError) else "forbidden"
    if isinstance(error, OutOfCreditError):
        code = "used_up"
    return refusal(STATUSES[code], message=str(error), code=code)


class AceData:
    """The gateway's endpoints over a world.

    Args:
        world: the tasks.
        callbacks: where finished tasks are announced.
        api_key: the one key that is accepted; None accepts any.
        short_side: pixels on the short side of a picture, as the gallery draws it: the replies tell sizes.
    """

    def __init__(
        self, world: World, callbacks: Callbacks, *, api_key: str | None = None, short_side: int = 512
    ) -> None:
        self._world = world
        self._callbacks = callbacks
        self._api_key = api_key
        self._replies = Replies(Sizes(world.store, short_side))
        self._telling: set[asyncio.Task[None]] = set()
        callbacks.speak(GATEWAY, self.announcement)

    def routes(self) -> list[Route]:
        """Return the gateway's routes."""
        answers: dict[str, tuple[str, Callable[[str, Any, Request], Any]]] = {
            "imagine": ("submit", partial(self._make, Desk.imagine)),
            "edits": ("submit", partial(self._make, Desk.edits)),
            "videos": ("submit", partial(self._make, Desk.videos)),
            "tasks": ("status", self._tasks),
            "describe": ("text", partial(self._say, Scribe.describe)),
            "shorten": ("text", partial(self._say, Scribe.shorten)),
            "translate": ("text", partial(self._say, Scribe.translate)),
            "seed": ("text", self._seed),
        }
        return [
            Route(
                f"{prefix}{_ROOT}/{name}",
                guard(self._world, door, partial(self._answer, answer), refusal),
                methods=["POST"],
            )
            for prefix in PREFIXES
            for name, (door, answer) in answers.items()
        ]

    async def _answer(self, answer: Callable[[str, Any, Request], Any], request: Request) -> Response:
        """Let the owner of the request's key in and answer, or refuse."""
        account = account_of(request, self._api_key)
        if account is None:
            return refusal(401, code="invalid_token" if "Authorization" in request.headers else "no_token")
        try:
            self._world.admit(account)
            response: Response = await answer(account, await _body(request), request)
        except _REFUSED as error:
            return _refused(error)
        return response

    async def _make(
        self, read: Callable[[Desk, Any], Wish], account: str, body: Any, request: Request
    ) -> Response:
        base_url, streams = _base_url(request), _NDJSON in request.headers.get("accept", "")
        wish = read(Desk(self._world, account, base_url, streams=streams), body)
        self._world.count_ignored(wish.ignored)
        task = self._world.accept(account, wish.order)
        self._callbacks.start(task)
        if wish.at_once:
            if streams and task.callback_url:
                self._tell_progress(task)
            return JSONResponse(
                {"task_id": task.id} if task.callback_url else {"success": True, "task_id": task.id}
            )
        deadline = task.created + wish.timeout
        if streams:
            return StreamingResponse(self._lines(task, deadline, base_url), media_type=_NDJSON)
        await self._world.clock.sleep_until(min(task.ends, deadline))
        return self._over(task, base_url)

    def _over(self, task: Task, base_url: str) -> Response:
        """Answer whoever has waited for a task, until its end or the end of patience."""
        if not task.phase(self._world.now()).is_over:
            return refusal(504, trace_id=Facts.of(task).trace_id)
        if task.failure is not None:
            return JSONResponse(failed(task), STATUSES.get(task.failure.code, 500))
        return JSONResponse(self._replies.finished(task, base_url))

    async def _lines(self, task: Task, deadline: float, base_url: str) -> AsyncIterator[str]:
        clock = self._world.clock
        for percent in _STEPS:
            if moment_of(task, percent) > deadline:
                break
            await clock.sleep_until(moment_of(task, percent))
            yield _line(self._replies.under_way(task, base_url, percent))
        await clock.sleep_until(min(task.ends, deadline))
        if task.phase(self._world.now()).is_over:
            yield _line(self._replies.outcome(task, base_url))
        else:
            error = {"code": "timeout", "message": MESSAGES["timeout"]}
            yield _line(
                {"success": False, "task_id": task.id, "trace_id": Facts.of(task).trace_id, "error": error}
            )

    def _tell_progress(self, task: Task) -> None:
        """Post the lines of a stream to the callback URL; the last one is the callback itself."""

        async def tell() -> None:
            for percent in _STEPS:
                await self._world.clock.sleep_until(moment_of(task, percent))
                await self._callbacks.tell(task, self._replies.under_way(task, task.base_url, percent))

        telling = asyncio.get_running_loop().create_task(tell())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tasks(self, account: str, body: Any, request: Request) -> Response:
        fields = Fields(body)
        action = fields.choice("action", ("retrieve", "retrieve_batch", "delete"), default="retrieve")
        tasks, count = chosen(self._world, account, fields, many=action == "retrieve_batch")
        self._world.count_ignored(fields.unknown())
        if action == "delete":
            return JSONResponse({"id": forget(self._world, tasks[0]), "deleted": True} if tasks else {})
        items = [self._item(task, _base_url(request)) for task in tasks]
        if action == "retrieve_batch":
            return JSONResponse({"items": items, "count": count})
        return JSONResponse(items[0] if items else {})

    def _item(self, task: Task, base_url: str) -> dict[str, Any]:
        now = self._world.now()
        is_done = task.phase(now) is Phase.SUCCESS
        fault = self._world.faults.take("status", RESULT | ANY_STATE if is_done else ANY_STATE)
        return self._replies.item(task, base_url, now, fault.kind if fault else "")

    async def _say(
        self,
        read: Callable[[Scribe, Any], tuple[Order, list[str]]],
        account: str,
        body: Any,
        request: Request,
    ) -> Response:
        order, ignored = read(Scribe(self._world, account), body)
        self._world.count_ignored(ignored)
        return self._over(self._world.accept(account, order), _base_url(request))

    async def _seed(self, account: str, body: Any, _: Request) -> Response:
        fields = Fields(body)
        image_id = fields.text("image_id", 1, 64)
        self._world.count_ignored(fields.unknown())
        task = task_of_image(self._world, account, image_id)
        if task is None:
            raise InvalidFieldError(f"image_id {image_id} does not exist")
        return JSONResponse({"seed": str(task.drawing.seed)})

    def announcement(self, task: Task, base_url: str, fault: str) -> dict[str, Any]:
        """Return the body of the callback of a finished task, as a fault of some kind (or "") would have it."""
        body = {**self._replies.outcome(task, base_url), "trace_id": Facts.of(task).trace_id}
        if fault == "odd_state":
            return {"task_id": task.id, "state": "archived"}
        if fault == "bad_result_json":
            return {"task_id": task.id, "response": spoilt(body, fault)}
        spoken: dict[str, Any] = spoilt(body, fault)
        return spoken


async def _body(request: Request) -> Any:
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise InvalidFieldError(MESSAGES["bad_request"]) from None


def _base_url(request: Request) -> str:
    prefix = request.url.path.partition(f"{_ROOT}/")[0]
    return f"{request.url.scheme}://{request.url.netloc}{prefix}"


def _line(data: dict[str, Any]) -> str:
    # A client of the vendor's own takes lines apart at this pair; all others strip it.
    return json.dumps(data, separators=(",", ":")) + "\r\n"
