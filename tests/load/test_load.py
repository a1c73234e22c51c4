"""Many tasks at once against a gateway in a process of its own, its limits enforced.

By default 300 tasks. The long form, a thousand in flight and ten thousand in one sweep at the pace of a real gateway, which
takes about ten minutes:

    MJNB_LOAD=10000 MJNB_LOAD_SPEED=1 pytest -n0 -s tests/load

Each test prints its figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from processes import GatewayProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

CELLS = int(os.environ.get("MJNB_LOAD", "300"))
SPEED = float(os.environ.get("MJNB_LOAD_SPEED", "10"))
AT_ONCE = 1000
STOPS = 10
SOCKETS = 64
BLOCKED_MS = 100.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + CELLS)]


@contextmanager
def machine() -> Iterator[list[float]]:
    """Note how late this machine wakes a thread that has nothing to do, in milliseconds."""
    late, ended = [0.0], threading.Event()

    def watch() -> None:
        due = time.monotonic() + 0.005
        while not ended.wait(0.005):
            late.append((time.monotonic() - due) * 1e3)
            due = time.monotonic() + 0.005

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield late
    finally:
        ended.set()
        thread.join()


def swept(gate: GatewayProcess, store: Path, *, cells: int, pictures: int, stops: int) -> dict[str, Any]:
    """Sweep in a process of its own; return its figures and the gateway's."""
    script = Path(__file__).parent / "sweeping.py"
    words = [script, gate.url, store, gate.speed, cells, pictures, AT_ONCE, stops]
    with machine() as late:
        child = subprocess.run(
            [sys.executable, *map(str, words)], capture_output=True, text=True, check=False
        )
    assert child.returncode == 0, child.stderr[-2000:]
    late.sort()
    stats = gate.stats()
    figures: dict[str, Any] = json.loads(child.stdout)
    figures["machine_late_ms"] = {"max": round(late[-1], 1), "p99": round(late[int(len(late) * 0.99)], 1)}
    figures |= {name: stats[name] for name in ("charged", "peak_in_flight", "requests", "rate_limited")}
    print(json.dumps(figures))  # noqa: T201  (seen with -s)
    return figures


@pytest.fixture
def gate() -> Iterator[GatewayProcess]:
    """A gateway with the documented limits: 10,000 requests a minute, 1000 tasks at once."""
    with GatewayProcess(
        speed=SPEED, short_side=16, requests_per_minute=10_000, tasks_at_once=1000
    ) as running:
        yield running


def is_well(figures: dict[str, Any]) -> None:
    """Check what holds of every sweep, however large."""
    assert figures["states"] == {"success": figures["cells"]}
    assert figures["ids"] == figures["cells"]
    assert figures["rate_limited"] < 0.01 * sum(figures["requests"].values())
    assert figures["sockets"] <= SOCKETS
    assert figures["peak_mb"] < figures["start_mb"] + 100 + 0.03 * figures["cells"]
    for loop in (
        "io_late_ms",
        "main_late_ms",
    ):  # less what the machine itself is late by, from thread to thread
        assert figures[loop]["busy"] < BLOCKED_MS
        assert figures[loop]["p99"] < BLOCKED_MS + 2 * figures["machine_late_ms"]["max"]


def test_a_large_sweep_stopped_ten_times(gate, tmp_path):
    """Every cell is paid for once though it was stopped ten times, each time within a second; nothing piles up or blocks."""
    figures = swept(gate, tmp_path, cells=CELLS, pictures=1, stops=STOPS)
    is_well(figures)
    assert figures["charged"] == CELLS + 1  # and the task that all go on from
    assert figures["pictures"] == CELLS
    assert len(figures["stop_s"]) == STOPS
    busy_s = figures["machine_late_ms"]["max"] / 1e3  # a stop goes from thread to thread and back
    assert max(figures["stop_s"]) < 1 + 2 * busy_s


def test_as_many_in_flight_as_there_may_be(gate, tmp_path):
    """As many tasks as the gateway runs at once, four pictures each: all are sent before the first has ended."""
    cells = AT_ONCE if CELLS >= AT_ONCE else 50
    figures = swept(gate, tmp_path, cells=cells, pictures=4, stops=0)
    is_well(figures)
    assert figures["charged"] == figures["cells"]
    assert figures["pictures"] == 4 * figures["cells"]
