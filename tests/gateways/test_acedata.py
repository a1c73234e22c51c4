"""AceData's dialect against AceData's documents: what is sent, and what is refused before it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mjnb import errors
from mjnb.gateways import dialect
from mjnb.gateways.acedata import AceData
from mjnb.gateways.base import Envelope, Status
from mjnb.modes import (
    Blend,
    Describe,
    Edit,
    ImageToImage,
    Inpaint,
    Mask,
    RawRequest,
    Remix,
    SeedOf,
    Shorten,
    TextToImage,
    Translate,
    Upscale,
    Vary,
    Video,
    Zoom,
)  # fmt: skip
from mjnb.tasks import TaskState

ACEDATA = AceData()
WIRE = Path(__file__).parents[1] / "wire" / "acedata"
URL, CAT = "https://cdn.acedata.cloud/v014oc.png", "A cat sitting on a table"
GRID = [*(f"upscale{n}" for n in range(1, 5)), "reroll", *(f"variation{n}" for n in range(1, 5))]
SINGLE = [
    "upscale_2x", "upscale_4x", "variation_subtle", "variation_strong", "zoom_out_2x", "zoom_out_1_5x", "pan_left", "pan_right",
    "pan_up", "pan_down",
]  # fmt: skip
PNG = "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAMUlEQVR42u3OMQoAMAgEQeP//5wUdlZCOpkpD1mMACinD3d8WfL3AwEBAQGBVQEAVnnswgEy6MR5xgAAAABJRU5ErkJggg=="


def wire(name: str) -> dict[str, Any]:
    """Read a documented exchange."""
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def submit(request, **envelope) -> dict[str, Any]:
    """Spell a request, and return the body."""
    return dict(ACEDATA.submit(request, Envelope(**envelope)).body or {})


CLIPS = Status(
    TaskState.SUCCESS, urls=("https://a.example/0.mp4",) * 4, facts={"video_id": "1751816807896311"}
)


def of(image_id: str, actions: list[str]) -> Status:
    """Make a finished parent of one picture's id."""
    return Status(TaskState.SUCCESS, urls=("u",), facts={"image_id": image_id, "actions": actions})


# -- the documents' own requests -----------------------------------------------------------------------------------------

HOOK = "https://webhook.site/556e6971-b41f-4fa8-9151-6e91acd0399f"
TEXT = TextToImage(prompt=CAT)
DOCUMENTED: dict[str, tuple[Any, Envelope]] = {
    "imagine": (TextToImage(prompt=CAT, speed="fast", enable_translation=False), Envelope(timeout_s=480.0)),
    "imagine_async": (TEXT, Envelope()),
    "imagine_callback_accepted": (TEXT, Envelope(callback_url=HOOK)),
    "imagine_guide": (TextToImage(prompt="Lamborghini speeds inside a volcano"), Envelope()),
    "imagine_image_prompt": (
        ImageToImage(prompt="an illustration of a car parked on the beach", image_urls=[URL], iw=2), Envelope(),
    ),
    "imagine_progress": (TextToImage(prompt="a beautiful cat", version=6), Envelope(streams=True)),
    "imagine_sizes_as_strings": (TEXT, Envelope()),
    "imagine_split_images": (TEXT, Envelope()),
    "imagine_two_image_prompts": (
        ImageToImage(
            prompt="The bear is holding the chainsaw", iw=2,
            image_urls=["https://cdn.acedata.cloud/8fapzl.png", "https://cdn.acedata.cloud/c1igbw.png"],
        ),
        Envelope(),
    ),
    "imagine_upscale": (
        Upscale(task_id="t", image_index=3, kind="standard"), Envelope(parent=of("1234201336543969401", GRID)),
    ),
    "imagine_variation": (
        Vary(task_id="t", image_index=1, strength="strong"), Envelope(parent=of("1234197197067915365", GRID)),
    ),
    "imagine_variation_region": (
        Inpaint(task_id="t", image_index=0, prompt="A cute cat", mask={"url": PNG}),
        Envelope(parent=of("1265875488702726144", SINGLE)),
    ),
    "edits": (Edit(prompt=CAT, image_urls=["https://cdn.acedata.cloud/jgo1cw.jpg"]), Envelope()),
    "videos": (Video(prompt=CAT, image_urls=["https://cdn.acedata.cloud/jgo1cw.jpg"]), Envelope()),
    "videos_extend": (Video(prompt=CAT, task_id="t", image_index=1, extend=True), Envelope(parent=CLIPS)),
    "describe": (Describe(image_urls=["https://cdn.acedata.cloud/kg7xp3.png"]), Envelope()),
    "shorten": (Shorten(prompt=CAT), Envelope()),
    "translate": (Translate(prompt="精致，无暇，洁白的天使"), Envelope()),
    "seed": (SeedOf(task_id="t"), Envelope(parent=of("1211290228438868029", GRID))),
}  # fmt: skip
CHOSEN = {"async", "split_images"}  # what is always said here, whatever the example says
OTHERWISE = {
    "mode": "fast",
    "action": "generate",
    "translation": False,
    "timeout": 480,
}  # documented defaults


