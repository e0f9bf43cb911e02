"""Fits the ranker of `knowledge.seeking` to labelled questions, and says what it is worth on sets it has not seen.

Listwise: the softmax over a question's candidates is drawn to its right ones (ListNet's top-one loss, Cao et al., ICML
2007), each set counting the same, with a quadratic penalty on the weights of standardised signals. Convex, so the same
rows give the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evals.measures import interval, ndcg
from knowledge.seeking.signals import GATES, SIGNALS

Floats = NDArray[np.float64]
PENALTY: Final = 0.02
"""By cross-validation over the labelled dialogues: 0.003 to 0.1 move the mean nDCG@10 by less than 0.02."""
ITERATIONS: Final = 150
FOLDS: Final = 5
DEPTH: Final = 10
_OUT: Final = -1e9


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A labelled question with its candidates: `documents` (n), `signals` (n, SIGNALS), `gates` (GATES,), `gains` (n)
    of each, and `relevant`, all that is right whether it is a candidate or not."""

    documents: tuple[str, ...]
    signals: NDArray[np.float32]
    gates: Floats
    gains: Floats
    relevant: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Packed:
    """A set's rows side by side, padded to the longest: (q, m, SIGNALS), (q, m), (q, m), (q, GATES)."""

    signals: NDArray[np.float32]
    there: NDArray[np.bool_]
    wanted: Floats
    gates: Floats


def fit(sets: Mapping[str, Sequence[Row]], penalty: float = PENALTY) -> Floats:
    """(len(GATES), len(SIGNALS)) for `Ranker`; questions without a right candidate teach nothing."""
    packed = [_pack(teaching) for rows in sets.values() if (teaching := [row for row in rows if row.gains.any()])]
    if not packed:
        raise ValueError("no question has a right passage among its candidates: nothing to learn from")
    scale = np.concatenate([each.signals[each.there] for each in packed]).std(axis=0) + 1e-6
    scaled = [_Packed(p.signals / scale.astype(np.float32), p.there, p.wanted, p.gates) for p in packed]

    def cost(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(len(GATES), len(SIGNALS))
        parts = [_cost(each, weights) for each in scaled]
        value = sum(loss for loss, _ in parts) / len(parts) + penalty * float(flat @ flat)
        slope = sum((slope for _, slope in parts), np.zeros_like(weights)) / len(parts)
        return value, slope.ravel() + 2 * penalty * flat

    start = np.zeros(len(GATES) * len(SIGNALS))
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    fitted: Floats = found.x.reshape(len(GATES), len(SIGNALS)) / scale
    return fitted


def _pack(rows: Sequence[Row]) -> _Packed:
    most = max(len(row.documents) for row in rows)
    signals = np.zeros((len(rows), most, len(SIGNALS)), dtype=np.float32)
    there = np.zeros((len(rows), most), dtype=bool)
    wanted = np.zeros((len(rows), most))
    for number, row in enumerate(rows):
        count = len(row.documents)
        signals[number, :count] = row.signals
        there[number, :count] = True
        wanted[number, :count] = row.gains / row.gains.sum()
    return _Packed(signals, there, wanted, np.stack([row.gates for row in rows]))


def _cost(packed: _Packed, weights: Floats) -> tuple[float, Floats]:
    """Mean cross-entropy of a set's questions, and its slope."""
    scores = np.einsum("qms,qs->qm", packed.signals, (packed.gates @ weights).astype(np.float32)).astype(np.float64)
    scores[~packed.there] = _OUT
    scores -= scores.max(axis=1, keepdims=True)
    chances = np.exp(scores)
    chances /= chances.sum(axis=1, keepdims=True)
    loss = -float((packed.wanted * np.log(chances + 1e-12)).sum()) / len(scores)
    off = ((chances - packed.wanted) / len(scores)).astype(np.float32)
    slope = packed.gates.T @ np.einsum("qm,qms->qs", off, packed.signals).astype(np.float64)
    return loss, slope


def gains(rows: Sequence[Row], weights: Floats) -> list[float]:
    """nDCG@10 of each question, by documents."""
    return [_ndcg(row, row.signals @ (row.gates @ weights)) for row in rows]


def plain(rows: Sequence[Row], signal: str = "fused_message") -> list[float]:
    """nDCG@10 of each question by one signal alone: the baseline."""
    place = SIGNALS.index(signal)
    return [_ndcg(row, row.signals[:, place].astype(np.float64)) for row in rows]


def _ndcg(row: Row, scores: Floats) -> float:
    order = np.argsort(-scores, kind="stable")
    ranking = list(dict.fromkeys(row.documents[place] for place in order))
    return ndcg(ranking[:DEPTH], row.relevant, DEPTH)


@dataclass(frozen=True, slots=True)
class Figure:
    """nDCG@10 of a set: by reciprocal rank fusion of the message and of the form that leans on the lines before, by the
    ranker fitted to all sets, to the other sets alone, and to four fifths of every set's questions."""

    questions: int
    fused_message: float
    fused_leaning: float
    fitted: float
    fitted_interval: tuple[float, float]
    other_sets: float | None
    other_questions: float | None


def figures(
    sets: Mapping[str, Sequence[Row]], weights: Floats, penalty: float = PENALTY, *, unseen: Mapping[str, Sequence[Row]]
) -> dict[str, Figure]:
    """What the weights are worth, set by set; `unseen` sets were not fitted to."""
    by_fold = _by_question(sets, penalty)
    found = {}
    for name, rows in {**sets, **unseen}.items():
        values = gains(rows, weights)
        others = {other: of for other, of in sets.items() if other != name}
        outside = _mean(gains(rows, fit(others, penalty))) if others and name in sets else None
        found[name] = Figure(
            len(rows),
            _mean(plain(rows)),
            _mean(plain(rows, "fused_leaning")),
            _mean(values),
            interval(values),
            outside if name in sets else _mean(values),
            by_fold.get(name),
        )
    return found


def _by_question(sets: Mapping[str, Sequence[Row]], penalty: float) -> dict[str, float]:
    """Each question judged by weights that never saw it, fitted to the other folds of every set."""
    draw = np.random.default_rng(0)
    folds = {name: draw.permutation(len(rows)) % FOLDS for name, rows in sets.items()}
    values: dict[str, list[float]] = {name: [] for name in sets}
    for fold in range(FOLDS):
        seen = {n: [r for r, f in zip(rows, folds[n], strict=True) if f != fold] for n, rows in sets.items()}
        weights = fit(seen, penalty)
        for name, rows in sets.items():
            values[name] += gains([r for r, f in zip(rows, folds[name], strict=True) if f == fold], weights)
    return {name: _mean(of) for name, of in values.items()}


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0
