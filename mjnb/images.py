"""Everything that touches the bytes of a picture: what it is, whether it is whole, and its small copy.

Bytes come from gateways and users, so they are data: they are told apart by their first bytes alone, bounded in size and
pixels *before* they are decoded, and nothing but JPEG, PNG and WebP is ever handed to a decoder. A thumbnail is made once
and kept beside its picture. Pillow is imported by the functions that need it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import io
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mjnb import clips
from mjnb.errors import PictureBroken, PictureTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PIL import Image, ImageFile

__all__ = [
    "MAX_BYTES", "MAX_PIXELS", "THUMB", "USUAL", "Bounds", "Info", "as_jpeg", "data_uri", "inspect", "measure", "quarter", "small", "sniff",
    "thumb", "thumb_path", "thumbnail", "thumbs_html",
]  # fmt: skip

MAX_BYTES = 50_000_000
MAX_PIXELS = 100_000_000
THUMB = 256  # px, the long side of the copy that is kept beside a picture
_T = TypeVar("_T")
_MIME = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_APP1 = 0xE1
_METADATA = {*range(0xE0, 0xF0), 0xFE}  # a JPEG's APP0–APP15 and comment
_WEBP_QUALITY = {"quality": 75, "method": 0}  # method 4 takes 1.6 times as long for 3 % fewer bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a picture may be: `bytes` of its file, and `pixels` (width × height) that it is decoded to."""

    bytes: int = MAX_BYTES
    pixels: int = MAX_PIXELS


USUAL = Bounds()


@dataclass(frozen=True, slots=True)
class Info:
    """What a picture turned out to be.

    `format` is `"jpg"`, `"png"` or `"webp"`, `width` and `height` are pixels, `bytes` its length, `sha256` a hex digest.
    """

    format: str
    width: int
    height: int
    bytes: int
    sha256: str


def sniff(data: bytes) -> str | None:
    """Tell a picture's format by its first bytes; None for anything else, however it is named.

    Returns:
        `"jpg"`, `"png"`, `"webp"` (also what their files are called), or None.

    >>> sniff(bytes.fromhex("ffd8ffe0")), sniff(b"<svg onload=alert(1)>")
    ('jpg', None)
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def inspect(data: bytes, bounds: Bounds = USUAL) -> Info:
    """Make sure that bytes are a whole picture of bearable size, by decoding all of it.

    Args:
        data: The file's bytes.
        bounds: More bytes are refused unread, more pixels before they are decoded.

    Raises:
        PictureBroken: It is empty, no JPEG/PNG/WebP, cut short or damaged; the message says which.
        PictureTooLarge: It is beyond the bounds.

    >>> inspect(b"<html>504 Gateway Time-out")
    Traceback (most recent call last):
    mjnb.errors.PictureBroken: no JPEG, PNG or WebP: the 26 bytes begin with b'<html>504 Gatew'
    """
    image = _open(data, bounds)
    width, height = image.size
    if image.format == "PNG":  # decoding stops after the last row; this checks every chunk up to the end
        _guard(lambda: _open(data, bounds).verify())
    _guard(image.load)
    return Info(sniff(data) or "", width, height, len(data), hashlib.sha256(data).hexdigest())


def quarter(data: bytes, index: int, bounds: Bounds = USUAL) -> bytes:
    """Cut one picture out of a sheet of two by two, as a PNG: 0 and 1 are the upper ones, 2 and 3 the lower ones.

    Raises:
        PictureBroken: See `inspect`.
    """
    image = _open(data, bounds)
    _guard(image.load)
    width, height = (side // 2 for side in image.size)
    left, top = width * (index % 2), height * (index // 2)
    file = io.BytesIO()
    _rgb(image).crop((left, top, left + width, top + height)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def as_jpeg(data: bytes, bounds: Bounds = USUAL) -> bytes:
    """Write any picture as a JPEG, such as a clip's poster. Raises `PictureBroken`; see `inspect`."""
    if sniff(data) == "jpg":
        return data
    image = _open(data, bounds)
    _guard(image.load)
    file = io.BytesIO()
    _rgb(image).convert("RGB").save(file, "JPEG", quality=90)
    return file.getvalue()


