"""Sweeps: every combination of some values, planned and priced before anything is sent, paid for once.

sweep = Sweep("a lighthouse at {time: dawn, dusk}", chaos=[0, 50, 100], version=["v7", "niji 7"])
run = sweep.start(mj, budget=5.00)
frame = await run
"""

from __future__ import annotations

import asyncio
import itertools
import math
from typing import TYPE_CHECKING, Any, Literal

from mjnb.errors import InvalidRequest
from mjnb.fields import Links, Whole
from mjnb.frame import TAIL
from mjnb.jobs import Job
from mjnb.modes import (
    MODES,
    Blend,
    ImageToImage,
    Inpaint,
    Pan,
    Request,
    TextToImage,
    UploadPaint,
    Upscale,
    Vary,
    Video,
    Zoom,
    rule,
)
from mjnb.prompts import Template, expand, parse_template
from mjnb.runs import Cell, Run, Skipped, make_plan, sweep_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from mjnb.runs import Plan
    from mjnb.runs.budgets import Budget
    from mjnb.session import Session

__all__ = ["Cell", "Skipped", "Sweep"]

_MOST_CELLS = 100_000
_TAKEN = {"cell", "picture", "image", "url", *TAIL}  # columns that a prompt's group must not be named like


class Sweep:
    """The product of some axes. A description only: it holds no session and sends nothing.

    Args:
        prompt: One prompt, whose `{a, b}` groups become axes (`prompt_1`, or named: `{time: dawn, dusk}`), or a list.
        mode: The mode's name; None takes the one that the fields belong to, if they tell (`edit`, `remix`, `reroll` and those
            whose answer is text are always named).
        repeats: How many equal tasks for each combination.
        take: Which asking of the whole: 2 pays for the same cells anew.
        on_invalid: `"raise"`, or `"skip"` to leave invalid combinations out (`skipped` says which, and why).
        axes: Fields of the mode; several values (list, tuple, range, array) make an axis, one value holds for all; None is
            a field left unset. On `image_urls` a flat list is one value. Of several references that hold together
            (`sref`, `no`, …) each axis value is one text or list: `sref=[None, "123", ["456", "789"]]` are three.
            `niji=[6, 7]` is an axis of versions.

    Raises:
        InvalidRequest: An unknown field, a value given twice, too many cells.

    >>> sweep = Sweep("a fox at {time: dawn, dusk}", chaos=[0, 50])
    >>> sweep.shape
    {'time': 2, 'chaos': 2}
    >>> sweep.cells()[1].request
    TextToImage(prompt='a fox at dawn', chaos=50)
    """

    def __init__(
        self,
        prompt: str | Sequence[str] | None = None,
        *,
        mode: str | None = None,
        repeats: int = 1,
        take: int = 1,
        on_invalid: Literal["raise", "skip"] = "raise",
        **axes: Any,
    ) -> None:
        axes = _with_niji(axes)
        self.model = _model(mode, {**axes, "prompt": prompt})
        self.repeats, self.take = _count("repeats", repeats), _count("take", take)
        if on_invalid not in {"raise", "skip"}:
            raise InvalidRequest("on_invalid", on_invalid, "'raise' or 'skip'")
        self.on_invalid = on_invalid
        self._template, self._axes = _read_prompt(prompt, self.model)
        self._held: dict[str, Any] = {}
        for name, given in axes.items():
            values = _values(self.model, name, given)
            if values is None:
                self._held[name] = given
            else:
                self._axes[name] = values
        if len(self) > _MOST_CELLS:
            raise InvalidRequest("sweep", len(self), f"at most {_MOST_CELLS} cells at once")

    def __repr__(self) -> str:
        """Show the axes and the number of cells."""
        axes = " × ".join(f"{name} ({len(values)})" for name, values in self._axes.items())
        repeats = f" × {self.repeats} repeats" if self.repeats > 1 else ""
        return f"<Sweep {self.model.mode}: {axes or 'one cell'}{repeats} = {len(self)} cells>"

    def __len__(self) -> int:
        """Return how many cells there are before any is skipped."""
        return math.prod(len(values) for values in self._axes.values()) * self.repeats

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """The axes in order, the last turning fastest."""
        return dict(self._axes)

    @property
    def shape(self) -> dict[str, int]:
        """How many values each axis has."""
        return {name: len(values) for name, values in self._axes.items()}

    # -- cells ---------------------------------------------------------------------------------------------------

    def cells(self) -> list[Cell]:
        """Return every valid combination, in order; checks values, sends nothing.

        Raises:
            InvalidRequest: One is not valid (unless `on_invalid="skip"`).
        """
        return self._build(lambda request: request)[0]

    @property
    def skipped(self) -> list[Skipped]:
        """The combinations that `on_invalid="skip"` leaves out."""
        return self._build(lambda request: request)[1]

    def valid(self, session: Session) -> tuple[list[Cell], list[Skipped]]:
        """Return the cells as this session's gateway would take them, and those left out."""
        return self._build(session.prepare)

    def _build(self, prepare: Callable[[Request], Request]) -> tuple[list[Cell], list[Skipped]]:
        cells, skipped = [], []
        for combination in itertools.product(*self._axes.values()):
            coords = dict(zip(self._axes, combination, strict=True))
            try:
                request = prepare(self._request(coords))
            except InvalidRequest as error:
                skipped.append(self.leave_out(coords, error))
                continue
            place = self._place(coords, request)
            cells += [Cell(place, request, repeat, coords) for repeat in range(self.repeats)]
        return cells, skipped

    def leave_out(self, coords: Mapping[str, Any], problem: InvalidRequest) -> Skipped:
        """Say what is left out and why, or raise the problem, as `on_invalid` wants it."""
        if self.on_invalid == "raise":
            raise problem
        return Skipped(coords, str(problem))

    def _request(self, coords: Mapping[str, Any]) -> Request:
        fields = {name: value for name, value in coords.items() if name in self.model.model_fields}
        if self._template is not None:
            fields["prompt"] = self._template.fill({name: str(value) for name, value in coords.items()})
        return self.model(**{**self._held, **fields})

    @staticmethod
    def _place(coords: Mapping[str, Any], request: Request) -> dict[str, Any]:
        """Name the cell's place by values in their one spelling (`7` and `"v7"` are one)."""
        return {name: getattr(request, name, value) for name, value in coords.items()}

    # -- doing ---------------------------------------------------------------------------------------------------

    def plan(self, session: Session) -> Job[Plan]:
        """Say what running it would do: cells, what is paid already, price, time. Sends nothing.

        Raises:
            InvalidRequest: A cell is not valid at this gateway.
        """
        return Job(asyncio.to_thread(make_plan, self, session), label="planning")

    def start(
        self,
        session: Session,
        *,
        budget: float | Budget | None = None,
        on_budget: Literal["raise", "partial"] = "raise",
        retry: Literal["transient", "failed", "none"] = "transient",
    ) -> Run:
        """Start it in the background and return at once; nothing is sent before the whole plan is valid and priced.

        Args:
            session: Where to.
            budget: USD that this sweep may spend at most, tasks under way and unknown ones included, or a `Budget` that several
                sweeps share. Needed on a gateway that costs money.
            on_budget: `"raise"`, or `"partial"` to run the cells that fit, in order.
            retry: Which failed cells of earlier runs are paid for again: those where another try may help, all, none.

        Raises:
            InvalidRequest: A cell is not valid. BudgetError: the plan does not fit, or cannot be priced.
        """
        return Run(
            self,
            session,
            make_plan(self, session, retry=retry).within(budget, on_budget, session),
            retry=retry,
        )

    def run(self, session: Session, **options: Any) -> Run:
        """Start it and show it live; await what this returns for the frame. Takes the arguments of `start`."""
        run = self.start(session, **options)
        run.show()
        return run

    def frame(self, session: Session) -> pd.DataFrame:
        """Return what the ledger has of these cells, at any moment; sends nothing."""
        return sweep_frame(self, session)


