"""What becomes of a submission whose answer was lost: looked for, shown, tried again or let go, and never sent twice by itself."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from callback_helpers import until

from mjnb import errors
from mjnb.gateways import dialect
from mjnb.gateways.base import Reply
from mjnb.gateways.lost import Found, Lost
from mjnb.jobs import Job, Stopped
from mjnb.polling import Clock
from mjnb.simulator import Fault
from mjnb.sweep import Sweep
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session
    from mjnb.simulator import Server
    from mjnb.store import Entry

LOSING = ["accept_then_drop", "truncate"]
EATING = ["drop", "html", "garbage"]  # nothing was taken


@pytest.fixture
def lost(
    simulator: Callable[..., Server], session: Callable[..., Session]
) -> Callable[..., tuple[Server, Session]]:
    """Make a server that loses some answers, and a session that speaks to it."""

    def make(gateway: str, kind: str, times: int | None = 1, **options: Any) -> tuple[Server, Session]:
        server = simulator(faults=[Fault(on="submit", kind=kind, times=times)])
        place = {"base_url": f"{server.url}/{gateway}", "time_scale": server.stats()["speed"]}
        return server, session(gateway=f"simulator:{gateway}", **place, **options)

    return make


# -- a gateway that lists its tasks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOSING)
def test_a_lost_answer_is_found_in_the_list(lost, kind):
    """AceData lists a key's tasks: one whose answer was lost is found there, waited for, and charged once."""
    server, mj = lost("acedata", kind)
    task = mj.imagine("a fox", chaos=5).result(timeout=60)
    assert len(task.images) == 4
    stats = server.stats()
    assert (stats["requests"]["submit"], stats["charged"]) == (1, 1)
    assert mj.history()["state"].tolist() == ["success"]


def test_a_lost_stream_is_found_in_the_list(lost):
    """So is one that would have told of its progress over the connection that broke."""
    server, mj = lost("acedata", "accept_then_drop", stream=True)
    assert len(mj.imagine("a fox").result(timeout=60).images) == 4
    assert server.stats()["charged"] == 1


@pytest.mark.parametrize("kind", EATING)
def test_what_never_arrived_is_not_found(lost, kind):
    """Where the list has no such task the row stays unknown: a list may be behind, and only the user may decide."""
    server, mj = lost("acedata", kind)
    with pytest.raises(errors.UnknownOutcome):
        mj.imagine("a fox").result(timeout=60)
    assert mj.history()["state"].tolist() == ["unknown"]
    assert server.stats()["charged"] == 0


def test_equal_requests_have_a_task_each(lost):
    """Repeats whose answers were all lost find a task each, never the same one, and no task of another request."""
    server, mj = lost("acedata", "accept_then_drop", times=3)
    frame = Sweep("a fox", repeats=3, chaos=[5, 60]).start(mj).result(timeout=120)
    assert frame["state"].tolist() == ["success"] * 6
    assert frame["task_id"].nunique() == 6
    stats = server.stats()
    assert (stats["requests"]["submit"], stats["charged"]) == (6, 6)


def test_tasks_of_others_are_not_taken(lost, session, tmp_path):
    """A task that the ledger knows as another row's is not taken for the lost one."""
    server, mj = lost("acedata", "drop")
    with pytest.raises(errors.UnknownOutcome):
        mj.imagine("a fox").result(timeout=60)
    bought = mj.imagine("a fox").result(timeout=60)
    assert mj.resume().result(timeout=60) == []
    first = mj.store.all()[0]
    assert Sweep("a fox").start(mj).result(timeout=60)["task_id"].tolist() == [bought.id]
    assert (mj.store.entry(first.row).state, mj.store.entry(first.row).task_id) == (TaskState.UNKNOWN, "")
    assert mj.history()["task_id"].tolist().count(bought.id) == 1
    assert server.stats()["charged"] == 1


