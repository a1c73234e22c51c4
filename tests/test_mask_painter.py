"""The mask painter from Python's side: what it takes, what a browser tells it, and what a session gets."""

from __future__ import annotations

import gc
import io
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from form_helpers import wait_for
from PIL import Image as Pillow

from mjnb import masks
from mjnb.errors import InvalidRequest, PictureBroken
from mjnb.parts import Canvas, ImagePosition, Mask
from mjnb.tasks import Image
from mjnb.widgets.forms import RequestForm
from mjnb.widgets.mask import MaskPainter

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

URL = "https://pictures.test/fox.jpg"


def pixels(width: int = 60, height: int = 40) -> NDArray[np.uint8]:
    """A plain picture."""
    return np.full((height, width, 3), 90, dtype=np.uint8)


def half(width: int = 60, height: int = 40) -> NDArray[np.bool_]:
    """A mask of the left half."""
    return np.arange(width)[None].repeat(height, axis=0) < width // 2


@pytest.fixture
def painter() -> MaskPainter:
    """A painter over a picture of 60 × 40 pixels."""
    return MaskPainter(pixels())


def file_of(picture: Any, kind: str = "PNG") -> bytes:
    """A picture's file."""
    file = io.BytesIO()
    Pillow.fromarray(picture).save(file, kind)
    return file.getvalue()


# -- the picture -------------------------------------------------------------------------------------------------------


def test_pictures_of_all_kinds(tmp_path: Path):
    """A task's picture, path, bytes, Pillow image and array are sent as WebP; the size is the original's."""
    path = tmp_path / "a.jpg"
    path.write_bytes(file_of(pixels(), "JPEG"))
    kept = Image(0, URL, path)
    fractions = np.full((40, 60), 0.5)
    for image in (
        kept,
        path,
        str(path),
        path.read_bytes(),
        Pillow.open(path),
        pixels(),
        fractions,
        fractions > 1,
    ):
        painter = MaskPainter(image)
        assert painter.size == [60, 40]
        assert Pillow.open(io.BytesIO(painter.picture)).format == "WEBP"


def test_a_picture_on_its_side():
    """A photograph that its EXIF turns is shown, measured and left behind upright."""
    exif = Pillow.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    lying = np.zeros((100, 200, 3), dtype=np.uint8)
    lying[:, :100, 0] = 250
    Pillow.fromarray(lying).save(file, "JPEG", exif=exif)
    for image in (file.getvalue(), Pillow.open(file)):
        painter = MaskPainter(image)
        assert painter.size == [100, 200]
        seen = np.asarray(Pillow.open(io.BytesIO(painter.picture)))
        assert seen.shape == (200, 100, 3)
        assert seen[20, 50, 0] > 200
        assert seen[180, 50, 0] < 50


def test_large_pictures_travel_small():
    """The browser gets a copy of at most 2048 px; masks keep the original's size."""
    painter = MaskPainter(pixels(5000, 100), Mask.box(0, 0, 2500, 100, size=(5000, 100)))
    assert Pillow.open(io.BytesIO(painter.picture)).size == (2048, 41)
    assert masks.read(painter.mask_png).shape == (100, 5000)


def test_a_url_is_left_to_the_browser():
    """A URL, or a task's picture without its file, is not fetched; its size is the browser's to tell."""
    painter = MaskPainter(URL)
    assert (painter.link, painter.picture, painter.size) == (URL, b"", [])
    assert (painter.canvas, painter.img_pos, painter.source) == (None, None, URL)
    with pytest.raises(InvalidRequest, match="Display the painter first"):
        painter.values()
    painter.set_state({"size": [60, 40], "mask_png": memoryview(masks.png_of(half()))})
    assert painter.values()["canvas"] == Canvas(width=60, height=40)
    ours = Image(2, URL, None, None, 60, 40)
    assert MaskPainter(ours).size == [60, 40]
    assert MaskPainter(ours).source is ours


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (b"no picture", PictureBroken),
        ("not-there.png", PictureBroken),
        (np.zeros((3, 3, 7)), InvalidRequest),
        (None, InvalidRequest),
    ],
)
def test_no_picture(image, error):
    """What is no picture is refused at once."""
    with pytest.raises(error):
        MaskPainter(image)


# -- the mask ----------------------------------------------------------------------------------------------------------


def test_a_stroke_arrives(painter: MaskPainter):
    """A browser's buffer is taken as bytes, and observers hear of it once."""
    heard: list[bytes] = []
    painter.observe(lambda change: heard.append(change["new"]), "mask_png")
    png = masks.png_of(half())
    painter.set_state({"mask_png": memoryview(png)})
    assert heard == [png]
    assert painter.mask == Mask.box(0, 0, 30, 40, size=(60, 40))
    assert painter.coverage == 0.5
    assert not painter.is_empty
    painter.set_state({"mask_png": memoryview(b"")})
    assert (painter.mask, painter.coverage, painter.is_empty) == (None, 0.0, True)
    assert painter.get_state("mask_png") == {"mask_png": b""}


