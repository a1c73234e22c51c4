"""What comes of a form on each gateway: words, clips, follow-ups that the task offers, and progress as the gateway tells it."""

from __future__ import annotations

import html
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from form_helpers import speaking, wait_for
from test_form_fields import png

from mjnb.errors import InvalidRequest
from mjnb.modes import TextToImage
from mjnb.simulator import Server
from mjnb.studio import Studio
from mjnb.tasks import Task, TaskState
from mjnb.widgets.followups import actions
from mjnb.widgets.forms import RequestForm
from mjnb.widgets.pyline import as_python
from mjnb.widgets.results import look, read_clip
from mjnb.widgets.working import Working

if TYPE_CHECKING:
    from collections.abc import Callable

    import mjnb

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def at(simulator, session) -> Callable[..., mjnb.Session]:
    """Open a session with a gateway: `at("acedata")`."""
    return lambda gateway, **options: speaking(simulator, session, gateway, **options)


@pytest.fixture
def form():
    """Make forms that are closed in the end."""
    made: list[RequestForm] = []

    def make(mode: Any, mj: mjnb.Session, **values: Any) -> RequestForm:
        made.append(RequestForm(mode, mj, **values))
        return made[-1]

    yield make
    for one in made:
        one.close()


# -- words ---------------------------------------------------------------------------------------------------------


def test_a_description_becomes_a_prompt(at, form):
    """Describing a picture shows four prompts; one of them fills a form for pictures, its flags read as fields."""
    mj = at("acedata")
    task = mj.imagine("a fox").result(timeout=20)
    made = form("describe", mj, image_urls=task.images[0])
    answer = made.generate().result(timeout=20)
    (view,) = made.outcome.views
    assert view.facts["texts"] == list(answer.texts)
    assert len(answer.texts) == 4
    assert set(view.actions) == {"use as prompt", "use these settings"}
    view._handle_custom_msg({"press": "use as prompt", "index": 2}, [])
    opened = made.outcome.results.children[1]
    assert (opened.model, opened.values) == (TextToImage, {"prompt": answer.texts[2]})
    assert opened.request.aspect == "1:1"
    view._handle_custom_msg({"press": "use as prompt", "index": 4}, [])
    assert "0 to 3" in view.error


def test_in_the_studio_it_goes_into_its_tab(at):
    """In the studio a description goes into the tab for new pictures, and leaves what is chosen there as it is."""
    mj = at("acedata")
    studio = Studio(mj)
    url = mj.imagine("a fox").result(timeout=20).images[0].url
    studio.turn_to("text-to-image", chaos=30)
    studio.turn_to("describe", image_urls=[url])
    answer = studio.form.generate().result(timeout=20)
    studio.form.outcome.views[0].press("use as prompt", 1)
    assert studio.mode == "text-to-image"
    assert studio.form.values == {"prompt": answer.texts[1], "chaos": 30}
    studio.close()


def test_a_picture_is_described_by_one_press(at, form):
    """Describing is offered at every picture with its price, and its answer stands below it."""
    mj = at("apimart")
    made = form("text-to-image", mj, prompt="a fox")
    made.generate().result(timeout=20)
    view = made.outcome.views[0]
    assert view.actions["describe"].price == "$0.055"
    view.press("describe", 3)
    answer = made.job.result(timeout=20)
    assert answer.texts
    assert [one.task.id for one in made.outcome.views][1] == answer.id


def test_a_seed_is_an_answer(at, form):
    """The seed of a task is an action whose answer is text; it fills in the same request with that seed."""
    made = form("text-to-image", at("acedata"), prompt="a fox", chaos=20)
    made.generate().result(timeout=20)
    made.outcome.views[0].press("seed")
    answer = made.job.result(timeout=20)
    view = made.outcome.views[1]
    assert view.facts["texts"] == [answer.text]
    view.press("use as seed")
    opened = next(one for one in made.outcome.results.children if isinstance(one, RequestForm))
    assert opened.values == {"prompt": "a fox", "chaos": 20, "seed": int(answer.text)}
    assert not opened._body.absent.is_open


def test_an_answer_is_text_whatever_it_holds(at):
    """Words that look like a script are escaped in the still picture, and literal braces stay literal in a prompt."""
    mj = at("acedata")
    task = mj.shorten("a {red} fox in the snow").result(timeout=20)
    odd = replace(task, texts=(HOSTILE, "a {red} fox"))
    view = RequestForm("shorten", mj).outcome
    view._add(look(mj, odd), None)
    shown = view.views[0].still()
    assert HOSTILE not in shown["text/html"]
    assert html.escape(HOSTILE) in shown["text/html"]
    use = next(one for one in actions(mj, odd) if one.name == "use as prompt")
    assert use.values_for(1) == {"prompt": "a \\{red\\} fox"}


# -- clips ---------------------------------------------------------------------------------------------------------


