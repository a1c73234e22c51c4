"""What can be done from a board's tiles: offers with prices, children that appear at once, errors that stay in their tile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from mjnb import frame as frames
from mjnb.errors import InvalidRequest
from mjnb.modes import ImageToImage, TextToImage, UploadPaint
from mjnb.sweep import Sweep
from mjnb.tasks import TaskState
from mjnb.widgets.board import SweepBoard
from mjnb.widgets.board.deeds import request_from_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session
    from mjnb.widgets.board.tiles import Tile

_MASK = {"areas": [{"width": 64, "height": 64, "points": [0, 0, 30, 0, 30, 30]}]}
_PLACE = {"width": 64, "height": 64}


def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Wait for what the I/O thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def do(
    board: SweepBoard, deed: str, *ids: int, picture: int | None = None, choice: str | None = None
) -> None:
    """Press a button on the page."""
    board.grid._handle_custom_msg(
        {"kind": "do", "deed": deed, "ids": list(ids), "picture": picture, "choice": choice}, []
    )


def children(board: SweepBoard) -> list[Tile]:
    """The tiles that were made from others."""
    return [tile for tile in board._state.held.tiles if tile.parent is not None]


def settled(board: SweepBoard) -> list[Tile]:
    """Wait until everything that was sent has ended, and return the children."""
    until(lambda: children(board) and all(tile.over for tile in children(board)))
    return children(board)


def listening(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[dict[str, Any]]]:
    """Return what gives the messages of one kind that pages have been sent."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "ipywidgets.Widget._send",
        lambda _, msg, buffers=None: told.append(msg.get("content") or {}),  # noqa: ARG005  (its own name)
    )
    return lambda kind: [content for content in told if content.get("kind") == kind]


@pytest.fixture
def mj(session: Callable[..., Session]) -> Session:
    """A session on a simulator of its own."""
    return session()


@pytest.fixture
def board(mj: Session) -> SweepBoard:
    """A board of two finished tasks."""
    run = Sweep("a fox", chaos=[0, 50]).start(mj)
    made = SweepBoard(run)
    run.result(timeout=20)
    until(lambda: not made.grid.facts["live"])
    return made


def test_offers(board: SweepBoard, mj: Session) -> None:
    """What the gateway's own request types allow is offered, each choice with its price, unknown prices as such."""
    offers = {offer["deed"]: offer for offer in board.grid.get_state()["offers"]}
    assert list(offers) == ["vary", "upscale", "reroll", "inpaint", "image-to-image", "around"]
    assert [choice["value"] for choice in offers["upscale"]["choices"]] == [
        "standard",
        "creative",
        "2x",
        "4x",
    ]
    assert {choice["price_micro"] for choice in offers["vary"]["choices"]} == {None}
    assert offers["reroll"]["choices"][0]["price_micro"] == 100_000
    assert [(offer["each"], offer["many"]) for offer in offers.values()] == [
        ("picture", True), ("picture", True), ("task", True), ("picture", False), ("picture", False), ("tile", False),
    ]  # fmt: skip
    assert "upscale" not in offers["vary"]["modes"]
    assert (
        offers["reroll"]["modes"]
        == offers["around"]["modes"]
        == ["text-to-image", "image-to-image", "upload-paint"]
    )
    assert mj.simulated


def test_the_users_own_prices(session: Callable[..., Session]) -> None:
    """Prices of the session stand on the buttons; where asking again has several prices, both are told."""
    mj = session(prices={"upscale": 0.05, "text-to-image turbo": 0.3})
    run = Sweep("a fox", speed=["fast", "turbo"]).start(mj)
    offers = {offer["deed"]: offer for offer in SweepBoard(run).grid.offers}
    run.stop()
    assert {choice["price_micro"] for choice in offers["upscale"]["choices"]} == {50_000}
    assert offers["reroll"]["choices"][0]["price_micro"] is None
    assert "$0.10 to $0.30" in offers["reroll"]["help"]


def test_looking_sends_nothing(board: SweepBoard, mj: Session) -> None:
    """A board sends nothing by itself, whatever is looked at, arranged, rated or selected."""
    before = len(mj.history())
    board.arrange(rows="chaos", cols="")
    for content in (
        {"kind": "ready"},
        {"kind": "see", "ids": [0]},
        {"kind": "large", "id": 0, "picture": 0},
    ):
        board.grid._handle_custom_msg(content, [])
    board.select([True, True])
    board.still()
    assert len(mj.history()) == before


