"""What a turn does with what was looked up: evidence to answer from, a template, or a handover."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from agent.lookups.looked_up import LookedUp
from agent.lookups.words import ANSWERS
from agent.state import Decision, Handoff, Turn, Verdict
from knowledge.passages import Hit, Passage

SCHEME = "lookup:"
"""What the source of such a passage begins with: no address, so no page makes a link of it."""
_ANSWERING = "answering"
_ANSWERS_FROM = 0.63
"""Cosine from which a statement answers: of 73 questions that the records of tests/agent/lookups answer, one comes to
less; of ten that name an order and ask what its record does not say, seven do."""
_IN_ITS_OWN_WORDS = 0.15
"""Added where nothing is known of how people ask: own words alone come to 0.6 in the median."""
_ALSO = 0.03
"""How much less near another statement may be to be said as well."""
_MOST = 3
_MOST_WAYS = 2048
_OF_NOBODY = re.compile(r"[^\d<@]{1,80}")
"""Labels and questions: a text with a value has a digit or a pseudonym, or is a whole sentence."""
_ANSWERS = tuple((re.compile(words, re.IGNORECASE), asks) for words, asks in ANSWERS)
_NO_VECTORS: NDArray[np.float32] = np.zeros((0, 0), np.float32)


class _Embeds(Protocol):
    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


def is_looked_up(hit: Hit) -> bool:
    """Whether the hit is no passage of the knowledge but what was looked up for this customer."""
    return hit.passage.source.startswith(SCHEME)


def hits_of(looked: Sequence[LookedUp]) -> tuple[Hit, ...]:
    """What was found as hits, in order, one statement of it a sentence; no vectors (`evidence` has those)."""
    return tuple(Hit(_passage(each), 1.0, None, None, _NO_VECTORS) for each in _told(looked))


async def evidence(looked: Sequence[LookedUp], embedder: _Embeds, query: NDArray[np.float32]) -> tuple[Hit, ...]:
    """What was found as hits with a vector for each statement, to stand before the passages that a search found; each
    says which of its statements answer (`answering`). `query` is the (dim,) unit embedding of the message.

    A statement is as near to what was asked as the nearest of the ways in which people ask for it: "Carrier of order 7:
    DHL" has few words in common with "who brings it?".
    """
    told = _told(looked)
    if not told:
        return ()
    hits = hits_of(told)
    ways = [[_ways(text, each) for text in hit.passage.sentence_texts()] for hit, each in zip(hits, told, strict=True)]
    flat = [way for rows in ways for row in rows for way in row]
    near = await _vectors(embedder, flat, [each.about for each in told])
    made = []
    for hit, each, rows in zip(hits, told, ways, strict=True):
        wanted = near[each.about] if each.about else query
        nearest = np.asarray([max((near[way] for way in row), key=lambda v: float(v @ wanted)) for row in rows])
        plain = _IN_ITS_OWN_WORDS * np.asarray([len(row) == 1 for row in rows], np.float32)
        answers = _answers(nearest @ wanted + plain) if each.about else (0,)
        passage = replace(hit.passage, metadata={_ANSWERING: " ".join(map(str, answers))})
        made.append(replace(hit, passage=passage, dense=float(np.max(nearest @ query)), sentence_vectors=nearest))
    return tuple(made)


_asking: WeakKeyDictionary[_Embeds, dict[str, NDArray[np.float32]]] = WeakKeyDictionary()
"""Vectors of labels and of ways to ask, by embedder: the same few hundred in every turn, nothing of a customer's."""


