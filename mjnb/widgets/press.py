"""A button that says what it costs: a press tells what stood on it, so that nothing is sent at a price nobody saw."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Press"]

_STATIC = Path(__file__).parent / "static" / "forms"


class Press(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """A button whose words may change while somebody presses it.

    Args:
        description: What stands on it.
        press: Called with what stood on it for whoever pressed.

    Attributes:
        disabled: It cannot be pressed; it keeps the keyboard all the same.
    """

    _esm = script(_STATIC / "press.js")
    _css = style(_STATIC / "base.css")
    description: Any = traitlets.Unicode("").tag(sync=True)
    tooltip: Any = traitlets.Unicode("").tag(sync=True)
    disabled: Any = traitlets.Bool(False).tag(sync=True)

    def __init__(self, description: str, press: Callable[[str], Any]) -> None:
        self._press = press
        super().__init__(description=description)
        self.on_msg(self._on_message)

    def click(self) -> None:
        """Press it as it is now."""
        self._press(str(self.description))

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if isinstance(content, dict) and "press" in content:
            self._press(str(content["press"]))

    def still(self) -> dict[str, Any]:
        """Return its words."""
        return {"text/plain": self.description, "text/html": f"<div>{html.escape(self.description)}</div>"}

    def close(self) -> None:
        """Let go of whoever is told."""
        self._press = _nothing
        super().close()


def _nothing(_: str) -> None:
    """Tell nobody."""
