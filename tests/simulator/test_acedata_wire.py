"""AceData's documents hold the simulator to account: what they show, it takes and gives."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.anyio

WIRE = Path(__file__).parents[1] / "wire" / "acedata"
NAMES = sorted(path.stem for path in WIRE.glob("*.json"))


def wire(name: str) -> dict[str, Any]:
    """Read a fixture."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def shape(value: Any) -> Any:
    """Return a value's keys and JSON types; a list of texts is a list, however long."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return ["str"] if all(isinstance(item, str) for item in value) else [shape(item) for item in value]
    return type(value).__name__


async def ask(gate, request: dict[str, Any], **changes: Any) -> httpx.Response:
    """Send a documented request, with some fields changed, and let time pass until it is answered."""
    body = {**request["json"], **changes}
    sending = asyncio.ensure_future(
        gate.http.post(request["path"], headers=gate_headers(request), json=body)
    )
    async with asyncio.timeout(5):
        while not sending.done():
            gate.clock.advance(5)
            for _ in range(20):
                await asyncio.sleep(0)
    return sending.result()


def gate_headers(request: dict[str, Any]) -> dict[str, str]:
    """Return a documented request's headers with a real key in them."""
    return {**request["headers"], "Authorization": "Bearer a-key"}


async def picture(gate, action: str = "generate", **fields: Any) -> dict[str, Any]:
    """Return the reply to an imagine request."""
    reply = await ask(gate, wire("imagine")["request"], action=action, **fields)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize("name", NAMES)
def test_every_fixture_says_where_it_is_from(name):
    """A fixture names its source and holds an exchange or a callback."""
    data = wire(name)
    assert data["source"]
    assert ("request" in data) == ("response" in data) != ("callback" in data)


@pytest.mark.parametrize(
    "name",
    ["imagine", "imagine_guide", "imagine_split_images", "imagine_image_prompt", "imagine_two_image_prompts",
     "edits", "videos", "describe", "translate", "shorten"],
)  # fmt: skip
async def test_documented_requests_get_their_documented_replies(gate, name):
    """A blocking request is answered with all that the documents show, key by key and type by type."""
    documented = wire(name)
    reply = await ask(gate, documented["request"])
    assert reply.status_code == 200
    assert shape(reply.json()) == shape(documented["response"]["json"])
    assert gate.world.stats()["ignored_fields"] == {}


async def test_a_translation_is_the_documented_one(gate):
    """The words of the documents' own example are known."""
    documented = wire("translate")
    reply = await ask(gate, documented["request"])
    assert reply.json() == documented["response"]["json"]


@pytest.mark.parametrize("name", ["imagine_async", "imagine_callback_accepted"])
async def test_a_task_is_accepted_at_once(gate, name):
    """With `async` or a callback URL the id comes before any time has passed."""
    documented = wire(name)
    reply = await gate.http.post(documented["request"]["path"], json=documented["request"]["json"])
    assert shape(reply.json()) == shape(documented["response"]["json"])


async def test_follow_ups_answer_as_documented(gate):
    """A variation of a grid is a grid, an upscale of it a single picture of half its size with actions of its own."""
    variation, upscale = wire("imagine_variation"), wire("imagine_upscale")
    grid = (await ask(gate, variation["request"], image_id=(await picture(gate))["image_id"])).json()
    assert shape(grid) == shape(variation["response"]["json"])
    assert grid["actions"] == variation["response"]["json"]["actions"]
    single = (await ask(gate, upscale["request"], image_id=grid["image_id"])).json()
    assert shape(single) == shape(upscale["response"]["json"])
    assert set(upscale["response"]["json"]["actions"]) <= set(single["actions"])
    assert single["raw_image_width"] == grid["image_width"] == grid["raw_image_width"] // 2


async def test_a_region_is_painted_as_documented(gate):
    """The guide's request with a mask gets a grid."""
    documented = wire("imagine_variation_region")
    single = await picture(gate, "upscale1", image_id=(await picture(gate))["image_id"])
    reply = await ask(gate, documented["request"], image_id=single["image_id"])
    assert shape(reply.json()) == shape(documented["response"]["json"])


async def test_a_stream_has_the_documented_lines(gate):
    """Progress lines allow no action and have ids of their own; the last line is the reply."""
    documented = wire("imagine_progress")
    reply = await ask(gate, documented["request"])
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert reply.text.split("\r\n") == [*reply.text.splitlines(), ""]
    for line in lines:
        final = line["progress"] == 100
        expected = documented["response"]["ndjson"][-1 if final else 0]
        assert shape(line) == shape(expected)
        assert bool(line["actions"]) == final
    assert [line["progress"] for line in lines] == sorted({line["progress"] for line in lines})
    assert len({line["image_id"] for line in lines}) == len(lines)
    assert len({line["task_id"] for line in lines}) == 1


