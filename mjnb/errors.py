"""Everything that can go wrong, in one tree.

```
MjnbError
├── InvalidRequest            refused by us; nothing was sent
│   └── UnsupportedError      no such mode or field at this gateway
├── BudgetError               the plan was refused; nothing was sent
├── SetupError                no key, no such gateway, a setting that cannot be
├── ConnectionFailed          nothing arrived at the gateway; nothing was charged
├── UnknownOutcome            a submission may or may not have arrived; may have been charged
├── GatewayError              *refused* by the gateway: no task exists
│   ├── RequestRefused        400: the gateway does not take these values
│   ├── AuthenticationError   401, 403
│   ├── InsufficientCredits   no money left there
│   ├── UnknownTask           404, or a task id that it does not know
│   ├── RateLimited           429
│   ├── GatewayUnavailable    500, 502, 503, 504
│   ├── PromptBlocked         moderation before any task; also a `ContentViolation`
│   └── MalformedReply        an answer that is not in its documents
├── TaskFailed                *failed*: the task exists and holds the reason
│   ├── ContentViolation      moderation
│   │   └── NsfwDetected
│   ├── PromptRejected        PROMPT_TOO_LONG, INVALID_PROMPT
│   ├── ImageRejected
│   │   ├── InvalidImageUrl   ├── ImageTooLarge   ├── UnsupportedFormat   └── ImageDownloadFailed
│   ├── InvalidTaskId         the parent of a follow-up is not known (any more)
│   ├── OutOfCredits          INSUFFICIENT_CREDITS after acceptance
│   └── GenerationFailed
│       ├── ProcessingTimeout └── ModelUnavailable
├── TaskTimeout               still running when our patience ended (also a TimeoutError)
├── PictureError              a picture could not be kept
│   ├── PictureExpired        its URL is no longer valid
│   └── PictureBroken         short, damaged, or no picture at all
│       └── PictureTooLarge   more bytes or pixels than the session allows
├── StoreError                the ledger or its folder
└── LayoutError               a frame that cannot be drawn as asked
```

*Refused* and *failed* are different events for a budget: a refused request cost nothing, a failed task is the
gateway's to refund. Every error says what happened, whether money may have been spent, and what to do next.
"""

from __future__ import annotations

