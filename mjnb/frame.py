"""Rows of the ledger as a DataFrame, and plain questions asked of it.

A frame of ours has one row a task: `cell`, the varying axes, every other request field that held, then `TAIL`. All
functions here are pure and work on any such frame: filtered, sorted, concatenated, or read back from a file. Times are
float seconds and say so in their names.
"""

from __future__ import annotations

import ast
import numbers
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mjnb.errors import LayoutError, legible
from mjnb.fields import Flag, Number, Rule, Whole
from mjnb.modes import MODES, rule
from mjnb.tasks import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

__all__ = ["TAIL", "axes", "build", "held", "is_empty_value", "label", "paths", "pictures", "read", "stats"]

TAIL = (
    "repeat", "take", "mode", "gateway", "simulated", "state", "task_id", "parent", "cost_time_s", "queue_time_s",
    "lag_s", "price_usd", "images", "urls", "texts", "expires", "fail_code", "fail_msg", "created",
)  # fmt: skip
_LISTS = ("images", "urls", "texts")
_LATER = {"texts"}  # columns that tables of earlier versions do not have
_FLOATS = ("cost_time_s", "queue_time_s", "lag_s", "price_usd")
_UP = 3  # folders above a table in which its pictures are looked for
_TIMES = ("expires", "created")
_EXACT: dict[str, Any] = {"repeat": "int64", "take": "int64", "simulated": "bool"}
_TEXTS = (
    "cell",
    "prompt",
    "mode",
    "gateway",
    "state",
    "task_id",
    "parent",
    *_LISTS,
    "fail_code",
    "fail_msg",
)
_NOT_AXES = {*TAIL, "cell"} - {"repeat", "take", "mode", "gateway", "simulated"}


def build(
    rows: Iterable[Mapping[str, Any]], axes: Sequence[str] = (), fields: Iterable[str] = ()
) -> pd.DataFrame:
    """Lay rows out in the documented order of columns.

    Args:
        rows: One mapping a task: axis values and request fields by name, and the columns of `TAIL`.
        axes: The columns that vary by design; they come right after `cell`.
        fields: Request fields that are columns even where no row has them, as in a sweep of which nothing is done yet.

    Returns:
        One row a task; an empty frame with the same columns if there are no rows.

    >>> list(build([], axes=["chaos"]).columns)[:3]
    ['cell', 'chaos', 'repeat']
    """
    import pandas as pd

    records = [dict(row) for row in rows]
    named = [*fields, *(name for record in records for name in record)]
    middle = dict.fromkeys(name for name in named if name not in {"cell", *axes, *TAIL})
    columns = ["cell", *axes, *middle, *TAIL]
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
        moments = pd.to_datetime(column, unit="s", utc=True, errors="coerce")  # none after 2262
        return moments.astype("datetime64[us, UTC]")
    if name in _LISTS:
        return column.map(lambda v: [str(item) for item in v] if v is not None else [])
    if name in _EXACT:
        return column.astype(_EXACT[name])
    return _field(column)


def _field(column: pd.Series[Any]) -> pd.Series[Any]:
    """Make a request's field or an axis one kind of value, text where its rows differ."""
    import pandas as pd

    column = pd.Series([_plain(value) for value in column], dtype=object, index=column.index)
    if len({_kind(value) for value in column if not is_empty_value(value)}) > 1:
        return column.map(lambda value: None if is_empty_value(value) else label(value))
    return _gapped(column)


def _gapped(column: pd.Series[Any]) -> pd.Series[Any]:
    """Keep whole numbers and truths what they are where some rows have none (a seed must not become a float)."""
    found = [value for value in column if not is_empty_value(value)]
    kind = _gap_kind(found) if 0 < len(found) < len(column) else ""
    try:
        return column.astype(kind) if kind else column.infer_objects()  # type: ignore[call-overload]
    except OverflowError:  # a number of a raw request that no 64 bits hold
        return column.infer_objects()


def _gap_kind(values: Sequence[object]) -> str:
    if all(_is_truth(value) for value in values):
        return "boolean"
    whole = all(isinstance(value, numbers.Integral) and not _is_truth(value) for value in values)
    return "Int64" if whole else ""


def _is_truth(value: object) -> bool:
    return type(value).__name__ in {"bool_", "bool"}


def _plain(value: object) -> object:
    """Make a request's value something that Parquet, CSV and `==` all agree on."""
    if isinstance(value, list | tuple):
        return " ".join(str(_plain(item)) for item in value)
    return as_json(value) if isinstance(value, dict) or hasattr(value, "model_dump") else value


def _kind(value: object) -> type:
    """Tell what Parquet could keep in one column: texts, truths or numbers."""
    return next((kind for kind in (str, bool) if isinstance(value, kind)), float)


