"""Answers that no document has: anything that JSON can carry, and documented answers with something wrong in them."""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["json_values", "spoiled"]

_HUGE = 10**400
_DEEP = "[" * 100_000
_CODES = (_HUGE, -1, 0, 1, 24, 200, 400, 401, 429, 503)
_WORDS = (
    "", "success", "failed", "SUCCESS", "FAILURE", "completed", "100%", "\ud83e", _DEEP, "{}", "null", "https://[", "task_1",
)  # fmt: skip


@cache
def json_values() -> st.SearchStrategy[Any]:
    """Anything that JSON can carry, what Python's reader makes of it included (NaN, huge numbers, half characters)."""
    numbers = st.integers() | st.floats() | st.sampled_from(_CODES)
    leaves = st.none() | st.booleans() | numbers | st.text(max_size=8) | st.sampled_from(_WORDS)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )


def spoiled(documented: Any) -> st.SearchStrategy[Any]:
    """A documented answer with one of its values, somewhere, replaced by anything or left out."""
    ways = st.sampled_from(list(_ways(documented)))
    return st.builds(
        lambda way, new, leave_out: _replaced(documented, way, new, leave_out=leave_out),
        ways, json_values(), st.booleans(),
    )  # fmt: skip


def _ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    of_list = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, dict) else of_list:
        yield from _ways(item, (*way, key))


def _replaced(value: Any, way: tuple[Any, ...], new: Any, *, leave_out: bool) -> Any:
    if not way:
        return new
    value = copy.copy(value)
    if leave_out and len(way) == 1:
        del value[way[0]]
    else:
        value[way[0]] = _replaced(value[way[0]], way[1:], new, leave_out=leave_out)
    return value
