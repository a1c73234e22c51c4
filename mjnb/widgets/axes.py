"""A field that may take several values: how it is asked for, and what was entered as values of the field.

What a page enters for a field is a list of chosen options, or for a number one line such as `0, 50, 100` or
`0..100 step 25`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.fields import Choice, Flag, Whole
from mjnb.parts import rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mjnb.fields import Rule
    from mjnb.modes import Request
    from mjnb.session import Session

__all__ = ["around", "ask", "enter", "numbers", "read"]

_RANGE = re.compile(r"(\d+)\s*(?:\.\.|-|–|to)\s*(\d+)(?:\s*(?:step|by|/)\s*(\d+))?", re.IGNORECASE)
_ITEM = re.compile(rf"{_RANGE.pattern}|[^\s,;]+", re.IGNORECASE)
_FEW = 10  # a range of so few numbers is offered whole
_MOST = 1000  # values of one range
_QUARTER = 4


def numbers(of: Whole, name: str, text: str) -> list[int]:
    """Read a line of numbers and ranges, each value checked by the field's rule.

    Raises:
        InvalidRequest: A value is not allowed, with the nearest that is; a range has no step.

    >>> numbers(Whole("variety", 0, 100), "chaos", "5, 0..100 step 50")
    [5, 0, 50, 100]
    >>> numbers(Whole("variety", 0, 100), "chaos", "0-100/25")
    [0, 25, 50, 75, 100]
    """
    found: list[int] = []
    for item in _ITEM.finditer(text):
        found += _range(of, name, item) if item[1] else [of.read(name, _number(item[0]))]
    return found


def _number(text: str) -> Any:
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else text


def _range(of: Whole, name: str, item: re.Match[str]) -> list[int]:
    low, high = (of.read(name, int(item[i][:18])) for i in (1, 2))
    step = int(item[3][:18]) if item[3] else None
    if not step:
        raise InvalidRequest(name, item[0], f"a range with its step: {low}..{high} step {_step(of)}")
    span = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
    if len(span) > _MOST:
        raise InvalidRequest(name, item[0], f"at most {_MOST} values in a range; this has {len(span)}")
    return list(span)


def _step(of: Whole) -> int:
    return _tidy(of, (of.high - of.low) / _QUARTER) if of.high is not None else of.step


def _tidy(of: Whole, wide: float) -> int:
    """Round a distance down to what the field's slider does, and to no less than that."""
    return max(of.step, int(wide // of.step) * of.step)


def around(of: Whole, value: int) -> list[int]:
    """Propose values around one: a quarter of the range to each side, closer for small values, within the range.

    >>> around(Whole("variety", 0, 100), 50), around(Whole("oddity", 0, 3000, (), 10), 10)
    ([25, 50, 75], [0, 10, 20])
    >>> around(Whole("variety", 0, 100), 100)
    [75, 100]
    """
    wide = (of.high - of.low) / _QUARTER if of.high is not None else value / 2
    near = (value - of.low) / 2
    apart = _tidy(of, min(wide, near) if near else wide)
    low, high = value - apart, value + apart
    return sorted({max(of.low, low), value, high if of.high is None else min(of.high, high)})


def ask(model: type[Request], name: str, session: Session, value: Any = None) -> dict[str, Any] | None:
    """Describe for the page how several values of a field are asked for; None if it takes one value alone.

    Args:
        model: The mode.
        name: The field.
        session: Knows what holds if the field is left alone, and which choices its gateway has.
        value: What the field has in the request that the sweep is built around.
    """
    of, held = rule(model, name), _held(model, name, session)
    if isinstance(of, Choice):
        options = [_option(model, name, session, word, word, note) for word, note in of.notes.items()]
    elif isinstance(of, Flag):
        options = [_option(model, name, session, value, word, "") for value, word in _FLAG.items()]
    elif isinstance(of, Whole):
        return _described(model, name, "number", of, held) | _scale(of, held if value is None else value)
    else:
        return None
    return _described(model, name, "options", of, held) | {"options": options}


_FLAG = {False: "off", True: "on"}


def _described(model: type[Request], name: str, kind: str, of: Rule, held: Any) -> dict[str, Any]:
    """Say what holds for every kind of field."""
    required = model.model_fields[name].is_required()
    said = _FLAG[held] if isinstance(held, bool) else "" if held is None else str(held)
    fallback = "" if required else said or "the gateway's own"
    words = name.replace("_", " ")
    return {
        "name": name, "label": words[:1].upper() + words[1:], "kind": kind, "help": of.help, "allowed": of.allowed,
        "required": required, "default": fallback,
    }  # fmt: skip


def _held(model: type[Request], name: str, session: Session) -> Any:
    """Ask the gateway what holds if a field is left alone."""
    unset = dict.fromkeys(model.model_fields)
    return session.dialect.held(model.model_construct(None, **unset)).get(name)


def _option(
    model: type[Request], name: str, session: Session, value: Any, word: str, note: str
) -> dict[str, Any]:
    refused = session.dialect.refuses(model, name, value)
    return {"value": value, "word": word, "note": note, "refused": refused}


def _scale(of: Whole, value: Any) -> dict[str, Any]:
    """Describe a number's bands, and lines to enter at one press."""
    bands = [{"low": b.low, "high": b.high, "name": b.name, "help": b.help} for b in of.bands]
    quick: list[dict[str, Any]] = []
    if of.bands:
        edges = sorted({edge for band in of.bands for edge in (band.low, band.high)} - _beside(of))
        quick += [_quick("Edges", "the edges of the bands", edges)]
        middles = [(band.low + band.high) // 2 for band in of.bands]
        quick += [_quick("Middles", "the middle of each band", middles)]
    elif of.high is not None and of.high - of.low < _FEW:
        quick += [_quick("All", "every value", range(of.low, of.high + 1))]
    if isinstance(value, int):
        quick += [_quick(f"Around {value}", f"values around {value}", around(of, value))]
    return {"low": of.low, "high": of.high, "bands": bands, "quick": quick}


def _beside(of: Whole) -> set[int]:
    """Return upper edges that the next band's lower edge stands right beside."""
    lows = {band.low for band in of.bands}
    return {band.high for band in of.bands if band.high + 1 in lows}


def _quick(word: str, meaning: str, values: Sequence[int]) -> dict[str, Any]:
    line = ", ".join(str(value) for value in values)
    return {"word": word, "line": line, "help": f"{meaning}: {line}"}


def read(of: Rule, name: str, entered: Any) -> Any:
    """Turn what was entered for a field into None (nothing), one value, or a list of several.

    Raises:
        InvalidRequest: A value is not allowed.

    >>> read(Whole("variety", 0, 100), "chaos", "50"), read(Whole("variety", 0, 100), "chaos", " ")
    (50, None)
    """
    if isinstance(of, Whole):
        values: list[Any] = numbers(of, name, str(entered or ""))
    else:
        values = [of.read(name, value) for value in entered or ()]
    return values[0] if len(values) == 1 else values or None


def enter(of: Rule, value: Any) -> Any:
    """Turn one value or several into what the page would have entered.

    >>> enter(Whole("variety", 0, 100), [0, 50])
    '0, 50'
    """
    values = [] if value is None else list(value) if isinstance(value, list | tuple | range) else [value]
    return ", ".join(str(one) for one in values) if isinstance(of, Whole) else values
