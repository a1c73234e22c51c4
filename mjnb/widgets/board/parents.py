"""What tiles' tasks offer to be done with them, by what the gateway last said of each: asked of the ledger, once a task."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.tasks import TaskState
from mjnb.widgets.board.tiles import text_of
from mjnb.widgets.board.ways import PAINT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.store.parents import Parent
    from mjnb.widgets.board.deeds import Deeds
    from mjnb.widgets.board.tiles import Tile
    from mjnb.widgets.board.ways import Way

__all__ = ["Parents", "painting", "reason_of"]

_MOST = 24  # tiles at a time: some milliseconds
_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z])")


class Parents:
    """Knows why something cannot be done with a tile. Many tiles have the same reasons, which travel once, under a key.

    Only one thread at a time calls `learn`; `forget_page` may be called from any.
    """

    def __init__(self, deeds: Deeds) -> None:
        self._deeds, self._session = deeds, deeds.session
        self._known: dict[
            tuple[str, int], str
        ] = {}  # the key of a task, by which of its pictures are there
        self._keys: dict[str, str] = {}
        self._reasons: dict[str, dict[str, dict[str, str]]] = {}
        self._told: dict[int, tuple[str, int]] = {}
        self._told_keys: set[str] = set()

    def forget_page(self) -> None:
        """A new page knows nothing yet."""
        self._told, self._told_keys = {}, set()

    def learn(self, tiles: Iterable[Tile]) -> tuple[dict[str, Any], list[list[Any]]]:
        """Ask after some tiles that are not known yet, in their order.

        Returns:
            Reasons by key, by deed and by choice ("" for all of them), those that are new; and `[tile, key]` of each tile.
        """
        due = [*itertools.islice((tile for tile in dict.fromkeys(tiles) if self._is_due(tile)), _MOST)]
        keys = {tile.id: self._key(tile) for tile in due}
        self._told |= {tile.id: _state(tile) for tile in due}
        new = set(keys.values()) - self._told_keys
        self._told_keys |= new
        return {key: self._reasons[key] for key in sorted(new)}, [
            [number, key] for number, key in keys.items()
        ]

    def _is_due(self, tile: Tile) -> bool:
        ended = text_of(tile.row.get("state")) == TaskState.SUCCESS.value and bool(tile.task_id)
        return ended and not self._deeds.why_not(tile) and self._told.get(tile.id) != _state(tile)

    def _key(self, tile: Tile) -> str:
        """Return the key of a tile's reasons; its task is asked after once."""
        state = _state(tile)
        if state not in self._known:
            reasons = self._ask(tile)
            key = self._keys.setdefault(json.dumps(reasons, sort_keys=True), f"b{len(self._keys)}")
            self._reasons[key], self._known[state] = reasons, key
        return self._known[state]

    def _ask(self, tile: Tile) -> dict[str, dict[str, str]]:
        parent = self._deeds.parent(tile)
        found = {}
        for deed, way in self._deeds.by_way.items():
            one = painting(self._deeds, tile, parent) or way if deed == PAINT else way
            if one.of == tile.kind and (why := self._of_way(one, tile, parent)):
                found[deed] = why
        return found

    def _of_way(self, way: Way, tile: Tile, parent: Parent) -> dict[str, str]:
        """Return the reasons by choice; one for all where there is no choice that can be made."""
        why = {
            str(value or ""): reason_against(self._session, way, tile, value, parent)
            for value in way.values
        }
        bad = {value: text for value, text in why.items() if text}
        return {"": next(iter(bad.values()))} if bad and len(bad) == len(why) else bad


def _state(tile: Tile) -> tuple[str, int]:
    """Return what the reasons of a tile hang on: its task, and which pictures are on disk."""
    return tile.task_id, len(tile.pictures)


def reason_against(session: Session, way: Way, tile: Tile, value: str | None, parent: Parent) -> str:
    """Say why something cannot be done with a tile's task, of which `parent` is known; "" if it can."""
    try:
        picture = min(tile.pictures, default=0)
        handed = tile.handed(session, picture) if way.is_linked else None
        request = _request(way, way.given(tile.task_id, picture, handed, value))
        if not way.opens:
            session.dialect.check(request)
        if not way.is_linked:
            parent.check(request, session.dialect)
    except InvalidRequest as error:
        return reason_of(error)
    return ""


def _request(way: Way, given: dict[str, Any]) -> Request:
    """Build what is asked after; where a form has yet to ask for the rest, without that."""
    return (
        way.model.model_construct(None, **{**dict.fromkeys(way.model.model_fields), **given})
        if way.opens
        else way.model(**given)
    )


def reason_of(error: InvalidRequest) -> str:
    """Say why something is refused, without which value it was about, and without what only a line of code could do.

    >>> reason_of(InvalidRequest("task_id", "t", "this task has one picture", hint="Take that. Or a RawRequest(4)."))
    'this task has one picture. Take that.'
    """
    hints = [one for one in _SENTENCES.split(error.hint) if one and "RawRequest(" not in one]
    return " ".join([f"{error.allowed}.", *hints])


def painting(deeds: Deeds, tile: Tile, parent: Parent) -> Way | None:
    """Choose the way to paint that this tile's task offers; the first, with its reason, where it offers none."""
    ways = deeds.paintings
    fit = (way for way in ways if not reason_against(deeds.session, way, tile, None, parent))
    return next(fit, ways[0] if ways else None)
