"""`df.mj`: what can be asked of any frame of ours, filtered, sorted, concatenated or read back."""

from __future__ import annotations

import html
import numbers
from typing import TYPE_CHECKING, Any

import pandas as pd

from mjnb import frame as frames
from mjnb.errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from IPython.display import HTML
    from matplotlib.figure import Figure
    from PIL import Image as PILImage

    from mjnb.theme import Theme

__all__ = ["Accessor", "Sheets", "beside", "read", "with_pictures"]

_INLINE = 2 * 2**20  # bytes of HTML that a cell's output should not exceed
_SIZES = (128, 96, 64, 48)
_PLAIN = ("cost_time_s", "price_usd")


@pd.api.extensions.register_dataframe_accessor("mj")
class Accessor:
    """The frame's own pictures and numbers.

    Raises:
        AttributeError: This is not a frame of ours.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        if missing := [name for name in ("cell", "state", "images") if name not in frame.columns]:
            raise AttributeError(f".mj is for frames of mjnb; this one has no {', '.join(missing)}")
        self._frame = frame

    @property
    def axes(self) -> list[str]:
        """The columns that vary."""
        return frames.axes(self._frame)

    @property
    def held(self) -> dict[str, Any]:
        """What is the same in every row."""
        return frames.held(self._frame)

    def pictures(self) -> pd.DataFrame:
        """Return one row a picture instead of one a task."""
        return frames.pictures(self._frame)

    def stats(self, by: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Count tasks and describe their `cost_time_s`, by one or more columns.

        Returns:
            Columns `n, ok, failed, mean, median, p90, max` (seconds) and `spent` (USD).
        """
        return frames.stats(self._frame, by)

    def thumbs(self, size: int | None = None, *, limit: int = 100) -> HTML:
        """Show the frame as a table with its pictures inline.

        Args:
            size: Longer side of a thumbnail in pixels; None takes the largest that keeps the output under 2 MiB.
            limit: Rows shown at most; the rest is said, not shown.
        """
        from IPython.display import HTML

        shown = self._frame.head(limit)
        for pixels in (size,) if size else _SIZES:
            page = self._table(shown, pixels)
            if len(page.encode()) <= _INLINE:
                break
        return HTML(page + self._rest(len(shown)))

    def _table(self, shown: pd.DataFrame, size: int) -> str:
        """Write the table: every name and value is escaped, the pictures alone are HTML."""
        from mjnb.images import thumbs_html

        failed = "fail_code" in shown and shown["fail_code"].notna().any()
        names = [*self.axes, "state", *_PLAIN, *(["fail_code"] if failed else [])]
        names = [name for name in names if name in shown.columns]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in ("pictures", *map(str, names)))
        body = "".join(
            f'<tr><td style="{_LEFT};white-space:nowrap">{thumbs_html(frames.paths(images), size=size)}</td>'
            f"{''.join(_cell(value) for value in values)}</tr>"
            for images, *values in zip(shown["images"], *(shown[name] for name in names), strict=True)
        )
        return f'<table class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def _rest(self, shown: int) -> str:
        notes = [f"{len(self._frame) - shown} more rows are not shown"] if len(self._frame) > shown else []
        notes += (
            ["simulated: drawn by mjnb's simulator, not by Midjourney"]
            if "simulated" in self._frame and self._frame["simulated"].any()
            else []
        )
        return f"<div>{' · '.join(notes)}</div>" if notes else ""

    def sheet(
        self,
        rows: str | None = None,
        cols: str | None = None,
        facet: str | None = None,
        *,
        tile: int = 256,
        theme: Theme = "light",
    ) -> Sheets:
        """Draw labelled contact sheets; what else varies becomes pages.

        Args:
            rows: Column for the rows; None chooses among the axes.
            cols: Column for the columns.
            facet: Column for panels side by side.
            tile: Longer side of a cell in pixels.
            theme: `"light"` or `"dark"`.

        Raises:
            LayoutError: A column is not there, or there is nothing to draw.
        """
        from mjnb.layout import arrange
        from mjnb.sheets import draw_page

        pages = arrange(self._frame, rows, cols, facet)
        return Sheets(tuple(draw_page(page, tile=tile, theme=theme) for page in pages))

    def plot(self, by: str | None = None, *, theme: Theme = "light") -> Figure:
        """Plot cost time by axis value, failures and spend."""
        from mjnb.plots import plot

        return plot(self._frame, by, theme=theme)

    def report(self, path: str | Path, *, title: str | None = None) -> Path:
        """Write one self-contained HTML page: a grid whose axes can be re-chosen, statistics, and a table."""
        from mjnb.report import report

        return report(self._frame, path, title=title)


def with_pictures(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same frame; that this room is loaded is what gives every frame its `.mj`."""
    return frame


def read(path: str | Path) -> pd.DataFrame:
    """Read a frame that was saved with `to_csv(index=False)` or `to_parquet`; its pictures are found beside the file.

    Raises:
        LayoutError: Neither of the two, or not a frame of ours.
    """
    return frames.read(path)


def beside(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Write picture paths as seen from a folder, so that a table saved there can be moved with its pictures."""
    import os

    return frame.assign(
        images=frame["images"].map(
            lambda value: [os.path.relpath(item, folder) for item in frames.paths(value)]
        )
    )


_LEFT = "text-align:left;vertical-align:top"
_RIGHT = "text-align:right;vertical-align:top;font-variant-numeric:tabular-nums"


def _cell(value: object) -> str:
    """Write one value: numbers to the right, texts to the left and wrapped."""
    if type(value) is not bool and isinstance(value, numbers.Real):
        text = (
            frames.label(value) if frames.is_empty_value(value) or value % 1 == 0 else f"{float(value):.4g}"
        )
        return f'<td style="{_RIGHT}">{html.escape(text)}</td>'
    return f'<td style="{_LEFT};max-width:32em;white-space:normal">{html.escape(frames.label(value))}</td>'


class Sheets(tuple["PILImage.Image", ...]):
    """Contact sheets, one a page; a notebook shows them all, as JPEG so that every viewer can."""

    __slots__ = ()

    def save(self, path: str | Path) -> list[Path]:
        """Write them as PNG or JPEG; a second page gets `-2` before its ending.

        Raises:
            LayoutError: The ending is neither.
        """
        from pathlib import Path

        path = Path(path)
        if path.suffix.lower() not in {".png", ".jpg", ".jpeg"}:
            raise LayoutError(f"{path.name}: a sheet is saved as .png or .jpg")
        named = [path if i == 0 else path.with_stem(f"{path.stem}-{i + 1}") for i in range(len(self))]
        for page, target in zip(self, named, strict=True):
            page.save(target, optimize=False)
        return named

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for page in self:
            display({"image/jpeg": _jpeg(page), "text/plain": repr(page)}, raw=True)


def _jpeg(page: PILImage.Image) -> bytes:
    import io

    out = io.BytesIO()
    page.convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()
