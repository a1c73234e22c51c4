"""A sweep under way: how far it is, how it stops, what ends it."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
import weakref
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

import httpx
import pytest

from mjnb import errors
from mjnb.jobs import IO, Stopped
from mjnb.polling import Clock
from mjnb.simulator import Fault, ManualClock
from mjnb.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.runs import Progress, Run
    from mjnb.session import Session


def until(condition: Callable[[], bool], patience: float = 10) -> None:
    """Wait until something holds that another thread brings about."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def seen(run: Run) -> list[Progress]:
    """Return every progress that a listener is told of, and wait for the run's end."""
    found: list[Progress] = []
    run.listen(lambda run: found.append(run.progress))
    run.result()
    return found


# -- progress ------------------------------------------------------------------------------------------------------


def test_progress_counts_up(simulator, session):
    """Done, failed and spent only grow, running never exceeds what is left, and at the end everything is counted."""
    mj = session(simulator())
    found = seen(Sweep(["a fox", "gore", "an owl", "a bear"]).start(mj))
    for before, after in pairwise(found):
        assert after.done >= before.done
        assert after.spent_micro >= before.spent_micro
        assert after.elapsed_s >= before.elapsed_s
        assert after.done + after.failed + after.running <= after.total == 4
    last = found[-1]
    assert (last.done, last.failed, last.running, last.unknown) == (3, 1, 0, 0)
    assert last.spent_micro == 300_000  # the failed one is refunded
    assert last.ended
    assert last.eta_s == 0
    assert "3 of 4 done" in last.text()
    assert "simulated" in last.text()


