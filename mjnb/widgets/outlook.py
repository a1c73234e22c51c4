"""What a sweep would do, in words for a form: cells, price, time, what cannot be, and which buttons make sense.

Everything here may take a while (thousands of cells, a look into the ledger), so that it runs in a thread of its own,
and nothing here sends anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from mjnb.errors import BudgetError, InvalidRequest
from mjnb.frame import label
from mjnb.runs import Run, make_plan
from mjnb.tasks import TaskState, money, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mjnb.modes import Request
    from mjnb.runs import Cell, Plan, Skipped
    from mjnb.runs.plan import Spot
    from mjnb.session import Session
    from mjnb.sweep import Sweep
    from mjnb.widgets.sweepcode import Order

__all__ = ["Button", "Outlook", "begin", "look"]

_MOST_LISTED = 20
_MOST_ADVISED = 500  # cells that the gateway's advice is asked for
_LOST = {TaskState.FAILED, TaskState.REFUSED}


@dataclass(frozen=True, slots=True)
class Button:
    """A button's words, and whether it can be pressed."""

    text: str
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a sweep would do.

    `count` is how the cells come about ("2 × 3 = 6 cells"), `facts` what follows from them. `problem` is why it cannot
    be started, `at` the field that it is about. `budget` is the sum in US dollars that it needs, as text.
    """

    count: str = ""
    facts: tuple[str, ...] = ()
    problem: str = ""
    at: str = ""
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    skipped_more: int = 0
    budget: str = ""
    sweep_id: str = ""
    run: Button = Button("Run")
    resume: Button = Button("Resume")
    retry: Button = Button("Retry failed")

    @property
    def summary(self) -> str:
        """Cells, what is paid, what is to send, price and time, in one line."""
        return " · ".join(filter(None, [self.count, *self.facts]))


class _Unadvised:
    """A session that prepares requests without warning anybody: a form shows advice itself, and warnings print.

    What the gateway's steps move is noted in `moved`, a sentence each.
    """

    def __init__(self, session: Session, moved: dict[str, None]) -> None:
        self._session, self._moved = session, moved

    def prepare(self, request: Request) -> Request:
        """Check a request against the gateway."""
        self._moved |= dict.fromkeys(self._session.dialect.settle(request)[1])
        return self._session.prepare(request, advise=False)


class _Quiet:
    """A sweep whose cells are checked without warnings; `moved` says which values were moved to what the gateway has."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self.moved: dict[str, None] = {}
        self.axes: Mapping[str, Sequence[Any]] = sweep.axes
        self.take = sweep.take
        self.leave_out = sweep.leave_out

    def valid(self, session: Session) -> tuple[list[Cell], list[Skipped]]:
        """Return the cells as the gateway would take them, and those left out."""
        return self._sweep.valid(cast("Session", _Unadvised(session, self.moved)))


def look(order: Order, session: Session, begun: str = "") -> Outlook:
    """Say what an order would do; what is wrong with it is its `problem`.

    Args:
        order: What was chosen.
        session: Where to.
        begun: The name of a sweep that has been started, so that it is resumed and not run.
    """
    try:
        sweep = order.sweep(on_invalid="skip")
        plan = make_plan(quiet := _Quiet(sweep), session, retry=order.retry)
    except InvalidRequest as error:
        return Outlook(problem=str(error), at=error.field)
    seen = _seen(sweep, plan, session)
    seen = replace(seen, notes=(*quiet.moved, *seen.notes))
    problem = _impossible(order, plan) or _priceless(order, plan, session)
    if problem:
        return replace(seen, problem=problem)
    try:
        plan = plan.within(_budget(order, session, plan), order.on_budget, session)
        lost = _retried(order, sweep, session)
    except BudgetError as error:
        return replace(seen, problem=str(error), at="budget")
    except InvalidRequest as error:
        return replace(seen, problem=str(error), at=error.field)
    run, resume, again = _buttons(plan, lost, plan.sweep_id == begun)
    return replace(seen, facts=_facts(plan, session), run=run, resume=resume, retry=again)


def begin(order: Order, session: Session, *, failed_only: bool = False) -> Run:
    """Start what was ordered.

    Raises:
        InvalidRequest: A cell is not valid. BudgetError: the plan does not fit, or cannot be priced.
    """
    sweep = order.sweep()
    retry = "failed" if failed_only else order.retry
    plan = make_plan(_Quiet(sweep), session, retry=retry)
    plan = _lost_only(plan) if failed_only else plan
    budget = _budget(order, session, plan)
    return Run(sweep, session, plan.within(budget, order.on_budget, session), retry=retry)


def _seen(sweep: Sweep, plan: Plan, session: Session) -> Outlook:
    """Say what there is to see before budgets and buttons are thought of."""
    listed = tuple(f"{_place(one)}: {one.reason}" for one in plan.skipped[:_MOST_LISTED])
    return Outlook(
        count=_count(sweep, plan),
        facts=_facts(plan, session),
        notes=_notes(plan, session),
        skipped=listed,
        skipped_more=len(plan.skipped) - len(listed),
        budget=_needed(plan),
        sweep_id=plan.sweep_id,
    )


