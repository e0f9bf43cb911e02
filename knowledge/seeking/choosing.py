"""Which of the ranked passages are shown: each thing said once. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from knowledge.passages import Hit
from knowledge.sparse import terms

SAME_COSINE: Final = 0.97
"""Two passages nearer than this say the same, when their words and numbers agree too."""
SAME_WORDS: Final = 0.9
_CONDITIONS: Final = ("language", "region", "tier", "audience", "valid_from", "valid_until")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


def choose(ranked: Sequence[Hit], limit: int) -> tuple[list[Hit], Mapping[str, tuple[str, ...]]]:
    """At most `limit` hits in their order, without those that repeat a better one of another document; and by the id of
    the better one, the ids that were folded into it."""
    kept: list[Hit] = []
    folded: dict[str, tuple[str, ...]] = {}
    for hit in ranked:
        same = next((better for better in kept if repeats(hit, better)), None)
        if same is not None:
            folded[same.passage.id] = (*folded.get(same.passage.id, ()), hit.passage.id)
        elif len(kept) < limit:
            kept.append(hit)
    return kept, folded


def repeats(hit: Hit, other: Hit) -> bool:
    """Whether two passages of different documents say the same under the same conditions."""
    one, two = hit.passage, other.passage
    same = one.text == two.text and one.title == two.title
    if not same and (hit.vector is None or other.vector is None or float(hit.vector @ other.vector) < SAME_COSINE):
        return False
    if one.document_id == two.document_id or _conditions(one.metadata) != _conditions(two.metadata):
        return False
    if same:
        return True
    mine, theirs = f"{one.title}\n{one.text}", f"{two.title}\n{two.text}"
    if _NUMBER.findall(mine) != _NUMBER.findall(theirs):
        return False
    words, others = set(terms(mine)), set(terms(theirs))
    return len(words & others) >= SAME_WORDS * len(words | others)


def _conditions(metadata: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(metadata.get(key, "") for key in _CONDITIONS)
