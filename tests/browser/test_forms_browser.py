"""Forms and the studio in real front ends: filled in, judged, drawn, gone on from, and looked at by axe-core."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.lab import Jupyter, run_all
from PIL import Image as Pillow

import mjnb

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

START = """
import tempfile, mjnb
mj = mjnb.Session("{gateway}", time_scale=60, store=tempfile.mkdtemp(), quiet=True)
{code}
"""
STUDIO = Path(mjnb.__file__).parents[1] / "notebooks" / "05_studio.ipynb"
_numbers = count()


@pytest.fixture
def cell(jupyter: Jupyter, page: Page) -> Callable[..., None]:
    """Open a notebook with one cell of code after the session, and run it."""

    def run(code: str, theme: str = "JupyterLab Light", gateway: str = "simulator") -> None:
        page.set_viewport_size({"width": 1400, "height": 1300})
        cell = START.format(code=code, gateway=gateway)
        jupyter.open(page, jupyter.write(f"form-{next(_numbers)}.ipynb", cell), theme=theme)
        run_all(page)
        page.locator(".mjnb-field").first.wait_for(timeout=30_000)

    return run


def drawn(page: Page, least: int) -> None:
    """Wait until some pictures are on the page."""
    page.wait_for_function(
        f"document.querySelectorAll('.mjnb-picture img').length >= {least}", timeout=30_000
    )


def test_a_form_from_words_to_a_larger_picture(
    cell: Callable[..., None],
    page: Page,
    console: list[str],
    axe: Callable[..., list[str]],
    shoot: Callable[[str], Path],
) -> None:
    """A form is filled in, a mistake is told, it is mended by the keyboard, drawn, one picture enlarged, and walked back."""
    cell('mjnb.RequestForm("text-to-image", mj)')
    assert page.get_by_role("button", name="Generate").is_disabled()
    page.get_by_label("Prompt", exact=True).fill("a lighthouse at dusk")
    box = page.get_by_role("spinbutton", name="Chaos as a number")
    box.fill("500")
    page.get_by_role("alert").filter(has_text="an integer from 0 to 100").wait_for()
    shoot("form-light-wrong")
    assert page.get_by_role("button", name="Generate").is_disabled()
    box.fill("50")
    slider = page.get_by_role("slider", name="Chaos")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "[...document.querySelectorAll('.mjnb-reading')].some(e => e.textContent.startsWith('51 · balanced'))"
    )
    page.get_by_text("What will be sent").click()
    page.wait_for_function(
        "[...document.querySelectorAll('textarea')].some(e => e.value.includes('chaos=51'))"
    )
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("progressbar", name="progress of this task").wait_for()
    drawn(page, 4)
    page.get_by_label("upscale picture 2").click()
    page.get_by_role("button", name="2x picture 2").click()
    drawn(page, 5)
    page.get_by_role("navigation").get_by_text("upscale 2 (2x)").wait_for()
    page.get_by_role("radio", name="4 of 5 stars").first.check(force=True)
    page.wait_for_function("document.querySelector('.mjnb-stars').textContent === '★★★★☆'")
    shoot("form-light-drawn")
    assert axe(".jp-OutputArea-output") == []
    looks_large(page)
    assert [line for line in console if line.startswith("error")] == []


def focused(page: Page) -> str:
    """Say where the keyboard is."""
    return str(page.evaluate("document.activeElement.textContent || document.activeElement.tagName"))


def test_the_keyboard_keeps_its_place(cell: Callable[..., None], page: Page) -> None:
    """By the keyboard alone: Generate keeps the focus, an opened form takes it, and nothing is redrawn under a reader."""
    cell('form = mjnb.RequestForm("text-to-image", mj, prompt="a fox")\nform')
    page.evaluate("window.first = document.querySelector('.mjnb-result, .mjnb-field')")
    page.get_by_role("button", name="Generate").focus()
    page.keyboard.press("Enter")
    drawn(page, 4)
    assert "Generate" in focused(page)
    page.get_by_role("button", name="picture 0, look at it in large").click()
    page.get_by_role("dialog").wait_for()
    page.mouse.move(1, 1)
    page.keyboard.press("ArrowRight")
    page.get_by_role("dialog").get_by_text("picture 1 ·").wait_for()
    assert page.evaluate("window.first.isConnected")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="inpaint… picture 1").press("Enter")
    page.get_by_role("button", name="Close", exact=True).wait_for()
    page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
    page.get_by_role("button", name="Close", exact=True).press("Enter")
    page.wait_for_function("document.activeElement.classList.contains('mjnb-result')")
    page.locator(".jp-Notebook-footer, .jp-NotebookPanel-toolbar").first.click()
    page.wait_for_function("!window.first.isConnected", timeout=15_000)  # now the still picture was renewed


def looks_large(page: Page) -> None:
    """Open a picture in large, go on by an arrow, and back by Escape."""
    page.get_by_role("button", name="picture 0, look at it in large").first.click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    page.keyboard.press("ArrowRight")
    dialog.get_by_text("picture 1 ·").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_every_mode_in_the_dark(
    cell: Callable[..., None], page: Page, axe: Callable[..., list[str]], shoot: Callable[[str], Path]
) -> None:
    """Every mode's form, after a task was drawn, holds up to axe-core in the dark theme."""
    cell("studio = mjnb.Studio(mj)\nstudio", "JupyterLab Dark")
    page.get_by_label("Prompt", exact=True).fill("a fox in the snow")
    page.get_by_role("button", name="Generate").click()
    drawn(page, 4)
    page.locator(".mjnb-item").first.wait_for()
    fields = {
        "vary": "Strength",
        "upscale": "Kind",
        "upload-paint": "Canvas",
        "image-to-image": "Pictures",
    }
    for mode, field in fields.items():
        page.get_by_role("radio", name=mode, exact=True).check(force=True)
        page.locator(".mjnb-fields .mjnb-label").filter(has_text=field).first.wait_for()
        found = axe(".jp-OutputArea-output")
        shoot(f"studio-dark-{mode}")
        assert found == [], mode


