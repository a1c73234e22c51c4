"""The line of Python that asks for what a form would send."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mjnb import modes as m
from mjnb.parts import Checked, Mask
from mjnb.widgets.written import is_picture, named_picture

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["as_python", "escaped", "typed"]

_Write = tuple[str, list[str]]


def as_python(request: m.Request, *, reuse: bool = False) -> str:
    """Write the line that does the same with a session `mj`; run in a cell, it asks for an equal request.

    >>> as_python(m.TextToImage(prompt="a fox", version="v7", chaos=20))
    "await mj.imagine('a fox', version='v7', chaos=20)"
    """
    line = _call(request, reuse)
    mask = getattr(request, "mask", None)
    if not isinstance(mask, Mask) or mask.url is None or not is_picture(mask.url):
        return line
    return f"# mask: the {named_picture(mask.url)[1:-1]} of the painter, mjnb.Mask(url=...)\n{line}"


def _call(request: m.Request, reuse: bool) -> str:
    given = typed(request).given()
    write = _LINES.get(type(request), _plain)
    more = ["reuse=True"] if reuse else []
    name, first = write(given) or ("", [])
    if not name:
        inner = ", ".join(_named(given))
        return f"await mj.draw({', '.join([f'mjnb.{type(request).__name__}({inner})', *more])})"
    return f"await mj.{name}({', '.join([*first, *_named(given), *more])})"


def _plain(_: dict[str, Any]) -> _Write | None:
    return None


def _imagine_from(given: dict[str, Any]) -> _Write:
    return "imagine", [repr(given.pop("prompt")), repr(list(given.pop("image_urls")))]


def _upload_paint(given: dict[str, Any]) -> _Write:
    (url,) = given.pop("image_urls")
    return "inpaint", [repr(url), repr(given.pop("prompt")), _code(given.pop("mask"))]


def _edit(given: dict[str, Any]) -> _Write | None:
    if len(given["image_urls"]) != 1:
        return None
    (url,) = given.pop("image_urls")
    return "edit", [repr(url), repr(given.pop("prompt"))]


def _upscale(given: dict[str, Any]) -> _Write:
    first = [repr(given.pop(name)) for name in ("task_id", "image_index")]
    return "upscale", [*first, f"kind={given.pop('kind')!r}"]


def _video(given: dict[str, Any]) -> _Write:
    if "task_id" in given:
        return "video", [repr(given.pop(name)) for name in ("task_id", "image_index")]
    (url,) = given.pop("image_urls")
    return "video", [repr(url)]


def _describe(given: dict[str, Any]) -> _Write:
    (url,) = given.pop("image_urls")
    return "describe", [repr(url)]


def _blend(given: dict[str, Any]) -> _Write:
    return "blend", [repr(list(given.pop("image_urls")))]


def _with(name: str, *first: str) -> Callable[[dict[str, Any]], _Write]:
    """Return what writes a method whose first arguments are these fields."""
    return lambda given: (name, [repr(given.pop(field)) for field in first])


_LINES: dict[type[m.Request], Callable[[dict[str, Any]], _Write | None]] = {
    m.TextToImage: _with("imagine", "prompt"),
    m.ImageToImage: _imagine_from,
    m.UploadPaint: _upload_paint,
    m.Edit: _edit,
    m.Blend: _blend,
    m.Vary: _with("vary", "task_id", "image_index", "strength"),
    m.Remix: _with("remix", "task_id", "image_index", "strength"),
    m.Zoom: _with("zoom", "task_id", "image_index", "ratio"),
    m.Pan: _with("pan", "task_id", "image_index", "direction"),
    m.Upscale: _upscale,
    m.Reroll: _with("reroll", "task_id"),
    m.Video: _video,
    m.Describe: _describe,
    m.Shorten: _with("shorten", "prompt"),
    m.Translate: _with("translate", "prompt"),
    m.SeedOf: _with("seed", "task_id"),
}


def _named(given: dict[str, Any]) -> list[str]:
    return [f"{name}={_code(value)}" for name, value in given.items()]


def _code(value: Any) -> str:
    """Write a value as code in which our own classes are `mjnb`'s."""
    if isinstance(value, Mask) and is_picture(value.url):
        return "mask"
    if isinstance(value, Checked):
        inner = ", ".join(_named(value.given()))
        return f"mjnb.{type(value).__name__}({inner})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_code(item) for item in value)}]"
    return repr(value)


def typed(request: m.Request) -> m.Request:
    r"""Return a request as it would be typed: braces in its prompt are literal, and written so.

    >>> typed(m.TextToImage(prompt="a {red} fox")).prompt
    'a \\{red\\} fox'
    """
    prompt = request.given().get("prompt")
    if not isinstance(prompt, str) or isinstance(request, m.Shorten | m.Translate):
        return request
    return request.replace(prompt=escaped(prompt)) if re.search(r"[{}]", prompt) else request


def escaped(prompt: str) -> str:
    """Write a prompt so that it stands for one, whatever is in it: its braces are literal.

    >>> escaped("a fox")
    'a fox'
    """
    return re.sub(r"[\\{}]", r"\\\g<0>", prompt) if re.search(r"[{}]", prompt) else prompt
