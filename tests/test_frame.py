"""Frames: their columns, what varies and what is held, statistics, pictures, and the way through files."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjnb import frame as frames
from mjnb.errors import LayoutError
from mjnb.frame import TAIL
from mjnb.modes import Mask
from mjnb.sweep import Sweep

PLAIN = {
    "prompt": "a lighthouse", "version": "v7", "speed": "fast", "chaos": 0, "enable_translation": False,
    "repeat": 0, "take": 1, "mode": "text-to-image", "gateway": "apixo", "simulated": True, "state": "success",
    "task_id": "task_1", "parent": None, "cost_time_s": 40.0, "queue_time_s": 0.5, "lag_s": 1.25, "price_usd": 0.1,
    "images": ["p/0.png", "p/1.png", "p/2.png", "p/3.png"], "urls": [f"https://a/{n}.png" for n in range(4)],
    "expires": 1_790_000_000.5, "fail_code": None, "fail_msg": None, "created": 1_789_000_000,
}  # fmt: skip
NOTHING = {"images": [], "urls": [], "cost_time_s": None, "price_usd": None}
WAYS = ["csv", "parquet"]


def row(**changes: Any) -> dict[str, Any]:
    """One row."""
    return {**PLAIN, "cell": f"k1:{changes.get('chaos', 0)}", **changes}


def grid(**axes: list[Any]) -> pd.DataFrame:
    """A frame of every combination."""
    cells = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    return frames.build(
        [row(cell=f"k{n}", task_id=f"t{n}", **cell) for n, cell in enumerate(cells)], list(axes)
    )


def through(frame: pd.DataFrame, tmp_path, way: str) -> pd.DataFrame:
    """Save a frame and read it back."""
    path = tmp_path / f"frame.{way}"
    frame.to_parquet(path) if way == "parquet" else frame.to_csv(path, index=False)
    return frames.read(path)


# -- columns ---------------------------------------------------------------------------------------------------------


def test_columns_are_in_the_documented_order():
    """`cell`, the axes, the other fields that held, then the documented tail."""
    frame = grid(chaos=[0, 50], version=["v7", "niji 7"])
    assert list(frame.columns) == [
        "cell",
        "chaos",
        "version",
        "prompt",
        "speed",
        "enable_translation",
        *TAIL,
    ]


def test_columns_have_their_types():
    """Times are float seconds, moments are UTC, lists are lists of text, whatever the rows hold."""
    frame = frames.build([row(), row(chaos=5, **NOTHING, expires=None, queue_time_s=None)])
    assert all(
        frame[name].dtype == "float64" for name in ("cost_time_s", "queue_time_s", "lag_s", "price_usd")
    )
    assert all(str(frame[name].dtype) == "datetime64[us, UTC]" for name in ("created", "expires"))
    assert (frame["repeat"].dtype, frame["take"].dtype, frame["simulated"].dtype) == (
        "int64",
        "int64",
        "bool",
    )
    assert frame["chaos"].dtype == "int64"
    assert frame["images"].tolist() == [PLAIN["images"], []]
    assert frame["created"][0] == pd.Timestamp(1_789_000_000, unit="s", tz="UTC")
    assert math.isnan(frame["cost_time_s"][1])


def test_an_empty_frame_has_the_same_columns():
    """A sweep of which nothing is done yet has the columns, and the types, that it will have."""
    full = grid(chaos=[0, 50])
    empty = frames.build(
        [], ["chaos"], fields=["prompt", "version", "speed", "chaos", "enable_translation"]
    )
    assert list(empty.columns) == list(full.columns)
    assert len(empty) == 0
    for name in ("cost_time_s", "created", "repeat", "simulated"):
        assert empty[name].dtype == full[name].dtype


def test_values_are_what_a_file_can_hold(tmp_path):
    """References, masks, nested fields and mixed kinds become plain values, so that every frame can be saved."""
    mask = Mask(url="https://a/m.png")
    frame = frames.build(
        [
            row(
                image_urls=("https://a/1.png", "https://a/2.png"),
                mask=mask,
                seed=5,
                raw={"a": [1]},
                flag=True,
                n=1,
            ),
            row(
                image_urls=("https://a/1.png",),
                mask=None,
                seed="5",
                raw=[{"b": 2}],
                flag=3,
                n=None,
                chaos=None,
            ),
        ]
    )
    assert frame["image_urls"].tolist() == ["https://a/1.png https://a/2.png", "https://a/1.png"]
    assert frame["mask"][0] == '{"url": "https://a/m.png"}'
    assert frame["raw"].tolist() == ['{"a": [1]}', '{"b": 2}']
    assert frame["seed"].tolist() == ["5", "5"]
    assert frame["flag"].tolist() == ["on", "3"]
    for way in WAYS:
        assert len(through(frame, tmp_path, way)) == 2


# -- what varies -----------------------------------------------------------------------------------------------------


def test_axes_and_what_is_held():
    """Axes are the columns with several values, those by design first; what is the same everywhere is held."""
    frame = grid(version=["v7", "niji 7"], chaos=[0, 50])
    assert frames.axes(frame) == ["version", "chaos"]
    assert frames.held(frame) == {
        "prompt": "a lighthouse", "speed": "fast", "enable_translation": False, "mode": "text-to-image",
        "gateway": "apixo", "simulated": True,
    }  # fmt: skip
    one = frame[frame["version"] == "v7"]
    assert frames.axes(one) == ["chaos"]
    assert frames.held(one)["version"] == "v7"
    assert frames.axes(one.head(1)) == []
    assert frames.held(one.head(0)) == {}


def test_gateways_are_compared_first():
    """Of several gateways' tasks the gateway is the first axis; what differs by their defaults alone is none, and is not held."""
    one = grid(chaos=[0, 50])
    other = one.assign(gateway="acedata", speed="relaxed", hd=False)
    for frame in (pd.concat([one, other]), pd.concat([other, one], ignore_index=True)):
        assert frames.axes(frame) == ["gateway", "chaos"]
        assert not {"speed", "gateway"} & frames.held(frame).keys()
    swept = pd.concat([one, other, other.assign(speed="fast")])
    assert frames.axes(swept) == ["gateway", "chaos", "speed"]


