"""Readers for what gateways answer: each takes anything and returns a plain value, or the word for nothing. None raises.

A paid task hangs on these replies, so a value of another kind than the documents say (digits in quotes, a lonely string in place
of a list, half a character) is read where its meaning is plain, and left out where it is not.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from mjnb.errors import MalformedReply

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mjnb.gateways.base import Reply

__all__ = [
    "at", "duration", "epoch", "identifier", "items", "malformed", "mapping", "micro", "number", "parsed", "percent",
    "says_only", "seconds", "speaks_of_waiting", "text", "texts", "whole",
]  # fmt: skip

_YEAR_3000_S = 32_503_680_000.0  # a later moment is no answer, and would not fit into a calendar
_MILLISECONDS = 1e11  # as seconds the year 5138, as milliseconds 1973
_TOO_MUCH = 1e15
_TOO_DEAR_USD = 1e6  # no task costs a million dollars: what says so is not a price
_LONGEST_NUMBER = 400  # characters
_LONGEST_ID = 500
_FLOORS = 100
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_WAITING = re.compile(
    "tim(?:e[sd]?|ing)[ _-]?out|too long|deadline|respon[ds]|upstream|gateway|backend|origin|proxy|connect|reset|超时|上游|网关",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)


def text(value: Any) -> str:
    r"""Read a text, made writable: JSON can carry halves of surrogate pairs, UTF-8 cannot. None is "".

    >>> text("a \ud83e fox"), text(None), text(7)
    ('a ? fox', '', '7')
    """
    try:
        found = value if isinstance(value, str) else "" if value is None else str(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, JSON of thousands of floors
        return ""
    return found.encode("utf-8", "replace").decode()


def identifier(value: Any) -> str:
    """Read an id: a text that is not blank or a whole number, "" for anything else, such as what is too long to be asked after.

    >>> identifier("task_1"), identifier(777), identifier(True), identifier(" ")
    ('task_1', '777', '', '')
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    found = text(value).strip()
    return found if len(found) <= _LONGEST_ID else ""


def number(value: Any) -> float | None:
    """Read a number that is not negative and below 10^15, digits in quotes too; None for anything else.

    >>> number(5), number("41388"), number("0.5"), number(True), number(float("nan")), number(-1)
    (5.0, 41388.0, 0.5, None, None, None)
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _TOO_MUCH else None  # NaN is neither


def whole(value: Any) -> int | None:
    """Read a whole number that is not negative, None for anything else.

    >>> whole("1024"), whole(1024.0), whole(0.5)
    (1024, 1024, None)
    """
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def epoch(value: Any) -> float | None:
    """Read a moment in epoch seconds or milliseconds, by its size; return seconds, None where it is none.

    >>> epoch(1767965610929), epoch(1720364607.967), epoch("soon")
    (1767965610.929, 1720364607.967, None)
    """
    found = number(value)
    if found is None:
        return None
    moment = found / 1000 if found > _MILLISECONDS else found
    return moment if moment < _YEAR_3000_S else None


def duration(value: Any) -> float | None:
    """Read a span in milliseconds; return seconds.

    >>> duration(41388)
    41.388
    """
    found = number(value)
    return None if found is None else found / 1000


def seconds(value: Any) -> float | None:
    """Read a span in seconds.

    >>> seconds(29.437)
    29.437
    """
    return number(value)


def percent(value: Any) -> int | None:
    """Read a progress of 0 to 100, written `35`, `"35"` or `"35%"`; None where it is none.

    >>> percent(35), percent("100%"), percent(101), percent("")
    (35, 100, None, None)
    """
    found = number(value.strip().removesuffix("%").strip() if isinstance(value, str) else value)
    return int(found) if found is not None and found <= 100 else None  # noqa: PLR2004  (percent)


def micro(value: Any) -> int | None:
    """Read dollars; return millionths, None where nothing is told or where it is no task's price, above a million dollars.

    >>> micro(0.04504), micro("0.1"), micro(None), micro(1e7)
    (45040, 100000, None, None)
    """
    found = number(value)
    return round(found * 1_000_000) if found is not None and found <= _TOO_DEAR_USD else None


def mapping(value: Any) -> Mapping[str, Any]:
    """Read an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Read a list; a lonely value is a list of one, None an empty one.

    >>> items("a"), items(["a"]), items(None)
    (['a'], ['a'], [])
    """
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts, or a lonely one, each in its place: what is no text is "".

    >>> texts(["a", None, "b"]), texts("a"), texts(5)
    (('a', '', 'b'), ('a',), ('',))
    """
    return tuple(text(item) if isinstance(item, str) else "" for item in items(value))


def at(value: Any, *way: str | int) -> Any:
    """Follow names and places into JSON; None where the way ends.

    >>> at({"data": [{"task_id": "t"}]}, "data", 0, "task_id"), at({"data": None}, "data", 0)
    ('t', None)
    """
    for step in way:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def says_only(value: Any, *names: str) -> bool:
    """Tell whether this is an object that says something under these names alone: any other is absent, null or empty.

    >>> says_only({"code": 503, "data": None}, "code"), says_only({"code": 503, "id": "t"}, "code"), says_only(None)
    (True, False, False)
    """
    return isinstance(value, dict) and all(name in names or said in _EMPTY for name, said in value.items())


def speaks_of_waiting(value: Any) -> bool:
    """Tell whether a message names somebody behind who was asked, or a wait for him: then the request may have been taken there.

    >>> speaks_of_waiting("Upstream request timeout"), speaks_of_waiting("timed out"), speaks_of_waiting("Service Unavailable")
    (True, True, False)
    """
    return bool(_WAITING.search(text(value)))


def parsed(value: Any) -> Any:
    """Read JSON that is written in a string; what is JSON already stays, what is none becomes None.

    So does what no gateway means: more than a hundred floors of brackets, which would exhaust whoever writes it again, and in it
    NaN, the infinite, and numbers of hundreds of digits, which no other JSON reader takes.

    >>> parsed('{"a": 1}'), parsed({"a": 1}), parsed("no JSON"), parsed('[NaN, 1e999]')
    ({'a': 1}, {'a': 1}, None, [None, None])
    """
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value, parse_float=_float, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return None if _is_deep(found) else found


def _float(text: str) -> float | None:
    found = float(text) if len(text) <= _LONGEST_NUMBER else math.inf  # millions of digits take a second
    return found if math.isfinite(found) else None


def _is_deep(value: Any) -> bool:
    """Tell whether JSON has more than a hundred floors."""
    floor = [value]
    for _ in range(_FLOORS):
        floor = [inner for one in floor if isinstance(one, dict | list) for inner in _inside(one)]
        if not floor:
            return False
    return True


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def malformed(title: str, reply: Reply, what: str) -> MalformedReply:
    """Build the error for an answer that is in no document: it may hide a task, so it never says that there is none."""
    start = text(reply.text[:120])
    return MalformedReply(
        f"{title} answered {reply.status} with something its documents do not have ({what}): {start!r}",
        status=reply.status,
    )
