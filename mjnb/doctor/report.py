"""What a check-up found, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mjnb.errors import legible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Checkup", "Finding"]

_SHOWN = 20  # findings of one kind that are told one by one
_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    `kind` is a word for it; `advice` what can be done, one way a line; `done` what has been done, "" if nothing; `can_mend`
    whether `mjnb doctor --repair` can do it.
    """

    kind: str
    text: str
    advice: tuple[str, ...] = ()
    done: str = ""
    can_mend: bool = False


@dataclass
class Checkup:
    """What was found in one store: `refused` says why it could not be looked at, `facts` what is there."""

    root: Path
    facts: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refused: str = ""

    @property
    def left(self) -> list[Finding]:
        """What is still to be done."""
        return [finding for finding in self.findings if not finding.done]

    @property
    def exit_code(self) -> int:
        """0 is healthy (by now), 1 that something is left to do, 2 that it could not be looked at or repaired."""
        if self.refused:
            return 2
        return 1 if self.left else 0

    def text(self) -> str:
        """Write it all out, a line each; control characters of what comes from outside are shown, not sent to the terminal."""
        return "\n".join(legible(line) for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.root}"
        for fact in self.facts:
            yield f"  {fact}"
        told = Counter[str]()
        for finding in self.findings:
            told[finding.kind] += 1
            if told[finding.kind] <= _SHOWN:
                yield from _told(finding)
        for kind, count in told.items():
            if count > _SHOWN:
                yield f"  {kind:<{_WIDTH}}and {count - _SHOWN} more"
        yield f"  {self._verdict()}"

    def _verdict(self) -> str:
        if self.refused:
            return f"cannot: {self.refused}"
        mended = len(self.findings) - len(self.left)
        parts = [f"{mended} repaired"] if mended else []
        if self.left:
            can = sum(finding.can_mend for finding in self.left)
            parts += [f"{len(self.left)} to look at" + (f", {can} of them for --repair" if can else "")]
        return "; ".join(parts) if self.left else "; ".join([*parts, "healthy"])


def _told(finding: Finding) -> Iterator[str]:
    yield f"  {finding.kind:<{_WIDTH}}{finding.text}"
    if finding.done:
        yield f"  {'':<{_WIDTH}}-> {finding.done}"
        return
    if finding.can_mend:
        yield f"  {'':<{_WIDTH}}-> --repair mends it"
    for way in finding.advice:
        yield f"  {'':<{_WIDTH}}-> {way}"
