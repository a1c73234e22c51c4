"""Midjourney's prompt syntax, as AceData's backend reads it: image URLs first, then text, then flags.

What a flag does to a picture here: `--ar`, `--chaos`, `--stylize`, `--weird`, `--seed`, `--v` and `--niji` do what they say;
pictures that `--sref`, `--cref`, `--oref` and `--edit` name lend their colours, as those at the head do. The other known
flags are read, checked and have no effect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mjnb.simulator.urls import is_web

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOST_IMAGES", "Prompt", "read_prompt"]

MOST_IMAGES = 5
"""How many image URLs a prompt may begin with."""

_FLAG = re.compile(r"--(?=[A-Za-z])")
_SHORT_FLAGS = re.compile(r"(?:(?:^|\s)-[A-Za-z]{1,2}(?:\s+[^\s-]\S*)?)+$")
"""Words at the end of the text that look like flags with one dash, each with a value or none."""
_DASH = re.compile(r"[—–]([A-Za-z]+)")
_VERSIONS = (
    "1",
    "2",
    "3",
    "4",
    "5",
    "5.0",
    "5.1",
    "5.2",
    "6",
    "6.0",
    "6.1",
    "7",
    "7.0",
    "8",
    "8.0",
    "8.1",
    "8.2",
)
_NIJI = ("7", "6", "5")  # the newest first: a bare --niji is that
_LONGEST = 14  # sides of a picture, one to the other

_SHORT = {
    "aspect": "ar",
    "c": "chaos",
    "s": "stylize",
    "w": "weird",
    "v": "version",
    "q": "quality",
    "r": "repeat",
    "p": "profile",
    "personalize": "profile",
}
_SWITCHES = frozenset(
    {"tile", "raw", "draft", "hd", "sd", "fast", "relax", "turbo", "stealth", "public", "video", "loop"}
)
_LISTS = frozenset({"no", "sref", "cref", "oref", "edit", "profile"})  # take all words up to the next flag
_REFERENCES = ("sref", "cref", "oref", "edit")


def _within(low: float, high: float) -> Callable[[str], bool]:
    def holds(value: str) -> bool:
        return re.fullmatch(r"\d*\.?\d+", value) is not None and low <= float(value) <= high

    return holds


def _whole(low: int, high: int) -> Callable[[str], bool]:
    return lambda value: value.isdecimal() and value.isascii() and low <= int(value) <= high


def _one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value.lower() in values


def _is_ratio(value: str) -> bool:
    found = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", value)
    if not found:
        return False
    sides = int(found[1]), int(found[2])
    return max(sides) <= _LONGEST * min(sides)


_VALUES: dict[str, Callable[[str], bool]] = {
    "ar": _is_ratio,
    "chaos": _whole(0, 100),
    "stylize": _whole(0, 1000),
    "weird": _whole(0, 3000),
    "version": _one_of(*_VERSIONS),
    "niji": _one_of(*_NIJI),
    "seed": _whole(0, 2**32 - 1),
    "quality": _one_of(".25", "0.25", ".5", "0.5", "1", "2", "4"),
    "iw": _within(0, 3),
    "sw": _whole(0, 1000),
    "sv": _whole(1, 8),
    "cw": _whole(0, 100),
    "ow": _whole(0, 1000),
    "exp": _whole(0, 100),
    "stop": _whole(10, 100),
    "repeat": _whole(2, 40),
    "style": lambda value: value.isalnum(),
    "motion": _one_of("low", "high"),
    "bs": _one_of("1", "2", "4"),
    "end": is_web,
}
"""The flags that take one value, and which values they take."""

_DRAWN = {"ar": "aspect", "chaos": "chaos", "stylize": "stylize", "weird": "weird", "seed": "seed"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt taken apart.

    Attributes:
        images: the URLs at its head.
        text: what is to be seen.
        settings: what its flags say, under the names that a `Drawing` has for it.
        references: pictures named by flags.
        problem: why Midjourney would refuse it; "" if it would not.
    """

    images: tuple[str, ...]
    text: str
    settings: dict[str, Any]
    references: tuple[str, ...]
    problem: str


