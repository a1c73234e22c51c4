"""The working of a board: what its page is told and when, and what is done when the page asks for something."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest, MjnbError, SetupError, StoreError
from mjnb.jobs import Job
from mjnb.widgets.board.beat import Beat, nowhere
from mjnb.widgets.board.children import Children
from mjnb.widgets.board.deeds import Deeds
from mjnb.widgets.board.grid import Outbox, large
from mjnb.widgets.board.parents import Parents
from mjnb.widgets.board.source import joined
from mjnb.widgets.board.tiles import text_of
from mjnb.widgets.board.view import asked, mended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from mjnb.modes import Request
    from mjnb.runs import Run
    from mjnb.session import Session
    from mjnb.tasks import Task, TaskState
    from mjnb.widgets.board.columns import Columns
    from mjnb.widgets.board.grid import Grid
    from mjnb.widgets.board.holdings import Holdings
    from mjnb.widgets.board.source import Following
    from mjnb.widgets.board.tiles import Tile

__all__ = ["State", "picture_of"]

_MOST_TROUBLES = 4  # lines
_REDRAW_S = 3.0


@dataclass(frozen=True, slots=True)
class _News:
    """What a page is to be told: the facts, tiles (`fresh`: all of them), what cannot be done with some, thumbnails."""

    facts: dict[str, Any]
    tiles: list[dict[str, Any]] = field(default_factory=list)
    fresh: bool = False
    told: list[dict[str, int]] = field(default_factory=list)
    found: list[bytes] = field(default_factory=list)
    bars: dict[str, Any] = field(default_factory=dict)
    barred: list[list[Any]] = field(default_factory=list)
    has_more: bool = False


class State:
    """Everything about a board but the widgets. Methods may be called from any thread and never wait for a gateway.

    Args:
        held: The tiles and where they come from.
        columns: Their columns.
        grid: The widget that draws.
        ended: Called in a thread when a run has ended and its tiles are final.
    """

    def __init__(self, held: Holdings, columns: Columns, grid: Grid, ended: Callable[[], None]) -> None:
        self.held, self.columns = held, columns
        self.session = self.held.session
        self._grid, self._ended = grid, ended
        self._outbox, self._beat = Outbox(), Beat(self._step, self.complain)
        self._dirty: set[int] = set()
        self._owed: set[Tile] = set()  # rated before the gateway had taken them
        self._is_redrawing, self._redrawn = False, float("-inf")
        self._drawn = False  # whether the picture that stays shows the end already
        self.deeds = Deeds(self.session) if self.session is not None else None
        self._parents = Parents(self.deeds) if self.deeds is not None else None
        self._children: Children | None = None
        if self.session is not None:
            self._children = Children(self.session, self._touch, self.complain, self.held.elapsed_s)
        self._tell_columns()

    def start(self) -> None:
        """Begin to tell the page."""
        for following in self.held.runs:
            if following.run is not None:
                following.run.listen(self._strike)
        self._beat.wake()

    def restructure(self, asked: Iterable[str] = ()) -> None:
        """Find the columns anew, after tiles have joined or somebody has asked for one."""
        self.columns = self.held.columns([*asked])
        self._tell_columns()

    def _tell_columns(self) -> None:
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
        """Take the tiles of another run onto the board; cells that are there already go on in their own tiles."""
        self.held.follow(run)
        self._drawn = False
        run.listen(self._strike)
        self.restructure(self._parts())
        self._beat.wake()

    def _parts(self) -> list[str]:
        return asked(mended(self.columns, self._grid.view))

    @property
    def view(self) -> dict[str, Any]:
        """The arrangement as the page shows it."""
        return mended(self.columns, self._grid.view)

    def redraw(self) -> None:
        """Draw the picture that stays anew, at most every few seconds: a page makes its view anew for that."""
        if self._is_redrawing:
            return
        wait = self._redrawn + _REDRAW_S - time.monotonic()
        self._is_redrawing = True
        if wait > 0:
            nowhere(lambda: Job(self._redraw_after(wait), label="the picture that stays"))
            return
        nowhere(self._redraw)

    async def _redraw_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._redraw)

    def _redraw(self) -> None:
        self._is_redrawing, self._redrawn = False, time.monotonic()
        try:
            self._ended()
        except Exception as error:  # noqa: BLE001  (the arrangement itself is right)
            self.complain(f"The picture that stays could not be drawn: {type(error).__name__}: {error}")

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
        over = [one for one in self.held.runs if one.run is not None and one.run.progress.ended]
        changed = await asyncio.to_thread(self._catch_up)
        has_more = False
        if not self._is_closed:
            try:
                has_more = self._tell(await asyncio.to_thread(self._gather, changed))
            except Exception:
                self._outbox.again()  # what was taken for sent may not have been
                raise
        for following in over:
            await self._let_go(following)
        if self._is_closed:
            return "more" if over else ""
        return "more" if has_more or over else ("wait" if self._is_busy() else "")

    @property
    def _is_closed(self) -> bool:
        return self._grid.comm is None

    def _catch_up(self) -> set[int]:
        """See what has changed, and write down stars that had to wait for their tasks; takes a moment."""
        changed = self.held.update()
        with self.held.lock:
            due = {tile for tile in self._owed if tile.task_id}
            self._owed -= due
        for tile in due:
            assert self.session is not None
            try:
                self.session.star(tile.task_id, tile.stars)
            except MjnbError as error:
                self.complain(str(error))
        return changed

    def _tell(self, news: _News) -> bool:
        """Send what is new; tell whether there is more."""
        if {**news.facts, "now": 0} != {**self._grid.facts, "now": 0} or self._is_busy():
            self._grid.facts = news.facts
        if news.tiles or news.fresh or news.barred:
            told = {"kind": "tiles", "tiles": news.tiles, "all": news.fresh}
            self._grid.send({**told, "bars": news.bars, "barred": news.barred})
        if news.found:
            self._grid.send({"kind": "pictures", "of": news.told}, buffers=news.found)
        return news.has_more

    def _gather(self, changed: set[int]) -> _News:
        """Read what is new; takes a moment."""
        (is_open, fresh), facts = self._outbox.begin(), self.held.facts()
        with self.held.lock:
            dirty, self._dirty = self._dirty | changed, set()
            tiles, columns = list(self.held.tiles), self.columns
        if not is_open:
            return _News(facts)
        if fresh and self._parents is not None:
            self._parents.forget_page()
        told, found, broken = self._outbox.thumbs(tiles)
        chosen = tiles if fresh else [tiles[number] for number in sorted(dirty | broken)]
        wires = self._outbox.changes(self._wire(tile, columns) for tile in chosen)
        bars, barred = self._learn(tiles)
        has_more = bool(found or broken or barred)
        return _News(facts, wires, fresh, told, found, bars, barred, has_more)

    def _learn(self, tiles: Sequence[Tile]) -> tuple[dict[str, Any], list[list[Any]]]:
        """Find out what some more tiles do not offer, those in sight first; where the ledger cannot be read, nothing."""
        if self._parents is None:
            return {}, []
        try:
            return self._parents.learn(self._outbox.first(tiles))
        except StoreError:
            return {}, []

    def _wire(self, tile: Tile, columns: Columns) -> dict[str, Any]:
        wire = tile.wire(columns.texts, columns.numbers, self.held.pace)
        why = self.deeds.why_not(tile) if self.deeds is not None else ""
        return {**wire, "can": False, "why": why} if why else wire

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
        if not (self._drawn or self._is_closed):
            # first, since a front end then makes the view anew: who sees the end may open what stays
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
        """Rate tiles, here and in the ledger; a task that the gateway has not taken yet is written there when it has."""
        tiles = self.held.copies([self.held.tile(number) for number in ids])
        session, tasks = self.session, {tile.task_id for tile in tiles} - {""}
        with self.held.lock:
            for tile in tiles:
                tile.stars = stars
            self._owed |= {tile for tile in tiles if not tile.task_id and session is not None}
        for tile in tiles:
            self._touch(tile)
        if session is not None and tasks:
            self._job(lambda: _rate(session, sorted(tasks), stars), "stars")

    def renew(self) -> Job[int]:
        """Read from the ledger what has become of tasks that had not ended; return a job for how many have changed.

        Raises:
            SetupError: There is no session.
        """
        if self.session is None:
            raise SetupError(
                "Without a session there is no ledger to read: SweepBoard(…, session=mj) has one."
            )
        return Job(self._renew(), label="reading the ledger")

    async def _renew(self) -> int:
        changed = await asyncio.to_thread(self.held.renew)
        await asyncio.to_thread(self.restructure, self._parts())
        self._beat.wake()
        return len(changed)

    def stop(self) -> None:
        """Stop what runs; what was sent from single tiles goes on."""
        for following in self.held.runs:
            following.stop()

    def send(self, deed: str, tiles: Sequence[Tile], picture: int | None, choice: Any) -> None:
        """Send a follow-up of each task, all at once; the session's own limits hold."""
        once = {tile.task_id or tile: tile for tile in tiles}  # a frame may hold a task twice
        for tile in once.values():
            self._send(deed, tile, picture_of(tile, picture), choice)
        self.restructure(self._parts())
        self._beat.wake()

    def _send(self, deed: str, tile: Tile, picture: int, choice: Any) -> None:
        """Send one, in a tile of its own; where it cannot be, it is said why, and the others are sent all the same."""
        deeds, children = self.deeds, self._children
        assert deeds is not None
        assert children is not None
        words = " ".join(filter(None, (deed, text_of(choice))))
        said = self.held.saying(words, tile, picture if deeds.by_picture(deed) else None)
        try:
            request = deeds.request(deed, tile, picture, choice)
        except InvalidRequest as error:
            self.complain(f"{said}: {error}")
            return
        child = self.held.add(lambda number: children.tile(number, tile, request, said))
        self.held.inherit(child, tile)
        children.send(child)

    def adopt(
        self, job: Job[Task], request: Request | None, state: Callable[[], TaskState | None], parent: Tile
    ) -> None:
        """Take a task that a form has sent onto the board, and follow it whether or not the form stays open."""
        children = self._children
        assert children is not None
        said = self.held.saying(request.mode if request is not None else "follow-up", parent, None)
        child = self.held.add(lambda number: children.tile(number, parent, request, said))
        self.held.inherit(child, parent)
        children.follow(child, job, state)
        self.restructure(self._parts())
        self._beat.wake()

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
