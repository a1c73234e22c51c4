"""A field that may take several values: how it is asked for, and what was entered as values of the field.

What a page enters for a field is a list of chosen options; for a number one line such as `0, 50, 100` or `0..100 step 25`; for
words and codes a text with a value on each line.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.fields import Aspect, Choice, Codes, Flag, Link, Listed, Mark, Number, Text, Whole
from mjnb.parts import rule
from mjnb.widgets.field import flag_of, label_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mjnb.fields import Rule
    from mjnb.modes import Request
    from mjnb.session import Session

__all__ = ["COMMON", "around", "ask", "enter", "is_numeric", "numbers", "read"]

COMMON = frozenset({
    "prompt", "image_urls", "task_id", "image_index", "version", "speed", "aspect", "chaos", "stylize", "weird", "raw", "seed",
    "enable_translation", "mask", "canvas", "img_pos",
})  # fmt: skip
"""Fields that everybody uses, and those that a mode is about; the others stand in a fold of their own."""
_WORDS = (Codes, Listed, Text, Link)  # kinds of which each line of a text is a value
_NUMBER = r"\d+(?:\.\d+)?"
_RANGE = re.compile(
    rf"({_NUMBER})\s*(?:\.\.|-|–|to)\s*({_NUMBER})(?:\s*(?:step|by|/)\s*({_NUMBER}))?", re.IGNORECASE
)
_ITEM = re.compile(rf"{_RANGE.pattern}|[^\s,;]+", re.IGNORECASE)
_FEW = 10  # a range of so few numbers is offered whole
_MOST = 1000  # values of one range
_QUARTER = 4
_LONGEST = 18  # digits of a number that is read as one
_FREE = "21:9"  # a shape that is in no list: who takes it takes any


def is_numeric(of: Rule) -> bool:
    """Tell whether a field's values are entered as a line of numbers."""
    return isinstance(of, Whole | Number)


def numbers(of: Whole | Number, name: str, text: str) -> list[Any]:
    """Read a line of numbers and ranges, each value checked by the field's rule.

    Raises:
        InvalidRequest: A value is not allowed, with the nearest that is; a range has no step.

    >>> numbers(Whole("variety", 0, 100), "chaos", "5, 0..100 step 50")
    [5, 0, 50, 100]
    >>> numbers(Whole("variety", 0, 100), "chaos", "0-100/25")
    [0, 25, 50, 75, 100]
    >>> numbers(Number("weight", 0, 3), "iw", "0.5..2 step 0.5")
    [0.5, 1.0, 1.5, 2.0]
    """
    found: list[Any] = []
    for item in _ITEM.finditer(text):
        found += _range(of, name, item) if item[1] else [of.read(name, _number(item[0]))]
    return found


def _number(text: str) -> Any:
    """Read a number as it is typed, a whole one as such; what is none is left for the rule to refuse."""
    if re.fullmatch(rf"[+-]?\d{{1,{_LONGEST}}}", text):
        return int(text)
    return float(text) if re.fullmatch(rf"[+-]?\d{{1,{_LONGEST}}}\.\d{{1,{_LONGEST}}}", text) else text


def _range(of: Whole | Number, name: str, item: re.Match[str]) -> list[Any]:
    low, high = (Decimal(str(of.read(name, _number(item[i][:_LONGEST])))) for i in (1, 2))
    step = Decimal(item[3][:_LONGEST]) if item[3] else Decimal(0)
    if not step:
        raise InvalidRequest(
            name,
            item[0],
            f"a range with its step: {low.normalize():f}..{high.normalize():f} step {_step(of)}",
        )
    count = int(abs(high - low) / step) + 1
    if count > _MOST:
        raise InvalidRequest(name, item[0], f"at most {_MOST} values in a range; this has {count}")
    way = step if low <= high else -step
    return [of.read(name, _number(f"{low + place * way:f}")) for place in range(count)]


def _step(of: Whole | Number) -> Any:
    if isinstance(of, Number):
        return f"{of.step:g}"
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
        words = [(word, word, note) for word, note in of.notes.items()]
        kind, more = "options", _options(model, name, session, words) | _free(model, name, session)
    elif isinstance(of, Flag):
        marks = [(one, word, "") for one, word in _FLAG.items()]
        kind, more = "options", _options(model, name, session, marks)
    elif isinstance(of, Whole):
        kind, more = "number", _scale(of, held if value is None else value)
    elif isinstance(of, Number):
        kind, more = "number", {"low": of.low, "high": of.high, "bands": [], "quick": _steps(of)}
    elif isinstance(of, _WORDS):
        kind, more = "lines", {}
    else:
        return None
    return _described(model, name, kind, of, held) | more


