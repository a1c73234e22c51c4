"""Sweeps: which cells there are, what they would cost, what they did, and that none is paid for twice."""

from __future__ import annotations

import asyncio
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pandas as pd
import pytest

from mjnb import errors
from mjnb.modes import (
    MODES,
    Blend,
    Edit,
    ImageToImage,
    Inpaint,
    Pan,
    Reroll,
    TextToImage,
    UploadPaint,
    Upscale,
    Vary,
    Video,
    Zoom,
)
from mjnb.prompts import parse_all
from mjnb.simulator import Fault, ManualClock, create_app
from mjnb.sweep import Sweep

if TYPE_CHECKING:
    from mjnb.session import Session

MASKS = [{"areas": [{"width": 9, "height": 9, "points": [0, 0, n, 0, n, n]}]} for n in (5, 9)]
FAST = 100_000  # millionths of a dollar


@pytest.fixture
def paid(session) -> Session:
    """A session on a gateway that costs money, except that an app in this process plays it."""
    app = create_app(clock=ManualClock(), short_side=64)
    yield session(
        gateway="apixo",
        api_key="sk-a-key",
        base_url="https://api.apixo.ai",
        transport=httpx.ASGITransport(app),
    )
    app.state.world.close()


def requests(sweep: Sweep) -> list[Any]:
    """Return what each cell asks for."""
    return [cell.request for cell in sweep.cells()]


# -- cells ---------------------------------------------------------------------------------------------------------


def test_every_combination_in_order():
    """Cells are the product of the prompt's groups and the axes, in the order they are written, the last fastest."""
    sweep = Sweep("a {red, blue} fox at {time: dawn, dusk}", chaos=[0, 50], version="v7")
    assert sweep.shape == {"prompt_1": 2, "time": 2, "chaos": 2}
    cells = sweep.cells()
    assert len(sweep) == len(cells) == 8
    assert cells[0].coords == {"prompt_1": "red", "time": "dawn", "chaos": 0}
    assert cells[-1].coords == {"prompt_1": "blue", "time": "dusk", "chaos": 50}
    assert [cell.coords["chaos"] for cell in cells[:4]] == [0, 50, 0, 50]
    assert cells[3].request == TextToImage(prompt="a red fox at dusk", chaos=50, version="v7")


def test_a_list_of_prompts_is_an_axis():
    """Several prompts are an axis of their own; groups within them are spelled out."""
    assert [r.prompt for r in requests(Sweep(["a fox", "a {red, blue} owl"]))] == [
        "a fox",
        "a red owl",
        "a blue owl",
    ]


@pytest.mark.parametrize(
    "values",
    [
        [0, 50, 100], (0, 50, 100), range(0, 101, 50), np.array([0, 50, 100]), np.linspace(0, 100, 3).astype(int),
        pd.Series([0, 50, 100]), pd.Index([0, 50, 100]), [np.int64(0), np.uint8(50), 100],
    ],
)  # fmt: skip
def test_axes_are_given_as_one_likes(values):
    """Lists, tuples, ranges, arrays, series and numpy integers are the same axis of plain integers."""
    chaos = Sweep("a fox", chaos=values).axes["chaos"]
    assert chaos == (0, 50, 100)
    assert {type(value) for value in chaos} == {int}


@pytest.mark.parametrize("value", [50, np.int64(50), np.array(50)])
def test_one_value_is_no_axis(value):
    """A single value holds for every cell."""
    sweep = Sweep("a fox", chaos=value)
    assert sweep.axes == {}
    assert requests(sweep)[0].chaos == 50


def test_repeats_and_take(simulator, session):
    """Repeats are equal tasks side by side; another take asks for the same cells anew."""
    server = simulator()
    mj = session(server)
    first = Sweep("a fox", chaos=[0, 50], repeats=np.int64(2)).start(mj).result()
    assert first["repeat"].tolist() == [0, 1, 0, 1]
    assert Sweep("a fox", chaos=[0, 50]).plan(mj).result().to_send == ()
    second = Sweep("a fox", chaos=[0, 50], take=2).start(mj).result()
    assert second["take"].tolist() == [2, 2]
    assert first["task_id"].nunique() + second["task_id"].nunique() == server.stats()["charged"] == 6


