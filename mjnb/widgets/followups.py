"""What can be done with a finished task, found from the modes that the gateway has and from what it says of the task."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mjnb.clips import is_clip
from mjnb.errors import InvalidRequest
from mjnb.fields import Choice, Links
from mjnb.modes import Describe, RawRequest, SeedOf, Shorten, TextToImage, Translate, Video, rule
from mjnb.parts import Part
from mjnb.store.parents import Parent
from mjnb.tasks import money
from mjnb.widgets.files import handed
from mjnb.widgets.pyline import escaped, typed
from mjnb.widgets.written import why

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mjnb.modes import Request
    from mjnb.session import Session
    from mjnb.tasks import Task

__all__ = ["SETTINGS", "Action", "actions", "brings_clips", "lineage", "step"]

SETTINGS = "use these settings"
_DEEPEST = 20  # parents that are walked up


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: with one picture (or one text of an answer), or with the whole task; sent at once or opened as a form.

    `group` is the mode that it belongs to; `values` are the fields that it sets, `request_for` adds the task and the picture unless they are all of it (`whole`).
    `pictures` are the task's pictures as they can be handed over, `texts` the words that stand for a prompt, `reasons` say by
    picture why it cannot be done ("" if it can).
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
    pictures: tuple[Any, ...] = ()
    texts: tuple[Mapping[str, Any], ...] = ()
    reasons: tuple[str, ...] = ()

    def values_for(self, index: int) -> dict[str, Any]:
        """Return the fields for one picture, or one text."""
        names, values = self.model.model_fields, dict(self.values)
        if self.whole:
            return values
        if self.texts:
            return {**values, **self.texts[index]}
        if "task_id" in names:
            values["task_id"] = self.task.id
        if "image_index" in names:
            values["image_index"] = index
        elif self.per_picture and "image_urls" in names:
            values["image_urls"] = [self.pictures[index]]
        return values

    def request_for(self, index: int) -> Request:
        """Return the request for one picture.

        Raises:
            InvalidRequest: The gateway would not take it.
        """
        return self.model(**self.values_for(index))

    def reason(self, index: int) -> str:
        """Say why it cannot be done with a picture, "" if it can."""
        return self.reasons[index] if index < len(self.reasons) else ""

    @property
    def is_usual(self) -> bool:
        """Whether it has a button of its own; what is done with a picture now and then stands in a menu."""
        return self.group in _FIRST or not self.per_picture or bool(self.texts)

    def seen(self) -> dict[str, Any]:
        """Describe it for the page."""
        return {
            "name": self.name, "group": self.group, "label": self.label, "per": self.per_picture, "opens": self.opens,
            "price": self.price, "reasons": list(self.reasons), "usual": self.is_usual,
        }  # fmt: skip


def actions(session: Session, task: Task) -> list[Action]:
    """Return everything that this gateway lets one do with a task; reads the ledger for what it last said of it.

    What the task does not offer is among it, with the reason. A task that brought words offers them as prompts, one without
    anything nothing.
    """
    if not task.id or not (task.images or task.texts):
        return []
    found = [*_with_texts(session, task), *_with_pictures(session, task)]
    judged = sorted((_judged(session, one) for one in found), key=_place)
    return [*judged, *_again(session, task, judged)]


_FIRST = ("vary", "upscale", "inpaint", "upload-paint")  # what is done most


def _place(action: Action) -> tuple[int, bool]:
    return _FIRST.index(action.group) if action.group in _FIRST else len(_FIRST), action.opens


def _with_pictures(session: Session, task: Task) -> Iterator[Action]:
    """Yield what the gateway's modes can do with pictures; with clips only what goes on from a clip."""
    if not task.images:
        return
    has_clips = brings_clips(task)
    for model in session.dialect.modes.values():
        if not has_clips:
            yield from _of(session, model, task)
        elif "extend" in model.model_fields and not session.dialect.lacks(model.mode, "extend"):
            yield Action("extend…", "extend", "extend…", model, task, {"extend": True}, opens=True)


def brings_clips(task: Task) -> bool:
    """Tell whether a task's pictures are clips."""
    return any(one.path is not None and is_clip(one.path) for one in task.images) or isinstance(
        task.request, Video
    )


def _of(session: Session, model: type[Request], task: Task) -> list[Action]:
    """Return the ways in which a mode goes on: at once where it asks for nothing but choices, else by its form."""
    names = model.model_fields
    wanted = {name: rule(model, name) for name in names if names[name].is_required()}
    if "task_id" not in wanted:
        return (
            _from_picture(session, model, task, wanted) if {"image_urls", "task_id"} & names.keys() else []
        )
    rest = {
        name: of.notes if isinstance(of, Choice) else ()
        for name, of in wanted.items()
        if name not in {"task_id", "image_index"}
    }
    per = "image_index" in names
    if not all(rest.values()):
        return [
            Action(f"{model.mode}…", model.mode, f"{model.mode}…", model, task, opens=True, per_picture=per)
        ]
    ways = [dict(zip(rest, words, strict=True)) for words in itertools.product(*rest.values())]
    return [_way(model, task, way, per) for way in ways]


def _way(model: type[Request], task: Task, way: Mapping[str, str], per: bool) -> Action:
    words = " ".join(way.values())
    return Action(
        f"{model.mode} {words}".strip(), model.mode, words or model.mode, model, task, way, per_picture=per
    )


