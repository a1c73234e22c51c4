"""The documented exchanges that a dialect is held to."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from mjnb.errors import InvalidRequest, MjnbError
from mjnb.gateways.base import Dialect, Envelope, Reply, Status
from mjnb.tasks import TaskState
from mjnb.testing.examples import EXAMPLES, fitted, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mjnb.gateways.base import Call
    from mjnb.modes import Request

__all__ = ["Documents", "reply_of"]


def reply_of(body: Any, status: int = 200, retry_after: float | None = None) -> Reply:
    """Make the reply that a client would hand on for a JSON body.

    >>> reply_of({"code": 200}).text
    '{"code": 200}'
    """
    return Reply(status, body, json.dumps(body, default=str), retry_after)


class Documents:
    """What is tested, and the documents it is held to. Everything here may be set or overridden by a subclass."""

    dialect: ClassVar[Dialect]
    wire: ClassVar[Path]
    submissions: ClassVar[tuple[str, ...]] = ("submit_*", "error_*")
    """Patterns of the files that answer a submission; those without a `response` are left out."""
    states: ClassVar[Mapping[str, str]] = {f"status_{state}*": state.value for state in TaskState}
    """The state that files tell, by pattern; the first pattern decides."""
    batches: ClassVar[tuple[str, ...]] = ("batch_*",)
    uploads: ClassVar[tuple[str, ...]] = ("upload*",)
    two_halves: ClassVar[tuple[str, ...]] = ("inpaint",)
    """The modes whose request has two halves, where the dialect has a `second_half`."""

    def documents(self) -> dict[str, Any]:
        """Return every documented exchange by name."""
        return _read(self.wire)

    def answers(self, *patterns: str) -> dict[str, Reply]:
        """Return the documented answers whose names fit a pattern; the lines of a stream are numbered."""
        found: dict[str, Reply] = {}
        for name, told in self.documents().items():
            if any(fnmatch(name, pattern) for pattern in patterns):
                found.update(_answers(name, told))
        return found

    def examples(self) -> list[Request]:
        """Return the requests to try: at least one of each mode that the gateway has."""
        known = [fitted(request, self.dialect.masks) for request in EXAMPLES]
        return [request for request in known if request.mode in self.dialect.modes]

    def variants(self, request: Request, name: str) -> list[Request]:
        """Return a request with several values of one field, as far as its class takes them beside the others."""
        found = []
        for value in values_of(type(request), name, self.dialect.masks):
            try:
                found.append(request.replace(**{name: value}))
            except InvalidRequest:
                continue
        return [one for one in found if name in one.given()]  # False may be the same as leaving it out

    @cached_property
    def known_parents(self) -> list[Status]:
        """The same as `parents`, found once."""
        return self.parents()

    def parents(self) -> list[Status]:
        """Return the finished tasks that the documents show: what follow-ups can build on."""
        return [status for status in self.told() if status.state is TaskState.SUCCESS]

    def told(self) -> Iterator[Status]:
        """Yield what every documented answer tells of a task, of those that tell of one."""
        for reply in self.answers("*").values():
            try:
                yield self.dialect.read_status(reply)
            except MjnbError:
                continue

    def envelope(self, request: Request) -> Envelope:
        """Return what goes around a request; for a follow-up with the first documented parent that offers it."""
        for parent in self.known_parents if "task_id" in request.given() else ():
            try:
                self.dialect.check_parent(request, parent)
                self.dialect.submit(request, Envelope(parent=parent))
            except InvalidRequest:
                continue
            return Envelope(parent=parent)
        return Envelope()

    def calls(self, request: Request) -> tuple[Call, ...]:
        """Spell a request, both of its halves if it has two."""
        envelope = self.envelope(request)
        first = self.dialect.submit(request, envelope)
        if not self.has("second_half") or request.mode not in self.two_halves:
            return (first,)
        return first, self.dialect.second_half(request, "task_1", envelope)

    def has(self, method: str) -> bool:
        """Tell whether the dialect has a method of its own in place of the one that every dialect begins with."""
        return getattr(type(self.dialect), method) is not getattr(Dialect, method)


@cache
def _read(folder: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def _answers(name: str, told: Mapping[str, Any]) -> Iterator[tuple[str, Reply]]:
    answer = told.get("response") or told.get("callback") or {}
    status = answer.get("status", 200)
    if "json" in answer:
        yield name, reply_of(answer["json"], status)
    for number, line in enumerate(answer.get("ndjson", ())):
        yield f"{name}[{number}]", reply_of(line, status)
