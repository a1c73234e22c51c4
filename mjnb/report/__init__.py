"""A frame as one HTML file: pictures in a grid that can be rearranged, numbers beside them, nothing fetched from anywhere.

`payload` turns a frame into plain data (`data.py`, `roles.py`), `page` puts data into the template and embeds the pictures
(`document.py`, `mjnb/static`). The page builds its document from that data as text alone: whatever a prompt or a gateway says
stays text. Local paths and picture URLs stay out of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mjnb.errors import LayoutError
from mjnb.report.data import files, payload
from mjnb.report.document import LIMIT_BYTES, embedded, page, write

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LIMIT_BYTES", "page", "payload", "report"]

_PX = range(32, 2049)


def report(
    frame: pd.DataFrame, path: str | Path, *, title: str | None = None, picture_px: int = 384
) -> Path:
    """Write a frame as one self-contained HTML page, to be opened or sent as a single file.

    Args:
        frame: One row a task; may be empty, filtered, concatenated or read from a file.
        path: The file to write, at once or not at all; its folder is made if need be.
        title: The page's heading; by default the prompt, where all rows share it.
        picture_px: Long side of the embedded pictures in pixels, 32–2048. Less is taken, and the page says so, where
            the pictures would exceed `LIMIT_BYTES`.

    Returns:
        The path of the page.

    Raises:
        LayoutError: `picture_px` is out of range.

    >>> import tempfile
    >>> from mjnb import frame
    >>> report(frame.build([]), Path(tempfile.mkdtemp()) / "empty.html").name
    'empty.html'
    """
    if picture_px not in _PX:
        raise LayoutError(f"picture_px={picture_px}: {_PX[0]} to {_PX[-1]} pixels")
    data = payload(frame, title=title)
    data |= embedded(files(frame), picture_px)
    path = Path(path)
    write(path, page(data).encode("utf-8", "replace"))
    return path
