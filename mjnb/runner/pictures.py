"""The pictures of a paid task: fetched, proved to be pictures, and put in their places."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from mjnb import images
from mjnb.errors import ConnectionFailed, GatewayError, PictureBroken, PictureError, StoreError

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
        results = await asyncio.gather(*(self._file(entry, i) for i in wanted), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, PictureError):
                raise result
        return [result for result in results if isinstance(result, PictureError)]

    async def _file(self, entry: Entry, index: int) -> None:
        """Fetch one picture, prove that it is one, and put it in its place."""
        if not entry.urls[index]:
            raise PictureBroken(f"the gateway gave no URL for picture {index}")
        for attempt in range(_TRIES):
            data = await self._client.fetch(entry.urls[index])
            try:
                path, info = await self._painted(data, self._store.folder(entry.row), index)
            except PictureBroken:
                if attempt == _TRIES - 1:
                    raise
                continue
            break
        await self._ledger(
            self._store.filed, entry.row, index, path,
            width=info.width, height=info.height, size=info.bytes, sha256=info.sha256,
        )  # fmt: skip

    async def _painted(self, data: bytes, folder: Path, index: int) -> tuple[Path, images.Info]:
        return await asyncio.get_running_loop().run_in_executor(self._painters, _keep, data, folder, index)


def _keep(data: bytes, folder: Path, index: int) -> tuple[Path, images.Info]:
    """Write a picture and its thumbnail so that a crash leaves either nothing or all of it."""
    info = images.inspect(data)
    path = folder / f"{index}.{info.format}"
    try:
        _write_whole(path, data)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error}. The task is paid; its picture is fetched again by the next start."
        ) from error
    with contextlib.suppress(PictureError, OSError):  # made again when it is wanted
        images.thumb(path)
    return path, info


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
