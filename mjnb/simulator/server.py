"""A simulated gateway on a socket of this machine, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Unpack

    from starlette.applications import Starlette

    from mjnb.simulator.app import Options
    from mjnb.simulator.faults import Faults
    from mjnb.simulator.listener import Listener
    from mjnb.simulator.world import World

__all__ = ["Server"]

_HOST = "127.0.0.1"


class Server:
    """A simulated gateway, served by HTTP on 127.0.0.1 while it is started or used as a context manager.

    A server can be started once; for the next run make a new one, with the same `state` if it shall remember.

    Args:
        port: the port to listen on; 0 takes a free one.
        options: as for `create_app`.

    Raises:
        OSError: the port is taken (on `start`).

    >>> with Server(speed=30) as server:
    ...     server.stats()["tasks"]
    0
    """

    def __init__(self, port: int = 0, **options: Unpack[Options]) -> None:
        self._port = port
        self._options = options
        self._socket: socket.socket | None = None
        self._app: Starlette | None = None
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        """The base URL, such as "http://127.0.0.1:49152"; known once started."""
        if self._port == 0:
            raise RuntimeError("the server has not been started")
        return f"http://{_HOST}:{self._port}"

    @property
    def faults(self) -> Faults:
        """What shall go wrong; may be changed at any time."""
        return self._world.faults

    @property
    def _world(self) -> World:
        if self._app is None:
            raise RuntimeError("the server has not been started")
        world: World = self._app.state.world
        return world

    def stats(self) -> dict[str, Any]:
        """Return what `GET /_simulator` returns, without asking by HTTP."""
        return self._world.stats()

    def start(self) -> Self:
        """Begin to serve and return self."""
        from mjnb.simulator.app import create_app
        from mjnb.simulator.listener import Listener

        if self._thread is not None:
            raise RuntimeError("a server can be started only once")
        self._socket = _listen(self._port)
        self._port = self._socket.getsockname()[1]
        self._options.setdefault("public_url", self.url)
        try:
            self._app = create_app(**self._options)
        except BaseException:
            self._socket.close()
            raise
        self._listener = Listener(self._app, self._socket)
        self._thread = threading.Thread(target=self._run, name="mjnb-simulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def _run(self) -> None:
        assert self._listener is not None
        try:
            asyncio.run(self._listener.run(self._ready.set))
        finally:
            self._ready.set()  # whatever happens, nobody waits for ever

    def stop(self) -> None:
        """Close every connection and the port. Does nothing if it is not running."""
        if self._listener is None or self._thread is None or self._socket is None:
            return
        self._listener.stop()
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    # With the protocol unnamed, asyncio would not turn Nagle's algorithm off, and each reply would wait 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        # From here on clients may connect; they wait until the thread answers.
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening
