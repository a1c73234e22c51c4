"""Pictures made from pictures: cropped, remixed, and continued on a larger canvas."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mjnb.simulator.painting import Picture, paint

PROMPTS = ("a lighthouse at dusk", "a red fox in snow", "koi pond", "一座雪山")
SMALL = 96


def pixels(picture: Picture) -> np.ndarray:
    """The picture as an array of floats in 0..1."""
    return np.asarray(paint(picture), np.float32) / 255


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """How different two pictures look: the mean difference of their blurred colours."""
    blurred = [
        np.asarray(Image.fromarray(np.uint8(a * 255)).filter(ImageFilter.BoxBlur(2)), np.float32)
        for a in (one, other)
    ]
    return float(np.abs(blurred[0] - blurred[1]).mean() / 255)


@pytest.mark.parametrize("change", ["remix_subtle", "remix_strong"])
def test_a_remix_follows_a_new_prompt(change):
    """A remix of a lighthouse that asks for a boat shows another subject, in the parent's size."""
    parent = Picture("a lighthouse at dusk", aspect="3:2", short_side=SMALL)
    same, other = (
        Picture(prompt, parent=parent, change=change)
        for prompt in ("a lighthouse at dusk", "a boat at night")
    )
    assert same.size == other.size == parent.size
    assert distance(pixels(same), pixels(other)) > 0.08


def test_a_subtle_remix_stays_nearer_than_a_strong_one():
    """With the parent's own words the two remixes leave it as far as the two variations do."""
    parents = [Picture(prompt, short_side=SMALL, seed=5) for prompt in PROMPTS]

    def away(change: str) -> float:
        return statistics.mean(
            distance(pixels(parent), pixels(Picture(parent.prompt, parent=parent, change=change)))
            for parent in parents
        )

    assert 0 < 1.5 * away("remix_subtle") < away("remix_strong")


def test_a_crop_is_the_picture_itself():
    """What is cropped from a sheet has the size and the very pixels of its picture, whatever its own settings say."""
    parent = Picture("a castle", index=2, aspect="3:2", chaos=80, short_side=SMALL)
    assert paint(Picture("else", parent=parent, change="crop", stylize=900, seed=4)) == paint(parent)


CONTINUED = {
    "zoom_1.5": ((192, 128), (1 / 6, 1 / 6, 2 / 3, 2 / 3)),
    "zoom_2": ((192, 128), (0.25, 0.25, 0.5, 0.5)),
    "pan_left": ((288, 128), (1 / 3, 0, 2 / 3, 1)),
    "pan_right": ((288, 128), (0, 0, 2 / 3, 1)),
    "pan_up": ((192, 192), (0, 1 / 3, 1, 2 / 3)),
    "pan_down": ((192, 192), (0, 0, 1, 2 / 3)),
    "square": ((192, 192), (0, 1 / 6, 1, 2 / 3)),
}


@pytest.mark.parametrize(("change", "expected"), CONTINUED.items())
@pytest.mark.parametrize("prompt", ["a lighthouse at dusk", "portrait of a woman", "koi pond"])
def test_land_and_sky_go_on_around_a_picture(change, expected, prompt):
    """Zoom, pan and square lay the parent on a canvas of the right size; in its middle it is the parent, around it not plain."""
    parent = Picture(prompt, aspect="3:2", short_side=128)
    picture = Picture("", parent=parent, change=change)
    size, place = expected
    assert picture.size == size
    assert picture.inset == pytest.approx(place, abs=0.01)
    image = pixels(picture)
    left, top, width, height = (
        round(share * side) for share, side in zip(picture.inset, size * 2, strict=True)
    )
    inside = image[top : top + height, left : left + width]
    whole = np.asarray(paint(parent).resize((width, height), Image.Resampling.BOX), np.float32) / 255
    middle = (slice(height // 4, -height // 4), slice(width // 4, -width // 4))
    assert distance(inside[middle], whole[middle]) < 0.05
    around = np.ones(image.shape[:2], bool)
    around[top : top + height, left : left + width] = False
    assert image[around].std() > 0.02


def test_there_is_no_seam():
    """Across the edge of a picture that was panned, colours change hardly more than they do elsewhere."""
    steps = []
    for prompt in ("a lighthouse at dusk", "an old tree, hills", "city at night"):
        image = pixels(Picture("", parent=Picture(prompt, aspect="3:2", short_side=128), change="pan_left"))
        step = np.abs(np.diff(image, axis=1)).mean(axis=(0, 2))
        steps.append(step[94:98].mean() / np.median(step))
    assert max(steps) < 2


def test_a_zoom_can_be_zoomed_and_upscaled():
    """A zoom of a zoom shows the first picture at a quarter of its size; its upscale is the same with twice the sides."""
    first = Picture("a lighthouse at dusk", short_side=128)
    twice = Picture("", parent=Picture("", parent=first, change="zoom_2"), change="zoom_2")
    middle = pixels(twice)[56:72, 56:72]
    small = np.asarray(paint(first).resize((32, 32), Image.Resampling.BOX), np.float32)[8:24, 8:24] / 255
    assert distance(middle, small) < 0.08
    large = paint(Picture("", parent=twice, change="standard"))
    assert large.size == (256, 256)
    again = np.asarray(large.resize((128, 128), Image.Resampling.BOX), np.float32) / 255
    assert distance(again, pixels(twice)) < 0.05


CORNER = ((0.5, 0.4), (1.0, 0.4), (1.0, 1.0), (0.5, 1.0))


@pytest.mark.parametrize(
    "prompt", ["a hat", "a lamp", "帽子", "zzyzx", "a forest", "a koi", "a lake", "at night", "rain"]
)
@pytest.mark.parametrize("parent", ["a lighthouse at dusk", "koi pond", "a castle, day"])
def test_whatever_is_painted_into_a_region_is_seen(parent, prompt):
    """Words that the painter does not know bring an object; nothing outside of the region changes."""
    first = Picture(parent, short_side=128, seed=3)
    changed = np.abs(
        pixels(Picture(prompt, parent=first, change="paint", region=(CORNER,))) - pixels(first)
    ).max(axis=2)
    assert not changed[:50].any()
    assert not changed[:, :63].any()
    assert (changed[52:, 65:] > 0.08).mean() > 0.1


def test_an_unknown_object_is_the_prompts_own():
    """Another prompt or another of the four pictures gets another object; a colour in the prompt is the object's."""
    first = Picture("a castle, day", short_side=128)

    def painted(prompt: str, index: int = 0) -> np.ndarray:
        return pixels(Picture(prompt, parent=first, index=index, change="paint", region=(CORNER,)))

    assert distance(painted("a hat"), painted("a lamp")) > 0.005
    assert distance(painted("a hat"), painted("a hat", 1)) > 0.005
    red, blue = (painted(f"a {name} hat")[52:, 65:].mean(axis=(0, 1)) for name in ("red", "blue"))
    assert red[0] - red[2] > blue[0] - blue[2] + 0.05


def test_continued_pictures_stop_growing():
    """However often a picture is panned, its shorter side stays within 2048 pixels and its longer within 6144."""
    picture = Picture("", short_side=512)
    for change in ("pan_left", "pan_up", "square") * 6:
        picture = Picture("", parent=picture, change=change)
    assert (min(picture.size), max(picture.size)) == (2048, 2048)
    for _ in range(12):
        picture = Picture("", parent=picture, change="pan_left")
    assert max(picture.size) <= 6144
