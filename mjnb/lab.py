"""`mjnb lab`: JupyterLab on copies of the notebooks, never over a user's own copy."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from mjnb.errors import SetupError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["Copies", "copy_notebooks", "need_lab", "open_lab"]


@dataclass(slots=True)
class Copies:
    """What became of each notebook: names of files written, and of those that were there already."""

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Say it, one line each.

        >>> print(Copies(["a.ipynb"], ["b.ipynb"]).text())
        Written: a.ipynb.
        Kept as they are: b.ipynb.
        """
        lines = [("Written", self.written), ("Kept as they are", self.kept)]
        return "\n".join(f"{word}: {', '.join(names)}." for word, names in lines if names)


def copy_notebooks(folder: Path, *, fresh: bool = False) -> Copies:
    """Copy the notebooks that a folder lacks; a file that is there is never written to.

    Args:
        folder: Where to; made if need be.
        fresh: Put a numbered copy (`01_first_sweep-2.ipynb`) beside each one that has changed since.

    Raises:
        SetupError: The notebooks are not in this installation.
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copies = Copies()
    for notebook in _ours():
        data = notebook.read_bytes()
        if _write(folder / notebook.name, data):
            copies.written.append(notebook.name)
        elif fresh and (name := _beside(folder / notebook.name, data)):
            copies.written.append(name)
        else:
            copies.kept.append(notebook.name)
    return copies


def _ours() -> list[Traversable]:
    """Find the notebooks: inside the installed package, or beside it in a checkout."""
    package = files("mjnb")
    checkout = Path(str(package)).parent
    places: list[Traversable] = [package / "notebooks"]
    places += [checkout / "notebooks"] if (checkout / "pyproject.toml").is_file() else []
    for place in places:
        if place.is_dir():
            found = [item for item in place.iterdir() if item.name.endswith(".ipynb")]
            return sorted(found, key=lambda item: item.name)
    raise SetupError("The notebooks are not in this installation; install mjnb from its wheel.")


def _write(path: Path, data: bytes) -> bool:
    """Write a new file; say whether there was none."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    return True


def _beside(path: Path, data: bytes) -> str:
    """Write the first free numbered copy and return its name, or "" if these bytes are there already."""
    for number in count(1):
        place = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        if place.is_file() and place.read_bytes() == data:
            return ""
        if _write(place, data):
            return place.name
    raise AssertionError  # numbers do not end


def open_lab(folder: Path, *, browser: bool = True, port: int | None = None, as_root: bool = False) -> None:
    """Serve JupyterLab on a folder until Ctrl-C, on its first notebook.

    Args:
        folder: What it shows.
        browser: Open a page as well; the address is printed either way.
        port: The port to serve on, and no other; None takes 8888 or the next free one.
        as_root: Let it run as root, which Jupyter refuses otherwise.
    """
    first = min((path.name for path in folder.glob("*.ipynb")), default="")
    words = [f"--ServerApp.root_dir={folder.resolve()}", f"--LabApp.default_url=/lab/tree/{first}"]
    words += [] if browser else ["--no-browser"]
    words += [] if port is None else [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    words += ["--allow-root"] if as_root else []
    import_module("jupyterlab.labapp").LabApp.launch_instance(argv=words)


def need_lab() -> None:
    """Refuse in one line where JupyterLab is not installed.

    Raises:
        SetupError: It is not.
    """
    if find_spec("jupyterlab") is None:
        raise SetupError("JupyterLab is not installed: pip install 'mjnb[lab]'")
