"""The same graph over a written conversation: no log, no sockets, nothing sent."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent.graph import Graph, Travelling
from agent.guardrails.pii import PiiUnavailable
from agent.ports import Bench, Deps, Run
from agent.redaction import Detector
from agent.state import Turn
from agent.turning import record
from memory.cards import truncate_cards
from memory.messages import Line, Role
from memory.pseudonyms import PseudonymBook, pseudonymise

_ROLES: Mapping[str, Role] = {"customer": "customer", "agent": "bot", "bot": "bot"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What the graph made of a conversation's last customer message. `ms` is its wall time, redaction included;
    `seen` is everything that nodes, models and records were given, as text, to search for leaks."""

    turn: Turn
    ms: float
    seen: str
    book: PseudonymBook


class Silence:
    """Nobody watches."""

    async def say(self, turn: Turn, text: str) -> None:
        return None

    async def void(self, turn: Turn) -> None:
        return None


async def answer(
    graph: Graph, deps: Deps, detector: Detector, turns: Sequence[Mapping[str, str]], *, id: str, channel: str = "chat"
) -> Answered:
    """Runs the last customer message of `turns` (`role` customer or agent, `text`), with those before as history."""
    started, book, bench = time.perf_counter(), PseudonymBook(), Bench()
    lines, failed = await _redacted(turns, detector, book)
    ended: list[Turn] = []

    async def commit(turn: Turn) -> None:
        ended.append(turn)

    given = Travelling(_turn(id, channel, lines, failed))
    await graph.ainvoke(given, context=Run(deps, Silence(), commit, bench))
    ms = (time.perf_counter() - started) * 1000
    seen = json.dumps(record(ended[0], bench), default=str, ensure_ascii=False)
    return Answered(ended[0], ms, seen, book)


async def _redacted(
    turns: Sequence[Mapping[str, str]], detector: Detector, book: PseudonymBook
) -> tuple[list[Line], bool]:
    texts = [truncate_cards(turn["text"]) for turn in turns]
    try:
        spans = await detector.find(texts)
    except PiiUnavailable:
        return [], True
    made = [pseudonymise(text, found, book) for text, found in zip(texts, spans, strict=True)]
    pairs = zip(turns, made, strict=True)
    return [Line(_ROLES[turn["role"]], text, n) for n, (turn, text) in enumerate(pairs, 1)], False


def _turn(id: str, channel: str, lines: list[Line], failed: bool) -> Turn:
    first = len(lines)
    while first and lines[first - 1].role == "customer":
        first -= 1
    said, history = tuple(lines[first:]), tuple(lines[:first])
    fields: dict[str, Any] = {"triage": None, "draft": None, "withheld": None, "handoff": None, "approval": None}
    return Turn(
        id=id,
        conversation=id,
        customer=id,
        inbox="eval",
        channel=channel,
        owner="bot",
        epoch=0,
        from_seq=first + 1,
        to_seq=len(lines),
        attempt=1,
        started_at=datetime.now(UTC),
        said=said,
        history=history,
        summary_to=0,
        asked_for_person=False,
        opted_out=False,
        introduce=not any(line.role == "bot" for line in history),
        redaction_failed=failed,
        autonomy="automatic",
        query="",
        found=(),
        template="",
        verdicts=(),
        revisions=0,
        versions={},
        route="answer",
        **fields,
    )
