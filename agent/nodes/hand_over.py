"""Fetching a person: the decision, and what the customer is told."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.autonomy import WITHHELD
from agent.nodes.wording import from_template
from agent.policy.engine import SILENT
from agent.ports import Deps, Run
from agent.state import Turn

_WORDS = {"rejected": "handoff_guard"}


async def hand_over(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets the route and, where a message may be sent at all, the words."""
    assert turn.handoff is not None  # noqa: S101  (every arrow into this node sets it)
    if turn.handoff.code in SILENT or turn.autonomy in WITHHELD:
        return {"route": "handoff", "draft": None}
    names = words(turn, runtime.context.deps)
    return {"route": "handoff", "draft": from_template(turn, runtime.context.deps, *names), "template": names[0]}


def words(turn: Turn, deps: Deps) -> tuple[str, ...]:
    """The templates of the handover: the one a rule named, or the code's own. Out of hours they say when a person
    answers, ask on live chat where else to, and offer to go on meanwhile."""
    assert turn.handoff is not None  # noqa: S101  (as above)
    code = turn.handoff.code
    name = turn.template or _WORDS.get(code, f"handoff_{code}")
    if deps.staffing.opens_at(turn.inbox, turn.started_at) is None:
        return (name,)
    kept = bool(turn.template) or code == "safety"
    closed = (name, "closed") if kept else ("closed_sorry", "closed") if code == "complaint" else ("closed",)
    where = ("closed_where",) if turn.channel == "chat" else ()
    return (*closed, *where, "closed_offer")
