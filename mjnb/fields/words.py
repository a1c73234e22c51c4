"""Rules for words: choices, versions, shapes, prompts, names and codes."""

from __future__ import annotations

import difflib
import math
import numbers
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mjnb.fields.base import Rule, is_bool, is_writable, to_float
from mjnb.fields.links import check_no_clip

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Aspect", "Choice", "Codes", "Listed", "Name", "Quality", "Text", "Version"]


@dataclass(frozen=True, slots=True)
class Choice(Rule):
    """One of a few words; `notes` says what each is for, `aliases` maps other spellings to them.

    >>> Choice("speed", {"fast": "", "turbo": ""}).read("speed", "Turbo")
    'turbo'
    """

    notes: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def allowed(self) -> str:
        """List the words."""
        return "one of " + ", ".join(self.notes)

    def read(self, name: str, value: Any) -> str:
        """Return the word in its documented spelling."""
        text = self._normal(value)
        text = self.aliases.get(text, text)
        if text in self.notes:
            return text
        raise self.refuse(name, value, nearest=self._nearest(text))

    def _normal(self, value: object) -> str:
        return value.strip().lower() if isinstance(value, str) else ""

    def _nearest(self, text: str) -> str | None:
        return next(iter(difflib.get_close_matches(text, list(self.notes), n=1, cutoff=0.4)), None)


_VERSION = re.compile(r"(?:(?P<niji>niji)[\s\-_]*)?v?\s*(?P<number>[0-9]{1,4}(?:\.[0-9]{1,4})?)")


@dataclass(frozen=True, slots=True)
class Version(Choice):
    """A model version; `7`, `"7"`, `"v7"` are one, and so are `"niji7"` and `"niji 7"`.

    >>> Version("model", {"v7": "", "niji 7": ""}).read("version", "niji7")
    'niji 7'
    """

    def _normal(self, value: object) -> str:
        if is_bool(value) or not isinstance(value, str | numbers.Real):
            return ""
        text = value.strip().lower() if isinstance(value, str) else f"{to_float(value):g}"
        match = _VERSION.fullmatch(text)
        if not match:
            return text
        number = match["number"].removesuffix(".0")
        return f"niji {number}" if match["niji"] else f"v{number}"

    def _nearest(self, text: str) -> str | None:
        match = _VERSION.fullmatch(text)
        if not match:
            return Choice._nearest(self, text)  # noqa: SLF001  (super() needs __class__, which slots take away)
        family = [name for name in self.notes if name.startswith("niji") == bool(match["niji"])]
        return min(
            family,
            key=lambda name: abs(float(name.split()[-1].lstrip("v")) - float(match["number"])),
            default=None,
        )


@dataclass(frozen=True, slots=True)
class Aspect(Choice):
    """A frame shape `"W:H"` from a list; with `widest` also any other in whole numbers, up to so many times as wide as high.

    >>> Aspect("shape", {"16:9": "", "1:1": ""}).read("aspect", "16 : 9")
    '16:9'
    >>> Aspect("shape", {"16:9": ""}, widest=14).read("aspect", "21:9")
    '21:9'
    """

    widest: float = 0.0

    @property
    def allowed(self) -> str:
        """List the shapes."""
        listed = ", ".join(self.notes)
        return (
            f"W:H in whole numbers, at most {self.widest:g}:1, such as {listed}"
            if self.widest
            else f"one of {listed}"
        )

    def read(self, name: str, value: Any) -> str:
        """Return the shape as `"W:H"`."""
        text = self._normal(value)
        if text in self.notes or self._is_free(text):
            return text
        raise self.refuse(name, value, nearest=self._nearest(text))

    def _is_free(self, text: str) -> bool:
        ratio = _ratio(text) if self.widest and re.fullmatch(r"[0-9]{1,4}:[0-9]{1,4}", text) else None
        return ratio is not None and 1 / self.widest <= ratio <= self.widest

    def _normal(self, value: object) -> str:
        if isinstance(value, numbers.Real) and not is_bool(value):
            return f"{to_float(value)}:1"  # never in the list, but it has a nearest shape
        return re.sub(r"\s", "", value) if isinstance(value, str) else ""

    def _nearest(self, text: str) -> str | None:
        wanted = _ratio(text)
        if wanted is None:
            return None
        if self._is_free(_with_colon(text)):
            return _with_colon(text)
        if self.widest and not 1 / self.widest <= wanted <= self.widest:
            return f"{self.widest:g}:1" if wanted > 1 else f"1:{self.widest:g}"
        return min(self.notes, key=lambda name: abs(math.log((_ratio(name) or 1.0) / wanted)))


