"""A frame in numbers: how long tasks took, how they ended, and what they cost, by what was varied.

Drawn with matplotlib's objects alone: no `pyplot`, so no figure is kept alive and no global setting changes. Values run
down the side of every panel and quantities to the right, so that long labels are read like text.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MaxNLocator

from mjnb.errors import LayoutError
from mjnb.plots.figure import FONT, TYPE, Panel, Plot, lay_out
from mjnb.plots.groups import ENDS, Group, ends, groups, names, paid, short, simulated, spread
from mjnb.theme import Palette, Theme, palette

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Plot", "plot"]

_QUIET = 0.4  # opacity of bars that are as they should be
_LINE = 2  # points of a line, at least
_SPANS = (
    (120.0, 1.0, "s"),
    (7200.0, 60.0, "min"),
    (172800.0, 3600.0, "h"),
    (float("inf"), 86400.0, "days"),
)


def plot(frame: pd.DataFrame, by: str | None = None, *, theme: Theme = "light") -> Plot:
    """Plot cost times, outcomes and spending of a frame.

    Args:
        frame: A frame of ours, in any state.
        by: One column to compare by; by default the first three that vary, spending then being shown as it went on.
        theme: `"light"` or `"dark"`.

    Returns:
        A figure of about 10 inches' width that displays itself in a notebook; `savefig` writes it to a file.

    Raises:
        LayoutError: There is no such column, or the frame is empty.

    >>> from mjnb import frame as frames
    >>> row = dict(cell="c", repeat=0, take=1, simulated=True, state="success", cost_time_s=31.5, price_usd=0.04)
    >>> len(plot(frames.build([row])).axes)
    3
    """
    _check(frame, by)
    colours = palette(theme)
    found = {name: groups(frame, name) for name in ([by] if by else names(frame))}
    uneven = max(found, key=lambda name: spread(found[name]))
    panels = [_times(name, parts, colours) for name, parts in found.items()]
    panels.append(_outcomes(uneven, found[uneven], colours))
    panels.append(_spent(by, found[by], colours) if by else _spending(frame, colours))
    if len(found) == 1:  # the same values down the side: once is enough
        panels[1:] = [replace(panel, shows_labels=False) for panel in panels[1:]]
    return lay_out(panels, simulated(frame), colours)


def _check(frame: pd.DataFrame, by: str | None) -> None:
    if by is not None and by not in frame.columns:
        raise LayoutError(f"plot: no column {by}; there are {', '.join(map(str, frame.columns))}")
    if missing := [
        name for name in ("state", "cost_time_s", "price_usd", "created") if name not in frame.columns
    ]:
        raise LayoutError(f"plot: no column {', '.join(missing)}, so this is not a frame of mjnb")
    if not len(frame):
        raise LayoutError("plot: there is nothing to plot, the frame has no rows")


def _times(name: str, parts: Sequence[Group], colours: Palette) -> Panel:
    """Show each finished task's cost time as a point, and the median of each group as a bar."""
    found = [part.rows.loc[part.rows["state"] == "success", "cost_time_s"].dropna() for part in parts]
    longest = max((seconds.max() for seconds in found if len(seconds)), default=0)

    def draw(axes: Axes) -> None:
        for row, seconds in enumerate(found):
            heights = [row + 0.5 * (number * 0.618 % 1 - 0.5) for number in range(len(seconds))]
            axes.scatter(seconds, heights, s=13, color=colours.muted, alpha=0.55, linewidths=0)
            if len(seconds):
                axes.plot(
                    [seconds.median()] * 2, [row - 0.36, row + 0.36], color=colours.accent, linewidth=2.5
                )
        axes.set_xlim(0, 1.06 * longest)

    results = tuple(f"{seconds.median():.1f} s" if len(seconds) else "–" for seconds in found)
    labels = tuple(part.label for part in parts)
    if not longest:
        return Panel(
            _title("cost time", name), "cost time, s", labels, (), _instead("no cost times", colours)
        )
    return Panel(_title("cost time", name), "cost time, s · bar: median", labels, results, draw)


