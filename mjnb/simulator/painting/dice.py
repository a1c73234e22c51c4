"""Chance that can be replayed: every number of a picture has a name and is drawn from a hash, never from a clock."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Numbers = NDArray[np.floating[Any]] | NDArray[np.bool_]

T = TypeVar("T")


def _digest(key: str, name: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(f"{key}\0{name}".encode(errors="replace"), digest_size=8).digest(), "big"
    )


@dataclass(frozen=True, slots=True)
class Dice:
    """Named random numbers that stay near those of a parent.

    A number is mixed from the parent's and its own: ``weight`` 0 repeats the parent, 1 forgets it. This one rule
    makes chaos (the four pictures share a parent), and also the subtle and the strong variation.

    Attributes:
        key: What the own numbers are drawn from.
        parent: Whose numbers these stay near; None for a first throw.
        weight: 0..1, how far they leave the parent.
        prefix: Put before every name.

    Example:
        >>> Dice("a").unit("sun") == Dice("b", Dice("a"), weight=0.0).unit("sun")
        True
    """

    key: str
    parent: Dice | None = None
    weight: float = 1.0
    prefix: str = ""

    def within(self, prefix: str) -> Dice:
        """The same chance under other names, for one thing among several of a kind."""
        return replace(self, prefix=f"{self.prefix}{prefix}/")

    def unit(self, name: str) -> float:
        """A number in 0..1."""
        name = self.prefix + name
        own = _digest(self.key, name) / 2.0**64
        if self.parent is None:
            return own
        return float(min(1.0, max(0.0, _mix(self.parent.unit(name), own, self.weight))))

    def between(self, name: str, low: float, high: float) -> float:
        """A number in low..high."""
        return low + (high - low) * self.unit(name)

    def units(self, name: str, *shape: int) -> Floats:
        """An array of numbers in 0..1."""
        name = self.prefix + name
        count = math.prod(shape)
        stream = hashlib.shake_128(f"{self.key}\0{name}".encode(errors="replace")).digest(4 * count)
        own: Floats = (np.frombuffer(stream, "<u4").reshape(shape) / 2.0**32).astype(np.float32)
        if self.parent is None:
            return own
        return np.clip(_mix(self.parent.units(name, *shape), own, self.weight), 0.0, 1.0)

    def pick(self, name: str, options: Sequence[T]) -> T:
        """One of the options: the parent's, until the weight passes a threshold that the name decides."""
        name = self.prefix + name
        threshold = 0.2 + 0.7 * _digest(self.key, name + "?") / 2.0**64
        if self.parent is not None and self.weight < threshold:
            return self.parent.pick(name, options)
        return options[_digest(self.key, name) % len(options)]


def _mix(parent: float | Floats, own: float | Floats, weight: float) -> float | Floats:
    """A mixture as spread out as its two parts, which a plain average would not be."""
    spread = (weight**2 + (1 - weight) ** 2) ** 0.5
    mixed: float | Floats = 0.5 + ((1 - weight) * (parent - 0.5) + weight * (own - 0.5)) / spread
    return mixed
