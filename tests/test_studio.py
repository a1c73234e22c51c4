"""The studio: a tab for every mode, the ledger beside them, and a head that says what it costs."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
from form_helpers import speaking, wait_for

import mjnb
from mjnb.errors import InvalidRequest
from mjnb.jobs import Stopped
from mjnb.simulator import Server
from mjnb.store import Draft
from mjnb.studio import Studio
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from mjnb.session import Session


@pytest.fixture
def studio(session):
    """Make studios that are closed in the end."""
    made: list[Studio] = []

    def make(using: Session | None = None) -> Studio:
        made.append(Studio(using or session()))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_tab_for_every_mode(studio):
    """Every mode of the gateway has a tab; its form is built when it is first opened, and stays."""
    made = studio()
    assert [one["value"] for one in made.tabs.spec["choices"]] == list(made.session.dialect.modes)
    assert list(made.forms) == ["text-to-image"]
    made.tabs.set_state({"value": "vary"})
    first = made.form
    made.turn_to("upscale")
    assert made.turn_to("vary") is first
    assert made.panel.children == (first,)
    with pytest.raises(InvalidRequest, match="text-to-image"):
        made.turn_to("nothing")


def test_nonsense_from_a_page_changes_nothing(studio):
    """A tab that does not exist is not opened."""
    made = studio()
    made.tabs.set_state({"value": "nothing"})
    assert list(made.forms) == ["text-to-image"]
    made.turn_to("vary")


def test_the_head_says_what_it_costs(studio):
    """The head says which gateway it is, that it is simulated, and what this session has had made."""
    made = studio()
    assert "SIMULATED APIXO" in made._where.value
    made.form.values = {"prompt": "a fox"}
    made.form.generate().result(timeout=20)
    wait_for(lambda: "1 task, $0.10 (simulated: nothing was charged)" in made._where.value)


def test_a_paid_gateway_says_so(session, studio):
    """With a key the head says that every task costs money."""
    mj = session(gateway="apixo", base_url="https://example.com", api_key="sk-secret-1", time_scale=None)
    assert "Every task costs money" in studio(mj)._where.value


def test_the_history_is_beside(studio, session):
    """Finished tasks stand in the history, latest first; words filter it, and a click shows the task under its mode."""
    mj = session()
    fox, owl = mj.imagine("a fox").result(timeout=20), mj.imagine("an owl").result(timeout=20)
    large = mj.upscale(fox, 1, "2x").result(timeout=20)
    mj.star(owl, 3)
    made = studio(mj)
    made.history.refresh().result(timeout=20)
    assert [(one["id"], one["title"]) for one in made.history.shelf.items] == [
        (large.id, "a fox"), (owl.id, "an owl"), (fox.id, "a fox"),
    ]  # fmt: skip
    assert [one["stars"] for one in made.history.shelf.items] == [0, 3, 0]
    made.history.search("OWL").result(timeout=20)
    assert [one["id"] for one in made.history.shelf.items] == [owl.id]
    made.history.search("").result(timeout=20)
    made.history.shelf.pick(large.id)
    wait_for(lambda: made.form.outcome.views)
    assert (made.mode, made.form.outcome.views[0].task.id) == ("upscale", large.id)


def test_old_tasks_come_when_they_are_asked_for(studio, session):
    """The history begins with the latest two dozen, and shows more on request."""
    mj = session()
    made = studio(mj)
    jobs = [mj.imagine(f"fox {i}") for i in range(26)]
    for job in jobs:
        job.result(timeout=30)
    made.history.refresh().result(timeout=20)
    assert (len(made.history.shelf.items), made.history.shelf.has_more) == (24, True)
    made.history.more().result(timeout=20)
    assert (len(made.history.shelf.items), made.history.shelf.has_more) == (26, False)


def test_settings_and_pictures_go_into_their_forms(studio):
    """A follow-up that asks for more opens its mode's tab with the picture; settings go back into theirs."""
    made = studio()
    made.form.values = {"prompt": "a fox", "chaos": 20}
    task = made.form.generate().result(timeout=20)
    view = made.form.outcome.views[0]
    view.press("image-to-image…", 1)
    assert (made.mode, made.form.values) == ("image-to-image", {"image_urls": [task.images[1].url]})
    view.press("use these settings")
    assert (made.mode, made.form.values) == ("text-to-image", {"prompt": "a fox", "chaos": 20})


def test_what_was_typed_in_another_tab_stays(studio):
    """Taking a picture into another tab fills in the picture alone; a second one joins the first."""
    made = studio()
    made.form.values = {"prompt": "a fox"}
    task = made.form.generate().result(timeout=20)
    view = made.form.outcome.views[0]
    other = made.turn_to("image-to-image", prompt="an owl", chaos=30)
    view.press("image-to-image…", 1)
    view.press("image-to-image…", 2)
    links = [task.images[1].url, task.images[2].url]
    assert other.values == {"prompt": "an owl", "chaos": 30, "image_urls": links}


def test_a_task_that_was_stopped_is_shown_and_fetched(session, studio):
    """After Stop the task stands in the history, is counted, and its button fetches it."""
    server = Server(speed=20.0, short_side=64).start()
    mj = session(server)
    made = studio(mj)
    made.form.values = {"prompt": "a fox"}
    job = made.form.generate()
    wait_for(lambda: made.form.outcome.working.state is TaskState.PENDING)
    made.form.outcome.working.stop_button.click()
    with pytest.raises(Stopped):
        job.result(timeout=20)
    made.refresh().result(timeout=20)
    (item,) = made.history.shelf.items
    assert "1 task, $0.10" in made._where.value
    assert (item["fetch"], item["reason"]) == (True, "It has no pictures yet.")
    assert item["facts"].startswith("◌ queued")
    assert "nothing sent" not in repr(made)
    made.history.shelf._handle_custom_msg({"fetch": item["id"]}, [])
    wait_for(lambda: not made.history.shelf.items[0]["fetch"] and not made.history.shelf.items[0]["reason"])
    server.stop()


