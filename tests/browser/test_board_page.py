"""The board's page over a model that speaks its protocol: arranged, walked, enlarged, compared, acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.board_page import (
    AXES,
    CHAOS,
    FACTS,
    GRID,
    BoardPage,
    columns,
    painted,
    press,
    texts,
    tile,
    tiles,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]


@pytest.fixture
def board(page: Page, console: list[str]) -> BoardPage:
    """A page for a board, which has nothing to say to the console in the end."""
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return BoardPage(page)


@pytest.fixture
def grid(board: BoardPage) -> BoardPage:
    """A finished grid of four rows and five columns."""
    return board.start(columns(**AXES), tiles(**AXES), view=GRID)


def focused(board: BoardPage) -> str:
    """The name of the tile that has the focus."""
    return str(
        board.page.evaluate(
            "document.activeElement.querySelector('.mjb-spoken')?.textContent.split(';')[0]"
        )
    )


def test_everything_stands_under_its_names(grid: BoardPage, console: list[str]) -> None:
    """Each tile is in line with the names of its row and its column, which stand outside the pictures."""
    assert texts(grid, ".mjb-head b") == ["0", "25", "50", "75", "100"]
    assert texts(grid, ".mjb-rowhead b") == ["0", "250", "500", "1000"]
    assert grid.labels()[:6] == [*(f"chaos {c}, stylize 0" for c in CHAOS), "chaos 0, stylize 250"]
    place = grid.option("chaos 50, stylize 500").bounding_box()
    column = grid.page.locator(".mjb-head", has_text="50").first.bounding_box()
    row = grid.page.locator(".mjb-rowhead", has_text="500").bounding_box()
    assert place["x"] == column["x"]
    assert place["y"] == row["y"]
    assert grid.page.locator(".mjb-tile img").count() == 20 * 4
    assert grid.sent()[0] == {"kind": "ready"}
    assert console == []


def test_axes_are_chosen_anew(grid: BoardPage) -> None:
    """An axis given to rows trades places with the one there; swap does the same, and Python is told."""
    grid.page.get_by_role("combobox", name="Rows").select_option("chaos")
    grid.settle()
    assert texts(grid, ".mjb-rowhead b") == ["0", "25", "50", "75", "100"]
    assert (grid.get("view")["rows"], grid.get("view")["cols"]) == ("chaos", "stylize")
    assert grid.page.evaluate("model.saves") > 0
    grid.page.get_by_role("button", name="Swap rows and columns").click()
    grid.settle()
    assert texts(grid, ".mjb-head b") == ["0", "25", "50", "75", "100"]


def test_python_arranges_too(grid: BoardPage) -> None:
    """A view that is set from Python is shown, in the tiles and in the tools; what it does not say is as by default."""
    grid.set("view", {"rows": "chaos", "cols": "", "picture": 2, "where": "stylize=250"})
    assert grid.labels() == [f"chaos {c}, stylize 250" for c in CHAOS]
    assert grid.page.locator(".mjb-tile img").count() == 5
    assert grid.page.get_by_role("searchbox", name="Filter").input_value() == "stylize=250"
    assert grid.page.get_by_role("combobox", name="Pictures").input_value() == "2"


def test_panels_and_sliders(board: BoardPage) -> None:
    """A third axis makes panels, every other one a slider that arrow keys move."""
    axes = {**AXES, "version": ["v7", "niji 7"], "weird": [0, 1500]}
    board.start(
        columns(**axes), tiles(**axes), view={**GRID, "facet": "version", "size": 72}, pictures=False
    )
    assert texts(board, ".mjb-panelhead b") == ["v7", "niji 7"]
    slider = board.page.get_by_role("slider", name="weird")
    assert slider.get_attribute("aria-valuetext") == "0"
    assert len(board.labels()) == 40
    slider.press("ArrowRight")
    board.settle()
    assert slider.get_attribute("aria-valuetext") == "1500"
    assert board.get("view")["at"] == {"weird": "1500"}
    assert "weird 1500" in board.labels()[0]


def test_panels_wrap_where_there_is_no_room(board: BoardPage) -> None:
    """Panels that do not fit side by side stand under each other, in the same columns."""
    axes = {**AXES, "version": ["v6", "v7", "niji 7"]}
    board.start(columns(**axes), tiles(**axes), view={**GRID, "facet": "version"}, pictures=False)
    assert texts(board, ".mjb-band") == ["version v6", "version v7", "version niji 7"]
    assert texts(board, ".mjb-rowhead b")[:5] == ["0", "250", "500", "1000", "0"]


def test_values_are_hidden_and_found_again(grid: BoardPage) -> None:
    """A value that is unticked leaves the grid; Escape closes the menu and gives the focus back."""
    button = grid.page.get_by_role("button", name="Values")
    button.click()
    grid.page.get_by_role("group", name="chaos").get_by_role("checkbox", name="25").uncheck()
    grid.settle()
    assert texts(grid, ".mjb-head b") == ["0", "50", "75", "100"]
    assert grid.get("view")["hide"] == {"chaos": ["25"]}
    press(grid, "Escape")
    assert button.inner_text() == "Values (1 hidden) ▾"
    assert grid.page.evaluate("document.activeElement.textContent").startswith("Values")
    button.click()
    grid.page.get_by_role("button", name="Show all").click()
    grid.settle()
    assert len(grid.labels()) == 20


FILTERS = {
    "fog": 20, "-fog": 0, "chaos>=50": 12, "chaos>50 stylize=250": 2, "cost_time_s<30": 8, "state=failed": 1, "blood": 1,
    '"in fog" chaos!=0': 16, "stars>3": 1, '"cost time s"<21': 1,
}  # fmt: skip
WRONG = {
    "colour=red": "there is no column “colour”; columns: chaos, stylize", "chaos<many": "“chaos < many” needs a number",
    "chaos>": "“chaos>” needs a column on its left", '"open': "a quote is open",
}  # fmt: skip


def test_filters(board: BoardPage) -> None:
    """Words are looked for everywhere, comparisons in their column, and all must hold."""
    made = tiles(**AXES)
    made[7] |= {
        "state": "failed",
        "mark": "×",
        "word": "failed",
        "note": "a word is not allowed: blood",
        "stars": 4,
    }
    board.start(columns(**AXES), made, view=GRID, pictures=False)
    field = board.page.get_by_role("searchbox", name="Filter")
    found = {}
    for words in FILTERS:
        field.fill(words)
        board.settle()
        found[words] = len(board.labels())
    assert found == FILTERS
    assert board.page.locator(".mjb-why").inner_text() == ""


def test_a_wrong_filter_says_so(board: BoardPage) -> None:
    """A filter that cannot be read hides nothing and tells what is wrong with it."""
    board.start(columns(**AXES), tiles(**AXES), view=GRID, pictures=False)
    field = board.page.get_by_role("searchbox", name="Filter")
    for words, why in WRONG.items():
        field.fill(words)
        board.settle()
        assert why in board.page.locator(".mjb-why").inner_text()
        assert field.get_attribute("aria-invalid") == "true"
        assert len(board.labels()) == 20


def test_sorting_by_a_measure_makes_a_gallery(grid: BoardPage) -> None:
    """Sorted by what was measured, each tile has its own label and the value under it; what has none comes last."""
    grid.tell(
        {"kind": "tiles", "tiles": [tile(19, {"chaos": 100, "stylize": 1000}, numbers={})], "all": False}
    )
    grid.page.get_by_role("combobox", name="Order").select_option("cost_time_s")
    grid.page.get_by_role("button", name="Descending").click()
    grid.settle()
    assert texts(grid, ".mjb-value")[0] == "42.0 s"
    assert texts(grid, ".mjb-label")[0] == "chaos 75, stylize 250"
    assert grid.labels()[-1] == "chaos 100, stylize 1000"
    assert grid.page.get_by_role("slider", name="chaos").get_attribute("aria-valuetext") == "all"


def test_colours_are_told_in_words_too(grid: BoardPage) -> None:
    """Tiles are coloured by a measure with its value under each, or by a label with a mark of its own."""
    colour = grid.page.get_by_role("combobox", name="Colour")
    colour.select_option("sharpness")
    grid.settle()
    assert texts(grid, ".mjb-ramp > span")[::2] == ["0", "97"]
    assert grid.option("chaos 0, stylize 250").locator(".mjb-value").inner_text() == "37"
    colour.select_option("chaos")
    grid.settle()
    assert [text.strip() for text in texts(grid, ".mjb-key")] == ["● 0", "▲ 25", "■ 50", "◆ 75", "○ 100"]
    assert grid.option("chaos 25, stylize 0").locator(".mjb-value").inner_text() == "▲ 25"


def test_several_in_one_place(board: BoardPage) -> None:
    """Of several tiles in one place the latest finished one is seen; the others are a key or a press away."""
    made = [
        *tiles(**AXES),
        tile(20, {"chaos": 0, "stylize": 0}),
        tile(21, {"chaos": 0, "stylize": 0}, state="failed", word="failed"),
    ]
    board.start(columns(**AXES), made, view=GRID)
    turns = board.page.locator(".mjb-turns")
    first = board.page.locator('.mjb-tile[tabindex="0"]')
    assert (turns.inner_text(), first.get_attribute("data-id")) == ("‹1 of 3›", "20")
    first.focus()
    press(board, "]")
    assert (turns.inner_text(), first.get_attribute("data-id")) == ("‹2 of 3›", "0")
    board.page.locator(".mjb-step").last.click()
    board.settle()
    assert "failed" in first.inner_text()


def test_a_run_fills_in_and_nothing_moves(board: BoardPage) -> None:
    """Queued, running and done have the same place; the ring takes the expected time; a failure says why."""
    made = tiles(**AXES)
    for one in made:
        one |= {"state": "", "mark": "○", "word": "queued", "since": None}
    facts = {
        **FACTS,
        "text": "0 of 20 done",
        "total": 20,
        "live": True,
        "ended": False,
        "now": 10,
        "pace": 2,
    }
    board.start(columns(**AXES), made, view=GRID, facts=facts)
    places = "nodes => nodes.map(n => [n.dataset.id, n.style.transform, n.querySelector('.mjb-frame').getBoundingClientRect().height]).sort()"
    before = board.page.locator(".mjb-tile").evaluate_all(places)
    running = made[1] | {"state": "processing", "mark": "", "word": "running", "since": 4.0, "span": 15.0}
    failed = made[2] | {"state": "failed", "mark": "×", "word": "failed", "note": "<b>refused</b>"}
    done = tile(0, made[0]["labels"], before=True)
    board.tell({"kind": "tiles", "tiles": [done, running, failed], "all": False})
    board.send_pictures([done])
    board.set("facts", {**facts, "text": "1 of 20 done", "done": 1, "bad": 1})
    assert board.page.locator(".mjb-tile").evaluate_all(places) == before
    ring = board.page.locator(".mjb-ring")
    assert ring.evaluate("n => n.style.getPropertyValue('--mjb-span')") == "15s"
    assert -4 < float(ring.evaluate("n => n.style.getPropertyValue('--mjb-age')").rstrip("s")) <= -3
    assert board.page.locator(".mjb-note").inner_text() == "<b>refused</b>"
    assert board.page.locator(".mjb-under", has_text="✓").count() == 1
    assert board.page.get_by_role("progressbar").get_attribute("aria-valuenow") == "2"
    board.page.get_by_role("button", name="Stop").click()
    assert board.sent("stop") == [{"kind": "stop"}]


def test_keys_walk_and_select(grid: BoardPage) -> None:
    """Arrows walk along rows and columns, Space and Shift select, stars are given to what is selected."""
    grid.option("chaos 0, stylize 0").focus()
    press(grid, "ArrowRight", "ArrowDown")
    assert focused(grid) == "chaos 25, stylize 250"
    press(grid, "End", "ArrowRight")
    assert focused(grid) == "chaos 100, stylize 250"
    press(grid, "Control+Home", " ", "Shift+ArrowRight")
    assert grid.get("selected") == [0, 4]
    press(grid, "4")
    assert grid.sent("star") == [{"kind": "star", "ids": [0, 4], "stars": 4}]
    assert grid.page.locator(".mjb-stars").all_inner_texts() == ["★★★★", "★★★★"]
    press(grid, "Control+a")
    assert len(grid.get("selected")) == 20
    press(grid, "Escape")
    assert grid.get("selected") == []


def test_no_key_leaves_the_board(grid: BoardPage) -> None:
    """A key that is pressed in the board is not heard by the notebook around it."""
    grid.page.evaluate(
        "window.heard = []; document.addEventListener('keydown', event => heard.push(event.key))"
    )
    grid.option("chaos 0, stylize 0").focus()
    press(grid, "d", "d", "ArrowRight", "Enter", "Escape")
    assert grid.page.evaluate("heard") == []


def test_mouse_selects(grid: BoardPage) -> None:
    """Ctrl and a click, the corner, and Shift and a click select; a plain click opens."""
    grid.option("chaos 0, stylize 0").click(modifiers=["Control"])
    grid.option("chaos 75, stylize 0").click(modifiers=["Shift"])
    assert grid.get("selected") == [0, 4, 8, 12]
    grid.option("chaos 50, stylize 500").hover()
    grid.option("chaos 50, stylize 500").locator(".mjb-pick").click()
    assert grid.get("selected") == [0, 4, 8, 12, 10]
    grid.option("chaos 100, stylize 0").locator("img").nth(3).click()
    assert grid.page.get_by_role("dialog", name="chaos 100, stylize 0").get_by_role("button", name="Picture 3").get_attribute(
        "aria-pressed"
    ) == "true"  # fmt: skip


def test_large_view(grid: BoardPage) -> None:
    """The thumbnail is seen at once, the large picture when it comes; arrows walk along the axes and say what differs."""
    grid.option("chaos 50, stylize 250").locator("img").first.click()
    dialog = grid.page.get_by_role("dialog")
    assert grid.sent("large") == [{"kind": "large", "id": 9, "picture": 0}]
    small = dialog.locator(".mjb-large").get_attribute("src")
    grid.tell(
        {"kind": "large", "id": 9, "picture": 0, "width": 600, "height": 600}, [painted(9, 0, 600, 600)]
    )
    grid.settle()
    assert dialog.locator(".mjb-large").get_attribute("src") != small
    assert dialog.locator(".mjb-large").evaluate("image => image.naturalWidth") == 600
    press(grid, "ArrowRight")
    assert dialog.get_attribute("aria-label") == "chaos 75, stylize 250"
    assert dialog.locator(".mjb-changes").first.inner_text().split() == ["chaos", "50", "→", "75"]
    press(grid, "ArrowUp", ".", "5")
    assert dialog.get_attribute("aria-label") == "chaos 75, stylize 0"
    assert grid.sent("large")[-1] == {"kind": "large", "id": 12, "picture": 1}
    assert grid.sent("star")[-1] == {"kind": "star", "ids": [12], "stars": 5}
    press(grid, "Escape")
    assert focused(grid) == "chaos 75, stylize 0"


def test_pages_step_through_sliders(board: BoardPage) -> None:
    """In the large view Page up and down go to the same place of the next panel, or of the slider's next stop."""
    axes = {**AXES, "weird": [0, 1500]}
    board.start(columns(**axes), tiles(**axes), view={**GRID, "size": 72}, pictures=False)
    board.option("chaos 50, stylize 250").click()
    press(board, "PageDown")
    assert (
        board.page.get_by_role("dialog").get_attribute("aria-label") == "chaos 50, stylize 250, weird 1500"
    )
    press(board, "Escape")
    board.set("view", {**GRID, "facet": "weird", "size": 72})
    board.option("chaos 25, stylize 0, weird 0").click()
    press(board, "PageDown")
    assert board.page.get_by_role("dialog").get_attribute("aria-label") == "chaos 25, stylize 0, weird 1500"


