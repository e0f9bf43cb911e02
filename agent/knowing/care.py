"""The care of the knowledge: what it does not answer, and what in it is out of date, doubled or contradicts itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final, Protocol

import numpy as np

from agent.knowing.gaps import NEAREST, Gap, Gaps, grouped, nearest, wordings
from agent.ports import Embedder, Vector
from knowledge.checking.findings import Findings
from knowledge.checking.looking import Look, Shelf, look_through
from knowledge.passages import Hit
from memory.store import Store
from memory.unanswered import unanswered

_AT_ONCE: Final = 256
_REMEMBERED: Final = 20_000
Progress = Callable[[int, int], None]


class Shelves(Shelf, Protocol):
    """What of a library is asked. Each method raises knowledge.errors.LibraryError."""

    async def revision(self, collection: str | None = None) -> str: ...

    async def search(
        self, text: str, vector: Vector, *, limit: int = 8, collection: str | None = None
    ) -> list[Hit]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Care:
    """`collections` are those of inboxes with knowledge of their own. A check is remembered until the collection or
    the day changes, and made by one caller at a time."""

    store: Store
    embedder: Embedder
    library: Shelves
    collection: str
    collections: Mapping[str, str] = field(default_factory=dict)
    _known: dict[str, tuple[object, Findings]] = field(default_factory=dict)
    _vectors: dict[bytes, Vector] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def all_collections(self) -> tuple[str, ...]:
        """The default one first."""
        return tuple(dict.fromkeys((self.collection, *self.collections.values())))

    async def gaps(self, since: datetime, until: datetime | None = None, *, limit: int = 20, inbox: str = "") -> Gaps:
        """The questions of a period that were not answered, grouped by meaning, those of most customers first.

        Raises StoreUnavailable, LibraryError.
        """
        end = until or datetime.now(UTC)
        questions = await self.store.read(lambda c: unanswered(c, since, end, inbox))
        asked = wordings(questions)
        vectors = await self._embedded([each.query for each in asked])
        groups, found = await asyncio.to_thread(grouped, asked, vectors, limit)
        with_passages = [await self._with_passages(gap, inbox) for gap in found]
        customers = len({each.customer for each in questions})
        return Gaps(since, end, len(questions), customers, groups, tuple(with_passages))

    async def check(
        self,
        on: date,
        collection: str | None = None,
        look: Look | None = None,
        progress: Progress = lambda done, total: None,
    ) -> Findings:
        """What is stale, doubled or contradicting in a collection on a day. Raises LibraryError."""
        name, look = collection or self.collection, look or Look()
        async with self._looking:
            stamp = (await self.library.revision(name), on, look)
            known = self._known.get(name)
            if known is None or known[0] != stamp:
                known = stamp, await look_through(self.library, name, on, look, progress)
                self._known[name] = known
            return known[1]

    async def _embedded(self, texts: Sequence[str]) -> Vector:
        """Their vectors, in order; those embedded before are remembered, under a hash: no text is kept."""
        keys = [sha256(text.encode("utf-8", "replace")).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._vectors}
        if len(self._vectors) + len(new) > _REMEMBERED:
            self._vectors.clear()
            new = dict(zip(keys, texts, strict=True))
        todo = list(new.items())
        for start in range(0, len(todo), _AT_ONCE):
            portion = todo[start : start + _AT_ONCE]
            vectors = await self.embedder.embed([text for _, text in portion])
            self._vectors.update(zip([key for key, _ in portion], vectors, strict=True))
        if not texts:
            return np.empty((0, self.embedder.dim), dtype=np.float32)
        return np.stack([self._vectors[key] for key in keys])

    async def _with_passages(self, gap: Gap, inbox: str) -> Gap:
        (vector,) = await self._embedded([gap.label])
        collection = self.collections.get(inbox, self.collection)
        hits = await self.library.search(gap.label, vector, limit=4 * NEAREST, collection=collection)
        return replace(gap, nearest=nearest(hits))
