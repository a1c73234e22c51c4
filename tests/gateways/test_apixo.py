"""APIXO's dialect against APIXO's documents."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mjnb import errors
from mjnb.gateways import NAMES, dialect
from mjnb.gateways.apixo import CURRENT, Apixo
from mjnb.gateways.base import Envelope, Reply, failure
from mjnb.modes import ImageToImage, RawRequest, TextToImage, UploadPaint, Upscale, Vary
from mjnb.tasks import TaskState
from mjnb.testing import GatewayContract, reply_of

APIXO = Apixo()
WIRE = Path(__file__).parents[1] / "wire" / "apixo"
PARENT = "task_previous_midjourney"


class TestContract(GatewayContract):
    """What every dialect promises."""

    dialect, wire = APIXO, WIRE


def wire(name: str) -> dict[str, Any]:
    """Read a documented exchange."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def submit(request, **envelope) -> dict[str, Any]:
    """Spell a request, and return the body."""
    return dict(APIXO.submit(request, Envelope(**envelope)).body or {})


def told(state: str = "success", **data) -> dict[str, Any]:
    """Write an answer about a task."""
    return {"code": 200, "message": "success", "data": {"taskId": "task_1", "state": state, **data}}


# -- what is sent ----------------------------------------------------------------------------------------------------

