"""Contact sheets: pictures in a grid with its axes written outside of them.

A `Page` is plain data (`mjnb.layout` makes it from a frame); `draw_page` measures every picture, plans the sheet, and
only then decodes, each picture straight to the size it is shown at, so that memory is that of the sheet. Everything hangs
from the upper left: a column's label over the left edge of its tiles, a row's label beside their upper edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb.sheets.model import Page, Panel, Tile

if TYPE_CHECKING:
    from PIL import Image

    from mjnb.theme import Theme

__all__ = ["Page", "Panel", "Tile", "draw_page"]

_SMALLEST = 16  # px, the longer side of a tile


def draw_page(page: Page, *, tile: int = 256, theme: Theme = "light", max_side: int = 8192) -> Image.Image:
    """Draw a contact sheet.

    Args:
        page: What to draw; missing or broken pictures become a word in their place.
        tile: Longer side of a cell in pixels, at least 16.
        theme: `"light"` or `"dark"`.
        max_side: No side of the sheet is longer, in pixels: tiles shrink instead.

    Returns:
        An RGB image.

    >>> panel = Panel("", "chaos", "stylize", ("0",), ("0", "250"), {(0, 0): Tile(note="failed", detail="no GPU")})
    >>> draw_page(Page("", "prompt: a lighthouse", (panel,), simulated=True), tile=128).mode
    'RGB'
    """
    from mjnb.sheets.brush import Brush
    from mjnb.sheets.plan import measure, plan_page
    from mjnb.theme import palette

    shapes = measure(page)
    plan = plan_page(page, shapes, tile)
    while max(plan.width, plan.height) > max_side and tile > _SMALLEST:
        tile = max(_SMALLEST, min(tile - 1, tile * max_side // max(plan.width, plan.height)))
        plan = plan_page(page, shapes, tile)
    return Brush(plan, palette(theme)).draw()
