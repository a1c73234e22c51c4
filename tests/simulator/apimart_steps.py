"""What tests of the simulated APIMart do again and again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

WIRE = Path(__file__).parents[1] / "wire" / "apimart"
SUBMIT = "/v1/midjourney/generations"
OPEN = "https://example.com/{}.png"


def wire(name: str) -> dict[str, Any]:
    """Read a fixture."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


class Apimart:
    """A client of the simulated gateway without opinions, at a gate whose clock a test moves."""

    def __init__(self, gate: Any, key: str = "a-key") -> None:
        self.gate = gate
        self.key = {"Authorization": f"Bearer {key}"}

    async def post(self, action: str = "", /, **fields: Any) -> httpx.Response:
        """Submit fields to an action."""
        return await self.send(f"{SUBMIT}/{action}".rstrip("/"), fields)

    async def send(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Post a body as it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.gate.http.post(path, json=body, headers={**self.key, **named})

    async def get(self, path: str, **query: str) -> httpx.Response:
        """Ask for something."""
        return await self.gate.http.get(path, params=query, headers=self.key)

    async def accepted(self, action: str = "", /, **fields: Any) -> str:
        """Submit and return the id of the task."""
        reply = await self.post(action, **fields)
        assert reply.status_code == 200, reply.text
        return reply.json()["data"][0]["task_id"]

    async def refused(self, action: str = "", /, **fields: Any) -> tuple[int, str]:
        """Submit what is refused and return the status and the message."""
        reply = await self.post(action, **fields)
        return reply.status_code, reply.json()["error"]["message"]

    async def direct(self, task_id: str) -> dict[str, Any]:
        """Return what the direct query says."""
        reply = await self.get(f"/v1/midjourney/{task_id}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def wrapped(self, task_id: str) -> dict[str, Any]:
        """Return what the wrapped query says."""
        reply = await self.get(f"/v1/tasks/{task_id}")
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]

    async def done(self, action: str = "", /, **fields: Any) -> dict[str, Any]:
        """Submit, let three minutes pass and return what the direct query says."""
        task_id = await self.accepted(action, **fields)
        self.gate.clock.advance(180)
        return await self.direct(task_id)

    async def grid(self, **fields: Any) -> str:
        """Return the id of a finished grid."""
        return (await self.done(**{"prompt": "a lighthouse", "version": "7", **fields}))["id"]

    async def single(self, **fields: Any) -> str:
        """Return the id of an upscaled picture."""
        return await self.accepted("upscale", task_id=await self.grid(**fields), index=2)
