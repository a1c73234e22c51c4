"""Disks that are full, read-only, or in the way: a clear error that names the file, and nothing is lost or paid for again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mjnb.disk import write_whole
from tests.test_images import encoded

ROOT = Path(__file__).parents[1]
_CHILD = """
import os, resource, sys, httpx
import mjnb
store, picture, limit, reuse = sys.argv[1], open(sys.argv[2], "rb").read(), int(sys.argv[3]), sys.argv[4] == "again"
posts = []

def answer(request):
    if request.url.host != "127.0.0.1":
        return httpx.Response(200, content=picture)
    posts.append(request.method == "POST")
    urls = ", ".join(f'"https://r2.apixo.ai/{i}.png"' for i in range(4))
    done = {"state": "success", "resultJson": '{"resultUrls":[%s]}' % urls} if request.method == "GET" else {}
    return httpx.Response(200, json={"code": 200, "data": {"taskId": "task_1", **done}})

if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
mj = None
try:
    mj = mjnb.Session("simulator", store=store, quiet=True, transport=httpx.MockTransport(answer), time_scale=6000)
    task = mj.imagine("a fox", reuse=True).result()
    print("whole", sum(len(image.path.read_bytes()) == image.bytes == len(picture) for image in task.images))
except mjnb.MjnbError as error:
    print(type(error).__name__, error)
print("posts", sum(posts))
"""


def run(store: Path, picture: Path, limit: int = 0) -> str:
    """Start a session in a process of its own that wants one task with four pictures, and return what it says."""
    return _said([sys.executable, "-c", _CHILD, str(store), str(picture), str(limit), "again"])


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of 1.3 MB, more than the ledger of one task ever needs."""
    path = tmp_path / "noise.png"
    path.write_bytes(encoded("PNG", size=(900, 700), noisy=True))
    assert 1_000_000 < path.stat().st_size < 2_000_000
    return path


def test_files_that_may_not_grow(tmp_path, picture):
    """Where the system lets no file grow large enough, the picture is named; the next start fetches it and pays nothing."""
    first = run(tmp_path / "s", picture, limit=800_000)
    assert "StoreError" in first
    assert "0.png cannot be written" in first
    assert "paid" in first
    assert "posts 1" in first
    assert not list((tmp_path / "s").rglob("*.part"))
    assert run(tmp_path / "s", picture) == "whole 4\nposts 0\n"


# -- in a space of its own, where disks can be made ------------------------------------------------------------------


def in_own_space(*lines: str) -> list[str]:
    """Run shell commands where nobody else sees the disks that they mount; skip where that is not allowed."""
    can = shutil.which("unshare") and subprocess.run(
        ["unshare", "-m", "true"], capture_output=True, check=False
    )
    if not can or can.returncode:
        pytest.skip("mounts are not allowed here")
    said = _said(["unshare", "-m", "sh", "-ec", "\n".join(lines)])
    return said.split("---\n")


def _command(store: Path, picture: Path) -> str:
    script = picture.with_name("child.py")
    script.write_text(_CHILD)
    return f"{sys.executable} {script} {store} {picture} 0 again"


def test_a_disk_that_is_full(tmp_path, picture):
    """On a disk without room the error names a file; with room the next start fetches what is missing and pays nothing."""
    store = tmp_path / "s"
    store.mkdir()
    first, second = in_own_space(
        f"mount -t tmpfs -o size=3m none {store}",
        _command(store, picture),
        "echo ---",
        f"mount -o remount,size=40m {store}",
        _command(store, picture),
    )
    assert "StoreError" in first
    assert "No space left" in first or "disk is full" in first
    assert str(store) in first
    assert "posts 1" in first
    assert second == "whole 4\nposts 0\n"


def test_a_disk_without_room_for_the_ledger(tmp_path, picture):
    """Where not even the ledger can be written, nothing is sent at all."""
    store = tmp_path / "s"
    store.mkdir()
    first, second = in_own_space(
        f"mount -t tmpfs -o size=3m none {store}",
        f"head -c 2960000 /dev/zero > {store}/ballast || true",
        _command(store, picture),
        "echo ---",
        f"rm {store}/ballast; mount -o remount,size=40m {store}",
        _command(store, picture),
    )
    assert "StoreError" in first
    assert "ledger.sqlite" in first
    assert "posts 0" in first
    assert second == "whole 4\nposts 1\n"


def test_a_folder_of_pictures_that_is_read_only(tmp_path, picture):
    """Pictures that may not be written are named and fetched once they may; the task is paid once."""
    store = tmp_path / "s"
    pictures = store / "simulated" / "pictures"
    pictures.mkdir(parents=True)
    first, second = in_own_space(
        f"mount --bind {pictures} {pictures}; mount -o remount,ro,bind {pictures}",
        _command(store, picture),
        "echo ---",
        f"umount {pictures}",
        _command(store, picture),
    )
    assert "StoreError" in first
    assert str(pictures) in first
    assert "posts 1" in first
    assert second == "whole 4\nposts 0\n"


def test_a_store_that_is_read_only(tmp_path, picture):
    """A ledger that may not be written is named, and nothing is sent."""
    store = tmp_path / "s"
    run(store, picture)
    (first,) = in_own_space(
        f"mount --bind {store} {store}; mount -o remount,ro,bind {store}", _command(store, picture)
    )
    assert "StoreError" in first
    assert "ledger.sqlite" in first
    assert "posts 0" in first


# -- whole or not at all ---------------------------------------------------------------------------------------------


def test_a_file_in_the_way_is_named(tmp_path):
    """What cannot be written leaves what was there, and no half of the new."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file" / "0.jpg", b"x")
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder.jpg", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.jpg"]


def test_a_file_is_replaced_whole(tmp_path):
    """A file that was there is replaced; the half lies elsewhere if that is wished, and not for long."""
    path, part = tmp_path / "a" / "0.jpg", tmp_path / "parts" / "p.part"
    write_whole(path, b"old", part=part)
    write_whole(path, b"new", part=part, lasting=False)
    assert path.read_bytes() == b"new"
    assert not list(part.parent.iterdir())
