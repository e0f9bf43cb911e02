"""The answer floor: whether what was found answers the question at all.

Similarity alone is no floor (a right answer scores 0.46, an unanswerable question 0.42), so a small logistic model
weighs what similarity misses: words of the question that no passage has, the kind of answer wanted, agreement of the
dense and the sparse side, another region, and whether the customer asks after their own order rather than for what
holds for everyone. Its card is `weights/floor.json`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from agent.ports import Question
from agent.state import Verdict
from agent.understanding import model, places
from agent.understanding.evidence import Asked, Evidence, narrow, rank, read
from agent.understanding.query import names, plain
from agent.understanding.synonyms import alike
from agent.understanding.wants import has
from agent.understanding.words import stems

SIGNS: Final[Mapping[str, int]] = {
    "passage_cosine": +1,
    "sentence_cosine": +1,
    "sentence_margin": +1,
    "passage_margin": +1,
    "covered": +1,
    "core_missing": -1,
    "core_missing_share": -1,
    "met": +1,
    "kind_missing": -1,
    "place_missing": -1,
    "name_missing": -1,
    "sides_agree": +1,
    "about": +1,
    "asks_policy": +1,
    "asks_own": -1,
    "asks_action": -1,
    "identifier": -1,
}
"""Each signal and the way it may argue: +1 for an answer, -1 against one."""
SIGNALS: Final = tuple(SIGNS)
_IDENTIFIER_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A standardised logistic model over SIGNALS; `threshold` is the probability from which a question passes."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float
    threshold: float

    def probability(self, signals: NDArray[np.float64]) -> float:
        logit = float((signals - self.mean) / self.scale @ self.weights) + self.bias
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def _now() -> datetime:
    return datetime.now(UTC)


class LearntFloor:
    """Judges a question with its hits: "pass", or "template" where nothing found answers it."""

    def __init__(self, fit: Fit | None = None, *, clock: Callable[[], datetime] = _now) -> None:
        self._fit = fit or shipped()
        self._clock = clock

    def judge(self, question: Question) -> Verdict:
        """The verdict with the model's probability as score; its reason names what spoke most against an answer."""
        ranked = rank(question, self._clock())
        if not ranked:
            return Verdict("floor", "retrieve", "template", "nothing in force was found", 0.0)
        signals = describe(question, ranked)
        probability = self._fit.probability(signals)
        if signals[SIGNALS.index("asks_own")] >= _OWN:
            return _verdict("template", min(probability, self._fit.threshold / 2), _AGAINST["asks_own"], ranked[0])
        passes = probability >= self._fit.threshold
        reason = "the passages answer it" if passes else _why_not(self._fit, signals)
        return _verdict("pass" if passes else "template", probability, reason, ranked[0])

    def nearest(self, question: Question, limit: int) -> Question:
        """The question with the `limit` best of the hits in force, best first."""
        return narrow(question, self._clock(), limit)


def _verdict(decision: Literal["pass", "template"], score: float, reason: str, top: Evidence) -> Verdict:
    return Verdict("floor", "retrieve", decision, reason, round(score, 3), top.passage.id)


def describe(question: Question, ranked: Sequence[Evidence]) -> NDArray[np.float64]:
    """(len(SIGNALS),) of a question and its ranked evidence, which must not be empty."""
    asked = read(question)
    top = ranked[0]
    sentences = sorted((each.cosine for item in ranked for each in item.sentences), reverse=True)
    best = max((each.cosine for each in top.sentences), default=0.0)
    passages = sorted((item.hit.dense or 0.0 for item in ranked), reverse=True)
    first = top.sentences[0] if top.sentences else None
    inside = _inside(top)
    near = inside.union(*(_inside(item) for item in ranked[1:3]))
    anywhere = inside.union(*(_inside(item) for item in ranked[1:8]))
    acts = model.shipped().probabilities(question.text, question.vector)
    values: Mapping[str, float] = {
        "passage_cosine": float(top.features[0]),
        "sentence_cosine": best,
        "sentence_margin": best - _at(sentences, 9),
        "passage_margin": passages[0] - _at(passages, 7),
        "covered": float(top.features[5]),
        "core_missing": max(_missing(asked.core, near), default=0.0),
        "core_missing_share": sum(_missing(asked.core, near)) / (sum(asked.core.values()) or 1.0),
        "met": first.met if first else 0.0,
        "kind_missing": float(_kind_missing(asked, ranked)),
        "place_missing": float(_place_missing(asked, ranked)),
        "name_missing": float(any(stems(name).isdisjoint(anywhere) for name in _names(question))),
        "sides_agree": _sides_agree(top, ranked),
        "about": float(top.features[9]),
        "asks_policy": acts["policy"] + acts["problem"],
        "asks_own": _own(question.text, acts["own"]),
        "asks_action": acts["action"],
        "identifier": float(_identifier(question.text)),
    }
    return np.array([values[name] for name in SIGNALS], dtype=np.float64)


def _inside(item: Evidence) -> frozenset[str]:
    passage = item.passage
    return stems(f"{passage.title} {passage.section}") | stems(passage.text)


def _at(values: Sequence[float], place: int) -> float:
    return values[min(place, len(values) - 1)] if values else 0.0


