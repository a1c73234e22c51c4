"""Until when a signed URL may be used, by its own words."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["has_expired", "valid_until"]

_SECONDS = re.compile(r"[0-9]{1,11}")
_HEX = re.compile(r"[0-9a-f]{8}")


def has_expired(url: str, now: float) -> bool:
    """Tell whether a URL says of itself that its time is over; `now` is in epoch seconds."""
    until = valid_until(url)
    return until is not None and until < now


def valid_until(url: str) -> float | None:
    """Read until when a signed URL is valid, in epoch seconds; None if it does not say.

    S3 and those that sign like it (a date and a span, or `Expires`), Azure (`se`) and Discord (`ex`, in hexadecimal) do.

    >>> valid_until("https://cdn.discordapp.com/attachments/1/2/0.png?ex=65f0a1b2&is=65def0b2&hm=ab")
    1710268850.0
    >>> valid_until("https://b.s3.amazonaws.com/0.png?X-Amz-Date=20261121T100000Z&X-Amz-Expires=3600&X-Amz-Signature=ab")
    1795258800.0
    >>> valid_until("https://r2.apixo.ai/0.png") is None
    True
    """
    with contextlib.suppress(ValueError, OverflowError):  # no URL, no date
        said = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
        return _span(said) or _moment(said)
    return None


def _span(said: Mapping[str, str]) -> float | None:
    """Read a date of signing and how many seconds it is good for: `X-Amz-Date` and `X-Amz-Expires`, and their like."""
    for name, seconds in said.items():
        begun = said.get(name.removesuffix("-expires") + "-date")
        if name.endswith("-expires") and begun is not None and _SECONDS.fullmatch(seconds):
            return (_date(begun) + timedelta(seconds=int(seconds))).timestamp()
    return None


def _moment(said: Mapping[str, str]) -> float | None:
    if _SECONDS.fullmatch(said.get("expires", "")):
        return float(said["expires"])
    if _HEX.fullmatch(said.get("ex", "")):
        return float(int(said["ex"], 16))
    return _date(said["se"]).timestamp() if "se" in said else None


def _date(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
