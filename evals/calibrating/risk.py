"""The least threshold whose risk is under a bound with a given confidence. Pure.

Rows are exchangeable, each with a score and whether sending it would be wrong. Sending what scores at least t, the risk
at t is one of three rates:

    ungrounded  P(sent | wrong)            of what is wrong, how much is let through; whatever the share of wrong rows
    all         P(sent and wrong)          of all replies, how many are sent and wrong
    sent        P(wrong | sent)            of what is sent, how much is wrong; holds for the share of wrong rows given

Learn then Test (Angelopoulos, Bates, Candès, Jordan and Lei, arXiv 2110.01052): for each t of a grid that was fixed
before the rows were seen, the hypothesis "the risk at t is above R" has the exact binomial p-value
P(Bin(n, R) <= k), k wrong ones sent of n. `ungrounded` and `all` only grow as t falls, so the grid is tested from the
strictest t down, each at 1 - C, until one is not rejected (fixed sequence testing); n does not depend on t there.
`sent` need not be monotone, and n is what was sent: each t of a short grid is tested at (1 - C) / len(grid)
(Bonferroni). Either way the chance that the threshold chosen has a risk above R is at most 1 - C. Equal to asking that
the Clopper-Pearson upper bound (1934) lie under R.

`in_expectation` is the weaker promise of conformal risk control (arXiv 2208.02814, theorem 1): the expected risk of the
next row is at most R where (n R(t) + 1) / (n + 1) <= R; no confidence is needed, and fewer rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Of = Literal["ungrounded", "all", "sent"]
GRID: Final = tuple(round(1 - step / 200, 3) for step in range(201))
"""1.000 to 0.000, strictest first. At 1 only what is quoted word for word is sent."""
SHORT_GRID: Final = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


class NotCertified(ValueError):
    """No threshold keeps the risk with the confidence asked for. `least_rows` would be needed were none of them wrong,
    `rows` were there."""

    def __init__(self, told: str, rows: int, least_rows: int) -> None:
        super().__init__(told)
        self.rows, self.least_rows = rows, least_rows


@dataclass(frozen=True, slots=True)
class Chosen:
    """`wrong` of `n` were sent at `threshold`; `upper` bounds the risk there with the confidence asked for (as a
    one-sided Clopper-Pearson bound, for a threshold looked at alone). `sent_right` of `right` are still sent:
    `coverage`, with a two-sided 95 % interval. `in_expectation` is the threshold of conformal risk control, None where
    too few rows for it."""

    threshold: float
    n: int
    wrong: int
    upper: float
    right: int
    sent_right: int
    coverage: float | None
    coverage_interval: tuple[float, float] | None
    in_expectation: float | None


def choose(
    scores: Sequence[float], wrong: Sequence[bool], risk: float, confidence: float, of: Of = "ungrounded"
) -> Chosen:
    """Raises NotCertified where no threshold of the grid keeps the risk, ValueError for a risk or confidence that is
    not between 0 and 1."""
    if not 0 < risk < 1 or not 0 < confidence < 1:
        raise ValueError("risk and confidence must lie between 0 and 1, both left out")
    values, bad = np.asarray(scores, dtype=np.float64), np.asarray(wrong, dtype=bool)
    grid = SHORT_GRID if of == "sent" else GRID
    level = (1 - confidence) / (len(grid) if of == "sent" else 1)
    passing = _tested(values, bad, grid, of, risk, level)
    if not passing:
        raise _not_certified(values, bad, grid, of, risk, level)
    threshold = min(passing)
    k, n = _counts(values, bad, threshold, of)
    good = values[~bad]
    sent = int((good >= threshold).sum())
    return Chosen(
        threshold,
        n,
        k,
        upper_bound(k, n, confidence),
        len(good),
        sent,
        sent / len(good) if len(good) else None,
        two_sided(sent, len(good)) if len(good) else None,
        _in_expectation(values, bad, of, risk),
    )


def _tested(
    values: NDArray[np.float64], bad: NDArray[np.bool_], grid: Sequence[float], of: Of, risk: float, level: float
) -> list[float]:
    """The thresholds of the grid whose hypothesis is rejected; where the risk is monotone, only up to the first one
    that is not."""
    found = []
    for threshold in grid:
        k, n = _counts(values, bad, threshold, of)
        if n and p_value(k, n, risk) <= level:
            found.append(threshold)
        elif of != "sent":
            break
    return found


def _counts(values: NDArray[np.float64], bad: NDArray[np.bool_], threshold: float, of: Of) -> tuple[int, int]:
    sent = values >= threshold
    n = {"ungrounded": int(bad.sum()), "all": len(bad), "sent": int(sent.sum())}[of]
    return int((sent & bad).sum()), n


def p_value(k: int, n: int, risk: float) -> float:
    """P(Bin(n, risk) <= k): how likely so few wrong ones are, were the risk as high as `risk`."""
    from scipy.stats import binom

    return float(binom.cdf(k, n, risk))


def upper_bound(k: int, n: int, confidence: float) -> float:
    """The one-sided Clopper-Pearson bound; 1 for no rows."""
    from scipy.stats import beta

    return 1.0 if k >= n else float(beta.ppf(confidence, k + 1, n - k))


def two_sided(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The Clopper-Pearson interval of a share."""
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k == n else float(beta.ppf(1 - tail, k + 1, n - k))
    return low, high


def least_rows(risk: float, level: float) -> int:
    """Rows that certify `risk` at `level` when none of them is wrong: (1 - risk)^n <= level."""
    return math.ceil(math.log(level) / math.log(1 - risk))


def rows_for(rate: float, risk: float, level: float, most: int = 10_000_000) -> int | None:
    """About how many rows certify `risk` where `rate` of them are wrong; None where no number does."""
    if rate >= risk:
        return None
    low, high = 1, most
    if p_value(round(rate * most), most, risk) > level:
        return None
    while low < high:
        middle = (low + high) // 2
        if p_value(math.floor(rate * middle), middle, risk) <= level:
            high = middle
        else:
            low = middle + 1
    return low


def _not_certified(
    values: NDArray[np.float64], bad: NDArray[np.bool_], grid: Sequence[float], of: Of, risk: float, level: float
) -> NotCertified:
    needed = least_rows(risk, level)
    counted = [_counts(values, bad, threshold, of) for threshold in grid]
    k, n = max(counted, key=lambda each: each[1]) if of == "sent" else counted[0]
    what = {"ungrounded": "ungrounded rows", "all": "rows", "sent": "rows sent"}[of]
    if n < needed:
        told = f"{n} {what} cannot certify a risk of {risk:g}: at least {needed} are needed, were none of them wrong"
        return NotCertified(told, n, needed)
    k, n = min((each for each in counted if each[1]), key=lambda each: p_value(each[0], each[1], risk), default=(0, 0))
    more = rows_for(k / n, risk, level) if n else None
    hope = f"about {more} {what} of the same kind would" if more else "no number of rows like these would"
    told = f"no threshold keeps the risk under {risk:g}: at the best one {k} of {n} {what} are wrong; {hope}"
    return NotCertified(told, n, more or needed)


def _in_expectation(values: NDArray[np.float64], bad: NDArray[np.bool_], of: Of, risk: float) -> float | None:
    """The least t of the grid from which on, going up, (wrong sent + 1) / (n + 1) stays within the risk; not for
    `sent`, which is no mean over rows."""
    if of == "sent":
        return None
    found = None
    for threshold in GRID:
        k, n = _counts(values, bad, threshold, of)
        if (k + 1) / (n + 1) > risk:
            break
        found = threshold
    return found
