"""Whether a sentence of a reply is in its sources. Pure.

Verbatim means: the words of the sentence stand in one cited passage in the same order, markdown, white space, quotes'
shapes and the closing full stop aside; of a table row, that every piece is a cell of that row or of its header, in
the form `understanding.tables.Row.shown` gives. Anything else is a model's own wording: then its numbers, amounts,
dates and names must all be in a cited passage, it must not turn a yes into a no, and the small model of
`evidence_card` must find the rest of it there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from agent.guardrails.claims import figures, is_courtesy, lost, negations
from agent.guardrails.evidence_card import GroundingModel, shipped, split
from agent.guardrails.evidence_reading import read
from agent.guardrails.evidence_signals import evidence_of, find
from agent.ports import Question
from agent.state import Citation, Sentence, Verdict
from agent.understanding import tables
from agent.understanding.synonyms import alike
from agent.understanding.words import content, rarity, stems
from knowledge.passages import Hit, Passage
from knowledge.sentences import sentences as sentence_spans
from knowledge.sparse import stem

TURNED: Final = "a negation"
"""What is missing where a yes became a no."""
TOO_LITTLE: Final = "too little of it is in its sources"
_NO_VECTORS: Final = np.empty((1, 0), dtype=np.float32)
MARKER: Final = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_QUOTES: Final = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Support:
    """How a text stands to a passage: where it is said (a span of the passage), how well (0..1), and what is not."""

    start: int
    end: int
    score: float
    verbatim: bool
    unsupported: tuple[str, ...] = ()


@lru_cache(maxsize=16384)
def normalised(text: str) -> str:
    """A text for comparison: no markdown, one space, plain quotes, lower case, no closing stop. Remembered: passages
    and their sentences come back turn after turn."""
    return tables.clean(text).translate(_QUOTES).casefold().rstrip(" .!?;:,")


def support(text: str, passage: str, spans: Sequence[tuple[int, int]] | None = None) -> Support:
    """The best support for `text` in `passage`, whose sentences are `spans` (found again where not given)."""
    return _support(text, passage, tuple(spans or ()))


@lru_cache(maxsize=1024)
def _support(text: str, passage: str, spans: tuple[tuple[int, int], ...]) -> Support:
    """Remembered: a sentence's citations are found first, and then judged by more than one."""
    places = spans or tuple(sentence_spans(passage)) or ((0, len(passage)),)
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
    covered = [_covered(words, stems(passage[start:end])) for start, end in places]
    near = max(covered)
    start, end = places[covered.index(near)]
    share = 0.5 * near + 0.5 * _covered(words, stems(passage))
    turned = _turned(text, passage[start:end]) and near >= 0.5
    missing = (*lost(text, passage), *([TURNED] if turned else []))
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
    """Whether exactly one of the two is negative, and of a word that both have."""
    if (negations(text) > 0) == (negations(source) > 0):
        return False
    said, there = read(text), read(source)
    if not said.negative and not there.negative:
        return True  # "excluded", "impossible": what they deny may stand before them
    shared = [lemma for lemma in said.content if lemma in there.denied and lemma in said.denied]
    return any(any(said.denied[lemma]) != any(there.denied[lemma]) for lemma in shared)


class GroundingJudge:
    """Judges one sentence: "pass", or "revise" with what its sources do not say.

    `model` weighs a sentence in a model's own words; without one, the shipped card does, at its threshold.
    """

    def __init__(self, model: GroundingModel | None = None) -> None:
        self._model = model

    def judge(self, sentence: Sentence, question: Question) -> Verdict:
        """The verdict on all cited passages together; its evidence is the sentence that says most of it."""
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
        return self._own_words(text, [each for each, _ in supports], cited, said)

    def _own_words(self, text: str, supports: list[Support], cited: Sequence[Passage], said: str) -> Verdict:
        """No fact may be missing from what is cited, a passage's own title included, and enough must be there."""
        titles = " ".join(f"{passage.title} {passage.section}" for passage in cited)
        model = self._model or shipped()
        evidence = tuple(f"{passage.title}\n\n{passage.text}" for passage in cited)
        score = model.score([text], evidence)
        missing = _missing_everywhere(supports)
        missing = [fact for fact in missing if fact == TURNED or not _names(titles, fact)]
        if missing:
            return _verdict("revise", min(score, _best_score(supports)), _unsaid(missing), said)
        if score < model.threshold:
            return _verdict("revise", score, _too_little(text, evidence), said)
        return _verdict("pass", score, "its facts and words are in its sources", said)


def _best_score(supports: Sequence[Support]) -> float:
    return max(each.score for each in supports)


def _names(titles: str, fact: str) -> bool:
    return stem(fact.lower()) in read(titles).stems or fact in figures(titles)


def _unsaid(missing: Sequence[str]) -> str:
    return f"its sources do not say {', '.join(missing[:3])}"


def _too_little(text: str, evidence: tuple[str, ...]) -> str:
    """Which of its words nothing in the sources stands for, the rarest first, and which they say the opposite of."""
    whole = evidence_of(evidence).whole
    found = {lemma: find(lemma, whole) for lemma in read(text).content}
    absent = [word for word, each in found.items() if each.worth < 0.5 and each.how != "opposite"]
    against = [word for word, each in found.items() if each.how == "opposite"]
    parts = [_unsaid([f'"{word}"' for word in sorted(absent, key=rarity, reverse=True)])] if absent else []
    parts += [f'they say the opposite of "{against[0]}"'] if against else []
    return f"{TOO_LITTLE}: {'; '.join(parts)}" if parts else TOO_LITTLE


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


def turn_score(reply: str, evidence: Sequence[str], judge: GroundingJudge) -> float:
    """0..1: how sure a turn is of a reply whose claims all cite all of its evidence: its least sure sentence, 0 for one
    that misses a fact, and for a reply without any claim, which no turn sends. What a turn's threshold is set on."""
    passages = [Passage(f"e{n}", f"e{n}", "", text, "") for n, text in enumerate(evidence) if text.strip()]
    hits = tuple(Hit(each, 0.0, None, None, _NO_VECTORS) for each in passages)
    question = Question("", "", _NO_VECTORS[0], (), hits)
    cites = tuple(Citation(each.id, each.id, "", "", "", 0, 0, 0.0) for each in passages)
    said = [Sentence(text, () if is_courtesy(text) else cites) for text in split(reply)]
    if not any(sentence.citations for sentence in said):
        return 0.0
    verdicts = [judge.judge(sentence, question) for sentence in said]
    return min((verdict.score or 0.0) if _weighed(verdict) else 0.0 for verdict in verdicts)


def _weighed(verdict: Verdict) -> bool:
    """Whether its score alone decides: not where a fact is missing."""
    return verdict.decision == "pass" or verdict.reason.startswith(TOO_LITTLE)


def reply_score(reply: str, evidence: Sequence[str], model: GroundingModel | None = None) -> float:
    """0..1: how well a whole reply is grounded in its evidence, by the shipped card or another. 1 for a reply without
    words, and for one that is verbatim in one passage."""
    if not any(char.isalnum() for char in reply):
        return 1.0
    wanted = normalised(reply)
    if any(_contains(normalised(passage), wanted) for passage in evidence):
        return 1.0
    return (model or shipped()).score(split(reply), evidence)
