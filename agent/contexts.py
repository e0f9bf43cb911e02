"""From a turn's parts to the context that is chosen of them, and from that to what an answerer may use. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent.lookups.evidence import SCHEME, hits_of, is_looked_up
from agent.ports import Question
from agent.state import Turn, Verdict
from knowledge.passages import Hit
from memory.building import build
from memory.context import Block, BlockKind, Context, Left, Parts
from memory.window import count_tokens


def context_of(
    turn: Turn,
    budget_tokens: int,
    hits: Sequence[Hit] | None = None,
    searched: Sequence[Hit] = (),
    kept_out: Sequence[Verdict] = (),
) -> Context:
    """What of all that the turn knows is shown, within the budget. `hits` are what may be cited, best first, of all
    that was `searched`; `kept_out` says of what was found that it speaks to assistants. Without `hits` nothing was
    searched yet, and what was looked up stands alone."""
    found = hits_of(turn.looked_up) if hits is None else hits
    parts = Parts(
        said=turn.said,
        conversation=turn.conversation,
        channel=turn.channel,
        proof=turn.proof,
        profile=turn.profile,
        recalled=turn.recalled,
        slots=turn.slots,
        focus=turn.focus,
        segments=turn.segments,
        window=turn.history,
        earlier=turn.earlier,
        earlier_segments=turn.earlier_segments,
        passages=[_block(hit) for hit in found if not is_looked_up(hit)],
        external=[_block(hit) for hit in found if is_looked_up(hit)],
        failed=(*_failed(turn), *_passed_over(found, searched), *map(_kept_out, kept_out)),
    )
    return build(parts, budget_tokens)


def _block(hit: Hit) -> Block:
    """A hit as a model reads it."""
    if is_looked_up(hit):
        return Block("external", _text(hit), 0, hit.passage.id, "looked up for this customer just now")
    return Block("passage", _text(hit), 0, hit.passage.id, f"found, score {hit.score:.3f}")


def _text(hit: Hit) -> str:
    heading = " > ".join(part for part in (hit.passage.title, hit.passage.section) if part)
    return f"{heading}\n{hit.passage.text}"


def _failed(turn: Turn) -> Iterator[Left]:
    """What could not be had."""
    for each in turn.looked_up:
        if each.fault:
            yield Left("external", 0, f"{SCHEME}{each.asked}", f"it failed: {each.fault}")
    if turn.recalled.degraded:
        yield Left("said", 0, "memory", f"not all of it was searched: {turn.recalled.degraded}")


def _passed_over(hits: Sequence[Hit], searched: Sequence[Hit]) -> Iterator[Left]:
    """What was found and looked up, and is not to be cited."""
    chosen = {hit.passage.id for hit in hits}
    for hit in searched:
        if hit.passage.id not in chosen:
            looked_up = is_looked_up(hit)
            why = "does not answer the message" if looked_up else "others are nearer to the question"
            kind: BlockKind = "external" if looked_up else "passage"
            yield Left(kind, count_tokens(_text(hit)), hit.passage.id, why)


def _kept_out(verdict: Verdict) -> Left:
    kind: BlockKind = "external" if verdict.evidence.startswith(SCHEME) else "passage"
    return Left(kind, 0, verdict.evidence, f"kept out: {verdict.reason}")


def shown(question: Question, context: Context | None) -> Question:
    """The question with those of its hits that are in the context: nothing else may be used."""
    if context is None:
        return question
    names = {block.source for block in (*context.external, *context.passages)}
    hits = tuple(hit for hit in question.hits if hit.passage.id in names)
    return question if len(hits) == len(question.hits) else replace(question, hits=hits)