def test_lists_as_values():
    """On a list field a flat list is one value, a list of lists an axis; masks are an axis like any other."""
    one = Sweep("a fox", image_urls=["https://x.com/a.png", "https://x.com/b.png"])
    assert (len(one), one.model) == (1, ImageToImage)
    assert len(one.cells()[0].request.image_urls) == 2
    two = Sweep(
        "a fox", image_urls=[["https://x.com/a.png"], ["https://x.com/a.png", "https://x.com/b.png"]]
    )
    assert [len(r.image_urls) for r in requests(two)] == [1, 2]
    size = {"width": 9, "height": 9}
    paint = Sweep(
        "a hat",
        image_urls=["https://x.com/a.png"],
        mask=MASKS,
        canvas=size,
        img_pos={**size, "x": 0, "y": 0},
    )
    assert (len(paint.cells()), paint.model) == (2, UploadPaint)


def test_follow_ups_are_swept_too():
    """The fields say which mode is meant: a parent's index and strength vary, a kind upscales."""
    vary = Sweep(task_id="task_1", image_index=range(4), strength=["subtle", "strong"])
    assert (len(vary.cells()), vary.model) == (8, Vary)
    assert Sweep(task_id="task_1", image_index=0, kind=["2x", "4x"]).model is Upscale


def test_the_fields_say_which_mode_is_meant():
    """Each new mode is found by the fields that it alone has; where several would do, it is named."""
    picture = {"task_id": "task_1", "image_index": [0, 1]}
    assert Sweep(**picture, ratio=["1.5x", "2x"]).model is Zoom
    assert Sweep(**picture, direction=["left", "up"]).model is Pan
    assert Sweep("a hat", **picture, mask=MASKS).model is Inpaint
    assert Sweep(**picture, motion=["low", "high"]).model is Video
    assert Sweep(image_urls=["https://x.com/a.png"], resolution=["480p", "720p"]).model is Video
    assert Sweep(image_urls=["https://x.com/a.png", "https://x.com/b.png"], version=[7, 8.1]).model is Blend
    assert Sweep("a hat", mode="edit", image_urls=["https://x.com/a.png"], chaos=[0, 9]).model is Edit
    assert Sweep(mode="reroll", task_id=["task_1", "task_2"]).model is Reroll
    assert (
        Sweep(**picture).model is Vary
    )  # which then asks for its strength, instead of a video that is dear
    with pytest.raises(errors.InvalidRequest, match="required for vary"):
        Sweep(**picture).cells()


NEW_AXES = {
    "seed": [0, 4294967295], "no": ["cars, people", ["fog", "rain"]], "tile": [True, None], "raw": [None, True],
    "quality": [0.5, "2"], "iw": [0.5, 1], "sref": [None, "random", ["https://x.com/a.png::2", 123]], "sw": [0, 1000],
    "cref": ["https://x.com/a.png", "https://x.com/b.png"], "cw": [0, 100], "oref": [None, "https://x.com/a.png"],
    "ow": [1, 400], "exp": range(0, 101, 50), "draft": [True, None], "hd": [True, None], "stop": np.array([10, 100]),
    "profile": ["abc", "m123"], "watermark": ["mine", None], "extra": [None, "--sv 4"], "aspect": ["21:9", "139:100"],
    "speed": ["fast", "relaxed"], "enable_translation": [True, False],
}  # fmt: skip


def test_every_field_may_be_an_axis():
    """Every field of a drawing request is an axis, its values in their one spelling, None for unset."""
    for name, values in NEW_AXES.items():
        sweep = Sweep("a fox", **{name: values})
        cells = sweep.cells()
        assert sweep.shape == {name: len(values)} == {name: len(sweep)}
        assert sweep.axes[name] == tuple(getattr(cell.request, name) for cell in cells)
        assert [cell.coords for cell in cells] == [{name: value} for value in sweep.axes[name]]
    fields = set(TextToImage.model_fields) - {"prompt", "version", "chaos", "stylize", "weird"}
    assert fields <= NEW_AXES.keys()
    assert Sweep("a fox", sref=NEW_AXES["sref"]).axes["sref"] == (
        None,
        "random",
        "https://x.com/a.png::2 123",
    )


