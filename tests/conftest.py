"""What every test stands on: no keys, no proxies, a working directory of its own, and no way out of this machine."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from mjnb.session import Session
from mjnb.simulator import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SECRETS = ("_API_KEY", "_API_TOKEN", "_KEY")
_GATEWAYS = ("APIXO", "ACEDATA", "ACEDATACLOUD", "APIMART")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
SPEED = 600.0
"""Gateway seconds in a real second: a task of 40 s takes 67 ms."""


class OutsideError(AssertionError):
    """A test tried to leave this machine. No `OSError`, so that nothing takes it for bad weather on the network."""


@pytest.fixture(scope="session", autouse=True)
def no_way_out() -> Iterator[None]:
    """Let sockets of this process reach loopback alone, and look up no other name."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def only_near(self: socket.socket, address: Any) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6}:
                _refuse_outside(address[0])
            return call(self, address)

        return only_near

    def look_near(host: Any, *args: Any, **options: Any) -> Any:
        _refuse_outside(host)
        return look_up(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        patch.setattr(socket, "getaddrinfo", look_near)
        yield


def _refuse_outside(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return
    try:
        near = ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        near = False
    if not near:
        raise OutsideError(f"a test tried to reach {name}")


@pytest.fixture(autouse=True)
def clean_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take settings, keys and proxies out of the environment, and leave what is written in a folder of its own."""
    for name in list(os.environ):
        if name.startswith("MJNB_") and name != "MJNB_CHROMIUM":
            monkeypatch.delenv(name)
        if name.lower() in _PROXIES or (name.startswith(_GATEWAYS) and name.endswith(_SECRETS)):
            monkeypatch.delenv(name)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # another one than ours would make IPython warn
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let children hear Ctrl-C: where tests run in the background they would inherit that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def background() -> Iterator[ThreadPoolExecutor]:
    """Threads for what no test needs to wait for."""
    with ThreadPoolExecutor(4, "farewell") as pool:
        yield pool


@pytest.fixture
def simulator(background: ThreadPoolExecutor) -> Iterator[Callable[..., Server]]:
    """Start simulated gateways of one's own on real sockets; `simulator(credit_usd=1)` takes `Server`'s options."""
    servers: list[Server] = []

    def make(**options: Any) -> Server:
        timed = {} if "clock" in options else {"speed": SPEED}
        servers.append(Server(**{**timed, "short_side": 64, **options}))
        return servers[-1].start()

    yield make
    for server in servers:
        background.submit(server.stop)  # takes a tenth of a second


@pytest.fixture
def session(simulator: Callable[..., Server], tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """Open sessions: `session(server)`, or `session()` with a server of its own; all share one store unless told."""
    sessions: list[Session] = []

    def make(server: Server | None = None, gateway: str = "simulator", **options: Any) -> Session:
        if "transport" not in options and "base_url" not in options:
            server = server or simulator()
            options.setdefault("time_scale", server.stats()["speed"])
            options["base_url"] = server.url
        usual = {
            "store": tmp_path / "store",
            "quiet": True,
            "timeout": 1e5,
        }  # a busy machine is no slow gateway
        sessions.append(Session(gateway, **{**usual, **options}))
        return sessions[-1]

    yield make
    for opened in sessions:
        opened.close().result(timeout=20)
