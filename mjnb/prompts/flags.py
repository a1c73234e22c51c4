"""Midjourney's `--flags`: out of a prompt into fields, and fields back into flags.

Names and aliases are those of Midjourney's parameter list (https://docs.midjourney.com). What a value may be is the fields' own
business; here it is only read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Flags", "dashed", "flag_within", "split_flags", "to_flags"]

_FLAG_OF = {
    "aspect": "ar", "version": "v", "speed": "", "chaos": "chaos", "stylize": "stylize", "weird": "weird",
    "quality": "quality", "seed": "seed", "no": "no", "tile": "tile", "raw": "raw", "draft": "draft", "hd": "hd",
    "iw": "iw", "sref": "sref", "sw": "sw", "cref": "cref", "cw": "cw", "oref": "oref", "ow": "ow", "exp": "exp",
    "stop": "stop", "profile": "profile",
    "motion": "motion", "loop": "loop", "end_url": "end", "batch_size": "bs",
}  # fmt: skip
"""The flag of every field that has one, in the order in which they are written."""
_SPEEDS = {"fast": "fast", "turbo": "turbo", "relax": "relaxed"}
_SPEED_FLAGS = {speed: flag for flag, speed in _SPEEDS.items()}


def to_flags(fields: Mapping[str, Any]) -> str:
    """Write fields as Midjourney's flags, always in the same order.

    Args:
        fields: Values as a request holds them, by Python name. None and False are left out, and so is every field that has no
            flag (`prompt`, `image_urls`, `task_id`, …). `extra` comes last, as it is. A video's `motion`, `loop`, `end_url`
            and `batch_size` are written too.

    Returns:
        The flags, divided by blanks; "" if there are none.

    >>> to_flags({"prompt": "a fox", "chaos": 20, "version": "niji 7", "aspect": "16:9", "tile": True, "speed": "relaxed"})
    '--ar 16:9 --niji 7 --relax --chaos 20 --tile'
    """
    flags = [_flag(name, fields[name]) for name in _FLAG_OF if _is_set(fields.get(name))]
    return " ".join([*flags, str(fields.get("extra") or "").strip()]).strip()


def _is_set(value: Any) -> bool:
    return value is not None and value is not False


def _flag(name: str, value: Any) -> str:
    if name == "speed":
        return f"--{_SPEED_FLAGS[value]}"
    if value is True:
        return f"--{_FLAG_OF[name]}"
    text = " ".join(map(_text, value)) if isinstance(value, list | tuple) else _text(value)
    if name == "version":
        return f"--{text}" if text.startswith("niji") else f"--v {text.removeprefix('v')}"
    return f"--{_FLAG_OF[name]} {text}"


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


_FIELD_OF = {flag: name for name, flag in _FLAG_OF.items() if flag} | {
    "aspect": "aspect", "version": "version", "niji": "version", "c": "chaos", "s": "stylize", "w": "weird",
    "q": "quality", "p": "profile", "personalize": "profile", "style": "raw",
    **dict.fromkeys(_SPEEDS, "speed"),
}  # fmt: skip
_ELSEWHERE = {
    "edit", "public", "r", "repeat", "sameseed", "sd", "stealth", "sv", "test", "uplight", "video",
}  # fmt: skip
_KNOWN = "|".join(sorted({*_FIELD_OF, *_ELSEWHERE}, key=len, reverse=True))
_GLUE = r"[=:]?(?:\.?\d[\d.:/]*|https?://\S*)(?!\S)"
"""A value without a blank before it: of digits, or a URL. What goes on in letters is another flag."""
_TYPED = rf"(?<!\S)(?:--|(?:[—–−]|[‐‑–—−-]{{2,}})(?=(?:{_KNOWN})(?:\b|{_GLUE})))"
"""How a flag begins: two hyphens, or what phones and word processors make of them before the name of a flag that is known."""
_START = re.compile(rf"{_TYPED}(?P<name>[A-Za-z]\w*)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]*\.?[0-9]+(?:e-?[0-9]{1,3})?")
_DASHES = re.compile(r"(?P<url>https?://\S+)|-{2,}")
_NEWEST_NIJI = "niji 7"
_DASHED = '"--" in the prompt became "—", since the gateway would cut the prompt there'
_BARE_NIJI = f"--niji without a number is read as {_NEWEST_NIJI}, the newest"


@dataclass(frozen=True, slots=True)
class Flags:
    """A prompt without its flags.

    `fields` are those that have a request field, by Python name; `others` the rest, by flag name; `notes` say what was
    normalised.
    """

    text: str
    fields: dict[str, Any]
    others: dict[str, str]
    notes: tuple[str, ...] = ()


def split_flags(prompt: str) -> Flags:
    """Read Midjourney's flags at the end of a prompt.

    A flag's value goes up to the next flag, so `--no a, b` and `--sref` with several URLs and `::weights` need no quotes. A
    bare `--niji` is the newest one. Two hyphens that are no flag (an em dash as typed) become a real dash, since a gateway may
    cut a prompt there, except inside a URL; a dash or minus that a phone made of the two hyphens of a known flag is a flag.

    Raises:
        InvalidRequest: A flag has no value, a value that is no number, no blank before its value, or is given twice with two
            values.

    >>> split_flags("a fox --c 20 --ar 16:9 --niji 7 --no cars, people --style raw --sv 4")
    Flags(text='a fox', fields={'chaos': 20, 'aspect': '16:9', 'version': 'niji 7', 'no': 'cars, people', 'raw': True}, others={'sv': '4'}, notes=())
    """
    if glued := _GLUED.search(prompt):
        flag, value = f"--{glued['name']}", glued["value"].lstrip("=:")
        raise InvalidRequest(flag, value, "needs a blank before its value", nearest=f"{flag} {value}")
    starts = list(_START.finditer(prompt))
    ends = [*(start.start() for start in starts[1:]), len(prompt)]
    text = prompt[: starts[0].start()].strip() if starts else prompt
    clean = _DASHES.sub(lambda found: found["url"] or "—", text)
    notes = [_DASHED] if clean != text else []
    fields: dict[str, Any] = {}
    others: dict[str, str] = {}
    for start, end in zip(starts, ends, strict=False):
        flag, value = start["name"], prompt[start.end() : end].strip()
        name, read = _read(flag.lower(), value)
        _put(others, flag, value) if name is None else _put(fields, name, read)
        notes += [_BARE_NIJI] if (flag.lower(), value) == ("niji", "") else []
    return Flags(clean, fields, others, tuple(notes))


def dashed(text: str) -> tuple[str, str]:
    """Return a text with a real dash for every two hyphens, even inside a URL, and the note that says so.

    >>> dashed("like https://a.example/b--c.png")[0]
    'like https://a.example/b—c.png'
    """
    return re.sub(r"-{2,}", "—", text), _DASHED


def flag_within(fields: Mapping[str, Any]) -> tuple[str, str] | None:
    """Find a flag inside the value of a field that is written as a flag: the field and the flag, None if there is none.

    There it would be a flag of its own at the gateway, that nobody has read.

    >>> flag_within({"no": "cars —repeat 4"}), flag_within({"no": "cars — people"})
    (('no', '—repeat'), None)
    """
    for name in _FLAG_OF:
        if found := _START.search(_words_of(fields.get(name))):
            return name, found[0]
    return None


def _words_of(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    if found.setdefault(name, value) != value:
        said = f"the prompt's flags give {name} twice, first as {found[name]!r}"
        raise InvalidRequest(name, value, said)


def _read(flag: str, value: str) -> tuple[str | None, Any]:
    """Return the field that a flag stands for, and its value; None for a flag without a field."""
    name = _FIELD_OF.get(flag)
    if name is None or (name == "profile" and not value):
        return None, value
    if flag == "style" and _word(flag, value).lower() != "raw":
        return None, value
    read = _READERS.get(flag) or _READERS.get(name, _word)
    return name, read(flag, value)


def _word(flag: str, value: str, words: int = 1) -> str:
    """Return a value of so many words."""
    if len(value.split()) != words:
        wanted = "takes no value" if words == 0 else "takes one value"
        raise InvalidRequest(f"--{flag}", value, wanted, hint="Flags stand last; no text may follow them.")
    return value


def _words(flag: str, value: str) -> str:
    return value or _word(flag, value)


def _whole(flag: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,20}", _word(flag, value)):
        raise InvalidRequest(f"--{flag}", value, "needs a whole number")
    return int(value)


def _decimal(flag: str, value: str) -> int | float:
    if not _NUMBER.fullmatch(_word(flag, value)):
        raise InvalidRequest(f"--{flag}", value, "needs a number")
    number = float(value)
    return int(number) if number.is_integer() else number


def _speed(flag: str, value: str) -> str:
    _word(flag, value, words=0)
    return _SPEEDS[flag]


def _switch(flag: str, value: str) -> bool:
    _word(flag, value, words=int(flag == "style"))
    return True


def _niji(flag: str, value: str) -> str:
    return f"niji {_word(flag, value)}" if value else _NEWEST_NIJI


_READERS: dict[str, Callable[[str, str], Any]] = {
    "niji": _niji,
    "speed": _speed,
    **dict.fromkeys(("tile", "raw", "draft", "hd", "loop"), _switch),
    **dict.fromkeys(("no", "sref", "cref", "oref", "profile"), _words),
    **dict.fromkeys(("iw", "quality"), _decimal),
    **dict.fromkeys(
        ("chaos", "stylize", "weird", "seed", "sw", "cw", "ow", "exp", "stop", "batch_size"), _whole
    ),
}
"""How a value is read, by field, where it is not simply one word; one flag differs from its field."""
_VALUED = "|".join(
    flag for flag in _KNOWN.split("|") if _READERS.get(_FIELD_OF.get(flag, "")) not in {_switch, _speed}
)
_GLUED = re.compile(rf"{_TYPED}(?P<name>{_VALUED})(?P<value>{_GLUE})", re.IGNORECASE)
