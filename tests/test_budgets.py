"""Budgets: one sum for many sweeps at once, never exceeded by a cent, whatever fails, is lost or is stopped.

`MJNB_EXAMPLES=400 pytest -n0 tests/test_budgets.py` tries more orders of events.
"""

from __future__ import annotations

import math
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mjnb import Budget, errors
from mjnb.runs import Run
from mjnb.runs.plan import make_plan
from mjnb.simulator import Fault
from mjnb.store import Draft, Store
from mjnb.sweep import Sweep
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = int(os.environ.get("MJNB_EXAMPLES", "20"))
PRICE = 100_000  # micro-dollars of a simulated text-to-image
NOTHING = {"completed": None, "created": None}


@pytest.mark.parametrize("usd", [-1, math.inf, math.nan, True, "5", None, [5]])
def test_budgets_that_cannot_be(usd):
    """A budget is a number of US dollars, 0 or more."""
    with pytest.raises(errors.InvalidRequest):
        Budget(usd)


@pytest.mark.parametrize("name", ["", "  ", 5])
def test_names_that_cannot_be(name):
    """A budget's name is a word."""
    with pytest.raises(errors.InvalidRequest):
        Budget(5, name)


def test_fifty_sweeps_share_one_budget(simulator, session):
    """Fifty sweeps at once on one budget spend it to the last cent and no more; each says what it had no room for."""
    server = simulator()
    mj = session(server)
    budget = Budget(2.05)
    runs = [
        Sweep(f"fox {n}", chaos=[0, 50]).start(mj, budget=budget, on_budget="partial") for n in range(50)
    ]
    frames = [run.result(timeout=120) for run in runs]
    assert sum(len(frame) for frame in frames) == 20
    assert server.stats()["charged"] == 20
    assert mj.store.committed(budget.purse) == 20 * PRICE


def test_who_comes_too_late_is_told(simulator, session):
    """A sweep whose room another one has taken meanwhile sends no more, keeps what it has, and raises what happened."""
    server = simulator()
    mj = session(server)
    budget = Budget(0.30)
    sweeps = [Sweep(f"fox {n}", chaos=[0, 50]) for n in range(2)]
    plans = [
        make_plan(sweep, mj).within(budget, "raise", mj) for sweep in sweeps
    ]  # before either has begun
    first, second = (Run(sweep, mj, plan) for sweep, plan in zip(sweeps, plans, strict=True))
    said = []
    for run in (first, second):
        try:
            run.result(timeout=60)
        except errors.BudgetError as error:
            said.append(str(error))
    assert len(said) == 1
    assert "Nothing was sent for this cell" in said[0]
    assert len(first.frame()) + len(second.frame()) == 3
    assert server.stats()["charged"] == 3
    with pytest.raises(errors.BudgetError, match=r"the budget is \$0\.30, of which \$0\.00 are left"):
        Sweep("another fox").start(mj, budget=budget)


def test_a_budget_is_known_again_by_its_name(simulator, session):
    """A budget with a name goes on where it was in another session; one without a name is that object's alone."""
    server = simulator()
    mj = session(server)
    Sweep("a fox", chaos=[0, 50]).start(mj, budget=Budget(0.30, "study")).result(timeout=60)
    mj.close().result(timeout=20)
    later = session(server)
    with pytest.raises(errors.BudgetError):
        Sweep("a hare", chaos=[0, 50]).start(later, budget=Budget(0.30, "study"))
    assert len(Sweep("a hare", chaos=[0, 50]).start(later, budget=Budget(0.30)).result(timeout=60)) == 2


