"""What a widget's page needs: readable ES modules, joined into the one text that anywidget takes, and their CSS.

The files under a `static` folder are modules like any other and import each other by relative names; a browser that is
handed one text cannot follow those, so the imports are resolved here. There is no build: what is read is what runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["script", "style"]

_IMPORT = re.compile(r'^import\s+(?:\{[^}]*\}\s+from\s+)?"(\.{1,2}/[\w./-]+\.js)";[ \t]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)


def script(entry: Path) -> str:
    """Return a module and everything it imports by relative name, each file once, what is needed first.

    Names that are exported anywhere must be unique, and `import {a} from "./b.js";` (or `"../b.js"`) is the one form of an import.

    Args:
        entry: The module that has the default export.
    """
    return "\n".join(_plain(path) for path in _ordered(entry.resolve(), ()))


def style(*files: Path) -> str:
    """Return style sheets as one text."""
    return "\n".join(path.read_text("utf-8") for path in files)


def _ordered(path: Path, above: tuple[Path, ...]) -> list[Path]:
    if path in above:
        raise ValueError(f"{path.name} imports itself by way of {above[-1].name}")
    found: dict[Path, None] = {}
    for name in _IMPORT.findall(path.read_text("utf-8")):
        found |= dict.fromkeys(_ordered((path.parent / name).resolve(), (*above, path)))
    return [*found, path]


def _plain(path: Path) -> str:
    return _EXPORT.sub("", _IMPORT.sub("", path.read_text("utf-8")))
