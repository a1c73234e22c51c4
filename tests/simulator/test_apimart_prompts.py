"""What APIMart reads out of a request for a new picture: fields, flags in the prompt, and which of them wins."""

from __future__ import annotations

import base64

import pytest
from simulator.apimart_steps import Apimart

from mjnb.simulator.apimart_parameters import PARAMETERS, read_prompt

pytestmark = pytest.mark.anyio

PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(90)).decode()


@pytest.fixture
def mart(gate):
    """A client of the gateway."""
    return Apimart(gate)


async def drawn(mart, **fields):
    """Submit and return what the task will draw."""
    task_id = await mart.accepted(**{"prompt": "a fox", **fields})
    return mart.gate.world.store.task(task_id).drawing


async def test_flags_in_the_prompt_are_read(mart):
    """Flags set what is drawn and are no part of the words; the prompt is shown as it was sent."""
    prompt = "a fox --ar 16:9 --chaos 20 --s 250 --weird 5 --seed 7 --v 6.1 --no hats, gloves"
    drawing = await drawn(mart, prompt=prompt)
    assert (drawing.prompt, drawing.aspect, drawing.version) == ("a fox", "16:9", "v6.1")
    assert (drawing.chaos, drawing.stylize, drawing.weird, drawing.seed) == (20, 250, 5, 7)
    assert (await mart.done(prompt=prompt))["prompt"] == prompt


async def test_fields_win_over_flags(mart):
    """A field replaces the flag of the same meaning and leaves the others alone."""
    drawing = await drawn(
        mart, prompt="a fox --ar 16:9 --c 20 --niji 6", size="1:2", version="7", niji=False
    )
    assert (drawing.aspect, drawing.chaos, drawing.version) == ("1:2", 20, "v7")


async def test_extra_is_appended_to_the_prompt(mart):
    """Flags in `extra` count as those of the prompt do, and known flags without a field are not reported as ignored."""
    drawing = await drawn(
        mart, extra="--chaos 30 --oref https://example.com/o.png --ow 200 --exp 10 --profile abc"
    )
    assert (drawing.prompt, drawing.chaos, drawing.references) == (
        "a fox",
        30,
        ("https://example.com/o.png",),
    )
    assert mart.gate.world.stats()["ignored_fields"] == {}


async def test_what_nobody_knows_is_ignored_and_counted(mart):
    """An unknown field or flag changes nothing and shows in the statistics."""
    await drawn(mart, prompt="a fox --foo 3", chaso=3)
    assert mart.gate.world.stats()["ignored_fields"] == {"chaso": 1, "--foo": 1}


@pytest.mark.parametrize(
    ("fields", "version"),
    [
        ({"version": "8.2"}, "v8.2"),
        ({"niji": True, "version": "6"}, "niji 6"),
        ({"niji": True}, "niji 7"),
        ({"prompt": "a fox --niji 6"}, "niji 6"),
        ({"prompt": "a fox --niji"}, "niji 7"),
        ({"prompt": "a fox --niji --v 6"}, "niji 6"),
        ({"prompt": "a fox --niji --v 8.1"}, "niji 7"),
        ({"prompt": "a fox --niji", "niji": False}, "v7"),
        ({"hd": True}, "v8.1"),
        ({"hd": True, "version": "8.2"}, "v8.2"),
        ({}, "v7"),
    ],
)
async def test_versions(mart, fields, version):
    """The version comes from its field, its flag, Niji, or from `hd`."""
    assert (await drawn(mart, **fields)).version == version


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((parameter.field, parameter.high + 1) for parameter in PARAMETERS if parameter.high),
        *((parameter.field, parameter.low - 1) for parameter in PARAMETERS if parameter.high),
        *((parameter.field, [3]) for parameter in PARAMETERS),
        *((parameter.field, "yes") for parameter in PARAMETERS if parameter.kind != "text"),
        ("chaos", True),
        ("chaos", 2.5),
        ("size", "16x9"),
        ("size", "0:9"),
        ("version", "9"),
        ("speed", "warp"),
        ("extra", 3),
        ("nsfw_check", "no"),
        ("metadata", "mine"),
    ],
)
async def test_a_wrong_value_is_refused_by_name(mart, name, value):
    """A field of another type or out of its range is a 400 that names it, and nothing is charged."""
    status, message = await mart.refused(prompt="a fox", **{name: value})
    assert (status, message.split()[0]) == (400, name)
    assert mart.gate.world.stats()["charged"] == 0


async def test_null_is_no_value(mart):
    """A field that is null counts as not sent."""
    assert (await drawn(mart, chaos=None, version=None, image_urls=None)).chaos == 0


async def test_niji_has_no_main_version(mart):
    """Niji with a version of the main model is refused."""
    assert await mart.refused(prompt="a fox", niji=True, version="8.1") == (
        400,
        "version must be 7 or 6 with niji",
    )


