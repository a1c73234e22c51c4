"""Pictures over HTTP: the same bytes each time, from the record alone, for fifteen days."""

from __future__ import annotations

import io

import pytest

from mjnb.simulator.tasks import Drawing, Order, Phase

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


def order(gate, drawing, **changes):
    """Have a task accepted and let it come to its end."""
    values = {"price": 1, "seconds": (30, 45), **changes}
    task = gate.world.accept("a", Order("test", drawing, **values))
    gate.clock.advance(60)
    return task


async def shown(gate, task, name="0.jpg"):
    """Fetch a task's picture."""
    return picture(await gate.http.get(f"/files/{task.id}/{name}"))


@pytest.mark.parametrize("prefix", ["", "/apixo", "/apixo-reference", "/acedata", "/apimart"])
async def test_every_gateway_has_files(gate, prefix):
    """The files of a task are the same under the prefix of each gateway."""
    task = order(gate, Drawing("a cat"), id_form="uuid")
    for name in ("3.jpg", "sheet.jpg"):
        here = await gate.http.get(f"{prefix}/files/{task.id}/{name}")
        assert here.content == (await gate.http.get(f"/files/{task.id}/{name}")).content


async def test_a_sheet_is_its_four_pictures(gate):
    """The sheet holds the four pictures two by two in full size; of a single picture it is that picture."""
    task = order(gate, Drawing("a cat", aspect="2:1", chaos=100))
    sheet = await shown(gate, task, "sheet.jpg")
    assert sheet.size == (256, 128)
    for index in range(4):
        one = await shown(gate, task, f"{index}.jpg")
        left, top = index % 2 * 128, index // 2 * 64
        part = sheet.crop((left, top, left + 128, top + 64))
        assert _distance(part.tobytes(), one.tobytes()) < 6 * len(one.tobytes())
    single = order(gate, Drawing("", source=(task.id, 1), change="crop"), pictures=1)
    assert (await shown(gate, single, "sheet.jpg")) == (await shown(gate, task, "1.jpg"))


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("width=64&height=32", (64, 32)),
        ("width=64", (64, 32)),
        ("height=32&ex=1&hm=ab", (64, 32)),
        ("width=1000&height=1000", (256, 128)),
        ("width=0&height=-3", (256, 128)),
        ("width=x", (256, 128)),
        ("ex=68", (256, 128)),
    ],
)
async def test_a_thumbnail(gate, query, size):
    """A sheet is scaled down until it fits, never up, and other query parameters mean nothing."""
    task = order(gate, Drawing("a cat", aspect="2:1"))
    assert (await shown(gate, task, f"sheet.jpg?{query}")).size == size


async def test_previews_live_as_long_as_the_task_runs(gate):
    """A preview gets sharper with its percent and is gone when the task is over."""
    image = pytest.importorskip("PIL.Image")
    task = gate.world.accept("a", Order("test", Drawing("a lighthouse at dusk"), 1, (30, 45)))
    detail = []
    for percent in (0, 50, 95):
        reply = await gate.http.get(f"/acedata/files/{task.id}/preview-{percent}.webp")
        assert (reply.status_code, reply.headers["Content-Type"]) == (200, "image/webp")
        seen = image.open(io.BytesIO(reply.content))
        assert (seen.format, seen.size) == ("WEBP", (128, 128))
        grey = seen.convert("L").tobytes()
        detail.append(_distance(grey[1:], grey[:-1]))
    assert detail == sorted(detail)
    assert detail[-1] > 2 * detail[0]
    gate.clock.advance(60)
    assert (await gate.http.get(f"/files/{task.id}/preview-50.webp")).status_code == 404
    assert (await gate.http.get("/files/nobody/preview-50.webp")).status_code == 404


async def test_a_waiting_task_shows_nothing(gate):
    """Before its second half has come a task has neither a preview nor a picture."""
    task = gate.world.accept("a", Order("test", Drawing("a cat"), 1, (30, 45), waits=True))
    for name in ("preview-0.webp", "0.jpg", "sheet.jpg"):
        assert (await gate.http.get(f"/files/{task.id}/{name}")).status_code == 404


async def test_words_have_no_picture(gate):
    """A task that gives words has no files, and one that gives pictures no clips."""
    words = order(gate, Drawing("a cat"), kind="text", texts=("a cat",), seconds=(0, 0))
    pictures = order(gate, Drawing("a cat"))
    for path in (f"{words.id}/0.jpg", f"{words.id}/sheet.jpg", f"{pictures.id}/0.webm"):
        assert (await gate.http.get(f"/files/{path}")).status_code == 404


