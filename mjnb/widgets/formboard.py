"""The board below a sweep's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb.widgets.board import SweepBoard

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.runs import Run

__all__ = ["FormBoard"]


class FormBoard(SweepBoard):
    """A board that is part of something else's still picture.

    Args:
        run: What it shows.
        ended: Called instead of renewing a still of its own, in a thread, when the run has ended and its tiles are final.
    """

    def __init__(self, run: Run, ended: Callable[[], None]) -> None:
        self._ended = ended
        super().__init__(run)

    def refresh_still(self) -> None:
        """Tell whoever shows it."""
        self._ended()
