"""What every session has: a place to speak to, a ledger, prices, and a running client once it is needed."""

from __future__ import annotations

import asyncio
import sys
import threading
import warnings
import weakref
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mjnb.client import Client
from mjnb.embedded import serve
from mjnb.errors import AdviceWarning, SetupError, UnsupportedError
from mjnb.gateways import naming
from mjnb.gateways.base import Envelope
from mjnb.jobs import Job
from mjnb.keys import hidden
from mjnb.polling import Clock
from mjnb.preparing import lift_flags
from mjnb.runner import Runner
from mjnb.runner.handover import keep_files
from mjnb.session.options import (
    read_bounds,
    read_limits,
    read_prices,
    read_provider,
    read_stream,
    read_timeout,
)
from mjnb.settings import find_place
from mjnb.store import Store
from mjnb.store.parents import Parent

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from types import TracebackType

    from pydantic import SecretStr

    from mjnb.client import Transport
    from mjnb.embedded import Lease
    from mjnb.gateways.base import Dialect
    from mjnb.modes import Request

__all__ = ["BaseSession"]


class BaseSession:
    """A session's settings, its opening and its closing; `Session` explains the arguments."""

    def __init__(
        self,
        gateway: str = "auto",
        *,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        store: str | Path = "mjnb-data",
        prices: Mapping[str, float] | None = None,
        provider: str = "auto",
        concurrency: int | None = None,
        requests_per_minute: int | None = None,
        timeout: float | Mapping[str, float] | None = None,
        stream: bool = False,
        max_picture_mb: float = 50,
        max_megapixels: float = 100,
        time_scale: float | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        quiet: bool = False,
    ) -> None:
        api_key = hidden(api_key)  # before anything can go wrong whose traceback would show it
        if transport is not None and base_url is None and str(gateway).partition(":")[0] == "simulator":
            base_url = "http://127.0.0.1"
        self.place = find_place(gateway, api_key=api_key, base_url=base_url, time_scale=time_scale)
        routing, streams = read_provider(provider, self.dialect), read_stream(stream)
        root = Path(store)
        self.store = Store(root / "simulated" if self.place.simulated else root)
        self.clock = clock or Clock(self.place.time_scale)
        self._price = partial(_price_micro, self.dialect, read_prices(prices, self.dialect))
        self._timeout = read_timeout(timeout)
        self._bounds = read_bounds(max_picture_mb, max_megapixels)
        patience = self._timeout if isinstance(self._timeout, float) else None
        self._envelope = Envelope(routing, streams=streams, timeout_s=patience)
        self._limits = read_limits(self.dialect.limits, requests_per_minute, concurrency)
        self._transport = transport
        self._runner: Runner | None = None
        self._lease: Lease | None = None
        self._closed = False
        self._opening, self._leasing = asyncio.Lock(), threading.Lock()
        self._jobs: weakref.WeakSet[Job[Any]] = weakref.WeakSet()
        self._advised: set[str] = set()
        if not quiet:
            print(self.place.announcement())  # noqa: T201  (a person must see whether this costs money)

    def __repr__(self) -> str:
        """Show the gateway, never the key."""
        head = self.place.announcement().removeprefix("mjnb: ").partition(".")[0]
        return f"<Session: {head if self.simulated else self.dialect.title}>"

    @property
    def dialect(self) -> Dialect:
        """The gateway's dialect."""
        return self.place.dialect

    @property
    def gateway(self) -> str:
        """The gateway's name, as in the frame's column."""
        return self.place.dialect.name

    @property
    def simulated(self) -> bool:
        """Whether nothing here is real."""
        return self.place.simulated

    @property
    def envelope(self) -> Envelope:
        """What goes around every request: the routing."""
        return self._envelope

    @property
    def at_once(self) -> int:
        """How many tasks may run at once."""
        return self._limits.at_once

    @property
    def runner_now(self) -> Runner | None:
        """The running client and ledger, if they have been opened."""
        return self._runner

    # -- opening and closing -------------------------------------------------------------------------------------

    async def runner(self) -> Runner:
        """Return the running client and ledger, opened at their first use. On the I/O loop only."""
        async with self._opening:
            if self._runner is None:
                if self._closed:
                    raise SetupError(
                        "This session is closed; make a new one, nothing in its ledger is lost."
                    )
                base_url = self.place.base_url or await asyncio.to_thread(self._start_simulator)
                self._runner = Runner(
                    self._client(base_url), self.store,
                    envelope=self._envelope, price=self._price, timeout=self._timeout, holds=self._lease,
                    bounds=self._bounds,
                )  # fmt: skip
            return self._runner

    def _client(self, base_url: str) -> Client:
        return Client(
            self.dialect, base_url=base_url, api_key=self.place.key, clock=self.clock,
            transport=self._transport, limits=self._limits, max_picture=self._bounds.bytes,
        )  # fmt: skip

    def _start_simulator(self) -> str:
        with self._leasing:  # a start that was stopped half way is found by the next one
            if self._lease is None:
                self._lease = serve(self.store.root / "gateway.sqlite", self.place.time_scale)
            return self._lease.url + self.place.path

    def close(self) -> Job[None]:
        """Stop what is under way, then close connections, the embedded simulator and the ledger.

        A submission under way is finished and written down. Tasks at the gateway go on there and stay in the ledger.
        """
        return Job(self._close(), label="closing")

    async def _close(self) -> None:
        async with self._opening:
            self._closed = True
            runner, self._runner = self._runner, None
        jobs = list(self._jobs)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        if runner is not None:
            await runner.aclose()
        await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        self.store.close()
        with self._leasing:
            lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    def _job(self, work: Coroutine[Any, Any, Any], label: str) -> Job[Any]:
        job = Job(work, label=label)
        self.keep(job)
        return job

    def keep(self, job: Job[Any]) -> None:
        """Have a job of this session stopped when the session is closed."""
        self._jobs.add(job)

    # -- requests and prices -------------------------------------------------------------------------------------

    def prepare(self, request: Request, *, advise: bool = True) -> Request:
        """Lift flags out of the prompt and check the request against the gateway; nothing is sent.

        Raises:
            InvalidRequest: The gateway would refuse it, or cut its prompt.
        """
        request, notes = lift_flags(request, self.dialect)
        try:
            self.dialect.check(request)
        except UnsupportedError as error:
            raise naming(error, request.mode) from None
        self._check_parent(request)
        keep_files(self.store.root, request)
        if advise:
            self._advise([*notes, *self.dialect.advise(request)])
        return request

    def _check_parent(self, request: Request) -> None:
        """Refuse a follow-up that its parent does not offer, as far as the ledger knows the parent."""
        parent = Parent.of(request, self.store, self.gateway)
        if parent is not None:
            parent.check(request, self.dialect)

    def _advise(self, advice: list[str]) -> None:
        for text in advice:
            if text not in self._advised:
                self._advised.add(text)
                warnings.warn(text, AdviceWarning, stacklevel=_outside())

    def usual_s(self, request: Request) -> float:
        """Return how long such a task takes in gateway seconds: as the latest ones took, else as documented."""
        speed = str(self.dialect.held(request).get("speed") or "")
        learned = self.store.usual_s(self.gateway, request.mode, speed)
        return learned if learned is not None else sum(self.dialect.rhythm(request).typical) / 2

    def price_micro(self, request: Request) -> int | None:
        """Return what a request costs in millionths of a US dollar, None if nobody tells."""
        return self._price(request)


def _price_micro(dialect: Dialect, prices: Mapping[str, float], request: Request) -> int | None:
    """Price a request by the user's own prices, else by the documented ones. Knows no session, which may be gone."""
    return dialect.price(request, prices)


def _outside() -> int:
    """Return how many frames up the user's own code is, so that a warning names their line and not ours."""
    level, frame = 2, sys._getframe(2)  # noqa: SLF001  (warnings has no other way before Python 3.12)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "mjnb":
        level, frame = level + 1, frame.f_back
    return level
