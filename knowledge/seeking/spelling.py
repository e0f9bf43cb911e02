"""Words as names are compared by: folded, digits as they are spoken, and how alike two words sound in writing. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from knowledge.sparse import STOP_WORDS

_TIME: Final = re.compile(r"\b\d{1,2}[:.]\d{2}\b(?:\s*[ap]\.?m\b)?")
_SPOKEN_DIGITS: Final = 5
"""A longer number, of a telephone or an order, is no part of a name."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_TO_TWENTY = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen
"""
_ONES: Final = _TO_TWENTY.split()
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_LONGEST: Final = 40
_LEAST_FUZZY: Final = 5
"""Letters: shorter words are too easily alike ("bar", "bars", "barn")."""
_ALIKE: Final = 0.5
"""Trigrams in common from which two words may be one, misheard or misspelt."""


def words(text: str) -> list[str]:
    """The words that count in a name: lower case, without accents, stop words, times of day or a possessive, short
    numbers spelled out."""
    found: list[str] = []
    for match in _WORD.finditer(_TIME.sub(" ", _folded(text))):
        word = match.group().replace("’", "'").removesuffix("'s")[:_LONGEST]
        if word.isdecimal() and word.isascii():
            found.extend(spoken(word) if len(word) <= _SPOKEN_DIGITS else [word])
        elif word not in STOP_WORDS:
            found.append(word.replace("'", ""))
    return found


def _folded(text: str) -> str:
    lower = text.lower()
    if lower.isascii():
        return lower
    return "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))


def spoken(digits: str) -> list[str]:
    """How people say a number: "12" twelve, "1906" nineteen zero six, "94103" digit by digit."""
    if len(digits) <= 2:
        return _below_hundred(int(digits))
    if len(digits) == 4:
        return [*_pair(digits[:2]), *_pair(digits[2:])]
    return [_ONES[int(digit)] for digit in digits]


def _pair(digits: str) -> list[str]:
    return [_ONES[int(digit)] for digit in digits] if digits.startswith("0") else _below_hundred(int(digits))


def _below_hundred(number: int) -> list[str]:
    if number < len(_ONES):
        return [_ONES[number]]
    tens, ones = divmod(number, 10)
    return [_TENS[tens], *([_ONES[ones]] if ones else [])]


class Vocabulary:
    """Known words, looked up exactly or by their trigrams."""

    def __init__(self, known: Iterable[str]) -> None:
        self.words = list(dict.fromkeys(known))
        self.places = {word: place for place, word in enumerate(self.words)}
        self._sizes: list[int] = []
        self._by_trigram: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            grams = _trigrams(word) if len(word) >= _LEAST_FUZZY else frozenset()
            self._sizes.append(len(grams))
            for gram in grams:
                self._by_trigram.setdefault(gram, []).append(place)
        self._found: dict[str, dict[int, float]] = {}

    def alike(self, word: str) -> dict[int, float]:
        """Places of known words it may be, with how alike they are: 1 for the word itself, else from 0.5."""
        if word not in self._found:
            if len(self._found) > _REMEMBERED:
                self._found.clear()
            self._found[word] = dict(self._look_up(word))
        return self._found[word]

    def _look_up(self, word: str) -> Iterator[tuple[int, float]]:
        if (place := self.places.get(word)) is not None:
            yield place, 1.0
        elif len(word) >= _LEAST_FUZZY:
            grams = _trigrams(word)
            common = Counter(place for gram in grams for place in self._by_trigram.get(gram, ()))
            for place, shared in common.items():
                share = shared / (len(grams) + self._sizes[place] - shared)
                if share >= _ALIKE:
                    yield place, share


_REMEMBERED: Final = 50_000


def _trigrams(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))