def _outcomes(name: str, parts: Sequence[Group], colours: Palette) -> Panel:
    """Show how many tasks of each group ended how, as bars and in words."""
    counts = [ends(part.rows) for part in parts]
    fills = dict(
        zip(ENDS, (colours.muted, colours.bad, colours.warn, colours.muted, colours.page), strict=True)
    )

    def draw(axes: Axes) -> None:
        for row, ended in enumerate(counts):
            left = 0
            for end, count in ended.items():
                edge = colours.muted if end == ENDS[-1] else colours.page
                alpha = _QUIET if end == ENDS[0] else 1
                axes.barh(
                    row, count, 0.56, left, color=fills[end], edgecolor=edge, linewidth=0.8, alpha=alpha
                )
                left += count
        axes.set_xlim(0, max(len(part.rows) for part in parts))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))

    words = tuple(", ".join(f"{count} {end}" for end, count in ended.items()) for ended in counts)
    labels = tuple(part.label for part in parts)
    return Panel(_title("outcome", name), "tasks", labels, words, draw, is_prose=True)


def _spent(name: str, parts: Sequence[Group], colours: Palette) -> Panel:
    """Show what each group cost."""
    prices = [paid(part.rows)["price_usd"] for part in parts]

    def draw(axes: Axes) -> None:
        axes.barh(
            range(len(parts)), [price.sum() for price in prices], 0.56, color=colours.muted, alpha=_QUIET
        )
        axes.set_xlim(0, max(price.sum() for price in prices) or 1)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3))

    labels = tuple(part.label for part in parts)
    return Panel(_title("spent", name), "spent, USD", labels, tuple(map(_money, prices)), draw)


def _spending(frame: pd.DataFrame, colours: Palette) -> Panel:
    """Show what had been spent at each moment since the first task."""
    charged = paid(frame).dropna(subset=["created", "price_usd"]).sort_values("created")
    title = f"spent: {_money(paid(frame)['price_usd'])}"
    if len(charged) < _LINE:
        return Panel(title, "", (), (), _instead("a line needs two tasks with prices", colours))
    since = (charged["created"] - charged["created"].iloc[0]).dt.total_seconds()
    _, unit, word = next(span for span in _SPANS if since.max() < span[0])
    total = charged["price_usd"].cumsum()
    top = 1.08 * total.max() or 1.0
    ticks = [tick for tick in MaxNLocator(nbins=3).tick_values(0, top) if 0 <= tick <= top]

    def draw(axes: Axes) -> None:
        axes.step([0, *since / unit], [0, *total], where="post", color=colours.accent, linewidth=1.8)
        axes.plot(since.max() / unit, total.max(), "o", color=colours.accent, markersize=5, clip_on=False)
        axes.set_ylim(0, top)
        axes.set_xlim(0, since.max() / unit or 1)
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])

    return Panel(
        title,
        f"USD, by {word} since the first task",
        (),
        (),
        draw,
        scale=max((f"{tick:g}" for tick in ticks), key=len),
    )


def _instead(text: str, colours: Palette) -> Callable[[Axes], None]:
    """Say why a panel is empty."""

    def draw(axes: Axes) -> None:
        axes.set_xticks([])
        axes.text(0, 0.5, text, transform=axes.transAxes, color=colours.muted, size=TYPE, family=FONT)

    return draw


def _title(what: str, name: str) -> str:
    return f"{what} by {short(name.replace('_', ' '))}" if name else what


def _money(prices: pd.Series[Any]) -> str:
    """Write a sum of money, and for how many tasks the price is not known."""
    text = f"{prices.sum():.2f} USD" if prices.notna().any() or not len(prices) else ""
    unknown = int(prices.isna().sum())
    return " + ".join(filter(None, (text, f"{unknown} unpriced" if unknown else "")))
