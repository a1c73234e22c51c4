"""Where APIMart's requests are taken: whose task one goes on from, what makes it fail, what it costs, how long it takes.

Trigger words in a prompt make a task fail, so that failures can be shown and tested:

| in the prompt | what happens |
|---|---|
| the word `gore` | refused at once (422, code 24) with `nsfw_check: true`; else it fails with "Banned prompt detected" |
| `fail:NO_UPSTREAM`, `fail:TIMEOUT` | it fails with "No available upstream", with "Task timeout" |
| `fail:some_reason`, `fail:"some reason"` | it fails with that reason |

No document says how a picture that cannot be fetched fails, nor how long a task takes: both are chosen here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mjnb.simulator.apimart_facts import KEPT, Facts
from mjnb.simulator.apimart_fields import BANNED, Fields, RefusedError
from mjnb.simulator.apimart_prices import price
from mjnb.simulator.tasks import Drawing, Failure, Order, Phase
from mjnb.simulator.urls import is_unreachable, own_picture

if TYPE_CHECKING:
    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

__all__ = ["BANNED_PROMPT", "GATEWAY", "GORE", "SECONDS", "Desk", "estimate", "failed", "speed_of"]

GATEWAY = "apimart"
GORE = re.compile(r"\bgore\b", re.IGNORECASE)
BANNED_PROMPT = Failure(str(BANNED), "Banned prompt detected")
SECONDS = {"relax": (60.0, 120.0), "fast": (30.0, 60.0), "turbo": (15.0, 30.0)}
"""The shortest and the longest life of a task by its speed."""

_FILE_LIFE = 72 * 3600.0  # seconds
_TRIGGER = re.compile(r'\bfail:(?:"([^"]+)"|(\w+))')
_REASONS = {
    "BANNED_PROMPT": BANNED_PROMPT.message,
    "TIMEOUT": "Task timeout",
    "NO_UPSTREAM": "No available upstream",
}
_FAILURE = "9"  # the gateway's own code for a task that failed


def failed(reason: str) -> Failure:
    """Return a failure with the gateway's code for it."""
    return BANNED_PROMPT if reason == BANNED_PROMPT.message else Failure(_FAILURE, reason)


def estimate(seconds: tuple[float, float]) -> int:
    """Return the seconds that a task of such a life is said to take."""
    return round(sum(seconds) / 2)


def speed_of(fields: Fields, default: str = "relax") -> str:
    """Return the speed that a request asks for."""
    return fields.choice("speed", tuple(SECONDS), default=default)


class Desk:
    """One key's place at the gateway.

    Args:
        world: where the tasks are.
        account: the key's.
        base_url: where its request reached us.
        once: the request's `Idempotency-Key`, marked as such; "" for none.
    """

    def __init__(self, world: World, account: str, base_url: str = "", once: str = "") -> None:
        self.world = world
        self.once = once
        self._account = account
        self._base_url = base_url

    def task(self, task_id: str) -> Task:
        """Return a task of this key.

        Raises:
            RefusedError: it is someone else's (403), there is none, or it is too old (404).
        """
        owner = self.world.owner_of(task_id)
        if owner not in {None, self._account}:
            raise RefusedError("You do not have permission to access this task", 403)
        task = self.world.find(self._account, task_id, gateway=GATEWAY)
        if task is None or self.world.now() > task.created + KEPT:
            raise RefusedError("Task not found", 404)
        return task

    def parent(self, fields: Fields) -> Task:
        """Return the task that a request goes on from: one that gave pictures.

        Raises:
            RefusedError: as for `task`, and for one that has not (400).
        """
        parent = self.task(fields.text("task_id", required=True))
        if parent.phase(self.world.now()) is not Phase.SUCCESS:
            raise RefusedError("task_id must be a task in SUCCESS state")
        if parent.kind != "pictures":
            raise RefusedError("task_id must be a task that gave images")
        return parent

    def owned(self, image: str) -> tuple[str, int] | None:
        """Return the (task id, index) of this key's own finished picture, None for a stranger's."""
        own = own_picture(image)
        task = self.world.find(self._account, own[0]) if own else None
        if own is None or task is None or task.phase(self.world.now()) is not Phase.SUCCESS:
            return None
        return own if own[1] < task.pictures else None

    def failure(self, prompt: str, *images: str) -> Failure | None:
        """Return why a task will fail, as its prompt and its pictures have it."""
        if GORE.search(prompt):
            return BANNED_PROMPT
        if found := _TRIGGER.search(prompt):
            word = found[1] or found[2]
            return failed(_REASONS.get(word, word.replace("_", " ")))
        if any(is_unreachable(image) or (own_picture(image) and not self.owned(image)) for image in images):
            return failed("Failed to download image")
        return None

    def order(
        self,
        action: str,
        fields: Fields,
        drawing: Drawing,
        *,
        prompt: str = "",
        model: str = "",
        images: tuple[str, ...] = (),
        seconds: tuple[float, float] | None = None,
    ) -> Order:
        """Return the order of a task that gives a grid of four.

        Args:
            action: the path's last part.
            fields: where the speed and the metadata are.
            drawing: what is drawn.
            prompt: as replies show it; its trigger words count.
            model: as bills name it.
            images: what has to be fetched for it.
            seconds: its shortest and its longest life; by its speed if None.
        """
        speed = speed_of(fields)
        fields.json_object("metadata")
        life = seconds or SECONDS[speed]
        facts = Facts(action, prompt, speed, model, estimate(life), self.once)
        return Order(
            gateway=GATEWAY,
            drawing=drawing,
            price=price(action.replace("-", "_"), model, speed),
            seconds=life,
            failure=self.failure(prompt, *images),
            base_url=self._base_url,
            id_prefix="task_",
            id_form="ulid",
            facts=facts.to_json(),
            file_life=_FILE_LIFE,
        )
