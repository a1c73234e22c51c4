"""Answers that go wrong: each is a Starlette response, so that a fault is simply what is answered."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import httpx
from starlette.responses import HTMLResponse, Response, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from mjnb.simulator.clock import Clock
    from mjnb.simulator.faults import Fault

__all__ = ["CLOSE", "GARBAGE", "HTML", "afflict"]

CLOSE = "mjnb.simulator.close"
"""The ASGI extension under which our server hands over a function that closes the connection."""

HTML = (
    "<!doctype html><title>502</title><h1>Bad gateway</h1><p>The simulated proxy has lost its backend.</p>"
)
GARBAGE = bytes(range(128, 256)) + b"\x00{[,"


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hang_up(scope: Scope, receive: Receive, message: str) -> None:
    """Close the connection; without one (an app called in process) raise what httpx raises when it is closed."""
    close: Callable[[], None] | None = scope.get("extensions", {}).get(CLOSE)
    if close is None:
        raise httpx.RemoteProtocolError(message)
    close()
    await _until_gone(receive)


class _Dropped(Response):
    """Closes the connection without an answer; `unread` says that the request's body has not been looked at."""

    def __init__(self, *, unread: bool = False) -> None:
        super().__init__()
        self._unread = unread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        # Closed over unread bytes, a connection is not at its end but reset.
        while self._unread and (await receive()).get("more_body", False):
            pass
        await _hang_up(scope, receive, "Server disconnected without sending a response.")


class _Silent(Response):
    """Keeps the connection open until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        await _until_gone(receive)


class _Truncated(Response):
    """Announces a whole answer, sends half of it and closes the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = self._whole
        half = bytes(whole.body[: len(whole.body) // 2])
        await send(
            {"type": "http.response.start", "status": whole.status_code, "headers": whole.raw_headers}
        )
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _hang_up(scope, receive, "Peer closed the connection in the middle of the body.")


class _BrokenOff(Response):
    """Sends the first line of a stream and closes the connection."""

    def __init__(self, whole: StreamingResponse) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = self._whole
        await send(
            {"type": "http.response.start", "status": whole.status_code, "headers": whole.raw_headers}
        )
        async with aclosing(cast("AsyncGenerator[str | bytes]", whole.body_iterator)) as parts:
            async for part in parts:
                line, end, _ = (part.encode() if isinstance(part, str) else part).partition(b"\n")
                await send({"type": "http.response.body", "body": line + end, "more_body": True})
                if end:
                    break
        await _hang_up(scope, receive, "Peer closed the connection in the middle of the body.")


def _truncated(whole: Response) -> Response:
    return _BrokenOff(whole) if isinstance(whole, StreamingResponse) else _Truncated(whole)


_UNDONE: dict[str, Callable[[], Response]] = {
    "drop": lambda: _Dropped(unread=True),
    "hang": _Silent,
    "html": lambda: HTMLResponse(HTML),
    "garbage": lambda: Response(GARBAGE, media_type="application/json"),
}
"""What is answered by the faults that keep the request from being done."""

_DONE: dict[str, Callable[[Response], Response]] = {
    "accept_then_drop": lambda _: _Dropped(),
    "accept_then_hang": lambda _: _Silent(),
    "truncate": _truncated,
    "slow": lambda whole: whole,
}
"""What becomes of the right answer under the faults that let the request be done."""


async def afflict(
    fault: Fault,
    answer: Callable[[], Awaitable[Response]],
    refuse: Callable[[int, int | None], Response],
    clock: Clock,
) -> Response:
    """Return what a request gets that a fault befalls.

    Args:
        fault: one of the kinds `TRANSPORT`.
        answer: does what was asked and returns the right answer, which may be a stream made by a generator; called only by
            the faults that let it be done.
        refuse: the gateway's refusal with a status and, if not None, a `Retry-After` in seconds.
        clock: the gateway's time.
    """
    if fault.status is not None:
        return refuse(fault.status, fault.retry_after)
    if fault.kind in _UNDONE:
        return _UNDONE[fault.kind]()
    whole = await answer()
    if fault.kind == "slow":
        await clock.sleep(fault.seconds)
    return _DONE[fault.kind](whole)
