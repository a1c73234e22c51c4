"""The way of one task, on the I/O loop: write down, send, wait, fetch, file.

What may cost money is one protected step: the row is written, the request sent and the answer recorded even if the
user stops in between. Everything around it (waiting for a turn, for the task, for its pictures) can be stopped at any
moment and taken up again from the ledger.
"""

from __future__ import annotations

import contextlib
import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mjnb.errors import (
    ConnectionFailed,
    GatewayError,
    GatewayUnavailable,
    MjnbError,
    RateLimited,
    StoreError,
    UnknownOutcome,
)
from mjnb.images import USUAL
from mjnb.jobs import Job
from mjnb.polling import backoff
from mjnb.runner.answers import Answers
from mjnb.runner.following import Follower
from mjnb.runner.handover import Handover
from mjnb.runner.hints import Hints
from mjnb.runner.ledger import LedgerThread
from mjnb.runner.payments import Payments
from mjnb.runner.pictures import Album
from mjnb.runner.rescue import Rescue, rescue
from mjnb.runner.rows import RETRY, failed_error, request_of, unknown_error
from mjnb.runner.search import Search
from mjnb.store import UNKNOWN_TASK, Draft
from mjnb.store.parents import named
from mjnb.tasks import TaskState, cell_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.client import Client
    from mjnb.gateways.base import Envelope
    from mjnb.images import Bounds
    from mjnb.modes import Request
    from mjnb.store import Entry, Store

__all__ = ["RETRY", "Runner", "failed_error", "request_of"]

_REFUSAL_PATIENCE_S = 600.0  # how long the gateway may be too busy to take anything from anybody
_CONNECT_TRIES = 4
_WIND_UP_S = 15.0  # real seconds that closing waits for submissions under way
_LEDGER_LOOK_S = 2.0  # how often to look whether another kernel has got its answer


@dataclass(frozen=True, slots=True)
class _Plan:
    """One task to get: the request, its row, and whether an earlier row will do."""

    request: Request
    draft: Draft
    again: Callable[[Entry], bool] | None


