"""The place under a board where forms open, for what one click cannot say."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest
from mjnb.widgets.followups import step
from mjnb.widgets.kit import button, line, shut

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.jobs import Job
    from mjnb.modes import Request
    from mjnb.runs import Run
    from mjnb.session import Session
    from mjnb.tasks import Task, TaskState
    from mjnb.widgets.board.deeds import Deeds
    from mjnb.widgets.board.tiles import Tile
    from mjnb.widgets.followups import Action
    from mjnb.widgets.forms import RequestForm

__all__ = ["Tray"]


class Tray(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """At most one open form with its heading; opening another closes the first.

    Args:
        made: Called when a form has sent a task, with its job, its request (None if that is not the form's own), what
            tells its state, and the tile that it is made from.
        joined: Called with a run that was started here.
    """

    def __init__(
        self,
        made: Callable[[Job[Task], Request | None, Callable[[], TaskState | None], Tile], None],
        joined: Callable[[Run], None],
    ) -> None:
        super().__init__([])
        self._made, self._joined = made, joined
        self.form: Any = None
        self._parts: tuple[Any, ...] = ()

    def fill(
        self, mode: str | type[Request], session: Session, tile: Tile, title: str, values: dict[str, Any]
    ) -> None:
        """Open a form whose tasks join the board, and so do those of the forms that are opened from it.

        Raises:
            InvalidRequest: The mode has no such field.
        """
        from mjnb.widgets.forms import RequestForm

        form = RequestForm(mode, session, **values)

        def opens(action: Action, index: int) -> None:
            given = action.values_for(index)
            if action.whole and action.model is form.model:
                form.values = given
            else:
                self.fill(action.model, session, tile, title, given)

        form.opens = opens
        form.told = self._told(form, tile)
        self._open(form, title)

    def _told(self, form: RequestForm, tile: Tile) -> Callable[[], None]:
        """Return what tells of each task of a form as soon as it is sent: from then on the form may be closed."""
        lock, seen = threading.Lock(), list[Any]()

        def look() -> None:
            job, working = form.job, form.outcome.working
            with lock:
                if job is None or job in seen:
                    return
                seen.append(job)
            self._made(job, _sent(form), lambda: working.state, tile)

        return look

    def sweep(self, deeds: Deeds, tile: Tile, title: str) -> None:
        """Open a sweep around a tile's request.

        Raises:
            InvalidRequest: There can be no sweep around it, or what was asked for is not known any more.
        """
        from mjnb.widgets.sweepform import SweepForm

        form = SweepForm(deeds.session, deeds.around(tile))
        form.on_run(self._joined)
        self._open(form, title)

    def _open(self, form: Any, title: str) -> None:
        close = button("Close", "Close this form; what was sent goes on.", lambda _: self.shut())
        close.layout.width = "auto"
        head = ipywidgets.HBox([line(title), close])
        head.layout.justify_content, head.layout.align_items = "space-between", "center"
        self._show(form, (head, form))

    def shut(self) -> None:
        """Close the form."""
        self._show(None, ())

    def _show(self, form: Any, parts: tuple[Any, ...]) -> None:
        before, self._parts, self.form = self._parts, parts, form
        self.children = parts
        for part in before:
            shut(part)


def _sent(form: RequestForm) -> Request | None:
    """Return what a form has sent just now, None if that was one of its results' follow-ups."""
    try:
        request = form.request
    except InvalidRequest:
        return None
    return request if step(request) == form.outcome.working.label else None
