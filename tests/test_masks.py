"""Masks without a widget: shapes, pictures, polygons, and the way from one to the other."""

from __future__ import annotations

import base64
import io
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageDraw, ImageOps

from mjnb import masks
from mjnb.errors import InvalidRequest
from mjnb.masks.shapes import signed_area
from mjnb.parts import Mask
from mjnb.tasks import Image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def ring(points: Any) -> NDArray[np.float64]:
    """Corners of an area as n × 2."""
    return np.reshape(points, (-1, 2)).astype(float)


def agreement(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """The area of both by the area of either."""
    return float((a & b).sum() / max(1, (a | b).sum()))


def strokes(size: int, width: int, lines: list[list[tuple[float, float]]]) -> NDArray[np.bool_]:
    """A mask as a round brush paints it."""
    picture = Pillow.new("L", (size, size))
    draw = ImageDraw.Draw(picture)
    for line in lines:
        places = [(x * size, y * size) for x, y in line]
        draw.line(places, fill=255, width=width)
        for x, y in places:
            draw.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    return np.asarray(picture) > 0


def png(pixels: Any, mode: str = "L") -> bytes:
    """A PNG of some pixels."""
    file = io.BytesIO()
    Pillow.fromarray(np.asarray(pixels, dtype=np.uint8), mode=None).convert(mode).save(file, "PNG")
    return file.getvalue()


# -- shapes ------------------------------------------------------------------------------------------------------------


def test_a_box_is_clockwise_and_paints_its_pixels():
    """A box paints exactly its own pixels, clockwise from its top left."""
    mask = Mask.box(10, 20, 30, 40, size=(100, 80))
    assert mask.areas[0].points == (10, 20, 40, 20, 40, 60, 10, 60)
    painted = masks.painted_by(mask)
    assert painted.shape == (80, 100)
    assert painted[20:60, 10:40].all()
    assert painted.sum() == 30 * 40


@pytest.mark.parametrize(
    "points",
    [[(10, 10), (10, 90), (90, 50)], [10, 10, 90, 50, 10, 90], np.array([[10, 10], [90, 50], [10, 90]])],
)
def test_polygons_are_turned_clockwise(points):
    """Pairs, a flat list and an array are taken, in either winding, and come out clockwise on the screen."""
    (area,) = Mask.polygon(points, size=(100, 100)).areas
    assert signed_area(ring(area.points)) > 0
    assert len(area.points) == 6


def test_what_lies_outside_is_cut_off():
    """A polygon that leaves the picture keeps its slopes and loses what is outside."""
    inside = masks.painted_by(Mask.polygon([(-100, 50), (50, -100), (200, 50), (50, 200)], size=(100, 100)))
    assert inside.all()
    corner = masks.painted_by(Mask.polygon([(-50, 0), (50, 0), (0, 50), (-50, 50)], size=(100, 100)))
    assert corner.sum() == pytest.approx(50 * 50 / 2, rel=0.03)


def test_a_bow_tie():
    """A polygon that crosses itself is painted, also where its halves cancel out; one without any inside is refused."""
    painted = masks.painted_by(Mask.polygon([(0, 0), (100, 100), (100, 0), (0, 100)], size=(100, 100)))
    assert painted.mean() == pytest.approx(0.5, abs=0.01)
    assert painted[50, 20]
    assert painted[50, 80]
    with pytest.raises(InvalidRequest, match="at least one pixel"):
        Mask.polygon([(0, 0), (50, 0), (50, 50), (50, 0)], size=(100, 100))


@pytest.mark.parametrize(("width", "height"), [(20, 20), (300, 100), (2000, 2000)])
def test_an_ellipse_is_round(width, height):
    """An ellipse has 32 corners or more, as many as its size needs."""
    (area,) = Mask.ellipse(5, 5, width, height, size=(2048, 2048)).areas
    assert len(area.points) // 2 >= 32
    assert signed_area(ring(area.points)) == pytest.approx(np.pi * width * height / 4, rel=0.03)


def test_the_size_of_a_picture(tmp_path):
    """The frame is read from a task's picture, a Pillow image, an array, a path or bytes."""
    picture = Pillow.new("RGB", (64, 48))
    path = tmp_path / "a.png"
    picture.save(path)
    ours = Image(0, "https://x.test/a.png", path)
    sized = Image(0, "https://x.test/a.png", None, None, 64, 48)
    for size in (picture, path, str(path), path.read_bytes(), np.zeros((48, 64, 3)), ours, sized, [64, 48]):
        (area,) = Mask.box(0, 0, 10, 10, size=size).areas
        assert (area.width, area.height) == (64, 48)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Mask.polygon([(0, 0), (5, 5)], size=(10, 10)), "at least three corners"),
        (lambda: Mask.polygon("abc", size=(10, 10)), "at least three corners"),
        (lambda: Mask.polygon([(0, 0), (5, "x"), (1, 2)], size=(10, 10)), "at least three corners"),
        (lambda: Mask.box(20, 20, 5, 5, size=(10, 10)), "within the picture's 10 × 10"),
        (lambda: Mask.box(0, 0, 0, 5, size=(10, 10)), "nearest valid value: .0.0, 0.0, 1.0, 5.0"),
        (lambda: Mask.box(0, "x", 4, 5, size=(10, 10)), "as numbers of pixels"),
        (lambda: Mask.ellipse(0, 0, float("nan"), 5, size=(10, 10)), "a width and height above 0"),
        (lambda: Mask.box(0, 0, 5, 5, size=(0, 10)), "width=0"),
        (lambda: Mask.box(0, 0, 5, 5, size=object()), "width and height in pixels"),
        (lambda: Mask.box(0, 0, 5, 5, size=b"nothing"), "a PNG, JPEG or WebP"),
        (lambda: Mask.from_image(np.zeros((4, 4))), "a picture without white"),
        (lambda: Mask.from_image(np.zeros((4, 4, 7))), "height × width"),
        (lambda: Mask.from_image(b"no picture"), "a PNG, JPEG or WebP"),
        (lambda: Mask.from_image("not-there.png"), "a PNG, JPEG or WebP"),
        (lambda: Mask.from_image(np.ones((4, 4)), as_="svg"), "nearest valid value: 'url'"),
        (lambda: Mask.from_image(png([[0, 1], [1, 0]])), "no lighter than 1 of 255"),
        (lambda: masks.with_polarity(png([[255]]), "pink"), "nearest valid value: 'white'"),
        (lambda: masks.painted_by(Mask(url="https://x.test/mask.png")), "not fetched"),
    ],
)  # fmt: skip
def test_refusals(make, says):
    """What cannot be a mask is refused in words, with the nearest that could."""
    with pytest.raises(InvalidRequest, match=says):
        make()


