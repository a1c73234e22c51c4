"""Sessions: every method as a notebook uses it, on one store from several places at once."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
import warnings
import weakref
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

import mjnb
from mjnb import errors
from mjnb.modes import Canvas, ImageToImage, RawRequest, TextToImage, Upscale
from mjnb.session import Session
from mjnb.tasks import Image, TaskState

FOX = TextToImage(prompt="a fox", version="v7")
MASK = {"areas": [{"width": 64, "height": 64, "points": [0, 0, 32, 0, 32, 32]}]}


# -- one task at a time --------------------------------------------------------------------------------------------


def test_a_picture_from_words(simulator, session):
    """`imagine` gives a finished task with four pictures on disk, its price and the values that held."""
    mj = session(simulator())
    task = mj.imagine("a fox", version=7, chaos=20).result()
    assert (task.state, task.simulated, task.gateway, task.price_usd) == ("success", True, "apixo", 0.10)
    assert task.request == TextToImage(
        prompt="a fox", version="v7", chaos=20, speed="fast", aspect="1:1", stylize=100, weird=0, enable_translation=False
    )  # fmt: skip
    assert [image.path.exists() for image in task.images] == [True] * 4
    assert 30 <= task.cost_time_s <= 45


def test_a_picture_from_pictures(simulator, session):
    """`imagine` takes references by URL or as pictures of earlier tasks."""
    mj = session(simulator())
    first = mj.imagine("a fox").result()
    second = mj.imagine("a fox in snow", [first.images[1], "https://example.com/a.jpg"]).result()
    assert isinstance(second.request, ImageToImage)
    assert second.request.image_urls == (first.images[1].url, "https://example.com/a.jpg")
    assert len(second.images) == 4


def test_the_pages_own_workflow(simulator, session):
    """Four pictures, one chosen and varied, one of those enlarged; each knows its parent."""
    mj = session(simulator())
    task = mj.imagine("a fox").result()
    varied = mj.vary(task, 2, strength="strong", prompt="a fox in snow").result()
    large = mj.upscale(varied.id, 0, kind="2x").result()
    assert (len(varied.images), len(large.images)) == (4, 1)
    assert large.images[0].width == 2 * varied.images[0].width
    assert mj.history()["parent"].tolist()[1:] == [task.id, varied.id]
    assert large.price_usd is None


@pytest.mark.parametrize("canvas", [None, {"width": 96, "height": 64}, Canvas(width=96, height=64)])
def test_part_of_a_picture_anew(simulator, session, canvas):
    """`inpaint` takes a picture of an earlier task, whose size is the canvas unless one is given."""
    mj = session(simulator())
    task = mj.imagine("a fox").result()
    place = None if canvas is None else {"width": 64, "height": 64, "x": 0, "y": 0}
    painted = mj.inpaint(task.images[0], "a red hat", MASK, canvas=canvas, img_pos=place).result()
    assert painted.images[0].width == (64 if canvas is None else 96)


@pytest.mark.parametrize("canvas", [(64, 64), 64, "64x64"])
def test_a_canvas_that_is_none(session, canvas):
    """A canvas that is no canvas is refused before anything is sent."""
    with pytest.raises(errors.InvalidRequest, match="canvas"):
        session().inpaint("https://example.com/a.jpg", "a hat", MASK, canvas=canvas)


def test_a_mode_without_a_class(simulator, session):
    """What a gateway enables on request goes through `RawRequest`; a gateway that has not enabled it refuses."""
    mj = session(simulator(extra_modes=True))
    task = mj.imagine("a fox").result()
    again = mj.wait(mj.submit(RawRequest("reroll", taskId=task.id)).result()).result()
    assert len(again.images) == 4
    assert again.request == RawRequest("reroll", taskId=task.id)
    strict = session(simulator())
    with pytest.raises(errors.RequestRefused, match="not enabled"):
        strict.submit(RawRequest("reroll", taskId=task.id)).result()


def test_a_wrong_value_is_refused_at_once(simulator, session):
    """What is not valid is refused by the call itself, and nothing is sent or written down."""
    server = simulator()
    mj = session(server)
    for call in (
        lambda: mj.imagine("a fox", chaos=101),
        lambda: mj.imagine("a fox --seed 5"),
        lambda: mj.imagine("a {red, blue} fox"),
        lambda: mj.vary("task_1", 4),
        lambda: mj.upscale("task_1", 0, kind="8x"),
        lambda: mj.imagine("a fox", speed="relaxed"),
        lambda: mj.wait(""),
        lambda: mj.download(None),
    ):
        with pytest.raises(errors.InvalidRequest):
            call()
    assert server.stats()["requests"]["submit"] == 0
    assert mj.store.all() == []


def test_reuse_is_asked_for(simulator, session):
    """A single call is a new task; with `reuse=True` an equal one is taken from the ledger, spelled however."""
    server = simulator()
    mj = session(server)
    first = mj.imagine("a fox", version=7).result()
    assert mj.imagine("a fox", version="v7", chaos=0, speed="fast", reuse=True).result().id == first.id
    assert mj.imagine("a fox --v 7", reuse=True).result().id == first.id
    assert mj.imagine("a fox", version=7).result().id != first.id
    assert server.stats()["charged"] == 2


# -- single steps --------------------------------------------------------------------------------------------------


def test_the_lifecycle_in_steps(simulator, session):
    """Submit, watch, wait, download, and a task rebuilt from its id."""
    mj = session(simulator(speed=100))

    async def cell() -> list[TaskState]:
        task = await mj.submit(FOX)
        assert (task.state, task.images) == (TaskState.PENDING, ())
        assert mj.task(task.id) == task
        states = [now.state async for now in mj.watch(task)]
        assert len((await mj.wait(task)).images) == 4
        (await mj.download(task.id)).images[0].path.unlink()
        assert (await mj.download(task.id)).images[0].path.exists()
        return states

    states = asyncio.run(cell())
    assert states[0] is TaskState.PENDING
    assert states[-1] is TaskState.SUCCESS
    assert len(states) == len(set(states))


def test_watching_a_failure_ends_with_it(simulator, session):
    """Watching yields a failed task as the last one instead of raising."""
    mj = session(simulator())

    async def cell() -> list[TaskState]:
        task = await mj.submit(TextToImage(prompt="gore", version="v7"))
        return [now.state async for now in mj.watch(task)]

    assert asyncio.run(cell())[-1] is TaskState.FAILED


def test_a_task_made_elsewhere(simulator, session, tmp_path):
    """A task id from another store is waited for, its pictures are kept, and it is in the history without a price."""
    server = simulator()
    made = session(server).submit(FOX).result()
    other = session(server, store=tmp_path / "other")
    assert other.task(made.id).state is TaskState.PENDING
    task = other.wait(made.id).result()
    assert len(task.images) == 4
    assert task.price_usd is None
    assert other.history()["task_id"].tolist() == [made.id]


def test_resume_after_close(simulator, session):
    """What was under way when a session was closed is taken up by the next one, for nothing."""
    server = simulator(speed=60)
    first = session(server)
    ids = {first.submit(FOX.replace(chaos=n)).result().id for n in range(3)}
    first.close().result()
    second = session(server)
    resumed = second.resume().result()
    assert {task.id for task in resumed} == ids
    assert all(len(task.images) == 4 for task in resumed)
    assert second.resume().result() == []
    assert server.stats()["charged"] == 3


def test_history(simulator, session):
    """The history holds every row, oldest first, failed ones with their reason, and sends nothing."""
    server = simulator()
    mj = session(server)
    mj.imagine("a fox").result()
    with pytest.raises(errors.ContentViolation):
        mj.imagine("gore").result()
    sent = server.stats()["requests"]
    frame = mj.history()
    assert frame["state"].tolist() == ["success", "failed"]
    assert frame["prompt"].tolist() == ["a fox", "gore"]
    assert frame["simulated"].all()
    assert frame.mj.stats()["n"].item() == 2
    assert server.stats()["requests"] == sent


# -- where it runs -------------------------------------------------------------------------------------------------


def test_without_a_key_it_is_the_simulator_and_says_so(capsys):
    """A session without a key anywhere prints that it is simulated and free; it makes its store where it stands."""
    mj = Session()
    said = capsys.readouterr().out
    assert "SIMULATED" in said
    assert "Nothing is charged" in said
    assert mj.simulated
    assert mj.store.root == Path.cwd() / "mjnb-data" / "simulated"
    mj.close().result()


def test_with_a_key_it_is_the_gateway_and_says_so(monkeypatch, capsys):
    """A key in the environment picks its gateway, which costs money, and the session says so; the key is nowhere."""
    monkeypatch.setenv("APIXO_API_KEY", "sk-secret-secret")
    mj = Session()
    said = capsys.readouterr().out
    assert "costs money" in said
    assert not mj.simulated
    assert mj.store.root == Path.cwd() / "mjnb-data"
    assert "sk-secret" not in f"{said}{mj!r}{mj.place!r}{vars(mj)!r}"
    mj.close().result()


def test_simulated_is_kept_apart(simulator, session, tmp_path):
    """Simulated rows and pictures lie in a folder of their own, and a real session does not see them."""
    session(simulator()).imagine("a fox").result()
    real = session(gateway="apixo", api_key="sk-a-key", base_url="https://api.apixo.ai")
    assert real.store.root == tmp_path / "store"
    assert len(real.history()) == 0
    assert not list((tmp_path / "store" / "pictures").iterdir())
    found = {folder.name for folder in (tmp_path / "store" / "simulated" / "pictures").iterdir()}
    assert len(found - {".parts"}) == 1  # the row's, beside the place where files are written first


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": 0}, {"concurrency": -1}, {"concurrency": 2.5}, {"concurrency": True}, {"requests_per_minute": 0},
        {"provider": "cheap"}, {"gateway": "nobody"}, {"time_scale": 0}, {"api_key": "a b"},
    ],
)  # fmt: skip
def test_settings_that_cannot_be(options):
    """A setting that cannot be is refused when the session is made."""
    with pytest.raises(errors.SetupError):
        Session(**{"gateway": "simulator", "quiet": True, **options})


def test_prices_of_ones_own(session):
    """Own prices by mode, by speed or by both come before the documented ones."""
    mj = session(prices={"upscale": 0.05, "turbo": 0.5, "text-to-image turbo": 0.25})
    assert mj.price_micro(FOX) == 100_000
    assert mj.price_micro(FOX.replace(speed="turbo")) == 250_000
    upscale = mjnb.Upscale(task_id="task_1", image_index=0, kind="2x")
    assert mj.price_micro(upscale) == 50_000
    assert session().price_micro(upscale) is None


def test_across_cells_and_loops(simulator, session):
    """One session serves several event loops one after the other, plain calls between them, and threads at once."""
    mj = session(simulator())

    async def cell() -> str:
        return (await mj.imagine("a fox")).id

    ids = {asyncio.run(cell()), asyncio.run(cell()), mj.imagine("a fox").result().id}
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(mj.imagine("a fox").result().id)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids | set(found)) == 9
    assert len(mj.history()) == 9


def test_as_a_context_manager(simulator, tmp_path):
    """`async with` closes the session; afterwards it says that it is closed."""
    server = simulator()

    async def cell() -> Session:
        async with Session(
            "simulator", base_url=server.url, time_scale=600, store=tmp_path, quiet=True
        ) as mj:
            await mj.imagine("a fox")
        return mj

    mj = asyncio.run(cell())
    with pytest.raises(errors.SetupError, match="closed"):
        mj.imagine("a fox").result()
    mj.close().result()  # once more is nothing


def test_closing_while_a_sweep_runs(simulator, session):
    """Closing a session stops its runs; their tasks are in the ledger and are taken up by the next session."""
    server = simulator(speed=30)
    mj = session(server)
    run = mjnb.Sweep("a fox", chaos=list(range(8))).start(mj)
    while server.stats()["charged"] < 8:
        time.sleep(0.01)
    mj.close().result()
    assert run.state == "stopped"
    other = session(server)
    assert len(mjnb.Sweep("a fox", chaos=list(range(8))).start(other).result()) == 8
    assert server.stats()["charged"] == 8


def test_another_working_directory(simulator, session, tmp_path, monkeypatch):
    """A session stays with its store when the working directory changes, and its frames' paths are good from there."""
    mj = session(simulator(), store="here")
    mj.imagine("a fox").result()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    mj.imagine("a fox").result()
    assert all(Path(path).exists() for images in mj.history()["images"] for path in images)
    assert list((tmp_path / "elsewhere").iterdir()) == []