def test_niji_is_an_axis_of_versions():
    """`niji=[6, 7]` is an axis of versions, in its place; it is not given beside another."""
    sweep = Sweep("a fox", niji=np.array([6, 7]), chaos=[0, 50])
    assert sweep.axes == {"version": ("niji 6", "niji 7"), "chaos": (0, 50)}
    assert requests(Sweep("a fox", niji=7, version=None)) == [TextToImage(prompt="a fox", niji=7)]
    assert Sweep("a fox", niji=None, version=[6, 7]).axes == {"version": ("v6", "v7")}
    with pytest.raises(errors.InvalidRequest, match="either of the two"):
        Sweep("a fox", niji=[6, 7], version="v7")


@pytest.mark.parametrize(
    "given",
    [
        {"sref": ["a b", ["a", "b"]]}, {"iw": [1, 1.0]}, {"quality": [2, "2.0"]}, {"raw": [True, np.True_]}, {"niji": [7, "7"]},
        {"aspect": ["21:9", "21 : 9"]},
    ],
)  # fmt: skip
def test_new_values_given_twice_are_refused(given):
    """Two spellings of one value are one value on the new axes too."""
    with pytest.raises(errors.InvalidRequest, match="repeats="):
        Sweep("a fox", **given)


def test_local_files_are_an_axis(tmp_path):
    """Pictures of this machine are one value as a flat list and an axis as a list of lists."""
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in paths:
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + path.name.encode())
    assert len(Sweep("a fox", image_urls=paths).cells()) == 1
    sweep = Sweep("a fox", image_urls=[[path] for path in paths])
    assert [r.image_urls for r in requests(sweep)] == [
        ImageToImage(prompt="a fox", image_urls=[path]).image_urls for path in paths
    ]


def test_flags_may_be_permuted(simulator, session):
    """Groups around flags and their values are axes: the cells are those of the prompt's variants, in their order."""
    for prompt in (
        "a bird --ar {shape: 3:2, 1:1, 16:9}",
        "a bird --{v 6, niji 6, test}",
        "a {red, blue} bird {--raw --s {0, 50}, --s 1000}",
    ):
        made = [
            request for cell in Sweep(prompt).cells() for request in parse_all(cell.request.prompt)
        ]  # their text is without braces by now
        assert made == parse_all(prompt.replace("shape: ", ""))
    mj = session(simulator())
    frame = Sweep("a bird --{v 6.1, niji 6} --c {0, 50}").start(mj).result()
    assert frame[["prompt_1", "prompt_2"]].to_numpy().tolist() == [
        ["v 6.1", "0"], ["v 6.1", "50"], ["niji 6", "0"], ["niji 6", "50"]
    ]  # fmt: skip
    assert frame["version"].tolist() == ["v6.1"] * 2 + ["niji 6"] * 2
    assert frame["chaos"].tolist() == [0, 50] * 2
    assert frame["state"].eq("success").all()


def test_fields_that_the_gateway_lacks_are_left_out_by_name(session):
    """A sweep over a field that this gateway does not have says so before anything is sent, and who has it."""
    mj = session()
    with pytest.raises(errors.UnsupportedError, match="APIXO has no field for it"):
        Sweep("a fox", seed=[1, 2]).start(mj)
    with pytest.raises(errors.UnsupportedError, match=r"Gateways that have it: .*acedata"):
        Sweep("a fox --seed {1, 2}").start(mj)
    plan = Sweep("a fox", seed=[None, 1], on_invalid="skip").plan(mj).result()
    assert [dict(skipped.coords) for skipped in plan.skipped] == [{"seed": 1}]


@pytest.mark.parametrize("mode", ["edit", "remix", "reroll", "describe", "shorten", "translate", "seed"])
def test_ambiguous_modes_are_named(mode):
    """Modes that their fields do not tell are taken by name."""
    assert Sweep(mode=mode).model is MODES[mode]


