"""What callbacks are good for: whoever waits for a task asks at once, and a submission whose answer was lost is found.

A callback is a hint and nothing more. Its path tells which row it is about; of its body only the task's id is read, and that
only for a row that has none. The gateway is then asked, with our key: a lie costs it one question and changes nothing.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from mjnb.callbacks import token_of
from mjnb.client.waiting import SELDOM_S, late
from mjnb.gateways.reading import parsed
from mjnb.polling import Hint
from mjnb.runner.finding import Finder

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from mjnb.client import Client
    from mjnb.gateways.base import Envelope
    from mjnb.modes import Request
    from mjnb.runner.ledger import LedgerThread
    from mjnb.store import Entry, Store

__all__ = ["Hints"]


class Hints:
    """The rows that callbacks may tell of, and who waits for them. Lives on the I/O loop.

    However many callbacks come, there is one hint a row.

    Args:
        client: Asked about what a callback claims.
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
        self._client, self._store, self._ledger = client, store, ledger
        self._finder = Finder(client, store, ledger, take_up)
        self._base = ""  # where callbacks reach us; "" while nobody listens
        self._rows: dict[str, list[str]] = {}  # by token: a second try of a row has the same
        self._due: dict[str, float] = {}  # until when a row's callback may be expected, in gateway seconds
        self._waiting: dict[str, set[Hint]] = {}
        self._told: set[str] = set()  # rows that were told of: whoever comes to wait for one asks at once

    async def listen(self, base: str) -> None:
        """Send `base` along with every submission from now on, and know the rows of earlier sessions again."""
        rows = await self._ledger(_addresses, self._store, self._client.dialect.name, base)
        for token, row, is_due in rows:
            self._know(token, row)
            if is_due:
                self._due.setdefault(row, 0.0)
        self._base = base

    async def aclose(self) -> None:
        """Hear nothing any more."""
        self._base = ""
        self._rows.clear()
        await self._finder.aclose()

    # -- for the receiver ----------------------------------------------------------------------------------------

    def knows(self, token: str) -> bool:
        """Whether a callback's path is that of a row."""
        return token in self._rows

    def hear(self, token: str, body: bytes) -> None:
        """Take note of a callback; whatever it says, this returns at once and raises nothing."""
        rows = self._rows.get(token, ())
        for row in rows:
            self._told.add(row)
            for hint in self._waiting.get(row, ()):
                hint.give()
        idle = [row for row in rows if row not in self._waiting]
        task_id = (
            self._client.dialect.read_callback(parsed(body.decode("utf-8", "replace"))) if idle else ""
        )
        for row in idle if task_id else ():
            self._finder.told(row, task_id)

    def _know(self, token: str, row: str) -> None:
        rows = self._rows.setdefault(token, [])
        if row not in rows:
            rows.append(row)

    # -- for the runner ------------------------------------------------------------------------------------------

    def addressed(self, envelope: Envelope, request: Request, entry: Entry) -> Envelope:
        """Add the address at which a row is told of, where somebody listens and the gateway calls back.

        Who waits over a stream is told everything there.
        """
        dialect = self._client.dialect
        if not self._base or envelope.streams or request.mode not in dialect.callbacks:
            return envelope
        token = token_of(entry.key)
        self._know(token, entry.row)
        self._due[entry.row] = self._client.clock.now() + late(dialect.rhythm(request)) + SELDOM_S
        return replace(envelope, callback_url=f"{self._base}/{token}")

    @contextlib.contextmanager
    def awaited(self, row: str) -> Iterator[Hint | None]:
        """Give what wakes whoever waits for a row's task; None where nobody listens."""
        if not self._base:
            yield None
            return
        hint = Hint(due=row in self._due)
        if row in self._told:
            hint.give()
        waiting = self._waiting.setdefault(row, set())
        waiting.add(hint)
        try:
            yield hint
        finally:
            waiting.discard(hint)
            if not waiting:
                self._waiting.pop(row, None)

    def lost(self, row: str) -> None:
        """Look for a row's task by what was heard of it before its answer was lost."""
        self._finder.look(row)

    async def found(self, row: str) -> Entry | None:
        """Wait, as long as its callback may be expected, for the task of a row whose answer was lost; None if it stays lost."""
        left = self._due.get(row, 0.0) - self._client.clock.now()
        return await self._finder.found(row, left) if left > 0 and self._base else None


def _addresses(store: Store, gateway: str, base: str) -> list[tuple[str, str, bool]]:
    """Return of each row its token, its name, and whether its callback will come to `base`."""
    tokens = [(token_of(key), row, url) for row, key, url in store.keys(gateway)]
    return [(token, row, url == f"{base}/{token}") for token, row, url in tokens]
