"""The world behind a gateway's wire: tasks, time, money and limits, the same for every gateway."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any

from mjnb.simulator.faults import Faults
from mjnb.simulator.limits import Limits, OutOfCreditError, OverLimitError, RequestWindow
from mjnb.simulator.store import Delivery, Store
from mjnb.simulator.tasks import Task
from mjnb.simulator.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mjnb.simulator.clock import Clock
    from mjnb.simulator.tasks import Order

__all__ = ["FILE_LIFE", "World"]

FILE_LIFE = 15 * 24 * 3600.0
"""Seconds of gateway time after its task for which a picture can be fetched."""

_LEASE = 10.0  # real seconds


class World:
    """Everything that happened and what is allowed to happen next.

    Used from one event loop; `stats` and `faults` from any thread.

    Args:
        clock: the gateway's time.
        store: where tasks are kept.
        limits: what each key may do.
        credit: what each key starts with, in micro-dollars; None is without end.
        seed: makes task ids, and with them durations and pictures, the same in every run; None draws new ones.
    """

    def __init__(
        self,
        clock: Clock,
        store: Store,
        *,
        limits: Limits,
        credit: int | None = None,
        seed: int | None = None,
    ) -> None:
        self.clock = clock
        self.store = store
        self.faults = Faults()
        self._limits = limits
        self._credit = credit
        self._seed = seed
        self._window = RequestWindow(limits.requests_per_minute)
        self._requests = Counter({"submit": 0, "status": 0, "file": 0, "balance": 0})
        self._ignored: Counter[str] = Counter()
        self._rate_limited = 0
        self._peak = 0
        saved = store.clock()
        if saved is not None:
            clock.catch_up(saved)
        self._lease = 0.0

    def now(self) -> float:
        """Return the gateway's time in seconds since 1970.

        No reading is handed out beyond the moment on disk, and a restarted simulator begins there: so its clock never
        runs backward, even after a crash.
        """
        now = self.clock.now()
        if now > self._lease:
            self._lease = now + _LEASE * self.clock.speed
            self.store.save_clock(self._lease)
        return now

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def count_request(self, kind: str) -> None:
        """Count one request of a kind ("submit", "status", "file", "balance")."""
        self._requests[kind] += 1

    def count_ignored(self, fields: Iterable[str]) -> None:
        """Count fields that a request held and the gateway does not know."""
        self._ignored.update(fields)

    def admit(self, account: str) -> None:
        """Let one request of a key in.

        Raises:
            OverLimitError: the key has had its requests for this minute.
        """
        try:
            self._window.admit(account, self.now())
        except OverLimitError:
            self._rate_limited += 1
            raise

    def accept(self, account: str, order: Order) -> Task:
        """Turn an order into a running task and charge for it.

        Raises:
            OutOfCreditError: the key cannot pay for it.
            OverLimitError: too many of the key's tasks are running.
        """
        now = round(self.now(), 3)  # the wire speaks of milliseconds
        balance = self.balance(account)
        if balance is not None and balance < order.price:
            raise OutOfCreditError
        running, first_end = self.store.running(now, account)
        if running >= self._limits.tasks_at_once:
            self._rate_limited += 1
            raise OverLimitError("Concurrent task limit exceeded", first_end - now)
        task = _begin(order, order.id_prefix + self._token(), account, now)
        self.store.add(task, _first_delivery(task))
        self._peak = max(self._peak, self.store.running(now)[0])
        return task

    def _token(self) -> str:
        if self._seed is None:
            return secrets.token_hex(8)
        return hashlib.sha256(f"{self._seed}:{self.store.count()}".encode()).hexdigest()[:16]

    def find(self, account: str, task_id: str) -> Task | None:
        """Return a task of a key; someone else's is unknown."""
        task = self.store.task(task_id)
        return task if task is not None and task.account == account else None

    def balance(self, account: str) -> int | None:
        """Return what a key has left in micro-dollars, None if it is without end."""
        if self._credit is None:
            return None
        return self._credit - self.store.money(self.now(), account).spent

    def stats(self) -> dict[str, Any]:
        """Return counts since the start, and of money and tasks since the store was made."""
        now = self.now()
        money = self.store.money(now)
        return {
            "simulator": "mjnb",
            "speed": self.clock.speed,
            "now": now,
            "tasks": money.charged,
            "in_flight": self.store.running(now)[0],
            "peak_in_flight": self._peak,
            "charged": money.charged,
            "refunded": money.refunded,
            "spent_usd": money.spent / 1_000_000,
            "requests": dict(self._requests),
            "rate_limited": self._rate_limited,
            "ignored_fields": dict(self._ignored),
            "callbacks": self.store.deliveries(),
            "faults": self.faults.waiting(),
        }


def _begin(order: Order, task_id: str, account: str, now: float) -> Task:
    # Drawn from the id: the same task always takes as long, and nothing needs to be remembered.
    dice = random.Random(task_id)  # noqa: S311 - weather, not secrets
    life = round(dice.uniform(*order.seconds), 3)
    pending = dice.uniform(1.5, 2.5)
    tail = 2.0 if dice.random() < 0.25 else 0.0  # noqa: PLR2004 - one task in four
    return Task(
        id=task_id,
        gateway=order.gateway,
        account=account,
        created=now,
        ends=round(now + life, 3),
        pending=pending,
        tail=tail,
        pictures=order.pictures,
        price=order.price,
        failure=order.failure,
        drawing=order.drawing,
        callback_url=order.callback_url,
        base_url=order.base_url,
    )


def _first_delivery(task: Task) -> Delivery:
    if not task.callback_url:
        return Delivery("", 0, task.ends)
    # A simulator must not call out: whoever is not on this machine is never called.
    return Delivery("pending" if is_loopback(task.callback_url) else "undeliverable", 0, task.ends)
