"""What a request takes along: its parent's last word, and pictures that lie on this machine.

Files and masks stay in the ledger as they were given, so that a cell is named by their bytes; what they become at one
gateway (an upload's URL, base64) travels only.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from mjnb import masks
from mjnb.disk import write_whole
from mjnb.errors import InvalidRequest, StoreError, UnknownTask
from mjnb.fields import is_local, local_file
from mjnb.modes import Mask, RawRequest
from mjnb.store.parents import Parent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mjnb.client import Client
    from mjnb.gateways.base import Envelope, Status
    from mjnb.modes import Request
    from mjnb.runner.ledger import LedgerThread
    from mjnb.store import Store

__all__ = ["Handover", "keep_files", "kept_file"]

_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_UPLOAD_LIFE_S = 48 * 3600.0  # an upload is used again for so long; gateways keep them longer


class Handover:
    """Makes requests ready to travel.

    Args:
        client: Uploads what must be.
        store: Knows the parents, and keeps the files.
        ledger: The ledger's own thread.
    """

    def __init__(self, client: Client, store: Store, ledger: LedgerThread) -> None:
        self._client, self._store, self._ledger = client, store, ledger
        self._uploads: dict[str, tuple[float, str]] = {}

    async def envelope(self, request: Request, envelope: Envelope, key: str) -> Envelope:
        """Address a request: with its row's own key, and what is known of the task that it builds on.

        Raises:
            InvalidRequest: The parent does not offer this.
        """
        dialect = self._client.dialect
        streams = envelope.streams and request.mode in dialect.streams
        parent = await self._parent(request)
        if parent is not None:
            dialect.check_parent(request, parent)
        return replace(envelope, key=key, parent=parent, streams=streams)

    async def _parent(self, request: Request) -> Status | None:
        """Look a parent up in the ledger, and where it must be known at the gateway."""
        dialect = self._client.dialect
        parent = await self._ledger(Parent.of, request, self._store, dialect.name)
        if parent is None:
            return None
        parent.check_place(dialect)
        status = parent.status(request, dialect)
        return status if status is not None or not dialect.needs_parent else await self._asked(parent)

    async def _asked(self, parent: Parent) -> Status:
        """Ask the gateway after a parent that the ledger does not know, or not its end."""
        task_id = parent.task_id
        try:
            return parent.completed((await self._client.ask(task_id)).status)
        except UnknownTask as error:
            hint = f"{self._client.dialect.title} does not tell of it: {error}"
            raise InvalidRequest("task_id", task_id, "a task that the gateway knows", hint=hint) from error

    async def ready(self, request: Request) -> Request:
        """Return the request with URLs or base64 in the place of files and masks of this machine.

        Raises:
            InvalidRequest: A file is no longer there.
            GatewayError: An upload was refused; nothing has been paid.
        """
        if isinstance(request, RawRequest):
            return request
        given = request.given()
        changes: dict[str, Any] = {}
        if any(map(is_local, given.get("image_urls") or ())):
            changes["image_urls"] = await self._links(given["image_urls"])
        if isinstance(given.get("mask"), Mask) and self._client.dialect.masks != "areas":
            changes["mask"] = Mask.model_construct(url=await self._mask(given["mask"]), areas=None)
        return request.model_copy(update=changes) if changes else request

    async def _links(self, urls: Sequence[str]) -> tuple[str, ...]:
        return tuple([await self._file(url) if is_local(url) else url for url in urls])

    async def _file(self, local: str) -> str:
        path = kept_file(self._store.root, local)
        if path is None:
            raise InvalidRequest(
                "image_urls", local, "a file that is still there", hint="Give its path anew."
            )
        data = await asyncio.to_thread(path.read_bytes)
        return await self._sent(local, data, local.rpartition(".")[2])

    async def _mask(self, mask: Mask) -> str:
        """Draw a mask in black and white as this gateway wants it."""
        dialect = self._client.dialect
        if mask.url is not None and mask.url.startswith("http"):
            return mask.url
        png = await asyncio.to_thread(_drawn, mask, dialect.mask_paint)
        if dialect.masks == "base64":
            return base64.b64encode(png).decode()
        return await self._sent(f"mask:{hashlib.sha256(png).hexdigest()}", png, "png")

    async def _sent(self, name: str, data: bytes, suffix: str) -> str:
        """Hand a picture over: upload it once, or write it as base64."""
        if "upload" not in self._client.dialect.references:
            return f"data:{_TYPES[suffix]};base64,{base64.b64encode(data).decode()}"
        now = self._client.clock.now()
        until, url = self._uploads.get(name, (0.0, ""))
        if not url or now > until:
            url = await self._client.upload(f"picture.{suffix}", data, _TYPES[suffix])
            self._uploads[name] = (now + _UPLOAD_LIFE_S, url)
        return url


def _drawn(mask: Mask, paint: Literal["white", "black", "transparent"]) -> bytes:
    return masks.with_polarity(masks.picture_of(mask), paint)


def keep_files(root: Path, request: Request) -> None:
    """Copy the files of a request into the store, so that it can still be sent when they are gone from where they were.

    Raises:
        StoreError: They cannot be kept.
    """
    for local in filter(is_local, request.given().get("image_urls") or ()):
        target, seen = root / "references" / local.removeprefix("file:"), local_file(local)
        if target.exists() or seen is None:
            continue
        try:
            write_whole(target, seen.read_bytes())
        except OSError as error:
            raise StoreError(f"{target} cannot be written: {error}. Nothing was sent.") from error


def kept_file(root: Path, local: str) -> Path | None:
    """Find a file by its name in the ledger: kept in the store, else where this process has seen it."""
    kept = root / "references" / local.removeprefix("file:")
    if kept.exists():
        return kept
    seen = local_file(local)
    return seen if seen is not None and seen.exists() else None
