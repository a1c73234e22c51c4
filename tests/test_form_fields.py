"""Forms on each gateway: which fields are seen, how they are asked for, and pictures that come from this computer."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from form_helpers import speaking, wait_for
from PIL import Image as Pillow

import mjnb
from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.fields import Codes, Link, Links, Number, Quality, Whole
from mjnb.gateways import NAMES, dialect, who_takes
from mjnb.modes import Request
from mjnb.widgets.absent import AbsentControl
from mjnb.widgets.controls import control
from mjnb.widgets.forms import RequestForm
from mjnb.widgets.words import brings

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYWHERE = [(gateway, mode) for gateway in NAMES for mode in dialect(gateway).modes]


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


def png(colour: str = "red", size: tuple[int, int] = (40, 30)) -> bytes:
    """Write a picture as a PNG."""
    file = io.BytesIO()
    Pillow.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


class Fields(Request):
    """A mode of a gateway to come, with the kinds of fields that came last."""

    mode = "fields"
    weight: Annotated[float | None, Number("A weight.", 0, 3)] = None
    detail: Annotated[str | None, Quality("A detail.", {"0.5": "", "1": "", "2": ""})] = None
    codes: Annotated[str | None, Codes("Codes.")] = None
    ends: Annotated[str | None, Link("An end.")] = None
    begins: Annotated[tuple[str, ...] | None, Links("A beginning.", 1, 1)] = None
    noise: Annotated[int | None, Whole("A noise.", 0, 4_294_967_295)] = None


@pytest.mark.parametrize(("gateway", "mode"), EVERYWHERE)
def test_every_mode_of_every_gateway_has_a_form(session, form, gateway, mode):
    """Each form has a control for every field, those that the gateway lacks in one list, and says what is missing in words."""
    mj = mjnb.Session(f"simulator:{gateway}", quiet=True)
    made = form(mode, mj)
    lacking = {name for name in made.model.model_fields if mj.dialect.lacks(mode, name)}
    assert set(made.controls) == set(made.model.model_fields)
    assert {name for name, one in made.controls.items() if isinstance(one, AbsentControl)} == lacking
    assert made.reason.value.startswith(
        ('<div role="status">Fill in: ', '<div role="status">Still to be filled in: ')
    )
    assert made.outcome.empty.value == f"<div>The {brings(made.model)} will appear here.</div>"
    mj.close().result(timeout=20)


def test_fields_of_other_gateways_are_one_list(at, form):
    """What the gateway does not take is listed folded away, each field with the gateways that have it."""
    made = form("text-to-image", at("apixo"), prompt="a fox")
    absent = made._body.absent
    assert absent.title == "19 fields that APIXO does not take"
    assert not absent.is_open
    owners = {row["name"]: row["owners"] for row in absent.rows}
    titles = [dialect(name).title for name in who_takes("text-to-image", "seed")]
    assert owners["seed"] == ", ".join(titles) == "AceData Cloud, APIMart"
    assert owners["watermark"] == "APIXO (reference page)"
    assert "APIXO has no field for it" in absent.rows[0]["reason"]
    assert made._body.more is None


def test_such_a_field_is_refused_as_the_api_does(at, form):
    """Set from Python it is a value, shown and refused in the API's own words; the page can take it back, and nothing else."""
    mj = at("apixo")
    made = form("text-to-image", mj, prompt="a fox", seed=7)
    absent = made._body.absent
    with pytest.raises(UnsupportedError) as refused:
        mj.imagine("a fox", seed=7)
    row = next(row for row in absent.rows if row["name"] == "seed")
    assert (made.values["seed"], row["value"], row["error"]) == (7, "7", str(refused.value))
    assert made.generate_button.disabled
    assert absent.is_open
    for nonsense in ({"clear": "nothing"}, {"clear": ["seed"]}, "clear"):
        absent._handle_custom_msg(nonsense, [])
    assert made.values["seed"] == 7
    absent._handle_custom_msg({"clear": "seed"}, [])
    assert made.values == {"prompt": "a fox"}
    assert not made.generate_button.disabled


def test_rare_fields_are_folded_until_one_is_set(at, form):
    """The usual fields stand first, the rare ones in a fold that is closed unless something in it is set or wrong."""
    made = form("text-to-image", at("acedata"), prompt="a fox")
    body = made._body
    assert list(made.controls)[:9] == [
        "prompt", "version", "speed", "aspect", "chaos", "stylize", "weird", "raw", "seed",
    ]  # fmt: skip
    assert (body.more.head.title, body.more.head.is_open) == ("More", False)
    assert "Style references" in body.more.head.detail
    made.controls["sref"].value = "123 456"
    assert (body.more.head.title, body.more.head.is_open) == ("More · 1 set", True)
    other = form("text-to-image", at("acedata"), prompt="a fox", iw=9)
    assert other._body.more.head.is_open
    assert "a number from 0 to 3" in other.controls["iw"].widget.error


