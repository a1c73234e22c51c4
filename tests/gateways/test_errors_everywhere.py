"""One event, one class, at every gateway: from the documents' own answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mjnb import errors
from mjnb.gateways import NAMES, dialect
from mjnb.gateways.base import Reply, failure
from mjnb.tasks import TaskState

WIRE = Path(__file__).parents[1] / "wire"
REFUSED = "apixo/submit_insufficient_credits"
TITLES = {
    401: "Unauthorized",
    404: "Not found",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}


def documented(name: str, code: int | None = None) -> Reply:
    """Return a documented answer; APIXO's one refusal, with the code of another row of its table."""
    told = json.loads((WIRE / f"{name}.json").read_text("utf-8"))["response"]
    body, status = told["json"], told["status"]
    if code is not None:
        body, status = body | {"code": code, "message": TITLES[code]}, code
    return Reply(status, body, json.dumps(body), 3.0)


def apixo(code: int) -> dict[str, list[Reply]]:
    """Return what both of APIXO's pages answer with a code: they share the gateway and its table of errors."""
    return {name: [documented(REFUSED, code)] for name in ("apixo", "apixo-reference")}


def answers(**by_gateway: list[str]) -> dict[str, list[Reply]]:
    """Return the documented answers of each gateway."""
    return {name: [documented(f"{name}/{file}") for file in files] for name, files in by_gateway.items()}


EVENTS: dict[str, tuple[type[errors.MjnbError], dict[str, list[Reply]]]] = {
    "out of credit": (
        errors.InsufficientCredits,
        answers(acedata=["error_used_up"], apimart=["error_balance"])
        | {name: [documented(REFUSED)] for name in ("apixo", "apixo-reference")},
    ),
    "bad key": (
        errors.AuthenticationError,
        answers(
            acedata=["error_no_token", "error_invalid_token", "error_token_expired", "error_token_mismatched",
                     "error_token_mismatched_400", "error_no_token_400", "error_disabled"],
            apimart=["error_authentication", "error_permission"],
        ) | apixo(401),
    ),
    "rate limit": (
        errors.RateLimited, answers(acedata=["error_too_many_requests"], apimart=["error_rate_limit"]) | apixo(429),
    ),
    "unknown task": (
        errors.UnknownTask,
        {"acedata": [Reply(200, {}, "{}", 3.0)]} | answers(apimart=["error_not_found"]) | apixo(404),
    ),
    "server error": (
        errors.GatewayUnavailable,
        answers(acedata=["error_api_error", "error_timeout"], apimart=["error_server", "error_gateway"]) | apixo(500),
    ),
    "busy": (errors.GatewayUnavailable, apixo(503)),
}  # fmt: skip
MODERATED = {
    "apixo": ["status_failed"],
    "apixo-reference": ["status_failed"],
    "acedata": ["error_forbidden"],
    "apimart": ["error_moderation", "direct_failure"],
}
ASKED = {"unknown task"}  # events that befall questions alone
EACH = [
    pytest.param(name, reply, kind, event in ASKED, id=f"{event}-{name}-{number}")
    for event, (kind, found) in EVENTS.items()
    for name, replies in found.items()
    for number, reply in enumerate(replies)
]


def happened(name: str, reply: Reply) -> errors.MjnbError | None:
    """Return the error that an answer means to whoever submits, or asks after a task."""
    try:
        status = dialect(name).read_status(reply)
    except errors.GatewayError as error:
        return error
    return failure(status.fail_code)(status.fail_msg) if status.state is TaskState.FAILED else None


def test_no_gateway_is_left_out():
    """Every event is tried at every gateway that comes with the package, but for what only one of them documents."""
    assert all(found.keys() == set(NAMES) for event, (_, found) in EVENTS.items() if event != "busy")
    assert MODERATED.keys() == set(NAMES)


@pytest.mark.parametrize(("name", "reply", "kind", "asked"), EACH)
def test_one_event_is_one_class(name, reply, kind, asked):
    """What happened is told by one class, whichever gateway it happened at and whatever was asked of it."""
    one = dialect(name)
    for read in (one.read_status,) if asked else (one.read_submit, one.read_status):
        with pytest.raises(errors.GatewayError) as caught:
            read(reply)
        assert type(caught.value) is kind
        assert one.title in str(caught.value)
        assert caught.value.retry_after == 3.0


@pytest.mark.parametrize(
    ("name", "file"), [(name, file) for name, files in MODERATED.items() for file in files]
)
def test_moderation_is_a_content_violation(name, file):
    """Moderation is a `ContentViolation`, whether a request is refused or a task fails."""
    error = happened(name, documented(f"{name}/{file}"))
    assert isinstance(error, errors.ContentViolation), error


@pytest.mark.parametrize("status", [408, 409, 425])
@pytest.mark.parametrize("name", NAMES)
def test_a_conflict_may_hide_a_task(name, status):
    """What a proxy says of time and conflicts is no refusal: nobody knows whether there is a task."""
    for read in (dialect(name).read_submit, dialect(name).read_status):
        with pytest.raises(errors.GatewayUnavailable) as caught:
            read(Reply(status, None, "<html>"))
        assert "No task" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("payment_required", errors.OutOfCredits), ("INSUFFICIENT_BALANCE", errors.OutOfCredits),
     ("server_error", errors.GenerationFailed), ("internal_error", errors.GenerationFailed),
     ("too_many_requests", errors.GenerationFailed), ("load_balancer_error", errors.GenerationFailed)],
)  # fmt: skip
def test_failures_that_another_try_may_mend(code, kind):
    """No money left and a server in trouble are told apart from a task that can never succeed."""
    assert failure(code) is kind


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", [None, "<html>", [], {"hello": "there"}, {"data": {"id": None}}], ids=repr)
def test_an_answer_of_no_document_is_malformed(name, body):
    """An answer that no document has is malformed, and hides what became of the task."""
    for read in (dialect(name).read_submit, dialect(name).read_status):
        with pytest.raises(errors.MalformedReply) as caught:
            read(Reply(200, body, json.dumps(body)))
        assert "No task" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_every_error_says_what_to_do(name):
    """An error that a person can do something about says what."""
    advice: dict[Any, str] = {401: "key", 402: "Top up", 429: "Wait", 503: "later"}
    for status, word in advice.items():
        with pytest.raises(errors.GatewayError, match=word):
            dialect(name).read_submit(Reply(status, None))
