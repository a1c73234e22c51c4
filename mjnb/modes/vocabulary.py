"""The words that requests share: which values a field may have, and what each of them does.

Ranges and uses are those of APIXO's Midjourney page (https://apixo.ai/docs/models/image/midjourney), and for what it does not
have those of Midjourney's own parameter list (https://docs.midjourney.com).
"""

from __future__ import annotations

from typing import Annotated

from mjnb.fields import (
    Aspect,
    Band,
    Choice,
    Codes,
    Flag,
    Link,
    Links,
    Listed,
    Mark,
    Name,
    Number,
    Quality,
    Text,
    Version,
    Whole,
)

VERSIONS = {
    "v5": "March 2023: for projects that began with it",
    "v5.1": "May 2023: the first after v5",
    "v5.2": "June 2023: for projects that began with it",
    "v6": "December 2023: follows long prompts; for projects that began with it",
    "v6.1": "July 2024: about a quarter faster than v6, coherent, precise; the usual choice for production",
    "v7": "April 2025: the best at anatomy, hands, textures and reading prompts",
    "v8": "March 2026: the first of its generation",
    "v8.1": "April 2026: 2048 pixels with hd; no quality, references by instruction",
    "v8.2": "July 2026: Midjourney's own default of today",
    "niji 5": "2023: for projects that began with it",
    "niji 6": "June 2024: Eastern and anime looks, draws Japanese text, fine eyes",
    "niji 7": "the newest for anime: control over characters, dramatic light, from near-photographic to very stylised",
}
ASPECTS = {
    "1:1": "square: social posts, avatars",
    "1:2": "tall banner",
    "2:1": "wide banner",
    "2:3": "portrait: posters, book covers",
    "3:2": "landscape: photographs",
    "3:4": "classic portrait",
    "4:3": "classic: photography, slides",
    "5:6": "nearly square, upright",
    "6:5": "nearly square, lying",
    "9:16": "mobile: stories, vertical video",
    "16:9": "widescreen: video, banners",
}
SPEEDS = {
    "relaxed": "slow and cheap, where a gateway has it",
    "fast": "about 30-45 s for four pictures",
    "turbo": "about 15-25 s, at twice the price",
}
CHAOS = (
    Band(0, 30, "consistent", "the four pictures agree; good for production"),
    Band(30, 70, "balanced", "room to explore"),
    Band(70, 100, "diverse", "four different ideas, some of them unexpected"),
)
STYLIZE = (
    Band(0, 250, "literal", "realistic, close to the words"),
    Band(250, 750, "balanced", "some of the house's own taste"),
    Band(750, 1000, "artistic", "free interpretation"),
)
WEIRD = (
    Band(0, 9, "ordinary", "nothing odd"),
    Band(10, 300, "subtle", "small quirks"),
    Band(300, 1000, "noticeable", "clearly unconventional"),
    Band(1000, 3000, "extreme", "surreal, close to abstract"),
)
KINDS = {
    "standard": "high resolution, true to the picture",
    "creative": "high resolution with new detail",
    "2x": "twice the width and height",
    "4x": "four times the width and height",
}

STRENGTHS = {"subtle": "close to the parent", "strong": "clearly different"}
QUALITIES = {
    "0.25": "a quarter of the time",
    "0.5": "half of the time",
    "1": "the usual",
    "2": "twice the time",
    "4": "four times the time (v7)",
}
RATIOS = {"1.5x": "one and a half times as much in the frame", "2x": "twice as much in the frame"}
DIRECTIONS = {"left": "", "right": "", "up": "", "down": ""}
MOTIONS = {"low": "calm: the subject moves, the camera hardly", "high": "lively: subject and camera move"}
RESOLUTIONS = {"480p": "quick", "720p": "sharper, at about twice the price"}
ANIMATIONS = {
    "auto": "Midjourney thinks the motion up from the picture",
    "manual": "the prompt says what moves",
}
_EXP = (
    Band(0, 25, "gentle", "more detail and life"),
    Band(25, 100, "strong", "drowns stylize and profiles"),
)

