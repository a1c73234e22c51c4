"""Being called back: fewer questions, lost submissions found, and nothing believed."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import httpx
import pytest
from callback_helpers import addresses, call, naming, open_listening, until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mjnb import errors
from mjnb.callbacks import token_of
from mjnb.modes import TextToImage
from mjnb.simulator import Fault
from mjnb.sweep import Sweep
from mjnb.tasks import TaskState
from mjnb.testing import json_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session
    from mjnb.simulator import Server

MANY = int(os.environ.get("MJNB_CALLBACKS", "24"))
"""Tasks of a sweep; 200 when the figures are wanted."""
UNHURRIED = 60.0
"""Gateway seconds in a real second, where somebody's patience in gateway seconds must outlast a busy machine."""
SOON_S = 40.0
"""Gateway seconds after a task's end in which only a callback can have told of it: the first look is 45 s late at least."""
CALLING = ("apixo", "apixo-reference", "acedata")


@pytest.fixture
def listening(simulator, session) -> Callable[..., tuple[Session, Server]]:
    """Open a session that listens, and its server: `listening("acedata", faults=[…])`."""
    return partial(open_listening, simulator, session)


def asked(server: Server) -> int:
    """Return how many status requests came."""
    return int(server.stats()["requests"]["status"])


# -- fewer questions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", CALLING)
def test_a_task_is_told_of_and_asked_after_once(listening, gateway):
    """Where the gateway calls back, one question is enough for a task, asked when it ends and not at the next look."""
    mj, server = listening(gateway, speed=UNHURRIED)
    task = mj.imagine("a fox", speed="fast").result()
    assert task.state is TaskState.SUCCESS
    assert [image.path.exists() for image in task.images] == [True] * 4
    assert asked(server) == 1
    assert mj.store.all()[0].lag_s < SOON_S
    until(lambda: server.stats()["callbacks"] == {"delivered": 1})


@pytest.mark.parametrize("gateway", ["apixo", "acedata"])
def test_a_sweep_asks_hardly_more_than_once_a_task(listening, gateway):
    """A sweep needs at most 1.1 status requests a task."""
    mj, server = listening(gateway, speed=UNHURRIED)
    began = time.monotonic()
    frame = Sweep("a fox", stylize=list(range(MANY))).start(mj, budget=1e6).result()
    assert frame["state"].tolist() == ["success"] * MANY
    each = asked(server) / MANY
    print(f"{gateway}: {MANY} tasks, {each:.3f} status requests each, {time.monotonic() - began:.1f} s")  # noqa: T201
    assert each <= 1.1
    assert server.stats()["charged"] == MANY


