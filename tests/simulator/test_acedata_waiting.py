"""The four ways in which AceData lets one wait: blocking, line by line, by callback, by asking for tasks."""

from __future__ import annotations

import asyncio
import json
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

pytestmark = pytest.mark.anyio

NDJSON = {"accept": "application/x-ndjson"}


async def turns() -> None:
    """Let everything else go on for a while."""
    for _ in range(20):
        await asyncio.sleep(0)


async def start(gate, path: str = "imagine", **fields: Any) -> str:
    """Have something made and return the task's id."""
    reply = await gate.http.post(
        f"/midjourney/{path}", json={"prompt": "a lighthouse", "async": True, **fields}
    )
    assert reply.status_code == 200, reply.text
    return reply.json()["task_id"]


async def retrieve(gate, task_id: str) -> dict[str, Any]:
    """Return what is said of one task."""
    reply = await gate.http.post("/midjourney/tasks", json={"action": "retrieve", "id": task_id})
    assert reply.status_code == 200, reply.text
    return reply.json()


async def finished(gate, path: str = "imagine", **fields: Any) -> dict[str, Any]:
    """Have something made, let two minutes pass and return the response."""
    task_id = await start(gate, path, **fields)
    gate.clock.advance(120)
    return (await retrieve(gate, task_id))["response"]


def sending(gate, headers: dict[str, str] | None = None, **fields: Any) -> asyncio.Task[httpx.Response]:
    """Begin a blocking request."""
    post = gate.http.post("/midjourney/imagine", json={"prompt": "a lighthouse", **fields}, headers=headers)
    return asyncio.ensure_future(post)


async def size(gate, url: str) -> tuple[int, int]:
    """Return the size of the picture at a URL."""
    reply = await gate.http.get(url)
    assert reply.status_code == 200, url
    return Image.open(BytesIO(reply.content)).size


async def test_a_blocking_reply_comes_when_the_task_ends(gate):
    """Nothing is answered while the task runs; then all of it."""
    waiting = sending(gate)
    await turns()
    gate.clock.advance(29)
    await turns()
    assert not waiting.done()
    gate.clock.advance(16)
    reply = await waiting
    assert reply.json()["success"] is True
    assert reply.json()["progress"] == 100


async def test_after_the_timeout_the_task_goes_on(gate):
    """A blocking request ends with the error `timeout` after its seconds; its trace id leads to the task, which ends well."""
    waiting = sending(gate, timeout=10)
    await turns()
    gate.clock.advance(9.5)
    await turns()
    assert not waiting.done()
    gate.clock.advance(0.5)
    reply = await waiting
    assert reply.status_code == 504
    gate.clock.advance(60)
    task = await gate.http.post(
        "/midjourney/tasks", json={"action": "retrieve", "trace_id": reply.json()["trace_id"]}
    )
    assert task.json()["response"]["success"] is True
    assert gate.world.stats()["charged"] == 1


async def test_the_sizes_in_a_reply_are_those_of_the_files(gate):
    """The raw URL leads to the whole sheet, the other to a thumbnail of half its sides, as large as the reply says."""
    made = await finished(gate, prompt="a lighthouse --ar 3:2", split_images=True)
    assert await size(gate, made["raw_image_url"]) == (made["raw_image_width"], made["raw_image_height"])
    assert await size(gate, made["image_url"]) == (made["image_width"], made["image_height"])
    assert made["raw_image_width"] == 2 * made["image_width"] == 2 * 96
    assert [await size(gate, url) for url in made["sub_image_urls"]] == [(96, 64)] * 4


async def test_single_images_come_only_when_they_are_wanted(gate):
    """Without `split_images` there is only the sheet."""
    assert "sub_image_urls" not in await finished(gate)
    assert len((await finished(gate, split_images=True))["sub_image_urls"]) == 4


async def test_previews_are_there_until_the_end(gate):
    """A line's picture can be fetched while the task runs, is as large as the line says, and is gone afterwards."""
    account = gate.world.owner_of(await start(gate))
    waiting = sending(gate, NDJSON)
    await turns()
    newest = gate.world.tasks(account, "acedata")[0].id
    gate.clock.advance(20)
    await turns()
    seen = await size(gate, f"/files/{newest}/preview-35.webp")
    gate.clock.advance(60)
    first = json.loads((await waiting).text.splitlines()[0])
    assert first["task_id"] == newest
    assert seen == (first["raw_image_width"], first["raw_image_height"])
    assert (await gate.http.get(first["image_url"])).status_code == 404


async def test_a_picture_of_the_progress_allows_nothing(gate):
    """Of a stream's ids only the last can be used."""
    waiting = sending(gate, NDJSON)
    await turns()
    gate.clock.advance(60)
    lines = [json.loads(line) for line in (await waiting).text.splitlines()]
    follow = {"action": "upscale1", "async": True}
    early = await gate.http.post("/midjourney/imagine", json={**follow, "image_id": lines[0]["image_id"]})
    late = await gate.http.post("/midjourney/imagine", json={**follow, "image_id": lines[-1]["image_id"]})
    assert (early.status_code, late.status_code) == (400, 200)


