"""Whether a sentence of a reply is in its sources. Pure.

Verbatim means: the words of the sentence stand in one cited passage in the same order, markdown, white space, quotes'
shapes and the closing full stop aside; of a table row, that every piece is a cell of that row or of its header, in
the form `understanding.tables.Row.shown` gives. Anything else is a model's own wording: then its numbers, amounts,
dates and names must all be in a cited passage, it must not turn a yes into a no, and enough of its words must be
there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agent.guardrails.claims import is_courtesy, lost, negations
from agent.ports import Question
from agent.state import Sentence, Verdict
from agent.understanding import tables
from agent.understanding.synonyms import alike
from agent.understanding.words import content, stems
from knowledge.sentences import sentences as sentence_spans

THRESHOLD: Final = 0.6
"""Least support that a model's own words need in one cited passage. On whole replies (`reply_score`) the best balanced
accuracy lies at 0.55 to 0.7 in three public sets of four; see docs/answers.md."""
MARKER: Final = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_WORD: Final = re.compile(r"\w+")
_QUOTES: Final = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Support:
    """How a text stands to a passage: where it is said (a span of the passage), how well (0..1), and what is not."""

    start: int
    end: int
    score: float
    verbatim: bool
    unsupported: tuple[str, ...] = ()


def normalised(text: str) -> str:
    """A text for comparison: no markdown, one space, plain quotes, lower case, no closing stop."""
    return tables.clean(text).translate(_QUOTES).casefold().rstrip(" .!?;:,")


def support(text: str, passage: str, spans: Sequence[tuple[int, int]] | None = None) -> Support:
    """The best support for `text` in `passage`, whose sentences are `spans` (found again where not given)."""
    places = tuple(spans) if spans else tuple(sentence_spans(passage)) or ((0, len(passage)),)
    wanted = normalised(text)
    for start, end in places:
        row = tables.row_at(passage, start, end)
        if row is not None and tables.says(row, text):
            return Support(start, end, 1.0, True)
        if wanted and wanted == normalised(passage[start:end]):
            return Support(start, end, 1.0, True)
    if wanted and _contains(normalised(passage), wanted):
        return Support(*_spanning(wanted, passage, places), 1.0, True)
    return _paraphrase(text, passage, places)


def _contains(passage: str, wanted: str) -> bool:
    """Whole words only: "5 days" is not in "15 days"."""
    at = passage.find(wanted)
    while at >= 0:
        before, after = passage[at - 1 : at], passage[at + len(wanted) : at + len(wanted) + 1]
        if not before.isalnum() and not after.isalnum() and len(wanted.split()) > 2:
            return True
        at = passage.find(wanted, at + 1)
    return False


def _spanning(wanted: str, passage: str, places: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The shortest run of sentences that holds it; the whole passage where none does (a heading, say)."""
    for length in range(1, min(4, len(places)) + 1):
        for first in range(len(places) - length + 1):
            start, end = places[first][0], places[first + length - 1][1]
            if wanted in normalised(passage[start:end]):
                return start, end
    return 0, len(passage)


def _paraphrase(text: str, passage: str, places: Sequence[tuple[int, int]]) -> Support:
    """The sentence with most of its words; facts may come from anywhere in the passage, polarity from that one."""
    words = content(text)
    start, end = max(places, key=lambda span: _covered(words, stems(passage[span[0] : span[1]])))
    near = _covered(words, stems(passage[start:end]))
    share = 0.5 * near + 0.5 * _covered(words, stems(passage))
    turned = _turned(text, passage[start:end]) and near >= 0.5
    missing = (*lost(text, passage), *(["a negation"] if turned else []))
    return Support(start, end, share * (0.5 ** min(len(missing), 3)), False, missing)


def _covered(words: Mapping[str, float], there: frozenset[str]) -> float:
    """Rarity-weighted share of the words that are there; a synonym counts 0.7; 1 for a text without content words."""
    total = sum(words.values())
    if not total:
        return 1.0
    same = alike()
    found = sum(
        weight if word in there else 0.7 * weight
        for word, weight in words.items()
        if word in there or not there.isdisjoint(same.get(word, ()))
    )
    return found / total


def _turned(text: str, source: str) -> bool:
    """Whether exactly one of the two is negative."""
    return (negations(text) > 0) != (negations(source) > 0)


class GroundingJudge:
    """Judges one sentence: "pass", or "revise" with what its sources do not say."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._threshold = threshold

    def judge(self, sentence: Sentence, question: Question) -> Verdict:
        """The verdict of the best cited passage; its evidence is that passage's sentence."""
        text = MARKER.sub("", sentence.text).strip()
        if not sentence.citations:
            return _uncited(text)
        passages = {hit.passage.id: hit.passage for hit in question.hits}
        cited = [passages[each.passage] for each in sentence.citations if each.passage in passages]
        if len(cited) < len(sentence.citations):
            return _verdict("revise", 0.0, "it cites a passage that was not found")
        supports = [(support(text, passage.text, passage.sentences), passage) for passage in cited]
        best, passage = max(supports, key=lambda pair: (pair[0].verbatim, pair[0].score))
        said = passage.text[best.start : best.end]
        if best.verbatim:
            return _verdict("pass", 1.0, "verbatim in its source", said)
        missing = _missing_everywhere([each for each, _ in supports])
        if missing:
            return _verdict("revise", best.score, f"its sources do not say {', '.join(missing[:3])}", said)
        if best.score < self._threshold:
            return _verdict("revise", best.score, "too little of it is in its sources", said)
        return _verdict("pass", best.score, "its facts and words are in its sources", said)


def _missing_everywhere(supports: Sequence[Support]) -> list[str]:
    """What none of the cited passages says; a negation counts by the best one alone."""
    first = supports[0].unsupported
    return [fact for fact in first if all(fact in each.unsupported for each in supports)]


def _uncited(text: str) -> Verdict:
    if is_courtesy(text):
        return _verdict("pass", 1.0, "a courtesy, it claims nothing")
    return _verdict("revise", 0.0, "it claims something and cites nothing")


def _verdict(decision: str, score: float, reason: str, evidence: str = "") -> Verdict:
    outcome = "pass" if decision == "pass" else "revise"
    return Verdict("grounding", "generate", outcome, reason, round(score, 3), evidence)  # type: ignore[arg-type]


def reply_score(reply: str, evidence: Sequence[str]) -> float:
    """0..1: how far a whole reply is in its evidence. Half is plain overlap of words with all of it; of the other
    half, the least supported sentence counts as much as all sentences together."""
    words = set(_WORD.findall(reply.lower()))
    if not words:
        return 1.0
    there = set(_WORD.findall(" ".join(evidence).lower()))
    said = [reply[start:end] for start, end in sentence_spans(reply)] or [reply]
    scores = [max((_score(text, each) for each in evidence), default=0.0) for text in said]
    supported = 0.5 * min(scores) + 0.5 * sum(scores) / len(scores)
    return 0.5 * supported + 0.5 * len(words & there) / len(words)


@lru_cache(maxsize=1024)
def _score(text: str, passage: str) -> float:
    return support(text, passage).score
