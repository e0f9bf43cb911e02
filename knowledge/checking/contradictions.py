"""Sentences that cannot both hold: the same words of the same thing with another figure, or with a "not". Pure.

Made to be believed rather than complete: one figure differs and all else agrees, neither is for other customers or
for another time, and nothing over them says that they speak of different things.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import Final

from knowledge.checking.figures import Figure
from knowledge.checking.findings import Contradiction, place
from knowledge.checking.headings import about_different_things, for_different_customers, heading
from knowledge.checking.statements import Statement, statements
from knowledge.checking.validity import standing
from knowledge.passages import Passage

MOST_VALUES: Final = 3
"""With more values than that under as many titles, the sentence is a form filled in for each thing."""
_MOST_OF_FRAME: Final = 200
_WORDS_WITH_FIGURE: Final = 2
_WORDS_WITH_NOT: Final = 3
_WORDS_IN_ONE_DOCUMENT: Final = 4
"""A document says one thing of several by design; only whole sentences of some length are held against it."""
_WORDS_WITH_DATE: Final = 3
_COUNTED: Final = re.compile(r"\s+[a-z]{3}")
_MOST_COUNTED: Final = 1000
_IF: Final = re.compile(r"\b(?:if|when|unless|whether)\b", re.IGNORECASE)


def contradictions(passages: Iterable[Passage], on: date) -> tuple[Contradiction, ...]:
    """Each pair once, in the order of passages. Only what is in force on the day can contradict anything."""
    by_frame: dict[tuple[str, ...], list[Statement]] = {}
    for passage in passages:
        if standing(passage, on) == "in_force":
            for each in statements(passage):
                by_frame.setdefault(each.frame, []).append(each)
    return tuple(found for same in by_frame.values() if len(same) > 1 for found in _among(same))


def _among(same: Sequence[Statement]) -> Iterator[Contradiction]:
    values = {tuple(figure.value for figure in each.figures) for each in same}
    forms = len(values) > MOST_VALUES and len({each.passage.document_id for each in same}) > MOST_VALUES
    told: set[tuple[str, str, str, str]] = set()
    for one, other in combinations(same[:_MOST_OF_FRAME], 2):
        if forms and one.passage.title != other.passage.title:
            continue
        said = _differ(one, other)
        if said is None or not _comparable(one, other):
            continue
        key = (one.passage.document_id, other.passage.document_id, *said)
        if key not in told:
            told.add(key)
            left = place(one.passage, one.start, one.end)
            yield Contradiction(left, place(other.passage, other.start, other.end), *said)


def _differ(one: Statement, other: Statement) -> tuple[str, str] | None:
    """What each says where they differ in one thing alone; None where they agree, or differ in more."""
    pairs = list(zip(_in_order(one.figures), _in_order(other.figures), strict=True))
    apart = [(left, right) for left, right in pairs if left.value != right.value]
    if not apart and one.negative != other.negative and _may_be_denied(one, other):
        return ("not", "") if one.negative else ("", "not")
    if len(apart) != 1 or one.negative != other.negative:
        return None
    left, right = apart[0]
    if not (_is_a_claim(left, one) and _is_a_claim(right, other)):
        return None
    return one.says(left), other.says(right)


def _may_be_denied(one: Statement, other: Statement) -> bool:
    """One of the two says "not". Conditions come in pairs ("if you do not …"), and so do items of lists."""
    whole = one.is_sentence and other.is_sentence and one.passage.document_id != other.passage.document_id
    conditions = _IF.search(one.text) or _IF.search(other.text)
    return whole and not conditions and len(one.words) >= _WORDS_WITH_NOT


def _is_a_claim(figure: Figure, said: Statement) -> bool:
    """Whether another figure there would be another claim: not what tells one thing from the next, as years, codes and
    numbers of houses do."""
    if figure.kind == "date":
        return said.is_sentence and len(said.words) >= _WORDS_WITH_DATE
    if figure.kind == "number":
        few = float(figure.value) < _MOST_COUNTED
        return few and figure.start > 0 and bool(_COUNTED.match(said.readable, figure.end))
    return figure.kind != "year"


def _in_order(found: Sequence[Figure]) -> list[Figure]:
    return sorted(found, key=lambda each: (each.kind, each.start))


def _over(passage: Passage) -> frozenset[str]:
    return heading(passage.title, passage.section).words


def _comparable(one: Statement, other: Statement) -> bool:
    left, right = one.passage, other.passage
    if left.document_id == right.document_id:
        whole = one.is_sentence and other.is_sentence and not one.is_row
        if not whole or len(one.words) < _WORDS_IN_ONE_DOCUMENT:
            return False
    if len(one.words) < _WORDS_WITH_FIGURE and not one.words <= _over(left) & _over(right):
        return False
    if for_different_customers(left.metadata, right.metadata):
        return False
    return not about_different_things(left, right, one.words & other.words)
