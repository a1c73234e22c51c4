"""The command line: the demo from end to end, the simulator on its own, and what `--help` says."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from PIL import Image

import mjnb

MJNB = Path(sys.executable).parent / "mjnb"
ROOT = Path(mjnb.__file__).resolve().parent.parent


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([MJNB, *words], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One run of the demo, shared by the tests of this file."""
    out = tmp_path_factory.mktemp("demo") / "out"
    return out, _run("demo", "--out", str(out))


@pytest.mark.slow
def test_demo_says_what_it_is_and_what_it_found(demo):
    """The terminal says that it is simulated, counts the cells, and prints the statistics of each axis."""
    _, done = demo
    assert done.returncode == 0, done.stderr
    assert "SIMULATED" in done.stdout
    assert "18 of 18 done" in done.stdout
    for word in ("cost_time_s", "chaos", "stylize", "version", "niji 7", "median s"):
        assert word in done.stdout


@pytest.mark.slow
def test_demo_writes_everything(demo):
    """Report, sheet, tables and pictures are there, and the tables read back with their pictures."""
    out, _ = demo
    report = (out / "report.html").read_text()
    assert "imulated" in report
    assert not re.search(r"""(src|href)=["']https?:""", report)
    with Image.open(out / "sheet.png") as sheet:
        assert min(sheet.size) > 500
    for name in ("sweep.parquet", "sweep.csv"):
        frame = mjnb.read(out / name)
        assert len(frame) == 18
        assert frame["simulated"].all()
        assert all(Path(path).exists() for paths in frame["images"] for path in paths)
        assert len(frame.mj.pictures()) == 72


@pytest.mark.slow
def test_demo_again_pays_nothing(demo):
    """A second run in the same folder finds every cell paid."""
    out, _ = demo
    again = _run("demo", "--out", str(out))
    assert "18 paid before" in again.stdout
    assert "$0.00 spent" in again.stdout


def test_history_prints_the_ledger(demo):
    """`mjnb history` lists the tasks of a store, and says where there is none."""
    out, _ = demo
    assert _run("history", "--store", str(out), "--simulated").stdout.count("success") == 18
    assert _run("history", "--store", str(out)).returncode != 0


@pytest.mark.usefixtures("ctrl_c")
def test_simulate_serves_until_interrupted():
    """`mjnb simulate` serves the gateway, checks the key, and ends quietly at Ctrl-C."""
    words = [MJNB, "simulate", "--port", "0", "--speed", "60", "--api-key", "k1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
        assert url
        path = "/apixo/api/v1/statusTask/midjourney?taskId=x"
        assert httpx.get(url[0] + path, headers={"Authorization": "Bearer k1"}).json()["code"] == 404
        assert httpx.get(url[0] + path, headers={"Authorization": "Bearer k2"}).json()["code"] == 401
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=20)
    assert "Traceback" not in errors


def test_readme_tells_every_command():
    """The README's list of commands is what `--help` says."""
    readme = (ROOT / "README.md").read_text()
    help_text = re.sub(r"[│\s]+", " ", _run("--help").stdout)
    for line in re.findall(r"^mjnb \w+ +.+$", readme, re.MULTILINE):
        name, _, text = line.removeprefix("mjnb ").partition(" ")
        assert re.sub(r"\s+", " ", f" {name} {text.strip()}") in help_text


def test_our_errors_come_out_as_one_line(tmp_path):
    """A gateway that does not exist is one line on stderr, not a traceback."""
    code = "import mjnb.cli, mjnb.errors\nmjnb.cli.app = lambda: (_ for _ in ()).throw(mjnb.errors.SetupError('no key'))\nmjnb.cli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "mjnb: no key\n"
