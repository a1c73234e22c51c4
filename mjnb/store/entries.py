"""Rows of the ledger, as data: one about to be written, one as it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mjnb.tasks import Image, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.modes import Request

__all__ = ["Draft", "Entry", "Kept", "are_sound", "rank"]

Kept = tuple[int, str, int, int, int, str]
"""A picture on disk: its index, the file, width and height in pixels, bytes, and the SHA-256 as hex."""

_MOMENTS = ("submitted", "created", "completed", "seen", "expires")
_NUMBERS = ("price_micro", "lag_s", "cost_time_s")
_TEXTS = (
    "row",
    "cell",
    "owner",
    "gateway",
    "mode",
    "parent",
    "task_id",
    "fail_code",
    "fail_msg",
    "key",
    "poster",
)
_YEAR_3000_S = 32_503_680_000
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """A row about to be written: everything known before the request is sent.

    `purse` names the budget that pays for it, `cap_micro` is the most that this budget may come to; None has no bound.
    `beside` is a row of the same cell whose fate is unknown, and beside which somebody wants this one sent nevertheless.
    """

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
    purse: str = ""
    cap_micro: int | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger. Times are epoch seconds of the gateway's clock, except `claimed`, `submitted` and `seen` (ours).

    `kept` are the pictures on disk, as bare values: a large sweep holds tens of thousands, and as objects the garbage collector
    would stop everything for a tenth of a second to look through them. `progress` (0 to 100) and `preview` (the URL of an unfinished picture) are of the moment, and in no ledger.
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
    kept: tuple[Kept, ...] = ()
    key: str = ""
    texts: tuple[str, ...] = ()
    poster: str = ""
    sweep: str = ""
    purse: str = ""
    claimed: float | None = None
    progress: int | None = None
    preview: str = ""

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures that are on disk, made when they are asked for."""
        return tuple(_image(kept, self.urls) for kept in self.kept)

    @property
    def is_complete(self) -> bool:
        """Whether it succeeded and every picture is on disk."""
        return self.state is TaskState.SUCCESS and len(self.kept) == len(self.urls)

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


def _image(kept: Kept, urls: tuple[str, ...]) -> Image:
    index, name, width, height, size, sha256 = kept
    path, url = Path(name), urls[index] if index < len(urls) else ""
    return Image(index, url, path, path.with_suffix(".thumb.webp"), width, height, size, sha256)


def _utc(epoch: float | None) -> datetime | None:
    return None if epoch is None else _1970 + timedelta(seconds=epoch)  # a clock may be set to before it


def rank(entry: Entry) -> int:
    """Order rows of one cell by how much they say."""
    if entry.state is TaskState.SUCCESS:
        return 2
    return 0 if entry.state.is_finished else 1


def are_sound(values: Mapping[str, Any]) -> bool:
    """Tell whether the values of a row are of the kinds that we write, and its moments such as a calendar has."""
    moments, numbers = ([values[name] for name in names] for names in (_MOMENTS, _NUMBERS))
    return (
        all(isinstance(values[name], str) for name in _TEXTS)
        and all(one is None or isinstance(one, int | float) for one in (*moments, *numbers))
        and all(one is None or abs(one) < _YEAR_3000_S for one in moments)
    )
