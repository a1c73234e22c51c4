"""APIMart's other tasks and the rules around all of them: blend, describe, video, uploads, keys, money, faults."""

from __future__ import annotations

import os

import pytest
from simulator.apimart_steps import OPEN, Apimart

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n"
DAY = 24 * 3600.0


@pytest.fixture
def mart(gate):
    """A client of the gateway."""
    return Apimart(gate)


def task_of(mart, task_id):
    """Return what the world knows of a task."""
    return mart.gate.world.store.task(task_id)


@pytest.mark.parametrize(
    ("fields", "aspect"),
    [
        ({}, "1:1"),
        ({"dimensions": "PORTRAIT"}, "2:3"),
        ({"dimensions": "LANDSCAPE", "size": "21:9"}, "21:9"),
    ],
)
async def test_blend(mart, fields, aspect):
    """Two to four pictures are blended without words, in one of three shapes or in any."""
    task = await mart.done("blend", image_urls=[OPEN.format("a"), OPEN.format("b")], **fields)
    assert (task["status"], task["action"], len(task["image_urls"])) == ("SUCCESS", "BLEND", 4)
    drawing = task_of(mart, task["id"]).drawing
    assert (drawing.prompt, drawing.aspect, len(drawing.references)) == ("", aspect, 2)


@pytest.mark.parametrize("count", [0, 1, 5])
async def test_a_blend_of_too_few_or_too_many(mart, count):
    """Other numbers of pictures are refused."""
    refused = await mart.refused("blend", image_urls=[OPEN.format(number) for number in range(count)])
    assert refused == (400, "image_urls must have 2 to 4 images")


async def test_describe_ends_in_four_lines(mart):
    """A picture is described in four numbered lines and no pictures; it takes a moment."""
    task_id = await mart.accepted(
        "describe", image_urls=[OPEN.format("red-lighthouse"), OPEN.format("unused")]
    )
    assert (await mart.direct(task_id))["status"] == "NOT_START"
    mart.gate.clock.advance(3)
    task = await mart.direct(task_id)
    lines = task["description"].split("\n")
    assert [line[:3] for line in lines] == ["1️⃣", "2️⃣", "3️⃣", "4️⃣"]
    assert "red lighthouse" in lines[0]
    assert not {"image_urls", "grid_image_url", "buttons"} & set(task)
    assert (await mart.wrapped(task_id))["result"]["description"] == task["prompt"] == task["description"]


async def test_describe_knows_our_own_pictures(mart):
    """A picture drawn here is described by its own prompt."""
    grid = await mart.direct(await mart.grid())
    task = await mart.done("describe", image_urls=[grid["image_urls"][0]])
    assert "a lighthouse" in task["description"]


async def test_edits_work_over_a_picture(mart):
    """Edits take one of our own pictures or a stranger's, with the fields of imagine."""
    grid = await mart.direct(await mart.grid())
    own = await mart.accepted("edits", prompt="in snow", image_urls=[grid["image_urls"][2]])
    strange = await mart.accepted(
        "edits", prompt="in snow", image_urls=[OPEN.format("a")], size="3:2", chaos=9
    )
    assert task_of(mart, own).drawing.source == (grid["id"], 2)
    drawing = task_of(mart, strange).drawing
    assert (drawing.original, drawing.aspect, drawing.chaos) == (OPEN.format("a"), "3:2", 9)
    assert await mart.refused("edits", prompt="in snow") == (400, "image_urls is required")
    assert await mart.refused("edits", image_urls=[OPEN.format("a")]) == (400, "prompt is required")


async def test_someone_elses_picture_cannot_be_worked_over(mart):
    """A picture of another key's task is not there for this one."""
    theirs = (await mart.direct(await mart.grid()))["image_urls"][0]
    task = await Apimart(mart.gate, "other").done("edits", prompt="in snow", image_urls=[theirs])
    assert task["fail_reason"] == "Failed to download image"


