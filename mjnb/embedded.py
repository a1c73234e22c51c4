"""The simulator inside this process: one server a store, shared by the sessions on it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mjnb.simulator import Server

__all__ = ["serve", "stop_serving"]

_servers: dict[Path, tuple[Server, int]] = {}
_serving = threading.Lock()


def serve(state: Path, speed: float) -> Server:
    """Start the embedded simulator, or share the one that serves this store already."""
    from mjnb.simulator import Server

    with _serving:
        server, users = _servers.get(state, (None, 0))
        if server is None:
            server = Server(state=state, speed=speed)
            server.start()
        _servers[state] = (server, users + 1)
        return server


def stop_serving(server: Server) -> None:
    """Let one session go; the last one stops the server."""
    with _serving:
        for state, (known, users) in list(_servers.items()):
            if known is server:
                _servers[state] = (known, users - 1)
                if users == 1:
                    del _servers[state]
                    server.stop()
