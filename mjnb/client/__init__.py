"""One gateway over HTTP: submit, ask, watch, fetch. Knows no ledger and no pictures, only bytes.

A submission is repeated by itself only when nothing can have arrived (no connection) or the gateway's documents say it
refused (429, 503). Everything else that is not an answer is an `UnknownOutcome`, since a task may have been created
and charged. Reading is repeated freely.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from mjnb.client.files import Fetcher
from mjnb.client.wire import NEVER_ARRIVED, TooLong, http_client, kind, read_reply
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
from mjnb.gateways.base import Limits
from mjnb.hosts import host_name, is_loopback
from mjnb.polling import SHARE, Throttle, backoff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pydantic import SecretStr

    from mjnb.gateways.base import Call, Dialect, Envelope, Reply, Rhythm, Status
    from mjnb.modes import Request
    from mjnb.polling import Clock

__all__ = ["SOCKETS", "Answer", "Client", "Submitted", "Transport"]

Transport = httpx.AsyncBaseTransport
"""What carries requests instead of the network, in tests and in Pyodide."""

SOCKETS = 64
_SUBMIT_SOCKETS = 8
_READ_SOCKETS = 40
_FILE_SOCKETS = SOCKETS - _SUBMIT_SOCKETS - _READ_SOCKETS
_ODD_ANSWERS = 5  # in a row, before a task's status is given up on
_UNKNOWN_GRACE_S = 30.0  # a task may be a moment late in the gateway's own index


@dataclass(frozen=True, slots=True)
class Submitted:
    """A task was created: its id, and what was sent and answered (without the key)."""

    task_id: str
    sent: Mapping[str, Any]
    answered: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about a task, and its raw JSON."""

    status: Status
    raw: Any


