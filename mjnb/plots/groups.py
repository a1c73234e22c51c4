"""The rows of a frame put into groups by one of its columns, and what is counted of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.layout import order
from mjnb.sheets.lettering import clean, writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["ENDS", "Group", "ends", "groups", "names", "paid", "short", "simulated", "spread"]

ENDS = ("done", "failed", "refused", "unknown", "under way")
_STATES = {"success": "done", "failed": "failed", "refused": "refused", "unknown": "unknown"}
_AXES = 3  # columns to compare by; further ones are asked for by name
_VALUES = 12  # of one axis; more are put together
_RANGES = 6  # that many numbers are put together into
_LABEL = 28  # characters of a label
_AGAIN = ("repeat", "take")
_DERIVED = ("prompt", "mode", "gateway", "simulated")  # shown only if they tell more than another column


@dataclass(frozen=True, slots=True)
class Group:
    """The rows that one line of a panel is about."""

    label: str
    rows: pd.DataFrame


def names(frame: pd.DataFrame) -> list[str]:
    """Choose the columns to compare by; a single "" where nothing varies."""
    varying = frames.axes(frame)
    tried = [name for name in varying if name not in _AGAIN] or varying
    kept: list[str] = []
    for name in tried:
        if name not in _DERIVED or not any(_is_same(frame, name, other) for other in kept):
            kept.append(name)
    return kept[:_AXES] or [""]


def _is_same(frame: pd.DataFrame, one: str, other: str) -> bool:
    """Tell whether two columns divide the rows alike."""
    pairs = set(zip(frame[one].map(frames.label), frame[other].map(frames.label), strict=True))
    return len(pairs) == frame[one].map(frames.label).nunique() == frame[other].map(frames.label).nunique()


def groups(frame: pd.DataFrame, name: str) -> list[Group]:
    """Divide rows by an axis's values, in natural order; many numbers by ranges, many others by "others"."""
    if not name:
        return [Group("all", frame)]
    values = order(frame[name])
    if len(values) > _VALUES:
        return _ranges(frame, name) if _is_number(frame[name]) else _most(frame, name, values)
    labels = frame[name].map(frames.label)
    told = _tell_apart(values)
    return [Group(told[value], frame[labels == value]) for value in values]


def _is_number(column: pd.Series[Any]) -> bool:
    return all(isinstance(value, int | float) for value in column.dropna().tolist())


def _ranges(frame: pd.DataFrame, name: str) -> list[Group]:
    """Put numbers into ranges of equal width that begin and end at values that there are."""
    import pandas as pd

    numbers = pd.to_numeric(frame[name])
    which = pd.cut(numbers, _RANGES, labels=False)
    parts = [(numbers[which == number], frame[which == number]) for number in range(_RANGES)]
    groups = [Group(_range(found), rows) for found, rows in parts if len(rows)]
    nothing = frame[numbers.isna()]
    return [*([Group(frames.label(None), nothing)] if len(nothing) else []), *groups]


def _range(numbers: pd.Series[Any]) -> str:
    low, high = (f"{number:g}" for number in (numbers.min(), numbers.max()))
    return low if low == high else f"{low} to {high}"


def _most(frame: pd.DataFrame, name: str, values: Sequence[str]) -> list[Group]:
    labels = frame[name].map(frames.label)
    frequent = labels.value_counts().index[: _VALUES - 1]
    told = _tell_apart([value for value in values if value in frequent])
    groups = [Group(text, frame[labels == value]) for value, text in told.items()]
    return [*groups, Group("others", frame[~labels.isin(frequent)])]


def _tell_apart(values: Sequence[str]) -> dict[str, str]:
    """Label values; of long ones (prompts) what they have in common at either end is left out."""
    if len(values) < 2 or max(map(len, values)) <= _LABEL:  # noqa: PLR2004  (one value has nothing in common)
        return {value: short(value) for value in values}
    words = [value.split() for value in values]
    first = _common(words)
    last = _common([part[first:][::-1] for part in words])
    return {
        value: short(
            " ".join([*(["…"] if first else []), *part[first : len(part) - last], *(["…"] if last else [])])
        )
        for value, part in zip(values, words, strict=True)
    }


def _common(words: Sequence[Sequence[str]]) -> int:
    """Count the words that all begin with."""
    ranks = list(zip(*words, strict=False))
    return next((at for at, rank in enumerate(ranks) if len(set(rank)) > 1), len(ranks))


def short(text: str) -> str:
    """Make any text a label: one line, not long, no mathematics between dollar signs."""
    line = writable(clean(text))
    if len(line) > _LABEL:  # what tells two prompts apart is often at their end
        line = f"{line[: _LABEL * 3 // 5].rstrip()} … {line[-_LABEL // 3 :].lstrip()}"
    return line.replace("$", r"\$")


def ends(rows: pd.DataFrame) -> dict[str, int]:
    """Count how tasks ended, in words; only what there is."""
    counts = rows["state"].map(lambda state: _STATES.get(state, "under way")).value_counts().to_dict()
    return {end: int(counts[end]) for end in ENDS if end in counts}


def spread(groups: Sequence[Group]) -> float:
    """Measure how unevenly failures are spread over an axis: the widest difference of their share."""
    shares = [1 - ends(group.rows).get("done", 0) / len(group.rows) for group in groups]
    return max(shares) - min(shares)


def simulated(frame: pd.DataFrame) -> str:
    """Say in a word whether rows are simulated; "" for none."""
    told = set(frame["simulated"].astype(bool)) if "simulated" in frame.columns else {False}
    return {(True,): "simulated", (False, True): "partly simulated"}.get(tuple(sorted(told)), "")


def paid(rows: pd.DataFrame) -> pd.DataFrame:
    """Take the tasks that were charged for: a failed one is the gateway's to refund."""
    return rows[rows["state"] == "success"]
