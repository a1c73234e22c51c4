"""One field of a form: a label, what it takes, what holds if it is left alone, and what is wrong with it.

`Field` is what is seen, one widget for every kind of value; `Control` is what a form holds, whatever is behind it.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb.errors import InvalidRequest
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.fields import Rule

__all__ = ["Control", "Field", "FieldControl", "flag_of", "label_of", "plain"]

_STATIC = Path(__file__).parent / "static" / "forms"
_WORDS = {"urls": "URLs", "url": "URL", "id": "ID", "img": "image", "pos": "position", "hd": "HD"}
_NAMES = {
    "iw": "Image weight", "no": "Without", "sref": "Style references", "sw": "Style weight", "cref": "Character references",
    "cw": "Character weight", "oref": "Omni reference", "ow": "Omni weight", "exp": "Experimental", "tile": "Seamless tile",
    "extra": "Further flags", "task_id": "Task", "image_index": "Which picture", "end_url": "Last picture",
    "image_urls": "Pictures", "batch_size": "Clips", "img_pos": "Place of the picture",
}  # fmt: skip
"""Names that are Midjourney's own abbreviations, or that read better in other words."""
_FLAGS = {"iw", "no", "sref", "sw", "cref", "cw", "oref", "ow", "exp", "tile"}


def label_of(name: str) -> str:
    """Write a field's name for people.

    >>> label_of("sref"), label_of("chaos")
    ('Style references', 'Chaos')
    """
    if name in _NAMES:
        return _NAMES[name]
    words = " ".join(_WORDS.get(word, word) for word in name.split("_"))
    return words[:1].upper() + words[1:]


def flag_of(name: str) -> str:
    """Return Midjourney's own word for a field whose label is another one, "" where the label says it.

    >>> flag_of("sref"), flag_of("chaos")
    ('--sref', '')
    """
    return f"--{name}" if name in _FLAGS else ""


def plain(value: Any) -> Any:
    """Turn a request's value into what JSON holds: models into dicts, tuples into lists.

    >>> plain(("a", 1))
    ['a', 1]
    """
    if hasattr(value, "given"):
        return {name: plain(item) for name, item in value.given().items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


class Field(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """What is seen of one field.

    `spec` is what never changes (kind, label, help, range, choices, default), `value` what was entered (None: unset),
    `grey` why it cannot be used ("" if it can), `greyed` the same by choice, `error` what the API would say of it,
    `note` what is good to know, `options` what may be picked from the ledger, `wanted` that the keyboard shall come here
    (the page takes it back once it has).
    """

    _esm = script(_STATIC / "field.js")
    _css = style(_STATIC / "base.css", _STATIC / "field.css")
    spec: traitlets.Dict[str, Any] = traitlets.Dict({}).tag(sync=True)
    value: Any = traitlets.Any(None, allow_none=True).tag(sync=True)
    grey: Any = traitlets.Unicode("").tag(sync=True)
    greyed: traitlets.Dict[str, Any] = traitlets.Dict({}).tag(sync=True)
    error: Any = traitlets.Unicode("").tag(sync=True)
    note: Any = traitlets.Unicode("").tag(sync=True)
    wanted: Any = traitlets.Bool(False).tag(sync=True)
    options: traitlets.List[Any] = traitlets.List([]).tag(sync=True)

    def still(self) -> dict[str, Any]:
        """Return label and value as one line."""
        shown = self.spec.get("default", "") if self.value in (None, "", []) else self.value
        text = f"{self.spec.get('label', '')}: {shown}"
        return {"text/plain": text, "text/html": f"<div>{html.escape(text)}</div>"}


class Control:
    """One field of a form, as the form holds it.

    Attributes:
        name: The field's name in the request.
        widget: What to display.
        default: What holds if it is left alone, in words; "" for a field that must be filled in.

    `value` is in the request's own terms, None where unset.
    """

    def __init__(self, name: str, widget: Any, default: str = "") -> None:
        self.name, self.widget, self.default = name, widget, default

    @property
    def value(self) -> Any:
        """What was entered, None if nothing was."""
        raise NotImplementedError

    @value.setter
    def value(self, value: Any) -> None:
        raise NotImplementedError

    def observe(self, call: Callable[[Any], None]) -> None:
        """Call `call(change)` whenever the value changes, on whichever thread that happens."""
        raise NotImplementedError

    def grey(self, reason: str) -> None:
        """Say why the field cannot be used; "" makes it usable again."""
        raise NotImplementedError

    def grey_choices(self, reasons: Mapping[str, str]) -> None:
        """Say which choices cannot be made, and why; only where there are choices."""

    def complain(self, path: str, text: str) -> None:
        """Show what is wrong: of the field itself (path "") or of a part of it; text "" takes it back."""
        raise NotImplementedError

    def problem(self) -> InvalidRequest | None:
        """Return what only this control knows to be wrong, such as a picture that is no longer at the gateway."""
        return None

    def focus(self) -> None:
        """Bring the keyboard here, and the field into sight; where there is nothing to type in, nothing happens."""

    def close(self) -> None:
        """Let go of the widget."""
        self.widget.close()


class FieldControl(Control):
    """A field with one widget of its own.

    Args:
        name: Its name in the request.
        rule: What it may hold.
        spec: How it is drawn.
        read: Turns what the page holds into the request's terms, where they differ.
    """

    def __init__(
        self, name: str, rule: Rule, spec: Mapping[str, Any], read: Callable[[Any], Any] | None = None
    ) -> None:
        super().__init__(name, Field(spec=dict(spec)), str(spec["default"]))
        self.rule, self._read = rule, read

    @property
    def value(self) -> Any:
        """What was entered, None if nothing was."""
        value = self.widget.value
        if value is None or value in ("", []):
            return None
        return value if self._read is None else self._read(value)

    @value.setter
    def value(self, value: Any) -> None:
        self.widget.value = self._spelled(value)

    def _spelled(self, value: Any) -> Any:
        """Write a value as the page does; one that the rule refuses is shown as it is."""
        if value is None:
            return None
        try:
            return plain(self.rule.read(self.name, value))
        except InvalidRequest:
            return plain(value)

    def observe(self, call: Callable[[Any], None]) -> None:
        """Call `call(change)` whenever the value changes."""
        self.widget.observe(call, "value")

    def grey(self, reason: str) -> None:
        """Say why the field cannot be used."""
        self.widget.grey = reason

    def grey_choices(self, reasons: Mapping[str, str]) -> None:
        """Say which choices cannot be made."""
        self.widget.greyed = dict(reasons)

    def complain(self, path: str, text: str) -> None:
        """Show what is wrong."""
        del path
        self.widget.error = text

    def focus(self) -> None:
        """Bring the keyboard here."""
        self.widget.wanted = False
        self.widget.wanted = True
