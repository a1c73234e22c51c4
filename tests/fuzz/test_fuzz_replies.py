"""Whatever a gateway answers, our decoders give a plain value or one of our errors."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fuzz_helpers import EXAMPLES, FUZZ, STATUSES, bodies, replied, wrecks
from hypothesis import given, settings
from hypothesis import strategies as st

from mjnb import errors
from mjnb.client.wire import parsed
from mjnb.gateways import NAMES, dialect
from mjnb.gateways.base import Envelope, Status
from mjnb.gateways.lost import Lost
from mjnb.session.options import read_prices
from mjnb.tasks import TaskState, canonical
from mjnb.testing import EXAMPLES as REQUESTS
from mjnb.testing.replies import assert_whole
from mjnb.testing.spoiling import json_values

if TYPE_CHECKING:
    from collections.abc import Callable

WIRE = Path(__file__).parents[1] / "wire"
FOLLOW_UPS = [request for request in REQUESTS if "task_id" in request.given()]
LONGEST_S = 1.0


def documents(gateway: str) -> list[Any]:
    """Return every JSON that a gateway's documents answer with."""
    found = []
    for path in sorted((WIRE / gateway).glob("*.json")):
        told = json.loads(path.read_text("utf-8"))
        answer = told.get("response") or told.get("callback") or {}
        found += [answer["json"]] if "json" in answer else answer.get("ndjson", [])
    return found


DOCUMENTS = {name: documents(name) for name in NAMES}


def read(call: Callable[..., Any], *args: Any) -> Any:
    """Return what a decoder returns, within a second; None where one of our errors came out, which can be shown."""
    began = time.thread_time()
    try:
        found, said = call(*args), ""
    except errors.MjnbError as error:
        found, said = None, str(error)
    assert time.thread_time() - began < LONGEST_S
    assert len(said.encode()) < 10_000
    return found


@pytest.mark.parametrize("gateway", NAMES)
@FUZZ
@given(st.data(), STATUSES)
def test_every_decoder_of_answers(gateway, data, status):
    """An answer wrecked in structure and in bytes gives an id, a whole status, or one of our errors; and can be written down."""
    speaks = dialect(gateway)
    reply = replied(data.draw(st.sampled_from(DOCUMENTS[gateway]).flatmap(bodies)), status)
    json.loads(canonical(reply.json), parse_constant=pytest.fail)
    for decode in (speaks.read_submit, speaks.read_upload):
        told = (
            None
            if decode == speaks.read_upload and "upload" not in speaks.references
            else read(decode, reply)
        )
        assert told is None or (isinstance(told, str) and told.encode())
    for decode in (speaks.read_at_once, speaks.read_status):
        found = read(decode, reply)
        if found is not None:
            assert_whole(found)
    named = speaks.read_callback(reply.json)
    assert isinstance(named, str)
    assert len(named) <= 500


@pytest.mark.parametrize("gateway", [name for name in NAMES if dialect(name).batch > 1])
@FUZZ
@given(st.data(), STATUSES)
def test_answers_about_many(gateway, data, status):
    """An answer about several tasks, or to a search for lost ones, gives tasks by their ids or one of our errors."""
    speaks = dialect(gateway)
    reply = replied(data.draw(st.sampled_from(DOCUMENTS[gateway]).flatmap(bodies)), status)
    for task_id, item in (read(speaks.read_statuses, reply) or {}).items():
        assert isinstance(task_id, str)
        one = read(speaks.read_status, replied(json.dumps(item).encode()))
        if one is not None:
            assert_whole(one)
    lost = Lost({"action": "generate", "prompt": "a fox"}, data.draw(json_values()), 1.7e9)
    found = read(speaks.read_search, reply, lost) or ()
    assert all(isinstance(task_id, str) for task_id in found)


@pytest.mark.parametrize("gateway", [name for name in NAMES if "vary" in dialect(name).modes])
@FUZZ
@given(st.data())
def test_parents_from_the_ledger(gateway, data):
    """Whatever the ledger keeps of a parent, a follow-up of it is spelled or refused as an invalid request."""
    speaks = dialect(gateway)
    told = data.draw(json_values() | st.sampled_from(DOCUMENTS[gateway]).flatmap(wrecks))
    request = data.draw(st.sampled_from([one for one in FOLLOW_UPS if one.mode in speaks.modes]))
    parent = speaks.parent_of(request, told)
    if parent is None:
        return
    assert_whole(parent)
    with contextlib.suppress(errors.InvalidRequest):
        speaks.check_parent(request, parent)
        assert json.dumps(speaks.submit(request, Envelope(parent=parent)).body)


