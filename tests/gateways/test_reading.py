"""The readers of what gateways answer survive anything."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from mjnb import errors
from mjnb.gateways import reading
from mjnb.testing import json_values, reply_of


@given(json_values())
def test_texts_can_be_written(value):
    """Whatever stands there, what is read as text or as an id can be written down."""
    for text in (reading.text(value), reading.identifier(value), *reading.texts(value)):
        assert text.encode("utf-8") is not None


@given(json_values())
def test_numbers_are_numbers(value):
    """Whatever stands there, what is read as a number is finite and not negative, or nothing."""
    for read in (reading.number, reading.epoch, reading.duration, reading.seconds):
        number = read(value)
        assert number is None or (type(number) is float and number >= 0 and math.isfinite(number))
    for read in (reading.whole, reading.micro, reading.percent):
        number = read(value)
        assert number is None or (type(number) is int and number >= 0)


@given(json_values(), st.lists(st.sampled_from(["data", 0, 1, -1, ""]), max_size=3))
def test_ways_end_somewhere(value, way):
    """Whatever stands there, a way into it ends in something or in nothing."""
    reading.at(value, *way)
    reading.parsed(value)
    assert isinstance(reading.mapping(value), dict)
    assert isinstance(reading.items(value), list)


def test_moments_by_their_size():
    """Seconds and milliseconds are told apart by their size; what no calendar has is nothing."""
    assert reading.epoch(1720364607.967) == 1720364607.967
    assert reading.epoch(1720364607967) == 1720364607.967
    assert reading.epoch("1720364607") == 1720364607
    assert reading.epoch(10**14) is None


def test_progress_in_every_spelling():
    """A progress is read as a number, as text, and with a sign; over a hundred it is none."""
    assert [reading.percent(one) for one in (0, "7", "40%", " 99 % ", 100.0, 101, "soon", True)] == [
        0, 7, 40, 99, 100, None, None, None,
    ]  # fmt: skip


def test_what_is_malformed_never_says_that_there_is_no_task():
    """The error quotes the start of the answer, mended where it cannot be written."""
    error = reading.malformed("APIXO", reply_of({"a": "b" * 500}, 200), "no state")
    assert isinstance(error, errors.MalformedReply)
    assert "no state" in str(error)
    assert "No task" not in str(error)
    assert len(str(error)) < 300
    assert json.dumps(str(reading.malformed("x", reply_of("\ud83e"), "y"))).isascii()