PROMPT = Text("What the picture shows. English works best; describe the result, not the steps to it.")
Prompt = Annotated[str, PROMPT]
OptionalPrompt = Annotated[
    str | None, Text("What the new pictures should show; leave out to stay with the parent's prompt.")
]
VersionField = Annotated[str | None, Version("Which Midjourney model draws.", VERSIONS, {})]
SpeedField = Annotated[str | None, Choice("How soon, and at what price.", SPEEDS, {"relax": "relaxed"})]
AspectField = Annotated[str | None, Aspect("Shape of the frame, width to height.", ASPECTS, widest=14)]
ChaosField = Annotated[int | None, Whole("How unlike each other the four pictures are.", 0, 100, CHAOS)]
StylizeField = Annotated[int | None, Whole("Realism (low) against artistry (high).", 0, 1000, STYLIZE, 10)]
WeirdField = Annotated[int | None, Whole("How unconventional the picture is.", 0, 3000, WEIRD, 10)]
TranslationField = Annotated[bool | None, Flag("Have the gateway translate the prompt to English first.")]
SeedField = Annotated[
    int | None,
    Whole("The noise to begin with: with it, equal requests give nearly equal pictures.", 0, 4_294_967_295),
]
NoField = Annotated[str | None, Listed("What shall not be in the picture; each word is read on its own.")]
TileField = Annotated[bool | None, Mark("Make a pattern that repeats without a seam.")]
RawField = Annotated[bool | None, Mark("Beautify less, so that the words count more.")]
QualityField = Annotated[str | None, Quality("How long the first four pictures are worked at.", QUALITIES)]
ImageWeightField = Annotated[
    float | None, Number("How much reference pictures count beside the words.", 0, 3)
]
StyleReferenceField = Annotated[
    str | None, Codes('Style references: URLs, codes or "random"; the style only, no objects.')
]
StyleWeightField = Annotated[int | None, Whole("How much the style references count.", 0, 1000, (), 10)]
CharacterField = Annotated[str | None, Codes("Character references: URLs (v6 and niji 6 alone).")]
CharacterWeightField = Annotated[
    int | None, Whole("How much of the character is kept; 0 is the face alone.", 0, 100)
]
OmniField = Annotated[
    str | None, Codes("A person or thing to put into the picture: one URL (v7 alone).", 1)
]
OmniWeightField = Annotated[int | None, Whole("How much that person or thing counts.", 1, 1000, (), 10)]
ExperimentalField = Annotated[int | None, Whole("More detail and dynamics.", 0, 100, _EXP, 5)]
DraftField = Annotated[bool | None, Mark("Draw quickly and roughly, at about half the cost.")]
HdField = Annotated[bool | None, Mark("2048 instead of 1024 pixels (v8.1 and later).")]
StopField = Annotated[
    int | None, Whole("Stop at so many percent: unfinished, blurry (up to v6.1 and niji 6).", 10, 100)
]
ProfileField = Annotated[str | None, Codes("Personal taste: the id of a profile or of a moodboard.")]
WatermarkField = Annotated[str | None, Text("Words to be written on the pictures.", 1, 200)]
ExtraField = Annotated[str | None, Text("Further Midjourney flags, as they are written there.", 1, 1000)]
LinksField = Annotated[
    tuple[str, ...], Links("Reference pictures; one or two keep control, more take it away.")
]
OneLinkField = Annotated[tuple[str, ...], Links("The picture to work on.", 1, 1)]
OptionalLinkField = Annotated[tuple[str, ...] | None, Links("The picture to begin with.", 1, 1)]
BlendField = Annotated[tuple[str, ...], Links("The pictures to melt into one.", 2, 5)]
EndField = Annotated[str | None, Link("The picture to end with.")]
ParentField = Annotated[str, Name("The task whose picture is used.")]
OptionalParentField = Annotated[str | None, Name("The task whose picture is used.")]
IndexField = Annotated[int, Whole("Which of its four pictures, counted from 0.", 0, 3)]
OptionalIndexField = Annotated[int | None, Whole("Which of its four pictures, counted from 0.", 0, 3)]
StrengthField = Annotated[str, Choice("How far the variations go.", STRENGTHS)]
KindField = Annotated[str, Choice("How the picture is enlarged.", KINDS)]
RatioField = Annotated[str, Choice("How far the camera goes back.", RATIOS, {"1.5": "1.5x", "2": "2x"})]
DirectionField = Annotated[str, Choice("To which side the picture grows.", DIRECTIONS)]
MotionField = Annotated[str | None, Choice("How much moves.", MOTIONS)]
ResolutionField = Annotated[
    str | None, Choice("Size of the clips.", RESOLUTIONS, {"480": "480p", "720": "720p"})
]
AnimateField = Annotated[str | None, Choice("Who decides what moves.", ANIMATIONS)]
BatchField = Annotated[int | None, Whole("How many clips; each is charged.", 1, 4)]
LoopField = Annotated[bool | None, Flag("End where it began.")]
ExtendField = Annotated[
    bool | None, Flag("Go on from the end of a clip, which is picture `image_index` of a video task.")
]
ContentField = Annotated[
    str, Text("The text, in any language, that is to be said in another way.", 1, 6000)
]