def _missing(words: Mapping[str, float], inside: frozenset[str]) -> list[float]:
    """The rarities of the words that are not there, synonyms counted as there."""
    same = alike()
    return [weight for word, weight in words.items() if word not in inside and inside.isdisjoint(same.get(word, ()))]


def _sides_agree(top: Evidence, ranked: Sequence[Evidence]) -> float:
    """1 where both sides put the best passage first, less the further down either has it, 0 where one lacks it."""
    dense, sparse = top.hit.dense, top.hit.sparse
    if dense is None or sparse is None:
        return 0.0
    above = max(
        sum((item.hit.dense or -1.0) > dense for item in ranked),
        sum((item.hit.sparse or -1.0) > sparse for item in ranked),
    )
    return 1.0 / (1.0 + above)


_SPECIFIC: Final = frozenset({"weight", "temperature", "length", "person", "contact"})


def _kind_missing(asked: Asked, ranked: Sequence[Evidence]) -> bool:
    """Whether a kind of answer that few sentences hold is wanted, and no sentence of the best passages holds it."""
    near = [each.text for item in ranked[:3] for each in item.sentences]
    return any(not any(has(text, want) for text in near) for want in asked.wants & _SPECIFIC)


def _place_missing(asked: Asked, ranked: Sequence[Evidence]) -> bool:
    """Whether the question names a place that no passage found names, nor any region it lies in, though they do tell
    places apart."""
    theirs = [_places_of(item.passage.text, item.passage.title) for item in ranked[:8]]
    if not asked.regions or not any(theirs):
        return False
    return all(asked.regions.isdisjoint(each) for each in theirs)


@lru_cache(maxsize=4096)
def _places_of(text: str, title: str) -> frozenset[str]:
    return places.countries(f"{title}. {text}")


def _names(question: Question) -> tuple[str, ...]:
    """Names in the customer's own words that are no places and no pseudonyms; none in a text that shouts."""
    if question.text.isupper():
        return ()
    return tuple(name for name in names(question.text) if not any(places.named(name)) and "_" not in name)


_OWN: Final = 0.9
"""From here on a question about one customer's own state is refused whatever was found: no article knows it."""


def _own(text: str, chance: float) -> float:
    """How surely it asks after the customer's own state: the classifier's chance, or 0.9 where the wording agrees."""
    return _OWN if chance >= 0.3 and _OWN_STATE.search(plain(text)) else min(chance, _OWN - 0.01)


_OWN_STATE: Final = re.compile(
    r"\b(?:do i (?:still |already |currently )?(?:have|owe)(?! to\b| \d)|have i got(?! to\b)|"
    r"(?:i have|i've|have i) (?:got )?left|"
    r"am i on|where(?: is|'s| are) my|(?:has|have|is|did|was) my|"
    r"when will my)\b(?!.{0,20}\b(?:allowed|covered|safe|insured))",
    re.IGNORECASE,
)


def _identifier(text: str) -> bool:
    """Whether a word looks like somebody's own reference: a code of letters and digits, or a long number."""
    words = (word.strip(".,;:!?()#\"'") for word in plain(text).split())
    return any(sum(char.isdigit() for char in word) >= _IDENTIFIER_DIGITS and "£" not in word for word in words)


_AGAINST: Final[Mapping[str, str]] = {
    "passage_cosine": "no passage is close to the question",
    "sentence_cosine": "no sentence is close to the question",
    "sentence_margin": "many sentences are equally close to the question",
    "passage_margin": "many passages are equally close to the question",
    "covered": "the closest passage lacks words of the question",
    "core_missing": "no passage near it mentions what is asked about",
    "core_missing_share": "the passages near it lack words of what is asked",
    "met": "the closest sentence has no figure, date or rule of the kind asked for",
    "kind_missing": "no passage found has a figure or a name of the kind asked for",
    "place_missing": "no passage found speaks of the place asked about",
    "name_missing": "it is about a name that no passage found mentions",
    "sides_agree": "words and meaning point to different passages",
    "about": "the passages are about something else than the conversation",
    "asks_policy": "it does not ask for what the articles hold",
    "asks_own": "it asks how things stand with the customer's own order or account, or at this moment",
    "asks_action": "it asks for something to be done",
    "identifier": "it names an order or account of the customer's own",
}


def _why_not(fit: Fit, signals: NDArray[np.float64]) -> str:
    pulls = (signals - fit.mean) / fit.scale * fit.weights
    return _AGAINST[SIGNALS[int(np.argmin(pulls))]]


@lru_cache(maxsize=1)
def shipped() -> Fit:
    """The model of this release, read once."""
    text = files("agent.understanding").joinpath("weights/floor.json").read_text(encoding="utf-8")
    return from_card(json.loads(text))


def from_card(card: Mapping[str, Any]) -> Fit:
    """The model a card describes. Raises KeyError where it lacks a signal of this code's."""
    rows = [card["signals"][name] for name in SIGNALS]
    columns = [np.array([row[part] for row in rows], dtype=np.float64) for part in ("mean", "scale", "weight")]
    return Fit(columns[0], columns[1], columns[2], float(card["bias"]), float(card["threshold"]))
