"""The studio: a tab for every mode, the ledger beside them, and a head that says what it costs."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
from form_helpers import wait_for

from mjnb.errors import InvalidRequest
from mjnb.studio import Studio

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
    gc.collect()
    assert [one() for one in gone] == [None, None]
