"""`%imagine` and `%%imagine` in a real IPython, though not in a kernel."""

from __future__ import annotations

import atexit
import json
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import mjnb
from mjnb.magics import load_ipython_extension, unload_ipython_extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mjnb.session import Session


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Iterator[InteractiveShell]:
    """An IPython with the magics, and no variables of anybody else."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    made = InteractiveShell(history_manager=None)
    load_ipython_extension(made)
    yield made
    unload_ipython_extension(made)
    made.atexit_operations()
    atexit.unregister(made.atexit_operations)  # it cannot be done twice


@pytest.fixture
def mj(shell: InteractiveShell, simulator, session) -> Session:
    """The user's session `mj`; `tasks()` counts what its simulator has taken."""
    server = simulator()
    opened = session(server)
    shell.user_ns |= {"mj": opened, "tasks": lambda: server.stats()["tasks"]}
    return opened


@pytest.fixture
def run(shell: InteractiveShell, capsys) -> Callable[..., str]:
    """Run cells and return what they print and say; `fails=True` if they must fail."""

    def run(code: str, *, fails: bool = False) -> str:
        capsys.readouterr()
        done = shell.run_cell(code)
        assert done.success is not fails, capsys.readouterr()
        return "".join(capsys.readouterr())

    return run


def test_a_cell_is_a_prompt(shell, mj, run) -> None:
    """The cell's words are drawn, its flags and those of the first line become fields, the task is in `task`."""
    said = run("%%imagine --chaos 20 --v 7\na lighthouse\nat dusk --ar 16:9\n")
    task = shell.user_ns["task"]
    wanted = mjnb.TextToImage(prompt="a lighthouse at dusk", chaos=20, version="v7", aspect="16:9")
    assert {**task.request.given(), **wanted.given()} == task.request.given()
    assert task.state == "success"
    assert len(task.images) == 4
    assert "$0.10 · about" in said
    assert "simulated" in said


def test_a_line_is_a_prompt(shell, mj, run) -> None:
    """The line magic draws one line, and its task can be given a name."""
    run("found = %imagine a fox --turbo\n%imagine --to other a fox --reuse --turbo")
    assert shell.user_ns["found"].request.speed == "turbo"
    assert shell.user_ns["other"].id == shell.user_ns["found"].id


def test_a_dry_run_sends_nothing(shell, mj, run) -> None:
    """`--dry-run` prints the body, the same in Python, price and time, and no task comes about."""
    said = run('%%imagine --dry-run --chaos 20\na fox {in} the "snow"\n')
    body = json.loads(said[said.index("{") : said.rindex("}") + 1].split("\n\n")[0])
    assert body["input"]["prompt"] == 'a fox in the "snow"'
    assert body["input"]["chaos"] == 20
    line = next(line for line in said.splitlines() if line.startswith("task = await "))
    assert shell.user_ns["tasks"]() == 0
    drawn = eval(line.removeprefix("task = await "), {"mj": mj}).result()
    assert drawn.request.prompt == 'a fox in the "snow"'
    assert "text-to-image · $0.10 · about" in said


