"""A gateway of somebody else's: found by its entry point, and held to the public contract."""

# ruff: noqa: ARG002, D102  (what the methods of a dialect are for, and what they are given, is told by `Dialect`)

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from mjnb import errors, gateways
from mjnb.gateways import dialect, names, naming, reading, who_takes
from mjnb.gateways.base import Call, Dialect, Limits, Rhythm, Status, refusal
from mjnb.gateways.capabilities import fields_by_gateway, modes_by_gateway
from mjnb.modes import RawRequest, TextToImage
from mjnb.settings import find_place
from mjnb.tasks import TaskState
from mjnb.testing import GatewayContract


class Doodle(Dialect):
    """A gateway that draws from words, and can do nothing else."""

    name, title, page = "doodle", "Doodle", "https://doodle.example/docs"
    base_url, key_names = "https://api.doodle.example", ("DOODLE_API_KEY",)
    limits, url_life_s = Limits(per_minute=60, at_once=2), 3600.0
    modes = MappingProxyType({"text-to-image": TextToImage})
    takes = MappingProxyType({"text-to-image": frozenset({"prompt", "seed", "speed"})})

    def _check(self, request):
        speed = request.given().get("speed", "fast")
        if speed != "fast":
            raise errors.UnsupportedError("speed", speed, "Doodle is always fast", nearest="fast")

    def advise(self, request):
        return []

    def held(self, request):
        return {**({} if isinstance(request, RawRequest) else {"speed": "fast"}), **request.given()}

    def submit(self, request, envelope):
        self.check(request)
        return Call("POST", f"/draw/{request.mode}", body=request.given())

    def status(self, task_id):
        return Call("GET", "/drawn", query={"id": task_id})

    def read_submit(self, reply):
        if task_id := reading.identifier(reading.at(reply.json, "id")):
            return task_id
        raise self._error(reply, "No task was created.")

    def read_status(self, reply):
        urls = reading.texts(reading.at(reply.json, "urls"))
        reason = reading.text(reading.at(reply.json, "error"))
        if not reading.identifier(reading.at(reply.json, "id")):
            raise self._error(reply, "")
        if reason or not any(urls):
            return Status(TaskState.FAILED if reason else TaskState.PROCESSING, fail_code=reason)
        return Status(TaskState.SUCCESS, urls=urls)

    def _error(self, reply, outcome):
        if reply.status < 400:
            return reading.malformed(self.title, reply, "no task")
        said = reading.text(reading.at(reply.json, "error"))
        return refusal(self.title, reply.status, said, reply.retry_after, outcome=outcome)

    def rhythm(self, request):
        return Rhythm(first=1, every=1, typical=(2, 4), timeout=60)

    def price(self, request, prices=MappingProxyType({})):
        return self.own_price(request, prices)


class Torn(Doodle):
    """A gateway that cannot even be made."""

    def __init__(self) -> None:
        raise ValueError("no ink")


class Nameless(Dialect):
    """A gateway that does not say what it takes, though it does everything."""

    for _method in Dialect.__abstractmethods__:
        locals()[_method] = getattr(Doodle, _method)


class NoDialect:
    """Something else."""


class TestDoodle(GatewayContract):
    """What every dialect promises, with documents that are not in a folder."""

    dialect = Doodle()
    shown: ClassVar[dict[str, tuple[int, Any]]] = {
        "submit_fox": (200, {"id": "7"}),
        "submit_without_key": (401, {"error": "Who are you?"}),
        "status_processing": (200, {"id": "7"}),
        "status_failed": (200, {"id": "7", "error": "OUT_OF_INK"}),
        "status_success": (200, {"id": "7", "urls": ["https://doodle.example/7.png"]}),
    }

    def documents(self):
        """Return what the gateway's documents would show."""
        return {
            name: {"response": {"status": code, "json": body}} for name, (code, body) in self.shown.items()
        }


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install packages, each an entry point, as pip would: a folder of metadata beside them on the path."""

    def install(**points: str) -> None:
        folder = tmp_path / "doodles-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: doodles\nVersion: 1.0\n")
        lines = [f"{name} = {place}" for name, place in points.items()]
        (folder / "entry_points.txt").write_text("\n".join([f"[{gateways.GROUP}]", *lines, ""]))
        monkeypatch.syspath_prepend(tmp_path)
        dialect.cache_clear()

    yield install
    dialect.cache_clear()


HERE = f"{__name__}:Doodle"


def test_it_is_found_by_its_entry_point(installed):
    """Another package's gateway is there by name, after ours."""
    installed(doodle=HERE)
    assert __name__ in sys.modules
    assert type(dialect("doodle")).__name__ == "Doodle"
    assert names() == (*gateways.NAMES, "doodle")


def test_it_is_in_the_tables(installed):
    """What it can do is told beside what ours can."""
    installed(doodle=HERE)
    assert modes_by_gateway()["text-to-image"]["doodle"] == "yes"
    assert modes_by_gateway()["video"]["doodle"] == ""
    assert fields_by_gateway()["seed"]["doodle"] == ("text-to-image",)
    assert fields_by_gateway()["chaos"]["doodle"] == ()


def test_errors_name_it_where_it_can_help(installed):
    """A field that another gateway lacks is said to be there."""
    installed(doodle=HERE)
    assert "doodle" in who_takes("text-to-image", "seed")
    with pytest.raises(errors.UnsupportedError) as caught:
        dialect("apixo").check(TextToImage(prompt="a fox", seed=7))
    assert "doodle" in naming(caught.value, "text-to-image").gateways


def test_nobody_takes_the_place_of_ours(installed):
    """A package that names itself like one of ours changes nothing."""
    installed(apixo=HERE)
    assert dialect("apixo").title == "APIXO"
    assert names() == gateways.NAMES


BROKEN = ["no.such.module:Thing", "raising_doodle:Doodle", "no place", f"{__name__}:Torn", f"{__name__}:NoDialect",
          f"{__name__}:Nameless"]  # fmt: skip


@pytest.mark.parametrize("place", BROKEN)
def test_one_that_cannot_be_loaded_is_told(installed, tmp_path, place):
    """A package that is broken, however it is, is named when it is asked for, and everybody else works as before."""
    (tmp_path / "raising_doodle.py").write_text('raise ValueError("boom at import")\n')
    installed(torn=place)
    with pytest.raises(errors.SetupError, match=r"torn.*cannot be loaded"):
        dialect("torn")
    assert who_takes("text-to-image", "watermark") == ("apixo-reference",)
    assert tuple(modes_by_gateway()["upscale"]) == tuple(fields_by_gateway()["kind"]) == gateways.NAMES
    error = naming(errors.UnsupportedError("image_urls", "a file", "URLs alone"), "image-to-image")
    assert set(error.gateways) <= set(gateways.NAMES)
    assert find_place(environ={}).simulated


def test_its_key_picks_it_after_ours(installed):
    """A key for another package's gateway is found too, unless there is one for ours."""
    installed(doodle=HERE)
    assert find_place(environ={"DOODLE_API_KEY": "k"}).dialect.name == "doodle"
    assert find_place(environ={"DOODLE_API_KEY": "k", "APIMART_API_KEY": "k"}).dialect.name == "apimart"


def test_the_simulator_does_not_play_it(installed):
    """The simulator plays only the gateways that come with it, and says so at once."""
    installed(doodle=HERE)
    with pytest.raises(errors.SetupError, match="the simulator plays apixo, "):
        find_place("simulator:doodle", environ={})
