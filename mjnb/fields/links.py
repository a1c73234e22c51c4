"""Rules for pictures that are handed over: by URL, as a file of ours, or as base64."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mjnb.clips import is_clip_link, sniff
from mjnb.errors import InvalidRequest
from mjnb.fields.base import Rule, is_writable

__all__ = ["Link", "Links", "MaskLink", "a_clip", "check_no_clip", "is_local", "local_file"]


_OTHER_FORMATS = (
    ".gif",
    ".bmp",
    ".svg",
    ".tif",
    ".tiff",
    ".avif",
    ".heic",
    ".heif",
    ".pdf",
)


def a_clip(name: str, value: object) -> InvalidRequest:
    """Build the error for a clip where a picture is wanted."""
    hint = "Take one of the pictures that it was made of."
    return InvalidRequest(name, value, "JPG, PNG or WebP; this is a clip", hint=hint)


def check_no_clip(name: str, value: object) -> None:
    """Refuse the URL of a clip.

    Raises:
        InvalidRequest: It is one.
    """
    if isinstance(value, str) and is_clip_link(value):
        raise a_clip(name, value)


@dataclass(frozen=True, slots=True)
class Links(Rule):
    """A list of `low` to `high` picture URLs (http or https; JPG, PNG or WebP); a `Path` stands for a file, which not every gateway takes."""

    low: int = 1
    high: int | None = None

    @property
    def allowed(self) -> str:
        """Say how many."""
        most = "or more" if self.high is None else f"to {self.high}"
        number = "exactly one URL" if self.low == self.high else f"a list of {self.low} {most} URLs"
        return f"{number} (http or https) of a JPG, PNG or WebP picture of at most 10 MB"

    def read(self, name: str, value: Any) -> tuple[str, ...]:
        """Return the URLs as a tuple."""
        if isinstance(value, str):
            nearest = [value] if _is_picture_url(value) else None
            raise self.refuse(name, value, nearest=nearest, hint="It is a list, even of one.")
        if not isinstance(value, list | tuple) or len(value) < self.low:
            raise self.refuse(name, value)
        urls = tuple(self._one(f"{name}[{i}]", item) for i, item in enumerate(value))
        if self.high is not None and len(urls) > self.high:
            raise self.refuse(name, value, nearest=list(urls[: self.high]))
        return urls

    def _one(self, name: str, value: Any) -> str:
        if isinstance(value, os.PathLike):
            return self._file(name, Path(value))
        if is_local(value):
            return str(value)
        check_no_clip(name, value)
        if not _is_url(value):
            raise self.refuse(name, value, hint="A file on this machine is given as a pathlib.Path.")
        if not _is_picture_url(value):
            raise self.refuse(name, value, hint="Convert the picture first.")
        return str(value)

    def _file(self, name: str, path: Path) -> str:
        """Name a file of this machine by its bytes, and remember where it lies."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise self.refuse(
                name, path.name, hint=f"It cannot be read ({type(error).__name__})."
            ) from None
        if sniff(data):
            raise a_clip(name, path.name)
        match = _PICTURE.match(data)
        if match is None or len(data) > _MAX_FILE:
            raise self.refuse(
                name, path.name, hint="Convert the picture first." if match is None else "It is larger."
            )
        local = f"file:{hashlib.sha256(data).hexdigest()}.{_SUFFIX[data[:2]]}"
        _files[local] = path.resolve()
        return local


_files: dict[str, Path] = {}


def is_local(value: object) -> bool:
    """Tell whether this names a file of this machine by its bytes, as `Links` does for a `Path`."""
    return (
        isinstance(value, str) and re.fullmatch(r"file:[0-9a-f]{64}\.(?:jpg|png|webp)", value) is not None
    )


def local_file(local: str) -> Path | None:
    """Return where such a file was when it was named, None if this process has not named it."""
    return _files.get(local)


def _is_picture_url(value: str) -> bool:
    return _is_url(value) and not urlsplit(value).path.lower().endswith(_OTHER_FORMATS)


def _is_url(value: object) -> bool:
    if not isinstance(value, str) or re.search(r"[\s\x00-\x1f]", value) or not is_writable(value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


@dataclass(frozen=True, slots=True)
class MaskLink(Rule):
    """A mask picture: its URL, or the picture itself as base64."""

    @property
    def allowed(self) -> str:
        """Say what it is."""
        return "the URL of a black-and-white picture, or that picture in base64 (white is painted anew)"

    def read(self, name: str, value: Any) -> str:
        """Return the text as given."""
        check_no_clip(name, value)
        if not _is_url(value) and not _is_base64(value):
            raise self.refuse(name, value)
        return str(value)


@dataclass(frozen=True, slots=True)
class Link(Rule):
    """One picture URL (http or https)."""

    @property
    def allowed(self) -> str:
        """Say what it is."""
        return "the URL (http or https) of a JPG, PNG or WebP picture"

    def read(self, name: str, value: Any) -> str:
        """Return the URL."""
        check_no_clip(name, value)
        if not isinstance(value, str) or not _is_picture_url(value):
            raise self.refuse(name, value)
        return value


_DATA_URL = re.compile(r"data:image/\w+;base64,")
_MAX_FILE = 10_000_000
_SUFFIX = {b"\x89P": "png", b"\xff\xd8": "jpg", b"RI": "webp"}
_PICTURE = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP", re.DOTALL)


def _is_base64(value: object) -> bool:
    """Tell whether a text is a JPEG, PNG or WebP in base64, by its first bytes; many a word would decode."""
    if not isinstance(value, str):
        return False
    try:
        data = base64.b64decode(_DATA_URL.sub("", value, count=1), validate=True)
    except ValueError:
        return False
    return _PICTURE.match(data) is not None
