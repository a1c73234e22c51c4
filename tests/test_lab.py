"""`mjnb lab`: copies of the notebooks, and a JupyterLab that really serves them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mjnb
from mjnb.cli import whereto
from mjnb.errors import SetupError
from mjnb.lab import copy_notebooks, need_lab

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = sorted(path.name for path in (Path(mjnb.__file__).parents[1] / "notebooks").glob("*.ipynb"))
FIRST = OURS[0]


def test_copies(tmp_path) -> None:
    """A new folder gets every notebook, byte for byte, and nothing else."""
    copies = copy_notebooks(tmp_path / "a" / "b")
    assert copies.written == OURS
    assert copies.kept == []
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == OURS
    source = Path(mjnb.__file__).parents[1] / "notebooks" / FIRST
    assert (tmp_path / "a" / "b" / FIRST).read_bytes() == source.read_bytes()


def test_a_users_copy_is_kept(tmp_path) -> None:
    """What is there is never written to, and is named; what is missing comes back."""
    copy_notebooks(tmp_path)
    (tmp_path / FIRST).write_text("mine")
    (tmp_path / OURS[-1]).unlink() if len(OURS) > 1 else None
    copies = copy_notebooks(tmp_path)
    assert (tmp_path / FIRST).read_text() == "mine"
    assert FIRST in copies.kept
    assert sorted([*copies.kept, *copies.written]) == OURS
    assert f"Kept as they are: {FIRST}" in copies.text()


def test_fresh_copies_stand_beside(tmp_path) -> None:
    """`--fresh` puts a numbered copy beside what has changed, once, and touches nothing."""
    copy_notebooks(tmp_path)
    (tmp_path / FIRST).write_text("mine")
    beside = FIRST.replace(".ipynb", "-2.ipynb")
    assert copy_notebooks(tmp_path, fresh=True).written == [beside]
    assert copy_notebooks(tmp_path, fresh=True).written == []
    (tmp_path / beside).write_text("mine, too")
    assert copy_notebooks(tmp_path, fresh=True).written == [FIRST.replace(".ipynb", "-3.ipynb")]
    assert (tmp_path / FIRST).read_text() == "mine"
    assert (tmp_path / beside).read_text() == "mine, too"


def test_a_link_is_not_followed(tmp_path) -> None:
    """A link that stands in a notebook's place is left as it is, even one that leads nowhere."""
    (tmp_path / FIRST).symlink_to(tmp_path / "elsewhere")
    copy_notebooks(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_without_jupyterlab(monkeypatch) -> None:
    """Where JupyterLab is not installed, one line says how to get it."""
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    with pytest.raises(SetupError, match=r"pip install 'mjnb\[lab\]'"):
        need_lab()


def test_whose_key_counts(tmp_path, monkeypatch) -> None:
    """Whether it costs money is told by the folder's own `.env` and the environment, not by where the command runs."""
    for name in ("MJNB_GATEWAY", "APIXO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    here, books = tmp_path / "here", tmp_path / "books"
    here.mkdir()
    books.mkdir()
    monkeypatch.chdir(here)
    (here / ".env").write_text("APIXO_API_KEY=abc")
    assert "costs nothing" in whereto(books)
    (here / ".env").unlink()
    (books / ".env").write_text("APIXO_API_KEY=abc")
    assert "Every task costs money" in whereto(books)
    assert Path.cwd() == here
    (books / ".env").write_text("MJNB_GATEWAY=simulator")
    monkeypatch.setenv("APIXO_API_KEY", "abc")
    assert "costs nothing" in whereto(books)
    monkeypatch.setenv("MJNB_GATEWAY", "apixo")
    assert "Every task costs money" in whereto(books)


@pytest.fixture
def lab(tmp_path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`mjnb lab` on a free port, with folders of its own; its address, and the process."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    words = [
        sys.executable,
        "-c",
        "from mjnb.cli import main; main()",
        "lab",
        "books",
        "--no-browser",
        "--allow-root",
    ]
    process = subprocess.Popen(
        [*words, "--port", str(port)], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, **own, "JUPYTER_TOKEN": "secret"},
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}", process
    if process.poll() is None:
        process.kill()
    process.communicate()


def ask(url: str) -> Any:
    """Ask the server, for as long as it takes to come up."""
    request = urllib.request.Request(url, headers={"Authorization": "token secret"})
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:
                return json.load(reply)
        except OSError:
            assert time.monotonic() < end, "JupyterLab did not start"
            time.sleep(0.1)


@pytest.mark.slow
def test_it_serves_the_copies(lab) -> None:
    """JupyterLab shows the copies, says that no key is needed, and ends when it is told to."""
    url, process = lab
    names = [item["name"] for item in ask(f"{url}/api/contents")["content"]]
    assert sorted(name for name in names if name.endswith(".ipynb")) == OURS
    assert ask(f"{url}/api/contents/{FIRST}")["type"] == "notebook"
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=20)
    assert f"Written: {', '.join(OURS)}." in said
    assert "No key is needed" in said
    assert f"127.0.0.1:{url.rpartition(':')[2]}/lab" in said
