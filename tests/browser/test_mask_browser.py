"""The mask painter in a real browser: most of it on a plain page with a model of its own, then once in each front end."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser.lab import Jupyter, run_all
from PIL import Image

from mjnb import masks
from mjnb.parts import Mask
from mjnb.widgets.mask import MaskPainter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Mask</title><style>{css}</style>
<style>body {{ margin: 16px; background: #fff; color: #1f1f1f }}
[data-theme=dark] {{ background: #111; color: #ddd; --jp-layout-color1: #111; --jp-layout-color2: #212121;
  --jp-ui-font-color1: #ddd; --jp-brand-color1: #64b5f6; --jp-border-color1: #616161 }}</style>
<body><main><h1 hidden>Mask</h1><div id="one"></div><div id="two"></div></main></body></html>"""
# A model as anywidget hands it to a widget: a change is told to all views, counted when it is saved, and heard by Python
# at once, unless that is busy.
MODEL = """async ([code, state]) => {
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer);
  const listeners = [];
  const values = { link: "", size: [], frame: [], told: "", heard: "", ...state, picture: bytes(state.picture), mask_png: bytes(state.mask_png) };
  let unsaved = new Set();
  window.saved = [];
  window.sent = [];
  window.model = {
    get: (name) => values[name],
    set(name, value) { values[name] = value; unsaved.add(name); window.model.tell(name); },
    save_changes() { window.saved.push([...unsaved]); unsaved = new Set(); if (!window.busy) window.model.hear(); },
    hear() { values.heard = values.told; window.model.tell("heard"); },
    send: (content) => window.sent.push(content),
    on: (event, call) => listeners.push([event, call]),
    off: (event, call) => listeners.splice(listeners.findIndex((one) => one[0] === event && one[1] === call), 1),
    tell: (name) => [...listeners].filter(([event]) => event === `change:${name}`).forEach(([, call]) => call()),
    python_sends: (content) => listeners.filter(([event]) => event === "msg:custom").forEach(([, call]) => call(content)),
    python(name, value) { values[name] = name === "mask_png" ? bytes(value) : value; window.model.tell(name); },
    encoded: () => btoa(new Uint8Array(values.mask_png.buffer).reduce((text, one) => text + String.fromCharCode(one), "")),
    listeners,
  };
  const module = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const widget = module.default();
  window.ends = [widget.initialize({ model: window.model })];
  window.view = (id) => window.ends.unshift(widget.render({ model: window.model, el: document.getElementById(id) }));
  window.view("one");
}"""