def thumbnail(picture: bytes | Path, size: int = THUMB, bounds: Bounds = USUAL) -> bytes:
    """Make a small WebP (quality 75) of a picture, its long side `size` pixels; a smaller picture keeps its size.

    Args:
        picture: The file's bytes, or its path.
        size: Long side in pixels, at least 1.
        bounds: How large the picture itself may be.

    Raises:
        PictureBroken: See `inspect`; or the file is not there.
    """
    image = small(picture, size, bounds)
    file = io.BytesIO()
    image.save(file, "WEBP", **_WEBP_QUALITY)
    return file.getvalue()


def small(picture: bytes | Path, size: int, bounds: Bounds = USUAL) -> Image.Image:
    """Decode a picture no larger than needed: mode RGB (RGBA where it is see-through), long side at most `size` pixels.

    A JPEG is decoded at an eighth, a quarter or half of its scale, which is several times faster than all of it. Of a
    file, the kept thumbnail is taken where that is large enough, or where the picture is beyond the bounds.

    Raises:
        PictureBroken: See `inspect`; or the file is not there.
    """
    image: Image.Image = (
        _open(picture, bounds) if isinstance(picture, bytes) else _shown(picture, size, bounds)
    )
    scale = size / max(image.size)
    target = [max(1, round(side * min(scale, 1.0))) for side in image.size]
    image.draft("RGB", (target[0], target[1]))
    _guard(image.load)
    image = _rgb(image)
    return image if scale >= 1 else image.resize((target[0], target[1]), 1, reducing_gap=2.0)


def measure(picture: Path) -> tuple[int, int]:
    """Read the width and height of a picture in pixels, or of its kept thumbnail: good for its shape alone.

    Raises:
        PictureBroken: It is not there, or no picture.
    """
    return _shown(picture, 1).size


def thumb_path(picture: Path) -> Path:
    """Say where the thumbnail of a picture is kept.

    >>> thumb_path(Path("pictures/01J-0.jpg")).as_posix()
    'pictures/01J-0.thumb.webp'
    """
    return picture.with_name(f"{picture.stem}.thumb.webp")


def thumb(picture: Path, size: int = THUMB) -> bytes:
    """Return a picture's thumbnail (WebP), made on first sight and then kept beside it.

    The kept one has a long side of 256 px; smaller sizes are scaled from it, larger ones made anew and not kept. In a
    folder that cannot be written to nothing is kept.

    Args:
        picture: Path of the picture itself.
        size: Long side in pixels, at least 1.

    Raises:
        PictureBroken: The picture is not there, or broken; the message names the file.
    """
    if size > THUMB:
        return thumbnail(picture, size)
    kept = _kept(thumb_path(picture))
    if kept is None:
        kept = thumbnail(picture)
        _keep(thumb_path(picture), kept)
    return kept if size == THUMB else thumbnail(kept, size)


def data_uri(data: bytes) -> str:
    r"""Write a picture as a `data:` URI.

    Raises:
        PictureBroken: It is no JPEG, PNG or WebP.

    >>> data_uri(b"\xff\xd8\xff")
    'data:image/jpeg;base64,/9j/'
    """
    return f"data:{_MIME[_format(data)]};base64,{base64.b64encode(data).decode()}"


def thumbs_html(paths: Iterable[str | Path], size: int = 96, alt: str = "") -> str:
    """Draw pictures as one row of inline `<img>`s, styled inline only (Jupyter strips the rest from untrusted notebooks).

    Args:
        paths: The pictures; one that is missing or broken becomes a word in its place.
        size: Long side in CSS pixels.
        alt: What the pictures show, in words; any text, it is escaped.
    """
    return "".join(_img(Path(path), size, alt, number) for number, path in enumerate(paths, start=1))


