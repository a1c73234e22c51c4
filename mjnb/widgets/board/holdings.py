"""What a board holds: its tiles, the runs and the frame that they come from, and what can be said of them all."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.errors import InvalidRequest, LayoutError
from mjnb.modes import MODES
from mjnb.runs import Run
from mjnb.widgets.board.columns import FIELDS, Columns, held
from mjnb.widgets.board.deeds import deed_of
from mjnb.widgets.board.source import Following, joined
from mjnb.widgets.board.tiles import Tile, of_frame, text_of
from mjnb.widgets.written import brief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from mjnb.session import Session

__all__ = ["Holdings"]

_MOST_WORDS = 60  # characters of a prompt that names a tile


class Holdings:
    """The tiles of a board, numbered by their places in `tiles`. Methods may be called from any thread.

    Args:
        source: A run, or a frame of ours.
        session: Where stars are kept; a run's own by default.

    Raises:
        LayoutError: It is neither.
    """

    def __init__(self, source: Run | pd.DataFrame, session: Session | None) -> None:
        is_run = isinstance(source, Run)
        if not is_run and not {"cell", "state", "images"} <= set(getattr(source, "columns", ())):
            raise LayoutError("board: the source is a run or a frame of mjnb, with cell, state and images")
        self.session = source.session if isinstance(source, Run) and session is None else session
        self._timed = self.session  # whose clock it goes by
        self._named = (weakref.ref(source), "run" if is_run else "frame", None if is_run else session)
        self.lock, self._updating = threading.RLock(), threading.Lock()
        self.tiles: list[Tile] = []
        self._renewed: set[int] = set()  # tiles of which the ledger has told more than their frame
        self.runs: list[Following] = []
        self._frame: pd.DataFrame | None = None
        self._designed: list[str] = []
        self._began = self._now()
        if isinstance(source, Run):
            self._began -= source.progress.elapsed_s
            self.follow(source)
        else:
            self._take(source)
        given = self.session.stars() if self.session is not None else {}
        for tile in self.tiles:
            tile.stars = given.get(tile.task_id, tile.stars)

    def _take(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._designed = [n for n in frame.attrs.get("mjnb", {}).get("axes", []) if n in frame.columns]
        self.tiles = of_frame(frame)
        modes = self.session.dialect.modes if self.session is not None else MODES
        for tile in self.tiles:
            if tile.parent is not None:
                deed = deed_of(tile.row, modes)
                tile.said = self.saying(deed, self.tiles[tile.parent], tile.row.get("image_index"))
        self._name_answers()

    def _name_answers(self) -> None:
        """Name answers in words by what was asked and of which picture, where no axis says it."""
        links = ((tile, frames.paths(tile.row.get("urls"))) for tile in self.tiles)
        pictures = {link: (tile, at) for tile, found in links for at, link in enumerate(found)}
        for tile in self.tiles:
            if tile.kind == "texts" and not tile.said and not self._designed:
                tile.said = self._about(tile, pictures)

    def _about(self, tile: Tile, pictures: Mapping[str, tuple[Tile, int]]) -> str:
        link = text_of(tile.row.get("image_urls")).partition(" ")[0]
        if link in pictures:
            return self.saying(tile.mode, *pictures[link])
        if prompt := text_of(tile.row.get("prompt")):
            return f"{tile.mode}: {prompt[:_MOST_WORDS]}"
        what = frames.label(brief(link)) if link else text_of(tile.row.get("parent"))
        return f"{tile.mode} of {what}" if what else ""

    def follow(self, run: Run) -> None:
        """Take over the cells of a run; those that are here already and have no pictures go on in their own tiles."""
        if self._timed is None:
            self._timed = run.session
            self._began = self._now() - run.progress.elapsed_s
        with self.lock:
            if any(following.run is run for following in self.runs):
                return
            roots = [tile for tile in self.tiles if tile.parent is None]
            known = {
                text_of(tile.row.get("cell")): tile if tile.over and not tile.is_whole else None
                for tile in roots
            }
            following = Following(run, len(self.tiles), known, self._began)
            self.runs.append(following)
            self.tiles += [tile for tile in following.tiles if tile.id >= len(self.tiles)]
            self._designed = list(dict.fromkeys([*self._designed, *following.axes]))

    def add(self, make: Callable[[int], Tile]) -> Tile:
        """Add the tile that `make` makes of its number."""
        with self.lock:
            self.tiles.append(make(len(self.tiles)))
            return self.tiles[-1]

    def copies(self, tiles: Iterable[Tile]) -> list[Tile]:
        """Return tiles with all others of the same tasks: a frame may hold a row twice."""
        given = set(tiles)
        tasks = {tile.task_id for tile in given} - {""}
        with self.lock:
            return [tile for tile in self.tiles if tile in given or tile.task_id in tasks]

    def renew(self) -> list[Tile]:
        """Read anew from the ledger what had not come to its end; return the tiles that have changed. Takes a moment."""
        assert self.session is not None
        store = self.session.store
        with self.lock:
            due = [tile for tile in self.tiles if tile.over and not tile.is_whole]
            taken = {tile.task_id for tile in self.tiles} - {""}
        best = store.by_cells([text_of(tile.row.get("cell")) for tile in due if tile.parent is None])
        changed = []
        for tile in due:
            entry = best.get(text_of(tile.row.get("cell"))) if tile.parent is None else None
            if entry is None or (entry.task_id in taken and entry.task_id != tile.task_id):
                entry = store.by_task(tile.task_id) if tile.task_id else None
            if entry is not None and entry != tile.entry:
                tile.take(entry)
                changed.append(tile)
        with self.lock:
            self._renewed |= {tile.id for tile in changed}
        return changed

    def inherit(self, child: Tile, parent: Tile) -> None:
        """Give a tile its parent's place on the axes that no request has, such as a prompt's groups."""
        for name in self._designed:
            if name not in FIELDS:
                child.row[name] = parent.row.get(name)

    def tile(self, number: int) -> Tile:
        """Return a tile by its number.

        Raises:
            InvalidRequest: There is none.
        """
        if not isinstance(number, int) or not 0 <= number < len(self.tiles):
            raise InvalidRequest("tile", number, f"0 to {len(self.tiles) - 1}")
        return self.tiles[number]

    def update(self) -> set[int]:
        """Bring the runs' tiles up to date; return the numbers of those that have changed."""
        with self._updating:
            return {tile.id for following in self.runs for tile in following.update()}

    # -- words ---------------------------------------------------------------------------------------------------

    def saying(self, deed: str, parent: Tile, picture: Any) -> str:
        """Say how a tile was made: "vary strong of chaos 50, picture 2"."""
        where = "" if not text_of(picture) else f", picture {int(picture)}"
        return f"{deed} of {self.call(parent)}{where}"

    def call(self, tile: Tile) -> str:
        """Name a tile by its place on the axes, how it was made, or its prompt."""
        words = [f"{name} {tile.label(name)}" for name in self._designed if name != "prompt"]
        prompt = text_of(tile.row.get("prompt"))[:_MOST_WORDS]
        return tile.said or " · ".join(words) or prompt or f"{tile.mode or 'tile'} {tile.id}"

    def columns(self, asked: Iterable[str]) -> Columns:
        """Find the columns as they are now."""
        with self.lock:
            return Columns(list(self.tiles), self._designed, asked, live=self.is_live())

    def words(self) -> str:
        """Say in one line what this is."""
        facts = self.facts()
        progress = facts["text"] or f"{facts['done']} of {facts['total']} done"
        simulated = ["simulated"] if facts["simulated"] and "simulated" not in progress else []
        return " · ".join(
            ["SweepBoard", *([facts["title"]] if facts["title"] else []), progress, *simulated]
        )

    def names(self) -> list[str]:
        """Name the source and the session as the notebook does, for a line of code."""
        source, word, session = self._named
        named = [_name_of(source(), word)]
        return [*named, f"session={_name_of(session, 'mj')}"] if session is not None else named

    # -- numbers -------------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._timed.clock.now() if self._timed is not None else 0.0

    def elapsed_s(self) -> float:
        """Say how long ago the board began, in the gateway's seconds."""
        return self._now() - self._began

    def is_live(self) -> bool:
        """Tell whether a run goes on."""
        return any(following.live for following in self.runs)

    @property
    def pace(self) -> float:
        """Gateway seconds in a real one."""
        return self._timed.place.time_scale if self._timed is not None else 1.0

    @property
    def pays(self) -> str:
        """What the session's follow-ups are paid with: `"simulated"` or `"real"` money, "" without a session."""
        if self.session is None:
            return ""
        return "simulated" if self.session.simulated else "real"

    def facts(self) -> dict[str, Any]:
        """Say how far it is, and what all tiles have in common."""
        live = [following for following in self.runs if following.live]
        run = next(iter([*live[::-1], *self.runs]), None)
        same = dict(held(self.tiles))
        return {
            **self._counts(run),
            "now": round(self.elapsed_s(), 1), "pace": self.pace, "ended": not live, "live": bool(live),
            "simulated": bool(self.tiles) and all(tile.is_simulated for tile in self.tiles),
            "pays": self.pays,
            "title": same.pop("prompt", ""),
            "held": [[name.replace("_", " "), text] for name, text in same.items()],
            "rest": "",
        }  # fmt: skip

    def _counts(self, run: Following | None) -> dict[str, Any]:
        if run is not None:
            return {"text": run.text, "total": run.total, "done": run.done, "bad": run.bad}
        states = [text_of(tile.row.get("state")) for tile in self.tiles]
        bad = sum(states.count(word) for word in ("failed", "refused", "unknown"))
        return {"text": "", "total": len(states), "done": states.count("success"), "bad": bad}

    # -- rows ----------------------------------------------------------------------------------------------------

    def table(self) -> tuple[pd.DataFrame, list[int | None]]:
        """Return all rows with their stars, and the tile of each."""
        parts = self._tables()
        ids = [number for _, numbers in parts for number in numbers]
        own = {tile.id for following in self.runs for tile in following.tiles} | set(ids)
        made = [
            tile for tile in list(self.tiles)
            if tile.task_id and (tile.id not in own or tile.id in self._renewed)
        ]  # fmt: skip
        frame, ids = joined([table for table, _ in parts], made), [*ids, *(tile.id for tile in made)]
        order = sorted(range(len(ids)), key=lambda at: (ids[at] is None, ids[at] or 0))
        if order != [*range(len(ids))]:
            attrs = frame.attrs
            frame, ids = frame.iloc[order].reset_index(drop=True), [ids[at] for at in order]
            frame.attrs = attrs
        stars = [0 if number is None else self.tiles[number].stars for number in ids]
        kept = frame.drop(columns=["stars"]) if "stars" in frame else frame
        return kept.assign(stars=stars), ids

    def _tables(self) -> list[tuple[pd.DataFrame, list[int | None]]]:
        """Return the frame's rows and the runs', with their tiles: of each tile those that say the latest."""
        parts: list[tuple[pd.DataFrame, list[int | None]]] = []
        if self._frame is not None:
            parts.append((self._frame, [*range(len(self._frame))]))
        parts += [following.rows() for following in self.runs]
        later = set(self._renewed)
        for at, (table, numbers) in reversed([*enumerate(parts)]):
            kept = [place for place, number in enumerate(numbers) if number not in later]
            later |= {number for number in numbers if number is not None}
            if len(kept) < len(numbers):
                parts[at] = (table.iloc[kept], [numbers[place] for place in kept])
        return parts


def _name_of(thing: object, otherwise: str) -> str:
    """Find what the notebook calls a thing."""
    try:
        from IPython import get_ipython
    except ImportError:
        return otherwise
    shell = get_ipython()
    found = {} if shell is None or thing is None else shell.user_ns
    return next((n for n, value in found.items() if value is thing and not n.startswith("_")), otherwise)
