"""A form's fields on a plain page: numbers with their bands."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from browser.board_page import _MODEL

from mjnb.widgets.forms import RequestForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from mjnb.session import Session

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

_START = """async ([url, fields]) => {
  const { default: widget } = await import(url);
  for (const [id, traits] of Object.entries(fields)) {
    const model = fakeModel(traits);
    const made = typeof widget === "function" ? widget() : widget;
    made.initialize({ model });
    made.render({ model, el: document.getElementById(id) });
    window.models = { ...window.models, [id]: model };
  }
}"""
_CUT = """() => [...document.querySelectorAll(".mjnb-reading, .mjnb-mark, .mjnb-help")]
  .filter((node) => node.scrollWidth > node.clientWidth).map((node) => node.textContent)"""
_NAMES = ("spec", "value", "options", "greyed", "grey", "error", "note", "wanted", "kept")


def show(page: Page, form: RequestForm, *names: str) -> None:
    """Show some fields of a form."""
    widgets = {name: form.controls[name].widget for name in names}
    parts = "".join(f"<div id='{name}'></div>" for name in names)
    css = next(iter(widgets.values()))._css
    page.set_content(
        f"<!doctype html><html lang='en'><title>fields</title><style>{css}</style><main>{parts}</main>"
    )
    page.evaluate(_MODEL)
    traits: dict[str, Any] = {
        name: {key: value for key, value in widget.get_state().items() if key in _NAMES}
        for name, widget in widgets.items()
    }
    source = base64.b64encode(next(iter(widgets.values()))._esm.encode()).decode()
    page.evaluate(_START, [f"data:text/javascript;base64,{source}", traits])


@pytest.mark.parametrize("width", [316, 355])  # of a form's column in windows of 420 and of 1160 px
def test_nothing_of_a_number_is_cut(page: Page, session: Callable[..., Session], width: int) -> None:
    """A number's value, the names of its bands and what its band is for are there whole, however narrow its column is."""
    form = RequestForm("text-to-image", session(gateway="simulator:apixo-reference"), prompt="a fox")
    show(page, form, "chaos", "stylize", "weird")
    page.locator("main").evaluate("(node, width) => { node.style.width = `${width}px`; }", width)
    before = page.locator("main").bounding_box()
    assert page.locator("#chaos .mjnb-reading").inner_text() == "default (10) · consistent"
    assert "the four pictures agree" in page.locator("#chaos .mjnb-help").inner_text()
    for value in (10, 60, 100):
        page.evaluate("value => models.chaos.set('value', value)", value)
        assert page.evaluate(_CUT) == []
    assert "four different ideas" in page.locator("#chaos .mjnb-help").inner_text()
    assert page.locator("main").bounding_box() == before
    form.close()
