"""Calling back as a gateway would, or as a liar would."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx

from mjnb.callbacks import token_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session
    from mjnb.simulator import Server


def open_listening(
    simulator: Callable[..., Server],
    session: Callable[..., Session],
    gateway: str = "apixo",
    *,
    server: Server | None = None,
    port: int = 0,
    stream: bool = False,
    **options: Any,
) -> tuple[Session, Server]:
    """Open a session that listens, and a server for it unless there is one; `options` are the server's."""
    server = server or simulator(**options)
    base_url = server.url + ("" if gateway == "apixo" else f"/{gateway}")
    speed = server.stats()["speed"]
    mj = session(gateway=f"simulator:{gateway}", base_url=base_url, time_scale=speed, stream=stream)
    assert mj.listen(port=port).result() == mj.listening
    return mj, server


def until(condition: Callable[[], bool], patience: float = 20) -> None:
    """Wait until something holds that another thread brings about."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def addresses(mj: Session) -> dict[str, str]:
    """Return where each row is told of."""
    return {row: f"{mj.listening}/{token_of(key)}" for row, key, _ in mj.store.keys(mj.gateway)}


def call(url: str, body: Any) -> int:
    """Call back as a gateway would, or as a liar would; return the status."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(url, content=content, trust_env=False).status_code


def naming(mj: Session, task_id: str) -> dict[str, Any]:
    """Return a callback that names a task in the gateway's words."""
    done = {
        "taskId": task_id,
        "state": "success",
        "resultJson": '{"resultUrls":["https://x.example/1.png"]}',
    }
    return (
        {"code": 200, "data": done}
        if mj.gateway.startswith("apixo")
        else {"success": True, "task_id": task_id}
    )
