"""Each transcript through the graph, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.graph import build
from agent.ports import Deps
from agent.redaction import Detector
from agent.state import Turn
from evals.offline import answer

Fate = Literal["answered", "handed over", "refused", "asked back", "courtesy"]
FATES: tuple[Fate, ...] = ("answered", "handed over", "refused", "asked back", "courtesy")
_BY_TEMPLATE: Mapping[str, Fate] = {
    "clarify": "asked back",
    "greeting": "courtesy",
    "thanks": "courtesy",
    "goodbye": "courtesy",
}
_GAPS = frozenset({"no_answer", "guard"})
"""Reasons of a handover that lie in the knowledge, not in what the customer wanted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row's fate, with pseudonyms in every text. `said` is what people said then, `linked` the articles they
    linked, `sure` whether the row's own label is no guess; `right` whether our first source is one of `linked`, None
    where that cannot be told."""

    id: str
    conversation: str
    inbox: str
    tags: tuple[str, ...]
    fate: Fate
    reason: str
    question: str
    history: tuple[tuple[str, str], ...]
    reply: str
    sources: tuple[str, ...]
    said: str
    said_by: str
    expected: str
    sure: bool
    linked: tuple[str, ...]
    right: bool | None
    gap: bool
    ms: float


async def run(
    rows: Sequence[Mapping[str, Any]], deps: Deps, detector: Detector, progress: Callable[[int], None] | None = None
) -> list[Outcome]:
    """Each row's outcome, in order."""
    graph, done = build(None), []
    for number, row in enumerate(rows, 1):
        found = await answer(graph, deps, detector, row["turns"], id=row["id"], channel=str(row.get("channel", "chat")))
        done.append(outcome(row, found.turn, found.ms))
        if progress:
            progress(number)
    return done


def outcome(row: Mapping[str, Any], turn: Turn, ms: float) -> Outcome:
    """What the turn came to, beside what the row says happened."""
    expect = row["expect"]
    linked = tuple(str(each) for each in expect.get("passages") or ())
    sources = _sources(turn) if turn.route == "answer" else ()
    label, fate = str(expect.get("route") or ""), fate_of(turn)
    reason = turn.handoff.code if turn.handoff else turn.template if turn.route == "other" else ""
    return Outcome(
        id=turn.id,
        conversation=str(row.get("conversation") or row["id"]),
        inbox=str(row.get("inbox") or ""),
        tags=tuple(str(tag) for tag in row.get("tags") or () if isinstance(tag, str)),
        fate=fate,
        reason=reason,
        question=turn.text,
        history=tuple((line.role, line.text) for line in turn.history[-4:]),
        reply=turn.draft.text if turn.draft else "",
        sources=sources,
        said=str(expect.get("reply") or ""),
        said_by=str(row.get("reply_by") or ""),
        expected=label,
        sure=bool(label) and not row.get("weak"),
        linked=linked,
        right=bool(set(sources[:1]) & set(linked)) if linked and sources else None,
        gap=fate in ("refused", "asked back") or (fate == "handed over" and reason in _GAPS),
        ms=ms,
    )


def fate_of(turn: Turn) -> Fate:
    """In one word what the customer would have had."""
    if turn.route == "answer":
        return "answered"
    if turn.route in ("handoff", "silent"):
        return "handed over"
    return _BY_TEMPLATE.get(turn.template, "refused")


def _sources(turn: Turn) -> tuple[str, ...]:
    sentences = turn.draft.sentences if turn.draft else ()
    return tuple(dict.fromkeys(cited.document for each in sentences for cited in each.citations))
