"""The way of one task, on the I/O loop: write down, send, wait, fetch, file.

What may cost money is one protected step: the row is written, the request sent and the answer recorded even if the
user stops in between. Everything around it (waiting for a turn, for the task, for its pictures) can be stopped at any
moment and taken up again from the ledger.
"""

from __future__ import annotations

import asyncio
import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from mjnb.client import Answer
from mjnb.errors import (
    ConnectionFailed,
    ContentViolation,
    GatewayError,
    GatewayUnavailable,
    InvalidRequest,
    MjnbError,
    RateLimited,
    StoreError,
    UnknownOutcome,
    UnknownTask,
)
from mjnb.gateways.base import Status
from mjnb.jobs import Job, protect
from mjnb.polling import backoff
from mjnb.runner.handover import Handover
from mjnb.runner.ledger import LedgerThread
from mjnb.runner.pictures import Album
from mjnb.runner.rows import RETRY, failed_error, request_of
from mjnb.store import Draft
from mjnb.store.parents import ANSWER, named
from mjnb.tasks import TaskState, cell_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.client import Client, Submitted
    from mjnb.gateways.base import Envelope, Rhythm
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
    ) -> None:
        self._holds = holds
        self.client, self.store, self.envelope = client, store, envelope
        self._price, self._timeout = price, timeout
        self._payments: set[asyncio.Task[Any]] = set()
        self._submitting: set[str] = set()
        self._ledger = LedgerThread()
        self._album = Album(client, store, self._ledger)
        self._handover = Handover(client, store, self._ledger)
        self._forgotten = weakref.finalize(self, _hang_up, client)  # by a session that was never closed
        self._forgotten.atexit = False

    async def aclose(self) -> None:
        """Finish and write down what is being submitted, then let connections and threads go."""
        if self._payments:
            await asyncio.wait(self._payments, timeout=_WIND_UP_S)
        self._forgotten.detach()
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
        """Submit it, unless an earlier row will do; return the row."""
        plan, row, waits, unreached = _Plan(request, draft, again), "", backoff(), 0
        began = self.client.clock.now()
        while True:
            try:
                async with self.client.turn():
                    gate()
                    return await protect(self._pay(plan, row))
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
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._payments.add(task)
        task.add_done_callback(self._payments.discard)
        if row:
            entry, fresh = await self._ledger(self.store.reopen, row, alone=plan.again is not None)
        else:
            entry, fresh = await self._ledger(self.store.claim, plan.draft, again=plan.again)
        if not fresh:
            return entry
        self._submitting.add(entry.row)
        try:
            return await self._send(plan.request, entry)
        finally:
            self._submitting.discard(entry.row)

    async def _send(self, request: Request, entry: Entry) -> Entry:
        row = entry.row
        try:
            envelope = await self._handover.envelope(request, self.envelope, entry.key)
            submitted = await self.client.post(await self._handover.ready(request), envelope)
        except BaseException as error:
            await self._record_no_task(row, error)
            raise
        try:
            await self._record(row, submitted)
        except StoreError as error:
            raise StoreError(f"Task {submitted.task_id} was taken and charged, but: {error}") from error
        return await self._ledger(self.store.entry, row)

    async def _record(self, row: str, submitted: Submitted) -> None:
        """Write down a task's id, or an answer that needs no task."""
        now, sent, raw = self.client.clock.epoch(), submitted.sent, submitted.answered
        if submitted.status is None:
            await self._ledger(self.store.submitted, row, submitted.task_id, now, sent, raw)
        else:
            await self._ledger(self.store.answered, row, f"{ANSWER}{row}", now, sent, raw, submitted.status)

    async def _record_no_task(self, row: str, error: BaseException) -> None:
        """Write down a refusal as refused, and anything that is not plainly one as unknown."""
        refused = isinstance(error, MjnbError) and not isinstance(error, UnknownOutcome)
        state = TaskState.REFUSED if refused else TaskState.UNKNOWN
        code = str(getattr(error, "status", "") or type(error).__name__)
        await self._ledger(self.store.ended, row, state, code, str(error))
        if isinstance(error, UnknownOutcome):
            error.row = row
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
            raise UnknownOutcome(_UNKNOWN_TEXT.format(row=entry.row), row=entry.row)
        if entry.state.is_running:
            entry = await self.follow(entry, on_change)
        if entry.state in {TaskState.FAILED, TaskState.REFUSED}:
            raise failed_error(entry)
        return await self._album.collect(entry)

    async def _await_submission(self, entry: Entry) -> Entry:
        """Wait while another kernel, or another call, is submitting this very row."""
        while entry.state is TaskState.SUBMITTING:
            await self.client.clock.sleep(_LEDGER_LOOK_S)
            await self._ledger(self.store.settle_orphans)
            entry = await self._ledger(self.store.entry, entry.row)
            if entry.owner == self.store.owner and entry.row not in self._submitting:
                await self._ledger(self.store.ended, entry.row, TaskState.UNKNOWN, "", _BROKEN_OFF)
                entry = await self._ledger(self.store.entry, entry.row)
        return entry

    # -- waiting -------------------------------------------------------------------------------------------------

    async def follow(self, entry: Entry, on_change: Callable[[Entry], None] = lambda _: None) -> Entry:
        """Ask after a task until it has finished, and write down each new state; progress is only told."""
        try:
            async for answer in self.client.watch(entry.task_id, self._rhythm(entry), age=self._age(entry)):
                entry = await self._heard(entry, answer, on_change)
        except UnknownTask as error:  # it will never be told of again: waiting for ever helps nobody
            await self._ledger(self.store.lost, entry.row, str(error))
            raise
        return entry

    async def _heard(self, entry: Entry, answer: Answer, on_change: Callable[[Entry], None]) -> Entry:
        if answer.status.waits:
            answer = await self._go_on(entry) or answer
        status = answer.status
        if status.state is not entry.state:
            entry = await self._told(entry, answer)
            on_change(entry)
        elif (status.progress, status.preview) != (entry.progress, entry.preview):
            entry = replace(entry, progress=status.progress, preview=status.preview)
            on_change(entry)
        return entry

    async def _go_on(self, entry: Entry) -> Answer | None:
        """Send the second half of a request whose task waits for it, once; return how the task ends if it is refused.

        It is written down before it is sent. What certainly did not arrive is sent when the task is asked after again; if
        nobody knows, the task's own state tells, and the gateway gives up and refunds what waits too long.
        """
        if not await self._ledger(self.store.goes_on, entry.row, self.client.clock.epoch()):
            return None
        try:
            request = await self._handover.ready(request_of(entry))
            await protect(self.client.go_on(request, entry.task_id, replace(self.envelope, key=entry.key)))
        except (ConnectionFailed, RateLimited, GatewayUnavailable) as error:
            self.client.throttle.slow_down(getattr(error, "retry_after", None))
            await self._ledger(self.store.goes_on, entry.row, None)
        except (GatewayError, InvalidRequest) as error:
            code = (
                "CONTENT_VIOLATION"
                if isinstance(error, ContentViolation)
                else str(getattr(error, "code", "") or "REFUSED")
            )
            text = f"The second half of the request was refused: {error}"
            return Answer(Status(TaskState.FAILED, fail_code=code, fail_msg=text), None)
        except UnknownOutcome:
            pass
        return None

    async def settle(self, patience_s: float) -> None:
        """Give submissions under way a moment to be written down."""
        if self._payments:
            await asyncio.wait(self._payments, timeout=patience_s)

    async def _told(self, entry: Entry, answer: Answer) -> Entry:
        status = answer.status
        life = self.client.dialect.url_life_s
        ends = status.completed + life if status.completed is not None else None
        expires = status.expires if status.expires is not None else ends
        lag = self._lag(entry, answer) if status.state.is_finished else None
        seen = self.client.clock.epoch()
        await self._ledger(
            self.store.told, entry.row, status, answer.raw, seen=seen, lag_s=lag, expires=expires
        )
        known = await self._ledger(self.store.entry, entry.row)
        return replace(known, progress=status.progress, preview=status.preview)

    def _lag(self, entry: Entry, answer: Answer) -> float | None:
        """How long after its end we saw it: our waiting less the gateway's own span."""
        status = answer.status
        if status.created is None or status.completed is None or entry.submitted is None:
            return None
        return max(0.0, self._age(entry) - (status.completed - status.created))

    def _age(self, entry: Entry) -> float:
        """Gateway seconds since we submitted it."""
        waited = self.client.clock.epoch() - (entry.submitted or 0.0)
        return max(0.0, waited) * self.client.clock.scale

    def _rhythm(self, entry: Entry) -> Rhythm:
        rhythm = self.client.dialect.rhythm(request_of(entry))
        timeout = self._timeout
        if timeout is not None and not isinstance(timeout, float | int):
            timeout = timeout.get(str(entry.held.get("speed")))
        return rhythm if timeout is None else replace(rhythm, timeout=float(timeout))

    # -- rows ----------------------------------------------------------------------------------------------------

    def draft(
        self, request: Request, *, simulated: bool, repeat: int = 0, take: int = 1, sweep: str = ""
    ) -> Draft:
        """Describe the row that a request would be written to."""
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
        )


def _hang_up(client: Client) -> None:
    Job(client.aclose(), label="hanging up")


class _TryAgain(Exception):
    """Nothing arrived, or the gateway was too busy: the same row may be sent again."""

    def __init__(self, row: str, error: ConnectionFailed | GatewayError) -> None:
        super().__init__(row)
        self.row, self.error = row, error


_BROKEN_OFF = "Its submission was broken off before the ledger had the answer: it may have been charged."
_UNKNOWN_TEXT = (
    "Row {row} was sent, but no answer is known: it may have been charged. It is not sent again by itself. "
    'If you find that it was not taken, or would rather pay again: mj.forget("{row}") releases it, and the next start '
    "asks for it anew."
)
