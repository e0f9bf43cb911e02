"""Fits the two heads of the injection detector. Deterministic: the same rows give the same weights.

Logistic regression on TF-IDF of character n-grams and, for the head that reads a whole message, the named signals.
Every set counts by the root of its size, attacks and the rest half each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from agent.guardrails.injection.grams import BITS, Grams
from agent.guardrails.injection.model import FIGURES, Detector, Part, sigmoid
from evals.training.injection_rows import Row, Set, Sets

Floats = NDArray[np.float64]
INVERSE_PENALTY: Final = 20.0
ASIDE_INVERSE_PENALTY: Final = 30.0
"""scikit-learn's C, by leave-one-set-out: from 10 to 30 the mean recall moves by less than 0.01."""
SIGNAL_SCALE: Final = 0.5
"""How much a signal weighs beside the unit vector of n-grams: 1 trusts them too much where harmless texts show them."""
LARGEST: Final = 300
"""Rows beyond which a set of attacks counts no more: one that was made from a few templates has thousands."""
REQUEST: Final = 300
"""Longest text that is taken for a request an e-mail might hide."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Logits: above `direct`, a long text above `long`, or above `aside` a text is suspected, above `plain` a message
    is plainly an attack. A passage is kept from models above `passage` (of the head for asides), or where its whole
    stands more than `page` above its edge."""

    direct: float = 0.0
    long: float = 0.0
    aside: float = 0.0
    plain: float = 0.0
    page: float = 0.0
    passage: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Both heads before their thresholds are chosen; `shift` are the intercepts."""

    direct: Floats
    figures: Floats
    aside: Floats
    rarity: Floats
    shift: tuple[float, float]

    def detector(self, edges: Edges, slopes: tuple[float, float] = (1.0, 1.0)) -> Detector:
        """Ready to score: the logits in `edges` become scores of 0.5, `plain` and `passage`."""
        direct, aside, rarity, figures = (
            each.astype(np.float32) for each in (self.direct, self.aside, self.rarity, self.figures)
        )
        plain = sigmoid((edges.plain - edges.direct) * slopes[0])
        page = sigmoid(edges.page * slopes[0])
        passage = sigmoid((edges.passage - edges.aside) * slopes[1])
        first, second = self.shift
        shifted = edges.direct - first, edges.long - first, slopes[0], edges.aside - second, slopes[1]
        return Detector(direct, aside, rarity, figures, *shifted, plain, page, passage)


def fit(sets: Sets) -> Heads:
    """The heads of these sets. Raises ValueError without attacks or without harmless texts."""
    taken = [sample for each in sets.direct() for row in each.rows for sample in _samples(each, row)]
    wanted = np.array([attack for *_, attack in taken])
    if len(set(wanted.tolist())) < 2:
        raise ValueError("attacks and harmless texts are needed, both")
    counts = _counts((part.grams, span) for _, part, span, _ in taken)
    rarity = _rarity(counts)
    figures = np.stack([_figures(part, span) for _, part, span, _ in taken]) * SIGNAL_SCALE
    learnt = sparse.hstack([sparse.csr_matrix(figures), _vectors(counts, rarity)]).tocsr()
    direct, shift = _fitted(learnt, wanted, _weights([each for each, *_ in taken], wanted), INVERSE_PENALTY)
    aside, aside_shift = _aside(sets, rarity)
    at = len(FIGURES)
    return Heads(direct[at:], direct[:at] * SIGNAL_SCALE, aside, rarity, (shift, aside_shift))


Span = tuple[int, int]


def _samples(of: Set, row: Row) -> Iterator[tuple[Set, Part, Span, bool]]:
    """A text as a whole; of a harmless one every sentence too, since the detector looks for the worst of them."""
    for part in row.parts[:1]:
        yield of, part, (0, part.grams.length), row.attack
        if not row.attack and len(part.pieces) > 1:
            yield from ((of, part, span, False) for span in part.pieces)


_NONE: Final = np.zeros(len(FIGURES), dtype=np.float32)


def _figures(part: Part, span: Span) -> NDArray[np.float32]:
    """Signals are looked for in the whole only."""
    return part.figures if span == (0, part.grams.length) else _NONE


def _aside(sets: Sets, rarity: Floats) -> tuple[Floats, float]:
    """Requests to an assistant against the sentences of e-mails, passages and customers."""
    taken: list[tuple[Set, Grams, tuple[int, int], bool]] = []
    for each in sets.foreign():
        short = [row for row in each.rows if len(row.text) <= REQUEST]
        taken += [(each, row.parts[0].grams, (0, row.parts[0].grams.length), True) for row in short]
    for each in sets.indirect:
        taken += [(each, grams, span, True) for grams, span in planted(each.rows)]
    for each in sets.native():
        taken += [(each, part.grams, span, False) for row in each.rows for part in row.parts for span in part.pieces]
    counts = _counts((grams, span) for _, grams, span, _ in taken)
    wanted = np.array([foreign for *_, foreign in taken])
    weights = _weights([each for each, *_ in taken], wanted)
    return _fitted(_vectors(counts, rarity), wanted, weights, ASIDE_INVERSE_PENALTY)


def planted(rows: Sequence[Row]) -> list[tuple[Grams, tuple[int, int]]]:
    """The sentences of texts with an attack that none of the clean texts has, where most of their others are there."""
    clean = "\n".join(part.level for row in rows if not row.attack for part in row.parts)
    found = []
    for row in rows:
        part = row.parts[0]
        strange = [span for span in part.pieces if part.level[slice(*span)].strip() not in clean]
        if row.attack and 0 < len(strange) <= 2 and len(strange) * 3 <= len(part.pieces):
            found += [(part.grams, span) for span in strange]
    return found


def _counts(spans: Iterable[tuple[Grams, tuple[int, int]]]) -> sparse.csr_matrix:
    ends, columns, values = [0], [], []
    for grams, (start, end) in spans:
        buckets, times = np.unique(grams.within(start, end), return_counts=True)
        columns.append(buckets)
        values.append(times.astype(np.float64))
        ends.append(ends[-1] + len(buckets))
    shape = (len(ends) - 1, 1 << BITS)
    return sparse.csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=shape)


def _rarity(counts: sparse.csr_matrix) -> Floats:
    """Smoothed inverse document frequency, as scikit-learn has it."""
    there = np.bincount(counts.indices, minlength=1 << BITS)
    rare: Floats = np.log((1 + counts.shape[0]) / (1 + there)) + 1
    return rare


def _vectors(counts: sparse.csr_matrix, rarity: Floats) -> sparse.csr_matrix:
    """As `grams.weigh` reads them: repeats count, also in the length that is divided by."""
    length = np.sqrt(np.asarray(counts @ (rarity**2)).ravel())
    scaled = sparse.diags(1 / np.maximum(length, 1e-9)) @ counts @ sparse.diags(rarity)
    return scaled.tocsr()


def _weights(of: Sequence[Set], wanted: NDArray[np.bool_]) -> Floats:
    sizes: dict[tuple[str, bool], int] = {}
    for each, kind in zip(of, wanted, strict=True):
        sizes[each.name, bool(kind)] = sizes.get((each.name, bool(kind)), 0) + 1
    found = np.array([_weight(each, sizes[each.name, bool(kind)], kind) for each, kind in zip(of, wanted, strict=True)])
    for kind in (True, False):
        found[wanted == kind] *= len(found) / 2 / found[wanted == kind].sum()
    return found


def _weight(of: Set, size: int, attack: bool) -> float:
    """Of one row, so that its set counts by the root of its size."""
    counted = min(size, LARGEST) if attack else size
    return float(of.weight * counted**0.5 / size)


def _fitted(vectors: sparse.csr_matrix, wanted: NDArray[np.bool_], weights: Floats, c: float) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression  # slow to import, and only training needs it

    model = LogisticRegression(C=c, max_iter=400, tol=1e-3).fit(vectors, wanted, sample_weight=weights)
    return model.coef_.ravel(), float(model.intercept_[0])
