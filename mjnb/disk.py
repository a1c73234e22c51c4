"""Files written whole or not at all, and on the disk when that is said."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, data: bytes, *, part: Path | None = None, lasting: bool = True) -> None:
    r"""Write a file so that a crash leaves all of it, or what was there before.

    Args:
        path: The file; its folder is made if missing.
        data: All of it.
        part: Where it is written first, on the same disk; a hidden name beside it if not given.
        lasting: Wait until the disk has the bytes, and the folder the name, where the system can tell.

    Raises:
        OSError: It cannot be written; nothing of it is left.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "new" / "0.jpg"
    ...     write_whole(path, b"\xff\xd8\xff")
    ...     path.read_bytes(), [found.name for found in path.parent.iterdir()]
    (b'\xff\xd8\xff', ['0.jpg'])
    """
    part = part or path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    is_new = not path.parent.exists()
    for folder in (path.parent, part.parent):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    if lasting:
        _settle(path.parent)
        if is_new:
            _settle(path.parent.parent)


def _settle(folder: Path) -> None:
    """Wait until the disk has a folder's names; not every system opens folders, and the bytes are safe by then."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
