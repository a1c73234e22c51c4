"""The pictures of a mask painter: what the browser is given to show, and what is left behind in the notebook."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mjnb import images, masks
from mjnb.errors import InvalidRequest
from mjnb.tasks import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

__all__ = ["shown", "sketch"]

_LONGEST = 2048  # px of the copy that the browser shows
_STILL = 512  # px of the picture that is left behind
_TINT = (224, 31, 75)
_STRIPE = 16  # px


def shown(image: Any) -> tuple[str, bytes, tuple[int, ...]]:
    """Return a picture's address or its copy for the browser, and its size."""
    if isinstance(image, str) and image.startswith(("http://", "https://")):
        return image, b"", ()
    if isinstance(image, Image) and image.path is None:
        return image.url, b"", (image.width, image.height) if image.width and image.height else ()
    picture = image.path if isinstance(image, Image) else image
    if isinstance(picture, str | Path | bytes | bytearray | memoryview):
        data = Path(picture) if isinstance(picture, str | Path) else bytes(picture)
        seen, whole = images.small(data, _LONGEST), masks.opened(data)
        return "", _webp(masks.turned(seen, masks.orientation(whole))), masks.turned_size(whole)
    drawn = _drawn(picture)
    size = drawn.size
    drawn.thumbnail((_LONGEST, _LONGEST))
    return "", _webp(drawn), size


def _drawn(picture: Any) -> Picture:
    """Return a copy of a Pillow image, or of an array of height × width (× 3 or 4): 0–255, or fractions from 0 to 1."""
    from PIL import Image as Pillow

    if isinstance(picture, Pillow.Image):
        upright = masks.eight_bits(masks.turned(picture, masks.orientation(picture)))
        return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    array = np.asarray(picture)
    if (
        array.dtype.kind not in "biuf"
        or array.ndim not in (2, 3)
        or array.shape[2:] not in ((), (3,), (4,))
    ):
        raise InvalidRequest(
            "image",
            picture,
            "a picture of a task, a path, bytes, a URL, a Pillow image, or an array of height × width (× 3 or 4)",
        )
    if array.dtype.kind in "bf":
        array = np.clip(np.nan_to_num(array.astype(float)), 0, 1) * 255
    drawn = Pillow.fromarray(np.clip(array, 0, 255).astype(np.uint8))
    return drawn if drawn.mode == "RGBA" else drawn.convert("RGB")


def _webp(picture: Picture) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=85, method=0)
    return file.getvalue()


def sketch(picture: bytes, frame: Sequence[int], painted: NDArray[np.bool_] | None) -> bytes:
    """Draw a picture with its mask over it as a JPEG, long side at most 512 px; what lies outside of it is striped.

    Args:
        picture: The picture; where it is only known by its URL (empty), grey stands for it.
        frame: Width and height of the canvas; x, y, width and height of the picture on it.
        painted: What is painted anew, height × width.
    """
    from PIL import Image as Pillow

    width, height, x, y, across, down = frame
    scale = min(1.0, _STILL / max(width, height))
    sheet = Pillow.fromarray(_stripes(max(1, round(width * scale)), max(1, round(height * scale))))
    size = (max(1, round(across * scale)), max(1, round(down * scale)))
    sheet.paste(_tinted(picture, size, painted), (round(x * scale), round(y * scale)))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=85)
    return file.getvalue()


def _tinted(picture: bytes, size: tuple[int, int], painted: NDArray[np.bool_] | None) -> Picture:
    from PIL import Image as Pillow

    if picture:
        seen = images.small(picture, max(size)).convert("RGB").resize(size)
    else:
        seen = Pillow.new("RGB", size, (128, 128, 128))
    if painted is not None:
        half = masks.resized(painted, size).astype(np.uint8) * 128
        seen.paste(_TINT, (0, 0), Pillow.fromarray(half))
    return seen


def _stripes(width: int, height: int) -> NDArray[np.uint8]:
    """Draw what lies outside the picture: light stripes in the mask's tint."""
    across = (np.arange(width)[None] + np.arange(height)[:, None]) % _STRIPE < _STRIPE // 4
    stripes: NDArray[np.uint8] = np.where(
        across[..., None], np.array(_TINT), np.array((248, 226, 232))
    ).astype(np.uint8)
    return stripes