class Waits(Clock):
    """A session's clock on which waiting alone takes time: it stands still until everybody waits."""

    def __init__(self, gate: ManualClock) -> None:
        super().__init__()
        self._gate, self.waiting = gate, list[tuple[float, asyncio.Future[None]]]()

    def now(self) -> float:
        """Return the gateway's time."""
        return self._gate.now()

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved that far."""
        mine = (self.now() + seconds, asyncio.get_running_loop().create_future())
        self.waiting.append(mine)
        try:
            await mine[1]
        finally:
            if mine in self.waiting:
                self.waiting.remove(mine)

    def move(self) -> None:
        """Move on to the next moment that somebody waits for, and wake that one."""
        moment, alarm = min(self.waiting, key=itemgetter(0))
        self.waiting.remove((moment, alarm))
        self._gate.catch_up(moment)
        alarm.get_loop().call_soon_threadsafe(alarm.set_result, None)


def test_the_estimate_is_sane(simulator, session):
    """The estimate begins with the documented span, never goes far beyond it, and ends at nothing."""
    clock, ready = Waits(gate := ManualClock()), threading.Event()
    mj = session(simulator(clock=gate), clock=clock, concurrency=4)
    IO.loop().call_soon_threadsafe(ready.wait, 10)  # nothing has begun when we look first
    run = Sweep("a fox", chaos=list(range(9))).start(mj)
    estimates = [run.progress.eta_s]
    run.listen(lambda run: estimates.append(run.progress.eta_s))
    ready.set()
    while not run.done():
        until(lambda: run.done() or len(clock.waiting) == min(4, 9 - run.progress.done) > 0)
        if not run.done():
            clock.move()
    assert 3 * 30 <= estimates[0] <= 3 * 45
    assert min(estimates) >= 0
    assert max(estimates) <= 4 * 45
    assert run.progress.eta_s == 0


def test_paid_before_is_told_apart(simulator, session):
    """A second start counts what was paid before, spends only on what is new, and does not ask after what is whole."""
    server = simulator()
    mj = session(server)
    Sweep("a fox", chaos=[0, 50]).start(mj).result()
    asked = server.stats()["requests"]
    again = Sweep("a fox", chaos=[0, 50]).start(mj)
    again.result()
    assert (again.progress.paid_before, again.progress.done, again.progress.spent_micro) == (2, 2, 0)
    assert server.stats()["requests"] == asked
    wider = Sweep("a fox", chaos=[0, 50, 100]).start(mj)
    wider.result()
    assert (wider.progress.paid_before, wider.progress.done, wider.progress.spent_micro) == (2, 3, 100_000)


def test_a_failure_that_is_tried_again_is_not_counted_yet(simulator, session):
    """Until a failed cell has been tried anew it is neither done nor failed; then its new end counts."""
    server = simulator()
    mj = session(server)
    sweep = Sweep(["a fox", "fail:PROCESSING_TIMEOUT"])
    assert sweep.start(mj).progress.total == 2
    sweep.start(mj).result()
    found = seen(sweep.start(mj))
    assert found[0].failed == 0
    assert found[-1].failed == 1


def test_lost_pictures_come_back(simulator, session):
    """A finished cell whose picture file was deleted has it again after the next start, for nothing."""
    server = simulator()
    mj = session(server)
    sweep = Sweep("a fox", chaos=[0, 50])
    sweep.start(mj).result()
    for entry in mj.store.all():
        entry.images[2].path.unlink()
    sweep.start(mj).result()
    assert all(image.path.exists() for entry in mj.store.all() for image in entry.images)
    assert server.stats()["charged"] == 2


def test_tiles_for_a_view(simulator, session):
    """A view is told of each cell's label, state, note and picture files, in the sweep's order."""
    mj = session(simulator())
    run = Sweep("a {fox, gore}", chaos=[5], repeats=2).start(mj)
    run.result()
    tiles = run.tiles(3)
    assert len(tiles) == 3
    assert tiles[0]["label"] == "prompt_1 fox · chaos 5"
    assert "repeat 1" in tiles[1]["label"]
    assert [tile["state"] for tile in tiles] == ["success", "success", "failed"]
    assert len(tiles[0]["pictures"]) == 4
    assert "CONTENT_VIOLATION" in tiles[2]["note"]


def test_a_listener_that_breaks_costs_nothing(simulator, session):
    """A view that raises does not stop the run, nor keep the others from being told."""
    mj = session(simulator())
    run = Sweep("a fox", chaos=[0, 50]).start(mj)
    told: list[int] = []
    run.listen(lambda _: 1 / 0)
    run.listen(lambda run: told.append(run.progress.done))
    assert run.result()["state"].tolist() == ["success"] * 2
    assert told[-1] == 2


def test_a_finished_run_can_be_forgotten(simulator, session):
    """Nothing keeps a run that has ended alive."""
    mj = session(simulator())
    run = Sweep("a fox").start(mj)
    run.result()
    gone = weakref.ref(run)
    del run
    until(lambda: gc.collect() >= 0 and gone() is None)


# -- stopping ------------------------------------------------------------------------------------------------------


def _half_done(
    session: Callable[..., Session], server: object, cells: int = 20
) -> tuple[Session, Sweep, Run]:
    mj = session(server, concurrency=6)
    sweep = Sweep("a fox", chaos=list(range(cells)))
    run = sweep.start(mj)
    until(lambda: run.progress.done >= 4)
    return mj, sweep, run


def test_stop_keeps_what_is_done(simulator, session):
    """Stop ends a run within two seconds with what is done kept, and the next start pays only for the rest."""
    server = simulator(speed=100)
    _, sweep, run = _half_done(session, server)
    began = time.monotonic()
    run.stop()
    with pytest.raises(Stopped, match=r"\d+ of 20 done"):
        run.result()
    assert time.monotonic() - began < 2
    frame = run.frame()
    assert 4 <= frame["state"].eq("success").sum() < 20
    assert {tile["state"] for tile in run.tiles(20)} >= {"success", "stopped"}
    assert run.progress.ended
    charged = server.stats()["charged"]
    other = session(server)
    assert charged == len(other.store.all()) < 20
    assert sweep.start(other).result()["state"].eq("success").all()
    assert server.stats()["charged"] == 20


def test_stopping_an_await_stops_the_run(simulator, session):
    """A cell that is interrupted while it awaits a run stops it, within two seconds, and can go on afterwards."""
    server = simulator(speed=60)
    mj = session(server)
    sweep = Sweep("a fox", chaos=list(range(5)))

    async def cell() -> float:
        run = sweep.start(mj)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await run
        assert run.done()
        return time.monotonic() - began

    assert asyncio.run(cell()) < 2
    assert len(sweep.start(mj).result()) == 5
    assert server.stats()["charged"] == 5


def test_stop_during_submissions(simulator, session):
    """Stop while submissions hang returns at once; each of them is written down when it ends, and none is repeated."""
    server = simulator(faults=[Fault(on="submit", kind="slow", times=None, seconds=300)])
    mj = session(server)
    sweep = Sweep("a fox", chaos=list(range(12)))
    run = sweep.start(mj)
    until(lambda: server.stats()["charged"] == 8)  # eight at a time
    began = time.monotonic()
    run.stop()
    with pytest.raises(Stopped):
        run.result()
    assert time.monotonic() - began < 2
    until(lambda: [e.state.value for e in mj.store.all()] == ["pending"] * 8)
    server.faults.clear()
    assert sweep.start(mj).result()["state"].eq("success").all()
    assert server.stats()["charged"] == 12


# -- what ends a run -----------------------------------------------------------------------------------------------


def test_a_wrong_key_ends_it(simulator, session):
    """A key that is refused is raised, and not tried with every cell."""
    server = simulator(api_key="the-right-key")
    run = Sweep("a fox", chaos=list(range(60))).start(session(server, api_key="the-wrong-key"))
    with pytest.raises(errors.AuthenticationError):
        run.result()
    assert server.stats()["requests"]["submit"] <= 8
    assert set(run.frame()["state"]) == {"refused"}


def test_no_credit_ends_it(simulator, session):
    """When the money is gone the run says so, having kept what was bought; topping up and starting again goes on."""
    server = simulator(credit_usd=0.55)
    mj = session(server, api_key="a-key")
    sweep = Sweep("a fox", chaos=list(range(40)))
    run = sweep.start(mj)
    with pytest.raises(errors.InsufficientCredits, match="what is paid is kept"):
        run.result()
    assert server.stats()["charged"] == 5
    assert server.stats()["requests"]["submit"] <= 5 + 8
    assert run.frame()["state"].eq("success").sum() == 5
    assert run.progress.done == 5


def test_no_network_ends_it(session):
    """When the gateway cannot be reached the run says so; nothing is charged and no cell is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mj = session(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", time_scale=600)
        run = Sweep("a fox", chaos=list(range(50))).start(mj)
        with pytest.raises(errors.ConnectionFailed):
            run.result()
    assert len(Sweep("a fox", chaos=list(range(50))).plan(mj).result().to_send) == 50


def test_answer_after_answer_lost_ends_it(simulator, session):
    """A proxy that eats every answer does not eat the whole sweep: after eight in a row no more is sent."""
    server = simulator(faults=[Fault(on="submit", kind="accept_then_drop", times=None)])
    run = Sweep("a fox", chaos=list(range(60))).start(session(server))
    with pytest.raises(errors.UnknownOutcome, match="in a row"):
        run.result()
    assert (
        8 <= server.stats()["charged"] < 24
    )  # what was under way when the eighth was heard of: eight at once, and few more
    assert set(run.frame()["state"]) == {"unknown"}


def test_answers_lost_now_and_then_do_not_end_it(simulator, session):
    """Unclear submissions between clear ones are rows of their own, however many they are."""
    server = simulator(
        faults=[Fault(on="submit", kind="accept_then_drop", times=None, probability=0.5, seed=3)]
    )
    frame = Sweep("a fox", chaos=list(range(24))).start(session(server, concurrency=2)).result()
    assert len(frame) == 24
    assert frame["state"].eq("unknown").sum() > 8
    assert server.stats()["charged"] == 24


def test_a_full_disk_ends_it(simulator, session):
    """When pictures cannot be written the run says which file, and buys no more; starting again fetches them."""
    server = simulator()
    mj = session(server, concurrency=2)
    pictures = mj.store.root / "pictures"
    pictures.rmdir()
    pictures.write_text("in the way")
    sweep = Sweep("a fox", chaos=list(range(10)))
    with pytest.raises(errors.StoreError, match="pictures"):
        sweep.start(mj).result()
    assert server.stats()["charged"] <= 3
    pictures.unlink()
    assert sweep.start(mj).result()["images"].map(len).eq(4).all()
    assert server.stats()["charged"] == 10


def test_a_mistake_of_ones_own_costs_no_other_cell(session):
    """An error that nobody foresaw stops the submitting and comes out as it is, not wrapped in a group."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError(request.url)

    run = Sweep("a fox", chaos=[0, 50, 100]).start(
        session(transport=httpx.MockTransport(answer), time_scale=600)
    )
    with pytest.raises(ZeroDivisionError):
        run.result()
    assert set(run.frame()["state"]) == {"unknown"}


def test_the_loop_is_never_held_up(simulator, session):
    """While a run is under way and while its frame is made, the I/O loop stands still no longer than the machine itself does."""
    mj = session(simulator())
    Sweep("a fox").start(mj).result()  # everything is imported
    idle = (
        asyncio.new_event_loop()
    )  # on a thread that does nothing else: what it misses, the machine has taken
    thread = threading.Thread(target=idle.run_forever)
    thread.start()
    gaps: dict[asyncio.AbstractEventLoop, list[float]] = {IO.loop(): [], idle: []}
    beating = True

    def beat(loop: asyncio.AbstractEventLoop, last: float) -> None:
        gaps[loop].append(time.perf_counter() - last)
        if beating:
            loop.call_later(0.005, beat, loop, time.perf_counter())

    for loop in gaps:
        loop.call_soon_threadsafe(beat, loop, time.perf_counter())
    Sweep("a fox", chaos=list(range(30))).start(mj).result()
    beating = False
    idle.call_soon_threadsafe(idle.stop)
    thread.join()
    idle.close()
    assert len(gaps[IO.loop()]) > 30
    assert max(gaps[IO.loop()]) < 0.25 + 3 * max(gaps[idle])


def test_the_function_of_the_same_name(simulator, session):
    """`mjnb.run` blocks on any awaitable of ours, before and after the package of that name has been imported."""
    import mjnb

    mj = session(simulator())
    assert mjnb.run(mj.imagine("a fox")).state == "success"
    assert len(mjnb.run(mjnb.Sweep("a fox", chaos=[0, 50]).start(mj))) == 2


def test_a_stop_tells_what_it_has_bought(simulator, session):
    """After a stop the numbers are the ledger's: submissions that were under way are counted and their money is reserved."""
    server = simulator()
    mj = session(server)
    run = Sweep("a fox", chaos=list(range(60))).start(mj)
    while not server.stats()["tasks"]:
        pass
    run.stop()
    with pytest.raises(Stopped):
        run.result(timeout=10)
    progress = run.progress
    held = progress.done + progress.running
    assert held == server.stats()["charged"] == len(run.frame())
    assert progress.spent_micro + progress.reserved_micro == held * 100_000
    assert "reserved" in progress.text() or progress.running == 0
