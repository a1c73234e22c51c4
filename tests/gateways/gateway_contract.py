"""What every dialect promises, as tests: subclass `GatewayContract` and name the dialect and its documents.

    class TestMine(GatewayContract):
        dialect, wire = Mine(), Path("tests/wire/mine")

`wire` is a folder of JSON files transcribed from the gateway's documents. `submit_*.json` hold a submission's `response`
(`status`, `json`), `status_<state>.json` that of the question after a task, where `<state>` is one of `TaskState`.
"""

from __future__ import annotations

import copy
import json
import math
import pickle
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mjnb import errors
from mjnb.gateways.base import Envelope, Reply, Status
from mjnb.modes import ImageToImage, RawRequest, Request, TextToImage, UploadPaint, Upscale, Vary
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from pathlib import Path

    from mjnb.gateways.base import Dialect

__all__ = ["EXAMPLES", "GatewayContract", "json_values", "reply_of", "spoiled"]

_URL = "https://example.com/fox.png"
EXAMPLES: dict[str, Request] = {
    request.mode: request
    for request in (
        TextToImage(prompt="a fox in the snow", version="v7", chaos=20),
        ImageToImage(prompt="a fox in the snow", image_urls=[_URL]),
        UploadPaint(
            prompt="a lamp", image_urls=[_URL], mask={"areas": [{"width": 9, "height": 9, "points": [0, 0, 9, 0, 9, 9]}]},
            canvas={"width": 9, "height": 9}, img_pos={"width": 9, "height": 9, "x": 0, "y": 0},
        ),
        Vary(task_id="task_1", image_index=2, strength="strong"),
        Upscale(task_id="task_1", image_index=2, kind="2x"),
    )
}  # fmt: skip
"""One request of each mode that has a class."""

_FUZZ = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.differing_executors])
_BY_STATUS = {
    400: errors.RequestRefused,
    401: errors.AuthenticationError,
    403: errors.AuthenticationError,
    404: errors.UnknownTask,
    429: errors.RateLimited,
    500: errors.GatewayUnavailable,
    502: errors.GatewayUnavailable,
    503: errors.GatewayUnavailable,
    504: errors.GatewayUnavailable,
}


def json_values() -> st.SearchStrategy[Any]:
    """Anything that JSON can carry, what Python's reader makes of it included (NaN, huge numbers, half characters)."""
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from([10**400, -1, 0, 200, 400, 401, 429, 503])
        | st.floats()
        | st.text(max_size=8)
        | st.sampled_from(
            ["", "success", "failed", "\ud83e", "[" * 100_000, "{}", "null", "https://[", "task_1"]
        )
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )


def spoiled(documented: Any) -> st.SearchStrategy[Any]:
    """A documented reply with one of its values, somewhere, replaced by anything or left out."""
    return st.tuples(st.sampled_from(list(_ways(documented))), json_values(), st.booleans()).map(
        lambda drawn: _replaced(documented, *drawn)
    )


def _ways(value: Any, way: tuple[Any, ...] = ()) -> Any:
    yield way
    items = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in items:
        yield from _ways(item, (*way, key))


def _replaced(value: Any, way: tuple[Any, ...], new: Any, leave_out: bool) -> Any:
    if not way:
        return new
    value = copy.copy(value)
    if leave_out and len(way) == 1:
        del value[way[0]]
    else:
        value[way[0]] = _replaced(value[way[0]], way[1:], new, leave_out)
    return value


def reply_of(body: Any, status: int = 200, retry_after: float | None = None) -> Reply:
    """Make the reply that a client would hand on for a JSON body."""
    return Reply(status, body, json.dumps(body, default=str), retry_after)


