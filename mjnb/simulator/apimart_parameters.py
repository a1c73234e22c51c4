"""Midjourney's parameters as APIMart knows them: JSON fields, and flags in the prompt, where a field wins over its flag.

Chosen where the documents are silent: a field out of its range is refused at once (400, with its name); a flag out of its
range passes the gateway and fails at Midjourney; a flag that nobody knows is ignored and counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mjnb.simulator.apimart_fields import Fields, RefusedError
from mjnb.simulator.urls import is_web

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PARAMETERS", "Parameter", "Prompt", "merged", "model_of", "read_prompt", "structured"]

Kind = Literal["text", "choice", "ratio", "integer", "number", "flag", "image"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its JSON field, its flags without dashes, and what its value may be."""

    field: str
    flags: tuple[str, ...]
    kind: Kind
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()


PARAMETERS = (
    Parameter("size", ("ar", "aspect"), "ratio"),
    Parameter("version", ("v", "version"), "choice", choices=("8.2", "8.1", "7", "6.1", "6", "5.2", "5.1")),
    Parameter("niji", ("niji",), "flag"),
    Parameter("quality", ("q", "quality"), "choice", choices=("0.25", "0.5", "1", "2")),
    Parameter("style", ("style",), "text"),
    Parameter("stylize", ("s", "stylize"), "integer", 0, 1000),
    Parameter("chaos", ("c", "chaos"), "integer", 0, 100),
    Parameter("weird", ("w", "weird"), "integer", 0, 3000),
    Parameter("seed", ("seed",), "integer", 0, 2**32 - 1),
    Parameter("negative_prompt", ("no",), "text"),
    Parameter("tile", ("tile",), "flag"),
    Parameter("raw", ("raw",), "flag"),
    Parameter("draft", ("draft",), "flag"),
    Parameter("hd", ("hd",), "flag"),
    Parameter("iw", ("iw",), "number", 0, 3),
    Parameter("cref", ("cref",), "text"),
    Parameter("cw", ("cw",), "integer", 0, 100),
    Parameter("sref", ("sref",), "text"),
    Parameter("sw", ("sw",), "integer", 0, 1000),
    Parameter("dref", ("dref",), "text"),
    Parameter("dw", ("dw",), "number", 0, 100),
    Parameter("repeat", ("r", "repeat"), "integer", 2, 40),
    Parameter("stop", ("stop",), "integer", 10, 100),
)
"""Those that have a JSON field, as `imagine` and `edits` take them."""

