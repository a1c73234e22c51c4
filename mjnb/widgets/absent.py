"""What a gateway does not take, in one folded list: which fields, and which gateways have them.

A value that Python sets there all the same is kept, and refused with the words of the API.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb import gateways
from mjnb.errors import InvalidRequest
from mjnb.parts import rule
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills
from mjnb.widgets.field import Control, flag_of, label_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mjnb.fields import Rule
    from mjnb.gateways.base import Dialect
    from mjnb.modes import Request

__all__ = ["Absent", "AbsentControl", "owners"]

_STATIC = Path(__file__).parent / "static" / "forms"
_LONG = 60


def owners(mode: str, name: str) -> str:
    """Name the gateways that have a field in a mode, as they call themselves.

    >>> owners("text-to-image", "watermark")
    'APIXO (reference page)'
    """
    return ", ".join(gateways.dialect(who).title for who in gateways.who_takes(mode, name)) or "no gateway"


class Absent(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """The list; `rows` has a field each: its words, who has it, and what Python has set there.

    Args:
        model: The request's type.
        names: The fields.
        dialect: The gateway that has none of them.
    """

    _esm = script(_STATIC / "absent.js")
    _css = style(_STATIC / "base.css", _STATIC / "fold.css")
    title: Any = traitlets.Unicode("").tag(sync=True)
    is_open: Any = traitlets.Bool(False).tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List([]).tag(sync=True)

    def __init__(self, model: type[Request], names: Sequence[str], dialect: Dialect) -> None:
        self._clear: Callable[[str], None] = _nothing
        number = "One field" if len(names) == 1 else f"{len(names)} fields"
        rows = [_row(model, name, dialect) for name in names]
        super().__init__(title=f"{number} that {dialect.title} does not take", rows=rows)
        self.on_msg(self._on_message)

    def put(self, name: str, **facts: Any) -> None:
        """Change what is said of a field; one that is set unfolds the list."""
        self.rows = [{**row, **facts} if row["name"] == name else row for row in self.rows]
        if facts.get("value"):
            self.is_open = True

    def on_clear(self, call: Callable[[str], None]) -> None:
        """Have `call(name)` called when somebody takes a value away."""
        self._clear = call

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if isinstance(content, dict) and any(row["name"] == content.get("clear") for row in self.rows):
            self._clear(str(content["clear"]))

    def still(self) -> dict[str, Any]:
        """Return its head alone."""
        return {"text/plain": self.title, "text/html": f"<div>{html.escape(self.title)}</div>"}

    def close(self) -> None:
        """Let go of whoever is told."""
        self._clear = _nothing
        super().close()


def _row(model: type[Request], name: str, dialect: Dialect) -> dict[str, Any]:
    return {
        "name": name, "label": label_of(name), "flag": flag_of(name), "help": rule(model, name).help,
        "reason": dialect.lacks(model.mode, name), "owners": owners(model.mode, name), "value": "", "error": "",
    }  # fmt: skip


def _nothing(_: str) -> None:
    """Tell nobody."""


class AbsentControl(Control):
    """A field of that list, as the form holds it: a value that nothing but Python can set."""

    def __init__(self, name: str, rule: Rule, where: Absent) -> None:
        super().__init__(name, where)
        self._rule, self._value = rule, None
        self._calls: list[Callable[[Any], None]] = []

    @property
    def value(self) -> Any:
        """What Python has set, None if nothing."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        try:
            value = None if value is None else plain(self._rule.read(self.name, value))
        except InvalidRequest:
            value = plain(value)
        if value == self._value:
            return
        self._value = value
        text = "" if value is None else str(value)
        self.widget.put(self.name, value=text[:_LONG] + ("…" if len(text) > _LONG else ""))
        for call in self._calls:
            call({"name": "value", "new": value})

    def observe(self, call: Callable[[Any], None]) -> None:
        """Call `call(change)` whenever the value changes."""
        self._calls.append(call)

    def grey(self, reason: str) -> None:
        """Nothing more can be said: it is grey already."""

    def grey_choices(self, reasons: Mapping[str, str]) -> None:
        """The same holds for its choices."""

    def complain(self, path: str, text: str) -> None:
        """Show what is wrong."""
        del path
        row = next(row for row in self.widget.rows if row["name"] == self.name)
        if row["error"] != text:
            self.widget.put(self.name, error=text)

    def close(self) -> None:
        """Let go of whoever is told; the list belongs to the form."""
        self._calls = []
        super().close()
