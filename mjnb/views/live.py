"""A run, live: progress, estimate, spent, and a plain grid of pictures filling in.

One widget model however many cells there are. It speaks at most twenty times a second, each thumbnail travels once, and
when the run has ended plain HTML takes its place, so that a saved notebook shows the same without a kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anywidget
import traitlets

from mjnb.jobs import IO, Job
from mjnb.views.still import MOST_TILES, Showable, bound, box, moving, rest, static_html, thumbs, word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["LiveGrid", "Showable", "show", "static_html"]

_BEAT_S = 0.12  # two messages a beat at most, words and pictures, and two at the end: twenty a second
_TICK_S = 1.0  # the estimate counts down even when nothing happens
_STATIC = Path(__file__).parent / "static"


def _nothing() -> None:
    """Do nothing."""


class LiveGrid(anywidget.AnyWidget):
    """The widget. Its words are traits; pictures travel as messages, since a trait would be sent whole each time.

    Args:
        shown: The run.
        on_ready: Called when a new page asks for all pictures; may be called from any thread.

    `cells` is what holds for good (label, measures in CSS pixels, expected real seconds), `states` what changes
    (mark, word, reason, paid before, gateway seconds since the run began, its own progress, texts, clips), `facts` the run's progress.
    """

    # Text, not paths: of a path anywidget keeps every instance, and by it every run, alive for as long as the kernel.
    _esm = (_STATIC / "live.js").read_text("utf-8")
    _css = (_STATIC / "live.css").read_text("utf-8")
    facts: traitlets.Dict[str, Any] = traitlets.Dict({}).tag(sync=True)
    cells: traitlets.List[Any] = traitlets.List([]).tag(sync=True)
    states: traitlets.List[Any] = traitlets.List([]).tag(sync=True)

    def __init__(self, shown: Showable, on_ready: Callable[[], None] = _nothing) -> None:
        self._shown: Showable | None = shown
        self._on_ready = on_ready
        self._sent: set[int] = set()
        pace = shown.progress.time_scale
        cells = [_cell(shape, pace) for shape in shown.shapes(MOST_TILES)]
        super().__init__(facts=_facts(shown), cells=cells, states=_states(shown))
        self.on_msg(self._on_message)

    def fetch(self) -> dict[int, list[bytes]]:
        """Read the thumbnails that the page does not have yet; takes a while, so not on a loop."""
        shown = self._shown
        if shown is None:
            return {}
        tiles = enumerate(shown.tiles(MOST_TILES))
        new = ((i, tile["pictures"]) for i, tile in tiles if tile["pictures"] and i not in self._sent)
        return {i: thumbs(shown, pictures) for i, pictures in new}

    def refresh(self, new: Mapping[int, Sequence[bytes]]) -> None:
        """Send the words that have changed and some new pictures, in one message each."""
        if self._shown is None:
            return
        with self.hold_sync():
            self.facts, self.states = _facts(self._shown), _states(self._shown)
        if new:
            self._sent.update(new)
            counts = [[index, len(found)] for index, found in new.items()]
            self.send({"pictures": counts}, buffers=[data for found in new.values() for data in found])

    def finish(self) -> None:
        """Send how it ended, and let go of the run.

        A page that shows the still picture instead then says so, and the widget is closed. One that was opened anew
        while the run went on cannot be told to, and keeps the view as it is.
        """
        self.refresh(self.fetch())
        self._shown, self._on_ready = None, _nothing

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if self._shown is None:
            self.close()
        elif content == "ready":
            self._sent = set()
            self._on_ready()
        elif content == "stop":
            self._shown.stop()


def _facts(shown: Showable) -> dict[str, Any]:
    progress = shown.progress
    return {
        "text": progress.text(),
        "total": progress.total,
        "done": progress.done,
        "bad": progress.failed + progress.unknown,
        "now": round(progress.elapsed_s, 1),
        "pace": progress.time_scale,
        "rest": rest(shown),
        "ended": progress.ended,
    }


def _cell(shape: Mapping[str, Any], pace: float) -> dict[str, Any]:
    place = box(shape["aspect"], shape["pictures"])
    return {
        "label": bound(shape["label"]),
        "picture": list(place.picture),
        "frame": list(place.frame),
        "tile": place.tile,
        "span": shape["span_s"] / pace,
    }


def _states(shown: Showable) -> list[dict[str, Any]]:
    ended = shown.progress.ended
    return [_state(tile, ended) for tile in shown.tiles(MOST_TILES)]


def _state(tile: Mapping[str, Any], ended: bool) -> dict[str, Any]:
    said = word(tile, ended=ended)
    since = tile["since_s"]
    return {
        "state": tile["state"],
        "mark": said.mark,
        "word": said.word,
        "note": tile["note"],
        "before": tile["before"],
        "since": None if since is None else round(since, 1),
        "progress": tile.get("progress"),
        "texts": list(tile.get("texts", ())),
        "clips": moving(tile["pictures"]),
    }


def show(shown: Showable) -> None:
    """Display it live in a notebook; elsewhere print its line.

    The display is replaced by plain HTML once the run has ended.
    """
    from IPython import get_ipython
    from IPython.display import display

    if getattr(get_ipython(), "kernel", None) is None:
        print(shown.progress.text())  # noqa: T201  (a terminal has nothing else to show it with)
    elif shown.done():
        display(_still(shown), raw=True)
    else:
        _Beat(shown).start()


def _still(shown: Showable) -> dict[str, Any]:
    return {"text/html": static_html(shown), "text/plain": shown.progress.text()}


class _Beat:
    """Redraws a view on the I/O thread, and swaps in the still picture at the end."""

    def __init__(self, shown: Showable) -> None:
        self._shown, self._name = shown, f"mjnb-{uuid4().hex}"
        self._loop, self._changed, self._finished = IO.loop(), asyncio.Event(), False
        self._view = LiveGrid(shown, on_ready=self._wake)

    def start(self) -> None:
        """Display the view, with its still picture beside it for whoever cannot show widgets, and follow the run."""
        from IPython.display import display

        made = self._view._repr_mimebundle_()
        widget = made[0] if isinstance(made, tuple) else made
        display({**(widget or {}), **_still(self._shown)}, raw=True, display_id=self._name)
        self._shown.listen(self._strike)
        _nowhere(lambda: Job(self._follow(), label="live view"))

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    def _strike(self, _: Any) -> None:
        """Note a change; the end is drawn at once, before the cell that awaits the run goes on."""
        if self._shown.progress.ended:
            _nowhere(self._finish)
        self._changed.set()

    async def _follow(self) -> None:
        while not self._over():
            self._changed.clear()
            new = await asyncio.to_thread(self._view.fetch)
            if self._over():
                break
            self._view.refresh(new)
            await asyncio.sleep(_BEAT_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._changed.wait()
        self._finish()

    def _over(self) -> bool:
        return self._finished or self._shown.progress.ended

    def _finish(self) -> None:
        from IPython.display import display

        if self._finished:
            return
        self._finished = True
        self._view.finish()
        display(_still(self._shown), raw=True, display_id=self._name, update=True)


def _nowhere(call: Callable[[], Any]) -> None:
    """Call in an empty context, so that a kernel files its output under the cell that runs now.

    In the context of the cell that began the run, tools that execute notebooks drop what comes after that cell.
    """
    contextvars.Context().run(call)
