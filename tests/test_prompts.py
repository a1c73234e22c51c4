"""Prompts: permutations in Midjourney's order, and flags to fields."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjnb.errors import InvalidRequest
from mjnb.modes import (
    ASPECTS,
    SPEEDS,
    VERSIONS,
    Blend,
    Edit,
    ImageToImage,
    Reroll,
    TextToImage,
    rule,
)
from mjnb.prompts import (
    expand,
    parse,
    parse_all,
    parse_template,
    single_prompt,
    split_flags,
    to_flags,
    to_prompt,
)

A, B = "https://example.com/a.png", "https://example.com/b--2.webp?x=1"

OFFICIAL = [
    ("a {red, green, yellow} bird", ["a red bird", "a green bird", "a yellow bird"]),
    (
        "a fruit salad bird --ar {3:2, 1:1, 2:3, 1:2}",
        [f"a fruit salad bird --ar {shape}" for shape in ("3:2", "1:1", "2:3", "1:2")],
    ),
    ("a bird --{v 5, niji, test}", ["a bird --v 5", "a bird --niji", "a bird --test"]),
    (
        "a {red, green} bird in the {jungle, desert}",
        [
            "a red bird in the jungle",
            "a red bird in the desert",
            "a green bird in the jungle",
            "a green bird in the desert",
        ],
    ),
    (
        "A {sculpture, painting} of a {seagull {on a pier, on a beach}, poodle {on a sofa, in a truck}}.",
        [
            f"A {art} of a {what}."
            for art in ("sculpture", "painting")
            for what in ("seagull on a pier", "seagull on a beach", "poodle on a sofa", "poodle in a truck")
        ],
    ),
    (r"{red, pastel \, yellow} bird", ["red bird", "pastel, yellow bird"]),
]


@pytest.mark.parametrize(("prompt", "expected"), OFFICIAL)
def test_official_examples(prompt, expected):
    """Midjourney's own examples expand to its own results, in its order."""
    assert expand(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("{pre,post}fix", ["prefix", "postfix"]),
        ("a {, big} dog", ["a dog", "a big dog"]),
        ("a {red} dog", ["a red dog"]),
        (r"a \{literal\} brace", ["a {literal} brace"]),
        ("no groups at all", ["no groups at all"]),
        ("{a{b{c,d},e},f}", ["abc", "abd", "ae", "f"]),
        (r"C:\new {a, b}", [r"C:\new a", r"C:\new b"]),
        ("  two  blanks ", ["two blanks"]),
        (r"a \, b", ["a, b"]),
    ],
)
def test_what_midjourney_leaves_open(prompt, expected):
    """Glued groups stay glued, empty and single options are allowed, escapes are literal."""
    assert expand(prompt) == expected


def test_groups_become_axes():
    """A group is an axis: named by its author, else numbered by its place."""
    groups = parse_template("{a, b} at {time: dawn, dusk} in {c, d}").groups
    assert [(g.name, g.options) for g in groups] == [
        ("prompt_1", ("a", "b")),
        ("time", ("dawn", "dusk")),
        ("prompt_3", ("c", "d")),
    ]


def test_a_ratio_is_not_a_name():
    """`3:2` inside a group is an option, not an axis called 3."""
    assert parse_template("--ar {3:2, 1:1}").groups[0].name == "prompt_1"


@pytest.mark.parametrize("prompt", ["a {b, c", "a b}", "{a, {b}", "{x: a, b} {x: c, d}"])
def test_broken_groups_are_refused(prompt):
    """Unbalanced braces and a name used twice are refused before anything is sent."""
    with pytest.raises(InvalidRequest, match="Nothing was sent"):
        expand(prompt)


@given(st.lists(st.text(alphabet="abc xyz", max_size=6), min_size=1, max_size=5))
def test_expansion_keeps_count(options):
    """One group of n options gives n prompts."""
    assert len(expand("{" + ",".join(options) + "}")) == len(options)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    """Whatever is typed is expanded or refused, never anything else."""
    with contextlib.suppress(InvalidRequest):
        assert all(isinstance(prompt, str) for prompt in expand(text))


