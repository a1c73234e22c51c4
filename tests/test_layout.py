"""Frames become pages: rows, columns, panels, pages, and what is said of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mjnb import frame as frames
from mjnb.errors import LayoutError
from mjnb.layout import arrange, caption, order
from mjnb.layout.values import spoken
from mjnb.sheets import Page, Panel, Tile, draw_page


def row(number=0, **fields):
    """A finished simulated task, the `number`-th."""
    return {
        "cell": f"cell{number}", "prompt": "a lighthouse", "speed": "fast", "aspect_ratio": "16:9", "repeat": 0, "take": 1,
        "gateway": "simulator", "simulated": True, "state": "success", "task_id": f"t{number}", "cost_time_s": 30.0,
        "price_usd": 0.04, "images": [f"{number}.jpg"], "created": 1.7e9 + number,
    } | fields  # fmt: skip


def sweep(**axes):
    """The frame of a full factorial sweep."""
    rows = [
        row(n, **dict(zip(axes, values, strict=True)))
        for n, values in enumerate(itertools.product(*axes.values()))
    ]
    return frames.build(rows, axes=list(axes))


def names(tile):
    """The names of a tile's pictures."""
    return [path.name for path in tile.pictures]


# -- order -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        ([100, 5, 20.0], ["5", "20", "100"]),
        (["niji 7", "v7", "niji 6", "v6.1", "v6"], ["v6", "v6.1", "v7", "niji 6", "niji 7"]),
        (["10", "9", "niji7"], ["9", "10", "niji7"]),
        (["16:9", "1:1", "16:9"], ["16:9", "1:1"]),
        ([3, "three", 1], ["3", "three", "1"]),
        ([7.5, None, float("nan"), 2], ["–", "2", "7.5"]),
        ([True, False], ["off", "on"]),
        ([], []),
    ],
)
def test_values_come_in_their_natural_order(values, ordered):
    """Numbers by size, versions as they came out with niji last, words as they appear, nothing first."""
    assert order(values) == ordered


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.booleans())))
def test_any_values_are_ordered_once(values):
    """Each distinct label is named exactly once, whatever the values are."""
    assert sorted(order(values)) == sorted({frames.label(value) for value in values})


# -- who plays which part ----------------------------------------------------------------------------------------------


def test_the_documented_example():
    """Rows, columns and panels as asked for; the fourth axis becomes pages, its values their titles."""
    frame = sweep(
        time=["dawn", "dusk"], chaos=[0, 50, 100], stylize=[0, 250, 1000], version=["v7", "niji 7"]
    )
    pages = arrange(frame, rows="chaos", cols="stylize", facet="version")
    assert [page.title for page in pages] == ["time: dawn", "time: dusk"]
    assert [panel.title for panel in pages[0].panels] == ["version: v7", "version: niji 7"]
    panel = pages[0].panels[0]
    assert (panel.row_name, panel.rows) == ("chaos", ("0", "50", "100"))
    assert (panel.col_name, panel.cols) == ("stylize", ("0", "250", "1000"))
    assert len(panel.tiles) == 9


def test_every_task_is_drawn_once_in_its_own_place():
    """Over all pages and panels each picture appears once, at its own values."""
    frame = sweep(time=["dawn", "dusk"], chaos=[0, 50], stylize=[0, 250], version=["v7", "v6"])
    pages = arrange(frame, rows="chaos", cols="stylize", facet="version")
    found = {}
    for page, panel in ((one, panel) for one in pages for panel in one.panels):
        for (at, across), tile in panel.tiles.items():
            found[names(tile)[0]] = (
                page.title[6:],
                int(panel.rows[at]),
                int(panel.cols[across]),
                panel.title[9:],
            )
    asked = {
        Path(images[0]).name: (time, chaos, stylize, version)
        for images, time, chaos, stylize, version in zip(
            frame["images"], frame["time"], frame["chaos"], frame["stylize"], frame["version"], strict=True
        )
    }
    assert found == asked


