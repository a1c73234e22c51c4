"""Which gateway, which key, which address; and that the key stays where it is."""

from __future__ import annotations

import copy
import pickle
import traceback

import httpx
import pytest
from pydantic import SecretStr

from mjnb.errors import MjnbError, SetupError
from mjnb.hosts import host_name, is_loopback, is_private
from mjnb.session import Session
from mjnb.settings import SIMULATOR_SCALE, find_place

SECRET = "sk-do-not-show-5f2a"
REMOTE = "https://api.apixo.ai"


def place(gateway="auto", *, environ=None, **options):
    """Find a place in an environment of one's own."""
    return find_place(gateway, environ=environ or {}, **options)


# -- which gateway ---------------------------------------------------------------------------------------------------


def test_without_anything_it_is_the_simulator():
    """Without a key everything runs on the embedded simulator, and it says that nothing is charged."""
    found = place()
    assert found.simulated
    assert found.embedded
    assert found.base_url == ""
    assert found.time_scale == SIMULATOR_SCALE == 30
    assert "SIMULATED" in found.announcement()
    assert "Nothing is charged" in found.announcement()


@pytest.mark.parametrize("name", ["APIXO_API_KEY", "APIXO_KEY"])
def test_a_key_in_the_environment_picks_its_gateway(name):
    """The first key that is found picks the gateway, and it says that tasks cost money."""
    found = place(environ={name: SECRET})
    assert (found.dialect.name, found.simulated, found.base_url) == ("apixo", False, REMOTE)
    assert found.key.get_secret_value() == SECRET
    assert "Every task costs money" in found.announcement()


def test_a_key_in_dotenv_picks_its_gateway(tmp_path):
    """The working directory's `.env` is read; the environment goes before it."""
    (tmp_path / ".env").write_text(f"APIXO_API_KEY={SECRET}\n")
    assert place().key.get_secret_value() == SECRET
    assert place(environ={"APIXO_API_KEY": "other"}).key.get_secret_value() == "other"
    assert place(environ={"APIXO_API_KEY": ""}).simulated
    (tmp_path / ".env").write_text(f"APIXO_API_KEY={SECRET}\nMJNB_GATEWAY=simulator\n")
    assert place().simulated


def test_mjnb_gateway_goes_before_keys():
    """`MJNB_GATEWAY=simulator` keeps money safe whatever keys lie about; a named gateway goes before it."""
    environ = {"MJNB_GATEWAY": " simulator ", "APIXO_API_KEY": SECRET}
    assert place(environ=environ).simulated
    assert not place("apixo", environ=environ).simulated


def test_a_given_key_picks_its_gateway():
    """A key given by hand is for the gateway that is named beside it or by `MJNB_GATEWAY`."""
    for key in (SECRET, SecretStr(SECRET)):
        for found in (
            place("apimart", api_key=key),
            place(api_key=key, environ={"MJNB_GATEWAY": "apimart"}),
        ):
            assert (found.dialect.name, found.simulated) == ("apimart", False)
            assert found.key.get_secret_value() == SECRET


def test_a_key_for_nobody_is_sent_to_nobody():
    """There are several gateways: a key without a name is refused, whatever other keys lie about, and is not repeated."""
    for environ in ({}, {"APIXO_API_KEY": "another"}, {"ACEDATA_API_KEY": SECRET}):
        with pytest.raises(SetupError, match="name the gateway") as caught:
            place(api_key=SECRET, environ=environ)
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"provider": "official"}, "no routing"),
        ({"provider": "value", "gateway": "simulator:apixo-reference"}, "no routing"),
        ({"provider": "offical", "gateway": "simulator"}, "auto, value, official"),
        ({"provider": ["auto"], "gateway": "simulator"}, "auto, value, official"),
        ({"stream": "no"}, "True or False"),
        ({"stream": 1}, "True or False"),
    ],
    ids=str,
)
def test_what_would_be_ignored_is_refused(tmp_path, options, words):
    """A routing that the gateway does not have, and a stream that is no bool, are refused when the session is made."""
    with pytest.raises(SetupError, match=words):
        Session(**{"gateway": "simulator:acedata", "store": tmp_path / "s", "quiet": True, **options})
    Session(
        "simulator", provider="official", stream=True, store=tmp_path / "s", quiet=True
    ).close().result()


