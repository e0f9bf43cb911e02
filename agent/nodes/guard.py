"""Whether the whole reply may leave. The sentences were judged one by one; this is what only the whole can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from agent.autonomy import WITHHELD
from agent.nodes.generate import take_back
from agent.nodes.judging import draft_opinions
from agent.nodes.wording import from_template
from agent.policy.consequences import consequence, ended
from agent.policy.engine import STRICTNESS, Fired, Policy, Ruling
from agent.policy.facts import QUOTED, Seen
from agent.ports import Deps, Run
from agent.state import Draft, Handoff, Turn, Verdict

MAX_REVISIONS = 2


async def guard(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Lets the draft pass, sends it back to be revised, or ends the turn as the rule that objects says."""
    run = runtime.context
    ruling = run.deps.policy.judge("draft", Seen(turn, draft_opinions(turn, run.deps), draft=turn.draft))
    if ruling.decision == "revise" and turn.revisions < MAX_REVISIONS and _worth_revising(turn):
        await take_back(turn, run)
        return {"revisions": turn.revisions + 1, "draft": None, "verdicts": (*turn.verdicts, *ruling.verdicts)}
    by, decision, verdicts = _final(turn, ruling, run.deps.policy)
    verdicts = (*turn.verdicts, *verdicts)
    if by is not None and decision in ("template", "handoff"):
        await take_back(turn, run)
        return _ended(turn, run.deps, by, decision, verdicts)
    assert turn.draft is not None  # noqa: S101  (a rule that always holds ends a turn without one)
    passed = Verdict("guard", "guard", "pass", "nothing to object to")
    made = {**consequence(ruling, turn), "verdicts": verdicts if by else (*verdicts, passed)}
    return {**made, **withheld(turn, turn.draft)}


def _final(turn: Turn, ruling: Ruling, policy: Policy) -> tuple[Fired | None, str, Sequence[Verdict]]:
    """Who decides, what, and the verdicts that say so: where revising is over, what its rules say for then."""
    if ruling.decision != "revise":
        return ruling.by, ruling.decision, ruling.verdicts
    asked = [each for each in ruling.fired if each.rule.decision == "revise"]
    if turn.draft is None:
        asked = [*_refusals(turn, policy), *asked]
    by = max(asked, key=lambda each: STRICTNESS[each.rule.then])
    decision = by.rule.then
    verdicts = [replace(v, decision=decision) if v.decision == "revise" else v for v in ruling.verdicts]
    return by, decision, verdicts


def _refusals(turn: Turn, policy: Policy) -> list[Fired]:
    """The rules that refused this turn's sentences: what they say for then counts where no sentence was left."""
    refused = {v.rule: v for v in turn.verdicts if v.phase == "generate" and v.decision == "revise"}
    pairs = ((policy.rule(name), verdict) for name, verdict in refused.items())
    return [Fired(rule, verdict) for rule, verdict in pairs if rule is not None]


def _ended(turn: Turn, deps: Deps, by: Fired, decision: str, verdicts: tuple[Verdict, ...]) -> dict[str, Any]:
    if decision == "handoff":
        return {"draft": None, "verdicts": verdicts, **ended(by, decision)}
    draft = from_template(turn, deps, by.rule.template)
    changes = {"draft": draft, "template": by.rule.template, "route": "other", "verdicts": verdicts}
    return {**changes, **withheld(turn, draft)}


def withheld(turn: Turn, draft: Draft) -> dict[str, Any]:
    """Keeps the draft from the customer and fetches a person, where the turn's autonomy says so."""
    if turn.autonomy not in WITHHELD:
        return {}
    drafted = turn.autonomy == "draft"
    reason = "A draft waits to be used." if drafted else "The assistant only watches here."
    return {"draft": None, "withheld": draft, "handoff": Handoff("drafted" if drafted else "shadowed", reason)}


def _worth_revising(turn: Turn) -> bool:
    """Only where another try may come out otherwise: not fixed words or quotes, nor a model that wrote nothing."""
    if turn.draft is not None:
        return turn.draft.made_by not in QUOTED and not turn.draft.made_by.startswith("template:")
    return any(v.decision == "revise" and v.phase == "generate" for v in turn.verdicts)
