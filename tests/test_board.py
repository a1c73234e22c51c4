"""The board from Python's side: what it holds of runs and frames, what it sends, and what it leaves behind."""

from __future__ import annotations

import gc
import io
import itertools
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from mjnb import frame as frames
from mjnb.errors import InvalidRequest, LayoutError, SetupError
from mjnb.runs import Run
from mjnb.sweep import Sweep
from mjnb.widgets.board import SweepBoard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

HOSTILE = """</div><script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;"""


class Wire:
    """Everything that widgets send, in order: (widget, message, buffers, when)."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, dict[str, Any], list[bytes], float]] = []

    def custom(self, kind: str) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Return the messages of one kind, with their buffers."""
        found = [
            (message["content"], data) for _, message, data, _ in self.sent if message["method"] == "custom"
        ]
        return [(content, data) for content, data in found if content.get("kind") == kind]

    def tiles(self) -> dict[int, dict[str, Any]]:
        """Return each tile as it was told last."""
        return {tile["id"]: tile for content, _ in self.custom("tiles") for tile in content["tiles"]}

    def pictures(self) -> list[tuple[int, int]]:
        """Return which pictures were sent, in order."""
        return [
            (one["id"], one["picture"]) for content, _ in self.custom("pictures") for one in content["of"]
        ]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """What goes to pages."""
    kept = Wire()
    monkeypatch.setattr(
        "ipywidgets.Widget._send",
        lambda widget, msg, buffers=None: kept.sent.append((widget, msg, buffers or [], time.monotonic())),
    )
    return kept


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    """Four small pictures on disk."""
    made = [tmp_path / f"{n}.png" for n in range(4)]
    for n, path in enumerate(made):
        Image.new("RGB", (96, 64), (60 * n, 90, 120)).save(path)
    return [str(path) for path in made]


def row(number: int, **known: Any) -> dict[str, Any]:
    """One finished task."""
    usual = {
        "cell": f"k{number}", "prompt": "a fox", "aspect": "3:2", "repeat": 0, "take": 1, "mode": "text-to-image",
        "gateway": "apixo", "simulated": True, "state": "success", "task_id": f"task_{number}", "cost_time_s": 30.0 + number,
        "price_usd": 0.1, "images": [], "urls": [], "created": 1e9 + number,
    }  # fmt: skip
    return {**usual, **known}


def grid(pictures: Sequence[str] = (), **axes: Sequence[Any]) -> pd.DataFrame:
    """Lay out a frame of all combinations."""
    combinations = itertools.product(*axes.values())
    rows = [
        row(n, **dict(zip(axes, c, strict=True)), images=list(pictures)) for n, c in enumerate(combinations)
    ]
    return frames.build(rows, list(axes))


def told(board: SweepBoard, content: dict[str, Any]) -> None:
    """Speak for the page."""
    board.grid._handle_custom_msg(content, [])


def until(condition: Callable[[], Any], seconds: float = 15) -> None:
    """Wait for what the I/O thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def columns(board: SweepBoard) -> dict[str, tuple[str, list[str]]]:
    """The columns' kinds and values, by name."""
    return {
        column["name"]: (column["kind"], column["values"]) for column in board.grid.get_state()["columns"]
    }


# -- frames ------------------------------------------------------------------------------------------------------------


def test_the_columns_of_a_frame() -> None:
    """What varies by design comes first, then what else differs, then what was measured; metrics are numbers."""
    frame = grid(chaos=[100, 0, 50], version=["niji 7", "v7"])
    frame = frame.assign(sharpness=[0.5, 0.25, 0.75, 0.1, 0.9, 0.3], note=["a", "b", "a", "b", "a", "b"])
    board = SweepBoard(frame)
    found = columns(board)
    assert list(found)[:2] == ["chaos", "version"]
    assert found["chaos"] == ("axis", ["0", "50", "100"])
    assert found["version"] == ("axis", ["v7", "niji 7"])
    assert found["note"] == ("text", ["a", "b"])
    assert found["sharpness"] == ("number", [])
    assert found["state"] == ("state", ["success"])
    assert [found[n][0] for n in ("cost_time_s", "price_usd", "stars")] == ["seconds", "money", "stars"]
    assert not {"prompt", "created"} & set(found)
    assert columns(SweepBoard(frames.build(row(n, prompt=f"a fox {n}") for n in range(3))))["created"] == (
        "text",
        [],
    )


