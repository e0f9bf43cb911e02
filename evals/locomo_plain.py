"""What a question finds without any of Frontdesk's ranking: BM25, the embedding, and both fused by rank. The yardstick
of the memory suite.

Each message stands for itself, as "speaker: words"; BM25 with the usual k1 and b and the conversation's own IDF;
reciprocal rank fusion with k = 60 (Cormack and others 2009).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.ports import Embedder, Vector
from evals.locomo import Sample
from knowledge import sparse

K1, B, FUSION = 1.2, 0.75, 60
Scores = NDArray[np.floating[Any]]


class Plain:
    """The rankings of one sample's messages."""

    def __init__(self, sample: Sample, vectors: Vector) -> None:
        """`vectors` are those of `texts(sample)`."""
        self.ids = [message.id for session in sample.sessions for message in session.messages]
        self._vectors = vectors
        self._counts = [Counter(sparse.terms(text)) for text in texts(sample)]
        self._holding = Counter(term for counts in self._counts for term in counts)
        lengths = np.array([counts.total() for counts in self._counts], dtype=np.float64)
        self._lengths = K1 * (1 - B + B * lengths / max(lengths.mean(), 1.0))

    def rankings(self, text: str, vector: Vector) -> dict[str, list[str]]:
        """Ids, best first, by the name of the way."""
        dense, words = self._vectors @ vector, self._bm25(text)
        fused = 1 / (FUSION + _places(dense)) + 1 / (FUSION + _places(words))
        return {"plain_rrf": self._best(fused), "bm25": self._best(words), "dense": self._best(dense)}

    def _bm25(self, text: str) -> Scores:
        scores, n = np.zeros(len(self.ids)), len(self.ids)
        for term in sorted(set(sparse.terms(text))):
            if holding := self._holding[term]:
                rarity = math.log(1 + (n - holding + 0.5) / (holding + 0.5))
                times = np.array([counts[term] for counts in self._counts], dtype=np.float64)
                scores += rarity * times * (K1 + 1) / (times + self._lengths)
        return scores

    def _best(self, scores: Scores) -> list[str]:
        return [self.ids[place] for place in np.argsort(-scores, kind="stable")]


def texts(sample: Sample) -> list[str]:
    return [f"{message.speaker}: {message.text}" for session in sample.sessions for message in session.messages]


async def plain(sample: Sample, embedder: Embedder) -> Plain:
    return Plain(sample, await embedder.embed(texts(sample)))


def _places(scores: Scores) -> Scores:
    """Each one's place, from 1."""
    places = np.empty(len(scores))
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return places


def share(ranking: Sequence[str], evidence: frozenset[str], k: int) -> float:
    """How much of the evidence is among the first `k`."""
    return len(evidence & set(ranking[:k])) / len(evidence)