@pytest.mark.parametrize("flag", ["--chaos 500", "--ar 16x9", "--v 99", "--seed x", "--niji 9"])
async def test_a_wrong_flag_fails_at_midjourney(mart, flag):
    """The gateway passes flags on; what Midjourney does not understand fails there and is refunded."""
    task = await mart.done(prompt=f"a fox {flag}")
    assert (task["status"], task["fail_reason"]) == ("FAILURE", f"Invalid parameter: {flag}")
    assert mart.gate.world.stats()["spent_usd"] == 0


async def test_pictures_at_the_head_of_the_prompt_are_references(mart):
    """URLs before the words join those of `image_urls` and of the reference parameters."""
    drawing = await drawn(
        mart,
        prompt="https://example.com/1.png https://example.com/2.png a fox --cref https://example.com/3.png",
        image_urls=["https://example.com/0.png"],
        sref="https://example.com/4.png",
    )
    assert drawing.prompt == "a fox"
    assert {url[-5] for url in drawing.references} == set("01234")


async def test_a_picture_may_come_in_base64(mart):
    """Pictures in base64 are references too, with and without the head of a data URI."""
    plain = await drawn(mart, image_urls=[PICTURE])
    named = await drawn(mart, image_urls=[f"data:image/png;base64,{PICTURE}"])
    assert plain.references == named.references
    assert plain.references[0].startswith("base64-")


@pytest.mark.parametrize(
    "picture",
    [
        "/home/me/fox.png",
        "ftp://example.com/a.png",
        "http://127.0.0.1/a.png",
        "http://10.1.2.3/a.png",
        "http://localhost:80/a.png",
    ],
)
async def test_a_picture_that_must_not_be_fetched_is_refused(mart, picture):
    """Paths, other schemes and private addresses are refused by the field's name and place."""
    status, message = await mart.refused(prompt="a fox", image_urls=["https://example.com/a.png", picture])
    assert (status, message.split()[0]) == (400, "image_urls[1]")


async def test_a_picture_may_not_be_larger_than_12_mib(mart):
    """A larger picture in base64 is refused."""
    large = base64.b64encode(bytes(12 * 1024 * 1024 + 1)).decode()
    assert (await mart.refused(prompt="a fox", image_urls=[large]))[
        1
    ] == "image_urls[0] is larger than 12 MiB"


async def test_a_picture_that_is_not_there_fails(mart):
    """A host that does not exist fails the task."""
    task = await mart.done(prompt="a fox", image_urls=["https://pictures.invalid/a.png"])
    assert task["fail_reason"] == "Failed to download image"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("gore", "Banned prompt detected"),
        ("fail:NO_UPSTREAM", "No available upstream"),
        ("fail:TIMEOUT", "Task timeout"),
        ("fail:odd_weather today", "odd weather"),
        ('fail:"odd weather" today', "odd weather"),
    ],
)
async def test_trigger_words_fail(mart, words, reason):
    """Words in a prompt make its task fail with the documented reasons or any other; it costs nothing."""
    task = await mart.done(prompt=f"a fox {words}")
    assert (task["status"], task["fail_reason"], task["cost"]) == ("FAILURE", reason, 0)
    error = (await mart.wrapped(task["id"]))["error"]
    assert (error["message"], error["code"]) == (reason, 24 if words == "gore" else 9)


def test_an_em_dash_is_two_dashes():
    """What a phone makes of two dashes is understood, and a dash between words stays one."""
    assert read_prompt("a half-open door — dusk —ar 2:1").flags == {"ar": "2:1"}
    assert read_prompt("a half-open door — dusk —ar 2:1").words == "a half-open door — dusk"


async def test_repeat_is_charged_per_repetition(mart):
    """Two to forty repetitions cost so many times as much."""
    task = await mart.done(prompt="a fox", repeat=3, speed="fast")
    assert task["cost"] == pytest.approx(3 * 0.05504)


@pytest.mark.parametrize(
    ("fields", "dollars"),
    [
        ({}, 0.04504),
        ({"speed": "relax", "version": "8.2"}, 0.04504),
        ({"speed": "fast", "version": "7"}, 0.05504),
        ({"speed": "turbo", "niji": True, "version": "6"}, 0.1),
    ],
)
async def test_what_a_new_grid_costs(mart, fields, dollars):
    """The price follows version and speed; credits are ten to the dollar, and both queries agree."""
    task = await mart.done(prompt="a fox", **fields)
    assert (task["cost"], task["credits_cost"]) == (dollars, pytest.approx(10 * dollars))
    assert (await mart.wrapped(task["id"]))["cost"] == dollars
    assert mart.gate.world.stats()["spent_usd"] == pytest.approx(dollars)
