"""Prompts as Midjourney's users write them: `{a, b}` permutations, `--flags`, and requests made of both."""

from __future__ import annotations

from mjnb.prompts.flags import Flags, dashed, flag_within, split_flags, to_flags
from mjnb.prompts.language import looks_foreign
from mjnb.prompts.parsing import Reading, parse, parse_all, read_flags, to_prompt
from mjnb.prompts.permutations import Group, Template, expand, parse_template, single_prompt

__all__ = [
    "Flags", "Group", "Reading", "Template", "dashed", "expand", "flag_within", "looks_foreign", "parse", "parse_all",
    "parse_template", "read_flags", "single_prompt", "split_flags", "to_flags", "to_prompt",
]  # fmt: skip
