"""A gate to a simulated gateway whose clock stands still until a test moves it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mjnb.simulator import ManualClock, create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROMPT = {"mode": "text-to-image", "prompt": "a lighthouse", "version": "v7", "speed": "fast"}


class Gate:
    """A client without retries, opinions or a network, in front of one simulator."""

    def __init__(self, **options: Any) -> None:
        self.clock: ManualClock = options.setdefault("clock", ManualClock())
        self.app = create_app(**{"seed": 7, "short_side": 64, **options})
        self.world = self.app.state.world
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://gate.test",
            headers={"Authorization": "Bearer a-key"},
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let everything else go on until a condition holds; it must within five seconds."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(0)

    async def submit(self, changes: dict[str, Any] | None = None, **envelope: Any) -> httpx.Response:
        """Submit a text-to-image request with some fields changed (None takes one out)."""
        fields = {**PROMPT, **(changes or {})}
        body = {"input": {name: value for name, value in fields.items() if value is not None}, **envelope}
        return await self.send(body)

    async def send(self, body: Any) -> httpx.Response:
        """Submit a body as it is."""
        return await self.http.post("/api/v1/generateTask/midjourney", json=body)

    async def accepted(self, changes: dict[str, Any] | None = None, **envelope: Any) -> str:
        """Submit and return the id of the task."""
        reply = await self.submit(changes, **envelope)
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]["taskId"]

    async def status(self, task_id: str) -> dict[str, Any]:
        """Return the data of a task's status."""
        reply = await self.http.get("/api/v1/statusTask/midjourney", params={"taskId": task_id})
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]

    async def finished(self, changes: dict[str, Any] | None = None, **envelope: Any) -> dict[str, Any]:
        """Submit, let a minute pass and return the data of the task's status."""
        task_id = await self.accepted(changes, **envelope)
        self.clock.advance(60)
        return await self.status(task_id)


def urls_of(data: dict[str, Any]) -> list[str]:
    """Return the picture URLs in the data of a status."""
    return json.loads(data["resultJson"])["resultUrls"]


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio."""
    return "asyncio"


@pytest.fixture
def gates() -> Iterator[Callable[..., Gate]]:
    """Make gates to simulators of one's own."""
    made: list[Gate] = []

    def make(**options: Any) -> Gate:
        made.append(Gate(**options))
        return made[-1]

    yield make
    for gate in made:
        gate.world.close()


@pytest.fixture
def gate(gates: Callable[..., Gate]) -> Gate:
    """A gate to a simulator with its defaults."""
    return gates()


@pytest.fixture
def urls() -> Callable[[dict[str, Any]], list[str]]:
    """Read the picture URLs in the data of a status."""
    return urls_of


class CallbackSink(httpx.AsyncBaseTransport):
    """Takes callbacks instead of the network and answers with the statuses it was given, then with 200.

    A status of 0 is a refused connection; None never answers.
    """

    def __init__(self) -> None:
        self.statuses: list[int | None] = []
        self.received: list[httpx.Request] = []
        self._came = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Take one callback."""
        self.received.append(request)
        self._came.set()
        status = self.statuses.pop(0) if self.statuses else 200
        if status is None:
            await asyncio.Event().wait()
        if not status:
            raise httpx.ConnectError("nobody listens")
        return httpx.Response(status)

    async def next(self) -> httpx.Request:
        """Wait for one more callback."""
        await asyncio.wait_for(self._came.wait(), 5)
        self._came.clear()
        return self.received[-1]


@pytest.fixture
def callback_sink() -> CallbackSink:
    """A receiver of callbacks."""
    return CallbackSink()
