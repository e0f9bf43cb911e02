"""Shares of outcomes with their intervals, in all and by inbox and tag. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.forecast.running import FATES, Outcome

DRAWS = 2000
_Z = 1.959964
MOST_GROUPS = 30
"""Inboxes and tags shown, the largest first."""


@dataclass(frozen=True, slots=True)
class Share:
    """`of` rows, `count` of which are so; `low` and `high` bound the share at 95 %. All None over no rows."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None

    def facts(self) -> dict[str, Any]:
        return {"count": self.count, "of": self.of, "share": self.share, "interval": [self.low, self.high]}


def share(outcomes: Sequence[Outcome], is_so: Callable[[Outcome], bool], *, seed: int = 7) -> Share:
    """The share with its percentile bootstrap interval, drawn by whole conversations: rows of one are not independent
    (Field and Welsh 2007, the cluster bootstrap). Where every row or none is so there is nothing to draw from, and the
    interval is Wilson's (1927) over the conversations."""
    if not outcomes:
        return Share(0, 0, None, None, None)
    true, rows = Counter[str](), Counter[str]()
    for each in outcomes:
        true[each.conversation] += is_so(each)
        rows[each.conversation] += 1
    sums = np.array([true[name] for name in rows], dtype=np.float64)
    sizes = np.array([rows[name] for name in rows], dtype=np.float64)
    count = int(sums.sum())
    if count in (0, len(outcomes)):
        low, high = _wilson(count > 0, len(sizes))
        return Share(count, len(outcomes), float(count > 0), low, high)
    rng = np.random.default_rng(seed)
    drawn = np.array([_ratio(sums, sizes, rng.integers(0, len(sizes), len(sizes))) for _ in range(DRAWS)])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Share(count, len(outcomes), count / len(outcomes), float(low), float(high))


def _wilson(every: bool, n: int) -> tuple[float, float]:
    """The interval of none, or every one, of `n`."""
    reach = _Z**2 / (n + _Z**2)
    return (1 - reach, 1.0) if every else (0.0, reach)


def _ratio(sums: np.ndarray[Any, Any], sizes: np.ndarray[Any, Any], at: np.ndarray[Any, Any]) -> float:
    return float(sums[at].sum() / sizes[at].sum())


def fates(outcomes: Sequence[Outcome]) -> dict[str, Share]:
    """The share of each fate."""
    return {fate: share(outcomes, lambda each, fate=fate: each.fate == fate) for fate in FATES}  # type: ignore[misc]


def agreement(outcomes: Sequence[Outcome]) -> dict[str, Share]:
    """How far we would have done what is known to have happened; only rows whose label is no guess count."""
    sure = [each for each in outcomes if each.sure]
    handed = [each for each in sure if each.expected == "handoff"]
    linked = [each for each in sure if each.expected == "answer"]
    told = [each for each in linked if each.right is not None]
    return {
        "handed over, where people had to take over": share(handed, lambda each: each.fate == "handed over"),
        "answered, where an article was the answer": share(linked, lambda each: each.fate == "answered"),
        "first source is the article people linked": share(told, lambda each: bool(each.right)),
    }


def groups(outcomes: Sequence[Outcome], names: Callable[[Outcome], Iterable[str]]) -> dict[str, dict[str, Share]]:
    """The fates by inbox or tag, the largest first."""
    within: Mapping[str, list[Outcome]] = defaultdict(list)
    for each in outcomes:
        for name in dict.fromkeys(names(each)):
            if name:
                within[name].append(each)
    largest = sorted(within, key=lambda name: (-len(within[name]), name))[:MOST_GROUPS]
    return {name: fates(within[name]) for name in largest}


def reasons(outcomes: Sequence[Outcome]) -> list[tuple[str, str, int]]:
    """(fate, reason, rows), the most frequent first."""
    counted = Counter((each.fate, each.reason) for each in outcomes if each.reason)
    return [(fate, reason, count) for (fate, reason), count in counted.most_common()]
