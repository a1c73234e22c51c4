"""The board on each gateway: answers that are no pictures, and how far a task is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from board_helpers import Page, child_of, do, open_on, until

from mjnb import frame as frames
from mjnb.sweep import Sweep
from mjnb.widgets.board import SweepBoard

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    """What goes to pages."""
    return Page(monkeypatch)


def test_clips(session: Callable[..., Session], page: Page) -> None:
    """A clip's tile has its still pictures; the clip itself is sent when it is opened, as it is."""
    mj = session(gateway="simulator:acedata")
    one = mj.upscale(mj.imagine("a fox").result(timeout=20), 0).result(timeout=20)
    task = mj.video(one, 0, prompt="it runs").result(timeout=20)
    board = open_on(mj, task)
    until(lambda: len([1 for content, _ in page.of("pictures") for _ in content["of"]]) == 4)
    tile = page.tiles()[0]
    assert (tile["kind"], tile["count"], tile["word"], tile["texts"]) == ("clips", 4, "", [])
    assert page.of("large") == []
    board.grid._handle_custom_msg({"kind": "large", "id": 0, "picture": 1}, [])
    ((content, buffers),) = until(lambda: page.of("large"))
    assert content["clip"] == "video/webm"
    assert task.images[1].path is not None
    assert buffers == [task.images[1].path.read_bytes()]


def test_a_clip_without_a_still_picture(session: Callable[..., Session], page: Page) -> None:
    """A clip of which there is no still picture is there all the same; one that is gone says so."""
    mj = session(gateway="simulator:apimart")
    one = mj.upscale(mj.imagine("a fox").result(timeout=20), 0).result(timeout=20)
    task = mj.video(one, 0, motion="low").result(timeout=20)
    (path,) = (image.path for image in task.images)
    assert path is not None
    for other in path.parent.glob("0.*.*"):
        other.unlink()
    open_on(mj, task)
    assert until(page.tiles)[0]["word"] == ""
    path.unlink()
    page.told.clear()
    open_on(mj, task)
    assert until(lambda: page.tiles().get(0, {}).get("word") == "clip missing")


def test_texts(session: Callable[..., Session], page: Page) -> None:
    """A tile whose answer is text has the words, no pictures, and nothing that is missing; its row has them as a list."""
    mj = session(gateway="simulator:acedata")
    task = mj.describe(mj.imagine("a fox").result(timeout=20).images[0]).result(timeout=20)
    board = open_on(mj, task)
    tile = until(page.tiles)[0]
    assert (tile["kind"], tile["count"], tile["word"], tile["texts"]) == ("texts", 0, "", list(task.texts))
    assert board.frame["texts"].tolist() == [list(task.texts)]
    assert "texts" not in {column["name"] for column in board.grid.columns}
    html = board.still()
    assert "image/jpeg" not in html


def test_the_seed_is_a_tile(session: Callable[..., Session], page: Page) -> None:
    """Asking for a seed makes a tile that holds it."""
    mj = session(gateway="simulator:acedata")
    board = open_on(mj, mj.imagine("a fox", seed=77).result(timeout=20))
    do(board, "seed", 0)
    child = child_of(board, 0)
    assert (child.kind, child.texts, child.said) == ("texts", ["77"], "seed of a fox")
    assert until(lambda: page.tiles().get(child.id, {}).get("texts")) == ["77"]


def test_real_progress(session: Callable[..., Session], simulator: Callable[..., Any], page: Page) -> None:
    """Where the gateway tells how far a task is its tile says that while it runs, in a sweep and of a follow-up."""
    mj = session(simulator(speed=40), gateway="simulator:apimart")
    run = Sweep("a fox").start(mj)
    board = SweepBoard(run)
    board.grid._handle_custom_msg({"kind": "ready"}, [])
    run.result(timeout=20)
    until(lambda: not board.grid.facts["live"])
    do(board, "vary", 0, picture=0, choice="subtle")
    child_of(board, 0)
    for number in (0, 1):
        told = [
            tile["progress"]
            for content, _ in page.of("tiles")
            for tile in content["tiles"]
            if tile["id"] == number
        ]
        known = [one for one in told if one is not None]
        assert any(0 < one < 100 for one in known)
        assert known == sorted(known)
        until(lambda number=number: page.tiles()[number]["progress"] is None)


def test_a_table_of_an_earlier_version() -> None:
    """A frame without the column of texts makes a board like any other."""
    row = {
        "cell": "k",
        "prompt": "a fox",
        "state": "success",
        "mode": "text-to-image",
        "simulated": True,
        "task_id": "t",
    }
    board = SweepBoard(frames.build([row | {"repeat": 0, "take": 1}]).drop(columns=["texts"]))
    assert board._state.held.tiles[0].texts == []
    assert board._state.held.tiles[0].kind == "pictures"


def test_words_are_named_by_what_was_asked(session: Callable[..., Session], page: Page) -> None:
    """An answer in words is named by its mode and the picture, task or words that it is about, on every gateway."""
    mj = session(gateway="simulator:acedata")
    four = mj.imagine("a fox").result(timeout=20)
    tasks = [
        mj.describe(four.images[2]),
        mj.seed(four),
        mj.shorten("a very fine fox"),
        mj.describe("https://example.com/a/b.png"),
    ]
    open_on(mj, four, *(task.result(timeout=20) for task in tasks))
    assert until(lambda: len(page.tiles()) == 5 and [page.tiles()[n]["said"] for n in range(1, 5)]) == [
        "describe of a fox, picture 2", "seed of a fox", "shorten: a very fine fox", "describe of https://example.com/a/b.png",
    ]  # fmt: skip