@pytest.mark.parametrize("gateway", NAMES)
@FUZZ
@given(st.data())
def test_prices(gateway, data):
    """Prices of any kind are read as dollars or refused as a setting; what is priced with them is whole millionths."""
    speaks = dialect(gateway)
    names = st.sampled_from(
        ["fast", "turbo", "vary", "vary fast", "text-to-image", "midjourney@imagine", "midjourney"]
    )
    try:
        prices = read_prices(
            data.draw(st.dictionaries(names | st.text(max_size=5), json_values(), max_size=3)), speaks
        )
    except errors.SetupError:
        return
    for request in (one for one in REQUESTS if one.mode in speaks.modes):
        price = speaks.price(request, prices)
        assert price is None or (type(price) is int and price >= 0)


# -- what is still understood --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [str.upper, str.title, lambda word: f" {word}\n"], ids=["capitals", "title", "blanks"]
)
@pytest.mark.parametrize("gateway", NAMES)
def test_a_state_in_other_letters_is_that_state(gateway, change):
    """A state in capitals or with blanks around it is that state, and so is an error's code."""
    speaks = dialect(gateway)
    for told in DOCUMENTS[gateway]:
        expected, found = (
            read(speaks.read_status, replied(json.dumps(one).encode()))
            for one in (told, reworded(told, change))
        )
        assert (expected is None) == (found is None), told
        assert expected is None or found.state is expected.state, told


def reworded(value: Any, change: Callable[[str], str]) -> Any:
    """Write the states and codes of an answer otherwise."""
    if isinstance(value, list):
        return [reworded(one, change) for one in value]
    if not isinstance(value, dict):
        return value
    words = {"state", "status", "code"}
    return {
        name: change(inner) if name in words and isinstance(inner, str) else reworded(inner, change) for name, inner in value.items()
    }  # fmt: skip


@pytest.mark.parametrize(("moment", "seconds"), [(1_767_965_610_929, 1_767_965_610.929), (1_767_965_610, 1_767_965_610.0),
                                                 ("1767965610929", 1_767_965_610.929), (3.2e19, None), (float("nan"), None)])  # fmt: skip
def test_moments_in_either_unit(moment, seconds):
    """A moment is read in seconds and in milliseconds, by its size; one of the year 10^9 is none."""
    told = {"code": 200, "data": {"taskId": "t", "state": "pending", "createTime": moment}}
    assert dialect("apixo").read_status(replied(json.dumps(told).encode())).created == seconds


@pytest.mark.parametrize("urls", [[], [None], ["", " "], "", 5, {"a": 1}])
def test_a_success_without_pictures_is_malformed(urls):
    """A success that brings no picture is no success yet: it is asked after again."""
    told = {"data": {"taskId": "t", "state": "success", "resultJson": json.dumps({"resultUrls": urls})}}
    with pytest.raises(errors.MalformedReply):
        dialect("apixo").read_status(replied(json.dumps(told).encode()))


def test_five_pictures_are_five():
    """More pictures than usual are all kept: they are paid for."""
    told = {
        "data": {"taskId": "t", "state": "success", "resultJson": json.dumps({"resultUrls": list("abcde")})}
    }
    assert dialect("apixo").read_status(replied(json.dumps(told).encode())).urls == tuple("abcde")


# -- bounds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["[" * 10_000_000, '{"a":' * 2_000_000, "[" * 900 + "]" * 900, "1" * 4_000_000, "[1." + "1" * 4_000_000 + "]", '"' + "\\u0061" * 600_000 + '"'],
    ids=["brackets", "braces", "900 floors", "a whole number", "a fraction", "escapes"],
)  # fmt: skip
def test_json_that_wants_to_exhaust(text):
    """Ten million brackets and numbers of millions of digits are read, or are no JSON, within a second."""
    began = time.thread_time()
    found = parsed(text)
    assert time.thread_time() - began < LONGEST_S
    assert found in (None, [None]) or isinstance(found, str)


@settings(parent=FUZZ, max_examples=EXAMPLES * 2)
@given(json_values())
def test_what_was_read_can_be_written_again(value):
    """Whatever JSON was read is written to the ledger, and read from there as it was."""
    found = parsed(json.dumps(value))
    assert json.loads(canonical({"a": found}), parse_constant=pytest.fail) == {
        "a": json.loads(canonical(found))
    }


def test_a_status_is_told_whole():
    """The yardstick of these tests does refuse a status that is not whole."""
    with pytest.raises(AssertionError):
        assert_whole(Status(TaskState.SUCCESS))
