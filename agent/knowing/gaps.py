"""What customers ask and the knowledge does not answer: their questions in groups of one meaning. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from agent.knowing.clusters import LEAST, clusters
from agent.ports import Vector
from knowledge.passages import Hit
from memory.unanswered import Unanswered, Why

EXAMPLES: Final = 5
NEAREST: Final = 3
ABOUT: Final = 0.45
"""Cosine from which the nearest passage is about the matter, so that an article is there and lacks this. The sample's
first questions reach it in 96 % where an article answers them, a bank's and an assistant's questions to it in 20 %."""
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Example:
    """A question as it was asked, with pseudonyms, and where to read on."""

    text: str
    turn: str
    conversation: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Nearest:
    """A passage that comes near; `score` is its cosine with the label."""

    passage: str
    document: str
    title: str
    section: str
    source: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions of one meaning. `label` is the most central of them; `why` and `channels` count by reason and channel.

    A question counts once however many reasons it has, so `why` may add up to more than `count`.
    """

    label: str
    count: int
    customers: int
    first: datetime
    last: datetime
    why: Mapping[Why, int]
    channels: Mapping[str, int]
    examples: tuple[Example, ...]
    nearest: tuple[Nearest, ...] = ()

    @property
    def has_article(self) -> bool:
        """Whether something in the knowledge is about it, and lacks this; else there is nothing at all."""
        return bool(self.nearest) and self.nearest[0].score >= ABOUT


@dataclass(frozen=True, slots=True)
class Gaps:
    """The largest gaps of a period, and how many there are in all."""

    since: datetime
    until: datetime
    questions: int
    customers: int
    groups: int
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One wording, and every time it was asked."""

    query: str
    times: tuple[Unanswered, ...]


def wordings(questions: Iterable[Unanswered]) -> list[Asked]:
    """Questions with the same search are one wording, whatever their case and white space."""
    found: dict[str, list[Unanswered]] = {}
    for each in questions:
        found.setdefault(_SPACE.sub(" ", each.query).strip().casefold(), []).append(each)
    return [Asked(of[0].query, tuple(of)) for of in found.values()]


def grouped(asked: Sequence[Asked], vectors: Vector, limit: int, least: float = LEAST) -> tuple[int, list[Gap]]:
    """(groups in all, the `limit` largest), by customers first: one who asks ten times is one. `vectors` are those of
    the wordings' queries, in order."""
    counts = np.array([len(each.times) for each in asked], dtype=np.float32)
    found = [_gap([asked[row] for row in rows]) for rows in clusters(vectors, counts, least)]
    found.sort(key=lambda gap: (-gap.customers, -gap.count, -gap.last.timestamp(), gap.label))
    return len(found), found[:limit]


def _gap(of: Sequence[Asked]) -> Gap:
    """`of` are wordings, the most central first."""
    times = [each for asked in of for each in asked.times]
    return Gap(
        label=of[0].query,
        count=len(times),
        customers=len({each.customer for each in times}),
        first=min(each.at for each in times),
        last=max(each.at for each in times),
        why=dict(Counter(why for each in times for why in each.why).most_common()),
        channels=dict(Counter(each.channel for each in times).most_common()),
        examples=tuple(_example(asked.times[0]) for asked in of[:EXAMPLES]),
    )


def _example(question: Unanswered) -> Example:
    return Example(question.text, question.turn, question.conversation, question.channel, question.at)


def nearest(hits: Sequence[Hit]) -> tuple[Nearest, ...]:
    """The passages that come nearest by meaning, best first."""
    ranked = sorted((hit for hit in hits if hit.dense is not None), key=lambda hit: -(hit.dense or 0.0))
    return tuple(_nearest(hit) for hit in ranked[:NEAREST])


def _nearest(hit: Hit) -> Nearest:
    p = hit.passage
    score = round(float(hit.dense or 0.0), 3)
    return Nearest(p.id, p.document_id, p.title, p.section, p.source, p.text, score)
