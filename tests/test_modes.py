"""Requests: what each mode takes, what is refused and how it is said, and the help on every field."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjnb.errors import InvalidRequest
from mjnb.fields import is_local, local_file
from mjnb.modes import (
    MODES,
    VERSIONS,
    Area,
    Blend,
    Canvas,
    Describe,
    Edit,
    ImagePosition,
    ImageToImage,
    Inpaint,
    Mask,
    Pan,
    RawRequest,
    Remix,
    Reroll,
    SeedOf,
    Shorten,
    TextToImage,
    Translate,
    UploadPaint,
    Upscale,
    Vary,
    Video,
    Zoom,
    rule,
)

if TYPE_CHECKING:
    from mjnb.fields import Rule

URL = "https://example.com/a.png"
PNG = "iVBORw0KGgoAAAANSUhEUg=="
SQUARE = {"width": 100, "height": 80, "points": [0, 0, 100, 0, 100, 80, 0, 80]}
PAINT = {
    "prompt": "a lamp",
    "image_urls": [URL],
    "mask": {"areas": [SQUARE]},
    "canvas": {"width": 200, "height": 200},
    "img_pos": {"width": 100, "height": 100, "x": 50, "y": 100},
}
MINIMAL = {
    "text-to-image": {"prompt": "a fox"},
    "image-to-image": {"prompt": "a fox", "image_urls": [URL]},
    "upload-paint": PAINT,
    "vary": {"task_id": "task_1", "image_index": 0, "strength": "subtle"},
    "upscale": {"task_id": "task_1", "image_index": 3, "kind": "4x"},
    "reroll": {"task_id": "task_1"},
    "blend": {"image_urls": [URL, URL]},
    "edit": {"prompt": "a hat", "image_urls": [URL]},
    "inpaint": {"task_id": "task_1", "image_index": 0, "prompt": "a hat", "mask": {"areas": [SQUARE]}},
    "zoom": {"task_id": "task_1", "image_index": 0, "ratio": "2x"},
    "pan": {"task_id": "task_1", "image_index": 0, "direction": "left"},
    "remix": {"task_id": "task_1", "image_index": 0, "strength": "strong"},
    "describe": {"image_urls": [URL]},
    "shorten": {"prompt": "a very long story about a fox"},
    "translate": {"prompt": "ein Fuchs"},
    "seed": {"task_id": "task_1"},
}
EXAMPLES = {
    **MINIMAL,
    "video": {"task_id": "task_1", "image_index": 0},
}  # its required fields are either of two
ON_THE_PAGE = {"version", "speed", "aspect", "chaos", "stylize", "weird", "enable_translation"}
OF_MIDJOURNEY = {
    "seed", "no", "tile", "raw", "quality", "iw", "sref", "sw", "cref", "cw", "oref", "ow", "exp", "draft", "hd", "stop",
    "profile",
}  # fmt: skip


def refused(make, *args, **fields) -> InvalidRequest:
    """Return the error that a request is refused with."""
    with pytest.raises(InvalidRequest) as caught:
        make(*args, **fields)
    assert str(caught.value).endswith("Nothing was sent.")
    return caught.value


def fox(**fields) -> TextToImage:
    """Ask for a fox."""
    return TextToImage(prompt="a fox", **fields)


# -- fields ----------------------------------------------------------------------------------------------------------


def test_every_mode_has_its_fields():
    """Drawing modes have what APIXO documents, Midjourney's own parameters, and `extra`; the others what they need."""
    drawing = {"prompt", *ON_THE_PAGE, *OF_MIDJOURNEY, "watermark", "extra"}
    followed = {"task_id", "image_index", "prompt", "speed"}
    clip = {"motion", "resolution", "animate", "batch_size", "end_url", "loop", "extend"}
    assert {mode: set(cls.model_fields) for mode, cls in MODES.items()} == {
        "text-to-image": drawing,
        "image-to-image": drawing | {"image_urls"},
        "upload-paint": drawing | {"image_urls", "mask", "canvas", "img_pos"},
        "edit": drawing | {"image_urls", "mask"},
        "blend": {"image_urls", "version", "speed", "aspect"},
        "vary": followed | {"strength", "version", "enable_translation"},
        "upscale": {"task_id", "image_index", "kind", "version", "speed"},
        "reroll": {"task_id", "speed"},
        "inpaint": followed | {"mask"},
        "zoom": followed | {"ratio"},
        "pan": followed | {"direction"},
        "remix": followed | {"strength"},
        "video": followed | clip | {"image_urls"},
        "describe": {"image_urls", "speed"},
        "shorten": {"prompt"},
        "translate": {"prompt"},
        "seed": {"task_id"},
    }
    assert EXAMPLES.keys() == MODES.keys()


