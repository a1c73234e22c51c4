"""APIXO's older reference page: what it shows and what it says, the simulator does under `/apixo-reference`."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.anyio

WIRE = Path(__file__).parents[1] / "wire" / "apixo-reference"
ROOT = "/apixo-reference"
URL = "https://example.com/a.png"
HERE = "http://127.0.0.1:9/done"


def wire(name: str) -> dict[str, Any]:
    """Read a fixture."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body with what differs from task to task replaced by its type."""
    words = {key: body["data"][key] for key in ("state", "failCode", "failMsg") if key in body["data"]}
    types = {key: type(value).__name__ for key, value in body["data"].items()}
    if "resultJson" in types:
        result = json.loads(body["data"]["resultJson"])
        types["resultJson"] = {key: [type(url).__name__ for url in urls] for key, urls in result.items()}
    return {**body, "data": {**types, **words}}


async def submit(gate, changes: dict[str, Any] | None = None, **envelope: Any) -> httpx.Response:
    """Submit what the page requires, changed (None takes a field out)."""
    fields = {"mode": "text-to-image", "prompt": "a lighthouse", "speed": "fast", **(changes or {})}
    body = {"request_type": "async", **envelope, "input": fields}
    for part in (body, fields):
        for name in [name for name, value in part.items() if value is None]:
            del part[name]
    return await gate.http.post(f"{ROOT}/api/v1/generateTask/midjourney", json=body)


async def accepted(gate, changes: dict[str, Any] | None = None, **envelope: Any) -> str:
    """Submit and return the id of the task."""
    reply = await submit(gate, changes, **envelope)
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]["taskId"]


async def status(gate, task_id: str) -> httpx.Response:
    """Ask after a task."""
    return await gate.http.get(f"{ROOT}/api/v1/statusTask/midjourney", params={"taskId": task_id})


async def ordered(gate, changes: dict[str, Any] | None = None) -> Any:
    """Submit and return the task as the world knows it."""
    return gate.world.store.task(await accepted(gate, changes))


# -- what the page shows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.stem for path in WIRE.glob("*.json")))
def test_every_fixture_says_where_it_is_from(name):
    """A fixture names the page and holds nothing but the documented parts."""
    fixture = wire(name)
    assert fixture["source"].startswith("APIXO Midjourney API Reference, ")
    assert set(fixture) <= {"source", "request", "response", "callback"}


@pytest.mark.parametrize("name", ["submit_text_to_image", "submit_image_to_image", "envelope"])
async def test_documented_requests_are_accepted(gate, name):
    """The page's example requests are accepted with its reply, no field ignored, and end in four pictures."""
    request, documented = wire(name)["request"], wire(name)["response"]
    gate.http.headers["Authorization"] = request["headers"]["Authorization"]
    reply = await gate.http.request(request["method"], ROOT + request["path"], json=request["json"])
    assert reply.status_code == documented["status"]
    assert plain(reply.json()) == plain(documented["json"])
    assert gate.world.stats()["ignored_fields"] == {}
    gate.clock.advance(290)
    data = (await status(gate, reply.json()["data"]["taskId"])).json()["data"]
    assert len(json.loads(data["resultJson"])["resultUrls"]) == 4


@pytest.mark.parametrize(
    ("name", "prompt", "seconds"),
    [("status_processing", "a fox", 10), ("status_success", "a fox", 70), ("status_failed", "gore", 70)],
)
async def test_documented_states(gate, name, prompt, seconds):
    """A processing, a finished and a failed task look as the page shows them; a failure has times but no duration."""
    request, documented = wire(name)["request"], wire(name)["response"]
    task_id = await accepted(gate, {"prompt": prompt})
    gate.clock.advance(seconds)
    query = {**request["query"], "taskId": task_id}
    reply = await gate.http.request(request["method"], ROOT + request["path"], params=query)
    assert reply.status_code == documented["status"]
    assert plain(reply.json()) == plain(documented["json"])


async def test_the_quick_start_leaves_times_out(gate):
    """All that the quick start's reply shows is in ours, which has the status section's times as well."""
    task_id = await accepted(gate)
    gate.clock.advance(70)
    ours, shown = (await status(gate, task_id)).json(), wire("quick_start_success")["response"]["json"]
    assert plain(shown)["data"].items() <= plain(ours)["data"].items()
    times = ours["data"]
    assert times["costTime"] == times["completeTime"] - times["createTime"]


@pytest.mark.parametrize(("name", "prompt"), [("callback_success", "a fox"), ("callback_failure", "gore")])
async def test_documented_callbacks(gates, callback_sink, name, prompt):
    """A callback has the page's method, words, keys and types; a failure's says 400 and tells all three times."""
    gate = gates(callback_transport=callback_sink)
    await accepted(gate, {"prompt": prompt}, request_type="callback", callback_url=HERE)
    gate.clock.advance(70)
    request = await callback_sink.next()
    assert request.method == wire(name)["callback"]["method"]
    assert plain(json.loads(request.content)) == plain(wire(name)["callback"]["json"])


# -- what the page says -------------------------------------------------------------------------------------------


