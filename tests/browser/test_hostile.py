"""Text from outside on one page: every view of it in JupyterLab, and the report; nothing runs, and all of it can be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.lab import Jupyter, run_all, wait_idle

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

TESTS = Path(__file__).parents[1]
MARK = "READABLE"
SET_UP = f"""
import sys, tempfile, warnings
sys.path.insert(0, {str(TESTS)!r})
import ipywidgets, mjnb
from misbehaving import Gateway, told
warnings.simplefilter("ignore")
RUNS = "window.ran = (window.ran || 0) + 1"
EVIL = (
    f'{MARK}<script>{{RUNS}}</script><img src=x onerror="{{RUNS}}"><svg/onload="{{RUNS}}">"\\' onmouseover="{{RUNS}}" autofocus onfocus="{{RUNS}}"'
    f'</style></textarea></title></script><script>{{RUNS}}</script><iframe srcdoc="<script>parent.ran=1</script>">'
    "[link](javascript:alert(1)) ${{{{constructor.constructor('alert(1)')()}}}} \\u202egnp.exe\\u202c \\x1b[31mred\\x1b[0m \\x07 \\u2028"
)
FLOOD = EVIL + "🦊" * 2000
FORMULA = r"{MARK} $$\\href{{javascript:window.ran=1}}{{x}}$$ $\\unicode{{x41}}$ <b>bold</b>"
failed = told(taskId=f"id-{{EVIL}}", state="failed", failCode=f"CODE-{{EVIL}}", failMsg=f"REASON-{{FLOOD}}")
urls = '{{"resultUrls": ["javascript:window.ran=1", "https://x.test/\\\\"><script>window.ran=1</script>", "data:text/html,<script>window.ran=1</script>", ""]}}'
poisoned = told(taskId="t", state="success", resultJson=urls)
"""
SPEAK = """
gateway = Gateway(
    submits=[told(taskId=f"id-{n}-{EVIL}"[:400]) for n in range(60)],
    statuses=[failed, poisoned],
).__enter__()
mj = mjnb.Session("apixo", api_key="none-of-ours", base_url=gateway.url, time_scale=600, store=tempfile.mkdtemp(), quiet=True)
for prompt in (EVIL, FORMULA):
    for _ in range(2):
        try:
            mj.imagine(prompt).result(timeout=20)
        except mjnb.MjnbError as error:
            print(error)
entries = mj.store.all()
sweep = mjnb.Sweep([EVIL, FORMULA, EVIL + " again"], chaos=[0, 100])
run = sweep.start(mj, budget=9)
"""
SHOW = {
    "tasks": "for entry in entries: display(mj.task(entry.task_id))",
    "run": "display(run)",
    "frame": "df = await run\ndisplay(df.mj.thumbs())",
    "plan": "display(sweep.plan(mj).result())",
    "board": "board = run.board(); display(board)",
    "form": "form = mjnb.RequestForm('text-to-image', mj, prompt=EVIL); display(form); form.generate_button.click() if hasattr(form.generate_button, 'click') else None",
    "another form": "display(mjnb.RequestForm('vary', mj))",
    "sweep form": "display(mjnb.SweepForm(mj, mjnb.TextToImage(prompt=EVIL)))",
    "studio": "display(mjnb.Studio(mj))",
    "report": "df.mj.report('report.html', title=EVIL)",
}
"""What is shown, a cell each."""


def test_nothing_runs(
    jupyter: Jupyter, page: Page, console: list[str], shoot: Callable[[str], Path]
) -> None:
    """Prompts, reasons, ids and addresses that are scripts run in no view of a trusted notebook, nor when it is opened again, nor in a report."""
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.set_viewport_size({"width": 1400, "height": 3000})
    name = jupyter.write("hostile.ipynb", SET_UP, SPEAK, *SHOW.values())
    jupyter.open(page, name)
    run_all(page)
    wait_idle(page)
    page.wait_for_function(
        "document.querySelectorAll('.jp-OutputArea-output').length >= 11", timeout=30_000
    )
    assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr] >> text=Traceback").count() == 0
    unharmed(page, dialogs)
    for number, view in enumerate(SHOW, start=2):
        if view not in {"plan", "another form", "report"}:
            cell = page.locator(".jp-Cell").nth(number)
            cell.scroll_into_view_if_needed()
            assert MARK in text_of(page, number), f"{view} does not show what was written"
    page.evaluate(TOUCH)
    unharmed(page, dialogs)
    page.locator(".mjb-tile").first.click()
    page.locator(".mjb-box[open]").filter(has_text=MARK).wait_for()
    unharmed(page, dialogs)
    shoot("hostile")
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    page.goto("about:blank")
    jupyter.open(page, name)
    page.wait_for_selector(".jp-OutputArea-output", timeout=30_000)
    unharmed(page, dialogs)
    assert not [line for line in console if "Uncaught" in line]
    page.goto((jupyter.root / "report.html").as_uri())
    page.wait_for_function(f"document.body.innerText.includes('{MARK}')")
    assert page.title().startswith(MARK)
    unharmed(page, dialogs)


TOUCH = """() => { for (const one of document.querySelectorAll('.jp-OutputArea-output *')) {
    for (const kind of ['mouseover', 'mouseenter', 'mousemove', 'focus', 'load', 'error'])
        one.dispatchEvent(new Event(kind, {bubbles: false})) } }"""
"""What a hand and a network could bring about, of everything that is shown."""


def text_of(page: Page, cell: int) -> str:
    """Return what a cell's outputs show, in fields too."""
    found: str = page.evaluate(
        """(n) => { const cell = document.querySelectorAll('.jp-Cell')[n].querySelector('.jp-Cell-outputWrapper');
        const fields = [...cell.querySelectorAll('textarea, input')].map(one => one.value);
        const said = [...cell.querySelectorAll('[aria-label], [title], [alt]')].flatMap(one => [one.title, one.ariaLabel, one.alt]);
        return [cell.textContent, ...fields, ...said].join(' ') }""",
        cell,
    )
    return found


def unharmed(page: Page, dialogs: list[str]) -> None:
    """Hold that nothing has run, and that no element was made of the text."""
    page.wait_for_timeout(300)
    assert dialogs == []
    assert page.evaluate("window.ran") is None
    made = """() => [...document.querySelectorAll(location.protocol === 'file:' ? 'body *' : '.jp-OutputArea-output *')].filter(one =>
        [...one.attributes].some(a => /^on/.test(a.name) || /^\\s*javascript:/i.test(a.value))
        || one.matches('img[src=x], iframe[srcdoc], [autofocus], svg[onload], mjx-container')
        || (one.tagName === 'SCRIPT' && one.type !== 'application/json' && one.textContent.includes('window.ran'))).map(one => one.outerHTML.slice(0, 200))"""
    assert page.evaluate(made) == []
