"""Whole prompts to requests and back: permutations first, then flags, then the pictures at the head."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.fields import is_local
from mjnb.modes import Blend, ImageToImage, TextToImage, rule
from mjnb.prompts.flags import Flags, split_flags, to_flags
from mjnb.prompts.permutations import (
    escape,
    expand,
    has_braces,
    parse_template,
    single_prompt,
    single_template,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.modes import Request

__all__ = ["Reading", "parse", "parse_all", "read_flags", "to_prompt"]

_WRITABLE = (TextToImage.mode, ImageToImage.mode, Blend.mode)


def parse(prompt: str, **fields: Any) -> Request:
    """Read a prompt as it would be typed at Midjourney.

    Args:
        prompt: Words, with picture URLs before them and flags after them. Pictures and words make an `ImageToImage`, two or
            more pictures alone a `Blend`. Flags that have no field go into `extra`.
        fields: What no flag says, by Python name, such as `enable_translation` or a `Path` in `image_urls`; a flag may repeat
            a field, but not contradict it.

    Raises:
        InvalidRequest: It stands for several requests, or a value is not allowed.

    >>> parse("a fox --chaos 20 --ar 16:9 --v 7 --sv 4")
    TextToImage(prompt='a fox', version='v7', aspect='16:9', chaos=20, extra='--sv 4')
    """
    return _request(_single(prompt), fields)


def parse_all(prompt: str, **fields: Any) -> list[Request]:
    """Read every variant of a prompt, in Midjourney's order; see `parse`.

    >>> [request.version for request in parse_all("a bird --{v 7, niji 6}")]
    ['v7', 'niji 6']
    """
    texts = (
        expand(prompt) if isinstance(prompt, str) and parse_template(prompt).groups else [_single(prompt)]
    )
    return [_request(text, fields) for text in texts]


def _single(prompt: str) -> str:
    """Read one prompt; without a group its blanks stay, so that what `to_prompt` wrote is read back."""
    template = single_template(prompt)
    literal = has_braces(prompt) and not template.groups
    return "".join(map(str, template.parts)) if literal else single_prompt(prompt)


def to_prompt(request: Request) -> str:
    """Write a request as it would be typed at Midjourney; `parse` reads it back.

    What no flag can say is left out: `False`, and what is the gateway's own (`enable_translation`, `watermark`).

    Raises:
        InvalidRequest: The mode has no such way of writing.

    >>> to_prompt(TextToImage(prompt="a fox", version="niji 7", no="cars, people"))
    'a fox --niji 7 --no cars, people'
    """
    if request.mode not in _WRITABLE:
        allowed = f"Midjourney's prompts can say {', '.join(_WRITABLE)}"
        raise InvalidRequest("mode", request.mode, allowed)
    given = request.given()
    parts = (*given.get("image_urls", ()), given.get("prompt", ""), to_flags(given))
    return escape(" ".join(filter(None, parts)))


def _request(text: str, fields: Mapping[str, Any]) -> Request:
    pictures, words = _pictures(text)
    given = fields.get("image_urls")
    if given is not None:
        pictures = [*pictures, *rule(ImageToImage, "image_urls").read("image_urls", given)]
    model = _model(text, pictures, split_flags(words).text)
    values = {**fields, "prompt": words, **({"image_urls": pictures} if pictures else {})}
    reading = read_flags(model, values)
    read = {**reading.fields, **({"extra": reading.rest} if reading.others else {})}
    return model(**{name: value for name, value in read.items() if name != "prompt" or value})


def _pictures(text: str) -> tuple[list[str], str]:
    """Cut the pictures off a prompt's head."""
    words = text.split()
    count = next((i for i, word in enumerate(words) if not _is_picture(word)), len(words))
    found = re.match(rf"\s*(?:\S+\s*){{{count}}}", text)
    return words[:count], text[found.end() :] if found else text


def _is_picture(word: str) -> bool:
    return re.match(r"https?://", word) is not None or is_local(word)


def _model(text: str, pictures: list[str], words: str) -> type[Request]:
    if words:
        return ImageToImage if pictures else TextToImage
    if not pictures:
        raise InvalidRequest("prompt", text, "words, and flags only after them")
    if len(pictures) == 1:
        raise InvalidRequest("prompt", text, "words beside a single picture; two or more may stand alone")
    return Blend


@dataclass(frozen=True, slots=True)
class Reading:
    """The fields of a request once the flags of its prompt and of its `extra` are fields themselves.

    `lifted` names those that came from flags, `others` are the flags that have no field, `notes` say what was normalised.
    """

    fields: dict[str, Any]
    lifted: tuple[str, ...]
    others: dict[str, str]
    notes: tuple[str, ...]

    @property
    def rest(self) -> str:
        """The flags that have no field, as they are written."""
        return " ".join(f"--{name} {value}".strip() for name, value in self.others.items())


def read_flags(model: type[Request], given: Mapping[str, Any]) -> Reading:
    """Make fields of the flags in `prompt` and `extra`, whose own values may repeat them but not contradict them.

    Raises:
        InvalidRequest: A contradiction, a flag whose field the mode does not have, or an `extra` that is no flags.
    """
    flags, extra = split_flags(given.get("prompt") or ""), _extra(model, given.get("extra"))
    found, others = _joined(flags.fields, extra.fields), _joined(flags.others, extra.others)
    for name, value in found.items():
        if name not in model.model_fields:
            raise InvalidRequest.unknown_name(name, str(model.mode), model.model_fields)
        _agree(model, name, given.get(name), value)
    fields = {**given, "prompt": flags.text, **found}
    if extra.fields or extra.others:
        del fields["extra"]
    return Reading(fields, tuple(found), others, (*flags.notes, *extra.notes))


def _extra(model: type[Request], extra: Any) -> Flags:
    if not isinstance(extra, str) or "extra" not in model.model_fields:
        return Flags("", {}, {})  # its field refuses it
    flags = split_flags(extra)
    if flags.text.strip():
        raise InvalidRequest("extra", extra, "flags alone, such as '--sv 4'")
    return flags


def _joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in second.items():
        if first.get(name, value) != value:
            raise InvalidRequest(name, value, f"the prompt's own flags say {first[name]!r}")
    return {**first, **second}


def _agree(model: type[Request], name: str, given: Any, flag: Any) -> None:
    """Refuse a flag that says something else than its field."""
    read = rule(model, name).read
    if given is not None and read(name, given) != read(name, flag):
        raise InvalidRequest(name, given, f"the prompt's own flags say {flag!r}", hint="Give it once.")
