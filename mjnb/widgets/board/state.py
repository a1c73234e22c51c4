"""The working of a board: what its page is told and when, and what is done when the page asks for something."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest, MjnbError
from mjnb.jobs import Job
from mjnb.widgets.board.beat import Beat, nowhere
from mjnb.widgets.board.children import Children
from mjnb.widgets.board.columns import PARTS
from mjnb.widgets.board.deeds import Deeds
from mjnb.widgets.board.grid import Outbox, large
from mjnb.widgets.board.holdings import Holdings
from mjnb.widgets.board.source import joined
from mjnb.widgets.board.tiles import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from mjnb.runs import Run
    from mjnb.session import Session
    from mjnb.tasks import Task
    from mjnb.widgets.board.grid import Grid
    from mjnb.widgets.board.source import Following
    from mjnb.widgets.board.tiles import Tile

__all__ = ["State", "picture_of"]

_MOST_TROUBLES = 4  # lines


class State:
    """Everything about a board but the widgets. Methods may be called from any thread and never wait for a gateway.

    Args:
        source: A run, or a frame of ours.
        session: Where follow-ups go; a run's own by default.
        grid: The widget that draws.
        ended: Called in a thread when a run has ended and its tiles are final.
        asked: Columns that somebody wants side by side.
    """

    def __init__(
        self, source: Run | pd.DataFrame, session: Session | None, grid: Grid, ended: Callable[[], None], *,
        asked: Iterable[str | None] = (),
    ) -> None:  # fmt: skip
        self.held = Holdings(source, session)
        self.session = self.held.session
        self._grid, self._ended = grid, ended
        self._outbox, self._beat = Outbox(), Beat(self._step, self.complain)
        self._dirty: set[int] = set()
        self._drawn = False  # whether the picture that stays shows the end already
        self.deeds = Deeds(self.session) if self.session is not None else None
        self._children: Children | None = None
        if self.session is not None:
            self._children = Children(self.session, self._touch, self.complain, self.held.elapsed_s)
        self.restructure(name for name in asked if name)

    def start(self) -> None:
        """Begin to tell the page."""
        for following in self.held.runs:
            if following.run is not None:
                following.run.listen(self._strike)
        self._beat.wake()

    def restructure(self, asked: Iterable[str] = ()) -> None:
        """Find the columns anew, after tiles have joined or somebody has asked for one."""
        self.columns = self.held.columns([*asked])
        offers = self.deeds.offers(self.held.tiles) if self.deeds is not None else []
        with self.held.lock:
            self._dirty |= {tile.id for tile in self.held.tiles}
        with self._grid.hold_sync():
            self._grid.columns, self._grid.offers, self._grid.facts = (
                self.columns.wire(),
                offers,
                self.held.facts(),
            )

    def join(self, run: Run) -> None:
        """Take the tiles of another run onto the board."""
        self.held.follow(run)
        run.listen(self._strike)
        self.restructure(self._parts())
        self._beat.wake()

    def _parts(self) -> list[str]:
        return [self._grid.view[part] for part in PARTS if self._grid.view.get(part)]

    # -- telling -------------------------------------------------------------------------------------------------

    def complain(self, text: str) -> None:
        """Show a line of trouble, below those that are not dismissed yet."""
        lines = [line for line in self._grid.trouble.split("\n") if line and line != text]
        self._grid.trouble = "\n".join([*lines, text][-_MOST_TROUBLES:])

    def _touch(self, tile: Tile) -> None:
        with self.held.lock:
            self._dirty.add(tile.id)
        self._beat.wake()

    def _strike(self, run: Run) -> None:
        """Note a change of a run, on the I/O thread.

        Where no page looks on, a tool runs the notebook: the picture that stays is drawn before any cell goes on.
        """
        if not self._outbox.is_open and not self._drawn and run.progress.ended:
            self._drawn = True
            self.held.update()
            nowhere(self._ended)
        self._beat.wake()

    def _is_busy(self) -> bool:
        return self.held.is_live() or (self._children is not None and bool(self._children.under_way))

    async def _step(self) -> str:
        """Tell what is new, in at most three messages; let go of runs that have ended."""
        if self._grid.comm is None:
            return ""
        over = [one for one in self.held.runs if one.run is not None and one.run.progress.ended]
        tiles, fresh, told, found, facts = await asyncio.to_thread(self._gather)
        if {**facts, "now": 0} != {**self._grid.facts, "now": 0} or self._is_busy():
            self._grid.facts = facts
        if tiles or fresh:
            self._grid.send({"kind": "tiles", "tiles": tiles, "all": fresh})
        if found:
            self._grid.send({"kind": "pictures", "of": told}, buffers=found)
        for following in over:
            await self._let_go(following)
        return "more" if found or over else ("wait" if self._is_busy() else "")

    def _gather(
        self,
    ) -> tuple[list[dict[str, Any]], bool, list[dict[str, int]], list[bytes], dict[str, Any]]:
        """Read what is new: tiles, whether they are all, which pictures, their bytes, and the facts; takes a moment."""
        changed = self.held.update()
        (is_open, fresh), facts = self._outbox.begin(), self.held.facts()
        with self.held.lock:
            dirty, self._dirty = self._dirty | changed, set()
            tiles, columns = list(self.held.tiles), self.columns
        if not is_open:
            return [], False, [], [], facts
        told, found = self._outbox.thumbs(tiles)
        chosen = tiles if fresh else [tiles[number] for number in sorted(dirty)]
        wires = [tile.wire(columns.texts, columns.numbers, self.held.pace) for tile in chosen]
        return self._outbox.changes(wires), fresh, told, found, facts

    async def _let_go(self, following: Following) -> None:
        """Keep a run's frame instead of the run, and draw the picture that stays."""
        run = following.run
        assert run is not None
        try:
            table = await run
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  (stopped, or its own error: it is shown)
            if not isinstance(error, asyncio.CancelledError):
                self.complain(str(error))
            table = await asyncio.to_thread(_rows_of, following)
        if (
            not self._drawn
        ):  # first, since a front end then makes the view anew: who sees the end may open what stays
            await asyncio.to_thread(self._ended)
        following.finish(table)
        await asyncio.to_thread(self.restructure, self._parts())

    # -- what the page asks for ----------------------------------------------------------------------------------

    def restart(self) -> None:
        """A page has nothing yet: tell it everything."""
        self._outbox.restart()
        self._beat.wake()

    def look(self, ids: Sequence[int]) -> None:
        """Tell the pictures of these tiles first."""
        self._outbox.look(ids)
        self._beat.wake()

    def enlarge(self, number: int, picture: int) -> None:
        """Send one picture large."""
        tile = self.held.tile(number)
        self._job(lambda: self._grid.send(*large(tile, picture)), "a large picture")

    def star(self, ids: Sequence[int], stars: int) -> None:
        """Rate tiles, here and in the ledger."""
        tiles = [self.held.tile(number) for number in ids]
        for tile in tiles:
            tile.stars = stars
            self._touch(tile)
        session, tasks = self.session, [tile.task_id for tile in tiles if tile.task_id]
        if session is not None:
            self._job(lambda: _rate(session, tasks, stars), "stars")

    def stop(self) -> None:
        """Stop what runs; what was sent from single tiles goes on."""
        for following in self.held.runs:
            following.stop()

    def send(self, deed: str, tiles: Sequence[Tile], picture: int | None, choice: Any) -> None:
        """Send a follow-up of each tile, all at once; the session's own limits hold."""
        for tile in tiles:
            self._send(deed, tile, picture_of(tile, picture), choice)
        self.restructure(self._parts())
        self._beat.wake()

    def _send(self, deed: str, tile: Tile, picture: int, choice: Any) -> None:
        """Send one, in a tile of its own; where it cannot be, the tile says why, and the others are sent all the same."""
        deeds, children, problem = self.deeds, self._children, ""
        assert deeds is not None
        assert children is not None
        words = " ".join(filter(None, (deed, text_of(choice))))
        said = self.held.saying(words, tile, picture if deeds.by_picture(deed) else None)
        try:
            request = deeds.request(deed, tile, picture, choice)
        except InvalidRequest as error:
            request, problem = None, str(error)
        child = self.held.add(lambda number: children.tile(number, tile, request, said))
        self.held.inherit(child, tile)
        if request is None:
            children.refuse(child, "refused", problem)
            self.complain(f"{said}: {problem}")
        else:
            children.send(child)

    def adopt(self, task: Task, parent: Tile) -> None:
        """Take a task that a form has made onto the board."""
        children = self._children
        assert children is not None
        said = self.held.saying(getattr(task.request, "mode", "") or "task", parent, None)
        child = self.held.add(lambda number: children.tile(number, parent, task.request, said))
        self.held.inherit(child, parent)
        children.settle(child, task)
        self.restructure(self._parts())

    def _job(self, work: Callable[[], Any], label: str) -> None:
        """Do something slow in a thread."""
        nowhere(lambda: Job(self._shown(work), label=label))

    async def _shown(self, work: Callable[[], Any]) -> None:
        """Do it; what goes wrong is shown."""
        try:
            await asyncio.to_thread(work)
        except Exception as error:  # noqa: BLE001  (whatever it is, the person who asked must see it)
            self.complain(f"{type(error).__name__}: {error}")


def _rate(session: Session, tasks: Sequence[str], stars: int) -> None:
    for task in tasks:
        session.star(task, stars)


def _rows_of(following: Following) -> pd.DataFrame:
    """Read a stopped run's rows; where its ledger is closed, what the tiles know of them."""
    try:
        return following.rows()[0]
    except MjnbError:
        return joined([], [tile for tile in following.tiles if tile.task_id])


def picture_of(tile: Tile, picture: Any) -> int:
    """Choose the picture that is meant: the one that was named, or the first."""
    return picture if isinstance(picture, int) else min(tile.pictures, default=0)
