"""The door: what `import mjnb` gives, and what it does not load."""

from __future__ import annotations

import inspect
import json
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import mjnb

HEAVY = ("pandas", "numpy", "matplotlib", "ipywidgets", "anywidget", "IPython", "httpx", "pydantic", "PIL", "starlette", "uvicorn", "nest_asyncio", "typer", "rich")  # fmt: skip
PROMISED = {
    "Session", "Job", "TextToImage", "ImageToImage", "UploadPaint", "Vary", "Upscale", "RawRequest", "Task", "TaskState",
    "Sweep", "Run", "read", "run", "allow_nested_loops", "MjnbError",
    "Reroll", "Blend", "Describe", "Edit", "Inpaint", "Zoom", "Pan", "Remix", "Video", "Shorten", "Translate", "SeedOf",
    "capabilities", "parse", "parse_all", "to_prompt", "PromptBlocked",
    "RequestForm", "MaskPainter", "SweepForm", "SweepBoard", "Studio", "load_ipython_extension",
}  # fmt: skip


def in_a_fresh_interpreter(code: str):
    """Run code in an interpreter of its own, and return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_names():
    """`__all__` is sorted, without repetition, and holds what the design promises."""
    assert list(mjnb.__all__) == sorted(set(mjnb.__all__))
    assert set(mjnb.__all__) >= PROMISED
    assert set(mjnb.__all__) <= set(dir(mjnb))


@pytest.mark.parametrize("name", mjnb.__all__)
def test_every_name_is_there_and_explains_itself(name):
    """Every public name can be had, is public in its own room, and has a docstring of its own."""
    for room in (
        "sweep",
        "session",
        "accessor",
    ):  # whatever was loaded before, a name is not taken for a room
        import_module(f"mjnb.{room}")
    value = getattr(mjnb, name)
    assert not inspect.ismodule(value)
    room = import_module(value.__module__)
    assert name in room.__all__
    own = value.__doc__ if inspect.isclass(value) else inspect.getdoc(value)
    assert own
    assert not own.startswith(
        f"{name}("
    )  # a dataclass writes its signature there if nobody writes a docstring


@pytest.mark.parametrize("name", [name for name in mjnb.__all__ if inspect.isclass(getattr(mjnb, name))])
def test_every_public_method_explains_itself(name):
    """Every method and property that a class of ours adds has a docstring."""
    cls = getattr(mjnb, name)
    bare = [
        f"{name}.{key}"
        for key, member in vars(cls).items()
        if not key.startswith(("_", "model_")) and (callable(member) or isinstance(member, property | classmethod | staticmethod))
        and not inspect.getdoc(member)
    ]  # fmt: skip
    assert bare == []


def test_no_name_is_a_rooms():
    """No public name is a room's: importing the room would put the module in the name's place."""
    rooms = {module.name for module in pkgutil.iter_modules(mjnb.__path__)}
    assert rooms & set(mjnb.__all__) == set()


def test_type_checkers_see_the_same_names():
    """The names that editors and type checkers are told are the names that there are."""
    told = re.findall(r"import \(?\s*(\w+) as \1", Path(mjnb.__file__).read_text("utf-8"))
    assert sorted(told) == list(mjnb.__all__)


def test_a_name_that_is_not_there():
    """Another name is an `AttributeError`, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'Sesion'"):
        _ = mjnb.Sesion


def test_importing_loads_nothing_heavy():
    """`import mjnb` loads none of the libraries that take time."""
    code = f"import sys, json, mjnb; print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    assert in_a_fresh_interpreter(code) == []


def test_a_session_opens_without_the_drawing_libraries():
    """Opening a session loads neither matplotlib nor widgets nor pandas."""
    code = (
        "import sys, json, mjnb, tempfile\n"
        "mj = mjnb.Session('simulator', store=tempfile.mkdtemp(), quiet=True); mj.close().result()\n"
        "print(json.dumps([name for name in ('pandas', 'matplotlib', 'ipywidgets', 'IPython') if name in sys.modules]))"
    )
    assert in_a_fresh_interpreter(code) == []


@pytest.mark.parametrize("order", ["import pandas, mjnb", "import mjnb, pandas; mjnb.read"])
def test_frames_know_their_pictures(order):
    """`df.mj` is there once both libraries are, whichever came first."""
    code = f"import json; {order}; print(json.dumps(hasattr(pandas.DataFrame, 'mj')))"
    assert in_a_fresh_interpreter(code) is True


@pytest.mark.parametrize("first", ["import mjnb, pandas as pd", "import pandas as pd, mjnb"])
def test_frames_have_pictures_whichever_is_imported_first(first):
    """`df.mj` is there for any frame, in whichever order pandas and mjnb were imported."""
    code = f"{first}; print(hasattr(pd.DataFrame(columns=['cell', 'state', 'images']), 'mj'))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n", done.stderr


def test_pandas_and_the_accessor_do_not_wait_for_each_other():
    """Two threads may load pandas and the room of `df.mj` at the same moment, in either order."""
    code = """
import json, sys, threading, mjnb
failed, begin = [], threading.Barrier(2)
def load(name):
    begin.wait()
    try:
        __import__(name)
    except BaseException as error:
        failed.append(repr(error))
threads = [threading.Thread(target=load, args=(name,)) for name in ("pandas", "mjnb.accessor")]
for thread in threads: thread.start()
for thread in threads: thread.join(30)
import pandas
print(json.dumps([failed, hasattr(pandas.DataFrame, "mj")]))
"""
    assert in_a_fresh_interpreter(code) == [[], True]
