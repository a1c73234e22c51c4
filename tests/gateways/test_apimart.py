"""APIMart's dialect: what is sent, when it asks, and what it costs."""

from __future__ import annotations

import pytest

from mjnb import errors
from mjnb.gateways import dialect
from mjnb.gateways.apimart import Apimart
from mjnb.gateways.base import Envelope, Status
from mjnb.modes import (
    Blend,
    Describe,
    Edit,
    ImageToImage,
    Inpaint,
    Mask,
    Pan,
    RawRequest,
    Remix,
    Reroll,
    TextToImage,
    Upscale,
    Vary,
    Video,
    Zoom,
)
from mjnb.tasks import TaskState

APIMART = Apimart()
URL = "https://example.com/fox.png"
OF = {"task_id": "task_1", "image_index": 2}
SHEET = [
    *({"customId": f"MJ::JOB::upsample::{i}::abc", "label": f"U{i}"} for i in range(1, 5)),
    *({"customId": f"MJ::JOB::variation::{i}::abc", "label": f"V{i}"} for i in range(1, 5)),
    {"customId": "MJ::JOB::reroll::0::abc", "label": "🔄"},
]
ENLARGED = [
    {"customId": "MJ::JOB::upsample_v7_2x_subtle::1::abc", "label": "Upscale (Subtle)"},
    {"customId": "MJ::JOB::upsample_v7_2x_creative::1::abc", "label": "Upscale (Creative)"},
    {"customId": "MJ::Inpaint::1::abc", "label": "Vary (Region)"},
    {"customId": "MJ::Outpaint::75::1::abc", "label": "Zoom Out 1.5x"},
    {"customId": "MJ::JOB::pan_left::1::abc", "label": "⬅️"},
]


def sent(request, **envelope) -> tuple[str, dict]:
    """Spell a request; return the end of its path and its body."""
    call = APIMART.submit(request, Envelope(**envelope))
    assert call.method == "POST"
    assert call.path.startswith("/v1/midjourney/generations")
    return call.path.removeprefix("/v1/midjourney/generations"), dict(call.body or {})


def parent(buttons=(), count=4, **facts) -> Status:
    """Return a finished task with so many pictures."""
    urls = tuple(f"https://example.com/{i}.png" for i in range(count))
    return Status(TaskState.SUCCESS, urls=urls, facts={"buttons": list(buttons), **facts})


# -- what is sent --------------------------------------------------------------------------------------------------


def test_it_is_found_by_its_name():
    """The registry knows it."""
    assert isinstance(dialect("apimart"), Apimart)


def test_fields_travel_as_fields():
    """Everything that APIMart has a field for is a field of its name, and nothing of it is repeated as a flag."""
    request = ImageToImage(
        prompt="a fox", image_urls=[URL], version=7, speed="fast", aspect="16:9", quality=2, stylize=250, chaos=20, weird=5,
        seed=9, no="cars", tile=True, raw=True, draft=True, iw=1.5, cref="c", cw=10, sref="s", sw=20, stop=90,
    )  # fmt: skip
    assert sent(request) == (
        "",
        {
            "prompt": "a fox", "image_urls": [URL], "version": "7", "speed": "fast", "size": "16:9", "quality": "2",
            "stylize": 250, "chaos": 20, "weird": 5, "seed": 9, "negative_prompt": "cars", "tile": True, "raw": True,
            "draft": True, "iw": 1.5, "cref": "c", "cw": 10, "sref": "s", "sw": 20, "stop": 90,
        },
    )  # fmt: skip


def test_what_has_no_field_travels_in_extra():
    """The flags without a field, and the user's own, go where the gateway appends them to the prompt."""
    request = TextToImage(prompt="a fox", oref=URL, ow=50, exp=10, profile="abc", extra="--sv 4")
    _, body = sent(request)
    assert body["prompt"] == "a fox"
    for flag in (f"--oref {URL}", "--ow 50", "--exp 10", "--profile abc", "--sv 4"):
        assert flag in body["extra"]
    assert "extra" not in sent(TextToImage(prompt="a fox"))[1]


@pytest.mark.parametrize(
    ("given", "wire"),
    [(8.2, {"version": "8.2"}), ("niji 6", {"niji": True, "version": "6"})],
)
def test_versions(given, wire):
    """A version is its number, and Niji a switch beside it."""
    _, body = sent(TextToImage(prompt="a fox", version=given))
    assert {name: body[name] for name in body if name in {"version", "niji"}} == wire


