"""The values of a frame's columns: in what order they come, and how they are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

__all__ = ["Records", "caption", "in_order", "label", "labels", "order", "read_records", "spoken"]

_VERSION = re.compile(r"(?:v|(niji))?\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_TOO_LONG = 240  # characters of one value in a caption
_FEW = 3  # prompts in a caption

Records = list[dict[str, Any]]


def order(values: Iterable[object]) -> list[str]:
    """Name the distinct values of an axis in their natural order.

    Numbers go by size, versions as they came out (niji after the others), anything else as it first appears; nothing
    (a field that was left to the gateway) comes first.

    >>> order(["niji 7", "v7", "v6.1", "v6"]), order([100.0, 5, None]), order(["dusk", "dawn", "dusk"])
    (['v6', 'v6.1', 'v7', 'niji 7'], ['–', '5', '100'], ['dusk', 'dawn'])
    """
    distinct = {frames.label(value): value for value in values}
    nothing = [name for name, value in distinct.items() if frames.is_empty_value(value)]
    named = {name: _rank(value) for name, value in distinct.items() if name not in nothing}
    if all(rank is not None for rank in named.values()):
        return [*nothing, *sorted(named, key=lambda name: named[name] or (False, 0.0))]
    return [*nothing, *named]


def _rank(value: object) -> tuple[bool, float] | None:
    """Rank a number or a version: (is it niji, its number); None for anything else."""
    if isinstance(value, str):
        match = _VERSION.fullmatch(value.strip())
        return (match[1] is not None, float(match[2])) if match else None
    try:
        return (False, float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def caption(frame: pd.DataFrame, without: Iterable[str] = ()) -> str:
    """Say in words what every row of a frame has in common, except the columns in `without`; up to three prompts are told.

    >>> from mjnb import frame as frames
    >>> caption(frames.build([dict(cell="c", prompt="a lighthouse", speed="fast", repeat=0, take=1, simulated=False)]))
    'prompt: a lighthouse · speed: fast'
    """
    left_out = {"simulated", "prompt", *without}
    held = {name: value for name, value in frames.held(frame).items() if name not in left_out}
    prompts = _prompts(frame) if "prompt" in frame.columns and "prompt" not in without else []
    return " · ".join([*prompts, *(_held(name, value) for name, value in held.items())])


def _prompts(frame: pd.DataFrame) -> list[str]:
    """Write out one prompt, or up to three that differ; more than that would be a list and no caption."""
    texts = [_short(text) for text in order(frame["prompt"]) if text != frames.label(None)]
    if not 0 < len(texts) <= _FEW:
        return []
    return [f"{'prompt' if len(texts) == 1 else 'prompts'}: {' / '.join(texts)}"]


def _held(name: str, value: object) -> str:
    text = _short(frames.label(value))
    return f"aspect {text}" if name == "aspect_ratio" else f"{spoken(name)}: {text}"


def _short(text: str) -> str:
    return text if len(text) <= _TOO_LONG else f"{text[: _TOO_LONG - 1]}…"


_SPOKEN = {
    "iw": "image weight", "no": "without", "sref": "style references", "sw": "style weight", "cref": "character references",
    "cw": "character weight", "oref": "omni reference", "ow": "omni weight", "exp": "experimental", "hd": "HD",
    "tile": "seamless tile", "extra": "further flags", "image_index": "picture", "image_urls": "references",
    "batch_size": "clips", "end_url": "last picture", "enable_translation": "translation",
}  # fmt: skip


def spoken(name: str) -> str:
    """Write a column's name in words.

    >>> spoken("sref"), spoken("cost_time_s")
    ('style references', 'cost time s')
    """
    return _SPOKEN.get(name, name.replace("_", " "))


def read_records(frame: pd.DataFrame) -> Records:
    """Read the rows as dicts, oldest first; `at` is where a row was in the frame."""
    import pandas as pd

    rows = enumerate(frame.to_dict("records"))
    records = [{**{str(name): value for name, value in row.items()}, "at": at} for at, row in rows]
    if "created" not in frame.columns:
        return records
    since = pd.to_datetime(frame["created"], utc=True).astype("int64").tolist()
    return sorted(records, key=lambda record: since[record["at"]])


def in_order(records: Records) -> Records:
    """Put rows back in the order they have in the frame."""
    return sorted(records, key=lambda record: record["at"])


def label(record: Mapping[str, Any], name: str) -> str:
    """Write a row's value of a column; "" for no column."""
    return frames.label(record[name]) if name else ""


def labels(records: Records, name: str) -> list[str]:
    """Name the values that a column has in some rows, in natural order; just "" for no column."""
    return order(record[name] for record in in_order(records)) if name else [""]
