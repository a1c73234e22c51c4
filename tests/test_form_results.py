"""What comes of a form: progress, pictures, what can be done with them, where they come from, and what went wrong."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest
from form_helpers import wait_for

from mjnb.errors import ContentViolation, GatewayError, UnknownOutcome
from mjnb.jobs import Stopped
from mjnb.simulator import Server
from mjnb.tasks import TaskState
from mjnb.widgets.followups import actions, step
from mjnb.widgets.forms import RequestForm
from mjnb.widgets.results import Result, look
from mjnb.widgets.working import Working, explain, fraction

HOSTILE = "<script>alert(1)</script> gore"


@pytest.fixture
def form(session):
    """A form for text-to-image with a prompt, and what was made of it closed in the end."""
    made: list[RequestForm] = []

    def make(using: Any = None, mode: str = "text-to-image", **values: Any) -> RequestForm:
        values = {"prompt": "a fox", **values} if mode == "text-to-image" else values
        made.append(RequestForm(mode, using or session(), **values))
        return made[-1]

    yield make
    for one in made:
        one.close()


def pictures_of(view: Result) -> list[bytes]:
    """Let a page ask for a view's pictures, and return what it is sent."""
    sent: list[Any] = []
    view.send = lambda _, buffers=None: sent.extend(buffers or [])
    view._handle_custom_msg("ready", [])
    return sent


def test_generate_shows_four_pictures(form):
    """Pressing Generate draws in the background; the form then shows the task, its pictures, and is ready for the next."""
    made = form()
    made.generate_button.click()
    assert made.generate_button.disabled
    assert made.outcome.working.box.layout.display == ""
    task = made.job.result(timeout=20)
    assert (made.task, made.tasks) == (task, [task])
    (view,) = made.outcome.views
    assert [data[:4] for data in pictures_of(view)] == [b"RIFF"] * 4
    assert not made.generate_button.disabled
    assert made.outcome.working.box.layout.display == "none"


def test_earlier_results_stay_below(form):
    """A second task is shown above the first, which stays."""
    made = form()
    first, second = made.generate().result(timeout=20), made.generate().result(timeout=20)
    assert [view.task.id for view in made.outcome.views] == [second.id, first.id]


def test_an_equal_task_is_taken_instead_of_paying(form):
    """With the box ticked an equal earlier task is shown, and nothing new is asked for."""
    made = form()
    first = made.generate().result(timeout=20)
    made.reuse.set_state({"value": True})
    assert made.preview.texts["Python"].endswith("reuse=True)")
    assert made.generate().result(timeout=20).id == first.id


def test_follow_ups_come_from_the_gateways_modes(form):
    """Every mode that takes a picture of a task is offered with each of its ways, and its price."""
    made = form()
    made.generate().result(timeout=20)
    offered = made.outcome.views[0].actions
    assert {
        "upscale standard",
        "upscale 4x",
        "vary subtle",
        "vary strong",
        "inpaint…",
        "reroll",
    } <= offered.keys()
    assert (offered["reroll"].price, offered["upscale 2x"].price) == ("$0.10", "price unknown")


def test_a_follow_up_is_one_press(form):
    """Pressing a picture's button asks for it; the child appears below its parent, with the way back to it."""
    made = form()
    parent = made.generate().result(timeout=20)
    view = made.outcome.views[0]
    view._handle_custom_msg({"press": "vary subtle", "index": 2}, [])
    child = made.job.result(timeout=20)
    assert child.request.given()["image_index"] == 2
    made.outcome.views[1].press("upscale 2x", 0)
    grandchild = made.job.result(timeout=20)
    assert [one.task.id for one in made.outcome.views] == [parent.id, child.id, grandchild.id]
    path = [one["label"] for one in made.outcome.views[2].facts["path"]]
    assert path == ["text-to-image", "vary 2 (subtle)", "upscale 0 (2x)"]
    assert made.outcome.views[2].facts["title"] == "a fox"


def test_a_lineage_is_walked_back(form, session):
    """Pressing an ancestor that is not on the page shows it from the ledger; one that is there is brought into sight."""
    mj = session()
    parent = mj.imagine("a fox").result(timeout=20)
    made = form(mj, "upscale", task_id=parent.id, image_index=1, kind="2x")
    made.generate().result(timeout=20)
    for _ in range(2):
        made.outcome.views[-1]._handle_custom_msg({"walk": parent.id}, [])
        wait_for(lambda: len(made.outcome.views) == 2)
    assert made.outcome.views[0].task.id == parent.id