def test_zoom(grid: BoardPage) -> None:
    """The wheel zooms at the pointer, dragging moves, z fits again."""
    grid.option("chaos 50, stylize 250").click()
    image = grid.page.locator("dialog[open] .mjb-large").first
    grid.page.mouse.move(400, 300)
    grid.page.mouse.wheel(0, -300)
    grid.settle()
    zoomed = image.evaluate("node => node.style.transform")
    assert float(zoomed.split("scale(")[1].rstrip(")")) > 1.5
    grid.page.mouse.down()
    grid.page.mouse.move(440, 330)
    grid.page.mouse.up()
    assert image.evaluate("node => node.style.transform") != zoomed
    press(grid, "z")
    assert image.evaluate("node => node.style.transform") == "translate(0px, 0px) scale(1)"


def test_a_busy_kernel_is_told_of(grid: BoardPage) -> None:
    """An answer that does not come is told of after a while, not at once, and not when it cannot be read."""
    grid.page.clock.install()
    grid.option("chaos 50, stylize 250").click()
    wait = grid.page.locator(".mjb-wait")
    assert wait.inner_text() == ""
    grid.page.clock.run_for(2000)
    assert wait.inner_text() == "waiting for the kernel"
    grid.tell({"kind": "large", "id": 9, "picture": 0, "problem": "the file is gone"})
    grid.page.clock.run_for(100)
    assert wait.inner_text() == ""
    assert grid.page.locator(".mjb-largesays").inner_text() == "the file is gone"


