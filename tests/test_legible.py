"""Text from outside where it is printed: control codes and marks are spelled, nothing is a path, and length is bounded."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from misbehaving import Gateway, told

from mjnb import errors
from mjnb.errors import legible
from mjnb.gateways import dialect
from mjnb.gateways.base import Reply
from mjnb.session import Session
from mjnb.tasks import Task, TaskState

EVIL = "\x1b[2J\x1b]0;owned\x07../../../etc/passwd\r\u202egnp.exe\u2028\x00\x9b31m\ud83e<script>"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]")


@given(st.text(), st.integers(2, 50))
def test_what_is_legible(text, most):
    """Of any text nothing is left that a terminal obeys, lines and tabs stay, and all that is cut off is a tail."""
    shown = legible(text, most)
    assert not UNSEEN.search(shown)
    assert isinstance(shown.encode(), bytes)
    plain = [char for char in text if char.isprintable() or char in "\n\t"]
    if len(plain) == len(text) <= most:
        assert shown == text


def test_emoji_and_other_scripts_stay():
    """Families of emoji, Hebrew and Chinese are text like any other."""
    for text in ("👩\u200d👩\u200d👧 fox", "שועל", "一座雪山", "naïve — “quoted”"):
        assert legible(text) == text


@pytest.mark.parametrize("name", ["apixo", "acedata", "apimart"])
def test_errors_are_legible(name):
    """What a gateway says in a refusal or in nonsense is printed spelled, and not at any length."""
    body = {"code": 400, "message": EVIL, "error": {"code": 400, "message": EVIL * 10_000, "type": "x"}}
    for reply in (Reply(400, body, str(body)), Reply(200, None, EVIL * 10_000)):
        with pytest.raises(errors.GatewayError) as caught:
            dialect(name).read_submit(reply)
        assert not UNSEEN.search(str(caught.value))
        assert len(str(caught.value)) < 3000


def test_a_task_is_legible():
    """A task whose id is an escape sequence is shown with the sequence spelled."""
    task = Task(
        id=EVIL,
        gateway="apixo",
        simulated=False,
        request=None,
        state=TaskState.FAILED,
        fail_code="X",
        fail_msg=EVIL,
    )
    assert not UNSEEN.search(repr(task))
    assert "\\x1b[2J" in repr(task)
    assert "<script>" not in task._repr_html_()


def test_the_command_line_and_the_files(tmp_path):
    """A gateway whose ids and reasons are escape sequences and paths: the terminal is not touched, and no file is misplaced."""
    with Gateway(
        submits=[told(taskId=EVIL)],
        statuses=[told(taskId=EVIL, state="failed", failCode=EVIL, failMsg=EVIL * 3000)],
    ) as gateway:
        mj = Session(
            "apixo",
            api_key="none-of-ours",
            base_url=gateway.url,
            store=tmp_path / "s",
            time_scale=600,
            quiet=True,
        )
        with pytest.raises(errors.TaskFailed) as caught:
            mj.imagine(EVIL.replace("\ud83e", "")).result(timeout=20)
        done = mj.imagine("a fox").result(timeout=20)
        mj.close().result(timeout=20)
    assert not UNSEEN.search(str(caught.value))
    assert len(str(caught.value)) < 5000
    assert len(caught.value.fail_msg) <= 2000
    assert all(image.path.is_relative_to(tmp_path / "s" / "pictures") for image in done.images)
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
    said: list[str] = []
    for command in (
        ["history", "--store", str(tmp_path / "s")],
        ["history", "--store", f"{tmp_path}/\x1b[31m"],
    ):
        ran = subprocess.run(
            [sys.executable, "-c", "from mjnb.cli import main; main()", *command],
            capture_output=True,
            text=True,
            check=False,
        )
        assert not UNSEEN.search(ran.stdout)
        assert ran.stdout or ran.stderr
        said.append(ran.stdout)
    assert "\\x1b[2J" in said[0]
    assert "etc/passwd" not in [path.name for path in tmp_path.rglob("*")]