@pytest.mark.parametrize(("mode", "name"), [(mode, name) for mode in MINIMAL for name in MINIMAL[mode]])
def test_required_fields_are_required(mode, name):
    """A required field that is left out, or None, is refused by its name."""
    without = {key: value for key, value in MINIMAL[mode].items() if key != name}
    for fields in (without, {**without, name: None}):
        assert refused(MODES[mode], **fields).field == name


@pytest.mark.parametrize("mode", list(EXAMPLES))
def test_what_is_not_set_is_none(mode):
    """Only what was given is in `given()`; a request reads back from it and from its own repr."""
    request = MODES[mode](**EXAMPLES[mode])
    assert set(request.given()) == set(EXAMPLES[mode])
    assert MODES[mode](**request.given()) == request
    assert eval(repr(request)) == request
    assert pickle.loads(pickle.dumps(request)) == copy.deepcopy(request) == request
    assert hash(request) == hash(MODES[mode](**EXAMPLES[mode]))


def test_requests_do_not_change():
    """A request is frozen; `replace` gives a copy that is checked like a new one."""
    request = fox(chaos=5)
    assert request.replace(chaos=None, weird=7).given() == {"prompt": "a fox", "weird": 7}
    assert refused(request.replace, chaos=101).field == "chaos"
    with pytest.raises(Exception, match="frozen"):
        request.chaos = 6
    assert request.chaos == 5


@pytest.mark.parametrize(
    ("mode", "name", "low", "high"),
    [
        *(("text-to-image", name, 0, high) for name, high in [
            ("chaos", 100), ("stylize", 1000), ("weird", 3000), ("seed", 4294967295), ("sw", 1000), ("cw", 100), ("exp", 100),
        ]),
        ("text-to-image", "ow", 1, 1000), ("edit", "stop", 10, 100), ("video", "batch_size", 1, 4),
        *((mode, "image_index", 0, 3) for mode in ("vary", "upscale", "inpaint", "zoom", "pan", "remix", "video")),
    ],
)  # fmt: skip
def test_ranges(mode, name, low, high):
    """A number inside its range is taken, one outside refused with the nearer end."""
    make, base = MODES[mode], EXAMPLES[mode]
    for value in (low, high):
        assert getattr(make(**{**base, name: value}), name) == value
    for value, nearest in [(low - 1, low), (high + 1, high), (10**400, high), (-(10**5000), low)]:
        error = refused(make, **{**base, name: value})
        assert (error.field, error.nearest) == (name, nearest)
        assert f"from {low} to {high}" in str(error)


def test_weights_may_be_fractions():
    """How much reference pictures count is a number from 0 to 3, fractions and numpy's included."""
    for value in (0, 3, 0.25, np.float32(1.5), np.int64(2)):
        assert fox(iw=value).iw == value
    assert fox(iw=1) == fox(iw=1.0)
    for value, nearest in [
        (-0.1, 0),
        (3.01, 3),
        (float("inf"), 3),
        (float("nan"), None),
        ("1", None),
        (True, None),
    ]:
        assert refused(fox, iw=value).nearest == nearest


