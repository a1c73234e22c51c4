"""APIXO: https://apixo.ai/docs/models/image/midjourney, and its older page https://apixo.ai/en/docs/models/midjourney.

Its pages come in generations that spell the same fields differently, so the spelling is data (`apixo_pages`) and the
codec is one. APIXO cuts a prompt at its first `--`: flags never travel in a prompt, only as fields.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from mjnb.errors import InvalidRequest, UnsupportedError
from mjnb.fields import Aspect, Version, is_local
from mjnb.gateways import reading
from mjnb.gateways.apixo_pages import CURRENT, REFERENCE, Generation
from mjnb.gateways.base import Call, Dialect, Limits, Reply, Rhythm, Status, refusal
from mjnb.gateways.versions import version_advice
from mjnb.modes import ImageToImage, RawRequest, TextToImage, UploadPaint, Upscale, Vary
from mjnb.prompts import looks_foreign
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mjnb.errors import GatewayError
    from mjnb.gateways.base import Envelope
    from mjnb.modes import Request

__all__ = ["CURRENT", "REFERENCE", "Apixo", "ApixoReference", "Generation"]

_MODES = {cls.mode: cls for cls in (TextToImage, ImageToImage, UploadPaint, Vary, Upscale)}
_DRAWN = frozenset(
    {"prompt", "version", "speed", "aspect", "chaos", "stylize", "weird", "enable_translation"}
)
_FOLLOWED = frozenset({"task_id", "image_index", "version", "speed"})
_GENERATING = frozenset({"text-to-image", "image-to-image", "upload-paint"})
_SUBMIT = "/api/v1/generateTask/midjourney"
_STATUS = "/api/v1/statusTask/midjourney"
_PROVIDER = "auto"  # the page's default; its own examples leave it out


class Apixo(Dialect):
    """The codec; `generation` says which page it follows."""

    name = "apixo"
    title = "APIXO"
    page = "https://apixo.ai/docs/models/image/midjourney"
    base_url = "https://api.apixo.ai"
    endpoints = (_SUBMIT, _STATUS)
    key_names = ("APIXO_API_KEY", "APIXO_KEY")
    limits = Limits(per_minute=10_000, at_once=1000)
    url_life_s = 15 * 86_400.0
    modes = MappingProxyType(_MODES)
    takes = MappingProxyType(
        {
            "text-to-image": _DRAWN,
            "image-to-image": _DRAWN | {"image_urls"},
            "upload-paint": _DRAWN | {"image_urls", "mask", "canvas", "img_pos"},
            "vary": _FOLLOWED | {"strength", "prompt", "enable_translation"},
            "upscale": _FOLLOWED | {"kind"},
        }
    )
    on_request: ClassVar[tuple[str, ...]] = ("outpaint", "retexture", "remove-background", "reroll")
    callbacks = frozenset({*_MODES, *on_request})

    def __init__(self, generation: Generation = CURRENT) -> None:
        self.generation = generation

    # -- requests ------------------------------------------------------------------------------------------------

    def _check(self, request: Request) -> None:
        """Refuse a value that the page does not have, and a prompt that APIXO would cut."""
        given = request.given()
        if not isinstance(request, RawRequest):
            self._check_values(given)
        if "--" in str(given.get("prompt", "")):
            hint = "Give the flag as a field, or write a dash as —."
            said = f"{self.title} cuts a prompt at its first --"
            raise InvalidRequest("prompt", given["prompt"], said, hint=hint)
        if any(is_local(url) for url in _pictures(given)):
            hint = f"{self.title} fetches pictures itself, so a local file cannot be sent."
            raise UnsupportedError("image_urls", "a file", "URLs alone", hint=hint)

    def _check_values(self, given: Mapping[str, Any]) -> None:
        """Refuse what the page's lists and steps do not have; what is written raw is not judged."""
        page = self.generation
        lists = {"speed": page.speeds, "version": page.versions, "aspect": page.aspects}
        for name, words in lists.items():
            if given.get(name) is not None and given[name] not in words:
                said, near = f"{self.title} has {', '.join(words)}", _nearest(name, given[name], words)
                raise UnsupportedError(name, given[name], said, nearest=near)
        for name, step in page.steps.items():
            number = self._on_step(name, given.get(name))
            if number != given.get(name):
                said = f"{self.title} takes multiples of {step}"
                raise InvalidRequest(name, given[name], said, nearest=number)
        if page.references is not None and len(_pictures(given)) > page.references:
            said, few = f"{self.title} takes at most {page.references} pictures", _pictures(given)
            raise UnsupportedError("image_urls", given["image_urls"], said, nearest=few[: page.references])

    def _on_step(self, name: str, value: Any) -> Any:
        """Return the nearest step, of two equally near ones the higher; the page's own default may stand."""
        step = self.generation.steps.get(name)
        if step is None or type(value) is not int or value == self.generation.defaults.get(name):
            return value
        return (2 * value + step) // (2 * step) * step

    def settle(self, request: Request) -> tuple[Request, tuple[str, ...]]:
        """Move numbers to the steps of the page, and say which."""
        given = {} if isinstance(request, RawRequest) else request.given()
        moved = {
            name: near for name, value in given.items() if (near := self._on_step(name, value)) != value
        }
        notes = tuple(
            f"{name}={given[name]} became {near}: {self.title} takes multiples of {self.generation.steps[name]}"
            for name, near in moved.items()
        )
        return (request.replace(**moved) if moved else request), notes

    def refuses(self, model: type[Request], name: str, value: Any, **others: Any) -> str:
        """Say why a value would not be taken; one that would be moved to a step is taken."""
        settled = {other: self._on_step(other, of) for other, of in others.items()}
        return super().refuses(model, name, self._on_step(name, value), **settled)

    def advise(self, request: Request) -> list[str]:
        """Warn of v6, of what a version does not take, of prompts that are not English, and of more than two references."""
        held = self.held(request)
        advice = version_advice(held)
        if request.mode in _GENERATING and held.get("version") in self.generation.listed_only:
            advice.append(
                f"{held['version']} stands in {self.title}'s general list of versions but not in that of {request.mode}: "
                "the gateway may refuse it; v6.1 is the nearest"
            )
        if looks_foreign(str(held.get("prompt") or "")) and not held.get("enable_translation"):
            advice.append(
                "the prompt does not look English and enable_translation is off; English works best"
            )
        if len(_pictures(held)) > 2:  # noqa: PLR2004  (the page's advice)
            advice.append("more than two reference pictures take away control; the page advises one or two")
        return advice

    def held(self, request: Request) -> dict[str, Any]:
        """Fill in the page's defaults: all of them for the generating modes, none for the follow-ups."""
        generates = request.mode in _GENERATING and not isinstance(request, RawRequest)
        return {**(self.generation.defaults if generates else {}), **request.given()}

    def submit(self, request: Request, envelope: Envelope) -> Call:
        """Spell a request for `POST /api/v1/generateTask/midjourney`."""
        self.check(request)
        wire = {"mode": request.mode, **self._spelled(request)}
        body: dict[str, Any] = {"request_type": "callback" if envelope.callback_url else "async"}
        if envelope.callback_url:
            body["callback_url"] = envelope.callback_url
        if self.generation.envelope and envelope.provider != _PROVIDER:
            body["provider"] = envelope.provider
        return Call("POST", _SUBMIT, body={**body, "input": wire})

    def _spelled(self, request: Request) -> dict[str, Any]:
        """Spell what travels: what was set, and what the page wants always; what is written raw is spelled already."""
        given, names = request.given(), self.generation.names
        if isinstance(request, RawRequest):
            return given
        always = self.generation.always if request.mode in _GENERATING else ()
        sent = {
            name: value for name, value in self.held(request).items() if name in always or name in given
        }
        return {names.get(name, name): self._spell(name, value) for name, value in sent.items()}

    def _spell(self, name: str, value: Any) -> Any:
        if name in self.generation.codes:
            return self.generation.codes[name][value]
        return value.model_dump(exclude_none=True, mode="json") if hasattr(value, "model_dump") else value

    def status(self, task_id: str) -> Call:
        """Spell `GET /api/v1/statusTask/midjourney?taskId=…`."""
        return Call("GET", _STATUS, query={"taskId": task_id})

    # -- replies -------------------------------------------------------------------------------------------------

    def read_submit(self, reply: Reply) -> str:
        """Return `data.taskId`; a task that exists is never lost to a strange code beside it."""
        task_id = reading.identifier(_data(reply).get("taskId"))
        if task_id:
            return task_id
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
            created=reading.epoch(data.get("createTime")),
            completed=reading.epoch(data.get("completeTime")),
            cost_time_s=reading.duration(data.get("costTime")),
            fail_code=reading.text(data.get("failCode")),
            fail_msg=reading.text(data.get("failMsg")),
        )

    def read_callback(self, body: Any) -> str:
        """Return `data.taskId`, which stands in the callback of a success and a failure alike."""
        return reading.identifier(reading.at(body, "data", "taskId"))

    def _urls(self, data: Mapping[str, Any], reply: Reply) -> tuple[str, ...]:
        """Read `resultJson`, which is a string that holds JSON."""
        urls = reading.at(reading.parsed(data.get("resultJson")), "resultUrls")
        found = tuple(url.strip() for url in reading.texts(urls)) if isinstance(urls, list) else ()
        if not any(found):  # a gap keeps its place, since follow-ups count by it; nothing but gaps is none
            raise reading.malformed(
                self.title, reply, "the task succeeded but resultJson holds no resultUrls"
            )
        return found

    def _refusal(self, reply: Reply, outcome: str) -> GatewayError:
        """Read a refusal; only 4xx and 5xx are one, since anything else may hide a task that was created."""
        body = reading.mapping(reply.json)
        given: Any = body.get("code")
        code: int = given if type(given) is int and given in _CODES else reply.status
        if not 400 <= code < 600:  # noqa: PLR2004
            return reading.malformed(self.title, reply, "neither a task id nor a state")
        parts = (reading.text(body.get("message")), reading.text(_data(reply).get("error")))
        said = ": ".join(filter(None, parts))
        return refusal(self.title, code, said, reply.retry_after, outcome=outcome, busy=_is_busy(reply))

    # -- time and money ------------------------------------------------------------------------------------------

    def rhythm(self, request: Request | None) -> Rhythm:
        """Ask when the page advises: after 20 s, then every 3 s; the reference page after 200, 50 or 10 s, then every 10 s."""
        page = self.generation
        speed = str(self.held(request).get("speed")) if request is not None else ""
        return page.rhythms.get(speed, page.rhythms[page.defaults["speed"]])

    def price(self, request: Request, prices: Mapping[str, float] = MappingProxyType({})) -> int | None:
        """Return the price by speed of text-to-image and image-to-image; no page prices the others."""
        own = self.own_price(request, prices)
        if own is not None:
            return own
        if request.mode not in {"text-to-image", "image-to-image"} or isinstance(request, RawRequest):
            return None
        usd = self.generation.prices.get(self.held(request)["speed"])
        return None if usd is None else round(usd * 1_000_000)


