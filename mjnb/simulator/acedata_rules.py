"""What makes an AceData request fail: moderation, trigger words, pictures that cannot be fetched.

Trigger words in a prompt, so that failures can be shown and tested:

| in the prompt | what happens |
|---|---|
| the word `gore` | refused with `forbidden` |
| `fail:CODE`, such as `fail:api_error` | the task fails at its end with that code, whatever it is |

A picture URL whose host ends in `.invalid` fails the task with `bad_request`. Nothing that fails is billed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mjnb.simulator.tasks import Failure
from mjnb.simulator.urls import is_unreachable

if TYPE_CHECKING:
    from mjnb.simulator.tasks import Drawing

__all__ = ["MESSAGES", "STATUSES", "ForbiddenError", "check_words", "failure_of"]

STATUSES = {
    "bad_request": 400,
    "api_not_implemented": 400,
    "no_token": 401,
    "invalid_token": 401,
    "token_expired": 401,
    "token_mismatched": 401,
    "disabled": 403,
    "used_up": 403,
    "forbidden": 403,
    "no_api": 404,
    "too_many_requests": 429,
    "api_error": 500,
    "timeout": 504,
}
"""Error codes and the HTTP status that each comes with."""

MESSAGES = {
    "bad_request": "The json payload is not valid to request the API",
    "api_not_implemented": "The API is not implemented.",
    "no_token": "The Authorization header is missing.",
    "invalid_token": "The specified token is invalid or wrong.",
    "token_expired": "The specified token has expired.",
    "token_mismatched": "The specified token is not matched with API.",
    "disabled": "The application or its credential is disabled.",
    "used_up": "The balance or the quota of this service is used up.",
    "forbidden": "Sorry! Our AI moderators feel your prompt might be against our community standards.",
    "no_api": "There is no API at this path.",
    "too_many_requests": "You have exceeded the rate limit.",
    "api_error": "Internal server error.",
    "timeout": "Timeout to generate the image.",
}
"""Error codes and what is said with each when there is nothing better to say."""

_TRIGGER = re.compile(r"\bfail:(\w+)")
_GORE = re.compile(r"\bgore\b", re.IGNORECASE)


class ForbiddenError(Exception):
    """Moderation does not let a prompt through."""


def check_words(text: str) -> str:
    """Return a text that moderation lets through.

    Raises:
        ForbiddenError: it does not.
    """
    if _GORE.search(text):
        raise ForbiddenError(MESSAGES["forbidden"])
    return text


def failure_of(drawing: Drawing, problem: str = "") -> Failure | None:
    """Return why a task will fail, None if it will not.

    Args:
        drawing: what it is to draw.
        problem: why Midjourney refuses the prompt; "" if it does not.
    """
    if problem:
        return Failure("bad_request", problem)
    if any(map(is_unreachable, (*drawing.references, drawing.original, drawing.mask_url))):
        return Failure("bad_request", "The image could not be fetched.")
    if found := _TRIGGER.search(drawing.prompt):
        return Failure(found[1], MESSAGES.get(found[1], "The task has failed."))
    return None
