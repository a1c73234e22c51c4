"""Which gateway can do what, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjnb.gateways.capabilities import fields_by_gateway, modes_by_gateway

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_markdown", "capabilities"]

_HAS, _HAS_NOT = "✓", "–"


def capabilities() -> pd.DataFrame:
    """Say which modes each gateway has, and which fields it takes in any of its modes.

    Returns:
        True and False: one row for each mode and each field (index levels `kind`: `"mode"` or `"field"`, and `name`), one column
        for each gateway, those of other packages included. It says what the gateways' documents say; nothing is asked.

    >>> bool(capabilities().loc[("mode", "blend"), "apimart"])
    True
    """
    import pandas as pd

    modes = {
        mode: {name: has == "yes" for name, has in row.items()} for mode, row in modes_by_gateway().items()
    }
    fields = {
        field: {name: bool(where) for name, where in row.items()}
        for field, row in fields_by_gateway().items()
    }
    rows = {("mode", name): row for name, row in modes.items() if any(row.values())}
    rows |= {("field", name): row for name, row in fields.items() if any(row.values())}
    index = pd.MultiIndex.from_tuples(list(rows), names=["kind", "name"])
    return pd.DataFrame(list(rows.values()), index=index)


def as_markdown(kind: str) -> str:
    """Write the modes or the fields as a Markdown table.

    >>> as_markdown("mode").splitlines()[0]
    '| mode | apixo | apixo-reference | acedata | apimart |'
    """
    table = capabilities().loc[kind]
    head = [f"| {kind} | {' | '.join(table.columns)} |", "|---" * (len(table.columns) + 1) + "|"]
    body = [
        f"| `{name}` | {' | '.join(_HAS if has else _HAS_NOT for has in row)} |"
        for name, row in zip(table.index, table.to_numpy().tolist(), strict=True)
    ]
    return "\n".join([*head, *body])
