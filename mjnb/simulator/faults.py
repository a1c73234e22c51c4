"""What can go wrong on purpose.

A fault waits at one door (`on`: "submit", "status", "file", "callback", "text" or "upload") and fires as requests come:

| kind | what the client sees |
|---|---|
| `drop` | the connection closes without an answer, and nothing has been done |
| `accept_then_drop` | (submit, text) the task is accepted and charged, then the connection closes without an answer |
| `hang` | no answer ever comes, and nothing has been done |
| `accept_then_hang` | (submit, text) the task is accepted and charged, and no answer ever comes |
| `slow` | the right answer, `seconds` of gateway time late; what was asked has been done at once |
| `status:NNN` | a refusal with that HTTP status (400-599), with a `Retry-After` of `retry_after` seconds if given |
| `html` | a web page with status 200 |
| `truncate` | the right answer, broken off half way; a stream after its first line |
| `garbage` | bytes that mean nothing, with status 200 |
| `bad_result_json` | (status, callback) a success whose `resultJson` is not JSON |
| `no_urls` | (status, callback) a success without pictures |
| `odd_state` | (status, callback) a state that no document names |

The last three wait for a reply that can show them. At "callback" the faults befall what we send: with `drop`, `hang` and
`status:NNN` an attempt does not reach its receiver and counts as failed.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

__all__ = ["ANY_STATE", "CONTENT", "RESULT", "TRANSPORT", "Door", "Fault", "Faults"]

Door = Literal["submit", "status", "file", "callback", "text", "upload"]

RESULT = frozenset({"bad_result_json", "no_urls"})
"""Kinds that need the reply of a successful task."""

ANY_STATE = frozenset({"odd_state"})
"""Kinds that suit the reply of any task."""

CONTENT = RESULT | ANY_STATE
"""Kinds that change what a reply says."""

_ACCEPTED = frozenset({"accept_then_drop", "accept_then_hang"})

TRANSPORT = frozenset({"drop", "hang", "slow", "html", "truncate", "garbage", "status"}) | _ACCEPTED
"""Kinds that change how a reply arrives, if at all."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that will go wrong.

    Args:
        on: the door it waits at.
        kind: what it does; see the table at the top of this module.
        times: how often it fires; None is for ever.
        after: how many requests it lets pass first.
        probability: the chance, 0 to 1, that it fires once it is its turn; it draws from `seed`.
        seed: the same seed fires at the same requests.
        seconds: how late `slow` is, in gateway seconds.
        retry_after: what `status:NNN` says in `Retry-After`, in whole seconds.

    Raises:
        ValueError: no such door or kind, or the two do not go together, or a number is out of range.

    >>> Fault(on="status", kind="status:503", times=2, retry_after=5).kind
    'status:503'
    """

    on: Door
    kind: str
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    seconds: float = 5.0
    retry_after: int | None = None

    def __post_init__(self) -> None:
        if self.on not in get_args(Door):
            raise ValueError(f"on must be one of {', '.join(get_args(Door))}, not {self.on!r}")
        if self.group not in _kinds_at(self.on) or (self.group == "status" and self.status is None):
            known = ", ".join(sorted(_kinds_at(self.on))).replace("status", "status:NNN")
            raise ValueError(f"no fault {self.kind!r} on {self.on}; there are {known}")
        if not (0 <= self.probability <= 1 and self.after >= 0 and self.seconds >= 0):
            raise ValueError("probability must be in 0..1, after and seconds not negative")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or None for ever")

    @property
    def group(self) -> str:
        """The kind without its number: "status" for "status:503"."""
        return self.kind.partition(":")[0] if self.kind.startswith("status:") else self.kind

    @property
    def status(self) -> int | None:
        """The HTTP status of a `status:NNN`."""
        found = re.fullmatch(r"status:([45]\d\d)", self.kind)
        return int(found[1]) if found else None


def _kinds_at(door: str) -> frozenset[str]:
    kinds = TRANSPORT if door in {"submit", "text"} else TRANSPORT - _ACCEPTED
    return kinds | CONTENT if door in {"status", "callback"} else kinds


class _Armed:
    """A fault that waits."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._passed = 0
        self._fired = 0
        self._dice = random.Random(fault.seed)  # noqa: S311 - repeatable on purpose

    @property
    def is_spent(self) -> bool:
        return self.fault.times is not None and self._fired >= self.fault.times

    def fires(self) -> bool:
        """Count one request and tell whether the fault befalls it."""
        self._passed += 1
        hit = self._passed > self.fault.after and self._dice.random() < self.fault.probability
        self._fired += hit
        return hit


class Faults:
    """The faults that wait, in the order they were added. May be used from any thread.

    A request is shown to one fault after the other until one fires; that one alone befalls it.

    >>> faults = Faults()
    >>> faults.add(on="submit", kind="drop", after=1)
    >>> [faults.take("submit", TRANSPORT) is not None for _ in range(3)]
    [False, True, False]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def add(self, fault: Fault | None = None, /, **fields: Any) -> None:
        """Add a fault, given whole or by its fields.

        Raises:
            TypeError: a field that `Fault` does not have.
            ValueError: a value that it refuses.
        """
        armed = _Armed(fault if fault is not None else Fault(**fields))
        with self._lock:
            self._armed.append(armed)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._armed.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """Return the fields of the faults that have not fired as often as they should."""
        with self._lock:
            return [asdict(armed.fault) for armed in self._armed]

    def take(self, on: Door, kinds: frozenset[str]) -> Fault | None:
        """Return the fault that befalls a request at a door, among kinds that can befall it now."""
        with self._lock:
            suiting = (
                armed for armed in self._armed if armed.fault.on == on and armed.fault.group in kinds
            )
            fired = next((armed for armed in suiting if armed.fires()), None)
            if fired is not None and fired.is_spent:
                self._armed.remove(fired)
            return fired.fault if fired is not None else None