def _count(name: str, value: Any) -> int:
    return Whole("how many", 1).read(name, value)


def _with_niji(axes: Mapping[str, Any]) -> dict[str, Any]:
    """Read `niji=` as the version that it is, one value or an axis of them."""
    given = axes.get("niji")
    if given is None:
        return {name: value for name, value in axes.items() if name != "niji"}
    if axes.get("version") is not None:
        raise InvalidRequest("niji", given, "niji is a version: give either of the two")
    given = given.tolist() if hasattr(given, "tolist") else given
    several = isinstance(given, list | tuple | range)
    versions = [_niji(one) for one in given] if several else _niji(given)
    rest = {name: value for name, value in axes.items() if name != "version"}
    return {("version" if name == "niji" else name): rest[name] for name in rest} | {"version": versions}


def _niji(number: Any) -> str | None:
    return None if number is None else f"niji {number}"


_GUESSED = (TextToImage, ImageToImage, UploadPaint, Vary, Upscale, Zoom, Pan, Inpaint, Blend)
_OF_VIDEOS = {"motion", "resolution", "animate", "batch_size", "end_url", "loop", "extend"}


def _model(mode: str | None, given: Mapping[str, Any]) -> type[Request]:
    """Find the mode that the fields belong to: the first that has them all and needs no other."""
    if mode is not None:
        if mode not in MODES:
            raise InvalidRequest("mode", mode, f"one of {', '.join(MODES)}")
        return MODES[mode]
    names = {name for name, value in given.items() if value is not None}
    if names & _OF_VIDEOS:
        return Video
    found = (model for model in _GUESSED if _needed(model) <= names <= set(model.model_fields))
    return next(found, None) or _nearest_model(names)


