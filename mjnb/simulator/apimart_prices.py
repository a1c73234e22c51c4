"""What APIMart charges: the billing keys of its documents, looked up in a price list of our own.

The list follows the gateway's published prices of September 2026, in micro-dollars. No key has a price for the version of
a follow-up, so those fall through to the action and its speed, as the documents say.
"""

from __future__ import annotations

__all__ = ["ACTIONS", "billing_keys", "price"]

ACTIONS = (
    "imagine", "blend", "describe", "edits", "upscale", "variation", "high_variation", "low_variation", "reroll", "zoom",
    "pan", "inpaint", "modal", "remix_strong", "remix_subtle",
)  # fmt: skip
"""The bill names of what has a speed; video has none."""

_MODEL = "midjourney"
_VERSIONS = ("v8.2", "v8.1", "v7", "v6.1", "v5.2", "v5.1", "niji7", "niji6")
_RELAX, _FAST, _TURBO = 45_040, 55_040, 100_000


def _list() -> dict[str, int]:
    imagined = ("imagine", *(f"imagine-{version}" for version in _VERSIONS))
    prices = {_MODEL: _RELAX, f"{_MODEL}@video": 200_000, f"{_MODEL}@video-720p": 400_000}
    for name in (*imagined, *ACTIONS[1:]):
        prices[f"{_MODEL}@{name}"] = _RELAX if name in imagined else _FAST
        prices[f"{_MODEL}@{name}-fast"] = _FAST
        prices[f"{_MODEL}@{name}-turbo"] = _TURBO
    return prices


_PRICES = _list()


def billing_keys(action: str, version: str = "", speed: str = "relax") -> list[str]:
    """Return the keys under which a price is looked for, the best first.

    Args:
        action: the bill name, such as "high_variation".
        version: normalised, such as "v8.1" or "niji7"; "" for none.
        speed: "relax" adds nothing to a key.

    >>> billing_keys("imagine", "v7", "fast")[:2]
    ['midjourney@imagine-v7-fast', 'midjourney@imagine-v7']
    """
    fast = "" if speed == "relax" else speed
    wanted = ((action, version, fast), (action, version), (action, fast), (action,))
    keys = [f"{_MODEL}@{'-'.join(filter(None, parts))}" for parts in wanted]
    return [*dict.fromkeys(keys), _MODEL]


def price(action: str, version: str = "", speed: str = "relax") -> int:
    """Return what an action costs once, in micro-dollars.

    >>> price("imagine"), price("zoom", "v7", "turbo"), price("video-720p")
    (45040, 100000, 400000)
    """
    return next(_PRICES[key] for key in billing_keys(action, version, speed) if key in _PRICES)
