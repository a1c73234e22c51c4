"""A still picture beside every widget, for whoever opens the notebook without a kernel, without trust, or on a code host."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from mjnb.theme import in_words

__all__ = ["Stills"]


class Stills:
    """A mix-in for widgets: displaying one leaves `still()` beside it in the notebook.

    It goes before the widget's own class: `class Painter(Stills, anywidget.AnyWidget)`.
    """

    def still(self) -> dict[str, Any]:
        """Return the widget as it is now as a mime bundle, without the widget itself.

        `image/jpeg` is what every viewer shows; `text/html` (inline styles, everything escaped) is for forms and tables.
        """
        raise NotImplementedError

    def _bundle(self) -> dict[str, Any]:
        still = self.still()
        if "text/html" in still:
            still["text/html"] = in_words(still["text/html"])
        if self.comm is None:  # type: ignore[attr-defined]  # closed: the picture is what is left of it
            return still
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}  # type: ignore[attr-defined]
        return {"application/vnd.jupyter.widget-view+json": view, **still}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Return the widget and its still picture: ipywidgets 8 asks for this."""
        return self._bundle()

    def _ipython_display_(self, **_: Any) -> None:
        """Display both under a name, so that `refresh_still` can put a later picture in place."""
        from IPython.display import display

        names: list[str] = self.__dict__.setdefault("_shown_as", [])
        names.append(f"mjnb-{uuid4().hex}")
        display(self._bundle(), raw=True, display_id=names[-1])

    def refresh_still(self) -> None:
        """Put a new still picture in the place of the old ones, wherever this has been displayed."""
        from IPython.display import display

        for name in self.__dict__.get("_shown_as", []):
            display(self._bundle(), raw=True, display_id=name, update=True)
