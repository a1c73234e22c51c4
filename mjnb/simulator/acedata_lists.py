"""Which tasks an AceData `/tasks` request asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mjnb.simulator.acedata_facts import GATEWAY, Facts, task_of_trace
from mjnb.simulator.fields import InvalidFieldError

if TYPE_CHECKING:
    from mjnb.simulator.acedata_fields import Fields
    from mjnb.simulator.tasks import Task
    from mjnb.simulator.world import World

__all__ = ["chosen", "forget"]

_PAGE = 12  # tasks; the documented default of `limit`
_MOST = 1_000_000


def chosen(world: World, account: str, fields: Fields, *, many: bool) -> tuple[list[Task], int]:
    """Return the tasks that a request asks for, and how many there would be without `offset` and `limit`.

    Args:
        world: the tasks.
        account: the key's, which sees its own tasks only.
        fields: the request's JSON.
        many: whether it may ask for more than one.

    Raises:
        InvalidFieldError: it does not say which, or not in the right form.
    """
    for name in ("application_id", "user_id"):  # a key sees no one else's anyway
        fields.has(name)
    if not many:
        task = _one(world, account, fields)
        return ([task], 1) if task is not None and _is_kept(task) else ([], 0)
    offset = fields.integer("offset", 0, _MOST, default=0)
    named = _named(world, account, fields)
    found = list(filter(_is_kept, _listed(world, account, fields) if named is None else named))
    limit = fields.integer("limit", 1, _MOST, default=_PAGE if named is None else _MOST)
    return found[offset : offset + limit], len(found)


def forget(world: World, task: Task) -> str:
    """Take a task out of all lists and return its id; what it cost and made stays."""
    facts = replace(Facts.of(task), deleted=True)
    world.store.change(replace(task, facts=facts.to_json()), world.store.delivery(task.id))
    return task.id


def _is_kept(task: Task) -> bool:
    return not Facts.of(task).deleted


def _one(world: World, account: str, fields: Fields) -> Task | None:
    # One page of the documents calls the id `task_id`.
    names = [fields.text(name, 1, 200, default="") for name in ("id", "task_id")]
    task_id, trace_id = names[0] or names[1], fields.text("trace_id", 1, 200, default="")
    if not (task_id or trace_id):
        raise InvalidFieldError("id or trace_id is required")
    if task_id:
        return world.find(account, task_id, gateway=GATEWAY)
    return task_of_trace(world, account, trace_id)


def _named(world: World, account: str, fields: Fields) -> list[Task] | None:
    """Return the tasks that a request names, None if it names none."""
    ids, traces = fields.strings("ids"), fields.strings("trace_ids")
    if ids is None and traces is None:
        return None
    by_trace = (task_of_trace(world, account, trace) for trace in traces or ())
    return [
        *world.tasks(account, GATEWAY, limit=None, ids=ids or ()),
        *(task for task in by_trace if task is not None),
    ]


def _listed(world: World, account: str, fields: Fields) -> list[Task]:
    """Return a key's tasks, the newest first, narrowed down by the fields with which a known client does it."""
    kind = fields.text("type", 1, 64, default="")
    least, most = fields.moment("created_at_min"), fields.moment("created_at_max")
    return [
        task
        for task in world.tasks(account, GATEWAY, limit=None)
        if kind in {"", Facts.of(task).type}
        and (least is None or task.created >= least)
        and (most is None or task.created <= most)
    ]