@pytest.mark.parametrize(
    ("value", "nearest"),
    [
        (True, None),
        (np.True_, None),
        ("50", 50),
        ("many", None),
        (50.0, 50),
        (49.6, 50),
        (np.float32(50), 50),
        (1e300, 100),
        (float("nan"), None),
        (float("inf"), None),
        (pd.NA, None),
        ([50], None),
        (np.array([50, 60]), None),
        (b"50", None),
        (object(), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_number_is_guessed(value, nearest):
    """What is no integer is refused, with the integer that was probably meant."""
    assert refused(fox, chaos=value).nearest == nearest


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint8, np.uint64])
def test_numpy_integers_are_integers(kind):
    """Numpy's integers are taken as plain ones, so that equal requests are equal and JSON."""
    request = fox(chaos=kind(50))
    assert request == fox(chaos=50)
    assert type(request.chaos) is int
    assert json.loads(json.dumps(request.given()))["chaos"] == 50


@pytest.mark.parametrize(
    ("spelling", "version"),
    [
        *((spelling, "v7") for spelling in (7, 7.0, np.int64(7), "7", "7.0", "v7", "V7", " v 7 ", "v7.0")),
        *((spelling, "v6.1") for spelling in (6.1, np.float64(6.1), np.float32(6.1), "6.1", "v6.1")),
        *((spelling, "niji 7") for spelling in ("niji7", "niji 7", "NIJI-7", "niji v7", "niji_7")),
    ],
)
def test_versions_have_one_spelling(spelling, version):
    """Spellings that mean the same version are one value."""
    assert fox(version=spelling).version == version


@pytest.mark.parametrize(
    ("value", "nearest"),
    [
        ("8.3", "v8.2"),
        (4, "v5"),
        ("v6.2", "v6.1"),
        ("niji 4", "niji 5"),
        ("niji 8", "niji 7"),
        ("niji", "niji 7"),
        (-7, "v7"),
        ("-7", "v7"),
        (True, None),
        (b"v7", None),
        ("newest", None),
        ("", None),
        ("9" * 5000, None),
        (10**5000, None),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) or abs(value) < 99 else "huge",
)
def test_versions_that_do_not_exist(value, nearest):
    """An unknown version is refused with the nearest of its own family."""
    error = refused(fox, version=value)
    assert error.nearest == nearest
    assert "v6, v6.1, v7, v8, v8.1, v8.2, niji 5, niji 6, niji 7" in str(error)


def test_niji_is_a_version():
    """`niji=7` is the version niji 7, in every spelling, and not beside another version."""
    for value in (7, "7", 7.0, np.int64(7)):
        assert fox(niji=value) == fox(version="niji 7")
    assert fox(niji=None) == fox()
    assert ImageToImage(prompt="a fox", image_urls=[URL], niji=6).version == "niji 6"
    assert [name for name in VERSIONS if name.startswith("niji")] == ["niji 5", "niji 6", "niji 7"]
    assert refused(fox, niji=8).nearest == "niji 7"
    assert "either of the two" in str(refused(fox, niji=7, version="v7"))


def test_aspects():
    """The eleven shapes of APIXO's page are listed and taken, blanks aside."""
    shapes = ["1:1", "1:2", "2:1", "2:3", "3:2", "3:4", "4:3", "5:6", "6:5", "9:16", "16:9"]
    assert [fox(aspect=f" {shape.replace(':', ' : ')} ").aspect for shape in shapes] == shapes
    assert list(rule(TextToImage, "aspect").notes) == shapes


def test_free_aspects():
    """Any other shape in whole numbers is taken, up to fourteen times as wide as high, or as high as wide."""
    shapes = ["7:4", "21:9", "139:100", "32:18", "14:1", "1:14"]
    assert [fox(aspect=shape).aspect for shape in shapes] == shapes
    assert refused(fox, aspect="20:1").nearest == "14:1"
    assert refused(fox, aspect="21x9").nearest == "21:9"
    assert refused(fox, aspect="1.39:1").nearest == "4:3"
    assert "whole numbers, at most 14:1, such as 1:1, 1:2" in rule(TextToImage, "aspect").allowed


@pytest.mark.parametrize(
    ("value", "nearest"),
    [
        ("16x9", "16:9"),
        ("16/9", "16:9"),
        (1.78, "16:9"),
        (np.float64(0.5), "1:2"),
        ("1:100", "1:14"),
        ("0:0", None),
        ("1:0", None),
        ("-1:1", None),
        ("nan:1", None),
        ("inf:1", None),
        ("wide", None),
        ((16, 9), None),
        (True, None),
        (10**5000, None),
    ],
    ids=lambda value: repr(value) if not isinstance(value, int) or abs(value) < 99 else "huge",
)
def test_aspects_that_do_not_exist(value, nearest):
    """Another shape is refused with the one that looks most like it."""
    assert refused(fox, aspect=value).nearest == nearest


def test_words():
    """Words are taken in any case, near misses are named, and nothing else is a word."""
    assert fox(speed=" Turbo ").speed == "turbo"
    assert fox(speed="relax").speed == fox(speed="relaxed").speed == "relaxed"
    assert refused(fox, speed="fsat").nearest == "fast"
    assert refused(fox, speed=5).nearest is None
    assert refused(Vary, **{**MINIMAL["vary"], "strength": "strongly"}).nearest == "strong"
    assert refused(Upscale, **{**MINIMAL["upscale"], "kind": "4"}).nearest == "4x"
    assert [
        Upscale(**{**MINIMAL["upscale"], "kind": kind}).kind for kind in ("standard", "creative", "2X")
    ][-1] == "2x"


def test_words_of_the_new_modes():
    """Qualities are one in every spelling of their number; ratios and sizes are known without their unit."""
    assert [fox(quality=value).quality for value in (2, 2.0, "2", ".5", np.float64(0.25))] == [
        "2", "2", "2", "0.5", "0.25"
    ]  # fmt: skip
    assert refused(fox, quality=3).nearest in {"2", "4"}
    assert refused(fox, quality="fine").nearest is None
    zoom, pan = EXAMPLES["zoom"], EXAMPLES["pan"]
    assert Zoom(**{**zoom, "ratio": "1.5"}) == Zoom(**{**zoom, "ratio": "1.5X"})
    assert refused(Zoom, **{**zoom, "ratio": "3x"}).nearest == "2x"
    assert refused(Pan, **{**pan, "direction": "rigth"}).nearest == "right"
    assert refused(Remix, **{**EXAMPLES["remix"], "strength": "medium"}).field == "strength"
    clip = Video(
        **EXAMPLES["video"], resolution="720", motion="HIGH", animate="auto", loop=True, extend=False
    )
    assert (clip.resolution, clip.motion, clip.animate, clip.loop, clip.extend) == (
        "720p",
        "high",
        "auto",
        True,
        False,
    )
    for name, value in [
        ("resolution", "1080p"),
        ("motion", "fast"),
        ("animate", True),
        ("loop", 1),
        ("extend", "yes"),
    ]:
        assert refused(Video, **EXAMPLES["video"], **{name: value}).field == name


def test_codes():
    """References by URL, code or word are one text, given as it is typed or as a list; flags among them are refused."""
    assert (
        fox(sref=[f"{URL}::2", 123, "random"]).sref
        == fox(sref=f" {URL}::2  123 random").sref
        == f"{URL}::2 123 random"
    )
    assert fox(sref=np.int64(7)).sref == fox(sref="7").sref
    assert fox(no="cars, people").no == "cars, people"
    for name in ("no", "sref", "cref", "oref", "profile"):
        for wrong in ("", "  ", [], "a --chaos 5", True, 1.5, b"a", "half \ud83e"):
            assert refused(fox, **{name: wrong}).field == name
    error = refused(fox, oref=[URL, "https://b.com/c.png"])
    assert (error.nearest, "at most 1" in str(error)) == (URL, True)


@pytest.mark.parametrize("value", [1, 0, "true", "False", 1.0])
def test_truth_is_not_guessed(value):
    """A flag is True or False, numpy's too, and nothing that looks like it."""
    for name in ("enable_translation", "tile", "raw", "draft", "hd"):
        assert getattr(fox(**{name: np.True_}), name) is True
        assert fox(**{name: False}).given().get(name, False) is False
        assert refused(fox, **{name: value}).field == name


def test_prompts():
    """A prompt has 1 to 2000 characters around which blanks do not count."""
    assert TextToImage(prompt="  a fox ").prompt == "a fox"
    assert len(TextToImage(prompt="🦊" * 2000).prompt) == 2000
    for value in ("", "   ", "x" * 2001, 5, b"a fox", ["a fox"], "half a fox \ud83e"):
        assert refused(TextToImage, prompt=value).field == "prompt"
    assert "It has 2001." in str(refused(TextToImage, prompt="x" * 2001))
    for mode in ("vary", "zoom", "pan", "remix", "video"):
        assert MODES[mode](**EXAMPLES[mode]).prompt is None
    for make in (Shorten, Translate):
        assert len(make(prompt="x" * 6000).prompt) == 6000
        assert refused(make, prompt="x" * 6001).field == "prompt"
    assert fox(extra=" --sv 4 ", watermark="mine").given() == {
        "prompt": "a fox", "extra": "--sv 4", "watermark": "mine"
    }  # fmt: skip
    assert refused(fox, extra=" ").field == "extra"


def test_no_library_swallows_a_refusal():
    """A refusal is no `ValueError` and no `TypeError`, which a library on the way could take for its own."""
    assert not issubclass(InvalidRequest, ValueError | TypeError)


def test_unknown_names_are_named():
    """An unknown field is refused with the fields of that mode and the one that was probably meant."""
    error = refused(fox, stylise=100)
    assert (error.field, error.nearest) == ("stylise", "stylize")
    assert "prompt, version, speed, aspect, chaos, stylize, weird" in str(error)
    assert "chaos" not in str(refused(Upscale, **MINIMAL["upscale"], sytlize=1)).partition("has:")[2]


def test_nothing_but_fields_is_a_request():
    """Pydantic's other ways in give the same errors."""
    assert refused(TextToImage.model_validate, "a fox").field == "text-to-image"
    assert refused(TextToImage.model_validate, {1: 2}).field == "1"
    assert TextToImage.model_validate({"prompt": "a fox"}) == fox()


@pytest.mark.parametrize("value", ["task/1", "../etc", "", "x" * 201, 5, None, "a b"])
def test_task_ids(value):
    """A task id is text as gateways give it, and no path."""
    for mode, fields in MINIMAL.items():
        if "task_id" in fields:
            assert refused(MODES[mode], **{**fields, "task_id": value}).field == "task_id"
    for make in (Reroll, SeedOf):
        assert make(task_id="MJ::JOB-1.a_b").task_id == "MJ::JOB-1.a_b"


# -- pictures, masks and places --------------------------------------------------------------------------------------


def refs(value) -> ImageToImage:
    """Ask for a picture with references."""
    return ImageToImage(prompt="a fox", image_urls=value)


def test_references():
    """References are a list of picture URLs; a single one as text is refused with the list that was meant."""
    assert refs([URL]).image_urls == refs((URL,)).image_urls == (URL,)
    assert len(refs([URL] * 3).image_urls) == 3
    assert refused(refs, URL).nearest == [URL]
    assert refused(refs, "C:/a.png").nearest is None
    assert refused(refs, []).nearest is None
    for broken in (
        "/tmp/a.png",
        "file:///a.png",
        "ftp://a/b.png",
        "https://",
        "http://[::1",
        "https://a/b c",
        URL[:-1] + "\ud800",
    ):
        error = refused(refs, [URL, broken])
        assert error.field == "image_urls[1]"
        assert "A file on this machine is given as a pathlib.Path" in str(error)
    for other in ("https://a/b.gif", "https://a/b.SVG?x=1"):
        assert "JPG, PNG or WebP" in str(refused(refs, [other]))


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.png", b"\x89PNG\r\n\x1a\n"), ("b.jpeg", b"\xff\xd8\xff"), ("c", b"RIFF1234WEBP")],
)
def test_local_pictures(tmp_path, name, start):
    """A `Path` stands for a picture of this machine: named by its bytes, so that a copy is the same, and found again."""
    path, copied = tmp_path / name, tmp_path / f"copy of {name}"
    path.write_bytes(start + b"rest")
    copied.write_bytes(start + b"rest")
    (local,) = refs([path]).image_urls
    assert is_local(local)
    assert local_file(local) == path.resolve()
    assert refs([copied]) == refs([local]) == refs([path])
    assert refs([URL, path]).image_urls == (URL, local)
    assert Describe(image_urls=[path]).image_urls == Video(image_urls=[path]).image_urls == (local,)
    assert str(tmp_path) not in repr(refs([path]))
    assert local_file(f"file:{'0' * 64}.png") is None


