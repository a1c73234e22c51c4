"""A gateway on a real socket that does what it is told, however wrong: raw bytes, one connection a request."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, repeat
from typing import TYPE_CHECKING, Self

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

Act = Callable[[socket.socket], None]
_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
_ENOUGH = 2**26  # bytes after which an endless answer ends, should nobody hang up
_PAUSE_S = 0.02


def whole(body: bytes, kind: str = "application/json", status: str = "200 OK") -> Act:
    """Answer properly."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return lambda peer: peer.sendall(head.encode() + body)


def told(**data: object) -> Act:
    """Answer as APIXO does."""
    return whole(json.dumps({"code": 200, "message": "success", "data": data}).encode())


def raw(*parts: bytes) -> Act:
    """Send these bytes and close."""
    return lambda peer: peer.sendall(b"".join(parts))


def silent(peer: socket.socket) -> None:
    """Never answer."""
    while peer.recv(65_536):
        pass


def endless(start: str, part: bytes, pause_s: float = 0.0) -> Act:
    """Answer without end, perhaps a little at a time."""

    def act(peer: socket.socket) -> None:
        peer.sendall(start.encode())
        waiting = threading.Event()
        for _ in range(_ENOUGH // len(part)):
            peer.sendall(part)
            if pause_s:
                waiting.wait(pause_s)

    return act


def redirect(where: str, status: str = "307 Temporary Redirect") -> Act:
    """Send the client elsewhere."""
    return raw(f"HTTP/1.1 {status}\r\nlocation: {where}\r\ncontent-length: 0\r\n\r\n".encode())


ODD: dict[str, Act] = {
    "html": whole(b"<!doctype html><h1>Bad gateway</h1>", "text/html"),
    "half a body": raw(f'{_HEAD}content-length: 900\r\n\r\n{{"code": 200, "data": {{"ta'.encode()),
    "half a head": raw(b"HTTP/1.1 200 OK\r\ncontent-ty"),
    "nothing": raw(),
    "never": silent,
    "a trickle": endless(f"{_HEAD}content-length: 100000\r\n\r\n", b" ", _PAUSE_S),
    "a trickling head": endless("HTTP/1.1 200 OK\r\nx-slow: ", b"a", _PAUSE_S),
    "100 MB": endless(f"{_HEAD}\r\n", b" " * 65_536),
    "an endless head": endless("HTTP/1.1 200 OK\r\n", b"x-more: of it\r\n" * 1000),
    "1xx without end": endless("", b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", _PAUSE_S),
    "chunks of garbage": raw(_HEAD.encode(), b"transfer-encoding: chunked\r\n\r\nzz\r\n\x00\xff\r\n"),
    "no HTTP": raw(b"\x16\x03\x01\x02\x00\x01\x00SSH-2.0-OpenSSH\r\n"),
    "a switch": raw(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h9\r\n\r\n"),
    "no gzip": raw(_HEAD.encode(), b"content-encoding: gzip\r\n\r\nthis is none"),
    "a wrong length": raw(_HEAD.encode(), b"content-length: -5\r\n\r\n{}"),
    "null": whole(b"null"),
    "brackets": whole(b"[" * 3_000_000),
}  # fmt: skip
"""What may be answered in the place of an answer."""


@dataclass
class Gateway:
    """Plays APIXO: answers each kind of request by its acts, the last of them for ever.

    `requests` are the heads and bodies that came, by kind: "submit", "status" or "file".
    """

    submits: Iterable[Act] = ()
    statuses: Iterable[Act] = ()
    tls: ssl.SSLContext | None = None
    requests: dict[str, list[bytes]] = field(
        default_factory=lambda: {"submit": [], "status": [], "file": []}
    )

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        scheme = "http" if self.tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"
        pictures = json.dumps({"resultUrls": [f"{self.url}/file/{n}.png" for n in range(4)]})
        done = told(taskId="task_1", state=" SUCCESS", resultJson=pictures, costTime=1000)
        self._acts: dict[str, Iterator[Act]] = {
            "submit": chain(self.submits, repeat(told(taskId="task_1"))),
            "status": chain(self.statuses, repeat(done)),
            "file": repeat(whole(picture(), "image/png")),
        }
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._meet, args=(peer,), daemon=True).start()

    def _meet(self, peer: socket.socket) -> None:
        """Read one request and answer it; whoever hangs up has heard enough."""
        peer.settimeout(20)
        with (
            contextlib.suppress(OSError),
            peer if self.tls is None else _secured(peer, self.tls) as talking,
        ):
            if request := _request(talking):
                self._act(request)(talking)

    def _act(self, request: bytes) -> Act:
        """Note a request, and return how it is answered."""
        path = request.split(b" ", 2)[1]
        kind = "file" if b"/file/" in path else "submit" if b"generateTask" in path else "status"
        with self._lock:
            self.requests[kind].append(request)
            return next(self._acts[kind])


def _secured(peer: socket.socket, tls: ssl.SSLContext) -> ssl.SSLSocket:
    return tls.wrap_socket(peer, server_side=True)


def _request(peer: socket.socket) -> bytes:
    """Read a request, its body too."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += (part := peer.recv(65_536))
        if not part:
            return b""
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0].partition(b":")[2]):
        body += peer.recv(65_536)
    return head + b"\r\n\r\n" + body


@cache
def picture() -> bytes:
    """Draw a small picture."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, "PNG")
    return file.getvalue()


def certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=127.0.0.1",
    ]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context
