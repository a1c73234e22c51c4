"""What a row of the ledger means: its request, its error, and whether it may be asked for anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb.errors import (
    GatewayError,
    GenerationFailed,
    ImageDownloadFailed,
    InvalidRequest,
    OutOfCredits,
    TaskFailed,
    UnknownOutcome,
    legible,
)
from mjnb.gateways.base import failure
from mjnb.modes import MODES, RawRequest
from mjnb.tasks import TaskState, money

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.modes import Request
    from mjnb.store import Entry

__all__ = ["RETRY", "failed_error", "request_of", "unknown_error"]


def _is_transient(entry: Entry) -> bool:
    """Whether another try is worth its price; a refused request never cost anything."""
    return entry.state is TaskState.REFUSED or issubclass(
        failure(entry.fail_code), GenerationFailed | ImageDownloadFailed | OutOfCredits
    )


RETRY: dict[str, Callable[[Entry], bool]] = {
    "transient": _is_transient,
    "failed": lambda _: True,
    "none": lambda _: False,
}


_NONE_OF_OURS = (InvalidRequest, TypeError, RecursionError)
"""What a damaged row raises: `TypeError` of a name that no field can have."""


def request_of(entry: Entry) -> Request:
    """Rebuild the request of a row, the gateway's defaults filled in; one that no class takes as it was written."""
    model = MODES.get(entry.mode)
    try:
        return model(**entry.held) if model else RawRequest(entry.mode, **entry.held)
    except _NONE_OF_OURS:
        return _as_written(entry)


def _as_written(entry: Entry) -> Request:
    """Return the request of a row as it is; without its fields if not even that can be."""
    mode = entry.mode if entry.mode.strip() else "unknown"
    try:
        return RawRequest(mode, **entry.held)
    except _NONE_OF_OURS:
        return RawRequest(mode)


def failed_error(entry: Entry) -> TaskFailed | GatewayError:
    """Build the error that a failed or refused row means."""
    if entry.state is TaskState.REFUSED:
        return GatewayError(entry.fail_msg or "The gateway refused it.", code=entry.fail_code)
    text = (
        f"Task {entry.task_id} failed at {entry.gateway}: {legible(entry.fail_code, 100) or 'no code'}"
        f" ({legible(entry.fail_msg) or 'no reason given'}). Whether it was charged, the gateway's documents do not say."
    )
    kind = failure(entry.fail_code)
    return kind(
        text, task=entry.task(request_of(entry)), fail_code=entry.fail_code, fail_msg=entry.fail_msg
    )


def unknown_error(entry: Entry) -> UnknownOutcome:
    """Build the error that an unknown row means: what happened, what it may have cost, and the ways out."""
    price = "nobody knows how much" if entry.price_micro is None else money(entry.price_micro)
    return UnknownOutcome(
        _UNKNOWN.format(why=legible(entry.fail_msg), row=entry.row, price=price), row=entry.row
    )


_UNKNOWN = (
    "{why} Row {row} may have cost {price}, and is not sent again by itself. "
    'mj.retry("{row}") looks for its task where the gateway lists tasks, and else sends it once more, at its price; '
    'mj.retry("{row}", task_id="…") takes the task that you find there, for nothing; mj.forget("{row}") gives it up.'
)
