"""Rows of the ledger as a DataFrame, and plain questions asked of it.

A frame of ours has one row a task: `cell`, the varying axes, every other request field that held, then `TAIL`. All
functions here are pure and work on any such frame: filtered, sorted, concatenated, or read back from a file. Times are
float seconds and say so in their names.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mjnb.errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

__all__ = ["TAIL", "axes", "build", "held", "is_empty_value", "label", "paths", "pictures", "read", "stats"]

TAIL = (
    "repeat", "take", "mode", "gateway", "simulated", "state", "task_id", "parent", "cost_time_s", "queue_time_s",
    "lag_s", "price_usd", "images", "urls", "expires", "fail_code", "fail_msg", "created",
)  # fmt: skip
_LISTS = ("images", "urls")
_FLOATS = ("cost_time_s", "queue_time_s", "lag_s", "price_usd")
_TIMES = ("expires", "created")
_NOT_AXES = {*TAIL, "cell"} - {"repeat", "take", "mode", "gateway", "simulated"}


def build(rows: Iterable[Mapping[str, Any]], axes: Sequence[str] = ()) -> pd.DataFrame:
    """Lay rows out in the documented order of columns.

    Args:
        rows: One mapping a task: axis values and request fields by name, and the columns of `TAIL`.
        axes: The columns that vary by design; they come right after `cell`.

    Returns:
        One row a task; an empty frame with the same columns if there are no rows.

    >>> list(build([], axes=["chaos"]).columns)[:3]
    ['cell', 'chaos', 'repeat']
    """
    import pandas as pd

    records = [dict(row) for row in rows]
    fields = dict.fromkeys(
        name for record in records for name in record if name not in {"cell", *axes, *TAIL}
    )
    columns = ["cell", *axes, *fields, *TAIL]
    frame = pd.DataFrame(
        {name: pd.Series([record.get(name) for record in records], dtype=object) for name in columns}
    )
    frame = frame.assign(**{name: _typed(name, frame[name]) for name in columns})
    frame.attrs["mjnb"] = {"axes": list(axes)}
    return frame


def _typed(name: str, column: pd.Series[Any]) -> pd.Series[Any]:
    """Give a column its documented type, whatever its rows hold."""
    import pandas as pd

    if name in _FLOATS:
        return pd.to_numeric(column).astype("float64")
    if name in _TIMES:
        return pd.to_datetime(column, unit="s", utc=True).astype("datetime64[us, UTC]")
    if name in _LISTS:
        return column.map(lambda v: [str(item) for item in v] if v is not None else [])
    if name in {"repeat", "take"}:
        return column.astype("int64")
    if name == "simulated":
        return column.astype(bool)
    return column.map(_plain).infer_objects()


def _plain(value: object) -> object:
    """Make a request's value something that Parquet, CSV and `==` all agree on."""
    if isinstance(value, list | tuple):
        return " ".join(str(_plain(item)) for item in value)
    return str(value) if isinstance(value, dict) else value


def is_empty_value(value: object) -> bool:
    """Tell whether a cell of a frame holds nothing (None, NaN, NaT, an empty list or text)."""
    if hasattr(value, "__len__"):
        return len(value) == 0
    return value is None or value != value  # noqa: PLR0124  (the definition of NaN and NaT)


def paths(value: object) -> list[str]:
    """Read the `images` or `urls` of one row, whether list, array (from Parquet) or text (from CSV).

    >>> paths("['a.png', 'b.png']")
    ['a.png', 'b.png']
    """
    if is_empty_value(value):
        return []
    if isinstance(value, str):
        value = ast.literal_eval(value) if value.startswith("[") else [value]
    return [str(item) for item in value]  # type: ignore[attr-defined]


def axes(frame: pd.DataFrame) -> list[str]:
    """Name the columns that vary: those that were axes by design first, then any other field with several values.

    Works without `frame.attrs` (they are lost by `concat`), from the values alone.
    """
    known = [name for name in frame.attrs.get("mjnb", {}).get("axes", []) if name in frame.columns]
    candidates = [*known, *(name for name in frame.columns if name not in known and name not in _NOT_AXES)]
    return [name for name in candidates if _varies(frame[name])]


def _varies(column: pd.Series[Any]) -> bool:
    return len({label(value) for value in column}) > 1


def held(frame: pd.DataFrame) -> dict[str, Any]:
    """Name what is the same in every row and says something, e.g. `{"prompt": "a lighthouse", "speed": "fast"}`."""
    varying = set(axes(frame))
    names = [name for name in frame.columns if name not in varying and name not in _NOT_AXES]
    first = {name: frame[name].iloc[0] for name in names} if len(frame) else {}
    return {
        name: value
        for name, value in first.items()
        if not is_empty_value(value) and not _is_default(name, value)
    }


