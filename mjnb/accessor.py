"""`df.mj`: what can be asked of any frame of ours, filtered, sorted, concatenated or read back."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pandas as pd

from mjnb import frame as frames
from mjnb.errors import LayoutError
from mjnb.tasks import money, seconds
from mjnb.theme import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from IPython.display import HTML
    from matplotlib.figure import Figure
    from PIL import Image as PILImage

    from mjnb.theme import Theme

__all__ = ["Accessor", "Sheets", "beside", "read"]

_INLINE = 2 * 2**20  # bytes of HTML that a cell's output should not exceed
_SIZES = (128, 96, 64, 48)


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
        return HTML(in_words(page + self._rest(len(shown))))

    def _table(self, shown: pd.DataFrame, size: int) -> str:
        """Write the table: every name and value is escaped, the pictures alone are HTML."""
        names = self._told(shown)
        kinds = [_RIGHT if pd.api.types.is_numeric_dtype(shown[name]) else _LEFT for name in names]
        head = "".join(_cell("th", kind, str(name)) for name, kind in zip(names, kinds, strict=True))
        body = ""
        texts = shown["texts"] if "texts" in shown else [None] * len(shown)
        for images, words, *values in zip(
            shown["images"], texts, *(shown[name] for name in names), strict=True
        ):
            told = zip(kinds, map(_said, names, values), strict=True)
            body += f"<tr>{_answer(frames.paths(images), frames.paths(words), size)}"
            body += "".join(_cell("td", kind, text) for kind, text in told) + "</tr>"
        head = f"<thead><tr>{_cell('th', _LEFT, 'pictures')}{head}</tr></thead>"
        return f'<table class="dataframe">{head}<tbody>{body}</tbody></table>'

    def _told(self, shown: pd.DataFrame) -> list[str]:
        """Name the columns beside the pictures: what varies, how it ended, what it cost."""
        axes = [name for name in self.axes if name != "prompt" or not _is_prompt_told(self._frame)]
        failed = "fail_code" in shown and shown["fail_code"].notna().any()
        names = [*axes, "state", "cost_time_s", "price_usd", *(["fail_code"] if failed else [])]
        return [name for name in names if name in shown.columns]

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


_LEFT = "text-align:left;vertical-align:top;max-width:32em;overflow-wrap:break-word"
_RIGHT = "text-align:right;vertical-align:top;white-space:nowrap;font-variant-numeric:tabular-nums"


def _is_prompt_told(frame: pd.DataFrame) -> bool:
    """Tell whether the axes say everything about the prompt, being its own groups (`{time: dawn, dusk}`)."""
    designed = [name for name in frame.attrs.get("mjnb", {}).get("axes", []) if name in frame.columns]
    if not designed or "prompt" in designed:
        return False
    told = frame[[*designed, "prompt"]].drop_duplicates()
    return len(told) == len(told[designed].drop_duplicates())


def _cell(tag: str, style: str, text: str) -> str:
    return f'<{tag} style="{style}">{html.escape(text)}</{tag}>'


def _answer(files: Sequence[str], texts: Sequence[str], size: int) -> str:
    """Write what a task has given: its pictures in a row, a clip's still picture with a word, or its texts as a list."""
    from pathlib import Path

    from mjnb import clips
    from mjnb.images import thumbs_html

    if texts and not files:
        items = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
        return f'<td style="{_LEFT}"><ol style="margin:0;padding-left:1.5em">{items}</ol></td>'
    count = sum(clips.is_clip(Path(file)) for file in files)
    marked = f"<div>▶ {'clip' if count == 1 else f'{count} clips'}</div>" if count else ""
    style = f"{_LEFT};max-width:none;white-space:nowrap"
    return f'<td style="{style}">{thumbs_html(files, size=size)}{marked}</td>'


def _said(name: object, value: object) -> str:
    """Write one value in words: times and money with their units."""
    if frames.is_empty_value(value):
        return frames.label(value)
    if isinstance(value, float) and name in {"cost_time_s", "price_usd"}:
        return seconds(value) if name == "cost_time_s" else money(round(value * 1e6))
    return frames.label(value)


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