def test_local_files_that_are_no_pictures(tmp_path):
    """A file that is not there, is a folder, no picture, or too large is refused by its name without its folder."""
    (tmp_path / "a.png").write_bytes(b"GIF89a")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(10_000_000))
    for name, said in [
        ("a.png", "Convert"),
        ("b.png", "larger"),
        ("c.png", "FileNotFoundError"),
        ("", "cannot be read"),
    ]:
        error = refused(refs, [URL, tmp_path / name])
        assert error.field == "image_urls[1]"
        assert said in str(error)
        assert str(tmp_path.parent) not in str(error)
    for text in (str(tmp_path / "a.png"), f"file:{'0' * 63}.png", f"file:{'0' * 64}.gif"):
        assert "pathlib.Path" in str(refused(refs, [text]))


def test_how_many_pictures():
    """Painting, describing and a video's first frame take exactly one picture, a blend two to five, an edit one or more."""
    one = [(UploadPaint, PAINT), (Describe, EXAMPLES["describe"]), (Video, {})]
    for make, fields in one:
        error = refused(make, **{**fields, "image_urls": [URL, URL]})
        assert error.nearest == [URL]
        assert "exactly one" in str(error)
    assert [len(Blend(image_urls=[URL] * n).image_urls) for n in (2, 5)] == [2, 5]
    assert refused(Blend, image_urls=[URL]).field == "image_urls"
    assert refused(Blend, image_urls=[URL] * 6).nearest == [URL] * 5
    assert len(Edit(prompt="a hat", image_urls=[URL] * 4).image_urls) == 4


