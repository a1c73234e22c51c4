"""What the board's page looks like: in every state, light and dark, for everybody; nothing lies over anything."""

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
    press,
    texts,
    tiles,
    view,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]


@pytest.fixture
def board(page: Page) -> BoardPage:
    """A page for a board, on which nothing goes wrong."""
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return BoardPage(page)


def _live(board: BoardPage) -> None:
    made = tiles(**AXES)
    states = [
        ("failed", "×", "failed", "The prompt has a word that is not allowed"), ("processing", "", "running", ""),
        ("submitting", "↑", "sending", ""), ("unknown", "?", "unknown", "It may have been paid."), ("stopped", "■", "stopped", ""),
        ("", "○", "queued", ""),
    ]  # fmt: skip
    for one in made[8:]:
        state, mark, word, note = states[one["id"] % len(states)]
        one |= {"state": state, "mark": mark, "word": word, "note": note, "since": 0 if state else None}
    facts = {
        **FACTS,
        "text": "8 of 20 done",
        "total": 20,
        "done": 8,
        "bad": 4,
        "live": True,
        "ended": False,
        "now": 12,
    }
    board.start(columns(**AXES), made, view=GRID, facts=facts, trouble="One task failed.")


def _panels(board: BoardPage) -> None:
    axes = {
        "chaos": [0, 50, 100],
        "stylize": [0, 500],
        "aspect": ["1:1", "16:9", "9:16"],
        "weird": [0, 1500],
    }
    made = tiles(**axes)
    for one in made:
        one["aspect"] = [int(side) for side in one["labels"]["aspect"].split(":")]
    board.start(columns(**axes), made, view={**GRID, "facet": "aspect"})


def _gallery(board: BoardPage) -> None:
    made = [one | {"stars": one["id"] % 6} for one in tiles(**AXES)]
    board.start(columns(**AXES), made, view={**GRID, "sort": "cost_time_s", "color": "cost_time_s"})


def _large(board: BoardPage) -> None:
    board.start(columns(**AXES), tiles(**AXES), view=GRID)
    board.option("chaos 50, stylize 250").click()
    press(board, "ArrowRight")
    board.page.get_by_role("dialog").get_by_role("button", name="Upscale").click()


def _compared(board: BoardPage) -> None:
    board.start(columns(**AXES), tiles(**AXES), view=GRID, selected=[5, 12])
    board.page.get_by_role("button", name="Compare").click()
    board.settle()


def _selected(board: BoardPage) -> None:
    view_ = {**GRID, "color": "chaos", "hide": {"chaos": ["25"]}, "where": "colour=red"}
    board.start(columns(**AXES), tiles(**AXES), view=view_, selected=[4, 5, 6])
    board.page.get_by_role("button", name="Values").click()


def _narrow(board: BoardPage) -> None:
    board.page.set_viewport_size({"width": 420, "height": 800})
    board.start(columns(**AXES), tiles(**AXES), view=GRID)
    board.page.get_by_role("button", name="Arrange").click()


def _help(board: BoardPage) -> None:
    board.start(columns(**AXES), tiles(**AXES)[:2], view=GRID)
    board.page.get_by_role("button", name="Keys").click()


@pytest.mark.parametrize("show", [_live, _panels, _gallery, _large, _compared, _selected, _narrow, _help])
def test_nothing_stands_in_anybodys_way(
    board: BoardPage, axe: Callable[..., list[str]], shoot: Callable[[str], Path], show: Callable[..., None]
) -> None:
    """axe-core finds nothing in any state of the board, light or dark; a picture of each is kept."""
    show(board)
    shoot(f"board-{show.__name__.lstrip('_')}-light")
    assert axe(".mjb") == []
    board.darken()
    shoot(f"board-{show.__name__.lstrip('_')}-dark")
    assert axe(".mjb") == []


AT_CENTRE = """node => {
  const box = node.getBoundingClientRect();
  return node.contains(document.elementFromPoint(box.x + 4, box.y + box.height / 2));
}"""


@pytest.mark.parametrize("facet", ["", "version"])
def test_without_rows_every_head_is_seen(board: BoardPage, facet: str) -> None:
    """In a sweep along one axis the columns' name stands above their heads, not over the first of them."""
    axes = {"chaos": CHAOS, **({"version": ["v7", "niji 7"]} if facet else {})}
    board.start(columns(**axes), tiles(**axes), view=view(cols="chaos", facet=facet, size=96))
    heads = board.page.locator(".mjb-head")
    assert heads.count() == (12 if facet else 5)
    assert all(head.evaluate(AT_CENTRE) for head in heads.all())
    assert texts(board, ".mjb-corner .mjb-axis") == ["chaos →"]
    name, first = (
        board.page.locator(css).first.bounding_box() for css in (".mjb-corner .mjb-axis", ".mjb-head")
    )
    assert name["y"] + name["height"] <= first["y"]


def test_a_long_name_of_columns_covers_no_head(board: BoardPage) -> None:
    """Columns with a longer name than any row's head leave the first column's head free."""
    axes = {"a_rather_long_name_for_something": [1, 2], "chaos": [0, 50]}
    board.start(
        columns(**axes), tiles(**axes), view=view(rows="chaos", cols="a_rather_long_name_for_something")
    )
    assert all(head.evaluate(AT_CENTRE) for head in board.page.locator(".mjb-head").all())


def test_a_long_prompt_pushes_nothing_out(board: BoardPage) -> None:
    """However long the prompt is, what stands beside it is in sight, on a wide page and on a narrow one."""
    board.start(columns(**AXES), tiles(**AXES)[:2], view=GRID, pictures=False)
    names = ("Full screen", "Keys", "Dismiss")
    beside = [board.page.get_by_role("button", name=name, exact=True) for name in names]
    for title in ("a lighthouse in fog", "a lighthouse in fog, long exposure " * 12, "fog" * 150):
        board.set("facts", FACTS | {"title": title})
        board.set("trouble", title)
        for width in (1100, 380):
            board.page.set_viewport_size({"width": width, "height": 800})
            boxes = [one.bounding_box() for one in [*beside, board.page.locator(".mjb-sim")]]
            assert all(0 <= box["x"] < box["x"] + box["width"] <= width for box in boxes)
