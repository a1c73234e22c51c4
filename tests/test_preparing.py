"""Requests made ready for a gateway: flags become fields, one prompt is one task, advice is a warning."""

from __future__ import annotations

import warnings
from typing import ClassVar

import httpx
import pytest

from mjnb.errors import AdviceWarning, InvalidRequest, UnsupportedError
from mjnb.gateways import dialect, who_takes
from mjnb.gateways.apixo import Apixo
from mjnb.modes import (
    ImageToImage,
    RawRequest,
    Shorten,
    TextToImage,
    Translate,
    UploadPaint,
    Upscale,
    Vary,
    Video,
)
from mjnb.preparing import lift_flags, single_prompt
from mjnb.session import Session

APIXO = dialect("apixo")
VARY = {"task_id": "t", "image_index": 0, "strength": "subtle"}


class Stepping(Apixo):
    """A gateway like APIXO that takes further flags as they are, and stylize in steps of 50."""

    takes: ClassVar = {mode: names | {"seed", "extra"} for mode, names in Apixo.takes.items()}

    def settle(self, request):
        """Move stylize to its step."""
        stylize = request.given().get("stylize", 0)
        if stylize % 50 == 0:
            return request, ()
        return request.replace(stylize=stylize // 50 * 50), (f"stylize {stylize} became a step of 50",)


STEPPING = Stepping()


@pytest.mark.parametrize("fields", [{"prompt": "a fox --v8.1"}, {"prompt": "a fox", "extra": "--v8.1"}])
def test_a_flag_glued_to_its_value_is_not_sent(fields):
    """It is refused where flags become fields, in the prompt and in what is written as flags."""
    with pytest.raises(InvalidRequest, match=r"nearest valid value: '--v 8\.1'"):
        lift_flags(TextToImage(**fields), dialect("apimart"))


def lifted(prompt, make=TextToImage, gateway=APIXO, **fields):
    """Return a request whose flags have become fields, and that its gateway takes."""
    request = lift_flags(make(prompt=prompt, **fields), gateway)[0]
    assert lift_flags(request, gateway)[0] == request
    gateway.check(request)
    return request


@pytest.fixture
def mj(tmp_path):
    """Open a session that sends nothing."""
    session = Session("simulator", store=tmp_path / "store", quiet=True)
    yield session
    session.close().result()


# -- flags -----------------------------------------------------------------------------------------------------------


def test_flags_are_fields():
    """Every flag that APIXO has a field for lands in it, in the field's own spelling."""
    request = lifted("a fox --ar 16:9 --c 20 --stylize 250 --w 5 --v 7 --turbo")
    assert request == TextToImage(
        prompt="a fox", aspect="16:9", chaos=20, stylize=250, weird=5, version="v7", speed="turbo"
    )
    assert lifted("a fox --niji 6 --fast").given() == {
        "prompt": "a fox",
        "version": "niji 6",
        "speed": "fast",
    }


def test_flags_and_fields_may_agree():
    """A flag may repeat what a field says, in any spelling, and leaves the other fields alone."""
    assert lifted("a fox --v 7", version=7.0, chaos=5) == TextToImage(prompt="a fox", version="v7", chaos=5)


def test_flags_and_fields_may_not_differ():
    """A flag that says something else than its field is refused, rather than one of them chosen."""
    with pytest.raises(InvalidRequest, match="the prompt's own flags say 20"):
        lifted("a fox --chaos 20", chaos=5)


@pytest.mark.parametrize(
    ("prompt", "flag", "field"),
    [
        ("a fox --seed 7", "--seed", "seed"),
        ("a fox --no cars, people", "--no", "no"),
        ("a fox --tile --ar 1:1", "--tile", "tile"),
        ("a fox --sref https://a/b.png", "--sref", "sref"),
        ("a fox --q 2", "--quality", "quality"),
        ("a fox --newest-thing 3", "--newest", "extra"),
        ("a fox --p", "--p", "extra"),
    ],
)
def test_flags_without_a_field_are_refused(prompt, flag, field):
    """APIXO cuts a prompt at its first flag, so one that has no field is refused by name, with the fields and gateways there are."""
    for given in ({"prompt": prompt}, {"prompt": "a fox", "extra": prompt.removeprefix("a fox ")}):
        with pytest.raises(UnsupportedError) as caught:
            lift_flags(TextToImage(**given), APIXO)
        assert caught.value.field == flag
        assert caught.value.gateways == who_takes("text-to-image", field)
        assert "APIXO has no field for it" in str(caught.value)
        assert (
            "its text-to-image has prompt, version, speed, aspect, chaos, stylize, weird, enable_translation."
            in str(caught.value)
        )
        assert "Gateways that have it: " in str(caught.value)
        assert str(caught.value).count("Nothing was sent") == 1


def test_flags_without_a_field_go_into_extra():
    """Where a gateway takes further flags as they are, those without a field of its own go there, in their usual spelling."""
    request = lifted("a fox --p --q 2 --seed 7 --s 50 --sv 4", gateway=STEPPING, extra="--tile --test")
    assert request == TextToImage(
        prompt="a fox", seed=7, stylize=50, extra="--quality 2 --tile --p --sv 4 --test"
    )
    assert lifted("a fox", gateway=STEPPING, extra="--chaos 5") == TextToImage(prompt="a fox", chaos=5)
    with pytest.raises(InvalidRequest, match="flags alone"):
        lifted("a fox", gateway=STEPPING, extra="in the rain --chaos 5")
    with pytest.raises(InvalidRequest, match="the prompt's own flags say 6"):
        lifted("a fox --chaos 6", gateway=STEPPING, extra="--chaos 5")


@pytest.mark.parametrize("flag", ["--repeat 4", "--r 4"])
@pytest.mark.parametrize("gateway", [APIXO, STEPPING])
def test_one_request_is_one_task(flag, gateway):
    """A flag that would make several tasks of one, each of them charged, is refused towards a sweep's repeats."""
    for request in (TextToImage(prompt=f"a fox {flag}"), TextToImage(prompt="a fox", extra=flag)):
        with pytest.raises(InvalidRequest, match="repeats="):
            lift_flags(request, gateway)


def test_values_are_moved_to_the_gateways_steps():
    """What a gateway has only in steps is moved there after the flags are fields, and it is said."""
    request, notes = lift_flags(TextToImage(prompt="a fox -- red --s 120"), STEPPING)
    assert request == TextToImage(prompt="a fox — red", stylize=100)
    assert [note.split()[0] for note in notes] == ['"--"', "stylize"]
    assert lift_flags(request, STEPPING) == (request, ())
    raw = RawRequest("outpaint", prompt="a fox --s 120", stylize=120)
    assert lift_flags(raw, STEPPING) == (raw, ())


@pytest.mark.parametrize(
    ("prompt", "field", "nearest"),
    [
        ("a fox --ar 7:4", "aspect", "16:9"),
        ("a fox --ar 100:1", "aspect", "14:1"),
        ("a fox --c 200", "chaos", 100),
        ("a fox --v 4", "version", "v5"),
        ("a fox --v 8.1", "version", "v7"),
        ("a fox --niji 5", "version", "niji 6"),
    ],
)
def test_a_flags_value_is_checked(prompt, field, nearest):
    """A flag's value is held to its field's range, and to the gateway's own list."""
    with pytest.raises(InvalidRequest) as caught:
        lifted(prompt)
    assert (caught.value.field, caught.value.nearest) == (field, nearest)


def test_flags_that_a_mode_does_not_have():
    """A flag whose field the mode lacks is refused with the fields that the mode has."""
    assert lifted("warmer --turbo", Vary, **VARY).speed == "turbo"
    with pytest.raises(UnsupportedError, match=r"its vary has task_id.*No gateway has it"):
        lifted("warmer --sv 4", Vary, **VARY)
    with pytest.raises(InvalidRequest, match="no such field in vary, which has: task_id"):
        lifted("warmer --chaos 20", Vary, **VARY)


def test_videos_have_flags_of_their_own():
    """A video's prompt has its own flags, which other modes refuse."""
    clip = Video(
        task_id="t", image_index=0, prompt="slowly --motion high --loop --end https://a/b.png --bs 2"
    )
    wanted = {
        "prompt": "slowly",
        "motion": "high",
        "loop": True,
        "end_url": "https://a/b.png",
        "batch_size": 2,
    }
    assert wanted.items() <= lift_flags(clip, APIXO)[0].given().items()
    with pytest.raises(InvalidRequest, match="motion: no such field in text-to-image"):
        lifted("a fox --motion low")


def test_text_that_is_no_prompt_is_left_alone():
    """What is to be translated or shortened is text, whatever it looks like."""
    for request in (Translate(prompt="ein Fuchs --ar 16:9"), Shorten(prompt="a fox -- red --chaos 900")):
        assert lift_flags(request, APIXO) == (request, ())


def test_flags_need_words_before_them():
    """A prompt of flags alone is refused as that."""
    with pytest.raises(InvalidRequest, match="words, and flags only after them"):
        lifted("--chaos 20")


def test_dashes_stay_dashes():
    """Two hyphens that are no flag become a dash, since APIXO would cut there; it is said."""
    request, notes = lift_flags(TextToImage(prompt="dawn -- a quiet one"), APIXO)
    assert request.prompt == "dawn — a quiet one"
    assert len(notes) == 1


@pytest.mark.parametrize("gateway", ["apixo", "apixo-reference", "acedata"])
def test_a_url_is_dashed_where_the_gateway_would_cut_there(gateway):
    """Two hyphens inside a URL become a dash where the gateway refuses them in a prompt, and only there; it is said."""
    typed = TextToImage(prompt="a fox like https://a.example/b--c.png")
    request, notes = lift_flags(typed, dialect(gateway))
    assert request.prompt == "a fox like https://a.example/b—c.png"
    assert len(notes) == 1
    dialect(gateway).check(request)
    assert lift_flags(request, dialect(gateway)) == (request, ())
    assert lift_flags(typed, dialect("apimart")) == (typed, ())


@pytest.mark.parametrize(
    "fields", [{"no": "cars —repeat 4"}, {"sref": "1 —repeat 4"}, {"sref": ["7", "—V", "6"]}, {"profile": "a —r 4"}]
)  # fmt: skip
def test_no_flag_hides_in_another_ones_value(fields):
    """A known flag behind a typed dash would be a flag at the gateway, so it is refused inside a field too."""
    with pytest.raises(InvalidRequest, match="a flag of its own"):
        lift_flags(TextToImage(prompt="a fox", **fields), dialect("apimart"))
    with pytest.raises(InvalidRequest, match="a flag of its own"):
        lift_flags(ImageToImage(prompt="a fox", image_urls=["https://a/b.png"], **fields), APIXO)


def test_a_dash_in_a_value_is_none():
    """A dash before anything but a known flag is a part of the value."""
    request = TextToImage(prompt="a fox", no="cars — people, —asleep")
    assert lift_flags(request, dialect("apimart")) == (request, ())


def test_no_to_what_the_gateway_lacks_is_no_request():
    """One notebook runs everywhere: False is dropped in silence where the gateway has no such field; True is refused."""
    apimart = dialect("apimart")
    no, yes = (TextToImage(prompt="a fox", enable_translation=value) for value in (False, True))
    assert lift_flags(no, apimart) == (TextToImage(prompt="a fox"), ())
    assert lift_flags(no, APIXO) == (no, ())
    with pytest.raises(UnsupportedError):
        apimart.check(lift_flags(yes, apimart)[0])
    clip = Video(image_urls=["https://a/b.png"], prompt="slowly", loop=False)
    request, notes = lift_flags(clip, apimart)
    assert ("loop" in request.given(), notes) == (not apimart.lacks("video", "loop"), ())


def test_requests_without_flags_are_left_alone():
    """A request without flags, without a prompt, or written raw comes back as it was."""
    for request in (
        TextToImage(prompt="a fox - red, --"[:10]),
        Vary(**VARY),
        Upscale(task_id="t", image_index=0, kind="2x"),
        RawRequest("outpaint", prompt="a fox --chaos 20"),
    ):
        assert lift_flags(request, APIXO) == (request, ())


# -- through the session ---------------------------------------------------------------------------------------------


def test_prepare_lifts_and_checks(mj):
    """`Session.prepare` gives the request that would be sent."""
    assert mj.prepare(TextToImage(prompt="a fox --ar 16:9 --s 50")) == TextToImage(
        prompt="a fox", aspect="16:9", stylize=50
    )
    with pytest.raises(UnsupportedError):
        mj.prepare(TextToImage(prompt="a fox --seed 7"))
    with pytest.raises(UnsupportedError) as caught:
        mj.prepare(TextToImage(prompt="a fox --relax"))
    assert (caught.value.field, caught.value.nearest) == ("speed", "fast")


def test_prepare_refuses_a_raw_prompt_that_would_be_cut(mj):
    """A raw request is not changed, but APIXO would cut its prompt all the same."""
    with pytest.raises(InvalidRequest, match="cuts a prompt at its first --"):
        mj.prepare(RawRequest("outpaint", prompt="a fox --chaos 20"))
    raw = RawRequest("reroll", taskId="t", speed="relaxed")
    assert mj.prepare(raw) == raw


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (TextToImage(prompt="a fox", version="v6"), "v6.1 is the nearest"),
        (TextToImage(prompt="赛博朋克咖啡馆"), "enable_translation"),
        (TextToImage(prompt="un gato en la playa"), "enable_translation"),
        (ImageToImage(prompt="a fox", image_urls=["https://a/b.png"] * 3), "one or two"),
        (TextToImage(prompt="dawn -- a quiet one"), "cut the prompt"),
    ],
)
def test_advice(mj, request_, words):
    """What the page advises against is a warning, once a session, and stops nothing."""
    with pytest.warns(AdviceWarning, match=words):
        mj.prepare(request_)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mj.prepare(request_)