# -- one store, several sessions -----------------------------------------------------------------------------------


def test_two_sessions_share_a_store_and_a_simulator(tmp_path):
    """Two sessions on one store in one process have one embedded simulator, which goes on until the last is closed."""
    one, two = (Session("simulator", store=tmp_path / "s", time_scale=2000, quiet=True) for _ in range(2))
    task = one.imagine("a fox").result()
    assert two.imagine("a fox", reuse=True).result().id == task.id
    one.close().result()
    assert len(two.vary(task, 0).result().images) == 4
    with pytest.raises(errors.SetupError, match="2000"):
        Session("simulator", store=tmp_path / "s", time_scale=500, quiet=True).imagine("a fox").result()
    two.close().result()
    three = Session("simulator", store=tmp_path / "s", time_scale=500, quiet=True)
    assert three.task(task.id).images == task.images
    three.close().result()


_KERNEL = """
import sys
import mjnb
mj = mjnb.Session("simulator", store=sys.argv[1], time_scale=1000, quiet=True)
frame = mjnb.Sweep("a fox", chaos=[0, 50, 100], version=["v7", "niji 7"]).start(mj).result()
print(frame["state"].eq("success").sum(), frame["task_id"].nunique(), len(mj.history()))
mj.close().result()
"""


def test_two_kernels_share_a_store(tmp_path):
    """Two processes run one sweep on one store, each with an embedded simulator: each cell is made once, both have all."""
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", _KERNEL, str(tmp_path / "s")], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert [kernel.communicate(timeout=60)[0] for kernel in kernels] == ["6 6 6\n"] * 2


