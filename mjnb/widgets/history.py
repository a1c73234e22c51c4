"""The ledger as a shelf beside the forms: what was asked for and made, latest first, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mjnb.clips import is_clip
from mjnb.errors import MjnbError
from mjnb.jobs import Job
from mjnb.runner import request_of
from mjnb.tasks import TaskState, money
from mjnb.widgets.followups import step
from mjnb.widgets.shelf import Shelf
from mjnb.widgets.working import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.session import Session
    from mjnb.store import Entry

__all__ = ["History", "Spent", "is_open", "spent"]

_PAGE = 24
_SHORT = 80
_WORDS = {
    TaskState.SUBMITTING: "… sending",
    TaskState.PENDING: "◌ queued",
    TaskState.PROCESSING: "◐ running",
    TaskState.SUCCESS: "↓ pictures to be fetched",
    TaskState.UNKNOWN: "? may have been charged",
}
_UNKNOWN = (
    "The connection or the kernel ended while this was being sent: look at your account at the gateway."
)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one session has asked for.

    Tasks that the gateway has or is being sent, their known price in millionths of a dollar, how many have no known
    price; how many more may have been charged (failed, or their answer was lost); and how many are being sent just now.
    """

    tasks: int
    micro: int
    unpriced: int
    doubtful: int = 0
    sending: int = 0

    def text(self, *, simulated: bool) -> str:
        """Say it in one line.

        >>> Spent(2, 100_000, 1).text(simulated=False)
        'This session: 2 tasks, $0.10, and 1 of unknown price'
        """
        if not self.tasks and not self.doubtful:
            return "This session: nothing sent yet"
        number = f"{self.tasks} task{'' if self.tasks == 1 else 's'}"
        more = f", and {self.unpriced} of unknown price" if self.unpriced else ""
        if self.unpriced and self.unpriced == self.tasks:
            price, more = "price unknown", ""
        else:
            price = money(self.micro)
        more += f", and {self.doubtful} more that may have been charged" if self.doubtful else ""
        unreal = " (simulated: nothing was charged)" if simulated else ""
        return f"This session: {number}, {price}{more}{unreal}"


def spent(session: Session) -> Spent:
    """Add up what this very session has sent, from its submission on; reads the ledger."""
    mine = [entry for entry in session.store.all() if entry.owner == session.store.owner]
    states = [entry.state for entry in mine]
    doubtful, sending = ({TaskState.FAILED, TaskState.UNKNOWN}, TaskState.SUBMITTING)
    taken = [entry for entry in mine if entry.state not in {*doubtful, TaskState.REFUSED}]
    prices = [entry.price_micro for entry in taken]
    return Spent(
        len(taken), sum(price or 0 for price in prices), prices.count(None),
        sum(state in doubtful for state in states), states.count(sending),
    )  # fmt: skip


def is_open(entry: Entry) -> bool:
    """Tell whether a task may still bring pictures: it runs, or they are not all on disk."""
    return bool(entry.task_id) and (entry.state.is_running or _lacks(entry))


def _lacks(entry: Entry) -> bool:
    return entry.state is TaskState.SUCCESS and not entry.is_complete


class History:
    """The tasks of a ledger that have pictures or may have been charged; `shelf` is what to display.

    Args:
        session: Has the ledger.
        pick: Called with the id of the task that is chosen.
    """

    def __init__(self, session: Session, pick: Callable[[str], None]) -> None:
        self._session, self._pick = session, pick
        self._text, self._most = "", _PAGE
        self._fetching: set[str] = set()
        self.shelf = Shelf("History", self._chosen, search=self.search, more=self.more, fetch=self.fetch)

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

    def fetch(self, task_id: str) -> Job[None]:
        """Wait for a task that is not finished, and fetch its pictures; costs nothing."""
        return Job(self._fetch(task_id), label="fetching")

    async def _fetch(self, task_id: str) -> None:
        if task_id in self._fetching:
            return
        self._fetching.add(task_id)
        try:
            self.shelf.error = ""
            await self.refresh()
            await self._session.wait(task_id)
        except MjnbError as error:
            self.shelf.error = explain(error)
        finally:
            self._fetching.discard(task_id)
            self.refresh()

    def _chosen(self, item: Mapping[str, Any]) -> None:
        self._pick(str(item["id"]))

    def _read(self) -> list[dict[str, Any]]:
        entries = [entry for entry in self._session.store.all() if entry.state in _WORDS][::-1]
        prompts = {entry.task_id: entry for entry in entries}
        found = [entry for entry in entries if self._text in _words(entry, prompts).lower()]
        self.shelf.has_more = len(found) > self._most
        stars = self._session.stars()
        return [self._item(entry, prompts, stars) for entry in found[: self._most]]

    def _item(self, entry: Entry, known: Mapping[str, Entry], stars: Mapping[str, int]) -> dict[str, Any]:
        item = _item(entry, known, stars.get(entry.task_id, 0))
        if entry.task_id in self._fetching:
            return {**item, "fetch": False, "facts": f"↓ fetching… · {item['facts']}"}
        return item

    def close(self) -> None:
        """Let go of the shelf and of whoever is told."""
        self._pick = _nothing
        self.shelf.close()


def _nothing(_: str) -> None:
    """Tell nobody."""


def _item(entry: Entry, known: Mapping[str, Entry], stars: int) -> dict[str, Any]:
    price = "price unknown" if entry.price_micro is None else money(entry.price_micro)
    word = _WORDS[entry.state] if entry.state is not TaskState.SUCCESS or _lacks(entry) else ""
    facts = (word, step(request_of(entry)), price, _clock(entry))
    first = next((image for image in entry.images if image.path), None)
    prompt, said = _prompt(entry, known), _said(entry)
    return {
        "id": entry.task_id or entry.row, "title": (prompt or said)[:_SHORT] or entry.mode,
        "reason": _reason(entry), "stars": stars, "fetch": is_open(entry), "mark": _mark(entry),
        "said": said[:_SHORT] if prompt else "",
        "facts": " · ".join(filter(None, facts)), "path": first.path if first else None,
    }  # fmt: skip


def _said(entry: Entry) -> str:
    """Return an answer in words on one line."""
    return " · ".join(" ".join(text.split()) for text in entry.texts)


def _mark(entry: Entry) -> str:
    """Return what stands on the picture's place: a clip's arrow, a sign for words."""
    if any(image.path is not None and is_clip(image.path) for image in entry.images):
        return "▶"
    return "¶" if entry.texts else ""


def _reason(entry: Entry) -> str:
    """Say why a task cannot be shown, "" if it can."""
    if entry.state is TaskState.UNKNOWN:
        return _UNKNOWN
    return "" if entry.state is TaskState.SUCCESS else "It has no pictures yet."


def _clock(entry: Entry) -> str:
    """Write when a task was made; a simulated one's clock runs ahead of everybody's, and says nothing."""
    when = entry.created if entry.created is not None else entry.submitted
    if when is None or entry.simulated:
        return ""
    return datetime.fromtimestamp(when, UTC).astimezone().strftime("%d %b %H:%M")


def _words(entry: Entry, known: Mapping[str, Entry]) -> str:
    return f"{_prompt(entry, known)} {_said(entry)} {entry.mode} {entry.task_id}"


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