def test_one_axis_becomes_columns():
    """A single axis of few values is one row of columns."""
    (page,) = arrange(sweep(chaos=[0, 50, 100]))
    assert (page.panels[0].cols, page.panels[0].rows) == (("0", "50", "100"), ("",))


def test_one_long_axis_is_wrapped():
    """A single axis of many values is wrapped, every tile with its own label, the last line filled up with blanks."""
    (page,) = arrange(sweep(chaos=list(range(11))))
    (panel,) = page.panels
    assert len(panel.rows) * len(panel.cols) == 12
    assert [panel.tiles[divmod(n, len(panel.cols))].label for n in range(12)] == [*map(str, range(11)), ""]
    assert panel.col_name == "chaos"


def test_a_long_axis_that_was_asked_for_is_not_wrapped():
    """What is asked for as columns stays columns."""
    assert len(arrange(sweep(chaos=list(range(11))), cols="chaos")[0].panels[0].cols) == 11


def test_of_two_axes_the_longer_becomes_columns():
    """Screens are wide, so the axis of more values runs across."""
    panel = arrange(sweep(stylize=[0, 50, 100, 200], chaos=[0, 50]))[0].panels[0]
    assert (panel.row_name, panel.col_name) == ("chaos", "stylize")


def test_long_texts_become_rows():
    """Prompts are read beside a row, even if there are more of them."""
    prompts = [f"a lighthouse at dusk, in the manner of painter {n}" for n in range(4)]
    panel = arrange(sweep(prompt=prompts, chaos=[0, 50]))[0].panels[0]
    assert panel.row_name == "prompt"


def test_a_third_axis_of_few_values_becomes_panels():
    """With nothing asked for, a short third axis stands side by side; a long one becomes pages."""
    assert len(arrange(sweep(chaos=[0, 50, 100], stylize=[0, 1, 2], version=["v6", "v7"]))[0].panels) == 2
    assert len(arrange(sweep(chaos=list(range(6)), stylize=list(range(6)), weird=list(range(5))))) == 5


def test_a_column_that_follows_from_another_is_no_axis():
    """A prompt that varies with its word makes no pages of its own, and is told in the caption."""
    rows = [row(n, time=time, prompt=f"a lighthouse at {time}", chaos=chaos)
            for n, (time, chaos) in enumerate(itertools.product(["dawn", "dusk"], [0, 50]))]  # fmt: skip
    frame = frames.build(rows, axes=["time", "chaos"])
    (page,) = arrange(frame)
    assert (page.panels[0].row_name, page.panels[0].col_name) == ("time", "chaos")
    assert "prompts: a lighthouse at dawn / a lighthouse at dusk" in page.caption
    assert [p.caption.split(" · ")[0] for p in arrange(frame, cols="chaos", rows="repeat")] == [
        "prompt: a lighthouse at dawn",
        "prompt: a lighthouse at dusk",
    ]


def test_random_settings_become_a_gallery():
    """A grid that would be almost empty becomes a gallery whose labels tell all settings."""
    rows = [row(n, chaos=n * 7 % 101, stylize=n * 53 % 997, weird=n * 11 % 89) for n in range(20)]
    (page,) = arrange(frames.build(rows, axes=["chaos", "stylize", "weird"]))
    labels = [tile.label for tile in page.panels[0].tiles.values() if tile.pictures]
    assert len(labels) == 20
    assert "chaos 7 · stylize 53 · weird 11" in labels


# -- several tasks in one cell -----------------------------------------------------------------------------------------


def test_the_latest_success_is_shown_and_counted():
    """Of a cell's attempts the latest one with pictures is drawn, and the tile says of how many."""
    rows = [row(0), row(1), row(2, state="failed", images=[])]
    frame = frames.build(rows).assign(chaos=50)
    tile = arrange(frame.iloc[::-1], cols="chaos")[0].panels[0].tiles[0, 0]
    assert names(tile) == ["1.jpg"]
    assert tile.detail == "latest of 3"


