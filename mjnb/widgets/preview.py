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
from mjnb.parts import Checked, Mask
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills
from mjnb.widgets.field import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.modes import Request
    from mjnb.session import Session

__all__ = ["Preview", "as_curl", "as_python", "as_sent", "brief", "typed"]

_LONGEST = 200  # characters of a picture in base64 that are shown

_STATIC = Path(__file__).parent / "static" / "forms"


class Preview(Stills, anywidget.AnyWidget):  # type: ignore[misc]  # the still picture goes before the view
    """Three texts to look at and to copy: `texts` by name, empty while there is nothing valid to send.

    It also tells whether somebody uses the form it belongs to (`watched`): the keyboard or the pointer was in there a
    moment ago, something is unfolded, or a picture is looked at in large.
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
        body = brief(as_sent(session, request))
        self.texts = {
            "Python": as_python(request, reuse=reuse),
            "JSON": json.dumps(body, indent=2, ensure_ascii=False),
            "curl": as_curl(session, request),
        }


def brief(value: Any) -> Any:
    """Return a value as JSON holds it, with pictures in base64 named by kind and size: nobody reads them.

    >>> brief({"url": "data:image/png;base64," + 4000 * "A", "width": 64})
    {'url': '<PNG, 3 kB>', 'width': 64}
    """
    value = plain(value)
    if isinstance(value, dict):
        return {name: brief(item) for name, item in value.items()}
    if isinstance(value, list):
        return [brief(item) for item in value]
    return _named_picture(value) if _is_picture(value) else value


def _is_picture(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) > _LONGEST
        and (value.startswith("data:image/") or re.fullmatch(r"[A-Za-z0-9+/=]+", value) is not None)
    )


def _named_picture(text: str) -> str:
    head, _, data = text.rpartition(",")
    kind = re.match(r"data:image/(\w+)", head)
    return f"<{kind[1].upper() if kind else 'PNG'}, {max(1, round(len(data) * 3 / 4000))} kB>"


def as_sent(session: Session, request: Request) -> dict[str, Any]:
    """Return the body that would be posted.

    Raises:
        InvalidRequest: The gateway would refuse it.
    """
    return dict(session.dialect.submit(request, session.envelope).body or {})


def as_curl(session: Session, request: Request) -> str:
    """Write the same as a curl command; the key is named by its environment variable and never written out.

    A simulated session's goes to its simulator; as long as that has not been started, a first line warns that the
    command would reach the real gateway.

    Raises:
        InvalidRequest: The gateway would refuse it.
    """
    dialect = session.dialect
    call = dialect.submit(request, session.envelope)
    body = json.dumps(brief(dict(call.body or {})), ensure_ascii=False)
    here = _address(session)
    url = (here or dialect.base_url) + call.path
    simulated = bool(here) and session.simulated
    warning = "" if here else "# this would go to the real gateway and cost money\n"
    key = "simulated" if simulated else f"${dialect.key_names[0]}"
    return warning + " \\\n  ".join(
        (
            f"curl -X {call.method} {shlex.quote(url)}",
            f'-H "Authorization: Bearer {key}"',
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(body)}",
        )
    )


def _address(session: Session) -> str:
    """Return where a session's requests go, "" as long as its simulator has not been started."""
    runner = session.runner_now
    return session.place.base_url or ("" if runner is None else runner.client.base_url)


def as_python(request: Request, *, reuse: bool = False) -> str:
    """Write the line that does the same with a session `mj`; run in a cell, it asks for an equal request.

    >>> as_python(TextToImage(prompt="a fox", version="v7", chaos=20))
    "await mj.imagine('a fox', version='v7', chaos=20)"
    """
    line = _call(request, reuse)
    mask = getattr(request, "mask", None)
    if not isinstance(mask, Mask) or mask.url is None or not _is_picture(mask.url):
        return line
    return f"# mask: the {_named_picture(mask.url)[1:-1]} of the painter, mjnb.Mask(url=...)\n{line}"


def _call(request: Request, reuse: bool) -> str:
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
    if isinstance(value, Mask) and _is_picture(value.url):
        return "mask"
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
