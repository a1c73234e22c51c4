"""One cell, one payment: what is sent once, what is sent again, and what is kept whatever happens."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from mjnb import errors
from mjnb.jobs import Stopped
from mjnb.modes import RawRequest, TextToImage
from mjnb.simulator import Fault
from mjnb.sweep import Sweep
from mjnb.tasks import Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session

UNCLEAR = (
    "accept_then_drop",
    "drop",
    "html",
    "garbage",
    "truncate",
    "status:500",
    "status:502",
    "status:504",
)


def rows(mj: Session) -> list[tuple[str, str]]:
    """Return state and fail code of every row."""
    return [(entry.state.value, entry.fail_code) for entry in mj.store.all()]


def _request(n: int) -> TextToImage:
    return TextToImage(prompt="a fox", version="v7", chaos=n)


def until(condition: Callable[[], bool], patience: float = 10) -> None:
    """Wait until something holds that another thread brings about."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


# -- one POST ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", UNCLEAR)
def test_an_unclear_submission_is_unknown_and_never_repeated(simulator, session, kind):
    """A submission without a clear answer is made once, is unknown in the ledger, and a reuse does not make it again."""
    server = simulator(faults=[Fault(on="submit", kind=kind, times=None)])
    mj = session(server)
    for _ in range(2):
        with pytest.raises(errors.UnknownOutcome) as caught:
            mj.imagine("a fox", reuse=True).result()
        assert caught.value.row == mj.store.all()[0].row
    assert server.stats()["requests"]["submit"] == 1
    assert [state for state, _ in rows(mj)] == ["unknown"]


def test_a_slow_answer_is_waited_for(simulator, session):
    """An answer that is late is an answer: one submission, one task."""
    server = simulator(faults=[Fault(on="submit", kind="slow", seconds=300)])
    assert session(server).imagine("a fox").result().state is TaskState.SUCCESS
    assert server.stats()["requests"]["submit"] == server.stats()["charged"] == 1


@pytest.mark.parametrize(
    ("kind", "retry_after"), [("status:503", None), ("status:503", 20), ("status:429", 20), ("status:429", None)]
)  # fmt: skip
def test_a_busy_gateway_is_asked_again(simulator, session, kind, retry_after):
    """429 and 503 say that nothing was taken: the same row is sent again by itself, and one task is charged."""
    server = simulator(faults=[Fault(on="submit", kind=kind, times=3, retry_after=retry_after)])
    mj = session(server)
    assert mj.imagine("a fox").result().state is TaskState.SUCCESS
    assert server.stats()["requests"]["submit"] == 4
    assert server.stats()["charged"] == 1
    assert [state for state, _ in rows(mj)] == ["success"]


def test_more_tasks_than_the_gateway_runs_at_once(simulator, session):
    """Tasks beyond the gateway's limit wait for a place instead of being dropped, however long that takes."""
    server = simulator(tasks_at_once=3, seed=1)
    mj = session(server)

    async def all_of_them() -> list[Task]:
        return await asyncio.gather(*(mj.submit(_request(n)) for n in range(30)))

    assert len({task.id for task in asyncio.run(all_of_them())}) == 30
    assert server.stats()["charged"] == 30
    assert server.stats()["rate_limited"] > 0


def test_a_gateway_that_stays_busy_is_given_up(simulator, session):
    """When nobody has been let in for ten minutes of the gateway's time, the refusal comes out; nothing was charged."""
    server = simulator(faults=[Fault(on="submit", kind="status:503", times=None, retry_after=60)])
    mj = session(server)
    with pytest.raises(errors.GatewayUnavailable):
        mj.imagine("a fox").result()
    assert 4 <= server.stats()["requests"]["submit"] <= 13  # fewer on a busy machine
    assert rows(mj) == [("refused", "503")]
    assert server.stats()["charged"] == 0


