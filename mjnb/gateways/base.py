"""What every dialect gives: a pure codec from requests to calls and from replies to states.

A dialect does no I/O, keeps no state and knows no other dialect. It decides what may be sent, how it is spelled, what
an answer means, when to ask, and what a task costs. Who calls it owns the network, the clock and the money.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from mjnb import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.modes import Request
    from mjnb.tasks import TaskState

__all__ = ["Call", "Dialect", "Envelope", "Limits", "Reply", "Rhythm", "Status", "failure", "refusal"]


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to make: `path` hangs from the gateway's origin. `body` is sent as JSON."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer: `json` is None where the body is no JSON; `retry_after` in seconds."""

    status: int
    json: Any
    text: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What the gateway says of a task; times are epoch seconds, None where it does not tell."""

    state: TaskState
    urls: tuple[str, ...] = ()
    created: float | None = None
    completed: float | None = None
    cost_time_s: float | None = None
    fail_code: str = ""
    fail_msg: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What goes around every request: routing, and a callback address if one is listening."""

    provider: str = "auto"
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to ask: first after `first` seconds, then every `every`; `typical` is the documented span; give up at `timeout`."""

    first: float
    every: float
    typical: tuple[float, float]
    timeout: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a gateway allows one key: requests a minute, tasks at once."""

    per_minute: int
    at_once: int


class Dialect(ABC):
    """One gateway's way of speaking. Instances are stateless and may be shared."""

    name: ClassVar[str]
    title: ClassVar[str]
    page: ClassVar[str]
    base_url: ClassVar[str]
    key_names: ClassVar[tuple[str, ...]]
    limits: ClassVar[Limits]
    url_life_s: ClassVar[float]
    references: ClassVar[tuple[str, ...]] = (
        "url",
    )  # how pictures may be handed over: "url", "upload", "base64"
    modes: Mapping[str, type[Request]]
    on_request: ClassVar[
        tuple[str, ...]
    ] = ()  # modes that the gateway enables for a key, sent as `RawRequest`

    @abstractmethod
    def check(self, request: Request) -> None:
        """Refuse what this gateway would refuse or silently change.

        Raises:
            InvalidRequest: Nothing was sent.
        """

    def refuses(self, model: type[Request], name: str, value: Any, **others: Any) -> str:
        """Say why this gateway would not take a value of a field, beside some others; "" if it would.

        A form asks this to grey out what cannot be chosen, with the words that the API itself would use.
        """
        given = dict.fromkeys(model.model_fields) | others | {name: value}
        try:
            self.check(model.model_construct(**given))
        except errors.InvalidRequest as error:
            return str(error)
        return ""

    @abstractmethod
    def advise(self, request: Request) -> list[str]:
        """Say what the gateway's page advises against, one sentence each."""

    @abstractmethod
    def held(self, request: Request) -> dict[str, Any]:
        """Return every field with the value that will hold, by Python name."""

    @abstractmethod
    def submit(self, request: Request, envelope: Envelope) -> Call:
        """Spell a request. Raises `InvalidRequest` like `check`."""

    @abstractmethod
    def status(self, task_id: str) -> Call:
        """Spell the question after a task."""

    @abstractmethod
    def read_submit(self, reply: Reply) -> str:
        """Return the new task's id, or raise the `GatewayError` that the answer means."""

    @abstractmethod
    def read_status(self, reply: Reply) -> Status:
        """Return the task's state, or raise the `GatewayError` that the answer means."""

    @abstractmethod
    def rhythm(self, request: Request | None) -> Rhythm:
        """Return when to ask after this request."""

    @abstractmethod
    def price(self, request: Request) -> int | None:
        """Return the documented price in millionths of a dollar, None where no page tells."""


_BY_STATUS: dict[int, type[errors.GatewayError]] = {
    400: errors.RequestRefused,
    401: errors.AuthenticationError,
    402: errors.InsufficientCredits,
    403: errors.AuthenticationError,
    404: errors.UnknownTask,
    422: errors.RequestRefused,
    429: errors.RateLimited,
}
_NEXT = {
    errors.AuthenticationError: "Check the key of this gateway.",
    errors.InsufficientCredits: "Top up at the gateway, then run the same cell again: what is paid is kept.",
    errors.RateLimited: "Wait a little, or lower the concurrency.",
    errors.GatewayUnavailable: "Try again later.",
}


def refusal(
    gateway: str,
    status: int,
    message: str,
    retry_after: float | None = None,
    *,
    outcome: str = "No task was created.",
) -> errors.GatewayError:
    """Build the one error that a refusal means, by HTTP status and by the words every gateway uses for no money.

    `outcome` says what became of the task; it is "" where one was only asked after.

    >>> type(refusal("APIXO", 400, "Insufficient credits")).__name__
    'InsufficientCredits'
    """
    kind = _BY_STATUS.get(status) or (errors.GatewayUnavailable if status >= 500 else errors.RequestRefused)  # noqa: PLR2004
    if kind is errors.RequestRefused and "insufficient" in message.lower():
        kind = errors.InsufficientCredits
    advice = next((text for cls, text in _NEXT.items() if issubclass(kind, cls)), "")
    reason = (message or "no reason given").rstrip(".")
    text = " ".join(filter(None, (f"{gateway} refused ({status}): {reason}.", outcome, advice)))
    return kind(text, status=status, retry_after=retry_after)


_BY_CODE: dict[str, type[errors.TaskFailed]] = {
    "CONTENT_VIOLATION": errors.ContentViolation,
    "NSFW_DETECTED": errors.NsfwDetected,
    "PROMPT_TOO_LONG": errors.PromptRejected,
    "INVALID_PROMPT": errors.PromptRejected,
    "INVALID_IMAGE_URL": errors.InvalidImageUrl,
    "IMAGE_TOO_LARGE": errors.ImageTooLarge,
    "UNSUPPORTED_FORMAT": errors.UnsupportedFormat,
    "IMAGE_DOWNLOAD_FAILED": errors.ImageDownloadFailed,
    "PROCESSING_TIMEOUT": errors.ProcessingTimeout,
    "MODEL_UNAVAILABLE": errors.ModelUnavailable,
    "GENERATION_FAILED": errors.GenerationFailed,
    "INSUFFICIENT_CREDITS": errors.OutOfCredits,
    "INVALID_TASK_ID": errors.InvalidTaskId,
}
_MODERATION = ("sensitive", "violation", "moderat", "nsfw", "banned")


def failure(fail_code: str) -> type[errors.TaskFailed]:
    """Return the class of a fail code; the set is open, so an unknown one is a plain `TaskFailed`.

    >>> failure("SensitiveContentDetected").__name__, failure("SOMETHING_NEW").__name__
    ('ContentViolation', 'TaskFailed')
    """
    known = _BY_CODE.get(fail_code.upper())
    if known is None and any(word in fail_code.lower() for word in _MODERATION):
        return errors.ContentViolation
    return known or errors.TaskFailed
