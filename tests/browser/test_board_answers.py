"""The board's page where answers are clips or words, where a task does not offer everything, and progress is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from browser.board_page import BoardPage, columns, press, texts, tile, view

from mjnb.simulator import ManualClock, Server
from mjnb.simulator.tasks import Drawing, Order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

WORDS = [
    "a fox in the snow, seen from a low window, long shadows --ar 3:2",
    "<b>an oil painting</b> of a fox",
]
COLUMNS = columns(mode=["text-to-image", "upscale", "video", "describe"])
FOUR, ONE, CLIPS, TEXTS, BARE = range(5)


def choices(*values: str | None, price: int | None = 55_040, form: bool = False) -> list[dict[str, Any]]:
    """Choices of an offer, the last of which opens a form."""
    made = [{"value": value, "label": value or "again", "price_micro": price} for value in values]
    more = {"value": None, "label": "with words…", "price_micro": None, "form": True}
    return [*made, *([more] if form else [])]


def offer(deed: str, some: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """One offer."""
    usual = {
        "label": deed.capitalize(),
        "help": f"{deed} it",
        "modes": [],
        "each": "picture",
        "many": True,
        "of": "pictures",
    }
    return {"deed": deed, "choices": some, **usual, **more}


OFFERS = [
    offer("vary", choices("subtle", "strong", form=True)),
    offer("upscale", choices("standard", "2x")),
    offer("reroll", choices(None), each="task"),
    offer("inpaint", [], many=False),
    offer("zoom", choices("1.5x", "2x", form=True), more=True),
    offer("pan", choices("left", "right", "up", "down"), more=True),
    offer("extend", choices(None), more=True, of="clips"),
    offer("describe", choices(None), more=True),
    offer(
        "around",
        [],
        modes=["text-to-image", "upscale", "video"],
        more=True,
        each="tile",
        many=False,
        of="any",
        label="Sweep around this",
        against={"describe": "its answer is words"},
    ),
]
WHY = "zoom is not on offer; this task offers upscale standard. Upscale one of its pictures first."
BARS = {
    "sheet": {"zoom": {"": WHY}, "pan": {"": WHY}, "upscale": {"2x": "not of a sheet"}, "inpaint": {"": "of one picture"}},
    "one": {"reroll": {"": "it has one picture"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def clip() -> bytes:
    """A clip of two seconds."""
    clock = ManualClock()
    with Server(clock=clock, short_side=64) as server:
        order = Order("test", Drawing("a fox", aspect="3:2"), 1, (5, 5), kind="video")
        task = server._world.accept("a", order)
        clock.advance(10)
        return httpx.get(f"{server.url}/files/{task.id}/0.webm").content


@pytest.fixture
def board(page: Page) -> BoardPage:
    """A board of a sheet, an upscale, two clips, two texts, and a clip without a still picture."""
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    labels = ["text-to-image", "upscale", "video", "describe", "video"]
    made = [tile(n, {"mode": mode}, aspect=[3, 2], prompt=f"fox {n}") for n, mode in enumerate(labels)]
    made[ONE] |= {"count": 1}
    made[CLIPS] |= {"count": 2, "kind": "clips"}
    made[TEXTS] |= {"count": 0, "kind": "texts", "texts": WORDS}
    made[BARE] |= {"count": 1, "kind": "clips"}
    shown = BoardPage(page).start(COLUMNS, made, view=view(), offers=OFFERS, pictures=False)
    shown.send_pictures(made[: CLIPS + 1])
    shown.tell(
        {
            "kind": "tiles",
            "tiles": [],
            "all": False,
            "bars": BARS,
            "barred": [[FOUR, "sheet"], [ONE, "one"]],
        }
    )
    shown.settle()
    return shown


def open_tile(board: BoardPage, number: int) -> Any:
    """Open a tile large."""
    board.page.locator(f'.mjb-tile[data-id="{number}"] .mjb-frame').click(position={"x": 70, "y": 60})
    board.settle()
    return board.page.get_by_role("dialog", name="mode")


def more_of(board: BoardPage) -> Any:
    """Open the menu of what is done less often, for what is selected."""
    bar = board.page.get_by_role("region", name="Selection")
    bar.get_by_role("button", name="More").click()
    return bar.locator(".mjb-more")


# -- clips -------------------------------------------------------------------------------------------------------------


def test_clips_are_marked(board: BoardPage) -> None:
    """A clip's tile shows its still picture with a mark and a word, also where there is none; it is told in words too."""
    assert texts(board, ".mjb-clip") == ["▶ 2 clips", "▶ clip"]
    assert "2 clips" in board.page.locator(f'.mjb-tile[data-id="{CLIPS}"] .mjb-spoken').inner_text()
    assert board.page.locator(f'.mjb-tile[data-id="{CLIPS}"] img').count() == 2
    assert board.sent("large") == []