DOCUMENTED = {
    "submit_text_to_image": (
        TextToImage(
            prompt="一个温馨的赛博朋克咖啡馆,霓虹灯光,电影级照明", version="v7", speed="fast", aspect="16:9",
            enable_translation=True, stylize=500, chaos=20,
        ),
        Envelope(provider="value", callback_url="https://your-server.com/callback"),
    ),
    "submit_image_to_image": (
        ImageToImage(
            prompt="a dog lying in a beautiful park with green grass and trees",
            image_urls=["https://example.com/dog-at-home.jpg"], version="v7", speed="fast",
        ),
        Envelope(provider="official"),
    ),
    "submit_upload_paint": (
        UploadPaint(
            prompt="add a modern coffee machine in the center", image_urls=["https://example.com/cafe.jpg"],
            version="v7", speed="fast",
            mask={"areas": [{"width": 512, "height": 512, "points": [(10, 10), (10, 100), (100, 100), (100, 10)]}]},
            canvas={"width": 1024, "height": 1024}, img_pos={"width": 512, "height": 512, "x": 256, "y": 256},
        ),
        Envelope(provider="official"),
    ),
    "submit_vary": (
        Vary(task_id=PARENT, image_index=0, strength="strong", prompt="add more vibrant colors"), Envelope(),
    ),
    "submit_upscale": (Upscale(task_id=PARENT, image_index=2, kind="creative"), Envelope()),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_requests_word_for_word(name):
    """Each example of the page comes out of a typed request word for word."""
    request, envelope = DOCUMENTED[name]
    call, documented = APIXO.submit(request, envelope), wire(name)["request"]
    assert (call.method, call.path, dict(call.query)) == (documented["method"], documented["path"], {})
    assert json.loads(json.dumps(call.body)) == documented["json"]


def test_every_documented_request_is_tried():
    """No example of the page is left out."""
    assert {path.stem for path in WIRE.glob("submit_*.json") if "request" in wire(path.stem)} == set(
        DOCUMENTED
    )


def test_documented_questions_word_for_word():
    """The question after a task is the documented one."""
    for name in ("status_success", "status_failed", "status_processing"):
        documented = wire(name)["request"]
        call = APIXO.status("task_12345678")
        assert (call.method, call.path, dict(call.query)) == (
            documented["method"],
            documented["path"],
            documented["query"],
        )
        assert call.body is None


def test_version_and_speed_are_always_sent_for_the_generating_modes():
    """The page requires version and speed of the generating modes; its defaults are filled in, the others left out."""
    assert submit(TextToImage(prompt="a fox")) == {
        "request_type": "async",
        "input": {"mode": "text-to-image", "prompt": "a fox", "version": "v6.1", "speed": "fast"},
    }
    assert set(submit(Vary(task_id="t", image_index=1, strength="subtle"))["input"]) == {
        "mode",
        "taskId",
        "imageIndex",
        "type",
    }
    follow_up = submit(Upscale(task_id="t", image_index=1, kind="4x", speed="turbo", version="v7"))["input"]
    assert (follow_up["speed"], follow_up["version"], follow_up["type"]) == ("turbo", "v7", 3)


def test_numbers_of_words():
    """Strength and kind are the page's numbers."""
    vary = {"task_id": "t", "image_index": 0}
    assert [submit(Vary(**vary, strength=word))["input"]["type"] for word in ("subtle", "strong")] == [0, 1]
    kinds = ("standard", "creative", "2x", "4x")
    assert [submit(Upscale(**vary, kind=kind))["input"]["type"] for kind in kinds] == [0, 1, 2, 3]


def test_envelope():
    """A callback address asks for callbacks; without one it is polling. The provider is told unless it is the default."""
    fox = TextToImage(prompt="a fox")
    assert "callback_url" not in submit(fox)
    assert submit(fox)["request_type"] == "async"
    called = submit(fox, callback_url="https://me/x", provider="official")
    assert (called["request_type"], called["callback_url"], called["provider"]) == (
        "callback",
        "https://me/x",
        "official",
    )
    assert "provider" not in submit(fox, provider="auto")
    older = Apixo(replace(CURRENT, envelope=False))
    assert "provider" not in dict(older.submit(fox, Envelope(provider="value")).body or {})


def test_modes_on_request():
    """What APIXO enables on request goes through as it is written, defaults left alone."""
    for mode in ("outpaint", "retexture", "remove-background", "reroll"):
        body = submit(RawRequest(mode, taskId="t", imageIndex=1))
        assert body["input"] == {"mode": mode, "taskId": "t", "imageIndex": 1}
    assert submit(RawRequest("reroll", speed="relaxed"))["input"]["speed"] == "relaxed"


def test_relaxed_is_not_on_this_page():
    """A speed that the page does not have is refused with one that it has."""
    with pytest.raises(errors.UnsupportedError) as caught:
        submit(TextToImage(prompt="a fox", speed="relaxed"))
    assert caught.value.nearest == "fast"


@pytest.mark.parametrize(
    "request_", [TextToImage(prompt="a fox --ar 1:1"), RawRequest("outpaint", prompt="dawn--dusk")]
)
def test_a_prompt_that_would_be_cut_is_not_sent(request_):
    """Two hyphens never reach APIXO, which would cut the prompt there."""
    for act in (APIXO.check, submit):
        with pytest.raises(errors.InvalidRequest, match="cuts a prompt"):
            act(request_)


def test_defaults_are_the_pages():
    """The values that hold where nothing was set are the page's own."""
    assert APIXO.held(TextToImage(prompt="a fox")) == {
        "prompt": "a fox", "version": "v6.1", "speed": "fast", "aspect": "1:1", "chaos": 0, "stylize": 100, "weird": 0,
        "enable_translation": False,
    }  # fmt: skip
    assert APIXO.held(Upscale(task_id="t", image_index=0, kind="2x")) == {
        "task_id": "t",
        "image_index": 0,
        "kind": "2x",
    }


def test_prices():
    """Generating costs by speed; vary, upscale and paint have no documented price."""
    fox = {"prompt": "a fox"}
    assert APIXO.price(TextToImage(**fox)) == 100_000
    assert APIXO.price(TextToImage(**fox, speed="turbo")) == 200_000
    assert APIXO.price(ImageToImage(**fox, image_urls=["https://a/b.png"])) == 100_000
    assert APIXO.price(Vary(task_id="t", image_index=0, strength="subtle", speed="fast")) is None
    assert APIXO.price(DOCUMENTED["submit_upload_paint"][0]) is None


def test_rhythm_is_the_pages():
    """Wait 20 s, then ask every 3 s; fast takes 30-45 s, turbo 15-25 s."""
    fast, turbo = (APIXO.rhythm(TextToImage(prompt="a fox", speed=speed)) for speed in ("fast", "turbo"))
    assert (fast.first, fast.every, fast.typical) == (20, 3, (30, 45))
    assert (turbo.first, turbo.every, turbo.typical) == (20, 3, (15, 25))
    assert APIXO.limits.per_minute == 10_000
    assert APIXO.limits.at_once == 1000
    assert APIXO.url_life_s == 15 * 24 * 3600


# -- what is answered ------------------------------------------------------------------------------------------------


def test_a_success_is_read():
    """The documented success has four pictures in order, and its times in seconds."""
    status = APIXO.read_status(reply_of(wire("status_success")["response"]["json"]))
    assert status.state is TaskState.SUCCESS
    assert status.urls == tuple(f"https://r2.apixo.ai/img{n}.png" for n in (1, 2, 3, 4))
    assert status.created == pytest.approx(1767965610.929)
    assert status.completed == pytest.approx(1767965652.317)
    assert status.cost_time_s == pytest.approx(41.388)


def test_a_failure_is_read_without_its_times():
    """The documented failure keeps code and message word for word, and has no times."""
    status = APIXO.read_status(reply_of(wire("status_failed")["response"]["json"]))
    assert (status.state, status.fail_code) == (TaskState.FAILED, "CONTENT_VIOLATION")
    assert status.fail_msg == "Content does not meet safety guidelines"
    assert (status.created, status.completed, status.cost_time_s) == (None, None, None)


def test_a_callback_reads_like_an_answer():
    """Callbacks carry the same body; the failure of the older page says code 400 and is a failed task all the same."""
    success = APIXO.read_status(reply_of(wire("callback_success")["callback"]["json"]))
    failed = APIXO.read_status(reply_of(wire("callback_failure")["callback"]["json"]))
    assert (success.state, len(success.urls), success.cost_time_s) == (TaskState.SUCCESS, 4, 55.0)
    assert (failed.state, failed.fail_code) == (TaskState.FAILED, "CONTENT_VIOLATION")


@pytest.mark.parametrize("word", ["processing", "processing_r2", "queued", "", "SUCCEEDED?", "paused"])
def test_an_unknown_state_is_still_running(word):
    """A state that is in no document is still running."""
    assert APIXO.read_status(reply_of(told(word))).state is TaskState.PROCESSING
    assert APIXO.read_status(reply_of(told("pending"))).state is TaskState.PENDING


@pytest.mark.parametrize(
    ("code", "http"), [(200, 200), (400, 200), (500, 200), (401, 401), (200, 404), (None, 503), ("x", 429)]
)
def test_state_before_code_before_status(code, http):
    """A state decides, whatever code and HTTP status stand beside it."""
    body = told("failed", failCode="GENERATION_FAILED") | {"code": code}
    assert APIXO.read_status(reply_of(body, http)).state is TaskState.FAILED


@pytest.mark.parametrize(
    ("code", "http", "kind"),
    [
        (401, 200, errors.AuthenticationError),
        (429, 400, errors.RateLimited),
        (404, 500, errors.UnknownTask),
        (None, 403, errors.AuthenticationError),
        (0, 429, errors.RateLimited),
        (True, 401, errors.AuthenticationError),
        ("401", 404, errors.UnknownTask),
        (99999, 503, errors.GatewayUnavailable),
        (200, 401, errors.MalformedReply),
        (0, 200, errors.MalformedReply),
        (1, 200, errors.MalformedReply),
        (400.0, 200, errors.MalformedReply),
    ],
)
def test_code_before_status(code, http, kind):
    """Without a state the envelope's code decides where it is one, else the HTTP status; neither is no refusal."""
    for read in (APIXO.read_status, APIXO.read_submit):
        with pytest.raises(errors.GatewayError) as caught:
            read(reply_of({"code": code, "message": "m", "data": None}, http))
        assert type(caught.value) is kind


def test_a_task_that_exists_is_not_lost():
    """An id is an id, whatever code stands beside it."""
    body = {"code": 500, "message": "later", "data": {"taskId": "task_1"}}
    assert APIXO.read_submit(reply_of(body, 500)) == "task_1"


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "Insufficient credits", errors.InsufficientCredits),
        (400, "INSUFFICIENT balance", errors.InsufficientCredits),
        (400, "Invalid request", errors.RequestRefused),
        (401, "Invalid API key", errors.AuthenticationError),
        (403, "Forbidden", errors.AuthenticationError),
        (404, "Not found", errors.UnknownTask),
        (429, "Too many requests", errors.RateLimited),
        (500, "Server error", errors.GatewayUnavailable),
        (503, "Unavailable", errors.GatewayUnavailable),
    ],
)
def test_documented_errors(status, message, kind):
    """Every documented error has its class, its message, and a way on."""
    with pytest.raises(errors.GatewayError) as caught:
        APIXO.read_submit(reply_of({"code": status, "message": message, "data": None}, status))
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert message in str(caught.value)


