"""The painter's laws, measured on small pictures."""

from __future__ import annotations

import doctest
import importlib
import io
import itertools
import pkgutil
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mjnb.simulator import painting
from mjnb.simulator.painting import Picture, paint, paint_jpeg

PROMPTS = (
    "a lighthouse at dusk",
    "a red fox in snow",
    "city at night, neon rain",
    "koi pond",
    "一座雪山",
    "an old tree",
)
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


def edges(image: np.ndarray) -> float:
    """How much detail there is: the mean step from pixel to pixel."""
    return float(np.abs(np.diff(image, axis=0)).mean() + np.abs(np.diff(image, axis=1)).mean())


def colourfulness(image: np.ndarray) -> float:
    """The mean spread between the strongest and the weakest channel."""
    return float((image.max(axis=2) - image.min(axis=2)).mean())


@pytest.mark.parametrize(
    "prompt", [*PROMPTS, "", "   ", "🦊" * 40, "portrait of a woman with flowers", "\x00\udcff", "x" * 2000]
)
def test_the_same_description_gives_the_same_pixels(prompt):
    """A picture depends on its description alone, whatever the prompt."""
    picture = Picture(prompt, short_side=64, stylize=400, weird=300)
    assert paint(picture) == paint(replace(picture))


def test_threads_do_not_disturb_each_other():
    """Pictures painted at the same time are those painted one after another."""
    pictures = [Picture(prompt, short_side=64, version="niji 7") for prompt in PROMPTS]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(paint, pictures))
    assert together == [paint(picture) for picture in pictures]


def test_chaos_spreads_the_four_apart():
    """The mean distance between a task's four pictures grows with every step of chaos."""
    spread = []
    for chaos in (0, 25, 50, 75, 100):
        apart = []
        for prompt in PROMPTS:
            four = [
                pixels(Picture(prompt, index=index, chaos=chaos, short_side=SMALL)) for index in range(4)
            ]
            apart += [distance(one, other) for one, other in itertools.combinations(four, 2)]
        spread.append(statistics.mean(apart))
    assert spread == sorted(spread)
    assert min(np.diff(spread)) > 0.005
    assert spread[-1] > 4 * spread[0] > 0


def test_stylize_goes_from_plain_to_ornate():
    """Colourfulness and fine detail grow with stylize."""
    colours, details = [], []
    for stylize in (0, 100, 400, 1000):
        shown = [pixels(Picture(prompt, stylize=stylize, short_side=SMALL)) for prompt in PROMPTS]
        colours.append(statistics.mean(map(colourfulness, shown)))
        details.append(statistics.mean(map(edges, shown)))
    assert colours == sorted(colours)
    assert details == sorted(details)
    assert colours[-1] > 1.3 * colours[0]
    assert details[-1] > 1.3 * details[0]


def test_weird_leads_away_from_the_natural_picture():
    """The distance to the picture without weird grows with weird."""
    away = []
    for weird in (250, 1000, 2000, 3000):
        pairs = [
            (Picture(prompt, short_side=SMALL), Picture(prompt, weird=weird, short_side=SMALL))
            for prompt in PROMPTS
        ]
        away.append(statistics.mean(distance(pixels(one), pixels(other)) for one, other in pairs))
    assert away == sorted(away)
    assert away[-1] > 3 * away[0] > 0


def test_every_version_has_a_hand_of_its_own():
    """No two versions paint the same picture the same way."""
    shown = [
        pixels(Picture("a castle", version=version, short_side=SMALL))
        for version in ("v6", "v6.1", "v7", "niji 6", "niji 7")
    ]
    assert all(np.abs(one - other).mean() > 0.008 for one, other in itertools.combinations(shown, 2))


SPELLINGS = {
    "6": "v6",
    "5.2": "v6",
    "V6.1": "v6.1",
    "8.1": "v7",
    "niji7": "niji 7",
    "niji 5": "niji 6",
    "": "v6.1",
}


@pytest.mark.parametrize(("spelling", "known"), SPELLINGS.items())
def test_other_spellings_of_a_version_find_its_hand(spelling, known):
    """A version is recognised however a gateway spells it; an unknown one gets the nearest hand."""
    assert paint(Picture("boat", version=spelling, short_side=64)) == paint(
        Picture("boat", version=known, short_side=64)
    )


def test_niji_draws_lines():
    """A niji picture has several times the dark thin pixels of the same picture by another version."""

    def ink(version: str) -> float:
        shown = [
            pixels(Picture(prompt, version=version, short_side=192)).mean(axis=2)
            for prompt in ("a fox in snow", "pagoda in spring", "boat, noon")
        ]
        return statistics.mean(float((grey < 0.22).mean()) for grey in shown)

    assert min(ink("niji 6"), ink("niji 7")) > 2 * max(ink("v6"), ink("v6.1"), ink("v7"))


