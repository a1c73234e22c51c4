"""What can be made of a picture at AceData: actions, edits, clips, words, and what each costs."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops

pytestmark = pytest.mark.anyio

GRID = [*(f"upscale{i}" for i in range(1, 5)), "reroll", *(f"variation{i}" for i in range(1, 5))]
SINGLE = [
    "upscale_2x", "upscale_4x", "upscale_subtle", "upscale_creative", "variation_subtle", "variation_strong",
    "variation_region", "zoom_out_2x", "zoom_out_1_5x", "pan_left", "pan_right", "pan_up", "pan_down", "square",
]  # fmt: skip


async def make(gate, path: str = "imagine", **fields: Any) -> dict[str, Any]:
    """Have something made, let four minutes pass and return the response."""
    reply = await gate.http.post(f"/midjourney/{path}", json={"async": True, **fields})
    assert reply.status_code == 200, reply.text
    gate.clock.advance(240)
    task = await gate.http.post(
        "/midjourney/tasks", json={"action": "retrieve", "id": reply.json()["task_id"]}
    )
    return task.json()["response"]


async def refused(gate, path: str = "imagine", **fields: Any) -> str:
    """Have a request refused and return what is said, with the code it must have."""
    reply = await gate.http.post(f"/midjourney/{path}", json=fields)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "bad_request"), reply.text
    return reply.json()["error"]["message"]


async def look(gate, url: str) -> Image.Image:
    """Return the picture at a URL."""
    return Image.open(BytesIO((await gate.http.get(url)).content)).convert("RGB")


def differ(one: Image.Image, other: Image.Image) -> float:
    """Return how much two pictures of one size differ on average, in 0..255."""
    return float(np.asarray(ImageChops.difference(one, other), dtype=float).mean())


async def single(gate, **fields: Any) -> dict[str, Any]:
    """Return the reply to the upscale of the first picture of a grid."""
    grid = await make(gate, **{"prompt": "a lighthouse", **fields})
    return await make(gate, action="upscale1", image_id=grid["image_id"])


async def test_a_grid_and_a_single_picture_offer_their_actions(gate):
    """A grid can be varied and upscaled, a single picture much more, an enlarged one only be enlarged again."""
    grid = await make(gate, prompt="a lighthouse")
    one = await make(gate, action="upscale3", image_id=grid["image_id"])
    large = await make(gate, action="upscale_4x", image_id=one["image_id"])
    assert grid["actions"] == GRID
    assert one["actions"] == SINGLE
    assert all(action.startswith("redo_upscale_") for action in large["actions"])


async def test_only_listed_actions_are_possible(gate):
    """What the last reply did not list is refused, and so is what nobody knows."""
    grid = await make(gate, prompt="a lighthouse")
    one = await make(gate, action="upscale3", image_id=grid["image_id"])
    for image, action in ((grid, "zoom_out_2x"), (one, "reroll"), (one, "redo_upscale_2x"), (grid, "blur")):
        assert action in await refused(gate, action=action, image_id=image["image_id"])


@pytest.mark.parametrize(
    "image_id", [None, "", "1211290228438868029", "27a1128f-14b5-440e-a82d-510c81e6fcd4"]
)
async def test_a_follow_up_needs_a_picture_that_exists(gate, image_id):
    """No picture, an unknown one, or a task's id instead of a picture's are refused."""
    await make(gate, prompt="a lighthouse")
    assert "image_id" in await refused(gate, action="upscale1", image_id=image_id)


async def test_an_unfinished_picture_allows_nothing(gate):
    """A picture's id means nothing before its task has ended."""
    reply = await gate.http.post("/midjourney/imagine", json={"prompt": "a cat", "async": True})
    image_id = json.loads(gate.world.store.task(reply.json()["task_id"]).facts)["image_id"]
    assert "does not exist" in await refused(gate, action="upscale1", image_id=image_id)


