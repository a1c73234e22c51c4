"""Which axis runs down, across and over panels when the page opens; the reader can choose anew.

Axes are numbers here, and `places` holds, for each task, the index of its value on every axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["free", "roles", "telling"]

_PILED = ("repeat", "take")  # attempts at the same cell pile up in it
_LONG = 24  # characters; longer values are easier to read beside a row than above a column
_PANELS = 4  # a third axis with more values than this gets a slider
_FILLED = 0.4  # of its cells: what a grid must have to be one
_GALLERY = 5  # a single axis with more values than this wraps instead of making one long row


def roles(
    values: Sequence[Sequence[str]], given: Sequence[int], places: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """Choose what runs down, across and over panels, and what piles up in a cell.

    The two axes with most values make the grid, the longer across unless its values are long texts; a third makes
    panels if it is short. A single long axis, or a grid that would be mostly holes, becomes a gallery of panels.
    """
    order = sorted(given, key=lambda axis: -len(values[axis]))
    down, across = ([-1, -1, *order] if len(order) < 2 else _sides(values, order[:2]))[-2:]  # noqa: PLR2004 - a grid
    facet = next((axis for axis in order[2:3] if len(values[axis]) <= _PANELS), -1)
    holes = down >= 0 and _holes(values, places, down, across)
    if holes or (down < 0 <= across and (len(values[across]) > _GALLERY or _wordy(values[across]))):
        down, across, facet = -1, -1, max(range(len(values)), key=lambda axis: len(values[axis]))
    piled = [axis for axis in range(len(values)) if axis != facet and (holes or axis not in given)]
    return {"roles": {"rows": down, "cols": across, "facet": facet}, "piled": piled}


def _sides(values: Sequence[Sequence[str]], pair: Sequence[int]) -> list[int]:
    """Order two axes as rows and columns."""
    return sorted(pair, key=lambda axis: (not _wordy(values[axis]), len(values[axis])))


def _holes(
    values: Sequence[Sequence[str]], places: Sequence[Sequence[int]], down: int, across: int
) -> bool:
    """Tell whether a grid would be mostly empty, as one over a history of unrelated tasks is."""
    cells = {(at[down], at[across]) for at in places}
    return len(cells) < _FILLED * len(values[down]) * len(values[across])


def _wordy(values: Sequence[str]) -> bool:
    return max(map(len, values)) > _LONG


def free(names: Sequence[str], places: Sequence[Sequence[int]]) -> list[int]:
    """List the axes that are not decided by those before them, as a prompt is by its time of day; but at least one."""
    found: list[int] = []
    for axis, name in enumerate(names):
        before = {tuple(at[other] for other in found) for at in places}
        both = {tuple(at[other] for other in (*found, axis)) for at in places}
        if name not in _PILED and len(both) > len(before):
            found.append(axis)
    return found or list(range(len(names)))[:1]


def telling(names: Sequence[str], places: Sequence[Sequence[int]]) -> list[str]:
    """Leave out axes that group the tasks exactly as an earlier one does, under other names."""
    groups = {name: _groups([at[axis] for at in places]) for axis, name in enumerate(names)}
    return [
        name
        for index, name in enumerate(names)
        if groups[name] not in [groups[other] for other in names[:index]]
    ]


def _groups(values: Sequence[int]) -> list[int]:
    return [values.index(value) for value in values]
