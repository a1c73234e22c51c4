"""What can be done with a tile, at what price, and the requests for it, read off the gateway's own request types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb import frame as frames
from mjnb.errors import InvalidRequest
from mjnb.fields import Choice, Links, Whole
from mjnb.modes import rule
from mjnb.parts import Part
from mjnb.runner import request_of
from mjnb.tasks import money
from mjnb.widgets.board.tiles import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.widgets.board.tiles import Tile

__all__ = ["Deeds", "deed_of"]

_PARENT, _INDEX = "task_id", "image_index"
_AGAIN, _AROUND, _PAINT = "reroll", "around", "inpaint"
_EXAMPLE = "task"  # stands for the parent where only the price is asked


@dataclass(frozen=True, slots=True)
class _FollowUp:
    """A mode that works on an earlier task: its type, and the field that one chooses by."""

    model: type[Request]
    choice: str

    @property
    def by_picture(self) -> bool:
        return _INDEX in self.model.model_fields

    @property
    def values(self) -> list[str | None]:
        return list(_choices(self.model, self.choice)) if self.choice else [None]

    def request(self, task_id: str, picture: int | None, value: Any) -> Request:
        given: dict[str, Any] = {_PARENT: task_id}
        given |= {_INDEX: picture} if self.by_picture else {}
        given |= {self.choice: value} if self.choice else {}
        return self.model(**given)


class Deeds:
    """What one session can do with tiles."""

    def __init__(self, session: Session) -> None:
        self.session = session
        modes = session.dialect.modes
        found = {name: _follow_up(model) for name, model in modes.items()}
        self._follow_ups = {name: one for name, one in found.items() if one is not None}
        self._generating = [name for name in modes if name not in self._follow_ups]
        painting = [name for name, model in modes.items() if "mask" in model.model_fields]
        self.painting = next(iter(painting), "")

    def offers(self, tiles: Sequence[Tile]) -> list[dict[str, Any]]:
        """Say what can be done with tiles, with the price of each choice (millionths of a dollar, None if unknown)."""
        several = [name for name in self.session.dialect.modes if not self._makes_one(name)]
        offers = [self._follow_up_offer(name, one, several) for name, one in self._follow_ups.items()]
        offers.append(self._reroll(tiles))
        if self.painting:
            offers.append(
                self._form(
                    _PAINT, "Inpaint", "picture", "Paint a part of this picture anew; opens a form below."
                )
            )
        help_ = "Vary this request along some axes; opens a sweep below, with its price."
        return [*offers, self._form(_AROUND, "Sweep around this", "tile", help_)]

    def _makes_one(self, name: str) -> bool:
        """Tell whether a mode gives one picture, of which there is no choice to follow up."""
        return name == "upscale"

    def _follow_up_offer(self, name: str, one: _FollowUp, several: list[str]) -> dict[str, Any]:
        notes = _choices(one.model, one.choice) if one.choice else {}
        choices = [
            _choice(value, value or name, self.session.price_micro(one.request(_EXAMPLE, 0, value)))
            for value in one.values
        ]
        lines = [
            (one.model.__doc__ or "").split("\n")[0],
            *(f"{word}: {note}" for word, note in notes.items()),
        ]
        return _offer(
            name, name.replace("-", " ").capitalize(), "\n".join(lines), choices, several,
            "picture" if one.by_picture else "task", many=True,
        )  # fmt: skip

    def _reroll(self, tiles: Sequence[Tile]) -> dict[str, Any]:
        each = self._prices(tiles)
        prices = set(each.values())
        price = next(iter(prices)) if len(prices) == 1 else None
        known = sorted(one for one in prices if one is not None)
        help_ = "The same request once more, as a new task."
        if len(prices) > 1 and known:
            help_ += f" From {money(known[0])} to {money(known[-1])}, as the task's speed is."
        choices = [_choice(None, "again", price)]
        offer = _offer(_AGAIN, "Reroll", help_, choices, self._generating, "task", many=True)
        return offer | (
            {"prices": {str(number): one for number, one in each.items()}} if len(prices) > 1 else {}
        )

    def _form(self, deed: str, label: str, each: str, help_: str) -> dict[str, Any]:
        """Offer a form; it tells its own price."""
        modes = list(self.session.dialect.modes) if deed == _PAINT else self._generating
        return _offer(deed, label, help_, [], modes, each, many=False)

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
        """Tell whether a deed is done at once, rather than in a form."""
        return deed == _AGAIN or deed in self._follow_ups

    def by_picture(self, deed: str) -> bool:
        """Tell whether a deed is done with one picture of a task."""
        return deed in self._follow_ups and self._follow_ups[deed].by_picture

    def request(self, deed: str, tile: Tile, picture: int | None, choice: Any) -> Request:
        """Build the request of a deed.

        Raises:
            InvalidRequest: The tile does not allow it; nothing was sent.
        """
        self.check(tile)
        if deed == _AGAIN:
            return self.session.prepare(self.asked(tile), advise=False)
        one = self._follow_ups.get(deed)
        if one is None:
            raise InvalidRequest(
                "deed", deed, f"one of {', '.join([*self._follow_ups, _AGAIN, _AROUND, _PAINT])}"
            )
        if not tile.task_id:
            raise InvalidRequest("tile", deed, "a task that the gateway has taken")
        made = one.request(tile.task_id, picture, choice if choice is not None else one.values[0])
        return self.session.prepare(made, advise=False)

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
    model = modes.get(text_of(row.get("mode")))
    one = _follow_up(model) if model is not None else None
    words = [
        text_of(row.get("mode")),
        text_of(row.get(one.choice)) if one is not None and one.choice else "",
    ]
    return " ".join(filter(None, words))


def _follow_up(model: type[Request]) -> _FollowUp | None:
    """Read a mode as a follow-up, unless it needs more than one click can tell."""
    fields = model.model_fields
    if _PARENT not in fields:
        return None
    needed = [
        name for name, field in fields.items() if field.is_required() and name not in {_PARENT, _INDEX}
    ]
    choices = [name for name in needed if isinstance(rule(model, name), Choice)]
    return _FollowUp(model, next(iter(choices), "")) if len(needed) <= 1 and needed == choices else None


def _choices(model: type[Request], name: str) -> Mapping[str, str]:
    found = rule(model, name)
    return found.notes if isinstance(found, Choice) else {}


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
    many: bool,
) -> dict[str, Any]:
    return {
        "deed": deed, "label": label, "help": help_, "choices": choices, "modes": list(modes), "each": each, "many": many,
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