def test_a_switch_that_is_nowhere_on_is_no_axis():
    """Off in one mode and absent from another is no difference; on and off is one."""
    frame = frames.build([row(tile=False), row(mode="upscale"), row(tile=False, chaos=50)])
    assert frames.axes(frame) == ["chaos", "mode"]
    assert frames.axes(frames.build([row(tile=False), row(tile=True)])) == ["tile"]


def test_repeats_and_takes_vary_too():
    """Equal tasks are told apart by `repeat` and `take`; a first and only one is not worth a word."""
    assert frames.axes(grid(repeat=[0, 1], take=[1, 2])) == ["repeat", "take"]
    assert not {"repeat", "take"} & frames.held(grid(chaos=[0, 5])).keys()


@pytest.mark.parametrize("way", WAYS)
def test_axes_are_found_in_any_frame(tmp_path, way):
    """Filtered, sorted, concatenated, converted or read back, a frame has the same axes."""
    frame = grid(chaos=[0, 50, 100], enable_translation=[True, False, None])
    wanted = ["chaos", "enable_translation"]
    for other in (
        frame.sort_values("chaos", ascending=False),
        frame[frame["chaos"] > 0],
        pd.concat([frame.head(3), frame.tail(3)], ignore_index=True),
        pd.concat([frame, frames.build([], ["chaos"])]),
        frame.convert_dtypes(),
        frame.reset_index(drop=True).copy(),
        through(frame, tmp_path, way),
        through(pd.concat([frame.head(5), frame.tail(4)]), tmp_path, way),
    ):
        assert sorted(frames.axes(other)) == wanted
    assert frames.axes(through(frame, tmp_path, "parquet")) == wanted


@pytest.mark.parametrize(
    ("value", "text"),
    [(50, "50"), (50.0, "50"), (np.float64(0.5), "0.5"), (np.int64(7), "7"), (True, "on"), (np.False_, "off"), ("niji 7", "niji 7")]
    + [(nothing, "–") for nothing in (None, float("nan"), pd.NA, pd.NaT, "", [])],
    ids=repr,
)  # fmt: skip
def test_labels(value, text):
    """A value is written as a person would, the same whatever file it came through."""
    assert frames.label(value) == text


# -- statistics ------------------------------------------------------------------------------------------------------


