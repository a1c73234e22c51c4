"""Asking after many tasks in one request, where the gateway can."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb.errors import GatewayError, UnknownTask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mjnb.gateways.base import Status
    from mjnb.polling import Clock

__all__ = ["Answer", "Together"]

_EVERY_S = 5.0  # between two requests: whoever asks in between is asked for with the next one
_GATHER_S = 0.1  # so that those who wake at the same moment go together


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about a task, and its raw JSON."""

    status: Status
    raw: Any


class Together:
    """Collects questions after tasks and asks them as one.

    Args:
        send: Asks after some tasks; an error that it raises is everybody's.
        clock: Gateway seconds.
        most: How many tasks one request may ask after.
    """

    def __init__(
        self,
        send: Callable[[list[str]], Awaitable[dict[str, Answer | GatewayError]]],
        clock: Clock,
        most: int,
    ) -> None:
        self._send, self._clock, self._most = send, clock, most
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._rounds: set[asyncio.Task[None]] = set()
        self._next = clock.now()

    def close(self) -> None:
        """Stop asking."""
        for one in self._rounds:
            one.cancel()

    async def ask(self, task_id: str) -> Answer:
        """Return the next answer about a task. Raises like the answer itself, or like the request for all."""
        if not self._waiting:
            self._start()
        if task_id not in self._waiting:
            self._waiting[task_id] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._waiting[task_id])

    def _start(self) -> None:
        round_ = asyncio.ensure_future(self._round())
        self._rounds.add(round_)
        round_.add_done_callback(self._rounds.discard)

    async def _round(self) -> None:
        await self._clock.sleep(max(_GATHER_S, self._next - self._clock.now()))
        self._next = self._clock.now() + _EVERY_S
        waiting, self._waiting = self._waiting, {}
        ids = list(waiting)
        parts = [ids[at : at + self._most] for at in range(0, len(ids), self._most)]
        await asyncio.gather(
            *(self._part({task_id: waiting[task_id] for task_id in part}) for part in parts)
        )

    async def _part(self, waiting: dict[str, asyncio.Future[Answer]]) -> None:
        try:
            found: dict[str, Answer | GatewayError] = await self._send(list(waiting))
        except Exception as error:  # noqa: BLE001  (whatever it is, whoever waits must hear of it)
            for future in waiting.values():
                _settle(future, error)
            return
        except asyncio.CancelledError:
            for future in waiting.values():
                future.cancel()
            raise
        for task_id, future in waiting.items():
            _settle(
                future,
                found.get(task_id) or UnknownTask(f"Nothing was said of task {task_id}.", status=404),
            )


def _settle(future: asyncio.Future[Answer], found: Answer | Exception) -> None:
    if future.done():
        return
    if isinstance(found, Answer):
        future.set_result(found)
    else:
        future.set_exception(found)
        future.exception()  # seen, should nobody wait any more