@pytest.mark.parametrize(
    "given",
    [
        {"chaos": [50, 50]}, {"version": [7, "v7"]}, {"version": ["niji7", "niji 7"]}, {"chaos": [np.int64(5), 5]},
        {"prompt": "a {red, red} fox"}, {"prompt": ["a fox", "a fox"]}, {"speed": ["fast", "FAST"]},
    ],
)  # fmt: skip
def test_a_value_given_twice_is_refused(given):
    """Two spellings of one value would be one cell, so they are refused; repeats are asked for by name."""
    with pytest.raises(errors.InvalidRequest, match="repeats="):
        Sweep(**{"prompt": "a fox", **given})


@pytest.mark.parametrize(
    ("prompt", "axes"), [("a fox", {"chaos": [None, 0]}), ("a fox", {"speed": [None, "turbo", "fast"]}), (["a fox", "a fox --c 0"], {})]
)  # fmt: skip
def test_two_cells_that_are_one_are_refused(session, prompt, axes):
    """A value and the default that it equals would be one task: the sweep says so instead of counting it twice."""
    mj = session()
    with pytest.raises(errors.InvalidRequest, match="same request"):
        Sweep(prompt, **axes).start(mj)
    plan = Sweep(prompt, on_invalid="skip", **axes).plan(mj).result()
    assert len(plan.skipped) == 1
    assert "same request" in plan.skipped[0].reason


def test_values_that_the_gateway_moves_to_one(session):
    """Values that a gateway's steps make equal are named as they were typed, with what the gateway makes of them."""
    mj = session(gateway="simulator:apixo-reference")
    with pytest.warns(errors.AdviceWarning), pytest.raises(errors.InvalidRequest) as caught:
        Sweep("a fox", stylize=[0, 10, 100]).start(mj)
    for word in ("stylize 10", "stylize 0", "where both are"):
        assert word in str(caught.value)


def test_off_is_a_value(session):
    """A mark that is off stands as False in the frame, equals leaving it out, and is not overridden by a flag in silence."""
    mj = session(gateway="simulator:acedata")
    frame = Sweep("a fox", raw=[False, True], tile=[False, True]).start(mj).result()
    assert frame.groupby("raw").size().to_dict() == {False: 2, True: 2}
    assert frame["tile"].tolist() == [False, True, False, True]
    with pytest.raises(errors.InvalidRequest, match="same request"):
        Sweep("a fox", raw=[None, False]).start(mj)
    with pytest.raises(errors.InvalidRequest, match="Give it once"):
        mj.imagine("a fox --raw", raw=False)
    assert len(Sweep("a fox").plan(mj).result().to_send) == 0


@pytest.mark.parametrize(
    "given",
    [
        {"chaoss": [1]}, {"chaos": []}, {"repeats": 0}, {"repeats": True}, {"take": "2"}, {"on_invalid": "ignore"},
        {"mode": "paint"}, {"chaos": range(101), "stylize": range(1001)}, {"prompt": "a {state: on, off} light"},
        {"prompt": "a {chaos: 1, 2} fox"}, {"prompt": "a {red, blue fox"},
    ],
)  # fmt: skip
def test_sweeps_that_cannot_be(given):
    """Unknown fields, empty axes, impossible counts and names that are taken are refused when the sweep is made."""
    with pytest.raises(errors.InvalidRequest):
        Sweep(**{"prompt": "a fox", **given})


def test_an_invalid_cell_stops_it_before_anything_is_sent(simulator, session):
    """One value out of range refuses the whole sweep, with nothing sent."""
    server = simulator()
    with pytest.raises(errors.InvalidRequest, match="nearest valid value: 100"):
        Sweep("a fox", chaos=[0, 101]).start(session(server))
    assert server.stats()["requests"]["submit"] == 0


