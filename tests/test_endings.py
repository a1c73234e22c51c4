"""However a program ends, short of being killed, a submission that is under way is finished and written down."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from processes import GatewayProcess, python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

SPEED = 60.0
_BEGUN = """
import signal, sys, threading, time
import mjnb
url, gateway, store, speed, stream = sys.argv[1:]
mj = mjnb.Session(f"simulator:{gateway}", base_url=f"{url}/{gateway}", store=store, time_scale=float(speed), quiet=True,
                  stream=stream == "True")
job = mj.imagine("a fox")
print("asked", flush=True)
"""
ENDINGS = {
    "sys.exit": ("sys.stdin.readline(); sys.exit(3)", 3),
    "the last line": ("sys.stdin.readline()", 0),
    "an exception": ("sys.stdin.readline(); raise ValueError('mine')", 1),
    "a stop": ("job.result()", 1),  # interrupted by SIGINT
    "a stop elsewhere": ("time.sleep(60)", -signal.SIGINT),
    "SIGTERM as an exit": (
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); print('set', flush=True); job.result()",
        143,
    ),
}
"""What ends the program, and its exit code."""


@pytest.fixture(scope="module")
def gate() -> Iterator[GatewayProcess]:
    """A gateway that takes a task at once, and says so a second later."""
    with GatewayProcess(speed=SPEED) as running:
        yield running


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds that another process brings about."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def under_way(
    gate: GatewayProcess, store: Path, ending: str, gateway: str, stream: bool
) -> subprocess.Popen[str]:
    """Start a program, and return when its submission is at the gateway and not answered yet."""
    gate.break_down({"on": "submit", "kind": "slow", "seconds": SPEED, "times": None})
    before = gate.stats()["charged"]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = python(_BEGUN + ending, gate.url, gateway, store, SPEED, stream, **pipes)
    until(lambda: gate.stats()["charged"] == before + 1)
    return child


def rows(store: Path) -> list[tuple[str, bool]]:
    """Return the state of every row, and whether it has a task's id."""
    with closing(sqlite3.connect(store / "simulated" / "ledger.sqlite")) as db:
        return db.execute("SELECT state, task_id <> '' FROM tasks").fetchall()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_program_that_ends(gate, tmp_path, ending):
    """The program waits for the answer, writes it down, and ends as it would have; the task can be taken up later."""
    code, expected = ENDINGS[ending]
    child = under_way(gate, tmp_path, code, "apixo", stream=False)
    assert rows(tmp_path) == [("submitting", 0)]
    if expected == 143:
        assert "set\n" in (child.stdout or ())
        child.send_signal(signal.SIGTERM)
    elif "stop" in ending:
        child.send_signal(signal.SIGINT)
    child.communicate("\n", timeout=30)
    assert child.returncode == expected
    assert rows(tmp_path) == [("pending", 1)]


@pytest.mark.parametrize(("gateway", "stream"), [("acedata", False), ("acedata", True), ("apimart", False)])
def test_on_every_gateway(gate, tmp_path, gateway, stream):
    """It holds wherever the answer comes from, as one line of a stream too."""
    child = under_way(gate, tmp_path, ENDINGS["sys.exit"][0], gateway, stream)
    child.communicate("\n", timeout=30)
    ((state, has_id),) = rows(tmp_path)
    assert state in {"pending", "processing", "success"}  # a stream may have told more meanwhile
    assert has_id
