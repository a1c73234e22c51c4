"""What every endpoint of every gateway does first: count the request, let a fault befall it, read its key."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, cast

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from mjnb.simulator.broken import afflict
from mjnb.simulator.faults import TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from mjnb.simulator.faults import Door
    from mjnb.simulator.world import World

    Answer = Callable[[Request], Awaitable[Response]]
    Refuse = Callable[[int, int | None], Response]

__all__ = ["account_of", "guard"]


def guard(world: World, kind: str, answer: Answer, refuse: Refuse) -> Answer:
    """Return an endpoint that counts its requests and lets faults befall them.

    Args:
        world: where they are counted and the faults wait.
        kind: "submit", "status", "file", "balance", "text" (words at once) or "upload".
        answer: the endpoint as it should be.
        refuse: the gateway's refusal with a status and, if not None, a `Retry-After` in seconds.
    """

    async def handle(request: Request) -> Response:
        world.count_request(kind)
        fault = world.faults.take(cast("Door", kind), TRANSPORT)
        try:
            if fault is None:
                return await answer(request)
            return await afflict(fault, lambda: answer(request), refuse, world.clock)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it

    return handle


def account_of(request: Request, api_key: str | None) -> str | None:
    """Return a name for the owner of the request's key, None if it has none or the wrong one.

    The key itself is kept nowhere. With `api_key` None any key is right.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        return None
    if api_key is not None and not secrets.compare_digest(key.encode(), api_key.encode()):
        return None
    return hashlib.sha256(key.encode()).hexdigest()[:16]
