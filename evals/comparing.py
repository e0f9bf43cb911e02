"""Two runs of a suite side by side, query by query. Pure but for reading the two files.

The same queries were asked of both, so it is the differences that are drawn again (paired bootstrap) and whose signs
are flipped (permutation): that sees much smaller gains than two intervals held against each other.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.measures import interval, mean, sign_flip_p
from evals.rows import read_rows

MEASURES: Mapping[str, str] = {
    "retrieval": "ndcg@10",
    "transcripts": "right",
    **dict.fromkeys(("triage", "handoff", "sentiment", "urgency", "injection", "grounding", "bias"), "right"),
    "pii": "f2",
    "email": "normalised",
    "memory": "recall@10",
}
"""What each suite's rows are compared by."""
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Pair:
    """A query's row in both runs."""

    id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    difference: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`pairs` are those that changed most first, losses before gains of the same size; `only_before` and `only_after`
    count the queries that one run alone has."""

    suite: str
    measure: str
    pairs: tuple[Pair, ...]
    only_before: int
    only_after: int

    def metrics(self) -> dict[str, float | int]:
        """Figures; `p` is two-sided."""
        differences = [pair.difference for pair in self.pairs]
        return {
            "before": round(mean([float(pair.before[self.measure]) for pair in self.pairs]) or 0.0, 4),
            "after": round(mean([float(pair.after[self.measure]) for pair in self.pairs]) or 0.0, 4),
            "difference": round(mean(differences) or 0.0, 4),
            "p": round(sign_flip_p(differences), 4),
            "wins": sum(value > SAME for value in differences),
            "ties": sum(abs(value) <= SAME for value in differences),
            "losses": sum(value < -SAME for value in differences),
        }

    def intervals(self) -> dict[str, list[float]]:
        low, high = interval([pair.difference for pair in self.pairs])
        return {"difference": [round(low, 4), round(high, 4)]}


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The measured rows of a per-query file by id. Raises ValueError naming what is wrong with it."""
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(read_rows(path), 1):
        measure = MEASURES.get(str(row.get("suite")))
        if measure is None or not isinstance(row.get("id"), str):
            raise ValueError(f"{path}, row {number}: not a row that `frontdesk eval --rows` wrote: no suite and id")
        if row["id"] in found:
            raise ValueError(f"{path}, row {number}: the id {row['id'][:80]!r} occurs twice")
        if not _well_formed(row):
            raise ValueError(f"{path}, row {number}: history and ranking must be lists of objects")
        value = row.get(measure)
        if isinstance(value, int | float) and 0 <= value <= 1:
            found[row["id"]] = row
        elif value is not None or row.get("kind", "query") == "query":
            raise ValueError(f"{path}, row {number}: {measure} must be a number from 0 to 1")
    return found


def _well_formed(row: Mapping[str, Any]) -> bool:
    """Whether a page can be made of it."""
    lists = (row.get("history", []), row.get("ranking", []))
    return isinstance(row.get("searched", {}), dict) and all(
        isinstance(each, list) and all(isinstance(one, dict) for one in each) for each in lists
    )


def compare(before: Path, after: Path) -> Comparison:
    """Raises ValueError for files of different suites, or without a query in common."""
    a, b = read(before), read(after)
    suites = [sorted({str(row["suite"]) for row in rows.values()}) for rows in (a, b)]
    if suites[0] != suites[1] and a and b:
        raise ValueError(f"{before} is of {', '.join(suites[0])} and {after} of {', '.join(suites[1])}: not comparable")
    common = [id for id in a if id in b]
    if not common:
        raise ValueError(f"{before} and {after} have no query in common")
    if len(suites[0]) > 1:
        raise ValueError(f"{before} holds rows of several suites: {', '.join(suites[0])}")
    measure = MEASURES[suites[0][0]]
    pairs = [Pair(id, a[id], b[id], float(b[id][measure]) - float(a[id][measure])) for id in common]
    pairs.sort(key=lambda pair: (-abs(pair.difference), pair.difference, pair.id))
    return Comparison(suites[0][0], measure, tuple(pairs), len(a) - len(common), len(b) - len(common))


def report(before: Path, after: Path, compared: Comparison) -> dict[str, Any]:
    """In the form of a suite's report."""
    started, metrics, intervals = time.perf_counter(), compared.metrics(), compared.intervals()
    return {
        "suite": "compare",
        "data": f"{before} {after}",
        "n": len(compared.pairs),
        "metrics": metrics,
        "intervals": intervals,
        "config": {
            "of": compared.suite,
            "measure": compared.measure,
            "only_before": compared.only_before,
            "only_after": compared.only_after,
        },
        "seconds": round(time.perf_counter() - started, 2),
    }


def most_changed(pairs: Sequence[Pair], most: int = 10) -> list[Pair]:
    """Those that changed at all, the most changed first."""
    return [pair for pair in pairs if abs(pair.difference) > SAME][:most]
