"""The mask painter inside a form: it appears as soon as there is a picture to paint on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest, MjnbError
from mjnb.fields import is_local
from mjnb.jobs import Job
from mjnb.modes import rule
from mjnb.parts import Part
from mjnb.runner.handover import kept_file
from mjnb.widgets.kit import line, shown, shut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.widgets.field import Control
    from mjnb.widgets.mask import MaskPainter

__all__ = ["Painting", "paints"]

_FIELDS = ("mask", "canvas", "img_pos")
_HINT = "Choose the picture first; then paint here what shall be made anew. Or fill in the numbers below."


def paints(model: type[Request], takes: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the fields of a request that a painter fills in: a mask, and where there are such, canvas and place.

    There are none where no picture is named, or no mask is taken.
    """
    names = model.model_fields
    has_mask = "mask" in names and takes("mask") and isinstance(rule(model, "mask"), Part)
    has_picture = "image_urls" in names or {"task_id", "image_index"} <= names.keys()
    return tuple(name for name in _FIELDS if name in names) if has_mask and has_picture else ()


class Painting:
    """A painter for the picture that a form is about; `box` is what to display.

    Args:
        session: Has the picture, if it is one of the ledger's.
        changed: Called when the mask has changed, or a painter came or went.
        controls: The form's own; what stands in that of the mask is what a painter begins with.
        fields: What the painter fills in, of `mask`, `canvas` and `img_pos`.
    """

    def __init__(
        self,
        session: Session,
        changed: Callable[[], None],
        controls: Mapping[str, Control],
        fields: tuple[str, ...],
    ) -> None:
        self._session, self._changed, self._controls, self.fields = session, changed, controls, fields
        self._says = line(_HINT, name="mjnb-reason")
        self.box = ipywidgets.VBox([self._says])
        self.painter: MaskPainter | None = None
        self._at: tuple[Any, ...] = ()

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
        if self.painter.frame and "canvas" not in self.fields:
            hint = "Set the canvas back to the picture."
            raise InvalidRequest(
                "mask", None, f"{self._session.dialect.title} paints inside the picture alone", hint=hint
            )
        try:
            values = self.painter.values()
        except InvalidRequest as error:
            if error.field != "areas":
                raise
            values = self.painter.values("url")
        return {name: values[name] for name in self.fields}

    def hide_numbers(self) -> None:
        """Show the numbers wherever they would be sent, and no others."""
        gives = bool(self.values())
        for name in self.fields:
            one = self._controls[name]
            is_idle = gives or (self.painter is not None and one.value is None)
            one.widget.layout.display = "none" if is_idle else ""

    def follow(self) -> Job[None] | None:
        """Paint on the picture that is chosen now; none takes the painter away. The same picture keeps its mask."""
        at = self._chosen()
        if at == self._at:
            return None
        self._at = at
        self._put(None, _HINT)
        return Job(self._open(at), label="opening a picture") if at else None

    def _chosen(self) -> tuple[Any, ...]:
        """Name the picture: by its URL, or by its task and its number."""
        if "image_urls" in self._controls:
            urls = self._controls["image_urls"].value
            return (str(urls[0]),) if urls else ()
        task_id, index = self._controls["task_id"].value, self._controls["image_index"].value
        return (task_id, index) if isinstance(task_id, str) and isinstance(index, int) else ()

    async def _open(self, at: tuple[Any, ...]) -> None:
        try:
            painter = await asyncio.to_thread(self._make, at)
        except MjnbError as error:
            if at == self._at:
                self._put(None, f"This picture cannot be painted on here: {error} {_HINT}")
            return
        if at == self._at:
            self._put(painter, "")
            if (
                painter.mask_png
            ):  # it holds the form's mask now: to empty that any earlier would lose it for a moment
                self._controls["mask"].value = None
        else:
            shut(painter)

    def _make(self, at: tuple[Any, ...]) -> MaskPainter:
        from mjnb.widgets.mask import MaskPainter

        picture = _picture(self._session, *at)
        given = self._controls["mask"].value if picture is not None else None
        painter = MaskPainter(at[0] if picture is None else picture, given, session=self._session)
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
        self._at, self._changed = (), _nothing
        self._put(None, "")
        for one in (self._says, self.box):  # the former may have gone from the page
            shut(one)


def _nothing() -> None:
    """Tell nobody."""


def _picture(session: Session, at: str, index: int | None = None) -> Any:
    """Find a picture of the ledger by its URL, or by its task and its number; a file of this machine by its name.

    Raises:
        InvalidRequest: The ledger has no such task, or it has no such picture.
    """
    if index is None:
        if is_local(at):
            return kept_file(session.store.root, at)
        found = (
            image for entry in reversed(session.store.all()) for image in entry.images if image.url == at
        )
        return next(found, None)
    entry = session.store.by_task(at)
    image = next((one for one in entry.images if one.index == index), None) if entry is not None else None
    if image is None:
        raise InvalidRequest("image_index", index, "a picture that the ledger has")
    return image
