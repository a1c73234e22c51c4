"""A real browser for tests: Debian's Chromium, which finds no other host than this one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.lab import Jupyter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

SHOTS = Path(__file__).parent / "shots"
_AXE = Path(__file__).parents[2] / ".axe" / "node_modules" / "axe-core" / "axe.min.js"
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ARGS = ("--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once a file: while it runs, Playwright's own event loop is in the way of everybody else's."""
    from playwright.sync_api import sync_playwright

    program = (
        os.environ.get("MJNB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if program is None:
        message = "no Chromium: install it, or name it in MJNB_CHROMIUM"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(_ARGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A JupyterLab of one's own, started once."""
    server = Jupyter.start(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.stop()


@pytest.fixture
def console() -> list[str]:
    """Whatever the page says to the console, and its uncaught errors."""
    return []


@pytest.fixture
def asked() -> list[str]:
    """The address of everything that the page asks for."""
    return []


@pytest.fixture
def page(browser: Browser, console: list[str], asked: list[str]) -> Iterator[Page]:
    """A fresh page of 1400 × 900 pixels in light colours."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("console", lambda message: console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: console.append(f"error: {error}"))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()


@pytest.fixture
def axe(page: Page) -> Callable[..., list[str]]:
    """Let axe-core look at what is on the page: `axe(".mjnb-board")` returns its findings, one line each."""

    def look(css: str = "body") -> list[str]:
        if page.evaluate("typeof window.axe") == "undefined":
            page.evaluate(_axe_source())
        found = page.evaluate(
            "async ([css, tags]) => (await axe.run(css, {runOnly: {type: 'tag', values: tags}})).violations",
            [css, _AXE_TAGS],
        )
        return [
            f"{one['id']}: {one['help']}: {node['html'][:160]}" for one in found for node in one["nodes"]
        ]

    return look


def _axe_source() -> str:
    place = Path(os.environ.get("MJNB_AXE") or _AXE)
    if not place.exists():
        message = f"no axe-core: npm install --prefix .axe axe-core ({place.name} is looked for there, or in MJNB_AXE)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return place.read_text("utf-8")


@pytest.fixture
def shoot(page: Page) -> Callable[[str], Path]:
    """Keep a screenshot under a name, for people to look at."""

    def keep(name: str) -> Path:
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}.png"
        page.screenshot(path=path)
        return path

    return keep