_FLAG = {False: "off", True: "on"}


def _described(model: type[Request], name: str, kind: str, of: Rule, held: Any) -> dict[str, Any]:
    """Say what holds for every kind of field."""
    required = model.model_fields[name].is_required()
    said = _FLAG[held] if isinstance(held, bool) else "" if held is None else str(held)
    unset = (
        "off"
        if isinstance(of, Mark)
        else "none"
        if kind == "lines" or name in _NONE
        else "the gateway's own"
    )
    return {
        "name": name, "label": label_of(name), "flag": flag_of(name), "kind": kind, "help": of.help, "allowed": of.allowed,
        "required": required, "default": "" if required else said or unset, "rare": not (required or name in COMMON),
    }  # fmt: skip


_NONE = {"seed", "iw", "exp", "stop", "ow"}  # numbers that are nothing where they are left out


def _held(model: type[Request], name: str, session: Session) -> Any:
    """Ask the gateway what holds if a field is left alone."""
    unset = dict.fromkeys(model.model_fields)
    return session.dialect.held(model.model_construct(None, **unset)).get(name)


def _options(
    model: type[Request], name: str, session: Session, words: Sequence[tuple[Any, str, str]]
) -> dict[str, Any]:
    """List the choices that the gateway takes, and name the others with the first reason."""
    why = {word: session.dialect.refuses(model, name, value) for value, word, _ in words}
    options = [{"value": value, "word": word, "note": note} for value, word, note in words if not why[word]]
    refused = [word for _, word, _ in words if why[word]]
    return {
        "options": options,
        "refused": ", ".join(refused),
        "reason": why[refused[0]] if refused else "",
    }


def _free(model: type[Request], name: str, session: Session) -> dict[str, Any]:
    """Tell whether other values than those of the list may be typed: shapes, where the gateway takes any."""
    of = rule(model, name)
    is_free = isinstance(of, Aspect) and of.widest and not session.dialect.refuses(model, name, _FREE)
    return {"free": f"others, as {_FREE}"} if is_free else {}


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


def _steps(of: Number) -> list[dict[str, Any]]:
    """Propose all the stops of a slider, where they are few."""
    count = int((of.high - of.low) / of.step) + 1
    stops = [f"{of.low + of.step * place:g}" for place in range(count)]
    return (
        [_quick("All", "every stop", stops)]
        if count <= _FEW
        else [
            _quick(
                "Quarters",
                "a quarter of the range apart",
                [f"{of.low + (of.high - of.low) * i / _QUARTER:g}" for i in range(5)],
            )
        ]
    )


def _quick(word: str, meaning: str, values: Sequence[Any]) -> dict[str, Any]:
    line = ", ".join(str(value) for value in values)
    return {"word": word, "line": line, "help": f"{meaning}: {line}"}


def read(of: Rule, name: str, entered: Any) -> Any:
    r"""Turn what was entered for a field into None (nothing), one value, or a list of several.

    Raises:
        InvalidRequest: A value is not allowed.

    >>> read(Whole("variety", 0, 100), "chaos", "50"), read(Whole("variety", 0, 100), "chaos", " ")
    (50, None)
    >>> read(Codes("styles"), "sref", "123 456\n\n789")
    ['123 456', '789']
    """
    if isinstance(of, Whole | Number):
        values: list[Any] = numbers(of, name, str(entered or ""))
    else:
        typed = (
            [line for line in entered.splitlines() if line.strip()] if isinstance(entered, str) else entered
        )
        values = [of.read(name, value) for value in typed or ()]
    return values[0] if len(values) == 1 else values or None


def enter(of: Rule, value: Any) -> Any:
    """Turn one value or several into what the page would have entered.

    >>> enter(Whole("variety", 0, 100), [0, 50])
    '0, 50'
    """
    values = [] if value is None else list(value) if isinstance(value, list | tuple | range) else [value]
    if isinstance(of, Whole | Number):
        return ", ".join(str(one) for one in values)
    if isinstance(of, _WORDS):
        return "\n".join(
            " ".join(one) if isinstance(one, list | tuple) else str(one)
            for one in values
            if one is not None
        )
    return [False if one is None else one for one in values] if isinstance(of, Mark) else values
