"""Reading a request's JSON the way a strict gateway does: every field has a type, a range and a name to complain by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mjnb.simulator.urls import is_web

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["InvalidFieldError", "Reader"]

T = TypeVar("T")


class InvalidFieldError(Exception):
    """A request that the documents forbid; the text names the field."""


class Reader:
    """Reads the fields of one JSON object and remembers which it was asked for.

    A field read without a default is required. Booleans are not integers, and `null` is not absence.

    >>> reader = Reader({"chaos": 20, "chaso": 30}, "input.")
    >>> reader.integer("chaos", 0, 100, default=0), reader.unknown()
    (20, ['chaso'])
    """

    def __init__(self, data: Mapping[str, Any], prefix: str = "") -> None:
        self._data = data
        self._prefix = prefix
        self._known: set[str] = set()

    def unknown(self) -> list[str]:
        """Return the names of the fields that nobody asked for."""
        return [name for name in self._data if name not in self._known]

    def has(self, name: str) -> bool:
        """Tell whether a field was sent."""
        self._known.add(name)
        return name in self._data

    def refuse(self, name: str, wanted: str) -> InvalidFieldError:
        """Return the complaint about a field's value."""
        return InvalidFieldError(f"Invalid field: {self._prefix}{name} must be {wanted}")

    def _get(self, name: str, default: T | None) -> Any:
        if self.has(name):
            return self._data[name]
        if default is None:
            raise InvalidFieldError(f"Missing required field: {self._prefix}{name}")
        return default

    def integer(self, name: str, low: int, high: int, *, default: int | None = None) -> int:
        """Return an integer in `low`..`high`."""
        value = self._get(name, default)
        if type(value) is not int or not low <= value <= high:
            raise self.refuse(name, f"an integer from {low} to {high}")
        return value

    def text(self, name: str, low: int, high: int, *, default: str | None = None) -> str:
        """Return a string of `low`..`high` characters."""
        if default is not None and not self.has(name):
            return default
        value = self._get(name, None)
        if not isinstance(value, str) or not low <= len(value) <= high:
            raise self.refuse(name, f"a string of {low} to {high} characters")
        return value

    def choice(self, name: str, options: Sequence[str], *, default: str | None = None) -> str:
        """Return one of some strings."""
        value = self._get(name, default)
        if not isinstance(value, str) or value not in options:
            raise self.refuse(name, f"one of {', '.join(options)}")
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return a boolean."""
        value = self._get(name, default)
        if not isinstance(value, bool):
            raise self.refuse(name, "true or false")
        return value

    def url(self, name: str) -> str:
        """Return an http or https URL."""
        value = self._get(name, None)
        if not isinstance(value, str) or not is_web(value):
            raise self.refuse(name, "an http or https URL")
        return value

    def urls(self, name: str, most: int | None = None) -> tuple[str, ...]:
        """Return a list of at least one and at most `most` http or https URLs."""
        value = self._get(name, None)
        if not isinstance(value, list) or not all(isinstance(url, str) and is_web(url) for url in value):
            raise self.refuse(name, "a list of http or https URLs")
        if not value or (most is not None and len(value) > most):
            raise self.refuse(name, f"a list of {'at least one URL' if most is None else f'{most} URL'}")
        return tuple(value)

    def inner(self, name: str) -> Reader:
        """Return a reader of an object inside this one."""
        value = self._get(name, None)
        if not isinstance(value, dict):
            raise self.refuse(name, "an object")
        return Reader(value, f"{self._prefix}{name}.")

    def objects(self, name: str) -> list[Reader]:
        """Return readers of a list of at least one object."""
        value = self._get(name, None)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise self.refuse(name, "a list of objects")
        return [Reader(item, f"{self._prefix}{name}[{i}].") for i, item in enumerate(value)]

    def numbers(self, name: str) -> list[float]:
        """Return a list of numbers."""
        value = self._get(name, None)
        if not isinstance(value, list) or not all(type(number) in {int, float} for number in value):
            raise self.refuse(name, "a list of numbers")
        return value
