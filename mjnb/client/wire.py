"""The HTTP of it: clients of our own making, and answers read within bounds."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx

from mjnb.gateways.base import Reply

if TYPE_CHECKING:
    import ssl

    from pydantic import SecretStr

__all__ = [
    "NEVER_ARRIVED", "TooLong", "authorized", "bounded", "http_client", "kind", "parsed", "read_reply", "retry_after",
    "without_key",
]  # fmt: skip

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
_ECHO = 8  # a key at least so long is struck out of answers that repeat it
_TIMEOUT = httpx.Timeout(connect=10, read=60, write=30, pool=None)

_PATIENT = httpx.Timeout(connect=10, read=600, write=30, pool=None)


class TooLong(Exception):
    """More came than any gateway documents."""


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
        headers={"User-Agent": "mjnb"},
    )


@cache
def _certificates(trust: bool) -> ssl.SSLContext:
    """Load the certificates once: that takes 20 ms, and each session has three clients."""
    return httpx.create_ssl_context(trust_env=trust)


async def read_reply(http: httpx.AsyncClient, request: httpx.Request, key: SecretStr) -> Reply:
    """Send a request with the key and read its answer.

    The key is in no variable, which a traceback might show, and is struck out of an answer that repeats it, since
    answers are shown and written down.

    Args:
        http: The client.
        request: The request.
        key: The bearer token.

    Raises:
        TooLong: More than 4 MB came.
        httpx.RequestError: It could not be sent, or not be answered.
    """
    response = await http.send(authorized(request, key), stream=True)
    try:
        content = await bounded(response, _MAX_REPLY)
    finally:
        await response.aclose()
    text = without_key(content.decode("utf-8", "replace"), key)
    pause = retry_after(response.headers.get("retry-after"))
    return Reply(response.status_code, parsed(text), text, pause)


def authorized(request: httpx.Request, key: SecretStr) -> httpx.Request:
    """Put the key into a request's header."""
    request.headers["Authorization"] = f"Bearer {key.get_secret_value()}"
    return request


def without_key(text: str, key: SecretStr) -> str:
    """Strike the key out of an answer that repeats it."""
    return text.replace(key.get_secret_value(), "[key]") if len(key) >= _ECHO else text


async def bounded(response: httpx.Response, limit: int) -> bytes:
    """Read a body of at most `limit` bytes, whatever its headers claim. Raises `TooLong`."""
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit:
            raise TooLong(f"more than {limit >> 20} MB came")
        chunks.append(chunk)
    return b"".join(chunks)


def kind(error: Exception) -> str:
    """Name an error for a message; its own text may hold an address."""
    return type(error).__name__


def parsed(text: str) -> Any:
    """Read JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def retry_after(value: str | None) -> float | None:
    """Read `Retry-After`, which is seconds or an HTTP date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), _LONGEST_PAUSE_S)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:  # "-0000" says that the zone is not known
        when = when.replace(tzinfo=dt.UTC)
    return min(max(0.0, (when - dt.datetime.now(dt.UTC)).total_seconds()), _LONGEST_PAUSE_S)
