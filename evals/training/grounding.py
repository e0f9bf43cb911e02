"""Fits the grounding judge to labelled replies, and says what it is worth on replies it has not seen.

Each set counts alike, its grounded rows as much as its ungrounded ones. A set in which words in common do not tell
the two apart is one of edited replies: there, what was changed decides, so it alone teaches `changed`, and all its rows
count as covered. The fits are convex, so the same rows give the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from agent.guardrails.evidence_card import Floats, GroundingModel, Linear, length_share
from agent.guardrails.evidence_signals import SIGNALS
from evals.measures import auroc, interval

FOLDS: Final = 5
EDITED_BELOW: Final = 0.65
"""AUROC of words in common below which a set is one of edits: 0.40 there, 0.84 and more in the other public sets."""
FEW: Final = 200
"""Rows from which a set counts in full towards `short`."""
C_SHORT: Final = 0.05
C_COVERED: Final = 0.1
C_CHANGED: Final = 0.02
"""Inverse penalties for a weight of 1,000 a set: 0.005 to 0.1 move no cross-validated AUROC by more than 0.01."""
_OFFSETS: Final = (-0.7, -0.6, -0.5, -0.4, -0.3, -0.2)
_SPREAD: Final = 0.03
_COVERED: Final = (
    "nouns_a_word", "elsewhere_a_word", "adjectives_a_word", "meant", "bigrams", "turned_round", "unknown_a_word",
)  # fmt: skip
_CHANGED: Final = (
    "negated_a_sentence", "unnegated_a_sentence", "denied_a_sentence", "names_a_sentence", "names_a_word",
    "figures_a_sentence", "figures_far_a_sentence", "qualifiers_a_sentence", "qualifiers_far_a_sentence",
    "opposite_a_sentence", "opposite_near_a_sentence", "both_ways_a_sentence", "verbs_a_word", "least_worst",
    "least_second_worst", "sibling_a_sentence", "narrower_a_sentence", "elsewhere_a_word", "adjectives_a_word",
    "synonym_a_sentence", "apart_a_sentence", "unknown_a_sentence",
)  # fmt: skip
_SHORT: Final = tuple(name for name in SIGNALS if name not in ("both_ways_a_sentence", "negative_a_sentence"))
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A labelled set: `signals` (n, SIGNALS), `grounded` (n,), and `groups`, the evidence each row is about."""

    signals: Floats
    grounded: Flags
    groups: NDArray[np.intp]

    def of(self, kept: Flags) -> Rows:
        return Rows(self.signals[kept], self.grounded[kept], self.groups[kept])

    @property
    def overlap(self) -> Floats:
        return self.signals[:, SIGNALS.index("overlap")]

    @property
    def edited(self) -> bool:
        found = auroc(self.overlap.tolist(), self.grounded.tolist())
        return found is not None and found < EDITED_BELOW


def fit(sets: Sequence[Rows], offset: float = -0.5) -> GroundingModel:
    """The model of these sets, with no cut yet (0.5 lies at the raw value 0). Raises ValueError where no set
    has both kinds."""
    sets = [each for each in sets if 0 < each.grounded.sum() < len(each.grounded)]
    plain = [each for each in sets if not each.edited]
    edits = [each for each in sets if each.edited]
    if not plain:
        raise ValueError("it needs a set of grounded and ungrounded replies that words in common can tell apart")
    short = _fit(
        _SHORT,
        np.concatenate([each.signals for each in plain]),
        np.concatenate([each.grounded for each in plain]),
        np.concatenate([_even(each.grounded) * min(1.0, len(each.grounded) / FEW) for each in plain]),
        C_SHORT,
    )
    changed = Linear((), np.empty(0), np.empty(0), np.empty(0), 0.0)
    if edits:
        changed = _fit(
            _CHANGED,
            np.concatenate([each.signals for each in edits]),
            np.concatenate([each.grounded for each in edits]),
            np.concatenate([_even(each.grounded) * 0.5 / len(edits) for each in edits]),
            C_CHANGED,
        )
    return GroundingModel(short, _covered(plain, edits, short), changed, offset, 0.0, 1.0, 0.5, {})


def _covered(plain: Sequence[Rows], edits: Sequence[Rows], short: Linear) -> Linear:
    """From the long replies of all sets; with none of one kind among them, what `short` says."""
    rows = np.concatenate([each.signals for each in (*plain, *edits)])
    there = np.concatenate([*(each.grounded for each in plain), *(np.ones(len(e.grounded), bool) for e in edits)])
    even = [_even(each.grounded) for each in plain]
    weights = np.concatenate([*even, *(np.full(len(e.grounded), 500.0 / len(e.grounded)) for e in edits)])
    weights = weights * length_share(rows)
    kept = weights > 0
    if len(set(there[kept].tolist())) < 2:
        return short
    return _fit(_COVERED, rows[kept], there[kept], weights[kept], C_COVERED)


