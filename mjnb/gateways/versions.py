"""Which fields which version of Midjourney takes, as a table, and which say nothing alone: for warnings, never for a refusal.

Put together from Midjourney's own parameter pages (https://docs.midjourney.com); gateways may lag behind them or lead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COLUMNS", "TABLE", "version_advice", "weight_advice"]

COLUMNS = ("v5", "v5.1", "v5.2", "v6", "v6.1", "v7", "v8", "v8.1", "v8.2", "niji 5", "niji 6", "niji 7")
"""The versions, in the order of the marks in `TABLE`."""
TABLE: Mapping[str, str] = {
    #           5 5.1 5.2 6 6.1 7 8 8.1 8.2 n5 n6 n7
    "raw":     "- +   +   + +   + + +   +   ?  +  +",
    "quality": "+ +   +   + +   + ? -   ~   ?  ?  ?",
    "stop":    "+ +   +   + +   - - -   -   +  +  -",
    "sref":    "- -   -   + +   + + +   +   -  +  +",
    "sw":      "- -   -   + +   + + +   +   -  +  +",
    "cref":    "- -   -   + +   - - -   -   -  +  -",
    "cw":      "- -   -   + +   - - -   -   -  +  -",
    "oref":    "- -   -   - -   + - -   -   -  -  -",
    "ow":      "- -   -   - -   + - -   -   -  -  -",
    "exp":     "- -   -   - -   + + +   +   -  -  ?",
    "draft":   "- -   -   - -   + ? ~   ~   -  -  ?",
    "hd":      "- -   -   - -   - - +   +   -  -  -",
    "profile": "- -   -   + +   + + +   +   -  ?  ?",
    "turbo":   "? ?   +   + +   + ? -   ~   ?  +  ?",
    "::":      "+ +   +   + +   - - -   -   +  +  -",
}  # fmt: skip
"""By field (`turbo` is a speed, `::` a weight inside the prompt): + takes it, - does not, ~ sources disagree, ? nobody tells."""
_MOST_IW = {"v5": 2, "v5.1": 2, "v5.2": 2, "niji 5": 2, "niji 7": 2}
_QUALITIES = {
    **dict.fromkeys(("v5", "v5.1", "v5.2"), ("0.25", "0.5", "1")),
    **dict.fromkeys(("v6", "v6.1"), ("0.5", "1", "2")),
    "v7": ("1", "2", "4"),
}
_SAID = {"turbo": "speed turbo", "::": "weights (::) in the prompt"}
_WEIGHED = {
    "iw": ("image_urls", "reference pictures"),
    "sw": ("sref", "style references"),
    "cw": ("cref", "character references"),
    "ow": ("oref", "omni references"),
}
_WEIGHT = re.compile(r"\S::(?=-?[\d.]|\s|$)")


def version_advice(held: Mapping[str, Any]) -> list[str]:
    """Say what a version does not take, one sentence for each field that is used; nothing where no version is known.

    Args:
        held: The fields with the values that will hold, by Python name, as `Dialect.held` returns them. What is None or False
            is not used.

    >>> version_advice({"version": "v7", "cref": "https://example.com/fox.png", "chaos": 20})
    ["cref: Midjourney's pages do not give it to v7; it is for v6, v6.1, niji 6"]
    >>> version_advice({"version": "niji 7", "iw": 2.5})
    ['iw=2.5: niji 7 takes at most 2']
    """
    version = held.get("version")
    if not isinstance(version, str) or version not in COLUMNS:
        return []
    rows = [_row(name, version) for name in TABLE if _is_used(name, held)]
    return [line for line in (*rows, _image_weight(held, version), _quality(held, version)) if line]


def weight_advice(given: Mapping[str, Any]) -> list[str]:
    """Say which weights have nothing to weigh, one sentence each.

    >>> weight_advice({"sref": "random", "sw": 200, "iw": 2})
    ['iw weighs reference pictures (image_urls), and there is none']
    """
    return [
        f"{name} weighs {what} ({of}), and there is none"
        for name, (of, what) in _WEIGHED.items()
        if given.get(name) is not None and not given.get(of)
    ]


def _is_used(name: str, held: Mapping[str, Any]) -> bool:
    if name == "turbo":
        return held.get("speed") == "turbo"
    if name == "::":
        prompt = held.get("prompt")
        return isinstance(prompt, str) and _WEIGHT.search(prompt) is not None
    return held.get(name) is not None and held[name] is not False


def _row(name: str, version: str) -> str:
    marks = dict(zip(COLUMNS, TABLE[name].split(), strict=True))
    said = _SAID.get(name, name)
    if marks[version] == "~":
        return f"{said}: sources disagree whether {version} takes it"
    if marks[version] != "-":
        return ""
    takers = ", ".join(one for one in COLUMNS if marks[one] == "+")
    return f"{said}: Midjourney's pages do not give it to {version}; it is for {takers}"


def _image_weight(held: Mapping[str, Any], version: str) -> str:
    weight, most = held.get("iw"), _MOST_IW.get(version, 3)
    too_much = isinstance(weight, int | float) and weight > most
    return f"iw={weight}: {version} takes at most {most}" if too_much else ""


def _quality(held: Mapping[str, Any], version: str) -> str:
    quality, known = held.get("quality"), _QUALITIES.get(version)
    if quality is None or known is None or str(quality) in known:
        return ""
    return f"quality={quality}: {version} takes {', '.join(known)}"
