"""What a field of a request may hold: one rule per kind of value, with its range and its help in one place.

A rule reads a value or refuses it with `InvalidRequest`; forms are drawn from the same rules. Nothing is guessed:
`True` is no integer, `"50"` is refused, but spellings that mean the same (`7`, `"v7"`) and numpy integers are one value.
"""

from __future__ import annotations

import base64
import difflib
import math
import numbers
import operator
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mjnb.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Aspect",
    "Band",
    "Choice",
    "Flag",
    "Links",
    "MaskLink",
    "Name",
    "Points",
    "Rule",
    "Text",
    "Version",
    "Whole",
    "is_writable",
]


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a range that looks alike, `low` to `high` inclusive."""

    low: int
    high: int
    name: str
    help: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of value. `help` is one sentence for a tooltip."""

    help: str

    @property
    def allowed(self) -> str:
        """Say in words what is allowed."""
        return "anything"

    def read(self, name: str, value: Any) -> Any:
        """Return the value in its one spelling.

        Args:
            name: The field's name, for the error.
            value: What the user gave.

        Raises:
            InvalidRequest: The value is not allowed.
        """
        del name
        return value

    def refuse(self, name: str, value: object, *, nearest: object = None, hint: str = "") -> InvalidRequest:
        """Build the error for a value that is not allowed."""
        return InvalidRequest(name, value, self.allowed, nearest=nearest, hint=hint)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool) or type(value).__name__ in {"bool_", "bool"}


def _float(value: numbers.Real) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def is_writable(text: str) -> bool:
    """Tell whether a text can travel: halves of surrogate pairs (from a cut emoji) cannot be written in UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


@dataclass(frozen=True, slots=True)
class Whole(Rule):
    """A whole number from `low` to `high`; `bands` name stretches of it, `step` is what a slider should do.

    >>> Whole("variety", 0, 100).read("chaos", 50)
    50
    """

    low: int = 0
    high: int | None = None
    bands: tuple[Band, ...] = ()
    step: int = 1

    @property
    def allowed(self) -> str:
        """Say the range."""
        return (
            f"an integer from {self.low} to {self.high}"
            if self.high is not None
            else f"an integer of at least {self.low}"
        )

    def read(self, name: str, value: Any) -> int:
        """Return a plain `int`."""
        try:
            number = operator.index(value) if not _is_bool(value) else None
        except TypeError:
            number = None
        if number is None or number != self._clamp(number):
            raise self.refuse(name, value, nearest=self._nearest(value if number is None else number))
        return number

    def _clamp(self, number: int) -> int:
        return max(self.low, number if self.high is None else min(number, self.high))

    def _nearest(self, value: object) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return self._clamp(value)
        if _is_bool(value) or not isinstance(value, str | numbers.Real):
            return None
        try:
            return self._clamp(round(float(value)))
        except (ValueError, OverflowError):
            return None


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
        if _is_bool(value) or not isinstance(value, str | numbers.Real):
            return ""
        text = value.strip().lower() if isinstance(value, str) else f"{_float(value):g}"
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
    """A frame shape `"W:H"` from a fixed list.

    >>> Aspect("shape", {"16:9": "", "1:1": ""}).read("aspect", "16 : 9")
    '16:9'
    """

    def _normal(self, value: object) -> str:
        if isinstance(value, numbers.Real) and not _is_bool(value):
            return f"{_float(value)}:1"  # never in the list, but it has a nearest shape
        return re.sub(r"\s", "", value) if isinstance(value, str) else ""

    def _nearest(self, text: str) -> str | None:
        wanted = _ratio(text)
        if wanted is None:
            return None
        return min(self.notes, key=lambda name: abs(math.log((_ratio(name) or 1.0) / wanted)))


def _ratio(aspect: str) -> float | None:
    """Read the width of a shape of height 1, however the two are divided (`16:9`, `16x9`, `16/9`)."""
    width, _, height = re.sub(r"[x×/]", ":", aspect.lower()).partition(":")
    try:
        ratio = float(width) / float(height)
    except (ValueError, ZeroDivisionError):
        return None
    return ratio if 1e-9 < ratio < 1e9 else None  # noqa: PLR2004  (no shape of a picture, nor is NaN)


@dataclass(frozen=True, slots=True)
class Flag(Rule):
    """True or False, numpy's included."""

    @property
    def allowed(self) -> str:
        """Say the two."""
        return "True or False"

    def read(self, name: str, value: Any) -> bool:
        """Return a plain `bool`."""
        if not _is_bool(value):
            raise self.refuse(name, value)
        return bool(value)


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


