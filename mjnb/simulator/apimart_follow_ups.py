"""APIMart's requests that go on from a task: upscale, variation, reroll, zoom, pan, inpaint with modal, and remix.

Where a request names a button by `custom_id`, that decides; else `index`, `direction` or `zoom_ratio` do. Chosen where the
documents are at odds or silent: a task with one picture needs no `index`, and its upscale without a button is the subtle
one; v8 has neither zoom nor inpaint, as it has no buttons for them, but may be cropped and
panned; `modal` without a mask continues the picture on all sides; all but `upscale` give a grid of four.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mjnb.simulator.apimart_desk import SECONDS, Desk, estimate, failed, speed_of
from mjnb.simulator.apimart_facts import Facts, second_half
from mjnb.simulator.apimart_fields import Fields, RefusedError
from mjnb.simulator.apimart_masks import region_of
from mjnb.simulator.apimart_orders import like
from mjnb.simulator.apimart_panel import PANS, Button, is_single, panel
from mjnb.simulator.apimart_parameters import read_prompt
from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from mjnb.simulator.tasks import Drawing, Order, Task

__all__ = ["inpaint", "modal", "pan", "remix", "reroll", "upscale", "variation", "zoom"]

_AT_ONCE = (0, 0)
_HD_SECONDS = (60.0, 120.0)
_TWICE = 2.0  # from this ratio on zoom is 2x
_KIN = {"variation", "low-variation"}  # two names for one thing


def upscale(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request for one picture of a grid (a crop, done at once), or by a button for a larger one."""
    parent = desk.parent(fields)
    button = _pressed(action, fields, parent)
    if button is None and is_single(parent):
        if fields.integer("index", 1, 4) is not None:
            raise RefusedError("task_id must be a grid; a single image is upscaled with custom_id")
        button = _matching(action, fields, parent, "2x")
    button = button or _numbered(action, fields, parent, "crop")
    seconds = _AT_ONCE if button.change == "crop" else _HD_SECONDS
    return replace(_follow_up(desk, fields, parent, button, seconds=seconds), pictures=1)


def variation(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request for a subtle or (high-variation) strong variation."""
    parent = desk.parent(fields)
    change = "strong" if action == "high-variation" else "subtle"
    button = _pressed(action, fields, parent) or _numbered(action, fields, parent, change)
    return _follow_up(desk, fields, parent, replace(button, action=action))


def reroll(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request for the same once more, with new dice."""
    parent = desk.parent(fields)
    if is_single(parent):
        raise RefusedError("task_id must be a grid: a single image is not rerolled")
    _pressed(action, fields, parent)
    facts = Facts.of(parent)
    drawing = replace(parent.drawing, seed=None)
    return desk.order(action, fields, drawing, prompt=facts.prompt, model=facts.model)


def zoom(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request to see an upscaled picture from further away."""
    parent = _upscaled(desk, fields)
    ratio = fields.number("zoom_ratio", 1, 100)
    change = "zoom_2" if ratio is None or ratio >= _TWICE else "zoom_1.5"
    button = _pressed(action, fields, parent) or _matching(action, fields, parent, change)
    return _follow_up(desk, fields, parent, button)


def pan(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request to continue an upscaled picture to one side."""
    parent = _upscaled(desk, fields)
    way = fields.choice("direction", tuple(PANS))
    button = _pressed(action, fields, parent)
    if button is None and not way:
        raise fields.needed("direction")
    order = _follow_up(desk, fields, parent, button or _matching(action, fields, parent, f"pan_{way}"))
    if Facts.of(parent).model.startswith("v5"):
        return replace(order, failure=failed("Invalid generation request"))
    return order


def inpaint(desk: Desk, action: str, fields: Fields) -> Order:
    """Read the first half of a request to repaint a region: it waits for its second, `modal`."""
    parent = _upscaled(desk, fields)
    button = _pressed(action, fields, parent) or _matching(action, fields, parent, "")
    return replace(_follow_up(desk, fields, parent, button), waits=True)


def remix(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request for a variation that follows a new prompt."""
    parent = desk.parent(fields)
    if not Facts.of(parent).model.startswith("v8"):
        raise RefusedError("task_id must be a v8 task: other versions have no remix")
    change = action.replace("-", "_")
    button = _pressed(action, fields, parent) or _numbered(action, fields, parent, change)
    return _follow_up(desk, fields, parent, button, prompt=fields.text("prompt"))


def modal(desk: Desk, fields: Fields) -> tuple[Task, dict[str, Any]]:
    """Read the second half of an inpaint.

    Returns:
        The task that waits for it, and what `World.go_on` needs for it.

    Raises:
        RefusedError: the documents forbid it.
    """
    task = desk.task(fields.text("task_id", required=True))
    facts = Facts.of(task)
    if task.phase(desk.world.now()) is not Phase.WAITING:
        raise RefusedError("task_id must be a task in MODAL state")
    prompt = fields.text("prompt") or facts.prompt
    seconds = SECONDS[speed := speed_of(fields, facts.speed)]
    fields.json_object("metadata")
    mask = fields.image("mask_url")
    drawing = _repainted(desk, task.drawing, read_prompt(prompt).words, fields, mask)
    return task, {
        "drawing": drawing,
        "seconds": seconds,
        "failure": desk.failure(prompt, mask),
        "asked": second_half(prompt, speed, estimate(seconds), desk.once),
    }


def _repainted(desk: Desk, drawing: Drawing, words: str, fields: Fields, mask: str) -> Drawing:
    if not mask:
        return replace(drawing, prompt=words or drawing.prompt, change="zoom_2")
    region = region_of(fields.text("mask_url"), desk.world.store.upload)
    mask_url = "" if region else mask
    return replace(
        drawing, prompt=words or drawing.prompt, change="paint", region=region, mask_url=mask_url
    )


def _upscaled(desk: Desk, fields: Fields) -> Task:
    parent = desk.parent(fields)
    if not is_single(parent):
        raise RefusedError("This action requires an upscaled task.")
    return parent


def _pressed(action: str, fields: Fields, parent: Task) -> Button | None:
    """Return the button that `custom_id` names, None without one."""
    custom_id = fields.text("custom_id")
    if not custom_id:
        return None
    fields.get("index")  # known, but the button decides
    button = next((button for button in panel(parent) if button.custom_id == custom_id), None)
    if button is None or (button.action != action and not {button.action, action} <= _KIN):
        raise RefusedError(f"custom_id is no button of this task for {action}")
    return button


def _numbered(action: str, fields: Fields, parent: Task, change: str) -> Button:
    """Return what `index` asks for; it may be left out where there is only one picture."""
    number = fields.integer("index", 1, 4)
    if number is None and is_single(parent):
        number = 1
    if number is None:
        raise RefusedError("index or custom_id is required")
    return Button("", "", action, number - 1, change)


def _matching(action: str, fields: Fields, parent: Task, change: str) -> Button:
    """Return the parent's button for a change."""
    fields.integer("index", 1, 4)  # there is only one picture
    for button in panel(parent):
        if (button.action, button.change) == (action, change):
            return button
    raise RefusedError(f"No matching button for {action} on this task")


def _follow_up(
    desk: Desk,
    fields: Fields,
    parent: Task,
    button: Button,
    *,
    prompt: str = "",
    seconds: tuple[float, float] | None = None,
) -> Order:
    facts = Facts.of(parent)
    source = (parent.id, min(button.picture, parent.pictures - 1))
    drawing = like(parent.drawing, source, button.change, prompt)
    shown = prompt or facts.prompt
    return desk.order(button.action, fields, drawing, prompt=shown, model=facts.model, seconds=seconds)
