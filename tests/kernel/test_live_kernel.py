"""The live view in a real kernel: what goes over the wire, and what a saved notebook keeps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from .conftest import PATIENCE

if TYPE_CHECKING:
    from .conftest import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("kernel")]

LIVE = "mj = session(at_once=30); run = sweep(24).start(mj); run.show(); df = await run"


@pytest.fixture(scope="module")
def live(started: Kernel) -> list[dict[str, Any]]:
    """What a kernel says while a sweep of 24 cells is shown."""
    started.listen()
    started.said.clear()
    sent = started.send(LIVE)
    started.tell(_opened(started), "ready")
    assert started.wait(sent).status == "ok"
    started.tell(_ours(started.said)[0], "gone")
    started.listen(0.3)
    return list(started.said)


def _opened(kernel: Kernel) -> str:
    """Wait until a view of ours is there, and name it."""
    end = time.monotonic() + PATIENCE
    while not _ours(kernel.said):
        assert time.monotonic() < end, "no view was ever shown"
        kernel.listen(0.02)
    return _ours(kernel.said)[0]


def _ours(said: list[dict[str, Any]]) -> list[str]:
    opened = [m["content"] for m in said if m["msg_type"] == "comm_open"]
    return [c["comm_id"] for c in opened if c["data"]["state"].get("_anywidget_id", "").startswith("mjnb.")]


def test_one_widget_however_many_cells(live: list[dict[str, Any]]) -> None:
    """A sweep of 24 cells opens one widget (and the layout that every widget has), and closes it in the end."""
    assert len(_ours(live)) == 1
    assert sum(m["msg_type"] == "comm_open" for m in live) <= 2
    assert _ours(live)[0] in [m["content"]["comm_id"] for m in live if m["msg_type"] == "comm_close"]


def test_at_most_twenty_messages_a_second(live: list[dict[str, Any]]) -> None:
    """The view never sends more than twenty messages in a second, and every picture once."""
    updates = [m for m in live if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] in _ours(live)]
    times = sorted(m["header"]["date"].timestamp() for m in updates)
    assert len(updates) >= 4
    assert max(sum(0 <= later - first < 1 for later in times) for first in times) <= 20
    custom = [m for m in updates if m["content"]["data"]["method"] == "custom"]
    sent = [index for m in custom for index, _ in m["content"]["data"]["content"]["pictures"]]
    assert sent
    assert len(sent) == len(set(sent))


def test_plain_html_takes_its_place(live: list[dict[str, Any]]) -> None:
    """When the run has ended its display is replaced by HTML with every picture, and no widget is left in it."""
    first = next(m["content"] for m in live if m["msg_type"] == "display_data")
    last = [m["content"] for m in live if m["msg_type"] == "update_display_data"]
    assert "application/vnd.jupyter.widget-view+json" in first["data"]
    assert [update["transient"] for update in last] == [first["transient"]]
    assert set(last[0]["data"]) == {"text/html", "text/plain"}
    assert last[0]["data"]["text/html"].count("<img ") == 96
    assert last[0]["data"]["text/plain"].startswith("24 of 24 done")


def test_shown_when_it_is_over(kernel: Kernel) -> None:
    """A run that has ended is shown as plain HTML at once, without a widget."""
    kernel.text("run = sweep(2).start(session()); df = await run")
    cell = kernel.run("run")
    assert [set(m["content"]["data"]) for m in cell.messages if m["msg_type"] == "display_data"] == [
        {"text/html", "text/plain"}
    ]
    assert not any(m["msg_type"] == "comm_open" for m in cell.messages)


def test_stopped_from_its_page(kernel: Kernel) -> None:
    """The Stop of the view stops the run behind it, and the display is replaced then, too."""
    kernel.text("mj = session(); run = sweep().start(mj); run.show()")
    kernel.tell(_opened(kernel), "stop")
    kernel.listen(0.3)
    assert kernel.text("print(run.state)") == "stopped"
    still = [m["content"]["data"] for m in kernel.said if m["msg_type"] == "update_display_data"]
    assert len(still) == 1
    assert "not run" in still[0]["text/html"]


@pytest.mark.parametrize("later", [False, True], ids=["same cell", "later cell"])
def test_saved_notebook_needs_no_widget(later: bool, tmp_path, monkeypatch) -> None:
    """A notebook executed by a tool keeps the finished grid, also if the run is awaited in a later cell."""
    from nbclient import NotebookClient

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    start = "import mjnb\nmj = mjnb.Session('simulator', time_scale=300)\n"
    start += "run = mjnb.Sweep('a fox', chaos=[0, 100]).start(mj)\nrun"
    wait = "df = await run"
    sources = [start, wait] if later else [f"{start}.show()\n{wait}"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(book, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [o for o in book.cells[0].outputs if o.output_type != "stream"]
    assert [set(output.data) for output in shown] == [{"text/html", "text/plain"}]
    assert shown[0].data["text/html"].count("<img ") == 8
    assert "2 of 2 done" in shown[0].data["text/html"]
