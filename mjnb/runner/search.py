"""Looking for the task that a submission without a clear answer may have made: nothing is ever sent again for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mjnb.errors import (
    ConnectionFailed,
    GatewayError,
    GatewayUnavailable,
    InvalidRequest,
    UnknownOutcome,
    UnknownTask,
)
from mjnb.gateways.lost import Lost
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mjnb.client import Client
    from mjnb.runner.ledger import LedgerThread
    from mjnb.store import Entry, Store

__all__ = ["Search"]

_LOOKS_S = (2.0, 8.0, 20.0)  # gateway seconds before each look: a list may be a moment behind


class Search:
    """Asks a gateway that lists its tasks for those that unknown rows have made; elsewhere rows stay as they are.

    Args:
        client: The gateway.
        store: The ledger.
        ledger: The ledger's own thread.
        answered: Waits until a row is not being submitted any more.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        ledger: LedgerThread,
        answered: Callable[[Entry], Awaitable[Entry]],
    ) -> None:
        self._client, self._store, self._ledger, self._answered = client, store, ledger, answered

    async def patiently(self, row: str) -> Entry:
        """Look a few times for the task of a row whose answer has just been lost; return the row as it then is."""
        for wait in _LOOKS_S if self._client.dialect.lists_tasks else ():
            entry = await self._ledger(self._store.entry, row)
            if entry.state is not TaskState.UNKNOWN or await self._lost(entry) is None:
                return entry
            await self._client.clock.sleep(wait)
            await self.once(entry)
        return await self._ledger(self._store.entry, row)

    async def once(self, entry: Entry, *, surely: bool = False) -> Entry:
        """Look once; a gateway that does not tell leaves the row unknown.

        Raises:
            GatewayUnavailable: It was to be looked for `surely`, and nobody could tell.
            UnknownOutcome: Likewise, and there are tasks that may be its own.
        """
        lost = await self._lost(entry) if self._client.dialect.lists_tasks else None
        if lost is None:
            return entry
        try:
            await self._take(entry, await self._client.search(lost.by(self._client.ahead_s)))
            entry = await self._ledger(self._store.entry, entry.row)
            if surely and entry.state is TaskState.UNKNOWN:
                await self._check_nothing_like_it(entry, lost)
        except (ConnectionFailed, GatewayError) as error:
            if surely:
                raise GatewayUnavailable(_NOBODY_TELLS.format(row=entry.row, why=error)) from error
        return entry

    async def _check_nothing_like_it(self, entry: Entry, lost: Lost) -> None:
        """Refuse to go on if tasks of the same request were made about then that no row has: clocks may have been put right since.

        Raises:
            UnknownOutcome: There are some; the message names them.
        """
        like_it = []
        for task_id in await self._client.search(replace(lost, within=_CLOCKS_S)):
            other = await self._ledger(self._store.by_task, task_id, entry.gateway)
            if other is None or other.gateway != entry.gateway:
                like_it.append(task_id)
        if like_it:
            raise UnknownOutcome(_LIKE_IT.format(row=entry.row, ids=", ".join(like_it[-3:])), row=entry.row)

    async def _take(self, entry: Entry, found: list[str]) -> None:
        """Give the row one of these; of several equal requests each has a task of its own.

        What an equal submission under way has made may be among them, and that is told as soon as it is answered.
        """
        for other in await self._ledger(self._store.equals, entry.row):
            await self._answered(other)
        for task_id in found:
            if await self._ledger(self._store.found, entry.row, task_id, self._client.clock.epoch()):
                return

    async def given(self, entry: Entry, task_id: str) -> Entry:
        """Give the row a task that somebody says is its own; raises like `Client.ask`.

        Raises:
            InvalidRequest: Another row has that task.
        """
        await self._client.ask(task_id)
        if not await self._ledger(self._store.found, entry.row, task_id, self._client.clock.epoch()):
            raise InvalidRequest("task_id", task_id, "a task that no other row has")
        return await self._ledger(self._store.entry, entry.row)

    async def exists(self, entry: Entry) -> bool:
        """Ask whether the gateway knows a task after all; raises like `Client.ask`, but for that."""
        try:
            await self._client.ask(entry.task_id)
        except UnknownTask:
            return False
        return True

    async def _lost(self, entry: Entry) -> Lost | None:
        """Return what was sent for an unknown row, None if its gateway cannot be asked for it."""
        sent, answered = await self._ledger(self._store.travelled, entry.row)
        if entry.claimed is None or not isinstance(sent, dict):
            return None
        lost = Lost(sent, answered, entry.claimed)
        return lost if self._client.dialect.search(lost) is not None else None


_CLOCKS_S = 86_400.0  # clocks that are further from each other than a day are in no use
_LIKE_IT = (
    "Nothing was sent: the gateway has made the same request about then as {ids} (the newest), which no row of this ledger has. "
    'If one of them is yours, mj.retry("{row}", task_id="…") takes it, for nothing; if not, mj.forget("{row}") gives this row up, '
    "and the next start of its cell pays anew."
)
_NOBODY_TELLS = (
    "Nothing was sent: whether the first submission of row {row} made a task could not be found out ({why}). "
    'Try again later; mj.forget("{row}") gives it up instead, and the next start of its cell pays anew.'
)
