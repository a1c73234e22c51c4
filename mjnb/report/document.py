"""Data and pictures into one HTML document, and that into a file."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import json
import string
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mjnb import images
from mjnb.errors import PictureBroken
from mjnb.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["LIMIT_BYTES", "embedded", "page", "write"]

LIMIT_BYTES = 14_000_000  # of pictures in one page, as they are written there
_LEAST_PX = 32
_SCRIPTS = ("report.js", "report_grid.js", "report_controls.js", "report_viewer.js", "report_table.js")


def page(data: Mapping[str, Any]) -> str:
    """Put data (a `payload` with its `pictures`) into the template: one HTML document.

    Its policy allows the one style and the one script by their hashes, pictures from inside the page, and nothing else.
    """
    style = _tokens() + _static("report.css")
    script = "\n".join(_static(name) for name in _SCRIPTS)
    policy = f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'"
    return string.Template(_static("report.html")).substitute(
        policy=f"{policy}; form-action 'none'",
        title=html.escape(data["title"]),
        notice=_notice(data["simulated"]),
        style=style,
        script=script,
        data=_json(data),
    )


def _notice(simulated: str) -> str:
    words = {
        "all": "<strong>Simulated:</strong> these pictures were drawn by mjnb’s simulator, not by Midjourney.",
        "some": "<strong>Partly simulated:</strong> pictures marked “simulated” were drawn by mjnb’s simulator, not by Midjourney.",
    }
    return f'<p class="notice">{words[simulated]}</p>' if simulated in words else ""


def _tokens() -> str:
    """Write both palettes as one set of custom properties."""
    light, dark = asdict(LIGHT), asdict(DARK)
    lines = [f"  --{name}: light-dark({colour}, {dark[name]});" for name, colour in light.items()]
    return "\n".join(["", ":root {", *lines, "}", ""])


def _json(data: Mapping[str, Any]) -> str:
    """Write JSON that cannot end the element it stands in; all but ASCII is escaped, so U+2028 and lone surrogates are, too."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _static(name: str) -> str:
    return resources.files("mjnb").joinpath("static", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def embedded(files: Sequence[str], px: int, *, limit: int = LIMIT_BYTES) -> dict[str, Any]:
    """Embed pictures, as large as asked for or as `limit` bytes allow.

    Args:
        files: Paths of the pictures.
        px: Long side of each in the page, in pixels.
        limit: Bytes of all pictures together, as they are written in the page.

    Returns:
        `pictures` (of each file `src`, a `data:` URI, and `size`, width and height in pixels; None if it is missing or
        broken), `picture_px` (the long side that was taken) and `reduced` (whether that is less than asked for).
    """
    sample = _pictures(files[:: max(1, len(files) // 8)], px)
    size = _smaller(px, _size(sample) / max(1, len(sample)) * len(files), limit)
    pictures = _pictures(files, size)
    while _size(pictures) > limit and size > _LEAST_PX:
        size = max(_LEAST_PX, min(size - 8, _smaller(size, _size(pictures), limit)))
        pictures = _pictures(files, size)
    return {"pictures": pictures, "picture_px": size, "reduced": size < px}


def _smaller(px: int, total: float, limit: int) -> int:
    """Scale a long side so that `total` bytes come down to `limit`; bytes go nearly with the area."""
    if total <= limit:
        return px
    return max(_LEAST_PX, int(px * (0.95 * limit / total) ** 0.6) // 8 * 8)


def _size(pictures: Sequence[Mapping[str, Any] | None]) -> int:
    return sum(len(picture["src"]) for picture in pictures if picture)


def _pictures(files: Sequence[str], px: int) -> list[dict[str, Any] | None]:
    with ThreadPoolExecutor(2) as pool:  # decoding releases the interpreter's lock
        return list(pool.map(lambda file: _picture(Path(file), px), files))


def _picture(file: Path, px: int) -> dict[str, Any] | None:
    """Embed one picture as `src` and `size`; None if it is missing or broken, which the page says in its place."""
    try:
        data = images.thumb(file, px)
        info = images.inspect(data)
    except PictureBroken:
        return None
    return {"src": images.data_uri(data), "size": [info.width, info.height]}


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
