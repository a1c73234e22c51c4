"""The report: what is in its data, that hostile text stays text, and that one file is all there is."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from itertools import product
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mjnb import frame
from mjnb.errors import LayoutError
from mjnb.report import page, payload, report
from mjnb.report.document import embedded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"'><img src=x onerror=alert(1)>",
    "\u202eright to left\u202c\u2028\u2029&amp;<b>",
    "🦊" * 2000,
]
PLAIN = {
    "repeat": 0,
    "take": 1,
    "mode": "text-to-image",
    "gateway": "simulator",
    "simulated": True,
    "state": "success",
}


class Elements(HTMLParser):
    """The elements of a document, each with its attributes and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        """Let what follows belong to no element."""
        self.found.append((f"/{tag}", {}, ""))

    def handle_data(self, data: str) -> None:
        """Add to the text after the last tag."""
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        """Return the attributes and the text of every element of a kind."""
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


def rows(axes: dict[str, list[Any]], **held: Any) -> list[dict[str, Any]]:
    """One row for each combination of values."""
    cells = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    base = {"prompt": "a lighthouse", "cost_time_s": 40.0, "price_usd": 0.1, **PLAIN, **held}
    return [
        {**base, "cell": f"c{n}", "task_id": f"t{n}", "created": 1_790_000_000 + n, **cell}
        for n, cell in enumerate(cells)
    ]


def build(axes: dict[str, list[Any]], **held: Any) -> pd.DataFrame:
    """Build a frame of one task for each combination of values."""
    return frame.build(rows(axes, **held), axes=list(axes))


def filled(data: dict[str, Any]) -> dict[str, Any]:
    """Complete a payload, with no pictures."""
    return {**data, "pictures": [], "picture_px": 384, "reduced": False}


def data_of(text: str) -> Any:
    """Read the data out of a page."""
    (script,) = [
        text for attributes, text in Elements(text).all("script") if attributes.get("id") == "data"
    ]
    return json.loads(script)


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., str]:
    """Draw a noisy picture into a file."""
    from PIL import Image

    def draw(name: str, size: tuple[int, int] = (96, 64)) -> str:
        path = tmp_path / name
        Image.effect_noise(size, 80).convert("RGB").save(path)
        return str(path)

    return draw


def test_a_sweep_is_laid_out_by_its_own_axes() -> None:
    """Axes keep their order and their values are sorted as people do; each task knows its place."""
    data = payload(build({"chaos": [100, 0], "stylize": [0, 50, 1000], "version": ["niji 7", "v7"]}))
    assert [(axis["name"], axis["values"]) for axis in data["axes"]] == [
        ("chaos", ["0", "100"]), ("stylize", ["0", "50", "1000"]), ("version", ["v7", "niji 7"]),
    ]  # fmt: skip
    assert data["tasks"][0]["at"] == [1, 0, 1]
    assert data["roles"] == {"rows": 0, "cols": 1, "facet": 2}
    assert (data["title"], data["held"]) == (
        "a lighthouse",
        [["mode", "text-to-image"], ["gateway", "simulator"]],
    )


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ({}, (None, None, None)),
        ({"chaos": [0, 50]}, (None, "chaos", None)),
        ({"weird": list(range(8))}, (None, None, "weird")),
        ({"weird": list(range(8)), "chaos": [0, 50]}, ("chaos", "weird", None)),
        ({"chaos": [0, 25, 50], "style": ["a" * 30, "b" * 30]}, ("style", "chaos", None)),
        ({"a": [1, 2, 3], "b": [1, 2, 3], "c": [1, 2], "d": [1, 2]}, ("a", "b", "c")),
        ({"a": [1, 2, 3, 4, 5, 6], "b": [1, 2, 3, 4, 5], "c": [1, 2, 3, 4, 5]}, ("b", "a", None)),
        ({"chaos": [0, 50], "repeat": [0, 1, 2]}, (None, "chaos", None)),
        ({"repeat": [0, 1, 2]}, (None, "repeat", None)),
    ],
)  # fmt: skip
def test_the_longest_axes_make_the_grid(
    axes: dict[str, list[Any]], expected: tuple[str | None, ...]
) -> None:
    """Two long axes make rows and columns, a short third panels, a single long one a gallery; repeats pile up."""
    data = payload(build(axes))
    names = [None if axis < 0 else data["axes"][axis]["name"] for axis in data["roles"].values()]
    assert tuple(names) == expected