async def test_a_stream_tells_failure_and_timeout_in_its_last_line(gate):
    """A stream has begun with status 200, so its last line says what went wrong."""
    failing = sending(gate, NDJSON, prompt="a cat fail:api_error")
    hurried = sending(gate, NDJSON, timeout=12)
    await turns()
    for _ in range(12):
        gate.clock.advance(5)
        await turns()
    for reply, code in ((await failing, "api_error"), (await hurried, "timeout")):
        last = json.loads(reply.text.splitlines()[-1])
        assert (reply.status_code, last["success"], last["error"]["code"]) == (200, False, code)


@pytest.mark.parametrize("path", ["edits", "videos"])
async def test_edits_and_videos_can_be_streamed_too(gate, path):
    """Their progress comes line by line as well, the last line being the reply."""
    body = {"prompt": "a lighthouse", "image_url": "https://a.example/1.png"}
    waiting = asyncio.ensure_future(gate.http.post(f"/midjourney/{path}", json=body, headers=NDJSON))
    await turns()
    for _ in range(20):
        gate.clock.advance(5)
        await turns()
    lines = [json.loads(line) for line in (await waiting).text.splitlines()]
    assert len(lines) > 2
    assert [line["progress"] for line in lines] == sorted(line["progress"] for line in lines)
    assert bool(lines[-1].get("video_urls")) == (path == "videos")


async def test_a_stream_can_break_off_and_its_task_goes_on(gate):
    """A connection that is lost after the first line loses nothing: the task is found among the tasks."""
    gate.world.faults.add(on="submit", kind="truncate")
    waiting = sending(gate, NDJSON)
    await turns()
    gate.clock.advance(60)
    with pytest.raises(httpx.RemoteProtocolError):
        await waiting
    (item,) = (await gate.http.post("/midjourney/tasks", json={"action": "retrieve_batch"})).json()["items"]
    assert item["response"]["success"] is True


async def test_a_callback_with_a_stream_hears_of_the_progress(gates, callback_sink):
    """With both, the id is answered at once and the callback URL gets every line, the last one the result."""
    gate = gates(callback_transport=callback_sink)
    fields = {"prompt": "a lighthouse", "callback_url": "http://127.0.0.1:9/done"}
    accepted = await gate.http.post("/midjourney/imagine", json=fields, headers=NDJSON)
    assert list(accepted.json()) == ["task_id"]
    for _ in range(10):
        gate.clock.advance(6)
        await turns()
    said = [json.loads(request.content) for request in callback_sink.received]
    assert [line["progress"] for line in said] == sorted(line["progress"] for line in said)
    assert len(said) > 2
    assert [bool(line["actions"]) for line in said] == [False] * (len(said) - 1) + [True]


async def test_nobody_on_another_machine_is_called(gates, callback_sink):
    """A callback URL elsewhere gets neither the progress nor the end, and the task shows that it could not."""
    gate = gates(callback_transport=callback_sink)
    fields = {"prompt": "a lighthouse", "callback_url": "https://api.acedata.cloud/health"}
    for headers in (NDJSON, {}):
        await gate.http.post("/midjourney/imagine", json=fields, headers=headers)
    for _ in range(10):
        gate.clock.advance(20)
        await turns()
    assert callback_sink.received == []
    assert gate.world.stats()["callbacks"] == {"undeliverable": 2}


async def test_a_task_shows_how_far_it_is_without_a_status(gate):
    """Before the end there is neither a response nor an end; times are seconds with fractions, in their order."""
    task_id = await start(gate)
    fresh = await retrieve(gate, task_id)
    gate.clock.advance(20)
    running = await retrieve(gate, task_id)
    gate.clock.advance(40)
    done = await retrieve(gate, task_id)
    assert "started_at" not in fresh
    for task in (fresh, running):
        assert not {"response", "finished_at", "status"} & task.keys()
    assert done["created_at"] < done["started_at"] < done["finished_at"]
    assert done["image_id"] == done["response"]["image_id"]


async def test_one_request_tells_of_a_whole_sweep(gate):
    """A batch by ids has all of them in the order of the ids, however many; unknown ids are left out."""
    ids = [await start(gate, prompt=f"a lighthouse --s {value}") for value in range(30)]
    gate.clock.advance(60)
    body = {"action": "retrieve_batch", "ids": [*ids, "no-such-task"]}
    reply = (await gate.http.post("/midjourney/tasks", json=body)).json()
    assert [item["id"] for item in reply["items"]] == ids
    assert reply["count"] == 30
    assert gate.world.stats()["requests"]["status"] == 1