def test_a_clip_is_played_from_its_bytes(at, form):
    """A clip stands there as its poster with its size; its bytes travel when somebody presses play."""
    mj = at("apimart")
    made = form("text-to-image", mj, prompt="a fox")
    made.generate().result(timeout=20)
    made.outcome.views[0].press("video…", 1)
    opened = made.outcome.results.children[1]
    task = opened.generate().result(timeout=30)
    (view,) = opened.outcome.views
    assert opened.values == {"task_id": made.task.id, "image_index": 1}
    assert "MB" in view.facts["clips"][0]
    assert view._seen.thumbs[0][:4] == b"RIFF"
    sent: list[Any] = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    for index in (9, 0):
        view._handle_custom_msg({"clip": index}, [])
    wait_for(lambda: sent)
    content, (data,) = sent[0]
    assert content == {"clip": 0, "type": "video/webm"}
    assert (data, len(sent)) == (task.images[0].path.read_bytes(), 1)
    assert "▶ clip" in view.still()["text/html"]


def test_a_clip_that_is_gone_says_so(at, form):
    """A clip whose file is gone is told in the view, and nothing is raised; what is no clip is not read."""
    mj = at("acedata")
    task = mj.imagine("a fox").result(timeout=20)
    made = form("video", mj, image_urls=task.images[0])
    made.generate().result(timeout=30)
    (view,) = made.outcome.views
    view.task.images[0].path.unlink()
    view._handle_custom_msg({"clip": 0}, [])
    wait_for(lambda: "Clip 0 cannot be played" in view.error)
    with pytest.raises(Exception, match="no clip"):
        read_clip(task.images[0])


def test_only_a_clip_is_gone_on_from_like_a_clip(at, form):
    """Of a video nothing is offered but to go on from its end, where the gateway has that, to ask again, and its settings."""
    for gateway, offered in (
        ("acedata", {"extend…", "reroll", "use these settings"}),
        ("apimart", {"reroll", "use these settings"}),
    ):
        mj = at(gateway)
        task = mj.imagine("a fox").result(timeout=20)
        clips = mj.video(task, 0).result(timeout=30)
        found = {one.name: one for one in actions(mj, clips)}
        assert set(found) == offered
        if "extend…" in found:
            values = found["extend…"].values_for(0)
            assert values == {"task_id": clips.id, "image_index": 0, "extend": True}


def test_the_display_of_a_task_plays_its_clips(at, tmp_path):
    """A task's display has its words as a list, its clips with the poster inline, everything escaped."""
    mj = at("apimart", store=tmp_path / "data")
    picture = mj.imagine("a fox").result(timeout=20)
    clips = mj.video(picture, 0).result(timeout=30)._repr_html_()
    assert '<video controls preload="none" poster="data:image/webp;base64,' in clips
    assert 'src="data:video/webm;base64,' in clips
    assert str(tmp_path) not in clips
    words = replace(picture, images=(), texts=(HOSTILE, "two"))._repr_html_()
    assert words.count("<li>") == 2
    assert HOSTILE not in words


# -- going on ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", ["acedata", "apimart"])
def test_what_a_task_does_not_offer_has_a_reason(at, gateway):
    """Every mode that goes on from a picture is there; what the task does not offer has the reason and cannot be pressed."""
    mj = at(gateway)
    sheet = mj.imagine("a fox").result(timeout=20)
    found = {one.name: one for one in actions(mj, sheet)}
    assert {
        "vary subtle",
        "upscale standard",
        "inpaint…",
        "zoom 2x",
        "pan left",
        "describe",
        "video…",
        "reroll",
    } <= set(found)
    refused = {name for name, one in found.items() if one.reasons}
    assert refused == {
        "upscale creative", "upscale 2x", "upscale 4x", "inpaint…", "zoom 1.5x", "zoom 2x",
        "pan left", "pan right", "pan up", "pan down",
    }  # fmt: skip
    assert all("pscale" in found[name].reasons[0] for name in refused)
    assert "Nothing was sent" not in str([one.reasons for one in found.values()])
    large = mj.upscale(sheet, 1).result(timeout=20)
    now = {one.name: one for one in actions(mj, large)}
    assert not now["zoom 2x"].reasons
    assert not now["pan left"].reasons
    assert not now["inpaint…"].reasons


def test_what_is_not_offered_cannot_be_pressed(at, form):
    """A page that presses it all the same is told the reason, and nothing is sent."""
    mj = at("acedata")
    made = form("text-to-image", mj, prompt="a fox")
    made.generate().result(timeout=20)
    view = made.outcome.views[0]
    before = made.job
    view._handle_custom_msg({"press": "zoom 2x", "index": 0}, [])
    assert "zoom is not on offer; this task offers" in view.error
    assert made.job is before
    with pytest.raises(InvalidRequest):
        view.press("zoom 2x", 0)


