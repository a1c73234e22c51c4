"""Callbacks: sent when a task ends, tried again when nobody listens, never sent beyond this machine."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from mjnb.simulator.callbacks import Callbacks
from mjnb.simulator.tasks import Drawing, Order

pytestmark = pytest.mark.anyio

HERE = "http://127.0.0.1:9/done"


def announced(url=HERE):
    """Return the envelope of a request that wants a callback."""
    return {"request_type": "callback", "callback_url": url}


async def settled(gate, task_id, outcome, attempts):
    """Wait until a task's callback has come so far."""
    store = gate.world.store
    await gate.until(
        lambda: (store.delivery(task_id).outcome, store.delivery(task_id).attempts) == (outcome, attempts)
    )


async def breathe():
    """Let everything that can go on go on."""
    for _ in range(30):
        await asyncio.sleep(0)


async def test_a_callback_tells_what_the_status_tells(gates, callback_sink):
    """A success is announced once, with the very envelope of the status reply."""
    gate = gates(callback_transport=callback_sink)
    task_id = await gate.accepted(**announced())
    await breathe()
    assert callback_sink.received == []
    gate.clock.advance(60)
    request = await callback_sink.next()
    reply = await gate.http.get("/api/v1/statusTask/midjourney", params={"taskId": task_id})
    assert json.loads(request.content) == reply.json()
    assert str(request.url) == HERE
    await settled(gate, task_id, "delivered", 1)
    gate.clock.advance(1000)
    await breathe()
    assert len(callback_sink.received) == 1


async def test_a_callback_is_tried_again(gates, callback_sink):
    """What is not answered with 200 is sent again after 30, 60 and 120 seconds."""
    gate = gates(callback_transport=callback_sink)
    callback_sink.statuses = [500, 0, 204, 200]
    task_id = await gate.accepted(**announced())
    gate.clock.advance(60)
    await settled(gate, task_id, "pending", 1)
    for attempts, wait in ((1, 30), (2, 60), (3, 120)):
        gate.clock.advance(wait - 1)
        await breathe()
        assert len(callback_sink.received) == attempts
        gate.clock.advance(1)
        await settled(gate, task_id, "pending" if attempts < 3 else "delivered", attempts + 1)
    assert len(callback_sink.received) == 4


async def test_a_callback_is_given_up(gates, callback_sink):
    """After the third retry nothing more is sent."""
    gate = gates(callback_transport=callback_sink)
    callback_sink.statuses = [500] * 9
    task_id = await gate.accepted(**announced())
    for attempt in (1, 2, 3, 4):
        gate.clock.advance(120)
        await settled(gate, task_id, "pending" if attempt < 4 else "failed", attempt)
    gate.clock.advance(10_000)
    await breathe()
    assert len(callback_sink.received) == 4


async def test_a_receiver_has_thirty_seconds(gates, callback_sink):
    """A receiver that does not answer in time gets the callback again."""
    gate = gates(callback_transport=callback_sink)
    callback_sink.statuses = [None]
    task_id = await gate.accepted(**announced())
    gate.clock.advance(60)
    await callback_sink.next()
    gate.clock.advance(30)
    await settled(gate, task_id, "pending", 1)
    gate.clock.advance(30)
    await settled(gate, task_id, "delivered", 2)
    assert len(callback_sink.received) == 2


async def test_nothing_leaves_this_machine(gates, callback_sink):
    """A callback to any other host is recorded as undeliverable and not sent."""
    gate = gates(callback_transport=callback_sink)
    await gate.accepted(**announced("https://example.com/done"))
    gate.clock.advance(1000)
    await breathe()
    assert callback_sink.received == []
    assert gate.world.stats()["callbacks"] == {"undeliverable": 1}