def _with_colon(aspect: str) -> str:
    return re.sub(r"[x×/]", ":", aspect.lower())


def _ratio(aspect: str) -> float | None:
    """Read the width of a shape of height 1, however the two are divided (`16:9`, `16x9`, `16/9`)."""
    width, _, height = _with_colon(aspect).partition(":")
    try:
        ratio = float(width) / float(height)
    except (ValueError, ZeroDivisionError):
        return None
    return ratio if 1e-9 < ratio < 1e9 else None  # noqa: PLR2004  (no shape of a picture, nor is NaN)


@dataclass(frozen=True, slots=True)
class Quality(Choice):
    """A choice among numbers; `2`, `2.0` and `"2"` are one.

    >>> Quality("detail", {"0.5": "", "1": "", "2": ""}).read("quality", 2)
    '2'
    """

    def _normal(self, value: object) -> str:
        if is_bool(value) or not isinstance(value, str | numbers.Real):
            return ""
        try:
            return f"{float(value):g}"
        except (ValueError, OverflowError):
            return str(value)

    def _nearest(self, text: str) -> str | None:
        try:
            number = float(text)
        except ValueError:
            return None
        return None if math.isnan(number) else min(self.notes, key=lambda name: abs(float(name) - number))


@dataclass(frozen=True, slots=True)
class Codes(Rule):
    """URLs, codes or words with a meaning of their own, divided by blanks; a list is joined.

    >>> Codes("style references").read("sref", ["https://example.com/a.png::2", 123])
    'https://example.com/a.png::2 123'
    """

    most: int | None = None

    @property
    def allowed(self) -> str:
        """Say how many."""
        return (
            "URLs or codes, divided by blanks" if self.most is None else f"at most {self.most} URL or code"
        )

    def read(self, name: str, value: Any) -> str:
        """Return them as one text."""
        items = list(value) if isinstance(value, list | tuple) else [value]
        if any(is_bool(item) or not isinstance(item, str | numbers.Integral) for item in items):
            raise self.refuse(name, value)
        words = [word for item in items for word in str(item).split()]
        if not words or any(word.startswith("--") or not is_writable(word) for word in words):
            raise self.refuse(name, value)
        for word in words:
            check_no_clip(name, word)
        if self.most is not None and len(words) > self.most:
            raise self.refuse(name, value, nearest=" ".join(words[: self.most]))
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Listed(Rule):
    """Words and short phrases, divided by commas; a list is joined.

    >>> Listed("what shall be absent").read("no", ["cars", "modern clothing"])
    'cars, modern clothing'
    """

    @property
    def allowed(self) -> str:
        """Say how they are written."""
        return "words or short phrases, divided by commas, or a list of them"

    def read(self, name: str, value: Any) -> str:
        """Return them as one text."""
        items = list(value) if isinstance(value, list | tuple) else [value]
        if not all(isinstance(item, str) and is_writable(item) for item in items):
            raise self.refuse(name, value)
        phrases = [" ".join(part.split()) for item in items for part in item.split(",") if part.strip()]
        if not phrases or any("--" in phrase for phrase in phrases):
            raise self.refuse(name, value)
        return ", ".join(phrases)


@dataclass(frozen=True, slots=True)
class Text(Rule):
    """Text of `low` to `high` characters that is not blank."""

    low: int = 1
    high: int = 2000

    @property
    def allowed(self) -> str:
        """Say the length."""
        return f"text of {self.low} to {self.high} characters"

    def read(self, name: str, value: Any) -> str:
        """Return the text without blanks around it."""
        if not isinstance(value, str):
            raise self.refuse(name, value)
        text = value.strip()
        if not self.low <= len(text) <= self.high:
            raise self.refuse(name, value, hint=f"It has {len(text)}.")
        if not is_writable(text):
            raise self.refuse(name, value, hint="It holds half of a character (a cut emoji).")
        return text


@dataclass(frozen=True, slots=True)
class Name(Rule):
    """An identifier that a gateway gave, such as a task id."""

    @property
    def allowed(self) -> str:
        """Say what it is."""
        return "the id of an earlier task, as text"

    def read(self, name: str, value: Any) -> str:
        """Return the id; a task stands for its own."""
        value = getattr(value, "id", value)
        if not isinstance(value, str) or not re.fullmatch(r"[\w.:\-]{1,200}", value):
            raise self.refuse(name, value, hint="Give task.id.")
        return str(value)
