"""Fetching a person: the decision, and what the customer is told."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.autonomy import WITHHELD
from agent.nodes.wording import from_template
from agent.ports import Run
from agent.state import Turn

SILENT = frozenset({"opted_out", "drafted", "shadowed"})
"""Reasons of which the customer is told nothing: nothing may be sent, or a person is about to write."""
_WORDS = {"rejected": "handoff_guard"}


async def hand_over(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets the route and, where a message may be sent at all, the words."""
    assert turn.handoff is not None  # noqa: S101  (every arrow into this node sets it)
    if turn.handoff.code in SILENT or turn.autonomy in WITHHELD:
        return {"route": "handoff", "draft": None}
    name = _WORDS.get(turn.handoff.code, f"handoff_{turn.handoff.code}")
    return {"route": "handoff", "draft": from_template(turn, runtime.context.deps, name), "template": name}
