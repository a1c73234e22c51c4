"""A task and its pictures, as data; and the name of a cell.

Objects here hold no client: they may be pickled, kept, and shown after their session is gone.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mjnb.clips import is_clip, player
from mjnb.errors import legible
from mjnb.theme import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from mjnb.modes import Request

__all__ = ["Image", "Task", "TaskState", "as_json", "canonical", "cell_key", "money", "seconds"]


class TaskState(StrEnum):
    """Where a task is.

    `refused`: the gateway did not take it. `submitting`: the request is on its way. `unknown`: it was on its way when
    the connection or the kernel died, so it may have been charged; it is never sent again by itself.
    """

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"
    REFUSED = "refused"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in {TaskState.SUCCESS, TaskState.FAILED, TaskState.REFUSED}

    @property
    def is_running(self) -> bool:
        """Whether the gateway has it and is at work."""
        return self in {TaskState.PENDING, TaskState.PROCESSING}


@dataclass(frozen=True, slots=True)
class Image:
    """One picture of a task: `index` from 0, its URL at the gateway, and the file it was kept in.

    `bytes` and `sha256` (hex) are of that file as it was written; 0 and "" where there is none.
    """

    index: int
    url: str
    path: Path | None = None
    thumb: Path | None = None
    width: int = 0
    height: int = 0
    bytes: int = 0
    sha256: str = ""

    def __repr__(self) -> str:
        """Show what it is without the machine's own paths, since notebooks are shared."""
        size = f" {self.width} × {self.height}" if self.width else ""
        return f"<Image {self.index}{size}{f' {self.path.name}' if self.path else ' not downloaded'}>"

    def _repr_html_(self) -> str:
        return _img(self, 256) or "<i>not downloaded</i>"


@dataclass(frozen=True, slots=True, repr=False)
class Task:
    """One task at a gateway. Times are UTC, `cost_time_s` is the gateway's own figure in seconds.

    `texts` are the answer where it is text (describe, shorten, translate, seed). While it runs `progress` is 0 to 100 and
    `preview` the URL of an unfinished picture, which will be gone soon; both where the gateway tells.

    `request` is what was asked for, with the gateway's defaults filled in where the ledger knows them. `row` is the
    task's own row in the ledger ("" outside one), `price_micro` the price in millionths of a US dollar, None if unknown.
    """

    id: str
    gateway: str
    simulated: bool
    request: Request | None
    state: TaskState
    images: tuple[Image, ...] = ()
    created: datetime | None = None
    completed: datetime | None = None
    cost_time_s: float | None = None
    price_micro: int | None = None
    fail_code: str = ""
    fail_msg: str = ""
    expires: datetime | None = None
    row: str = ""
    texts: tuple[str, ...] = ()
    progress: int | None = None
    preview: str = ""

    @property
    def text(self) -> str:
        """The answer of a mode whose answer is text, a line each."""
        return "\n".join(self.texts)

    @property
    def price_usd(self) -> float | None:
        """The price in US dollars, None if it is not known."""
        return None if self.price_micro is None else self.price_micro / 1e6

    def replace(self, **changes: Any) -> Task:
        """Return a copy with other values."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        """Show the facts in one line; the fields have the rest."""
        word = "clip" if any(image.path and is_clip(image.path) for image in self.images) else "picture"
        answer = _count(len(self.images), word) + _count(len(self.texts), "text")
        prompt = str(getattr(self.request, "prompt", "") or "")
        short = f", {prompt[:40] + ('…' if len(prompt) > 40 else '')!r}" if prompt else ""  # noqa: PLR2004  (a line)
        return f"<Task {' · '.join(self._facts())}{short}{answer}>"

    def _repr_html_(self) -> str:
        """Draw the task: one line of facts over its words, its pictures or its clips to be played, everything from outside escaped."""
        prompt = html.escape(str(getattr(self.request, "prompt", "") or ""))
        facts = " · ".join(html.escape(fact) for fact in self._facts())
        pictures = "".join(_img(image, 192) for image in self.images)
        texts = "".join(f"<li>{html.escape(text)}</li>" for text in self.texts)
        answer = f'<ul style="margin:4px 0;padding-left:20px">{texts}</ul>' if texts else ""
        note = (
            f"<div>{html.escape(f'{self.fail_code} {self.fail_msg}'.strip())}</div>"
            if self.fail_code
            else ""
        )
        return in_words(
            f'<div style="font-family:system-ui,sans-serif"><div style="font-weight:600">{prompt}</div>'
            f'<div style="opacity:.75;font-size:90%;margin:4px 0">{facts}</div>{note}{answer}<div>{pictures}</div></div>'
        )

    def _facts(self) -> list[str]:
        mode = str(getattr(self.request, "mode", "") or "task")
        facts = [mode, self.state.value]
        facts += [seconds(self.cost_time_s)] if self.cost_time_s is not None else []
        facts += [money(self.price_micro) if self.price_micro is not None else "price unknown"]
        return [*facts, legible(self.id), *(["simulated"] if self.simulated else [])]


def _count(many: int, word: str) -> str:
    return f", {many} {word}{'s' if many > 1 else ''}" if many else ""


def _img(image: Image, size: int) -> str:
    """Inline the stored thumbnail; style only as attributes, since notebooks strip the rest."""
    if image.path is not None and is_clip(image.path):
        return player(image.path, image.thumb, image.index, size)
    if image.thumb is None or not image.thumb.exists():
        return ""
    data = base64.b64encode(image.thumb.read_bytes()).decode()
    return f'<img src="data:image/webp;base64,{data}" alt="picture {image.index}" style="max-width:{size}px;margin:0 2px 2px 0">'


def seconds(value: float) -> str:
    """Write a duration as a person reads it.

    >>> seconds(38.21), seconds(250)
    ('38.2 s', '4 min 10 s')
    """
    if round(value, 1) < 60:  # noqa: PLR2004  (a minute)
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def money(micro: int | None) -> str:
    """Write millionths of a dollar with two to four decimals; None is `unknown`, never zero.

    >>> money(1_800_000), money(45_040), money(None)
    ('$1.80', '$0.045', 'unknown')
    """
    if micro is None:
        return "unknown"
    text = f"{micro / 1e6:.4f}"
    return "$" + text[:-2] + text[-2:].rstrip("0")


def canonical(value: Any) -> str:
    """Write a value as JSON that is the same for equal values: sorted keys, no blanks, tuples as lists."""
    return _writable(
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    )


def as_json(value: Any) -> str:
    """Write a value as JSON in the order it has, for people to read."""
    return _writable(json.dumps(value, ensure_ascii=False, default=_plain))


def _writable(text: str) -> str:
    """Replace halves of surrogate pairs, which a gateway's JSON can carry and no file or database can."""
    return text.encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.given() if hasattr(value, "given") else value.model_dump(exclude_none=True)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def cell_key(gateway: str, mode: str, held: Mapping[str, Any], *, repeat: int = 0, take: int = 1) -> str:
    """Name a cell by everything that decides its pictures, never by its place in a sweep.

    Args:
        gateway: The dialect's name.
        mode: The request's mode.
        held: The request's fields with the gateway's defaults filled in.
        repeat: Which of several equal tasks, from 0.
        take: Which asking of the whole, from 1.

    Returns:
        `"k1:"` and 32 hex digits; the tag changes if the recipe ever does.

    >>> cell_key("apixo", "text-to-image", {"prompt": "a fox"})[:3]
    'k1:'
    """
    text = canonical([gateway, mode, dict(held), repeat, take])
    return "k1:" + hashlib.sha256(text.encode()).hexdigest()[:32]
