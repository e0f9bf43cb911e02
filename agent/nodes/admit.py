"""Whether the bot may answer at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.runtime import Runtime

from agent.nodes.going_on import goes_on
from agent.ports import Run
from agent.state import Handoff, Turn, Verdict
from agent.stops import silenced
from agent.understanding.privacy_requests import privacy_request


async def admit(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Silent while a person or the queue owns the conversation; a person where nothing may be read or sent.

    A request for one's rights is recognised whoever owns it, and confirmed where the bot may speak.
    """
    switch = silenced(runtime.context.bench.controls, turn.inbox, turn.channel)
    if switch and turn.owner == "bot":
        handoff = Handoff("silenced", f"The assistant is switched off here ({switch}).")
        return {"handoff": handoff, "verdicts": _verdict(turn, "kill_switch", "handoff", f"stopped by {switch}")}
    asked: dict[str, Any] = {"request": kind} if (kind := privacy_request(turn.text)) else {}
    decided = _decided(turn, runtime.context.deps.templates)
    if asked and not (decided.get("handoff") or decided.get("route")):
        reason = f"asks for a right: {kind}"
        verdicts = _verdict(turn, "rights", "template", reason)
        return {**decided, **asked, "template": f"request_{kind}", "verdicts": verdicts}
    return {**decided, **asked}


def _decided(turn: Turn, templates: Mapping[str, str]) -> dict[str, Any]:
    if turn.owner != "bot":
        if not turn.asked_for_person and (resumed := goes_on(turn, templates)) is not None:
            return {**resumed, "verdicts": _verdict(turn, "owner", "pass", "goes on with the bot while waiting")}
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
