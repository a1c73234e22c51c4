"""APIMart's requests that begin something: imagine, edits, blend, describe and video, read into orders.

Chosen where the documents are silent: `repeat` is charged per repetition, and what is shown are the first grid's four
pictures; `blend` is drawn as v7; a video takes either a picture or a task, not both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mjnb.simulator.apimart_desk import BANNED_PROMPT, GORE, Desk, failed
from mjnb.simulator.apimart_facts import Facts
from mjnb.simulator.apimart_fields import BANNED, Fields, RefusedError
from mjnb.simulator.apimart_parameters import Prompt, merged, model_of, read_prompt, structured
from mjnb.simulator.apimart_prices import price
from mjnb.simulator.apimart_texts import descriptions
from mjnb.simulator.tasks import Drawing
from mjnb.simulator.urls import is_web

if TYPE_CHECKING:
    from mjnb.simulator.tasks import Order

__all__ = ["blend", "describe", "imagine", "like", "video"]

_TEXT_SECONDS = (1.0, 3.0)
_VIDEO_SECONDS = (60.0, 120.0)
_SHAPES = {"SQUARE": "1:1", "PORTRAIT": "2:3", "LANDSCAPE": "3:2"}
_VIDEO_TYPES = tuple(f"vid_1.1_i2v_{kind}{size}" for kind in ("", "start_end_") for size in ("480", "720"))
_BATCHES = frozenset({1, 2, 4})  # any other number counts as 1


def imagine(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request for a new grid, or (edits) for a picture worked over as a whole."""
    text = fields.text("prompt", required=True)
    prompt = read_prompt(f"{text} {fields.text('extra')}")
    fields.note(prompt.unknown())
    values, wrong = merged(prompt, structured(fields))
    images = fields.images("image_urls", 1 if action == "edits" else 0) + prompt.images
    if fields.flag("nsfw_check") and GORE.search(text):
        raise RefusedError(BANNED_PROMPT.message, 422, code=BANNED)
    version, model = model_of(values)
    drawing = _drawn(prompt, values, images, version)
    if action == "edits":
        drawing = _worked_over(desk, drawing)
    order = desk.order(action, fields, drawing, prompt=text, model=model, images=images)
    if wrong and order.failure is None:
        order = replace(order, failure=failed(f"Invalid parameter: {wrong}"))
    return replace(order, price=order.price * int(values.get("repeat", 1)))


def _drawn(prompt: Prompt, values: dict[str, Any], images: tuple[str, ...], version: str) -> Drawing:
    named = tuple(str(values.get(name, "")) for name in ("sref", "cref", "dref"))
    references = (*images, *filter(is_web, named), *prompt.references())
    return Drawing(
        prompt.words,
        aspect=values.get("size", "1:1"),
        version=version,
        chaos=values.get("chaos", 0),
        stylize=values.get("stylize", 100),
        weird=values.get("weird", 0),
        seed=values.get("seed"),
        references=tuple(dict.fromkeys(references)),
    )


def _worked_over(desk: Desk, drawing: Drawing) -> Drawing:
    """Return the drawing with its first reference as what is worked over."""
    image, *others = drawing.references
    source = desk.owned(image)
    original = "" if source else image
    return replace(drawing, source=source, original=original, references=tuple(others), change="strong")


def blend(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request for a blend of two to four pictures."""
    images = fields.images("image_urls", 2, 4)
    shape = _SHAPES[fields.choice("dimensions", tuple(_SHAPES), default="SQUARE")]
    drawing = Drawing("", aspect=fields.ratio("size") or shape, version="v7", references=images)
    return desk.order(action, fields, drawing, images=images)


def describe(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request for words about a picture; of several only the first counts."""
    image = fields.images("image_urls", 1)[0]
    own = desk.owned(image)
    task = desk.task(own[0]) if own else None
    texts = descriptions(image, task.drawing.prompt if task else "")
    order = desk.order(action, fields, Drawing(""), images=(image,), seconds=_TEXT_SECONDS)
    return replace(order, kind="text", texts=texts, pictures=0)


def video(desk: Desk, action: str, fields: Fields) -> Order:
    """Read a request for clips that begin with a picture. It is always fast."""
    images = fields.images("image_urls", 0, 1)
    if bool(images) == bool(fields.text("task_id")):
        raise RefusedError("either image_urls or task_id is required")
    drawing, prompt, model = _first_frame(desk, fields, images)
    end = fields.image("end_url")
    motion = fields.choice("motion", ("low", "high"), default="high")
    drawing = replace(drawing, references=(end,) if end else (), motion=motion)
    sharp = fields.choice("video_type", _VIDEO_TYPES, default=_VIDEO_TYPES[0]).endswith("720")
    batch = fields.get("batch_size")
    if batch is not None and type(batch) is not int:
        raise RefusedError("batch_size must be 1, 2 or 4")
    clips = batch if batch in _BATCHES else 1
    order = desk.order(
        action,
        fields,
        drawing,
        prompt=prompt,
        model=model,
        images=(*images, *drawing.references),
        seconds=_VIDEO_SECONDS,
    )
    cost = price("video-720p" if sharp else "video") * clips
    return replace(order, price=cost, kind="video", pictures=clips)


def _first_frame(desk: Desk, fields: Fields, images: tuple[str, ...]) -> tuple[Drawing, str, str]:
    """Return the drawing that a clip begins with, the prompt that replies show, and the model."""
    index = fields.integer("index", 0, 3)
    auto = fields.choice("animate_mode", ("manual", "auto"), default="manual") == "auto"
    if auto and (images or index is None):
        raise RefusedError("animate_mode auto requires task_id and index")
    prompt = fields.text("prompt", required=bool(images))
    if images:
        frame = _worked_over(desk, Drawing(read_prompt(prompt).words, version="v7", references=images))
        return replace(frame, change=""), prompt, ""
    parent = desk.parent(fields)
    facts = Facts.of(parent)
    source = (parent.id, min(index or 0, parent.pictures - 1))
    return like(parent.drawing, source, prompt=prompt), prompt or facts.prompt, facts.model


def like(first: Drawing, source: tuple[str, int], change: str = "", prompt: str = "") -> Drawing:
    """Return the drawing of a picture that is made from another.

    Args:
        first: what the other was drawn from.
        source: the other, as (task id, index).
        change: what the painter does to it.
        prompt: what it is to show; what the other shows if "".
    """
    return Drawing(
        read_prompt(prompt).words or first.prompt,
        aspect=first.aspect,
        version=first.version,
        chaos=first.chaos,
        stylize=first.stylize,
        weird=first.weird,
        source=source,
        change=change,
    )
