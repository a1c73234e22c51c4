r"""Prompts as Midjourney's users write them: `{a, b}` permutations, and `--flags` to fields.

Permutations follow Midjourney's own examples: groups may nest, the last group turns fastest, `\\,` `\\{` `\\}` `\\\\` are
literal. Ours beyond that: `{time: dawn, dusk}` names the axis (else `prompt_1`, `prompt_2`, …), an empty option is
allowed (`a {, big} dog`), a group glued to a word stays glued (`{pre,post}fix`), and unbalanced braces are refused,
since every variant costs money.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Flags", "Group", "Template", "expand", "looks_foreign", "parse_template", "split_flags"]


@dataclass(frozen=True, slots=True)
class Group:
    """One outermost `{…}` of a prompt: its axis name and its options, nested groups expanded."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt cut into literal text and groups."""

    parts: tuple[str | Group, ...]

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups in order."""
        return tuple(part for part in self.parts if isinstance(part, Group))

    def fill(self, choice: Mapping[str, str]) -> str:
        """Put one option of each group in its place.

        >>> parse_template("a {size: small, big} dog").fill({"size": "big"})
        'a big dog'
        """
        text = "".join(part if isinstance(part, str) else choice[part.name] for part in self.parts)
        return re.sub(r" {2,}", " ", text).strip()


def expand(prompt: str) -> list[str]:
    """Write out every variant of a prompt, in Midjourney's order.

    >>> expand("a {red, green} bird in the {jungle, desert}")[1]
    'a red bird in the desert'
    """
    template = parse_template(prompt)
    names = [group.name for group in template.groups]
    choices = itertools.product(*(group.options for group in template.groups))
    return [template.fill(dict(zip(names, choice, strict=True))) for choice in choices]


def parse_template(prompt: str) -> Template:
    """Cut a prompt into text and groups.

    Raises:
        InvalidRequest: Braces do not match, or two groups have one name.
    """
    reader = _Reader(prompt)
    parts: list[str | Group] = []
    while not reader.at_end:
        parts.append(reader.literal("{"))
        if not reader.at_end:
            parts.append(reader.group(number=sum(isinstance(part, Group) for part in parts) + 1))
    names = [part.name for part in parts if isinstance(part, Group)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InvalidRequest(
            "prompt", prompt, f"each group needs a name of its own; {min(twice)!r} is used twice"
        )
    return Template(tuple(part for part in parts if part != ""))


_GROUP_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*:\s+")


class _Reader:
    """Reads a prompt from left to right; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    @property
    def at_end(self) -> bool:
        return self.at >= len(self.text)

    def literal(self, stops: str) -> str:
        """Read text up to one of `stops`, without the backslashes of its escapes."""
        out = ""
        while not self.at_end and self.text[self.at] not in stops:
            char = self.text[self.at]
            if char == "}":
                raise self._unbalanced("}")
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in tuple("{},\\"):
                self.at += 1
                char = self.text[self.at]
                out = (
                    out.rstrip() if char == "," else out
                )  # Midjourney drops the blank before an escaped comma
            out += char
            self.at += 1
        return out

    def group(self, number: int) -> Group:
        """Read `{…}` with its optional name."""
        self.at += 1
        name = _GROUP_NAME.match(self.text, self.at)
        if name:
            self.at = name.end()
        return Group(name[1] if name else f"prompt_{number}", tuple(self._options()))

    def _options(self) -> list[str]:
        """Read the options up to the closing brace, each expanded."""
        options: list[str] = []
        while True:
            options += [re.sub(r" {2,}", " ", option).strip() for option in self._option()]
            if self.at_end:
                raise self._unbalanced("{")
            self.at += 1
            if self.text[self.at - 1] == "}":
                return options

    def _option(self) -> list[str]:
        """Read one option up to `,` or `}`; a group inside it multiplies it."""
        heads = [""]
        while True:
            text = self.literal("{,}")
            heads = [head + text for head in heads]
            if self.at_end or self.text[self.at] in ",}":
                return heads
            self.at += 1
            inner = self._options()
            heads = [head + option for head in heads for option in inner]

    def _unbalanced(self, brace: str) -> InvalidRequest:
        hint = f"Write \\{brace} for a literal brace."
        return InvalidRequest("prompt", self.text, f"{brace!r} has no partner", hint=hint)


