"""Where a URL points: this machine, a private network, or the world."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from urllib.parse import urlsplit

__all__ = ["host_name", "is_address", "is_loopback", "is_private"]

_NAT64 = int(ipaddress.IPv6Address("64:ff9b::")) >> 32
_LEAST = 2**24  # 1.0.0.0: below are `::`, `::1` and the like


def host_name(url: str) -> str:
    """Return host and port for a message, without credentials.

    >>> host_name("https://user:secret@api.apixo.ai/x")
    'api.apixo.ai'
    """
    with contextlib.suppress(ValueError):
        return urlsplit(url).netloc.rpartition("@")[2] or "the server"
    return "the server"


def is_loopback(url: str) -> bool:
    """Tell whether a URL points at this machine.

    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("https://api.apixo.ai")
    (True, False)
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # no URL at all
        return False
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_private(host: str) -> bool:
    """Tell whether a host name is plainly inside a private network; of an IPv4 address within an IPv6 one, that is what counts.

    >>> is_private("10.0.0.1"), is_private("r2.apixo.ai"), is_private("64:ff9b::10.0.0.1")
    (True, False, True)
    """
    address = _address(host)
    if address is not None:
        return not _carried(address).is_global
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith((".localhost", ".local", ".internal"))


def is_address(host: str) -> bool:
    """Tell whether a host is given by its number, so that there is no name to look up.

    >>> is_address("10.0.0.1"), is_address("r2.apixo.ai")
    (True, False)
    """
    return _address(host) is not None


def _carried(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that NAT64, 6to4 or the old compatible form carries, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    head, low = divmod(int(address), 2**32)
    if head == _NAT64 or (head == 0 and low >= _LEAST):
        return ipaddress.IPv4Address(low)
    return address.sixtofour or address


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an address however it is written: systems take `127.1`, `0x7f000001` and `2130706433` for 127.0.0.1."""
    host = host.partition("%")[0]
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return getattr(address, "ipv4_mapped", None) or address
    if re.fullmatch(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}", host.lower()):
        with contextlib.suppress(OSError):
            return ipaddress.ip_address(socket.inet_aton(host))
    return None
