"""Where names lead: pictures come from no private network, and no resolver, proxy or translator costs a paid one."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from mjnb import errors
from mjnb.client import Client
from mjnb.client.files import Fetcher
from mjnb.client.names import Names
from mjnb.gateways import dialect
from mjnb.polling import Clock
from tests.test_client import talk
from tests.test_fetching import fetch


def named(
    names: dict[str, list[str]], url: str, home: str = "https://api.apixo.ai", sends_on: str = ""
) -> tuple[list[str], list[str]]:
    """Fetch a picture where names lead as told; return the hosts that were asked, and the names that were looked up."""
    asked, looked_up = [], []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if len(asked) == 1 and sends_on:
            return httpx.Response(302, headers={"location": sends_on})
        return httpx.Response(200, content=b"a picture")

    def look_up(name: str) -> list[str]:
        looked_up.append(name)
        if name not in names:
            raise OSError("no such name")
        return names[name]

    async def main() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        fetcher = Fetcher(home, http, Clock(600), at_once=1, names=Names(look_up))
        try:
            assert await fetcher.fetch(url) == b"a picture"
        finally:
            await fetcher.aclose()

    try:
        asyncio.run(main())
    except errors.PictureBroken as error:
        looked_up.append(str(error))
    return asked, looked_up


WORLD = ["93.184.215.14", "2606:4700::1111"]


INSIDE = [
    "10.0.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "::1", "fd00::1", "fe80::1%eth0",
    "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::1", "::10.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("inside", INSIDE)
def test_a_name_that_leads_inside_is_not_asked(inside):
    """A name with private addresses alone is refused unasked, straight or by a redirect, if the gateway is outside."""
    names = {"in.example.com": [inside, "10.0.0.2"], "out.example.com": WORLD, "api.apixo.ai": WORLD}
    says = "a picture's URL points into a private network (in.example.com)"
    asked, met = named(names, "https://in.example.com/1.png")
    assert (asked, met[-1]) == ([], says)
    asked, met = named(names, "https://out.example.com/1.png", sends_on="https://in.example.com/1.png")
    assert (asked, met[-1]) == (["out.example.com"], says)
    for near in ("http://127.0.0.1:8000", "http://localhost:8000", "https://10.0.0.1"):
        assert named(names, "https://in.example.com/1.png", near)[0] == []


@pytest.mark.parametrize("inside", INSIDE)
def test_a_number_inside_is_not_asked(inside):
    """A private address itself is refused unasked, however it is written."""
    host = f"[{inside.partition('%')[0]}]" if ":" in inside else inside
    asked, met = named({}, f"https://{host}/1.png")
    assert asked == []
    assert "private network" in met[-1]


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1", "93.184.215.14"], ["fd00::5", "2606:4700::1111"], ["64:ff9b::93.184.215.14"], ["64:ff9b:1::5db8:d70e"],
     ["64:ff9b:1:5db8:d7:e00::"], ["2002:5db8:d70e::1"], ["198.18.0.7"], ["198.19.255.255"]],
)  # fmt: skip
def test_a_paid_picture_is_not_refused_for_its_network(addresses):
    """A name with one public address is asked, and one whose address a translator makes up for the whole world."""
    names = {"out.example.com": addresses, "api.apixo.ai": WORLD}
    assert named(names, "https://out.example.com/1.png") == (["out.example.com"], ["out.example.com"])


def test_a_made_up_address_itself_is_refused():
    """Where names may lead to the addresses of fake-IP proxies, a picture's URL may not name one."""
    assert "private network" in named({}, "https://198.18.0.7/1.png")[1][-1]


def test_names_that_are_asked():
    """Public names are, the gateway's own without a look, and private ones where the gateway's leads inside just so."""
    names = {"out.example.com": WORLD, "in.example.com": ["10.0.0.7"], "api.example.com": ["10.0.0.8"]}
    url = "https://{}.example.com/1.png".format
    assert named(names, url("out")) == (["out.example.com"], ["out.example.com"])
    assert named(names, url("api"), "https://api.example.com") == (["api.example.com"], [])
    inside = (["in.example.com"], ["in.example.com", "api.example.com"])
    assert named(names, url("in"), "https://api.example.com") == inside
    names["api.example.com"] += WORLD
    assert named(names, url("in"), "https://api.example.com") == inside


def test_a_name_that_nobody_knows():
    """A picture whose name cannot be looked up is tried again, and then said to be broken, not gone."""
    asked, met = named({}, "https://out.example.com/1.png")
    assert asked == []
    assert met == [*["out.example.com"] * 4, "out.example.com did not deliver the picture (ConnectError)"]


