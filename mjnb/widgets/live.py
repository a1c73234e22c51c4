"""A run, live: progress, estimate, spent, and a plain grid of pictures filling in.

One widget model however many cells there are. It redraws at most twenty times a second, travels each thumbnail once as
bytes, and when the run has ended it leaves plain HTML in its place, so that a saved notebook shows the same without a
kernel.
"""

from __future__ import annotations

import asyncio
import html
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import anywidget
import traitlets

from mjnb import images
from mjnb.errors import PictureError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["LiveGrid", "Showable", "show", "static_html"]

MOST_TILES = 200
THUMB = 128
_BEAT_S = 0.05  # twenty times a second
_TICK_S = 1.0  # the estimate counts down even when nothing happens
_STATIC = Path(__file__).parent / "static"


class Showable(Protocol):
    """What can be shown live: a run."""

    @property
    def progress(self) -> Any:
        """Counts and times, a dataclass with `text()`."""

    def tiles(self, most: int) -> Sequence[Mapping[str, Any]]:
        """One `{label, state, note, pictures}` a cell, in order, at most so many."""

    def done(self) -> bool:
        """Whether it has ended."""

    def listen(self, listener: Callable[[Any], None]) -> None:
        """Register for changes."""


class LiveGrid(anywidget.AnyWidget):
    """The widget. `facts` is the progress, `tiles` the words of each cell; pictures travel as messages, once each."""

    _esm = _STATIC / "live.js"
    _css = _STATIC / "live.css"
    facts: traitlets.Dict[str, Any] = traitlets.Dict({}).tag(sync=True)
    tiles: traitlets.List[Any] = traitlets.List([]).tag(sync=True)

    def __init__(self, shown: Showable) -> None:
        self._shown = shown
        self._sent: set[int] = set()
        super().__init__(facts=_facts(shown), tiles=_words(shown))
        self.on_msg(self._on_message)

    def refresh(self) -> None:
        """Send what has changed since the last time."""
        self.facts = _facts(self._shown)
        self.tiles = _words(self._shown)
        for index, tile in enumerate(self._shown.tiles(MOST_TILES)):
            if tile["pictures"] and index not in self._sent:
                self._sent.add(index)
                self._send(index, tile["pictures"])

    def _send(self, index: int, pictures: Sequence[Path]) -> None:
        self.send({"tile": index}, buffers=[data for data in map(_thumb, pictures) if data])

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        """Send every picture again when a new view asks for them."""
        if content == "ready":
            self._sent.clear()
            self.refresh()


def _facts(shown: Showable) -> dict[str, Any]:
    progress = shown.progress
    return {**asdict(progress), "text": progress.text()}


def _words(shown: Showable) -> list[dict[str, Any]]:
    tiles = [{name: tile[name] for name in ("label", "state", "note")} for tile in shown.tiles(MOST_TILES)]
    rest = shown.progress.total - len(tiles)
    return [*tiles, {"label": f"and {rest} more", "state": "", "note": ""}] if rest > 0 else tiles


def _thumb(picture: Path) -> bytes:
    try:
        return images.thumb(picture, THUMB)
    except PictureError:
        return b""


def show(shown: Showable) -> None:
    """Display it live in a notebook; elsewhere print its line.

    The display is replaced by plain HTML once the run has ended.
    """
    from IPython import get_ipython
    from IPython.display import display

    if getattr(get_ipython(), "kernel", None) is None:
        print(shown.progress.text())  # noqa: T201  (a terminal has nothing else to show it with)
        return
    if shown.done():
        display({"text/html": static_html(shown), "text/plain": shown.progress.text()}, raw=True)
        return
    view = LiveGrid(shown)
    name = f"mjnb-{uuid4().hex}"
    display(_bundle(view, shown), raw=True, display_id=name)
    shown.listen(_Beat(view, shown, name).strike)


def _bundle(view: LiveGrid, shown: Showable) -> dict[str, Any]:
    """Return the widget with its still picture beside it."""
    made = view._repr_mimebundle_()
    data: dict[str, Any] = dict((made[0] if isinstance(made, tuple) else made) or {})
    return {**data, "text/html": static_html(shown), "text/plain": shown.progress.text()}


class _Beat:
    """Redraws on the I/O thread, at most once a beat, and swaps in the still picture at the end."""

    def __init__(self, view: LiveGrid, shown: Showable, name: str) -> None:
        self._view, self._shown, self._name = view, shown, name
        self._due: asyncio.TimerHandle | None = None

    def strike(self, _: Any) -> None:
        """Note a change; called at every one."""
        loop = asyncio.get_running_loop()
        if self._due is not None:
            if self._due.when() <= loop.time() + _BEAT_S:
                return
            self._due.cancel()
        self._due = loop.call_later(_BEAT_S, self._draw)

    def _draw(self) -> None:
        self._due = None
        if self._shown.progress.ended:
            self._finish()
            return
        self._view.refresh()
        self._due = asyncio.get_running_loop().call_later(_TICK_S, self._draw)

    def _finish(self) -> None:
        from IPython.display import display

        still = {"text/html": static_html(self._shown), "text/plain": self._shown.progress.text()}
        display(still, raw=True, display_id=self._name, update=True)
        self._view.close()


_MARKS = {
    "success": "", "failed": "✕ failed", "refused": "✕ refused", "unknown": "? unknown", "pending": "○ queued",
    "processing": "◐ running", "submitting": "○ sending", "": "○ queued", "stopped": "– not run",
}  # fmt: skip


def static_html(shown: Showable) -> str:
    """Draw the run as it is now in plain HTML: inline styles and inline pictures only, everything escaped."""
    progress = shown.progress
    tiles = "".join(_tile(tile) for tile in shown.tiles(MOST_TILES))
    rest = progress.total - MOST_TILES
    more = f'<div style="align-self:center">and {rest} more</div>' if rest > 0 else ""
    return (
        '<div style="font-family:system-ui,sans-serif;font-size:13px">'
        f"{_bar(progress)}"
        f'<div style="margin:4px 0 12px">{html.escape(progress.text())}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:12px 8px">{tiles}{more}</div></div>'
    )


def _bar(progress: Any) -> str:
    total = max(1, progress.total)
    parts = [("#1a7f4b", progress.done), ("#b3261e", progress.failed + progress.unknown)]
    spans = "".join(
        f'<div style="width:{100 * count / total:.2f}%;background:{color};height:6px"></div>'
        for color, count in parts
    )
    return f'<div style="display:flex;background:rgba(128,128,128,.25);max-width:640px;height:6px">{spans}</div>'


def _tile(tile: Mapping[str, Any]) -> str:
    pictures = "".join(_img(images.data_uri(data)) for data in map(_thumb, tile["pictures"]) if data)
    word = "" if pictures else html.escape(_MARKS.get(tile["state"], tile["state"]))
    note = html.escape(tile["note"])
    inside = pictures or f'<span style="opacity:.75">{word}</span>'
    return (
        f'<div style="width:130px"><div title="{note}" style="display:flex;flex-wrap:wrap;gap:2px;width:130px;min-height:130px;'
        f'align-items:center;justify-content:center;background:rgba(128,128,128,.12)">{inside}</div>'
        f'<div style="font-size:11px;line-height:1.3;margin-top:4px;overflow-wrap:anywhere">{html.escape(tile["label"])}</div></div>'
    )


def _img(source: str) -> str:
    return f'<img src="{source}" alt="" style="max-width:64px;max-height:64px;margin:0;display:block">'
