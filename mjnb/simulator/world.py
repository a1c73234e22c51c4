"""The world behind a gateway's wire: tasks, time, money and limits, the same for every gateway."""

from __future__ import annotations

import hashlib
import math
import random
import secrets
import uuid
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mjnb.simulator.faults import Faults
from mjnb.simulator.limits import Limits, OutOfCreditError, OverLimitError, RequestWindow
from mjnb.simulator.store import Delivery, Store, Upload
from mjnb.simulator.tasks import Failure, Phase, Task
from mjnb.simulator.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mjnb.simulator.clock import Clock
    from mjnb.simulator.tasks import Drawing, IdForm, Order

__all__ = ["DOORS", "World"]

DOORS = ("submit", "status", "file", "balance", "text", "upload")
"""The kinds of requests that are counted."""

_LEASE = 10.0  # real seconds
_AT_ONCE: tuple[float, float] = (0, 0)
_TIMEOUT = Failure("TIMEOUT", "Task timeout")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


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
        self._requests = Counter(dict.fromkeys(DOORS, 0))
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
        """Count one request of one of the kinds `DOORS`."""
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
        """Turn an order into a running, a waiting or a finished task and charge for it.

        Raises:
            OutOfCreditError: the key cannot pay for it.
            OverLimitError: too many of the key's tasks are running.
        """
        now = self._milliseconds()
        balance = self.balance(account)
        if balance is not None and balance < order.price:
            raise OutOfCreditError
        if order.waits or order.seconds != _AT_ONCE:
            self._admit_task(account, now)
        task = _begin(order, self._new_id(order.id_form, order.id_prefix, now), account, now)
        self.store.add(task, _first_delivery(task))
        self._peak = max(self._peak, self.store.running(now)[0])
        return task

    def go_on(
        self,
        task: Task,
        *,
        drawing: Drawing,
        seconds: tuple[float, float],
        failure: Failure | None = None,
        asked: str = "",
    ) -> Task:
        """Begin a task that waits, now that its second half has come; it was charged when it was accepted.

        Args:
            task: the task.
            drawing: what it is to draw after all.
            seconds: the shortest and the longest life of such a task from now on.
            failure: known from the start, shown at the end.
            asked: the second request's JSON; "" keeps the first one's.

        Raises:
            ValueError: the task does not wait (any more).
        """
        now = self._milliseconds()
        if task.phase(now) is not Phase.WAITING:
            raise ValueError(f"task {task.id} does not wait")
        begun = _timed(
            replace(
                task, begun=now, waits=False, drawing=drawing, failure=failure, asked=asked or task.asked
            ),
            seconds,
        )
        self.store.change(begun, _first_delivery(begun))
        return begun

    def _milliseconds(self) -> float:
        """Return the time in the wire's whole milliseconds, never later than it is."""
        return math.floor(self.now() * 1000) / 1000

    def _admit_task(self, account: str, now: float) -> None:
        running, first_end = self.store.running(now, account)
        if running >= self._limits.tasks_at_once:
            self._rate_limited += 1
            raise OverLimitError("Concurrent task limit exceeded", first_end - now)

    def _new_id(self, form: IdForm, prefix: str, now: float) -> str:
        token = self._token()
        if form == "hex":
            return prefix + token[:16]
        if form == "uuid":
            return str(uuid.UUID(token[:32], version=4))
        number = (int(now * 1000) << 80) + int(token[:20], 16)
        return prefix + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))

    def _token(self) -> str:
        """Return 64 hexadecimal digits that were never returned before."""
        if self._seed is None:
            return secrets.token_hex(32)
        return hashlib.sha256(f"{self._seed}:{self.store.count()}".encode()).hexdigest()

    def find(self, account: str, task_id: str, *, gateway: str | None = None) -> Task | None:
        """Return a task of a key (given to one gateway, or to any); someone else's is unknown."""
        task = self.store.task(task_id)
        ours = task is not None and task.account == account and gateway in {None, task.gateway}
        return task if ours else None

    def exists(self, task_id: str) -> bool:
        """Tell whether there is such a task, whoever owns it."""
        return self.store.task(task_id) is not None

    def owner_of(self, task_id: str) -> str | None:
        """Return the account that a task belongs to, None if there is no such task."""
        task = self.store.task(task_id)
        return task.account if task is not None else None

    def tasks(
        self,
        account: str,
        gateway: str,
        *,
        offset: int = 0,
        limit: int | None = 12,
        ids: Sequence[str] | None = None,
    ) -> list[Task]:
        """Return tasks that a key has given a gateway: the newest first, or those of some ids in their order.

        Args:
            account: the key's.
            gateway: which one's.
            offset: how many to leave out at the beginning.
            limit: how many at most; None for all.
            ids: only these; unknown ones are left out.
        """
        if ids is None:
            return self.store.tasks(account, gateway, offset=offset, limit=limit)
        return self.store.chosen(account, gateway, ids)[offset:][:limit]

    def with_fact(self, account: str, gateway: str, word: str) -> Task | None:
        """Return the newest task of a key whose `facts` hold this JSON string, such as the id of a picture."""
        return self.store.with_fact(account, gateway, word)

    def keep_upload(self, account: str, data: bytes, suffix: str, life: float) -> str:
        """Keep a picture that was sent and return its name: it is at `/files/uploads/{name}`.

        Args:
            account: the sender's.
            data: the file's bytes.
            suffix: what its name ends in, such as ".png".
            life: gateway seconds for which it can be fetched.
        """
        name = secrets.token_hex(16) + suffix
        self.store.add_upload(name, account, Upload(data, self.now() + life))
        return name

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
    task = Task(
        id=task_id,
        gateway=order.gateway,
        account=account,
        created=now,
        begun=now,
        ends=now + order.patience,
        pending=0.0,
        tail=0.0,
        pictures=order.pictures,
        price=order.price,
        failure=_TIMEOUT if order.waits else order.failure,
        drawing=order.drawing,
        callback_url=order.callback_url,
        base_url=order.base_url,
        kind=order.kind,
        texts=order.texts,
        asked=order.asked,
        facts=order.facts,
        waits=order.waits,
        file_life=order.file_life,
    )
    return task if order.waits else _timed(task, order.seconds)


def _timed(task: Task, seconds: tuple[float, float]) -> Task:
    """Return the task with the times it will take from its beginning."""
    if seconds == _AT_ONCE:
        return replace(task, ends=task.begun, pending=0.0, tail=0.0)
    # Drawn from the id: the same task always takes as long, and nothing needs to be remembered.
    dice = random.Random(task.id)  # noqa: S311 - weather, not secrets
    life = round(dice.uniform(*seconds), 3)
    pending = dice.uniform(1.5, 2.5)
    tail = 2.0 if dice.random() < 0.25 else 0.0  # noqa: PLR2004 - one task in four
    return replace(task, ends=round(task.begun + life, 3), pending=pending, tail=tail)


def _first_delivery(task: Task) -> Delivery:
    if not task.callback_url:
        return Delivery("", 0, task.ends)
    # A simulator must not call out: whoever is not on this machine is never called.
    return Delivery("pending" if is_loopback(task.callback_url) else "undeliverable", 0, task.ends)