def test_flags_become_fields():
    """Flags that have a field are lifted out of the prompt."""
    flags = split_flags("a lighthouse --chaos 20 --s 250 --ar 16:9 --niji 7 --w 5 --turbo")
    assert flags.text == "a lighthouse"
    assert flags.fields == {
        "chaos": 20, "stylize": 250, "aspect": "16:9", "version": "niji 7", "weird": 5, "speed": "turbo"
    }  # fmt: skip
    assert flags.others == {}


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("--v8.1", "--v 8.1"), ("--chaos20", "--chaos 20"), ("--niji6", "--niji 6"), ("--q2", "--q 2"), ("--q.5", "--q .5"),
        ("--ar16:9", "--ar 16:9"), ("--chaos=20", "--chaos 20"), ("--sref123::2", "--sref 123::2"), ("--r4", "--r 4"),
        ("--srefhttps://a.example/1.png", "--sref https://a.example/1.png"), ("—chaos20", "--chaos 20"),
    ],
)  # fmt: skip
def test_a_flag_glued_to_its_value_is_refused(typed, nearest):
    """A flag whose blank was forgotten is refused with the way to write it, wherever flags are read."""
    for read in (parse, split_flags):
        with pytest.raises(InvalidRequest, match="needs a blank") as caught:
            read(f"a fox {typed} --tile")
        assert caught.value.nearest == nearest


@pytest.mark.parametrize("extra", ["--nofog", "--novel 4", "--c3po", "--hd2", "--foo2 3"])
def test_an_unknown_flag_that_begins_like_a_known_one_stays(extra):
    """What only begins like a flag is one that nobody knows, and goes into extra as it is."""
    assert parse(f"a fox {extra}").given() == {"prompt": "a fox", "extra": extra}


@pytest.mark.parametrize("dash", ["—", "–", "−", "––", "−−", "‑‑", "‐‐", "-–", "---"])
def test_what_phones_make_of_two_hyphens(dash):
    """A dash, a minus or two special hyphens right before a known flag are its two hyphens."""
    assert parse(f"a fox {dash}chaos 20 {dash}tile") == TextToImage(prompt="a fox", chaos=20, tile=True)


@pytest.mark.parametrize(
    "prompt", ["1920–1930", "a fox – chaos", "a fox –chaotic", "a–v 7", "a fox ‑chaos 20", "robot —c3po"]
)
def test_dashes_of_prose_stay(prompt):
    """A dash that is not right before a known flag, and one hyphen of any kind, are words."""
    assert parse(prompt) == TextToImage(prompt=prompt)


ALL_FLAGS = [
    ("--ar 16:9", {"aspect": "16:9"}),
    ("--aspect 4:3", {"aspect": "4:3"}),
    ("--v 6.1", {"version": "6.1"}),
    ("--version 7", {"version": "7"}),
    ("--niji 6", {"version": "niji 6"}),
    ("--fast", {"speed": "fast"}),
    ("--relax", {"speed": "relaxed"}),
    ("--turbo", {"speed": "turbo"}),
    ("--chaos 5", {"chaos": 5}),
    ("--c 5", {"chaos": 5}),
    ("--stylize 50", {"stylize": 50}),
    ("--s 50", {"stylize": 50}),
    ("--weird 7", {"weird": 7}),
    ("--w 7", {"weird": 7}),
    ("--quality .5", {"quality": 0.5}),
    ("--q 2", {"quality": 2}),
    ("--seed 4294967295", {"seed": 4294967295}),
    ("--no cars, people", {"no": "cars, people"}),
    ("--tile", {"tile": True}),
    ("--raw", {"raw": True}),
    ("--style raw", {"raw": True}),
    ("--draft", {"draft": True}),
    ("--hd", {"hd": True}),
    ("--iw 1.5", {"iw": 1.5}),
    ("--sref https://a/b.png::2 123 random", {"sref": "https://a/b.png::2 123 random"}),
    ("--sw 100", {"sw": 100}),
    ("--cref https://a/b.png https://a/c.png", {"cref": "https://a/b.png https://a/c.png"}),
    ("--cw 0", {"cw": 0}),
    ("--oref https://a/b.png", {"oref": "https://a/b.png"}),
    ("--ow 400", {"ow": 400}),
    ("--exp 25", {"exp": 25}),
    ("--stop 80", {"stop": 80}),
    ("--profile abc m123", {"profile": "abc m123"}),
    ("--p abc", {"profile": "abc"}),
    ("--motion high --loop --bs 2 --end https://a/b.png",
     {"motion": "high", "loop": True, "batch_size": 2, "end_url": "https://a/b.png"}),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "fields"), ALL_FLAGS)
