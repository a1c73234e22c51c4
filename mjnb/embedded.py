"""The simulator inside this process: one server a store, shared by the sessions on it."""

from __future__ import annotations

import contextlib
import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mjnb.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from mjnb.simulator import Server

__all__ = ["Lease", "serve"]


@dataclass(slots=True)
class _Serving:
    """A running server, its clock's speed, and how many sessions use it."""

    server: Server
    speed: float
    users: int = 0


_serving: dict[Path, _Serving] = {}
_turn = threading.Lock()


class Lease:
    """A share of an embedded simulator; given back by `release`, or once nobody holds it."""

    def __init__(self, state: Path, server: Server) -> None:
        self.url = server.url
        self._giving_back = weakref.finalize(self, _give_back_soon, state)
        self._giving_back.atexit = False  # its thread ends with the interpreter, its state is on disk
        self._state = state

    def release(self) -> None:
        """Let go; the last one stops the server, which may take a moment."""
        if self._giving_back.detach() is not None:
            _give_back(self._state)


def serve(state: Path, speed: float) -> Lease:
    """Start the embedded simulator, or share the one that serves this store already.

    Raises:
        SetupError: It runs already, at another speed.
    """
    from mjnb.simulator import Server

    with _turn:
        found = _serving.get(state)
        if found is None:
            found = _Serving(Server(state=state, speed=speed).start(), speed)
            _serving[state] = found
        if found.speed != speed:
            raise SetupError(
                f"time_scale={speed:g}: the simulator of this store already runs at {found.speed:g}×. "
                "Close the session that uses it, or take another store."
            )
        found.users += 1
        return Lease(state, found.server)


def _give_back(state: Path) -> None:
    with _turn:
        found = _serving[state]
        found.users -= 1
        if not found.users:
            del _serving[state]
            found.server.stop()


def _give_back_soon(state: Path) -> None:
    """Let go from wherever the garbage collector happens to run, be it the server's own thread."""
    with contextlib.suppress(RuntimeError):  # too late for new threads: the interpreter is ending
        threading.Thread(target=_give_back, args=(state,), name="mjnb-goodbye", daemon=True).start()
