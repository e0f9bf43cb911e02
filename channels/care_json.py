"""Gaps and findings as JSON: the same from the command and over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from knowledge.checking.findings import Findings

if TYPE_CHECKING:
    from agent.knowing.gaps import Gaps


def gaps_json(found: Gaps) -> dict[str, Any]:
    """Each gap says too whether an article is about it."""
    plain = asdict(found)
    for gap, written in zip(found.gaps, plain["gaps"], strict=True):
        written["has_article"] = gap.has_article
    return plain


def findings_json(found: Findings) -> dict[str, Any]:
    """With how many there are of each kind."""
    return {**asdict(found), "counts": dict(found.counts)}
