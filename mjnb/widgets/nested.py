"""Controls of values that have fields of their own: a canvas, a mask with its areas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets

from mjnb.errors import InvalidRequest
from mjnb.widgets.field import Control
from mjnb.widgets.kit import button, heading

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.parts import Part
    from mjnb.session import Session

__all__ = ["PartControl", "PartsControl"]


class PartControl(Control):
    """A group of the part's own fields; unset as long as none of them is filled in."""

    def __init__(
        self,
        name: str,
        rule: Part,
        spec: Mapping[str, Any],
        session: Session,
        make: Callable[[Any, str, Session], Control],
    ) -> None:
        self.inner = {field: make(rule.model, field, session) for field in rule.model.model_fields}
        self._rule = rule
        self._title = heading(str(spec["label"]), str(spec["help"]))
        rows = ipywidgets.VBox([one.widget for one in self.inner.values()])
        rows.add_class("mjnb-part-fields")
        box = ipywidgets.VBox([self._title, rows])
        box.add_class("mjnb-part")
        super().__init__(name, box, str(spec["default"]))

    @property
    def value(self) -> Any:
        """The part as a dict of what is filled in, None if nothing is."""
        values = {field: one.value for field, one in self.inner.items()}
        return {field: value for field, value in values.items() if value is not None} or None

    @value.setter
    def value(self, value: Any) -> None:
        given = value.given() if hasattr(value, "given") else {} if value is None else value
        if not isinstance(given, Mapping):
            raise InvalidRequest(self.name, value, self._rule.allowed)
        for field in given:
            if field not in self.inner:
                raise InvalidRequest.unknown_name(field, self.name, self.inner)
        for field, one in self.inner.items():
            one.value = given.get(field)

    def focus(self) -> None:
        """Bring the keyboard to the first field."""
        next(iter(self.inner.values())).focus()

    def observe(self, call: Callable[[Any], None]) -> None:
        """Call `call(change)` whenever one of the fields changes."""
        for one in self.inner.values():
            one.observe(call)

    def grey(self, reason: str) -> None:
        """Say why the part cannot be used."""
        for one in self.inner.values():
            one.grey(reason)

    def complain(self, path: str, text: str) -> None:
        """Show what is wrong at the inner field that it concerns, else above them all."""
        field, _, rest = path.partition(".")
        field, index, deeper = field.partition("[")
        for name, one in self.inner.items():
            one.complain(
                index + deeper + ("." if index and rest else "") + rest, text if name == field else ""
            )
        self._title.error = text if field not in self.inner else ""

    def close(self) -> None:
        """Let go of all widgets."""
        for one in self.inner.values():
            one.close()
        super().close()


class PartsControl(Control):
    """A list of such groups, with a button to add one and one at each to take it away."""

    def __init__(
        self,
        name: str,
        rule: Part,
        spec: Mapping[str, Any],
        session: Session,
        make: Callable[[Any, str, Session], Control],
    ) -> None:
        self._rule, self._spec, self._session, self._make = rule, spec, session, make
        self.items: list[PartControl] = []
        self._calls: list[Callable[[Any], None]] = []
        self._title = heading(str(spec["label"]), str(spec["help"]))
        self.add_button = button("Add one", f"Add a {rule.model.__name__}.", lambda _: self.add())
        super().__init__(name, ipywidgets.VBox([]), str(spec["default"]))
        self._arrange()

    def add(self) -> PartControl:
        """Add an empty group at the end."""
        title = f"{self._rule.model.__name__} {len(self.items) + 1}"
        one = PartControl(
            self.name, self._rule, {**self._spec, "label": title, "help": ""}, self._session, self._make
        )
        for call in self._calls:
            one.observe(call)
        self.items.append(one)
        self._arrange()
        return one

    def remove(self, one: PartControl) -> None:
        """Take a group away."""
        self.items.remove(one)
        self._arrange()
        one.close()
        self._tell()

    def _remove_by_button(self, one: PartControl, _: Any) -> None:
        self.remove(one)

    def _arrange(self) -> None:
        rows: list[Any] = [self._title]
        for one in self.items:
            away = button("Remove", "Take this one away.", partial(self._remove_by_button, one))
            rows += [one.widget, away]
        self.widget.children = [*rows, self.add_button]

    def _tell(self) -> None:
        for call in self._calls:
            call({"name": "value", "new": self.value})

    @property
    def value(self) -> Any:
        """The groups as a list of dicts, None if there are none."""
        return [one.value or {} for one in self.items] or None

    @value.setter
    def value(self, value: Any) -> None:
        if value is not None and not isinstance(value, list | tuple):
            raise InvalidRequest(self.name, value, self._rule.allowed)
        for one in list(self.items):
            self.items.remove(one)
            one.close()
        for given in value or ():
            self.add().value = given
        self._arrange()
        self._tell()

    def observe(self, call: Callable[[Any], None]) -> None:
        """Call `call(change)` whenever a field changes, or a group comes or goes."""
        self._calls.append(call)
        for one in self.items:
            one.observe(call)

    def grey(self, reason: str) -> None:
        """Say why the list cannot be used."""
        self.add_button.disabled = bool(reason)
        for one in self.items:
            one.grey(reason)

    def complain(self, path: str, text: str) -> None:
        """Show what is wrong in the group that it concerns."""
        index, _, rest = path.lstrip("[").partition("]")
        for i, one in enumerate(self.items):
            one.complain(rest.lstrip("."), text if index == str(i) else "")
        self._title.error = text if not index.isdigit() or int(index) >= len(self.items) else ""

    def close(self) -> None:
        """Let go of all widgets."""
        for one in self.items:
            one.close()
        super().close()
