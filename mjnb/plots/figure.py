"""A figure of small panels that shows itself, laid out in pixels by the width of its words."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mjnb.sheets.lettering import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matplotlib.axes import Axes

    from mjnb.theme import Palette

__all__ = ["FONT", "TYPE", "Panel", "Plot", "lay_out"]

FONT = "DejaVu Sans"  # comes with matplotlib; its figures are all of one width
TYPE = 9.0  # points
_DPI = 100
_PX = 13  # px of type, rounded up
_WIDTH, _EDGE, _SPACE = 1020, 12, 34  # px: the figure, around it, between its panels
_ROW, _FEWEST = 27, 3  # px of one value; values that a panel is high at least
_HEAD, _HEIGHT, _FOOT = 38, 92, 26  # px: above a panel's middle; above and below it; the last line
_ABREAST, _NARROW = 3, 110  # panels in one line; px that their middles have there at least


class Plot(Figure):
    """A figure that a notebook can show by itself."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi="figure", facecolor=self.get_facecolor())
        return file.getvalue()


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel before it has a place: words at its left and right, a line each, and how its middle is drawn."""

    title: str
    quantity: str
    labels: tuple[str, ...]
    results: tuple[str, ...]
    draw: Callable[[Axes], None]
    is_prose: bool = False  # results that are words begin at the left, numbers end at the right
    shows_labels: bool = True  # False where they are those of the panel before
    scale: str = ""  # the widest number that it writes at its left instead of labels


def lay_out(panels: Sequence[Panel], word: str, colours: Palette) -> Plot:
    """Put panels side by side, in two lines if they would be narrow; the middles of a line are equally wide."""
    lines = (
        [panels] if len(panels) <= _ABREAST and _middle(panels) >= _NARROW else [panels[:-2], panels[-2:]]
    )
    heights = [_HEIGHT + _ROW * max(_FEWEST, *(len(panel.labels) for panel in line)) for line in lines]
    whole = sum(heights) + (_FOOT if word else 0)
    figure = Plot(figsize=(_WIDTH / _DPI, whole / _DPI), dpi=_DPI, facecolor=colours.page)
    FigureCanvasAgg(figure)
    top = 0.0
    for line, height in zip(lines, heights, strict=True):
        left, middle = float(_EDGE), _middle(line)
        for panel in line:
            left += _before(panel)
            _draw(figure, panel, (left, top + _HEAD, middle, height - _HEIGHT), colours)
            left += middle + _wide(panel.results) + _SPACE
        top += height
    if word:
        at = 1 - _EDGE / _WIDTH, _EDGE / whole
        figure.text(*at, word, ha="right", color=colours.muted, size=TYPE, family=FONT)
    return figure


def _middle(line: Sequence[Panel]) -> float:
    """Share what words leave of a line among its panels; px."""
    words = sum(_before(panel) + _wide(panel.results) for panel in line)
    return max(1.0, (_WIDTH - 2 * _EDGE - _SPACE * (len(line) - 1) - words) / len(line))


def _before(panel: Panel) -> int:
    return _wide(panel.labels if panel.shows_labels and panel.labels else filter(None, [panel.scale]))


def _wide(words: Iterable[str]) -> int:
    """Measure the widest of some words in pixels, with the space that keeps it off the panel."""
    return max((Type(_PX).width(word) + _PX for word in words), default=0)


def _draw(figure: Plot, panel: Panel, box: tuple[float, float, float, float], colours: Palette) -> None:
    """Draw a panel whose middle is at `box` (left, top, width, height; pixels from the upper left)."""
    whole = figure.get_figheight() * _DPI
    left, top, width, height = box
    axes = figure.add_axes((left / _WIDTH, 1 - (top + height) / whole, width / _WIDTH, height / whole))
    _dress(axes, colours)
    words: dict[str, Any] = {"color": colours.ink, "size": TYPE, "family": FONT}
    start = -_before(panel) / width
    axes.text(start, 1 + 12 / height, panel.title, transform=axes.transAxes, weight="bold", **words)
    axes.set_xlabel(panel.quantity, loc="left", color=colours.muted, size=TYPE, family=FONT)
    axes.set_ylim(height / _ROW - 0.5, -0.5)
    if not panel.scale:
        axes.set_yticks(range(len(panel.labels)), panel.labels, color=colours.ink)
        axes.tick_params(axis="y", labelleft=panel.shows_labels)
    for row, result in enumerate(panel.results):
        x = 1 + (_PX if panel.is_prose else _wide(panel.results)) / width
        align = "left" if panel.is_prose else "right"
        axes.text(
            x, row, result, transform=axes.get_yaxis_transform(), ha=align, va="center_baseline", **words
        )
    panel.draw(axes)


def _dress(axes: Axes, colours: Palette) -> None:
    """Make a panel quiet: no frame, thin vertical lines, small grey numbers."""
    axes.set_facecolor(colours.page)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(colours.line)
    axes.grid(visible=True, axis="x", color=colours.line, linewidth=0.6, linestyle="-")
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=6, labelsize=TYPE, labelcolor=colours.muted, labelfontfamily=FONT)