async def test_a_batch_with_a_limit_keeps_to_it(gate):
    """A limit and an offset cut a batch by ids as well."""
    ids = [await start(gate) for _ in range(5)]
    body = {"action": "retrieve_batch", "ids": ids, "offset": 1, "limit": 2}
    reply = (await gate.http.post("/midjourney/tasks", json=body)).json()
    assert ([item["id"] for item in reply["items"]], reply["count"]) == (ids[1:3], 5)


async def test_a_list_without_ids_is_the_newest_twelve(gate):
    """Without ids the newest come first, twelve of them, and `count` tells how many there are."""
    ids = [await start(gate) for _ in range(15)]
    reply = (await gate.http.post("/midjourney/tasks", json={"action": "retrieve_batch"})).json()
    assert [item["id"] for item in reply["items"]] == ids[:2:-1]
    assert reply["count"] == 15


async def test_a_list_can_be_narrowed_down(gate):
    """A type and times of creation choose among a key's tasks."""
    await start(gate)
    await gate.http.post("/midjourney/shorten", json={"prompt": "a small lighthouse"})
    gate.clock.advance(100)
    late = await start(gate)
    by_type = {"action": "retrieve_batch", "type": "shorten"}
    by_time = {"action": "retrieve_batch", "created_at_min": gate.clock.now() - 50, "application_id": "any"}
    words = (await gate.http.post("/midjourney/tasks", json=by_type)).json()["items"]
    recent = (await gate.http.post("/midjourney/tasks", json=by_time)).json()["items"]
    assert [item["type"] for item in words] == ["shorten"]
    assert [item["id"] for item in recent] == [late]


@pytest.mark.parametrize("name", ["id", "task_id", "trace_id"])
async def test_a_task_is_found_by_each_of_its_names(gate, name):
    """The documents name a task's id in two ways, and its trace id finds it, too."""
    task_id = await start(gate)
    value = (await retrieve(gate, task_id))["trace_id"] if name == "trace_id" else task_id
    reply = await gate.http.post("/midjourney/tasks", json={"action": "retrieve", name: value})
    assert reply.json()["id"] == task_id


async def test_tasks_of_others_do_not_exist(gate):
    """Another key gets the same answer for a stranger's task as for none."""
    task_id = await start(gate)
    stranger = {"Authorization": "Bearer another"}
    for wanted in (task_id, "no-such-task"):
        body = {"action": "retrieve", "id": wanted}
        reply = await gate.http.post("/midjourney/tasks", json=body, headers=stranger)
        assert (reply.status_code, reply.json()) == (200, {})
    batch = await gate.http.post(
        "/midjourney/tasks", json={"action": "retrieve_batch", "ids": [task_id]}, headers=stranger
    )
    assert batch.json() == {"items": [], "count": 0}


async def test_failures_are_shown_and_not_billed(gates):
    """A failed task has its error in the response, and its price is given back."""
    gate = gates(credit_usd=1.0)
    response = await finished(gate, prompt="a cat fail:api_error")
    assert (response["success"], response["error"]["code"]) == (False, "api_error")
    assert gate.world.stats()["spent_usd"] == 0
    assert gate.world.stats()["refunded"] == 1


async def test_urls_lead_where_the_request_came_in(gate):
    """Under the prefix every URL has the prefix, too."""
    accepted = await gate.http.post("/acedata/midjourney/imagine", json={"prompt": "a cat", "async": True})
    gate.clock.advance(60)
    body = {"action": "retrieve", "id": accepted.json()["task_id"]}
    made = (await gate.http.post("/acedata/midjourney/tasks", json=body)).json()["response"]
    assert made["raw_image_url"].startswith("http://gate.test/acedata/files/")
    assert await size(gate, made["raw_image_url"]) == (128, 128)


async def test_faults_spoil_what_a_task_says(gate):
    """A response that is broken, has no pictures, or a task in an odd state can be provoked."""
    task_id = await start(gate)
    gate.clock.advance(60)
    seen = []
    for kind in ("bad_result_json", "no_urls", "odd_state"):
        gate.world.faults.add(on="status", kind=kind)
        seen.append(await retrieve(gate, task_id))
    broken, empty, odd = seen
    assert isinstance(broken["response"], str)
    assert empty["response"]["raw_image_url"] == ""
    assert (odd["state"], "response" in odd) == ("archived", False)
    assert (await retrieve(gate, task_id))["response"]["success"] is True


async def test_a_restart_forgets_nothing(gates, tmp_path):
    """Tasks, image ids and actions are in the state file."""
    before = gates(state=tmp_path / "state.sqlite")
    made = await finished(before)
    after = gates(state=tmp_path / "state.sqlite")
    assert (await retrieve(after, made["task_id"]))["response"] == made
    single = await finished(after, action="upscale2", image_id=made["image_id"], prompt=None)
    assert "zoom_out_2x" in single["actions"]
