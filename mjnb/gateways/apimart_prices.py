"""What APIMart charges: billing keys made of action, version and speed, looked up in the documented order.

Keys and order: https://docs.apimart.ai (Midjourney, "Billing"). A failed task is refunded in full.
"""

from __future__ import annotations

from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALL_KEYS", "DATED", "PRICES", "action_of", "billing_keys", "keys_of"]

DATED = "2026-09-21"
"""When the prices were read, from APIMart's own price list."""
MODEL = "midjourney"
_VERSIONED = (
    "imagine", "upscale", "variation", "high_variation", "low_variation", "reroll", "zoom", "pan", "inpaint",
)  # fmt: skip
_PLAIN = ("blend", "describe", "edits", "modal", "remix_strong", "remix_subtle")
_CLIPS = {"480p": "video", "720p": "video-720p"}
_VERSIONS = ("v8.2", "v8.1", "v7", "v6.1", "v5.2", "v5.1", "niji7", "niji6")
_SPEEDS = ("fast", "turbo")  # relaxed has no suffix

PRICES: Mapping[str, float] = MappingProxyType(
    {f"{MODEL}@{action}": 0.05504 for action in (*_VERSIONED, *_PLAIN)}
    | {f"{MODEL}@{action}-turbo": 0.10 for action in (*_VERSIONED, *_PLAIN)}
    | {f"{MODEL}@imagine": 0.04504, f"{MODEL}@imagine-fast": 0.05504}
    | {f"{MODEL}@video": 0.20, f"{MODEL}@video-720p": 0.40}
)
"""USD by billing key, as of `DATED`; the list prices are a fifth higher."""


def billing_keys(action: str, version: str = "", speed: str = "") -> tuple[str, ...]:
    """Return the keys that APIMart tries for an action, the one that counts first.

    Args:
        action: As the keys spell it, such as `"high_variation"`.
        version: Ours, such as `"niji 7"`; "" where it is not known.
        speed: Ours; relaxed has no suffix.

    >>> billing_keys("imagine", "niji 7", "fast")[:3]
    ('midjourney@imagine-niji7-fast', 'midjourney@imagine-niji7', 'midjourney@imagine-fast')
    >>> billing_keys("zoom", speed="relaxed")
    ('midjourney@zoom', 'midjourney')
    """
    model = f"-{version.replace(' ', '')}" if version and action in _VERSIONED else ""
    pace = f"-{speed}" if speed in _SPEEDS else ""
    names = (f"{action}{model}{pace}", f"{action}{model}", f"{action}{pace}", action)
    return (*dict.fromkeys(f"{MODEL}@{name}" for name in names), MODEL)


def action_of(mode: str, held: Mapping[str, Any]) -> str:
    """Return the bill name of a mode, "" for one that has none.

    >>> action_of("vary", {"strength": "strong"}), action_of("inpaint", {})
    ('high_variation', 'modal')
    """
    if mode == "vary":
        return "high_variation" if held.get("strength") == "strong" else "low_variation"
    if mode == "remix":
        return f"remix_{held.get('strength')}"
    if mode == "video":
        return _CLIPS.get(str(held.get("resolution")), "video")
    return _ACTIONS.get(mode, "")


_ACTIONS = {
    "text-to-image": "imagine",
    "image-to-image": "imagine",
    "edit": "edits",
    "inpaint": "modal",  # charged when its second half succeeds, and only once
    **{mode: mode for mode in ("blend", "describe", "upscale", "reroll", "zoom", "pan")},
}


def keys_of(mode: str, held: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the billing keys of a request in their order, none for a mode that has no bill name.

    The version of a follow-up's parent is not known before it is sent, so its keys have none.
    """
    action, speed = action_of(mode, held), str(held.get("speed") or "")
    keys = billing_keys(action, str(held.get("version") or ""), speed) if action else ()
    return (*keys[:-1], *billing_keys("inpaint", speed=speed)) if mode == "inpaint" else keys


def _every_key() -> tuple[str, ...]:
    paced = [
        billing_keys(action, version, speed)[0]
        for action, version, speed in product((*_VERSIONED, *_PLAIN), ("", *_VERSIONS), ("", *_SPEEDS))
    ]
    return (MODEL, *dict.fromkeys(paced), *(f"{MODEL}@{action}" for action in _CLIPS.values()))


ALL_KEYS = _every_key()
"""Every billing key of the documents."""
