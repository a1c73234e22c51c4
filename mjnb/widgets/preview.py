"""What a request comes to before it is sent: as JSON, as curl, and as the line of Python that does the same."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb.modes import ImageToImage, TextToImage, UploadPaint, Upscale, Vary
from mjnb.parts import Checked
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.modes import Request
    from mjnb.session import Session

__all__ = ["Preview", "as_curl", "as_python", "as_sent", "typed"]

_STATIC = Path(__file__).parent / "static" / "forms"


class Preview(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """Three texts to look at and to copy: `texts` by name, empty while there is nothing valid to send.

    It also tells whether somebody is at the form it belongs to (`watched`): the keyboard is in there.
    """

    _esm = script(_STATIC / "preview.js")
    _css = style(_STATIC / "base.css", _STATIC / "preview.css")
    texts: traitlets.Dict[str, str] = traitlets.Dict({}).tag(sync=True)
    watched: Any = traitlets.Bool(False).tag(sync=True)

    def still(self) -> dict[str, Any]:
        """Return the line of Python."""
        return {"text/plain": self.texts.get("Python", "")}

    def show(self, session: Session, request: Request | None, *, reuse: bool = False) -> None:
        """Show what a request comes to; None: there is none yet."""
        if request is None:
            self.texts = {}
            return
        self.texts = {
            "Python": as_python(request, reuse=reuse),
            "JSON": json.dumps(as_sent(session, request), indent=2, ensure_ascii=False, default=_plain),
            "curl": as_curl(session, request),
        }


def _plain(value: Any) -> Any:
    return value.given() if isinstance(value, Checked) else str(value)


def as_sent(session: Session, request: Request) -> dict[str, Any]:
    """Return the body that would be posted.

    Raises:
        InvalidRequest: The gateway would refuse it.
    """
    return dict(session.dialect.submit(request, session.envelope).body or {})


def as_curl(session: Session, request: Request) -> str:
    """Write the same as a curl command; the key is named by its environment variable and never written out.

    Raises:
        InvalidRequest: The gateway would refuse it.
    """
    dialect = session.dialect
    call = dialect.submit(request, session.envelope)
    body = json.dumps(dict(call.body or {}), ensure_ascii=False, default=_plain)
    url = (session.place.base_url or dialect.base_url) + call.path
    return " \\\n  ".join(
        (
            f"curl -X {call.method} {shlex.quote(url)}",
            f'-H "Authorization: Bearer ${dialect.key_names[0]}"',
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(body)}",
        )
    )


def as_python(request: Request, *, reuse: bool = False) -> str:
    """Write the line that does the same with a session `mj`; run in a cell, it asks for an equal request.

    >>> as_python(TextToImage(prompt="a fox", version="v7", chaos=20))
    "await mj.imagine('a fox', version='v7', chaos=20)"
    """
    given = typed(request).given()
    write = _LINES.get(type(request))
    more = ["reuse=True"] if reuse else []
    if write is None:
        inner = ", ".join(_named(given))
        return f"await mj.draw({', '.join([f'mjnb.{type(request).__name__}({inner})', *more])})"
    name, first = write(given)
    return f"await mj.{name}({', '.join([*first, *_named(given), *more])})"


def _imagine(given: dict[str, Any]) -> tuple[str, list[str]]:
    return "imagine", [repr(given.pop("prompt"))]


def _imagine_from(given: dict[str, Any]) -> tuple[str, list[str]]:
    return "imagine", [repr(given.pop("prompt")), repr(list(given.pop("image_urls")))]


def _inpaint(given: dict[str, Any]) -> tuple[str, list[str]]:
    (url,) = given.pop("image_urls")
    return "inpaint", [repr(url), repr(given.pop("prompt")), _code(given.pop("mask"))]


def _vary(given: dict[str, Any]) -> tuple[str, list[str]]:
    return "vary", [repr(given.pop(name)) for name in ("task_id", "image_index", "strength")]


def _upscale(given: dict[str, Any]) -> tuple[str, list[str]]:
    first = [repr(given.pop(name)) for name in ("task_id", "image_index")]
    return "upscale", [*first, f"kind={given.pop('kind')!r}"]


_LINES: dict[type[Request], Callable[[dict[str, Any]], tuple[str, list[str]]]] = {
    TextToImage: _imagine,
    ImageToImage: _imagine_from,
    UploadPaint: _inpaint,
    Vary: _vary,
    Upscale: _upscale,
}


def _named(given: dict[str, Any]) -> list[str]:
    return [f"{name}={_code(value)}" for name, value in given.items()]


def _code(value: Any) -> str:
    """Write a value as code in which our own classes are `mjnb`'s."""
    if isinstance(value, Checked):
        inner = ", ".join(_named(value.given()))
        return f"mjnb.{type(value).__name__}({inner})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_code(item) for item in value)}]"
    return repr(value)


def typed(request: Request) -> Request:
    r"""Return a request as it would be typed: braces in its prompt are literal, and written so.

    >>> typed(TextToImage(prompt="a {red} fox")).prompt
    'a \\{red\\} fox'
    """
    prompt = request.given().get("prompt")
    if not isinstance(prompt, str) or not re.search(r"[{}]", prompt):
        return request
    return request.replace(prompt=re.sub(r"[\\{}]", r"\\\g<0>", prompt))