async def test_files_live_as_long_as_the_gateway_says(gate):
    """Pictures, sheets and clips of a task expire when its own file life is over."""
    task = order(gate, Drawing("a cat"), seconds=(60, 60), file_life=72 * 3600.0)
    gate.clock.advance(72 * 3600)
    assert (await gate.http.get(f"/files/{task.id}/sheet.jpg")).status_code == 200
    gate.clock.advance(1)
    for name in ("0.jpg", "sheet.jpg"):
        assert (await gate.http.get(f"/files/{task.id}/{name}")).status_code == 410


async def test_an_upload_can_be_fetched(gate):
    """What was uploaded comes back as it was, as what its name says, until its life is over."""
    name = gate.world.keep_upload("a", b"\x89PNG data", ".png", 3600)
    reply = await gate.http.get(f"/apimart/files/uploads/{name}")
    assert (reply.content, reply.headers["Content-Type"]) == (b"\x89PNG data", "image/png")
    gate.clock.advance(3601)
    assert (await gate.http.get(f"/files/uploads/{name}")).status_code == 410
    assert (await gate.http.get("/files/uploads/nothing.png")).status_code == 404


async def test_a_seed_fixes_the_dice(gate):
    """Equal settings with an equal seed give an equal picture, whatever came before; another seed gives another one."""
    first = await shown(gate, order(gate, Drawing("a cat", seed=5)))
    order(gate, Drawing("a cat"))
    again = await shown(gate, order(gate, Drawing("a cat", seed=5)))
    other = await shown(gate, order(gate, Drawing("a cat", seed=6)))
    assert first == again != other


async def test_a_blend_shows_what_it_blends(gate):
    """Without a prompt a picture is made of its references: others give another picture, the same ones on any port the same."""
    fox, tower = order(gate, Drawing("a red fox in snow")), order(gate, Drawing("a lighthouse"))

    def blend(*tasks, host="http://gate.test"):
        return Drawing("", seed=1, references=tuple(f"{host}/files/{task.id}/0.jpg" for task in tasks))

    one = await shown(gate, order(gate, blend(fox, tower)))
    moved = await shown(gate, order(gate, blend(fox, tower, host="http://127.0.0.1:99/apimart")))
    other = await shown(gate, order(gate, blend(tower, fox)))
    assert one == moved != other
    strangers = [Drawing("", references=(f"https://example.com/{name}",)) for name in ("1.png", "2.png")]
    assert (await shown(gate, order(gate, strangers[0]))) != (await shown(gate, order(gate, strangers[1])))


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-", 206, slice(0, None)),
        ("bytes=10-19", 206, slice(10, 20)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=7-99999999", 206, slice(7, None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=9-3", 416, slice(0, 0)),
        ("bytes=-", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("", 200, slice(None)),
    ],
)
async def test_a_part_of_a_clip(gate, wanted, status, part):
    """A player may fetch a range of a clip's bytes."""
    url = f"/files/{order(gate, Drawing('a cat'), kind='video').id}/0.webm"
    whole = (await gate.http.get(url)).content
    reply = await gate.http.get(url, headers={"Range": wanted})
    assert (reply.status_code, reply.content) == (status, whole[part])
    assert reply.headers["Accept-Ranges"] == "bytes"
    if status == 206:
        span, _, length = reply.headers["Content-Range"].removeprefix("bytes ").partition("/")
        first, last = map(int, span.split("-"))
        assert (whole[first : last + 1], int(length)) == (reply.content, len(whole))


@pytest.mark.parametrize("name", ["0.jpg", "sheet.jpg", "sheet.jpg?width=40&height=40"])
async def test_a_part_of_a_picture(gate, name):
    """Pictures are served in ranges as clips are; their head tells it."""
    url = f"/files/{order(gate, Drawing('a cat')).id}/{name}"
    whole = await gate.http.get(url)
    part = await gate.http.get(url, headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, whole.content[:100])
    assert part.headers["Content-Range"] == f"bytes 0-99/{len(whole.content)}"
    head = await gate.http.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Accept-Ranges"] == whole.headers["Accept-Ranges"] == "bytes"


async def test_a_clip_and_its_poster(gate):
    """A clip of a picture begins with it, and each clip of a task moves its own way, farther when asked to."""
    start = order(gate, Drawing("a cat", aspect="2:1"))
    clips = {}
    for motion in ("low", "high"):
        drawing = Drawing("it walks", source=(start.id, 2), motion=motion)
        task = order(gate, drawing, kind="video", pictures=2)
        assert (await shown(gate, task, "1.jpg")) == (await shown(gate, start, "2.jpg"))
        for index in range(2):
            reply = await gate.http.get(f"/files/{task.id}/{index}.webm")
            assert (reply.status_code, reply.headers["Content-Type"]) == (200, "video/webm")
            clips[motion, index] = reply.content
        for name in ("2.webm", "sheet.jpg", "preview-5.webp"):
            assert (await gate.http.get(f"/files/{task.id}/{name}")).status_code == 404
        assert task.phase(gate.world.now()) is Phase.SUCCESS
    assert len(set(clips.values())) == 4
