"""The way of one task, on the I/O loop: write down, send, wait, fetch, file.

What may cost money is one protected step: the row is written, the request sent and the answer recorded even if the
user stops in between. Everything around it (waiting for a turn, for the task, for its pictures) can be stopped at any
moment and taken up again from the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from mjnb import images
from mjnb.errors import (
    ConnectionFailed,
    GatewayError,
    GatewayUnavailable,
    GenerationFailed,
    ImageDownloadFailed,
    InvalidRequest,
    MjnbError,
    PictureBroken,
    PictureError,
    RateLimited,
    StoreError,
    TaskFailed,
    UnknownOutcome,
)
from mjnb.gateways.base import Envelope, failure
from mjnb.jobs import Job, protect
from mjnb.modes import MODES, RawRequest
from mjnb.polling import backoff
from mjnb.store import Draft
from mjnb.tasks import TaskState, cell_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mjnb.client import Answer, Client
    from mjnb.gateways.base import Rhythm
    from mjnb.modes import Request
    from mjnb.store import Entry, Store

__all__ = ["RETRY", "Runner", "failed_error", "request_of"]

P = ParamSpec("P")
T = TypeVar("T")
_REFUSAL_PATIENCE_S = 600.0  # how long the gateway may be too busy to take anything from anybody
_CONNECT_TRIES = 4
_WIND_UP_S = 15.0  # real seconds that closing waits for submissions under way
_PICTURE_TRIES = 3
_LEDGER_LOOK_S = 2.0  # how often to look whether another kernel has got its answer


def _is_transient(entry: Entry) -> bool:
    """Whether another try is worth its price; a refused request never cost anything."""
    return entry.state is TaskState.REFUSED or issubclass(
        failure(entry.fail_code), GenerationFailed | ImageDownloadFailed
    )


RETRY: dict[str, Callable[[Entry], bool]] = {
    "transient": _is_transient,
    "failed": lambda _: True,
    "none": lambda _: False,
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """One task to get: the request, its row, and whether an earlier row will do."""

    request: Request
    draft: Draft
    again: Callable[[Entry], bool] | None


class Runner:
    """Client and ledger together. Lives on the I/O loop.

    Args:
        client: The gateway.
        store: The ledger.
        envelope: Routing for every submission.
        price: Prices a request in millionths of a dollar.
        timeout: Gateway seconds to wait for a task, instead of the dialect's.
        holds: What must live as long as submissions may be under way, such as an embedded simulator.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        *,
        envelope: Envelope,
        price: Callable[[Request], int | None],
        timeout: float | Mapping[str, float] | None = None,
        holds: object = None,
    ) -> None:
        self._holds = holds
        self.client, self.store, self.envelope = client, store, envelope
        self._price, self._timeout = price, timeout
        self._payments: set[asyncio.Task[Any]] = set()
        self._submitting: set[str] = set()
        self._ledger = ThreadPoolExecutor(1, "mjnb-ledger")
        self._painters = ThreadPoolExecutor(2, "mjnb-pictures")
        self._forgotten = weakref.finalize(self, _hang_up, client)  # by a session that was never closed
        self._forgotten.atexit = False

    async def aclose(self) -> None:
        """Finish and write down what is being submitted, then let connections and threads go."""
        if self._payments:
            await asyncio.wait(self._payments, timeout=_WIND_UP_S)
        self._forgotten.detach()
        await self.client.aclose()
        self._ledger.shutdown(wait=False)
        self._painters.shutdown(wait=False)

    async def _write(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Touch the ledger in its own thread, since a commit waits for the disk."""
        try:
            written = asyncio.get_running_loop().run_in_executor(
                self._ledger, lambda: call(*args, **kwargs)
            )
        except RuntimeError:  # the interpreter is ending and has no more threads for us
            return call(*args, **kwargs)
        return await written

    # -- the whole way -------------------------------------------------------------------------------------------

    async def obtain(
        self,
        request: Request,
        draft: Draft,
        *,
        again: Callable[[Entry], bool] | None,
        on_change: Callable[[Entry], None] = lambda _: None,
        gate: Callable[[], None] = lambda: None,
    ) -> Entry:
        """Get one finished task with its pictures on disk, paying only if no earlier row will do.

        Args:
            request: What to ask for, checked.
            draft: Its row.
            again: Which failed or refused rows may be asked anew; None always asks anew.
            on_change: Told of every new state.
            gate: Called right before anything is sent; what it raises stops that.

        Raises:
            MjnbError: What went wrong; the row holds it as well.
        """
        async with self.client.tasks:
            entry = await self.start(request, draft, again=again, gate=gate)
            while entry.state is TaskState.SUBMITTING:  # by another kernel, or another call
                entry = await self._await_submission(entry)
                if entry.state is TaskState.REFUSED:  # which may be waiting for its next try, as we would
                    entry = await self.start(request, draft, again=again, gate=gate)
            on_change(entry)
            return await self.finish(entry, on_change=on_change)

    async def take_up(self, entry: Entry, *, on_change: Callable[[Entry], None] = lambda _: None) -> Entry:
        """Go on with a row that was sent before; never sends. Raises like `finish`."""
        async with self.client.tasks:
            return await self.finish(entry, on_change=on_change)

    async def start(
        self,
        request: Request,
        draft: Draft,
        *,
        again: Callable[[Entry], bool] | None,
        gate: Callable[[], None] = lambda: None,
    ) -> Entry:
        """Submit it, unless an earlier row will do; return the row."""
        plan, row, waits, unreached = _Plan(request, draft, again), "", backoff(), 0
        began = self.client.clock.now()
        while True:
            try:
                async with self.client.turn():
                    gate()
                    return await protect(self._pay(plan, row))
            except _TryAgain as retry:
                row, error = retry.row, retry.error
            if isinstance(error, GatewayError):
                if self._is_hopeless(began):
                    raise error
                self.client.throttle.slow_down(error.retry_after)
                continue
            unreached += 1
            if unreached >= _CONNECT_TRIES:
                raise error
            await self.client.clock.sleep(next(waits))

    def _is_hopeless(self, began: float) -> bool:
        """Whether the gateway has taken nothing from anybody for so long that waiting on makes no sense.

        As long as it takes something now and then, it is only full, and whoever waits will have a turn.
        """
        return self.client.clock.now() - max(began, self.client.accepted_at) > _REFUSAL_PATIENCE_S

    async def _pay(self, plan: _Plan, row: str) -> Entry:
        """Claim, send, record: the one step that may cost money. Never cancelled half way."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._payments.add(task)
        task.add_done_callback(self._payments.discard)
        if row:
            entry, fresh = await self._write(self.store.reopen, row, alone=plan.again is not None)
        else:
            entry, fresh = await self._write(self.store.claim, plan.draft, again=plan.again)
        if not fresh:
            return entry
        self._submitting.add(entry.row)
        try:
            return await self._send(plan.request, entry.row)
        finally:
            self._submitting.discard(entry.row)

    async def _send(self, request: Request, row: str) -> Entry:
        try:
            submitted = await self.client.post(request, self.envelope)
        except BaseException as error:
            await self._record_no_task(row, error)
            raise
        now, task_id = self.client.clock.epoch(), submitted.task_id
        try:
            await self._write(self.store.submitted, row, task_id, now, submitted.sent, submitted.answered)
        except StoreError as error:
            raise StoreError(f"Task {task_id} was taken and charged, but: {error}") from error
        return await self._write(self.store.entry, row)

    async def _record_no_task(self, row: str, error: BaseException) -> None:
        """Write down a refusal as refused, and anything that is not plainly one as unknown."""
        refused = isinstance(error, MjnbError) and not isinstance(error, UnknownOutcome)
        state = TaskState.REFUSED if refused else TaskState.UNKNOWN
        code = str(getattr(error, "status", "") or type(error).__name__)
        await self._write(self.store.ended, row, state, code, str(error))
        if isinstance(error, UnknownOutcome):
            error.row = row
        if isinstance(error, ConnectionFailed | RateLimited | GatewayUnavailable):
            raise _TryAgain(row, error) from error

    async def finish(self, entry: Entry, *, on_change: Callable[[Entry], None] = lambda _: None) -> Entry:
        """Wait for a row's task, fetch its pictures, and return the row as it then is.

        Raises:
            TaskFailed: It failed; `.task` holds it.
            TaskTimeout: It is still running.
            UnknownOutcome: Nobody knows whether it exists.
            PictureError: It succeeded, but not every picture could be kept.
        """
        entry = await self._await_submission(entry)
        if entry.state is TaskState.UNKNOWN:
            raise UnknownOutcome(_UNKNOWN_TEXT.format(row=entry.row), row=entry.row)
        if entry.state.is_running:
            entry = await self.follow(entry, on_change)
        if entry.state in {TaskState.FAILED, TaskState.REFUSED}:
            raise failed_error(entry)
        return await self.collect(entry)

    async def _await_submission(self, entry: Entry) -> Entry:
        """Wait while another kernel, or another call, is submitting this very row."""
        while entry.state is TaskState.SUBMITTING:
            await self.client.clock.sleep(_LEDGER_LOOK_S)
            await self._write(self.store.settle_orphans)
            entry = await self._write(self.store.entry, entry.row)
            if entry.owner == self.store.owner and entry.row not in self._submitting:
                await self._write(self.store.ended, entry.row, TaskState.UNKNOWN, "", _BROKEN_OFF)
                entry = await self._write(self.store.entry, entry.row)
        return entry

    # -- waiting -------------------------------------------------------------------------------------------------

    async def follow(self, entry: Entry, on_change: Callable[[Entry], None] = lambda _: None) -> Entry:
        """Ask after a task until it has finished, and write down each new state."""
        async for answer in self.client.watch(entry.task_id, self._rhythm(entry), age=self._age(entry)):
            if answer.status.state is not entry.state:
                entry = await self._told(entry, answer)
                on_change(entry)
        return entry

    async def _told(self, entry: Entry, answer: Answer) -> Entry:
        status = answer.status
        life = self.client.dialect.url_life_s
        expires = status.completed + life if status.completed is not None else None
        lag = self._lag(entry, answer) if status.state.is_finished else None
        seen = self.client.clock.epoch()
        await self._write(
            self.store.told, entry.row, status, answer.raw, seen=seen, lag_s=lag, expires=expires
        )
        return await self._write(self.store.entry, entry.row)

    def _lag(self, entry: Entry, answer: Answer) -> float | None:
        """How long after its end we saw it: our waiting less the gateway's own span."""
        status = answer.status
        if status.created is None or status.completed is None or entry.submitted is None:
            return None
        return max(0.0, self._age(entry) - (status.completed - status.created))

    def _age(self, entry: Entry) -> float:
        """Gateway seconds since we submitted it."""
        waited = self.client.clock.epoch() - (entry.submitted or 0.0)
        return max(0.0, waited) * self.client.clock.scale

    def _rhythm(self, entry: Entry) -> Rhythm:
        rhythm = self.client.dialect.rhythm(request_of(entry))
        timeout = self._timeout
        if timeout is not None and not isinstance(timeout, float | int):
            timeout = timeout.get(str(entry.held.get("speed")))
        return rhythm if timeout is None else replace(rhythm, timeout=float(timeout))

    # -- pictures ------------------------------------------------------------------------------------------------

    async def collect(self, entry: Entry) -> Entry:
        """Fetch and file every picture that is not on disk yet; asks once for fresh URLs if one has gone."""
        problems = await self._collect(entry)
        if problems and await self._renew(entry):
            problems = await self._collect(await self._write(self.store.entry, entry.row))
        if problems:
            raise _missing(entry, problems)
        return await self._write(self.store.entry, entry.row)

    async def _renew(self, entry: Entry) -> bool:
        """Ask for fresh URLs; False if the gateway does not tell (any more)."""
        try:
            answer = await self.client.ask(entry.task_id)
        except (ConnectionFailed, GatewayError):
            return False
        await self._write(self.store.renewed, entry.row, answer.status.urls or entry.urls)
        return True

    async def _collect(self, entry: Entry) -> list[PictureError]:
        have = {image.index for image in entry.images if image.path and image.path.exists()}
        wanted = [i for i in range(len(entry.urls)) if i not in have]
        results = await asyncio.gather(*(self._file(entry, i) for i in wanted), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, PictureError):
                raise result
        return [result for result in results if isinstance(result, PictureError)]

    async def _file(self, entry: Entry, index: int) -> None:
        """Fetch one picture, prove that it is one, and put it in its place."""
        for attempt in range(_PICTURE_TRIES):
            data = await self.client.fetch(entry.urls[index])
            try:
                path, info = await self._painted(_keep, data, self.store.folder(entry.row), index)
            except PictureBroken:
                if attempt == _PICTURE_TRIES - 1:
                    raise
                continue
            break
        await self._write(
            self.store.filed, entry.row, index, path,
            width=info.width, height=info.height, size=info.bytes, sha256=info.sha256,
        )  # fmt: skip

    async def _painted(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._painters, lambda: call(*args, **kwargs)
        )

    # -- rows ----------------------------------------------------------------------------------------------------

    def draft(self, request: Request, *, simulated: bool, repeat: int = 0, take: int = 1) -> Draft:
        """Describe the row that a request would be written to."""
        dialect = self.client.dialect
        held = dialect.held(request)
        return Draft(
            cell=cell_key(dialect.name, request.mode, held, repeat=repeat, take=take),
            gateway=dialect.name,
            simulated=simulated,
            mode=request.mode,
            held=held,
            price_micro=self._price(request),
            repeat=repeat,
            take=take,
            parent=str(held.get("task_id") or held.get("taskId") or ""),
        )


def _hang_up(client: Client) -> None:
    Job(client.aclose(), label="hanging up")


class _TryAgain(Exception):
    """Nothing arrived, or the gateway was too busy: the same row may be sent again."""

    def __init__(self, row: str, error: ConnectionFailed | GatewayError) -> None:
        super().__init__(row)
        self.row, self.error = row, error


def _keep(data: bytes, folder: Path, index: int) -> tuple[Path, images.Info]:
    """Write a picture and its thumbnail so that a crash leaves either nothing or all of it."""
    info = images.inspect(data)
    path = folder / f"{index}.{info.format}"
    try:
        _write_whole(path, data)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error}. The task is paid; its picture is fetched again by the next start."
        ) from error
    with contextlib.suppress(PictureError, OSError):  # made again when it is wanted
        images.thumb(path)
    return path, info


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file under another name first; two kernels may be fetching the same picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


