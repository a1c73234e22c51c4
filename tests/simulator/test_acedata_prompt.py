"""How AceData's backend reads requests and the Midjourney flags in their prompts."""

from __future__ import annotations

from typing import Any

import pytest

from mjnb.simulator.acedata_prompt import read_prompt
from mjnb.simulator.acedata_text import describe, shorten, translate

URL = "https://a.example/1.png"


@pytest.mark.parametrize(
    ("prompt", "settings"),
    [
        ("a fox --ar 16:9", {"aspect": "16:9"}),
        ("a fox --aspect 139:100", {"aspect": "139:100"}),
        ("a fox --c 20 --s 250 --w 500", {"chaos": 20, "stylize": 250, "weird": 500}),
        ("a fox --chaos 0 --stylize 1000 --weird 3000", {"chaos": 0, "stylize": 1000, "weird": 3000}),
        ("a fox --v 7", {"version": "v7"}),
        ("a fox --v 6.0", {"version": "v6"}),
        ("a fox --version 5.0", {"version": "v5"}),
        ("a fox --v 4", {"version": "v4"}),
        ("a fox --niji 6", {"version": "niji 6"}),
        ("a fox --niji", {"version": "niji 7"}),
        ("a fox --niji --version 6", {"version": "niji 6"}),
        ("a fox --niji --v 8.1", {"version": "niji 7"}),
        ("a fox -c no flag, but words", {}),
        ("a fox - and a hen", {}),
        ("a fox --seed 4294967295", {"seed": 4294967295}),
        ("a fox —ar 3:2 –c 5", {"aspect": "3:2", "chaos": 5}),
        ("a fox --AR 3:2", {"aspect": "3:2"}),
        ("a fox --no birds, boats --tile --raw --q 2 --stop 50 --style raw --iw .5 --p m123 --exp 10", {}),
        ("a fox -- in the snow", {}),
        ("a fox —red as fire— in the snow", {}),
    ],
)
def test_flags_are_read(prompt, settings):
    """Short and long names, phones' dashes and capitals mean the same; flags without a visible effect are known."""
    read = read_prompt(prompt)
    assert (read.settings, read.problem) == (settings, "")


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ("a fox --ar 3:2 poppies", "Unrecognized argument(s): `poppies`"),
        ("a fox --ar 1:1 -c x", "Unrecognized argument(s): `-c`, `x`"),
        ("a fox -c x", "Unrecognized argument(s): `-c`, `x`"),
        ("a fox -ar 3:2 -s --v 7", "Unrecognized argument(s): `-ar`, `3:2`, `-s`"),
        ("a fox --loud 3", "Unrecognized argument(s): `--loud`, `3`"),
        ("a fox --ar 16x9", "Invalid value for argument(s): `--ar`"),
        ("a fox --ar 15:1", "Invalid value for argument(s): `--ar`"),
        ("a fox --chaos 101", "Invalid value for argument(s): `--chaos`"),
        ("a fox --seed", "Invalid value for argument(s): `--seed`"),
        ("a fox --v 9", "Invalid value for argument(s): `--version`"),
        ("--ar 3:2", "A prompt needs text or at least two images"),
        (f"{URL} --ar 3:2", "A prompt needs text or at least two images"),
        (f"{' '.join([URL] * 6)} a fox", "At most 5 images can be used in a prompt"),
    ],
)
def test_what_midjourney_would_refuse_is_named(prompt, problem):
    """Text after flags, unknown flags, bad values and prompts without a subject are problems."""
    assert read_prompt(prompt).problem == problem


def test_images_are_those_at_the_head_and_those_that_flags_name():
    """A URL in the middle of the text is text; style codes are no pictures; weights are cut off."""
    read = read_prompt(f"{URL} {URL}?2 a fox beside {URL} --sref {URL}?3::2 1234 --oref {URL}?4 --iw 2")
    assert read.images == (URL, f"{URL}?2")
    assert read.text == f"a fox beside {URL}"
    assert read.references == (f"{URL}?3", f"{URL}?4")


@pytest.mark.parametrize(
    ("prompt", "problem"), [("", ""), ("--ar 3:2", ""), ("--loud", "Unrecognized argument(s): `--loud`")]
)
def test_where_no_subject_is_needed_flags_can_stand_alone(prompt, problem):
    """A follow-up may say nothing, or only flags, but none that are unknown."""
    assert read_prompt(prompt, subject=False).problem == problem


def test_two_images_can_stand_alone():
    """A blend is a prompt of nothing but images."""
    read = read_prompt(f"{URL} {URL}?2 --ar 2:3")
    assert (len(read.images), read.text, read.problem) == (2, "", "")


async def make(gate, **fields: Any) -> tuple[int, dict[str, Any], Any]:
    """Have something made and return the status, the response and the drawing, if any."""
    reply = await gate.http.post("/midjourney/imagine", json={"async": True, **fields})
    if reply.status_code != 200:
        return reply.status_code, reply.json(), None
    gate.clock.advance(60)
    task_id = reply.json()["task_id"]
    task = await gate.http.post("/midjourney/tasks", json={"action": "retrieve", "id": task_id})
    return 200, task.json()["response"], gate.world.store.task(task_id).drawing


