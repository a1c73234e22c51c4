"""The mask of APIMart's `modal`: white is painted again, what is transparent (or black) stays."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from mjnb.simulator.apimart_fields import RefusedError
from mjnb.simulator.fields import InvalidFieldError
from mjnb.simulator.masks import read_mask
from mjnb.simulator.urls import own_upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjnb.simulator.store import Upload

__all__ = ["region_of"]


def region_of(
    mask: str, upload: Callable[[str], Upload | None]
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the white region of a mask as polygons in 0..1 of the picture; none if it is a stranger's, never fetched.

    Args:
        mask: its URL, or the mask itself in base64.
        upload: returns what was uploaded to us under a name.

    Raises:
        RefusedError: it is no picture, or nothing in it is white.
    """
    name = own_upload(mask)
    sent = upload(name) if name else None
    text = base64.b64encode(sent.data).decode() if sent else mask
    try:
        region, _ = read_mask(text)
    except InvalidFieldError:
        raise RefusedError("mask_url must be an image with a white area") from None
    return region
