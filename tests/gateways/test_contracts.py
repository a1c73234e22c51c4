"""What every dialect promises, held by those whose documents are laid out in ways of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from mjnb.gateways import dialect
from mjnb.testing import GatewayContract

_WIRE = Path(__file__).parent.parent / "wire"


class TestAceData(GatewayContract):
    dialect = dialect("acedata")
    wire = _WIRE / "acedata"
    submissions = ("imagine*", "edits", "videos", "describe", "shorten", "translate", "seed", "error_*")
    states: ClassVar[dict[str, str]] = {
        "tasks_retrieve": "success",
        "imagine": "success",
        "edits": "success",
        "videos": "success",
        "callback_failure": "failed",
    }
    batches = ("tasks_retrieve_batch",)

    @pytest.mark.parametrize("body", [None, [], "ok", 5, {"data": {}}, {"data": [1]}], ids=repr)
    @pytest.mark.parametrize("status", [200, 201, 204, 301, 304])
    def test_an_answer_that_says_nothing_is_no_refusal(self, body: Any, status: int) -> None:
        """As everywhere, but for the empty object, with which AceData says that it does not know a task."""
        super().test_an_answer_that_says_nothing_is_no_refusal(body, status)


class TestApimart(GatewayContract):
    dialect = dialect("apimart")
    wire = _WIRE / "apimart"
    states: ClassVar[dict[str, str]] = {
        "direct_success*": "success",
        "direct_upscale": "success",
        "direct_variation": "success",
        "direct_video": "success",
        "direct_describe": "success",
        "direct_failure": "failed",
        "direct_modal": "pending",
        "direct_in_progress": "processing",
        "task_completed*": "success",
        "task_failed": "failed",
    }
