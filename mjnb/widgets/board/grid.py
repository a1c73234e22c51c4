"""The one widget that draws a whole board, and what has been sent to its page."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb import clips, images
from mjnb.errors import PictureError
from mjnb.views.assets import script, style
from mjnb.views.still import thumb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mjnb.widgets.board.tiles import Tile

__all__ = ["Grid", "Outbox", "large"]

_STATIC = Path(__file__).parent.parent / "static" / "board"
_THUMB, _LARGE = 192, 1536  # px, the long side
_BATCH = 32  # thumbnails in one message
_LONGEST = 64_000_000  # bytes of a clip that travels to a page; a longer one is played from its file


class Grid(anywidget.AnyWidget):
    """Everything that is seen of a board. Words are traits; tiles and pictures travel as messages, each once.

    A page may speak before there is anybody to answer (where the kernel hears it in another thread): what it says is
    kept until `answer_with`. A message with a `token` is done once, however often it comes, and acknowledged each time.
    """

    # Text, not paths: of a path anywidget keeps every instance alive for as long as the kernel.
    _esm = script(_STATIC / "board.js")
    _css = style(_STATIC / "hosts.css", _STATIC / "board.css")
    facts: traitlets.Dict[str, Any] = traitlets.Dict({}).tag(sync=True)
    columns: traitlets.List[Any] = traitlets.List([]).tag(sync=True)
    view: traitlets.Dict[str, Any] = traitlets.Dict({}).tag(sync=True)
    selected: traitlets.List[Any] = traitlets.List([]).tag(sync=True)
    offers: traitlets.List[Any] = traitlets.List([]).tag(sync=True)
    trouble = traitlets.Unicode("").tag(sync=True)
    notice = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._answer: Callable[[Mapping[str, Any]], None] | None = None
        self._early: list[Any] = []
        self._lock, self._tokens = threading.Lock(), set[str]()
        self.on_msg(self._receive)
        super().__init__(**traits)

    def answer_with(self, answer: Callable[[Mapping[str, Any]], None]) -> None:
        """Have `answer` called with what the page sends, in whichever thread that arrives; what it raises is shown."""
        with self._lock:
            self._answer, early, self._early = answer, self._early, []
        for content in early:
            self._receive(self, content, [])

    def _receive(self, _: Any, content: Any, __: Any) -> None:
        with self._lock:
            answer = self._answer
            if answer is None:
                self._early.append(content)
                return
        token = content.get("token") if isinstance(content, dict) else None
        try:
            if token is None or self._is_new(token):
                answer(content)
        except Exception as error:  # noqa: BLE001  (whatever it is, the person who pressed must see it)
            self.trouble = f"{type(error).__name__}: {error}"
        finally:
            if token is not None:
                self.send({"kind": "done", "token": token})

    def _is_new(self, token: object) -> bool:
        """Take a token; False if it has been here: the same press must not be paid twice."""
        with self._lock:
            known = str(token) in self._tokens
            self._tokens.add(str(token))
        return not known


class Outbox:
    """What the page has yet to be told: tiles as they differ from what was sent, and each thumbnail once.

    Only one thread at a time gathers; `restart` and `look` may be called from any.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_open = self._fresh = False
        self._seen: tuple[int, ...] = ()
        self._tiles: dict[int, dict[str, Any]] = {}
        self._pictures: dict[int, set[int]] = {}

    def restart(self) -> None:
        """A new page has nothing yet."""
        with self._lock:
            self._is_open = self._fresh = True

    def again(self) -> None:
        """Something went wrong on the way: tell everything once more, if there is a page at all."""
        with self._lock:
            self._fresh = self._is_open

    @property
    def is_open(self) -> bool:
        """Whether any page has asked for anything."""
        return self._is_open

    def look(self, ids: Iterable[int]) -> None:
        """Send the pictures of these tiles first."""
        self._seen = tuple(ids)

    def begin(self) -> tuple[bool, bool]:
        """Begin a gathering; tell whether there is a page, and whether everything is sent anew."""
        with self._lock:
            fresh, self._fresh = self._fresh, False
            is_open = self._is_open
        if fresh:
            self._tiles, self._pictures = {}, {}
        return is_open, fresh

    def changes(self, wires: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the tiles that the page does not have like this, and take them for sent."""
        new = [wire for wire in wires if self._tiles.get(wire["id"]) != wire]
        self._tiles |= {wire["id"]: wire for wire in new}
        return new

    def thumbs(self, tiles: Sequence[Tile]) -> tuple[list[dict[str, int]], list[bytes], set[int]]:
        """Read the next thumbnails, those of tiles in sight first, and take them for sent; a broken one is left out.

        Returns:
            Which they are, their bytes, and the tiles that turned out to lack one.
        """
        told: list[dict[str, int]] = []
        found: list[bytes] = []
        broken: set[int] = set()
        for tile, number, path in self._unsent(self.first(tiles)):
            try:
                found.append(thumb(path, _THUMB))
                told.append({"id": tile.id, "picture": number})
            except PictureError as error:
                if (
                    clips.is_clip(path) and path.exists()
                ):  # a clip without a still picture can be played all the same
                    continue
                tile.missing.add(number)
                tile.note = tile.note or str(error)
                broken.add(tile.id)
            if len(found) + len(broken) >= _BATCH:
                break
        return told, found, broken

    def first(self, tiles: Sequence[Tile]) -> list[Tile]:
        """Order tiles by who looks at them: those in sight stand first, and again in their place."""
        by_id = {tile.id: tile for tile in tiles}
        return [*(by_id[number] for number in self._seen if number in by_id), *tiles]

    def _unsent(self, tiles: Iterable[Tile]) -> Iterable[tuple[Tile, int, Path]]:
        for tile in tiles:
            sent = self._pictures.setdefault(tile.id, set())
            for number, path in list(tile.pictures.items()):
                if number not in sent:
                    sent.add(number)
                    yield tile, number, path


def large(tile: Tile, number: int) -> tuple[dict[str, Any], list[bytes]]:
    """Read a picture for the whole screen, or a clip: the message and its buffers, or the message that says why not."""
    head = {"kind": "large", "id": tile.id, "picture": number}
    try:
        path = tile.pictures[number]
        if clips.is_clip(path):
            return _clip(head, path)
        data = images.thumbnail(path, _LARGE)
        info = images.inspect(data)
    except KeyError:
        return {**head, "problem": "This picture is not on disk."}, []
    except PictureError as error:
        return {**head, "problem": str(error)}, []
    return {**head, "width": info.width, "height": info.height}, [data]


def _clip(head: dict[str, Any], path: Path) -> tuple[dict[str, Any], list[bytes]]:
    """Read a clip as it is, to be played in the page."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= _LONGEST else b""
    except OSError as error:
        return {**head, "problem": f"{path.name}: {error.strerror or error}"}, []
    kind = clips.sniff(data)
    if kind is None:
        says = f"It has {size / 1e6:.0f} MB, too many for a page" if not data else "It is no clip"
        return {**head, "problem": f"{says}: its file is {path.parent.name}/{path.name}."}, []
    return {**head, "clip": clips.MIME[kind]}, [data]