def test_unfinished_tasks_are_taken_up_at_opening(session, studio):
    """A studio that opens on a ledger with an unfinished task takes it up: its pictures come by themselves."""
    mj = session()
    task = mj.submit(mjnb.TextToImage(prompt="a fox")).result(timeout=20)
    made = studio(mj)
    wait_for(lambda: [item["reason"] for item in made.history.shelf.items] == [""])
    assert made.history.shelf.items[0]["id"] == task.id
    assert not made.history.shelf.items[0]["fetch"]


def test_a_lost_answer_is_said_to_be_in_doubt(session, studio, simulator):
    """A task whose answer never came stands in the history and in the sum as one that may have been charged."""
    mj = session(simulator())
    claimed, _ = mj.store.claim(draft(mj), again=None)
    mj.store.ended(claimed.row, TaskState.UNKNOWN, "", "no answer")
    made = studio(mj)
    made.refresh().result(timeout=20)
    (item,) = made.history.shelf.items
    assert item["facts"].startswith("? may have been charged")
    assert not item["fetch"]
    assert "1 more that may have been charged" in made._where.value


def draft(mj: Session) -> Draft:
    """Describe a row for a fox."""
    held = mj.dialect.held(mjnb.TextToImage(prompt="a fox"))
    return Draft(
        cell="k1:1", gateway="apixo", simulated=True, mode="text-to-image", held=held, price_micro=100_000
    )


def test_the_still_picture_has_the_latest_task(studio):
    """The still picture is renewed after the history has been read, so that the newest task is in it."""
    made = studio()
    renewed: list[str] = []
    made.refresh_still = lambda: renewed.append(made.still()["text/plain"])
    made.form.values = {"prompt": "a fox"}
    made.form.generate().result(timeout=20)
    wait_for(lambda: renewed)
    assert "a fox · text-to-image" in renewed[-1]


def test_a_simulated_clock_is_not_shown(studio):
    """The history of a simulated session says no time: its clock runs ahead of everybody's."""
    made = studio()
    made.form.values = {"prompt": "a fox"}
    made.form.generate().result(timeout=20)
    wait_for(lambda: [item["facts"] for item in made.history.shelf.items] == ["text-to-image · $0.10"])


def test_without_a_session_it_opens_one(capsys):
    """Without a session it opens the usual one, quietly: its head says which gateway it is."""
    made = Studio()
    assert made.session.simulated
    assert capsys.readouterr().out == ""
    assert "SIMULATED" in made.still()["text/html"]
    made.close()
    made.session.close().result(timeout=20)


def test_a_closed_studio_lets_go(session):
    """Nothing keeps a studio that was closed."""
    made = Studio(session())
    made.refresh().result(timeout=20)
    gone = weakref.ref(made), weakref.ref(made.form)
    made.close()
    del made
    wait_for(lambda: gc.collect() is not None and [one() for one in gone] == [None, None])


def test_tabs_stand_in_groups(simulator, session, studio):
    """The tabs say what one begins with: nothing, a picture, or a wish for words."""
    made = studio(speaking(simulator, session, "acedata"))
    groups: dict[str, list[str]] = {}
    for one in made.tabs.spec["choices"]:
        groups.setdefault(one["group"], []).append(one["value"])
    assert groups == {
        "new pictures": ["text-to-image", "image-to-image", "blend"],
        "from a picture": ["vary", "upscale", "reroll", "zoom", "pan", "inpaint", "edit", "video"],
        "words": ["describe", "shorten", "translate", "seed"],
    }


def test_the_history_has_words_and_clips(simulator, session, studio):
    """Words stand in the history with what they say, clips with their poster and a mark; both are found by a filter."""
    mj = speaking(simulator, session, "apimart")
    fox = mj.imagine("a fox").result(timeout=20)
    words = mj.describe(fox.images[0]).result(timeout=20)
    clips = mj.video(fox, 0).result(timeout=30)
    made = studio(mj)
    made.history.refresh().result(timeout=20)
    first, second, _ = made.history.shelf.items
    assert (first["id"], first["mark"], first["title"]) == (clips.id, "▶", "a fox")
    assert (second["id"], second["mark"], second["reason"]) == (words.id, "¶", "")
    assert second["title"] == " · ".join(words.texts)[:80]
    made.history.search(words.texts[3].lower()[:20]).result(timeout=20)
    assert [one["id"] for one in made.history.shelf.items] == [words.id]
    made.history.shelf.pick(words.id)
    wait_for(lambda: made.form.outcome.views)
    assert made.form.outcome.views[0].facts["texts"] == list(words.texts)


def test_what_was_spent_is_never_zero_where_it_is_not_known(simulator, session, studio):
    """Tasks whose price nobody tells are counted as of unknown price, not as costing nothing."""
    mj = speaking(simulator, session, "acedata")
    mj.imagine("a fox").result(timeout=20)
    made = studio(mj)
    wait_for(lambda: "This session: 1 task, price unknown" in made._where.value)
    assert "$0" not in made._where.value
