"""Entries of the ledger as rows of a frame."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from mjnb.store import Entry

__all__ = ["frame", "row"]


def frame(entries: Iterable[Entry]) -> pd.DataFrame:
    """Lay a ledger's entries out as a frame; what varies is found from the values."""
    return frames.build(row(entry) for entry in entries)


def row(entry: Entry, coords: Mapping[str, Any] | None = None, axes: Sequence[str] = ()) -> dict[str, Any]:
    """Return one row: the cell's place on its axes, the fields that held, and the documented columns."""
    span = (
        entry.completed - entry.created
        if entry.completed is not None and entry.created is not None
        else None
    )
    queued = span - entry.cost_time_s if span is not None and entry.cost_time_s is not None else None
    held = {name: value for name, value in entry.held.items() if name not in axes}
    return {
        **held,
        **(coords or {}),
        "cell": entry.cell,
        "repeat": entry.repeat,
        "take": entry.take,
        "mode": entry.mode,
        "gateway": entry.gateway,
        "simulated": entry.simulated,
        "state": entry.state.value,
        "task_id": entry.task_id or None,
        "parent": entry.parent or None,
        "cost_time_s": entry.cost_time_s,
        "queue_time_s": None if queued is None else max(0.0, round(queued, 3)),
        "lag_s": entry.lag_s,
        "price_usd": _price_usd(entry),
        "images": [_near(image.path) for image in entry.images if image.path],
        "urls": list(entry.urls),
        "texts": list(entry.texts),
        "expires": _milli(entry.expires),
        "fail_code": entry.fail_code or None,
        "fail_msg": entry.fail_msg or _lacking(entry),
        "created": _milli(entry.created if entry.created is not None else entry.submitted),
    }


def _price_usd(entry: Entry) -> float | None:
    """Return what a row costs; the ledger keeps the price of what was refused, but nothing was charged for it."""
    if entry.state is TaskState.REFUSED:
        return 0.0
    return None if entry.price_micro is None else entry.price_micro / 1e6


def _near(path: Path) -> str:
    """Write a path from the working directory where it lies below it, so that a notebook can be moved with its store."""
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else path.as_posix()


def _milli(epoch: float | None) -> float | None:
    """Gateways tell milliseconds; more digits are the arithmetic's."""
    return None if epoch is None else round(epoch, 3)


def _lacking(entry: Entry) -> str | None:
    """Say it where a paid task lacks pictures."""
    missing = len(entry.urls) - len(entry.kept)
    if entry.state is not TaskState.SUCCESS or missing <= 0:
        return None
    return f"{missing} of {len(entry.urls)} pictures are not on disk"
