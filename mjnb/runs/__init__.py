"""A sweep under way: `Run` is the job of it, `Plan` says beforehand what it would cost, `Progress` how far it is."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.errors import (
    AuthenticationError,
    BudgetError,
    ConnectionFailed,
    GatewayUnavailable,
    InsufficientCredits,
    MjnbError,
    RateLimited,
    StoreError,
    UnknownOutcome,
)
from mjnb.jobs import Job
from mjnb.runner import RETRY
from mjnb.runs.plan import Cell, Plan, Skipped, frame_of, make_plan, sweep_frame
from mjnb.runs.progress import Progress
from mjnb.runs.tally import Tally
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from mjnb import SweepBoard
    from mjnb.runner import Runner
    from mjnb.runs.plan import Spot, Sweeping
    from mjnb.runs.tally import Counts
    from mjnb.session import Session
    from mjnb.store import Entry

__all__ = ["Cell", "Plan", "Progress", "Run", "Skipped", "make_plan", "sweep_frame"]

_FATAL = (
    AuthenticationError,
    InsufficientCredits,
    ConnectionFailed,
    GatewayUnavailable,
    RateLimited,
    StoreError,
)
_SETTLE_S = 0.5  # real seconds that a stop waits for submissions under way
_MOST_LOST = 8  # submissions in a row without a clear answer, each perhaps charged, before no more are sent


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

    def __init__(self, sweep: Sweeping, session: Session, plan: Plan, *, retry: str = "transient") -> None:
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
        self._begun: set[str] = set()
        self._tally, self._running = Tally(), dict[str, float]()
        self._unsent = {spot.key for spot in plan.to_send}
        self._typical = _typical(session, plan)
        for entry in self._seen.entries.values():
            self._count(entry)
        self._lost = 0
        self._began = session.clock.now()
        self._ended_at: float | None = None
        self._first_whole = 0.0
        self._fatal: Exception | None = None
        self._listeners: list[Callable[[Run], None]] = []
        super().__init__(self._work(), label="sweep")
        session.keep(self)

    # -- the work ------------------------------------------------------------------------------------------------

    async def _work(self) -> pd.DataFrame:
        try:
            runner = await self.session.runner()
            async with asyncio.TaskGroup() as group:
                await self._begin(group, runner)
        finally:
            await self._settle()
            for entry in self._earlier.values():
                if entry.cell not in self._seen.entries:
                    self._count(entry)
            self._ended_at = self.session.clock.now()
            self._tell()
        if self._fatal is not None:
            raise self._fatal
        return await asyncio.to_thread(self.frame)  # pandas would hold up everybody else on the loop

    async def _begin(self, group: asyncio.TaskGroup, runner: Runner) -> None:
        """Begin one cell after the other, as many as may run at once: ten thousand at a time would hold up the loop."""
        places = asyncio.Semaphore(self.session.at_once)
        for spot in self.plan.spots:
            if spot.needs_work and not (spot.wanted and self._fatal):
                await places.acquire()
                group.create_task(self._one(runner, spot)).add_done_callback(lambda _: places.release())
                await asyncio.sleep(0)

    async def _settle(self) -> None:
        """After a stop, see what the submissions that were under way have bought."""
        if self.session.runner_now is None or not self._stopped:
            return
        await self.session.runner_now.settle(_SETTLE_S)
        with contextlib.suppress(StoreError):
            unseen = list(self._begun - self._seen.entries.keys())
            for entry in (await asyncio.to_thread(self.session.store.by_cells, unseen)).values():
                self._keep(entry)

    async def _one(self, runner: Runner, spot: Spot) -> None:
        """Get one cell; what goes wrong stays in its row. What would go wrong for every cell stops the submitting."""
        self._begun.add(spot.key)
        try:
            self._note(await self._get(runner, spot))
        except _Halted:
            return
        except BudgetError as error:  # somebody else has taken the room meanwhile
            if not self.plan.is_partial:
                self.errors[spot.key] = error
                self._fatal = self._fatal or error
        except UnknownOutcome as error:
            await self._went_wrong(spot, error)
            await self._rescue(runner, spot, error)
        except Exception as error:  # noqa: BLE001  (whatever befalls one cell, the others may be paid for)
            await self._went_wrong(spot, error)

    async def _went_wrong(self, spot: Spot, error: Exception) -> None:
        self.errors[spot.key] = error
        self._fatal = self._fatal or self._stops_all(error, spot)
        with contextlib.suppress(StoreError):
            known = await asyncio.to_thread(self.session.store.by_cells, [spot.key])
            for entry in known.values():
                self._note(entry)

    async def _rescue(self, runner: Runner, spot: Spot, error: UnknownOutcome) -> None:
        """Wait for the callback of a submission without a clear answer: with it the cell is one like all others."""
        try:
            entry = await runner.rescued(error.row, on_change=self._note)
        except Exception as later:  # noqa: BLE001  (as in `_one`)
            await self._went_wrong(spot, later)
            return
        if entry is not None:
            del self.errors[spot.key]
            self._note(entry)

    async def _get(self, runner: Runner, spot: Spot) -> Entry:
        if not spot.wanted and spot.entry is not None and spot.entry.state is not TaskState.SUBMITTING:
            return await runner.take_up(spot.entry, on_change=self._note)
        draft = runner.draft(
            spot.request,
            simulated=self.session.simulated,
            repeat=spot.cell.repeat,
            take=self.sweep.take,
            sweep=self.plan.sweep_id,
            purse=self.plan.purse,
            cap_micro=self.plan.cap_micro,
        )
        # A cell that another kernel was sending when this was planned is paid for here only if somebody said how much may be.
        may_pay = spot.wanted or self.plan.cap_micro is not None or self.session.simulated
        again = self._again if may_pay else RETRY["none"]
        return await runner.obtain(spot.request, draft, again=again, on_change=self._note, gate=self._gate)

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
        self._seen.since.setdefault(entry.row, self.session.clock.now())
        self._keep(entry)
        self._tell()

    def _keep(self, entry: Entry) -> None:
        self._seen.entries[entry.cell] = entry
        self._unsent.discard(entry.cell)
        if entry.state.is_running and entry.row in self._seen.since:
            self._running[entry.cell] = self._seen.since[entry.row]
        else:
            self._running.pop(entry.cell, None)
        self._count(entry)

    def _count(self, entry: Entry) -> None:
        is_fresh, is_flawed = entry.cell not in self._before, entry.cell in self.errors
        self._tally.put(entry, is_fresh=is_fresh, is_flawed=is_flawed)

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
        return frame_of(self.session, self.sweep, {spot.key: spot.cell for spot in self.plan.spots})

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The latest row of each cell, by cell key."""
        earlier = self._earlier if self._ended_at is not None else {}
        return {**earlier, **self._seen.entries}

    @property
    def progress(self) -> Progress:
        """How far it is."""
        counts = self._tally.all
        return Progress(
            total=len(self.plan.spots),
            done=counts.done,
            failed=counts.failed,
            running=counts.running,
            paid_before=len(self._before),
            unknown=counts.unknown,
            spent_micro=counts.spent,
            reserved_micro=counts.reserved,
            lacking=counts.lacking,
            elapsed_s=(self._ended_at or self.session.clock.now()) - self._began,
            eta_s=self._eta(counts),
            simulated=self.session.simulated,
            ended=self._ended_at is not None or self.done(),
            time_scale=self.session.place.time_scale,
        )

    def _eta(self, counts: Counts) -> float:
        """Estimate what is left from the tasks seen so far, else from the documented times."""
        usual = counts.cost_time_s / counts.timed if counts.timed else self._typical
        latest = max([*self._running.values()], default=None)
        left = 0.0 if latest is None else max(0.0, usual - (self.session.clock.now() - latest))
        queued = -(-len(self._unsent) // self.session.at_once) * usual
        return max(queued + left, self._fetch_eta(counts))

    def _fetch_eta(self, counts: Counts) -> float:
        """Estimate the fetching of what has ended, by how fast pictures have come since the first did."""
        whole, ended = counts.fresh_done, counts.fresh
        if not whole or whole == ended or self._ended_at is not None:
            return 0.0
        self._first_whole = self._first_whole or self.session.clock.now()
        return (self.session.clock.now() - self._first_whole) / whole * (ended - whole)

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

    def board(self, **arrangement: Any) -> SweepBoard:
        """Return the run as a board to touch: rearranged, compared, starred, and gone on from; live while it runs.

        Args:
            arrangement: Of `mjnb.SweepBoard`: `rows`, `cols`, `facet`, `hide`, `color` and the like.

        Raises:
            LayoutError: There is no such column.
        """
        import mjnb  # the board knows sessions and sweeps, so it lives above: this is the one call that goes upstairs

        return mjnb.SweepBoard(self, **arrangement)

    def show(self) -> None:
        """Show it live in a notebook; in a terminal it prints a line."""
        from mjnb.views.live import show

        show(self)

    def _ipython_display_(self) -> None:
        self.show()


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