class Client:
    """An async client of one gateway with one key. Lives on one event loop.

    Args:
        dialect: How the gateway speaks.
        base_url: The origin that its paths hang from.
        api_key: Sent as a bearer token to that origin alone.
        clock: Gateway seconds.
        transport: For tests and Pyodide; None is the network.
        limits: Requests a minute and tasks at once; None takes what the gateway documents, nine tenths of the tasks.
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
        fetching = http_client(transport, trust, connections=_FILE_SOCKETS, keep=_FILE_SOCKETS)
        self._fetcher = Fetcher(self.base_url, fetching, clock, at_once=_FILE_SOCKETS)
        self.accepted_at = clock.now()

    def __repr__(self) -> str:
        """Show where it speaks to, never the key."""
        return f"<Client of {self.dialect.title} at {self.base_url}>"

    async def aclose(self) -> None:
        """Close every connection."""
        await asyncio.gather(self._poster.aclose(), self._reader.aclose(), self._fetcher.aclose())

    # -- submitting ----------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more submission may leave."""
        async with self._submits, self.throttle:
            yield

    async def post(self, request: Request, envelope: Envelope) -> Submitted:
        """Send one request once, inside a `turn`.

        Raises:
            InvalidRequest: Refused by the dialect; nothing was sent.
            ConnectionFailed: Nothing arrived; it may be sent again.
            GatewayError: The gateway refused; no task exists.
            UnknownOutcome: It was sent and no clear answer came; it must not be sent again.
        """
        call = self.dialect.submit(request, envelope)
        try:
            reply = await self._send(self._poster, call)
        except NEVER_ARRIVED as error:
            raise _unreached(self.base_url, error) from error
        except httpx.LocalProtocolError as error:
            raise ConnectionFailed(
                f"The request could not be written ({error}). Nothing was sent."
            ) from error
        except (httpx.RequestError, TooLong) as error:
            raise _unknown(
                f"the connection to {host_name(self.base_url)} broke after sending ({kind(error)})"
            ) from error
        return Submitted(self._read_submit(reply), dict(call.body or {}), reply.json)

    def _read_submit(self, reply: Reply) -> str:
        """Read the answer; one that neither names a task nor clearly refuses leaves the outcome unknown."""
        try:
            task_id = self.dialect.read_submit(reply)
        except (MalformedReply, GatewayUnavailable) as error:
            if reply.status == httpx.codes.SERVICE_UNAVAILABLE:
                raise
            raise _unknown(
                f"{self.dialect.title} answered {reply.status} without saying whether it took the task"
            ) from error
        except UnknownTask as error:  # a 404 where a task was to be made: the path is not there
            hint = f"Is base_url the gateway's origin ({self.dialect.base_url}), without a path of its own?"
            raise RequestRefused(f"{error} {hint}", status=error.status, code=error.code) from error
        self.throttle.speed_up()
        self.accepted_at = self.clock.now()
        return task_id

    # -- asking --------------------------------------------------------------------------------------------------

    async def ask(self, task_id: str) -> Answer:
        """Ask once after a task.

        Raises:
            GatewayError: The gateway refused to tell, or answered oddly.
            ConnectionFailed: No answer came.
        """
        async with self._reads, self.throttle:
            try:
                reply = await self._send(self._reader, self.dialect.status(task_id))
            except httpx.RequestError as error:
                raise ConnectionFailed(
                    f"{host_name(self.base_url)} did not answer ({kind(error)})"
                ) from error
            except TooLong as error:
                raise MalformedReply(
                    f"{self.dialect.title}'s answer about task {task_id} is too long"
                ) from error
        try:
            status = self.dialect.read_status(reply)
        except RateLimited as error:
            self.throttle.slow_down(error.retry_after)
            raise
        self.throttle.speed_up()
        return Answer(status, reply.json)

    async def watch(self, task_id: str, rhythm: Rhythm, *, age: float = 0.0) -> AsyncIterator[Answer]:
        """Yield every answer about a task until it has finished.

        Args:
            task_id: The gateway's id.
            rhythm: When to ask; `rhythm.timeout` gateway seconds of waiting are enough.
            age: How long ago it was submitted, in gateway seconds.

        Raises:
            TaskTimeout: Still running; carries the id, so that it can be taken up again.
            GatewayError: The gateway does not know it, or does not let us ask.
        """
        started = self.clock.now()
        odd, wait, waits = 0, max(0.0, rhythm.first - age), backoff(rhythm.every)
        while True:
            left = rhythm.timeout - (self.clock.now() - started)
            if left <= 0:
                raise _timeout(task_id, rhythm.timeout)
            await self.clock.sleep(min(wait, left))
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
                wait = next(waits)
                continue
            odd, wait, waits = 0, rhythm.every, backoff(rhythm.every)
            yield answer
            if answer.status.state.is_finished:
                return

    @staticmethod
    def _gives_up(error: Exception, odd: int, age: float) -> bool:
        """Decide whether reading on makes sense: not with a wrong key, nor after too many odd answers."""
        if isinstance(error, UnknownTask):
            return age > _UNKNOWN_GRACE_S or odd > _ODD_ANSWERS
        if isinstance(error, MalformedReply):
            return odd >= _ODD_ANSWERS
        return not isinstance(error, ConnectionFailed | RateLimited | GatewayUnavailable)

    async def fetch(self, url: str) -> bytes:
        """Fetch one picture; the key does not travel. Raises `PictureExpired` or `PictureBroken`."""
        return await self._fetcher.fetch(url)

    async def _send(self, http: httpx.AsyncClient, call: Call) -> Reply:
        """Make one request with the key and read its bounded answer."""
        request = http.build_request(
            call.method,
            self.base_url + call.path,
            params=call.query or None,
            json=call.body,
            headers={"Accept": "application/json"},
        )
        return await read_reply(http, request, self._key)


def _unreached(base_url: str, error: Exception) -> ConnectionFailed:
    return ConnectionFailed(
        f"{host_name(base_url)} could not be reached ({kind(error)}). Nothing arrived there and nothing was charged; "
        "check the network, then run the same again."
    )


def _unknown(what: str) -> UnknownOutcome:
    return UnknownOutcome(
        f"Unknown outcome: {what}. A task may have been created and charged, so it is not sent again by itself; "
        "the ledger keeps it as unknown. Look at the gateway's own task list before asking for it anew."
    )


def _timeout(task_id: str, timeout: float) -> TaskTimeout:
    return TaskTimeout(
        f"Task {task_id} was still running after {timeout:g} s. It goes on at the gateway and is in the ledger: "
        f'`await mj.wait(mj.task("{task_id}"))` takes it up again, and costs nothing.',
        task_id=task_id,
    )