_NUMBERS = {
    "c": "chaos",
    "chaos": "chaos",
    "s": "stylize",
    "stylize": "stylize",
    "w": "weird",
    "weird": "weird",
}
_WORDS = {"ar": "aspect", "aspect": "aspect", "v": "version", "version": "version", "niji": "version"}
_SPEEDS = {"fast": "fast", "turbo": "turbo", "relax": "relaxed"}
_OTHERS = [
    "bs",
    "cref",
    "cw",
    "draft",
    "edit",
    "end",
    "exp",
    "hd",
    "iw",
    "loop",
    "motion",
    "no",
    "oref",
    "ow",
    "p",
    "personalize",
    "profile",
    "public",
    "q",
    "quality",
    "r",
    "raw",
    "repeat",
    "sameseed",
    "sd",
    "seed",
    "sref",
    "stealth",
    "stop",
    "style",
    "sv",
    "sw",
    "test",
    "tile",
    "uplight",
    "video",
]
_KNOWN = "|".join(sorted({*_NUMBERS, *_WORDS, *_SPEEDS, *_OTHERS}, key=len, reverse=True))
_FLAG = re.compile(rf"(?:(?<!\S)--|(?<!\S)—(?=(?:{_KNOWN})\b))(?P<name>[A-Za-z]\w*)")


@dataclass(frozen=True, slots=True)
class Flags:
    """A prompt without its flags.

    `fields` are those that have a request field; `others` the rest, by flag name; `notes` say what was normalised.
    """

    text: str
    fields: dict[str, Any]
    others: dict[str, str]
    notes: tuple[str, ...] = ()


def split_flags(prompt: str) -> Flags:
    """Read Midjourney's flags at the end of a prompt.

    Two hyphens that are no flag (an em dash as typed) become a real dash, since a gateway may cut a prompt there.

    Raises:
        InvalidRequest: A flag has no value, a value that is no number, or is given twice with two values.

    >>> split_flags("a fox --chaos 20 --ar 16:9 --seed 7").fields
    {'chaos': 20, 'aspect': '16:9'}
    """
    matches = list(_FLAG.finditer(prompt))
    text = prompt[: matches[0].start()].strip() if matches else prompt
    fields: dict[str, Any] = {}
    others: dict[str, str] = {}
    for i, match in enumerate(matches):
        end = matches[i + 1].start() if i + 1 < len(matches) else len(prompt)
        _file(match["name"], prompt[match.end() : end].strip(), fields, others)
    notes = (
        ('"--" in the prompt became "—", since the gateway would cut the prompt there',)
        if "--" in text
        else ()
    )
    return Flags(re.sub(r"-{2,}", "—", text), fields, others, notes)


def _file(flag: str, value: str, fields: dict[str, Any], others: dict[str, str]) -> None:
    """Put one flag where it belongs."""
    field, read = _read(flag.lower(), value)
    if field is None:
        others[flag] = value
    elif fields.setdefault(field, read) != read:
        raise InvalidRequest(
            field, read, f"the prompt's flags give {field} twice, first as {fields[field]!r}"
        )


def _read(flag: str, value: str) -> tuple[str | None, Any]:
    if flag in _SPEEDS:
        _only_one_word(flag, value, words=0)
        return "speed", _SPEEDS[flag]
    if flag in _NUMBERS:
        _only_one_word(flag, value, words=1)
        if not re.fullmatch(r"\d+", value):
            raise InvalidRequest(f"--{flag}", value, "needs a whole number")
        return _NUMBERS[flag], int(value)
    if flag in _WORDS:
        _only_one_word(flag, value, words=1)
        return _WORDS[flag], f"niji {value}" if flag == "niji" else value
    return None, None


def _only_one_word(flag: str, value: str, words: int) -> None:
    if len(value.split()) != words:
        wanted = "takes no value" if words == 0 else "takes one value"
        raise InvalidRequest(f"--{flag}", value, wanted, hint="Flags stand last; no text may follow them.")


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
