"""The tasks that requests go on from: what the ledger knows of each, and what cannot be done with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest

if TYPE_CHECKING:
    from mjnb.gateways.base import Dialect, Status
    from mjnb.modes import Request
    from mjnb.store import Store
    from mjnb.store.entries import Entry

__all__ = ["ANSWER", "Parent", "elsewhere", "named"]

ANSWER = "answer-"
"""How the id begins that we give to an answer in words, which is no task at its gateway."""


def named(request: Request) -> str:
    """Return the id of the task that a request goes on from, "" if there is none; a raw one may spell it as APIXO does."""
    given = request.given()
    return str(given.get("task_id") or given.get("taskId") or "")


def elsewhere(task_id: str, dialect: Dialect, gateway: str, *, simulated: bool) -> InvalidRequest:
    """Build the error for a task of another gateway."""
    hint = f'mjnb.Session("{"simulator:" if simulated else ""}{gateway}") with the same store can.'
    return InvalidRequest(
        "task_id", task_id, f"a task of {dialect.title}; this one is of {gateway}", hint=hint
    )


@dataclass(frozen=True, slots=True)
class Parent:
    """One such task: its row in the ledger, and what its gateway said of it last; both None where that is not known."""

    task_id: str
    entry: Entry | None = None
    told: Any = None

    @classmethod
    def of(cls, request: Request, store: Store, gateway: str) -> Parent | None:
        """Look up the task that a request goes on from; None if it goes on from none."""
        task_id = named(request)
        return cls.known(task_id, store, gateway) if task_id else None

    @classmethod
    def known(cls, task_id: str, store: Store, gateway: str) -> Parent:
        """Look up a task by its id."""
        return cls(task_id, store.by_task(task_id, gateway), store.told_of(task_id, gateway))

    def check(self, request: Request, dialect: Dialect) -> None:
        """Refuse a request that this task does not offer, as far as it is known.

        Raises:
            InvalidRequest: Nothing was sent; the message names what it offers.
        """
        self.check_place(dialect)
        status = self.status(request, dialect)
        if status is not None:
            dialect.check_parent(request, status)

    def check_place(self, dialect: Dialect) -> None:
        """Refuse an answer in words, which has no picture, and a task that is of another gateway alone.

        Raises:
            InvalidRequest: Nothing was sent.
        """
        entry = self.entry
        if self.task_id.startswith(ANSWER) or (entry is not None and entry.texts and not entry.urls):
            kind = entry.mode if entry is not None else "text"
            raise InvalidRequest("task_id", self.task_id, f"a {kind} task has no picture to go on from")
        if entry is not None and entry.gateway != dialect.name:
            raise elsewhere(self.task_id, dialect, entry.gateway, simulated=entry.simulated)

    def status(self, request: Request, dialect: Dialect) -> Status | None:
        """Return what its gateway said of it last, and what we asked it for; None if it has not ended as far as we know."""
        status = dialect.parent_of(request, self.told)
        return None if status is None else self.completed(status)

    def completed(self, status: Status) -> Status:
        """Add what the gateway did not say, but we know from our own request: which version drew it."""
        version = self.entry.held.get("version") if self.entry is not None else None
        if not isinstance(version, str) or status.facts.get("version"):
            return status
        return replace(status, facts={**status.facts, "version": version})
