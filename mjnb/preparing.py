"""Making a request ready for one gateway: flags out of the prompt, one prompt where one task is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.modes import RawRequest
from mjnb.prompts import parse_template, split_flags

if TYPE_CHECKING:
    from mjnb.gateways.base import Dialect
    from mjnb.modes import Request

__all__ = ["lift_flags", "single_prompt"]


def lift_flags(request: Request, dialect: Dialect) -> tuple[Request, tuple[str, ...]]:
    """Turn the flags at a prompt's end into fields; a `RawRequest` stays as it was written.

    Returns:
        The request, and notes on what was normalised.

    Raises:
        UnsupportedError: The gateway has no field for a flag.
        InvalidRequest: A flag contradicts a field.
    """
    prompt = request.given().get("prompt")
    if not isinstance(prompt, str) or isinstance(request, RawRequest):
        return request, ()
    flags = split_flags(prompt)
    if not flags.text:
        raise InvalidRequest("prompt", prompt, "words, and flags only after them")
    for name, value in flags.others.items():
        has = ", ".join(type(request).model_fields)
        raise UnsupportedError(
            f"--{name}", value, f"{dialect.title} has no field for it; {request.mode} has {has}"
        )
    for name, value in flags.fields.items():
        _agree(request, name, value)
    changes = {"prompt": flags.text, **flags.fields}
    return (request.replace(**changes) if flags.text != prompt else request), flags.notes


def _agree(request: Request, name: str, value: object) -> None:
    """Refuse a flag that the mode does not have, or that says something else than the field."""
    fields = type(request).model_fields
    if name not in fields:
        raise InvalidRequest.unknown_name(name, request.mode, fields)
    given = request.given().get(name)
    if given is not None and request.replace(**{name: value}).given()[name] != given:
        raise InvalidRequest(name, given, f"the prompt's own flags say {value!r}", hint="Give it once.")


def single_prompt(prompt: str) -> str:
    """Read one prompt: its braces must be literal, since a permutation is several tasks.

    >>> single_prompt("a {red} bird")
    'a red bird'
    """
    if not isinstance(prompt, str) or not any(brace in prompt for brace in "{}"):
        return prompt
    template = parse_template(prompt)
    if any(len(group.options) > 1 for group in template.groups):
        hint = "Use mjnb.Sweep for several, or write \\{ for a literal brace."
        raise InvalidRequest("prompt", prompt, "one prompt, but its { } stand for several", hint=hint)
    return template.fill({group.name: group.options[0] for group in template.groups})