def test_a_prompt_that_follows_another_axis_gets_no_place_and_no_statistics() -> None:
    """What another axis already decides is neither laid out nor counted a second time."""
    parts = [
        row | {"prompt": f"a lighthouse at {row['time']}"}
        for row in rows({"time": ["dawn", "dusk"], "chaos": [0, 50]})
    ]
    data = payload(frame.build(parts, axes=["time", "chaos"]))
    assert data["roles"] == {"rows": 0, "cols": 1, "facet": -1}
    assert data["piled"] == [2]
    assert [group["axis"] for group in data["stats"]] == ["time", "chaos"]
    assert data["title"] == "a lighthouse at {dawn, dusk}"


def test_a_history_of_unrelated_tasks_is_a_gallery() -> None:
    """A grid that would be mostly holes becomes panels, in which all else piles up."""
    parts = [rows({}, chaos=n % 5 * 10, stylize=n % 7, prompt=f"prompt {n}")[0] for n in range(9)]
    data = payload(frame.build(parts))
    assert data["axes"][data["roles"]["facet"]]["name"] == "prompt"
    assert (data["roles"]["rows"], data["roles"]["cols"]) == (-1, -1)
    assert len(data["piled"]) == 2


def test_unknown_numbers_stay_unknown() -> None:
    """A price, a time or a moment that nobody knows is None, never 0 and never NaN."""
    data = payload(build({"chaos": [0, 50]}, price_usd=None, cost_time_s=None, created=None))
    assert [group["rows"][0]["spent"] for group in data["stats"]] == [None]
    assert (data["figures"]["spent_simulated"], data["figures"]["median"], data["first"]) == (
        None,
        None,
        1_790_000_000,
    )
    json.dumps(data, allow_nan=False)


def test_simulated_money_is_no_money() -> None:
    """What simulated tasks would have cost is summed apart from what real ones did."""
    mixed = pd.concat(
        [build({"chaos": [0, 50]}), build({"chaos": [0]}, simulated=False, gateway="apixo", price_usd=0.25)]
    )
    data = payload(mixed)
    assert (data["simulated"], data["figures"]["spent"]) == ("some", 0.25)
    assert data["figures"]["spent_simulated"] == pytest.approx(0.2)


@pytest.mark.parametrize(("simulated", "said"), [(True, 1), (False, 0)])
def test_the_page_says_that_it_is_simulated(simulated: bool, said: int) -> None:
    """A plain notice stands in the page exactly when something is simulated, whether scripts run or not."""
    text = page(filled(payload(build({"chaos": [0, 50]}, simulated=simulated))))
    assert text.count('class="notice"><strong>Simulated:</strong>') == said


def test_an_empty_frame_makes_a_page() -> None:
    """No tasks at all are no error."""
    data = payload(frame.build([], axes=["chaos"]))
    assert (data["tasks"], data["axes"], data["figures"]) == ([], [], {})
    assert "Nothing here yet" in page(filled(data))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_adds_no_element(hostile: str) -> None:
    """A prompt, a reason and a value of an axis end no script and open no tag."""
    calm = build({"style": ["x", "y"]}, prompt="calm", fail_msg="calm", state="failed")
    wild = build({"style": ["x", hostile]}, prompt=hostile, fail_msg=hostile, state="failed")
    tags = [[tag for tag, _, _ in Elements(page(filled(payload(rows)))).found] for rows in (calm, wild)]
    assert tags[0] == tags[1]


