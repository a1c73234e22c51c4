"""Answers that go on: a submission whose progress comes line by line over the connection that sent it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from mjnb.client.wire import TooLong, authorized, bounded, in_time, pieces, reply_of
from mjnb.gateways.base import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import SecretStr

__all__ = ["Tail", "Tails"]

_MAX_LINE = 2**20
_MAX_STREAM = 2**24


class Tails:
    """The streams that are open: begun by a submission, read on by whoever watches the task.

    Args:
        http: Its connections are for streams alone, so that none of them keeps a submission waiting.
        most: How many at once.
    """

    def __init__(self, http: httpx.AsyncClient, most: int) -> None:
        self._http, self._most = http, most
        self._tails: dict[str, Tail] = {}
        self._open = 0

    @property
    def have_room(self) -> bool:
        """Whether one more may begin."""
        return self._open < self._most or bool(self._tails)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def begin(self, request: httpx.Request, key: SecretStr, patience: float) -> Tail:
        """Send a request, and wait for the first line of its answer, at most so many real seconds.

        Raises:
            TooLong: The line is longer than any gateway documents.
            httpx.RequestError: It could not be sent, or the answer broke off before its first line.
        """
        if self._open >= self._most:  # one that nobody has come for makes room; its task can be asked after
            await self.drop(self._tails.pop(next(iter(self._tails))))
        self._open += 1
        try:
            return await in_time(self._begin(request, key), patience)
        except BaseException:
            self._open -= 1
            raise

    async def _begin(self, request: httpx.Request, key: SecretStr) -> Tail:
        tail = Tail(await self._http.send(authorized(request, key), stream=True), key)
        try:
            await tail.start()
        except BaseException:
            await tail.aclose()
            raise
        return tail

    def keep(self, task_id: str, tail: Tail) -> None:
        """Keep what is still to come of a stream, by its task."""
        self._tails[task_id] = tail

    async def drop(self, tail: Tail) -> None:
        """Close a stream that nobody will read on."""
        self._open -= 1
        await tail.aclose()

    async def rest_of(self, task_id: str, patience: float) -> AsyncIterator[Reply]:
        """Yield what is still to come of a task's stream; nothing if it has none, no more once it breaks or is silent too long.

        Args:
            task_id: The task that it began with.
            patience: Real seconds for all of it.
        """
        tail = self._tails.pop(task_id, None)
        if tail is None:
            return
        ends, lines = asyncio.get_running_loop().time() + patience, tail.lines()
        try:
            while True:
                try:
                    async with asyncio.timeout_at(ends):
                        reply = await anext(lines)
                except (StopAsyncIteration, TimeoutError, httpx.HTTPError, TooLong):
                    return
                yield reply
        finally:
            await self.drop(tail)


class Tail:
    """One open stream; `first` is its first line, or all of an answer that is a refusal."""

    def __init__(self, response: httpx.Response, key: SecretStr) -> None:
        self._response, self._key = response, key
        self._lines = _lines(response)
        self.first = Reply(response.status_code, None)

    async def start(self) -> None:
        """Read the first line."""
        if self._response.is_error:
            self.first = self._reply(await bounded(self._response, _MAX_LINE))
            return
        async for line in self._lines:
            self.first = self._reply(line)
            return

    async def lines(self) -> AsyncIterator[Reply]:
        """Yield every line, the first one again."""
        yield self.first
        async for line in self._lines:
            yield self._reply(line)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._response.aclose()

    def _reply(self, line: bytes) -> Reply:
        return reply_of(self._response, line, self._key)


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """Cut an answer into its lines that are not blank, within bounds."""
    rest, size = bytearray(), 0
    async for piece in pieces(response):
        size += len(piece)
        head, *more = piece.split(b"\n")
        rest += head
        if more:
            for line in filter(bytes.strip, (bytes(rest), *more[:-1])):
                yield line.strip()
                await asyncio.sleep(0)  # thousands of them may come at once
            rest = bytearray(more[-1])
        if len(rest) > _MAX_LINE or size > _MAX_STREAM:
            raise TooLong("more than a stream may hold came")
    if line := bytes(rest).strip():
        yield line
