"""The report in a real browser: rearranged, walked through by keyboard, and unmoved by hostile text."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from mjnb import frame
from mjnb.report import report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXES = {"chaos": [0, 50, 100], "stylize": [0, 250, 1000], "version": ["v7", "niji 7"], "weird": [0, 1500]}
FAILED = {
    "state": "failed",
    "fail_code": "CONTENT_VIOLATION",
    "fail_msg": "Does not meet guidelines",
    "images": [],
}
BASE = {
    "prompt": "a lighthouse", "repeat": 0, "take": 1, "mode": "text-to-image", "gateway": "simulator",
    "simulated": True, "state": "success", "price_usd": 0.1,
}  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Four small pictures."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / f"{name}.png" for name in ("teal", "coral", "gold", "navy")]
    for path in paths:
        Image.new("RGB", (96, 64), path.stem).save(path)
    return [str(path) for path in paths]


def rows(axes: dict[str, list[Any]], pictures: list[str], **held: Any) -> list[dict[str, Any]]:
    """One row for each combination of values, each a little slower than the one before."""
    base = {**BASE, "images": pictures, **held}
    cells = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    return [
        {**base, "cell": f"c{n}", "created": 1_790_000_000 + n, "cost_time_s": 30.0 + n, **cell}
        for n, cell in enumerate(cells)
    ]


@pytest.fixture
def show(page: Page, tmp_path: Path) -> Callable[..., Page]:
    """Write a report of rows and open it from its file."""

    def load(made: list[dict[str, Any]], axes: list[str], fragment: str = "") -> Page:
        path = report(frame.build(made, axes=axes), tmp_path / "report.html")
        page.goto(f"{path.as_uri()}{fragment}")
        return page

    return load


@pytest.fixture
def sweep(show: Callable[..., Page], pictures: list[str]) -> Page:
    """A sweep over four axes, with one failed task and one that is missing."""
    made = rows(AXES, pictures)
    made[20] |= FAILED
    del made[8]
    return show(made, list(AXES))


def cells(page: Page) -> list[list[str]]:
    """The words of the grid, row by row, header cells included."""
    return page.locator("#grid tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.querySelector('.tile')?.ariaLabel ?? cell.innerText))"
    )


def focused(page: Page) -> str:
    """The label of what has the focus."""
    return str(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))


def test_the_page_opens_quietly(sweep: Page, console: list[str], asked: list[str]) -> None:
    """From a file it asks for nothing else, says nothing to the console, and shows every task that it should."""
    assert sweep.locator("#grid .tile").count() == 17
    assert sweep.locator("#grid img").count() == 16 * 4
    assert sweep.evaluate(
        "[...document.images].every(image => image.complete && image.naturalWidth === 96)"
    )
    assert console == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert (
        "Simulated: these pictures were drawn by mjnb’s simulator" in sweep.locator(".notice").inner_text()
    )


def test_every_tile_stands_under_its_names(sweep: Page) -> None:
    """Rows, columns and panels are labelled, and the table says so to a screen reader."""
    first = cells(sweep)[1]
    assert first[0] == "50"
    assert [re.sub(r":.*", "", tile) for tile in first[1:]] == [
        f"chaos 50, stylize {stylize}, version v7, weird 0" for stylize in (0, 250, 1000)
    ]
    assert sweep.locator("caption").all_inner_texts() == ["version v7", "version niji 7"]
    assert sweep.locator("#grid").get_by_role("rowheader").count() == 6
    assert sweep.get_by_role("columnheader", name="stylize").count() >= 2


def test_axes_are_chosen_anew(sweep: Page, console: list[str]) -> None:
    """An axis given to rows trades places with the one there; the choice stays in the address and after a reload."""
    sweep.get_by_role("combobox", name="Rows").select_option(label="version")
    assert [row[0] for row in cells(sweep)] == ["v7", "niji 7"] * 3
    assert sweep.get_by_role("combobox", name="Panels").locator("option:checked").inner_text() == "chaos"
    assert "rows=version&facet=chaos" in sweep.url
    sweep.reload()
    assert [row[0] for row in cells(sweep)] == ["v7", "niji 7"] * 3
    sweep.get_by_role("button", name="Swap rows and columns").click()
    assert [row[0] for row in cells(sweep)[:3]] == ["0", "250", "1000"]
    assert focused(sweep) == "Swap rows and columns"
    assert console == []


def test_an_axis_that_is_left_over_has_a_slider(sweep: Page) -> None:
    """What is neither row, column nor panel is stepped through, by keyboard too; at "all" its tasks pile up."""
    slider = sweep.get_by_role("slider", name="weird")
    assert slider.get_attribute("aria-valuetext") == "0"
    slider.press("ArrowRight")
    assert "weird 1500" in cells(sweep)[0][1]
    assert slider.get_attribute("aria-valuetext") == "1500"
    slider.press("Home")
    assert sweep.locator(".turns").first.inner_text().split() == ["‹1", "of", "2›"]
    sweep.get_by_label("Next task of this cell").first.click()
    assert sweep.locator(".turns").first.inner_text().split() == ["‹2", "of", "2›"]


def test_values_are_hidden_and_found_again(sweep: Page) -> None:
    """Pressing a header hides its values; the list of values, or one button, brings them back."""
    sweep.get_by_role("button", name="stylize 250: hide").first.click()
    assert len(cells(sweep)[0]) == 3
    assert sweep.locator("#told").inner_text() == "stylize 250 hidden"
    sweep.get_by_text("Values (1 hidden)").click()
    sweep.get_by_role("checkbox", name="250").check()
    assert len(cells(sweep)[0]) == 4
    sweep.get_by_role("checkbox", name="50", exact=True).uncheck()
    assert [row[0] for row in cells(sweep)[:2]] == ["0", "100"]
    sweep.keyboard.press("Escape")
    sweep.get_by_role("button", name="Show all values").click()
    assert [row[0] for row in cells(sweep)[:3]] == ["0", "50", "100"]


def test_one_picture_or_all_of_them(sweep: Page) -> None:
    """Each tile shows its four pictures, or one of them all over the tile."""
    tile = sweep.locator("#grid .tile").first
    wide = tile.bounding_box()
    sweep.get_by_role("radio", name="3").check()
    assert tile.locator("img:visible").count() == 1
    assert tile.bounding_box() == wide
    assert sweep.url.endswith("#picture=3")


def test_tiles_take_the_size_asked_for(sweep: Page) -> None:
    """The slider sets the size; a grid wider than the window scrolls in itself, its row names in sight."""
    sweep.get_by_role("slider", name="Size").fill("384")
    grid = sweep.locator("#grid")
    assert grid.evaluate("grid => grid.scrollWidth > grid.clientWidth")
    grid.evaluate("grid => grid.scrollBy(300, 0)")
    head = sweep.locator("#grid tbody th").first.bounding_box()
    box = grid.bounding_box()
    assert head is not None
    assert box is not None
    assert abs(head["x"] - box["x"]) < 4
    assert sweep.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_column_names_stay_in_sight(show: Callable[..., Page], pictures: list[str]) -> None:
    """Scrolling down a long grid keeps the names of its columns at the top of the window."""
    axes = {"weird": list(range(0, 1200, 100)), "stylize": list(range(0, 1200, 100))}
    page = show(rows(axes, pictures), list(axes))
    page.mouse.move(700, 700)
    page.evaluate("document.querySelector('#grid tr:nth-child(8)').scrollIntoView()")
    head = page.get_by_role("columnheader", name="300").first.bounding_box()
    assert head is not None
    assert 0 <= head["y"] < 60


def test_the_whole_viewer_by_keyboard(sweep: Page, console: list[str]) -> None:
    """Arrows walk over tiles, Enter enlarges one, arrows move on, digits pick a picture, P pins, Esc comes back."""
    sweep.locator("#grid .tile").first.focus()
    sweep.keyboard.press("ArrowRight")
    sweep.keyboard.press("Enter")
    title = sweep.locator("#viewer-title")
    assert title.inner_text() == "chaos 0, stylize 250, version v7, weird 0"
    assert sweep.locator("#stage img").count() == 4
    sweep.keyboard.press("3")
    assert sweep.locator("#stage img").count() == 1
    assert "picture 3 of 4 · simulated" in sweep.locator("#stage figcaption").inner_text()
    sweep.keyboard.press("p")
    sweep.keyboard.press("ArrowDown")
    assert sweep.locator("#stage figure").count() == 2
    assert sweep.locator(".differs tbody tr").all_inner_texts()[0].split() == ["chaos", "0", "50"]
    assert "stylize" not in sweep.locator(".differs").inner_text()
    sweep.keyboard.press("Escape")
    sweep.locator("#viewer").wait_for(state="hidden")
    # The page's policy forbids evaluating text again and again, as wait_for_function does.
    sweep.locator(":focus[aria-label^='chaos 50, stylize 250, version v7']").wait_for()
    assert console == []


def test_arrows_pass_over_holes_and_into_the_next_panel(sweep: Page) -> None:
    """Where no task stands the next one is taken; from the last column it goes on in the next panel."""
    sweep.locator("#grid .tile").first.click()
    for _ in range(2):
        sweep.keyboard.press("ArrowRight")
    assert "version niji 7" in sweep.locator("#viewer-title").inner_text()
    sweep.keyboard.press("ArrowUp")
    assert sweep.locator("#viewer-title").inner_text().startswith("chaos 0, stylize 0, version niji 7")


def test_the_focus_stays_in_the_viewer(sweep: Page) -> None:
    """While the viewer is open nothing behind it can be reached by Tab."""
    sweep.locator("#grid .tile").first.click()
    for _ in range(24):
        sweep.keyboard.press("Tab")
        assert sweep.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )


def test_a_failed_task_says_why(sweep: Page) -> None:
    """A failure is a word and its reason, in the grid, in the viewer and in the table; a hole is "no task"."""
    failed = sweep.locator("#grid .tile .empty")
    assert failed.inner_text().split("\n") == ["✕ failed", "Does not meet guidelines"]
    assert sweep.locator("#grid .hole").inner_text() == "no task"
    failed.click()
    assert "CONTENT_VIOLATION" in sweep.locator("#facts").inner_text()
    sweep.keyboard.press("Escape")
    assert "✕ failed" in sweep.locator("#table").inner_text()


def test_the_table_is_sorted_filtered_and_widened(sweep: Page) -> None:
    """Headers sort numbers as numbers, words filter, and further columns are a tick away."""
    sweep.get_by_role("button", name="stylize", exact=True).click()
    sweep.get_by_role("button", name="stylize", exact=True).click()
    assert sweep.locator("#table th[aria-sort]").get_attribute("aria-sort") == "descending"
    assert sweep.locator("#table tbody tr").first.locator("td").nth(2).inner_text() == "1000"
    sweep.get_by_role("searchbox").fill("niji failed")
    assert sweep.locator("#count").inner_text() == "0 of 35 tasks"
    sweep.get_by_role("searchbox").fill("failed")
    assert sweep.locator("#table tbody tr").count() == 1
    sweep.get_by_text("Columns ▾").or_(sweep.locator("#columns summary")).first.click()
    sweep.get_by_role("checkbox", name="fail code").check()
    assert "CONTENT_VIOLATION" in sweep.locator("#table").inner_text()


def test_numbers_have_units_and_unknown_prices_say_so(
    show: Callable[..., Page], pictures: list[str]
) -> None:
    """Times are `38.2 s` or `4 min 10 s`, money has two to four decimals, an unknown price is no zero."""
    made = rows({"chaos": [0, 50]}, pictures, simulated=False, gateway="apixo")
    made[0] |= {"cost_time_s": 250.0, "price_usd": None}
    made[1] |= {"cost_time_s": 38.24, "price_usd": 0.0125}
    page = show(made, ["chaos"])
    assert [text.split("\t")[-1] for text in page.locator("#stats tbody tr").all_inner_texts()] == [
        "unknown",
        "$0.0125",
    ]
    assert "4 min 10 s" in page.locator("#stats").inner_text()
    assert "38.2 s" in page.locator("#grid").inner_text()
    assert "spent\nunknown" in page.locator("#figures").inner_text()
    assert page.locator(".notice").count() == 0


@pytest.mark.parametrize(
    "hostile",
    [
        "</script><script>window.ran = 1</script>",
        "<img src=x onerror='window.ran = 1'>",
        "\"'><svg onload=window.ran=1>",
        "{{constructor.constructor('window.ran = 1')()}}",
        "\u202egnp.exe\u202c \u2028 ${window.ran = 1}",
        "🦊" * 2000,
    ],
)
def test_hostile_text_is_shown_and_never_run(
    show: Callable[..., Page], pictures: list[str], console: list[str], hostile: str
) -> None:
    """A prompt, a value and a reason are shown letter by letter; nothing in them runs, nor breaks the page."""
    made = rows({"style": ["plain", hostile]}, pictures, prompt=hostile)
    made[0] |= {**FAILED, "fail_msg": hostile, "fail_code": hostile, "state": "failed"}
    page = show(made, ["style"])
    page.locator("#grid .tile").first.click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert page.locator("#title").evaluate("title => title.textContent") == hostile
    assert page.evaluate("window.ran") is None
    assert page.locator("script").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert console == []


def test_a_wild_address_is_no_harm(
    show: Callable[..., Page], pictures: list[str], console: list[str]
) -> None:
    """Whatever stands after the # of the address, the page opens."""
    fragment = (
        "#rows=nothing&cols=chaos&facet=chaos&at.chaos=99&hide.chaos=0 1 2&picture=9&size=1e9&theme=<b>"
    )
    page = show(rows({"chaos": [0, 50]}, pictures), ["chaos"], fragment)
    assert page.locator("#grid .tile").count() == 2
    assert console == []


