"""AceData's replies: what it says of a task that is finished, under way or failed, and of tasks in lists.

Where the documents show more than one way: sizes are numbers; `image_url` is the raw URL with a width and a height (for
edits the raw URL itself, as their guide shows it, and for previews, which are small anyway); a task that is not over has
neither `response` nor `finished_at`.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from mjnb.simulator.acedata_facts import Facts, snowflake
from mjnb.simulator.acedata_words import said
from mjnb.simulator.tasks import Phase

if TYPE_CHECKING:
    from mjnb.simulator.acedata_sizes import Size, Sizes
    from mjnb.simulator.tasks import Task

__all__ = ["Replies", "failed", "moment_of"]


class Replies:
    """Words replies.

    Args:
        sizes: how large the pictures are.
    """

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    def finished(self, task: Task, base_url: str) -> dict[str, Any]:
        """Return the reply of a task that has succeeded."""
        facts = Facts.of(task)
        if task.kind == "text":
            return said(facts.type, task)
        made = self._clips(task, base_url) if task.kind == "video" else self._pictures(task, base_url)
        return {**made, "task_id": task.id, "success": True}

    def under_way(self, task: Task, base_url: str, percent: int) -> dict[str, Any]:
        """Return the line of a stream at which so much of a task is done; its picture will be gone at the end."""
        line: dict[str, Any] = {"progress": percent, "task_id": task.id, "success": True}
        if task.kind == "video":
            return line
        moment = moment_of(task, percent)
        raw = f"{base_url}/files/{task.id}/preview-{percent}.webp?{_signature(task, moment)}"
        return {
            **_sized(raw, self._sizes.preview(task)),
            "image_id": snowflake(moment, percent),
            **line,
            "actions": [],
        }

    def outcome(self, task: Task, base_url: str) -> dict[str, Any]:
        """Return what a callback or the last line of a stream says of a task that is over."""
        if task.failure is not None:
            return failed(task)
        return self.finished(task, base_url)

    def item(self, task: Task, base_url: str, now: float, fault: str = "") -> dict[str, Any]:
        """Return what `/tasks` says of a task at a moment, as a fault of some kind (or "") would have it."""
        phase, facts = task.phase(now), Facts.of(task)
        item = {**_identity(task, facts), "created_at": task.created, "request": json.loads(task.asked)}
        if fault == "odd_state":
            return {**item, "state": "archived"}
        if phase is not Phase.PENDING:
            item["started_at"] = round(task.begun + task.pending, 3)
        if not phase.is_over:
            return item
        more = {} if task.kind == "text" else {"job_id": item["job_id"], "hold": False}
        response = {**self.outcome(task, base_url), **more}
        seconds = task.ends - task.created
        return {
            **item,
            **({"image_id": facts.image_id} if facts.image_id and phase is Phase.SUCCESS else {}),
            "response": spoilt(response, fault),
            "finished_at": task.ends,
            "duration": seconds,
            "elapsed": seconds,
        }

    def _pictures(self, task: Task, base_url: str) -> dict[str, Any]:
        facts = Facts.of(task)
        name = (
            "sheet" if task.pictures > 1 else "0"
        )  # one alone is its own sheet, and known as a picture by its URL
        raw = f"{base_url}/files/{task.id}/{name}.jpg?{_signature(task, task.ends)}"
        width, height = self._sizes.whole(task)
        reply = _sized(raw, (width, height), (width // 2, height // 2) if facts.type == "imagine" else None)
        reply |= {"image_id": facts.image_id, "progress": 100}
        if facts.type == "imagine":
            reply["actions"] = list(facts.actions)
        if facts.split and task.pictures > 1:
            reply["sub_image_urls"] = [f"{base_url}/files/{task.id}/{i}.jpg" for i in range(task.pictures)]
        return reply

    def _clips(self, task: Task, base_url: str) -> dict[str, Any]:
        width, height = self._sizes.whole(task)
        return {
            "image_url": f"{base_url}/files/{task.id}/0.jpg",
            "image_width": width,
            "image_height": height,
            "progress": 100,
            "video_id": Facts.of(task).video_id,
            "video_urls": [f"{base_url}/files/{task.id}/{i}.webm" for i in range(task.pictures)],
        }


def failed(task: Task) -> dict[str, Any]:
    """Return what is said of a task that has failed."""
    assert task.failure is not None
    return {
        "success": False,
        "task_id": task.id,
        "trace_id": Facts.of(task).trace_id,
        "error": {"code": task.failure.code, "message": task.failure.message},
    }


def spoilt(response: dict[str, Any], fault: str) -> Any:
    """Return a reply as a fault of some kind (or "") would have it."""
    if fault == "bad_result_json":
        text = json.dumps(response)
        return text[: len(text) // 2]
    if fault == "no_urls":
        empty = {"image_url": "", "raw_image_url": "", "sub_image_urls": [], "video_urls": []}
        return {name: empty.get(name, value) for name, value in response.items()}
    return response


def moment_of(task: Task, percent: int) -> float:
    """Return when so much of a task will be done, in seconds since 1970."""
    start = task.begun + task.pending
    return start + (task.ends - start) * percent / 100


def _sized(raw: str, size: Size, thumbnail: Size | None = None) -> dict[str, Any]:
    """Return the URLs and sizes of a picture; without a thumbnail of its own it stands for itself."""
    width, height = thumbnail or size
    return {
        "image_url": f"{raw}width={width}&height={height}" if thumbnail else raw,
        "image_width": width,
        "image_height": height,
        "raw_image_url": raw,
        "raw_image_width": size[0],
        "raw_image_height": size[1],
    }


def _signature(task: Task, moment: float) -> str:
    """Return the query with which Discord's URLs end; nobody checks it."""
    issued = int(moment)
    digest = hashlib.sha256(f"{task.id}:{issued}".encode()).hexdigest()
    return f"ex={issued + int(task.file_life):x}&is={issued:x}&hm={digest}&"


def _identity(task: Task, facts: Facts) -> dict[str, Any]:
    return {
        "_id": hashlib.sha256(task.id.encode()).hexdigest()[:24],
        "id": task.id,
        "type": facts.type,
        "trace_id": facts.trace_id,
        "application_id": _uuid(f"application:{task.account}"),
        "credential_id": _uuid(f"credential:{task.account}"),
        "job_id": _uuid(f"job:{task.id}"),
        "hold": False,
    }


def _uuid(text: str) -> str:
    return str(uuid.UUID(hashlib.sha256(text.encode()).hexdigest()[:32], version=4))
