"""APIXO's dialect against APIXO's older reference page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mjnb import errors
from mjnb.gateways import dialect
from mjnb.gateways.apixo import CURRENT, REFERENCE, Apixo, ApixoReference
from mjnb.gateways.base import Envelope, failure
from mjnb.modes import ImageToImage, RawRequest, TextToImage, Upscale
from mjnb.tasks import TaskState
from mjnb.testing import GatewayContract, reply_of

PAGE = ApixoReference()
WIRE = Path(__file__).parents[1] / "wire" / "apixo-reference"
FOX = TextToImage(prompt="a fox")


class TestContract(GatewayContract):
    """What every dialect promises."""

    dialect, wire = PAGE, WIRE
    states: ClassVar = {"quick_start_success": "success", **GatewayContract.states}


def wire(name: str) -> dict[str, Any]:
    """Read a documented exchange."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def sent(request, **envelope) -> dict[str, Any]:
    """Spell a request, and return its `input`."""
    return dict(PAGE.submit(request, Envelope(**envelope)).body or {})["input"]


# -- what is sent ----------------------------------------------------------------------------------------------------

DOCUMENTED = {
    "submit_text_to_image": TextToImage(
        prompt="A beautiful sunset over the mountains with vibrant colors", speed="relaxed", aspect="16:9"
    ),
    "submit_image_to_image": ImageToImage(
        prompt="Transform into watercolor painting style", image_urls=["https://example.com/input.jpg"],
        speed="turbo", aspect="1:1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_requests_word_for_word(name):
    """Each example of the page comes out of a typed request word for word."""
    call, documented = PAGE.submit(DOCUMENTED[name], Envelope()), wire(name)["request"]
    assert (call.method, call.path, dict(call.query)) == (documented["method"], documented["path"], {})
    assert json.loads(json.dumps(call.body)) == documented["json"]


def test_every_documented_request_is_tried():
    """No example of the page is left out."""
    assert {path.stem for path in WIRE.glob("submit_*.json")} == set(DOCUMENTED)


def test_documented_questions_word_for_word():
    """The question after a task is the documented one."""
    for name in ("status_success", "status_failed", "status_processing", "quick_start_success"):
        documented, call = wire(name)["request"], PAGE.status("task_12345678")
        assert (call.method, call.path) == (documented["method"], documented["path"])
        assert dict(call.query) == documented["query"]


def test_the_names_are_the_pages():
    """Every field goes out under the page's own name, the version as a bare number."""
    request = TextToImage(
        prompt="a fox", version=7, speed="fast", aspect="3:2", chaos=25, stylize=250, weird=500,
        enable_translation=False, watermark="Fox & Co.",
    )  # fmt: skip
    assert sent(request) == {
        "mode": "text-to-image", "prompt": "a fox", "version": "7", "speed": "fast", "aspect_ratio": "3:2", "variety": 25,
        "stylization": 250, "weirdness": 500, "enableTranslation": False, "watermark": "Fox & Co.",
    }  # fmt: skip


def test_only_what_the_page_requires_is_filled_in():
    """Mode, prompt and speed are required; nothing else is sent that was not set."""
    assert sent(FOX) == {"mode": "text-to-image", "prompt": "a fox", "speed": "relaxed"}


def test_the_envelope_has_no_provider():
    """How the answer comes is always said; the page knows no routing."""
    polled = dict(PAGE.submit(FOX, Envelope(provider="official")).body or {})
    called = dict(PAGE.submit(FOX, Envelope(callback_url="https://me.example/x")).body or {})
    assert {name: polled[name] for name in polled if name != "input"} == {"request_type": "async"}
    assert (called["request_type"], called["callback_url"]) == ("callback", "https://me.example/x")


def test_what_is_written_raw_is_not_translated():
    """A raw request has the wire's own names and values already."""
    body = sent(RawRequest("text-to-image", prompt="a fox", version="7", chaos=3, kind="x"))
    assert body == {"mode": "text-to-image", "prompt": "a fox", "version": "7", "chaos": 3, "kind": "x"}


def test_the_current_page_is_another():
    """The two pages are two sets of data under one codec, and do not mix."""
    request = TextToImage(prompt="a fox", chaos=20, aspect="1:1")
    body = dict(Apixo().submit(request, Envelope()).body or {})["input"]
    assert {"chaos", "aspect"} <= body.keys()
    assert {"variety", "aspect_ratio"} <= sent(request).keys()
    assert (Apixo().generation, PAGE.generation) == (CURRENT, REFERENCE)
    assert type(dialect("apixo-reference")) is ApixoReference


# -- what is refused, and what is moved ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field", "nearest"),
    [
        ({"version": "v6.1"}, "version", "v7"),
        ({"version": "niji 7"}, "version", "v7"),
        ({"aspect": "21:9"}, "aspect", "2:1"),
        ({"chaos": 12}, "chaos", 10),
        ({"stylize": 130}, "stylize", 150),
        ({"weird": 1}, None, None),
        ({"stylize": 1}, None, None),
        ({"weird": 120}, "weird", 100),
    ],
)
def test_values_off_the_page_are_refused_with_the_nearest(fields, field, nearest):
    """What the page's lists and steps do not have is refused with what is nearest; the default of 1 may stand."""
    request = FOX.replace(**fields)
    if field is None:
        PAGE.check(request)
        return
    for act in (PAGE.check, sent):
        with pytest.raises(errors.InvalidRequest) as caught:
            act(request)
        assert (caught.value.field, caught.value.nearest) == (field, nearest)


@pytest.mark.parametrize(
    ("name", "value", "step"),
    [
        ("chaos", 12, 10), ("chaos", 13, 15), ("chaos", 99, 100), ("chaos", 2, 0), ("stylize", 25, 50), ("stylize", 2, 0),
        ("stylize", 975, 1000), ("weird", 149, 100), ("weird", 150, 200), ("weird", 2999, 3000),
    ],
)  # fmt: skip
def test_numbers_are_moved_to_their_steps(name, value, step):
    """A number between two steps goes to the nearer one, from the middle to the higher, and that is said."""
    settled, notes = PAGE.settle(FOX.replace(**{name: value}))
    assert settled == FOX.replace(**{name: step})
    (note,) = notes
    assert f"{name}={value} became {step}" in note


@pytest.mark.parametrize(
    "fields", [{}, {"stylize": 1, "weird": 1}, {"chaos": 10, "stylize": 50, "weird": 100}]
)
def test_numbers_on_their_steps_stay(fields):
    """Steps, the default of 1, and what is not set stay as they are, and nothing is said."""
    request = FOX.replace(**fields)
    assert PAGE.settle(request) == (request, ())


def test_raw_requests_and_the_current_page_move_nothing():
    """Only this page has steps, and what is written raw stays as it was written."""
    raw = RawRequest("text-to-image", chaos=3)
    assert PAGE.settle(raw) == (raw, ())
    assert Apixo().settle(FOX.replace(chaos=3)) == (FOX.replace(chaos=3), ())


def test_a_form_is_not_stopped_by_a_step():
    """A value that would be moved can be chosen, beside others that would be; one that the page does not have cannot."""
    assert PAGE.refuses(TextToImage, "chaos", 3, stylize=7) == ""
    assert "relaxed, fast, turbo" in PAGE.refuses(TextToImage, "speed", "draft", chaos=3)


def test_two_references_at_most():
    """A third reference picture is refused, with the first two as what is nearest."""
    three = [f"https://example.com/{n}.png" for n in range(3)]
    PAGE.check(ImageToImage(prompt="a fox", image_urls=three[:2]))
    with pytest.raises(errors.InvalidRequest, match="at most 2") as caught:
        PAGE.check(ImageToImage(prompt="a fox", image_urls=three))
    assert caught.value.nearest == three[:2]
    Apixo().check(ImageToImage(prompt="a fox", image_urls=three))


def test_the_page_has_two_modes():
    """Follow-ups and painting are not on this page."""
    assert set(PAGE.modes) == {"text-to-image", "image-to-image"}
    with pytest.raises(errors.UnsupportedError, match="text-to-image, image-to-image"):
        PAGE.check(Upscale(task_id="t", image_index=0, kind="2x"))


# -- time and money --------------------------------------------------------------------------------------------------


def test_defaults_are_the_pages():
    """The values that hold where nothing was set are the page's own."""
    assert PAGE.held(FOX) == {
        "prompt": "a fox", "version": "v7", "speed": "relaxed", "aspect": "16:9", "chaos": 10, "stylize": 1, "weird": 1,
        "enable_translation": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("speed", "usd", "first", "typical"),
    [("relaxed", 0.04, 200, 250), ("fast", 0.10, 50, 60), ("turbo", 0.20, 10, 30), (None, 0.04, 200, 250)],
)
def test_prices_and_rhythm(speed, usd, first, typical):
    """Each speed has its price, its first question and its average; asking goes on every ten seconds."""
    request = FOX if speed is None else FOX.replace(speed=speed)
    rhythm = PAGE.rhythm(request)
    assert PAGE.price(request) == round(usd * 1_000_000)
    assert (rhythm.first, rhythm.every, rhythm.typical) == (first, 10, (typical, typical))
    assert rhythm.timeout >= 4 * typical


# -- what is answered ------------------------------------------------------------------------------------------------


def test_a_failure_tells_its_times():
    """A failed task, told on being asked or by a callback of code 400, has its reason and its times."""
    asked = PAGE.read_status(reply_of(wire("status_failed")["response"]["json"]))
    called = PAGE.read_status(reply_of(wire("callback_failure")["callback"]["json"]))
    for status in (asked, called):
        assert (status.state, failure(status.fail_code)) == (TaskState.FAILED, errors.ContentViolation)
        assert (status.created, status.completed) == (1698765400.0, 1698765455.0)
    assert (asked.cost_time_s, called.cost_time_s) == (None, 55.0)


def test_a_success_tells_four_pictures():
    """Four pictures in their order, with or without times, asked for or called back."""
    for told in (
        wire("status_success")["response"], wire("quick_start_success")["response"], wire("callback_success")["callback"],
    ):  # fmt: skip
        status = PAGE.read_status(reply_of(told["json"]))
        assert [url[-5] for url in status.urls] == ["1", "2", "3", "4"]
