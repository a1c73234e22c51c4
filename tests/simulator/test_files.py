"""Pictures over HTTP: the same bytes each time, from the record alone, for fifteen days."""

from __future__ import annotations

import io

import pytest

pytestmark = pytest.mark.anyio

DAY = 24 * 3600


def picture(reply):
    """Decode a reply's picture."""
    image = pytest.importorskip("PIL.Image")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert int(reply.headers["Content-Length"]) == len(reply.content)
    return image.open(io.BytesIO(reply.content))


async def test_pictures_can_be_fetched_without_a_key(gate, urls):
    """The four pictures differ, have the asked shape and need no key."""
    found = urls(await gate.finished({"aspect": "2:1"}))
    del gate.http.headers["Authorization"]
    replies = [await gate.http.get(url) for url in found]
    assert {picture(reply).size for reply in replies} == {(128, 64)}
    assert len({reply.content for reply in replies}) == 4


async def test_a_picture_stays_the_same(gates, urls, tmp_path):
    """A restarted simulator draws the same bytes again; a repeat of the request gets others."""
    gate = gates(state=tmp_path / "state.sqlite")
    first, repeat = urls(await gate.finished())[0], urls(await gate.finished())[0]
    content = (await gate.http.get(first)).content
    assert content != (await gate.http.get(repeat)).content
    gate.world.close()
    again = gates(state=tmp_path / "state.sqlite")
    assert (await again.http.get(first)).content == content


async def test_follow_ups_are_drawn_from_their_parents(gate, urls):
    """A variation has its parent's shape, an upscale twice or four times its size, an edit its canvas's."""
    parent = (await gate.finished({"aspect": "3:2"}))["taskId"]
    link = {"taskId": parent, "imageIndex": 1, "type": 0}
    variation = urls(await gate.finished({"mode": "vary", **link}))
    assert picture(await gate.http.get(variation[3])).size == (96, 64)
    upscale = urls(await gate.finished({"mode": "upscale", **link}))
    assert picture(await gate.http.get(upscale[0])).size == (192, 128)
    paint = {
        "mode": "upload-paint",
        "image_urls": [upscale[0]],
        "mask": {"areas": [{"width": 192, "height": 128, "points": [0, 0, 192, 0, 192, 128]}]},
        "canvas": {"width": 400, "height": 200},
        "imgPos": {"width": 192, "height": 128, "x": 4, "y": 36},
    }
    edit = urls(await gate.finished(paint))
    assert picture(await gate.http.get(edit[0])).size == (128, 64)


async def test_an_area_is_counted_from_the_image_or_from_the_canvas(gate):
    """Polygons are kept in 0..1 of the canvas: an area as large as the canvas spans it, any other the image on it."""
    regions = []
    for width, height in ((100, 100), (400, 200)):
        mask = {"areas": [{"width": width, "height": height, "points": [0, 0, width, 0, width, height]}]}
        place = {"width": 200, "height": 100, "x": 100, "y": 50}
        fields = {"canvas": {"width": 400, "height": 200}, "imgPos": place, "mask": mask}
        paint = {"mode": "upload-paint", "image_urls": ["https://example.com/a.png"], **fields}
        regions.append(gate.world.store.task(await gate.accepted(paint)).drawing.region)
    assert regions == [
        (((0.25, 0.25), (0.75, 0.25), (0.75, 0.75)),),
        (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),),
    ]


async def test_own_pictures_are_recognised_on_any_port(gate, urls):
    """An edit of one of our own pictures is drawn from its record, wherever its URL was made; others are imagined."""
    own = urls(await gate.finished())[2].replace("gate.test", "127.0.0.1:1234/apixo")
    fields = {
        "mode": "upload-paint",
        "mask": {"url": "https://example.com/mask.png"},
        "canvas": {"width": 64, "height": 64},
        "imgPos": {"width": 64, "height": 64, "x": 0, "y": 0},
    }
    ours = gate.world.store.task(await gate.accepted({**fields, "image_urls": [own]})).drawing
    theirs = gate.world.store.task(
        await gate.accepted({**fields, "image_urls": ["https://example.com/b.png"]})
    ).drawing
    assert (ours.source[1], ours.original) == (2, "")
    assert (theirs.source, theirs.original) == (None, "https://example.com/b.png")


async def test_files_that_are_not_there(gate):
    """Unfinished and failed tasks, unknown ones and a fifth picture have no file."""
    running = await gate.accepted()
    assert (await gate.http.get(f"/files/{running}/0.jpg")).status_code == 404
    gate.clock.advance(60)
    assert (await gate.http.get(f"/files/{running}/4.jpg")).status_code == 404
    failed = (await gate.finished({"prompt": "gore"}))["taskId"]
    for path in (
        f"/files/{failed}/0.jpg",
        "/files/task_0/0.jpg",
        f"/files/{running}/x.jpg",
        "/files/..%2f..%2fetc/0.jpg",
    ):
        assert (await gate.http.get(path)).status_code == 404


async def test_pictures_expire(gate, urls):
    """After fifteen days of gateway time a picture is gone, while its task is still known."""
    done = await gate.finished()
    url = urls(done)[0]
    gate.clock.advance(15 * DAY - 60)
    assert (await gate.http.get(url)).status_code == 200
    gate.clock.advance(60)
    assert (await gate.http.get(url)).status_code == 410
    assert (await gate.status(done["taskId"]))["state"] == "success"


async def test_a_sweep_shows_its_parameter(gate, urls):
    """One prompt keeps its composition while a parameter changes a little; the same request again looks more different."""

    async def seen(**changes):
        url = urls(await gate.finished(changes))[0]
        return picture(await gate.http.get(url)).resize((8, 8)).tobytes()

    first, near, again = await seen(stylize=100), await seen(stylize=120), await seen(stylize=100)
    assert _distance(first, near) < _distance(first, again)


def _distance(one, other):
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))
