"""The pictures of a paid task: fetched, proved to be pictures, and put in their places."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from mjnb import clips, images
from mjnb.errors import (
    ConnectionFailed,
    GatewayError,
    PictureBroken,
    PictureError,
    StoreError,
)
from mjnb.fields import is_local
from mjnb.runner.handover import kept_file

if TYPE_CHECKING:
    from pathlib import Path

    from mjnb.client import Client
    from mjnb.runner.ledger import LedgerThread
    from mjnb.store import Entry, Store

__all__ = ["Album"]

_TRIES = 3


class Album:
    """Keeps the pictures of a ledger's rows.

    Args:
        client: Fetches them.
        store: Where they go.
        ledger: The ledger's own thread.
    """

    def __init__(self, client: Client, store: Store, ledger: LedgerThread) -> None:
        self._client, self._store, self._ledger = client, store, ledger
        self._painters = ThreadPoolExecutor(2, "mjnb-pictures")

    def close(self) -> None:
        """Let the threads go."""
        self._painters.shutdown(wait=False)

    async def collect(self, entry: Entry) -> Entry:
        """Fetch and file every picture that is not on disk yet; asks once for fresh URLs if one has gone."""
        problems = await self._collect(entry)
        if problems and await self._renew(entry):
            problems = await self._collect(await self._ledger(self._store.entry, entry.row))
        if problems:
            raise _missing(entry, problems)
        return await self._ledger(self._store.entry, entry.row)

    async def _renew(self, entry: Entry) -> bool:
        """Ask for fresh URLs; False if the gateway does not tell (any more)."""
        try:
            answer = await self._client.ask(entry.task_id)
        except (ConnectionFailed, GatewayError):
            return False
        await self._ledger(self._store.renewed, entry.row, answer.status.urls or entry.urls)
        return True

    async def _collect(self, entry: Entry) -> list[PictureError]:
        have = {image.index for image in entry.images if image.path and image.path.exists()}
        wanted = [i for i in range(len(entry.urls)) if i not in have]
        source = _Source(self._client)
        results = await asyncio.gather(
            *(self._file(entry, i, source) for i in wanted), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, PictureError):
                raise result
        return [result for result in results if isinstance(result, PictureError)]

    async def _file(self, entry: Entry, index: int, source: _Source) -> None:
        """Fetch one picture or clip, prove that it is one, and put it in its place."""
        if not entry.urls[index]:
            raise PictureBroken(f"the gateway gave no URL for picture {index}")
        folder = self._store.folder(entry.row)
        for attempt in range(_TRIES):
            data = await source.fetch(entry.urls[index])
            poster = await self._poster(entry, source) if clips.sniff(data) else b""
            try:
                path, info = await self._painted(data, poster, folder, index, entry.urls[index])
            except PictureBroken:
                source.forget(entry.urls[index])
                if attempt == _TRIES - 1:
                    raise
                continue
            break
        await self._ledger(
            self._store.filed, entry.row, index, path,
            width=info.width, height=info.height, size=info.bytes, sha256=info.sha256,
        )  # fmt: skip

    async def _poster(self, entry: Entry, source: _Source) -> bytes:
        """Return a clip's still picture: the gateway's, else the picture that the clip begins with, else nothing."""
        with contextlib.suppress(PictureError, OSError):
            if entry.poster:
                return await source.fetch(entry.poster)
            if urls := entry.held.get("image_urls"):
                kept = kept_file(self._store.root, urls[0]) if is_local(urls[0]) else None
                return (
                    await asyncio.to_thread(kept.read_bytes) if kept else await source.fetch(str(urls[0]))
                )
            parent = await self._ledger(self._store.by_task, entry.parent) if entry.parent else None
            index = entry.held.get("image_index")
            first = (
                next((one for one in parent.images if one.index == index), None)
                if parent is not None
                else None
            )
            if first is not None and first.path is not None:
                return await asyncio.to_thread(first.path.read_bytes)
        return b""

    async def _painted(
        self, data: bytes, poster: bytes, folder: Path, index: int, url: str
    ) -> tuple[Path, images.Info]:
        loop = asyncio.get_running_loop()
        if clips.sniff(data):
            return await loop.run_in_executor(self._painters, _keep_clip, data, poster, folder, index)
        quarter = _quarter(url)
        cut = (
            data
            if quarter is None
            else await loop.run_in_executor(self._painters, images.quarter, data, quarter)
        )
        return await loop.run_in_executor(self._painters, _keep, cut, folder, index)


class _Source:
    """Fetches each address once, however many pictures are cut out of what lies there."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._under_way: dict[str, asyncio.Task[bytes]] = {}

    async def fetch(self, url: str) -> bytes:
        where = urldefrag(url).url
        if where not in self._under_way:
            self._under_way[where] = asyncio.ensure_future(self._client.fetch(where))
        return await self._under_way[where]

    def forget(self, url: str) -> None:
        self._under_way.pop(urldefrag(url).url, None)


def _quarter(url: str) -> int | None:
    """Read which part of a sheet is meant, None if it is all of it."""
    name, _, number = urldefrag(url).fragment.partition("=")
    return int(number) if name == "quarter" and number in {"0", "1", "2", "3"} else None


def _keep_clip(data: bytes, poster: bytes, folder: Path, index: int) -> tuple[Path, images.Info]:
    """Write a clip, its poster and the poster's thumbnail; without a poster there is only the clip."""
    path = folder / f"{index}.{clips.sniff(data)}"
    still = _picture(poster)
    _written(path, data)
    if still is not None:
        _written(clips.poster_path(path), images.as_jpeg(poster))
        with contextlib.suppress(PictureError, OSError):
            images.thumb(path)
    digest = hashlib.sha256(data).hexdigest()
    width, height = (still.width, still.height) if still is not None else (0, 0)
    return path, images.Info(path.suffix.lstrip("."), width, height, len(data), digest)


def _picture(data: bytes) -> images.Info | None:
    """Inspect a poster; one that is no picture counts as none."""
    with contextlib.suppress(PictureError):
        return images.inspect(data)
    return None


def _keep(data: bytes, folder: Path, index: int) -> tuple[Path, images.Info]:
    """Write a picture and its thumbnail so that a crash leaves either nothing or all of it."""
    info = images.inspect(data)
    path = folder / f"{index}.{info.format}"
    _written(path, data)
    with contextlib.suppress(PictureError, OSError):  # made again when it is wanted
        images.thumb(path)
    return path, info


def _written(path: Path, data: bytes) -> None:
    try:
        _write_whole(path, data)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error}. The task is paid; its picture is fetched again by the next start."
        ) from error


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file under another name first; two kernels may be fetching the same picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _missing(entry: Entry, problems: list[PictureError]) -> PictureError:
    first = problems[0]
    text = (
        f"Task {entry.task_id} is finished and paid, but {len(problems)} of its {len(entry.urls)} pictures could not be kept: "
        f'{first}. `await mj.download(mj.task("{entry.task_id}"))` tries again, and costs nothing.'
    )
    return type(first)(text, url=first.url)
