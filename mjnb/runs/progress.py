"""How far a run is, as numbers and as a line of text."""

from __future__ import annotations

from dataclasses import dataclass

from mjnb.tasks import money, seconds

__all__ = ["Progress"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. Money in millionths of a dollar, `eta_s` and `elapsed_s` in gateway seconds.

    The line of text gives them as the clock on the wall has them, which is `time_scale` times less on a simulator.
    """

    total: int
    done: int = 0
    failed: int = 0
    running: int = 0
    paid_before: int = 0
    unknown: int = 0
    spent_micro: int = 0
    reserved_micro: int = 0
    lacking: int = 0
    elapsed_s: float = 0.0
    eta_s: float = 0.0
    simulated: bool = False
    ended: bool = False
    time_scale: float = 1.0

    def text(self) -> str:
        """Say it in one line.

        >>> Progress(total=4, done=1, running=3, spent_micro=100_000, reserved_micro=300_000, eta_s=30).text()
        '1 of 4 done · 3 running · $0.10 spent · $0.30 reserved · about 30.0 s left'
        """
        parts = [f"{self.done} of {self.total} done"]
        parts += [f"{self.paid_before} paid before"] if self.paid_before else []
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.unknown} unknown, perhaps charged"] if self.unknown else []
        parts += (
            [f"{self.running} {'left at the gateway' if self.ended else 'running'}"] if self.running else []
        )
        parts += [f"{self.lacking} without all pictures"] if self.lacking else []
        parts += [f"{money(self.spent_micro)} spent"]
        parts += [f"{money(self.reserved_micro)} reserved"] if self.reserved_micro else []
        elapsed, left = (seconds(value / self.time_scale) for value in (self.elapsed_s, self.eta_s))
        parts += [elapsed if self.ended else f"about {left} left"]
        clock = f" ({self.time_scale:g}× clock)" if self.time_scale != 1 else ""
        parts += [f"simulated{clock}"] if self.simulated else []
        parts += ["what is unknown: mj.retry or mj.forget"] if self.unknown and self.ended else []
        return " · ".join(parts)