def test_a_prompt_that_follows_from_its_words_is_no_slider() -> None:
    """A column that follows from others may be chosen, and is no axis of its own."""
    rows = [row(n, place=place, prompt=f"a fox in {place}", chaos=c)
            for n, (place, c) in enumerate(itertools.product(["snow", "fog"], [0, 50]))]  # fmt: skip
    board = SweepBoard(frames.build(rows, ["place", "chaos"]))
    assert columns(board)["prompt"] == ("text", ["a fox in snow", "a fox in fog"])
    assert columns(board)["place"][0] == "axis"
    assert (board.grid.view["rows"], board.grid.view["cols"]) == ("place", "chaos")


def test_board_and_sheet_choose_alike() -> None:
    """Rows, columns and panels that nobody asked for are those of the contact sheet."""
    from mjnb.layout import arrange

    for axes in ({"chaos": [0, 50, 100], "stylize": [0, 250]}, {"chaos": range(8)}, {"weird": [0, 9], "chaos": [0, 5], "version": ["v6", "v7"]}):  # fmt: skip
        frame = grid(**axes)
        view, panel = SweepBoard(frame).grid.view, arrange(frame)[0].panels[0]
        assert (view["rows"], view["cols"]) == (panel.row_name, panel.col_name if len(axes) > 1 else "")


def test_several_gateways(pictures: list[str]) -> None:
    """Of several gateways' tasks the gateway is rows, columns or panels; what follows from it or from the mode is no axis."""
    own = {"apixo": {"stylize": 100}, "apimart": {"raw": False, "speed": "relaxed"}}
    rows = [
        row(2 * place + n, chaos=chaos, gateway=name, images=pictures, **{"speed": "fast", **held})
        for place, (name, held) in enumerate(own.items())
        for n, chaos in enumerate((0, 50))
    ]
    board = SweepBoard(frames.build(rows))
    assert {board.grid.view[part] for part in ("rows", "cols", "facet")} == {"gateway", "chaos", ""}
    assert (board.grid.view["at"], board.grid.view["hide"]) == ({}, {})
    kinds = {name: kind for name, (kind, _) in columns(board).items()}
    assert next(iter(kinds)) == "gateway"
    assert [name for name, kind in kinds.items() if kind == "axis"] == ["chaos"]
    assert {"speed", "raw", "stylize"} <= kinds.keys()
    words = [
        row(n, mode=mode, images=pictures, tile=given)
        for n, (mode, given) in enumerate([("describe", None), ("edit", False)])
    ]
    assert columns(SweepBoard(frames.build(words)))["tile"][0] == "text"


def test_a_tile_as_the_page_gets_it(wire: Wire, pictures: list[str]) -> None:
    """A page that is ready is told every tile with labels, numbers, state, shape and reason."""
    rows = [
        row(0, chaos=0, images=pictures),
        row(
            1, chaos=50, state="failed", fail_code="NSFW", fail_msg="No.", price_usd=None, cost_time_s=None
        ),
    ]
    board = SweepBoard(frames.build(rows, ["chaos"]))
    assert wire.custom("tiles") == []
    told(board, {"kind": "ready"})
    until(lambda: wire.custom("pictures"))
    content, _ = wire.custom("tiles")[0]
    assert content["all"]
    one, other = content["tiles"]
    assert (one["labels"]["chaos"], one["labels"]["state"], one["numbers"]["cost_time_s"]) == (
        "0",
        "success",
        30.0,
    )
    assert (one["mark"], one["word"], one["aspect"], one["count"]) == ("", "", [3.0, 2.0], 4)
    assert (one["prompt"], one["task"], one["simulated"], one["parent"]) == ("a fox", "task_0", True, None)
    assert (other["state"], other["mark"], other["word"], other["note"]) == (
        "failed",
        "✕",
        "failed",
        "NSFW No.",
    )
    assert set(other["numbers"]) == {"queue_time_s", "lag_s", "stars"} - {"queue_time_s", "lag_s"}


