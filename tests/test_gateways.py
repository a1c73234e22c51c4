"""One notebook, any gateway: the same calls on each of them, over real sockets against the simulator."""

from __future__ import annotations

import asyncio
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image as Pillow

import mjnb
from mjnb import Mask, TextToImage, errors
from mjnb.clips import is_clip, poster_path
from mjnb.modes import MODES

if TYPE_CHECKING:
    from collections.abc import Callable

GATEWAYS = ("apixo", "apixo-reference", "acedata", "apimart")
FOLLOWING = ("acedata", "apimart")


@pytest.fixture
def at(simulator, session) -> Callable[..., mjnb.Session]:
    """Open a session with one of the gateways of a simulator: `at("acedata")`, or on a server of one's own."""

    def make(gateway: str, server: Any = None, **options: Any) -> mjnb.Session:
        server = server or simulator()
        speed = server.stats()["speed"]
        base = f"{server.url}/{gateway}"
        return session(gateway=f"simulator:{gateway}", base_url=base, time_scale=speed, **options)

    return make


@pytest.fixture(autouse=True)
def no_advice():
    """Leave advice aside: here it is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.AdviceWarning)
        yield


# -- the same everywhere -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_same_call(at, gateway):
    """Four pictures come from any gateway for the same words and settings, under the gateway's own name."""
    mj = at(gateway)
    task = mj.imagine("a fox --chaos 20 --v 7", aspect="16:9").result()
    assert (task.gateway, task.simulated, task.request.chaos) == (gateway, True, 20)
    assert [image.path.exists() for image in task.images] == [True] * 4
    assert task.images[0].width > task.images[0].height
    assert task.cost_time_s > 0
    again = mj.imagine("a fox", chaos=20, version=7, aspect="16:9", reuse=True).result()
    assert again.id == task.id


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_same_sweep(at, gateway):
    """A sweep runs on any gateway; its frame has the same columns and knows the gateway."""
    mj = at(gateway, prices={"text-to-image": 0.01})
    frame = (
        mjnb.Sweep("a fox", chaos=[0, 50], stylize=[0, 500], version=["v7"])
        .start(mj, budget=1)
        .result(timeout=60)
    )
    assert len(frame) == 4
    assert set(frame["state"]) == {"success"}
    assert set(frame["gateway"]) == {gateway}
    assert {"chaos", "stylize", "cost_time_s", "price_usd", "images"} <= set(frame.columns)


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("mode", MODES)
def test_what_is_not_there_is_refused(at, gateway, mode):
    """A mode that a gateway does not have is refused before anything is sent, naming those that do."""
    dialect = mjnb.Session("simulator:" + gateway, quiet=True, store="elsewhere").dialect
    if mode in dialect.modes:
        assert set(dialect.takes[mode]) <= set(MODES[mode].model_fields)
        return
    able = [name for name in GATEWAYS if mjnb.capabilities().loc[("mode", mode), name]]
    with pytest.raises(errors.UnsupportedError, match="Nothing was sent") as caught:
        at(gateway).draw(_example(mode))
    assert list(caught.value.gateways) == able


def _example(mode: str) -> mjnb.RawRequest:
    links = ["https://example.com/a.png", "https://example.com/b.png"]
    mask = Mask.box(0, 0, 9, 9, size=(20, 20))
    some: dict[str, Any] = {
        "prompt": "a fox", "task_id": "task_1", "image_index": 0, "strength": "strong", "kind": "2x", "ratio": "2x",
        "direction": "left", "mask": mask, "canvas": {"width": 20, "height": 20},
        "img_pos": {"width": 20, "height": 20, "x": 0, "y": 0},
    }  # fmt: skip
    model = MODES[mode]
    some["image_urls"] = links if mode in {"blend", "image-to-image", "edit"} else links[:1]
    needed = {name for name, info in model.model_fields.items() if info.is_required()}
    needed |= {"task_id", "image_index"} if mode == "video" else set()
    return model(**{name: some[name] for name in needed})


def test_a_field_that_is_not_there(at):
    """A field that a gateway does not take is refused with the gateways that do."""
    with pytest.raises(errors.UnsupportedError, match="acedata, apimart") as caught:
        at("apixo").imagine("a fox", seed=7)
    assert caught.value.field == "seed"
    with pytest.raises(errors.InvalidRequest, match="nearest valid value: 'v7'"):
        at("apixo").imagine("a fox", version="8.1")


