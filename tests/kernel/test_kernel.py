"""Jobs in a real kernel: awaited, blocked on, stopped, and going on behind other cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("kernel")]

RUN = "mj = session(); run = started(mj); "
KEPT = "done = run.progress.done; print(run.state, 0 < done < 8, (run.frame()['state'] == 'success').sum() >= done)"


def test_await_in_a_cell(kernel: Kernel) -> None:
    """Awaiting a run in a cell gives its frame."""
    assert (
        kernel.text("df = await sweep(2).start(session()); df['state'].tolist()")
        == "['success', 'success']"
    )


def test_result_in_a_cell(kernel: Kernel) -> None:
    """Blocking on a job works in a plain cell, although the kernel's loop is running."""
    assert kernel.text("session().imagine('a fox').result().state.value") == "'success'"


@pytest.mark.parametrize("wait", ["await run", "run.result()"])
def test_stop(kernel: Kernel, wait: str) -> None:
    """Stop ends a waiting cell within two seconds, and what is done is kept."""
    cell, late = kernel.stopped(RUN + wait, at="two")
    assert cell.status == "error"
    assert late < 2
    assert kernel.text(KEPT) == "stopped True True"


def test_stop_during_a_single_task(kernel: Kernel) -> None:
    """Stop while one long task is waited for is as quick, and the task stays in the ledger as running."""
    slow = "slow = Server(speed=1, short_side=64).start()\n"
    slow += "mj = mjnb.Session('simulator', base_url=slow.url, time_scale=1, store=tempfile.mkdtemp(), quiet=True)\n"
    cell, late = kernel.stopped(
        slow
        + "task = await mj.submit(mjnb.TextToImage(prompt='a fox')); print('sent'); await mj.wait(task)",
        at="sent",
    )
    assert cell.status == "error"
    assert late < 2
    assert kernel.text("print(mj.history()['state'].tolist())") == "['pending']"
    kernel.text("await mj.close(); slow.stop()")


def test_a_stopped_run_goes_on_where_it_was(kernel: Kernel) -> None:
    """Starting the same sweep again after Stop pays for no cell twice."""
    before = int(kernel.text("server.stats()['tasks']"))
    kernel.stopped(RUN + "await run", at="two")
    kernel.text("df = await sweep().start(mj)")
    assert (
        kernel.text("print((df['state'] == 'success').sum(), server.stats()['tasks'])") == f"8 {before + 8}"
    )


def test_awaited_in_a_later_cell(kernel: Kernel) -> None:
    """A run begun in one cell goes on after it, and is awaited in another."""
    kernel.text("run = sweep(4).start(session())")
    assert kernel.text("len(await run)") == "4"


def test_it_goes_on_while_a_cell_blocks(kernel: Kernel) -> None:
    """A cell in `time.sleep` holds up neither the run nor its updates on the screen."""
    kernel.text("run = sweep(10).start(session())")
    shown = kernel.run("run.show()")
    blocked = kernel.run("began = run.progress.done; time.sleep(1); print(run.progress.done > began)")
    assert blocked.text == "True"
    comm = next(m["content"]["comm_id"] for m in shown.messages if _opens_our_widget(m))
    updates = [
        m for m in blocked.messages if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == comm
    ]
    assert len(updates) >= 2
    kernel.text("await run")


def _opens_our_widget(message: dict) -> bool:
    if message["msg_type"] != "comm_open":
        return False
    return message["content"]["data"]["state"].get("_anywidget_id", "").startswith("mjnb.")


BUTTON = """
button, seen = ipywidgets.Button(), []
mj = session()
def on_click(_):
    try:
        seen.append({what})
    except BaseException as error:
        seen.append(repr(error)[:60])
        raise
button.on_click(on_click)
button.model_id
"""


@pytest.mark.parametrize("during", ["", "await asyncio.sleep(1)"])
def test_a_click_draws_a_picture(kernel: Kernel, during: str) -> None:
    """A button's callback may block on `imagine`, between cells and while a cell awaits something else."""
    comm = kernel.text(BUTTON.format(what="mj.imagine('a fox').result().state.value")).strip("'")
    sent = kernel.send(during) if during else None
    kernel.listen(0.3)
    kernel.tell(comm, {"event": "click"})
    if sent:
        kernel.wait(sent)
    assert (
        kernel.text("for _ in range(50):\n    if seen: break\n    await asyncio.sleep(0.1)\nprint(seen)")
        == "['success']"
    )


def test_a_callback_can_be_stopped(kernel: Kernel) -> None:
    """Stop while a callback blocks on a run ends the callback, keeps what is done, and leaves the kernel well."""
    comm = kernel.text(BUTTON.format(what="globals().update(run=started(mj)) or run.result()")).strip("'")
    kernel.tell(comm, {"event": "click"})
    kernel.until("two")
    kernel.manager.interrupt_kernel()
    assert kernel.text("print(seen[0][:7])") == "Stopped"
    assert kernel.text(KEPT) == "stopped True True"


def test_a_run_stopped_by_code_does_not_hurt_whoever_blocks_on_it(kernel: Kernel) -> None:
    """If something else stops the run that a callback blocks on, the callback ends and the kernel lives."""
    what = (
        "globals().update(run=sweep().start(mj)) or threading.Timer(0.2, run.stop).start() or run.result()"
    )
    comm = kernel.text(BUTTON.format(what=what)).strip("'")
    kernel.tell(comm, {"event": "click"})
    assert kernel.text("print(seen[0][:7])") == "Stopped"


def test_a_deadline_around_a_run(kernel: Kernel) -> None:
    """`asyncio.timeout` around a run ends in TimeoutError, a stopped run, and a kept beginning."""
    code = "run = sweep().start(session())\ntry:\n    async with asyncio.timeout(0.6): await run\nexcept TimeoutError: print('late')"
    assert kernel.text(code) == "late"
    assert kernel.text("print(run.state)") == "stopped"


def test_jobs_side_by_side(kernel: Kernel) -> None:
    """Several jobs are gathered like any awaitables."""
    code = "mj = session(4); tasks = await asyncio.gather(*(mj.imagine(f'fox {n}') for n in range(3)))"
    assert (
        kernel.text(code + "; [task.state.value for task in tasks]") == "['success', 'success', 'success']"
    )


def test_nothing_is_swallowed(kernel: Kernel) -> None:
    """After Stop the cell is an error, so that Run All goes no further, and says how far it came."""
    cell, _ = kernel.stopped(RUN + "run.result()", at="two")
    shown = next(m["content"] for m in cell.messages if m["msg_type"] == "error")
    assert shown["ename"] == "Stopped"
    assert "of 8 done" in shown["evalue"]
    assert len(shown["traceback"]) == 1