def test_statistics_of_everything():
    """Counts are of tasks, times of those that succeeded, and what was spent of those that were charged."""
    rows = [row(cost_time_s=float(t)) for t in (10, 20, 30, 100)]
    rows += [row(state=state, **NOTHING) for state in ("failed", "refused", "unknown", "processing")]
    found = frames.stats(frames.build(rows))
    assert list(found.columns) == ["n", "ok", "failed", "mean", "median", "p90", "max", "spent"]
    assert found.loc["all"].to_dict() == pytest.approx(
        {"n": 8, "ok": 4, "failed": 2, "mean": 40, "median": 25, "p90": 79, "max": 100, "spent": 0.4}
    )


@pytest.mark.parametrize("by", ["version", ["version"], ("version", "chaos"), ["version", "version"]])
def test_statistics_by_columns(by):
    """Statistics are by one column or several, in the order in which the values came."""
    found = frames.stats(grid(version=["v7", "niji 7"], chaos=[50, 0]), by)
    names = ["version", "chaos"] if len(set(by)) == 2 else ["version"]
    assert list(found.index.names) == names
    assert found.index.get_level_values("version")[0] == "v7"
    assert found["n"].sum() == 4
    assert found["n"].dtype == "int64"


def test_numbers_are_grouped_in_order_and_nothing_is_a_group():
    """Numbers go by size; rows without the value are a group of their own."""
    assert frames.stats(grid(chaos=[100, 5, 50]), "chaos").index.tolist() == [5, 50, 100]
    assert frames.stats(grid(chaos=[0, None]), "chaos")["n"].tolist() == [1, 1]


def test_an_unknown_price_is_not_zero():
    """If one paid task has no known price, nobody can say what was spent."""
    found = frames.stats(grid(price_usd=[0.1, None]))
    assert math.isnan(found.loc["all", "spent"])


def test_statistics_of_nothing():
    """An empty frame has no groups, one row of zeros, and no warning."""
    empty = frames.build([], ["chaos"])
    assert frames.stats(empty).loc["all", ["n", "ok", "failed", "spent"]].tolist() == [0, 0, 0, 0]
    assert len(frames.stats(empty, "chaos")) == len(frames.stats(empty, ["chaos", "mode"])) == 0


def test_statistics_by_what_cannot_be():
    """A column that is not there, or holds lists, is refused with those there are."""
    with pytest.raises(LayoutError, match=r"no column stylise.*chaos"):
        frames.stats(grid(chaos=[0, 1]), "stylise")
    with pytest.raises(LayoutError, match="holds lists"):
        frames.stats(grid(chaos=[0, 1]), "images")


# -- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [None, *WAYS])
def test_pictures(tmp_path, way):
    """One row a picture, with its number, file and address beside everything that the task's row has."""
    frame = pd.concat(
        [grid(chaos=[0, 50]), frames.build([row(state="failed", **NOTHING)])], ignore_index=True
    )
    found = frames.pictures(through(frame, tmp_path, way) if way else frame)
    assert list(found.columns) == [
        *(name for name in frame.columns if name not in {"images", "urls", "texts"}),
        "picture",
        "image",
        "url",
    ]
    assert found["picture"].tolist() == [0, 1, 2, 3] * 2
    assert found["chaos"].tolist() == [0] * 4 + [50] * 4
    assert found["url"][6] == "https://a/2.png"
    assert found["image"][6].endswith("p/2.png")
    assert found["created"].dtype == frame["created"].dtype


def test_a_missing_picture_does_not_renumber_the_others():
    """The number is the one that `vary` and `upscale` take, even where an earlier picture was lost."""
    found = frames.pictures(
        frames.build([row(images=["p/1.png", "p/3.webp"]), row(images=["a.png", "b.png"])])
    )
    assert found["picture"].tolist() == [1, 3, 0, 1]
    assert found["url"].tolist() == [f"https://a/{n}.png" for n in (1, 3, 0, 1)]


