"""One control per kind of rule: how a field of any request is asked for, found from its rule alone.

    chaos = control(TextToImage, "chaos", session)
    chaos.value = 20

A kind of rule that nobody here knows falls back to a line of text which the rule itself reads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mjnb.errors import InvalidRequest
from mjnb.fields import Aspect, Choice, Flag, Links, Name, Rule, Text, Whole
from mjnb.modes import Request
from mjnb.parts import Part, Parts, rule
from mjnb.widgets.field import Control, Field, FieldControl, label_of
from mjnb.widgets.nested import PartControl, PartsControl
from mjnb.widgets.references import LinksControl, NameControl

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from mjnb.session import Session

__all__ = ["Control", "Field", "FieldControl", "control", "greys"]


_FEW = 6  # numbers that are buttons rather than a slider


@dataclass(frozen=True, slots=True)
class _Asked:
    """Everything a control is made of."""

    model: type[BaseModel]
    name: str
    rule: Any
    session: Session

    def spec(self, kind: str, **more: Any) -> dict[str, Any]:
        """Describe the field for the page."""
        required = self.model.model_fields[self.name].is_required()
        fallback = _default(self)
        known = "" if required else _said(fallback) if fallback is not None else "the gateway's own"
        return {
            "kind": kind, "name": self.name, "label": label_of(self.name), "help": self.rule.help,
            "allowed": self.rule.allowed, "required": required, "default": known, "fallback": fallback, **more,
        }  # fmt: skip


def control(model: type[BaseModel], name: str, session: Session) -> Control:
    """Make the control of one field.

    Args:
        model: A request class, or a part of one.
        name: The field.
        session: Knows the gateway's defaults and the ledger.

    Raises:
        InvalidRequest: The model has no such field.
    """
    if name not in model.model_fields:
        raise InvalidRequest.unknown_name(name, model.__name__, model.model_fields)
    asked = _Asked(model, name, rule(model, name), session)
    return next(_KINDS[kind] for kind in type(asked.rule).__mro__ if kind in _KINDS)(asked)


def _default(asked: _Asked) -> Any:
    """Ask the gateway what holds if a field is left alone."""
    if not issubclass(asked.model, Request):
        return None
    unset = dict.fromkeys(asked.model.model_fields)
    held = asked.session.dialect.held(asked.model.model_construct(None, **unset))
    return held.get(asked.name)


def _said(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _whole(asked: _Asked) -> Control:
    of: Whole = asked.rule
    if of.high is not None and of.high - of.low < _FEW and not of.bands:
        few = [{"value": number, "note": ""} for number in range(of.low, of.high + 1)]
        return FieldControl(asked.name, of, asked.spec("choice", choices=few))
    bands = [{"low": b.low, "high": b.high, "name": b.name, "help": b.help} for b in of.bands]
    spec = asked.spec("number", low=of.low, high=of.high, step=of.step, bands=bands)
    return FieldControl(asked.name, of, spec)


def _choice(asked: _Asked) -> Control:
    of: Choice = asked.rule
    kind = "shape" if isinstance(of, Aspect) else "choice"
    choices = [{"value": word, "note": note} for word, note in of.notes.items()]
    return FieldControl(asked.name, of, asked.spec(kind, choices=choices))


def _flag(asked: _Asked) -> Control:
    choices = [{"value": True, "label": "on", "note": ""}, {"value": False, "label": "off", "note": ""}]
    return FieldControl(asked.name, asked.rule, asked.spec("choice", choices=choices))


def _text(asked: _Asked) -> Control:
    of: Text = asked.rule
    return FieldControl(asked.name, of, asked.spec("text", limit=of.high))


def _links(asked: _Asked) -> Control:
    return LinksControl(asked.name, asked.rule, asked.spec("links", high=asked.rule.high), asked.session)


def _name(asked: _Asked) -> Control:
    return NameControl(asked.name, asked.rule, asked.spec("name"), asked.session)


def _part(asked: _Asked) -> Control:
    return PartControl(asked.name, asked.rule, asked.spec("part"), asked.session, control)


def _parts(asked: _Asked) -> Control:
    return PartsControl(asked.name, asked.rule, asked.spec("parts"), asked.session, control)


def _line(asked: _Asked) -> Control:
    of: Rule = asked.rule

    def read(text: Any) -> Any:
        """Take the text if the rule does, else what it says as JSON, else the text for the rule to refuse."""
        for value in (text, *_as_json(text)):
            try:
                return of.read(asked.name, value)
            except InvalidRequest:
                continue
        return next(iter(_as_json(text)), text)

    return _Line(asked.name, of, asked.spec("line"), read)


class _Line(FieldControl):
    """A line of text that stands for any value."""

    def _spelled(self, value: Any) -> Any:
        known = super()._spelled(value)
        return known if known is None or isinstance(known, str) else json.dumps(known)


def _as_json(text: Any) -> list[Any]:
    try:
        return [json.loads(text)] if isinstance(text, str) else []
    except (ValueError, RecursionError):
        return []


_KINDS: dict[type[Rule], Callable[[_Asked], Control]] = {
    Whole: _whole,
    Choice: _choice,
    Flag: _flag,
    Text: _text,
    Links: _links,
    Name: _name,
    Part: _part,
    Parts: _parts,
    Rule: _line,
}


def greys(model: type[Request], name: str, session: Session, **others: Any) -> tuple[str, dict[str, str]]:
    """Say what of a field the gateway does not take, beside the values of the other fields.

    Returns:
        Why the whole field cannot be used ("" if it can), and the reasons by choice where it has choices.
    """
    samples = _samples(rule(model, name))
    if not samples:
        return "", {}
    refuses = session.dialect.refuses
    with_others = {key: value for key, value in others.items() if key != name}
    without = refuses(model, name, None, **with_others)  # what is wrong with the others is said there
    reasons = {
        str(value): "" if (why := refuses(model, name, value, **with_others)) == without else why
        for value in samples
    }
    bad = {value: reason for value, reason in reasons.items() if reason}
    return (next(iter(bad.values())), {}) if len(bad) == len(samples) else ("", bad)


def _samples(of: Rule) -> list[Any]:
    """Return values that stand for everything a rule allows, as far as a gateway may judge them."""
    if isinstance(of, Choice):
        return list(of.notes)
    if isinstance(of, Whole):
        return [cast("Any", of.low)]
    return [True] if isinstance(of, Flag) else []