@given(st.text())
@example(HOSTILE[0])
@example(HOSTILE[3])
@settings(max_examples=30, deadline=None)
def test_every_text_arrives_as_it_was(text: str) -> None:
    """Whatever a prompt is, the page's data hold it to the letter, and the page is plain ASCII there."""
    document = page(filled(payload(build({"chaos": [0, 50]}, prompt=f"x{text}x"))))
    assert data_of(document)["title"] == f"x{text}x"
    assert re.search(r'id="data">([\x20-\x7e]*)</script>', document)


def test_the_page_allows_nothing_but_itself() -> None:
    """Its policy names the one style and the one script by their hashes; nothing points to another host."""
    elements = Elements(text := page(filled(payload(build({"chaos": [0, 50]})))))
    policy = next(str(meta["content"]) for meta, _ in elements.all("meta") if "http-equiv" in meta)
    (style,), scripts = elements.all("style"), elements.all("script")
    code = [content for attributes, content in scripts if attributes["type"] == "module"]
    for content in (style[1], *code):
        assert base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    assert not re.search(r"https?://|//[a-z]|@import|url\(", text)


def test_a_report_is_one_file_without_paths_or_links(tmp_path: Path, picture: Callable[..., str]) -> None:
    """Pictures are embedded once, however many rows show them; local paths and picture URLs stay at home."""
    files = [picture("a.png"), picture("b.png")]
    made = report(
        build({"chaos": [0, 50]}, images=files, urls=["https://cdn.example/secret.png"]),
        tmp_path / "new" / "sweep.html",
    )
    text = made.read_text("utf-8")
    data = data_of(text)
    assert [task["pictures"] for task in data["tasks"]] == [[0, 1], [0, 1]]
    assert [picture["size"] for picture in data["pictures"]] == [[96, 64], [96, 64]]
    assert text.count("data:image/webp;base64,") == 2
    assert "secret" not in text
    assert str(tmp_path) not in text
    assert [path.name for path in made.parent.iterdir()] == ["sweep.html"]


@pytest.mark.parametrize("content", [None, b"<html>gone</html>", b"\xff\xd8\xff broken"])
def test_a_missing_or_broken_picture_leaves_a_gap(tmp_path: Path, content: bytes | None) -> None:
    """A file that is not there or no picture is None in the page, and the rest goes on."""
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)
    made = report(build({"chaos": [0, 50]}, images=[str(tmp_path / "a.jpg")]), tmp_path / "r.html")
    assert data_of(made.read_text("utf-8"))["pictures"] == [None]