def test_every_flag_is_read(typed, fields):
    """Each of Midjourney's flags, in each of its spellings, becomes its field, whatever stands before and after it."""
    assert split_flags(f"a fox {typed}").fields == fields
    flags = split_flags(f"a fox --sv 4 {typed.upper() if 'http' not in typed else typed} --test")
    assert {name: str(value).lower() for name, value in flags.fields.items()} == {
        name: str(value).lower() for name, value in fields.items()
    }
    assert flags.others == {"sv": "4", "test": ""}


def test_other_flags_are_kept_apart():
    """A flag without a field is reported with its value, not dropped."""
    flags = split_flags("a fox --seed 7 --sv 4 --style cute --newest-thing 3 --p")
    assert flags.fields == {"seed": 7}
    assert flags.others == {"sv": "4", "style": "cute", "newest": "-thing 3", "p": ""}


def test_a_bare_niji_is_the_newest():
    """`--niji` without a number is the newest one, and it is said."""
    flags = split_flags("a fox --niji")
    assert flags.fields == {"version": max(v for v in VERSIONS if v.startswith("niji"))}
    assert "niji 7" in flags.notes[0]


def test_a_typed_dash_is_kept_as_a_dash():
    """Two hyphens that are no flag become a real dash, and it is said."""
    flags = split_flags("dawn -- a quiet one, well--known")
    assert flags.text == "dawn — a quiet one, well—known"
    assert flags.notes
    assert split_flags(f"{B} a fox").text == f"{B} a fox"  # no URL is broken by it


def test_autocorrected_flags_are_flags():
    """A phone turns `--ar` into `—ar`; it is still a flag, while a dash before a plain word is not."""
    assert split_flags("a fox —ar 16:9").fields == {"aspect": "16:9"}
    assert (
        split_flags("a fox —AR 16:9").fields == split_flags("a fox ---ar 16:9").fields == {"aspect": "16:9"}
    )
    assert split_flags("a fox —asleep").text == "a fox —asleep"


@pytest.mark.parametrize(
    "prompt", ["a --chaos", "a --chaos many", "a --ar 2:3 poppies", "a --c 5 --chaos 6", "a --fast please",
               "a --raw --style raw raw", "a --sref", "a --no", "a --iw heavy", "a --iw 1e9999", "a --sv 4 --sv 6", "a --seed -1",
               "a --v 7 --niji 6", "a --seed " + "9" * 5000, "a --q", "a --chaos ٣"]
)  # fmt: skip
def test_wrong_flags_are_refused(prompt):
    """A flag without its value, text after flags, and contradictions are refused."""
    with pytest.raises(InvalidRequest, match="Nothing was sent"):
        split_flags(prompt)


