"""What the tests of the ledger share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from mjnb.runner import RETRY
from mjnb.store import Draft

TIMES = {"seen": 1.0, "lag_s": 0.5, "expires": 9.0}
REUSE = RETRY["failed"]


def draft(cell: str = "k1:" + "a" * 32, **changes: Any) -> Draft:
    """Describe a row of one cell."""
    values: dict[str, Any] = {
        "gateway": "apixo",
        "simulated": True,
        "mode": "text-to-image",
        "held": {"prompt": "a fox", "chaos": 0},
        "price_micro": 100_000,
    }
    return Draft(cell=cell, **{**values, **changes})


def numbered(n: int) -> str:
    """Return the key of one of many cells."""
    return f"k1:{n:04d}{'0' * 28}"


def other_process(code: str, root: Path) -> subprocess.Popen[str]:
    """Run code in another process, which has a `Store` on the same folder as `store`."""
    head = (
        "import sys; from mjnb.store import Store; from mjnb.runner import RETRY\n"
        "from tests.store_helpers import draft, numbered\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", f"{head}store = Store(sys.argv[1])\n{code}", str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
