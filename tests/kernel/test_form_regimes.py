"""Clicks on a form's button in each of the three ways in which kernels call back: what is pressed thrice is paid once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .test_regimes import CELLS, kernel, regime

if TYPE_CHECKING:
    from .conftest import Kernel
    from .test_regimes import Regime

__all__ = ["kernel", "regime"]

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("regimes")]

FORM = """
form = mjnb.RequestForm("text-to-image", session(), prompt="a fox", chaos={chaos})
ended, tasks = [], server.stats()["tasks"]
form.generate_button.description
"""
WAIT = """
for _ in range(300):
    if form.tasks and not form.outcome.running: break
    await asyncio.sleep(0.05)
print(len(form.tasks), server.stats()["tasks"] - tasks, form.outcome.error)
"""


@pytest.mark.parametrize("during", CELLS)
def test_three_clicks_are_one_task(regime: Regime, kernel: Kernel, during: str) -> None:
    """Three clicks in a row, heard whenever the kernel can hear them, ask for one task, and nothing complains."""
    kernel.listen()
    kernel.said.clear()
    text = kernel.text(FORM.format(chaos=list(CELLS).index(during))).strip("'")
    comm = kernel.text("form.generate_button.model_id").strip("'")
    subshell = kernel.subshell() if regime.subshells else ""
    cell = None
    if during != "idle":
        cell = kernel.send(f"print('in it'); {CELLS[during]}; ended.append(time.monotonic())")
        kernel.until("in it")
    for _ in range(3):
        kernel.tell(comm, {"press": text}, subshell)
    if cell is not None:
        assert kernel.wait(cell).status == "ok"
    assert kernel.text(WAIT) == '1 1 <div role="alert"></div>'
    assert [m for m in kernel.said if m["msg_type"] == "error"] == []
    assert [m for m in kernel.said if m["msg_type"] == "stream" and m["content"]["name"] == "stderr"] == []
    assert kernel.is_healthy()