def _needed(model: type[Request]) -> set[str]:
    return {name for name, info in model.model_fields.items() if info.is_required()}


def _nearest_model(names: set[str]) -> type[Request]:
    """Choose the mode that was probably meant, whose own words then say what is wrong."""
    if "mask" in names:
        return UploadPaint
    if "image_urls" in names:
        return ImageToImage
    if "task_id" in names:
        return Upscale if "kind" in names else Vary
    return TextToImage


def _read_prompt(
    prompt: str | Sequence[str] | None, model: type[Request]
) -> tuple[Template | None, dict[str, tuple[Any, ...]]]:
    """Cut the prompt into a template and the axes of its groups; a list of prompts is an axis itself."""
    if prompt is None:
        return None, {}
    if "prompt" not in model.model_fields:
        raise InvalidRequest.unknown_name("prompt", model.mode, model.model_fields)
    if not isinstance(prompt, str):
        if (
            not isinstance(prompt, list | tuple)
            or not prompt
            or not all(isinstance(item, str) for item in prompt)
        ):
            raise InvalidRequest("prompt", prompt, "one prompt, or a list of at least one")
        return None, {"prompt": _distinct("prompt", [text for item in prompt for text in expand(item)])}
    template = parse_template(prompt)
    for group in template.groups:
        if group.name in model.model_fields or group.name in _TAKEN:
            kind = "field" if group.name in model.model_fields else "column of the frame"
            raise InvalidRequest("prompt", prompt, f"{group.name!r} is a {kind}; name the group otherwise")
    return template, {group.name: _distinct(group.name, group.options) for group in template.groups}


def _values(model: type[Request], name: str, given: Any) -> tuple[Any, ...] | None:
    """Return the values of an axis in their one spelling, or None if this is a single value."""
    if name not in model.model_fields:
        raise InvalidRequest.unknown_name(name, model.mode, model.model_fields)
    given = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(given, list | tuple | range):
        return None
    if isinstance(rule(model, name), Links) and not any(isinstance(item, list | tuple) for item in given):
        return None
    if not given:
        raise InvalidRequest(name, given, "at least one value")
    return _distinct(name, [_spelled(model, name, value) for value in given])


def _spelled(model: type[Request], name: str, value: Any) -> Any:
    """Spell a value as its field does; one that is not valid is left for its cell to refuse."""
    try:
        return value if value is None else rule(model, name).read(name, value)
    except InvalidRequest:
        return value


def _distinct(name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """Refuse a value given twice: it would be one cell, not two."""
    seen: set[tuple[type, str]] = set()
    for value in values:
        if (type(value), repr(value)) in seen:
            raise InvalidRequest(
                name, value, "given twice on this axis", hint="Use repeats= for several equal tasks."
            )
        seen.add((type(value), repr(value)))
    return tuple(values)
