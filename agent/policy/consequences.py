"""What a ruling makes of the turn: the fields that a node sets. Pure."""

from __future__ import annotations

from typing import Any, cast

from agent.policy.engine import Fired, Ruling
from agent.state import Handoff, Turn


def consequence(ruling: Ruling, turn: Turn) -> dict[str, Any]:
    """The person or the template that was decided on, and what goes with any decision: containment, a person's yes."""
    made: dict[str, Any] = {}
    if contained := ruling.first("contain"):
        made["contained"] = contained.verdict.reason
    if ruling.first("approve") and turn.autonomy == "automatic":
        made["autonomy"] = "approve"
    if ruling.by is not None:
        made |= ended(ruling.by, ruling.decision)
    return made


def ended(by: Fired, decision: str) -> dict[str, Any]:
    """The fields for a decision that ends the turn; none for one that does not. A handoff may name its own words."""
    rule = by.rule
    if decision == "template":
        return {"template": rule.template}
    if decision != "handoff":
        return {}
    handoff = Handoff(cast(Any, rule.handoff), by.verdict.reason, cast(Any, rule.priority), rule.matter)
    return {"handoff": handoff, "template": rule.template}
