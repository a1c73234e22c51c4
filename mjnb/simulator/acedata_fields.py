"""Reading AceData's JSON, in which `null` and empty text are absent: the documents' own examples send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mjnb.simulator.fields import InvalidFieldError, Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Fields", "trace_of"]


class Fields(Reader):
    """A reader of a request's JSON with AceData's idea of absence.

    Raises:
        InvalidFieldError: the body is no JSON object.

    >>> fields = Fields({"mode": None, "timeout": 300, "ids": []})
    >>> fields.optional("mode", ("fast", "relax")), fields.number("timeout", 480), fields.strings("ids")
    ('', 300.0, [])
    """

    def __init__(self, body: Any) -> None:
        if not isinstance(body, dict):
            raise InvalidFieldError("The json payload is not valid to request the API")
        super().__init__({name: value for name, value in body.items() if value is not None and value != ""})

    def optional(self, name: str, options: Sequence[str]) -> str:
        """Return one of some strings, "" if the field is absent."""
        return self.choice(name, options) if self.has(name) else ""

    def spelt(self, name: str, options: Sequence[str], default: str) -> str:
        """Return one of some numbers, spelt as in `options`; it may come as text or as a number, "6.0" is "6"."""
        value: Any = self._get(name, default)
        text = str(value) if type(value) in {int, float} else value
        whole = text.removesuffix(".0") if isinstance(text, str) else ""
        if whole not in options:
            raise self.refuse(name, f"one of {', '.join(options)}")
        return whole

    def integer(self, name: str, low: int, high: int, *, default: int | None = None) -> int:
        """Return an integer in `low`..`high`, which may come as 2.0."""
        value = self._data.get(name)
        if isinstance(value, float) and value.is_integer():
            self._data = {**self._data, name: int(value)}
        return super().integer(name, low, high, default=default)

    def link(self, name: str) -> str:
        """Return an http or https URL, "" if the field is absent."""
        return self.url(name) if self.has(name) else ""

    def number(self, name: str, default: float) -> float:
        """Return a number above 0."""
        value: Any = self._get(name, default)
        if type(value) not in {int, float} or not 0 < value < float("inf"):
            raise self.refuse(name, "a number above 0")
        return float(value)

    def strings(self, name: str) -> list[str] | None:
        """Return a list of strings, None if the field is absent."""
        if not self.has(name):
            return None
        value = self._data[name]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refuse(name, "a list of strings")
        return value

    def moment(self, name: str) -> float | None:
        """Return a time in seconds since 1970, None if the field is absent."""
        value = self._data[name] if self.has(name) else None
        if value is not None and (type(value) not in {int, float} or not 0 <= value < float("inf")):
            raise self.refuse(name, "a time in seconds since 1970")
        return value


def trace_of(fields: Fields) -> str:
    """Return the id by which a request's sender wants to find it again, "" for none."""
    return fields.text("trace_id", 1, 200, default="")
