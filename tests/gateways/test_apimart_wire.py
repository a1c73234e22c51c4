"""APIMart's dialect against APIMart's documents: every exchange of theirs, and whatever could become of their answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjnb import errors
from mjnb.gateways.apimart import Apimart
from mjnb.gateways.apimart_prices import billing_keys
from mjnb.gateways.base import Envelope, Reply, failure
from mjnb.modes import (
    Blend,
    Describe,
    Edit,
    ImageToImage,
    Inpaint,
    Pan,
    RawRequest,
    Remix,
    Reroll,
    TextToImage,
    Upscale,
    Vary,
    Video,
    Zoom,
)
from mjnb.tasks import TaskState
from mjnb.testing import reply_of, spoiled

APIMART = Apimart()
WIRE = Path(__file__).parents[1] / "wire" / "apimart"
SHEET, ONE = "task_01KQVZAPBW13W63DQNQZT7FCQK", "task_01KQW0D3WJ2QYJP9E3H7GZ4D2R"
FUZZ = settings(deadline=None, max_examples=150)


def wire(name: str) -> dict[str, Any]:
    """Read a documented exchange."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def names(prefix: str) -> list[str]:
    """Return the documented exchanges whose names begin so."""
    return sorted(path.stem for path in WIRE.glob(f"{prefix}*.json"))


def reply(name: str) -> Reply:
    """Return the documented answer."""
    told = wire(name)["response"]
    return reply_of(told["json"], told["status"])


# -- submissions ---------------------------------------------------------------------------------------------------

SENT = {
    "submit_quick_start": TextToImage(prompt="a cute cat, watercolor style --ar 16:9"),
    "submit_imagine": TextToImage(
        prompt="a beautiful sunset over mountains", aspect="16:9", version=6.1, speed="fast"
    ),
    "submit_imagine_explicit": TextToImage(
        prompt="a futuristic city at sunset, photorealistic, cinematic lighting",
        version=8.1,
        aspect="16:9",
        speed="fast",
        stylize=250,
    ),
    "submit_imagine_guided": ImageToImage(
        prompt="turn this product into a luxury studio photo",
        image_urls=["https://your-cdn.example.com/product.png"],
        iw=1.5,
        aspect="1:1",
    ),
    "submit_blend_size": Blend(
        image_urls=["https://example.com/a.png", "https://example.com/b.png"], aspect="16:9", speed="fast"
    ),
    "submit_describe": Describe(image_urls=["https://example.com/input.png"], speed="fast"),
    "submit_edits": Edit(
        prompt="replace the background with a modern kitchen, keep the product unchanged --ar 1:1",
        image_urls=["https://example.com/product.png"],
        version=8.1,
        speed="fast",
    ),
    "submit_high_variation": RawRequest("high-variation", task_id="task_01XXX...", index=1, speed="fast"),
    "submit_low_variation": Vary(task_id=ONE, image_index=0, strength="subtle", speed="fast"),
    "submit_variation": RawRequest("variation", task_id=SHEET, index=3, speed="turbo"),
    "submit_quick_start_upscale": Upscale(task_id="task_01JWXXXX", image_index=0, kind="standard"),
    "submit_upscale": Upscale(task_id=SHEET, image_index=0, kind="standard", speed="fast"),
    "submit_reroll": Reroll(task_id=SHEET),
    "submit_zoom": Zoom(task_id=ONE, image_index=0, ratio="1.5x", speed="fast"),
    "submit_pan": Pan(task_id=ONE, image_index=0, direction="right", speed="fast"),
    "submit_inpaint": Inpaint(
        task_id=ONE,
        image_index=0,
        prompt="a sofa",
        mask={"url": "https://example.com/mask.png"},
        speed="fast",
    ),
    "submit_remix_strong": Remix(
        task_id=SHEET, image_index=1, strength="strong", prompt="the same city under snow"
    ),
    "submit_remix_subtle": Remix(task_id=SHEET, image_index=1, strength="subtle"),
    "submit_video": Video(
        prompt="the cat slowly turns its head to the camera",
        image_urls=["https://example.com/cat.png"],
        motion="high",
        batch_size=4,
    ),
    "submit_video_of_task": Video(
        task_id=SHEET,
        image_index=0,
        animate="auto",
        resolution="720p",
        end_url="https://example.com/end.png",
    ),
}
SENT["submit_inpaint_enveloped"] = SENT["submit_inpaint"]
ELSEWHERE = {
    "submit_modal": "test_the_second_half_is_documented",
    "submit_blend": "the shape's other spelling, which `size` overrides",
    "submit_upscale_button": "test_a_button_is_pressed_as_documented",
    "submit_images_generations": "another address for the same",
}
SPELLED_OUT = {"/imagine": "", "vid_1.1_i2v_720": "vid_1.1_i2v_start_end_720"}
"""What the documents leave to the gateway: the default address, and the type of a video that has an end."""


