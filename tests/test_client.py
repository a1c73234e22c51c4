"""The client: what leaves, what comes back, and what is never sent twice."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from mjnb import errors
from mjnb.client import SOCKETS, Client
from mjnb.gateways import dialect
from mjnb.gateways.base import Envelope, Limits, Rhythm
from mjnb.modes import TextToImage
from mjnb.polling import Clock
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KEY = "sk-a-very-secret-key"
FOX = TextToImage(prompt="a fox", version="v7")
SPEED = 600.0
RHYTHM = Rhythm(first=20, every=3, typical=(30, 45), timeout=1e5)
Answering = "Callable[[httpx.Request], httpx.Response]"


def talk(work: Callable[[Client], Awaitable[Any]], base_url: str, **options: Any) -> Any:
    """Do some work with a client on a loop of its own."""

    async def main() -> Any:
        made = Client(
            dialect("apixo"),
            base_url=base_url,
            api_key=SecretStr(KEY),
            **{"clock": Clock(SPEED), **options},
        )
        try:
            return await work(made)
        finally:
            await made.aclose()

    return asyncio.run(main())


def hear(work: Callable[[Client], Awaitable[Any]], answer: Answering, **options: Any) -> Any:
    """Do some work with a client whose every request is answered by a function, hosts of the wide world included."""
    return talk(work, "https://api.apixo.ai", transport=httpx.MockTransport(answer), **options)


async def submit(client: Client) -> str:
    """Submit a fox and return its id."""
    async with client.turn():
        return (await client.post(FOX, Envelope())).task_id


async def last(client: Client, task_id: str, rhythm: Rhythm = RHYTHM) -> Any:
    """Watch a task and return what was said of it last."""
    answers = [answer async for answer in client.watch(task_id, rhythm)]
    return answers[-1].status


# -- the whole way -------------------------------------------------------------------------------------------------


def test_a_task_from_submission_to_pictures(simulator):
    """A request is submitted, watched until it has finished, and its four pictures come as JPEGs."""

    async def work(client: Client) -> list[bytes]:
        status = await last(client, await submit(client))
        assert status.state is TaskState.SUCCESS
        assert 30 <= status.cost_time_s <= 45
        return [await client.fetch(url) for url in status.urls]

    assert [data[:2] for data in talk(work, simulator().url)] == [b"\xff\xd8"] * 4


def test_polling_follows_the_page(simulator):
    """The first question comes 20 gateway seconds after the submission, the next ones 3 s apart."""
    server = simulator(speed=60)

    async def work(client: Client) -> None:
        await last(client, await submit(client))

    talk(work, server.url, clock=Clock(60))
    assert 2 <= server.stats()["requests"]["status"] <= 1 + (45 - 20) / 3 + 1


# -- the key -------------------------------------------------------------------------------------------------------


def test_the_key_goes_to_the_gateway_alone():
    """Submissions and questions carry the key; a picture's host never sees it, not even after a redirect."""
    seen: list[tuple[str, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers.get("authorization")))
        if request.url.host == "r2.apixo.ai":
            return httpx.Response(302, headers={"location": "https://api.apixo.ai/elsewhere.png"})
        if request.url.path == "/elsewhere.png":
            return httpx.Response(200, content=b"bytes")
        return httpx.Response(200, json={"code": 200, "data": {"taskId": "task_1", "state": "pending"}})

    async def work(client: Client) -> None:
        await submit(client)
        await client.ask("task_1")
        assert await client.fetch("https://r2.apixo.ai/1.png") == b"bytes"

    hear(work, answer)
    bearer = f"Bearer {KEY}"
    assert seen == [("api.apixo.ai", bearer)] * 2 + [("r2.apixo.ai", None), ("api.apixo.ai", None)]


def test_a_redirect_never_carries_the_key_away():
    """A gateway that answers a submission with a redirect is not followed: the outcome is unknown."""
    hosts = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://evil.example/steal"})

    with pytest.raises(errors.UnknownOutcome):
        hear(submit, answer)
    assert hosts == ["api.apixo.ai"]


