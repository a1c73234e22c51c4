"""`df.mj`: pictures and numbers of any frame of ours."""

from __future__ import annotations

import io
import random
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

import mjnb
from mjnb import frame as frames
from mjnb.accessor import Sheets, beside
from mjnb.errors import LayoutError

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;"
PLAIN = {
    "version": "v7", "repeat": 0, "take": 1, "mode": "text-to-image", "gateway": "apixo", "simulated": True,
    "state": "success", "cost_time_s": 41.388, "price_usd": 0.1, "created": 1_789_000_000,
}  # fmt: skip


class Page(HTMLParser):
    """A piece of HTML, read: its tags, their attributes, its text, and its rows of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        """See text."""
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def pictures(self) -> list[dict[str, str | None]]:
        """Return the attributes of the pictures."""
        return [attributes for tag, attributes in self.tags if tag == "img"]


def noise(path, seed: int, size: int = 256) -> str:
    """Write a picture that is as hard to compress as a detailed photograph: noise over coarse shapes."""
    rng = random.Random(seed)
    coarse = Image.frombytes("RGB", (32, 32), rng.randbytes(3 * 32 * 32)).resize((size, size))
    fine = Image.frombytes("RGB", (size, size), rng.randbytes(3 * size * size))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.blend(coarse, fine, 0.35).save(path)
    return str(path)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Sixteen pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    return [noise(folder / f"{n // 4}" / f"{n % 4}.png", n) for n in range(16)]


@pytest.fixture(scope="module")
def df(pictures):
    """A frame of chaos by version: eight cells of four pictures, one more that failed."""
    cells = [(chaos, version) for chaos in (0, 50, 100) for version in ("v7", "niji 7", "v6.1")]
    rows: list[dict[str, Any]] = [
        {**PLAIN, "cell": f"k{n}", "prompt": "a lighthouse", "chaos": chaos, "version": version, "task_id": f"t{n}",
         "images": pictures[n % 4 * 4 : n % 4 * 4 + 4], "urls": [], "created": 1_789_000_000 + n}
        for n, (chaos, version) in enumerate(cells)
    ]  # fmt: skip
    rows[4] |= {
        "state": "failed",
        "fail_code": "CONTENT_VIOLATION",
        "images": [],
        "cost_time_s": None,
        "price_usd": None,
    }
    return frames.build(rows, ["chaos", "version"])


def variants(df: pd.DataFrame, folder) -> dict[str, pd.DataFrame]:
    """Return a frame filtered, sorted, concatenated, and read back."""
    df.to_parquet(folder / "a.parquet")
    df.to_csv(folder / "a.csv", index=False)
    return {
        "filtered": df[df["chaos"] > 0],
        "sorted": df.sort_values("cost_time_s", ascending=False),
        "concatenated": pd.concat([df.head(4), df.tail(5)]),
        "parquet": mjnb.read(folder / "a.parquet"),
        "csv": mjnb.read(folder / "a.csv"),
        "bare parquet": pd.read_parquet(folder / "a.parquet"),
    }


# -- thumbnails ------------------------------------------------------------------------------------------------------


def test_thumbs(df):
    """The table has the pictures inline, the axes, state, time and price of every row, and says that it is simulated."""
    page = Page(df.mj.thumbs().data)
    assert page.rows[0] == [
        "pictures",
        "chaos",
        "version",
        "state",
        "cost_time_s",
        "price_usd",
        "fail_code",
    ]
    assert page.rows[2][1:] == ["0", "niji 7", "success", "41.4 s", "$0.10", "–"]
    assert page.rows[5][1:] == ["50", "niji 7", "failed", "–", "–", "CONTENT_VIOLATION"]
    assert len(page.rows) == 10
    assert len(page.pictures()) == 32
    assert all(str(picture["src"]).startswith("data:image/webp;base64,") for picture in page.pictures())
    assert "simulated" in page.text


def test_real_pictures_are_not_called_simulated(df):
    """A frame of real tasks says nothing of a simulator."""
    assert "simulated" not in df.assign(simulated=False).mj.thumbs().data


def test_a_hundred_cells_stay_small(pictures):
    """A hundred cells of four detailed pictures each are under 2 MiB of HTML, at the largest size that is."""
    rows = [
        {**PLAIN, "cell": f"k{n}", "prompt": "x" * 500, "chaos": n, "images": pictures[n % 4 * 4 : n % 4 * 4 + 4], "urls": []}
        for n in range(130)
    ]  # fmt: skip
    shown = frames.build(rows, ["chaos"]).mj.thumbs().data
    assert len(shown.encode()) < 2 * 2**20
    page = Page(shown)
    assert len(page.pictures()) == 400
    assert "30 more rows are not shown" in page.text
    few = Page(frames.build(rows[:3], ["chaos"]).mj.thumbs().data).pictures()
    assert "128px" in str(few[0]["style"])


def test_the_size_can_be_chosen(df):
    """A size that is asked for is kept; so is the number of rows."""
    page = Page(df.mj.thumbs(40, limit=2).data)
    assert len(page.pictures()) == 8
    assert "40px" in str(page.pictures()[0]["style"])
    assert "7 more rows" in page.text


def test_everything_is_escaped(df):
    """Whatever prompts, names, codes and paths hold is text; only our own tags are tags."""
    hostile = df.assign(
        prompt=[f"{HOSTILE}{n}" for n in range(len(df))], fail_code=HOSTILE, state=HOSTILE,
        images=[[f"{HOSTILE}.png"]] * len(df),
    ).rename(columns={"version": HOSTILE})  # fmt: skip
    hostile.attrs.clear()
    page = Page(hostile.mj.thumbs().data)
    assert {tag for tag, _ in page.tags} <= {"table", "thead", "tbody", "tr", "th", "td", "div", "span"}
    assert {name for _, attributes in page.tags for name in attributes} <= {"class", "style", "title"}
    assert page.rows[1][1 + hostile.mj.axes.index("prompt")] == f"{HOSTILE}0"
    assert HOSTILE in page.rows[0]


def test_a_prompt_that_its_groups_tell_is_left_out(df):
    """Where the axes are the prompt's own groups, the prompt does not say them again; where it says more, it is there."""
    grouped = df.assign(prompt="a lighthouse at chaos " + df["chaos"].astype(str))
    assert "prompt" not in Page(grouped.mj.thumbs().data).rows[0]
    both = pd.concat([df, df.assign(prompt="a fox")])
    assert "prompt" in Page(both.mj.thumbs().data).rows[0]