@pytest.mark.parametrize("offset", [(-200, 0), (200, 300), (30, -90)])
def test_a_nearest_polygon(offset):
    """A polygon outside the picture is refused with the same one moved inside."""
    points = np.array([(10, 10), (40, 10), (10, 40)]) + offset
    with pytest.raises(InvalidRequest) as caught:
        Mask.polygon(points, size=(50, 50))
    (area,) = Mask.polygon(caught.value.nearest, size=(50, 50)).areas
    assert signed_area(ring(area.points)) == 450


# -- pictures ----------------------------------------------------------------------------------------------------------


def test_from_a_picture(tmp_path: Path):
    """Path, bytes, Pillow image and array give the same mask, as a PNG in base64 or as polygons."""
    painted = np.zeros((60, 80), dtype=bool)
    painted[10:50, 20:70] = True
    path = tmp_path / "mask.png"
    path.write_bytes(masks.png_of(painted))
    pillow = Pillow.fromarray(painted.astype(np.uint8) * 255)
    for image in (
        path,
        str(path),
        path.read_bytes(),
        pillow,
        painted,
        painted.astype(float),
        painted.astype(int) * 7,
    ):
        assert Mask.from_image(image, as_="areas") == Mask.box(20, 10, 50, 40, size=(80, 60))
        url = Mask.from_image(image).url
        assert url is not None
        sent = Pillow.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
        assert (sent.size, sorted(sent.convert("L").histogram()[i] for i in (0, 255))) == (
            (80, 60),
            [2000, 2800],
        )


def test_what_is_see_through_is_kept():
    """In a picture with transparency only what is white and opaque is painted anew."""
    pixels = np.full((2, 2, 4), 255, dtype=np.uint8)
    pixels[0, 0, 3] = 0
    pixels[1, 1, :3] = 0
    assert masks.read(png(pixels, "RGBA")).tolist() == [[False, True], [True, False]]


def test_greys_of_sixteen_bits():
    """Of 16 bits the upper eight count: near-black stays black; NaN in an array is not painted."""
    deep = np.array([[0, 300, 65535], [40_000, 20_000, 2_000]], dtype=np.uint16)
    file = io.BytesIO()
    Pillow.fromarray(deep).save(file, "PNG")
    white = [[False, False, True], [True, False, False]]
    assert masks.read(file.getvalue()).tolist() == white
    assert masks.read(Pillow.fromarray(deep.astype(np.int32))).tolist() == white
    assert masks.read(np.array([[np.nan, 0.0, 0.5]])).tolist() == [[False, False, True]]
    with pytest.raises(InvalidRequest, match="without white"):
        Mask.from_image(np.full((4, 4), np.nan))


@pytest.mark.parametrize("way", range(1, 9))
def test_pictures_are_upright(way):
    """A picture whose EXIF says that it lies on its side or is mirrored is read as a browser shows it."""
    exif = Pillow.Exif()
    exif[0x0112] = way
    file = io.BytesIO()
    pixels = np.zeros((8, 16), dtype=np.uint8)
    pixels[:4, :8] = 255
    Pillow.fromarray(pixels).save(file, "PNG", exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Pillow.open(file)))
    assert (masks.read(file.getvalue()) == (upright > 0)).all()
    for picture in (file.getvalue(), Pillow.open(file)):
        assert masks.size_of(picture) == upright.shape[::-1]