def test_a_video_begins_with_one_picture():
    """A video begins with a task's picture or with a URL: not with both, not with neither, and not with half of a place."""
    assert Video(image_urls=[URL], end_url=URL).given() == {"image_urls": (URL,), "end_url": URL}
    parent = {"task_id": "task_1", "image_index": 0}
    for fields in ({}, {**parent, "image_urls": [URL]}, {"motion": "low"}, {"image_index": 0}):
        assert refused(Video, **fields).field == "image_urls"
    for fields in ({"task_id": "task_1"}, {"image_urls": [URL], "image_index": 0}):
        assert refused(Video, **fields).field == "image_index"
    assert refused(Video, **parent, end_url="a.png").field == "end_url"
    assert refused(Video, **parent, end_url=[URL]).field == "end_url"


def test_masks_of_the_new_modes():
    """Inpainting needs a mask, an edit may have one; both take polygons or a picture."""
    assert Inpaint(**EXAMPLES["inpaint"]).mask == Edit(**EXAMPLES["edit"], mask={"areas": [SQUARE]}).mask
    assert Edit(**EXAMPLES["edit"]).mask is None
    assert refused(Edit, **EXAMPLES["edit"], mask={"areas": []}).field == "mask.areas"


def test_a_mask_is_areas_or_url():
    """A mask is polygons or a picture, not both, not neither."""
    area = Area(**SQUARE)
    assert Mask(areas=[area]) == Mask(areas=[SQUARE]) == UploadPaint(**PAINT).mask
    assert Mask(url=URL).url == URL
    for url in (PNG, f"data:image/png;base64,{PNG}"):
        assert UploadPaint(**{**PAINT, "mask": MappingProxyType({"url": url})}).mask.url == url
    for wrong in ({}, {"areas": [area], "url": URL}):
        assert refused(UploadPaint, **{**PAINT, "mask": wrong}).field == "mask.areas"
    for url in ("mask", "data:text/html;base64," + PNG, "aGVsbG8=", "https://", 5):
        assert refused(Mask, url=url).field == "url"
    for areas in ([], SQUARE, "x", [5]):
        assert refused(Mask, areas=areas).field.startswith("areas")


