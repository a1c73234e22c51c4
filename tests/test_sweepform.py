"""The sweep form: what is entered, what it would cost, starting, stopping and going on."""

from __future__ import annotations

import gc
import io
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
from PIL import Image

import mjnb
from mjnb.errors import InvalidRequest
from mjnb.fields import Whole
from mjnb.widgets import axes
from mjnb.widgets.sweepform import SweepForm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mjnb.session import Session

CHAOS = Whole("variety", 0, 100)
FOX = "a fox at {time: dawn, dusk}"


@pytest.fixture
def form(session: Callable[..., Session]) -> Iterator[Callable[..., SweepForm]]:
    """Make forms on one session: `form(prompt=…, chaos=…)`."""
    made: list[SweepForm] = []

    def make(
        mj: Session | None = None, request: Any = None, mode: str | None = None, **values: Any
    ) -> SweepForm:
        made.append(SweepForm(mj or session(), request, mode=mode))
        made[-1].fill(**values)
        return made[-1]

    yield make
    for one in made:
        one.close()


def until(form: SweepForm, holds: Callable[[SweepForm], Any]) -> Any:
    """Wait until something holds of a form, looking each time that its panel says something new."""
    news, end = threading.Event(), time.monotonic() + 20
    form.panel.observe(lambda _: news.set(), ["reading", "outlook", "progress"])
    while not (found := holds(form)):
        news.clear()
        assert found or news.wait(0.1) or time.monotonic() < end, (
            form.panel.reading,
            form.panel.outlook,
            form.panel.progress,
        )
    return found


def page(form: SweepForm, **changes: Any) -> None:
    """Enter something as the page does; `fields` are merged with those that are there."""
    fields = {**form.panel.entered["fields"], **changes.pop("fields", {})}
    form.panel.set_state({"entered": {**form.panel.entered, "fields": fields, **changes}})


def press(form: SweepForm, name: str, text: str = "") -> None:
    """Press a button as the page does, which says what stood on it."""
    text = text or form.panel.outlook.get(name, {}).get("text", "")
    form.panel._handle_custom_msg({"press": name, "text": text}, [])


def ended(form: SweepForm) -> bool:
    """Whether a run has been and is over, and its sums are done."""
    return form.run is None and form.panel.progress.get("total") and "paid already" in form.summary


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0, 50, 100", [0, 50, 100]),
        ("0 50", [0, 50]),
        ("0..100 step 25", [0, 25, 50, 75, 100]),
        ("0-100/25", [0, 25, 50, 75, 100]),
        ("10 to 0 by 5, 99", [10, 5, 0, 99]),
        ("0..100 step 30", [0, 30, 60, 90]),
        ("", []),
    ],
)
def test_lines_of_numbers(text: str, values: list[int]) -> None:
    """Numbers are listed, or given as a range with its step, whose end counts where it is met."""
    assert axes.numbers(CHAOS, "chaos", text) == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("500", "nearest valid value: 100"),
        ("0..500 step 100", "nearest valid value: 100"),
        ("5.6", "nearest valid value: 6"),
        ("many", "an integer from 0 to 100"),
        ("-5", "nearest valid value: 0"),
        ("0..100", "0..100 step 25"),
        ("0..100 step 0", "0..100 step 25"),
        ("9" * 5000, "an integer from 0 to 100"),
    ],
)
def test_lines_that_are_no_numbers(text: str, said: str) -> None:
    """What is not valid is refused in the API's own words; a range without a step is told which would do."""
    with pytest.raises(InvalidRequest, match="Nothing was sent") as caught:
        axes.numbers(CHAOS, "chaos", text)
    assert said in str(caught.value)


@pytest.mark.parametrize("value", [0, 1, 7, 50, 99, 100])
def test_around_a_value(value: int) -> None:
    """Proposals stay in the range, keep the value, and are at least two."""
    near = axes.around(CHAOS, value)
    assert value in near
    assert near == sorted(set(near))
    assert 2 <= len(near) <= 3
    assert all(0 <= one <= 100 for one in near)


@pytest.mark.parametrize("gateway", ["apixo", "apixo-reference", "acedata", "apimart"])
def test_every_field_that_the_gateway_takes_is_there(form, session, gateway: str) -> None:
    """Each field that the gateway takes in each of its modes can be entered, for several values or for one; no others are."""
    mj = session(gateway=f"simulator:{gateway}")
    for name in mj.dialect.modes:
        made = form(mj, mode=name)
        asked = {field["name"] for field in made.panel.spec["fields"]} | set(made._single)
        assert asked == mj.dialect.takes[name] - {"prompt"}
        assert bool(made.panel.spec["prompt"]) == ("prompt" in mj.dialect.takes[name])


