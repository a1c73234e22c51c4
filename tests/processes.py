"""A simulated gateway in a process of its own, so that what is measured or killed is the client alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["GatewayProcess", "python"]

_SERVE = """
import json, sys
from mjnb.simulator import Server
server = Server(**json.loads(sys.argv[1])).start()
print(server.url, flush=True)
sys.stdin.read()  # until whoever began it lets go, or has died
"""


def python(code: str, *args: Any, **options: Any) -> subprocess.Popen[str]:
    """Start some code in an interpreter of its own; its output is read as text."""
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.Popen(command, **{"stdout": subprocess.PIPE, "text": True, **options})


class GatewayProcess:
    """All simulated gateways, served until the end of the `with` block.

    Args:
        options: Those of `mjnb.simulator.Server` that JSON can write.
    """

    def __init__(self, **options: Any) -> None:
        self._options = {"short_side": 32, **options}
        self.speed = float(self._options.get("speed", 1.0))

    def __enter__(self) -> Self:
        """Start it, and wait until it listens."""
        pipes = {
            "stdin": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
        }  # it grumbles about clients that were killed
        self._process = python(_SERVE, json.dumps(self._options), **pipes)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the gateway's process has died"
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._http.close()
        self._process.kill()
        self._process.communicate()

    def stats(self) -> dict[str, Any]:
        """Return the simulator's own counts."""
        found: dict[str, Any] = self._http.get("/_simulator").json()
        return found

    def break_down(self, *faults: dict[str, Any]) -> None:
        """Let these faults befall what comes, and no others."""
        self._http.delete("/_simulator/faults")
        self._http.post("/_simulator/faults", json=faults).raise_for_status()
