"""A group of fields that is folded away until somebody wants it, or until something in it is set."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.widgets.field import Control

__all__ = ["Fold", "FoldHead"]

_STATIC = Path(__file__).parent / "static" / "forms"


class FoldHead(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """The button that unfolds what stands right below it; the page does that by itself, without the kernel.

    `title` is what it says, `detail` what is inside, `is_open` whether it is unfolded.
    """

    _esm = script(_STATIC / "fold.js")
    _css = style(_STATIC / "base.css", _STATIC / "fold.css")
    title: Any = traitlets.Unicode("").tag(sync=True)
    detail: Any = traitlets.Unicode("").tag(sync=True)
    is_open: Any = traitlets.Bool(False).tag(sync=True)

    def still(self) -> dict[str, Any]:
        """Return its words."""
        text = f"{self.title}: {self.detail}"
        return {"text/plain": text, "text/html": f"<div>{html.escape(text)}</div>"}


class Fold:
    """Some fields of a form under one button; `box` is what to display.

    Args:
        title: What it is called.
        controls: The fields by name.
    """

    def __init__(self, title: str, controls: Mapping[str, Control]) -> None:
        self._title, self._controls = title, dict(controls)
        labels = [str(one.widget.spec["label"]) for one in controls.values()]
        self.head = FoldHead(title=title, detail=", ".join(labels))
        self.head.add_class("mjnb-fold-head")
        self.body = ipywidgets.VBox([one.widget for one in controls.values()])
        self.body.add_class("mjnb-fold-body")
        self.box = ipywidgets.VBox([self.head, self.body])
        self.box.add_class("mjnb-fold-box")

    def __contains__(self, name: object) -> bool:
        """Whether a field is in here."""
        return name in self._controls

    def follow(self) -> None:
        """Say how many of the fields are set, and unfold as soon as there is one; nobody's field is folded away again."""
        number = sum(one.value is not None for one in self._controls.values())
        self.head.title = f"{self._title} · {number} set" if number else self._title
        if number:
            self.head.is_open = True

    def open(self) -> None:
        """Unfold it."""
        self.head.is_open = True