# -- fields to flags -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({}, ""),
        ({"prompt": "a fox", "image_urls": ("https://a/b.png",), "task_id": "t", "image_index": 0}, ""),
        ({"version": "v7"}, "--v 7"),
        ({"version": "v6.1"}, "--v 6.1"),
        ({"version": "niji 7"}, "--niji 7"),
        ({"speed": "relaxed"}, "--relax"),
        ({"chaos": 0, "seed": 0, "weird": None, "tile": False, "raw": True}, "--chaos 0 --seed 0 --raw"),
        ({"iw": 1.0, "quality": "0.5"}, "--quality 0.5 --iw 1"),
        ({"iw": 0.25}, "--iw 0.25"),
        ({"no": "cars, people", "sref": ["https://a/b.png::2", 123]}, "--no cars, people --sref https://a/b.png::2 123"),
        ({"extra": " --sv 4  --test ", "ow": 100, "oref": "https://a/b.png"}, "--oref https://a/b.png --ow 100 --sv 4  --test"),
        ({"watermark": "mine", "enable_translation": True}, ""),
        ({"motion": "low", "loop": True, "batch_size": 4}, "--motion low --loop --bs 4"),
    ],
)  # fmt: skip
def test_fields_become_flags(fields, flags):
    """Fields are written as Midjourney's flags: unset ones and those without a flag left out, `extra` last and as it is."""
    assert to_flags(fields) == flags


def test_flags_have_one_order():
    """However fields are ordered, their flags are written alike."""
    fields = {
        "stylize": 250, "version": "v7", "chaos": 20, "aspect": "16:9", "sw": 50, "sref": "7", "speed": "turbo", "hd": True
    }  # fmt: skip
    wanted = "--ar 16:9 --v 7 --turbo --chaos 20 --stylize 250 --hd --sref 7 --sw 50"
    assert to_flags(fields) == to_flags(dict(reversed(fields.items()))) == wanted


def test_every_drawing_field_has_a_flag():
    """Every field that Midjourney has a flag for is written and read back; the rest is the gateway's own."""
    values = {name: value for _, fields in ALL_FLAGS for name, value in fields.items()}
    own = {"prompt", "enable_translation", "watermark", "extra"}
    assert set(TextToImage.model_fields) - own <= set(values)
    for name in set(TextToImage.model_fields) - own:
        value = rule(TextToImage, name).read(name, values[name])
        read = split_flags(f"a fox {to_flags({name: value})}").fields
        assert read.keys() == {name}
        assert rule(TextToImage, name).read(name, read[name]) == value


# -- prompts to requests and back ------------------------------------------------------------------------------------


def test_parse():
    """A prompt as typed at Midjourney is a request, its flags fields and unknown flags `extra`."""
    assert parse("a lighthouse at dusk --chaos 20 --ar 16:9 --v 7") == TextToImage(
        prompt="a lighthouse at dusk", chaos=20, aspect="16:9", version="v7"
    )
    assert parse("a fox --sv 4 --niji 6 --test") == TextToImage(
        prompt="a fox", version="niji 6", extra="--sv 4 --test"
    )
    assert parse(r"a {red} \{fox\}").prompt == "a red {fox}"


def test_pictures_at_the_head():
    """Picture URLs before the words are references; two or more without words are a blend; one alone needs words."""
    assert parse(f"{A} {B} a fox --iw 2") == ImageToImage(prompt="a fox", image_urls=[A, B], iw=2)
    assert parse(f" {A}\n{B}  --v 7 ") == Blend(image_urls=[A, B], version=7)
    assert parse(f"a fox like {A}").prompt == f"a fox like {A}"
    assert parse(f"{A} a fox", image_urls=[B]).image_urls == (A, B)
    assert parse("--ar 2:3", image_urls=(A, B)) == Blend(image_urls=[A, B], aspect="2:3")
    with pytest.raises(InvalidRequest, match="words beside a single picture"):
        parse(A)


def test_local_pictures(tmp_path):
    """A file of this machine is a reference beside a typed prompt, and finds its way back from one."""
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    request = parse("a fox --iw 2", image_urls=[path])
    assert request == ImageToImage(prompt="a fox", image_urls=[path], iw=2)
    assert parse(to_prompt(request)) == request


