"""Pictures and tasks named in a request: by URL, or taken from the ledger, as long as the gateway still has them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.clips import is_clip
from mjnb.errors import InvalidRequest, MjnbError, StoreError
from mjnb.jobs import Job
from mjnb.tasks import Image, TaskState
from mjnb.widgets.field import FieldControl
from mjnb.widgets.files import handed, small_copies, take_in
from mjnb.widgets.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.fields import Rule
    from mjnb.session import Session
    from mjnb.store import Entry

__all__ = ["LinksControl", "NameControl", "finished", "left"]

_LATEST = 24
_DAY_S = 86_400.0
_FOR_EVER_S = 1e6 * _DAY_S
_SHORT = 60


def finished(session: Session, limit: int | None = None) -> list[Entry]:
    """Return the ledger's tasks that have pictures, latest first; reads the disk."""
    entries = [entry for entry in session.store.all() if entry.state is TaskState.SUCCESS and entry.urls]
    return entries[::-1][:limit]


def left(session: Session, entry: Entry) -> float | None:
    """Return for how many more seconds a task's pictures are at the gateway, None if that is not known."""
    return None if entry.expires is None else entry.expires - session.clock.epoch()


class LinksControl(FieldControl):
    """A list of pictures: by URL, picked from the ledger, or files of this computer where the gateway takes such.

    Pictures of the gateway's own die there after some days: what is left of that is said, and an expired one is refused
    before anything is sent.
    """

    def __init__(self, name: str, rule: Rule, spec: Mapping[str, Any], session: Session) -> None:
        super().__init__(name, rule, {**spec, **_ways(session)})
        self._session = session
        self._expiry: dict[str, float | None] = {}
        self._shown: dict[str, bytes] = {}
        self._field = self.widget
        self.shelf = Shelf("Pictures of earlier tasks, latest first", pick=self._pick)
        self.shelf.layout.display = "none"
        self.widget = ipywidgets.VBox([self._field, self.shelf])
        self._field.on_msg(self._on_message)
        self._field.observe(self._on_value, "value")

    @property
    def field(self) -> Any:
        """The widget of the list itself."""
        return self._field

    @property
    def value(self) -> Any:
        """The URLs (and the names of files), None if there are none."""
        return list(self._field.value) if self._field.value else None

    @value.setter
    def value(self, value: Any) -> None:
        """Take URLs, paths, or pictures of earlier tasks, as `session.imagine` does."""
        several = [value] if isinstance(value, str | Image | Path) else value
        if isinstance(several, list | tuple):
            several = [handed(self._session, one) for one in several]
        self._field.value = self._spelled(several)

    def joined(self, more: Any) -> list[Any]:
        """Return the list with more at its end, each once; where only one is taken, that is the new one."""
        have = [] if getattr(self.rule, "high", None) == 1 else list(self.value or ())
        more = self._spelled([handed(self._session, one) for one in more])
        return [*have, *(one for one in more if one not in have)]

    def focus(self) -> None:
        """Bring the keyboard to the list."""
        self._field.wanted = False
        self._field.wanted = True

    def observe(self, call: Callable[[Any], None]) -> None:
        """Call `call(change)` whenever the list changes."""
        self._field.observe(call, "value")

    def grey(self, reason: str) -> None:
        """Say why the field cannot be used."""
        self._field.grey = reason

    def complain(self, path: str, text: str) -> None:
        """Show what is wrong."""
        del path
        self._field.error = text

    def problem(self) -> InvalidRequest | None:
        """Return the refusal of a picture that is no longer at the gateway."""
        now = self._session.clock.epoch()
        for i, url in enumerate(self.value or ()):
            expires = self._expiry.get(url) if isinstance(url, str) else None
            if expires is not None and expires <= now:
                gone = datetime.fromtimestamp(expires, UTC).strftime("%d %B %Y")
                allowed = f"a picture that {self._session.dialect.title} still has; this one was removed on {gone}"
                return InvalidRequest(f"{self.name}[{i}]", url, allowed, hint="Use a newer one.")
        return None

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        if content == "ledger":
            self.open()
        elif content == "ready":
            self._send_thumbs()
        elif isinstance(content, dict) and "file" in content and buffers:
            self.upload(str(content["file"]), bytes(buffers[0]))

    def upload(self, name: str, data: bytes) -> Job[None]:
        """Take in a file of this computer: it is kept in the session's store, and handed over when the request is sent.

        Args:
            name: What it is called there, for what is said of it.
            data: A JPEG, PNG or WebP of at most 10 MB; anything else is refused at the field.
        """
        return Job(self._upload(name, data), label="taking a file")

    async def _upload(self, name: str, data: bytes) -> None:
        try:
            local = await asyncio.to_thread(take_in, self._session, self.name, name, data)
        except (MjnbError, OSError) as error:
            self._field.error = str(error)
            return
        self._field.error = ""
        self._field.value = self.joined([local])

    def open(self) -> None:
        """Show or hide the pictures of the ledger."""
        if self.shelf.layout.display != "none":
            self.shelf.layout.display = "none"
            return
        self.shelf.layout.display = ""
        self.shelf.load(lambda: _items(self._session))

    def _pick(self, item: Mapping[str, Any]) -> None:
        """Take one picture in; a list of exactly one is replaced."""
        self._field.value = self.joined([item["url"]])
        self.shelf.layout.display = "none"

    def _on_value(self, _: Any) -> None:
        try:
            self._learn()
        except StoreError as error:
            self._field.note = str(error)
        self._send_thumbs()

    def _learn(self) -> None:
        """Look up when the pictures in the list die at the gateway, and say it."""
        urls = [url for url in self._field.value or () if isinstance(url, str)]
        if any(url not in self._expiry for url in urls):
            known = {url: entry.expires for entry in self._session.store.all() for url in entry.urls}
            self._expiry |= {url: known.get(url) for url in urls}
        now, title = self._session.clock.epoch(), self._session.dialect.title
        spans = [
            expires - now
            for url in urls
            if (expires := self._expiry.get(url)) is not None and expires > now
        ]
        self._field.note = (
            f"From the ledger: {title} keeps it for {_span(min(spans))} more." if spans else ""
        )

    def _send_thumbs(self) -> None:
        urls = [url for url in self._field.value or () if isinstance(url, str)]
        if urls:
            Job(self._show(urls), label="reading thumbnails")

    async def _show(self, urls: list[str]) -> None:
        """Send the page small copies of what lies on this machine; it fetches nothing by itself."""
        wanted = [url for url in urls if url not in self._shown]
        self._shown |= await asyncio.to_thread(small_copies, self._session, wanted)
        known = {url: self._shown[url] for url in urls if self._shown.get(url)}
        if known and self._field.comm is not None:
            self._field.send({"thumbs": list(known)}, buffers=list(known.values()))


