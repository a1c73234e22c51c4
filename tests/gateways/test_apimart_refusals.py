"""APIMart's dialect against APIMart's documents: refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mjnb import errors
from mjnb.gateways.apimart import Apimart
from mjnb.tasks import TaskState
from mjnb.testing import reply_of

if TYPE_CHECKING:
    from mjnb.gateways.base import Reply

APIMART = Apimart()
WIRE = Path(__file__).parents[1] / "wire" / "apimart"


def reply(name: str) -> Reply:
    """Return the documented answer."""
    told: dict[str, Any] = json.loads((WIRE / f"{name}.json").read_text("utf-8"))["response"]
    return reply_of(told["json"], told["status"])


REFUSED = {
    "error_authentication": errors.AuthenticationError,
    "error_balance": errors.InsufficientCredits,
    "error_gateway": errors.GatewayUnavailable,
    "error_missing_prompt": errors.RequestRefused,
    "error_moderation": errors.PromptBlocked,
    "error_not_found": errors.UnknownTask,
    "error_not_upscaled": errors.RequestRefused,
    "error_permission": errors.AuthenticationError,
    "error_rate_limit": errors.RateLimited,
    "error_server": errors.GatewayUnavailable,
}


def test_every_documented_error_is_accounted_for():
    """No error of the documents is left out by mistake."""
    assert {path.stem for path in WIRE.glob("error_*.json")} == REFUSED.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_documented_errors(name):
    """Each error of the table is its one class, with the gateway's own words."""
    told = reply(name)
    for read in (APIMART.read_submit, APIMART.read_status, APIMART.read_upload):
        with pytest.raises(errors.GatewayError) as caught:
            read(told)
        assert type(caught.value) is REFUSED[name]
        assert caught.value.status == told.status
        assert told.json["error"]["message"].rstrip(".") in str(caught.value)


@pytest.mark.parametrize("name", REFUSED)
def test_errors_are_known_by_their_type_alone(name):
    """The type of an error decides without a code; the class is the same where the HTTP status says it is fine."""
    error = {key: value for key, value in reply(name).json["error"].items() if key == "type"}
    kind = errors.RequestRefused if name == "error_moderation" else REFUSED[name]
    with pytest.raises(errors.GatewayError) as caught:
        APIMART.read_submit(reply_of({"error": error}, 200))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"code": 24, "description": "Banned prompt"}, 200, errors.PromptBlocked),
        ({"code": 3, "description": "No such task"}, 200, errors.UnknownTask),
        ({"code": 4, "description": "index is required"}, 200, errors.RequestRefused),
        ({"code": 9, "description": "Try again"}, 200, errors.GatewayUnavailable),
        ({"error": {"code": 402, "message": "No money"}}, 400, errors.InsufficientCredits),
        ({"error": {"message": "no"}}, 422, errors.PromptBlocked),
        (
            {"error": {"message": "no", "type": "payment_required", "code": "x"}},
            403,
            errors.InsufficientCredits,
        ),
        ({"error": "no"}, 401, errors.AuthenticationError),
        ({"error": {"message": "no", "type": "invalid_request_error"}}, 409, errors.RequestRefused),
        ({"error": {"message": "same key", "type": "idempotency_error"}}, 409, errors.GatewayUnavailable),
        (None, 503, errors.GatewayUnavailable),
    ],
)
def test_codes_decide_before_the_status(body, status, kind):
    """The gateway's own code counts first, then the type, then the HTTP status."""
    with pytest.raises(errors.GatewayError) as caught:
        APIMART.read_submit(reply_of(body, status, retry_after=7.0))
    assert type(caught.value) is kind
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"status": "error", "message": "invalid token", "code": 401}, 401, errors.AuthenticationError),
        ({"status": "error", "message": "invalid token", "code": 401}, 200, errors.AuthenticationError),
        ({"status": "failed", "message": "invalid token"}, 401, errors.AuthenticationError),
        ({"status": "error"}, 500, errors.GatewayUnavailable),
        ({"data": {"status": "error"}}, 429, errors.RateLimited),
    ],
)
def test_a_refusal_with_a_status_is_no_task(body, status, kind):
    """An answer that refuses and names no task is a refusal, whatever its `status` says; with a task's id it is a task."""
    with pytest.raises(errors.GatewayError) as caught:
        APIMART.read_status(reply_of(body, status))
    assert type(caught.value) is kind
    task = APIMART.read_status(reply_of({"id": "t", "status": "IN_PROGRESS"}, status))
    assert task.state is TaskState.PROCESSING


def test_a_blocked_prompt_is_a_content_violation():
    """Moderation before any task is caught like moderation of one."""
    with pytest.raises(errors.ContentViolation, match="other words"):
        APIMART.read_submit(reply("error_moderation"))


@pytest.mark.parametrize(
    "body", [None, {}, [], "ok", {"data": [1]}, {"code": 200, "data": []}, {"id": "x"}]
)
@pytest.mark.parametrize("status", [200, 204, 302])
def test_an_answer_that_says_nothing_may_hide_a_task(body, status):
    """What neither names a task nor refuses is malformed, never "no task"."""
    for read in (APIMART.read_submit, APIMART.read_status, APIMART.read_upload):
        with pytest.raises(errors.MalformedReply) as caught:
            read(reply_of(body, status))
        assert "No task" not in str(caught.value)
