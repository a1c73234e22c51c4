"""What the tests of the board on each gateway share: a page that hears it, and hands that press its buttons."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mjnb.widgets.board import SweepBoard

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from mjnb.session import Session
    from mjnb.tasks import Task
    from mjnb.widgets.board.tiles import Tile


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for what the I/O thread does."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
    return found


class Page:
    """What a page has been told of one board, and what it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[tuple[dict[str, Any], list[bytes]]] = []
        monkeypatch.setattr(
            "ipywidgets.Widget._send", lambda _, msg, buffers=None: self._hear(msg, buffers)
        )

    def _hear(self, msg: dict[str, Any], buffers: Any) -> None:
        if msg.get("method") == "custom":
            self.told.append((msg["content"], [bytes(one) for one in buffers or []]))

    def of(self, kind: str) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Return the messages of one kind."""
        return [one for one in self.told if one[0].get("kind") == kind]

    def tiles(self) -> dict[int, dict[str, Any]]:
        """Return each tile as it was told last."""
        return {tile["id"]: tile for content, _ in self.of("tiles") for tile in content["tiles"]}

    def bars(self) -> dict[int, dict[str, Any]]:
        """Return why something cannot be done, by tile."""
        bars: dict[str, Any] = {}
        for content, _ in self.of("tiles"):
            bars |= content.get("bars", {})
        return {
            tile: bars[key] for content, _ in self.of("tiles") for tile, key in content.get("barred", [])
        }


def do(board: SweepBoard, deed: str, *ids: int, **more: Any) -> None:
    """Press a button on the page."""
    usual = {"picture": None, "choice": None}
    board.grid._handle_custom_msg({"kind": "do", "deed": deed, "ids": list(ids), **usual, **more}, [])


def open_on(mj: Session, *tasks: Task) -> SweepBoard:
    """Open a board on some tasks, in this order, with a page that looks at it."""
    history = mj.history()
    rows = [history.index[history["task_id"] == task.id][0] for task in tasks]
    board = SweepBoard(history.loc[rows].reset_index(drop=True), session=mj)
    board.grid._handle_custom_msg({"kind": "ready"}, [])
    return board


def child_of(board: SweepBoard, number: int) -> Tile:
    """Wait for the one tile that was made from another, and return it when it has ended."""

    def ended() -> list[Tile]:
        return [tile for tile in board._state.held.tiles if tile.parent == number and tile.over]

    return until(ended)[-1]


def offers_of(board: SweepBoard) -> dict[str, dict[str, Any]]:
    """The offers by name."""
    return {offer["deed"]: offer for offer in board.grid.offers}
