"""A run as it stands, in plain HTML: what a saved notebook keeps, and the measures and words that the live view shares.

Inline styles and inline pictures only, since notebooks strip the rest; everything from outside is escaped.
"""

from __future__ import annotations

import functools
import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mjnb import clips, images
from mjnb.errors import PictureError
from mjnb.theme import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "MOST_TILES",
    "Box",
    "Showable",
    "Word",
    "bound",
    "box",
    "moving",
    "rest",
    "static_html",
    "thumb",
    "thumbs",
    "word",
]

MOST_TILES = 200
LONG = 148  # px, the long side of a tile
GAP = 2  # px between its pictures
_NARROWEST = 112  # px, so that a label has room under a tall tile
_THUMB, _SMALL_THUMB, _MANY = 128, 96, 48  # px; the smaller where there are more cells than this
_STEEPEST = 4  # a shape beyond 4:1 is drawn as 4:1


class Showable(Protocol):
    """What can be shown: a run."""

    @property
    def progress(self) -> Any:
        """Counts and times: `Progress`, or anything with its names."""

    def shapes(self, most: int) -> Sequence[Mapping[str, Any]]:
        """One `{label, aspect, pictures, span_s}` a cell, in order, at most so many; they never change."""

    def tiles(self, most: int) -> Sequence[Mapping[str, Any]]:
        """One `{label, state, note, pictures, before, since_s}` a cell, as it is now.

        Where there are such, also `texts`, an answer in words, and `progress`, 0 to 100.
        """

    def done(self) -> bool:
        """Whether it has ended."""

    def stop(self) -> None:
        """Ask it to stop and return at once."""

    def listen(self, listener: Callable[[Any], None]) -> None:
        """Register for changes."""


# -- measures ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a cell's pictures, in CSS pixels: one picture, the frame around all, and the tile's width."""

    picture: tuple[int, int]
    frame: tuple[int, int]
    tile: int


def box(aspect: str, pictures: int = 4) -> Box:
    """Measure the place of so many pictures of a shape, in two columns; a shape that cannot be read is square.

    >>> box("1:1").frame, box("16:9").picture, box("9:16", 1).frame
    ((148, 148), (73, 41), (83, 148))
    """
    ratio = _ratio(aspect)
    columns = 1 if pictures == 1 else 2
    lines = math.ceil(pictures / columns)
    long = LONG if pictures == 1 else (LONG - GAP) // 2
    wide, high = (long, round(long / ratio)) if ratio >= 1 else (round(long * ratio), long)
    frame = (columns * (wide + GAP) - GAP, lines * (high + GAP) - GAP)
    return Box((wide, high), frame, max(frame[0], _NARROWEST))


def _ratio(aspect: str) -> float:
    wide, _, high = aspect.partition(":")
    try:
        return min(_STEEPEST, max(1 / _STEEPEST, float(wide) / float(high)))
    except (ValueError, ZeroDivisionError):
        return 1.0


# -- words -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A state as a mark and a word; both empty where pictures say it."""

    mark: str
    word: str


_WORDS = {
    "": Word("○", "queued"), "pending": Word("○", "queued"), "submitting": Word("○", "sending"),
    "processing": Word("◐", "running"), "failed": Word("✕", "failed"), "refused": Word("✕", "refused"),
    "unknown": Word("?", "unknown"), "stopped": Word("–", "not run"),
}  # fmt: skip
_NOTHING, _FETCHING = Word("", ""), Word("↓", "fetching")
_AFTERWARDS = {
    "pending": Word("◌", "left at the gateway"),
    "processing": Word("◌", "left at the gateway"),
    "success": Word("◌", "pictures not fetched"),
}


def word(tile: Mapping[str, Any], *, ended: bool) -> Word:
    """Name the state of a cell, while its run goes on or after it has ended.

    >>> word({"state": "failed", "pictures": []}, ended=False)
    Word(mark='✕', word='failed')
    """
    state = tile["state"]
    if tile["pictures"] or tile.get("texts"):
        return _NOTHING
    if ended and state in _AFTERWARDS:
        return _AFTERWARDS[state]
    return _FETCHING if state == "success" else _WORDS.get(state, Word("", state))


def rest(shown: Showable) -> str:
    """Say how many cells are not shown, "" if all are."""
    hidden = shown.progress.total - MOST_TILES
    return f"and {hidden} more" if hidden > 0 else ""


def bound(label: str) -> str:
    r"""Keep a dot at the end of a line rather than at the start of the next.

    >>> bound("chaos 0 · v7")
    'chaos 0\xa0· v7'
    """
    return label.replace(" · ", "\N{NO-BREAK SPACE}· ")


# -- pictures ----------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)
def thumb(picture: Path, size: int) -> bytes:
    """Return a picture's thumbnail; small and asked for more than once, so it is remembered.

    Raises:
        PictureError: There is none.
    """
    return images.thumb(picture, size)


