"""Prompts: permutations in Midjourney's order, and flags to fields."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjnb.errors import InvalidRequest
from mjnb.prompts import expand, parse_template, split_flags

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


def test_other_flags_are_kept_apart():
    """A flag without a field is reported with its value, not dropped."""
    flags = split_flags("a fox --seed 7 --no cars, people --tile")
    assert flags.others == {"seed": "7", "no": "cars, people", "tile": ""}


def test_a_typed_dash_is_kept_as_a_dash():
    """Two hyphens that are no flag become a real dash, and it is said."""
    flags = split_flags("dawn -- a quiet one, well--known")
    assert flags.text == "dawn — a quiet one, well—known"
    assert flags.notes


def test_autocorrected_flags_are_flags():
    """A phone turns `--ar` into `—ar`; it is still a flag, while a dash before a plain word is not."""
    assert split_flags("a fox —ar 16:9").fields == {"aspect": "16:9"}
    assert split_flags("a fox —asleep").text == "a fox —asleep"


@pytest.mark.parametrize(
    "prompt", ["a --chaos", "a --chaos many", "a --ar 2:3 poppies", "a --c 5 --chaos 6", "a --fast please"]
)
def test_wrong_flags_are_refused(prompt):
    """A flag without its value, text after flags, and contradictions are refused."""
    with pytest.raises(InvalidRequest):
        split_flags(prompt)
