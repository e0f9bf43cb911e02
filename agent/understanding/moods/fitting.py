"""Fits a head to labelled messages: deterministic, seconds of CPU for some thousand rows.

A head may start from another of the same labels: the penalty then draws its weights to where that one stands instead of
to zero, so that ten examples bend what is known and ten thousand replace it.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.moods.features import DENSE, HASHED, Sample, samples
from agent.understanding.moods.head import Head, softmax

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

STRENGTH: Final = 1.0
"""The inverse of the penalty. On airline tweets, five folds: 0.3, 1 and 3 differ by less than 0.015 macro F1."""
FOLDS: Final = 5
_FREE: Final = 1e-6
"""The penalty on the bias: next to none, as how frequent a label is says nothing against it."""
FEW: Final = 2000
"""Rows up to which fitting is quick enough to try more than one way."""
_LEANS: Final = (0.5, 1.0, 0.0)
"""How far a decision goes back behind calibration: 1 takes what the fit says, which weighs all labels alike, 0 the
likeliest label. Half way unless another is clearly better."""
_BETTER: Final = 0.25
"""F1 by which another lean must be better, over the root of the number of rows: less is chance."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Features of all rows (a scipy sparse matrix) with their labels as numbers and how much each counts."""

    features: Any
    labels: NDArray[np.int64]
    weights: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A head, the calibrated chances (n_rows, labels) of each row by weights fitted without it, and the F1 that the
    head's decision has on them."""

    head: Head
    held_out: Doubles
    score: float

    def guesses(self) -> list[str]:
        """What the head's decision makes of the held-out chances."""
        raised = np.log(np.maximum(self.held_out, 1e-9)) + self.head.lean
        return [self.head.labels[at] for at in raised.argmax(axis=1)]


def fit_head(
    texts: Sequence[str],
    labels: Sequence[str],
    vectors: Floats | None,
    *,
    start: Head | None = None,
    weights: Sequence[float] | None = None,
    positive: str | None = None,
    strength: float = STRENGTH,
) -> Head:
    """The head of these messages; `fit` says more. `vectors` is (n_texts, dim) or None."""
    return fit(
        samples(texts, vectors), texts, labels, start=start, weights=weights, positive=positive, strength=strength
    ).head


def fit_best(
    texts: Sequence[str],
    labels: Sequence[str],
    vectors: Floats | None,
    start: Head,
    *,
    positive: str | None = None,
) -> Head:
    """The head that says most of rows it was not fitted on: from where `start` stands, or, up to `FEW` rows, anew and
    with a third of the penalty. Rows labelled as `start` was are few enough with ten; others need their own head."""
    read = samples(texts, vectors)
    ways: list[tuple[Head | None, float]] = [(start, STRENGTH)]
    if len(texts) <= FEW:
        ways += [(None, STRENGTH), (None, 3 * STRENGTH)]
    made = [fit(read, texts, labels, start=head, positive=positive, strength=strength) for head, strength in ways]
    return max(made, key=lambda fitted: fitted.score).head


def fit(
    read: Sequence[Sample],
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    start: Head | None = None,
    weights: Sequence[float] | None = None,
    positive: str | None = None,
    strength: float = STRENGTH,
) -> Fitted:
    """Fits on all rows, and calibrates on what five folds say of rows they did not see; the same text is always in the
    same fold. `start` counts where its labels are these; `positive` names the label whose F1 the decision serves, else
    it serves macro F1. Raises ValueError for fewer than two labels."""
    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise ValueError(f"a head needs two labels at least, these rows have {len(names)}")
    known = start if start is not None and start.labels == names else None
    numbers = np.array([names.index(label) for label in labels], dtype=np.int64)
    counts = np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=np.float64)
    rows = _Rows(_matrix(read), numbers, counts)
    raw = _held_out(rows, _folds(texts, numbers), len(names), known, strength)
    scale, shift = _calibration(raw, rows)
    chances = softmax(raw * scale + shift)
    lean, score = _lean(chances, shift, rows, names.index(positive) if positive in names else None)
    table = _weights(rows, len(names), known, strength)
    head = Head(
        names,
        table[:DENSE].astype(np.float32),
        table[DENSE:-1].astype(np.float32),
        table[-1].astype(np.float32),
        np.array([scale], dtype=np.float32),
        shift.astype(np.float32),
        lean.astype(np.float32),
    )
    return Fitted(head, chances, score)


def _matrix(read: Sequence[Sample]) -> Any:
    from scipy.sparse import csr_matrix, hstack  # slow to import, and only training needs it

    ends = np.cumsum([0, *(len(each.places) for each in read)])
    hashed = csr_matrix(
        (np.concatenate([each.weights for each in read]), np.concatenate([each.places for each in read]), ends),
        shape=(len(read), HASHED),
        dtype=np.float64,
    )
    dense = csr_matrix(np.array([each.dense for each in read], dtype=np.float64))
    return hstack([dense, hashed, csr_matrix(np.ones((len(read), 1)))]).tocsr()


