"""A client and its ledger, for users: everything done through a `Session` is written down.

Whatever is awaited here returns a `Job`: `await` it in a cell, call `.result()` in a callback or a script.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest, UnknownOutcome
from mjnb.fields import Whole
from mjnb.modes import RawRequest, Shorten, Translate
from mjnb.preparing import single_prompt
from mjnb.runner import RETRY, request_of
from mjnb.session.deeds import Deeds, id_of
from mjnb.store import UNKNOWN_TASK
from mjnb.store.parents import elsewhere
from mjnb.tasks import Task, TaskState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    import pandas as pd

    from mjnb.jobs import Job
    from mjnb.modes import Request
    from mjnb.runner.rescue import Rescue
    from mjnb.store import Entry

__all__ = ["Session"]


class Session(Deeds):
    """Everything that is done with one gateway and one store. Usable across cells; no `async with` needed.

    Args:
        gateway: `"apixo"`, `"apixo-reference"`, `"acedata"`, `"apimart"`, `"simulator"` (which plays APIXO; `"simulator:acedata"`
            and so on plays another one), or `"auto"`: `MJNB_GATEWAY`, else the first key found, else the simulator.
        api_key: The key; None looks in the environment, the working directory's `.env` and Colab's secrets; where a gateway is
            named and has none, a notebook asks for it.
        base_url: The origin that the gateway's documented paths hang from; None is the gateway's own.
        store: Folder of the ledger and the pictures; simulated sessions keep to its `simulated/`.
        prices: USD by mode, by speed or by `"mode speed"`, instead of the documented ones.
        provider: APIXO's routing: `"auto"`, `"value"` or `"official"`.
        concurrency: Tasks at once, at most; None is 90 % of what the gateway documents.
        requests_per_minute: What the key may ask for in a minute, of which 90 % is used; None is what is documented.
        timeout: Gateway seconds to wait for a task, one number or by speed; None is the dialect's own.
        stream: Wait over the connection that submitted, which tells of progress and shows unfinished pictures, where the
            gateway has that (AceData); else, and elsewhere, it is asked.
        max_picture_mb: Millions of bytes of one picture or clip, at most; more is refused unread. 1000 is the most.
        max_megapixels: Millions of pixels of one picture, at most; more is refused before it is decoded. 1000 is the most.
        time_scale: Gateway seconds in one second; anything but 1 is for simulators alone (30 for the embedded one).
        transport: An `httpx` transport instead of the network.
        clock: A clock instead of the real one, for tests.
        quiet: Do not print which gateway it is.

    Raises:
        SetupError: No such gateway, no key, or a setting that cannot be.
        StoreError: The store cannot be used.

    >>> mj = Session("simulator", store="mjnb-doc", quiet=True)
    >>> mj
    <Session: SIMULATED APIXO (30× clock)>
    >>> mj.close().result()
    """

    # -- one request of any mode ---------------------------------------------------------------------------------

    def draw(
        self, request: Request, *, reuse: bool = False, on_change: Callable[[Task], Any] | None = None
    ) -> Job[Task]:
        """Send a request of any mode and wait for its pictures: what all the others come down to.

        Args:
            request: What to ask for.
            reuse: Take an earlier equal task from the ledger instead of paying for a new one.
            on_change: Told of the task in each new state, on the I/O thread; it must return quickly.

        Returns:
            A job for the finished task, its pictures on disk.

        Raises:
            InvalidRequest: Nothing was sent (at once). The job raises `TaskFailed` and the rest of the tree.
        """
        return self._one(_single(request), reuse, on_change)

    def _one(
        self, request: Request, reuse: bool, on_change: Callable[[Task], Any] | None = None
    ) -> Job[Task]:
        request = self.prepare(request)
        return self._job(self._obtain(request, reuse, on_change or _nothing), label=request.mode)

    async def _obtain(self, request: Request, reuse: bool, tell: Callable[[Task], Any]) -> Task:
        runner = await self.runner()
        draft = runner.draft(request, simulated=self.simulated)
        again, told = RETRY["failed"] if reuse else None, _safely(tell)
        try:
            entry = await runner.obtain(request, draft, again=again, on_change=told)
        except UnknownOutcome as error:
            found = await runner.rescued(error.row, on_change=told)
            if found is None:
                raise
            entry = found
        return entry.task(request_of(entry))

    # -- the lifecycle in single steps ---------------------------------------------------------------------------

    def submit(self, request: Request, *, reuse: bool = False) -> Job[Task]:
        """Send one request and return its task as soon as the gateway has taken it."""
        request = self.prepare(_single(request))
        return self._job(self._submit(request, reuse), label=f"submitting {request.mode}")

    async def _submit(self, request: Request, reuse: bool) -> Task:
        runner = await self.runner()
        draft = runner.draft(request, simulated=self.simulated)
        entry = await runner.start(request, draft, again=RETRY["failed"] if reuse else None)
        return entry.task(request_of(entry))

    def wait(self, task: Task | str) -> Job[Task]:
        """Wait until a task has finished and its pictures are on disk.

        Raises:
            TaskFailed: It failed. TaskTimeout: it is still running, and can be waited for again.
        """
        return self._job(self._finish(self._id_here(task)), label="waiting")

    def download(self, task: Task | str) -> Job[Task]:
        """Fetch what is not on disk yet of a finished task; the same as `wait`."""
        return self._job(self._finish(self._id_here(task)), label="downloading")

    async def _finish(self, task_id: str) -> Task:
        runner, entry = await self.runner(), await asyncio.to_thread(self._entry, task_id)
        if entry.fail_code == UNKNOWN_TASK:  # it may have been the gateway's mistake
            entry = await asyncio.to_thread(self.store.revive, entry.row)
        entry = await runner.finish(entry)
        return entry.task(request_of(entry))

    async def watch(self, task: Task | str) -> AsyncIterator[Task]:
        """Yield a task in each state that it passes through, the finished one last."""
        seen: asyncio.Queue[Task | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(found: Task | None) -> None:
            with contextlib.suppress(RuntimeError):  # that loop is closed: nobody looks any more
                loop.call_soon_threadsafe(seen.put_nowait, found)

        job = self._job(self._follow(self._id_here(task), tell), "watching")
        job.add_done_callback(lambda _: tell(None))
        try:
            while (found := await seen.get()) is not None:
                yield found
            await job
        finally:
            job.cancel()

    async def _follow(self, task_id: str, tell: Callable[[Task], Any]) -> None:
        runner, entry = await self.runner(), await asyncio.to_thread(self._entry, task_id)
        tell(entry.task(request_of(entry)))
        if entry.state.is_running:
            await runner.follow(entry, lambda now: tell(now.task(request_of(now))))

    def task(self, task_id: str) -> Task:
        """Rebuild a task from its id, with what the ledger knows of it."""
        entry = self.store.by_task(task_id, self.gateway)
        if entry is not None:
            return entry.task(request_of(entry))
        return Task(
            id=task_id,
            gateway=self.gateway,
            simulated=self.simulated,
            request=None,
            state=TaskState.PENDING,
        )

    def _entry(self, task_id: str) -> Entry:
        """Return a task's row; one that is not in the ledger gets a row without a price."""
        entry = self.store.by_task(task_id, self.gateway)
        if entry is not None and entry.gateway != self.gateway:
            raise elsewhere(task_id, self.dialect, entry.gateway, simulated=entry.simulated)
        return entry or self.store.adopt(task_id, gateway=self.gateway, simulated=self.simulated)

    def forget(self, cell: Task | str | Mapping[str, Any]) -> None:
        """Release a cell in state `unknown`, so that the next start of it asks for it anew, at its price again.

        Only you can know whether it was taken: look at the gateway before. The row stays in the ledger as refused.

        Args:
            cell: A row of a frame, a task, or the id of a cell, a row or a task.

        Raises:
            InvalidRequest: There is no such cell, or it is not unknown.
        """
        entry = self._called(cell)
        if not self.store.forget(entry.row):
            raise InvalidRequest(
                "cell", entry.row, f"a cell in state unknown; this one is {entry.state.value}"
            )

    def retry(self, cell: Task | str | Mapping[str, Any], *, task_id: str = "") -> Job[Task]:
        """Ask once more for one cell that failed, was refused, or whose fate is unknown, and wait for it; at its price again.

        Of an unknown one the gateway is asked first, where it lists its tasks: what turns up is waited for and nothing is sent.
        Otherwise it is sent again, in a row of its own, under the same key, so that a gateway that honours keys
        (`Idempotency-Key`) charges once. The unknown row stays in the ledger, and in its budget's sum, since it may have been
        charged all the same; `forget` takes it out. What you retry yourself is not held back by a budget, but counts in it.

        Args:
            cell: A row of a frame, a task, or the id of a cell, a row or a task.
            task_id: The task that you found at the gateway to be that of an unknown cell: it is waited for, and nothing is sent.

        Raises:
            InvalidRequest: There is no such cell, or it is neither, or another row has that task; nothing was sent.
            UnknownTask: (in the job) The gateway does not know `task_id`; nothing was sent.
            GatewayUnavailable: (in the job) Whether the first one made a task could not be found out; nothing was sent.
        """
        entry = self._called(cell)
        if entry.gateway != self.gateway:
            raise elsewhere(entry.task_id, self.dialect, entry.gateway, simulated=entry.simulated)
        if entry.state not in {TaskState.UNKNOWN, TaskState.FAILED, TaskState.REFUSED}:
            hint = "A finished one is asked for anew by take=2, one under way is waited for by mj.wait(…)."
            allowed = f"a cell that failed, was refused or is unknown; this one is {entry.state.value}"
            raise InvalidRequest("cell", entry.row, allowed, hint=hint)
        if task_id and entry.state is not TaskState.UNKNOWN:
            raise InvalidRequest("task_id", task_id, f"none for a cell that is {entry.state.value}")
        return self._job(self._retry(entry, task_id), label="trying again")

    async def _retry(self, entry: Entry, task_id: str) -> Task:
        runner = await self.runner()
        entry = await runner.retry(entry, task_id)
        return entry.task(request_of(entry))

    def _called(self, cell: Task | str | Mapping[str, Any]) -> Entry:
        name = cell.row or cell.id if isinstance(cell, Task) else cell
        if not isinstance(name, str):
            name = str(name.get("cell") or name.get("task_id") or "")
        entry = self.store.called(name) if name else None
        if entry is None:
            raise InvalidRequest("cell", name, "a cell, row or task of this ledger")
        return entry if self.runner_now is None else self.runner_now.settled(entry)

    def resume(self) -> Job[list[Task]]:
        """Take up every task of the ledger that is under way or lacks pictures; costs nothing.

        Returns:
            A job for those tasks, finished or failed.
        """
        return self._job(self._resume(), label="resuming")

    async def _resume(self) -> list[Task]:
        runner = await self.runner()
        entries = await asyncio.to_thread(self._unfinished)
        await asyncio.gather(*(runner.take_up(entry) for entry in entries), return_exceptions=True)
        return await asyncio.to_thread(self._tasks, [entry.row for entry in entries])

    def _unfinished(self) -> list[Entry]:
        self.store.settle_orphans()
        return self.store.unfinished(self.gateway)

    def _tasks(self, rows: Sequence[str]) -> list[Task]:
        return [entry.task(request_of(entry)) for entry in map(self.store.entry, rows)]

    def rescue(self) -> Job[Rescue]:
        """Fetch every picture of this gateway's finished tasks that is missing on disk or damaged there; costs nothing.

        Fresh URLs are asked for where the old ones have expired. What befalls one picture is in the report and stops no other.

        Returns:
            A job for the report: what was rescued, was there, has expired, or is broken.

        Raises:
            StoreError: The ledger cannot be read.
        """
        return self._job(self._rescue(), label="rescuing")

    async def _rescue(self) -> Rescue:
        return await (await self.runner()).rescue()

    def star(self, task: Task | str, stars: int) -> None:
        """Write down what you think of a task's pictures, 0 to 5 stars; 0 takes them back. Boards show and sort by them.

        Raises:
            InvalidRequest: Not 0 to 5, or the gateway never took the task.
        """
        self.store.star(id_of(task), Whole("how much it is liked", 0, 5).read("stars", stars))

    def stars(self) -> dict[str, int]:
        """Return the stars that were given, by task id."""
        return self.store.stars()

    def history(self) -> pd.DataFrame:
        """Return the whole ledger as a frame, oldest first; sends nothing."""
        from mjnb import rows

        return rows.frame(self.store.all())


def _nothing(_: Task) -> None:
    """Tell nobody."""


def _safely(tell: Callable[[Task], Any]) -> Callable[[Entry], None]:
    """Tell of a row as a task; what the listener raises must not cost a task that is paid for, so it is a warning."""

    def told(entry: Entry) -> None:
        try:
            tell(entry.task(request_of(entry)))
        except Exception as error:  # noqa: BLE001  (it is the user's own code)
            warnings.warn(f"on_change raised {error!r}; the task goes on", RuntimeWarning, stacklevel=2)

    return told


def _single(request: Request) -> Request:
    """Refuse a prompt that stands for several; what is written raw is not judged."""
    prompt = request.given().get("prompt")
    if not isinstance(prompt, str) or isinstance(request, RawRequest | Shorten | Translate):
        return request
    return request.replace(prompt=single_prompt(prompt))