async def test_a_video_begins_with_a_picture_of_a_task(mart):
    """A video of a grid takes the picture `index` from 0, gives its clips, and can be played."""
    grid = await mart.grid()
    task = await mart.done("video", task_id=grid, index=3, batch_size=2, motion="low")
    assert task["mode"] == "FAST"
    assert (task["action"], task["video_url"], len(task["video_urls"])) == (
        "VIDEO",
        task["video_urls"][0],
        2,
    )
    drawing = task_of(mart, task["id"]).drawing
    assert (drawing.source, drawing.motion) == ((grid, 3), "low")
    clip = await mart.gate.http.get(task["video_url"])
    assert (clip.headers["Content-Type"], clip.content[:4]) == ("video/webm", b"\x1a\x45\xdf\xa3")
    (result,) = (await mart.wrapped(task["id"]))["result"]["videos"]
    assert result["url"] == task["video_urls"]


@pytest.mark.parametrize(
    ("fields", "clips", "dollars"),
    [
        ({}, 1, 0.2),
        ({"batch_size": 4}, 4, 0.8),
        ({"batch_size": 3}, 1, 0.2),
        ({"batch_size": 2, "video_type": "vid_1.1_i2v_720"}, 2, 0.8),
        (
            {"end_url": OPEN.format("end"), "video_type": "vid_1.1_i2v_start_end_720", "speed": "relax"},
            1,
            0.4,
        ),
    ],
)
async def test_what_a_video_costs(mart, fields, clips, dollars):
    """The price follows resolution and number of clips, whatever the speed; odd numbers count as one."""
    task = await mart.done("video", prompt="waves", image_urls=[OPEN.format("a")], **fields)
    assert (len(task["video_urls"]), task["cost"]) == (clips, pytest.approx(dollars))


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"prompt": "waves"}, "image_urls"),
        ({"image_urls": [OPEN.format("a")]}, "prompt"),
        ({"prompt": "waves", "image_urls": [OPEN.format("a")] * 2}, "image_urls"),
        ({"prompt": "waves", "image_urls": [OPEN.format("a")], "animate_mode": "auto"}, "animate_mode"),
        ({"prompt": "waves", "image_urls": [OPEN.format("a")], "video_type": "extend"}, "video_type"),
        ({"prompt": "waves", "image_urls": [OPEN.format("a")], "motion": "wild"}, "motion"),
        ({"prompt": "waves", "image_urls": [OPEN.format("a")], "batch_size": "4"}, "batch_size"),
        ({"prompt": "waves", "image_urls": [OPEN.format("a")], "index": 4}, "index"),
    ],
)
async def test_videos_that_are_refused(mart, fields, word):
    """A video needs a first frame, words for a picture of one's own, and documented values."""
    status, message = await mart.refused("video", **fields)
    assert status == 400
    assert word in message


async def test_a_video_has_no_follow_ups(mart):
    """A task that gave clips or words is no parent."""
    task = await mart.done("video", prompt="waves", image_urls=[OPEN.format("a")])
    assert await mart.refused("variation", task_id=task["id"], index=1) == (
        400,
        "task_id must be a task that gave images",
    )


async def test_an_upload_comes_back_byte_by_byte(mart):
    """What was uploaded can be fetched for 72 hours and be used in a request, though this machine is private."""
    data = PNG + os.urandom(50_000) + b"\r\n--\r\n"
    reply = await mart.gate.http.post(
        "/v1/uploads/images", headers=mart.key, files={"file": ("Füchse.png", data)}
    )
    sent = reply.json()
    assert (sent["filename"], sent["content_type"], sent["bytes"]) == ("Füchse.png", "image/png", len(data))
    assert (await mart.gate.http.get(sent["url"])).content == data
    local = sent["url"].replace("gate.test", "127.0.0.1:8000")
    assert (await mart.done(prompt="a fox", image_urls=[local]))["status"] == "SUCCESS"
    mart.gate.clock.advance(3 * DAY)
    assert (await mart.gate.http.get(sent["url"])).status_code == 410


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("file", b"GIF87a", 200),
        ("file", b"RIFF\0\0\0\0WEBP", 200),
        ("file", b"words", 400),
        ("image", PNG, 400),
        ("file", PNG + bytes(21 * 1024**2), 413),
    ],
)
async def test_what_can_be_uploaded(mart, name, data, status):
    """The field is called `file`, holds a picture of a known kind, and is not too large."""
    reply = await mart.gate.http.post("/v1/uploads/images", headers=mart.key, files={name: ("a.png", data)})
    assert reply.status_code == status
    assert (await mart.send("/v1/uploads/images", {"file": "a.png"})).status_code == 400


