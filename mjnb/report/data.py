"""What the page shows, as plain JSON values."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mjnb import clips
from mjnb.frame import axes, held, is_empty_value, label, paths, stats
from mjnb.layout import order
from mjnb.layout.values import spoken
from mjnb.report.roles import free, roles, telling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = ["files", "payload"]

_LEFT_OUT = (
    "images",
    "urls",
    "texts",
    "expires",
)  # local paths, and addresses that open a picture to anyone
_KINDS = {
    **dict.fromkeys(("cost_time_s", "queue_time_s", "lag_s"), "seconds"),
    "price_usd": "usd",
    "created": "time",
}
_LABELS = {
    "cost_time_s": "cost time",
    "queue_time_s": "queue time",
    "lag_s": "seen after",
    "price_usd": "price",
    "task_id": "task id",
    "fail_code": "fail code",
    "fail_msg": "reason",
}
_SHOWN = ("state", "cost_time_s", "price_usd", "fail_msg", "created")
_OWN = ("queue_time_s", "lag_s", "fail_msg", "created", "task_id", "parent", "cell")  # of each task alone


def payload(frame: pd.DataFrame, *, title: str | None = None) -> dict[str, Any]:
    """Turn a frame into what the page shows, as plain JSON values; everything but the pictures themselves.

    Args:
        frame: One row a task.
        title: The page's heading; by default the prompt, or what several prompts have in common.

    Returns:
        `title`; `simulated` (`"all"`, `"some"` or `"none"`); `held` (name and value); `axes` (name, label and values in
        order); `roles` (the axis of rows, columns and panels by index, -1 for none) and `piled` (axes whose values
        pile up in a cell unless one is asked for); `columns`; `tasks`, whose `at` are indices into the axes' values and
        whose `pictures` are indices into the frame's different picture files; `figures` and `stats`; `first` and
        `last` (epoch seconds). Of a task's pictures as many are `clips`, of which the still picture stands there; `texts` are an
        answer in words. Unknown numbers are None.

    >>> from mjnb import frame
    >>> payload(frame.build([]))["tasks"]
    []
    """
    same = {name: label(value) for name, value in held(frame).items() if name != "simulated"}
    if title is None:
        same.pop("prompt", None)
    varying = {name: order(frame[name]) for name in axes(frame)}
    columns = _columns(frame, list(varying))
    tasks = _tasks(frame, varying, [column["name"] for column in columns])
    places = [task["at"] for task in tasks]
    moments = [task["created"] for task in tasks if task["created"] is not None]
    return {
        "title": title or _title([label(value) for value in frame["prompt"]] if "prompt" in frame else []),
        "simulated": _simulated(frame),
        "held": [[_called(name), _told(name, value)] for name, value in same.items()],
        "axes": [
            {
                "name": name,
                "label": _called(name),
                "values": _distinct([_told(name, value) for value in values]),
            }
            for name, values in varying.items()
        ],
        **roles(list(varying.values()), free(list(varying), places), places),
        "columns": columns,
        "tasks": tasks,
        "figures": _figures(frame),
        "stats": _stats(frame, varying, places),
        "first": min(moments, default=None),
        "last": max(moments, default=None),
    }


def _title(prompts: Sequence[str]) -> str:
    """Write several prompts as one, `a lighthouse at {dawn, dusk}`, if they are alike at either end."""
    several = [prompt.split() for prompt in dict.fromkeys(prompts)]
    if len(several) < 2:  # noqa: PLR2004 - one prompt, or none
        return next(iter(prompts), "Midjourney")
    start = _alike(several)
    end = _alike([words[start:][::-1] for words in several])
    if start + end == 0:
        return f"{len(several)} prompts"
    middles = ", ".join(" ".join(words[start : len(words) - end]) for words in several)
    first = several[0]
    return " ".join([*first[:start], f"{{{middles}}}", *first[len(first) - end :]])


def _alike(several: Sequence[Sequence[str]]) -> int:
    """Count the words that all begin with."""
    return next(
        (n for n, words in enumerate(zip(*several, strict=False)) if len(set(words)) > 1),
        min(map(len, several)),
    )


def _columns(frame: pd.DataFrame, varying: Sequence[str]) -> list[dict[str, Any]]:
    """Describe the columns of the table; those that say nothing in any row are left out."""
    dull = {name for name in frame.columns if name in _LEFT_OUT or _is_dull(name, frame[name])}
    first = [*varying, "prompt"]
    names = dict.fromkeys([*first, *(name for name in frame.columns if name not in _OWN), *_OWN])
    return [
        {
            "name": name,
            "label": _called(name),
            "kind": _KINDS.get(name) or _kind(frame[name]),
            "shown": name in varying or name in _SHOWN,
            "compared": name not in _OWN,
        }
        for name in names
        if name in frame and name not in dull
    ]


def _called(name: str) -> str:
    return _LABELS.get(name) or spoken(name)


_LINKED = {
    "image_urls",
    "end_url",
    "sref",
    "cref",
    "oref",
}  # fields that may name pictures by their addresses
_LINK = re.compile(r"https?://([^\s/?#]+)\S*")


def _told(name: str, text: str) -> str:
    """Write a value for a page that is passed on: of an address only where it leads to, since it may open a picture to anyone.

    >>> _told("image_urls", "https://example.com/a/b.png?key=1 https://example.com")
    'example.com/… example.com/…'
    """
    return _LINK.sub(r"\1/…", text) if name in _LINKED else text


def _distinct(texts: Sequence[str]) -> list[str]:
    """Number those that have become alike."""
    before = [texts[:at].count(text) for at, text in enumerate(texts)]
    return [f"{text} ({seen + 1})" if seen else text for text, seen in zip(texts, before, strict=True)]


def _is_dull(name: str, column: pd.Series[Any]) -> bool:
    """Tell whether a column says nothing in any row, or that everything was done once."""
    once = {"repeat": "0", "take": "1"}.get(name)
    return all(is_empty_value(value) or label(value) == once for value in column)


def _kind(column: pd.Series[Any]) -> str:
    return "number" if all(re.fullmatch(r"-?[\d.]+|–", label(value)) for value in column) else "text"


def _tasks(
    frame: pd.DataFrame, varying: Mapping[str, Sequence[str]], columns: Sequence[str]
) -> list[dict[str, Any]]:
    ids = {file: number for number, file in enumerate(files(frame))}
    places = {name: {value: at for at, value in enumerate(values)} for name, values in varying.items()}
    return [
        {
            "at": [places[name][label(row[name])] for name in varying],
            "state": str(row["state"]),
            "reason": "" if is_empty_value(row["fail_msg"]) else str(row["fail_msg"]),
            "simulated": bool(row["simulated"]),
            "pictures": [ids[file] for file in paths(row["images"])],
            "clips": sum(clips.is_clip(Path(file)) for file in paths(row["images"])),
            "texts": paths(row.get("texts")),
            "shape": _shape(label(row.get("aspect"))),
            "cost_time_s": _known(row["cost_time_s"]),
            "created": _epoch(row["created"]),
            "values": [_value(name, row[name]) for name in columns],
        }
        for row in frame.to_dict("records")
    ]


def files(frame: pd.DataFrame) -> list[str]:
    """List the frame's different picture files in order."""
    return list(dict.fromkeys(file for value in frame["images"] for file in paths(value)))


