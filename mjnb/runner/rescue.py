"""Pictures that should be on disk and are not: looked for, fetched where they still are, and told of where they have gone."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import html
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from mjnb import images
from mjnb.errors import PictureError, PictureExpired, StoreError
from mjnb.tasks import TaskState
from mjnb.theme import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from mjnb.runner.ledger import LedgerThread
    from mjnb.runner.pictures import Album
    from mjnb.store import Entry, Store
    from mjnb.tasks import Image

__all__ = ["Fate", "Rescue", "rescue"]

Kind = Literal["rescued", "present", "expired", "broken"]
_AT_ONCE = 8  # tasks whose files are read, or fetched, at the same time
_SHOWN = 50  # lines of a report in a notebook


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one picture: `index` (from 0) of task `task_id`, whose row in the ledger is `row`; `note` says more."""

    task_id: str
    index: int
    row: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rescue:
    """What `Session.rescue` found, a `Fate` for each picture of a finished task.

    `rescued` were missing or damaged, and have been fetched; `present` were whole; `expired` have gone from the gateway for
    good; `broken` may be had at another time (no connection, a full disk), or came damaged however often they were asked for.

    >>> Rescue(rescued=(Fate("task_1", 0, "r-1", "its file was gone"),), expired=(Fate("task_2", 3, "r-2", "410"),))
    <Rescue: 1 rescued, 0 present, 1 expired, 0 broken>
    """

    rescued: tuple[Fate, ...] = ()
    present: tuple[Fate, ...] = ()
    expired: tuple[Fate, ...] = ()
    broken: tuple[Fate, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every picture is on disk now."""
        return not self.expired and not self.broken

    def frame(self) -> pd.DataFrame:
        """Return a row a picture: `task_id`, `picture` (its index), `fate`, `note`, `row`."""
        import pandas as pd

        lines = [(fate.task_id, fate.index, kind, fate.note, fate.row) for kind, fate in self._fates()]
        return pd.DataFrame(lines, columns=["task_id", "picture", "fate", "note", "row"])

    def _fates(self) -> Iterator[tuple[str, Fate]]:
        for field in fields(self):
            for fate in getattr(self, field.name):
                yield field.name, fate

    def _counts(self) -> str:
        return ", ".join(f"{len(getattr(self, field.name))} {field.name}" for field in fields(self))

    def __repr__(self) -> str:
        """Count them."""
        return f"<Rescue: {self._counts()}>"

    def _repr_html_(self) -> str:
        """Count them, and list those that were not simply there; what comes from outside is escaped."""
        told = [(kind, fate) for kind, fate in self._fates() if kind != "present"]
        lines = "".join(
            f"<tr>{_cell(kind)}{_cell(fate.task_id)}{_cell(fate.index)}{_cell(fate.note)}</tr>"
            for kind, fate in told[:_SHOWN]
        )
        head = "<tr><th>fate</th><th>task</th><th>picture</th><th>why</th></tr>"
        more = f"<div>and {len(told) - _SHOWN} more in .frame()</div>" if len(told) > _SHOWN else ""
        table = f"<table>{head}{lines}</table>" if told else ""
        shown = f'<div style="font-family:system-ui,sans-serif"><b>{self._counts()}</b>{table}{more}</div>'
        return in_words(shown)


def _cell(value: object) -> str:
    return f'<td style="text-align:left">{html.escape(str(value))}</td>'


async def rescue(gateway: str, store: Store, ledger: LedgerThread, album: Album) -> Rescue:
    """Look at every picture of the gateway's finished tasks, and fetch those that are missing or damaged.

    Args:
        gateway: Whose rows.
        store: The ledger and its files.
        ledger: The ledger's own thread.
        album: Fetches and keeps them.

    Raises:
        StoreError: The ledger cannot be read. What befalls one picture is in the report.
    """
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(entry: Entry) -> list[tuple[Kind, Fate]]:
        async with turns:
            return await _one(entry, album)

    rows = [
        entry
        for entry in await ledger(store.all)
        if entry.gateway == gateway and entry.state is TaskState.SUCCESS
    ]
    found = [fate for fates in await asyncio.gather(*map(one, rows)) for fate in fates]
    return Rescue(**{field.name: _of(field.name, found) for field in fields(Rescue)})


def _of(kind: str, found: list[tuple[Kind, Fate]]) -> tuple[Fate, ...]:
    return tuple(fate for its, fate in found if its == kind)


async def _one(entry: Entry, album: Album) -> list[tuple[Kind, Fate]]:
    """Look after the pictures of one row."""
    have = {image.index: image for image in entry.images}
    lacking = {i: await asyncio.to_thread(_lack, have.get(i)) for i in range(len(entry.urls))}
    wanted = [i for i, lack in lacking.items() if lack]
    problems: dict[int, PictureError | StoreError]
    try:
        problems = await album.fetch(entry, wanted) if wanted else {}
    except StoreError as error:
        problems = dict.fromkeys(wanted, error)

    def told(index: int) -> tuple[Kind, Fate]:
        kind, note = _fate(lacking[index], problems.get(index))
        return kind, Fate(entry.task_id, index, entry.row, note)

    return [told(i) for i in lacking]


def _fate(lack: str, problem: Exception | None) -> tuple[Kind, str]:
    if not lack:
        return "present", ""
    if problem is None:
        return "rescued", lack
    kind: Kind = "expired" if isinstance(problem, PictureExpired) else "broken"
    return kind, f"{lack}; {problem}"


def _lack(image: Image | None) -> str:
    """Say what is wrong with a picture on disk, "" if it is as it was written; makes its thumbnail if that has gone."""
    if image is None or image.path is None:
        return "it was never fetched"
    try:
        if image.path.stat().st_size != image.bytes or _digest(image.path) != image.sha256:
            return "its file was damaged"
    except OSError as error:
        return (
            "its file was gone" if isinstance(error, FileNotFoundError) else f"its file: {error.strerror}"
        )
    with contextlib.suppress(PictureError):
        images.thumb(image.path)
    return ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
