"""A private Jupyter for tests (Lab, Notebook 7, Voilà): free port, random token, folders of its own, kernels ended with it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython",
    "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
}  # fmt: skip
_START_S = 60.0


@dataclass
class Jupyter:
    """A running server; notebooks lie in `root`."""

    url: str
    token: str
    root: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path) -> Jupyter:
        """Start it and wait until it answers."""
        root = folder / "root"
        root.mkdir(parents=True)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        token = secrets.token_hex(16)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                _command(port, token, root), cwd=root, env=_environment(folder), stdout=log, stderr=log
            )
        jupyter = cls(f"http://127.0.0.1:{port}", token, root, process)
        end = time.monotonic() + _START_S
        while not jupyter._answers():
            if process.poll() is not None or time.monotonic() > end:
                jupyter.stop()
                raise RuntimeError((folder / "log").read_text()[-3000:])
            time.sleep(0.1)
        return jupyter

    def _answers(self) -> bool:
        try:
            return "version" in self.api("/api")
        except OSError:
            return False

    def api(self, path: str) -> Any:
        """Ask its REST interface."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=5) as reply:
            return json.load(reply)

    def stop(self) -> None:
        """End it, its kernels first."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def write(self, name: str, *cells: str) -> str:
        """Put a notebook of code cells into the root and return its name."""
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, self.root / name)
        return name

    def open(self, page: Page, name: str, *, theme: str = "JupyterLab Light") -> None:
        """Open a notebook alone in the window, in one of Lab's themes."""
        page.goto(f"{self.url}/doc/tree/{name}?reset&token={self.token}")
        page.wait_for_function(
            "window.jupyterapp && document.querySelector('.jp-NotebookPanel .jp-Cell')", timeout=60_000
        )
        page.evaluate("async () => { await jupyterapp.restored }")
        page.evaluate(
            f"async () => {{ await jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}}) }}"
        )
        page.wait_for_function(f"{_PANEL}.sessionContext.session?.kernel", timeout=60_000)

    def run_notebook(self, page: Page, name: str) -> None:
        """Open a notebook in Notebook 7, which lends its insides to nobody, and run its first cell by its own keys."""
        page.goto(f"{self.url}/notebooks/{name}?token={self.token}")
        cell = page.locator(".jp-CodeCell .cm-content").first
        cell.wait_for(timeout=60_000)
        while not self._is_connected(name):  # earlier, running a cell asks for a kernel
            page.wait_for_timeout(100)
        cell.press("Shift+Enter")

    def _is_connected(self, name: str) -> bool:
        kernels = [session["kernel"] for session in self.api("/api/sessions") if session["path"] == name]
        return any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels)

    def open_voila(self, page: Page, name: str, *, theme: str = "light") -> None:
        """Open a notebook as a page without code; its cells run by themselves."""
        page.goto(f"{self.url}/voila/render/{name}?token={self.token}&theme={theme}", timeout=60_000)


_PANEL = "[...jupyterapp.shell.widgets('main')].find(one => one.sessionContext)"


def run_all(page: Page) -> None:
    """Run every cell; do not wait for them."""
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")


def wait_idle(page: Page, timeout_ms: float = 60_000) -> None:
    """Wait until every cell has run and the kernel has nothing to do."""
    page.wait_for_function(
        f"""() => {{ const panel = {_PANEL};
        return [...panel.content.model.cells].every(cell => cell.type !== "code" || cell.executionCount)
            && panel.sessionContext.session.kernel.status === "idle" }}""",
        timeout=timeout_ms,
    )


def _command(port: int, token: str, root: Path) -> list[str]:
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
        "--expose-app-in-browser", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MJNB_")}
    for name, sub in _FOLDERS.items():
        (folder / sub).mkdir()
        kept[name] = str(folder / sub)
    news = folder / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    return kept | {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "MJNB_GATEWAY": "simulator"}