_OTHER_FORMATS = (
    ".gif",
    ".bmp",
    ".svg",
    ".tif",
    ".tiff",
    ".avif",
    ".heic",
    ".heif",
    ".pdf",
    ".mp4",
    ".mov",
)


@dataclass(frozen=True, slots=True)
class Links(Rule):
    """A list of `low` to `high` picture URLs (http or https; JPG, PNG or WebP)."""

    low: int = 1
    high: int | None = None

    @property
    def allowed(self) -> str:
        """Say how many."""
        number = "exactly one URL" if self.low == self.high else f"a list of {self.low} or more URLs"
        return f"{number} (http or https) of a JPG, PNG or WebP picture of at most 10 MB"

    def read(self, name: str, value: Any) -> tuple[str, ...]:
        """Return the URLs as a tuple."""
        if isinstance(value, str):
            nearest = [value] if _is_picture_url(value) else None
            raise self.refuse(name, value, nearest=nearest, hint="It is a list, even of one.")
        if not isinstance(value, list | tuple) or len(value) < self.low:
            raise self.refuse(name, value)
        urls = tuple(self._one(f"{name}[{i}]", item) for i, item in enumerate(value))
        if self.high is not None and len(urls) > self.high:
            raise self.refuse(name, value, nearest=list(urls[: self.high]))
        return urls

    def _one(self, name: str, value: Any) -> str:
        if not _is_url(value):
            raise self.refuse(
                name, value, hint="The gateway fetches pictures itself, so a local file cannot be sent."
            )
        if not _is_picture_url(value):
            raise self.refuse(name, value, hint="Convert the picture first.")
        return str(value)


def _is_picture_url(value: str) -> bool:
    return _is_url(value) and not urlsplit(value).path.lower().endswith(_OTHER_FORMATS)


def _is_url(value: object) -> bool:
    if not isinstance(value, str) or re.search(r"[\s\x00-\x1f]", value) or not is_writable(value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


@dataclass(frozen=True, slots=True)
class MaskLink(Rule):
    """A mask picture: its URL, or the picture itself as base64."""

    @property
    def allowed(self) -> str:
        """Say what it is."""
        return "the URL of a black-and-white picture, or that picture in base64 (white is painted anew)"

    def read(self, name: str, value: Any) -> str:
        """Return the text as given."""
        if not _is_url(value) and not _is_base64(value):
            raise self.refuse(name, value)
        return str(value)


_DATA_URL = re.compile(r"data:image/\w+;base64,")
_PICTURE = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP", re.DOTALL)


def _is_base64(value: object) -> bool:
    """Tell whether a text is a JPEG, PNG or WebP in base64, by its first bytes; many a word would decode."""
    if not isinstance(value, str):
        return False
    try:
        data = base64.b64decode(_DATA_URL.sub("", value, count=1), validate=True)
    except ValueError:
        return False
    return _PICTURE.match(data) is not None


@dataclass(frozen=True, slots=True)
class Points(Rule):
    """A polygon of at least three corners, as `x1, y1, x2, y2, …` or pairs, in pixels from the top left."""

    @property
    def allowed(self) -> str:
        """Say the shape."""
        return "at least three corners as [x1, y1, x2, y2, …] or [(x1, y1), …], whole numbers from 0"

    def read(self, name: str, value: Any) -> tuple[int, ...]:
        """Return the flat tuple `x1, y1, x2, y2, …`."""
        if not isinstance(value, list | tuple):
            raise self.refuse(name, value)
        pairs = [item for item in value if isinstance(item, list | tuple)]
        if pairs and any(not isinstance(item, list | tuple) or len(item) != 2 for item in value):  # noqa: PLR2004
            raise self.refuse(name, value, hint="Not all of its items are pairs.")
        flat = [part for pair in pairs for part in pair] or list(value)
        if len(flat) % 2 or len(flat) < 6:  # noqa: PLR2004  (three corners)
            raise self.refuse(name, value, hint=f"It has {len(flat)} numbers.")
        number = Whole("a coordinate", 0)
        return tuple(number.read(name, part) for part in flat)