def test_a_clip_is_played_in_the_large_view(board: BoardPage, clip: bytes) -> None:
    """A clip is asked for when it is opened, begins when Space says so, stops when it is closed; its poster is there before."""
    dialog = open_tile(board, CLIPS)
    assert board.sent("large") == [{"kind": "large", "id": CLIPS, "picture": 0}]
    assert dialog.locator("img.mjb-large").is_visible()
    board.tell({"kind": "large", "id": CLIPS, "picture": 0, "clip": "video/webm"}, [clip])
    board.settle()
    video = dialog.locator("video")
    video.evaluate(
        "video => new Promise(done => video.readyState > 1 ? done() : video.onloadeddata = done)"
    )
    assert not dialog.locator("img.mjb-large").is_visible()
    assert video.evaluate("video => [video.paused, video.muted, Boolean(video.poster)]") == [
        True,
        True,
        True,
    ]
    assert dialog.get_by_role("button", name="Clip 1").is_visible()
    assert not dialog.get_by_role("button", name="Zoom in").is_visible()
    press(board, " ")
    video.evaluate(
        "video => new Promise(done => { video.ontimeupdate = () => video.currentTime > 0 && done(); })"
    )
    press(board, " ")
    assert video.evaluate("video => video.paused")
    press(board, "Escape")
    shut = board.page.locator(".mjb-box video").evaluate(
        "video => [video.paused, video.getAttribute('src')]"
    )
    assert shut == [True, None]


def test_a_clip_that_cannot_be_played_says_so(board: BoardPage) -> None:
    """What is no clip that this page can play says so, and so does one that could not be read."""
    dialog = open_tile(board, BARE)
    board.tell({"kind": "large", "id": BARE, "picture": 0, "clip": "video/webm"}, [b"not a clip"])
    dialog.get_by_text("This page cannot play the clip.").wait_for()
    press(board, ".", "Escape")
    dialog = open_tile(board, CLIPS)
    board.tell({"kind": "large", "id": CLIPS, "picture": 0, "problem": "0.webm: it is gone"})
    dialog.get_by_text("0.webm: it is gone").wait_for()


def test_clips_are_compared_by_their_still_pictures(board: BoardPage, clip: bytes) -> None:
    """In the comparison a clip stands as its still picture."""
    open_tile(board, CLIPS)
    board.tell({"kind": "large", "id": CLIPS, "picture": 0, "clip": "video/webm"}, [clip])
    press(board, "Escape")
    board.set("selected", [FOUR, CLIPS])
    board.page.get_by_role("button", name="Compare").click()
    board.settle()
    shown = "images => images.every(image => image.naturalWidth > 0)"
    assert board.page.locator(".mjb-comparison .mjb-side img").evaluate_all(shown)


# -- words -------------------------------------------------------------------------------------------------------------


def test_words_are_read(board: BoardPage) -> None:
    """A tile of an answer in words shows them clamped; the large view has all of them as text, each to be copied."""
    shown = board.page.locator(f'.mjb-tile[data-id="{TEXTS}"] .mjb-answer')
    assert shown.all_inner_texts() == WORDS
    assert shown.first.evaluate("node => node.getBoundingClientRect().height < 40")
    dialog = open_tile(board, TEXTS)
    assert dialog.locator(".mjb-answertext").all_inner_texts() == WORDS
    assert board.sent("large") == []
    dialog.get_by_role("button", name="Copy: <b>an oil").click()
    assert (
        board.page.evaluate("getSelection().toString()") == WORDS[1]
    )  # this page is not safe enough for more
    assert "2 texts" in dialog.inner_text()


# -- what can be done --------------------------------------------------------------------------------------------------


def test_the_bar_stays_one_line(board: BoardPage) -> None:
    """What is done most stands side by side in the order of use, everything else behind More: the bar is one line."""
    board.set("selected", [ONE])
    bar = board.page.get_by_role("region", name="Selection")
    assert [text.split(" ")[0] for text in bar.locator(".mjb-deeds button").all_inner_texts()[:5]] == [
        "Vary", "Upscale", "Reroll", "Inpaint…", "More",
    ]  # fmt: skip
    assert bar.bounding_box()["height"] < 50


