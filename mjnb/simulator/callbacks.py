"""Announces finished tasks to the URLs that asked for it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from mjnb.simulator.broken import GARBAGE, HTML
from mjnb.simulator.faults import ANY_STATE, RESULT, TRANSPORT
from mjnb.simulator.store import Delivery
from mjnb.simulator.tasks import Phase
from mjnb.simulator.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.simulator.faults import Fault
    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

    Speech = Callable[[Task, str, str], dict[str, Any]]

__all__ = ["Callbacks"]

_RETRY_DELAYS = (30.0, 60.0, 120.0)  # gateway seconds; the documents name the first and say that they grow
_PATIENCE = 30.0  # gateway seconds
_LOST = frozenset({"drop", "hang", "status"})  # faults with which nothing reaches the receiver


class Callbacks:
    """Delivers callbacks: the first when a task ends, then up to three retries, until a receiver answers 200.

    How far each has come is in the store, so that a restart goes on with it.

    Args:
        world: the tasks.
        public_url: where we can be reached now; picture URLs are built from it. By default from where the task's request
            came in.
        transport: carries the requests instead of the network (for tests).
    """

    def __init__(
        self, world: World, public_url: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._world = world
        self._public_url = public_url
        self._transport = transport
        self._speeches: dict[str, Speech] = {}
        self._client: httpx.AsyncClient | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def speak(self, gateway: str, speech: Speech) -> None:
        """Say how a gateway words a callback: from a task, the base of its picture URLs and a fault's kind (or "")."""
        self._speeches[gateway] = speech

    def resume(self) -> None:
        """Go on with the callbacks that an earlier run did not finish."""
        for task_id in self._world.store.undelivered():
            task = self._world.store.task(task_id)
            if task is not None:
                self.start(task)

    def start(self, task: Task) -> None:
        """Begin to wait for the end of a task, if it has a callback that can be delivered. Needs a running loop.

        Called again with a task that has gone on (`World.go_on`), it waits for its new end instead.
        """
        if self._world.store.delivery(task.id).outcome != "pending":
            return
        if earlier := self._under_way.pop(task.id, None):
            earlier.cancel()
        self._under_way[task.id] = asyncio.get_running_loop().create_task(self._deliver(task))

    async def tell(self, task: Task, body: dict[str, Any]) -> bool:
        """Post something about a task to its callback URL now, once, and tell whether it was answered with 200.

        Nothing is sent to another machine, and nothing without a callback URL.
        """
        if not is_loopback(task.callback_url):
            return False
        return await self._in_time(task.callback_url, json.dumps(body).encode())

    async def close(self) -> None:
        """Stop waiting; what is not delivered stays in the store."""
        waiting = list(self._under_way.values())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _deliver(self, task: Task) -> None:
        store, clock = self._world.store, self._world.clock
        while (delivery := store.delivery(task.id)).outcome == "pending":
            await clock.sleep_until(delivery.next_at)
            attempts = delivery.attempts + 1
            if await self._attempt(task):
                store.record(task.id, Delivery("delivered", attempts, clock.now()))
            elif attempts > len(_RETRY_DELAYS):
                store.record(task.id, Delivery("failed", attempts, clock.now()))
            else:
                store.record(
                    task.id, Delivery("pending", attempts, clock.now() + _RETRY_DELAYS[attempts - 1])
                )
        self._under_way.pop(task.id, None)

    async def _attempt(self, task: Task) -> bool:
        """Send a callback once and tell whether it was answered with 200 in time."""
        success = task.phase(task.ends) is Phase.SUCCESS
        fault = self._world.faults.take(
            "callback", TRANSPORT | ANY_STATE | (RESULT if success else frozenset())
        )
        group = fault.group if fault else ""
        if group in _LOST:
            return False
        if fault is not None and group == "slow":
            await self._world.clock.sleep(fault.seconds)
        return await self._in_time(task.callback_url, self._body(task, fault))

    async def _in_time(self, url: str, body: bytes) -> bool:
        """Post and tell whether 200 came back before the patience ended."""
        sending = asyncio.ensure_future(self._post(url, body))
        patience = asyncio.ensure_future(self._world.clock.sleep(_PATIENCE))
        try:
            await asyncio.wait({sending, patience}, return_when=asyncio.FIRST_COMPLETED)
            return sending.done() and sending.result()
        finally:
            sending.cancel()
            patience.cancel()

    async def _post(self, url: str, body: bytes) -> bool:
        try:
            reply = await self._open_client().post(
                url, content=body, headers={"Content-Type": "application/json"}
            )
        except httpx.HTTPError:
            return False
        return reply.status_code == httpx.codes.OK

    def _open_client(self) -> httpx.AsyncClient:
        if self._client is None:
            # No proxy from the environment and no redirect: nothing leaves this machine. Patience is the clock's.
            self._client = httpx.AsyncClient(transport=self._transport, trust_env=False, timeout=None)  # noqa: S113
        return self._client

    def _body(self, task: Task, fault: Fault | None) -> bytes:
        speech = self._speeches[task.gateway]
        body = json.dumps(speech(task, self._base_url(task), fault.kind if fault else "")).encode()
        match fault.group if fault else "":
            case "html":
                return HTML.encode()
            case "garbage":
                return GARBAGE
            case "truncate":
                return body[: len(body) // 2]
        return body

    def _base_url(self, task: Task) -> str:
        if self._public_url is None:
            return task.base_url
        return self._public_url.rstrip("/") + urlsplit(task.base_url).path
