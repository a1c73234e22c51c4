"""A finished task on the page: its pictures, what came before it, and what can be done with each of them."""

from __future__ import annotations

import asyncio
import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb import images
from mjnb.clips import MIME, is_clip
from mjnb.errors import InvalidRequest, MjnbError, PictureBroken
from mjnb.jobs import Job
from mjnb.tasks import money, seconds
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills
from mjnb.widgets.followups import Action, actions, lineage, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session
    from mjnb.tasks import Image, Task

__all__ = ["Result", "Seen", "look", "read_clip"]

_STATIC = Path(__file__).parent / "static" / "forms"
_LARGE = 1536  # px, long side
_STILL = 192
_MOST_STARS = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """A task with everything that its view needs from the disk; `clips` are the lengths of its clips in bytes, 0 for a picture."""

    task: Task
    line: tuple[Task, ...]
    thumbs: tuple[bytes, ...]
    stars: int
    actions: tuple[Action, ...]
    clips: tuple[int, ...] = ()


def look(session: Session, task: Task) -> Seen:
    """Read what a task's view needs; touches the disk, so not on a loop.

    Raises:
        StoreError: The ledger cannot be read.
    """
    return Seen(
        task=task,
        line=tuple(lineage(session, task)),
        thumbs=tuple(_small(image) for image in task.images),
        stars=session.stars().get(task.id, 0),
        actions=tuple(actions(session, task)),
        clips=tuple(_length(image) for image in task.images),
    )


def _length(image: Image) -> int:
    """Return how many bytes a clip has, 0 for a picture, and for a clip that is not there."""
    if image.path is None or not is_clip(image.path):
        return 0
    try:
        return image.path.stat().st_size
    except OSError:
        return 0


def _small(image: Image, size: int = images.THUMB) -> bytes:
    """Read a small copy of a picture; one that is not there is no bytes."""
    if image.path is None:
        return b""
    try:
        return images.thumb(image.path, size)
    except PictureBroken:
        return b""


class Result(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """The view of one finished task.

    Args:
        session: Reads and writes the ledger.
        seen: The task, looked at.
        act: Called with an action and the picture's index when one is pressed.
        walk: Called with a task id when an ancestor is pressed.
    """

    _esm = script(_STATIC / "result.js")
    _css = style(_STATIC / "base.css", _STATIC / "result.css")
    facts: traitlets.Dict[str, Any] = traitlets.Dict({}).tag(sync=True)
    stars: Any = traitlets.Int(0).tag(sync=True)
    busy: Any = traitlets.Bool(False).tag(sync=True)
    error: Any = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        session: Session,
        seen: Seen,
        act: Callable[[Action, int], None],
        walk: Callable[[str], None],
    ) -> None:
        self._session, self._seen, self._act, self._walk = session, seen, act, walk
        self.task = seen.task
        super().__init__(facts=_facts(seen), stars=seen.stars)
        self.on_msg(self._on_message)

    @property
    def actions(self) -> dict[str, Action]:
        """What can be done, by name: `"upscale 2x"`, `"vary subtle"`, `"reroll"` and so on."""
        return {one.name: one for one in self._seen.actions}

    def press(self, name: str, index: int = 0) -> None:
        """Do one of `actions` with picture (or text) `index`, as its button does.

        Raises:
            InvalidRequest: There is no such action, or no such picture, or the task does not offer it.
        """
        if name not in self.actions:
            raise InvalidRequest.unknown_name(name, "what can be done here", self.actions)
        most = len(self.task.images or self.task.texts)
        if not 0 <= index < most:
            raise InvalidRequest("index", index, f"0 to {most - 1}")
        if reason := self.actions[name].reason(index):
            raise InvalidRequest("press", name, reason.rstrip("."))
        self._act(self.actions[name], index)

    def rate(self, stars: int) -> Job[None]:
        """Give the task 0 to 5 stars, written down in the ledger."""
        return Job(self._rate(stars), label="writing stars")

    async def _rate(self, stars: int) -> None:
        try:
            await asyncio.to_thread(self._session.star, self.task, stars)
        except MjnbError as error:
            self.error = str(error)
            return
        self.error, self.stars = "", stars

    def focus(self) -> None:
        """Bring the view into sight and put the keyboard there."""
        self.send({"focus": True})

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if content == "ready":
            self.send({"pictures": len(self._seen.thumbs)}, buffers=list(self._seen.thumbs))
        elif isinstance(content, dict):
            try:
                self._told(content)
            except MjnbError as error:
                self.error = str(error)

    def _told(self, content: dict[str, Any]) -> None:
        if "press" in content:
            self.press(str(content["press"]), _whole(content.get("index")))
        elif "stars" in content:
            self.rate(_whole(content["stars"]))
        elif "walk" in content:
            self._walk(str(content["walk"]))
        elif "large" in content:
            Job(self._send_large(_whole(content["large"])), label="reading a picture")
        elif "clip" in content:
            Job(self._send_clip(_whole(content["clip"])), label="reading a clip")

    async def _send_large(self, index: int) -> None:
        if not 0 <= index < len(self.task.images):
            return
        data = await asyncio.to_thread(_bounded, self.task.images[index])
        if data and self.comm is not None:
            self.send({"large": index}, buffers=[data])

    async def _send_clip(self, index: int) -> None:
        """Send a clip's bytes, which a page asks for when somebody presses play."""
        if not 0 <= index < len(self.task.images):
            return
        try:
            kind, data = await asyncio.to_thread(read_clip, self.task.images[index])
        except (OSError, PictureBroken) as error:
            self.error = f"Clip {index} cannot be played: {error}"
            return
        if self.comm is not None:
            self.send({"clip": index, "type": kind}, buffers=[data])

    def still(self) -> dict[str, Any]:
        """Return the facts, the answer where it is text, and the thumbnails inline."""
        facts = f"{self.facts['title']}: {self.facts['line']}"
        pictures = "".join(_inline(image) for image in self.task.images)
        texts = "".join(f"<li>{html.escape(text)}</li>" for text in self.task.texts)
        answer = f"<ul>{texts}</ul>" if texts else ""
        return {
            "text/plain": "\n".join([facts, *self.task.texts]),
            "text/html": f"<div>{html.escape(facts)}</div>{answer}<div>{pictures}</div>",
        }

    def close(self) -> None:
        """Let go of the session and of whoever is told."""
        self._act, self._walk = _nothing, _nothing
        super().close()


