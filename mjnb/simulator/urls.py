"""What the simulator wants to know of a URL."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

__all__ = ["is_loopback", "is_unreachable", "is_web", "own_picture", "own_upload"]

_OWN = re.compile(r"(?:^|/)files/(?P<task>[\w-]+)/(?P<index>\d)\.jpg$")
_UPLOAD = re.compile(r"(?:^|/)files/uploads/(?P<name>\w+\.\w+)$")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a bad port shows only when asked for
    except ValueError:
        return None
    return parts


def is_web(url: str) -> bool:
    """Tell whether this is an http or https URL with a host.

    >>> is_web("https://example.com/a.png"), is_web("/home/me/a.png")
    (True, False)
    """
    parts = _split(url)
    return parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)


def is_loopback(url: str) -> bool:
    """Tell whether a web URL leads to this machine.

    >>> is_loopback("http://127.0.0.1:8000/done"), is_loopback("https://example.com/done")
    (True, False)
    """
    parts = _split(url)
    host = (parts.hostname if parts else None) or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_unreachable(url: str) -> bool:
    """Tell whether the host is one that by its name does not exist: it ends in `.invalid`."""
    parts = _split(url)
    return parts is not None and (parts.hostname or "").endswith(".invalid")


def own_picture(url: str) -> tuple[str, int] | None:
    """Return (task id, index) if this is the URL of one of our own pictures, on whatever port it was made.

    >>> own_picture("http://127.0.0.1:5000/apixo/files/task_1f/2.jpg")
    ('task_1f', 2)
    """
    parts = _split(url)
    found = _OWN.search(parts.path) if parts else None
    return (found["task"], int(found["index"])) if found else None


def own_upload(url: str) -> str | None:
    """Return the name of a picture that was uploaded to us, if this is its URL.

    >>> own_upload("http://127.0.0.1:5000/apimart/files/uploads/0f1e.png")
    '0f1e.png'
    """
    parts = _split(url)
    found = _UPLOAD.search(parts.path) if parts else None
    return found["name"] if found else None
