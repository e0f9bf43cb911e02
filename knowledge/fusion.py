"""Two rankings into one: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

RANK_CONSTANT = 60
"""k of the paper: how much less a first place counts than its rank alone would say."""

CANDIDATES = 50
"""How many of each side are fused, unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A point with its fused score and the score each side gave it, None where that side did not rank it."""

    id: str
    score: float
    dense: float | None
    sparse: float | None


def fuse(
    dense: Iterable[tuple[str, float]],
    sparse: Iterable[tuple[str, float]],
    limit: int,
) -> list[Ranked]:
    """At most `limit` points, best first. Ties go to the higher cosine, then to the lower id, in every store alike."""
    by_dense, by_sparse = dict(dense), dict(sparse)
    scores: dict[str, float] = {}
    for side in (by_dense, by_sparse):
        for rank, id_ in enumerate(_in_order(side), start=1):
            scores[id_] = scores.get(id_, 0.0) + 1.0 / (RANK_CONSTANT + rank)
    ranked = [Ranked(id_, score, by_dense.get(id_), by_sparse.get(id_)) for id_, score in scores.items()]
    ranked.sort(key=lambda each: (-each.score, -(each.dense if each.dense is not None else -1.0), each.id))
    return ranked[:limit]


def _in_order(scores: dict[str, float]) -> list[str]:
    """Best first; scores that differ only by a store's rounding are equal and go by id."""
    return sorted(scores, key=lambda id_: (-round(scores[id_], 5), id_))