def test_a_later_start_finds_it(lost, session):
    """A row that was unknown when its kernel ended is looked for by the next start of its cell; nothing is sent for it."""
    server, mj = lost("acedata", "accept_then_drop")
    server.faults.add(on="status", kind="status:500", times=None)
    sweep = Sweep("a fox", chaos=5)
    frame = sweep.start(mj).result(timeout=120)
    assert frame["state"].tolist() == ["unknown"]
    mj.close().result(timeout=20)
    server.faults.clear()
    later = session(gateway="simulator:acedata", base_url=mj.place.base_url, time_scale=600)
    assert sweep.start(later).result(timeout=60)["state"].tolist() == ["success"]
    stats = server.stats()
    assert (stats["requests"]["submit"], stats["charged"]) == (1, 1)


def test_a_trace_names_the_task():
    """An error that names the trace of its request is looked for by that; else by words and time, whatever the list holds."""
    of = dialect("acedata")
    sent = {"action": "generate", "prompt": "a fox", "async": True}
    traced = Lost(sent, {"error": {"code": "api_error"}, "trace_id": "t-1"}, 1000.0)
    assert of.search(traced).body == {"action": "retrieve", "trace_id": "t-1"}
    item = {"id": "a", "created_at": 1001.0, "request": {"action": "generate", "prompt": "a fox"}}
    assert of.read_search(Reply(200, item), traced).ids == ("a",)
    untraced = Lost(sent, None, 1000.0)
    others = [
        {**item, "id": "b", "created_at": 500.0},
        {**item, "id": "c", "request": {"action": "generate", "prompt": "a dog"}},
        {**item, "id": "d", "created_at": None},
        {**item, "id": "e", "request": None},
        "x",
        {**item, "id": "f", "created_at": 1000.5},
    ]
    assert of.read_search(Reply(200, {"items": [*others, item]}), untraced).ids == ("f", "a")
    assert of.read_search(Reply(200, {"items": []}), untraced) == Found()
    for none in (Reply(200, {}), Reply(404, {"error": {"code": "not_found"}})):
        assert of.read_search(none, traced) == Found()
    assert (
        of.search(Lost({"prompt": "a long fox"}, None, 1000.0)) is None
    )  # answered in words: there is no task


@pytest.mark.parametrize(
    "body", [None, [], {}, {"items": {}}, {"items": None}, {"error": {"code": "api_error"}}]
)
@pytest.mark.parametrize("status", [200, 500, 429])
def test_what_is_no_list_says_nothing(status, body):
    """An answer that is no list of tasks is an error, and not taken for a list without the task."""
    of = dialect("acedata")
    with pytest.raises(errors.GatewayError):
        of.read_search(Reply(status, body), Lost({"action": "generate", "prompt": "a fox"}, None, 1000.0))


def test_what_another_program_made_is_not_taken():
    """A task with another trace and other words is not ours, nor one that calls back elsewhere, nor one from before by the gateway's clock."""
    of = dialect("acedata")
    sent = {"action": "generate", "prompt": "a fox", "callback_url": "https://us.example/1"}
    item = {"id": "a", "created_at": 1001.0, "request": {"action": "generate", "prompt": "a fox"}}
    foreign = {**item, "trace_id": "t-9", "request": {"action": "generate", "prompt": "a dog"}}
    called = {**item, "id": "b", "request": {**item["request"], "callback_url": "https://them.example/2"}}
    listed = Reply(200, {"items": [foreign, called]})
    assert of.read_search(listed, Lost(sent, {"trace_id": "t-1"}, 1000.0)) == Found()
    assert of.read_search(listed, Lost(sent, None, 1000.0)) == Found()
    ours = {**called, "request": {**called["request"], "callback_url": sent["callback_url"]}}
    assert of.read_search(Reply(200, {"items": [item, ours]}), Lost(sent, None, 1000.0)).ids == ("a", "b")
    for lost, ids in (
        (Lost(sent, None, 1060.0), ("a",)),
        (Lost(sent, None, 1060.0, within=10.0), ()),
        (Lost(sent, None, 900.0, within=10.0, until=950.0), ()),
        (Lost(sent, None, 900.0, within=10.0, until=995.0), ("a",)),
    ):
        assert of.read_search(Reply(200, {"items": [item]}), lost).ids == ids


