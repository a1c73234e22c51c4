"""AceData's picture and video requests, as its documents describe them, read into orders.

No field is required by the schema, but a `generate` needs a prompt, a follow-up an `image_id` whose reply listed the
action, `variation_region` a mask, and a video a first frame. What can be seen at once to be wrong is refused; what only
Midjourney would find out - an unknown flag, a bad value - makes the task fail with `bad_request` after a few seconds, as
the documented callback shows. `acedata_rules` has the words that make a request fail on purpose.

Prices are in no document: those here are chosen, small, and in proportion to what Midjourney charges in GPU time. HD,
quality 4, style references and moodboards cost four times as much, as the gateway's own client says.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mjnb.simulator.acedata_actions import ACTIONS, actions_after
from mjnb.simulator.acedata_facts import GATEWAY, Facts, new_facts, task_of_image, task_of_video
from mjnb.simulator.acedata_fields import Fields, trace_of
from mjnb.simulator.acedata_prompt import Prompt, read_prompt
from mjnb.simulator.acedata_rules import check_words, failure_of
from mjnb.simulator.acedata_text import translate
from mjnb.simulator.fields import InvalidFieldError
from mjnb.simulator.masks import read_mask
from mjnb.simulator.tasks import Drawing, Order, Phase
from mjnb.simulator.urls import own_picture

if TYPE_CHECKING:
    from mjnb.simulator.acedata_actions import Action
    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

__all__ = ["FILE_LIFE", "Desk", "Wish", "own_file"]

FILE_LIFE = 14 * 24 * 3600.0
"""Seconds that lie between `is` and `ex` in the documents' URLs."""

_VERSIONS = ("1", "2", "3", "4", "5", "5.1", "5.2", "6", "6.1", "7", "8", "8.1", "8.2")
_NEWEST = "v8.2"
_MODES = ("fast", "relax", "turbo")
_QUALITIES = (".25", "0.25", ".5", "0.5", "1", "2", "4")
_PRICES = {"fast": 60_000, "relax": 30_000, "turbo": 120_000}  # micro-dollars a task
_CROP_PRICE = 10_000
_VIDEO_PRICES = {"480p": 200_000, "720p": 400_000}  # twice that in turbo
_COSTLY = 4
_SECONDS = {"fast": (30.0, 45.0), "relax": (90.0, 180.0), "turbo": (15.0, 25.0)}
_VIDEO_SECONDS = {"fast": (60.0, 90.0), "turbo": (40.0, 60.0)}
_CROP_SECONDS = (3.0, 6.0)
_REFUSED_SECONDS = (2.5, 4.0)
_PATIENCE = 480.0  # seconds; the documented default of `timeout`
_LONGEST = 10_000  # characters of a prompt; no document names a limit

_SHEET = re.compile(r"(?:^|/)files/([\w-]+)/sheet\.jpg(?:$|\?)")


@dataclass(frozen=True, slots=True)
class Wish:
    """A valid request: what is ordered, and how its sender wants to hear of it.

    Attributes:
        order: what is ordered.
        timeout: seconds for which a blocking reply is waited for.
        at_once: the sender wants the task's id now and its result later.
        ignored: the names of fields that nobody knows.
    """

    order: Order
    timeout: float
    at_once: bool
    ignored: list[str]


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What every request may say beside what is to be made."""

    mode: str
    timeout: float
    callback_url: str
    is_async: bool
    split: bool
    trace_id: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be made, at which price (micro-dollars) and in how many seconds, and what Midjourney has against it."""

    kind: str
    drawing: Drawing
    price: int
    seconds: tuple[float, float]
    problem: str
    action: str = ""


