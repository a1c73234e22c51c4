"""The tree of errors: as drawn, picklable, and what the network can do lands in it."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import re

import httpx
import pytest
from pydantic import SecretStr

import mjnb
from mjnb import errors
from mjnb.client import Client
from mjnb.errors import InvalidRequest, MjnbError
from mjnb.gateways import dialect
from mjnb.gateways.base import Envelope
from mjnb.modes import TextToImage
from mjnb.polling import Clock

CLASSES = {
    name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, MjnbError)
}
ARGUMENTS = {
    "BudgetError": {"price_usd": 1.5, "budget_usd": None, "unpriced": 2},
    "TaskTimeout": {"task_id": "task_1"},
    "UnknownOutcome": {"row": "r1"},
}


def make(cls: type[MjnbError]) -> MjnbError:
    """Make one error of a class."""
    if issubclass(cls, InvalidRequest):
        return cls("chaos", 500, "from 0 to 100", nearest=100, hint="Less.")
    if issubclass(cls, errors.GatewayError):
        return cls("refused", status=429, code="X", retry_after=3.0)
    if issubclass(cls, errors.TaskFailed):
        return cls("failed", task=None, fail_code="X", fail_msg="why")
    if issubclass(cls, errors.PictureError):
        return cls("broken", url="https://a/b.png")
    return cls("what happened", **ARGUMENTS.get(cls.__name__, {}))


def drawn() -> dict[str, str]:
    """Read the tree in the module's docstring: each class and its parent."""
    lines = inspect.getdoc(errors).split("```")[1].strip().splitlines()
    parents, above, depth = {}, {-1: "Exception"}, 0
    for line in lines:
        for match in re.finditer(r"(?:^|[├└]── )([A-Z]\w+)", line):
            first = not set(line[: match.start()]) & set("├└")
            depth = (
                (match.start() + (4 if match.start() or line[0] in "├└" else 0)) // 4 if first else depth
            )
            parents[match[1]] = above[depth - 1]
            above[depth] = match[1]
    return parents


def test_the_tree_is_as_drawn():
    """The tree in the docstring is the tree of the classes, none missing and none invented."""
    assert drawn() == {name: cls.__mro__[1].__name__ for name, cls in CLASSES.items()}


def test_every_error_is_public():
    """Every error can be caught under `mjnb.`, and explains itself."""
    for name, cls in CLASSES.items():
        assert getattr(mjnb, name) is cls
        assert name in errors.__all__
        assert cls.__doc__


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_every_error_pickles(cls):
    """An error crosses processes with everything that it holds."""
    error = make(cls)
    error.add_note("seen in cell 3")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is cls
        assert str(other) == str(error)
        assert vars(other) == vars(error)


def test_a_refusal_is_not_taken_for_another_librarys():
    """No error of ours is a `ValueError`, `TypeError` or `KeyError`; only a timeout is one of Python's too."""
    for cls in CLASSES.values():
        assert not issubclass(cls, ValueError | TypeError | LookupError | AttributeError | RuntimeError)
    assert issubclass(errors.TaskTimeout, TimeoutError)
    assert [name for name, cls in CLASSES.items() if issubclass(cls, OSError)] == ["TaskTimeout"]


def test_refused_and_failed_are_different():
    """What the gateway refused and what failed there never share a class, since only one of them may have cost money."""
    assert not issubclass(errors.GatewayError, errors.TaskFailed)
    assert not issubclass(errors.TaskFailed, errors.GatewayError)
    assert not issubclass(errors.UnknownOutcome, errors.GatewayError)


def test_a_refusal_says_everything():
    """A refused value's message has field, value, range, nearest value and what to do."""
    text = str(make(InvalidRequest))
    assert text == "chaos=500: from 0 to 100; nearest valid value: 100. Less. Nothing was sent."
    assert "nearest valid value: 0." in str(InvalidRequest("chaos", -1, "from 0", nearest=0))
    assert len(str(InvalidRequest("prompt", "x" * 5000, "shorter"))) < 150


def test_values_that_cannot_be_shown():
    """A value whose repr fails is named by its type instead."""

    class Shy:
        """An object that will not be shown."""

        def __repr__(self):
            raise ValueError("no")

    assert str(InvalidRequest("chaos", Shy(), "a number")).startswith("chaos=<Shy>")
    assert str(InvalidRequest("chaos", 10**5000, "a number")).startswith("chaos=<int>")


def test_parts_name_the_way():
    """An error inside a part keeps everything but gets the way there."""
    error = make(InvalidRequest).inside("mask.areas[0]")
    assert error.field == "mask.areas[0].chaos"
    assert str(error).startswith("mask.areas[0].chaos=500")
    assert error.nearest == 100
    assert type(make(errors.UnsupportedError).inside("x")) is errors.UnsupportedError


# -- the network -----------------------------------------------------------------------------------------------------


def leaves(cls: type[Exception]) -> set[type[Exception]]:
    """Return a class and all below it."""
    return {cls}.union(*(leaves(below) for below in cls.__subclasses__()))


NEVER_SENT = {
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError,
    httpx.LocalProtocolError, *leaves(httpx.ConnectError),
}  # fmt: skip
TRANSPORT = sorted(leaves(httpx.TransportError), key=lambda cls: cls.__name__)


def client(error: Exception) -> Client:
    """Make a client whose network fails in one way."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    return Client(
        dialect("apixo"), base_url="https://gateway.test", api_key=SecretStr("k"), clock=Clock(1e6),
        transport=httpx.MockTransport(fail),
    )  # fmt: skip


@pytest.mark.parametrize("cls", TRANSPORT, ids=lambda cls: cls.__name__)
def test_whatever_the_network_does_has_a_class(cls):
    """Every error of the transport is ours: nothing arrived, or nobody knows; reading and fetching never raise it raw."""

    async def work() -> None:
        one = client(cls("bad weather"))
        expected = errors.ConnectionFailed if cls in NEVER_SENT else errors.UnknownOutcome
        with pytest.raises(expected):
            await one.post(TextToImage(prompt="a fox"), Envelope())
        with pytest.raises(errors.ConnectionFailed):
            await one.ask("task_1")
        with pytest.raises(errors.PictureBroken):
            await one.fetch("https://example.com/a.png")
        await one.aclose()

    asyncio.run(work())
