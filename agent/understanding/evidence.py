"""How well each passage and each of its sentences fits a question: one set of figures for the floor and the answerer.

Pure numpy and regular expressions over what the search returned; nothing is embedded. A passage is described by
FEATURES, in that order; `rank` weighs them with the shipped weights (see the card in `weights/evidence.json`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from agent.ports import Question
from agent.understanding import places, tables
from agent.understanding.query import asking_clause, names, plain
from agent.understanding.synonyms import alike
from agent.understanding.wants import Want, met, wants
from agent.understanding.words import content, stems
from knowledge.passages import Hit, Passage

FEATURES: Final = (
    "passage_cosine",
    "best_sentence",
    "second_sentence",
    "sparse_share",
    "fused_share",
    "covered",
    "covered_best",
    "covered_title",
    "met_best",
    "about",
    "region",
    "core",
    "core_title",
    "title_said",
    "document",
)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a question asks, read once: `words` are stem to rarity, `core` those of the clause that asks, `about` those
    of the names before it."""

    words: Mapping[str, float]
    core: Mapping[str, float]
    about: frozenset[str]
    wants: frozenset[Want]
    regions: frozenset[str]
    countries: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A sentence of a passage as evidence: `text` is what a person would read, a row with its header."""

    start: int
    end: int
    text: str
    cosine: float
    covered: float
    met: float
    row: tables.Row | None

    @property
    def score(self) -> float:
        """Cosine leads; words in common and the kind of answer wanted settle near ties."""
        return self.cosine + 0.30 * self.covered + 0.12 * self.met


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One hit, described. `index` is its place in question.hits (from 0), `sentences` best first."""

    index: int
    hit: Hit
    sentences: tuple[Scored, ...]
    features: NDArray[np.float32]
    score: float

    @property
    def passage(self) -> Passage:
        return self.hit.passage


def read(question: Question) -> Asked:
    """The question's words, wants and places; names and places of the history count where the words have none."""
    text = plain(question.text)
    regions = places.regions(question.text)
    countries = places.countries(question.text)
    about: frozenset[str] = frozenset()
    for line in reversed(question.history[-6:]):
        about = about or _about(line.text, bool(regions))
        if not regions and line.role == "customer":
            regions, countries = places.regions(line.text), places.countries(line.text)
    return Asked(content(text), content(asking_clause(question.text)), about, wants(text), regions, countries)


def _about(line: str, place_given: bool) -> frozenset[str]:
    """The stems of a line's first names; its places left out where the question names one of its own."""
    found = [name for name in names(line) if not (place_given and any(places.named(name)))]
    return frozenset(stem for name in found[:3] for stem in stems(name))


def expired(passage: Passage, now: datetime) -> bool:
    """Whether the passage's time is over, or not yet come. A date without a time holds to its end."""
    return _expired(passage, now.date())


def _expired(passage: Passage, today: date) -> bool:
    until, since = _date(passage.metadata.get("valid_until", "")), _date(passage.metadata.get("valid_from", ""))
    return (until is not None and until < today) or (since is not None and since > today)


def _date(value: str) -> date | None:
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None


def rank(question: Question, now: datetime) -> tuple[Evidence, ...]:
    """Every hit that is in force on that day, best first by the shipped weights.

    The floor and the answerer ask for the same question one after the other, so it is remembered as long as it lives.
    """
    today = now.date()
    day, ranked = _known.get(question, (None, ()))
    if day != today:
        ranked = _ranked(question, today)
        _known[question] = today, ranked
    return ranked


def narrow(question: Question, now: datetime, limit: int) -> Question:
    """The question with the `limit` best of its hits in force, best first. They keep the rank they have among all."""
    kept = rank(question, now)[:limit]
    narrowed = replace(question, hits=tuple(item.hit for item in kept))
    _known[narrowed] = now.date(), tuple(replace(item, index=place) for place, item in enumerate(kept))
    return narrowed


_known: WeakKeyDictionary[Question, tuple[date, tuple[Evidence, ...]]] = WeakKeyDictionary()


def _ranked(question: Question, today: date) -> tuple[Evidence, ...]:
    asked = read(question)
    live = [(index, hit) for index, hit in enumerate(question.hits) if not _expired(hit.passage, today)]
    if not live:
        return ()
    top_sparse = max((hit.sparse or 0.0 for _, hit in live), default=0.0) or 1.0
    top_fused = max((hit.score for _, hit in live), default=0.0) or 1.0
    weights = _weights()
    found = []
    for index, hit in live:
        sentences = _sentences(hit, question, asked)
        features = _features(hit, asked, sentences, top_sparse, top_fused)
        features[-1] = _document_share(hit, live, top_fused)
        found.append(Evidence(index, hit, sentences, features, float(features @ weights)))
    return tuple(sorted(found, key=lambda each: (-each.score, each.index)))


