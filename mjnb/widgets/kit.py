"""Small pieces that forms are put together from: buttons, headings, lines of text, the style sheet."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.views.assets import style
from mjnb.widgets.field import Field

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["button", "heading", "line", "sheet", "shown", "shut"]

_STATIC = Path(__file__).parent / "static" / "forms"


def button(text: str, tip: str, press: Callable[[Any], Any], *, primary: bool = False) -> Any:
    """Make a button of plain words; `tip` is its tooltip, `press(button)` what it does."""
    made = ipywidgets.Button(description=text, tooltip=tip)
    made.add_class("mjnb-press")
    if primary:
        made.add_class("mjnb-primary")
    made.on_click(press)
    return made


def heading(title: str, help_text: str) -> Field:
    """Make the head of a group of fields; what is wrong with the group as a whole is its `error`."""
    return Field(spec={"kind": "heading", "label": title, "help": help_text, "default": ""})


def line(text: str = "", role: str = "", name: str = "") -> Any:
    """Make a line of text from outside, escaped; `role` is "alert" or "status" where it is to be read out."""
    made = ipywidgets.HTML()
    made.add_class("mjnb-line")
    if name:
        made.add_class(name)
    made.value = shown(text, role)
    return made


def shown(text: str, role: str = "") -> str:
    """Write text as HTML, its line breaks kept.

    >>> shown("a < b", "alert")
    '<div role="alert">a &lt; b</div>'
    """
    attribute = f' role="{role}"' if role else ""
    return f"<div{attribute}>{html.escape(text)}</div>"


def sheet() -> Any:
    """Make the widget that carries the style of a form: everything in it is scoped under a class of ours."""
    made = ipywidgets.HTML(f"<style>{style(_STATIC / 'base.css', _STATIC / 'forms.css')}</style>")
    made.layout.display = "none"
    return made


def shut(widget: Any) -> None:
    """Close a widget and everything in it, its layout and style too, so that nothing of it stays in the kernel."""
    for child in getattr(widget, "children", ()):
        shut(child)
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if isinstance(part, ipywidgets.Widget):
            part.close()
    widget.close()
