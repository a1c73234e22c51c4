"""Where gateways call back, over real HTTP: what is heard, what is refused, and what nobody gets out of it."""

from __future__ import annotations

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mjnb.callbacks import MAX_BODY, Receiver, read_port, read_public_url, token_of
from mjnb.errors import SetupError
from mjnb.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = token_of("a row's secret")


class Ear:
    """A receiver on the I/O thread that knows one token, and what it heard."""

    def __init__(self, **options: Any) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.receiver = Receiver(TOKEN.__eq__, lambda *said: self.heard.append(said), **options)
        self.url = Job(self._start()).result()
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=10)

    async def _start(self) -> str:
        return self.receiver.start()

    def post(self, path: str = TOKEN, content: Any = b"{}") -> httpx.Response:
        """Call back."""
        return self.http.post(f"/{path}", content=content)

    def close(self) -> None:
        """Hang up."""
        self.http.close()
        Job(self.receiver.aclose()).result(timeout=10)


@contextmanager
def listening(**options: Any) -> Iterator[Ear]:
    """Listen for as long as a test takes."""
    ear = Ear(**options)
    try:
        yield ear
    finally:
        ear.close()


@pytest.fixture(scope="module")
def long_ear() -> Iterator[Ear]:
    """One that listens, for all tests."""
    with listening() as ear:
        yield ear


@pytest.fixture
def ear(long_ear: Ear) -> Ear:
    """One that listens and has heard nothing yet."""
    long_ear.heard.clear()
    return long_ear


# -- what is heard -------------------------------------------------------------------------------------------------


def test_a_callback_is_heard(ear):
    """A POST to a known path is answered with 200 and an empty body, and heard with its body, each time that it comes."""
    for body in (b'{"a": 1}', b""):
        reply = ear.post(content=body)
        assert (reply.status_code, reply.content) == (200, b"")
    assert ear.heard == [(TOKEN, b'{"a": 1}'), (TOKEN, b"")]


@pytest.mark.parametrize("path", ["{}", "user/me/proxy/8765/{}", "{}/", "{}?from=gateway"])
def test_a_proxy_may_keep_its_prefix(ear, path):
    """The last part of the path counts, whatever a proxy leaves in front of it or a gateway puts behind it."""
    assert ear.post(path.format(TOKEN)).status_code == 200
    assert [token for token, _ in ear.heard] == [TOKEN]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=4000))
def test_whatever_is_posted(ear, body):
    """Any bytes at all are a callback: what they mean is not the receiver's business."""
    ear.heard.clear()
    assert ear.post(content=body).status_code == 200
    assert ear.heard == [(TOKEN, body)]


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["", "/", TOKEN[:-1], f"{TOKEN}0", f"{TOKEN}/x", "..%2f", "%00", "\u202e", "x" * 2000]
)
def test_an_unknown_path_is_nothing(ear, path):
    """Whoever guesses is told 404 and not a word, before any of the body is read."""
    reply = ear.post(path, content=b"x" * 100)
    assert (reply.status_code, reply.content) == (404, b"")
    assert "server" not in reply.headers
    assert ear.heard == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "ODD"])