def test_pictures_travel_once_and_those_in_sight_first(wire: Wire, pictures: list[str]) -> None:
    """Each thumbnail is sent once to a page, what is in sight before the rest, and all again to a new page."""
    board = SweepBoard(grid(pictures, chaos=range(30)))
    told(board, {"kind": "see", "ids": [20, 21]})
    told(board, {"kind": "ready"})
    until(lambda: len(wire.pictures()) == 120)
    assert wire.pictures()[:8] == [(number, picture) for number in (20, 21) for picture in range(4)]
    assert len(set(wire.pictures())) == 120
    assert all(len(content["of"]) == len(data) for content, data in wire.custom("pictures"))
    assert {data[8:12] for _, buffers in wire.custom("pictures") for data in buffers} == {b"WEBP"}
    told(board, {"kind": "ready"})
    until(lambda: len(wire.pictures()) == 240)


def test_a_closed_board_is_silent(wire: Wire, pictures: list[str]) -> None:
    """A board that is closed while it has much to tell stops telling."""
    board = SweepBoard(grid(pictures, chaos=range(100)))
    told(board, {"kind": "ready"})
    until(wire.pictures)
    board.close()
    told(board, {"kind": "see", "ids": [0]})
    until(lambda: board._state._beat._job is None)
    assert len(wire.pictures()) < 400


def test_at_most_twenty_messages_a_second(wire: Wire, pictures: list[str]) -> None:
    """However much there is to tell, no second has more than twenty messages."""
    board = SweepBoard(grid(pictures, chaos=range(60)))
    told(board, {"kind": "ready"})
    begun = time.monotonic()
    until(lambda: len(wire.pictures()) == 240)
    times = [when for _, _, _, when in wire.sent if when > begun]
    assert all(sum(one <= other < one + 1 for other in times) <= 20 for one in times)


def test_a_large_picture(wire: Wire, tmp_path: Path, pictures: list[str]) -> None:
    """A large picture is sent when it is asked for, bounded; one that cannot be read says why."""
    Image.new("RGB", (3000, 2000), (1, 2, 3)).save(tmp_path / "0.jpg")
    rows = [row(0, images=[str(tmp_path / "0.jpg")]), row(1, images=[str(tmp_path / "lost.png")])]
    board = SweepBoard(frames.build(rows))
    for ask in ((0, 0), (1, 0), (0, 3)):
        told(board, {"kind": "large", "id": ask[0], "picture": ask[1]})
    until(lambda: len(wire.custom("large")) == 3)
    found = {(content["id"], content["picture"]): (content, data) for content, data in wire.custom("large")}
    content, data = found[0, 0]
    assert (content["width"], content["height"]) == (1536, 1024)
    assert Image.open(io.BytesIO(data[0])).size == (1536, 1024)
    assert "lost.png" in found[1, 0][0]["problem"]
    assert "not on disk" in found[0, 3][0]["problem"]


def test_a_thousand_tiles_are_fast(wire: Wire, pictures: list[str]) -> None:
    """A frame of a thousand rows becomes a board within a second."""
    frame = grid(pictures, chaos=range(0, 100, 10), stylize=range(0, 1000, 100), weird=range(0, 1000, 100))
    SweepBoard(frame.head(2))  # imports
    begun = time.perf_counter()
    board = SweepBoard(frame)
    assert time.perf_counter() - begun < 1
    told(board, {"kind": "ready"})
    until(lambda: wire.custom("tiles"))
    assert len(wire.tiles()) == 1000
    board.close()


def test_a_page_that_speaks_early(wire: Wire) -> None:
    """What a page says before there is a board to answer is answered as soon as there is one."""
    from mjnb.widgets.board.grid import Grid

    heard: list[Any] = []
    early = Grid()
    early._handle_custom_msg({"kind": "ready"}, [])
    early.answer_with(heard.append)
    early._handle_custom_msg({"kind": "see"}, [])
    assert [content["kind"] for content in heard] == ["ready", "see"]
    assert wire.custom("done") == []


def test_pictures_that_are_missing(wire: Wire, tmp_path: Path, pictures: list[str]) -> None:
    """A tile whose pictures cannot be read says so, also far behind the first."""
    rows = [row(n, chaos=n, images=pictures) for n in range(20)]
    rows.append(row(20, chaos=20, images=[str(tmp_path / "lost.png")]))
    board = SweepBoard(frames.build(rows, ["chaos"]))
    told(board, {"kind": "ready"})
    until(lambda: 20 in wire.tiles() and wire.tiles()[20]["word"])
    assert wire.tiles()[20]["word"] == "picture missing"
    assert "lost.png" in wire.tiles()[20]["note"]