def test_an_answer_that_repeats_the_key_is_shown_without_it():
    """A key that the gateway puts into its refusal is struck out of the error."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"code": 401, "message": f"Invalid key {KEY}", "data": None})

    with pytest.raises(errors.AuthenticationError) as caught:
        hear(submit, answer)
    assert "[key]" in str(caught.value)
    assert KEY not in str(caught.value)


def test_the_key_is_in_no_variable_of_a_traceback(simulator):
    """Whoever shows a traceback with its variables does not show the key."""
    server = simulator()
    server.faults.add(on="submit", kind="drop")
    with pytest.raises(errors.UnknownOutcome) as caught:
        talk(submit, server.url)
    error: BaseException | None = caught.value
    shown = []
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if "mjnb" in frame.f_code.co_filename.replace("tests", ""):
                shown += [repr(value) for value in frame.f_locals.values()]
            trace = trace.tb_next
        error = error.__cause__
    assert any("Request(" in text for text in shown)
    assert [text for text in shown if KEY in text] == []


# -- submissions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["drop", "accept_then_drop", "html", "garbage", "truncate", "status:500", "status:502", "status:504"],
)
def test_an_unclear_submission_is_made_once(simulator, kind):
    """Where nobody can tell whether a task exists, the outcome is unknown and nothing is sent again."""
    server = simulator()
    server.faults.add(on="submit", kind=kind, times=None)
    with pytest.raises(errors.UnknownOutcome, match="may have been"):
        talk(submit, server.url)
    assert server.stats()["requests"]["submit"] == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.Response(400, json={"code": 400, "message": "Insufficient credits", "data": None}), "InsufficientCredits"),
        (httpx.Response(400, json={"code": 400, "message": "Invalid request", "data": {"error": "x"}}), "RequestRefused"),
        (httpx.Response(401, json={"code": 401, "message": "no", "data": None}), "AuthenticationError"),
        (httpx.Response(503, json={"code": 503, "message": "busy", "data": None}), "GatewayUnavailable"),
    ],
)  # fmt: skip
def test_a_refusal_is_what_it_says(reply, error):
    """A documented refusal raises its own error: no task exists."""
    with pytest.raises(getattr(errors, error)):
        hear(submit, lambda _: reply)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadError, httpx.ReadTimeout, httpx.WriteError, httpx.WriteTimeout, httpx.CloseError,
        httpx.RemoteProtocolError, httpx.DecodingError, httpx.TooManyRedirects,
    ],
)  # fmt: skip
def test_whatever_breaks_after_sending_is_unknown(failure):
    """Every way in which httpx may fail after the request has left means an unknown outcome."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise failure("broken", request=request)

    with pytest.raises(errors.UnknownOutcome):
        hear(submit, answer)


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.LocalProtocolError]
)  # fmt: skip
def test_whatever_breaks_before_sending_is_no_connection(failure):
    """Every way in which httpx may fail before anything has left means that nothing was charged."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise failure("broken", request=request)

    with pytest.raises(errors.ConnectionFailed, match=r"[Nn]othing"):
        hear(submit, answer)


def test_nobody_listening_is_no_connection():
    """A port where nobody listens is a connection that failed, told without the address's path."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(errors.ConnectionFailed, match="nothing was charged"):
            talk(submit, f"http://127.0.0.1:{taken.getsockname()[1]}")


def test_a_cancelled_submission_ends_at_once(simulator):
    """Cancelling a hanging request does not wait for the server."""
    server = simulator()
    server.faults.add(on="submit", kind="hang")

    async def work(client: Client) -> float:
        task = asyncio.create_task(submit(client))
        while not server.stats()["requests"]["submit"]:  # noqa: ASYNC110  (another thread counts)
            await asyncio.sleep(0.01)
        began = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        return time.monotonic() - began

    assert talk(work, server.url) < 1


# -- bounds --------------------------------------------------------------------------------------------------------


def test_an_endless_answer_is_cut_off():
    """An answer of more than 4 MB is not read to its end, whatever its headers claim, packed or not."""
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield b" " * 2**20

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=endless())

    with pytest.raises(errors.UnknownOutcome):
        hear(submit, answer)
    assert read < 8

    packed = gzip.compress(b" " * 2**24)
    with pytest.raises(errors.MalformedReply, match="too long"):
        hear(lambda client: client.ask("task_1"), lambda _: httpx.Response(200, content=packed, headers={"content-encoding": "gzip"}))  # fmt: skip


