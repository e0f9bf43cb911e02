"""From logits to scores people can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.training.injection import Edges, Heads
from evals.training.injection_report import Harmless, Left, edge, look
from evals.training.injection_rows import Sets

STEEPNESS = 1.0
"""A head's slope where nothing was left out to learn it from."""


REFUSED: Final = 0.02
"""Of what customers say that sounds most like an attack, the share that may be taken for a plain one."""


def careful(edges: Edges, heads: Heads, sets: Sets) -> Edges:
    """The edges with `plain` raised until no more than REFUSED of our hard examples are refused."""
    hard = [row for each in sets.of("ours, said") for row in each.rows if not row.attack]
    return replace(edges, plain=max(edges.plain, edge(look(heads, hard).direct, REFUSED)))


def slopes(left: Sequence[Left], harmless: Harmless, edges: Edges) -> tuple[float, float]:
    """How fast each head's score rises around its edge, so that it is the chance of an attack where attacks of an
    unseen kind and customers' messages come equally often (Platt 1999, the intercept given by the edge)."""
    direct = [
        np.mean([seen.direct for seen in each.looks], axis=0)[_attacks(each)] - _own(each).direct for each in left
    ]
    aside = [np.mean([seen.aside for seen in each.looks], axis=0)[_attacks(each)] - _own(each).aside for each in left]
    calm, mails = (
        harmless.of("alarms", "customers").direct - edges.direct,
        harmless.of("documents", "ours, documents").aside,
    )
    return _slope(direct, calm), _slope(aside, mails - edges.aside)


def _own(left: Left) -> Edges:
    return left.harmless.edges(strict=True)


def _attacks(left: Left) -> NDArray[np.bool_]:
    return np.array([row.attack for row in left.rows])


def _slope(attacks: Sequence[NDArray[np.float64]], calm: NDArray[np.float64]) -> float:
    from scipy.optimize import minimize_scalar

    above = np.concatenate([*attacks, np.zeros(0)])
    above, below = above[np.abs(above) < 100], calm[np.abs(calm) < 100]
    if not len(above) or not len(below):
        return STEEPNESS

    def loss(slope: float) -> float:
        return float(np.logaddexp(0, -slope * above).mean() + np.logaddexp(0, slope * below).mean())

    return float(minimize_scalar(loss, bounds=(0.2, 5.0), method="bounded").x)
