"""Text on pictures: fonts, what they can write, and where lines break.

The type is the DejaVu Sans that comes with matplotlib, found without importing it. A text that DejaVu cannot write is set
in a system font that can; where there is none, a hollow square stands for each unwritable character.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import ImageDraw, ImageFont

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

__all__ = ["Type", "clean", "writable"]

_WIDER = (
    "NotoSansCJK-Regular.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
    "malgun.ttf",
    "wqy-microhei.ttc",
)
_TOFU = "□"
_NO_CHARACTER = "\U0010fffe"
_JOINERS = "\u200c\u200d"  # needed to write Persian and Indic scripts
_CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"  # may break between any two
_PIECES = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+(?: ·)?\s?|\s")
_LONGEST = 4000  # characters of one text that are looked at; a sheet has no room for more


def clean(text: str) -> str:
    r"""Put any text on one line: spaces for breaks, nothing invisible, nothing that turns the writing direction.

    >>> clean("a\tlighthouse\n\u202e at dusk")
    'a lighthouse at dusk'
    """
    visible = (
        " " if char.isspace() else char for char in text[:_LONGEST] if char.isspace() or _is_visible(char)
    )
    return " ".join(unicodedata.normalize("NFC", "".join(visible)).split())


def _is_visible(char: str) -> bool:
    return char in _JOINERS or not unicodedata.category(char).startswith("C")


@dataclass(frozen=True, slots=True)
class Type:
    """One size and weight of type: `size` in pixels (the em), `bold` or not."""

    size: int
    bold: bool = False

    @property
    def line(self) -> int:
        """Distance from one line to the next in pixels."""
        return round(self.size * 1.36)

    def width(self, text: str) -> int:
        """Measure one line of clean text in pixels."""
        font = _font_for(text, self.size, self.bold)
        return int(font.getlength(_writable(text, self.size, self.bold)) + 0.99)

    def wrap(self, text: str, width: int, lines: int) -> tuple[str, ...]:
        """Break a text into at most `lines` lines of at most `width` pixels; what is left out is an ellipsis.

        Words that are too long are broken anywhere, Chinese and Japanese between any two characters.

        >>> Type(13).wrap("a lighthouse at dusk", 80, 5)
        ('a', 'lighthouse', 'at dusk')
        """
        done: list[str] = []
        line = ""
        for piece in self._pieces(clean(text), width):
            if line and self.width((line + piece).rstrip()) > width:
                done.append(line.rstrip())
                line = ""
                if len(done) > lines:
                    break
            line += piece
        done += [line.rstrip()] if line.strip() else []
        if len(done) > lines:
            done = [*done[: max(lines - 1, 0)], *self._cut(done[lines - 1 : lines], width)]
        return tuple(done)

    def _pieces(self, text: str, width: int) -> Iterable[str]:
        for piece in _PIECES.findall(text):
            while len(piece) > 1 and self.width(piece.rstrip()) > width:
                lengths = range(1, min(len(piece), width))  # no letter is narrower than a pixel
                fits = max(1, bisect_right(lengths, width, key=lambda n: self.width(piece[:n])))
                yield piece[:fits]
                piece = piece[fits:]  # noqa: PLW2901  (the rest of the same word)
            yield piece

    def _cut(self, last: list[str], width: int) -> list[str]:
        """End the last line in an ellipsis that still fits."""
        for line in last:
            kept = line
            while kept and self.width(f"{kept} …") > width:
                kept = kept.rsplit(" ", 1)[0] if " " in kept else kept[:-1]
            return [f"{kept.rstrip(' ,.;:')} …" if kept else "…"]
        return []

    def write(
        self, draw: ImageDraw.ImageDraw, at: tuple[int, int], lines: Iterable[str], fill: str
    ) -> None:
        """Write lines downwards from `at`, the upper left of the first."""
        left, top = at
        for number, line in enumerate(lines):
            base = top + number * self.line + round(self.size * 1.02)
            font = _font_for(line, self.size, self.bold)
            draw.text(
                (left, base), _writable(line, self.size, self.bold), fill=fill, font=font, anchor="ls"
            )


@lru_cache(maxsize=64)
def _load(name: str, size: int) -> Font | None:
    """Load a font by path or, from the system's folders, by name; None if there is none."""
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


@lru_cache(maxsize=2)
def _dejavu(bold: bool) -> str:
    spec = find_spec("matplotlib")
    folder = Path(spec.origin if spec and spec.origin else ".").parent / "mpl-data" / "fonts" / "ttf"
    return str(folder / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))


@lru_cache(maxsize=64)
def _usual(size: int, bold: bool) -> Font:
    from PIL import ImageFont

    return _load(_dejavu(bold), size) or ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _has(name: str, char: str) -> bool:
    """Tell whether a font can write a character: what it draws is not what it draws for no character."""
    font = _load(name, 16)
    return font is not None and bytes(font.getmask(char)) != bytes(font.getmask(_NO_CHARACTER))


@lru_cache(maxsize=4096)
def _font_for(text: str, size: int, bold: bool) -> Font:
    """Choose one font for the whole of a text, so that its letters match."""
    if text.isascii() or all(_has(_dejavu(bold), char) for char in set(text)):
        return _usual(size, bold)
    for name in _WIDER:
        if all(_has(name, char) for char in set(text)):
            return _load(name, size) or _usual(size, bold)
    return _usual(size, bold)


@lru_cache(maxsize=4096)
def _writable(text: str, size: int, bold: bool) -> str:
    return writable(text) if _font_for(text, size, bold) is _usual(size, bold) else text


def writable(text: str) -> str:
    """Put a hollow square in the place of every character that DejaVu Sans cannot write.

    >>> writable("café 灯台")
    'café □□'
    """
    return "".join(char if char.isascii() or _has(_dejavu(bold=False), char) else _TOFU for char in text)
