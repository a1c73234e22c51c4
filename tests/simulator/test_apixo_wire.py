"""APIXO's documents hold the simulator to account: what they show, it takes and gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.anyio

WIRE = Path(__file__).parents[1] / "wire" / "apixo"


def wire(name: str) -> dict[str, Any]:
    """Read a fixture."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def shape(value: Any) -> Any:
    """Return a value's keys and JSON types, looking into the string that is `resultJson`."""
    if isinstance(value, dict):
        inner = {key: json.loads(item) if key == "resultJson" else item for key, item in value.items()}
        return {key: shape(item) for key, item in inner.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def words(body: dict[str, Any]) -> tuple[Any, ...]:
    """Return what must be equal to the letter."""
    data = body["data"] if isinstance(body["data"], dict) else {}
    fixed = {key: data[key] for key in ("state", "failCode", "failMsg", "error") if key in data}
    return body["code"], body["message"], fixed


def agree(reply: httpx.Response, documented: dict[str, Any]) -> None:
    """Hold a reply to a documented one."""
    assert reply.status_code == documented["status"]
    assert shape(reply.json()) == shape(documented["json"])
    assert words(reply.json()) == words(documented["json"])


async def ask(gate, request: dict[str, Any], **query: str) -> httpx.Response:
    """Send a documented request."""
    return await gate.http.request(
        request["method"],
        request["path"],
        params={**request.get("query", {}), **query},
        headers=request["headers"],
        json=request.get("json"),
    )


@pytest.mark.parametrize("name", sorted(path.stem for path in WIRE.glob("*.json")))
def test_every_fixture_says_where_it_is_from(name):
    """A fixture names its source and holds nothing but the documented parts."""
    fixture = wire(name)
    assert fixture["source"].startswith("APIXO")
    assert set(fixture) <= {"source", "request", "response", "callback"}


@pytest.mark.parametrize("mode", ["text_to_image", "image_to_image", "upload_paint", "vary", "upscale"])
async def test_documented_requests_are_accepted(gate, mode):
    """Each example request of the page is accepted, with the documented reply and no field ignored."""
    fixture = wire(f"submit_{mode}")
    agree(await ask(gate, fixture["request"]), fixture["response"])
    assert gate.world.stats()["ignored_fields"] == {}


async def test_documented_requests_give_pictures(gate):
    """The page's three generating examples end in four pictures each."""
    for mode in ("text_to_image", "image_to_image", "upload_paint"):
        reply = await ask(gate, wire(f"submit_{mode}")["request"])
        gate.clock.advance(60)
        gate.http.headers["Authorization"] = "Bearer YOUR_API_KEY"
        data = await gate.status(reply.json()["data"]["taskId"])
        assert len(json.loads(data["resultJson"])["resultUrls"]) == 4


@pytest.mark.parametrize(
    ("name", "prompt", "seconds"),
    [("status_processing", "a fox", 10), ("status_success", "a fox", 60), ("status_failed", "gore", 60)],
)
async def test_documented_states(gate, name, prompt, seconds):
    """A processing, a finished and a failed task look as the page shows them."""
    fixture = wire(name)
    gate.http.headers["Authorization"] = fixture["request"]["headers"]["Authorization"]
    task_id = await gate.accepted({"prompt": prompt})
    gate.clock.advance(seconds)
    agree(await ask(gate, fixture["request"], taskId=task_id), fixture["response"])


async def test_documented_refusals(gates):
    """A missing field and an empty account are refused with the documents' own words."""
    agree(await gates().submit({"prompt": None}), wire("submit_missing_field")["response"])
    agree(await gates(credit_usd=0.05).submit(), wire("submit_insufficient_credits")["response"])


async def test_documented_balance(gates):
    """The balance is a bare number of dollars."""
    gate, fixture = gates(credit_usd=74.87), wire("balance")
    reply = await ask(gate, fixture["request"])
    agree(reply, fixture["response"])
    assert reply.json()["data"] == 74.87


@pytest.mark.parametrize(("name", "prompt"), [("callback_success", "a fox"), ("callback_failure", "gore")])
async def test_documented_callbacks(gates, callback_sink, name, prompt):
    """A callback has the documented method, words, keys and types."""
    gate = gates(callback_transport=callback_sink)
    await gate.accepted({"prompt": prompt}, request_type="callback", callback_url="http://127.0.0.1:9/done")
    gate.clock.advance(60)
    request = await callback_sink.next()
    documented = wire(name)["callback"]
    assert request.method == documented["method"]
    body = json.loads(request.content)
    assert shape(body) == shape(documented["json"])
    assert words(body) == words(documented["json"])


# -- two pages, one gateway ---------------------------------------------------------------------------------------

OLDER = "/apixo-reference/api/v1"
OLD_INPUT = {"prompt": "a lighthouse", "speed": "fast"}


async def submit_older(gate, changes: dict[str, Any] | None = None, **envelope: Any) -> str:
    """Submit by the rules of the older reference page and return the id of the task."""
    body = {"request_type": "async", **envelope, "input": {**OLD_INPUT, **(changes or {})}}
    reply = await gate.http.post(f"{OLDER}/generateTask/midjourney", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]["taskId"]


async def test_names_of_the_other_page_are_ignored(gate):
    """A field by the other page's name changes nothing on either page, and is counted."""
    new = {"aspect": "9:16", "chaos": 20, "stylize": 300, "weird": 500}
    old = {"aspect_ratio": "9:16", "variety": 20, "stylization": 300, "weirdness": 500, "watermark": "me"}
    older = gate.world.store.task(await submit_older(gate, new))
    current = gate.world.store.task(await gate.accepted(old))
    assert gate.world.stats()["ignored_fields"] == dict.fromkeys([*new, *old], 1)
    numbers = [(task.drawing.aspect, task.drawing.chaos, task.drawing.stylize) for task in (older, current)]
    assert numbers == [("16:9", 10, 1), ("1:1", 0, 100)]


async def test_off_steps_are_right_on_the_current_page(gate):
    """The older page's steps bind only the older page."""
    task = gate.world.store.task(await gate.accepted({"chaos": 12, "stylize": 120, "weird": 150}))
    assert (task.drawing.chaos, task.drawing.stylize, task.drawing.weird) == (12, 120, 150)


async def test_a_task_is_unknown_on_the_other_page(gate):
    """A task is asked for where it was submitted, and a follow-up of the other page's task fails."""
    current, older = await gate.accepted(), await submit_older(gate)
    gate.clock.advance(70)
    for path, task_id, code in (
        ("/api/v1", current, 200),
        ("/apixo/api/v1", current, 200),
        (OLDER, current, 404),
        (OLDER, older, 200),
        ("/api/v1", older, 404),
        ("/apixo/api/v1", older, 404),
    ):
        reply = await gate.http.get(f"{path}/statusTask/midjourney", params={"taskId": task_id})
        assert reply.status_code == code, (path, task_id)
    child = await gate.finished({"mode": "vary", "taskId": older, "imageIndex": 0, "type": 0})
    assert child["failCode"] == "INVALID_TASK_ID"


async def test_only_the_older_page_dates_a_failure(gate):
    """The same failure tells its times in the older page's status and not in the current one's."""
    failed = await gate.finished({"prompt": "gore"})
    older = await submit_older(gate, {"prompt": "gore"})
    gate.clock.advance(70)
    reply = await gate.http.get(f"{OLDER}/statusTask/midjourney", params={"taskId": older})
    assert set(reply.json()["data"]) - set(failed) == {"createTime", "completeTime"}


async def test_both_pages_draw_on_one_account(gates):
    """What is spent on one page is missing on the other."""
    gate = gates(credit_usd=1)
    await gate.accepted()
    await submit_older(gate)
    for path in ("/api/v1", "/apixo/api/v1", OLDER):
        reply = await gate.http.get(f"{path}/apikeys/current-balance")
        assert reply.json()["data"] == pytest.approx(0.8)


@pytest.mark.parametrize("page", ["current", "older"])
@pytest.mark.parametrize("spelling", ["callback_url", "callBackUrl"])
async def test_both_spellings_of_the_callback_field(gates, callback_sink, page, spelling):
    """Either page calls the URL that is given by either of the two documented names, and ignores neither."""
    gate = gates(callback_transport=callback_sink)
    envelope = {"request_type": "callback", spelling: "http://127.0.0.1:9/done"}
    task_id = await (gate.accepted(**envelope) if page == "current" else submit_older(gate, **envelope))
    gate.clock.advance(70)
    request = await callback_sink.next()
    assert json.loads(request.content)["data"]["taskId"] == task_id
    assert gate.world.stats()["ignored_fields"] == {}
