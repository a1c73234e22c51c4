"""AceData's requests that are answered with words at once, read into orders: describe, shorten and translate.

They are tasks too, finished when they are accepted, so that they are charged and found again. Their prices are chosen, as all
of AceData's are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mjnb.simulator.acedata_facts import GATEWAY, new_facts
from mjnb.simulator.acedata_fields import Fields, trace_of
from mjnb.simulator.acedata_orders import own_file
from mjnb.simulator.acedata_rules import check_words, failure_of
from mjnb.simulator.acedata_text import describe, shorten, translate
from mjnb.simulator.tasks import Drawing, Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

__all__ = ["Scribe", "said"]

_PRICES = {"describe": 5_000, "shorten": 2_000, "translate": 1_000}  # micro-dollars
_LONGEST = 10_000  # characters; no document names a limit


class Scribe:
    """Takes one key's requests for words and makes orders of them.

    Each method returns the order and the names of the fields that were ignored.

    Args:
        world: the tasks so far.
        account: the key's.
    """

    def __init__(self, world: World, account: str) -> None:
        self._world = world
        self._account = account

    def describe(self, body: Any) -> tuple[Order, list[str]]:
        """Return the order of a `/describe` request.

        Raises:
            InvalidFieldError: there is no `image_url` in it.
        """
        fields = Fields(body)
        url = fields.url("image_url")
        own = own_file(url)
        task = self._world.find(self._account, own[0]) if own else None
        shown = task.drawing if task is not None else Drawing("")
        texts = describe(url, shown.prompt, shown.aspect)
        order = self._order("describe", fields, body, Drawing("", references=(url,)), texts)
        return order, fields.unknown()

    def shorten(self, body: Any) -> tuple[Order, list[str]]:
        """Return the order of a `/shorten` request.

        Raises:
            InvalidFieldError: there is no `prompt` in it.
            ForbiddenError: moderation does not let it through.
        """
        fields = Fields(body)
        prompt = check_words(fields.text("prompt", 1, _LONGEST))
        order = self._order("shorten", fields, body, Drawing(prompt), shorten(prompt))
        return order, fields.unknown()

    def translate(self, body: Any) -> tuple[Order, list[str]]:
        """Return the order of a `/translate` request.

        Raises:
            InvalidFieldError: there is no `content` in it.
        """
        fields = Fields(body)
        content = fields.text("content", 1, _LONGEST)
        order = self._order("translate", fields, body, Drawing(content), [translate(content)])
        return order, fields.unknown()

    def _order(self, kind: str, fields: Fields, body: Any, drawing: Drawing, texts: Sequence[str]) -> Order:
        return Order(
            gateway=GATEWAY,
            drawing=drawing,
            price=_PRICES[kind],
            seconds=(0, 0),
            pictures=0,
            failure=failure_of(drawing),
            id_form="uuid",
            kind="text",
            texts=tuple(texts),
            asked=json.dumps(body, ensure_ascii=False),
            facts=new_facts(self._world, kind, trace_id=trace_of(fields)).to_json(),
        )


def said(kind: str, task: Task) -> dict[str, Any]:
    """Return the reply to a request for words."""
    match kind:
        case "describe":
            return {"descriptions": list(task.texts)}
        case "shorten":
            return {"prompts": list(task.texts)}
    return {"content": task.texts[0]}
