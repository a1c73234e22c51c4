"""A sweep's plan: which cells there are, what they would cost, and which of them are paid for already."""

from __future__ import annotations

import hashlib
import html
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from mjnb import frame as frames
from mjnb.errors import BudgetError, InvalidRequest
from mjnb.rows import row
from mjnb.runner import RETRY
from mjnb.runs.budgets import Budget, micro
from mjnb.tasks import TaskState, cell_key, money, seconds
from mjnb.theme import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.store import Entry

__all__ = [
    "RESERVED",
    "Cell",
    "Plan",
    "Skipped",
    "Spot",
    "Sweeping",
    "frame_of",
    "make_plan",
    "sweep_frame",
]

RESERVED = {TaskState.PENDING, TaskState.PROCESSING, TaskState.SUBMITTING, TaskState.UNKNOWN}
_SECONDS_EACH_S = 0.1  # what sending and fetching add to a task, for the estimate


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination: its place on the axes, the request, which of several equal tasks it is, and its values as typed."""

    coords: Mapping[str, Any]
    request: Request
    repeat: int = 0
    typed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A combination that was left out, and why."""

    coords: Mapping[str, Any]
    reason: str


class Sweeping(Protocol):
    """What a plan and a run must know of a sweep."""

    @property
    def axes(self) -> Mapping[str, Sequence[Any]]:
        """The axes in order."""

    @property
    def take(self) -> int:
        """Which asking of the whole."""

    def valid(self, session: Session) -> tuple[list[Cell], list[Skipped]]:
        """The cells as this session's gateway would take them, and those left out."""

    def leave_out(self, coords: Mapping[str, Any], problem: InvalidRequest) -> Skipped:
        """Say what is left out and why, or raise the problem."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell at one gateway: its key, the checked request, its price, and the row that it already has."""

    cell: Cell
    key: str
    request: Request
    price_micro: int | None
    entry: Entry | None
    wanted: bool

    @property
    def reserved(self) -> bool:
        """Whether its money is, or may be, on its way already."""
        return self.entry is not None and self.entry.state in RESERVED

    @property
    def needs_work(self) -> bool:
        """Whether there is something to send, to wait for, or to fetch."""
        is_paid = self.entry is not None and self.entry.state is TaskState.SUCCESS
        return self.wanted or self.reserved or (is_paid and not _is_whole(self.entry))


