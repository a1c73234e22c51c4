"""What sweeps may spend: a number for one of them, or a `Budget` that several share."""

from __future__ import annotations

import math
import numbers
import secrets
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mjnb.errors import InvalidRequest

__all__ = ["Budget", "micro"]


def micro(budget: object) -> int:
    """Read US dollars as millionths of one.

    Raises:
        InvalidRequest: No budget is like that.

    >>> micro(0.05)
    50000
    """
    usable = isinstance(budget, numbers.Real | Decimal) and not isinstance(budget, bool)
    number: Any = budget
    if not usable or not 0 <= float(number) < math.inf:
        raise InvalidRequest("budget", budget, "US dollars as a number, 0 or more, or a Budget, or None")
    return round(float(number) * 1_000_000)


@dataclass(frozen=True, slots=True)
class Budget:
    """One sum that several sweeps share: `sweep.start(mj, budget=budget)`.

    It is held inside the ledger, in the transaction that writes a row before it is sent, so that sweeps at once, and kernels at
    once on one store, never take the same room: what is under way or unknown counts, refunds and refusals do not. A gateway
    that charges more than its page says can pass it by that difference.

    Args:
        usd: US dollars, 0 or more.
        name: By which it is known again, in another kernel too; without one it is this object's alone.

    Raises:
        InvalidRequest: No budget is like that.

    >>> Budget(5, "lighthouses")
    Budget(usd=5, name='lighthouses')
    """

    usd: float
    name: str = field(default_factory=lambda: secrets.token_hex(6))

    def __post_init__(self) -> None:
        """Check both."""
        micro(self.usd)
        if not isinstance(self.name, str) or not self.name.strip():
            raise InvalidRequest("name", self.name, "a word by which the budget is known again")

    @property
    def purse(self) -> str:
        """What it is called in the ledger."""
        return f"b:{self.name}"
