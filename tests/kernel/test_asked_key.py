"""A notebook asks for a key that a named gateway lacks: unseen, once, and only where somebody can answer."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING

import pytest

from .conftest import PATIENCE

if TYPE_CHECKING:
    from .conftest import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("kernel")]

KEY = "sk-typed-by-hand-91b2"
OPEN = """
mj = mjnb.Session("apixo", base_url=server.url, time_scale=SPEED, store=tempfile.mkdtemp(), quiet=True)
print(len(mj.place.key), mj)
"""


def answered(kernel: Kernel, sent: str, answer: str) -> dict[str, object]:
    """Wait for the question that a cell asks, answer it, and return it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        kernel.listen()
        try:
            question = kernel.client.get_stdin_msg(timeout=0.02)
        except queue.Empty:
            continue
        assert question["parent_header"]["msg_id"] == sent
        kernel.client.input(answer)
        return dict(question["content"])
    raise AssertionError("nothing was asked")


def test_a_key_is_asked_for_unseen(kernel: Kernel) -> None:
    """The question is a password's; what was typed is the key, and is in nothing that the kernel says or remembers."""
    sent = kernel.client.execute(OPEN, allow_stdin=True)
    question = answered(kernel, sent, KEY)
    cell = kernel.wait(sent)
    assert question["password"] is True
    assert "APIXO" in str(question["prompt"])
    assert cell.text == f"{len(KEY)} <Session: APIXO>"
    history = kernel.text(
        "print([*get_ipython().user_ns.get('In', [])], repr(vars(mj.place)) if hasattr(mj.place, '__dict__') else mj.place)"
    )
    assert KEY not in str(kernel.said) + history


def test_no_answer_is_no_key(kernel: Kernel) -> None:
    """Whoever only presses Enter is told that there is no key."""
    sent = kernel.client.execute(OPEN, allow_stdin=True)
    answered(kernel, sent, "  ")
    assert "SetupError: No key for APIXO" in kernel.wait(sent).error


@pytest.mark.parametrize(
    "opening",
    [OPEN, OPEN.replace('"apixo"', '"auto"').replace("base_url=server.url, time_scale=SPEED, ", "")],
)
def test_nobody_is_asked_where_nobody_can_answer(kernel: Kernel, opening: str) -> None:
    """A cell that takes no input is told that there is no key; without a gateway's name it is the simulator."""
    cell = kernel.wait(kernel.client.execute(opening, allow_stdin="auto" in opening))
    assert ("SIMULATED" in cell.text) if "auto" in opening else ("SetupError: No key" in cell.error)