def test_comparison(grid: BoardPage) -> None:
    """Two selected tiles lie under one divider that keys move; they zoom together and can be swapped."""
    grid.set("selected", [5, 12])
    grid.option("chaos 0, stylize 0").focus()
    press(grid, "c")
    divider = grid.page.get_by_role("slider", name="Divider between A and B")
    assert texts(grid, ".mjb-caption") == ["B differs from A in chaos 25 → 75, stylize 250 → 0"]
    press(grid, "ArrowRight", "PageUp")
    assert divider.get_attribute("aria-valuenow") == "62"
    press(grid, "+")
    styles = grid.page.locator(".mjb-two .mjb-large").evaluate_all(
        "nodes => nodes.map(node => node.style.transform)"
    )
    assert styles == ["translate(0px, 0px) scale(1.25)"] * 2
    press(grid, "x")
    assert texts(grid, ".mjb-caption") == ["B differs from A in chaos 75 → 25, stylize 0 → 250"]
    press(grid, "v")
    assert not divider.is_visible()
    boxes = [grid.page.locator(f'.mjb-side[data-side="{side}"]').bounding_box() for side in "ab"]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]


def test_children_stand_at_the_end(board: BoardPage) -> None:
    """What was made from a tile stands under the grid with where it comes from; the line can be walked both ways."""
    child = tile(20, {}, parent=9, said="upscale of chaos 50, picture 1", count=1)
    board.start(
        columns(**AXES),
        [*tiles(**AXES), child, tile(21, {}, parent=20, said="vary of that")],
        view={**GRID, "size": 96},
    )
    assert texts(board, ".mjb-band") == ["Children 2"]
    assert board.labels()[-2:] == ["upscale of chaos 50, picture 1", "vary of that"]
    board.option("chaos 50, stylize 250").click()
    dialog = board.page.get_by_role("dialog")
    dialog.get_by_role("button", name="upscale of chaos 50").click()
    board.settle()
    assert dialog.get_attribute("aria-label") == "upscale of chaos 50, picture 1"
    assert dialog.get_by_role("button", name="vary of that").count() == 1
    dialog.get_by_role("button", name="chaos 50, stylize 250").click()
    board.settle()
    assert dialog.get_attribute("aria-label") == "chaos 50, stylize 250"