def _place(left: Skipped) -> str:
    return " · ".join(f"{name} {label(value)}" for name, value in left.coords.items()) or "the one cell"


def _count(sweep: Sweep, plan: Plan) -> str:
    """Write `2 × 3 × 2 repeats = 12 cells`."""
    sizes = [str(size) for size in sweep.shape.values()]
    sizes += [f"{sweep.repeats} repeats"] if sweep.repeats > 1 else []
    total = f"{len(sweep)} cell{'' if len(sweep) == 1 else 's'}"
    left = f" · {len(plan.skipped)} impossible" if plan.skipped else ""
    return (f"{' × '.join(sizes)} = {total}" if len(sizes) > 1 else total) + left


def _facts(plan: Plan, session: Session) -> tuple[str, ...]:
    states = [spot.entry.state for spot in plan.spots if spot.entry is not None]
    unknown = states.count(TaskState.UNKNOWN)
    waiting = sum(spot.reserved for spot in plan.spots) - unknown
    facts = [f"{plan.already_paid} paid already"] if plan.already_paid else []
    facts += [f"{waiting} under way"] if waiting else []
    facts += [f"{unknown} unknown, perhaps charged"] if unknown else []
    facts += [f"{plan.left_out} beyond the budget"] if plan.left_out else []
    if not plan.to_send:
        return (*facts, "nothing to send")
    about = seconds(plan.eta_s / session.place.time_scale)
    return (*facts, f"{len(plan.to_send)} to send", _price(plan), f"about {about}")


def _price(plan: Plan) -> str:
    if plan.unpriced == len(plan.to_send):
        return "price unknown"
    return money(plan.price_micro) + (f" and {plan.unpriced} of unknown price" if plan.unpriced else "")


def _notes(plan: Plan, session: Session) -> tuple[str, ...]:
    """Collect the gateway's advice, each sentence once."""
    requests = (spot.request for spot in islice(plan.spots, _MOST_ADVISED))
    advice = (text for request in requests for text in session.dialect.advise(request))
    return tuple(dict.fromkeys(advice))


def _impossible(order: Order, plan: Plan) -> str:
    if not plan.spots:
        return plan.skipped[0].reason if plan.skipped else "There is no cell."
    if plan.skipped and order.on_invalid == "raise":
        return f"{len(plan.skipped)} of the combinations cannot be. Change a value, or leave them out."
    return ""


def _priceless(order: Order, plan: Plan, session: Session) -> str:
    """Say what to do where money is spent and no budget can hold, since nobody knows the price."""
    some_fit = order.on_budget == "partial" and not order.auto and plan.unpriced < len(plan.to_send)
    if session.simulated or not plan.unpriced or some_fit:
        return ""
    modes = sorted({spot.request.mode for spot in plan.to_send if spot.price_micro is None})
    prices = ", ".join(f'"{mode}": …' for mode in modes)
    return (
        f"The gateway's page gives no price for {', '.join(modes)}, so that no budget can hold. "
        f"Give prices={{{prices}}} (US dollars a task) to the Session."
    )


def _needed(plan: Plan) -> str:
    """Write what the sweep needs in all, rounded up to cents: earlier starts of it and tasks under way count.

    "" where prices are not known.
    """
    if plan.unpriced:
        return ""
    return f"{math.ceil((plan.price_micro + plan.spent_micro + plan.reserved_micro) / 10_000) / 100:.2f}"


def _budget(order: Order, session: Session, plan: Plan) -> float | None:
    """Return the budget that was given, else what the plan needs where money is spent."""
    is_auto = order.auto and not session.simulated and not plan.unpriced
    return float(_needed(plan)) if is_auto else order.budget


def _lost(spot: Spot) -> bool:
    return spot.entry is not None and spot.entry.state in _LOST


def _lost_only(plan: Plan) -> Plan:
    """Keep what has failed as the only thing to send."""
    return replace(
        plan, spots=tuple(replace(spot, wanted=spot.wanted and _lost(spot)) for spot in plan.spots)
    )


def _retried(order: Order, sweep: Sweep, session: Session) -> Plan:
    """Plan what *Retry failed* would do."""
    plan = _lost_only(make_plan(_Quiet(sweep), session, retry="failed"))
    budget = _budget(order, session, plan)
    if budget is None and not session.simulated:
        budget = 0.0  # without prices: nothing fits
    return plan.within(budget, "partial", session) if plan.to_send else plan


def _buttons(plan: Plan, lost: Plan, begun: bool) -> tuple[Button, Button, Button]:
    """Decide which buttons make sense: what has been begun is resumed, everything else is run."""
    begun = begun or plan.spent_micro > 0 or any(spot.reserved for spot in plan.spots)
    works = any(spot.needs_work for spot in plan.spots)
    words = (
        f" {len(plan.to_send)} · {_price(plan)}" if plan.to_send else " · nothing to pay" if works else ""
    )
    failed = f"Retry {len(lost.to_send)} failed · {_price(lost)}" if lost.to_send else "Retry failed"
    return (
        Button(f"Run{'' if begun else words}", works and not begun),
        Button(f"Resume{words if begun else ''}", works and begun),
        Button(failed, bool(lost.to_send)),
    )
