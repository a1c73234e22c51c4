"""The ledger's own thread, since a commit waits for the disk."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mjnb.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mjnb.store import Store

__all__ = ["LedgerThread"]

P = ParamSpec("P")
T = TypeVar("T")
_MOST = 100  # calls in one transaction, so that none waits long for the others


class LedgerThread:
    """Calls methods of a store in their order, off the event loop: `await ledger(store.entry, row)`.

    A commit waits milliseconds for the disk. What has come in meanwhile is written as one transaction, so that a thousand
    tasks wait for the disk as often as ten. Nobody is answered before what was written is on disk.

    Args:
        store: The ledger.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "mjnb-ledger")
        self._waiting: deque[_Call] = deque()

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `call` returns; it is finished even if nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        asked = _Call(partial(call, *args, **kwargs), loop, loop.create_future())
        self._waiting.append(asked)
        try:
            self._thread.submit(self._work)
        except RuntimeError:  # the interpreter is ending and has no more threads for us
            self._work()
        answer: T = await asked.answer
        return answer

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False)

    def _work(self) -> None:
        """Do what waits, and tell those who wait for it."""
        calls: list[_Call] = []
        with contextlib.suppress(IndexError):
            while len(calls) < _MOST:
                calls.append(self._waiting.popleft())
        found = self._written(calls)
        for loop in {call.loop for call in calls}:
            mine = [(call, one) for call, one in zip(calls, found, strict=True) if call.loop is loop]
            loop.call_soon_threadsafe(_hand_out, mine)

    def _written(self, calls: Sequence[_Call]) -> list[_Outcome]:
        if len(calls) > 1:
            try:
                with self._store.together():
                    return [_outcome(call) for call in calls]
            except StoreError:  # none of it was written: each alone will have an answer of its own
                pass
        return [_outcome(call) for call in calls]


@dataclass(frozen=True, slots=True)
class _Call:
    """Something to do, and who waits for it."""

    run: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a call."""

    value: Any = None
    error: Exception | None = None


def _outcome(call: _Call) -> _Outcome:
    try:
        return _Outcome(call.run())
    except Exception as error:  # noqa: BLE001  (it is raised where it is waited for)
        return _Outcome(error=error)


def _hand_out(found: Sequence[tuple[_Call, _Outcome]]) -> None:
    for call, outcome in found:
        if call.answer.done():  # nobody waits any more
            continue
        if outcome.error is not None:
            call.answer.set_exception(outcome.error)
        else:
            call.answer.set_result(outcome.value)