def test_polarity():
    """White, black or transparent can mark what is painted anew; each is an exact picture of the same mask."""
    painted = np.array([[True, False, False], [False, True, True]])
    ours = masks.png_of(painted)
    assert (masks.read(masks.with_polarity(ours)) == painted).all()
    assert (masks.read(masks.with_polarity(ours, "black")) == ~painted).all()
    clear = np.asarray(Pillow.open(io.BytesIO(masks.with_polarity(ours, "transparent"))))
    assert ((clear[..., 3] == 0) == painted).all()
    assert set(clear[..., 3].ravel()) == {0, 255}


def test_areas_are_scaled_to_the_picture():
    """Each area is drawn from its own frame to the picture's size, and a mask picture is too."""
    joined = Mask(
        areas=Mask.box(0, 0, 5, 10, size=(10, 10)).areas + Mask.box(60, 50, 40, 50, size=(100, 100)).areas
    )
    painted = masks.painted_by(joined, (200, 100))
    assert painted[:, :100].all()
    assert painted[50:, 120:].all()
    assert painted.sum() == 100 * 100 + 80 * 50
    small = Mask.from_image(np.eye(2))
    assert masks.read(masks.picture_of(small, (4, 2))).astype(int).tolist() == [[1, 1, 0, 0], [0, 0, 1, 1]]


# -- tracing -----------------------------------------------------------------------------------------------------------

_places = st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9))


@settings(max_examples=25, deadline=None)
@given(
    size=st.sampled_from([512, 700, 1024]),
    share=st.floats(0.07, 0.2),
    lines=st.lists(st.lists(_places, min_size=1, max_size=4), min_size=1, max_size=3),
    inverted=st.booleans(),
)
def test_brushed_masks_go_round(size, share, lines, inverted):
    """What a brush has painted becomes a few hundred corners that paint the same again to 98 in 100, clockwise."""
    painted = strokes(size, round(share * size), lines) ^ inverted
    areas = masks.areas_of(painted)
    assert sum(len(area.points) // 2 for area in areas) <= masks.MOST_CORNERS
    assert all(signed_area(ring(area.points)) > 0 for area in areas)
    again = masks.read(masks.picture_of(Mask(areas=areas), (size, size)))
    assert agreement(painted, again) >= 0.98


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**36 - 1), st.integers(1, 5))
def test_every_pixel_goes_round(bits, scale):
    """Small masks come back to the pixel, with holes, diagonals that touch, and specks kept where asked for."""
    painted = np.array([bits >> i & 1 for i in range(36)], dtype=bool).reshape(6, 6)
    painted = painted.repeat(scale, axis=0).repeat(scale, axis=1)
    areas = masks.areas_of(painted, tolerance_px=0, smallest_px=0)
    again = masks.painted_by(Mask(areas=areas), painted.shape) if areas else np.zeros_like(painted)
    assert (again == painted).all()


def test_a_hole_is_joined_by_a_slit():
    """A ring is one polygon whose hole stays open, by the even-odd rule as well as by the non-zero one."""
    painted = np.zeros((100, 100), dtype=bool)
    painted[10:90, 10:90] = True
    painted[30:60, 40:70] = False
    (area,) = masks.areas_of(painted)
    assert len(area.points) // 2 == 4 + 4 + 2
    assert (masks.painted_by(Mask(areas=(area,))) == painted).all()
    drawn = Pillow.new("1", (100, 100))
    ImageDraw.Draw(drawn).polygon(area.points, fill=1)
    assert not np.asarray(drawn)[35:55, 45:65].any()


def test_specks_are_dropped():
    """Specks below the stated area are left out, and so are holes."""
    painted = np.zeros((200, 200), dtype=bool)
    painted[20:180, 20:180] = True
    painted[50:52, 50:52] = False
    painted[5:8, 5:8] = True
    assert len(masks.areas_of(painted, smallest_px=4)) == 2
    (area,) = masks.areas_of(painted, smallest_px=10)
    assert area.points == (20, 20, 180, 20, 180, 180, 20, 180)


def test_ragged_masks_take_no_longer():
    """A mask of four million pixels in many pieces is traced within a second or so; polygons that miss it are refused."""
    y, x = np.mgrid[:2048, :2048]
    noise = np.random.default_rng(1).random((2048, 2048)) > 0.5
    for painted in (noise, (x // 16 + y // 16) % 2 == 0, np.hypot(x - 900, y - 900) % 60 < 30):
        before = time.process_time()
        areas = masks.areas_of(painted)
        assert time.process_time() - before < 2
        assert sum(len(area.points) // 2 for area in areas) <= masks.MOST_CORNERS
    with pytest.raises(InvalidRequest, match="as_='url'"):
        Mask.from_image(noise, as_="areas")
