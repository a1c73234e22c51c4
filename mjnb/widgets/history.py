"""The ledger as a shelf beside the forms: what was made, latest first, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mjnb.runner import request_of
from mjnb.tasks import TaskState, money
from mjnb.widgets.followups import step
from mjnb.widgets.references import finished
from mjnb.widgets.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.jobs import Job
    from mjnb.session import Session
    from mjnb.store import Entry

__all__ = ["History", "Spent", "spent"]

_PAGE = 24
_SHORT = 80


@dataclass(frozen=True, slots=True)
class Spent:
    """What one session has had made: tasks, their known price in millionths of a dollar, tasks without a known price."""

    tasks: int
    micro: int
    unpriced: int

    def text(self, *, simulated: bool) -> str:
        """Say it in one line.

        >>> Spent(2, 100_000, 1).text(simulated=False)
        'This session: 2 tasks, $0.10, and 1 of unknown price'
        """
        if not self.tasks:
            return "This session: nothing sent yet"
        number = f"{self.tasks} task{'s' if self.tasks > 1 else ''}"
        more = f", and {self.unpriced} of unknown price" if self.unpriced else ""
        unreal = " (simulated: nothing was charged)" if simulated else ""
        return f"This session: {number}, {money(self.micro)}{more}{unreal}"


def spent(session: Session) -> Spent:
    """Add up what this very session has sent and the gateway has taken; reads the ledger."""
    mine = [entry for entry in session.store.all() if entry.owner == session.store.owner]
    taken = [entry for entry in mine if entry.state.is_running or entry.state is TaskState.SUCCESS]
    prices = [entry.price_micro for entry in taken]
    return Spent(len(taken), sum(price or 0 for price in prices), prices.count(None))


class History:
    """The finished tasks of a ledger; `shelf` is what to display.

    Args:
        session: Has the ledger.
        pick: Called with the id of the task that is chosen.
    """

    def __init__(self, session: Session, pick: Callable[[str], None]) -> None:
        self._session, self._pick = session, pick
        self._text, self._most = "", _PAGE
        self.shelf = Shelf("History", self._chosen, search=self.search, more=self.more)

    def refresh(self) -> Job[None]:
        """Read the ledger anew."""
        return self.shelf.load(self._read)

    def search(self, text: str) -> Job[None]:
        """Show the tasks whose prompt, mode or id contains a text."""
        self._text, self._most = text.strip().lower(), _PAGE
        return self.refresh()

    def more(self) -> Job[None]:
        """Show further tasks, older ones."""
        self._most += _PAGE
        return self.refresh()

    def _chosen(self, item: Mapping[str, Any]) -> None:
        self._pick(str(item["id"]))

    def _read(self) -> list[dict[str, Any]]:
        entries = finished(self._session)
        prompts = {entry.task_id: entry for entry in entries}
        found = [entry for entry in entries if self._text in _words(entry, prompts).lower()]
        self.shelf.has_more = len(found) > self._most
        stars = self._session.stars()
        return [_item(entry, prompts, stars.get(entry.task_id, 0)) for entry in found[: self._most]]

    def close(self) -> None:
        """Let go of the shelf and of whoever is told."""
        self._pick = _nothing
        self.shelf.close()


def _nothing(_: str) -> None:
    """Tell nobody."""


def _item(entry: Entry, known: Mapping[str, Entry], stars: int) -> dict[str, Any]:
    when = entry.created if entry.created is not None else entry.submitted
    clock = (
        datetime.fromtimestamp(when, UTC).astimezone().strftime("%d %b %H:%M") if when is not None else ""
    )
    price = "price unknown" if entry.price_micro is None else money(entry.price_micro)
    facts = (step(request_of(entry)), price, clock)
    first = next((image for image in entry.images if image.path), None)
    return {
        "id": entry.task_id, "title": _prompt(entry, known)[:_SHORT] or entry.mode, "reason": "", "stars": stars,
        "facts": " · ".join(filter(None, facts)), "path": first.path if first else None,
    }  # fmt: skip


def _words(entry: Entry, known: Mapping[str, Entry]) -> str:
    return f"{_prompt(entry, known)} {entry.mode} {entry.task_id}"


def _prompt(entry: Entry, known: Mapping[str, Entry]) -> str:
    """Return a task's prompt, or that of the nearest ancestor that has one."""
    seen: set[str] = set()
    here: Entry | None = entry
    while here is not None and here.task_id not in seen:
        if here.held.get("prompt"):
            return str(here.held["prompt"])
        seen.add(here.task_id)
        here = known.get(here.parent)
    return ""
