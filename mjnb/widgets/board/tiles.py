"""One tile of a board: what is known of it, and how it is written for the page."""

from __future__ import annotations

import json
import math
import numbers
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mjnb import clips, images
from mjnb import frame as frames
from mjnb.errors import InvalidRequest, PictureError
from mjnb.modes import Describe, SeedOf, Shorten, Translate, Video
from mjnb.rows import row as row_of
from mjnb.tasks import Image, TaskState
from mjnb.views.still import Word, word
from mjnb.widgets.files import handed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.store import Entry

__all__ = [
    "QUEUED",
    "SPEAKING",
    "Tile",
    "as_records",
    "blank_row",
    "is_true",
    "number_of",
    "of_frame",
    "text_of",
]

QUEUED = (
    "queued"  # how the state "" of a cell that has no row yet is called where it is sorted and filtered by
)
_KNOWN_LATER = (
    "state", "task_id", "cost_time_s", "queue_time_s", "lag_s", "price_usd", "images", "urls", "texts", "expires", "fail_code",
    "fail_msg", "created",
)  # fmt: skip
SPEAKING = frozenset(one.mode for one in (Describe, SeedOf, Shorten, Translate))
"""Modes whose answer is text."""
_NOTHING = frames.label(None)
_FOUR = 4  # pictures of a task, but for an upscale


@dataclass(slots=True, eq=False)
class Tile:
    """A task on the board: its row as in the frame, and what no row has.

    `pictures` are files by number, `missing` the numbers of those that cannot be read, `since_s` gateway seconds after the board began, `span_s` how long it is expected to
    take in gateway seconds, `progress` how far the gateway says that it is, 0 to 100. `over` means that nobody waits for it, so
    that a running state is what was left.
    """

    id: int
    row: dict[str, Any]
    pictures: dict[int, Path] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    request: Request | None = None
    before: bool = False
    since_s: float | None = None
    span_s: float = 0.0
    progress: int | None = None
    parent: int | None = None
    said: str = ""
    note: str = ""
    stars: int = 0
    shape: tuple[float, float] = (1, 1)
    over: bool = True
    entry: Entry | None = None

    @property
    def task_id(self) -> str:
        """The gateway's id, "" before there is one."""
        return text_of(self.row.get("task_id"))

    @property
    def mode(self) -> str:
        """The mode of its request."""
        return text_of(self.row.get("mode"))

    @property
    def texts(self) -> list[str]:
        """The answer of a task whose answer is text."""
        return frames.paths(self.row.get("texts"))

    @property
    def kind(self) -> str:
        """What it has, or will have: `"pictures"`, `"clips"` or `"texts"`."""
        if self.texts or self.mode in SPEAKING:
            return "texts"
        moves = (
            any(map(clips.is_clip, self.pictures.values())) if self.pictures else self.mode == Video.mode
        )
        return "clips" if moves else "pictures"

    def handed(self, session: Session, picture: int) -> Any:
        """Return how one of its pictures is handed over to the gateway.

        Raises:
            InvalidRequest: It cannot be.
        """
        links = dict(enumerate(frames.paths(self.row.get("urls"))))
        if picture not in links:
            raise InvalidRequest("picture", picture, "a picture that the gateway has an address of")
        return handed(session, Image(picture, links[picture], self.pictures.get(picture)))

    @property
    def is_simulated(self) -> bool:
        """Whether nothing of it is real."""
        return is_true(self.row.get("simulated"))

    @property
    def is_whole(self) -> bool:
        """Whether it has succeeded, and has all its pictures."""
        links = len(frames.paths(self.row.get("urls")))
        return text_of(self.row.get("state")) == TaskState.SUCCESS.value and len(self.pictures) >= links

    def take(self, entry: Entry) -> None:
        """Take over what the ledger has of it now; its place on the axes stays."""
        raw = row_of(entry)
        self.row |= {name: raw[name] for name in ("cell", *_KNOWN_LATER)}
        self.pictures = {image.index: image.path for image in entry.images if image.path}
        self.entry, self.progress = entry, entry.progress

    def wire(self, names: Sequence[str], numbers: Sequence[str], pace: float) -> dict[str, Any]:
        """Write it for the page: labels of these columns, numbers of those; `pace` is gateway seconds a second."""
        state = text_of(self.row.get("state"))
        said = self._lacking() or word(self._shown(), ended=self.over)
        return {
            "id": self.id,
            "labels": {name: label for name in names if (label := self.label(name)) != _NOTHING or self.parent is None},
            "numbers": {name: value for name in numbers if (value := self.number(name)) is not None},
            "state": state, "mark": said.mark, "word": said.word, "note": self.reason(), "before": self.before,
            "since": None if self.since_s is None or self.over else round(self.since_s, 1),
            "span": round(self.span_s / pace, 2),
            "progress": self.progress if TaskState.PROCESSING.value == state and not self.over else None,
            "aspect": list(self.shape), "kind": self.kind, "count": self._count(), "texts": self.texts,
            "parent": self.parent, "said": self.said,
            "prompt": text_of(self.row.get("prompt")), "task": self.task_id,
            "simulated": self.is_simulated, "stars": self.stars,
        }  # fmt: skip

    def label(self, name: str) -> str:
        """Write its value of a column."""
        value = self.row.get(name)
        if name == "state":
            return text_of(value) or QUEUED
        return _moment(value) if name == "created" else frames.label(value)

    def number(self, name: str) -> float | None:
        """Return its value of a measured column, None if there is none."""
        if name == "stars":
            return self.stars
        return number_of(self.row.get(name))

    def reason(self) -> str:
        """Say why it failed, or what is wrong with it; pictures that are yet to come are not."""
        if not self.over and text_of(self.row.get("state")) == TaskState.SUCCESS.value:
            return self.note
        parts = (text_of(self.row.get(name)) for name in ("fail_code", "fail_msg"))
        return self.note or " ".join(filter(None, parts))

    def _shown(self) -> dict[str, Any]:
        return {"state": text_of(self.row.get("state")), "pictures": self.pictures, "texts": self.texts}

    def _lacking(self) -> Word | None:
        """Name pictures that ought to be on disk and cannot be read."""
        many, thing = len(self.missing), self.kind.removesuffix("s")
        return Word("!", f"{thing} missing" if many == 1 else f"{many} {thing}s missing") if many else None

    def _count(self) -> int:
        links = len(frames.paths(self.row.get("urls")))
        if self.kind == "texts":
            return 0
        return max(links, len(self.pictures)) or (1 if self.mode == "upscale" else _FOUR)


