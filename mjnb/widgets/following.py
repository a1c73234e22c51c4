"""Following a run for a form: how far it is, a few times a second, and what it ended with."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mjnb.errors import MjnbError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.runs import Run

__all__ = ["counts", "follow", "nowhere", "said"]

_BEAT_S = 0.1  # between two words of progress
_TICK_S = 1.0  # the estimate counts down even when nothing happens


async def follow(run: Run, tell: Callable[[dict[str, Any]], None]) -> str:
    """Call `tell(counts)` whenever a run has moved on, at most ten times a second, until it has ended.

    Returns:
        What it ended with in words, "" for a good end or a stop.
    """
    changed = asyncio.Event()
    run.listen(lambda _: changed.set())
    while not run.done():
        tell(counts(run))
        changed.clear()
        await asyncio.sleep(_BEAT_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TICK_S):
                await changed.wait()
    return await _ending(run)


def counts(run: Run) -> dict[str, Any]:
    """Return how far a run is: `text`, and how many are in `total`, `done`, and `bad`."""
    progress = run.progress
    text = replace(progress, simulated=False).text()  # the form's head says so
    bad = progress.failed + progress.unknown
    return {"text": text, "total": progress.total, "done": progress.done, "bad": bad}


async def _ending(run: Run) -> str:
    try:
        await run
    except asyncio.CancelledError:  # it was stopped
        return ""
    except Exception as error:  # noqa: BLE001  (whatever it was, it is said)
        return said(error)
    return ""


def said(error: BaseException) -> str:
    """Say an error; one that is not ours says its kind as well.

    >>> said(KeyError("x")), said(MjnbError("No key."))
    ("KeyError: 'x'", 'No key.')
    """
    return str(error) if isinstance(error, MjnbError) else f"{type(error).__name__}: {error}"


def nowhere(call: Callable[[], Any]) -> Any:
    """Call in an empty context, so that what a job shows is filed under the cell that runs then."""
    return contextvars.Context().run(call)
