"""A look through a whole collection: every passage is read once, a page at a time, and compared off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np

from knowledge.checking.contradictions import contradictions
from knowledge.checking.duplicates import NEAR, duplicates
from knowledge.checking.findings import Findings
from knowledge.checking.validity import Ages, stale, standing
from knowledge.entries import Kept
from knowledge.passages import Hit, Passage
from knowledge.seeking.ports import Heading, Vector

PAGE = 256
"""Passages of one fetch: a search that comes between two of them waits some milliseconds."""


class Shelf(Protocol):
    """What of a library is read. Each method raises knowledge.errors.LibraryError."""

    async def headings(self, collection: str | None = None) -> list[Heading]: ...

    async def documents(self, collection: str) -> dict[str, Kept]: ...

    async def fetch(self, points: Sequence[str], *, collection: str | None = None) -> dict[str, Hit]: ...


@dataclass(frozen=True, slots=True)
class Look:
    """How to look: what counts as stale, and how near is nearly the same."""

    ages: Ages = field(default_factory=Ages)
    near: float = NEAR


async def look_through(
    shelf: Shelf,
    collection: str,
    on: date,
    look: Look | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Findings:
    """All findings of a collection on a day; none for one that is empty or unknown. Raises LibraryError."""
    points = [heading.point for heading in await shelf.headings(collection)]
    passages: list[Passage] = []
    vectors: list[Vector] = []
    for start in range(0, len(points), PAGE):
        hits = await shelf.fetch(points[start : start + PAGE], collection=collection)
        for hit in hits.values():
            if hit.vector is not None:
                passages.append(hit.passage)
                vectors.append(hit.vector)
        progress(min(start + PAGE, len(points)), len(points))
    origins = {document: kept.origin for document, kept in (await shelf.documents(collection)).items()}
    return await asyncio.to_thread(examine, passages, vectors, collection, on, look or Look(), origins)


def examine(
    passages: Sequence[Passage],
    vectors: Sequence[Vector],
    collection: str,
    on: date,
    look: Look,
    origins: Mapping[str, str] | None = None,
) -> Findings:
    """All findings among passages, `vectors` theirs in order, `origins` their documents' files. What is not in force
    is stale, and nothing else."""
    order = sorted(range(len(passages)), key=lambda row: passages[row].id)
    live = [row for row in order if standing(passages[row], on) == "in_force"]
    held = [passages[row] for row in live]
    matrix = np.array([vectors[row] for row in live], dtype=np.float32)
    return Findings(
        collection=collection,
        on=on,
        documents=len({passage.document_id for passage in passages}),
        passages=len(passages),
        stale=stale((passages[row] for row in order), on, look.ages, origins),
        duplicates=duplicates(held, matrix, look.near) if held else (),
        contradictions=contradictions(held, on),
    )
