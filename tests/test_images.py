"""Pictures' bytes, thumbnails and contact sheets."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mjnb import images
from mjnb.errors import PictureBroken
from mjnb.sheets import Page, Panel, Tile, draw_page
from mjnb.sheets.lettering import Type, clean, writable
from mjnb.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pathlib import Path

RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (30, 160, 60)


def encoded(
    form: str = "JPEG", size: tuple[int, int] = (320, 200), colour=RED, mode="RGB", **options
) -> bytes:
    """A picture of one colour, with noise if asked for."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 40, (size[1], size[0], 3), dtype=np.uint8)
    flat = np.full_like(noise, colour) + (noise if options.pop("noisy", False) else 0)
    Image.fromarray(flat.astype(np.uint8)).convert(mode).save(file, form, **options)
    return file.getvalue()


def saved(folder: Path, name: str, **options) -> Path:
    """Such a picture in a file; its name says the format."""
    path = folder / name
    path.write_bytes(encoded({".png": "PNG", ".webp": "WEBP"}.get(path.suffix, "JPEG"), **options))
    return path


def opened(data: bytes) -> Image.Image:
    """Decode a picture independently of us."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def near(pixel, colour, off=12) -> bool:
    """Whether two colours are about the same."""
    return all(abs(one - other) <= off for one, other in zip(pixel, colour, strict=True))


# -- what it is --------------------------------------------------------------------------------------------------------


def test_the_module_is_cheap_to_import():
    """Importing the room brings in neither Pillow nor pandas."""
    script = "import sys, mjnb.images, mjnb.sheets; print([m for m in ('PIL', 'pandas', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("form", "kind"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_whole_picture_is_described(form, kind):
    """Format, size in pixels, length and digest of each of the three formats are told."""
    data = encoded(form)
    info = images.inspect(data)
    assert (info.format, info.width, info.height, info.bytes) == (kind, 320, 200, len(data))
    assert len(info.sha256) == 64
    assert images.sniff(data) == kind


@pytest.mark.parametrize(
    "data", [b"", b"<svg xmlns='x'/>", b"<html>", encoded("GIF"), encoded("BMP"), b"RIFF1234WAVE"]
)
def test_anything_else_is_no_picture(data):
    """SVG, HTML, GIF, BMP, sound and nothing at all are refused without a decoder."""
    assert images.sniff(data) is None
    with pytest.raises(PictureBroken, match="no JPEG, PNG or WebP"):
        images.inspect(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9, 0.999])
def test_a_picture_cut_short_is_found(form, part):
    """However little is missing at the end, the picture is broken."""
    data = encoded(form, noisy=True)
    with pytest.raises(PictureBroken, match="damaged or cut short"):
        images.inspect(data[: int(len(data) * part)])


def test_a_damaged_png_is_found():
    """One changed byte among the pixels of a PNG is noticed."""
    data = bytearray(encoded("PNG", noisy=True))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(PictureBroken, match="damaged"):
        images.inspect(bytes(data))


def test_bytes_are_bounded():
    """More bytes than allowed are refused, and the message gives both numbers."""
    with pytest.raises(PictureBroken, match=r"bytes are more than the 100 allowed"):
        images.inspect(encoded(), images.Bounds(bytes=100))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_pixels_are_bounded(form):
    """More pixels than allowed are refused, in each format."""
    with pytest.raises(PictureBroken, match="320 × 200 pixels are more than the 60,000 allowed"):
        images.inspect(encoded(form), images.Bounds(pixels=60_000))


def test_a_decompression_bomb_is_refused_before_it_is_decoded():
    """A tiny PNG that declares 60 000 × 60 000 pixels costs nothing and raises no warning."""
    data = bytearray(encoded("PNG", size=(8, 8)))
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(PictureBroken, match="60000 × 60000"):
        images.inspect(bytes(data))


@pytest.mark.parametrize("lossless", [False, True])
def test_a_webp_bomb_is_refused_by_its_header(lossless):
    """The canvas of a WebP is read from its header, lossy, lossless and extended."""
    for options in ({}, {"exif": b"Exif\0\0"}):
        data = encoded("WEBP", size=(300, 120), lossless=lossless, **options)
        with pytest.raises(PictureBroken, match="300 × 120"):
            images.inspect(data, images.Bounds(pixels=300 * 120 - 1))


def test_large_but_allowed_pictures_raise_no_warning():
    """A picture between Pillow's own warning level and our bound is fine (warnings are errors here)."""
    file = io.BytesIO()
    Image.new("L", (10_000, 9_500)).save(file, "PNG", compress_level=1)
    assert images.inspect(file.getvalue()).width == 10_000


