"""What the simulator knows of a task, whichever gateway's wire it came over."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

__all__ = ["Drawing", "Failure", "Order", "Phase", "Task"]


class Phase(Enum):
    """Where a task stands at a given moment."""

    PENDING = "pending"
    PROCESSING = "processing"
    FINISHING = "finishing"
    SUCCESS = "success"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to the task."""
        return self in {Phase.SUCCESS, Phase.FAILED}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task will fail: the gateway's own code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a task is to draw, without saying how.

    `source` is another task's picture as (task id, index 0-3), `original` the URL of a stranger's picture. Polygons
    and `placement` (x, y, width, height) are in 0..1 of the canvas, `canvas` is (width, height) in pixels.
    """

    prompt: str
    aspect: str = "1:1"
    version: str = "v6.1"
    chaos: int = 0
    stylize: int = 100
    weird: int = 0
    references: tuple[str, ...] = ()
    source: tuple[str, int] | None = None
    original: str = ""
    change: str = ""
    region: tuple[tuple[tuple[float, float], ...], ...] = ()
    mask_url: str = ""
    canvas: tuple[int, int] | None = None
    placement: tuple[float, float, float, float] | None = None

    def to_json(self) -> str:
        """Write the drawing as JSON text; `from_json` reads it back equal."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Drawing:
        """Read what `to_json` wrote."""
        return cls(**{name: _frozen(value) for name, value in json.loads(text).items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Order:
    """A request that the gateway's wire has found valid, and what it means for the world.

    `price` is in micro-dollars, `seconds` the shortest and longest life of such a task, `pictures` how many it gives.
    A `failure` is known from the start and shows at the end. `base_url` is where the request reached us.
    """

    gateway: str
    drawing: Drawing
    price: int
    seconds: tuple[float, float]
    pictures: int = 4
    failure: Failure | None = None
    callback_url: str = ""
    base_url: str = ""
    id_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """An accepted task. Its state is worked out from the time, so that a restart forgets nothing.

    `created` and `ends` are in seconds since 1970 on the gateway's clock; it waits for `pending` seconds first, and its
    last `tail` seconds are a phase of their own (0 for most tasks). `price` is in micro-dollars.
    """

    id: str
    gateway: str
    account: str
    created: float
    ends: float
    pending: float
    tail: float
    pictures: int
    price: int
    failure: Failure | None
    drawing: Drawing
    callback_url: str = ""
    base_url: str = ""

    def phase(self, now: float) -> Phase:
        """Return where the task stands at `now`."""
        if now >= self.ends:
            return Phase.SUCCESS if self.failure is None else Phase.FAILED
        if now < self.created + self.pending:
            return Phase.PENDING
        return Phase.FINISHING if now >= self.ends - self.tail else Phase.PROCESSING