class Bench:
    """One painter on a plain page, spoken to as a person and as Python."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def begin(self, painter: MaskPainter) -> Bench:
        """Show a painter as Python would send it."""
        state = painter.get_state()
        sent = {name: base64.b64encode(state[name]).decode() for name in ("picture", "mask_png")}
        sent |= {name: state[name] for name in ("link", "size", "frame")}
        self.page.evaluate(MODEL, [MaskPainter._esm, sent])
        self.page.locator(".mjnb-mask:not(.mjnb-mask-waiting)").first.wait_for()
        return self

    @property
    def stage(self) -> Locator:
        """What is painted on."""
        return self.page.locator(".mjnb-mask-stage").first

    def button(self, name: str) -> Locator:
        """A button by what it says."""
        return self.page.get_by_role("button", name=name, exact=True).first

    def press(self, *keys: str) -> None:
        """Press keys on the stage."""
        for key in keys:
            self.stage.press(key)

    def at(self, x: float, y: float, canvas: tuple[int, int] = (640, 480)) -> tuple[float, float]:
        """Where a place on the canvas lies on the page, while all of it is shown."""
        box = self.stage.bounding_box()
        assert box is not None
        scale = min((box["width"] - 16) / canvas[0], (box["height"] - 16) / canvas[1])
        left, top = (
            (box[side] - size * scale) / 2 for side, size in zip(("width", "height"), canvas, strict=True)
        )
        return box["x"] + left + x * scale, box["y"] + top + y * scale

    def drag(self, *places: tuple[float, float], canvas: tuple[int, int] = (640, 480)) -> None:
        """Press at the first place and let go at the last."""
        first, *others = [self.at(*place, canvas) for place in places]
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for place in others:
            self.page.mouse.move(*place, steps=6)
        self.page.mouse.up()

    def saved(self, times: int) -> NDArray[np.bool_]:
        """Wait until Python has been told so many times in all; return the mask that it has then."""
        self.page.wait_for_function(f"window.saved.length >= {times}")
        assert self.page.evaluate("window.saved.length") == times
        png = base64.b64decode(self.page.evaluate("window.model.encoded()"))
        return masks.read(png) if png else np.zeros((480, 640), dtype=bool)

    def python(self, painted: NDArray[np.bool_]) -> None:
        """Tell the page of a mask, as Python does of one that it was given, also by another page."""
        png = base64.b64encode(masks.png_of(painted)).decode()
        self.page.evaluate("png => window.model.python('mask_png', png)", png)

    def status(self) -> str:
        """What the status line says."""
        return self.page.get_by_role("status").first.inner_text()


def picture(width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """A picture of a sunset, more or less: soft colours and some edges."""
    y, x = np.mgrid[:height, :width]
    light = np.stack(
        [220 - 90 * y / height, 120 + 60 * np.sin(x / width * 3), 90 + 120 * y / height], axis=-1
    )
    light[(x - 0.7 * width) ** 2 + (y - 0.35 * height) ** 2 < (0.12 * height) ** 2] = (255, 236, 190)
    light[y > 0.72 * height + 0.04 * height * np.sin(x / width * 14)] *= 0.45
    return light.astype(np.uint8)


@pytest.fixture
def bench(page: Page, tmp_path: Path) -> Bench:
    """A plain page."""
    file = tmp_path / "page.html"
    file.write_text(PAGE.format(css=MaskPainter._css), "utf-8")
    page.goto(file.as_uri())
    return Bench(page)


@pytest.fixture
def begun(bench: Bench) -> Bench:
    """A painter over a picture of 640 × 480 pixels, with nothing painted."""
    return bench.begin(MaskPainter(picture()))


def box(left: int, top: int, right: int, bottom: int) -> NDArray[np.bool_]:
    """A mask of one box."""
    painted = np.zeros((480, 640), dtype=bool)
    painted[top:bottom, left:right] = True
    return painted


def edges(painted: NDArray[np.bool_]) -> list[int]:
    """The box around what is painted: left, top, right, bottom."""
    y, x = np.nonzero(painted)
    return [int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1]


def test_brush_eraser_and_the_way_back(begun: Bench, console: list[str]) -> None:
    """A stroke paints, the eraser takes away, undo and redo walk; each is one message with the whole mask."""
    begun.drag((100, 100), (300, 100))
    first = begun.saved(1)
    assert begun.page.evaluate("window.saved") == [["mask_png", "told"]]
    assert edges(first) == pytest.approx([80, 80, 320, 120], abs=2)
    begun.press("e")
    begun.drag((200, 50), (200, 150))
    second = begun.saved(2)
    assert second[100, 150]
    assert not second[100, 200]
    begun.press("Control+z")
    assert (begun.saved(3) == first).all()
    begun.button("Redo").click()
    assert (begun.saved(4) == second).all()
    begun.button("Undo").click()
    begun.saved(5)
    begun.press("Control+z")
    assert not begun.saved(6).any()
    assert begun.button("Undo").is_disabled()
    assert [line for line in console if "error" in line.lower()] == []


def test_shapes_invert_and_clear(begun: Bench) -> None:
    """Rectangle, ellipse and polygon paint exactly what they enclose; invert and clear change the whole mask."""
    begun.press("r")
    begun.drag((400, 100), (520, 220))
    assert edges(begun.saved(1)) == pytest.approx([400, 100, 520, 220], abs=1)
    begun.press("i")
    assert begun.saved(2).mean() == pytest.approx(1 - 120 * 120 / 640 / 480, abs=0.003)
    begun.button("Clear").click()
    assert not begun.saved(3).any()
    begun.press("o")
    begun.drag((100, 100), (300, 200))
    assert begun.saved(4).sum() == pytest.approx(np.pi * 100 * 50, rel=0.02)
    begun.button("Clear").click()
    begun.saved(5)
    begun.press("p")
    for place in ((100, 300), (200, 300), (200, 400), (100, 300)):
        begun.page.mouse.click(*begun.at(*place))
    assert begun.saved(6).sum() == pytest.approx(5000, rel=0.03)


def test_a_mask_from_python(begun: Bench) -> None:
    """A mask set from Python is drawn without being sent back, and is a step that can be undone and redone."""
    begun.drag((50, 50), (90, 50))
    mine = begun.saved(1)
    theirs = box(320, 0, 640, 480)
    begun.python(theirs)
    begun.page.wait_for_function(
        "document.querySelector('[role=status]').textContent.includes('50.0 % painted')"
    )
    begun.press("Control+z")
    assert (begun.saved(2) == mine).all()
    begun.press("Control+y")
    assert (begun.saved(3) == theirs).all()


def test_another_page(begun: Bench) -> None:
    """What another page has painted is shown, and stays when somebody paints here; what this page has overwritten is not."""
    page = begun.page
    theirs = box(320, 0, 640, 240)
    begun.python(theirs)
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('25.0 % painted')")
    page.evaluate("window.busy = true")
    begun.drag((50, 300), (250, 300))
    both = begun.saved(1)
    assert both[theirs].all()
    assert both[300, 150]
    said, mine = begun.status(), page.evaluate("window.model.encoded()")
    begun.python(box(0, 0, 9, 9))
    page.evaluate("png => window.model.python('mask_png', png)", mine)
    page.evaluate("window.model.hear()")
    assert begun.status() == said
    begun.press("Control+z")
    assert (begun.saved(2) == theirs).all()


def test_it_says_when_it_is_left(begun: Bench) -> None:
    """Once neither pointer nor focus is in it, Python is told; a view made then begins as this one was left."""
    page = begun.page
    begun.drag((100, 100), (300, 100))
    begun.press("e", "]", "]")
    begun.button("Zoom in").click()
    zoom = page.locator(".mjnb-mask-scale").first.inner_text()
    assert zoom != "113 %"
    size = page.locator(".mjnb-mask-number").first.inner_text()
    page.mouse.move(2, 2)
    assert page.evaluate("window.sent") == []
    page.evaluate("document.activeElement.blur()")
    page.wait_for_function("window.sent.length")
    assert page.evaluate("window.sent") == [{"kind": "left"}]
    page.evaluate("window.model.python_sends({kind: 'anew'})")
    page.evaluate("window.view('two')")
    again = page.locator("#two")
    assert again.locator(".mjnb-mask-number").first.inner_text() == size
    assert again.get_by_role("button", name="Eraser").get_attribute("aria-pressed") == "true"
    assert again.locator(".mjnb-mask-scale").inner_text() == zoom


def test_two_views(begun: Bench) -> None:
    """Two views of one painter show the same, and one can undo what the other painted; both end without a trace."""
    page = begun.page
    page.evaluate("window.view('two')")
    begun.drag((100, 100), (300, 100))
    begun.saved(1)
    said = [node.inner_text().split(" · ")[1] for node in page.get_by_role("status").all()]
    assert said[0] == said[1] != "0 % painted anew"
    page.locator("#two .mjnb-mask-stage").press("Control+z")
    assert not begun.saved(2).any()
    page.evaluate("window.ends.forEach(end => end())")
    assert page.evaluate(
        "[window.model.listeners.length, document.querySelectorAll('.mjnb-mask').length]"
    ) == [0, 0]


def test_zoomed_and_panned(begun: Bench) -> None:
    """What is painted lands under the pointer at any zoom; dragging with the space bar held paints nothing."""
    page, stage = begun.page, begun.stage
    target = begun.at(480, 120)
    page.mouse.move(*target)
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -60)
    page.keyboard.up("Control")
    stage.focus()
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(target[0] - 100, target[1] + 60, steps=4)
    page.mouse.up()
    page.keyboard.up(" ")
    begun.press("[", "[", "[", "[", "[", "[")
    page.mouse.click(target[0] - 100, target[1] + 60)
    left, top, right, bottom = edges(begun.saved(1))
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((480, 120), abs=2)
    begun.button("Fit").click()
    assert page.get_by_text("113 %").is_visible()


def test_by_keyboard_alone(begun: Bench) -> None:
    """Everything can be painted with the cross-hair; the status line says where it is and what the next key does."""
    begun.press("r", "Enter", *["Shift+ArrowRight"] * 4, *["Shift+ArrowDown"] * 3)
    assert begun.status().endswith("at 360, 270 · Enter sets the opposite corner, Escape leaves off")
    begun.press("Enter")
    assert (begun.saved(1) == box(320, 240, 360, 270)).all()
    begun.press("b", "Enter", *["Shift+ArrowLeft"] * 10, "Escape")
    begun.press("Enter", *["Shift+ArrowLeft"] * 10, "Enter")
    assert edges(begun.saved(2)) == pytest.approx([140, 240, 360, 290], abs=2)
    begun.press(
        "p", "Space", *["Shift+ArrowUp"] * 9, "Space", *["Shift+ArrowRight"] * 9, "Space", "Backspace"
    )
    begun.press(*["Shift+ArrowRight"] * 3, "Enter", "Enter")
    assert "at least 3 corners" not in begun.status()
    assert begun.saved(3).sum() > 5000


def test_a_larger_canvas(begun: Bench) -> None:
    """The picture is placed on a larger canvas by preset, number, drag and key, and can never leave it."""
    page = begun.page
    begun.press("c")
    page.get_by_label("Canvas preset").select_option(label="25 % more on each side")
    frame = "window.model.get('frame')"
    assert page.evaluate(frame) == [960, 720, 160, 120, 640, 480]
    begun.drag((480, 360), (600, 380), canvas=(960, 720))
    assert page.evaluate(frame) == pytest.approx([960, 720, 280, 140, 640, 480], abs=1)
    begun.press(*["Shift+ArrowRight"] * 6)
    assert page.evaluate(frame)[2] == 320
    page.get_by_label("Canvas width").fill("100")
    page.get_by_label("Canvas width").press("Enter")
    assert page.evaluate(frame) == pytest.approx([640, 720, 0, 140, 640, 480], abs=1)
    begun.press("r")
    begun.drag((100, 340), (200, 440), canvas=(640, 720))
    page.wait_for_function("window.model.get('mask_png').byteLength")
    painted = masks.read(base64.b64decode(page.evaluate("window.model.encoded()")))
    assert edges(painted) == pytest.approx([100, 200, 200, 300], abs=2)
    page.evaluate("window.model.python('frame', [])")
    assert "canvas" not in begun.status()


@pytest.mark.parametrize(("width", "height"), [(2048, 256), (300, 2048), (4096, 4096)])
def test_any_size(bench: Bench, width: int, height: int) -> None:
    """Wide, tall and large pictures get a mask of their own size, painted where the pointer was."""
    bench.begin(MaskPainter(picture(width, height)))
    bench.press("r")
    corners = ((width // 4, height // 4), (width // 2, height // 2))
    bench.drag(*corners, canvas=(width, height))
    painted = bench.saved(1)
    assert painted.shape == (height, width)
    assert edges(painted) == pytest.approx([*corners[0], *corners[1]], abs=max(width, height) / 300)


def test_a_picture_by_its_url(bench: Bench, tmp_path: Path) -> None:
    """A URL is shown without Python; its size comes back from the browser, and painting needs no leave of its server."""
    Image.fromarray(picture(320, 200)).save(tmp_path / "far.png")
    bench.page.route(
        "http://pictures.test/*",
        lambda route: route.fulfill(path=tmp_path / "far.png", content_type="image/png"),
    )
    bench.begin(MaskPainter("http://pictures.test/far.png"))
    assert bench.page.evaluate("window.model.get('size')") == [320, 200]
    bench.drag((100, 100), (200, 100), canvas=(320, 200))
    assert bench.saved(2).shape == (200, 320)


def test_a_picture_that_is_not_there(bench: Bench) -> None:
    """A picture that cannot be loaded is said so; with its size known the mask can be painted all the same."""
    bench.page.route("http://pictures.test/*", lambda route: route.abort())
    painter = MaskPainter("http://pictures.test/gone.png", Mask.box(0, 0, 9, 9, size=(320, 200)))
    painter.size = [320, 200]
    bench.begin(painter)
    assert "could not be loaded" in bench.page.get_by_role("alert").inner_text()
    bench.drag((100, 100), (200, 100), canvas=(320, 200))
    assert bench.saved(1).any()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(
    begun: Bench, axe: Callable[..., list[str]], shoot: Callable[[str], Path], theme: str
) -> None:
    """axe-core finds nothing in light and dark, with any tool, and nothing below the stage jumps from tool to tool."""
    page = begun.page
    page.evaluate("theme => document.body.dataset.theme = theme", theme)
    begun.drag((100, 100), (300, 150), (260, 300))
    tops = set()
    for key in "beprohc":
        begun.press(key)
        tops.add(page.get_by_role("status").first.evaluate("node => node.getBoundingClientRect().top"))
    assert len(tops) == 1
    assert axe("body") == []
    page.get_by_label("Canvas preset").select_option(label="16:9 around the picture")
    shoot(f"mask-{theme}")
    begun.press("b")
    assert axe("body") == []


CELLS = """
import numpy as np, mjnb, ipywidgets
painter = mjnb.MaskPainter(np.full((480, 640, 3), 160, dtype="uint8"))
said = ipywidgets.Label("nothing yet")
painter.observe(lambda change: setattr(said, "value", f"{painter.coverage:.3f} of {painter.size}"), "mask_png")
display(painter, said)
"""


def show(jupyter: Jupyter, page: Page, where: str) -> None:
    """Open a notebook with a painter and run it."""
    name = jupyter.write(f"mask-{where}.ipynb", CELLS)
    if where == "voila":
        jupyter.open_voila(page, name)
    elif where == "lab":
        jupyter.open(page, name)
        run_all(page)
    else:
        jupyter.run_notebook(page, name)


@pytest.mark.parametrize("where", ["lab", "notebook", "voila"])
def test_in_a_front_end(
    jupyter: Jupyter, page: Page, where: str, console: list[str], shoot: Callable[[str], Path]
) -> None:
    """A rectangle painted in Lab, Notebook and Voilà reaches Python, and the front end's shortcuts stay quiet."""
    show(jupyter, page, where)
    page.locator(".mjnb-mask:not(.mjnb-mask-waiting)").wait_for(timeout=60_000)
    bench = Bench(page)
    bench.stage.scroll_into_view_if_needed()
    bench.button("Rectangle").click()
    bench.drag((64, 48), (384, 288))
    page.get_by_text("of [640, 480]").wait_for()
    for key in "iadd":  # two d delete a cell that has the focus
        page.keyboard.press(key)
    page.get_by_text("0.750 of [640, 480]").wait_for()
    shoot(f"mask-{where}")
    assert bench.stage.is_visible()
    assert [line for line in console if "mjnb" in line] == []
