"""A sweep as the lines of Python that make it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.parts import Checked
from mjnb.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Order", "call", "literal", "usd"]


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that decides a sweep and its start, as it was chosen: what a form holds.

    `fields` are single values and lists of several by field name; `budget` is US dollars, and `auto` takes what the plan
    needs instead.

    >>> print(Order("text-to-image", "a fox", {"chaos": [0, 50]}, budget=0.2).code())
    sweep = mjnb.Sweep("a fox", chaos=[0, 50])
    run = sweep.start(mj, budget=0.2)
    """

    mode: str
    prompt: str | None
    fields: Mapping[str, Any] = field(default_factory=dict)
    repeats: int = 1
    take: int = 1
    on_invalid: str = "raise"
    budget: float | None = None
    auto: bool = False
    on_budget: str = "raise"
    retry: str = "transient"

    def sweep(self, **changes: Any) -> Sweep:
        """Make the sweep.

        Raises:
            InvalidRequest: A field is not there, a value is given twice, the prompt's braces do not match.
        """
        return Sweep(self.prompt, **{**self._options(), **self.fields, "mode": self.mode, **changes})

    def code(self) -> str:
        """Write the two lines that make this sweep and start it."""
        making = {**self.fields, **_but_usual(self._options(), _USUAL)}
        if _belongs_to(making, self.prompt) != self.mode:
            making = {"mode": self.mode, **making}
        starting = {"budget": self.budget, "on_budget": self.on_budget, "retry": self.retry}
        prompt = [] if self.prompt is None else [literal(self.prompt)]
        start = call("sweep.start", ["mj"], _but_usual(starting, _USUAL))
        return f"sweep = {call('mjnb.Sweep', prompt, making)}\nrun = {start}"

    def _options(self) -> dict[str, Any]:
        return {"repeats": self.repeats, "take": self.take, "on_invalid": self.on_invalid}


_USUAL = {
    "repeats": 1,
    "take": 1,
    "on_invalid": "raise",
    "budget": None,
    "on_budget": "raise",
    "retry": "transient",
}


def _but_usual(values: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value != usual[name]}


def _belongs_to(making: Mapping[str, Any], prompt: str | None) -> str:
    """Return the mode that a sweep with these arguments finds for itself."""
    try:
        return Sweep(prompt, **making).model.mode
    except InvalidRequest:
        return ""


def call(function: str, given: list[str], named: Mapping[str, Any]) -> str:
    """Write a call.

    >>> call("mj.imagine", ['"a fox"'], {"chaos": 20, "version": "v7"})
    'mj.imagine("a fox", chaos=20, version="v7")'
    """
    return (
        f"{function}({', '.join([*given, *(f'{name}={literal(value)}' for name, value in named.items())])})"
    )


def literal(value: Any) -> str:
    """Write a value as a literal of Python; parts of requests become plain dicts.

    >>> literal(["v7", None, ("x", 1.5)])
    '["v7", None, ["x", 1.5]]'
    """
    if isinstance(value, Checked):
        value = value.given()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(name)}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """Write a text in double quotes, as people do, unless it holds some."""
    plain = repr(value)
    return plain if '"' in value or "'" in value else f'"{plain[1:-1]}"'


def usd(name: str, text: str) -> float:
    """Read a sum of money as people type it.

    Args:
        name: Whose it is, for the error.
        text: US dollars, with or without the sign.

    Raises:
        InvalidRequest: It is no number of 0 or more.

    >>> usd("budget", " $1.50")
    1.5
    """
    try:
        value = float(text.strip().removeprefix("$"))
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InvalidRequest(name, text, "US dollars as a number, 0 or more")
    return value
