"""What can be done with tiles on the board's page: at what price, once, and with which of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.board_page import AXES, FACTS, GRID, OFFERS, BoardPage, columns, press, texts, tiles

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]


@pytest.fixture
def board(page: Page) -> BoardPage:
    """A page for a board, on which nothing goes wrong."""
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return BoardPage(page)


@pytest.fixture
def grid(board: BoardPage) -> BoardPage:
    """A finished grid of four rows and five columns."""
    return board.start(columns(**AXES), tiles(**AXES), view=GRID)


def bar_of(board: BoardPage) -> Locator:
    """The bar of what is selected."""
    return board.page.get_by_role("region", name="Selection")


def labels_of(where: Locator, name: str) -> tuple[str, str | None]:
    """What a button says, and whether it rests."""
    button = where.get_by_role("button", name=name)
    return button.inner_text(), button.get_attribute("aria-disabled")


def test_prices_stand_on_the_buttons(grid: BoardPage) -> None:
    """One press on a button with its price sends the deed once; an unknown price is called so."""
    grid.option("chaos 50, stylize 250").locator("img").nth(2).click()
    dialog = grid.page.get_by_role("dialog")
    assert dialog.get_by_role("button", name="Reroll").inner_text() == "Reroll $0.10 simulated"
    dialog.get_by_role("button", name="Upscale").click()
    assert texts(grid, "dialog .mjb-item") == ["standard\n$0.10 simulated", "4x\nprice unknown"]
    dialog.get_by_role("button", name="4x").dblclick()
    assert grid.deeds() == [{"deed": "upscale", "ids": [9], "picture": 2, "choice": "4x"}]


def test_a_selection_is_acted_on_at_once(grid: BoardPage) -> None:
    """All selected tiles are priced together; more than eight tasks are asked for once more."""
    grid.set("selected", [0, 1, 2, 3])
    bar = grid.page.get_by_role("region", name="Selection")
    assert bar.get_by_role("button", name="Inpaint").count() == 0
    assert bar.get_by_role("button", name="Reroll").inner_text() == "Reroll $0.40 for 4 simulated"
    bar.get_by_role("combobox", name="Picture to act on").select_option("3")
    bar.get_by_role("button", name="Upscale").click()
    bar.get_by_role("button", name="standard").click()
    assert grid.deeds() == [{"deed": "upscale", "ids": [0, 1, 2, 3], "picture": 3, "choice": "standard"}]
    grid.set("selected", list(range(12)))
    bar.get_by_role("button", name="Reroll").click()
    assert bar.get_by_role("alert").inner_text() == "Reroll 12 tiles for $1.20 simulated?"
    bar.get_by_role("button", name="No").click()
    assert len(grid.deeds()) == 1
    bar.get_by_role("button", name="Reroll").click()
    bar.get_by_role("button", name="Yes").click()
    assert grid.deeds()[-1] == {"deed": "reroll", "ids": list(range(12)), "picture": None, "choice": None}


def test_without_a_session_it_says_why(board: BoardPage) -> None:
    """A board that can do nothing with its tiles says so where the buttons would be."""
    board.start(columns(**AXES), tiles(**AXES), view=GRID, offers=[])
    board.option("chaos 50, stylize 250").click()
    assert "this board has no session" in board.page.get_by_role("dialog").inner_text()


def test_a_deed_rests_until_it_is_taken(grid: BoardPage) -> None:
    """However late the kernel is, a deed is sent once: its buttons rest in every place, made anew or not, until it is taken."""
    grid.page.clock.install()
    grid.option("chaos 50, stylize 250").click()
    reroll = grid.page.get_by_role("dialog").get_by_role("button", name="Reroll")
    reroll.dblclick()
    assert texts(grid, "dialog .mjb-late") == [""]
    grid.page.clock.run_for(20_000)
    assert texts(grid, "dialog .mjb-late") == ["sent; waiting for the kernel"]
    grid.set("offers", [one | {"label": f"{one['label']} it"} for one in OFFERS])
    assert labels_of(grid.page.get_by_role("dialog"), "Reroll it")[1] == "true"
    reroll.click(force=True)
    press(grid, "Escape")
    grid.set("selected", [8, 9])
    assert labels_of(bar_of(grid), "Reroll it")[1] == "true"
    bar_of(grid).get_by_role("button", name="Reroll").click(force=True)
    assert grid.deeds() == [{"deed": "reroll", "ids": [9], "picture": None, "choice": None}]
    grid.take()
    assert labels_of(bar_of(grid), "Reroll it")[1] == "false"
    assert texts(grid, ".mjb-selection .mjb-late") == [""]
    bar_of(grid).get_by_role("button", name="Reroll").click()
    grid.take()  # too soon for a second press that was meant
    bar_of(grid).get_by_role("button", name="Reroll").click(force=True)
    assert [one["ids"] for one in grid.deeds()] == [[9], [8, 9]]
    grid.page.clock.run_for(1300)
    assert labels_of(bar_of(grid), "Reroll it")[1] == "false"


def test_other_deeds_need_not_wait(grid: BoardPage) -> None:
    """While one deed waits for the kernel, another picture, another choice and another tile can be had."""
    grid.option("chaos 50, stylize 250").click()
    dialog = grid.page.get_by_role("dialog")

    def upscale(choice: str) -> None:
        dialog.get_by_role("button", name="Upscale").click()
        dialog.get_by_role("button", name=choice).click()

    upscale("standard")
    upscale("4x")
    press(grid, ".")
    upscale("standard")
    dialog.locator(".mjb-stage").focus()
    press(grid, "ArrowRight")
    upscale("standard")
    found = [(one["ids"], one["picture"], one["choice"]) for one in grid.deeds()]
    assert found == [([9], 0, "standard"), ([9], 0, "4x"), ([9], 1, "standard"), ([13], 1, "standard")]


def test_every_tile_has_its_own_price(board: BoardPage) -> None:
    """Where prices differ they are summed over the tiles; one that is unknown makes the sum a least one."""
    reroll = OFFERS[1] | {
        "choices": [{"value": None, "label": "again", "price_micro": None}],
        "prices": {"0": 100_000, "1": 250_000, "2": None},
    }
    board.start(
        columns(**AXES),
        tiles(**AXES),
        view=GRID,
        offers=[reroll],
        selected=[1],
        facts=FACTS | {"pays": "real"},
    )
    assert labels_of(bar_of(board), "Reroll")[0] == "Reroll $0.25"
    board.set("selected", [0, 1])
    assert labels_of(bar_of(board), "Reroll")[0] == "Reroll $0.35 for 2"
    board.set("selected", [0, 1, 2, 3])
    assert labels_of(bar_of(board), "Reroll")[0] == "Reroll at least $0.35 for 4"
    board.set("selected", [2])
    assert labels_of(bar_of(board), "Reroll")[0] == "Reroll price unknown"


def test_a_task_is_paid_once_however_often_it_stands_there(board: BoardPage) -> None:
    """Of two tiles of one task, one is acted on and paid for; both rest until that is taken."""
    made = tiles(**AXES)
    made[1]["task"] = made[0]["task"]
    board.start(columns(**AXES), made, view=GRID, selected=[1, 0])
    bar = bar_of(board)
    bar.get_by_role("button", name="Upscale").click()
    bar.get_by_role("button", name="standard $0.10 simulated").click()
    assert [one["ids"] for one in board.deeds()] == [[1]]
    board.set("selected", [0])
    bar.get_by_role("button", name="Upscale").click()
    assert labels_of(bar, "standard")[1] == "true"


def test_tiles_of_others_cannot_be_paid_for(board: BoardPage) -> None:
    """A tile that this session cannot act on has grey buttons and the reason; in a selection it is left out."""
    made = tiles(**AXES)
    for one in made[:2]:
        one |= {"can": False, "why": "it is real, this session simulated", "simulated": False}
    facts = FACTS | {"simulated": False}
    board.start(columns(**AXES), made, view=GRID, facts=facts, selected=[0, 1])
    bar = bar_of(board)
    assert not any(button.is_enabled() for button in bar.locator(".mjb-deeds button").all())
    assert texts(board, ".mjb-selection .mjb-against") == ["it is real, this session simulated"]
    assert "it is real" in bar.get_by_role("button", name="Reroll").get_attribute("title")
    board.set("selected", [0, 1, 2])
    assert labels_of(bar, "Reroll")[0] == "Reroll $0.10 simulated"
    assert texts(board, ".mjb-selection .mjb-against") == [
        "2 of 3 left out: it is real, this session simulated"
    ]
    bar.get_by_role("button", name="Reroll").click()
    assert [one["ids"] for one in board.deeds()] == [[2]]


def test_nothing_goes_from_under_the_pointer(board: BoardPage) -> None:
    """While a run is live an open menu or question stays as it was opened, counts follow; it ends with what it is about."""
    made = tiles(**AXES)
    states: list[dict[str, Any]] = [one | {"state": "processing", "word": "running"} for one in made]
    board.start(columns(**AXES), [*made[:9], *states[9:]], view=GRID, selected=list(range(12)))
    bar = bar_of(board)
    board.page.evaluate("window.held = document.querySelector('.mjb-selection .mjb-deed')")
    bar.get_by_role("button", name="Upscale").click()
    item = bar.get_by_role("button", name="standard $0.90 for 9 simulated").element_handle()
    board.tell({"kind": "tiles", "tiles": [made[9]], "all": False})
    board.set("offers", [one | {"help": "said anew"} for one in OFFERS])
    assert item.is_visible()
    assert labels_of(bar, "Reroll")[0] == "Reroll $1.00 for 10 simulated"
    press(board, "Escape")
    bar.get_by_role("button", name="Reroll").click()
    board.tell({"kind": "tiles", "tiles": made[10:12], "all": False})
    board.settle()
    assert bar.get_by_role("alert").inner_text() == "Reroll 10 tiles for $1.00 simulated?"
    bar.get_by_role("button", name="Yes").click()
    assert board.deeds()[0]["ids"] == list(range(10))
    board.settle()
    assert labels_of(bar, "Reroll") == ("Reroll $1.20 for 12 simulated", "true")
    bar.get_by_role("button", name="Upscale").click()
    assert bar.get_by_role("button", name="standard $1.20 for 12 simulated").is_visible()
    assert board.page.evaluate("held === document.querySelector('.mjb-selection .mjb-deed')")
    board.set("selected", [3])
    assert bar.get_by_role("button", name="standard").count() == 0


def test_a_button_keeps_the_focus_from_tile_to_tile(grid: BoardPage) -> None:
    """The same button, with the focus it has, is for the next picture; a question goes away, and does not come back."""
    grid.set("selected", list(range(12)))
    reroll = bar_of(grid).get_by_role("button", name="Reroll")
    reroll.click()
    grid.set("selected", list(range(10)))
    assert bar_of(grid).get_by_role("alert").count() == 0
    assert reroll.evaluate("node => node === document.activeElement")
    grid.set("selected", [])
    grid.option("chaos 50, stylize 250").click()
    dialog = grid.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Reroll").focus()
    press(grid, ".")
    assert dialog.get_by_role("button", name="Reroll").evaluate("node => node === document.activeElement")
    dialog.get_by_role("button", name="Upscale").click()
    dialog.get_by_role("button", name="Close").click()
    grid.option("chaos 50, stylize 250").click()
    assert dialog.get_by_role("button", name="standard").count() == 0
