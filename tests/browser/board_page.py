"""A plain page that shows the board's script over a model that speaks its protocol; no Jupyter, no kernel."""

from __future__ import annotations

import base64
import io
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from mjnb.views.assets import script, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

STATIC = Path(__file__).parents[2] / "mjnb" / "widgets" / "static" / "board"
DARK = {
    "--jp-layout-color0": "#111111", "--jp-layout-color1": "#212121", "--jp-layout-color2": "#424242",
    "--jp-ui-font-color0": "rgba(255, 255, 255, 1)", "--jp-ui-font-color1": "rgba(255, 255, 255, 0.87)",
    "--jp-layout-color3": "#616161", "--jp-ui-font-color2": "rgba(255, 255, 255, 0.54)", "--jp-border-color1": "#616161",
    "--jp-ui-inverse-font-color0": "rgba(0, 0, 0, 1)",
    "--jp-brand-color1": "#2196f3", "--jp-error-color1": "#d32f2f", "--jp-success-color1": "#388e3c",
}  # fmt: skip

_MODEL = """
window.fakeModel = (traits) => {
  const listeners = new Map();
  const heard = (name) => listeners.get(name) ?? [];
  return {
    sent: [], saves: 0,
    get: (name) => traits[name],
    set(name, value) { traits[name] = value; for (const call of heard(`change:${name}`)) call(); },
    save_changes() { this.saves += 1; },
    on: (name, call) => listeners.set(name, [...heard(name), call]),
    off: (name, call) => listeners.set(name, heard(name).filter((other) => other !== call)),
    send(content) { this.sent.push(content); },
    tell: (content, buffers = []) => { for (const call of [...heard("msg:custom")]) call(content, buffers); },
    count: () => [...listeners.values()].reduce((sum, calls) => sum + calls.length, 0),
  };
};
window.bytesOf = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
window.start = async (url, traits) => {
  window.model = fakeModel(traits);
  const { default: widget } = await import(url);
  const made = widget();
  window.ended = made.initialize({ model });
  window.render = (id) => made.render({ model, el: document.getElementById(id) });
  window.gone = window.render("board");
};
null;
"""


def columns(**axes: Sequence[object]) -> list[dict[str, Any]]:
    """Columns for some axes, and what is measured."""
    made = [
        {"name": name, "label": name, "kind": "axis", "values": [str(value) for value in values]}
        for name, values in axes.items()
    ]
    measured = {"cost_time_s": "seconds", "price_usd": "money", "stars": "stars", "sharpness": "number"}
    state = {"name": "state", "label": "state", "kind": "state", "values": ["success", "failed"]}
    kinds = [
        {"name": name, "label": name.replace("_", " "), "kind": kind, "values": []}
        for name, kind in measured.items()
    ]
    return [*made, state, *kinds]


