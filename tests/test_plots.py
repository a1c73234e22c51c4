"""Plots of cost times, outcomes and spending."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mjnb import frame as frames
from mjnb.errors import LayoutError
from mjnb.plots import plot
from mjnb.theme import DARK, LIGHT


def row(number=0, **fields):
    """A finished simulated task, the `number`-th."""
    return {
        "cell": f"cell{number}", "prompt": "a lighthouse", "repeat": 0, "take": 1, "gateway": "simulator", "simulated": True,
        "state": "success", "cost_time_s": 30.0 + number, "price_usd": 0.04, "images": [], "created": 1.7e9 + 60 * number,
    } | fields  # fmt: skip


def sweep(**axes):
    """The frame of a full factorial sweep."""
    rows = [
        row(n, **dict(zip(axes, values, strict=True)))
        for n, values in enumerate(itertools.product(*axes.values()))
    ]
    return frames.build(rows, axes=list(axes))


def words(figure):
    """Everything that is written in a figure."""
    figure.canvas.draw()
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [axes.get_xlabel(), axes.get_ylabel(), *(text.get_text() for text in axes.texts)]
        found += [label.get_text() for label in axes.get_yticklabels()]
    return [text for text in found if text]


def pixels(figure):
    """The figure as a notebook shows it."""
    return np.asarray(Image.open(io.BytesIO(figure._repr_png_())).convert("RGB"))


def test_a_figure_shows_itself():
    """A notebook gets a PNG from the figure alone, in any state of matplotlib."""
    image = pixels(plot(sweep(chaos=[0, 50])))
    assert image.shape[1] == 1020
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 20


def test_nothing_global_is_touched():
    """Plotting imports no pyplot and changes no setting, so no figure is kept alive."""
    before = dict(mpl.rcParams)
    plot(sweep(chaos=[0, 50]))
    assert dict(mpl.rcParams) == before
    script = (
        "import sys, mjnb.frame as f; from mjnb.plots import plot;"
        "r = dict(cell='c', repeat=0, take=1, simulated=True, state='success', cost_time_s=3.0, price_usd=0.1);"
        "plot(f.build([r]))._repr_png_(); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_each_axis_has_a_panel():
    """Up to three axes get cost times each; outcomes and spending follow."""
    assert len(plot(sweep(chaos=[0, 50])).axes) == 3
    assert len(plot(sweep(chaos=[0, 50], stylize=[0, 1])).axes) == 4
    assert len(plot(sweep(chaos=[0, 50], stylize=[0, 1], weird=[0, 1], stop=[1, 2])).axes) == 5


def test_medians_are_those_of_stats():
    """The numbers beside the points are the medians of the finished tasks, in seconds."""
    frame = sweep(version=["v7", "niji 7"], chaos=[0, 50, 100])
    frame.loc[0, ["state", "cost_time_s"]] = ["failed", 999.0]
    medians = [
        f"{seconds:.1f} s" for seconds in frames.stats(frame, "version").loc[["v7", "niji 7"], "median"]
    ]
    written = words(plot(frame, "version"))
    assert [text for text in written if text.endswith(" s") and text[0].isdigit()] == medians
    assert any(text.startswith("cost time, s") for text in written)


def test_outcomes_are_counted_in_words():
    """How tasks ended is written out for each value, not shown by colour alone."""
    states = ["success", "failed", "refused", "unknown", "processing", "success"]
    frame = frames.build([row(n, chaos=50, state=state) for n, state in enumerate(states)], axes=["chaos"])
    assert "2 done, 1 failed, 1 refused, 1 unknown, 1 under way" in words(plot(frame, "chaos"))


def test_the_axis_that_failures_depend_on_is_chosen():
    """Outcomes are shown by the axis over which they differ most."""
    frame = sweep(chaos=[0, 50], stylize=[0, 250])
    frame.loc[frame["stylize"] == 250, "state"] = "failed"
    assert "outcome by stylize" in words(plot(frame))


def test_money_is_summed_by_value():
    """What each value cost is written with its unit, failed tasks not counted."""
    frame = sweep(version=["v6", "v7"], chaos=[0, 50, 100])
    frame.loc[5, "state"] = "failed"
    written = words(plot(frame, "version"))
    assert [text for text in written if text.endswith(" USD") and text[0].isdigit()] == [
        "0.12 USD",
        "0.08 USD",
    ]
    assert "spent, USD" in written


def test_unknown_prices_are_not_nothing():
    """A task without a known price is counted as such."""
    frame = sweep(version=["v6", "v7"], chaos=[0, 50])
    frame.loc[0, "price_usd"] = float("nan")
    frame.loc[[2, 3], "price_usd"] = float("nan")
    written = words(plot(frame, "version"))
    assert "0.04 USD + 1 unpriced" in written
    assert "2 unpriced" in written


def test_spending_runs_over_time():
    """Without `by` the total grows over the time since the first task, in a unit that suits."""
    frame = sweep(chaos=list(range(10)))
    figure = plot(frame)
    written = words(figure)
    assert "spent: 0.40 USD" in written
    assert "USD, by min since the first task" in written
    line = figure.axes[-1].lines[0]
    assert np.asarray(line.get_ydata(), float)[-1] == pytest.approx(0.40)
    assert np.asarray(line.get_xdata(), float)[-1] == pytest.approx(9)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes(theme):
    """The ground of the figure is the theme's, and its words are its ink."""
    image = pixels(plot(sweep(chaos=[0, 50]), theme=theme))
    colours = {"light": LIGHT, "dark": DARK}[theme]
    assert tuple(image[2, 2]) == tuple(bytes.fromhex(colours.page[1:]))
    assert (np.abs(image.astype(int) - tuple(bytes.fromhex(colours.ink[1:]))).max(axis=2) < 8).any()


