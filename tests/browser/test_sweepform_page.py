"""The sweep form's page for fields that only some gateways take: the fold, lines of codes, free shapes, fractions."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from browser.board_page import _MODEL, DARK

from mjnb.views.assets import script, style
from mjnb.widgets.sweepform import SweepForm
from mjnb.widgets.sweeppanel import _STATIC

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from mjnb.session import Session

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

_START = """async ([url, traits]) => {
  window.model = fakeModel(traits);
  const { default: widget } = await import(url);
  widget.render({ model, el: document.getElementById('form') });
}"""


@pytest.fixture
def form(page: Page, session: Callable[..., Session]) -> Callable[..., Locator]:
    """Show the form of a gateway on a plain page: `form("acedata", seed=[1, 2])`."""

    def show(gateway: str, **values: Any) -> Locator:
        made = SweepForm(session(gateway=f"simulator:{gateway}"))
        made.fill(**values)
        names = ("spec", "entered", "reading", "outlook", "progress", "watched")
        state = {name: value for name, value in made.panel.get_state().items() if name in names}
        made.close()
        page.set_content(
            f"<!doctype html><html lang='en'><title>form</title><style>{style(_STATIC / 'panel.css')}</style>"
            "<main><div id='form'></div></main>"
        )
        page.evaluate(_MODEL)
        source = base64.b64encode(script(_STATIC / "panel.js").encode()).decode()
        page.evaluate(_START, [f"data:text/javascript;base64,{source}", state])
        return page.locator(".mjnb-sweepform")

    return show


def entered(page: Page) -> dict[str, Any]:
    """What the page has handed on."""
    page.wait_for_timeout(120)  # longer than a pause in typing
    return dict(page.evaluate("model.get('entered').fields"))


def test_rare_axes_are_folded(
    form: Callable[..., Locator], axe: Callable[..., list[str]], shoot: Callable[[str], Path]
) -> None:
    """What is seldom used is in a closed fold, which is open where something in it is set; axe finds nothing in either."""
    seen = form("acedata")
    fold = seen.locator("details.sf-rare")
    assert fold.get_attribute("open") is None
    assert "More axes (" in fold.inner_text()
    assert seen.get_by_role("textbox", name="Seed").is_visible()
    assert not seen.get_by_role("textbox", name="Style references").is_visible()
    assert axe(".mjnb-sweepform") == []
    seen = form("apimart", sref=["123", "456"], iw=[0.5, 1])
    assert "2 in use" in seen.locator("summary", has_text="More axes").inner_text()
    assert seen.get_by_role("textbox", name="Style references").input_value() == "123\n456"
    assert seen.get_by_role("textbox", name="Image weight").input_value() == "0.5, 1"
    shoot("sweepform-rare")
    assert axe(".mjnb-sweepform") == []
    assert form("apixo").locator("details.sf-rare").count() == 0


def test_shapes_that_stand_in_no_list(form: Callable[..., Locator], page: Page) -> None:
    """Other shapes than those listed are typed beside them, where the gateway takes any; what is typed stays while one types."""
    seen = form("apimart")
    line = seen.get_by_role("textbox", name="Aspect: others")
    seen.get_by_role("checkbox", name="16:9").check()
    line.press_sequentially("1:1, 21:9")
    assert entered(page)["aspect"] == ["16:9", "1:1", "21:9"]
    assert line.input_value() == "1:1, 21:9"
    seen.get_by_role("checkbox", name="16:9").uncheck()
    assert entered(page)["aspect"] == ["1:1", "21:9"]
    assert form("apixo").get_by_role("textbox", name="Aspect: others").count() == 0


def test_what_is_not_to_be_had_here(form: Callable[..., Locator]) -> None:
    """Versions of other gateways are named in a quiet line with the reason behind it, and are no boxes to tick."""
    seen = form("apixo-reference")
    note = seen.locator("[data-field=version] .sf-others")
    assert "v8.1" in note.inner_text()
    assert note.get_attribute("title")
    assert seen.locator("[data-field=version]").get_by_role("checkbox").count() == 1


def test_values_line_by_line(form: Callable[..., Locator], page: Page) -> None:
    """Codes and words are entered one a line, and the field grows with them."""
    seen = form("acedata", no=["fog"])
    line = seen.get_by_role("textbox", name="Style references")
    before = line.bounding_box()
    line.fill("123 456\n789\n1011")
    assert entered(page)["sref"] == "123 456\n789\n1011"
    assert line.bounding_box()["height"] > before["height"]
    seen.locator("[data-field=raw]").get_by_role("checkbox", name="off").check()
    seen.locator("[data-field=raw]").get_by_role("checkbox", name="on").check()
    assert entered(page)["raw"] == [False, True]


def test_labs_dark_colours_can_be_read(
    form: Callable[..., Locator], page: Page, axe: Callable[..., list[str]]
) -> None:
    """In the colours of Lab's dark theme everything has enough contrast, the main button above all."""
    seen = form("apimart", prompt="a fox", raw=[False, True])
    page.evaluate(
        "all => Object.entries(all).forEach(([name, value]) => document.body.style.setProperty(name, value))",
        DARK,
    )
    page.evaluate("document.body.style.background = 'var(--jp-layout-color1)'")
    model = (
        "{ ...model.get('outlook'), run: { ...model.get('outlook').run, text: 'Run 2', enabled: true } }"
    )
    page.evaluate(f"model.set('outlook', {model})")
    assert seen.locator(".sf-main").first.is_visible()
    assert axe(".mjnb-sweepform") == []