def test_fields_beside_a_prompt():
    """What flags cannot say is given as fields; a flag may repeat a field in any spelling, but not contradict it."""
    request = parse("a fox --v 7", version=7.0, enable_translation=True, extra="--sv 4")
    assert request == TextToImage(prompt="a fox", version="v7", enable_translation=True, extra="--sv 4")
    assert parse("a fox --sv 4", extra="--test --chaos 5") == TextToImage(
        prompt="a fox", chaos=5, extra="--sv 4 --test"
    )
    assert parse("a fox", niji=7) == parse("a fox --niji 7")
    for prompt, fields in [
        ("a fox --v 7", {"version": 6}), ("a fox --v 7", {"niji": 7}), ("a fox --sv 4", {"extra": "--sv 6"}),
        ("a fox --chaos 5", {"extra": "--c 6"}), ("a fox --chaos 5", {"chaos": "5"}), ("a fox", {"extra": "in the rain"}),
        ("a fox", {"mask": {}}), ("a fox", {"extra": 5}), ("a fox", {"image_urls": A}), (f"{A} a fox", {"image_urls": A}),
        ("--ar 2:3", {"image_urls": 5}), (A, {"image_urls": []}),
    ]:  # fmt: skip
        with pytest.raises(InvalidRequest, match="Nothing was sent"):
            parse(prompt, **fields)


@pytest.mark.parametrize(
    "prompt",
    ["", "  ", "--chaos 5", 5, None, "a fox --chaos 101", "a fox --v 4", "a {fox", "a fox --motion low", f"{A} {B} --chaos 5",
     f"{A} {B} --sv 4", "a fox --edit"],
)  # fmt: skip
def test_prompts_that_are_no_request(prompt):
    """What has no words, values out of range, or flags that its mode does not have is refused; only a raw `--edit` passes."""
    with contextlib.nullcontext() if prompt == "a fox --edit" else pytest.raises(InvalidRequest):
        parse(prompt)


@pytest.mark.parametrize("typed", [r"a \, b", r"C:\\new", "a  fox,  red", "a\\\\b"])
def test_one_prompt_without_braces_is_left_alone(typed):
    """Without braces there is nothing to escape: one prompt is drawn as it is typed, and is written and read back as that."""
    assert single_prompt(typed) == single_prompt(single_prompt(typed)) == typed
    assert parse(typed).prompt == to_prompt(TextToImage(prompt=typed)) == typed
    assert parse_all(typed) == [parse(typed)]


def test_blanks_around_literal_braces():
    """One prompt with braces has its blanks tidied where it is drawn, while `parse` reads back what `to_prompt` wrote."""
    assert single_prompt(r"a  \{red\}  fox") == "a {red} fox"
    assert parse(to_prompt(TextToImage(prompt="a  {red}  fox"))).prompt == "a  {red}  fox"


def test_several_are_not_one():
    """`parse` refuses a prompt that stands for several, towards `parse_all` and sweeps."""
    for read in (parse, single_prompt):
        with pytest.raises(InvalidRequest, match=r"mjnb\.parse_all or mjnb\.Sweep"):
            read("a {red, blue} bird")
    assert [request.prompt for request in parse_all("a {red, blue} bird")] == ["a red bird", "a blue bird"]
    assert parse_all("a bird --v 7") == [parse("a bird --v 7")]


def test_permuted_flags():
    """Permutations expand before flags are read, so values and flags themselves may be permuted."""
    shapes = parse_all("a naturalist illustration of a fruit salad bird --ar {3:2, 1:1, 2:3, 1:2}")
    assert [request.aspect for request in shapes] == ["3:2", "1:1", "2:3", "1:2"]
    assert {request.prompt for request in shapes} == {"a naturalist illustration of a fruit salad bird"}
    texts = expand("a bird --{v 5, niji 6, test}")
    assert [(f.fields, f.others) for f in map(split_flags, texts)] == [
        ({"version": "5"}, {}), ({"version": "niji 6"}, {}), ({}, {"test": ""})
    ]  # fmt: skip
    assert parse_all("a bird --{v 6, niji, test}") == [
        TextToImage(prompt="a bird", version="v6"),
        TextToImage(prompt="a bird", version="niji 7"),
        TextToImage(prompt="a bird", extra="--test"),
    ]
    assert [(r.raw, r.stylize) for r in parse_all("a bird {--raw --s {0, 50}, --s 1000}")] == [
        (True, 0), (True, 50), (None, 1000)
    ]  # fmt: skip
    assert [type(r) for r in parse_all(f"{{{A}, }} a bird")] == [ImageToImage, TextToImage]


