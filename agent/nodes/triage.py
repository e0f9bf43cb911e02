"""What the message wants."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.autonomy import level
from agent.nodes.courtesies import accepts_a_person, courtesy
from agent.ports import Run
from agent.state import Handoff, Triage, Turn, Verdict


async def triage(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets `triage` and `autonomy`; the message is embedded once for the whole turn."""
    run = runtime.context
    (vector,) = await run.deps.embedder.embed([turn.text])
    run.bench.known = {turn.text: vector}
    found = await run.deps.understanding.triage(turn.text, turn.history, vector)
    if accepts_a_person(turn.text, turn.history, run.deps.templates):
        found = Triage("person", 1.0, "said yes to being passed to a person", found.language)
    decision, extra = _consequence(found, turn.text)
    verdict = Verdict("triage", "triage", decision, found.reason, found.score)
    autonomy = level(run.bench.controls, turn.inbox, found.kind, turn.autonomy)
    return {"triage": found, "autonomy": autonomy, "verdicts": (*turn.verdicts, verdict), **extra}


def _consequence(found: Triage, text: str) -> tuple[Any, dict[str, Any]]:
    match found.kind:
        case "person":
            priority: Any = "high" if found.urgency == "high" else "normal"
            reason = f"The customer asked for a person: {found.reason}"
            return "handoff", {"handoff": Handoff("asked", reason, priority)}
        case "complaint":
            return "handoff", {"handoff": Handoff("complaint", f"The customer is unhappy: {found.reason}", "high")}
        case "attack":
            return "template", {"template": "refuse"}
        case "smalltalk":
            return "template", {"template": courtesy(text)}
        case "unclear":
            return "template", {"template": "clarify"}
        case _:
            return "pass", {}
