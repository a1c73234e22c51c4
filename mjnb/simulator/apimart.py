"""APIMart's wire: paths, envelope and words. What it all means is the world's business.

Written from the gateway's Midjourney pages and the contract of its own client. Everything hangs from the root, and from
`/apimart` as well:

* `POST /v1/midjourney/generations[/ACTION]` - submit; `apimart_orders` and `apimart_follow_ups` say what is refused
* `POST /v1/images/generations` with `"model": "midjourney"` - the same as imagine; with the header
  `X-APIMart-Response-Version` its reply has `data` as an object
* `GET /v1/tasks/{id}` and `GET /v1/midjourney/{id}` - state and results in two shapes (`apimart_replies`)
* `POST /v1/uploads/images` - a picture in a form, kept for 72 hours
* `GET /v1/balance` (the key's), `/v1/user/balance` (its owner's; both also without `/v1`)
* `GET /v1/models` (`?expand=category`), `/v1/models/{id}`, `/v1/model-schema`, `/v1/model-docs`

`Idempotency-Key` works on every submit: the same key of the same account gets the task that it made, charged once. Chosen
where no document says: that it works beyond `/v1/images/generations`, that `inpaint` answers in the list and beside it,
and that `language` changes no word.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mjnb.simulator import apimart_follow_ups as after
from mjnb.simulator import apimart_models as about
from mjnb.simulator import apimart_orders as new
from mjnb.simulator.apimart_desk import GATEWAY, Desk
from mjnb.simulator.apimart_facts import Facts
from mjnb.simulator.apimart_fields import Fields, RefusedError
from mjnb.simulator.apimart_replies import balance, direct, refusal, wrapped
from mjnb.simulator.apimart_uploads import UPLOAD_LIFE, read_upload
from mjnb.simulator.doors import account_of, guard
from mjnb.simulator.faults import ANY_STATE, RESULT
from mjnb.simulator.limits import OutOfCreditError, OverLimitError
from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from mjnb.simulator.callbacks import Callbacks
    from mjnb.simulator.tasks import Order, Task
    from mjnb.simulator.world import World

    Read = Callable[[Desk, str, Fields], Order]
    Answer = Callable[[str, Request], Awaitable[Response]]
    Say = Callable[[Task, float, str, str], dict[str, Any]]

__all__ = ["Apimart", "refusal"]

PREFIXES = ("", "/apimart")
_SUBMIT = "/v1/midjourney/generations"
_VERSION = "X-APIMart-Response-Version"
_RICHES = 1_000_000_000_000  # micro-dollars of the owner of a key without limit
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,191}")

_ACTIONS: dict[str, Read] = {
    "imagine": new.imagine,
    "edits": new.imagine,
    "blend": new.blend,
    "describe": new.describe,
    "video": new.video,
    "upscale": after.upscale,
    "variation": after.variation,
    "low-variation": after.variation,
    "high-variation": after.variation,
    "reroll": after.reroll,
    "zoom": after.zoom,
    "pan": after.pan,
    "inpaint": after.inpaint,
    "remix-strong": after.remix,
    "remix-subtle": after.remix,
}


class Apimart:
    """The gateway's endpoints over a world.

    Args:
        world: the tasks.
        callbacks: unused: no webhook is documented.
        api_key: the one key that is accepted; None accepts any.
    """

    def __init__(self, world: World, callbacks: Callbacks, *, api_key: str | None = None) -> None:  # noqa: ARG002 - as every gateway's
        self._world = world
        self._api_key = api_key

    def routes(self) -> list[Route]:
        """Return the gateway's routes."""
        return [
            Route(prefix + path, endpoint, methods=[method])
            for prefix in PREFIXES
            for method, path, endpoint in self._endpoints()
        ]

    def _endpoints(self) -> list[tuple[str, str, Any]]:
        submits: dict[str, Answer] = {
            _SUBMIT: partial(self._submit, "imagine"),
            "/v1/images/generations": self._general,
            f"{_SUBMIT}/modal": self._modal,
            **{f"{_SUBMIT}/{action}": partial(self._submit, action) for action in _ACTIONS},
        }
        queries: dict[str, Answer] = {
            "/v1/tasks/{task_id}": partial(self._status, self._wrapped),
            "/v1/midjourney/{task_id}": partial(self._status, direct),
        }
        pages: dict[str, Answer] = {
            **dict.fromkeys(("/v1/balance", "/balance"), self._balance_of_key),
            **dict.fromkeys(("/v1/user/balance", "/user/balance"), self._balance_of_user),
            "/v1/models": self._models,
            "/v1/models/{model}": self._model,
            "/v1/model-schema": self._schema,
            "/v1/model-docs": self._docs,
        }
        return [
            *(("POST", path, self._door("submit", answer)) for path, answer in submits.items()),
            *(("GET", path, self._door("status", answer)) for path, answer in queries.items()),
            *(("GET", path, self._door("balance", answer)) for path, answer in pages.items()),
            ("POST", "/v1/uploads/images", self._door("upload", self._upload)),
        ]

    def _door(self, kind: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that lets only keys in and says in the gateway's words what is wrong."""

        async def enter(request: Request) -> Response:
            account = account_of(request, self._api_key)
            if account is None:
                return refusal(401, message="Invalid API key")
            try:
                self._world.admit(account)
                return await answer(account, request)
            except OverLimitError as error:
                return refusal(429, error.retry_after, message=str(error))
            except OutOfCreditError:
                return refusal(402, message="Insufficient balance")
            except RefusedError as error:
                return refusal(error.status, message=str(error), code=error.code)

        return guard(self._world, kind, enter, refusal)

    async def _submit(self, action: str, account: str, request: Request) -> Response:
        body = await _json(request)
        return _accepted(*self._take(action, account, request, Fields(body)))

    async def _general(self, account: str, request: Request) -> Response:
        body = await _json(request)
        fields = Fields(body)
        about.check(fields.text("model", required=True))
        fields.get("n")  # one task has four pictures, whatever is asked
        task, replayed = self._take("imagine", account, request, fields)
        version = request.headers.get(_VERSION)
        if version is None:
            return _accepted(task, replayed)
        data = {"id": task.id, "status": "pending", "object": "generation.task"}
        return _success(data, {_VERSION: version, **_replay(replayed)})

    def _take(self, action: str, account: str, request: Request, fields: Fields) -> tuple[Task, bool]:
        """Return the task that a request makes, or (True) made before under the same key."""
        once = _once(request)
        before = self._world.with_fact(account, GATEWAY, once) if once else None
        if before is not None:
            return before, True
        fields.get("model")  # put in by the gateway itself
        order = _ACTIONS[action](Desk(self._world, account, _base_url(request), once), action, fields)
        self._world.count_ignored(fields.unknown())
        return self._world.accept(account, order), False

    async def _modal(self, account: str, request: Request) -> Response:
        body = await _json(request)
        fields, once = Fields(body), _once(request)
        desk = Desk(self._world, account, _base_url(request), once)
        task = desk.task(fields.text("task_id", required=True))
        if once and Facts.of(task).once == once and not task.waits:
            return _accepted(task, replayed=True)
        fields.get("model")
        task, half = after.modal(desk, fields)
        self._world.count_ignored(fields.unknown())
        return _accepted(self._world.go_on(task, **half))

    async def _status(self, say: Say, account: str, request: Request) -> Response:
        world = self._world
        task = Desk(world, account).task(request.path_params["task_id"])
        now = world.now()
        done = task.phase(now) is Phase.SUCCESS
        fault = world.faults.take("status", RESULT | ANY_STATE if done else ANY_STATE)
        return JSONResponse(say(task, now, _base_url(request), fault.kind if fault else ""))

    @staticmethod
    def _wrapped(task: Task, now: float, base_url: str, fault: str) -> dict[str, Any]:
        return {"code": 200, "data": wrapped(task, now, base_url, fault)}

    async def _upload(self, account: str, request: Request) -> Response:
        sent = await read_upload(request)
        name = self._world.keep_upload(account, sent.data, sent.suffix, UPLOAD_LIFE)
        return JSONResponse(
            {
                "url": f"{_base_url(request)}/files/uploads/{name}",
                "filename": sent.filename,
                "content_type": sent.content_type,
                "bytes": len(sent.data),
                "created_at": int(self._world.now()),
            }
        )

    async def _balance_of_key(self, account: str, _: Request) -> Response:
        return JSONResponse(balance(*self._money(account)))

    async def _balance_of_user(self, account: str, _: Request) -> Response:
        left, spent = self._money(account)  # a key may be without limit, but nobody has money without end
        return JSONResponse(balance(_RICHES - spent if left is None else left, spent))

    def _money(self, account: str) -> tuple[int | None, int]:
        """Return what a key has left (None: no limit) and has spent, in micro-dollars."""
        spent = self._world.store.money(self._world.now(), account).spent
        return self._world.balance(account), spent

    async def _models(self, _: str, request: Request) -> Response:
        return JSONResponse(about.models(request.query_params.get("expand", "")))

    async def _model(self, _: str, request: Request) -> Response:
        about.check(request.path_params["model"])
        return JSONResponse(about.models(request.query_params.get("expand", ""))["data"][0])

    async def _schema(self, _: str, request: Request) -> Response:
        asked = request.query_params
        return JSONResponse(about.schema(asked.get("model", ""), asked.get("operation", "")))

    async def _docs(self, _: str, request: Request) -> Response:
        return JSONResponse(about.documentation(request.query_params.get("model", ""), self._world.now()))


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise RefusedError("Request body must be valid JSON") from None
    if not isinstance(body, dict):
        raise RefusedError("Request body must be a JSON object")
    return body


def _once(request: Request) -> str:
    """Return the request's idempotency key, marked so that it cannot be taken for another fact; "" for none."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise RefusedError("Idempotency-Key must be 1 to 191 visible ASCII characters")
    return f"Idempotency-Key: {key}"


def _accepted(task: Task, replayed: bool = False) -> Response:
    row = {"status": "submitted", "task_id": task.id}
    headers = _replay(replayed)
    if not task.waits:
        return _success([row], headers)
    waiting = {"task_id": task.id, "status": "modal", "model": about.MODEL}
    return JSONResponse({"code": 200, "data": [waiting], **waiting}, headers=headers)


def _replay(replayed: bool) -> dict[str, str]:
    return {"Idempotency-Replayed": "true"} if replayed else {}


def _success(data: Any, headers: dict[str, str]) -> Response:
    return JSONResponse({"code": 200, "data": data}, headers=headers)


def _base_url(request: Request) -> str:
    prefix = PREFIXES[1] if request.url.path.startswith(f"{PREFIXES[1]}/") else ""
    return f"{request.url.scheme}://{request.url.netloc}{prefix}"
