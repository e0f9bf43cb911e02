"""A policy as text that can be kept, compared and read again: the same rules are the same text. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def recorded(
    rules: Sequence[Mapping[str, Any]], templates: Mapping[str, str], commitments: Sequence[Mapping[str, Any]]
) -> str:
    """The rules in force, those switched off as well, as JSON with sorted keys. Their order is part of it: where two
    decide alike the first one's words are used."""
    whole = {"rule": list(rules), "templates": dict(templates), "commitment": list(commitments)}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1, default=str)


def version_of(text: str) -> str:
    """Ten hexadecimal digits of its SHA-256, as prompts have."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
