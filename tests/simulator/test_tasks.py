"""The life of a task: states, times, failures, follow-ups, money and limits."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mjnb.simulator.limits import OverLimitError
from mjnb.simulator.tasks import Drawing, Failure, Order, Phase

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("speed", "shortest", "longest"), [("fast", 30_000, 45_000), ("turbo", 15_000, 25_000)]
)
async def test_a_task_takes_as_long_as_its_speed(gate, speed, shortest, longest):
    """Over thirty tasks the cost times stay within the documented range and differ."""
    times = [(await gate.finished({"speed": speed}))["costTime"] for _ in range(30)]
    assert shortest <= min(times) < max(times) <= longest
    assert len(set(times)) > 20


async def test_states_follow_the_clock(gate):
    """A task waits about two seconds, is processed, and ends exactly at its complete time."""
    task_id = await gate.accepted()
    task = gate.world.store.task(task_id)
    assert (await gate.status(task_id))["state"] == "pending"
    gate.clock.advance(2.6)
    assert (await gate.status(task_id))["state"] == "processing"
    gate.clock.catch_up(task.ends - 0.01)
    assert (await gate.status(task_id))["state"].startswith("processing")
    gate.clock.advance(0.01)
    done = await gate.status(task_id)
    assert done["state"] == "success"
    assert done["completeTime"] - done["createTime"] == done["costTime"]
    assert done["createTime"] == round(task.created * 1000)


async def test_some_tasks_end_in_an_undocumented_state(gate):
    """About one task in four is shown as `processing_r2` in its last two seconds."""
    odd = 0
    for _ in range(60):
        task_id = await gate.accepted()
        gate.clock.catch_up(gate.world.store.task(task_id).ends - 1)
        odd += (await gate.status(task_id))["state"] == "processing_r2"
    assert 6 <= odd <= 27


async def test_a_seed_makes_runs_alike(gates):
    """Two simulators with one seed give the same ids and durations; other seeds, and none, give others."""
    lives = []
    for seed in (1, 1, 2, None, None):
        data = await gates(seed=seed).finished()
        lives.append((data["taskId"], data["costTime"]))
    assert lives[0] == lives[1]
    assert len(set(lives)) == 4


async def test_an_unfinished_task_shows_no_result(gate):
    """Before the end there are no pictures and no end times, and never a progress."""
    assert set(await gate.status(await gate.accepted())) == {"taskId", "state", "createTime"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": "a scene of gore"}, "CONTENT_VIOLATION"),
        ({"prompt": "Gore, everywhere"}, "CONTENT_VIOLATION"),
        ({"prompt": "a cat fail:PROCESSING_TIMEOUT"}, "PROCESSING_TIMEOUT"),
        ({"prompt": "fail:SensitiveContentDetected, a cat"}, "SensitiveContentDetected"),
        ({"prompt": "--ar 16:9"}, "INVALID_PROMPT"),
        ({"mode": "image-to-image", "image_urls": ["https://gone.invalid/a.png"]}, "INVALID_IMAGE_URL"),
        ({"mode": "vary", "taskId": "task_0", "imageIndex": 0, "type": 0}, "INVALID_TASK_ID"),
        ({"mode": "upscale", "taskId": "task_0", "imageIndex": 0, "type": 0}, "INVALID_TASK_ID"),
    ],
)
async def test_tasks_that_fail(gate, changes, code):
    """A trigger lets the task run to its end, fail there with its code and a message, and be refunded."""
    task_id = await gate.accepted(changes)
    gate.clock.advance(14)
    assert (await gate.status(task_id))["state"] == "processing"
    assert gate.world.stats()["spent_usd"] == 0.1
    gate.clock.advance(46)
    data = await gate.status(task_id)
    assert (data["state"], data["failCode"]) == ("failed", code)
    assert data["failMsg"]
    assert set(data) == {"taskId", "state", "failCode", "failMsg"}
    stats = gate.world.stats()
    assert (stats["charged"], stats["refunded"], stats["spent_usd"]) == (1, 1, 0)


async def test_words_that_only_look_like_triggers(gate):
    """A trigger must be a word of its own, before the first double dash."""
    for prompt in ("a gorefest", "Al Gorey", "a cat -- gore", "a cat --no gore fail:X"):
        assert (await gate.finished({"prompt": prompt}))["state"] == "success"


async def test_the_prompt_is_cut_at_the_first_double_dash(gate):
    """What follows the first `--` is not drawn, as the real backend has it."""
    task_id = await gate.accepted({"prompt": "a lighthouse at dusk --ar 16:9 -- in fog"})
    drawing = gate.world.store.task(task_id).drawing
    assert (drawing.prompt, drawing.aspect) == ("a lighthouse at dusk", "1:1")


async def test_pictures_of_each_mode(gate, urls):
    """An upscale gives one picture, everything else four."""
    parent = (await gate.finished())["taskId"]
    link = {"taskId": parent, "imageIndex": 3, "type": 1}
    assert len(urls(await gate.finished({"mode": "vary", **link}))) == 4
    assert len(urls(await gate.finished({"mode": "upscale", **link}))) == 1


async def test_a_follow_up_needs_a_finished_picture(gate):
    """An unfinished parent, a failed one, a stranger's, and an index beyond its pictures all fail."""
    vary = {"mode": "vary", "imageIndex": 0, "type": 0}
    running = await gate.accepted()
    assert (await gate.finished({**vary, "taskId": running}))["failCode"] == "INVALID_TASK_ID"
    failed = (await gate.finished({"prompt": "gore"}))["taskId"]
    assert (await gate.finished({**vary, "taskId": failed}))["failCode"] == "INVALID_TASK_ID"
    single = (await gate.finished({**vary, "mode": "upscale", "taskId": running}))["taskId"]
    assert (await gate.finished({**vary, "taskId": single, "imageIndex": 1}))[
        "failCode"
    ] == "INVALID_TASK_ID"
    assert (await gate.finished({**vary, "taskId": single}))["state"] == "success"
    gate.http.headers["Authorization"] = "Bearer another-key"
    assert (await gate.finished({**vary, "taskId": running}))["failCode"] == "INVALID_TASK_ID"