def test_a_forgotten_session_goes_quietly(tmp_path):
    """A session that is never closed and forgotten takes its simulator with it, without a warning."""
    before = {thread.name for thread in threading.enumerate()}
    mj = Session("simulator", store=tmp_path / "s", time_scale=2000, quiet=True)
    mj.imagine("a fox").result()
    gone = weakref.ref(mj)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del mj
        gc.collect()
    assert gone() is None
    for thread in threading.enumerate():
        if thread.name in {"mjnb-goodbye", "mjnb-simulator"}:
            thread.join(5)
    assert {thread.name for thread in threading.enumerate()} - before <= {"mjnb-io"}


_EXIT = """
import sys, time
import mjnb
from mjnb.simulator import Fault, Server
server = Server(speed=60, short_side=64, faults=[Fault(on="submit", kind="slow", seconds=30)]).start()
mj = mjnb.Session("simulator", base_url=server.url, time_scale=60, store=sys.argv[1], quiet=True)
job = mj.submit(mjnb.TextToImage(prompt="a fox", version="v7"))
while not server.stats()["charged"]: time.sleep(0.01)
"""


def test_an_interpreter_that_ends_during_a_submission(tmp_path):
    """A script that ends while a submission is under way still writes down what it has bought, and says nothing."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _EXIT, str(tmp_path / "s")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    mj = Session("simulator", store=tmp_path / "s", quiet=True)
    assert mj.history()["state"].tolist() == ["pending"]
    mj.close().result()


# -- advice --------------------------------------------------------------------------------------------------------


def test_advice_is_given_once(session):
    """What the gateway's page advises against is said once a session, as a warning."""
    mj = session()
    with pytest.warns(mjnb.AdviceWarning, match="v6"):
        mj.prepare(FOX.replace(version="v6"))
    mj.prepare(FOX.replace(version="v6", chaos=5))  # a second warning would be an error here
    with pytest.warns(mjnb.AdviceWarning, match="English"):
        mj.prepare(FOX.replace(prompt="ein Fuchs im Schnee und ein Haus"))