def test_broken_metadata_is_ignored():
    """A JPEG whose EXIF is nonsense is a whole picture, and nobody is warned."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x05" + b"\x01\x1a\0\x05\0\0\0\x01\xff\xff\xff\xff" * 2
    data = encoded(exif=exif)
    plain = (
        data[:2] + data[20:]
    )  # without JFIF's resolution, so that a reader would look for it in the EXIF
    assert images.inspect(plain).width == 320


def test_a_nonsensical_animation_is_ignored():
    """A PNG that claims to be an animation of no frames is a whole picture, and nobody is warned."""
    data = encoded("PNG")
    chunk = b"acTL" + bytes(8)
    animated = data[:33] + (8).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + data[33:]
    assert images.inspect(animated).width == 320


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["JPEG", "PNG", "WEBP"]), st.integers(0, 400))
def test_damage_never_raises_anything_else(junk, form, at):
    """Whatever bytes are written into a picture, it is whole or it is broken."""
    data = encoded(form, size=(40, 30))
    at = min(at, len(data))
    try:
        assert images.inspect(data[:at] + junk + data[at + len(junk) :]).width > 0
    except PictureBroken as error:
        assert str(error)  # noqa: PT017  (either end is right)


# -- thumbnails --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "small"), [((1600, 900), (256, 144)), ((300, 900), (85, 256)), ((90, 60), (90, 60))]
)
def test_a_thumbnail_keeps_the_aspect_and_the_colours(form, size, small):
    """Its long side is 256 px, smaller pictures keep their size, and red stays red."""
    thumb = opened(images.thumbnail(encoded(form, size=size)))
    assert thumb.size == small
    assert near(thumb.getpixel((5, 5)), RED)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16"])
def test_every_kind_of_png_has_a_thumbnail(mode):
    """Grey, palette, transparent, black-and-white and 16-bit pictures are shown at their brightness."""
    file = io.BytesIO()
    grey = Image.new("L", (600, 300), 200)
    if mode == "I;16":
        Image.fromarray(np.full((300, 600), 200 * 257, np.uint16)).save(file, "PNG")
    else:
        grey.convert(mode).save(file, "PNG")
    thumb = opened(images.thumbnail(file.getvalue()))
    assert thumb.size == (256, 128)
    shown = np.asarray(thumb.convert("L")).mean()
    assert abs(shown - 200) < (30 if mode == "1" else 4)


def test_a_cmyk_jpeg_has_a_thumbnail():
    """A picture made for print is shown on screen."""
    file = io.BytesIO()
    Image.new("RGB", (400, 400), RED).convert("CMYK").save(file, "JPEG")
    assert near(opened(images.thumbnail(file.getvalue())).getpixel((50, 50)), RED, 30)


def test_transparency_is_kept():
    """What is see-through in a picture is so in its thumbnail."""
    file = io.BytesIO()
    Image.new("RGBA", (300, 300), (255, 0, 0, 0)).save(file, "PNG")
    assert (
        Image.open(io.BytesIO(images.thumbnail(file.getvalue()))).convert("RGBA").getpixel((9, 9))[3] == 0
    )


def test_a_thumbnail_is_made_once(tmp_path):
    """The second call reads what the first one kept, even if the picture has gone meanwhile."""
    picture = saved(tmp_path, "a.b.jpg", size=(900, 600))
    first = images.thumb(picture)
    assert images.thumb_path(picture) == tmp_path / "a.b.thumb.webp"
    assert images.thumb_path(picture).read_bytes() == first
    picture.unlink()
    assert images.thumb(picture) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.b.thumb.webp"]


def test_other_sizes_of_a_thumbnail(tmp_path):
    """A smaller one is scaled from the kept one, a larger one is made from the picture and not kept."""
    picture = saved(tmp_path, "a.png", size=(800, 400))
    assert opened(images.thumb(picture, 64)).size == (64, 32)
    assert opened(images.thumb(picture, 512)).size == (512, 256)
    assert opened(images.thumb_path(picture).read_bytes()).size == (256, 128)


def test_a_half_written_thumbnail_is_made_anew(tmp_path):
    """A kept file that is not a whole WebP is replaced."""
    picture = saved(tmp_path, "a.jpg")
    whole = images.thumb(picture)
    images.thumb_path(picture).write_bytes(whole[:100])
    assert images.thumb(picture) == whole
    assert images.thumb_path(picture).read_bytes() == whole


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path):
    """Where a thumbnail cannot be kept, its bytes are returned all the same and nothing is left behind."""
    picture = saved(tmp_path, "a.jpg")
    images.thumb_path(picture).mkdir()  # also root may not write a file over a folder
    assert images.sniff(images.thumb(picture)) == "webp"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "a.thumb.webp"]


@pytest.mark.parametrize("name", ["gone.jpg", "broken.jpg", "folder.jpg"])
def test_a_missing_or_broken_picture_says_so(tmp_path, name):
    """No thumbnail without a picture, and none is kept of a broken one."""
    (tmp_path / "broken.jpg").write_bytes(encoded()[:300])
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(PictureBroken):
        images.thumb(tmp_path / name)
    assert not list(tmp_path.glob("*.webp"))


def test_data_uris_name_their_format():
    """Each format gets its own type, and anything else is refused."""
    heads = [images.data_uri(encoded(form)).split(",")[0] for form in ("JPEG", "PNG", "WEBP")]
    assert heads == ["data:image/jpeg;base64", "data:image/png;base64", "data:image/webp;base64"]
    with pytest.raises(PictureBroken):
        images.data_uri(b"<svg/>")


def test_html_is_inline_and_escaped(tmp_path):
    """Pictures are inline images with inline style only, and hostile text stays text."""
    picture = saved(tmp_path, "a.jpg")
    hostile = '"><script>alert(1)</script>'
    html = images.thumbs_html([picture, tmp_path / "<b>.jpg"], alt=hostile)
    assert html.count("<img ") == 1
    assert html.count("<span ") == 1
    assert 'src="data:image/webp;base64,' in html
    assert "no picture" in html
    assert "<script" not in html
    assert "<b>" not in html
    assert "class=" not in html


# -- text --------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.integers(30, 300), st.integers(1, 6))
def test_lines_are_within_their_bounds(text, width, lines):
    """No text makes a line that is too wide, or too many lines."""
    kind = Type(13)
    wrapped = kind.wrap(text, width, lines)
    assert len(wrapped) <= lines
    assert all(kind.width(line) <= width for line in wrapped)


def test_no_word_is_lost_where_there_is_room():
    """Breaking keeps every word, and marks what it had to leave out."""
    kind, text = Type(13), "a lighthouse at dusk in a storm, oil on canvas"
    assert " ".join(kind.wrap(text, 120, 9)) == text
    assert kind.wrap(text, 120, 2)[-1].endswith("…")


def test_direction_marks_and_breaks_are_removed():
    """Text from outside cannot turn the writing direction or break the line."""
    assert clean("a\u202eb\nc\x07\u200bd") == "ab cd"


def test_unwritable_characters_become_squares():
    """What the font cannot write is counted, not dropped."""
    assert writable("a\U00020000\U00020001") == "a□□"


# -- sheets ------------------------------------------------------------------------------------------------------------


def grid(tiles, rows=("0", "50"), cols=("0", "250"), title="") -> Panel:
    """A panel of 2 × 2 places unless said otherwise."""
    return Panel(title, "chaos", "stylize", rows, cols, tiles)


def sheet(*panels, title="", caption="prompt: a lighthouse", simulated=False, **options) -> Image.Image:
    """Draw a page of these panels."""
    return draw_page(Page(title, caption, panels, simulated), **options)


def share(image: Image.Image, colour, off=12) -> float:
    """Share of the pixels that have a colour."""
    away = np.abs(np.asarray(image).astype(int) - np.array(colour)).max(axis=2)
    return float((away <= off).mean())


def box(image: Image.Image, colour) -> tuple[int, int, int, int]:
    """Where a colour is: left, top, right, bottom."""
    hit = np.abs(np.asarray(image).astype(int) - np.array(colour)).max(axis=2) <= 12
    down, across = np.where(hit.any(axis=1))[0], np.where(hit.any(axis=0))[0]
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def test_one_picture_fills_its_tile(tmp_path):
    """A single picture is as large as the tile, at its own aspect."""
    picture = saved(tmp_path, "a.jpg", size=(640, 360))
    left, top, right, bottom = box(sheet(grid({(0, 0): Tile((picture,))}, ("0",), ("0",))), RED)
    assert (right - left, bottom - top) == (256, 144)


def test_four_pictures_are_two_by_two(tmp_path):
    """Four pictures fill a tile with a gap of two pixels, in reading order."""
    colours = [RED, BLUE, GREEN, (220, 200, 20)]
    four = tuple(
        saved(tmp_path, f"{n}.png", size=(400, 400), colour=colour) for n, colour in enumerate(colours)
    )
    image = sheet(grid({(0, 0): Tile(four)}, ("0",), ("0",)))
    boxes = [box(image, colour) for colour in colours]
    left, top = boxes[0][:2]
    at = [(x - left, y - top, right - left, bottom - top) for x, y, right, bottom in boxes]
    assert at == [(0, 0, 127, 127), (129, 0, 256, 127), (0, 129, 127, 256), (129, 129, 256, 256)]


def test_tiles_are_aligned_and_text_is_outside_of_them(tmp_path):
    """Tiles of a grid share their edges, and nothing is written over a picture."""
    tiles = {
        (row, col): Tile((saved(tmp_path, f"{row}{col}.png", size=(300, 300), colour=colour),))
        for (row, col), colour in {(0, 0): RED, (0, 1): BLUE, (1, 0): GREEN}.items()
    }
    image = sheet(grid(tiles), simulated=True)
    red, blue, green = (box(image, colour) for colour in (RED, BLUE, GREEN))
    assert red[1::2] == blue[1::2]
    assert red[::2] == green[::2]
    assert share(image.crop(red), RED) == 1.0


def test_a_row_of_mixed_aspects_keeps_each(tmp_path):
    """Every column is as wide as its pictures, and none is cropped or stretched."""
    wide = saved(tmp_path, "wide.png", size=(640, 320), colour=RED)
    high = saved(tmp_path, "high.png", size=(320, 640), colour=BLUE)
    image = sheet(grid({(0, 0): Tile((wide,)), (0, 1): Tile((high,))}, ("0",)))
    red, blue = box(image, RED), box(image, BLUE)
    assert (red[2] - red[0], red[3] - red[1]) == (256, 128)
    assert (blue[2] - blue[0], blue[3] - blue[1]) == (128, 256)
    assert 0 < blue[0] - red[2] < 20


def test_cells_without_pictures_have_a_place_and_a_word(tmp_path):
    """Failed, missing and broken cells take the place that a picture would have."""
    good = saved(tmp_path, "a.png", size=(300, 300))
    (tmp_path / "cut.jpg").write_bytes(encoded(size=(300, 300), noisy=True)[:2000])
    tiles = {
        (0, 0): Tile((good,)),
        (0, 1): Tile(note="failed", detail="overloaded"),
        (1, 0): Tile((tmp_path / "cut.jpg",)),
    }
    whole = sheet(grid({at: Tile((good,)) for at in [(0, 0), (0, 1), (1, 0), (1, 1)]}))
    image = sheet(grid(tiles))
    assert image.size == whole.size
    panel = tuple(bytes.fromhex(LIGHT.panel[1:]))
    assert share(image, panel, 0) > 0.2


def test_the_reason_changes_the_sheet():
    """A failure's reason is written out, and a blank tile has none of it."""
    pictures = [
        np.asarray(sheet(grid({(0, 0): tile}, ("0",), ("0",))))
        for tile in (Tile(note="failed"), Tile(note="failed", detail="no GPU"), Tile())
    ]
    assert not np.array_equal(pictures[0], pictures[1])
    assert (
        len(np.unique(pictures[2].reshape(-1, 3)[:, 0]))
        < len(np.unique(pictures[1].reshape(-1, 3)[:, 0])) + 50
    )


