"""Finding the task of a row whose submission had no clear answer, by the ids that callbacks claim for it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from mjnb.errors import ConnectionFailed, GatewayError, MjnbError
from mjnb.gateways.lost import Lost
from mjnb.store import adopted
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from mjnb.client import Client
    from mjnb.runner.ledger import LedgerThread
    from mjnb.store import Entry, Store

__all__ = ["Finder"]

_CLAIMS = 4  # ids a row, the latest
_AT_ONCE = 8  # rows looked at
_MORE_S = 10.0  # gateway seconds
_LOOKS_S = (
    0.0,
    3.0,
    10.0,
)  # gateway seconds before each question: a task may be a moment late in the gateway's own index


class Finder:
    """Gives unknown rows the tasks that are theirs: known to the gateway, and no other row's.

    Args:
        client: Asked about what is claimed.
        store: The ledger.
        ledger: The ledger's own thread.
        take_up: Gives what goes on with a row that was found, None once nobody is there any more.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        ledger: LedgerThread,
        take_up: Callable[[], Callable[[Entry], Coroutine[Any, Any, Entry]] | None],
    ) -> None:
        self._client, self._store, self._ledger, self._take_up = client, store, ledger, take_up
        self._claims: dict[str, list[str]] = {}  # by row
        self._looking: dict[str, asyncio.Task[None]] = {}  # by row
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._seekers: dict[str, asyncio.Future[Entry]] = {}
        self._followed: set[asyncio.Task[Any]] = set()

    async def aclose(self) -> None:
        """Stop looking; the ledger holds what was found."""
        self._claims.clear()
        work = [*self._followed, *self._looking.values()]
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    def told(self, row: str, task_id: str) -> None:
        """Take note that somebody claims a task for a row."""
        claims = self._claims.setdefault(row, [])
        if task_id not in claims:
            claims.append(task_id)
            del claims[:-_CLAIMS]
        self.look(row)

    def look(self, row: str) -> None:
        """Look at a row soon, if anything is claimed for it."""
        if row in self._claims and row not in self._looking:
            self._looking[row] = asyncio.ensure_future(self._look(row))

    async def found(self, row: str, patience: float) -> Entry | None:
        """Wait so many gateway seconds for the task of an unknown row."""
        seeking = self._seekers.setdefault(row, asyncio.get_running_loop().create_future())
        try:
            entry = await self._ledger(self._store.entry, row)
            if entry.state is not TaskState.UNKNOWN:  # found already, before anybody waited
                return entry if entry.task_id else None
            while not await self._done(seeking, patience):
                if row not in self._looking:
                    return None
                patience = _MORE_S  # it is being looked at
            return seeking.result()
        finally:
            self._seekers.pop(row, None)

    async def _done(self, seeking: asyncio.Future[Entry], patience: float) -> bool:
        waiting: asyncio.Future[None] = asyncio.ensure_future(self._client.clock.sleep(patience))
        either: set[asyncio.Future[Any]] = {seeking, waiting}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        return seeking.done()

    async def _look(self, row: str) -> None:
        """Look until nothing more is claimed: a flood of claims for a row is one look after the other."""
        try:
            async with self._turns:
                with contextlib.suppress(MjnbError):  # the next callback, or the next start, looks again
                    while row in self._claims and await self._look_at(row):
                        pass
        finally:
            del self._looking[row]

    async def _look_at(self, row: str) -> bool:
        """Return whether it is worth another look if more is claimed: it is unknown and stays so."""
        await self._ledger(self._store.settle_orphans)  # whoever was submitting it may be gone
        entry = await self._ledger(self._store.entry, row)
        if entry.state is TaskState.SUBMITTING:  # its answer may yet come; if not, `look` is called
            return False
        claims = self._claims.pop(row, [])
        if entry.state is not TaskState.UNKNOWN:
            return False
        for task_id in reversed(claims):
            if await self._is_its_own(entry, task_id) and await self._ledger(
                self._store.found, row, task_id, self._client.clock.epoch()
            ):
                self._go_on(await self._ledger(self._store.entry, row))
                return False
        return True

    async def _is_its_own(self, entry: Entry, task_id: str) -> bool:
        """Ask whether the gateway knows a task that no row of the ledger has, and that this one's request can have made."""
        other = await self._ledger(self._store.by_task, task_id, entry.gateway)
        if other is not None and other.gateway == entry.gateway and other.cell != adopted(task_id):
            return False
        for wait in _LOOKS_S:
            await self._client.clock.sleep(wait)
            try:
                answer = await self._client.ask(task_id)
            except (ConnectionFailed, GatewayError):
                continue
            sent, answered = await self._ledger(self._store.travelled, entry.row)
            if entry.claimed is None or not isinstance(sent, dict):
                return True
            lost = Lost(sent, answered, entry.claimed).by(self._client.ahead_s)
            return self._client.dialect.can_be(answer.status, answer.raw, lost)
        return False

    def _go_on(self, entry: Entry) -> None:
        """Hand a row that was found to whoever seeks it, else see it through here."""
        seeking, take_up = self._seekers.get(entry.row), self._take_up()
        if seeking is not None and not seeking.done():
            seeking.set_result(entry)
        elif take_up is not None:
            task = asyncio.ensure_future(take_up(entry))
            self._followed.add(task)
            task.add_done_callback(self._seen_through)

    def _seen_through(self, task: asyncio.Task[Any]) -> None:
        self._followed.discard(task)
        if not task.cancelled():
            task.exception()  # the row holds what went wrong; nobody waits for it here
