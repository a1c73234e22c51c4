"""Counting a run's cells change by change."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mjnb.runs.tally import Counts, Tally
from mjnb.store import Entry
from mjnb.tasks import TaskState

BARE = Entry(
    row="r", cell="c", attempt=1, owner="", gateway="apixo", simulated=True, mode="text-to-image", held={}, repeat=0, take=1,
    parent="", state=TaskState.PENDING, task_id="", price_micro=None, submitted=None, created=None, completed=None, seen=None,
    lag_s=None, cost_time_s=None, expires=None, fail_code="", fail_msg="", urls=(),
)  # fmt: skip
CHANGES = st.tuples(
    st.sampled_from("abcd"),
    st.sampled_from(TaskState),
    st.integers(0, 2),
    st.sampled_from([None, 0, 100_000]),
    st.sampled_from([None, 40.0]),
    st.booleans(),
)


def entry(cell: str, state: TaskState, pictures: int, price: int | None, took: float | None) -> Entry:
    """A row with two URLs and so many pictures."""
    kept = tuple((i, "x.jpg", 1, 1, 1, "") for i in range(pictures))
    urls = ("u", "u") if state is TaskState.SUCCESS else ()
    return replace(BARE, cell=cell, state=state, urls=urls, kept=kept, price_micro=price, cost_time_s=took)


@given(st.lists(CHANGES, max_size=30), st.sets(st.sampled_from("abcd")))
def test_it_counts_as_if_counted_anew(changes, before):
    """After any changes the counts are those of the latest rows, counted one by one."""
    tally, latest = Tally(), {}
    for cell, state, pictures, price, took, is_flawed in changes:
        row = entry(cell, state, pictures, price, took)
        latest[cell] = (row, is_flawed)
        tally.put(row, is_fresh=cell not in before, is_flawed=is_flawed)
    rows = [row for row, _ in latest.values()]
    states = Counter(row.state for row in rows)
    paid = [(row, flawed) for row, flawed in latest.values() if row.state is TaskState.SUCCESS]
    done = [row for row, flawed in paid if flawed or len(row.kept) == 2]
    assert tally.all == Counts(
        done=len(done),
        failed=states[TaskState.FAILED] + states[TaskState.REFUSED],
        running=sum(row.state.is_running or row.state is TaskState.SUBMITTING for row in rows)
        + len(paid)
        - len(done),
        unknown=states[TaskState.UNKNOWN],
        lacking=sum(flawed for _, flawed in paid),
        fresh=sum(row.cell not in before for row, _ in paid),
        fresh_done=sum(row.cell not in before for row in done),
        spent=sum(row.price_micro or 0 for row, _ in paid if row.cell not in before),
        reserved=sum(
            row.price_micro or 0
            for row in rows
            if row.state is TaskState.UNKNOWN or row.state in _UNDER_WAY
        ),
        timed=sum(row.cost_time_s is not None for row in rows),
        cost_time_s=sum(row.cost_time_s or 0 for row in rows),
    )


_UNDER_WAY = {TaskState.SUBMITTING, TaskState.PENDING, TaskState.PROCESSING}
