"""The live view from Python's side: what it holds, what it sends, and what it leaves behind."""

from __future__ import annotations

import gc
import re
import time
import weakref
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from mjnb.runs import Progress
from mjnb.sweep import Sweep
from mjnb.views.live import LiveGrid, _Beat, show, static_html
from mjnb.views.still import MOST_TILES, box

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOSTILE = """</div><script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;"""


def tile(label: str = "chaos 0", state: str = "", pictures: Any = (), **more: Any) -> dict[str, Any]:
    """One cell as a run tells it."""
    return {
        "label": label,
        "state": state,
        "note": "",
        "pictures": list(pictures),
        "before": False,
        "since_s": None,
    } | more


@dataclass
class Told:
    """A run whose state is told by the test."""

    cells: list[dict[str, Any]]
    progress: Progress = field(default_factory=lambda: Progress(total=1))
    aspect: str = "1:1"
    stopped: bool = False
    tell: Callable[[Any], None] = print

    def shapes(self, most: int) -> list[dict[str, Any]]:
        """Say what is known beforehand."""
        return [
            {"label": cell["label"], "aspect": self.aspect, "pictures": 4, "span_s": 38.0}
            for cell in self.cells[:most]
        ]

    def tiles(self, most: int) -> list[dict[str, Any]]:
        """Say what is known now."""
        return self.cells[:most]

    def done(self) -> bool:
        """Say whether it has ended."""
        return self.progress.ended

    def stop(self) -> None:
        """Note that it was asked to stop."""
        self.stopped = True

    def listen(self, listener: Callable[[Any], None]) -> None:
        """Keep the listener for the test to call."""
        self.tell = listener


class Seen(HTMLParser):
    """The tags and the text of some HTML."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        """Note some text."""
        self.words.append(data)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Four small pictures on disk."""
    made = [tmp_path / f"{n}.png" for n in range(4)]
    for n, path in enumerate(made):
        Image.new("RGB", (64, 64), (60 * n, 90, 120)).save(path)
    return made


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    """What a widget sends: its states and its messages, with their buffers."""
    kept: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(
        "ipywidgets.Widget._send", lambda _, msg, buffers=None: kept.append((msg, buffers or []))
    )
    return kept


def test_the_state_of_a_view() -> None:
    """A view holds labels and measures once, and a mark, a word and a reason for each state."""
    told = Told(
        [tile("a", "processing", since_s=12.345), tile("b", "failed", note="No"), tile("c", before=True)]
    )
    state = LiveGrid(told).get_state()
    assert [cell["label"] for cell in state["cells"]] == ["a", "b", "c"]
    assert state["cells"][0] | {"label": ""} == {
        "label": "", "picture": [73, 73], "frame": [148, 148], "tile": 148, "span": 38.0,
    }  # fmt: skip
    assert [(s["mark"], s["word"], s["note"]) for s in state["states"]] == [
        ("◐", "running", ""), ("✕", "failed", "No"), ("○", "queued", ""),
    ]  # fmt: skip
    assert [s["since"] for s in state["states"]] == [12.3, None, None]
    assert [s["before"] for s in state["states"]] == [False, False, True]


def test_an_accelerated_clock_is_told() -> None:
    """The expected time of a cell is in real seconds, whatever the gateway's clock."""
    told = Told([tile()], Progress(total=1, time_scale=19.0))
    assert LiveGrid(told).cells[0]["span"] == 2.0


def test_pictures_travel_once(sent: list, pictures: list[Path]) -> None:
    """A redraw sends new pictures alone, as bytes in one message, and all of them again to a new page."""
    told, asked = Told([tile(), tile(state="success", pictures=pictures)]), []
    view = LiveGrid(told, on_ready=lambda: asked.append(True))
    for _ in range(3):
        view.refresh(view.fetch())
    messages = [(msg["content"], data) for msg, data in sent if msg["method"] == "custom"]
    assert [content for content, _ in messages] == [{"pictures": [[1, 4]]}]
    assert [data[8:12] for data in messages[0][1]] == [b"WEBP"] * 4
    view._handle_custom_msg("ready", [])
    view.refresh(view.fetch())
    assert asked == [True]
    assert sum(msg["method"] == "custom" for msg, _ in sent) == 2


