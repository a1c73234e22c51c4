"""Where keys are found: the environment, the working directory's `.env`, Colab's secrets, and the person at the notebook.

No key is ever in a variable of ours as plain text, since tracebacks may show variables.
"""

from __future__ import annotations

import getpass
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values
from pydantic import SecretStr

from mjnb.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Known", "asked", "hidden"]


def hidden(key: str | SecretStr | None) -> SecretStr | None:
    """Return a key as a secret, whatever it was given as."""
    return SecretStr(key) if isinstance(key, str) else key


class Known:
    """What is set outside: its repr shows nothing of it.

    Args:
        environ: Instead of the process's own environment.

    Raises:
        SetupError: There is a `.env` that cannot be read.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._near = (_secrets(os.environ if environ is None else environ), _dotenv())
        self._in_colab = _colab()

    def setting(self, name: str) -> str:
        """Return a setting that is no secret, "" if it is not set."""
        found = self.here([name])
        return "" if found is None else found.get_secret_value()

    def here(self, names: Sequence[str]) -> SecretStr | None:
        """Return the first of some keys that the environment has, else the first that `.env` has.

        A name that is set to nothing hides itself in later places, and no other name.
        """
        for place in self._near:
            if found := next(filter(None, map(place.get, names)), None):
                return found
            names = [name for name in names if name not in place]
        return None

    def key(self, names: Sequence[str]) -> SecretStr | None:
        """Return the first of some keys that is here, else the first in Colab's secrets; one set to nothing here hides itself there."""
        found = self.here(names)
        if found is not None or self._in_colab is None:
            return found
        unset = (name for name in names if not any(name in place for place in self._near))
        return next(filter(None, map(self._in_colab, unset)), None)


def _secrets(values: Mapping[str, str | None]) -> dict[str, SecretStr]:
    return {name: SecretStr(value or "") for name, value in values.items()}


def _dotenv() -> dict[str, SecretStr]:
    """Read the working directory's `.env`; none is fine, one that cannot be read is said."""
    path = Path.cwd() / ".env"
    try:
        return _secrets(dotenv_values(path))
    except (OSError, UnicodeDecodeError) as error:
        kind = type(error).__name__
    # Not raised in there, since the error holds what it could not read.
    raise SetupError(f"{path} cannot be read ({kind}); mend it or move it away.")


def _colab() -> Callable[[str], SecretStr | None] | None:
    """Return what looks a secret up in Colab, None anywhere else; it is never imported, only found where Colab has done so."""
    if "google.colab" not in sys.modules:
        return None
    try:
        from google.colab import userdata  # type: ignore[import-not-found]
    except ImportError:
        return None
    return lambda name: _secret(userdata, name)


def _secret(userdata: Any, name: str) -> SecretStr | None:
    """Look one secret up; it may not be there, or not be for this notebook."""
    try:
        return hidden(userdata.get(name) or None)
    except Exception:  # noqa: BLE001  (Colab's own errors: no such secret, no permission, nobody answers)
        return None


def asked(title: str) -> SecretStr | None:
    """Ask the person at the notebook for a key, unseen; None where there is no notebook, or nobody to ask."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    at_the_cell = threading.current_thread() is threading.main_thread()
    if getattr(shell, "kernel", None) is None or not at_the_cell:
        return None
    try:
        return hidden(getpass.getpass(f"Key for {title} (it is not shown, and written nowhere): ").strip())
    except (NotImplementedError, EOFError):  # a kernel that runs without anybody takes no input
        return None