# -- going on ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", FOLLOWING)
def test_going_on(at, gateway):
    """Upscale, vary, reroll, zoom and pan work wherever they are, counted from 0; each row knows its parent."""
    mj = at(gateway)
    task = mj.imagine("a fox", version="v7").result()
    single = mj.upscale(task, 3).result()
    assert len(single.images) == 1
    jobs = [
        mj.vary(task, 1, "strong"), mj.reroll(task), mj.zoom(single, 0, "2x"), mj.pan(single, 0, "left"), mj.vary(single, 0),
    ]  # fmt: skip
    found = [job.result(timeout=60) for job in jobs]
    assert [len(one.images) for one in found] == [4] * 5
    assert found[3].images[0].width > found[2].images[0].width
    parents = mj.history().set_index("task_id")["parent"]
    assert [parents[one.id] for one in found] == [task.id, task.id, single.id, single.id, single.id]


@pytest.mark.parametrize(
    ("gateway", "allowed"),
    [("acedata", "Upscale one of its pictures"), ("apimart", "Upscale one of them first")],
)
def test_what_the_parent_does_not_offer(at, gateway, allowed):
    """A follow-up that its parent does not offer is refused before anything is sent, saying what it offers."""
    mj = at(gateway)
    task = mj.imagine("a fox", version="v7").result()
    with pytest.raises(errors.InvalidRequest, match=allowed):
        mj.draw(mjnb.Inpaint(task_id=task.id, image_index=0, prompt="a hat", mask=_left_half(task)))
    assert len(mj.history()) == 1


def test_a_parent_that_the_ledger_does_not_know(at, simulator, tmp_path):
    """A task that was made elsewhere is asked after once, and then gone on from."""
    server = simulator()
    task = at("acedata", server).imagine("a fox").result()
    other = at("acedata", server, store=tmp_path / "other")
    assert len(other.upscale(task.id, 2).result().images) == 1
    with pytest.raises(errors.InvalidRequest, match="does not"):
        other.upscale("00000000-0000-4000-8000-000000000000", 2).result()


