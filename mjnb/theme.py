"""The colours and type of everything drawn outside Jupyter's own theme: sheets, plots and reports.

One light and one dark palette of the same tokens. Text on `page` or `panel` keeps a contrast of at least 4.5 : 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DARK", "LIGHT", "Palette", "Theme", "in_words", "palette"]

Theme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Named colours, each `#rrggbb`."""

    page: str
    panel: str
    ink: str
    muted: str
    line: str
    accent: str
    good: str
    warn: str
    bad: str


LIGHT = Palette(
    page="#ffffff",
    panel="#f5f5f3",
    ink="#1c1c1a",
    muted="#62625c",
    line="#dcdcd6",
    accent="#0b63ce",
    good="#1a7f4b",
    warn="#8a5a00",
    bad="#b3261e",
)

DARK = Palette(
    page="#141413",
    panel="#1f1f1d",
    ink="#f0f0ea",
    muted="#a3a39a",
    line="#363632",
    accent="#78b0ff",
    good="#66c795",
    warn="#e0b050",
    bad="#ff8a80",
)


def palette(theme: Theme) -> Palette:
    """Return the palette of a theme.

    >>> palette("dark").page
    '#141413'
    """
    return DARK if theme == "dark" else LIGHT


def in_words(html: str) -> str:
    """Wrap HTML for a notebook so that its dollars stay dollars: front ends draw what stands between two of them as a formula.

    >>> in_words("$0.10 or $0.20")
    '<div class="tex2jax_ignore mathjax_ignore">$0.10 or $0.20</div>'
    """
    return f'<div class="tex2jax_ignore mathjax_ignore">{html}</div>'
