"""A mask painter: what of a picture is painted anew, by brush, shapes or keyboard, and on how large a canvas.

The browser holds what is painted on (`static/mask/sheet.js`, shared by all views); after each stroke it hands over one
black-and-white PNG of the picture's own size. All coordinates are the picture's pixels, also on a larger canvas: at APIXO
a mask picture is as large as the original, and an area is measured in a frame of its own, as large as the picture lies on
the canvas.
"""

from __future__ import annotations

import contextvars
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anywidget
import numpy as np
import traitlets

from mjnb import images, masks
from mjnb.errors import InvalidRequest
from mjnb.parts import Area, Canvas, ImagePosition, Mask
from mjnb.tasks import Image
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills
from mjnb.widgets.mask_pictures import shown, sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mjnb.jobs import Job
    from mjnb.session import Session
    from mjnb.tasks import Task

__all__ = ["MaskPainter"]

_STATIC = Path(__file__).parent / "static" / "mask"


def _bytes(value: Any, _: Any = None) -> bytes:
    """Take bytes as they come: a browser's buffers arrive as a memoryview, which `Bytes` refuses."""
    return bytes(value or b"")


class _Reading:
    """What one PNG of a mask says. Each form of it is worked out once, however often it is asked for."""

    def __init__(self, png: bytes) -> None:
        self.png = png

    @cached_property
    def painted(self) -> NDArray[np.bool_] | None:
        """What is painted, None if nothing is."""
        painted = masks.read(self.png) if self.png else np.zeros((1, 1), dtype=bool)
        return painted if painted.any() else None

    @property
    def areas(self) -> tuple[Area, ...]:
        """It as polygons. Raises `InvalidRequest` for too many pieces."""
        if isinstance(self._traced, InvalidRequest):
            raise self._traced.with_traceback(None)
        return self._traced

    @cached_property
    def _traced(self) -> tuple[Area, ...] | InvalidRequest:
        try:
            return () if self.painted is None else masks.faithful(self.painted)
        except InvalidRequest as error:
            return error

    @cached_property
    def url(self) -> str:
        """It as a picture in base64."""
        return "" if self.painted is None else masks.url_of(self.painted)


