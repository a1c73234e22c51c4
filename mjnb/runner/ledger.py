"""The ledger's own thread, since a commit waits for the disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LedgerThread"]

P = ParamSpec("P")
T = TypeVar("T")


class LedgerThread:
    """Calls methods of a store one after the other, off the event loop: `await ledger(store.entry, row)`."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "mjnb-ledger")

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `call` returns; it is finished even if nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        try:
            written = loop.run_in_executor(self._thread, lambda: call(*args, **kwargs))
        except RuntimeError:  # the interpreter is ending and has no more threads for us
            return call(*args, **kwargs)
        return await written

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False)