@pytest.mark.anyio
async def test_the_drawing_follows_prompt_and_fields(gate):
    """Flags and images of the prompt, and the field `version` where the prompt names none, decide what is drawn."""
    _, _, drawing = await make(
        gate, prompt=f"{URL} a fox --ar 16:9 --c 20 --s 250 --w 500 --seed 7", version="6.1"
    )
    assert (drawing.prompt, drawing.aspect, drawing.references) == ("a fox", "16:9", (URL,))
    assert (drawing.chaos, drawing.stylize, drawing.weird, drawing.seed) == (20, 250, 500, 7)
    assert drawing.version == "v6.1"
    _, _, flagged = await make(gate, prompt="a fox --niji 7", version="6.1")
    _, _, default = await make(gate, prompt="a fox")
    assert (flagged.version, default.version) == ("niji 7", "v8.2")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("sent", "drawn"),
    [
        ("6.0", "v6"),
        (6.0, "v6"),
        (7, "v7"),
        (8.1, "v8.1"),
        ("5.1", "v5.1"),
        ("4", "v4"),
        (1, "v1"),
        ("", "v8.2"),
    ],
)
async def test_a_version_is_text_or_a_number(gate, sent, drawn):
    """Old versions are known as well, and 6.0 is 6; a quality may be a number, too."""
    status, _, drawing = await make(gate, prompt="a fox", version=sent, quality=0.5)
    assert (status, drawing.version) == (200, drawn)


@pytest.mark.anyio
async def test_a_translation_is_drawn_only_when_it_is_wanted(gate):
    """With `translation` the Chinese words that are known become English."""
    _, _, plain = await make(gate, prompt="红色的猫")
    _, _, translated = await make(gate, prompt="红色的猫", translation=True)
    assert (plain.prompt, translated.prompt) == ("红色的猫", "Red cat")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"prompt": ""},
        {"prompt": None},
        {"prompt": 5},
        {"prompt": "a fox", "mode": "quick"},
        {"prompt": "a fox", "action": 1},
        {"prompt": "a fox", "timeout": 0},
        {"prompt": "a fox", "timeout": "480"},
        {"prompt": "a fox", "timeout": True},
        {"prompt": "a fox", "translation": "yes"},
        {"prompt": "a fox", "split_images": 1},
        {"prompt": "a fox", "callback_url": "ftp://a.example"},
        {"prompt": "a fox", "async": "true"},
        {"prompt": "a fox", "version": "9"},
        {"prompt": "a fox", "hd": "no"},
        {"prompt": "a fox", "quality": "3"},
        {"prompt": "a fox", "style_reference": "x"},
        {"prompt": "a fox", "moodboard": 0},
    ],
)
async def test_what_is_wrong_in_itself_is_refused_at_once(gate, fields):
    """A missing prompt, a value of another type or outside its list: nothing is made, nothing is charged."""
    status, body, _ = await make(gate, **fields)
    assert (status, body["error"]["code"]) == (400, "bad_request")
    assert gate.world.stats()["charged"] == 0


@pytest.mark.anyio
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"a fox"', b"\xff"])
async def test_a_body_that_is_no_object_is_refused(gate, content):
    """Broken JSON and other JSON than an object are bad requests."""
    reply = await gate.http.post("/midjourney/imagine", content=content)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.anyio
async def test_what_only_midjourney_finds_out_fails_the_task(gate):
    """An unknown flag and a picture that cannot be fetched are accepted first; then the task fails within seconds."""
    for prompt in ("a fox --loud", "https://nowhere.invalid/1.png a fox"):
        status, response, _ = await make(gate, prompt=prompt)
        assert (status, response["error"]["code"]) == (200, "bad_request")


@pytest.mark.anyio
async def test_unknown_fields_are_ignored_and_counted(gate):
    """A field that no document names changes nothing; absent values are no fields."""
    status, _, _ = await make(gate, prompt="a fox", aspect="3:2", image_id=None, mask="")
    assert status == 200
    assert gate.world.stats()["ignored_fields"] == {"aspect": 1}


def test_shortened_prompts_grow_shorter():
    """At most five, each no longer than the one before, made of the prompt's own words in their order, without flags."""
    prompt = "A very old lighthouse on the cliff, seagulls, storm clouds and golden evening light --ar 3:2"
    texts = shorten(prompt)
    assert 2 <= len(texts) <= 5
    assert [len(text) for text in texts] == sorted((len(text) for text in texts), reverse=True)
    words = prompt.replace(",", "").split()
    for text in texts:
        places = [words.index(word) for word in text.split()]
        assert places == sorted(places)
        assert "--" not in text


@pytest.mark.parametrize("prompt", ["the", "lighthouse", ", ,", URL])
def test_next_to_nothing_can_be_shortened_too(prompt):
    """A prompt of one word stays; a prompt without words has nothing shorter."""
    assert shorten(prompt) == ([prompt] if prompt.isalpha() else [])


def test_descriptions_of_a_strangers_picture_depend_on_its_url():
    """The same URL is always described alike, four different ways."""
    assert describe(URL) == describe(URL)
    assert len(set(describe(URL))) == 4
    assert len({describe(f"{URL}?{i}")[0] for i in range(20)}) > 3


@pytest.mark.parametrize(
    ("text", "english"),
    [("月亮", "Moon"), ("坐在桌子上的猫", "Sitting on table cat"), ("ein Fuchs", "ein Fuchs")],
)
def test_only_known_words_are_translated(text, english):
    """Known Chinese words become English, everything else stays as it is."""
    assert translate(text) == english
