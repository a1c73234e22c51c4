"""Puts the simulator together as one ASGI application."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mjnb.simulator.apixo import Apixo, refusal
from mjnb.simulator.callbacks import Callbacks
from mjnb.simulator.clock import Clock
from mjnb.simulator.control import control_routes
from mjnb.simulator.doors import guard
from mjnb.simulator.gallery import Gallery
from mjnb.simulator.limits import Limits
from mjnb.simulator.store import Store
from mjnb.simulator.tasks import Phase
from mjnb.simulator.world import FILE_LIFE, World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    import httpx
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mjnb.simulator.faults import Fault

__all__ = ["Options", "create_app"]


class Options(TypedDict, total=False):
    """The keyword arguments of `create_app`.

    * `api_key`: the one key that is accepted; None accepts any that is not empty.
    * `speed`: gateway seconds per real second.
    * `clock`: a clock of the caller's instead, such as a `ManualClock`.
    * `state`: the SQLite file in which tasks, charges and the clock survive a restart; None keeps them in memory.
    * `credit_usd`: what each key starts with, in US dollars; None is without end.
    * `requests_per_minute`: what each key may ask in any 60 s of gateway time.
    * `tasks_at_once`: how many tasks of a key may run.
    * `extra_modes`: enables the modes that APIXO enables on request; they draw a strong variation.
    * `seed`: makes task ids, durations and pictures the same in every run in which the requests come in the same order.
    * `short_side`: pixels on the short side of a picture.
    * `faults`: what goes wrong from the start.
    * `public_url`: the base of picture URLs in callbacks; by default where the task's request came in.
    * `callback_transport`: carries the callbacks instead of the network (for tests).
    """

    api_key: str | None
    speed: float
    clock: Clock | None
    state: Path | None
    credit_usd: float | None
    requests_per_minute: int
    tasks_at_once: int
    extra_modes: bool
    seed: int | None
    short_side: int
    faults: Iterable[Fault]
    public_url: str | None
    callback_transport: httpx.AsyncBaseTransport | None


def create_app(
    *,
    api_key: str | None = None,
    speed: float = 1.0,
    clock: Clock | None = None,
    state: Path | None = None,
    credit_usd: float | None = None,
    requests_per_minute: int = 10_000,
    tasks_at_once: int = 1000,
    extra_modes: bool = False,
    seed: int | None = None,
    short_side: int = 512,
    faults: Iterable[Fault] = (),
    public_url: str | None = None,
    callback_transport: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """Return a simulated gateway as an ASGI application; `Options` explains the arguments.

    Its `state.world` is the `World` behind it. Callbacks that an earlier run left go on when its lifespan begins.

    Raises:
        ValueError: both a speed and a clock are given, or the speed is not positive.

    >>> create_app(speed=30, credit_usd=5).state.world.balance("anyone")
    5000000
    """
    if clock is not None and speed != 1.0:
        raise ValueError("give either a speed or a clock, not both")
    credit = None if credit_usd is None else round(credit_usd * 1_000_000)
    limits = Limits(requests_per_minute, tasks_at_once)
    world = World(clock or Clock(speed), Store(state), limits=limits, credit=credit, seed=seed)
    for fault in faults:
        world.faults.add(fault)
    callbacks = Callbacks(world, public_url, callback_transport)
    gallery = Gallery(world.store, short_side)
    apixo = Apixo(world, callbacks, api_key=api_key, extra_modes=extra_modes)
    return _assemble(world, callbacks, gallery, [*apixo.routes(), *control_routes(world)])


def _assemble(world: World, callbacks: Callbacks, gallery: Gallery, routes: list[Route]) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        callbacks.resume()
        yield
        await callbacks.close()
        gallery.close()
        world.close()

    app = Starlette(
        routes=[*routes, *_file_routes(world, gallery)],
        middleware=[Middleware(_Marked)],
        exception_handlers={HTTPException: _not_here},
        lifespan=lifespan,
    )
    app.state.world = world
    return app


def _file_routes(world: World, gallery: Gallery) -> list[Route]:
    async def fetch(request: Request) -> Response:
        task = world.store.task(request.path_params["task_id"])
        index = request.path_params["index"]
        now = world.now()
        if task is None or task.phase(now) is not Phase.SUCCESS or index >= task.pictures:
            return PlainTextResponse("No such file", 404)
        if now > task.ends + FILE_LIFE:
            return PlainTextResponse("This file has expired", 410)
        return Response(await gallery.jpeg(task, index), media_type="image/jpeg")

    endpoint = guard(world, "file", fetch, _file_refusal)
    return [Route(f"{prefix}/files/{{task_id}}/{{index:int}}.jpg", endpoint) for prefix in ("", "/apixo")]


def _file_refusal(status: int, retry_after: int | None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return PlainTextResponse("The file store is not well", status, headers)


async def _not_here(_: Request, error: Exception) -> Response:
    """Answer what has no route, or not for this method, in the gateway's envelope."""
    assert isinstance(error, HTTPException)
    return refusal(error.status_code)


class _Marked:
    """Says in the header of every reply that it is simulated."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-simulated", b"mjnb")]
            await send(message)

        await self._app(scope, receive, send_marked)