def test_long_prompts_are_whole():
    """A prompt is shown to its end, not cut where tables usually are."""
    prompts = [f"{'word ' * 60}end{n}" for n in range(2)]
    frame = frames.build(
        [{**PLAIN, "cell": p, "prompt": p, "images": [], "urls": []} for p in prompts], ["prompt"]
    )
    assert prompts[1] in frame.mj.thumbs().data


def test_few_columns_are_enough(df):
    """A frame that kept little else still shows its pictures; an axis may even be called `pictures`."""
    assert len(Page(df[["cell", "state", "images"]].mj.thumbs().data).pictures()) == 32
    page = Page(df.rename(columns={"chaos": "pictures"}).mj.thumbs().data)
    assert page.rows[0][:3] == ["pictures", "version", "pictures"]
    assert page.rows[1][2] == "0"


def test_nothing_to_show(df):
    """An empty frame is an empty table."""
    assert len(Page(df.head(0).mj.thumbs().data).rows) == 1


# -- any frame -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["filtered", "sorted", "concatenated", "parquet", "csv", "bare parquet"])
def test_all_of_it_works_on_any_frame(df, tmp_path, name):
    """Everything works on filtered, sorted and concatenated frames and on those read back."""
    frame = variants(df, tmp_path)[name]
    tasks = len(frame)
    page = Page(frame.mj.thumbs().data)
    assert len(page.rows) == tasks + 1
    assert len(page.pictures()) == 4 * (tasks - 1)
    assert sorted(frame.mj.axes) == ["chaos", "version"]
    assert frame.mj.held["prompt"] == "a lighthouse"
    assert len(frame.mj.pictures()) == 4 * (tasks - 1)
    assert frame.mj.stats("version")["n"].sum() == tasks
    sheets = frame.mj.sheet(rows="chaos", cols="version", tile=64)
    assert len(sheets) == 1
    assert min(sheets[0].size) > 64
    assert isinstance(frame.mj.plot(), Figure)
    report = frame.mj.report(tmp_path / "report.html", title="Hello")
    assert "data:image/" in report.read_text("utf-8")


