"""The command line: `mjnb demo`, `mjnb lab`, `mjnb simulate`, `mjnb history`, `mjnb doctor`."""

from __future__ import annotations

import sys
import threading
from contextlib import chdir
from pathlib import Path
from typing import Annotated

import typer

import mjnb
from mjnb.errors import MjnbError, legible

__all__ = ["app", "main", "whereto"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def _top(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False
) -> None:
    """Explore Midjourney: sweeps, pictures that stay, and a simulator for those without a key."""
    if version:
        print(mjnb.__version__)
        raise typer.Exit


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option(help="Folder for the report, the tables, the sheet and the pictures.")
    ] = Path("demo"),
) -> None:
    """Run a real sweep on the embedded simulator; needs no key and costs nothing."""
    from mjnb.demo import demo as run_demo

    run_demo(out)


@app.command()
def lab(
    folder: Annotated[Path, typer.Argument(help="Where the copies go.")] = Path("mjnb-notebooks"),
    *,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address only.")] = False,
    port: Annotated[
        int | None, typer.Option(help="Port on 127.0.0.1; 8888 or the next free one if not given.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Write numbered copies beside notebooks that you changed.")
    ] = False,
    allow_root: Annotated[
        bool, typer.Option("--allow-root", help="Let Jupyter run as root, as in containers.")
    ] = False,
) -> None:
    """Open JupyterLab on copies of the notebooks; never over a copy of yours."""
    from mjnb.lab import copy_notebooks, need_lab, open_lab

    need_lab()
    print(copy_notebooks(folder, fresh=fresh).text())
    print(whereto(folder))
    sys.stdout.flush()
    open_lab(folder, browser=not no_browser, port=port, as_root=allow_root)


def whereto(folder: Path) -> str:
    """Say where the notebooks of a folder will speak to: their kernels run there, and read the `.env` that lies there.

    Raises:
        SetupError: They could not open a session, since what is set there makes no sense.
    """
    from mjnb.settings import find_place

    with chdir(folder):
        place = find_place()
    if place.simulated:
        return "No key is needed: everything runs on the simulator and costs nothing."
    said = place.announcement().removeprefix("mjnb: ")
    return f"A key was found: where a notebook opens mjnb.Session(), it is {said}"


@app.command()
def simulate(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8787,
    speed: Annotated[float, typer.Option(help="Gateway seconds in one second.")] = 30.0,
    api_key: Annotated[
        str | None, typer.Option(help="Accept this key alone; without it any key will do.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="File that keeps tasks across restarts.")] = None,
) -> None:
    """Serve the simulated gateways until Ctrl-C, for other programs to talk to."""
    from mjnb.gateways import NAMES
    from mjnb.simulator import Server

    with Server(port=port, speed=speed, api_key=api_key, state=state) as server:
        print(
            f"Simulated gateways at {server.url} ({speed:g}× clock). Nothing here is real. Ctrl-C ends it."
        )
        for name in NAMES:
            print(
                f'  mjnb.Session("simulator:{name}", base_url="{server.url}/{name}", time_scale={speed:g})'
            )
        sys.stdout.flush()
        for_ever = threading.Event()
        while not for_ever.wait(
            0.5
        ):  # in steps: a signal that comes right before an endless wait is never heard
            pass


@app.command()
def history(
    store: Annotated[Path, typer.Option(help="The store's folder.")] = Path("mjnb-data"),
    *,
    simulated: Annotated[bool, typer.Option(help="The simulated part of it.")] = False,
) -> None:
    """Print what the ledger holds, oldest first; sends nothing."""
    from mjnb.rows import frame
    from mjnb.store import Store

    root = store / "simulated" if simulated else store
    if not (root / "ledger.sqlite").exists():
        raise typer.BadParameter(f"{root} holds no ledger; give its folder with --store, or --simulated")
    ledger = Store(root)
    names = ["created", "mode", "state", "cost_time_s", "price_usd", "task_id"]
    table = frame(ledger.all())[names].to_string(index=False)
    print("\n".join(legible(line) for line in table.split("\n")))
    ledger.close()


@app.command()
def doctor(
    store: Annotated[Path, typer.Argument(help="The store's folder.")] = Path("mjnb-data"),
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be; a damaged ledger is copied aside before.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Compare pictures by their size only.")] = False,
) -> None:
    """Say whether a store is whole, and with --repair mend it; sends and deletes nothing."""
    from mjnb.doctor import check

    reports = check(store, repair=repair, quick=quick)
    print("\n".join(report.text() for report in reports))
    raise typer.Exit(max(report.exit_code for report in reports))


def main() -> None:
    """Run the command line; our own errors come out as one line, without a traceback."""
    try:
        app()
    except (MjnbError, OSError) as error:
        print(f"mjnb: {legible(str(error))}", file=sys.stderr)
        raise SystemExit(1) from None