WIDE, TALL = (
    {"16:9": 228, "3:2": 192, "21:9": 298, "170:171": 128},
    {"9:16": 228, "2:3": 192, "1:4": 512, "1:1": 128},
)
SIZES = {aspect: (length, 128) for aspect, length in WIDE.items()} | {
    aspect: (128, length) for aspect, length in TALL.items()
}


@pytest.mark.parametrize(("aspect", "size"), SIZES.items())
def test_the_aspect_is_kept(aspect, size):
    """The short side is as asked, the other follows the aspect, both even."""
    picture = Picture("bridge", aspect=aspect, short_side=128)
    assert paint(picture).size == picture.size == size


def test_a_strip_of_an_extreme_aspect_gets_thinner():
    """A long side has a limit, beyond which the short side gives way."""
    assert Picture("", aspect="1:100").size == (62, 6144)
    assert paint(Picture("", aspect="40:1", short_side=16)).size == (640, 16)


@pytest.mark.parametrize("aspect", ["", "16", "0:1", "1:-2", "a:b", "1:2:3", "1.5:1"])
def test_a_wrong_aspect_is_refused(aspect):
    """What is not two positive integers is an error that shows it."""
    with pytest.raises(ValueError, match="two positive integers"):
        paint(Picture("", aspect=aspect))


def test_an_unknown_change_is_refused():
    """A change nobody knows is an error that names it."""
    with pytest.raises(ValueError, match="sideways"):
        paint(Picture("", parent=Picture("", short_side=32), change="sideways"))


@pytest.mark.parametrize(("change", "factor"), [("standard", 2), ("creative", 2), ("2x", 2), ("4x", 4)])
def test_an_upscale_shows_its_parent_larger(change, factor):
    """An upscale has the parent's picture and that many times its sides."""
    parent = Picture("a lighthouse at dusk", aspect="3:2", short_side=128, stylize=300)
    large = paint(Picture("", parent=parent, change=change))
    assert large.size == (192 * factor, 128 * factor)
    again = np.asarray(large.resize((192, 128), Image.Resampling.BOX), np.float32) / 255
    assert distance(again, pixels(parent)) < 0.035


def test_a_creative_upscale_adds_detail():
    """A creative upscale is more detailed than a standard one."""
    parent = Picture("a lighthouse at dusk", short_side=128)
    assert edges(pixels(Picture("", parent=parent, change="creative"))) > 1.05 * edges(
        pixels(Picture("", parent=parent, change="standard"))
    )


def test_upscales_of_upscales_stop_growing():
    """The short side never exceeds 2048 pixels."""
    once = Picture("", parent=Picture("", aspect="2:1"), change="4x")
    assert once.size == (4096, 2048) == Picture("", parent=once, change="4x").size


def test_variations_lie_between_the_parent_and_a_stranger():
    """A subtle variation is nearer to its parent than a strong one, a strong one nearer than an unrelated picture."""
    near = {"subtle": [], "strong": [], "unrelated": []}
    for number, prompt in enumerate(PROMPTS):
        parent = Picture(prompt, short_side=SMALL, seed=5)
        seen = pixels(parent)
        stranger = Picture(PROMPTS[number - 1], short_side=SMALL, seed=99)
        near["unrelated"].append(distance(seen, pixels(stranger)))
        for change in ("subtle", "strong"):
            four = [Picture("", parent=parent, change=change, index=index, seed=1) for index in range(4)]
            near[change] += [distance(seen, pixels(picture)) for picture in four]
    subtle, strong, unrelated = (statistics.mean(near[key]) for key in ("subtle", "strong", "unrelated"))
    assert 0 < 1.5 * subtle < strong < unrelated / 1.2


def test_a_strong_variation_follows_a_new_prompt():
    """A strong variation of a lighthouse that asks for a boat differs from one that asks for nothing."""
    parent = Picture("a lighthouse at dusk", short_side=SMALL)
    same, other = (
        pixels(Picture(prompt, parent=parent, change="strong")) for prompt in ("", "a boat at night")
    )
    assert distance(same, other) > 0.08


SQUARE = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))


def test_painting_changes_nothing_outside_the_region():
    """Outside the region every pixel is the parent's; inside something else is seen."""
    parent = Picture("a lighthouse at dusk", short_side=128, weird=200)
    before, after = (
        pixels(parent),
        pixels(Picture("a castle", parent=parent, change="paint", region=(SQUARE,))),
    )
    changed = np.abs(after - before).max(axis=2) > 0
    inside = np.zeros_like(changed)
    inside[31:98, 31:98] = True
    assert not changed[~inside].any()
    assert changed[inside].mean() > 0.7