def test_the_key_is_in_no_row(tmp_path):
    """What the ledger keeps of requests and replies holds no key, even if the gateway repeats it."""
    key = "sk-secret-secret"

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {key}"
        return httpx.Response(
            200, json={"code": 200, "message": f"hello {key}", "data": {"taskId": "task_1"}}
        )

    mj = Session("apixo", api_key=SecretStr(key), base_url="https://api.apixo.ai", store=tmp_path / "s",
                 transport=httpx.MockTransport(answer), quiet=True)  # fmt: skip
    mj.submit(FOX).result()
    mj.close().result()
    assert all(
        key.encode() not in path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()
    )


def test_a_picture_too_large_to_be_a_reference(session, tmp_path):
    """A kept picture over ten megabytes is refused as a reference before anything is sent; the page takes no larger one."""
    mj = session()
    large, small = tmp_path / "0.png", tmp_path / "1.png"
    for path, size in ((large, 10_000_001), (small, 10_000_000)):
        with path.open("wb") as file:
            file.truncate(size)
    with pytest.raises(errors.InvalidRequest, match=r"at most 10 MB.*Nothing was sent"):
        mj.imagine("a fox", [Image(0, "https://example.com/0.png", large)])
    task = mj.submit(
        ImageToImage(
            prompt="a fox", image_urls=mj._pictures([Image(1, "https://example.com/1.png", small)])
        )
    )
    assert task.result().state is TaskState.PENDING