def test_common_axes_and_rare_ones(form, session) -> None:
    """What everybody uses stands open, the rest in a fold; each is described by its rule."""
    mj = session()
    assert not any(field["rare"] for field in form(mj).panel.spec["fields"])
    fields = {f["name"]: f for f in form(session(gateway="simulator:apimart")).panel.spec["fields"]}
    assert [name for name, field in fields.items() if not field["rare"]] == [
        "version", "speed", "aspect", "chaos", "stylize", "weird", "seed", "raw",
    ]  # fmt: skip
    kinds = {name: fields[name]["kind"] for name in ("iw", "quality", "sref", "no", "raw", "seed")}
    assert kinds == {
        "iw": "number",
        "quality": "options",
        "sref": "lines",
        "no": "lines",
        "raw": "options",
        "seed": "number",
    }
    assert (fields["sref"]["label"], fields["sref"]["flag"]) == ("Style references", "--sref")
    assert [option["value"] for option in fields["raw"]["options"]] == [False, True]


def test_choices_of_other_gateways(form, session) -> None:
    """Choices that the gateway does not take are named with the reason, and cannot be chosen; shapes are free where it takes any."""
    fields = {f["name"]: f for f in form(session()).panel.spec["fields"]}
    assert {"v7", "niji 7"} <= {option["value"] for option in fields["version"]["options"]}
    assert "v8.1" in fields["version"]["refused"].split(", ")
    assert "v8.1" not in {option["value"] for option in fields["version"]["options"]}
    assert "APIXO" in fields["version"]["reason"]
    assert "free" not in fields["aspect"]
    other = {
        f["name"]: f for f in form(session(gateway="simulator:acedata", store="other")).panel.spec["fields"]
    }
    assert "21:9" in other["aspect"]["free"]


NEW = {
    "iw": [0.5, 1.5], "sref": ["123 456", "789"], "raw": [False, True], "aspect": ["16:9", "21:9"], "seed": [1, 4_294_967_295],
    "quality": ["1", "2"], "no": "fog",
}  # fmt: skip


@pytest.mark.parametrize("gateway", ["acedata", "apimart"])
def test_new_fields_are_axes(form, session, gateway: str) -> None:
    """Fractions, codes, truths, free shapes, seeds and qualities are axes like any other, and so in the code."""
    made = form(session(gateway=f"simulator:{gateway}"), prompt="a fox", **NEW)
    assert made.sweep.shape == {name: 2 for name in NEW if name != "no"}
    assert "raw=[False, True]" in made.code
    until(made, lambda f: "64 cells" in f.summary)
    assert (
        eval(made.code.splitlines()[0].removeprefix("sweep = "), {"mjnb": mjnb}).shape == made.sweep.shape
    )
    page(
        made,
        fields={
            "iw": "0..1 step 0.25",
            "sref": "1\n\n2 3\n",
            "raw": [False, True],
            "tile": [False],
            "aspect": ["7:5"],
        },
    )
    assert made.order.fields["iw"] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert made.order.fields["sref"] == ["1", "2 3"]
    assert (made.order.fields["raw"], made.order.fields["tile"], made.order.fields["aspect"]) == (
        [False, True],
        False,
        "7:5",
    )


@pytest.mark.parametrize(
    ("name", "entered", "said"),
    [("iw", "3.5", "nearest valid value: 3"), ("iw", "0..1", "0..1 step 0.25"), ("oref", "a b", "at most 1"), ("aspect", ["21:"], "at most")],
)  # fmt: skip
def test_new_fields_that_are_not_valid(form, session, name: str, entered: Any, said: str) -> None:
    """What is not valid of a new field is marked at it, in the API's own words."""
    made = form(session(gateway="simulator:apimart"), prompt="a fox")
    page(made, fields={name: entered})
    assert said in until(made, lambda f: f.panel.reading["errors"].get(name))


def test_what_a_gateway_moves_is_said(form, session) -> None:
    """Where a gateway has steps the form says which values are moved, and that two have become one."""
    made = form(session(gateway="simulator:apixo-reference"), prompt="a fox", chaos=[11, 20])
    assert "chaos=11 became 10" in until(made, lambda f: f.panel.outlook["notes"])[0]
    made.fill(chaos=[11, 12])
    until(made, lambda f: "1 impossible" in f.panel.outlook["count"])


