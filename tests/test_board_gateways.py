"""The board on each gateway: what its request types and a task's own last word let one do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from board_helpers import Page, child_of, do, offers_of, open_on, until

from mjnb.widgets.board import SweepBoard
from mjnb.widgets.board.tiles import Tile
from mjnb.widgets.board.ways import ways_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session

TWO_GATEWAYS = ["simulator:acedata", "simulator:apimart"]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    """What goes to pages."""
    return Page(monkeypatch)


# -- what can be done --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gateway", "first", "rest"),
    [
        ("simulator:apixo", ["vary", "upscale", "reroll", "inpaint"], ["image-to-image", "around"]),
        ("simulator:apixo-reference", ["reroll"], ["image-to-image", "around"]),
        (
            "simulator:acedata",
            ["vary", "upscale", "reroll", "inpaint"],
            ["image-to-image", "zoom", "pan", "edit", "video", "extend", "describe", "seed", "around"],
        ),
        (
            "simulator:apimart",
            ["vary", "upscale", "reroll", "inpaint"],
            ["image-to-image", "edit", "zoom", "pan", "remix", "video", "describe", "around"],
        ),
    ],
)
def test_every_follow_up_of_a_gateway(
    session: Callable[..., Session], gateway: str, first: list[str], rest: list[str]
) -> None:
    """Each of the gateway's follow-ups is offered, what is done most first and by itself, the rest behind one button."""
    offers = SweepBoard(session(gateway=gateway).history(), session=session(gateway=gateway)).grid.offers
    assert [offer["deed"] for offer in offers if not offer.get("more")] == first
    assert sorted(offer["deed"] for offer in offers if offer.get("more")) == sorted(rest)
    assert offers[-1]["deed"] == "around"


def test_choices_and_prices(session: Callable[..., Session]) -> None:
    """A follow-up is chosen by the one field that says what is done, with the price of each choice; words open a form."""
    offers = offers_of(SweepBoard((mj := session(gateway="simulator:apimart")).history(), session=mj))
    assert [c["value"] for c in offers["pan"]["choices"]] == ["left", "right", "up", "down"]
    assert all(c["price_micro"] for c in offers["zoom"]["choices"])
    *plain, form = offers["remix"]["choices"]
    assert [c["value"] for c in plain] == ["subtle", "strong"]
    assert (form["form"], form["value"], form["label"]) == (True, None, "with words…")
    assert [c["label"] for c in offers["video"]["choices"]] == ["low", "high", "with words…"]
    assert offers["describe"]["each"] == "picture"
    assert offers["edit"]["choices"] == []


@pytest.mark.parametrize("gateway", TWO_GATEWAYS)
def test_what_a_task_does_not_offer(
    session: Callable[..., Session], page: Page, monkeypatch: pytest.MonkeyPatch, gateway: str
) -> None:
    """What a task's last word does not offer is told with the reason, and asked after once a task; what it offers is not."""
    mj = session(gateway=gateway)
    four = mj.imagine("a fox").result(timeout=20)
    one = mj.upscale(four, 0).result(timeout=20)
    asked: list[str] = []
    told_of = mj.store.told_of
    monkeypatch.setattr(mj.store, "told_of", lambda task, *more: asked.append(task) or told_of(task, *more))
    board = open_on(mj, four, one)
    bars = until(lambda: (found := page.bars()).keys() == {0, 1} and found)
    assert {"zoom", "pan"} <= bars[0].keys()
    assert not {"vary", "reroll"} & bars[0].keys()
    assert "2x" in bars[0]["upscale"]
    assert "standard" not in bars[0]["upscale"]
    assert "pscale" in bars[0]["zoom"][""]
    assert "Nothing was sent" not in str(bars)
    assert not {"zoom", "pan", "inpaint"} & bars[1].keys()
    assert "reroll" in bars[1] or gateway.endswith("apimart")
    board.arrange(picture=1)
    board._state.look([0, 1])
    assert sorted(asked) == sorted({four.id, one.id})


def test_a_gateway_that_needs_no_parent(session: Callable[..., Session], page: Page) -> None:
    """Where a gateway tells nothing of what a task offers, nothing is grey that its rules do not refuse."""
    mj = session()
    open_on(mj, mj.imagine("a fox").result(timeout=20))
    assert until(lambda: page.bars().get(0) == {})


