"""What APIXO's documents forbid is refused, with the field named."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio

IMAGE = "https://example.com/a.png"
PAINT = {
    "mode": "upload-paint",
    "image_urls": [IMAGE],
    "mask": {"areas": [{"width": 512, "height": 512, "points": [10, 10, 10, 100, 100, 100]}]},
    "canvas": {"width": 1024, "height": 1024},
    "imgPos": {"width": 512, "height": 512, "x": 256, "y": 256},
}
VARY = {"mode": "vary", "taskId": "task_1", "imageIndex": 0, "type": 0, "prompt": None}
UPSCALE = {**VARY, "mode": "upscale"}


def area(**changes):
    """Return a mask of one triangle, changed."""
    return {"mask": {"areas": [{"width": 512, "height": 512, "points": [1, 1, 1, 9, 9, 9], **changes}]}}


WRONG = [
    ({"mode": None}, "mode"),
    ({"mode": "imagine"}, "mode"),
    ({"prompt": None}, "prompt"),
    ({"prompt": ""}, "prompt"),
    ({"prompt": "x" * 2001}, "prompt"),
    ({"prompt": 7}, "prompt"),
    ({"version": None}, "version"),
    ({"version": "7"}, "version"),
    ({"version": "v8.1"}, "version"),
    ({"speed": None}, "speed"),
    ({"speed": "relaxed"}, "speed"),
    ({"aspect": "7:3"}, "aspect"),
    ({"aspect": 1}, "aspect"),
    ({"chaos": 101}, "chaos"),
    ({"chaos": -1}, "chaos"),
    ({"chaos": "50"}, "chaos"),
    ({"chaos": True}, "chaos"),
    ({"chaos": 50.0}, "chaos"),
    ({"stylize": 1001}, "stylize"),
    ({"stylize": False}, "stylize"),
    ({"weird": 3001}, "weird"),
    ({"weird": "0"}, "weird"),
    ({"enableTranslation": "true"}, "enableTranslation"),
    ({"enableTranslation": 1}, "enableTranslation"),
    ({"mode": "image-to-image"}, "image_urls"),
    ({"mode": "image-to-image", "image_urls": IMAGE}, "image_urls"),
    ({"mode": "image-to-image", "image_urls": []}, "image_urls"),
    ({"mode": "image-to-image", "image_urls": ["ftp://example.com/a.png"]}, "image_urls"),
    ({"mode": "image-to-image", "image_urls": ["/home/me/a.png"]}, "image_urls"),
    ({"mode": "image-to-image", "image_urls": ["http://[bad/a.png"]}, "image_urls"),
    ({**PAINT, "image_urls": [IMAGE, IMAGE]}, "image_urls"),
    ({**PAINT, "version": None}, "version"),
    ({**PAINT, "speed": None}, "speed"),
    ({**PAINT, "mask": None}, "mask"),
    ({**PAINT, "mask": {}}, "mask"),
    ({**PAINT, "mask": [1]}, "mask"),
    ({**PAINT, "mask": {**PAINT["mask"], "url": IMAGE}}, "mask"),
    ({**PAINT, "mask": {"url": "not a picture!"}}, "mask.url"),
    ({**PAINT, "mask": {"areas": []}}, "areas"),
    ({**PAINT, **area(points=[1, 1, 2, 2])}, "points"),
    ({**PAINT, **area(points=[1, 1, 2, 2, 3, 3, 4])}, "points"),
    ({**PAINT, **area(points=[1, 1, 2, 2, 3, 513])}, "points"),
    ({**PAINT, **area(points=[1, 1, 2, 2, 3, True])}, "points"),
    ({**PAINT, **area(width=0)}, "width"),
    ({**PAINT, "canvas": None}, "canvas"),
    ({**PAINT, "canvas": {"width": 1024}}, "canvas.height"),
    ({**PAINT, "imgPos": None}, "imgPos"),
    ({**PAINT, "imgPos": {**PAINT["imgPos"], "x": "256"}}, "imgPos.x"),
    ({**PAINT, "imgPos": {**PAINT["imgPos"], "y": 600}}, "imgPos.y"),
    ({**PAINT, "imgPos": {**PAINT["imgPos"], "width": 2000}}, "imgPos.width"),
    ({**VARY, "taskId": None}, "taskId"),
    ({**VARY, "taskId": 5}, "taskId"),
    ({**VARY, "imageIndex": None}, "imageIndex"),
    ({**VARY, "imageIndex": 4}, "imageIndex"),
    ({**VARY, "imageIndex": "0"}, "imageIndex"),
    ({**VARY, "type": None}, "type"),
    ({**VARY, "type": 2}, "type"),
    ({**VARY, "prompt": 5}, "prompt"),
    ({**VARY, "speed": "slow"}, "speed"),
    ({**UPSCALE, "type": 4}, "type"),
    ({**UPSCALE, "type": True}, "type"),
    ({"mode": "reroll", "taskId": "task_1"}, "contact us to enable"),
    ({"mode": "outpaint", "taskId": "task_1"}, "contact us to enable"),
]


@pytest.mark.parametrize(("changes", "named"), WRONG)
async def test_a_wrong_input_is_refused(gate, changes, named):
    """A field that is missing, of the wrong type or out of range is named in a 400, and nothing is charged."""
    reply = await gate.submit(changes)
    assert reply.status_code == 400
    body = reply.json()
    assert (body["code"], body["message"]) == (400, "Invalid request")
    assert named in body["data"]["error"]
    assert gate.world.stats()["charged"] == 0


@pytest.mark.parametrize(
    ("envelope", "named"),
    [
        ({"request_type": "sync"}, "request_type"),
        ({"request_type": "callback"}, "callback_url"),
        ({"request_type": "callback", "callback_url": "somewhere"}, "callback_url"),
        ({"request_type": "callback", "callback_url": None}, "callback_url"),
        ({"provider": "cheapest"}, "provider"),
        ({"input": "a cat"}, "input"),
        ({"input": None}, "input"),
    ],
)
async def test_a_wrong_envelope_is_refused(gate, envelope, named):
    """What stands beside the input is checked as well."""
    reply = await gate.submit(**envelope)
    assert reply.status_code == 400
    assert named in reply.json()["data"]["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(gate, body):
    """What is not a JSON object is a 400, however broken it is."""
    reply = await gate.http.post("/api/v1/generateTask/midjourney", content=body)
    assert reply.status_code == 400
    assert "JSON" in reply.json()["data"]["error"]


RIGHT = [
    {},
    {"prompt": "x" * 2000},
    {
        "version": "niji 7",
        "aspect": "9:16",
        "chaos": 100,
        "stylize": 0,
        "weird": 3000,
        "enableTranslation": True,
    },
    {"mode": "image-to-image", "image_urls": [IMAGE, "http://127.0.0.1:1/b.jpg"]},
    PAINT,
    {**PAINT, "mask": {"url": IMAGE}},
    {**PAINT, "mask": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    {**PAINT, "mask": {"url": "iVBORw0KGgo="}},
    {**PAINT, **area(points=[0, 0, 512, 0, 512, 512, 0, 512])},
    VARY,
    {**VARY, "prompt": "more fog", "type": 1, "imageIndex": 3, "speed": "turbo", "version": None},
    {**UPSCALE, "type": 3},
]


@pytest.mark.parametrize("changes", RIGHT)
async def test_what_the_documents_allow_is_accepted(gate, changes):
    """The edges of the documented ranges are inside."""
    assert (await gate.submit(changes)).status_code == 200


async def test_extra_modes_can_be_enabled(gates):
    """Once enabled, a mode that needs the gateway's consent runs as a variation of its parent."""
    gate = gates(extra_modes=True)
    parent = await gate.finished()
    child = await gate.finished({"mode": "reroll", "taskId": parent["taskId"]})
    assert child["state"] == "success"


