"""What a field of a request may hold: one rule per kind of value, with its range and its help in one place.

A rule reads a value or refuses it with `InvalidRequest`; forms are drawn from the same rules. Nothing is guessed:
`True` is no integer, `"50"` is refused, but spellings that mean the same (`7`, `"v7"`) and numpy integers are one value.
"""

from __future__ import annotations

from mjnb.fields.base import Band, Flag, Mark, Number, Points, Rule, Whole, is_writable
from mjnb.fields.links import Link, Links, MaskLink, a_clip, is_local, local_file
from mjnb.fields.words import Aspect, Choice, Codes, Listed, Name, Quality, Text, Version

__all__ = [
    "Aspect",
    "Band",
    "Choice",
    "Codes",
    "Flag",
    "Link",
    "Links",
    "Listed",
    "Mark",
    "MaskLink",
    "Name",
    "Number",
    "Points",
    "Quality",
    "Rule",
    "Text",
    "Version",
    "Whole",
    "a_clip",
    "is_local",
    "is_writable",
    "local_file",
]
