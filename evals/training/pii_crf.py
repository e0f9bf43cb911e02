"""A linear-chain conditional random field (Lafferty et al., ICML 2001) over hashed features, fitted by AdaGrad (Duchi
et al., JMLR 2011) on small batches.

The forward and backward passes run on a batch of sentences side by side, in probabilities scaled at each place, so
that a place costs one small matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from agent.guardrails.recognisers.features import SIZE

Floats = NDArray[np.float32]
BATCH: Final = 128
RATE: Final = 0.25
DECAY: Final = 2e-5


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """`features` are the rows of the weights at each token, `labels` the number of each one's label; `weight` is how
    much the sentence counts."""

    features: Sequence[NDArray[np.int32]]
    labels: NDArray[np.int8]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """`emissions` (SIZE, labels), `steps` (labels, labels) from one token's label to the next one's."""

    emissions: Floats
    steps: Floats


def fit(
    sentences: Sequence[Sentence],
    allowed: NDArray[np.bool_],
    starts: NDArray[np.bool_],
    *,
    rounds: int,
    seed: int = 7,
    told: Callable[[int], None] = lambda done: None,
) -> Fitted:
    """The weights that fit the sentences. `allowed` (labels, labels) are the steps that may be, `starts` the labels a
    text may begin with. `told` hears of each round that is done. The same sentences and seed give the same weights."""
    labels = len(starts)
    model = Fitted(np.zeros((SIZE, labels), np.float32), np.zeros((labels, labels), np.float32))
    squares = Fitted(np.full((SIZE, labels), 1e-2, np.float32), np.full((labels, labels), 1e-2, np.float32))
    rng = np.random.default_rng(seed)
    # Sentences of like length side by side: a batch is as long as its longest.
    lengths = np.array([len(each.labels) for each in sentences])
    for done in range(rounds):
        order = np.argsort(lengths + rng.random(len(lengths)) * 3, kind="stable")
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        for place in rng.permutation(len(batches)):
            batch = [sentences[at] for at in batches[place]]
            _step(model, squares, batch, allowed, starts)
        told(done + 1)
    return model


def _step(
    model: Fitted, squares: Fitted, batch: Sequence[Sentence], allowed: NDArray[np.bool_], starts: NDArray[np.bool_]
) -> None:
    rows, place, seen = _matrix(batch)
    scores = np.zeros((*place.shape, len(starts)), np.float32)
    there = place >= 0
    emissions, squared = model.emissions[seen], squares.emissions[seen]
    scores[there] = rows @ emissions
    marginals, pairs = _marginals(scores, there, model.steps, allowed, starts, _weights(batch))
    wanted = np.zeros_like(scores)
    taken = np.zeros_like(model.steps)
    for at, each in enumerate(batch):
        wanted[at, np.arange(len(each.labels)), each.labels] = each.weight
        np.add.at(taken, (each.labels[:-1], each.labels[1:]), each.weight)
    error = (marginals - wanted)[there]
    _descend(emissions, squared, (rows.T @ error) / len(batch) + DECAY * emissions)
    model.emissions[seen], squares.emissions[seen] = emissions, squared
    _descend(model.steps, squares.steps, (pairs - taken) / len(batch) + DECAY * model.steps)


def _weights(batch: Sequence[Sentence]) -> Floats:
    return np.array([each.weight for each in batch], np.float32)


def _descend(values: Floats, squares: Floats, slope: Floats) -> None:
    squares += slope * slope
    values -= RATE * slope / np.sqrt(squares)


def _matrix(batch: Sequence[Sentence]) -> tuple[Any, NDArray[np.int64], NDArray[np.int32]]:
    """The tokens of the batch as rows over the features it has, in order; for each (sentence, place) its row or -1; and
    which features these are: a batch touches one in ten."""
    features = [token for each in batch for token in each.features]
    ends = np.cumsum([0, *map(len, features)])
    seen, columns = np.unique(np.concatenate(features), return_inverse=True)
    rows = csr_matrix((np.ones(ends[-1], np.float32), columns, ends), shape=(len(features), len(seen)))
    longest = max(len(each.labels) for each in batch)
    place = np.full((len(batch), longest), -1, np.int64)
    at = 0
    for number, each in enumerate(batch):
        place[number, : len(each.labels)] = np.arange(at, at + len(each.labels))
        at += len(each.labels)
    return rows, place, seen


def _marginals(
    scores: Floats,
    there: NDArray[np.bool_],
    steps: Floats,
    allowed: NDArray[np.bool_],
    starts: NDArray[np.bool_],
    weights: Floats,
) -> tuple[Floats, Floats]:
    """The chance of each label at each place, and of each step summed over all, each sentence by its weight."""
    many, longest, labels = scores.shape
    likely = np.exp(scores - scores.max(axis=2, keepdims=True))
    step = np.where(allowed, np.exp(np.clip(steps, -30, 30)), 0.0).astype(np.float32)
    forward = np.zeros_like(likely)
    forward[:, 0] = _scaled(likely[:, 0] * starts)
    for at in range(1, longest):
        following = _scaled((forward[:, at - 1] @ step) * likely[:, at])
        forward[:, at] = np.where(there[:, at, None], following, forward[:, at - 1])
    backward = np.ones((many, labels), np.float32)
    marginals = np.zeros_like(likely)
    pairs = np.zeros((labels, labels), np.float32)
    for at in range(longest - 1, -1, -1):
        here = there[:, at, None]
        marginals[:, at] = np.where(here, _scaled(forward[:, at] * backward), 0.0) * weights[:, None]
        if at:
            ahead = likely[:, at] * backward
            total = np.einsum("bi,ij,bj->b", forward[:, at - 1], step, ahead)
            share = np.where(here[:, 0], weights / np.maximum(total, 1e-30), 0.0).astype(np.float32)
            pairs += step * (forward[:, at - 1].T @ (ahead * share[:, None]))
            backward = np.where(here, _scaled(ahead @ step.T), backward)
    return marginals, pairs


def _scaled(values: Floats) -> Floats:
    scaled: Floats = (values / np.maximum(values.sum(axis=1, keepdims=True), 1e-30)).astype(np.float32)
    return scaled
