"""What can be done with a task of APIMart's once it is there, and what cannot."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from simulator.apimart_steps import Apimart

pytestmark = pytest.mark.anyio


@pytest.fixture
def mart(gate):
    """A client of the gateway."""
    return Apimart(gate)


def drawing(mart, task_id):
    """Return what a task draws."""
    return mart.gate.world.store.task(task_id).drawing


async def picture(mart, url):
    """Fetch a picture."""
    reply = await mart.gate.http.get(url)
    assert reply.status_code == 200
    return Image.open(io.BytesIO(reply.content)).convert("RGB")


async def button(mart, task_id, label):
    """Return the id of a button by its label."""
    return {shown["label"]: shown["customId"] for shown in (await mart.direct(task_id))["buttons"]}[label]


async def test_an_upscale_is_a_crop_and_done_at_once(mart):
    """U1-U4 give the grid's own picture, the same to the last pixel, without any waiting."""
    grid = await mart.grid()
    task = await mart.direct(await mart.accepted("upscale", task_id=grid, index=2))
    assert (task["status"], task["action"], len(task["image_urls"])) == ("SUCCESS", "UPSCALE", 1)
    assert "grid_image_url" not in task
    cropped = await picture(mart, task["image_urls"][0])
    assert cropped == await picture(mart, (await mart.direct(grid))["image_urls"][1])


async def test_a_button_makes_a_single_picture_larger(mart):
    """An HD upscale goes through its button, takes about a minute and doubles the sides."""
    single = await mart.single()
    custom_id = await button(mart, single, "Upscale (Subtle)")
    assert custom_id.startswith("MJ::JOB::upsample_v7_2x_subtle::1::")
    task_id = await mart.accepted("upscale", task_id=single, custom_id=custom_id)
    mart.gate.clock.advance(30)
    assert (await mart.direct(task_id))["status"] == "IN_PROGRESS"
    mart.gate.clock.advance(90)
    large = await picture(mart, (await mart.direct(task_id))["image_urls"][0])
    small = await picture(mart, (await mart.direct(single))["image_urls"][0])
    assert large.size == (2 * small.width, 2 * small.height)


async def test_a_button_wins_over_an_index(mart):
    """With both given the button decides."""
    grid = await mart.grid()
    task_id = await mart.accepted(
        "upscale", task_id=grid, index=1, custom_id=await button(mart, grid, "U4")
    )
    assert drawing(mart, task_id).source == (grid, 3)


@pytest.mark.parametrize(
    ("action", "change", "name"),
    [
        ("variation", "subtle", "VARIATION"),
        ("low-variation", "subtle", "LOW_VARIATION"),
        ("high-variation", "strong", "HIGH_VARIATION"),
    ],
)
async def test_variations(mart, action, change, name):
    """A variation of one picture is a grid of four and keeps the settings of the first."""
    grid = await mart.grid(size="2:1", stylize=300)
    task = await mart.done(action, task_id=grid, index=3, speed="turbo")
    assert (task["status"], task["action"], len(task["image_urls"])) == ("SUCCESS", name, 4)
    made = drawing(mart, task["id"])
    assert (made.source, made.change, made.aspect, made.stylize) == ((grid, 2), change, "2:1", 300)
    assert task["cost"] == 0.1


async def test_reroll_is_the_same_with_new_dice(mart):
    """A reroll draws the same request again and comes out differently, even where a seed held it."""
    grid = await mart.grid(seed=5)
    task = await mart.done("reroll", task_id=grid)
    assert drawing(mart, task["id"]).prompt == "a lighthouse"
    first, again = [(await mart.direct(task_id))["image_urls"][0] for task_id in (grid, task["id"])]
    assert await picture(mart, first) != await picture(mart, again)


async def test_a_seed_repeats_a_picture(mart):
    """The same request with the same seed gives the same picture, whatever came between."""
    first = await mart.grid(seed=5)
    await mart.grid()
    again = await mart.grid(seed=5)
    pictures = [
        await picture(mart, (await mart.direct(task_id))["image_urls"][0]) for task_id in (first, again)
    ]
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    ("ratio", "change"), [(1.5, "zoom_1.5"), (1.99, "zoom_1.5"), (2, "zoom_2"), (None, "zoom_2")]
)
async def test_zoom(mart, ratio, change):
    """Below 2 zoom means 1.5, else 2."""
    task = await mart.done("zoom", task_id=await mart.single(), zoom_ratio=ratio)
    assert (task["status"], drawing(mart, task["id"]).change) == ("SUCCESS", change)


@pytest.mark.parametrize("way", ["left", "right", "up", "down"])
async def test_pan(mart, way):
    """Pan makes the canvas longer in the direction of the pan."""
    single = await mart.single()
    task = await mart.done("pan", task_id=single, direction=way)
    before = await picture(mart, (await mart.direct(single))["image_urls"][0])
    after = await picture(mart, task["image_urls"][0])
    longer = after.width > before.width if way in {"left", "right"} else after.height > before.height
    assert longer


