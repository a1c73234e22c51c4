"""What every request is, and the one whose fields are data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, model_validator

from mjnb.errors import InvalidRequest
from mjnb.fields import Choice, Mark, Rule, Whole, is_writable
from mjnb.parts import Checked, rule

__all__ = ["RawRequest", "Request", "marks_of"]


class Request(Checked):
    """What one task is asked for. Frozen; `given()` returns what is set."""

    mode: ClassVar[str] = ""

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other values, checked like a new one.

        >>> from mjnb.modes import TextToImage
        >>> TextToImage(prompt="a fox", chaos=5).replace(chaos=10)
        TextToImage(prompt='a fox', chaos=10)
        """
        return type(self)(**{**self.given(), **changes})

    def said(self) -> dict[str, Any]:
        """Return what is set, without marks that are off: leaving those out says the same.

        >>> from mjnb.modes import TextToImage
        >>> TextToImage(prompt="a fox", raw=False, tile=True).said()
        {'prompt': 'a fox', 'tile': True}
        """
        off = marks_of(type(self))
        return {
            name: value for name, value in self.given().items() if value is not False or name not in off
        }

    @classmethod
    def help(cls) -> str:
        """Describe every field: range, meaning, and the bands or choices of the gateway's page."""
        return "\n".join(line for name in cls.model_fields for line in _explain(name, rule(cls, name)))


@cache
def marks_of(model: type[Request]) -> frozenset[str]:
    """Name the fields of a mode that are marks: off unless they are asked for."""
    return frozenset(name for name in model.model_fields if isinstance(rule(model, name), Mark))


def _explain(name: str, of: Rule) -> list[str]:
    lines = [f"{name}: {of.help} ({of.allowed})"]
    if isinstance(of, Choice):
        lines += [f"    {word}: {note}" for word, note in of.notes.items() if note]
    if isinstance(of, Whole):
        lines += [f"    {band.low}-{band.high} {band.name}: {band.help}" for band in of.bands]
    return lines


class RawRequest(Request):
    """A mode that has no class here, its fields sent as they are written: for what a gateway enables on request.

    >>> RawRequest("reroll", taskId="task_12345678")
    RawRequest('reroll', taskId='task_12345678')
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    raw_mode: str

    def __init__(self, mode: str, /, **fields: Any) -> None:
        for name in {"mode", "raw_mode"} & fields.keys():
            raise InvalidRequest(name, fields[name], "the mode is the first argument of a RawRequest")
        super().__init__(**{"raw_mode": mode, **fields})

    @property
    def mode(self) -> str:  # type: ignore[override]  # the one request whose mode is data
        """The mode, as the gateway spells it."""
        return self.raw_mode

    @model_validator(mode="before")
    @classmethod
    def _names(cls, values: Any) -> Any:
        mode = values.get("raw_mode") if isinstance(values, dict) else None
        if not isinstance(mode, str) or not mode.strip() or not is_writable(mode):
            raise InvalidRequest("mode", mode, "the name of a mode, as the gateway spells it")
        return {name: _as_json(name, value) for name, value in values.items()}

    def given(self) -> dict[str, Any]:
        """Return the fields as they were written."""
        return dict(self.model_extra or {})

    def said(self) -> dict[str, Any]:
        """Return the same: what is written raw is sent as it is."""
        return self.given()

    def __repr__(self) -> str:
        """Show it as it was written."""
        inner = [repr(self.mode), *(f"{name}={value!r}" for name, value in self.given().items())]
        return f"RawRequest({', '.join(inner)})"

    __str__ = __repr__

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other fields."""
        return type(self)(self.mode, **{**self.given(), **changes})


def _as_json(name: str, value: Any) -> Any:
    """Return a raw value as JSON holds it: numpy's scalars and arrays as Python's, whatever JSON has no word for refused."""
    if isinstance(value, Checked):
        value = value.given()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _as_json(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(f"{name}[{i}]", item) for i, item in enumerate(value)]
    plain = (
        value is None
        or isinstance(value, bool | int)
        or (isinstance(value, float) and math.isfinite(value))
    )
    if plain or (isinstance(value, str) and is_writable(value)):
        return value
    raise InvalidRequest(
        name, value, "a value that JSON has: text, a number, True, False, None, a list or a dict"
    )
