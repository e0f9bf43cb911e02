"""Whether a message is any of the taught intents at all: a logistic model over what the comparison shows.

Its weights (`weights/scope.json`) were learnt on intents that were kept out of training, over many made-up cases of few
and many intents with few and many examples, so they hold for intents they never saw. See `frontdesk train scope`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.intents.examples import Likeness

Floats = NDArray[np.float32]
SIGNALS: Final = (
    "score",  # of the best intent, by the ridge
    "margin",  # over the second
    "mass",  # of the three best intents together: two that compete are still both in scope
    "nearest",  # cosine of the nearest example
    "near",  # mean cosine of the three nearest (two where there are only two)
    "near_own",  # the same among the best intent's examples
    "worded",  # mean likeness in pieces of the three nearest in those
    "score_usual",  # score and near as standard deviations from what messages in scope have
    "near_usual",
    "local",  # near, less what the three nearest examples themselves have
    "examples",  # ln of the mean examples an intent
    "intents",  # ln of the number of intents
)
_LEAST: Final = 0.02
LEAST, GREATEST = 0.3, 0.9
"""Bounds of the threshold: a few examples, each left out, say little of what is usual."""
REFUSED: Final = 1.5
FEWEST: Final = 0.02
MOST: Final = 0.07
"""The threshold refuses REFUSED over the examples an intent of all examples, within these shares: where there are many
examples they show what customers write, where there are few they do not. Chosen on CLINC150 and HINT3; see
docs/triage.md."""


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What messages in scope have, from the examples each compared with the others: mean and deviation of score and
    near, and for each kept example its own `near`."""

    means: Floats
    deviations: Floats
    near: Floats


@dataclass(frozen=True, slots=True)
class Scope:
    """Weights of the standardised signals, and the bias."""

    weights: Floats
    bias: float
    centres: Floats
    spreads: Floats

    def chances(self, signals: Floats) -> Floats:
        """(n,): the chance that each message is none of the intents."""
        standard = (signals - self.centres) / self.spreads
        return np.asarray(1 / (1 + np.exp(-(standard @ self.weights + self.bias))), dtype=np.float32)


def plain(like: Likeness) -> Floats:
    """(n, 3): the nearest cosine, the mean of the three nearest, and that of the three nearest in pieces."""
    top = _largest(like.vectors, 3)
    return np.stack([top[:, 0], top.mean(axis=1), _largest(like.pieces, 3).mean(axis=1)], axis=1)


def usual(scores: Floats, like: Likeness, kept: NDArray[np.int64]) -> Usual:
    """From the examples' own scores and likeness, each without itself; `kept` are the rows that are compared with."""
    shown = np.column_stack([scores.max(axis=1), plain(like)[:, 1]])
    deviations = np.maximum(shown.std(axis=0), _LEAST)
    return Usual(shown.mean(axis=0), deviations, shown[kept, 1])


def signals(scores: Floats, like: Likeness, labels: NDArray[np.int32], base: Usual) -> Floats:
    """(n, len(SIGNALS)). `scores` (n, intents); `labels` are those of the kept examples."""
    rows = np.arange(len(scores))
    best = scores.argmax(axis=1)
    two = _largest(scores, 2)
    margin = two[:, 0] - two[:, 1] if scores.shape[1] > 1 else two[:, 0]
    nearest, near, worded = plain(like).T
    own = np.where(labels[np.newaxis, :] == best[:, np.newaxis], like.vectors, -1.0)
    three = np.argpartition(-like.vectors, min(2, like.vectors.shape[1] - 1), axis=1)[:, :3]
    shown = np.column_stack([scores[rows, best], near])
    against = (shown - base.means) / base.deviations
    counts = np.bincount(labels, minlength=scores.shape[1])
    return np.column_stack(
        [
            scores[rows, best],
            margin,
            _largest(scores, 3).sum(axis=1),
            nearest,
            near,
            _own(own, counts[best]),
            worded,
            np.clip(against, -6, 6),
            near - base.near[three].mean(axis=1),
            np.full(len(scores), np.log(max(1.0, counts.mean()))),
            np.full(len(scores), np.log(scores.shape[1])),
        ]
    ).astype(np.float32)


def _own(own: Floats, counts: NDArray[np.int64]) -> Floats:
    """The mean of each row's three largest, or of as many as its intent has examples."""
    top = _largest(own, 3)
    there = np.arange(top.shape[1]) < np.clip(counts, 1, 3)[:, np.newaxis]
    return np.asarray((top * there).sum(axis=1) / there.sum(axis=1), dtype=np.float32)


def _largest(values: Floats, most: int) -> Floats:
    """(n, up to most), descending."""
    most = min(most, values.shape[1])
    return -np.sort(np.partition(-values, most - 1, axis=1)[:, :most], axis=1)


def threshold(chances: Floats, labels: NDArray[np.int32]) -> float:
    """The chance from which a message is out of scope. `chances` are the examples' own, each compared with the others;
    `labels` are theirs."""
    share = min(MOST, max(FEWEST, REFUSED * len(np.unique(labels)) / len(labels)))
    return float(np.clip(np.quantile(chances, 1 - share), LEAST, GREATEST))


def of_card(card: Mapping[str, Any]) -> Scope:
    """Raises ValueError for a card of other signals than this code's."""
    if tuple(card["signals"]) != SIGNALS:
        raise ValueError("the scope's card was made for other signals; run frontdesk train scope again")
    rows = np.array([card["signals"][name] for name in SIGNALS], dtype=np.float32)
    return Scope(rows[:, 0], float(card["bias"]), rows[:, 1], rows[:, 2])


@lru_cache(maxsize=1)
def shipped() -> Scope:
    """The weights of this release, read once."""
    text = files("agent.understanding.intents").joinpath("weights/scope.json").read_text(encoding="utf-8")
    return of_card(json.loads(text))