def test_the_gateways_own_reroll_is_used(at, form):
    """Where the gateway has a reroll it is pressed; where it has none, or not for this task, the same is asked for again."""
    own = form("text-to-image", at("apimart"), prompt="a fox")
    parent = own.generate().result(timeout=20)
    own.outcome.views[0].press("reroll")
    child = own.job.result(timeout=20)
    assert (child.request.mode, child.request.task_id) == ("reroll", parent.id)
    mj = at("acedata")
    sheet = mj.imagine("a fox").result(timeout=20)
    large = mj.upscale(sheet, 0).result(timeout=20)
    found = {one.name: one for one in actions(mj, large)}
    assert found["reroll"].reasons
    assert found["ask again"].values_for(0)["task_id"] == sheet.id


def test_prices_stand_at_each(at):
    """What is sent at once has its price; an unknown one is said to be unknown."""
    assert {one.price for one in actions(*drawn(at("acedata"))) if not one.opens} == {"price unknown"}
    prices = {one.name: one.price for one in actions(*drawn(at("apimart"))) if not one.opens}
    assert prices["vary subtle"].startswith("$")
    assert "unknown" not in str(prices)


def drawn(mj: mjnb.Session) -> tuple[mjnb.Session, Task]:
    """Draw four pictures."""
    return mj, mj.imagine("a fox").result(timeout=20)


@pytest.mark.parametrize(
    "line",
    [
        "await mj.blend(['https://example.com/a.png', 'https://example.com/b.png'], aspect='2:1')",
        "await mj.edit('https://example.com/a.png', 'a hat', chaos=5)",
        "await mj.reroll('task_1')",
        "await mj.zoom('task_1', 0, '2x')",
        "await mj.pan('task_1', 0, 'left')",
        "await mj.remix('task_1', 0, 'strong', prompt='a hat')",
        "await mj.video('task_1', 0, motion='low')",
        "await mj.video('https://example.com/a.png', prompt='it runs')",
        "await mj.describe('https://example.com/a.png')",
        "await mj.shorten('a {red} fox')",
        "await mj.translate('ein Fuchs')",
        "await mj.seed('task_1')",
    ],
)
def test_the_line_of_python_of_every_mode(line):
    """The line to copy asks for the very request that it was written from, by the session's own method for it."""
    import mjnb

    heard: list[Any] = []

    class Listener(mjnb.Session):
        def draw(self, request, **_):
            heard.append(request)

    mj = Listener("simulator:apimart", quiet=True)
    exec(line.removeprefix("await "), {"mj": mj, "mjnb": mjnb})
    mj.close().result(timeout=20)
    assert as_python(heard[0]) == line


# -- progress ------------------------------------------------------------------------------------------------------


def test_the_bar_follows_the_gateway():
    """Where the gateway tells how far a task is the bar stands there, and never at its end; else it follows the time."""
    working = Working(lambda: None)
    working.begin("vary", 40)
    assert working.done < 0.02
    for told, place in ((0, 0.0), (37, 0.37), (100, 0.98)):
        working.progress = told
        assert working.done == pytest.approx(place)
    working.state = TaskState.PROCESSING
    assert "running · 100 %" in working.text
    working.state = TaskState.SUCCESS
    assert "%" not in working.text
    working.begin("vary", 40)
    assert working.progress is None
    working.close()


def test_an_unfinished_picture_is_shown_and_not_kept():
    """An unfinished picture is shown for as long as its task is under way."""
    working = Working(lambda: None)
    working.begin("vary", 40)
    working.preview(png())
    assert (
        'class="mjnb-unfinished" alt="unfinished picture" src="data:image/png;base64,'
        in working._picture.value
    )
    working.end()
    assert working._picture.value == ""
    working.close()


def test_progress_and_previews_come_from_the_stream(at, form):
    """A form of a streaming session follows the stream: it tells how far the task is, and shows its unfinished picture."""
    server = Server(speed=30.0, short_side=64).start()
    mj = at("acedata", server=server, stream=True)
    made = form("text-to-image", mj, prompt="a fox")
    seen, told = threading.Event(), list[int]()
    made.outcome.working._picture.observe(lambda change: change["new"] and seen.set(), "value")
    before = made.outcome._changed

    def changed(task: Task) -> None:
        before(task)
        told.extend([] if task.progress is None else [task.progress])

    made.outcome._changed = changed
    task = made.generate().result(timeout=30)
    assert seen.is_set()
    assert told == sorted(told)
    assert len(told) > 1
    assert made.outcome.working._picture.value == ""
    assert (
        len(list(task.images[0].path.parent.glob("*"))) == 8
    )  # four pictures, four thumbnails, no preview
    server.stop()


def test_a_preview_that_is_not_there_is_nothing(at, form):
    """An unfinished picture that cannot be fetched is left out without a word."""
    made = form("text-to-image", at("acedata"), prompt="a fox")
    made.outcome._running = True
    made.outcome._look_at("https://127.0.0.1:9/preview.png")
    made.outcome._looking.result(timeout=60)
    assert "<img" not in made.outcome.working._picture.value
    assert made.outcome.error == '<div role="alert"></div>'
    made.outcome._running = False
