"""Pictures that a client uploads: one `file` in a multipart form."""

from __future__ import annotations

from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING

from mjnb.simulator.apimart_fields import RefusedError

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["UPLOAD_LIFE", "Sent", "read_upload"]

UPLOAD_LIFE = 72 * 3600.0
"""Seconds for which an upload can be fetched."""

_MOST_BYTES = 20 * 1024 * 1024
_ENVELOPE = 64 * 1024  # bytes for the form around the file


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was sent, and what its first bytes say it is."""

    filename: str
    content_type: str
    suffix: str
    data: bytes


async def read_upload(request: Request) -> Sent:
    """Return the picture in a request's form.

    Raises:
        RefusedError: there is no field `file` (400), it is no picture (400), or too large (413).
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES + _ENVELOPE:
            raise _too_large()
    filename, data = _file(request.headers.get("Content-Type", ""), bytes(body))
    if len(data) > _MOST_BYTES:
        raise _too_large()
    content_type, suffix = _detected(data)
    return Sent(filename or f"upload{suffix}", content_type, suffix, data)


def _too_large() -> RefusedError:
    return RefusedError("file is larger than 20 MB", 413)


def _file(content_type: str, body: bytes) -> tuple[str, bytes]:
    missing = RefusedError("file is required: send it as multipart/form-data")
    if not content_type.lower().startswith("multipart/form-data"):
        raise missing
    # A form is a MIME message without its head, so the standard library can read it.
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        if part.get_param("name", header="Content-Disposition") == "file":
            data = part.get_payload(decode=True)
            return _readable(part.get_filename() or ""), data if isinstance(data, bytes) else b""
    raise missing


def _readable(name: str) -> str:
    """Return a file name with the bytes that were not ASCII read as UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _detected(data: bytes) -> tuple[str, str]:
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", ".jpg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", ".png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif", ".gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", ".webp"
    raise RefusedError("file must be a JPEG, PNG, GIF or WebP image")
