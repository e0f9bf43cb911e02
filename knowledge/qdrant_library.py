"""The library outgrown one machine: passages in a Qdrant server or cluster (qdrant-client).

`:memory:` runs qdrant-client's own in-process store, for tests and trials: it is a hundred times slower than either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
from numpy.typing import NDArray
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from knowledge import sparse
from knowledge.entries import (
    DATES,
    INDEXED,
    TIES,
    Entry,
    Kept,
    checked_collection,
    checked_points,
    checked_probes,
    checked_scope,
    embedding_text,
    heading,
    hit,
    in_order,
    kept,
    nowhere,
    passage_of,
    payload,
    point_id,
)
from knowledge.errors import EmbedderMismatch, LibraryUnavailable
from knowledge.passages import Hit, Passage
from knowledge.qdrant_conditions import any_of, condition
from knowledge.searching import Filters, hybrid
from knowledge.seeking.ports import EVERYWHERE, Heading, Probe, Ranking, Scope

_PAGE = 1000
_UPSERT_AT_ONCE = 200
"""Points a request: some 6 MB of JSON, under the server's 32."""
_REVISION = "revision"
"""In the collection's metadata: another value after every `settle`, whichever process it came from."""
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
        self._opened = uuid4().hex
        self._changes: Counter[str] = Counter()

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
        if {key: stored.get(key) for key in self._identity} != self._identity:
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
            for field in DATES:
                await self._client.create_payload_index(name, field, models.PayloadSchemaType.DATETIME)

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
        rankings: list[Ranking] = [[] for _ in probes]
        nothing = nowhere(checked_scope(scope))
        ef = None if self._local else max(_EF, limit + TIES)
        within = condition(scope)
        made = [(number, _request(probe, limit + TIES, within, ef)) for number, probe in enumerate(probes)]
        asked = [(number, request) for number, request in made if request is not None]
        async with _translated():
            if not await self._exists(name) or nothing or not asked:
                return rankings
            answers = await self._client.query_batch_points(name, [request for _, request in asked])
        for (number, _), found in zip(asked, answers, strict=True):
            rankings[number] = in_order(((str(each.id), each.score) for each in found.points), limit)
        return rankings

    async def fetch(self, points: Sequence[str], *, collection: str | None = None) -> dict[str, Hit]:
        """As knowledge.seeking.ports.Shelves has it."""
        name, wanted = checked_collection(collection or self._collection), checked_points(points)
        async with _translated():
            if not wanted or not await self._exists(name):
                return {}
            records = await self._client.retrieve(name, wanted, with_payload=True, with_vectors=["dense"])
        found = {str(record.id): hit(record.payload or {}, _dense_of(record)) for record in records}
        return {point: found[point] for point in wanted if point in found}

    async def headings(self, collection: str | None = None) -> list[Heading]:
        """As knowledge.seeking.ports.Shelves has it."""
        found = await self._scroll(collection or self._collection, ["document", "title", "section"])
        return sorted((heading(point, stored) for point, stored in found), key=lambda each: each.point)

    async def revision(self, collection: str | None = None) -> str:
        """As knowledge.seeking.ports.Shelves has it. What another process changed without a change in number shows
        when it settles."""
        name = checked_collection(collection or self._collection)
        ours = f"{self._opened}-{self._changes[name]}"
        async with _translated():
            if not await self._exists(name):
                return ours
            held = await self._client.get_collection(name)
        return f"{ours}-{held.points_count}-{(held.config.metadata or {}).get(_REVISION, '')}"

    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None:
        """Keeps `entries`, and nothing else of their documents: a document's entries come in one call."""
        checked_collection(collection)
        points = [_point(entry) for entry in entries]
        documents = {entry.passage.document_id for entry in entries}
        stale = models.Filter(
            must=[any_of("document", documents)],
            must_not=[models.HasIdCondition(has_id=[point.id for point in points])],
        )
        async with _translated(), self._changing(collection):
            if not await self._exists(collection):
                await self._create(collection)
            for start in range(0, len(points), _UPSERT_AT_ONCE):
                await self._client.upsert(collection, points[start : start + _UPSERT_AT_ONCE], wait=True)
            if points:
                await self._client.delete(collection, models.FilterSelector(filter=stale), wait=True)

    async def delete(self, collection: str, document_ids: Sequence[str]) -> None:
        """Removes documents; those that are not there are no error."""
        gone = any_of("document", document_ids)
        async with _translated(), self._changing(collection):
            if document_ids and await self._exists(collection):
                selector = models.FilterSelector(filter=models.Filter(must=[gone]))
                await self._client.delete(collection, selector, wait=True)

    async def documents(self, collection: str) -> dict[str, Kept]:
        """What is held, by document id; empty for an unknown collection."""
        found = await self._scroll(collection, ["document", "hash", "parts", "origin"])
        return kept(stored for _, stored in found)

    async def _scroll(self, name: str, fields: list[str]) -> list[tuple[str, Mapping[str, Any]]]:
        """Fields of every passage, by its point."""
        found: list[tuple[str, Mapping[str, Any]]] = []
        async with _translated():
            offset = None
            while await self._exists(checked_collection(name)):
                records, offset = await self._client.scroll(
                    name, limit=_PAGE, offset=offset, with_payload=fields, with_vectors=False
                )
                found += [(str(record.id), record.payload or {}) for record in records]
                if offset is None:
                    break
        return found

    @asynccontextmanager
    async def _changing(self, collection: str) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self._changes[collection] += 1

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
        """A server optimises by itself; other processes learn that the collection changed."""
        async with _translated():
            if await self._exists(collection):
                await self._client.update_collection(collection, metadata={_REVISION: uuid4().hex})

    async def ready(self) -> None:
        """Raises LibraryError when searches would fail, also for a collection of another embedding model."""
        self._known.discard(self._collection)
        async with _translated():
            await self._exists(self._collection)

    async def close(self) -> None:
        await self._client.close()


def _request(probe: Probe, limit: int, within: models.Filter | None, ef: int | None) -> models.QueryRequest | None:
    """None for a text without words that count."""
    query: models.SparseVector | list[float]
    if probe.vector is not None:
        query, using = probe.vector.tolist(), "dense"
    else:
        words = sparse.query_vector(probe.text)
        if not words.indices:
            return None
        query, using, ef = models.SparseVector(indices=words.indices, values=words.values), "sparse", None
    params = models.SearchParams(hnsw_ef=ef) if ef else None
    return models.QueryRequest(query=query, using=using, limit=limit, filter=within, params=params, with_payload=False)


def _dense_of(record: models.Record) -> NDArray[np.float32]:
    named: Any = record.vector
    return np.asarray(named["dense"], dtype=np.float32)


def _point(entry: Entry) -> models.PointStruct:
    words = sparse.document_vector(embedding_text(entry.passage))
    terms = models.SparseVector(indices=words.indices, values=words.values)
    vectors = {"dense": entry.vector.tolist(), "sparse": terms}
    return models.PointStruct(id=point_id(entry.passage.id), vector=vectors, payload=payload(entry))


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (ApiException, QdrantException, httpx.HTTPError, OSError) as error:
        raise LibraryUnavailable(f"Qdrant did not do it: {str(error)[:200] or type(error).__name__}") from error