async def test_a_follow_up_is_drawn_like_its_parent(gate):
    """A variation keeps its parent's settings and adds its guidance to the prompt."""
    settings = {"aspect": "16:9", "version": "niji 7", "chaos": 30, "stylize": 700, "weird": 5}
    parent = (await gate.finished({**settings, "prompt": "a fox"}))["taskId"]
    vary = {"mode": "vary", "taskId": parent, "imageIndex": 2, "type": 1, "prompt": "in snow --v 5"}
    drawing = gate.world.store.task(await gate.accepted(vary)).drawing
    assert {name: getattr(drawing, name) for name in settings} == settings
    assert (drawing.prompt, drawing.source, drawing.change) == ("a fox, in snow", (parent, 2), "strong")


async def test_tasks_belong_to_a_key(gate):
    """Another key's task is unknown."""
    task_id = await gate.accepted()
    gate.http.headers["Authorization"] = "Bearer another-key"
    reply = await gate.http.get("/api/v1/statusTask/midjourney", params={"taskId": task_id})
    assert reply.status_code == 404


async def test_money_by_speed(gate):
    """Fast costs ten cents, turbo twenty, for follow-ups too."""
    parent = (await gate.finished())["taskId"]
    await gate.accepted({"speed": "turbo"})
    await gate.accepted({"mode": "upscale", "taskId": parent, "imageIndex": 0, "type": 0, "speed": "turbo"})
    await gate.accepted({"mode": "vary", "taskId": parent, "imageIndex": 0, "type": 0, "speed": None})
    assert gate.world.stats()["spent_usd"] == 0.6


async def test_credit_runs_out_and_refunds_come_back(gates):
    """Each key starts with its credit, is refused when it is spent, and has a failed task's price back."""
    gate = gates(credit_usd=0.25)

    async def balance() -> float:
        return (await gate.http.get("/api/v1/apikeys/current-balance")).json()["data"]

    await gate.accepted({"prompt": "gore"})
    await gate.accepted()
    assert await balance() == 0.05
    assert (await gate.submit()).json() == {"code": 400, "message": "Insufficient credits", "data": None}
    gate.clock.advance(60)
    assert await balance() == 0.15
    await gate.accepted()
    gate.http.headers["Authorization"] = "Bearer another-key"
    assert await balance() == 0.25