@pytest.mark.parametrize(
    ("request_", "path", "body"),
    [
        (TextToImage(prompt="a", speed="relaxed"), "", {"prompt": "a", "speed": "relax"}),
        (
            Edit(prompt="a", image_urls=[URL], chaos=1),
            "/edits",
            {"prompt": "a", "image_urls": [URL], "chaos": 1},
        ),
        (
            Blend(image_urls=[URL, URL], aspect="2:3", speed="turbo"),
            "/blend",
            {"image_urls": [URL, URL], "size": "2:3", "speed": "turbo"},
        ),
        (Describe(image_urls=[URL]), "/describe", {"image_urls": [URL]}),
        (Vary(**OF, strength="subtle"), "/low-variation", {"task_id": "task_1", "index": 3}),
        (Vary(**OF, strength="strong"), "/high-variation", {"task_id": "task_1", "index": 3}),
        (Upscale(**OF, kind="standard"), "/upscale", {"task_id": "task_1", "index": 3}),
        (Reroll(task_id="task_1", speed="fast"), "/reroll", {"task_id": "task_1", "speed": "fast"}),
        (Zoom(**OF, ratio="1.5x"), "/zoom", {"task_id": "task_1", "index": 3, "zoom_ratio": 1.5}),
        (Pan(**OF, direction="up"), "/pan", {"task_id": "task_1", "index": 3, "direction": "up"}),
        (
            Inpaint(**OF, prompt="a", mask={"url": URL}, speed="fast"),
            "/inpaint",
            {"task_id": "task_1", "index": 3, "speed": "fast"},
        ),
        (
            Remix(**OF, strength="strong", prompt="b"),
            "/remix-strong",
            {"task_id": "task_1", "index": 3, "prompt": "b"},
        ),
        (Remix(**OF, strength="subtle"), "/remix-subtle", {"task_id": "task_1", "index": 3}),
        (
            Video(**OF, motion="low", animate="auto", batch_size=2),
            "/video",
            {"task_id": "task_1", "index": 2, "motion": "low", "animate_mode": "auto", "batch_size": 2},
        ),
        (RawRequest("shorten", prompt="a", x_Y=1), "/shorten", {"prompt": "a", "x_Y": 1}),
        (RawRequest("a/../b?c"), "/a%2F..%2Fb%3Fc", {}),
    ],
    ids=lambda value: value.mode if hasattr(value, "mode") else None,
)
def test_every_action_has_its_address(request_, path, body):
    """Each mode goes to its own address; pictures are counted from 1 there, those of a video from 0."""
    assert sent(request_) == (path, body)


@pytest.mark.parametrize(
    ("fields", "video_type"),
    [
        ({}, None),
        ({"resolution": "480p"}, "vid_1.1_i2v_480"),
        ({"resolution": "720p"}, "vid_1.1_i2v_720"),
        ({"end_url": URL}, "vid_1.1_i2v_start_end_480"),
        ({"end_url": URL, "resolution": "720p"}, "vid_1.1_i2v_start_end_720"),
    ],
)
def test_a_video_s_size_and_end_are_one_word(fields, video_type):
    """Resolution and end picture make the type of the video."""
    _, body = sent(Video(image_urls=[URL], prompt="it turns its head", **fields))
    assert body.get("video_type") == video_type
    assert body.get("end_url") == fields.get("end_url")
    assert "index" not in body


def test_the_second_half_of_an_inpainting():
    """Words and mask follow with the same task, under a key that is not that of the first half."""
    request = Inpaint(**OF, prompt="a lamp", mask={"url": URL}, speed="fast")
    first, second = (
        APIMART.submit(request, Envelope(key="row1")),
        APIMART.second_half(request, "task_9", Envelope(key="row1")),
    )
    assert second.path == "/v1/midjourney/generations/modal"
    assert second.body == {"task_id": "task_9", "prompt": "a lamp", "mask_url": URL, "speed": "fast"}
    assert second.headers["Idempotency-Key"] != first.headers["Idempotency-Key"]
    assert APIMART.second_half(request, "task_9", Envelope()).headers == {}


def test_a_mask_is_never_lost():
    """A mask in base64 travels as a data URL; one that is still polygons is refused, since without it all would change."""
    png = "iVBORw0KGgoAAAANSUhEUg=="
    request = Inpaint(**OF, prompt="a lamp", mask={"url": png})
    body = APIMART.second_half(request, "task_9", Envelope()).body or {}
    assert body["mask_url"] == f"data:image/png;base64,{png}"
    polygon = request.replace(mask=Mask.box(0, 0, 5, 5, size=(9, 9)))
    with pytest.raises(errors.InvalidRequest, match="mask"):
        APIMART.second_half(polygon, "task_9", Envelope())


