"""The library outgrown one machine: passages in a Qdrant server or cluster (qdrant-client).

`:memory:` runs qdrant-client's own in-process store, for tests and trials: it is a hundred times slower than either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx
import numpy as np
from numpy.typing import NDArray
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from knowledge import sparse
from knowledge.entries import (
    INDEXED,
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
from knowledge.errors import EmbedderMismatch, LibraryUnavailable
from knowledge.fusion import CANDIDATES, fuse
from knowledge.passages import Hit, Passage

_PAGE = 1000
_UPSERT_AT_ONCE = 200
"""Points a request: some 6 MB of JSON, under the server's 32."""
_EF = 256
"""Candidates HNSW looks at. At 128 and 12,000 random vectors, the worst case, 0.76 of the true 20 were found."""


class QdrantLibrary:
    """Hybrid search and upserts on a server; the same answers as EdgeLibrary, within rounding."""

    def __init__(
        self, client: AsyncQdrantClient, *, embedder: str, dim: int, collection: str = "help", local: bool = False
    ) -> None:
        self._client = client
        self._identity = {"embedder": embedder, "dim": dim}
        self._dim = dim
        self._collection = checked_collection(collection)
        self._local = local
        self._known: set[str] = set()

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        embedder: str,
        dim: int,
        collection: str = "help",
        api_key: str | None = None,
        timeout_s: int = 5,
    ) -> QdrantLibrary:
        """`url` is a server's, or ":memory:". Nothing is sent yet; every call takes `timeout_s` at most."""
        if url == ":memory:":
            client = AsyncQdrantClient(":memory:")
        else:
            client = AsyncQdrantClient(url=url, api_key=api_key, timeout=timeout_s, check_compatibility=False)
        return cls(client, embedder=embedder, dim=dim, collection=collection, local=url == ":memory:")

    async def _exists(self, name: str) -> bool:
        """Whether the collection is there and ours. Raises EmbedderMismatch."""
        if name in self._known:
            return True
        if not await self._client.collection_exists(checked_collection(name)):
            return False
        stored = (await self._client.get_collection(name)).config.metadata or {}
        if stored != self._identity:
            raise EmbedderMismatch.between(name, stored, self._identity)
        self._known.add(name)
        return True

    async def _create(self, name: str) -> None:
        try:
            await self._client.create_collection(
                name,
                vectors_config={"dense": models.VectorParams(size=self._dim, distance=models.Distance.COSINE)},
                sparse_vectors_config={"sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)},
                metadata=self._identity,
            )
        except UnexpectedResponse as error:
            if error.status_code != httpx.codes.CONFLICT:
                raise
            # Another process was first; whether with the same model is for _exists to say.
        await self._exists(name)
        if not self._local:
            for field in INDEXED:
                await self._client.create_payload_index(name, field, models.PayloadSchemaType.KEYWORD)

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
        wanted = max(CANDIDATES, checked_limit(limit))
        checked_vector(vector, self._dim)
        condition = _condition(checked_filters(filters))
        words = sparse.query_vector(text)
        requests = [_request(vector.tolist(), "dense", wanted, condition, None if self._local else _EF)]
        if words.indices:
            terms = models.SparseVector(indices=words.indices, values=words.values)
            requests.append(_request(terms, "sparse", wanted, condition))
        async with _translated():
            if not await self._exists(name):
                return []
            sides = await self._client.query_batch_points(name, requests)
            rankings = [[(str(point.id), point.score) for point in side.points] for side in sides]
            ranked = fuse(rankings[0], rankings[1] if words.indices else [], limit)
            records = await self._client.retrieve(name, [each.id for each in ranked], with_payload=True)
        payloads = {str(record.id): record.payload or {} for record in records}
        return [hit(payloads[each.id], each, self._dim) for each in ranked if each.id in payloads]

    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None:
        """Keeps `entries`, and nothing else of their documents: a document's entries come in one call."""
        checked_collection(collection)
        points = [_point(entry) for entry in entries]
        documents = models.MatchAny(any=sorted({entry.passage.document_id for entry in entries}))
        stale = models.Filter(
            must=[models.FieldCondition(key="document", match=documents)],
            must_not=[models.HasIdCondition(has_id=[point.id for point in points])],
        )
        async with _translated():
            if not await self._exists(collection):
                await self._create(collection)
            for start in range(0, len(points), _UPSERT_AT_ONCE):
                await self._client.upsert(collection, points[start : start + _UPSERT_AT_ONCE], wait=True)
            if points:
                await self._client.delete(collection, models.FilterSelector(filter=stale), wait=True)

    async def delete(self, collection: str, document_ids: Sequence[str]) -> None:
        """Removes documents; those that are not there are no error."""
        gone = models.FieldCondition(key="document", match=models.MatchAny(any=list(document_ids)))
        async with _translated():
            if document_ids and await self._exists(collection):
                selector = models.FilterSelector(filter=models.Filter(must=[gone]))
                await self._client.delete(collection, selector, wait=True)

    async def documents(self, collection: str) -> dict[str, Kept]:
        """What is held, by document id; empty for an unknown collection."""
        fields = ["document", "hash", "parts", "origin"]
        payloads: list[Mapping[str, object]] = []
        async with _translated():
            offset = None
            while await self._exists(collection):
                records, offset = await self._client.scroll(
                    collection, limit=_PAGE, offset=offset, with_payload=fields, with_vectors=False
                )
                payloads += [record.payload or {} for record in records]
                if offset is None:
                    break
        return kept(payloads)

    async def passage(self, collection: str, id: str) -> Passage | None:
        """One passage by its id, None when it is not there."""
        async with _translated():
            if not await self._exists(collection):
                return None
            records = await self._client.retrieve(collection, [point_id(id)], with_payload=True)
        return passage_of(records[0].payload or {}) if records else None

    async def collections(self) -> list[str]:
        async with _translated():
            found = (await self._client.get_collections()).collections
        return sorted(each.name for each in found)

    async def count(self, collection: str) -> int:
        """Passages in a collection, 0 for an unknown one."""
        async with _translated():
            if not await self._exists(collection):
                return 0
            return (await self._client.count(collection, exact=True)).count

    async def settle(self, collection: str) -> None:
        """Nothing to do: a server optimises by itself."""

    async def ready(self) -> None:
        """Raises LibraryError when searches would fail, also for a collection of another embedding model."""
        self._known.discard(self._collection)
        async with _translated():
            await self._exists(self._collection)

    async def close(self) -> None:
        await self._client.close()


def _request(
    query: models.SparseVector | list[float],
    using: str,
    limit: int,
    condition: models.Filter | None,
    ef: int | None = None,
) -> models.QueryRequest:
    params = models.SearchParams(hnsw_ef=ef) if ef else None
    return models.QueryRequest(
        query=query, using=using, limit=limit, filter=condition, params=params, with_payload=False
    )


def _point(entry: Entry) -> models.PointStruct:
    words = sparse.document_vector(embedding_text(entry.passage))
    terms = models.SparseVector(indices=words.indices, values=words.values)
    vectors = {"dense": entry.vector.tolist(), "sparse": terms}
    return models.PointStruct(id=point_id(entry.passage.id), vector=vectors, payload=payload(entry))


def _condition(filters: Mapping[str, str]) -> models.Filter | None:
    if not filters:
        return None
    return models.Filter(
        must=[models.FieldCondition(key=key, match=models.MatchValue(value=value)) for key, value in filters.items()]
    )


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (ApiException, QdrantException, httpx.HTTPError, OSError) as error:
        raise LibraryUnavailable(f"Qdrant did not do it: {str(error)[:200] or type(error).__name__}") from error
