"""What is mistaken for what, how sure it was, and what any other threshold would cost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evals.pages.outcomes import Outcome, separate, sides


def in_force(rows: Sequence[Outcome], positive: str) -> float | None:
    """The threshold that was in force, between the lowest score of what was found and the highest of what was not;
    None where only one of the two occurs, or no threshold tells them."""
    said, other = sides([(row.raw, row.found == positive) for row in rows])
    return (min(said) + max(other)) / 2 if said and other and separate(said, other) else None


def worst_first(rows: Sequence[Outcome]) -> list[Outcome]:
    """Wrong and sure on top, then wrong and unsure, then right from the least sure on."""
    return sorted(rows, key=lambda row: (row.right, _sure(row) if row.right else -_sure(row), row.id))


def _sure(row: Outcome) -> float:
    return 0.0 if row.sure is None else row.sure


@dataclass(frozen=True, slots=True)
class Mistaken:
    """How often one label is taken for another, and how sure that is on average."""

    wanted: str
    found: str
    n: int
    sure: float | None


def confusions(rows: Sequence[Outcome]) -> list[Mistaken]:
    """The most frequent first."""
    wrong: dict[tuple[str, str], list[Outcome]] = {}
    for row in rows:
        if not row.right:
            wrong.setdefault((row.wanted, row.found), []).append(row)
    made = [
        Mistaken(*pair, len(each), _mean([r.sure for r in each if r.sure is not None])) for pair, each in wrong.items()
    ]
    return sorted(made, key=lambda each: (-each.n, each.wanted, each.found))


@dataclass(frozen=True, slots=True)
class Label:
    """How one label is recognised; None where it is never wanted, or never found."""

    name: str
    n: int
    precision: float | None
    recall: float | None
    f1: float


def labels(rows: Sequence[Outcome]) -> list[Label]:
    """Each label that is wanted or found, the worst F1 first."""
    hit = Counter(row.wanted for row in rows if row.wanted == row.found)
    there, said = Counter(row.wanted for row in rows), Counter(row.found for row in rows)
    made = [
        Label(
            name,
            there[name],
            hit[name] / said[name] if said[name] else None,
            hit[name] / there[name] if there[name] else None,
            2 * hit[name] / (there[name] + said[name]),
        )
        for name in {*there, *said}
    ]
    return sorted(made, key=lambda each: (each.f1, -each.n, each.name))


def coverage(rows: Sequence[Outcome]) -> list[tuple[float, float, float]]:
    """(share of rows kept, accuracy among them, lowest confidence kept) as the threshold falls; equal confidences are
    kept or left together. Rows without a confidence are left out."""
    known = sorted(((row.sure, row.right) for row in rows if row.sure is not None), reverse=True)
    curve, right = [], 0
    for at, (sure, good) in enumerate(known, 1):
        right += good
        if at == len(known) or known[at][0] != sure:
            curve.append((at / len(known), right / at, sure))
    return curve


def thresholds(rows: Sequence[Outcome], positive: str) -> list[tuple[float, float, float]]:
    """(threshold, share of `positive` at or above it, share of the others at or above it), the highest first; nothing
    without both kinds."""
    known = sorted(((row.raw, row.wanted == positive) for row in rows if row.raw is not None), reverse=True)
    there = sum(yes for _, yes in known)
    if not 0 < there < len(known):
        return []
    curve, hit = [], 0
    for at, (raw, yes) in enumerate(known, 1):
        hit += yes
        if at == len(known) or known[at][0] != raw:
            curve.append((raw, hit / there, (at - hit) / (len(known) - there)))
    return curve


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