@pytest.mark.parametrize("key", ["0123abc", "k" * 191, "k" * 192, "with blanks", "ключ", "\ud83e"])
def test_keys_of_rows_fit_into_a_header(key):
    """A row's key is sent as it is, or as its hash where a header could not carry it."""
    header = APIMART.submit(TextToImage(prompt="a"), Envelope(key=key)).headers["Idempotency-Key"]
    assert 1 <= len(header) <= 191
    assert header.isascii()
    assert " " not in header
    assert (header == key) == (key in {"0123abc", "k" * 191})


def test_asking_and_uploading():
    """A task is asked after where its buttons are told; a picture is handed over as a form with one file."""
    assert APIMART.status("task_1").path == "/v1/midjourney/task_1"
    assert APIMART.status("a b&c=d/../e").path == "/v1/midjourney/a%20b%26c%3Dd%2F..%2Fe"
    call = APIMART.upload("fox.png", b"png", "image/png")
    assert (call.method, call.path) == ("POST", "/v1/uploads/images")
    assert call.files == {"file": ("fox.png", b"png", "image/png")}


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "field", "nearest"),
    [
        (TextToImage(prompt="a", version="v6"), "version", "v6.1"),
        (TextToImage(prompt="a", version="niji 5"), "version", "niji 6"),
        (TextToImage(prompt="a", quality=4), "quality", "2"),
        (TextToImage(prompt="a", watermark="x"), "watermark", None),
        (TextToImage(prompt="a", enable_translation=True), "enable_translation", None),
        (Blend(image_urls=[URL] * 5), "image_urls", [URL] * 4),
        (Blend(image_urls=[URL] * 2, version=7), "version", None),
        (Edit(prompt="a", image_urls=[URL], mask={"url": URL}), "mask", None),
        (Vary(**OF, strength="subtle", prompt="b"), "prompt", None),
        (Video(**OF, batch_size=3), "batch_size", 2),
        (Video(**OF, speed="fast"), "speed", None),
        (Video(**OF, extend=True), "extend", None),
        (Video(image_urls=[URL]), "prompt", None),
        (Video(image_urls=[URL], prompt="a", animate="auto"), "animate", "manual"),
    ],
    ids=repr,
)
def test_what_the_pages_do_not_have_is_refused(request_, field, nearest):
    """Values and fields that APIMart lacks, or would change silently, are refused before anything is sent."""
    for act in (APIMART.check, lambda request: APIMART.submit(request, Envelope())):
        with pytest.raises(errors.InvalidRequest) as caught:
            act(request_)
        assert (caught.value.field, caught.value.nearest) == (field, nearest)


def test_a_form_may_ask_before_everything_is_filled_in():
    """What a value would meet is told of requests that are not whole yet."""
    assert APIMART.refuses(Blend, "speed", "turbo") == ""
    assert "v6.1" in APIMART.refuses(TextToImage, "version", "v6")
    assert "two to four" in APIMART.refuses(Blend, "image_urls", (URL,) * 5)
    assert all(
        APIMART.refuses(model, "speed", "fast") == "" for model in (Describe, Vary, Upscale, Remix, Inpaint)
    )


def test_modes_that_are_not_there():
    """Shorten has a price but no address, so it can only be written raw."""
    assert {"shorten", "translate", "seed", "upload-paint"}.isdisjoint(APIMART.modes)


@pytest.mark.parametrize(
    ("request_", "of", "said"),
    [
        (Upscale(**OF, kind="creative"), parent(SHEET), "this task offers upscale standard, vary, reroll"),
        (Upscale(**OF, kind="4x"), parent(), "offers nothing"),
        (Vary(**OF, strength="subtle"), parent(ENLARGED, 1), "one picture"),
        (Zoom(**OF, ratio="2x"), parent(SHEET), "Upscale one of them first"),
        (Pan(**OF, direction="up"), parent(SHEET), "Upscale one of them first"),
        (Inpaint(**OF, prompt="a", mask={"url": URL}), parent(SHEET), "Upscale one of them first"),
        (
            Zoom(task_id="task_1", image_index=0, ratio="2x"),
            parent([ENLARGED[0]], 1),
            "offers upscale standard",
        ),
        (Reroll(task_id="task_1"), parent(ENLARGED, 1), "offers upscale standard, upscale creative"),
        (Remix(**OF, strength="strong"), parent(SHEET, version="v7"), "v8.1 and v8.2"),
        (Vary(**OF, strength="subtle"), parent((), 1, action="VIDEO"), "video task has no picture"),
        (Video(**OF), parent((), 0, action="DESCRIBE"), "describe task has no picture"),
    ],
    ids=repr,
)
def test_what_the_parent_does_not_offer_is_refused(request_, of, said):
    """A follow-up that its task has no picture, button or version for is refused, naming what it offers."""
    with pytest.raises(errors.InvalidRequest, match=said):
        APIMART.check_parent(request_, of)