async def test_misspelt_fields_are_ignored_but_counted(gate):
    """A field that the gateway does not know changes nothing, and the control endpoint tells of it."""
    await gate.accepted({"aspect_ratio": "16:9", "chaso": 5})
    await gate.accepted({"aspect_ratio": "16:9"}, seed=4)
    stats = (await gate.http.get("/_simulator")).json()
    assert stats["ignored_fields"] == {"aspect_ratio": 2, "chaso": 1, "seed": 1}


async def test_other_paths_are_404_in_the_envelope(gate):
    """Another model, another path and a wrong method are refused in the gateway's own form."""
    for path in ("/api/v1/statusTask/flux", "/api/v1/generateTask/flux", "/", "/apixo/api/v2"):
        reply = await gate.http.get(path)
        assert reply.status_code == 404
        assert reply.json() == {"code": 404, "message": "Not Found", "data": None}
    assert (await gate.http.get("/api/v1/generateTask/midjourney")).json()["code"] == 405


async def test_status_of_nothing(gate):
    """A status without an id is a 400, of an unknown id a 404."""
    path = "/api/v1/statusTask/midjourney"
    assert (await gate.http.get(path)).status_code == 400
    assert (await gate.http.get(path, params={"taskId": "task_0"})).json()["code"] == 404


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic right", "right", "Bearer wrong", "Bearer rïght"]
)
async def test_the_key_is_checked(gates, header):
    """Every endpoint of the gateway wants exactly the configured key."""
    gate = gates(api_key="right")
    del gate.http.headers["Authorization"]
    headers = {} if header is None else {"Authorization": header.encode()}
    for method, path in (
        ("POST", "/api/v1/generateTask/midjourney"),
        ("GET", "/api/v1/statusTask/midjourney?taskId=x"),
        ("GET", "/apixo/api/v1/apikeys/current-balance"),
    ):
        reply = await gate.http.request(method, path, headers=headers)
        assert reply.status_code == 401
        assert reply.json() == {"code": 401, "message": "Invalid or missing API key", "data": None}


async def test_the_right_key_opens(gates):
    """The configured key is accepted; with none configured any key is."""
    gate = gates(api_key="right")
    gate.http.headers["Authorization"] = "Bearer right"
    assert (await gate.submit()).status_code == 200
    assert (await gates().submit()).status_code == 200
