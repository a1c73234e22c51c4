"""What can be done with a tile, at what price, and the requests for it, read off the gateway's own request types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.errors import InvalidRequest
from mjnb.fields import Links, Whole
from mjnb.modes import rule
from mjnb.parts import Part
from mjnb.runner import request_of
from mjnb.store.parents import Parent
from mjnb.tasks import money
from mjnb.widgets.board.tiles import SPEAKING, text_of
from mjnb.widgets.board.ways import MAIN, PAINT, Way, chosen_by, paints, ways_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.widgets.board.tiles import Tile

__all__ = ["Deeds", "deed_of"]

_PARENT = "task_id"
_AGAIN, _AROUND = "reroll", "around"
_EXAMPLE, _PICTURE = (
    "task",
    "https://example.com/a.png",
)  # stand for the parent where only the price is asked
_WORDS = "there is nothing to vary: its answer is words"
_FOLLOWS = "it was made from another task; that one can be swept around"
_ONE = {"upscale"}  # modes that give one picture, which APIXO lets nobody go on from


class Deeds:
    """What one session can do with tiles.

    `by_way` are the ways that its gateway has for it, in the order of use; asking for the same once more and sweeping around a
    tile's request can be done everywhere.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        modes = session.dialect.modes
        self.paintings = paints(session.dialect)
        found = ways_of(session.dialect)
        for way in self.paintings:
            if way.model.model_fields["mask"].is_required():
                found.pop(way.deed, None)  # painting is one deed, whatever mode it takes
        if self.paintings:
            found[PAINT] = self.paintings[0]
        self.by_way = found
        self._generating = [name for name, model in modes.items() if _PARENT not in model.model_fields]

    def offers(self, tiles: Sequence[Tile]) -> list[dict[str, Any]]:
        """Say what can be done with tiles, with the price of each choice (millionths of a dollar, None if unknown)."""
        made = {deed: self._way_offer(deed, way) for deed, way in self.by_way.items()}
        if _AGAIN not in made:
            made[_AGAIN] = self._again(tiles)
        help_ = "Vary this request along some axes; opens a sweep below, with its price."
        against = {mode: why for mode in self.session.dialect.modes if (why := self._why_no_sweep(mode))}
        swept = [mode for mode in self._generating if mode not in against]
        around = _offer(_AROUND, "Sweep around this", help_, [], swept, "tile", of="any") | {
            "against": against
        }
        rest = [offer | {"more": True} for deed, offer in made.items() if deed not in MAIN]
        return [*(made[deed] for deed in MAIN if deed in made), *rest, around | {"more": True}]

    def _why_no_sweep(self, mode: str) -> str:
        """Say why there can be no sweep around a task of a mode, "" if there can, or the gateway has no such mode."""
        if mode in SPEAKING:
            return _WORDS
        return "" if mode in self._generating or mode not in self.session.dialect.modes else _FOLLOWS

    def _way_offer(self, deed: str, way: Way) -> dict[str, Any]:
        lines = [
            (way.model.__doc__ or "").split("\n")[0],
            *(f"{word}: {note}" for word, note in way.notes.items() if note),
            *(["Opens a form below, which tells its price."] if way.opens else []),
        ]
        choices = [] if way.opens else [_choice(v, v or deed, self._price(way, v)) for v in way.values]
        if choices and way.has_more:
            word = "with words…" if way.asks_words else "more settings…"
            choices.append(_choice(None, word, None) | {"form": True})
        label = "Inpaint" if deed == PAINT else way.label
        each = "picture" if way.by_picture else "task"
        return _offer(
            deed, label, "\n".join(lines), choices, self._parents(), each, many=not way.opens, of=way.of
        )

    def _parents(self) -> list[str]:
        """Name the modes whose tasks can be gone on from; none where the gateway says it of each task."""
        dialect = self.session.dialect
        return [] if dialect.needs_parent else [name for name in dialect.modes if name not in _ONE]

    def _price(self, way: Way, value: str | None) -> int | None:
        try:
            return self.session.price_micro(way.model(**way.given(_EXAMPLE, 0, _PICTURE, value)))
        except InvalidRequest:
            return None

    def _again(self, tiles: Sequence[Tile]) -> dict[str, Any]:
        """Offer the same request as a new task, where the gateway has no reroll of its own."""
        each = self._prices(tiles)
        prices = set(each.values())
        price = next(iter(prices)) if len(prices) == 1 else None
        known = sorted(one for one in prices if one is not None)
        help_ = "The same request once more, as a new task."
        if len(prices) > 1 and known:
            help_ += f" From {money(known[0])} to {money(known[-1])}, as the task's speed is."
        choices = [_choice(None, "again", price)]
        offer = _offer(_AGAIN, "Reroll", help_, choices, self._generating, "task", many=True, of="any")
        return offer | (
            {"prices": {str(number): one for number, one in each.items()}} if len(prices) > 1 else {}
        )

    def _prices(self, tiles: Sequence[Tile]) -> dict[int, int | None]:
        """Price asking each tile's request again; worked out once for each combination of mode and speed."""
        able = [tile for tile in tiles if tile.mode in self._generating and self._is_ours(tile)]
        known: dict[tuple[str, str], int | None] = {}
        prices: dict[int, int | None] = {}
        for tile in able:
            kind = (tile.mode, text_of(tile.row.get("speed")))
            try:
                if kind not in known:
                    known[kind] = self.session.price_micro(self._asked(tile))
            except InvalidRequest:
                continue
            prices[tile.id] = known[kind]
        return prices

    # -- requests ------------------------------------------------------------------------------------------------

    def sends(self, deed: str) -> bool:
        """Tell whether a deed can be done at once, rather than in a form."""
        return not self.by_way[deed].opens if deed in self.by_way else deed == _AGAIN

    def by_picture(self, deed: str) -> bool:
        """Tell whether a deed is done with one picture of a task."""
        return deed in self.by_way and self.by_way[deed].by_picture

    def request(self, deed: str, tile: Tile, picture: int, choice: Any) -> Request:
        """Build the request of a deed.

        Raises:
            InvalidRequest: The tile does not allow it; nothing was sent.
        """
        self.check(tile)
        if deed not in self.by_way and deed == _AGAIN:
            return self.session.prepare(self.asked(tile), advise=False)
        way = self._fitting(deed, tile)
        return self.session.prepare(way.model(**self._given(way, tile, picture, choice)), advise=False)

    def form(
        self, deed: str, tile: Tile, picture: int, choice: Any
    ) -> tuple[type[Request], dict[str, Any]]:
        """Say which form a deed opens, and with what filled in. Reads the ledger.

        Raises:
            InvalidRequest: The tile does not allow it.
        """
        self.check(tile)
        way = self._fitting(deed, tile)
        if deed == PAINT:
            from mjnb.widgets.board.parents import painting  # it knows the deeds

            way = painting(self, tile, self.parent(tile)) or way
        given = self._given(way, tile, picture, choice)
        if way.choice and choice is None:
            given.pop(way.choice)
        prompt = text_of(tile.row.get("prompt"))
        wants = "prompt" in way.model.model_fields and way.model.model_fields["prompt"].is_required()
        return way.model, {**given, **({"prompt": prompt} if wants and prompt else {})}

    def parent(self, tile: Tile) -> Parent:
        """Return what is known of a tile's task; where the gateway needs nothing of it, that it is there."""
        session = self.session
        if not session.dialect.needs_parent:
            return Parent(tile.task_id)
        return Parent.known(tile.task_id, session.store, session.gateway)

    def around(self, tile: Tile) -> Request:
        """Return the request that a sweep goes around. Reads the ledger.

        Raises:
            InvalidRequest: There can be none around this tile.
        """
        self.check(tile)
        if why := self._why_no_sweep(tile.mode):
            raise InvalidRequest("tile", tile.mode, why)
        return self.asked(tile)

    def _fitting(self, deed: str, tile: Tile) -> Way:
        """Return the way of a deed, if the tile has what it is for."""
        way = self._known(deed, tile)
        if way.of != tile.kind:
            raise InvalidRequest("tile", tile.mode, f"{deed} is for {way.of}, and this has {tile.kind}")
        return way

    def _known(self, deed: str, tile: Tile) -> Way:
        if deed not in self.by_way:
            names = ", ".join(dict.fromkeys([*self.by_way, _AGAIN, _AROUND]))
            raise InvalidRequest("deed", deed, f"one of {names}")
        if not tile.task_id:
            raise InvalidRequest("tile", deed, "a task that the gateway has taken")
        return self.by_way[deed]

    def _given(self, way: Way, tile: Tile, picture: int, choice: Any) -> dict[str, Any]:
        handed = tile.handed(self.session, picture) if way.is_linked else None
        return way.given(tile.task_id, picture, handed, choice)

    def check(self, tile: Tile) -> None:
        """Refuse a tile of another gateway, or one that is real where this session is not.

        Raises:
            InvalidRequest: Nothing can be done with it here.
        """
        if not self._is_ours(tile):
            raise InvalidRequest("tile", self._there(tile), f"a tile of this session's {self._here()}")

    def why_not(self, tile: Tile) -> str:
        """Say why nothing can be done with a tile here, "" if something can."""
        if self._is_ours(tile):
            return ""
        return f"This task is of {self._there(tile)}; this session speaks to {self._here()}."

    def _here(self) -> str:
        return f"{'simulated' if self.session.simulated else 'real'} {self.session.gateway}"

    def _there(self, tile: Tile) -> str:
        gateway = text_of(tile.row.get("gateway")) or "an unknown gateway"
        return f"{'simulated' if tile.is_simulated else 'real'} {gateway}"

    def _is_ours(self, tile: Tile) -> bool:
        same = text_of(tile.row.get("gateway")) == self.session.gateway
        return same and tile.is_simulated == self.session.simulated

    def asked(self, tile: Tile) -> Request:
        """Return what a tile was asked for: as it is known here, as the ledger has it, or as its row says it."""
        if tile.request is None and tile.task_id:
            entry = self.session.store.by_task(tile.task_id)
            tile.request = request_of(entry) if entry is not None else None
        return self._asked(tile)

    def _asked(self, tile: Tile) -> Request:
        return tile.request or request_from_row(tile.row, self.session.dialect.modes)


