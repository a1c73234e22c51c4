"""AceData's dialect against AceData's documents: refusals and failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mjnb import errors
from mjnb.gateways.acedata import AceData
from mjnb.gateways.base import Reply, failure
from mjnb.tasks import TaskState

ACEDATA = AceData()
WIRE = Path(__file__).parents[1] / "wire" / "acedata"


def wire(name: str) -> dict[str, Any]:
    """Read a documented exchange."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def reply(body: Any, status: int = 200, retry_after: float | None = None) -> Reply:
    """Make the reply that a client hands on."""
    return Reply(status, body, json.dumps(body, default=str), retry_after)


def documented(name: str) -> Reply:
    """Make the reply of a documented exchange."""
    told = wire(name)["response"]
    return reply(told["json"], told["status"])


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("forbidden", errors.ContentViolation),
        ("used_up", errors.OutOfCredits),
        ("api_error", errors.GenerationFailed),
        ("timeout", errors.ProcessingTimeout),
        ("too_many_requests", errors.GenerationFailed),
        ("Something_New", errors.TaskFailed),
    ],
)
def test_failed_records(code, kind):
    """A record fails by its response, over HTTP 200 as well; an unknown code stays as it is."""
    response = {"success": False, "task_id": "t", "error": {"code": code, "message": "why"}}
    status = ACEDATA.read_status(
        reply({**wire("tasks_retrieve")["response"]["json"], "response": response})
    )
    assert (status.state, status.fail_code, status.fail_msg) == (TaskState.FAILED, code, "why")
    assert failure(status.fail_code) is kind


REFUSALS = {
    "bad_request": errors.RequestRefused,
    "api_not_implemented": errors.RequestRefused,
    "no_token": errors.AuthenticationError,
    "no_token_400": errors.AuthenticationError,
    "invalid_token": errors.AuthenticationError,
    "token_expired": errors.AuthenticationError,
    "token_mismatched": errors.AuthenticationError,
    "token_mismatched_400": errors.AuthenticationError,
    "disabled": errors.AuthenticationError,
    "used_up": errors.InsufficientCredits,
    "forbidden": errors.PromptBlocked,
    "no_api": errors.RequestRefused,
    "too_many_requests": errors.RateLimited,
    "api_error": errors.GatewayUnavailable,
    "timeout": errors.GatewayUnavailable,
    "with_success": errors.GatewayUnavailable,
}


@pytest.mark.parametrize(("name", "kind"), REFUSALS.items())
def test_documented_refusals(name, kind):
    """The code decides before the HTTP status: 403 is money, moderation or a key."""
    told = documented(f"error_{name}")
    for ask in (ACEDATA.read_submit, ACEDATA.read_status, ACEDATA.read_statuses):
        with pytest.raises(errors.GatewayError) as caught:
            ask(told)
        assert type(caught.value) is kind
        assert caught.value.status == told.status
        assert caught.value.code == told.json["error"]["code"]
        assert told.json["error"]["message"].rstrip(".") in str(caught.value)
    assert ACEDATA.read_at_once(told) is None


def test_every_documented_refusal_is_tried():
    """No documented error is left out."""
    assert {path.stem.removeprefix("error_") for path in WIRE.glob("error_*.json")} == set(REFUSALS)


def test_a_path_that_is_not_there_knows_nothing_of_tasks():
    """A missing path says where to look for the mistake; a lost answer to a batch does not make all its tasks unknown."""
    with pytest.raises(errors.RequestRefused, match=r"No task was created.*base_url"):
        ACEDATA.read_submit(documented("error_no_api"))
    for body in (None, {"detail": "Not Found"}):
        with pytest.raises(errors.GatewayUnavailable):
            ACEDATA.read_statuses(reply(body, 404))
        with pytest.raises(errors.UnknownTask):
            ACEDATA.read_status(reply(body, 404))


def test_an_unknown_task():
    """A question after one task that nobody knows is answered with an empty object, one after several without it."""
    with pytest.raises(errors.UnknownTask, match="does not know"):
        ACEDATA.read_status(reply({}))
    assert ACEDATA.read_statuses(reply({"items": [], "count": 0})) == {}
    for read in (ACEDATA.read_submit, ACEDATA.read_statuses):  # these may hide some
        with pytest.raises(errors.MalformedReply):
            read(reply({}))


@pytest.mark.parametrize("status", [408, 409, 425])
def test_a_proxy_s_refusal_leaves_the_outcome_open(status):
    """A time that is up and a conflict do not say that there is no task, unless AceData's own code does."""
    with pytest.raises(errors.GatewayUnavailable) as caught:
        ACEDATA.read_submit(reply(None, status))
    assert "No task" not in str(caught.value)
    with pytest.raises(errors.RequestRefused, match="No task was created"):
        ACEDATA.read_submit(reply({"error": {"code": "bad_request", "message": "no"}}, status))


def test_moderation_is_a_content_violation():
    """Who catches `ContentViolation` catches a prompt that moderation refused at once."""
    with pytest.raises(errors.ContentViolation, match="No task was created"):
        ACEDATA.read_submit(documented("error_forbidden"))


@pytest.mark.parametrize("name", ["api_error", "timeout"])
def test_trouble_leaves_the_outcome_open(name):
    """A timeout and an error of the server do not say that there is no task."""
    with pytest.raises(errors.GatewayUnavailable) as caught:
        ACEDATA.read_submit(documented(f"error_{name}"))
    assert "No task" not in str(caught.value)


def test_a_task_beside_an_error():
    """A task that exists is not lost to an error beside it, unless the request was clearly refused."""
    timeout = {"success": False, "task_id": "t", "error": {"code": "timeout", "message": "Timeout"}}
    assert ACEDATA.read_submit(reply(timeout, 504)) == "t"
    failed = wire("callback_failure")["callback"]["json"]
    assert ACEDATA.read_submit(reply(failed)) == failed["task_id"]
    with pytest.raises(errors.RequestRefused):
        ACEDATA.read_submit(reply(failed, 400))


@pytest.mark.parametrize(
    "body", [None, [], "ok", 5, {"success": True}, {"error": {"code": "new"}}], ids=repr
)
def test_answers_that_say_nothing(body):
    """An answer that neither names a task nor refuses in documented words may hide one."""
    for ask in (ACEDATA.read_submit, ACEDATA.read_status, ACEDATA.read_statuses):
        with pytest.raises(errors.MalformedReply) as caught:
            ask(reply(body))
        assert "No task" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, errors.RequestRefused), (401, errors.AuthenticationError), (402, errors.InsufficientCredits),
     (403, errors.AuthenticationError), (404, errors.UnknownTask), (429, errors.RateLimited), (502, errors.GatewayUnavailable)],
)  # fmt: skip
def test_refusals_by_status_alone(status, kind):
    """Where no documented code is told, the HTTP status decides; the wait that it names is kept."""
    for body in (None, {"error": {"code": "brand_new", "message": "so"}}, {"error": "so"}):
        with pytest.raises(errors.GatewayError) as caught:
            ACEDATA.read_status(reply(body, status, 7.0))
        assert type(caught.value) is kind
        assert caught.value.retry_after == 7