def test_other_pages_are_told(painter: MaskPainter):
    """What one page changes is shown to all, then its word is said again, so that it knows what is older."""
    sent: list[dict[str, Any]] = []
    painter._send = lambda message, buffers=None: sent.append(message["state"] | {"buffers": buffers})
    png = masks.png_of(half())
    painter.set_state({"mask_png": memoryview(png), "told": "a"})
    *_, shown, heard = sent
    assert (shown["frame"], shown["buffers"]) == ([], [png])
    assert heard["heard"] == "a"
    painter.set_state({"frame": [120, 100, 0, 0, 60, 40], "told": "b"})
    *_, shown, heard = sent
    assert (shown["frame"], shown["buffers"]) == ([120, 100, 0, 0, 60, 40], [png])
    assert heard["heard"] == "b"


@pytest.mark.parametrize(
    "mask",
    [
        Mask.box(0, 0, 30, 40, size=(60, 40)),
        Mask.box(0, 0, 15, 20, size=(30, 20)),
        Mask.from_image(half()),
        {"areas": [{"width": 60, "height": 40, "points": [0, 0, 0, 40, 30, 40, 30, 0]}]},
        half(),
        half(120, 80),
        Pillow.fromarray(half()),
        masks.png_of(half()),
    ],
)
def test_setting_a_mask(painter: MaskPainter, mask):
    """A mask, a picture of one and an array are drawn in the picture's own size, also when theirs is another."""
    painter.mask = mask
    assert (masks.read(painter.mask_png) == half()).all()
    painter.mask = None
    assert painter.is_empty


def test_setting_the_bytes(painter: MaskPainter):
    """`mask_png` takes a picture of another size or format, and brings it into form; no picture is refused."""
    painter.mask_png = file_of(half(120, 80).astype(np.uint8) * 255, "JPEG")
    assert painter.mask_png.startswith(b"\x89PNG")
    assert painter.coverage == 0.5
    with pytest.raises(InvalidRequest, match="a PNG, JPEG or WebP"):
        painter.mask_png = b"no picture"
    assert painter.coverage == 0.5


# -- the canvas --------------------------------------------------------------------------------------------------------


def test_the_canvas_and_the_picture_on_it(painter: MaskPainter):
    """A larger canvas has the picture in its middle, then where it was put; it can never leave the canvas."""
    assert painter.canvas == Canvas(width=60, height=40)
    painter.canvas = (100, 80)
    assert painter.img_pos == ImagePosition(width=60, height=40, x=20, y=20)
    painter.img_pos = {"width": 60, "height": 40, "x": 40, "y": 0}
    painter.canvas = {"width": 90, "height": 80}
    assert painter.frame == [90, 80, 30, 0, 60, 40]
    with pytest.raises(InvalidRequest, match=r"canvas.width=59.*nearest valid value: 60"):
        painter.canvas = (59, 80)
    with pytest.raises(InvalidRequest, match=r"img_pos.x=31.*nearest valid value: 30"):
        painter.img_pos = ImagePosition(width=60, height=40, x=31, y=0)
    with pytest.raises(InvalidRequest, match=r"img_pos.height=81.*nearest valid value: 80"):
        painter.img_pos = ImagePosition(width=60, height=81, x=0, y=0)
    painter.canvas = None
    assert (painter.frame, painter.canvas) == ([], Canvas(width=60, height=40))


def test_a_frame_from_a_browser_is_kept_consistent(painter: MaskPainter):
    """Whatever numbers a browser sends, the picture lies on the canvas."""
    painter.set_state({"frame": [50, 50, 90, -3, 60, 40]})
    assert painter.frame == [60, 50, 0, 0, 60, 40]
    painter.set_state({"frame": []})
    assert painter.img_pos == ImagePosition(width=60, height=40, x=0, y=0)


# -- what a session takes ----------------------------------------------------------------------------------------------


def test_values(painter: MaskPainter):
    """Polygons or a picture, with canvas and place; areas are measured as the picture lies on the canvas."""
    with pytest.raises(InvalidRequest, match="something painted"):
        painter.values()
    painter.mask = half()
    painter.canvas = (120, 100)
    values = painter.values()
    assert values["mask"] == Mask.box(0, 0, 30, 40, size=(60, 40))
    assert values["canvas"] == Canvas(width=120, height=100)
    assert values["img_pos"] == ImagePosition(width=60, height=40, x=30, y=30)
    painter.img_pos = ImagePosition(width=120, height=80, x=0, y=20)
    (area,) = painter.values()["mask"].areas
    assert (area.width, area.height, area.points) == (120, 80, (0, 0, 60, 0, 60, 80, 0, 80))
    assert (masks.painted_by(painter.values("url")["mask"]) == half()).all()
    with pytest.raises(InvalidRequest, match="nearest valid value: 'areas'"):
        painter.values("svg")


