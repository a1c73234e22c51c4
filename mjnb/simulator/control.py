"""The simulator's own endpoints, which no gateway has.

* `GET /_simulator` - counts: tasks, money, requests by kind, ignored fields, the faults that wait
* `POST /_simulator/faults` - add a fault, or a list of them, by the fields of `faults.Fault`
* `DELETE /_simulator/faults` - forget them all
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mjnb.simulator.faults import Fault

if TYPE_CHECKING:
    from starlette.requests import Request

    from mjnb.simulator.world import World

__all__ = ["control_routes"]


def control_routes(world: World) -> list[Route]:
    """Return the routes under `/_simulator`."""

    async def show(_: Request) -> Response:
        return JSONResponse(world.stats())

    async def add(request: Request) -> Response:
        try:
            body = await request.json()
            faults = [Fault(**fields) for fields in (body if isinstance(body, list) else [body])]
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        for fault in faults:
            world.faults.add(fault)
        return JSONResponse({"faults": world.faults.waiting()}, status_code=201)

    async def clear(_: Request) -> Response:
        world.faults.clear()
        return JSONResponse({"faults": []})

    return [
        Route("/_simulator", show),
        Route("/_simulator/faults", add, methods=["POST"]),
        Route("/_simulator/faults", clear, methods=["DELETE"]),
    ]