def test_nobody_listening(session):
    """A gateway that cannot be reached is tried a few times, then said to be away; nothing was charged."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mj = session(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", time_scale=600)
        with pytest.raises(errors.ConnectionFailed, match="nothing was charged"):
            mj.imagine("a fox").result()
    assert rows(mj) == [("refused", "ConnectionFailed")]


def test_a_gateway_that_comes_back(session):
    """A connection that fails a few times and then works is one row and one submission."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if len(asked) < 4:
            raise httpx.ConnectError("away", request=request)
        return httpx.Response(200, json={"code": 200, "data": {"taskId": "task_1"}})

    mj = session(transport=httpx.MockTransport(answer), time_scale=6000)
    assert mj.submit(_request(1)).result().id == "task_1"
    assert asked == ["POST"] * 4
    assert [state for state, _ in rows(mj)] == ["pending"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [({"code": 400, "message": "Insufficient credits"}, errors.InsufficientCredits),
     ({"code": 400, "message": "Invalid request", "data": {"error": "no"}}, errors.RequestRefused),
     ({"code": 401, "message": "Invalid or missing API key"}, errors.AuthenticationError)],
)  # fmt: skip
def test_a_refusal_is_written_down_as_refused(session, reply, error):
    """A plain refusal is sent once, raises its own error, and is in the ledger as refused with its reason."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(reply["code"], json=reply)

    mj = session(transport=httpx.MockTransport(answer), time_scale=600)
    with pytest.raises(error):
        mj.imagine("a fox").result()
    assert asked == ["POST"]
    (entry,) = mj.store.all()
    assert (entry.state, entry.fail_code) == (TaskState.REFUSED, str(reply["code"]))
    assert reply["message"] in entry.fail_msg


# -- stopping ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["slow", "accept_then_hang"])
def test_a_submission_under_way_is_finished_though_stopped(simulator, session, kind):
    """Stop during a submission returns at once; what was charged is in the ledger afterwards, by id or as unknown."""
    server = simulator(faults=[Fault(on="submit", kind=kind, seconds=600)])
    mj = session(server)
    job = mj.imagine("a fox")
    until(lambda: server.stats()["charged"] == 1)
    began = time.monotonic()
    job.cancel()
    with pytest.raises(Stopped):
        job.result(timeout=5)
    assert time.monotonic() - began < 1
    if kind == "accept_then_hang":
        server.stop()
    until(lambda: rows(mj)[0][0] != "submitting")
    (entry,) = mj.store.all()
    assert (entry.state, bool(entry.task_id)) == (
        (TaskState.PENDING, True) if kind == "slow" else (TaskState.UNKNOWN, False)
    )


def test_closing_waits_for_the_submission(simulator, session):
    """Closing a session stops its work, but a submission under way is written down first."""
    server = simulator(faults=[Fault(on="submit", kind="slow", seconds=300)])
    mj = session(server)
    job = mj.imagine("a fox")
    until(lambda: server.stats()["charged"] == 1)
    mj.close().result()
    assert job.done()
    assert [state for state, _ in rows(session(server))] == ["pending"]


def test_another_call_waits_for_the_submission(simulator, session):
    """A second call for a cell that is just being submitted waits for the first one's task."""
    server = simulator(faults=[Fault(on="submit", kind="slow", seconds=100)])
    mj = session(server)
    first, second = mj.imagine("a fox", reuse=True), mj.imagine("a fox", reuse=True)
    assert first.result().id == second.result().id
    assert server.stats()["charged"] == 1


# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["truncate", "garbage", "html", "drop", "status:500", "status:404"])
def test_pictures_that_come_broken_are_fetched_again(simulator, session, kind):
    """Broken, short and missing pictures are fetched again; the task is charged once and has four whole pictures."""
    server = simulator(faults=[Fault(on="file", kind=kind, times=2)])
    task = session(server).imagine("a fox").result()
    assert [image.path.suffix for image in task.images] == [".jpg"] * 4
    assert all(
        image.path.read_bytes()[-2:] == b"\xff\xd9" and image.thumb.exists() for image in task.images
    )
    assert server.stats()["charged"] == 1


def test_an_expired_url_is_asked_for_afresh_once(simulator, session):
    """When a picture's URL has expired, the task is read once more; if that does not help, the error names the task."""
    server = simulator(faults=[Fault(on="file", kind="status:410", times=None)])
    mj = session(server)
    with pytest.raises(errors.PictureExpired) as caught:
        mj.imagine("a fox").result()
    (entry,) = mj.store.all()
    assert entry.task_id in str(caught.value)
    assert entry.state is TaskState.SUCCESS
    asked = server.stats()["requests"]
    assert asked["file"] == 8  # each of the four, before and after
    server.faults.clear()
    task = mj.download(entry.task_id).result()
    assert len([image for image in task.images if image.path]) == 4
    assert server.stats()["charged"] == 1


def test_a_task_that_the_gateway_forgot_keeps_what_came(simulator, session):
    """Three of four pictures stay though the fourth is lost and the gateway no longer knows the task."""
    server = simulator(faults=[Fault(on="file", kind="status:404")])
    mj = session(server)
    task = mj.submit(_request(1)).result()
    until(lambda: not server.stats()["in_flight"])

    async def see() -> list[TaskState]:
        return [now.state async for now in mj.watch(task)]

    assert asyncio.run(see())[-1] is TaskState.SUCCESS
    server.faults.add(on="status", kind="status:404", times=None)
    with pytest.raises(errors.PictureExpired, match=task.id):
        mj.download(task).result()
    assert sum(image.path is not None for image in mj.task(task.id).images) == 3


