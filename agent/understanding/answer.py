"""Which sentences of the passages answer a question: one to three of them, verbatim, or none. Pure.

The errors to avoid are the right topic's wrong row (another shop's hours) and half of a rule (a warranty without its
exclusion). So a row is chosen by its key, a sentence of another place gives way, and the sentence that limits the one
chosen comes with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agent.lookups.evidence import answering, is_looked_up
from agent.ports import Question
from agent.understanding import places
from agent.understanding.evidence import Asked, Evidence, Scored, rank, read
from agent.understanding.synonyms import alike
from agent.understanding.words import content, stems
from knowledge.passages import Hit

MAX_SENTENCES: Final = 3
_LEAST_COSINE: Final = 0.15
"""Below this cosine and without a word in common a sentence is noise; the floor refuses long before."""
_RANK_WEIGHT: Final = 1.0
"""What a passage's rank weighs beside its sentence's fit. From 0.5 to 2 the first source moves by 0.03."""
_ENOUGH: Final = 0.72
"""Share of the best sentence's score that another needs to be worth adding."""
_LIMITS: Final = re.compile(
    r"\b(?:not|no|never|except\w*|unless|only|exclud\w*|but|however|must|cannot|does not|do not|without)\b",
    re.IGNORECASE,
)
_LEANS: Final = re.compile(
    r"^(?:it|its|they|their|these|those|this|that|he|she|both|either|otherwise|also|then|instead|but|and|so|or|such|"
    r"in that case|the same|the others?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A sentence to say: `hit` is its place in question.hits from 0, start and end its span in that passage."""

    hit: int
    text: str
    start: int
    end: int
    score: float


def choose(question: Question, now: datetime) -> list[Chosen]:
    """The sentences in the order to say them; empty where nothing in force fits."""
    if told := _told(question.hits):
        return told
    ranked = [item for item in rank(question, now) if not is_looked_up(item.hit)]
    if not ranked:
        return []
    asked = read(question)
    best = _best(ranked, asked)
    if best is None:
        return []
    home, first = best
    score = _fit(first, asked)
    picked = [(home, first)]
    others = [item for item in ranked if item.passage.document_id == home.passage.document_id]
    candidates = [(item, each) for item in others[:3] for each in item.sentences[:8] if each is not first]
    candidates.sort(key=lambda pair: -_fit(pair[1], asked))
    for item, sentence in candidates:
        if len(picked) < MAX_SENTENCES and _adds(sentence, [each for _, each in picked], asked, score, item is home):
            picked.append((item, sentence))
    picked = _with_antecedents(picked)
    first_item = picked[0][0]
    picked.sort(key=lambda pair: (pair[0] is not first_item, pair[0].index, pair[1].start))
    return [_chosen(item, sentence) for item, sentence in picked[:MAX_SENTENCES]]


def _told(hits: Sequence[Hit]) -> list[Chosen]:
    """What was looked up for this customer and answers: articles know nothing of it."""
    found = [(index, hit.passage.text, span) for index, hit in enumerate(hits) for span in answering(hit)]
    return [Chosen(index, text[start:end], start, end, 1.0) for index, text, (start, end) in found[:MAX_SENTENCES]]


def _best(ranked: Sequence[Evidence], asked: Asked) -> tuple[Evidence, Scored] | None:
    """The best sentence of the best passage; a passage near it in rank wins where its sentence is clearly better."""
    found: tuple[float, Evidence, Scored] | None = None
    for item in ranked[:3]:
        for sentence in item.sentences:
            if sentence.cosine < _LEAST_COSINE and not sentence.covered:
                continue
            score = _fit(sentence, asked) + _RANK_WEIGHT * (item.score - ranked[0].score)
            if found is None or score > found[0]:
                found = (score, item, sentence)
    return (found[1], found[2]) if found else None


def _fit(sentence: Scored, asked: Asked) -> float:
    """The sentence's score, raised where its row's key is asked for, lowered where it is of another place."""
    score = sentence.score
    if sentence.row is not None:
        score += 0.35 * _key_share(sentence, asked) - 0.08
    if asked.regions:
        theirs = places.countries(sentence.text)
        if theirs & asked.countries:
            score += 0.25
        elif theirs & asked.regions:
            score += 0.15
        elif theirs:
            score -= 0.25
    return score


def _key_share(sentence: Scored, asked: Asked) -> float:
    """How much of the row's key the question names, synonyms too; 0 for a key that is no words."""
    key = content(sentence.row.key) if sentence.row else None
    if not key:
        return 0.0
    same = alike()
    named = sum(word in asked.words or not same.get(word, frozenset()).isdisjoint(asked.words) for word in key)
    return named / len(key)


def _adds(sentence: Scored, picked: Sequence[Scored], asked: Asked, best: float, at_home: bool) -> bool:
    """Whether it says more: words asked for that are not covered yet, or a limit on what is said, and no repetition."""
    if _fit(sentence, asked) < _ENOUGH * best:
        return False
    words = stems(sentence.text)
    if any(_alike(words, stems(each.text)) > 0.6 or sentence.text in each.text for each in picked):
        return False
    if sentence.row is not None and any(each.row is not None for each in picked):
        return _key_share(sentence, asked) >= 1.0
    said = frozenset().union(*(stems(each.text) for each in picked))
    new = sum(weight for word, weight in asked.words.items() if word in words and word not in said)
    if new >= 0.4:
        return True
    near = at_home and any(abs(sentence.start - each.end) < 400 for each in picked)
    return near and bool(_LIMITS.search(sentence.text)) and _fit(sentence, asked) >= 0.78 * best


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def _with_antecedents(picked: Sequence[tuple[Evidence, Scored]]) -> list[tuple[Evidence, Scored]]:
    """The picked sentences, each that leans on the one before it ("It costs …") with that one."""
    found = list(picked)
    for item, sentence in picked:
        if sentence.row is not None or not _LEANS.match(sentence.text):
            continue
        before = max(
            (each for each in item.sentences if each.end <= sentence.start and each.row is None),
            key=lambda each: each.end,
            default=None,
        )
        if before is None or any(each is before for _, each in found):
            continue
        if "\n" in item.passage.text[before.end : sentence.start].strip(" "):
            continue
        if len(found) >= MAX_SENTENCES:
            found.remove(found[-1]) if found[-1][1] is not sentence else None
        found.append((item, before))
    return found


def _chosen(item: Evidence, sentence: Scored) -> Chosen:
    return Chosen(item.index, sentence.text, sentence.start, sentence.end, sentence.score)