@dataclass(frozen=True, slots=True)
class Plan:
    """What running a sweep would do; nothing of it has been sent.

    `price_micro` is the price of the cells to send (millionths of a dollar, the unpriced left out), `spent_micro` what
    this very sweep has paid in earlier starts, `elsewhere_micro` what of it other budgets
    have paid, `eta_s` gateway seconds by the documented times. `purse` names the budget that
    pays in the ledger, `cap_micro` is the most that this may come to; with `is_partial` what it has no room for is left out.
    """

    spots: tuple[Spot, ...]
    skipped: tuple[Skipped, ...]
    eta_s: float
    simulated: bool
    sweep_id: str = ""
    spent_micro: int = 0
    elsewhere_micro: int = 0
    left_out: int = 0
    purse: str = ""
    cap_micro: int | None = None
    is_partial: bool = False

    @property
    def to_send(self) -> tuple[Spot, ...]:
        """The cells that would be paid for."""
        return tuple(spot for spot in self.spots if spot.wanted)

    @property
    def already_paid(self) -> int:
        """How many cells are finished in the ledger."""
        return sum(spot.entry is not None and spot.entry.state is TaskState.SUCCESS for spot in self.spots)

    @property
    def unpriced(self) -> int:
        """How many cells to send have no known price."""
        return sum(spot.price_micro is None for spot in self.to_send)

    @property
    def price_micro(self) -> int:
        """The known price of the cells to send."""
        return sum(spot.price_micro or 0 for spot in self.to_send)

    @property
    def price_usd(self) -> float:
        """The same in US dollars."""
        return self.price_micro / 1e6

    @property
    def reserved_micro(self) -> int:
        """What tasks under way and unknown ones of this sweep may still cost."""
        return sum(spot.entry.price_micro or 0 for spot in self.spots if spot.reserved and spot.entry)

    def within(self, budget: float | Budget | None, on_budget: str, session: Session) -> Plan:
        """Return the plan if it fits its budget, or as much of it as fits.

        A budget is the sweep's, however often it is started: what earlier starts of the same cells have paid counts,
        and so does what is under way or unknown.

        Raises:
            InvalidRequest: No budget is like that.
            BudgetError: It does not fit, cannot be priced, or has no budget where money is spent.
        """
        if on_budget not in {"raise", "partial"}:
            raise InvalidRequest("on_budget", on_budget, "'raise' or 'partial'")
        if budget is None:
            if session.simulated or not self.to_send:
                return self
            raise BudgetError(
                self._needed(session), price_usd=self.price_usd, budget_usd=None, unpriced=self.unpriced
            )
        purse, cap = self._purse(budget)
        room = cap - session.store.committed(purse)
        plan = replace(self, purse=purse, cap_micro=cap)
        if on_budget == "partial":
            return replace(plan.fitting(room), is_partial=True)
        unknown = self.unpriced and not session.simulated  # where nothing is charged, no price is needed
        if self.to_send and (unknown or self.price_micro > room):
            usd = budget.usd if isinstance(budget, Budget) else budget
            raise BudgetError(
                self._over(usd, room), price_usd=self.price_usd, budget_usd=usd, unpriced=self.unpriced
            )
        return plan

    def _purse(self, budget: float | Budget) -> tuple[str, int]:
        """Return the budget's name in the ledger, and the most that may stand there in its name.

        What other budgets have paid for this sweep, or may have to, counts against a sum that is the sweep's own.
        """
        if isinstance(budget, Budget):
            return budget.purse, micro(budget.usd)
        return self.sweep_id, micro(budget) - self.elsewhere_micro

    def fitting(self, room: int) -> Plan:
        """Keep the cells that fit, in order; one without a price never fits, but where nothing is charged."""
        spots = []
        for spot in self.spots:
            known = 0 if self.simulated else math.inf
            fits = (known if spot.price_micro is None else spot.price_micro) <= room
            if spot.wanted and fits:
                room -= spot.price_micro or 0
            spots.append(replace(spot, wanted=spot.wanted and fits))
        left_out = len(self.to_send) - sum(spot.wanted for spot in spots)
        return replace(self, spots=tuple(spots), left_out=left_out)

    def _needed(self, session: Session) -> str:
        """Show the price and the line to type."""
        cost = f"This would cost {self._price_text()}{self._reserved_text()} at {session.dialect.title}. Nothing was sent. "
        if self.unpriced:
            return f"{cost}A budget cannot hold without prices. {self._prices_line()}"
        cents = math.ceil((self.price_micro + self.spent_micro + self.reserved_micro) / 10_000)
        return f"{cost}To run it: sweep.start(mj, budget={cents / 100:.2f})"

    def _prices_line(self) -> str:
        modes = sorted({spot.request.mode for spot in self.to_send if spot.price_micro is None})
        prices = ", ".join(f'"{mode}": …' for mode in modes)
        return f"Open the session with prices={{{prices}}} (USD a task)."

    def _reserved_text(self) -> str:
        spent = f", {money(self.spent_micro)} are spent by this sweep already" if self.spent_micro else ""
        held = (
            f", {money(self.reserved_micro)} are reserved by tasks under way or unknown"
            if self.reserved_micro
            else ""
        )
        return spent + held

    def _over(self, budget: float, room: int) -> str:
        if self.unpriced:
            return f"The plan costs {self._price_text()}. Nothing was sent. {self._prices_line()}"
        left = f", of which {money(max(0, room))} are left" if room != round(budget * 1e6) else ""
        return (
            f"The plan costs {self._price_text()}{self._reserved_text()}, the budget is {money(round(budget * 1e6))}{left}. "
            'Nothing was sent. Raise the budget, or run what fits with on_budget="partial".'
        )

    def _price_text(self) -> str:
        if self.unpriced and not self.price_micro:
            return f"an unknown sum: {self.unpriced} cells have no price"
        unknown = f" and {self.unpriced} cells of unknown price" if self.unpriced else ""
        return f"{money(self.price_micro)}{unknown}"

    def facts(self) -> dict[str, str]:
        """Say in words what it would do."""
        facts = {
            "cells": str(len(self.spots)),
            "paid already": str(self.already_paid),
            "to send": str(len(self.to_send)),
            "price": self._price_text() + (" (simulated: nothing is charged)" if self.simulated else ""),
            "time": f"about {seconds(self.eta_s)} at the gateway" if self.to_send else "none",
        }
        if self.skipped:
            facts["left out as invalid"] = f"{len(self.skipped)}, e.g. {self.skipped[0].reason}"
        if self.left_out:
            facts["left out by the budget"] = str(self.left_out)
        return facts

    def __repr__(self) -> str:
        """Show the facts in one line."""
        return "<Plan " + " · ".join(f"{name}: {value}" for name, value in self.facts().items()) + ">"

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th style="text-align:left">{html.escape(name)}</th><td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in self.facts().items()
        )
        return in_words(f"<table>{cells}</table>")


