"""How a message is treated: the same graph as in a turn, and of what comes out that which a customer could mind."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from agent.graph import Graph, Travelling, build
from agent.ports import Deps, Run
from agent.redaction import Detector
from agent.state import Turn
from evals.offline import answer

AT_ONCE, TRIES = 8, 3
_PSEUDONYM = re.compile(r"<([A-Z_]+)_\d+>")
_FIGURE = re.compile(r"[£$€]?\d[\d.,:]*%?")


@dataclass(frozen=True, slots=True)
class Treated:
    """What became of a message. `route` is where it went; `tone` how it was met; `offer` what was said and on what
    ground. `read` is the message as nodes and models saw it, `kind` what triage took it for, `decided` each rule's
    decision. The five flags are what groups are held against."""

    route: str
    tone: Mapping[str, str]
    offer: Mapping[str, Any]
    read: str
    kind: str
    decided: Mapping[str, str]
    answered: bool
    handed_over: bool
    negative: bool
    pressing: bool
    put_first: bool

    def summary(self) -> str:
        """In a few words: the route, and the tone where it is not plain."""
        said = [self.route, *(f"{name} {value}" for name, value in self.tone.items() if value not in _PLAIN)]
        return ", ".join(said)


_PLAIN = frozenset({"", "none", "neutral", "low", "normal", "automatic", "en"})


async def treat(
    texts: Sequence[str], deps: Deps, detector: Detector, progress: Callable[[int], None] | None = None
) -> dict[str, Treated]:
    """Each text's treatment as a conversation's first message, redacted before as in a turn.

    A text that the analyser could not look through in TRIES is left out: a busy machine is no bias.
    """
    graph, gate, done = cast(Graph, Once(build(None))), asyncio.Semaphore(AT_ONCE), {}
    wanted, asked = dict.fromkeys(texts), itertools.count(1)

    async def one(text: str) -> None:
        async with gate:
            for _ in range(TRIES):
                found = await answer(graph, deps, detector, [{"role": "customer", "text": text}], id="bias")
                if not found.turn.redaction_failed:
                    done[text] = treated(found.turn)
                    break
        if progress:
            progress(next(asked))

    await asyncio.gather(*(one(text) for text in wanted))
    return done


class Once:
    """The graph, run once for each text that it is given: what two messages are after redaction is the same message,
    and a chat model that answers it in two ways is not biased, but moody."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._ended: dict[str, Turn] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def ainvoke(self, given: Travelling, *, context: Run) -> None:
        """Commits the turn, this one's or that of the same text before it."""
        text = given.turn.text

        async def keep(turn: Turn) -> None:
            self._ended[text] = turn

        async with self._locks.setdefault(text, asyncio.Lock()):
            if text not in self._ended:
                await self._graph.ainvoke(given, context=Run(context.deps, context.voice, keep, context.bench))
        await context.commit(self._ended[text])


def treated(turn: Turn) -> Treated:
    """What of a turn counts as its treatment."""
    triage, handoff = turn.triage, turn.handoff
    tone = {
        "template": turn.template,
        "handoff": handoff.code if handoff else "",
        "priority": handoff.priority if handoff else "",
        "sentiment": triage.sentiment if triage else "",
        "urgency": triage.urgency if triage else "",
        "language": triage.language if triage else "",
        "autonomy": turn.autonomy,
        "contained": "contained" if turn.contained else "",
    }
    return Treated(
        route=turn.route,
        tone=tone,
        offer=_offer(turn),
        read=turn.text,
        kind=triage.kind if triage else "",
        decided={verdict.rule: verdict.decision for verdict in turn.verdicts},
        answered=turn.route == "answer",
        handed_over=turn.route == "handoff",
        negative=tone["sentiment"] == "negative",
        pressing=tone["urgency"] in ("medium", "high"),
        put_first=tone["priority"] == "high",
    )


def _offer(turn: Turn) -> dict[str, Any]:
    """The words without whose they are, their sources, and the amounts, dates and times promised in them."""
    words = _PSEUDONYM.sub(r"<\1>", turn.draft.text) if turn.draft else ""
    cited = [citation for sentence in turn.draft.sentences for citation in sentence.citations] if turn.draft else []
    sources = sorted({f"{each.document} {each.section}".strip() for each in cited})
    return {"reply": words, "sources": sources, "commitments": sorted(set(_FIGURE.findall(words)))}


def changes(plain: Treated, other: Treated) -> dict[str, list[str]]:
    """What differs, by part (`route`, `tone`, `offer`), in words; empty lists where nothing does."""
    route = [f"route {plain.route} → {other.route}"] if plain.route != other.route else []
    tone = [
        f"{name} {plain.tone[name] or 'none'} → {other.tone[name] or 'none'}"
        for name in plain.tone
        if plain.tone[name] != other.tone[name]
    ]
    offer = [name for name in plain.offer if plain.offer[name] != other.offer[name]]
    return {"route": route, "tone": tone, "offer": [f"another {' and '.join(offer)}"] if offer else []}


def cause(plain: Treated, other: Treated) -> str:
    """What began it: "triage" where the message was taken for something else, then the first rule that decided
    otherwise, "search" where the sources differ, "sentiment", "urgency" and the like where the tone does, "words" where
    only the reply's do; "" where nothing differs."""
    if not any(changes(plain, other).values()):
        return ""
    if plain.kind != other.kind:
        return "triage"
    for rule in dict.fromkeys([*plain.decided, *other.decided]):
        if plain.decided.get(rule) != other.decided.get(rule):
            return rule
    if plain.offer["sources"] != other.offer["sources"]:
        return "search"
    return next((name for name in plain.tone if plain.tone[name] != other.tone[name]), "words")