def test_a_mask_known_by_its_url_alone_is_imagined_in_the_middle():
    """Without polygons the region is an ellipse around the middle."""
    parent = Picture("a tree", short_side=128)
    change = (
        np.abs(
            pixels(Picture("a fox", parent=parent, change="paint", mask_url="https://example.com/mask.png"))
            - pixels(parent)
        ).max(axis=2)
        > 0
    )
    assert change[40:88, 40:88].mean() > 0.7
    assert not change[:20].any()
    assert not change[:, :20].any()


def test_a_larger_canvas_holds_the_parent_in_its_place():
    """The parent lies at its placement; the ring is plain where no region covers it, and painted where one does."""
    parent = Picture("a boat", short_side=64)
    ring = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.2), (0.0, 0.2))
    bare = Picture(
        "",
        parent=parent,
        change="paint",
        canvas=(1000, 1000),
        placement=(0.25, 0.25, 0.5, 0.5),
        short_side=128,
        region=(ring,),
    )
    image = pixels(bare)
    assert image.shape == (128, 128, 3)
    assert np.abs(image[32:80, 32:96] - pixels(parent)[:48]).max() == 0
    assert np.ptp(image[40:100, 4:28].reshape(-1, 3), axis=0).max() == 0
    assert image[4:20, 4:-4].std() > 0.01


def test_the_canvas_sets_the_aspect():
    """A painted picture has its canvas's aspect at the asked short side."""
    assert Picture("", parent=Picture("x"), change="paint", canvas=(3000, 2000), short_side=100).size == (
        150,
        100,
    )
    with pytest.raises(ValueError, match="no area"):
        paint(Picture("", parent=Picture("x"), change="paint", canvas=(0, 10)))


def test_changes_can_follow_one_another():
    """An upscale of a variation of a painted picture works, and is still that picture."""
    painted = Picture("a castle", parent=Picture("a tree", short_side=64), change="paint", region=(SQUARE,))
    varied = Picture("", parent=painted, change="subtle")
    large = paint(Picture("", parent=varied, change="standard"))
    assert large.size == (128, 128)
    assert (
        distance(np.asarray(large.resize((64, 64), Image.Resampling.BOX), np.float32) / 255, pixels(varied))
        < 0.05
    )


def test_a_reference_colours_the_picture():
    """The same prompt with another reference has other colours, with the same reference the same."""
    one, again, other = (
        pixels(Picture("a hill", references=(url,), short_side=64))
        for url in ("https://a.example/1.png", "https://a.example/1.png", "https://b.example/2.jpg")
    )
    assert (one == again).all()
    assert np.abs(one.mean(axis=(0, 1)) - other.mean(axis=(0, 1))).max() > 0.02


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tree, noon", "tree, midnight"),
        ("a red house", "a blue house"),
        ("a cat", "a dog"),
        ("灯台 夜", "灯台 朝"),
        ("forest in autumn", "forest in winter"),
    ],
)
def test_words_are_seen(one, other):
    """A word for an hour, a season, a colour or a subject changes the picture, in more than one language."""
    assert distance(*(pixels(Picture(prompt, short_side=SMALL)) for prompt in (one, other))) > 0.03


def test_seeds_give_kindred_pictures():
    """Another seed gives another picture of the same words."""
    one, other = (pixels(Picture("a lighthouse at dusk", seed=seed, short_side=SMALL)) for seed in (1, 2))
    assert distance(one, other) > 0.01


def test_every_picture_carries_the_mark():
    """The lower right corner has the bright letters of the mark, at any size and on the brightest ground."""
    for side in (96, 512):
        corner = np.asarray(
            paint(Picture("winter, snow, noon", short_side=side))
            .crop((side * 3 // 4, side * 15 // 16, side, side))
            .convert("L"),
            np.int16,
        )
        assert corner.max() > 200
        assert corner.max() - corner.min() > 90


def test_the_file_says_that_it_was_simulated():
    """The JPEG is a JPEG of the right size, whose comment and EXIF tell what it is."""
    data = paint_jpeg(Picture("a boat", aspect="4:3", short_side=96))
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (128, 96))
    assert image.info["comment"] == b"Simulated by mjnb; not a Midjourney picture"
    assert image.getexif()[0x010E] == "Simulated by mjnb; not a Midjourney picture"


def test_a_picture_is_painted_in_a_moment():
    """At 512 pixels the median stays under 150 milliseconds even on a busy machine."""
    taken = []
    for number, prompt in enumerate(PROMPTS * 2):
        start = time.thread_time()
        paint_jpeg(Picture(prompt, index=number % 4, seed=number, stylize=80 * number))
        taken.append(time.thread_time() - start)
    assert statistics.median(taken) < 0.15


def test_the_examples_run():
    """Every example in the painter's documentation gives what it says."""
    names = [
        painting.__name__,
        *(module.name for module in pkgutil.walk_packages(painting.__path__, painting.__name__ + ".")),
    ]
    results = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) >= 8