def test_what_is_lost_stays_reserved(simulator, session):
    """A task whose fate is unknown keeps its room; refusals and failures give it back."""
    server = simulator(
        faults=[Fault(on="submit", kind="accept_then_drop"), Fault(on="submit", kind="status:400", times=2)]
    )
    mj = session(server)
    budget = Budget(0.40)
    states = Sweep("a fox", chaos=[0, 10, 20]).start(mj, budget=budget).result(timeout=60)["state"]
    assert sorted(states) == ["refused", "refused", "unknown"]
    assert mj.store.committed(budget.purse) == PRICE
    failing = Sweep("gore at {time: dawn, dusk}").start(mj, budget=budget).result(timeout=60)
    assert failing["state"].tolist() == ["failed", "failed"]
    assert mj.store.committed(budget.purse) == PRICE
    with pytest.raises(errors.BudgetError):
        Sweep("a hare", chaos=[0, 10, 20, 30]).start(mj, budget=budget)
    assert len(Sweep("a hare", chaos=[0, 10, 20]).start(mj, budget=budget).result(timeout=60)) == 3


def test_two_kernels_share_one_budget(tmp_path):
    """Threads with connections of their own to one ledger, claiming as fast as they can, never take the same room."""
    stores = [Store(tmp_path) for _ in range(4)]

    def claim(number: int) -> bool:
        try:
            stores[number % 4].claim(draft(f"k1:{number:016d}", PRICE, 10 * PRICE), again=None)
        except errors.BudgetError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(claim, range(40)))
    assert sum(taken) == 10
    assert stores[0].committed("b:one") == 10 * PRICE
    for store in stores:
        store.close()


def test_what_another_kernel_spends_meanwhile_counts(simulator, session):
    """A plan that was worked out before another kernel began the same cells has the room that is left, not that and theirs."""
    server = simulator()
    ours, theirs = session(server), session(server)
    chaos = [0, 10, 20, 30, 40, 50]
    plan = make_plan(Sweep("a fox", chaos=chaos[::-1]), ours)
    Sweep("a fox", chaos=chaos).start(theirs, budget=0.30, on_budget="partial").result(timeout=60)
    plan = plan.within(0.30, "partial", ours)
    assert (plan.cap_micro, len(plan.to_send)) == (300_000, 0)
    assert server.stats()["charged"] == 3


@pytest.mark.parametrize("fate", ["unknown", "lost", "pending", "beside"])
def test_what_other_budgets_may_have_to_pay_counts(tmp_path, simulator, session, fate):
    """A sum that is a sweep's own has room for what no other budget has paid, or may have to pay, for its cells."""
    mj = session(simulator())
    sweep = Sweep("a fox", chaos=[0])
    plan = make_plan(sweep, mj)
    other = replace(draft(plan.spots[0].key, PRICE, 10 * PRICE, "b:other"), sweep="s1:other")
    entry, _ = mj.store.claim(other, again=None, when=1000.0)
    mj.store.sending(entry.row, {})
    if fate in {"unknown", "beside"}:
        mj.store.ended(entry.row, TaskState.UNKNOWN, "", "")
    else:
        mj.store.submitted(entry.row, "t-1", 1.0, {}, {})
    if fate == "lost":
        mj.store.lost(entry.row, "404")
    if fate == "beside":
        second, _ = mj.store.claim(replace(other, beside=entry.row), again=lambda _: True, when=1001.0)
        mj.store.submitted(second.row, "t-2", 1.0, {}, {})
    assert make_plan(sweep, mj)._purse(0.50)[1] == 500_000 - (2 if fate == "beside" else 1) * PRICE


def test_nothing_is_paid_without_a_budget(simulator, session):
    """On a gateway that costs money, a cell that another kernel was sending and had refused is not sent here without a budget."""
    server = simulator()
    place = {
        "gateway": "apixo",
        "base_url": server.url,
        "api_key": "k" * 20,
        "time_scale": server.stats()["speed"],
    }
    ours, theirs = session(**place), session(**place)
    sweep = Sweep("a fox", chaos=[0])
    sent = draft(make_plan(sweep, ours).spots[0].key, PRICE, 10 * PRICE)
    entry, _ = theirs.store.claim(sent, again=None, when=1000.0)
    run = sweep.start(ours)  # there is nothing to send
    theirs.store.ended(entry.row, TaskState.REFUSED, "429", "busy")
    assert run.result(timeout=60)["state"].tolist() == ["refused"]
    assert server.stats()["charged"] == 0
    assert sweep.start(ours, budget=1).result(timeout=60)["state"].tolist() == ["success"]


