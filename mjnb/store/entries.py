"""Rows of the ledger, as data: one about to be written, one as it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mjnb.tasks import Image, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.modes import Request

__all__ = ["Draft", "Entry", "rank"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A row about to be written: everything known before the request is sent."""

    cell: str
    gateway: str
    simulated: bool
    mode: str
    held: Mapping[str, Any]
    price_micro: int | None
    repeat: int = 0
    take: int = 1
    parent: str = ""
    sweep: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger. Times are epoch seconds of the gateway's clock, except `submitted` and `seen` (ours).

    `progress` (0 to 100) and `preview` (the URL of an unfinished picture) are of the moment, and in no ledger.
    """

    row: str
    cell: str
    attempt: int
    owner: str
    gateway: str
    simulated: bool
    mode: str
    held: dict[str, Any]
    repeat: int
    take: int
    parent: str
    state: TaskState
    task_id: str
    price_micro: int | None
    submitted: float | None
    created: float | None
    completed: float | None
    seen: float | None
    lag_s: float | None
    cost_time_s: float | None
    expires: float | None
    fail_code: str
    fail_msg: str
    urls: tuple[str, ...]
    images: tuple[Image, ...] = ()
    key: str = ""
    texts: tuple[str, ...] = ()
    poster: str = ""
    progress: int | None = None
    preview: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether it succeeded and every picture is on disk."""
        return self.state is TaskState.SUCCESS and len(self.images) == len(self.urls)

    def task(self, request: Request | None) -> Task:
        """Return it as the task that users see."""
        have = {image.index: image for image in self.images}
        return Task(
            id=self.task_id,
            gateway=self.gateway,
            simulated=self.simulated,
            request=request,
            state=self.state,
            images=tuple(have.get(i, Image(i, url)) for i, url in enumerate(self.urls)),
            created=_utc(self.created),
            completed=_utc(self.completed),
            cost_time_s=self.cost_time_s,
            price_micro=self.price_micro,
            fail_code=self.fail_code,
            fail_msg=self.fail_msg,
            expires=_utc(self.expires),
            row=self.row,
            texts=self.texts,
            progress=self.progress,
            preview=self.preview,
        )


def _utc(epoch: float | None) -> datetime | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)


def rank(entry: Entry) -> int:
    """Order rows of one cell by how much they say."""
    if entry.state is TaskState.SUCCESS:
        return 2
    return 0 if entry.state.is_finished else 1