def test_a_remix_of_an_early_version_is_greyed(session: Callable[..., Session], page: Page) -> None:
    """Remix is greyed for a task that was asked for with v7, since the gateway does not say what drew it."""
    mj = session(gateway="simulator:apimart")
    board = open_on(mj, *(mj.imagine("a fox", version=version).result() for version in ("v7", "v8.1")))
    bars = until(lambda: (found := page.bars()).keys() == {0, 1} and found)
    assert bars[0]["remix"] == {
        "": "remix is for pictures of v8.1 and v8.2, and this task's are of v7. Vary it instead."
    }
    assert "remix" not in bars[1]
    board.close()


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("gateway", TWO_GATEWAYS)
def test_its_own_reroll(session: Callable[..., Session], gateway: str) -> None:
    """Where the gateway has a reroll of its own that is what the button sends."""
    mj = session(gateway=gateway)
    board = open_on(mj, four := mj.imagine("a fox").result(timeout=20))
    do(board, "reroll", 0)
    child = child_of(board, 0)
    assert (child.row["state"], child.mode, child.row["parent"]) == ("success", "reroll", four.id)


@pytest.mark.parametrize("gateway", TWO_GATEWAYS)
@pytest.mark.parametrize(
    ("deed", "choice"), [("zoom", "2x"), ("pan", "left"), ("video", "low"), ("describe", None)]
)
def test_one_press_each(
    session: Callable[..., Session], page: Page, gateway: str, deed: str, choice: str | None
) -> None:
    """Each follow-up that asks for nothing but a choice is sent by one press, and its answer joins the board."""
    mj = session(gateway=gateway)
    one = mj.upscale(mj.imagine("a fox").result(timeout=20), 0).result(timeout=20)
    board = open_on(mj, one)
    do(board, deed, 0, picture=0, choice=choice)
    child = child_of(board, 0)
    assert board.grid.trouble == ""
    assert (child.row["state"], child.mode) == ("success", deed)
    assert child.kind == {"video": "clips", "describe": "texts"}.get(deed, "pictures")
    until(lambda: page.tiles().get(child.id, {}).get("kind") == child.kind)


@pytest.mark.usefixtures("page")
def test_a_refused_follow_up_sends_nothing(session: Callable[..., Session]) -> None:
    """A deed that the task does not offer makes no tile and sends nothing, whoever presses; it is said why."""
    mj = session(gateway="simulator:acedata")
    board = open_on(mj, mj.imagine("a fox").result(timeout=20))
    before = len(mj.history())
    do(board, "zoom", 0, picture=0, choice="2x")
    assert "zoom is not on offer; this task offers" in board.grid.trouble
    assert len(board._state.held.tiles) == 1
    assert len(mj.history()) == before


@pytest.mark.usefixtures("page")
def test_a_clip_goes_on(session: Callable[..., Session]) -> None:
    """From a clip one can only go on: that is offered for clips alone, and makes clips."""
    mj = session(gateway="simulator:acedata")
    one = mj.upscale(mj.imagine("a fox").result(timeout=20), 0).result(timeout=20)
    board = open_on(mj, mj.video(one, 0, prompt="it runs").result(timeout=20))
    assert (offers_of(board)["extend"]["of"], offers_of(board)["zoom"]["of"]) == ("clips", "pictures")
    do(board, "extend", 0, picture=1)
    child = child_of(board, 0)
    assert (child.kind, child.row["extend"], child.row["image_index"]) == ("clips", True, 1)


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    ("deed", "choice"),
    [("describe", None), ("image-to-image", None), ("upscale", "standard"), ("edit", None)],
)
def test_what_is_for_pictures_takes_no_clip(
    session: Callable[..., Session], deed: str, choice: str | None
) -> None:
    """What is for pictures is refused for a clip, whoever asks: nothing is sent, no form opens, and it is said why."""
    mj = session(gateway="simulator:apimart")
    four = mj.imagine("a fox").result(timeout=20)
    board = open_on(mj, mj.video(four, 0, motion="low").result(timeout=20))
    before = len(mj.history())
    do(board, deed, 0, picture=0, choice=choice)
    assert f"{deed} is for pictures, and this has clips" in board.grid.trouble
    assert board.tray.form is None
    assert (len(board._state.held.tiles), len(mj.history())) == (1, before)


