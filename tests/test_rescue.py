"""`mj.rescue()`: what is missing is fetched where it still is, told of where it has gone, and nothing is paid."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING

import httpx
import pytest

from mjnb import Rescue, errors
from mjnb.runner.rescue import Fate
from mjnb.simulator import Fault
from mjnb.sweep import Sweep
from tests.test_images import encoded

if TYPE_CHECKING:
    from mjnb.session import Session
    from mjnb.tasks import Task


def fates(report: Rescue) -> dict[str, list[tuple[str, int]]]:
    """Return task and index of everything in a report, by fate."""
    return {
        kind: [(fate.task_id, fate.index) for fate in getattr(report, kind)]
        for kind in ("rescued", "present", "expired", "broken")
    }


def drawn(mj: Session, **axes: list[int]) -> list[Task]:
    """Draw a few tasks and return them, in order."""
    frame = Sweep("a fox", **axes).start(mj).result()
    return [mj.task(task_id) for task_id in frame["task_id"]]


def test_what_is_missing_or_damaged_is_fetched(simulator, session):
    """Deleted, shortened and altered pictures are fetched again, the rest is left alone, and nothing is charged."""
    server = simulator()
    mj = session(server)
    one, two = drawn(mj, chaos=[0, 50])
    whole = {image.path: image.path.read_bytes() for task in (one, two) for image in task.images}
    one.images[1].path.unlink()
    one.images[2].path.write_bytes(whole[one.images[2].path][:-500])
    altered = bytearray(whole[two.images[0].path])
    altered[len(altered) // 2] ^= 1
    two.images[0].path.write_bytes(altered)
    two.images[3].thumb.unlink()

    asked, charged = server.stats()["requests"]["file"], server.stats()["charged"]
    report = mj.rescue().result()
    assert fates(report)["rescued"] == [(one.id, 1), (one.id, 2), (two.id, 0)]
    assert [fate.note for fate in report.rescued] == [
        "its file was gone", "its file was damaged", "its file was damaged"
    ]  # fmt: skip
    assert len(report.present) == 5
    assert report.is_whole
    assert server.stats()["requests"]["file"] == asked + 3
    assert server.stats()["charged"] == charged == 2
    assert {path: path.read_bytes() for path in whole} == whole
    assert all(image.thumb.exists() for task in (one, two) for image in task.images)


def test_what_was_never_fetched_is_fetched(simulator, session):
    """A task whose pictures could not be kept when it ended has them after a rescue."""
    server = simulator(faults=[Fault(on="file", kind="status:404", times=None)])
    mj = session(server)
    with pytest.raises(errors.PictureExpired):
        mj.imagine("a fox").result()
    server.faults.clear()
    (entry,) = mj.store.all()
    report = mj.rescue().result()
    assert fates(report)["rescued"] == [(entry.task_id, index) for index in range(4)]
    assert len(mj.rescue().result().present) == 4
    assert server.stats()["charged"] == 1


def test_fresh_urls_are_asked_for(session):
    """Where the old URL has expired, the task is read once for a fresh one."""
    asked: list[str] = []
    gone: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.rpartition('/')[2]}"
        asked.append(name)
        if request.url.host == "r2.apixo.ai":
            status = 403 if name in gone else 200
            return httpx.Response(status, content=encoded())
        generation = 2 if gone else 1
        done = {"state": "success", "resultJson": f'{{"resultUrls":["https://r2.apixo.ai/{generation}"]}}'}
        data = {"taskId": "task_1"} | (done if request.method == "GET" else {})
        return httpx.Response(200, json={"code": 200, "data": data})

    mj = session(transport=httpx.MockTransport(answer), time_scale=6000)
    task = mj.imagine("a fox").result()
    task.images[0].path.unlink()
    gone.add("GET 1")
    asked.clear()
    assert fates(mj.rescue().result())["rescued"] == [("task_1", 0)]
    assert asked[0] == "GET 1"
    assert asked[-1] == "GET 2"
    assert not [name for name in asked if name.startswith("POST")]


def test_what_has_gone_and_what_is_broken_are_told_apart(simulator, session):
    """One picture that has expired and one that does not come are in the report, and stop no other from being fetched."""
    server = simulator()
    mj = session(server)
    tasks = drawn(mj, chaos=[0, 25, 50])
    for task in tasks:
        task.images[1].path.unlink()
    lost, cut = tasks[0].id, tasks[1].id

    def spoil(request: httpx.Request) -> httpx.Response | None:
        if f"/files/{lost}/1." in request.url.path:
            return httpx.Response(410)
        return httpx.Response(200, content=b"<html>") if f"/files/{cut}/1." in request.url.path else None

    mj.close().result()
    mj = session(server, base_url=server.url, time_scale=600, transport=Spoiling(spoil))
    report = mj.rescue().result()
    found = fates(report)
    assert found["expired"] == [(lost, 1)]
    assert found["broken"] == [(cut, 1)]
    assert found["rescued"] == [(tasks[2].id, 1)]
    assert len(found["present"]) == 9
    assert not report.is_whole
    assert "410" in report.expired[0].note
    assert "no JPEG, PNG or WebP" in report.broken[0].note
    assert server.stats()["charged"] == 3


class Spoiling(httpx.AsyncBaseTransport):
    """The network, but for some requests."""

    def __init__(self, spoil) -> None:
        self._spoil, self._real = spoil, httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer in the network's place, or let it answer."""
        return self._spoil(request) or await self._real.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the network."""
        await self._real.aclose()


def test_a_disk_that_refuses_is_in_the_report(simulator, session):
    """A folder that cannot be written costs its own task's pictures only, and nothing raises."""
    server = simulator()
    mj = session(server)
    one, two = drawn(mj, chaos=[0, 50])
    for task in (one, two):
        for image in task.images:
            image.path.unlink()
            image.thumb.unlink()
    folder = mj.store.folder(one.row)
    folder.rmdir()
    folder.write_text("in the way")
    report = mj.rescue().result()
    assert fates(report)["broken"] == [(one.id, index) for index in range(4)]
    assert fates(report)["rescued"] == [(two.id, index) for index in range(4)]
    assert "cannot be written" in report.broken[0].note
    folder.unlink()
    assert len(mj.rescue().result().rescued) == 4
    assert server.stats()["charged"] == 2


