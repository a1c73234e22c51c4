"""What comes of requests: one task under way, and the results of those before, the latest first."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb import images
from mjnb.errors import MjnbError
from mjnb.jobs import Job
from mjnb.widgets.followups import step
from mjnb.widgets.kit import line, shown, shut
from mjnb.widgets.results import Result, Seen, look
from mjnb.widgets.working import Working, explain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.tasks import Task
    from mjnb.widgets.followups import Action

__all__ = ["Outcome"]

_PREVIEW = 320  # px, the long side of an unfinished picture
_MOST = 20  # results on the page; the ledger keeps them all


class Outcome:
    """Runs one task at a time and shows the results; `box` is what to display.

    Args:
        session: Draws.
        opens: Called with an action that asks for more than it knows, the picture's index, and the result it is of.
        told: Called when a task begins or ends.
        brings: What will be seen here, in a word.

    Attributes:
        asked: How many tasks were asked for here, whatever became of them.
        moved: Called at every turn of a task: when it begins, when the gateway says more of it, when it has ended.
    """

    def __init__(
        self,
        session: Session,
        opens: Callable[[Action, int, Result], None],
        told: Callable[[], None],
        brings: str = "pictures",
    ) -> None:
        self.session, self._opens, self._told = session, opens, told
        self.job: Job[Task] | None = None
        self.tasks: list[Task] = []
        self.working = Working(self.stop)
        self.says = line(role="alert", name="mjnb-said")
        self.empty = line(f"The {brings} will appear here.", name="mjnb-empty")
        self.results = ipywidgets.VBox([self.empty])
        self.results.add_class("mjnb-results")
        self.box = ipywidgets.VBox([self.says, self.working.box, self.results])
        self._closed = self._running = False
        self._seen_url = ""
        self._looking: Job[None] | None = None
        self._lock = threading.Lock()
        self.asked = 0
        self.moved: Callable[[], None] = _nothing

    @property
    def running(self) -> bool:
        """Whether a task is under way."""
        return self._running

    @property
    def error(self) -> str:
        """What is said to have gone wrong, as HTML; without a text if nothing has."""
        return str(self.says.value)

    @property
    def views(self) -> list[Result]:
        """The results on the page, from above."""
        return [one for one in self.results.children if isinstance(one, Result)]

    def start(self, request: Request, *, reuse: bool = False, after: Result | None = None) -> Job[Task]:
        """Send a request and show what comes of it: on top, or below the result that it goes on from.

        Returns:
            Its job; while a task is under way, that one's, and nothing new is sent.

        Raises:
            InvalidRequest: Nothing was sent.
        """
        with self._lock:  # clicks may come on two threads at once
            if self._running and self.job is not None:
                self.say("One task at a time: this one was not sent, the one under way goes on.")
                return self.job
            self._running = True
            try:
                self.job = self._begin(request, reuse, after)
            except BaseException:
                self._running = False
                raise
        self._tell()
        return self.job

    def _begin(self, request: Request, reuse: bool, after: Result | None) -> Job[Task]:
        usual = self.session.usual_s(request) / self.session.place.time_scale
        drawn = self.session.draw(request, reuse=reuse, on_change=self._changed)
        self.asked += 1
        self._fail("", after)
        self._place(after)
        self.working.begin(step(request), usual)
        job: Job[Task] = Job(self._follow(drawn, after), label=request.mode)
        self.session.keep(job)
        return job

    def stop(self) -> None:
        """Stop waiting; nothing new is sent, and a task at the gateway goes on there."""
        if self.job is not None:
            self.job.cancel()

    def say(self, text: str) -> None:
        """Say what went wrong; "" takes it back."""
        self.says.value = shown(text, "alert")

    def _fail(self, text: str, after: Result | None) -> None:
        """Say what went wrong where it was asked for; "" takes back whatever stands there."""
        self.say(text if after is None else "")
        if after is not None:
            after.error = text

    def _changed(self, task: Task) -> None:
        is_new = self.working.state is not task.state
        self.working.state, self.working.progress = task.state, task.progress
        self._look_at(task.preview)
        if is_new:  # progress alone is in no ledger
            self.moved()

    def _look_at(self, url: str) -> None:
        """Fetch an unfinished picture and show it; each one once, and one at a time."""
        if not url or url == self._seen_url or (self._looking is not None and not self._looking.done()):
            return
        self._seen_url = url
        self._looking = Job(self._show_preview(url, self.asked), label="looking at an unfinished picture")

    async def _show_preview(self, url: str, turn: int) -> None:
        """Show it blurred as long as its task is under way; that it cannot be had is nothing to speak of."""
        with contextlib.suppress(MjnbError, OSError):
            data = await (await self.session.runner()).client.fetch(url)
            small = await asyncio.to_thread(images.thumbnail, data, _PREVIEW)
            if self._running and turn == self.asked and not self._closed:
                self.working.preview(small)

    async def _follow(self, drawn: Job[Task], after: Result | None) -> Task:
        beat = asyncio.ensure_future(self.working.beat(drawn))
        try:
            task = await drawn
            seen = await asyncio.to_thread(look, self.session, task)
        except (
            BaseException
        ) as error:  # said where the person looks, then handed on to whoever awaits the job
            self._fail(explain(error), after)
            raise
        else:
            self.tasks.append(task)
            self._fail("", after)
            self._add(seen, after)
            return task
        finally:
            beat.cancel()
            self.working.end()
            self._running = False
            self._tell()

    def _tell(self) -> None:
        """Let those who show it know, in an empty context, so that what they display is filed under no old cell."""
        for view in self.views:
            view.busy = self.running
        contextvars.Context().run(self._told)
        self.moved()

    def show(self, task: Task, after: Result | None = None) -> Job[None]:
        """Show a task of the ledger; one that is on the page already is only brought into sight."""
        return Job(self._show(task, after), label="reading the ledger")

    async def _show(self, task: Task, after: Result | None) -> None:
        there = next((view for view in self.views if view.task.id == task.id), None)
        if there is not None:
            there.focus()
            return
        try:
            seen = await asyncio.to_thread(look, self.session, task)
        except MjnbError as error:
            self.say(explain(error))
            return
        self._add(seen, after)

    def _add(self, seen: Seen, after: Result | None) -> None:
        if self._closed:
            return
        view = Result(self.session, seen, lambda action, index: self._act(view, action, index), self._walk)
        view.busy = self.running
        self._insert(view, after)
        if after is not None:
            view.focus()

    def _walk(self, task_id: str) -> None:
        self.show(self.session.task(task_id))

    def _act(self, view: Result, action: Action, index: int) -> None:
        """Do what a button of a result says; a refusal is shown there."""
        if action.opens:
            self._opens(action, index, view)
        elif not self.running:
            self.start(action.request_for(index), after=view)

    def _place(self, after: Result | None) -> None:
        """Put the bar where the result will be."""
        rest = [one for one in self.results.children if one is not self.working.box]
        self.box.children = [self.says, *([] if after else [self.working.box]), self.results]
        self.results.children = _below(rest, self.working.box, after) if after else rest

    def _insert(self, view: Any, after: Result | None) -> None:
        """Put a result (or a form) in its place, and let go of the oldest where there are too many."""
        children = [one for one in self.results.children if one is not self.empty]
        children = _below(children, view, after) if after in children else [view, *children]
        extra = [one for one in children if isinstance(one, Result)][_MOST:]
        self.results.children = [one for one in children if one not in extra]
        for one in extra:
            shut(one)

    def insert(self, widget: Any, after: Result) -> None:
        """Show something else below a result, such as a form that goes on from it."""
        self._insert(widget, after)

    def remove(self, widget: Any) -> None:
        """Take something away again, and close it."""
        self.results.children = [one for one in self.results.children if one is not widget]
        shut(widget)

    def close(self) -> None:
        """Let go of everything; a task at the gateway goes on and comes into the ledger."""
        self._closed, self._told, self.moved = True, _nothing, _nothing
        self._opens = _nothing
        self.working.close()
        for one in (self.box, self.empty):  # the latter may have gone from the page
            shut(one)


def _below(children: Sequence[Any], one: Any, after: Any) -> list[Any]:
    """Return the children with another one right below one of them."""
    at = list(children).index(after) + 1 if after in children else 0
    return [*children[:at], one, *children[at:]]


def _nothing(*_: Any) -> None:
    """Tell nobody."""
