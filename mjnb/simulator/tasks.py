"""What the simulator knows of a task, whichever gateway's wire it came over."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Literal

__all__ = ["FILE_LIFE", "Drawing", "Failure", "IdForm", "Kind", "Order", "Phase", "Task"]

FILE_LIFE = 15 * 24 * 3600.0
"""Seconds of gateway time after its task for which a file can be fetched, unless the gateway says otherwise."""

Kind = Literal["pictures", "video", "text"]
"""What a task gives: pictures, clips with a poster each, or words."""

IdForm = Literal["hex", "uuid", "ulid"]
"""How a task's id is spelt: prefix + 16 hex digits, a UUID, or prefix + 26 Crockford base-32 digits."""


class Phase(Enum):
    """Where a task stands at a given moment."""

    WAITING = "waiting"
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

    A `seed` fixes the dice: equal settings with an equal seed give equal pictures, whatever came before. A `change` is one
    of those in the painter's table (`painting`): "crop", "subtle", "zoom_2", "pan_left" and so on. References without a
    prompt are blended. A clip moves by `motion`, "low" or "high".
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
    seed: int | None = None
    motion: str = "low"

    def to_json(self) -> str:
        """Write the drawing as JSON text; `from_json` reads it back equal."""
        # Younger fields are left out while they say nothing: chance is drawn from this text, and old pictures must stay.
        fields = {name: value for name, value in asdict(self).items() if _YOUNGER.get(name, ...) != value}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Drawing:
        """Read what `to_json` wrote."""
        return cls(**{name: _frozen(value) for name, value in json.loads(text).items()})


_YOUNGER: dict[str, Any] = {"seed": None, "motion": "low"}


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Order:
    """A request that the gateway's wire has found valid, and what it means for the world.

    Attributes:
        gateway: whose wire it came over.
        drawing: what is drawn.
        price: in micro-dollars.
        seconds: the shortest and the longest life of such a task; (0, 0) is done at once.
        pictures: how many pictures or clips it gives.
        failure: known from the start, shown at the end.
        callback_url: where the end is announced; "" for nowhere.
        base_url: where the request reached us.
        id_prefix: what its id begins with (not for "uuid").
        id_form: how the rest of its id is spelt.
        kind: what it gives.
        texts: what a text task says at its end.
        asked: the request's JSON as it was sent, for gateways that show it again.
        facts: JSON that the wire keeps for itself, such as the ids of pictures.
        waits: accepted, but begun only with `World.go_on`.
        patience: seconds after which a task that still waits fails and is refunded.
        file_life: seconds after its end for which its files can be fetched.
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
    id_form: IdForm = "hex"
    kind: Kind = "pictures"
    texts: tuple[str, ...] = ()
    asked: str = ""
    facts: str = ""
    waits: bool = False
    patience: float = 1800.0
    file_life: float = FILE_LIFE


@dataclass(frozen=True, slots=True)
class Task:
    """An accepted task. Its state is worked out from the time, so that a restart forgets nothing.

    `created`, `begun` and `ends` are in seconds since 1970 on the gateway's clock. It was begun when it was created, unless
    it had to wait for its second half. Then it is pending for `pending` seconds, and its last `tail` seconds are a phase of
    their own (0 for most tasks). `price` is in micro-dollars; the rest is as in `Order`.

    While it `waits`, it ends when patience does, with a `failure`.
    """

    id: str
    gateway: str
    account: str
    created: float
    begun: float
    ends: float
    pending: float
    tail: float
    pictures: int
    price: int
    failure: Failure | None
    drawing: Drawing
    callback_url: str = ""
    base_url: str = ""
    kind: Kind = "pictures"
    texts: tuple[str, ...] = ()
    asked: str = ""
    facts: str = ""
    waits: bool = False
    file_life: float = FILE_LIFE

    def phase(self, now: float) -> Phase:
        """Return where the task stands at `now`."""
        if now >= self.ends:
            return Phase.SUCCESS if self.failure is None else Phase.FAILED
        if self.waits:
            return Phase.WAITING
        if now < self.begun + self.pending:
            return Phase.PENDING
        return Phase.FINISHING if now >= self.ends - self.tail else Phase.PROCESSING

    def progress(self, now: float) -> int:
        """Return how far the task has come at `now`, in percent: 0 while it waits, 100 only after a success."""
        if self.phase(now) is Phase.SUCCESS:
            return 100
        start = self.begun + self.pending
        if self.waits or now <= start or self.ends <= start:
            return 0
        return min(99, int(100 * (now - start) / (self.ends - start)))