def _img(picture: Path, size: int, alt: str, number: int) -> str:
    text = html.escape(f"{alt} ({number})" if alt else f"picture {number}", quote=True)
    try:
        source = data_uri(thumb(picture, size))
    except PictureBroken as error:
        reason = html.escape(str(error), quote=True)
        style = f"display:inline-block;width:{size}px;margin-right:2px;opacity:.75;font-size:11px;text-align:center"
        return f'<span title="{reason}" style="{style}">no picture</span>'
    style = f"max-width:{size}px;max-height:{size}px;margin:0 2px 0 0;display:inline-block;vertical-align:middle"
    return f'<img src="{source}" alt="{text}" title="{text}" style="{style}">'


def _shown(picture: Path, size: int, bounds: Bounds = USUAL) -> ImageFile.ImageFile:
    """Open a file, or its kept thumbnail where that is enough, or all that is bearable."""
    kept = _kept(thumb_path(picture))
    if kept is not None and size <= THUMB:
        return _open(kept)
    try:
        return _open(_read(picture, bounds), bounds)
    except PictureTooLarge:  # a session with wider bounds has kept it
        if kept is None:
            raise
        return _open(kept)


def _read(path: Path, bounds: Bounds) -> bytes:
    path = clips.poster_path(path) if clips.is_clip(path) else path
    try:
        if path.stat().st_size > bounds.bytes:
            raise PictureTooLarge(f"{path.name}: larger than {bounds.bytes:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise PictureBroken(f"{path.name}: {error.strerror or error}") from error


def _format(data: bytes) -> str:
    kind = sniff(data)
    if kind is None:
        raise PictureBroken(f"no JPEG, PNG or WebP: the {len(data)} bytes begin with {data[:15]!r}")
    return kind


def _open(data: bytes, bounds: Bounds = USUAL) -> ImageFile.ImageFile:
    """Read a picture's header, within bounds; nothing is decoded yet.

    The plugins are called directly, since `Image.open` has bounds of its own which it tells by warnings, and warnings
    cannot be silenced in one thread alone.
    """
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    plugins: dict[str, type[ImageFile.ImageFile]] = {
        "jpg": JpegImageFile,
        "png": PngImageFile,
        "webp": WebPImageFile,
    }
    if len(data) > bounds.bytes:
        raise PictureTooLarge(f"{len(data):,} bytes are more than the {bounds.bytes:,} allowed")
    kind = _format(data)
    if kind == "webp":  # its plugin makes room for the whole canvas at once
        _bound(_webp_size(data), bounds.pixels)
    image = _guard(lambda: plugins[kind](io.BytesIO(_plain(data, kind))))
    _bound(image.size, bounds.pixels)
    return image


def _bound(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise PictureTooLarge(f"{width} × {height} pixels are more than the {max_pixels:,} allowed")


def _guard(step: Callable[[], _T]) -> _T:
    try:
        return step()
    except Exception as error:  # damaged bytes make the plugins raise nearly anything
        raise PictureBroken(f"damaged or cut short: {error}") from error


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read a WebP's canvas size from its first chunk, by the container's specification."""
    kind, body = data[12:16], data[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _plain(data: bytes, kind: str) -> bytes:
    """Leave out what we never use and what Pillow may warn about: a JPEG's EXIF and a PNG's animation."""
    unused = {"jpg": _exif, "png": _animation}.get(kind, lambda _: [])(data)
    if not unused:
        return data
    edges = [0, *(edge for part in unused for edge in part), len(data)]
    return b"".join(data[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


def _exif(data: bytes) -> list[tuple[int, int]]:
    found, at = [], 2
    while at + 4 <= len(data) and data[at + 1] in _METADATA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == _APP1:
            found.append((at, end))
        at = end
    return found


def _animation(data: bytes) -> list[tuple[int, int]]:
    found, at = [], 8
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"acTL":
            found.append((at, end))
        at = end
    return found


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a channel: keep the upper eight
        return image.convert("I").point(lambda value: value / 256).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _kept(path: Path) -> bytes | None:
    """Read a kept thumbnail; None if there is none, or not a whole WebP."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    whole = sniff(data) == "webp" and len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return data if whole else None


def _keep(path: Path, data: bytes) -> None:
    """Write a file at once or not at all; a folder that cannot be written to is no error."""
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