def test_every_documented_submission_is_accounted_for():
    """No exchange of the documents is left out by mistake."""
    assert set(names("submit_")) == SENT.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("name", SENT)
def test_documented_submissions_are_sent(name):
    """What the documents send is what is sent, but for the picture's number where there is only one."""
    documented = wire(name)["request"]
    call = APIMART.submit(SENT[name], Envelope())
    body = dict(call.body or {})
    if SENT[name].mode in {"zoom", "pan", "inpaint"}:
        assert body.pop("index") == 1
    wanted = {key: SPELLED_OUT.get(str(value), value) for key, value in documented["json"].items()}
    assert (call.method, call.path) == (documented["method"], documented["path"].removesuffix("/imagine"))
    assert body == wanted


def test_the_second_half_is_documented():
    """Words, mask and speed are sent as the documents do, and the answer names the same task."""
    documented = wire("submit_modal")["request"]
    task_id = documented["json"]["task_id"]
    request = Inpaint(
        task_id=ONE,
        image_index=0,
        prompt=documented["json"]["prompt"],
        mask={"url": documented["json"]["mask_url"]},
        speed="fast",
    )
    call = APIMART.second_half(request, task_id, Envelope())
    assert (call.method, call.path) == (documented["method"], documented["path"])
    assert call.body == documented["json"]
    assert APIMART.read_submit(reply("submit_modal")) == task_id


def test_a_button_is_pressed_as_documented():
    """A button travels under the documented name, in the place of the picture's number."""
    documented = wire("submit_upscale_button")["request"]
    shown = {"id": ONE, "status": "SUCCESS", "image_urls": ["https://example.com/1.png"]}
    shown["buttons"] = [{"customId": "MJ::JOB::upsample_v7_2x_creative::1::abc", "label": ""}]
    known = APIMART.read_status(reply_of(shown))
    request = Upscale(task_id=ONE, image_index=0, kind="creative")
    call = APIMART.submit(request, Envelope(parent=known))
    assert call.path == documented["path"]
    assert (call.body or {}).keys() == documented["json"].keys()


@pytest.mark.parametrize("name", names("submit_"))
def test_documented_submissions_are_read(name):
    """A task's id is found in a list, in an object, and beside a state."""
    told = wire(name)["response"]["json"]
    data = told.get("data", told)
    data = data[0] if isinstance(data, list) else data
    assert APIMART.read_submit(reply(name)) == (data.get("task_id") or data.get("id"))


def test_a_documented_upload():
    """A picture is handed over in the documented field, and its URL is read from the answer."""
    documented = wire("upload")
    call = APIMART.upload("photo.jpg", b"\xff\xd8", "image/jpeg")
    assert (call.method, call.path) == (documented["request"]["method"], documented["request"]["path"])
    assert {field: file[0] for field, file in call.files.items()} == documented["request"]["form"]
    assert APIMART.read_upload(reply("upload")) == documented["response"]["json"]["url"]
    with pytest.raises(errors.AuthenticationError, match="not taken"):
        APIMART.read_upload(reply("error_authentication"))


@pytest.mark.parametrize("entry", wire("billing")["billing"], ids=lambda entry: entry["keys"][0])
def test_documented_billing_keys(entry):
    """The keys under which a price is looked for stand in the documented order."""
    speed = {"relax": "relaxed"}.get(entry["speed"], entry["speed"])
    if entry["action"].startswith("video"):
        speed = ""  # a video has none
    found = billing_keys(entry["action"], entry["version"], speed)
    assert list(found) == entry["keys"]


# -- tasks ---------------------------------------------------------------------------------------------------------

STATES = {
    "not_start": TaskState.PENDING,
    "submitted": TaskState.PENDING,
    "pending": TaskState.PENDING,
    "modal": TaskState.PENDING,
    "in_progress": TaskState.PROCESSING,
    "processing": TaskState.PROCESSING,
    "failure": TaskState.FAILED,
    "failed": TaskState.FAILED,
    "cancelled": TaskState.FAILED,
}


@pytest.mark.parametrize("name", [*names("direct_"), *names("task_")])
def test_documented_states(name):
    """Both shapes give a state; results on success alone, a code on failure alone, and a wait for the second half."""
    status = APIMART.read_status(reply(name))
    assert status.state is STATES.get(name.partition("_")[2], TaskState.SUCCESS)
    assert bool(status.urls or status.texts) == (status.state is TaskState.SUCCESS)
    assert bool(status.fail_code) == (status.state is TaskState.FAILED)
    assert status.waits == (name == "direct_modal")


