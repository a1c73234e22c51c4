"""Which gateway, with which key, at which address, and whether it costs money."""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from pydantic import SecretStr

from mjnb.errors import SetupError
from mjnb.gateways import NAMES, dialect, loaded, meant
from mjnb.hosts import host_name, is_loopback
from mjnb.keys import Known, asked, hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.gateways.base import Dialect

__all__ = ["SIMULATOR_SCALE", "Place", "find_place"]

SIMULATOR_SCALE = 30.0
_NO_KEY = SecretStr("simulated")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session speaks to. `base_url` is "" where the embedded simulator has yet to be started."""

    dialect: Dialect
    base_url: str
    key: SecretStr
    simulated: bool
    time_scale: float

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: the key stays in this process."""
        raise TypeError("A session's place holds its key and cannot be pickled or copied.")

    @property
    def path(self) -> str:
        """Where the embedded simulator plays this gateway."""
        return "" if self.dialect.name == NAMES[0] else f"/{self.dialect.name}"

    @property
    def embedded(self) -> bool:
        """Whether the simulator inside this process plays the gateway."""
        return self.simulated and not self.base_url

    def announcement(self) -> str:
        """Say in one line which gateway it is and whether it costs money."""
        if self.simulated:
            return (
                f"mjnb: SIMULATED {self.dialect.title} ({self.time_scale:g}× clock). Nothing is charged; "
                "the pictures are drawn by mjnb's simulator, not by Midjourney."
            )
        return f"mjnb: {self.dialect.title} at {self.base_url}. Every task costs money."


def find_place(
    gateway: str = "auto",
    *,
    api_key: str | SecretStr | None = None,
    base_url: str | None = None,
    time_scale: float | None = None,
    environ: Mapping[str, str] | None = None,
) -> Place:
    """Decide where to speak to.

    `"simulator"` plays APIXO, `"simulator:acedata"` another one. `"auto"` takes `MJNB_GATEWAY`, else the first gateway that has a
    key (ours first, then other packages'), else the simulator; for a key that is given by hand somebody must name the gateway.
    Only what was asked for as the simulator is one; a gateway that is named costs money, wherever its address points.

    A key is looked for in the environment, the working directory's `.env`, and Colab's secrets; where a gateway was named and
    has none, a notebook asks for it, unseen.

    Raises:
        SetupError: There is no such gateway, no key for it, a key for none, or a clock that cannot be.

    >>> find_place("simulator", environ={}).simulated
    True
    """
    api_key = hidden(api_key)  # from here on no variable shows it
    if not isinstance(gateway, str):
        raise SetupError(f'gateway={gateway!r}: a name, such as {NAMES[0]!r}, "simulator" or "auto".')
    known = Known(environ)
    name = _choose(gateway, known, api_key) if gateway == "auto" else gateway
    head, _, played = name.partition(":")
    simulated = (
        head == "simulator"
    )  # a named gateway is taken at its word: a tunnel to it ends on this machine too
    spoken = _played(played or NAMES[0]) if simulated else dialect(name)
    is_near = base_url is not None and is_loopback(base_url)
    if simulated and base_url is not None and not is_near:
        raise SetupError(
            f"base_url at {host_name(base_url or '')}: a simulator runs on this machine (127.0.0.1)."
        )
    scale = _scale(time_scale, simulated or is_near, default=SIMULATOR_SCALE if simulated else 1.0)
    origin = _origin(base_url, spoken, simulated, is_near)
    if api_key is None:  # a simulator is never handed a real one
        api_key = _NO_KEY if simulated else _found(spoken, known, ask=gateway != "auto")
    _check_key(spoken, api_key)
    return Place(spoken, origin, api_key, simulated, scale)


def _choose(gateway: str, known: Known, api_key: SecretStr | None) -> str:
    if chosen := known.setting("MJNB_GATEWAY").strip():
        if chosen == gateway:
            raise SetupError('MJNB_GATEWAY="auto" says nothing; name a gateway, or leave it unset.')
        return chosen
    if api_key is not None:
        raise SetupError(
            f"A key was given, but not for whom: name the gateway, gateway={NAMES[0]!r} or another of {', '.join(NAMES[1:])}."
        )
    named = {name: one.key_names for name, one in loaded().items()}
    here = (name for name, keys in named.items() if known.here(keys) is not None)
    elsewhere = (name for name, keys in named.items() if known.key(keys) is not None)
    return next(here, None) or next(elsewhere, "simulator")


def _played(name: str) -> Dialect:
    """Return the dialect of a gateway that the simulator plays: only those that come with the package."""
    if name not in NAMES:
        raise SetupError(
            f'gateway="simulator:{name}": the simulator plays {", ".join(NAMES)}; "simulator" alone plays {NAMES[0]}.'
            + meant(name, NAMES)
        )
    return dialect(name)


def _found(of: Dialect, known: Known, *, ask: bool) -> SecretStr:
    """Find a gateway's key, where it was named by asking for it if need be; an empty one if there is none."""
    found = known.key(of.key_names)
    if found is None and ask:
        found = asked(of.title)
    return found or SecretStr("")


def _check_key(of: Dialect, key: SecretStr) -> None:
    if not key.get_secret_value().strip():
        raise SetupError(
            f"No key for {of.title}: give api_key=, or set {of.key_names[0]} in the environment, in .env or in Colab's secrets. "
            'Without a key, gateway="simulator" runs everything and costs nothing.'
        )
    if any(not "!" <= char <= "~" for char in key.get_secret_value()):
        raise SetupError(
            f"The key for {of.title} holds blanks or characters that no key has; copy it again."
        )


def _scale(given: float | None, simulated: bool, *, default: float) -> float:
    if given is None:
        return default
    number: Any = given  # whatever was typed
    if not isinstance(number, numbers.Real) or not 0 < float(number) < math.inf:
        raise SetupError(f"time_scale={given!r}: a positive number of gateway seconds in one second.")
    if given != 1 and not simulated:
        raise SetupError(
            f"time_scale={given!r}: a real gateway's clock cannot be hurried; only a simulator's can."
        )
    return float(given)


def _origin(base_url: str | None, of: Dialect, simulated: bool, is_near: bool) -> str:
    if base_url is None:
        return "" if simulated else of.base_url
    if not _is_origin(base_url):
        raise SetupError(
            f"base_url at {host_name(base_url)}: it must be an origin such as {of.base_url!r}, without credentials."
        )
    if urlsplit(base_url).scheme == "http" and not is_near:
        raise SetupError(f"base_url at {host_name(base_url)}: the key would travel unencrypted; use https.")
    base_url = base_url.rstrip("/")
    for endpoint in of.endpoints:
        if found := re.search(rf"{re.escape(endpoint)}(?=/|$)", base_url):
            raise SetupError(
                f"base_url at {host_name(base_url)}: {endpoint} is added to it by itself; give {base_url[: found.start()]!r}."
            )
    return base_url


def _is_origin(url: str) -> bool:
    """Tell whether a URL is scheme, host, port and perhaps a path: no credentials, no query."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port != 0
    except ValueError:
        return False
    extra = "@" in parts.netloc or parts.query or parts.fragment or any(char.isspace() for char in url)
    return port_is_one and parts.scheme in {"http", "https"} and bool(parts.hostname) and not extra
