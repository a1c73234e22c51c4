"""Headers, bodies, streams, prompts, tables and ledgers of any bytes: our errors or plain values, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import sqlite3
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fuzz_helpers import EXAMPLES, FUZZ, wrecks
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

import mjnb
from mjnb import errors
from mjnb.client.streams import Tails
from mjnb.client.wire import TooLong, bounded, pieces, read_reply, retry_after
from mjnb.prompts import parse, parse_all, to_prompt
from mjnb.rows import frame
from mjnb.store import Draft, Store
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

KEY = SecretStr("sk-of-nobody")
MB = 2**20


def answering(
    chunks: list[bytes], headers: dict[str, str] | None = None, status: int = 200
) -> httpx.AsyncClient:
    """Make a client whose every request is answered by these chunks, as they are."""

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    answer = lambda _: httpx.Response(status, headers=headers, content=body())  # noqa: E731  (used once, below)
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def exchanged(chunks: list[bytes], headers: dict[str, str] | None = None, status: int = 200) -> Any:
    """Return what the client reads, None where it is told that it cannot be read."""

    async def work() -> Any:
        async with answering(chunks, headers, status) as http:
            request = http.build_request("GET", "https://gateway.test/")
            with contextlib.suppress(httpx.RequestError, TooLong):
                return await read_reply(http, request, KEY, 5.0)

    return asyncio.run(work())


# -- headers and bodies --------------------------------------------------------------------------------------------

DATES = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Mon", "", "X"]), st.integers(-1, 10**20), st.sampled_from(["Jan", "13", "\x00"]),
    st.integers(-1, 10**30), st.integers(0, 99), st.integers(-1, 10**20), st.integers(), st.sampled_from(["GMT", "-0000", "+99999999999"]) | st.text(max_size=6),
)  # fmt: skip


@FUZZ
@given(DATES | st.text(max_size=30) | st.integers().map(str) | st.integers(1, 5000).map(lambda n: "9" * n))
def test_retry_after(value):
    """A pause is read as seconds between none and an hour, or not at all."""
    pause = retry_after(value)
    assert pause is None or 0 <= pause <= 3600


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-encoding": st.sampled_from(["gzip", "GZIP ", "deflate", "br", "gzip, gzip", "identity", "", "\x7f"]),
        "content-type": st.sampled_from(["text/html", "application/json; charset=utf-7", "nonsense"]),
        "retry-after": st.sampled_from(["5", "-5", "soon", "9" * 400, "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"]),
    },
)  # fmt: skip


@FUZZ
@given(st.lists(st.binary(max_size=200), max_size=5), HEADERS, st.integers(200, 599), st.booleans())
def test_bodies_of_any_bytes(chunks, headers, status, packed):
    """A body of any bytes, packed in any way or wrongly, is a reply or cannot be read."""
    body = (
        [gzip.compress(b"".join(chunks))[: None if packed else -3]]
        if "gzip" in headers.values()
        else chunks
    )
    reply = exchanged(body, headers, status)
    assert reply is None or (reply.status == status and isinstance(reply.text, str))


@FUZZ
@given(st.binary(max_size=3000), st.integers(1, 700))
def test_a_packed_body_is_unpacked(body, size):
    """A body that was packed by gzip comes out as it went in, however its bytes are cut on the way."""
    whole = gzip.compress(body)
    cut = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert exchanged(cut, {"content-encoding": "gzip"}).text == body.decode("utf-8", "replace")


@pytest.mark.parametrize("packing", ["gzip", "gzip, gzip"])
def test_a_bomb_is_bounded(packing):
    """Blanks of 128 MB, packed once or twice, are cut at 4 MB and never held."""
    bomb = bomb_of(2**27)
    chunks = [bomb] if packing == "gzip" else [gzip.compress(bomb)]
    tracemalloc.start()
    began = time.thread_time()
    assert exchanged(chunks, {"content-encoding": packing}) is None
    assert time.thread_time() - began < 3
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * MB + len(bomb)


def bomb_of(size: int) -> bytes:
    """Pack blanks, a megabyte at a time."""
    import zlib

    packer = zlib.compressobj(wbits=31)
    return b"".join([*(packer.compress(b" " * MB) for _ in range(size // MB)), packer.flush()])


def test_no_body_is_read_beyond_its_bound():
    """Of an endless body no more is asked for than its bound."""
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b" " * MB

    with pytest.raises(TooLong):
        asyncio.run(bounded(httpx.Response(200, content=endless()), 4 * MB))
    assert asked == 5


# -- streams -------------------------------------------------------------------------------------------------------


@FUZZ
@given(
    st.lists(
        st.binary(max_size=30) | st.sampled_from([b"\n", b"\r\n", b'{"task_id": "t"}\n', b" \n"]),
        max_size=12,
    )
)
def test_streams_are_cut_into_lines(chunks):
    """However a stream's bytes arrive, its lines that are not blank come out, each once; the first of them twice."""

    async def work() -> list[str]:
        tails = Tails(answering(chunks), 4)
        tail = await tails.begin(httpx.Request("POST", "https://gateway.test/"), KEY, 5.0)
        tails.keep("t", tail)
        found = [reply.text async for reply in tails.rest_of("t", 5.0)]
        await tails.aclose()
        return found

    lines = [line.strip() for line in b"".join(chunks).split(b"\n") if line.strip()]
    assert asyncio.run(work()) == ([line.decode("utf-8", "replace") for line in lines] or [""])


