"""Faults: each one shows the client exactly what it is named for."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from starlette.responses import StreamingResponse

from mjnb.simulator import Fault, Faults, ManualClock
from mjnb.simulator.broken import afflict
from mjnb.simulator.faults import TRANSPORT

pytestmark = pytest.mark.anyio

STATUS = "/api/v1/statusTask/midjourney"


async def inject(gate, **fields):
    """Add a fault over HTTP."""
    reply = await gate.http.post("/_simulator/faults", json=fields)
    assert reply.status_code == 201, reply.text


async def test_a_dropped_submit_charges_nothing(gate):
    """`drop` closes the connection before anything is done."""
    await inject(gate, on="submit", kind="drop")
    with pytest.raises(httpx.RemoteProtocolError):
        await gate.submit()
    assert gate.world.stats()["charged"] == 0
    assert (await gate.submit()).status_code == 200


async def test_a_submit_accepted_and_dropped_is_charged(gate):
    """`accept_then_drop` creates and charges the task, and the client never learns its id."""
    await inject(gate, on="submit", kind="accept_then_drop")
    with pytest.raises(httpx.RemoteProtocolError):
        await gate.submit()
    stats = gate.world.stats()
    assert (stats["charged"], stats["spent_usd"], stats["in_flight"]) == (1, 0.1, 1)


@pytest.mark.parametrize(("kind", "charged"), [("hang", 0), ("accept_then_hang", 1)])
async def test_a_submit_without_an_answer(gate, kind, charged):
    """Both kinds of hanging last until the client gives up; one has charged by then."""
    gate.world.faults.add(on="submit", kind=kind)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await gate.submit()
    assert gate.world.stats()["charged"] == charged


@pytest.mark.parametrize(
    ("kind", "status"), [("status:429", 429), ("status:503", 503), ("status:599", 599)]
)
async def test_a_refusal(gate, kind, status):
    """`status:NNN` answers with that status in the gateway's envelope, with `Retry-After` if wanted."""
    await inject(gate, on="submit", kind=kind, times=2, retry_after=7)
    for _ in range(2):
        reply = await gate.submit()
        assert (reply.status_code, reply.json()["code"], reply.headers["Retry-After"]) == (
            status,
            status,
            "7",
        )
    await inject(gate, on="submit", kind=kind)
    assert "Retry-After" not in (await gate.submit()).headers
    assert gate.world.stats()["charged"] == 0


async def test_answers_that_are_not_json(gate):
    """`html` and `garbage` have status 200 and a body that cannot be read."""
    await inject(gate, on="status", kind="html")
    reply = await gate.http.get(STATUS)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    await inject(gate, on="status", kind="garbage")
    reply = await gate.http.get(STATUS)
    assert reply.status_code == 200
    with pytest.raises(ValueError, match="decode"):
        reply.json()


async def test_a_truncated_answer(gate):
    """`truncate` does what was asked and breaks the answer off."""
    await inject(gate, on="submit", kind="truncate")
    with pytest.raises(httpx.RemoteProtocolError):
        await gate.submit()
    assert gate.world.stats()["charged"] == 1


@pytest.mark.parametrize(
    ("kind", "arrived"), [("truncate", b'{"progress":35}\n'), ("slow", None), ("accept_then_drop", b"")]
)
async def test_a_stream_that_a_fault_befalls(kind, arrived):
    """A truncated stream ends after its first line, one that is dropped before it, a late one comes whole."""
    closed = []

    async def lines():
        try:
            for percent in (35, 75, 100):
                yield f'{{"progress":{percent}}}\n'
        finally:
            closed.append(True)

    async def answer():
        return StreamingResponse(lines(), media_type="application/x-ndjson")

    def refuse(*_):
        raise AssertionError

    fault = Fault(on="submit", kind=kind, seconds=0)
    reply = await afflict(fault, answer, refuse, ManualClock())
    received = b""

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        nonlocal received
        received += message.get("body", b"")

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    if arrived is None:
        await reply(scope, receive, send)
        assert received.count(b"\n") == 3
        return
    with pytest.raises(httpx.RemoteProtocolError):
        await reply(scope, receive, send)
    assert received == arrived
    assert closed == [True] * bool(arrived)


@pytest.mark.parametrize("door", ["text", "upload"])
def test_words_and_uploads_can_go_wrong(door):
    """Faults wait at these doors too; what is charged there may be accepted and its answer lost."""
    assert Fault(on=door, kind="status:500").status == 500
    if door == "text":
        assert Fault(on=door, kind="accept_then_drop").group == "accept_then_drop"
    else:
        with pytest.raises(ValueError, match="no fault"):
            Fault(on=door, kind="accept_then_drop")