async def test_an_upscale_is_the_picture_itself(gate):
    """The second upscale of a grid shows its second picture, pixel by pixel."""
    grid = await make(gate, prompt="a lighthouse", split_images=True)
    one = await make(gate, action="upscale2", image_id=grid["image_id"])
    assert differ(await look(gate, one["raw_image_url"]), await look(gate, grid["sub_image_urls"][1])) < 2


@pytest.mark.parametrize(
    ("action", "pictures", "grows"),
    [
        ("upscale_2x", 1, (2, 2)),
        ("upscale_4x", 1, (4, 4)),
        ("upscale_subtle", 1, (2, 2)),
        ("upscale_creative", 1, (2, 2)),
        ("variation_subtle", 4, (1, 1)),
        ("variation_strong", 4, (1, 1)),
        ("zoom_out_2x", 4, (1, 1)),
        ("zoom_out_1_5x", 4, (1, 1)),
        ("pan_left", 4, (1.5, 1)),
        ("pan_down", 4, (1, 1.5)),
        ("square", 4, (1, 1)),
    ],
)
async def test_actions_give_pictures_of_the_right_number_and_size(gate, action, pictures, grows):
    """Enlarging gives one picture, everything else four on a sheet; a pan is longer by half; the reply's sizes hold."""
    one = await single(gate)
    made = await make(gate, action=action, image_id=one["image_id"], split_images=True)
    assert len(made.get("sub_image_urls", [""])) == pictures
    side = 64 * (2 if pictures == 4 else 1)
    assert (made["raw_image_width"], made["raw_image_height"]) == (side * grows[0], side * grows[1])
    assert (await look(gate, made["raw_image_url"])).size == (
        made["raw_image_width"],
        made["raw_image_height"],
    )


async def test_an_enlarged_picture_can_be_enlarged_again_from_its_origin(gate):
    """Redoing an upscale goes back to the picture before it."""
    one = await single(gate)
    large = await make(gate, action="upscale_2x", image_id=one["image_id"])
    again = await make(gate, action="redo_upscale_4x", image_id=large["image_id"])
    assert again["raw_image_width"] == 4 * one["raw_image_width"]


async def test_a_reroll_shows_other_pictures_of_the_same_request(gate):
    """Rerolled, a request with a seed gets another seed."""
    grid = await make(gate, prompt="a lighthouse --seed 5 --ar 3:2")
    again = await make(gate, action="reroll", image_id=grid["image_id"])
    assert again["actions"] == GRID
    assert again["raw_image_width"] == grid["raw_image_width"]
    assert differ(await look(gate, grid["raw_image_url"]), await look(gate, again["raw_image_url"])) > 1


def mask(box: tuple[int, int, int, int], **options: Any) -> str:
    """Return a mask of 64 x 64 pixels in base64, white in a box."""
    image, file = Image.new("L", (64, 64)), BytesIO()
    image.paste(255, box)
    image.save(file, options.get("form", "PNG"))
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
async def test_only_the_white_of_a_mask_is_painted_again(gate, form):
    """Left half white: the left half changes, the right half stays."""
    one = await single(gate)
    fields = {"action": "variation_region", "image_id": one["image_id"], "prompt": "a red balloon"}
    made = await make(gate, **fields, mask=mask((0, 0, 32, 64), form=form), split_images=True)
    old, new = await look(gate, one["raw_image_url"]), await look(gate, made["sub_image_urls"][0])
    left, right = (0, 0, 30, 50), (36, 0, 64, 50)
    assert differ(old.crop(left), new.crop(left)) > 3
    assert differ(old.crop(right), new.crop(right)) < 2


@pytest.mark.parametrize(
    "bad", [None, "no base64!", base64.b64encode(b"no picture").decode(), mask((0, 0, 0, 0))]
)
async def test_a_region_needs_a_mask_with_something_white(gate, bad):
    """No mask, no picture or nothing white is refused."""
    one = await single(gate)
    assert "mask" in await refused(gate, action="variation_region", image_id=one["image_id"], mask=bad)


