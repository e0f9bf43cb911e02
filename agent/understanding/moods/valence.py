"""How warm or cold the words of a message are, by a lexicon of rated words (VADER's, see NOTICE). Pure after one read.

Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", ICWSM 2014:
words rated from -4 to 4 by ten people each, emoticons and emoji too. Their rules are reduced here to what a head can
weigh by itself: negation, degree, capitals, what follows "but", and where the strongest word stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEATURES: Final = (
    "warm",
    "cold",
    "warmest",
    "coldest",
    "compound",
    "after_but",
    "last",
    "only_warm",
    "only_cold",
    "mixed",
    "warm_sign",
    "cold_sign",
    "negated_warm",
    "stressed",
)
_MORE_WORDS = """
very really so too extremely absolutely totally completely incredibly insanely super bloody fucking freaking utterly
highly most particularly such much beyond seriously truly deeply always
"""
_LESS_WORDS = "slightly somewhat bit kinda barely hardly almost partly little fairly rather"
_MORE: Final = frozenset(_MORE_WORDS.split())
_LESS: Final = frozenset(_LESS_WORDS.split())
_DEGREE: Final = 0.293
"""What a degree word adds: VADER's own figure."""
_TURNED: Final = -0.74
"""What a negation makes of a value: VADER's own figure."""
_SPREAD: Final = 15.0
"""VADER's alpha, the scale of its compound score."""
_SHOUTED: Final = re.compile(r"\b[A-Z]{3,}\b")


@lru_cache(maxsize=1)
def lexicon() -> Mapping[str, float]:
    """Word, emoticon or emoji to its rating from -4 to 4."""
    text = files("agent.understanding").joinpath("weights/valence.txt").read_text(encoding="utf-8")
    lines = (line.rsplit("\t", 1) for line in text.splitlines() if line and not line.startswith("# "))
    return {word: float(value) for word, value in lines}


def rated(words: Sequence[str], turned: Sequence[bool], ratings: Mapping[str, float]) -> list[float]:
    """Each token's rating as it stands: raised or lowered by a degree word before it, turned by a negation."""
    found = []
    for at, word in enumerate(words):
        value = ratings.get(word) or _sign(word, ratings)
        if value:
            before = words[at - 1] if at else ""
            step = _DEGREE if before in _MORE else -_DEGREE if before in _LESS else 0.0
            value += step if value > 0 else -step
            if turned[at]:
                value *= _TURNED
        found.append(value)
    return found


def _sign(word: str, ratings: Mapping[str, float]) -> float:
    """The rating of a run of signs: emoji written together count each."""
    if word[0].isalnum() or len(word) == 1:
        return 0.0
    return max((ratings.get(char, 0.0) for char in word), key=abs)


def felt(text: str, words: Sequence[str], turned: Sequence[bool], values: Sequence[float]) -> NDArray[np.float32]:
    """(len(FEATURES),) float32, each from -1 to 1. `text` is the message as written, for its capitals; `values` what
    `rated` says of its tokens."""
    warm, cold = sum(v for v in values if v > 0), -sum(v for v in values if v < 0)
    said = [v for v in values if v]
    but = max((at for at, word in enumerate(words) if word == "but"), default=-1)
    after = sum(values[but + 1 :]) if but >= 0 else 0.0
    signs = [v for v, word in zip(values, words, strict=True) if v and not word[0].isalnum()]
    shouted = len(_SHOUTED.findall(text[:2000])) if not text.isupper() else 0
    found = (
        _compound(warm),
        _compound(cold),
        max(said, default=0.0) / 4 if warm else 0.0,
        min(said, default=0.0) / 4 if cold else 0.0,
        _compound(warm - cold),
        _compound(after),
        said[-1] / 4 if said else 0.0,
        float(bool(warm) and not cold),
        float(bool(cold) and not warm),
        float(bool(warm) and bool(cold)),
        float(any(v > 0 for v in signs)),
        float(any(v < 0 for v in signs)),
        float(any(v < 0 and t for v, t in zip(values, turned, strict=True))),
        min(shouted, 3) / 3,
    )
    return np.clip(np.array(found, dtype=np.float32), -1.0, 1.0)


def _compound(total: float) -> float:
    return float(total / np.sqrt(total * total + _SPREAD))