def test_an_upscale(board: SweepBoard, mj: Session) -> None:
    """One press makes one task; its tile is there at once, under its parent, and has its picture in the end."""
    do(board, "upscale", 1, picture=2, choice="2x")
    (child,) = children(board)
    assert (child.parent, child.said, child.row["state"]) == (
        1,
        "upscale 2x of chaos 50, picture 2",
        "submitting",
    )
    (child,) = settled(board)
    assert (child.row["state"], list(child.pictures)) == ("success", [0])
    last = mj.history().iloc[-1]
    assert (last["mode"], last["kind"], last["image_index"]) == ("upscale", "2x", 2)
    assert last["parent"] == board.frame.iloc[1]["task_id"]
    assert board.frame["mode"].tolist() == ["text-to-image", "text-to-image", "upscale"]
    assert board.frame.iloc[-1]["task_id"] == last["task_id"]
    assert (
        next(o for o in board.grid.offers if o["deed"] == "reroll")["choices"][0]["price_micro"] == 100_000
    )
    assert {c["name"]: c["values"] for c in board.grid.columns}["mode"] == ["text-to-image", "upscale"]


def test_states_on_the_way(board: SweepBoard, mj: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is told a child's states as they come, and then its pictures."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "ipywidgets.Widget._send",
        lambda _, msg, buffers=None: told.append(msg.get("content") or {}),  # noqa: ARG005  (its own name)
    )
    board.grid._handle_custom_msg({"kind": "ready"}, [])
    do(board, "vary", 0, picture=1, choice="strong")
    settled(board)
    until(
        lambda: any(
            one["id"] == 2 for content in told if content.get("kind") == "pictures" for one in content["of"]
        )
    )
    tiles = [
        tile
        for content in told
        if content.get("kind") == "tiles"
        for tile in content["tiles"]
        if tile["id"] == 2
    ]
    assert tiles[0]["parent"] == 0
    assert any(tile["span"] > 0 for tile in tiles)
    assert (tiles[-1]["state"], tiles[-1]["word"], tiles[-1]["count"]) == ("success", "", 4)


def test_a_whole_selection(board: SweepBoard) -> None:
    """A deed on several tiles makes one child of each; a child can be gone on from."""
    do(board, "vary", 0, 1, picture=0, choice="subtle")
    do(board, "reroll", 0)
    assert [child.parent for child in settled(board)] == [0, 1, 0]
    assert {child.row["state"] for child in children(board)} == {"success"}
    do(board, "upscale", 2, picture=3, choice="standard")
    last = settled(board)[-1]
    assert (last.parent, last.said) == (
        2,
        "upscale standard of vary subtle of chaos 0, picture 0, picture 3",
    )
    again = board.frame.iloc[4]
    assert (again["mode"], again["chaos"], again["cell"]) == (
        "text-to-image",
        0,
        board.frame.iloc[0]["cell"],
    )


def test_one_that_fails_spoils_no_other(session: Callable[..., Session]) -> None:
    """What goes wrong with one tile stands in its child and above the board; the others are made."""
    mj = session()
    task = mj.imagine("a fox").result(timeout=20)
    rows = mj.history().to_dict("records")
    rows.append({**rows[0], "task_id": "task_that_never_was", "cell": "k2"})
    frame = frames.build(
        [{str(k): v for k, v in row.items()} | {"created": None, "expires": None} for row in rows]
    )
    board = SweepBoard(frame, session=mj)
    do(board, "vary", 0, 1, picture=0, choice="subtle")
    good, bad = settled(board)
    assert good.row["state"] == "success"
    assert bad.row["state"] in {"failed", "refused"}
    assert bad.reason()
    assert "vary subtle of a fox" in board.grid.trouble
    assert task.state is TaskState.SUCCESS


