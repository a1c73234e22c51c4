"""Where a board's tiles come from: a run under way, whose cells fill in, or a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.widgets.board.tiles import Tile, as_records, blank_row, is_true, number_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from mjnb.runs import Run
    from mjnb.runs.plan import Spot

__all__ = ["Following", "joined"]

_NULLABLE = {"i": "Int64", "u": "Int64", "b": "boolean"}  # by numpy's kind; also those of pandas' own types
_FIGURES = ("cost_time_s", "queue_time_s", "lag_s", "price_usd")


class Following:
    """A run's cells as tiles, brought up to date from any one thread; when the run has ended it is let go.

    Args:
        run: The run.
        first: The number of its first tile.
        known: Cells that the board has already, each with its tile if that is to go on, None if it is left alone.
        began: When the board began, in the gateway's seconds.
    """

    def __init__(
        self, run: Run, first: int, known: Mapping[str, Tile | None], began: float | None = None
    ) -> None:
        self.run: Run | None = run
        self.axes = list(run.sweep.axes)
        self.text, self.total, self.done, self.bad = "", 0, 0, 0
        self.table: pd.DataFrame | None = None
        now = run.session.clock.now()
        self._start = now - run.progress.elapsed_s
        self.began = self._start if began is None else began
        self._tiles: dict[int, Tile] = {}
        spots = [(at, spot) for at, spot in enumerate(run.plan.spots) if spot.key not in known]
        shapes = run.shapes(len(run.plan.spots))
        records = as_records([_row(run, spot) for _, spot in spots], self.axes)
        for number, ((at, spot), record) in enumerate(zip(spots, records, strict=True), start=first):
            tile = Tile(number, record, request=spot.request, span_s=shapes[at]["span_s"], over=False)
            tile.shape = shape_of(record) or (1, 1)
            self._tiles[at] = tile
        for at, spot in enumerate(run.plan.spots):
            if (there := known.get(spot.key)) is not None:
                there.request, there.span_s, there.over, there.note = (
                    spot.request,
                    shapes[at]["span_s"],
                    False,
                    "",
                )
                self._tiles[at] = there
        self.update()

    @property
    def tiles(self) -> list[Tile]:
        """Its tiles, in the sweep's order."""
        return list(self._tiles.values())

    @property
    def live(self) -> bool:
        """Whether it goes on."""
        return self.run is not None

    def update(self) -> list[Tile]:
        """Bring the tiles up to date; return those that have changed."""
        run = self.run
        if run is None:
            return []
        progress = run.progress
        self.text, self.total, self.done = progress.text(), progress.total, progress.done
        self.bad = progress.failed + progress.unknown
        entries, spots, told = run.entries, run.plan.spots, run.tiles(progress.total)
        changed = []
        for at, tile in self._tiles.items():
            before = (tile.row["state"], tile.since_s, tile.over, len(tile.pictures))
            entry = entries.get(spots[at].key)
            if entry is not None and entry is not tile.entry:
                tile.take(entry)
                changed.append(tile)
            tile.row["state"], tile.before, tile.over = (
                told[at]["state"],
                told[at]["before"],
                progress.ended,
            )
            since = told[at]["since_s"]
            tile.since_s = None if since is None else since + self._start - self.began
            if before != (tile.row["state"], tile.since_s, tile.over, len(tile.pictures)):
                changed.append(tile)
        return changed

    def rows(self) -> tuple[pd.DataFrame, list[int | None]]:
        """Return the ledger's rows of its tiles, as they are now, and the number of each one's tile."""
        run = self.run
        table = run.frame() if run is not None else self.table
        assert table is not None
        numbers = {tile.row["cell"]: tile.id for tile in self._tiles.values()}
        own = table["cell"].isin(list(numbers))
        table = table if own.all() else table[own].reset_index(drop=True)
        return table, [numbers.get(cell) for cell in table["cell"]]

    def finish(self, table: pd.DataFrame) -> None:
        """Keep what came of it, and let go of the run."""
        self.table, self.run = table, None

    def stop(self) -> None:
        """Ask it to stop."""
        if self.run is not None:
            self.run.stop()


def _row(run: Run, spot: Spot) -> dict[str, Any]:
    """Return a cell's row before anything is known of it."""
    cell = spot.cell
    known = {"cell": spot.key, "repeat": cell.repeat, "take": run.sweep.take, "state": ""}
    return {**blank_row(run.session, spot.request, **known), **cell.coords}


def joined(tables: Sequence[pd.DataFrame], more: Sequence[Tile]) -> pd.DataFrame:
    """Put frames and the rows of some tiles below one another as one frame, types and axes kept."""
    if len(tables) == 1 and not more:
        return tables[0]
    axes = list(
        dict.fromkeys(name for table in tables for name in table.attrs.get("mjnb", {}).get("axes", []))
    )
    rows = [record for table in tables for record in _records(table)]
    frame = frames.build([*rows, *(_raw(tile.row) for tile in more)], axes)
    return frame.assign(**{name: _gapped(frame[name], kind) for name, kind in _kinds(tables).items()})


def _kinds(tables: Sequence[pd.DataFrame]) -> dict[str, str]:
    """Name the columns that are whole numbers, or truths, in every table that has them."""
    found: dict[str, set[str]] = {}
    for table in tables:
        for name, kind in table.dtypes.items():
            found.setdefault(str(name), set()).add(_NULLABLE.get(kind.kind, ""))
    return {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1 and kinds != {""}}


def _gapped(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Keep whole numbers and truths what they are where rows without any have joined them."""
    if not column.isna().any():
        return column
    try:
        return column.astype(kind)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError):  # other values have joined them as well
        return column


def _records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    return (_raw({str(k): v for k, v in one.items()}) for one in table.to_dict("records"))


def _raw(row: dict[str, Any]) -> dict[str, Any]:
    """Write a row as rows are before they are laid out, whatever a file or a person has made of it.

    Moments in epoch seconds, gaps as None, numbers and truths as such, lists as lists.
    """
    empty = {name: None for name, value in row.items() if frames.is_empty_value(value)}
    times: dict[str, Any] = {
        name: _epoch(row[name]) for name in ("created", "expires") if name in row and name not in empty
    }
    lists = {name: frames.paths(row.get(name)) for name in ("images", "urls", "texts")}
    figures = {name: number_of(row.get(name)) for name in _FIGURES}
    counts = {name: int(number_of(row.get(name)) or least) for name, least in (("repeat", 0), ("take", 1))}
    truth = {"simulated": is_true(row.get("simulated"))}
    return {**row, **empty, **times, **lists, **figures, **counts, **truth}


def _epoch(moment: Any) -> float | None:
    """Read a moment in epoch seconds, also where it is text."""
    import pandas as pd

    if isinstance(moment, str):
        moment = pd.to_datetime(moment, utc=True, errors="coerce")
    return number_of(moment.timestamp() if hasattr(moment, "timestamp") else moment)
