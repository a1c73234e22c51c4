"""The contract of every dialect is public: `mjnb.testing`. Here is its door for tests that stood before it."""

from __future__ import annotations

from mjnb.testing import EXAMPLES, GatewayContract, json_values, reply_of, spoiled

__all__ = ["EXAMPLES", "GatewayContract", "json_values", "reply_of", "spoiled"]