def test_a_tile_of_another_gateway(board: SweepBoard, mj: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tile that is not of this session's gateway says so on the page; a press there makes no tile and sends nothing."""
    told = listening(monkeypatch)
    other = SweepBoard(board.frame.assign(simulated=[False, True]), session=mj)
    other.grid._handle_custom_msg({"kind": "ready"}, [])
    until(lambda: told("tiles"))
    real, ours = told("tiles")[0]["tiles"]
    assert real["can"] is False
    assert real["why"] == "This task is of real apixo; this session speaks to simulated apixo."
    assert "can" not in ours
    assert other.grid.facts["pays"] == "simulated"
    before = len(mj.history())
    do(other, "upscale", 0, picture=0, choice="2x")
    assert children(other) == []
    assert "Nothing was sent" in other.grid.trouble
    assert len(mj.history()) == before


def test_the_same_press_is_paid_once(
    board: SweepBoard, mj: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A press that arrives twice is done once; each time the page is told that it was taken, refusals too."""
    told = listening(monkeypatch)
    press = {"kind": "do", "deed": "reroll", "ids": [0], "picture": None, "choice": None}
    for token in ("a", "a", "b", "a"):
        board.grid._handle_custom_msg({**press, "token": token}, [])
    board.grid._handle_custom_msg({**press, "deed": "sing", "token": "c"}, [])
    assert [content["token"] for content in told("done")] == ["a", "a", "b", "a", "c"]
    assert len(settled(board)) == 2
    assert len(mj.history()) == 4
    assert "sing" in board.grid.trouble


def test_a_tile_when_its_session_is_closed(
    simulator: Callable[..., Any], session: Callable[..., Session]
) -> None:
    """What has been sent when its session is closed says that it goes on and is paid; what has not, that it was not sent."""
    session().imagine("a fox").result(timeout=20)
    server = simulator(speed=1)
    mj = session(server, concurrency=2)
    board = SweepBoard(mj.history(), session=mj)
    do(board, "reroll", 0)
    until(lambda: children(board)[0].task_id)
    server.faults.add(on="submit", kind="slow", seconds=0.7)
    do(board, "reroll", 0)
    until(lambda: "submitting" in set(mj.history()["state"]))
    do(board, "reroll", 0)
    mj.close().result(timeout=20)
    *sent, waiting = settled(board)
    for child in sent:
        assert child.row["state"] in {"pending", "processing"}
        assert child.wire([], [], 1)["word"] == "left at the gateway"
        assert "is in the ledger" in child.note
    assert (waiting.row["state"], waiting.note) == ("stopped", "Nothing was sent.")
    later = session(server).history()
    assert later["task_id"].tolist()[1:] == [child.task_id for child in sent]


def test_a_form_that_is_closed_early(board: SweepBoard) -> None:
    """What a form below the board has sent is on the board at once, and stays when the form is closed."""
    do(board, "inpaint", 1, picture=3)
    form = board.tray.form
    form.values = {**form.values, "mask": _MASK, "canvas": _PLACE, "img_pos": {**_PLACE, "x": 0, "y": 0}}
    form.generate()
    until(lambda: children(board))
    (child,) = children(board)
    assert (child.parent, child.mode) == (1, "upload-paint")
    assert child.said.startswith("upload-paint of chaos 50")
    board.tray.shut()
    (child,) = settled(board)
    until(lambda: child.pictures)
    assert (child.row["state"], len(child.pictures)) == ("success", 4)
    assert board.frame["mode"].tolist() == ["text-to-image", "text-to-image", "upload-paint"]


def test_a_follow_up_changes_no_types(board: SweepBoard) -> None:
    """Whole numbers stay whole numbers and truths truths when rows without any join the frame."""
    frame = board.frame.assign(liked=[True, False])
    made = SweepBoard(frame, session=board._state.session)
    do(made, "upscale", 0, picture=0, choice="2x")
    settled(made)
    until(lambda: len(made.frame) == 3)
    types = made.frame.dtypes.astype(str)
    assert (types["chaos"], types["liked"]) == ("Int64", "boolean")
    assert made.frame["chaos"].tolist()[:2] == [0, 50]


def test_prices_of_each_tile(session: Callable[..., Session]) -> None:
    """Where asking again has several prices, each tile has its own."""
    mj = session(prices={"text-to-image turbo": 0.3})
    run = Sweep("a fox", speed=["fast", "turbo"]).start(mj)
    board = SweepBoard(run)
    run.stop()
    (again,) = (offer for offer in board.grid.offers if offer["deed"] == "reroll")
    assert again["prices"] == {"0": 100_000, "1": 300_000}


def test_no_money_is_left(session: Callable[..., Session], simulator: Callable[..., Any]) -> None:
    """When the gateway refuses, the child is refused and the reason is shown with what became of the money."""
    mj = session(simulator(credit_usd=0.1))
    mj.imagine("a fox").result(timeout=20)
    board = SweepBoard(mj.history(), session=mj)
    do(board, "reroll", 0)
    (child,) = settled(board)
    assert child.row["state"] == "refused"
    assert "credits" in board.grid.trouble.lower()
    assert len(board.frame) == 1


def test_an_unknown_deed(board: SweepBoard) -> None:
    """A deed that nobody offers, or one on no tile, is refused and said."""
    do(board, "sing", 0)
    assert "sing" in board.grid.trouble
    board.grid.trouble = ""
    do(board, "reroll")
    assert "at least one tile" in board.grid.trouble


def test_inpainting_opens_a_form(board: SweepBoard) -> None:
    """Inpaint opens the painting form below the board with this picture; another form takes its place; Close shuts it."""
    do(board, "inpaint", 1, picture=3)
    form = board.tray.form
    assert board.grid.trouble == ""
    assert list(form.values["image_urls"]) == [board.frame.iloc[1]["urls"][3]]
    assert form.values["prompt"] == "a fox"
    do(board, "inpaint", 0, picture=0)
    assert board.tray.form is not form
    assert form.comm is None
    board.tray.children[0].children[1].click()
    assert board.tray.children == ()


def test_what_a_form_makes_joins_the_board(board: SweepBoard) -> None:
    """A task that is made in the form below a tile is that tile's child."""
    do(board, "inpaint", 1, picture=3)
    form = board.tray.form
    form.values = {**form.values, "mask": _MASK, "canvas": _PLACE, "img_pos": {**_PLACE, "x": 0, "y": 0}}
    form.generate().result(timeout=20)
    (child,) = settled(board)
    assert (child.parent, child.mode, child.row["state"], len(child.pictures)) == (
        1,
        "upload-paint",
        "success",
        4,
    )
    assert board.grid.trouble == ""


def test_a_sweep_around_a_tile_joins_the_board(board: SweepBoard, mj: Session) -> None:
    """A sweep that is started around a tile puts its tiles on the board; cells that are there already stay once."""
    do(board, "around", 1)
    form = board.tray.form
    assert board.grid.trouble == ""
    form.fill(chaos=[25, 50, 75])
    form.start().result(timeout=20)
    until(lambda: len(board._state.held.tiles) == 4)
    until(lambda: not board.grid.facts["live"])
    assert sorted(board.frame["chaos"]) == [0, 25, 50, 75]
    assert {c["name"]: c["values"] for c in board.grid.columns}["chaos"] == ["0", "25", "50", "75"]
    assert len(mj.history()) == 4


@pytest.mark.parametrize(
    "request_",
    [
        TextToImage(prompt="a fox", chaos=50, version="niji 7", enable_translation=True),
        ImageToImage(prompt="a fox", image_urls=["http://example.org/a.png", "http://example.org/b.png"]),
        UploadPaint(prompt="a fox", image_urls=["http://example.org/a.png"], mask=_MASK, canvas=_PLACE, img_pos={**_PLACE, "x": 0, "y": 0}),
    ],
)  # fmt: skip
def test_requests_from_rows(request_: Any, mj: Session, tmp_path: Any) -> None:
    """A row that was written to a file and read back still says what was asked for."""
    from mjnb.widgets.board.tiles import blank_row

    held = mj.dialect.held(request_)
    frames.build([blank_row(mj, request_, cell="k", state="success")]).to_csv(
        tmp_path / "a.csv", index=False
    )
    row = {
        str(name): value for name, value in frames.read(tmp_path / "a.csv").to_dict("records")[0].items()
    }
    assert mj.dialect.held(request_from_row(row, mj.dialect.modes)) == held
    with pytest.raises(InvalidRequest, match="mode"):
        request_from_row({**row, "mode": "dance"}, mj.dialect.modes)