async def test_a_slow_answer(gate):
    """`slow` has acted at once and answers when its gateway seconds are over."""
    await inject(gate, on="submit", kind="slow", seconds=20)
    submitting = asyncio.create_task(gate.submit())
    await gate.until(lambda: gate.world.stats()["charged"] == 1)
    gate.clock.advance(19)
    await asyncio.sleep(0)
    assert not submitting.done()
    gate.clock.advance(1)
    assert (await submitting).status_code == 200


async def test_successes_that_cannot_be_used(gate, urls):
    """`bad_result_json`, `no_urls` and `odd_state` wait for a reply that can show them, and then pass."""
    task_id = await gate.accepted()
    for kind in ("bad_result_json", "no_urls"):
        await inject(gate, on="status", kind=kind)
    assert (await gate.status(task_id))["state"] == "pending"
    gate.clock.advance(60)
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads((await gate.status(task_id))["resultJson"])
    assert urls(await gate.status(task_id)) == []
    await inject(gate, on="status", kind="odd_state")
    assert (await gate.status(task_id))["state"] not in {"pending", "processing", "success", "failed"}
    assert len(urls(await gate.status(task_id))) == 4


async def test_a_fault_on_files(gate):
    """A file's refusal is no envelope: object stores do not speak the gateway's language."""
    await inject(gate, on="file", kind="status:500")
    reply = await gate.http.get("/files/task_0/0.jpg")
    assert (reply.status_code, reply.headers["Content-Type"]) == (500, "text/plain; charset=utf-8")


def test_times_and_after():
    """A fault lets `after` requests pass and then fires `times` times; None is for ever."""
    faults = Faults()
    faults.add(on="status", kind="drop", after=2, times=2)
    assert [faults.take("status", TRANSPORT) is not None for _ in range(6)] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    faults.add(on="status", kind="drop", times=None)
    assert all(faults.take("status", TRANSPORT) for _ in range(50))
    assert faults.take("submit", TRANSPORT) is None


def test_probability_is_repeatable():
    """A fault with a probability fires about so often, and at the same requests for the same seed."""

    def run(seed: int) -> list[bool]:
        faults = Faults()
        faults.add(Fault(on="file", kind="drop", times=None, probability=0.3, seed=seed))
        return [faults.take("file", TRANSPORT) is not None for _ in range(400)]

    assert run(1) == run(1) != run(2)
    assert 80 < sum(run(1)) < 160


def test_one_fault_a_request():
    """The first fault that fires is the only one; the next waits for the next request."""
    faults = Faults()
    faults.add(on="submit", kind="drop")
    faults.add(on="submit", kind="hang")
    assert [
        fault.kind
        for fault in (faults.take("submit", TRANSPORT), faults.take("submit", TRANSPORT))
        if fault
    ] == [
        "drop",
        "hang",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"on": "everything", "kind": "drop"},
        {"on": "status", "kind": "explode"},
        {"on": "status", "kind": "status"},
        {"on": "status", "kind": "status:200"},
        {"on": "status", "kind": "accept_then_drop"},
        {"on": "submit", "kind": "no_urls"},
        {"on": "submit", "kind": "drop", "times": 0},
        {"on": "submit", "kind": "drop", "times": "2"},
        {"on": "submit", "kind": "drop", "after": -1},
        {"on": "submit", "kind": "drop", "probability": 2},
        {"on": "submit", "kind": "drop", "color": "red"},
        {"kind": "drop"},
        "drop",
    ],
)
async def test_a_fault_that_cannot_be(gate, fields):
    """A fault that makes no sense is refused with a reason, and nothing is added."""
    reply = await gate.http.post("/_simulator/faults", json=fields)
    assert reply.status_code == 400
    assert reply.json()["error"]
    assert gate.world.stats()["faults"] == []


async def test_adding_and_forgetting_faults(gates):
    """Faults come by HTTP, singly or in a list, or with the app, and are all forgotten at once."""
    gate = gates(faults=[Fault(on="status", kind="hang", times=None)])
    await gate.http.post(
        "/_simulator/faults", json=[{"on": "file", "kind": "drop"}, {"on": "submit", "kind": "html"}]
    )
    assert [fault["on"] for fault in gate.world.stats()["faults"]] == ["status", "file", "submit"]
    assert (await gate.http.delete("/_simulator/faults")).json() == {"faults": []}
    assert (await gate.http.get(STATUS)).status_code == 400
