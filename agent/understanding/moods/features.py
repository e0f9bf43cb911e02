"""What a head reads of a message: its embedding, cues, how its words are rated, and its words and letters, hashed.

Words, pairs of words and runs of two to five letters are hashed into one table (the hashing trick, Weinberger et al.,
ICML 2009), so that a head needs no vocabulary and a misspelt word still shares most of its letters.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.cues import CUES, cues
from agent.understanding.moods.valence import FEATURES, felt, lexicon, rated
from agent.understanding.moods.wording import negated, plain, tokens

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

DIM: Final = 384
"""Width of the bundled embedder's vectors. A vector of another width is left out: its place is zero."""
BITS: Final = 14
"""Of each hashed table: 16,384 places hold the words, as many the letters."""
NAMED: Final = (*CUES, *FEATURES)
DENSE: Final = DIM + len(NAMED)
_TABLE: Final = 1 << BITS
HASHED: Final = 2 * _TABLE
_LETTERS: Final = (2, 3, 4, 5)
_CUE_SCALE: Final = 0.5
_WORD_SCALE: Final = 1.0
_LETTER_SCALE: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`dense` is (DENSE,): embedding, cues, valence. `places` are rows of a (HASHED, labels) table, each once, and
    `weights` what each counts. `rated` are the words the lexicon knows, each with its value as it stands;
    `plain` is the message as it was read."""

    dense: Floats
    places: Places
    weights: Floats
    rated: tuple[tuple[str, float], ...] = ()
    plain: str = ""


def sample(text: str, vector: Floats | None, shown: Floats | None = None) -> Sample:
    """The features of one message. `shown` are its cues where the caller has them."""
    read = plain(text)
    words = tokens(read)
    turned = negated(words)
    dense = np.zeros(DENSE, dtype=np.float32)
    if vector is not None and vector.shape == (DIM,):
        dense[:DIM] = vector
    dense[DIM : DIM + len(CUES)] = (cues(text) if shown is None else shown) * _CUE_SCALE
    values = rated(words, turned, lexicon())
    dense[DIM + len(CUES) :] = felt(text, words, turned, values)
    by_word, by_letter = _word_places(words, turned), _letter_places(read)
    places = np.concatenate([by_word, by_letter + _TABLE])
    weights = np.concatenate([_even(by_word, _WORD_SCALE), _even(by_letter, _LETTER_SCALE)])
    return Sample(dense, places, weights, tuple((w, v) for w, v in zip(words, values, strict=True) if v), read)


def bare(whole: Sample) -> Sample:
    """The same without its embedding."""
    return replace(whole, dense=np.concatenate([np.zeros(DIM, dtype=np.float32), whole.dense[DIM:]]))


def samples(texts: Sequence[str], vectors: Floats | None) -> list[Sample]:
    """Each message's; `vectors` is (n_texts, dim), None where there are none."""
    each = [None] * len(texts) if vectors is None else list(vectors)
    return [sample(text, vector) for text, vector in zip(texts, each, strict=True)]


def _even(places: Places, scale: float) -> Floats:
    """Weights whose squares sum to the scale's: a long message shouts no louder than a short one."""
    return np.full(len(places), scale / np.sqrt(max(1, len(places))), dtype=np.float32)


def _word_places(words: Sequence[str], turned: Sequence[bool]) -> Places:
    """Words (a negated one as another word) and pairs of neighbours."""
    marked = [f"!{word}" if flag else word for word, flag in zip(words, turned, strict=True)]
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    found = {zlib.crc32(each.encode(errors="replace")) & (_TABLE - 1) for each in (*marked, *pairs)}
    return np.fromiter(found, dtype=np.int64, count=len(found))


def _letter_places(read: str) -> Places:
    """Runs of bytes, hashed by a polynomial over the whole message at once."""
    raw = np.frombuffer(f" {read} ".encode(errors="replace"), dtype=np.uint8).astype(np.uint32)
    found = []
    for length in _LETTERS:
        if len(raw) < length:
            break
        value = np.full(len(raw) - length + 1, length, dtype=np.uint32)
        for at in range(length):
            value = value * np.uint32(0x01000193) ^ raw[at : len(raw) - length + 1 + at]
        value ^= value >> np.uint32(15)
        value *= np.uint32(0x2C1B3C6D)
        value ^= value >> np.uint32(13)
        found.append(value & np.uint32(_TABLE - 1))
    return np.unique(np.concatenate(found)).astype(np.int64)