@pytest.mark.parametrize("gateway", ["apixo", *FOLLOWING])
def test_painting_a_part_anew(at, gateway):
    """What lies outside the mask stays as it was on every gateway, in whatever form its mask travels."""
    mj = at(gateway)
    task = mj.imagine("a fox", version="v7").result()
    single = task if gateway == "apixo" else mj.upscale(task, 0).result()
    painted = mj.inpaint(single.images[0], "a lighthouse", _left_half(single)).result()
    with Pillow.open(single.images[0].path) as before, Pillow.open(painted.images[0].path) as after:
        size = before.size
        right = (size[0] * 3 // 4, size[1] // 4, size[0] - 2, size[1] // 2)
        assert after.size == size
        assert _far(before.crop(right), after.crop(right)) < 6
        assert (
            _far(before.crop((0, 0, size[0] // 2, size[1])), after.crop((0, 0, size[0] // 2, size[1]))) > 3
        )


def _left_half(task: mjnb.Task) -> Mask:
    width, height = task.images[0].width, task.images[0].height
    return Mask.box(0, 0, width // 2, height, size=(width, height))


def _far(one: Pillow.Image, other: Pillow.Image) -> float:
    pairs = zip(one.convert("L").tobytes(), other.convert("L").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height)


def test_the_second_half_is_sent_after_a_restart(at, simulator, tmp_path):
    """A request of two halves whose kernel died between them is completed by the next one, and charged once."""
    server = simulator()
    first = at("apimart", server)
    single = first.upscale(first.imagine("a fox", version="v7").result(), 0).result()
    request = mjnb.Inpaint(task_id=single.id, image_index=0, prompt="a hat", mask=_left_half(single))
    left = first.submit(request).result()
    first.close().result()
    second = at("apimart", server)
    (task,) = second.resume().result(timeout=60)
    assert (task.id, task.state.value, len(task.images)) == (left.id, "success", 4)
    assert server.stats()["charged"] == 3


# -- words and clips -----------------------------------------------------------------------------------------------


def test_words(at):
    """Describe, shorten, translate and seed answer in words, which are in the task and stay in the ledger."""
    mj = at("acedata")
    task = mj.imagine("a fox in the deep snow", seed=7).result()
    told = mj.describe(task.images[0]).result()
    assert len(told.texts) == 4
    assert told.text.count("\n") == 3
    assert mj.shorten("a very long prompt about a fox").result().texts
    assert mj.translate("狐狸").result().text
    assert mj.seed(task).result().text == "7"
    assert mj.seed(task).result().id == mj.seed(task).result().id
    assert mj.task(told.id).texts == told.texts
    assert told.texts[0] in told._repr_html_() or "&" in told._repr_html_()


@pytest.mark.parametrize("gateway", FOLLOWING)
def test_clips(at, gateway):
    """A video task gives clips, each with a still picture beside it from which thumbnails are made."""
    mj = at(gateway)
    task = mj.imagine("a fox", version="v7").result()
    film = mj.video(task, 0, motion="low").result()
    paths = [image.path for image in film.images]
    assert paths
    assert repr(film).endswith((" clip>", " clips>"))
    assert all(is_clip(path) and poster_path(path).exists() for path in paths)
    assert film.images[0].thumb.exists()
    assert film.images[0].width > 0
    html = mj.history().mj.thumbs()._repr_html_()
    assert html.count("data:image") >= 5


# -- pictures of this machine --------------------------------------------------------------------------------------


def test_a_local_picture(at, tmp_path):
    """A file is uploaded where a gateway takes files, once for many tasks, and named by its bytes in the ledger."""
    path = tmp_path / "mine.png"
    Pillow.new("RGB", (40, 30), "red").save(path)
    mj = at("apimart")
    jobs = [mj.imagine(f"a fox {i}", [path]) for i in range(3)]
    tasks = [job.result(timeout=60) for job in jobs]
    assert all(task.state.value == "success" for task in tasks)
    ledger = mj.history()["image_urls"].astype(str).tolist()
    assert len(set(ledger)) == 1
    assert str(tmp_path) not in ledger[0]
    path.unlink()
    assert mj.imagine("a fox again", [next(iter(tasks[0].request.image_urls))]).result().images


@pytest.mark.parametrize("gateway", ["apixo", "acedata"])
def test_a_local_picture_where_none_is_taken(at, gateway, tmp_path):
    """Elsewhere a file is refused with the reason and the gateways that take files; nothing is sent."""
    path = tmp_path / "mine.png"
    Pillow.new("RGB", (40, 30), "red").save(path)
    with pytest.raises(errors.UnsupportedError, match="fetches pictures itself") as caught:
        at(gateway).imagine("a fox", [path])
    assert caught.value.gateways == ("apimart",)


# -- waiting and paying --------------------------------------------------------------------------------------------


def test_one_request_for_many_tasks(at, simulator):
    """On a gateway that tells of several tasks at once a sweep's tasks are asked after together."""
    server = simulator(speed=60)
    mj = at("acedata", server, prices={"text-to-image": 0.01}, concurrency=30)
    run = mjnb.Sweep("a fox", chaos=range(0, 90, 3)).start(mj, budget=1)
    assert set(run.result(timeout=120)["state"]) == {"success"}
    assert server.stats()["requests"]["status"] < 2 * 30  # each alone would be asked after some ten times


def test_a_stream_tells_progress(at, simulator):
    """A task that is waited for over its own connection is told in steps with unfinished pictures, and asked after at its end alone."""
    server = simulator()
    mj = at("acedata", server, stream=True)
    seen: list[tuple[Any, str]] = []
    task = mj.draw(
        TextToImage(prompt="a fox"), on_change=lambda now: seen.append((now.progress, now.preview))
    ).result()
    assert len(task.images) == 4
    steps = [progress for progress, _ in seen if progress is not None]
    assert len(steps) >= 2
    assert steps == sorted(steps)
    assert any(preview for _, preview in seen)
    assert server.stats()["requests"]["status"] == 1
    assert "preview" not in json.dumps(mj.history().astype(str).to_dict())


@pytest.mark.parametrize("fault", [None, "status:500"])
def test_a_stream_tells_no_times(at, simulator, fault):
    """The times that the last line does not tell are asked for once, so that frames are the same; without them the task is whole."""
    server = simulator()
    mj = at("acedata", server, stream=True)
    if fault:
        server.faults.add(on="status", kind=fault, times=None)
    assert len(mj.imagine("a fox").result(timeout=60).images) == 4
    row = mj.history().iloc[0]
    told = row[["cost_time_s", "queue_time_s", "lag_s", "expires"]].notna()
    assert told.all() if fault is None else not told.any()
    assert row["state"] == "success"


def test_a_stream_that_breaks(at, simulator):
    """When the connection breaks in the middle, the task is asked after instead; it is charged once."""
    server = simulator()
    server.faults.add(on="submit", kind="truncate")
    mj = at("acedata", server, stream=True)
    assert len(mj.imagine("a fox").result(timeout=60).images) == 4
    stats = server.stats()
    assert stats["charged"] == 1
    assert stats["requests"]["status"] > 0


def test_a_stream_that_never_began(at, simulator):
    """When it breaks before it has named the task, and no list has it, the outcome is unknown and nothing is sent again."""
    server = simulator()
    server.faults.add(on="submit", kind="drop")
    mj = at("acedata", server, stream=True)
    with pytest.raises(errors.UnknownOutcome):
        mj.imagine("a fox").result(timeout=60)
    assert server.stats()["requests"]["submit"] == 1
    assert mj.history()["state"].tolist() == ["unknown"]


def test_a_price_that_is_read_back(at):
    """What the gateway says it has charged replaces the estimate in the ledger."""
    mj = at("apimart", prices={"text-to-image": 9.0})
    task = mj.imagine("a fox", version="v7").result()
    assert task.price_usd == pytest.approx(0.04504)


def test_billing_keys_as_prices(at):
    """Prices may be given by the gateway's own billing keys, the most exact one first."""
    mj = at("apimart", prices={"midjourney@imagine-v7-fast": 0.5, "midjourney@imagine": 0.25})
    price = mj.price_micro
    assert price(TextToImage(prompt="a fox", version="v7", speed="fast")) == 500_000
    assert price(TextToImage(prompt="a fox", version="v6.1")) == 250_000
    with pytest.raises(errors.SetupError, match="midjourney@imagin"):
        at("apimart", prices={"midjourney@imagin": 1})


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_money_runs_out(at, simulator, gateway):
    """Where no money is left a task is refused as such, wherever that is; nothing is charged, and frames say so."""
    server = simulator(credit_usd=0.0)
    mj = at(gateway, server, prices={"text-to-image": 0.5})
    with pytest.raises(errors.InsufficientCredits):
        mj.imagine("a fox").result(timeout=60)
    assert server.stats()["charged"] == 0
    frame = mj.history()
    assert frame[["state", "price_usd"]].values.tolist() == [["refused", 0.0]]
    assert frame.mj.stats()["spent"].tolist() == [frame["price_usd"].sum()]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_moderation(at, gateway):
    """A prompt that moderation does not let through ends in a `ContentViolation` everywhere."""
    with pytest.raises(errors.ContentViolation):
        at(gateway).imagine("a fox, gore").result(timeout=60)


def test_the_clock_of_together():
    """Whoever asks within the same few seconds is asked for with one request; an error is everybody's."""
    from mjnb.client.asking import Answer, Together
    from mjnb.gateways.base import Status
    from mjnb.polling import Clock

    asked: list[list[str]] = []

    async def send(ids: list[str]) -> dict[str, Any]:
        asked.append(ids)
        if len(asked) == 2:
            raise errors.ConnectionFailed("no")
        return {one: Answer(Status(mjnb.TaskState.PENDING), one) for one in ids if one != "lost"}

    async def main() -> None:
        together = Together(send, Clock(1000), most=3)
        found = await asyncio.gather(*(together.ask(one) for one in ("a", "b", "a")))
        assert [one.raw for one in found] == ["a", "b", "a"]
        failed = await asyncio.gather(*(together.ask(one) for one in "ab"), return_exceptions=True)
        assert all(isinstance(one, errors.ConnectionFailed) for one in failed)
        found = await asyncio.gather(
            *(together.ask(one) for one in ("a", "b", "c", "d", "lost")), return_exceptions=True
        )
        assert isinstance(found[-1], errors.UnknownTask)
        together.close()

    asyncio.run(main())
    assert [sorted(ids) for ids in asked] == [["a", "b"], ["a", "b"], ["a", "b", "c"], ["d", "lost"]]


@pytest.mark.parametrize("kind", ["mode", "field"])
def test_the_readmes_table(kind):
    """The README's tables of modes and fields are the ones that `capabilities` gives."""
    from mjnb.capability import as_markdown

    assert as_markdown(kind) in (Path(__file__).parent.parent / "README.md").read_text()


# -- one store, several gateways -----------------------------------------------------------------------------------


def test_gateways_keep_out_of_each_others_tasks(at, simulator):
    """A session takes up its own gateway's tasks alone; another one's are refused by name and stay as they are."""
    server = simulator()
    ace, mart = at("acedata", server), at("apimart", server)
    task = ace.submit(TextToImage(prompt="a fox")).result()
    assert mart.resume().result() == []
    with pytest.raises(errors.InvalidRequest, match="this one is of acedata"):
        mart.wait(task).result()
    assert ace.wait(task).result().state.value == "success"


def test_a_task_that_was_lost_for_a_moment(at, simulator):
    """A 404 in between does not make a paid task a lost one; and one that was given up on is asked after once more."""
    server = simulator()
    mj = at("apimart", server)
    server.faults.add(on="status", kind="status:404", times=3)
    task = mj.imagine("a fox").result(timeout=60)
    assert len(task.images) == 4
    mj.store.lost(mj.store.by_task(task.id).row, "gone")
    other = mj.submit(TextToImage(prompt="an owl")).result()
    mj.store.lost(mj.store.by_task(other.id).row, "gone")
    assert mj.task(other.id).fail_code == "UNKNOWN_TASK"
    assert len(mj.wait(other).result(timeout=60).images) == 4


def test_a_key_for_each_row(at, simulator, tmp_path):
    """Equal requests in two ledgers are two tasks, though a gateway honours the key that goes with each."""
    server = simulator()
    first = at("apimart", server).imagine("a fox").result()
    second = at("apimart", server, store=tmp_path / "other").imagine("a fox").result()
    assert first.id != second.id


@pytest.mark.parametrize("kind", ["status:503", "status:429"])
def test_a_second_half_that_is_refused_for_now(at, simulator, kind):
    """Where the gateway is too busy for the second half of a request it is sent again, and the task ends well."""
    server = simulator()
    mj = at("apimart", server)
    single = mj.upscale(mj.imagine("a fox", version="v7").result(), 0).result()
    server.faults.add(on="submit", kind=kind, after=1)
    request = mjnb.Inpaint(task_id=single.id, image_index=0, prompt="a hat", mask=_left_half(single))
    assert len(mj.draw(request).result(timeout=60).images) == 4
    assert server.stats()["charged"] == 3


def test_a_second_half_of_which_nobody_knows(at, simulator):
    """A second half whose answer was lost is not sent again; the task tells by itself how it went."""
    server = simulator()
    mj = at("apimart", server)
    single = mj.upscale(mj.imagine("a fox", version="v7").result(), 0).result()
    server.faults.add(on="submit", kind="accept_then_drop", after=1)
    before = server.stats()["requests"]["submit"]
    request = mjnb.Inpaint(task_id=single.id, image_index=0, prompt="a hat", mask=_left_half(single))
    assert len(mj.draw(request).result(timeout=60).images) == 4
    assert server.stats()["requests"]["submit"] == before + 2


def test_literal_braces(at):
    """Escaped braces and commas are read once: what is sent is what was meant."""
    mj = at("apixo")
    task = mj.imagine(r"a \{red, blue\} bird").result()
    assert task.request.prompt == "a {red, blue} bird"


def test_a_stream_that_falls_silent(at, simulator):
    """The user's patience holds for a stream as well."""
    mj = at("acedata", simulator(speed=60), stream=True, timeout=20.0)
    with pytest.raises(errors.TaskTimeout):
        mj.imagine("a fox").result(timeout=30)
