"""The mask painter inside a form: it appears as soon as there is a picture to paint on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest, MjnbError
from mjnb.jobs import Job
from mjnb.widgets.kit import line, shown, shut

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session
    from mjnb.tasks import Image
    from mjnb.widgets.field import Control
    from mjnb.widgets.mask import MaskPainter

__all__ = ["FIELDS", "Painting"]

FIELDS = ("mask", "canvas", "img_pos")
"""The fields of a request that a painter fills in."""
_HINT = "Choose the picture first; then paint here what shall be made anew. Or fill in the numbers below."


class Painting:
    """A painter for the first reference picture of a form; `box` is what to display.

    Args:
        session: Has the picture, if it is one of the ledger's.
        changed: Called when the mask has changed, or a painter came or went.
        mask: The control of the mask in numbers; what stands there is what a painter begins with.
    """

    def __init__(self, session: Session, changed: Callable[[], None], mask: Control) -> None:
        self._session, self._changed, self._mask = session, changed, mask
        self._says = line(_HINT, name="mjnb-reason")
        self.box = ipywidgets.VBox([self._says])
        self.painter: MaskPainter | None = None
        self._url = ""

    def values(self) -> dict[str, Any]:
        """Return the fields that the painter gives, nothing as long as there is none.

        A mask in too many pieces for polygons is given as a picture.
        """
        try:
            return self._given()
        except InvalidRequest:
            return {}

    def problem(self) -> InvalidRequest | None:
        """Return why the painter has nothing to give, None if it has, or if there is none."""
        try:
            self._given()
        except InvalidRequest as error:
            return error
        return None

    def _given(self) -> dict[str, Any]:
        if self.painter is None:
            return {}
        try:
            return self.painter.values()
        except InvalidRequest as error:
            if error.field != "areas":
                raise
            return self.painter.values("url")

    def show(self, url: str) -> Job[None] | None:
        """Paint on the picture at a URL; "" takes the painter away. The same picture keeps its mask."""
        if url == self._url:
            return None
        self._url = url
        self._put(None, _HINT)
        return Job(self._open(url), label="opening a picture") if url else None

    async def _open(self, url: str) -> None:
        try:
            painter = await asyncio.to_thread(self._make, url)
        except MjnbError as error:
            if url == self._url:
                self._put(None, f"This picture cannot be painted on here: {error} {_HINT}")
            return
        if url == self._url:
            self._put(painter, "")
        else:
            shut(painter)

    def _make(self, url: str) -> MaskPainter:
        from mjnb.widgets.mask import MaskPainter

        picture = _picture(self._session, url)
        given = self._mask.value if picture is not None else None
        painter = MaskPainter(picture or url, given, session=self._session)
        if given is not None:
            self._mask.value = None
        painter.observe(lambda _: self._changed(), ["mask_png", "frame", "size"])
        return painter

    def _put(self, painter: MaskPainter | None, text: str) -> None:
        before, self.painter = self.painter, painter
        self._says.value = shown(text)
        self.box.children = [self._says] if painter is None else [painter]
        if before is not None:
            shut(before)
        self._changed()

    def close(self) -> None:
        """Let go of the painter and of whoever is told."""
        self._url, self._changed = "", _nothing
        self._put(None, "")
        shut(self.box)


def _nothing() -> None:
    """Tell nobody."""


def _picture(session: Session, url: str) -> Image | None:
    """Find a picture of the ledger by its URL."""
    entries = session.store.all()
    found = (image for entry in reversed(entries) for image in entry.images if image.url == url)
    return next(found, None)