def test_points():
    """Points are at least three pairs inside the area's own frame, either way round, flat or in pairs."""
    flat = [1, 2, 30, 4, 5, 60]
    pairs = [(1, 2), (30, 4), (5, 60)]
    assert Area(**{**SQUARE, "points": pairs}) == Area(**{**SQUARE, "points": flat})
    assert Area(**{**SQUARE, "points": pairs[::-1]}).points == (5, 60, 30, 4, 1, 2)
    for wrong in (
        [1, 2, 3, 4],
        flat[:5],
        [(1, 2, 3), (4, 5, 6)],
        [(1, 2), 3, 4, 5, 6],
        "123456",
        [1.5] * 6,
        [True] * 6,
    ):
        assert refused(Area, **{**SQUARE, "points": wrong}).field == "points"
    error = refused(
        UploadPaint, **{**PAINT, "mask": {"areas": [SQUARE, {**SQUARE, "points": [0, 0, 101, 0, 5, 5]}]}}
    )
    assert (error.field, error.nearest) == ("mask.areas[1].points[2]", 100)
    error = refused(Area, **{**SQUARE, "points": [0, 0, 5, 81, 5, 5]})
    assert (error.field, error.nearest) == ("points[3]", 80)


def test_errors_inside_a_part_name_the_way():
    """What is wrong inside a part is named from the request down."""
    assert refused(UploadPaint, **{**PAINT, "canvas": {"width": 0, "height": 5}}).field == "canvas.width"
    error = refused(UploadPaint, **{**PAINT, "img_pos": {"width": 1, "height": 1, "x": 0, "z": 0}})
    assert str(error).startswith(
        "img_pos.z: no such field in an image position, which has: width, height, x, y"
    )
    assert refused(UploadPaint, **{**PAINT, "canvas": 5}).field == "canvas"