async def test_a_mask_may_be_a_url(gate):
    """The schema speaks of a mask's URL, and one is taken."""
    one = await single(gate)
    fields = {
        "action": "variation_region",
        "image_id": one["image_id"],
        "mask": "https://a.example/mask.png",
    }
    assert (await make(gate, **fields))["actions"] == GRID


async def test_the_seed_that_is_told_brings_the_same_picture_again(gate):
    """`/seed` names the number with which `--seed` repeats a picture; the same request without it gives another."""
    first = await make(gate, prompt="a lighthouse --ar 3:2")
    seed = (await gate.http.post("/midjourney/seed", json={"image_id": first["image_id"]})).json()["seed"]
    other = await make(gate, prompt="a lighthouse --ar 3:2")
    same = await make(gate, prompt=f"a lighthouse --ar 3:2 --seed {seed}")
    shown = await look(gate, first["raw_image_url"])
    assert differ(shown, await look(gate, same["raw_image_url"])) == 0
    assert differ(shown, await look(gate, other["raw_image_url"])) > 1


async def test_a_seed_in_the_prompt_is_told_as_it_is(gate):
    """The seed that was asked for is the seed that is told; no picture, no seed."""
    made = await make(gate, prompt="a lighthouse --seed 12345")
    reply = await gate.http.post("/midjourney/seed", json={"image_id": made["image_id"]})
    assert reply.json() == {"seed": "12345"}
    assert "image_id" in await refused(gate, "seed", image_id="1")
    assert "image_id" in await refused(gate, "seed")


async def test_a_sweep_keeps_its_composition(gate):
    """Requests that differ in one parameter share their seed, so that the parameter is what one sees."""
    told = set()
    for value in (0, 500, 1000):
        made = await make(gate, prompt=f"a lighthouse --s {value}")
        reply = await gate.http.post("/midjourney/seed", json={"image_id": made["image_id"]})
        told.add(reply.json()["seed"])
    assert len(told) == 1


async def test_an_edit_keeps_the_shape_of_our_own_picture(gate):
    """An edit of a sheet or of a single picture of ours is as large as a sheet of such pictures, and allows no action."""
    grid = await make(gate, prompt="a lighthouse --ar 3:2", split_images=True)
    for url in (grid["raw_image_url"], grid["sub_image_urls"][2]):
        made = await make(gate, "edits", image_url=url, prompt="in winter", split_images=True)
        assert made["image_url"] == made["raw_image_url"]
        assert made["raw_image_width"] == grid["raw_image_width"]
        assert len(made["sub_image_urls"]) == 4
        assert "actions" not in made
        assert "action" in await refused(gate, action="upscale1", image_id=made["image_id"])


async def test_an_edit_needs_a_picture(gate):
    """Words alone are refused, a picture alone is worked over."""
    await refused(gate, "edits", prompt="in winter")
    assert (await make(gate, "edits", image_url="https://a.example/1.png"))["progress"] == 100


async def test_an_index_may_be_a_whole_float(gate):
    """Clip 2.0 is clip 2; 0.5 is none."""
    made = await make(gate, "videos", image_url="https://a.example/1.png", prompt="waves")
    extended = {"action": "extend", "video_id": made["video_id"], "prompt": "waves"}
    assert (await make(gate, "videos", **extended, video_index=2.0))["video_urls"]
    await refused(gate, "videos", **extended, video_index=0.5)


