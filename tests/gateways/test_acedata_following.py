"""AceData's dialect: what builds on an earlier task, and what that task offers."""

from __future__ import annotations

from typing import Any

import pytest

from mjnb import errors
from mjnb.gateways.acedata import AceData
from mjnb.gateways.base import Envelope, Status
from mjnb.modes import Inpaint, Pan, RawRequest, Reroll, SeedOf, TextToImage, Upscale, Vary, Video, Zoom
from mjnb.tasks import TaskState

ACEDATA = AceData()
URL = "https://cdn.acedata.cloud/v014oc.png"
MASK = "https://a.example/mask.png"
GRID = [*(f"upscale{n}" for n in range(1, 5)), "reroll", *(f"variation{n}" for n in range(1, 5))]
SINGLE = [
    "upscale_2x", "upscale_4x", "variation_subtle", "variation_strong", "zoom_out_2x", "zoom_out_1_5x", "pan_left", "pan_right",
    "pan_up", "pan_down",
]  # fmt: skip


def parent(actions: Any = None, count: int = 4, **facts: Any) -> Status:
    """Make a finished parent task; without `actions` nobody told what it offers."""
    urls = tuple(f"https://a.example/{n}.png" for n in range(count))
    told = {} if actions is None else {"actions": actions}
    return Status(TaskState.SUCCESS, urls=urls, facts={"image_id": "1234197197067915365", **told, **facts})


def submit(request, **envelope) -> dict[str, Any]:
    """Spell a request, and return the body."""
    return dict(ACEDATA.submit(request, Envelope(**envelope)).body or {})


SHEET, ALONE = parent(GRID), parent(SINGLE, 1)
CLIPS = Status(
    TaskState.SUCCESS, urls=("https://a.example/0.mp4",) * 4, facts={"video_id": "1751816807896311"}
)


@pytest.mark.parametrize(
    ("request_", "known", "action"),
    [
        (Upscale(task_id="t", image_index=2, kind="standard"), SHEET, "upscale3"),
        (Vary(task_id="t", image_index=0, strength="subtle"), SHEET, "variation1"),
        (Reroll(task_id="t"), SHEET, "reroll"),
        (Upscale(task_id="t", image_index=0, kind="2x"), ALONE, "upscale_2x"),
        (Upscale(task_id="t", image_index=0, kind="4x"), ALONE, "upscale_4x"),
        (
            Upscale(task_id="t", image_index=0, kind="creative"),
            parent(["upscale_creative"], 1),
            "upscale_creative",
        ),
        (
            Upscale(task_id="t", image_index=0, kind="standard"),
            parent(["upscale_subtle"], 1),
            "upscale_subtle",
        ),
        (Vary(task_id="t", image_index=0, strength="subtle"), ALONE, "variation_subtle"),
        (Vary(task_id="t", image_index=0, strength="strong"), ALONE, "variation_strong"),
        (Zoom(task_id="t", image_index=0, ratio="1.5x"), ALONE, "zoom_out_1_5x"),
        (Zoom(task_id="t", image_index=0, ratio="2x"), ALONE, "zoom_out_2x"),
        (Pan(task_id="t", image_index=0, direction="up"), ALONE, "pan_up"),
        (Inpaint(task_id="t", image_index=0, prompt="a", mask={"url": MASK}), ALONE, "variation_region"),
        (Vary(task_id="t", image_index=3, strength="strong"), parent(None), "variation4"),
        (Vary(task_id="t", image_index=0, strength="strong"), parent(None, 1), "variation_strong"),
        (Reroll(task_id="t"), parent(None), "reroll"),
    ],
)
def test_actions(request_, known, action):
    """A follow-up becomes the action that its parent lists, sent with the picture's id and never the task's."""
    ACEDATA.check_parent(request_, known)
    body = submit(request_, parent=known)
    assert (body["action"], body["image_id"]) == (action, "1234197197067915365")
    assert "t" not in body.values()
    assert body.get("split_images", False) is (request_.mode != "upscale")