def test_a_mode_that_is_not_there(session) -> None:
    """A mode that the gateway does not have is refused, and so is one that is not the request's."""
    mj = session()
    with pytest.raises(InvalidRequest, match="text-to-image"):
        SweepForm(mj, mode="dream")
    with pytest.raises(InvalidRequest, match="text-to-image"):
        SweepForm(mj, mjnb.TextToImage(prompt="a fox"), mode="vary")


def test_the_summary(form, session) -> None:
    """The line says how the cells come about, what is paid already, what is to send, price and time."""
    mj = session()
    mjnb.Sweep("a fox at dawn", chaos=[0, 50]).start(mj).result()
    made = form(mj, prompt=FOX, chaos=[0, 50, 100], version=["v6.1", "v7"])
    until(made, lambda f: "to send" in f.summary)
    head, paid, send, price, about = made.summary.split(" · ")
    assert head == "2 × 2 × 3 = 12 cells"
    assert (paid, send, price) == ("2 paid already", "10 to send", "$1.00")
    assert about.startswith("about ")
    assert made.panel.outlook["run"] == {"text": "Run 10 · $1.00", "enabled": True}
    assert made.sweep.shape == {"time": 2, "version": 2, "chaos": 3}


def test_groups_of_the_prompt(form) -> None:
    """The prompt's groups are shown as axes with their options; braces that do not match are told as the API does."""
    made = form()
    page(made, prompt="a {red, blue} fox at {time: dawn, , dusk}")
    until(made, lambda f: f.panel.reading.get("groups"))
    assert made.panel.reading["groups"] == [
        {"name": "prompt_1", "options": ["red", "blue"]},
        {"name": "time", "options": ["dawn", "", "dusk"]},
    ]
    page(made, prompt="a {red fox")
    said = until(made, lambda f: f.panel.reading["errors"].get("prompt"))
    with pytest.raises(InvalidRequest) as caught:
        mjnb.Sweep("a {red fox")
    assert said == str(caught.value)
    assert not made.panel.outlook["run"]["enabled"]


@pytest.mark.parametrize(
    ("field", "entered"),
    [
        ("chaos", "0, 500"),
        ("stylize", "x"),
        ("repeats", "0"),
        ("take", "x"),
        ("budget", "x"),
        ("budget", "nan"),
        ("budget", "inf"),
    ],
)
def test_what_is_not_valid_is_marked(form, field: str, entered: str) -> None:
    """What is not valid is said at its own field, nothing can be pressed, and the sweep raises the same."""
    made = form(prompt="a fox")
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    page(made, **({"fields": {field: entered}} if field in {"chaos", "stylize"} else {field: entered}))
    said = until(made, lambda f: f.panel.reading["errors"].get(field))
    until(made, lambda f: not f.panel.outlook["run"]["enabled"])
    with pytest.raises(InvalidRequest) as caught:
        _ = made.order
    assert str(caught.value) == said


def test_what_is_still_needed(form) -> None:
    """Fields that a mode must have are asked for before anything is planned or marked as wrong."""
    made = form()
    until(made, lambda f: f.panel.reading["hint"] == "Still needed: prompt.")
    other = form(made.session, mode="vary", image_index=[0, 1])
    until(other, lambda f: f.panel.reading["hint"] == "Still needed: task id, strength.")
    assert other.panel.reading["errors"] == {}
    assert not other.panel.outlook["run"]["enabled"]
    with pytest.raises(InvalidRequest, match="required for vary"):
        other.start().result()
    assert "required for vary" in other.panel.progress["alert"]


def test_a_value_given_twice_is_said_at_its_field(form) -> None:
    """A value twice on an axis is the sweep's own complaint, shown at the field."""
    made = form(prompt="a fox")
    page(made, fields={"chaos": "5, 5"})
    assert "given twice" in until(made, lambda f: f.panel.reading["errors"].get("chaos"))