def test_two_fetch_the_same_pictures(simulator, session):
    """Two sessions that fetch one task's pictures at the same time both have them whole, and leave no half ones."""
    server = simulator()
    one, two = session(server), session(server)
    task = one.submit(_request(1)).result()
    jobs = [mj.wait(task.id) for mj in (one, two, one, two)]
    for job in jobs:
        assert all(image.path.stat().st_size > 100 for image in job.result().images)
    folder = one.store.folder(task.row)
    assert {path.name for path in folder.iterdir()} == {
        f"{i}{e}" for i in range(4) for e in (".jpg", ".thumb.webp")
    }


def test_a_disk_that_cannot_be_written(simulator, session):
    """When pictures cannot be written, the error names the file; the paid task stays in the ledger."""
    mj = session(simulator())
    pictures = mj.store.root / "pictures"
    pictures.rmdir()
    pictures.write_text("in the way")
    with pytest.raises(errors.StoreError, match="paid"):
        mj.imagine("a fox").result()
    pictures.unlink()
    (entry,) = mj.store.all()
    assert entry.state is TaskState.SUCCESS
    assert len(mj.download(entry.task_id).result().images) == 4


def test_hostile_addresses_cost_only_their_pictures(session):
    """Addresses that no picture may be fetched from are a `PictureError`; nothing else breaks."""
    urls = '{"resultUrls":["https://[","http://10.0.0.1/x.png","file:///etc/passwd","javascript:alert(1)"]}'

    def answer(request: httpx.Request) -> httpx.Response:
        data = {"taskId": "task_1"} | (
            {"state": "success", "resultJson": urls} if request.method == "GET" else {}
        )
        return httpx.Response(200, json={"code": 200, "data": data})

    mj = session(transport=httpx.MockTransport(answer), time_scale=6000)
    with pytest.raises(errors.PictureBroken, match="4 of its 4"):
        mj.imagine("a fox").result()


# -- ends ----------------------------------------------------------------------------------------------------------


def test_a_failed_task_says_why(simulator, session):
    """A task that fails raises the class of its code, with the task and the gateway's words."""
    mj = session(simulator())
    with pytest.raises(errors.ContentViolation, match="CONTENT_VIOLATION") as caught:
        mj.imagine("gore").result()
    assert caught.value.task.state is TaskState.FAILED
    assert mj.history()["fail_code"].tolist() == ["CONTENT_VIOLATION"]


def test_a_task_that_hangs_can_be_taken_up(simulator, session):
    """Patience that ends names the task; it is in the ledger and waiting again costs nothing."""
    server = simulator(faults=[Fault(on="status", kind="odd_state", times=None)])
    mj = session(server, timeout={"fast": 60, "turbo": 1})
    with pytest.raises(errors.TaskTimeout) as caught:
        mj.imagine("a fox").result()
    server.faults.clear()
    assert mj.wait(caught.value.task_id).result().state is TaskState.SUCCESS
    assert server.stats()["charged"] == 1


def test_a_raw_request_in_the_wires_own_words(simulator, session):
    """A raw request of a mode that has a class is paid, followed and kept though the class would not take its names."""
    raw = RawRequest("text-to-image", prompt="a fox", version="v7", speed="fast", enableTranslation=False)
    mj = session(simulator())
    task = mj.submit(raw).result()
    assert mj.wait(task).result().request == raw


def test_a_forgotten_row_is_asked_for_anew(simulator, session):
    """`mj.forget` is the user's own word that an unknown row may be paid for again; other rows are left alone."""
    server = simulator(faults=[Fault(on="submit", kind="drop")])
    mj = session(server)
    sweep = Sweep("a fox", chaos=[0])
    assert sweep.start(mj).result()["state"].tolist() == ["unknown"]
    row = mj.store.all()[0].row
    mj.forget(row)
    assert sweep.start(mj).result()["state"].tolist() == ["success"]
    assert server.stats()["charged"] == 1
    with pytest.raises(errors.InvalidRequest, match="unknown"):
        mj.forget(row)


def test_a_task_nobody_knows_does_not_hang_for_ever(simulator, session):
    """A task that the gateway does not know is failed in the ledger, and paid for anew only where the user says so."""
    first = session(simulator())
    task = first.submit(TextToImage(prompt="a fox")).result()
    other = simulator()  # a gateway that has lost its memory
    mj = session(other)
    sweep = Sweep("a fox", speed=["fast"])
    frame = sweep.start(mj).result()
    assert (frame["state"][0], frame["fail_code"][0]) == ("failed", "UNKNOWN_TASK")
    assert sweep.plan(mj).result().to_send == ()
    assert sweep.start(mj, retry="failed").result()["state"].tolist() == ["success"]
    assert other.stats()["charged"] == 1
    assert task.id in mj.history()["task_id"].tolist()
