"""The whole gateway on one page, for people who would rather press than type: a form for every mode, and what was made."""

from __future__ import annotations

import asyncio
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
from mjnb.widgets.history import History, spent
from mjnb.widgets.kit import line, sheet, shown, shut

if TYPE_CHECKING:
    from mjnb.modes import Request
    from mjnb.widgets.followups import Action

__all__ = ["Studio"]

_HOW = (
    "Say what the picture shall show, and leave everything else as it is: each field says what it does, and what holds if you leave it alone.",
    "Press Generate. The button says what it costs and how long it takes; you may go on reading meanwhile.",
    "Press a picture to see it in large. Below it: a larger one (upscale), others like it (vary), a part of it anew (inpaint).",
    "Everything is kept: the history shows it again, also tomorrow.",
)


class Studio(Stills, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A tab for every mode of a gateway, with the history of its ledger beside them.

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
        self._finished, self._is_stale = 0, False
        self._where = line(name="mjnb-where")
        self.tabs = Field(spec=_tabs(self.session), value=next(iter(self.session.dialect.modes)))
        self.tabs.add_class("mjnb-tabs")
        self.panel = ipywidgets.VBox([])
        desk = ipywidgets.HBox([self.panel, self.history.shelf])
        desk.add_class("mjnb-desk")
        super().__init__([sheet(), self._where, self._tabs_box(), desk])
        for name in ("mjnb-form-part", "mjnb-studio"):
            self.add_class(name)
        self._where.value = _head(self.session, "")
        self.tabs.observe(lambda _: self._turn(), "value")
        self._turn()
        self.refresh()

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
        """Open a mode's tab, and fill its form in if values are given.

        Raises:
            InvalidRequest: The gateway has no such mode, or the mode no such field.
        """
        modes = self.session.dialect.modes
        if mode not in modes:
            raise InvalidRequest("mode", mode, f"{self.session.dialect.title} has {', '.join(modes)}")
        self.tabs.value = mode
        if values:
            self.form.values = values
        return self.form

    def _turn(self) -> None:
        """Show the open tab's form, built at its first opening."""
        if self.mode not in self.session.dialect.modes:  # a page may send anything
            return
        if self.mode not in self.forms:
            made = RequestForm(self.mode, self.session)
            made.opens, made.told = self._go_on, self._told
            made.preview.observe(lambda _: self._renew(), "watched")
            self.forms[self.mode] = made
        self.panel.children = [self.form]

    def _go_on(self, action: Action, index: int) -> None:
        """Take a picture into the form of another mode."""
        mode = self._mode_of(action.model)
        if mode is not None:
            self.turn_to(mode, **action.values_for(index))

    def _mode_of(self, model: type[Request]) -> str | None:
        return next((name for name, one in self.session.dialect.modes.items() if one is model), None)

    def _show(self, task_id: str) -> None:
        """Show a task of the history under its own mode, else under the open one."""
        task = self.session.task(task_id)
        mode = self._mode_of(type(task.request)) if task.request is not None else None
        if mode is not None:
            self.turn_to(mode)
        self.form.outcome.show(task)

    def _told(self) -> None:
        """Read the ledger anew when another task has finished."""
        now = sum(len(form.tasks) for form in self.forms.values())
        if now != self._finished:
            self._finished = now
            self._is_stale = True
            self.refresh()
            self._renew()

    def _renew(self) -> None:
        """Put a new still picture into the notebook, but not under somebody's hands; see the form's."""
        if self._is_stale and not self.form.preview.watched:
            self._is_stale = False
            contextvars.Context().run(self.refresh_still)

    def refresh(self) -> Job[None]:
        """Read the ledger anew: the history, and what this session has spent."""
        return Job(self._refresh(), label="reading the ledger")

    async def _refresh(self) -> None:
        try:
            found = await asyncio.to_thread(spent, self.session)
        except MjnbError as error:
            self._where.value = shown(str(error), "alert")
            return
        self._where.value = _head(self.session, found.text(simulated=self.session.simulated))
        await self.history.refresh()

    def still(self) -> dict[str, Any]:
        """Return the head, the open form and the history without anything to press."""
        form, made = self.form.still(), self.history.shelf.still()
        text = f"{self!r}\n{form['text/plain']}\n{made['text/plain']}"
        head = html.escape(self.session.place.announcement())
        return {"text/plain": text, "text/html": f"<div>{head}</div>{form['text/html']}{made['text/html']}"}

    def close(self) -> None:
        """Let go of all widgets; the session stays open, and tasks at the gateway go on."""
        self.history.close()
        for form in self.forms.values():
            form.close()
        for child in self.children:
            shut(child)
        self.layout.close()
        super().close()


def _tabs(session: Session) -> dict[str, Any]:
    choices = [
        {"value": mode, "note": (model.__doc__ or "").partition("\n")[0]}
        for mode, model in session.dialect.modes.items()
    ]
    return {
        "kind": "row", "name": "mode", "label": "What to make", "help": "", "required": True, "default": "",
        "fallback": None, "choices": choices,
    }  # fmt: skip


def _head(session: Session, sum_so_far: str) -> str:
    """Say which gateway it is and whether it costs money, what was spent, and how the page is used."""
    told = session.place.announcement().removeprefix("mjnb: ")
    steps = "".join(f"<li>{html.escape(text)}</li>" for text in _HOW)
    return (
        f"<div><strong>{html.escape(told)}</strong></div>"
        f'<div role="status">{html.escape(sum_so_far)}</div>'
        f"<details><summary>How this page works</summary><ul>{steps}</ul></details>"
    )
