"""One gateway over HTTP: submit, ask, watch, fetch. Knows no ledger and no pictures, only bytes.

A submission is repeated by itself only when nothing can have arrived (no connection) or the gateway's documents say it
refused (429, or 503 in its own words). Everything else that is not an answer is an `UnknownOutcome`, since a task may
have been created and charged. Reading is repeated freely.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from mjnb.client.asking import Answer, Together
from mjnb.client.files import MAX_PICTURE, Fetcher
from mjnb.client.names import looking_up
from mjnb.client.streams import Tails
from mjnb.client.waiting import Pace
from mjnb.client.wire import NEVER_ARRIVED, TooLong, http_client, kind, read_reply, without_key
from mjnb.errors import (
    ConnectionFailed,
    GatewayError,
    GatewayUnavailable,
    MalformedReply,
    RateLimited,
    RequestRefused,
    TaskTimeout,
    UnknownOutcome,
    UnknownTask,
)
from mjnb.gateways.base import Limits, Reply
from mjnb.hosts import host_name, is_loopback
from mjnb.polling import SHARE, Throttle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from pydantic import SecretStr

    from mjnb.gateways.base import Call, Dialect, Envelope, Rhythm, Status
    from mjnb.gateways.lost import Lost
    from mjnb.modes import Request
    from mjnb.polling import Clock, Hint

__all__ = ["SOCKETS", "Answer", "Client", "Submitted", "Transport"]

Transport = httpx.AsyncBaseTransport
"""What carries requests instead of the network, in tests and in Pyodide."""

T = TypeVar("T")
SOCKETS = 64
_SUBMIT_SOCKETS = 8
_READ_SOCKETS = 24
_STREAM_SOCKETS = 16
_FILE_SOCKETS = SOCKETS - _SUBMIT_SOCKETS - _READ_SOCKETS - _STREAM_SOCKETS
_PAGES = 60  # of a list of tasks
_FIRST_LINE = 4  # times the patience for a whole answer: the task may queue before a stream's first line
_ODD_ANSWERS = 5  # in a row, before a task's status is given up on
_MOST_URLS = 64
_LONGEST_REASON = 2000
_UNKNOWN_GRACE_S = 30.0  # a task may be a moment late in the gateway's own index


async def _at_once(_: Mapping[str, Any]) -> None:
    """Do nothing before sending."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was sent and answered (without the key): a task was created, or `status` is the whole answer already."""

    task_id: str
    sent: Mapping[str, Any]
    answered: Any
    status: Status | None = None


