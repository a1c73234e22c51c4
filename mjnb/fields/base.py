"""The rule of all rules, and those for numbers."""

from __future__ import annotations

import math
import numbers
import operator
from dataclasses import dataclass
from typing import Any

from mjnb.errors import InvalidRequest

__all__ = [
    "Band",
    "Flag",
    "Mark",
    "Number",
    "Points",
    "Rule",
    "Whole",
    "is_bool",
    "is_writable",
    "to_float",
]


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a range that looks alike, `low` to `high` inclusive."""

    low: int
    high: int
    name: str
    help: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of value. `help` is one sentence for a tooltip."""

    help: str

    @property
    def allowed(self) -> str:
        """Say in words what is allowed."""
        return "anything"

    def read(self, name: str, value: Any) -> Any:
        """Return the value in its one spelling.

        Args:
            name: The field's name, for the error.
            value: What the user gave.

        Raises:
            InvalidRequest: The value is not allowed.
        """
        del name
        return value

    def refuse(self, name: str, value: object, *, nearest: object = None, hint: str = "") -> InvalidRequest:
        """Build the error for a value that is not allowed."""
        return InvalidRequest(name, value, self.allowed, nearest=nearest, hint=hint)


def is_bool(value: object) -> bool:
    """Tell whether this is a truth, numpy's included."""
    return isinstance(value, bool) or type(value).__name__ in {"bool_", "bool"}


def to_float(value: numbers.Real) -> float:
    """Return it as a float, infinite where it is too large for one."""
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def is_writable(text: str) -> bool:
    """Tell whether a text can travel: halves of surrogate pairs (from a cut emoji) cannot be written in UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


@dataclass(frozen=True, slots=True)
class Whole(Rule):
    """A whole number from `low` to `high`; `bands` name stretches of it, `step` is what a slider should do.

    >>> Whole("variety", 0, 100).read("chaos", 50)
    50
    """

    low: int = 0
    high: int | None = None
    bands: tuple[Band, ...] = ()
    step: int = 1

    @property
    def allowed(self) -> str:
        """Say the range."""
        return (
            f"an integer from {self.low} to {self.high}"
            if self.high is not None
            else f"an integer of at least {self.low}"
        )

    def read(self, name: str, value: Any) -> int:
        """Return a plain `int`."""
        try:
            number = operator.index(value) if not is_bool(value) else None
        except TypeError:
            number = None
        if number is None or number != self._clamp(number):
            raise self.refuse(name, value, nearest=self._nearest(value if number is None else number))
        return number

    def _clamp(self, number: int) -> int:
        return max(self.low, number if self.high is None else min(number, self.high))

    def _nearest(self, value: object) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return self._clamp(value)
        if is_bool(value) or not isinstance(value, str | numbers.Real):
            return None
        try:
            return self._clamp(round(float(value)))
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Number(Rule):
    """A number from `low` to `high`, fractions included; `step` is what a slider should do.

    >>> Number("weight", 0, 3).read("iw", 0.5)
    0.5
    """

    low: float = 0
    high: float = 1
    step: float = 0.25

    @property
    def allowed(self) -> str:
        """Say the range."""
        return f"a number from {self.low:g} to {self.high:g}"

    def read(self, name: str, value: Any) -> float:
        """Return a plain `float`."""
        if is_bool(value) or not isinstance(value, numbers.Real):
            raise self.refuse(name, value)
        number = to_float(value)
        if not self.low <= number <= self.high:
            nearest = None if math.isnan(number) else max(self.low, min(number, self.high))
            raise self.refuse(name, value, nearest=nearest)
        return number


@dataclass(frozen=True, slots=True)
class Flag(Rule):
    """True or False, numpy's included."""

    @property
    def allowed(self) -> str:
        """Say the two."""
        return "True or False"

    def read(self, name: str, value: Any) -> bool:
        """Return a plain `bool`."""
        if not is_bool(value):
            raise self.refuse(name, value)
        return bool(value)


@dataclass(frozen=True, slots=True)
class Mark(Flag):
    """A flag that is there or not, on every gateway: False asks for the same as leaving it out, and is never sent.

    >>> Mark("seamless").read("tile", True), Mark("seamless").read("tile", False)
    (True, False)
    """


@dataclass(frozen=True, slots=True)
class Points(Rule):
    """A polygon of at least three corners, as `x1, y1, x2, y2, …` or pairs, in pixels from the top left."""

    @property
    def allowed(self) -> str:
        """Say the shape."""
        return "at least three corners as [x1, y1, x2, y2, …] or [(x1, y1), …], whole numbers from 0"

    def read(self, name: str, value: Any) -> tuple[int, ...]:
        """Return the flat tuple `x1, y1, x2, y2, …`."""
        if not isinstance(value, list | tuple):
            raise self.refuse(name, value)
        pairs = [item for item in value if isinstance(item, list | tuple)]
        if pairs and any(not isinstance(item, list | tuple) or len(item) != 2 for item in value):  # noqa: PLR2004
            raise self.refuse(name, value, hint="Not all of its items are pairs.")
        flat = [part for pair in pairs for part in pair] or list(value)
        if len(flat) % 2 or len(flat) < 6:  # noqa: PLR2004  (three corners)
            raise self.refuse(name, value, hint=f"It has {len(flat)} numbers.")
        number = Whole("a coordinate", 0)
        return tuple(number.read(name, part) for part in flat)
