"""AceData Cloud: https://docs.acedata.cloud, Midjourney.

Tasks are made with `async` and asked after in batches; their progress may come as a stream of lines instead. A record of a task
has no state of its own. How requests are spelled is in `acedata_requests`, what a task offers in `acedata_actions`, and what
answers mean in `acedata_replies`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mjnb.errors import UnsupportedError
from mjnb.fields import is_local
from mjnb.gateways import acedata_replies as replies
from mjnb.gateways import acedata_requests as requests
from mjnb.gateways import reading
from mjnb.gateways.acedata_search import found_in, is_answer, may_be, names_trace, question
from mjnb.gateways.base import Call, Dialect, Limits, Rhythm, Status
from mjnb.gateways.lost import Found
from mjnb.gateways.versions import version_advice, weight_advice
from mjnb.modes import RawRequest
from mjnb.tasks import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mjnb.gateways.base import Envelope, Reply
    from mjnb.gateways.lost import Lost
    from mjnb.modes import Request

__all__ = ["AceData"]

_TASKS = "/midjourney/tasks"
_STREAM = "application/x-ndjson"
_TIMEOUT_S = 480.0  # the page's own
_EVERY_S = 5.0
_RHYTHMS = {
    "relaxed": Rhythm(first=10, every=_EVERY_S, typical=(60, 300), timeout=_TIMEOUT_S),
    "fast": Rhythm(first=10, every=_EVERY_S, typical=(30, 60), timeout=_TIMEOUT_S),
    "turbo": Rhythm(first=5, every=_EVERY_S, typical=(15, 30), timeout=_TIMEOUT_S),
}
"""The pages tell the waits and the timeout, and 29 s of an example; the other spans are chosen."""
_QUICK = Rhythm(first=5, every=_EVERY_S, typical=(1, 30), timeout=_TIMEOUT_S)


class AceData(Dialect):
    """The codec.

    Its limits are chosen: the pages ask not to poll more than once a second, and name no number of tasks at once. So is the
    number of tasks in a batch. No page of prices is public, so none is known here.
    """

    name = "acedata"
    title = replies.TITLE
    page = "https://docs.acedata.cloud"
    base_url = "https://api.acedata.cloud"
    endpoints = (requests.IMAGINE, _TASKS, *requests.PATHS.values())
    key_names = ("ACEDATA_API_KEY", "ACEDATACLOUD_API_KEY", "ACEDATA_API_TOKEN")
    limits = Limits(per_minute=60, at_once=20)
    lists_tasks = True
    needs_parent = True
    url_life_s = 86_400.0  # of URLs that do not tell; those that Discord signed do
    references = ("url",)
    modes = MappingProxyType(requests.MODES)
    takes = MappingProxyType(requests.TAKES)
    batch = 100
    streams = frozenset(requests.MODES) - requests.AT_ONCE
    callbacks = streams
    masks = "base64"  # as in the guides; the reference page speaks of a URL, which is sent as it is
    mask_paint = "white"

    # -- requests ------------------------------------------------------------------------------------------------

    def _check(self, request: Request) -> None:
        """Refuse files of this machine, prompts with flags in them, and values that nothing here can carry."""
        given = request.given()
        urls = given.get("image_urls")
        if isinstance(urls, list | tuple) and any(map(is_local, urls)):
            hint = f"{self.title} fetches pictures itself, so a local file cannot be sent."
            raise UnsupportedError("image_urls", "a file", "URLs alone", hint=hint)
        if not isinstance(request, RawRequest):
            requests.check_values(request.mode, given)

    def check_parent(self, request: Request, parent: Status) -> None:
        """Refuse what the parent's `actions` do not list, in our words; see `acedata_actions`."""
        if not isinstance(request, RawRequest):
            requests.parent_part(request, parent)

    def advise(self, request: Request) -> list[str]:
        """Warn of what the version does not take, and of what AceData's pages do not promise."""
        if isinstance(request, RawRequest):
            return []
        given = request.given()
        return [*version_advice(given), *weight_advice(given), *requests.advice_on(request.mode, given)]

    def held(self, request: Request) -> dict[str, Any]:
        """Fill in the pages' defaults; which version draws when none is named is not documented."""
        defaults = {} if isinstance(request, RawRequest) else requests.defaults_of(request.mode)
        return {**self.marks_off(request), **defaults, **request.given()}

    def submit(self, request: Request, envelope: Envelope) -> Call:
        """Spell a request for imagine, edits, videos or one of the endpoints that answer with text."""
        self.check(request)
        path, body = requests.path_of(request.mode), requests.body_of(request, envelope.parent)
        if request.mode in requests.AT_ONCE:
            return Call("POST", path, body=body)
        if envelope.callback_url:
            body["callback_url"] = envelope.callback_url
        elif not envelope.streams:
            body["async"] = True
        if envelope.timeout_s and path == requests.IMAGINE:
            body["timeout"] = _plain(envelope.timeout_s)
        headers = {"Accept": _STREAM} if envelope.streams else {}
        return Call("POST", path, body=body, headers=headers, streams=envelope.streams)

    def status(self, task_id: str) -> Call:
        """Spell `POST /midjourney/tasks` for one task."""
        return Call("POST", _TASKS, body={"action": "retrieve", "id": task_id})

    def status_of(self, task_ids: Sequence[str]) -> Call:
        """Spell `POST /midjourney/tasks` for several; without `limit` it would tell of twelve."""
        body = {"action": "retrieve_batch", "ids": list(task_ids), "limit": len(task_ids)}
        return Call("POST", _TASKS, body=body)

    def search(self, lost: Lost) -> Call | None:
        """Spell `POST /midjourney/tasks` for one trace or the latest tasks; answers in words make no tasks to look for."""
        return Call("POST", _TASKS, body=question(lost)) if "action" in lost.sent else None

    # -- replies -------------------------------------------------------------------------------------------------

    def read_submit(self, reply: Reply) -> str:
        """Return `task_id`; beside it only a code that refuses beyond doubt counts, since a task may exist."""
        task_id = reading.identifier(reading.mapping(reply.json).get("task_id"))
        if task_id and not replies.is_refused(reply):
            return task_id
        raise replies.refused(reply, "No task was created.")

    def read_at_once(self, reply: Reply) -> Status | None:
        """Return the text of describe, shorten, translate or seed."""
        texts = replies.read_texts(reply)
        return Status(TaskState.SUCCESS, texts=texts) if texts else None

    def read_status(self, reply: Reply) -> Status:
        """Read a task's record, a line of a stream, or a finished answer; see `acedata_replies`."""
        return replies.read_status(reply)

    def read_search(self, reply: Reply, lost: Lost) -> Found:
        """Return the tasks that the request made; an answer that is no list says nothing about that, and is raised."""
        is_unknown = reply.status == 404 or reply.json == {}  # noqa: PLR2004  (what a trace that made no task is answered)
        if names_trace(lost) and is_unknown:
            return Found()
        if reply.status != 200 or not is_answer(reply.json, lost):  # noqa: PLR2004
            raise replies.refused(reply, "", several=True)
        return found_in(reply.json, lost)

    def can_be(self, status: Status, raw: Any, lost: Lost) -> bool:
        """Compare the request that a task's record holds with what was sent."""
        return lost.is_timely(status.created) and may_be(raw, lost)

    def read_callback(self, body: Any) -> str:
        """Return `task_id`, which stands beside an answer and an error alike."""
        return reading.identifier(reading.mapping(body).get("task_id"))

    def read_statuses(self, reply: Reply) -> Mapping[str, Any]:
        """Cut `items` into records by their tasks' ids; a task that it does not know is not among them."""
        items = reading.mapping(reply.json).get("items")
        if not isinstance(items, list):
            raise replies.refused(reply, "", several=True)
        named = ((replies.task_id_of(reading.mapping(item)), item) for item in items)
        return {task_id: item for task_id, item in named if task_id}

    # -- time and money ------------------------------------------------------------------------------------------

    def rhythm(self, request: Request | None) -> Rhythm:
        """Ask after 5 to 10 s, then every 5 s, as the pages advise, for the 480 s that imagine waits itself."""
        if request is None:
            return _RHYTHMS["fast"]
        if request.mode == "upscale":
            return _QUICK
        return _RHYTHMS.get(str(self.held(request).get("speed")), _RHYTHMS["fast"])

    def price(self, request: Request, prices: Mapping[str, float] = MappingProxyType({})) -> int | None:
        """Return the user's own price; AceData tells its prices in its console alone."""
        return self.own_price(request, prices)


def _plain(number: float) -> float:
    """Return a number as JSON shows it best: 480, not 480.0."""
    return int(number) if float(number).is_integer() else number
