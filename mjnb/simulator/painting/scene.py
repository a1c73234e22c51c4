"""From a request to a composition: which place, subject, palette, light and framing a picture gets, and in whose hand."""

# ruff: noqa: PLR2004 - a drawing is its numbers

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mjnb.simulator.painting import palettes
from mjnb.simulator.painting.dice import Dice
from mjnb.simulator.painting.words import Words, read

if TYPE_CHECKING:
    from mjnb.simulator.painting.palettes import Colour, Palette
    from mjnb.simulator.painting.picture import Picture, Size

# Where a subject is at home: the first places are the likelier ones.
_HOMES: Final = {
    "portrait": ("studio",), "lighthouse": ("sea",), "fox": ("hills", "forest"), "wolf": ("hills", "forest"),
    "cat": ("hills", "city"), "deer": ("forest", "hills"), "koi": ("pond",), "whale": ("sea",), "bird": ("lake", "clouds"),
    "dragon": ("mountains", "clouds"), "castle": ("hills", "mountains", "lake"), "bridge": ("lake",),
    "pagoda": ("lake", "mountains", "hills"), "torii": ("sea", "lake"), "windmill": ("hills",), "house": ("hills", "lake", "mountains"),
    "city": ("city",), "boat": ("sea", "lake"), "balloon": ("mountains", "hills", "clouds"), "rocket": ("desert", "clouds"),
    "robot": ("desert", "hills"), "astronaut": ("desert",), "person": ("hills", "mountains", "sea"), "flower": ("hills", "lake"),
    "mushroom": ("forest",), "forest": ("forest",), "tree": ("hills", "lake"), "mountain": ("mountains", "lake"),
}  # fmt: skip
_AT_HOME: Final = {"sea": "lighthouse", "lake": "boat", "pond": "koi", "hills": "tree", "mountains": "house", "forest": "deer",
                   "desert": "person", "city": "city", "clouds": "balloon"}  # fmt: skip
_FREE: Final = (
    "lighthouse",
    "tree",
    "boat",
    "castle",
    "pagoda",
    "balloon",
    "deer",
    "house",
    "person",
    "windmill",
    "torii",
)
_SCENERY: Final = {
    "city",
    "forest",
    "mountain",
}  # subjects that are a place: someone small may stand in them
_ARRANGEMENTS: Final = ("near", "far", "pair", "framed", "single")
_DARK: Final = {"night", "neon"}


@dataclass(frozen=True, slots=True)
class Hand:
    """How a model version paints; every number is a strength in 0..1 unless said otherwise.

    Attributes:
        soft: Brush marks and soft edges.
        sharp: Crispness.
        bloom: Light spilling over from bright places.
        grain: Film grain.
        depth: Blurred foreground and thicker air.
        ink: Dark outlines.
        levels: Steps of flat cel shading; 0 for smooth.
        screentone: Printed dots in the shadows.
        vivid: Chroma, 1 is neutral.
    """

    soft: float = 0.0
    sharp: float = 0.0
    bloom: float = 0.35
    grain: float = 0.25
    depth: float = 0.0
    ink: float = 0.0
    levels: int = 0
    screentone: float = 0.0
    vivid: float = 1.0