class GatewayContract:
    """The promises of `mjnb.gateways.base.Dialect`."""

    dialect: ClassVar[Dialect]
    wire: ClassVar[Path]

    def documented(self, prefix: str) -> dict[str, Reply]:
        """Return the documented replies whose files' names begin so."""
        found = {
            path.stem: json.loads(path.read_text("utf-8"))
            for path in sorted(self.wire.glob(f"{prefix}*.json"))
        }
        replies = {name: file["response"] for name, file in found.items() if "response" in file}
        assert replies, f"{self.wire} has no {prefix}*.json with a response"
        return {name: reply_of(reply["json"], reply["status"]) for name, reply in replies.items()}

    def examples(self) -> list[Request]:
        """Return one request of each mode that the gateway has."""
        return [EXAMPLES[mode] for mode in self.dialect.modes if mode in EXAMPLES]

    # -- who it is ---------------------------------------------------------------------------------------------------

    def test_it_introduces_itself(self):
        """A dialect has a name, a page, an origin over https, the names of its key, and limits."""
        of = self.dialect
        assert of.name
        assert of.name == of.name.lower()
        assert of.title
        assert of.page.startswith("https://")
        assert of.base_url.startswith("https://")
        assert not of.base_url.endswith("/")
        assert of.key_names
        assert all(name == name.upper() for name in of.key_names)
        assert min(of.limits.per_minute, of.limits.at_once, of.url_life_s) > 0
        assert all(cls.mode == mode for mode, cls in of.modes.items())

    # -- requests ----------------------------------------------------------------------------------------------------

    def test_every_mode_can_be_sent(self):
        """A request of each of its modes becomes one POST under its origin, whose body is JSON without gaps."""
        for request in self.examples():
            call = self.dialect.submit(request, Envelope())
            assert call.method == "POST", request
            assert call.path.startswith("/"), request
            text = json.dumps(call.body, allow_nan=False)
            assert "null" not in text, request
            if "prompt" in request.given():
                assert json.dumps(request.given()["prompt"])[1:-1] in text, request

    def test_sending_is_a_pure_function(self):
        """The same request gives the same call and is not changed by it."""
        for request in self.examples():
            before = pickle.dumps(request)
            assert self.dialect.submit(request, Envelope()) == self.dialect.submit(request, Envelope()), (
                request
            )
            assert pickle.dumps(request) == before

    def test_different_requests_are_different_calls(self):
        """What is set makes a difference to what is sent."""
        first = EXAMPLES["text-to-image"]
        for change in (
            {"prompt": "a cat"},
            {"version": "niji 7"},
            {"chaos": 21},
            {"aspect": "16:9"},
            {"stylize": 5},
            {"weird": 9},
        ):
            other = first.replace(**change)
            assert self.dialect.submit(other, Envelope()) != self.dialect.submit(first, Envelope()), change

    def test_what_held_is_complete_and_stays(self):
        """`held` keeps what was set, and asking with what held is asking for the same."""
        for request in self.examples():
            held = self.dialect.held(request)
            assert request.given().items() <= held.items(), request
            full = type(request)(**held)
            assert self.dialect.held(full) == held, request
            assert self.dialect.price(full) == self.dialect.price(request), request

    def test_every_mode_is_priced_or_not(self):
        """A price is a whole number of millionths of a dollar, or None where no page tells."""
        for request in [*self.examples(), RawRequest("something-new", taskId="t")]:
            price = self.dialect.price(request)
            assert price is None or (type(price) is int and price >= 0), request
        assert self.dialect.price(RawRequest("something-new", taskId="t")) is None

    def test_every_mode_has_a_rhythm(self):
        """When to ask first, how often, and when to give up make sense together."""
        for request in [*self.examples(), RawRequest("something-new"), None]:
            rhythm = self.dialect.rhythm(request)
            assert rhythm.first >= 0, request
            assert rhythm.every > 0, request
            low, high = rhythm.typical
            assert 0 < low <= high < rhythm.timeout, request

    def test_advice_is_sentences(self):
        """Advice is text, and asking for it never fails."""
        for request in [*self.examples(), RawRequest("something-new", prompt=5)]:
            assert all(isinstance(line, str) and line for line in self.dialect.advise(request)), request

    def test_a_mode_that_it_lacks_is_refused(self):
        """A mode that the gateway does not have is refused by check and submit alike, before anything is sent."""

        class Elsewhere(TextToImage):
            """A mode of no gateway."""

            mode = "elsewhere"

        for act in (self.dialect.check, lambda request: self.dialect.submit(request, Envelope())):
            with pytest.raises(errors.UnsupportedError, match="elsewhere"):
                act(Elsewhere(prompt="a fox"))

    def test_raw_requests_travel_as_written(self):
        """What is written raw reaches the body under the names it was given."""
        body = json.dumps(
            self.dialect.submit(RawRequest("something-new", some_Field="x7"), Envelope()).body
        )
        assert '"some_Field": "x7"' in body
        assert "something-new" in body

    def test_asking_names_the_task(self):
        """The question after a task carries its id, whatever characters it has."""
        for task_id in ("task_12345678", "a b&c=d/../e"):
            call = self.dialect.status(task_id)
            assert call.path.startswith("/")
            told = [*call.query.values(), *(call.body or {}).values()]
            assert task_id in told, call

    # -- replies -----------------------------------------------------------------------------------------------------

    def test_documented_submissions_are_read(self):
        """A documented success gives the task's id, a documented refusal its error."""
        for name, reply in self.documented("submit_").items():
            if reply.status < 400:
                assert self.dialect.read_submit(reply), name
            else:
                with pytest.raises(errors.GatewayError) as caught:
                    self.dialect.read_submit(reply)
                assert not isinstance(caught.value, errors.MalformedReply), name

    def test_documented_states_are_read(self):
        """A documented status gives its state: pictures only on success, a reason only on failure."""
        for name, reply in self.documented("status_").items():
            status = self.dialect.read_status(reply)
            assert status.state == TaskState(name.removeprefix("status_")), name
            assert bool(status.urls) == (status.state is TaskState.SUCCESS), name
            assert bool(status.fail_code) == (status.state is TaskState.FAILED), name
            _is_whole(status)

    @pytest.mark.parametrize(("status", "kind"), _BY_STATUS.items())
    @pytest.mark.parametrize("body", [None, {}, [], "<html>", {"data": None}], ids=repr)
    def test_refusals_by_status_alone(self, status, kind, body):
        """A refusal whose body says nothing is told by its HTTP status, in a message that names the gateway."""
        for read in (self.dialect.read_submit, self.dialect.read_status):
            with pytest.raises(errors.GatewayError) as caught:
                read(reply_of(body, status, retry_after=7.0))
            assert type(caught.value) is kind
            assert caught.value.status == status
            assert caught.value.retry_after == 7
            assert self.dialect.title in str(caught.value)

    def test_only_a_refused_submission_says_that_there_is_no_task(self):
        """A gateway that does not answer a question has not undone the task."""
        with pytest.raises(errors.AuthenticationError, match="No task was created"):
            self.dialect.read_submit(reply_of(None, 401))
        with pytest.raises(errors.AuthenticationError) as caught:
            self.dialect.read_status(reply_of(None, 401))
        assert "No task" not in str(caught.value)

    @pytest.mark.parametrize("body", [None, {}, [], "ok", 5, {"data": {}}, {"data": [1]}], ids=repr)
    @pytest.mark.parametrize("status", [200, 201, 204, 301, 304])
    def test_an_answer_that_says_nothing_is_no_refusal(self, body, status):
        """An answer that neither names a task nor refuses may hide one: it is malformed, never "no task"."""
        for read in (self.dialect.read_submit, self.dialect.read_status):
            with pytest.raises(errors.MalformedReply) as caught:
                read(reply_of(body, status))
            assert "No task" not in str(caught.value)

    @_FUZZ
    @given(st.data(), st.sampled_from([200, 400, 401, 429, 500, 503, 302]))
    def test_spoiled_submissions(self, data, status):
        """Whatever is wrong with an answer to a submission, a task's id or one of our errors comes out."""
        documented = data.draw(
            st.sampled_from([reply.json for reply in self.documented("submit_").values()])
        )
        try:
            task_id = self.dialect.read_submit(reply_of(data.draw(spoiled(documented)), status))
        except errors.GatewayError:
            return
        assert task_id.encode()

    @_FUZZ
    @given(st.data(), st.sampled_from([200, 400, 401, 429, 500, 503, 302]))
    def test_spoiled_states(self, data, status):
        """Whatever is wrong with an answer about a task, a whole status or one of our errors comes out."""
        documented = data.draw(
            st.sampled_from([reply.json for reply in self.documented("status_").values()])
        )
        try:
            found = self.dialect.read_status(reply_of(data.draw(spoiled(documented)), status))
        except errors.GatewayError:
            return
        _is_whole(found)


def _is_whole(status: Status) -> None:
    """Hold a status to its types: text that can be written, times that a calendar has, pictures on success alone."""
    assert isinstance(status.state, TaskState)
    assert all(text.encode() or True for text in (status.fail_code, status.fail_msg))
    assert all(url and url.encode() for url in status.urls)
    assert bool(status.urls) == (status.state is TaskState.SUCCESS)
    for moment in (status.created, status.completed):
        assert moment is None or 0 <= moment < 32_503_680_000
    assert status.cost_time_s is None or (status.cost_time_s >= 0 and math.isfinite(status.cost_time_s))
