"""The uvicorn side of `server.Server`: one loop, one listening socket, connections that can be closed on purpose."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mjnb.simulator.broken import CLOSE

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

__all__ = ["Listener"]

_KEEP_ALIVE = (
    75  # seconds, as common proxies have it; uvicorn's 5 would close connections between two polls
)


class Listener:
    """Serves an app on a socket until it is stopped.

    It remembers the transport of every connection, so that a fault can close one under its request, as a failing
    proxy would; ASGI has no word for that.
    """

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        self._app = app
        self._socket = listening
        self._transports: dict[tuple[Any, ...], asyncio.Transport] = {}
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._serve_request,
                http=_recording(self._transports),
                interface="asgi3",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
            )
        )

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve; `ready` is called when the app has begun, before the first request is answered."""
        self._loop = asyncio.get_running_loop()
        async with self._app.router.lifespan_context(self._app):
            ready()
            await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Close every connection, unanswered requests included, and let `run` return. Callable from any thread."""
        assert self._loop is not None, "a listener is stopped after it was ready"
        # RuntimeError: the loop is closed, so that nothing is left to stop.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self._stopping = True
        self._server.should_exit = True
        for transport in list(self._transports.values()):
            transport.abort()
        for request in list(self._server.server_state.tasks):
            request.cancel()

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = self._transports.get(tuple(scope["client"] or ()))
        if transport is not None:
            scope.setdefault("extensions", {})[CLOSE] = transport.close
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._stopping:
                raise


def _recording(transports: dict[tuple[Any, ...], asyncio.Transport]) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol, made to note each connection's transport under the peer's address."""

    class RecordingProtocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transports[_peer(transport)] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(_peer(self.transport), None)
            super().connection_lost(exc)

    return RecordingProtocol


def _peer(transport: asyncio.BaseTransport) -> tuple[Any, ...]:
    # A peer that has gone before we look has no address.
    return tuple(transport.get_extra_info("peername") or ())
