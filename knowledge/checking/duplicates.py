"""Passages that say the same in different documents: word for word, or nearly. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.checking.figures import figures
from knowledge.checking.findings import Duplicate, place
from knowledge.checking.headings import for_different_customers, heading
from knowledge.checking.near import Groups, near_pairs
from knowledge.passages import Passage

NEAR: Final = 0.93
"""Cosine from which two passages with the same figures and names say the same.

Of passages of the sample said in other words ("customers may" for "you can") it finds all, 93 % where the title changed
too, 81 % of those without their last sentence. Among 1,292 passages of the sample and of a bank's help centre it finds
none that is no copy; 0.9 finds one.
"""
_SHORT: Final = 8
"""Words below which the same text ("Yes, it is free.") stands under many questions and is no copy."""
_WORDS: Final = re.compile(r"[^\W_]+")
_NAME: Final = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'’-]+")


def duplicates(passages: Sequence[Passage], vectors: NDArray[np.float32], least: float = NEAR) -> tuple[Duplicate, ...]:
    """Groups over documents, the largest first. `vectors` are those of the passages, in order, unit rows."""
    same = _same_text(passages)
    first = [rows[0] for rows in same]
    groups, nearest = Groups(len(first)), dict[int, float]()
    for one, other, cosine in near_pairs(vectors[first], least):
        if _one_thing(passages[first[one]], passages[first[other]]):
            groups.join(one, other)
            nearest[one] = nearest[other] = min(cosine, nearest.get(one, 1.0), nearest.get(other, 1.0))
    near = {number for group in groups.all() for number in group}
    found = [
        _duplicate([passages[row] for number in group for row in same[number]], min(nearest[n] for n in group))
        for group in groups.all()
    ]
    found += [_duplicate([passages[row] for row in rows], 1.0) for n, rows in enumerate(same) if n not in near]
    kept = _folded(each for each in found if len({at.document for at in each.places}) > 1)
    return tuple(sorted(kept, key=lambda each: (-len(each.places), -each.score, each.places[0].passage)))


def _duplicate(of: Iterable[Passage], score: float) -> Duplicate:
    places = tuple(place(passage) for passage in of)
    return Duplicate(score >= 1.0, round(min(score, 1.0), 3), places)


def _folded(found: Iterable[Duplicate]) -> list[Duplicate]:
    """Groups over the same documents as one: a copied article is one finding, not one for each of its passages."""
    by_documents: dict[tuple[bool, frozenset[str]], list[Duplicate]] = {}
    for each in found:
        by_documents.setdefault((each.exact, frozenset(at.document for at in each.places)), []).append(each)
    return [
        Duplicate(exact, min(each.score for each in of), tuple(at for each in of for at in each.places))
        for (exact, _), of in by_documents.items()
    ]


def _same_text(passages: Sequence[Passage]) -> list[list[int]]:
    """Rows by their words; a short text counts as the same only under the same title."""
    found: dict[tuple[object, ...], list[int]] = {}
    for row, passage in enumerate(passages):
        words = _WORDS.findall(passage.text.lower())
        lead = heading(passage.title, "").lead
        over = (lead,) if len(words) >= _SHORT else (passage.title, passage.section)
        customers = tuple(passage.metadata.get(key, "") for key in ("region", "tier", "audience"))
        found.setdefault((" ".join(words), customers, over), []).append(row)
    return list(found.values())


def _one_thing(one: Passage, other: Passage) -> bool:
    """The same figures and names, for the same customers."""
    if one.document_id == other.document_id or for_different_customers(one.metadata, other.metadata):
        return False
    return _facts(one) == _facts(other)


def _facts(passage: Passage) -> tuple[frozenset[tuple[str, str]], frozenset[str], frozenset[str]]:
    said = frozenset((each.kind, each.value) for each in figures(passage.text))
    over = heading(passage.title, passage.section)
    return said, frozenset(name.lower() for name in _NAME.findall(passage.text)), over.lead | over.names
