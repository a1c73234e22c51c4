"""The files that a gateway's replies lead to: pictures, their sheet, previews while they are made, clips, uploads.

Under each gateway's prefix, no key needed:

| path | what it is | there |
|---|---|---|
| `/files/{task}/{i}.jpg` | picture `i`, or the first frame of clip `i` | from a success until the task's files expire |
| `/files/{task}/{i}.webm` | clip `i` | the same |
| `/files/{task}/sheet.jpg` | all pictures of the task side by side, in full size | the same |
| `/files/{task}/preview-{percent}.webp` | the sheet unfinished, sharper with the percent | only while the task runs |
| `/files/uploads/{name}` | a picture that was sent to us | until it expires |

`?width=W&height=H` scales a JPEG down until it fits; other query parameters mean nothing. What has expired is a 410, all
else that is not there a 404.
"""

from __future__ import annotations

import re
from mimetypes import guess_type
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mjnb.simulator.doors import guard
from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from mjnb.simulator.gallery import Fit, Gallery
    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

    Draw = Callable[[Task, Request], Awaitable[bytes]]

__all__ = ["PREFIXES", "Files"]

PREFIXES = ("", "/apixo", "/apixo-reference", "/acedata", "/apimart")
"""What the paths of the gateways begin with."""

_RUNNING = frozenset({Phase.PENDING, Phase.PROCESSING, Phase.FINISHING})
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_UPLOADS = "/files/uploads/{name}"


class Files:
    """The file endpoints over a world.

    Args:
        world: the tasks and the uploads.
        gallery: draws what is fetched.
    """

    def __init__(self, world: World, gallery: Gallery) -> None:
        self._world = world
        self._gallery = gallery

    def routes(self) -> list[Route]:
        """Return the routes under every prefix."""
        paths = {
            _UPLOADS: self._upload,
            "/files/{task_id}/{index:int}.jpg": self._picture,
            "/files/{task_id}/{index:int}.webm": self._clip,
            "/files/{task_id}/sheet.jpg": self._sheet,
            "/files/{task_id}/preview-{percent:int}.webp": self._preview,
        }
        return [
            Route(prefix + path, guard(self._world, "file", answer, _refusal))
            for prefix in PREFIXES
            for path, answer in paths.items()
        ]

    async def _picture(self, request: Request) -> Response:
        task = self._finished(request, {"pictures", "video"})
        if isinstance(task, Response):
            return task
        data = await self._gallery.jpeg(task, request.path_params["index"], _fit(request))
        return _part(request, data, "image/jpeg")

    async def _sheet(self, request: Request) -> Response:
        task = self._finished(request, {"pictures"})
        if isinstance(task, Response):
            return task
        return _part(request, await self._gallery.sheet(task, _fit(request)), "image/jpeg")

    async def _clip(self, request: Request) -> Response:
        task = self._finished(request, {"video"})
        if isinstance(task, Response):
            return task
        data = await self._gallery.clip(task, request.path_params["index"])
        return _part(request, data, "video/webm")

    async def _preview(self, request: Request) -> Response:
        task = self._world.store.task(request.path_params["task_id"])
        running = task is not None and task.phase(self._world.now()) in _RUNNING
        if task is None or not running or task.kind != "pictures":
            return _missing()
        data = await self._gallery.preview(task, min(100, request.path_params["percent"]))
        return _part(request, data, "image/webp")

    async def _upload(self, request: Request) -> Response:
        name = request.path_params["name"]
        upload = self._world.store.upload(name)
        if upload is None:
            return _missing()
        if self._world.now() > upload.until:
            return _expired()
        return _part(request, upload.data, guess_type(name)[0] or "application/octet-stream")

    def _finished(self, request: Request, kinds: set[str]) -> Task | Response:
        """Return the task whose file is asked for, or why there is no file."""
        task = self._world.store.task(request.path_params["task_id"])
        now = self._world.now()
        if task is None or task.kind not in kinds or task.phase(now) is not Phase.SUCCESS:
            return _missing()
        if request.path_params.get("index", 0) >= task.pictures:
            return _missing()
        return _expired() if now > task.ends + task.file_life else task


def _fit(request: Request) -> Fit:
    """Return the largest width and height that are wanted; None where anything goes."""
    width, height = (request.query_params.get(side, "") for side in ("width", "height"))
    return tuple(int(side) if side.isdecimal() and int(side) > 0 else None for side in (width, height))


def _part(request: Request, data: bytes, media_type: str) -> Response:
    """Return a file, or the range of it that is wanted: without ranges a player cannot go back in a clip."""
    headers = {"Accept-Ranges": "bytes"}
    found = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if found is None or not any(found.groups()):
        return Response(data, 200, headers, media_type)
    first, last = found.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(len(data), int(last) + 1) if first and last else len(data)
    if start >= end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return Response(data[start:end], 206, headers, media_type)


def _missing() -> Response:
    return PlainTextResponse("No such file", 404)


def _expired() -> Response:
    return PlainTextResponse("This file has expired", 410)


def _refusal(status: int, retry_after: int | None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return PlainTextResponse("The file store is not well", status, headers)