def test_odd_columns(wire: Wire, pictures: list[str]) -> None:
    """Whatever somebody has put into a frame, the board shows what it can of it."""
    import numpy as np

    frame = grid(pictures, chaos=[0, 50])
    odd: dict[str, Any] = {
        "embedding": [np.zeros(3), np.ones(3)], "tags": [["a", "b"], ["c"]], "box": [{"x": 1}, {"x": 2}], "one": [[1, 2]] * 2,
        "stars": ["five", float("inf")], "price_usd": ["$0.10", "$0.20"], "sharpness": [float("inf"), 0.5], "what": [object(), 3],
    }  # fmt: skip
    board = SweepBoard(frame.assign(**odd))
    told(board, {"kind": "ready"})
    until(lambda: len(wire.pictures()) == 8)
    assert [tile["labels"]["tags"] for tile in wire.tiles().values()] == ["a b", "c"]
    assert [tile["numbers"].get("sharpness") for tile in wire.tiles().values()] == [None, 0.5]
    assert board.grid.trouble == ""
    assert board.frame["stars"].tolist() == [0, 0]
    assert "image/jpeg" in board.still()


def test_a_table_that_was_read_plainly(
    tmp_path: Path, pictures: list[str], wire: Wire, session: Callable[..., Any]
) -> None:
    """A frame that pandas has read without its types makes a board, and takes follow-ups."""
    import pandas as pd

    mj = session()
    for prompt in ("a fox", "an owl"):
        mj.imagine(prompt).result(timeout=20)
    mj.history().to_csv(tmp_path / "a.csv", index=False)
    board = SweepBoard(pd.read_csv(tmp_path / "a.csv"), session=mj)
    told(board, {"kind": "ready"})
    until(lambda: len(wire.pictures()) == 8)
    assert wire.tiles()[0]["labels"]["created"][:2] == "20"
    told(board, {"kind": "do", "deed": "reroll", "ids": [0], "token": "a"})
    until(lambda: board.frame["state"].tolist() == ["success"] * 3)
    until(lambda: [len(images) for images in board.frame["images"]] == [4, 4, 4])
    assert board.frame["created"].notna().all()


def test_a_task_that_is_there_twice(session: Callable[..., Any]) -> None:
    """Copies of one task in a frame are gone on from once, and share their stars."""
    import pandas as pd

    mj = session()
    mj.imagine("a fox").result(timeout=20)
    twice = SweepBoard(pd.concat([mj.history(), mj.history()]), session=mj)
    told(twice, {"kind": "star", "ids": [1], "stars": 4})
    assert twice.frame["stars"].tolist() == [4, 4]
    told(twice, {"kind": "do", "deed": "reroll", "ids": [0, 1], "token": "a"})
    until(lambda: twice.frame["state"].tolist() == ["success"] * 3)
    assert len(mj.history()) == 2


def test_a_frame_without_a_session() -> None:
    """Without a session a board has no actions and says so; stars are kept in it."""
    board = SweepBoard(grid(chaos=[0, 50]))
    assert board.grid.offers == []
    assert "session=mj" in board.grid.notice
    told(board, {"kind": "star", "ids": [1], "stars": 4})
    assert board.frame["stars"].tolist() == [0, 4]
    assert list(board.frame.columns)[-1] == "stars"
    told(board, {"kind": "do", "deed": "upscale", "ids": [0], "picture": 0, "choice": "2x"})
    assert "session" in board.grid.trouble


def test_what_the_page_may_not_ask_is_shown() -> None:
    """A message that makes no sense is answered in the board, and breaks nothing."""
    board = SweepBoard(grid(chaos=[0, 50]))
    for content in ("hello", {"kind": "dance"}, {"kind": "star", "ids": [7], "stars": 1}, {"kind": "star", "ids": [0], "stars": 9}, {"kind": "see"}):  # fmt: skip
        board.grid.trouble = ""
        told(board, content)
        assert board.grid.trouble


