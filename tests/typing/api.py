"""The public names as users write them: mypy's strict mode reads this file, nobody runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, assert_type

import pandas as pd

import mjnb
from mjnb.modes import Request


async def one_task_at_a_time() -> None:
    """Ask for pictures, and go on from them."""
    mj = mjnb.Session("simulator", store=Path("mjnb-data"), prices={"vary": 0.1}, timeout={"fast": 300.0})
    job = mj.imagine("a lighthouse at dusk", version="v7", chaos=20)
    assert_type(job, mjnb.Job[mjnb.Task])
    task = await job
    assert_type(task, mjnb.Task)
    assert_type(job.result(timeout=5), mjnb.Task)
    assert_type(mjnb.run(job), mjnb.Task)
    assert_type(
        await mj.imagine("warmer", [task.images[0], "https://example.com/a.png"], reuse=True), mjnb.Task
    )
    assert_type(
        await mj.inpaint(task.images[0], "a lamp", mjnb.Mask(url="https://example.com/m.png")), mjnb.Task
    )
    assert_type(
        await mj.inpaint("https://example.com/a.png", "a lamp", {"url": "https://example.com/m.png"}),
        mjnb.Task,
    )
    assert_type(await mj.vary(task, 2, strength="strong", prompt="warmer"), mjnb.Task)
    assert_type(await mj.upscale(task.id, 2, kind="4x"), mjnb.Task)


async def every_gateway() -> None:
    """The rest of the vocabulary, and what is known of the gateways."""
    mj = mjnb.Session("simulator:acedata", stream=True)
    task = await mj.imagine("a fox", [Path("mine.png")], seed=7, raw=True)
    picture = task.images[0]
    for job in (
        mj.reroll(task),
        mj.zoom(task, 0, ratio="1.5x"),
        mj.pan(task, 0, "left"),
        mj.remix(task.id, 0, "strong", "a wolf"),
        mj.blend([picture, "https://example.com/a.png"]),
        mj.edit(picture, "warmer", mjnb.Mask.box(0, 0, 9, 9, size=(10, 10))),
        mj.video(task, 0, motion="low"),
        mj.video("https://example.com/a.png", prompt="it turns"),
        mj.describe(picture),
        mj.shorten("a long prompt"),
        mj.translate("ein Fuchs"),
        mj.seed(task),
    ):
        assert_type(job, mjnb.Job[mjnb.Task])
    assert_type(task.texts, tuple[str, ...])
    assert_type(task.text, str)
    assert_type(task.progress, int | None)
    assert_type(mjnb.capabilities(), pd.DataFrame)
    assert_type(mjnb.parse("a fox --chaos 20"), Request)
    assert_type(mjnb.parse_all("a {red, blue} fox"), list[Request])
    assert_type(mjnb.to_prompt(mjnb.TextToImage(prompt="a fox")), str)


async def the_lifecycle_in_single_steps() -> None:
    """Submit, watch, wait, download, resume."""
    async with mjnb.Session(quiet=True) as mj:
        assert_type(mj, mjnb.Session)
        task = await mj.submit(mjnb.TextToImage(prompt="a fox", chaos=20))
        assert_type(task, mjnb.Task)
        assert_type(mj.watch(task), AsyncIterator[mjnb.Task])
        async for seen in mj.watch(task.id):
            assert_type(seen.state, mjnb.TaskState)
        assert_type(await mj.wait(task), mjnb.Task)
        assert_type(await mj.download(task), mjnb.Task)
        assert_type(await mj.resume(), list[mjnb.Task])
        assert_type(await mj.rescue(), mjnb.Rescue)
        assert_type(await mj.listen(), str | None)
        assert_type(mj.listening, str | None)
        assert_type(mj.task("task_1"), mjnb.Task)
        assert_type(mj.history(), pd.DataFrame)
        assert_type(mj.prepare(mjnb.TextToImage(prompt="a fox")), Request)
        assert_type(mj.close(), mjnb.Job[None])


async def a_sweep(mj: mjnb.Session) -> None:
    """Plan, start, stop, read."""
    sweep = mjnb.Sweep(
        "a lighthouse at {time: dawn, dusk}",
        chaos=[0, 50, 100],
        stylize=range(0, 1000, 250),
        version=["v7", "niji 7"],
    )
    plan = await sweep.plan(mj)
    assert_type(plan, mjnb.Plan)
    assert_type(plan.price_usd, float)
    run = sweep.start(mj, budget=5.00, on_budget="partial", retry="failed")
    assert_type(run, mjnb.Run)
    assert_type(run.progress, mjnb.Progress)
    run.stop()
    assert_type(await run, pd.DataFrame)
    assert_type(run.result(), pd.DataFrame)
    assert_type(await sweep.run(mj, budget=5.00), pd.DataFrame)
    assert_type(sweep.frame(mj), pd.DataFrame)
    assert_type(mjnb.read("sweep.parquet"), pd.DataFrame)
    assert_type(len(sweep), int)


def requests() -> None:
    """Write requests by hand."""
    fox = mjnb.TextToImage(
        prompt="a fox", version="v7", speed="fast", aspect="16:9", chaos=1, stylize=2, weird=3
    )
    assert_type(fox.replace(chaos=2), mjnb.TextToImage)
    assert_type(fox.given(), dict[str, Any])
    assert_type(mjnb.TextToImage.help(), str)
    area = mjnb.Area(width=9, height=9, points=(0, 0, 9, 0, 9, 9))
    paint = mjnb.UploadPaint(
        prompt="a lamp",
        image_urls=("https://example.com/a.png",),
        mask=mjnb.Mask(areas=(area,)),
        canvas=mjnb.Canvas(width=9, height=9),
        img_pos=mjnb.ImagePosition(width=9, height=9, x=0, y=0),
    )
    assert_type(paint.mask.areas, tuple[mjnb.Area, ...] | None)
    assert_type(mjnb.Vary(task_id="t", image_index=0, strength="subtle").prompt, str | None)
    assert_type(mjnb.Upscale(task_id="t", image_index=0, kind="2x").image_index, int)
    assert_type(mjnb.RawRequest("reroll", taskId="t").mode, str)


def what_goes_wrong(mj: mjnb.Session) -> None:
    """Catch by class, and read what an error holds."""
    try:
        mj.imagine("a fox").result()
    except mjnb.InvalidRequest as error:
        assert_type(error.field, str)
    except mjnb.ContentViolation as error:
        assert_type(error.fail_msg, str)
    except mjnb.TaskTimeout as error:
        assert_type(error.task_id, str)
    except mjnb.RateLimited as error:
        assert_type(error.retry_after, float | None)
    except mjnb.BudgetError as error:
        assert_type(error.price_usd, float)
    except mjnb.PictureError as error:
        assert_type(error.url, str)


def a_task(task: mjnb.Task) -> None:
    """Read what a task holds."""
    assert_type(task.cost_time_s, float | None)
    assert_type(task.price_usd, float | None)
    assert_type(task.images, tuple[mjnb.Image, ...])
    assert_type(task.images[0].path, Path | None)
    assert_type(task.state.is_finished, bool)


def widgets(mj: mjnb.Session, run: mjnb.Run, task: mjnb.Task, frame: pd.DataFrame) -> None:
    """Open everything that can be touched."""
    form = mjnb.RequestForm("text-to-image", mj, prompt="a fox", chaos=20)
    assert_type(form.generate().result(), mjnb.Task)
    assert_type(form.task, mjnb.Task | None)
    assert_type(mjnb.Studio(mj).form, mjnb.RequestForm)
    sweep = mjnb.SweepForm(mj, mjnb.TextToImage(prompt="a fox"))
    assert_type(sweep.run, mjnb.Run | None)
    assert_type(sweep.sweep, mjnb.Sweep)
    board = run.board(rows="chaos", cols="stylize", color="cost_time_s")
    assert_type(board, mjnb.SweepBoard)
    assert_type(mjnb.SweepBoard(frame, session=mj).selection, pd.DataFrame)
    painter = mjnb.MaskPainter(task.images[0], mjnb.Mask.box(0, 0, 9, 9, size=(64, 64)))
    assert_type(painter.mask, mjnb.Mask | None)
    assert_type(painter.canvas, mjnb.Canvas | None)
    assert_type(painter.coverage, float)
    assert_type(mjnb.Mask.ellipse(0, 0, 9, 9, size=task.images[0]), mjnb.Mask)


def stars(mj: mjnb.Session, task: mjnb.Task) -> None:
    """Draw any request, and say what came of it."""
    assert_type(mj.draw(mjnb.TextToImage(prompt="a fox")).result(), mjnb.Task)
    assert_type(mj.star(task, 5), None)
    assert_type(mj.stars(), dict[str, int])
