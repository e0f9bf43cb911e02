"""From the log to a Turn and from a Turn to its outcome: the one place where the two meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from agent.autonomy import Level
from agent.ports import Bench
from agent.state import Citation, Turn
from memory.facts.memory import Recalled
from memory.identity.profile import Profile
from memory.messages import Event, Line, Role
from memory.turns import Outcome, Taken

_ROLES: Mapping[str, Role] = {"received": "customer", "replied": "bot", "said": "agent"}


def begin(taken: Taken, *, redaction_failed: bool, autonomy: Level, versions: Mapping[str, str]) -> Turn:
    """The Turn to feed the graph. Every event of `taken` must carry its redacted text, unless redaction failed:
    then no text of the customer is in it at all."""
    head = taken.head
    asks = [] if redaction_failed else [e for e in taken.events if _asked(e, taken.from_seq, taken.to_seq)]
    before = [] if redaction_failed else [e for e in taken.events if e.seq < taken.from_seq]
    return Turn(
        id=taken.turn,
        conversation=head["id"],
        customer=head["customer_id"],
        inbox=head["inbox"],
        channel=head["channel"],
        owner=head["owner"],
        epoch=head["epoch"],
        from_seq=taken.from_seq,
        to_seq=taken.to_seq,
        attempt=taken.attempt,
        started_at=datetime.now().astimezone(),
        said=_lines(asks),
        history=_lines(before),
        summary_to=head["summary_to"],
        asked_for_person=any(e.meta.get("kind") == "person" for e in taken.events if e.seq >= taken.from_seq),
        opted_out=taken.opted_out,
        introduce=not head["introduced"],
        redaction_failed=redaction_failed,
        autonomy=autonomy,
        triage=None,
        query="",
        found=(),
        draft=None,
        withheld=None,
        template="",
        handoff=None,
        verdicts=(),
        revisions=0,
        approval=None,
        route="answer",
        versions=dict(versions),
        profile=taken.profile,
        proof=head["proof"],
        segments=() if redaction_failed else tuple(taken.segments),
        slots=() if redaction_failed else (*reversed(taken.pinned), *taken.earlier.slots),
        earlier=() if redaction_failed else taken.earlier.lines,
        earlier_segments=() if redaction_failed else taken.earlier.segments,
    )


def _asked(event: Event, first: int, last: int) -> bool:
    return event.kind == "received" and first <= event.seq <= last and not event.meta.get("automatic")


def _lines(events: Sequence[Event]) -> tuple[Line, ...]:
    """What was said by customer, bot or person; handoffs and notes are not said, and never enter a prompt."""
    return tuple(
        Line(_ROLES[e.kind], e.redacted, e.seq)
        for e in events
        if e.kind in _ROLES and e.redacted and not e.meta.get("automatic")
    )


def outcome(turn: Turn, bench: Bench, *, push: bool) -> Outcome:
    """What to commit, with the evidence to keep beside it."""
    silent = turn.route == "silent"
    return Outcome(
        turn=turn.id,
        conversation=turn.conversation,
        epoch=turn.epoch,
        to_seq=turn.to_seq,
        route=turn.route,
        reply="" if silent or turn.draft is None else turn.draft.text,
        sources=() if turn.draft is None else sources(turn),
        handoff=None if turn.handoff is None else asdict(turn.handoff),
        triage=None if turn.triage is None else asdict(turn.triage),
        segments=tuple(turn.folding),
        introduces=turn.introduce and turn.draft is not None,
        push=push,
        redacted=bench.to_store,
        record={} if silent else record(turn, bench),
    )


def sources(turn: Turn) -> list[dict[str, Any]]:
    """The reply's sources, numbered from 1 in the order they are first used: one for each document and sentence."""
    if turn.draft is None:
        return []
    texts = {found.passage: found.text for found in turn.found}
    first: dict[tuple[str, int], Citation] = {}
    for sentence in turn.draft.sentences:
        for citation in sentence.citations:
            first.setdefault((citation.passage, citation.start), citation)
    return [
        {
            "n": n,
            "title": c.title,
            "section": c.section,
            "document": c.document,
            "passage": c.passage,
            "source": c.source,
            "quote": texts.get(c.passage, "")[c.start : c.end],
        }
        for n, c in enumerate(first.values(), 1)
    ]


def record(turn: Turn, bench: Bench) -> dict[str, Any]:
    """All a reply was made from, as the turn's row keeps it. It carries pseudonyms, like the Turn."""
    kept = {name: value for name, value in asdict(replace(turn, **_BILLED)).items() if name not in _ELSEWHERE}
    if turn.context is not None:
        kept["context"] = turn.context.bill()
    recalled = {"degraded": turn.recalled.degraded, "figures": dict(turn.recalled.figures)}
    return {**kept, "recalled": recalled, "timings_ms": dict(bench.timings_ms)}


_BILLED: Final[Mapping[str, Any]] = {
    "segments": (),
    "slots": (),
    "earlier": (),
    "earlier_segments": (),
    "folding": (),
    "context": None,
    "recalled": Recalled(),
    "profile": Profile(""),
}
"""What the bill of the context names, with its text where it was shown; the rest stays where it is kept."""
_ELSEWHERE: Final = frozenset({*_BILLED, "started_at", "conversation", "customer"})
