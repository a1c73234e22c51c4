"""`%load_ext mjnb`, then `%%imagine`: a prompt with Midjourney's flags as the whole of a cell."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from mjnb.errors import BudgetError, InvalidRequest, MjnbError
from mjnb.prompts import parse, parse_template, split_flags
from mjnb.prompts.permutations import escape
from mjnb.session import Session
from mjnb.sweep import Sweep
from mjnb.tasks import money, seconds
from mjnb.widgets.sweepcode import call, literal, usd

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mjnb.modes import Request

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

HELP = """Draw what the cell says: a prompt, with Midjourney's flags at its end or on the first line.

    %%imagine --chaos 20 --v 7
    a lighthouse at dusk --ar 16:9

    %imagine a fox in the snow --turbo

The finished task is shown and put into the variable `task`. A prompt with `{a, b}` becomes a sweep: it is shown live,
its frame is put into `frame`, and where money is spent it needs `--budget`. Runs on your session `mj`; if there is
none, one is opened.

    --dry-run        say what would be sent, its price and the same in Python; send nothing
    --reuse          take an equal task from the ledger instead of paying for a new one (sweeps always do)
    --to NAME        put the result into another variable
    --session NAME   run on the session in that variable
    --gateway NAME   run on that gateway; its session is kept in the variable mj_NAME
    --budget USD     spend at most so much
"""

_OPTION = re.compile(
    r"(?<!\S)--(?:(?P<flag>dry-run|reuse)|(?P<name>session|gateway|to|budget)(?:\s+|=)(?P<value>(?!--)\S+))(?!\S)"
)
_MEANT = re.compile(  # an option as some keyboards write it, or in a place where it would be taken for the prompt
    r"(?<!\S)(?P<dashes>[-\u2010-\u2015\u2212]+)(?P<name>dry[-_\u2010-\u2015\u2212]?run|reuse|session|gateway|to|budget)(?![\w-])",
    re.IGNORECASE,
)
_LONELY = re.compile(r"(?<!\S)--(session|gateway|to|budget)(?:=|\s|$)")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one magic was asked for."""

    prompt: str
    dry_run: bool = False
    reuse: bool = False
    session: str = ""
    gateway: str = ""
    to: str = ""
    budget: float | None = None

    @property
    def holder(self) -> str:
        """The variable that holds, or will hold, the session."""
        return self.session or ("mj_" + re.sub(r"\W", "_", self.gateway) if self.gateway else "mj")


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register `%imagine` and `%%imagine`; IPython calls this at `%load_ext mjnb`."""
    from IPython.core.magic import MAGIC_NO_VAR_EXPAND_ATTR

    def imagine(line: str, cell: str | None = None) -> Any:
        return _told_in_one_line(ipython, line, cell)

    imagine.__doc__ = HELP
    setattr(imagine, MAGIC_NO_VAR_EXPAND_ATTR, True)  # braces are the prompt's
    register: Any = ipython.register_magic_function  # its types are lost on the way
    register(imagine, magic_kind="line_cell", magic_name="imagine")


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take the magics away again."""
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop("imagine", None)


def _told_in_one_line(ipython: InteractiveShell, line: str, cell: str | None) -> Any:
    """Do what the magic says; an error of ours comes out as itself, shown without a traceback."""
    try:
        return _imagine(ipython, _read(line, cell))
    except MjnbError as error:
        error._render_traceback_ = partial(_one_line, f"{type(error).__name__}: {error}")  # type: ignore[attr-defined]  # IPython asks for it
        raise


def _one_line(text: str) -> list[str]:
    return [text]


# -- reading -----------------------------------------------------------------------------------------------------


def _read(line: str, cell: str | None) -> _Wish:
    """Take our own options out of the first line; what is left are words or Midjourney's flags."""
    options: dict[str, str] = {}
    for found in _OPTION.finditer(line):
        name, value = found["flag"] or found["name"], found["value"] or "yes"
        options[name.replace("-", "_")] = value
    rest = _OPTION.sub("", line).strip()
    if lonely := _LONELY.search(rest):
        raise InvalidRequest(f"--{lonely[1]}", None, "needs a value")
    _no_option_in(rest, "an option has two hyphens and stands before its value")
    if cell is not None and split_flags(rest).text:
        raise InvalidRequest(
            "%%imagine", rest, "options and flags on the first line, the prompt on the next"
        )
    _no_option_in(cell or "", "an option stands on the first line, after %%imagine")
    words = rest if cell is None else f"{cell} {rest}"
    return _Wish(" ".join(words.split()), **_typed(options))


def _no_option_in(text: str, rule: str) -> None:
    """Refuse words that are meant as an option of ours, which would otherwise be drawn, and paid for.

    Raises:
        InvalidRequest: There is one.
    """
    if found := _MEANT.search(text):
        name = "dry-run" if found["name"].lower().startswith("dry") else found["name"].lower()
        raise InvalidRequest(
            "%imagine", found[0], rule, hint=f"As an option: --{name}. As words: a blank after the dash."
        )


