"""Waiting for one task: asked after, or told of, until it has finished; each new state is written down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mjnb.client import Answer
from mjnb.errors import (
    ConnectionFailed,
    ContentViolation,
    GatewayError,
    GatewayUnavailable,
    InvalidRequest,
    RateLimited,
    UnknownOutcome,
    UnknownTask,
)
from mjnb.gateways.base import Status
from mjnb.runner.rows import request_of
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.client import Client
    from mjnb.gateways.base import Envelope, Rhythm
    from mjnb.modes import Request
    from mjnb.runner.handover import Handover
    from mjnb.runner.hints import Hints
    from mjnb.runner.ledger import LedgerThread
    from mjnb.runner.payments import Payments
    from mjnb.store import Entry, Store

__all__ = ["Follower"]


class Follower:
    """Follows the tasks of a ledger's rows.

    Args:
        client: Asks after them.
        store: The ledger.
        ledger: The ledger's own thread.
        handover: Makes the second half of a request ready.
        hints: Tell when it is worth asking.
        payments: Keep a second half that is being sent from being stopped.
        envelope: What goes around a second half.
        timeout: Gateway seconds to wait for a task, one number or by speed, instead of the dialect's.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        ledger: LedgerThread,
        handover: Handover,
        hints: Hints,
        *,
        payments: Payments,
        envelope: Envelope,
        timeout: float | Mapping[str, float] | None,
    ) -> None:
        self.client, self.store, self.envelope, self._payments = client, store, envelope, payments
        self._ledger, self._handover, self._hints, self._timeout = ledger, handover, hints, timeout
        self._went_on: set[str] = set()  # rows whose second half has left from here

    async def follow(self, entry: Entry, on_change: Callable[[Entry], None] = lambda _: None) -> Entry:
        """Ask after a task until it has finished, and write down each new state; progress is only told."""
        rhythm, age = self._rhythm(entry), self._age(entry)
        try:
            with self._hints.awaited(entry.row) as hint:
                async for answer in self.client.watch(entry.task_id, rhythm, age=age, hint=hint):
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

        Whatever goes wrong before it is sent, a stop or a failed upload say, leaves it to be sent when the task is asked after again.
        """
        if entry.row in self._went_on:
            return None
        try:
            request = await self._handover.ready(request_of(entry))
        except (ConnectionFailed, RateLimited, GatewayUnavailable) as error:
            self.client.throttle.slow_down(getattr(error, "retry_after", None))
            return None
        async with self.client.turn():
            return await self._payments(self._second_half(entry, request))

    async def _second_half(self, entry: Entry, request: Request) -> Answer | None:
        """Write down that it is being sent, and send it: one step that a stop does not interrupt.

        What certainly did not arrive is sent later. If nobody knows, the task's own state tells, and the gateway gives up and
        refunds what waits too long.
        """
        if not await self._ledger(self.store.goes_on, entry.row, self.client.clock.epoch()):
            return None
        self._went_on.add(entry.row)
        try:
            await self.client.go_on(request, entry.task_id, replace(self.envelope, key=entry.key))
        except (ConnectionFailed, RateLimited, GatewayUnavailable) as error:
            self.client.throttle.slow_down(getattr(error, "retry_after", None))
            await self._ledger(self.store.goes_on, entry.row, None)
            self._went_on.discard(entry.row)
        except (GatewayError, InvalidRequest) as error:
            return _refused(error)
        except UnknownOutcome:
            pass
        return None

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
        known = await self._ledger(self.store.current, entry)
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


def _refused(error: GatewayError | InvalidRequest) -> Answer:
    """Tell how a task ends whose second half was refused."""
    code = str(getattr(error, "code", "") or "REFUSED")
    if isinstance(error, ContentViolation):
        code = "CONTENT_VIOLATION"
    text = f"The second half of the request was refused: {error}"
    return Answer(Status(TaskState.FAILED, fail_code=code, fail_msg=text), None)
