"""Which passages may answer, and whether any of them does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from agent.contexts import context_of, shown
from agent.corrections import is_approved, is_pinned
from agent.guardrails.injection import judge_passage
from agent.knowing.validity import out_of_date
from agent.lookups.evidence import answering, evidence, instead, is_looked_up
from agent.ports import Deps, Floor, Question, Run
from agent.state import Found, Handoff, Turn, Verdict
from agent.stops import ANSWER, SEARCH, switched_off
from agent.understanding.titles import untitled
from knowledge.errors import LibraryError
from knowledge.passages import Hit
from knowledge.query import leans
from knowledge.seeking.ports import FOR_CUSTOMERS

# Of the passages searched (`agent.passages`), how many go on to be cited, shown to a model and recorded. Twelve of 200
# tokens leave room in any model's context.
NEAREST = 12


async def retrieve(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets `found` and `context`, what was looked up for the customer before the passages; and a template when nothing
    of it clears the floor, or a handover when search is down."""
    run = runtime.context
    if switch := switched_off(run.bench.controls, ANSWER, SEARCH):
        verdict = Verdict("kill_switch", "retrieve", "handoff", f"stopped by {switch}")
        handoff = Handoff("stopped", f"Answering is switched off ({switch}).")
        return {"handoff": handoff, "verdicts": (*turn.verdicts, verdict)}
    try:
        question = await ask(turn, run)
    except (LibraryError, TimeoutError) as error:
        verdict = Verdict("search", "retrieve", "handoff", f"search is not working: {type(error).__name__}")
        handoff = Handoff("failed", "The knowledge search is not working.", "high")
        return {"handoff": handoff, "verdicts": (*turn.verdicts, verdict)}
    asked = question
    verdict, question = _chosen(asked, run.deps.floor)
    context = context_of(turn, run.deps.context_tokens, question.hits, asked.hits, run.bench.kept_out)
    run.bench.question = shown(question, context)
    found = tuple(_found(hit) for hit in question.hits)
    searched = run.bench.searched.record() if run.bench.searched else {}
    changes: dict[str, Any] = {"found": found, "query": question.query, "searched": searched, "context": context}
    stale = out_of_date(run.bench.stale, turn.started_at.date())
    changes["verdicts"] = (*turn.verdicts, *stale, *run.bench.kept_out, verdict)
    if verdict.decision != "pass":
        return {**changes, **(instead(turn.looked_up) or {"template": "unknown"})}
    return changes


def _chosen(question: Question, floor: Floor) -> tuple[Verdict, Question]:
    """Whether what was found answers, and what of it goes on: an approved answer to this very question, alone."""
    if (pin := is_pinned(question)) is not None:
        reason = "a person approved an answer to this question"
        return Verdict("pinned", "retrieve", "pass", reason, pin.dense, pin.passage.id), replace(question, hits=(pin,))
    looked_up = tuple(hit for hit in question.hits if is_looked_up(hit))
    searched = replace(question, hits=tuple(hit for hit in question.hits if not is_looked_up(hit)))
    verdict, nearest = floor.judge(searched), floor.nearest(searched, NEAREST)
    if not looked_up:
        return verdict, nearest
    if verdict.decision == "pass":
        return verdict, replace(nearest, hits=(*looked_up, *nearest.hits))
    if not any(answering(hit) for hit in looked_up):
        return verdict, nearest
    reason = f"what was looked up answers it; of the passages: {verdict.reason}"
    return replace(verdict, decision="pass", reason=reason), replace(question, hits=looked_up)


async def ask(turn: Turn, run: Run) -> Question:
    """The question with its passages; searched once a run, again only where a run was resumed.

    Raises LibraryError, or TimeoutError when the search took longer than its budget.
    """
    if run.bench.question is not None:
        return run.bench.question
    deps = run.deps
    async with asyncio.timeout(deps.retrieve_timeout_s):
        sought = await deps.library.seek(
            untitled(turn.text),
            turn.history,
            limit=deps.passages,
            collection=deps.collections.get(turn.inbox, deps.collection),
            scope=replace(deps.scopes.get(turn.inbox, FOR_CUSTOMERS), on=turn.started_at.date()),
            rewritten=await _rewritten(turn, deps),
            known=run.bench.known,
        )
    looked_up = await evidence(turn.looked_up, deps.embedder, sought.vector)
    hits, run.bench.kept_out = await asyncio.to_thread(_without_attacks, (*looked_up, *sought.hits))
    run.bench.searched, run.bench.stale = sought.searched, sought.stale
    run.bench.question = Question(turn.text, sought.query, sought.vector, turn.history, hits)
    return run.bench.question


def _without_attacks(hits: Sequence[Hit]) -> tuple[tuple[Hit, ...], tuple[Verdict, ...]]:
    """The hits whose text speaks to people, and the verdicts on those that tell an assistant what to do: these are
    quoted to nobody and shown to no model. What a person approved as an answer was read by that person."""
    judged = [(hit, None if is_approved(hit) else judge_passage(hit.passage)) for hit in hits]
    kept_out = tuple(verdict for _, verdict in judged if verdict is not None and verdict.decision != "pass")
    return tuple(hit for hit, verdict in judged if verdict is None or verdict.decision == "pass"), kept_out


async def _rewritten(turn: Turn, deps: Deps) -> str:
    """The message made to stand alone, where a model is there for it and the message does not. One that is suspected of
    steering models is searched as it stands."""
    if deps.rewriter is None or turn.contained or not turn.history or not leans(turn.text):
        return ""
    try:
        async with asyncio.timeout(deps.retrieve_timeout_s / 2):
            return await deps.rewriter.rewrite(turn.text, turn.history)
    except TimeoutError:
        return ""  # half of the budget is the search's own


def _found(hit: Hit) -> Found:
    p = hit.passage
    return Found(p.id, p.document_id, p.title, p.section, p.source, p.text, hit.score, hit.dense, hit.sparse)
