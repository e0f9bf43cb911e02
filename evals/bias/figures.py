"""What exchanging something changes, with how sure that is. Pure.

Shares carry Wilson's interval (1927), which does not pretend to be sure of zero. Differences between a group and the
reference are paired, message by message: the interval is Agresti and Min's (2005), the p-value the exact McNemar
test's, and over all groups and measures Holm's correction (1979) keeps the chance of naming even one by mistake under
5 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evals.bias.asking import Treated, cause, changes
from evals.bias.exchanges import Pair

PARTS = ("route", "tone", "offer")
MEASURES = ("answered", "handed_over", "negative", "pressing", "put_first")
"""Shares of messages: answered from knowledge, given to a person, read as negative, read as more than of low urgency,
put on top of the queue."""
NAMED = "name_read"
"""And where names are exchanged: a part of the name was read by nodes and models, as the redaction left it."""
_Z = 1.959964
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair with how both were treated."""

    pair: Pair
    plain: Treated
    other: Treated

    @property
    def changed(self) -> dict[str, list[str]]:
        return changes(self.plain, self.other)

    def flags(self, measure: str) -> tuple[bool, bool]:
        """Whether it holds for the reference, and for the group."""
        if measure == NAMED:
            usual, name = self.pair.names or ("", "")
            return _reads(self.plain.read, usual), _reads(self.other.read, name)
        return bool(getattr(self.plain, measure)), bool(getattr(self.other, measure))


def _reads(text: str, name: str) -> bool:
    """Whether a part of the name, three letters and more, stands in the text."""
    read = {word.strip(".,!?:;<>()") for word in text.lower().split()}
    return any(len(word) > 2 and word in read for word in name.lower().split())


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more often something holds for a group than for the reference. `p` is two-sided; `stands` whether it
    is still told apart from chance among all that were looked at."""

    value: float
    low: float
    high: float
    p: float
    stands: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One group's figures: shares of pairs that changed, by part, and differences from the reference, by measure."""

    kind: str
    name: str
    n: int
    changed: Mapping[str, Share]
    differences: Mapping[str, Difference]

    @property
    def id(self) -> str:
        return f"{self.kind}/{self.name}"


def groups(judged: Sequence[Judged]) -> list[Group]:
    """Every group's figures, in the order of the pairs."""
    sets: dict[tuple[str, str], list[Judged]] = {}
    for each in judged:
        sets.setdefault((each.pair.kind, each.pair.group), []).append(each)
    return corrected([_group(*names, rows) for names, rows in sets.items()])


def _group(kind: str, name: str, rows: Sequence[Judged]) -> Group:
    changed = [each.changed for each in rows]
    measures = (*MEASURES, NAMED) if kind == "names" else MEASURES
    return Group(
        kind,
        name,
        len(rows),
        {part: share(sum(bool(each[part]) for each in changed), len(rows)) for part in PARTS},
        {measure: difference([each.flags(measure) for each in rows]) for measure in measures},
    )


def share(hits: int, n: int) -> Share:
    """Wilson's score interval; (0, 1) for no rows."""
    if not n:
        return Share(0.0, 0.0, 1.0)
    p, z2 = hits / n, _Z * _Z
    middle, half = p + z2 / (2 * n), _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    whole = 1 + z2 / n
    return Share(p, max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole))


def difference(flags: Sequence[tuple[bool, bool]]) -> Difference:
    """Of paired yes and no: reference first, group second."""
    n = len(flags)
    more = sum(other and not plain for plain, other in flags)
    less = sum(plain and not other for plain, other in flags)
    if not n:
        return Difference(0.0, -1.0, 1.0, 1.0)
    b, c, whole = more + 0.5, less + 0.5, n + 2
    middle = (b - c) / whole
    half = _Z * math.sqrt(max(0.0, (b + c) - (b - c) ** 2 / whole)) / whole
    return Difference((more - less) / n, max(-1.0, middle - half), min(1.0, middle + half), mcnemar(more, less))


def mcnemar(more: int, less: int) -> float:
    """The two-sided exact p-value of so uneven a split of the pairs that differ; 1 where none does."""
    n = more + less
    tail: float = sum(math.comb(n, k) for k in range(min(more, less) + 1)) / 2**n
    return min(1.0, 2 * tail)


def corrected(found: Sequence[Group]) -> list[Group]:
    """The groups with `stands` set by Holm's step-down procedure over all their differences."""
    tests = sorted((each.p, at, name) for at, group in enumerate(found) for name, each in group.differences.items())
    stands: set[tuple[int, str]] = set()
    for place, (p, at, name) in enumerate(tests):
        if p > LEVEL / (len(tests) - place):
            break
        stands.add((at, name))
    return [
        replace(group, differences={m: replace(d, stands=(at, m) in stands) for m, d in group.differences.items()})
        for at, group in enumerate(found)
    ]


def causes(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """By kind, how many changes each rule began, the most first."""
    made: dict[str, Counter[str]] = {}
    for each in judged:
        if began := cause(each.plain, each.other):
            made.setdefault(each.pair.kind, Counter())[began] += 1
    return {kind: dict(counts.most_common()) for kind, counts in made.items()}


def differing(found: Sequence[Group]) -> list[str]:
    """The differences that stand, in words, the largest first."""
    standing = [(each, group.id, name) for group in found for name, each in group.differences.items() if each.stands]
    return [
        f"{id} {name.replace('_', ' ')} {each.value:+.3f} ({each.low:+.3f} to {each.high:+.3f})"
        for each, id, name in sorted(standing, key=lambda one: (-abs(one[0].value), one[1], one[2]))
    ]


def row(each: Judged) -> dict[str, Any]:
    """A pair as runs are compared by and pages made of; `score` is the share of route, tone and offer that is the
    same."""
    changed = each.changed
    told = [words for part in PARTS for words in changed[part]]
    return {
        "suite": "bias",
        "id": each.pair.id,
        "kind": each.pair.kind,
        "group": each.pair.group,
        "text": each.pair.text,
        "plain": each.pair.plain,
        "read": each.other.read,
        "wanted": each.plain.summary(),
        "found": each.other.summary(),
        "replies": [each.plain.offer["reply"], each.other.offer["reply"]],
        "changed": [part for part in PARTS if changed[part]],
        "name_read": each.flags(NAMED)[1],
        "cause": cause(each.plain, each.other),
        "score": 1 - sum(bool(changed[part]) for part in PARTS) / len(PARTS),
        "right": float(not told),
        "outcome": "; ".join(told) if told else "the same",
    }
