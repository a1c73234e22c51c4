"""What every dialect promises of answers."""

from __future__ import annotations

import json
import math
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mjnb import errors
from mjnb.gateways.base import Status
from mjnb.tasks import TaskState
from mjnb.testing.documents import Documents, reply_of
from mjnb.testing.spoiling import json_values, spoiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.gateways.base import Reply

__all__ = ["ReplyPromises", "assert_whole"]

_FUZZ = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
_CODES = st.sampled_from([200, 302, 400, 401, 402, 403, 404, 422, 429, 500, 503, 504])
_BY_STATUS = {
    400: errors.RequestRefused,
    401: errors.AuthenticationError,
    402: errors.InsufficientCredits,
    403: errors.AuthenticationError,
    404: errors.UnknownTask,
    429: errors.RateLimited,
    **dict.fromkeys((500, 502, 503, 504), errors.GatewayUnavailable),
}
_REFUSED = 400
_UNAVAILABLE = 503
_YEAR_3000_S = 32_503_680_000


class ReplyPromises(Documents):
    """A dialect reads what the documents show, tells refusals apart, and survives anything else."""

    # -- what the documents show -------------------------------------------------------------------------------------

    def test_there_are_documents(self) -> None:
        """It is held to at least one submission, and to one task of each end."""
        assert self.answers(*self.submissions), f"no file is named like {' or '.join(self.submissions)}"
        told = set(self._states().values())
        assert {TaskState.SUCCESS} <= told, f"no file of {', '.join(self.states)} tells of a success"

    def test_documented_submissions_are_read(self) -> None:
        """A documented success gives the task's id or, at once, the answer; a documented refusal its error."""
        for name, reply in self.answers(*self.submissions).items():
            if reply.status < _REFUSED:
                assert self._accepted(reply), name
                continue
            assert _error_of(self.dialect.read_submit, reply) is not None, name
            for read in (self.dialect.read_submit, self.dialect.read_at_once):
                assert not isinstance(_error_of(read, reply), errors.MalformedReply), name

    def _accepted(self, reply: Reply) -> str | Status:
        at_once = self.dialect.read_at_once(reply)
        if at_once is not None:
            assert_whole(at_once)
            assert at_once.state.is_finished
            return at_once
        return self.dialect.read_submit(reply)

    def test_documented_states_are_read(self) -> None:
        """A documented state is read as it is: an answer only on success, a reason only on failure."""
        for name, state in self._states().items():
            status = self.dialect.read_status(self.answers(name)[name])
            assert status.state is state, name
            assert bool(status.fail_code or status.fail_msg) == (state is TaskState.FAILED), name
            assert_whole(status)

    def _states(self) -> dict[str, TaskState]:
        """Return the state that each documented answer about a task tells, the first pattern deciding."""
        return {
            name: TaskState(next(state for pattern, state in self.states.items() if fnmatch(name, pattern)))
            for name in self.answers(*self.states)
        }

    def test_documented_batches_are_read(self) -> None:
        """The answer about several tasks is cut into one object a task, each of which is read."""
        if self.dialect.batch == 1:
            return
        for name, reply in self.answers(*self.batches).items():
            found = self.dialect.read_statuses(reply)
            assert found, name
            for task_id, item in found.items():
                assert isinstance(task_id, str), name
                assert_whole(self.dialect.read_status(reply_of(item)))

    def test_documented_uploads_are_read(self) -> None:
        """Where pictures are handed over, their URL is read from the documented answer."""
        for name, reply in self.answers(*self.uploads).items() if self.has("read_upload") else ():
            assert self.dialect.read_upload(reply).startswith("http"), name

    def test_documented_callbacks_name_their_task(self) -> None:
        """Where the end of a task is told to an address, every documented callback names the task."""
        told = {
            name: told["callback"]["json"] for name, told in self.documents().items() if "callback" in told
        }
        assert bool(self.dialect.callbacks) == self.has("read_callback")
        for name, body in told.items() if self.dialect.callbacks else ():
            assert self.dialect.read_callback(body), name

    def test_a_task_that_waits_has_a_second_half(self) -> None:
        """Whoever reads that a task waits can also spell what it waits for."""
        waits = any(status.waits for status in self.told())
        assert not waits or self.has("second_half")

    # -- what is refused ---------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(("status", "kind"), _BY_STATUS.items())
    @pytest.mark.parametrize("body", [None, {}, [], "<html>", {"data": None}], ids=repr)
    def test_refusals_by_status_alone(
        self, status: int, kind: type[errors.GatewayError], body: Any
    ) -> None:
        """A refusal whose body says nothing is told by its HTTP status, in a message that names the gateway."""
        for read in (self.dialect.read_submit, self.dialect.read_status):
            error = _error_of(read, reply_of(body, status, retry_after=7.0))
            assert type(error) is kind
            assert error.status == status
            assert error.retry_after == 7  # noqa: PLR2004  (as given)
            assert self.dialect.title in str(error)

    def test_a_503_of_somebody_else_leaves_it_open(self) -> None:
        """Beside a 503 neither a proxy's words nor a documented code for trouble say that there is no task."""
        told = [reply for reply in self.answers(*self.submissions).values() if reply.status >= _REFUSED]
        troubled = [reply.json for reply in told if self._is_trouble(reply)]
        for body in [None, {}, [], "<html>", {"data": None}, {"message": "Service Unavailable"}, *troubled]:
            error = _error_of(self.dialect.read_submit, reply_of(body, _UNAVAILABLE))
            assert isinstance(error, errors.GatewayUnavailable | errors.MalformedReply), body
            assert not getattr(error, "busy", False), body
            assert "No task" not in str(error), body

    def _is_trouble(self, reply: Reply) -> bool:
        """Tell a documented error that is neither a 503 nor a refusal."""
        error = _error_of(self.dialect.read_submit, reply)
        return isinstance(error, errors.GatewayUnavailable) and reply.status != _UNAVAILABLE

    def test_only_a_refused_submission_says_that_there_is_no_task(self) -> None:
        """A gateway that does not answer a question has not undone the task."""
        assert "No task was created" in str(_error_of(self.dialect.read_submit, reply_of(None, 401)))
        assert "No task" not in str(_error_of(self.dialect.read_status, reply_of(None, 401)))

    @pytest.mark.parametrize("body", [None, {}, [], "ok", 5, {"data": {}}, {"data": [1]}], ids=repr)
    @pytest.mark.parametrize("status", [200, 201, 204, 301, 304])
    def test_an_answer_that_says_nothing_is_no_refusal(self, body: Any, status: int) -> None:
        """An answer that neither names a task nor refuses may hide one: it is malformed, never "no task"."""
        assert self.dialect.read_at_once(reply_of(body, status)) is None
        for read in (self.dialect.read_submit, self.dialect.read_status):
            error = _error_of(read, reply_of(body, status))
            assert isinstance(error, errors.MalformedReply)
            assert "No task" not in str(error)

    # -- what no document has ----------------------------------------------------------------------------------------

    @_FUZZ
    @given(st.data(), _CODES)
    def test_spoiled_submissions(self, data: st.DataObject, status: int) -> None:
        """Whatever is wrong with an answer to a submission, an answer, a task's id or one of our errors comes out."""
        reply = reply_of(self._spoiled(data, *self.submissions), status)
        at_once = _read(self.dialect.read_at_once, reply)
        if at_once is not None:
            assert_whole(at_once)
        task_id = _read(self.dialect.read_submit, reply)
        assert task_id is None or (isinstance(task_id, str) and task_id.encode())

    @_FUZZ
    @given(st.data(), _CODES)
    def test_spoiled_states(self, data: st.DataObject, status: int) -> None:
        """Whatever is wrong with an answer about a task, a whole status or one of our errors comes out."""
        found = _read(self.dialect.read_status, reply_of(self._spoiled(data, *self.states), status))
        if found is not None:
            assert_whole(found)

    @_FUZZ
    @given(st.data(), _CODES)
    def test_spoiled_batches(self, data: st.DataObject, status: int) -> None:
        """Whatever is wrong with an answer about several tasks, each of them is read or one of our errors comes out."""
        if self.dialect.batch == 1:
            return
        found = (
            _read(self.dialect.read_statuses, reply_of(self._spoiled(data, *self.batches), status)) or {}
        )
        for item in found.values():
            one = _read(self.dialect.read_status, reply_of(item))
            if one is not None:
                assert_whole(one)

    @_FUZZ
    @given(st.data(), _CODES)
    def test_spoiled_uploads(self, data: st.DataObject, status: int) -> None:
        """Whatever is wrong with the answer to an upload, a URL or one of our errors comes out."""
        if self.has("read_upload"):
            url = _read(self.dialect.read_upload, reply_of(self._spoiled(data, *self.uploads), status))
            assert url is None or (isinstance(url, str) and url.encode())

    @_FUZZ
    @given(st.data())
    def test_spoiled_callbacks(self, data: st.DataObject) -> None:
        """Whatever is posted as a callback, a task's id comes out or nothing, and never an error."""
        task_id = self.dialect.read_callback(self._spoiled(data, "*"))
        assert isinstance(task_id, str)
        assert task_id.encode() is not None

    def _spoiled(self, data: st.DataObject, *patterns: str) -> Any:
        documented = [reply.json for reply in self.answers(*patterns).values()]
        wrong = st.sampled_from(documented).flatmap(spoiled) if documented else st.nothing()
        return data.draw(wrong | json_values())