def make_plan(sweep: Sweeping, session: Session, *, retry: str = "transient") -> Plan:
    """Check every cell against the gateway, look it up in the ledger, and price it."""
    if retry not in RETRY:
        raise InvalidRequest("retry", retry, f"one of {', '.join(RETRY)}")
    places, skipped = _places(sweep, session)
    sweep_id = _sweep_id(places)
    known = session.store.by_cells(list(places))
    spots = tuple(_spot(session, cell, key, known.get(key), RETRY[retry]) for key, cell in places.items())
    return Plan(
        spots,
        tuple(skipped),
        _eta(session, [spot.request for spot in spots if spot.wanted]),
        session.simulated,
        sweep_id,
        session.store.spent_by(sweep_id),
        session.store.committed_elsewhere(sweep_id, list(places)),
    )


def _sweep_id(cells: Iterable[str]) -> str:
    """Name a sweep by its cells: the same sweep, written down again or after a restart, is the same."""
    return "s1:" + hashlib.sha256("\n".join(sorted(cells)).encode()).hexdigest()[:32]


def _places(sweep: Sweeping, session: Session) -> tuple[dict[str, Cell], list[Skipped]]:
    """Return the valid cells by their keys, and what is left out.

    Raises:
        InvalidRequest: A cell is not valid, or two are one and the same (unless `on_invalid="skip"`).
    """
    cells, skipped = sweep.valid(session)
    places: dict[str, Cell] = {}
    for cell in cells:
        first = places.setdefault(_key(session, cell, sweep.take), cell)
        if first is not cell:
            skipped.append(sweep.leave_out(cell.coords, _same(first, cell, session.dialect.title)))
    return places, skipped


def _same(first: Cell, other: Cell, gateway: str) -> InvalidRequest:
    """Say that two cells are one, by what was typed, and what the gateway makes of both where it moves values."""
    one, two = _words(first.typed or first.coords), _words(other.typed or other.coords)
    moved = "" if one == two else f" at {gateway}, where both are {_words(first.coords)}"
    return InvalidRequest("cell", two, f"the same request as {one}{moved}")


def _words(coords: Mapping[str, Any]) -> str:
    return " · ".join(f"{name} {frames.label(value)}" for name, value in coords.items())


def _key(session: Session, cell: Cell, take: int) -> str:
    held = session.dialect.held(cell.request)
    return cell_key(session.gateway, cell.request.mode, held, repeat=cell.repeat, take=take)


def _spot(
    session: Session, cell: Cell, key: str, entry: Entry | None, again: Callable[[Entry], bool]
) -> Spot:
    lost = entry is not None and entry.state in {TaskState.FAILED, TaskState.REFUSED}
    wanted = entry is None or (lost and again(entry))
    return Spot(cell, key, cell.request, session.price_micro(cell.request), entry, wanted)


def _eta(session: Session, requests: list[Request]) -> float:
    """Estimate by the documented spans: full waves of as many as run at once."""
    if not requests:
        return 0.0
    spans = [sum(session.dialect.rhythm(request).typical) / 2 for request in requests]
    waves = -(-len(requests) // session.at_once)
    return waves * sum(spans) / len(spans) + len(requests) * _SECONDS_EACH_S


def sweep_frame(sweep: Sweeping, session: Session) -> pd.DataFrame:
    """Return the ledger's rows of a sweep's cells, in the sweep's order."""
    return frame_of(session, sweep, _places(sweep, session)[0])


def frame_of(session: Session, sweep: Sweeping, places: Mapping[str, Cell]) -> pd.DataFrame:
    """Return the ledger's rows of these cells, by key, in their order; a cell that was never sent has none."""
    axes = list(sweep.axes)
    known = session.store.by_cells(list(places))
    rows = (row(known[key], cell.coords, axes) for key, cell in places.items() if key in known)
    return frames.build(rows, axes)


def _is_whole(entry: Entry | None) -> bool:
    """Whether a finished task's pictures are all on disk still."""
    return entry is not None and entry.is_complete and all(i.path and i.path.exists() for i in entry.images)