async def test_one_key_makes_one_task(mart):
    """The same idempotency key gives the same task, charged once; another key or account makes another."""
    body = {"prompt": "a fox"}
    path = "/v1/midjourney/generations"
    first = await mart.send(path, body, Idempotency_Key="one")
    again = await mart.send(path, body, Idempotency_Key="one")
    other = await mart.send(path, body, Idempotency_Key="imagine")
    stranger = await Apimart(mart.gate, "other").send(path, body, Idempotency_Key="one")
    ids = [reply.json()["data"][0]["task_id"] for reply in (first, again, other, stranger)]
    assert (ids[0] == ids[1], len(set(ids))) == (True, 3)
    assert [reply.headers.get("Idempotency-Replayed") for reply in (first, again)] == [None, "true"]
    assert mart.gate.world.stats()["charged"] == 3
    assert (await mart.send(path, body, Idempotency_Key="no spaces")).status_code == 400


async def test_a_lost_answer_can_be_asked_for_again(mart):
    """After an accepted request whose answer was lost, the same key brings the task and no second charge."""
    mart.gate.world.faults.add(on="submit", kind="status:502", after=1)
    path = "/v1/midjourney/generations"
    first = await mart.send(path, {"prompt": "a fox"}, Idempotency_Key="k")
    assert (await mart.send(path, {"prompt": "a fox"}, Idempotency_Key="k")).status_code == 502
    again = await mart.send(path, {"prompt": "a fox"}, Idempotency_Key="k")
    assert (again.json(), mart.gate.world.stats()["charged"]) == (first.json(), 1)


async def test_the_second_half_can_be_sent_twice_under_one_key(mart):
    """A modal whose answer was lost may be repeated with its key."""
    task_id = await mart.accepted("inpaint", task_id=await mart.single())
    path, body = "/v1/midjourney/generations/modal", {"task_id": task_id}
    first = await mart.send(path, body, Idempotency_Key="k")
    again = await mart.send(path, body, Idempotency_Key="k")
    assert first.json() == again.json()
    assert (await mart.send(path, body, Idempotency_Key="other")).status_code == 400


async def test_the_general_endpoint_answers_with_an_object_or_a_list(mart):
    """With the version header `data` is an object and the version is said back; without it, a list."""
    path, body = "/v1/images/generations", {"model": "midjourney", "prompt": "a fox", "n": 1}
    reply = await mart.send(path, body, X_APIMart_Response_Version="2026-07-27")
    assert reply.json()["data"]["object"] == "generation.task"
    assert reply.headers["X-APIMart-Response-Version"] == "2026-07-27"
    assert (await mart.direct(reply.json()["data"]["id"]))["action"] == "IMAGINE"
    assert isinstance((await mart.send(path, body)).json()["data"], list)
    assert (await mart.send(path, {"prompt": "a fox"})).json()["error"]["message"] == "model is required"
    assert (await mart.send(path, {**body, "model": "other"})).status_code == 404


async def test_the_model_describes_itself(mart):
    """The gateway's own client asks for a schema and a page before it submits."""
    schema = (await mart.get("/v1/model-schema", model="midjourney", operation="image_generation")).json()
    assert schema["input_schema"]["properties"]["chaos"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 100,
    }
    page = (await mart.get("/v1/model-docs", model="midjourney")).json()
    assert (page["object"], page["stale"]) == ("model.documentation", False)
    assert "`chaos`" in page["markdown"]
    assert (await mart.get("/v1/model-schema", model="other")).status_code == 404


async def test_tasks_belong_to_their_key_and_are_kept_three_days(mart):
    """Someone else's task is a 403, also as a parent; after three days nobody knows it, and its files last 72 hours."""
    grid = await mart.grid()
    other = Apimart(mart.gate, "other")
    assert (await other.get(f"/v1/tasks/{grid}")).status_code == 403
    assert (await other.refused("upscale", task_id=grid, index=1))[0] == 403
    url = (await mart.direct(grid))["image_urls"][0]
    mart.gate.clock.advance(3 * DAY - 600)
    assert (await mart.gate.http.get(url)).status_code == 200
    mart.gate.clock.advance(700)
    assert (await mart.get(f"/v1/midjourney/{grid}")).status_code == 404
    assert (await mart.refused("upscale", task_id=grid, index=1)) == (404, "Task not found")
    assert (await mart.gate.http.get(url)).status_code == 410


