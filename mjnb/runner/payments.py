"""What may cost money and is under way: a stop does not reach it, and closing waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast

from mjnb.jobs import protect

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["Payments"]

T = TypeVar("T")


class Payments:
    """Runs steps that are never cancelled half way: `await payments(step)`. Lives on the I/O loop."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    async def __call__(self, step: Coroutine[Any, Any, T]) -> T:
        """Return what the step returns; whoever waits may be stopped, the step is not."""
        return await protect(self._whole(step))

    async def _whole(self, step: Coroutine[Any, Any, T]) -> T:
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await step

    async def wait(self, patience_s: float) -> None:
        """Wait until they have ended, for so many real seconds."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=patience_s)
