"""The buttons under a finished task, and what a press of each one asks for.

The gateway shows them as Midjourney does: `customId` and `label`. Their ids end in a name of the task, so that a button of
one task fits no other. The documents show only a few of them; the rest follow Midjourney's own spelling.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mjnb.simulator.apimart_facts import Facts

if TYPE_CHECKING:
    from mjnb.simulator.tasks import Task

__all__ = ["PANS", "Button", "is_single", "panel", "shown"]

PANS = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}
_STYLE = 2  # Discord's number for a grey button
_UPSCALERS = {"v5.1": "v5", "v5.2": "v5", "v6.1": "v6r1", "niji6": "v6"}  # else v7's
_HD = {"subtle": "2x", "creative": "creative"}  # how the painter calls them


@dataclass(frozen=True, slots=True)
class Button:
    """One button.

    Attributes:
        custom_id: its id.
        label: what it says; "" for one that works and is not shown.
        action: the endpoint that takes it.
        picture: which of the task's pictures it is for, 0-3.
        change: what the painter does to that picture.
    """

    custom_id: str
    label: str
    action: str
    picture: int = 0
    change: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what a reply says of it."""
        return {"customId": self.custom_id, "label": self.label, "style": _STYLE}


def is_single(task: Task) -> bool:
    """Tell whether a task is one upscaled picture and not a grid."""
    return task.kind == "pictures" and task.pictures == 1


def panel(task: Task) -> list[Button]:
    """Return the buttons of a finished task, those that are not shown included."""
    if task.kind != "pictures":
        return []
    name = hashlib.sha256(task.id.encode()).hexdigest()[:12]
    model = Facts.of(task).model
    return _single(name, model) if is_single(task) else _grid(name, model)


def shown(task: Task) -> list[dict[str, Any]]:
    """Return the buttons that a reply shows."""
    return [button.to_json() for button in panel(task) if button.label]


def _grid(name: str, model: str) -> list[Button]:
    crops = [_job("upsample", name, number, f"U{number}", "upscale", "crop") for number in range(1, 5)]
    varied = [
        _job("variation", name, number, f"V{number}", "variation", "subtle") for number in range(1, 5)
    ]
    again = Button(f"MJ::JOB::reroll::0::{name}", "🔄", "reroll")
    if not model.startswith("v8"):
        hidden = [
            button for number in range(1, 5) for button in _upscalers(name, model, number, labels=False)
        ]
        return [*crops, *varied, again, *hidden]
    remixes = [
        _job(
            f"remix_{kind}",
            name,
            number,
            f"Remix ({kind.title()}) {number}",
            f"remix-{kind}",
            f"remix_{kind}",
        )
        for kind in ("strong", "subtle")
        for number in range(1, 5)
    ]
    return [*varied, *remixes, again]


def _single(name: str, model: str) -> list[Button]:
    pans = [_job(f"pan_{way}", name, 1, arrow, "pan", f"pan_{way}") for way, arrow in PANS.items()]
    buttons = [
        *_upscalers(name, model, 1, labels=True),
        _job("low_variation", name, 1, "Vary (Subtle)", "low-variation", "subtle"),
        _job("high_variation", name, 1, "Vary (Strong)", "high-variation", "strong"),
        *pans,
    ]
    if model.startswith("v8"):
        return buttons
    return [
        *buttons,
        Button(f"MJ::Inpaint::1::{name}", "Vary (Region)", "inpaint"),
        Button(f"MJ::Outpaint::50::1::{name}", "Zoom Out 2x", "zoom", change="zoom_2"),
        Button(f"MJ::Outpaint::75::1::{name}", "Zoom Out 1.5x", "zoom", change="zoom_1.5"),
        Button(f"MJ::Outpaint::100::1::{name}", "Make Square", "zoom", change="square"),
    ]


def _upscalers(name: str, model: str, number: int, *, labels: bool) -> list[Button]:
    make = f"upsample_{_UPSCALERS.get(model, 'v7')}_2x"
    return [
        _job(
            f"{make}_{kind}", name, number, f"Upscale ({kind.title()})" if labels else "", "upscale", change
        )
        for kind, change in _HD.items()
    ]


def _job(verb: str, name: str, number: int, label: str, action: str, change: str) -> Button:
    return Button(f"MJ::JOB::{verb}::{number}::{name}", label, action, number - 1, change)