def is_empty_value(value: object) -> bool:
    """Tell whether a cell of a frame holds nothing (None, NaN, NaT, an empty list or text)."""
    if hasattr(value, "__len__"):
        return len(value) == 0
    if (
        value is None or type(value).__name__ == "NAType"
    ):  # pandas' own nothing, which is not even unequal to itself
        return True
    return value != value  # noqa: PLR0124  (the definition of NaN and NaT)


def paths(value: object) -> list[str]:
    """Read the `images` or `urls` of one row, whether list, array (from Parquet) or text (from CSV).

    Raises:
        LayoutError: A text that begins like a list and is none.

    >>> paths("['a.png', 'b.png']")
    ['a.png', 'b.png']
    """
    if is_empty_value(value):
        return []
    if isinstance(value, str):
        value = _listed(value)
    return [str(item) for item in value]  # type: ignore[attr-defined]


def _listed(text: str) -> list[Any]:
    if not text.startswith("["):
        return [text]
    try:
        value: list[Any] = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise LayoutError(f"no list of pictures: {text[:80]!r}") from None
    return value


def axes(frame: pd.DataFrame) -> list[str]:
    """Name the columns that vary: those that were axes by design first, then any other field with several values.

    Works without `frame.attrs` (they are lost by `concat`), from the values alone. Of several gateways' tasks the gateway comes
    first, and what differs between gateways alone, such as their defaults, is no axis.
    """
    known = [name for name in frame.attrs.get("mjnb", {}).get("axes", []) if name in frame.columns]
    varying = _varying(frame, known)
    if "gateway" not in varying:
        return varying
    own = [n for n in varying if n != "gateway" and (n in known or not _is_told_by_gateway(frame, n))]
    return ["gateway", *own]


def _varying(frame: pd.DataFrame, first: Sequence[str] = ()) -> list[str]:
    others = (name for name in frame.columns if name not in first and name not in _NOT_AXES)
    return [name for name in (*first, *others) if _varies(frame[name])]


def _is_told_by_gateway(frame: pd.DataFrame, name: str) -> bool:
    """Tell whether each gateway has one value of a column."""
    pairs = {(gateway, label(value)) for gateway, value in zip(frame["gateway"], frame[name], strict=True)}
    return len(pairs) == frame["gateway"].nunique()


def _varies(column: pd.Series[Any]) -> bool:
    """Tell whether a column has several values; a switch that is nowhere on has not, though some modes lack it."""
    values = {label(value) for value in column}
    return len(values) > 1 and not values <= {"off", "–"}


def held(frame: pd.DataFrame) -> dict[str, Any]:
    """Name what is the same in every row and says something, e.g. `{"prompt": "a lighthouse", "speed": "fast"}`."""
    varying = set(_varying(frame))
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
    """Write one axis value as a person would: no `.0`, `–` for nothing, `on`/`off` for truth, short names for files.

    >>> [label(v) for v in (50.0, None, True, "niji 7", "https://example.com/sheet.png#quarter=2")]
    ['50', '–', 'on', 'niji 7', 'https://example.com/sheet.png (picture 2 of the sheet)']
    """
    if is_empty_value(value):
        return "–"
    if _is_truth(value):
        return "on" if value else "off"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _shown(value) if isinstance(value, str) else str(value)


_QUARTER = re.compile(r"#quarter=([0-3])(?=\s|$)")
_LOCAL = re.compile(r"\bfile:([0-9a-f]{8})[0-9a-f]{56}(?=\.(?:jpg|png|webp)\b)")


def _shown(text: str) -> str:
    """Write the names that only this package reads as people do: a part of a sheet, a file known by its bytes."""
    if "#quarter=" in text:
        text = _QUARTER.sub(r" (picture \1 of the sheet)", text)
    return _LOCAL.sub(r"file \1", text) if "file:" in text else text


