"""APIMart's documents hold the simulator to account: what they show, it takes and gives."""

from __future__ import annotations

from typing import Any

import pytest
from simulator.apimart_steps import WIRE, Apimart, wire

from mjnb.simulator.apimart_prices import billing_keys

pytestmark = pytest.mark.anyio

NAMES = sorted(path.stem for path in WIRE.glob("*.json"))
SUBMITS = [name for name in NAMES if name.startswith("submit_")]
ON_SINGLE = {"low_variation", "zoom", "pan", "inpaint", "inpaint_enveloped"}
JPEG = b"\xff\xd8\xff\xe0 a picture"


def covers(said: Any, documented: Any) -> bool:
    """Tell whether a reply has every documented key, with a value of the documented kind."""
    if isinstance(documented, dict):
        return isinstance(said, dict) and all(
            key in said and covers(said[key], value) for key, value in documented.items()
        )
    if isinstance(documented, list):
        return isinstance(said, list) and (
            not documented or (said != [] and covers(said[0], documented[0]))
        )
    if type(documented) in {int, float}:
        return type(said) in {int, float}
    return type(said) is type(documented)


def agree(reply: Any, documented: dict[str, Any], *exact: str) -> None:
    """Hold a reply to a documented one; some keys must have the very same value."""
    assert reply.status_code == documented["status"], reply.text
    said, wanted = reply.json(), documented["json"]
    assert covers(said, wanted), (said, wanted)
    inner, asked = (body["data"] if isinstance(body.get("data"), dict) else body for body in (said, wanted))
    assert {key: inner.get(key) for key in exact if key in asked} == {
        key: asked[key] for key in exact if key in asked
    }


@pytest.fixture
def mart(gate):
    """A client whose key is the documents'."""
    return Apimart(gate, "<token>")


async def prepared(mart, name: str) -> dict[str, Any]:
    """Return a documented request with the id of a task that it can go on from."""
    request = wire(f"submit_{name}")["request"]
    body = dict(request["json"])
    if "task_id" not in body:
        return request
    if name == "modal":
        body["task_id"] = await mart.accepted("inpaint", task_id=await mart.single())
    elif name in ON_SINGLE:
        body["task_id"] = await mart.single()
    else:
        body["task_id"] = await mart.grid(version="8.1" if "remix" in name else "7")
    if "custom_id" in body:
        body["custom_id"] = (await mart.direct(body["task_id"]))["buttons"][0]["customId"]
    return {**request, "json": body}


@pytest.mark.parametrize("name", NAMES)
def test_every_fixture_says_where_it_is_from(name):
    """A fixture names its source and holds nothing but the documented parts."""
    fixture = wire(name)
    assert fixture["source"].startswith("APIMart")
    assert set(fixture) <= {"source", "request", "response", "billing"}


@pytest.mark.parametrize("prefix", ["", "/apimart"])
@pytest.mark.parametrize("name", [name.removeprefix("submit_") for name in SUBMITS])
async def test_documented_requests_are_accepted(mart, name, prefix):
    """Each documented request is accepted at both addresses, with the documented reply and no field ignored."""
    request = await prepared(mart, name)
    reply = await mart.gate.http.post(
        prefix + request["path"], headers=request["headers"], json=request["json"]
    )
    agree(reply, wire(f"submit_{name}")["response"])
    assert mart.gate.world.stats()["ignored_fields"] == {}


async def states(mart, name: str) -> str:
    """Bring a task into the state that a documented query shows and return its id."""
    clock = mart.gate.clock
    prompt = {"prompt": "a beautiful sunset over mountains", "speed": "fast"}
    if name in {"modal", "cancelled"}:
        task_id = await mart.accepted("inpaint", task_id=await mart.single())
        clock.advance(1801 if name == "cancelled" else 10)
        return task_id
    if name in {"describe", "video"}:
        changes = {"prompt": "waves", "batch_size": 4} if name == "video" else {}
        return (await mart.done(name, image_urls=["https://example.com/a.png"], **changes))["id"]
    if name in {"upscale", "completed_one_url"}:
        return await mart.single()
    if name == "variation":
        return (await mart.done(name, task_id=await mart.grid(), index=1))["id"]
    words = {"failed": " fail:NO_UPSTREAM", "failure": " gore"}.get(name, "")
    if name == "completed_cost":
        prompt.pop("speed")
    task_id = await mart.accepted(**{**prompt, "prompt": prompt["prompt"] + words})
    waits = {"not_start": 0, "submitted": 1, "pending": 1, "processing": 20, "in_progress": 20}
    clock.advance(waits.get(name, 180))
    return task_id


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("task_", "direct_"))])
async def test_documented_queries(mart, name):
    """A task looks as the documents show it in every state, in both queries."""
    fixture = wire(name)
    kind, _, state = name.partition("_")
    task_id = await states(mart, state)
    path = {"task": "/v1/tasks/", "direct": "/v1/midjourney/"}[kind] + task_id
    exact = ["status", "action", "fail_reason", "cost", "credits_cost"]
    agree(await mart.get(path, **fixture["request"].get("query", {})), fixture["response"], *exact)


