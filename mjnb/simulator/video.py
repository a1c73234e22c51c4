"""A painted picture that moves: a short WebM clip, made of nothing but Pillow.

A WebP file that is compressed with loss holds one key frame of the VP8 video codec. A clip is a row of such frames in a
small Matroska file (RFC 9559, of which WebM is a part): the camera drifts slowly into the picture.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
from typing import TYPE_CHECKING, Final

from PIL import Image

from mjnb.simulator.painting import put_mark, unmarked
from mjnb.simulator.painting.mark import COMMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mjnb.simulator.painting import Picture

__all__ = ["FRAMES", "FRAMES_PER_SECOND", "SHORT_SIDE", "clip_webm"]

FRAMES_PER_SECOND: Final = 12
FRAMES: Final = 24
SHORT_SIDE: Final = 256  # pixels
_QUALITY: Final = 62  # on WebP's scale of 100
_ZOOM: Final = {"low": 1.14, "high": 1.45}  # how much larger the picture has become at the end

# Element ids of Matroska.
_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_CUES, _CUE, _CUE_TIME, _CUE_PLACES, _CUE_TRACK, _CUE_AT = 0x1C53BB6B, 0xBB, 0xB3, 0xB7, 0xF7, 0xF1


def clip_webm(picture: Picture, index: int, motion: str = "low") -> bytes:
    """Return a clip of two seconds that begins with the whole picture.

    Args:
        picture: what it shows.
        index: which clip of its task; each drifts its own way.
        motion: "low" or "high", how far it goes.
    """
    image = unmarked(picture)
    scale = SHORT_SIDE / min(image.size)
    size = (_even(image.width * scale), _even(image.height * scale))
    angle = math.tau * (
        hashlib.sha256(picture.prompt.encode(errors="replace")).digest()[0] / 256 + index / 4
    )
    return _webm([_frame(view) for view in _views(image, size, angle, _ZOOM[motion])], size)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _views(image: Image.Image, size: tuple[int, int], angle: float, zoom: float) -> Iterator[Image.Image]:
    """Yield what the camera sees: all of the picture first, then ever less, off to one side of its middle."""
    for number in range(FRAMES):
        eased = (1 - math.cos(math.pi * number / (FRAMES - 1))) / 2
        share = 1 / zoom**eased
        free_x, free_y = image.width * (1 - share) / 2, image.height * (1 - share) / 2
        left, top = free_x * (1 + 0.8 * math.cos(angle)), free_y * (1 + 0.8 * math.sin(angle))
        box = (left, top, left + image.width * share, top + image.height * share)
        view = image.resize(size, Image.Resampling.BICUBIC, box=box)
        put_mark(view)
        yield view


def _frame(view: Image.Image) -> bytes:
    """Return a VP8 key frame: the chunk "VP8 " of the picture's WebP file."""
    file = io.BytesIO()
    view.save(file, "WEBP", quality=_QUALITY, method=1)
    data = file.getvalue()
    at = 12  # after "RIFF", the size and "WEBP"
    while data[at : at + 4] != b"VP8 ":
        at += 8 + (int.from_bytes(data[at + 4 : at + 8], "little") + 1) // 2 * 2
    return data[at + 8 : at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")]


def _webm(frames: Sequence[bytes], size: tuple[int, int]) -> bytes:
    """Return a file of one track and one cluster; all times in it are in milliseconds."""
    header = _element(
        _EBML,
        _number(0x4286, 1),  # versions of EBML: written, needed
        _number(0x42F7, 1),
        _number(0x42F2, 4),  # bytes of the longest id and the longest size
        _number(0x42F3, 8),
        _element(0x4282, b"webm"),
        _number(0x4287, 2),  # versions of WebM: written, needed
        _number(0x4285, 2),
    )
    before = _info(len(frames)) + _tracks(size)
    # The index has eight bytes for the cluster's place, so that its own length does not depend on it.
    length = len(_cues(0))
    body = (
        before
        + _cues(len(before) + length)
        + _element(_CLUSTER, _number(0xE7, 0), *map(_block, *_timed(frames)))
    )
    return header + _element(_SEGMENT, body)


def _timed(frames: Sequence[bytes]) -> tuple[range, Sequence[bytes]]:
    return range(len(frames)), frames


def _info(frames: int) -> bytes:
    duration = struct.pack(">d", 1000 * frames / FRAMES_PER_SECOND)
    return _element(
        _INFO,
        _number(0x2AD7B1, 1_000_000),  # a millisecond in nanoseconds
        _element(0x4489, duration),
        _element(0x7BA9, COMMENT.encode()),  # title
        _element(0x4D80, b"mjnb"),  # the program that put it together, and the one that made it
        _element(0x5741, b"mjnb simulator"),
    )


def _tracks(size: tuple[int, int]) -> bytes:
    picture = _element(0xE0, _number(0xB0, size[0]), _number(0xBA, size[1]))
    track = _element(
        0xAE,
        _number(0xD7, 1),  # number and unique number of the track
        _number(0x73C5, 1),
        _number(0x83, 1),  # video
        _number(0x9C, 0),  # nothing is laced
        _element(0x86, b"V_VP8"),
        _number(0x23E383, 1_000_000_000 // FRAMES_PER_SECOND),  # nanoseconds a frame
        picture,
    )
    return _element(_TRACKS, track)


def _cues(cluster_at: int) -> bytes:
    """Return the index: everything is in the one cluster, at so many bytes from the segment's beginning."""
    places = _element(_CUE_PLACES, _number(_CUE_TRACK, 1), _element(_CUE_AT, cluster_at.to_bytes(8, "big")))
    return _element(_CUES, _element(_CUE, _number(_CUE_TIME, 0), places))


def _block(number: int, frame: bytes) -> bytes:
    """Return a key frame of track 1 with its time since the cluster's."""
    milliseconds = round(1000 * number / FRAMES_PER_SECOND)
    return _element(0xA3, b"\x81", struct.pack(">h", milliseconds), b"\x80", frame)


def _element(identity: int, *parts: bytes) -> bytes:
    """Return an EBML element: its id, the length of its contents in eight bytes, the contents."""
    content = b"".join(parts)
    length = (1 << 56 | len(content)).to_bytes(8, "big")
    return identity.to_bytes((identity.bit_length() + 7) // 8, "big") + length + content


def _number(identity: int, value: int) -> bytes:
    """Return an EBML element that holds an unsigned integer."""
    return _element(identity, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
