"""What a gateway's modes let one do with a tile, read off their request types: nothing here names a mode but for its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mjnb.fields import Choice, Links
from mjnb.modes import rule
from mjnb.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mjnb.gateways.base import Dialect
    from mjnb.modes import Request

__all__ = ["MAIN", "PAINT", "Way", "chosen_by", "paints", "ways_of"]

PAINT = "inpaint"
MAIN = ("vary", "upscale", "reroll", PAINT)
"""What is done most, in this order; the rest comes after it."""
_PARENT, _INDEX, _LINKS, _MASK, _FURTHER = "task_id", "image_index", "image_urls", "mask", "extend"
_COMMON = {_PARENT, _INDEX, _LINKS, "speed", "version", "enable_translation"}
_LABELS = {"image-to-image": "As a reference", "seed": "Its seed", "video": "Animate"}


@dataclass(frozen=True, slots=True)
class Way:
    """One thing to do with a tile.

    `choice` is the field that one chooses by, "" for none; `is_linked` that a picture is handed over instead of its task being
    named; `opens` that one click cannot say it all, so that a form asks; `fixed` are fields that it sets. `of` is what the tile
    must have: `"pictures"` or `"clips"`.
    """

    deed: str
    model: type[Request]
    choice: str = ""
    is_linked: bool = False
    opens: bool = False
    of: str = "pictures"
    fixed: Mapping[str, Any] = field(default_factory=dict)
    asks_words: bool = False
    has_more: bool = False

    @property
    def by_picture(self) -> bool:
        """Whether it is done with one picture, rather than with the task."""
        return self.is_linked or _INDEX in self.model.model_fields

    @property
    def label(self) -> str:
        """What it is called on its button."""
        words = _LABELS.get(self.deed, self.deed.replace("-", " "))
        return words[:1].upper() + words[1:]

    @property
    def notes(self) -> Mapping[str, str]:
        """What one may choose, and what each is for."""
        found = rule(self.model, self.choice) if self.choice else None
        return found.notes if isinstance(found, Choice) else {}

    @property
    def values(self) -> list[str | None]:
        """What one may choose; a single None where there is no choice."""
        return list(self.notes) or [None]

    def given(self, task_id: str, picture: int | None, handed: Any, value: str | None) -> dict[str, Any]:
        """Return the fields of its request.

        Args:
            task_id: The tile's task.
            picture: Which of its pictures.
            handed: That picture as it is handed over, where it is.
            value: What was chosen; None is the first.
        """
        fields: dict[str, Any] = {_LINKS: [handed]} if self.is_linked else {_PARENT: task_id}
        fields |= {_INDEX: picture} if self.by_picture and not self.is_linked else {}
        if self.choice:
            fields[self.choice] = self.values[0] if value is None else value
        return {**fields, **self.fixed}


def ways_of(dialect: Dialect) -> dict[str, Way]:
    """Return everything that a gateway lets one do with a tile, by name, what is done most first."""
    found = {way.deed: way for model in dialect.modes.values() for way in _ways(dialect, model)}
    first = [name for name in MAIN if name in found]
    return {name: found[name] for name in dict.fromkeys([*first, *found])}


def chosen_by(model: type[Request]) -> str:
    """Return the one field of a follow-up that says what is done, such as `strength`; "" if there is none."""
    needed = _needed(model)
    choices = [name for name in needed if isinstance(rule(model, name), Choice)]
    return choices[0] if len(needed) == 1 and needed == choices and _PARENT in model.model_fields else ""


def _needed(model: type[Request]) -> list[str]:
    fields = model.model_fields.items()
    return [name for name, info in fields if info.is_required() and name not in {_PARENT, _INDEX, _LINKS}]


def _ways(dialect: Dialect, model: type[Request]) -> Iterator[Way]:
    """Read one mode as what can be done with a tile; not at all where it needs several pictures, or none."""
    fields, needed = model.model_fields, _needed(model)
    if _PARENT in fields:
        choice = chosen_by(model) or ("" if needed else _own_choice(dialect, model))
        opens = bool(needed) and needed != [choice]
        yield Way(model.mode, model, choice, opens=opens, **_further(dialect, model, choice))
        if _FURTHER in dialect.takes[model.mode]:
            yield Way(_FURTHER, model, of="clips", fixed={_FURTHER: True}, **_further(dialect, model, ""))
    elif _LINKS in fields and _takes_one(model):
        yield Way(model.mode, model, is_linked=True, opens=bool(needed) or not fields[_LINKS].is_required())


def _takes_one(model: type[Request]) -> bool:
    of = rule(model, _LINKS)
    return isinstance(of, Links) and of.low == 1


def _own_choice(dialect: Dialect, model: type[Request]) -> str:
    """Return the first choice among a mode's own fields, where none must be made."""
    taken = [name for name in model.model_fields if name in dialect.takes[model.mode] - _COMMON]
    return next((name for name in taken if type(rule(model, name)) is Choice), "")


def _further(dialect: Dialect, model: type[Request], choice: str) -> dict[str, Any]:
    """Tell whether a form could say more than a click, and whether that is words."""
    names = model.model_fields
    free = [
        name for name in names
        if name in dialect.takes[model.mode] - _COMMON - {choice, _FURTHER} and not names[name].is_required()
    ]  # fmt: skip
    return {"has_more": bool(free), "asks_words": "prompt" in free}


def paints(dialect: Dialect) -> list[Way]:
    """Return the ways to paint a part of a picture anew, the one that knows the picture's task first."""
    found = [way for way in ways_of(dialect).values() if _is_painting(dialect, way)]
    return sorted(found, key=lambda way: (way.is_linked, not way.model.model_fields[_MASK].is_required()))


def _is_painting(dialect: Dialect, way: Way) -> bool:
    names = way.model.model_fields
    taken = _MASK in names and _MASK in dialect.takes[way.model.mode]
    return taken and isinstance(rule(way.model, _MASK), Part)
