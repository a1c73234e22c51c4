"""What every gateway promises, as a test class that anybody may subclass; needs pytest and hypothesis (`pip install mjnb[test]`).

    from pathlib import Path

    from mjnb.testing import GatewayContract


    class TestMine(GatewayContract):
        dialect, wire = Mine(), Path("tests/wire/mine")

`wire` is a folder of JSON files, one for each exchange that the gateway's documents show: `request` (`method`, `path`, `json`)
and `response` (`status`, and `json` or, for a stream, `ndjson`: its lines), or a `callback` (`json`). What a file stands for is
told by its name: `submit_*` and `error_*` are answers to submissions, `status_<state>*` to the question after a task,
`<state>` being one of `mjnb.tasks.TaskState`; `batch_*` answer the question after several, `upload*` a picture that was handed
over. Documents that are named otherwise are found by setting `submissions`, `states`, `batches` and `uploads`.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("mjnb.testing.requests", "mjnb.testing.replies")  # before they are imported

from mjnb.testing.documents import Documents, reply_of  # noqa: E402  (see above)
from mjnb.testing.examples import EXAMPLES, values_of  # noqa: E402
from mjnb.testing.replies import ReplyPromises, assert_whole  # noqa: E402
from mjnb.testing.requests import RequestPromises  # noqa: E402
from mjnb.testing.spoiling import json_values, spoiled  # noqa: E402

__all__ = [
    "EXAMPLES",
    "Documents",
    "GatewayContract",
    "assert_whole",
    "json_values",
    "reply_of",
    "spoiled",
    "values_of",
]


class GatewayContract(RequestPromises, ReplyPromises):
    """The promises of `mjnb.gateways.base.Dialect`: what it sends (`RequestPromises`), and what it reads (`ReplyPromises`)."""
