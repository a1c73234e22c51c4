"""What the tests of forms share."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE_S = 20.0


def wait_for(found: Callable[[], Any]) -> None:
    """Wait until something has come by way of the I/O thread, and fail if it does not."""
    end, pause = time.monotonic() + _PATIENCE_S, threading.Event()
    while not found():
        assert time.monotonic() < end, "it has not come"
        pause.wait(0.01)


def speaking(
    simulator: Callable[..., Any], session: Callable[..., Any], gateway: str, **options: Any
) -> Any:
    """Open a session that speaks to a simulator as it would to one of the gateways."""
    server = options.pop("server", None) or simulator()
    base, scale = f"{server.url}/{gateway}", server.stats()["speed"]
    return session(gateway=f"simulator:{gateway}", base_url=base, time_scale=scale, **options)
