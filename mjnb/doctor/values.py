"""Rows of a ledger as they should be: which values cannot be, and what stands for them."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import TYPE_CHECKING, Any

from mjnb.store.file import ROW
from mjnb.tasks import TaskState, cell_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["COLUMNS", "Odd", "decoded", "is_picture", "is_star", "is_task", "mended"]

_STATES = {state.value for state in TaskState}
_RUNNING = {TaskState.PENDING.value, TaskState.PROCESSING.value}
_CELL = re.compile(r"k\d+:[0-9a-f]{32}|(?:task|lost):.+", re.DOTALL)
_FILE = re.compile(r"pictures/([A-Za-z0-9][A-Za-z0-9_-]{0,99})/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_YEAR_2500_S = 16_725_225_600
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Odd(str):
    """Text that was no UTF-8; what could not be read in it is a question mark on a lozenge."""

    __slots__ = ()


def decoded(data: bytes) -> str:
    """Read text of a ledger, whatever has become of it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return Odd(data.decode("utf-8", "replace"))


def _is_anything(_: Any) -> bool:
    return True


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Odd)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 2**53


def _is_amount(value: Any) -> bool:
    return value is None or (isinstance(value, int) and abs(value) < 2**53)


def _is_span(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and math.isfinite(value) and abs(value) < 2**53)


def _is_moment(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and abs(value) < _YEAR_2500_S)


def _is_json(value: Any) -> bool:
    return value is None or _parsed(value) is not None or value == "null"


def _is_object(value: Any) -> bool:
    return isinstance(_parsed(value), dict)


def _is_texts(value: Any) -> bool:
    found = _parsed(value)
    return isinstance(found, list) and all(isinstance(one, str) for one in found)


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None


_RULES: dict[str, tuple[Callable[[Any], bool], Any]] = {
    "attempt": (_is_count, 1),
    "simulated": (lambda value: value in {0, 1}, 0),
    "held": (_is_object, "{}"),
    "repeat": (_is_count, 0),
    "take": (_is_count, 1),
    "price_micro": (_is_amount, None),
    "urls": (_is_texts, "[]"),
    "texts": (_is_texts, "[]"),
    "sent": (_is_json, "{}"),  # never "not sent": that would say that nothing was charged
    "answered": (_is_json, None),
    "told": (_is_json, None),
    "lag_s": (_is_span, None),
    "cost_time_s": (_is_span, None),
    "task_id": (_is_id, ""),  # one that is garbled would be asked after in vain, and then paid for again
}
_TEXTS = (
    "cell",
    "owner",
    "gateway",
    "mode",
    "parent",
    "fail_code",
    "fail_msg",
    "sweep",
    "key",
    "poster",
    "purse",
)
_RULES |= dict.fromkeys(_TEXTS, (_is_text, ""))
_MOMENTS = ("submitted", "created", "completed", "seen", "expires", "claimed")
_RULES |= dict.fromkeys(_MOMENTS, (_is_moment, None))
_RULES["went_on"] = (_is_moment, 0.0)  # never "did not go on": its second half would be sent twice
_RULES["found"] = (_is_moment, 0.0)  # never "by its answer": two rows would keep one task
COLUMNS = frozenset({"row", "state", *_RULES})
"""The columns of tasks that are judged here; others are left as they are."""


def mended(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has to change in a row of tasks before it can be read, by column; nothing in a row that is as it should be."""
    better = {name: _better(name, value) for name, value in row.items()}
    better["cell"] = _cell(better)
    if not (isinstance(better["row"], str) and ROW.fullmatch(better["row"])):
        better["row"] = _name(better)
    if better["state"] not in _STATES:
        better["state"] = _state(better)
    if better["state"] in _RUNNING and not better["task_id"]:
        better["state"] = TaskState.UNKNOWN.value  # there is nothing to ask after
    return {
        name: value
        for name, value in better.items()
        if type(value) is not type(row[name]) or value != row[name]
    }


def _better(name: str, value: Any) -> Any:
    is_right, instead = _RULES.get(name, (_is_anything, None))
    value = decoded(value) if isinstance(value, bytes) else value
    if not is_right(value):
        return instead
    return str(value) if isinstance(value, str) else value


def _cell(row: Mapping[str, Any]) -> str:
    """Return the key of a row's cell; if it is damaged, it follows from the request, since a lost key would be paid for again."""
    cell, name = str(row["cell"]), str(row["row"])
    held = json.loads(row["held"])
    again = cell_key(row["gateway"], row["mode"], held, repeat=row["repeat"], take=row["take"])
    is_right = _CELL.fullmatch(cell) is not None
    if is_right and not (name.startswith(again[3:19]) and not name.startswith(cell[3:19])):
        return cell
    return again if held else f"lost:{_hash(row)}"


def _name(row: Mapping[str, Any]) -> str:
    """Return a name for a row that has lost its own: that which `Store.claim` gives, where its cell is known."""
    if _CELL.fullmatch(row["cell"]) and row["cell"].startswith("k"):
        return f"{row['cell'].partition(':')[2][:16]}-{row['attempt']}"
    return f"mended-{_hash(row)}"


def _hash(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()[:16]


def _state(row: Mapping[str, Any]) -> str:
    """Tell by what else is known how far a task was: asking the gateway costs nothing, so what has an id is asked after."""
    if _parsed(row["urls"]):
        return TaskState.SUCCESS.value
    return (TaskState.PENDING if row["task_id"] else TaskState.UNKNOWN).value


def is_task(values: list[Any]) -> bool:
    """Tell a row of tasks by its shape; one whose end is lost by its cell, since that has been asked for, and maybe paid."""
    if len(values) < 7 or values[5] not in {0, 1}:  # noqa: PLR2004  (up to its mode)
        return False
    if not all(isinstance(values[i], str) for i in (0, 1, 4)):
        return False
    if len(values) < 12:  # noqa: PLR2004  (up to its state)
        return _CELL.fullmatch(values[1]) is not None
    return isinstance(values[11], str) and values[11] in _STATES


def is_picture(values: list[Any]) -> bool:
    """Tell a row of pictures by its shape, and that its file is inside its row's folder."""
    if len(values) != 7 or not (isinstance(values[0], str) and isinstance(values[2], str)):  # noqa: PLR2004
        return False
    found = _FILE.fullmatch(values[2])
    named = found is not None and found[1] == values[0]
    is_digest = isinstance(values[6], str) and _DIGEST.fullmatch(values[6])
    return named and bool(is_digest) and all(_is_count(values[i]) for i in (1, 3, 4, 5))


def is_star(values: list[Any]) -> bool:
    """Tell a row of stars by its shape."""
    is_name = len(values) == 2 and isinstance(values[0], str) and not isinstance(values[0], Odd)  # noqa: PLR2004
    return is_name and values[1] in {1, 2, 3, 4, 5}