def test_a_simulator_never_gets_a_key_from_the_environment():
    """A simulator, embedded or at an address of this machine, is handed no real key that was not meant for it."""
    environ = {"APIXO_API_KEY": SECRET}
    for options in ({}, {"base_url": "http://127.0.0.1:8000"}):
        found = place("simulator", **options, environ=environ)
        assert found.simulated
        assert found.key.get_secret_value() != SECRET
    assert place("simulator", api_key="for-it").key.get_secret_value() == "for-it"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/", "http://localhost:8000", "http://[::1]:8000", "http://127.0.0.1:8000/apixo"],
)
def test_only_the_simulator_is_one(url):
    """On loopback a simulator is a simulator, and a gateway that was named costs money: a tunnel to it ends there too."""
    simulated, named = (
        place("simulator", base_url=url),
        place("apixo", base_url=url, api_key="k", time_scale=9),
    )
    assert simulated.simulated
    assert not simulated.embedded
    assert simulated.base_url == url.rstrip("/")
    assert "SIMULATED" in simulated.announcement()
    assert not named.simulated
    assert named.time_scale == 9
    assert "costs money" in named.announcement()


# -- what cannot be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gateway": "midjourney"}, "there is apixo"),
        ({"gateway": "apixo "}, "Did you mean 'apixo'"),
        ({"environ": {"MJNB_GATEWAY": "auto"}}, "name a gateway"),
        ({"environ": {"MJNB_GATEWAY": "apxio"}}, "Did you mean 'apixo'"),
        ({"gateway": "apixo"}, 'APIXO_API_KEY.*gateway="simulator"'),
        ({"gateway": "apixo", "api_key": " "}, "No key"),
        ({"gateway": "apixo", "environ": {"APIXO_API_KEY": ""}}, "No key"),
        ({"gateway": "simulator", "base_url": "https://example.com"}, "runs on this machine"),
        ({"gateway": "simulator:simulator"}, "the simulator plays apixo, .*alone plays apixo"),
        ({"gateway": "simulator:doodle"}, "the simulator plays apixo"),
        ({"environ": {"MJNB_GATEWAY": "simulator:apxio"}}, "the simulator plays apixo"),
        ({"gateway": "apixo", "api_key": "k", "base_url": "http://example.com"}, "unencrypted"),
        ({"gateway": "apixo", "api_key": "k", "base_url": "http://192.168.0.2"}, "unencrypted"),
        ({"gateway": "apixo", "api_key": "k", "time_scale": 30}, "cannot be hurried"),
        ({"time_scale": 0}, "positive"),
        ({"time_scale": -1}, "positive"),
        ({"time_scale": float("nan")}, "positive"),
        ({"time_scale": float("inf")}, "positive"),
        ({"time_scale": "30"}, "positive"),
    ],
    ids=str,
)
def test_settings_that_cannot_be(options, words):
    """What cannot be is refused at once, with what to do."""
    with pytest.raises(SetupError, match=words):
        place(**options)


@pytest.mark.parametrize(
    "url",
    ["", "api.apixo.ai", "ftp://api.apixo.ai", "https://", "https://[::1", "https://a b", "https://api.apixo.ai:99999",
     f"https://user:{SECRET}@api.apixo.ai", f"https://:{SECRET}@api.apixo.ai", f"https://api.apixo.ai?key={SECRET}",
     f"https://api.apixo.ai#{SECRET}", 5],
)  # fmt: skip
def test_addresses_that_cannot_be(url):
    """An address is an origin; one with credentials is refused without repeating them."""
    with pytest.raises((SetupError, AttributeError, TypeError)) as caught:
        place("apixo", api_key="k", base_url=url)
    assert SECRET not in str(caught.value)
    if isinstance(url, str):
        assert caught.type is SetupError


@pytest.mark.parametrize("key", ["sk with blank", "sk\n", "sk-ключ", "sk\x00", "sk\x7f", "“sk”"])
def test_keys_that_no_gateway_has(key):
    """A key that was copied badly is refused before it gets into a header, and is not repeated."""
    with pytest.raises(SetupError, match="copy it again") as caught:
        place("apixo", api_key=key)
    assert key not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", None])
def test_a_dotenv_that_cannot_be_read(tmp_path, content):
    """A broken `.env` is said by its path; a folder of that name is none."""
    path = tmp_path / ".env"
    if content is None:
        path.mkdir()
        assert place().simulated
        return
    path.write_bytes(content)
    with pytest.raises(SetupError, match=r"\.env cannot be read"):
        place()


# -- the key stays ---------------------------------------------------------------------------------------------------


def test_the_key_is_in_no_repr():
    """Neither a place nor its announcement shows the key."""
    found = place(environ={"APIXO_API_KEY": SECRET})
    for text in (
        repr(found),
        str(found),
        f"{found}",
        found.announcement(),
        repr(found.key),
        str(found.key),
    ):
        assert SECRET not in text