@pytest.mark.parametrize("gateway", ["apixo", "apixo-reference", "apimart"])
def test_gateways_without_a_list_are_not_asked(lost, gateway):
    """Where nothing lists tasks, a lost answer is unknown at once, and nothing more is asked."""
    server, mj = lost(gateway, "accept_then_drop")
    with pytest.raises(errors.UnknownOutcome):
        mj.imagine("a fox", version="v7").result(timeout=60)
    made = server.stats()["requests"]
    assert (made["submit"], made["status"]) == (1, 0)


# -- the two ways out ------------------------------------------------------------------------------------------------


def unknown(mj: Session) -> str:
    """Make an unknown row and return its cell."""
    with pytest.raises(errors.UnknownOutcome):
        mj.imagine("a fox", version="v7").result(timeout=60)
    return mj.history()["cell"].iloc[0]


@pytest.mark.parametrize(
    ("gateway", "price"), [("apixo", r"\$0\.10"), ("acedata", "nobody knows how much")]
)
def test_an_unknown_row_is_shown_with_its_price_and_the_ways_out(lost, gateway, price):
    """Whoever is told of an unknown row, at once or later, is told what it may have cost and what to do; so is whoever sees the sweep."""
    _, mj = lost(gateway, "drop", times=2)
    said = rf"broke after sending.*Row \S+ may have cost {price}.*mj\.retry\(.*task_id=.*mj\.forget\("
    for reuse in (False, True):
        with pytest.raises(errors.UnknownOutcome, match=said) as error:
            mj.imagine("a fox", version="v7", reuse=reuse).result(timeout=60)
        assert error.value.row == mj.store.all()[0].row
    run = Sweep("an owl").start(mj)
    run.result(timeout=60)
    text = run.progress.text()
    assert "1 unknown, perhaps charged" in text
    assert text.endswith("what is unknown: mj.retry or mj.forget")


def test_trying_an_unknown_cell_again(lost):
    """`retry` sends an unknown cell once more because somebody wants it; the row that may have been charged stays and says so."""
    server, mj = lost("apixo", "drop")
    task = mj.retry(unknown(mj)).result(timeout=60)
    assert task.state is TaskState.SUCCESS
    assert mj.history()["state"].tolist() == ["unknown", "success"]
    assert mj.imagine("a fox", version="v7", reuse=True).result(timeout=60).id == task.id
    with pytest.raises(errors.InvalidRequest, match="success"):
        mj.retry(mj.history()["cell"].iloc[0])
    assert (
        mj.retry(mj.store.all()[0].row).result(timeout=60).id == task.id
    )  # the row itself was retried already
    assert (server.stats()["requests"]["submit"], server.stats()["charged"]) == (2, 1)


def test_the_same_key_is_charged_once(lost):
    """Where keys are honoured, trying an unknown cell again gives the task that the first submission made, charged once."""
    server, mj = lost("apimart", "accept_then_drop")
    assert mj.retry(unknown(mj)).result(timeout=60).state is TaskState.SUCCESS
    assert (server.stats()["requests"]["submit"], server.stats()["charged"]) == (2, 1)


def test_trying_again_looks_first(lost):
    """Where the gateway lists its tasks, `retry` finds the one that was made after all, and sends nothing."""
    server, mj = lost("acedata", "accept_then_drop")
    server.faults.add(on="status", kind="status:500", times=None)
    cell = unknown(mj)
    server.faults.clear()
    assert mj.retry(cell).result(timeout=60).state is TaskState.SUCCESS
    assert (server.stats()["requests"]["submit"], server.stats()["charged"]) == (1, 1)


