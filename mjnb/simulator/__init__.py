"""A stand-in for the gateways: a small HTTP server that answers as they do, draws the pictures itself and costs nothing.

It is a stranger to the rest of the package: it imports none of it and is reached by HTTP alone, so that a wrong field
name is wrong on one side only and is found out. Everything runs on a clock of its own, which may be fast, or moved by
hand in a test. Everything a gateway does badly can be asked for (`Fault`), and every reply carries `X-Simulated: mjnb`.

>>> from mjnb.simulator import Server
>>> with Server(speed=30) as server:
...     server.url.startswith("http://127.0.0.1:")
True

Nothing heavy is imported before it is used: the server libraries with `Server` and `create_app`, the drawing libraries
with the first picture.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mjnb.simulator.app import Options, create_app
    from mjnb.simulator.clock import Clock, ManualClock
    from mjnb.simulator.faults import Fault, Faults
    from mjnb.simulator.server import Server

__all__ = ["Clock", "Fault", "Faults", "ManualClock", "Options", "Server", "create_app"]

_HOMES = {
    "Clock": "clock",
    "Fault": "faults",
    "Faults": "faults",
    "ManualClock": "clock",
    "Options": "app",
    "Server": "server",
    "create_app": "app",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