def _value(name: str, value: object) -> float | str | None:
    kind = _KINDS.get(name)
    if kind is None:
        return _told(name, label(value))
    return _epoch(value) if kind == "time" else _known(value)


def _known(value: Any) -> float | None:
    return None if is_empty_value(value) or not math.isfinite(float(value)) else float(value)


def _epoch(value: Any) -> float | None:
    import pandas as pd

    return None if is_empty_value(value) else float(pd.to_datetime(value, utc=True).timestamp())


def _shape(aspect: str) -> float | None:
    """Read `16:9` as width over height."""
    match = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", aspect)
    return int(match[1]) / int(match[2]) if match else None


def _simulated(frame: pd.DataFrame) -> str:
    said = {bool(value) for value in frame["simulated"]}
    return "none" if True not in said else "some" if False in said else "all"


def _figures(frame: pd.DataFrame) -> dict[str, Any]:
    """Sum up the frame. Simulated money is summed apart from real money."""
    if frame.empty:
        return {}
    unreal = frame["simulated"].astype(bool)
    spent = {"spent": frame[~unreal], "spent_simulated": frame[unreal]}
    figures = _numbers(_all(frame))
    figures |= {name: _known(_all(part)["spent"]) for name, part in spent.items()}
    return {**figures, "unknown": int((frame["state"] == "unknown").sum()), "pictures": len(files(frame))}


def _all(frame: pd.DataFrame) -> dict[Any, Any]:
    return stats(frame).iloc[0].to_dict()


def _stats(
    frame: pd.DataFrame, varying: Mapping[str, Sequence[str]], places: Sequence[Sequence[int]]
) -> list[dict[str, Any]]:
    """Describe the tasks by every axis that tells them apart in its own way."""
    return [
        {"axis": _called(name), "rows": _by(frame, name, varying[name])}
        for name in telling(list(varying), places)
    ]


def _by(frame: pd.DataFrame, name: str, values: Sequence[str]) -> list[dict[str, Any]]:
    table = stats(frame.assign(**{name: [label(value) for value in frame[name]]}), name).to_dict("index")
    shown = _distinct([_told(name, value) for value in values])
    return [{"value": text, **_numbers(table[value])} for value, text in zip(values, shown, strict=True)]


def _numbers(row: Mapping[Any, Any]) -> dict[str, float | int | None]:
    return {
        str(name): int(value) if name in {"n", "ok", "failed"} else _known(value)
        for name, value in row.items()
    }
