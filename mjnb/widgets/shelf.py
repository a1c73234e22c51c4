"""A shelf of small pictures to choose from: the ledger's pictures for a reference, the history of a studio."""

from __future__ import annotations

import asyncio
import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb import images
from mjnb.errors import MjnbError, PictureBroken
from mjnb.jobs import Job
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Shelf"]

_STATIC = Path(__file__).parent / "static" / "forms"
_SIZE = 128  # px, twice what is drawn, for sharp screens
_SEEN = ("id", "title", "facts", "reason", "stars", "fetch", "mark", "said")


class Shelf(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """Rows or tiles to choose from, each a button with a small picture and its words.

    An item is a mapping with `id`, `title`, `facts`, `reason` (why it cannot be chosen, "" if it can), perhaps `stars`,
    `fetch` (it has a button that fetches it), `mark` (a sign on its picture, or in the place of one), `said` (an answer in
    words), and the `path` of its picture, which the page does not see.

    Args:
        title: What the shelf holds.
        pick: Called with the chosen item.
        search: Called with the text that the items shall contain; None: there is no such box.
        more: Called when more items are wanted.
        fetch: Called with the id of an item that shall be fetched.
    """

    _esm = script(_STATIC / "shelf.js")
    _css = style(_STATIC / "base.css", _STATIC / "shelf.css")
    title: Any = traitlets.Unicode("").tag(sync=True)
    items: traitlets.List[Any] = traitlets.List([]).tag(sync=True)
    searchable: Any = traitlets.Bool(False).tag(sync=True)
    has_more: Any = traitlets.Bool(False).tag(sync=True)
    empty: Any = traitlets.Unicode("").tag(sync=True)
    error: Any = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        title: str,
        pick: Callable[[Mapping[str, Any]], None],
        search: Callable[[str], Any] | None = None,
        more: Callable[[], Any] | None = None,
        fetch: Callable[[str], Any] | None = None,
    ) -> None:
        self._pick, self._search, self._more, self._fetch = pick, search, more, fetch
        self._kept: list[Mapping[str, Any]] = []
        self._asked = self._answered = 0
        super().__init__(title=title, searchable=search is not None)
        self.on_msg(self._on_message)

    def load(self, source: Callable[[], Sequence[Mapping[str, Any]]]) -> Job[None]:
        """Show what `source()` returns; it is called on a thread of its own, since it may read the disk."""
        self._asked += 1
        return Job(self._load(source, self._asked), label="reading the ledger")

    async def _load(self, source: Callable[[], Sequence[Mapping[str, Any]]], turn: int) -> None:
        try:
            found = list(await asyncio.to_thread(source))
        except MjnbError as error:
            self.error = str(error)
            return
        if (
            turn < self._answered or self.comm is None
        ):  # a later question was answered first, or nobody looks
            return
        self._kept, self._answered = found, turn
        self.items = [{name: item[name] for name in _SEEN if name in item} for item in found]
        self.empty = "" if found else "Nothing here yet."
        await self._send_pictures()

    async def _send_pictures(self) -> None:
        small = await asyncio.to_thread(_thumbs, self._kept)
        if small and self.comm is not None:
            self.send({"pictures": list(small)}, buffers=list(small.values()))

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if content == "ready":
            Job(self._send_pictures(), label="reading thumbnails")
        elif content == "more" and self._more is not None:
            self._more()
        elif isinstance(content, dict):
            self._told(content)

    def _told(self, content: Mapping[str, Any]) -> None:
        if "search" in content and self._search is not None:
            self._search(str(content["search"]))
        if "fetch" in content and self._fetch is not None:
            self._fetch(str(content["fetch"]))
        item = next((one for one in self._kept if one["id"] == content.get("pick")), None)
        if item is not None and not item.get("reason"):
            self._pick(item)

    def pick(self, item_id: str) -> None:
        """Choose an item, as a click on it does."""
        self._told({"pick": item_id})

    def still(self) -> dict[str, Any]:
        """Return the items as a list of words."""
        rows = [f"{item['title']} · {item['facts']}" for item in self.items]
        listed = "".join(f"<li>{html.escape(row)}</li>" for row in rows)
        return {"text/plain": "\n".join([self.title, *rows]), "text/html": f"<ul>{listed}</ul>"}

    def close(self) -> None:
        """Let go of the pictures and of whoever is told."""
        self._kept, self._pick = [], _nothing
        self._search = self._more = self._fetch = None
        super().close()


def _nothing(_: Any) -> None:
    """Tell nobody."""


def _thumbs(items: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """Read the items' small pictures by id; one that is missing or broken is left out."""
    found = {}
    for item in items:
        if item.get("path") is None:
            continue
        try:
            found[item["id"]] = images.thumb(item["path"], _SIZE)
        except PictureBroken:
            continue
    return found