class Desk:
    """Takes one key's requests and makes orders of them.

    Args:
        world: the tasks so far.
        account: the key's.
        base_url: where the request reached us.
        streams: whether the progress is to be told as well.
    """

    def __init__(self, world: World, account: str, base_url: str = "", *, streams: bool = False) -> None:
        self._world = world
        self._account = account
        self._base_url = base_url
        self._streams = streams

    def imagine(self, body: Any) -> Wish:
        """Return what an `/imagine` request wishes.

        Raises:
            InvalidFieldError: it is wrong in itself, or its picture does not allow the action.
            ForbiddenError: moderation does not let the prompt through.
        """
        fields = Fields(body)
        envelope = _envelope(fields, _MODES)
        action = fields.text("action", 1, 64, default="generate")
        version = fields.spelt("version", _VERSIONS, "8.2")
        costly = _costs_more(fields)
        words = check_words(fields.text("prompt", 1, _LONGEST, default=""))
        words = translate(words) if fields.flag("translation", default=False) else words
        prompt = read_prompt(words, subject=action == "generate")
        if action == "generate":
            drawing = self._generated(fields, prompt, f"v{version}")
        else:
            drawing = self._follow_up(fields, action, prompt)
        price, seconds = _PRICES[envelope.mode] * (_COSTLY if costly else 1), _SECONDS[envelope.mode]
        if drawing.change == "crop":
            price, seconds = _CROP_PRICE, _CROP_SECONDS
        plan = _Plan("imagine", drawing, price, seconds, prompt.problem, action)
        return _wish(self._order(body, envelope, plan), envelope, fields)

    def edits(self, body: Any) -> Wish:
        """Return what an `/edits` request wishes; raises as `imagine` does."""
        fields = Fields(body)
        envelope = _envelope(fields, _MODES)
        fields.choice("action", ("generate",), default="generate")
        words = check_words(fields.text("prompt", 1, _LONGEST, default=""))
        prompt = read_prompt(words, subject=False)
        drawing = self._at_first(fields.url("image_url"), prompt, "remix_subtle")
        if fields.has("mask"):
            drawing = _painted(fields, drawing)
        plan = _Plan("edits", drawing, _PRICES[envelope.mode], _SECONDS[envelope.mode], prompt.problem)
        return _wish(self._order(body, envelope, plan), envelope, fields)

    def videos(self, body: Any) -> Wish:
        """Return what a `/videos` request wishes; raises as `imagine` does."""
        fields = Fields(body)
        envelope = _envelope(fields, ("fast", "turbo"))
        action = fields.choice("action", ("generate", "extend"), default="generate")
        resolution = fields.choice("resolution", tuple(_VIDEO_PRICES), default="720p")
        fields.flag("loop", default=False)
        words = check_words(fields.text("prompt", 1, _LONGEST, default=""))
        prompt = read_prompt(words, subject=False)
        drawing = self._filmed(fields, action, prompt)
        if end := fields.link("end_image_url"):
            drawing = replace(drawing, references=(*drawing.references, end))
        price = _VIDEO_PRICES[resolution] * (2 if envelope.mode == "turbo" else 1)
        plan = _Plan("videos", drawing, price, _VIDEO_SECONDS[envelope.mode], prompt.problem)
        order = replace(self._order(body, envelope, plan), kind="video")
        return _wish(order, envelope, fields)

    def _generated(self, fields: Fields, prompt: Prompt, version: str) -> Drawing:
        for name in ("image_id", "mask"):  # known, but of no use to a first picture
            fields.has(name)
        if not fields.has("prompt"):
            raise InvalidFieldError("prompt is required")
        references = (*prompt.images, *prompt.references)
        return Drawing(prompt.text, references=references, **{"version": version, **prompt.settings})

    def _follow_up(self, fields: Fields, action: str, prompt: Prompt) -> Drawing:
        if action not in ACTIONS:
            raise InvalidFieldError(f"Invalid field: action {action!r} is not known")
        if not fields.has("image_id"):
            raise InvalidFieldError(f"image_id is required for action {action}")
        image_id = fields.text("image_id", 1, 64)
        parent = task_of_image(self._world, self._account, image_id)
        if parent is None:
            raise InvalidFieldError(f"image_id {image_id} does not exist")
        if action not in Facts.of(parent).actions:
            raise InvalidFieldError(f"action {action} is not possible on image {image_id}")
        return _changed(fields, parent, ACTIONS[action], prompt)

    def _at_first(self, url: str, prompt: Prompt, change: str) -> Drawing:
        """Return a drawing that begins with a picture of ours, or with a stranger's, which is never fetched."""
        own = own_file(url)
        task = self._world.find(self._account, own[0]) if own else None
        there = task is not None and task.phase(self._world.now()) is Phase.SUCCESS
        if own and task is not None and there and own[1] < task.pictures:
            return _like(task.drawing, prompt, change, own)
        references = (*prompt.images, *prompt.references)
        settings = {"version": _NEWEST, **prompt.settings}
        return Drawing(prompt.text, references=references, original=url, change=change, **settings)

    def _filmed(self, fields: Fields, action: str, prompt: Prompt) -> Drawing:
        image_url = fields.link("image_url")
        video_id = fields.text("video_id", 1, 64, default="")
        index = fields.integer("video_index", 0, 3, default=0)
        if action == "generate":
            if not image_url:
                raise InvalidFieldError("image_url is required to generate a video")
            return self._at_first(image_url, prompt, "crop")
        if not video_id:
            raise InvalidFieldError("video_id is required to extend a video")
        parent = task_of_video(self._world, self._account, video_id)
        if parent is None:
            raise InvalidFieldError(f"video_id {video_id} does not exist")
        return _like(parent.drawing, prompt, "crop", (parent.id, index))

    def _order(self, body: Any, envelope: _Envelope, plan: _Plan) -> Order:
        drawing, twin, nth = self._seeded(plan.drawing)
        failure = failure_of(drawing, plan.problem)
        facts = new_facts(
            self._world,
            plan.kind,
            actions_after(plan.action) if plan.kind == "imagine" else [],
            trace_id=envelope.trace_id,
            ready_in=plan.seconds[1],
            split=envelope.split,
            streams=self._streams,
            twin=twin,
            nth=nth,
        )
        return Order(
            gateway=GATEWAY,
            drawing=drawing,
            price=plan.price,
            seconds=_REFUSED_SECONDS if failure and failure.code == "bad_request" else plan.seconds,
            pictures=ACTIONS[plan.action].pictures if plan.action in ACTIONS else 4,
            failure=failure,
            callback_url=envelope.callback_url,
            base_url=self._base_url,
            id_form="uuid",
            asked=json.dumps(body, ensure_ascii=False),
            facts=facts.to_json(),
            file_life=FILE_LIFE,
        )

    def _seeded(self, drawing: Drawing) -> tuple[Drawing, str, int]:
        """Return the drawing with a seed, so that `/seed` can tell it and `--seed` brings the same picture again.

        All requests with the same words get the same seed, so that a sweep shows its parameters; only the very same request
        asked for again gets another.
        """
        if drawing.seed is not None:
            return drawing, "", 0
        twin = hashlib.sha256(drawing.to_json().encode()).hexdigest()[:24]
        before = self._world.with_fact(self._account, GATEWAY, twin)
        nth = Facts.of(before).nth + 1 if before is not None else 0
        basis = f"{drawing.prompt}:{drawing.references}:{drawing.source}:{drawing.original}:{nth}"
        seed = int.from_bytes(hashlib.sha256(basis.encode()).digest()[:4])
        return replace(drawing, seed=seed), twin, nth