def test_only_what_is_in_sight_is_in_the_document(board: BoardPage) -> None:
    """Of a thousand tiles some dozens are nodes; the rest come as they are scrolled or walked to, and Python hears which."""
    axes = {"chaos": list(range(0, 100, 4)), "stylize": list(range(0, 1000, 25))}
    board.start(columns(**axes), tiles(**axes), view={**GRID, "size": 96}, pictures=False)
    board.page.wait_for_function("model.sent.some(message => message.kind === 'see')")
    assert 60 < board.page.locator(".mjb-tile").count() < 240
    assert 0 in board.sent("see")[0]["ids"]
    board.option("chaos 0, stylize 0").focus()
    press(board, "Control+End")
    assert focused(board) == "chaos 96, stylize 975"
    assert board.page.locator(".mjb-tile").count() < 240
    board.page.wait_for_function("model.sent.at(-1).ids?.includes(999)")
    assert board.page.locator(".mjb-rowhead").first.bounding_box()["x"] >= 0


def test_views_share_pictures_and_end(grid: BoardPage) -> None:
    """A second view makes no new address for a picture; a view that is gone hears nothing, and the end gives all back."""
    grid.page.evaluate("void (window.other = render('second'))")
    grid.settle()
    sources = "id => [...document.querySelectorAll(`#${id} .mjb-tile img`)].map(image => image.src).sort()"
    assert grid.page.evaluate(sources, "second") == grid.page.evaluate(sources, "board")
    both = grid.page.evaluate("model.count()")
    grid.page.evaluate("other()")
    assert grid.page.evaluate("model.count()") == both - 7
    assert grid.page.locator("#second .mjb").count() == 0
    url = grid.page.evaluate(sources, "board")[0]
    grid.page.evaluate("gone(); ended()")
    assert grid.page.evaluate("url => fetch(url).then(() => 'there', () => 'gone')", url) == "gone"


