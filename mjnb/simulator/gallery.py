"""Pictures and clips of tasks, drawn when they are fetched, from nothing but the tasks' records."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from mjnb.simulator.urls import own_picture, own_upload

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mjnb.simulator.painting import Picture
    from mjnb.simulator.store import Store
    from mjnb.simulator.tasks import Drawing, Task

    Fit = tuple[int | None, ...]

__all__ = ["Gallery"]

_WORKERS = 2
_KEPT = 48  # files, about 100 kB each; a 4x upscale is a few MB
_LONGEST = 2000  # characters; what is longer is no name but the picture itself, in base64
_PREVIEW = 128  # pixels on the short side of one picture of an unfinished sheet


class Gallery:
    """Draws and keeps the last few files. The same question always gets the same bytes.

    Everything is drawn in a worker, never on the loop.

    Args:
        store: where the tasks are.
        short_side: pixels on the short side of a picture that is not upscaled.
    """

    def __init__(self, store: Store, short_side: int = 512) -> None:
        self._store = store
        self._short_side = short_side
        self._hands = ThreadPoolExecutor(_WORKERS, thread_name_prefix="mjnb-simulator-painter")
        self._draw = lru_cache(_KEPT)(self._draw_afresh)

    async def jpeg(self, task: Task, index: int, fit: Fit = (None, None)) -> bytes:
        """Return one picture of a task as JPEG, scaled down until it fits into (width, height)."""
        return await self._drawn(self._jpeg, task.id, index, fit)

    async def sheet(self, task: Task, fit: Fit = (None, None)) -> bytes:
        """Return all pictures of a task side by side as JPEG, scaled down until they fit into (width, height)."""
        return await self._drawn(self._sheet, task.id, fit)

    async def preview(self, task: Task, percent: int) -> bytes:
        """Return the sheet of a task as WebP, as it looks when so much of it is done."""
        return await self._drawn(self._preview, task.id, percent)

    async def clip(self, task: Task, index: int) -> bytes:
        """Return one clip of a task as WebM."""
        return await self._drawn(self._clip, task.id, index)

    def close(self) -> None:
        """Let the workers go; what they are drawing is not waited for."""
        self._hands.shutdown(wait=False, cancel_futures=True)

    async def _drawn(self, draw: Callable[..., bytes], *what: Any) -> bytes:
        if sys.platform == "emscripten":  # a browser has no threads
            return self._draw(draw, *what)
        return await asyncio.get_running_loop().run_in_executor(self._hands, self._draw, draw, *what)

    def _draw_afresh(self, draw: Callable[..., bytes], *what: Any) -> bytes:
        return draw(*what)

    def _jpeg(self, task_id: str, index: int, fit: Fit) -> bytes:
        from mjnb.simulator.painting import encoded, paint
        from mjnb.simulator.sheet import fitted

        return encoded(fitted(paint(self._picture(task_id, index)), *fit))

    def _sheet(self, task_id: str, fit: Fit) -> bytes:
        from mjnb.simulator.painting import encoded, paint
        from mjnb.simulator.sheet import fitted, laid_out

        pictures = [paint(self._picture(task_id, index)) for index in range(self._task(task_id).pictures)]
        return encoded(fitted(laid_out(pictures), *fit))

    def _preview(self, task_id: str, percent: int) -> bytes:
        from mjnb.simulator.painting import unmarked
        from mjnb.simulator.sheet import laid_out, preview_webp

        side = min(_PREVIEW, self._short_side)
        indices = range(self._task(task_id).pictures)
        small = [unmarked(self._picture(task_id, index, side)) for index in indices]
        return preview_webp(laid_out(small), percent)

    def _clip(self, task_id: str, index: int) -> bytes:
        from mjnb.simulator.video import clip_webm

        return clip_webm(self._picture(task_id, index), index, self._task(task_id).drawing.motion)

    def _task(self, task_id: str) -> Task:
        task = self._store.task(task_id)
        assert task is not None, "only pictures of known tasks are drawn"
        return task

    def _picture(self, task_id: str, index: int, short_side: int | None = None) -> Picture:
        """Return what a picture shows; that of a follow-up holds its parent's, and so on back to the first."""
        from mjnb.simulator.painting import Picture

        task = self._task(task_id)
        drawing = task.drawing
        side = short_side or self._short_side
        parent = self._parent(drawing, side)
        return Picture(
            prompt=drawing.prompt or self._blend(drawing.references),
            index=index,
            aspect=drawing.aspect,
            version=drawing.version,
            chaos=drawing.chaos,
            stylize=drawing.stylize,
            weird=drawing.weird,
            seed=_seed(task, self._store.equals_before(task)),
            short_side=side,
            references=tuple(map(_stable, drawing.references)),
            parent=parent,
            # Every clip of a picture begins with the picture.
            change="crop" if task.kind == "video" and parent is not None else drawing.change,
            region=drawing.region,
            mask_url=drawing.mask_url,
            canvas=drawing.canvas,
            placement=drawing.placement,
        )

    def _parent(self, drawing: Drawing, short_side: int) -> Picture | None:
        from mjnb.simulator.painting import Picture

        if drawing.source is not None:
            return self._picture(*drawing.source, short_side)
        if drawing.original:
            # A stranger's picture is never fetched, only imagined.
            return Picture(prompt=drawing.original, aspect=drawing.aspect, short_side=short_side)
        return None

    def _blend(self, references: tuple[str, ...]) -> str:
        """Return what a blend shows: the prompts of our own pictures, and of the others what their names may say."""
        prompts = []
        for url in references:
            own = own_picture(url)
            task = self._store.task(own[0]) if own else None
            prompts.append(task.drawing.prompt if task is not None else _stable(url))
        return ", ".join(prompts)


def _seed(task: Task, repeat: int) -> int:
    """Return 32 bits: one prompt keeps its composition, so that a sweep shows its parameters and little else.

    The same request asked for again is a `repeat` and differs, as at the real gateway, unless it brings a seed of its own;
    so does every follow-up.
    """
    drawing = task.drawing
    names = tuple(map(_stable, drawing.references))
    basis = drawing.to_json() if drawing.change else f"{drawing.prompt}:{names}"
    chance = f"{basis}:{repeat}" if drawing.seed is None else f"{basis}:seed {drawing.seed}"
    return int.from_bytes(hashlib.sha256(chance.encode()).digest()[:4])


def _stable(url: str) -> str:
    """Return a name of a reference that stays the same when the simulator moves to another port."""
    own = own_picture(url)
    name = f"{own[0]}/{own[1]}" if own else own_upload(url) or url
    return name if len(name) <= _LONGEST else hashlib.sha256(name.encode()).hexdigest()