def test_simulated_is_written_in_the_lower_right_corner():
    """Only the sheet of simulated pictures carries the word, below its caption line's end."""
    one = grid({(0, 0): Tile(note="failed")}, ("0",), ("0", "1", "2"))
    plain, marked = (np.asarray(sheet(one, simulated=word)) for word in (False, True))
    assert plain.shape == marked.shape
    down, across = np.where((plain != marked).any(axis=2))
    assert down.min() > plain.shape[0] * 0.8
    assert across.min() > plain.shape[1] * 0.8


def test_panels_are_side_by_side_or_stacked():
    """Wide panels are stacked, high ones stand side by side, so that the sheet stays landscape."""
    wide = sheet(*[grid({}, ("0",), tuple("12345678"), title=name) for name in "ab"])
    high = sheet(*[grid({}, tuple("12345678"), ("0",), title=name) for name in "ab"])
    assert wide.width < 9 * 270 + 200
    assert wide.height > 2 * 256
    assert high.width > 2 * 256
    assert high.height < 9 * 270 + 200


def test_no_side_is_longer_than_allowed(tmp_path):
    """A sheet too large gets smaller tiles instead."""
    picture = saved(tmp_path, "a.png", size=(300, 300))
    many = tuple(str(n) for n in range(20))
    image = sheet(grid({(n, n): Tile((picture,)) for n in range(20)}, many, many), max_side=1200)
    assert max(image.size) <= 1200


