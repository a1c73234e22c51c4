"""Clips: real WebM files of VP8 key frames that move slowly through a painted picture."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from mjnb.simulator.painting import Picture, paint
from mjnb.simulator.video import FRAMES, clip_webm

PICTURE = Picture("a lighthouse at dusk", aspect="16:9", short_side=128)
SEGMENT, CLUSTER = 0x18538067, 0x1F43B675


def elements(data):
    """Read EBML: a list of (id, contents)."""
    found, at = [], 0
    while at < len(data):
        width = 9 - data[at].bit_length()
        identity, at = int.from_bytes(data[at : at + width]), at + width
        width = 9 - data[at].bit_length()
        length = int.from_bytes(data[at : at + width]) & (1 << 7 * width) - 1
        at += width
        found.append((identity, data[at : at + length]))
        at += length
    assert at == len(data)
    return found


def parts(clip):
    """Return the contents of the segment."""
    (header, segment) = elements(clip)
    assert header[0] == 0x1A45DFA3
    assert dict(elements(header[1]))[0x4282] == b"webm"
    assert segment[0] == SEGMENT
    return dict(elements(segment[1]))


def blocks(clip):
    """Return (milliseconds, VP8 frame) of every block."""
    simple = [content for identity, content in elements(parts(clip)[CLUSTER]) if identity == 0xA3]
    assert all((content[0], content[3]) == (0x81, 0x80) for content in simple)
    return [(struct.unpack(">h", content[1:3])[0], content[4:]) for content in simple]


def decoded(frame):
    """Look at a VP8 key frame, as the lossy WebP file that it would be."""
    padded = frame + bytes(len(frame) % 2)
    chunk = b"VP8 " + struct.pack("<I", len(frame)) + padded
    riff = b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
    return Image.open(io.BytesIO(riff)).convert("RGB")


def distance(one, other):
    """The mean difference of two pictures in 0..255."""
    small = [image.resize((32, 18), Image.Resampling.BOX).tobytes() for image in (one, other)]
    return sum(abs(a - b) for a, b in zip(*small, strict=True)) / len(small[0])


def test_a_clip_has_two_seconds_of_key_frames():
    """Twenty-four frames of the declared size come a twelfth of a second apart, and the file says how long they last."""
    clip = clip_webm(PICTURE, 0)
    tracks = dict(elements(dict(elements(parts(clip)[0x1654AE6B]))[0xAE]))
    shape = {identity: int.from_bytes(content) for identity, content in elements(tracks[0xE0])}
    assert (tracks[0x86], shape) == (b"V_VP8", {0xB0: 456, 0xBA: 256})
    times = [time for time, _ in blocks(clip)]
    assert times == [round(1000 * number / 12) for number in range(FRAMES)]
    assert struct.unpack(">d", dict(elements(parts(clip)[0x1549A966]))[0x4489]) == (2000.0,)
    assert {decoded(frame).size for _, frame in blocks(clip)[::6]} == {(456, 256)}


def test_the_index_leads_to_the_frames():
    """The place that the index gives for the cluster is where the cluster is."""
    segment = elements(clip_webm(PICTURE, 0))[1][1]
    cue = dict(elements(dict(elements(segment))[0x1C53BB6B]))[0xBB]
    place = int.from_bytes(dict(elements(dict(elements(cue))[0xB7]))[0xF1])
    assert int.from_bytes(segment[place : place + 4]) == CLUSTER


def test_a_clip_begins_with_its_picture_and_moves_away():
    """The first frame is the whole picture; each later one is farther from it, with high motion farther still."""
    whole = paint(PICTURE)
    far = {}
    for motion in ("low", "high"):
        frames = [decoded(frame) for _, frame in blocks(clip_webm(PICTURE, 0, motion))]
        away = [distance(whole, frame) for frame in frames[::6]]
        assert away == sorted(away)
        assert distance(whole, frames[0]) < 8
        far[motion] = distance(whole, frames[-1])
    assert far["high"] > 1.3 * far["low"] > 0


@pytest.mark.parametrize("aspect", ["1:1", "2:3", "1:20"])
def test_any_shape_can_move(aspect):
    """The short side is 256 pixels in any aspect, and both sides are even."""
    frame = decoded(blocks(clip_webm(Picture("koi pond", aspect=aspect, short_side=32), 3))[0][1])
    assert min(frame.size) == 256
    assert not any(side % 2 for side in frame.size)


def test_the_same_clip_twice():
    """A clip depends on nothing but its picture, its number and its motion."""
    assert clip_webm(PICTURE, 1) == clip_webm(PICTURE, 1) != clip_webm(PICTURE, 2)
