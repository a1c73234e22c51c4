"""The sweep form in the real JupyterLab: filled in by labels, planned as one types, run, and looked at in the dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.lab import Jupyter, run_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

FORM = """
import tempfile, mjnb
from mjnb.widgets.sweepform import SweepForm
mj = mjnb.Session("simulator", time_scale=120, store=tempfile.mkdtemp(), quiet=True)
form = SweepForm(mj{more})
form
"""


PICTURES = """() => [...document.querySelectorAll('.mjb-tile img[src^=blob]')]
    .filter(one => one.complete && one.naturalWidth).length >= {least}"""
PANEL = "[...jupyterapp.shell.widgets('main')].find(one => one.sessionContext)"
KEPT = (
    f"""() => {PANEL}.content.model.cells.get(0).outputs.toJSON().some(one => one.data?.['image/jpeg'])"""
)
TYPED = "a fox in the snow, and what is typed while a run comes to its end stays where it was typed"


@pytest.fixture
def form(jupyter: Jupyter, page: Page) -> Callable[..., Locator]:
    """Open a notebook with a form on the simulator and return the form."""

    def show(name: str, more: str = "", theme: str = "JupyterLab Light") -> Locator:
        jupyter.open(page, jupyter.write(f"{name}.ipynb", FORM.format(more=more)), theme=theme)
        run_all(page)
        found = page.locator(".mjnb-sweepform")
        found.wait_for(timeout=40_000)
        return found

    return show


def test_from_words_to_a_board(
    form: Callable[..., Locator],
    page: Page,
    console: list[str],
    axe: Callable[..., list[str]],
    shoot: Callable[[str], Path],
) -> None:
    """Filled in by keyboard, the form tells price and mistakes as one types; one press runs it, and a board appears."""
    seen = form("sweepform")
    seen.get_by_role("textbox", name="Prompt").fill("a lighthouse at {time: dawn, dusk}")
    seen.get_by_text("time: dawn, dusk", exact=True).wait_for()
    seen.get_by_label("v7", exact=True).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    chaos = seen.get_by_label("Chaos", exact=True)
    chaos.fill("0, 500")
    seen.get_by_text("nearest valid value: 100").wait_for()
    assert chaos.get_attribute("aria-invalid") == "true"
    shoot("sweepform-light-mistake")
    chaos.fill("0..100 step 50")
    seen.get_by_text("2 × 2 × 3 = 12 cells").wait_for()
    assert seen.locator(".sf-dot").count() == 3
    assert 'version=["v7", "niji 7"], chaos=[0, 50, 100]' in seen.locator(".sf-code").inner_text()
    assert axe(".mjnb-sweepform") == []
    place = seen.locator(".sf-limits").bounding_box()
    shoot("sweepform-light")
    seen.get_by_role("button", name="Run 12 · $1.20").click()
    seen.get_by_text("12 of 12 done").wait_for(timeout=30_000)
    seen.get_by_text("12 paid already").wait_for()
    assert seen.locator(".sf-limits").bounding_box() == place
    page.wait_for_function(PICTURES.format(least=48), timeout=60_000)
    assert page.locator(".mjb-tile").count() == 12
    shoot("sweepform-light-done")
    assert [line for line in console if line.startswith("error")] == []


def test_typing_while_a_run_ends(form: Callable[..., Locator], page: Page) -> None:
    """What is typed while a run comes to its end is all there; the still picture is renewed when one has gone elsewhere."""
    seen = form("sweepform-typing", ', mjnb.TextToImage(prompt="a fox")')
    seen.get_by_role("button", name="Run 1 · $0.10").click()
    prompt = seen.get_by_role("textbox", name="Prompt")
    prompt.fill("")
    page.mouse.move(5, 5)
    page.keyboard.type(TYPED, delay=20)  # ms a letter: the run ends meanwhile
    seen.get_by_text("1 of 1 done").wait_for(timeout=30_000)
    page.wait_for_function(PICTURES.format(least=4), timeout=30_000)
    page.keyboard.type(".")
    assert prompt.input_value() == f"{TYPED}."
    assert not page.evaluate(KEPT)
    prompt.evaluate("node => node.blur()")
    page.wait_for_function(KEPT, timeout=30_000)
    assert (
        page.locator(".mjnb-sweepform").get_by_role("textbox", name="Prompt").input_value() == f"{TYPED}."
    )


def test_dark_and_narrow(
    form: Callable[..., Locator], page: Page, axe: Callable[..., list[str]], shoot: Callable[[str], Path]
) -> None:
    """In a dark and narrow window everything is still there, and values around a request's are one press away."""
    page.set_viewport_size({"width": 700, "height": 1100})
    seen = form("sweepform-dark", ', mjnb.TextToImage(prompt="a fox", chaos=50)', "JupyterLab Dark")
    seen.get_by_role("button", name="Chaos, values around 50").click()
    seen.get_by_role("button", name="Run 3 · $0.30").wait_for()
    assert seen.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert axe(".mjnb-sweepform") == []
    shoot("sweepform-dark-narrow")