def test_the_picture_lies_on_its_canvas():
    """A picture larger than its canvas, or off it, is refused with what would fit."""
    canvas = Canvas(width=200, height=200)
    place = {"width": 100, "height": 100, "x": 100, "y": 100}
    assert UploadPaint(**{**PAINT, "canvas": canvas, "img_pos": ImagePosition(**place)}).img_pos.x == 100
    for change, nearest in [
        ({"width": 201}, 200),
        ({"x": 101}, 100),
        ({"y": 150}, 100),
        ({"height": 300}, 200),
    ]:
        error = refused(UploadPaint, **{**PAINT, "canvas": canvas, "img_pos": {**place, **change}})
        assert (error.field, error.nearest) == (f"img_pos.{next(iter(change))}", nearest)


# -- raw requests ----------------------------------------------------------------------------------------------------


def test_raw_requests():
    """A raw request keeps its fields as written, numpy's numbers as plain ones."""
    request = RawRequest(
        "reroll", taskId="t", seed=np.int64(5), mask=Mask(areas=[SQUARE]), x=(1, None), z=np.arange(2)
    )
    assert request.mode == "reroll"
    plain = {"areas": [{**SQUARE}]}
    assert json.loads(json.dumps(request.given())) == {
        "taskId": "t",
        "seed": 5,
        "mask": plain,
        "x": [1, None],
        "z": [0, 1],
    }
    assert request.replace(seed=6).given()["seed"] == 6
    assert pickle.loads(pickle.dumps(request)) == request
    assert eval(repr(RawRequest("reroll", taskId="t"))) == RawRequest("reroll", taskId="t")