def test_only_posts_are_taken(ear, method):
    """Any other method is told 405, on a known path as on an unknown one."""
    for path in (TOKEN, "nobody"):
        reply = ear.http.request(method, f"/{path}")
        assert (reply.status_code, reply.content) == (405, b"")
    assert ear.heard == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_bounded(ear, chunked):
    """One megabyte is heard, one byte more is told 413 and not heard, whether or not its length was announced."""

    def body(size: int) -> Any:
        return (
            iter([b"x" * 65_536] * (size // 65_536) + [b"x" * (size % 65_536)]) if chunked else b"x" * size
        )

    assert ear.post(content=body(MAX_BODY)).status_code == 200
    assert ear.post(content=body(MAX_BODY + 1)).status_code == 413
    assert [len(said) for _, said in ear.heard] == [MAX_BODY]


def _raw(ear: Ear, text: str) -> socket.socket:
    """Open a connection and send something that need not be HTTP."""
    made = socket.create_connection(("127.0.0.1", int(ear.url.rpartition(":")[2])), timeout=10)
    made.sendall(text.encode())
    return made


_BEGUN = f"POST /{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"


def test_whoever_dawdles_is_told_so():
    """A body that does not come to its end in time is told 408, and not heard."""
    with listening(patience_s=0.05) as ear:
        with _raw(ear, _BEGUN) as made:
            assert made.recv(100).startswith(b"HTTP/1.1 408")
        assert ear.heard == []


def test_a_caller_that_hangs_up_is_nothing(ear, capfd):
    """Half a body, half a head and no HTTP at all are not heard and not complained of; the next callback is heard."""
    for text in (_BEGUN, "POST /", "\x16\x03\x01 no HTTP\r\n\r\n", ""):
        _raw(ear, text).close()
    assert ear.post().status_code == 200
    assert len(ear.heard) == 1
    assert capfd.readouterr() == ("", "")


def test_a_flood_is_survived(ear, capfd):
    """Of five hundred callbacks at once each is heard or told to come again, and the next one is heard."""

    def shout(_: int) -> list[int]:
        with httpx.Client(base_url=ear.url, trust_env=False, timeout=30) as http:
            return [http.post(f"/{TOKEN}").status_code for _ in range(10)]

    with ThreadPoolExecutor(50) as crowd:
        told = [status for some in crowd.map(shout, range(50)) for status in some]
    assert set(told) <= {200, 503}
    assert len(ear.heard) == told.count(200) >= 100
    assert ear.post().status_code == 200
    assert capfd.readouterr() == ("", "")


# -- its manners ---------------------------------------------------------------------------------------------------


def test_it_is_deaf_from_outside(ear):
    """Unless told otherwise it listens on 127.0.0.1 alone."""
    assert ear.url.startswith("http://127.0.0.1:")


def test_it_leaves_signals_alone():
    """Stop buttons and Ctrl-C stay whose they were."""
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with listening() as ear:
        ear.post()
        assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


def test_closing_waits_for_nobody():
    """Closing lets the port go within a second, though a caller is in the middle of a body and others keep lines open."""
    ear = Ear()
    ear.post()
    began = time.monotonic()
    with _raw(ear, _BEGUN), _raw(ear, ""), _raw(ear, "POST /"):
        ear.close()
    assert time.monotonic() - began < 1
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", int(ear.url.rpartition(":")[2])))


def test_a_taken_port(ear):
    """A port that somebody listens on, and a host of somebody else's, are set-up errors."""
    port = int(ear.url.rpartition(":")[2])

    async def start(host: str, port: int) -> str:
        return Receiver(bool, print).start(host, port)

    with pytest.raises(SetupError, match=f"port {port}"):
        Job(start("127.0.0.1", port)).result()
    with pytest.raises(SetupError, match=r"192\.0\.2\.1"):
        Job(start("192.0.2.1", 0)).result()


# -- its address ---------------------------------------------------------------------------------------------------


def test_tokens_tell_nothing_of_their_keys():
    """Tokens are 128 bits, the same for the same key at any time, and hold nothing of it."""
    keys = [f"{n:032x}" for n in range(1000)]
    tokens = [token_of(key) for key in keys]
    assert len({*tokens, *keys}) == 2000
    assert {len(bytes.fromhex(token)) for token in tokens} == {16}
    assert tokens == [token_of(key) for key in keys]


@pytest.mark.parametrize(
    ("url", "says"),
    [(None, "jupyter-server-proxy"), ("", "an address"), ("hub.example.org", "an address"), (5, "an address"),
     ("http://hub.example.org/x", "https"), ("ftp://hub.example.org/x", "https"), ("https://", "an address"),
     ("https://127.0.0.1:8765", "private"), ("https://10.1.2.3/x", "private"), ("https://box.local/x", "private"),
     ("https://hub.example.org/x?token=abc", "learn"), ("https://me:pw@hub.example.org/", "learn"),
     ("https://hub.example.org/#x", "learn"), ("https://hub.example.org/a b", "an address"),
     ("https://hub.example.org/\n", "an address"), ("https://[::1", "an address"), ("https://a:99999/", "an address")],
)  # fmt: skip
def test_addresses_that_no_gateway_reaches(url, says):
    """An address that the gateway could not post to, or that holds a secret, is refused with what to do instead."""
    with pytest.raises(SetupError, match=says) as caught:
        read_public_url(url, simulated=False)
    assert "abc" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_a_simulator_calls_this_machine_alone():
    """On a simulator the address is that of this machine, or its own, and plain HTTP will do."""
    assert read_public_url(None, simulated=True) == ""
    assert (
        read_public_url("http://127.0.0.1:8888/proxy/1/", simulated=True) == "http://127.0.0.1:8888/proxy/1"
    )
    with pytest.raises(SetupError, match="this machine"):
        read_public_url("https://hub.example.org/x", simulated=True)


@pytest.mark.parametrize("port", [-1, 65_536, 1.5, "8765", None, True])
def test_ports(port):
    """What is no port is refused, and so is a free one behind a public address, which cannot lead there."""
    with pytest.raises(SetupError, match="port"):
        read_port(port, "")
    with pytest.raises(SetupError, match="public_url"):
        read_port(0, "https://hub.example.org")
    assert read_port(8765, "https://hub.example.org") == 8765
