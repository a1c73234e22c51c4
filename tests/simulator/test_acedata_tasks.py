"""What AceData's `/tasks` does beyond showing a task: names of one's own, filters, deleting."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def ask(gate, **fields: Any) -> Any:
    """Return the answer to a `/tasks` request."""
    reply = await gate.http.post("/midjourney/tasks", json=fields)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def start(gate, **fields: Any) -> str:
    """Have something made and return the task's id."""
    body = {"prompt": "a lighthouse", "async": True, **fields}
    reply = await gate.http.post("/midjourney/imagine", json=body)
    return reply.json()["task_id"]


async def test_an_unknown_task_is_an_empty_object(gate):
    """A single query that matches nothing is no error."""
    assert await ask(gate, action="retrieve", id="no-such-task") == {}
    assert await ask(gate, action="retrieve", trace_id="no-such-trace") == {}


async def test_a_senders_own_trace_id_finds_the_task(gate):
    """It is shown in the record, and finds it alone and in a batch; words can be found by it, too."""
    task_id = await start(gate, trace_id="my-custom-001")
    await gate.http.post("/midjourney/shorten", json={"prompt": "a small hut", "trace_id": "mine-2"})
    assert (await ask(gate, action="retrieve", id=task_id))["trace_id"] == "my-custom-001"
    assert (await ask(gate, action="retrieve", trace_id="my-custom-001"))["id"] == task_id
    batch = await ask(gate, action="retrieve_batch", trace_ids=["mine-2", "my-custom-001"])
    assert [item["type"] for item in batch["items"]] == ["shorten", "imagine"]
    assert gate.world.stats()["ignored_fields"] == {}


async def test_filters_that_choose_nothing(gate):
    """The ids of an application and a user are ignored, and the earliest moment of all is a moment."""
    task_id = await start(gate)
    narrowed = {"application_id": "a", "user_id": "u", "created_at_min": 0}
    assert (await ask(gate, action="retrieve_batch", **narrowed))["count"] == 1
    assert (await ask(gate, action="retrieve_batch", created_at_max=0))["count"] == 0
    assert (await ask(gate, action="retrieve", id=task_id, application_id="a", user_id="u"))[
        "id"
    ] == task_id
    assert gate.world.stats()["ignored_fields"] == {}


async def test_a_deleted_task_is_gone_from_the_lists(gates, tmp_path):
    """Neither a retrieve nor a list finds it, after a restart either; its picture stays and was paid for."""
    gate = gates(state=tmp_path / "state.sqlite")
    task_id, other = await start(gate), await start(gate)
    gate.clock.advance(60)
    picture = (await ask(gate, action="retrieve", id=task_id))["response"]["raw_image_url"]
    assert await ask(gate, action="delete", id=task_id) == {"id": task_id, "deleted": True}
    assert await ask(gate, action="delete", id=task_id) == {}
    gate.world.close()
    gate = gates(state=tmp_path / "state.sqlite")
    assert await ask(gate, action="retrieve", id=task_id) == {}
    for ids in ({}, {"ids": [task_id, other]}):
        found = await ask(gate, action="retrieve_batch", **ids)
        assert ([item["id"] for item in found["items"]], found["count"]) == ([other], 1)
    assert (await gate.http.get(picture)).status_code == 200
    assert gate.world.stats()["charged"] == 2


async def test_nobody_deletes_what_is_not_theirs(gate):
    """A stranger's delete finds nothing."""
    task_id = await start(gate)
    reply = await gate.http.post(
        "/midjourney/tasks",
        json={"action": "delete", "id": task_id},
        headers={"Authorization": "Bearer another"},
    )
    assert reply.json() == {}
    assert (await ask(gate, action="retrieve", id=task_id))["id"] == task_id