def test_both_spellings_of_progress():
    """Progress is read from a number and from a text with a percent sign."""
    told = [APIMART.read_status(reply(name)).progress for name in ("direct_in_progress", "task_processing")]
    assert told == [40, 40]


def test_a_finished_task_in_both_shapes():
    """Pictures, times and the price are read from either, the end of the URLs where it is told."""
    direct = APIMART.read_status(reply("direct_success_cost"))
    assert len(direct.urls) == 4
    assert (direct.created, direct.completed, direct.cost_time_s) == (1763088289, 1763088334, 45)
    assert (direct.price_micro, direct.expires, direct.preview) == (55_040, None, "")
    wrapped = APIMART.read_status(reply("task_completed_cost"))
    assert (wrapped.price_micro, wrapped.expires, wrapped.cost_time_s) == (45_040, 1763174708, 19)
    assert APIMART.read_status(reply("task_completed")).price_micro is None
    assert APIMART.read_status(reply("task_completed_one_url")).urls == (
        "https://example.com/generated-image.png",
    )


def test_facts_for_follow_ups():
    """What the task was, its buttons, its number of pictures and the version in its prompt are kept as plain JSON."""
    told = wire("direct_success")["response"]["json"]
    facts = dict(APIMART.read_status(reply_of({**told, "prompt": "a fox --ar 1:1 --v 8.1"})).facts)
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["action"], facts["count"], facts["version"]) == ("IMAGINE", 4, "v8.1")
    assert facts["buttons"] == [{"customId": b["customId"], "label": b["label"]} for b in told["buttons"]]
    niji = APIMART.read_status(reply_of({**told, "prompt": "a fox --niji 7"}))
    assert niji.facts["version"] == "niji 7"


def test_describe_gives_texts():
    """The numbered lines are a text each, with keycap digits or plain ones, or the whole where nothing is numbered."""
    texts = APIMART.read_status(reply("direct_describe")).texts
    assert len(texts) == 4
    assert texts[0] == "a serene mountain lake at sunrise --ar 3:2"
    told = {"id": "t", "status": "SUCCESS", "action": "DESCRIBE"}
    plain = APIMART.read_status(reply_of({**told, "prompt": "1. a fox\n2) a hen, 3. of them"}))
    assert plain.texts == ("a fox", "a hen, 3. of them")
    assert APIMART.read_status(reply_of({**told, "prompt": "a fox"})).texts == ("a fox",)


def test_a_video_gives_clips_and_a_poster():
    """Clips come in their order, with the first picture that is told as their poster."""
    clips = APIMART.read_status(reply("direct_video"))
    assert [url[-5:] for url in clips.urls] == ["0.mp4", "1.mp4", "2.mp4", "3.mp4"]
    told = wire("direct_video")["response"]["json"]
    shown = APIMART.read_status(reply_of({**told, "image_urls": ["https://example.com/first.png"]}))
    assert shown.poster == "https://example.com/first.png"
    assert shown.urls == clips.urls
    alone = {"id": "t", "status": "SUCCESS", "video_url": "https://example.com/0.mp4"}
    assert APIMART.read_status(reply_of(alone)).urls == ("https://example.com/0.mp4",)
    wrapped = {"status": "completed", "result": {"videos": [{"url": ["https://example.com/0.mp4"]}]}}
    assert APIMART.read_status(reply_of({"code": 200, "data": wrapped})).urls == (
        "https://example.com/0.mp4",
    )


def test_a_sheet_without_its_pictures_is_cut():
    """Where only the sheet is told it stands for its four quarters; an enlargement is one picture; a gap keeps its place."""
    told = {
        "id": "t",
        "status": "SUCCESS",
        "action": "REROLL",
        "grid_image_url": "https://example.com/s.png",
    }
    sheet = APIMART.read_status(reply_of(told)).urls
    assert sheet == tuple(f"https://example.com/s.png#quarter={i}" for i in range(4))
    assert APIMART.read_status(reply_of({**told, "action": "UPSCALE"})).urls == (
        "https://example.com/s.png",
    )
    gap = {**told, "image_urls": ["https://example.com/0.png", None, "https://example.com/2.png"]}
    assert APIMART.read_status(reply_of(gap)).urls[1] == ""


def test_a_running_task_shows_its_sheet():
    """The sheet of an unfinished task is a preview."""
    told = {"id": "t", "status": "IN_PROGRESS", "grid_image_url": "https://example.com/s.png", "cost": 0}
    status = APIMART.read_status(reply_of(told))
    assert (status.preview, status.urls, status.price_micro) == ("https://example.com/s.png", (), None)