def test_nothing_new_is_not_said(sent: list) -> None:
    """A redraw without a change sends nothing; one with many changes sends one state."""
    told = Told([tile(), tile()])
    view = LiveGrid(told)
    sent.clear()
    view.refresh({})
    assert sent == []
    told.cells[:] = [tile(state="pending"), tile(state="processing")]
    told.progress = Progress(total=2, running=2)
    view.refresh({})
    assert [set(msg["state"]) for msg, _ in sent] == [{"facts", "states"}]


def test_a_picture_that_cannot_be_read(pictures: list[Path], tmp_path: Path) -> None:
    """A lost or broken picture is left out, live and still, and hurts nothing else."""
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    told = Told(
        [tile(state="success", pictures=[*pictures[:2], tmp_path / "none.png", tmp_path / "broken.png"])]
    )
    assert len(LiveGrid(told).fetch()[0]) == 2
    assert Seen(static_html(told)).tags.count("img") == 2


def test_its_stop_button() -> None:
    """The page's "stop" stops the run; any other word does nothing."""
    told = Told([tile()])
    view = LiveGrid(told)
    view._handle_custom_msg({"stop": True}, [])
    assert not told.stopped
    view._handle_custom_msg("stop", [])
    assert told.stopped


def test_after_the_end(sent: list, pictures: list[Path]) -> None:
    """A view sends how the run ended, lets go of it, and is closed when its page has no more use for it."""
    told = Told([tile(state="success", pictures=pictures), tile(state="processing")])
    view = LiveGrid(told)
    told.progress = Progress(total=2, done=1, ended=True)
    view.finish()
    assert [state["word"] for state in view.states] == ["", "left at the gateway"]
    assert view.facts["ended"]
    assert sent[-1][0]["content"] == {"pictures": [[0, 4]]}
    told.cells.clear()
    view.refresh(view.fetch())
    assert len(view.states) == 2
    assert view.comm is not None
    view._handle_custom_msg("gone", [])
    assert view.comm is None


def test_hostile_text_is_text(pictures: list[Path]) -> None:
    """A prompt, a value and a reason from outside are shown letter by letter, in text and in attributes."""
    told = Told(
        [tile(HOSTILE, "failed", note=HOSTILE), tile(HOSTILE, "success", pictures), tile(state=HOSTILE)]
    )
    seen = Seen(static_html(told))
    assert set(seen.tags) == {"div", "img"}
    assert {name for attributes in seen.attributes for name in attributes} <= {
        "style",
        "src",
        "alt",
        "width",
        "height",
        "class",  # of what is not a formula
    }
    assert sum(word.strip() == HOSTILE for word in seen.words) == 4
    assert next(a["alt"] for a in seen.attributes if "alt" in a) == f"{HOSTILE}, picture 0"


def test_still_and_live_say_the_same(pictures: list[Path]) -> None:
    """The still picture has the labels, words, reasons and measures of the live view."""
    cells = [
        tile("a", "success", pictures),
        tile("b", "failed", note="Reason"),
        tile("c", "unknown"),
        tile("d", "refused"),
    ]
    told = Told(cells, Progress(total=4, done=1, failed=2, unknown=1), aspect="16:9")
    page, view = static_html(told), LiveGrid(told)
    seen = " ".join(Seen(page).words)
    for cell, state in zip(view.cells, view.states, strict=True):
        assert cell["label"] in seen
        assert f"{state['mark']} {state['word']}".strip() in seen
        assert state["note"] in seen
    wide, high = view.cells[0]["frame"]
    assert page.count(f"width:{wide}px;height:{high}px") == 4
    assert page.count('width="73" height="41"') == 4
    assert view.facts["text"] in seen


def test_what_a_stop_leaves(pictures: list[Path]) -> None:
    """After a stop nothing is shown as if it went on: tasks are left at the gateway, cells were not run."""
    cells = [tile(state="processing"), tile(state="stopped"), tile(state="success", pictures=pictures)]
    page = static_html(Told(cells, Progress(total=3, done=1, ended=True)))
    assert "left at the gateway" in page
    assert "not run" in page
    assert "running" not in page
    assert "s left" not in page