async def test_pan_can_be_chained(mart):
    """What was panned is a grid, and can be panned on once one of it is chosen."""
    task = await mart.done("pan", task_id=await mart.single(), direction="right")
    chosen = await mart.accepted("upscale", task_id=task["id"], index=1)
    assert (await mart.done("pan", task_id=chosen, direction="right"))["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("label", "action", "change"),
    [
        ("Zoom Out 1.5x", "zoom", "zoom_1.5"),
        ("Make Square", "zoom", "square"),
        ("⬅️", "pan", "pan_left"),
        ("Vary (Strong)", "high-variation", "strong"),
    ],
)
async def test_buttons_do_what_they_say(mart, label, action, change):
    """A button's id may be sent instead of fields."""
    single = await mart.single()
    task_id = await mart.accepted(action, task_id=single, custom_id=await button(mart, single, label))
    assert drawing(mart, task_id).change == change


@pytest.mark.parametrize(
    ("action", "fields"),
    [("zoom", {"zoom_ratio": 2}), ("pan", {"direction": "left"}), ("inpaint", {})],
)
async def test_what_needs_an_upscaled_picture(mart, action, fields):
    """Zoom, pan and inpaint of a grid are refused."""
    refused = await mart.refused(action, task_id=await mart.grid(), **fields)
    assert refused == (400, "This action requires an upscaled task.")


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        ("upscale", {}, "index or custom_id is required"),
        ("upscale", {"index": 0}, "index must be an integer between 1 and 4"),
        ("variation", {"index": 5}, "index must be an integer between 1 and 4"),
        (
            "variation",
            {"custom_id": "MJ::JOB::variation::1::other"},
            "custom_id is no button of this task for variation",
        ),
        ("remix-strong", {"index": 1}, "task_id must be a v8 task: other versions have no remix"),
        ("upscale", {"index": 1, "speed": "warp"}, "speed must be one of relax, fast, turbo"),
    ],
)
async def test_follow_ups_of_a_grid_that_are_refused(mart, action, fields, message):
    """A missing or wrong index, a stranger's button and a remix of an older version are refused."""
    assert await mart.refused(action, task_id=await mart.grid(), **fields) == (400, message)


async def test_follow_ups_of_a_single_that_are_refused(mart):
    """A single picture has no further tiles, is not rerolled, and pans only somewhere."""
    single = await mart.single()
    assert (await mart.refused("upscale", task_id=single, index=1))[0] == 400
    assert (await mart.refused("reroll", task_id=single))[0] == 400
    assert await mart.refused("pan", task_id=single) == (400, "direction is required")
    assert await mart.refused("zoom", task_id=single, zoom_ratio="far") == (
        400,
        "zoom_ratio must be a number between 1 and 100",
    )


async def test_one_picture_needs_no_index(mart):
    """Of a single picture, variations, a remix and an upscale (the subtle one) need not say which."""
    single = await mart.single(version="8.1")
    changes = {
        "variation": "subtle",
        "low-variation": "subtle",
        "high-variation": "strong",
        "remix-strong": "remix_strong",
        "upscale": "2x",
    }
    for action, change in changes.items():
        made = drawing(mart, await mart.accepted(action, task_id=single))
        assert (made.source, made.change) == ((single, 0), change)


async def test_what_is_not_finished_has_no_follow_ups(mart):
    """A parent must have succeeded."""
    failed = (await mart.done(prompt="gore"))["id"]
    running = await mart.accepted(prompt="a fox")
    for task_id in (failed, running):
        refused = await mart.refused("upscale", task_id=task_id, index=1)
        assert refused == (400, "task_id must be a task in SUCCESS state")
    assert await mart.refused("upscale", index=1) == (400, "task_id is required")


async def test_v8_has_a_panel_of_its_own(mart):
    """v8 shows no U buttons and neither zooms nor inpaints, but a crop, a pan and a remix are possible."""
    grid = await mart.grid(version="8.1")
    labels = [shown["label"] for shown in (await mart.direct(grid))["buttons"]]
    assert not any(label.startswith("U") for label in labels)
    single = await mart.accepted("upscale", task_id=grid, index=1)
    for action in ("zoom", "inpaint"):
        assert await mart.refused(action, task_id=single) == (
            400,
            f"No matching button for {action} on this task",
        )
    assert (await mart.done("pan", task_id=single, direction="up"))["status"] == "SUCCESS"
    remix = await mart.done("remix-subtle", task_id=grid, index=4, prompt="a harbour --foo")
    made = drawing(mart, remix["id"])
    assert (made.source, made.change, made.prompt) == ((grid, 3), "remix_subtle", "a harbour")
    assert (remix["action"], remix["prompt"]) == ("REMIX_SUBTLE", "a harbour --foo")
    assert (await mart.refused("remix-strong", task_id=grid)) == (400, "index or custom_id is required")