def test_a_gateway_that_is_away(simulator, session):
    """Without a connection everything that is missing is broken, nothing raises, and what is there is still counted."""
    server = simulator()
    mj = session(server)
    (task,) = drawn(mj, chaos=[0])
    task.images[0].path.unlink()
    server.stop()
    found = fates(mj.rescue().result())
    assert found["broken"] == [(task.id, 0)]
    assert len(found["present"]) == 3


def test_a_store_with_nothing_in_it(simulator, session):
    """An empty ledger has nothing to rescue, and tasks that failed have no pictures to miss."""
    server = simulator()
    mj = session(server)
    assert repr(mj.rescue().result()) == "<Rescue: 0 rescued, 0 present, 0 expired, 0 broken>"
    with pytest.raises(errors.MjnbError):
        mj.imagine("gore").result()
    assert mj.rescue().result().is_whole


def test_it_can_be_awaited(simulator, session):
    """In a cell it is awaited like everything else."""
    mj = session(simulator())

    async def cell() -> Rescue:
        await mj.imagine("a fox")
        return await mj.rescue()

    assert len(asyncio.run(cell()).present) == 4


def test_the_report_is_shown_and_kept():
    """The report counts in words, becomes a frame, escapes what comes from outside, and can be pickled."""
    evil = Fate("<script>alert(1)</script>", 0, "r-1", '"><img onerror=alert(1)>')
    report = Rescue(present=(Fate("task_1", 0, "r-0"),), broken=(evil,) * 60)
    assert repr(report) == "<Rescue: 0 rescued, 1 present, 0 expired, 60 broken>"
    frame = report.frame()
    assert list(frame.columns) == ["task_id", "picture", "fate", "note", "row"]
    assert frame["fate"].value_counts().to_dict() == {"broken": 60, "present": 1}
    page = report._repr_html_()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "10 more" in page
    assert pickle.loads(pickle.dumps(report)) == report
