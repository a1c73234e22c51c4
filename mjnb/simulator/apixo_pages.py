"""What APIXO's two Midjourney pages say of the same request, as data.

The current page and the older reference page describe one gateway, but not with the same words:

| | current | reference |
|---|---|---|
| modes | also paint, vary, upscale and, on request, four more | text-to-image, image-to-image |
| shape | `aspect`, 1:1 | `aspect_ratio`, 16:9 |
| unlikeness of the four | `chaos` 0-100, 0 | `variety` 0-100 in steps of 5, 10 |
| style | `stylize` 0-1000, 100 | `stylization` 0-1000 in steps of 50, 1 |
| oddness | `weird` 0-3000, 0 | `weirdness` 0-3000 in steps of 100, 1 |
| speed | fast, turbo | relaxed, fast, turbo |
| version | `v6` ... `niji 7` | `7` |
| must be sent | version, speed, where something new is drawn | `request_type` |
| translation | off | on |
| references | any number | at most 2 |
| `provider` | checked | not known, so ignored |
| a failed status | tells no times | tells when it began and ended |

Chosen here: how far lives spread around the reference page's averages (250, 60 and 30 s), and those of the current page. The
reference page calls mode, prompt and speed required and yet gives mode and speed a default: they may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CURRENT", "PAGES", "REFERENCE", "Number", "Page", "Speed"]


@dataclass(frozen=True, slots=True)
class Number:
    """An integer field of `0..high` in whole steps, or else exactly its default."""

    name: str
    high: int
    default: int
    step: int = 1


@dataclass(frozen=True, slots=True)
class Speed:
    """What a task costs in micro-dollars, and its shortest and longest life in seconds."""

    price: int
    seconds: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page's names, defaults and limits.

    Attributes:
        gateway: what its tasks are filed under; those of one page are unknown on the other.
        prefixes: where its paths hang from.
        modes: what can be asked for.
        extra_modes: what can be asked for once it has been enabled.
        versions: as they are sent.
        speeds: what each means; the first is the default of follow-ups.
        aspect: the name of the field that holds the shape.
        chaos: the field that sets the four pictures apart.
        stylize: the field for Midjourney's own taste.
        weird: the field for oddness.
        defaults: by field of something new that is drawn; a field without one is required.
        most_references: how many pictures may be given; None names no limit.
        providers: what `provider` may say; () does not know the field.
        texts: fields of free text that are read and change nothing that can be seen.
        failed_times: which times the status of a failed task tells.
    """

    gateway: str
    prefixes: tuple[str, ...]
    modes: tuple[str, ...]
    extra_modes: tuple[str, ...] = ()
    versions: tuple[str, ...]
    speeds: Mapping[str, Speed]
    aspect: str
    chaos: Number
    stylize: Number
    weird: Number
    defaults: Mapping[str, Any]
    most_references: int | None = None
    providers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    failed_times: tuple[str, ...] = ()


CURRENT = Page(
    gateway="apixo",
    prefixes=("", "/apixo"),
    modes=("text-to-image", "image-to-image", "upload-paint", "vary", "upscale"),
    extra_modes=("outpaint", "retexture", "remove-background", "reroll"),
    versions=("v6", "v6.1", "v7", "niji 6", "niji 7"),
    speeds=MappingProxyType(
        {
            "fast": Speed(100_000, (30.0, 45.0)),
            "turbo": Speed(200_000, (15.0, 25.0)),
        }
    ),
    aspect="aspect",
    chaos=Number("chaos", 100, 0),
    stylize=Number("stylize", 1000, 100),
    weird=Number("weird", 3000, 0),
    defaults=MappingProxyType({"request_type": "async", "aspect": "1:1", "enableTranslation": False}),
    providers=("auto", "value", "official"),
)
"""The page that the gateway shows now."""

REFERENCE = Page(
    gateway="apixo-reference",
    prefixes=("/apixo-reference",),
    modes=("text-to-image", "image-to-image"),
    versions=("7",),
    speeds=MappingProxyType(
        {
            "relaxed": Speed(40_000, (210.0, 290.0)),
            "fast": Speed(100_000, (50.0, 70.0)),
            "turbo": Speed(200_000, (22.0, 38.0)),
        }
    ),
    aspect="aspect_ratio",
    chaos=Number("variety", 100, 10, step=5),
    stylize=Number("stylization", 1000, 1, step=50),
    weird=Number("weirdness", 3000, 1, step=100),
    defaults=MappingProxyType(
        {
            "mode": "text-to-image",
            "speed": "relaxed",
            "version": "7",
            "aspect_ratio": "16:9",
            "enableTranslation": True,
        }
    ),
    most_references=2,
    texts=("watermark",),
    failed_times=("createTime", "completeTime"),
)
"""The older reference page."""

PAGES = (CURRENT, REFERENCE)
"""Both."""
