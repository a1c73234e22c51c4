"""mjnb: explore Midjourney from a notebook.

    import mjnb

    mj = mjnb.Session()
    task = await mj.imagine("a lighthouse at dusk", version="v7", chaos=20)

Names are loaded at their first use, so that importing costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mjnb.pandas_hook import install

if TYPE_CHECKING:
    from mjnb.accessor import read as read
    from mjnb.capability import capabilities as capabilities
    from mjnb.errors import (
        AdviceWarning as AdviceWarning,
    )
    from mjnb.errors import (
        AuthenticationError as AuthenticationError,
    )
    from mjnb.errors import (
        BudgetError as BudgetError,
    )
    from mjnb.errors import (
        ConnectionFailed as ConnectionFailed,
    )
    from mjnb.errors import (
        ContentViolation as ContentViolation,
    )
    from mjnb.errors import (
        GatewayError as GatewayError,
    )
    from mjnb.errors import (
        GatewayUnavailable as GatewayUnavailable,
    )
    from mjnb.errors import (
        GenerationFailed as GenerationFailed,
    )
    from mjnb.errors import (
        ImageDownloadFailed as ImageDownloadFailed,
    )
    from mjnb.errors import (
        ImageRejected as ImageRejected,
    )
    from mjnb.errors import (
        ImageTooLarge as ImageTooLarge,
    )
    from mjnb.errors import (
        InsufficientCredits as InsufficientCredits,
    )
    from mjnb.errors import (
        InvalidImageUrl as InvalidImageUrl,
    )
    from mjnb.errors import (
        InvalidRequest as InvalidRequest,
    )
    from mjnb.errors import (
        InvalidTaskId as InvalidTaskId,
    )
    from mjnb.errors import (
        LayoutError as LayoutError,
    )
    from mjnb.errors import (
        MalformedReply as MalformedReply,
    )
    from mjnb.errors import (
        MjnbError as MjnbError,
    )
    from mjnb.errors import (
        ModelUnavailable as ModelUnavailable,
    )
    from mjnb.errors import (
        NsfwDetected as NsfwDetected,
    )
    from mjnb.errors import (
        OutOfCredits as OutOfCredits,
    )
    from mjnb.errors import (
        PictureBroken as PictureBroken,
    )
    from mjnb.errors import (
        PictureError as PictureError,
    )
    from mjnb.errors import (
        PictureExpired as PictureExpired,
    )
    from mjnb.errors import (
        PictureTooLarge as PictureTooLarge,
    )
    from mjnb.errors import (
        ProcessingTimeout as ProcessingTimeout,
    )
    from mjnb.errors import (
        PromptBlocked as PromptBlocked,
    )
    from mjnb.errors import (
        PromptRejected as PromptRejected,
    )
    from mjnb.errors import (
        RateLimited as RateLimited,
    )
    from mjnb.errors import (
        RequestRefused as RequestRefused,
    )
    from mjnb.errors import (
        SetupError as SetupError,
    )
    from mjnb.errors import (
        StoreError as StoreError,
    )
    from mjnb.errors import (
        TaskFailed as TaskFailed,
    )
    from mjnb.errors import (
        TaskTimeout as TaskTimeout,
    )
    from mjnb.errors import (
        UnknownOutcome as UnknownOutcome,
    )
    from mjnb.errors import (
        UnknownTask as UnknownTask,
    )
    from mjnb.errors import (
        UnsupportedError as UnsupportedError,
    )
    from mjnb.errors import (
        UnsupportedFormat as UnsupportedFormat,
    )
    from mjnb.jobs import Job as Job
    from mjnb.jobs import Stopped as Stopped
    from mjnb.jobs import allow_nested_loops as allow_nested_loops
    from mjnb.jobs import run as run
    from mjnb.magics import load_ipython_extension as load_ipython_extension
    from mjnb.magics import unload_ipython_extension as unload_ipython_extension
    from mjnb.modes import Blend as Blend
    from mjnb.modes import Describe as Describe
    from mjnb.modes import Edit as Edit
    from mjnb.modes import ImageToImage as ImageToImage
    from mjnb.modes import Inpaint as Inpaint
    from mjnb.modes import Pan as Pan
    from mjnb.modes import RawRequest as RawRequest
    from mjnb.modes import Remix as Remix
    from mjnb.modes import Reroll as Reroll
    from mjnb.modes import SeedOf as SeedOf
    from mjnb.modes import Shorten as Shorten
    from mjnb.modes import TextToImage as TextToImage
    from mjnb.modes import Translate as Translate
    from mjnb.modes import UploadPaint as UploadPaint
    from mjnb.modes import Upscale as Upscale
    from mjnb.modes import Vary as Vary
    from mjnb.modes import Video as Video
    from mjnb.modes import Zoom as Zoom
    from mjnb.parts import Area as Area
    from mjnb.parts import Canvas as Canvas
    from mjnb.parts import ImagePosition as ImagePosition
    from mjnb.parts import Mask as Mask
    from mjnb.prompts import parse as parse
    from mjnb.prompts import parse_all as parse_all
    from mjnb.prompts import to_prompt as to_prompt
    from mjnb.runner.rescue import Rescue as Rescue
    from mjnb.runs import Plan as Plan
    from mjnb.runs import Progress as Progress
    from mjnb.runs import Run as Run
    from mjnb.runs.budgets import Budget as Budget
    from mjnb.session import Session as Session
    from mjnb.studio import Studio as Studio
    from mjnb.sweep import Sweep as Sweep
    from mjnb.tasks import Image as Image
    from mjnb.tasks import Task as Task
    from mjnb.tasks import TaskState as TaskState
    from mjnb.widgets.board import SweepBoard as SweepBoard
    from mjnb.widgets.forms import RequestForm as RequestForm
    from mjnb.widgets.mask import MaskPainter as MaskPainter
    from mjnb.widgets.sweepform import SweepForm as SweepForm

__version__ = "0.1.0"

_ROOMS = {
    "accessor": ("read",),
    "jobs": ("Job", "Stopped", "allow_nested_loops", "run"),
    "magics": ("load_ipython_extension", "unload_ipython_extension"),
    "capability": ("capabilities",),
    "modes": (
        "Blend", "Describe", "Edit", "ImageToImage", "Inpaint", "Pan", "RawRequest", "Remix", "Reroll", "SeedOf", "Shorten",
        "TextToImage", "Translate", "UploadPaint", "Upscale", "Vary", "Video", "Zoom",
    ),
    "parts": ("Area", "Canvas", "ImagePosition", "Mask"),
    "prompts": ("parse", "parse_all", "to_prompt"),
    "runner.rescue": ("Rescue",),
    "runs": ("Plan", "Progress", "Run"),
    "session": ("Session",),
    "studio": ("Studio",),
    "runs.budgets": ("Budget",),
    "sweep": ("Sweep",),
    "tasks": ("Image", "Task", "TaskState"),
    "widgets.board": ("SweepBoard",),
    "widgets.forms": ("RequestForm",),
    "widgets.mask": ("MaskPainter",),
    "widgets.sweepform": ("SweepForm",),
    "errors": (
        "AdviceWarning", "AuthenticationError", "BudgetError", "ConnectionFailed", "ContentViolation", "GatewayError",
        "GatewayUnavailable", "GenerationFailed", "ImageDownloadFailed", "ImageRejected", "ImageTooLarge",
        "InsufficientCredits", "InvalidImageUrl", "InvalidRequest", "InvalidTaskId", "LayoutError", "MalformedReply",
        "MjnbError", "ModelUnavailable", "NsfwDetected", "OutOfCredits", "PictureBroken", "PictureError",
        "PictureExpired", "PictureTooLarge", "ProcessingTimeout", "PromptBlocked", "PromptRejected", "RateLimited", "RequestRefused", "SetupError",
        "StoreError", "TaskFailed", "TaskTimeout", "UnknownOutcome", "UnknownTask", "UnsupportedError",
        "UnsupportedFormat",
    ),
}  # fmt: skip
_PLACES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_PLACES)  # noqa: PLE0605  (one list of names, not two)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'mjnb' has no attribute {name!r}")
    value = getattr(import_module(f"mjnb.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]


install()
