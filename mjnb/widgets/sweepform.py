"""A form for sweeps: choose axes and values, see cells, price and time as one types, run, stop, go on, copy as code.

Everything that takes time runs on the I/O thread or beside it; whatever presses a button, on whichever thread, only
starts a job.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import threading
import weakref
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest, MjnbError
from mjnb.jobs import Job
from mjnb.modes import RawRequest, TextToImage, rule
from mjnb.runs import sweep_frame
from mjnb.views.fallback import Stills
from mjnb.widgets import axes
from mjnb.widgets.controls import control
from mjnb.widgets.following import counts, follow, nowhere, said
from mjnb.widgets.kit import shut
from mjnb.widgets.outlook import Outlook, begin, look
from mjnb.widgets.sweeppanel import IDLE, OPTIONS, SweepPanel, missing, prefilled, read_form, understood

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from mjnb.modes import Request
    from mjnb.runs import Run
    from mjnb.runs.plan import Sweeping
    from mjnb.session import Session
    from mjnb.sweep import Sweep
    from mjnb.widgets.controls import Control
    from mjnb.widgets.sweepcode import Order

__all__ = ["SweepForm"]

_PAUSE_S = 0.15  # after the last key, before a plan is made
_WIDE = {"max_width": "1120px", "padding": "0 4px"}  # as the panel below


class SweepForm(Stills, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A form for a sweep; displaying it shows it.

    Args:
        session: Where to.
        request: A request to sweep around: its values are filled in, and values around its numbers are offered.
        mode: The mode; None takes the request's, else text-to-image.
        board: Show each run's board below; False where its tiles are shown elsewhere.

    Raises:
        InvalidRequest: The gateway has no such mode.

    `run` is the run under way, None when there is none. Whatever is entered shows what it would cost; nothing is sent
    before *Run* is pressed or `start()` is called.

    >>> from mjnb import Session
    >>> mj = Session("simulator", store="mjnb-doc", quiet=True)
    >>> form = SweepForm(mj)
    >>> form.fill(prompt="a fox at {time: dawn, dusk}", chaos=[0, 50])
    >>> form.sweep.shape
    {'time': 2, 'chaos': 2}
    >>> print(form.code)
    sweep = mjnb.Sweep("a fox at {time: dawn, dusk}", chaos=[0, 50])
    run = sweep.start(mj)
    >>> form.close()
    >>> mj.close().result()
    """

    def __init__(
        self,
        session: Session,
        request: Request | None = None,
        *,
        mode: str | None = None,
        board: bool = True,
    ) -> None:
        self._lock = threading.RLock()
        self.session = session
        self._count, self._busy, self._is_stale = 0, False, False
        self._has_board = board
        self._thinking: Job[None] | None = None
        self._run: Run | None = None
        self._sweep_id = ""
        self._last: Sweeping | None = None
        self._calls: list[Callable[[Run], None]] = []
        self.model = _model(session, request, mode)
        given = {} if request is None else request.given()
        asked = {name: axes.ask(self.model, name, session, given.get(name)) for name in self._fields()}
        self._several = {name: spec for name, spec in asked.items() if spec is not None}
        self._single: dict[str, Control] = {
            name: control(self.model, name, session) for name in asked if name not in self._several
        }
        self.panel = SweepPanel(spec=self._spec())
        head = ipywidgets.HTML(_head(session, self.model))
        one_each = ipywidgets.VBox([one.widget for one in self._single.values()], layout=_WIDE)
        self._below = ipywidgets.VBox([])
        super().__init__([head, one_each, self.panel, self._below])
        self.add_class("mjnb-sweep")  # the page finds the whole form by it
        self._listen()
        self.fill(**prefilled(given))

    def _fields(self) -> list[str]:
        """Name the fields that the gateway takes, but for the prompt."""
        taken = self.session.dialect.takes[self.model.mode]
        return [name for name in self.model.model_fields if name != "prompt" and name in taken]

    def _spec(self) -> dict[str, Any]:
        has_prompt = "prompt" in self.session.dialect.takes[self.model.mode]
        return {
            "mode": self.model.mode,
            "prompt": rule(self.model, "prompt").help if has_prompt else "",
            "fields": list(self._several.values()),
            "paid": not self.session.simulated,
        }

    def _listen(self) -> None:
        """Hear what is entered and pressed, without the page's callbacks keeping the form alive."""
        me = weakref.ref(self)

        def changed(_: Any) -> None:
            if (form := me()) is not None:
                form._changed()  # noqa: SLF001  (it is this very class)

        def pressed(_: Any, content: Any, __: Any) -> None:
            if (form := me()) is not None and isinstance(content, dict):
                form._press(str(content.get("press")), str(content.get("text") or ""))  # noqa: SLF001  (the same)

        def left(_: Any) -> None:
            if (form := me()) is not None:
                form._leave()  # noqa: SLF001  (the same)

        self.panel.observe(changed, "entered")
        self.panel.observe(left, "watched")
        self.panel.on_msg(pressed)
        for one in self._single.values():
            one.observe(changed)

    # -- what is entered -----------------------------------------------------------------------------------------

    def fill(self, *, prompt: str | None = None, **values: Any) -> None:
        """Enter values as one would by hand: of the fields, one or a list of several; None clears one.

        Args:
            prompt: The prompt with its groups; None leaves it.
            values: By field name; also `repeats`, `take`, `on_invalid`, `budget`, `on_budget`, `retry` of a sweep.

        Raises:
            InvalidRequest: There is no such field.
        """
        entered = {**self.panel.entered, "fields": dict(self.panel.entered["fields"])}
        if prompt is not None:
            entered["prompt"] = prompt
        for name, value in values.items():
            if name in OPTIONS:
                place, write = OPTIONS[name]
                entered[place] = write(value)
            elif name in self._several:
                entered["fields"][name] = axes.enter(rule(self.model, name), value)
            elif name in self._single:
                self._single[name].value = value
            else:
                raise InvalidRequest.unknown_name(name, self.model.mode, self._fields())
        self.panel.entered = entered
        self._changed()

    @property
    def order(self) -> Order:
        """Everything as it is chosen now.

        Raises:
            InvalidRequest: What was entered for a field is not valid.
        """
        order, errors = self._read()
        if errors:
            raise next(iter(errors.values()))
        return order

    @property
    def sweep(self) -> Sweep:
        """The sweep as it is described now.

        Raises:
            InvalidRequest: It is not valid.
        """
        return self.order.sweep()

    @property
    def code(self) -> str:
        """The same in Python: two lines that make the sweep and start it."""
        return self._limited(self.order).code()

    @property
    def summary(self) -> str:
        """What the latest plan says: cells, what is paid, what is to send, price and time."""
        return " · ".join(filter(None, [self.panel.outlook["count"], *self.panel.outlook["facts"]]))

    def _limited(self, order: Order) -> Order:
        """Write down the budget that the page shows where nobody entered one."""
        needed = self.panel.outlook["budget"]
        if not order.auto or self.session.simulated or not needed:
            return order
        return replace(order, budget=float(needed))

    def _read(self) -> tuple[Order, dict[str, InvalidRequest]]:
        return read_form(self.model, self.panel.entered, self._several, self._single)

    # -- what would come of it -----------------------------------------------------------------------------------

    def _changed(self) -> None:
        """Read what was entered, and have it planned in a while; a plan for older input is dropped."""
        with self._lock:
            self._count += 1
            number, earlier = self._count, self._thinking
            if earlier is not None:
                earlier.cancel()
            self._thinking = nowhere(lambda: Job(self._think(number), label="planning"))

    async def _think(self, number: int) -> None:
        """Say how the input is understood, then what would come of it."""
        order, errors = self._read()
        said = {name: str(error) for name, error in errors.items()}
        self._understand(number, order, said)
        await asyncio.sleep(_PAUSE_S)
        ready = not errors and not missing(self.model, order)
        seen = await asyncio.to_thread(self._look, order) if ready else Outlook()
        is_fine = not seen.problem
        if seen.problem and (seen.at in self._fields() or seen.at in {"prompt", *OPTIONS}):
            self._understand(number, order, {seen.at: seen.problem})
            seen = replace(seen, problem="")
        self._say(number, "outlook", asdict(seen))
        if order.auto and not self.session.simulated and is_fine and seen.budget:
            self._understand(number, replace(order, budget=float(seen.budget)), {})

    def _understand(self, number: int, order: Order, said: dict[str, str]) -> None:
        for name, one in self._single.items():
            one.complain("", said.get(name, ""))
        self._say(number, "reading", understood(order, said, missing(self.model, order)))

    def _look(self, order: Order) -> Outlook:
        try:
            return look(order, self.session, begun=self._sweep_id)
        except MjnbError as error:  # the ledger cannot be read, say
            return Outlook(problem=said(error))

    def _say(self, number: int, name: str, value: dict[str, Any]) -> None:
        with self._lock:
            if number == self._count and self.comm is not None:
                setattr(self.panel, name, value)

    # -- doing ---------------------------------------------------------------------------------------------------

    @property
    def run(self) -> Run | None:
        """The run under way; None before and after."""
        return self._run

    @property
    def frame(self) -> pd.DataFrame:
        """What the ledger has of the sweep that was started last, else of the one that is described now."""
        return sweep_frame(self._last or self.sweep, self.session)

    def on_run(self, call: Callable[[Run], None]) -> None:
        """Have `call(run)` called whenever a run starts, on another thread than a cell's."""
        self._calls.append(call)

    def start(self, *, failed_only: bool = False) -> Job[Run | None]:
        """Start what is described, as the buttons do; sends nothing while a run is under way.

        Args:
            failed_only: Ask anew for failed cells and nothing else.

        Returns:
            A job for the run: it is soon there, and goes on by itself. None if one was under way.
        """
        return self._start_once(failed_only, None)

    def _start_once(self, failed_only: bool, agreed: tuple[str, str] | None) -> Job[Run | None]:
        with self._lock:
            free = not self._busy
            self._busy = True
        work = self._start(failed_only, agreed) if free else _no_run()
        job: Job[Run | None] = nowhere(lambda: Job(work, label="starting"))
        return job

    def stop(self) -> None:
        """Send nothing more; what is done is kept."""
        if (run := self._run) is not None:
            self._tell(stopping=True)
            run.stop()

    def _press(self, name: str, text: str) -> None:
        """Do what a button says; `text` is what stood on it."""
        if name == "stop":
            self.stop()
        elif name in {"run", "resume", "retry"}:
            self._start_once(name == "retry", (name, text))

    async def _agree(self, name: str, text: str) -> None:
        """Refuse a press on a button that has come to say something else: nothing is sent at a price nobody saw."""
        while (job := self._thinking) is not None and not job.done():
            with contextlib.suppress(asyncio.CancelledError):
                await job
        now = self.panel.outlook[name]["text"]
        if text and now != text:
            raise MjnbError(f"The plan has changed while you pressed; it is now: {now}. Nothing was sent.")

    async def _start(self, failed_only: bool, agreed: tuple[str, str] | None) -> Run | None:
        self._tell(**{**IDLE, "busy": True, "text": "starting…"})
        try:
            if agreed is not None:
                await self._agree(*agreed)
            run = await asyncio.to_thread(begin, self.order, self.session, failed_only=failed_only)
        except BaseException as error:
            self._busy = False
            self._tell(**{**IDLE, "alert": said(error)})
            raise
        self._run, self._last, self._sweep_id = run, run.sweep, run.plan.sweep_id
        Job(self._follow(run), label="following")
        try:
            await asyncio.to_thread(self._show, run)
        except Exception as error:  # noqa: BLE001  (the run goes on, and its price is spent)
            self._tell(alert=f"The run goes on, but cannot be shown here. {said(error)}")
        return run

    def _show(self, run: Run) -> None:
        """Tell whoever wants to know, and put the run's board below."""
        for call in self._calls:
            call(run)
        if not self._has_board or self.comm is None:
            return
        from mjnb.widgets.formboard import FormBoard

        earlier = self._below.children
        self._below.children = [FormBoard(run, self._renew)]
        for board in earlier:
            _shut_board(board)

    async def _follow(self, run: Run) -> None:
        """Say how far a run is, and let go of it when it has ended."""
        alert = await follow(run, lambda now: self._tell(running=True, **now))
        last = counts(run)
        self._busy, self._run = False, None
        self._tell(**{**IDLE, **last, "alert": alert or self.panel.progress["alert"]})
        self._changed()
        await asyncio.to_thread(self._renew)

    def _renew(self) -> None:
        """Renew the still picture, which makes the page draw everything anew: not while somebody is at the form."""
        with self._lock:
            self._is_stale = self.panel.watched
        if not self._is_stale and self.comm is not None:
            self.refresh_still()

    def _leave(self) -> None:
        """Renew it in a thread when nobody is at the form any more, if it has become old."""
        with self._lock:
            is_time = self._is_stale and not self.panel.watched
        if is_time:
            nowhere(lambda: Job(asyncio.to_thread(self._renew), label="a still picture"))

    def _tell(self, **changes: Any) -> None:
        with self._lock:
            if self.comm is not None:
                self.panel.progress = {**self.panel.progress, **changes}

    # -- the rest ------------------------------------------------------------------------------------------------

    def still(self) -> dict[str, Any]:
        """Return what the form says now, and the code; after a run its board, with the same as plain text."""
        order, errors = self._read()
        code = "" if errors or missing(self.model, order) else self._limited(order).code()
        said = self.panel.progress["text"] or self.summary or "no sweep yet"
        text = f"{said}\n{code}".strip()
        for board in self._below.children:
            if "image/jpeg" in (sheet := board.still()):
                return {"text/plain": text, "image/jpeg": sheet["image/jpeg"]}
        body = f"{_head(self.session, self.model)}<div><b>{html.escape(said)}</b></div>"
        body += f'<pre style="margin:4px 0;white-space:pre-wrap">{html.escape(code)}</pre>' if code else ""
        return {
            "text/plain": text,
            "text/html": f'<div style="font:13px/20px system-ui,sans-serif">{body}</div>',
        }

    def close(self) -> None:
        """Close the form and everything in it; a run goes on by itself."""
        with self._lock:
            self._count += 1
            if self._thinking is not None:
                self._thinking.cancel()
        if "_below" not in self.__dict__:  # refused before there was anything
            return
        for board in self._below.children:
            _shut_board(board)
        for one in self._single.values():
            one.close()
        for child in self.children:
            shut(child)
        self.layout.close()
        super().close()


def _shut_board(board: Any) -> None:
    """Close a board by itself, then what is left of it; its run goes on."""
    board.close()
    shut(board)


async def _no_run() -> None:
    """Start nothing."""


def _model(session: Session, request: Request | None, mode: str | None) -> type[Request]:
    """Find the mode's class among those of the gateway."""
    name = mode or (request.mode if request is not None else TextToImage.mode)
    modes = session.dialect.modes
    if name not in modes or isinstance(request, RawRequest):
        raise InvalidRequest("mode", name, f"one of {', '.join(modes)}")
    if request is not None and request.mode != name:
        raise InvalidRequest("mode", name, f"the request's own mode, {request.mode}")
    return modes[name]


def _head(session: Session, model: type[Request]) -> str:
    """Say what the form is for and whether it costs money, as HTML."""
    text = f"Sweep of {model.mode} · {session.place.announcement().removeprefix('mjnb: ')}"
    muted = "color:var(--jp-ui-font-color2,#5a5a54);font:11px/16px system-ui,sans-serif"
    return f'<div style="{muted};padding:4px">{html.escape(text)}</div>'
