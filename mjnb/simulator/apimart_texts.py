"""What the simulated `describe` says of a picture: four prompts, one line each.

Our own pictures are described by the prompt they were drawn from. A stranger's is never looked at: its name may say
something, else one of a few views is told.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit

__all__ = ["descriptions"]

_VIEWS = (
    "a quiet harbour at dawn",
    "a mountain lake under clouds",
    "a street after the rain",
    "a garden in late summer",
)
_MANNERS = (
    ("soft morning light, wide view", "--ar 3:2"),
    ("in the manner of an old travel poster", "--v 6.1"),
    ("painted in thin layers of watercolour", "--ar 16:9"),
    ("seen from a low window, long shadows", "--s 250"),
    ("fine ink lines over flat colour", "--ar 4:5"),
    ("cinematic, a little haze in the distance", "--ar 21:9"),
)
_TECHNICAL = re.compile(r"\b(?:img|dsc|image|photo|upload|base64|[0-9a-f]{6,}|\d+)\b", re.IGNORECASE)
_LEAST = 3  # letters that make a word


def descriptions(picture: str, prompt: str = "") -> tuple[str, ...]:
    """Return four numbered lines, always the same for the same picture.

    Args:
        picture: its URL or name.
        prompt: what it was drawn from, if that is known.

    >>> descriptions("https://example.com/red-lighthouse.png")[0].startswith("1️⃣ red lighthouse, ")
    True
    """
    digest = hashlib.sha256((prompt or picture).encode()).digest()
    subject = prompt or _named(picture) or _VIEWS[digest[0] % len(_VIEWS)]
    turn = digest[1] % len(_MANNERS)
    manners = [_MANNERS[(turn + step) % len(_MANNERS)] for step in range(4)]
    return tuple(
        f"{number}\ufe0f\u20e3 {subject}, {manner} {flag}"
        for number, (manner, flag) in enumerate(manners, 1)
    )


def _named(picture: str) -> str:
    stem = unquote(urlsplit(picture).path).rpartition("/")[2].partition(".")[0]
    words = _TECHNICAL.sub(" ", re.sub(r"[-_+\s]+", " ", stem)).split()
    return " ".join(words) if sum(map(len, words)) >= _LEAST else ""
