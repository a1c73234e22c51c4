"""What belongs to another gateway, is no picture, or is a value that only others take: refused with the way out, unsent."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

import mjnb
from mjnb import Mask, RawRequest, TextToImage, Upscale, errors
from mjnb.tasks import Image, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLIP = "https://example.com/fox.webm"
SQUARE = Mask.box(0, 0, 32, 32, size=(64, 64))


@pytest.fixture
def at(simulator, session) -> Callable[[str], mjnb.Session]:
    """Open sessions with the gateways of one simulator, on one store."""
    server = simulator()
    speed = server.stats()["speed"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.AdviceWarning)
        yield lambda name, **options: session(
            gateway=f"simulator:{name}", base_url=f"{server.url}/{name}", time_scale=speed, **options
        )


def links(count: int) -> list[str]:
    """Name so many pictures."""
    return [f"https://example.com/{i}.png" for i in range(count)]


def refused(call: Callable[[], Any]) -> errors.InvalidRequest:
    """Return what a call is refused with, at once."""
    with pytest.raises(errors.InvalidRequest) as caught:
        call()
    return caught.value


# -- another gateway's task ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", ["apixo", "acedata"])
def test_a_task_of_another_gateway_is_not_gone_on_from(at, gateway):
    """A task, its id and a raw request with its id are refused at any other gateway, which hears nothing and writes no row."""
    theirs, mj = at("apimart"), at(gateway)
    task = theirs.imagine("a fox").result()
    rows, asks = len(mj.history()), [
        lambda: mj.upscale(task, 0),
        lambda: mj.vary(task.id, 0),
        lambda: mj.submit(Upscale(task_id=task.id, image_index=0, kind="standard")),
        lambda: mj.draw(RawRequest("reroll", taskId=task.id)),
        lambda: mj.wait(task),
    ]  # fmt: skip
    for ask in asks:
        error = refused(ask)
        assert (error.field, error.value) == ("task_id", task.id)
        assert f"a task of {mj.dialect.title}; this one is of apimart" in str(error)
        assert 'mjnb.Session("simulator:apimart") with the same store can.' in str(error)
    assert (len(mj.history()), mj.runner_now) == (rows, None)


def test_a_task_says_itself_whose_it_is(at):
    """A task of another gateway is refused even where the ledger has never heard of it."""
    theirs = Task("t", "acedata", simulated=False, request=None, state=TaskState.SUCCESS)
    error = refused(lambda: at("apixo").upscale(theirs, 0))
    assert 'mjnb.Session("acedata") with the same store can.' in str(error)


def test_another_gateways_picture_is_a_reference(at):
    """A picture of another gateway's task may be handed over, since it is a URL."""
    picture = at("apimart").imagine("a fox").result().images[0]
    task = at("apixo").imagine("a fox in snow", [picture]).result()
    assert task.request.image_urls == (picture.url,)


# -- values that others take -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gateway", "ask", "nearest", "takers"),
    [
        ("apixo-reference", lambda mj: mj.imagine("a", version="niji 7"), "v7", "apixo acedata apimart"),
        ("apixo-reference", lambda mj: mj.imagine("a", aspect="21:9"), "2:1", "acedata apimart"),
        ("apixo-reference", lambda mj: mj.imagine("a", links(3)), links(2), "apixo acedata apimart"),
        ("apixo", lambda mj: mj.imagine("a fox --v 8.1"), "v7", "acedata apimart"),
        ("apimart", lambda mj: mj.imagine("a", version="v8"), "v8.1", "acedata"),
        ("apimart", lambda mj: mj.imagine("a", quality=4), "2", "acedata"),
        ("apimart", lambda mj: mj.blend(links(5)), links(4), "acedata"),
        ("acedata", lambda mj: mj.imagine("a", links(8)), links(5), "apixo apimart"),
        ("acedata", lambda mj: mj.edit(links(1)[0], "a", image_urls=links(2)), links(1), "apimart"),
    ],
)
def test_a_value_that_others_take(at, gateway, ask, nearest, takers):
    """A value that the gateway lacks is refused with the nearest that it has, and with the gateways that take it."""
    error = refused(lambda: ask(at(gateway)))
    assert isinstance(error, errors.UnsupportedError)
    assert error.nearest == nearest
    assert error.gateways == tuple(takers.split())
    assert f"Gateways that have it: {', '.join(error.gateways)}." in str(error)


def test_a_value_that_nobody_takes(at):
    """A value that no gateway takes in this mode is refused as wrong, with the nearest; no gateway is named."""
    error = refused(lambda: at("acedata").video(links(1)[0], speed="relaxed"))
    assert (type(error), error.nearest) == (errors.InvalidRequest, "fast")
    assert "ateway" not in str(error)


