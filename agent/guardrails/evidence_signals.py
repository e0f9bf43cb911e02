"""What of a reply its evidence says, as figures that a small model can weigh. Pure.

Each sentence is compared with all sentences of the evidence: how much of it is there, in the same words or in others
that mean it, how near together; and what was changed: numbers, names, negatives, opposites, words that widen or narrow.
A reply's figures are those of its sentences pooled; a single sentence is a reply of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.guardrails.claims import is_courtesy, lost
from agent.guardrails.evidence_lexicon import lexicon
from agent.guardrails.evidence_reading import Text, read, stem_of
from agent.understanding.words import rarity
from knowledge.sentences import sentences as sentence_spans
from knowledge.sparse import STOP_WORDS

_FIRST_PERSON: Final = frozenset(("i", "i'm", "i've", "i'd", "i'll", "me", "my", "mine", "myself"))
_OPINION_WORDS: Final = """
love loved like liked think thought believe guess favorite favourite enjoy enjoyed hate hope feel amazing awesome cool
interesting funny wonder wow haha lol yeah nice great sure know remember heard watch watched agree
"""
_OPINION: Final = frozenset(_OPINION_WORDS.split())
_KINDS: Final = {"n": "noun", "x": "noun", "v": "verb", "a": "adjective", "r": "adverb"}
_MEANS: Final = (
    "covered", "meant", "bigrams", "longest_run", "near", "near_two", "stop_words_missing", "together",
    "first_person", "opinion", "you", "question", "courtesy", "turned_round",
)  # fmt: skip
_LEAST: Final = ("near", "meant", "bigrams", "longest_run", "worst", "second_worst")
_PER_WORD: Final = ("nouns", "verbs", "adjectives", "elsewhere", "names", "unknown", "figures")
_PER_SENTENCE: Final = (
    "negated", "unnegated", "denied", "negative", "names", "figures", "figures_far", "qualifiers", "qualifiers_far",
    "opposite", "opposite_near", "both_ways", "sibling", "narrower", "synonym", "apart", "unknown",
)  # fmt: skip
_BENT: Final = ("overlap", "covered", "meant", "bigrams", "near")
SIGNALS: Final = (
    "overlap", *_MEANS, *(f"least_{name}" for name in _LEAST), *(f"{name}_a_word" for name in _PER_WORD),
    *(f"{name}_a_sentence" for name in _PER_SENTENCE), "words", "sentences", "evidence_words",
    *(f"{name}_well" for name in _BENT),
)  # fmt: skip
_WELL: Final = 0.7
"""Above it, each word more counts for more than below: by cross-validation 0.5 to 0.9 do alike."""
_MOST: Final = 3.0
"""A count of faults over all sentences stops here: one bad reply teaches no more by having thirty."""
MAX_SENTENCES: Final = 40
"""A reply's first sentences; one that goes on longer is no answer to a customer."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Passages as one text and as its sentences."""

    whole: Text
    sentences: tuple[Text, ...]

    @cached_property
    def by_lemma(self) -> Mapping[str, list[int]]:
        """Which sentences have a lemma; so `by_stem`."""
        return _where(each.there for each in self.sentences)

    @cached_property
    def by_stem(self) -> Mapping[str, list[int]]:
        return _where(each.stems for each in self.sentences)

    def shares(self, weights: Mapping[str, float]) -> list[float]:
        """Of each sentence, the share of these words that it has, by weight; 1 where there are none."""
        total = sum(weights.values())
        if not total:
            return [1.0] * len(self.sentences)
        found = [0.0] * len(self.sentences)
        for lemma, weight in weights.items():
            for place in {*self.by_lemma.get(lemma, ()), *self.by_stem.get(stem_of(lemma), ())}:
                found[place] += weight
        return [each / total for each in found]


