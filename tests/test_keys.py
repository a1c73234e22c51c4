"""Where a key is found: argument, environment, `.env`, Colab's secrets, in that order."""

from __future__ import annotations

import sys
import types
from itertools import permutations

import pytest

from mjnb.errors import SetupError
from mjnb.gateways import dialect
from mjnb.keys import Known, asked
from mjnb.settings import find_place


class SecretNotFoundError(Exception):
    """As Colab's own."""


class NotebookAccessError(Exception):
    """As Colab's own: the notebook was not allowed to read this secret."""


@pytest.fixture
def colab(monkeypatch) -> dict[str, object]:
    """Be in Colab, with these secrets; one that is an error is raised. Notes what was looked up in `asked`."""
    secrets: dict[str, object] = {"asked": []}

    def get(name: str) -> str:
        secrets["asked"].append(name)
        found = secrets.get(name, SecretNotFoundError(name))
        if isinstance(found, Exception):
            raise found
        return found

    userdata = types.ModuleType("google.colab.userdata")
    userdata.get = get
    package = types.ModuleType("google.colab")
    package.userdata = userdata
    google = types.ModuleType("google")
    google.colab = package
    for module in (google, package, userdata):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return secrets


def key_of(gateway: str = "apixo", **options: object) -> str:
    """Return the key that is found for a gateway."""
    return find_place(gateway, **{"environ": {}, **options}).key.get_secret_value()


def test_the_order(colab, tmp_path):
    """The argument goes before the environment, that before `.env`, that before Colab's secrets."""
    colab["APIXO_API_KEY"] = "of-colab"
    assert key_of() == "of-colab"
    (tmp_path / ".env").write_text("APIXO_API_KEY=of-dotenv\n")
    assert key_of() == "of-dotenv"
    assert key_of(environ={"APIXO_API_KEY": "of-environment"}) == "of-environment"
    assert key_of(environ={"APIXO_API_KEY": "of-environment"}, api_key="of-argument") == "of-argument"
    assert colab["asked"] == ["APIXO_API_KEY"]


def test_the_order_holds_across_names(colab, tmp_path):
    """A gateway's key under any of its names in the environment goes before one under any name in `.env`, and so on."""
    names = dialect("acedata").key_names
    for earlier, later in permutations(names, 2):
        colab[later] = "of-colab"
        assert key_of("acedata") == "of-colab"
        (tmp_path / ".env").write_text(f"{later}=of-dotenv\n")
        assert key_of("acedata", environ={earlier: "of-environment"}) == "of-environment"
        assert key_of("acedata") == "of-dotenv"
        (tmp_path / ".env").unlink()
        del colab[later]


def test_a_name_set_to_nothing_hides_itself(colab, tmp_path):
    """A name that the environment sets to nothing counts no more in `.env` and in Colab; the gateway's other names do."""
    names = dialect("acedata").key_names
    for empty, other in permutations(names, 2):
        nothing = {empty: ""}
        colab[empty] = "of-colab"
        (tmp_path / ".env").write_text(f"{empty}=of-dotenv\n")
        assert find_place(environ=nothing).simulated
        with pytest.raises(SetupError, match="No key for AceData"):
            key_of("acedata", environ=nothing)
        colab[other] = "another-of-colab"
        assert key_of("acedata", environ=nothing) == "another-of-colab"
        (tmp_path / ".env").write_text(f"{empty}=of-dotenv\n{other}=another-of-dotenv\n")
        assert key_of("acedata", environ=nothing) == "another-of-dotenv"
        assert key_of("acedata", environ={**nothing, other: "of-environment"}) == "of-environment"
        (tmp_path / ".env").unlink()
        del colab[empty], colab[other]


def test_a_name_set_to_nothing_in_dotenv(colab, tmp_path):
    """A name that `.env` sets to nothing is hidden in Colab, and not in the environment."""
    colab["APIXO_API_KEY"] = "of-colab"
    (tmp_path / ".env").write_text("APIXO_API_KEY=\n")
    assert find_place(environ={}).simulated
    assert key_of(environ={"APIXO_API_KEY": "of-environment"}) == "of-environment"


def test_every_documented_name_is_looked_up(colab):
    """Colab is asked for each name that a gateway's key may have."""
    colab["ACEDATA_API_TOKEN"] = "of-colab"
    assert key_of("acedata") == "of-colab"


def test_auto_takes_what_is_near_first(colab, tmp_path):
    """Without a gateway's name a key of the environment or `.env` goes before one of Colab's, whosever it is; Colab's is found after."""
    colab["APIXO_API_KEY"] = "of-colab"
    assert find_place(environ={"APIMART_API_KEY": "of-environment"}).dialect.name == "apimart"
    (tmp_path / ".env").write_text("ACEDATA_API_KEY=of-dotenv\n")
    assert find_place(environ={"APIMART_API_KEY": "of-environment"}).dialect.name == "acedata"
    (tmp_path / ".env").unlink()
    found = find_place(environ={})
    assert (found.dialect.name, found.key.get_secret_value()) == ("apixo", "of-colab")


@pytest.mark.parametrize(
    "trouble", [SecretNotFoundError("no"), NotebookAccessError("no"), TimeoutError("no"), "", None]
)
def test_a_secret_that_cannot_be_had(colab, trouble):
    """A secret that is not there, is empty, or is not for this notebook is none; the error says where one could be."""
    colab["APIXO_API_KEY"] = trouble
    with pytest.raises(SetupError, match="Colab's secrets"):
        key_of()
    assert find_place(environ={}).simulated


def test_nothing_set_hides_what_colab_has(colab):
    """A key that is set to nothing keeps money safe from one that Colab has."""
    colab["APIXO_API_KEY"] = "of-colab"
    assert find_place(environ={"APIXO_API_KEY": ""}).simulated


def test_a_simulator_asks_nobody(colab):
    """A simulator looks no key up."""
    assert find_place("simulator", environ={}).simulated
    assert colab["asked"] == []


def test_elsewhere_nothing_of_colab_is_imported():
    """Outside Colab its module is not even looked for."""
    assert Known({}).key(["APIXO_API_KEY"]) is None
    assert "google.colab" not in sys.modules


def test_where_there_is_no_notebook_nobody_is_asked():
    """A script, and a shell without a kernel, are told that there is no key instead of being asked."""
    assert asked("APIXO") is None
    with pytest.raises(SetupError, match="No key for APIXO"):
        key_of()


def test_what_is_known_is_not_shown():
    """What was found outside is in no repr."""
    known = Known({"APIXO_API_KEY": "sk-secret-of-mine"})
    assert "sk-secret-of-mine" not in repr(known) + repr(vars(known))
    assert known.setting("APIXO_API_KEY") == "sk-secret-of-mine"
