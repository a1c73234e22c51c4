"""The pictures of a paid task: fetched, proved to be pictures, and put in their places."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from mjnb import clips, images
from mjnb.client.expiry import has_expired
from mjnb.disk import write_whole
from mjnb.errors import (
    ConnectionFailed,
    GatewayError,
    PictureBroken,
    PictureError,
    PictureExpired,
    PictureTooLarge,
    StoreError,
)
from mjnb.fields import is_local
from mjnb.runner.handover import kept_file

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from mjnb.client import Client
    from mjnb.runner.ledger import LedgerThread
    from mjnb.store import Entry, Store
    from mjnb.tasks import Image

__all__ = ["Album"]

_TRIES = 3


class Album:
    """Keeps the pictures of a ledger's rows.

    Args:
        client: Fetches them.
        store: Where they go.
        ledger: The ledger's own thread.
        bounds: How large a picture may be.
    """

    def __init__(
        self, client: Client, store: Store, ledger: LedgerThread, bounds: images.Bounds = images.USUAL
    ) -> None:
        self._client, self._store, self._ledger, self._bounds = client, store, ledger, bounds
        self._painters = ThreadPoolExecutor(2, "mjnb-pictures")

    def close(self) -> None:
        """Let the threads go."""
        self._painters.shutdown(wait=False)

    async def collect(self, entry: Entry) -> Entry:
        """Fetch and file every picture that is not on disk yet; asks once for fresh URLs if one has gone."""
        have = {image.index for image in entry.images if _is_there(image)}
        problems = await self.fetch(entry, [i for i in range(len(entry.urls)) if i not in have])
        for problem in problems.values():
            if not isinstance(problem, PictureError):
                raise problem
        if problems:
            raise _missing(entry, [one for one in problems.values() if isinstance(one, PictureError)])
        return await self._ledger(self._store.current, entry)

    async def fetch(self, entry: Entry, wanted: Collection[int]) -> dict[int, PictureError | StoreError]:
        """Fetch and file some pictures of a row, whatever is on disk; asks once for fresh URLs if that fails.

        Returns:
            What could not be kept, by index, and why.
        """
        problems = await self._fetch(entry, wanted)
        lacking = [i for i, problem in problems.items() if _may_come(problem)]
        if lacking and await self._renew(entry):
            fresh = await self._ledger(self._store.current, entry)
            problems = {
                i: problem for i, problem in problems.items() if i not in lacking
            } | await self._fetch(fresh, lacking)
        return problems

    async def _renew(self, entry: Entry) -> bool:
        """Ask for fresh URLs; False if the gateway does not tell (any more)."""
        try:
            answer = await self._client.ask(entry.task_id)
        except (ConnectionFailed, GatewayError):
            return False
        fresh = answer.status.urls
        if len(fresh) >= len(entry.urls):  # fewer than there were would lose what is still to come
            await self._ledger(self._store.renewed, entry.row, fresh)
        return True

    async def _fetch(self, entry: Entry, wanted: Collection[int]) -> dict[int, PictureError | StoreError]:
        source = _Source(self._client)
        results = await asyncio.gather(
            *(self._file(entry, i, source) for i in wanted), return_exceptions=True
        )
        problems: dict[int, PictureError | StoreError] = {}
        for index, result in zip(wanted, results, strict=True):
            if isinstance(result, PictureError | StoreError):
                problems[index] = result
            elif result is not None:
                raise result
        return problems

    async def _file(self, entry: Entry, index: int, source: _Source) -> None:
        """Fetch one picture or clip, prove that it is one, and put it in its place."""
        url = entry.urls[index]
        if not url:
            raise PictureBroken(f"the gateway gave no URL for picture {index}")
        for attempt in range(_TRIES):
            data = await source.fetch(url)
            poster = await self._poster(entry, source) if clips.sniff(data) else b""
            try:
                path, info = await self._painted(data, poster, entry.row, index, url)
            except PictureTooLarge:
                raise
            except PictureBroken as error:
                source.forget(url)
                if attempt == _TRIES - 1:
                    raise self._judged(error, url) from error
                continue
            break
        await self._ledger(
            self._store.filed, entry.row, index, path,
            width=info.width, height=info.height, size=info.bytes, sha256=info.sha256,
        )  # fmt: skip

    def _judged(self, error: PictureBroken, url: str) -> PictureError:
        """Tell what comes in place of a picture whose URL has expired from a picture that is broken."""
        if has_expired(url, self._client.clock.epoch()):
            return PictureExpired(f"its URL has expired, and what comes from there is {error}", url=url)
        return PictureBroken(str(error), url=url)

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
        self, data: bytes, poster: bytes, row: str, index: int, url: str
    ) -> tuple[Path, images.Info]:
        loop = asyncio.get_running_loop()
        place = self._store.folder(row) / str(index)
        if clips.sniff(data):
            return await loop.run_in_executor(self._painters, self._keep_clip, data, poster, place)
        quarter = _quarter(url)
        cut = (
            data
            if quarter is None
            else await loop.run_in_executor(self._painters, images.quarter, data, quarter, self._bounds)
        )
        return await loop.run_in_executor(self._painters, self._keep, cut, place)

    def _keep(self, data: bytes, place: Path) -> tuple[Path, images.Info]:
        """Write a picture and its thumbnail so that a crash leaves either nothing or all of it."""
        info = images.inspect(data, self._bounds)
        path = place.with_name(f"{place.name}.{info.format}")
        self._write(path, data)
        self._keep_thumb(path, data)
        return path, info

    def _keep_clip(self, data: bytes, poster: bytes, place: Path) -> tuple[Path, images.Info]:
        """Write a clip, its poster and the poster's thumbnail; without a poster there is only the clip."""
        if clips.is_short(data):
            raise PictureBroken("the clip is cut short")
        path = place.with_name(f"{place.name}.{clips.sniff(data)}")
        still = self._picture(poster)
        self._write(path, data)
        if still is not None:
            self._write(clips.poster_path(path), images.as_jpeg(poster, self._bounds))
            self._keep_thumb(path, poster)
        digest = hashlib.sha256(data).hexdigest()
        width, height = (still.width, still.height) if still is not None else (0, 0)
        return path, images.Info(path.suffix.lstrip("."), width, height, len(data), digest)

    def _picture(self, data: bytes) -> images.Info | None:
        """Inspect a poster; one that is no picture counts as none."""
        with contextlib.suppress(PictureError):
            return images.inspect(data, self._bounds)
        return None

    def _keep_thumb(self, path: Path, data: bytes) -> None:
        """Write the thumbnail; one that cannot be written is made again when it is wanted."""
        with contextlib.suppress(PictureError, OSError):
            thumb = images.thumbnail(data, bounds=self._bounds)
            write_whole(images.thumb_path(path), thumb, part=self._store.part(), lasting=False)

    def _write(self, path: Path, data: bytes) -> None:
        try:
            write_whole(path, data, part=self._store.part())
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written: {error}. The task is paid; its picture is fetched again by the next start, "
                "which costs nothing."
            ) from error


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


def _may_come(problem: PictureError | StoreError) -> bool:
    """Whether another URL might help."""
    return isinstance(problem, PictureError) and not isinstance(problem, PictureTooLarge)


def _is_there(image: Image) -> bool:
    """Whether a picture's file is there, as long as it was written."""
    with contextlib.suppress(OSError):
        return image.path is not None and image.path.stat().st_size == image.bytes
    return False


def _missing(entry: Entry, problems: list[PictureError]) -> PictureError:
    first = problems[0]
    text = (
        f"Task {entry.task_id} is finished and paid, but {len(problems)} of its {len(entry.urls)} pictures could not be kept: "
        f'{first}. `await mj.download(mj.task("{entry.task_id}"))` tries again, and costs nothing.'
    )
    return type(first)(text, url=first.url)
