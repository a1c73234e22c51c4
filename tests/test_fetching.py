"""Pictures over the network: whole or fetched again, bounded, expired or broken, and from no server that nobody vouches for."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from mjnb import errors, images
from mjnb.polling import Clock
from tests.test_client import hear, talk
from tests.test_images import encoded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mjnb.client import Client

URL = "https://r2.apixo.ai/1.png"


def fetch(url: str = URL) -> Callable[[Client], Any]:
    """Fetch one picture."""
    return lambda client: client.fetch(url)


# -- whole or not ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claims", ["9", "11"])
def test_a_length_that_is_not_kept_is_asked_for_again(claims):
    """A body shorter or longer than its `Content-Length` says is not believed: the picture is fetched again."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        length = claims if len(asked) < 3 else "10"
        return httpx.Response(200, headers={"content-length": length}, content=b"ten bytes!")

    assert hear(fetch(), answer) == b"ten bytes!"
    assert len(asked) == 3


def test_a_picture_is_asked_for_unpacked():
    """A picture travels as it is, so that its length is known before it is read."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=request.headers["accept-encoding"].encode())

    assert hear(fetch(), answer) == b"identity"


@pytest.mark.parametrize("length", ["5001", "9" * 5000])
def test_a_picture_that_says_it_is_too_large_is_not_read(length):
    """A length beyond what the session allows is refused unread, and the message says what allows more."""
    read = []

    async def body() -> Any:
        read.append(1)
        yield b" "

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-length": length}, content=body())

    with pytest.raises(errors.PictureTooLarge, match=r"0\.005 MB.*max_picture_mb"):
        hear(fetch(), answer, max_picture=5000)
    assert read == []


def test_a_picture_without_a_length_is_cut_off():
    """Where no length is told, reading ends at the bound."""

    async def body() -> Any:
        while True:
            yield b" " * 1000

    with pytest.raises(errors.PictureTooLarge):
        hear(fetch(), lambda _: httpx.Response(200, content=body()), max_picture=5000)


# -- expired or broken -----------------------------------------------------------------------------------------------

PAST = "https://cdn.example.com/0.png?ex=65f0a1b2&is=65def0b2&hm=ab"
AMAZON = "https://b.example.com/0.png?X-Amz-Date=20240101T000000Z&X-Amz-Expires=3600&X-Amz-Signature=ab"
_SAYS = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [(URL, 401, b""), (URL, 400, _SAYS), (PAST, 400, b""), (AMAZON, 400, b"<html>")],
)
def test_an_expired_url_is_told_apart(url, status, says):
    """A URL whose own end has passed, or whose store says so, has expired; it is asked once."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, content=says)

    with pytest.raises(errors.PictureExpired, match=str(status)):
        hear(fetch(url), answer)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        (URL, 400, b"bad request"),
        (PAST, 500, b""),
        (PAST, 429, b""),
        (URL, 400, b"expired" + b" " * 70_000),
    ],
)
def test_a_server_in_trouble_is_no_expiry(url, status, says):
    """Any other refusal is a server in trouble: the URL may be good yet, and is asked again."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, content=says)

    with pytest.raises(errors.PictureBroken, match="did not deliver"):
        hear(fetch(url), answer)
    assert len(asked) == 4


def _gateway(url: str, picture: Callable[[httpx.Request], httpx.Response]) -> Any:
    """Answer as APIXO does for a task that has one picture at a URL."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host != "127.0.0.1":
            return picture(request)
        done = {"state": "success", "resultJson": f'{{"resultUrls":["{url}"]}}'}
        data = {"taskId": "task_1"} | (done if request.method == "GET" else {})
        return httpx.Response(200, json={"code": 200, "data": data})

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(("url", "error"), [(PAST, "PictureExpired"), (URL, "PictureBroken")])
def test_a_page_in_the_place_of_a_picture(session, url, error):
    """A web page with status 200 is no picture; whether it stands for an expired one, the URL's own end tells."""
    page = b"<html>This content is no longer available."
    mj = session(transport=_gateway(url, lambda _: httpx.Response(200, content=page)), time_scale=6000)
    with pytest.raises(errors.PictureError, match="no JPEG, PNG or WebP") as caught:
        mj.imagine("a fox").result()
    assert type(caught.value) is getattr(errors, error)


