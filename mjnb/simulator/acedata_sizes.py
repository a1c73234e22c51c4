"""How large the pictures are that AceData's replies tell the width and height of."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mjnb.simulator.painting import Picture
    from mjnb.simulator.store import Store
    from mjnb.simulator.tasks import Task

__all__ = ["Size", "Sizes"]

Size = tuple[int, int]

_PREVIEW = 128  # pixels on the short side of one picture of a preview, as the gallery draws it
_KEPT = 4096


class Sizes:
    """Tells the sizes of what the gallery will draw, without drawing it.

    Args:
        store: where the tasks are.
        short_side: pixels on the short side of a picture that is not upscaled, as the gallery has it.
    """

    def __init__(self, store: Store, short_side: int) -> None:
        self._store = store
        self._short_side = short_side
        self._measure = lru_cache(_KEPT)(self._measure_afresh)

    def whole(self, task: Task) -> Size:
        """Return (width, height) in pixels of all pictures of a task as one."""
        return self._measure(task.id, self._short_side)

    def preview(self, task: Task) -> Size:
        """Return (width, height) in pixels of the same while it is unfinished."""
        return self._measure(task.id, min(_PREVIEW, self._short_side))

    def _measure_afresh(self, task_id: str, short_side: int) -> Size:
        task = self._store.task(task_id)
        assert task is not None, "only known tasks are measured"
        width, height = self._picture(task, short_side).size
        if task.kind == "video":
            return width, height
        across = math.ceil(math.sqrt(task.pictures))
        return across * width, math.ceil(task.pictures / across) * height

    def _picture(self, task: Task, short_side: int) -> Picture:
        """Return a picture of the task's size; that of a follow-up grows from its parent's, and so on."""
        from mjnb.simulator.painting import Picture

        drawing, parent = task.drawing, None
        if drawing.source is not None:
            source = self._store.task(drawing.source[0])
            assert source is not None, "no task is ever forgotten"
            parent = self._picture(source, short_side)
        elif drawing.original:
            parent = Picture("", aspect=drawing.aspect, short_side=short_side)
        change = "crop" if task.kind == "video" and parent is not None else drawing.change
        return Picture(
            "",
            aspect=drawing.aspect,
            short_side=short_side,
            parent=parent,
            change=change,
            canvas=drawing.canvas,
        )