def _from_picture(
    session: Session, model: type[Request], task: Task, wanted: Mapping[str, Any]
) -> list[Action]:
    """Return what a picture may be handed to: at once where that is all it asks for, else by a form."""
    if "image_urls" in model.model_fields and not isinstance(rule(model, "image_urls"), Links):
        return []
    pictures, reasons = zip(*(_handed(session, image) for image in task.images), strict=True)
    if "image_index" in model.model_fields:  # the task itself can be named instead
        pictures, reasons = (), ()
    is_whole = wanted.keys() == {"image_urls"} and wanted["image_urls"].low == 1
    paints = "mask" in wanted and isinstance(wanted["mask"], Part)
    label = model.mode if is_whole else "inpaint…" if paints else f"{model.mode}…"
    return [
        Action(
            label, model.mode, label, model, task, opens=not is_whole, pictures=pictures, reasons=reasons
        )
    ]


def _handed(session: Session, image: Any) -> tuple[Any, str]:
    try:
        return handed(session, image), ""
    except InvalidRequest as error:
        return image.url, why(str(error))


_SPEAKING = (Describe, Shorten, Translate)


def _with_texts(session: Session, task: Task) -> list[Action]:
    """Return what words can be used for: as a prompt, a seed in the request that was drawn with it."""
    if not task.texts or "text-to-image" not in session.dialect.modes:
        return []
    model = session.dialect.modes["text-to-image"]
    if isinstance(task.request, SeedOf):
        return _with_seed(session, model, task)
    if not isinstance(task.request, _SPEAKING):
        return []
    texts = tuple({"prompt": escaped(text)} for text in task.texts)
    return [Action("use as prompt", "prompt", "use as prompt", model, task, opens=True, texts=texts)]


def _with_seed(session: Session, model: type[Request], task: Task) -> list[Action]:
    is_usable = "seed" in model.model_fields and not session.dialect.lacks(model.mode, "seed")
    if not is_usable or not all(text.isdecimal() for text in task.texts):
        return []
    parent = session.task(str(task.request.given()["task_id"])) if task.request is not None else None
    drawn = parent.request if parent is not None else None
    before = _chosen(session, drawn) if isinstance(drawn, TextToImage) and type(drawn) is model else {}
    texts = tuple({**before, "seed": int(text)} for text in task.texts)
    return [Action("use as seed", "seed", "use as seed", model, task, opens=True, texts=texts)]


def _judged(session: Session, action: Action) -> Action:
    """Add the price, and by picture why it cannot be done."""
    if action.texts or action.whole:
        return action
    number = len(action.task.images) if action.per_picture else 1
    found = [action.reason(index) or _refusal(session, action, index) for index in range(number)]
    first = next((index for index, why in enumerate(found) if not why), 0)
    price = "" if action.opens else _price(session, action, first)
    return replace(action, price=price, reasons=tuple(found) if any(found) else ())


def _refusal(session: Session, action: Action, index: int) -> str:
    """Ask the gateway's own rules, and what it last said of the task, why an action cannot be done; "" if it can."""
    try:
        if not action.opens:
            request = action.request_for(index)
            session.dialect.check(request)
            return _parents_refusal(session, request)
        values = {**dict.fromkeys(action.model.model_fields), **action.values_for(index)}
        request = action.model.model_construct(**values)
        return _parents_refusal(session, request)
    except InvalidRequest as error:
        return why(str(error))


def _parents_refusal(session: Session, request: Request) -> str:
    """Ask what the gateway last said of the task that a request goes on from; "" if nothing speaks against it."""
    parent = Parent.of(request, session.store, session.gateway)
    try:
        if parent is not None:
            parent.check(request, session.dialect)
    except InvalidRequest as error:
        return why(str(error))
    return ""


def _price(session: Session, action: Action, index: int) -> str:
    try:
        micro = session.price_micro(action.request_for(index))
    except InvalidRequest:
        micro = None
    return "price unknown" if micro is None else money(micro)


def _again(session: Session, task: Task, others: list[Action]) -> list[Action]:
    """Return asking for the same once more, as it was or changed a little.

    Where the gateway has a reroll of its own for this task that is taken, and nothing here asks anew.
    """
    request = task.request
    if request is None or isinstance(request, RawRequest):
        return []
    again, micro = typed(request), session.price_micro(request)
    price = "price unknown" if micro is None else money(micro)
    model, usual = type(again), _chosen(session, again)
    own = next((one for one in others if one.group == "reroll"), None)
    name = "reroll" if own is None else "ask again"
    rerolls = own is not None and not own.reason(0)
    anew = [] if rerolls or task.texts else [
        Action(name, name, name, model, task, again.given(), price=price, per_picture=False, whole=True)
    ]  # fmt: skip
    settings = Action(
        SETTINGS, "settings", SETTINGS, model, task, usual, opens=True, per_picture=False, whole=True
    )
    return [*anew, settings]


def _chosen(session: Session, request: Request) -> dict[str, Any]:
    """Return what was chosen of a request: the fields that differ from what the gateway holds anyway."""
    model = type(request)
    usual = session.dialect.held(model.model_construct(None, **dict.fromkeys(model.model_fields)))
    return {name: value for name, value in request.given().items() if usual.get(name) != value}


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