@pytest.mark.parametrize(
    "value", [object(), b"x", {1, 2}, float("nan"), "\ud800", [{"a": object()}], np.float64("inf")]
)
def test_raw_values_are_json(value):
    """A raw value that JSON has no word for is refused."""
    assert refused(RawRequest, "reroll", field=value).field.startswith("field")


def test_raw_modes():
    """A raw request needs the name of its mode, once."""
    for mode in ("", "  ", None, 5):
        assert refused(RawRequest, mode).field == "mode"
    assert refused(RawRequest, "reroll", mode="zoom").field == "mode"
    assert refused(RawRequest, "reroll", raw_mode="zoom").field == "raw_mode"


# -- help ------------------------------------------------------------------------------------------------------------


def test_every_field_has_help():
    """Every field of every mode explains itself and its range."""
    for cls in MODES.values():
        text = cls.help()
        for name in cls.model_fields:
            found: Rule = rule(cls, name)
            assert len(found.help) > 10
            assert f"{name}: {found.help} ({found.allowed})" in text


def test_bands_are_the_pages():
    """The bands of chaos, stylize and weird are those of APIXO's page."""
    bands = {
        name: [(band.low, band.high) for band in rule(TextToImage, name).bands]
        for name in ("chaos", "stylize", "weird")
    }
    assert bands == {
        "chaos": [(0, 30), (30, 70), (70, 100)],
        "stylize": [(0, 250), (250, 750), (750, 1000)],
        "weird": [(0, 9), (10, 300), (300, 1000), (1000, 3000)],
    }


def test_help_has_the_pages_advice():
    """Versions, shapes, speeds, kinds of upscale and prompts carry the page's advice."""
    text = TextToImage.help()
    for word in (
        "production",
        "anatomy",
        "Japanese",
        "quarter faster",
        "social",
        "portrait",
        "mobile",
        "widescreen",
    ):
        assert word in text
    assert "30-45 s" in text
    assert "15-25 s" in text
    assert "English" in text
    assert "one or two" in ImageToImage.help()
    for make, words in [
        (Edit, "None lets the words decide"), (Zoom, "twice as much"), (Video, "think"), (Reroll, "task"), (Pan, "side"),
        (TextToImage, "Midjourney's own default of today"), (TextToImage, "URLs, codes or"),
    ]:  # fmt: skip
        assert words in make.help()
    assert "new detail" in Upscale.help()
    assert "from 0" in Vary.help()
    assert "white is painted anew" in rule(Mask, "url").allowed


# -- anything at all -------------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.binary(max_size=4)
    | st.sampled_from(
        ["v7", "16:9", "fast", URL, np.int64(3), np.float32(2.5), pd.NA, pd.NaT, 10**400, object()]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(MODES)), st.data())
def test_any_values_are_read_or_refused(mode, data):
    """Whatever a field is given, it is read or refused; no other error comes out, and what was read is JSON."""
    names = sorted(MODES[mode].model_fields)
    changes = data.draw(st.dictionaries(st.sampled_from(names), ANYTHING, max_size=2))
    with contextlib.suppress(InvalidRequest):
        request = MODES[mode](**{**EXAMPLES[mode], **changes})
        json.dumps(request.model_dump(mode="json")).encode()
        assert MODES[mode](**request.given()) == request
