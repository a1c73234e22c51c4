"""What is seen of a sweep's form, and what was entered there as an order.

Everything that people enter travels as one trait, `entered`, in the page's own terms: lines of text, ticks, chosen options.
"""

from __future__ import annotations

import contextlib
import html
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb.errors import InvalidRequest
from mjnb.modes import rule
from mjnb.prompts import parse_template
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills
from mjnb.widgets import axes
from mjnb.widgets.outlook import Outlook
from mjnb.widgets.sweepcode import Order, usd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mjnb.modes import Request
    from mjnb.widgets.controls import Control

__all__ = [
    "BLANK",
    "IDLE",
    "NOTHING",
    "OPTIONS",
    "SweepPanel",
    "missing",
    "prefilled",
    "read_form",
    "understood",
]

_STATIC = Path(__file__).parent / "static" / "sweepform"
BLANK = {
    "prompt": "", "fields": {}, "repeats": "1", "take": "1", "skip": False, "budget": None, "partial": False,
    "retry": "transient",
}  # fmt: skip
NOTHING = {"groups": [], "errors": {}, "values": {}, "code": "", "hint": ""}
IDLE = {"text": "", "alert": "", "busy": False, "running": False, "stopping": False}


class SweepPanel(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the two bundles have different types
    """What is seen of the form.

    `spec` never changes, `entered` is what people entered, `reading` what it was understood as (groups, values, errors by
    field, code), `outlook` what would come of it, `progress` how far a run is, `watched` whether somebody is at the form: the
    keyboard, the pointer, or a picture shown large. A press comes as the message `{"press": "run", "text": "Run 4 · $0.40"}`.
    """

    _esm = script(_STATIC / "panel.js")
    _css = style(_STATIC / "panel.css")
    spec: traitlets.Dict[str, Any] = traitlets.Dict({}).tag(sync=True)
    entered: traitlets.Dict[str, Any] = traitlets.Dict(BLANK).tag(sync=True)
    reading: traitlets.Dict[str, Any] = traitlets.Dict(NOTHING).tag(sync=True)
    outlook: traitlets.Dict[str, Any] = traitlets.Dict(asdict(Outlook())).tag(sync=True)
    progress: traitlets.Dict[str, Any] = traitlets.Dict(IDLE).tag(sync=True)
    watched: Any = traitlets.Bool(False).tag(sync=True)

    def still(self) -> dict[str, Any]:
        """Return what it says of the plan."""
        text = " · ".join(filter(None, [self.outlook["count"], *self.outlook["facts"]])) or "no sweep yet"
        return {"text/plain": text, "text/html": f"<div>{html.escape(text)}</div>"}


def prefilled(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request's values as they are entered: the braces of its prompt are literal."""
    if "prompt" not in given:
        return dict(given)
    return {**given, "prompt": re.sub(r"([{}\\])", r"\\\1", given["prompt"])}


def _whole(name: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        plain = str(text).strip()
        value: Any = int(plain) if re.fullmatch(r"\d{1,9}", plain) else plain
        if not isinstance(value, int) or value < 1:
            raise InvalidRequest(name, value, "an integer of at least 1")
        return value

    return read


def _usd(text: str | None) -> float | None:
    return None if text is None or not str(text).strip() else usd("budget", str(text))


_READ: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "repeats": ("repeats", _whole("repeats")),
    "take": ("take", _whole("take")),
    "on_invalid": ("skip", lambda skip: "skip" if skip else "raise"),
    "budget": ("budget", _usd),
    "on_budget": ("partial", lambda partial: "partial" if partial else "raise"),
    "retry": ("retry", str),
}
OPTIONS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "repeats": ("repeats", str),
    "take": ("take", str),
    "on_invalid": ("skip", lambda value: value == "skip"),
    "budget": ("budget", lambda value: None if value is None else str(value)),
    "on_budget": ("partial", lambda value: value == "partial"),
    "retry": ("retry", str),
}


@contextlib.contextmanager
def _noted(errors: dict[str, InvalidRequest], name: str) -> Iterator[None]:
    """File what is not valid under its field."""
    try:
        yield
    except InvalidRequest as error:
        errors[name] = error


def read_form(
    model: type[Request],
    entered: Mapping[str, Any],
    several: Mapping[str, Any],
    single: Mapping[str, Control],
) -> tuple[Order, dict[str, InvalidRequest]]:
    """Read every field of a form; what cannot be read is left out and said.

    Args:
        model: The mode.
        entered: What the page has.
        several: The fields that take several values, by name.
        single: The controls of those that take one.

    Returns:
        The order, and what is wrong by field name.
    """
    errors: dict[str, InvalidRequest] = {}
    fields: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for name in several:
        with _noted(errors, name):
            fields[name] = axes.read(rule(model, name), name, entered["fields"].get(name))
    for name, one in single.items():
        fields[name] = one.value
        if (problem := one.problem()) is not None:
            errors[name] = problem
    for name, (place, read) in _READ.items():
        with _noted(errors, name):
            options[name] = read(entered[place])
    given = {name: value for name, value in fields.items() if value is not None}
    prompt = _prompt(model, entered["prompt"])
    return Order(model.mode, prompt, given, auto=entered["budget"] is None, **options), errors


def _prompt(model: type[Request], text: str) -> str | None:
    """Return the prompt; None where the mode has none, or can do without and nothing was written."""
    field = model.model_fields.get("prompt")
    return None if field is None or not (field.is_required() or text.strip()) else text


def missing(model: type[Request], order: Order) -> list[str]:
    """Return the fields that must be filled in and are not yet."""
    given = {**order.fields, "prompt": (order.prompt or "").strip() or None}
    return [n for n, info in model.model_fields.items() if info.is_required() and given.get(n) is None]


def understood(order: Order, errors: Mapping[str, str], lacks: Sequence[str] = ()) -> dict[str, Any]:
    """Say how the form was understood: the prompt's groups, numbers by field, what is wrong or lacking, the code."""
    said, groups = dict(errors), []
    try:
        groups = [
            {"name": g.name, "options": list(g.options)} for g in parse_template(order.prompt or "").groups
        ]
    except InvalidRequest as error:
        said["prompt"] = str(error)
    needed = ", ".join(name.replace("_", " ") for name in lacks)
    return {
        "groups": groups, "errors": said, "code": "" if said or lacks else order.code(),
        "values": {name: value for name, value in order.fields.items() if _is_numeric(value)},
        "hint": "Mend what is marked." if said else f"Still needed: {needed}." if needed else "",
    }  # fmt: skip


def _is_numeric(value: Any) -> bool:
    return all(type(one) in {int, float} for one in (value if isinstance(value, list) else [value]))