def meaning(body: dict[str, Any]) -> dict[str, Any]:
    """Fill in the documented defaults, and let a version's flag be its field."""
    prompt, _, version = str(body.get("prompt", "")).strip().partition(" --v ")
    said = {name: value for name, value in body.items() if name not in CHOSEN}
    said |= {"prompt": prompt} if prompt else {}
    return {**OTHERWISE, **said, **({"version": version} if version else {})}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_requests(name):
    """Each example of the pages comes out of a typed request: same place, same meaning, nothing else beside it."""
    request, envelope = DOCUMENTED[name]
    call, documented = ACEDATA.submit(request, envelope), wire(name)["request"]
    assert (call.method, call.path, dict(call.query)) == (documented["method"], documented["path"], {})
    assert meaning(json.loads(json.dumps(call.body))) == meaning(documented["json"])
    assert {"accept": "application/json", **{k.lower(): v for k, v in call.headers.items()}}[
        "accept"
    ] == documented["headers"]["accept"]


def test_every_documented_request_is_tried():
    """No example of the pages is left out."""
    named = {path.stem for path in WIRE.glob("*.json") if "request" in wire(path.stem)}
    assert {name for name in named if not name.startswith(("error_", "tasks_"))} == set(DOCUMENTED)


def test_documented_questions():
    """One task is asked after as documented; several in one request, with a limit, since twelve is the default."""
    documented = wire("tasks_retrieve")["request"]
    call = ACEDATA.status(documented["json"]["id"])
    assert (call.method, call.path, call.body) == ("POST", documented["path"], documented["json"])
    several = wire("tasks_retrieve_batch")["request"]
    ids = several["json"]["ids"]
    call = ACEDATA.status_of(ids)
    assert call.path == several["path"]
    assert call.body == {"action": several["json"]["action"], "ids": ids, "limit": 2}
    assert ACEDATA.batch >= 60


def test_it_is_a_gateway_by_name():
    """The gateway is found by its name."""
    assert isinstance(dialect("acedata"), AceData)


# -- fields and flags ----------------------------------------------------------------------------------------------------


def test_five_fields_and_the_rest_as_flags():
    """Speed, version, hd, quality and translation are fields; everything else is a flag, and nothing is both."""
    body = submit(
        TextToImage(
            prompt="a fox", version="v8.1", speed="relaxed", hd=True, quality=0.5, enable_translation=True, aspect="16:9",
            chaos=20, stylize=250, weird=30, seed=7, no="cars, people", tile=True, raw=True, sref="123", sw=50, exp=10,
        )
    )  # fmt: skip
    words, *flags = body.pop("prompt").split(" --")
    assert words == "a fox"
    assert set(flags) == {
        "ar 16:9", "chaos 20", "stylize 250", "weird 30", "seed 7", "no cars, people", "tile", "raw", "sref 123", "sw 50", "exp 10",
    }  # fmt: skip
    assert body == {
        "action": "generate", "version": "8.1", "mode": "relax", "hd": True, "quality": ".5", "translation": True,
        "style_reference": True, "split_images": True, "async": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("version", "flag"), [("niji 7", "--niji 7"), ("niji 6", "--niji 6"), ("v5.1", "--v 5.1")]
)
def test_versions_without_a_field_are_flags(version, flag):
    """The version field has no Niji and no v5.1, so they travel as Midjourney writes them."""
    body = submit(TextToImage(prompt="a fox", version=version))
    assert body["prompt"] == f"a fox {flag}"
    assert "version" not in body


@pytest.mark.parametrize(
    ("profile", "is_moodboard"), [("m7312345", True), ("abc123 m55", True), ("mellow", False)]
)
def test_moodboards_are_declared(profile, is_moodboard):
    """A moodboard costs more in some versions, so the field that says so is set."""
    body = submit(TextToImage(prompt="a fox", profile=profile))
    assert body.get("moodboard", False) is is_moodboard
    assert body["prompt"] == f"a fox --profile {profile}"


def test_pictures_stand_at_the_head():
    """Reference pictures come before the words; a blend is pictures alone, with its shape behind them."""
    urls = ["https://a.example/1.png", "https://a.example/2.png"]
    assert submit(ImageToImage(prompt="a fox", image_urls=urls))["prompt"] == f"{urls[0]} {urls[1]} a fox"
    blend = submit(Blend(image_urls=urls, aspect="2:3", version=7))
    assert (blend["prompt"], blend["version"]) == (f"{urls[0]} {urls[1]} --ar 2:3", "7")


