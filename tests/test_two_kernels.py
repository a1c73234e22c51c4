"""Two processes on one store sweep overlapping cells at once: nothing is lost, and nothing is paid for twice."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from processes import GatewayProcess, python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

SPEED = 120.0
ONE, TWO = range(16), range(8, 24)
"""The values of chaos that each kernel sweeps; eight are both kernels'."""

_KERNEL = """
import json, sys
import mjnb
url, store, speed, low, high = sys.argv[1:]
mj = mjnb.Session("simulator", base_url=url, store=store, time_scale=float(speed), quiet=True, timeout=1e5, concurrency=8)
sweep = mjnb.Sweep("a fox", chaos=[*range(int(low), int(high))])
print("ready", flush=True)
sys.stdin.readline()
run = sweep.start(mj)
run.listen(lambda run: print("done", run.progress.done, flush=True))
frame = run.result()
mj.close().result()
print(json.dumps([[row.cell, row.state, row.task_id, len(row.images)] for row in frame.itertuples()]))
"""

Row = list[Any]


@pytest.fixture
def gate() -> Iterator[GatewayProcess]:
    """A gateway whose submissions take a while now and then, so that the two meet in them."""
    with GatewayProcess(speed=SPEED) as running:
        running.break_down(
            {"on": "submit", "kind": "slow", "seconds": 20, "times": None, "probability": 0.3}
        )
        yield running


def kernel(gate: GatewayProcess, store: Path, cells: range) -> subprocess.Popen[str]:
    """Start a kernel that is ready to sweep."""
    child = python(_KERNEL, gate.url, store, SPEED, cells.start, cells.stop, stdin=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def go(*kernels: subprocess.Popen[str]) -> None:
    """Let them begin together."""
    for child in kernels:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()


def frame_of(child: subprocess.Popen[str]) -> list[Row]:
    """Wait for a kernel's frame: cell, state, task id and number of pictures of each row."""
    said, _ = child.communicate(timeout=100)
    assert child.returncode == 0
    rows: list[Row] = json.loads(said.splitlines()[-1])
    return rows


def ledger(store: Path) -> list[tuple[str, str, str]]:
    """Return cell, state and task id of every row but those that were never sent; the file is sound."""
    with closing(sqlite3.connect(store / "simulated" / "ledger.sqlite")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return db.execute("SELECT cell, state, task_id FROM tasks WHERE state <> 'refused'").fetchall()


def test_two_kernels_sweep_overlapping_cells(gate, tmp_path):
    """Each cell is charged once, whoever got there first; both frames are whole and agree on what they share."""
    one, two = (kernel(gate, tmp_path, cells) for cells in (ONE, TWO))
    go(one, two)
    first, second = frame_of(one), frame_of(two)
    assert [len(first), len(second)] == [len(ONE), len(TWO)]
    assert {(state, count) for _, state, _, count in [*first, *second]} == {("success", 4)}
    ids = {row[0]: row[2] for row in first} | {row[0]: row[2] for row in second}
    assert all(ids[cell] == task_id for cell, _, task_id, _ in [*first, *second])
    assert len(set(ids.values())) == len(ids) == len({*ONE, *TWO}) == gate.stats()["charged"]
    assert sorted(ledger(tmp_path)) == sorted((cell, "success", task_id) for cell, task_id in ids.items())


def test_one_of_two_kernels_is_killed(gate, tmp_path):
    """The other goes on, takes over what it waits for too, and shows as unknown what nobody can know any more."""
    one, two = (kernel(gate, tmp_path, cells) for cells in (ONE, TWO))
    go(one, two)
    assert one.stdout is not None
    assert any(line == "done 4\n" for line in one.stdout), "it had ended before it could be killed"
    one.kill()
    one.communicate()
    survivors = frame_of(two)
    assert len(survivors) == len(TWO)
    again = kernel(gate, tmp_path, ONE)
    go(again)
    rows, frame = ledger(tmp_path), frame_of(again)
    assert len(frame) == len(ONE)
    assert {row[1] for row in [*survivors, *frame]} <= {"success", "unknown"}
    rows = ledger(tmp_path)
    states = Counter(state for _, state, _ in rows)
    ids = [task_id for _, _, task_id in rows if task_id]
    assert len({cell for cell, _, _ in rows}) == len(rows) == len({*ONE, *TWO})
    assert len(set(ids)) == len(ids) == states["success"]
    assert states["success"] <= gate.stats()["charged"] <= len(rows)
