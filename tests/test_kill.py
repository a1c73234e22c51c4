"""A sweep whose process is killed twice pays for every cell once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from mjnb.sweep import Sweep

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SWEEP = {"chaos": list(range(0, 100, 10)), "stylize": [0, 50, 100, 250, 500, 1000]}
_CHILD = """
import json, sys
import mjnb
mj = mjnb.Session("simulator", base_url=sys.argv[1], store=sys.argv[2], time_scale=float(sys.argv[3]), timeout=1e5, quiet=True,
                  concurrency=25)
run = mjnb.Sweep("a fox", **json.loads(sys.argv[4])).start(mj, budget=6.00)
run.listen(lambda run: print(run.progress.done, run.progress.running, flush=True))
run.result()
mj.close().result()
"""


def start(url: str, store: Path, speed: float, **axes: list[int]) -> subprocess.Popen[str]:
    """Start the sweep in a process of its own."""
    command = [sys.executable, "-c", _CHILD, url, str(store), str(speed), json.dumps(axes)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_once_done(child: subprocess.Popen[str], wanted: int) -> tuple[int, int]:
    """Kill it as soon as `wanted` tasks are done while others run; return how many were done and running."""
    for line in child.stdout or ():
        done, running = map(int, line.split())
        if done >= wanted and running:
            child.kill()
            child.communicate()
            return done, running
    raise AssertionError("it had ended before it could be killed")


def test_a_sweep_killed_twice_is_paid_for_once(simulator, session, tmp_path):
    """60 cells, killed at a third and at two thirds with tasks in flight, then resumed: each is charged once."""
    speed = 60.0
    server = simulator(speed=speed)
    store = tmp_path / "store"
    kills = [kill_once_done(start(server.url, store, speed, **SWEEP), wanted) for wanted in (15, 40)]
    assert all(running for _, running in kills)

    began = time.monotonic()
    mj = session(server, store=store)
    sweep = Sweep("a fox", **SWEEP)
    plan = sweep.plan(mj).result()
    assert plan.already_paid >= 40
    frame = sweep.start(mj, budget=6.00).result()

    states = frame["state"].value_counts().to_dict()
    ids = list(frame["task_id"].dropna())
    charged = server.stats()["charged"]
    figures = f"{kills}, then {time.monotonic() - began:.1f} s; charged {charged}; {states}"
    print(f"killed at (done, running) {figures}")  # noqa: T201  (seen with -s)
    assert len(frame) == 60
    assert set(states) <= {"success", "unknown"}
    assert states["success"] + states.get("unknown", 0) == 60
    assert len(set(ids)) == len(ids) == states["success"]  # recorded twice: none
    # Each task that was charged is in the ledger; an unknown row may stand for one more.
    assert states["success"] <= charged <= 60
    sent = [
        row for row in mj.store.all() if row.fail_code != "NEVER_SENT"
    ]  # killed before anything was sent
    assert len(sent) == 60
    assert all(len(images) == 4 for images in frame.loc[frame["state"] == "success", "images"])
    assert sweep.plan(mj).result().to_send == ()


def test_killed_while_submitting(simulator, session, tmp_path):
    """A submission that a kill has cut off is shown as unknown, stays reserved, and is not sent again."""
    server = simulator()
    server.faults.add(on="submit", kind="accept_then_hang", after=5)
    child = start(server.url, tmp_path / "store", 600.0, chaos=[*range(10)])
    until_done = (line for line in child.stdout or () if line.startswith("9 "))
    assert next(until_done)
    child.kill()
    child.communicate()
    assert server.stats()["charged"] == 10

    mj = session(server, store=tmp_path / "store")
    sweep = Sweep("a fox", chaos=[*range(10)])
    plan = sweep.plan(mj).result()
    assert plan.to_send == ()
    assert plan.reserved_micro >= 100_000
    frame = sweep.start(mj).result()
    assert frame["state"].value_counts().to_dict() == {"success": 9, "unknown": 1}
    assert "charged" in frame.loc[frame["state"] == "unknown", "fail_msg"].item()
    assert server.stats()["charged"] == 10