def test_both_themes(tmp_path):
    """The same sheet is dark on light or light on dark, and as large."""
    panel = grid({(0, 0): Tile((saved(tmp_path, "a.png"),))}, ("0",), ("0",))
    light, dark = sheet(panel), sheet(panel, theme="dark")
    assert light.size == dark.size
    assert light.getpixel((2, 2)) == tuple(bytes.fromhex(LIGHT.page[1:]))
    assert dark.getpixel((2, 2)) == tuple(bytes.fromhex(DARK.page[1:]))


def test_any_text_can_be_drawn():
    """Very long, foreign, empty and hostile texts make a sheet of bounded size."""
    texts = ("x" * 5000, "灯台 " * 300, "", "<b>\u202e\x00</b> $x^2$", "word " * 900)
    panel = Panel(
        texts[0],
        texts[4],
        texts[1],
        texts,
        texts,
        {(0, 0): Tile(note=texts[0], detail=texts[4], label=texts[1])},
    )
    image = sheet(panel, title=texts[4], caption=texts[0], tile=96)
    assert image.width < 1400
    assert image.height < 1600


def test_a_see_through_picture_shows_the_page(tmp_path):
    """Transparency is laid over the page's colour."""
    path = tmp_path / "a.png"
    Image.new("RGBA", (300, 300), (255, 0, 0, 0)).save(path)
    image = sheet(grid({(0, 0): Tile((path,))}, ("0",), ("0",)), caption="", theme="dark")
    assert share(image, (255, 0, 0)) == 0


def test_sheets_take_kept_thumbnails(tmp_path):
    """Where a thumbnail is large enough, the picture itself is not read."""
    picture = saved(tmp_path, "a.png", size=(600, 600), colour=BLUE)
    images.thumb(picture)
    picture.write_bytes(b"not a picture any more")
    assert share(sheet(grid({(0, 0): Tile((picture,))}, ("0",), ("0",))), BLUE) > 0.3