@pytest.mark.parametrize(
    ("request_", "known", "field", "offers"),
    [
        (Upscale(task_id="t", image_index=1, kind="2x"), SHEET, "kind", "upscale standard, reroll, vary"),
        (Zoom(task_id="t", image_index=1, ratio="2x"), SHEET, "ratio", "upscale standard, reroll, vary"),
        (Pan(task_id="t", image_index=1, direction="left"), SHEET, "direction", 'kind="standard"'),
        (
            Inpaint(task_id="t", image_index=1, prompt="a", mask={"url": MASK}),
            SHEET,
            "task_id",
            "Upscale one",
        ),
        (
            Reroll(task_id="t"),
            ALONE,
            "task_id",
            "upscale 2x, upscale 4x, vary subtle, vary strong, zoom 2x",
        ),
        (Upscale(task_id="t", image_index=0, kind="standard"), ALONE, "kind", "upscale 2x"),
        (Vary(task_id="t", image_index=2, strength="subtle"), ALONE, "image_index", "single picture"),
        (
            Inpaint(task_id="t", image_index=0, prompt="a", mask={"url": MASK}),
            parent(["redo_upscale_2x", "square"], 1),
            "task_id",
            "RawRequest(action, image_id='1234197197067915365') with redo_upscale_2x, square",
        ),
        (
            Upscale(task_id="t", image_index=0, kind="2x"),
            parent(["redo_upscale_2x"], 1),
            "kind",
            "nothing more",
        ),
        (Reroll(task_id="t"), parent([], 1), "task_id", "nothing more"),
        (
            Upscale(task_id="t", image_index=0, kind="creative"),
            SHEET,
            "kind",
            "upscale creative is not on offer",
        ),
        (Reroll(task_id="t"), CLIPS, "task_id", "a video task has no picture to go on from"),
        (SeedOf(task_id="t"), CLIPS, "task_id", "a video task has no picture to go on from"),
        (Reroll(task_id="t"), None, "task_id", "id of its picture"),
        (SeedOf(task_id="t"), Status(TaskState.PROCESSING), "task_id", "id of its picture"),
        (Video(task_id="t", image_index=0, extend=True), SHEET, "task_id", "id of its clips"),
        (Video(task_id="t", image_index=0), CLIPS, "extend", "extend=True"),
        (Video(task_id="t", image_index=0), None, "task_id", "URL of its picture"),
        (Video(task_id="t", image_index=2), ALONE, "image_index", "single picture"),
    ],
)
def test_what_a_parent_does_not_offer(request_, known, field, offers):
    """What the parent does not list is refused before anything is sent, naming in our words what it offers."""
    with pytest.raises(errors.InvalidRequest) as caught:
        submit(request_, parent=known)
    assert caught.value.field == field
    assert offers in str(caught.value)
    if known is not None:
        with pytest.raises(errors.InvalidRequest) as early:
            ACEDATA.check_parent(request_, known)
        assert str(early.value) == str(caught.value)


def test_a_parent_that_was_still_running_is_asked_after_again():
    """What the ledger heard before the parent's end says nothing of what it offers; its last word does."""
    running = {"id": "t", "created_at": 1, "started_at": 1, "response": {"task_id": "t", "progress": 5}}
    drawn = {
        "task_id": "t",
        "image_id": "1",
        "raw_image_url": URL,
        "progress": 100,
        "actions": ["upscale1"],
    }
    request = Upscale(task_id="t", image_index=0, kind="standard")
    assert ACEDATA.parent_of(request, running) is None
    told = ACEDATA.parent_of(request, {**running, "finished_at": 2, "response": {"success": True, **drawn}})
    assert submit(request, parent=told)["image_id"] == "1"


def test_requests_without_a_parent_pass():
    """What builds on no task has no parent to disagree with."""
    ACEDATA.check_parent(TextToImage(prompt="a fox"), SHEET)
    ACEDATA.check_parent(RawRequest("square", image_id="1"), SHEET)
    ACEDATA.check_parent(Video(image_urls=[URL]), SHEET)


def test_follow_ups_carry_the_version_for_the_bill():
    """A version is sent along where the field has it; Niji has no field there, and there is no prompt for its flag."""
    vary = Vary(task_id="t", image_index=0, strength="subtle", version=7, enable_translation=True)
    assert submit(vary, parent=SHEET)["version"] == "7"
    with pytest.raises(errors.UnsupportedError):
        ACEDATA.check(Upscale(task_id="t", image_index=0, kind="2x", version="niji 7"))


def test_videos():
    """A video begins with a picture's URL, a task's own included, or goes on from one of its clips, counted from 0."""
    begins = Video(
        image_urls=[URL], prompt="it turns", end_url="https://a.example/end.png", loop=True, resolution="480p", speed="turbo",
        motion="high",
    )  # fmt: skip
    assert submit(begins) == {
        "action": "generate", "image_url": URL, "prompt": "it turns --motion high", "end_image_url": "https://a.example/end.png",
        "loop": True, "resolution": "480p", "mode": "turbo", "async": True,
    }  # fmt: skip
    assert submit(Video(task_id="t", image_index=2), parent=SHEET)["image_url"] == SHEET.urls[2]
    extended = submit(Video(task_id="t", image_index=3, extend=True), parent=CLIPS)
    assert extended == {"action": "extend", "video_id": "1751816807896311", "video_index": 3, "async": True}


def test_videos_that_cannot_be():
    """Videos are not made slowly, only a clip can be gone on from, and a quarter of a sheet has no URL."""
    with pytest.raises(errors.UnsupportedError, match="fast or turbo"):
        ACEDATA.check(Video(image_urls=[URL], speed="relaxed"))
    with pytest.raises(errors.InvalidRequest, match="clip of an earlier"):
        ACEDATA.check(Video(image_urls=[URL], extend=True))
    quarters = Status(
        TaskState.SUCCESS, urls=tuple(f"https://a.example/s.png#quarter={n}" for n in range(4))
    )
    with pytest.raises(errors.InvalidRequest, match="no URL of its own"):
        submit(Video(task_id="t", image_index=1), parent=quarters)
