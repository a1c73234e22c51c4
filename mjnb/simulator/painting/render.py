"""From a picture's description to its pixels, through everything that it was made from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from mjnb.simulator.painting.canvas import blank, blurred
from mjnb.simulator.painting.continued import continued
from mjnb.simulator.painting.dice import Dice
from mjnb.simulator.painting.finish import finish
from mjnb.simulator.painting.motifs import MOTIFS, THINGS, stamp
from mjnb.simulator.painting.ornament import paint_border
from mjnb.simulator.painting.palettes import blend, colour, family, mix, steered
from mjnb.simulator.painting.picture import CONTINUED
from mjnb.simulator.painting.places import paint_place
from mjnb.simulator.painting.scene import compose, dice_of
from mjnb.simulator.painting.weather import paint_weather
from mjnb.simulator.painting.weird import make_weird
from mjnb.simulator.painting.words import has_unknown, read

if TYPE_CHECKING:
    from mjnb.simulator.painting.palettes import Palette
    from mjnb.simulator.painting.picture import Box, Picture, Polygon, Size
    from mjnb.simulator.painting.scene import Scene
    from mjnb.simulator.painting.words import Words

_WEIGHT: Final = {
    "subtle": 0.14,
    "strong": 0.5,
    "remix_subtle": 0.14,
    "remix_strong": 0.5,
    "creative": 0.05,
}
_FOLLOWING: Final = ("strong", "remix_subtle", "remix_strong")
_STAND_INS: Final = {"forest": "pine", "mountain": "pine", "city": "house", "koi": "whale"}
"""Subjects that are no single thing, and what is put into a region for them."""
_SAME: Final = ("crop", "standard", "creative", "2x", "4x")


@dataclass(frozen=True, slots=True)
class Nudge:
    """A variation on the way down to the picture that everything began with.

    Attributes:
        key: What the variation's own numbers are drawn from.
        weight: How far they leave the parent's.
        detail: Style that it adds.
        prompt: New words; ``""`` keeps the parent's.
    """

    key: str
    weight: float
    detail: float = 0.0
    prompt: str = ""


def render(picture: Picture, size: Size, nudges: tuple[Nudge, ...] = ()) -> Image.Image:
    """Paint a picture in the given size, without its mark.

    Args:
        picture: What to paint.
        size: (width, height) in pixels.
        nudges: The variations to apply, the eldest first.
    """
    if picture.parent is None or not picture.change:
        return _performed(scene_of(picture, size, nudges))
    if picture.change == "paint":
        return _painted_in(picture, picture.parent, size, nudges)
    if picture.change in CONTINUED:
        box = _box(picture, size)
        original = render(picture.parent, (box[2] - box[0], box[3] - box[1]), nudges)
        scene = _scenery(picture, picture.parent, size, box, nudges)
        return continued(original, box, _performed(scene), standing=scene.place == "studio")
    if picture.change in _WEIGHT:
        nudges = (_nudge(picture), *nudges)
    elif picture.change not in _SAME:
        known = sorted({"", "paint", *_WEIGHT, *_SAME, *CONTINUED})
        raise ValueError(f"change {picture.change!r} is not one of {', '.join(map(repr, known))}")
    return render(picture.parent, size, nudges)


def scene_of(picture: Picture, size: Size, nudges: tuple[Nudge, ...]) -> Scene:
    """The composition of a picture that stands at the beginning, after its variations."""
    dice = dice_of(picture)
    for nudge in nudges:
        dice = Dice(nudge.key, dice, nudge.weight)
    prompts = [nudge.prompt for nudge in nudges if nudge.prompt]
    if prompts:
        picture = replace(picture, prompt=prompts[-1])
    scene = compose(picture, dice, size)
    return replace(scene, style=min(1.0, scene.style + sum(nudge.detail for nudge in nudges)))


def _nudge(picture: Picture) -> Nudge:
    key = f"{picture.change}|{picture.prompt}|{picture.seed}|{picture.index}"
    creative = picture.change == "creative"
    return Nudge(
        key,
        _WEIGHT[picture.change],
        0.16 if creative else 0.0,
        picture.prompt if picture.change in _FOLLOWING else "",
    )


def _performed(scene: Scene) -> Image.Image:
    """A scene from the first stroke to the last."""
    canvas = blank(scene.size, inked=scene.hand.ink > 0)
    paint_place(scene, canvas)
    make_weird(scene, canvas)
    paint_weather(scene, canvas)
    paint_border(scene, canvas)
    return finish(scene, canvas)


def _painted_in(picture: Picture, parent: Picture, size: Size, nudges: tuple[Nudge, ...]) -> Image.Image:
    """The parent on its canvas, and something new inside the region alone."""
    box = _box(picture, size)
    original = render(parent, (box[2] - box[0], box[3] - box[1]), nudges)
    sheet = Image.new("RGB", size, _plain(original))
    sheet.paste(original, box[:2])
    mask = region_mask(picture.region or (_ellipse(),), size)
    scene = _scenery(picture, parent, size, box, nudges)
    sheet.paste(_with_subject(scene, picture, mask), (0, 0), mask)
    return sheet


def _box(picture: Picture, size: Size) -> Box:
    """Where the parent lies on the canvas, in pixels."""
    x, y, width, height = picture.inset
    left, top = round(x * size[0]), round(y * size[1])
    return left, top, left + max(2, round(width * size[0])), top + max(2, round(height * size[1]))


def _plain(original: Image.Image) -> tuple[int, int, int]:
    """What an empty canvas looks like around a picture: grey with a breath of its colour."""
    red, green, blue = np.asarray(original.resize((1, 1), Image.Resampling.BOX)).ravel().tolist()
    return mix((128, 128, 128), (red, green, blue), 0.25)


def _ellipse() -> Polygon:
    """The region of a mask that only its URL is known of."""
    angles = [step * math.tau / 32 for step in range(32)]
    return tuple((0.5 + 0.3 * math.cos(angle), 0.5 + 0.3 * math.sin(angle)) for angle in angles)


def region_mask(region: tuple[Polygon, ...], size: Size) -> Image.Image:
    """Where to paint (L): soft on the inside of the polygons' edges, nothing outside of them."""
    hard = Image.new("L", size)
    pen = ImageDraw.Draw(hard)
    for polygon in (polygon for polygon in region if len(polygon) > 1):
        pen.polygon([(x * size[0], y * size[1]) for x, y in polygon], fill=255)
    soft = blurred(hard, max(1.0, min(size) * 0.012)).point(lambda v: max(0, v - 128) * 2)
    return Image.composite(soft, Image.new("L", size), hard)


