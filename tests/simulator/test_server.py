"""The server on a real socket: quick to start, quick to stop, and honest when it drops a connection."""

from __future__ import annotations

import gc
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import get_type_hints

import httpx
import pytest

import mjnb.simulator
from mjnb.simulator import ManualClock, Options, Server, create_app

SUBMIT = "/api/v1/generateTask/midjourney"
STATUS = "/api/v1/statusTask/midjourney"
BODY = {"input": {"mode": "text-to-image", "prompt": "a lighthouse", "version": "v7", "speed": "fast"}}


@pytest.fixture
def clock():
    """A clock that stands still."""
    return ManualClock()


@pytest.fixture
def server(clock):
    """A server on a port of its own."""
    with Server(clock=clock, seed=7, short_side=64) as running:
        yield running


@pytest.fixture
def http(server):
    """A client of the server."""
    with httpx.Client(
        base_url=server.url, headers={"Authorization": "Bearer a-key"}, trust_env=False
    ) as client:
        yield client


def test_a_task_from_submit_to_picture(server, clock, http):
    """Over a real socket a task is submitted, polled and its picture fetched."""
    task_id = http.post(SUBMIT, json=BODY).json()["data"]["taskId"]
    clock.advance(60)
    data = http.get(STATUS, params={"taskId": task_id}).json()["data"]
    url = json.loads(data["resultJson"])["resultUrls"][3]
    assert url.startswith(server.url)
    assert http.get(url).content[:2] == b"\xff\xd8"
    assert server.stats()["requests"] == {
        "submit": 1,
        "status": 1,
        "file": 1,
        "balance": 0,
        "text": 0,
        "upload": 0,
    }


def test_a_dropped_connection_is_really_closed(server, http):
    """The client sees the connection close without a byte of answer, and nothing was charged."""
    server.faults.add(on="submit", kind="drop")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        http.post(SUBMIT, json=BODY)
    assert server.stats()["charged"] == 0
    assert http.post(SUBMIT, json=BODY).status_code == 200


def test_an_accepted_and_dropped_submit_is_charged(server):
    """On the bare socket: not one byte comes, the connection is at its end, and the task is charged."""
    server.faults.add(on="submit", kind="accept_then_drop")
    content = json.dumps(BODY).encode()
    head = f"POST {SUBMIT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {len(content)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", httpx.URL(server.url).port), timeout=5) as connection:
        connection.sendall(head.encode() + content)
        assert connection.recv(1000) == b""
    assert server.stats()["charged"] == 1


def test_a_truncated_answer_ends_early(server, http):
    """Half of the announced body arrives before the connection closes."""
    server.faults.add(on="status", kind="truncate")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message"):
        http.get(STATUS, params={"taskId": "task_0"})


def test_a_truncated_stream_ends_after_its_first_line():
    """A reply that comes line by line breaks off after the first, while the task behind it goes on."""
    headers = {"Authorization": "Bearer a-key", "Accept": "application/x-ndjson"}
    with Server(speed=2000, seed=7, short_side=64) as server:
        server.faults.add(on="submit", kind="truncate")
        parts: list[bytes] = []
        with (
            httpx.stream(
                "POST",
                f"{server.url}/midjourney/imagine",
                json={"prompt": "a lighthouse"},
                headers=headers,
                trust_env=False,
            ) as reply,
            pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"),
        ):
            parts.extend(reply.iter_raw())
        received = b"".join(parts)
        assert received.count(b"\n") == 1
        assert received.endswith(b"\n")
        json.loads(received)
        stats = server.stats()
        assert (stats["charged"], stats["refunded"]) == (1, 0)


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/nothing", {"code", "message", "data"}),
        ("/apixo/nothing", {"code", "message", "data"}),
        ("/midjourney/nothing", {"success", "error", "trace_id"}),
        ("/acedata/nothing", {"success", "error", "trace_id"}),
        ("/v1/nothing", {"error"}),
        ("/apimart", {"error"}),
        ("/v11/nothing", {"code", "message", "data"}),
    ],
)
def test_every_gateway_refuses_in_its_own_words(http, path, keys):
    """What has no route is a 404 in the error body of the gateway whose paths begin like that."""
    reply = http.get(path)
    assert (reply.status_code, set(reply.json())) == (404, keys)


def test_a_wrong_method_is_told_the_right_one(http):
    """A 405 says in its header what is allowed, whichever gateway answers."""
    for path in (SUBMIT, "/midjourney/imagine", "/v1/midjourney/generations"):
        reply = http.put(path)
        assert (reply.status_code, reply.headers["Allow"]) == (405, "POST")
        assert reply.headers["X-Simulated"] == "mjnb"


def test_a_hanging_answer_lasts_until_the_client_leaves(server, http):
    """Nothing comes; the server notices that the client has gone and serves the next one."""
    server.faults.add(on="status", kind="hang")
    with pytest.raises(httpx.ReadTimeout):
        http.get(STATUS, timeout=0.1)
    assert http.get(STATUS).status_code == 400


