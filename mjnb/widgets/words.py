"""The words of a form: what is missing, what it costs, how long it takes, what the gateway's page advises."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from mjnb.modes import Describe, SeedOf, Shorten, Translate, Video
from mjnb.preparing import lift_flags, single_prompt
from mjnb.tasks import TaskState, cell_key, money
from mjnb.widgets.field import label_of
from mjnb.widgets.written import why

if TYPE_CHECKING:
    from mjnb.errors import InvalidRequest
    from mjnb.modes import Request
    from mjnb.session import Session

__all__ = ["advice", "brings", "first_words", "offer", "row", "single", "split_path"]

_MINUTE_S = 60


def single(request: Request) -> Request:
    """Return a request whose prompt stands for one. Raises `InvalidRequest` where it stands for several.

    What is no prompt but a text to be worked at (`Shorten`, `Translate`) is left as it is.
    """
    prompt = request.given().get("prompt")
    if not isinstance(prompt, str) or isinstance(request, Shorten | Translate):
        return request
    return request.replace(prompt=single_prompt(prompt))


def split_path(path: str) -> tuple[str, str]:
    """Split the way to a field into its name and the rest.

    >>> split_path("mask.areas[0].width")
    ('mask', 'areas[0].width')
    """
    match = re.match(r"([^.\[]*)\.?(.*)", path, re.DOTALL)
    return (match[1], match[2]) if match else (path, "")


def first_words(problem: InvalidRequest, model: type[Request], touched: set[str]) -> str:
    """Say what is in the way: what nobody has been asked for yet in a friendly word, the rest as the API says it."""
    name = split_path(problem.field)[0]
    if name in model.model_fields and name not in touched and model.model_fields[name].is_required():
        return f"Fill in: {label_of(name)}."
    if problem.value is None and name not in touched:
        return f"Still to be filled in: {why(str(problem))}"
    return str(problem)


def advice(typed: Request, session: Session) -> list[str]:
    """Return what was normalised and what the gateway's page advises, a sentence each."""
    request, notes = lift_flags(single(typed), session.dialect)
    said = [*notes, *session.dialect.advise(request)]
    return [f"Note: {text.rstrip('.')}." for text in said]


def offer(session: Session, request: Request, *, reuse: bool = False) -> str:
    """Write the button: what it does, what that costs and how long it takes.

    Where an equal earlier task is to be taken and the ledger has one, nothing new is paid.
    """
    if reuse and _is_paid(session, request):
        return "Generate · already paid"
    micro = session.price_micro(request)
    price = "price unknown" if micro is None else money(micro)
    price += " (simulated)" if session.simulated else ""
    return f"Generate · {price} · about {_span(session.usual_s(request) / session.place.time_scale)}"


def _is_paid(session: Session, request: Request) -> bool:
    """Tell whether the ledger has a task for this very request that would be taken."""
    key = cell_key(session.gateway, request.mode, session.dialect.held(request))
    return any(
        entry.state.is_running or entry.state is TaskState.SUCCESS
        for entry in session.store.by_cells([key]).values()
    )


def _span(real_s: float) -> str:
    whole = max(1, round(real_s))
    return f"{whole} s" if whole < 2 * _MINUTE_S else f"{round(whole / _MINUTE_S)} min"


def brings(model: type[Request]) -> str:
    """Say in a word what a request brings.

    >>> brings(Describe), brings(Video)
    ('words', 'clips')
    """
    if issubclass(model, Describe | Shorten | Translate | SeedOf):
        return "words"
    return "clips" if issubclass(model, Video) else "pictures"


def row(name: str, value: Any) -> str:
    """Write one line of a table, inline styles only, both cells escaped."""
    cells = (
        f'<td style="text-align:left;padding:0 12px 0 0">{html.escape(str(cell))}</td>'
        for cell in (name, value)
    )
    return f"<tr>{''.join(cells)}</tr>"