def test_the_detail_of_a_refusal_is_told():
    """What the gateway found missing is in the message."""
    reply = wire("submit_missing_field")["response"]
    with pytest.raises(
        errors.RequestRefused, match=r"Invalid request: Missing required field: input\.prompt"
    ):
        APIXO.read_submit(reply_of(reply["json"], reply["status"]))


FAIL_CODES = {
    "CONTENT_VIOLATION": errors.ContentViolation, "NSFW_DETECTED": errors.NsfwDetected,
    "PROMPT_TOO_LONG": errors.PromptRejected, "INVALID_PROMPT": errors.PromptRejected,
    "INVALID_IMAGE_URL": errors.InvalidImageUrl, "IMAGE_TOO_LARGE": errors.ImageTooLarge,
    "UNSUPPORTED_FORMAT": errors.UnsupportedFormat, "IMAGE_DOWNLOAD_FAILED": errors.ImageDownloadFailed,
    "PROCESSING_TIMEOUT": errors.ProcessingTimeout, "MODEL_UNAVAILABLE": errors.ModelUnavailable,
    "GENERATION_FAILED": errors.GenerationFailed, "INSUFFICIENT_CREDITS": errors.OutOfCredits,
    "INVALID_TASK_ID": errors.InvalidTaskId, "SensitiveContentDetected": errors.ContentViolation,
    "SOMETHING_NEW": errors.TaskFailed, "": errors.TaskFailed,
}  # fmt: skip


