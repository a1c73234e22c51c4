"""A sweep's plan, and the sweep under way: `Plan` says what it would cost, `Run` is the job of it."""

from __future__ import annotations

import asyncio
import contextlib
import html
import math
import numbers
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.errors import (
    AuthenticationError,
    BudgetError,
    ConnectionFailed,
    GatewayUnavailable,
    InsufficientCredits,
    InvalidRequest,
    MjnbError,
    RateLimited,
    StoreError,
    UnknownOutcome,
)
from mjnb.jobs import Job
from mjnb.rows import row
from mjnb.runner import RETRY
from mjnb.tasks import TaskState, cell_key, money, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from mjnb.modes import Request
    from mjnb.runner import Runner
    from mjnb.session import Session
    from mjnb.store import Entry
    from mjnb.sweep import Cell, Skipped, Sweep

__all__ = ["Plan", "Progress", "Run", "make_plan", "sweep_frame"]

_FATAL = (
    AuthenticationError,
    InsufficientCredits,
    ConnectionFailed,
    GatewayUnavailable,
    RateLimited,
    StoreError,
)
_MOST_LOST = 8  # submissions in a row without a clear answer, each perhaps charged, before no more are sent
_RESERVED = {TaskState.PENDING, TaskState.PROCESSING, TaskState.SUBMITTING, TaskState.UNKNOWN}
_SECONDS_EACH_S = 0.1  # what sending and fetching add to a task, for the estimate


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
        return self.entry is not None and self.entry.state in _RESERVED

    @property
    def needs_work(self) -> bool:
        """Whether there is something to send, to wait for, or to fetch."""
        is_paid = self.entry is not None and self.entry.state is TaskState.SUCCESS
        return self.wanted or self.reserved or (is_paid and not _is_whole(self.entry))


@dataclass(frozen=True, slots=True)
class Plan:
    """What running a sweep would do; nothing of it has been sent.

    `price_micro` is the price of the cells to send (millionths of a dollar, the unpriced left out), `eta_s` gateway
    seconds by the documented times.
    """

    spots: tuple[Spot, ...]
    skipped: tuple[Skipped, ...]
    eta_s: float
    simulated: bool
    left_out: int = 0

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

    def within(self, budget: float | None, on_budget: str, session: Session) -> Plan:
        """Return the plan if it fits its budget, or as much of it as fits.

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
        room = _micro(budget) - self.reserved_micro
        if on_budget == "partial":
            return self._fitting(room)
        if self.unpriced or self.price_micro > room:
            raise BudgetError(
                self._over(budget), price_usd=self.price_usd, budget_usd=budget, unpriced=self.unpriced
            )
        return self

    def _fitting(self, room: int) -> Plan:
        """Keep the cells that fit, in order; one without a price never fits."""
        spots = []
        for spot in self.spots:
            fits = spot.price_micro is not None and spot.price_micro <= room
            if spot.wanted and fits:
                room -= spot.price_micro or 0
            spots.append(replace(spot, wanted=spot.wanted and fits))
        left_out = len(self.to_send) - sum(spot.wanted for spot in spots)
        return replace(self, spots=tuple(spots), left_out=left_out)

    def _needed(self, session: Session) -> str:
        """Show the price and the line to type."""
        cents = math.ceil((self.price_micro + self.reserved_micro) / 10_000)
        advice = "open the session with prices= for those without a price, then " if self.unpriced else ""
        return (
            f"This would cost {self._price_text()}{self._reserved_text()} at {session.dialect.title}. Nothing was sent. "
            f"To run it: {advice}sweep.start(mj, budget={cents / 100:.2f})"
        )

    def _reserved_text(self) -> str:
        if not self.reserved_micro:
            return ""
        return f", {money(self.reserved_micro)} are reserved by tasks under way or unknown"

    def _over(self, budget: float) -> str:
        advice = "Give prices=, " if self.unpriced else ""
        return (
            f"The plan costs {self._price_text()}{self._reserved_text()}, the budget is {money(round(budget * 1e6))}. Nothing was sent. "
            f'{advice}raise the budget, or run what fits with on_budget="partial".'
        )

    def _price_text(self) -> str:
        unknown = f" and {self.unpriced} cells of unknown price" if self.unpriced else ""
        return f"{money(self.price_micro)}{unknown}"

    def facts(self) -> dict[str, str]:
        """Say in words what it would do."""
        facts = {
            "cells": str(len(self.spots)),
            "paid already": str(self.already_paid),
            "to send": str(len(self.to_send)),
            "price": self._price_text() + (" (simulated: nothing is charged)" if self.simulated else ""),
            "time": f"about {seconds(self.eta_s)}" if self.to_send else "none",
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
        return f"<table>{cells}</table>"


def _micro(budget: object) -> int:
    """Read a budget in US dollars."""
    if (
        isinstance(budget, bool)
        or not isinstance(budget, numbers.Real)
        or not 0 <= float(budget) < math.inf
    ):
        raise InvalidRequest("budget", budget, "US dollars as a number, 0 or more, or None")
    return round(float(budget) * 1_000_000)


def make_plan(sweep: Sweep, session: Session, *, retry: str = "transient") -> Plan:
    """Check every cell against the gateway, look it up in the ledger, and price it."""
    if retry not in RETRY:
        raise InvalidRequest("retry", retry, f"one of {', '.join(RETRY)}")
    places, skipped = _places(sweep, session)
    known = session.store.by_cells(list(places))
    spots = tuple(_spot(session, cell, key, known.get(key), RETRY[retry]) for key, cell in places.items())
    return Plan(
        spots,
        tuple(skipped),
        _eta(session, [spot.request for spot in spots if spot.wanted]),
        session.simulated,
    )


def _places(sweep: Sweep, session: Session) -> tuple[dict[str, Cell], list[Skipped]]:
    """Return the valid cells by their keys, and what is left out.

    Raises:
        InvalidRequest: A cell is not valid, or two are one and the same (unless `on_invalid="skip"`).
    """
    cells, skipped = sweep.valid(session)
    places: dict[str, Cell] = {}
    for cell in cells:
        first = places.setdefault(_key(session, cell, sweep.take), cell)
        if first is not cell:
            same = f"the same request as {_words(first)}"
            skipped.append(sweep.leave_out(cell.coords, InvalidRequest("cell", _words(cell), same)))
    return places, skipped


def _words(cell: Cell) -> str:
    return " · ".join(f"{name} {frames.label(value)}" for name, value in cell.coords.items())


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


def sweep_frame(sweep: Sweep, session: Session) -> pd.DataFrame:
    """Return the ledger's rows of a sweep's cells, in the sweep's order."""
    return _frame(session, sweep, _places(sweep, session)[0])


