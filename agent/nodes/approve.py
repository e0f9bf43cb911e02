"""A person says yes, or changes the words, before a draft leaves."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agent.ports import Run
from agent.state import Draft, Handoff, Sentence, Turn, Verdict


async def approve(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Pauses the graph; goes on with `{"decision": "approve" | "edit" | "reject", "text", "person"}`."""
    decision = interrupt({"turn": turn.id})
    verdict = Verdict("approval", "guard", "pass", f"{decision['decision']} by {decision['person']}")
    changes: dict[str, Any] = {"approval": decision, "verdicts": (*turn.verdicts, verdict)}
    if decision["decision"] == "edit":
        changes["draft"] = Draft((Sentence(decision["text"]),), made_by="person")
    if decision["decision"] == "reject":
        changes |= {"draft": None, "handoff": Handoff("rejected", "A person rejected the draft.", "high")}
    return changes