def test_a_resolver_that_hangs_holds_up_nothing_else():
    """While one name hangs, other names and threads go on; it is asked for once, and what it says in the end is used."""
    go_on, asked = threading.Event(), []

    def look_up(name: str) -> list[str]:
        asked.append(name)
        if name == "slow.example.com":
            go_on.wait(30)
        return WORLD

    async def main() -> None:
        http = httpx.AsyncClient(
            transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"it"))
        )
        fetcher = Fetcher("https://api.apixo.ai", http, Clock(600), at_once=64, names=Names(look_up))
        slow = [asyncio.ensure_future(fetcher.fetch("https://slow.example.com/1.png")) for _ in range(40)]
        async with asyncio.timeout(10):
            assert await fetcher.fetch("https://out.example.com/1.png") == b"it"
            assert await asyncio.to_thread(int) == 0
            assert set(asked) == {"slow.example.com", "out.example.com"}
            go_on.set()
            assert set(await asyncio.gather(*slow)) == {b"it"}
        await fetcher.aclose()

    asyncio.run(main())
    assert len(asked) == 2


def test_a_name_that_takes_too_long():
    """A picture whose name is not looked up in time has failed for now, and not for good; closing waits for nobody."""
    go_on, asked = threading.Event(), []

    def look_up(name: str) -> list[str]:
        asked.append(name)
        go_on.wait(30)
        return WORLD

    async def main() -> None:
        http = httpx.AsyncClient(
            transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"it"))
        )
        names = Names(look_up, patience=0.01)
        fetcher = Fetcher("https://api.apixo.ai", http, Clock(600), at_once=1, names=names)
        with pytest.raises(errors.PictureBroken, match="did not deliver"):
            await fetcher.fetch("https://slow.example.com/1.png")
        await fetcher.aclose()

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 5
    go_on.set()
    assert asked == ["slow.example.com"]


def test_how_long_a_name_is_known():
    """An answer is used again for a while, then asked for anew; a failure is asked for anew at once."""
    asked: list[str] = []

    def look_up(name: str) -> list[str]:
        asked.append(name)
        if len(asked) == 1:
            raise OSError("not now")
        return WORLD

    async def main() -> None:
        names, short = Names(look_up), Names(look_up, keep=0)
        with pytest.raises(OSError, match="not now"):
            await names.addresses("out.example.com")
        assert [await names.addresses("out.example.com") for _ in range(3)] == [WORLD] * 3
        assert len(asked) == 2
        async with asyncio.timeout(10):
            while len(asked) < 4:
                assert await short.addresses("out.example.com") == WORLD

    asyncio.run(main())


def _inside(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the system say that every name leads inside; note those it was asked for."""
    asked, real = [], socket.getaddrinfo

    def look_up(host: Any, *args: Any, **options: Any) -> Any:
        if str(host).endswith(".example.com"):
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 0))]
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_the_system_is_asked_for_names(monkeypatch):
    """Without a proxy it is the system that says where a name leads; the name is looked up once, and not connected to."""
    looked_up = _inside(monkeypatch)
    with pytest.raises(errors.PictureBroken, match=r"private network \(in\.example\.com\)"):
        talk(fetch("https://in.example.com/1.png"), "http://127.0.0.1:9")
    assert looked_up == ["in.example.com"]


def test_a_proxy_looks_names_up_itself(monkeypatch):
    """Behind a proxy of the environment no name is looked up here: the proxy is told the name."""
    looked_up, told = _inside(monkeypatch), []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(await reader.readline())
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
            monkeypatch.setenv("no_proxy", "n.example.com, .in.example.com")
            client = Client(
                dialect("apixo"),
                base_url="https://api.apixo.ai",
                api_key=SecretStr("a-key"),
                clock=Clock(600),
            )
            try:
                await client.fetch("https://in.example.com/1.png")
            finally:
                await client.aclose()

    with pytest.raises(errors.PictureBroken, match="did not deliver"):
        asyncio.run(main())
    assert looked_up == []
    assert set(told) == {b"CONNECT in.example.com:443 HTTP/1.1\r\n"}


@pytest.mark.parametrize(
    "rules", ["example.com", "elsewhere.org, .example.com", "IN.example.com", "*", "https://in.example.com"]
)
def test_what_goes_past_the_proxy_is_looked_up(monkeypatch, rules):
    """A name that the environment keeps from its proxy is looked up as without one."""
    looked_up = _inside(monkeypatch)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", rules)
    with pytest.raises(errors.PictureBroken, match=r"private network \(in\.example\.com\)"):
        talk(fetch("https://in.example.com/1.png"), "https://93.184.215.14")
    assert looked_up == ["in.example.com"]
