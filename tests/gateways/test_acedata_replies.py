"""AceData's dialect against AceData's documents: what answers mean."""

from __future__ import annotations

import contextlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mjnb import errors
from mjnb.gateways.acedata import AceData
from mjnb.gateways.base import Reply, Status, failure
from mjnb.tasks import TaskState

ACEDATA = AceData()
WIRE = Path(__file__).parents[1] / "wire" / "acedata"


def wire(name: str) -> dict[str, Any]:
    """Read a documented exchange."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def reply(body: Any, status: int = 200, retry_after: float | None = None) -> Reply:
    """Make the reply that a client hands on."""
    return Reply(status, body, json.dumps(body, default=str), retry_after)


def documented(name: str) -> Reply:
    """Make the reply of a documented exchange."""
    told = wire(name)["response"]
    return reply(told["json"], told["status"])


def read(body: Any, status: int = 200) -> Status:
    """Read a status."""
    return ACEDATA.read_status(reply(body, status))


def record(**changes: Any) -> dict[str, Any]:
    """Return the documented record of a task, with other values."""
    return {**wire("tasks_retrieve")["response"]["json"], **changes}


# -- finished tasks ------------------------------------------------------------------------------------------------------

DRAWN = [
    "imagine", "imagine_guide", "imagine_image_prompt", "imagine_two_image_prompts", "imagine_sizes_as_strings",
    "imagine_variation", "imagine_variation_region", "imagine_split_images", "edits",
]  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_four_pictures(name):
    """Every documented sheet gives four pictures: the single ones, else the quarters of the full-size sheet."""
    told = documented(name)
    status = ACEDATA.read_status(told)
    assert status.state is TaskState.SUCCESS
    assert status.progress == 100
    assert ACEDATA.read_submit(told) == told.json["task_id"]
    assert status.facts["image_id"] == told.json["image_id"]
    if "sub_image_urls" in told.json:
        assert list(status.urls) == told.json["sub_image_urls"]
    else:
        assert status.urls == tuple(f"{told.json['raw_image_url']}#quarter={n}" for n in range(4))


def test_one_picture():
    """An enlarged picture is one, full size, and offers what single pictures offer."""
    told = wire("imagine_upscale")["response"]["json"]
    status = read(told)
    assert status.urls == (told["raw_image_url"],)
    assert status.facts == {"image_id": told["image_id"], "actions": told["actions"]}


def test_actions_that_nobody_told():
    """Edits show no actions: that is not the same as offering none."""
    assert "actions" not in ACEDATA.read_status(documented("edits")).facts
    assert read({**wire("imagine")["response"]["json"], "actions": []}).facts["actions"] == []


@pytest.mark.parametrize("name", ["videos", "videos_extend"])
def test_clips(name):
    """A video gives its clips, its first frame as the poster, and the id by which it is gone on from."""
    told = documented(name)
    status = ACEDATA.read_status(told)
    assert list(status.urls) == told.json["video_urls"]
    assert status.poster == told.json["image_url"]
    assert status.facts == {"video_id": told.json["video_id"]}


def test_a_record():
    """A record tells times in seconds, and its response the pictures; it has no state of its own."""
    status = ACEDATA.read_status(documented("tasks_retrieve"))
    assert status.state is TaskState.SUCCESS
    assert (status.created, status.completed) == (1720364607.967, 1720364637.404)
    assert status.cost_time_s == pytest.approx(29.437)
    assert status.price_micro is None
    assert len(status.urls) == 4


def test_a_batch():
    """A batch is cut into records by task id; a task that it does not hold is missing."""
    told = documented("tasks_retrieve_batch")
    found = ACEDATA.read_statuses(told)
    assert list(found) == [item["id"] for item in told.json["items"]]
    assert all(read(item).state is TaskState.SUCCESS for item in found.values())
    assert ACEDATA.read_statuses(reply({"items": [], "count": 0})) == {}
    assert ACEDATA.read_statuses(reply({"items": [None, 5, {}, record()]})) == {record()["id"]: record()}


def test_a_batch_that_is_none():
    """A refusal of a batch is everybody's; anything else without items is in no document."""
    with pytest.raises(errors.RateLimited):
        ACEDATA.read_statuses(documented("error_too_many_requests"))
    with pytest.raises(errors.MalformedReply):
        ACEDATA.read_statuses(reply({"count": 1}))