_HANDS: Final = {
    "6": Hand(soft=1.0, bloom=0.45, grain=0.3, vivid=0.95),
    "6.1": Hand(sharp=0.7, bloom=0.4, grain=0.22),
    "7": Hand(sharp=0.45, bloom=0.85, grain=0.5, depth=1.0, vivid=1.04),
    "niji 6": Hand(ink=0.85, levels=7, bloom=0.2, grain=0.0, vivid=1.14),
    "niji 7": Hand(ink=1.0, levels=12, bloom=0.3, grain=0.0, screentone=1.0, vivid=1.2),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that was decided before the first stroke.

    Attributes:
        size: (width, height) in pixels.
        unit: Pixels of the short side: the length of everything. Of the part that was there first when a canvas is extended.
        left: Where that part begins, in pixels; otherwise 0.
        top: Where its sky begins, as a share of the height; otherwise 0.
        dice: The chance of this picture.
        words: What the prompt said.
        palette: The colours.
        family: The palette family's name.
        place: What kind of scenery.
        motif: The subject; ``""`` when the scenery is all.
        arrangement: How the subject is framed.
        horizon: Where the ground begins, as a share of the height.
        sun: (x, y, radius) of the sun or moon: shares of width and height, and of the short side.
        style: 0..1, from plain to ornate (the square root of stylize / 1000, so that the default is seen).
        weird: 0..1.
        hand: How it is painted.
    """

    size: Size
    unit: int
    left: int
    top: float
    dice: Dice
    words: Words
    palette: Palette
    family: str
    place: str
    motif: str
    arrangement: str
    horizon: float
    sun: tuple[float, float, float]
    style: float
    weird: float
    hand: Hand

    @property
    def dark(self) -> bool:
        """Whether lamps are lit."""
        return self.family in _DARK

    @property
    def sun_at(self) -> tuple[float, float]:
        """The sun's centre in pixels."""
        return self.sun[0] * self.size[0], self.sun[1] * self.size[1]

    def lit(self, natural: Colour, depth: float = 0.0) -> Colour:
        """A thing's own colour in this scene's light; ``depth`` 0 is near, at 1 it is lost in the haze."""
        bright = palettes.BRIGHTNESS.get(self.family, 1.0)
        light = palettes.mix(self.palette.glow, self.palette.sun, 0.55)
        parts = (
            round(own * (0.35 + 0.65 * cast / 255) * bright)
            for own, cast in zip(natural, light, strict=True)
        )
        red, green, blue = parts
        shaded = palettes.mix((red, green, blue), self.palette.near, 0.12 + 0.18 * (1 - bright))
        return palettes.mix(shaded, palettes.mix(self.palette.far, self.palette.low, 0.4), depth)


def hand_of(version: str) -> Hand:
    """The hand of a version in any spelling; an unknown one gets the nearest that there is.

    Example:
        >>> hand_of("niji 6").ink > 0, hand_of("v7") == hand_of("8.1")
        (True, True)
    """
    number = float((re.findall(r"\d+(?:\.\d+)?", version) or ["6.1"])[0])
    if "niji" in version.lower():
        return _HANDS["niji 7" if number >= 7 else "niji 6"]
    return _HANDS["7" if number >= 7 else "6.1" if number > 6 else "6"]


def root_dice(picture: Picture) -> Dice:
    """The chance that the four pictures of a task share; tasks of one prompt are kin."""
    prompt = " ".join(picture.prompt.casefold().split())
    return Dice(f"{prompt}|{picture.seed}", Dice(prompt), weight=0.4)


def dice_of(picture: Picture) -> Dice:
    """The chance of one picture: chaos is the weight of its own numbers against the task's."""
    weight = 0.07 + 0.93 * min(1.0, max(0.0, picture.chaos / 100))
    root = root_dice(picture)
    return Dice(f"{root.key}|{picture.index}", root, weight)


def compose(picture: Picture, dice: Dice, size: Size) -> Scene:
    """Decide on everything but the strokes."""
    words = read(picture.prompt)
    motif = words.motif or _AT_HOME.get(words.place, "") or dice.pick("motif", _FREE)
    place = "studio" if motif == "portrait" else words.place or dice.pick("place", _HOMES[motif])
    name = (
        words.mood
        or words.hour
        or dice.pick("hour", ("dusk", "dawn", "day", "dusk", "night", "day", "spring"))
    )
    horizon = dice.between("horizon", 0.46, 0.72)
    return Scene(
        size=size,
        unit=min(size),
        left=0,
        top=0.0,
        dice=dice,
        words=words,
        palette=_palette(picture, dice, words, name),
        family=name,
        place=place,
        motif="" if motif in _SCENERY else motif,
        arrangement=_arrangement(dice),
        horizon=horizon,
        sun=_sun(dice, name, horizon),
        style=min(1.0, max(0.0, picture.stylize / 1000)) ** 0.5,
        weird=min(1.0, max(0.0, picture.weird / 3000)),
        hand=hand_of(picture.version),
    )


def _arrangement(dice: Dice) -> str:
    """One subject in the middle distance, until the picture's own chance is strong enough to frame it differently."""
    return dice.pick("arrangement", _ARRANGEMENTS) if dice.weight > 0.5 else "single"


def _palette(picture: Picture, dice: Dice, words: Words, name: str) -> Palette:
    """The task's palette, on its way to the picture's own by the dice's weight, coloured by words and references."""
    root = dice
    while root.parent:
        root = root.parent
    chosen = palettes.family(name)[int(root.unit("palette") * 0.999 * len(palettes.family(name)))]
    for step in _lineage(dice):
        own = Dice(step.key)
        options = palettes.family(own.pick("family", palettes.NEIGHBOURS[name]))
        chosen = palettes.blend(chosen, own.pick("palette", options), step.weight**1.5)
        chosen = palettes.turned(chosen, own.between("turn", -24, 24) * step.weight)
    if words.colour:
        chosen = palettes.steered(chosen, palettes.colour(words.colour), 0.45)
    for url in picture.references:
        lead = Dice(url)
        chosen = palettes.blend(
            chosen, lead.pick("palette", palettes.family(lead.pick("family", palettes.FAMILIES))), 0.4
        )
        chosen = palettes.turned(chosen, lead.between("turn", -50, 50))
    if hand_of(picture.version).screentone:  # clean and vivid, as in animation
        chosen = palettes.turned(chosen, 0, 1.3)
    strange = min(1.0, max(0.0, picture.weird / 3000))
    if strange:
        chosen = palettes.turned(chosen, dice.pick("strange", (-1, 1)) * 95 * strange, 1 + 0.5 * strange)
    return chosen


def _lineage(dice: Dice) -> list[Dice]:
    """The dice with a parent, the eldest first."""
    found = []
    while dice.parent:
        found.append(dice)
        dice = dice.parent
    return found[::-1]


def _sun(dice: Dice, name: str, horizon: float) -> tuple[float, float, float]:
    """Low at the ends of the day, high otherwise; large where it is the event of the picture."""
    low = name in {"dusk", "dawn", "autumn", "desert", "winter"}
    height = dice.between("sun y", 0.02, 0.34) if low else dice.between("sun y", 0.3, 0.42)
    side = dice.pick("sun side", (-1, 1))
    return (
        0.5 + side * dice.between("sun x", 0.06, 0.3),
        max(0.1, horizon - height),
        dice.between("sun r", 0.055, 0.12),
    )