def test_combinations_that_cannot_be(form) -> None:
    """They are listed with their reasons; the sweep cannot be run unless they are to be left out."""
    made = form(prompt="a {kind: fox, , owl} --ar 16:9", aspect=["16:9", "1:1"])
    until(made, lambda f: f.panel.outlook["skipped"])
    assert len(made.panel.outlook["skipped"]) == 3
    assert (
        "the prompt's own flags say" in made.panel.outlook["skipped"][0]
        or "flags" in made.panel.outlook["skipped"][0]
    )
    assert "cannot be" in made.panel.outlook["problem"]
    assert not made.panel.outlook["run"]["enabled"]
    page(made, skip=True)
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    assert "3 to send" in made.summary
    assert 'on_invalid="skip"' in made.code


def test_a_newer_input_drops_the_older_plan(form) -> None:
    """Of many inputs in a row the last one's plan is what is seen in the end."""
    made = form(prompt="a fox")
    for top in range(1, 30):
        page(made, fields={"chaos": f"0..{top} step 1"})
    until(made, lambda f: f.summary.startswith("30 cells"))


CODES = [
    {"prompt": FOX, "chaos": [0, 50], "version": "v7"},
    {"prompt": 'say "hi" it\'s \\{x\\}', "enable_translation": [False, True], "repeats": 3, "take": 2},
    {
        "prompt": "a fox",
        "aspect": ["1:1", "16:9"],
        "on_invalid": "skip",
        "budget": 1.5,
        "on_budget": "partial",
        "retry": "none",
    },
]


@pytest.mark.parametrize("values", CODES)
def test_the_code_makes_an_equal_sweep(form, session, values: dict[str, Any]) -> None:
    """The lines to copy make the very sweep that the form describes, and start it with the same limits."""
    mj = session()
    made = form(mj, **values)
    names: dict[str, Any] = {"mjnb": mjnb, "mj": mj}
    exec(made.code, names)
    names["run"].stop()
    again: mjnb.Sweep = names["sweep"]
    assert [(c.request, c.repeat) for c in again.cells()] == [
        (c.request, c.repeat) for c in made.sweep.cells()
    ]
    assert (again.take, again.on_invalid, again.axes) == (
        made.sweep.take,
        made.sweep.on_invalid,
        made.sweep.axes,
    )
    assert made.panel.entered["retry"] == made.order.retry == values.get("retry", "transient")


def test_the_code_of_other_modes(form, session) -> None:
    """The code names a mode where it cannot be told from the fields."""
    mj = session()
    task = mj.imagine("a fox").result()
    made = form(mj, mode="vary", task_id=task.id, image_index=[0, 1], strength="subtle")
    names: dict[str, Any] = {"mjnb": mjnb}
    exec(made.code.splitlines()[0], names)
    assert len(names["sweep"].cells()) == 2
    assert names["sweep"].model is mjnb.Vary


def test_around_a_request(form, session) -> None:
    """A request fills the form with its own values, braces and all, and offers values around its numbers."""
    request = mjnb.TextToImage(prompt="a {red} fox", chaos=50, version="v7")
    made = form(session(), request)
    assert [cell.request for cell in made.sweep.cells()] == [request]
    chaos = next(f for f in made.panel.spec["fields"] if f["name"] == "chaos")
    assert [q["line"] for q in chaos["quick"] if q["word"].startswith("Around")] == ["25, 50, 75"]


def test_run_to_the_end(form, simulator, session) -> None:
    """Run starts one run however often it is pressed, tells who listens, shows a board, and lets go in the end."""
    server = simulator()
    made = form(session(server), prompt=FOX, chaos=[0, 100])
    seen: list[Any] = []
    made.on_run(lambda run: seen.append(weakref.ref(run)))
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    for _ in range(3):
        press(made, "run")
    until(made, ended)
    assert server.stats()["tasks"] == 4
    assert len(seen) == 1
    assert "4 of 4 done" in made.panel.progress["text"]
    assert made.panel.progress["alert"] == ""
    assert made.summary == "2 × 2 = 4 cells · 4 paid already · nothing to send"
    assert list(made.frame["state"]) == ["success"] * 4
    assert len(made._below.children) == 1
    assert [made.panel.outlook[name]["enabled"] for name in ("run", "resume", "retry")] == [False] * 3


def test_nothing_is_sent_at_a_price_that_nobody_saw(form, simulator, session) -> None:
    """A press on a button whose price has been overtaken by what was entered meanwhile sends nothing and says so."""
    server = simulator()
    made = form(session(server), prompt="a fox", chaos=[0])
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    page(made, fields={"chaos": "0..100 step 1"})
    press(made, "run", "Run 1 · $0.10")
    assert "it is now: Run 101 · $10.10" in until(made, lambda f: f.panel.progress["alert"])
    assert server.stats()["tasks"] == 0
    assert made.run is None


