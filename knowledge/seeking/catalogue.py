"""What stands over the passages of a collection, kept in memory: its names, and BM25 over titles and sections.

Made from the library's headings and made anew when the collection changed; while that runs, the one before answers.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from knowledge import sparse
from knowledge.seeking.focus import LEAST
from knowledge.seeking.names import Names
from knowledge.seeking.ports import Heading, Shelves
from knowledge.seeking.signals import Column

FRESH_S: Final = 5.0
"""How long the library is not asked again whether the collection changed."""


class Catalogue:
    """Of one collection, from its headings."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self.names = Names({each.document: each.title for each in headings})
        self._document = {each.point: each.document for each in headings}
        self._points: dict[str, list[str]] = {}
        for each in headings:
            self._points.setdefault(each.document, []).append(each.point)
        self._of_document: dict[str, dict[int, float]] = {}
        for number, name in enumerate(self.names.all):
            for document in name.documents if name.weight >= LEAST else ():
                self._of_document.setdefault(document, {})[number] = name.weight
        self._over = {
            each.point: sparse.document_vector(f"{each.title}\n{each.section}") for each in headings if each.title
        }
        self._rarity = _rarities(self._over.values(), len(headings))

    def names_of(self, point: str) -> Mapping[int, float]:
        """The names of a passage's document, by number, with their weights."""
        return self._of_document.get(self._document.get(point, ""), {})

    def points_of(self, names: Iterable[int], most: int) -> list[str]:
        """The passages under these names, at most so many a name."""
        found: dict[str, None] = {}
        for name in names:
            under = (p for document in sorted(self.names.all[name].documents) for p in self._points[document])
            found.update(dict.fromkeys([point for _, point in zip(range(most), under, strict=False)]))
        return list(found)

    def title_scores(self, text: str, points: Sequence[str]) -> Column:
        """BM25 of `text` in what stands over each point, 0 where no word is shared."""
        asked = {index: self._rarity.get(index, 0.0) for index in sparse.query_vector(text).indices}
        return np.array([self._score(asked, point) for point in points], dtype=np.float64)

    def _score(self, asked: Mapping[int, float], point: str) -> float:
        over = self._over.get(point)
        if over is None:
            return 0.0
        pairs = zip(over.indices, over.values, strict=True)
        return sum(asked[index] * value for index, value in pairs if index in asked)


def _rarities(vectors: Iterable[sparse.SparseVector], total: int) -> dict[int, float]:
    """Inverse document frequencies, as Qdrant's IDF modifier has them."""
    seen: dict[int, int] = {}
    for vector in vectors:
        for index in vector.indices:
            seen[index] = seen.get(index, 0) + 1
    return {index: math.log(1 + (total - count + 0.5) / (count + 0.5)) for index, count in seen.items()}


@dataclass(slots=True, eq=False)
class _Shelf:
    """A collection's catalogue with the revision it was made from, when that was last asked, and who makes the next."""

    catalogue: Catalogue
    revision: str
    looked_at: float
    making: asyncio.Task[None] | None = None


@dataclass(slots=True, eq=False)
class Catalogues:
    """The catalogues of a library's collections."""

    shelves: Shelves
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, _Shelf] = field(default_factory=dict)
    _first: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def get(self, collection: str) -> Catalogue:
        """The collection's catalogue, at most FRESH_S and the time of making it behind. Raises LibraryError."""
        kept = self._kept.get(collection)
        if kept is None:
            async with self._first.setdefault(collection, asyncio.Lock()):
                if (kept := self._kept.get(collection)) is None:
                    revision = await self.shelves.revision(collection)
                    kept = _Shelf(await self._made(collection), revision, self.clock())
                    self._kept[collection] = kept
        elif self.clock() - kept.looked_at >= FRESH_S and (kept.making is None or kept.making.done()):
            kept.looked_at = self.clock()
            kept.making = asyncio.create_task(self._renew(collection, kept))
        return kept.catalogue

    async def _made(self, collection: str) -> Catalogue:
        headings = await self.shelves.headings(collection)
        return await asyncio.to_thread(Catalogue, headings)

    async def _renew(self, collection: str, kept: _Shelf) -> None:
        revision = await self.shelves.revision(collection)
        if revision != kept.revision:
            kept.catalogue, kept.revision = await self._made(collection), revision
