"""Which of AceData's tasks a submission made whose answer was lost: by its trace, else by its words among the latest tasks.

https://docs.acedata.cloud: `/midjourney/tasks` lists a key's own tasks, each with the request that made it; an error names the
trace of its request.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mjnb.gateways import reading
from mjnb.gateways.acedata_replies import task_id_of
from mjnb.gateways.lost import Found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.gateways.lost import Lost

__all__ = ["found_in", "is_answer", "may_be", "names_trace", "question"]

_PAGE = 100  # tasks
_WRAPPING = frozenset(
    {"async", "callback_url", "timeout"}
)  # goes around a request, and may be kept otherwise


def question(lost: Lost) -> dict[str, Any]:
    """Return the body that asks for the tasks that a lost submission may have made."""
    if trace := _trace_of(lost.answered):
        return {"action": "retrieve", "trace_id": trace}
    since = lost.since - lost.within
    return {"action": "retrieve_batch", "offset": lost.skip, "limit": _PAGE, "created_at_min": since}


def names_trace(lost: Lost) -> bool:
    """Whether the answer that was given told the trace of the submission."""
    return bool(_trace_of(lost.answered))


def is_answer(told: Any, lost: Lost) -> bool:
    """Whether this is a list of tasks, or the record of one where a trace was asked after."""
    body = reading.mapping(told)
    return isinstance(body.get("items"), list) or (names_trace(lost) and bool(task_id_of(body)))


def found_in(answer: Any, lost: Lost) -> Found:
    """Return the tasks that the same request made then.

    Not every server may know `created_at_min`, or a trace, so that both are compared here once more. The list has the newest
    first: a full page that is not all older than the submission is followed by another.
    """
    told = reading.mapping(answer)
    items = told.get("items") if isinstance(told.get("items"), list) else [told]
    records = [reading.mapping(item) for item in items or []]
    fit = sorted((item for item in records if _is_it(item, lost)), key=lambda item: _created(item) or 0.0)
    ids = tuple(task_id for item in fit if (task_id := task_id_of(item)))
    is_open = any((_created(item) or math.inf) >= lost.since - lost.within for item in records)
    return Found(ids, lost.skip + len(records) if len(records) >= _PAGE and is_open else 0)


def _created(item: Mapping[str, Any]) -> float | None:
    return reading.number(item.get("created_at"))


def may_be(item: Any, lost: Lost) -> bool:
    """Tell whether a task was made by these very words, and to be told of at this very address; one that keeps none may be."""
    request = reading.mapping(reading.mapping(item).get("request"))
    words = {name: value for name, value in lost.sent.items() if name not in _WRAPPING}
    is_called_back = request.get("callback_url") in (None, "", lost.sent.get("callback_url"))
    return not request or (
        is_called_back and all(request.get(name) == value for name, value in words.items())
    )


def _trace_of(told: Any) -> str:
    return reading.identifier(reading.mapping(told).get("trace_id"))


def _is_it(item: Mapping[str, Any], lost: Lost) -> bool:
    """Tell whether a task has the trace of the submission, else whether it is of its words, and not older."""
    trace = _trace_of(lost.answered)
    if trace and trace in (_trace_of(item), _trace_of(item.get("response"))):
        return True
    created = _created(item)
    knows = bool(lost.sent) and bool(reading.mapping(item.get("request")))
    return knows and created is not None and lost.is_timely(created) and may_be(item, lost)