def _span(left_s: float) -> str:
    days = left_s / _DAY_S
    return f"{days:.0f} days" if days >= 2 else f"{max(1, round(left_s / 3600))} hours"  # noqa: PLR2004


def _ways(session: Session) -> dict[str, Any]:
    """Say in which ways this gateway takes pictures, and what the others lack."""
    title, ways = session.dialect.title, session.dialect.references
    life = session.dialect.url_life_s
    only = f"{title} fetches pictures by URL alone; put the file on the web first."
    return {
        "upload": "" if {"base64", "upload"} & set(ways) else only,
        "ledger": "" if "url" in ways else f"{title} does not fetch pictures by URL.",
        "tip": f"{title} removes its own pictures {_span(life)} after they were made."
        if life < _FOR_EVER_S
        else "",
    }


def _items(session: Session) -> list[dict[str, Any]]:
    """Describe the pictures of the latest tasks for the shelf; expired ones cannot be picked."""
    return [item for entry in finished(session, _LATEST) for item in _pictures(session, entry)]


def _pictures(session: Session, entry: Entry) -> list[dict[str, Any]]:
    span = left(session, entry)
    gone = span is not None and span <= 0
    title = str(entry.held.get("prompt") or entry.mode)[:_SHORT]
    facts = "expired at the gateway" if gone else f"{_span(span)} left" if span is not None else ""
    found = []
    for image in entry.images:
        if image.path is not None and is_clip(image.path):
            continue
        try:
            url, why = handed(session, image), ""
        except InvalidRequest as error:
            url, why = image.url, str(error)
        found.append(
            {
                "id": f"{entry.task_id}/{image.index}", "title": f"{title}, picture {image.index}", "facts": facts,
                "reason": why or (facts if gone and not isinstance(url, Path) else ""), "path": image.path, "url": url,
            }
        )  # fmt: skip
    return found


class NameControl(FieldControl):
    """The id of an earlier task: one of the ledger's, or any that is typed."""

    def __init__(self, name: str, rule: Rule, spec: Mapping[str, Any], session: Session) -> None:
        super().__init__(name, rule, spec)
        self._session = session
        self.widget.on_msg(self._on_message)
        self.refresh()

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if content == "ledger":
            self.refresh()

    def refresh(self) -> None:
        """Read the ledger's latest tasks anew."""
        try:
            entries = finished(self._session, _LATEST)
        except StoreError as error:
            self.widget.note = str(error)
            return
        self.widget.options = [{"value": entry.task_id, "label": _told(entry)} for entry in entries]


def _told(entry: Entry) -> str:
    when = entry.created if entry.created is not None else entry.submitted
    is_told = when is not None and not entry.simulated  # a simulated clock runs ahead of everybody's
    clock = datetime.fromtimestamp(when or 0, UTC).astimezone().strftime("%d %b %H:%M") if is_told else ""
    prompt = str(entry.held.get("prompt") or entry.mode)
    return " · ".join(filter(None, (prompt[:_SHORT], entry.mode, clock)))
