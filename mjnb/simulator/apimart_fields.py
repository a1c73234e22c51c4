"""Reading the JSON of an APIMart request: what a field may be, and how the gateway complains about it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mjnb.simulator.urls import is_web, own_picture, own_upload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["BANNED", "Fields", "RefusedError"]

BANNED = 24
"""The gateway's own code for a prompt that moderation does not let pass."""

_MOST_BYTES = 12 * 1024 * 1024  # of one picture
_RATIO = re.compile(r"[1-9]\d{0,3}:[1-9]\d{0,3}")
_DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,")
_LEAST_BASE64 = 64  # characters; no picture is smaller, and a path or a word is not taken for one


class RefusedError(Exception):
    """A request that the gateway refuses, with its HTTP status and, where it has one, a code of its own."""

    def __init__(self, message: str, status: int = 400, *, code: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Fields:
    """Reads the fields of one JSON object and remembers which it was asked for. `null` is absence.

    Raises:
        RefusedError: (all that read) with status 400 and the field's name in the message.

    >>> fields = Fields({"chaos": 20, "chaso": 30})
    >>> fields.integer("chaos", 0, 100), fields.unknown()
    (20, ['chaso'])
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._known: set[str] = set()
        self._flags: list[str] = []

    def unknown(self) -> list[str]:
        """Return the names of the fields that nobody asked for, and of the flags in the prompt that nobody knows."""
        return [name for name in self._data if name not in self._known] + self._flags

    def note(self, flags: list[str]) -> None:
        """Remember flags of the prompt that nobody knows."""
        self._flags += flags

    def get(self, name: str) -> Any:
        """Return a field as it was sent, None if it was not."""
        self._known.add(name)
        return self._data.get(name)

    def needed(self, name: str) -> RefusedError:
        """Return the complaint about a field that is missing."""
        return RefusedError(f"{name} is required")

    def text(self, name: str, *, required: bool = False) -> str:
        """Return a string without spaces around it, "" if there is none."""
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            raise RefusedError(f"{name} must be a string")
        text = (value or "").strip()
        if required and not text:
            raise self.needed(name)
        return text

    def choice(self, name: str, options: Sequence[str], *, default: str = "") -> str:
        """Return one of some strings."""
        value = self.text(name)
        if value and value not in options:
            raise RefusedError(f"{name} must be one of {', '.join(options)}")
        return value or default

    def ratio(self, name: str) -> str:
        """Return an aspect ratio such as "16:9", "" if there is none."""
        value = self.text(name)
        if value and not _RATIO.fullmatch(value):
            raise RefusedError(f"{name} must be an aspect ratio of whole numbers such as 16:9")
        return value

    def integer(self, name: str, low: int, high: int) -> int | None:
        """Return an integer in `low`..`high`, None if there is none."""
        value = self.get(name)
        if value is not None and (type(value) is not int or not low <= value <= high):
            raise RefusedError(f"{name} must be an integer between {low} and {high}")
        return value

    def number(self, name: str, low: float, high: float) -> float | None:
        """Return a number in `low`..`high`, None if there is none."""
        value = self.get(name)
        if value is None:
            return None
        if type(value) not in {int, float} or not low <= value <= high:
            raise RefusedError(f"{name} must be a number between {low:g} and {high:g}")
        return float(value)

    def flag(self, name: str) -> bool | None:
        """Return true or false, None if neither was sent."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise RefusedError(f"{name} must be true or false")
        return value

    def json_object(self, name: str) -> dict[str, Any]:
        """Return an object, an empty one if there is none."""
        value = self.get(name)
        if value is not None and not isinstance(value, dict):
            raise RefusedError(f"{name} must be an object")
        return value or {}

    def images(self, name: str, least: int, most: int | None = None) -> tuple[str, ...]:
        """Return `least` to `most` pictures: their URLs, or for those in base64 a name that says which they are."""
        value = self.get(name)
        if value is None and least == 0:
            return ()
        if value is None:
            raise self.needed(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise RefusedError(f"{name} must be a list of URLs")
        if len(value) < least or (most is not None and len(value) > most):
            wanted = f"at least {least}" if most is None else f"{least} to {most}"
            raise RefusedError(f"{name} must have {wanted} images")
        return tuple(_picture(f"{name}[{place}]", item) for place, item in enumerate(value))

    def image(self, name: str) -> str:
        """Return one picture as in `images`, "" if there is none."""
        value = self.text(name)
        return _picture(name, value) if value else ""


def _picture(name: str, text: str) -> str:
    if is_web(text):
        if _is_private(text) and not (own_picture(text) or own_upload(text)):
            raise RefusedError(f"{name} points to a private address")
        return text
    data = _decoded(text)
    if data is None:
        raise RefusedError(f"{name} must be a public http or https URL, or an image in base64")
    if len(data) > _MOST_BYTES:
        raise RefusedError(f"{name} is larger than 12 MiB")
    return f"base64-{hashlib.sha256(data).hexdigest()[:16]}"


def _decoded(text: str) -> bytes | None:
    found = _DATA_URI.match(text)
    if not found and len(text) < _LEAST_BASE64:
        return None
    try:
        return base64.b64decode(text[found.end() if found else 0 :], validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
