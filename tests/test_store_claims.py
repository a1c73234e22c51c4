"""The ledger's rows and who may submit them: a row before any money, one payer a cell, one row a task, nothing lost with a kernel that dies."""

from __future__ import annotations

import gc
import signal
import threading
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from store_helpers import REUSE, draft, numbered, other_process

from mjnb.errors import StoreError
from mjnb.gateways.base import Status
from mjnb.store import Store
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open an empty store."""
    opened = Store(tmp_path / "store")
    yield opened
    opened.close()


# -- claims --------------------------------------------------------------------------------------------------------


def test_a_cell_is_claimed_by_one_of_many_threads(store):
    """Of many threads that claim a cell at once, one may submit it; the others get its row."""
    results: list[tuple[str, bool]] = []
    barrier = threading.Barrier(8)

    def claim() -> None:
        barrier.wait()
        for n in range(10):
            entry, fresh = store.claim(draft(numbered(n)), again=REUSE)
            results.append((entry.row, fresh))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fresh for _, fresh in results) == 10
    assert len({row for row, _ in results}) == 10


def test_a_cell_is_claimed_by_one_of_two_processes(store):
    """Of two processes that claim the same hundred cells at once, each cell has one payer."""
    code = (
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(sum(store.claim(draft(numbered(n)), again=RETRY['failed'])[1] for n in range(100)))\n"
        "store.close()"
    )
    processes = [other_process(code, store.root) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    claimed = [int(process.communicate(timeout=30)[0]) for process in processes]
    assert sum(claimed) == 100
    assert len(store.all()) == 100


@pytest.mark.parametrize(
    ("state", "fresh"), [("failed", True), ("refused", True), ("unknown", False), ("pending", False)]
)
def test_what_may_be_asked_anew(store, state, fresh):
    """Failed and refused cells may be claimed again; what may have been charged may not."""
    entry, _ = store.claim(draft(), again=REUSE)
    store.ended(entry.row, TaskState(state), "", "")
    assert store.claim(draft(), again=REUSE)[1] is fresh
    assert store.claim(draft(), again=None)[1]


def test_a_refused_row_is_not_sent_when_another_kernel_has_sent_its_cell(tmp_path):
    """A row that waits for its next try gives way if its cell has been taken meanwhile."""
    ours, theirs = Store(tmp_path / "s"), Store(tmp_path / "s")
    entry, _ = ours.claim(draft(), again=REUSE)
    ours.ended(entry.row, TaskState.REFUSED, "429", "busy")
    other, fresh = theirs.claim(draft(), again=REUSE)
    assert fresh
    assert ours.reopen(entry.row, alone=True) == (other, False)
    again, fresh = ours.reopen(entry.row, alone=False)  # a single call is a task of its own
    assert (again.row, again.state, fresh) == (entry.row, TaskState.SUBMITTING, True)
    ours.close()
    theirs.close()


def test_a_refused_row_is_taken_up_by_one(tmp_path):
    """Two that would reopen the same row do not both send it."""
    ours, theirs = Store(tmp_path / "s"), Store(tmp_path / "s")
    entry, _ = ours.claim(draft(), again=REUSE)
    ours.ended(entry.row, TaskState.REFUSED, "429", "busy")
    assert [ours.reopen(entry.row, alone=True)[1], theirs.reopen(entry.row, alone=True)[1]] == [True, False]
    ours.close()
    theirs.close()


# -- owners --------------------------------------------------------------------------------------------------------


def test_a_dead_owner_leaves_the_unknown(tmp_path):
    """What a killed process was submitting is unknown for the next one; what it had finished is untouched."""
    root = tmp_path / "s"
    code = (
        "a, _ = store.claim(draft('k1:' + 'a' * 32), again=None)\n"
        "b, _ = store.claim(draft('k1:' + 'b' * 32), again=None)\n"
        "store.submitted(b.row, 'task_b', 1.0, {}, {})\n"
        "print(a.row, b.row, flush=True); sys.stdin.readline()"
    )
    process = other_process(code, root)
    submitting, pending = process.stdout.readline().split()
    looking = Store(root)
    assert looking.entry(submitting).state is TaskState.SUBMITTING  # its owner lives
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [entry.row for entry in looking.settle_orphans()] == [submitting]
    assert looking.entry(submitting).state is TaskState.UNKNOWN
    assert "charged" in looking.entry(submitting).fail_msg
    assert looking.entry(pending).state is TaskState.PENDING
    looking.close()


def test_what_was_never_about_to_be_sent_cost_nothing(tmp_path):
    """A killed submission is unknown from the moment its request was written down to be sent; before that it is refused, and free."""
    ours = Store(tmp_path / "s")
    early, _ = ours.claim(draft(numbered(1)), again=None, when=1000.0)
    late, _ = ours.claim(draft(numbered(2)), again=None, when=1000.0)
    ours.sending(late.row, {"prompt": "a fox"})
    ours.close()
    theirs = Store(tmp_path / "s")
    assert [(entry.state, entry.fail_code) for entry in map(theirs.entry, (early.row, late.row))] == [
        (TaskState.REFUSED, "NEVER_SENT"), (TaskState.UNKNOWN, ""),
    ]  # fmt: skip
    assert theirs.travelled(late.row) == ({"prompt": "a fox"}, None)
    assert theirs.claim(draft(numbered(1)), again=REUSE)[1]
    assert not theirs.claim(draft(numbered(2)), again=REUSE)[1]
    theirs.close()


def test_a_found_task_is_given_once(tmp_path):
    """An unknown row takes the task that it has made; a task that another row has, or a row that is not unknown, changes nothing."""
    store = Store(tmp_path / "s")
    rows = [store.claim(draft(numbered(n)), again=None, when=1000.0 + n)[0].row for n in range(3)]
    store.submitted(rows[0], "task-0", 1.0, {}, {})
    for row in rows[1:]:
        store.ended(row, TaskState.UNKNOWN, "", "")
    assert [store.found(rows[1], "task-0", 9), store.found(rows[0], "task-1", 9)] == [False, False]
    assert [store.found(rows[1], "task-1", 9), store.found(rows[2], "task-1", 9)] == [True, False]
    entry = store.entry(rows[1])
    assert (entry.state, entry.task_id, entry.submitted) == (TaskState.PENDING, "task-1", 1001.0)
    assert store.entry(rows[2]).state is TaskState.UNKNOWN
    store.close()


def test_a_rows_own_answer_comes_first(tmp_path):
    """If a task was found for one row and then answered to another, it is the other's, and the first is unknown again."""
    store = Store(tmp_path / "s")
    lost, late = (store.claim(draft(numbered(n)), again=None, when=1000.0)[0].row for n in range(2))
    store.ended(lost, TaskState.UNKNOWN, "", "")
    assert store.found(lost, "task-1", 9)
    store.submitted(late, "task-1", 10.0, {}, {})
    assert [(store.entry(row).state, store.entry(row).task_id) for row in (lost, late)] == [
        (TaskState.UNKNOWN, ""), (TaskState.PENDING, "task-1"),
    ]  # fmt: skip
    store.told(
        lost, Status(TaskState.SUCCESS), {}, seen=1.0, lag_s=None, expires=None
    )  # whoever asked after it
    assert store.entry(lost).state is TaskState.UNKNOWN
    store.close()