@pytest.mark.parametrize(
    ("simulated", "word"), [([True, True], "simulated"), ([True, False], "partly simulated")]
)
def test_simulated_numbers_say_so(simulated, word):
    """A figure of simulated tasks carries the word; one of real tasks does not."""
    frame = frames.build(
        [row(n, chaos=n, simulated=value) for n, value in enumerate(simulated)], axes=["chaos"]
    )
    assert word in words(plot(frame))
    assert not [text for text in words(plot(frame.assign(simulated=False))) if "simulated" in text]


@pytest.mark.parametrize("state", ["success", "failed", "processing"])
def test_sensible_for_little(state):
    """One task, finished or not, with neither time nor price, is a figure that says what it lacks."""
    frame = frames.build([row(state=state, cost_time_s=None, price_usd=None, created=None)])
    written = words(plot(frame))
    assert "no cost times" in written
    assert pixels(plot(frame)).shape[1] == 1020


def test_many_numbers_are_put_into_ranges():
    """Forty values of chaos make at most six lines, and every task is in one of them."""
    frame = frames.build([row(n, chaos=n) for n in range(40)], axes=["chaos"])
    written = words(plot(frame, "chaos"))
    assert "0 to 6" in written
    assert sum(int(text.split()[0]) for text in written if text.endswith(" done")) == 40


def test_many_prompts_are_told_apart():
    """Prompts are labelled by what they do not share; the rest of many are others."""
    prompts = [f"a lighthouse at dusk, painted by artist {n}, oil on canvas, 1880" for n in range(20)]
    written = words(
        plot(frames.build([row(n, prompt=prompt) for n, prompt in enumerate(prompts)]), "prompt")
    )
    assert "… 3, …" in written
    assert "others" in written


def test_any_text_is_a_label():
    """Dollars are no formula, and what the font cannot write makes no warning (which would be an error here)."""
    texts = ["$x^2$ and $\\frac", "灯台の夕暮れ", "<b>\u202e", "", "word " * 400]
    frame = frames.build([row(n, style=text) for n, text in enumerate(texts)], axes=["style"])
    assert pixels(plot(frame, "style")).shape[1] == 1020


def test_any_frame_of_ours(tmp_path):
    """Filtered, concatenated and saved frames are plotted alike."""
    frame = sweep(chaos=[0, 50], version=["v6", "v7"])
    frame.to_csv(tmp_path / "a.csv", index=False)
    for other in (frames.read(tmp_path / "a.csv"), pd.concat([frame, frame]), frame[frame["chaos"] == 50]):
        assert pixels(plot(other)).shape[1] == 1020


def test_what_cannot_be_plotted_is_told():
    """An unknown column, a frame without rows and a frame of something else are errors that say so."""
    with pytest.raises(LayoutError, match="no column kaos; there are cell, chaos"):
        plot(sweep(chaos=[0, 50]), "kaos")
    with pytest.raises(LayoutError, match="nothing to plot"):
        plot(frames.build([], axes=["chaos"]))
    with pytest.raises(LayoutError, match="no column state"):
        plot(pd.DataFrame({"a": [1]}))
