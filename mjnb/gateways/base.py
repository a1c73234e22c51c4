"""What every dialect gives: a pure codec from requests to calls and from replies to states.

A dialect does no I/O, keeps no state and knows no other dialect. It decides what may be sent, how it is spelled, what
an answer means, when to ask, and what a task costs. Who calls it owns the network, the clock and the money.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mjnb import errors
from mjnb.gateways import reading
from mjnb.gateways.lost import Found, Lost
from mjnb.modes import RawRequest, marks_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mjnb.modes import Request
    from mjnb.tasks import TaskState

__all__ = [
    "Call", "Dialect", "Envelope", "Limits", "Reply", "Rhythm", "Status", "failure", "refusal",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to make: `path` hangs from the gateway's origin. `body` is sent as JSON.

    `files` are sent as multipart instead, by field: name, bytes, media type. With `streams` the answer is read line by line,
    each line a JSON object as whole as the last one; the first names the task.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes, str]] = field(default_factory=dict)
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer: `json` is None where the body is no JSON; `retry_after` in seconds, `date` in epoch seconds of its server."""

    status: int
    json: Any
    text: str = ""
    retry_after: float | None = None
    date: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What the gateway says of a task; times are epoch seconds, None where it does not tell.

    `urls` of pictures or clips (`poster` then is a clip's first frame); of a 2 × 2 sheet four times its own URL with the
    fragment `#quarter=0` to `3`. `texts` are the answer of a mode whose answer is text. `progress` is 0 to 100, `preview` the
    URL of an unfinished picture that will not last. `expires` is when the URLs end, `price_micro` what was charged in
    millionths of a dollar. `waits` means that the second half of the request is wanted. `facts` are what follow-ups need to
    know of it, in the gateway's own words.
    """

    state: TaskState
    urls: tuple[str, ...] = ()
    created: float | None = None
    completed: float | None = None
    cost_time_s: float | None = None
    fail_code: str = ""
    fail_msg: str = ""
    texts: tuple[str, ...] = ()
    poster: str = ""
    progress: int | None = None
    preview: str = ""
    expires: float | None = None
    price_micro: int | None = None
    waits: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What goes around every request.

    `provider` is APIXO's routing, `callback_url` an address that is listening, `parent` what is known of the task that a
    follow-up builds on, `streams` whether progress is wanted as a stream, `timeout_s` the user's own patience, `key` the same
    for every sending of one row, so that a gateway may know it again.
    """

    provider: str = "auto"
    callback_url: str | None = None
    parent: Status | None = None
    streams: bool = False
    timeout_s: float | None = None
    key: str = ""


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
    endpoints: ClassVar[
        tuple[str, ...]
    ] = ()  # how the documented paths begin, none of which belongs into a base_url
    limits: ClassVar[Limits]
    url_life_s: ClassVar[float]
    references: ClassVar[tuple[str, ...]] = (
        "url",
    )  # how pictures may be handed over: "url", "upload", "base64"
    modes: Mapping[str, type[Request]]
    takes: Mapping[str, frozenset[str]]  # the fields that each mode takes
    on_request: ClassVar[
        tuple[str, ...]
    ] = ()  # modes that the gateway enables for a key, sent as `RawRequest`
    needs_parent: ClassVar[bool] = (
        False  # whether a follow-up cannot be spelled without what its parent said
    )
    lists_tasks: ClassVar[bool] = False  # whether `search` finds the tasks of lost submissions
    batch: ClassVar[int] = 1  # how many tasks one status request may ask after
    price_names: ClassVar[
        tuple[str, ...]
    ] = ()  # names of its own that prices may have, such as billing keys
    streams: ClassVar[frozenset[str]] = frozenset()  # modes that can tell their progress as a stream
    callbacks: ClassVar[frozenset[str]] = frozenset()  # modes whose end is told to a `callback_url`
    masks: ClassVar[str] = "areas"  # how a mask travels: "areas" (as it is), "base64" or "url" (as a PNG)
    # what in a mask's picture is painted anew
    mask_paint: ClassVar[Literal["white", "black", "transparent"]] = "white"

    def check(self, request: Request) -> None:
        """Refuse what this gateway would refuse or silently change.

        Raises:
            UnsupportedError: The mode, or a field of it, is not there.
            InvalidRequest: A value is not taken. In either case nothing was sent.
        """
        if not isinstance(request, RawRequest):
            self._check_names(request)
        self._check(request)

    def _check_names(self, request: Request) -> None:
        if request.mode not in self.modes:
            raise errors.UnsupportedError("mode", request.mode, f"{self.title} has {', '.join(self.modes)}")
        for name, value in request.given().items():
            if lacking := self.lacks(request.mode, name):
                raise errors.UnsupportedError(name, value, lacking)

    def lacks(self, mode: str, name: str) -> str:
        """Say that this gateway has no such field in a mode, and which it has; "" if it has it."""
        if mode not in self.modes or name in self.takes[mode]:
            return ""
        has = ", ".join(one for one in self.modes[mode].model_fields if one in self.takes[mode])
        return f"{self.title} has no field for it; its {mode} has {has}"

    @abstractmethod
    def _check(self, request: Request) -> None:
        """Refuse values, a raw request's included."""

    def parent_of(self, request: Request, told: Any) -> Status | None:
        """Read what the gateway last said of a follow-up's parent, as the ledger keeps it; None if that says nothing.

        What was said before the parent's end is old by now, and holds neither pictures nor what it offers.
        """
        del request
        try:
            parent = None if told is None else self.read_status(Reply(200, told))
        except errors.MjnbError:
            return None
        return parent if parent is not None and parent.state.is_finished else None

    def check_parent(self, request: Request, parent: Status) -> None:
        """Refuse a follow-up that its parent, as far as it is known, does not offer.

        Raises:
            InvalidRequest: Nothing was sent; the message names what it offers.
        """
        del request, parent

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

    def settle(self, request: Request) -> tuple[Request, tuple[str, ...]]:
        """Return the request with values moved to what the gateway's steps allow, and what was moved, a sentence each."""
        return request, ()

    def marks_off(self, request: Request) -> dict[str, Any]:
        """Return the mode's marks that the gateway takes, all of them off: that is how they hold unless they are asked for."""
        if isinstance(request, RawRequest):
            return {}
        return dict.fromkeys(
            sorted(marks_of(type(request)) & self.takes.get(request.mode, frozenset())), False
        )

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

    def second_half(self, request: Request, task_id: str, envelope: Envelope) -> Call:
        """Spell the second half of a request whose task `waits` for it; its answer is read by `read_submit`."""
        raise NotImplementedError(f"{self.title} has no requests of two halves")

    def search(self, lost: Lost) -> Call | None:
        """Spell the question for the tasks that a lost submission may have made; None where the gateway has no list of them."""
        del lost
        return None

    def read_search(self, reply: Reply, lost: Lost) -> Found:
        """Return the tasks that the very same request has made since, or raise what else the answer means."""
        del reply, lost
        return Found()

    def can_be(self, status: Status, raw: Any, lost: Lost) -> bool:
        """Whether a task that somebody claims for a lost submission can be its own, as far as the task's record tells."""
        del raw
        return lost.is_timely(status.created)

    def read_at_once(self, reply: Reply) -> Status | None:
        """Return the finished answer of a submission that makes no task to wait for, None if it made one."""
        del reply
        return None

    def status_of(self, task_ids: Sequence[str]) -> Call:
        """Spell the question after several tasks, at most `batch`."""
        (task_id,) = task_ids
        return self.status(task_id)

    def read_statuses(self, reply: Reply) -> Mapping[str, Any]:
        """Cut the answer to `status_of` into one JSON object a task, each of which `read_status` reads."""
        raise NotImplementedError(f"{self.title} tells of one task at a time")

    def read_callback(self, body: Any) -> str:
        """Return the id of the task that a callback speaks of, "" if it names none; whatever it is, it raises nothing."""
        del body
        return ""

    def upload(self, name: str, data: bytes, media_type: str) -> Call:
        """Spell the handing over of a picture, where `references` has "upload"."""
        raise NotImplementedError(f"{self.title} takes no files")

    def read_upload(self, reply: Reply) -> str:
        """Return the URL of a picture that was handed over, or raise the `GatewayError` that the answer means."""
        raise NotImplementedError(f"{self.title} takes no files")

    @abstractmethod
    def rhythm(self, request: Request | None) -> Rhythm:
        """Return when to ask after this request."""

    @abstractmethod
    def price(self, request: Request, prices: Mapping[str, float] = MappingProxyType({})) -> int | None:
        """Return the price in millionths of a dollar, None where nobody tells.

        Args:
            request: What is asked for.
            prices: The user's own, in USD, by mode, speed, `"mode speed"` or one of `price_names`; they win over the page's.
        """

    def own_price(self, request: Request, prices: Mapping[str, float]) -> int | None:
        """Return the user's own price of a request, None if they gave none; that of a video is that of one clip."""
        speed = self.held(request).get("speed")
        names = (f"{request.mode} {speed}", request.mode, str(speed))
        usd = next((prices[name] for name in names if name in prices), None)
        return None if usd is None else round(usd * 1_000_000) * self.charged(request)

    def charged(self, request: Request) -> int:
        """Return how many times a request is charged: each clip of a video is."""
        return reading.whole(self.held(request).get("batch_size")) or 1


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
    errors.PromptBlocked: "Say it in other words.",
}


