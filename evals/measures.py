"""How good a ranking is, and how sure we may be. Pure.

nDCG as in Järvelin and Kekäläinen (2002) with linear gains, as BEIR and trec_eval report it. A ranking lists ids, best
first, each once; `relevant` maps ids to gains above zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


def ndcg(ranking: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Discounted gain of the first `k` against the best that was possible; 0 when nothing is relevant."""
    best = _discounted(sorted(relevant.values(), reverse=True)[:k])
    return _discounted([relevant.get(id, 0.0) for id in ranking[:k]]) / best if best else 0.0


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def recall(ranking: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Share of what is relevant that stands among the first `k`; 0 when nothing is relevant."""
    return len(set(ranking[:k]) & set(relevant)) / len(relevant) if relevant else 0.0


def mrr(ranking: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """One over the place of the first relevant id among the first `k`; 0 when there is none."""
    return next((1.0 / place for place, id in enumerate(ranking[:k], start=1) if id in relevant), 0.0)


def interval(
    values: Sequence[float], *, confidence: float = 0.95, draws: int = 2000, seed: int = 7
) -> tuple[float, float]:
    """The mean's percentile bootstrap interval (Efron 1979); (nan, nan) for no values. The same values and seed give
    the same interval."""
    if not values:
        return math.nan, math.nan
    sample = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    means = [sample[rng.integers(0, len(sample), len(sample))].mean() for _ in range(draws)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def mean(values: Sequence[float]) -> float | None:
    """None for no values, so that a report shows a gap and not a zero."""
    return sum(values) / len(values) if values else None


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """The chance that a positive scores above a negative, ties half (Mann-Whitney); None without both kinds."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(positive, scores)) if len(set(positive)) == 2 else None


def sign_flip_p(differences: Sequence[float], *, draws: int = 10_000, seed: int = 7) -> float:
    """How often a mean difference at least this large, either way, comes about when each pair's sign is a coin's: the
    paired permutation test (Fisher 1935), by drawn signs with the observed one counted in, so never 0. 1 for no
    differences."""
    values = np.asarray([value for value in differences if value], dtype=np.float64)
    if not len(values):
        return 1.0
    rng = np.random.default_rng(seed)
    observed = abs(values.sum()) - 1e-9
    beyond = sum(
        int((np.abs(rng.choice((-1.0, 1.0), (_AT_ONCE, len(values))) @ values) >= observed).sum())
        for _ in range(draws // _AT_ONCE)
    )
    return (beyond + 1) / (draws // _AT_ONCE * _AT_ONCE + 1)


_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts between `low` and `high`: how many, their mean, and the share that came true."""

    low: float
    high: float
    n: int
    forecast: float
    share: float


def reliability(probabilities: Sequence[float], positive: Sequence[bool], bins: int = 10) -> list[Bin]:
    """The forecasts in bins of equal width, those that are empty left out."""
    places = [min(bins - 1, int(p * bins)) for p in probabilities]
    made = []
    for place in sorted(set(places)):
        inside = [(p, y) for p, y, at in zip(probabilities, positive, places, strict=True) if at == place]
        n = len(inside)
        forecast, share = sum(p for p, _ in inside) / n, sum(y for _, y in inside) / n
        made.append(Bin(place / bins, (place + 1) / bins, n, forecast, share))
    return made


def calibration_error(probabilities: Sequence[float], positive: Sequence[bool], bins: int = 10) -> float | None:
    """Expected calibration error (Naeini et al., AAAI 2015): how far the share that came true is from the forecast, by
    bins of equal width, each counting by its size. None for no forecasts."""
    made = reliability(probabilities, positive, bins)
    total = sum(each.n for each in made)
    return sum(each.n * abs(each.share - each.forecast) for each in made) / total if total else None