def test_only_what_is_outside(painter: MaskPainter):
    """With a larger canvas and nothing painted the mask is black, of the picture's size."""
    painter.canvas = (120, 40)
    mask = painter.values()["mask"]
    assert mask.areas is None
    assert masks.painted_by(mask).shape == (40, 60)
    assert not masks.painted_by(mask).any()


def test_a_scribble_in_a_form_is_sent_as_a_picture(session):
    """A mask in too many pieces for polygons goes from a form as a picture, exact to the pixel, by itself."""
    mj = session()
    image = mj.imagine("a fox").result().images[0]
    form = RequestForm("upload-paint", mj, prompt="a hat", image_urls=[image.url])
    wait_for(lambda: form._painting.painter)
    painter = form._painting.painter
    y, x = np.mgrid[: image.height, : image.width]
    scribble = (x // 2 + y // 2) % 2 == 0
    painter.mask = scribble
    with pytest.raises(InvalidRequest, match="polygons"):
        _ = painter.mask
    assert not form.generate_button.disabled
    assert (masks.painted_by(form.request.mask) == scribble).all()
    assert form.generate().result(timeout=20).images
    painter.mask = Mask.box(0, 0, 9, 9, size=image)
    assert form.request.mask.areas is not None
    form.close()


def test_a_stroke_is_traced_once(painter: MaskPainter):
    """However often a mask is asked for, its polygons are found once; after the next stroke anew."""
    painter.mask = half()
    once = painter.mask.areas[0]
    assert painter.mask.areas[0] is once
    painter.mask = ~half()
    assert painter.mask.areas[0].points != once.points


def test_a_picture_of_this_machine_has_no_url(painter: MaskPainter):
    """Local bytes cannot be sent, and the error says what the gateway needs."""
    with pytest.raises(
        InvalidRequest, match=r"a URL, or a picture of an earlier task.*where the gateway can reach it"
    ):
        _ = painter.source
    with pytest.raises(InvalidRequest, match="session=mj"):
        painter.inpaint("a hat")


def test_inpainting(session):
    """What is painted goes through the session, inside the picture and around it."""
    mj = session()
    task = mj.imagine("a fox").result()
    painter = mj_painter = MaskPainter(task.images[0], session=mj)
    width, height = painter.size
    painter.mask = Mask.ellipse(0, 0, width // 2, height // 2, size=painter.size)
    done = painter.inpaint("a red hat", version="v7").result()
    assert done.request.mask == painter.mask
    assert done.images
    painter.canvas = (width * 2, height)
    again = mj.inpaint(painter.source, "a wide field", **mj_painter.values("url")).result()
    assert again.request.canvas.width == 2 * width
    assert again.request.img_pos.x == width // 2
    assert again.images


# -- what stays behind -------------------------------------------------------------------------------------------------


def test_the_still_picture(painter: MaskPainter):
    """Without a kernel there is a JPEG of the picture with the mask tinted over it, on its canvas, and a line."""
    painter.mask = half()
    still = painter.still()
    assert still["text/plain"] == "<MaskPainter 60 × 40 px, 50.0% painted anew>"
    seen = np.asarray(Pillow.open(io.BytesIO(still["image/jpeg"]))).astype(int)
    assert seen.shape == (40, 60, 3)
    assert seen[20, 10, 0] > seen[20, 10, 1] + 50
    assert abs(seen[20, 50] - 90).max() < 12
    painter.canvas = (2000, 1000)
    assert Pillow.open(io.BytesIO(painter.still()["image/jpeg"])).size == (512, 256)
    assert "on a canvas of 2000 × 1000" in painter.still()["text/plain"]


def test_the_still_picture_of_a_url():
    """A picture known by its URL alone leaves a line, and its mask on grey once its size is known."""
    painter = MaskPainter(URL)
    assert painter.still() == {"text/plain": "<MaskPainter size not known yet, 0.0% painted anew>"}
    painter.set_state({"size": [60, 40], "mask_png": memoryview(masks.png_of(half()))})
    assert "image/jpeg" in painter.still()


def test_the_still_picture_is_renewed(painter: MaskPainter):
    """Once a page's painter has been left, what has been painted is put into the still; nothing new, and nothing is."""
    shown: list[str] = []
    painter.refresh_still = lambda: shown.append(painter._bundle()["text/plain"])
    painter._bundle()
    painter._handle_custom_msg({"kind": "left"}, [])
    assert shown == []
    painter.set_state({"mask_png": memoryview(masks.png_of(half()))})
    for _ in range(2):
        painter._handle_custom_msg({"kind": "left"}, [])
    assert shown == ["<MaskPainter 60 × 40 px, 50.0% painted anew>"]


def test_closed_it_lets_go():
    """A closed painter keeps neither its picture nor its session nor itself alive."""

    class Holder:
        """Stands for a session."""

    holder = Holder()
    painter = MaskPainter(pixels(), session=holder)  # type: ignore[arg-type]
    seen = weakref.ref(painter), weakref.ref(holder)
    painter.close()
    del holder
    gc.collect()
    assert seen[1]() is None
    del painter
    gc.collect()
    assert seen[0]() is None