def _nothing(*_: Any) -> None:
    """Tell nobody."""


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def read_clip(image: Image) -> tuple[str, bytes]:
    """Return a clip's media type and its bytes.

    Raises:
        PictureBroken: It is no clip, or larger than anything that is sent to a page.
        OSError: It cannot be read.
    """
    if image.path is None or not is_clip(image.path):
        raise PictureBroken("it is no clip")
    if image.path.stat().st_size > images.MAX_BYTES:
        raise PictureBroken(
            f"it is larger than {images.MAX_BYTES // 1_000_000} MB; its file is {image.path.name}"
        )
    return MIME[image.path.suffix.lstrip(".").lower()], image.path.read_bytes()


def _bounded(image: Image) -> bytes:
    """Read a picture for looking at it in large."""
    return _small(image, _LARGE)


def _inline(image: Image) -> str:
    small = _small(image, _STILL)
    if not small:
        return ""
    what = "clip" if _is_clip(image) else "picture"
    shown = (
        f'<img src="{images.data_uri(small)}" alt="{what} {image.index}" '
        f'style="max-width:{_STILL}px;margin:0 2px 2px 0">'
    )
    return shown if what == "picture" else f"<span>{shown} ▶ clip</span>"


def _facts(seen: Seen) -> dict[str, Any]:
    task = seen.task
    given = task.request.given() if task.request is not None else {}
    oldest = next((one for one in seen.line if getattr(one.request, "prompt", None)), None)
    title = given.get("prompt") or (getattr(oldest.request, "prompt", None) if oldest else None)
    return {
        "id": task.id,
        "title": str(title or step(task.request)),
        "line": " · ".join(_line(task)),
        "simulated": task.simulated,
        "sizes": [[image.width or 1, image.height or 1] for image in task.images],
        "path": [{"id": one.id, "label": step(one.request)} for one in seen.line],
        "actions": [one.seen() for one in seen.actions],
        "most_stars": _MOST_STARS,
        "clips": [
            _clip_words(length, image) if _is_clip(image) else ""
            for length, image in zip(seen.clips, task.images, strict=False)
        ],
        "texts": list(task.texts),
    }


def _is_clip(image: Image) -> bool:
    return image.path is not None and is_clip(image.path)


def _clip_words(length: int, image: Image) -> str:
    size = f"{image.width} × {image.height} · " if image.width else ""
    return f"{size}{image.path.suffix.lstrip('.') if image.path else ''} · {length / 1e6:.1f} MB"


def _line(task: Task) -> list[str]:
    size = (
        f"{task.images[0].width} × {task.images[0].height}" if task.images and task.images[0].width else ""
    )
    cost = seconds(task.cost_time_s) if task.cost_time_s is not None else ""
    price = money(task.price_micro) if task.price_micro is not None else "price unknown"
    return [word for word in (size, cost, price, task.id, "simulated" if task.simulated else "") if word]