@pytest.mark.parametrize("gateway", ["apixo", "acedata"])
def test_every_callback_lost(listening, gateway):
    """If no callback ever comes, every task still ends, asked after seldom."""
    mj, server = listening(gateway, faults=[Fault(on="callback", kind="drop", times=None)])
    frame = Sweep("a fox", stylize=list(range(MANY // 2))).start(mj, budget=1e6).result()
    assert frame["state"].tolist() == ["success"] * (MANY // 2)
    assert asked(server) <= 3 * (MANY // 2)


@pytest.mark.parametrize(
    ("gateway", "kind"),
    [("apixo", "html"), ("apixo", "truncate"), ("apixo", "odd_state"), ("apixo", "no_urls"), ("acedata", "garbage"),
     ("acedata", "bad_result_json")],
)  # fmt: skip
def test_what_a_callback_says_does_not_matter(listening, gateway, kind):
    """A callback that is spoilt in any way is as good a hint as any: the task is read from the gateway."""
    mj, server = listening(gateway, faults=[Fault(on="callback", kind=kind)], speed=UNHURRIED)
    assert len(mj.imagine("a fox").result().images) == 4
    assert asked(server) == 1
    assert mj.store.all()[0].lag_s < SOON_S


def test_a_failure_is_told_of_too(listening):
    """The callback of a task that failed wakes as well, and the gateway's own words are the error."""
    mj, server = listening(speed=UNHURRIED)
    began = mj.clock.now()
    with pytest.raises(errors.ContentViolation):
        mj.imagine("gore").result()
    assert asked(server) == 1
    assert mj.clock.now() - began < 85  # at 90 it would have been asked after without


def test_told_before_it_was_answered(listening):
    """A callback that overtakes the submission's own answer is not forgotten: the task is asked after at once."""
    mj, server = listening(faults=[Fault(on="submit", kind="slow", seconds=60)], speed=UNHURRIED)
    began = mj.clock.now()
    assert mj.imagine("a fox").result().state is TaskState.SUCCESS
    assert asked(server) == 1
    assert mj.clock.now() - began < 140  # 90 after the answer it would have been asked after without


def test_a_stream_needs_no_callback(listening):
    """Who waits over a stream is told everything there, and no address is sent along."""
    mj, server = listening("acedata", stream=True)
    assert mj.imagine("a fox").result().state is TaskState.SUCCESS
    assert server.stats()["callbacks"] == {}


# -- hints and nothing more ----------------------------------------------------------------------------------------


def test_a_flood_of_hints_asks_no_faster(listening):
    """However often a running task is told of, it is asked after no faster than without callbacks, and ends as it should."""
    mj, server = listening(speed=30.0)
    job = mj.submit(TextToImage(prompt="a fox"))
    task = job.result()
    waiting = mj.wait(task)
    (address,) = addresses(mj).values()
    while not waiting.done():
        assert call(address, naming(mj, task.id)) == 200
    assert waiting.result().state is TaskState.SUCCESS
    assert 2 <= asked(server) <= 45 / 3 + 2  # every 3 s of at most 45


def test_a_gateway_that_tells_others_first(listening):
    """After a hint that came too early the task is asked after at the ordinary rhythm for a while."""
    mj, server = listening(faults=[Fault(on="status", kind="odd_state", times=2)], speed=UNHURRIED)
    began = mj.clock.now()
    assert mj.imagine("a fox").result().state is TaskState.SUCCESS
    assert asked(server) == 3
    assert mj.clock.now() - began < 180  # where the third question without a callback comes after 210


def test_callbacks_after_the_end(listening):
    """Duplicates of a finished task's callback are taken and change nothing: no question, no byte of the row."""
    mj, server = listening()
    task = mj.imagine("a fox").result()
    (address,) = addresses(mj).values()
    before = mj.store.all()
    for body in (
        naming(mj, task.id),
        naming(mj, "task_0"),
        {"code": 400, "data": {"state": "failed"}},
        b"",
    ):
        assert call(address, body) == 200
    mj.imagine("an owl").result()  # by then the claims were looked at
    assert mj.store.all()[:1] == before
    assert asked(server) == 2


def test_nobody_is_let_in_by_guessing(listening):
    """Rows, keys and task ids are no paths: whoever knows them reaches nothing."""
    mj, _ = listening()
    task = mj.imagine("a fox").result()
    (key,) = (key for _, key, _ in mj.store.keys("apixo"))
    assert len(bytes.fromhex(key)) == 16
    for guess in (task.id, task.row, key, token_of(task.id), token_of("")):
        assert call(f"{mj.listening}/{guess}", naming(mj, task.id)) == 404
    assert key not in next(iter(addresses(mj).values()))


# -- submissions whose answer was lost -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["accept_then_drop", "truncate"])
@pytest.mark.parametrize("gateway", CALLING)
def test_a_lost_answer_is_found_by_its_callback(listening, gateway, kind):
    """A task that was made though its answer was lost is found when it is told of: charged once, and everything on disk."""
    mj, server = listening(gateway, faults=[Fault(on="submit", kind=kind)], speed=UNHURRIED)
    task = mj.imagine("a fox", speed="fast").result()
    assert task.state is TaskState.SUCCESS
    assert [image.path.exists() for image in task.images] == [True] * 4
    (entry,) = mj.store.all()
    assert (entry.state, entry.task_id) == (TaskState.SUCCESS, task.id)
    assert server.stats()["charged"] == server.stats()["requests"]["submit"] == 1


def test_told_before_the_answer_was_lost(session):
    """A callback that comes while its submission is still under way counts if that is then broken off."""
    broken_off = threading.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            data = {"taskId": "task_1", "state": "failed", "failCode": "MODEL_UNAVAILABLE"}
            return httpx.Response(200, json={"code": 200, "data": data})
        while not broken_off.is_set():  # noqa: ASYNC110  (set by another thread)
            await asyncio.sleep(0.005)
        raise httpx.ReadError("gone", request=request)

    mj = session(transport=httpx.MockTransport(answer), time_scale=UNHURRIED)
    mj.listen().result()
    job = mj.imagine("a fox")
    until(lambda: [entry.state for entry in mj.store.all()] == [TaskState.SUBMITTING])
    until(lambda: call(next(iter(addresses(mj).values())), naming(mj, "task_1")) == 200)
    until(lambda: not mj.runner_now.hints._finder._looking)  # it was looked at, too early to be of use
    broken_off.set()
    with pytest.raises(errors.ModelUnavailable):
        job.result()
    assert [(entry.state, entry.task_id) for entry in mj.store.all()] == [(TaskState.FAILED, "task_1")]


def test_a_sweep_with_lost_answers_is_whole(listening):
    """A sweep that loses every third answer ends with all its cells, each charged once, and no error left."""
    mj, server = listening(
        faults=[Fault(on="submit", kind="accept_then_drop", times=None, probability=0.3, seed=3)],
        speed=UNHURRIED,
    )
    run = Sweep("a fox", stylize=list(range(MANY))).start(mj, budget=1e6)
    frame = run.result()
    assert frame["state"].tolist() == ["success"] * MANY
    assert run.errors == {}
    assert len(set(frame["task_id"])) == server.stats()["charged"] == MANY


def test_nobody_need_wait_for_a_lost_answer(listening):
    """A lost submission that nobody waits for any more is seen through when its callback comes, pictures and all."""
    mj, server = listening(faults=[Fault(on="submit", kind="accept_then_drop")])
    with pytest.raises(errors.UnknownOutcome):
        mj.submit(TextToImage(prompt="a fox")).result()
    until(lambda: mj.store.all()[0].is_complete)
    assert server.stats()["charged"] == 1


def test_a_lost_answer_without_its_callback(listening):
    """If neither answer nor callback comes, the row stays unknown, and nothing is sent again."""
    mj, server = listening(
        faults=[Fault(on="submit", kind="accept_then_drop"), Fault(on="callback", kind="drop", times=None)]
    )
    with pytest.raises(errors.UnknownOutcome):
        mj.imagine("a fox").result()
    assert [entry.state for entry in mj.store.all()] == [TaskState.UNKNOWN]
    assert server.stats()["requests"]["submit"] == server.stats()["charged"] == 1


def test_a_new_session_finds_what_an_old_one_lost(simulator, listening):
    """After a restart, at another port even, a callback still finds its row; the task is kept, charged once."""
    server = simulator(
        faults=[Fault(on="submit", kind="accept_then_drop"), Fault(on="callback", kind="drop", times=None)]
    )
    first, _ = listening(server=server)
    with pytest.raises(errors.UnknownOutcome):
        first.submit(TextToImage(prompt="a fox")).result()
    first.close().result()
    task_id = server._world.store.undelivered()[0]
    second, _ = listening(server=server)
    (address,) = addresses(second).values()
    assert call(address, naming(second, task_id)) == 200
    until(lambda: second.store.all()[0].is_complete)
    assert (second.store.all()[0].task_id, server.stats()["charged"]) == (task_id, 1)


def test_a_row_takes_no_task_that_is_not_its_own(listening):
    """Claims of unknown ids, of other rows' tasks, and of nothing leave an unknown row unknown and the others as they were."""
    mj, server = listening(faults=[Fault(on="submit", kind="drop", after=1)])
    other = mj.imagine("an owl").result()
    with pytest.raises(errors.UnknownOutcome):
        mj.submit(TextToImage(prompt="a fox")).result()
    before, questions = mj.store.all(), asked(server)
    address = addresses(mj)[before[1].row]
    for body in (
        naming(mj, other.id),
        naming(mj, ""),
        naming(mj, "x" * 10_000),
        b"[" * 100_000,
        b"\xff",
        7,
        None,
    ):
        assert call(address, body) == 200
    assert call(address, naming(mj, "task_nobody")) == 200
    until(
        lambda: asked(server) >= questions + 3
    )  # that one was asked after, as it could be late in the index
    assert mj.store.all() == before
    assert asked(server) == questions + 3
    assert server.stats()["charged"] == 1


@pytest.fixture
def lost_row(listening) -> tuple[Session, Server, str]:
    """A session with a row whose submission never arrived, and the address of that row."""
    mj, server = listening(faults=[Fault(on="submit", kind="drop")])
    with pytest.raises(errors.UnknownOutcome):
        mj.submit(TextToImage(prompt="a fox")).result()
    (address,) = addresses(mj).values()
    return mj, server, address


_FUZZ = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_CLAIMS = st.builds(lambda value: {"data": {"taskId": value}}, json_values())


@_FUZZ
@given(
    st.binary(max_size=2000)
    | st.one_of(_CLAIMS, json_values()).map(lambda value: json.dumps(value).encode())
)
def test_hostile_bodies(lost_row, body):
    """Whatever is posted for an unknown row, in bytes or in structure, is taken with 200 and leaves the row as it is."""
    mj, server, address = lost_row
    assert call(address, body) == 200
    assert [entry.state for entry in mj.store.all()] == [TaskState.UNKNOWN]
    assert server.stats()["charged"] == 0