async def test_the_documented_defaults(gate):
    """A prompt alone is a relaxed text-to-image at 16:9, version 7, with the page's own numbers."""
    task = await ordered(gate, {"mode": None, "speed": None})
    drawing = task.drawing
    assert (drawing.aspect, drawing.version, task.price) == ("16:9", "7", 40_000)
    assert (drawing.chaos, drawing.stylize, drawing.weird) == (10, 1, 1)


async def test_fields_mean_what_they_are_named_for(gate):
    """The page's names set the shape, the unlikeness, the style, the oddness and the references of what is drawn."""
    fields = {"aspect_ratio": "2:3", "variety": 40, "stylization": 250, "weirdness": 700}
    task = await ordered(gate, {**fields, "mode": "image-to-image", "image_urls": [URL]})
    drawing = task.drawing
    assert (drawing.aspect, drawing.chaos, drawing.stylize, drawing.weird) == ("2:3", 40, 250, 700)
    assert drawing.references == (URL,)
    assert gate.world.stats()["ignored_fields"] == {}


async def test_pictures_hang_from_the_same_root(gate, urls):
    """A result's URLs begin where the request came in, and give a picture in the page's default shape."""
    task_id = await accepted(gate)
    gate.clock.advance(70)
    url = urls((await status(gate, task_id)).json()["data"])[3]
    assert url.startswith(f"http://gate.test{ROOT}/files/")
    reply = await gate.http.get(url)
    width, height = Image.open(BytesIO(reply.content)).size
    assert width / height == pytest.approx(16 / 9, rel=0.03)


@pytest.mark.parametrize(
    ("speed", "price", "average", "first_ask"),
    [("relaxed", 0.04, 250, 200), ("fast", 0.1, 60, 50), ("turbo", 0.2, 30, 10)],
)
async def test_prices_and_times(gate, speed, price, average, first_ask):
    """A speed costs what the page says, and takes its average, within the advised first wait and five minutes."""
    tasks = [await ordered(gate, {"speed": speed}) for _ in range(40)]
    lives = [task.ends - task.created for task in tasks]
    assert gate.world.stats()["spent_usd"] == pytest.approx(40 * price)
    assert sum(lives) / len(lives) == pytest.approx(average, rel=0.08)
    assert first_ask <= min(lives) <= max(lives) <= 300


WRONG = [
    ({"mode": "imagine"}, "mode"),
    ({"mode": "upload-paint"}, "mode"),
    ({"mode": "vary", "taskId": "task_1"}, "mode"),
    ({"mode": "upscale", "taskId": "task_1"}, "mode"),
    ({"mode": "reroll", "taskId": "task_1"}, "mode"),
    ({"prompt": None}, "Missing required field: input.prompt"),
    ({"prompt": ""}, "prompt"),
    ({"prompt": "x" * 2001}, "prompt"),
    ({"speed": "relax"}, "speed"),
    ({"speed": "draft"}, "speed"),
    ({"version": "v7"}, "version"),
    ({"version": "6.1"}, "version"),
    ({"version": 7}, "version"),
    ({"aspect_ratio": "7:3"}, "aspect_ratio"),
    ({"variety": 12}, "input.variety must be a multiple of 5 from 0 to 100"),
    ({"variety": 1}, "variety"),
    ({"variety": 105}, "variety"),
    ({"variety": -5}, "variety"),
    ({"variety": "10"}, "variety"),
    ({"variety": True}, "variety"),
    ({"stylization": 120}, "input.stylization must be a multiple of 50 from 0 to 1000"),
    ({"stylization": 2}, "stylization"),
    ({"stylization": 1050}, "stylization"),
    ({"stylization": True}, "stylization"),
    ({"weirdness": 150}, "input.weirdness must be a multiple of 100 from 0 to 3000"),
    ({"weirdness": 50.0}, "weirdness"),
    ({"weirdness": 3100}, "weirdness"),
    ({"watermark": 5}, "watermark"),
    ({"enableTranslation": "true"}, "enableTranslation"),
    ({"mode": "image-to-image"}, "Missing required field: input.image_urls"),
    ({"mode": "image-to-image", "image_urls": []}, "image_urls"),
    ({"mode": "image-to-image", "image_urls": URL}, "image_urls"),
    ({"mode": "image-to-image", "image_urls": [URL, URL, URL]}, "image_urls must be a list of at most 2"),
]


@pytest.mark.parametrize(("changes", "named"), WRONG)
async def test_a_wrong_input_is_refused(gate, changes, named):
    """A value that the page does not allow, or off its step, is named in a 400, and nothing is charged."""
    reply = await submit(gate, changes)
    assert reply.status_code == 400
    body = reply.json()
    assert (body["code"], body["message"]) == (400, "Invalid request")
    assert named in body["data"]["error"]
    assert gate.world.stats()["charged"] == 0


async def test_extra_modes_are_of_the_current_page(gates):
    """What APIXO enables on request does not come to the reference page."""
    reply = await submit(gates(extra_modes=True), {"mode": "reroll", "taskId": "task_1"})
    assert "one of text-to-image, image-to-image" in reply.json()["data"]["error"]


