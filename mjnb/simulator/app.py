"""Puts the simulator together as one ASGI application."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from mjnb.simulator import acedata, apimart, apixo
from mjnb.simulator.acedata import AceData
from mjnb.simulator.apimart import Apimart
from mjnb.simulator.apixo import Apixo
from mjnb.simulator.callbacks import Callbacks
from mjnb.simulator.clock import Clock
from mjnb.simulator.control import control_routes
from mjnb.simulator.files import Files
from mjnb.simulator.gallery import Gallery
from mjnb.simulator.limits import Limits
from mjnb.simulator.outside import Marked, Tidy
from mjnb.simulator.store import Store
from mjnb.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    import httpx
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from mjnb.simulator.faults import Fault

__all__ = ["Options", "create_app"]

_VOICES: dict[str, Callable[[int], Response]] = {
    "/acedata": acedata.refusal,
    "/midjourney": acedata.refusal,
    "/apimart": apimart.refusal,
    "/v1": apimart.refusal,
}
"""Who refuses what is not there, by how the path begins; everything else is APIXO's."""

_EXPOSED = ("X-Simulated", "Retry-After", "Idempotency-Replayed", "X-APIMart-Response-Version")
"""The headers that a page in a browser may read."""


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
    gateways = (
        Apixo(world, callbacks, api_key=api_key, extra_modes=extra_modes),
        AceData(world, callbacks, api_key=api_key, short_side=short_side),
        Apimart(world, callbacks, api_key=api_key),
    )
    routes = [route for gateway in gateways for route in gateway.routes()]
    return _assemble(world, callbacks, gallery, [*routes, *control_routes(world)])


def _assemble(world: World, callbacks: Callbacks, gallery: Gallery, routes: list[Route]) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        callbacks.resume()
        yield
        await callbacks.close()
        gallery.close()
        world.close()

    app = Starlette(
        routes=[*routes, *Files(world, gallery).routes()],
        middleware=[
            Middleware(Marked),
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=_EXPOSED,
            ),
            Middleware(Tidy),
        ],
        exception_handlers={HTTPException: _not_here},
        lifespan=lifespan,
    )
    app.state.world = world
    return app


async def _not_here(request: Request, error: Exception) -> Response:
    """Answer what has no route, or not for this method, as the gateway does whose paths begin like this one."""
    assert isinstance(error, HTTPException)
    voices = (voice for start, voice in _VOICES.items() if f"{request.url.path}/".startswith(f"{start}/"))
    reply = next(voices, apixo.refusal)(error.status_code)
    reply.headers.update(error.headers or {})  # a 405 tells what is allowed
    return reply
