"""Real sweeps killed at random moments: what was charged is in the ledger, once, and every picture is whole.

`MJNB_KILLS=200 pytest -n0 -s tests/test_kills.py` kills two hundred of them and prints what they were doing.
"""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from processes import GatewayProcess, python

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("MJNB_KILLS", "20"))
SPEED = 300.0
CELLS = 8
_OPENING = 0.15  # of the kills come while it opens its store and plans
LANES = {"apixo": False, "acedata": False, "acedata stream": True, "apimart": False}
"""What is spoken, and whether the answer to a submission goes on as a stream."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 10 * KILLS)]

_CHILD = """
import sys
import mjnb
print("imported", flush=True)
url, gateway, store, speed, stream, take, cells = sys.argv[1:]
mj = mjnb.Session(f"simulator:{gateway}", base_url=f"{url}/{gateway}", store=store, time_scale=float(speed), quiet=True,
                  timeout=1e5, concurrency=4, stream=stream == "True")
print("parts left:", len([*mj.store.root.rglob("*.part")]))
run = mjnb.Sweep("a fox", chaos=[*range(int(cells))], take=int(take)).start(mj)
print("started", flush=True)
try:
    run.result()
except mjnb.MjnbError as error:
    print(error, flush=True)
mj.close().result()
print("closed", flush=True)
"""

_WIDENED = (
    {"on": "submit", "kind": "slow", "seconds": 60, "times": None, "probability": 0.4},
    {"on": "submit", "kind": "accept_then_hang", "times": None, "probability": 0.04},
    {"on": "file", "kind": "slow", "seconds": 30, "times": None, "probability": 0.2},
)
"""What makes the moments of submitting and fetching longer, so that kills hit them."""


@dataclass
class Lane:
    """One gateway, one store, and the sweeps that are killed on it."""

    name: str
    gate: GatewayProcess
    store: Path
    dice: random.Random
    take: int = 1
    span_s: float = 1.5
    said: str = ""
    doing: Counter[str] = field(default_factory=Counter)

    def start(self, until: str = "imported") -> subprocess.Popen[str]:
        """Start a sweep in a process of its own; return when it says that it has come so far."""
        gateway, stream = self.name.split()[0], LANES[self.name]
        child = python(_CHILD, self.gate.url, gateway, self.store, SPEED, stream, self.take, CELLS)
        self.said = ""
        assert child.stdout is not None
        while until not in self.said:
            line = child.stdout.readline()
            assert line, f"it has ended by itself: {self.said}"
            self.said += line
        return child

    def kill_one(self) -> None:
        """Start a sweep and kill it at a random moment of its life: most often of its work, now and then of its opening."""
        child = self.start("imported" if self.dice.random() < _OPENING else "started")
        try:
            child.wait(self.dice.uniform(0.0, self.span_s))
        except subprocess.TimeoutExpired:
            child.kill()
            self.span_s *= 1.05
            self.see(child.communicate()[0])
        else:  # it was quicker: the next sweep is another one, and its kill comes earlier
            self.take, self.span_s = self.take + 1, 0.8 * self.span_s
            child.communicate()

    def see(self, said: str) -> None:
        """Note what a killed process was doing, and check what it has left behind."""
        said = self.said + said
        assert "parts left: 0" in said or "parts" not in said, said
        rows = self.rows()
        states = Counter(row["state"] for row in rows)
        self.doing.update(self.phases(said, states, rows))
        recorded = sum(bool(row["task_id"]) for row in rows)
        charged = self.gate.stats()["charged"]
        assert recorded <= charged <= recorded + states["submitting"] + states["unknown"], (charged, states)

    def phases(self, said: str, states: Counter[str], rows: list[sqlite3.Row]) -> list[str]:
        """Say what was under way when it was killed, by what the ledger holds."""
        lacking = any(row["state"] == "success" and row["pictures"] < 4 for row in rows)
        found = {
            "submitting": states["submitting"],
            "waiting": states["pending"] + states["processing"],
            "fetching": lacking,
            "closed": "closed" in said,
        }
        named = [name for name, there in found.items() if there]
        return ["killed", *(named or ["opening or closing"])]

    def rows(self) -> list[sqlite3.Row]:
        """Read the ledger as it lies there, and check that the file is sound."""
        path = self.store / "simulated" / "ledger.sqlite"
        if not path.exists():
            return []
        count = "(SELECT count(*) FROM pictures WHERE pictures.row = tasks.row) AS pictures"
        with closing(sqlite3.connect(path)) as db:
            db.row_factory = sqlite3.Row
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            made = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'pictures'").fetchone()
            return db.execute(f"SELECT *, {count} FROM tasks").fetchall() if made else []

    def finish(self) -> dict[str, Any]:
        """Run what is left to its end, every take of it; check the books and each picture."""
        self.gate.break_down()
        last = self.take
        for self.take in range(1, last + 1):
            child = self.start()
            said = child.communicate(timeout=60)[0]
            assert said.endswith("closed\n"), said
        rows = [row for row in self.rows() if row["state"] != "refused"]  # what had not been sent yet
        states = Counter(row["state"] for row in rows)
        ids = [row["task_id"] for row in rows if row["task_id"]]
        charged = self.gate.stats()["charged"]
        assert set(states) <= {"success", "unknown"}, states
        assert len({row["cell"] for row in rows}) == len(rows) == CELLS * last
        assert len(ids) == len(set(ids)) == states["success"]
        assert states["success"] <= charged <= states["success"] + states["unknown"]
        self.look_at_pictures()
        figures = {"charged": charged, "recorded": len(ids), "unknown": states["unknown"]}
        return {**self.doing, **figures}

    def look_at_pictures(self) -> None:
        """Decode every picture that the ledger says is there; nothing half written lies about."""
        root = self.store / "simulated"
        with closing(sqlite3.connect(root / "ledger.sqlite")) as db:
            kept = dict(db.execute("SELECT path, sha256 FROM pictures").fetchall())
            succeeded = db.execute("SELECT count(*) FROM tasks WHERE state = 'success'").fetchone()[0]
        assert len(kept) == 4 * succeeded
        for path, digest in kept.items():
            with Image.open(root / path) as picture:
                picture.load()
            assert hashlib.sha256((root / path).read_bytes()).hexdigest() == digest
        assert not list(root.rglob("*.part"))
        on_disk = {path.relative_to(root).as_posix() for path in (root / "pictures").rglob("*.jpg")}
        assert on_disk == set(kept)


def kill_lane(name: str, folder: Path, kills: int) -> dict[str, Any]:
    """Kill sweeps on one gateway, then let them end."""
    with GatewayProcess(speed=SPEED, seed=3) as gate:
        gate.break_down(*_WIDENED)
        lane = Lane(name, gate, folder / name.replace(" ", "-"), random.Random(name))
        while lane.doing["killed"] < kills:
            lane.kill_one()
        return lane.finish()


def test_sweeps_killed_at_random_moments(tmp_path):
    """However often a sweep is killed, what was charged is recorded or unknown, nothing twice, and each picture is whole."""
    share = -(-KILLS // len(LANES))
    with ThreadPoolExecutor(len(LANES)) as pool:
        found = dict(
            zip(LANES, pool.map(lambda name: kill_lane(name, tmp_path, share), LANES), strict=True)
        )
    for name, figures in found.items():
        print(f"{name}: {figures}")  # noqa: T201  (seen with -s)
    assert sum(figures["killed"] for figures in found.values()) >= KILLS
