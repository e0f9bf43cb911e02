"""The weights that tell a message outside every intent, learnt on intents that were kept out of training.

A case draws some intents of a set and some examples of each, fits them, and asks about other messages of those intents,
about messages of the set's other intents, and about some of another set. What holds in many such cases of many sizes
holds for intents that were never seen. Deterministic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.understanding.intents import fitting
from agent.understanding.intents.model import card_of
from agent.understanding.intents.scope import SIGNALS, Scope, signals
from evals.measures import auroc

Floats = NDArray[np.float32]
CASES = 70
EXAMPLES = (3, 6, 12, 25)
"""The most examples an intent may have in a case; what an intent has is 40 to 100 % of it."""
STRENGTH = 0.001
"""Of the penalty, inverted. Weights drawn hard to zero rank real messages (HINT3) better than those that fit the cases
best: AUROC 0.886 against 0.884."""
_ASKED, _FAR, _MOST = 200, 30, 2500


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A set: texts, their intents and vectors, row by row."""

    texts: Sequence[str]
    intents: NDArray[np.str_]
    vectors: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What was asked: the signals (n, len(SIGNALS)), and which messages are of no intent there."""

    signals: Floats
    outside: NDArray[np.bool_]


def cases(sets: Mapping[str, Labelled], seed: int = 0, each: int = CASES) -> dict[str, list[Case]]:
    """`each` cases of every set."""
    rng = np.random.default_rng(seed)
    return {name: [_case(sets, name, rng) for _ in range(each)] for name in sorted(sets)}


def _case(sets: Mapping[str, Labelled], name: str, rng: np.random.Generator) -> Case:
    ours = sets[name]
    every = np.unique(ours.intents)
    most = max(3, min(80, int(len(every) * 0.8)))
    taught = rng.choice(every, int(rng.integers(min(5, most - 1), most)), replace=False)
    given, asked = _split(ours.intents, taught, rng)
    others = rng.permutation(np.flatnonzero(~np.isin(ours.intents, taught)))[:_ASKED]
    numbers = np.searchsorted(np.sort(taught), ours.intents[given]).astype(np.int32)
    fitted = fitting.fit([ours.texts[n] for n in given], numbers, ours.vectors[given], len(taught))
    far = [other for other in sorted(sets) if other != name]
    texts = [ours.texts[n] for n in [*asked, *others]]
    vectors = [ours.vectors[asked], ours.vectors[others]]
    if far:
        stranger = sets[far[int(rng.integers(len(far)))]]
        drawn = rng.permutation(len(stranger.texts))[:_FAR]
        texts += [stranger.texts[n] for n in drawn]
        vectors.append(stranger.vectors[drawn])
    like = fitted.examples.likeness(texts, np.concatenate(vectors))
    scores = np.asarray(like.kernel @ fitted.coefficients + fitted.means, dtype=np.float32)
    outside = np.arange(len(texts)) >= len(asked)
    return Case(signals(scores, like, fitted.examples.labels, fitted.usual), outside)


def _split(
    intents: NDArray[np.str_], taught: NDArray[np.str_], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to learn from, and rows of the same intents to ask about."""
    most = int(rng.choice(EXAMPLES))
    given: list[int] = []
    asked: list[int] = []
    for intent in taught:
        rows = rng.permutation(np.flatnonzero(intents == intent))
        take = max(1, int(min(most, max(1, 0.8 * len(rows))) * rng.uniform(0.4, 1.0)))
        given += rows[:take].tolist()
        asked += rows[take:].tolist()
    return _some(given, _MOST, taught, intents, rng), np.array(rng.permutation(asked)[:_ASKED], dtype=np.int64)


def _some(
    rows: list[int], most: int, taught: NDArray[np.str_], intents: NDArray[np.str_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """At most `most` of the rows, and at least one of each intent."""
    drawn = rng.permutation(rows)
    first = [int(drawn[np.flatnonzero(intents[drawn] == intent)[0]]) for intent in taught]
    rest = [int(row) for row in drawn if int(row) not in set(first)]
    return np.array([*first, *rest][:most], dtype=np.int64)


def fit_scope(made: Mapping[str, Sequence[Case]], strength: float = STRENGTH) -> Scope:
    """A logistic model in which each case, and in it each side, counts alike."""
    from sklearn.linear_model import LogisticRegression

    all_cases = [case for group in made.values() for case in group]
    rows = np.concatenate([case.signals for case in all_cases]).astype(np.float64)
    outside = np.concatenate([case.outside for case in all_cases])
    weights = np.concatenate([_even(case.outside) for case in all_cases])
    centres, spreads = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    model = LogisticRegression(C=strength, max_iter=1000)
    model.fit((rows - centres) / spreads, outside, sample_weight=weights / weights.mean())
    kept = [np.asarray(each, dtype=np.float32) for each in (model.coef_[0], centres, spreads)]
    return Scope(kept[0], float(model.intercept_[0]), kept[1], kept[2])


def _even(outside: NDArray[np.bool_]) -> NDArray[np.float64]:
    even = np.where(outside, 0.5 / max(1, outside.sum()), 0.5 / max(1, (~outside).sum()))
    return np.asarray(even, dtype=np.float64)


def figures(made: Mapping[str, Sequence[Case]], scope: Scope) -> dict[str, dict[str, float | None]]:
    """A set: the mean AUROC of its cases by these weights, and by weights that never saw the set."""
    found: dict[str, dict[str, float | None]] = {}
    for name, group in made.items():
        rest = {other: cases for other, cases in made.items() if other != name}
        found[name] = {
            "cases": float(len(group)),
            "auroc": _mean_auroc(group, scope),
            "auroc_other_sets": _mean_auroc(group, fit_scope(rest)) if rest else None,
        }
    return found


def _mean_auroc(group: Sequence[Case], scope: Scope) -> float | None:
    each = [auroc(scope.chances(case.signals).tolist(), case.outside.tolist()) for case in group]
    known = [value for value in each if value is not None]
    return round(sum(known) / len(known), 4) if known else None


def card(scope: Scope, about: Mapping[str, Any]) -> dict[str, Any]:
    """As `weights/scope.json` holds it."""
    return {**about, **card_of(scope), "order": list(SIGNALS)}