def test_only_frames_of_ours(df):
    """Another frame has no `.mj`, and the message says what it lacks."""
    with pytest.raises(AttributeError, match="no cell, state, images"):
        _ = pd.DataFrame({"a": [1]}).mj
    assert hasattr(df, "mj")
    assert not hasattr(df.drop(columns="images"), "mj")


def test_frames_that_were_moved(df, tmp_path):
    """A table saved with paths from its own folder finds its pictures there."""
    moved = beside(df, tmp_path)
    moved.to_csv(tmp_path / "sweep.csv", index=False)
    assert not any(path.startswith("/") for paths in moved["images"] for path in paths)
    assert len(Page(mjnb.read(tmp_path / "sweep.csv").mj.thumbs().data).pictures()) == 32


# -- sheets ----------------------------------------------------------------------------------------------------------


def test_what_else_varies_becomes_pages(df, tmp_path):
    """A sheet by one axis gives a page for each value of the other; pages are saved under numbered names."""
    sheets = df.mj.sheet(rows="chaos", facet="version", tile=64)
    assert len(sheets) == 1
    times = pd.concat([df.assign(time=time) for time in ("dawn", "dusk", "noon")])
    pages = times.mj.sheet(rows="chaos", cols="version", tile=32)
    assert len(pages) == 3
    files = pages.save(tmp_path / "sheet.png")
    assert [file.name for file in files] == ["sheet.png", "sheet-2.png", "sheet-3.png"]
    for file, page in zip(files, pages, strict=True):
        with Image.open(file) as picture:
            assert picture.size == page.size
    (jpeg,) = sheets.save(tmp_path / "one.JPG")
    with Image.open(jpeg) as picture:
        assert picture.format == "JPEG"


def test_sheets_that_cannot_be(df, tmp_path):
    """A column that is not there, nothing to draw, and a file of another kind are refused in words."""
    with pytest.raises(LayoutError, match="no column stylise"):
        df.mj.sheet(rows="stylise")
    with pytest.raises(LayoutError, match="nothing to draw"):
        df.head(0).mj.sheet()
    with pytest.raises(LayoutError, match=r"\.png or \.jpg"):
        df.mj.sheet(tile=16).save(tmp_path / "sheet.gif")


def test_a_notebook_shows_every_page(df, capsys):
    """Sheets are shown as JPEG, which every viewer can, one after the other."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        with pytest.MonkeyPatch.context() as patch:
            shown: list[dict[str, Any]] = []
            patch.setattr(shell.display_pub, "publish", lambda data, **_: shown.append(data))
            Sheets(tuple(df.mj.sheet(rows="chaos", cols="version", tile=32)) * 2)._ipython_display_()
    finally:
        InteractiveShell.clear_instance()
    assert len(shown) == 2
    with Image.open(io.BytesIO(shown[0]["image/jpeg"])) as picture:
        assert picture.format == "JPEG"
    assert capsys.readouterr().out == ""


def test_clips_and_texts_among_thumbs(df, tmp_path):
    """A clip shows its still picture and a word, an answer in words stands as a list, escaped."""
    clip = tmp_path / "0.webm"
    clip.write_bytes(b"\x1aE\xdf\xa3")
    Image.new("RGB", (64, 64), "#336699").save(tmp_path / "0.poster.jpg")
    frame = df.head(3).assign(
        images=[[str(clip)], [], []], texts=[[], ["a fox", HOSTILE], []], state=["success"] * 3
    )
    page = Page(frame.mj.thumbs().data)
    assert "▶ clip" in page.rows[1][0]
    assert len(page.pictures()) == 1
    assert page.rows[2][0] == f"a fox{HOSTILE}"
    assert [tag for tag, _ in page.tags].count("li") == 2
    assert page.rows[3][0] == ""
