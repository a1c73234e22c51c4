"""A form for any request: its fields in one column, and beside it what will be sent and what has come of it.

It is built from the request's type in one loop, so a mode or a field of a gateway to come appears by itself.
"""

from __future__ import annotations

import contextvars
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest, MjnbError
from mjnb.views.fallback import Stills
from mjnb.widgets import words
from mjnb.widgets.controls import greys
from mjnb.widgets.field import Field
from mjnb.widgets.formbody import FormBody, model_of, ordered, reads, required
from mjnb.widgets.kit import button, line, sheet, shown, shut
from mjnb.widgets.outcome import Outcome
from mjnb.widgets.painting import Painting, paints
from mjnb.widgets.press import Press
from mjnb.widgets.preview import Preview, brief
from mjnb.widgets.references import LinksControl
from mjnb.widgets.working import unsent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mjnb.jobs import Job
    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.tasks import Task
    from mjnb.widgets.followups import Action
    from mjnb.widgets.results import Result

__all__ = ["RequestForm"]


class RequestForm(Stills, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A form for one mode of a session's gateway.

    Args:
        mode: A name of `session.dialect.modes`, or a request class.
        session: Checks, prices and draws.
        values: What is filled in at first, by Python name.

    Attributes:
        controls: The fields' controls by name.
        opens: Where a follow-up that asks for more is shown; None: as a form of its own below the picture.

    Raises:
        InvalidRequest: There is no such mode or field.

    >>> import mjnb
    >>> mj = mjnb.Session("simulator", quiet=True)
    >>> form = RequestForm("text-to-image", mj, prompt="a fox", chaos=20)
    >>> form.request
    TextToImage(prompt='a fox', chaos=20)
    >>> form.close(); mj.close().result()
    """

    def __init__(self, mode: str | type[Request], session: Session, **values: Any) -> None:
        self.model, self.session = model_of(mode, session), session
        self._body = FormBody(self.model, session)
        self.controls = self._body.controls
        self.opens: Callable[[Action, int], None] | None = None
        self.told: Callable[[], None] | None = None
        self._touched: set[str] = set()
        self._busy_setting, self._shown_tasks = True, 0
        self._opened: dict[tuple[str, str, int], RequestForm] = {}
        self.outcome = Outcome(session, self._open, self._refresh, words.brings(self.model))
        self._painting = self._make_painting()
        self._make_parts()
        super().__init__([sheet(), self._columns()])
        for name in ("mjnb-form-part", "mjnb-form"):
            self.add_class(name)
        for name, one in self.controls.items():
            one.observe(partial(self._on_value, name))
        self.reuse.observe(lambda _: self._refresh(), "value")
        self.preview.observe(lambda _: self._renew(), "watched")
        try:
            self.values = values
        except InvalidRequest:
            self.close()
            raise

    def _make_painting(self) -> Painting | None:
        fields = paints(self.model, self._body.takes)
        return Painting(self.session, self._refresh, self.controls, fields) if fields else None

    def _make_parts(self) -> None:
        spec = {
            "kind": "check",
            "label": "take an equal earlier task instead of paying",
            "default": "",
            "help": "",
        }
        self.reuse = Field(spec={**spec, "name": "reuse"}, value=False)
        self.generate_button = Press("Generate", self._press)
        self.reason = line(role="status", name="mjnb-reason")
        self.advice = line(name="mjnb-reason")
        self.preview = Preview()

    def _columns(self) -> Any:
        """Lay the fields beside what comes of them."""
        left = self._body.box(None if self._painting is None else self._painting.box, "mask")
        send = ipywidgets.HBox([self.generate_button, self.reuse])
        send.add_class("mjnb-send")
        right = ipywidgets.VBox([send, self.reason, self.advice, self.preview, self.outcome.box])
        right.add_class("mjnb-outcome")
        both = ipywidgets.HBox([left, right])
        both.add_class("mjnb-columns")
        return both

    def __repr__(self) -> str:
        """Show the mode and how it stands."""
        return f"<{type(self).__name__} {self.model.mode}: {self._state()}>"

    # -- what is filled in ---------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """What is filled in, by Python name; setting it replaces everything.

        Raises:
            InvalidRequest: There is no such field (when set). Values that are not allowed are shown with the reason.
        """
        found = {name: one.value for name, one in self.controls.items()}
        if self._painting is not None:
            found |= self._painting.values()
        return {name: value for name, value in found.items() if value is not None}

    @values.setter
    def values(self, values: dict[str, Any]) -> None:
        self._know(values)
        self._enter({name: values.get(name) for name in self.controls})
        self._touched = set(values)
        self._follow_picture()
        self._refresh()

    def take(self, **values: Any) -> None:
        """Fill in some fields and leave the others as they are; pictures join those that are there.

        Raises:
            InvalidRequest: There is no such field, or a value is of no kind that it takes; nothing was changed then.
        """
        self._know(values)
        for name, value in values.items():
            one = self.controls[name]
            if isinstance(one, LinksControl) and isinstance(value, list | tuple):
                values[name] = one.joined(value)
        self._enter(values)
        self._touched |= set(values)
        self._follow_picture()
        self._refresh()

    def _know(self, values: Mapping[str, Any]) -> None:
        for name in values:
            if name not in self.controls:
                raise InvalidRequest.unknown_name(name, self.model.mode, self.controls)

    def _enter(self, values: Mapping[str, Any]) -> None:
        """Write values into their controls: all of them, or none if one is refused."""
        before = {name: self.controls[name].value for name in values}
        self._busy_setting = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        except InvalidRequest:
            for name, value in before.items():
                self.controls[name].value = value
            raise
        finally:
            self._busy_setting = False

    def focus(self) -> None:
        """Bring the keyboard to the first field that is still to be filled in, else to the first."""
        wanted = [self.controls[name] for name in ordered(self.model) if name in required(self.model)]
        empty = [one for one in wanted if one.value is None]
        next(iter([*empty, *self.controls.values()])).focus()

    @property
    def request(self) -> Request:
        """The request as it would be sent now: flags of the prompt as fields.

        Raises:
            InvalidRequest: Something is missing or not allowed.
        """
        return self.session.prepare(words.single(self._typed()), advise=False)

    def _typed(self) -> Request:
        """Build the request as it stands in the form. Raises `InvalidRequest`."""
        painted = self._painting.problem() if self._painting is not None else None
        values = self.values
        missing = required(self.model) - values.keys()
        if (
            painted is not None
            and self._painting is not None
            and missing
            and missing <= {*self._painting.fields}
        ):
            raise painted
        request = self.model(**values)
        for one in self.controls.values():
            problem = one.problem()
            if problem is not None:
                raise problem
        return request

    def _on_value(self, name: str, _: Any) -> None:
        if self._busy_setting:
            return
        self._touched.add(name)
        self._follow_picture()
        self._refresh()

    def _follow_picture(self) -> None:
        """Have the painter show the picture that is chosen."""
        if self._painting is not None:
            self._painting.follow()

    # -- what is said of it --------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Check everything and say what comes of it; whatever goes wrong here is said too."""
        if self._busy_setting:
            return
        try:
            self._say_all()
        except Exception as error:  # noqa: BLE001  (a callback has nobody else to tell)
            self.generate_button.disabled = True
            self.reason.value = shown(unsent(error, self.session), "status")

    def _say_all(self) -> None:
        try:
            request, problem = self.request, None
        except InvalidRequest as error:
            request, problem = None, error
        self._complain(problem)
        self._grey()
        self.preview.show(self.session, request, reuse=bool(self.reuse.value))
        self.advice.value = shown(" ".join(words.advice(self._typed(), self.session)) if request else "")
        self._say_price(request, problem)
        self._renew()
        if self.told is not None:
            self.told()

    def _renew(self) -> None:
        """Put a new still picture into the notebook when more has come, but not under somebody's hands.

        A front end draws a display anew for that, and would take the keyboard away from whoever is typing.
        """
        if not self.preview.watched and self._shown_tasks != len(self.tasks):
            self._shown_tasks = len(self.tasks)
            contextvars.Context().run(self.refresh_still)

    def _complain(self, problem: InvalidRequest | None) -> None:
        """Show a refusal at its field, unless nobody has been there yet."""
        path = "" if problem is None else problem.field
        field, rest = words.split_path(path)
        for name, one in self.controls.items():
            text = str(problem) if name == field and name in self._touched else ""
            one.complain(rest if name == field else "", text)
        self._body.follow(field if field in self._touched else "")

    def _grey(self) -> None:
        if self._painting is not None:
            self._painting.hide_numbers()
        others = reads(self.model, self.values)
        for name, one in self.controls.items():
            whole, some = greys(self.model, name, self.session, **others)
            one.grey(whole)
            one.grey_choices(some)

    def _say_price(self, request: Request | None, problem: InvalidRequest | None) -> None:
        running = self.outcome.running
        reason = "" if problem is None else words.first_words(problem, self.model, self._touched)
        self.generate_button.disabled = running or problem is not None
        self.generate_button.description = (
            "Generate"
            if request is None
            else words.offer(self.session, request, reuse=bool(self.reuse.value))
        )
        self.generate_button.tooltip = "One task at a time." if running else reason
        self.reason.value = shown(reason, "status")

    # -- what is done with it ------------------------------------------------------------------------------------

    @property
    def job(self) -> Job[Task] | None:
        """The latest task's job, None before the first."""
        return self.outcome.job

    @property
    def tasks(self) -> list[Task]:
        """The tasks that have finished here, oldest first."""
        return list(self.outcome.tasks)

    @property
    def task(self) -> Task | None:
        """The latest of them."""
        return self.outcome.tasks[-1] if self.outcome.tasks else None

    def generate(self) -> Job[Task]:
        """Send it, as the button does.

        Returns:
            A job for the finished task, its pictures shown in the form. While one is under way, that one's: nothing is sent.

        Raises:
            InvalidRequest: Nothing was sent.
        """
        _ = self.request  # its refusal, before anything is begun
        return self.outcome.start(self._typed(), reuse=bool(self.reuse.value))

    def _press(self, text: str) -> None:
        """Send it if the button still says what was pressed: what was entered since may cost more."""
        now = str(self.generate_button.description)
        if self.outcome.running or self.generate_button.disabled:
            return
        if text != now:
            self.outcome.say(
                f"The button has changed while you pressed: it is now “{now}”. Nothing was sent; press again."
            )
            return
        try:
            self.generate()
        except MjnbError as error:
            self.outcome.say(unsent(error, self.session))

    def _open(self, action: Action, index: int, view: Result) -> None:
        """Open a form for a follow-up that asks for more."""
        if self.opens is not None:
            self.opens(action, index)
            return
        values = action.values_for(index)
        if action.whole and action.model is self.model:
            self.values = values
            self.focus()
            return
        key = (view.task.id, action.name, index)
        if key not in self._opened:
            self._opened[key] = RequestForm(action.model, self.session, **values)
            what = "text" if action.texts else "picture"
            title = f"{action.model.mode} · {what} {index}" if action.per_picture else action.model.mode
            self._opened[key].add_close(title, partial(self._shut, key, view))
            self.outcome.insert(self._opened[key], view)
        self._opened[key].focus()

    def add_close(self, title: str, shut_it: Callable[[Any], None]) -> None:
        """Put a line on top that says what the form is for, with a Close button that calls `shut_it(button)`."""
        close = button("Close", "Close this form; what was sent goes on.", shut_it)
        head = ipywidgets.HBox([line(title, name="mjnb-opened"), close])
        head.add_class("mjnb-send")
        me: Any = self
        me.children = [head, *me.children]

    def _shut(self, key: tuple[str, str, int], view: Result, _: Any) -> None:
        """Take an opened form away, and the keyboard back to the picture it was opened from."""
        self.outcome.remove(self._opened.pop(key))
        view.focus()

    def still(self) -> dict[str, Any]:
        """Return the values, how it stands, and the latest pictures, as a table with inline styles."""
        rows = {"mode": self.model.mode, **brief(self.values), "state": self._state()}
        lines = "".join(words.row(name, value) for name, value in rows.items())
        last = self.outcome.views[:1]
        pictures = "".join(str(one.still()["text/html"]) for one in last)
        text = ", ".join(f"{name}={value!r}" for name, value in rows.items())
        return {"text/plain": text, "text/html": f"<table>{lines}</table>{pictures}"}

    def _state(self) -> str:
        if self.outcome.running:
            return self.outcome.working.text
        if self.tasks:
            return f"{len(self.tasks)} finished"
        return (
            f"{self.outcome.asked} asked for, none finished here"
            if self.outcome.asked
            else "nothing sent yet"
        )

    def close(self) -> None:
        """Let go of all widgets. A task at the gateway goes on and comes into the ledger."""
        if "outcome" not in self.__dict__:  # refused before there was anything
            return
        self._busy_setting, self.told, self.opens = True, None, None
        if self._painting is not None:
            self._painting.close()
        self.outcome.close()
        self._body.close()
        for child in self.children:
            shut(child)
        self.layout.close()
        super().close()