def test_reroll_asks_for_the_same(form):
    """Reroll sends the same request once more, literal braces included, and makes a task of its own."""
    made = form(prompt="a \\{red\\} fox")
    first = made.generate().result(timeout=20)
    made.outcome.views[0].press("reroll")
    again = made.job.result(timeout=20)
    assert again.id != first.id
    assert again.request == first.request


def test_what_asks_for_more_opens_a_form(form):
    """Inpainting opens a form with the picture filled in, below the result; settings go back into the form itself."""
    made = form(chaos=20)
    task = made.generate().result(timeout=20)
    view = made.outcome.views[0]
    view.press("inpaint…", 3)
    opened = made.outcome.results.children[1]
    assert isinstance(opened, RequestForm)
    assert opened.values["image_urls"] == [task.images[3].url]
    made.values = {"prompt": "something else"}
    view.press("use these settings")
    assert made.values == {"prompt": "a fox", "chaos": 20}


def test_one_task_at_a_time(form, simulator):
    """While a task is under way neither Generate nor a follow-up begins another."""
    made = form()
    made.generate().result(timeout=20)
    first = made.generate()
    made.generate_button.click()
    made.outcome.views[0].press("reroll")
    assert made.job is first
    assert made.outcome.views[0].busy
    first.result(timeout=20)
    assert not made.outcome.views[0].busy


def test_asking_twice_sends_once(form, simulator, session):
    """Generating again while a task is under way sends nothing, returns its job, and says so."""
    mj = session()
    made = form(mj)
    first = made.generate()
    assert made.generate() is first
    assert "One task at a time" in made.outcome.error
    first.result(timeout=20)
    assert (len(mj.store.all()), made.outcome.error) == (1, '<div role="alert"></div>')


def test_a_price_that_was_not_on_the_button_is_not_charged(form, session):
    """A press on a button that has come to say another price sends nothing and says the new one; a second press sends."""
    mj = session()
    made = form(mj)
    seen = made.generate_button.description
    made.controls["speed"].widget.set_state({"value": "turbo"})
    made.generate_button._handle_custom_msg({"press": seen}, [])
    assert made.job is None
    assert "$0.20" in made.outcome.error
    assert "Nothing was sent" in made.outcome.error
    made.generate_button._handle_custom_msg({"press": made.generate_button.description}, [])
    assert made.job.result(timeout=20).price_micro == 200_000


def test_an_opened_form_opens_once_and_closes(form):
    """A follow-up's form is opened once for a picture, is brought into sight when asked for again, and can be closed."""
    made = form()
    made.generate().result(timeout=20)
    view = made.outcome.views[0]
    for index in (1, 1, 2):
        view.press("inpaint…", index)
    opened = [one for one in made.outcome.results.children if isinstance(one, RequestForm)]
    assert [len(one.values["image_urls"]) for one in opened] == [1, 1]
    assert opened[0].controls["prompt"].widget.wanted
    _, close = opened[0].children[0].children
    close.click()
    assert [one for one in made.outcome.results.children if isinstance(one, RequestForm)] == opened[1:]
    view.press("inpaint…", 2)
    assert made.outcome.results.children.count(opened[1]) == 1


def test_an_equal_task_is_said_to_be_paid(form):
    """With the box ticked the button says that an equal task is paid already, and its price where there is none."""
    made = form()
    made.generate().result(timeout=20)
    made.reuse.set_state({"value": True})
    assert made.generate_button.description == "Generate · already paid"
    made.controls["chaos"].value = 7
    assert "$0.10" in made.generate_button.description


def test_a_closed_session_says_so(form, session):
    """In a form of a closed session a key and a press say that nothing was sent, and Generate cannot be pressed."""
    mj = session()
    made = form(mj)
    mj.close().result(timeout=20)
    made.generate_button.click()
    assert "This session is closed; nothing was sent." in made.outcome.error
    made.controls["chaos"].widget.set_state({"value": 7})
    assert "This session is closed; nothing was sent." in made.reason.value
    assert made.generate_button.disabled


def test_stop_says_what_goes_on(form, session):
    """Stop ends the waiting and says that a task at the gateway goes on there and is in the ledger."""
    server = Server(speed=1.0, short_side=64).start()
    mj = session(server)
    made = form(mj)
    job = made.generate()
    wait_for(lambda: made.outcome.working.state is TaskState.PENDING)
    made.outcome.working.stop_button.click()
    with pytest.raises(Stopped):
        job.result(timeout=20)
    assert "A task that the gateway has goes on there" in made.outcome.error
    assert mj.store.all()[0].state.is_running
    assert not made.generate_button.disabled
    server.stop()