def _folds(texts: Sequence[str], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The fold of each row: rows of a label are dealt out in turn, in an order that hangs on their texts alone."""
    order = np.argsort([zlib.crc32(text.strip().lower().encode(errors="replace")) for text in texts], kind="stable")
    fold, dealt, seen = np.zeros(len(texts), dtype=np.int64), Counter[int](), dict[str, int]()
    for at in order:
        text = texts[at].strip().lower()
        if text not in seen:
            seen[text] = dealt[int(labels[at])] % FOLDS
            dealt[int(labels[at])] += 1
        fold[at] = seen[text]
    return fold


def _held_out(rows: _Rows, fold: NDArray[np.int64], n: int, start: Head | None, strength: float) -> Doubles:
    raw = np.zeros((len(fold), n))
    for held in range(FOLDS):
        out = fold == held
        if out.any() and not out.all():
            table = _weights(_Rows(rows.features[~out], rows.labels[~out], rows.weights[~out]), n, start, strength)
            raw[out] = rows.features[out] @ table
    return raw


def _balanced(rows: _Rows, n: int) -> Doubles:
    """Row weights under which every label that occurs counts alike, and all together as much as there are rows."""
    found = rows.weights.copy()
    present = [label for label in range(n) if (rows.labels == label).any()]
    for label in present:
        found[rows.labels == label] *= len(found) / len(present) / found[rows.labels == label].sum()
    return found


def _weights(rows: _Rows, n: int, start: Head | None, strength: float) -> Doubles:
    """(DENSE + HASHED + 1, labels), the bias last and free of the penalty. What no row has stays where it stood, so
    only the columns in use are fitted."""
    table = np.zeros((DENSE + HASHED + 1, n))
    if start is not None:
        table[:DENSE], table[DENSE:-1], table[-1] = start.dense, start.hashed, start.bias
    used = np.unique(rows.features.indices)
    features, origin = rows.features[:, used], table[used]
    weights, hot = _balanced(rows, n), np.eye(n)[rows.labels]
    drawn = np.full((len(used), 1), 1.0 / strength)
    drawn[-1] = _FREE

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        now = flat.reshape(origin.shape)
        chances, away = softmax(features @ now), now - origin
        value = -(weights * np.log(np.maximum((chances * hot).sum(axis=1), 1e-12))).sum() + (drawn * away**2).sum() / 2
        slope = features.T @ (weights[:, None] * (chances - hot)) + drawn * away
        return float(value), slope.ravel()

    table[used] = _least(loss, origin.ravel()).reshape(origin.shape)
    return table


def _least(loss: Callable[[Doubles], tuple[float, Doubles]], origin: Doubles) -> Doubles:
    from scipy.optimize import minimize

    found: Doubles = minimize(
        loss, origin, jac=True, method="L-BFGS-B", options={"maxiter": 150, "ftol": 1e-6, "maxcor": 10}
    ).x
    return found


def _calibration(raw: Doubles, rows: _Rows) -> tuple[float, Doubles]:
    """Scale and shift under which the held-out chances are the likeliest (Platt's scaling, for several labels)."""
    n, hot = raw.shape[1], np.eye(raw.shape[1])[rows.labels]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        chances = softmax(raw * flat[0] + flat[1:])
        value = -(rows.weights * np.log(np.maximum((chances * hot).sum(axis=1), 1e-12))).sum()
        off = rows.weights[:, None] * (chances - hot)
        value += ((flat[0] - 1) ** 2 + (flat[1:] ** 2).sum()) / 2
        return float(value), np.concatenate([[(off * raw).sum() + flat[0] - 1], off.sum(axis=0) + flat[1:]])

    found = _least(loss, np.concatenate([[1.0], np.zeros(n)]))
    return max(float(found[0]), 0.05), found[1:]


def _lean(chances: Doubles, shift: Doubles, rows: _Rows, positive: int | None) -> tuple[Doubles, float]:
    """The lean of `_LEANS` that is clearly the best by F1 on held-out chances, and that F1."""
    logs, best, found = np.log(np.maximum(chances, 1e-9)), -1.0, shift
    margin = _BETTER / np.sqrt(len(chances))
    for share in _LEANS:
        guessed = (logs - share * shift).argmax(axis=1)
        score = _f1(rows.labels, guessed, rows.weights, positive)
        if score > best + margin:
            best, found = score, share * -shift
    return found, best


def _f1(wanted: NDArray[np.int64], guessed: NDArray[np.int64], weights: Doubles, positive: int | None) -> float:
    labels = range(int(max(wanted.max(), guessed.max())) + 1) if positive is None else [positive]
    scores = []
    for label in labels:
        hit = weights[(wanted == label) & (guessed == label)].sum()
        scores.append(2 * hit / max(weights[wanted == label].sum() + weights[guessed == label].sum(), 1e-9))
    return float(np.mean(scores))
