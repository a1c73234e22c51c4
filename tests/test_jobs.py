"""Jobs: one object to await, to block on, and to stop."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

import pytest

import mjnb.jobs
from mjnb.jobs import Job, Stopped, protect, run


async def _answer(value: int = 42) -> int:
    return value


async def _forever() -> None:
    await asyncio.Event().wait()


def test_result_blocks_until_done():
    """`result()` gives what the work returns, from a plain thread."""
    assert Job(_answer()).result() == 42


def test_await_from_any_loop():
    """A job can be awaited in a loop that is not its own, and again when it is over."""

    async def cell() -> list[int]:
        job = Job(_answer(1))
        return [await job, await job, *await asyncio.gather(Job(_answer(2)), Job(_answer(3)))]

    assert asyncio.run(cell()) == [1, 1, 2, 3]


def test_errors_come_out_as_they_are():
    """What the work raises is what the caller sees, blocked or awaited."""

    async def broken() -> None:
        raise KeyError("lost")

    job = Job(broken())
    with pytest.raises(KeyError, match="lost"):
        job.result()
    with pytest.raises(KeyError, match="lost"):
        asyncio.run(job._wait())
    assert job.state == "failed"


def test_cancel_stops_the_work():
    """After `cancel` the work has really ended, and blocking on it says it was stopped."""
    job = Job(_forever(), label="sweep")
    assert job.cancel()
    with pytest.raises(Stopped, match="stopped"):
        job.result(timeout=5)
    assert job.state == "stopped"
    assert not job.cancel()


def test_cancel_before_it_began_leaves_no_trace():
    """A job stopped before its first step closes its work without a warning."""
    for _ in range(50):
        Job(_answer()).cancel()
    gc.collect()


def test_cancelling_the_wait_stops_the_job():
    """`asyncio.timeout` around a job ends in TimeoutError and a stopped job."""

    async def cell() -> str:
        job = Job(_forever())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await job
        return job.state

    assert asyncio.run(cell()) == "stopped"


def test_protected_work_is_finished():
    """A submission under way is finished though its job was stopped."""
    begun, done = threading.Event(), threading.Event()

    async def submission() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        done.set()

    job = Job(protect(submission()))
    assert begun.wait(5)
    job.cancel()
    with pytest.raises(Stopped):
        job.result(timeout=5)
    assert done.wait(5)


def test_blocking_on_the_io_thread_is_refused():
    """A callback on the I/O thread cannot block on a job; it is told to await it."""

    async def inside() -> None:
        Job(_answer()).result()

    with pytest.raises(RuntimeError, match="awaited"):
        Job(inside()).result()


def test_timeout_leaves_the_job_running():
    """A timeout of `result` ends the wait, not the work."""
    job = Job(_forever(), label="sweep")
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="still running"):
        job.result(timeout=0.05)
    assert time.monotonic() - started < 2
    assert job.state == "running"
    job.cancel()


def test_run_takes_any_awaitable():
    """`mjnb.run` blocks on jobs, coroutines and futures alike."""
    assert run(Job(_answer(1))) == 1
    assert run(_answer(2)) == 2


def test_done_callback():
    """A callback gets the job itself once it has ended."""
    seen = threading.Event()
    Job(_answer()).add_done_callback(lambda job: seen.set() if job.state == "done" else None)
    assert seen.wait(5)


def test_nested_loops_on_request_only():
    """nest-asyncio is applied by its one function and by nothing else."""
    code = (
        "import asyncio, mjnb.jobs\n"
        "async def inner(): return 1\n"
        "async def cell():\n"
        "    return asyncio.run(inner())\n"
        "mjnb.jobs.allow_nested_loops()\n"
        "assert asyncio.run(cell()) == 1\n"
    )
    import subprocess
    import sys

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert not hasattr(asyncio, "_nest_patched")
    assert mjnb.jobs.Job(_answer()).result() == 42