def test_a_failure_says_what_happened(form):
    """A task that fails shows the gateway's own reason as text, and where to look for the money."""
    made = form(prompt=HOSTILE)
    with pytest.raises(ContentViolation):
        made.generate().result(timeout=20)
    assert "CONTENT_VIOLATION" in made.outcome.error
    assert "account at the gateway" in made.outcome.error
    assert made.outcome.views == []


def test_a_follow_up_fails_where_it_was_pressed(form, simulator, session):
    """When a follow-up fails, its reason stands at the result that it was pressed on, and goes with the next try."""
    server = simulator(credit_usd=0.15)
    made = form(session(server))
    made.generate().result(timeout=20)
    view = made.outcome.views[0]
    view.press("reroll")
    with pytest.raises(GatewayError):
        made.job.result(timeout=20)
    assert "Nothing was charged" in view.error
    assert "Nothing was charged" not in made.outcome.error


def test_a_refusal_says_that_nothing_was_charged(form, session, simulator):
    """No money at the gateway: the form says so, and that nothing was charged."""
    made = form(session(simulator(credit_usd=0)))
    made.generate_button.click()
    with pytest.raises(GatewayError):
        made.job.result(timeout=20)
    assert "Nothing was charged" in made.outcome.error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (UnknownOutcome("No answer came."), "No answer came. It may have been charged."),
        (KeyError("x"), "This is a fault of mjnb's. It may have been charged."),
        (asyncio.CancelledError(), "Stopped. Nothing new is sent."),
    ],
)
def test_every_error_says_whether_it_cost(error, says):
    """An error is told with what happened and whether money may have been spent."""
    assert says in explain(error)


def test_the_bar_never_claims_to_be_done():
    """The bar moves evenly at first, slows near the usual time, and never reaches its end."""
    places = [fraction(t, 40) for t in range(0, 4000, 10)]
    assert places == sorted(places)
    assert places[1] == pytest.approx(0.25, abs=0.01)
    assert max(places) < 1
    assert fraction(1e300, 0.0) < 1


def test_the_words_follow_the_task():
    """The bar says in words how far the task is, escaped."""
    working = Working(lambda: None)
    working.begin("<b>vary</b>", 40)
    for state, word in (
        (None, "sending"),
        (TaskState.PENDING, "queued"),
        (TaskState.PROCESSING, "running"),
    ):
        working.state = state
        assert word in working.text
    assert "<b>" not in working._says.value
    working.close()


def test_stars_are_written_down(form, session):
    """Stars that are given in the page stand in the ledger; a number that is none is refused in the view."""
    mj = session()
    made = form(mj)
    task = made.generate().result(timeout=20)
    view = made.outcome.views[0]
    view._handle_custom_msg({"stars": 4}, [])
    wait_for(lambda: view.stars == 4)
    assert mj.stars() == {task.id: 4}
    view.rate(9).result(timeout=20)
    assert "stars=9" in view.error
    again = look(mj, task)
    assert again.stars == 4


def test_a_large_picture_travels_when_it_is_wanted(form):
    """A picture is sent in large once a page asks for it, and a number that is no picture is ignored."""
    made = form()
    made.generate().result(timeout=20)
    view, sent = made.outcome.views[0], []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    for index in (9, "x" * 9, 1):
        view._handle_custom_msg({"large": index}, [])
    wait_for(lambda: {"large": 1} in [content for content, _ in sent])
    assert all(buffers[0][:4] == b"RIFF" for _, buffers in sent)


def test_nonsense_from_a_page_is_shown(form):
    """A press on something that is not there is said in the view and raises nothing."""
    made = form()
    made.generate().result(timeout=20)
    view = made.outcome.views[0]
    view._handle_custom_msg({"press": "sell"}, [])
    assert "sell" in view.error
    view._handle_custom_msg({"press": "vary subtle", "index": 7}, [])
    assert "0 to 3" in view.error


def test_a_still_picture_is_left_behind(form):
    """What is left in the notebook holds the values and the thumbnails inline, everything escaped."""
    made = form(prompt="<b>a fox</b>")
    made.generate().result(timeout=20)
    left = made.still()["text/html"]
    assert left.count("data:image/webp") == 4
    assert "&lt;b&gt;a fox" in left
    assert "<b>" not in left


def test_a_task_without_pictures_offers_nothing(session):
    """A task that has no pictures has no follow-ups, and one of which nothing is known has a name all the same."""
    mj = session()
    assert actions(mj, mj.task("task_unknown")) == []
    assert step(None) == "task"


def test_a_result_that_is_taken_away_lets_go(form):
    """A result that was closed is kept by nobody."""
    made = form()
    made.generate().result(timeout=20)
    gone = weakref.ref(made.outcome.views[0])
    made.outcome.remove(made.outcome.views[0])
    gc.collect()
    assert gone() is None