def test_urls_tell_when_they_end():
    """Discord's signature says until when a URL holds; others say nothing."""
    assert ACEDATA.read_status(documented("imagine")).expires == float(0x65EDA8EF)
    assert ACEDATA.read_status(documented("imagine_split_images")).expires is None


@pytest.mark.parametrize(
    "split", [["https://a.example/0.png", None, "https://a.example/2.png", ""], [], "", [5]], ids=repr
)
def test_a_gap_among_the_singles(split):
    """Single pictures with a gap are not used, since follow-ups count by their places: the sheet's quarters are."""
    urls = read({**wire("imagine")["response"]["json"], "sub_image_urls": split}).urls
    assert [url.partition("#")[2] for url in urls] == [f"quarter={n}" for n in range(4)]


def test_the_thumbnail_in_need():
    """Where only a thumbnail is told, it is better than nothing."""
    told = {**wire("imagine_upscale")["response"]["json"], "raw_image_url": None}
    assert read(told).urls == (told["image_url"],)


# -- tasks on their way --------------------------------------------------------------------------------------------------


def test_a_stream_line_by_line():
    """Unfinished lines tell the progress and a preview, which is no picture; the last one is the answer."""
    lines = wire("imagine_progress")["response"]["ndjson"]
    assert {ACEDATA.read_submit(reply(line)) for line in lines} == {lines[0]["task_id"]}
    first, second, last = map(read, lines)
    assert [status.state for status in (first, second, last)] == [
        *[TaskState.PROCESSING] * 2,
        TaskState.SUCCESS,
    ]
    assert [status.progress for status in (first, second, last)] == [35, 75, 100]
    assert (first.urls, first.preview) == ((), lines[0]["image_url"])
    assert (len(last.urls), last.preview) == (4, "")
    assert (first.facts, last.facts["image_id"]) == ({}, lines[2]["image_id"])


def test_actions_end_a_stream():
    """A line with actions is the last one, whatever it says of the progress."""
    last = wire("imagine_progress")["response"]["ndjson"][-1]
    assert read({**last, "progress": 99}).state is TaskState.SUCCESS


@pytest.mark.parametrize("name", ["imagine_async", "imagine_callback_accepted"])
def test_accepted_tasks(name):
    """An accepted task is on its way, and nothing more is known of it."""
    told = documented(name)
    assert ACEDATA.read_submit(told) == told.json["task_id"]
    assert ACEDATA.read_status(told).state is TaskState.PROCESSING


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({}, TaskState.PENDING),
        ({"started_at": None}, TaskState.PENDING),
        ({"started_at": 1720364609.1}, TaskState.PROCESSING),
        (
            {"response": {"progress": 40, "image_url": "https://a.example/1.webp", "success": True}},
            TaskState.PROCESSING,
        ),
        ({"response": {}, "status": "archived"}, TaskState.PENDING),
    ],
)
def test_records_without_an_end(told, state):
    """A record without an end is still running, whatever else it says."""
    body = {"id": "t", "type": "imagine", "created_at": 1720364607.967, "request": {}, **told}
    assert read(body).state is state


def test_an_end_without_a_picture():
    """A task that is over and has neither a picture nor an error is in no document, and asked after again."""
    for response in ({}, None, "{", {"success": True, "progress": 100}):
        with pytest.raises(errors.MalformedReply, match="no picture"):
            read(record(response=response))


# -- failures ------------------------------------------------------------------------------------------------------------