@pytest.mark.parametrize("how", ["found", "answered"])
@pytest.mark.parametrize("waited", ["still", "out"])
def test_a_task_waited_for_by_its_id_is_taken_over(tmp_path, how, waited):
    """A task that was waited for by its id becomes the row's that made it, with all that is known of it; who still waits finds it there."""
    store = Store(tmp_path / "s")
    row = store.claim(draft(), again=None, when=1000.0)[0].row
    adopted = store.adopt("task-1", gateway="apixo", simulated=True)
    if waited == "out":
        told = Status(TaskState.SUCCESS, urls=("https://a.example/0.png",), cost_time_s=7.0)
        store.told(adopted.row, told, {"a": 1}, seen=1.0, lag_s=None, expires=None)
        path = store.folder(adopted.row) / "0.png"
        store.filed(adopted.row, 0, path, width=4, height=3, size=9, sha256="ab")
    if how == "found":
        store.ended(row, TaskState.UNKNOWN, "", "")
        assert store.found(row, "task-1", 9)
    else:
        store.submitted(row, "task-1", 9.0, {}, {})
    entry = store.current(adopted)
    assert (entry.row, entry.task_id, len(entry.kept)) == (row, "task-1", int(waited == "out"))
    assert entry.state is (TaskState.SUCCESS if waited == "out" else TaskState.PENDING)
    store.filed(adopted.row, 1, store.folder(adopted.row) / "1.png", width=4, height=3, size=9, sha256="ab")
    assert [one.row for one in store.all()] == [row]
    with pytest.raises(StoreError, match="no row"):
        store.current(replace(adopted, task_id="another"))
    store.close()


def test_a_task_of_a_row_is_not_adopted(tmp_path):
    """Waiting by its id for a task that a row has got meanwhile gives that row, and no second one."""
    store = Store(tmp_path / "s")
    row = store.claim(draft(), again=None, when=1000.0)[0].row
    store.submitted(row, "task-1", 1.0, {}, {})
    assert store.adopt("task-1", gateway="apixo", simulated=True).row == row
    assert len(store.all()) == 1
    store.close()


