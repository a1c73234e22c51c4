"""Everything that can befall a session, in random order: what the gateway charged is in the ledger, once.

Sweeps and single requests, equal ones among them; lost answers, kills, restarts, callbacks, expired pictures; two kernels on one
ledger, another ledger with the same key; clocks that jump; and what people do about unknown rows. Judged by the gateway's books.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from machine_helpers import OURS, UNDECIDED, Books, Jumpy, check, free_port, same, unrecorded

from mjnb import errors
from mjnb.modes import TextToImage
from mjnb.session import Session
from mjnb.simulator import Server
from mjnb.simulator.clock import Clock as GateClock
from mjnb.sweep import Sweep
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from mjnb.jobs import Job
    from mjnb.store import Entry

EXAMPLES = int(os.environ.get("MJNB_EXAMPLES", "8"))
SPEED = 3000.0
WORDS = range(3)
"""The values of chaos: requests that agree in it are equal."""
AT_SUBMIT = [
    "slow",
    "drop",
    "truncate",
    "html",
    "garbage",
    "status:500",
    "status:503",
    "status:429",
    "status:400",
]
AT_SUBMIT += ["accept_then_drop"] * 3
AT_STATUS = ["drop", "truncate", "html", "garbage", "status:500", "status:404", "odd_state"]
AT_FILE = ["drop", "truncate", "html", "garbage", "status:410", "status:500"]
AT_RETRY = ["accept_then_drop", "drop", "truncate", "status:400", "status:429", "status:503"]
ENDS = ["", "", "stop", "kill", "kill"]
LOSING = ["accept_then_drop", "accept_then_drop", "truncate", "drop"]
GATEWAYS = ["apixo", "apixo+marks", "acedata", "acedata+marks", "acedata+stream", "apimart"]
"""With marks every POST names its row, by the address to call back; nobody is there."""
WORD, SOME = st.sampled_from(WORDS), st.sets(st.sampled_from(WORDS), min_size=1, max_size=3)
KERNEL, PICK = st.integers(0, 1), st.integers(0, 7)
LOST = st.sampled_from(LOSING)


class Life(RuleBasedStateMachine):
    """One ledger and one gateway, and everything that can befall them."""

    root: Path
    figures: Counter[str]

    @initialize(gateway=st.sampled_from(GATEWAYS))
    def begin(self, gateway: str) -> None:
        """Start the gateway and a first session."""
        self.gateway, _, self.manner = gateway.partition("+")
        self.folder = Path(tempfile.mkdtemp(dir=self.root))
        self.gate = GateClock(SPEED)
        self.clock = Jumpy(self.gate)
        self.server = Server(clock=self.gate, state=self.folder / "books.sqlite", short_side=32).start()
        self.books = Books(self.folder / "books.sqlite")
        self.jobs: list[tuple[Session, Job[Any]]] = []
        self.sweeps = [Sweep("a fox", chaos=WORDS, version="v7")]
        self.let_go: Counter[int] = Counter()
        self.forgotten: set[str] = set()
        self.foreign: set[str] = set()
        self.foreigner: Session | None = None
        self.kernels = [self.opened("ours")]

    def opened(self, store: str) -> Session:
        """Open a session on a ledger."""
        session = Session(
            f"simulator:{self.gateway}", base_url=f"{self.server.url}/{self.gateway}", time_scale=SPEED, clock=self.clock,
            store=self.folder / store, stream=self.manner == "stream", timeout=1e5, quiet=True,
        )  # fmt: skip
        if self.manner == "marks":
            nobody = f"http://127.0.0.1:{free_port()}/nobody"
            session.listen(nobody, port=free_port()).result(timeout=20)
        return session

    def kernel(self, number: int) -> Session:
        """Return one of the sessions on our ledger."""
        return self.kernels[number % len(self.kernels)]

    def asked(self, door: str = "") -> int:
        """Count the requests so far, of any kind or at one door."""
        made = self.server.stats()["requests"]
        return int(made[door]) if door else sum(made.values())

    def rows(self) -> list[Entry]:
        """Return our ledger."""
        return self.kernels[0].store.all()

    def unknown(self) -> list[Entry]:
        """Return the rows that somebody has to decide about."""
        return [row for row in self.rows() if row.state is TaskState.UNKNOWN]

    # -- what is asked for ---------------------------------------------------------------------------------------

    @rule(chaos=SOME, take=st.integers(1, 2), repeats=st.integers(1, 2), at=KERNEL)
    def sweep(self, chaos: set[int], take: int, repeats: int, at: int) -> None:
        """Start a sweep; its cells overlap with those of others, and may have equals."""
        mj = self.kernel(at)
        self.sweeps.append(Sweep("a fox", chaos=sorted(chaos), version="v7", take=take, repeats=repeats))
        self.jobs.append((mj, self.sweeps[-1].start(mj)))

    @rule(chaos=WORD, at=KERNEL, lost=st.sampled_from(["", *LOSING]))
    def imagine_twice(self, chaos: int, at: int, lost: str) -> None:
        """Ask for the same twice at once, of two kernels if there are two; one answer may be lost while the other one is late."""
        if lost:
            self.server.faults.clear()
            self.server.faults.add(on="submit", kind=lost)
            self.server.faults.add(on="submit", kind="slow", seconds=150.0)
        for mj in (self.kernel(at), self.kernel(at + 1)):
            self.jobs.append((mj, mj.imagine("a fox", chaos=chaos, version="v7")))

    # -- what goes wrong -----------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(AT_SUBMIT), times=st.integers(1, 3), after=st.integers(0, 2))
    def lose_an_answer(self, kind: str, times: int, after: int) -> None:
        """Let submissions go wrong."""
        self.server.faults.add(on="submit", kind=kind, times=times, after=after, seconds=60.0)

    @rule(kind=st.sampled_from(AT_STATUS), times=st.integers(1, 5))
    def answer_oddly(self, kind: str, times: int) -> None:
        """Let questions go wrong, those after the list of tasks among them."""
        self.server.faults.add(on="status", kind=kind, times=times)

    @rule(kind=st.sampled_from(AT_FILE), times=st.integers(1, 4))
    def lose_a_picture(self, kind: str, times: int) -> None:
        """Let downloads go wrong, expired ones among them."""
        self.server.faults.add(on="file", kind=kind, times=times)

    @rule(seconds=st.sampled_from([-86_400.0, -600.0, -60.0, 60.0, 600.0, 86_400.0]))
    def set_the_clock(self, seconds: float) -> None:
        """Set the time of day forward or back.

        Not behind the gateway's once somebody else's tasks are in the list: their words and times would then fit ours.
        """
        if not (self.foreign and self.clock.skew + seconds < 0):
            self.clock.skew += seconds

    @rule(seconds=st.sampled_from([60.0, 3600.0, 200_000.0]), both=st.booleans())
    def sleep(self, seconds: float, both: bool) -> None:
        """Let our machine be asleep for a while, or the gateway's time go on without us."""
        if both:
            self.gate.catch_up(self.gate.now() + seconds)
        else:
            self.clock.leap(seconds)

    @precondition(lambda self: not self.manner)
    @rule(at=KERNEL)
    def listen(self, at: int) -> None:
        """Hear callbacks from now on, where the gateway has them."""
        if self.gateway != "apimart":
            self.kernel(at).listen().result(timeout=20)

    @rule(pick=PICK)
    def stop(self, pick: int) -> None:
        """Stop something that runs."""
        if self.jobs:
            self.jobs[pick % len(self.jobs)][1].cancel()

    @rule(chaos=SOME, requests=st.integers(0, 12), at=KERNEL)
    def kill(self, chaos: set[int], requests: int, at: int) -> None:
        """End a process while a sweep is under way: from one moment to the next nothing is written down any more."""
        before, mj = self.asked(), self.kernel(at)
        self.sweeps.append(Sweep("a fox", chaos=sorted(chaos), version="v7", repeats=2))
        run = self.sweeps[-1].start(mj)
        while self.asked() < before + requests and not run.done():
            time.sleep(0.001)
        self.end(mj, killed=True)

    def end(self, mj: Session, *, killed: bool) -> Session:
        """End a session and put a new one in its place."""
        if killed:
            mj.store.close()
            self.figures["kills"] += 1
        with contextlib.suppress(*OURS):
            mj.close().result(timeout=30)
        self.jobs = [(other, job) for other, job in self.jobs if other is not mj]
        self.kernels[self.kernels.index(mj)] = new = self.opened("ours")
        return new

    @rule(at=KERNEL)
    def restart(self, at: int) -> None:
        """Close a session and open another, which takes up what is under way."""
        mj = self.end(self.kernel(at), killed=False)
        with contextlib.suppress(*OURS):
            mj.resume().result(timeout=60)

    @rule()
    def second_kernel(self) -> None:
        """Open a second session on the ledger."""
        if len(self.kernels) == 1:
            self.kernels.append(self.opened("ours"))

    @rule(chaos=WORD)
    def another_ledger(self, chaos: int) -> None:
        """Let somebody else with the same key ask for the same, while nothing of ours is looking for such a task."""
        self.settle()
        is_open = any(row.state in UNDECIDED and same(row) == chaos for row in self.rows())
        if is_open or self.clock.skew < 0:
            return
        before = {task.id for task in self.books.taken()}
        self.foreigner = self.foreigner or self.opened("theirs")
        with contextlib.suppress(*OURS):
            self.foreigner.imagine("a fox", chaos=chaos, version="v7").result(timeout=60)
        self.foreign |= {task.id for task in self.books.taken()} - before

    # -- what people do about it ---------------------------------------------------------------------------------

    @rule(pick=PICK)
    def forget(self, pick: int) -> None:
        """Let an unknown row go."""
        self.settle()
        if rows := self.unknown():
            self.release(rows[pick % len(rows)])

    def release(self, row: Entry) -> None:
        """Let an unknown row go, knowing that it may have been charged."""
        self.kernels[0].forget(row.row)
        self.let_go[same(row)] += 1
        self.forgotten.add(row.row)
        self.figures["forgotten"] += 1

    @rule(
        lost=LOST,
        chaos=WORD,
        pick=PICK,
        kind=st.sampled_from(AT_RETRY),
        end=st.sampled_from(ENDS),
        moments=st.integers(0, 8),
    )
    def retry_in_bad_weather(
        self, lost: str, chaos: int, pick: int, kind: str, end: str, moments: int
    ) -> None:
        """Try an unknown row again; that goes wrong too, or is stopped, or the process dies. It may have been charged all the same."""
        row = self.chosen(lost, chaos, pick)
        if row is None:
            return
        self.server.faults.clear()
        self.server.faults.add(on="submit", kind=kind, times=2)
        submits, asked = self.asked("submit"), self.asked()
        mj = self.kernels[0]
        job = mj.retry(row.row)
        for _ in range(moments if end else 0):
            if job.done() or self.asked() > asked or mj.store.entry(row.row).state is not TaskState.UNKNOWN:
                break
            time.sleep(0.0005)
        if end == "stop":
            job.cancel()
        if end == "kill":
            self.end(mj, killed=True)
        else:
            with contextlib.suppress(*OURS):
                job.result(timeout=60)
        self.retried(row, submits)

    @rule(lost=LOST, chaos=WORD, pick=PICK)
    def retry(self, lost: str, chaos: int, pick: int) -> None:
        """Try an unknown row again in good weather: what is in the list is found, and nothing is sent for it."""
        row = self.chosen(lost, chaos, pick)
        if row is None:
            return
        self.server.faults.clear()
        is_listed, submits = self.is_listed(row), self.asked("submit")
        with contextlib.suppress(*OURS):
            self.kernels[0].retry(row.row).result(timeout=60)
        if is_listed:
            assert self.asked("submit") == submits, (
                f"{row.row} was sent again though its task is in the list"
            )
        self.retried(row, submits)

    @precondition(lambda self: self.gateway == "acedata")
    @rule(
        lost=LOST, chaos=WORD, pick=PICK, kind=st.sampled_from(["status:500", "status:503", "drop", "html"])
    )
    def retry_unheard(self, lost: str, chaos: int, pick: int, kind: str) -> None:
        """Try an unknown row again while the gateway does not tell its tasks: that raises, and nothing is sent."""
        row = self.chosen(lost, chaos, pick)
        if row is None:
            return
        self.server.faults.clear()
        self.server.faults.add(on="status", kind=kind, times=None)
        submits = self.asked("submit")
        with pytest.raises(errors.MjnbError):
            self.kernels[0].retry(row.row).result(timeout=10)
        assert self.asked("submit") == submits, (
            f"{row.row} was sent again, though the gateway could not be asked"
        )
        assert self.kernels[0].store.entry(row.row).state is TaskState.UNKNOWN
        self.server.faults.clear()
        self.figures["unheard"] += 1

    @rule(pick=PICK)
    def adopt(self, pick: int) -> None:
        """Wait for a lost task by its id, which somebody has read on the gateway's own page."""
        self.settle()
        ours = [task for task in self.books.taken() if task.id not in self.foreign]
        if lost := unrecorded(ours, self.rows()):
            with contextlib.suppress(*OURS):
                self.kernels[0].wait(lost[pick % len(lost)].id).result(timeout=60)

    def chosen(self, lost: str, chaos: int, pick: int) -> Entry | None:
        """Choose an unknown row once nothing is under way, one more having been made."""
        self.settle()
        self.server.faults.clear()
        self.server.faults.add(on="submit", kind=lost)
        self.server.faults.add(on="status", kind="status:500", times=None)
        with contextlib.suppress(*OURS):
            self.kernels[0].submit(TextToImage(prompt="a fox", chaos=chaos, version="v7")).result(
                timeout=60
            )
        self.server.faults.clear()
        rows = self.unknown()
        return rows[pick % len(rows)] if rows else None

    def is_listed(self, row: Entry) -> bool:
        """Whether the gateway lists a task that may be the row's, and clocks are right."""
        if (
            self.gateway != "acedata"
            or self.clock.skew
            or any(r.state is TaskState.SUBMITTING for r in self.rows())
        ):
            return False
        ours = [
            task for task in self.books.taken() if task.id not in self.foreign and task.chaos == same(row)
        ]
        whole = [other for other in self.rows() if not other.cell.startswith("task:")]
        return any(task.created >= (row.claimed or 0.0) for task in unrecorded(ours, whole))

    def retried(self, row: Entry, submits: int) -> None:
        """Hold that a row that was retried does not say less than before: its first POST may have been taken.

        If the row has the second POST's task instead, somebody has given up what the first one made.
        """
        now, again = self.kernels[0].store.entry(row.row), self.asked("submit") > submits
        assert now.state is not TaskState.REFUSED, (
            f"{row.row} was unknown, and is refused now: {now.fail_msg}"
        )
        self.let_go[same(row)] += again and now.state is not TaskState.UNKNOWN
        self.figures["retried"] += 1
        self.figures["found by retrying"] += now.state is not TaskState.UNKNOWN and not again

    # -- what must hold ------------------------------------------------------------------------------------------

    @rule()
    def settle(self) -> None:
        """Wait for everything."""
        for _, job in self.jobs:
            with contextlib.suppress(*OURS):
                job.result(timeout=120)
        self.jobs = []

    @invariant()
    def hold(self) -> None:
        """Hold the ledger against the gateway's books."""
        if hasattr(self, "kernels"):
            self.figures["held"] += 1
            check(
                self.books,
                self.kernels[0].store,
                foreign=self.foreign,
                let_go=self.let_go,
                forgotten=self.forgotten,
            )

    def teardown(self) -> None:
        """With good weather everything comes to its end; what stays unknown is let go by hand, and nothing is lost."""
        if not hasattr(self, "kernels"):
            return
        try:
            self.settle()
            self.server.faults.clear()
            self.finish()
        finally:
            for mj in [*self.kernels, *([self.foreigner] if self.foreigner else [])]:
                mj.close().result(timeout=30)
            self.server.stop()

    def finish(self) -> None:
        """See every cell through."""
        mj = self.kernels[0]
        mj.resume().result(timeout=60)
        self.sweeps[0].start(mj).result(timeout=60)
        for row in self.unknown():
            self.release(row)
        for sweep in self.sweeps:
            frame = sweep.start(mj, retry="failed").result(timeout=120)
            assert set(frame["state"]) == {"success"}
            assert frame["images"].map(len).eq(4).all()
        self.hold()
        assert not [row for row in self.rows() if row.state in UNDECIDED]
        self.figures["charged"] += self.server.stats()["charged"]


def test_nothing_is_lost_or_paid_twice(tmp_path, capsys):
    """Whatever happens in any order, each charge is in one row, or in one that is unknown or that somebody let go."""
    figures: Counter[str] = Counter()
    machine = type("Life", (Life,), {"root": tmp_path, "figures": figures})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
    with capsys.disabled():
        print(f" {EXAMPLES} lives: {dict(figures)}", end="")  # noqa: T201  (figures for the table of promises)