def test_light_and_dark(sweep: Page, shoot: Callable[[str], Path]) -> None:
    """The page follows the reader's system, until the reader says otherwise."""
    shade = "getComputedStyle(document.documentElement).backgroundColor"
    assert sweep.evaluate(shade) == "rgb(255, 255, 255)"
    sweep.emulate_media(color_scheme="dark")
    assert sweep.evaluate(shade) == "rgb(20, 20, 19)"
    shoot("report-dark")
    sweep.get_by_role("button", name="Use light colours").click()
    assert sweep.evaluate(shade) == "rgb(255, 255, 255)"
    shoot("report-light")


def test_tiles_glide_only_for_those_who_like_it(sweep: Page) -> None:
    """Rearranged tiles move to their places, and stand there at once under reduced motion."""
    moving = "document.getAnimations().filter(one => one.effect.target.matches('.tile')).length"
    sweep.emulate_media(reduced_motion="reduce")
    sweep.get_by_role("button", name="Swap rows and columns").click()
    assert sweep.evaluate(moving) == 0
    sweep.emulate_media(reduced_motion="no-preference")
    assert sweep.evaluate(f"document.querySelector('#swap').click(), {moving}") > 0


def test_on_paper_there_are_pictures_and_numbers_only(sweep: Page) -> None:
    """Printing leaves out what can be pressed and the long table."""
    sweep.emulate_media(media="print")
    assert [sweep.locator(f"#{name}").is_visible() for name in ("grid", "stats", "controls", "tasks", "theme")] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_everything_that_can_be_used_has_a_name(sweep: Page) -> None:
    """Buttons, sliders, boxes and selects are named for those who hear the page."""
    sweep.locator("#grid .tile").first.click()
    nameless = """[...document.querySelectorAll("button, input, select, summary")].filter(node =>
        !(node.ariaLabel || node.textContent.trim() || node.labels?.[0]?.textContent.trim()))"""
    assert sweep.evaluate(f"{nameless}.map(node => node.outerHTML)") == []