def test_stop_and_resume(form, simulator, session) -> None:
    """Stop keeps what is done; then Resume stands where Run stood, and pays for no cell twice."""
    server = simulator(speed=60)
    made = form(session(server, concurrency=2), prompt="a fox", chaos=list(range(6)))
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    press(made, "run")
    until(made, lambda f: f.panel.progress.get("done"))
    press(made, "stop")
    until(made, lambda f: f.panel.outlook["resume"]["enabled"] and not f.panel.progress["busy"])
    assert not made.panel.outlook["run"]["enabled"]
    assert made.panel.outlook["resume"]["text"].startswith("Resume")
    press(made, "resume")
    until(made, lambda f: ended(f) and "6 paid already" in f.summary)
    assert server.stats()["tasks"] == 6


def test_retry_failed(form, simulator, session) -> None:
    """Retry failed asks anew for what failed, with its price on the button, and for nothing else."""
    server = simulator()
    made = form(session(server), prompt="a {kind: fox, gore}", chaos=[0])
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    press(made, "run")
    until(made, lambda f: f.panel.outlook["retry"]["enabled"])
    assert made.panel.outlook["retry"]["text"] == "Retry 1 failed · $0.10"
    page(made, fields={"chaos": "0, 50"})
    until(made, lambda f: "4 cells" in f.summary and f.panel.outlook["retry"]["enabled"])
    before = server.stats()["tasks"]
    press(made, "retry")
    until(
        made, lambda f: f.run is None and not f.panel.progress["busy"] and server.stats()["tasks"] > before
    )
    assert server.stats()["tasks"] == before + 1


@pytest.fixture
def paid(simulator, session) -> Session:
    """A session on a gateway that costs money, as far as it knows."""
    server = simulator()
    return session(server, gateway="apixo", api_key="k")


def test_the_budget_of_a_paid_gateway(form, paid) -> None:
    """There the budget is what the plan needs until another is entered; one too small is refused, or run in part."""
    made = form(paid, prompt="a fox", chaos=[0, 50, 100])
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    assert made.panel.spec["paid"]
    assert made.panel.outlook["budget"] == "0.30"
    page(made, budget="0.2")
    said = until(made, lambda f: f.panel.reading["errors"].get("budget"))
    assert "the budget is $0.20" in said
    assert not made.panel.outlook["run"]["enabled"]
    page(made, partial=True)
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    assert "1 beyond the budget" in made.summary
    page(made, budget="")
    assert "budget" in until(made, lambda f: f.panel.reading["errors"].get("budget"))


def test_the_code_of_a_paid_gateway_has_its_budget(form, paid) -> None:
    """Where money is spent the code says how much at most, so that it runs as it is."""
    made = form(paid, prompt="a fox", chaos=[0, 50, 100])
    until(made, lambda f: "budget=0.3" in f.code)
    until(made, lambda f: "budget=0.3" in f.panel.reading["code"])


@pytest.mark.parametrize("entered", [None, "5"])
def test_a_mode_without_a_price(form, paid, entered: str | None) -> None:
    """Where money is spent and nobody knows the price, the form says how to give one, and names no budget."""
    made = form(paid, mode="vary", task_id="t-1", image_index=[0, 1], strength="subtle")
    page(made, budget=entered, skip=False)
    said = until(made, lambda f: f.panel.outlook["problem"])
    assert "no price for vary" in said
    assert 'prices={"vary": …}' in said
    assert made.panel.outlook["budget"] == ""
    assert not made.panel.outlook["run"]["enabled"]
    assert ("budget" in made.code) is (entered is not None)


def test_what_goes_wrong_is_said(form, simulator, session) -> None:
    """An error of the gateway stands in the form, with the words that the API has for it."""
    made = form(session(simulator(credit_usd=0)), prompt="a fox", chaos=[0, 1])
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    press(made, "run")
    assert "refused" in until(made, lambda f: f.panel.progress["alert"])
    assert made.run is None


def test_a_press_on_any_thread(form) -> None:
    """A press may come on a thread without a loop, and returns at once."""
    made = form(prompt="a fox")
    until(made, lambda f: f.panel.outlook["run"]["enabled"])
    other = threading.Thread(target=press, args=(made, "run"))
    other.start()
    other.join(2)
    assert not other.is_alive()
    until(made, ended)