def test_a_failed_callback():
    """A failure keeps the gateway's own words."""
    body = wire("callback_failure")["callback"]["json"]
    status = read(body)
    assert status.state is TaskState.FAILED
    assert (status.fail_code, status.fail_msg) == (body["error"]["code"], body["error"]["message"])


def test_a_timeout_of_the_wait_is_no_failure():
    """Outside a record a timeout says that the API no longer waits: the record decides what became of the task."""
    body = wire("callback_failure_traced")["callback"]["json"]
    assert read(body).state is TaskState.PROCESSING
    status = read(record(response=body))
    assert (status.state, failure(status.fail_code)) == (TaskState.FAILED, errors.ProcessingTimeout)


@pytest.mark.parametrize("name", ["callback_success", "edits_callback", "videos_callback"])
def test_successful_callbacks(name):
    """A callback is the finished answer."""
    assert len(read(wire(name)["callback"]["json"]).urls) == 4


# -- text ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key"),
    [("describe", "descriptions"), ("shorten", "prompts"), ("translate", "content"), ("seed", "seed")],
)
def test_text_at_once(name, key):
    """The endpoints that answer with text are finished with their first answer."""
    told = documented(name)
    status = ACEDATA.read_at_once(told)
    assert status is not None
    said = told.json[key]
    assert (status.state, list(status.texts)) == (
        TaskState.SUCCESS,
        said if isinstance(said, list) else [said],
    )


def test_a_seed_as_a_number():
    """A seed is text also where it comes as a number."""
    status = ACEDATA.read_at_once(reply({"seed": 2508351467}))
    assert status is not None
    assert status.texts == ("2508351467",)


def test_tasks_are_not_text():
    """An answer that makes a task to wait for is none of those, whatever else stands in it."""
    for name in ("imagine", "imagine_async", "videos", "edits"):
        assert ACEDATA.read_at_once(documented(name)) is None
    assert ACEDATA.read_at_once(reply({"task_id": "t", "seed": 5, "content": "x"})) is None
    assert ACEDATA.read_at_once(reply({"descriptions": []})) is None


# -- anything ------------------------------------------------------------------------------------------------------------

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    | st.sampled_from([10**400, -1, 200, "\ud83e", "https://[", "upscale1", "t", "100%", [None], {"code": 5}])
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)
BODIES = [
    wire(name)["response"]["json"]
    for name in ("imagine", "imagine_split_images", "imagine_upscale", "videos", "edits", "tasks_retrieve", "describe",
                 "seed", "tasks_retrieve_batch", "error_forbidden")
]  # fmt: skip


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from([200, 302, 400, 403, 429, 500]))
def test_spoiled_answers(data, status):
    """Whatever is wrong with an answer, whole values or one of our errors come out."""
    body = dict(data.draw(st.sampled_from(BODIES)))
    inner = body.get("response")
    target = dict(inner) if isinstance(inner, dict) and data.draw(st.booleans()) else body
    target[data.draw(st.sampled_from(sorted({*target, "response", "error"})))] = data.draw(ANYTHING)
    if target is not body:
        body["response"] = target
    for ask in (ACEDATA.read_submit, ACEDATA.read_status, ACEDATA.read_statuses, ACEDATA.read_at_once):
        with contextlib.suppress(errors.GatewayError):
            _is_whole(ask(reply(body, status)))


def _is_whole(found: Any) -> None:
    if not isinstance(found, Status):
        assert found is None or str(found).encode("utf-8", "replace")
        return
    texts = (found.fail_code, found.fail_msg, found.poster, found.preview, *found.urls, *found.texts)
    assert all(isinstance(text, str) and text.encode() is not None for text in texts)
    assert bool(found.urls or found.texts) == (found.state is TaskState.SUCCESS)
    assert all(found.urls)
    assert json.dumps(dict(found.facts)).encode()
    assert found.progress is None or 0 <= found.progress <= 100
    for number in (found.created, found.completed, found.cost_time_s, found.expires):
        assert number is None or (math.isfinite(number) and number >= 0)
