"""What gateways and versions can do, as tables."""

from __future__ import annotations

import pytest

from mjnb.gateways import dialect, names, who_takes
from mjnb.gateways.capabilities import fields_by_gateway, modes_by_gateway
from mjnb.gateways.versions import COLUMNS, TABLE, version_advice, weight_advice
from mjnb.modes import MODES, VERSIONS, ImageToImage, TextToImage

# -- gateways --------------------------------------------------------------------------------------------------------


def test_modes_are_those_of_the_dialects():
    """Each mode has a cell for each gateway, which says what the dialect says."""
    table = modes_by_gateway()
    assert list(table)[: len(MODES)] == list(MODES)
    for mode, row in table.items():
        assert tuple(row) == names()
        for name, word in row.items():
            assert (word == "yes") == (mode in dialect(name).modes), (mode, name)
            assert (word == "on request") == (mode in dialect(name).on_request), (mode, name)


def test_fields_are_those_of_the_dialects():
    """Each field has a cell for each gateway: the modes in which it is taken."""
    table = fields_by_gateway()
    assert set(table) == {field for model in MODES.values() for field in model.model_fields}
    for field, row in table.items():
        assert tuple(row) == names()
        for mode in MODES:
            assert tuple(name for name, modes in row.items() if mode in modes) == tuple(
                name for name in who_takes(mode, field) if field in dialect(name).takes[mode]
            )


def test_every_mode_and_field_is_at_home_somewhere():
    """No request can be written that no gateway takes, and no field is without a use."""
    for mode, row in modes_by_gateway().items():
        assert any(row.values()), mode
    for field, row in fields_by_gateway().items():
        assert any(row.values()), field


# -- versions --------------------------------------------------------------------------------------------------------


def test_the_table_is_whole():
    """Every version has a mark in every row, and every row has a version that takes it."""
    assert set(COLUMNS) == set(VERSIONS)
    for name, marks in TABLE.items():
        assert len(marks.split()) == len(COLUMNS), name
        assert set(marks.split()) <= {"+", "-", "~", "?"}, name
        assert "+" in marks, name


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"version": "v8.1", "oref": "https://a.example/b.png", "ow": 100}, ["oref", "ow"]),
        (
            {"version": "v7", "cref": "https://a.example/b.png", "stop": 50, "hd": True},
            ["stop", "cref", "hd"],
        ),
        ({"version": "v6.1", "draft": True, "exp": 10}, ["exp", "draft"]),
        ({"version": "v5.2", "sref": "random", "sw": 10, "profile": "abc"}, ["sref", "sw", "profile"]),
        ({"version": "v8.1", "quality": "2", "speed": "turbo"}, ["quality", "speed turbo"]),
        ({"version": "v7", "prompt": "space:: ship::2"}, ["weights"]),
        ({"version": "niji 7", "iw": 2.5}, ["iw=2.5"]),
        ({"version": "v7", "quality": "0.5"}, ["quality=0.5"]),
    ],
)
def test_what_a_version_does_not_take_is_said(held, said):
    """One sentence for each field that the version does not take, with the versions that do."""
    advice = version_advice(held)
    assert [line.startswith(word) for line, word in zip(advice, said, strict=True)] == [True] * len(said)


@pytest.mark.parametrize(
    "held",
    [
        {},
        {"version": "v9", "cref": "x"},
        {"version": 7, "cref": "x"},
        {"version": ["v7"], "cref": "x"},
        {"oref": "x", "draft": True, "stop": 10},
        {"version": "v8.1", "draft": False, "tile": True, "raw": True, "seed": 7, "no": "cars", "chaos": 5, "weird": 9},
        {"version": "v7", "oref": "x", "ow": 10, "exp": 5, "draft": True, "profile": "p", "quality": "4", "speed": "turbo"},
        {"version": "niji 6", "cref": "x", "cw": 10, "iw": 3, "quality": "1", "stop": 20},
        {"version": "v7", "prompt": "at 12:30, std::vector, a :: b"},
        {"version": "v6", "prompt": "hot:: dog"},
        {"version": "v7", "prompt": 5, "iw": "much"},
    ],
)  # fmt: skip
def test_nothing_is_said_without_a_reason(held):
    """What a version takes, what nobody tells of, and what is not used pass in silence; so does a version unknown here."""
    assert version_advice(held) == []


def test_a_dispute_is_told_as_one():
    """Where the sources disagree the sentence says so."""
    (line,) = version_advice({"version": "v8.2", "quality": "2"})
    assert "disagree" in line


@pytest.mark.parametrize("name", ["acedata", "apimart"])
@pytest.mark.parametrize(
    ("weight", "reference"),
    [
        ({"iw": 2.0}, {"image_urls": ("https://a.example/1.png",)}),
        ({"sw": 200}, {"sref": "random"}),
        ({"cw": 50}, {"cref": "https://a.example/1.png"}),
        ({"ow": 50}, {"oref": "https://a.example/1.png"}),
    ],
)
def test_a_weight_without_a_reference_is_advised_against(name, weight, reference):
    """Every gateway that takes a weight says where there is nothing to weigh, and sends it all the same."""
    (said,) = weight_advice(weight)
    asked = TextToImage(prompt="a fox", **weight)
    dialect(name).check(asked)
    assert said in dialect(name).advise(asked)
    model = ImageToImage if "image_urls" in reference else TextToImage
    assert said not in dialect(name).advise(model(prompt="a fox", **weight, **reference))