def test_invalid_cells_are_left_out_by_name(simulator, session):
    """`on_invalid="skip"` runs the rest and says which cells it leaves out, and why, in sweep and plan."""
    mj = session(simulator())
    sweep = Sweep("a fox", chaos=[0, 101], speed=["fast", "relaxed"], on_invalid="skip")
    assert [skipped.coords["chaos"] for skipped in sweep.skipped] == [101, 101]
    plan = sweep.plan(mj).result()
    assert {(s.coords["chaos"], s.coords["speed"]) for s in plan.skipped} == {
        (101, "fast"),
        (101, "relaxed"),
        (0, "relaxed"),
    }
    assert "nearest valid value" in plan.skipped[-1].reason
    assert "left out as invalid" in repr(plan)
    frame = sweep.start(mj).result()
    assert frame[["chaos", "speed"]].to_numpy().tolist() == [[0, "fast"]]


# -- plans and money -----------------------------------------------------------------------------------------------


def test_a_plan_sends_nothing(simulator, session):
    """A plan tells cells, what is paid already, price and time; nothing is sent."""
    server = simulator()
    mj = session(server)
    Sweep("a fox", chaos=[0]).start(mj).result()
    sent = server.stats()["requests"]
    plan = Sweep("a fox", chaos=[0, 50], speed=["fast", "turbo"]).plan(mj).result()
    assert (len(plan.spots), plan.already_paid, len(plan.to_send)) == (4, 1, 3)
    assert plan.price_usd == pytest.approx(0.50)
    assert 20 <= plan.eta_s <= 60
    assert plan.facts()["price"].startswith("$0.50 (simulated")
    assert server.stats()["requests"] == sent


def test_a_budget_is_kept(simulator, session):
    """A plan that costs more than its budget is refused whole; `partial` runs what fits, in order."""
    server = simulator()
    mj = session(server)
    sweep = Sweep("a fox", chaos=[0, 50, 100])
    with pytest.raises(errors.BudgetError, match=r"\$0\.30.*\$0\.25") as caught:
        sweep.start(mj, budget=0.25)
    assert (caught.value.price_usd, caught.value.budget_usd) == (pytest.approx(0.30), 0.25)
    assert server.stats()["requests"]["submit"] == 0
    run = sweep.start(mj, budget=0.25, on_budget="partial")
    assert run.plan.left_out == 1
    assert run.result()["chaos"].tolist() == [0, 50]
    assert sweep.start(mj, budget=np.float64(0.30)).result()["state"].tolist() == ["success"] * 3


def test_a_budget_is_the_sweeps_however_often_it_is_started(simulator, session):
    """Starting the same cells again, even written down anew, does not spend the budget again; other cells have their own."""
    server = simulator()
    mj = session(server)
    for _ in range(3):
        Sweep("a fox", chaos=list(range(10))).start(mj, budget=0.30, on_budget="partial").result()
    assert server.stats()["charged"] == 3
    with pytest.raises(errors.BudgetError, match=r"\$0\.30 are spent by this sweep already"):
        Sweep("a fox", chaos=list(range(10))).start(mj, budget=0.70)
    wider = Sweep("a fox", chaos=[0, 1, 2, 50]).start(mj, budget=0.10)
    assert len(wider.result()) == 4
    assert server.stats()["charged"] == 4


def test_a_cell_without_a_price_needs_one(simulator, session):
    """Under a budget a cell that nobody prices is refused; `prices=` prices it, and `partial` leaves it out."""
    server = simulator()
    mj = session(server, gateway="apixo", api_key="sk-a-key")
    task = mj.imagine("a fox").result()
    sweep = Sweep(task_id=task.id, image_index=[0, 1], kind="2x")
    for budget in (None, 5):
        with pytest.raises(errors.BudgetError, match=r'prices=\{"upscale": …\} \(USD a task\)') as caught:
            sweep.start(mj, budget=budget)
        assert caught.value.unpriced == 2
    assert sweep.start(mj, budget=5, on_budget="partial").plan.to_send == ()
    priced = session(server, gateway="apixo", api_key="sk-a-key", prices={"upscale": 0.05})
    assert sweep.start(priced, budget=0.10).plan.price_usd == pytest.approx(0.10)


