"""The board: every task of a sweep, a frame or the history in one view that is arranged, rated, and drawn on from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest, LayoutError, SetupError
from mjnb.fields import Whole
from mjnb.runs import Run
from mjnb.views.fallback import Stills
from mjnb.widgets.board.grid import Grid
from mjnb.widgets.board.holdings import Holdings
from mjnb.widgets.board.state import State, picture_of
from mjnb.widgets.board.still import still
from mjnb.widgets.board.tray import Tray
from mjnb.widgets.board.view import DEFAULTS, Code, asked, checked, code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from mjnb.jobs import Job
    from mjnb.session import Session
    from mjnb.widgets.board.tiles import Tile

__all__ = ["SweepBoard"]

_NO_SESSION = (
    "Without a session there are no actions here, and stars are kept in this board alone: "
    "SweepBoard(…, session=mj) has both."
)


class SweepBoard(Stills, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A grid of tasks to look at, arrange, compare, rate and go on from. It sends nothing by itself.

    Args:
        source: A run (live or ended), a frame of ours (filtered, read back, concatenated), or `mj.history()`.
        session: Where follow-ups are sent and stars are kept; a run brings its own. None: there are neither.
        rows: Column for the rows; None chooses as `df.mj.sheet` does, "" is none (and without columns, a gallery).
        cols: Column for the columns.
        facet: Column for panels side by side.
        at: Slider positions of other columns, label by column.
        hide: Labels that are not shown, by column.
        picture: One picture of each task, 0 to 3; None shows all.
        size: Longer side of a tile, 64 to 512 px.
        sort: Column to sort by; None keeps the design's order.
        descending: Largest first.
        where: What the tiles must match, as in the board's own filter: `"chaos>50 state=success fox"`.
        color: Column that colours the tiles.

    Raises:
        InvalidRequest: No such column or label, or a number out of range.
        LayoutError: A column that makes no rows, or not a frame of ours.

    >>> import mjnb
    >>> mj = mjnb.Session("simulator", store="mjnb-doc", quiet=True)
    >>> board = SweepBoard(mj.history())
    >>> board.view
    mjnb.SweepBoard(frame)
    >>> mj.close().result()
    """

    def __init__(
        self,
        source: Run | pd.DataFrame,
        *,
        session: Session | None = None,
        rows: str | None = None,
        cols: str | None = None,
        facet: str | None = None,
        at: Mapping[str, Any] | None = None,
        hide: Mapping[str, Sequence[Any]] | None = None,
        picture: int | None = None,
        size: int = DEFAULTS["size"],
        sort: str | None = None,
        descending: bool = False,
        where: str = "",
        color: str | None = None,
    ) -> None:
        view = {
            "rows": rows, "cols": cols, "facet": facet, "at": at or {}, "hide": hide or {}, "picture": picture, "size": size,
            "sort": sort, "descending": descending, "where": where, "color": color,
        }  # fmt: skip
        held = Holdings(source, session)  # whatever is wrong is found before there is any widget
        columns = held.columns(asked(view))
        self.grid = Grid(
            view=checked(columns, view), notice="" if held.session is not None else _NO_SESSION
        )
        self._state = State(held, columns, self.grid, self.refresh_still)
        self.tray = Tray(self._state.adopt, self._state.join)
        super().__init__([self.grid, self.tray])
        self.grid.answer_with(self._answer)
        self._state.start()

    # -- arranging -----------------------------------------------------------------------------------------------

    @property
    def view(self) -> Code:
        """The arrangement as a line of code that builds it again."""
        return code(self._state.columns, self._state.view, *self._state.held.names())

    def arrange(self, **changes: Any) -> None:
        """Change the arrangement: any of the constructor's arguments from `rows` to `color`; the others stay.

        Raises:
            InvalidRequest: There is no such argument, column or label, or a number is out of range.
            LayoutError: A column that makes no rows.
        """
        for name in changes:
            if name not in DEFAULTS:
                raise InvalidRequest.unknown_name(name, "SweepBoard.arrange", DEFAULTS)
        view = {**self._state.view, **changes}
        self._state.restructure(asked(view))
        self.grid.view = checked(self._state.columns, view)
        self._state.redraw()

    # -- what joins it, and what becomes of it -------------------------------------------------------------------

    def follow(self, run: Run) -> None:
        """Show a run here as well: its new cells as new tiles, those that had failed or were stopped in their own.

        Raises:
            LayoutError: It is no run.

        Example:
            `board.follow(sweep.start(mj, retry="failed"))`
        """
        if not isinstance(run, Run):
            raise LayoutError(f"follow: a run of a sweep is followed, not a {type(run).__name__}")
        self._state.join(run)

    def refresh(self) -> Job[int]:
        """Read from the ledger what has become of tasks that had not ended when they were last seen; sends nothing.

        Returns:
            A job for the number of tiles that have changed.

        Raises:
            SetupError: The board has no session.
        """
        return self._state.renew()

    # -- rows ----------------------------------------------------------------------------------------------------

    @property
    def frame(self) -> pd.DataFrame:
        """All rows, those that were made here at the end; the last column is `stars`, 0 to 5."""
        return self._state.held.table()[0]

    @property
    def selection(self) -> pd.DataFrame:
        """The rows of the selected tiles, in the frame's order; a cell that has not been sent has no row."""
        frame, ids = self._state.held.table()
        chosen = set(self.grid.selected)
        return frame.iloc[[at for at, number in enumerate(ids) if number in chosen]]

    def select(self, rows: pd.DataFrame | Sequence[bool]) -> None:
        """Select the tiles of some rows.

        Args:
            rows: Part of `board.frame` (or of any frame with these tasks), or one truth for each of its rows.

        Raises:
            LayoutError: As many truths as there are rows are needed.
        """
        import pandas as pd

        frame, ids = self._state.held.table()
        if isinstance(rows, pd.DataFrame):
            keys = {(str(c), str(t)) for c, t in zip(rows["cell"], rows["task_id"], strict=True)}
            pairs = zip(frame["cell"], frame["task_id"], strict=True)
            truths = [(str(cell), str(task)) in keys for cell, task in pairs]
        else:
            truths = [bool(truth) for truth in rows]
        if len(truths) != len(ids):
            raise LayoutError(f"select: {len(truths)} truths for {len(ids)} rows")
        self.grid.selected = [
            number for number, truth in zip(ids, truths, strict=True) if truth and number is not None
        ]

    # -- the page ------------------------------------------------------------------------------------------------

    def _answer(self, content: Mapping[str, Any]) -> None:
        """Do what the page asks for, in whichever thread it arrives: set traits and start jobs, never wait."""
        kind = content.get("kind") if isinstance(content, dict) else None
        answers: dict[Any, Callable[[Mapping[str, Any]], None]] = {
            "ready": lambda _: self._state.restart(),
            "see": lambda told: self._state.look(told["ids"]),
            "large": lambda told: self._state.enlarge(told["id"], told["picture"]),
            "star": lambda told: self._state.star(
                told["ids"], Whole("stars", 0, 5).read("stars", told["stars"])
            ),
            "do": self._do,
            "stop": lambda _: self._state.stop(),
        }
        if kind not in answers:
            raise InvalidRequest("kind", kind, f"one of {', '.join(answers)}")
        answers[kind](content)

    def _do(self, told: Mapping[str, Any]) -> None:
        state, deed = self._state, told["deed"]
        tiles = [state.held.tile(number) for number in told["ids"]]
        if state.deeds is None:
            raise SetupError(_NO_SESSION)
        if not tiles:
            raise InvalidRequest("ids", told["ids"], "at least one tile")
        if deed == "around":
            self.tray.sweep(state.deeds, tiles[0], f"Sweep around {state.held.call(tiles[0])}")
        elif state.deeds.sends(deed) and told.get("form") is not True:
            state.send(deed, tiles, told.get("picture"), told.get("choice"))
        else:
            self._open(deed, tiles[0], told.get("picture"), told.get("choice"))

    def _open(self, deed: str, tile: Tile, picture: Any, choice: Any) -> None:
        """Open the form of what one click cannot say."""
        state, deeds = self._state, self._state.deeds
        assert deeds is not None
        index = picture_of(tile, picture)
        model, values = deeds.form(deed, tile, index, choice)
        title = state.held.saying(deed, tile, index if deeds.by_picture(deed) else None)
        self.tray.fill(model, deeds.session, tile, f"{title[:1].upper()}{title[1:]}", values)

    # -- the picture that stays ----------------------------------------------------------------------------------

    def still(self) -> dict[str, Any]:
        """Return a labelled contact sheet of the board as it is arranged (its first page), or words where there is none."""
        return still(self._state.held.tiles, self._state.view, self._state.held.words())

    def close(self) -> None:
        """Close it and everything in it; a run goes on."""
        if "tray" in self.__dict__:  # else it was refused before there was anything
            self.tray.shut()
            self.tray.close()
            self.grid.close()
        super().close()
