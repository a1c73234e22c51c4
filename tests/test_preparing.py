"""Requests made ready for a gateway: flags become fields, one prompt is one task, advice is a warning."""

from __future__ import annotations

import warnings

import httpx
import pytest

from mjnb.errors import AdviceWarning, InvalidRequest, UnsupportedError
from mjnb.gateways import dialect
from mjnb.modes import ImageToImage, RawRequest, TextToImage, UploadPaint, Upscale, Vary
from mjnb.preparing import lift_flags, single_prompt
from mjnb.session import Session

APIXO = dialect("apixo")
VARY = {"task_id": "t", "image_index": 0, "strength": "subtle"}


def lifted(prompt, make=TextToImage, **fields):
    """Return a request whose flags have become fields."""
    return lift_flags(make(prompt=prompt, **fields), APIXO)[0]


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
    ("prompt", "flag"),
    [
        ("a fox --seed 7", "--seed"),
        ("a fox --no cars, people", "--no"),
        ("a fox --tile --ar 1:1", "--tile"),
        ("a fox --sref https://a/b.png", "--sref"),
        ("a fox --q 2", "--q"),
        ("a fox --newest-thing 3", "--newest"),
    ],
)
def test_flags_without_a_field_are_refused(prompt, flag):
    """APIXO cuts a prompt at its first flag, so one that has no field is refused by name, with the fields there are."""
    with pytest.raises(UnsupportedError) as caught:
        lifted(prompt)
    assert caught.value.field == flag
    assert "APIXO" in str(caught.value)
    assert "stylize" in str(caught.value)
    assert "Nothing was sent" in str(caught.value)


@pytest.mark.parametrize(
    ("prompt", "field", "nearest"),
    [
        ("a fox --ar 7:4", "aspect", "16:9"),
        ("a fox --c 200", "chaos", 100),
        ("a fox --v 5", "version", "v6"),
        ("a fox --niji 5", "version", "niji 6"),
    ],
)
def test_a_flags_value_is_checked(prompt, field, nearest):
    """A flag's value is held to its field's range."""
    with pytest.raises(InvalidRequest) as caught:
        lifted(prompt)
    assert (caught.value.field, caught.value.nearest) == (field, nearest)


def test_flags_that_a_mode_does_not_have():
    """A flag whose field the mode lacks is refused with the fields that the mode has."""
    assert lifted("warmer --turbo", Vary, **VARY).speed == "turbo"
    with pytest.raises(InvalidRequest, match="no such field in vary, which has: task_id"):
        lifted("warmer --chaos 20", Vary, **VARY)


def test_flags_need_words_before_them():
    """A prompt of flags alone is refused as that."""
    with pytest.raises(InvalidRequest, match="words, and flags only after them"):
        lifted("--chaos 20")


def test_dashes_stay_dashes():
    """Two hyphens that are no flag become a dash, since APIXO would cut there; it is said."""
    request, notes = lift_flags(TextToImage(prompt="dawn -- a quiet one"), APIXO)
    assert request.prompt == "dawn — a quiet one"
    assert len(notes) == 1


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
    with pytest.raises(InvalidRequest):
        UploadPaint(prompt=single_prompt(5))
