"""A whole session with a gateway that misbehaves: it ends in time, loses no task, and pays for none twice."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from misbehaving import ODD, Gateway, certificate, endless, redirect, told

from mjnb import errors
from mjnb.jobs import Stopped
from mjnb.polling import Clock
from mjnb.session import Session
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "sk-canary-of-the-session"
SCALE, PATIENCE_S, LONGEST_S = 600.0, 0.3, 8.0


@pytest.fixture
def speaking(tmp_path) -> Iterator[Callable[..., Session]]:
    """Open sessions with a gateway; all share one store."""
    opened: list[Session] = []

    def make(gateway: Gateway, clock: Clock | None = None, **options: Any) -> Session:
        usual = {
            "api_key": KEY,
            "base_url": gateway.url,
            "store": tmp_path / "s",
            "time_scale": SCALE,
            "quiet": True,
        }
        opened.append(Session("apixo", clock=clock or Clock(SCALE, PATIENCE_S), **{**usual, **options}))
        return opened[-1]

    yield make
    for one in opened:
        one.close().result(timeout=20)


def rows(mj: Session) -> list[str]:
    """Return the state of every row."""
    return [entry.state.value for entry in mj.store.all()]


# -- at the till ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_to_a_submission(speaking, name):
    """Whatever is answered to a submission, it was made once, its outcome is unknown, in time, and is never made again."""
    with Gateway(submits=[ODD[name]] * 9) as gateway:
        mj = speaking(gateway)
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(errors.UnknownOutcome, match="charged"):
                mj.imagine("a fox", reuse=True).result(timeout=LONGEST_S)
        assert time.monotonic() - began < LONGEST_S
        assert len(gateway.requests["submit"]) == 1
        assert rows(mj) == ["unknown"]


def test_an_early_hint_is_no_answer(speaking):
    """Hints before the answer are passed over."""

    def hinting(peer):
        peer.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" * 50)
        told(taskId="task_1")(peer)

    with Gateway(submits=[hinting]) as gateway:
        assert speaking(gateway).imagine("a fox").result(timeout=LONGEST_S).state is TaskState.SUCCESS


def test_a_redirect_is_not_followed(speaking):
    """A gateway that sends a submission or a question elsewhere is not followed: the other host hears nothing at all."""
    with Gateway() as elsewhere:
        away = redirect(f"{elsewhere.url}/api/v1/generateTask/midjourney")
        with Gateway(submits=[away]) as gateway, pytest.raises(errors.UnknownOutcome):
            speaking(gateway).imagine("a fox").result(timeout=LONGEST_S)
        with Gateway(statuses=[away] * 3) as gateway:
            assert (
                speaking(gateway, timeout=1e5).imagine("an owl").result(timeout=LONGEST_S).state
                is TaskState.SUCCESS
            )
        assert not any(elsewhere.requests.values())


def test_the_key_goes_where_it_belongs(speaking):
    """The key is in every submission and question, and in no request for a picture."""
    with Gateway() as gateway:
        speaking(gateway).imagine("a fox").result(timeout=LONGEST_S)
        seen = {kind: {KEY.encode() in one for one in came} for kind, came in gateway.requests.items()}
        assert seen == {"submit": {True}, "status": {True}, "file": {False}}


def test_a_wrong_certificate(speaking, tmp_path):
    """Where nobody vouches for the certificate nothing is sent, and the error says so."""
    with Gateway(tls=certificate(tmp_path)) as gateway:
        mj = speaking(gateway)
        with pytest.raises(errors.ConnectionFailed, match=r"certificate is wrong: self.signed") as caught:
            mj.imagine("a fox").result(timeout=LONGEST_S)
        assert "nothing was charged" in str(caught.value)
        assert not any(gateway.requests.values())
        assert rows(mj) == ["refused"]


def test_stop_is_heard_while_nobody_answers(speaking):
    """A stop during a submission that is never answered returns at once; the row says that nobody knows."""
    with Gateway(submits=[ODD["never"]]) as gateway:
        mj = speaking(gateway, clock=Clock(SCALE, 1.0))
        job = mj.imagine("a fox")
        while not gateway.requests["submit"]:
            time.sleep(0.005)
        began = time.monotonic()
        job.cancel()
        with pytest.raises(Stopped):
            job.result(timeout=LONGEST_S)
        assert time.monotonic() - began < 1
        while rows(mj) != ["unknown"]:
            assert time.monotonic() - began < LONGEST_S
            time.sleep(0.005)


# -- while waiting -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ODD][::2])
def test_odd_answers_to_questions(speaking, name):
    """Whatever is answered to three questions after a task, the fourth brings its pictures; it was paid once."""
    with Gateway(statuses=[ODD[name]] * 3) as gateway:
        task = speaking(gateway, timeout=1e5).imagine("a fox").result(timeout=LONGEST_S)
        assert task.state is TaskState.SUCCESS
        assert all(image.path.exists() for image in task.images)
        assert len(task.images) == 4
        assert len(gateway.requests["submit"]) == 1


@pytest.mark.parametrize("name", ["html", "never", "a trickle", "brackets"])
def test_a_gateway_that_never_recovers(speaking, name):
    """Where no question is ever answered the wait ends in time, the task stays, and is taken up when the gateway is well again."""
    with Gateway(statuses=[ODD[name]] * 10**6) as gateway:
        mj = speaking(gateway, timeout=600)
        with pytest.raises(errors.MalformedReply if name in {"html", "brackets"} else errors.TaskTimeout):
            mj.imagine("a fox").result(timeout=LONGEST_S)
        assert rows(mj) == ["pending"]
        mj.close().result(timeout=LONGEST_S)
    with Gateway() as gateway:
        mj = speaking(gateway)
        assert [task.state for task in mj.resume().result(timeout=LONGEST_S)] == [TaskState.SUCCESS]
        assert not gateway.requests["submit"]


def test_a_hundred_megabytes_are_not_read(speaking):
    """Of an answer of 64 MB the gateway gets rid of little more than 4: whoever asked has hung up."""
    delivered = 0

    def counted(peer):
        nonlocal delivered
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1024):
            peer.sendall(b" " * 65_536)
            delivered += 65_536

    with Gateway(statuses=[counted]) as gateway:
        speaking(gateway).imagine("a fox").result(timeout=LONGEST_S)
    assert 4 * 2**20 < delivered < 20 * 2**20


def test_states_nobody_knows(speaking):
    """A state that no document has, and one in capitals with blanks, are states: unknown ones run on."""
    statuses = [
        told(taskId="task_1", state=word) for word in ("PENDING", " Processing\n", "processing_r2", "🦊")
    ]
    with Gateway(statuses=statuses) as gateway:
        assert speaking(gateway).imagine("a fox").result(timeout=LONGEST_S).state is TaskState.SUCCESS
        assert len(gateway.requests["status"]) == 5


# -- clocks --------------------------------------------------------------------------------------------------------


class Jumping(Clock):
    """A clock whose time of day jumps a day ahead and back with every look at it."""

    def __init__(self, by: float) -> None:
        super().__init__(SCALE)
        self._by, self._looks = by, count()

    def epoch(self) -> float:
        """Return the time of day, or one a day off."""
        return super().epoch() + self._by * (next(self._looks) % 2)


@pytest.mark.parametrize(
    "by", [86_400.0, -86_400.0, 1e10, -1e10], ids=["ahead", "back", "year 2340", "before 1970"]
)
def test_a_clock_that_jumps(speaking, by):
    """A time of day that jumps between two looks hangs nothing, loses nothing, and makes no span negative."""
    pending = told(taskId="task_1", state="pending")
    with Gateway(statuses=[pending, ODD["html"], pending]) as gateway:
        mj = speaking(gateway, clock=Jumping(by))
        for _ in range(2):
            assert mj.imagine("a fox", reuse=True).result(timeout=LONGEST_S).state is TaskState.SUCCESS
        assert len(gateway.requests["submit"]) == 1
        frame = mj.history()
        assert not (frame["lag_s"] < 0).any()
        assert frame["state"].tolist() == ["success"]


def test_the_odd_answers_are_odd():
    """An endless answer here is bounded after all, so that a client that never hangs up fails instead of filling the memory."""
    sent: list[bytes] = []

    class Peer:
        def sendall(self, data: bytes) -> None:
            sent.append(data)

    endless("", b"x" * 2**22)(Peer())
    assert sum(map(len, sent)) == 2**26
