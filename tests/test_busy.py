"""What a gateway says when it takes nothing: sent again only if that is a documented refusal, else unknown after one POST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mjnb import errors
from mjnb.modes import TextToImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.session import Session

FOX = TextToImage(prompt="a fox")
GATEWAYS = ("apixo", "apixo-reference", "acedata", "apimart")
ASKING = "/midjourney/tasks"  # AceData asks by POST as well


def apixo(code: Any, **more: Any) -> dict[str, Any]:
    """Return APIXO's envelope of a refusal."""
    return {"code": code, "message": "so", "data": None, **more}


def named(**error: Any) -> dict[str, Any]:
    """Return a refusal as AceData and APIMart tell it."""
    return {"error": {"message": "so", **error}}


TAKEN: dict[str, Any] = {
    "apixo": {"code": 200, "message": "success", "data": {"taskId": "t-1"}},
    "acedata": {"task_id": "t-1"},
    "apimart": {"code": 200, "data": [{"status": "submitted", "task_id": "t-1"}]},
}
WAITED = ("upstream timed out", "Upstream request timeout", "Gateway Time-out", "the proxy had to wait too long", "上游服务超时",
          "connect error or disconnect/reset before headers", "context deadline exceeded", "The model did not respond")  # fmt: skip
"""What a gateway says of somebody behind it, who may have taken the request."""
OPEN: dict[str, list[Any]] = {
    "apixo": [apixo(500), apixo(200), apixo(None), apixo(99999), apixo("503"), apixo(503.0), {"message": "Service Unavailable"},
              {"code": 503}, {"code": 503, "data": None}, apixo(503, message=None), apixo(503, message={"text": "so"}),
              apixo(503, data={"task_id": "t-9"}), apixo(503, data={"taskId": None}), apixo(503, data={"error": "so"}),
              apixo(503, data="t-9"), apixo(503, data=[{"taskId": "t-9"}]), apixo(503, taskId="t-9"), apixo(503, id=9),
              apixo(503, trace_id="t"), apixo(503, state="pending"), *(apixo(503, message=one) for one in WAITED)],
    "acedata": [named(code="timeout"), named(code="api_error"), named(code=" TIMEOUT "), named(code="brand_new"),
                {"success": False, "trace_id": "t", **named(code="api_error")}, {"error": "Service Unavailable"},
                {"success": True, **named(code="timeout")}, named(), named(code=503), named(code=None), named(code="service_unavailable"),
                named(message="Service Unavailable"), {**named(), "trace_id": "t"}, {**named(type="UpstreamError"), "trace_id": "t"},
                {**named(), "id": "t-9"}, {**named(), "data": {"task_id": "t-9"}}, *(named(message=one) for one in WAITED)],
    "apimart": [named(), named(type="", code=""), named(code=503, message=None), {"error": {"code": 503}},
                named(code=503, task_id="t-9"), named(code=503, param="so"), named(code=503, type="service_unavailable"),
                {**named(code=503), "data": [{"status": "so"}]}, {**named(code=503), "data": {"task": "t-9"}},
                {**named(code=503), "id": "t-9"}, {**named(code=503), "trace_id": "t"}, {**named(code=503), "request_id": "t"},
                *(named(code=503, type="server_error", message=one) for one in WAITED),
                named(type="internal_error"), named(type="server_error"), named(type="bad_gateway"), named(type="brand_new"),
                named(code=500, type="server_error"), named(code=503, type="internal_error"), named(code=503, type="bad_gateway"),
                named(code=9), {"code": 9, "description": "Try again"}, {"error": "Service Unavailable"}],
}  # fmt: skip
"""Answers beside a 503 that do not say what became of the task, say more than a refusal, or are in no document of the gateway."""
PAGES = [b"", b"<html>busy</html>", b"upstream connect error or disconnect/reset", b"null", b"[]", b"{}",
         b'{"message": "Service Unavailable"}']  # fmt: skip