async def test_too_many_requests(gates):
    """The limit holds over any minute of gateway time, says when to come back, and is true to its word."""
    gate = gates(requests_per_minute=3)
    task_id = await gate.accepted()
    gate.clock.advance(20)
    await gate.status(task_id)
    await gate.status(task_id)
    reply = await gate.submit()
    assert reply.status_code == 429
    assert reply.json() == {"code": 429, "message": "Rate limit exceeded", "data": None}
    assert reply.headers["Retry-After"] == "40"
    gate.clock.advance(40)
    assert (await gate.submit()).status_code == 200
    assert gate.world.stats()["rate_limited"] == 1


async def test_too_many_tasks_at_once(gates):
    """The task beyond the limit is refused, uncharged, until the first one ends."""
    gate = gates(tasks_at_once=2)
    first = await gate.accepted({"speed": "turbo"})
    await gate.accepted()
    reply = await gate.submit()
    assert reply.status_code == 429
    wait = int(reply.headers["Retry-After"])
    life = gate.world.store.task(first)
    assert life.ends - life.created <= wait < life.ends - life.created + 1
    gate.clock.advance(wait)
    await gate.accepted()
    stats = gate.world.stats()
    assert (stats["charged"], stats["peak_in_flight"], stats["in_flight"]) == (3, 2, 2)


async def test_limits_are_per_key(gates):
    """One key's greed does not hinder another."""
    gate = gates(tasks_at_once=1)
    await gate.accepted()
    gate.http.headers["Authorization"] = "Bearer another-key"
    await gate.accepted()


async def test_what_the_control_endpoint_tells(gate):
    """The simulator's own endpoint counts requests by kind and says what it is."""
    data = await gate.finished()
    await gate.http.get(f"/files/{data['taskId']}/9.jpg")
    stats = (await gate.http.get("/_simulator")).json()
    assert stats["simulator"] == "mjnb"
    assert stats["speed"] == 1.0
    assert stats["now"] == gate.clock.now()
    assert stats["requests"] == {"submit": 1, "status": 1, "file": 1, "balance": 0, "text": 0, "upload": 0}
    assert (stats["tasks"], stats["charged"], stats["in_flight"]) == (1, 1, 0)


async def test_every_reply_says_that_it_is_simulated(gate):
    """Successes, refusals and unknown paths all carry the header."""
    for path in ("/_simulator", "/nowhere", "/api/v1/statusTask/midjourney", "/files/task_0/0.jpg"):
        assert (await gate.http.get(path)).headers["X-Simulated"] == "mjnb"


ORDER = Order(gateway="test", drawing=Drawing("a lighthouse"), price=100_000, seconds=(30.0, 45.0))


@pytest.mark.parametrize(
    ("form", "shape"),
    [
        ("hex", r"task_[0-9a-f]{16}"),
        ("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("ulid", r"task_[0-7][0-9A-HJKMNP-TV-Z]{25}"),
    ],
)
def test_ids_are_spelt_as_the_gateway_spells_them(gates, form, shape):
    """Ids of every form are unique, with a seed and without; ULIDs sort by time."""
    for seed in (7, None):
        gate, ids = gates(seed=seed), []
        for _ in range(5):
            ids.append(gate.world.accept("a", replace(ORDER, id_form=form, id_prefix="task_")).id)
            gate.clock.advance(1)
        assert len(set(ids)) == 5
        assert all(re.fullmatch(shape, task_id) for task_id in ids)
        assert form != "ulid" or ids == sorted(ids)


def test_a_task_that_is_done_at_once(gates):
    """A life of no seconds ends with the request and takes no place among the running tasks."""
    world = gates(tasks_at_once=1).world
    running = world.accept("a", ORDER)
    done = world.accept("a", replace(ORDER, seconds=(0, 0), kind="text", texts=("one", "two")))
    assert done.phase(world.now()) is Phase.SUCCESS
    assert (done.progress(world.now()), running.progress(world.now())) == (100, 0)
    assert world.find("a", done.id).texts == ("one", "two")
    assert world.stats()["charged"] == 2
    with pytest.raises(OverLimitError):
        world.accept("a", ORDER)


def test_progress_grows_to_a_hundred(gate):
    """Progress is 0 while a task is pending, grows, and is 100 only after a success."""
    task = gate.world.accept("a", ORDER)
    seen = []
    while task.phase(gate.world.now()) is not Phase.SUCCESS:
        seen.append(task.progress(gate.world.now()))
        gate.clock.advance(0.5)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1] < 100, len(set(seen)) > 20) == (0, True, True)
    assert task.progress(gate.world.now()) == 100
    failed = replace(task, failure=Failure("X", "x"))
    assert failed.progress(gate.world.now()) < 100


