"""The examples a model keeps to compare with: their vectors, their pieces and their intents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.intents import grams

Floats = NDArray[np.float32]
KEPT: Final = 8000
"""Examples kept to compare with; of more, each intent keeps the same number. On BANKING77 (8,505) 1,500 cost a point
and a half of accuracy against all of them, 3,000 half of one."""
SHARPNESS: Final = 3.0
PIECES: Final = 0.8
"""Kernel of two messages: exp(SHARPNESS (cosine - 1)) + PIECES times the cosine of their pieces. Of 1.5 and 3, and 0.4
and 0.8, HINT3 liked these by a little; BANKING77 does not care."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How like each text is to each kept example: cosines of vectors and of pieces, each (n, kept)."""

    vectors: Floats
    pieces: Floats

    @property
    def kernel(self) -> Floats:
        return np.asarray(np.exp(SHARPNESS * (self.vectors - 1)) + PIECES * self.pieces, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """`vectors` (kept, dim) unit rows; `pieces` (WIDTH, kept), a column an example; `labels` (kept,) numbers of
    intents; `rarities` (WIDTH,)."""

    vectors: Floats
    pieces: grams.Rows
    labels: NDArray[np.int32]
    rarities: Floats

    def likeness(self, texts: Sequence[str], vectors: Floats) -> Likeness:
        """Raises ValueError where the vectors are of another embedding model."""
        if vectors.shape != (len(texts), self.vectors.shape[1]):
            raise ValueError(f"vectors of {vectors.shape[-1]} numbers, where the intents have {self.vectors.shape[1]}")
        rows = grams.weighted(grams.counts(texts), self.rarities)
        return Likeness(vectors @ self.vectors.T, np.asarray((rows @ self.pieces).toarray(), dtype=np.float32))


def chosen(labels: NDArray[np.int32], most: int = KEPT) -> NDArray[np.int64]:
    """The rows to keep, ascending: all of them, or for each intent the same number where it has as many."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.random.default_rng(0).permutation(len(labels))
    place = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        own = order[labels[order] == label]
        place[own] = np.arange(len(own))
    return np.sort(order[np.argsort(place[order], kind="stable")][:most])
