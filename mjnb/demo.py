"""`mjnb demo`: the main job from end to end, on the embedded simulator."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from mjnb.session import Session
from mjnb.sweep import Sweep

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mjnb.run import Run

__all__ = ["PROMPT", "demo"]

PROMPT = "a lighthouse on a cliff at dusk"
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
    console.print(f"[bold]{session.place.announcement()}[/bold]")
    sweep = Sweep(PROMPT, chaos=[0, 50, 100], stylize=[0, 250, 1000], version=["v7", "niji 7"])
    run = sweep.start(session, budget=5.00)
    console.print(f"{sweep!r}\n{'; '.join(f'{name}: {value}' for name, value in run.plan.facts().items())}")
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


def _statistics(frame: pd.DataFrame) -> Table:
    """Lay `cost_time_s` out by each axis, right-aligned with its unit."""
    table = Table(title="cost_time_s by axis value (simulated)", title_justify="left")
    table.add_column("axis")
    table.add_column("value")
    names = ("n", "ok", "failed", "mean", "median", "p90", "max", "spent")
    for name in names:
        table.add_column(name, justify="right")
    for axis in frame.mj.axes:
        for value, row in frame.mj.stats(axis).iterrows():
            times = [f"{row[name]:.1f} s" for name in names[3:7]]
            counts = [f"{row[name]:.0f}" for name in names[:3]]
            table.add_row(axis, str(value), *counts, *times, f"${row['spent']:.2f}")
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
    console.print(f"{pictures} simulated pictures are in {out}/simulated/pictures. Written beside them:")
    for name in ("report.html", "sweep.csv", "sweep.parquet", "sheet.png"):
        console.print(f"  {out / name}")
    console.print(
        f"Open {out / 'report.html'} in a browser; read the numbers with mjnb.read('{out / 'sweep.parquet'}')."
    )
