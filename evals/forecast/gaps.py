"""The questions that would most often have gone unanswered, those of one meaning together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.knowing.clusters import clusters
from agent.ports import Embedder
from evals.forecast.running import Outcome

MOST = 20
_AT_ONCE = 256
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, how often it was asked in words like these, and in which rows."""

    question: str
    count: int
    rows: tuple[str, ...]


async def unanswered(outcomes: Sequence[Outcome], embedder: Embedder) -> list[Asked]:
    """The largest groups first, each by its most typical question."""
    asked = [each for each in outcomes if each.gap and each.question]
    if not asked:
        return []
    texts = [each.question[:_LONGEST] for each in asked]
    parts = [await embedder.embed(texts[at : at + _AT_ONCE]) for at in range(0, len(texts), _AT_ONCE)]
    found = clusters(np.concatenate(parts), np.ones(len(texts), dtype=np.float32))
    return [_group([asked[int(row)] for row in rows]) for rows in found[:MOST]]


def _group(rows: Sequence[Outcome]) -> Asked:
    return Asked(rows[0].question, len(rows), tuple(each.id for each in rows))
