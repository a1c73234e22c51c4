"""What can be done with a finished task's pictures, found from the modes that the gateway has."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mjnb.errors import InvalidRequest
from mjnb.fields import Choice, Links
from mjnb.modes import RawRequest, rule
from mjnb.parts import Part
from mjnb.tasks import money
from mjnb.widgets.preview import typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.tasks import Task

__all__ = ["SETTINGS", "Action", "actions", "lineage", "step"]

SETTINGS = "use these settings"
_DEEPEST = 20  # parents that are walked up


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: with one picture or with the whole task, sent at once or opened as a form.

    `values` are the fields that it sets, `request_for` adds the task and the picture unless they are all of it (`whole`).
    """

    name: str
    group: str
    label: str
    model: type[Request]
    task: Task
    values: Mapping[str, Any] = field(default_factory=dict)
    per_picture: bool = True
    opens: bool = False
    whole: bool = False
    price: str = ""

    def values_for(self, index: int) -> dict[str, Any]:
        """Return the fields for one picture."""
        names, values = self.model.model_fields, dict(self.values)
        if self.whole:
            return values
        if "task_id" in names:
            values["task_id"] = self.task.id
        if "image_index" in names:
            values["image_index"] = index
        elif self.per_picture and "image_urls" in names:
            values["image_urls"] = [self.task.images[index].url]
        return values

    def request_for(self, index: int) -> Request:
        """Return the request for one picture.

        Raises:
            InvalidRequest: The gateway would not take it.
        """
        return self.model(**self.values_for(index))

    def seen(self) -> dict[str, Any]:
        """Describe it for the page."""
        return {
            "name": self.name, "group": self.group, "label": self.label, "per": self.per_picture, "opens": self.opens,
            "price": self.price,
        }  # fmt: skip


def actions(session: Session, task: Task) -> list[Action]:
    """Return everything that this gateway lets one do with a task; nothing where it has no pictures."""
    if not task.images or not task.id:
        return []
    found = [one for model in session.dialect.modes.values() for one in _of(session, model, task)]
    return [*sorted(found, key=lambda one: one.opens), *_again(session, task)]


def _of(session: Session, model: type[Request], task: Task) -> list[Action]:
    names = model.model_fields
    if "task_id" not in names:
        return _forms(model, task) if "image_urls" in names else []
    wanted = {name: rule(model, name) for name in names if names[name].is_required()}
    rest = {
        name: of.notes if isinstance(of, Choice) else ()
        for name, of in wanted.items()
        if name not in {"task_id", "image_index"}
    }
    if not all(rest.values()):
        return [Action(model.mode, model.mode, f"{model.mode}…", model, task, opens=True)]
    ways = [dict(zip(rest, words, strict=True)) for words in itertools.product(*rest.values())]
    return [_priced(session, model, task, way) for way in ways]


def _priced(session: Session, model: type[Request], task: Task, way: Mapping[str, str]) -> Action:
    per = "image_index" in model.model_fields
    words = " ".join(way.values())
    action = Action(
        f"{model.mode} {words}".strip(), model.mode, words or model.mode, model, task, way, per_picture=per
    )
    return Action(
        action.name,
        action.group,
        action.label,
        model,
        task,
        way,
        per_picture=per,
        price=_price(session, action),
    )


def _price(session: Session, action: Action) -> str:
    try:
        micro = session.price_micro(action.request_for(0))
    except InvalidRequest:
        return "price unknown"
    return "price unknown" if micro is None else money(micro)


def _forms(model: type[Request], task: Task) -> list[Action]:
    """Return what a picture may be handed to as a reference, which asks for more and so opens a form."""
    if not isinstance(rule(model, "image_urls"), Links):
        return []
    paints = "mask" in model.model_fields and isinstance(rule(model, "mask"), Part)
    label = "inpaint…" if paints else f"{model.mode}…"
    return [Action(label, model.mode, label, model, task, opens=True)]


def _again(session: Session, task: Task) -> list[Action]:
    """Return asking for the same once more, as it was or changed a little."""
    request = task.request
    if request is None or isinstance(request, RawRequest):
        return []
    again, micro = typed(request), session.price_micro(request)
    price = "price unknown" if micro is None else money(micro)
    model, values = type(again), again.given()
    usual = session.dialect.held(model.model_construct(None, **dict.fromkeys(model.model_fields)))
    chosen = {name: value for name, value in values.items() if usual.get(name) != value}
    return [
        Action(
            "reroll", "reroll", "reroll", model, task, values, price=price, per_picture=False, whole=True
        ),
        Action(
            SETTINGS, "settings", SETTINGS, model, task, chosen, opens=True, per_picture=False, whole=True
        ),
    ]


def step(request: Request | None) -> str:
    """Name a task in a lineage: its mode, which picture it began with, and the choices it must have.

    >>> from mjnb.modes import Vary
    >>> step(Vary(task_id="task_1", image_index=2, strength="subtle"))
    'vary 2 (subtle)'
    """
    if request is None:
        return "task"
    given, model = request.given(), type(request)
    index = f" {given['image_index']}" if "image_index" in given else ""
    chosen = [
        str(given[name])
        for name, info in model.model_fields.items()
        if info.is_required() and isinstance(rule(model, name), Choice) and name in given
    ]
    return f"{request.mode}{index}" + (f" ({', '.join(chosen)})" if chosen else "")


def lineage(session: Session, task: Task) -> list[Task]:
    """Return a task's ancestors, eldest first, and the task itself last; reads the ledger."""
    line, seen = [task], {task.id}
    while len(line) < _DEEPEST:
        given = line[0].request.given() if line[0].request is not None else {}
        parent = str(given.get("task_id") or given.get("taskId") or "")
        if not parent or parent in seen:
            break
        seen.add(parent)
        line.insert(0, session.task(parent))
    return line