def test_repeats_fill_a_side_that_would_be_empty():
    """With one axis its repeats become the rows; with two they are gathered in their tile."""
    one = frames.build([row(n, chaos=n % 2, repeat=n // 2) for n in range(6)], axes=["chaos"])
    assert {arrange(one)[0].panels[0].row_name, arrange(one)[0].panels[0].col_name} == {"chaos", "repeat"}
    two = frames.build(
        [row(n, chaos=n % 2, stylize=n // 2 % 2, repeat=n // 4) for n in range(8)],
        axes=["chaos", "stylize"],
    )
    assert {tile.detail for tile in arrange(two)[0].panels[0].tiles.values()} == {"latest of 2"}


def test_concatenated_frames_are_one_sheet():
    """Frames that were put together lose their attributes and share index labels, and are laid out all the same."""
    frame = pd.concat([sweep(chaos=[0, 50]), sweep(chaos=[50, 100])])
    assert arrange(frame)[0].panels[0].cols == ("0", "50", "100")


@pytest.mark.parametrize(
    ("fields", "note", "detail"),
    [
        ({"state": "failed", "fail_msg": "<b>no</b>", "fail_code": "X"}, "failed", "<b>no</b>"),
        ({"state": "failed", "fail_code": "NSFW"}, "failed", "NSFW"),
        ({"state": "refused", "fail_msg": "chaos out of range"}, "refused", "chaos out of range"),
        ({"state": "unknown"}, "unknown", "may have been charged"),
        ({"state": "pending"}, "queued", ""),
        ({"state": "processing"}, "running", ""),
        ({"state": "submitting"}, "being sent", ""),
        ({"state": "success"}, "no pictures", ""),
    ],
)
def test_a_cell_without_pictures_says_why(fields, note, detail):
    """Every state has its word, and its reason as the gateway gave it."""
    tile = arrange(frames.build([row(**{"images": [], **fields})]))[0].panels[0].tiles[0, 0]
    assert (tile.pictures, tile.note, tile.detail) == ((), note, detail)


# -- pages -------------------------------------------------------------------------------------------------------------


def test_too_many_rows_or_columns_go_on_on_further_pages():
    """A side that is too long is divided evenly, the title telling the part."""
    pages = arrange(
        sweep(chaos=list(range(7)), stylize=list(range(5))),
        rows="chaos",
        cols="stylize",
        max_rows=4,
        max_cols=3,
    )
    assert [page.title for page in pages] == [f"part {n} of 4" for n in (1, 2, 3, 4)]
    assert [(len(page.panels[0].rows), len(page.panels[0].cols)) for page in pages] == [
        (4, 3),
        (4, 2),
        (3, 3),
        (3, 2),
    ]
    assert sum(len(page.panels[0].tiles) for page in pages) == 35


def test_galleries_go_on_too():
    """A long gallery is divided among pages, none of its tasks being lost."""
    pages = arrange(frames.build([row(n) for n in range(50)]), max_rows=4, max_cols=5)
    assert len(pages) == 3
    assert sum(bool(tile.pictures) for page in pages for tile in page.panels[0].tiles.values()) == 50


def test_pages_have_the_same_places():
    """A value that one page lacks keeps its place there, so that pages compare."""
    frame = sweep(time=["dawn", "dusk"], chaos=[0, 50, 100], stylize=[0, 250])
    frame = frame[~((frame["time"] == "dusk") & (frame["chaos"] == 50))]
    pages = arrange(frame, rows="chaos", cols="stylize")
    assert [page.panels[0].rows for page in pages] == [("0", "50", "100")] * 2
    assert len(pages[1].panels[0].tiles) == 4


def test_a_page_that_would_be_mostly_empty_has_its_own_places():
    """In a history of many sweeps each page shows its own values."""
    settings_of = [(n, chaos, stylize) for n in range(9) for chaos in (0, n + 1) for stylize in (0, 250)]
    rows = [row(at, prompt=f"prompt {n}", chaos=c, stylize=s) for at, (n, c, s) in enumerate(settings_of)]
    pages = arrange(frames.build(rows), rows="chaos", cols="stylize")
    assert [page.title for page in pages] == [f"prompt: prompt {n}" for n in range(9)]
    assert [page.panels[0].rows for page in pages] == [("0", str(n + 1)) for n in range(9)]


def test_only_combinations_that_there_are_become_pages():
    """Pages are made of the tasks, not of all products of values."""
    frame = sweep(chaos=[0, 50], version=["v6", "v7"], time=["dawn", "dusk"])
    frame = frame[~((frame["version"] == "v6") & (frame["time"] == "dusk"))]
    titles = [page.title for page in arrange(frame, cols="chaos", rows="repeat")]
    assert titles == ["version: v6 · time: dawn", "version: v7 · time: dawn", "version: v7 · time: dusk"]


# -- words -------------------------------------------------------------------------------------------------------------


def test_the_caption_tells_what_is_held():
    """Held values in words, the prompt first, nothing that is on the sheet already."""
    (page,) = arrange(sweep(chaos=[0, 50], version=["v7"]), rows="version")
    assert page.caption == "prompt: a lighthouse · speed: fast · aspect 16:9 · gateway: simulator"


def test_a_caption_stays_short():
    """Of a long prompt the beginning is told, of many prompts none."""
    assert len(caption(frames.build([row(prompt="word " * 900)]))) < 400
    assert "prompt" not in caption(frames.build([row(n, prompt=f"p{n}") for n in range(9)]))


def test_simulated_pages_say_so():
    """A page with a simulated task is marked; among real ones the tile itself says which."""
    real = row(1, simulated=False, gateway="apixo", chaos=50)
    mixed = frames.build([row(0, chaos=0), real], axes=["chaos"])
    (page,) = arrange(mixed, cols="chaos")
    assert page.simulated
    assert [page.panels[0].tiles[0, at].detail for at in (0, 1)] == ["simulated", ""]
    assert [page.simulated for page in arrange(frames.build([real]))] == [False]


# -- any frame ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_frame_from_a_file_is_laid_out_alike(tmp_path, suffix):
    """Lists, numbers and times survive CSV and Parquet well enough to give the same pages."""
    frame = sweep(chaos=[0, 50, 100], stylize=[0, 250], version=["v7", "niji 7"])
    path = tmp_path / f"frame{suffix}"
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    ours, again = arrange(frame), arrange(frames.read(path))
    assert [(page.title, page.caption, page.simulated) for page in again] == [
        (page.title, page.caption, page.simulated) for page in ours
    ]
    assert [(panel.rows, panel.cols) for panel in again[0].panels] == [
        (panel.rows, panel.cols) for panel in ours[0].panels
    ]
    assert names(again[0].panels[0].tiles[0, 0]) == names(ours[0].panels[0].tiles[0, 0])


def test_a_frame_without_axes_is_a_gallery():
    """One task is one tile; several tasks that differ in nothing are labelled by their cells."""
    assert len(arrange(frames.build([row()]))[0].panels[0].tiles) == 1
    tiles = arrange(frames.build([row(n) for n in range(3)]))[0].panels[0].tiles
    assert [tile.label for tile in tiles.values() if tile.pictures] == ["cell0", "cell1", "cell2"]


def test_times_that_are_missing_come_first():
    """A task without a time of creation is older than any with one."""
    frame = frames.build([row(0, created=None, chaos=1), row(1, chaos=1), row(2, created=None, chaos=1)])
    assert names(arrange(frame, cols="chaos")[0].panels[0].tiles[0, 0]) == ["1.jpg"]


def test_an_unknown_column_is_named_with_those_there_are():
    """A misspelt column is an error that lists the columns."""
    with pytest.raises(LayoutError, match=r"no column kaos; there are cell, chaos, prompt"):
        arrange(sweep(chaos=[0, 50]), rows="kaos")


def test_a_column_asked_for_twice_is_an_error():
    """Rows and columns are different columns."""
    with pytest.raises(LayoutError, match="chaos is asked for twice"):
        arrange(sweep(chaos=[0, 50]), rows="chaos", cols="chaos")


def test_an_empty_frame_has_nothing_to_draw():
    """No rows, no sheet; and a frame of something else is told apart."""
    with pytest.raises(LayoutError, match="nothing to draw"):
        arrange(frames.build([], axes=["chaos"]))
    with pytest.raises(LayoutError, match="no column images"):
        arrange(pd.DataFrame({"a": [1]}))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "chaos": st.sampled_from([0, 50, None]),
                "version": st.sampled_from(["v7", "niji 6"]),
                "prompt": st.text(max_size=8),
                "state": st.sampled_from(["success", "failed", "unknown"]),
                "repeat": st.integers(0, 2),
            }
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_frame_can_be_laid_out(fields):
    """Whatever varies, every page has panels whose tiles are in their places."""
    frame = frames.build([row(n, **given_fields) for n, given_fields in enumerate(fields)])
    for page in arrange(frame):
        for panel in page.panels:
            assert panel.tiles
            assert all(at < len(panel.rows) and across < len(panel.cols) for at, across in panel.tiles)


# -- answers that are no pictures --------------------------------------------------------------------------------------


def test_clips_and_texts_on_a_sheet():
    """A clip's tile says so below; an answer in words is the tile's text; both count as successes."""
    rows = [
        row(0, chaos=0, mode="video", images=["0.webm", "1.webm"]),
        row(1, chaos=50, mode="describe", images=[], texts=["a fox", "a red fox"]),
        row(2, chaos=100, mode="describe", images=[], state="failed"),
    ]
    (page,) = arrange(frames.build(rows, axes=["chaos"]), cols="chaos")
    clip, words, failed = (page.panels[0].tiles[0, n] for n in range(3))
    assert (clip.detail, clip.texts) == ("2 clips", ())
    assert (words.texts, words.note, words.pictures) == (("a fox", "a red fox"), "", ())
    assert (failed.texts, failed.note) == ((), "failed")


def test_clips_and_texts_are_drawn(tmp_path):
    """A clip's still picture is drawn with a mark, one without still picture as a mark alone, words as words."""
    still = Image.new("RGB", (64, 64), "#336699")
    for name, has_still in (("0", True), ("1", False)):
        (tmp_path / f"{name}.webm").write_bytes(b"\x1aE\xdf\xa3")
        if has_still:
            still.save(tmp_path / f"{name}.poster.jpg")
    clip, bare = (Tile((tmp_path / f"{name}.webm",)) for name in ("0", "1"))
    tiles = {
        (0, 0): clip,
        (0, 1): bare,
        (0, 2): Tile(texts=("a fox in the snow",) * 4),
        (0, 3): Tile(texts=("77",)),
    }
    panel = Panel("", "", "", ("",), ("a", "b", "c", "d"), tiles)
    sheet = draw_page(Page("", "", (panel,), simulated=False), tile=128)
    colours = {colour for _, colour in sheet.getcolors(1 << 24)}
    assert any(abs(r - 0x33) < 8 and abs(g - 0x66) < 8 and abs(b - 0x99) < 8 for r, g, b in colours)
    plain = draw_page(
        Page("", "", (Panel("", "", "", ("",), ("a",), {(0, 0): Tile()}),), simulated=False), tile=128
    )
    assert len(colours) > len(plain.getcolors(1 << 24))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sref", "style references"),
        ("hd", "HD"),
        ("image_index", "picture"),
        ("task_id", "task id"),
        ("chaos", "chaos"),
    ],
)
def test_columns_have_names_that_people_read(name, words):
    """Midjourney's own abbreviations are written out."""
    assert spoken(name) == words