def test_further_flags_go_last():
    """What is written in `extra` ends the prompt."""
    assert (
        submit(TextToImage(prompt="a fox", chaos=5, extra="--sv 4"))["prompt"] == "a fox --chaos 5 --sv 4"
    )


@pytest.mark.parametrize(
    "extra", ["--chaos 5", "--v 7", "--relax", "--hd", "poppies", "red --sv 4", "--repeat 4", "--r 4"]
)
def test_extra_is_for_flags_without_a_field(extra):
    """A flag that has a field, words, and repeats that would be paid and lost are refused in `extra`."""
    with pytest.raises(errors.InvalidRequest):
        submit(TextToImage(prompt="a fox", extra=extra))


@pytest.mark.parametrize("prompt", ["a fox --chaos 5", "a fox -- at dawn", "a--b"])
def test_prompts_with_hyphens_are_refused(prompt):
    """A prompt that still holds two hyphens is refused; asking for shorter words it may."""
    with pytest.raises(errors.InvalidRequest, match="Nothing was sent"):
        submit(TextToImage(prompt=prompt))
    with pytest.raises(errors.InvalidRequest):
        submit(Vary(task_id="t", image_index=0, strength="subtle", prompt=prompt), parent=of("1", GRID))
    assert submit(Shorten(prompt=prompt)) == {"prompt": prompt}


def test_edits_have_fewer_fields():
    """Edits take the speed and a mask as fields; the version and all else are flags; one picture at a time."""
    body = submit(
        Edit(
            prompt="a hat",
            image_urls=[URL],
            version=7,
            quality=2,
            speed="turbo",
            aspect="2:3",
            mask={"url": PNG},
        )
    )
    assert body == {
        "action": "generate", "image_url": URL, "split_images": True, "mode": "turbo", "mask": PNG, "async": True,
        "prompt": "a hat --ar 2:3 --v 7 --quality 2",
    }  # fmt: skip
    with pytest.raises(errors.InvalidRequest, match="one picture"):
        submit(Edit(prompt="a hat", image_urls=[URL, URL]))


def test_masks_travel_as_bare_base64_or_as_a_url():
    """The guides' base64 has no prefix; a URL, as the reference page says, is sent as it is; polygons are no picture yet."""

    def mask(**kind: Any) -> Any:
        return submit(
            Inpaint(task_id="t", image_index=0, prompt="a cat", mask=kind), parent=of("1", SINGLE)
        )["mask"]

    assert mask(url=f"data:image/png;base64,{PNG}") == PNG
    assert mask(url="https://a.example/mask.png") == "https://a.example/mask.png"
    with pytest.raises(errors.InvalidRequest, match="base64"):
        mask(areas=Mask.box(0, 0, 5, 5, size=(9, 9)).areas)
    assert (ACEDATA.masks, ACEDATA.mask_paint) == ("base64", "white")


def test_local_files_are_refused(tmp_path):
    """There is no upload and pictures are fetched by URL, so a file of this machine cannot be sent."""
    file = tmp_path / "fox.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    for request in (
        ImageToImage(prompt="a fox", image_urls=[file]),
        Edit(prompt="a fox", image_urls=[file]),
        Describe(image_urls=[file]),
        Video(image_urls=[file]),
    ):
        with pytest.raises(errors.UnsupportedError, match="local file"):
            ACEDATA.check(request)


def test_what_is_not_there():
    """Modes and fields that AceData does not have are refused by name."""
    with pytest.raises(errors.UnsupportedError, match="mode='remix'"):
        ACEDATA.check(Remix(task_id="t", image_index=0, strength="subtle"))
    with pytest.raises(errors.UnsupportedError):
        ACEDATA.check(TextToImage(prompt="a fox", watermark="mine"))
    with pytest.raises(errors.UnsupportedError):
        ACEDATA.check(Video(image_urls=[URL], animate="auto"))


# -- around a request ----------------------------------------------------------------------------------------------------


def test_three_ways_to_wait():
    """By default a task is made with `async`; a callback or a stream takes its place."""
    request = TextToImage(prompt="a fox")
    assert submit(request)["async"] is True
    called = submit(request, callback_url="https://a.example/hook")
    assert called["callback_url"] == "https://a.example/hook"
    assert "async" not in called
    call = ACEDATA.submit(request, Envelope(streams=True))
    assert call.streams
    assert call.headers["Accept"] == "application/x-ndjson"
    assert "async" not in (call.body or {})


def test_the_users_patience_is_told_to_imagine():
    """Imagine alone has a `timeout`; it is left out where nobody said how long."""
    assert submit(TextToImage(prompt="a fox"), timeout_s=600.0)["timeout"] == 600
    assert "timeout" not in submit(TextToImage(prompt="a fox"))
    assert "timeout" not in submit(Edit(prompt="a fox", image_urls=[URL]), timeout_s=600.0)


