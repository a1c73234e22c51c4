"""Requests as they are written for people: pictures in base64 and files of this machine named by kind and size."""

from __future__ import annotations

import re
from typing import Any

from mjnb.fields import is_local
from mjnb.widgets.field import plain

__all__ = ["brief", "is_picture", "named_picture", "why"]

_LONGEST = 200  # characters of a picture in base64 that are shown


def brief(value: Any) -> Any:
    """Return a value as JSON holds it, with pictures in base64 named by kind and size: nobody reads them.

    >>> brief({"url": "data:image/png;base64," + 4000 * "A", "width": 64})
    {'url': '<PNG, 3 kB>', 'width': 64}
    """
    value = plain(value)
    if isinstance(value, dict):
        return {name: brief(item) for name, item in value.items()}
    if isinstance(value, list):
        return [brief(item) for item in value]
    if is_local(value):
        return f"<{value.rpartition('.')[2].upper()} of this computer, handed over when it is sent>"
    return named_picture(value) if is_picture(value) else value


def why(said: str) -> str:
    """Shorten a refusal to its reason, for where everybody sees which value it is about and that nothing was sent.

    >>> why("speed='relaxed': APIXO has fast, turbo; nearest valid value: 'fast'. Nothing was sent.")
    'APIXO has fast, turbo.'
    """
    text = said.removesuffix("Nothing was sent.").rstrip()
    text = text.partition(": ")[2] or text
    return re.sub(r"; nearest valid value: \S+(?=\.(?: |$))", "", text)


def is_picture(value: Any) -> bool:
    """Tell whether a text is a picture in base64 that is too long to be read."""
    return (
        isinstance(value, str)
        and len(value) > _LONGEST
        and (value.startswith("data:image/") or re.fullmatch(r"[A-Za-z0-9+/=]+", value) is not None)
    )


def named_picture(text: str) -> str:
    """Name such a picture by its kind and its size.

    >>> named_picture("data:image/png;base64," + 4000 * "A")
    '<PNG, 3 kB>'
    """
    head, _, data = text.rpartition(",")
    kind = re.match(r"data:image/(\w+)", head)
    return f"<{kind[1].upper() if kind else 'PNG'}, {max(1, round(len(data) * 3 / 4000))} kB>"