def test_what_flags_cannot_say():
    """On the way to a prompt False and the gateway's own fields are left out; modes that no prompt can say are refused."""
    request = TextToImage(prompt="a fox", tile=False, watermark="mine", enable_translation=True, chaos=5)
    assert to_prompt(request) == "a fox --chaos 5"
    for other in (Reroll(task_id="t"), Edit(prompt="a fox", image_urls=[A])):
        with pytest.raises(InvalidRequest, match="text-to-image, image-to-image, blend"):
            to_prompt(other)


def a_number(low, high):
    """Draw a number of a field, or leave it out."""
    return st.none() | st.integers(low, high)


WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40).filter(
    lambda text: text.strip() and not re.search(r"--|—|https?:|file:", text)
)
CODES = st.none() | st.lists(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=9).filter(
        lambda text: len(text.split()) == 1 and text.split()[0] == text and not re.match("--|—", text)
    )
    | st.just(A),
    min_size=1,
    max_size=3,
)
FIELDS = {
    "version": st.none() | st.sampled_from(list(VERSIONS)),
    "speed": st.none() | st.sampled_from(list(SPEEDS)),
    "aspect": st.none() | st.sampled_from([*ASPECTS, "21:9", "139:100"]),
    "chaos": a_number(0, 100), "stylize": a_number(0, 1000), "weird": a_number(0, 3000), "exp": a_number(0, 100),
    "seed": a_number(0, 2**32 - 1), "sw": a_number(0, 1000), "cw": a_number(0, 100), "ow": a_number(1, 1000),
    "stop": a_number(10, 100), "iw": st.none() | st.floats(0, 3), "quality": st.sampled_from([None, 0.25, 0.5, 1, 2, 4]),
    "tile": st.sampled_from([None, True]), "raw": st.sampled_from([None, True]), "draft": st.sampled_from([None, True]),
    "hd": st.sampled_from([None, True]), "no": CODES, "sref": CODES, "cref": CODES, "profile": CODES,
    "oref": CODES.map(lambda codes: codes and codes[0]), "extra": st.sampled_from([None, "--sv 4", "--sv 6 --test"]),
}  # fmt: skip
PICTURES = st.lists(st.sampled_from([A, B, "https://example.com/{c}\\d.png"]), min_size=2, max_size=4)


@settings(max_examples=60, deadline=None)
@given(WORDS, st.fixed_dictionaries({}, optional=FIELDS), st.none() | PICTURES)
def test_prompts_are_read_back(words, fields, pictures):
    """Whatever request is written as a prompt is read back as the same request."""
    request = TextToImage(prompt=words, **fields)
    if pictures:
        request = ImageToImage(**request.given(), image_urls=pictures)
    assert parse(to_prompt(request)) == request


@given(PICTURES, FIELDS["version"], FIELDS["speed"], FIELDS["aspect"])
def test_blends_are_read_back(pictures, version, speed, aspect):
    """A blend is written as pictures without words, and read back."""
    request = Blend(image_urls=pictures, version=version, speed=speed, aspect=aspect)
    assert parse(to_prompt(request)) == request


@given(st.text(max_size=80) | st.text("ab {},\\-—:/.sv0123ht", max_size=60))
def test_any_text_is_parsed_or_refused(text):
    """Whatever is typed becomes requests or is refused, and what became one is read back from its own prompt."""
    with contextlib.suppress(InvalidRequest):
        for request in parse_all(text):
            assert parse(to_prompt(request)) == request