def tile(number: int, labels: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """One finished tile of four pictures."""
    return {
        "id": number, "labels": {name: str(value) for name, value in (labels or {}).items()},
        "numbers": {"cost_time_s": 20.0 + (number * 7) % 23, "price_usd": 0.1, "sharpness": (number * 37) % 101},
        "state": "success", "mark": "", "word": "", "note": "", "before": False, "since": 0, "span": 30,
        "aspect": [1, 1], "count": 4, "parent": None, "said": "", "prompt": "a lighthouse in fog",
        "task": f"task-{number}", "simulated": True, "stars": 0, **changes,
    }  # fmt: skip


def tiles(**axes: Sequence[object]) -> list[dict[str, Any]]:
    """One finished tile for each combination of values."""
    made = (dict(zip(axes, values, strict=True)) for values in product(*axes.values()))
    return [tile(number, labels) for number, labels in enumerate(made)]


@cache
def painted(number: int, picture: int, width: int = 192, height: int = 192) -> bytes:
    """Paint a small picture of hills under a sun, different for every number."""
    hue = (number * 47 + picture * 13) % 360
    image = Image.new("RGB", (width, height), f"hsl({hue}, 45%, 74%)")
    draw = ImageDraw.Draw(image)
    sun = width * (0.2 + 0.18 * picture)
    draw.ellipse(
        (sun, height * 0.14, sun + width * 0.2, height * 0.14 + width * 0.2),
        fill=f"hsl({hue + 30}, 80%, 88%)",
    )
    for hill in range(3):
        base = height * (0.5 + 0.16 * hill)
        rise = width * (0.1 + 0.05 * ((number + picture + hill) % 4))
        peak = width * ((number * 3 + picture * 2 + hill * 5) % 9) / 8
        points = [
            (0, height),
            (0, base + rise * 0.6),
            (peak, base - rise * 0.6),
            (width, base + rise * 0.5),
            (width, height),
        ]
        draw.polygon(points, fill=f"hsl({(hue + 20 * hill) % 360}, 40%, {54 - 15 * hill}%)")
    out = io.BytesIO()
    image.save(out, "WEBP", quality=70)
    return out.getvalue()


def view(**changes: Any) -> dict[str, Any]:
    """A view with changes."""
    return {
        "rows": "", "cols": "", "facet": "", "at": {}, "hide": {}, "picture": None, "size": 148, "sort": "",
        "descending": False, "where": "", "color": "", **changes,
    }  # fmt: skip


CHAOS, STYLIZE = [0, 25, 50, 75, 100], [0, 250, 500, 1000]
AXES: dict[str, list[Any]] = {"chaos": CHAOS, "stylize": STYLIZE}
GRID = view(rows="stylize", cols="chaos")
OFFERS = [
    {
        "deed": "upscale", "label": "Upscale", "help": "The picture, larger.", "modes": [], "each": "picture", "many": True,
        "choices": [
            {"value": "standard", "label": "standard", "price_micro": 100_000},
            {"value": "4x", "label": "4x", "price_micro": None},
        ],
    },
    {
        "deed": "reroll", "label": "Reroll", "help": "The same once more.", "modes": [], "each": "task", "many": True,
        "choices": [{"value": None, "label": "again", "price_micro": 100_000}],
    },
    {
        "deed": "inpaint", "label": "Inpaint", "help": "Repaint a part.", "modes": [], "each": "picture", "many": False,
        "choices": [],
    },
]  # fmt: skip
FACTS = {
    "text": "", "total": 0, "done": 0, "bad": 0, "now": 0, "pace": 1, "ended": True, "live": False, "simulated": True, "pays": "simulated",
    "title": "a lighthouse in fog, long exposure", "held": [["version", "v7"], ["speed", "fast"]], "rest": "",
}  # fmt: skip


def texts(board: BoardPage, css: str) -> list[str]:
    """The words of some nodes."""
    return board.page.locator(css).all_inner_texts()


def press(board: BoardPage, *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        board.page.keyboard.press(key)
    board.settle()


class BoardPage:
    """The board on a page, and the kernel's part in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def start(
        self, some: list[dict[str, Any]], given: list[dict[str, Any]], *, pictures: bool = True, **traits: Any
    ) -> BoardPage:  # fmt: skip
        """Open the board on columns and tiles; finished tiles get their pictures."""
        self.page.goto("about:blank")
        self.page.set_content(
            "<!doctype html><html lang='en'><title>board</title><style>body { margin: 16px; background: var(--jp-layout-color0, #fff) }"
            f"{_parts()[1]}</style><main><div id='board'></div><div id='second'></div></main>"
        )
        self.page.evaluate(_MODEL)
        all_traits = {
            "facts": FACTS, "columns": some, "view": view(), "selected": [], "offers": OFFERS, "trouble": "", "notice": "", **traits,
        }  # fmt: skip
        self.page.evaluate("([url, traits]) => start(url, traits)", [_parts()[0], all_traits])
        self.tell({"kind": "tiles", "tiles": given, "all": True})
        if pictures:
            self.send_pictures(given)
        self.settle()
        return self

    def darken(self) -> None:
        """Let night fall: the front end's colours are those of a dark theme now."""
        self.page.emulate_media(color_scheme="dark")
        self.page.evaluate(
            "all => Object.entries(all).forEach(([name, value]) => document.documentElement.style.setProperty(name, value))",
            DARK,
        )
        self.settle()

    def tell(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Say something as the kernel does."""
        encoded = [base64.b64encode(data).decode() for data in buffers]
        self.page.evaluate(
            "([content, texts]) => model.tell(content, texts.map(bytesOf))", [content, encoded]
        )

    def send_pictures(self, given: list[dict[str, Any]]) -> None:
        """Send the thumbnails of finished tiles, painted a few times over."""
        done = [one for one in given if one["state"] == "success" and not one["word"]]
        of = [(one, picture) for one in done for picture in range(one["count"])]
        sizes = {tuple(one["aspect"]) for one in done}
        kinds = {
            (aspect, n, p): painted(n, p, *_pixels(aspect))
            for aspect in sizes
            for n in range(min(24, len(done)))
            for p in range(4)
        }
        buffers = [
            kinds[tuple(one["aspect"]), at // 4 % min(24, len(done)), picture]
            for at, (one, picture) in enumerate(of)
        ]
        self.tell(
            {"kind": "pictures", "of": [{"id": one["id"], "picture": picture} for one, picture in of]},
            buffers,
        )

    def set(self, name: str, value: object) -> None:
        """Set a trait as Python does."""
        self.page.evaluate("([name, value]) => model.set(name, value)", [name, value])
        self.settle()

    def get(self, name: str) -> Any:
        """Read a trait."""
        return self.page.evaluate("name => model.get(name)", name)

    def sent(self, kind: str = "") -> list[dict[str, Any]]:
        """What the page has told the kernel."""
        said: list[dict[str, Any]] = self.page.evaluate("model.sent")
        return [one for one in said if not kind or one["kind"] == kind]

    def deeds(self) -> list[dict[str, Any]]:
        """What the page wants done, without the tokens, of which no two are the same."""
        said = self.sent("do")
        assert len({one["token"] for one in said}) == len(said)
        return [
            {name: value for name, value in one.items() if name not in {"kind", "token"}} for one in said
        ]

    def take(self) -> None:
        """Say that everything that was sent is taken, as Python does when it has answered."""
        for one in self.sent("do"):
            self.tell({"kind": "done", "token": one["token"]})
        self.settle()

    def settle(self) -> None:
        """Wait until two frames are drawn and all pictures in sight are decoded."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        self.page.evaluate(
            "() => Promise.all([...document.images].map(image => image.decode().catch(() => {})))"
        )

    def option(self, text: str) -> Any:
        """The tile of which a text is part of its label."""
        return self.page.get_by_role("option", name=text)

    def labels(self) -> list[str]:
        """The names of all tiles in the document, by place."""
        made = self.page.locator(".mjb-tile").evaluate_all(
            "nodes => nodes.map(n => [n.getBoundingClientRect(), n.firstChild.textContent.split(';')[0]])"
            ".sort(([a], [b]) => a.y - b.y || a.x - b.x).map(([, label]) => label)"
        )
        return list(made)


@cache
def _parts() -> tuple[str, str]:
    """The board's script as an address, and its style."""
    source = base64.b64encode(script(STATIC / "board.js").encode()).decode()
    return f"data:text/javascript;base64,{source}", style(STATIC / "board.css")


def _pixels(aspect: tuple[int, ...]) -> tuple[int, int]:
    wide, high = aspect
    return (192, round(192 * high / wide)) if wide >= high else (round(192 * wide / high), 192)