import copy
import difflib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AdviceWarning",
    "AuthenticationError",
    "BudgetError",
    "ConnectionFailed",
    "ContentViolation",
    "GatewayError",
    "GatewayUnavailable",
    "GenerationFailed",
    "ImageDownloadFailed",
    "ImageRejected",
    "ImageTooLarge",
    "InsufficientCredits",
    "InvalidImageUrl",
    "InvalidRequest",
    "InvalidTaskId",
    "LayoutError",
    "MalformedReply",
    "MjnbError",
    "ModelUnavailable",
    "NsfwDetected",
    "OutOfCredits",
    "PictureBroken",
    "PictureError",
    "PictureExpired",
    "PictureTooLarge",
    "ProcessingTimeout",
    "PromptBlocked",
    "PromptRejected",
    "RateLimited",
    "RequestRefused",
    "SetupError",
    "StoreError",
    "TaskFailed",
    "TaskTimeout",
    "UnknownOutcome",
    "UnknownTask",
    "UnsupportedError",
    "UnsupportedFormat",
    "legible",
]

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal obeys instead of showing, what turns the direction of reading, and halves of characters."""


def legible(text: str, most: int = 2000) -> str:
    r"""Write a text from outside as one may print it: what is not seen is spelled, and what is too long is cut.

    >>> print(legible("\x1b[2Jgone \u202egnp.exe"))
    \x1b[2Jgone \u202egnp.exe
    """
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], cut)


_LONGEST = 20_000  # characters of an error: a plan may have much to say


class AdviceWarning(UserWarning):
    """A request is valid, but its gateway's own page advises against it."""


class MjnbError(Exception):
    """Anything that went wrong in `mjnb`. Its text may repeat what others wrote, so it is made fit to be printed."""

    def __str__(self) -> str:
        """Return the text with what is not seen spelled out."""
        return legible(super().__str__(), _LONGEST)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, since most of these take keyword arguments."""
        return (_rebuild, (type(self), self.args, self.__dict__))


def _rebuild(cls: type[MjnbError], args: tuple[Any, ...], state: dict[str, Any]) -> MjnbError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class InvalidRequest(MjnbError):
    """A value that the gateway would refuse (or silently change); nothing was sent.

    Not a `ValueError`, so that no library on the way can take it for its own.

    Args:
        field: Name of the field, in Python's spelling.
        value: What was given.
        allowed: The range or the choices, in words.
        nearest: The nearest valid value, if there is one.
        hint: What to do instead.
    """

    def __init__(
        self, field: str, value: object, allowed: str, *, nearest: object = None, hint: str = ""
    ) -> None:
        self.field, self.value, self.allowed, self.nearest, self.hint = field, value, allowed, nearest, hint
        text = f"{field}={_short(value)}: {allowed}"
        if nearest is not None:
            text += f"; nearest valid value: {nearest!r}"
        super().__init__(f"{text}. {hint + ' ' if hint else ''}Nothing was sent.")

    @classmethod
    def unknown_name(cls, name: str, where: str, names: Iterable[str]) -> InvalidRequest:
        """Build the error for a field that `where` does not have.

        >>> print(InvalidRequest.unknown_name("stylise", "text-to-image", ["prompt", "stylize"]))
        stylise: no such field in text-to-image, which has: prompt, stylize; nearest valid value: 'stylize'. Nothing was sent.
        """
        known = list(names)
        close = difflib.get_close_matches(name, known, n=1)
        error = cls(
            name,
            None,
            f"no such field in {where}, which has: {', '.join(known)}",
            nearest=next(iter(close), None),
        )
        error.args = (str(error).replace(f"{name}=None", name, 1),)
        return error

    def inside(self, name: str) -> InvalidRequest:
        """Return the same error for a field of the part `name`.

        >>> InvalidRequest("width", 0, "at least 1").inside("canvas").field
        'canvas.width'
        """
        error = copy.copy(self)
        error.field, error.args = f"{name}.{self.field}", (f"{name}.{self}",)
        return error


def _short(value: object, limit: int = 80) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  (an integer of 5000 digits, an object with a broken repr)
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else text[: limit - 1] + "…"


class UnsupportedError(InvalidRequest):
    """The chosen gateway has no such mode, field or value; nothing was sent. `gateways` are those that have it."""

    gateways: tuple[str, ...] = ()

    def elsewhere(self, gateways: Iterable[str]) -> UnsupportedError:
        """Return the same error with the gateways that can.

        >>> print(UnsupportedError("seed", 7, "APIXO has no seed").elsewhere(["acedata"]))
        seed=7: APIXO has no seed. Gateways that have it: acedata. Nothing was sent.
        """
        error = copy.copy(self)
        error.gateways = tuple(gateways)
        who = (
            f"Gateways that have it: {', '.join(error.gateways)}."
            if error.gateways
            else "No gateway has it."
        )
        error.args = (str(self).replace("Nothing was sent.", f"{who} Nothing was sent."),)
        return error


class BudgetError(MjnbError):
    """The plan costs more than its budget, or cannot be priced; nothing was sent.

    `price_usd` is the plan's price as far as it is known, `unpriced` the number of cells without a price.
    """

    def __init__(
        self, message: str, *, price_usd: float, budget_usd: float | None, unpriced: int = 0
    ) -> None:
        super().__init__(message)
        self.price_usd, self.budget_usd, self.unpriced = price_usd, budget_usd, unpriced


class SetupError(MjnbError):
    """A key is missing, or a setting cannot be; nothing was sent."""


class ConnectionFailed(MjnbError):
    """The gateway could not be reached; nothing arrived there and nothing was charged."""


class UnknownOutcome(MjnbError):
    """A submission was sent and no answer came back: a task may exist and may have been charged.

    It is never sent again by itself. `row` is its row in the ledger, in state `unknown`; `answered` the JSON that came back, if
    any did.
    """

    def __init__(self, message: str, *, row: str = "", answered: Any = None) -> None:
        super().__init__(message)
        self.row, self.answered = row, answered


class GatewayError(MjnbError):
    """The gateway refused a request: no task exists, and nothing was charged.

    `status` is the HTTP status (or the envelope's own code), `code` the gateway's error code if it gave one.
    """

    def __init__(
        self, message: str, *, status: int = 0, code: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after = status, code, retry_after


class RequestRefused(GatewayError):
    """400: the gateway does not take these values."""


class AuthenticationError(GatewayError):
    """401 or 403: the key is missing, wrong, or not allowed to do this."""


class InsufficientCredits(GatewayError):
    """There is not enough money left at the gateway."""


class UnknownTask(GatewayError):
    """404: the gateway does not know this task."""


class RateLimited(GatewayError):
    """429: too many requests or tasks at once; `retry_after` seconds, where the gateway says."""


class GatewayUnavailable(GatewayError):
    """5xx: the gateway itself is in trouble.

    `busy` where it said in its own documented words that it takes nothing now, so that no task exists. Any other does not say what
    became of a submission.
    """

    busy: bool = False


class MalformedReply(GatewayError):
    """An answer that is not in the gateway's documents."""


class TaskFailed(MjnbError):
    """A task ran and failed; `task` holds it, `fail_code` and `fail_msg` the gateway's reason, kept verbatim."""

    def __init__(self, message: str, *, task: Any = None, fail_code: str = "", fail_msg: str = "") -> None:
        super().__init__(message)
        self.task, self.fail_code, self.fail_msg = task, fail_code, fail_msg


class ContentViolation(TaskFailed):
    """Moderation refused the prompt or the result."""


class PromptBlocked(GatewayError, ContentViolation):
    """Moderation refused the prompt at once: no task exists, and nothing was charged."""

    def __init__(
        self, message: str, *, status: int = 0, code: str = "", retry_after: float | None = None
    ) -> None:
        GatewayError.__init__(self, message, status=status, code=code, retry_after=retry_after)
        self.task, self.fail_code, self.fail_msg = None, code, message


class NsfwDetected(ContentViolation):
    """Moderation found nudity or the like."""


class PromptRejected(TaskFailed):
    """The prompt is too long or not valid."""


class ImageRejected(TaskFailed):
    """A reference image could not be used."""


class InvalidImageUrl(ImageRejected):
    """A reference image's URL could not be reached."""


class ImageTooLarge(ImageRejected):
    """A reference image has too many bytes."""


class UnsupportedFormat(ImageRejected):
    """A reference image is not JPG, PNG or WebP."""


class ImageDownloadFailed(ImageRejected):
    """The gateway could not fetch a reference image."""


class InvalidTaskId(TaskFailed):
    """The parent task of a follow-up is not known there (any more)."""


class OutOfCredits(TaskFailed):
    """The money ran out after the task was accepted."""


class GenerationFailed(TaskFailed):
    """The model gave up; usually worth another try."""


class ProcessingTimeout(GenerationFailed):
    """The model took longer than the gateway waits."""


class ModelUnavailable(GenerationFailed):
    """No model is free; try again later."""


class TaskTimeout(MjnbError, TimeoutError):
    """A task was still running when our patience ended. It goes on at the gateway; `task_id` names it."""

    def __init__(self, message: str, *, task_id: str) -> None:
        super().__init__(message)
        self.task_id = task_id


class PictureError(MjnbError):
    """A picture could not be fetched or kept; the task is finished and paid."""

    def __init__(self, message: str, *, url: str = "") -> None:
        super().__init__(message)
        self.url = url


class PictureExpired(PictureError):
    """The picture's URL is no longer valid at the gateway."""


class PictureBroken(PictureError):
    """What came is short, damaged, or no picture."""


class PictureTooLarge(PictureBroken):
    """More bytes or pixels than the session allows; `max_picture_mb` and `max_megapixels` do."""


class StoreError(MjnbError):
    """The ledger or its folder cannot be used; the message names the file."""


class LayoutError(MjnbError):
    """A frame cannot be drawn as asked: an unknown column, or nothing to draw."""
