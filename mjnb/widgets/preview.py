"""What a request comes to before it is sent: as JSON, as curl, and as the line of Python that does the same."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mjnb.errors import InvalidRequest
from mjnb.parts import Mask
from mjnb.store.parents import Parent
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills
from mjnb.widgets.pyline import as_python, typed
from mjnb.widgets.written import brief

if TYPE_CHECKING:
    from mjnb.gateways.base import Call
    from mjnb.modes import Request
    from mjnb.session import Session

__all__ = ["Preview", "as_curl", "as_python", "as_sent", "brief", "typed"]

_STATIC = Path(__file__).parent / "static" / "forms"
_MASK = "<the mask as a PNG, drawn when it is sent>"


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
        """Show what a request comes to; None: there is none yet.

        Of one that goes on from a task that the ledger does not know only the line of Python is shown: the rest depends on
        what the gateway will say of that task.
        """
        if request is None:
            self.texts = {}
            return
        self.texts = {"Python": as_python(request, reuse=reuse)}
        try:
            body = json.dumps(brief(as_sent(session, request)), indent=2, ensure_ascii=False)
            self.texts = {**self.texts, "JSON": body, "curl": as_curl(session, request)}
        except InvalidRequest:
            if "task_id" not in request.given():
                raise


def as_sent(session: Session, request: Request) -> dict[str, Any]:
    """Return the body that would be posted.

    Files of this machine stand there by their names, and a mask that travels as a picture by another one's.

    Raises:
        InvalidRequest: The gateway would refuse it.
    """
    return dict(_spelled(session, request).body or {})


def _spelled(session: Session, request: Request) -> Call:
    """Spell a request as the gateway will see it, with what the ledger knows of the task that it goes on from."""
    dialect, given = session.dialect, request.given()
    mask, envelope = given.get("mask"), session.envelope
    if (parent := Parent.of(request, session.store, session.gateway)) is not None:
        envelope = replace(envelope, parent=parent.status(request, dialect))
    if isinstance(mask, Mask) and mask.url is None and dialect.masks != "areas":
        request = request.model_copy(update={"mask": Mask.model_construct(url=_MASK, areas=None)})
    return dialect.submit(request, envelope)


def as_curl(session: Session, request: Request) -> str:
    """Write the same as a curl command; the key is named by its environment variable and never written out.

    A simulated session's goes to its simulator; as long as that has not been started, a first line warns that the
    command would reach the real gateway.

    Raises:
        InvalidRequest: The gateway would refuse it.
    """
    dialect = session.dialect
    call = _spelled(session, request)
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
            *(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()),
            f"-d {shlex.quote(body)}",
        )
    )


def _address(session: Session) -> str:
    """Return where a session's requests go, "" as long as its simulator has not been started."""
    runner = session.runner_now
    return session.place.base_url or ("" if runner is None else runner.client.base_url)