@pytest.mark.parametrize("word", ["ARCHIVED", "queued", ""])
def test_unknown_states_are_still_running(word):
    """A state that no page has is waited for."""
    assert APIMART.read_status(reply_of({"id": "t", "status": word})).state is TaskState.PROCESSING


@pytest.mark.parametrize(
    "body",
    [
        {"id": "t", "status": "SUCCESS", "action": "IMAGINE", "prompt": "a fox"},
        {"id": "t", "status": "SUCCESS", "image_urls": "{'buttons"},
        {"code": 200, "data": {"status": "completed", "result": "{"}},
        {"code": 200, "data": {"status": "completed", "result": {"images": [{"url": []}]}}},
    ],
)
def test_a_success_without_a_result_is_malformed(body):
    """A prompt is no answer to an imagine: a success without pictures is asked after again, and never kept as one."""
    with pytest.raises(errors.MalformedReply):
        APIMART.read_status(reply_of(body))


@pytest.mark.parametrize(
    ("told", "code", "message", "kind"),
    [
        (
            {"fail_reason": "Banned prompt detected"},
            "BANNED_PROMPT",
            "Banned prompt detected",
            errors.ContentViolation,
        ),
        ({"fail_reason": "Task timeout"}, "TASK_TIMEOUT", "Task timeout", errors.ProcessingTimeout),
        (
            {"error": {"message": "No available upstream"}},
            "NO_AVAILABLE_UPSTREAM",
            "No available upstream",
            errors.ModelUnavailable,
        ),
        ({"error": {"code": 24, "message": "no"}}, "BANNED_PROMPT", "no", errors.ContentViolation),
        ({"fail_reason": "SOMETHING_NEW"}, "SOMETHING_NEW", "SOMETHING_NEW", errors.TaskFailed),
        ({"error": {"code": "odd", "message": "It broke."}}, "odd", "It broke.", errors.TaskFailed),
        ({"error": {"code": 9, "type": "task_failed"}}, "task_failed", "", errors.TaskFailed),
        (
            {"fail_reason": "Insufficient balance"},
            "INSUFFICIENT_BALANCE",
            "Insufficient balance",
            errors.OutOfCredits,
        ),
        ({"error": {"code": 402, "type": "payment_required"}}, "payment_required", "", errors.OutOfCredits),
        ({"error": {"code": 500, "type": "server_error"}}, "server_error", "", errors.GenerationFailed),
        (
            {"error": {"type": "internal_error", "message": "Oops"}},
            "internal_error",
            "Oops",
            errors.GenerationFailed,
        ),
        ({"error": "It broke."}, "FAILURE", "It broke.", errors.TaskFailed),
        ({}, "FAILURE", "", errors.TaskFailed),
    ],
)
def test_failures(told, code, message, kind):
    """A reason's words give the code and are kept; a failed task is refunded, whatever it had cost."""
    status = APIMART.read_status(reply_of({"id": "t", "status": "FAILURE", "cost": 0.1, **told}))
    assert (status.fail_code, status.fail_msg, status.price_micro) == (code, message, 0)
    assert failure(code) is kind


def test_a_cost_that_no_task_has_is_none():
    """A cost of more than a million dollars is not written into the ledger."""
    told = {"id": "t", "status": "SUCCESS", "image_urls": ["https://example.com/1.png"]}
    assert APIMART.read_status(reply_of({**told, "cost": 99_999_999_999_999})).price_micro is None
    assert APIMART.read_status(reply_of({**told, "cost": 0.05})).price_micro == 50_000


# -- anything ------------------------------------------------------------------------------------------------------


@FUZZ
@given(st.data(), st.sampled_from([200, 400, 422, 500, 302]))
def test_spoiled_answers(data, status):
    """Whatever is wrong with a documented answer, something whole or one of our errors comes out."""
    documented = data.draw(
        st.sampled_from(names("submit_") + names("direct_") + names("task_") + names("err"))
    )
    told = reply_of(data.draw(spoiled(wire(documented)["response"]["json"])), status)
    for read in (APIMART.read_submit, APIMART.read_upload, APIMART.read_status):
        try:
            found: Any = read(told)
        except errors.GatewayError:
            continue
        if isinstance(found, str):
            assert found.encode()
            continue
        assert json.dumps(found.facts, allow_nan=False)
        assert found.progress is None or 0 <= found.progress <= 100
        assert found.price_micro is None or found.price_micro >= 0
        assert any(found.urls + found.texts) == (found.state is TaskState.SUCCESS)
        assert bool(found.fail_code) == (found.state is TaskState.FAILED)
        for said in (
            *found.urls,
            *found.texts,
            found.fail_code,
            found.fail_msg,
            found.poster,
            found.preview,
        ):
            said.encode()