def test_unknown_prices_of_a_simulation(simulator, session):
    """Where nothing is charged a budget needs no prices, so that a rehearsal runs; the plan says that the sum is unknown."""
    mj = session(simulator(), gateway="simulator:acedata")
    sweep = Sweep("a fox", chaos=[0, 50])
    assert "unknown sum: 2 cells" in sweep.plan(mj).result().facts()["price"]
    assert len(sweep.start(mj, budget=5, on_budget="partial").result()) == 2
    assert len(Sweep("a fox", chaos=[10, 60]).start(mj, budget=5).result()) == 2


def test_what_may_have_been_charged_stays_reserved(simulator, session):
    """An unknown cell's price is taken off the budget of the next start."""
    server = simulator(faults=[Fault(on="submit", kind="accept_then_drop")])
    mj = session(server)
    Sweep("a fox", chaos=[0]).start(mj).result()
    wider = Sweep("a fox", chaos=[0, 50])
    assert wider.plan(mj).result().reserved_micro == FAST
    with pytest.raises(errors.BudgetError, match="reserved"):
        wider.start(mj, budget=0.15)
    assert len(wider.start(mj, budget=0.20).result()) == 2


@pytest.mark.parametrize("budget", ["5", -1, float("nan"), float("inf"), True])
def test_budgets_that_cannot_be(session, budget):
    """A budget is a number of dollars."""
    with pytest.raises(errors.InvalidRequest, match="budget"):
        Sweep("a fox").start(session(), budget=budget)


@pytest.mark.parametrize("option", [{"on_budget": "ignore"}, {"retry": "always"}])
def test_options_that_cannot_be(session, option):
    """Other words than the documented ones are refused."""
    with pytest.raises(errors.InvalidRequest, match=next(iter(option))):
        Sweep("a fox").start(session(), budget=1, **option)


def test_no_money_is_spent_without_a_budget(paid):
    """On a gateway that costs money a sweep without a budget is refused, with its price and the line to type."""
    sweep = Sweep("a fox", chaos=[0, 50, 100], speed=["fast", "turbo"])
    with pytest.raises(errors.BudgetError, match=r"\$0\.90.*sweep\.start\(mj, budget=0\.90\)"):
        sweep.start(paid)
    assert len(paid.history()) == 0
    assert sweep.start(paid, budget=0.90).cancel()  # the line that it shows is accepted


def test_a_real_gateway_end_to_end(session):
    """A sweep on what is spoken to as a real gateway is charged, not marked as simulated, and kept beside the store's root."""
    clock = ManualClock()
    app = create_app(clock=clock, short_side=64)

    def answer_later(mj: Session) -> Any:
        run = Sweep("a fox", chaos=[0, 50]).start(mj, budget=0.20)
        while len([e for e in mj.store.all() if e.task_id]) < 2:
            time.sleep(0.005)
        run.cancel()
        clock.advance(60)
        return mj.store.all()

    mj = session(
        gateway="apixo",
        api_key="sk-a-key",
        base_url="https://api.apixo.ai",
        transport=httpx.ASGITransport(app),
    )
    entries = answer_later(mj)
    assert [(e.simulated, e.gateway, e.price_micro) for e in entries] == [(False, "apixo", FAST)] * 2
    app.state.world.close()


# -- runs ----------------------------------------------------------------------------------------------------------


def test_the_frame_of_a_run(simulator, session):
    """The frame has one row a cell in the sweep's order, the axes first, then what held, then the documented columns."""
    mj = session(simulator())
    sweep = Sweep("a fox at {time: dawn, dusk}", chaos=[50, 0], version=["niji7", 7])
    frame = sweep.start(mj).result()
    assert list(frame.columns[:4]) == ["cell", "time", "chaos", "version"]
    assert frame["time"].tolist() == ["dawn"] * 4 + ["dusk"] * 4
    assert frame["version"].tolist() == ["niji 7", "v7"] * 4
    assert frame["stylize"].eq(100).all()
    assert frame["price_usd"].eq(0.10).all()
    assert frame["cost_time_s"].between(30, 45).all()
    assert (frame["queue_time_s"] >= 0).all()
    assert frame.mj.axes[:3] == ["time", "chaos", "version"]
    assert frame["images"].map(len).eq(4).all()


