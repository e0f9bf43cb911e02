"""Character n-grams and words of a text as numbered buckets, and what a head's weights say of any stretch of it. Pure.

One pass of array arithmetic over the text, whatever its length: the weight of a stretch is a difference of two sums, so
every piece of a long text costs no more than the text itself.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

BITS: Final = 17
"""2^17 buckets: 2^16 costs a point of recall, 2^18 gains none."""
SIZES: Final = (2, 3, 4, 5)
_WORD: Final = re.compile(r"\w+(?:'\w+)?")
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_NEWLINE, _BLANK = 10, 32

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """N-grams of one kind in order: where each begins and ends, and its bucket."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    buckets: NDArray[np.int64]

    def span(self, start: int, end: int) -> slice:
        """Those that lie within a stretch."""
        first = int(np.searchsorted(self.starts, start))
        return slice(first, max(first, int(np.searchsorted(self.ends, end, side="right"))))


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """The n-grams of a text of `length` characters, by kind."""

    length: int
    streams: tuple[Stream, ...]

    def within(self, start: int, end: int) -> NDArray[np.int64]:
        """The buckets of all n-grams that lie within a stretch, repeats kept."""
        return np.concatenate([each.buckets[each.span(start, end)] for each in self.streams])


def grams(text: str, pieces: Sequence[tuple[int, int]] = ()) -> Grams:
    """The n-grams of a levelled text; line ends count as blanks. The first words of `pieces` count apart: a sentence
    that begins with "write" tells somebody to."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    codes[codes == _NEWLINE] = _BLANK
    found: list[Stream] = []
    rolling = codes
    for size in range(1, max(SIZES) + 1):
        if size > 1:
            rolling = rolling[:-1] * _STEP + codes[size - 1 :] if len(codes) >= size else codes[:0]
        if size in SIZES:
            starts = np.arange(len(rolling), dtype=np.int64)
            found.append(Stream(starts, starts + size, _bucket(rolling + np.uint64(size))))
    return Grams(len(text), (*found, *_words(text, {start for start, _ in pieces})))


def _words(text: str, openings: set[int]) -> Iterator[Stream]:
    """Single words, pairs, and the one or two words that open a piece."""
    words = [(match.start(), match.end(), match[0]) for match in _WORD.finditer(text)]
    yield _stream([(start, end, word) for start, end, word in words])
    yield _stream([(a, d, f"{w} {v}") for (a, _, w), (_, d, v) in pairwise(words)])
    openings = openings | {0}
    first = [at for at, (start, *_) in enumerate(words) if start in openings]
    yield _stream([(words[at][0], words[at][1], f"^{words[at][2]}") for at in first])
    two = [(words[at], words[at + 1]) for at in first if at + 1 < len(words)]
    yield _stream([(one[0], other[1], f"^{one[2]} {other[2]}") for one, other in two])


def _stream(found: list[tuple[int, int, str]]) -> Stream:
    hashed = np.array([zlib.crc32(word.encode("utf-8", "surrogatepass")) for *_, word in found], dtype=np.uint64)
    places = np.array([(start, end) for start, end, _ in found], dtype=np.int64).reshape(-1, 2)
    return Stream(places[:, 0], places[:, 1], _bucket(hashed))


def _bucket(hashed: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The top bits of a finaliser as MurmurHash3 has it: neighbouring values fall far apart."""
    mixed = hashed * _MIX[0]
    mixed ^= mixed >> np.uint64(33)
    mixed *= _MIX[1]
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def weigh(found: Grams, spans: Sequence[tuple[int, int]], weights: Floats, rarity: Floats) -> NDArray[np.float64]:
    """For each span the sum of its n-grams' weights, each by its rarity, over the length of the vector of rarities:
    what a linear model says of its TF-IDF vector. 0 where a span has no n-gram."""
    starts, ends = (np.array([span[side] for span in spans], dtype=np.int64) for side in (0, 1))
    top, bottom = np.zeros(len(spans)), np.zeros(len(spans))
    for stream in found.streams:
        rare = rarity[stream.buckets].astype(np.float64)
        first = np.searchsorted(stream.starts, starts)
        last = np.maximum(first, np.searchsorted(stream.ends, ends, side="right"))
        top += _between(weights[stream.buckets] * rare, first, last)
        bottom += _between(rare * rare, first, last)
    return np.where(bottom > 0, top / np.sqrt(np.maximum(bottom, 1e-9)), 0.0)


def _between(values: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    between: NDArray[np.float64] = sums[last] - sums[first]
    return between
