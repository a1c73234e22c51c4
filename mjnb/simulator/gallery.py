"""Pictures of tasks, drawn when they are fetched, from nothing but the tasks' records."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from mjnb.simulator.urls import own_picture

if TYPE_CHECKING:
    from mjnb.simulator.painting import Picture
    from mjnb.simulator.store import Store
    from mjnb.simulator.tasks import Drawing, Task

__all__ = ["Gallery"]

_WORKERS = 2
_KEPT = 48  # JPEGs, about 100 kB each; a 4x upscale is a few MB


class Gallery:
    """Draws and keeps the last few pictures.

    Args:
        store: where the tasks are.
        short_side: pixels on the short side of a picture that is not upscaled.
    """

    def __init__(self, store: Store, short_side: int = 512) -> None:
        self._store = store
        self._short_side = short_side
        self._hands = ThreadPoolExecutor(_WORKERS, thread_name_prefix="mjnb-simulator-painter")
        self._draw = lru_cache(_KEPT)(self._draw_afresh)

    async def jpeg(self, task: Task, index: int) -> bytes:
        """Return one picture of a task, always the same bytes. Drawn in a worker, never on the loop."""
        if sys.platform == "emscripten":  # a browser has no threads
            return self._draw(task.id, index)
        return await asyncio.get_running_loop().run_in_executor(self._hands, self._draw, task.id, index)

    def close(self) -> None:
        """Let the workers go; what they are drawing is not waited for."""
        self._hands.shutdown(wait=False, cancel_futures=True)

    def _draw_afresh(self, task_id: str, index: int) -> bytes:
        from mjnb.simulator.painting import paint_jpeg

        return paint_jpeg(self._picture(task_id, index))

    def _picture(self, task_id: str, index: int) -> Picture:
        """Return what a picture shows; that of a follow-up holds its parent's, and so on back to the first."""
        from mjnb.simulator.painting import Picture

        task = self._store.task(task_id)
        assert task is not None, "only pictures of known tasks are drawn"
        drawing = task.drawing
        return Picture(
            prompt=drawing.prompt,
            index=index,
            aspect=drawing.aspect,
            version=drawing.version,
            chaos=drawing.chaos,
            stylize=drawing.stylize,
            weird=drawing.weird,
            seed=_seed(task, self._store.equals_before(task)),
            short_side=self._short_side,
            references=tuple(map(_stable, drawing.references)),
            parent=self._parent(drawing),
            change=drawing.change,
            region=drawing.region,
            mask_url=drawing.mask_url,
            canvas=drawing.canvas,
            placement=drawing.placement,
        )

    def _parent(self, drawing: Drawing) -> Picture | None:
        from mjnb.simulator.painting import Picture

        if drawing.source is not None:
            return self._picture(*drawing.source)
        if drawing.original:
            # A stranger's picture is never fetched, only imagined.
            return Picture(prompt=drawing.original, aspect=drawing.aspect, short_side=self._short_side)
        return None


def _seed(task: Task, repeat: int) -> int:
    """Return 32 bits: one prompt keeps its composition, so that a sweep shows its parameters and little else.

    The same request asked for again is a `repeat` and differs, as at the real gateway; so does every follow-up.
    """
    drawing = task.drawing
    basis = drawing.to_json() if drawing.change else f"{drawing.prompt}:{drawing.references}"
    return int.from_bytes(hashlib.sha256(f"{basis}:{repeat}".encode()).digest()[:4])


def _stable(url: str) -> str:
    """Return a name of a reference that stays the same when the simulator moves to another port."""
    own = own_picture(url)
    return f"{own[0]}/{own[1]}" if own else url
