"""Fetching pictures: from addresses that may be asked, through few redirects, within bounds, never with the key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from mjnb.client.expiry import has_expired
from mjnb.client.names import is_inside
from mjnb.client.wire import TooLong, Untrusted, bounded, in_time, kind
from mjnb.errors import PictureBroken, PictureExpired, PictureTooLarge
from mjnb.hosts import host_name, is_address, is_loopback, is_private
from mjnb.polling import backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mjnb.client.names import Names
    from mjnb.polling import Clock

__all__ = ["MAX_PICTURE", "Fetcher"]

MAX_PICTURE = 50_000_000  # bytes
_TRIES = 4
_HOPS = 3
_GONE = frozenset({401, 403, 404, 410})
_DIGITS = 18  # of a length that could be true
_REASON = 65_536  # bytes of a refusal's text, at most
_AS_IT_IS = {
    "Accept": "image/*, video/*",
    "Accept-Encoding": "identity",
}  # so that its length is that of the file


class Fetcher:
    """Fetches pictures.

    Args:
        home: The gateway's origin; pictures may lie in its own private network, and in no other.
        http: A client without a key.
        clock: Gateway seconds.
        at_once: How many pictures at once.
        most: Bytes of one picture, at most.
        names: Tells where names lead, so that none leads into a private network; closed with this. None where names are not this
            machine's to look up. Where one leads may change between that and the fetching, and then only its certificate helps.
    """

    def __init__(
        self,
        home: str,
        http: httpx.AsyncClient,
        clock: Clock,
        *,
        at_once: int,
        most: int = MAX_PICTURE,
        names: Names | None = None,
    ) -> None:
        self._names = names
        self._home, self._is_near = urlsplit(home).hostname or "", is_loopback(home)
        self._http, self._clock, self._most = http, clock, most
        self._turns = asyncio.Semaphore(at_once)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._names is not None:
            self._names.close()
        await self._http.aclose()

    async def fetch(self, url: str) -> bytes:
        """Fetch one picture.

        Raises:
            PictureExpired: The URL is no longer valid (401, 403, 404, 410, or a refusal after the end that it names itself).
            PictureTooLarge: It has more bytes than is allowed.
            PictureBroken: Not an address to fetch from, or no whole answer after some tries.
        """
        waits = backoff()
        for attempt in range(_TRIES):
            if attempt:
                await self._clock.sleep(next(waits))
            try:
                async with self._turns:
                    return await self._follow(url)
            except TooLong as error:
                hint = "; `Session(max_picture_mb=…)` sets how much may"
                raise PictureTooLarge(f"{host_name(url)}: {error}{hint}", url=url) from error
            except httpx.RequestError as error:
                broken = PictureBroken(
                    f"{host_name(url)} did not deliver the picture ({kind(error)})", url=url
                )
        raise broken

    async def _follow(self, url: str) -> bytes:
        """Fetch through a few redirects; each address is checked, and no connection waits for another one."""
        at = url
        for _ in range(_HOPS + 1):
            try:
                found = await in_time(self._once(at), self._clock.patience)
            except Untrusted as error:  # it will not be another one in a second
                raise PictureBroken(
                    f"{host_name(at)} was not asked for the picture: {kind(error)}", url=url
                ) from error
            if isinstance(found, bytes):
                return found
            at = str(found)
        raise PictureBroken("a picture's URL redirects without end", url=url)

    async def _once(self, url: str) -> bytes | httpx.URL:
        """Return the picture, or the address that we are sent on to."""
        await self._check_name(self._check(url), url)
        async with self._http.stream("GET", url, headers=_AS_IT_IS) as response:
            if response.next_request is not None:
                return response.next_request.url
            if response.status_code == httpx.codes.OK:
                return await self._whole(response)
            raise await self._refusal(response, url)

    async def _whole(self, response: httpx.Response) -> bytes:
        """Read a picture of bearable size, and all of it."""
        promised = response.headers.get("content-length", "")
        if promised.isdecimal() and (len(promised) > _DIGITS or int(promised) > self._most):
            raise TooLong(f"more than {self._most / 1e6:g} MB would come")
        data = await bounded(response, self._most)
        is_packed = response.headers.get("content-encoding", "identity") != "identity"
        if promised.isdecimal() and not is_packed and len(data) != int(promised):
            raise httpx.RemoteProtocolError("it came cut short")
        return data

    async def _refusal(self, response: httpx.Response, url: str) -> PictureExpired | httpx.RequestError:
        """Tell a URL whose time is over from a server in trouble."""
        status = response.status_code
        if status in _GONE or (status == httpx.codes.BAD_REQUEST and await self._is_over(response, url)):
            return PictureExpired(f"{host_name(url)} no longer has this picture ({status})", url=url)
        return httpx.RemoteProtocolError(f"status {status}")

    async def _is_over(self, response: httpx.Response, url: str) -> bool:
        """Tell whether a 400 is about time: file stores say `ExpiredToken` that way, and signed URLs name their end."""
        if has_expired(url, self._clock.epoch()):
            return True
        try:
            return b"expired" in (await bounded(response, _REASON)).lower()
        except TooLong:
            return False

    async def _check_name(self, host: str, url: str) -> None:
        """Refuse a name that leads into a private network, unless the gateway's does: it is there too, or every name seems to be."""
        if (
            host == self._home
            or is_address(host)
            or is_loopback(url)
            or not await self._leads_inside(host, all)
        ):
            return
        if self._is_near or is_address(self._home) or not await self._leads_inside(self._home, any):
            raise PictureBroken(f"a picture's URL points into a private network ({host})", url=url)

    async def _leads_inside(self, host: str, enough: Callable[[Iterable[bool]], bool]) -> bool:
        """Tell whether enough addresses of a name (all, any) are in a private network."""
        try:
            found = await self._names.addresses(host) if self._names is not None else ()
        except OSError as error:
            raise httpx.ConnectError("its name could not be looked up") from error
        return bool(found) and enough(map(is_inside, found))

    def _check(self, url: str) -> str:
        """Fetch over https only, and from a private network only if the gateway is there itself; return the host."""
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
        return host
