"""The gateways, by name; each is imported at its first use.

A gateway of somebody else's is found by the entry point group `mjnb.gateways`: its name, and where its `Dialect` is.
`mjnb.testing.GatewayContract` tells whether it keeps what every dialect promises.
"""

from __future__ import annotations

import contextlib
import difflib
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from mjnb.errors import InvalidRequest, SetupError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mjnb.gateways.base import Dialect

__all__ = ["GROUP", "NAMES", "dialect", "loaded", "meant", "names", "naming", "who_takes"]

GROUP = "mjnb.gateways"
_A_FILE = "a file"  # what a dialect names as the value, where it refuses a file of this machine
_PLACES = {
    "apixo": "mjnb.gateways.apixo:Apixo",
    "apixo-reference": "mjnb.gateways.apixo:ApixoReference",
    "acedata": "mjnb.gateways.acedata:AceData",
    "apimart": "mjnb.gateways.apimart:Apimart",
}
NAMES = tuple(_PLACES)
"""The gateways that come with the package."""


def _places() -> dict[str, str]:
    found = {point.name: point.value for point in entry_points(group=GROUP)}
    return {**found, **_PLACES}  # nobody takes one of ours away


def names() -> tuple[str, ...]:
    """Return every gateway's name: ours, then those of other packages.

    >>> names()[:4]
    ('apixo', 'apixo-reference', 'acedata', 'apimart')
    """
    return (*NAMES, *sorted(_places().keys() - set(NAMES)))


@cache
def dialect(name: str) -> Dialect:
    """Return the dialect of a gateway.

    Raises:
        SetupError: There is no such gateway (the message names those there are), or another package's cannot be loaded,
            whatever it raises.

    >>> dialect("apixo").title
    'APIXO'
    """
    places = _places()
    if name not in places:
        known = [*names(), "simulator", "simulator:<name>", "auto"]
        raise SetupError(f"gateway={name!r}: there is {', '.join(known)}.{meant(name, known)}")
    try:
        return _made(places[name])
    except Exception as error:
        raise SetupError(
            f"gateway={name!r} is named by another package, but cannot be loaded: {type(error).__name__}: {error}."
        ) from error


def meant(name: str, known: Iterable[str]) -> str:
    """Say which of some names was probably meant, "" if none of them.

    >>> meant("ACEDATA", NAMES), meant("midjourney", NAMES)
    (" Did you mean 'acedata'?", '')
    """
    close = difflib.get_close_matches(name.strip().lower(), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _made(place: str) -> Dialect:
    from mjnb.gateways.base import Dialect

    module, _, attribute = place.partition(":")
    made = getattr(import_module(module), attribute)()
    if not isinstance(made, Dialect):
        raise TypeError(f"{attribute} is no Dialect")
    if missing := [want for want in Dialect.__annotations__ if not hasattr(made, want)]:
        raise TypeError(f"{attribute} has no {', '.join(missing)}")
    return made


def who_takes(mode: str, field: str = "") -> tuple[str, ...]:
    """Return the gateways that have a mode, or a field in it.

    >>> who_takes("text-to-image", "watermark")
    ('apixo-reference',)
    """
    return tuple(
        name
        for name, one in loaded().items()
        if mode in one.modes and (not field or not one.lacks(mode, field))
    )


def loaded() -> dict[str, Dialect]:
    """Return every gateway that can be loaded, by name; another package's trouble is none of ours."""
    found = {}
    for name in names():
        with contextlib.suppress(SetupError):
            found[name] = dialect(name)
    return found


def naming(error: UnsupportedError, mode: str) -> InvalidRequest:
    """Return the same error with the gateways that do take what this one does not.

    A value that none takes is wrong everywhere, and no matter of gateways: an `InvalidRequest`.
    """
    if error.value == _A_FILE:
        return error.elsewhere(
            name for name, one in loaded().items() if {*one.references} & {"upload", "base64"}
        )
    if error.field == "mode":
        return error.elsewhere(who_takes(str(error.value)))
    if takers := _who_takes_value(mode, error.field, error.value):
        return error.elsewhere(takers)
    if error.nearest is None:
        return error.elsewhere(who_takes(mode, error.field))
    return InvalidRequest(error.field, error.value, error.allowed, nearest=error.nearest, hint=error.hint)


def _who_takes_value(mode: str, field: str, value: object) -> tuple[str, ...]:
    """Return the gateways whose own rules have nothing against a value, other fields aside."""
    takers = ((name, loaded()[name]) for name in who_takes(mode, field))
    return tuple(name for name, one in takers if not one.refuses(one.modes[mode], field, value))