def refusal(
    gateway: str,
    status: int,
    message: str,
    retry_after: float | None = None,
    *,
    code: str = "",
    kind: type[errors.GatewayError] | None = None,
    outcome: str = "No task was created.",
    busy: bool = False,
) -> errors.GatewayError:
    """Build the one error that a refusal means, by HTTP status and by the words every gateway uses for no money.

    `kind` is the class that the gateway's own `code` means, where it decides; `outcome` says what became of the task; it is ""
    where one was only asked after. A proxy's words about time and conflicts (408, 409, 425) refuse nothing: the request may have
    arrived, so unless the gateway's code says otherwise they are `GatewayUnavailable`. Only one that is `busy` claims an outcome,
    and only then may a submission be sent again: a 503 in the gateway's own words, with nothing that leaves the task's fate open.
    A page, no body and foreign JSON are not its words: proxies say 503 also when the answer to what had arrived was lost.

    >>> type(refusal("APIXO", 400, "Insufficient credits")).__name__
    'InsufficientCredits'
    """
    kind = kind or _BY_STATUS.get(status) or _other(status)
    if kind is errors.RequestRefused and "insufficient" in message.lower():
        kind = errors.InsufficientCredits
    if kind is errors.GatewayUnavailable and not busy:
        outcome = ""
    advice = next((text for cls, text in _NEXT.items() if issubclass(kind, cls)), "")
    reason = errors.legible(message or "no reason given").rstrip(".")
    text = " ".join(filter(None, (f"{gateway} refused ({status}): {reason}.", outcome, advice)))
    error = kind(text, status=status, code=code, retry_after=retry_after)
    if isinstance(error, errors.GatewayUnavailable):
        error.busy = busy
    return error


