"""Where names lead, before they are asked for a picture."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING
from urllib.request import getproxies

from mjnb.hosts import is_private

if TYPE_CHECKING:
    import httpx

__all__ = ["Ask", "Names", "addresses_of", "is_inside", "looking_up"]

Ask = Callable[[str], Sequence[str]]
"""Gives every address of a name, however long that takes; raises `OSError` if there is none."""

_AT_ONCE = 2
_STAND_INS = (ipaddress.ip_network("198.18.0.0/15"), ipaddress.ip_network("64:ff9b:1::/48"))


class Names:
    """Looks names up on threads of its own: a resolver that hangs holds up nothing but the pictures.

    A name is asked for once at a time, and its answer is good for a while. Lives on one event loop.

    Args:
        ask: Instead of the system.
        only: `NO_PROXY`'s rules, where a proxy looks every other name up; None where there is no proxy.
        patience: How long to wait for an answer, in seconds.
        keep: How long an answer is good, in seconds.
    """

    def __init__(
        self,
        ask: Ask | None = None,
        *,
        only: Sequence[str] | None = None,
        patience: float = 10.0,
        keep: float = 30.0,
    ) -> None:
        self._ask, self._only, self._patience, self._keep_s = ask or addresses_of, only, patience, keep
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._asked: dict[str, asyncio.Task[Sequence[str]]] = {}

    def close(self) -> None:
        """Wait for no answer any longer."""
        for asking in self._asked.values():
            asking.cancel()

    async def addresses(self, host: str) -> Sequence[str]:
        """Return every address of a name; none where it is a proxy's to look up.

        Raises:
            OSError: There is no such name, nobody to ask, or no answer yet.
        """
        if self._only is not None and not any(_fits(host, rule) for rule in self._only):
            return ()
        asking = self._asked.get(host)
        if asking is None:
            asking = self._asked[host] = asyncio.create_task(self._on_a_thread(host))
            asking.add_done_callback(partial(self._keep, host))
        await asyncio.wait(
            [asking], timeout=self._patience
        )  # which leaves it running, for others and for later
        if not asking.done():
            raise OSError(f"{host} was not looked up within {self._patience:g} s")
        return asking.result()

    async def _on_a_thread(self, host: str) -> Sequence[str]:
        async with self._turns:
            return await asyncio.wrap_future(_begun(self._ask, host))

    def _keep(self, host: str, asking: asyncio.Task[Sequence[str]]) -> None:
        """Forget an answer in a while, a failure at once."""
        if asking.cancelled() or asking.exception() is not None:
            del self._asked[host]
        else:
            asking.get_loop().call_later(self._keep_s, self._asked.pop, host)


def looking_up(transport: httpx.AsyncBaseTransport | None, trust: bool) -> Names | None:
    """Return what looks up the names that the network would look up here; None where somebody's own transport does.

    Args:
        transport: Instead of the network.
        trust: Whether proxies of the environment count.
    """
    if transport is not None:
        return None
    proxies = getproxies() if trust else {}
    is_proxied = not {"https", "all"}.isdisjoint(proxies)
    return Names(only=proxies.get("no", "").split(",") if is_proxied else None)


def is_inside(address: str) -> bool:
    """Tell whether an address that some name has is in a private network.

    Those that a resolver makes up for names of the whole world (proxies with "fake IPs", NAT64 with a prefix of its own) are not.

    >>> is_inside("10.0.0.1"), is_inside("93.184.215.14"), is_inside("198.18.0.7")
    (True, False, False)
    """
    if not is_private(address):
        return False
    number = ipaddress.ip_address(address.partition("%")[0])
    return not any(number in network for network in _STAND_INS)


def addresses_of(host: str) -> list[str]:
    """Look a host's name up and return every address that it has.

    Raises:
        OSError: There is no such name, or nobody to ask.

    >>> addresses_of("127.0.0.1")
    ['127.0.0.1']
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name") from error
    return [str(where[0]) for *_, where in found]


def _fits(host: str, rule: str) -> bool:
    """Tell whether one of `NO_PROXY`'s rules is about a name, as httpx reads them: `x.org` is about `a.x.org` too."""
    name = rule.strip().lower().rpartition("://")[2].partition(":")[0]
    return name == "*" or (name != "" and (host == name or host.endswith(f".{name.lstrip('.')}")))


def _begun(ask: Ask, host: str) -> Future[Sequence[str]]:
    """Begin to ask, on a thread that no exit waits for, as it would for an executor's."""
    future: Future[Sequence[str]] = Future()
    future.set_running_or_notify_cancel()  # nobody can stop it

    def work() -> None:
        try:
            future.set_result(ask(host))
        except Exception as error:  # noqa: BLE001  (whoever waits is told)
            future.set_exception(error)

    threading.Thread(target=work, name="mjnb-names", daemon=True).start()
    return future
