"""Short films: told by their first bytes, shown by a still picture that is kept beside each, and played by a browser.

A clip is never decoded here: a browser plays it, and everything else (sheets, thumbnails, boards) shows its poster.
"""

from __future__ import annotations

import base64
import html
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LIGHT", "MIME", "is_clip", "is_clip_link", "player", "poster_path", "sniff"]

MIME = {"mp4": "video/mp4", "webm": "video/webm"}
LIGHT = 262_144
"""Bytes of the largest clip that travels inside a notebook: the four of a task are at most 1.4 MB there, as base64."""
_BRANDS = re.compile(
    rb"iso[m2-9a-c]|mp4[12]|mmp4|avc1|hvc1|hev1|av01|M4V[ HP]|qt  |dash|MSNV|3g[p2].|f4v |cmf[cs2]"
)
"""Major brands of films. Pictures (AVIF, HEIC) and sound share their container: https://mp4ra.org/registered-types/brands."""
_LINK = re.compile(r"https?://[^?#]*\.(?:mp4|m4v|webm|mov)(?:::[^/]*)?(?:[?#].*)?", re.IGNORECASE)


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


def is_clip_link(url: str) -> bool:
    """Tell whether a URL is of a clip, by the name at its end; a weight (`::2`) may follow.

    >>> is_clip_link("https://example.com/fox.MP4?width=640"), is_clip_link("https://example.com/fox.png")
    (True, False)
    """
    return _LINK.fullmatch(url) is not None


def poster_path(path: Path) -> Path:
    """Say where the still picture of a clip is kept.

    >>> from pathlib import Path
    >>> poster_path(Path("pictures/r-1/0.webm")).as_posix()
    'pictures/r-1/0.poster.jpg'
    """
    return path.with_name(f"{path.stem}.poster.jpg")


def player(path: Path, poster: Path | None, index: int, size: int) -> str:
    """Write a clip as HTML: something to play where that is possible, else its poster and why there is nothing.

    Up to `LIGHT` bytes it is inside the HTML, so that it plays wherever the notebook is read; a larger one below the working
    directory is named by its way from there, and of one elsewhere only the poster is shown: a notebook shall be light, and not
    tell of this machine.

    Args:
        path: The clip's file.
        poster: A small WebP of its first frame, None if there is none.
        index: Its number, said below it.
        size: Its width in pixels.
    """
    shown = f"data:image/webp;base64,{_encoded(poster)}" if poster is not None and poster.exists() else ""
    source, lacking = _source(path, index)
    style = f"display:block;width:{size}px;height:auto"
    if source:
        begins = f'poster="{shown}" ' if shown else ""
        film = f'<video controls preload="none" {begins}src="{source}" aria-label="clip {index}" style="{style}"></video>'
    else:
        film = f'<img src="{shown}" alt="clip {index}" style="{style}">' if shown else ""
    mark = f"clip {index}" if source else f"▶ clip {index}: {lacking}"
    said = (
        f'<span style="display:block;width:{size}px;font-size:90%;opacity:.75">{html.escape(mark)}</span>'
    )
    return f'<span style="display:inline-block;vertical-align:top;margin:0 8px 8px 0">{film}{said}</span>'


def _source(path: Path, index: int) -> tuple[str, str]:
    """Return where a browser finds a clip, else why it does not."""
    if not path.exists():
        return "", "its file is gone"
    size = path.stat().st_size
    if size <= LIGHT:
        return f"data:{MIME[path.suffix.lstrip('.').lower()]};base64,{_encoded(path)}", ""
    if way := _from_here(path):
        return html.escape(quote(way), quote=True), ""
    return "", f"{size / 1e6:.1f} MB, too large to be kept in a notebook; open images[{index}].path"


def _from_here(path: Path) -> str:
    """Return a file's way from the working directory, "" if it lies elsewhere."""
    try:
        return path.resolve().relative_to(path.cwd()).as_posix()
    except (ValueError, OSError):
        return ""


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