def _frame(session: Session, sweep: Sweep, places: Mapping[str, Cell]) -> pd.DataFrame:
    from mjnb.accessor import with_pictures

    axes = list(sweep.axes)
    known = session.store.by_cells(list(places))
    rows = (row(known[key], cell.coords, axes) for key, cell in places.items() if key in known)
    return with_pictures(frames.build(rows, axes))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `eta_s` and `elapsed_s` in gateway seconds; money in millionths of a dollar."""

    total: int
    done: int = 0
    failed: int = 0
    running: int = 0
    paid_before: int = 0
    unknown: int = 0
    spent_micro: int = 0
    elapsed_s: float = 0.0
    eta_s: float = 0.0
    simulated: bool = False
    ended: bool = False
    time_scale: float = 1.0

    def text(self) -> str:
        """Say it in one line.

        >>> Progress(total=4, done=1, running=3, spent_micro=100_000, eta_s=30).text()
        '1 of 4 done · 3 running · $0.10 spent · about 30.0 s left'
        """
        parts = [f"{self.done} of {self.total} done"]
        parts += [f"{self.paid_before} paid before"] if self.paid_before else []
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.unknown} unknown"] if self.unknown else []
        parts += (
            [f"{self.running} {'left at the gateway' if self.ended else 'running'}"] if self.running else []
        )
        parts += [f"{money(self.spent_micro)} spent"]
        parts += [f"{seconds(self.elapsed_s)}" if self.ended else f"about {seconds(self.eta_s)} left"]
        clock = f" ({self.time_scale:g}× clock)" if self.time_scale != 1 else ""
        parts += [f"simulated{clock}"] if self.simulated else []
        return " · ".join(parts)


@dataclass(slots=True)
class _Seen:
    """What a run has seen of its cells; written on the I/O thread, read from any."""

    entries: dict[str, Entry] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)


class _Halted(Exception):
    """Nothing more is submitted, since every cell would meet the same refusal."""


class Run(Job["pd.DataFrame"]):
    """A sweep under way; awaiting it gives the frame. It goes on in the background whether or not it is shown.

    `stop()` ends it within two seconds and keeps what is done; tasks at the gateway go on there and are taken up by the
    next start of the same sweep, which pays for none of them again.
    """

    def __init__(self, sweep: Sweep, session: Session, plan: Plan, *, retry: str = "transient") -> None:
        self.sweep, self.session, self.plan = sweep, session, plan
        self.errors: dict[str, Exception] = {}
        self._again = RETRY[retry]
        known = {spot.key: (spot, spot.entry) for spot in plan.spots if spot.entry is not None}
        self._earlier = {
            key: entry for key, (spot, entry) in known.items() if spot.wanted
        }  # lost, asked anew
        self._seen = _Seen({key: entry for key, (_, entry) in known.items() if key not in self._earlier})
        self._before = {
            key for key, entry in self._seen.entries.items() if entry.state is TaskState.SUCCESS
        }
        self._lost = 0
        self._began = session.clock.now()
        self._ended_at: float | None = None
        self._fatal: Exception | None = None
        self._listeners: list[Callable[[Run], None]] = []
        super().__init__(self._work(), label="sweep")
        session.keep(self)

    # -- the work ------------------------------------------------------------------------------------------------

    async def _work(self) -> pd.DataFrame:
        try:
            runner = await self.session.runner()
            async with asyncio.TaskGroup() as group:
                for spot in self.plan.spots:
                    if spot.needs_work:
                        group.create_task(self._one(runner, spot))
        finally:
            self._ended_at = self.session.clock.now()
            self._tell()
        if self._fatal is not None:
            raise self._fatal
        return await asyncio.to_thread(self.frame)  # pandas would hold up everybody else on the loop

    async def _one(self, runner: Runner, spot: Spot) -> None:
        """Get one cell; what goes wrong stays in its row. What would go wrong for every cell stops the submitting."""
        try:
            self._note(await self._get(runner, spot))
        except _Halted:
            return
        except Exception as error:  # noqa: BLE001  (whatever befalls one cell, the others may be paid for)
            self.errors[spot.key] = error
            self._fatal = self._fatal or self._stops_all(error, spot)
            with contextlib.suppress(StoreError):
                for entry in self.session.store.by_cells([spot.key]).values():
                    self._note(entry)

    async def _get(self, runner: Runner, spot: Spot) -> Entry:
        if not spot.wanted and spot.entry is not None and spot.entry.state is not TaskState.SUBMITTING:
            return await runner.take_up(spot.entry, on_change=self._note)
        draft = runner.draft(
            spot.request, simulated=self.session.simulated, repeat=spot.cell.repeat, take=self.sweep.take
        )
        return await runner.obtain(
            spot.request, draft, again=self._again, on_change=self._note, gate=self._gate
        )

    def _stops_all(self, error: Exception, spot: Spot) -> Exception | None:
        """Return what to raise at the end if sending more makes no sense."""
        if isinstance(error, UnknownOutcome) and spot.wanted:
            self._lost += 1
            if self._lost >= _MOST_LOST:
                text = f"{self._lost} submissions in a row had no clear answer, so that the rest was not sent. The last: {error}"
                return UnknownOutcome(text, row=error.row)
        is_ours = not isinstance(
            error, MjnbError
        )  # a mistake of this program: it would meet the next cell as well
        return error if is_ours or isinstance(error, _FATAL) else None

    def _gate(self) -> None:
        if self._fatal is not None:
            raise _Halted

    def _note(self, entry: Entry) -> None:
        self._lost = 0 if entry.state.is_running else self._lost
        self._seen.entries[entry.cell] = entry
        self._seen.since.setdefault(entry.row, self.session.clock.now())
        self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            with contextlib.suppress(Exception):  # a broken view must not cost a paid task
                listener(self)

    def listen(self, listener: Callable[[Run], None]) -> None:
        """Have `listener(run)` called on the I/O thread at every change; it must return quickly."""
        self._listeners.append(listener)

    # -- looking at it -------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ask it to stop and return at once; what is done is kept."""
        self.cancel()

    def frame(self) -> pd.DataFrame:
        """Return the ledger's rows as they are now; readable at any moment, after a stop too."""
        return _frame(self.session, self.sweep, {spot.key: spot.cell for spot in self.plan.spots})

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The latest row of each cell, by cell key."""
        earlier = self._earlier if self._ended_at is not None else {}
        return {**earlier, **self._seen.entries}

    @property
    def progress(self) -> Progress:
        """How far it is."""
        entries = self.entries
        states = [entry.state for entry in entries.values()]
        fresh = [e for key, e in entries.items() if key not in self._before]
        return Progress(
            total=len(self.plan.spots),
            done=states.count(TaskState.SUCCESS),
            failed=states.count(TaskState.FAILED) + states.count(TaskState.REFUSED),
            running=sum(entry.state.is_running or entry.state is TaskState.SUBMITTING for entry in fresh),
            paid_before=len(self._before),
            unknown=states.count(TaskState.UNKNOWN),
            spent_micro=sum(e.price_micro or 0 for e in fresh if e.state is TaskState.SUCCESS),
            elapsed_s=(self._ended_at or self.session.clock.now()) - self._began,
            eta_s=self._eta(),
            simulated=self.session.simulated,
            ended=self._ended_at is not None or self.done(),
            time_scale=self.session.place.time_scale,
        )

    def _eta(self) -> float:
        """Estimate what is left from the tasks seen so far, else from the documented times."""
        entries = self.entries.values()
        seen = [entry.cost_time_s for entry in entries if entry.cost_time_s is not None]
        usual = sum(seen) / len(seen) if seen else _typical(self.session, self.plan)
        now = self.session.clock.now()
        ages = [
            now - self._seen.since[e.row]
            for e in entries
            if e.state.is_running and e.row in self._seen.since
        ]
        unsent = sum(spot.key not in self._seen.entries for spot in self.plan.to_send)
        queued = -(-max(0, unsent) // self.session.at_once) * usual
        return queued + max((max(0.0, usual - age) for age in ages), default=0.0)

    def progress_text(self) -> str:
        """Say in one line how far it got."""
        return self.progress.text()

    def shapes(self, most: int) -> list[dict[str, Any]]:
        """Return what a view must know of each cell beforehand, in order, at most so many.

        `label`; `aspect`, as "16:9", and `pictures`, how many of it; `span_s`, how long it will take in gateway seconds.
        """
        return [_shape(spot, self.session) for spot in self.plan.spots[:most]]

    def tiles(self, most: int) -> list[dict[str, Any]]:
        """Return what a view draws of each cell now, in order, at most so many.

        `label`, `state`, `note`, `pictures` (files), `before` (paid before this run), and `since_s`, when it was sent in
        gateway seconds after the run began (None before).
        """
        entries, ended = self.entries, self._ended_at is not None or self.done()
        return [
            _tile(spot, entries.get(spot.key), ended)
            | {"before": spot.key in self._before, "since_s": self._since(entries.get(spot.key))}
            for spot in self.plan.spots[:most]
        ]

    def _since(self, entry: Entry | None) -> float | None:
        seen = self._seen.since.get(entry.row) if entry is not None else None
        return None if seen is None else seen - self._began

    def show(self) -> None:
        """Show it live in a notebook; in a terminal it prints a line."""
        from mjnb.widgets.live import show

        show(self)

    def _ipython_display_(self) -> None:
        self.show()


def _is_whole(entry: Entry | None) -> bool:
    """Whether a finished task's pictures are all on disk still."""
    return entry is not None and entry.is_complete and all(i.path and i.path.exists() for i in entry.images)


def _tile(spot: Spot, entry: Entry | None, ended: bool) -> dict[str, Any]:
    state = entry.state.value if entry is not None else ("stopped" if ended else "")
    note = " ".join(filter(None, (entry.fail_code, entry.fail_msg))) if entry is not None else ""
    pictures = [image.path for image in entry.images if image.path] if entry is not None else []
    return {"label": _label(spot.cell), "state": state, "note": note, "pictures": pictures}


def _label(cell: Cell) -> str:
    words = [f"{name} {frames.label(value)}" for name, value in cell.coords.items()]
    words += [f"repeat {cell.repeat}"] if cell.repeat else []
    return " · ".join(words)


def _shape(spot: Spot, session: Session) -> dict[str, Any]:
    return {
        "label": _label(spot.cell),
        "aspect": str(session.dialect.held(spot.request).get("aspect") or "1:1"),
        "pictures": 1 if spot.request.mode == "upscale" else 4,
        "span_s": sum(session.dialect.rhythm(spot.request).typical) / 2,
    }


def _typical(session: Session, plan: Plan) -> float:
    spans = [sum(session.dialect.rhythm(spot.request).typical) / 2 for spot in plan.to_send[:100]]
    return sum(spans) / len(spans) if spans else 0.0
