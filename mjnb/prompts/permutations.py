r"""Permutations: `{a, b}` as Midjourney's users write them.

They follow Midjourney's own examples: groups may nest, the last group turns fastest, `\\,` `\\{` `\\}` `\\\\` are
literal. Ours beyond that: `{time: dawn, dusk}` names the axis (else `prompt_1`, `prompt_2`, …), an empty option is
allowed (`a {, big} dog`), a group glued to a word stays glued (`{pre,post}fix`), and unbalanced braces are refused,
since every variant costs money.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Group",
    "Template",
    "escape",
    "expand",
    "has_braces",
    "parse_template",
    "single_prompt",
    "single_template",
]


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

    Raises:
        InvalidRequest: Braces do not match, or there are more than a hundred thousand variants.

    >>> expand("a {red, green} bird in the {jungle, desert}")[1]
    'a red bird in the desert'
    """
    template = parse_template(prompt)
    names = [group.name for group in template.groups]
    if math.prod(len(group.options) for group in template.groups) > _MOST:
        raise _too_many(prompt)
    choices = itertools.product(*(group.options for group in template.groups))
    return [template.fill(dict(zip(names, choice, strict=True))) for choice in choices]


def single_prompt(prompt: Any) -> str:
    r"""Read one prompt: its braces must be literal, since a permutation is several tasks.

    A prompt without braces is left as it is, backslashes and blanks included.

    Raises:
        InvalidRequest: It stands for several, or its braces do not match.

    >>> single_prompt("a {red} bird"), single_prompt(r"a \{red\} bird"), single_prompt(r"C:\\new")
    ('a red bird', 'a {red} bird', 'C:\\\\new')
    """
    template = single_template(prompt)
    if not has_braces(prompt):
        return str(prompt)
    return template.fill({group.name: group.options[0] for group in template.groups})


def single_template(prompt: Any) -> Template:
    """Cut one prompt into text and groups, none of which has a choice; raises as `single_prompt` does."""
    if not isinstance(prompt, str):
        raise InvalidRequest("prompt", prompt, "text")
    template = parse_template(prompt)
    if any(len(group.options) > 1 for group in template.groups):
        hint = "Use mjnb.parse_all or mjnb.Sweep for several, or write \\{ for a literal brace."
        raise InvalidRequest("prompt", prompt, "one prompt, but its { } stand for several", hint=hint)
    return template


def has_braces(prompt: str) -> bool:
    """Tell whether a prompt has braces; only then are its backslashes escapes."""
    return "{" in prompt or "}" in prompt


def escape(text: str) -> str:
    r"""Write a text so that it is read back as it is.

    >>> escape(r"a {literal} brace in C:\new"), escape(r"C:\new")
    ('a \\{literal\\} brace in C:\\\\new', 'C:\\new')
    """
    return re.sub(r"[\\{}]", r"\\\g<0>", text) if has_braces(text) else text


def parse_template(prompt: str) -> Template:
    """Cut a prompt into text and groups.

    Raises:
        InvalidRequest: Braces do not match, or two groups have one name.
    """
    reader = _Reader(prompt)
    parts: list[str | Group] = []
    names: Counter[str] = Counter()
    while not reader.at_end:
        parts.append(reader.literal("{"))
        if not reader.at_end:
            group = reader.group(number=names.total() + 1)
            names[group.name] += 1
            parts.append(group)
    if twice := {name for name, times in names.items() if times > 1}:
        raise InvalidRequest(
            "prompt", prompt, f"each group needs a name of its own; {min(twice)!r} is used twice"
        )
    return Template(tuple(part for part in parts if part != ""))


def _too_many(prompt: str) -> InvalidRequest:
    """Build the error for a prompt of more variants than anybody can have meant."""
    return InvalidRequest("prompt", prompt, f"one that stands for at most {_MOST:,} prompts")


_MOST = 100_000
_FLOORS = 20
_GROUP_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*:\s+")


class _Reader:
    """Reads a prompt from left to right; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self._floor = text, 0, 0

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
        self._floor += 1
        if self._floor > _FLOORS:
            raise InvalidRequest("prompt", self.text, f"groups within groups, at most {_FLOORS} deep")
        while True:
            options += [re.sub(r" {2,}", " ", option).strip() for option in self._option()]
            if self.at_end:
                raise self._unbalanced("{")
            if len(options) > _MOST:
                raise _too_many(self.text)
            self.at += 1
            if self.text[self.at - 1] == "}":
                self._floor -= 1
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
            if len(heads) * len(inner) > _MOST:
                raise _too_many(self.text)
            heads = [head + option for head in heads for option in inner]

    def _unbalanced(self, brace: str) -> InvalidRequest:
        hint = f"Write \\{brace} for a literal brace."
        return InvalidRequest("prompt", self.text, f"{brace!r} has no partner", hint=hint)