def test_a_picture_of_a_task_that_was_given_back_is_not_filed(tmp_path):
    """A picture that comes after its task turned out to be another row's is not taken for the next task's."""
    store = Store(tmp_path / "s")
    lost, late = (store.claim(draft(numbered(n)), again=None, when=1000.0)[0].row for n in range(2))
    store.ended(lost, TaskState.UNKNOWN, "", "")
    store.found(lost, "task-1", 9)
    store.submitted(late, "task-1", 10.0, {}, {})
    store.filed(lost, 0, store.folder(lost) / "0.png", width=4, height=3, size=9, sha256="ab")
    store.found(lost, "task-2", 11)
    told = Status(TaskState.SUCCESS, urls=("https://a.example/0.png",))
    store.told(lost, told, {}, seen=1.0, lag_s=None, expires=None)
    assert store.entry(lost).kept == ()
    store.close()


def test_a_ledger_that_is_up_to_date_is_opened_beside_a_writer(tmp_path):
    """Opening a ledger that has nothing to migrate waits for nobody who is writing to it."""
    ours = Store(tmp_path / "s")
    with ours.together():
        Store(tmp_path / "s", patience_s=0.0).close()
    ours.close()


def test_a_row_that_was_taken_away_is_not_sent(tmp_path):
    """Whose lock was removed while it lived is told so before it sends: another session may have settled its row by then."""
    ours = Store(tmp_path / "s")
    entry, _ = ours.claim(draft(), again=REUSE, when=1000.0)
    for lock in (tmp_path / "s" / "locks").glob("*.lock"):
        lock.unlink()
    theirs = Store(tmp_path / "s")
    assert theirs.entry(entry.row).fail_code == "NEVER_SENT"
    with pytest.raises(StoreError, match="Nothing was sent"):
        ours.sending(entry.row, {})
    other, fresh = theirs.claim(draft(), again=REUSE, when=1001.0)
    assert fresh
    theirs.sending(other.row, {})
    with pytest.raises(StoreError, match="Nothing was sent"):
        ours.sending(other.row, {})
    ours.close()
    theirs.close()


def test_a_second_try_stands_beside_the_first(tmp_path):
    """Beside an unknown row another may be written if somebody wants that: once, with its key, and neither speaks for the other."""
    ours, theirs = Store(tmp_path / "s"), Store(tmp_path / "s")
    first, _ = ours.claim(draft(), again=REUSE, when=1000.0)
    ours.sending(first.row, {"prompt": "a fox"})
    ours.ended(first.row, TaskState.UNKNOWN, "", "")
    again = replace(draft(), beside=first.row)
    assert ours.claim(replace(draft(), beside="another"), again=REUSE)[1] is False
    second, fresh = ours.claim(again, again=REUSE, when=1001.0)
    assert (fresh, second.key, second.row != first.row) == (True, first.key, True)
    assert theirs.claim(again, again=REUSE)[1] is False
    ours.ended(second.row, TaskState.REFUSED, "429", "busy")
    assert ours.by_cells([first.cell])[first.cell].row == first.row
    assert ours.reopen(second.row, alone=True)[1] is False
    assert ours.reopen(second.row, alone=True, beside=first.row, when=1002.0)[1] is True
    assert ours.entry(second.row).claimed == 1002.0
    ours.close()
    assert theirs.settle_orphans()[0].fail_code == "NEVER_SENT"
    assert theirs.by_cells([first.cell])[first.cell].state is TaskState.UNKNOWN
    theirs.close()


def test_a_live_owner_is_left_alone(tmp_path):
    """Opening a store beside a session that is submitting changes nothing of it."""
    ours = Store(tmp_path / "s")
    entry, _ = ours.claim(draft(), again=None)
    theirs = Store(tmp_path / "s")
    assert theirs.settle_orphans() == []
    assert ours.settle_orphans() == []
    assert theirs.entry(entry.row).state is TaskState.SUBMITTING
    ours.close()
    assert [e.row for e in theirs.settle_orphans()] == [entry.row]
    theirs.close()


def test_locks_of_the_dead_are_swept(tmp_path):
    """A store that is opened and closed leaves no lock of its own behind, nor those of killed ones."""
    root = tmp_path / "s"
    process = other_process("print(store.owner, flush=True); sys.stdin.readline()", root)
    owner = process.stdout.readline().strip()
    process.kill()
    process.communicate()
    assert (root / "locks" / f"{owner}.lock").exists()
    Store(root).close()
    assert [path.stem for path in (root / "locks").iterdir()] == ["opening"]


def test_a_store_that_nobody_holds_is_closed():
    """A forgotten store closes its file and lets its lock go."""
    store = Store("forgotten")
    lock = store.root / "locks" / f"{store.owner}.lock"
    gone = weakref.ref(store)
    assert lock.exists()
    del store
    gc.collect()
    assert gone() is None
    assert not lock.exists()