_BY_FLAG = {flag: parameter for parameter in PARAMETERS for flag in parameter.flags}
# No JSON field is documented for these.
_FLAGS_ALONE = frozenset(
    {"oref", "ow", "exp", "p", "profile", "sv", "sd", "edit", "fast", "relax", "turbo", "stealth", "public"}
)
_REFERENCES = ("sref", "cref", "dref", "oref")
_OTHER_VERSIONS = (
    "8",
    "8.0",
    "7.0",
    "6.0",
    "5.0",
    "5",
    "4",
    "3",
    "2",
    "1",
)  # in flags, for Midjourney to know
_NIJI = ("7", "6", "5", "4")
_BILLED = frozenset({"v8.2", "v8.1", "v7", "v6.1", "v5.2", "v5.1"})
_QUALITIES = ("0.25", "0.5", "1", "2", "4", ".25", ".5")
_FLAG = re.compile(r"(?:^|\s)(?:--|—)(?=[A-Za-z])")
_RATIO = re.compile(r"[1-9]\d{0,3}:[1-9]\d{0,3}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt taken apart: the pictures at its head, its words, and its flags by name with their values as text."""

    words: str
    images: tuple[str, ...]
    flags: dict[str, str]

    def unknown(self) -> list[str]:
        """Return the flags that nobody knows, with their dashes."""
        return [f"--{flag}" for flag in self.flags if flag not in _BY_FLAG and flag not in _FLAGS_ALONE]

    def references(self) -> tuple[str, ...]:
        """Return the URLs that flags such as `--sref` name."""
        named = (self.flags.get(flag, "") for flag in _REFERENCES)
        return tuple(url for value in named for url in _urls(value.split()))


def read_prompt(text: str) -> Prompt:
    """Take a prompt apart.

    >>> read_prompt("https://example.com/cat.png a cat --ar 16:9 --tile")
    Prompt(words='a cat', images=('https://example.com/cat.png',), flags={'ar': '16:9', 'tile': ''})
    """
    visible, *flags = _FLAG.split(text)
    words = visible.split()
    head = next((place for place, word in enumerate(words) if not is_web(word)), len(words))
    pairs = (flag.strip().partition(" ") for flag in flags)
    named = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Prompt(" ".join(words[head:]), tuple(words[:head]), named)


def _urls(words: Iterable[str]) -> list[str]:
    bare = (word.partition("::")[0] for word in words)  # a weight may follow
    return [word for word in bare if is_web(word)]


def structured(fields: Fields) -> dict[str, Any]:
    """Return the parameters that were sent as fields.

    Raises:
        RefusedError: a value is not what its parameter may be.
    """
    values = {parameter.field: _sent(fields, parameter) for parameter in PARAMETERS}
    return {name: value for name, value in values.items() if value not in {None, ""}}


def _sent(fields: Fields, parameter: Parameter) -> Any:
    name = parameter.field
    match parameter.kind:
        case "ratio":
            return fields.ratio(name)
        case "choice":
            return fields.choice(name, parameter.choices)
        case "integer":
            return fields.integer(name, int(parameter.low), int(parameter.high))
        case "number":
            return fields.number(name, parameter.low, parameter.high)
        case "flag":
            return fields.flag(name)
        case _:
            return fields.text(name)


def merged(prompt: Prompt, sent: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the parameters of a request by their fields' names, and a complaint about a flag or "".

    Args:
        prompt: whose flags count where no field was sent.
        sent: what `structured` returned.
    """
    values: dict[str, Any] = {}
    wrong = ""
    for flag, text in prompt.flags.items():
        parameter = _BY_FLAG.get(flag)
        if parameter is None or parameter.field in sent:
            continue
        try:
            values |= _meant(parameter, text)
        except ValueError:
            wrong = wrong or f"--{flag} {text}".strip()
    if (
        prompt.flags.get("niji") == "" and "niji" not in sent
    ):  # of its newest version, unless another flag names one of Niji's
        version = values.get("version")
        values |= {"niji": True, "version": version if version in _NIJI else _NIJI[0]}
    return {**values, **sent}, wrong


def _meant(parameter: Parameter, text: str) -> dict[str, Any]:
    """Return the fields that a flag stands for.

    Raises:
        ValueError: the text is not what the parameter may be.
    """
    if parameter.field == "niji":
        return {"niji": True, **({"version": _one_of(text, _NIJI)} if text else {})}
    if parameter.field == "version":
        return {"niji": False, "version": _one_of(text, parameter.choices + _OTHER_VERSIONS)}
    if parameter.field == "quality":
        return {"quality": _one_of(text, _QUALITIES)}
    return {parameter.field: _value(parameter, text)}


def _value(parameter: Parameter, text: str) -> Any:
    if parameter.kind == "flag":
        return True
    if parameter.kind in {"integer", "number"}:
        number = int(text) if parameter.kind == "integer" else float(text)
        if not parameter.low <= number <= parameter.high:
            raise ValueError(text)
        return number
    if parameter.kind == "ratio" and not _RATIO.fullmatch(text):
        raise ValueError(text)
    return text


def _one_of(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(text)
    return text


def model_of(values: dict[str, Any]) -> tuple[str, str]:
    """Return the model as drawings name it and as bills do ("" for none).

    Without a version `hd` means 8.1; without either, bills name none, and what is drawn is v7 (no document says).

    Raises:
        RefusedError: Niji has no such version.

    >>> model_of({"version": "8.1"}), model_of({"niji": True, "version": "6"}), model_of({})
    (('v8.1', 'v8.1'), ('niji 6', 'niji6'), ('v7', ''))
    """
    version = str(values.get("version", ""))
    if values.get("niji"):
        if version not in {"", *_NIJI}:
            raise RefusedError("version must be 7 or 6 with niji")
        version = version or "7"
        return f"niji {version}", f"niji{version}" if version in {"6", "7"} else ""
    if not version and values.get("hd"):
        version = "8.1"
    billed = {"8": "v8.1", "8.0": "v8.1", "6": "v6.1", "7.0": "v7"}.get(version, f"v{version}")
    return f"v{version or 7}", billed if billed in _BILLED else ""