@pytest.mark.usefixtures("page")
def test_no_sweep_around_words(session: Callable[..., Session]) -> None:
    """Around an answer in words, or what was made from another task, there is no sweep, with the reason; else there is."""
    mj = session(gateway="simulator:acedata")
    four = mj.imagine("a fox").result(timeout=20)
    board = open_on(
        mj, four, mj.describe(four.images[0]).result(timeout=20), mj.seed(four).result(timeout=20)
    )
    around = offers_of(board)["around"]
    assert {"text-to-image", "blend", "edit"} <= set(around["modes"])
    assert {"describe", "shorten", "translate", "seed", "vary"} == around["against"].keys() & {
        "describe", "shorten", "translate", "seed", "vary", *around["modes"],
    }  # fmt: skip
    for number in (1, 2):
        do(board, "around", number)
        assert "nothing to vary" in board.grid.trouble
        assert board.tray.form is None
    do(board, "around", 0)
    assert board.tray.form is not None
    board.close()


def test_ways_are_read_off_the_types(session: Callable[..., Session]) -> None:
    """A way says whether it names the task or hands its picture over, and whether one click can say it all."""
    found = ways_of(session(gateway="simulator:acedata").dialect)
    assert {name for name, way in found.items() if way.is_linked} == {"describe", "edit", "image-to-image"}
    assert {name for name, way in found.items() if way.opens} == {"inpaint", "edit", "image-to-image"}
    assert {name for name, way in found.items() if not way.by_picture} == {"reroll", "seed"}
    assert "blend" not in found


# -- forms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gateway", "whole", "single"),
    [("simulator:apixo", "upload-paint", "upload-paint"), ("simulator:acedata", "edit", "inpaint"), ("simulator:apimart", "inpaint", "inpaint")],
)  # fmt: skip
def test_the_form_that_paints(
    session: Callable[..., Session], gateway: str, whole: str, single: str
) -> None:
    """Inpaint opens the form of the mode that the gateway has for it, and that the task offers, with picture and prompt."""
    mj = session(gateway=gateway)
    four = mj.imagine("a fox").result(timeout=20)
    one = mj.upscale(four, 0).result(timeout=20)
    board = open_on(mj, four, one)
    for number, mode in enumerate((whole, single)):
        do(board, "inpaint", number, picture=0)
        assert board.grid.trouble == ""
        form = board.tray.form
        assert form.model.mode == mode
        names = {"task_id", "image_index"} if mode == "inpaint" else {"image_urls"}
        assert names <= form.values.keys()
    board.close()


def test_words_open_a_form(session: Callable[..., Session]) -> None:
    """A choice that asks for words opens the form below the board, filled in with the picture; nothing is sent."""
    mj = session(gateway="simulator:apimart")
    board = open_on(mj, four := mj.imagine("a fox").result(timeout=20))
    before = len(mj.history())
    do(board, "remix", 0, picture=2, form=True)
    assert board.grid.trouble == ""
    assert board.tray.form.model.mode == "remix"
    assert board.tray.form.values == {"task_id": four.id, "image_index": 2}
    do(board, "edit", 0, picture=1)
    assert board.tray.form.model.mode == "edit"
    assert list(board.tray.form.values["image_urls"]) == [four.images[1].url]
    assert len(mj.history()) == before
    board.close()


def test_a_quarter_of_a_sheet_is_handed_over_as_a_file(session: Callable[..., Session]) -> None:
    """A picture that the gateway keeps as part of a sheet is no URL: its file is taken, or the reason is said."""
    mj = session(gateway="simulator:acedata")
    four = mj.imagine("a fox").result(timeout=20)
    sheet = [f"https://example.com/sheet.png#quarter={n}" for n in range(4)]
    frame = mj.history().assign(urls=[sheet])
    board = SweepBoard(frame, session=mj)
    do(board, "describe", 0, picture=2)
    assert "one sheet" in board.grid.trouble
    other = session(gateway="simulator:apimart", store="elsewhere")
    tile = Tile(0, {"urls": sheet, "task_id": four.id}, {2: four.images[2].path})
    assert tile.handed(other, 2) == four.images[2].path
    board.close()
