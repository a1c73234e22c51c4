"""APIMart's inpainting comes in two halves: whatever befalls between them, the second is sent once, by whoever comes next."""

from __future__ import annotations

import sqlite3
import time
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

import mjnb
from mjnb import Mask, errors
from mjnb.jobs import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mjnb.session import Session
    from mjnb.simulator import Server

_FULL = """CREATE TRIGGER full BEFORE UPDATE OF went_on ON tasks WHEN NEW.went_on IS NOT NULL
           BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"""


@pytest.fixture
def mart(
    simulator: Callable[..., Server], session: Callable[..., Session]
) -> Iterator[Callable[[], tuple[Server, Session, mjnb.Inpaint]]]:
    """Open a session with a single picture, and describe how a part of it is painted anew."""

    def make() -> tuple[Server, Session, mjnb.Inpaint]:
        server = simulator()
        mj = session(gateway="simulator:apimart", **_place(server))
        single = mj.upscale(mj.imagine("a fox", version="v7").result(timeout=60), 0).result(timeout=60)
        width, height = single.images[0].width, single.images[0].height
        mask = Mask.box(0, 0, width // 2, height, size=(width, height))
        return server, mj, mjnb.Inpaint(task_id=single.id, image_index=0, prompt="a hat", mask=mask)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.AdviceWarning)
        yield make


@pytest.fixture
def left(
    mart: Callable[[], tuple[Server, Session, mjnb.Inpaint]], session: Callable[..., Session]
) -> Callable[[], tuple[Server, Session, str]]:
    """Send a first half and close the session; return another one, which has uploaded nothing yet, and the task's id."""

    def make() -> tuple[Server, Session, str]:
        server, mj, request = mart()
        task = mj.submit(request).result(timeout=60)
        mj.close().result(timeout=60)
        return server, session(gateway="simulator:apimart", **_place(server)), task.id

    return make


def _place(server: Server) -> dict[str, Any]:
    return {"base_url": f"{server.url}/apimart", "time_scale": server.stats()["speed"]}


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds that another thread brings about."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def asked(server: Server, door: str) -> int:
    """Return how many requests came to a door."""
    found: int = server.stats()["requests"][door]
    return found


def written(mj: Session, statement: str) -> None:
    """Change the ledger from outside."""
    with closing(sqlite3.connect(mj.store.path)) as db:
        db.execute(statement)
        db.commit()


def completed(server: Server, mj: Session) -> None:
    """Hold that whoever takes the waiting task up sends its second half, once, and is charged once."""
    assert mj.history()["state"].tolist()[-1] in {"pending", "processing"}
    before = asked(server, "submit")
    (task,) = mj.resume().result(timeout=60)
    assert (task.state.value, len(task.images)) == ("success", 4)
    assert asked(server, "submit") == before + 1
    assert server.stats()["charged"] == 3


def test_stopped_while_its_mask_is_uploaded(left):
    """A stop before the second half has left loses nothing: it is sent when the task is taken up again."""
    server, mj, task_id = left()
    before = asked(server, "upload")
    server.faults.add(on="upload", kind="hang")
    job = mj.wait(task_id)
    until(lambda: asked(server, "upload") == before + 1)
    job.cancel()
    with pytest.raises(Stopped):
        job.result(timeout=20)
    completed(server, mj)


@pytest.mark.parametrize("kind", ["status:400", "status:401", "html"])
def test_its_mask_was_refused(left, kind):
    """A mask that the gateway does not take ends the waiting with its error, not the task, which can still be gone on with."""
    server, mj, task_id = left()
    server.faults.add(on="upload", kind=kind)
    with pytest.raises(errors.GatewayError):
        mj.wait(task_id).result(timeout=60)
    completed(server, mj)


@pytest.mark.parametrize("kind", ["drop", "status:429", "status:500", "status:503"])
def test_its_mask_was_not_taken_for_now(left, kind):
    """An upload that fails for a moment is made again by itself, before anything of the second half is sent."""
    server, mj, task_id = left()
    before = asked(server, "upload")
    server.faults.add(on="upload", kind=kind, times=2)
    assert len(mj.wait(task_id).result(timeout=60).images) == 4
    assert asked(server, "upload") == before + 3
    assert server.stats()["charged"] == 3


def test_the_ledger_fails_before_it_is_sent(mart):
    """What cannot be written down is not sent, and is sent once it can be."""
    server, mj, request = mart()
    written(mj, _FULL)
    before = asked(server, "submit")
    with pytest.raises(errors.StoreError, match="the disk is full"):
        mj.draw(request).result(timeout=60)
    assert asked(server, "submit") == before + 1  # the first half
    written(mj, "DROP TRIGGER full")
    completed(server, mj)


@pytest.mark.parametrize("kind", ["slow", "accept_then_drop"])
def test_stopped_while_it_is_sent(mart, session, kind):
    """A stop while the second half is under way lets it arrive; nobody sends it once more, in another session either."""
    server, mj, request = mart()
    server.faults.add(on="submit", kind=kind, after=1, seconds=600)
    before = asked(server, "submit")
    job = mj.draw(request)
    until(lambda: asked(server, "submit") == before + 2)
    job.cancel()
    with pytest.raises(Stopped):
        job.result(timeout=20)
    mj.close().result(timeout=60)
    (task,) = session(gateway="simulator:apimart", **_place(server)).resume().result(timeout=60)
    assert (task.state.value, len(task.images)) == ("success", 4)
    assert asked(server, "submit") == before + 2
    assert server.stats()["charged"] == 3


def test_refused_for_good(mart):
    """A second half that the gateway refuses ends the task, with the gateway's reason, and is not sent again."""
    server, mj, request = mart()
    server.faults.add(on="submit", kind="status:400", after=1)
    before = asked(server, "submit")
    with pytest.raises(errors.TaskFailed, match="second half of the request was refused"):
        mj.draw(request).result(timeout=60)
    assert asked(server, "submit") == before + 2
    assert mj.resume().result(timeout=60) == []