@pytest.mark.parametrize(
    "request_",
    [
        TextToImage(prompt="a café in Paris, v6 of it", version="v6.1"),
        TextToImage(prompt="赛博朋克咖啡馆", enable_translation=True),
        ImageToImage(prompt="a fox", image_urls=["https://a/b.png"] * 2),
        Vary(**VARY),
    ],
)
def test_no_advice_without_need(mj, request_):
    """What the page recommends is no reason to warn."""
    assert mj.prepare(request_) == request_


class Nobody(httpx.AsyncBaseTransport):
    """A network that must not be used."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Fail."""
        raise AssertionError(f"{request.method} {request.url} was sent")


def test_nothing_is_sent_of_what_is_refused(tmp_path):
    """Every call refuses a bad value at once, before anything touches the network or the ledger."""
    mj = Session("simulator", store=tmp_path, transport=Nobody(), quiet=True)
    calls = [
        lambda: mj.imagine("a fox", chaos=101),
        lambda: mj.imagine("a fox --seed 1"),
        lambda: mj.imagine("a {red, blue} fox"),
        lambda: mj.imagine("a fox", chaoss=1),
        lambda: mj.imagine("a fox", []),
        lambda: mj.inpaint("https://a/b.png", "a lamp", {"url": "https://a/m.png"}),
        lambda: mj.vary("t", 4),
        lambda: mj.vary("t", 0, "hard"),
        lambda: mj.upscale("t", True),
        lambda: mj.upscale("t", 0, "8x"),
        lambda: mj.submit(TextToImage(prompt="a fox", speed="relaxed")),
    ]
    for call in calls:
        with pytest.raises(InvalidRequest, match="Nothing was sent"):
            call()
    assert len(mj.history()) == 0
    mj.close().result()


# -- one prompt ------------------------------------------------------------------------------------------------------


def test_one_prompt():
    """Literal and one-option braces are read; braces that stand for several tasks are refused towards a sweep."""
    assert single_prompt(r"a \{red\} bird") == "a {red} bird"
    assert single_prompt("a {red} bird") == "a red bird"
    assert single_prompt("a red bird, C:\\new") == "a red bird, C:\\new"
    with pytest.raises(InvalidRequest, match=r"mjnb\.Sweep"):
        single_prompt("a {red, blue} bird")
    with pytest.raises(InvalidRequest, match="no partner"):
        single_prompt("a {red bird")
    for no_text in (5, None):
        with pytest.raises(InvalidRequest):
            UploadPaint(prompt=single_prompt(no_text))