def test_many_pictures_are_reduced_until_they_fit(picture: Callable[..., str]) -> None:
    """Above the limit all pictures get smaller, and the page is told."""
    files = [picture(f"{n}.png", (300, 200)) for n in range(12)]
    whole = embedded(files, 300)
    total = sum(len(picture["src"]) for picture in whole["pictures"])
    less = embedded(files, 300, limit=total // 4)
    assert (whole["picture_px"], whole["reduced"], less["reduced"]) == (300, False, True)
    assert sum(len(picture["src"]) for picture in less["pictures"]) <= total // 4
    assert 96 <= less["picture_px"] < 300


@pytest.mark.parametrize("name", ["f.parquet", "f.csv"])
def test_frames_from_files_make_the_same_page(
    tmp_path: Path, picture: Callable[..., str], name: str
) -> None:
    """A frame read back from Parquet or CSV and put together from parts has the same tasks."""
    whole = build(
        {"chaos": [0, 50], "version": ["v7", "niji 7"]}, images=[picture("a.png"), picture("b.png")]
    )
    whole.to_parquet(tmp_path / "f.parquet")
    whole.to_csv(tmp_path / "f.csv", index=False)
    back = frame.read(tmp_path / name)
    tasks = [
        [(task["at"], task["pictures"], task["created"]) for task in payload(other)["tasks"]]
        for other in (whole, back, pd.concat([back[:2], back[2:]]))
    ]
    assert tasks[0] == tasks[1] == tasks[2]


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """When the file cannot be put in its place nothing is left behind."""
    (tmp_path / "taken.html").mkdir()
    with pytest.raises(OSError, match="taken"):
        report(build({}), tmp_path / "taken.html")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.html"]


@pytest.mark.parametrize("px", [0, 31, 5000])
def test_pictures_of_impossible_size_are_refused(tmp_path: Path, px: int) -> None:
    """A long side outside 32–2048 pixels is an error that says so."""
    with pytest.raises(LayoutError, match="32 to 2048"):
        report(build({}), tmp_path / "r.html", picture_px=px)


def test_columns_that_say_nothing_are_left_out() -> None:
    """Empty fields and the ordinary repeat and take are no columns; ids stand last."""
    names = [column["name"] for column in payload(build({"chaos": [0, 50]}, seed=None))["columns"]]
    assert names[:2] == ["chaos", "prompt"]
    assert not {"seed", "repeat", "take", "images", "urls", "fail_code"} & set(names)
    assert names[-2:] == ["task_id", "cell"]


def test_titles_are_the_readers_own_if_given() -> None:
    """A title replaces the prompt, which then stands among what is held."""
    data = payload(build({"chaos": [0, 50]}), title="Chaos & friends")
    assert data["title"] == "Chaos & friends"
    assert ["prompt", "a lighthouse"] in data["held"]
    assert '<h1 id="title" dir="auto">Chaos &amp; friends</h1>' in page(filled(data))


def test_unlike_prompts_are_counted() -> None:
    """Prompts that share neither beginning nor end are not squeezed into one."""
    assert payload(build({"prompt": ["a fox", "two cats", "seven swans"]}))["title"] == "3 prompts"


def test_pictures_of_any_kind_are_embedded(tmp_path: Path) -> None:
    """JPEG and WebP files are embedded as well as PNG, and their shape is known."""
    from PIL import Image

    for kind in ("jpeg", "webp"):
        file = io.BytesIO()
        Image.new("RGB", (40, 80), "navy").save(file, kind)
        (tmp_path / f"a.{kind}").write_bytes(file.getvalue())
    made = embedded([str(tmp_path / "a.jpeg"), str(tmp_path / "a.webp")], 64)
    assert [picture["size"] for picture in made["pictures"]] == [[32, 64], [32, 64]]


def test_texts_and_clips_are_in_the_data() -> None:
    """An answer in words is there in full, clips are counted, and new fields have names that people read."""
    made = rows({"sref": ["1", "2"]}, hd=True)
    made[0] |= {"texts": ["a fox", "a red fox"], "mode": "describe"}
    made[1] |= {"images": ["0.webm", "1.webm"], "mode": "video"}
    data = payload(frame.build(made, ["sref"]))
    assert [(task["texts"], task["clips"]) for task in data["tasks"]] == [
        (["a fox", "a red fox"], 0),
        ([], 2),
    ]
    assert data["axes"][0] | {"values": []} == {"name": "sref", "label": "style references", "values": []}
    assert ["HD", "on"] in data["held"]
    assert "texts" not in {column["name"] for column in data["columns"]}


def test_addresses_of_references_stay_out() -> None:
    """Of a reference's address only where it leads to is told, since it may open a picture; two remain two."""
    links = ["https://cdn.example.com/a/0.png?key=secret", "https://cdn.example.com/b/0.png?key=secret"]
    data = payload(frame.build(rows({"image_urls": links}), ["image_urls"]))
    assert data["axes"][0]["values"] == ["cdn.example.com/…", "cdn.example.com/… (2)"]
    assert "secret" not in page(filled(data))
    assert data["stats"][0]["rows"][1]["value"] == "cdn.example.com/… (2)"