def test_pictures_of_nothing():
    """A frame without pictures gives an empty frame with the same columns."""
    full, empty = (frames.pictures(frame) for frame in (grid(chaos=[0, 1]), grid(chaos=[0, 1]).head(0)))
    assert list(empty.columns) == list(full.columns)
    assert len(empty) == 0


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_frame_comes_back_as_it_was(tmp_path, way):
    """Through CSV or Parquet a frame keeps its values, types, gaps and half seconds."""
    rows = [
        row(cell="k0", chaos=50, created=1_789_000_000, task_id="12345678901234567890"),
        row(
            cell="k1",
            chaos=100,
            created=1_789_000_000.25,
            fail_code="400",
            fail_msg='no, "really"\nno',
            **NOTHING,
            expires=None,
        ),
    ]
    frame = frames.build(rows, ["chaos"])
    back = through(frame, tmp_path, way)
    assert list(back.columns) == list(frame.columns)
    assert back["task_id"].tolist() == ["12345678901234567890", "task_1"]
    assert back["fail_code"][1] == "400"
    assert back["fail_msg"][1] == 'no, "really"\nno'
    assert frames.is_empty_value(back["fail_code"][0])
    assert back["urls"].tolist() == frame["urls"].tolist()
    for name in ("cost_time_s", "price_usd", "created", "expires", "repeat", "simulated", "chaos"):
        assert back[name].dtype == frame[name].dtype, name
        assert back[name].equals(frame[name]), name


def test_two_files_in_one(tmp_path):
    """Rows of two CSV files in one are read, though one writes half seconds and the other does not."""
    half, whole = (frames.build([row(created=moment)]) for moment in (1_789_000_000.25, 1_789_000_000))
    half.to_csv(tmp_path / "both.csv", index=False)
    whole.to_csv(tmp_path / "both.csv", index=False, mode="a", header=False)
    seconds = (frames.read(tmp_path / "both.csv")["created"] - whole["created"][0]).dt.total_seconds()
    assert seconds.tolist() == [0.25, 0.0]


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_frame_comes_back(tmp_path, way):
    """An empty frame keeps its columns and types."""
    back = through(frames.build([], ["chaos"]), tmp_path, way)
    assert len(back) == 0
    assert [back[name].dtype for name in ("cost_time_s", "repeat", "simulated")] == [
        "float64",
        "int64",
        "bool",
    ]
    assert len(frames.stats(back, "chaos")) == 0


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1)
        .map(str.strip)
        .filter(bool),
        min_size=1,
        max_size=3,
        unique=True,
    )
)
@pytest.mark.parametrize("way", WAYS)
def test_prompts_come_back_as_they_were(tmp_path_factory, way, prompts):
    """A prompt is text in every file, also one that reads like a gap, a number, a list or a formula."""
    prompts = [*prompts, "NA", "None", "nan", "-1", "1e5", "['a']", "=1+1", "true"]
    frame = frames.build([row(cell=f"k{n}", prompt=prompt) for n, prompt in enumerate(prompts)], ["prompt"])
    back = through(frame, tmp_path_factory.mktemp("files"), way)
    assert back["prompt"].tolist() == prompts


def test_pictures_are_found_beside_their_file(tmp_path, monkeypatch):
    """A frame that was moved together with its pictures finds them from any working directory."""
    there = tmp_path / "there"
    (there / "p").mkdir(parents=True)
    (there / "p" / "0.png").touch()
    monkeypatch.chdir(there)
    frame = frames.build([row(images=["p/0.png"])])
    frame.to_parquet("frame.parquet")
    assert frames.read("frame.parquet")["images"][0] == ["p/0.png"]
    monkeypatch.chdir(tmp_path)
    assert frames.read("there/frame.parquet")["images"][0] == ["there/p/0.png"]


def test_files_that_are_no_frames(tmp_path):
    """A file of another kind, or of somebody else, is refused by its name."""
    pd.DataFrame({"cell": [1]}).to_csv(tmp_path / "other.csv")
    with pytest.raises(LayoutError, match=r"other\.csv is not a frame of mjnb: it lacks repeat"):
        frames.read(tmp_path / "other.csv")
    with pytest.raises(LayoutError, match=r"\.csv or \.parquet"):
        frames.read(tmp_path / "frame.xlsx")
    frame = frames.build([row()])
    frame.assign(images="[broken").to_csv(tmp_path / "broken.csv", index=False)
    with pytest.raises(LayoutError, match="no list of pictures"):
        frames.read(tmp_path / "broken.csv")


def test_lists_of_paths():
    """The pictures of one row are read from a list, an array, the text of a list, or one path."""
    for value in (["a", "b"], np.array(["a", "b"], dtype=object), "['a', 'b']", ("a", "b")):
        assert frames.paths(value) == ["a", "b"]
    assert frames.paths("a b.png") == ["a b.png"]
    for nothing in (None, float("nan"), pd.NA, "", "[]", [], np.array([])):
        assert frames.paths(nothing) == []
    for broken in ("[", "[" * 5000, "[a]"):
        with pytest.raises(LayoutError):
            frames.paths(broken)


