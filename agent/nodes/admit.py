"""Whether the bot may answer at all."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.ports import Run
from agent.state import Handoff, Turn, Verdict


async def admit(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Silent while a person or the queue owns the conversation; a person where nothing may be read or sent."""
    if turn.owner != "bot":
        return {"route": "silent", "verdicts": _verdict(turn, "owner", "silent", f"owned by {turn.owner}")}
    if turn.opted_out:
        handoff = Handoff("opted_out", "The customer opted out of messages on this channel and has written since.")
        return {"handoff": handoff, "verdicts": _verdict(turn, "consent", "handoff", "opted out: nothing may be sent")}
    if turn.redaction_failed:
        handoff = Handoff("failed", "The privacy filter was not working, so the message was not read.", "high")
        return {"handoff": handoff, "verdicts": _verdict(turn, "pii", "handoff", "the analyser failed: closed")}
    if turn.asked_for_person:
        handoff = Handoff("asked", "The customer asked for a person.")
        return {"handoff": handoff, "verdicts": _verdict(turn, "asked", "handoff", "pressed for a person")}
    return {}


def _verdict(turn: Turn, rule: str, decision: Any, reason: str) -> tuple[Verdict, ...]:
    return (*turn.verdicts, Verdict(rule, "admit", decision, reason))
