"""A click in each of the three ways in which kernels call back: late, at once, and at once in another thread."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import PATIENCE, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("regimes")]

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("MJNB_KERNELS") or ROOT / ".kernels")

FORM = """
from mjnb.widgets.sweepform import SweepForm
form = SweepForm(session())
form.fill(prompt="a fox", chaos=[{chaos}])
began, ended = [], []
form.on_run(lambda run: began.append(time.monotonic()))
tasks = server.stats()["tasks"]
form.panel.model_id
"""
CELLS = {"idle": "pass", "awaiting": "await asyncio.sleep(1)", "blocked": "time.sleep(1)"}
WAIT = """
for _ in range(300):
    if began and form.run is None: break
    await asyncio.sleep(0.05)
print(len(began), server.stats()["tasks"] - tasks, form.panel.progress["alert"] or "no trouble")
"""

BOARD = """
mj = session()
mj.imagine("a fox").result()
tasks = server.stats()["tasks"]
board = mjnb.SweepBoard(mj.history(), session=mj)
time.sleep(0.3)
"""
MADE = """
for _ in range(300):
    if board.frame["state"].tolist() == ["success"] * 2: break
    await asyncio.sleep(0.05)
print(len(board.frame), server.stats()["tasks"] - tasks, board.grid.trouble or "no trouble")
"""


@dataclass(frozen=True)
class Regime:
    """A kernel, and while which cells a click is heard at once; "" is the environment's own, which is 7.4 or later."""

    kernel: str
    hears: tuple[str, ...]
    subshells: bool = False

    @property
    def folder(self) -> Path:
        """Where this kernel was installed beside the one of the environment."""
        return FOLDER / self.kernel


REGIMES = (
    Regime("6.31.0", ("idle",)),
    Regime("7.1.0", ("idle", "awaiting", "blocked"), subshells=True),
    Regime("", ("idle", "awaiting")),
)


@pytest.fixture(scope="module", params=REGIMES, ids=lambda regime: regime.kernel or "own")
def regime(request: pytest.FixtureRequest) -> Regime:
    """One of the kernels; `.ci/run` installs the older ones."""
    found: Regime = request.param
    if found.kernel and not found.folder.is_dir():
        message = f"no ipykernel {found.kernel} in {FOLDER} (or in MJNB_KERNELS)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def kernel(regime: Regime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of that version."""
    path = {"PYTHONPATH": str(regime.folder)} if regime.kernel else {}
    with running(tmp_path_factory.mktemp, **path) as started:
        version = started.text("import ipykernel; print(ipykernel.__version__)")
        assert version == regime.kernel or (not regime.kernel and _numbers(version) >= (7, 4))
        yield started


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


@pytest.mark.parametrize("during", CELLS)
def test_a_click_is_done_once(regime: Regime, kernel: Kernel, during: str) -> None:
    """A click is heard when the kernel can hear it, starts one run, is charged once, and nothing complains."""
    kernel.listen()
    kernel.said.clear()
    comm = kernel.text(FORM.format(chaos=list(CELLS).index(during))).strip("'")
    subshell = kernel.subshell() if regime.subshells else ""
    cell = None
    if during != "idle":
        cell = kernel.send(f"print('in it'); {CELLS[during]}; ended.append(time.monotonic())")
        kernel.until("in it")
    kernel.tell(comm, {"press": "run"}, subshell)
    if cell is not None:
        assert kernel.wait(cell).status == "ok"
    assert kernel.text(WAIT) == "1 1 no trouble"
    if cell is not None:
        assert kernel.text("print(began[0] < ended[0])") == str(during in regime.hears)
    assert [m for m in kernel.said if m["msg_type"] == "error"] == []
    assert [m for m in kernel.said if m["msg_type"] == "stream" and m["content"]["name"] == "stderr"] == []
    assert kernel.is_healthy()


def test_a_board_hears_its_page_from_the_first(regime: Regime, kernel: Kernel) -> None:
    """A page that speaks as soon as it has the board's widget is told all tiles; a press that comes twice is paid once."""
    kernel.listen()
    kernel.said.clear()
    subshell = kernel.subshell() if regime.subshells else ""
    cell = kernel.send(BOARD)
    end = time.monotonic() + PATIENCE
    while not (comm := _board(kernel)):
        assert time.monotonic() < end, "no board was opened"
        kernel.listen()
    kernel.tell(comm, {"kind": "ready"}, subshell)
    assert kernel.wait(cell).status == "ok"
    for _ in range(2):
        press = {
            "kind": "do",
            "deed": "reroll",
            "ids": [0],
            "picture": None,
            "choice": None,
            "token": "one",
        }
        kernel.tell(comm, press, subshell)
    assert kernel.text(MADE) == "2 1 no trouble"
    kernel.listen(0.5)
    told = [m["content"]["data"].get("content") or {} for m in kernel.said if m["msg_type"] == "comm_msg"]
    assert [content["token"] for content in told if content.get("kind") == "done"] == ["one", "one"]
    assert {tile["id"] for c in told if c.get("kind") == "tiles" for tile in c["tiles"]} == {0, 1}
    assert [m for m in kernel.said if m["msg_type"] == "error"] == []
    assert kernel.is_healthy()


def _board(kernel: Kernel) -> str:
    """Name the comm of the board that was opened, "" before."""
    opened = (m["content"] for m in kernel.said if m["msg_type"] == "comm_open")
    return next((str(c["comm_id"]) for c in opened if "offers" in c["data"].get("state", {})), "")