def test_the_key_is_in_no_pickle():
    """A place refuses to be pickled or copied, and says why without the key."""
    found = place(environ={"APIXO_API_KEY": SECRET})
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="holds its key") as caught:
            way(found)
        assert SECRET not in str(caught.value)


def refuse(request: httpx.Request) -> httpx.Response:
    """Refuse a request, having seen its key."""
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    return httpx.Response(401, json={"code": 401, "message": "Invalid API key", "data": None})


def test_the_key_is_in_no_error_and_not_in_the_store(tmp_path, capsys):
    """A session shows its key in no repr, error or printed line, and writes it to no file."""
    mj = Session(
        "apixo",
        api_key=SECRET,
        base_url="https://gateway.test",
        store=tmp_path / "s",
        transport=httpx.MockTransport(refuse),
    )
    job = mj.imagine("a fox")
    with pytest.raises(MjnbError) as caught:
        job.result()
    shown = (
        "".join(traceback.format_exception(caught.value))
        + repr(mj)
        + repr(job)
        + str(mj.history().to_dict())
    )
    mj.close().result()
    shown += "".join(capsys.readouterr())
    assert "Invalid API key" in shown
    assert SECRET not in shown
    assert SECRET not in repr(pickle.loads(pickle.dumps(caught.value)).__dict__)
    for file in (tmp_path / "s").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


# -- hosts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "[::1]",
        "localhost",
        "[::ffff:127.0.0.1]",
    ],
)
def test_this_machine_however_it_is_written(host):
    """This machine is recognised however its address is written, and is private."""
    assert is_loopback(f"http://{host}:80/x")
    assert is_private(host.strip("[]"))


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "172.16.0.1", "100.64.0.1", "0.0.0.0", "fd00::1", "fe80::1%eth0", "::ffff:10.0.0.1", "0xa000001", "printer.local", "x.internal", "a.localhost", "LOCALHOST", "localhost."])  # fmt: skip
def test_private_networks(host):
    """Addresses and names of private networks are recognised."""
    assert is_private(host)


@pytest.mark.parametrize(
    "host",
    [
        "api.apixo.ai",
        "r2.apixo.ai",
        "8.8.8.8",
        "2606:4700::1111",
        "local.example.com",
        "1.2.3.4.example.com",
        "0x.example.com",
        "",
    ],
)
def test_the_world(host):
    """Public hosts are neither private nor this machine."""
    assert not is_private(host)
    assert not is_loopback(f"https://{host}")


def test_what_is_no_url():
    """Text that is no URL is nowhere near, and is not repeated."""
    for text in ("http://[", "", "nonsense", f"http://user:{SECRET}@[::1"):
        assert not is_loopback(text)
        assert host_name(text) == "the server"
    assert host_name(f"https://user:{SECRET}@api.apixo.ai:443/x") == "api.apixo.ai:443"


# -- names and addresses that were meant otherwise ---------------------------------------------------------------------


@pytest.mark.parametrize("gateway", [None, 5, b"apixo"])
def test_a_gateway_that_is_no_name(gateway):
    """A gateway that is no text is refused as a setting."""
    with pytest.raises(SetupError, match="a name, such as 'apixo'"):
        Session(gateway, quiet=True)


@pytest.mark.parametrize(
    ("gateway", "meant"),
    [("ACEDATA", "acedata"), (" Apimart", "apimart"), ("apix", "apixo"), ("simulator:Acedata", "acedata")],
)
def test_a_gateway_that_was_meant(gateway, meant):
    """A name in other letters is refused with the one that was probably meant."""
    with pytest.raises(SetupError, match=rf"Did you mean '{meant}'\?"):
        place(gateway)


def test_the_names_there_are():
    """Whoever names no gateway is told that the simulator plays each of them."""
    with pytest.raises(SetupError, match="simulator:<name>"):
        place("midjourney")


@pytest.mark.parametrize(
    ("gateway", "base_url", "origin"),
    [
        ("acedata", "https://api.acedata.cloud/midjourney/imagine", "https://api.acedata.cloud"),
        ("acedata", "https://example.com/their/midjourney/tasks/", "https://example.com/their"),
        ("apimart", "https://api.apimart.ai/v1/midjourney/generations/upscale", "https://api.apimart.ai"),
        ("apixo", "https://api.apixo.ai/api/v1/generateTask/midjourney", "https://api.apixo.ai"),
    ],
)
def test_an_address_with_an_endpoint_in_it(gateway, base_url, origin):
    """An address that holds one of the gateway's documented paths is refused, with the one to give instead."""
    with pytest.raises(SetupError, match=f"give '{origin}'"):
        place(gateway, api_key=SECRET, base_url=base_url)
    assert place(gateway, api_key=SECRET, base_url=origin).base_url == origin
