"""Everything that an error, an object or a folder could show to somebody: for tests that look for a key in it."""

from __future__ import annotations

import io
import logging
import pickle
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.traceback import Traceback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

TESTS = str(Path(__file__).parent)
_DEEPEST = 4


def shown_of_error(error: BaseException, *, rendered: bool = True) -> str:
    """Return what any viewer could show of an error: its text, its pickle, and the variables of every frame that it knows.

    Args:
        error: The error.
        rendered: Also as rich and IPython draw tracebacks with their variables, which takes a second.
    """
    error = error.with_traceback(_from_ours(error.__traceback__))
    parts = ["".join(traceback.format_exception(error)), repr(error), str(error), *_frames(error, set())]
    parts += [_rich(error), _verbose(error)] if rendered else []
    with suppress(TypeError, AttributeError, pickle.PicklingError):
        parts.append(repr(pickle.dumps(error)))
    return "\n".join(parts)


def _from_ours(trace: TracebackType | None) -> TracebackType | None:
    """Leave out the test's own frames, which know the key."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(TESTS):
        trace = trace.tb_next
    return trace


def _frames(error: BaseException | None, seen: set[int]) -> Iterator[str]:
    """Yield every variable of every frame, of causes and contexts too, and what the errors themselves hold."""
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield repr(error.args) + inside(error.__dict__)
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if not frame.f_code.co_filename.startswith(TESTS):
            for name, value in dict(frame.f_locals).items():
                yield f"{frame.f_code.co_qualname} {name} = {inside(value)}"
        trace = trace.tb_next
    yield from _frames(error.__cause__, seen)
    yield from _frames(error.__context__, seen)


def inside(value: Any, deep: int = 0) -> str:
    """Return an object's repr, and the reprs of what it holds, some floors down."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001  (somebody else's object, half made)
        text = repr(error)
    if deep < _DEEPEST and type(value).__module__.startswith("mjnb"):
        held = {name: getattr(value, name, None) for name in getattr(type(value), "__slots__", ())}
        text += "".join(
            inside(one, deep + 1) for one in {**held, **getattr(value, "__dict__", {})}.values()
        )
    return text


def _rich(error: BaseException) -> str:
    console = Console(file=io.StringIO(), width=400)
    console.print(
        Traceback.from_exception(
            type(error), error, error.__traceback__, show_locals=True, locals_max_length=1000, locals_max_string=100_000
        )
    )  # fmt: skip
    return console.file.getvalue()


def _verbose(error: BaseException) -> str:
    """Return what IPython shows under `%xmode Verbose`."""
    from IPython.core.ultratb import VerboseTB

    with suppress(Exception):  # it finds no source for some frames
        return str(VerboseTB(include_vars=True).text(type(error), error, error.__traceback__))
    return ""


def bytes_of(folder: Path) -> bytes:
    """Return the bytes of every file in a folder, and their names."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(str(path).encode() + path.read_bytes() for path in files)


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Collect what every logger there is says at its lowest level."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(f"{record.name} {record.getMessage()} {record.args!r} {record.exc_text}")

    listener, root = Listener(level=0), logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in list(root.manager.loggerDict))]
    before = [(one, one.level) for one in loggers]
    for one in loggers:
        one.setLevel(1)
    root.addHandler(listener)
    try:
        yield said
    finally:
        root.removeHandler(listener)
        for one, level in before:
            one.setLevel(level)
