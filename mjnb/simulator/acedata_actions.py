"""AceData's actions: what each does to a picture, and which of them a reply offers.

The documents list the actions of a grid and of an upscaled picture. `upscale_subtle`, `upscale_creative`, `square`,
`variation_region` and the four `redo_upscale_...` are named by the gateway's own clients and guides; where they are offered
is chosen here: the last four on what an upscale of an upscaled picture gives, the others on an upscaled picture.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACTIONS", "Action", "actions_after"]


@dataclass(frozen=True, slots=True)
class Action:
    """What an action does.

    Attributes:
        change: the change of the parent's picture that is drawn; "" draws the parent's request again.
        index: which of the parent's four pictures it takes.
        pictures: how many it gives.
        again: whether it is done to the parent's own parent.
    """

    change: str
    index: int = 0
    pictures: int = 4
    again: bool = False


_ENLARGED = {"2x": "2x", "4x": "4x", "subtle": "standard", "creative": "creative"}
_GRID = {
    **{f"upscale{i + 1}": Action("crop", i, 1) for i in range(4)},
    "reroll": Action(""),
    **{f"variation{i + 1}": Action("strong", i) for i in range(4)},
}
_SINGLE = {
    **{f"upscale_{name}": Action(change, 0, 1) for name, change in _ENLARGED.items()},
    "variation_subtle": Action("subtle"),
    "variation_strong": Action("strong"),
    "variation_region": Action("paint"),
    "zoom_out_2x": Action("zoom_2"),
    "zoom_out_1_5x": Action("zoom_1.5"),
    **{f"pan_{side}": Action(f"pan_{side}") for side in ("left", "right", "up", "down")},
    "square": Action("square"),
}
_LARGE = {f"redo_{name}": Action(_SINGLE[name].change, 0, 1, again=True) for name in list(_SINGLE)[:4]}

ACTIONS = {**_GRID, **_SINGLE, **_LARGE}
"""Every action but `generate`, by its name on the wire."""


def actions_after(action: str) -> list[str]:
    """Return the actions that the reply to an action offers.

    >>> actions_after("generate")[:5], actions_after("upscale3")[:2], "square" in actions_after("upscale_2x")
    (['upscale1', 'upscale2', 'upscale3', 'upscale4', 'reroll'], ['upscale_2x', 'upscale_4x'], False)
    """
    done = ACTIONS.get(action)
    if done is None or done.pictures > 1:
        return list(_GRID)
    return list(_SINGLE if done.change == "crop" else _LARGE)