async def test_pan_fails_on_v5(mart):
    """Version 5.2 takes a pan and fails it."""
    task = await mart.done("pan", task_id=await mart.single(version="5.2"), direction="left")
    assert (task["status"], task["fail_reason"]) == ("FAILURE", "Invalid generation request")


def mask() -> str:
    """Return a mask in base64 whose right half is white and whose left half is transparent."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (32, 0, 64, 64))
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


async def test_inpaint_waits_for_its_second_half(mart):
    """Inpaint waits as MODAL; `modal` begins the same task, which is charged once and gives four pictures."""
    single = await mart.single()
    spent = mart.gate.world.stats()["spent_usd"]
    task_id = await mart.accepted("inpaint", task_id=single, speed="fast")
    mart.gate.clock.advance(1700)
    assert (await mart.direct(task_id))["status"] == "MODAL"
    reply = await mart.post("modal", task_id=task_id, prompt="a red sofa", mask_url=mask())
    assert reply.json()["data"] == [{"status": "submitted", "task_id": task_id}]
    assert (await mart.direct(task_id))["status"] == "SUBMITTED"
    mart.gate.clock.advance(60)
    task = await mart.direct(task_id)
    assert (task["status"], task["action"], task["mode"], len(task["image_urls"])) == (
        "SUCCESS",
        "MODAL",
        "FAST",
        4,
    )
    assert mart.gate.world.stats()["spent_usd"] - spent == pytest.approx(0.05504)


async def test_only_what_is_white_is_painted_again(mart):
    """Outside the mask's white area every pixel stays; a mask in base64 and an uploaded one do the same."""
    single = await mart.single()
    before = await picture(mart, (await mart.direct(single))["image_urls"][0])
    data = base64.b64decode(mask())
    upload = await mart.gate.http.post(
        "/v1/uploads/images", headers=mart.key, files={"file": ("m.png", data)}
    )
    for sent in (mask(), upload.json()["url"]):
        task_id = await mart.accepted("inpaint", task_id=single)
        await mart.post("modal", task_id=task_id, prompt="a red sofa", mask_url=sent)
        mart.gate.clock.advance(180)
        after = await picture(mart, (await mart.direct(task_id))["image_urls"][0])
        left, right = (
            (0, 0, before.width // 2 - 4, before.height // 2),
            (before.width // 2 + 4, 0, before.width, before.height),
        )
        assert max(hi for _, hi in _difference(before.crop(left), after.crop(left))) < 40
        assert max(hi for _, hi in _difference(before.crop(right), after.crop(right))) > 60


def _difference(one, other):
    from PIL import ImageChops

    return ImageChops.difference(one, other).getextrema()


async def test_modal_without_a_mask_goes_on_around_the_picture(mart):
    """Without a mask the second half is an outpaint, and without a prompt it keeps the parent's."""
    task_id = await mart.accepted("inpaint", task_id=await mart.single())
    await mart.post("modal", task_id=task_id)
    assert (drawing(mart, task_id).change, drawing(mart, task_id).prompt) == ("zoom_2", "a lighthouse")


async def test_an_inpaint_whose_second_half_never_comes(mart):
    """After 30 minutes it is cancelled and refunded, and `modal` comes too late."""
    task_id = await mart.accepted("inpaint", task_id=await mart.single())
    spent = mart.gate.world.stats()["spent_usd"]
    mart.gate.clock.advance(1801)
    task = await mart.direct(task_id)
    assert (task["status"], task["fail_reason"]) == ("FAILURE", "Task timeout")
    assert (await mart.wrapped(task_id))["status"] == "cancelled"
    assert spent - mart.gate.world.stats()["spent_usd"] == pytest.approx(0.05504)
    assert await mart.refused("modal", task_id=task_id) == (400, "task_id must be a task in MODAL state")


async def test_modal_is_refused_where_it_does_not_fit(mart):
    """A task that does not wait, a mask that is none, and one without a white area are refused; the task waits on."""
    assert (await mart.refused("modal", task_id=await mart.grid()))[0] == 400
    task_id = await mart.accepted("inpaint", task_id=await mart.single())
    black = base64.b64encode(bytes(200)).decode()
    refused = await mart.refused("modal", task_id=task_id, mask_url=black)
    assert refused == (400, "mask_url must be an image with a white area")
    assert (await mart.direct(task_id))["status"] == "MODAL"


async def test_a_banned_prompt_fails_a_modal(mart):
    """The second half's prompt is moderated as every other."""
    task_id = await mart.accepted("inpaint", task_id=await mart.single())
    await mart.post("modal", task_id=task_id, prompt="gore")
    mart.gate.clock.advance(180)
    assert (await mart.direct(task_id))["fail_reason"] == "Banned prompt detected"