def test_numbers_with_fractions_and_large_ones(form):
    """A fraction has a slider with fraction steps, a range too long to slide over a box alone; both read as the rule does."""
    mj = mjnb.Session("simulator", quiet=True)
    made = form(Fields, mj)
    weight, noise = made.controls["weight"], made.controls["noise"]
    assert {name: weight.widget.spec[name] for name in ("kind", "low", "high", "step", "slides")} == {
        "kind": "number", "low": 0, "high": 3, "step": 0.25, "slides": True,
    }  # fmt: skip
    assert (noise.widget.spec["kind"], noise.widget.spec["slides"]) == ("number", False)
    values = {
        "weight": 0.75, "detail": 2, "codes": "a b", "ends": "https://example.com/b.png",
        "begins": ["https://example.com/a.png"], "noise": 4_000_000_000,
    }  # fmt: skip
    made.values = values
    assert Fields(**made.values) == Fields(**values)
    kinds = [made.controls[name].widget.spec["kind"] for name in ("detail", "codes", "ends")]
    assert kinds == ["choice", "line", "line"]
    assert made.controls["begins"].field.spec["label"] == "Picture"
    made.controls["codes"].widget.set_state({"value": "--no"})
    assert "divided by blanks" in made.controls["codes"].widget.error or made.generate_button.disabled
    mj.close().result(timeout=20)


def test_choices_that_the_gateway_lacks_among_numbers(at, form):
    """Of a few numbers those that the gateway does not make are greyed, with the reason."""
    made = form("video", at("apimart"), task_id="task_1", image_index=0)
    assert made.controls["batch_size"].widget.greyed == {"3": "APIMart makes 1, 2 or 4 clips."}


def test_a_shape_of_ones_own(at, form):
    """A shape that is in no list can be entered where the gateway takes such, and is greyed where it does not."""
    free = form("text-to-image", at("acedata"), prompt="a fox").controls["aspect"]
    assert (free.widget.spec["free"], free.widget.greyed) == ("21:9", {})
    made = form("text-to-image", at("apixo"), prompt="a fox")
    assert "21:9" in made.controls["aspect"].widget.greyed
    made.controls["aspect"].widget.set_state({"value": "21:9"})
    assert "APIXO has" in made.controls["aspect"].widget.error


def test_labels_are_words(at):
    """Midjourney's own abbreviations have a name in words, with the flag beside it."""
    spec = control(mjnb.TextToImage, "sref", at("acedata")).widget.spec
    assert (spec["label"], spec["flag"], spec["default"]) == ("Style references", "--sref", "none")


def test_a_file_is_uploaded(at, form):
    """A file of this computer is kept in the store, shown small, named in the request, and handed over when it is sent."""
    mj = at("apimart")
    made = form("image-to-image", mj, prompt="a fox")
    links = made.controls["image_urls"]
    assert links.field.spec["upload"] == ""
    sent: list[Any] = []
    links.field.send = lambda content, buffers=None: sent.append((content, buffers))
    links.field._handle_custom_msg({"file": "fox.png"}, [memoryview(png())])
    wait_for(lambda: links.value and sent)
    (local,) = links.value
    assert (mj.store.root / "references" / local.removeprefix("file:")).read_bytes() == png()
    assert sent[-1][0] == {"thumbs": [local]}
    assert sent[-1][1][0][:4] == b"RIFF"
    shown = json.loads(made.preview.texts["JSON"])
    assert shown["image_urls"] == ["<PNG of this computer, handed over when it is sent>"]
    assert made.generate().result(timeout=30).images


def test_a_file_that_is_no_picture_is_refused(at, form):
    """What is no picture, or too large, is refused at the field; the list stays as it was."""
    links = form("image-to-image", at("apimart"), image_urls=["https://example.com/a.png"]).controls[
        "image_urls"
    ]
    for data, says in (
        (b"<html>", "a JPG, PNG or WebP picture"),
        (png() + bytes(10_000_001), "at most 10 MB"),
    ):
        links.upload("<b>.png", data).result(timeout=20)
        assert says in links.field.error
    assert links.value == ["https://example.com/a.png"]