@pytest.mark.parametrize(
    ("request_", "of"),
    [
        (Upscale(**OF, kind="standard"), parent(SHEET)),
        (Vary(**OF, strength="strong"), parent(SHEET)),
        (Reroll(task_id="task_1"), parent(SHEET)),
        (Zoom(task_id="task_1", image_index=0, ratio="2x"), parent(ENLARGED, 1)),
        (Pan(task_id="task_1", image_index=0, direction="left"), parent(ENLARGED, 1)),
        (Inpaint(task_id="task_1", image_index=0, prompt="a", mask={"url": URL}), parent(ENLARGED, 1)),
        (Zoom(task_id="task_1", image_index=0, ratio="2x"), parent((), 1)),
        (Remix(**OF, strength="strong"), parent(SHEET, version="v8.1")),
        (Remix(**OF, strength="strong"), parent(SHEET)),
        (Video(**OF), parent(SHEET)),
    ],
    ids=repr,
)
def test_what_the_parent_offers_or_does_not_tell_may_be_sent(request_, of):
    """What a task offers, and what nobody knows of it, is left to the gateway."""
    APIMART.check_parent(request_, of)
    assert sent(request_, parent=of)[1]["task_id"] == "task_1"


# -- enlarging -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "button"),
    [
        ("standard", "MJ::JOB::upsample_v7_2x_subtle::1::abc"),
        ("creative", "MJ::JOB::upsample_v7_2x_creative::1::abc"),
    ],
)
def test_an_enlarged_picture_is_enlarged_by_its_buttons(kind, button):
    """Of one picture the subtle button is the standard, and the creative one creative."""
    request = Upscale(task_id="task_1", image_index=0, kind=kind)
    assert sent(request, parent=parent(ENLARGED, 1)) == (
        "/upscale",
        {"task_id": "task_1", "custom_id": button},
    )


def test_the_button_of_the_picture_is_pressed():
    """Where a sheet has a button for each picture, that of the chosen one is pressed."""
    buttons = [
        {"customId": f"MJ::JOB::upsample_v5_{kind}::{i}::abc", "label": ""}
        for kind in ("2x", "4x")
        for i in range(1, 5)
    ]
    _, body = sent(Upscale(**OF, kind="4x"), parent=parent(buttons))
    assert body["custom_id"] == "MJ::JOB::upsample_v5_4x::3::abc"
    with pytest.raises(errors.InvalidRequest, match="offers upscale 2x, upscale 4x"):
        sent(Upscale(**OF, kind="4x"), parent=parent(buttons[:5]))


def test_an_enlargement_of_an_unknown_task_is_refused():
    """Without the task's buttons a real enlargement cannot be spelled; one of the four pictures needs none."""
    with pytest.raises(errors.InvalidRequest, match="Ask after the task first"):
        sent(Upscale(**OF, kind="2x"))
    assert APIMART.needs_parent


def test_what_was_said_before_the_end_is_no_parent():
    """An answer about a running task holds no buttons yet, so the gateway is asked again."""
    running = {"id": "task_1", "status": "IN_PROGRESS", "buttons": []}
    finished = {"id": "task_1", "status": "SUCCESS", "image_urls": [URL], "buttons": ENLARGED}
    request = Upscale(task_id="task_1", image_index=0, kind="creative")
    assert APIMART.parent_of(request, running) is None
    known = APIMART.parent_of(request, finished)
    assert known is not None
    assert "custom_id" in sent(request, parent=known)[1]


# -- what holds, when to ask, what it costs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "held"),
    [
        (TextToImage(prompt="a"), {"speed": "relaxed"}),
        (TextToImage(prompt="a", hd=True), {"speed": "relaxed", "version": "v8.1"}),
        (TextToImage(prompt="a", hd=True, version=8.2), {"version": "v8.2"}),
        (Blend(image_urls=[URL, URL]), {"aspect": "1:1"}),
        (Video(**OF), {"resolution": "480p", "animate": "manual", "motion": "high", "batch_size": 1}),
    ],
)
def test_documented_defaults_hold(request_, held):
    """What is not said is what the pages give, and asking for what holds is asking for the same."""
    found = APIMART.held(request_)
    assert held.items() <= found.items()
    full = request_.replace(**found)
    APIMART.check(full)
    assert APIMART.held(full) == found


