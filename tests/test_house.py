"""The house rules: floors, style, types, runnable examples, and commands that say the same everywhere."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mjnb

ROOT = Path(mjnb.__file__).resolve().parent.parent
MODULES = [module.name for module in pkgutil.walk_packages(mjnb.__path__, "mjnb.")]
TOOLS = Path(sys.executable).parent


def _tool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOLS / words[0], *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_floors():
    """Imports only point down, dialects do not know each other, and the simulator knows nobody."""
    done = _tool("lint-imports", "--no-cache")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("words", [("check", "--no-cache"), ("format", "--check", "--no-cache")])
def test_ruff(words):
    """The code is linted and formatted, with the few exceptions that pyproject explains."""
    done = _tool("ruff", *words, ".")
    assert done.returncode == 0, done.stdout[-4000:]


def test_types(tmp_path):
    """The package and the typing test of its public names pass mypy's strict mode."""
    done = _tool("mypy", f"--cache-dir={tmp_path}")
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path, monkeypatch):
    """Every example in a docstring runs and gives what it says."""
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_files_are_short():
    """A file that grows past four hundred lines has become two rooms."""
    long = {
        str(p.relative_to(ROOT)): n
        for p in ROOT.glob("mjnb/**/*.py")
        if (n := p.read_text().count("\n")) > 440
    }
    assert long == {}


def test_ci_runs_the_readmes_command():
    """`.ci/run` ends in exactly the test command that the README tells."""
    commands = re.findall(r"```sh\n(.+)\n```", (ROOT / "README.md").read_text())
    assert (ROOT / ".ci/run").read_text().rstrip().endswith(commands[1])
    assert commands[0].endswith("mjnb demo --out demo")


def test_architecture_names_every_room():
    """CONTRIBUTING's table names every room that there is."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = {module.name for module in pkgutil.iter_modules(mjnb.__path__)}
    assert {room for room in rooms if f"`{room}`" not in text} == set()


def test_the_simulator_may_import_no_room():
    """The contract that keeps the simulator a stranger names every room that there is."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = config["tool"]["importlinter"]["contracts"]
    named = next(
        set(c["forbidden_modules"]) for c in contracts if c["name"] == "The simulator is a stranger"
    )
    assert named == {f"mjnb.{module.name}" for module in pkgutil.iter_modules(mjnb.__path__)} - {
        "mjnb.simulator"
    }