def pictures(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn one row a task into one row a picture.

    Returns:
        The same columns, with `picture` (0–3, as `vary` and `upscale` count), `image` (its path, of a clip that of the clip) and
        `url` in place of `images`, `urls` and `texts`.
    """
    import pandas as pd

    found: list[tuple[int, int, str, str | None]] = []
    for at, (images, urls) in enumerate(zip(frame["images"], frame["urls"], strict=True)):
        links = dict(enumerate(paths(urls)))
        found += [(at, n, image, links.get(n)) for n, image in _numbered(paths(images))]
    rows, numbers, files, links_of = zip(*found, strict=True) if found else ((), (), (), ())
    kept = frame.drop(columns=list(_LISTS), errors="ignore").iloc[list(rows)].reset_index(drop=True)
    return kept.assign(
        picture=pd.Series(numbers, dtype="int64"),
        image=pd.Series(files, dtype=object),
        url=pd.Series(links_of, dtype=object),
    )


def _numbered(images: list[str]) -> list[tuple[int, str]]:
    """Number a task's pictures by their files' names (`2.png`), since one of the four may be missing."""
    stems = [Path(image).stem for image in images]
    named = all(stem.isdecimal() for stem in stems) and len(set(stems)) == len(stems)
    return list(zip(map(int, stems) if named else range(len(images)), images, strict=True))


def stats(frame: pd.DataFrame, by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Count tasks and describe their `cost_time_s`, in all or by one or more columns.

    Args:
        frame: A frame of ours.
        by: Column or columns to group by; None for one row over everything.

    Returns:
        Columns `n, ok, failed` (tasks), `mean, median, p90, max` (seconds, over the finished ones) and `spent` (USD; NaN if the price
        of a paid task is unknown).

    Raises:
        LayoutError: `by` names a column that is not there, or that holds lists.
    """
    import pandas as pd

    names = [by] if isinstance(by, str) else list(dict.fromkeys(by or []))
    if missing := [name for name in names if name not in frame.columns]:
        raise LayoutError(f"stats: no column {', '.join(missing)}; there are {', '.join(frame.columns)}")
    if lists := [name for name in names if name in _LISTS]:
        raise LayoutError(f"stats: {lists[0]} holds lists, which make no groups")
    if not names:
        return pd.DataFrame([_describe(frame)], index=pd.Index(["all"]))
    numbers = all(
        pd.api.types.is_numeric_dtype(frame[name]) for name in names
    )  # words stay in the order they came in
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
        LayoutError: Neither of the two, or not a frame of ours, or damaged.
        OSError: It is not there, or cannot be read.
    """
    path = Path(path)
    if path.suffix not in {".csv", ".parquet"}:
        raise LayoutError(f"{path.name}: a frame is read from .csv or .parquet")
    path.open("rb").close()  # whether it is there is the system's to say
    try:
        return _framed(path)
    except LayoutError:
        raise
    except Exception as error:  # damaged bytes make pandas and pyarrow raise nearly anything
        reason = legible(f"{type(error).__name__}: {error}", 200)
        raise LayoutError(f"{path.name} is damaged, or no frame of mjnb ({reason})") from error


def _framed(path: Path) -> pd.DataFrame:
    """Read a table, and give its columns their documented types."""
    import pandas as pd

    frame: pd.DataFrame = _read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    if missing := [name for name in ("cell", *TAIL) if name not in frame.columns and name not in _LATER]:
        raise LayoutError(f"{path.name} is not a frame of mjnb: it lacks {', '.join(missing)}")
    kept = frame.attrs.get("mjnb", {})
    frame = frame.assign(
        images=frame["images"].map(lambda v: [_beside(item, path.parent) for item in paths(v)]),
        urls=frame["urls"].map(paths),
        texts=frame["texts" if "texts" in frame else "urls"].map(
            paths if "texts" in frame else lambda _: []
        ),
        **{name: _typed(name, frame[name]) for name in (*_FLOATS, *_EXACT)},
        **{name: _moments(frame[name]) for name in _TIMES},
    )
    frame.attrs["mjnb"] = kept
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV as it was written: a prompt `NA` is no gap, and an id of digits is no number."""
    import pandas as pd

    kinds = dict.fromkeys((*_TEXTS, *set(_fields(Rule)).difference(_fields(Flag, Number, Whole))), str)
    table = pd.read_csv(path, dtype=kinds, keep_default_na=False, na_values=[""])
    table = table.loc[
        :, [name for name in table.columns if not name.startswith("Unnamed: ")]
    ]  # a saved index
    return table.assign(**{name: _whole(table[name]) for name in _fields(Whole) if name in table}).assign(
        **{name: _gapped(table[name]) for name in _fields(Flag) if name in table}
    )


def _fields(*kinds: type[Rule]) -> list[str]:
    """Name the fields of requests that are of some kinds."""
    found = ((name, rule(model, name)) for model in MODES.values() for name in model.model_fields)
    return list(dict.fromkeys(name for name, of in found if isinstance(of, kinds)))


def _whole(column: pd.Series[Any]) -> pd.Series[Any]:
    """Make whole numbers of what a file has made floats, because some rows have none."""
    gaps = column.isna()
    is_whole = column.dtype.kind == "f" and gaps.any() and not gaps.all()
    return column.astype("Int64") if is_whole and (column[~gaps] % 1 == 0).all() else column


def _moments(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.to_datetime(column, utc=True, format="ISO8601").astype("datetime64[us, UTC]")


def _beside(image: str, folder: Path) -> str:
    """Find a picture from the file's own folder or one above it, unless its path is good as it stands."""
    for place in ("", *map(str, (folder, *folder.resolve().parents[:_UP]))):
        if os.path.exists(found := os.path.join(place, image)):  # noqa: PTH110, PTH118  (False for any nonsense)
            return Path(found).as_posix() if place else image
    return (folder / image).as_posix()