@pytest.mark.parametrize(("name", "key"), [("tasks_retrieve", ""), ("tasks_retrieve_batch", "items")])
async def test_tasks_are_shown_as_documented(gate, name, key):
    """All that the documents show of a task is there, with its type; the request is shown as it was sent."""
    documented = wire(name)
    sent = {"mode": "fast", "prompt": "A cat sitting on a table", "action": "generate"}
    ids = []
    for _ in range(2):
        accepted = await gate.http.post("/midjourney/imagine", json={**sent, "async": True})
        ids.append(accepted.json()["task_id"])
    gate.clock.advance(60)
    reply = (await ask(gate, documented["request"], **({"ids": ids} if key else {"id": ids[0]}))).json()
    expected = documented["response"]["json"]
    items, shown = (reply[key], expected[key]) if key else ([reply], [expected])
    assert [item["id"] for item in items] == ids[: len(shown)]
    assert items[0]["request"] == {**sent, "async": True}
    for item, example in zip(items, shown, strict=True):
        assert shape(item).items() >= {**shape(example), "request": shape(item["request"])}.items()
        assert "status" not in item
        assert item["duration"] == pytest.approx(item["finished_at"] - item["created_at"])
        assert item["elapsed"] == item["duration"]
    if key:
        assert reply["count"] == expected["count"]


async def test_a_video_is_extended_as_documented(gate):
    """The id of one video's clips and the index of a clip give four new clips."""
    documented = wire("videos_extend")
    first = (await ask(gate, wire("videos")["request"])).json()
    reply = (await ask(gate, documented["request"], video_id=first["video_id"])).json()
    assert shape(reply) == shape(documented["response"]["json"])
    assert len(reply["video_urls"]) == 4
    assert reply["video_id"] != first["video_id"]


async def test_a_seed_is_told_as_documented(gate):
    """The seed of a picture is a text of digits."""
    documented = wire("seed")
    reply = await ask(gate, documented["request"], image_id=(await picture(gate))["image_id"])
    assert shape(reply.json()) == shape(documented["response"]["json"])
    assert reply.json()["seed"].isdecimal()


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("callback_success", {}),
        ("callback_failure", {"prompt": "a cat --ar 1:1 -c x"}),
        ("edits_callback", {"image_url": "https://cdn.acedata.cloud/jgo1cw.jpg", "split_images": True}),
        ("videos_callback", {"image_url": "https://cdn.acedata.cloud/jgo1cw.jpg"}),
    ],
)
async def test_callbacks_say_what_is_documented(gates, callback_sink, name, fields):
    """A callback has all that the documents show, and a trace id, which one of their pages shows."""
    gate = gates(callback_transport=callback_sink)
    path = name.partition("_")[0] if name.startswith(("edits", "videos")) else "imagine"
    body = {"prompt": "A cat sitting on a table", "callback_url": "http://127.0.0.1:9/done", **fields}
    task_id = (await gate.http.post(f"/midjourney/{path}", json=body)).json()["task_id"]
    gate.clock.advance(120)
    said = json.loads((await callback_sink.next()).content)
    documented = wire(name)["callback"]["json"]
    assert shape(said) == {**shape(documented), "trace_id": "str"}
    assert said["task_id"] == task_id
    if "error" in documented:
        assert said["error"] == documented["error"]


def holds(reply: httpx.Response, code: str) -> None:
    """Hold an error to its documented code and status, in one of the two documented bodies."""
    documented, other = wire(f"error_{code}")["response"], wire("error_with_success")["response"]
    assert reply.status_code == documented["status"]
    assert reply.json()["error"]["code"] == code
    assert shape(documented["json"]).items() <= shape(other["json"]).items()
    assert shape(reply.json()) in (shape(other["json"]), {**shape(other["json"]), "task_id": "str"})
    assert reply.json()["success"] is False


@pytest.mark.parametrize(
    ("code", "options", "fields"),
    [
        ("bad_request", {}, {"mode": "quick"}),
        ("invalid_token", {"api_key": "another"}, {}),
        ("used_up", {"credit_usd": 0.0}, {}),
        ("forbidden", {}, {"prompt": "gore"}),
        ("too_many_requests", {"tasks_at_once": 0}, {}),
        ("timeout", {}, {"timeout": 5}),
        *((code, {}, {"prompt": f"a cat fail:{code}"}) for code in
          ("api_error", "api_not_implemented", "token_expired", "token_mismatched", "disabled")),
    ],
)  # fmt: skip
async def test_errors_have_their_documented_code_and_status(gates, code, options, fields):
    """Every code comes with its status, when the request is refused and when its task fails while it waits."""
    holds(await ask(gates(**options), wire("imagine")["request"], **fields), code)


async def test_a_request_without_a_key_is_told_so(gate):
    """No header is another error than a wrong key."""
    del gate.http.headers["Authorization"]
    holds(await gate.http.post("/midjourney/imagine", json={"prompt": "a cat"}), "no_token")


async def test_too_many_requests_say_when_to_come_back(gates):
    """A key that asks too often is told after how many seconds it may again."""
    gate = gates(requests_per_minute=1)
    await gate.http.post("/midjourney/tasks", json={"action": "retrieve", "id": "x"})
    reply = await gate.http.post("/midjourney/tasks", json={"action": "retrieve", "id": "x"})
    holds(reply, "too_many_requests")
    assert int(reply.headers["Retry-After"]) == 60


async def test_unknown_paths_answer_in_the_gateways_words(gate):
    """A path that does not exist, and a GET, are refused with the body that the documents show for it."""
    documented = wire("error_no_api")
    for reply in (
        await gate.http.post(documented["request"]["path"], json={}),
        await gate.http.get("/acedata/midjourney/imagine"),
    ):
        assert reply.status_code in {404, 405}
        assert reply.json()["error"]["code"] == "no_api"
        assert shape(reply.json()) == {"success": "bool", **shape(documented["response"]["json"])}
