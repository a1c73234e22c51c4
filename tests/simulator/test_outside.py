"""What surrounds every gateway: pages of every origin may use it, and a slash too many does no harm."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio

ORIGIN = {"Origin": "http://localhost:3000"}
PATHS = (
    "/api/v1/generateTask/midjourney",
    "/apixo/api/v1/statusTask/midjourney",
    "/apixo-reference/api/v1/generateTask/midjourney",
    "/acedata/midjourney/imagine",
    "/midjourney/tasks",
    "/v1/midjourney/generations",
    "/apimart/v1/tasks/x",
    "/v1/uploads/images",
    "/acedata/files/none/sheet.jpg",
    "/nothing",
)
ASKED = "authorization, content-type, accept, x-record-exempt, idempotency-key, x-apimart-response-version"


@pytest.mark.parametrize("path", PATHS)
async def test_a_browser_may_ask_and_read(gate, path):
    """The question before a request is answered with yes, without a key; the reply, an error as well, may be read."""
    del gate.http.headers["Authorization"]
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ASKED}
    yes = await gate.http.options(path, headers={**ORIGIN, **asking})
    assert yes.is_success
    assert yes.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in yes.headers["Access-Control-Allow-Methods"]
    assert set(ASKED.split(", ")) <= set(yes.headers["Access-Control-Allow-Headers"].lower().split(", "))
    reply = await gate.http.get(path, headers=ORIGIN)
    assert reply.is_error
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert {"X-Simulated", "Retry-After"} <= set(reply.headers["Access-Control-Expose-Headers"].split(", "))
    assert reply.headers["X-Simulated"] == yes.headers["X-Simulated"] == "mjnb"


async def test_pictures_may_be_read_by_whoever_shows_them(gate, urls):
    """Also where no origin was told, since a browser may keep the file for a page that tells one."""
    (url, *_) = urls(await gate.finished())
    for headers in ({}, ORIGIN):
        reply = await gate.http.get(url, headers=headers)
        assert reply.headers.get_list("Access-Control-Allow-Origin") == ["*"]


@pytest.mark.parametrize("form", ["//{}", "/{}/", "//{}//", "/acedata//{}", "//acedata/{}"])
async def test_slashes_too_many_mean_nothing(gate, form):
    """The plain path answers, without a redirect; the URLs in the reply are plain, too."""
    base = "http://gate.test"
    body = {"prompt": "a fox", "async": True, "callback_url": ""}
    reply = await gate.http.post(base + form.format("midjourney/imagine"), json=body)
    assert (reply.status_code, reply.json()["success"]) == (200, True)
    gate.clock.advance(60)
    wanted = {"action": "retrieve", "id": reply.json()["task_id"]}
    task = (await gate.http.post(base + form.format("midjourney/tasks"), json=wanted)).json()
    assert "//" not in task["response"]["raw_image_url"].removeprefix("http://")
    assert (await gate.http.get(task["response"]["raw_image_url"])).status_code == 200


@pytest.mark.parametrize(
    ("path", "key"),
    [("//midjourney/nothing", "trace_id"), ("//v1/nothing", "error"), ("//apixo/nothing/", "data")],
)
async def test_what_is_not_there_is_refused_in_the_gateways_words(gate, path, key):
    """However many slashes there are."""
    reply = await gate.http.get(f"http://gate.test{path}")
    assert reply.status_code == 404
    assert key in reply.json()
