"""Whether a prompt is English, which the models understand best."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["looks_foreign"]

_ENGLISH = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "of",
        "on",
        "over",
        "the",
        "to",
        "under",
        "with",
        "without",
    ]
)
_FOREIGN = frozenset(
    [
        "auf",
        "au",
        "aux",
        "avec",
        "che",
        "con",
        "da",
        "das",
        "de",
        "del",
        "della",
        "dem",
        "den",
        "der",
        "des",
        "die",
        "dos",
        "du",
        "e",
        "ein",
        "eine",
        "el",
        "en",
        "es",
        "et",
        "il",
        "im",
        "la",
        "las",
        "le",
        "les",
        "lo",
        "los",
        "mit",
        "na",
        "no",
        "ohne",
        "para",
        "pour",
        "por",
        "sans",
        "sous",
        "sur",
        "um",
        "uma",
        "un",
        "una",
        "und",
        "une",
        "uno",
        "y",
        "zu",
        "zum",
    ]
)


def looks_foreign(prompt: str) -> bool:
    """Tell whether a prompt is clearly not English: another script, or the small words of another language.

    >>> looks_foreign("一座雪山"), looks_foreign("un gato en la playa"), looks_foreign("a café in Paris")
    (True, True, False)
    """
    if any(char.isalpha() and "LATIN" not in unicodedata.name(char, "LATIN") for char in prompt):
        return True
    words = set(re.findall(r"[^\W\d_]+", prompt.lower()))
    return len(words & _FOREIGN) >= 2 and not words & _ENGLISH  # noqa: PLR2004  (one may be a name)
