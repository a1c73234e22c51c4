"""The pulse of a board: changes are gathered, and told a few times a second from the I/O thread."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from typing import TYPE_CHECKING

from mjnb.jobs import IO, Job

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Beat", "nowhere"]

PAUSE_S = 0.17  # at most three messages a beat (traits, tiles, pictures), so fewer than twenty a second
_TICK_S = 1.0  # an estimate counts down even when nothing happens


class Beat:
    """Calls `step()` on the I/O thread after a `wake()`, at most six times a second; every second while it is to wait.

    Args:
        step: Does what there is to do, and returns `"more"` (at once again), `"wait"` (something is under way) or `""`.
        complain: Called with what a step raised; the next `wake` tries again.
    """

    def __init__(self, step: Callable[[], Awaitable[str]], complain: Callable[[str], None]) -> None:
        self._step, self._complain, self._changed = step, complain, asyncio.Event()
        self._job: Job[None] | None = None

    def wake(self) -> None:
        """Have a step done soon; callable from any thread."""
        nowhere(lambda: IO.loop().call_soon_threadsafe(self._wake))

    def _wake(self) -> None:
        self._changed.set()
        if self._job is None:
            self._job = Job(self._work(), label="board")

    async def _work(self) -> None:
        try:
            left = "wait"
            while left or self._changed.is_set():
                self._changed.clear()
                left = await self._step()
                await asyncio.sleep(PAUSE_S)
                if left == "wait":
                    await self._tick()
        except Exception as error:  # noqa: BLE001  (a board that cannot be drawn says why)
            self._complain(f"The board cannot be brought up to date: {type(error).__name__}: {error}")
        finally:
            self._job = None

    async def _tick(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TICK_S):
                await self._changed.wait()


def nowhere(call: Callable[[], object]) -> None:
    """Call in an empty context, so that a kernel files its output under the cell that runs now.

    In the context of the cell that made the board, tools that execute notebooks drop what comes after that cell.
    """
    contextvars.Context().run(call)
