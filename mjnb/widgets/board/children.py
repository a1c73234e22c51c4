"""Tasks that are made on a board from its tiles: sent on a click, followed, and written into their own tiles."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mjnb.errors import (
    ConnectionFailed,
    GatewayError,
    InvalidRequest,
    SetupError,
    TaskFailed,
    TaskTimeout,
    UnknownOutcome,
)
from mjnb.jobs import Job
from mjnb.tasks import TaskState
from mjnb.widgets.board.beat import nowhere
from mjnb.widgets.board.tiles import Tile, as_records, blank_row, shape_of
from mjnb.widgets.working import explain

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.tasks import Task

__all__ = ["Children"]

_NOT_SENT = (InvalidRequest, GatewayError, ConnectionFailed, SetupError)


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

    def tile(self, number: int, parent: Tile, request: Request | None, said: str) -> Tile:
        """Make the tile of a task that is about to be sent, or (without a request) of one that could not be."""
        held = request if request is not None else parent.request
        if held is not None:
            known = {"state": "submitting", "parent": parent.task_id or None}
            row = as_records([blank_row(self.session, held, **known)])[0]
        else:
            row = {**parent.row, "task_id": None, "images": [], "urls": [], "state": "submitting"}
        child = Tile(
            number, row, request=request, parent=parent.id, said=said, since_s=self._now(), over=False
        )
        child.row["prompt"] = child.row.get("prompt") or parent.row.get("prompt")
        child.shape = shape_of(child.row) or parent.shape
        return child

    def send(self, child: Tile) -> None:
        """Send it, in the background."""
        self.under_way.add(child.id)
        nowhere(lambda: self.session.keep(Job(self._draw(child), label="a tile's follow-up")))

    def settle(self, child: Tile, task: Task) -> None:
        """Take over a task that was made elsewhere and has finished."""
        child.row |= {"state": task.state.value, "task_id": task.id}
        nowhere(lambda: self.session.keep(Job(self._settle(child, task.row), label="a tile")))

    async def _draw(self, child: Tile) -> None:
        assert child.request is not None
        row = ""
        try:
            child.span_s = await asyncio.to_thread(self.session.usual_s, child.request)
            task = await self.session.draw(child.request, on_change=lambda task: self._told(child, task))
            row = task.row
        except asyncio.CancelledError:
            self.refuse(child, "stopped", "")
            raise
        except Exception as error:  # noqa: BLE001  (a tile says what befell it, whatever it was)
            row = self._failed(child, error)
        finally:
            self.under_way.discard(child.id)
            self._wake(child)
        await self._settle(child, row)

    def _told(self, child: Tile, task: Task) -> None:
        """Note a new state; its pictures come at the end."""
        if not child.task_id:
            child.since_s = self._now()
        facts = {
            "state": task.state.value,
            "task_id": task.id,
            "fail_code": task.fail_code,
            "fail_msg": task.fail_msg,
        }
        child.row |= facts | {"urls": [image.url for image in task.images]}
        self._wake(child)

    def _failed(self, child: Tile, error: Exception) -> str:
        """Say what went wrong, in the tile and above the board; return the ledger's row, if there is one."""
        text = explain(error)
        self._complain(f"{child.said}: {text}")
        if isinstance(error, UnknownOutcome):
            self.refuse(child, TaskState.UNKNOWN.value, text)
            return str(error.row or "")
        if isinstance(error, TaskFailed):
            child.row["state"] = TaskState.FAILED.value
            return error.task.row if error.task is not None else ""
        if not child.task_id:
            self.refuse(
                child,
                (TaskState.REFUSED if isinstance(error, _NOT_SENT) else TaskState.UNKNOWN).value,
                text,
            )
        child.over, child.note = isinstance(error, TaskTimeout), text
        return ""

    def refuse(self, child: Tile, state: str, note: str) -> None:
        """Note that nothing more will come of it."""
        child.row["state"], child.note, child.over = state, note, True

    async def _settle(self, child: Tile, row: str) -> None:
        """Take over the ledger's row: its times, its price, its pictures."""
        store = self.session.store
        if row:
            child.take(await asyncio.to_thread(store.entry, row))
        elif child.task_id and (entry := await asyncio.to_thread(store.by_task, child.task_id)) is not None:
            child.take(entry)
        child.over = True
        self._wake(child)