def test_text_from_outside_is_text(form) -> None:
    """A prompt that looks like HTML is escaped in the still picture."""
    made = form(prompt="<script>alert(1)</script> fox")
    assert "<script>" not in made.still()["text/html"]
    assert "&lt;script&gt;" in made.still()["text/html"]


def test_a_still_picture(form) -> None:
    """What is left in a saved notebook are the summary and the code."""
    made = form(prompt="a fox", chaos=[0, 50])
    until(made, lambda f: "to send" in f.summary)
    still = made.still()
    assert "2 cells · 2 to send" in still["text/plain"]
    assert made.code in still["text/plain"]


def test_a_still_picture_after_a_run(form) -> None:
    """After a run its pictures are what is left, with summary and code in words."""
    made = form(prompt="a fox", chaos=[0, 50])
    made.start().result()
    until(made, lambda f: ended(f) and "image/jpeg" in f.still())
    still = made.still()
    with Image.open(io.BytesIO(still["image/jpeg"])) as sheet:
        assert min(sheet.size) > 100
    assert "2 of 2 done" in still["text/plain"]
    assert made.code in still["text/plain"]


@pytest.fixture
def renewed(monkeypatch) -> list[dict[str, Any]]:
    """What is put in the place of still pictures, in order."""
    told: list[dict[str, Any]] = []

    def display(bundle: dict[str, Any], *, update: bool = False, **_: Any) -> None:
        if update:
            told.append(bundle)

    monkeypatch.setattr("IPython.display.display", display)
    return told


def test_nothing_is_drawn_anew_under_somebodys_hands(form, renewed) -> None:
    """While somebody is at the form its still is not renewed, since that makes the page anew; when they leave it is."""
    made = form(prompt="a fox", chaos=[0])
    made._ipython_display_()
    made.panel.set_state({"watched": True})
    made.start().result()
    until(made, lambda f: ended(f) and "image/jpeg" in f.still())
    made._renew()
    assert renewed == []
    made.panel.set_state({"watched": False})
    until(made, lambda _: renewed)
    assert "image/jpeg" in renewed[-1]


def test_where_nobody_looks_the_end_is_drawn(form, renewed) -> None:
    """Where no page is open, as when a tool runs the notebook, the end is drawn at once."""
    made = form(prompt="a fox", chaos=[0])
    made._ipython_display_()
    made.start().result()
    until(made, lambda _: any("image/jpeg" in one for one in renewed))


def test_a_form_without_a_board(form, session) -> None:
    """Where its tiles are shown elsewhere, a form shows no board of its own."""
    made = SweepForm(session(), board=False)
    made.fill(prompt="a fox", chaos=[0])
    told: list[Any] = []
    made.on_run(lambda _: told.append(1))
    made.start().result()
    until(made, ended)
    assert told == [1]
    assert made._below.children == ()
    made.close()


def test_closing_leaves_nothing_open(session) -> None:
    """Of a closed form, and of the board that it has shown, no widget stays open."""
    before = still_open()
    made = SweepForm(session())
    made.fill(prompt="a fox", chaos=[0])
    made.start().result()
    until(made, lambda f: ended(f) and f._below.children)
    assert len(still_open() - before) > 10
    made.close()
    assert still_open() - before == set()


def still_open() -> set[str]:
    """Names of all widgets that a kernel holds."""
    known = getattr(ipywidgets.widgets.widget, "_instances", None)
    return set(ipywidgets.Widget.widgets if known is None else known)


def test_nothing_keeps_a_finished_run(form) -> None:
    """When a run has ended, nothing in the form holds it."""
    made = form(prompt="a fox", chaos=[0, 50])
    run = weakref.ref(made.start().result())
    until(made, ended)
    end = time.monotonic() + 10
    while run() is not None and time.monotonic() < end:
        gc.collect()
        threading.Event().wait(0.05)
    assert run() is None


def test_a_closed_form_is_let_go(session) -> None:
    """A form that was closed is no longer held by anything."""
    form = SweepForm(session())
    form.fill(prompt="a fox")
    gone = weakref.ref(form)
    form.close()
    del form
    end = time.monotonic() + 10
    while gone() is not None and time.monotonic() < end:
        gc.collect()
        threading.Event().wait(0.05)
    assert gone() is None


def test_a_field_that_is_not_there(form) -> None:
    """Filling in an unknown field is refused with the nearest name."""
    with pytest.raises(InvalidRequest, match="stylize"):
        form(stylise=5)