def test_a_picture_too_large_is_broken():
    """A picture of more than 50 MB is not read to its end."""
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield b" " * 2**22

    with pytest.raises(errors.PictureBroken, match="MB"):
        hear(
            lambda client: client.fetch("https://r2.apixo.ai/1.png"),
            lambda _: httpx.Response(200, content=endless()),
        )
    assert read < 20


# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://r2.apixo.ai/1.png", "ftp://r2.apixo.ai/1.png", "file:///etc/passwd", "", "/1.png", "https://[", "http://[::1",
        "https://127.0.0.1/1.png", "https://10.1.2.3/1.png", "https://localhost/1.png", "https://[::1]/1.png",
        "https://192.168.0.1/1.png", "https://169.254.169.254/latest", "http://127.0.0.1/1.png", "https://host:port/x",
    ],
)  # fmt: skip
def test_addresses_that_are_not_asked(url):
    """A picture's URL leads to the wide world by https or is not fetched; nothing is sent there."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    with pytest.raises(errors.PictureBroken):
        hear(lambda client: client.fetch(url), answer)
    with pytest.raises(errors.PictureBroken):  # by a detour neither
        hear(
            lambda client: client.fetch("https://r2.apixo.ai/1.png"),
            lambda _: httpx.Response(302, headers={"location": url or "http://10.0.0.1/"}),
        )
    assert asked == []


def test_redirects_of_many_pictures_at_once(simulator):
    """Pictures that all redirect do not wait for each other's connections."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/b":
            return httpx.Response(200, content=b"ok")
        return httpx.Response(301, headers={"location": "/b"})

    async def work(client: Client) -> list[bytes]:
        async with asyncio.timeout(5):
            return await asyncio.gather(*(client.fetch("https://r2.apixo.ai/a") for _ in range(100)))

    assert set(hear(work, answer)) == {b"ok"}