# -- from the ledger -------------------------------------------------------------------------------------------------


def test_rows_of_the_ledger(session):
    """A sweep's rows carry the values that held, the gateway's own times, and what the gateway does not tell as gaps."""
    mj = session()
    sweep = Sweep("a fox at {time: dawn, dusk}", chaos=[0, 50], image_urls=["https://example.com/a.png"])
    frame = sweep.start(mj).result()
    assert frames.axes(frame) == ["time", "chaos", "prompt"]
    assert frame["prompt"].unique().tolist() == ["a fox at dawn", "a fox at dusk"]
    assert frame["version"].unique().tolist() == ["v6.1"]
    assert frame["image_urls"].unique().tolist() == ["https://example.com/a.png"]
    assert frame["mode"].unique().tolist() == ["image-to-image"]
    assert frame["simulated"].all()
    assert frame["cost_time_s"].between(30, 46).all()
    assert (frame["queue_time_s"] >= 0).all()
    assert (frame["lag_s"] >= 0).all()
    assert frame["price_usd"].tolist() == [0.1] * 4
    assert all(len(paths) == 4 for paths in frame["images"])
    assert (frame["expires"] - frame["created"]).dt.days.between(14, 16).all()
    assert len(mj.history()) == 4
    assert set(mj.history()["cell"]) == set(frame["cell"])
    child = mj.upscale(frame["task_id"][0], 2).result()
    last = mj.history().iloc[-1]
    assert (last["task_id"], last["parent"], last["mode"]) == (child.id, frame["task_id"][0], "upscale")
    assert math.isnan(last["price_usd"])


# -- fields that only some rows have, and answers that are no pictures -------------------------------------------------


@pytest.mark.parametrize("way", [None, *WAYS])
def test_fields_with_gaps_keep_their_types(tmp_path, way):
    """Whole numbers and truths stay what they are where other rows have none; codes and qualities are text."""
    given = {"seed": 4_294_967_295, "raw": True, "iw": 0.5, "sref": "123", "quality": "2", "no": "007"}
    frame = frames.build([row(**given), row(cell="k2")])
    found = through(frame, tmp_path, way) if way else frame
    assert {name: str(found[name].dtype) for name in ("seed", "raw", "iw")} == {
        "seed": "Int64",
        "raw": "boolean",
        "iw": "float64",
    }
    assert {name: found[name].iloc[0] for name in given} == given
    assert all(frames.is_empty_value(found[name].iloc[1]) for name in given)
    assert [frames.label(found[name].iloc[0]) for name in ("seed", "raw")] == ["4294967295", "on"]
    assert frames.axes(found) == [name for name in found.columns if name in given]


def test_a_number_that_no_column_holds():
    """A raw request's number of any size makes a frame all the same."""
    frame = frames.build([row(size=10**30), row(cell="k2")])
    assert frame["size"][0] == 10**30


@pytest.mark.parametrize("way", [None, *WAYS])
def test_texts_are_lists(tmp_path, way):
    """Answers in words are a list in every row, with breaks and quotes as they were; they are no axis and no picture."""
    said = ["one\ntwo", "[\"three\"], 'four'"]
    frame = frames.build([row(texts=said, **NOTHING), row(cell="k2")])
    found = through(frame, tmp_path, way) if way else frame
    assert found["texts"].tolist() == [said, []]
    assert "texts" not in frames.axes(found)
    assert len(frames.pictures(found)) == 4


@pytest.mark.parametrize("way", WAYS)
def test_tables_of_earlier_versions(tmp_path, way):
    """A table that was saved without the column of texts is read, and has none."""
    path = tmp_path / f"old.{way}"
    old = grid(chaos=[0, 50]).drop(columns=["texts"])
    old.to_parquet(path) if way == "parquet" else old.to_csv(path, index=False)
    assert frames.read(path)["texts"].tolist() == [[], []]


def test_names_that_only_we_read_are_written_out():
    """A part of a sheet and a file that is known by its bytes are told as people say them."""
    sheet, file = "https://a/sheet.png#quarter=3", f"file:{'0123456789abcdef' * 4}.png"
    assert (
        frames.label(f"{sheet} {file}") == "https://a/sheet.png (picture 3 of the sheet) file 01234567.png"
    )
    assert frames.label("https://a/#quarter=7") == "https://a/#quarter=7"
    assert frames.label("file: a note") == "file: a note"
