"""What survives a restart: tasks, charges, callbacks and the direction of time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from mjnb.simulator import Clock, ManualClock, create_app
from mjnb.simulator.tasks import Drawing, Order, Phase

pytestmark = pytest.mark.anyio


@pytest.fixture
def state(tmp_path):
    """A place for the simulator's memory, in a folder that does not exist yet."""
    return tmp_path / "simulated" / "gateway.sqlite"


async def test_tasks_and_charges_survive(gates, state, urls):
    """A restarted simulator goes on where it was: a task under way ends when it would have."""
    before = gates(state=state, credit_usd=0.35)
    done = await before.finished({"prompt": "a fox", "aspect": "16:9"})
    running = await before.accepted({"prompt": "gore"})
    now, drawing = before.clock.now(), before.world.store.task(running).drawing
    before.world.close()

    after = gates(state=state, credit_usd=0.35, clock=ManualClock(start=now))
    assert urls(await after.status(done["taskId"])) == urls(done)
    assert (await after.status(running))["state"] in {"pending", "processing"}
    assert after.world.store.task(running).drawing == drawing
    after.clock.advance(60)
    assert (await after.status(running))["failCode"] == "CONTENT_VIOLATION"
    stats = after.world.stats()
    assert (stats["charged"], stats["refunded"], stats["spent_usd"]) == (2, 1, 0.1)


async def test_a_seeded_simulator_makes_no_id_twice(gates, state):
    """Restarting with the same seed goes on with new ids."""
    ids = set()
    for _ in range(3):
        gate = gates(state=state)
        ids |= {await gate.accepted(), await gate.accepted()}
        gate.world.close()
    assert len(ids) == 6


async def test_time_never_runs_backward(state):
    """A fast clock has run ahead of the wall's; the next run starts at or after anything it showed, even after a crash."""
    ahead = create_app(clock=Clock(speed=1000, start=9_000_000_000.0), state=state).state.world
    shown = ahead.now()
    again = create_app(state=state).state.world  # the first was never closed
    assert again.now() >= shown
    assert again.now() < shown + 1000 * 60
    ahead.close()
    again.close()


async def test_picture_urls_follow_the_server(gates, state, urls):
    """After a restart on another port the status gives URLs there."""
    gate = gates(state=state)
    done = await gate.finished()
    reply = await gate.http.get(
        f"http://gate.test:8123/apixo/api/v1/statusTask/midjourney?taskId={done['taskId']}",
    )
    assert urls(reply.json()["data"])[3] == f"http://gate.test:8123/apixo/files/{done['taskId']}/3.jpg"


async def test_callbacks_go_on_after_a_restart(gates, state, callback_sink):
    """A callback that was not delivered is sent by the next run, with URLs of its own."""
    before = gates(state=state)
    async with before.app.router.lifespan_context(before.app):
        await before.accepted(request_type="callback", callback_url="http://127.0.0.1:9/done")
    now = before.clock.now()

    clock = ManualClock(start=now + 60)
    after = gates(
        state=state, clock=clock, callback_transport=callback_sink, public_url="http://127.0.0.1:5000/"
    )
    async with after.app.router.lifespan_context(after.app):
        request = await callback_sink.next()
    assert b"http://127.0.0.1:5000/files/task_" in request.content


async def test_two_simulators_may_share_a_file(gates, state):
    """What one accepts the other knows."""
    first, second = gates(state=state, seed=None), gates(state=state, seed=None)
    task_id = await first.accepted()
    assert (await second.status(task_id))["taskId"] == task_id
    assert first.world.stats()["charged"] == second.world.stats()["charged"] == 1


OLD = """
CREATE TABLE tasks (
    id TEXT PRIMARY KEY, gateway TEXT NOT NULL, account TEXT NOT NULL, created REAL NOT NULL, ends REAL NOT NULL,
    pending REAL NOT NULL, tail REAL NOT NULL, pictures INTEGER NOT NULL, price INTEGER NOT NULL,
    fail_code TEXT, fail_msg TEXT, drawing TEXT NOT NULL, callback_url TEXT NOT NULL, base_url TEXT NOT NULL,
    outcome TEXT NOT NULL, attempts INTEGER NOT NULL, next_at REAL NOT NULL
);
INSERT INTO tasks VALUES ('task_1', 'apixo', 'a', 1000.0, 1040.0, 2.0, 0.0, 4, 100000, NULL, NULL,
    '{"prompt":"a fox","aspect":"16:9"}', '', 'http://gate.test', '', 0, 1040.0);
"""


def test_a_file_of_an_older_simulator_opens(gates, state):
    """What was written before the later columns existed is read as it was meant, and new tasks go beside it."""
    state.parent.mkdir()
    with closing(sqlite3.connect(state)) as database:
        database.executescript(OLD)
    for _ in range(2):  # the second time nothing is missing
        gate = gates(state=state)
        old = gate.world.find("a", "task_1")
        assert (old.kind, old.begun, old.waits, old.texts) == ("pictures", 1000.0, False, ())
        assert old.drawing == Drawing("a fox", aspect="16:9")
        assert (old.phase(1030.0), old.phase(1040.0)) == (Phase.PROCESSING, Phase.SUCCESS)
        gate.world.accept("a", Order("apixo", Drawing("a cat"), 100_000, (1, 1)))
        gate.world.close()


_BEGIN = """
import sys, time
from pathlib import Path
from mjnb.simulator.store import Store
print(flush=True)
at = float(sys.stdin.readline())
while time.time() < at:
    pass
for number in range(40):
    Store(Path(sys.argv[1]) / f"{number}.sqlite").close()
"""


def test_simulators_that_begin_one_file_take_turns(tmp_path):
    """Three simulators that begin the same file in the same instant all get it."""
    command = [sys.executable, "-c", _BEGIN, str(tmp_path)]
    lives = [subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(3)]
    for life in lives:
        assert life.stdout.readline() == "\n"  # it is ready
    at = time.time() + 0.1
    for life in lives:
        life.stdin.write(f"{at}\n")
        life.stdin.flush()
    assert [life.communicate(timeout=60)[1] for life in lives] == [""] * 3


def test_everything_about_a_task_survives(gates, state):
    """A waiting task with words, facts and a short life of its files is the same after a restart; so is an upload."""
    before = gates(state=state)
    order = Order(
        "test",
        Drawing("a cat", seed=3, change="zoom_2", motion="high"),
        price=1,
        seconds=(1, 1),
        kind="text",
        texts=("eins", "zwei"),
        asked='{"a": 1}',
        facts="{}",
        waits=True,
        file_life=60.0,
    )
    task, name = before.world.accept("a", order), before.world.keep_upload("a", b"data", ".png", 100)
    before.world.close()
    after = gates(state=state)
    assert after.world.find("a", task.id) == task
    assert after.world.store.upload(name).data == b"data"
