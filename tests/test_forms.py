"""Forms: built from request types alone, checked with the API's own words, and telling beforehand what will be sent."""

from __future__ import annotations

import gc
import json
import shlex
import weakref
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
import pytest
from form_helpers import wait_for
from ipywidgets.widgets import widget

import mjnb
from mjnb.errors import InvalidRequest
from mjnb.fields import (
    Aspect,
    Band,
    Choice,
    Flag,
    Links,
    MaskLink,
    Name,
    Points,
    Rule,
    Text,
    Version,
    Whole,
)
from mjnb.gateways.apixo import Apixo
from mjnb.masks import url_of
from mjnb.modes import Request, TextToImage
from mjnb.parts import Area, Canvas, Part, Parts
from mjnb.widgets.controls import control
from mjnb.widgets.forms import RequestForm
from mjnb.widgets.preview import as_python, as_sent

HOSTILE = "<script>alert(1)</script>"
VALUES = {
    "text-to-image": {"prompt": "a fox's \"den\"", "version": "v7", "chaos": 20, "enable_translation": True},
    "image-to-image": {"prompt": "a fox", "image_urls": ["https://example.com/a.png"], "speed": "turbo"},
    "upload-paint": {
        "prompt": "a hat", "image_urls": ["https://example.com/a.png"], "canvas": {"width": 64, "height": 64},
        "mask": {"areas": [{"width": 64, "height": 64, "points": [0, 0, 64, 0, 64, 64]}]},
        "img_pos": {"width": 64, "height": 64, "x": 0, "y": 0},
    },
    "vary": {"task_id": "task_1", "image_index": 2, "strength": "subtle", "prompt": "bluer"},
    "upscale": {"task_id": "task_1", "image_index": 1, "kind": "2x"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shout(Rule):
    """A rule that no form knows: words in capitals."""

    def read(self, name: str, value: Any) -> str:
        """Return the text if it is loud."""
        if not isinstance(value, str) or value != value.upper():
            raise self.refuse(name, value)
        return value


class Everything(Request):
    """A mode of a gateway to come, with a field of every kind."""

    mode = "everything"
    words: Annotated[str, Text("Words.", 1, 50)]
    level: Annotated[
        int | None, Whole("A level.", 0, 10, (Band(0, 5, "low", "calm"), Band(5, 10, "high", "wild")))
    ] = None
    count: Annotated[int | None, Whole("A count.", 1)] = None
    slot: Annotated[int | None, Whole("A slot.", 0, 3)] = None
    colour: Annotated[str | None, Choice("A colour.", {"red": "warm", "blue": "cold"})] = None
    model: Annotated[str | None, Version("A model.", {"v1": "", "v2": ""})] = None
    frame: Annotated[str | None, Aspect("A frame.", {"1:1": "", "2:1": ""})] = None
    loud: Annotated[bool | None, Flag("Loud.")] = None
    pictures: Annotated[tuple[str, ...] | None, Links("Pictures.")] = None
    parent: Annotated[str | None, Name("A task.")] = None
    canvas: Annotated[Canvas | None, Part("A canvas.", Canvas)] = None
    areas: Annotated[tuple[Area, ...] | None, Parts("Areas.", Area)] = None
    corners: Annotated[tuple[int, ...] | None, Points("Corners.")] = None
    stencil: Annotated[str | None, MaskLink("A stencil.")] = None
    shout: Annotated[str | None, Shout("Loud words.")] = None


@pytest.fixture
def form(session):
    """Make forms that are closed in the end."""
    made: list[RequestForm] = []

    def make(mode: Any = "text-to-image", using: Any = None, **values: Any) -> RequestForm:
        made.append(RequestForm(mode, using or session(), **values))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("mode", VALUES)
def test_every_mode_has_its_form(form, mode):
    """The form of each mode builds the very request that its class builds of the same values."""
    made = form(mode, **VALUES[mode])
    assert set(made.controls) == set(made.model.model_fields)
    assert made.request == made.model(**VALUES[mode])
    assert not made.generate_button.disabled


def test_a_wrong_mode_names_the_right_ones(session):
    """A mode that the gateway does not have is refused with those that it has."""
    with pytest.raises(InvalidRequest, match="text-to-image, image-to-image, upload-paint, vary, upscale"):
        RequestForm("paint", session())


def test_a_mode_to_come_appears_by_itself(form):
    """A new request class with every kind of rule has its form without a line written for it."""
    made = form(Everything)
    values = {
        "words": "hello", "level": 7, "count": 3, "slot": 2, "colour": "blue", "model": "v2", "frame": "2:1", "loud": False,
        "pictures": ["https://example.com/a.png"], "parent": "task_1", "canvas": {"width": 3, "height": 4},
        "areas": [{"width": 9, "height": 9, "points": [0, 0, 9, 0, 9, 9]}], "corners": [0, 0, 1, 0, 1, 1],
        "stencil": "https://example.com/m.png", "shout": "HEY",
    }  # fmt: skip
    made.values = values
    assert Everything(**made.values) == Everything(**values)


def test_a_kind_of_rule_that_nobody_knows_is_a_line_of_text(form):
    """An unknown rule gets a text box, reads what is typed itself, and refuses in its own words."""
    shout = form(Everything).controls["shout"]
    shout.widget.set_state({"value": "HEY"})
    assert (shout.widget.spec["kind"], shout.value) == ("line", "HEY")
    corners = form(Everything, corners=[0, 0, 1, 0, 1, 1]).controls["corners"]
    assert corners.widget.value == "[0, 0, 1, 0, 1, 1]"
    corners.widget.set_state({"value": "[1, 2]"})
    assert corners.value == [1, 2]


def test_a_field_knows_its_range_its_bands_and_its_default(form):
    """A slider's bands are those of the gateway's page, and the default that holds is said."""
    chaos = form().controls["chaos"]
    assert [band["name"] for band in chaos.widget.spec["bands"]] == ["consistent", "balanced", "diverse"]
    assert (chaos.default, chaos.value) == ("0", None)
    assert form().controls["version"].widget.spec["default"] == "v6.1"


def test_what_is_typed_is_judged_at_once(form):
    """A value out of range is refused at its field with the words of the API, and nothing can be sent until it is mended."""
    made = form(prompt="a fox")
    made.controls["chaos"].widget.set_state({"value": 120})
    with pytest.raises(InvalidRequest) as refused:
        TextToImage(prompt="a fox", chaos=120)
    assert made.controls["chaos"].widget.error == str(refused.value)
    assert made.generate_button.disabled
    assert "120" in made.generate_button.tooltip
    made.controls["chaos"].widget.set_state({"value": 20})
    assert (made.controls["chaos"].widget.error, made.generate_button.disabled) == ("", False)


def test_an_untouched_field_is_not_scolded(form):
    """What has to be filled in is asked for once, in a friendly word, and not marked as wrong before anybody was there."""
    made = form()
    assert made.controls["prompt"].widget.error == ""
    assert "Fill in: Prompt." in made.reason.value


def test_inner_fields_are_told_of_their_own_mistakes(form):
    """A mistake in a part of a request is shown at the inner field that it concerns."""
    wrong = {**VALUES["upload-paint"], "canvas": {"width": 0, "height": 64}}
    made = form("upload-paint", **wrong)
    assert "canvas.width=0" in made.controls["canvas"].inner["width"].widget.error
    areas = {"areas": [{"width": 9, "height": 9, "points": [0, 0, 1]}]}
    made.values = {**VALUES["upload-paint"], "mask": areas}
    assert "points" in made.controls["mask"].inner["areas"].items[0].inner["points"].widget.error


def test_what_the_gateway_does_not_take_is_grey(form):
    """A choice that the gateway does not have cannot be made, and says why."""
    greyed = form(prompt="a fox").controls["speed"].widget.greyed
    assert list(greyed) == ["relaxed"]
    assert "APIXO has fast, turbo" in greyed["relaxed"]


def test_flags_of_the_prompt_become_fields(form):
    """Midjourney's flags at a prompt's end are read as fields, a contradiction is shown at the field."""
    made = form(prompt="a fox --ar 16:9 --c 30")
    assert made.request == TextToImage(prompt="a fox", aspect="16:9", chaos=30)
    made.controls["chaos"].value = 10
    assert "the prompt's own flags say" in made.controls["chaos"].widget.error


def test_several_prompts_in_one_are_refused(form):
    """A prompt whose braces stand for several is refused where it is typed, with what to do instead."""
    made = form(prompt="a {red, blue} fox")
    assert "mjnb.Sweep" in made.controls["prompt"].widget.error


def test_advice_is_shown_and_forbids_nothing(form):
    """What the gateway's page advises against is said beside the button, which can still be pressed."""
    made = form(prompt="a fox", version="v6")
    assert "v6.1 is the nearest" in made.advice.value
    assert not made.generate_button.disabled


def test_the_button_says_price_and_time(form, session):
    """The button tells the price, that it is simulated, and the real seconds; an unknown price is said to be unknown."""
    made = form(prompt="a fox", using=session(prices={"turbo": 0.5}))
    assert made.generate_button.description == "Generate · $0.10 (simulated) · about 1 s"
    made.controls["speed"].value = "turbo"
    assert "$0.50" in made.generate_button.description
    assert "price unknown" in form("upscale", **VALUES["upscale"]).generate_button.description


@pytest.mark.parametrize("mode", VALUES)
def test_the_line_of_python_is_the_same_request(session, mode):
    """The line to copy, run with a session, asks for exactly what the form would send."""
    request = session().dialect.modes[mode](**VALUES[mode])
    assert run_line(as_python(request)) == request


def run_line(line: str) -> Request:
    """Run a line of code against a session that only listens."""
    heard: list[Request] = []

    class Listener(mjnb.Session):
        def _one(self, request, *_):
            heard.append(self.prepare(request))

    mj = Listener("simulator", quiet=True)
    exec(line.removeprefix("await "), {"mj": mj, "mjnb": mjnb})
    mj.close().result()
    return heard[0]


def test_literal_braces_survive_the_line_of_python(form):
    """A literal brace in a prompt is one in the line to copy as well."""
    made = form(prompt="a {red} and \\{blue\\} fox")
    assert made.request.prompt == "a red and {blue} fox"
    assert run_line(made.preview.texts["Python"]) == made.request


def test_the_preview_is_what_would_be_sent(form, session):
    """JSON and curl hold the body that would be posted; the key is named by its variable and is nowhere."""
    mj = session(
        gateway="apixo", base_url="https://example.com", api_key="sk-very-secret-1234", time_scale=None
    )
    made = form(using=mj, prompt="it's a fox")
    sent = as_sent(mj, made.request)
    assert json.loads(made.preview.texts["JSON"]) == sent
    words = shlex.split(made.preview.texts["curl"].replace("\\\n", ""))
    assert json.loads(words[-1]) == sent
    assert "Authorization: Bearer $APIXO_API_KEY" in words
    assert "very-secret" not in json.dumps([one.get_state() for one in (made.preview, made)], default=str)


def test_references_die(session, form, simulator):
    """A picture of the ledger says how long the gateway keeps it; an expired one is refused before anything is sent."""
    mj = session()
    task = mj.imagine("a fox").result()
    made = form("image-to-image", using=mj, prompt="a fox", image_urls=[task.images[0].url])
    assert "keeps it for 15 days more" in made.controls["image_urls"].field.note

    class Later(type(mj.clock)):
        def epoch(self):
            return super().epoch() + 16 * 86_400

    mj.clock = Later(mj.clock.scale)
    old = form("image-to-image", using=mj, prompt="a fox", image_urls=[task.images[0].url])
    assert "this one was removed on" in old.controls["image_urls"].field.error
    assert old.generate_button.disabled
    old.controls["image_urls"].open()
    wait_for(lambda: old.controls["image_urls"].shelf.items)
    assert old.controls["image_urls"].shelf.items[0]["reason"] == "expired at the gateway"
    old.controls["image_urls"].shelf.pick(f"{task.id}/1")
    assert old.controls["image_urls"].value == [task.images[0].url]


def test_pictures_come_from_the_ledger(session, form):
    """A picture is picked from the ledger's shelf, and its URL goes into the list; a second one is added to it."""
    mj = session()
    task = mj.imagine("a fox").result()
    links = form("image-to-image", using=mj).controls["image_urls"]
    links.open()
    wait_for(lambda: links.shelf.items)
    for image in task.images[:2]:
        links.shelf.pick(f"{task.id}/{image.index}")
    assert links.value == [image.url for image in task.images[:2]]
    assert links.shelf.layout.display == "none"


def test_ways_that_the_gateway_lacks_are_grey(form, session):
    """Uploading is greyed with the reason where the gateway fetches pictures by URL alone, and open where it does not."""
    spec = form("image-to-image").controls["image_urls"].field.spec
    assert "by URL alone" in spec["upload"]
    assert "15 days" in spec["tip"]

    class Generous(Apixo):
        references = ("url", "base64")

    mj = session()
    mj.place = type(mj.place)(Generous(), mj.place.base_url, mj.place.key, True, mj.place.time_scale)
    assert form("image-to-image", using=mj).controls["image_urls"].field.spec["upload"] == ""


def test_a_gateway_with_another_mode(session, form):
    """A mode that another gateway has is found by its name."""

    class Other(Apixo):
        modes = MappingProxyType({"everything": Everything})
        takes = MappingProxyType({"everything": frozenset(Everything.model_fields)})

    mj = session()
    mj.place = type(mj.place)(Other(), mj.place.base_url, mj.place.key, True, mj.place.time_scale)
    assert form("everything", using=mj, words="hello").request == Everything(words="hello")


def test_tasks_are_chosen_from_the_ledger(session, form):
    """A task id is chosen from the ledger's tasks, shown by prompt; any other may be typed, and a bad one is refused."""
    mj = session()
    task = mj.imagine("a fox").result()
    made = form("upscale", using=mj, image_index=0, kind="2x")
    (option,) = made.controls["task_id"].widget.options
    assert option["value"] == task.id
    assert option["label"].startswith("a fox · text-to-image")
    made.controls["task_id"].widget.set_state({"value": "no id at all!"})
    assert "Give task.id" in made.controls["task_id"].widget.error


def test_whatever_a_page_sends_the_kernel_stands(form):
    """Values that make no sense are shown as wrong and raise nothing."""
    made = form("image-to-image", prompt="a fox")
    for name, value in (
        ("chaos", 1.5),
        ("chaos", {"a": 1}),
        ("image_urls", "x"),
        ("version", 7),
        ("prompt", [1]),
    ):
        made.controls[name].widget.children[0].set_state(
            {"value": value}
        ) if name == "image_urls" else made.controls[name].widget.set_state({"value": value})
        assert made.still()["text/html"]
    assert made.generate_button.disabled


def test_text_from_outside_is_text(form):
    """A prompt that looks like a script is escaped in what is left behind, and is a plain value in the page."""
    made = form(prompt=HOSTILE)
    assert HOSTILE not in made.still()["text/html"]
    assert "&lt;script&gt;" in made.still()["text/html"]
    made.values = {"prompt": "a fox", "version": HOSTILE}
    assert HOSTILE not in made.reason.value


def test_a_picture_brings_its_painter(session, form):
    """A picture of the ledger brings the mask painter, whose mask is sent; without anything painted nothing can be."""
    mj = session()
    task = mj.imagine("a fox").result()
    made = form("upload-paint", using=mj, prompt="a hat", image_urls=[task.images[1].url])
    wait_for(lambda: made._painting.painter)
    assert made.controls["canvas"].widget.layout.display == "none"
    assert made.generate_button.disabled
    size = task.images[1].width
    made._painting.painter.mask = mjnb.Mask(
        areas=[{"width": size, "height": size, "points": [0, 0, 32, 0, 32, 32, 0, 32]}]
    )
    assert made.request.mask.areas
    assert (made.request.canvas.width, made.request.img_pos.x) == (size, 0)
    assert made.generate().result(timeout=20).images
    made.controls["image_urls"].value = None
    assert made._painting.painter is None
    assert made.controls["canvas"].widget.layout.display == ""


def test_numbers_that_are_seen_are_sent(session, form):
    """A mask in numbers holds for a picture that no painter can measure yet; for one that it can, the painter begins with it."""
    made = form("upload-paint", **VALUES["upload-paint"])
    wait_for(lambda: made._painting.painter)
    assert made.request == made.model(**VALUES["upload-paint"])
    assert made.controls["mask"].widget.layout.display == ""
    mj = session()
    image = mj.imagine("a fox").result().images[0]
    box = {
        "areas": [{"width": image.width, "height": image.height, "points": [0, 0, 32, 0, 32, 32, 0, 32]}]
    }
    ours = form("upload-paint", using=mj, prompt="a hat", image_urls=[image.url], mask=box)
    seen: list[Any] = []
    ours.controls["mask"].observe(lambda _: seen.append(ours.request.mask.areas[0].points))
    wait_for(lambda: ours.controls["mask"].value is None and ours._painting.painter)
    assert {*seen, ours.request.mask.areas[0].points} == {
        (0, 0, 32, 0, 32, 32, 0, 32)
    }  # at no moment without
    assert ours.controls["mask"].widget.layout.display == "none"
    ours._painting.painter.mask = None
    wait_for(lambda: ours.generate_button.disabled)


def test_values_can_be_replaced(form):
    """Setting the values replaces all of them; a name that is no field is refused."""
    made = form(prompt="a fox", chaos=20)
    made.values = {"prompt": "an owl"}
    assert made.values == {"prompt": "an owl"}
    with pytest.raises(InvalidRequest, match="stylize"):
        made.values = {"stylise": 3}


@pytest.mark.parametrize(
    "wrong", [{"mask": "x"}, {"mask": {"areas": 3}}, {"canvas": {"breadth": 2}}, {"canvas": 7}]
)
def test_a_value_of_no_kind_is_refused_and_nothing_changes(form, wrong):
    """A part of a request that is none is refused as such; the form stands, as it was, and goes on."""
    made = form("upload-paint", **VALUES["upload-paint"])
    before = made.values
    with pytest.raises(InvalidRequest):
        made.values = {"prompt": "an owl", **wrong}
    with pytest.raises(InvalidRequest):
        made.take(**wrong)
    assert made.values == before
    made.controls["prompt"].widget.set_state({"value": "a hare"})
    assert made.request.prompt == "a hare"


def test_nothing_is_left_of_a_form(session):
    """A refused form and a closed one leave no widget behind."""
    mj = session()

    def alive() -> int:
        return len(getattr(widget, "_instances", None) or widget.Widget.widgets)

    before = alive()
    with pytest.raises(InvalidRequest):
        RequestForm("upload-paint", mj, mask="x")
    made = RequestForm("text-to-image", mj, prompt="a fox")
    made.generate().result(timeout=20)
    made.outcome.views[0].press("inpaint…", 0)
    made.close()
    assert alive() == before


def test_pictures_are_taken_as_imagine_takes_them(session, form):
    """Pictures of a task, or a single one, are filled in by their URLs."""
    mj = session()
    task = mj.imagine("a fox").result(timeout=20)
    links = [image.url for image in task.images]
    assert form("image-to-image", using=mj, image_urls=task.images).values == {"image_urls": links}
    assert form("image-to-image", using=mj, image_urls=task.images[1]).values == {"image_urls": links[1:2]}


def test_a_mask_in_base64_is_named_not_written_out(form):
    """A mask as a picture is named by kind and size wherever the form shows it, and is sent as it is."""
    shape = np.zeros((256, 256), dtype=bool)
    shape[::2, ::3] = True
    noisy = np.random.default_rng(1).random((256, 256)) > 0.5
    mask = {"url": url_of(noisy | shape)}
    made = form("upload-paint", **{**VALUES["upload-paint"], "mask": mask})
    texts = made.preview.texts
    assert all(len(text) < 2000 for text in (*texts.values(), made.still()["text/html"]))
    assert ", mask, " in texts["Python"]
    assert all("<PNG, " in texts[name] for name in ("JSON", "curl"))
    assert made.request.mask.url == mask["url"]


def test_a_simulated_curl_costs_nothing(form, session):
    """In a simulated session curl names the simulator, or says that it would reach the real gateway as long as none runs."""
    mj = mjnb.Session("simulator", store=session().store.root / "other", quiet=True)
    made = form(using=mj, prompt="a fox")
    assert made.preview.texts["curl"].startswith("# this would go to the real gateway and cost money\n")
    made.generate().result(timeout=30)
    made.controls["chaos"].value = 3
    assert "api.apixo.ai" not in made.preview.texts["curl"]
    assert "127.0.0.1" in made.preview.texts["curl"]
    mj.close().result(timeout=20)


def test_a_control_stands_alone(session):
    """One control can be used without a form: a value, a listener, and a reason for not being usable."""
    chaos = control(TextToImage, "chaos", session())
    heard: list[Any] = []
    chaos.observe(lambda change: heard.append(change["new"]))
    chaos.value = 20
    chaos.widget.set_state({"value": None})
    chaos.grey("not today")
    assert (heard, chaos.value, chaos.widget.grey) == ([20, None], None, "not today")


def test_a_closed_form_lets_go(session):
    """Nothing keeps a form that was closed, nor what it has drawn."""
    made = RequestForm("text-to-image", session(), prompt="a fox")
    made.generate().result(timeout=20)
    gone = weakref.ref(made), weakref.ref(made.outcome.views[0])
    made.close()
    del made
    gc.collect()
    assert [one() for one in gone] == [None, None]
