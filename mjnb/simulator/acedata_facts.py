"""What AceData's wire keeps of a task beside what the world knows: its other ids, its type and what it allows next."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

__all__ = ["GATEWAY", "Facts", "new_facts", "snowflake", "task_of_image", "task_of_trace", "task_of_video"]

GATEWAY = "acedata"
_DISCORD_EPOCH = 1_420_070_400_000  # milliseconds since 1970
_SERIAL = 1 << 22
_STRIDE = 2_654_435_761  # odd, so that every serial number gets a place of its own


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept.

    Attributes:
        type: the endpoint: "imagine", "edits", "videos", "describe", "shorten" or "translate".
        trace_id: the request's, its sender's own where there is one.
        image_id: the finished picture's; "" if there is none.
        video_id: the finished clips'; "" if there are none.
        actions: what the finished picture allows.
        split: whether the four pictures are wanted one by one as well.
        streams: whether progress is posted to the callback URL.
        twin: a name for all requests equal to this one.
        nth: how many of them came before.
        deleted: whether its record has been taken out of the lists.
    """

    type: str
    trace_id: str
    image_id: str = ""
    video_id: str = ""
    actions: Sequence[str] = ()
    split: bool = False
    streams: bool = False
    twin: str = ""
    nth: int = 0
    deleted: bool = False

    def to_json(self) -> str:
        """Write the facts as JSON text; `of` reads them back."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, task: Task) -> Facts:
        """Return the facts of a task."""
        return cls(**json.loads(task.facts))


def snowflake(moment: float, serial: int) -> str:
    """Return an id such as Discord gives: 19 digits, a moment in seconds since 1970 and a serial number.

    >>> snowflake(1708856303.0, 1), snowflake(1708856303.0, 2)
    ('1211255868100147633', '1211255868099588962')
    """
    return str((int(moment * 1000) - _DISCORD_EPOCH) * _SERIAL + serial * _STRIDE % _SERIAL)


def new_facts(
    world: World,
    kind: str,
    actions: Sequence[str] = (),
    *,
    trace_id: str = "",
    ready_in: float = 0.0,
    split: bool = False,
    streams: bool = False,
    twin: str = "",
    nth: int = 0,
) -> Facts:
    """Return the facts of a task that is about to be accepted, with new ids.

    Args:
        world: the tasks so far.
        kind: the endpoint.
        actions: what the finished picture will allow.
        trace_id: the sender's own; "" for a new one.
        ready_in: seconds until the task will be finished at the latest; its ids tell such a time, as Discord's do.
        split: see `Facts`.
        streams: see `Facts`.
        twin: see `Facts`.
        nth: see `Facts`.
    """
    serial, ready = world.store.count(), world.now() + ready_in
    trace = hashlib.sha256(f"{kind}:{ready}:{serial}".encode()).hexdigest()[:32]
    return Facts(
        type=kind,
        trace_id=trace_id or str(uuid.UUID(trace, version=4)),
        image_id=snowflake(ready, serial) if kind in {"imagine", "edits"} else "",
        video_id=str(int(ready * 1000) * 1000 + serial % 1000) if kind == "videos" else "",
        actions=actions,
        split=split,
        streams=streams,
        twin=twin,
        nth=nth,
    )


def task_of_image(world: World, account: str, image_id: str) -> Task | None:
    """Return the successful task of a key that has made a picture; the pictures of its progress are nobody's."""
    task = world.with_fact(account, GATEWAY, image_id)
    return (
        task if task is not None and Facts.of(task).image_id == image_id and _is_done(world, task) else None
    )


def task_of_video(world: World, account: str, video_id: str) -> Task | None:
    """Return the successful task of a key that has made some clips."""
    task = world.with_fact(account, GATEWAY, video_id)
    return (
        task if task is not None and Facts.of(task).video_id == video_id and _is_done(world, task) else None
    )


def task_of_trace(world: World, account: str, trace_id: str) -> Task | None:
    """Return the task of a key by the id of the request that made it."""
    task = world.with_fact(account, GATEWAY, trace_id)
    return task if task is not None and Facts.of(task).trace_id == trace_id else None


def _is_done(world: World, task: Task) -> bool:
    return task.phase(world.now()) is Phase.SUCCESS