def test_any_request_is_drawn_and_told_of(session):
    """`draw` takes a request of any mode, tells of the task in each state, and returns it finished."""
    mj, seen = session(), []
    task = mj.draw(TextToImage(prompt="a fox"), on_change=lambda task: seen.append(task.state)).result()
    assert (task.state, len(task.images)) == (TaskState.SUCCESS, 4)
    assert seen[0].is_running
    assert mj.draw(TextToImage(prompt="a fox"), reuse=True).result().id == task.id
    child = mj.draw(Upscale(task_id=task.id, image_index=1, kind="2x")).result()
    assert len(child.images) == 1
    with pytest.raises(errors.InvalidRequest, match="stand for several"):
        mj.draw(TextToImage(prompt="a {red, blue} fox"))


def test_a_listener_that_fails_costs_nothing(session):
    """An error in `on_change` is a warning; the paid task is waited for all the same."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        task = session().draw(TextToImage(prompt="a fox"), on_change=lambda _: 1 / 0).result()
    assert task.state == "success"
    assert "ZeroDivisionError" in str(caught[0].message)


def test_stars_stay(session):
    """Stars are kept in the ledger by task, and 0 takes them back."""
    mj = session()
    task = mj.imagine("a fox").result()
    mj.star(task, 4)
    mj.star("task_of_another_day", 2)
    mj.close().result()
    again = session()
    assert again.stars() == {task.id: 4, "task_of_another_day": 2}
    again.star(task.id, 0)
    assert again.stars() == {"task_of_another_day": 2}
    with pytest.raises(errors.InvalidRequest, match="from 0 to 5; nearest valid value: 5"):
        mj.star(task, 6)


def test_the_usual_time_is_learned(simulator, session):
    """What a task will take is the documented span until the ledger knows better, for its mode and speed."""
    mj = session(simulator())
    fast, turbo = TextToImage(prompt="a fox"), TextToImage(prompt="a fox", speed="turbo")
    assert (mj.usual_s(fast), mj.usual_s(turbo)) == (37.5, 20.0)
    task = mj.draw(fast).result()
    assert mj.usual_s(fast) == pytest.approx((task.completed - task.created).total_seconds())
    assert mj.usual_s(turbo) == 20.0