def text_of(value: object) -> str:
    """Write a value of a row as text, "" for nothing."""
    return "" if frames.is_empty_value(value) else str(value)


def number_of(value: Any) -> float | None:
    """Read a value of a row as a number, None where it is none that could be drawn or sorted by.

    >>> [number_of(v) for v in (3, "3.5", "$0.10", float("inf"), None)]
    [3.0, 3.5, None, None, None]
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def is_true(value: object) -> bool:
    """Read a truth of a row, as a file may have left it.

    >>> [is_true(v) for v in (True, "True", 1.0, "False", None)]
    [True, True, True, False, False]
    """
    return text_of(value).lower() in {"true", "1", "1.0"}


def _moment(value: Any) -> str:
    if frames.is_empty_value(value) or isinstance(value, str):  # a table that was read without its types
        return frames.label(value)
    seconds = number_of(value)
    when = datetime.fromtimestamp(seconds, UTC) if seconds is not None else value
    return str(when.strftime("%Y-%m-%d %H:%M:%S")) if hasattr(when, "strftime") else str(when)


def _readable(value: Any) -> Any:
    """Make a value of anybody's column one that has a label; what holds many numbers, say an embedding, is nothing."""
    if value is None or isinstance(value, str | numbers.Number) or hasattr(value, "strftime"):
        return value
    if type(value).__name__ in {"bool_", "bool", "NAType"}:
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    return None if hasattr(value, "__len__") or hasattr(value, "__array__") else str(value)


def blank_row(session: Session, request: Request, **known: Any) -> dict[str, Any]:
    """Return the row of a task that has not been sent: everything that will hold, and nothing that came of it."""
    empty = dict.fromkeys((*frames.TAIL, "cell"))
    fixed = {"repeat": 0, "take": 1, "mode": request.mode, "gateway": session.gateway}
    return {**session.dialect.held(request), **empty, **fixed, "simulated": session.simulated, **known}


def as_records(rows: Iterable[Mapping[str, Any]], axes: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Bring rows into the form that they have in a frame."""
    return [{str(k): v for k, v in one.items()} for one in frames.build(rows, axes).to_dict("records")]


def of_frame(frame: pd.DataFrame) -> list[Tile]:
    """Make one tile a row, numbered by their places; the ones made from others know their parents."""
    records = [
        {str(name): _value(name, value) for name, value in one.items()} for one in frame.to_dict("records")
    ]
    files = _files(frame)
    tiles = [
        Tile(at, record, files.get(at, {}), stars=_stars(record.get("stars")))
        for at, record in enumerate(records)
    ]
    by_task = {tile.task_id: tile for tile in tiles if tile.task_id}
    for tile in tiles:
        parent = by_task.get(text_of(tile.row.get("parent")))
        tile.parent = parent.id if parent is not None and parent is not tile else None
    for tile in tiles:
        tile.shape = _shape(tile, tiles)
    return tiles


def _files(frame: pd.DataFrame) -> dict[int, dict[int, Path]]:
    """Find the pictures of each row by their numbers, since one of four may be missing."""
    links = frame["urls"].tolist() if "urls" in frame else [[]] * len(frame)
    plain = frame[["images"]].reset_index(drop=True).assign(urls=links, at=range(len(frame)))
    found: dict[int, dict[int, Path]] = {}
    table = frames.pictures(plain)
    for at, number, file in zip(table["at"], table["picture"], table["image"], strict=True):
        found.setdefault(int(at), {})[int(number)] = Path(file)
    return found


def _value(name: object, value: Any) -> Any:
    return value if name in {"images", "urls", "texts"} else _readable(value)


def _stars(value: object) -> int:
    return max(0, min(5, int(number_of(value) or 0)))


def _shape(tile: Tile, tiles: Sequence[Tile]) -> tuple[float, float]:
    """Find the shape of its pictures: its canvas, its own aspect, its parent's, or a picture's."""
    known = shape_of(tile.row)
    if known is not None:
        return known
    if tile.parent is not None:
        return shape_of(tiles[tile.parent].row) or (1, 1)
    try:
        return images.measure(next(iter(tile.pictures.values()))) if tile.pictures else (1, 1)
    except PictureError:
        return (1, 1)


def shape_of(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """Read the shape that a row asks for, None if it leaves it open.

    >>> shape_of({"aspect": "16:9"}), shape_of({"aspect": None})
    ((16.0, 9.0), None)
    """
    try:
        canvas = json.loads(text_of(row.get("canvas")) or "{}")
        wide, _, high = text_of(row.get("aspect")).partition(":")
        shape = (canvas["width"], canvas["height"]) if canvas else (float(wide), float(high))
    except (ValueError, KeyError, TypeError):
        return None
    return shape if min(shape) > 0 else None
