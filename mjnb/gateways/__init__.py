"""The gateways, by name; each is imported at its first use."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import TYPE_CHECKING

from mjnb.errors import SetupError

if TYPE_CHECKING:
    from mjnb.gateways.base import Dialect

__all__ = ["NAMES", "dialect"]

_PLACES = {"apixo": "mjnb.gateways.apixo:Apixo"}
NAMES = tuple(_PLACES)


def dialect(name: str) -> Dialect:
    """Return the dialect of a gateway.

    Raises:
        SetupError: There is no such gateway; the message names those there are.

    >>> dialect("apixo").title
    'APIXO'
    """
    if name not in _PLACES:
        close = difflib.get_close_matches(name, [*NAMES, "simulator", "auto"], n=1)
        raise SetupError(
            f"gateway={name!r}: there is {', '.join([*NAMES, 'simulator', 'auto'])}."
            + (f" Did you mean {close[0]!r}?" if close else "")
        )
    module, _, attribute = _PLACES[name].partition(":")
    made: Dialect = getattr(import_module(module), attribute)()
    return made
