"""Where gateways call back: one small server on this machine, that believes nothing of what it is told.

Each row of the ledger has a path of its own, which nobody can guess and which says nothing of the row's secret. Whatever is
posted there is a hint to read the task again, no more: no gateway signs what it says.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import ipaddress
import socket
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mjnb.errors import SetupError
from mjnb.hosts import is_loopback, is_private

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["MAX_BODY", "Receiver", "load", "read_port", "read_public_url", "token_of"]

MAX_BODY = 2**20
_TAG = b"mjnb callback\0"
_CONNECTIONS = 100  # at once; whoever comes beyond them is told 503, and gateways try again
_BACKLOG = 1024
_TICK_S = 0.05
_NEEDED = (
    "starlette.applications", "starlette.requests", "starlette.responses", "starlette.routing",
    "uvicorn", "uvicorn.lifespan.off", "uvicorn.protocols.http.h11_impl",
)  # fmt: skip
_EXAMPLE = (
    'On a hub with jupyter-server-proxy: mj.listen("https://hub.example.org/user/you/proxy/8765", port=8765), '
    "if the hub lets the gateway through to there without a login; else a tunnel to the port."
)


def load() -> None:
    """Import whatever a receiver will need; for a thread of its own, since a loop that does it stands still meanwhile.

    >>> load()
    """
    for name in _NEEDED:
        importlib.import_module(name)


def token_of(key: str) -> str:
    """Return the last part of the path at which a row is told of, from the row's own secret; there is no way back.

    >>> len(token_of("5f3c")), token_of("5f3c") == token_of("5f3d")
    (32, False)
    """
    return hashlib.sha256(_TAG + key.encode()).hexdigest()[:32]


def read_public_url(given: Any, *, simulated: bool) -> str:
    """Read the address at which a gateway reaches the receiver, without its last slash; "" for the receiver's own.

    Raises:
        SetupError: The gateway could not post there, or it would learn what it should not.

    >>> read_public_url("https://hub.example.org/user/me/proxy/8765/", simulated=False)
    'https://hub.example.org/user/me/proxy/8765'
    """
    if given is None and simulated:
        return ""
    if given is None:
        raise SetupError(f"public_url: the gateway cannot reach this machine by itself. {_EXAMPLE}")
    url = given if isinstance(given, str) and given.isprintable() and " " not in given else ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host:
        raise SetupError(
            f"public_url={given!r}: an address such as https://hub.example.org/user/you/proxy/8765."
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise SetupError(
            "public_url: no password, query or fragment; the gateway would learn it, and the ledger keep it."
        )
    _check_reach(url, parts.scheme, host, simulated)
    return url.rstrip("/")


def _check_reach(url: str, scheme: str, host: str, simulated: bool) -> None:
    """Refuse what the gateway will not, or cannot, post to."""
    if simulated and not (is_loopback(url) and scheme in {"http", "https"}):
        raise SetupError(f"public_url={url!r}: the simulator calls nobody but this machine (127.0.0.1).")
    if not simulated and scheme != "https":
        raise SetupError(f"public_url={url!r}: gateways call back over https alone. {_EXAMPLE}")
    if not simulated and is_private(host):
        raise SetupError(f"public_url={url!r}: the gateway cannot reach a private network. {_EXAMPLE}")


def read_port(given: Any, public_url: str) -> int:
    """Read the port to listen on; 0 takes a free one, which no address from outside can lead to.

    Raises:
        SetupError: It is no port, or 0 beside a public address.
    """
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= 65_535:  # noqa: PLR2004  (ports)
        raise SetupError(f"port={given!r}: 0 to 65535.")
    if public_url and not given:
        raise SetupError("port: name the one that public_url leads to, such as port=8765.")
    return given


class Receiver:
    """Serves callbacks on the running event loop.

    Answers: 405 to anything but POST, 404 to a path that nobody knows, 413 to more than 1 MB, 408 to whoever dawdles, and 200 as
    soon as the body has come; all of them without a word.

    Args:
        knows: Whether a token is one of ours.
        hear: Told of a token and a body; must return at once.
        patience_s: Real seconds that one body may take.
    """

    def __init__(
        self,
        knows: Callable[[str], bool],
        hear: Callable[[str, bytes], None],
        *,
        patience_s: float = 10.0,
    ) -> None:
        self._knows, self._hear, self._patience_s = knows, hear, patience_s
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._app = _application(self._take)
        self.url = ""

    def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Begin to listen; return the address at which this machine reaches it.

        Raises:
            SetupError: The port is taken, or the host is not of this machine.
        """
        import uvicorn

        listening = _listen(host, port)
        self.url = _local_url(host, listening.getsockname()[1])
        config = uvicorn.Config(
            self._serve, http="h11", interface="asgi3", ws="none", lifespan="off", log_config=None, log_level="critical",
            access_log=False, proxy_headers=False, server_header=False, limit_concurrency=_CONNECTIONS, timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._serving = asyncio.get_running_loop().create_task(self._server.serve(sockets=[listening]))
        return self.url

    async def aclose(self) -> None:
        """Let the port and every connection go."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        while not self._serving.done():
            self._hang_up(self._server)
            await asyncio.wait({self._serving}, timeout=_TICK_S)
        await self._serving

    def _hang_up(self, server: uvicorn.Server) -> None:
        """Cut every connection off; a gateway comes again."""
        for connection in list(server.server_state.connections):
            cast("H11Protocol", connection).transport.abort()
        for task in list(server.server_state.tasks):
            task.cancel()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if self._server is None or not self._server.should_exit:
                raise

    async def _take(self, request: Request) -> Response:
        from starlette.responses import Response

        token = request.url.path.rstrip("/").rpartition("/")[2]
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        if not self._knows(token):
            return Response(status_code=404)
        body, status = await _body_of(request, self._patience_s)
        if status == 200:  # noqa: PLR2004  (HTTP's own)
            self._hear(token, body)
        return Response(status_code=status)


def _application(take: Callable[[Request], Any]) -> Starlette:
    """Lead every path and method to one place."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    class Everything:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            from starlette.requests import Request

            await (await take(Request(scope, receive)))(scope, receive, send)

    return Starlette(routes=[Route("/{path:path}", Everything())])


async def _body_of(request: Request, patience_s: float) -> tuple[bytes, int]:
    """Read a bounded body in bounded time; return it and the status that it deserves."""
    from starlette.requests import ClientDisconnect

    chunks, size = [], 0
    try:
        async with asyncio.timeout(patience_s):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BODY:
                    return b"", 413
                chunks.append(chunk)
    except TimeoutError:
        return b"", 408
    except ClientDisconnect:
        return b"", 400
    return b"".join(chunks), 200


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol unnamed, asyncio would leave Nagle's algorithm on, and each reply would wait 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(
            socket, "SO_REUSEPORT"
        ):  # a POSIX system: elsewhere this would let two servers share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise SetupError(
            f"Callbacks cannot be received at {host}, port {port}: {error.strerror or error}."
        ) from error
    return listening


def _local_url(host: str, port: int) -> str:
    """Return how this machine reaches a host that it listens on; every address of its own is also 127.0.0.1 or ::1."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        address = ipaddress.ip_address("::1" if address.version == 6 else "127.0.0.1")  # noqa: PLR2004
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"  # noqa: PLR2004