async def test_an_asynchronous_task_is_not_announced(gates, callback_sink):
    """Without `request_type: callback` a callback URL is of no use."""
    gate = gates(callback_transport=callback_sink)
    await gate.accepted(callback_url=HERE)
    gate.clock.advance(1000)
    await breathe()
    assert callback_sink.received == []
    assert gate.world.stats()["callbacks"] == {}


@pytest.mark.parametrize("kind", ["html", "garbage", "truncate", "bad_result_json", "no_urls", "odd_state"])
async def test_a_spoilt_callback(gates, callback_sink, kind):
    """Faults of content befall callbacks too: what arrives is not a usable success."""
    gate = gates(callback_transport=callback_sink)
    gate.world.faults.add(on="callback", kind=kind)
    await gate.accepted(**announced())
    gate.clock.advance(60)
    content = (await callback_sink.next()).content
    try:
        data = json.loads(content)["data"]
        usable = data["state"] == "success" and bool(json.loads(data["resultJson"])["resultUrls"])
    except ValueError:
        usable = False
    assert not usable


@pytest.mark.parametrize("kind", ["drop", "hang", "status:503"])
async def test_a_lost_callback(gates, callback_sink, kind):
    """A callback that a fault keeps from arriving is tried again like any other."""
    gate = gates(callback_transport=callback_sink)
    gate.world.faults.add(on="callback", kind=kind)
    task_id = await gate.accepted(**announced())
    gate.clock.advance(60)
    await settled(gate, task_id, "pending", 1)
    assert callback_sink.received == []
    gate.clock.advance(30)
    await settled(gate, task_id, "delivered", 2)
    assert len(callback_sink.received) == 1


async def test_a_late_callback(gates, callback_sink):
    """A slow callback comes so many gateway seconds late."""
    gate = gates(callback_transport=callback_sink)
    gate.world.faults.add(on="callback", kind="slow", seconds=300)
    task_id = await gate.accepted(**announced())
    gate.clock.advance(60)
    await gate.until(lambda: gate.world.stats()["faults"] == [])
    gate.clock.advance(299)
    await breathe()
    assert callback_sink.received == []
    gate.clock.advance(1)
    await settled(gate, task_id, "delivered", 1)


@pytest.fixture
def spoken(gate, callback_sink):
    """Callbacks of a gateway that says its task's id and prompt."""
    callbacks = Callbacks(gate.world, transport=callback_sink)
    callbacks.speak("test", lambda task, _, __: {"id": task.id, "prompt": task.drawing.prompt})
    return callbacks


def order(url=HERE, **changes):
    """Return an order that wants a callback."""
    return Order("test", Drawing("a cat"), 1, (10, 10), callback_url=url, **changes)


async def test_a_task_that_went_on_is_announced_at_its_new_end(gate, callback_sink, spoken):
    """The callback of a task that waited tells, once, of what became of it."""
    waiting = gate.world.accept("a", order(waits=True))
    spoken.start(waiting)
    await breathe()
    gate.clock.advance(100)
    spoken.start(gate.world.go_on(waiting, drawing=Drawing("a fox"), seconds=(10, 10)))
    await breathe()
    gate.clock.advance(10)
    await settled(gate, waiting.id, "delivered", 1)
    gate.clock.advance(2000)
    await breathe()
    assert [json.loads(request.content)["prompt"] for request in callback_sink.received] == ["a fox"]
    await spoken.close()


async def test_a_callback_can_tell_of_progress(gate, callback_sink, spoken):
    """Something may be told before the end, once, whatever becomes of it, and never beyond this machine."""
    callback_sink.statuses = [500]
    task = gate.world.accept("a", order())
    assert not await spoken.tell(task, {"progress": 35})
    assert await spoken.tell(task, {"progress": 75})
    far = gate.world.accept("a", order("https://example.com/done"))
    assert not await spoken.tell(far, {"progress": 35})
    assert [json.loads(request.content)["progress"] for request in callback_sink.received] == [35, 75]
    assert all(request.url == httpx.URL(HERE) for request in callback_sink.received)
    await spoken.close()