async def test_a_url_is_a_list_for_several_pictures_and_a_string_for_one(mart):
    """Both documented spellings of `url` occur."""
    for task_id, kind in ((await mart.grid(), list), (await mart.single(), str)):
        (image,) = (await mart.wrapped(task_id))["result"]["images"]
        assert isinstance(image["url"], kind)


async def test_documented_upload(mart):
    """An upload is answered as documented, by its name and size."""
    fixture = wire("upload")
    reply = await mart.gate.http.post(
        fixture["request"]["path"], headers=mart.key, files={"file": ("photo.jpg", JPEG)}
    )
    agree(reply, fixture["response"], "filename", "content_type")
    assert reply.json()["bytes"] == len(JPEG)


async def test_documented_balances(gates):
    """A balance is in dollars, and -1 for whoever has no limit."""
    limited, unlimited = Apimart(gates(credit_usd=10.5)), Apimart(gates())
    for name in ("balance", "balance_user"):
        agree(await limited.get(wire(name)["request"]["path"]), wire(name)["response"], "unlimited_quota")
    assert (await limited.get("/v1/balance")).json()["remain_balance"] == 10.5
    fixture = wire("balance_unlimited")
    agree(await unlimited.get("/v1/balance"), fixture["response"], "unlimited_quota", "remain_balance")


async def test_a_balance_is_told_in_credits_too(gates):
    """Ten credits are a dollar; only a key can be without limit, its owner has so and so much."""
    limited, unlimited = Apimart(gates(credit_usd=10.5)), Apimart(gates())
    await limited.done(prompt="a fox", speed="turbo")
    key = (await limited.get("/v1/balance")).json()
    assert (key["remain_credits"], key["used_credits"]) == (104, 1)
    assert (await unlimited.get("/v1/balance")).json()["remain_credits"] == -1
    user = (await unlimited.get("/v1/user/balance")).json()
    assert user["remain_credits"] == 10 * user["remain_balance"] > 0
    assert user["unlimited_quota"] is False


async def test_documented_models(mart):
    """The list of models names midjourney."""
    agree(await mart.get("/v1/models"), wire("models")["response"])


async def test_a_model_says_what_it_is_for_when_it_is_asked(mart):
    """`category` comes with `expand`; a model can be asked for by its name, one that is not there is a 404."""
    plain, told = await mart.get("/v1/models"), await mart.get("/v1/models", expand="category")
    assert "category" not in plain.json()["data"][0]
    assert told.json()["data"][0]["category"] == "image"
    assert (await mart.get("/v1/models/midjourney")).json() == plain.json()["data"][0]
    assert (await mart.get("/v1/models/other")).status_code == 404


def same_error(reply, name: str, *, message: bool = False) -> None:
    """Hold a refusal to a documented one: its status, type and code, and where wanted its message."""
    documented = wire(f"error_{name}")["response"]
    agree(reply, documented)
    said, wanted = reply.json()["error"], documented["json"]["error"]
    compared = {"type", "code", "message"} if message else {"type", "code"}
    assert {key: said[key] for key in compared & set(wanted)} == {
        key: wanted[key] for key in compared & set(wanted)
    }


async def test_documented_refusals_of_requests(mart):
    """A missing prompt and a zoom of a grid are refused in the documents' own words."""
    same_error(
        await mart.post(**wire("error_missing_prompt")["request"]["json"]), "missing_prompt", message=True
    )
    body = {**wire("error_not_upscaled")["request"]["json"], "task_id": await mart.grid()}
    same_error(await mart.post("zoom", **body), "not_upscaled", message=True)


async def test_documented_refusals_of_keys(gates):
    """No key, no money, a stranger's task, no task and too many requests have the documented types and codes."""
    mart = Apimart(gates(credit_usd=0.05))
    same_error(
        await mart.gate.http.post("/v1/midjourney/generations", headers={"Authorization": ""}),
        "authentication",
    )
    task_id = await mart.accepted(prompt="a fox")
    same_error(await mart.post(prompt="a fox"), "balance")
    same_error(await Apimart(mart.gate, "other").get(f"/v1/midjourney/{task_id}"), "permission")
    same_error(await mart.get("/v1/tasks/task_unknown"), "not_found")
    busy = Apimart(gates(requests_per_minute=1))
    await busy.get("/v1/balance")
    reply = await busy.post(prompt="a fox")
    same_error(reply, "rate_limit")
    assert reply.headers["Retry-After"] == "60"


async def test_documented_moderation(mart):
    """A banned prompt is refused with 422 and code 24 when it is checked beforehand, and costs nothing."""
    same_error(await mart.post(prompt="gore", nsfw_check=True), "moderation", message=True)
    assert mart.gate.world.stats()["charged"] == 0


@pytest.mark.parametrize(("name", "status"), [("server", 500), ("gateway", 502)])
async def test_documented_faults(mart, name, status):
    """A failing server answers in the documented body."""
    mart.gate.world.faults.add(on="submit", kind=f"status:{status}")
    same_error(await mart.post(prompt="a fox"), name)


@pytest.mark.parametrize("row", wire("billing")["billing"], ids=lambda row: row["keys"][0])
def test_documented_billing_keys(row):
    """A price is looked for under the documented keys in the documented order."""
    assert billing_keys(row["action"], row["version"], row["speed"] or "relax") == row["keys"]
