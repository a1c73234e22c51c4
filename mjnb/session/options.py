"""A session's numbers, read before anything is sent: limits, prices, patience."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mjnb.errors import SetupError, legible
from mjnb.fields import Choice
from mjnb.gateways import loaded
from mjnb.gateways.base import Limits
from mjnb.images import Bounds
from mjnb.modes import MODES, SPEEDS
from mjnb.polling import SHARE

if TYPE_CHECKING:
    from mjnb.gateways.base import Dialect

__all__ = ["read_bounds", "read_limits", "read_prices", "read_provider", "read_stream", "read_timeout"]

_PROVIDERS = ("auto", "value", "official")
_MOST = 1000  # MB, and megapixels: a picture is held in memory whole


def read_provider(given: Any, dialect: Dialect) -> str:
    """Read APIXO's routing.

    Raises:
        SetupError: There is no such routing, or the gateway has none to choose.
    """
    if not isinstance(given, str) or given not in _PROVIDERS:
        raise SetupError(f"provider={given!r}: one of {', '.join(_PROVIDERS)}.")
    page = getattr(dialect, "generation", None)  # only the pages of APIXO have one
    if given != _PROVIDERS[0] and not (page is not None and page.envelope):
        raise SetupError(f"provider={given!r}: {dialect.title} has no routing to choose; APIXO has.")
    return given


def read_stream(given: Any) -> bool:
    """Read whether progress is wanted as a stream.

    Raises:
        SetupError: It is neither True nor False.
    """
    if not isinstance(given, bool):
        raise SetupError(f"stream={given!r}: True or False.")
    return given


def read_limits(documented: Limits, per_minute: Any, at_once: Any) -> Limits:
    """Take the user's own limits, else the documented ones; of the documented tasks at once nine tenths.

    (Of the requests a minute the throttle leaves a tenth free, whoever set them.)
    """
    return Limits(
        _count("requests_per_minute", per_minute, documented.per_minute),
        _count("concurrency", at_once, int(documented.at_once * SHARE)),
    )


def read_bounds(mb: Any, megapixels: Any) -> Bounds:
    """Read how large a picture may be: millions of bytes, millions of pixels.

    Raises:
        SetupError: It is no number, not more than 0, or more than 1000.
    """
    return Bounds(_million("max_picture_mb", mb), _million("max_megapixels", megapixels))


def _million(name: str, given: Any) -> int:
    what = f"a number of millions, more than 0 and at most {_MOST}"
    number = _number(name, given, least=1e-6, what=what)
    if number > _MOST:
        raise SetupError(f"{name}={given!r}: {what}.")
    return round(number * 1e6)


def _count(name: str, given: Any, documented: int) -> int:
    if given is None:
        return documented
    try:
        count = 0 if isinstance(given, bool) else operator.index(given)
    except TypeError:
        count = 0
    if count < 1:
        raise SetupError(f"{name}={given!r}: an integer of at least 1, or None for what is documented.")
    return count


def _number(name: str, given: Any, *, least: float, what: str, most: float = 1e9) -> float:
    is_number = isinstance(given, numbers.Real | Decimal) and not isinstance(given, bool)
    try:
        number = float(given) if is_number else math.nan
    except (OverflowError, ValueError):  # more digits than a float has, a Decimal that is no number
        number = math.nan
    if not least <= number <= most:
        raise SetupError(f"{name}={_short(given)}: {what}.")
    return number


def _short(given: Any) -> str:
    try:
        return legible(repr(given), 80)
    except ValueError:  # an integer of thousands of digits
        return f"<{type(given).__name__}>"


def _speed(name: str, given: object) -> str:
    """Read a speed in any of its spellings."""
    word = str(given).strip().lower()
    word = {"relax": "relaxed"}.get(word, word)
    if word not in SPEEDS:
        raise SetupError(f"{name}: {given!r} is no speed; there are {', '.join(SPEEDS)}.")
    return word


def read_timeout(given: Any) -> float | dict[str, float] | None:
    """Read a patience in gateway seconds, one number or one by speed.

    Raises:
        SetupError: It is none, or names no speed.
    """
    what = "gateway seconds, more than 0"
    if given is None:
        return None
    if isinstance(given, Mapping):
        return {
            _speed("timeout", key): _number(f"timeout[{key!r}]", value, least=1e-9, what=what)
            for key, value in given.items()
        }
    return _number("timeout", given, least=1e-9, what=f"{what}, or a mapping by speed")


def read_prices(given: Mapping[str, Any] | None, dialect: Dialect) -> dict[str, float]:
    """Read prices in US dollars by mode, by speed, or by `"mode speed"`.

    One table serves every gateway: the modes and the billing keys of others stand in it unused.

    Raises:
        SetupError: A price that is none, or a name that no request has.
    """
    if given is not None and not isinstance(given, Mapping):
        raise SetupError(f"prices={given!r}: US dollars by mode or speed, such as {{'fast': 0.1}}.")
    prices: dict[str, float] = {}
    for key, value in (given or {}).items():
        what = "US dollars a task, from 0 to a million"
        price = _number(f"prices[{key!r}]", value, least=0, most=1e6, what=what)
        prices[_price_name(str(key), dialect)] = price
    return prices


def _price_name(key: str, dialect: Dialect) -> str:
    everyone = (dialect, *loaded().values())
    mode, _, speed = key.strip().partition(" ")
    if speed:
        return f"{_priced_mode(mode, everyone)} {_speed('prices', speed)}"
    if mode.lower() in {*SPEEDS, "relax"}:
        return _speed("prices", mode)
    is_billing_key = any(mode in one.price_names for one in everyone)
    return mode if is_billing_key else _priced_mode(mode, everyone, or_speeds=SPEEDS)


def _priced_mode(word: str, everyone: Iterable[Dialect], or_speeds: Iterable[str] = ()) -> str:
    """Read a mode that any gateway has, on request or not."""
    modes = dict.fromkeys((*MODES, *(mode for one in everyone for mode in (*one.modes, *one.on_request))))
    if word in modes:
        return word
    known = dict.fromkeys((*modes, *or_speeds), "")
    nearest = Choice("", known)._nearest(word)  # noqa: SLF001  (the same nearness)
    hint = f" Did you mean {nearest!r}?" if nearest else ""
    said = "no mode and no speed" if or_speeds else "no mode"
    raise SetupError(f"prices: {word!r} is {said} of any gateway; there are {', '.join(known)}.{hint}")
