"""One large sweep, run as a kernel runs it, in a process of its own; prints its figures as one line of JSON.

    python tests/load/sweeping.py URL STORE SPEED CELLS PICTURES AT_ONCE STOPS

The main thread holds an event loop that awaits the run, as a notebook's cell does. A probe on each loop asks to be woken every
5 ms and notes how late that was. `STOPS` times the run is stopped at a random moment and started again.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mjnb
from mjnb.jobs import Job

if TYPE_CHECKING:
    from mjnb.runs import Run

_EVERY_S = 0.005
_OPEN = {"01", "02", "08"}  # established, being opened, closed by the other side alone


class Collections:
    """Notes how long the garbage collector holds everything up, in milliseconds of its own work."""

    def __init__(self) -> None:
        self.longest, self._began = 0.0, 0.0
        self._by_thread: dict[int, float] = {}
        gc.callbacks.append(self._note)

    def in_this_thread(self) -> float:
        """Return how long it has worked in the calling thread so far."""
        return self._by_thread.get(threading.get_ident(), 0.0)

    def _note(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.thread_time()
            return
        took, me = (time.thread_time() - self._began) * 1e3, threading.get_ident()
        self._by_thread[me] = self._by_thread.get(me, 0.0) + took
        self.longest = max(self.longest, took)


class Probe:
    """Notes how late a loop wakes it, and how long the loop's thread has worked meanwhile, in milliseconds.

    On a machine with other work to do, the first holds waiting for a processor as well; the second does not, nor does it
    hold the garbage collector's work.
    """

    def __init__(self, collections: Collections) -> None:
        self._collections = collections
        self.late: list[float] = []
        self.busy: list[float] = []
        self._is_spoilt = False

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            due, worked = time.monotonic() + _EVERY_S, self._work_ms()
            await asyncio.sleep(_EVERY_S)
            if self._is_spoilt:
                self._is_spoilt = False
                continue
            self.late.append((time.monotonic() - due) * 1e3)
            self.busy.append(self._work_ms() - worked)

    def _work_ms(self) -> float:
        return time.thread_time() * 1e3 - self._collections.in_this_thread()

    def clear(self) -> None:
        """Forget what was seen, and what is being seen: it began before."""
        self.late, self.busy, self._is_spoilt = [], [], True

    def figures(self) -> dict[str, float]:
        """Return the worst wait, the one that 99 of 100 stay under, and the most work in one go."""
        late = sorted(self.late)
        p99 = late[int(len(late) * 0.99)]
        return {"max": round(late[-1], 1), "p99": round(p99, 1), "busy": round(max(self.busy), 1)}


def sockets(port: int) -> int:
    """Count connections of this machine to a local port, those of its clients only."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] in _OPEN for row in rows)


def memory_mb() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * 4096 / 1e6, 1)


async def gauge(port: int, seen: dict[str, float]) -> None:
    """Note the most sockets and memory, ten times a second."""
    while True:
        open_now, resident = await asyncio.to_thread(lambda: (sockets(port), memory_mb()))
        seen["sockets"] = max(seen.get("sockets", 0), open_now)
        seen["memory_mb"] = max(seen.get("memory_mb", 0.0), resident)
        await asyncio.sleep(0.1)


async def stopped(run: Run, after_s: float) -> float:
    """Stop a cell that awaits a run, as a kernel's Stop does; return how many seconds that took."""
    cell = asyncio.ensure_future(run)  # type: ignore[arg-type]
    await asyncio.sleep(after_s)
    began = time.monotonic()
    cell.cancel()
    await asyncio.wait([cell])
    assert run.done(), "the cell came back, but the run goes on"
    return time.monotonic() - began


async def described(mj: mjnb.Session, cells: int, pictures: int) -> mjnb.Sweep:
    """Describe a sweep of so many cells, of four pictures or of one each."""
    if pictures == 1:
        task = await mj.imagine("a fox")
        return mjnb.Sweep(
            mode="upscale", task_id=task.id, kind="standard", image_index=[0, 1, 2, 3], repeats=cells // 4
        )
    chaos, stylize = [*range(0, 100, 4)], [*range(0, 1000, 25)]
    return mjnb.Sweep("a fox", chaos=chaos, stylize=stylize[: cells // 25], repeats=max(1, cells // 1000))


async def measure(
    url: str, store: str, speed: float, cells: int, pictures: int, at_once: int, stops: int
) -> dict[str, Any]:
    """Run the sweep to its end, stopped and started again on the way."""
    port, seen, dice = int(url.rsplit(":", 1)[1]), {}, random.Random(5)
    mj = mjnb.Session(
        "simulator",
        base_url=url,
        store=store,
        time_scale=speed,
        timeout=1e6,
        quiet=True,
        concurrency=at_once,
    )
    sweep = await described(mj, cells, pictures)
    collections = Collections()
    main, io = Probe(collections), Probe(collections)
    start_mb, began = memory_mb(), time.monotonic()
    io_probe = Job(io.watch())
    watchers = [asyncio.ensure_future(main.watch()), asyncio.ensure_future(gauge(port, seen))]
    stopping, starting = [], []
    for turn in range(stops + 1):
        at = time.monotonic()
        run = sweep.start(mj, budget=1e6)
        starting.append(round(time.monotonic() - at, 2))
        main.clear()  # planning is work of the cell itself, until it returns
        if turn < stops:
            after_s = dice.expovariate(1.0) * min(2.5, 0.2 + cells / 4000)
            stopping.append(round(await stopped(run, after_s), 3))
    frame = await run
    took = time.monotonic() - began
    figures = {
        "cells": cells, "s": round(took, 1), "states": frame["state"].value_counts().to_dict(),
        "ids": frame["task_id"].nunique(), "pictures": int(frame["images"].map(len).sum()),
        "io_late_ms": io.figures(), "main_late_ms": main.figures(), "start_s": starting, "stop_s": stopping,
        "sockets": seen["sockets"], "gc_ms": round(collections.longest, 1), "cpu_s": round(time.process_time(), 1), "start_mb": start_mb, "peak_mb": seen["memory_mb"],
    }  # fmt: skip
    io_probe.cancel()
    for watcher in watchers:
        watcher.cancel()
    await mj.close()
    return figures


if __name__ == "__main__":
    where, folder, pace, *numbers = sys.argv[1:]
    print(json.dumps(asyncio.run(measure(where, folder, float(pace), *map(int, numbers)))))  # noqa: T201  (read by whoever began it)