def test_words_from_a_picture(
    cell: Callable[..., None], page: Page, axe: Callable[..., list[str]], shoot: Callable[[str], Path]
) -> None:
    """Folds open by the keyboard; a picture is described by its menu, and a description goes into the form for pictures."""
    cell("studio = mjnb.Studio(mj)\nstudio", "JupyterLab Dark", "simulator:acedata")
    more = page.get_by_role("button", name="More")
    assert not page.get_by_text("Style references", exact=True).is_visible()
    more.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Style references", exact=True).wait_for()
    page.get_by_role("button", name="does not take").press("Enter")
    page.get_by_text("in APIXO (reference page)").wait_for()
    assert axe(".jp-OutputArea-output") == []
    page.get_by_label("Prompt", exact=True).fill("a fox in the snow")
    page.get_by_role("button", name="Generate").click()
    drawn(page, 4)
    page.get_by_text("Not offered here").click()
    page.get_by_text("Upscale one of its pictures first").first.wait_for()
    page.get_by_label("more picture 1").click()
    page.get_by_role("button", name="describe picture 1").click()
    page.locator(".mjnb-answer li").nth(3).wait_for()
    assert axe(".jp-OutputArea-output") == []
    shoot("studio-dark-words")
    words = page.locator(".mjnb-answer-text").nth(2).inner_text()
    page.get_by_role("button", name="use as prompt text 2").click()
    page.wait_for_function("words => document.querySelector('.mjnb-area').value === words", arg=words)


def test_clips_and_files(
    cell: Callable[..., None],
    page: Page,
    axe: Callable[..., list[str]],
    shoot: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    """A file is uploaded and seen small; of a clip made of it nothing is loaded until play is pressed, and then it plays from its bytes."""
    Pillow.new("RGB", (300, 200), "orange").save(tmp_path / "fox.png")
    cell('mjnb.RequestForm("video", mj, prompt="it runs")', gateway="simulator:apimart")
    page.set_input_files("input[type=file]", tmp_path / "fox.png")
    page.locator(".mjnb-link-thumb img").wait_for()
    page.get_by_text("PNG of this computer").wait_for()
    page.get_by_role("button", name="Generate").click()
    page.locator(".mjnb-clip-frame").first.wait_for()
    assert page.locator("video").count() == 0
    assert axe(".jp-OutputArea-output") == []
    page.get_by_role("button", name="play clip 0").press("Enter")
    page.wait_for_function("document.querySelector('video')?.currentTime > 0")
    assert page.evaluate("document.querySelector('video').src.startsWith('blob:')")
    assert axe(".jp-OutputArea-output") == []
    shoot("form-clip")


def test_the_studio_without_python(
    jupyter: Jupyter,
    page: Page,
    console: list[str],
    axe: Callable[..., list[str]],
    shoot: Callable[[str], Path],
) -> None:
    """In Voilà somebody without Python draws, varies, finds it in the history and takes the settings back, by clicks alone."""
    shutil.copy(STUDIO, jupyter.root / "studio.ipynb")
    jupyter.open_voila(page, "studio.ipynb")
    page.get_by_text("Nothing is charged").wait_for(timeout=60_000)
    assert page.locator(".jp-InputArea-editor").count() == 0
    page.get_by_label("Prompt", exact=True).fill("an old harbour in the fog")
    page.get_by_role("radio", name="3:2").check(force=True)
    page.get_by_role("button", name="Generate").click()
    drawn(page, 4)
    page.get_by_label("vary picture 1").click()
    page.get_by_role("button", name="subtle picture 1").click()
    drawn(page, 8)
    page.locator(".mjnb-item").nth(1).wait_for()
    shoot("studio-voila")
    assert axe(".mjnb-studio") == []
    page.get_by_role("button", name="use these settings").first.click()
    page.locator(".mjnb-item").first.click()
    page.get_by_role("radio", name="subtle", exact=True).wait_for(state="attached")
    errors = [line for line in console if "SyntaxError" in line or "TypeError" in line]
    # ipywidgets' own layout may send one last message to a view that it has let go of
    assert [line for line in errors if "processLuminoMessage" not in line] == []


def test_notebook_7(jupyter: Jupyter, page: Page, shoot: Callable[[str], Path]) -> None:
    """In Notebook 7 the form draws as well, on a narrow window in one column."""
    page.set_viewport_size({"width": 700, "height": 1200})
    code = START.format(code='mjnb.RequestForm("text-to-image", mj, prompt="a fox")', gateway="simulator")
    name = jupyter.write(f"form-{next(_numbers)}.ipynb", code)
    jupyter.run_notebook(page, name)
    page.get_by_role("button", name="Generate").click(timeout=60_000)
    drawn(page, 4)
    shoot("form-notebook7")
    fields, outcome = (page.locator(css).bounding_box() for css in (".mjnb-fields", ".mjnb-outcome"))
    assert fields is not None
    assert outcome is not None
    assert outcome["y"] >= fields["y"] + fields["height"] - 1
