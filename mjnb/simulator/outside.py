"""What surrounds every gateway: each reply says that it is simulated and may be read by any page; paths are tidied."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Marked", "Tidy"]

_SLASHES = re.compile(r"/{2,}")


class Marked:
    """Says in the header of every reply that it is simulated, and that pages of every origin may read it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer and mark what it says."""

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Simulated"] = "mjnb"
                headers.setdefault("Access-Control-Allow-Origin", "*")
            await send(message)

        await self._app(scope, receive, send_marked)


class Tidy:
    """Serves `//midjourney/imagine/` like `/midjourney/imagine`: clients put base and path together as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer at the plain path."""
        if scope["type"] == "http":
            path = _SLASHES.sub("/", scope["path"])
            scope = {**scope, "path": path.rstrip("/") or "/"}
        await self._app(scope, receive, send)