def test_other_frames(session: Callable[..., Any], tmp_path: Path, pictures: list[str]) -> None:
    """A frame that was filtered, concatenated or read back, and an empty one, make boards; another table does not."""
    import pandas as pd

    frame = grid(pictures, chaos=[0, 50, 100], version=["v7", "niji 7"])
    frame.to_csv(tmp_path / "a.csv", index=False)
    for one in (
        frame[frame["chaos"] > 0],
        pd.concat([frame, frame]),
        frames.read(tmp_path / "a.csv"),
        frame.iloc[:0],
    ):
        board = SweepBoard(one)
        assert len(board.frame) == len(one)
        assert board.frame.index.equals(one.index)
    assert SweepBoard(session().history()).grid.facts["total"] == 0
    for wrong in (pd.DataFrame({"a": [1]}), [1, 2]):
        with pytest.raises(LayoutError):
            SweepBoard(wrong)  # type: ignore[arg-type]


def test_children_in_a_history() -> None:
    """In a history a follow-up is the child of its parent, and says what was done; its parent's axes stay as they are."""
    rows = [
        row(0, chaos=0), row(1, chaos=50),
        row(2, mode="vary", parent="task_1", image_index=2, strength="strong", chaos=None, prompt=None, aspect=None),
        row(3, mode="upscale", parent="task_2", image_index=0, kind="2x", chaos=None, prompt=None, aspect=None),
    ]  # fmt: skip
    board = SweepBoard(frames.build(rows, ["chaos"]))
    tiles = board._state.held.tiles
    assert [tile.parent for tile in tiles] == [None, None, 1, 2]
    assert tiles[2].said == "vary strong of chaos 50, picture 2"
    assert tiles[3].said.startswith("upscale 2x of vary strong of chaos 50")
    assert tiles[2].shape == tiles[1].shape
    assert columns(board)["chaos"] == ("axis", ["0", "50"])
    assert columns(board)["mode"] == ("text", ["text-to-image", "vary", "upscale"])


# -- arrangement -------------------------------------------------------------------------------------------------------


ARRANGEMENTS: list[dict[str, Any]] = [
    {},
    {"rows": "stylize", "cols": "chaos"},
    {"rows": "chaos", "cols": ""},
    {"rows": "", "cols": "", "facet": ""},
    {"cols": "version", "facet": "chaos", "picture": 2, "size": 256},
    {"hide": {"chaos": ["50"]}, "at": {"version": "niji 7"}, "color": "cost_time_s"},
    {"rows": "stylize", "sort": "stars", "descending": True, "where": 'chaos>5 "a fox"'},
]


@pytest.mark.parametrize("given", ARRANGEMENTS)
def test_the_view_is_a_line_of_code(given: dict[str, Any]) -> None:
    """The line that a board gives builds a board of the same arrangement."""
    frame = grid(chaos=[0, 50], stylize=[0, 100, 1000], version=["v7", "niji 7"])
    board = SweepBoard(frame, **given)
    names = {"mjnb": type("mjnb", (), {"SweepBoard": SweepBoard}), "frame": frame}
    again = eval(board.view, names)
    assert again.grid.view == board.grid.view
    assert repr(board.view) == str(board.view) == again.view
    assert "\n" not in board.view


def test_arranging_anew() -> None:
    """Only what is named changes; what the page has changed stays; None chooses again."""
    board = SweepBoard(grid(chaos=[0, 50], stylize=[0, 100, 1000]))
    board.grid.set_state({"view": {**board.grid.view, "hide": {"chaos": ["0"]}, "size": 200}})
    board.arrange(rows="chaos", cols="stylize", color="stars")
    assert board.view == (
        "mjnb.SweepBoard(frame, rows='chaos', cols='stylize', hide={'chaos': ['0']}, size=200, color='stars')"
    )
    board.arrange(hide={"chaos": [50]}, rows=None, cols=None)
    assert board.grid.view["hide"] == {"chaos": ["50"]}
    assert (board.grid.view["rows"], board.grid.view["cols"]) == ("chaos", "stylize")


