"""Beginning to listen for callbacks, and ending it."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from callback_helpers import addresses, call, open_listening, until

from mjnb import errors
from mjnb.jobs import Job
from mjnb.modes import TextToImage
from mjnb.session import Session
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.simulator import Server


@pytest.fixture
def listening(simulator, session) -> Callable[..., tuple[Session, Server]]:
    """Open a session that listens, and its server."""
    return partial(open_listening, simulator, session)


def test_listening_twice(listening):
    """A session listens at one address: asking again gives it, asking for another is refused."""
    mj, _ = listening()
    address = mj.listening
    assert mj.listen().result() == mj.listen(address, port=1).result() == address
    with pytest.raises(errors.SetupError, match="already"):
        mj.listen("http://127.0.0.1:1/x", port=1).result()


def test_closing_ends_the_listening(listening):
    """A closed session listens no more, and its port is free."""
    mj, _ = listening()
    port = int(mj.listening.rpartition(":")[2])
    mj.close().result()
    assert mj.listening is None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_forgotten_session_lets_its_port_go(simulator, tmp_path):
    """A session that was dropped without being closed does not listen for ever."""
    server = simulator()
    mj = Session("simulator", base_url=server.url, time_scale=600, store=tmp_path / "dropped", quiet=True)
    port = int(mj.listen().result().rpartition(":")[2])
    del mj

    def is_free() -> bool:
        gc.collect()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    until(is_free)


@pytest.mark.parametrize("gateway", ["apixo", "acedata"])
def test_a_real_gateway_needs_a_public_address(session, gateway):
    """Without an address that a gateway can reach, or without the port behind it, listening is refused at once with the recipe."""
    mj = session(gateway=gateway, api_key="a-key-of-ours", base_url="http://127.0.0.1:9", time_scale=1)
    with pytest.raises(errors.SetupError, match="jupyter-server-proxy"):
        mj.listen()
    with pytest.raises(errors.SetupError, match="https"):
        mj.listen("http://hub.example.org/user/me/proxy/8765", port=8765)
    with pytest.raises(errors.SetupError, match="port"):
        mj.listen("https://hub.example.org/user/me/proxy/8765")
    assert mj.listening is None


def test_the_public_address_travels(session):
    """A submission carries the public address and its row's token, in the gateway's own words; the port is that of this machine."""
    bodies: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(200, json={"code": 200, "data": {"taskId": "task_1"}})

    mj = session(gateway="apixo", api_key="a-key-of-ours", transport=httpx.MockTransport(answer))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    base = "https://hub.example.org/user/me/proxy/8765"
    assert mj.listen(f"{base}/", port=port).result() == mj.listening == base
    row = mj.submit(TextToImage(prompt="a fox")).result().row
    (body,) = bodies
    assert (body["request_type"], body["callback_url"]) == ("callback", addresses(mj)[row])
    assert call(f"http://127.0.0.1:{port}/{body['callback_url'].rpartition('/')[2]}", b"{}") == 200


_IMPORTS = '''
import json, socket, sys, threading
import httpx
from mjnb.jobs import Job
from mjnb.session import Session

met = {}

class Notes:
    """Asked first for every module that is not there yet."""

    def find_spec(self, name, *_):
        if name.partition(".")[0] in {"uvicorn", "starlette", "h11"}:
            met.setdefault(threading.current_thread().name, []).append(name)

async def here():
    return threading.current_thread().name

sys.meta_path.insert(0, Notes())
transport = httpx.MockTransport(lambda _: httpx.Response(500))
mj = Session("apixo", api_key="a-key-of-ours", store="store", transport=transport, quiet=True)
with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))
    port = taken.getsockname()[1]
mj.listen("https://hub.example.org/x", port=port).result()
assert httpx.post(f"http://127.0.0.1:{port}/nobody", trust_env=False).status_code == 404
mj.close().result()
print(json.dumps([Job(here()).result(), met]))
'''


def test_the_loop_imports_no_server():
    """What serves callbacks is imported on a thread, so that a sweep under way is not held up; its first call imports nothing."""
    done = subprocess.run([sys.executable, "-c", _IMPORTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loop, met = json.loads(done.stdout)
    assert loop not in met
    assert {"uvicorn", "starlette", "h11"} <= {name for names in met.values() for name in names}


def test_what_an_old_address_promised(simulator, listening):
    """After a restart at the same address a task is still waited for with patience; at another one it is asked after as ever."""
    server = simulator()
    first, _ = listening(server=server)
    row = first.submit(TextToImage(prompt="a fox")).result().row
    port = int(first.listening.rpartition(":")[2])
    first.close().result()
    same, _ = listening(server=server, port=port)
    assert _due(same, row)
    same.close().result()
    other, _ = listening(server=server)
    assert not _due(other, row)


def _due(mj: Session, row: str) -> bool:
    """Whether a callback for a row is expected."""

    async def look() -> bool:
        with mj.runner_now.hints.awaited(row) as hint:
            return hint.due

    return Job(look()).result()


def test_a_gateway_that_never_calls_back(session, simulator):
    """A gateway without documented callbacks is asked as before, after a warning; the session listens nowhere."""
    server = simulator()
    mj = session(
        gateway="simulator:apimart", base_url=f"{server.url}/apimart", time_scale=server.stats()["speed"]
    )
    with pytest.warns(errors.AdviceWarning, match="APIMart documents no callbacks"):
        job = mj.listen()
    assert job.result() is None
    assert mj.listening is None
    assert mj.imagine("a fox").result().state is TaskState.SUCCESS