def test_a_form_of_a_mode_that_others_have(at):
    """A form of a mode that the gateway lacks is refused, naming the gateways that have the mode."""
    error = refused(lambda: mjnb.RequestForm("remix", at("acedata")))
    assert (error.field, error.gateways) == ("mode", ("apimart",))


@pytest.mark.parametrize(
    "around", [{"canvas": "big"}, {"img_pos": {"width": 9}}], ids=["canvas", "img_pos"]
)
def test_painting_around_where_there_is_no_canvas(at, around):
    """Where a gateway only paints inside a picture, a canvas is refused as such whatever it is, naming APIXO."""
    error = refused(lambda: at("apimart").inpaint(links(1)[0], "a fox", SQUARE, **around))
    assert (error.field, error.gateways) == (next(iter(around)), ("apixo",))


# -- what the ledger knows of a parent -------------------------------------------------------------------------------


def test_a_remix_of_an_early_version(at):
    """A remix of a task that we asked v7 for is refused before anything is sent, one of v8.1 is not."""
    mj = at("apimart")
    early, late = (mj.imagine("a fox", version=version).result() for version in ("v7", "v8.1"))
    rows = len(mj.history())
    why = "remix is for pictures of v8.1 and v8.2, and this task's are of v7"
    assert why in str(refused(lambda: mj.remix(early, 0, "subtle", "a cat")))
    assert len(mj.history()) == rows
    assert mj.remix(late, 0, "subtle", "a cat").result().state == "success"


@pytest.mark.parametrize("gateway", ["acedata", "apimart", "apixo"])
def test_an_answer_in_words_has_no_picture(at, gateway):
    """Nothing goes on from an answer in words, at any gateway: refused before anybody is asked, without a row."""
    theirs = at("acedata")
    said = theirs.describe(links(1)[0]).result()
    mj = theirs if gateway == "acedata" else at(gateway)
    rows = len(mj.history())
    for ask in (lambda: mj.upscale(said.id, 0), lambda: mj.vary(said.id, 0)):
        assert "a describe task has no picture to go on from" in str(refused(ask))
    unheard = Upscale(task_id="answer-0123456789abcdef-1", image_index=0, kind="standard")
    assert "has no picture to go on from" in str(refused(lambda: mj.draw(unheard)))
    assert len(mj.history()) == rows


# -- clips -----------------------------------------------------------------------------------------------------------


def test_a_clip_is_no_picture(at):
    """A clip of a video task is refused wherever a picture is handed over, at once and without a row."""
    mj = at("acedata")
    clip = mj.video(links(1)[0], prompt="it runs").result().images[0]
    rows = len(mj.history())
    asks = [
        lambda: mj.describe(clip),
        lambda: mj.imagine("a fox", [clip]),
        lambda: mj.blend([links(1)[0], clip]),
        lambda: mj.video(clip, prompt="it runs on"),
        lambda: mj.edit(clip, "in snow"),
        lambda: mj.imagine("a fox", [clip.path]),
        lambda: mj.imagine("a fox", [Image(0, "https://example.com/no-name", clip.path)]),
    ]
    for ask in asks:
        error = refused(ask)
        assert error.allowed == "JPG, PNG or WebP; this is a clip"
        assert "Take one of the pictures that it was made of." in str(error)
    assert len(mj.history()) == rows


@pytest.mark.parametrize(
    "make",
    [
        lambda url: mjnb.ImageToImage(prompt="a", image_urls=[url]),
        lambda url: mjnb.Video(image_urls=links(1), end_url=url),
        lambda url: TextToImage(prompt="a", sref=f"123 {url}::2"),
        lambda url: TextToImage(prompt="a", oref=url),
        lambda url: Mask(url=url),
    ],
    ids=["reference", "end", "style", "omni", "mask"],
)
@pytest.mark.parametrize(
    "url", [CLIP, "https://example.com/a/FOX.mp4?width=9", "https://example.com/fox.mov#t=1"]
)
def test_the_address_of_a_clip_is_no_pictures(make, url):
    """A URL whose name ends like a clip's is refused by every field that holds a picture's."""
    assert refused(lambda: make(url)).allowed == "JPG, PNG or WebP; this is a clip"


def test_a_clip_is_no_mask(tmp_path: Path):
    """A mask is not read from a clip, and the machine's own paths are not told."""
    path = tmp_path / "0.mp4"
    path.write_bytes(bytes(4) + b"ftypisom")
    error = refused(lambda: Mask.from_image(path))
    assert "this is a clip" in str(error)
    assert str(tmp_path) not in str(error)
