"""The ledger's own thread: what waits is written together, and answered when it is on disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from mjnb.errors import StoreError
from mjnb.runner.ledger import LedgerThread
from mjnb.store import Draft, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANY = 40


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    """A ledger."""
    opened = Store(tmp_path)
    yield opened
    opened.close()


def draft(number: int) -> Draft:
    """A row about to be written."""
    return Draft(
        f"k1:{number:03}{0:029}", "apixo", simulated=True, mode="text-to-image", held={}, price_micro=1
    )


def gathered(store: Store, *calls: Callable[[], Any]) -> tuple[list[Any], list[str]]:
    """Do some calls that come in while another one is at work; return their answers, and the SQL of all of it."""
    said: list[str] = []
    store._db.set_trace_callback(said.append)
    free = threading.Event()

    async def all_of_them() -> list[Any]:
        ledger = LedgerThread(store)
        first = asyncio.ensure_future(ledger(free.wait, 10))
        rest = asyncio.gather(*(ledger(call) for call in calls), return_exceptions=True)
        await asyncio.sleep(0)  # let them ask
        free.set()
        await first
        answers = await rest
        ledger.close()
        return answers

    return asyncio.run(all_of_them()), said


def rows_on_disk(store: Store) -> int:
    """Count the rows that another program sees."""
    with closing(sqlite3.connect(store.path)) as db:
        return db.execute("SELECT count(*) FROM tasks").fetchone()[0]


def claims(store: Store, numbers: range) -> list[Callable[[], Any]]:
    """Claim some cells."""
    return [lambda n=n: store.claim(draft(n), again=lambda _: False) for n in numbers]


def test_what_waits_is_written_together(store):
    """Forty rows that come in while the disk is busy are one transaction, each with its own answer, in order."""
    answers, said = gathered(store, *claims(store, range(MANY)))
    assert [entry.cell for entry, fresh in answers if fresh] == [draft(n).cell for n in range(MANY)]
    assert said.count("COMMIT") == 1
    assert rows_on_disk(store) == MANY


def test_it_is_on_disk_before_it_is_answered(store):
    """Whoever is answered finds the row with another connection."""

    async def one() -> int:
        ledger = LedgerThread(store)
        await ledger(store.claim, draft(1), again=None)
        seen = rows_on_disk(store)
        ledger.close()
        return seen

    assert asyncio.run(one()) == 1


def test_what_fails_fails_alone(store):
    """An error among many is its own caller's, what it had written is undone, and the others are written."""

    def breaks_off() -> None:
        with store._write() as db:
            db.execute("DELETE FROM tasks")
            raise KeyError("mine")

    answers, said = gathered(
        store,
        *claims(store, range(5)),
        breaks_off,
        lambda: store.entry("none"),
        *claims(store, range(5, 9)),
    )
    assert isinstance(answers[5], KeyError)
    assert isinstance(answers[6], StoreError)
    assert said.count("COMMIT") == 1
    assert rows_on_disk(store) == 9


def test_a_transaction_that_cannot_be_kept(store):
    """When all of it is lost, as on a full disk, each is done again by itself, and has an answer of its own."""
    is_full = iter([True])

    def fills_the_disk() -> str:
        if next(is_full, False):
            store._db.execute("ROLLBACK")  # as SQLite does then
        return "tried again"

    answers, _ = gathered(store, *claims(store, range(3)), fills_the_disk, *claims(store, range(3, 6)))
    assert answers[3] == "tried again"
    assert all(fresh for _, fresh in (*answers[:3], *answers[4:]))
    assert rows_on_disk(store) == 6


def test_it_is_written_though_nobody_waits(store):
    """Whoever asked may have been stopped meanwhile: the row is written all the same."""
    free = threading.Event()

    async def stopped() -> None:
        ledger = LedgerThread(store)
        first = asyncio.ensure_future(ledger(free.wait, 10))
        asked = asyncio.ensure_future(ledger(store.claim, draft(1), again=None))
        await asyncio.sleep(0)
        asked.cancel()
        free.set()
        await first
        with pytest.raises(asyncio.CancelledError):
            await asked
        await ledger(store.all)
        ledger.close()

    asyncio.run(stopped())
    assert rows_on_disk(store) == 1


def test_after_its_thread_has_gone(store):
    """What is asked when the thread has been let go is done at once, as a submission needs that ends with the interpreter."""

    async def late() -> bool:
        ledger = LedgerThread(store)
        ledger.close()
        return (await ledger(store.claim, draft(1), again=None))[1]

    assert asyncio.run(late())
