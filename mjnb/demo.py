"""`mjnb demo`: the main job from end to end, on the embedded simulator."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from mjnb.session import Session
from mjnb.sweep import Sweep

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mjnb.runs import Run

__all__ = ["PROMPT", "demo"]

PROMPT = "a castle above the clouds at dusk"
_LOOK_S = 0.1


def demo(out: Path, *, console: Console | None = None) -> pd.DataFrame:
    """Run a sweep of chaos × stylize × version on the simulator and write what it found.

    Args:
        out: A folder for `report.html`, `sweep.csv`, `sweep.parquet`, `sheet.png` and the pictures; made if missing.
        console: Where to print.

    Returns:
        The frame, one row a task.
    """
    console = console or Console()
    out.mkdir(parents=True, exist_ok=True)
    session = Session("simulator", store=out, quiet=True)
    console.print(f"[bold]{session.place.announcement()}[/bold]", soft_wrap=True)
    sweep = Sweep(PROMPT, chaos=[0, 50, 100], stylize=[0, 250, 1000], version=["v7", "niji 7"])
    run = sweep.start(session, budget=5.00)
    console.print(f'"{PROMPT}"  {sweep!r}', soft_wrap=True, highlight=False)
    console.print(
        " · ".join(f"{name}: {value}" for name, value in run.plan.facts().items()),
        soft_wrap=True,
        highlight=False,
    )
    _follow(run, console)
    frame = run.result()
    session.close().result()
    console.print(_statistics(frame))
    _write(frame, out, console)
    return frame


def _follow(run: Run, console: Console) -> None:
    """Show a progress bar until the run has ended."""
    columns = (BarColumn(bar_width=40), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=len(run.plan.spots))
        while not run.done():
            progress = run.progress
            bar.update(task, completed=progress.done + progress.failed, description=progress.text())
            time.sleep(_LOOK_S)
        bar.update(task, completed=len(run.plan.spots), description=run.progress.text())


_COLUMNS = {
    "n": "n",
    "ok": "ok",
    "failed": "failed",
    "mean": "mean s",
    "median": "median s",
    "p90": "p90 s",
    "max": "max s",
}


def _statistics(frame: pd.DataFrame) -> Table:
    """Lay `cost_time_s` out by each axis, right-aligned, with units."""
    table = Table(
        title="cost_time_s (simulated)",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("axis", no_wrap=True)
    table.add_column("value", no_wrap=True)
    for head in (*_COLUMNS.values(), "spent"):
        table.add_column(head, justify="right", no_wrap=True)
    for axis in frame.mj.axes:
        for value, row in frame.mj.stats(axis).iterrows():
            numbers = [
                f"{row[name]:.1f}" if " s" in head else f"{row[name]:.0f}"
                for name, head in _COLUMNS.items()
            ]
            table.add_row(axis, str(value), *numbers, f"${row['spent']:.2f}")
        table.add_section()
    return table


def _write(frame: pd.DataFrame, out: Path, console: Console) -> None:
    """Write the report, the tables and the sheet, and say where."""
    from mjnb.accessor import beside

    saved = beside(frame, out)
    saved.to_csv(out / "sweep.csv", index=False)
    saved.to_parquet(out / "sweep.parquet")
    frame.mj.report(out / "report.html")
    frame.mj.sheet(rows="stylize", cols="chaos", facet="version").save(out / "sheet.png")
    pictures = sum(len(images) for images in frame["images"])
    written = {
        "report.html": "open it in a browser: re-choose rows, columns and facet, click a picture",
        "sheet.png": "the labelled contact sheet",
        "sweep.parquet": "the table, for mjnb.read(); sweep.csv is the same",
        "simulated/pictures": f"{pictures} simulated pictures",
    }
    for name, what in written.items():
        console.print(f"  [bold]{out / name}[/bold]  {what}", highlight=False, soft_wrap=True)