@pytest.mark.parametrize(
    ("given", "error", "word"),
    [
        ({"rows": "caos"}, InvalidRequest, "'chaos'"), ({"color": "cost_times"}, InvalidRequest, "'cost_time_s'"),
        ({"rows": "cost_time_s"}, LayoutError, "cost_time_s"), ({"rows": "chaos", "cols": "chaos"}, LayoutError, "twice"),
        ({"hide": {"chaos": [5]}}, InvalidRequest, "50"), ({"hide": {"chaos": "50"}}, InvalidRequest, "list"),
        ({"at": {"weird": 0}}, InvalidRequest, "weird"), ({"size": 20}, InvalidRequest, "64"),
        ({"picture": 4}, InvalidRequest, "3"), ({"sort": "star"}, InvalidRequest, "'stars'"),
        ({"descending": "no"}, InvalidRequest, "True or False"), ({"hide": ["chaos"]}, InvalidRequest, "by column"),
        ({"rows": ["chaos"]}, InvalidRequest, "one column"), ({"where": 5}, InvalidRequest, "text"),
    ],
)  # fmt: skip
def test_what_cannot_be_arranged(given: dict[str, Any], error: type[Exception], word: str) -> None:
    """A wrong name, label or number is refused with what would be right, at the start and later."""
    frame = grid(chaos=[0, 50], stylize=[0, 100])
    with pytest.raises(error, match=word):
        SweepBoard(frame, **given)
    board = SweepBoard(frame)
    before = board.view
    with pytest.raises(error, match=word):
        board.arrange(**given)
    with pytest.raises(InvalidRequest, match="rows"):
        board.arrange(row="chaos")
    assert board.view == before


def test_nothing_said_is_nothing(pictures: list[str]) -> None:
    """None takes a filter, a sorting, hidden labels and sliders away."""
    board = SweepBoard(grid(pictures, chaos=[0, 50]), hide={"chaos": [0]}, where="fox", sort="stars")
    board.arrange(where=None, at=None, hide=None, sort=None, color=None)
    found = {part: board.grid.view[part] for part in ("where", "at", "hide", "sort", "color")}
    assert found == {"where": "", "at": {}, "hide": {}, "sort": "", "color": ""}


def test_a_page_that_speaks_of_what_is_gone(pictures: list[str]) -> None:
    """A page's arrangement with columns and labels that are not there any more counts as not said."""
    board = SweepBoard(grid(pictures, chaos=[0, 50]))
    gone = {
        "rows": "weird",
        "sort": "weird",
        "hide": {"weird": ["1"], "chaos": ["0"]},
        "at": 5,
        "size": "big",
    }
    board.grid.set_state({"view": {**board.grid.view, **gone}})
    assert "hide={'chaos': ['0']}" in board.view
    assert "weird" not in board.view
    assert "image/jpeg" in board.still()
    board.arrange(color="stars")
    assert board.grid.view["hide"] == {"chaos": ["0"]}


