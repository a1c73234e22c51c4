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

__all__ = ["LIGHT", "MIME", "is_clip", "is_clip_link", "is_short", "player", "poster_path", "sniff"]

MIME = {"mp4": "video/mp4", "webm": "video/webm"}
LIGHT = 262_144
"""Bytes of the largest clip that travels inside a notebook: the four of a task are at most 1.4 MB there, as base64."""
_BOX = 8  # bytes of a box that holds nothing
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


def is_short(data: bytes) -> bool:
    """Tell whether a clip says of itself that it is longer than this: one that nobody decodes can still be seen to be cut.

    >>> film = bytes([0, 0, 0, 16]) + b"ftypisom" + bytes(4) + bytes([0, 0, 0, 12]) + b"mdat" + bytes(4)
    >>> is_short(film), is_short(film[:-1])
    (False, True)
    """
    return (_end_of_boxes(data) if sniff(data) == "mp4" else _end_of_segment(data)) > len(data)


def _end_of_boxes(data: bytes) -> int:
    """Return where the last box of an MP4 ends; a box of length 0 goes to the end of the file (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:  # then 64 bits follow
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < _BOX:
            return len(data)
        at += size
    return at


def _end_of_segment(data: bytes) -> int:
    """Return where a WebM's segment ends: the second element, after the EBML header (RFC 8794, 4 and 6.2)."""
    size, begins = _ebml_size(data, 4)
    length, begins = _ebml_size(data, begins + size + 4)
    return begins + length


def _ebml_size(data: bytes, at: int) -> tuple[int, int]:
    """Read a size of one to eight bytes, and where it ends; one of only ones is not known, and as good as none."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length() if first else 1
    bits = 7 * width
    size = int.from_bytes(data[at : at + width], "big") & ((1 << bits) - 1)
    return (0 if size == (1 << bits) - 1 else size), at + width


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