def _scenery(picture: Picture, parent: Picture, size: Size, box: Box, nudges: tuple[Nudge, ...]) -> Scene:
    """The parent's scene without its subject, spread over the whole canvas."""
    origin, extra = parent, nudges
    while origin.parent is not None and origin.change:
        extra = (_nudge(origin), *extra) if origin.change in _WEIGHT else extra
        box = _within(box, _box(origin, (box[2] - box[0], box[3] - box[1])))
        origin = origin.parent
    scene = scene_of(origin, (box[2] - box[0], box[3] - box[1]), extra)
    asked = compose(replace(origin, prompt=picture.prompt), scene.dice, size) if picture.prompt else scene
    words = read(picture.prompt)
    width, height = box[2] - box[0], box[3] - box[1]
    return replace(
        scene,
        size=size,
        unit=min(width, height),
        left=box[0],
        top=box[1] / size[1],
        motif="",
        arrangement="single",
        palette=asked.palette if words.hour or words.mood else _tinted(scene.palette, words),
        words=replace(scene.words, weather=words.weather or scene.words.weather, colour=words.colour),
        horizon=(box[1] + scene.horizon * height) / size[1],
        sun=(
            (box[0] + scene.sun[0] * width) / size[0],
            (box[1] + scene.sun[1] * height) / size[1],
            scene.sun[2],
        ),
    )


def _tinted(palette: Palette, words: Words) -> Palette:
    """The parent's light with what the prompt's colour and weather do to it."""
    if words.colour:
        palette = steered(palette, colour(words.colour), 0.3)
    return blend(palette, family("storm")[0], 0.45) if words.weather else palette


def _within(outer: Box, inner: Box) -> Box:
    """A box that is counted from another's corner, counted from the canvas's."""
    return outer[0] + inner[0], outer[1] + inner[1], outer[0] + inner[2], outer[1] + inner[3]


def _subject(prompt: str) -> str:
    """The motif that is put into a region for a prompt; ``""`` where light, season or weather are all that it names."""
    words = read(prompt)
    motif = _STAND_INS.get(words.motif, words.motif)
    sets_the_light = words.hour or words.mood or words.weather
    if motif in MOTIFS or not prompt.strip() or (sets_the_light and not has_unknown(prompt)):
        return motif
    return Dice(prompt.casefold()).pick("thing", THINGS)


def _with_subject(scene: Scene, picture: Picture, mask: Image.Image) -> Image.Image:
    """The scenery with what the prompt asks for in the middle of the region."""
    motif = _subject(picture.prompt)
    canvas = blank(scene.size, inked=scene.hand.ink > 0)
    paint_place(scene, canvas)
    where = mask.getbbox()
    if where and motif:
        width, height = where[2] - where[0], where[3] - where[1]
        tall = min(height * 0.86, width * 0.9 / MOTIFS[motif].width) / scene.unit
        stamp(
            scene,
            canvas,
            motif,
            ((where[0] + where[2]) / 2, where[3] - 0.06 * height),
            tall,
            key=f"{picture.prompt}|{picture.index}" if motif in THINGS else str(picture.index),
        )
    make_weird(scene, canvas)
    paint_weather(scene, canvas)
    return finish(scene, canvas)
