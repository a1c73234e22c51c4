"""The fields of a form in an order that reads well: what is always asked first, the rare ones and the missing ones folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.gateways import naming
from mjnb.modes import RawRequest, Request, TextToImage, rule
from mjnb.widgets.absent import Absent, AbsentControl
from mjnb.widgets.controls import control
from mjnb.widgets.fold import Fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.session import Session
    from mjnb.widgets.field import Control

__all__ = ["FormBody", "model_of", "ordered", "reads", "required"]

_USUAL = ("prompt", "version", "speed", "aspect", "chaos", "stylize", "weird", "raw", "seed")
_RARE = TextToImage.model_fields.keys() - set(_USUAL)
_WORTH_FOLDING = 3  # fields; fewer are shown at once


class FormBody:
    """The controls of a request's fields, in three groups.

    Args:
        model: The request's type.
        session: Its gateway says which fields it takes.

    Attributes:
        controls: All of them by name, those included that the gateway does not take.
        more: The rare fields, folded away; None where there are hardly any.
        absent: The list of what the gateway does not take; None where it takes everything.
    """

    def __init__(self, model: type[Request], session: Session) -> None:
        names, lacks = ordered(model), session.dialect.lacks
        missing = [name for name in names if name not in required(model) and lacks(model.mode, name)]
        self.absent = Absent(model, missing, session.dialect) if missing else None
        self.controls: dict[str, Control] = {
            name: AbsentControl(name, rule(model, name), self.absent)
            if self.absent is not None and name in missing
            else control(model, name, session)
            for name in names
        }
        taken = [name for name in names if name not in missing]
        rare = [name for name in taken if name in _RARE and name not in required(model)]
        self._folded = rare if len(rare) >= _WORTH_FOLDING else []
        self._shown = [name for name in taken if name not in self._folded]
        self.more = (
            Fold("More", {name: self.controls[name] for name in self._folded}) if self._folded else None
        )
        if self.absent is not None:
            self.absent.on_clear(self._take_back)

    def _take_back(self, name: str) -> None:
        self.controls[name].value = None

    def takes(self, name: str) -> bool:
        """Whether the request has a field and the gateway takes it."""
        return name in self._shown or name in self._folded

    def box(self, painter: Any, before: str) -> Any:
        """Lay them out, with a painter (None: there is none) before the first field of what it paints."""
        rows = [self.controls[name].widget for name in self._shown]
        if painter is not None:
            rows.insert(self._shown.index(before), painter)
        rows += [self.more.box] if self.more is not None else []
        rows += [self.absent] if self.absent is not None else []
        box = ipywidgets.VBox(rows)
        box.add_class("mjnb-fields")
        return box

    def follow(self, problem: str = "") -> None:
        """Unfold the rare fields as soon as one of them is set, or is what is wrong."""
        if self.more is None:
            return
        self.more.follow()
        if problem in self.more:
            self.more.open()

    def close(self) -> None:
        """Let go of all controls."""
        for one in self.controls.values():
            one.close()


def model_of(mode: Any, session: Session) -> type[Request]:
    """Find a mode of the gateway by its name; a class stands for itself.

    Raises:
        InvalidRequest: There is no such mode; the message names those there are, and the gateways that have it.
    """
    if isinstance(mode, type) and issubclass(mode, Request) and mode is not RawRequest:
        return mode
    modes = session.dialect.modes
    if isinstance(mode, str) and mode in modes:
        return modes[mode]
    raise naming(
        UnsupportedError("mode", mode, f"{session.dialect.title} has {', '.join(modes)}"), str(mode)
    )


def ordered(model: type[Request]) -> list[str]:
    """Put what must be filled in before what may be, and the usual ones of that before the others."""
    usual = {name: i for i, name in enumerate(_USUAL)} if issubclass(model, TextToImage) else {}
    must = required(model)
    return sorted(model.model_fields, key=lambda name: (name not in must, usual.get(name, len(usual))))


def required(model: type[Request]) -> set[str]:
    """Return the fields that must be filled in."""
    return {name for name, field in model.model_fields.items() if field.is_required()}


def reads(model: type[Request], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some values that their rules take."""

    def fits(name: str, value: Any) -> bool:
        try:
            rule(model, name).read(name, value)
        except InvalidRequest:
            return False
        return True

    return {name: value for name, value in values.items() if fits(name, value)}
