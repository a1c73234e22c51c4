"""What APIMart remembers of a task besides its drawing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mjnb.simulator.tasks import Task

__all__ = ["KEPT", "Facts", "second_half"]

KEPT = 3 * 24 * 3600.0
"""Seconds for which a task can be asked for."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a request was, and what its replies say again.

    Attributes:
        action: the path's last part, such as "high-variation".
        prompt: as it was sent, or the parent's.
        speed: "relax", "fast" or "turbo".
        model: as bills name it, such as "v8.1" or "niji7"; "" if no version was given.
        estimate: seconds that such a task is said to take.
        once: the request's `Idempotency-Key`, marked as such; "" for none.
    """

    action: str
    prompt: str = ""
    speed: str = "relax"
    model: str = ""
    estimate: int = 0
    once: str = ""

    def to_json(self) -> str:
        """Write the facts as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, task: Task) -> Facts:
        """Return the facts of a task of this gateway; those of its second half once that has come."""
        facts = cls(**json.loads(task.facts))
        return replace(facts, **json.loads(task.asked)) if task.asked else facts


def second_half(prompt: str, speed: str, estimate: int, once: str) -> str:
    """Return the JSON text of what changes when an inpaint's modal parameters come."""
    return json.dumps(
        {"action": "modal", "prompt": prompt, "speed": speed, "estimate": estimate, "once": once}
    )