class MaskPainter(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """Paint a mask over a picture, and place the picture on a larger canvas (outpainting).

    Args:
        image: A picture of a task (`task.images[0]`), path or bytes of a JPEG, PNG or WebP, a Pillow image, an array of
            height × width (× 3 or 4), or a URL, which the browser alone fetches.
        mask: What to begin with: a `Mask`, or whatever `Mask.from_image` takes.
        canvas: The size of the result's frame, at least the picture's; None is the picture itself.
        session: Where `inpaint` sends it.

    Traits:
        mask_png: The mask as a PNG of the picture's size, white where painted anew; empty while nothing is. Observe it
            to be told of every stroke: `painter.observe(f, "mask_png")`.
        size: Width and height of the picture in pixels; empty until a URL's picture has been seen in a browser.
        frame: `[canvas width, canvas height, x, y, width, height]` of the picture's place, or empty.

    Raises:
        InvalidRequest: The picture, the mask or the canvas cannot be.
        PictureBroken: The picture is damaged or not there.

    >>> import numpy as np
    >>> painter = MaskPainter(np.zeros((40, 60), dtype="uint8"), Mask.box(0, 0, 30, 40, size=(60, 40)))
    >>> painter.coverage, painter.mask.areas[0].points
    (0.5, (0, 0, 30, 0, 30, 40, 0, 40))
    """

    # Text, not paths: of a path anywidget keeps every instance alive for as long as the kernel.
    _esm = script(_STATIC / "painter.js")
    _css = style(_STATIC / "mask.css")
    picture = traitlets.Bytes(b"").tag(sync=True, from_json=_bytes)
    link = traitlets.Unicode("").tag(sync=True)
    size: traitlets.List[int] = traitlets.List(traitlets.Int(), []).tag(sync=True)
    frame: traitlets.List[int] = traitlets.List(traitlets.Int(), []).tag(sync=True)
    mask_png = traitlets.Bytes(b"").tag(sync=True, from_json=_bytes, echo_update=False)
    # A page marks each change with a word of its own (`told`). Once it is taken in, all pages are shown what holds now, and
    # then the word (`heard`): so each knows whether that is older than what it has told itself. See `static/mask/sheet.js`.
    told = traitlets.Unicode("").tag(sync=True)
    heard = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        image: Any,
        mask: Any = None,
        *,
        canvas: Canvas | dict[str, int] | tuple[int, int] | None = None,
        session: Session | None = None,
    ) -> None:
        self._image, self._session = image, session
        self._latest = _Reading(b"")
        self._left_behind: tuple[Any, ...] = ()
        link, picture, size = shown(image)
        super().__init__(link=link, picture=picture, size=list(size))
        self.on_msg(self._on_message)
        if mask is not None:
            self.mask = mask
        if canvas is not None:
            self.canvas = canvas

    # -- the mask ------------------------------------------------------------------------------------------------

    @property
    def mask(self) -> Mask | None:
        """What is painted anew, as polygons drawn clockwise; None while nothing is.

        Set it from a `Mask`, a PNG, a Pillow image or an array: it can be undone in the browser like a stroke.

        Raises:
            InvalidRequest: It is in too many pieces for polygons; `values(form="url")` is exact.
        """
        painted = self._painted()
        return None if painted is None else Mask(areas=self._reading.areas)

    @mask.setter
    def mask(self, mask: Any) -> None:
        if mask is None:
            self.mask_png = b""
        elif isinstance(mask, Mask | dict):
            given = mask if isinstance(mask, Mask) else Mask.model_validate(mask)
            self._put(masks.painted_by(given, self.size or None))
        else:
            self._put(masks.read(mask))

    def _put(self, painted: NDArray[np.bool_]) -> None:
        if self.size and [*painted.shape[::-1]] != self.size:
            painted = masks.resized(painted, (self.size[0], self.size[1]))
        self.mask_png = masks.png_of(painted) if painted.any() else b""

    @traitlets.validate("mask_png")
    def _as_png(self, proposal: dict[str, Any]) -> bytes:
        """Take a PNG of the picture's size as it is; bring any other picture into that form."""
        data = _bytes(proposal["value"])
        if not data or (images.sniff(data) == "png" and self.size in ([], [*masks.size_of(data)])):
            return data
        painted = masks.read(data)
        return masks.png_of(masks.resized(painted, (self.size[0], self.size[1])) if self.size else painted)

    @property
    def _reading(self) -> _Reading:
        png: bytes = self.mask_png
        latest = self._latest
        if latest.png != png:
            latest = self._latest = _Reading(png)
        return latest

    def _painted(self) -> NDArray[np.bool_] | None:
        """Return the mask, None while nothing is painted."""
        return self._reading.painted

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a page tells, and tell the others: ipywidgets itself keeps it from them."""
        try:
            super().set_state(sync_data)
        finally:
            if not sync_data.keys().isdisjoint(("mask_png", "frame")):
                self.send_state(["mask_png", "frame"])
                self.heard = self.told

    @property
    def coverage(self) -> float:
        """The share of the picture that is painted anew, 0 to 1."""
        painted = self._painted()
        return 0.0 if painted is None else float(painted.mean())

    @property
    def is_empty(self) -> bool:
        """Whether nothing is painted."""
        return self._painted() is None

    # -- the canvas ----------------------------------------------------------------------------------------------

    @property
    def canvas(self) -> Canvas | None:
        """The size of the result's frame; None while a URL's size is not known.

        Setting it keeps the picture inside: where it lay, or in the middle if it filled the canvas before. None takes the
        canvas back to the picture.
        """
        if not self.size:
            return None
        width, height = self.frame[:2] or self.size
        return Canvas(width=width, height=height)

    @canvas.setter
    def canvas(self, canvas: Canvas | dict[str, int] | tuple[int, int] | None) -> None:
        if canvas is None:
            self.frame = []
            return
        wanted = _sized(canvas)
        place = self._place("canvas")
        for side in ("width", "height"):
            if getattr(wanted, side) < getattr(place, side):
                least = getattr(place, side)
                raise InvalidRequest(
                    f"canvas.{side}",
                    getattr(wanted, side),
                    f"at least the picture's {least}",
                    nearest=least,
                )
        room = wanted.width - place.width, wanted.height - place.height
        x, y = (
            (min(place.x, room[0]), min(place.y, room[1])) if self.frame else (room[0] // 2, room[1] // 2)
        )
        self._frame(wanted, ImagePosition(width=place.width, height=place.height, x=x, y=y))

    @property
    def img_pos(self) -> ImagePosition | None:
        """Size and place of the picture on the canvas; None while a URL's size is not known.

        Raises:
            InvalidRequest: When set: it would leave the canvas.
        """
        return self._place("img_pos") if self.size else None

    @img_pos.setter
    def img_pos(self, place: ImagePosition | dict[str, int]) -> None:
        wanted = place if isinstance(place, ImagePosition) else ImagePosition.model_validate(place)
        canvas = self.canvas
        if canvas is None:
            raise self._unseen("img_pos")
        for side, offset in (("width", "x"), ("height", "y")):
            most = getattr(canvas, side)
            if getattr(wanted, side) > most:
                raise InvalidRequest(
                    f"img_pos.{side}", getattr(wanted, side), f"at most the canvas's {most}", nearest=most
                )
            room = most - getattr(wanted, side)
            if getattr(wanted, offset) > room:
                allowed = f"at most {room}, so that the picture stays on the canvas"
                raise InvalidRequest(f"img_pos.{offset}", getattr(wanted, offset), allowed, nearest=room)
        self._frame(canvas, wanted)

    def _place(self, field: str) -> ImagePosition:
        if not self.size:
            raise self._unseen(field)
        x, y, width, height = self.frame[2:] or (0, 0, *self.size)
        return ImagePosition(width=width, height=height, x=x, y=y)

    def _frame(self, canvas: Canvas, place: ImagePosition) -> None:
        numbers = [canvas.width, canvas.height, place.x, place.y, place.width, place.height]
        self.frame = [] if numbers == [*self.size, 0, 0, *self.size] else numbers

    @traitlets.validate("frame")
    def _inside(self, proposal: dict[str, Any]) -> list[int]:
        """Keep the picture on the canvas, whatever is asked for."""
        numbers: list[int] = proposal["value"]
        if not numbers:
            return numbers
        width, height, x, y, across, down = (max(0, number) for number in numbers)
        across, down = max(1, across), max(1, down)
        width, height = max(width, across), max(height, down)
        return [width, height, min(x, width - across), min(y, height - down), across, down]

    def _unseen(self, field: str) -> InvalidRequest:
        hint = (
            "Display the painter first: the browser tells the size of a picture that it shows from a URL."
        )
        return InvalidRequest(field, None, "the picture's size must be known", hint=hint)

    # -- what a session takes ------------------------------------------------------------------------------------

    @property
    def source(self) -> str | Image:
        """The picture as `session.inpaint` takes it: a task's `Image`, or a URL.

        Raises:
            InvalidRequest: It came from this machine, and gateways fetch pictures by URL.
        """
        if isinstance(self._image, Image) and self._image.url:
            return self._image
        if self.link:
            return str(self.link)
        hint = "Put it where the gateway can reach it, and give that URL: inpaint(url, prompt, **painter.values())."
        raise InvalidRequest(
            "image", type(self._image).__name__, "a URL, or a picture of an earlier task", hint=hint
        )

    def values(self, form: Literal["areas", "url"] = "areas") -> dict[str, Any]:
        """Return `mask`, `canvas` and `img_pos` for `session.inpaint(painter.source, prompt, **painter.values())`.

        Areas are measured as the picture lies on the canvas; the picture of a mask has the picture's own size. Where the
        canvas is larger and nothing is painted, the mask is a black picture: only what is outside is painted anew.

        Args:
            form: `"areas"` sends polygons, `"url"` the mask itself as a PNG in base64, exact to the pixel.

        Raises:
            InvalidRequest: Nothing would be painted anew, or the mask is in too many pieces for polygons.
        """
        if form not in ("areas", "url"):
            raise InvalidRequest("form", form, "'areas' or 'url'", nearest="areas")
        canvas, place, painted = self.canvas, self._place("image"), self._painted()
        if painted is None and not self.frame:
            raise InvalidRequest("mask", None, "something painted, or a canvas larger than the picture")
        if painted is None:
            mask = Mask(url=masks.url_of(np.zeros((self.size[1], self.size[0]), dtype=bool)))
        elif form == "url":
            mask = Mask(url=self._reading.url)
        else:
            mask = Mask(areas=[_scaled(area, place) for area in self._reading.areas])
        return {"mask": mask, "canvas": canvas, "img_pos": place}

    def inpaint(self, prompt: str, *, form: Literal["areas", "url"] = "areas", **params: Any) -> Job[Task]:
        """Send it through the painter's session; see `Session.inpaint` for `params` and what it raises.

        Raises:
            InvalidRequest: The painter was made without a session; and as `values` and `source` do. Nothing was sent.
        """
        if self._session is None:
            raise InvalidRequest("session", None, "a session", hint="MaskPainter(image, session=mj)")
        return self._session.inpaint(self.source, prompt, **self.values(form), **params)

    # -- what stays behind ---------------------------------------------------------------------------------------

    def still(self) -> dict[str, Any]:
        """Return the picture with the mask over it (a JPEG of at most 512 px) and a line that says so."""
        return (
            {"image/jpeg": self._sketch(), "text/plain": self._line()}
            if self.size
            else {"text/plain": self._line()}
        )

    def _bundle(self) -> dict[str, Any]:
        self._left_behind = self._drawn()
        return super()._bundle()

    def _drawn(self) -> tuple[Any, ...]:
        return self.mask_png, [*self.frame], [*self.size]

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        """Once somebody has left a page's painter, put a true still in place: a front end draws its display anew for it."""
        if content == {"kind": "left"} and self._left_behind != self._drawn():
            self.send({"kind": "anew"})
            contextvars.Context().run(self.refresh_still)

    def _sketch(self) -> bytes:
        return sketch(self.picture, self.frame or [*self.size, 0, 0, *self.size], self._painted())

    def _line(self) -> str:
        size = f"{self.size[0]} × {self.size[1]} px" if self.size else "size not known yet"
        canvas = f" on a canvas of {self.frame[0]} × {self.frame[1]}" if self.frame else ""
        return f"<MaskPainter {size}{canvas}, {self.coverage:.1%} painted anew>"

    def close(self) -> None:
        """Close it everywhere, and let go of the picture and the session."""
        self._session, self._image = None, None
        super().close()


def _sized(canvas: Canvas | dict[str, int] | tuple[int, int]) -> Canvas:
    if isinstance(canvas, Canvas):
        return canvas
    return Canvas.model_validate(
        canvas if isinstance(canvas, dict) else dict(zip(("width", "height"), canvas, strict=True))
    )


def _scaled(area: Area, place: ImagePosition) -> Area:
    """Measure an area as large as the picture lies on the canvas: as the gateway's own example has it."""
    scale = np.array([place.width / area.width, place.height / area.height])
    points = np.rint(np.reshape(area.points, (-1, 2)) * scale).astype(int)
    return Area(width=place.width, height=place.height, points=points.ravel().tolist())
