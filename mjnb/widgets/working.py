"""A task under way, as a person may follow it: a bar, a word, Stop, and the unfinished picture where the gateway shows one.

The bar follows what the gateway tells of the progress; where it tells nothing, the time that such a task usually takes.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb import errors
from mjnb.images import data_uri
from mjnb.tasks import TaskState, seconds
from mjnb.widgets.kit import button, line, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.jobs import Job
    from mjnb.session import Session

__all__ = ["Working", "explain", "fraction", "unsent"]

_BEAT_S = 0.25
_ALMOST = 0.98
_WORDS = {
    None: "sending",
    TaskState.SUBMITTING: "sending",
    TaskState.PENDING: "queued",
    TaskState.PROCESSING: "running",
    TaskState.SUCCESS: "fetching pictures",
}


def fraction(waited_s: float, usual_s: float) -> float:
    """Say how far a bar should be: evenly at first, slower near the usual time, and never at its end.

    >>> [round(fraction(t, 40), 2) for t in (0, 20, 40, 400)]
    [0.0, 0.49, 0.84, 0.98]
    """
    part = max(0.0, waited_s) / max(usual_s, 1e-3)
    return min(_ALMOST, part / (1 + part**4) ** 0.25) if part < 1e3 else _ALMOST  # noqa: PLR2004  (no powers of huge numbers)


class Working:
    """The bar, its words and the Stop button; `box` is what to display.

    Args:
        stop: Called when Stop is pressed.
    """

    def __init__(self, stop: Callable[[], Any]) -> None:
        self._stop = stop
        self._bar = line(name="mjnb-bar-line")
        self._says = line(name="mjnb-says-line")
        tip = "Nothing new is sent. A task that the gateway has goes on there and stays in the ledger."
        self.stop_button = button("Stop", tip, self._press)
        self._picture = line(name="mjnb-unfinished-line")
        self.box = ipywidgets.VBox(
            [ipywidgets.HBox([self._says, self.stop_button]), self._bar, self._picture]
        )
        self.box.add_class("mjnb-working")
        self.box.layout.display = "none"
        self.state: TaskState | None = None
        self.progress: int | None = None
        self.label, self._usual_s, self._began = "", 1.0, 0.0

    @property
    def text(self) -> str:
        """What it says now, as plain text."""
        waited = time.monotonic() - self._began
        word = _WORDS.get(self.state, str(self.state))
        is_told = self.progress is not None and self.state is not TaskState.SUCCESS
        word += f" · {self.progress} %" if is_told else ""
        return f"{self.label}: {word} · {seconds(waited)} of about {seconds(self._usual_s)}"

    def _press(self, _: Any) -> None:
        self.stop_button.description = "Stopping…"  # never disabled: it would lose the keyboard
        self._stop()

    def begin(self, label: str, usual_s: float) -> None:
        """Show a task that has just been asked for; `usual_s` are real seconds."""
        self.label, self._usual_s, self._began, self.state = label, usual_s, time.monotonic(), None
        self.progress = None
        self.preview(b"")
        self.stop_button.description = "Stop"
        self._draw()
        self.box.layout.display = ""

    def end(self) -> None:
        """Take it away, and the unfinished picture with it."""
        self.box.layout.display = "none"
        self.preview(b"")

    def preview(self, picture: bytes) -> None:
        """Show an unfinished picture (JPEG, PNG or WebP), blurred; no bytes take it away. It is kept nowhere."""
        shown = (
            f'<img class="mjnb-unfinished" alt="unfinished picture" src="{data_uri(picture)}">'
            if picture
            else ""
        )
        self._picture.value = shown

    async def beat(self, job: Job[Any]) -> None:
        """Move on four times a second until the job has ended."""
        while not job.done():
            self._draw()
            await asyncio.sleep(_BEAT_S)

    @property
    def done(self) -> float:
        """How far the bar is, 0 to 1 and never at its end."""
        if self.progress is not None:
            return min(_ALMOST, max(0, self.progress) / 100)
        return fraction(time.monotonic() - self._began, self._usual_s)

    def _draw(self) -> None:
        done = self.done
        percent = round(100 * done)
        self._says.value = shown(self.text)
        self._bar.value = (
            f'<div class="mjnb-bar" role="progressbar" aria-label="progress of this task" aria-valuemin="0" '
            f'aria-valuemax="100" aria-valuenow="{percent}"><div style="width:{100 * done:.1f}%"></div></div>'
        )

    def close(self) -> None:
        """Let go of the widgets."""
        self._stop = lambda: None
        for one in (self._bar, self._says, self._picture, self.stop_button, self.box):
            one.close()


_MONEY: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((errors.TaskFailed,), "Your account at the gateway shows it."),
    ((errors.UnknownOutcome,), "It may have been charged."),
    ((errors.TaskTimeout,), "It goes on at the gateway and will be charged; mj.resume() fetches it later."),
    ((errors.PictureError,), "The task is paid; mj.resume() fetches its pictures again, and costs nothing."),
    ((errors.StoreError,), "Whether anything was charged, the ledger could not say: look at the gateway."),
    (
        (errors.InvalidRequest, errors.BudgetError, errors.SetupError, errors.ConnectionFailed, errors.GatewayError),
        "Nothing was charged.",
    ),
    ((asyncio.CancelledError,), "Nothing new is sent. A task that the gateway has goes on there, is charged, and is in the ledger."),
)  # fmt: skip


def explain(error: BaseException) -> str:
    """Say what happened, whether money may have been spent, and what to do next.

    >>> explain(errors.ConnectionFailed("No way to the gateway."))
    'No way to the gateway. Nothing was charged.'
    """
    what = "Stopped." if isinstance(error, asyncio.CancelledError) else str(error)
    if not isinstance(error, errors.MjnbError | asyncio.CancelledError):
        what = f"{type(error).__name__}: {error}. This is a fault of mjnb's."
    spent = next((text for kinds, text in _MONEY if isinstance(error, kinds)), "It may have been charged.")
    return what if spent.rstrip(".").lower() in what.lower() else f"{what.rstrip()} {spent}"


def unsent(error: BaseException, session: Session) -> str:
    """Say what happened before anything was sent: then nothing was charged, whatever it was."""
    if session._closed:  # noqa: SLF001  (a session has no other word for it)
        return "This session is closed; nothing was sent. Make a new one: nothing in its ledger is lost."
    what = str(error) if isinstance(error, errors.MjnbError) else f"{type(error).__name__}: {error}."
    return what if "nothing was sent" in what.lower() else f"{what.rstrip()} Nothing was sent."