class ApixoReference(Apixo):
    """The same gateway by its older reference page: two modes, other names and defaults, numbers in steps, a relaxed speed."""

    name = "apixo-reference"
    title = "APIXO (reference page)"
    page = "https://apixo.ai/en/docs/models/midjourney"
    url_life_s = 86_400.0
    modes = MappingProxyType({cls.mode: cls for cls in (TextToImage, ImageToImage)})
    takes = MappingProxyType(
        {
            "text-to-image": _DRAWN | {"watermark"},
            "image-to-image": _DRAWN | {"watermark", "image_urls"},
        }
    )
    on_request = ()

    def __init__(self, generation: Generation = REFERENCE) -> None:
        super().__init__(generation)


_STATES = {
    "pending": TaskState.PENDING,
    "processing": TaskState.PROCESSING,
    "success": TaskState.SUCCESS,
    "failed": TaskState.FAILED,
}
_CODES = range(200, 600)  # what an envelope's own code may be
_BUSY = 503


def _nearest(name: str, value: str, words: tuple[str, ...]) -> str:
    """Return the word of a list that is nearest in meaning: the shape, the number; the first of the speeds."""
    rule = {"version": Version, "aspect": Aspect}.get(name)
    try:
        if rule is not None:
            rule("", dict.fromkeys(words, "")).read(name, value)
    except InvalidRequest as error:
        return str(error.nearest or words[0])
    return words[0]


def _pictures(given: Mapping[str, Any]) -> list[Any]:
    """Return the reference pictures of a request; a raw one may hold anything in their place."""
    pictures = given.get("image_urls")
    return list(pictures) if isinstance(pictures, list | tuple) else []


def _is_busy(reply: Reply) -> bool:
    """Tell the documented 503, which rejects a submission at once: the bare envelope says so too, and names nobody behind it.

    Of a 503 without the envelope nobody knows whether it is APIXO's; with anything beside it, it may be about a task.
    """
    body = reading.mapping(reply.json)
    code, message = body.get("code"), body.get("message")
    is_own = type(code) is int and reply.status == code == _BUSY and isinstance(message, str)
    return is_own and reading.says_only(body, "code", "message") and not reading.speaks_of_waiting(message)


def _data(reply: Reply) -> Mapping[str, Any]:
    return reading.mapping(reading.at(reply.json, "data"))