def _read(read: Callable[[Reply], Any], reply: Reply) -> Any:
    """Read an answer; None where one of our errors came out."""
    try:
        return read(reply)
    except errors.GatewayError:
        return None


def _error_of(read: Callable[[Reply], Any], reply: Reply) -> errors.GatewayError | None:
    try:
        read(reply)
    except errors.GatewayError as error:
        return error
    return None


def assert_whole(status: Status) -> None:
    """Hold a status to its types: text that can be written, times that a calendar has, an answer on success alone."""
    assert isinstance(status, Status)
    assert isinstance(status.state, TaskState)
    words = (status.fail_code, status.fail_msg, status.poster, status.preview, *status.urls, *status.texts)
    assert all(isinstance(text, str) and text.encode() is not None for text in words)
    assert (any(status.urls) or any(status.texts)) == (status.state is TaskState.SUCCESS)
    assert not status.waits or status.state.is_running
    for moment in (status.created, status.completed, status.expires):
        assert moment is None or 0 <= moment < _YEAR_3000_S
    assert status.cost_time_s is None or (status.cost_time_s >= 0 and math.isfinite(status.cost_time_s))
    assert status.progress is None or (type(status.progress) is int and 0 <= status.progress <= 100)  # noqa: PLR2004
    assert status.price_micro is None or (type(status.price_micro) is int and status.price_micro >= 0)
    assert json.loads(json.dumps(dict(status.facts), allow_nan=False)) == status.facts
    assert json.dumps(dict(status.facts), ensure_ascii=False).encode()