def deed_of(row: Mapping[str, Any], modes: Mapping[str, type[Request]]) -> str:
    """Name what a follow-up did, e.g. "vary strong"."""
    mode = text_of(row.get("mode"))
    choice = chosen_by(modes[mode]) if mode in modes else ""
    return " ".join(filter(None, [mode, text_of(row.get(choice)) if choice else ""]))


def _choice(value: str | None, label: str, price: int | None) -> dict[str, Any]:
    return {"value": value, "label": label, "price_micro": price}


def _offer(
    deed: str,
    label: str,
    help_: str,
    choices: list[dict[str, Any]],
    modes: Iterable[str],
    each: str,
    *,
    many: bool = False,
    of: str = "pictures",
) -> dict[str, Any]:
    return {
        "deed": deed, "label": label, "help": help_, "choices": choices, "modes": list(modes), "each": each, "many": many,
        "of": of,
    }  # fmt: skip


def request_from_row(row: Mapping[str, Any], modes: Mapping[str, type[Request]]) -> Request:
    """Build a request from the row of a frame, e.g. one that was read back from a file.

    Raises:
        InvalidRequest: It cannot be told from the row.
    """
    mode = text_of(row.get("mode"))
    if mode not in modes:
        raise InvalidRequest("mode", mode, f"a mode of this gateway: {', '.join(modes)}")
    model = modes[mode]
    given = {name: row[name] for name in model.model_fields if not frames.is_empty_value(row.get(name))}
    return model(**{name: _value(model, name, value) for name, value in given.items()})


def _value(model: type[Request], name: str, value: Any) -> Any:
    """Undo what a frame does to a value: lists as words, parts as JSON, whole numbers as floats."""
    of = rule(model, name)
    if isinstance(of, Links) and isinstance(value, str):
        return value.split()
    if isinstance(of, Whole) and isinstance(value, float) and value.is_integer():
        return int(value)
    return json.loads(value) if isinstance(of, Part) and isinstance(value, str) else value
