"""The place under a board where forms open, for what one click cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb import frame as frames
from mjnb.errors import InvalidRequest
from mjnb.widgets.board.tiles import text_of
from mjnb.widgets.kit import button, line, shut

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.runs import Run
    from mjnb.session import Session
    from mjnb.tasks import Task
    from mjnb.widgets.board.deeds import Deeds
    from mjnb.widgets.board.tiles import Tile

__all__ = ["Tray"]


class Tray(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """At most one open form with its heading; opening another closes the first.

    Args:
        made: Called with a finished task and the tile that it was made from, on the I/O thread.
        joined: Called with a run that was started here.
    """

    def __init__(self, made: Callable[[Task, Tile], None], joined: Callable[[Run], None]) -> None:
        super().__init__([])
        self._made, self._joined = made, joined
        self.form: Any = None
        self._parts: tuple[Any, ...] = ()

    def paint(self, session: Session, mode: str, tile: Tile, picture: int, title: str) -> None:
        """Open the form of a painting mode on one picture.

        Raises:
            InvalidRequest: The picture has no address at the gateway.
        """
        from mjnb.widgets.forms import RequestForm

        links = dict(enumerate(frames.paths(tile.row.get("urls"))))
        if picture not in links:
            raise InvalidRequest("picture", picture, "a picture that the gateway has an address of")
        prompt = text_of(tile.row.get("prompt"))
        form = RequestForm(
            mode, session, image_urls=[links[picture]], **({"prompt": prompt} if prompt else {})
        )
        told: set[str] = set()

        def look() -> None:
            for task in form.tasks:
                if task.id not in told:
                    told.add(task.id)
                    self._made(task, tile)

        form.told = look
        self._open(form, title)

    def sweep(self, deeds: Deeds, tile: Tile, title: str) -> None:
        """Open a sweep around a tile's request.

        Raises:
            InvalidRequest: What was asked for is not known any more.
        """
        from mjnb.widgets.sweepform import SweepForm

        form = SweepForm(deeds.session, deeds.asked(tile))
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
