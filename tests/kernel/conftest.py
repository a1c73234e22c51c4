"""A real Jupyter kernel, spoken to over its sockets as a front end does."""

from __future__ import annotations

import os
import queue
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.manager import KernelManager

PATIENCE = 30.0
"""Seconds after which a cell that does not end is a failure."""

PREPARE = """
import asyncio, tempfile, threading, time
import ipywidgets, mjnb
from mjnb.simulator import Server

SPEED = 240
server = Server(speed=SPEED, short_side=64).start()

def session(at_once=2):
    return mjnb.Session("simulator", base_url=server.url, time_scale=SPEED, store=tempfile.mkdtemp(),
                        concurrency=at_once, timeout=1e5, quiet=True)

def sweep(cells=8):
    return mjnb.Sweep("a fox", chaos=list(range(cells)))

def started(session):
    run = sweep().start(session)
    run.listen(lambda run: run.progress.done == 2 and print("two"))
    return run
"""


@dataclass
class Cell:
    """What became of one cell: its reply, and the messages that it caused."""

    status: str
    error: str
    ended: datetime
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it printed, and the plain text of what it showed."""
        printed = [m["content"]["text"] for m in self.messages if m["msg_type"] == "stream"]
        shown = [
            m["content"]["data"].get("text/plain", "")
            for m in self.messages
            if m["msg_type"] in {"execute_result", "display_data"}
        ]
        return "".join([*printed, *shown]).strip()


class Kernel:
    """One kernel and everything that it has said."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self.client = manager, client
        self.said: list[dict[str, Any]] = []

    def send(self, code: str) -> str:
        """Run a cell; do not wait for it."""
        return self.client.execute(code)

    def listen(self, seconds: float = 0.0) -> None:
        """Take in what the kernel says, for a while."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.said.append(self.client.get_iopub_msg(timeout=0.02))
            except queue.Empty:
                if time.monotonic() >= end:
                    return

    def wait(self, sent: str) -> Cell:
        """Wait until a cell has ended and everything that it caused has arrived."""
        reply = self._reply(sent)
        end = time.monotonic() + PATIENCE
        while not any(self._is_idle(message, sent) for message in self.said):
            assert time.monotonic() < end, "the kernel never became idle"
            self.listen()
        content = reply["content"]
        error = f"{content['ename']}: {content['evalue']}" if content["status"] == "error" else ""
        return Cell(content["status"], error, reply["header"]["date"], self.of(sent))

    def _reply(self, sent: str) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.listen()
            try:
                reply: dict[str, Any] = self.client.get_shell_msg(timeout=0.01)
            except queue.Empty:
                continue
            if reply["parent_header"].get("msg_id") == sent:
                return reply
        raise AssertionError(f"a cell did not end within {PATIENCE:g} s")

    @staticmethod
    def _is_idle(message: dict[str, Any], sent: str) -> bool:
        return (
            message["msg_type"] == "status"
            and message["parent_header"].get("msg_id") == sent
            and message["content"]["execution_state"] == "idle"
        )

    def run(self, code: str) -> Cell:
        """Run a cell to its end."""
        return self.wait(self.send(code))

    def text(self, code: str) -> str:
        """Run a cell that must not fail and return what it printed and showed."""
        cell = self.run(code)
        assert cell.status == "ok", cell.error
        return cell.text

    def until(self, word: str) -> None:
        """Wait until something has been printed."""
        end = time.monotonic() + PATIENCE
        while not any(word in m["content"]["text"] for m in self.said if m["msg_type"] == "stream"):
            assert time.monotonic() < end, f"{word!r} was never printed"
            self.listen()

    def stopped(self, code: str, at: str) -> tuple[Cell, float]:
        """Run a cell, press Stop when it has printed a word, and say how long it went on for."""
        sent = self.send(code)
        self.until(at)
        pressed = time.monotonic()
        self.manager.interrupt_kernel()
        cell = self.wait(sent)
        return cell, time.monotonic() - pressed

    def of(self, sent: str) -> list[dict[str, Any]]:
        """Return the messages that one request caused."""
        return [message for message in self.said if message["parent_header"].get("msg_id") == sent]

    def tell(self, comm: str, content: Any, subshell: str = "") -> str:
        """Speak to a widget as its page does; JupyterLab does so over a subshell where the kernel has them."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def subshell(self) -> str:
        """Open a subshell and return its name."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return str(reply["content"]["subshell_id"])
        raise AssertionError("the kernel opened no subshell")

    def is_healthy(self) -> bool:
        """Whether cells still run, await, and see their own loop."""
        return self.text("import asyncio; await asyncio.sleep(0.01, 'well')") == "'well'"


@contextmanager
def running(folder: Callable[[str], Path], **environ: str) -> Iterator[Kernel]:
    """Start a kernel in folders of its own, ready for sweeps on a simulator of its own, and end it.

    Args:
        folder: Makes a fresh folder by a name.
        environ: More variables of its environment.
    """
    from jupyter_client.manager import start_new_kernel

    own = {"IPYTHONDIR": str(folder("ipython")), "PYDEVD_DISABLE_FILE_VALIDATION": "1", **environ}
    manager, client = start_new_kernel(
        kernel_name="python3", cwd=str(folder("kernel")), env={**os.environ, **own}
    )
    kernel = Kernel(manager, client)
    try:
        kernel.text(PREPARE)
        yield kernel
        kernel.text("server.stop()")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests, with a simulator of its own."""
    with running(tmp_path_factory.mktemp) as kernel:
        yield kernel


@pytest.fixture
def kernel(started: Kernel) -> Iterator[Kernel]:
    """The kernel, which must be well when a test has ended."""
    started.listen()
    started.said.clear()
    yield started
    assert started.is_healthy()