def draft(cell: str, price: int | None, cap: int, purse: str = "b:one") -> Draft:
    """A row about to be written."""
    return Draft(cell, "apixo", True, "text-to-image", {"prompt": cell}, price, purse=purse, cap_micro=cap)


class Purses(RuleBasedStateMachine):
    """Rows claimed, taken, lost, refused, failed, charged and let go in any order, on two budgets and two connections."""

    root: Path

    @initialize(caps=st.tuples(st.integers(0, 900_000), st.integers(0, 900_000)))
    def open(self, caps: tuple[int, int]) -> None:
        """Open the ledger twice."""
        self.caps = dict(zip(("b:one", "b:two"), caps, strict=True))
        folder = tempfile.mkdtemp(dir=self.root)
        self.stores = [Store(folder) for _ in range(2)]
        self.rows: list[str] = []

    @rule(price=st.integers(0, 300_000), purse=st.sampled_from(["b:one", "b:two"]), at=st.integers(0, 1))
    def claim(self, price: int, purse: str, at: int) -> None:
        """Claim a cell: exactly if there is room."""
        room = self.caps[purse] - self.owed(purse)
        cell = f"k1:{len(self.rows):016d}{purse}"
        try:
            entry, _ = self.stores[at].claim(draft(cell, price, self.caps[purse], purse), again=None)
        except errors.BudgetError:
            assert price > room
        else:
            assert price <= room
            self.rows.append(entry.row)

    @rule(
        data=st.data(),
        fate=st.sampled_from(
            ["taken", "refused", "lost", "forgotten", "found", "success", "failed", "reopened"]
        ),
    )
    def befall(self, data: Any, fate: str) -> None:
        """Let something happen to a row; what does not suit its state changes nothing."""
        if not self.rows:
            return
        row, store = data.draw(st.sampled_from(self.rows)), self.stores[data.draw(st.integers(0, 1))]
        state = store.entry(row).state
        if fate in {"success", "failed"} and state.is_running:
            from mjnb.gateways.base import Status

            store.told(row, Status(TaskState(fate)), {}, seen=0, lag_s=None, expires=None)
        elif fate == "taken" and state is TaskState.SUBMITTING:
            store.submitted(row, f"t-{row}", 0, {}, {})
        elif fate in {"refused", "lost"}:
            store.ended(row, TaskState.REFUSED if fate == "refused" else TaskState.UNKNOWN, "", "")
        elif fate == "found":
            store.found(row, f"f-{row}", 0)
        elif fate == "forgotten":
            store.forget(row)
        elif fate == "reopened" and state is TaskState.REFUSED:
            self.reopen(store, row)

    def reopen(self, store: Store, row: str) -> None:
        """Send a refused row again: exactly if there is room."""
        entry = store.entry(row)
        room = self.caps[entry.purse] - self.owed(entry.purse)
        try:
            store.reopen(row, alone=True, cap_micro=self.caps[entry.purse])
        except errors.BudgetError:
            assert (entry.price_micro or 0) > room

    def owed(self, purse: str) -> int:
        """Add up by hand what a budget has paid or may have to pay."""
        counted = {"success", "pending", "processing", "submitting", "unknown"}
        rows = [
            entry for entry in self.stores[0].all() if entry.purse == purse and entry.state.value in counted
        ]
        return sum(entry.price_micro or 0 for entry in rows)

    @invariant()
    def never_exceeded(self) -> None:
        """No budget is ever exceeded by a cent."""
        for purse, cap in getattr(self, "caps", {}).items():
            assert self.owed(purse) == self.stores[1].committed(purse) <= cap

    def teardown(self) -> None:
        """Close the ledger."""
        for store in getattr(self, "stores", []):
            store.close()


def test_budgets_hold_in_any_order(tmp_path):
    """Whatever happens to rows in whatever order, a budget is never exceeded by a cent, and never refused while there is room."""
    from hypothesis.stateful import run_state_machine_as_test

    machine = type("Purses", (Purses,), {"root": tmp_path})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=30, deadline=None)
    )