def test_nothing_is_sent_while_nobody_can_tell(lost):
    """Where the gateway lists its tasks but cannot be asked just now, `retry` says so and sends nothing."""
    server, mj = lost("acedata", "accept_then_drop")
    server.faults.add(on="status", kind="status:500", times=None)
    cell = unknown(mj)
    with pytest.raises(errors.GatewayUnavailable, match=r"Nothing was sent.*mj\.forget"):
        mj.retry(cell).result(timeout=60)
    assert mj.history()["state"].tolist() == ["unknown"]
    assert (server.stats()["requests"]["submit"], server.stats()["charged"]) == (1, 1)


def test_a_long_list_is_looked_through(session):
    """However many tasks were made since, the lost one is found among them: page after page, until all are older."""
    now, asked = time.time(), []
    items = [
        {"id": f"t-{n}", "created_at": now - n / 10, "request": {"prompt": "a dog"}} for n in range(5000)
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if request.url.path != "/midjourney/tasks":
            items[250]["request"] = body  # what was made of it
            raise httpx.ReadError("gone")
        if "offset" not in body:
            ended = {"finished_at": now, "response": {"success": False, "error": {"code": "api_error"}}}
            return httpx.Response(200, json={"items": [{**items[250], **ended}]})
        asked.append(body["offset"])
        return httpx.Response(200, json={"items": items[body["offset"] :][: body["limit"]]})

    quick = WrongClock(5000)
    quick.ahead = 0.0
    mj = session(gateway="acedata", api_key="k" * 20, transport=httpx.MockTransport(answer), clock=quick)
    with pytest.raises(errors.TaskFailed):
        mj.imagine("a fox").result(timeout=60)
    assert mj.store.all()[0].task_id == "t-250"
    assert asked == [*range(0, 1300, 100)]  # until two minutes before it was sent


class WrongClock(Clock):
    """A clock whose time of day is an hour ahead until it is put right."""

    ahead = 3600.0

    def epoch(self) -> float:
        """Return the time of day."""
        return super().epoch() + self.ahead


def test_a_clock_put_right_hides_no_task(lost):
    """If the clock was put right meanwhile, `retry` names the tasks of the same words and sends nothing; one named is taken for nothing."""
    clock = WrongClock(600)
    server, mj = lost("acedata", "accept_then_drop", clock=clock)
    cell = unknown(mj)
    clock.ahead = 0.0
    with pytest.raises(errors.UnknownOutcome, match="Nothing was sent") as error:
        mj.retry(cell).result(timeout=60)
    task_id = str(error.value).split(" about then as ")[1].split()[0]
    assert mj.retry(cell, task_id=task_id).result(timeout=60).id == task_id
    assert (server.stats()["requests"]["submit"], server.stats()["charged"]) == (1, 1)


@pytest.mark.parametrize("kind", ["status:400", "drop", "status:429"])
def test_a_second_try_that_fails_leaves_the_first(lost, kind):
    """Refused, lost or broken off, a second try changes nothing about the first: it may have been charged, and is not free to be bought."""
    server, mj = lost("apixo", "accept_then_drop")
    cell = unknown(mj)
    server.faults.add(on="submit", kind=kind, times=None)
    job = mj.retry(cell)
    if kind == "status:429":
        until(lambda: server.stats()["requests"]["submit"] > 2)
        job.cancel()
    with pytest.raises((errors.MjnbError, Stopped)):
        job.result(timeout=60)
    first, second = mj.store.all()
    until(lambda: mj.store.entry(second.row).state is not TaskState.SUBMITTING)
    assert (first.state, mj.store.called(cell).state) == (TaskState.UNKNOWN, TaskState.UNKNOWN)
    assert mj.store.travelled(first.row)[0]["request_type"]
    with pytest.raises(errors.UnknownOutcome):
        mj.imagine("a fox", version="v7", reuse=True).result(timeout=60)
    assert server.stats()["charged"] == 1


def test_two_that_retry_send_once(lost):
    """Two that retry the same unknown row at once have one new task between them."""
    server, mj = lost("apixo", "drop")
    cell = unknown(mj)
    row = mj.store.called(cell).row
    jobs = [mj.retry(row) for _ in range(3)]
    assert len({job.result(timeout=60).id for job in jobs}) == 1
    assert (server.stats()["requests"]["submit"], server.stats()["charged"]) == (2, 1)


def test_an_equal_task_under_way_is_not_taken(lost):
    """Of two equal requests, one eaten and one answered late, the eaten one stays unknown: no task is two rows' own."""
    server, mj = lost("acedata", "drop")
    server.faults.add(on="submit", kind="slow", seconds=60, times=1)
    frame = Sweep("a fox", repeats=2).start(mj).result(timeout=60)
    assert sorted(frame["state"]) == ["success", "unknown"]
    assert sorted(entry.task_id != "" for entry in mj.store.all()) == [False, True]
    assert server.stats()["charged"] == 1


def test_a_task_waited_for_by_its_id_becomes_the_cells_own(lost):
    """Somebody who finds the lost task in the gateway's list may wait for it by its id: `retry` then gives it to its cell, for nothing."""
    server, mj = lost("acedata", "accept_then_drop")
    server.faults.add(on="status", kind="status:500", times=None)
    cell = unknown(mj)
    server.faults.clear()
    entry = mj.store.all()[0]
    found = Job(listed(mj, entry)).result(timeout=20)
    waited = mj.wait(found[0]).result(timeout=60)
    task = mj.retry(cell).result(timeout=60)
    assert [image.path for image in task.images] == [image.path for image in waited.images]
    assert [(one.row, one.task_id, len(one.kept)) for one in mj.store.all()] == [(entry.row, waited.id, 4)]
    assert (server.stats()["requests"]["submit"], server.stats()["charged"]) == (1, 1)


@pytest.mark.parametrize("gateway", ["apixo", "apimart"])
def test_a_task_that_somebody_found_is_named(simulator, session, tmp_path, gateway):
    """Where nothing lists tasks, whoever finds the id at the gateway names it: it is waited for as the cell's own, and nothing is sent."""
    server = simulator(
        state=tmp_path / "gate.sqlite", faults=[Fault(on="submit", kind="accept_then_drop", times=1)]
    )
    place = {"base_url": f"{server.url}/{gateway}", "time_scale": server.stats()["speed"]}
    mj = session(gateway=f"simulator:{gateway}", **place)
    cell = unknown(mj)
    with closing(sqlite3.connect(tmp_path / "gate.sqlite")) as db:
        ((task_id,),) = db.execute("SELECT id FROM tasks").fetchall()
    server.faults.add(on="status", kind="status:404", times=None)
    with pytest.raises(errors.UnknownTask):
        mj.wait(task_id).result(timeout=60)  # it is not known for a while
    with pytest.raises(errors.UnknownTask):
        mj.retry(cell, task_id=task_id).result(timeout=20)
    server.faults.clear()
    task = mj.retry(cell, task_id=task_id).result(timeout=60)
    assert (task.id, len(task.images)) == (task_id, 4)
    assert mj.history()["state"].tolist() == ["success"]
    with pytest.raises(errors.InvalidRequest, match="success"):
        mj.retry(cell, task_id=task_id)
    server.faults.add(on="submit", kind="drop", times=1)
    with pytest.raises(errors.UnknownOutcome):
        mj.imagine("an owl").result(timeout=60)
    with pytest.raises(errors.InvalidRequest, match="no other row"):
        mj.retry(mj.store.all()[1].row, task_id=task_id).result(timeout=20)
    assert server.stats()["charged"] == 1


async def listed(mj: Session, entry: Entry) -> list[str]:
    """Ask the gateway for the tasks that may be an unknown row's."""
    sent, answered = mj.store.travelled(entry.row)
    runner = await mj.runner()
    return await runner.client.search(Lost(sent, answered, entry.claimed))


@pytest.mark.parametrize("again", ["retry", "sweep"])
def test_a_task_that_was_not_known_is_asked_after_before_another_is_paid(lost, again):
    """A task that its gateway did not know for a while is asked after once more: it is there again, and nothing is sent."""
    server, mj = lost("apixo", "slow")
    sweep = Sweep("a fox", chaos=[5])
    server.faults.add(on="status", kind="status:404", times=None)
    assert sweep.start(mj).result(timeout=60)["fail_code"].tolist() == ["UNKNOWN_TASK"]
    entry = mj.store.all()[0]
    assert mj.store.committed(entry.purse) == entry.price_micro  # it was taken
    server.faults.clear()
    if again == "retry":
        assert mj.retry(entry.row).result(timeout=60).state is TaskState.SUCCESS
    else:
        assert sweep.start(mj, retry="failed").result(timeout=60)["state"].tolist() == ["success"]
    assert (server.stats()["requests"]["submit"], server.stats()["charged"]) == (1, 1)


@pytest.mark.parametrize("way", ["retry", "imagine", "close"])
def test_an_answer_that_cannot_be_written_is_kept(lost, session, way):
    """If the ledger cannot take the id of a paid task, the session keeps it and writes it down at its next chance."""
    server, mj = lost("apixo", "slow")
    with closing(sqlite3.connect(mj.store.path)) as db:
        db.execute(
            "CREATE TRIGGER no BEFORE UPDATE OF task_id ON tasks BEGIN SELECT RAISE(FAIL, 'disk'); END"
        )
        db.commit()
        with pytest.raises(errors.StoreError, match=r"was taken and charged.*keeps the answer"):
            mj.imagine("a fox").result(timeout=60)
        with pytest.raises(errors.StoreError):
            mj.imagine("an owl").result(timeout=60)  # nothing more is paid for as long as that is so
        db.execute("DROP TRIGGER no")
        db.commit()
    row = mj.store.all()[0].row
    assert mj.store.entry(row).state is TaskState.SUBMITTING
    if way == "retry":
        with pytest.raises(errors.InvalidRequest, match="this one is pending"):
            mj.retry(row)
    elif way == "imagine":
        mj.imagine("an owl").result(timeout=60)
    else:
        mj.close().result(timeout=20)
        mj = session(gateway="simulator:apixo", base_url=mj.place.base_url, time_scale=600)
    assert mj.store.entry(row).state is TaskState.PENDING
    assert len(mj.resume().result(timeout=60)[0].images) == 4
    stats = server.stats()
    assert stats["requests"]["submit"] == stats["charged"] == (2 if way == "imagine" else 1)


def test_trying_a_failed_cell_again(lost):
    """`retry` of a failed cell pays for a new task; the failed one stays in the ledger."""
    server, mj = lost("apixo", "slow")
    with pytest.raises(errors.TaskFailed):
        mj.imagine("a fox that will [fail:generation]", version="v7").result(timeout=60)
    row = mj.history().iloc[0]
    with pytest.raises(errors.TaskFailed):
        mj.retry(row).result(timeout=60)
    assert len(mj.history()) == 2
    assert server.stats()["requests"]["submit"] == 2


@pytest.mark.parametrize("named", ["cell", "row", "frame", "task"])
def test_letting_go(lost, named):
    """`forget` releases an unknown cell, however it is named; the next start asks for it anew."""
    server, mj = lost("apixo", "drop")
    cell = unknown(mj)
    entry = mj.store.all()[0]
    given = {"cell": cell, "row": entry.row, "frame": mj.history().iloc[0], "task": entry.task(None)}[named]
    mj.forget(given)
    assert mj.history()["state"].tolist() == ["refused"]
    assert mj.imagine("a fox", version="v7", reuse=True).result(timeout=60).state is TaskState.SUCCESS
    assert server.stats()["charged"] == 1


def test_cells_that_are_neither(lost):
    """Nothing is sent for a cell that is finished, or that is not there, and nothing is let go."""
    server, mj = lost("apixo", "slow")
    task = mj.imagine("a fox").result(timeout=60)
    for call in (mj.retry, mj.forget):
        with pytest.raises(errors.InvalidRequest, match="success"):
            call(task)
        with pytest.raises(errors.InvalidRequest, match="of this ledger"):
            call("k1:nothing")
    assert server.stats()["requests"]["submit"] == 1