def test_a_permutation_is_a_sweep(shell, mj, run) -> None:
    """A prompt of several is a sweep: its plan is told by a dry run, its frame is put into `frame`."""
    cell = "%%imagine {options}\na fox at {{time: dawn, dusk}}\n"
    said = run(cell.format(options="--dry-run"))
    assert "This would be 2 tasks" in said
    assert "price: $0.20" in said
    assert 'frame = await mjnb.Sweep("a fox at {time: dawn, dusk}").run(mj)' in said
    assert shell.user_ns["tasks"]() == 0
    run(cell.format(options="--to both"))
    assert list(shell.user_ns["both"]["time"]) == ["dawn", "dusk"]
    assert shell.user_ns["tasks"]() == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%imagine a fox --chaos 500", "chaos=500: an integer from 0 to 100; nearest valid value: 100"),
        ("%imagine a fox --seed 5", "seed=5: APIXO has no field for it"),
        ("%imagine a fox --chaos lots", "--chaos='lots': needs a whole number"),
        ("%imagine a fox --dry-runn", "--dry"),
        ("%imagine a {fox", "has no partner"),
        ("%imagine", "words, and flags only after them"),
        ("%imagine --chaos 5", "words, and flags only after them"),
        ("%%imagine a fox\nat dusk", "the prompt on the next"),
        ("%imagine a fox --to", "--to=None: needs a value"),
        ("%imagine a fox --to 5x", "the name of a variable"),
        ("%imagine a fox --budget lots", "US dollars"),
        ("%imagine a fox --budget nan", "US dollars"),
        ("%imagine a fox --budget inf", "US dollars"),
        ("%imagine a fox --budget -1", "US dollars"),
        ("%imagine a {red, blue} fox --budget nan", "US dollars"),
        ("%imagine a fox --to class", "the name of a variable"),
        ("%imagine a fox --to mj", "not of one that holds a session"),
        ("%imagine a fox --session None", "the name of a variable"),
        ("%%imagine —dry-run\na fox", "As an option: --dry-run"),
        ("%%imagine –dry-run\na fox", "As an option: --dry-run"),
        ("%%imagine — dry-run\na fox", "options and flags on the first line"),
        ("%%imagine -dry-run\na fox", "two hyphens"),
        ("%%imagine --chaos 5 —dry-run\na fox", "two hyphens"),
        ("%%imagine --dry_run\na fox", "As an option: --dry-run"),
        ("%imagine a fox —dry-run", "two hyphens"),
        ("%imagine a fox —budget 0.05", "As an option: --budget"),
        ("%imagine a fox –reuse", "As an option: --reuse"),
        ("%%imagine\na fox --dry-run", "on the first line"),
        ("%%imagine\na fox —dry-run", "on the first line"),
        ("%%imagine\na fox --budget 0.05", "on the first line"),
        ("%%imagine\n--to other\na fox", "on the first line"),
        ("%imagine a fox --session nobody", "nobody holds none"),
        ("%imagine a {red, blue} fox --budget 0.1", "the budget is $0.10"),
        ("%imagine a fox --budget 0.05", "the budget is $0.05"),
        ("%imagine a fox --gateway mars", "mars"),
    ],
)
def test_what_is_wrong_is_one_line(shell, mj, run, code: str, said: str) -> None:
    """What cannot be done is said in one line without a traceback, the cell is an error, nothing is sent."""
    told = run(code, fails=True)
    assert said in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1
    assert shell.user_ns["tasks"]() == 0


def test_a_dash_among_words_is_a_word(shell, mj, run) -> None:
    """A dash that stands before no option of ours, or apart from it, belongs to the prompt."""
    said = run("%%imagine --dry-run\na road — to nowhere, state-to-state, a dry-run creek —together\n")
    assert "a road — to nowhere, state-to-state, a dry-run creek —together" in said


def test_a_session_under_another_name_is_kept(shell, mj, run) -> None:
    """The result is not put over any variable that holds a session, whichever it runs on."""
    shell.user_ns["other"] = mj
    assert "holds a session" in run("%imagine a fox --to other", fails=True)
    assert shell.user_ns["other"] is mj
    assert shell.user_ns["tasks"]() == 0


def test_a_failed_task_is_one_line(shell, mj, run) -> None:
    """A task that the gateway's moderation refuses is told in one line, too, after its price."""
    told = run("%imagine gore", fails=True)
    assert "ContentViolation" in told
    assert "Traceback" not in told


def test_a_session_is_opened_where_there_is_none(shell, run, monkeypatch) -> None:
    """Without a session one is opened and bound to `mj`; another gateway's goes to a variable of its own."""
    monkeypatch.setenv("MJNB_GATEWAY", "simulator")
    run("%imagine --dry-run a fox")
    opened = shell.user_ns["mj"]
    assert isinstance(opened, mjnb.Session)
    run("%imagine --dry-run --gateway simulator a fox")
    other = shell.user_ns["mj_simulator"]
    assert other is not opened
    run("%imagine --dry-run --session mj_simulator a fox")
    for made in (opened, other):
        made.close().result()


def test_a_variable_of_the_users_is_left_alone(shell, run) -> None:
    """A variable `mj` that holds something else is not written over."""
    shell.user_ns["mj"] = "mine"
    assert "--session" in run("%imagine a fox", fails=True)
    assert shell.user_ns["mj"] == "mine"


def test_money_needs_a_budget(shell, simulator, session, run) -> None:
    """Where money is spent, a sweep needs its budget, and says how much it would be."""
    server = simulator()
    shell.user_ns["mj"] = session(server, gateway="apixo", api_key="k")
    assert "This would cost $0.20" in run("%imagine a {red, blue} fox", fails=True)
    assert server.stats()["tasks"] == 0
    run("%imagine --budget 0.20 a {red, blue} fox")
    assert server.stats()["tasks"] == 2


def test_help(shell, run) -> None:
    """`%imagine?` explains the magic; after unloading it is gone."""
    doc: Any = shell.magics_manager.magics["line"]["imagine"].__doc__
    assert "--dry-run" in doc
    unload_ipython_extension(shell)
    assert "imagine" not in shell.magics_manager.magics["cell"]
