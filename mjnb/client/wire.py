"""The HTTP of it: clients of our own making, and answers read within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email.utils
import json
import ssl
import zlib
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import httpx

from mjnb.gateways.base import Reply
from mjnb.gateways.reading import parsed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from pydantic import SecretStr

__all__ = [
    "NEVER_ARRIVED", "TooLong", "Untrusted", "authorized", "bounded", "http_client", "in_time", "kind", "pieces", "read_reply",
    "reply_of", "retry_after", "without_key",
]  # fmt: skip

_T = TypeVar("_T")

NEVER_ARRIVED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)
"""What befalls a request before any of it has left."""

_MAX_REPLY = 4 * 2**20
_LONGEST_PAUSE_S = 3600.0  # however much longer `Retry-After` would have us wait before we ask again
_LONGEST_CHAIN = 20  # of causes
_ECHO = 8  # a key at least so long is struck out of answers that repeat it
_TIMEOUT = httpx.Timeout(connect=10, read=60, write=30, pool=None)

_PATIENT = httpx.Timeout(connect=10, read=600, write=30, pool=None)
_PIECE = 2**16
_PLAIN = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "x-gzip"})


class TooLong(Exception):
    """More came than any gateway documents."""


class Untrusted(httpx.ConnectError):
    """Nobody vouches for the server's certificate; nothing was sent."""


def http_client(
    transport: httpx.AsyncBaseTransport | None,
    trust: bool,
    *,
    connections: int,
    keep: int,
    patient: bool = False,
) -> httpx.AsyncClient:
    """Make a client with so many connections at most, `keep` of them kept for the next request.

    Args:
        transport: Instead of the network.
        trust: Whether proxies and certificates of the environment count.
        connections: How many at once.
        keep: How many stay open.
        patient: Whether an answer may pause for minutes.
    """
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=keep, keepalive_expiry=4)
    return httpx.AsyncClient(
        transport=transport,
        verify=_certificates(trust),
        limits=limits,
        timeout=_PATIENT if patient else _TIMEOUT,
        trust_env=trust,
        headers={"User-Agent": "mjnb", "Accept-Encoding": "gzip"},
    )


@cache
def _certificates(trust: bool) -> ssl.SSLContext:
    """Load the certificates once: that takes 20 ms, and each session has three clients."""
    return httpx.create_ssl_context(trust_env=trust)


async def read_reply(
    http: httpx.AsyncClient, request: httpx.Request, key: SecretStr, patience: float
) -> Reply:
    """Send a request with the key and read its answer.

    The key is in no variable, which a traceback might show, and is struck out of an answer that repeats it, since
    answers are shown and written down.

    Args:
        http: The client.
        request: The request.
        key: The bearer token.
        patience: Real seconds that all of it may take, however steadily it trickles.

    Raises:
        TooLong: More than 4 MB came.
        httpx.RequestError: It could not be sent, or not be answered.
    """
    return await in_time(_exchange(http, request, key), patience)


async def _exchange(http: httpx.AsyncClient, request: httpx.Request, key: SecretStr) -> Reply:
    response = await http.send(authorized(request, key), stream=True)
    try:
        content = await bounded(response, _MAX_REPLY)
    finally:
        await response.aclose()
    return reply_of(response, content, key)


async def in_time(work: Awaitable[_T], patience: float) -> _T:
    """Await what goes over the network for so many real seconds, and raise what goes wrong there without its traceback.

    The frames of a traceback hold what was written to the socket, the key included.

    Raises:
        httpx.RequestError: The same without its frames; a `ReadTimeout` when the time is over.
    """
    try:
        async with asyncio.timeout(patience):
            return await work
    except TimeoutError:
        failed: httpx.RequestError = httpx.ReadTimeout(f"no whole answer within {patience:g} s")
    except httpx.RequestError as error:
        failed = _bare(error)
    raise failed


def _bare(error: httpx.RequestError) -> httpx.RequestError:
    """Return an error of the same kind that knows no frame and no request."""
    causes: list[BaseException] = [error]
    while len(causes) < _LONGEST_CHAIN and (cause := causes[-1].__cause__ or causes[-1].__context__):
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Untrusted(cause.verify_message or "not valid")
    return type(error)(str(error))


def reply_of(response: httpx.Response, content: bytes, key: SecretStr) -> Reply:
    """Read an answer whose body has come, without the key."""
    text = without_key(content.decode("utf-8", "replace"), key)
    pause = retry_after(response.headers.get("retry-after"))
    when = _moment(response.headers.get("date", ""))
    date = None if when is None else when.timestamp()
    return Reply(response.status_code, parsed(text), text, pause, date)


def authorized(request: httpx.Request, key: SecretStr) -> httpx.Request:
    """Put the key into a request's header."""
    request.headers["Authorization"] = f"Bearer {key.get_secret_value()}"
    return request


def without_key(text: str, key: SecretStr) -> str:
    """Strike the key out of an answer that repeats it, written with the escapes of JSON too."""
    if len(key) < _ECHO:
        return text
    if "\\" in text:  # one of its letters may be spelled \\u002d
        with contextlib.suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), ensure_ascii=False)
    return text.replace(key.get_secret_value(), "[key]")


async def bounded(response: httpx.Response, limit: int) -> bytes:
    """Read a body of at most `limit` bytes, whatever its headers claim. Raises `TooLong`."""
    found, size = [], 0
    async for piece in pieces(response):
        size += len(piece)
        if size > limit:
            raise TooLong(f"more than {limit / 1e6:.3g} MB came")
        found.append(piece)
    return b"".join(found)


async def pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield a body as it comes, unpacked, in pieces that stay small however tightly they were packed.

    Raises:
        httpx.DecodingError: It is packed in a way that we did not ask for, or wrongly.
    """
    packing = response.headers.get("content-encoding", "").strip().lower()
    if response.is_stream_consumed:  # a transport of the user's own has it all in memory
        yield response.content
    elif packing in _PLAIN:
        async for chunk in response.aiter_raw():
            yield chunk
    elif packing in _PACKED:
        async for piece in _unpacked(response):
            yield piece
    else:
        raise httpx.DecodingError("packed in a way that was not asked for")


async def _unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for chunk in response.aiter_raw():
        rest = chunk
        while rest and not unpacker.eof:
            try:
                piece = unpacker.decompress(rest, _PIECE)
            except zlib.error as error:
                raise httpx.DecodingError("no gzip") from error
            rest = unpacker.unconsumed_tail
            yield piece
            await asyncio.sleep(0)  # a little may stand for much, and others have their turn between
    while not unpacker.eof and (piece := unpacker.decompress(unpacker.unconsumed_tail, _PIECE)):
        yield piece
    if not unpacker.eof:
        raise httpx.DecodingError("the gzip is cut short")


def kind(error: Exception) -> str:
    """Name an error for a message; its own text may hold an address."""
    return f"its certificate is wrong: {error}" if isinstance(error, Untrusted) else type(error).__name__


def retry_after(value: str | None) -> float | None:
    """Read `Retry-After`, which is seconds or an HTTP date."""
    if value is None:
        return None
    if (seconds := value.strip()).isdecimal():
        return min(float(seconds), _LONGEST_PAUSE_S)
    when = _moment(value)
    if when is None:
        return None
    return min(max(0.0, (when - dt.datetime.now(dt.UTC)).total_seconds()), _LONGEST_PAUSE_S)


def _moment(value: str) -> dt.datetime | None:
    """Read an HTTP date."""
    try:
        when = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):  # the last: a year of twenty digits
        return None
    return when if when.tzinfo else when.replace(tzinfo=dt.UTC)  # "-0000" says that the zone is not known