async def _vectors(embedder: _Embeds, ways: Sequence[str], asked: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Each text's vector; those of `ways` that say nothing of anybody are made once."""
    known = _asking.setdefault(embedder, {})
    new = list(dict.fromkeys(text for text in (*ways, *asked) if text not in known))
    found = {**known, **dict(zip(new, await embedder.embed(new) if new else (), strict=True))}
    for way in ways:
        if len(known) < _MOST_WAYS and _OF_NOBODY.fullmatch(way):
            known[way] = found[way]
    return found


def _answers(near: NDArray[np.float32]) -> tuple[int, ...]:
    """The statements that answer: the nearest, and what is as near; none where nothing is."""
    best = float(np.max(near))
    return tuple(int(n) for n in np.flatnonzero(near >= best - _ALSO)[:_MOST]) if best >= _ANSWERS_FROM else ()


def answering(hit: Hit) -> tuple[tuple[int, int], ...]:
    """The spans of the statements of a look-up that answer what was asked, in its order; none where none does."""
    if not is_looked_up(hit):
        return ()  # no article answers for a customer's own order, whatever its metadata says
    spans = hit.passage.sentences
    return tuple(spans[int(n)] for n in hit.passage.metadata.get(_ANSWERING, "").split() if int(n) < len(spans))


def _ways(statement: str, looked: LookedUp) -> tuple[str, ...]:
    """What a statement says something of, in its own words, and how people ask for that."""
    label, colon, _ = statement.partition(":")
    own = label if colon else statement
    it = f"my {looked.asked.replace('_', ' ')}"
    bare = " ".join(own.replace(looked.subject, " ").split()) if looked.subject else own
    return bare, *(way.format(it=it) for way in asked_by(statement))


def asked_by(statement: str) -> tuple[str, ...]:
    """How people ask for what a statement says, {it} for what it is about; none where its words are not known."""
    words = statement.partition(":")[0]
    return next((asks for known, asks in _ANSWERS if known.search(words)), ())


def _told(looked: Sequence[LookedUp]) -> list[LookedUp]:
    return [each for each in looked if each.text]


def _passage(looked: LookedUp) -> Passage:
    name = f"{SCHEME}{looked.asked}:{looked.subject}"
    return Passage(
        name, name, looked.title or looked.asked, looked.text, f"{SCHEME}{looked.asked}", "", tuple(_spans(looked.text))
    )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.split("\n"):
        if line.strip():
            yield at, at + len(line)
        at += len(line) + 1


def ended(turn: Turn, looked: Sequence[LookedUp]) -> dict[str, Any]:
    """The fields of the turn that its look-ups set: always their verdicts. Where nothing but the look-up answers the
    message, a handover when it failed, for an answer without it would be a guess, and a template when it gave nothing:
    then the turn needs no search."""
    if not looked:
        return {}
    firm = [each for each in looked if each.firm]
    return {"verdicts": (*turn.verdicts, *map(_verdict, looked)), **_without_evidence(firm)}


def instead(looked: Sequence[LookedUp]) -> dict[str, Any]:
    """What a turn becomes whose message the knowledge does not answer either: the fields to set instead of the
    template "unknown", none where no look-up has anything to say to that."""
    return _without_evidence(looked)


def _without_evidence(looked: Sequence[LookedUp]) -> dict[str, Any]:
    if any(each.text for each in looked):
        return {}
    failed = next((each for each in looked if each.fault), None)
    if failed is not None:
        return {"handoff": Handoff("failed", f"The look-up “{failed.asked}” failed: {failed.fault}.", "high")}
    words = next((each.template for each in looked if each.template), "")
    return {"template": words} if words else {}


def _verdict(looked: LookedUp) -> Verdict:
    decision: Decision = "pass" if looked.text or not looked.firm else "handoff" if looked.fault else "template"
    return Verdict("look_up", "retrieve", decision, _reason(looked), evidence=f"{SCHEME}{looked.asked}")


def _reason(looked: LookedUp) -> str:
    what = f"{looked.asked} {looked.subject}".strip()
    if looked.fault:
        return f"{what}: {looked.fault}"
    words = {
        "unproven": "not asked: nobody proved who writes",
        "unnamed": "not asked: the customer did not say which one",
        "not_found": "not found",
    }
    said = words.get(looked.state, f"looked up in {looked.ms:.0f} ms" + (", kept from before" if looked.kept else ""))
    return f"{what}: {said}" + (f"; {looked.note}" if looked.note else "")