async def test_a_video_begins_with_its_picture(gate):
    """Four clips and a poster, which is the picture itself."""
    grid = await make(gate, prompt="a lighthouse", split_images=True)
    made = await make(gate, "videos", image_url=grid["sub_image_urls"][0], prompt="waves", loop=True)
    poster = await look(gate, made["image_url"])
    assert poster.size == (made["image_width"], made["image_height"])
    assert differ(poster, await look(gate, grid["sub_image_urls"][0])) < 2
    clips = [await gate.http.get(url) for url in made["video_urls"]]
    assert [clip.headers["content-type"] for clip in clips] == ["video/webm"] * 4


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "waves"},
        {"action": "extend", "prompt": "waves"},
        {"action": "extend", "video_id": "1751816807896311"},
        {"image_url": "https://a.example/1.png", "mode": "relax"},
        {"image_url": "https://a.example/1.png", "resolution": "4k"},
        {"image_url": "https://a.example/1.png", "video_index": 4},
        {"image_url": "a.png"},
    ],
)
async def test_videos_have_their_own_rules(gate, fields):
    """A first frame or a known video is needed; relax, other resolutions and other indices are refused."""
    await refused(gate, "videos", **fields)


async def test_words_are_found_again_and_paid_for(gates):
    """Describing, shortening and translating are tasks that are over at once and cost a little; seeds are free."""
    gate = gates(credit_usd=1.0)
    described = await gate.http.post(
        "/midjourney/describe", json={"image_url": "https://a.example/cat.png"}
    )
    shortened = await gate.http.post(
        "/midjourney/shorten", json={"prompt": "a small lighthouse on a very high cliff"}
    )
    await gate.http.post("/midjourney/translate", json={"content": "猫"})
    assert len(described.json()["descriptions"]) == 4
    assert 1 <= len(shortened.json()["prompts"]) <= 5
    items = (await gate.http.post("/midjourney/tasks", json={"action": "retrieve_batch"})).json()["items"]
    assert [item["type"] for item in items] == ["translate", "shorten", "describe"]
    assert items[-1]["response"] == described.json()
    assert gate.world.stats()["charged"] == 3
    assert 0 < gate.world.stats()["spent_usd"] < 0.02
    assert gate.world.stats()["requests"]["text"] == 3


async def test_a_description_of_our_own_picture_says_what_it_shows(gate):
    """Describing a picture of ours leads back to its prompt and its shape."""
    made = await make(gate, prompt="a heron in the mist --ar 3:2", split_images=True)
    for url in (made["raw_image_url"], made["sub_image_urls"][0]):
        reply = await gate.http.post("/midjourney/describe", json={"image_url": url})
        for text in reply.json()["descriptions"]:
            assert "a heron in the mist" in text
            assert text.endswith(" --ar 3:2")


@pytest.mark.parametrize(
    ("path", "field"), [("describe", "image_url"), ("shorten", "prompt"), ("translate", "content")]
)
async def test_words_need_something_to_be_about(gate, path, field):
    """Without its one field a request for words is refused."""
    assert field in await refused(gate, path)


async def test_words_can_fail_and_are_then_free(gate):
    """A trigger makes a request for words fail at once, and moderation refuses it."""
    failed = await gate.http.post("/midjourney/shorten", json={"prompt": "a cat fail:api_error"})
    moderated = await gate.http.post("/midjourney/shorten", json={"prompt": "gore"})
    assert (failed.status_code, failed.json()["error"]["code"]) == (500, "api_error")
    assert (moderated.status_code, moderated.json()["error"]["code"]) == (403, "forbidden")
    assert gate.world.stats()["spent_usd"] == 0


@pytest.mark.parametrize(
    ("fields", "dollars"),
    [
        ({}, 0.06),
        ({"mode": "relax"}, 0.03),
        ({"mode": "turbo"}, 0.12),
        ({"version": "8.1", "hd": True}, 0.24),
        ({"quality": "4"}, 0.24),
        ({"style_reference": True, "moodboard": True}, 0.24),
        ({"quality": ".5"}, 0.06),
    ],
)
async def test_the_mode_and_the_costly_options_decide_the_price(gate, fields, dollars):
    """Turbo costs twice what fast does, relax half of it; HD and its like four times as much."""
    await make(gate, prompt="a lighthouse", **fields)
    assert gate.world.stats()["spent_usd"] == pytest.approx(dollars)