class Client:
    """An async client of one gateway with one key. Lives on one event loop.

    Args:
        dialect: How the gateway speaks.
        base_url: The origin that its paths hang from.
        api_key: Sent as a bearer token to that origin alone.
        clock: Gateway seconds.
        transport: For tests and Pyodide; None is the network.
        limits: Requests a minute and tasks at once; None takes what the gateway documents, nine tenths of the tasks.
        max_picture: Bytes of one picture, at most.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        base_url: str,
        api_key: SecretStr,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: Limits | None = None,
        max_picture: int = MAX_PICTURE,
    ) -> None:
        self.dialect, self.base_url, self.clock = dialect, base_url.rstrip("/"), clock
        self._key = api_key
        documented = dialect.limits
        self.limits = limits or Limits(documented.per_minute, int(documented.at_once * SHARE))
        self.throttle = Throttle(clock, self.limits, _SUBMIT_SOCKETS + _READ_SOCKETS)
        self.tasks = asyncio.Semaphore(self.limits.at_once)
        self._submits = asyncio.Semaphore(_SUBMIT_SOCKETS)
        self._reads = asyncio.Semaphore(_READ_SOCKETS)
        trust = not is_loopback(base_url)  # a proxy from the environment has no business with loopback
        # No connection is kept for submissions: a stale one could eat a POST.
        self._poster = http_client(transport, trust, connections=_SUBMIT_SOCKETS, keep=0)
        self._reader = http_client(transport, trust, connections=_READ_SOCKETS, keep=_READ_SOCKETS)
        self._tails = Tails(
            http_client(transport, trust, connections=_STREAM_SOCKETS, keep=0, patient=True),
            _STREAM_SOCKETS,
        )
        self._together = Together(self._ask_together, clock, dialect.batch)
        fetching = http_client(transport, trust, connections=_FILE_SOCKETS, keep=_FILE_SOCKETS)
        self._fetcher = Fetcher(
            self.base_url, fetching, clock, at_once=_FILE_SOCKETS, most=max_picture,
            names=looking_up(transport, trust),
        )  # fmt: skip
        self.accepted_at = clock.now()
        self.ahead_s: float | None = None  # how far the gateway's clock is ahead of ours, once it has told

    def __repr__(self) -> str:
        """Show where it speaks to, never the key."""
        return f"<Client of {self.dialect.title} at {self.base_url}>"

    async def aclose(self) -> None:
        """Close every connection."""
        self._together.close()
        await self._tails.aclose()
        await asyncio.gather(self._poster.aclose(), self._reader.aclose(), self._fetcher.aclose())

    # -- submitting ----------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more submission may leave."""
        async with self._submits, self.throttle:
            yield

    async def post(
        self,
        request: Request,
        envelope: Envelope,
        *,
        before: Callable[[Mapping[str, Any]], Awaitable[object]] = _at_once,
    ) -> Submitted:
        """Send one request once, inside a `turn`; `before` is awaited with its JSON when nothing of it has left yet.

        Raises:
            InvalidRequest: Refused by the dialect; nothing was sent.
            ConnectionFailed: Nothing arrived; it may be sent again.
            GatewayError: The gateway refused; no task exists.
            UnknownOutcome: It was sent and no clear answer came; it must not be sent again.
        """
        call = self.dialect.submit(
            request, replace(envelope, streams=envelope.streams and self._tails.have_room)
        )
        sent = dict(call.body or {})
        await before(sent)
        if call.streams:
            return await self._post_stream(call, sent)
        reply = await self._post(call)
        status = self._read(self.dialect.read_at_once, reply)
        if status is not None:
            return Submitted("", sent, reply.json, status)
        return Submitted(self._read(self.dialect.read_submit, reply), sent, reply.json)

    async def _post_stream(self, call: Call, sent: dict[str, Any]) -> Submitted:
        with self._sending():
            request = self._request(self._poster, call)
            tail = await self._tails.begin(request, self._key, self.clock.patience * _FIRST_LINE)
        try:
            task_id = self._read(self.dialect.read_submit, tail.first)
        except BaseException:
            await self._tails.drop(tail)
            raise
        self._tails.keep(task_id, tail)
        return Submitted(task_id, sent, tail.first.json)

    async def go_on(self, request: Request, task_id: str, envelope: Envelope) -> None:
        """Send the second half of a request whose task waits for it, inside a `turn`; raises like `post`."""
        reply = await self._post(self.dialect.second_half(request, task_id, envelope))
        self._read(self.dialect.read_submit, reply)

    async def upload(self, name: str, data: bytes, media_type: str) -> str:
        """Hand a picture over, and return its URL at the gateway; raises like `ask`, since it costs nothing."""
        async with self._reads, self.throttle:
            return self.dialect.read_upload(await self._reply(self.dialect.upload(name, data, media_type)))

    async def _post(self, call: Call) -> Reply:
        with self._sending():
            return await self._send(self._poster, call)

    @contextlib.contextmanager
    def _sending(self) -> Iterator[None]:
        """Tell what never arrived from what may have."""
        try:
            yield
        except NEVER_ARRIVED as error:
            raise _unreached(self.base_url, error) from error
        except httpx.LocalProtocolError as error:
            raise ConnectionFailed(
                f"The request could not be written ({without_key(str(error), self._key)}). Nothing was sent."
            ) from error
        except (httpx.RequestError, TooLong) as error:
            raise _unknown(
                f"the connection to {host_name(self.base_url)} broke after sending ({kind(error)})"
            ) from error

    def _read(self, read: Callable[[Reply], T], reply: Reply) -> T:
        """Read the answer to what may cost money; one that neither takes nor clearly refuses leaves the outcome unknown."""
        try:
            found = read(reply)
        except (MalformedReply, GatewayUnavailable) as error:
            if isinstance(error, GatewayUnavailable) and error.busy:
                raise
            raise _unknown(
                f"{self.dialect.title} answered {reply.status} without saying whether it took the task",
                reply.json,
            ) from error
        except UnknownTask as error:  # a 404 where a task was to be made: the path is not there
            hint = f"Is base_url the gateway's origin ({self.dialect.base_url}), without a path of its own?"
            raise RequestRefused(f"{error} {hint}", status=error.status, code=error.code) from error
        if found is not None:
            self.throttle.speed_up()
            self.accepted_at = self.clock.now()
        return found

    # -- asking --------------------------------------------------------------------------------------------------

    async def ask(self, task_id: str) -> Answer:
        """Ask once after a task.

        Raises:
            GatewayError: The gateway refused to tell, or answered oddly.
            ConnectionFailed: No answer came.
        """
        if self.dialect.batch > 1:
            with contextlib.suppress(
                UnknownTask
            ):  # one answer may not hold them all: believe it only of a task alone
                return await self._together.ask(task_id)
        async with self._reads, self.throttle:
            reply = await self._reply(self.dialect.status(task_id), f" about task {task_id}")
        return self._answer(reply)

    async def search(self, lost: Lost) -> list[str]:
        """Ask for the tasks that a submission without a clear answer has made, the oldest first; raises like `ask`.

        Raises:
            GatewayUnavailable: There are too many tasks to look through.
        """
        found: list[str] = []
        for _ in range(_PAGES):
            call = self.dialect.search(lost)
            if call is None:
                return []
            async with self._reads, self.throttle:
                reply = await self._reply(call, " about its tasks")
            page = self.dialect.read_search(reply, lost)
            found = [*page.ids, *found]  # pages go back in time
            if not page.skip:
                return list(dict.fromkeys(found))
            lost = replace(lost, skip=page.skip)
        raise GatewayUnavailable(f"{self.dialect.title} lists more than {lost.skip} tasks since then")

    async def _ask_together(self, task_ids: list[str]) -> dict[str, Answer | GatewayError]:
        """Ask after several tasks in one request."""
        async with self._reads, self.throttle:
            reply = await self._reply(self.dialect.status_of(task_ids), f" about {len(task_ids)} tasks")
        try:
            found = self.dialect.read_statuses(reply)
        except RateLimited as error:
            self.throttle.slow_down(error.retry_after)
            raise
        return {task_id: self._item(task_id, found.get(task_id), reply.status) for task_id in task_ids}

    def _item(self, task_id: str, item: Any, status: int) -> Answer | GatewayError:
        if item is None:
            return UnknownTask(f"{self.dialect.title} does not know task {task_id}.", status=404)
        try:
            return self._answer(Reply(status, item))
        except GatewayError as error:
            return error

    def _answer(self, reply: Reply) -> Answer:
        try:
            status = self.dialect.read_status(reply)
        except RateLimited as error:
            self.throttle.slow_down(error.retry_after)
            raise
        self.throttle.speed_up()
        return Answer(_within_reason(status), reply.json)

    async def _reply(self, call: Call, about: str = "") -> Reply:
        """Make a request that costs nothing; raises `ConnectionFailed` or `MalformedReply`."""
        try:
            reply = await self._send(self._reader, call)
        except httpx.RequestError as error:
            raise ConnectionFailed(f"{host_name(self.base_url)} did not answer ({kind(error)})") from error
        except TooLong as error:
            raise MalformedReply(f"{self.dialect.title}'s answer{about} is too long") from error
        if reply.date is not None and self.clock.scale == 1:  # a simulator's time runs away from any date
            self.ahead_s = reply.date - self.clock.epoch()
        return reply

    async def watch(
        self, task_id: str, rhythm: Rhythm, *, age: float = 0.0, hint: Hint | None = None
    ) -> AsyncIterator[Answer]:
        """Yield every answer about a task until it has finished.

        Args:
            task_id: The gateway's id.
            rhythm: When to ask; `rhythm.timeout` gateway seconds of waiting are enough.
            age: How long ago it was submitted, in gateway seconds.
            hint: Given when it is worth asking at once; where one is due, it is asked seldom without it.

        Raises:
            TaskTimeout: Still running; carries the id, so that it can be taken up again.
            GatewayError: The gateway does not know it, or does not let us ask.
        """
        started = self.clock.now()
        async for reply in self._tails.rest_of(task_id, rhythm.timeout / self.clock.scale):
            with contextlib.suppress(
                GatewayError
            ):  # an odd line is no news; what matters is asked for below
                answer = self._answer(reply)
                if answer.status.state.is_finished:
                    yield await self._timed(task_id, answer)
                    return
                yield answer
        odd, pace = 0, Pace(self.clock, rhythm, age, hint)
        while True:
            left = rhythm.timeout - (self.clock.now() - started)
            if left <= 0:
                raise _timeout(task_id, rhythm.timeout)
            await pace.pause(left)
            left = rhythm.timeout - (self.clock.now() - started)
            try:
                async with asyncio.timeout(
                    max(left, rhythm.every) / self.clock.scale
                ):  # it may never answer
                    answer = await self.ask(task_id)
            except TimeoutError:
                continue
            except (ConnectionFailed, GatewayError) as error:
                odd += 1
                if self._gives_up(error, odd, self.clock.now() - started + age):
                    raise
                pace.failed()
                continue
            odd = 0
            pace.answered()
            yield answer
            if answer.status.state.is_finished:
                return

    async def _timed(self, task_id: str, last: Answer) -> Answer:
        """Ask once for the times of a finished task, which a stream's last line does not tell; without an answer it will do."""
        if last.status.completed is None:
            with contextlib.suppress(ConnectionFailed, GatewayError):
                asked = await self.ask(task_id)
                return asked if asked.status.state is last.status.state else last
        return last

    @staticmethod
    def _gives_up(error: Exception, odd: int, age: float) -> bool:
        """Decide whether reading on makes sense: not with a wrong key, nor after too many odd answers."""
        if isinstance(error, UnknownTask):
            return odd >= _ODD_ANSWERS and age > _UNKNOWN_GRACE_S
        if isinstance(error, MalformedReply):
            return odd >= _ODD_ANSWERS
        return not isinstance(error, ConnectionFailed | RateLimited | GatewayUnavailable)

    async def fetch(self, url: str) -> bytes:
        """Fetch one picture; the key does not travel. Raises `PictureExpired` or `PictureBroken`."""
        return await self._fetcher.fetch(url)

    async def _send(self, http: httpx.AsyncClient, call: Call) -> Reply:
        """Make one request with the key and read its bounded answer."""
        return await read_reply(http, self._request(http, call), self._key, self.clock.patience)

    def _request(self, http: httpx.AsyncClient, call: Call) -> httpx.Request:
        body: dict[str, Any] = {"files": dict(call.files)} if call.files else {"json": call.body}
        return http.build_request(
            call.method,
            self.base_url + call.path,
            params=call.query or None,
            headers={"Accept": "application/json", **call.headers},
            **body,
        )


def _within_reason(status: Status) -> Status:
    """Cut off what no task has: hundreds of pictures, and reasons as long as books."""
    if len(status.urls) <= _MOST_URLS and len(status.fail_msg) + len(status.fail_code) <= _LONGEST_REASON:
        return status
    code, message = _cut(status.fail_code, 100), _cut(status.fail_msg, _LONGEST_REASON)
    return replace(status, urls=status.urls[:_MOST_URLS], fail_code=code, fail_msg=message)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _unreached(base_url: str, error: Exception) -> ConnectionFailed:
    return ConnectionFailed(
        f"{host_name(base_url)} could not be reached ({kind(error)}). Nothing arrived there and nothing was charged; "
        "check the network, then run the same again."
    )


def _unknown(what: str, answered: Any = None) -> UnknownOutcome:
    return UnknownOutcome(
        f"Unknown outcome: {what}. A task may have been created and charged.", answered=answered
    )


def _timeout(task_id: str, timeout: float) -> TaskTimeout:
    return TaskTimeout(
        f"Task {task_id} was still running after {timeout:g} s. It goes on at the gateway and is in the ledger: "
        f'`await mj.wait(mj.task("{task_id}"))` takes it up again, and costs nothing.',
        task_id=task_id,
    )