@pytest.mark.parametrize(
    ("aspect", "pictures", "frame"),
    [
        ("1:1", 4, (148, 148)), ("16:9", 4, (148, 84)), ("9:16", 4, (84, 148)), ("3:2", 1, (148, 99)),
        ("1:100", 4, (38, 148)), ("", 4, (148, 148)), ("0:0", 4, (148, 148)), ("a:b", 2, (148, 73)),
    ],
)  # fmt: skip
def test_places_by_aspect(aspect: str, pictures: int, frame: tuple[int, int]) -> None:
    """The place of a cell has the shape of its pictures before they come; what cannot be read is square."""
    assert box(aspect, pictures).frame == frame
    assert box(aspect, pictures).tile >= 112


def test_very_many_cells() -> None:
    """Beyond two hundred cells the rest is counted, live and still."""
    told = Told([tile(f"chaos {n}") for n in range(250)], Progress(total=250))
    view = LiveGrid(told)
    assert len(view.cells) == len(view.states) == MOST_TILES
    assert view.facts["rest"] == "and 50 more"
    assert "and 50 more" in static_html(told)


def test_a_hundred_cells_stay_light(tmp_path: Path) -> None:
    """The still picture of a hundred cells of four noisy pictures is below two MiB."""
    noise = Image.effect_noise((256, 256), 80).convert("RGB")
    paths = [tmp_path / f"{n}.jpg" for n in range(8)]
    for path in paths:
        noise.save(path)
    told = Told([tile(state="success", pictures=paths[:4])] * 100, Progress(total=100, done=100))
    assert len(static_html(told)) < 2 * 2**20


def test_in_a_terminal_it_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a kernel a run is shown as one line of text."""
    show(Told([tile()], Progress(total=4, done=1, simulated=True)))
    assert re.fullmatch(r"1 of 4 done · .* · simulated\n", capsys.readouterr().out)


def test_the_end_is_drawn_before_anybody_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    """The still picture is out when a run has told its end, not some moments later: a cell that awaits it may be over."""
    told = Told([tile()])
    _Beat(told).start()
    assert capsys.readouterr().out.count("○ queued") == 1
    told.progress = Progress(total=1, failed=1, ended=True)
    told.cells[0] = tile(state="failed")
    told.tell(told)
    assert capsys.readouterr().out.count("✕ failed") == 1


def test_a_finished_run_is_let_go(session: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    """A run that was shown live and has ended is kept alive by nothing of ours."""
    run = Sweep("a fox", chaos=[0, 50]).start(session())
    _Beat(run).start()
    assert len(run.result(timeout=20)) == 2
    assert capsys.readouterr().out.count("2 of 2 done") == 2
    gone = weakref.ref(run)
    del run
    end = time.monotonic() + 5
    while gone() is not None and time.monotonic() < end:
        time.sleep(0.05)  # the I/O thread lets go of it within a beat
        gc.collect()
    assert gone() is None


# -- answers that are no pictures, and progress that is told ----------------------------------------------------------


def test_texts_stand_in_their_place() -> None:
    """An answer in words is shown instead of a state, escaped, live and still; nothing is said to be missing."""
    told = Told([tile(state="success", texts=["a fox", HOSTILE])], Progress(total=1, done=1, ended=True))
    seen = Seen(static_html(told))
    assert "a fox" in seen.words
    assert HOSTILE in seen.words
    assert not any("not fetched" in word for word in seen.words)
    (state,) = LiveGrid(told).states
    assert (state["texts"], state["word"]) == (["a fox", HOSTILE], "")


def test_clips_are_called_so(tmp_path: Path) -> None:
    """A clip shows its still picture with a word under it; one without a still picture has the word in its place."""
    for name in ("0", "1"):
        (tmp_path / f"{name}.webm").write_bytes(b"\x1aE\xdf\xa3")
    Image.new("RGB", (64, 64)).save(tmp_path / "0.poster.jpg")
    for name, pictures in (("0", 1), ("1", 0)):
        told = Told([tile(state="success", pictures=[tmp_path / f"{name}.webm"])])
        seen = Seen(static_html(told))
        assert any("▶ clip" in word for word in seen.words)
        assert static_html(told).count("<img") == pictures
        assert LiveGrid(told).states[0]["clips"] == "clip"


def test_progress_that_the_gateway_tells() -> None:
    """How far a task is goes to the page where the gateway tells it, and is nothing where it does not."""
    told = Told([tile(state="processing", progress=45), tile(state="processing")], Progress(total=2))
    assert [state["progress"] for state in LiveGrid(told).states] == [45, None]