def test_a_path_is_taken_as_imagine_takes_it(at, form, tmp_path):
    """A path in a form's values stands for the file; where the gateway takes none it is refused with the reason."""
    path = tmp_path / "fox.png"
    path.write_bytes(png("blue"))
    made = form("image-to-image", at("apimart"), prompt="a fox", image_urls=[path])
    assert made.request.image_urls[0].startswith("file:")
    with pytest.raises(InvalidRequest, match="URLs alone"):
        _ = form("image-to-image", at("apixo"), prompt="a fox", image_urls=[path]).request


def test_thumbnails_of_what_was_chosen(at, form):
    """A picture of the ledger is shown small beside its URL, without the page fetching anything."""
    mj = at("acedata")
    task = mj.imagine("a fox").result(timeout=20)
    links = form("describe", mj).controls["image_urls"]
    sent: list[Any] = []
    links.field.send = lambda content, buffers=None: sent.append((content, buffers))
    links.value = task.images[1]
    wait_for(lambda: sent)
    assert sent[0][0] == {"thumbs": [task.images[1].url]}


def test_a_picture_without_an_address_is_refused(at, form):
    """Part of a sheet has no URL of its own: where files are not taken, it cannot be chosen, and says why."""
    mj = at("acedata")
    task = mj.imagine("a fox").result(timeout=20)
    mj.store.renewed(task.row, [f"https://example.com/sheet.png#quarter={n}" for n in range(4)])
    made = form("describe", mj)
    with pytest.raises(InvalidRequest, match="one sheet"):
        made.take(image_urls=mj.task(task.id).images[1])
    links = made.controls["image_urls"]
    links.open()
    wait_for(lambda: links.shelf.items)
    assert "a URL of its own" in links.shelf.items[0]["reason"]


def test_a_follow_up_is_previewed_as_it_will_be_sent(at, form):
    """What will be sent holds what only the parent tells; of a parent that nobody knows only the line of Python is shown."""
    mj = at("acedata")
    task = mj.imagine("a fox").result(timeout=20)
    made = form("vary", mj, task_id=task.id, image_index=1, strength="strong")
    assert json.loads(made.preview.texts["JSON"])["action"] == "variation2"
    made.values = {"task_id": "somebody-elses", "image_index": 1, "strength": "strong"}
    assert list(made.preview.texts) == ["Python"]
    assert not made.generate_button.disabled


@pytest.mark.parametrize(("mode", "refused"), [("zoom", "ratio"), ("inpaint", "task_id")])
def test_what_the_parent_does_not_offer_is_said_in_the_form(at, form, mode, refused):
    """A form refuses what its task does not offer before anything is sent, with what it offers."""
    mj = at("acedata")
    task = mj.imagine("a fox").result(timeout=20)
    mask = {"areas": [{"width": 64, "height": 64, "points": [0, 0, 32, 0, 32, 32]}]}
    more = {"zoom": {"ratio": "2x"}, "inpaint": {"prompt": "a hat", "mask": mask}}[mode]
    made = form(mode, mj, task_id=task.id, image_index=0, **more)
    with pytest.raises(InvalidRequest, match="is not on offer; this task offers") as error:
        _ = made.request
    assert error.value.field == refused
    assert made.generate_button.disabled


@pytest.mark.filterwarnings("ignore::mjnb.errors.AdviceWarning")  # of masks; the form shows it
@pytest.mark.parametrize("gateway", ["acedata", "apimart"])
def test_painting_on_a_picture_of_a_task(at, form, gateway):
    """Where a gateway paints in its own tasks, the painter shows the picture that is chosen by its number."""
    mj = at(gateway)
    sheet = mj.imagine("a fox").result(timeout=20)
    large = mj.upscale(sheet, 1).result(timeout=20)
    made = form("inpaint", mj, task_id=large.id, image_index=0, prompt="a hat")
    wait_for(lambda: made._painting.painter)
    painter = made._painting.painter
    width, height = painter.size
    painter.mask = mjnb.Mask(
        areas=[{"width": width, "height": height, "points": [0, 0, 32, 0, 32, 32, 0, 32]}]
    )
    assert set(made.values) == {"task_id", "image_index", "prompt", "mask"}
    painter.canvas = {"width": width + 64, "height": height}
    assert made.generate_button.disabled
    painter.canvas = None
    assert made.generate().result(timeout=30).images


def test_words_to_be_worked_at_are_left_alone(at, form):
    """A text that is to be translated may hold braces and flags: it is no prompt, and is sent as it is."""
    made = form("translate", at("acedata"), prompt="ein {roter} Fuchs --ar 1:1")
    assert made.request.prompt == "ein {roter} Fuchs --ar 1:1"
    assert made.preview.texts["Python"] == "await mj.translate('ein {roter} Fuchs --ar 1:1')"
    assert made.generate().result(timeout=20).texts