def test_nothing_is_paid_twice(simulator, session):
    """Starting again, a wider axis, another order and another spelling send only what is new."""
    server = simulator()
    mj = session(server)
    Sweep("a fox", chaos=[0, 50], version=[7]).start(mj).result()
    assert server.stats()["charged"] == 2
    for sweep in (
        Sweep("a fox", chaos=[0, 50], version=[7]),
        Sweep("a fox", version=["v7"], chaos=(50, 0), stylize=100, speed="fast"),
        Sweep("a {fox}", chaos=range(0, 51, 50), version=["7"]),
        Sweep("a fox --v 7", chaos=[np.int64(0), 50]),
    ):
        frame = sweep.start(mj).result()
        assert frame["state"].eq("success").all()
        assert server.stats()["charged"] == 2
    Sweep("a fox", chaos=[0, 25, 50], version=["v7", "v6.1"]).start(mj).result()
    assert server.stats()["charged"] == 6


def test_a_single_call_pays_for_its_cell(simulator, session):
    """A sweep takes a cell that was drawn by a single call before."""
    server = simulator()
    mj = session(server)
    task = mj.imagine("a fox", version="v7", chaos=50).result()
    frame = Sweep("a fox", version="v7", chaos=[0, 50]).start(mj).result()
    assert task.id in frame["task_id"].tolist()
    assert server.stats()["charged"] == 2


def test_failures_stay_in_their_rows(simulator, session):
    """A refused prompt and a failed task stop nobody; their rows say why."""
    mj = session(simulator())
    run = Sweep(["a fox", "gore", "fail:SOMETHING_NEW", "an owl"]).start(mj)
    frame = run.result()
    assert frame["state"].tolist() == ["success", "failed", "failed", "success"]
    assert frame["fail_code"].dropna().tolist() == ["CONTENT_VIOLATION", "SOMETHING_NEW"]
    assert sorted(type(error).__name__ for error in run.errors.values()) == [
        "ContentViolation",
        "TaskFailed",
    ]
    assert frame.mj.stats()[["n", "ok", "failed"]].to_numpy().tolist() == [[4, 2, 2]]