def _where(words: Iterable[frozenset[str]]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, each in enumerate(words):
        for word in each:
            found.setdefault(word, []).append(place)
    return found


@lru_cache(maxsize=256)
def evidence_of(passages: tuple[str, ...]) -> Evidence:
    """Remembered: the sentences of one reply are judged by the same passages."""
    said = tuple(read(text[start:end]) for text in passages for start, end in sentence_spans(text))
    return Evidence(read(" \n ".join(passages)), said)


@dataclass(frozen=True, slots=True)
class Found:
    """How a word stands to a text: `how` same, synonym, broader (it is a kind of it), opposite, both_ways (a synonym
    and an opposite are there), narrower, sibling, none, unknown or number; `nearest` the cosine with the closest."""

    how: str
    nearest: float

    @property
    def worth(self) -> float:
        """0..1: how far the text says the word."""
        known = {"same": 1.0, "synonym": 0.8, "broader": 0.6}
        return known[self.how] if self.how in known else max(0.0, min(0.5, 0.6 * self.nearest))


def find(lemma: str, text: Text) -> Found:
    if text.has(lemma):
        return Found("same", 1.0)
    table = lexicon()
    place = table.find(lemma)
    if lemma.isdigit() or place is None:
        return Found("number" if lemma.isdigit() else "unknown", 0.0)
    cosines = text.vectors @ (table.vectors[place].astype(np.float32) / 127)
    nearest = float(cosines.max()) if len(cosines) else 0.0
    opposite = _meets(table.against[place], text.own) or _meets(table.own[place], text.against)
    if _meets(table.means[place], text.means):
        return Found("both_ways" if opposite else "synonym", nearest)
    if _meets(table.own[place], text.wider):
        return Found("both_ways" if opposite else "broader", nearest)
    if opposite:
        return Found("opposite", nearest)
    if _meets(table.wider[place], text.own):
        return Found("narrower", nearest)
    return Found("sibling" if _meets(table.wider[place], text.wider) else "none", nearest)


def _meets(senses: frozenset[int], by_sense: Mapping[int, object]) -> bool:
    return any(sense in by_sense for sense in senses)


def _sentence(raw: str, evidence: Evidence) -> dict[str, float]:
    """The figures of one sentence; `content` counts its words of meaning."""
    text, whole = read(raw), evidence.whole
    weights = {lemma: rarity(lemma) for lemma in text.content}
    shares = evidence.shares(weights)
    best = sorted(range(len(shares)), key=lambda place: -shares[place])[:2]
    near = read(" ".join(evidence.sentences[place].raw for place in best))
    by_word = {lemma: find(lemma, whole) for lemma in text.content}
    figures = {
        "content": float(len(weights)),
        "near": shares[best[0]] if best else 0.0,
        "near_two": _share(weights, near) if best else 0.0,
        **_words(weights, by_word),
        **_changes(text, whole, near, shares[best[0]] if best else 0.0),
        **_places(text, whole, evidence.sentences[best[0]] if best else None),
        **_manner(text, whole),
    }
    figures["opposite_near"] = float(sum(find(lemma, near).how in ("opposite", "both_ways") for lemma in text.content))
    return figures


def _share(weights: Mapping[str, float], text: Text) -> float:
    """Share of the words that are there, by rarity; 1 for none."""
    total = sum(weights.values())
    return sum(weight for lemma, weight in weights.items() if text.has(lemma)) / total if total else 1.0


def _words(weights: Mapping[str, float], found: Mapping[str, Found]) -> dict[str, float]:
    total = sum(weights.values())
    worths = sorted(each.worth for each in found.values())
    missing = {"noun": 0.0, "verb": 0.0, "adjective": 0.0, "adverb": 0.0}
    for lemma, each in found.items():
        missing[_KINDS[lexicon().part(lemma)]] += weights[lemma] * (1 - each.worth)
    hows = [each.how for each in found.values()]
    return {
        "covered": sum(weights[w] for w, each in found.items() if each.how == "same") / total if total else 1.0,
        "meant": sum(weights[w] * each.worth for w, each in found.items()) / total if total else 1.0,
        "worst": worths[0] if worths else 1.0,
        "second_worst": worths[1] if len(worths) > 1 else 1.0,
        "nouns": missing["noun"],
        "verbs": missing["verb"],
        "adjectives": missing["adjective"],
        "elsewhere": float(hows.count("none")),
        **{name: float(hows.count(name)) for name in _HOWS},
    }


_HOWS: Final = ("opposite", "both_ways", "sibling", "narrower", "synonym", "unknown")


def _changes(text: Text, whole: Text, near: Text, share: float) -> dict[str, float]:
    """What was added or lost: figures, names, negatives, qualifiers; `_far` ones are there, but elsewhere."""
    missing = lost(text.raw, whole.raw)
    names = [each for each in missing if each[0].isupper()]
    denied = sum(
        any(is_denied) and not any(each for word in whole.said_as(lemma) for each in whole.denied.get(word, ()))
        for lemma, is_denied in text.denied.items()
        if lemma not in STOP_WORDS
    )
    return {
        "figures": float(len(missing) - len(names)),
        "figures_far": float(len(text.figures - near.figures - near.there)),
        "names": float(len(names)),
        "negated": float(text.negative and not near.negative),
        "unnegated": float(near.negative and not text.negative and share > 0.5),
        "negative": float(text.negative),
        "denied": float(denied),
        "qualifiers": float(len(text.qualifiers - whole.qualifiers)),
        "qualifiers_far": float(len(text.qualifiers - near.qualifiers)),
    }


def _places(text: Text, whole: Text, best: Text | None) -> dict[str, float]:
    """Whether its words stand together in the evidence as they do here, and in that order."""
    pairs = list(pairwise(text.lemmas))
    meaning = [place for place, lemma in enumerate(text.lemmas) if lemma not in STOP_WORDS]
    linked = [(text.lemmas[a], text.lemmas[b]) for a, b in pairwise(meaning) if b - a <= 2]
    both = [(a, b) for a, b in linked if whole.said_as(a) and whole.said_as(b)]
    close = sum(_together(whole, a, b) for a, b in both)
    n = len(text.lemmas)
    return {
        "bigrams": sum(pair in whole.pairs for pair in pairs) / max(1, len(pairs)),
        "longest_run": _longest_run(text, whole) / max(1, n),
        "together": close / len(linked) if linked else 1.0,
        "apart": float(len(both) - close),
        "turned_round": _turned_round(text, best) if best is not None else 0.0,
    }


_TOGETHER: Final = 5


def _together(whole: Text, first: str, second: str) -> bool:
    """Whether the two, or words for them, stand within five words of one another anywhere."""
    for a in whole.said_as(first):
        for b in whole.said_as(second):
            if a == b or _within(whole.places.get(a, ())[:_PLACES], whole.places.get(b, ())[:_PLACES]):
                return True
    return False


def _within(first: Sequence[int], second: Sequence[int]) -> bool:
    """Both ascending: one walk through both."""
    i = j = 0
    while i < len(first) and j < len(second):
        if abs(first[i] - second[j]) <= _TOGETHER:
            return True
        if first[i] < second[j]:
            i += 1
        else:
            j += 1
    return False


_PLACES: Final = 200
"""Of a word that stands in the evidence more often, the first so many: a text of one word would take minutes."""


def _longest_run(text: Text, whole: Text) -> int:
    """Words of the longest stretch that stands in the evidence as it is."""
    longest = 0
    ends: dict[int, int] = {}
    for lemma in text.lemmas:
        ends = {place: ends.get(place - 1, 0) + 1 for place in whole.places.get(lemma, ())[:_PLACES]}
        longest = max(longest, max(ends.values(), default=0))
    return longest


def _turned_round(text: Text, best: Text) -> float:
    """Share of the pairs of its words whose order is the other way round in the sentence that says most of it."""
    at = [best.places[lemma][0] for lemma in text.content if lemma in best.places]
    pairs = len(at) * (len(at) - 1) // 2
    return sum(a > b for place, a in enumerate(at) for b in at[place + 1 :]) / pairs if pairs else 0.0


def _manner(text: Text, whole: Text) -> dict[str, float]:
    """How it is said: of oneself, as an opinion, as a question."""
    length = math.sqrt(max(1, len(text.words)))
    missing = [lemma for lemma in text.there if lemma not in whole.there]
    opinions = sum(w in _OPINION and m not in whole.there for w, m in zip(text.words, text.lemmas, strict=True))
    return {
        "first_person": sum(word in _FIRST_PERSON for word in text.words) / length,
        "opinion": opinions / length,
        "you": sum(word in ("you", "your") for word in text.words) / length,
        "question": float(text.raw.rstrip().endswith("?")),
        "courtesy": float(is_courtesy(text.raw)),
        "stop_words_missing": sum(lemma in STOP_WORDS for lemma in missing) / max(1, len(text.words)),
    }


def signals(sentences: Sequence[str], evidence: Evidence) -> NDArray[np.float64]:
    """(len(SIGNALS),): the figures of a reply of these sentences."""
    said = list(sentences[:MAX_SENTENCES]) or [""]
    each = [_sentence(sentence, evidence) for sentence in said]
    weights = np.array([max(1.0, one["content"]) for one in each])
    weights /= weights.sum()
    content = max(1.0, sum(one["content"] for one in each))
    words = [lemma for sentence in said for lemma in read(sentence).lemmas]
    total = {name: sum(one[name] for one in each) for name in {*_PER_WORD, *_PER_SENTENCE}}
    values = {
        "overlap": len(set(words) & evidence.whole.there) / max(1, len(set(words))),
        **{name: float(weights @ [one[name] for one in each]) for name in _MEANS},
        **{f"least_{name}": min(one[name] for one in each) for name in _LEAST},
        **{f"{name}_a_word": total[name] / content for name in _PER_WORD},
        **{f"{name}_a_sentence": min(_MOST, total[name]) / len(said) for name in _PER_SENTENCE},
        "words": math.log1p(len(words)),
        "sentences": math.log1p(len(said)),
        "evidence_words": math.log1p(len(evidence.whole.words)),
    }
    values |= {f"{name}_well": max(0.0, values[name] - _WELL) for name in _BENT}
    return np.array([values[name] for name in SIGNALS])