def test_advice():
    """A field that the version does not take is warned of, and so is the masks' two readings."""
    advice = APIMART.advise(TextToImage(prompt="a", version=8.1, cref="c"))
    assert any("cref" in line for line in advice)
    assert any("mask" in line for line in APIMART.advise(Inpaint(**OF, prompt="a", mask={"url": URL})))
    assert APIMART.advise(TextToImage(prompt="a", version=7)) == []


def test_rhythm():
    """It asks after five seconds and every four, an inpainting at once, and gives up when the gateway does."""
    rhythm = APIMART.rhythm(TextToImage(prompt="a"))
    assert (rhythm.first, rhythm.every, rhythm.timeout) == (20, 5, 1800)
    assert APIMART.rhythm(Inpaint(**OF, prompt="a", mask={"url": URL})).first == 0
    assert APIMART.rhythm(None) == APIMART.rhythm(RawRequest("shorten"))


@pytest.mark.parametrize(
    ("request_", "micro"),
    [
        (TextToImage(prompt="a"), 45_040),
        (TextToImage(prompt="a", version=7, speed="fast"), 55_040),
        (TextToImage(prompt="a", speed="turbo"), 100_000),
        (Blend(image_urls=[URL, URL]), 55_040),
        (Upscale(**OF, kind="standard", speed="turbo"), 100_000),
        (Inpaint(**OF, prompt="a", mask={"url": URL}), 55_040),
        (Video(**OF), 200_000),
        (Video(**OF, resolution="720p", batch_size=4), 1_600_000),
        (RawRequest("shorten", prompt="a"), None),
    ],
    ids=repr,
)
def test_listed_prices(request_, micro):
    """The price list of the pages, by action and speed, each clip of a video for itself; no price where none is listed."""
    assert APIMART.price(request_) == micro


@pytest.mark.parametrize(
    ("prices", "micro"),
    [
        ({"midjourney@imagine-v7-fast": 0.01, "midjourney@imagine-v7": 0.02}, 10_000),
        ({"midjourney@imagine-v7": 0.02, "midjourney@imagine-fast": 0.03}, 20_000),
        ({"midjourney@imagine-fast": 0.03, "midjourney@imagine": 0.04}, 30_000),
        ({"midjourney@imagine": 0.04, "text-to-image": 0.05}, 40_000),
        ({"text-to-image": 0.05, "midjourney": 0.06}, 50_000),
        ({"midjourney": 0.06}, 60_000),
        ({"midjourney@imagine-v8.1-fast": 0.07, "video": 1}, 55_040),
    ],
)
def test_own_prices_follow_the_documented_order(prices, micro):
    """A user's prices by billing key are tried in the documented order, and before those of the pages."""
    assert APIMART.price(TextToImage(prompt="a", version=7, speed="fast"), prices) == micro


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        (TextToImage(prompt="a", version="niji 7"), "midjourney@imagine-niji7"),
        (TextToImage(prompt="a", version=8.1, speed="turbo"), "midjourney@imagine-v8.1-turbo"),
        (ImageToImage(prompt="a", image_urls=[URL]), "midjourney@imagine"),
        (Edit(prompt="a", image_urls=[URL], version=7, speed="fast"), "midjourney@edits-fast"),
        (Vary(**OF, strength="strong"), "midjourney@high_variation"),
        (Vary(**OF, strength="subtle", speed="fast"), "midjourney@low_variation-fast"),
        (Inpaint(**OF, prompt="a", mask={"url": URL}), "midjourney@modal"),
        (Inpaint(**OF, prompt="a", mask={"url": URL}), "midjourney@inpaint"),
        (Remix(**OF, strength="subtle", speed="turbo"), "midjourney@remix_subtle-turbo"),
        (Video(**OF, resolution="720p"), "midjourney@video-720p"),
    ],
    ids=repr,
)
def test_billing_keys(request_, key):
    """Each action is found by its own key, which is one of the names that prices may have."""
    assert key in APIMART.price_names
    assert APIMART.price(request_, {key: 0.01}) == 10_000


def test_a_user_s_price_of_a_video_is_that_of_a_clip():
    """Every clip is charged, whatever name the price has."""
    request = Video(**OF, batch_size=4)
    assert APIMART.price(request, {"midjourney@video": 0.1}) == 400_000
    assert APIMART.price(request, {"video": 0.1}) == 400_000
