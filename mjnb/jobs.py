"""The I/O thread and `Job`: await it in a cell, block on it in a callback or a script, stop it.

One daemon thread runs one event loop and owns every connection, so that kernels' own loops, widget callbacks and plain
scripts all meet the same client. A notebook's Stop button is only noticed when the kernel's loop wakes, so an awaited
job wakes it ten times a second.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures as cf
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator

__all__ = ["Job", "Stopped", "allow_nested_loops", "protect", "run"]

T = TypeVar("T")
_TICK = 0.1
_PATIENCE = 2.0  # how long a stop waits for work to wind up
_EXIT_PATIENCE = 15.0  # how long the interpreter's end waits for a submission under way


class Stopped(KeyboardInterrupt):
    """The user stopped a blocking call; what was done is kept and `job` still knows it."""

    def __init__(self, job: Job[Any]) -> None:
        super().__init__(f"stopped: {job.progress_text()}")
        self.job = job

    def _render_traceback_(self) -> list[str]:
        """Show one line in a notebook instead of a traceback."""
        return [f"Stopped: {self.job.progress_text()}"]


class _IOThread:
    """The loop's thread, started at its first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.protected: set[asyncio.Task[Any]] = set()

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._main, args=(self._loop,), name="mjnb-io", daemon=True
                )
                self._thread.start()
                atexit.register(self.drain)
            return self._loop

    @staticmethod
    def _main(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()

    def is_current(self) -> bool:
        return self._thread is not None and threading.get_ident() == self._thread.ident

    def drain(self) -> None:
        """Let submissions under way finish and be written down before the interpreter ends."""
        end = time.monotonic() + _EXIT_PATIENCE
        while self.protected and time.monotonic() < end:
            time.sleep(_TICK / 10)


IO = _IOThread()


async def protect(work: Coroutine[Any, Any, T]) -> T:
    """Finish `work` even if whoever waits for it is cancelled; only for what may have been paid for."""
    task = asyncio.ensure_future(work)
    IO.protected.add(task)
    task.add_done_callback(_forget)
    return await asyncio.shield(task)


def _forget(task: asyncio.Task[Any]) -> None:
    IO.protected.discard(task)
    if not task.cancelled():
        task.exception()  # seen, so that asyncio does not complain of it when the waiter is gone


class Job(Generic[T]):
    """Work under way on the I/O thread.

    Await it in a cell or in any event loop; call `result()` in a script, a plain cell or a widget's callback;
    `cancel()` it from anywhere. It starts at once and goes on whether or not anybody waits.

    >>> async def work():
    ...     return 42
    >>> Job(work()).result()
    42
    """

    def __init__(self, work: Coroutine[Any, Any, T], label: str = "work") -> None:
        self._label = label
        self._future: cf.Future[T] = cf.Future()
        self._future.set_running_or_notify_cancel()  # from here on it ends when the work has really ended
        self._stopped = False
        self._task: asyncio.Task[T] | None = None
        self._loop = IO.loop()
        self._loop.call_soon_threadsafe(self._start, work)

    def _start(self, work: Coroutine[Any, Any, T]) -> None:
        if self._stopped:
            work.close()
            self._future.set_exception(asyncio.CancelledError())
            return
        self._task = self._loop.create_task(work)
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self._future.set_exception(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            self._future.set_exception(error)
        else:
            self._future.set_result(task.result())

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def __repr__(self) -> str:
        """Show what it is doing, never what it returned."""
        return f"<{type(self).__name__} {self._label}: {self.state}>"

    @property
    def state(self) -> str:
        """One of `running`, `done`, `failed`, `stopped`."""
        if not self._future.done():
            return "running"
        error = self._future.exception()
        if isinstance(error, asyncio.CancelledError):
            return "stopped"
        return "done" if error is None else "failed"

    def progress_text(self) -> str:
        """Say in a few words how far it got."""
        return f"{self._label} was {self.state}"

    def done(self) -> bool:
        """Whether it has ended, however."""
        return self._future.done()

    def cancel(self) -> bool:
        """Ask it to stop and return at once; a submission under way is still finished and written down.

        Returns:
            False if it had ended before.
        """
        if self._future.done():
            return False
        self._stopped = True
        self._loop.call_soon_threadsafe(self._cancel)
        return True

    def add_done_callback(self, call: Callable[[Any], None]) -> None:
        """Call `call(job)` on the I/O thread once it has ended."""
        self._future.add_done_callback(lambda _: call(self))

    def result(self, timeout: float | None = None) -> T:
        """Block until it has ended and return what it returns.

        Args:
            timeout: Real seconds to wait at most; the job itself goes on after a timeout.

        Raises:
            Stopped: The user interrupted it.
            TimeoutError: It is still running.
            RuntimeError: Called on the I/O thread itself, where it would wait for ever.
        """
        if IO.is_current():
            raise RuntimeError("on the I/O thread a job must be awaited, not blocked on")
        try:
            self._block(timeout)
            return self._future.result(0)
        except KeyboardInterrupt:
            self.cancel()
            cf.wait([self._future], timeout=_PATIENCE)
            raise Stopped(self) from None
        except asyncio.CancelledError:
            raise Stopped(self) from None

    def _block(self, timeout: float | None) -> None:
        """Wait in short steps: a lock without a timeout cannot be interrupted everywhere."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._future.done():
            left = _TICK * 5 if end is None else min(_TICK * 5, end - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"{self._label} is still running after {timeout:g} s")
            cf.wait([self._future], timeout=left)

    def __await__(self) -> Generator[Any, None, T]:
        """Wait for it in any event loop; cancelling the wait stops the job."""
        return self._wait().__await__()

    async def _wait(self) -> T:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._future.add_done_callback(lambda _: _wake(loop, ended))
        try:
            while not self._future.done():
                await _pause(ended, _TICK)
        except asyncio.CancelledError:
            self.cancel()
            await _pause(ended, _PATIENCE)
            raise
        return self._future.result(0)


def _wake(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the waiter's loop is closed: nobody waits any more
        loop.call_soon_threadsafe(ended.set)


async def _pause(ended: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()


def run(work: Awaitable[T]) -> T:
    """Block on any awaitable of ours: the same as `job.result()`.

    >>> async def work():
    ...     return "done"
    >>> run(work())
    'done'
    """
    if isinstance(work, Job):
        return cast("T", work.result())
    return Job(_awaited(work)).result()


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def allow_nested_loops() -> None:
    """Let your own code call `asyncio.run` inside a cell, by applying nest-asyncio to the kernel's loop.

    Nothing of ours needs it. Know what it does before you use it: on Stop, work that runs under
    `loop.run_until_complete` goes on unseen, an interrupt may hit an unrelated task, handlers return last-in first-out,
    and uvloop refuses it.
    """
    import nest_asyncio

    nest_asyncio.apply()