def test_arranging_renews_what_stays(pictures: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The picture that stays in the notebook follows an arrangement that Python makes."""
    board = SweepBoard(grid(pictures, chaos=[0, 50]))
    board._ipython_display_()
    before = capsys.readouterr().out.count("image/jpeg")
    board.arrange(picture=1)
    assert capsys.readouterr().out.count("image/jpeg") == before == 1


@pytest.mark.parametrize("wrong", [{"rows": "chaoss"}, {"rows": 5}, {"size": 1}])
def test_a_refused_board_leaves_nothing(session: Callable[..., Any], wrong: dict[str, Any]) -> None:
    """A board that is refused keeps neither its run nor any widget alive."""
    run = Sweep("a fox", chaos=[0, 50]).start(session())
    run.result(timeout=20)
    gc.collect()
    before = len(_widgets())
    with pytest.raises(InvalidRequest):
        run.board(**wrong)
    gone = weakref.ref(run)
    del run
    gc.collect()
    assert len(_widgets()) == before
    assert gone() is None


def _widgets() -> dict[str, Any]:
    """All open widgets of this process."""
    from ipywidgets.widgets import widget

    found: dict[str, Any] = widget._instances
    return found


# -- rows --------------------------------------------------------------------------------------------------------------


def test_selection_is_a_frame() -> None:
    """What is selected on the page is a frame in Python, and the other way round."""
    frame = grid(chaos=[0, 50, 100])
    board = SweepBoard(frame)
    board.grid.set_state({"selected": [2, 0]})
    assert board.selection["chaos"].tolist() == [0, 100]
    board.select(board.frame["chaos"] > 10)
    assert board.grid.selected == [1, 2]
    board.select(frame.iloc[[0]])
    assert board.selection["task_id"].tolist() == ["task_0"]
    with pytest.raises(LayoutError, match="3 rows"):
        board.select([True])


# -- runs --------------------------------------------------------------------------------------------------------------


def test_a_live_run_fills_a_board(session: Callable[..., Any], wire: Wire) -> None:
    """Tiles of a run are there from the start, change as deltas, and in the end have their pictures and numbers."""
    run = Sweep("a fox in {place: snow, gore}", chaos=[0, 50]).start(session())
    board = SweepBoard(run)
    assert board.grid.facts["live"]
    told(board, {"kind": "ready"})
    run.result(timeout=30)
    until(lambda: not board.grid.facts["live"] and len(wire.pictures()) == 8)
    tiles = wire.tiles()
    assert [tile["state"] for tile in tiles.values()] == ["success", "success", "failed", "failed"]
    assert all(tile["numbers"].get("cost_time_s") for tile in list(tiles.values())[:2])
    assert "CONTENT_VIOLATION" in tiles[2]["note"]
    whole = [content for content, _ in wire.custom("tiles") if content["all"]]
    assert len(whole) == 1
    assert board.grid.facts["text"].startswith("2 of 4 done · 2 failed")
    assert board.frame["chaos"].tolist() == [0, 50, 0, 50]


def test_stop(session: Callable[..., Any]) -> None:
    """The page's stop ends the run; cells that were not run say so."""
    run = Sweep("a fox", chaos=list(range(12))).start(session(concurrency=1))
    board = SweepBoard(run)
    told(board, {"kind": "stop"})
    until(run.done)
    until(lambda: not board.grid.facts["live"])
    assert "stopped" in columns(board)["state"][1]
    assert board.grid.trouble == ""


def test_a_finished_run_is_let_go(session: Callable[..., Any]) -> None:
    """A run that has ended is kept alive by no board, which goes on with its frame and its session."""
    run = Sweep("a fox", chaos=[0, 50]).start(session())
    board = SweepBoard(run)
    assert len(run.result(timeout=20)) == 2
    gone = weakref.ref(run)
    del run
    end = time.monotonic() + 5
    while gone() is not None and time.monotonic() < end:
        time.sleep(0.02)  # the I/O thread lets go of it within a beat
        gc.collect()
    assert gone() is None
    assert board.frame["state"].tolist() == ["success", "success"]
    assert board.view.startswith("mjnb.SweepBoard(run")
    assert isinstance(board.selection, type(board.frame))


def test_a_run_that_has_ended_before(session: Callable[..., Any], wire: Wire) -> None:
    """A board of a run that is over shows how it ended."""
    run = Sweep("a fox", chaos=[0, 50]).start(session())
    run.result(timeout=20)
    board = SweepBoard(run)
    told(board, {"kind": "ready"})
    until(lambda: len(wire.pictures()) == 8)
    until(lambda: not board.grid.facts["live"])
    assert isinstance(run, Run)
    assert [tile["word"] for tile in wire.tiles().values()] == ["", ""]


def test_a_closed_board_lets_its_run_go(session: Callable[..., Any]) -> None:
    """A board that was closed while its run went on lets go of it at its end."""
    run = Sweep("a fox", chaos=[0, 50]).start(session())
    board = SweepBoard(run)
    board.close()
    run.result(timeout=20)
    gone = weakref.ref(run)
    del run

    def is_gone() -> bool:
        gc.collect()
        return gone() is None

    until(is_gone)
    assert board.frame["state"].tolist() == ["success", "success"]


def test_a_stopped_run_is_taken_up_elsewhere(session: Callable[..., Any]) -> None:
    """Cells that were stopped go on in their own tiles when a later run is followed, and keep their places."""
    mj = session(concurrency=1)
    sweep = Sweep("a fox", chaos=list(range(6)))
    run = sweep.start(mj)
    board = SweepBoard(run)
    until(lambda: run.progress.done >= 1)
    told(board, {"kind": "stop"})
    until(lambda: run.done() and not board.grid.facts["live"])
    later = sweep.start(mj)
    board.follow(later)
    board.follow(later)
    later.result(timeout=30)
    until(lambda: not board.grid.facts["live"])
    assert len(board._state.held.tiles) == 6
    assert board.frame["chaos"].tolist() == list(range(6))
    assert set(board.frame["state"]) == {"success"}
    assert columns(board)["state"][1] == ["success"]
    with pytest.raises(LayoutError, match="run"):
        board.follow(board.frame)  # type: ignore[arg-type]


def test_what_became_of_it_elsewhere(session: Callable[..., Any]) -> None:
    """Refreshing reads the ledger for cells that had not ended; a board without a session has none to read."""
    mj = session(concurrency=1)
    sweep = Sweep("a fox", chaos=list(range(5)))
    run = sweep.start(mj)
    board = SweepBoard(run)
    until(lambda: run.progress.done >= 1)
    run.stop()
    until(lambda: run.done() and not board.grid.facts["live"])
    sweep.start(mj).result(timeout=30)
    assert board.refresh().result(timeout=10) >= 1
    assert board.refresh().result(timeout=10) == 0
    assert board.frame["chaos"].tolist() == list(range(5))
    assert set(board.frame["state"]) == {"success"}
    with pytest.raises(SetupError, match="session"):
        SweepBoard(board.frame).refresh()


# -- stars -------------------------------------------------------------------------------------------------------------


def test_stars_survive_a_new_session(session: Callable[..., Any]) -> None:
    """Stars given on a board are in the ledger, and on the boards of later sessions."""
    mj = session()
    mj.imagine("a fox").result(timeout=20)
    board = SweepBoard(mj.history(), session=mj)
    told(board, {"kind": "star", "ids": [0], "stars": 5})
    until(lambda: list(mj.stars().values()) == [5])
    later = session()
    assert SweepBoard(later.history(), session=later).frame["stars"].tolist() == [5]
    assert SweepBoard(board.frame).frame["stars"].tolist() == [5]


def test_stars_before_there_is_a_task(session: Callable[..., Any]) -> None:
    """Stars for a cell that has not been sent yet are in the ledger once it has been."""
    mj = session(concurrency=1)
    run = Sweep("a fox", chaos=[0, 50, 100]).start(mj)
    board = SweepBoard(run)
    told(board, {"kind": "star", "ids": [2], "stars": 3})
    run.result(timeout=30)
    until(lambda: list(mj.stars().values()) == [3])
    assert mj.stars() == {board.frame.iloc[2]["task_id"]: 3}


# -- what stays --------------------------------------------------------------------------------------------------------


def test_the_still_picture(pictures: list[str]) -> None:
    """A board leaves a labelled contact sheet of its arrangement, bounded in size, and words."""
    frame = grid(pictures, chaos=range(12), stylize=range(0, 120, 10))
    board = SweepBoard(frame)
    bundle = board.still()
    assert set(bundle) == {"image/jpeg", "text/plain"}
    assert len(bundle["image/jpeg"]) < 500_000
    wide = Image.open(io.BytesIO(bundle["image/jpeg"])).size
    board.arrange(hide={"stylize": [str(n) for n in range(20, 120, 10)]})
    assert Image.open(io.BytesIO(board.still()["image/jpeg"])).size < wide
    board.arrange(rows="", cols="", hide={}, picture=1)
    assert "image/jpeg" in board.still()
    assert "144 of 144 done" in bundle["text/plain"]


def test_a_still_without_pictures_is_words() -> None:
    """Where there is no picture yet there are words, and text from outside is text."""
    board = SweepBoard(frames.build([row(0, prompt=HOSTILE, state="failed")]))
    bundle = board.still()
    assert "image/jpeg" not in bundle
    assert "<script>" not in bundle["text/html"]
    assert "&lt;script&gt;" in bundle["text/html"]
    assert HOSTILE in bundle["text/plain"]


def test_without_a_page_the_end_is_drawn_before_anybody_goes_on(
    session: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A notebook that a tool runs keeps the finished board, even if its last cell awaits the run."""
    run = Sweep("a fox", chaos=[0, 50]).start(session())
    board = SweepBoard(run)
    board._ipython_display_()
    run.result(timeout=20)
    assert "2 of 2 done" in capsys.readouterr().out.splitlines()[-1]


def test_closing(session: Callable[..., Any]) -> None:
    """A closed board closes all of its widgets and leaves its run alone."""
    run = Sweep("a fox", chaos=[0, 50]).start(session())
    board = SweepBoard(run)
    board.close()
    assert board.comm is board.grid.comm is board.tray.comm is None
    assert len(run.result(timeout=20)) == 2
