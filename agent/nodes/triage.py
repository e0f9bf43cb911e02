"""What the message wants, and what the rules make of that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from agent.autonomy import level
from agent.nodes.courtesies import accepts_a_person
from agent.nodes.wording import filled
from agent.policy.consequences import consequence
from agent.policy.facts import Seen
from agent.ports import Run
from agent.state import Triage, Turn, Verdict
from agent.understanding.titles import untitled


async def triage(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets `triage`, `autonomy` and `contained`; the message is embedded once for the whole turn."""
    run = runtime.context
    text = untitled(turn.text)
    (vector,) = await run.deps.embedder.embed([text])
    run.bench.known = {text: vector}
    found = await run.deps.understanding.triage(text, turn.history, vector)
    if accepts_a_person(turn.text, turn.history, run.deps.templates):
        found = replace(found, kind="person", score=1.0, reason="said yes to being passed to a person")
    autonomy = level(run.bench.controls, turn.inbox, found.kind, turn.autonomy)
    read = replace(turn, triage=found, autonomy=autonomy)
    seen = Seen(read, _suspicion(found), refusal=filled("refuse", read, run.deps))
    ruling = run.deps.policy.judge("triage", seen)
    verdict = Verdict("triage", "triage", "pass", found.reason, found.score, found.kind)
    verdicts = (*turn.verdicts, verdict, *ruling.verdicts)
    return {"triage": found, "autonomy": autonomy, **consequence(ruling, read), "verdicts": verdicts}


def _suspicion(found: Triage) -> dict[str, Verdict]:
    """What the detector of injections said, as a verdict; it speaks up only where it saw a sign of one."""
    reading = found.reading("injection")
    if reading is None:
        clean = Verdict("injection", "triage", "pass", "shows no sign of an attack")
        return {"injection": clean} if found.readings else {}  # whoever reads nothing looked for nothing
    decision: Any = {"attack": "template", "suspected": "contain"}.get(reading.value, "pass")
    return {"injection": Verdict("injection", "triage", decision, reading.reason, reading.score)}