def test_what_a_task_does_not_offer_is_grey(board: BoardPage) -> None:
    """What a task does not offer cannot be pressed and says why; a single choice of several is grey by itself."""
    board.set("selected", [FOUR])
    bar = board.page.get_by_role("region", name="Selection")
    assert "of one picture" in bar.get_by_role("button", name="Inpaint").get_attribute("title")
    assert not bar.get_by_role("button", name="Inpaint").is_enabled()
    bar.get_by_role("button", name="Upscale").click()
    assert [bar.get_by_role("button", name=name).is_enabled() for name in ("standard", "2x")] == [
        True,
        False,
    ]
    press(board, "Escape")
    panel = more_of(board)
    assert not any(
        button.is_enabled() for button in panel.get_by_role("group", name="Pan").get_by_role("button").all()
    )
    assert panel.get_by_role("group", name="Zoom").locator(".mjb-whynot").inner_text() == WHY
    assert panel.get_by_role("button", name="Describe").is_enabled()
    assert panel.get_by_role("group", name="Extend").count() == 0
    assert "Prices are simulated." in panel.inner_text()


def test_more_is_pressed_once(board: BoardPage) -> None:
    """A choice behind More is sent by one press with its price on it; one that asks for words opens a form."""
    board.set("selected", [ONE])
    panel = more_of(board)
    assert (
        panel.get_by_role("group", name="Pan").get_by_role("button").all_inner_texts()[0] == "left $0.055"
    )
    panel.get_by_role("button", name="up", exact=False).nth(0).click()
    assert board.deeds() == [{"deed": "pan", "ids": [ONE], "picture": 0, "choice": "up"}]
    more_of(board).get_by_role("group", name="Zoom").get_by_role("button", name="with words…").click()
    assert board.deeds()[-1] == {"deed": "zoom", "ids": [ONE], "picture": 0, "choice": None, "form": True}
    board.set("selected", [FOUR, ONE])
    panel = more_of(board)
    assert panel.get_by_role("button", name="with words…").count() == 0
    panel.get_by_role("group", name="Zoom").get_by_role("button", name="2x $0.055").click()
    assert board.deeds()[-1]["ids"] == [ONE]


@pytest.mark.parametrize("width", [1280, 640])
def test_more_stands_inside_the_large_view(board: BoardPage, width: int) -> None:
    """Opened beside a large picture, everything behind More is in the window, and nothing moves sideways for it."""
    board.page.set_viewport_size({"width": width, "height": 860})
    dialog = open_tile(board, FOUR)
    dialog.get_by_role("button", name="More").click()
    box = dialog.locator(".mjb-more").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert board.page.evaluate("document.querySelector('.mjb-panel').scrollLeft") == 0


def test_what_is_for_clips_is_for_clips(board: BoardPage) -> None:
    """From clips one can only go on as clips do; from words not at all, and it is said why no sweep goes around them."""
    board.set("selected", [CLIPS])
    bar = board.page.get_by_role("region", name="Selection")
    assert "it is for pictures" in bar.get_by_role("button", name="Vary").get_attribute("title")
    panel = more_of(board)
    assert panel.get_by_role("button").all_inner_texts() == ["Extend $0.055", "Sweep around this…"]
    press(board, "Escape")
    board.set("selected", [TEXTS])
    panel = more_of(board)
    assert panel.get_by_role("button", name="Sweep around this…").is_disabled()
    assert "Sweep around this: its answer is words" in panel.inner_text()


def test_what_cannot_be_done_has_no_price(board: BoardPage) -> None:
    """A price stands on what can be pressed, and on nothing that is grey."""
    board.set("selected", [ONE])
    bar = board.page.get_by_role("region", name="Selection")
    assert bar.get_by_role("button", name="Reroll").inner_text().strip() == "Reroll"
    board.set("selected", [FOUR])
    assert "$0.055" in bar.get_by_role("button", name="Reroll").inner_text()
    panel = more_of(board)
    assert "$" not in panel.get_by_role("group", name="Zoom").inner_text()
    assert "$0.055" in panel.get_by_role("button", name="Describe").inner_text()


def test_prices_that_nobody_knows(board: BoardPage) -> None:
    """Where no price is known that is said once, not on every button, and never as zero."""
    board.set(
        "offers", [one | {"choices": [c | {"price_micro": None} for c in one["choices"]]} for one in OFFERS]
    )
    board.set("selected", [ONE])
    panel = more_of(board)
    assert "Prices unknown; simulated." in panel.inner_text()
    assert "$" not in panel.inner_text()


# -- words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1400, 420])
def test_a_flag_stays_with_its_value(board: BoardPage, width: int) -> None:
    """In the large view a prompt's lines break before a flag, never inside it; what is copied is the same text."""
    board.page.set_viewport_size({"width": width, "height": 860})
    words = [
        f"a lighthouse {n * 'o'} --ar 16:9 --raw --sref https://example.com/{90 * 'a'}.png"
        for n in range(1, 24)
    ]
    made = tile(0, {"mode": "describe"}, count=0, kind="texts", texts=words)
    board.tell({"kind": "tiles", "tiles": [made], "all": True})
    board.settle()
    open_tile(board, 0)
    shown = board.page.locator(".mjb-answertext")
    assert shown.evaluate_all("all => all.map(one => one.textContent)") == words
    heights = shown.evaluate_all("all => all.map(one => one.children[0].offsetHeight)")
    assert len(set(heights)) == 1
    assert shown.evaluate_all("all => all.every(one => one.offsetWidth <= one.closest('ol').offsetWidth)")