def test_starting_and_stopping_is_quick_and_quiet(recwarn, capfd, caplog):
    """Five servers in a row start and stop in a moment each, without a word, a warning or a thread left."""
    caplog.set_level(logging.INFO)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    for _ in range(5):
        started = time.perf_counter()
        server = Server(speed=30).start()
        assert httpx.get(server.url + "/_simulator", trust_env=False).status_code == 200
        assert time.perf_counter() - started < 1.5
        stopped = time.perf_counter()
        server.stop()
        assert time.perf_counter() - stopped < 1.0
    assert [thread.name for thread in threading.enumerate() if thread.name == "mjnb-simulator"] == []
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert (list(recwarn), capfd.readouterr()) == ([], ("", ""))
    assert [record for record in caplog.records if not record.name.startswith("httpx")] == []


def test_stopping_does_not_wait_for_requests_under_way(clock, capfd):
    """Hanging, slow and idle connections are closed, and the server says nothing about it."""
    server = Server(clock=clock).start()
    server.faults.add(on="status", kind="hang")
    server.faults.add(on="status", kind="slow", seconds=1000)
    ended: list[str] = []

    def ask() -> None:
        try:
            httpx.get(server.url + STATUS, timeout=20, trust_env=False)
        except httpx.TransportError as error:
            ended.append(type(error).__name__)

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    while server.stats()["requests"]["status"] < 2:
        time.sleep(0.005)
    stopped = time.perf_counter()
    server.stop()
    assert time.perf_counter() - stopped < 1.0
    for asker in askers:
        asker.join(5)
    assert len(ended) == 2
    assert capfd.readouterr() == ("", "")


def test_two_servers_at_once():
    """Servers in one process have ports and memories of their own."""
    with Server() as first, Server() as second:
        assert first.url != second.url
        httpx.post(first.url + SUBMIT, json=BODY, headers={"Authorization": "Bearer k"}, trust_env=False)
        assert (first.stats()["charged"], second.stats()["charged"]) == (1, 0)


def test_the_same_port_again(tmp_path):
    """A restarted server can have its old port and remembers its tasks."""
    with Server(state=tmp_path / "state.sqlite") as server:
        httpx.post(server.url + SUBMIT, json=BODY, headers={"Authorization": "Bearer k"}, trust_env=False)
        port = httpx.URL(server.url).port
    with Server(port, state=tmp_path / "state.sqlite") as server:
        assert httpx.URL(server.url).port == port
        assert server.stats()["charged"] == 1


def test_a_taken_port_is_an_error():
    """Two servers cannot have one port, and the second says so at once."""
    with Server() as server, pytest.raises(OSError, match="in use"):
        Server(httpx.URL(server.url).port).start()


def test_a_server_is_started_once():
    """A second start is refused; a second stop does nothing."""
    server = Server()
    with pytest.raises(RuntimeError, match="not been started"):
        _ = server.url
    server.start()
    with pytest.raises(RuntimeError, match="only once"):
        server.start()
    server.stop()
    server.stop()


def test_options_that_cannot_be(recwarn):
    """A server with impossible options does not start and leaves nothing open."""
    server = Server(speed=0)
    with pytest.raises(ValueError, match="speed"):
        server.start()
    server.stop()
    with pytest.raises(ValueError, match="not both"):
        Server(speed=2, clock=ManualClock()).start()
    with pytest.raises(RuntimeError, match="not been started"):
        Server().stats()
    gc.collect()
    assert list(recwarn) == []


def test_keep_alive_replies_come_at_once(http):
    """Replies on one connection do not wait for the network's small-packet delays of 40 ms."""
    http.get("/_simulator")
    started = time.perf_counter()
    for _ in range(20):
        http.get("/_simulator")
    assert time.perf_counter() - started < 0.4


def test_a_callback_over_the_network():
    """A finished task is announced to a listening URL of this machine."""
    bodies: list[dict] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver, Server(speed=1000) as server:
        receiver.timeout = 10
        url = f"http://127.0.0.1:{receiver.server_port}/"
        body = {**BODY, "request_type": "callback", "callback_url": url}
        httpx.post(server.url + SUBMIT, json=body, headers={"Authorization": "Bearer k"}, trust_env=False)
        receiver.handle_request()
        assert bodies[0]["data"]["state"] == "success"
        assert server.url in bodies[0]["data"]["resultJson"]


def test_options_and_create_app_agree():
    """The typed options of `Server` are the keyword arguments of `create_app`."""
    assert Options.__annotations__.keys() == create_app.__kwdefaults__.keys()
    assert get_type_hints(Server.start)


def test_public_names():
    """Every public name is there when asked for, and others are not."""
    assert dir(mjnb.simulator) == sorted(mjnb.simulator.__all__)
    assert all(getattr(mjnb.simulator, name).__name__ == name for name in mjnb.simulator.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Simulator'"):
        _ = mjnb.simulator.Simulator


def test_importing_is_light():
    """Importing the simulator loads no server and no drawing library; starting it loads no drawing library."""
    code = """
import sys
import mjnb.simulator
assert not {"starlette", "uvicorn", "httpx", "sqlite3", "PIL", "numpy"} & set(sys.modules)
with mjnb.simulator.Server():
    assert "uvicorn" in sys.modules
    assert not {"PIL", "numpy"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=30)