def test_a_redirect_without_end_is_broken():
    """A picture that leads in circles is given up."""
    circle = httpx.Response(302, headers={"location": "https://r2.apixo.ai/again"})
    with pytest.raises(errors.PictureBroken, match="without end"):
        hear(lambda client: client.fetch("https://r2.apixo.ai/again"), lambda _: circle)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_picture_that_has_gone(status):
    """A URL that the file store no longer knows is expired, and is not asked again."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status)

    with pytest.raises(errors.PictureExpired):
        hear(lambda client: client.fetch("https://r2.apixo.ai/1.png"), answer)
    assert len(asked) == 1


@pytest.mark.parametrize("kind", ["drop", "truncate", "status:500", "status:429"])
def test_a_picture_is_asked_for_again(simulator, kind):
    """A picture that does not come, or not whole, is asked for again."""
    server = simulator()

    async def work(client: Client) -> bytes:
        status = await last(client, await submit(client))
        server.faults.add(on="file", kind=kind, times=2)
        return await client.fetch(status.urls[0])

    assert talk(work, server.url)[-2:] == b"\xff\xd9"
    assert server.stats()["requests"]["file"] == 3


# -- asking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["drop", "html", "garbage", "truncate", "status:500", "status:503", "odd_state", "bad_result_json", "no_urls"]
)  # fmt: skip
def test_odd_answers_to_a_question_do_not_lose_the_task(simulator, kind):
    """A question that is answered oddly a few times is asked again."""
    server = simulator()
    server.faults.add(on="status", kind=kind, times=3)

    async def work(client: Client) -> Any:
        return await last(client, await submit(client))

    assert talk(work, server.url).state is TaskState.SUCCESS


def test_a_wrong_key_is_not_asked_with_again(simulator):
    """Watching with a key that is refused ends at once."""
    server = simulator(api_key="another-key")
    with pytest.raises(errors.AuthenticationError):
        talk(lambda client: last(client, "task_1"), server.url)
    assert server.stats()["requests"]["status"] == 1


def test_an_unknown_task_is_given_a_little_time(simulator):
    """A task that the gateway does not know is asked for a few times, since its own index may be late."""
    server = simulator()
    with pytest.raises(errors.UnknownTask):
        talk(lambda client: last(client, "task_unknown"), server.url)
    assert 2 <= server.stats()["requests"]["status"] <= 7


@pytest.mark.parametrize("kind", ["odd_state", "hang", "drop"])
def test_patience_ends_with_the_id(simulator, kind):
    """A task that never ends, or whose questions are never answered, ends in a TimeoutError that names it."""
    server = simulator()
    server.faults.add(on="status", kind=kind, times=None)
    patience = Rhythm(first=20, every=3, typical=(30, 45), timeout=300)
    began = time.monotonic()

    async def work(client: Client) -> None:
        task_id = await submit(client)
        with pytest.raises(TimeoutError, match=task_id) as caught:
            await last(client, task_id, patience)
        assert isinstance(caught.value, errors.TaskTimeout)
        assert caught.value.task_id == task_id

    talk(work, server.url)
    assert time.monotonic() - began < 5


# -- limits --------------------------------------------------------------------------------------------------------


def test_everybody_slows_down_after_a_429(simulator):
    """One refusal with `Retry-After` holds up every request of the client for that long."""
    server = simulator(speed=60)
    server.faults.add(on="status", kind="status:429", retry_after=30)

    async def work(client: Client) -> float:
        task_id = await submit(client)
        with pytest.raises(errors.RateLimited) as caught:
            await client.ask(task_id)
        assert caught.value.retry_after == 30
        began = time.monotonic()
        await asyncio.gather(submit(client), *(client.ask(task_id) for _ in range(5)))
        return time.monotonic() - began

    assert talk(work, server.url, clock=Clock(60)) >= 30 / 60 * 0.95


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 7 ", 7), ("\u00b2", None), ("-1", None), ("soon", None), ("9" * 400, 3600),
     ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Wed, 21 Oct 2015 07:28:00 -0000", 0), ("", None)],
)  # fmt: skip
def test_retry_after_is_read_whatever_it_holds(header, seconds):
    """`Retry-After` is seconds or a date; nonsense is as if it were not there, and nobody waits for ever."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers=[(b"retry-after", header.encode("latin-1"))])

    with pytest.raises(errors.RateLimited) as caught:
        hear(lambda client: client.ask("task_1"), answer)
    assert caught.value.retry_after == seconds


def test_few_sockets_for_many_tasks(simulator):
    """However many tasks are in flight, at most 64 connections are open at the server."""
    server = simulator(speed=20)
    server.faults.add(on="status", kind="slow", times=None, seconds=2)
    peak = 0

    async def look() -> None:
        nonlocal peak
        while True:
            peak = max(peak, len(server._listener._transports))
            await asyncio.sleep(0.002)

    async def whole(client: Client, number: int) -> None:
        status = await last(client, await submit(client))
        if number % 4 == 0:
            await client.fetch(status.urls[0])

    async def work(client: Client) -> None:
        looking = asyncio.create_task(look())
        await asyncio.gather(*(whole(client, number) for number in range(150)))
        looking.cancel()

    talk(work, server.url, clock=Clock(20))
    assert server.stats()["peak_in_flight"] >= 100
    assert 16 < peak <= SOCKETS


def test_requests_stay_below_what_is_allowed(simulator):
    """Nine tenths of the allowed requests a minute are used, so that the gateway never says 429."""
    server = simulator(speed=60, requests_per_minute=120)

    async def work(client: Client) -> None:
        await asyncio.gather(*(submit(client) for _ in range(150)))

    talk(work, server.url, clock=Clock(60), limits=Limits(120, 1000))
    assert server.stats()["rate_limited"] == 0
    assert server.stats()["tasks"] == 150


def test_an_unreadable_answer_is_no_answer():
    """A question whose answer cannot be unpacked is as if nobody had answered."""
    broken = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))
    with pytest.raises(errors.ConnectionFailed):
        hear(lambda client: client.ask("task_1"), lambda _: broken)
