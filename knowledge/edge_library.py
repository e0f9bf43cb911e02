"""The library in one process: passages in embedded Qdrant (qdrant-edge-py), in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import qdrant_edge as qdrant
from numpy.typing import NDArray

from knowledge import sparse
from knowledge.edge_shards import Shards
from knowledge.entries import (
    Entry,
    Kept,
    checked_collection,
    checked_filters,
    checked_limit,
    checked_vector,
    embedding_text,
    hit,
    kept,
    passage_of,
    payload,
    point_id,
)
from knowledge.errors import LibraryError, LibraryUnavailable
from knowledge.fusion import CANDIDATES, Ranked, fuse
from knowledge.passages import Hit, Passage

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
        filters: Mapping[str, str] | None = None,
    ) -> list[Hit]:
        """Best first; empty when the collection is empty or unknown. Raises LibraryError."""
        name = checked_collection(collection or self._collection)
        checked_limit(limit)
        checked_vector(vector, self._dim)
        condition = _condition(checked_filters(filters))
        words = sparse.query_vector(text)
        return await self._call(lambda: self._search(name, words, vector, limit, condition))

    def _search(
        self,
        name: str,
        words: sparse.SparseVector,
        vector: NDArray[np.float32],
        limit: int,
        condition: qdrant.Filter | None,
    ) -> list[Hit]:
        shard = self._shards.get(name)
        if shard is None:
            return []
        wanted = max(CANDIDATES, limit)
        queries = [qdrant.Query.Nearest(vector.tolist(), using="dense")]
        if words.indices:
            queries.append(qdrant.Query.Nearest(qdrant.SparseVector(words.indices, words.values), using="sparse"))
        requests = [qdrant.QueryRequest(limit=wanted, query=query, filter=condition) for query in queries]
        sides = shard.query_batch(qdrant.QueryBatchRequest(requests))
        rankings = [[(str(point.id), point.score) for point in side] for side in sides]
        ranked = fuse(rankings[0], rankings[1] if words.indices else [], limit)
        return self._hits(shard, ranked)

    def _hits(self, shard: qdrant.EdgeShard, ranked: list[Ranked]) -> list[Hit]:
        records = shard.retrieve([each.id for each in ranked], True, False)
        payloads = {str(record.id): record.payload or {} for record in records}
        return [hit(payloads[each.id], each, self._dim) for each in ranked if each.id in payloads]

    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None:
        """Keeps `entries`, and nothing else of their documents: a document's entries come in one call."""
        checked_collection(collection)
        points = await asyncio.to_thread(lambda: [_point(entry) for entry in entries])
        await self._call(lambda: self._upsert(collection, entries, points))

    def _upsert(self, collection: str, entries: Sequence[Entry], points: list[qdrant.Point]) -> None:
        shard = self._shards.get_or_create(collection)
        if not points:
            return
        for start in range(0, len(points), _UPSERT_AT_ONCE):
            shard.update(qdrant.UpdateOperation.upsert_points(points[start : start + _UPSERT_AT_ONCE]))
        stale = qdrant.Filter(
            must=[_any_of("document", {entry.passage.document_id for entry in entries})],
            must_not=[qdrant.HasIdCondition({point.id for point in points})],
        )
        shard.update(qdrant.UpdateOperation.delete_points_by_filter(stale))

    async def delete(self, collection: str, document_ids: Sequence[str]) -> None:
        """Removes documents; those that are not there are no error."""
        checked_collection(collection)

        def work() -> None:
            shard = self._shards.get(collection)
            if shard is not None and document_ids:
                gone = qdrant.Filter(must=[_any_of("document", set(document_ids))])
                shard.update(qdrant.UpdateOperation.delete_points_by_filter(gone))

        await self._call(work)

    async def documents(self, collection: str) -> dict[str, Kept]:
        """What is held, by document id; empty for an unknown collection."""
        checked_collection(collection)
        fields = qdrant.PayloadSelector.Include(["document", "hash", "parts", "origin"])
        return await self._call(lambda: kept(self._scroll(collection, fields)))

    def _scroll(self, collection: str, fields: qdrant.PayloadSelector) -> list[dict[str, Any]]:
        shard = self._shards.get(collection)
        found: list[dict[str, Any]] = []
        offset = None
        while shard is not None:
            records, offset = shard.scroll(qdrant.ScrollRequest(offset=offset, limit=_PAGE, with_payload=fields))
            found += [record.payload or {} for record in records]
            if offset is None:
                break
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


def _point(entry: Entry) -> qdrant.Point:
    words = sparse.document_vector(embedding_text(entry.passage))
    vectors = {"dense": entry.vector.tolist(), "sparse": qdrant.SparseVector(words.indices, words.values)}
    return qdrant.Point(point_id(entry.passage.id), vectors, payload(entry))


def _any_of(field: str, values: set[str]) -> qdrant.FieldCondition:
    return qdrant.FieldCondition(field, match=qdrant.MatchAny(sorted(values)))


def _condition(filters: Mapping[str, str]) -> qdrant.Filter | None:
    if not filters:
        return None
    return qdrant.Filter(
        must=[qdrant.FieldCondition(field, match=qdrant.MatchValue(value)) for field, value in filters.items()]
    )