class Runner:
    """Client and ledger together. Lives on the I/O loop.

    Args:
        client: The gateway.
        store: The ledger.
        envelope: Routing for every submission.
        price: Prices a request in millionths of a dollar.
        timeout: Gateway seconds to wait for a task, instead of the dialect's.
        holds: What must live as long as submissions may be under way, such as an embedded simulator.
        bounds: How large a picture may be.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        *,
        envelope: Envelope,
        price: Callable[[Request], int | None],
        timeout: float | Mapping[str, float] | None = None,
        holds: object = None,
        bounds: Bounds = USUAL,
    ) -> None:
        self._holds = holds
        self.client, self.store, self.envelope = client, store, envelope
        self._price = price
        self._payments = Payments()
        self._ledger = LedgerThread(store)
        self._answers = Answers(store, self._ledger, client.clock)
        self._album = Album(client, store, self._ledger, bounds)
        self._handover = Handover(client, store, self._ledger)
        self.hints = Hints(client, store, self._ledger, weakref.WeakMethod(self.take_up))
        self._follower = Follower(
            client, store, self._ledger, self._handover, self.hints,
            payments=self._payments, envelope=envelope, timeout=timeout,
        )  # fmt: skip
        self._search = Search(client, store, self._ledger, self._await_submission)
        self._forgotten = weakref.finalize(self, _hang_up, client)  # by a session that was never closed
        self._forgotten.atexit = False

    async def aclose(self) -> None:
        """Finish and write down what is being submitted, then let connections and threads go."""
        await self._payments.wait(_WIND_UP_S)
        with contextlib.suppress(StoreError):
            await self._answers.catch_up()
        self._forgotten.detach()
        await self.hints.aclose()
        await self.client.aclose()
        self._ledger.close()
        self._album.close()

    # -- the whole way -------------------------------------------------------------------------------------------

    async def obtain(
        self,
        request: Request,
        draft: Draft,
        *,
        again: Callable[[Entry], bool] | None,
        on_change: Callable[[Entry], None] = lambda _: None,
        gate: Callable[[], None] = lambda: None,
    ) -> Entry:
        """Get one finished task with its pictures on disk, paying only if no earlier row will do.

        Args:
            request: What to ask for, checked.
            draft: Its row.
            again: Which failed or refused rows may be asked anew; None always asks anew.
            on_change: Told of every new state.
            gate: Called right before anything is sent; what it raises stops that.

        Raises:
            MjnbError: What went wrong; the row holds it as well.
        """
        async with self.client.tasks:
            entry = await self.start(request, draft, again=again, gate=gate)
            while entry.state is TaskState.SUBMITTING:  # by another kernel, or another call
                entry = await self._await_submission(entry)
                if entry.state is TaskState.REFUSED:  # which may be waiting for its next try, as we would
                    entry = await self.start(request, draft, again=again, gate=gate)
            on_change(entry)
            return await self.finish(entry, on_change=on_change)

    async def take_up(self, entry: Entry, *, on_change: Callable[[Entry], None] = lambda _: None) -> Entry:
        """Go on with a row that was sent before; never sends. Raises like `finish`."""
        async with self.client.tasks:
            return await self.finish(entry, on_change=on_change)

    async def start(
        self,
        request: Request,
        draft: Draft,
        *,
        again: Callable[[Entry], bool] | None,
        gate: Callable[[], None] = lambda: None,
    ) -> Entry:
        """Submit it, unless an earlier row will do; return the row. An answer that was lost is looked for.

        A task that the gateway did not know is asked after once more before another is paid for in its place.
        """
        if again is RETRY["failed"]:
            before = await self._ledger(self.store.by_cells, [draft.cell])
            for entry in before.values():
                await self._looked_for(entry)
        return await self._sent(_Plan(request, draft, again), gate)

    async def _sent(self, plan: _Plan, gate: Callable[[], None]) -> Entry:
        try:
            return await self._submit(plan, gate)
        except UnknownOutcome as error:
            entry = await self._search.patiently(error.row)
            if entry.state is TaskState.UNKNOWN:
                raise unknown_error(entry) from error
            return entry

    async def retry(self, entry: Entry, task_id: str = "") -> Entry:
        """Send a cell's request once more because somebody wants it, in a row of its own; raises like `obtain`.

        What may exist already is asked for before, and if the gateway cannot be asked, nothing is sent. Nor is anything if
        somebody knows the task's id.
        """
        before = entry.task_id
        entry = await (self._search.given(entry, task_id) if task_id else self._looked_for(entry))
        is_found = entry.task_id != before
        async with self.client.tasks:
            if entry.state in {TaskState.UNKNOWN, TaskState.FAILED, TaskState.REFUSED} and not is_found:
                entry = await self._again(entry)
            return await self.finish(entry)

    async def _looked_for(self, entry: Entry) -> Entry:
        if entry.state is TaskState.UNKNOWN:
            return await self._search.once(entry, surely=True)
        if entry.fail_code == UNKNOWN_TASK and await self._search.exists(entry):
            return await self._ledger(self.store.revive, entry.row)
        return entry

    async def _again(self, entry: Entry) -> Entry:
        request = request_of(entry)
        draft = self.draft(
            request,
            simulated=entry.simulated,
            repeat=entry.repeat,
            take=entry.take,
            sweep=entry.sweep,
            purse=entry.purse,
        )
        beside = entry.row if entry.state is TaskState.UNKNOWN else ""
        plan = _Plan(request, replace(draft, cell=entry.cell, beside=beside), RETRY["failed"])
        return await self._sent(plan, lambda: None)

    async def _submit(self, plan: _Plan, gate: Callable[[], None]) -> Entry:
        row, waits, unreached = "", backoff(), 0
        began = self.client.clock.now()
        while True:
            try:
                async with self.client.turn():
                    gate()
                    return await self._payments(self._pay(plan, row))
            except _TryAgain as retry:
                row, error = retry.row, retry.error
            if isinstance(error, GatewayError):
                if self._is_hopeless(began):
                    raise error
                self.client.throttle.slow_down(error.retry_after)
                continue
            unreached += 1
            if unreached >= _CONNECT_TRIES:
                raise error
            await self.client.clock.sleep(next(waits))

    def _is_hopeless(self, began: float) -> bool:
        """Whether the gateway has taken nothing from anybody for so long that waiting on makes no sense.

        As long as it takes something now and then, it is only full, and whoever waits will have a turn.
        """
        return self.client.clock.now() - max(began, self.client.accepted_at) > _REFUSAL_PATIENCE_S

    async def _pay(self, plan: _Plan, row: str) -> Entry:
        """Claim, send, record: the one step that may cost money. Never cancelled half way."""
        await self._answers.catch_up()
        entry, fresh = await self._claim(plan, row)
        if not fresh:
            return entry
        try:
            return await self._send(plan.request, entry)
        finally:
            self._answers.end(entry.row)

    async def _claim(self, plan: _Plan, row: str) -> tuple[Entry, bool]:
        now, draft, mark = self.client.clock.epoch(), plan.draft, self._answers.begin
        if not row:
            return await self._ledger(self.store.claim, draft, again=plan.again, when=now, mark=mark)
        return await self._ledger(
            self.store.reopen,
            row,
            alone=plan.again is not None,
            cap_micro=draft.cap_micro,
            beside=draft.beside,
            when=now,
            mark=mark,
        )

    async def _send(self, request: Request, entry: Entry) -> Entry:
        row = entry.row
        try:
            envelope = await self._handover.envelope(request, self.envelope, entry.key)
            envelope = self.hints.addressed(envelope, request, entry)
            submitted = await self.client.post(
                await self._handover.ready(request),
                envelope,
                before=lambda sent: self._ledger(self.store.sending, row, sent),
            )
        except BaseException as error:
            await self._record_no_task(row, error)
            raise
        return await self._answers.record(row, submitted)

    async def _record_no_task(self, row: str, error: BaseException) -> None:
        """Write down a refusal as refused, and anything that is not plainly one as unknown."""
        refused = isinstance(error, MjnbError) and not isinstance(error, UnknownOutcome)
        state = TaskState.REFUSED if refused else TaskState.UNKNOWN
        code = str(getattr(error, "status", "") or type(error).__name__)
        answered = getattr(error, "answered", None)
        await self._ledger(self.store.ended, row, state, code, str(error), answered)
        if isinstance(error, UnknownOutcome):
            error.row = row
            self.hints.lost(row)
        if isinstance(error, ConnectionFailed | RateLimited | GatewayUnavailable):
            raise _TryAgain(row, error) from error

    async def finish(self, entry: Entry, *, on_change: Callable[[Entry], None] = lambda _: None) -> Entry:
        """Wait for a row's task, fetch its pictures, and return the row as it then is.

        Raises:
            TaskFailed: It failed; `.task` holds it.
            TaskTimeout: It is still running.
            UnknownOutcome: Nobody knows whether it exists.
            PictureError: It succeeded, but not every picture could be kept.
        """
        entry = await self._await_submission(entry)
        if entry.state is TaskState.UNKNOWN:
            entry = await self._search.once(entry)
        if entry.state.is_running:
            entry = await self.follow(entry, on_change)
        if entry.state is TaskState.UNKNOWN:
            raise unknown_error(entry)
        if entry.state in {TaskState.FAILED, TaskState.REFUSED}:
            raise failed_error(entry)
        return await self._album.collect(entry)

    async def _await_submission(self, entry: Entry) -> Entry:
        """Wait while another kernel, or another call, is submitting this very row."""
        while entry.state is TaskState.SUBMITTING:
            await self.client.clock.sleep(_LEDGER_LOOK_S)
            await self._ledger(self.store.settle_orphans)
            entry = await self._ledger(self.store.entry, entry.row)
            entry = await self._ledger(self._answers.settled, entry)
        return entry

    async def follow(self, entry: Entry, on_change: Callable[[Entry], None] = lambda _: None) -> Entry:
        """Ask after a task until it has finished, and write down each new state; progress is only told."""
        return await self._follower.follow(entry, on_change)

    async def rescued(
        self, row: str, *, on_change: Callable[[Entry], None] = lambda _: None
    ) -> Entry | None:
        """Wait for the callback of a submission whose answer was lost, then `take_up` its task; None if none comes in time."""
        entry = await self.hints.found(row)
        return None if entry is None else await self.take_up(entry, on_change=on_change)

    async def rescue(self) -> Rescue:
        """Fetch the pictures of finished tasks that are not on disk whole; see `Session.rescue`."""
        return await rescue(self.client.dialect.name, self.store, self._ledger, self._album)

    def settled(self, entry: Entry) -> Entry:
        """Return a row as it is once a submission of ours that is over has been written down; any thread may ask."""
        return self._answers.settled(entry)

    async def settle(self, patience_s: float) -> None:
        """Give submissions under way a moment to be written down."""
        await self._payments.wait(patience_s)

    # -- rows ----------------------------------------------------------------------------------------------------

    def draft(
        self,
        request: Request,
        *,
        simulated: bool,
        repeat: int = 0,
        take: int = 1,
        sweep: str = "",
        purse: str = "",
        cap_micro: int | None = None,
    ) -> Draft:
        """Describe the row that a request would be written to, and the budget that pays for it."""
        dialect = self.client.dialect
        held = dialect.held(request)
        return Draft(
            cell=cell_key(dialect.name, request.mode, held, repeat=repeat, take=take),
            gateway=dialect.name,
            simulated=simulated,
            mode=request.mode,
            held=held,
            price_micro=self._price(request),
            repeat=repeat,
            take=take,
            parent=named(request),
            sweep=sweep,
            purse=purse or sweep,
            cap_micro=cap_micro,
        )


def _hang_up(client: Client) -> None:
    Job(client.aclose(), label="hanging up")


class _TryAgain(Exception):
    """Nothing arrived, or the gateway was too busy: the same row may be sent again."""

    def __init__(self, row: str, error: ConnectionFailed | GatewayError) -> None:
        super().__init__(row)
        self.row, self.error = row, error