def test_a_narrow_window_is_enough(sweep: Page, shoot: Callable[[str], Path]) -> None:
    """On a telephone nothing of the page itself is cut off or needs sideways scrolling."""
    sweep.set_viewport_size({"width": 420, "height": 860})
    assert sweep.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot("report-narrow")
    sweep.locator("#grid .tile").first.click()
    assert sweep.locator("#stage img").first.is_visible()
    shoot("report-narrow-viewer")


def test_nothing_yet_is_a_page_too(show: Callable[..., Page], console: list[str]) -> None:
    """An empty frame says that there is nothing yet."""
    page = show([], ["chaos"])
    assert page.locator("#nothing").is_visible()
    assert page.locator("section:visible").count() == 0
    assert console == []


def test_mixed_frames_mark_what_is_simulated(show: Callable[..., Page], pictures: list[str]) -> None:
    """Where real and simulated tasks meet, each simulated tile says so and its money is counted apart."""
    made = rows({"gateway": ["simulator", "apixo"]}, pictures)
    made[1] |= {"simulated": False}
    page = show(made, ["gateway"])
    assert page.locator("#grid .under").all_inner_texts() == ["30.0 s simulated", "31.0 s"]
    assert page.locator("#figures dd").filter(has_text="$").all_inner_texts() == ["$0.10", "$0.10"]
    assert "Partly simulated" in page.locator(".notice").inner_text()


def test_words_are_not_broken(show: Callable[..., Page], pictures: list[str]) -> None:
    """In a narrow window a short value stands unbroken in the numbers' tables and in that of the tasks; a long one breaks."""
    made = rows({"mode": ["describe", "shorten"], "prompt": ["fox", 60 * "long"]}, pictures)
    page = show(made, ["mode", "prompt"])
    page.set_viewport_size({"width": 420, "height": 860})
    heights = "all => all.map(one => [one.textContent, Math.round(one.getClientRects()[0].height / 33)])"
    assert page.locator(".stats tbody th", has_text=re.compile("^(describe|shorten)$")).evaluate_all(
        heights
    ) == [
        ["describe", 1],
        ["shorten", 1],
    ]
    assert page.locator(".stats th.wordy").first.evaluate("node => node.offsetWidth") < 420
