"""What all widgets share: modules joined into one text, and the still picture beside the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell

from mjnb.theme import in_words
from mjnb.views.assets import script, style
from mjnb.views.fallback import Stills

if TYPE_CHECKING:
    from pathlib import Path

WIDGET = "application/vnd.jupyter.widget-view+json"


class Named(Stills, ipywidgets.HBox):
    """A widget with a still picture."""

    def still(self) -> dict[str, Any]:
        """Say how many children it has."""
        return {"text/html": f"<b>{len(self.children)} children</b>", "text/plain": "a box"}


def test_modules_become_one_text_each_once(tmp_path: Path) -> None:
    """What is imported comes before what imports it, once, without the words `import` and `export`."""
    (tmp_path / "c.js").write_text("export const c = 3;\n")
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\nexport function b() { return c; }\n')
    (tmp_path / "a.js").write_text(
        'import {\n  b,\n} from "./b.js";\nimport { c } from "./c.js";\nexport default { a: b() + c };\n'
    )
    lines = [line for line in script(tmp_path / "a.js").splitlines() if line]
    assert lines == [
        "const c = 3;",
        "function b() { return c; }",
        "export default { a: b() + c };",
    ]


def test_modules_in_a_circle_are_refused(tmp_path: Path) -> None:
    """Two modules that import each other cannot be put in an order."""
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n')
    with pytest.raises(ValueError, match=r"a\.js imports itself by way of b\.js"):
        script(tmp_path / "a.js")


def test_style_sheets_are_joined(tmp_path: Path) -> None:
    """Several files are one style sheet, in the order given."""
    for name in ("a.css", "b.css"):
        (tmp_path / name).write_text(f".{name[0]} {{}}")
    assert style(tmp_path / "a.css", tmp_path / "b.css") == ".a {}\n.b {}"


def test_a_still_picture_lies_beside_the_widget() -> None:
    """The mime bundle holds the widget for live pages and the still picture for all others."""
    bundle = Named()._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/html", "text/plain"}


def test_a_closed_widget_leaves_its_still_picture() -> None:
    """What is displayed after it was closed is the picture alone."""
    widget = Named()
    widget.close()
    assert widget._bundle() == {"text/html": in_words("<b>0 children</b>"), "text/plain": "a box"}


def test_a_later_still_picture_takes_the_place_of_the_first() -> None:
    """Displays of a widget can be brought up to date where they stand."""
    shell, widget, shown = InteractiveShell.instance(), Named(), []
    shell.display_pub.publish = lambda data, *_, **more: shown.append((data, more))
    try:
        widget._ipython_display_()
        widget.children = (ipywidgets.Label("x"),)
        widget.refresh_still()
    finally:
        InteractiveShell.clear_instance()
    (first, how_first), (second, how_second) = shown
    assert (first["text/html"], second["text/html"]) == (
        in_words("<b>0 children</b>"),
        in_words("<b>1 children</b>"),
    )
    assert how_second["update"] is True
    assert how_first["transient"]["display_id"] == how_second["transient"]["display_id"]