RIGHT = [
    {"prompt": "x" * 2000},
    {"variety": 0, "stylization": 0, "weirdness": 0},
    {"variety": 100, "stylization": 1000, "weirdness": 3000},
    {"variety": 10, "stylization": 1, "weirdness": 1},
    {"variety": 5, "stylization": 50, "weirdness": 100},
    {"version": "7", "watermark": "© me", "enableTranslation": False, "aspect_ratio": "9:16"},
    {"watermark": ""},
    {"mode": "image-to-image", "image_urls": [URL, URL]},
]


@pytest.mark.parametrize("changes", RIGHT)
async def test_what_the_page_allows_is_accepted(gate, changes):
    """The edges of the ranges are inside, the documented default 1 is off its step and right, and nothing is ignored."""
    assert (await submit(gate, changes)).status_code == 200
    assert gate.world.stats()["ignored_fields"] == {}


@pytest.mark.parametrize(
    ("envelope", "named"),
    [
        ({"request_type": None}, "Missing required field: request_type"),
        ({"request_type": "sync"}, "request_type"),
        ({"request_type": "callback"}, "callback_url"),
        ({"request_type": "callback", "callback_url": "somewhere"}, "callback_url"),
        ({"request_type": "callback", "callBackUrl": "somewhere"}, "callBackUrl"),
    ],
)
async def test_a_wrong_envelope_is_refused(gate, envelope, named):
    """The kind of request must be said here, and a callback needs a URL; both are named when they are wrong."""
    reply = await submit(gate, **envelope)
    assert reply.status_code == 400
    assert named in reply.json()["data"]["error"]


@pytest.mark.parametrize("provider", ["auto", "official", "nobody", 5])
async def test_there_is_no_provider(gate, provider):
    """The page does not know `provider`: whatever it says is ignored and counted."""
    await accepted(gate, provider=provider)
    assert gate.world.stats()["ignored_fields"] == {"provider": 1}


async def test_a_key_that_cannot_pay(gates):
    """A relaxed task is cheaper than a fast one, and what is left is told under this root as well."""
    gate = gates(credit_usd=0.05)
    refused = await submit(gate)
    assert (refused.status_code, refused.json()["message"]) == (400, "Insufficient credits")
    await accepted(gate, {"speed": "relaxed"})
    reply = await gate.http.get(f"{ROOT}/api/v1/apikeys/current-balance")
    assert reply.json()["data"] == pytest.approx(0.01)


async def test_a_failure_is_not_paid(gates):
    """A task that fails, for whatever reason its prompt names, costs nothing in the end."""
    gate = gates(credit_usd=1)
    task_id = await accepted(gate, {"prompt": "a fox fail:MODEL_UNAVAILABLE"})
    gate.clock.advance(70)
    assert (await status(gate, task_id)).json()["data"]["failCode"] == "MODEL_UNAVAILABLE"
    assert gate.world.stats()["spent_usd"] == 0


async def test_other_paths_and_keys_are_refused_in_the_envelope(gates):
    """A path that is not there, a wrong method, a missing key and an unknown task get APIXO's own body."""
    gate, path = gates(api_key="right"), f"{ROOT}/api/v1/statusTask/midjourney"
    for method, where, code in (
        ("GET", f"{ROOT}/api/v1/statusTask/flux", 404),
        ("GET", f"{ROOT}/api/v1/generateTask/midjourney", 405),
        ("GET", path, 401),
    ):
        reply = await gate.http.request(method, where)
        assert (reply.status_code, reply.json()["code"], reply.json()["data"]) == (code, code, None)
    gate.http.headers["Authorization"] = "Bearer right"
    assert (await gate.http.get(path)).status_code == 400
    assert (await status(gate, "task_0")).status_code == 404


async def test_a_task_keeps_its_page_over_a_restart(gates, callback_sink, tmp_path):
    """A simulator that begins anew on the same file shows the task, and announces it, by the page it came over."""
    first = gates(state=tmp_path / "state.db", callback_transport=callback_sink)
    task_id = await accepted(first, {"prompt": "gore"}, request_type="callback", callback_url=HERE)
    first.world.close()
    second = gates(state=tmp_path / "state.db", callback_transport=callback_sink)
    async with second.app.router.lifespan_context(second.app):
        second.clock.advance(70)
        request = await callback_sink.next()
        assert plain(json.loads(request.content)) == plain(wire("callback_failure")["callback"]["json"])
        documented = wire("status_failed")["response"]["json"]
        assert plain((await status(second, task_id)).json()) == plain(documented)


@pytest.mark.parametrize("fault", ["odd_state", "no_urls", "bad_result_json"])
async def test_faults_befall_this_page_too(gate, fault):
    """A reply can be spoiled here as on the current page."""
    task_id = await accepted(gate)
    gate.clock.advance(70)
    right = (await status(gate, task_id)).json()["data"]
    gate.world.faults.add(on="status", kind=fault)
    spoilt = (await status(gate, task_id)).json()["data"]
    changed = {name for name in right if right[name] != spoilt[name]}
    assert changed == ({"state"} if fault == "odd_state" else {"resultJson"})
