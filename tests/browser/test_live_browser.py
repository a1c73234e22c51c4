"""A sweep in the real JupyterLab: tiles fill in, nothing jumps, and the still picture is the live one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from browser.lab import Jupyter, run_all, wait_idle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

START = """
import tempfile, mjnb
mj = mjnb.Session("simulator", time_scale={pace}, store=tempfile.mkdtemp(), concurrency=5)
run = mjnb.Sweep("a fox in {{place: snow, a forest, gore}}", chaos=[0, 100], version=["v7", "niji 7"], aspect="{aspect}").start(mj)
run
"""
CELLS = 12
LIVE, STILL = ".mjnb-frame", ".jp-RenderedHTML div[style*='overflow:hidden']"
PLACES = """() => [...document.querySelectorAll("{tiles}")].map(tile => {{
    const {{x, y, width, height}} = tile.getBoundingClientRect(); return [x, y, width, height].map(Math.round) }})"""
_numbers = count()


@pytest.fixture
def sweep(jupyter: Jupyter, page: Page) -> Callable[..., None]:
    """Open a notebook with a sweep of twelve cells, four of which fail, and run it."""

    def run(theme: str = "JupyterLab Light", pace: int = 60, aspect: str = "3:2") -> None:
        page.set_viewport_size({"width": 1000, "height": 900})
        jupyter.open(
            page,
            jupyter.write(
                f"sweep-{next(_numbers)}.ipynb", START.format(pace=pace, aspect=aspect), "df = await run"
            ),
            theme=theme,
        )
        run_all(page)
        page.locator(".mjnb-tile").first.wait_for(timeout=30_000)

    return run


def frames(page: Page, css: str) -> list[list[int]]:
    """Measure the places of all pictures: x, y, width and height in pixels."""
    measured: list[list[int]] = page.evaluate(PLACES.format(tiles=css))
    return measured


def pictures(page: Page, least: int) -> None:
    """Wait until some pictures have arrived."""
    page.wait_for_function(
        f"document.querySelectorAll('.jp-OutputArea-output img').length >= {least}", timeout=30_000
    )


def finished(page: Page) -> None:
    """Wait until the still picture has taken the place of the live view."""
    page.locator(".mjnb-live").wait_for(state="detached", timeout=60_000)
    wait_idle(page)


def test_it_fills_in_and_stays(
    sweep: Callable[..., None], page: Page, console: list[str], shoot: Callable[[str], Path]
) -> None:
    """Pictures arrive in places kept for them; when the run has ended each stands where it stood."""
    sweep()
    places = frames(page, LIVE)
    assert {tuple(place[2:]) for place in places} == {(148, 100)}
    says_what_it_does(page)
    for least in (1, 9, 17):
        pictures(page, least)
        assert frames(page, LIVE) == places
        if least == 9:
            shoot("live-light-during")
    finished(page)
    shoot("live-light-after")
    assert frames(page, STILL) == places
    assert page.locator(".jp-RenderedHTML img").count() == 32
    assert page.locator(".jp-RenderedHTML", has_text="simulated").count() == 1
    assert [line for line in console if line.startswith("error")] == []


def says_what_it_does(page: Page) -> None:
    """Look at the words and marks of a view of which nothing has failed yet."""
    page.locator(".mjnb-ring").first.wait_for()
    page.wait_for_function("document.getAnimations().some(one => one.animationName === 'mjnb-fill')")
    assert page.locator(".mjnb-label").first.inner_text() == "place snow\xa0· chaos 0\xa0· version v7"
    bar = page.get_by_role("progressbar", name="tasks finished")
    assert bar.get_attribute("aria-valuemax") == str(CELLS)
    assert "simulated" in page.get_by_role("status").filter(has_text="of 12 done").inner_text()


def test_dark_and_without_motion(
    sweep: Callable[..., None], page: Page, shoot: Callable[[str], Path]
) -> None:
    """In a dark theme it is dark; nothing moves for those who asked for that; failures give their reason."""
    page.emulate_media(reduced_motion="reduce")
    sweep("JupyterLab Dark")
    pictures(page, 5)
    moving = "document.getAnimations().filter(one => one.effect.target.closest('.mjnb-live')).length"
    assert page.evaluate(moving) == 0
    shoot("live-dark-during")
    page.locator(".mjnb-note").first.wait_for(timeout=30_000)
    assert "Content does not meet safety guidelines" in page.locator(".mjnb-note").first.inner_text()
    finished(page)
    shoot("live-dark-after")
    assert page.locator(".jp-RenderedHTML", has_text="CONTENT_VIOLATION").count() == 1


def test_stop(sweep: Callable[..., None], page: Page, shoot: Callable[[str], Path]) -> None:
    """The view's Stop ends the run while a cell awaits it, and the display says what was done and what was not."""
    sweep(pace=30)
    pictures(page, 4)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator(".mjnb-live").wait_for(state="detached", timeout=3_000)
    shoot("live-stopped")
    text = page.locator(".jp-RenderedHTML").first.inner_text()
    assert "– not run" in text
    assert "◐ running" not in text


def test_a_page_opened_again(sweep: Callable[..., None], page: Page) -> None:
    """A page opened anew while a run goes on has every picture again, and keeps the view when the run has ended."""
    sweep(pace=10)
    pictures(page, 4)
    page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save') }")
    page.reload()
    page.locator(".mjnb-tile").first.wait_for(timeout=30_000)
    pictures(page, 4)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Stopping…").wait_for(state="hidden")
    assert "left at the gateway" in page.locator(".mjnb-live").inner_text()
    assert "running" not in page.locator(".mjnb-grid").inner_text()