_IN_BETWEEN = frozenset({408, 409, 425})


def _other(status: int) -> type[errors.GatewayError]:
    unavailable = status >= 500 or status in _IN_BETWEEN  # noqa: PLR2004
    return errors.GatewayUnavailable if unavailable else errors.RequestRefused


_BY_CODE: dict[str, type[errors.TaskFailed]] = {
    "CONTENT_VIOLATION": errors.ContentViolation,
    "FORBIDDEN": errors.ContentViolation,
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
    "USED_UP": errors.OutOfCredits,
    **dict.fromkeys(
        ("API_ERROR", "SERVER_ERROR", "INTERNAL_ERROR", "TOO_MANY_REQUESTS"), errors.GenerationFailed
    ),
}
_BY_WORD: dict[str, type[errors.TaskFailed]] = {
    **dict.fromkeys(("sensitive", "violation", "moderat", "nsfw", "banned"), errors.ContentViolation),
    **dict.fromkeys(("upstream", "unavailable"), errors.ModelUnavailable),
    "timeout": errors.ProcessingTimeout,
    "balancer": errors.GenerationFailed,  # of loads, not of money
    **dict.fromkeys(("insufficient", "balance", "payment"), errors.OutOfCredits),
}


def failure(fail_code: str) -> type[errors.TaskFailed]:
    """Return the class of a fail code; the set is open, so one that says nothing known is a plain `TaskFailed`.

    >>> [failure(code).__name__ for code in ("SensitiveContentDetected", "NO_AVAILABLE_UPSTREAM", "SOMETHING_NEW")]
    ['ContentViolation', 'ModelUnavailable', 'TaskFailed']
    """
    known = _BY_CODE.get(fail_code.upper())
    by_word = (kind for word, kind in _BY_WORD.items() if word in fail_code.lower())
    return known or next(by_word, errors.TaskFailed)
