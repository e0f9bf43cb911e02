"""Texts as sparse rows of hashed pieces: words, pairs of words, and runs of two to four characters within a word.

The pieces find what an embedding misses: product names, codes, misspellings. Hashing needs no vocabulary to be kept.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Rows: TypeAlias = Any
"""A scipy.sparse.csr_matrix, which comes without types."""
WIDTH: Final = 1 << 16
_MOST: Final = 2000
"""Characters read of a text; a message is shorter, and what is longer is no intent."""
_WORD: Final = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text[:_MOST].lower())


def counts(texts: Sequence[str]) -> Rows:
    """(n, WIDTH): 1 + ln of how often each piece stands in each text."""
    indices: list[NDArray[np.int32]] = []
    values: list[NDArray[np.float32]] = []
    for text in texts:
        found = words(text)
        for kind in (_in_words(found), _in_characters(found)):
            hashed = Counter(zlib.crc32(piece) % WIDTH for piece in kind)
            indices.append(np.fromiter(hashed.keys(), np.int32, len(hashed)))
            values.append(1 + np.log(np.fromiter(hashed.values(), np.float32, len(hashed))))
    ends = np.cumsum([0, *(len(a) + len(b) for a, b in zip(indices[::2], indices[1::2], strict=True))])
    flat = (np.concatenate(values or [np.zeros(0, np.float32)]), np.concatenate(indices or [np.zeros(0, np.int32)]))
    made = sparse.csr_matrix((*flat, ends), shape=(len(texts), WIDTH), dtype=np.float32)
    made.sum_duplicates()
    return made


def _in_words(found: Sequence[str]) -> list[bytes]:
    pairs = [f"{a} {b}" for a, b in pairwise(found)]
    return [piece.encode("utf-8", "replace") for piece in [*found, *pairs]]


def _in_characters(found: Sequence[str]) -> list[bytes]:
    framed = [f"\x00{word}\x00" for word in found]
    return [
        f"\x01{word[at : at + size]}".encode("utf-8", "replace")
        for word in framed
        for size in (2, 3, 4)
        for at in range(len(word) - size + 1)
    ]


def rarity(rows: Rows) -> NDArray[np.float32]:
    """(WIDTH,): the smoothed inverse document frequency of each piece in `rows` (Salton and Buckley 1988)."""
    seen = np.bincount(rows.indices, minlength=WIDTH)
    return np.asarray(1 + np.log((1 + rows.shape[0]) / (1 + seen)), dtype=np.float32)


def weighted(rows: Rows, rarities: NDArray[np.float32]) -> Rows:
    """Rows of length 1, each piece by its rarity; an empty text is an empty row."""
    made = rows.copy()
    made.data = made.data * rarities[made.indices]
    lengths = np.sqrt(np.asarray(made.multiply(made).sum(axis=1)).ravel())
    made.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(made.indptr)).astype(np.float32)
    return made
