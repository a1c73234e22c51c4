"""`mjnb doctor`: whether a store is whole, what is wrong in words, and what can be mended. It sends and deletes nothing.

A ledger that is damaged is copied to `<store>/damaged/` before anything is done to it, and every row that can still be read
goes into a new one; files that belong to no row go to `<store>/orphans/`. In the place of a ledger that is gone a new one is
begun with the rows of an older copy, if there is one, and a row for each folder of pictures.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from mjnb.doctor.files import Files
from mjnb.doctor.ledger import aside, carry_over, faults, is_gone, reading, refusal
from mjnb.doctor.report import Checkup, Finding
from mjnb.errors import StoreError
from mjnb.store import Store
from mjnb.store.file import traces
from mjnb.store.journal import journal_of
from mjnb.tasks import TaskState, money

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Checkup", "Finding", "check"]

_LEDGER = "ledger.sqlite"
_PROMPT = 40  # letters of it that are told
_PUT_BACK = (
    "put the old one back if you can; what a new one does not hold is asked for, and paid for, again"
)


def check(
    store: Path, *, repair: bool = False, quick: bool = False, patience_s: float = 5.0
) -> list[Checkup]:
    """Look at a store and at the simulated part of it.

    Args:
        store: The store's folder, or that of its simulated part.
        repair: Mend what can be; no session may have the store open.
        quick: Compare pictures by their size only, and do not decode thumbnails.
        patience_s: How long another process may keep the store to itself.

    Returns:
        What was found in each of the two that is there; their `exit_code` is 0, 1 or 2.

    >>> from pathlib import Path
    >>> [report.exit_code for report in check(Path("no-such-store"))]
    [2]
    """
    roots = [root for root in (store, store / "simulated") if _is_store(root)]
    if not roots:
        return [
            Checkup(store, refused="there is no ledger here; name the store's folder, such as mjnb-data")
        ]
    return [_Check(root, repair, quick, patience_s).run() for root in roots]


def _is_store(root: Path) -> bool:
    ledger = root / _LEDGER
    return ledger.exists() or journal_of(ledger).exists() or bool(traces(root))


class _Check:
    """One store's check-up."""

    def __init__(self, root: Path, repair: bool, quick: bool, patience_s: float) -> None:
        self._root, self._path = root, root / _LEDGER
        self._repair, self._quick, self._patience_s = repair, quick, patience_s
        self._report = Checkup(root)

    def run(self) -> Checkup:
        """Look at everything, from the ledger's file to the last thumbnail."""
        try:
            self._report.refused = self._refused()
            if not self._report.refused:
                self._look()
        except Timeout as error:
            self._report.refused = (
                f"another process has kept {error.lock_file} to itself for {self._patience_s:g} s"
            )
        except (OSError, sqlite3.Error, ValueError, StoreError) as error:
            self._report.refused = str(error)
        return self._report

    def _refused(self) -> str:
        if self._repair and (living := self._living()):
            locks = ", ".join(f"locks/{owner}.lock" for owner in sorted(living))
            return f"a session has this store open ({locks}): close it or end its kernel, then repair"
        return refusal(self._path)

    def _look(self) -> None:
        with self._alone():
            self._report.refused = self._refused()  # now that no session can come
            if self._report.refused:
                return
            sound = self._ledger()
            if sound:
                self._before_opening()
                self._files()
        if self._repair:
            Store(self._root, patience_s=self._patience_s).close()  # which merges, settles and sweeps
        if sound:
            self._unknown()
            self._count()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """While mending, let no session open the store."""
        if not self._repair:
            yield
            return
        locks = self._root / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / "opening.lock", timeout=self._patience_s):
            yield

    def _living(self) -> frozenset[str]:
        return frozenset(path.stem for path in self._locks() if _is_held(path))

    def _locks(self) -> list[Path]:
        return sorted(path for path in (self._root / "locks").glob("*.lock") if path.stem != "opening")

    def _tell(self, kind: str, text: str, done: str = "", *advice: str) -> None:
        """Add a finding that can be mended; `done` is what mending it does."""
        self._report.findings.append(
            Finding(kind, text, advice, done=done if self._repair else "", can_mend=True)
        )

    # -- the ledger --------------------------------------------------------------------------------------------------

    def _ledger(self) -> bool:
        """Look at the file and its rows; return whether it is sound, or is by now."""
        found = faults(self._path)
        if not found:
            return True
        advice = (_PUT_BACK,) if is_gone(self._path) else ()
        done = self._renewed() if self._repair else ""
        for text in found:
            self._tell("ledger", f"{_LEDGER}: {text}", done, *advice)
        return self._repair

    def _renewed(self) -> str:
        """Put a new ledger in the place of a damaged one, and return what became of it in words."""
        copy = aside(self._path)
        rows = carry_over(copy, self._path)
        kept = f"; the old one lies in {copy.parent.relative_to(self._root).as_posix()}/"
        return (
            f"{len(rows.tasks)} rows and {len(rows.pictures)} lines of pictures carried over into a new ledger"
            f"{kept if copy.parent.exists() else ''}"
        )

    def _before_opening(self) -> None:
        """Tell what the opening of the store will settle: what dead sessions have left."""
        living = self._living()
        journal = journal_of(self._path)
        if not living and journal.exists() and journal.stat().st_size:
            text = (
                f"{journal.name} was left by a session that was killed; what it holds is part of the ledger"
            )
            self._tell("journal", text, "merged into the ledger")
        for path in self._locks():
            if path.stem not in living:
                self._tell("lock", f"locks/{path.name} was left by a session that was killed", "swept")
        for row in self._rows("state = 'submitting'"):
            if row["owner"] not in living:
                text = f"row {row['row']} was being submitted by a session that has died ({_what(row)})"
                self._tell(
                    "broken off", text, "settled: unknown if anything may have been sent, else refused"
                )

    def _rows(self, where: str) -> list[dict[str, Any]]:
        with reading(self._path) as db:
            found = db.execute(f"SELECT * FROM tasks WHERE {where} ORDER BY rowid").fetchall()  # noqa: S608  (our own words)
            return [dict(row) for row in found]

    def _unknown(self) -> None:
        for row in self._rows("state = 'unknown'"):
            self._report.findings.append(
                Finding(
                    "unknown",
                    f"cell {row['cell']} ({_what(row)}) was sent and has no answer; it may have cost {money(row['price_micro'])}",
                    (
                        f'mj.retry("{row["row"]}") looks for it at the gateway, and else asks anew at its price',
                        f'mj.forget("{row["row"]}") gives it up, so that its cell is free again',
                    ),
                )
            )

    def _count(self) -> None:
        states = Counter(row["state"] for row in self._rows("1"))
        with reading(self._path) as db:
            pictures = db.execute("SELECT count(*) FROM pictures").fetchone()[0]
        said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        self._report.facts.append(
            f"{sum(states.values())} tasks ({said or 'none yet'}), {pictures} pictures"
        )

    # -- the files ---------------------------------------------------------------------------------------------------

    def _files(self) -> None:
        with reading(self._path) as db:
            tasks = {row["row"]: _places(row) for row in db.execute("SELECT row, state, urls FROM tasks")}
            pictures = [dict(row) for row in db.execute("SELECT * FROM pictures ORDER BY row, idx")]
        files = Files(self._root, tasks, pictures, self._living(), self._repair, self._quick)
        self._report.findings += files.look()
        if files.found:
            self._write_down(files.found)

    def _write_down(self, lines: list[dict[str, Any]]) -> None:
        db = sqlite3.connect(self._path, timeout=self._patience_s)
        try:
            with db:
                db.executemany(
                    "INSERT OR IGNORE INTO pictures (row, idx, path, width, height, bytes, sha256)"
                    " VALUES (:row, :idx, :path, :width, :height, :bytes, :sha256)",
                    lines,
                )
        finally:
            db.close()


def _is_held(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def _places(row: sqlite3.Row) -> int:
    """Return how many pictures a row may have."""
    return len(json.loads(row["urls"])) if row["state"] == TaskState.SUCCESS.value else 0


def _what(row: dict[str, Any]) -> str:
    prompt = str(json.loads(row["held"]).get("prompt") or "no prompt")
    short = prompt[:_PROMPT] + ("…" if len(prompt) > _PROMPT else "")
    return f"{row['gateway']} {row['mode']}, {short!r}"
