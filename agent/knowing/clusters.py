"""Questions that mean the same, by their vectors. Pure; ten thousand in a few seconds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]

LEAST: Final = 0.55
"""Mean cosine from which two groups are one. On 900 questions each of three public sets of labelled intents it gives
the best agreement with the labels (adjusted Rand index 0.46 and 0.57 where 0.5 gives 0.39 and 0.62, 0.6 0.46 and 0.51).
"""
_MOST: Final = 4000
"""Questions that are grouped with each other at once, the most asked first; later ones join these groups, or make their
own. The memory it takes grows with its square: 130 MB."""


def clusters(vectors: Vectors, counts: NDArray[np.float32], least: float = LEAST) -> list[Rows]:
    """Rows in groups, the most asked first; of each group the most central row first, and every row in one group.

    `vectors` are (n, dim) unit rows, `counts` how often each was asked. Groups are made by average linkage.
    """
    if not len(vectors):
        return []
    labels = np.full(len(vectors), -1, dtype=np.int64)
    rest = np.argsort(-counts, kind="stable")
    while len(rest):
        now, rest = rest[:_MOST], rest[_MOST:]
        labels[now] = labels.max() + 1 + _linked(vectors[now], least)
        rest = _left_over(labels, rest, vectors, least)
    rows = np.argsort(labels, kind="stable")
    ends = np.flatnonzero(np.diff(labels[rows])) + 1
    groups = [_central_first(group, vectors, counts) for group in np.split(rows, ends)]
    return sorted(groups, key=lambda group: (-float(counts[group].sum()), int(group.min())))


def _linked(vectors: Vectors, least: float) -> Rows:
    """The number of each row's group."""
    if len(vectors) < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    from sklearn.cluster import AgglomerativeClustering

    made = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1.0 - least
    )
    return np.asarray(made.fit_predict(np.maximum(1.0 - vectors @ vectors.T, 0.0)), dtype=np.int64)


def _left_over(labels: Rows, rest: Rows, vectors: Vectors, least: float) -> Rows:
    """Gives the rows of `rest` the group that each is near to in the mean; those that are near to none are left."""
    size = int(labels.max()) + 1
    sums = np.zeros((size, vectors.shape[1]), dtype=np.float32)
    grouped = np.flatnonzero(labels >= 0)
    np.add.at(sums, labels[grouped], vectors[grouped])
    means = sums / np.bincount(labels[grouped], minlength=size)[:, None]
    for start in range(0, len(rest), 1024):
        rows = rest[start : start + 1024]
        near = vectors[rows] @ means.T
        labels[rows] = np.where(near.max(axis=1) >= least, near.argmax(axis=1), -1)
    return rest[labels[rest] < 0]


def _central_first(rows: Rows, vectors: Vectors, counts: NDArray[np.float32]) -> Rows:
    """By how near each is to the middle of the group."""
    middle = (vectors[rows] * counts[rows, None]).sum(axis=0)
    return rows[np.argsort(-(vectors[rows] @ middle), kind="stable")]