@pytest.mark.parametrize(
    "data",
    [b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<html>", encoded(noisy=True)[:-400]],
    ids=["svg", "html", "short"],
)
def test_what_is_no_picture_is_fetched_again_and_not_kept(session, data):
    """SVG, HTML and a JPEG cut short are asked for again, twice for each URL that was told, and nothing of them is written."""
    asked = []

    def picture(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=data)

    mj = session(transport=_gateway(URL, picture), time_scale=6000)
    with pytest.raises(errors.PictureBroken):
        mj.imagine("a fox").result()
    assert len(asked) == 6
    assert not [path for path in (mj.store.root / "pictures").rglob("*") if path.is_file()]


def test_a_clip_cut_short_is_fetched_again(session):
    """A film that ends before it says so is fetched again, though nobody decodes it."""
    film = bytes([0, 0, 0, 16]) + b"ftypisom" + bytes(4) + (1008).to_bytes(4, "big") + b"mdat" + bytes(1000)
    asked = []

    def picture(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=film[: 500 * len(asked)] if len(asked) < 3 else film)

    mj = session(transport=_gateway("https://r2.apixo.ai/1.mp4", picture), time_scale=6000)
    (image,) = mj.imagine("a fox").result().images
    assert image.path.read_bytes() == film
    assert len(asked) == 3


# -- bounds of a session ---------------------------------------------------------------------------------------------


def test_a_sessions_bounds_on_pictures(session):
    """Pictures beyond a session's megapixels or megabytes are not kept, and not asked for again; wider bounds keep them."""
    data = encoded("PNG", size=(2000, 1500))
    asked = []

    def picture(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=data)

    def opened(**bounds: float) -> Any:
        return session(transport=_gateway(URL, picture), time_scale=6000, **bounds)

    with pytest.raises(errors.PictureTooLarge, match=r"2000 × 1500 pixels are more than the 2,000,000"):
        opened(max_megapixels=2).imagine("a fox").result()
    small = opened(max_picture_mb=len(data) / 2e6)
    with pytest.raises(errors.PictureTooLarge, match="max_picture_mb"):
        small.imagine("a fox", reuse=True).result()
    assert len(asked) == 2
    task = opened(max_megapixels=3).imagine("a fox", reuse=True).result()
    assert (task.images[0].width, task.images[0].bytes) == (2000, len(data))


@pytest.mark.parametrize("given", [0, -1, "50", None, True, float("nan"), float("inf"), 1001])
@pytest.mark.parametrize("name", ["max_picture_mb", "max_megapixels"])
def test_what_is_no_bound(session, name, given):
    """A bound that is none is refused when the session is made."""
    with pytest.raises(errors.SetupError, match=name):
        session(transport=httpx.MockTransport(lambda _: httpx.Response(200)), **{name: given})


def test_a_picture_beyond_the_usual_is_shown_by_its_thumbnail(tmp_path):
    """What a session with wider bounds has kept is drawn from its thumbnail wherever all of it would be too much."""
    path = tmp_path / "0.png"
    Image.new("L", (12_000, 9_000)).save(path, compress_level=1)
    with pytest.raises(errors.PictureTooLarge):
        images.thumbnail(path, 512)
    wide = images.thumbnail(path.read_bytes(), bounds=images.Bounds(pixels=200_000_000))
    images.thumb_path(path).write_bytes(wide)
    assert images.small(path, 512).size == (256, 192)


# -- where to ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere", ["http://10.0.0.1/x", "http://192.168.1.1/x", "file:///etc/passwd", "http://r2.apixo.ai/x", "https://[::ffff:10.0.0.1]/x", "gopher://r2.apixo.ai/"]
)  # fmt: skip
def test_redirects_that_are_not_followed(simulator, elsewhere):
    """A server on this machine cannot send us to a private address, to http elsewhere, or to a file."""
    asked = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def work(client: Client) -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await client.fetch(f"http://127.0.0.1:{port}/1.png")

    with pytest.raises(errors.PictureBroken):
        talk(work, simulator().url)
    assert 1 <= len(asked) <= 4
    assert all(b"uthorization" not in head for head in asked)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_wrong_certificate_is_a_clear_error(tmp_path):
    """A server that nobody vouches for is named, with the reason; nothing is sent to it, and it is tried once."""
    met: list[bytes] = []
    trusted = _certificate(tmp_path)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(await reader.read(10))
        writer.close()

    async def work(client: Client) -> None:
        async with await asyncio.start_server(meet, "127.0.0.1", 0, ssl=trusted) as server:
            port = server.sockets[0].getsockname()[1]
            await client.fetch(f"https://127.0.0.1:{port}/1.png")

    began = time.monotonic()
    says = r"127\.0\.0\.1:\d+ was not asked for the picture: its certificate is wrong: self"
    with pytest.raises(errors.PictureBroken, match=says):
        talk(work, "https://127.0.0.1:1", clock=Clock(1))  # four tries would take seven seconds
    assert time.monotonic() - began < 5
    assert met == []


def _certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate of our own for 127.0.0.1."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