"""What proxies say: with the same status where nothing arrived and where an answer was lost."""
REFUSED: dict[str, list[tuple[int, Any]]] = {
    "apixo": [(503, apixo(503)), (503, {"code": 503, "message": "Service Unavailable"}), (503, apixo(503, data={})),
              (503, apixo(503, message="Model temporarily unavailable", id=None)), (429, apixo(429)), (503, apixo(429))],
    "acedata": [(429, named(code="too_many_requests")), (503, named(code="too_many_requests"))],
    "apimart": [(503, named(code=503)), (503, named(code=503, type="server_error")),
                (503, {**named(code="503", message="Service Unavailable", param=None), "data": []}),
                (429, named(code=429, type="rate_limit_error")), (503, named(type="rate_limit_error"))],
}  # fmt: skip
"""Answers that refuse before anything was taken."""


def family(gateway: str) -> str:
    """Return the gateway whose words these are."""
    return gateway.partition("-")[0]


def each(told: dict[str, list[Any]]) -> list[Any]:
    """Return every gateway with each of its answers."""
    return [pytest.param(g, one, id=f"{g}-{n}") for g in GATEWAYS for n, one in enumerate(told[family(g)])]


@pytest.fixture
def answering(session: Callable[..., Session]) -> Callable[..., tuple[Session, list[httpx.Request]]]:
    """Open a session whose submissions are answered by these, then taken; return it and what is POSTed."""

    def make(gateway: str, *answers: httpx.Response, **options: Any) -> tuple[Session, list[httpx.Request]]:
        posted: list[httpx.Request] = []
        taken = httpx.Response(200, json=TAKEN[family(gateway)])

        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith(ASKING):
                return httpx.Response(200, json={"items": [], "count": 0})
            posted.append(request)
            return answers[len(posted) - 1] if len(posted) <= len(answers) else taken

        place = {"transport": httpx.MockTransport(answer), "time_scale": 6000}
        return session(gateway=f"simulator:{gateway}", **place, **options), posted

    return make


def left_open(mj: Session, posted: list[httpx.Request]) -> None:
    """Hold that a submission is not sent again, and that the ledger says so."""
    with pytest.raises(errors.UnknownOutcome, match="may have been created and charged"):
        mj.imagine("a fox").result(timeout=20)
    assert len(posted) == 1
    assert mj.history()["state"].tolist() == ["unknown"]


@pytest.mark.parametrize(("gateway", "body"), each(OPEN))
def test_a_503_with_words_that_leave_it_open(answering, gateway, body):
    """A code that does not say what became of the task counts more than the 503 beside it: one POST, and the row is unknown."""
    left_open(*answering(gateway, httpx.Response(503, json=body)))


@pytest.mark.parametrize("page", PAGES, ids=repr)
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_503_of_somebody_on_the_way(answering, gateway, page):
    """A page, an empty body or foreign JSON is no document of the gateway's, even if it says when to come again."""
    left_open(*answering(gateway, httpx.Response(503, content=page, headers={"retry-after": "5"})))


def test_a_503_in_the_place_of_a_stream(answering):
    """A submission that asks for its progress line by line is held to the same."""
    left_open(*answering("acedata", httpx.Response(503, json=named(code="timeout")), stream=True))


@pytest.mark.parametrize(("gateway", "refusal"), each(REFUSED))
def test_a_documented_refusal_is_sent_again(answering, gateway, refusal):
    """A gateway that refuses in its own words has taken nothing: the same row is sent until it is taken."""
    status, body = refusal
    mj, posted = answering(gateway, *[httpx.Response(status, json=body)] * 2)
    assert mj.submit(FOX).result(timeout=20).id == "t-1"
    assert len(posted) == 3
    assert mj.history()["state"].tolist() == ["pending"]


@pytest.mark.parametrize("status", [500, 502, 504, 520])
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_words_of_a_busy_gateway_beside_another_status(answering, gateway, status):
    """Only both together are the refusal: its own words, and the status 503."""
    body = apixo(503) if family(gateway) == "apixo" else named(code=503)
    left_open(*answering(gateway, httpx.Response(status, json=body)))


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_an_error_claims_no_more_than_it_knows(answering, gateway):
    """Neither the error nor what it came from says that there is no task, where nobody knows."""
    mj, _ = answering(gateway, httpx.Response(503, json=OPEN[family(gateway)][0]))
    with pytest.raises(errors.UnknownOutcome) as caught:
        mj.imagine("a fox").result(timeout=20)
    error: BaseException | None = caught.value
    while error is not None:
        assert "No task was created" not in str(error)
        error = error.__cause__
