"""The library in one process: passages in embedded Qdrant (qdrant-edge-py), in a folder."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np
import qdrant_edge as qdrant
from numpy.typing import NDArray

from knowledge import edge_ranking
from knowledge.edge_conditions import any_of, condition
from knowledge.edge_shards import Shards
from knowledge.entries import (
    Entry,
    Kept,
    checked_collection,
    checked_points,
    checked_probes,
    checked_scope,
    heading,
    hit,
    kept,
    nowhere,
    passage_of,
    point_id,
)
from knowledge.errors import LibraryError, LibraryUnavailable
from knowledge.passages import Hit, Passage
from knowledge.searching import Filters, hybrid
from knowledge.seeking.ports import EVERYWHERE, Heading, Probe, Ranking, Scope

Result = TypeVar("Result")
_PAGE = 1000
_UPSERT_AT_ONCE = 200
"""Points of one write-ahead entry, which may hold 32 MB."""


class EdgeLibrary:
    """Hybrid search and upserts in a folder that this process alone has open.

    Every call runs on one thread of its own, in order. An upsert is in the write-ahead log when it returns and
    survives `kill -9`; `settle` and `close` also write the segments.
    """

    def __init__(self, shards: Shards, *, dim: int, collection: str) -> None:
        self._shards = shards
        self._dim = dim
        self._collection = collection
        self._closed = False
        self._opened = uuid4().hex
        self._changes: Counter[str] = Counter()
        self._out: dict[str, tuple[tuple[int, date], frozenset[str] | None]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="library")

    @classmethod
    async def open(cls, folder: Path, *, embedder: str, dim: int, collection: str = "help") -> EdgeLibrary:
        """Raises LibraryLocked when another process has the folder, LibraryUnavailable when it cannot be opened."""
        shards = await asyncio.to_thread(Shards, folder, embedder=embedder, dim=dim)
        return cls(shards, dim=dim, collection=checked_collection(collection))

    async def _call(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except LibraryError:
            raise
        except RuntimeError as error:
            raise LibraryUnavailable(f"the library is closed: {error}") from error
        except Exception as error:
            # The binding raises bare Exception for everything.
            raise LibraryUnavailable(f"embedded Qdrant failed: {error}") from error

    async def search(
        self,
        text: str,
        vector: NDArray[np.float32],
        *,
        limit: int = 8,
        collection: str | None = None,
        filters: Filters | None = None,
        on: date | None = None,
    ) -> list[Hit]:
        """Best first, of what all `filters` admit and what is in force `on` that day, where one is given; empty when
        the collection is empty or unknown. Raises LibraryError."""
        name = collection or self._collection
        return await hybrid(self, text, vector, limit=limit, collection=name, filters=filters, on=on)

    async def rankings(
        self, probes: Sequence[Probe], *, limit: int, collection: str | None = None, scope: Scope = EVERYWHERE
    ) -> list[Ranking]:
        """As knowledge.seeking.ports.Shelves has it."""
        name = checked_collection(collection or self._collection)
        checked_probes(probes, limit, self._dim)
        if nowhere(checked_scope(scope)) or not probes:
            return [[] for _ in probes]
        few = scope.points is not None or scope.documents is not None

        def work() -> list[Ranking]:
            shard = self._shards.get(name)
            if shard is None:
                return [[] for _ in probes]
            within = condition(scope, self._out_of_force(name, shard, scope.on) if scope.on else None)
            return edge_ranking.ranked(shard, probes, limit, within, few)

        return await self._call(work)

    def _out_of_force(self, name: str, shard: qdrant.EdgeShard, day: date) -> frozenset[str] | None:
        """As edge_ranking.out_of_force; looked up once for a day and a state of the collection."""
        state = (self._changes[name], day)
        if self._out.get(name, ((-1, day), None))[0] != state:
            self._out[name] = state, edge_ranking.out_of_force(shard, day)
        return self._out[name][1]

    async def fetch(self, points: Sequence[str], *, collection: str | None = None) -> dict[str, Hit]:
        """As knowledge.seeking.ports.Shelves has it."""
        name, wanted = checked_collection(collection or self._collection), checked_points(points)

        def work() -> dict[str, Hit]:
            shard = self._shards.get(name)
            records = shard.retrieve([*wanted], True, ["dense"]) if shard is not None and wanted else []
            found = {str(record.id): hit(record.payload or {}, edge_ranking.dense_of(record)) for record in records}
            return {point: found[point] for point in wanted if point in found}

        return await self._call(work)

    async def headings(self, collection: str | None = None) -> list[Heading]:
        """As knowledge.seeking.ports.Shelves has it."""
        name = checked_collection(collection or self._collection)
        found = await self._scroll(name, ["document", "title", "section"])
        return sorted((heading(point, stored) for point, stored in found), key=lambda each: each.point)

    async def revision(self, collection: str | None = None) -> str:
        """As knowledge.seeking.ports.Shelves has it; another one too after every opening of the folder."""
        return f"{self._opened}-{self._changes[checked_collection(collection or self._collection)]}"

    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None:
        """Keeps `entries`, and nothing else of their documents: a document's entries come in one call."""
        checked_collection(collection)
        points = await asyncio.to_thread(lambda: [edge_ranking.point(entry) for entry in entries])
        await self._call(lambda: self._changed(collection, lambda: self._upsert(collection, entries, points)))

    def _upsert(self, collection: str, entries: Sequence[Entry], points: list[qdrant.Point]) -> None:
        shard = self._shards.get_or_create(collection)
        if not points:
            return
        for start in range(0, len(points), _UPSERT_AT_ONCE):
            shard.update(qdrant.UpdateOperation.upsert_points(points[start : start + _UPSERT_AT_ONCE]))
        stale = qdrant.Filter(
            must=[any_of("document", {entry.passage.document_id for entry in entries})],
            must_not=[qdrant.HasIdCondition({point.id for point in points})],
        )
        shard.update(qdrant.UpdateOperation.delete_points_by_filter(stale))

    async def delete(self, collection: str, document_ids: Sequence[str]) -> None:
        """Removes documents; those that are not there are no error."""
        checked_collection(collection)

        def work() -> None:
            shard = self._shards.get(collection)
            if shard is not None and document_ids:
                gone = qdrant.Filter(must=[any_of("document", set(document_ids))])
                shard.update(qdrant.UpdateOperation.delete_points_by_filter(gone))

        await self._call(lambda: self._changed(collection, work))

    def _changed(self, collection: str, work: Callable[[], None]) -> None:
        """Runs `work`; another revision then, also when it failed half way."""
        try:
            work()
        finally:
            self._changes[collection] += 1

    async def documents(self, collection: str) -> dict[str, Kept]:
        """What is held, by document id; empty for an unknown collection."""
        checked_collection(collection)
        found = await self._scroll(collection, ["document", "hash", "parts", "origin"])
        return kept(stored for _, stored in found)

    async def _scroll(self, collection: str, fields: list[str]) -> list[tuple[str, dict[str, Any]]]:
        """Fields of every passage, by its point; searches pass between the pages."""
        selected = qdrant.PayloadSelector.Include(fields)
        found: list[tuple[str, dict[str, Any]]] = []
        offset: Any = None

        def page() -> tuple[list[qdrant.Record], Any]:
            shard = self._shards.get(collection)
            request = qdrant.ScrollRequest(offset=offset, limit=_PAGE, with_payload=selected)
            return shard.scroll(request) if shard is not None else ([], None)

        while True:
            records, offset = await self._call(page)
            found += [(str(record.id), record.payload or {}) for record in records]
            if offset is None:
                return found

    async def passage(self, collection: str, id: str) -> Passage | None:
        """One passage by its id, None when it is not there."""
        checked_collection(collection)

        def work() -> Passage | None:
            shard = self._shards.get(collection)
            records = shard.retrieve([point_id(id)], True, False) if shard is not None else []
            return passage_of(records[0].payload or {}) if records else None

        return await self._call(work)

    async def collections(self) -> list[str]:
        return await self._call(self._shards.names)

    async def count(self, collection: str) -> int:
        """Passages in a collection, 0 for an unknown one."""
        checked_collection(collection)

        def work() -> int:
            shard = self._shards.get(collection)
            return int(shard.count(qdrant.CountRequest())) if shard is not None else 0

        return await self._call(work)

    async def settle(self, collection: str) -> None:
        """After many upserts: space of what was deleted is given back, and segments are on disk."""

        def work() -> None:
            shard = self._shards.get(checked_collection(collection))
            if shard is not None:
                shard.optimize()
                shard.flush()

        await self._call(work)

    async def ready(self) -> None:
        """Raises LibraryError when searches would fail, also for a collection of another embedding model."""
        await self._call(lambda: self._shards.get(self._collection))

    async def close(self) -> None:
        """Frees the folder for the next process; closing twice is no error."""
        if not self._closed:
            self._closed = True
            try:
                await self._call(self._shards.close)
            finally:
                self._thread.shutdown()