def _is_default(name: str, value: object) -> bool:
    return (name == "repeat" and value == 0) or (name == "take" and value == 1)


def label(value: object) -> str:
    """Write one axis value as a person would: no `.0`, `–` for nothing, `on`/`off` for truth.

    >>> [label(v) for v in (50.0, None, True, "niji 7")]
    ['50', '–', 'on', 'niji 7']
    """
    if is_empty_value(value):
        return "–"
    if isinstance(value, bool) or type(value).__name__ in {"bool_", "bool"}:
        return "on" if value else "off"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def pictures(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn one row a task into one row a picture.

    Returns:
        The same columns, with `picture` (0–3), `image` (its path) and `url` in place of `images` and `urls`.
    """
    import pandas as pd

    rows = []
    for _, row in frame.iterrows():
        files, urls = paths(row["images"]), paths(row["urls"])
        for index, image in enumerate(files):
            url = urls[index] if index < len(urls) else None
            rows.append({**row.drop(list(_LISTS)).to_dict(), "picture": index, "image": image, "url": url})
    columns = [*(name for name in frame.columns if name not in _LISTS), "picture", "image", "url"]
    return pd.DataFrame(rows, columns=columns)


def stats(frame: pd.DataFrame, by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Count tasks and describe their `cost_time_s`, in all or by one or more columns.

    Args:
        frame: A frame of ours.
        by: Column or columns to group by; None for one row over everything.

    Returns:
        Columns `n, ok, failed` (tasks), `mean, median, p90, max` (seconds, over the finished ones) and `spent` (USD; NaN if the price
        of a paid task is unknown).

    Raises:
        LayoutError: `by` names a column that is not there.
    """
    import pandas as pd

    names = [by] if isinstance(by, str) else list(by or [])
    if missing := [name for name in names if name not in frame.columns]:
        raise LayoutError(f"stats: no column {', '.join(missing)}; there are {', '.join(frame.columns)}")
    if not names:
        return pd.DataFrame([_describe(frame)], index=pd.Index(["all"]))
    numbers = all(pd.api.types.is_numeric_dtype(frame[name]) for name in names)  # words stay in the order they came in
    groups = {key: _describe(group) for key, group in frame.groupby(names, dropna=False, sort=numbers)}
    index = pd.MultiIndex.from_tuples(list(groups), names=names)
    result = pd.DataFrame(list(groups.values()), columns=_STATS, index=index)
    return result.droplevel([]) if len(names) > 1 else result.set_index(index.get_level_values(0))


_STATS = ["n", "ok", "failed", "mean", "median", "p90", "max", "spent"]


def _describe(frame: pd.DataFrame) -> dict[str, float]:
    ok = frame["state"] == "success"
    seconds = frame.loc[ok, "cost_time_s"].dropna()
    numbers = {
        "mean": seconds.mean(),
        "median": seconds.median(),
        "p90": seconds.quantile(0.9),
        "max": seconds.max(),
    }
    counts = {
        "n": len(frame),
        "ok": int(ok.sum()),
        "failed": int(frame["state"].isin(["failed", "refused"]).sum()),
    }
    return {**counts, **numbers, "spent": frame.loc[ok, "price_usd"].sum(skipna=False)}


def read(path: str | Path) -> pd.DataFrame:
    """Read a frame that was saved as CSV or Parquet; its pictures are found beside the file.

    Args:
        path: A `.csv` or `.parquet` file.

    Raises:
        LayoutError: Neither of the two, or not a frame of ours.
    """
    import pandas as pd

    path = Path(path)
    readers: dict[str, Any] = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    if path.suffix not in readers:
        raise LayoutError(f"{path.name}: a frame is read from .csv or .parquet")
    frame: pd.DataFrame = readers[path.suffix](path)
    if missing := [name for name in ("cell", *TAIL) if name not in frame.columns]:
        raise LayoutError(f"{path.name} is not a frame of mjnb: it lacks {', '.join(missing)}")
    kept = frame.attrs.get("mjnb", {})
    frame = frame.assign(
        images=frame["images"].map(lambda v: [_beside(item, path.parent) for item in paths(v)]),
        urls=frame["urls"].map(paths),
        **{name: pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]") for name in _TIMES},
    )
    frame.attrs["mjnb"] = kept
    return frame


def _beside(image: str, folder: Path) -> str:
    """Find a picture from the file's own folder, unless its path is good as it stands."""
    return image if Path(image).exists() else (folder / image).as_posix()