def test_a_name_leaves_out_what_is_missing(board: BoardPage) -> None:
    """A tile is named by the values that it has, its gateway among them; an address in its name is short."""
    some = [
        *columns(chaos=[0, 50], seed=[7]),
        {"name": "gateway", "label": "gateway", "kind": "text", "values": ["a", "b"]},
    ]
    some[1]["values"] = ["7", "–"]
    made = [
        tile(0, {"chaos": 50, "seed": "–", "gateway": "b"}),
        tile(1, {"mode": "describe"}, said="describe of https://example.com/a/b/c.png"),
    ]
    board.start(some, made, view=view(), offers=[])
    said = [name.partition(";")[0] for name in texts(board, ".mjb-spoken")]
    assert sorted(said) == ["chaos 50, gateway b", "describe of example.com/…/c.png"]


def test_the_panel_of_a_narrow_window(board: BoardPage) -> None:
    """In a narrow window the name and the way out stay in sight, and another tile is read from its beginning."""
    board.page.set_viewport_size({"width": 420, "height": 560})
    dialog = open_tile(board, FOUR)
    dialog.get_by_role("heading", level=2).wait_for()
    board.page.locator(".mjb-panel").evaluate("node => { node.scrollTop = 1000; }")
    assert board.page.locator(".mjb-panel").evaluate("node => node.scrollTop") > 0
    close = dialog.get_by_role("button", name="Close")
    at = close.bounding_box()
    assert at is not None
    assert 280 <= at["y"] <= 560 - at["height"]
    close.click()
    open_tile(board, ONE)
    assert board.page.locator(".mjb-panel").evaluate("node => node.scrollTop") == 0


# -- the rest ----------------------------------------------------------------------------------------------------------


def test_progress_that_is_told(board: BoardPage) -> None:
    """A tile whose gateway tells how far it is says so, and its ring stands there; others fill in the usual time."""
    running = {"state": "processing", "word": "running", "count": 4, "since": 0}
    board.tell(
        {"kind": "tiles", "tiles": [tile(9, progress=45, **running), tile(10, **running)], "all": True}
    )
    board.settle()
    assert texts(board, ".mjb-word") == ["running 45 %", "running"]
    turns = board.page.locator(".mjb-turn").evaluate_all(
        "all => all.map(one => one.style.strokeDashoffset)"
    )
    assert turns == ["0.55", ""]


def test_addresses_are_short(board: BoardPage) -> None:
    """An address among the values is told by where it leads to and its file; differences leave out what one could not have."""
    long = "https://cdn.example.com/a/very/long/way/0.png?ex=1&hm=2"
    some = [
        *columns(mode=["text-to-image", "describe"], image_urls=[long]),
        {"name": "seed", "label": "seed", "kind": "text", "values": []},
    ]
    made = [
        tile(0, {"mode": "text-to-image", "seed": 7}),
        tile(1, {"mode": "describe", "image_urls": long}, prompt="fox"),
    ]
    board.start(some, made, view=view(), offers=[])
    board.option("describe").locator(".mjb-frame").click(position={"x": 70, "y": 60})
    panel = board.page.get_by_role("dialog").locator(".mjb-panel")
    assert "cdn.example.com/…/0.png" in panel.inner_text()
    assert "hm=2" not in panel.inner_text()
    assert panel.locator(".mjb-changes").first.inner_text().split() == [
        "mode",
        "text-to-image",
        "→",
        "describe",
    ]


@pytest.mark.parametrize("number", [FOUR, CLIPS, TEXTS])
def test_nothing_stands_in_anybodys_way(
    board: BoardPage, axe: Callable[..., list[str]], shoot: Callable[[str], Path], clip: bytes, number: int
) -> None:
    """axe-core finds nothing in the grid, in the large view, or behind More, light or dark; a picture of each is kept."""
    assert axe(".mjb") == []
    dialog = open_tile(board, number)
    if number == CLIPS:
        board.tell({"kind": "large", "id": CLIPS, "picture": 0, "clip": "video/webm"}, [clip])
    dialog.get_by_role("button", name="More").click()
    shoot(f"board-answers-{number}-light")
    assert axe(".mjb") == []
    board.darken()
    shoot(f"board-answers-{number}-dark")
    assert axe(".mjb") == []
