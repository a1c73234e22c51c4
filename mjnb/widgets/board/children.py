"""Tasks that are made on a board from its tiles: sent on a click, followed, and written into their own tiles."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from mjnb.errors import (
    ConnectionFailed,
    GatewayError,
    InvalidRequest,
    MjnbError,
    SetupError,
    TaskFailed,
    TaskTimeout,
    UnknownOutcome,
)
from mjnb.jobs import Job
from mjnb.tasks import TaskState, cell_key
from mjnb.widgets.board.beat import nowhere
from mjnb.widgets.board.tiles import Tile, as_records, blank_row, shape_of
from mjnb.widgets.working import explain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mjnb.modes import Request
    from mjnb.runner import Runner
    from mjnb.session import Session
    from mjnb.store import Entry
    from mjnb.tasks import Task

__all__ = ["Children"]

_NOT_SENT = (InvalidRequest, GatewayError, ConnectionFailed, SetupError)
_OWN = (
    "task_id",
    "cell",
    "cost_time_s",
    "queue_time_s",
    "lag_s",
    "price_usd",
    "expires",
    "fail_code",
    "fail_msg",
    "created",
)
_SETTLE_S = 5.0  # real seconds that a stop waits for what is being sent to be written down
_SLACK_S = 1.0  # real seconds by which a form may have sent something before the board hears of it
_LOOK_S = 0.25  # real seconds between looks at how far a form's task is
_LEFT = "It goes on at the gateway, is charged there, and is in the ledger: mj.resume() fetches it."
_UNSURE = (
    "It was stopped while it was being sent: it may have been charged. mj.history() or the gateway tells."
)


class Children:
    """Follows what was sent from a board.

    Args:
        session: Where to.
        wake: Called when a tile has changed, on any thread.
        complain: Called with a line of text when something went wrong, on the I/O thread.
        now: Tells the gateway's seconds since the board began.
    """

    def __init__(
        self,
        session: Session,
        wake: Callable[[Tile], None],
        complain: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self.session, self._wake, self._complain, self._now = session, wake, complain, now
        self.under_way: set[int] = set()
        self._waiting: set[int] = set()  # for their turn: of these nothing has been sent for certain
        self._rows: set[str] = set()  # of the ledger, of which it is known whose they are
        self._looking = threading.Lock()
        self._runner: Runner | None = None  # a session that is being closed has none any more

    def tile(self, number: int, parent: Tile, request: Request | None, said: str) -> Tile:
        """Make the tile of a task that is being sent; of a request that is not known yet it shows its parent's."""
        if request is not None:
            known = {"state": "submitting", "parent": parent.task_id or None}
            row = as_records([blank_row(self.session, request, **known)])[0]
        else:
            row = {
                **parent.row,
                **dict.fromkeys(_OWN),
                "images": [],
                "urls": [],
                "texts": [],
                "state": "submitting",
            }
        child = Tile(
            number, row, request=request, parent=parent.id, said=said, since_s=self._now(), over=False
        )
        child.row["prompt"] = child.row.get("prompt") or parent.row.get("prompt")
        child.shape = shape_of(child.row) or parent.shape
        return child

    def send(self, child: Tile) -> None:
        """Send it, in the background."""
        self._waiting.add(child.id)
        self._begin(child, lambda: self._draw(child), "a follow-up")

    def follow(self, child: Tile, job: Job[Task], state: Callable[[], TaskState | None]) -> None:
        """Follow a task that was sent elsewhere, such as in a form; `state` tells how far it is."""
        self._begin(child, lambda: self._mirror(child, job, state), "a form's task")

    def _begin(self, child: Tile, work: Callable[[], Awaitable[Task]], label: str) -> None:
        began = self.session.clock.epoch() - _SLACK_S
        self.under_way.add(child.id)
        nowhere(lambda: self.session.keep(Job(self._end(child, work, began), label=label)))

    async def _draw(self, child: Tile) -> Task:
        assert child.request is not None
        child.span_s = await asyncio.to_thread(self.session.usual_s, child.request)
        assert self._runner is not None
        draft = self._runner.draft(child.request, simulated=self.session.simulated)
        entry = await self._runner.obtain(
            child.request,
            draft,
            again=None,
            on_change=lambda now: self._told(child, now.task(child.request)),
            gate=lambda: self._waiting.discard(child.id),
        )
        return entry.task(child.request)

    async def _mirror(self, child: Tile, job: Job[Task], state: Callable[[], TaskState | None]) -> Task:
        if child.request is not None:
            child.span_s = await asyncio.to_thread(self.session.usual_s, child.request)
        while not job.done():
            now = state()
            if now is not None and now.value != child.row["state"]:
                child.row["state"] = now.value
                self._wake(child)
            await asyncio.sleep(_LOOK_S)
        return await job

    async def _end(self, child: Tile, work: Callable[[], Awaitable[Task]], began: float) -> None:
        """Wait for a task, and write into its tile what came of it, however it ended."""
        row = ""
        try:
            row = await self._ended(child, work, began)
        except asyncio.CancelledError:
            await self._left(child, began)
            raise
        finally:
            self.under_way.discard(child.id)
            self._wake(child)
        await self._settle(child, row)

    async def _ended(self, child: Tile, work: Callable[[], Awaitable[Task]], began: float) -> str:
        """Wait for a task, and return the ledger's row of it, "" if there is none."""
        try:
            self._runner = await self.session.runner()
            task = await work()
        except Exception as error:  # noqa: BLE001  (a tile says what befell it, whatever it was)
            row = self._failed(child, error)
            if row or child.task_id or isinstance(error, _NOT_SENT):
                return row
            with contextlib.suppress(MjnbError):
                entry = await asyncio.to_thread(self._entry, child, began)
                return entry.row if entry is not None else ""
            return ""
        if child.request is None and task.request is not None:
            child.row |= self.session.dialect.held(task.request) | {"mode": task.request.mode}
            child.request = task.request
        return task.row

    def _told(self, child: Tile, task: Task) -> None:
        """Note a new state; its pictures come at the end."""
        if not child.task_id:
            child.since_s = self._now()
        self._rows.add(task.row)
        facts = {
            "state": task.state.value,
            "task_id": task.id,
            "fail_code": task.fail_code,
            "fail_msg": task.fail_msg,
        }
        child.row |= facts | {"urls": [image.url for image in task.images]}
        child.progress = task.progress
        self._wake(child)

    def _failed(self, child: Tile, error: Exception) -> str:
        """Say what went wrong, in the tile and above the board; return the ledger's row, if there is one."""
        text = explain(error)
        self._complain(f"{child.said}: {text}")
        if isinstance(error, UnknownOutcome):
            self._close(child, TaskState.UNKNOWN.value, text)
            return str(error.row or "")
        if isinstance(error, TaskFailed):
            child.row["state"] = TaskState.FAILED.value
            return error.task.row if error.task is not None else ""
        if not child.task_id:
            is_sure = isinstance(error, _NOT_SENT)
            self._close(child, (TaskState.REFUSED if is_sure else TaskState.UNKNOWN).value, text)
        child.over, child.note = isinstance(error, TaskTimeout), text
        return ""

    def _close(self, child: Tile, state: str, note: str) -> None:
        """Note that nothing more will come of it."""
        child.row["state"], child.note, child.over = state, note, True

    # -- what is stopped -----------------------------------------------------------------------------------------

    async def _left(self, child: Tile, began: float) -> None:
        """Say what becomes of a task that nobody waits for any more: what has been sent goes on, and is paid."""
        try:
            if self._runner is not None:
                await self._runner.settle(_SETTLE_S)
            entry = await asyncio.to_thread(self._entry, child, began)
        except MjnbError:
            self._close(child, child.row["state"] if child.task_id else TaskState.UNKNOWN.value, _UNSURE)
            return
        if entry is not None:
            child.take(entry)
        state = TaskState(child.row["state"]) if entry is not None or child.task_id else None
        if state is None and child.request is not None:
            self._close(child, "stopped", "Nothing was sent.")
        elif state is None or state is TaskState.SUBMITTING:
            self._close(child, TaskState.UNKNOWN.value, _UNSURE)
        else:
            self._close(child, state.value, _LEFT if state.is_running else "")

    def _entry(self, child: Tile, began: float) -> Entry | None:
        """Find the ledger's row of a child: by its task, or as the newest of its cell that is nobody else's."""
        store, dialect, request = self.session.store, self.session.dialect, child.request
        if child.task_id:
            return store.by_task(child.task_id)
        if request is None or child.id in self._waiting:
            return None
        cell = cell_key(dialect.name, request.mode, dialect.held(request))
        with self._looking:
            found = [
                entry for entry in store.all()
                if entry.cell == cell and entry.owner == store.owner and entry.row not in self._rows
                and _is_since(entry, began)
            ]  # fmt: skip
            self._rows |= {entry.row for entry in found[-1:]}
        return found[-1] if found else None

    async def _settle(self, child: Tile, row: str) -> None:
        """Take over the ledger's row: its times, its price, its pictures."""
        store = self.session.store
        if row:
            self._rows.add(row)
            child.take(await asyncio.to_thread(store.entry, row))
        elif child.task_id and (entry := await asyncio.to_thread(store.by_task, child.task_id)) is not None:
            child.take(entry)
        child.over = True
        self._wake(child)


def _is_since(entry: Entry, began: float) -> bool:
    """Tell whether a row may have been sent since a moment; one without an answer has no time."""
    if entry.submitted is None:
        return entry.state in {TaskState.SUBMITTING, TaskState.UNKNOWN}
    return entry.submitted >= began
