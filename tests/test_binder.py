"""Binder's files: what can be known of them without building an image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mjnb.gateways import NAMES, dialect

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def wanted() -> list[str]:
    """The lines of the requirements, without remarks."""
    lines = (BINDER / "requirements.txt").read_text("ascii").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def test_the_project_is_installed() -> None:
    """The requirements name the project, which a binder folder would otherwise leave out, in a spelling that is read."""
    assert "-e ." in wanted()
    assert (BINDER / "requirements.txt").read_bytes().strip() != b"."


def test_nothing_else_than_jupyter() -> None:
    """What the project needs is said in one place; Binder adds the lab, the app server and a kernel that lets clicks through."""
    names = {re.split(r"[<>=!~\[ ]", line)[0] for line in wanted() if line != "-e ."}
    assert names == {"jupyterlab", "ipykernel", "voila"}
    declared = {re.split(r"[<>=!~\[ ]", line)[0] for line in PROJECT["dependencies"]}
    assert not names & declared
    assert "ipykernel>=7.4" in wanted()


def test_the_python_is_one_of_ours() -> None:
    """The runtime is a Python that the project declares; unsaid, it would be too old."""
    version = re.fullmatch(r"python-(3\.\d+)", (BINDER / "runtime.txt").read_text().strip())
    assert version is not None
    assert f"Programming Language :: Python :: {version[1]}" in PROJECT["classifiers"]


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_the_scripts_can_be_run(name: str) -> None:
    """Both scripts are executable, in git too, and are valid shell."""
    script = BINDER / name
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/bash\n")
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-s", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert listed.stdout.startswith("100755 ")


def test_nobody_spends_there(tmp_path: Path) -> None:
    """Whatever is set in the environment, the server sees no key of a gateway, and the simulator as its gateway."""
    keys = [name for gateway in NAMES for name in dialect(gateway).key_names]
    keys += ["ACEDATA_API_KEY", "ACEDATACLOUD_API_TOKEN", "APIMART_API_KEY"]
    loaded = os.environ | dict.fromkeys(keys, "sk-secret") | {"MJNB_GATEWAY": "apixo", "KEPT": "yes"}
    told = subprocess.run(
        [BINDER / "start", "env"], env=loaded, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    seen = dict(line.partition("=")[::2] for line in told.stdout.splitlines())
    assert "sk-secret" not in told.stdout
    assert seen["MJNB_GATEWAY"] == "simulator"
    assert seen["KEPT"] == "yes"


def test_arguments_arrive_as_they_are() -> None:
    """The server's command reaches it word for word, blanks included."""
    code = "import sys; print(sys.argv[1:])"
    told = subprocess.run(
        [BINDER / "start", sys.executable, "-c", code, "a b", "*"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "['a b', '*']"


def test_the_dry_run() -> None:
    """repo2docker, where it is installed, takes the folder: our Python, our requirements, both scripts."""
    program = shutil.which("jupyter-repo2docker")
    if program is None:
        pytest.skip("jupyter-repo2docker is not installed")
    told = subprocess.run(
        [program, "--no-build", "--debug", ROOT], capture_output=True, text=True, check=True, timeout=60
    )
    said = told.stdout + told.stderr
    assert "python=3.12" in said
    assert "binder/requirements.txt" in said
    assert "binder/postBuild" in said
    assert "binder/start" in said
    assert said.index("src/ ${REPO_DIR}/") < said.index(
        "pip install --no-cache-dir -r"
    )  # copied before it is installed
