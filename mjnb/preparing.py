"""Making a request ready for one gateway: flags out of the prompt, values on the gateway's steps, one prompt where one task is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.fields import Flag
from mjnb.gateways import who_takes
from mjnb.modes import RawRequest, Shorten, Translate, rule
from mjnb.prompts import dashed, flag_within, read_flags, single_prompt, to_flags

if TYPE_CHECKING:
    from mjnb.gateways.base import Dialect
    from mjnb.modes import Request
    from mjnb.prompts import Reading

__all__ = ["lift_flags", "single_prompt"]

_REPEATS = ("r", "repeat")


def lift_flags(request: Request, dialect: Dialect) -> tuple[Request, tuple[str, ...]]:
    """Turn the flags at a prompt's end, and those in `extra`, into fields, and move values to the gateway's steps.

    A flag that the gateway has no field for goes into `extra`, where it takes that; a field that says no to what the gateway
    does not have at all (`loop=False`) is left out. A `RawRequest` stays as it was written, and so does a text that is no
    prompt (`Shorten`, `Translate`).

    Returns:
        The request, and notes on what was normalised or moved.

    Raises:
        UnsupportedError: The gateway has no field for a flag; the message names those that have.
        InvalidRequest: A flag contradicts a field or stands inside one, or the mode does not have its field.
    """
    if isinstance(request, RawRequest):
        return request, ()
    notes: tuple[str, ...] = ()
    request = _without_noes(request, dialect)
    if found := flag_within(request.given()):
        name, flag = found
        hint = f"{flag!r} would be a flag of its own."
        raise InvalidRequest(name, request.given()[name], "a value without flags in it", hint=hint)
    if "prompt" in request.given() and not isinstance(request, Shorten | Translate):
        request, notes = _lifted(request, dialect)
    settled, moved = dialect.settle(request)
    return settled, (*notes, *moved)


def _lifted(request: Request, dialect: Dialect) -> tuple[Request, tuple[str, ...]]:
    given = request.given()
    reading = read_flags(type(request), given)
    if not reading.fields["prompt"]:
        raise InvalidRequest("prompt", given["prompt"], "words, and flags only after them")
    fields = _placed(request, reading, dialect)
    lifted = request if fields == given else type(request)(**fields)
    return _dashed(lifted, reading.notes, dialect)


def _without_noes(request: Request, dialect: Dialect) -> Request:
    """Leave out the False of every switch that the gateway does not have: that is what it does anyway."""
    given = request.given()
    noes = {
        name
        for name, value in given.items()
        if value is False
        and isinstance(rule(type(request), name), Flag)
        and dialect.lacks(request.mode, name)
    }
    return type(request)(**{k: v for k, v in given.items() if k not in noes}) if noes else request


def _dashed(request: Request, notes: tuple[str, ...], dialect: Dialect) -> tuple[Request, tuple[str, ...]]:
    """Write a dash for two hyphens inside a URL too, where the gateway would cut the prompt at them."""
    others = request.given()
    prompt = others.pop("prompt")
    clean, note = dashed(prompt)
    if clean == prompt or not dialect.refuses(type(request), "prompt", prompt, **others):
        return request, notes
    if dialect.refuses(type(request), "prompt", clean, **others):
        return request, notes  # it is refused for something else, and check says for what
    return request.replace(prompt=clean), tuple(dict.fromkeys((*notes, note)))


def _placed(request: Request, reading: Reading, dialect: Dialect) -> dict[str, Any]:
    """Leave each flag in its field, or move it to `extra`, or refuse it."""
    fields, homeless = dict(reading.fields), {}
    lacking_extra = _lacks_extra(request, dialect)
    for name in reading.lifted:
        if lacking := dialect.lacks(request.mode, name):
            if lacking_extra:
                error = UnsupportedError(to_flags({name: fields[name]}).split()[0], fields[name], lacking)
                raise error.elsewhere(who_takes(request.mode, name))
            homeless[name] = fields.pop(name)
    for flag, value in reading.others.items():
        _check_other(flag, value, request.mode, lacking_extra)
    extra = f"{to_flags(homeless)} {reading.rest}".strip()
    return {**fields, "extra": extra} if extra else fields


def _lacks_extra(request: Request, dialect: Dialect) -> str:
    """Say why flags without a field cannot travel, "" if they can."""
    lacking = dialect.lacks(request.mode, "extra")
    has_it = "extra" in type(request).model_fields
    return lacking or ("" if has_it else f"{request.mode} has no field for it")


def _check_other(flag: str, value: str, mode: str, lacking_extra: str) -> None:
    """Refuse a flag without a field that would be several tasks, or that cannot travel."""
    if flag.lower() in _REPEATS:
        hint = "Ask for several by mjnb.Sweep(…, repeats=4)."
        raise InvalidRequest(f"--{flag}", value, "one request is one task", hint=hint)
    if lacking_extra:
        error = UnsupportedError(f"--{flag}", value, lacking_extra)
        raise error.elsewhere(who_takes(mode, "extra"))