async def test_a_reply_promises_its_urls_for_a_day(mart):
    """`expires_at` is a day after the end."""
    task = await mart.wrapped(await mart.grid())
    assert task["result"]["images"][0]["expires_at"] == task["completed"] + DAY


async def test_tasks_of_another_gateway_are_unknown(mart):
    """A task that APIXO has taken is none of APIMart's."""
    task_id = await mart.gate.accepted()
    assert (await mart.gate.http.get(f"/v1/tasks/{task_id}")).status_code == 404


async def test_the_sheet_is_the_grid(mart):
    """`grid_image_url` leads to a picture."""
    grid = await mart.direct(await mart.grid())
    reply = await mart.gate.http.get(grid["grid_image_url"])
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "image/jpeg")


async def test_progress_grows(mart):
    """Progress is a whole percent in one query and a text in the other, and never falls."""
    task_id = await mart.accepted(prompt="a fox", speed="fast")
    seen = []
    for _ in range(14):
        mart.gate.clock.advance(5)
        task, other = await mart.wrapped(task_id), await mart.direct(task_id)
        assert other["progress"] == f"{task['progress']}%"
        seen.append(task["progress"])
    assert (seen, seen[-1]) == (sorted(seen), 100)


async def test_a_failure_gives_its_money_back(gates):
    """The balance falls with a task and rises when it fails."""
    mart = Apimart(gates(credit_usd=1))
    task_id = await mart.accepted(prompt="a fox fail:NO_UPSTREAM")
    assert (await mart.get("/balance")).json()["used_balance"] == 0.04504
    mart.gate.clock.advance(180)
    assert (await mart.direct(task_id))["credits_cost"] == 0
    assert (await mart.get("/v1/user/balance")).json()["remain_balance"] == 1


@pytest.mark.parametrize("body", [b"{", b"[]", b'"words"', b"\xff"])
async def test_a_body_that_is_no_object(mart, body):
    """What is no JSON object is refused in the gateway's words, at every submit."""
    for action in ("", "/upscale", "/modal"):
        reply = await mart.gate.http.post(
            f"/v1/midjourney/generations{action}", content=body, headers=mart.key
        )
        assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_paths_that_are_not_there_answer_in_the_gateways_words(mart):
    """An unknown path and a wrong method have APIMart's error body."""
    for reply in (
        await mart.send("/v1/midjourney/generations/shorten", {}),
        await mart.get("/apimart/v1/nothing"),
    ):
        assert reply.json()["error"]["type"] in {"not_found", "invalid_request_error"}


@pytest.mark.parametrize(
    ("kind", "query", "key", "value"),
    [
        ("odd_state", "wrapped", "status", "archived"),
        ("odd_state", "direct", "status", "ARCHIVED"),
        ("no_urls", "wrapped", "result", {"images": []}),
        ("no_urls", "direct", "image_urls", []),
    ],
)
async def test_faults_in_a_finished_tasks_reply(mart, kind, query, key, value):
    """A success can come with an odd state or without pictures, once."""
    grid = await mart.grid()
    mart.gate.world.faults.add(on="status", kind=kind)
    ask = getattr(mart, query)
    assert (await ask(grid))[key] == value
    assert (await ask(grid))[key] != value


@pytest.mark.parametrize(("query", "key"), [("wrapped", "result"), ("direct", "image_urls")])
async def test_a_result_of_the_wrong_kind(mart, query, key):
    """Where results should be, the fault for malformed ones puts a piece of text."""
    grid = await mart.grid()
    mart.gate.world.faults.add(on="status", kind="bad_result_json")
    assert isinstance((await getattr(mart, query)(grid))[key], str)


async def test_a_restart_forgets_nothing(gates, tmp_path):
    """Tasks, those that wait and idempotency keys are there again after a restart."""
    mart = Apimart(gates(state=tmp_path / "state.db"))
    reply = await mart.send("/v1/midjourney/generations", {"prompt": "a fox"}, Idempotency_Key="k")
    waiting = await mart.accepted("inpaint", task_id=await mart.single())
    mart.gate.world.close()
    later = Apimart(gates(state=tmp_path / "state.db", clock=mart.gate.clock))
    again = await later.send("/v1/midjourney/generations", {"prompt": "a fox"}, Idempotency_Key="k")
    assert again.json() == reply.json()
    assert (await later.direct(waiting))["status"] == "MODAL"
    assert (await later.post("modal", task_id=waiting)).status_code == 200