@dataclass(slots=True)
class _Flags:
    values: dict[str, list[str]] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)


def read_prompt(prompt: str, *, subject: bool = True) -> Prompt:
    """Take a prompt apart.

    Args:
        prompt: as it was sent.
        subject: whether it must say what is to be seen.

    >>> prompt = read_prompt("https://a.example/cat.png a fox --ar 16:9 --c 20 --v 7")
    >>> prompt.images, prompt.text, prompt.settings
    (('https://a.example/cat.png',), 'a fox', {'aspect': '16:9', 'chaos': 20, 'version': 'v7'})
    >>> read_prompt("a fox --ar 3:2 -c x").problem
    'Unrecognized argument(s): `-c`, `x`'
    """
    words = [_undashed(word) for word in prompt.split()]
    heads = next((i for i, word in enumerate(words) if not is_web(word)), len(words))
    ends = next((i for i, word in enumerate(words) if _FLAG.match(word)), len(words))
    images, text = tuple(words[:heads]), " ".join(words[heads:ends])
    short = _SHORT_FLAGS.search(text)
    text, strange = (text[: short.start()], short.group().split()) if short else (text, [])
    flags = _read_flags([*strange, *words[max(heads, ends) :]])
    references = tuple(
        url for name in _REFERENCES for url in map(_unweighted, flags.values.get(name, ())) if is_web(url)
    )
    return Prompt(
        images, text, _settings(flags), references, _problem(flags, images, text, subject=subject)
    )


def _undashed(word: str) -> str:
    """Return the flag of which a phone has made a dash; a dash before any other word is part of the text."""
    found = _DASH.fullmatch(word)
    return f"--{found[1]}" if found and _is_flag(_full_name(found[1])) else word


def _full_name(name: str) -> str:
    return _SHORT.get(name.lower(), name.lower())


def _is_flag(name: str) -> bool:
    return name in _SWITCHES or name in _LISTS or name in _VALUES


def _unweighted(reference: str) -> str:
    return reference.partition("::")[0]


def _read_flags(words: list[str]) -> _Flags:
    flags, room, name = _Flags(), 0, ""
    for word in words:
        if _FLAG.match(word):
            name = _full_name(word[2:])
            if _is_flag(name):
                flags.values[name] = []
            else:
                flags.strange.append(word)
                name = ""
            room = len(words) if name in _LISTS else int(name in _VALUES)
        elif room:
            flags.values[name].append(word)
            room -= 1
        else:
            flags.strange.append(word)
    if flags.values.get("niji") == []:
        version = "".join(flags.values.get("version", ()))
        flags.values["niji"] = [version if version in _NIJI else _NIJI[0]]
    flags.invalid = [name for name, check in _VALUES.items() if not _suits(flags.values.get(name), check)]
    return flags


def _suits(values: list[str] | None, check: Callable[[str], bool]) -> bool:
    return values is None or (bool(values) and check(values[0]))


def _settings(flags: _Flags) -> dict[str, Any]:
    """Return what the valid flags say of the drawing."""
    said = {
        name: values[0] for name, values in flags.values.items() if values and name not in flags.invalid
    }
    settings: dict[str, Any] = {
        ours: said[name] if name == "ar" else int(said[name])
        for name, ours in _DRAWN.items()
        if name in said
    }
    if "version" in said:
        settings["version"] = f"v{said['version'].removesuffix('.0')}"
    if "niji" in said:
        settings["version"] = f"niji {said['niji']}"
    return settings


def _problem(flags: _Flags, images: tuple[str, ...], text: str, *, subject: bool) -> str:
    if flags.strange:
        return f"Unrecognized argument(s): {', '.join(f'`{word}`' for word in flags.strange)}"
    if flags.invalid:
        return f"Invalid value for argument(s): {', '.join(f'`--{name}`' for name in flags.invalid)}"
    if len(images) > MOST_IMAGES:
        return f"At most {MOST_IMAGES} images can be used in a prompt"
    if subject and not text and len(images) < 2:  # noqa: PLR2004 - two pictures can be blended, one needs words
        return "A prompt needs text or at least two images"
    return ""
