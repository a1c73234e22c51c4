"""What each gateway can do, as plain tables made from the dialects themselves: other packages' gateways are in them."""

from __future__ import annotations

from mjnb.gateways import loaded
from mjnb.modes import MODES

__all__ = ["fields_by_gateway", "modes_by_gateway"]


def modes_by_gateway() -> dict[str, dict[str, str]]:
    """Return, for each mode and each gateway, "yes", "on request" or "".

    A mode on request is enabled by the gateway for a key, and sent as a `RawRequest`. Modes come in the order of
    `mjnb.modes.MODES`, then those that have no class there.

    >>> table = modes_by_gateway()
    >>> table["upscale"]["apixo"], table["outpaint"]["apixo"], table["video"]["apixo"]
    ('yes', 'on request', '')
    """
    ours = loaded()
    offered = [mode for one in ours.values() for mode in (*one.modes, *one.on_request)]
    return {
        mode: {
            name: "yes" if mode in one.modes else "on request" if mode in one.on_request else ""
            for name, one in ours.items()
        }
        for mode in dict.fromkeys((*MODES, *offered))
    }


def fields_by_gateway() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return, for each field and each gateway, the modes in which the gateway takes it; an empty tuple where in none.

    Fields come in the order in which the modes have them.

    >>> table = fields_by_gateway()
    >>> table["watermark"]["apixo-reference"], table["watermark"]["apixo"], table["kind"]["apixo"]
    (('text-to-image', 'image-to-image'), (), ('upscale',))
    """
    ours = loaded()
    models = (*MODES.values(), *(model for one in ours.values() for model in one.modes.values()))
    fields = dict.fromkeys(field for model in models for field in model.model_fields)
    return {
        field: {
            name: tuple(mode for mode in one.modes if field in one.takes[mode])
            for name, one in ours.items()
        }
        for field in fields
    }
