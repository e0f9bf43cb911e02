"""Whether the bot may answer at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from agent.nodes.going_on import goes_on
from agent.policy.consequences import consequence
from agent.policy.facts import Seen
from agent.ports import Run
from agent.state import Turn, Verdict
from agent.stops import silenced
from agent.understanding.privacy_requests import privacy_request


async def admit(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Silent while a person or the queue owns the conversation; else what the rules of this phase decide.

    A request for one's rights is recognised whoever owns it, and confirmed where the bot may speak.
    """
    run = runtime.context
    asked: dict[str, Any] = {"request": kind} if (kind := privacy_request(turn.text)) else {}
    resumed: dict[str, Any] = {}
    if turn.owner != "bot":
        going = None if turn.asked_for_person else goes_on(turn, run.deps.templates)
        if going is None:
            return {**asked, **_silent(turn, f"owned by {turn.owner}")}
        reason = "goes on with the bot while waiting"
        resumed = {**going, "verdicts": (*turn.verdicts, Verdict("owner", "admit", "pass", reason))}
    switch = silenced(run.bench.controls, turn.inbox, turn.channel)
    ruling = run.deps.policy.judge("admit", Seen(replace(turn, **asked), {"pii": _redacted(turn)}, switch=switch))
    if resumed and ruling.decision == "handoff":
        return {**asked, **_silent(turn, "waits for a person already", *ruling.verdicts)}
    verdicts = (*resumed.get("verdicts", turn.verdicts), *ruling.verdicts)
    return {**resumed, **asked, **consequence(ruling, turn), "verdicts": verdicts}


def _silent(turn: Turn, reason: str, *before: Verdict) -> dict[str, Any]:
    verdict = Verdict("owner", "admit", "silent", reason)
    return {"route": "silent", "verdicts": (*turn.verdicts, *before, verdict)}


def _redacted(turn: Turn) -> Verdict:
    if turn.redaction_failed:
        return Verdict("pii", "admit", "handoff", "the analyser failed: closed")
    return Verdict("pii", "admit", "pass", "personal data was replaced before anything read it")