@pytest.mark.parametrize("chunk", [b" ", b"x" * MB, b"\n" * MB], ids=["blanks", "one line", "newlines"])
def test_an_endless_stream_ends(chunk):
    """A stream that never says anything, or never ends its line, is given up within bounds."""

    async def work() -> None:
        async with answering([chunk * 4] * 8) as http:
            await Tails(http, 4).begin(http.build_request("POST", "https://gateway.test/"), KEY, 5.0)

    began = time.thread_time()
    if chunk == b" ":
        asyncio.run(work())
    else:
        with pytest.raises(TooLong):
            asyncio.run(work())
    assert time.thread_time() - began < 5


def test_whoever_else_is_on_the_loop_has_a_turn():
    """While much is unpacked from little, others on the loop are not kept waiting."""

    async def work() -> int:
        turns, bomb = 0, bomb_of(32 * MB)

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        response = httpx.Response(200, headers={"content-encoding": "gzip"}, content=whole(bomb))
        async for _ in pieces(response):
            pass
        counting.cancel()
        return turns

    assert asyncio.run(work()) > 32 * MB / 2**16 / 2


async def whole(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body at once."""
    yield body


# -- prompts -------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["{", "}", "{a, b}", "\\", "::", "--ar 16:9", "--v 7", "--", "—", "--chaos", "https://a.example/b.png", "\x00", "\u202e", "🦊" * 50,
     "--no ,", "--sref random", "\ud83e", " ", "\n", "--seed 99999999999999999999", "::-1e309", "{" * 300]
)  # fmt: skip


@FUZZ
@given(st.lists(PIECES | st.text(max_size=8), max_size=10).map("".join))
def test_prompts(text):
    """A prompt of anything is a request that can be written again, or refused as an invalid one."""
    for read in (parse, parse_all):
        with contextlib.suppress(errors.InvalidRequest):
            found = read(text)
            for request in found if isinstance(found, list) else [found]:
                to_prompt(request)


@pytest.mark.parametrize(
    "text",
    ["{" * 5000, "{a," * 5000, "{" + "{a, b}" * 60 + "}", "{a, b} " * 60, "\\\\" * 100_000, "{}" * 3000],
)
def test_prompts_that_want_to_exhaust(text):
    """Braces thousands deep, and a prompt that stands for more prompts than there are atoms, are refused at once."""
    began = time.thread_time()
    with contextlib.suppress(errors.InvalidRequest):
        parse_all(text)
    assert time.thread_time() - began < 3


# -- tables --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    """A frame of two rows as a CSV and as a Parquet file."""
    folder = tmp_path_factory.mktemp("tables")
    store = Store(folder / "store")
    for number in range(2):
        row, _ = store.claim(draft(f"k1:{number}", {"prompt": "a fox", "chaos": number}), again=None)
        store.submitted(row.row, f"task_{number}", 1.7e9, {"a": 1}, {"b": 2})
    table = frame(store.all())
    table.to_csv(folder / "whole.csv", index=False)
    table.to_parquet(folder / "whole.parquet")
    store.close()
    return folder


def draft(cell: str, held: dict[str, Any]) -> Draft:
    """Describe a row."""
    return Draft(cell, "apixo", simulated=True, mode="text-to-image", held=held, price_micro=100_000)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@FUZZ
@given(data=st.data())
def test_damaged_tables(tables, suffix, data):
    """A table with bytes overwritten, cut off or put in is read, or told to be no frame of ours."""
    whole = (tables / f"whole.{suffix}").read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    new = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"\x00" * 50, b'"' * 3, b",,,,", b"\xff\xfe", b"[[[["])
    )
    path = tables / f"damaged.{suffix}"
    path.write_bytes(whole[:at] + new + whole[at + data.draw(st.sampled_from([0, len(new), len(whole)])) :])
    with contextlib.suppress(errors.MjnbError):
        found = mjnb.read(path)
        assert list(found["images"].map(type).unique()) in ([list], [])


# -- the ledger ----------------------------------------------------------------------------------------------------

COLUMNS = [
    "held",
    "urls",
    "texts",
    "state",
    "told",
    "answered",
    "created",
    "price_micro",
    "fail_msg",
    "mode",
    "task_id",
    "expires",
]
VALUES = st.sampled_from(
    [None, "", "null", "5", "[", "[1, null]", "{}", '{"a": {}}', "[" * 5000, "\x00", b"\xff\xfe", 5, -1, 1e300, 2**62, "SUCCESS", "\ud83e".encode("utf-8", "replace").decode(), '{"prompt": 5}']
)  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory) -> Iterator[Store]:
    """A ledger of one row."""
    store = Store(tmp_path_factory.mktemp("ledger"))
    entry, _ = store.claim(draft("k1:0", {"prompt": "a fox"}), again=None)
    store.submitted(entry.row, "task_0", 1.7e9, {}, {})
    yield store
    store.close()


@FUZZ
@given(values=st.dictionaries(st.sampled_from(COLUMNS), VALUES, min_size=1, max_size=3))
def test_ledger_values_of_any_kind(ledger, values):
    """Whatever stands in a row, it is read as a row and shown as a task, or told to be damage, naming the file."""
    with contextlib.closing(sqlite3.connect(ledger.path)) as db:
        before = db.execute("SELECT * FROM tasks").fetchone()
        names = [one[1] for one in db.execute("PRAGMA table_info(tasks)")]
        with contextlib.suppress(sqlite3.IntegrityError):
            db.execute(
                f"UPDATE tasks SET {', '.join(f'{name} = ?' for name in values)}", list(values.values())
            )
            db.commit()
    said = str(ledger.path)
    try:
        looked_at(ledger)
    except errors.StoreError as error:
        said = str(error)
    finally:
        with contextlib.closing(sqlite3.connect(ledger.path)) as db:
            db.execute(f"UPDATE tasks SET {', '.join(f'{name} = ?' for name in names)}", before)
            db.commit()
    assert str(ledger.path) in said


def looked_at(ledger: Store) -> None:
    """Read a ledger in every way."""
    from mjnb.runner import request_of

    for entry in ledger.all():
        task = entry.task(request_of(entry))
        assert repr(task)
        assert task._repr_html_()
    ledger.told_of("task_0", "apixo")
    ledger.by_cells(["k1:0"])
    assert len(frame(ledger.all())) == 1


@settings(parent=FUZZ, max_examples=EXAMPLES)
@given(
    held=wrecks(
        {"prompt": "a fox", "chaos": 5, "image_urls": ["https://a.example/b.png"], "mask": {"url": "x"}}
    )
)
def test_requests_of_the_ledger(ledger_entry, held):
    """A row whose request was written by another version, or by nobody, is a request that can be shown."""
    from mjnb.runner import request_of

    if isinstance(held, dict):
        request = request_of(ledger_entry(mode="image-to-image", held=held))
        assert repr(request)
        json.dumps(request.given(), default=str)


@pytest.fixture(scope="module")
def ledger_entry():
    """Make a row of the ledger, most of it empty."""
    from mjnb.store import Entry

    def make(**values: Any) -> Entry:
        names = [name for name in Entry.__slots__ if name not in values]
        return Entry(**{"state": TaskState.UNKNOWN, **dict.fromkeys(names), **values})

    return make