def _typed(options: dict[str, str]) -> dict[str, Any]:
    """Read the options' values."""
    typed: dict[str, Any] = dict(options)
    for name in ("dry_run", "reuse"):
        typed[name] = name in options
    for name in ("to", "session"):
        if name in options and not _is_variable(options[name]):
            raise InvalidRequest(f"--{name}", options[name], "the name of a variable")
    if "budget" in options:
        typed["budget"] = usd("--budget", options["budget"])
    return typed


def _is_variable(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)


def _session(ipython: InteractiveShell, wish: _Wish) -> Session:
    """Find the session to run on in the user's variables, or open one and put it there."""
    variables = ipython.user_ns
    name = wish.holder
    if wish.to and (wish.to == name or isinstance(variables.get(wish.to), Session)):
        raise InvalidRequest("--to", wish.to, "the name of a variable, but not of one that holds a session")
    found = variables.get(name)
    if isinstance(found, Session):
        return found
    if wish.session or found is not None:
        raise InvalidRequest(
            "--session", name, f"the name of a variable that holds a session; {name} holds none"
        )
    opened = Session(wish.gateway or "auto")
    ipython.push({name: opened})
    return opened


# -- doing -------------------------------------------------------------------------------------------------------


def _imagine(ipython: InteractiveShell, wish: _Wish) -> Any:
    """Draw one task, or every variant of a prompt that stands for several."""
    if not split_flags(wish.prompt).text:
        raise InvalidRequest("prompt", wish.prompt, "words, and flags only after them")
    several = any(len(group.options) > 1 for group in parse_template(wish.prompt).groups)
    session = _session(ipython, wish)
    return (_sweep if several else _task)(ipython, wish, session)


def _task(ipython: InteractiveShell, wish: _Wish, session: Session) -> Any:
    request = session.prepare(parse(wish.prompt))
    if wish.dry_run:
        return _say_task(session, request, wish)
    _afford(session, request, wish.budget)
    _say(_cost(session, request))
    again = (
        request.replace(prompt=escape(request.given()["prompt"]))
        if "prompt" in request.given()
        else request
    )
    task = session.draw(again, reuse=wish.reuse).result()  # which reads the braces once more
    ipython.push({wish.to or "task": task})
    return task


def _afford(session: Session, request: Request, budget: float | None) -> None:
    """Hold a single task to its budget."""
    price = session.price_micro(request)
    if budget is None or (price is not None and price <= budget * 1e6):
        return
    raise BudgetError(
        f"It costs {money(price)}, the budget is {money(round(budget * 1e6))}. Nothing was sent.",
        price_usd=(price or 0) / 1e6, budget_usd=budget, unpriced=int(price is None),
    )  # fmt: skip


def _sweep(ipython: InteractiveShell, wish: _Wish, session: Session) -> None:
    """Run every variant of the prompt, shown live; the frame goes into a variable."""
    sweep = Sweep(wish.prompt)
    if wish.dry_run:
        return _say_sweep(session, sweep, wish)
    run = sweep.start(session, budget=wish.budget)
    run.show()
    ipython.push({wish.to or "frame": run.result()})
    return None


# -- saying ------------------------------------------------------------------------------------------------------


def _say(text: str) -> None:
    print(text)  # noqa: T201  (a magic speaks below its cell)


def _cost(session: Session, request: Request) -> str:
    """Say price and time in one line."""
    price = session.price_micro(request)
    said = "price unknown" if price is None else money(price)
    usual = seconds(session.usual_s(request) / session.place.time_scale)
    simulated = ["simulated"] if session.simulated else []
    return " · ".join([request.mode, said, f"about {usual}", *simulated])


def _say_task(session: Session, request: Request, wish: _Wish) -> None:
    """Print what would be sent, the same in Python, price and time."""
    named = {name: value for name, value in request.given().items() if name != "prompt"}
    named |= {"reuse": True} if wish.reuse else {}
    line = call(f"{wish.holder}.imagine", [literal(escape(request.given()["prompt"]))], named)
    _say(f"Nothing was sent. This would be:\n\n{_body(session, request)}\n")
    _say(f"{wish.to or 'task'} = await {line}\n{_cost(session, request)}")


def _say_sweep(session: Session, sweep: Sweep, wish: _Wish) -> None:
    """Print what the first cell would send, the same in Python, and the plan's facts."""
    plan = sweep.plan(session).result()
    budget = {} if wish.budget is None else {"budget": wish.budget}
    line = f"mjnb.Sweep({literal(wish.prompt)}){call('.run', [wish.holder], budget)}"
    first = _body(session, plan.spots[0].request)
    _say(f"Nothing was sent. This would be {len(plan.spots)} tasks, the first of them:\n\n{first}\n")
    _say(f"{wish.to or 'frame'} = await {line}")
    _say(" · ".join(f"{name}: {value}" for name, value in plan.facts().items()))


def _body(session: Session, request: Request) -> str:
    body = session.dialect.submit(request, session.envelope).body
    return json.dumps(body, indent=2, ensure_ascii=False)