_BROKEN_OFF = "Its submission was broken off before the ledger had the answer: it may have been charged."
_UNKNOWN_TEXT = (
    "Row {row} was sent, but no answer is known: it may have been charged. It is not sent again by itself; look at the "
    "gateway's own task list, then ask for it with take=2 if it is not there."
)


def _missing(entry: Entry, problems: list[PictureError]) -> PictureError:
    first = problems[0]
    text = (
        f"Task {entry.task_id} is finished and paid, but {len(problems)} of its {len(entry.urls)} pictures could not be kept: "
        f'{first}. `await mj.download(mj.task("{entry.task_id}"))` tries again, and costs nothing.'
    )
    return type(first)(text, url=first.url)


def request_of(entry: Entry) -> Request:
    """Rebuild the request of a row, the gateway's defaults filled in; one that no class takes as it was written."""
    model = MODES.get(entry.mode)
    try:
        return model(**entry.held) if model else RawRequest(entry.mode, **entry.held)
    except InvalidRequest:
        return RawRequest(entry.mode, **entry.held)


def failed_error(entry: Entry) -> TaskFailed | GatewayError:
    """Build the error that a failed or refused row means."""
    if entry.state is TaskState.REFUSED:
        return GatewayError(entry.fail_msg or "The gateway refused it.", code=entry.fail_code)
    text = (
        f"Task {entry.task_id} failed at {entry.gateway}: {entry.fail_code or 'no code'}"
        f" ({entry.fail_msg or 'no reason given'}). Gateways do not charge for failed tasks as a rule."
    )
    kind = failure(entry.fail_code)
    return kind(
        text, task=entry.task(request_of(entry)), fail_code=entry.fail_code, fail_msg=entry.fail_msg
    )