@pytest.mark.parametrize(("code", "kind"), FAIL_CODES.items())
def test_fail_codes(code, kind):
    """Every documented fail code has its class; the set is open, and a code is kept word for word."""
    status = APIXO.read_status(reply_of(told("failed", failCode=code, failMsg="why")))
    assert (status.fail_code, status.fail_msg) == (code, "why")
    assert failure(status.fail_code) is kind


@pytest.mark.parametrize(
    "result",
    [
        None,
        "",
        "no JSON",
        "[]",
        "{}",
        '{"resultUrls": []}',
        '{"resultUrls": "https://a"}',
        '{"resultUrls": [5, ""]}',
        "[" * 100_000,
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_success_without_pictures_is_malformed(result):
    """A success whose resultJson holds no pictures is no answer that one could act on."""
    with pytest.raises(errors.MalformedReply, match="resultUrls"):
        APIXO.read_status(reply_of(told(resultJson=result)))


def test_times_that_are_none():
    """Times that are no times are none, and one in seconds is read as seconds."""
    pictures = '{"resultUrls": ["https://a/0.png"]}'
    for wrong in (None, "soon", "-5", -1, True, float("nan"), float("inf"), 10**400, 10**17, 5 * 10**14):
        status = APIXO.read_status(reply_of(told(resultJson=pictures, createTime=wrong, costTime=wrong)))
        assert status.created is None
        assert status.cost_time_s is None or wrong == 5 * 10**14
    assert (
        APIXO.read_status(reply_of(told(resultJson=pictures, createTime=1767965610))).created == 1767965610
    )


def test_text_that_cannot_be_written_is_mended():
    """Half a character in a gateway's text does not stop a paid task from being written down."""
    status = APIXO.read_status(reply_of(told("failed", failCode="X", failMsg="a \ud83e fox")))
    assert status.fail_msg == "a ? fox"


# -- finding it ------------------------------------------------------------------------------------------------------


def test_gateways_by_name():
    """A gateway is found by its name; another name is refused with those there are."""
    assert all(dialect(name).name == name for name in NAMES)
    with pytest.raises(errors.SetupError, match="Did you mean 'apixo'"):
        dialect("apixio")


def test_a_gap_among_the_pictures_keeps_its_place():
    """Follow-ups count pictures by their place, so a missing URL does not move the others up."""
    status = APIXO.read_status(
        reply_of(told(resultJson='{"resultUrls": [null, "https://a/1.png", "https://a/2.png"]}'))
    )
    assert status.urls == ("", "https://a/1.png", "https://a/2.png")


def test_ids_and_times_in_other_kinds():
    """A task id that is a number and times that are digits are read, since a paid task hangs on them."""
    assert APIXO.read_submit(Reply(200, {"code": 200, "data": {"taskId": 777}})) == "777"
    pictures = '{"resultUrls": ["https://a/0.png"]}'
    assert APIXO.read_status(reply_of(told(resultJson=pictures, costTime="41388"))).cost_time_s == 41.388


def test_what_it_would_refuse_is_known_beforehand():
    """A form may ask whether a value would be taken; the reason is the one that the API gives."""
    dialect = Apixo()
    assert "APIXO has fast, turbo" in dialect.refuses(TextToImage, "speed", "relaxed", version="v7")
    assert dialect.refuses(TextToImage, "speed", "turbo") == ""
    assert dialect.refuses(UploadPaint, "chaos", 40) == ""