def _document_share(hit: Hit, live: Sequence[tuple[int, Hit]], top_fused: float) -> float:
    """How high the best other passage of the same document came, 0 where there is none: an article that is found
    twice is about the question."""
    others = (
        other.score for _, other in live if other is not hit and other.passage.document_id == hit.passage.document_id
    )
    return _share_of_best(max(others, default=0.0), top_fused)


def _share_of_best(chance: float, best: float) -> float:
    """1 for the passage the search believed in most, less with the logarithm of the odds against another, 0 for none:
    a tenth of the belief is 0.3, a hundredth 0.18."""
    return 1.0 / (1.0 + math.log(best / chance)) if 0.0 < chance <= best else float(chance >= best > 0.0)


_SYNONYM: Final = 0.8
"""What a synonym is worth beside the word itself."""


def _share(words: Mapping[str, float], there: frozenset[str]) -> float:
    """Rarity-weighted share of the words that are there; 0.5 where the question has no words of its own."""
    total = sum(words.values())
    if not total:
        return 0.5
    same = alike()
    found = 0.0
    for word, weight in words.items():
        if word in there:
            found += weight
        elif not there.isdisjoint(same.get(word, ())):
            found += _SYNONYM * weight
    return found / total


@lru_cache(maxsize=4096)
def _readable(text: str, spans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int, str, tables.Row | None], ...]:
    """(start, end, as a person reads it, its row) of each sentence. Remembered: passages come back turn after turn."""
    found = []
    for start, end in spans:
        row = tables.row_at(text, start, end)
        found.append((start, end, row.shown() if row else tables.clean(text[start:end]), row))
    return tuple(found)


def _sentences(hit: Hit, question: Question, asked: Asked) -> tuple[Scored, ...]:
    passage = hit.passage
    spans = passage.sentences
    vectors = hit.sentence_vectors
    cosines = vectors @ question.vector if len(vectors) == len(spans) and len(spans) else np.zeros(len(spans))
    found = []
    for (start, end, text, row), cosine in zip(_readable(passage.text, spans), cosines, strict=True):
        covered = _share(asked.words, stems(text))
        found.append(Scored(start, end, text, float(cosine), covered, met(text, asked.wants), row))
    return tuple(sorted(found, key=lambda each: -each.score))


def _features(
    hit: Hit, asked: Asked, sentences: Sequence[Scored], top_sparse: float, top_fused: float
) -> NDArray[np.float32]:
    passage = hit.passage
    heading = stems(f"{passage.title} {passage.section}")
    inside = heading | stems(passage.text)
    cosines = sorted((each.cosine for each in sentences), reverse=True)
    best = cosines[0] if cosines else 0.0
    first = sentences[0] if sentences else None
    return np.array(
        [
            hit.dense if hit.dense is not None else min(0.8 * best, 0.3),
            best,
            cosines[1] if len(cosines) > 1 else best,
            (hit.sparse or 0.0) / top_sparse,
            _share_of_best(hit.score, top_fused),
            _share(asked.words, inside),
            _share(asked.words, heading | stems(first.text)) if first else 0.0,
            _share(asked.words, heading),
            first.met if first else 0.0,
            len(asked.about & inside) / len(asked.about) if asked.about else 0.5,
            region_fit(passage, asked),
            _share(asked.core, inside),
            _share(asked.core, heading),
            _title_said(passage, asked),
            0.0,
        ],
        dtype=np.float32,
    )


def _title_said(passage: Passage, asked: Asked) -> float:
    """How much of the passage's title, or of its own heading, the question says: "Make a warranty claim" is all said
    by "how do I make a warranty claim"."""
    same = alike()
    found = 0.0
    for heading in (passage.title, passage.section.rsplit(" > ", 1)[-1]):
        words = content(heading)
        total = sum(words.values())
        if total:
            said = sum(
                weight if word in asked.words else _SYNONYM * weight
                for word, weight in words.items()
                if word in asked.words or not same.get(word, frozenset()).isdisjoint(asked.words)
            )
            found = max(found, said / total)
    return found


def region_fit(passage: Passage, asked: Asked) -> float:
    """1 where the passage speaks of the place asked about, -1 where it is for another, 0 where nothing is said.

    A wider region counts as less than the place itself: "Europe" for Dublin is worth less than "Ireland".
    """
    if not asked.regions:
        return 0.0
    declared = passage.metadata.get("region", "")
    theirs = places.declared(f"{declared} . {passage.title} . {passage.section}")
    if theirs & asked.countries:
        return 1.0
    if theirs & asked.regions:
        return 0.4
    if theirs:
        return -1.0
    spoken = places.countries(passage.text)
    return 0.4 if spoken & asked.regions else 0.0


@lru_cache(maxsize=1)
def _weights() -> NDArray[np.float32]:
    """The shipped weights of FEATURES."""
    card = json.loads(files("agent.understanding").joinpath("weights/evidence.json").read_text(encoding="utf-8"))
    return np.array([card["weights"][name] for name in FEATURES], dtype=np.float32)


def reload() -> None:
    """Forgets the weights that were read and what was ranked by them, after new ones were written."""
    _weights.cache_clear()
    _known.clear()