def _envelope(fields: Fields, modes: tuple[str, ...]) -> _Envelope:
    return _Envelope(
        mode=fields.choice("mode", modes, default="fast"),
        timeout=fields.number("timeout", _PATIENCE),
        callback_url=fields.link("callback_url"),
        is_async=fields.flag("async", default=False),
        split=fields.flag("split_images", default=False),
        trace_id=trace_of(fields),
    )


def _wish(order: Order, envelope: _Envelope, fields: Fields) -> Wish:
    at_once = envelope.is_async or bool(envelope.callback_url)
    return Wish(order, envelope.timeout, at_once, fields.unknown())


def _costs_more(fields: Fields) -> bool:
    quality = fields.spelt("quality", _QUALITIES, "1")
    flags = [fields.flag(name, default=False) for name in ("hd", "style_reference", "moodboard")]
    return quality == "4" or any(flags)


def _changed(fields: Fields, parent: Task, action: Action, prompt: Prompt) -> Drawing:
    first = parent.drawing
    if not action.change:
        return replace(first, seed=None)
    if action.again:
        return replace(first, change=action.change, seed=None)
    drawing = _like(first, prompt, action.change, (parent.id, action.index))
    if action.change == "paint":
        return _painted(fields, drawing)
    if action.change in {"subtle", "strong"} and prompt.text:
        return replace(drawing, change=f"remix_{action.change}")
    return drawing


def _like(first: Drawing, prompt: Prompt, change: str, source: tuple[str, int]) -> Drawing:
    """Return a change of a picture, with what the new prompt says in the place of what the first one said."""
    names = ("aspect", "version", "chaos", "stylize", "weird")
    settings = {name: prompt.settings.get(name, getattr(first, name)) for name in names}
    return Drawing(
        prompt.text or first.prompt,
        **settings,
        references=(*prompt.images, *prompt.references),
        seed=prompt.settings.get("seed"),
        source=source,
        change=change,
    )


def _painted(fields: Fields, drawing: Drawing) -> Drawing:
    if not fields.has("mask"):
        raise InvalidFieldError("mask is required for action variation_region")
    region, mask_url = read_mask(fields.text("mask", 1, 16_000_000))
    return replace(drawing, change="paint", region=region, mask_url=mask_url)


def own_file(url: str) -> tuple[str, int] | None:
    """Return (task id, index) if this is the URL of one of our own pictures; a sheet stands for its first.

    >>> own_file("http://127.0.0.1:5000/acedata/files/27a1128f-14b5/sheet.jpg?ex=65eda8ef&")
    ('27a1128f-14b5', 0)
    """
    found = _SHEET.search(url)
    return (found[1], 0) if found else own_picture(url)
