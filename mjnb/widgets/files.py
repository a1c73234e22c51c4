"""Pictures that are handed to a gateway from here: files of this computer, and pictures of earlier tasks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mjnb import images
from mjnb.disk import write_whole
from mjnb.errors import InvalidRequest, PictureBroken
from mjnb.fields import Links, is_local
from mjnb.runner.handover import kept_file
from mjnb.tasks import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mjnb.session import Session

__all__ = ["handed", "small_copies", "take_in"]

_MOST = 10_000_000  # bytes
_THUMB = 96  # px, twice what is drawn


def handed(session: Session, picture: Any) -> Any:
    """Return how a picture of an earlier task is handed over, as `session.imagine` does; anything else as it is.

    Raises:
        InvalidRequest: It has no URL of its own, or is too large.
    """
    if not isinstance(picture, Image):
        return picture
    (found,) = session._pictures([picture])  # noqa: SLF001  (the very rule of the session, which has no other door)
    return found


def take_in(session: Session, field: str, name: str, data: bytes) -> str:
    """Keep a file in the session's store, under the name that its bytes give it.

    Args:
        session: Whose store.
        field: The field that it is for, in what is said of a refusal.
        name: What the file is called on the computer that it comes from.
        data: Its bytes.

    Returns:
        `"file:<sha256>.<jpg, png or webp>"`, which stands for it in a request.

    Raises:
        InvalidRequest: It is no such picture, damaged, or larger than 10 MB.
        OSError: It cannot be written.
    """
    if len(data) > _MOST:
        raise InvalidRequest(field, name, f"a picture of at most 10 MB; this one has {len(data) / 1e6:.1f}")
    try:
        kind = images.inspect(data).format
    except PictureBroken as error:
        raise InvalidRequest(field, name, f"a JPG, PNG or WebP picture; {error}") from None
    path = session.store.root / "references" / f"{hashlib.sha256(data).hexdigest()}.{kind}"
    if not path.exists():
        write_whole(path, data)
    (local,) = Links("").read(field, [path])
    return local


def small_copies(session: Session, urls: Sequence[str]) -> dict[str, bytes]:
    """Return small copies of what lies on this machine, by URL or name; nothing is fetched, the others are no bytes."""
    known = {image.url: image.path for entry in session.store.all() for image in entry.images if image.path}
    places = {url: kept_file(session.store.root, url) if is_local(url) else known.get(url) for url in urls}
    return {url: _small(path) for url, path in places.items()}


def _small(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        data = path.read_bytes() if path.parent.name == "references" else path
        return images.thumbnail(data, _THUMB) if isinstance(data, bytes) else images.thumb(data, _THUMB)
    except (OSError, PictureBroken):
        return b""