def _even(grounded: Flags) -> Floats:
    """1,000 in all, half of it for each kind."""
    weights: Floats = np.where(grounded, 500.0 / grounded.sum(), 500.0 / (~grounded).sum())
    return weights


def _fit(names: Sequence[str], rows: Floats, wanted: Flags, weights: Floats, c: float) -> Linear:
    from sklearn.linear_model import LogisticRegression

    places = tuple(SIGNALS.index(name) for name in names)
    chosen, share = rows[:, places], weights / weights.sum()
    mean = share @ chosen
    spread = np.sqrt(share @ (chosen - mean) ** 2) + _SPREAD
    scaled = np.clip((chosen - mean) / spread, -4.0, 4.0)
    model = LogisticRegression(C=c, max_iter=5000).fit(scaled, wanted, sample_weight=weights)
    return Linear(places, mean, spread, model.coef_[0].astype(np.float64), float(model.intercept_[0]))


def finished(sets: Mapping[str, Rows]) -> tuple[GroundingModel, dict[str, Any]]:
    """The model of all sets with the offset and cut at which rows that it had not seen were told apart best, by the
    mean balanced accuracy of the sets; and the figures of each set."""
    unseen = {offset: _unseen(sets, offset) for offset in _OFFSETS}
    found = {offset: _cut(sets, values) for offset, values in unseen.items()}
    offset = max(found, key=lambda each: found[each][1])
    cut, _ = found[offset]
    slope = _slope(sets, unseen[offset], cut)
    model = replace(fit(list(sets.values()), offset), cut=round(cut, 4), slope=round(slope, 4))
    return model, {name: _figures(name, sets, model, unseen[offset][name]) for name in sets}


def _unseen(sets: Mapping[str, Rows], offset: float) -> dict[str, Floats]:
    """The raw value of each row by a model that saw none of its evidence."""
    draw = np.random.default_rng(0)
    folds = {name: (draw.permutation(rows.groups.max() + 1) % FOLDS)[rows.groups] for name, rows in sets.items()}
    values = {name: np.zeros(len(rows.grounded)) for name, rows in sets.items()}
    for fold in range(FOLDS):
        model = fit([rows.of(folds[name] != fold) for name, rows in sets.items()], offset)
        for name, rows in sets.items():
            held = folds[name] == fold
            if held.any():
                values[name][held] = model.raw(rows.signals[held])
    return values


def _cut(sets: Mapping[str, Rows], values: Mapping[str, Floats]) -> tuple[float, float]:
    cuts = np.unique(np.quantile(np.concatenate(list(values.values())), np.linspace(0.02, 0.98, 193)))
    means = [np.mean([balanced(rows.grounded, values[n] >= cut) for n, rows in sets.items()]) for cut in cuts]
    best = int(np.argmax(means))
    return float(cuts[best]), float(means[best])


def _slope(sets: Mapping[str, Rows], values: Mapping[str, Floats], cut: float) -> float:
    """Platt's scaling through the cut: the slope under which the scores are likeliest."""
    from scipy.optimize import minimize_scalar

    away = np.concatenate([values[name] - cut for name in sets])
    signs = np.concatenate([np.where(rows.grounded, 1.0, -1.0) for rows in sets.values()])
    weights = np.concatenate([_even(rows.grounded) for rows in sets.values()])

    def cost(slope: float) -> float:
        return float(weights @ np.logaddexp(0.0, -signs * slope * away))

    return float(minimize_scalar(cost, bounds=(0.1, 20.0), method="bounded").x)


def balanced(wanted: Flags, found: Flags) -> float:
    """The mean of the two kinds' shares that were told right."""
    return float((found[wanted].mean() + (~found[~wanted]).mean()) / 2)


def _figures(name: str, sets: Mapping[str, Rows], model: GroundingModel, unseen: Floats) -> dict[str, Any]:
    rows = sets[name]
    others = [each for other, each in sets.items() if other != name]
    elsewhere = _safely(lambda: fit(others, model.offset).raw(rows.signals))
    return {
        "rows": len(rows.grounded),
        "plain_overlap": _auroc(rows, rows.overlap),
        "fitted": _auroc(rows, model.raw(rows.signals)),
        "unseen_evidence": _auroc(rows, unseen),
        "unseen_set": None if elsewhere is None else _auroc(rows, elsewhere),
        "balanced_accuracy_unseen_evidence": round(balanced(rows.grounded, unseen >= model.cut), 4),
        "accuracy_interval": [
            round(v, 4) for v in interval(((unseen >= model.cut) == rows.grounded).astype(float).tolist())
        ],
    }


def _safely(make: Callable[[], Floats]) -> Floats | None:
    try:
        return make()
    except ValueError:
        return None


def _auroc(rows: Rows, values: Floats) -> float | None:
    found = auroc(values.tolist(), rows.grounded.tolist())
    return None if found is None else round(found, 4)