def test_a_task_waits_for_its_second_half(gate):
    """A waiting task is charged once, begins when it is told how to go on, and then lives as long as any other."""
    world = gate.world
    waiting = world.accept("a", replace(ORDER, waits=True, asked="first", facts='{"image": "x"}'))
    gate.clock.advance(1000)
    assert waiting.phase(world.now()) is Phase.WAITING
    begun = world.go_on(waiting, drawing=Drawing("a fox"), seconds=(10, 20), asked="second")
    assert begun == world.find("a", waiting.id)
    assert (begun.id, begun.drawing.prompt, begun.asked) == (waiting.id, "a fox", "second")
    assert (begun.created, begun.facts) == (waiting.created, waiting.facts)
    assert 10 <= begun.ends - begun.begun <= 20
    assert begun.phase(world.now()) is Phase.PENDING
    gate.clock.advance(20)
    assert begun.phase(world.now()) is Phase.SUCCESS
    assert world.stats()["spent_usd"] == 0.1
    with pytest.raises(ValueError, match="does not wait"):
        world.go_on(begun, drawing=Drawing("a fox"), seconds=(10, 20))


def test_a_task_does_not_wait_for_ever(gate):
    """When patience ends a waiting task has failed and is refunded; it cannot go on any more."""
    task = gate.world.accept("a", replace(ORDER, waits=True))
    gate.clock.advance(1799.9)
    assert (task.phase(gate.world.now()), gate.world.stats()["spent_usd"]) == (Phase.WAITING, 0.1)
    gate.clock.advance(0.1)
    assert (task.phase(gate.world.now()), task.failure) == (
        Phase.FAILED,
        Failure("TIMEOUT", "Task timeout"),
    )
    assert gate.world.stats()["spent_usd"] == 0
    with pytest.raises(ValueError, match="does not wait"):
        gate.world.go_on(task, drawing=task.drawing, seconds=(1, 1))


def test_tasks_are_listed(gate):
    """A key's tasks of a gateway come newest first, in pages, or by ids in the asked order; never anyone else's."""
    world = gate.world
    mine = [world.accept("a", ORDER).id for _ in range(4)]
    other = world.accept("b", ORDER).id
    elsewhere = world.accept("a", replace(ORDER, gateway="another")).id

    def listed(**page):
        return [task.id for task in world.tasks("a", "test", **page)]

    assert listed() == mine[::-1]
    assert listed(offset=1, limit=2) == [mine[2], mine[1]]
    assert listed(limit=None, ids=[mine[2], other, "nobody", elsewhere, mine[0]]) == [mine[2], mine[0]]


def test_whose_task_it_is(gate):
    """Another key's task can be told from one that does not exist, and one gateway's from another's."""
    task = gate.world.accept("a", replace(ORDER, facts='{"images": ["one", "two"]}'))
    world = gate.world
    assert (world.exists(task.id), world.exists("nobody")) == (True, False)
    assert (world.owner_of(task.id), world.owner_of("nobody")) == ("a", None)
    assert world.find("b", task.id) is None
    assert world.find("a", task.id, gateway="another") is None
    assert world.find("a", task.id, gateway="test") == task == world.with_fact("a", "test", "two")
    assert world.with_fact("a", "test", "tw") is world.with_fact("b", "test", "two") is None