def test_troubles_and_notices(grid: BoardPage) -> None:
    """Trouble is an alert until it is dismissed, a notice a status; both are text, over the large view too."""
    grid.set("trouble", "Upscale failed: <i>502</i>. Money may have been spent.")
    grid.set("notice", "1 task was sent.")
    alert = grid.page.get_by_role("alert").first
    assert "Upscale failed: <i>502</i>." in alert.inner_text()
    grid.option("chaos 50, stylize 250").click()
    assert "1 task was sent." in grid.page.get_by_role("dialog").inner_text()
    grid.page.get_by_role("dialog").get_by_role("button", name="Dismiss").click()
    assert grid.get("trouble") == ""


def test_an_empty_board_says_so(board: BoardPage) -> None:
    """No tiles, or none that pass the filter, is said in words."""
    board.start([], [])
    assert "this board has no tiles" in board.page.locator(".mjb-empty").inner_text()
    board.start(columns(**AXES), tiles(**AXES), view={**GRID, "where": "nowhere"}, pictures=False)
    assert "No tile passes" in board.page.locator(".mjb-empty").inner_text()


def test_full_screen(grid: BoardPage) -> None:
    """The key f fills the screen with the board, and Escape or f leaves it."""
    grid.option("chaos 0, stylize 0").focus()
    press(grid, "f")
    grid.page.wait_for_function("document.querySelector('.mjb-full')")
    assert grid.page.locator(".mjb").bounding_box()["width"] == 1400
    press(grid, "f")
    grid.page.wait_for_function("!document.querySelector('.mjb-full')")
