"""Fetching pictures: from addresses that may be asked, through few redirects, within bounds, never with the key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from mjnb.client.wire import TooLong, bounded, kind
from mjnb.errors import PictureBroken, PictureExpired
from mjnb.hosts import host_name, is_loopback, is_private
from mjnb.polling import backoff

if TYPE_CHECKING:
    from mjnb.polling import Clock

__all__ = ["MAX_PICTURE", "Fetcher"]

MAX_PICTURE = 50 * 2**20
_TRIES = 4
_HOPS = 3


class Fetcher:
    """Fetches pictures.

    Args:
        home: The gateway's origin; pictures may lie in its own private network, and in no other.
        http: A client without a key.
        clock: Gateway seconds.
        at_once: How many pictures at once.
    """

    def __init__(self, home: str, http: httpx.AsyncClient, clock: Clock, *, at_once: int) -> None:
        self._home, self._is_near = urlsplit(home).hostname or "", is_loopback(home)
        self._http, self._clock = http, clock
        self._turns = asyncio.Semaphore(at_once)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def fetch(self, url: str) -> bytes:
        """Fetch one picture.

        Raises:
            PictureExpired: The URL is no longer valid (403, 404, 410).
            PictureBroken: Not an address to fetch from, too large, or no answer after some tries.
        """
        waits = backoff()
        for attempt in range(_TRIES):
            if attempt:
                await self._clock.sleep(next(waits))
            try:
                async with self._turns:
                    return await self._follow(url)
            except TooLong as error:
                raise PictureBroken(f"{host_name(url)}: {error}", url=url) from error
            except httpx.RequestError as error:
                broken = PictureBroken(
                    f"{host_name(url)} did not deliver the picture ({kind(error)})", url=url
                )
        raise broken

    async def _follow(self, url: str) -> bytes:
        """Fetch through a few redirects; each address is checked, and no connection waits for another one."""
        at = url
        for _ in range(_HOPS + 1):
            found = await self._once(at)
            if isinstance(found, bytes):
                return found
            at = str(found)
        raise PictureBroken("a picture's URL redirects without end", url=url)

    async def _once(self, url: str) -> bytes | httpx.URL:
        """Return the picture, or the address that we are sent on to."""
        self._check(url)
        async with self._http.stream("GET", url) as response:
            if response.next_request is not None:
                return response.next_request.url
            if response.status_code in {403, 404, 410}:
                raise PictureExpired(
                    f"{host_name(url)} no longer has this picture ({response.status_code})", url=url
                )
            if response.status_code != httpx.codes.OK:
                raise httpx.RemoteProtocolError(f"status {response.status_code}")
            return await bounded(response, MAX_PICTURE)

    def _check(self, url: str) -> None:
        """Fetch over https only, and from a private network only if the gateway is there itself."""
        try:
            urlsplit(url)  # is stricter than httpx
            parts = urlsplit(str(httpx.URL(url)))  # but this is what would be asked
        except (httpx.InvalidURL, ValueError) as error:
            raise PictureBroken(f"a picture's URL is none ({error})", url=url) from error
        host = parts.hostname or ""
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.geturl())):
            raise PictureBroken("a picture's URL must be https", url=url)
        if is_private(host) and host != self._home and not (self._is_near and is_loopback(parts.geturl())):
            raise PictureBroken(f"a picture's URL points into a private network ({host})", url=url)
