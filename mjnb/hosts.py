"""Where a URL points: this machine, a private network, or the world."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

__all__ = ["host_name", "is_loopback", "is_private"]


def host_name(url: str) -> str:
    """Return host and port for a message, without credentials.

    >>> host_name("https://user:secret@api.apixo.ai/x")
    'api.apixo.ai'
    """
    return urlsplit(url).netloc.rpartition("@")[2] or "the server"


def is_loopback(url: str) -> bool:
    """Tell whether a URL points at this machine.

    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("https://api.apixo.ai")
    (True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_private(host: str) -> bool:
    """Tell whether a host name is plainly inside a private network.

    >>> is_private("10.0.0.1"), is_private("r2.apixo.ai")
    (True, False)
    """
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
