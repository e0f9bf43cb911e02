"""Whether the whole reply may leave. The sentences were judged one by one; this is what only the whole can show."""

from __future__ import annotations

import re
from typing import Any

from langgraph.runtime import Runtime

from agent.autonomy import WITHHELD
from agent.nodes.wording import from_template
from agent.ports import Run
from agent.state import Draft, Handoff, Turn, Verdict

MAX_REVISIONS = 2
_PSEUDONYM = re.compile(r"<[A-Z][A-Z0-9_]*_\d+>")


async def guard(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Lets the draft pass, sends it back to be revised, or replaces it by saying that it is not known."""
    if turn.draft is not None and not (unknown := invented(turn, turn.draft.text)):
        passed = {"verdicts": (*turn.verdicts, Verdict("guard", "guard", "pass", "nothing to object to"))}
        return {**passed, **withheld(turn, turn.draft)}
    reason = f"unknown placeholders {unknown}" if turn.draft is not None else "no sentence with evidence"
    if turn.revisions < MAX_REVISIONS and _worth_revising(turn):
        verdict = Verdict("guard", "guard", "revise", reason)
        return {"revisions": turn.revisions + 1, "draft": None, "verdicts": (*turn.verdicts, verdict)}
    verdict = Verdict("guard", "guard", "template", reason)
    draft = from_template(turn, runtime.context.deps, "unknown")
    changes = {"draft": draft, "template": "unknown", "route": "other", "verdicts": (*turn.verdicts, verdict)}
    return {**changes, **withheld(turn, draft)}


def withheld(turn: Turn, draft: Draft) -> dict[str, Any]:
    """Keeps the draft from the customer and fetches a person, where the turn's autonomy says so."""
    if turn.autonomy not in WITHHELD:
        return {}
    drafted = turn.autonomy == "draft"
    reason = "A draft waits to be used." if drafted else "The assistant only watches here."
    return {"draft": None, "withheld": draft, "handoff": Handoff("drafted" if drafted else "shadowed", reason)}


def invented(turn: Turn, text: str) -> str:
    """Placeholders in a text that stand for nobody the conversation spoke of, listed; "" for none."""
    known = " ".join([turn.summary, *(line.text for line in (*turn.history, *turn.said))])
    return ", ".join(p for p in sorted(set(_PSEUDONYM.findall(text))) if p not in known)


def _worth_revising(turn: Turn) -> bool:
    """Only where sentences were refused: a model that wrote nothing would write nothing again."""
    return turn.draft is not None or any(v.decision == "revise" and v.phase == "generate" for v in turn.verdicts)
