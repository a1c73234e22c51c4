"""APIXO's pages as data: how each of their generations spells, limits, times and prices the same things."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mjnb.gateways.base import Rhythm

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CURRENT", "REFERENCE", "Generation"]


@dataclass(frozen=True, slots=True)
class Generation:
    """How one generation of the page spells and prices things.

    `names` maps Python's field names to the wire's where they differ; `codes` maps words to what the wire has for them;
    `defaults` are the page's, for the generating modes; `always` are sent even when unset; `prices` in USD by speed. `steps`
    are what a number must be a multiple of, its default aside; `references` how many pictures it takes at most, None for no
    limit. `listed_only` are versions that stand in one of its lists and not in another; `envelope` says that it has a provider.
    """

    speeds: tuple[str, ...]
    versions: tuple[str, ...]
    aspects: tuple[str, ...]
    defaults: Mapping[str, Any]
    always: tuple[str, ...]
    rhythms: Mapping[str, Rhythm]
    prices: Mapping[str, float]
    names: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, int | str]] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)
    references: int | None = None
    listed_only: tuple[str, ...] = ()
    envelope: bool = True


_ASPECTS = ("1:1", "1:2", "2:1", "2:3", "3:2", "3:4", "4:3", "5:6", "6:5", "9:16", "16:9")

CURRENT = Generation(
    speeds=("fast", "turbo"),
    versions=("v6", "v6.1", "v7", "niji 6", "niji 7"),
    aspects=_ASPECTS,
    defaults={
        "version": "v6.1",
        "speed": "fast",
        "aspect": "1:1",
        "chaos": 0,
        "stylize": 100,
        "weird": 0,
        "enable_translation": False,
    },
    always=("version", "speed"),
    rhythms={
        "fast": Rhythm(first=20, every=3, typical=(30, 45), timeout=300),
        "turbo": Rhythm(first=20, every=3, typical=(15, 25), timeout=180),
    },
    prices={"relaxed": 0.04, "fast": 0.10, "turbo": 0.20},
    names={
        "enable_translation": "enableTranslation",
        "img_pos": "imgPos",
        "task_id": "taskId",
        "image_index": "imageIndex",
        "strength": "type",
        "kind": "type",
    },
    codes={
        "strength": {"subtle": 0, "strong": 1},
        "kind": {"standard": 0, "creative": 1, "2x": 2, "4x": 3},
    },
    listed_only=("v6",),
)
"""https://apixo.ai/docs/models/image/midjourney."""

REFERENCE = Generation(
    speeds=("relaxed", "fast", "turbo"),
    versions=("v7",),
    aspects=_ASPECTS,
    defaults={
        "version": "v7",
        "speed": "relaxed",
        "aspect": "16:9",
        "chaos": 10,
        "stylize": 1,
        "weird": 1,
        "enable_translation": True,
    },
    always=("speed",),
    # The page gives up after 300 s, which is little more than the 250 s that a relaxed task takes on average: wait longer.
    rhythms={
        "relaxed": Rhythm(first=200, every=10, typical=(250, 250), timeout=1200),
        "fast": Rhythm(first=50, every=10, typical=(60, 60), timeout=300),
        "turbo": Rhythm(first=10, every=10, typical=(30, 30), timeout=300),
    },
    prices={"relaxed": 0.04, "fast": 0.10, "turbo": 0.20},
    names={
        "aspect": "aspect_ratio",
        "chaos": "variety",
        "stylize": "stylization",
        "weird": "weirdness",
        "enable_translation": "enableTranslation",
    },
    codes={"version": {"v7": "7"}},
    steps={"chaos": 5, "stylize": 50, "weird": 100},
    references=2,
    envelope=False,
)
"""https://apixo.ai/en/docs/models/midjourney, the older reference page."""