def test_a_refusal_by_the_gateway_stays_in_its_row(session):
    """A request that the gateway alone refuses is a refused row; the other cells are sent."""
    app = create_app(clock=ManualClock(), short_side=64)

    class Picky(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if b'"chaos":50' in request.content:
                return httpx.Response(400, json={"code": 400, "message": "Invalid request", "data": None})
            return await super().handle_async_request(request)

    mj = session(transport=Picky(app), time_scale=600)
    run = Sweep("a fox", chaos=[0, 50, 100]).start(mj)
    while len([e for e in mj.store.all() if e.state != "submitting"]) < 3:
        time.sleep(0.005)
    run.cancel()
    assert sorted(e.state.value for e in mj.store.all()) == ["pending", "pending", "refused"]
    app.state.world.close()


@pytest.mark.parametrize(
    ("retry", "sent"), [("none", 0), ("transient", 1), ("failed", 2)]
)  # fmt: skip
def test_which_failures_are_paid_for_again(simulator, session, retry, sent):
    """`retry` says which failed cells are asked anew: none, those where another try may help, or all."""
    server = simulator()
    mj = session(server)
    sweep = Sweep(["a fox", "gore", "fail:PROCESSING_TIMEOUT"])
    sweep.start(mj).result()
    before = server.stats()["charged"]
    frame = sweep.start(mj, retry=retry).result()
    assert server.stats()["charged"] - before == sent
    assert len(frame) == 3
    assert len(mj.history()) == 3 + sent


def test_an_unknown_cell_is_shown_and_not_sent_again(simulator, session):
    """A cell whose submission had no answer is a row of its own, the others go on, and no start sends it again."""
    server = simulator(faults=[Fault(on="submit", kind="accept_then_drop", after=1)])
    mj = session(server)
    sweep = Sweep("a fox", chaos=[0, 50, 100])
    for _ in range(2):
        run = sweep.start(mj)
        frame = run.result()
        assert sorted(frame["state"]) == ["success", "success", "unknown"]
        assert run.progress.unknown == 1
        assert server.stats()["charged"] == server.stats()["requests"]["submit"] == 3
    assert Sweep("a fox", chaos=[0, 50, 100], take=2).start(mj).result()["state"].eq("success").all()


def test_two_sessions_sweep_at_once_at_a_busy_gateway(simulator, session):
    """Two sessions that run one sweep on one store against a gateway that is full most of the time pay once a cell."""
    server = simulator(tasks_at_once=2, faults=[Fault(on="submit", kind="slow", times=4, seconds=9)])
    sweep = Sweep("a fox", chaos=[0, 20, 40, 60, 80, 100])
    runs = [sweep.start(session(server)) for _ in range(2)]
    assert [run.result()["state"].eq("success").sum() for run in runs] == [6, 6]
    assert server.stats()["charged"] == 6
    assert server.stats()["rate_limited"] > 0


def test_a_cell_whose_other_sender_was_refused_is_sent(simulator, session):
    """A run that finds a cell being submitted elsewhere sends it itself once that submission has been refused."""
    asked, answer = threading.Event(), threading.Event()

    async def refuse_late(_: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.to_thread(answer.wait, 10)
        return httpx.Response(429, headers={"retry-after": "3600"})

    server, sweep = simulator(), Sweep("a fox", chaos=[0])
    stuck = sweep.start(session(transport=httpx.MockTransport(refuse_late), time_scale=100))
    assert asked.wait(10)
    run = sweep.start(session(server))
    assert run.plan.to_send == ()  # it is on its way already
    answer.set()
    assert run.result()["state"].tolist() == ["success"]
    assert server.stats()["charged"] == 1
    stuck.cancel()


def test_the_frame_at_any_moment(simulator, session):
    """The frame is readable before, during and after a run, and sends nothing."""
    server = simulator(speed=30)
    mj = session(server)
    sweep = Sweep("a fox", chaos=[0, 50])
    empty = sweep.frame(mj)
    assert len(empty) == 0
    run = sweep.start(mj)
    while len(sweep.frame(mj)) < 2:
        time.sleep(0.01)
    assert run.frame()["state"].isin(["submitting", "pending"]).all()
    done = run.result()
    assert list(empty.columns[:2]) == list(done.columns[:2])
    assert set(empty.columns) <= set(done.columns)
    assert sweep.frame(mj).equals(done)
    assert empty.mj.stats().loc["all", "n"] == 0


def test_a_sweep_of_nothing(session):
    """A sweep whose cells are all left out gives an empty frame with the documented columns."""
    frame = Sweep("a fox", chaos=[101], on_invalid="skip").start(session()).result()
    assert len(frame) == 0
    assert {"cell", "chaos", "state", "cost_time_s", "images"} <= set(frame.columns)


def test_run_in_one_word(simulator, session, capsys):
    """`sweep.run(mj)` starts it, shows it, and is a job like every other."""
    mj = session(simulator())
    run = Sweep("a fox", chaos=[0, 50]).run(mj, budget=1)
    assert len(run.result()) == 2
    assert "of 2 done" in capsys.readouterr().out


def test_advice_is_said_once_for_all_cells(session):
    """A sweep whose every cell goes against the page's advice warns once."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        Sweep("a fox", version=["v6"], chaos=range(20)).plan(session()).result()
    assert len([warning for warning in said if issubclass(warning.category, errors.AdviceWarning)]) == 1


def test_ten_thousand_cells_are_planned_soon(session):
    """A plan of 10 000 cells takes less than two seconds, and so does their empty frame."""
    mj = session(base_url="http://127.0.0.1:9", time_scale=600)
    sweep = Sweep("a fox", chaos=range(100), stylize=range(0, 1000, 10))
    began = time.process_time()
    assert len(sweep.plan(mj).result().spots) == 10_000
    assert time.process_time() - began < 2
    Sweep([f"a fox number {n}" for n in range(10_000)])
    assert time.process_time() - began < 4
