"""APIXO: https://apixo.ai/docs/models/image/midjourney.

Its pages come in generations that spell the same fields differently, so the spelling is data (`Generation`) and the
codec is one. APIXO cuts a prompt at its first `--`: flags never travel in a prompt, only as fields.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mjnb import errors
from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.gateways.base import Call, Dialect, Limits, Reply, Rhythm, Status, refusal
from mjnb.modes import MODES, RawRequest
from mjnb.prompts import looks_foreign
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.gateways.base import Envelope
    from mjnb.modes import Request

__all__ = ["CURRENT", "Apixo", "Generation"]

GENERATING = frozenset({"text-to-image", "image-to-image", "upload-paint"})
_SUBMIT = "/api/v1/generateTask/midjourney"
_STATUS = "/api/v1/statusTask/midjourney"
_PROVIDER = "auto"  # the page's default; its own examples leave it out
_YEAR_3000_S = 32_503_680_000.0  # a later moment is no answer, and would not fit into a calendar
_TOO_MUCH = 1e15


@dataclass(frozen=True, slots=True)
class Generation:
    """How one generation of the page spells and prices things.

    `names` maps Python's field names to the wire's where they differ; `codes` maps words to the wire's numbers;
    `defaults` are the page's, for the generating modes; `always` are sent even when unset; `prices` in USD by speed.
    """

    speeds: tuple[str, ...]
    defaults: Mapping[str, Any]
    always: tuple[str, ...]
    rhythms: Mapping[str, Rhythm]
    prices: Mapping[str, float]
    names: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    listed_only: tuple[str, ...] = ()
    envelope: bool = True


CURRENT = Generation(
    speeds=("fast", "turbo"),
    defaults={
        "version": "v6.1",
        "speed": "fast",
        "aspect": "1:1",
        "chaos": 0,
        "stylize": 100,
        "weird": 0,
        "enable_translation": False,
    },
    always=("version", "speed"),
    rhythms={
        "fast": Rhythm(first=20, every=3, typical=(30, 45), timeout=300),
        "turbo": Rhythm(first=20, every=3, typical=(15, 25), timeout=180),
    },
    prices={"relaxed": 0.04, "fast": 0.10, "turbo": 0.20},
    names={
        "enable_translation": "enableTranslation",
        "img_pos": "imgPos",
        "task_id": "taskId",
        "image_index": "imageIndex",
        "strength": "type",
        "kind": "type",
    },
    codes={
        "strength": {"subtle": 0, "strong": 1},
        "kind": {"standard": 0, "creative": 1, "2x": 2, "4x": 3},
    },
    listed_only=("v6",),
)


class Apixo(Dialect):
    """The codec; `generation` says which page it follows."""

    name = "apixo"
    title = "APIXO"
    page = "https://apixo.ai/docs/models/image/midjourney"
    base_url = "https://api.apixo.ai"
    key_names = ("APIXO_API_KEY", "APIXO_KEY")
    limits = Limits(per_minute=10_000, at_once=1000)
    url_life_s = 15 * 86_400.0
    modes = MappingProxyType(MODES)
    on_request = ("outpaint", "retexture", "remove-background", "reroll")

    def __init__(self, generation: Generation = CURRENT) -> None:
        self.generation = generation

    # -- requests ------------------------------------------------------------------------------------------------

    def check(self, request: Request) -> None:
        """Refuse a mode or a speed that the page does not have, and a prompt that APIXO would cut."""
        if not isinstance(request, RawRequest):
            self._check_typed(request)
        if "--" in str(request.given().get("prompt", "")):
            hint = "Give the flag as a field, or write a dash as —."
            raise InvalidRequest(
                "prompt",
                request.given()["prompt"],
                f"{self.title} cuts a prompt at its first --",
                hint=hint,
            )

    def _check_typed(self, request: Request) -> None:
        """Refuse a mode or a speed that the page does not have; what is written raw is not judged."""
        if request.mode not in self.modes:
            raise UnsupportedError("mode", request.mode, f"{self.title} has {', '.join(self.modes)}")
        speed = getattr(request, "speed", None)
        if speed is not None and speed not in self.generation.speeds:
            allowed = f"{self.title} has {' and '.join(self.generation.speeds)}"
            raise UnsupportedError("speed", speed, allowed, nearest=self.generation.speeds[0])

    def advise(self, request: Request) -> list[str]:
        """Warn of v6, of prompts that are not English, and of more than two references."""
        advice = []
        held = self.held(request)
        if request.mode in GENERATING and held.get("version") in self.generation.listed_only:
            advice.append(
                f"{held['version']} stands in {self.title}'s general list of versions but not in that of {request.mode}: "
                "the gateway may refuse it; v6.1 is the nearest"
            )
        if looks_foreign(str(held.get("prompt") or "")) and not held.get("enable_translation"):
            advice.append(
                "the prompt does not look English and enable_translation is off; English works best"
            )
        if len(held.get("image_urls", ())) > 2:  # noqa: PLR2004  (the page's advice)
            advice.append("more than two reference pictures take away control; the page advises one or two")
        return advice

    def held(self, request: Request) -> dict[str, Any]:
        """Fill in the page's defaults: all of them for the generating modes, none for the follow-ups."""
        defaults = (
            self.generation.defaults
            if request.mode in GENERATING and not isinstance(request, RawRequest)
            else {}
        )
        return {**defaults, **request.given()}

    def submit(self, request: Request, envelope: Envelope) -> Call:
        """Spell a request for `POST /api/v1/generateTask/midjourney`."""
        self.check(request)
        wire: dict[str, Any] = {"mode": request.mode}
        for name, value in self._sent(request).items():
            wire[self.generation.names.get(name, name)] = self._spell(name, value)
        body: dict[str, Any] = {"request_type": "callback" if envelope.callback_url else "async"}
        if envelope.callback_url:
            body["callback_url"] = envelope.callback_url
        if self.generation.envelope and envelope.provider != _PROVIDER:
            body["provider"] = envelope.provider
        return Call("POST", _SUBMIT, body={**body, "input": wire})

    def _sent(self, request: Request) -> dict[str, Any]:
        """Choose what travels: what was set, and what the page wants always."""
        if isinstance(request, RawRequest) or request.mode not in GENERATING:
            return request.given()
        held = self.held(request)
        return {
            name: value
            for name, value in held.items()
            if name in self.generation.always or name in request.given()
        }

    def _spell(self, name: str, value: Any) -> Any:
        if name in self.generation.codes and isinstance(value, str):
            return self.generation.codes[name][value]
        return value.model_dump(exclude_none=True, mode="json") if hasattr(value, "model_dump") else value

    def status(self, task_id: str) -> Call:
        """Spell `GET /api/v1/statusTask/midjourney?taskId=…`."""
        return Call("GET", _STATUS, query={"taskId": task_id})

    # -- replies -------------------------------------------------------------------------------------------------

    def read_submit(self, reply: Reply) -> str:
        """Return `data.taskId`; a task that exists is never lost to a strange code beside it."""
        data = _data(reply)
        task_id = data.get("taskId")
        if isinstance(task_id, int) and not isinstance(task_id, bool):
            return str(task_id)
        if isinstance(task_id, str) and task_id.strip():
            return _text(task_id)
        raise self._refusal(reply, "No task was created.")

    def read_status(self, reply: Reply) -> Status:
        """Read the state; it decides before the code, and the code before the HTTP status."""
        data = _data(reply)
        word = data.get("state")
        if not isinstance(word, str):
            raise self._refusal(reply, "")
        state = _STATES.get(word.strip().lower(), TaskState.PROCESSING)
        return Status(
            state=state,
            urls=self._urls(data, reply) if state is TaskState.SUCCESS else (),
            created=_epoch(data.get("createTime")),
            completed=_epoch(data.get("completeTime")),
            cost_time_s=_duration(data.get("costTime")),
            fail_code=_text(data.get("failCode")),
            fail_msg=_text(data.get("failMsg")),
        )

    def _urls(self, data: Mapping[str, Any], reply: Reply) -> tuple[str, ...]:
        """Read `resultJson`, which is a string that holds JSON."""
        result = data.get("resultJson")
        try:
            parsed = json.loads(result) if isinstance(result, str) else result
        except (ValueError, RecursionError):
            parsed = None
        urls = parsed.get("resultUrls") if isinstance(parsed, dict) else None
        found = (
            tuple(_text(url) if isinstance(url, str) else "" for url in urls)
            if isinstance(urls, list)
            else ()
        )  # a gap keeps its place: follow-ups count by it
        if not any(found):
            raise self._malformed(reply, "the task succeeded but resultJson holds no resultUrls")
        return found

    def _refusal(self, reply: Reply, outcome: str) -> errors.GatewayError:
        """Read a refusal; only 4xx and 5xx are one, since anything else may hide a task that was created."""
        body = reply.json if isinstance(reply.json, dict) else {}
        given: Any = body.get("code")
        code: int = given if type(given) is int and given in _CODES else reply.status
        if not 400 <= code < 600:  # noqa: PLR2004
            return self._malformed(reply, "neither a task id nor a state")
        parts = (_text(body.get("message")), _text(_data(reply).get("error")))
        return refusal(self.title, code, ": ".join(filter(None, parts)), reply.retry_after, outcome=outcome)

    def _malformed(self, reply: Reply, what: str) -> errors.MalformedReply:
        start = reply.text[:120]
        return errors.MalformedReply(
            f"{self.title} answered {reply.status} with something its documents do not have ({what}): {start!r}",
            status=reply.status,
        )

    # -- time and money ------------------------------------------------------------------------------------------

    def rhythm(self, request: Request | None) -> Rhythm:
        """Ask after 20 s, then every 3 s, as the page advises."""
        speed = self.held(request).get("speed") if request is not None else None
        return self.generation.rhythms.get(
            str(speed), self.generation.rhythms[self.generation.defaults["speed"]]
        )

    def price(self, request: Request) -> int | None:
        """Return the price by speed of text-to-image and image-to-image; no page prices the others."""
        if request.mode not in {"text-to-image", "image-to-image"} or isinstance(request, RawRequest):
            return None
        usd = self.generation.prices.get(self.held(request)["speed"])
        return None if usd is None else round(usd * 1_000_000)


_STATES = {
    "pending": TaskState.PENDING,
    "processing": TaskState.PROCESSING,
    "success": TaskState.SUCCESS,
    "failed": TaskState.FAILED,
}


_CODES = range(200, 600)  # what an envelope's own code may be


def _data(reply: Reply) -> Mapping[str, Any]:
    data = reply.json.get("data") if isinstance(reply.json, dict) else None
    return data if isinstance(data, dict) else {}


def _text(value: Any) -> str:
    """Read a text, made writable: JSON can carry halves of surrogate pairs, UTF-8 cannot."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text.encode("utf-8", "replace").decode()


def _number(value: Any) -> float | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004  (a time)
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _TOO_MUCH else None  # NaN is neither


def _epoch(value: Any) -> float | None:
    """Read a time in milliseconds; one that is far too small must be seconds."""
    number = _number(value)
    if number is None:
        return None
    moment = number / 1000 if number > 1e11 else number  # noqa: PLR2004  (the year 5138 in seconds)
    return moment if moment < _YEAR_3000_S else None


def _duration(value: Any) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000