def test_text_is_asked_for_plainly():
    """The endpoints that answer with text know neither `async` nor callbacks nor streams."""
    envelope = Envelope(callback_url="https://a.example/hook", streams=True, timeout_s=9)
    call = ACEDATA.submit(Describe(image_urls=[URL]), envelope)
    assert (call.path, call.body, call.streams) == ("/midjourney/describe", {"image_url": URL}, False)
    assert not {"describe", "shorten", "translate", "seed"} & ACEDATA.streams


@pytest.mark.parametrize(
    ("mode", "path"),
    [(mode, mode) for mode in ("imagine", "edits", "videos", "describe", "seed", "translate", "shorten")]
    + [("edit", "edits"), ("video", "videos")],
)
def test_raw_requests_of_endpoints(mode, path):
    """A raw request that names an endpoint goes there as it is written, without an action that nobody wrote."""
    call = ACEDATA.submit(RawRequest(mode, image_url=URL), Envelope())
    waits = {} if mode in {"describe", "seed", "translate", "shorten"} else {"async": True}
    assert (call.path, call.body) == (f"/midjourney/{path}", {"image_url": URL, **waits})
    said = submit(RawRequest(mode, action="extend"))
    assert said["action"] == "extend"


def test_raw_requests_are_actions():
    """An action without a class is sent as it is written."""
    body = submit(RawRequest("square", image_id="12", prompt="a fox --ar 1:1"))
    assert body == {"action": "square", "image_id": "12", "prompt": "a fox --ar 1:1", "async": True}


# -- advice, defaults, time and money ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Vary(task_id="t", image_index=0, strength="subtle"), "without a strength"),
        (Zoom(task_id="t", image_index=0, ratio="2x", prompt="a house"), "only for painting anew"),
        (TextToImage(prompt="a fox", iw=2), "iw weighs reference pictures"),
        (TextToImage(prompt="精致，无暇，洁白的天使"), "does not look English"),
        (TextToImage(prompt="a fox", version=7, cref="https://a.example/1.png"), "cref"),
    ],
)
def test_advice(request_, said):
    """What the pages do not promise, and what the version does not take, is said and never blocks."""
    ACEDATA.check(request_)
    assert any(said in advice for advice in ACEDATA.advise(request_))


def test_plain_requests_need_no_advice():
    """A plain request is not nagged about."""
    assert not ACEDATA.advise(TextToImage(prompt="a fox in the snow", version=7, chaos=20))
    assert not ACEDATA.advise(ImageToImage(prompt="a fox in the snow", image_urls=[URL], iw=2))
    assert not ACEDATA.advise(RawRequest("square", image_id="1"))


def test_defaults_of_the_pages():
    """The pages' defaults and marks that are off are filled in, and no version, since none is documented."""
    held = ACEDATA.held(TextToImage(prompt="a fox", chaos=5))
    assert held == {
        "prompt": "a fox", "chaos": 5, "speed": "fast", "enable_translation": False, "hd": False, "quality": "1",
        "raw": False, "tile": False, "draft": False,
    }  # fmt: skip
    assert ACEDATA.held(Video(image_urls=[URL]))["resolution"] == "720p"
    assert ACEDATA.held(Describe(image_urls=[URL])) == {"image_urls": (URL,)}


@pytest.mark.parametrize("speed", ["relaxed", "fast", "turbo"])
def test_rhythm(speed):
    """Tasks are asked after 5 to 10 s, then every 5 s, and waited for as long as the API itself waits."""
    rhythm = ACEDATA.rhythm(TextToImage(prompt="a fox", speed=speed))
    assert 5 <= rhythm.first <= 10
    assert (rhythm.every, rhythm.timeout) == (5, 480)
    assert ACEDATA.rhythm(None).every == 5


def test_prices_are_the_users_own():
    """No page tells a price, so only the user's own are known; what is not known is None, never zero."""
    request = TextToImage(prompt="a fox", speed="turbo")
    assert ACEDATA.price(request) is None
    assert ACEDATA.price(request, {"turbo": 0.2}) == 200_000
    assert ACEDATA.price(TextToImage(prompt="a fox"), {"text-to-image fast": 0.07}) == 70_000


def test_every_clip_is_charged():
    """The user's own price of a video is that of one clip, of a raw request's clips as well."""
    assert ACEDATA.price(Video(image_urls=[URL], batch_size=4), {"video": 0.2}) == 800_000
    assert ACEDATA.price(Video(image_urls=[URL]), {"video": 0.2}) == 200_000
    assert ACEDATA.price(RawRequest("video", batch_size=2), {"video": 0.2}) == 400_000
    assert ACEDATA.price(RawRequest("video", batch_size="some"), {"video": 0.2}) == 200_000
