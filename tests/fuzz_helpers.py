"""Answers with much wrong in them, and how many of them to try: 40 a test, or as many as `MJNB_FUZZ` says."""

from __future__ import annotations

import copy
import json
import os
from typing import TYPE_CHECKING, Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from mjnb.client.wire import reply_of
from mjnb.testing.spoiling import json_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mjnb.gateways.base import Reply

EXAMPLES = int(os.environ.get("MJNB_FUZZ", "40"))
FUZZ = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
STATUSES = st.sampled_from(
    [200, 200, 200, 201, 204, 302, 400, 401, 402, 403, 404, 422, 429, 500, 502, 503, 504]
)
_KEY = SecretStr("sk-of-nobody")
_ODD = st.sampled_from(
    ["²", "\x00", "\ud83e", "A" * 100_000, "<script>", "9" * 5000, "1e999", "-1", "true", "https://[", "javascript:1", "", " "]
)  # fmt: skip
_NUMBERS = st.sampled_from(
    [10**20, -(10**20), 1e300, float("nan"), float("inf"), -0.0, 1e9 * 365 * 86_400, 2**63, 0, 10**4000]
)


def _nested(value: Any, floors: int) -> Any:
    for _ in range(floors):
        value = [value]
    return value


def _in_milliseconds(value: Any) -> Any:
    return value * 1000 if isinstance(value, int | float) else value


def _in_seconds(value: Any) -> Any:
    return value / 1000 if isinstance(value, int | float) and abs(value) < 1e300 else value


def _on_words(change: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: change(value) if isinstance(value, str) else value


_CHANGES: tuple[Callable[[Any], Any], ...] = (
    lambda value: [value],
    lambda value: {"data": value},
    lambda value: value[0] if isinstance(value, list) and value else value,
    lambda value: [value] * 5,
    lambda value: (value * 5)[:5] if isinstance(value, list) else value,
    lambda value: [] if isinstance(value, list) else {},
    lambda value: _nested(value, 60),
    lambda value: _nested(value, 150),
    _in_milliseconds,
    _in_seconds,
    lambda value: str(value) if isinstance(value, int | float) else value,
    _on_words(str.upper),
    _on_words(str.swapcase),
    _on_words(lambda word: f" {word}\n"),
    _on_words(lambda word: word[: len(word) // 2]),
    _on_words(lambda word: {"text": word}),
)
"""What a careless hand does to a value."""


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container of a document with each of its keys."""
    pairs = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


@st.composite
def wrecks(draw: st.DrawFn, documented: Any) -> Any:
    """A documented answer in which up to four things are replaced, removed, changed in kind, or made huge."""
    holder = {"": copy.deepcopy(documented)}
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(list(_places(holder))))
        way = draw(st.sampled_from(["change", "change", "replace", "remove"]))
        if way == "remove":
            del container[key]
        elif way == "replace":
            container[key] = draw(json_values() | _ODD | _NUMBERS)
        else:
            container[key] = draw(st.sampled_from(_CHANGES))(container[key])
        if "" not in holder:
            return None
    return holder[""]


@st.composite
def bodies(draw: st.DrawFn, documented: Any) -> bytes:
    """The bytes of such an answer; some of them cut off, overwritten, or doubled."""
    whole = json.dumps(draw(wrecks(documented)), default=str).encode("utf-8", "surrogatepass")
    at = draw(st.integers(0, len(whole)))
    return draw(
        st.sampled_from([whole] * 6 + [whole[:at], whole[at:], whole[:at] + b"\xff\x00" + whole[at:], whole + whole])
    )  # fmt: skip


def replied(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """Read a body as the client does."""
    return reply_of(httpx.Response(status, headers=headers), body, _KEY)