def moving(pictures: Sequence[Path]) -> str:
    """Say how many clips are among pictures, "" for none.

    >>> from pathlib import Path
    >>> moving([Path("0.webm"), Path("1.webm")]), moving([Path("0.jpg")])
    ('2 clips', '')
    """
    count = sum(map(clips.is_clip, pictures))
    return "" if not count else "clip" if count == 1 else f"{count} clips"


def thumbs(shown: Showable, pictures: Sequence[Path]) -> list[bytes]:
    """Return the thumbnails of a cell, of clips those of their still pictures; smaller ones if there are many cells.

    What cannot be read is left out.
    """
    size = _THUMB if shown.progress.total <= _MANY else _SMALL_THUMB
    found = []
    for picture in pictures:
        try:
            found.append(thumb(picture, size))
        except PictureError:
            continue
    return found


# -- HTML --------------------------------------------------------------------------------------------------------


def _shade(variable: str, plain: str) -> str:
    """Colour by the front end's theme where styles may say so, by a grey that fits any elsewhere."""
    return f"background:{plain};background:var({variable},{plain})"


_FAINT = _shade("--jp-layout-color2", "rgba(128,128,128,.12)")
_TRACK = _shade("--jp-layout-color3", "rgba(128,128,128,.25)")
_GOOD, _BAD = _shade("--jp-success-color1", "#1a7f4b"), _shade("--jp-error-color1", "#b3261e")


def static_html(shown: Showable) -> str:
    """Draw the run as it is now."""
    ended = shown.progress.ended
    cells = zip(shown.shapes(MOST_TILES), shown.tiles(MOST_TILES), strict=True)
    tiles = "".join(_tile(shown, shape, tile, ended) for shape, tile in cells)
    return in_words(
        '<div style="font-family:system-ui,sans-serif;font-size:13px;line-height:20px;margin:0;padding:4px 0 8px">'
        f"{_line(shown.progress.text(), ended)}"
        f"{_bar(shown.progress)}"
        f'<div style="display:flex;flex-wrap:wrap;gap:12px 8px;align-items:flex-start">{tiles}{_more(shown)}</div></div>'
    )


def _bar(progress: Any) -> str:
    total = max(1, progress.total)
    parts = ((_GOOD, progress.done), (_BAD, progress.failed + progress.unknown))
    spans = "".join(
        f'<div style="width:{100 * count / total:.2f}%;height:4px;{color}"></div>' for color, count in parts
    )
    return f'<div style="display:flex;max-width:616px;height:4px;margin:4px 0 16px;{_TRACK}">{spans}</div>'


def _tile(shown: Showable, shape: Mapping[str, Any], tile: Mapping[str, Any], ended: bool) -> str:
    place = box(shape["aspect"], shape["pictures"])
    wide, high = place.frame
    drawn = "".join(
        _img(data, place, tile["label"], i) for i, data in enumerate(thumbs(shown, tile["pictures"]))
    )
    tick = "✓ " if tile["before"] else ""
    said = _texts(tile) or _says(word(tile, ended=ended), tile["note"], moving(tile["pictures"]))
    clip = f"▶ {moving(tile['pictures'])} · " if drawn and moving(tile["pictures"]) else ""
    return (
        f'<div style="width:{place.tile}px"><div style="display:flex;flex-wrap:wrap;gap:{GAP}px;width:{wide}px;height:{high}px;'
        f'overflow:hidden;{_FAINT if not drawn else ""}">{drawn or said}</div>'
        f'<div style="font-size:11px;line-height:14px;margin-top:4px;overflow-wrap:anywhere">{clip}{tick}'
        f"{html.escape(bound(tile['label']))}</div></div>"
    )


def _img(data: bytes, place: Box, label: str, index: int) -> str:
    wide, high = place.picture
    text = html.escape(f"{label}, picture {index}", quote=True)
    size = f'width="{wide}" height="{high}" style="width:{wide}px;height:{high}px;max-width:none;margin:0;display:block"'
    return f'<img src="{images.data_uri(data)}" alt="{text}" {size}>'


def _texts(tile: Mapping[str, Any]) -> str:
    """Write an answer in words; what does not fit in its place is cut off by it."""
    style = "padding:8px 8px 0;font-size:11px;line-height:14px;overflow-wrap:anywhere"
    return "".join(f'<div style="{style}">{html.escape(text)}</div>' for text in tile.get("texts", ()))


def _says(state: Word, note: str, clip: str = "") -> str:
    reason = (
        f'<div style="font-size:11px;line-height:14px;margin-top:4px;overflow-wrap:anywhere">{html.escape(note)}</div>'
        if note
        else ""
    )
    text = f"▶ {clip}" if clip else html.escape(f"{state.mark} {state.word}".strip())
    return f'<div style="width:100%;padding:8px;box-sizing:border-box">{text}{reason}</div>'


def _more(shown: Showable) -> str:
    return f'<div style="align-self:center">{rest(shown)}</div>' if rest(shown) else ""


def _line(text: str, ended: bool) -> str:
    """Write the progress in one line, whatever it says, so that nothing below it moves; all of it, once nothing does."""
    style = "" if ended else "height:24px;white-space:nowrap;"
    return f'<div style="{style}line-height:24px">{html.escape(text)}</div>'
