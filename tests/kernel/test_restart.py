"""Restarting a kernel in the middle of a submission: the task is in the ledger when the kernel is back."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from processes import GatewayProcess

from .conftest import Kernel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("kernel")]

OPEN = """
import mjnb
mj = mjnb.Session("simulator", base_url={url!r}, store={store!r}, time_scale=60, quiet=True)
"""


def test_a_restart_waits_for_the_submission(tmp_path: Path) -> None:
    """The old kernel finishes the submission and writes it down; the new one takes the task up, charged once."""
    from jupyter_client.manager import start_new_kernel

    environ = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path), env=environ)
    with GatewayProcess(speed=60.0) as gate:
        gate.break_down({"on": "submit", "kind": "slow", "seconds": 60})
        opening = OPEN.format(url=gate.url, store=str(tmp_path / "store"))
        kernel = Kernel(manager, client)
        try:
            kernel.text(opening + "job = mj.imagine('a fox')")
            end = time.monotonic() + 20
            while not gate.stats()["charged"]:
                assert time.monotonic() < end, "it was never sent"
                time.sleep(0.005)
            manager.restart_kernel(now=False)
            client.wait_for_ready(timeout=30)
            assert kernel.text(opening + "print(*mj.history()['state'])") == "pending"
            assert kernel.text("(await mj.resume())[0].state.value") == "'success'"
            assert gate.stats()["charged"] == 1
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
