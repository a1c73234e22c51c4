"""The whole gateway on one page, for people who would rather press than type: a form for every mode, and what was made."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import html
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest, MjnbError
from mjnb.jobs import Job
from mjnb.session import Session
from mjnb.views.fallback import Stills
from mjnb.widgets.field import Field
from mjnb.widgets.forms import RequestForm
from mjnb.widgets.history import History, is_open, spent
from mjnb.widgets.kit import line, sheet, shown, shut
from mjnb.widgets.words import brings

if TYPE_CHECKING:
    from mjnb.modes import Request
    from mjnb.widgets.followups import Action

__all__ = ["Studio"]

_SOON_S = 0.5  # until the ledger is read again while something is being sent
_BEAT_S = 2.0  # the same while unfinished tasks are taken up

_HOW = (
    "Say what the picture shall show, and leave everything else as it is: each field says what it does, and what holds if you leave it alone.",
    "Press Generate. The button says what it costs and how long it takes; you may go on reading meanwhile.",
    "Press a picture to see it in large. Below it: a larger one (upscale), others like it (vary), a part of it anew (inpaint).",
    "Everything is kept: the history shows it again, also tomorrow.",
)


class Studio(Stills, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A tab for every mode of a gateway, with the history of its ledger beside them.

    Tasks that were left unfinished are taken up when it opens, which costs nothing.

    Args:
        session: Whose gateway it is; None opens one as `mjnb.Session()` would, and says in its head which.

    Attributes:
        forms: The forms that have been opened, by mode.
        history: The tasks of the ledger.

    >>> studio = Studio(Session("simulator", quiet=True))
    >>> studio.turn_to("vary").model.mode
    'vary'
    >>> studio.close(); studio.session.close().result()
    """

    def __init__(self, session: Session | None = None) -> None:
        self.session = Session(quiet=True) if session is None else session
        self.forms: dict[str, RequestForm] = {}
        self.history = History(self.session, self._show)
        self._finished, self._turns, self._is_stale, self._closed = 0, 0, False, False
        self._where = line()
        self.tabs = Field(spec=_tabs(self.session), value=next(iter(self.session.dialect.modes)))
        self.tabs.add_class("mjnb-tabs")
        self.panel = ipywidgets.VBox([])
        desk = ipywidgets.HBox([self.panel, self.history.shelf])
        desk.add_class("mjnb-desk")
        super().__init__([sheet(), self._head_box(), self._tabs_box(), desk])
        for name in ("mjnb-form-part", "mjnb-studio"):
            self.add_class(name)
        self._where.value = _head(self.session, "")
        self.tabs.observe(lambda _: self._turn(), "value")
        self._turn()
        Job(self._take_up(), label="taking up")

    def _head_box(self) -> Any:
        how = line()  # beside what changes, so that it stays open
        how.value = f"<details><summary>How this page works</summary><ul>{_steps()}</ul></details>"
        box = ipywidgets.VBox([self._where, how])
        box.add_class("mjnb-where")
        return box

    def _tabs_box(self) -> Any:
        box = ipywidgets.VBox([self.tabs])
        box.add_class("mjnb-tabs")
        return box

    def __repr__(self) -> str:
        """Show the gateway and the open mode."""
        return f"<Studio {self.session.dialect.title}: {self.mode}>"

    @property
    def mode(self) -> str:
        """The mode whose tab is open."""
        return str(self.tabs.value)

    @property
    def form(self) -> RequestForm:
        """The form that is seen."""
        return self.forms[self.mode]

    def turn_to(self, mode: str, **values: Any) -> RequestForm:
        """Open a mode's tab, and fill in what is given; what is there besides stays, pictures join those that are there.

        Raises:
            InvalidRequest: The gateway has no such mode, or the mode no such field.
        """
        modes = self.session.dialect.modes
        if mode not in modes:
            raise InvalidRequest("mode", mode, f"{self.session.dialect.title} has {', '.join(modes)}")
        self.tabs.value = mode
        if values:
            self.form.take(**values)
        return self.form

    def _turn(self) -> None:
        """Show the open tab's form, built at its first opening."""
        if self.mode not in self.session.dialect.modes:  # a page may send anything
            return
        if self.mode not in self.forms:
            made = RequestForm(self.mode, self.session)
            made.opens, made.outcome.moved = self._go_on, self._moved
            made.preview.observe(lambda _: self._renew(), "watched")
            self.forms[self.mode] = made
        self.panel.children = [self.form]

    def _go_on(self, action: Action, index: int) -> None:
        """Take a picture into the form of another mode."""
        mode = self._mode_of(action.model)
        if mode is None:
            return
        values = action.values_for(index)
        if action.whole:
            self.turn_to(mode).values = values
        else:
            self.turn_to(mode, **values)
        self.form.focus()

    def _mode_of(self, model: type[Request]) -> str | None:
        return next((name for name, one in self.session.dialect.modes.items() if one is model), None)

    def _show(self, task_id: str) -> None:
        """Show a task of the history under its own mode, else under the open one."""
        task = self.session.task(task_id)
        mode = self._mode_of(type(task.request)) if task.request is not None else None
        if mode is not None:
            self.turn_to(mode)
        self.form.outcome.show(task)

    def _moved(self) -> None:
        """Read the ledger anew at every turn of a task; when one has finished, the still picture is old as well."""
        now = sum(len(form.tasks) for form in self.forms.values())
        if now != self._finished:
            self._finished, self._is_stale = now, True
        self.refresh()

    def _renew(self) -> None:
        """Put a new still picture into the notebook, but not under somebody's hands; see the form's."""
        if self._is_stale and not self.form.preview.watched:
            self._is_stale = False
            contextvars.Context().run(self.refresh_still)

    def refresh(self) -> Job[None]:
        """Read the ledger anew: the history, and what this session has spent."""
        return Job(self._refresh(), label="reading the ledger")

    async def _refresh(self) -> None:
        """Show what the ledger says, and again as long as something is being sent; then renew the still picture."""
        self._turns += 1
        turn, sending = self._turns, True
        while sending and not self._closed and turn == self._turns:
            sending = await self._read_ledger()
            if sending:
                await asyncio.sleep(_SOON_S)
        self._renew()

    async def _read_ledger(self) -> bool:
        """Show what the ledger says, and tell whether something is being sent."""
        try:
            found = await asyncio.to_thread(spent, self.session)
        except MjnbError as error:
            self._where.value = shown(str(error), "alert")
            return False
        self._where.value = _head(self.session, found.text(simulated=self.session.simulated))
        await self.history.refresh()
        return found.sending > 0

    async def _take_up(self) -> None:
        """Show the ledger, and take up what was left unfinished in it: that costs nothing."""
        await self._refresh()
        with contextlib.suppress(MjnbError):  # the head has said it
            if not any(is_open(entry) for entry in await asyncio.to_thread(self.session.store.all)):
                return
            job = self.session.resume()
            while not job.done() and not self._closed:
                await asyncio.sleep(_BEAT_S if self.session.place.time_scale == 1 else _SOON_S)
                await self._refresh()
        self.refresh()

    def still(self) -> dict[str, Any]:
        """Return the head, the open form and the history without anything to press."""
        form, made = self.form.still(), self.history.shelf.still()
        text = f"{self!r}\n{form['text/plain']}\n{made['text/plain']}"
        head = html.escape(self.session.place.announcement())
        return {"text/plain": text, "text/html": f"<div>{head}</div>{form['text/html']}{made['text/html']}"}

    def close(self) -> None:
        """Let go of all widgets; the session stays open, and tasks at the gateway go on."""
        self._closed = True
        self.history.close()
        for form in self.forms.values():
            form.close()
        for child in self.children:
            shut(child)
        self.layout.close()
        super().close()


_GROUPS = ("new pictures", "from a picture", "words")


def _tabs(session: Session) -> dict[str, Any]:
    """Describe the tabs: the gateway's modes by what one begins with, and those that bring words."""
    choices = [
        {"value": mode, "note": (model.__doc__ or "").partition("\n")[0], "group": _group(model)}
        for mode, model in session.dialect.modes.items()
    ]
    choices.sort(key=lambda one: _GROUPS.index(one["group"]))
    return {
        "kind": "tabs", "name": "mode", "label": "What to make", "help": "", "required": True, "default": "",
        "fallback": None, "choices": choices,
    }  # fmt: skip


def _group(model: type[Request]) -> str:
    if brings(model) == "words":
        return _GROUPS[2]
    return _GROUPS[bool({"task_id", "mask"} & model.model_fields.keys())]


def _head(session: Session, sum_so_far: str) -> str:
    """Say which gateway it is and whether it costs money, and what was spent."""
    told = session.place.announcement().removeprefix("mjnb: ")
    return (
        f'<div><strong>{html.escape(told)}</strong></div><div role="status">{html.escape(sum_so_far)}</div>'
    )


def _steps() -> str:
    return "".join(f"<li>{html.escape(text)}</li>" for text in _HOW)
