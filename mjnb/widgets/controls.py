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
from mjnb.fields import Aspect, Choice, Codes, Flag, Link, Links, Name, Number, Rule, Text, Whole
from mjnb.modes import Request
from mjnb.parts import Part, Parts, rule
from mjnb.widgets.field import Control, Field, FieldControl, flag_of, label_of
from mjnb.widgets.nested import PartControl, PartsControl
from mjnb.widgets.references import LinksControl, NameControl
from mjnb.widgets.written import why

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from mjnb.session import Session

__all__ = ["Control", "Field", "FieldControl", "control", "greys"]


_FEW = 6  # numbers that are buttons rather than a slider
_LONG = 100_000  # numbers of a range that no slider can show one by one
_FREE = "21:9"  # a shape that is in no list, and stands for all of those
_OWN = {"task_id", "image_index", "image_urls", "prompt", "end_url", "seed", "extra"}
"""Fields for which a gateway has no value of its own: left out, they are nothing."""


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
        unset = "none" if self.name in _OWN or isinstance(self.rule, Codes) else "the gateway's own"
        known = "" if required else unset if fallback is None else _said(fallback)
        return {
            "kind": kind, "name": self.name, "label": label_of(self.name), "flag": flag_of(self.name), "help": self.rule.help,
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
    slides = of.high is not None and of.high - of.low <= _LONG
    spec = asked.spec("number", low=of.low, high=of.high, step=of.step, bands=bands, slides=slides)
    return FieldControl(asked.name, of, spec)


def _number(asked: _Asked) -> Control:
    of: Number = asked.rule
    spec = asked.spec("number", low=of.low, high=of.high, step=of.step, bands=[], slides=True)
    return FieldControl(asked.name, of, spec)


def _choice(asked: _Asked) -> Control:
    of: Choice = asked.rule
    kind = "shape" if isinstance(of, Aspect) else "choice"
    choices = [{"value": word, "note": note} for word, note in of.notes.items()]
    free = _FREE if isinstance(of, Aspect) and of.widest else ""
    return FieldControl(asked.name, of, asked.spec(kind, choices=choices, free=free))


def _flag(asked: _Asked) -> Control:
    choices = [{"value": True, "label": "on", "note": ""}, {"value": False, "label": "off", "note": ""}]
    return FieldControl(asked.name, asked.rule, asked.spec("choice", choices=choices))


def _text(asked: _Asked) -> Control:
    of: Text = asked.rule
    return FieldControl(asked.name, of, asked.spec("text", limit=of.high))


def _words(asked: _Asked) -> Control:
    """Take a line as it is typed: the rule reads and refuses it like anything else."""
    return FieldControl(asked.name, asked.rule, asked.spec("line"))


def _links(asked: _Asked) -> Control:
    label = "Picture" if asked.rule.high == 1 else label_of(asked.name)
    return LinksControl(
        asked.name, asked.rule, asked.spec("links", high=asked.rule.high, label=label), asked.session
    )


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
    Number: _number,
    Codes: _words,
    Link: _words,
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
    with_others = {**_stand_ins(model), **{key: value for key, value in others.items() if key != name}}
    with_others.pop(name, None)
    without = refuses(model, name, None, **with_others)  # what is wrong with the others is said there
    said = {str(value): refuses(model, name, value, **with_others) for value in samples}
    reasons = {value: "" if text == without else why(text) for value, text in said.items()}
    bad = {value: reason for value, reason in reasons.items() if reason}
    return (next(iter(bad.values())), {}) if len(bad) == len(samples) else ("", bad)


def _stand_ins(model: type[Request]) -> dict[str, Any]:
    """Return values for what must be filled in and is not yet, so that a gateway may judge the rest."""
    return {
        name: ("https://example.com/a.png",) * max(1, of.low)
        for name, info in model.model_fields.items()
        if info.is_required() and isinstance(of := rule(model, name), Links)
    }


def _samples(of: Rule) -> list[Any]:
    """Return values that stand for everything a rule allows, as far as a gateway may judge them."""
    if isinstance(of, Choice):
        return [*of.notes, *([_FREE] if isinstance(of, Aspect) and of.widest else [])]
    if isinstance(of, Whole) and of.high is not None and of.high - of.low < _FEW:
        return list(range(of.low, of.high + 1))
    if isinstance(of, Whole | Number):
        return [cast("Any", of.low)]
    return [True] if isinstance(of, Flag) else []
