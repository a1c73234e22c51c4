"""Short films: told by their first bytes, and shown by a still picture that is kept beside each.

A clip is never decoded here: a browser plays it, and everything else (sheets, thumbnails, boards) shows its poster.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MIME", "is_clip", "poster_path", "sniff"]

MIME = {"mp4": "video/mp4", "webm": "video/webm"}
_BRANDS = re.compile(
    rb"iso[m2-9a-c]|mp4[12]|mmp4|avc1|hvc1|hev1|av01|M4V[ HP]|qt  |dash|MSNV|3g[p2].|f4v |cmf[cs2]"
)
"""Major brands of films. Pictures (AVIF, HEIC) and sound share their container: https://mp4ra.org/registered-types/brands."""


def sniff(data: bytes) -> str | None:
    """Tell a clip's format by its first bytes: `"mp4"`, `"webm"`, or None for anything else.

    >>> sniff(bytes.fromhex("1a45dfa3") + b"..."), sniff(b"<html>")
    ('webm', None)
    >>> [sniff(bytes(4) + b"ftyp" + brand) for brand in (b"isom", b"mp42", b"M4V ", b"qt  ", b"dash", b"avc1")]
    ['mp4', 'mp4', 'mp4', 'mp4', 'mp4', 'mp4']
    >>> [sniff(bytes(4) + b"ftyp" + brand) for brand in (b"avif", b"avis", b"heic", b"mif1", b"M4A ", b"")]
    [None, None, None, None, None, None]
    """
    if data[4:8] == b"ftyp" and _BRANDS.fullmatch(data[8:12]):
        return "mp4"
    return "webm" if data.startswith(b"\x1a\x45\xdf\xa3") else None


def is_clip(path: Path) -> bool:
    """Tell whether a file is a clip, by its name."""
    return path.suffix.lstrip(".").lower() in MIME


def poster_path(path: Path) -> Path:
    """Say where the still picture of a clip is kept.

    >>> from pathlib import Path
    >>> poster_path(Path("pictures/r-1/0.webm")).as_posix()
    'pictures/r-1/0.poster.jpg'
    """
    return path.with_name(f"{path.stem}.poster.jpg")
