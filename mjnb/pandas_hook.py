"""Gives every frame its `.mj` as soon as pandas is there, whichever of the two is imported first.

Importing pandas takes a third of a second, so `import mjnb` does not; it waits for somebody to want it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

__all__ = ["install"]


def install() -> None:
    """Register the accessor now if pandas is loaded, else right after it has been."""
    if "pandas" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _Waiting())


def _register() -> None:
    """Give frames an `.mj` whose room is loaded at its first use.

    Loading it here, inside the import of pandas, would have two threads wait for each other if the other one has begun
    to import that room, which itself imports pandas.
    """
    from pandas.api.extensions import register_dataframe_accessor

    register_dataframe_accessor("mj")(_accessor)  # type: ignore[type-var]  # it calls what it is given, class or not


def _accessor(frame: Any) -> Any:
    """Ask a frame for its pictures and numbers."""
    return import_module("mjnb.accessor").Accessor(frame)


class _Waiting:
    """Finds nothing itself; notices that pandas is being imported, once."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        if name != "pandas":
            return None
        sys.meta_path.remove(self)
        specs = (finder.find_spec(name, None) for finder in sys.meta_path)
        spec = next((found for found in specs if found is not None), None)
        if spec is not None and spec.loader is not None:
            _then(spec.loader)
        return spec


def _then(loader: Any) -> None:
    """Have this one loader register the accessor when it is done."""
    run = loader.exec_module

    def exec_module(module: Any) -> None:
        run(module)
        _register()

    loader.exec_module = exec_module
