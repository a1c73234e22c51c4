"""What the simulated APIMart says of itself: its one model, the fields it takes, and a page about it."""

from __future__ import annotations

from typing import Any

from mjnb.simulator.apimart_fields import RefusedError
from mjnb.simulator.apimart_parameters import PARAMETERS, Parameter

__all__ = ["MODEL", "check", "documentation", "models", "schema"]

MODEL = "midjourney"
_SINCE = 1_750_000_000  # seconds since 1970; the list wants some moment
_OPERATION = "image_generation"
_PAGE = "https://docs.apimart.ai/en/api-reference/images/midjourney/imagine"
_TYPES = {"integer": "integer", "number": "number", "flag": "boolean"}


def models(expand: str = "") -> dict[str, Any]:
    """Return the list of models; with "category" among the words to expand, what each is for."""
    model = {"id": MODEL, "object": "model", "created": _SINCE, "owned_by": MODEL}
    category = {"category": "image"} if "category" in expand.split(",") else {}
    return {"object": "list", "data": [{**model, **category}]}


def schema(model: str, operation: str) -> dict[str, Any]:
    """Return the JSON schema of what the model takes.

    Raises:
        RefusedError: there is no such model, or it does not do that.
    """
    check(model)
    if operation not in {"", _OPERATION}:
        raise RefusedError(f"operation must be {_OPERATION} for {MODEL}")
    return {"model": MODEL, "operation": _OPERATION, "input_schema": _input()}


def _input() -> dict[str, Any]:
    fields = {parameter.field: _described(parameter) for parameter in PARAMETERS}
    pictures = {"type": "array", "items": {"type": "string", "format": "uri"}}
    speeds = {"type": "string", "enum": ["relax", "fast", "turbo"], "default": "relax"}
    return {
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string"},
            "speed": speeds,
            "image_urls": pictures,
            **fields,
            "extra": {"type": "string"},
            "nsfw_check": {"type": "boolean", "default": False},
            "metadata": {"type": "object"},
        },
    }


def _described(parameter: Parameter) -> dict[str, Any]:
    field: dict[str, Any] = {"type": _TYPES.get(parameter.kind, "string")}
    if parameter.choices:
        field["enum"] = list(parameter.choices)
    if parameter.kind in {"integer", "number"}:
        field |= {"minimum": parameter.low, "maximum": parameter.high}
    return field


def documentation(model: str, now: float) -> dict[str, Any]:
    """Return a page about the model.

    Raises:
        RefusedError: there is no such model.
    """
    check(model)
    rows = "\n".join(f"| `{parameter.field}` | `--{parameter.flags[0]}` |" for parameter in PARAMETERS)
    return {
        "object": "model.documentation",
        "model": MODEL,
        "doc_url": _PAGE,
        "markdown_url": f"{_PAGE}.md",
        "markdown": f"# {MODEL} (simulated)\n\n| field | flag |\n|---|---|\n{rows}\n",
        "fetched_at": int(now),
        "cache_ttl_seconds": 3600,
        "stale": False,
    }


def check(model: str) -> None:
    """Refuse a name that is not the model's (RefusedError, 400 or 404)."""
    if not model:
        raise RefusedError("model is required")
    if model != MODEL:
        raise RefusedError(f"model {model} does not exist", 404)
